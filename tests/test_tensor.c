/* Weights and safetensors files: a round trip in every type, the same bytes twice, and headers that
 * lie, each with its sentence. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

static void test_tensor_init(void)
{
    const int64_t shape[4] = { 3, 2, 1, 4 }, none[2] = { 5, 0 }, negative[2] = { 2, -1 };
    const int64_t huge[4] = { INT64_MAX / 2, 8, 8, 8 };
    sen_ctx *c = test_ctx(1);
    sen_tensor t;
    CHECK_OK(c, sen__tensor_init(c, &t, "w", 4, shape));
    CHECK(t.count == 24 && sen__tensor_rows(&t) == 3 && sen__tensor_cols(&t) == 8);
    CHECK(t.requires_grad && !t.grad && t.padding_row == -1 && t.data[23] == 0.0f);
    sen__tensor_free(&c->allocator, &t);
    CHECK_OK(c, sen__tensor_init(c, &t, "bias", 1, shape));
    CHECK(t.count == 3 && sen__tensor_rows(&t) == 1 && sen__tensor_cols(&t) == 3);
    sen__tensor_free(&c->allocator, &t);
    CHECK_OK(c, sen__tensor_init(c, &t, "number", 0, NULL));
    CHECK(t.count == 1);
    sen__tensor_free(&c->allocator, &t);
    CHECK_OK(c, sen__tensor_init(c, &t, "nothing", 2, none));
    CHECK(t.count == 0 && sen__tensor_cols(&t) == 0);
    sen__tensor_free(&c->allocator, &t);
    CHECK(sen__tensor_init(c, &t, "w", 2, negative) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "the weight w has a negative size");
    sen__forgive(c);
    CHECK(sen__tensor_init(c, &t, "w", 4, huge) == SEN_ERR_MEMORY);
    CHECK(strstr(sen_message(c), "(w)") != NULL);
    sen_ctx_free(c);
}

/* ---- round trip ------------------------------------------------------------------------------ */

static void test_tensor_round_trip(void)
{
    static const char *const metadata[] = { "format", "pt", "note", "a \"quote\"", NULL };
    const int64_t shape[2] = { 5, 7 };
    float values[35], back[35];
    const int32_t ids[3] = { 1, -2, 300000 };
    static const unsigned char stored[] = "\1\0\0\0" "\xFE\xFF\xFF\xFF" "\xE0\x93\4";
    sen_ctx *c = test_ctx(1);
    sen__to_store item[4];
    sen__safetensors s;
    sen_tensor w, other;
    char *first, *second;
    size_t n = 0, m = 1;
    fill_random(values, 35, 1);
    CHECK_OK(c, sen__tensor_init(c, &w, "encoder.weight", 2, shape));
    item[0] = sen__store_tensor("encoder.weight", &w, values);
    item[1] = sen__store_matrix("loss", values + 3, 1, 1);
    item[2] = sen__store_matrix("nothing", NULL, 0, 9);
    item[3] = sen__store_matrix("input_ids", NULL, 1, 3);
    item[3].ints = ids;
    CHECK_OK(c, sen__safetensors_write(c, test_path("a.safetensors"), item, 4, metadata));
    CHECK_OK(c, sen__safetensors_write(c, test_path("b.safetensors"), item, 4, metadata));
    first = test_read(test_path("a.safetensors"), &n);
    second = test_read(test_path("b.safetensors"), &m);
    CHECK(first && second && n == m && memcmp(first, second, n) == 0);
    CHECK(first && (n - (35 + 1 + 3) * 4) % 8 == 0);    /* the header is padded to 8 bytes */
    CHECK(first && strncmp(first + 8, "{\"__metadata__\":{\"format\":\"pt\",", 31) == 0);
    free(first);
    free(second);
    if (CHECK_OK(c, sen__safetensors_open(c, test_path("a.safetensors"), &s))) {
        const sen__stored *t = sen__safetensors_find(&s, "encoder.weight");
        CHECK(s.n == 4 && t && t->ndim == 2 && t->count == 35 && t->dtype == SEN__F32);
        CHECK_TEXT(sen__json_text_or(s.metadata, "note", ""), "a \"quote\"");
        if (t) CHECK_OK(c, sen__tensor_read(c, &s, t, &w));
        CHECK(memcmp(w.data, values, sizeof values) == 0);
        t = sen__safetensors_find(&s, "nothing");
        CHECK(t && t->count == 0);
        if (t) CHECK_OK(c, sen__stored_floats(c, &s, t, back));
        CHECK(!sen__safetensors_find(&s, "decoder.weight"));
        t = sen__safetensors_find(&s, "input_ids");
        CHECK(t && t->dtype == SEN__I32 && memcmp(s.data + t->offset, stored, 12) == 0);
        CHECK(sen__stored_floats(c, &s, t, back) == SEN_ERR_FORMAT);
        CHECK(strstr(sen_message(c), "tensor input_ids is not in float32, float16, bfloat16 or "
                                     "float64") != NULL);
        sen__forgive(c);
        CHECK_OK(c, sen__tensor_init(c, &other, "encoder.weight", 2, (const int64_t[]){ 7, 5 }));
        CHECK(sen__tensor_read(c, &s, &s.item[0], &other) == SEN_ERR_FORMAT);
        CHECK(strstr(sen_message(c), "has 35 values (5 rows) where the configuration makes 35 (7 "
                                     "rows)") != NULL);
        sen__tensor_free(&c->allocator, &other);
        sen__safetensors_close(c, &s);
    }
    sen__tensor_free(&c->allocator, &w);
    sen_ctx_free(c);
}

/* ---- files made by hand ---------------------------------------------------------------------- */

/* A file with this header, told to be `claim` bytes long (-1: the truth), and `n` bytes of data. */
static const char *tensor_file(const char *header, int64_t claim, const void *data, size_t n)
{
    const char *path = test_path("made.safetensors");
    const size_t length = strlen(header);
    const uint64_t told = claim < 0 ? length : (uint64_t)claim;
    unsigned char *all = (unsigned char *)calloc(8 + length + n, 1);
    for (int i = 0; i < 8; i++) all[i] = (unsigned char)(told >> (8 * i));
    memcpy(all + 8, header, length);
    if (n) memcpy(all + 8 + length, data, n);
    test_write(path, all, 8 + length + n);
    free(all);
    return path;
}

/* 16-bit floats at an odd address, more than one piece of them; float64; a tensor of five axes. */
static void test_tensor_types(void)
{
    enum { N = 1500 };
    static uint16_t half[N];
    static float values[N], back[N];
    double wide[2] = { 0.1, -3.5 };
    const char *const type[2] = { "F16", "BF16" };
    const int64_t shape[1] = { 2 };
    const char *path;
    char header[200];
    sen_ctx *c = test_ctx(1);
    sen__safetensors s;
    sen_tensor w;
    fill_random(values, N, 1);
    sen__file_order(wide, 2, 8);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < N; i++)
            half[i] = k ? sen__bf16_from_float(values[i]) : sen__f16_from_float(values[i]);
        sen__file_order(half, N, 2);
        for (int pad = 0; pad < 2; pad++) {
            snprintf(header, sizeof header, "{\"x\":{\"dtype\":\"%s\",\"shape\":[3,500],"
                     "\"data_offsets\":[0,3000]}}%s", type[k], pad ? " " : "");
            path = tensor_file(header, -1, half, sizeof half);
            if (!CHECK_OK(c, sen__safetensors_open(c, path, &s))) continue;
            CHECK_OK(c, sen__stored_floats(c, &s, &s.item[0], back));
            CHECK_NEAR(back, values, N, k ? 4e-3 : 5e-4);
            sen__safetensors_close(c, &s);
        }
    }
    if (CHECK_OK(c, sen__safetensors_open(c, tensor_file(
            "{\"x\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,16]}}", -1, wide,
            sizeof wide), &s))) {
        CHECK_OK(c, sen__stored_floats(c, &s, &s.item[0], back));
        CHECK(back[0] == 0.1f && back[1] == -3.5f && s.item[0].ndim == 5);
        CHECK_OK(c, sen__tensor_init(c, &w, "x", 1, shape));
        CHECK(sen__tensor_read(c, &s, &s.item[0], &w) == SEN_ERR_FORMAT);
        sen__tensor_free(&c->allocator, &w);
        sen__safetensors_close(c, &s);
    }
    sen_ctx_free(c);
}

/* Tensors in any order, an empty one inside another, are fine; bytes that are no tensor's are not.
 * */
static void test_tensor_order(void)
{
    static const char header[] =
        "{\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[2,2]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[1,4],\"data_offsets\":[8,12]}}";
    static const unsigned char data[12] = { 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40 };
    sen_ctx *c = test_ctx(1);                           /* 1, 2, 3, on any machine */
    sen__safetensors s;
    float back = 0.0f;
    if (CHECK_OK(c, sen__safetensors_open(c, tensor_file(header, -1, data, sizeof data), &s))) {
        const char *const order[4] = { "a", "none", "c", "b" };
        for (int i = 0; i < 4; i++) CHECK_TEXT(s.item[i].name, order[i]);
        CHECK_OK(c, sen__stored_floats(c, &s, &s.item[2], &back));
        CHECK(back == 2.0f && s.item[3].dtype == SEN__OTHER);
        sen__safetensors_close(c, &s);
    }
    sen_ctx_free(c);
}

/* ---- headers that lie ------------------------------------------------------------------------ */

#define TENSOR_X(rest) "{\"x\":{" rest "}}"
#define TENSOR_OUTSIDE "tensor x: its data lies outside the file"

static void tensor_refused(sen_ctx *c, const char *path, const char *sentence)
{
    sen__safetensors s;
    CHECK(sen__safetensors_open(c, path, &s) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "made.safetensors") != NULL);
    if (!strstr(sen_message(c), sentence)) CHECK_TEXT(sen_message(c), sentence);
    sen__forgive(c);
}

static void test_tensor_lies(void)
{
    static const char *const lie[][2] = {
        { "[]", "its header is no object" },
        { "{\"x\":3}", "tensor x: unknown dtype \"\"" },
        { "{\"x\":", "1:6: " },
        { TENSOR_X("\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]"),
          "tensor x: unknown dtype \"F31\"" },
        { TENSOR_X("\"dtype\":\"F32\",\"data_offsets\":[0,8]"), "tensor x: no shape is given" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]"),
          "tensor x: no shape is given" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]"),
          "tensor x: impossible shape" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2.5],\"data_offsets\":[0,8]"),
          "tensor x: impossible shape" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]"),
          "tensor x: impossible shape" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,8]"),
          "tensor x: impossible shape" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]"),
          "tensor x: impossible shape" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":{\"a\":0,\"b\":8}"),
          TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[12,20]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0.0,8]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9223372036854775808]"),
          TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775807,"
                   "9223372036854775807]"), TENSOR_OUTSIDE },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]"),
          "tensor x: 12 bytes do not make its shape in F32" },
        { TENSOR_X("\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]"),
          "tensor x: 8 bytes do not make its shape in F16" },
        { TENSOR_X("\"dtype\":\"F32\",\"shape\":[4,0],\"data_offsets\":[0,16]"),
          "tensor x: 16 bytes do not make its shape in F32" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          "\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
          "tensors x and y overlap" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
          "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]},"
          "\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
          "tensors x and y overlap" },
        { "{\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
          "\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
          "tensors x and y overlap" },
    };
    const float data[4] = { 1.0f, 2.0f, 3.0f, 4.0f };
    sen_ctx *c = test_ctx(1);
    for (size_t i = 0; i < sizeof lie / sizeof lie[0]; i++)
        tensor_refused(c, tensor_file(lie[i][0], -1, data, sizeof data), lie[i][1]);
    sen_ctx_free(c);
}

static void test_tensor_lengths(void)
{
    static const char good[] = TENSOR_X("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]");
    const char *path = test_path("made.safetensors");
    const float data[2] = { 1.0f, 2.0f };
    sen_ctx *c = test_ctx(1);
    sen__safetensors s;
    test_write(path, "", 0);
    tensor_refused(c, path, "its header claims 0 bytes, the file has 0");
    test_write(path, "abc", 3);
    tensor_refused(c, path, "its header claims 0 bytes, the file has 3");
    test_write(path, "\377\377\377\377\377\377\377\377", 8);
    tensor_refused(c, path, "its header claims 18446744073709551615 bytes, the file has 8");
    test_write(path, "\0\0\0\0\0\0\0\200{}", 10);
    tensor_refused(c, path, "its header claims 9223372036854775808 bytes, the file has 10");
    test_write(path, "\3\0\0\0\0\0\0\0{}", 10);
    tensor_refused(c, path, "its header claims 3 bytes, the file has 10");
    tensor_refused(c, tensor_file(good, (int64_t)strlen(good) + 9, data, sizeof data),
                   "not a safetensors file");
    tensor_refused(c, tensor_file(good, -1, data, 4),
                   TENSOR_OUTSIDE " (0..8 of 4 bytes); the file is cut short or damaged");
    CHECK(sen__safetensors_open(c, test_path("absent.safetensors"), &s) == SEN_ERR_IO);
    CHECK(strstr(sen_message(c), "absent.safetensors") != NULL);
    sen_ctx_free(c);
}

/* Every allocation of opening and writing fails once. */
static void test_tensor_no_memory(void)
{
    const float data[2] = { 1.0f, 2.0f };
    bool more = true;
    int64_t at;
    for (at = 1; more && at < 100; at++) {
        sen__to_store item = sen__store_matrix("x", data, 1, 2);
        sen_ctx *c = test_ctx(1);
        sen__safetensors s;
        sen_result r;
        test_blocks.fail_at = test_blocks.calls + at;
        r = sen__safetensors_write(c, test_path("x.safetensors"), &item, 1, NULL);
        if (!r) r = sen__safetensors_open(c, test_path("x.safetensors"), &s);
        if (!r) sen__safetensors_close(c, &s);
        CHECK(r == SEN_OK || (r == SEN_ERR_MEMORY && strstr(sen_message(c), "out of memory")));
        more = test_blocks.calls >= test_blocks.fail_at;
        test_blocks.fail_at = 0;
        sen_ctx_free(c);
    }
    CHECK(at > 3 && at < 100);
}

/* ---- torch's files --------------------------------------------------------------------------- */

#define TORCH "tests/golden/torch/"

static int tensor_little(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

/* Files that torch wrote (tools/golden_torch.py): AdamW of three weights, the last never used. */
static void test_tensor_torch(void)
{
    const float mean[6] = { 1.22991145f, 0.942132592f, -0.936505854f,
                            0.508189857f, 0.353600293f, 0.0505207665f };
    float got[6];
    sen_ctx *c = test_ctx(1);
    const sen__py *v, *group;
    sen__pt f;
    if (!CHECK_OK(c, sen__pt_open(c, TORCH "optimizer.pt", false, &f))) return;
    v = sen__py_get(f.root, "state");
    CHECK(v && v->integer == 2 && v->first->key->integer == 0 && v->last->key->integer == 1);
    group = sen__py_get(f.root, "param_groups");
    CHECK(group && group->kind == SEN__PY_LIST && group->integer == 2);
    group = group->last->value;
    CHECK(sen__py_get(group, "params")->integer == 2);
    CHECK(sen__py_number(sen__py_get(group, "initial_lr"), 0) == 5e-4);
    CHECK(sen__py_get(group, "foreach")->kind == SEN__PY_NONE);
    CHECK(sen__py_number(sen__py_get(group, "betas")->last->value, 0) == 0.999);
    v = sen__py_get(v->first->value, "exp_avg");
    CHECK(v->kind == SEN__PY_TENSOR && v->tensor->type == SEN__PY_F32 && v->tensor->ndim == 2);
    CHECK(v->tensor->shape[0] == 2 && v->tensor->shape[1] == 3 && v->tensor->count == 6);
    memcpy(got, v->tensor->data, sizeof got);
    if (tensor_little()) CHECK_NEAR(got, mean, 6, 1e-8);
    sen__pt_close(c, &f);
    CHECK_OK(c, sen__pt_open(c, TORCH "scheduler.pt", false, &f));
    CHECK(sen__py_get(f.root, "last_epoch")->integer == 3);
    sen__pt_close(c, &f);
    /* numpy's array is neither tensor nor plain; it may be passed over. */
    CHECK(sen__pt_open(c, TORCH "rng_state.pth", false, &f) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(c), "holds numpy._core.multiarray._reconstruct, which is neither"));
    sen__forgive(c);
    CHECK_OK(c, sen__pt_open(c, TORCH "rng_state.pth", true, &f));
    CHECK(sen__py_get(f.root, "cpu")->tensor->count == 5056);
    CHECK(sen__py_get(f.root, "python")->first->next->value->integer == 625);
    sen__pt_close(c, &f);
    sen_ctx_free(c);
}

/* A file of torch.save with this pickle, and a storage "0" of 24 bytes. */
static const char *torch_file(sen_ctx *c, const char *pickle, size_t n, uint64_t most)
{
    static char path[600];
    const unsigned char bytes[24] = { 0 };
    sen__zip_writer z;
    snprintf(path, sizeof path, "%s", test_path("x.pt"));
    CHECK_OK(c, sen__zip_create(&z, c, path, "x"));
    z.most = most;
    sen__zip_put(&z, "data.pkl", pickle, (int64_t)n);
    sen__zip_put(&z, "data/0", bytes, sizeof bytes);
    CHECK_OK(c, sen__zip_finish(&z));
    return path;
}

/* What is written is read again, in the form of more than 4 GiB too. */
static void test_tensor_torch_written(void)
{
    const int64_t shape[3] = { 2, 1, 3 };
    sen_ctx *c = test_ctx(1);
    const sen__py_item *i;
    sen__out p;
    sen__pt f;
    int wide;
    sen__out_init(&p, c);
    sen__out_bytes(&p, "\x80\x02](", 4);
    sen__pickle_put_int(&p, 255);
    sen__pickle_put_int(&p, -1);
    sen__pickle_put_int(&p, (int64_t)1 << 40);
    sen__pickle_put_float(&p, -0.1);
    sen__pickle_put_bool(&p, true);
    sen__pickle_put_text(&p, "a text");
    sen__pickle_put_tensor(&p, SEN__PY_F32, 0, 3, shape);
    sen__out_text(&p, "e.");
    for (wide = 0; wide < 2; wide++) {
        const char *path = torch_file(c, p.data, (size_t)p.length, wide ? 1 : SEN__ZIP_WIDE);
        if (!CHECK_OK(c, sen__pt_open(c, path, false, &f))) continue;
        i = f.root->first;
        CHECK(f.root->integer == 7 && i->value->integer == 255);
        i = i->next;
        CHECK(i->value->integer == -1);
        i = i->next;
        CHECK(i->value->integer == (int64_t)1 << 40);
        i = i->next;
        CHECK(i->value->number == -0.1);
        i = i->next;
        CHECK(i->value->kind == SEN__PY_BOOL && i->value->integer == 1);
        i = i->next;
        CHECK_TEXT(i->value->text, "a text");
        CHECK(i->next->value->tensor->ndim == 3 && i->next->value->tensor->shape[2] == 3);
        CHECK((i->next->value->tensor->data - (const unsigned char *)f.zip.file.data) % 64 == 0);
        sen__pt_close(c, &f);
    }
    sen__out_free(&p);
    sen_ctx_free(c);
}

/* A pickle that is refused, and the middle of the sentence. */
#define TORCH_REFUSED(c, pickle, part) \
    torch_refused(c, __LINE__, "" pickle, sizeof pickle - 1, part)

static void torch_refused(sen_ctx *c, int line, const char *pickle, size_t n, const char *part)
{
    sen__pt f;
    const sen_result r = sen__pt_open(c, torch_file(c, pickle, n, SEN__ZIP_WIDE), false, &f);
    if (!r || !strstr(sen_message(c), part)) {
        printf("%s\n", sen_message(c));
        test_fail(__FILE__, line, part);
    }
    if (!r) sen__pt_close(c, &f);
    sen__forgive(c);
}

#define TORCH_STORAGE "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\n" \
    "FloatStorage\nX\1\0\0\0" "0X\3\0\0\0" "cpu"

static void test_tensor_torch_lies(void)
{
    sen_ctx *c = test_ctx(1);
    TORCH_REFUSED(c, "", "it has no end");
    TORCH_REFUSED(c, "\x80\2}", "it has no end");
    TORCH_REFUSED(c, "\x80\2.", "it makes no value");
    TORCH_REFUSED(c, "(.", "it makes no value");
    TORCH_REFUSED(c, "NN.", "it makes no value");
    TORCH_REFUSED(c, "\x80\6N.", "a protocol that is not known");
    TORCH_REFUSED(c, "i.", "an unknown instruction");
    TORCH_REFUSED(c, "NNb.", "an unknown instruction");
    TORCH_REFUSED(c, "cos\nsystem\n(X\2\0\0\0lstR.", "holds os.system, which is neither");
    TORCH_REFUSED(c, "ctorch._utils\n_rebuild_tensor\n.", "which is neither a tensor");
    TORCH_REFUSED(c, "ccollections\nOrderedDict", "it ends in a name");
    TORCH_REFUSED(c, "ccollections\nOrderedDict\n(NtR.", "no function");
    TORCH_REFUSED(c, "X\377\377\377\377a.", "it ends in a text");
    TORCH_REFUSED(c, "X\1\0", "it ends in an instruction");
    TORCH_REFUSED(c, "\x8A\377\1.", "it ends in a number");
    TORCH_REFUSED(c, "\x8A\x09" "123456789.", "more than 64 bits");
    TORCH_REFUSED(c, "h\0.", "remembered that is not there");
    TORCH_REFUSED(c, "Nr\377\377\377\377.", "remembered that is not there");
    TORCH_REFUSED(c, "t.", "a tuple of more than there is");
    TORCH_REFUSED(c, "N\x87.", "a tuple of more than there is");
    TORCH_REFUSED(c, "(N\x86.", "a mark in a tuple");
    TORCH_REFUSED(c, "](K", "it ends in an instruction");
    TORCH_REFUSED(c, "}(K\1u.", "values for a list or dictionary");
    TORCH_REFUSED(c, "}]K\1s.", "a key that is neither");
    TORCH_REFUSED(c, "]e.", "values for a list or dictionary");
    TORCH_REFUSED(c, "NQ.", "a storage that is none");
    TORCH_REFUSED(c, "ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor that is none");
    TORCH_REFUSED(c, TORCH_STORAGE "K\7tQK\0K\6\x85K\1\x85\x89NtR.", "larger than its values");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQK\1K\6\x85K\1\x85\x89NtR.", "larger than its values");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQJ\377\377\377\377K\6\x85K\1\x85\x89NtR.",
                  "larger than its values");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQK\0K\3K\2\x86K\1K\3\x86\x89NtR.", "not in one piece");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQK\0J\377\377\377\377\x85K\1\x85\x89NtR.",
                  "not in one piece");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQK\0\x8A\x08\377\377\377\377\377\377\377\177\x85"
                  "K\1\x85\x89NtR.", "not in one piece");
    TORCH_REFUSED(c, TORCH_STORAGE "K\6tQK\0(K\1K\1K\1K\1K\1t(K\1K\1K\1K\1K\1t\x89NtR.",
                  "more than 4 dimensions");
    sen_ctx_free(c);
}

/* Lists in lists cost memory, never the stack, and one that holds itself is no trouble. */
static void test_tensor_torch_deep(void)
{
    enum { DEEP = 300000 };
    sen_ctx *c = test_ctx(1);
    char *p = (char *)malloc(2 * DEEP + 1);
    sen__pt f;
    memset(p, ']', DEEP);
    memset(p + DEEP, 'a', DEEP - 1);
    p[2 * DEEP - 1] = '.';
    CHECK_OK(c, sen__pt_open(c, torch_file(c, p, 2 * DEEP, SEN__ZIP_WIDE), false, &f));
    sen__pt_close(c, &f);
    CHECK_OK(c, sen__pt_open(c, torch_file(c, "]q\0h\0a.", 7, SEN__ZIP_WIDE), false, &f));
    CHECK(f.root->first->value == f.root);
    sen__pt_close(c, &f);
    free(p);
    sen_ctx_free(c);
}

/* Cut anywhere, or with any one byte changed: an error, or what does not matter; never a crash. */
static void test_tensor_torch_damaged(void)
{
    sen_ctx *c = test_ctx(1);
    const char *path = test_path("y.pt");
    size_t n = 0, i;
    int opened = 0;
    char *data = test_read(TORCH "scheduler.pt", &n);
    sen__pt f;
    CHECK(data && n > 1000);
    for (i = 0; i < n; i++) {
        test_write(path, data, i);
        CHECK(sen__pt_open(c, path, false, &f) == SEN_ERR_FORMAT);
        sen__forgive(c);
        data[i] ^= 0x55;
        test_write(path, data, n);
        data[i] ^= 0x55;
        if (sen__pt_open(c, path, false, &f) == SEN_OK) {
            sen__pt_close(c, &f);
            opened++;
        }
        sen__forgive(c);
    }
    CHECK(opened > 0 && (size_t)opened < n);            /* padding, times, the name's own letters */
    free(data);
    sen_ctx_free(c);
}

/* Every row of the directory made one of the first member: a small file that would take long. */
static void test_tensor_torch_overlap(void)
{
    sen_ctx *c = test_ctx(1);
    const char *path = test_path("z.pt");
    size_t n = 0, i;
    char *data = test_read(TORCH "optimizer.pt", &n);
    const char *first = NULL;
    sen__pt f;
    CHECK(data && n > 1000);
    for (i = 0; i + 46 < n; i++) {
        if (memcmp(data + i, "PK\1\2", 4) != 0) continue;
        if (!first) first = data + i;
        memcpy(data + i + 16, first + 16, 12);          /* checksum and both sizes */
        memcpy(data + i + 42, first + 42, 4);           /* the place */
    }
    test_write(path, data, n);
    CHECK(sen__pt_open(c, path, false, &f) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "its members overlap"));
    sen__forgive(c);
    free(data);
    sen_ctx_free(c);
}

static void test_tensor(void)
{
    TEST(test_tensor_init);
    TEST(test_tensor_round_trip);
    TEST(test_tensor_types);
    TEST(test_tensor_order);
    TEST(test_tensor_lies);
    TEST(test_tensor_lengths);
    TEST(test_tensor_no_memory);
    TEST(test_tensor_torch);
    TEST(test_tensor_torch_written);
    TEST(test_tensor_torch_lies);
    TEST(test_tensor_torch_deep);
    TEST(test_tensor_torch_damaged);
    TEST(test_tensor_torch_overlap);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("tensor", test_tensor);
}
#endif
