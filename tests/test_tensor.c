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
        CHECK(t && t->dtype == SEN__I32 && memcmp(s.data + t->offset, ids, sizeof ids) == 0);
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
    const double wide[2] = { 0.1, -3.5 };
    const char *const type[2] = { "F16", "BF16" };
    const int64_t shape[1] = { 2 };
    const char *path;
    char header[200];
    sen_ctx *c = test_ctx(1);
    sen__safetensors s;
    sen_tensor w;
    fill_random(values, N, 1);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < N; i++)
            half[i] = k ? sen__bf16_from_float(values[i]) : sen__f16_from_float(values[i]);
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
    const float data[3] = { 1.0f, 2.0f, 3.0f };
    sen_ctx *c = test_ctx(1);
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

static void test_tensor(void)
{
    TEST(test_tensor_init);
    TEST(test_tensor_round_trip);
    TEST(test_tensor_types);
    TEST(test_tensor_order);
    TEST(test_tensor_lies);
    TEST(test_tensor_lengths);
    TEST(test_tensor_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("tensor", test_tensor);
}
#endif
