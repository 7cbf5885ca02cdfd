/* Hostile files: every format that is read from outside, given whatever a fuzzer thinks of.
 *
 * As a chapter of the tests it replays tests/fuzz/FORMAT/: seeds, and all that a fuzzer once found.
 * With -DFUZZ_LIBFUZZER it is the fuzzer itself (`make fuzz`), the format being chosen by a flag:
 *
 *     build/fuzz --json -max_total_time=20 tests/fuzz/json
 *
 * Whatever the bytes are: no read or write outside of memory (that is the sanitizers' to see), no
 * leak, a sentence with each failure and none with a success, nothing in memory much larger than
 * the input, whatever that claims to be. What was read can be written and read again, and is the
 * same then. Every fourth input is read once more with one allocation failing on the way. Nothing
 * touches the disk: the files are in memory. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
/* The command's own reader of jobs. */
#define main sentrain_main
#include "../tools/sentrain.c"
#undef main

/* ---- a heap with an end ---------------------------------------------------------------------- */

/* No input needs more bytes than this in all, a quarter of it in one block; a model that a
 * configuration asks for may. It is refused: filling it with random numbers only takes time. */
#define FUZZ_TOTAL ((size_t)32 << 20)
#define FUZZ_MODEL ((size_t)8 << 20)

typedef struct fuzz_heap {
    size_t  total;                              /* one of the two above */
    int64_t open, calls, fail_at;               /* blocks; requests; the one that fails, 0: none */
    size_t  bytes, largest;                     /* in use; the largest request, also refused ones */
    int     refused;                            /* so an error is no surprise */
} fuzz_heap;

static void *fuzz_resize(void *user, void *old, size_t old_size, size_t new_size)
{
    fuzz_heap *h = (fuzz_heap *)user;
    const size_t others = h->bytes - (old ? old_size : 0);
    void *made = NULL;
    if (new_size) {
        if (new_size > h->largest) h->largest = new_size;
        if (++h->calls == h->fail_at || new_size > h->total / 4 || others > h->total - new_size) {
            h->refused = 1;
            return NULL;
        }
        made = realloc(old, new_size);
        if (!made) return NULL;
    } else {
        free(old);
    }
    h->open += (made && !old) - (!made && old);
    h->bytes = others + new_size;
    return made;
}

/* ---- one input ------------------------------------------------------------------------------- */

typedef struct fuzz_call {
    sen_ctx         *c;
    fuzz_heap       *heap;
    const sen_files *files;                     /* in memory; of the context */
    const char      *data;                      /* the input */
    size_t           size;
} fuzz_call;

static const char *fuzz_input = "";             /* its file, for messages */

static void fuzz_wrong(int line, const char *what)
{
    printf("%s: ", fuzz_input);
    test_fail(__FILE__, line, what);
#ifdef FUZZ_LIBFUZZER
    fflush(stdout);
    abort();
#endif
}

#define FUZZ_CHECK(condition) \
    ((condition) ? (void)test_checks++ : fuzz_wrong(__LINE__, "CHECK(" #condition ")"))

/* What every call promises about result and message. */
static sen_result fuzz_said(fuzz_call *f, sen_result r)
{
    FUZZ_CHECK((r == SEN_OK) == (sen_message(f->c)[0] == 0));
    /* In 32 bits a size may be more than there are addresses: refused without asking the heap. */
    FUZZ_CHECK(r != SEN_ERR_MEMORY || f->heap->refused || sizeof(size_t) < 8);
    return r;
}

/* A call that must succeed, unless memory was refused. */
#define FUZZ_MUST(f, call) fuzz_must((f), __LINE__, #call, (call))

static bool fuzz_must(fuzz_call *f, int line, const char *call, sen_result r)
{
    fuzz_said(f, r);
    if (r && !f->heap->refused) {
        printf("%s\n", sen_message(f->c));
        fuzz_wrong(line, call);
    }
    return r == SEN_OK;
}

/* Writes a file and makes the folders above it. What the table refuses is not there. */
static void fuzz_put(const sen_files *files, const char *path, const char *data, size_t n)
{
    char folder[300];
    size_t i;
    void *file;
    for (i = 0; path[i] && i + 1 < sizeof folder; i++) {
        folder[i] = 0;
        if (path[i] == '/' && i) files->make_folder(files->user, folder);
        folder[i] = path[i];
    }
    if (files->open(files->user, path, SEN_FILE_WRITE, &file)) return;
    files->write(files->user, file, data, (int64_t)n);
    files->close(files->user, file);
}

/* The place of the next line "--- NAME", or the end. */
static const char *fuzz_next(const char *p, const char *end)
{
    const char *line = p;
    while (line < end) {
        if (end - line >= 4 && memcmp(line, "--- ", 4) == 0) return line;
        line = (const char *)memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : end;
    }
    return end;
}

/* An input may hold several files, each behind a line "--- NAME"; what stands in front of the first
 * such line, if anything, is the file called `first`. All in `folder`, which ends in / or is "". */
static void fuzz_unpack(fuzz_call *f, const char *folder, const char *first)
{
    const char *end = f->data + f->size, *p = f->data, *next = fuzz_next(p, end), *line;
    char path[300];
    snprintf(path, sizeof path, "%s%s", folder, first);
    if (next > p || p == end) fuzz_put(f->files, path, p, (size_t)(next - p));
    for (p = next; p < end; p = next) {
        line = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!line) return;
        snprintf(path, sizeof path, "%s%.*s", folder, (int)SEN__MIN(line - p - 4, 200), p + 4);
        next = fuzz_next(line + 1, end);
        fuzz_put(f->files, path, line + 1, (size_t)(next - line - 1));
    }
}

static sen_text fuzz_text(const char *data, size_t n)
{
    sen_text t;
    t.data = data;
    t.length = n;
    return t;
}

/* ---- what inputs are read beside ------------------------------------------------------------- */

/* A tiny model, its vocabulary, a data file and a checkpoint of its training, as an image of files:
 * each input finds them there as they were. Made once. */
static void  *fuzz_home;
static size_t fuzz_home_size;

static const char fuzz_spec[] =
    "{\"modules\": [{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
    "\"hidden_size\": 8, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, "
    "\"intermediate_size\": 16, \"max_position_embeddings\": 32}, \"vocab\": \"vocab.txt\", "
    "\"max_seq_length\": 16}, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}, "
    "{\"type\": \"Dense\", \"out_features\": 4}, {\"type\": \"Normalize\"}]}";

static const char fuzz_vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n##a\n##b\n##c\n##d\n##ing\nthe\ncat\nsat\n,\n"
    ".\n1\n2\n\xC3\xA4\n";

/* Loads in a fraction of the time of BERT's own, which computes a table of characters. */
static const char fuzz_words[] =
    "{\"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": "
    "[{\"type\": \"Digits\"}, {\"type\": \"WhitespaceSplit\"}]}, \"post_processor\": "
    "{\"type\": \"BertProcessing\", \"cls\": [\"[CLS]\", 2], \"sep\": [\"[SEP]\", 3]}, "
    "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", \"vocab\": {\"[PAD]\": "
    "0, \"[UNK]\": 1, \"[CLS]\": 2, \"[SEP]\": 3, \"[MASK]\": 4, \"a\": 5, \"b\": 6, \"c\": "
    "7, \"d\": 8, \"##a\": 9, \"##b\": 10, \"##c\": 11, \"##d\": 12, \"##ing\": 13, \"the\": "
    "14, \"cat\": 15, \"sat\": 16, \",\": 17, \".\": 18, \"1\": 19, \"2\": 20, \"e\": 21}}}";

static const char fuzz_class[] = "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}";

static const char fuzz_rows[] =
    "anchor,positive\nthe cat,a cat\ncat sat,the cat sat\nabc,ab c\ndad,d a d\n";

/* The folder "model" and rows.csv, a loss, and a trainer of the three; NULL what failed. */
typedef struct fuzz_training {
    sen_model   *model;
    sen_dataset *data;
    sen_loss    *loss;
    sen_trainer *trainer;
} fuzz_training;

/* Two steps at most; a checkpoint after each, if they are wanted. */
static sen_result fuzz_training_open(sen_ctx *c, fuzz_training *t, bool save)
{
    sen_trainer_desc d = sen_trainer_desc_default();
    sen_dataset_desc rows = sen_dataset_desc_default();
    sen_result r;
    memset(t, 0, sizeof *t);
    rows.path = "rows.csv";
    r = sen_model_load(c, "model", &t->model);
    if (!r) r = sen_dataset_load(c, &rows, &t->data);
    if (!r) r = sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &t->loss);
    d.model = t->model;
    d.train_dataset = t->data;
    d.loss = t->loss;
    d.args.output_dir = "out";
    d.args.max_steps = 2;
    d.args.per_device_train_batch_size = 2;
    d.args.save_strategy = save ? SEN_STRATEGY_STEPS : SEN_STRATEGY_NO;
    d.args.save_steps = 1;
    d.args.logging_steps = 1;
    d.eval_dataset = t->data;                   /* for early stopping, whose state is restored */
    d.args.eval_strategy = SEN_STRATEGY_STEPS;
    d.args.eval_steps = 1;
    d.args.metric_for_best_model = "loss";
    d.args.restore_callback_states_from_checkpoint = true;
    if (!r) r = sen_trainer_new(c, &d, &t->trainer);
    return r ? r : sen_add_early_stopping(t->trainer, 3, 0.0);
}

static void fuzz_training_close(fuzz_training *t)
{
    sen_trainer_free(t->trainer);
    sen_loss_free(t->loss);
    sen_dataset_free(t->data);
    sen_model_free(t->model);
}

static void fuzz_home_make(void)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_memory_files *m = NULL;
    sen_ctx *c = NULL;
    sen_json *spec = NULL;
    sen_model *model = NULL;
    fuzz_training t;
    if (fuzz_home) return;
    CHECK(sen_memory_files_new(NULL, NULL, 0, &m) == SEN_OK);
    d.files = sen_memory_files_table(m);
    d.threads = 1;
    CHECK(sen_ctx_new(&d, &c) == SEN_OK);
    fuzz_put(d.files, "vocab.txt", fuzz_vocab, sizeof fuzz_vocab - 1);
    fuzz_put(d.files, "rows.csv", fuzz_rows, sizeof fuzz_rows - 1);
    CHECK_OK(c, sen_json_parse(c, "spec", fuzz_spec, sizeof fuzz_spec - 1, &spec));
    CHECK_OK(c, sen_model_from_json(c, spec, NULL, "", 42, &model));
    CHECK_OK(c, sen_model_save(c, model, "model"));
    sen_model_free(model);
    fuzz_put(d.files, "model/tokenizer.json", fuzz_words, sizeof fuzz_words - 1);
    fuzz_put(d.files, "model/tokenizer_config.json", fuzz_class, sizeof fuzz_class - 1);
    CHECK_OK(c, fuzz_training_open(c, &t, true));
    CHECK_OK(c, sen_train(t.trainer));
    fuzz_training_close(&t);
    sen_ctx_free(c);
    fuzz_home_size = sen_memory_files_size(m);
    fuzz_home = malloc(fuzz_home_size);
    sen_memory_files_image(m, fuzz_home);
    sen_memory_files_free(m);
}

/* ---- the formats ----------------------------------------------------------------------------- */

/* A tree written, read and written again: the same bytes. Keys that are no UTF-8 are written as
 * U+FFFD, which may stand elsewhere in a sorted object, so there it is as many. */
static void fuzz_json_again(fuzz_call *f, sen_json *root, const sen__json_style *style)
{
    sen__out once, twice;
    sen_json *again = NULL;
    sen__out_init(&once, f->c);
    sen__out_init(&twice, f->c);
    sen__begin(f->c);                           /* a call of its own: an error ends with it */
    sen__json_write(&once, root, style);
    if (!sen__out_result(&once) &&
        FUZZ_MUST(f, sen__json_parse(f->c, &f->c->scratch, "once", once.data, (size_t)once.length,
                                     0, &again))) {
        sen__json_write(&twice, again, style);
        FUZZ_CHECK(f->heap->refused ||
                   (once.length == twice.length &&
                    (style->sorted ||
                     memcmp(once.data, twice.data, (size_t)once.length) == 0)));
    }
    sen__end(f->c, sen__error(f->c));
    sen__out_free(&once);
    sen__out_free(&twice);
}

static void fuzz_json(fuzz_call *f)
{
    static const sen__json_style line = { 0, false, false };
    const sen__mark mark = sen__arena_mark(&f->c->scratch);
    sen_training_arguments args = sen_training_arguments_default();
    sen_json *root = NULL;
    sen_result r;
    sen__begin(f->c);
    r = sen__end(f->c, sen__json_parse(f->c, &f->c->scratch, "in.json", f->data, f->size, 0,
                                       &root));
    if (!fuzz_said(f, r)) {
        fuzz_json_again(f, root, &line);
        fuzz_json_again(f, root, &sen__style_indent4);
        fuzz_json_again(f, root, &sen__style_sorted);
    }
    sen__arena_release(&f->c->scratch, mark);
    r = sen_json_parse(f->c, "in.json", f->data, f->size, &root);
    if (!fuzz_said(f, r)) fuzz_said(f, sen_training_arguments_read(f->c, root, &args));
}

/* One tensor's floats into a block of their own size, so that a sanitizer sees what is too many. */
static float *fuzz_floats(fuzz_call *f, const sen__safetensors *s, const sen__stored *t)
{
    float *x = (float *)malloc((size_t)t->count * sizeof *x + 1);
    sen__begin(f->c);
    if (sen__end(f->c, sen__stored_floats(f->c, s, t, x)) == SEN_OK) return x;
    free(x);
    return NULL;
}

static void fuzz_safetensors(fuzz_call *f)
{
    sen__safetensors s;
    sen_result r;
    int64_t i;
    fuzz_unpack(f, "", "in.safetensors");
    sen__begin(f->c);
    r = fuzz_said(f, sen__safetensors_open(f->c, "in.safetensors", &s));
    sen__end(f->c, r);
    if (r) return;
    for (i = 0; i < s.n; i++) {
        const sen__stored *t = &s.item[i];
        float *x;
        FUZZ_CHECK(sen__safetensors_find(&s, t->name) != NULL);
        FUZZ_CHECK(t->count >= 0 && t->offset >= 0 && t->size >= 0);
        x = fuzz_floats(f, &s, t);
        if (x) {
            const sen__to_store out = sen__store_matrix(t->name, x, 1, t->count);
            sen__begin(f->c);
            r = sen__safetensors_write(f->c, "out.safetensors", &out, 1, NULL);
            sen__end(f->c, r);
            FUZZ_MUST(f, r);
        }
        free(x);
    }
    sen__safetensors_close(f->c, &s);
}

/* A file of torch.save, or, where it does not begin as a zip, the pickle of one with a storage. All
 * values that can be reached in so many steps are looked at, tensors to their last byte. */
static void fuzz_torch(fuzz_call *f)
{
    static const unsigned char storage[64] = { 1 };
    const sen__py *open[200];
    size_t n = 0, at;
    volatile unsigned sum = 0;              /* so that what is looked at is read */
    sen__zip_writer z;
    sen__pt pt;
    sen_result r;
    if (f->size > 1 && f->data[0] == 'P' && f->data[1] == 'K') {
        fuzz_put(f->files, "in.pt", f->data, f->size);
    } else {
        sen__begin(f->c);
        r = sen__zip_create(&z, f->c, "in.pt", "in");
        if (!r) {
            sen__zip_put(&z, "data.pkl", f->data, (int64_t)f->size);
            sen__zip_put(&z, "data/0", storage, sizeof storage);
            r = sen__zip_finish(&z);
        }
        sen__end(f->c, r);
        if (!FUZZ_MUST(f, r)) return;
    }
    sen__begin(f->c);
    r = sen__end(f->c, sen__pt_open(f->c, "in.pt", f->size % 2, &pt));
    if (fuzz_said(f, r)) return;
    open[n++] = pt.root;
    for (at = 0; at < n; at++) {
        const sen__py *v = open[at];
        const sen__py_item *i = v->first;
        for (; i; i = i->next)
            if (n < SEN__COUNT(open)) open[n++] = i->value;
        sen__py_get(v, "params");
        if (v->kind == SEN__PY_TEXT) sum += (unsigned)strlen(v->text);
        if (v->kind == SEN__PY_TENSOR) {
            const int64_t bytes = v->tensor->count * sen__py_types[v->tensor->type].size;
            FUZZ_CHECK(v->tensor->count >= 0 && bytes >= 0);
            if (bytes) sum += v->tensor->data[0] + (unsigned)v->tensor->data[bytes - 1];
        }
    }
    (void)sum;
    FUZZ_CHECK(pt.root->kind != SEN__PY_MARK && pt.zip.n > 0);
    sen__pt_close(f->c, &pt);
}

/* ids of a text, malloc'ed; NULL if it cannot be tokenized. Cut to `most` if that is not 0. */
static int32_t *fuzz_ids(fuzz_call *f, const sen_tokenizer *t, sen_text text, int64_t most,
                         int64_t *n)
{
    const int64_t size = sen_tokenizer_size(t);
    int32_t *ids;
    int64_t i, again = 0;
    *n = 0;
    if (fuzz_said(f, sen_tokenize(f->c, t, text, most, true, NULL, 0, n))) return NULL;
    FUZZ_CHECK(*n >= 0 && (!most || *n <= most));
    ids = (int32_t *)malloc((size_t)*n * sizeof *ids + 1);
    if (!FUZZ_MUST(f, sen_tokenize(f->c, t, text, most, true, ids, *n, &again))) {
        free(ids);
        return NULL;
    }
    FUZZ_CHECK(again == *n);
    for (i = 0; i < *n; i++) {
        FUZZ_CHECK(ids[i] >= 0 && ids[i] < size);
        FUZZ_CHECK(sen_tokenizer_token(t, ids[i]) != NULL);
    }
    return ids;
}

static void fuzz_tokenizer_use(fuzz_call *f, const sen_tokenizer *t, const sen_tokenizer *again)
{
    static const char *const texts[] = {
        "", "the cat sat, a cat.", "[CLS] abcd ing [MASK]<mask>\t\n 12  1",
        "\xC3\x84\xE4\xBD\xA0 e\xCC\x81\xF0\x9F\x98\x80\xFF\xC3",
        "abababababababababababababababababababababababababababababababababababababababab"
    };
    const size_t some = SEN__MIN(f->size, (size_t)300);
    size_t i;
    for (i = 0; i <= 2 * SEN__COUNT(texts); i++) {      /* whole, then cut; the input itself last */
        const char *p = texts[i % SEN__COUNT(texts)];
        const sen_text text = i == 2 * SEN__COUNT(texts) ? fuzz_text(f->data, some)
                                                         : fuzz_text(p, strlen(p));
        const int64_t most = i < SEN__COUNT(texts) ? 0 : 6;
        int64_t n, m;
        int32_t *ids = fuzz_ids(f, t, text, most, &n), *other;
        if (ids && again) {
            other = fuzz_ids(f, again, text, most, &m);
            FUZZ_CHECK(f->heap->refused ||
                       (other && n == m && memcmp(ids, other, (size_t)n * sizeof *ids) == 0));
            free(other);
        }
        free(ids);
    }
}

/* A file of the memory, if it is there, in another folder too. */
static void fuzz_copy(fuzz_call *f, const char *from, const char *to)
{
    sen__bytes b;
    if (!sen__file_exists(f->c, from)) return;
    sen__begin(f->c);
    if (sen__end(f->c, sen__file_read(f->c, from, &b))) return;
    fuzz_put(f->files, to, b.data, (size_t)b.size);
    sen__file_release(f->c, &b);
}

/* Loads, uses, saves, loads what was saved: the same tokens. A model's config.json, which may say
 * what class the tokenizer is, would stand in the saved folder too. */
static void fuzz_tokenizer_in(fuzz_call *f, const char *folder)
{
    sen_tokenizer *t = NULL, *again = NULL;
    sen_result r = fuzz_said(f, sen_tokenizer_load(f->c, folder, &t));
    FUZZ_CHECK((r == SEN_OK) == (t != NULL));
    if (!t) return;
    f->files->make_folder(f->files->user, "saved");
    fuzz_copy(f, "folder/config.json", "saved/config.json");
    sen__begin(f->c);
    r = sen__end(f->c, sen__tokenizer_save(f->c, t, "saved"));
    if (FUZZ_MUST(f, r)) FUZZ_MUST(f, sen_tokenizer_load(f->c, "saved", &again));
    fuzz_tokenizer_use(f, t, again);
    sen_tokenizer_free(again);
    sen_tokenizer_free(t);
}

static void fuzz_tokenizer(fuzz_call *f)
{
    fuzz_unpack(f, "folder/", "tokenizer.json");
    fuzz_tokenizer_in(f, "folder");
}

static void fuzz_vocab_txt(fuzz_call *f)
{
    static const char config[] = "{\"tokenizer_class\": \"BertTokenizer\"}";
    fuzz_put(f->files, "folder/tokenizer_config.json", config, sizeof config - 1);
    fuzz_unpack(f, "folder/", "vocab.txt");
    fuzz_tokenizer_in(f, "folder");
}

/* Every number of a list. */
static void fuzz_list(const sen_dataset *d, int64_t row, int column)
{
    const sen_shape shape = sen_dataset_column_shape(d, column);
    const double *list = sen_dataset_list(d, row, column);
    int64_t i;
    for (i = 0; list && i < SEN__MAX(shape.lists, 1) * shape.numbers; i++)
        FUZZ_CHECK(list[i] != -12345.678901);
}

/* Every cell of some rows, and every byte of its text. */
static void fuzz_read_rows(const sen_dataset *d, int64_t from, int64_t to)
{
    int64_t row;
    int column, sum = 0;
    size_t i;
    for (row = from; row < to; row++) {
        for (column = 0; column < sen_dataset_columns(d); column++) {
            const sen_text text = sen_dataset_text(d, row, column);
            for (i = 0; i < text.length; i++) sum += (unsigned char)text.data[i];
            if (sen_dataset_column_kind(d, column) == SEN_COLUMN_LIST) fuzz_list(d, row, column);
            else if (sen_dataset_column_kind(d, column) != SEN_COLUMN_TEXT)
                FUZZ_CHECK(sen_dataset_number(d, row, column) != -12345.678901);
        }
    }
    FUZZ_CHECK(sum >= 0);
}

/* A stream twice from its start, in batches of three, as a trainer reads it; what it meets on the
 * way may end it with an error. */
static void fuzz_streamed(fuzz_call *f, sen_dataset *d)
{
    sen_sampler_args a = sen_sampler_args_default();
    sen_sampler *s = NULL;
    int64_t rows[3], n, i;
    int epoch, batches;
    a.batch_size = 3;
    if (fuzz_said(f, sen_sampler_new(f->c, d, &a, &s))) return;
    for (epoch = 0; epoch < 2; epoch++) {
        sen_sampler_begin_epoch(s, epoch);
        for (batches = 0; batches < 9 && sen_sampler_next(s, rows, &n, NULL); batches++)
            for (i = 0; i < n; i++) fuzz_read_rows(d, rows[i], rows[i] + 1);
    }
    sen_sampler_free(s);
}

static void fuzz_cells(fuzz_call *f, sen_dataset *d)
{
    int column, k;
    for (column = 0; column < sen_dataset_columns(d); column++) {
        k = sen_dataset_column_find(d, sen_dataset_column_name(d, column));
        FUZZ_CHECK(k == column);
        FUZZ_CHECK(sen_dataset_column_kind(d, column) <= SEN_COLUMN_LIST);
    }
    if (d->stream) fuzz_streamed(f, d);
    else fuzz_read_rows(d, 0, sen_dataset_rows(d));
}

/* As a plain path; then as spec.json, if the input has one, says. */
static void fuzz_dataset_at(fuzz_call *f, const char *path)
{
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *d = NULL;
    sen__bytes spec;
    sen_json *j = NULL;
    sen_result r;
    desc.path = path;
    r = fuzz_said(f, sen_dataset_load(f->c, &desc, &d));
    FUZZ_CHECK((r == SEN_OK) == (d != NULL));
    if (d) fuzz_cells(f, d);
    sen_dataset_free(d);
    if (!sen__file_exists(f->c, "spec.json")) return;
    sen__begin(f->c);
    r = sen__end(f->c, sen__file_read(f->c, "spec.json", &spec));
    if (!r) r = sen_json_parse(f->c, "spec.json", spec.data, (size_t)spec.size, &j);
    if (!r) {
        r = fuzz_said(f, sen_dataset_from_json(f->c, j, NULL, &d));
        FUZZ_CHECK((r == SEN_OK) == (d != NULL));
        if (d) fuzz_cells(f, d);
        sen_dataset_free(d);
    }
    sen__file_release(f->c, &spec);
}

static void fuzz_dataset(fuzz_call *f, const char *path)
{
    fuzz_unpack(f, "", path);
    fuzz_dataset_at(f, path);
}

/* The file of an Arrow folder; its two others are whole unless the input has its own. */
static void fuzz_arrow(fuzz_call *f)
{
    static const char state[] =
        "{\"_data_files\": [{\"filename\": \"data-00000-of-00001.arrow\"}]}";
    static const char info[] =
        "{\"features\": {\"label\": {\"names\": [\"no\", \"yes\"], "
        "\"_type\": \"ClassLabel\"}}}";
    fuzz_put(f->files, "set/state.json", state, sizeof state - 1);
    fuzz_put(f->files, "set/dataset_info.json", info, sizeof info - 1);
    fuzz_unpack(f, "set/", "data-00000-of-00001.arrow");
    if (sen__file_exists(f->c, "set/spec.json")) {
        sen__bytes spec;
        if (!sen__file_read(f->c, "set/spec.json", &spec)) {
            fuzz_put(f->files, "spec.json", (const char *)spec.data, (size_t)spec.size);
            sen__file_release(f->c, &spec);
        }
    }
    fuzz_dataset_at(f, "set");
}

static void fuzz_csv(fuzz_call *f)
{
    fuzz_dataset(f, "in.csv");
}

static void fuzz_tsv(fuzz_call *f)
{
    fuzz_dataset(f, "in.tsv");
}

static void fuzz_jsonl(fuzz_call *f)
{
    fuzz_dataset(f, "in.jsonl");
}

/* The embeddings of two texts, malloc'ed; NULL: it cannot. */
static float *fuzz_encode(fuzz_call *f, const sen_model *m, int *dimension)
{
    const sen_text texts[2] = { { "the cat sat", 11 }, { "", 0 } };
    float *x = NULL;
    *dimension = sen_embedding_dimension(m, SEN_NONE);
    FUZZ_CHECK(*dimension > 0);
    if (*dimension > 0 && *dimension < 1 << 20)
        x = (float *)calloc(2 * (size_t)*dimension, sizeof *x);
    if (x && fuzz_said(f, sen_encode(f->c, m, texts, 2, NULL, x))) {
        free(x);
        x = NULL;
    }
    return x;
}

/* The files of a model folder, beside the weights of a whole one. What loads can encode or says why
 * not, is saved, loaded again and encodes the same. */
/* The settings of an adapter, if the input has any; saved with one, a model is loaded with it. */
static void fuzz_adapter(fuzz_call *f, sen_model *m)
{
    sen_file_info info;
    sen_json *j = NULL;
    const int n = sen_model_weights(m);
    if (f->files->info(f->files->user, "model/adapter.json", &info)) return;
    if (fuzz_said(f, sen__json_load(f->c, &f->c->keep, "model/adapter.json", 0, &j))) return;
    if (fuzz_said(f, sen_model_add_adapter(f->c, m, j, 1))) {
        FUZZ_CHECK(!sen_model_adapter(m) && sen_model_weights(m) == n);
        return;
    }
    FUZZ_CHECK(sen_model_adapter(m) && sen_model_weights(m) > n);
}

static void fuzz_config(fuzz_call *f)
{
    sen_model *m = NULL, *again = NULL;
    float *x, *y = NULL;
    int n, k = 0;
    sen_result r;
    fuzz_unpack(f, "model/", "config.json");
    r = fuzz_said(f, sen_model_load(f->c, "model", &m));
    FUZZ_CHECK((r == SEN_OK) == (m != NULL));
    if (!m) return;
    fuzz_adapter(f, m);
    x = fuzz_encode(f, m, &n);
    r = fuzz_said(f, sen_model_save(f->c, m, "saved"));
    if (!r && FUZZ_MUST(f, sen_model_load(f->c, "saved", &again))) y = fuzz_encode(f, again, &k);
    if (x && y)
        FUZZ_CHECK(n == k && memcmp(x, y, 2 * (size_t)n * sizeof *x) == 0);
    if (sen_model_adapter(m) && !fuzz_said(f, sen_model_merge_adapter(f->c, m))) {
        free(y);
        y = fuzz_encode(f, m, &k);
        FUZZ_CHECK(!y || n == k);
    }
    free(x);
    free(y);
    sen_model_free(again);
    sen_model_free(m);
}

/* A checkpoint's files: the run goes on from it, or the model is untouched. */
static void fuzz_trainer_state(fuzz_call *f)
{
    fuzz_training t;
    fuzz_unpack(f, "out/checkpoint-1/", "trainer_state.json");
    if (!fuzz_said(f, fuzz_training_open(f->c, &t, false))) {
        fuzz_said(f, sen_train_resume(t.trainer, "out/checkpoint-1"));
        fuzz_said(f, sen_trainer_save_state(t.trainer));
    }
    fuzz_training_close(&t);
}

static void fuzz_image_each(void *arg, const char *name)
{
    *(size_t *)arg += strlen(name);
}

/* An image of files, taken for one and for a model. */
static void fuzz_image(fuzz_call *f)
{
    sen_allocator a;
    sen_memory_files *m = NULL;
    sen_model *model = NULL;
    size_t names = 0;
    a.resize = fuzz_resize;
    a.user = f->heap;
    if (sen_memory_files_new(&a, f->data, f->size, &m) == SEN_OK) {
        const sen_files *files = sen_memory_files_table(m);
        void *copy = malloc(sen_memory_files_size(m) + 1);
        files->list(files->user, "", fuzz_image_each, &names);
        sen_memory_files_image(m, copy);
        free(copy);
        sen_memory_files_free(m);
    }
    fuzz_said(f, sen_model_load_memory(f->c, f->data, f->size, &model));
    sen_model_free(model);
}

/* As the command takes a job, up to the memory plan; then one evaluation. */
static void fuzz_job_open(fuzz_call *f, cli *t, sen_json *root)
{
    sen_memory_plan plan;
    job j;
    bool in_job = false;
    sen_result r;
    memset(&j, 0, sizeof j);
    sen_fields_default(job_fields, &j);
    j.base = path_from(t, "/", ".");
    t->job_flags = json_new(t, SEN_JSON_OBJECT, NULL);
    r = fuzz_said(f, job_take(t, root, "/", &j));
    if (!r) r = fuzz_said(f, job_open(t, &j, NEED_TRAIN | NEED_EVAL, &in_job));
    if (!r) r = fuzz_said(f, sen_trainer_plan(j.trainer, &plan));
    if (r) FUZZ_CHECK(message_source(t, sen_message(f->c), true) != root);
    job_free(&j);
}

static void fuzz_job(fuzz_call *f)
{
    sen__bytes text;
    sen_json *root = NULL;
    sen_result r;
    cli t;
    memset(&t, 0, sizeof t);
    t.ctx = f->c;
    fuzz_unpack(f, "", "job.json");
    sen__begin(f->c);
    r = sen__end(f->c, sen__file_read(f->c, "job.json", &text));
    if (r) return;
    r = fuzz_said(f, sen_json_parse(f->c, "job.json", text.data, (size_t)text.size, &root));
    sen__file_release(f->c, &text);
    if (!r) fuzz_job_open(f, &t, root);
    while (t.blocks) {
        block *next = t.blocks->next;
        free(t.blocks);
        t.blocks = next;
    }
}

typedef struct fuzz_format {
    const char *name;                           /* and its corpus: tests/fuzz/NAME */
    void (*run)(fuzz_call *f);
    bool home;                                  /* it needs the files of fuzz_home */
    size_t times;                               /* a block is at most so many times the input, and
                                                 * a megabyte; 0: it may ask for any model */
} fuzz_format;

static const fuzz_format fuzz_formats[] = {
    { "json",          fuzz_json,          false, 2048 },
    { "safetensors",   fuzz_safetensors,   false, 2048 },
    { "torch",         fuzz_torch,         false, 2048 },
    { "tokenizer",     fuzz_tokenizer,     false, 2048 },
    { "vocab",         fuzz_vocab_txt,     false, 2048 },
    { "csv",           fuzz_csv,           false, 2048 },
    { "tsv",           fuzz_tsv,           false, 2048 },
    { "jsonl",         fuzz_jsonl,         false, 2048 },
    { "arrow",         fuzz_arrow,         false, 2048 },
    { "image",         fuzz_image,         false, 2048 },
    { "trainer_state", fuzz_trainer_state, true,  2048 },
    { "config",        fuzz_config,        true,  0 },
    { "job",           fuzz_job,           true,  0 },
};

static const fuzz_format *fuzz_now = fuzz_formats;

/* One input in a context of its own; the fail_at-th allocation fails. Gives how many there were. */
static int64_t fuzz_once(const char *data, size_t size, int64_t fail_at)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_memory_files *m = NULL;
    fuzz_heap heap;
    fuzz_call f;
    memset(&heap, 0, sizeof heap);
    memset(&f, 0, sizeof f);
    heap.total = fuzz_now->times ? FUZZ_TOTAL : FUZZ_MODEL;
    d.allocator.resize = fuzz_resize;
    d.allocator.user = &heap;
    d.threads = 1;
    if (fuzz_now->home) fuzz_home_make();
    if (sen_memory_files_new(&d.allocator, fuzz_now->home ? fuzz_home : NULL,
                             fuzz_now->home ? fuzz_home_size : 0, &m))
        return 0;
    heap.fail_at = fail_at ? heap.calls + fail_at : 0;
    d.files = f.files = sen_memory_files_table(m);
    f.heap = &heap;
    f.data = data;
    f.size = size;
    if (sen_ctx_new(&d, &f.c) == SEN_OK) fuzz_now->run(&f);
    sen_ctx_free(f.c);
    sen_memory_files_free(m);
    FUZZ_CHECK(heap.open == 0 && heap.bytes == 0);
    FUZZ_CHECK(!fuzz_now->times || heap.largest <= ((size_t)1 << 20) + fuzz_now->times * size);
    return heap.calls;
}

static void fuzz_one(const char *data, size_t size)
{
    uint32_t hash = 2166136261u;                /* FNV-1a: which inputs, and where they fail */
    const int64_t calls = fuzz_once(data, size, 0);
    size_t i;
    for (i = 0; i < size; i++) hash = (hash ^ (unsigned char)data[i]) * 16777619u;
    if (hash % 4 == 0 && calls > 0) fuzz_once(data, size, (int64_t)(hash / 4) % calls + 1);
}

#ifdef FUZZ_LIBFUZZER

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int i;
    size_t k;
    for (i = 1; i < *argc; i++)
        for (k = 0; k < SEN__COUNT(fuzz_formats); k++)
            if (strncmp((*argv)[i], "--", 2) == 0 &&
                strcmp((*argv)[i] + 2, fuzz_formats[k].name) == 0)
                fuzz_now = &fuzz_formats[k];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_one((const char *)data, size);
    return 0;
}

#else

static int fuzz_replayed;

static void fuzz_file(void *folder, const char *name)
{
    static char path[600];
    size_t n = 0;
    char *data, *exact;
    snprintf(path, sizeof path, "%s/%s", (const char *)folder, name);
    data = test_read(path, &n);
    fuzz_input = path;
    FUZZ_CHECK(data != NULL);
    exact = (char *)malloc(n ? n : 1);          /* so that a sanitizer sees its end */
    if (n) memcpy(exact, data, n);
    fuzz_one(exact, n);
    fuzz_replayed++;
    free(exact);
    free(data);
}

/* The corpus of fuzz_now. */
static void fuzz_corpus(void)
{
    const sen_files *f = sen_system_files();
    char folder[100];
    snprintf(folder, sizeof folder, "tests/fuzz/%s", fuzz_now->name);
    fuzz_replayed = 0;
    f->list(f->user, folder, fuzz_file, folder);
    CHECK(fuzz_replayed > 0);
}

static void test_fuzz(void)
{
    size_t k;
    for (k = 0; k < SEN__COUNT(fuzz_formats); k++) {
        fuzz_now = &fuzz_formats[k];
        test_case(fuzz_now->name, fuzz_corpus);
    }
    free(fuzz_home);
    fuzz_home = NULL;
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("fuzz", test_fuzz);
}
#endif
#endif
