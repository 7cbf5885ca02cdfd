/* The eval chapter: Python's recorded runs (metrics, primary metric, CSV files), statistics,
 * errors. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"
#include "tiny.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

#define EVAL_ROWS 16
#define EVAL_DIM 8

/* ---- a file system of one file: what the evaluators write ------------------------------------ */

typedef struct eval_disk {
    char path[200], text[4000];
    int  exists, folders;
} eval_disk;

static sen_file_error eval_open(void *user, const char *path, sen_file_mode mode, void **file)
{
    eval_disk *d = (eval_disk *)user;
    if (mode != SEN_FILE_APPEND) return SEN_FILE_DENIED;
    if (!d->exists || strcmp(d->path, path) != 0) d->text[0] = 0;
    d->exists = 1;
    strcpy(d->path, path);
    *file = d;
    return SEN_FILE_OK;
}

static sen_file_error eval_write(void *user, void *file, const void *from, int64_t n)
{
    (void)user;
    strncat(((eval_disk *)file)->text, (const char *)from, (size_t)n);
    return SEN_FILE_OK;
}

static sen_file_error eval_close(void *user, void *file)
{
    (void)user;
    (void)file;
    return SEN_FILE_OK;
}

static sen_file_error eval_info(void *user, const char *path, sen_file_info *out)
{
    const eval_disk *d = (const eval_disk *)user;
    memset(out, 0, sizeof *out);
    return d->exists && strcmp(d->path, path) == 0 ? SEN_FILE_OK : SEN_FILE_NOT_FOUND;
}

static sen_file_error eval_make_folder(void *user, const char *path)
{
    (void)path;
    ((eval_disk *)user)->folders++;
    return SEN_FILE_OK;
}

typedef struct eval_fixture {
    eval_disk disk;
    sen_files files;
    sen_ctx  *c;
    sen_json *golden;
} eval_fixture;

/* ---- the recorded runs ----------------------------------------------------------------------- */

/* The evaluator's columns of texts and numbers as a dataset, in the order of the JSON object. */
typedef struct eval_data {
    sen_text     texts[3][EVAL_ROWS];
    double       numbers[EVAL_ROWS];
    float        emb[3][EVAL_ROWS * EVAL_DIM];
    sen_column   column[3];
    int64_t      rows;
    sen_dataset *dataset;
} eval_data;

static void eval_data_of(eval_fixture *f, const sen_json *args, int dim, eval_data *d)
{
    const sen_json *vectors = sen_json_get(f->golden, "vectors");
    int k = 0;
    memset(d, 0, sizeof *d);
    for (const sen_json *a = args->child; a && k < 3; a = a->next) {
        if (a->kind != SEN_JSON_LIST || a->count < 6) continue;
        d->rows = 0;
        d->column[k].name = a->key;
        for (const sen_json *v = a->child; v; v = v->next) {
            int i = 0;
            if (v->kind == SEN_JSON_TEXT) {
                d->texts[k][d->rows].data = v->text;
                d->texts[k][d->rows].length = v->length;
                d->column[k].texts = d->texts[k];
                for (const sen_json *x = sen_json_get(vectors, v->text)->child; x && i < dim;
                     x = x->next)
                    d->emb[k][d->rows * dim + i++] = (float)x->number;
            } else {
                d->numbers[d->rows] = v->number;
                d->column[k].floats = d->numbers;
            }
            d->rows++;
        }
        k++;
    }
    CHECK(k >= 2 && sen_dataset_from_arrays(f->c, d->column, k, d->rows, &d->dataset) == SEN_OK);
}

static void eval_check(const sen_json *g, const sen_evaluator *e)
{
    const sen_json *want = sen_json_get(g, "metrics");
    int64_t i = 0;
    CHECK(e->n == want->count);
    for (const sen_json *j = want->child; j && i < e->n; j = j->next, i++) {
        CHECK(strcmp(e->metric[i].name, j->key) == 0);
        if (!(fabs(e->metric[i].value - j->number) <= 1e-6)) {
            test_failures++;
            printf("%s is %.17g, not %.17g\n", j->key, e->metric[i].value, j->number);
        }
    }
    CHECK(strcmp(sen_evaluator_primary_metric(e), sen__json_text_or(g, "primary_metric", "")) == 0);
}

/* The CSV file: the same name, head and shape; numbers to 1e-6. */
static void eval_check_csv(const eval_disk *d, const sen_json *files)
{
    const char *p = d->text, *q = files->child->text;
    CHECK(strcmp(sen__path_name(d->path), files->child->key) == 0);
    while (*p && *q) {
        double a, b;
        const char *pe = sen__text_to_double(p, p + strlen(p), &a),
                   *qe = sen__text_to_double(q, q + strlen(q), &b);
        if (pe && qe) {
            CHECK(fabs(a - b) <= 1e-6);
            p = pe;
            q = qe;
        } else {
            CHECK(*p == *q);
            if (*p++ != *q++) return;
        }
    }
    CHECK(*p == 0 && *q == 0);
}

/* Arguments of the golden case that are no columns, over those that are there. */
static sen_result eval_read_args(sen_ctx *c, const sen_json *args, const sen_field *fields,
                                 void *to)
{
    for (const sen_json *j = args->child; j; j = j->next) {
        const sen_field *field = sen__field_find(fields, j->key);
        sen_result r;
        if (!field || field->kind == SEN_KIND_COLUMN || field->kind == SEN_KIND_NUMBER_COLUMN)
            continue;
        r = field->kind->read(c, field->kind, j, (char *)to + field->offset);
        if (r) return r;
    }
    return SEN_OK;
}

typedef union eval_args {
    sen_evaluator_args             any;
    sen_embedding_similarity_args  similarity;
    sen_binary_evaluator_args      binary;
    sen_translation_evaluator_args translation;
    sen_triplet_evaluator_args     triplet;
} eval_args;

/* The kinds whose recorded runs are replayed from given embeddings. */
typedef struct eval_kind { const char *name; const sen_field *fields; } eval_kind;

static const eval_kind *eval_kind_of(const char *name)
{
    static const eval_kind kinds[] = {
        { "EmbeddingSimilarityEvaluator", sen__embedding_similarity_fields },
        { "BinaryClassificationEvaluator", sen__binary_fields },
        { "TranslationEvaluator", sen__translation_fields },
        { "TripletEvaluator", sen__triplet_evaluator_fields },
    };
    size_t i;
    for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

/* The recorded embeddings as an evaluation would have them: normalized and quantized where there is
 * a precision. */
static void eval_embed(sen_evaluator_call *call, eval_data *d)
{
    const sen_evaluator *e = call->evaluator;
    const int64_t count = call->rows * call->dimension;
    static float room[3 * EVAL_ROWS * EVAL_DIM];
    for (int k = 0; k < e->n_texts; k++) {
        for (int64_t i = 0; i < call->rows; i++) {
            const float *x = d->emb[k] + i * call->dimension;
            float *y = room + k * count + i * call->dimension;
            memcpy(y, x, (size_t)call->dimension * sizeof *y);
            if (sen__eval_text_arg(e, "precision"))
                (void)sen__normalize_forward(y, y, call->dimension);
        }
        call->emb[k] = room + k * count;
    }
    CHECK_OK(call->ctx, sen__eval_quantize(call, room));
}

static void eval_case(eval_fixture *f, const sen_json *g)
{
    static eval_data data;
    const sen_json *args = sen_json_get(g, "args");
    const int dim = (int)sen__json_int_or(args, "truncate_dim", EVAL_DIM);
    const char *name = sen__json_text_or(g, "evaluator", "");
    const eval_kind *kind = eval_kind_of(name);
    eval_args a;
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    eval_data_of(f, args, dim, &data);
    CHECK(kind != NULL);
    if (!kind) return;
    sen__evaluator_defaults(kind->fields, memset(&a, 0, sizeof a));
    a.any.dataset = data.dataset;
    CHECK(eval_read_args(f->c, args, kind->fields, &a) == SEN_OK);
    CHECK_OK(f->c, sen_evaluator_new(f->c, name, &a, &e));
    if (e) {
        memset(&call, 0, sizeof call);
        call.ctx = f->c;
        call.evaluator = e;
        call.args = e->args;
        call.similarity = "cosine";
        call.numbers = e->numbers;
        call.rows = data.rows;
        call.dimension = dim;
        call.output_path = "out/eval";
        call.epoch = 0.5;
        call.steps = 7;
        eval_embed(&call, &data);
        CHECK(sen__eval_score(&call) == SEN_OK);
        eval_check(g, e);
        f->disk.exists = 0;
        CHECK(sen__eval_csv(&call) == SEN_OK);
        eval_check_csv(&f->disk, sen_json_get(g, "files"));
        CHECK(sen__eval_score(&call) == SEN_OK && sen__eval_csv(&call) == SEN_OK); /* one head */
        CHECK(strstr(f->disk.text, "\r\n0.5,7,") != strrchr(f->disk.text, '\r'));
        sen_evaluator_free(e);
    }
    sen_dataset_free(data.dataset);
}

static void test_eval_golden(eval_fixture *f)
{
    int cases = 0;
    for (const sen_json *g = f->golden ? sen_json_get(f->golden, "cases")->child : NULL; g;
         g = g->next) {
        const char *name = sen__json_text_or(g, "evaluator", "");
        if (!eval_kind_of(name)) continue;
        eval_case(f, g);
        cases++;
    }
    CHECK(cases == 12);
}

/* The recorded embedding of a text; a student's is another one. */
static void eval_vector(const eval_fixture *f, const char *text, bool student, float *out)
{
    const sen_json *x = sen_json_get(sen_json_get(f->golden, "vectors"), text)->child;
    for (int i = 0; x && i < EVAL_DIM; x = x->next, i++)
        out[i] = (float)(student ? rint((0.9 * x->number + 0.1) * 1000) / 1000 : x->number);
}

/* The call of an evaluation, as the recorded ones were. */
static sen_evaluator_call eval_call(eval_fixture *f, sen_evaluator *e, int64_t rows)
{
    sen_evaluator_call call;
    memset(&call, 0, sizeof call);
    call.ctx = f->c;
    call.evaluator = e;
    call.args = e->args;
    call.rows = rows;
    call.dimension = EVAL_DIM;
    call.output_path = "out/eval";
    call.epoch = 0.5;
    call.steps = 7;
    return call;
}

static void eval_check_all(eval_fixture *f, const sen_json *g, const sen_evaluator_call *call)
{
    eval_check(g, call->evaluator);
    f->disk.exists = 0;
    CHECK_OK(f->c, sen__eval_csv(call));
    eval_check_csv(&f->disk, sen_json_get(g, "files"));
}

static void eval_case_reranking(eval_fixture *f, const sen_json *g)
{
    const sen_json *args = sen_json_get(g, "args");
    sen_reranking_args a = sen_reranking_args_default();
    static sen_text text[4][2][4];
    static float query[4 * EVAL_DIM], doc[4 * 8 * EVAL_DIM];
    sen_rerank_sample sample[4];
    sen_evaluator *e = NULL;
    double sum[3] = { 0, 0, 0 };
    int64_t n = 0, d = 0;
    memset(sample, 0, sizeof sample);
    for (const sen_json *j = sen_json_get(args, "samples")->child; j && n < 4; j = j->next, n++) {
        static const char *const sides[2] = { "positive", "negative" };
        int64_t count[2] = { 0, 0 };
        for (int k = 0; k < 2; k++)
            for (const sen_json *x = sen_json_get(j, sides[k])->child; x && count[k] < 4;
                 x = x->next) text[n][k][count[k]++] = tiny_text(x->text);
        sample[n].query = tiny_text(sen__json_text_or(j, "query", ""));
        sample[n].positive = text[n][0];
        sample[n].negative = text[n][1];
        sample[n].n_positive = count[0];
        sample[n].n_negative = count[1];
    }
    a.sample = sample;
    a.n_samples = n;
    a.at_k = (int)sen__json_int_or(args, "at_k", 10);
    a.name = sen__json_text_or(args, "name", "");
    if (CHECK_OK(f->c, sen_evaluator_new(f->c, "RerankingEvaluator", &a, &e))) {
        const sen__rerank *first = (const sen__rerank *)e->data, *q;
        sen_evaluator_call call = eval_call(f, e, 0);
        for (q = first, n = 0; q; q = q->next, n++) {
            eval_vector(f, q->query.data, false, query + n * EVAL_DIM);
            for (int64_t i = 0; i < q->n; i++)
                eval_vector(f, q->doc[i].data, false, doc + d++ * EVAL_DIM);
        }
        CHECK(n == 3);                  /* one sample has no right document */
        CHECK_OK(f->c, sen__rerank_embedded(&call, first, NULL, query, doc, sum));
        CHECK_OK(f->c, sen__rerank_say(&call, sum, (double)n));
        eval_check_all(f, g, &call);
    }
    sen_evaluator_free(e);
}

/* A teacher's embeddings and a student's, as if both had encoded. */
static void eval_case_teacher(eval_fixture *f, const sen_json *g)
{
    const sen_json *args = sen_json_get(g, "args");
    const sen_json *s = sen_json_get(args, "source_sentences")->child;
    const sen_json *t = sen_json_get(args, "target_sentences")->child;
    static float student[EVAL_ROWS * EVAL_DIM];
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    int64_t n = 0;
    CHECK_OK(f->c, sen__evaluator_make(f->c, &sen__teach_evaluator, &e));
    e->teacher_emb = (float *)sen__new_array(f->c, EVAL_ROWS * EVAL_DIM, sizeof(float), "a test");
    for (; s && t; s = s->next, t = t->next, n++) {
        eval_vector(f, s->text, false, e->teacher_emb + n * EVAL_DIM);
        eval_vector(f, t->text, true, student + n * EVAL_DIM);
    }
    call = eval_call(f, e, n);
    call.emb[1] = student;
    CHECK_OK(f->c, sen__eval_score(&call));
    eval_check_all(f, g, &call);
    sen_evaluator_free(e);
}

static void eval_case_frame(eval_fixture *f, const sen_json *g)
{
    const sen_json *args = sen_json_get(g, "args");
    static float teacher[EVAL_ROWS * EVAL_DIM], student[EVAL_ROWS * EVAL_DIM];
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    sen_mse_frame_args *a;
    float mse[2];
    CHECK_OK(f->c, sen__evaluator_make(f->c, &sen__teach_frame_evaluator, &e));
    a = (sen_mse_frame_args *)e->args;
    CHECK_OK(f->c, sen__read_pairs(f->c, &sen__kind_pairs, sen_json_get(args, "combinations"),
                                   &a->combinations));
    a->name = sen__json_text_or(args, "name", "");
    CHECK(a->combinations.n == 4);
    for (int k = 0; k < 2; k++) {
        const char *const *pair = a->combinations.item + 2 * k;
        int64_t n = 0;
        for (const sen_json *j = sen_json_get(args, "dataframe")->child; j; j = j->next) {
            const char *from = sen__json_text_or(j, pair[0], ""), *to =
                sen__json_text_or(j, pair[1], "");
            if (!*from || !*to) continue;
            eval_vector(f, from, false, teacher + n * EVAL_DIM);
            eval_vector(f, to, true, student + n++ * EVAL_DIM);
        }
        mse[k] = sen__teach_of(teacher, student, n * EVAL_DIM);
    }
    call = eval_call(f, e, 0);
    CHECK_OK(f->c, sen__teach_frame_say(&call, mse));
    eval_check_all(f, g, &call);
    sen_evaluator_free(e);
}

/* Those that do not work on columns alone; test_retrieval.c has the rest of all 19. */
static void test_eval_golden_others(eval_fixture *f)
{
    int cases = 0;
    for (const sen_json *g = f->golden ? sen_json_get(f->golden, "cases")->child : NULL; g;
         g = g->next) {
        const char *name = sen__json_text_or(g, "evaluator", "");
        cases++;
        if (strcmp(name, "RerankingEvaluator") == 0) eval_case_reranking(f, g);
        else if (strcmp(name, "MSEEvaluator") == 0) eval_case_teacher(f, g);
        else if (strcmp(name, "MSEEvaluatorFromDataFrame") == 0) eval_case_frame(f, g);
        else cases--;
    }
    CHECK(cases == 3);
}

/* ---- pairs that match or not ----------------------------------------------------------------- */

static char eval_binary_row[300];              /* of the file */

/* From similarities by hand: embeddings of one number, the dot product with 1. */
static sen_result eval_binary(eval_fixture *f, const float *similarity, const double *label,
                              int64_t n, double *out)
{
    static const float ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    static const sen_text texts[8];
    const char *dot = "dot";
    sen_column column[3];
    sen_binary_evaluator_args args = sen_binary_evaluator_args_default();
    sen_dataset *data = NULL;
    sen_evaluator *e = NULL;
    sen_evaluator_call call;
    sen_result r;
    memset(column, 0, sizeof column);
    column[0].name = "a";
    column[1].name = "b";
    column[2].name = "label";
    column[0].texts = column[1].texts = texts;
    column[2].floats = label;
    r = sen_dataset_from_arrays(f->c, column, 3, n, &data);
    args.dataset = data;
    args.similarity_fn_names.item = &dot;
    args.similarity_fn_names.n = 1;
    if (!r) r = sen_evaluator_new(f->c, "BinaryClassificationEvaluator", &args, &e);
    memset(&call, 0, sizeof call);
    call.ctx = f->c;
    call.evaluator = e;
    call.rows = n;
    call.dimension = 1;
    call.emb[0] = similarity;
    call.emb[1] = ones;
    if (!r) {
        call.args = e->args;
        call.numbers = e->numbers;
        r = sen__eval_score(&call);
    }
    for (int k = 0; !r && k < SEN__BINARY_METRICS; k++) out[k] = e->metric[k].value;
    if (!r)
        snprintf(eval_binary_row, sizeof eval_binary_row, "%.*s", (int)e->row.length, e->row.data);
    sen_evaluator_free(e);
    sen_dataset_free(data);
    return r;
}

/* Ties stay on one side, one class has Python's zeros, labels and NaN are looked at. */
static void test_eval_binary(eval_fixture *f)
{
    static const float tied[4] = { 0.9f, 0.5f, 0.5f, 0.1f };
    static const float odd[4] = { 0.9f, NAN, 0.5f, 0.1f }, wide[4] = { 0.9f, 1, -INFINITY, 0.1f };
    static const double label[4] = { 1, 1, 0, 0 }, two[4] = { 1, 2, 0, 0 };
    static const double none[4] = { 0, 0, 0, 0 }, all[4] = { 1, 1, 1, 1 };
    double m[SEN__BINARY_METRICS];
    CHECK(eval_binary(f, tied, label, 4, m) == SEN_OK);
    CHECK(m[SEN__BINARY_ACCURACY] == 0.75);             /* the first of two that are as good */
    CHECK(m[SEN__BINARY_ACCURACY_THRESHOLD] == (double)((0.9f + 0.5f) / 2));
    CHECK(fabs(m[SEN__BINARY_F1] - 0.8) < 1e-15 && m[SEN__BINARY_RECALL] == 1);
    CHECK(fabs(m[SEN__BINARY_AP] - (0.5 + 0.5 * 2 / 3)) < 1e-15);
    CHECK(fabs(m[SEN__BINARY_MCC] - 1 / sqrt(3)) < 1e-15);
    CHECK(eval_binary(f, tied, none, 4, m) == SEN_OK);
    CHECK(m[SEN__BINARY_ACCURACY] == 1 && m[SEN__BINARY_F1] == 0 && m[SEN__BINARY_AP] == 0);
    CHECK(m[SEN__BINARY_F1_THRESHOLD] == 0 && m[SEN__BINARY_MCC] == 0);
    CHECK(m[SEN__BINARY_ACCURACY_THRESHOLD] == (double)nextafterf(0.9f, 2));
    CHECK_TEXT(eval_binary_row, ",1.0,0.90000004,0,0,0,0,0.0,0.0");    /* Python's ints */
    for (int k = 0; k < 9; k++) {
        static const float x[9] = { 0, -0.0f, 1, -1, 0.3f, 1e-45f, -1e-45f, 3e38f, -INFINITY };
        CHECK(sen__binary_beyond(x[k], true) == nextafterf(x[k], INFINITY));
        CHECK(sen__binary_beyond(x[k], false) == nextafterf(x[k], -INFINITY));
    }
    CHECK(eval_binary(f, tied, all, 4, m) == SEN_OK);
    CHECK(m[SEN__BINARY_ACCURACY] == 1 && m[SEN__BINARY_F1] == 1 && m[SEN__BINARY_MCC] == 0);
    CHECK(eval_binary(f, odd, label, 4, m) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(f->c), "row 1 is not a number") != NULL);
    sen__forgive(f->c);
    CHECK(eval_binary(f, wide, label, 4, m) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(f->c), "row 2 is infinite") != NULL);
    sen__forgive(f->c);
    CHECK(eval_binary(f, tied, two, 4, m) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(f->c), "row 1: a label of BinaryClassificationEvaluator is 0 or 1, not "
                                  "2.0");
    CHECK(eval_binary(f, tied, label, 0, m) == SEN_ERR_ARGUMENT);
}

/* More rows than one block of products, against a plain search: one row of each side is nearest to
 * another one, a text stands twice, and a zero embedding is nearest to the first row. */
static void test_eval_translation(eval_fixture *f)
{
    enum { ROWS = SEN__TRANSLATION_ROWS + 44 };
    static sen_text texts[ROWS];
    static char text[ROWS][8];
    static float emb[2][ROWS * 2];
    static int64_t near[2 * ROWS];
    sen_column column[2];
    sen_translation_evaluator_args args = sen_translation_evaluator_args_default();
    sen_dataset *data = NULL;
    sen_evaluator *e = NULL;
    sen_evaluator_call call;
    int i, j, side;
    memset(column, 0, sizeof column);
    for (i = 0; i < ROWS; i++) {
        texts[i].data = text[i];
        texts[i].length = (size_t)snprintf(text[i], sizeof text[i], "t%d", i == 299 ? 7 : i);
        for (side = 0; side < 2; side++) {
            emb[side][2 * i] = (float)cos(i * 0.01) * (float)(1 + i % 3);
            emb[side][2 * i + 1] = (float)sin(i * 0.01) * (float)(1 + i % 3);
        }
    }
    memcpy(&emb[1][2 * 299], &emb[1][2 * 7], 2 * sizeof(float));    /* the same text, twice */
    emb[0][2 * 50] = emb[0][2 * 50 + 1] = 0;
    column[0].name = "en";
    column[1].name = "de";
    column[0].texts = column[1].texts = texts;
    CHECK_OK(f->c, sen_dataset_from_arrays(f->c, column, 2, ROWS, &data));
    args.dataset = data;
    CHECK_OK(f->c, sen_evaluator_new(f->c, "TranslationEvaluator", &args, &e));
    memset(&call, 0, sizeof call);
    call.ctx = f->c;
    call.evaluator = e;
    call.args = e->args;
    call.rows = ROWS;
    call.dimension = 2;
    call.emb[0] = emb[0];
    call.emb[1] = emb[1];
    CHECK_OK(f->c, sen__translation_nearest(&call, near));
    for (side = 0; side < 2; side++)
        for (i = 0; i < ROWS; i++) {
            const float *x = &emb[side][2 * i];
            double best = -2;
            int at = 0;
            for (j = 0; j < ROWS; j++) {
                const float *y = &emb[!side][2 * j];
                const double of = (double)sen__pair_cosine(x, y, 2);
                if (of > best + 1e-6) {
                    best = of;
                    at = j;
                }
            }
            CHECK(near[side * ROWS + i] == at);
        }
    CHECK_OK(f->c, sen__eval_score(&call));
    /* Row 50 is lost; 299's own embedding has gone, and the nearest of 7 may be either text. */
    CHECK(e->metric[0].value == (double)(ROWS - 2) / (double)ROWS);
    CHECK(e->metric[2].value == (e->metric[0].value + e->metric[1].value) / 2);
    sen_evaluator_free(e);
    sen_dataset_free(data);
}

/* ---- similarities ---------------------------------------------------------------------------- */

/* torch's own bits: x = (i * 7919 % 1009 / 512 - 1) / 3, y = (i * 6151 % 997 / 512 - 1) / 7 in
 * float32, through the pairwise_ functions of sentence_transformers.util. */
static void test_eval_similarities(void)
{
    static const struct { int n; float want[4]; } each[] = {
        { 8, { 0.0782527477f, 0.0125719719f, -0.6431005f, -1.60732877f } },
        { 33, { 0.299058706f, 0.154374272f, -1.05296981f, -5.12658119f } },
        { 100, { 0.241015345f, 0.371811986f, -1.89055896f, -15.9142475f } },
        { 600, { 0.0321558192f, 0.294629753f, -4.98885536f, -103.277435f } },
        { 4096, { 0.00556642655f, 0.347902954f, -13.1623507f, -711.92218f } },
    };
    static float x[4096], y[4096], zero[33];
    for (int i = 0; i < 4096; i++) {
        x[i] = ((float)(i * 7919 % 1009) / 512.0f - 1.0f) / 3.0f;
        y[i] = ((float)(i * 6151 % 997) / 512.0f - 1.0f) / 7.0f;
    }
    for (size_t k = 0; k < sizeof each / sizeof *each; k++)
        for (int f = 0; f < 4; f++)
            CHECK(sen__pair_similarities[f].of(x, y, each[k].n) == each[k].want[f]);
    CHECK(sen__pair_cosine(x, zero, 33) == 0 && sen__pair_euclidean(x, x, 33) == 0);
}

/* ---- statistics ------------------------------------------------------------------------------ */

static void test_eval_statistics(sen_ctx *c)
{
    const double x[6] = { 3, 1, 1, 2, 5, 1 }, y[6] = { 1, 2, 3, 4, 5, 6 },
                 same[6] = { 2, 2, 2, 2, 2, 2 };
    const double odd[3] = { (double)NAN, 1, 2 };
    const double ranks[6] = { 5, 2, 2, 4, 6, 2 };
    double rank[6], s = 0;
    int64_t order[12];
    sen__average_ranks(rank, x, 6, order, order + 6);
    CHECK(memcmp(rank, ranks, sizeof rank) == 0);
    CHECK(fabs(sen__pearson(x, y, 6) - 0.1000927213921958) < 1e-14);   /* scipy.stats.pearsonr */
    CHECK(sen__spearman(c, x, y, 6, &s) == SEN_OK && fabs(s + 0.030358837035945815) < 1e-14);
    CHECK(sen__pearson(y, y, 6) == 1.0);
    CHECK(sen__pearson(x, same, 6) != sen__pearson(x, same, 6));
    CHECK(sen__spearman(c, same, y, 6, &s) == SEN_OK && s != s);
    CHECK(sen__spearman(c, odd, y, 3, &s) == SEN_OK && s != s);
    CHECK(sen__python_max(x, 6) == 5 && sen__python_min(x, 6) == 1);
    CHECK(sen__python_max(odd, 3) != sen__python_max(odd, 3));
}

/* ---- job files and errors -------------------------------------------------------------------- */

static void eval_refuses(eval_fixture *f, const char *spec, sen_result result, const char *sentence)
{
    sen_evaluator *e = NULL;
    sen_json *j = NULL;
    CHECK(sen__json_parse(f->c, &f->c->scratch, "job.json", spec, strlen(spec), SEN__JSON_STRICT,
                          &j) == SEN_OK);
    CHECK(sen_evaluator_from_json(f->c, j, "base", &e) == result && e == NULL);
    if (strcmp(sen_message(f->c), sentence) != 0) {
        test_failures++;
        printf("got:      %s\nexpected: %s\n", sen_message(f->c), sentence);
    }
}

static void test_eval_errors(eval_fixture *f)
{
    static const sen_text texts[2] = { { "t01", 3 }, { "t02", 3 } };
    static const int64_t numbers[2] = { 1, 2 };
    sen_column columns[3] = {
        { "a", texts, NULL, NULL }, { "b", texts, NULL, NULL }, { "c", NULL, numbers, NULL }
    };
    sen_triplet_evaluator_args triplet = sen_triplet_evaluator_args_default();
    sen_sequential_args sequence = sen_sequential_args_default();
    sen_evaluator *e = NULL;
    sen_dataset *d = NULL;
    eval_refuses(f, "{\"type\": \"TripletEvaluatr\"}", SEN_ERR_UNSUPPORTED,
                 "job.json:1:2: no evaluator is called \"TripletEvaluatr\" here; did you mean "
                 "\"TripletEvaluator\"?; "
                 "there are: EmbeddingSimilarityEvaluator, BinaryClassificationEvaluator, "
                 "TranslationEvaluator, TripletEvaluator, MSEEvaluator, MSEEvaluatorFromDataFrame, "
                 "RerankingEvaluator, InformationRetrievalEvaluator, ParaphraseMiningEvaluator, "
                 "NanoBEIREvaluator, LabelAccuracyEvaluator, SequentialEvaluator");
    eval_refuses(f, "{\"type\": \"TripletEvaluator\"}", SEN_ERR_ARGUMENT,
                 "job.json:1:1: TripletEvaluator needs a \"dataset\"");
    eval_refuses(f, "{\"type\": \"TripletEvaluator\", \"dataset\": \"none.tsv\"}", SEN_ERR_IO,
                 "cannot open base/none.tsv: access is denied");
    eval_refuses(f, "[{\"type\": \"SequentialEvaluator\", \"evaluators\": []}]",
                 SEN_ERR_UNSUPPORTED,
                 "job.json:1:3: a SequentialEvaluator within another one is not done; list its "
                 "evaluators there");
    CHECK(sen_dataset_from_arrays(f->c, columns, 3, 2, &d) == SEN_OK);
    triplet.dataset = d;
    CHECK(sen_evaluator_new(f->c, "TripletEvaluator", &triplet, &e) == SEN_ERR_ARGUMENT &&
          e == NULL);
    CHECK(strstr(sen_message(f->c), "TripletEvaluator takes texts as \"negatives\", not numbers") !=
          NULL);
    triplet.negatives = "d";
    CHECK(sen_evaluator_new(f->c, "TripletEvaluator", &triplet, &e) == SEN_ERR_ARGUMENT &&
          e == NULL);
    CHECK(strcmp(sen_message(f->c), "the dataset has no column \"d\"; it has: a, b, c") == 0);
    triplet.negatives = "a";
    triplet.main_similarity_function = "cosinus";
    CHECK(sen_evaluator_new(f->c, "TripletEvaluator", &triplet, &e) == SEN_ERR_ARGUMENT &&
          e == NULL);
    triplet.main_similarity_function = NULL;
    CHECK(sen_evaluator_new(f->c, "TripletEvaluator", &triplet, &e) == SEN_OK);
    CHECK(e && sen_evaluator_primary_metric(e) == NULL && strcmp(sen_evaluator_name(e), "") == 0);
    sequence.evaluators = &e;
    sequence.n_evaluators = 1;
    {
        sen_evaluator *s = NULL, *t = NULL;
        CHECK(sen_evaluator_new(f->c, "SequentialEvaluator", &sequence, &s) == SEN_OK && s);
        sequence.evaluators = &s;
        CHECK(sen_evaluator_new(f->c, "SequentialEvaluator", &sequence, &t) == SEN_ERR_ARGUMENT &&
              !t);
        sen_evaluator_free(s);
    }
    sen_evaluator_free(e);
    sequence.stamp = 0;
    CHECK(sen_evaluator_new(f->c, "SequentialEvaluator", &sequence, &e) == SEN_ERR_ARGUMENT && !e);
    sen_evaluator_free(NULL);
    sen_dataset_free(d);
}

/* A user's own evaluator does all by itself; one in a sequence without a primary metric counts with
 * its first one, and a key given twice is overwritten in its place. */
typedef struct eval_own_args {
    uint32_t           stamp;
    const sen_dataset *dataset;
    const char        *name;
    double             value;
} eval_own_args;

static sen_result eval_own_run(sen_evaluator_call *call)
{
    const eval_own_args *a = (const eval_own_args *)call->args;
    sen_result r = sen_metric_add(call, a->value, "value");
    if (!r) r = sen_metric_add(call, -a->value, "minus_%d", 1);
    return r ? r : sen_metric_csv(call, a->value, "value");
}

static void test_eval_own(eval_fixture *f)
{
    static const sen_field fields[] = {
        SEN_FIELD_TEXT(eval_own_args, name, "", "its name"),
        SEN_FIELD(eval_own_args, value, SEN_KIND_DOUBLE, 2.5, "what it reports"),
        SEN_FIELD_END
    };
    static const char spec[] =
        "{\"type\": \"SequentialEvaluator\", \"main_score_function\": \"max\", \"evaluators\":"
        " [{\"type\": \"Own\", \"name\": \"x\"}, {\"type\": \"Own\", \"name\": \"x\", \"value\": "
        "1}]}";
    sen_evaluator_type own;
    sen_evaluator *e = NULL;
    sen_json *j = NULL;
    sen_metrics m;
    memset(&own, 0, sizeof own);
    own.name = "Own";
    own.csv = "own_evaluation";
    own.args_size = sizeof(eval_own_args);
    own.fields = fields;
    own.run = eval_own_run;
    CHECK(sen_register_evaluator(f->c, &own) == SEN_OK);
    CHECK(sen__json_parse(f->c, &f->c->scratch, "job.json", spec, strlen(spec), SEN__JSON_STRICT,
                          &j) == SEN_OK);
    CHECK(sen_evaluator_from_json(f->c, j, NULL, &e) == SEN_OK);
    f->disk.exists = 0;
    if (e) {
        CHECK(sen_evaluate(f->c, e, NULL, "out", 1.0, 10, &m) == SEN_OK && m.n == 3);
        CHECK(strcmp(m.item[0].name, "x_value") == 0 && m.item[0].value == 1.0);
        CHECK(strcmp(m.item[1].name, "x_minus_1") == 0 && m.item[1].value == -1.0);
        CHECK(strcmp(m.item[2].name, "sequential_score") == 0 && m.item[2].value == 2.5);
        CHECK(strcmp(f->disk.path, "out/own_evaluation_x_results.csv") == 0);
        CHECK(strcmp(f->disk.text, "epoch,steps,value\r\n1.0,10,2.5\r\n1.0,10,1.0\r\n") == 0);
        sen_evaluator_free(e);
    } else {
        printf("%s\n", sen_message(f->c));
    }
    f->c->registered = NULL;                    /* `own` ends with this function */
}

/* ---- a whole evaluation ---------------------------------------------------------------------- */

static bool eval_scratch_is(const sen_ctx *c, sen__mark mark)
{
    const sen__mark now = sen__arena_mark(&c->scratch);
    return now.chunk == mark.chunk && now.used == mark.used;
}

/* A model of another context, whose files are real; what is evaluated writes into f's. */
static void test_eval_whole(eval_fixture *f, sen_ctx *files)
{
    static const sen_text a[3] = { { "word99", 6 }, { "abc x", 5 }, { "word100", 7 } };
    static const sen_text b[3] = { { "abc x", 5 }, { "word100", 7 }, { "word400 b", 9 } };
    static const sen_text scores[3] = { { "1", 1 }, { " 2.5", 4 }, { "2", 1 } };
    sen_column columns[4] = { { "a", a, NULL, NULL },
                              { "b", b, NULL, NULL },
                              { "c", a, NULL, NULL },
                              { "gold", scores, NULL, NULL } };
    sen_embedding_similarity_args similarity = sen_embedding_similarity_args_default();
    sen_triplet_evaluator_args triplet = sen_triplet_evaluator_args_default();
    sen_sequential_args sequence = sen_sequential_args_default();
    sen_evaluator *list[2] = { NULL, NULL }, *all = NULL;
    sen_model *model = tiny_model(files, TINY_MODULES);
    sen_dataset *d = NULL;
    sen__mark mark;
    sen_metrics m;
    CHECK(sen_dataset_from_arrays(f->c, columns, 4, 3, &d) == SEN_OK);
    similarity.dataset = triplet.dataset = d;
    similarity.name = "s";
    similarity.scores = "a";            /* texts are read as numbers, where they are some */
    CHECK(sen_evaluator_new(f->c, "EmbeddingSimilarityEvaluator", &similarity, &list[0]) ==
          SEN_ERR_FORMAT);
    CHECK_TEXT(sen_message(f->c), "row 0, column \"a\": \"word99\" is no number");
    similarity.scores = "gold";
    similarity.precision = "float32";
    CHECK(sen_evaluator_new(f->c, "EmbeddingSimilarityEvaluator", &similarity, &list[0]) == SEN_OK);
    CHECK(sen_evaluator_new(f->c, "TripletEvaluator", &triplet, &list[1]) == SEN_OK);
    sequence.evaluators = list;
    sequence.n_evaluators = 2;
    sequence.main_score_function = SEN_SCORE_MEAN;
    CHECK(sen_evaluator_new(f->c, "SequentialEvaluator", &sequence, &all) == SEN_OK);
    if (model && list[0] && list[1] && all) {
        CHECK(list[0]->numbers[0] == 1 && list[0]->numbers[1] == 2.5);
        mark = sen__arena_mark(&f->c->scratch);
        f->disk.exists = 0;
        CHECK_OK(f->c, sen_evaluate(f->c, all, model, "out", 0, 0, &m));
        CHECK(m.n == 4 && strcmp(m.item[1].name, "s_spearman_cosine") == 0);
        CHECK(strcmp(m.item[2].name, "cosine_accuracy") == 0 && m.item[2].value == 0.0);
        CHECK(m.item[3].value == (m.item[1].value + m.item[2].value) / 2);
        CHECK_TEXT(sen_evaluator_primary_metric(all), "sequential_score");
        CHECK_TEXT(f->disk.text, "epoch,steps,accuracy_cosine\r\n0,0,0.0\r\n");
        CHECK(eval_scratch_is(f->c, mark));
        CHECK_OK(f->c, sen_evaluate(f->c, list[0], model, "out", -1, -1, &m));
        CHECK_TEXT(f->disk.path, "out/similarity_evaluation_s_float32_results.csv");
        CHECK(strncmp(f->disk.text, "epoch,steps,cosine_pearson,cosine_spearman\r\n-1,-1,", 50) ==
              0);
        CHECK(m.n == 2 && eval_scratch_is(f->c, mark));         /* what it took is given back */
    }
    sen_evaluator_free(all);
    sen_evaluator_free(list[0]);
    sen_evaluator_free(list[1]);
    sen_model_free(model);
    sen_dataset_free(d);
}

/* ---- what an evaluator keeps ----------------------------------------------------------------- */

typedef struct eval_kept_args {
    uint32_t           stamp;
    const sen_dataset *dataset;
    sen_numbers        numbers;
    const sen_json    *tree, *none;
} eval_kept_args;

static sen_result eval_kept_run(sen_evaluator_call *call)
{
    const eval_kept_args *a = (const eval_kept_args *)call->args;
    const sen_json *list = sen_json_get(a->tree, "list");
    CHECK(a->numbers.n == 2 && a->numbers.item[1] == 0.25 && a->none == NULL);
    CHECK(list && list->count == 2 && strcmp(list->child->next->text, "two") == 0);
    return sen_metric_add(call, a->numbers.item[0], "first");
}

static const sen_field eval_kept_fields[] = {
    SEN_FIELD(eval_kept_args, numbers, SEN_KIND_NUMBERS, 0, "a list of numbers"),
    SEN_FIELD(eval_kept_args, tree, SEN_KIND_JSON, 0, "anything"),
    SEN_FIELD(eval_kept_args, none, SEN_KIND_JSON, 0, "nothing"),
    SEN_FIELD_END
};

/* Lists and trees of the caller's are gone, or others, when the evaluator runs. */
static sen_result eval_kept_work(sen_ctx *c, void *arg)
{
    static const char spec[] = "{\"list\": [1, \"two\"], \"more\": {}}";
    const sen__mark mark = sen__arena_mark(&c->scratch);
    double numbers[2] = { 0.5, 0.25 };
    sen_evaluator_type type;
    eval_kept_args a;
    sen_evaluator *e = NULL;
    sen_json *tree = NULL;
    sen_metrics m;
    sen_result r;
    (void)arg;
    memset(&a, 0, sizeof a);
    memset(&type, 0, sizeof type);
    type.name = "Kept";
    type.args_size = sizeof a;
    type.fields = eval_kept_fields;
    type.run = eval_kept_run;
    r = sen_register_evaluator(c, &type);
    if (!r)
        r = sen__json_parse(c, &c->scratch, "job.json", spec, strlen(spec), SEN__JSON_STRICT,
                            &tree);
    a.numbers.item = numbers;
    a.numbers.n = 2;
    a.tree = tree;
    if (!r) r = sen_evaluator_new(c, "Kept", &a, &e);
    numbers[0] = numbers[1] = -1;
    if (tree) memset(tree->child, 0, sizeof *tree);
    sen__arena_release(&c->scratch, mark);
    if (!r) r = sen_evaluate(c, e, NULL, NULL, -1, -1, &m);
    if (!r) CHECK(m.n == 1 && m.item[0].value == 0.5);
    sen_evaluator_free(e);
    c->registered = NULL;
    return r;
}

/* Memory runs out where the model's similarity is fixed: there is no function then to be named. */
/* A teacher that is the student itself: its columns swapped give what encoding both gives; a table
 * leaves out the rows where a side is blank. */
static void test_eval_teacher(eval_fixture *f, sen_ctx *files)
{
    static const sen_text a[3] = { { "word99", 6 }, { "abc x", 5 }, { "word100", 7 } };
    static const sen_text b[3] = { { "abc x", 5 }, { " \t", 2 }, { "word400 b", 9 } };
    const sen_column columns[2] = { { "en", a, NULL, NULL }, { "de", b, NULL, NULL } };
    const char *pairs[4] = { "en", "de", "en", "en" };
    sen_mse_evaluator_args mse = sen_mse_evaluator_args_default();
    sen_mse_frame_args frame = sen_mse_frame_args_default();
    sen_encode_args plain = sen_encode_args_default();
    sen_model *model = tiny_model(files, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_dataset *d = NULL;
    float x[2][3 * 64];
    sen_metrics m;
    int width;
    if (!model) return;
    width = sen_embedding_dimension(model, SEN_NONE);
    CHECK(width <= 64);
    CHECK_OK(f->c, sen_dataset_from_arrays(f->c, columns, 2, 3, &d));
    CHECK_OK(f->c, sen_encode(f->c, model, a, 3, &plain, x[0]));
    CHECK_OK(f->c, sen_encode(f->c, model, b, 3, &plain, x[1]));
    mse.dataset = frame.dataset = d;
    CHECK(sen_evaluator_new(f->c, "MSEEvaluator", &mse, &e) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(f->c), "MSEEvaluator needs a \"teacher_model\", the folder of a model");
    mse.teacher = frame.teacher = model;
    f->disk.exists = 0;
    if (CHECK_OK(f->c, sen_evaluator_new(f->c, "MSEEvaluator", &mse, &e))) {
        CHECK_OK(f->c, sen_evaluate(f->c, e, model, "out", 1, 2, &m));
        CHECK(m.n == 1 && m.item[0].value < 0);
        CHECK(m.item[0].value == -(double)sen__teach_of(x[0], x[1], 3 * width));
        CHECK_TEXT(f->disk.path, "out/mse_evaluation__results.csv");
        CHECK_TEXT(sen_evaluator_primary_metric(e), "negative_mse");
        e->teacher_dimension++;
        CHECK(sen_evaluate(f->c, e, model, NULL, -1, -1, &m) == SEN_ERR_ARGUMENT);
        CHECK(strstr(sen_message(f->c), "truncate_dim makes them equal") != NULL);
        sen_evaluator_free(e);
    }
    CHECK(sen_evaluator_new(f->c, "MSEEvaluatorFromDataFrame", &frame, &e) == SEN_ERR_ARGUMENT);
    frame.combinations.item = pairs;
    frame.combinations.n = 4;
    frame.name = "x";
    f->disk.exists = 0;
    if (CHECK_OK(f->c, sen_evaluator_new(f->c, "MSEEvaluatorFromDataFrame", &frame, &e))) {
        float one;
        CHECK_OK(f->c, sen_evaluate(f->c, e, model, "out", 1, 2, &m));
        memcpy(x[0] + width, x[0] + 2 * width, (size_t)width * sizeof(float));
        memcpy(x[1] + width, x[1] + 2 * width, (size_t)width * sizeof(float));
        one = sen__teach_of(x[0], x[1], 2 * width);
        CHECK(m.n == 1 && m.item[0].value == -(double)(float)((double)one / 2));
        CHECK(strncmp(f->disk.text, "epoch,steps,en-de,en-en\r\n1.0,2,", 31) == 0);
        CHECK_TEXT(f->disk.path, "out/mse_evaluation_x_results.csv");
        sen_evaluator_free(e);
    }
    pairs[3] = "fr";
    CHECK(sen_evaluator_new(f->c, "MSEEvaluatorFromDataFrame", &frame, &e) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(f->c), "fr") != NULL);
    sen_dataset_free(d);
    sen_model_free(model);
}

/* The recorded run, from given similarities: metrics of each query added up, then divided. */
static void test_eval_rerank_query(sen_ctx *c)
{
    static const float tied[4] = { 0.5f, 0.1f, 0.5f, 0.9f };
    static const float clear[5] = { 0.9f, 0.2f, 0.1f, 0.5f, 0.3f };
    static const float odd[5] = { NAN, 0.5f, INFINITY, 0.9f, 0.1f };
    const double log3 = 1 / log2(3), log4 = 0.5;
    sen__rerank q;
    double sum[3] = { 0, 0, 0 };
    memset(&q, 0, sizeof q);
    q.n = 4;
    q.right = 1;                        /* shares ranks 2 and 3 with a wrong one */
    CHECK_OK(c, sen__rerank_query(c, &q, tied, 3, sum));
    CHECK(fabs(sum[0] - 1.0 / 3) < 1e-15 && sum[1] == 0.5);
    CHECK(fabs(sum[2] - (log3 + log4) / 2) < 1e-15);
    sum[0] = sum[1] = sum[2] = 0;
    CHECK_OK(c, sen__rerank_query(c, &q, tied, 1, sum));
    CHECK(sum[1] == 0 && sum[2] == 0);  /* beyond the cut */
    sen__forgive(c);
    CHECK(sen__rerank_query(c, &q, odd, 3, sum) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "RerankingEvaluator: a similarity is not a number");
    sen__forgive(c);
    CHECK(sen__rerank_query(c, &q, odd + 1, 3, sum) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "RerankingEvaluator: a similarity is infinite");
    sen__forgive(c);
    q.n = 5;
    q.right = 2;                        /* ranks 1 and 4 */
    sum[0] = 0;
    CHECK_OK(c, sen__rerank_query(c, &q, clear, 3, sum));
    CHECK(fabs(sum[0] - (1 + 0.5) / 2) < 1e-15 && sum[1] == 1);
    CHECK(fabs(sum[2] - 1 / (1 + log3)) < 1e-15);
}

/* Samples from a caller: kept, those with an empty side left out, the old name of at_k, one query
 * at a time or all together; and what is refused. */
static void test_eval_reranking(eval_fixture *f, sen_ctx *files)
{
    sen_text right[2] = { { "word99", 6 }, { "abc x", 5 } };
    sen_text wrong[2] = { { "word100", 7 }, { "word400 b", 9 } };
    sen_rerank_sample sample[3];
    sen_reranking_args a = sen_reranking_args_default();
    sen_model *model = tiny_model(files, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_metrics m;
    double map = 0;
    int k;
    if (!model) return;
    memset(sample, 0, sizeof sample);
    for (k = 0; k < 3; k++) {
        sample[k].query = right[k % 2];
        sample[k].positive = right;
        sample[k].n_positive = k < 2 ? 2 : 0;
        sample[k].negative = wrong;
        sample[k].n_negative = 2;
    }
    CHECK(sen_evaluator_new(f->c, "RerankingEvaluator", &a, &e) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(f->c), "RerankingEvaluator needs \"samples\", a file of JSON lines");
    a.sample = sample;
    a.n_samples = 3;
    a.mrr_at_k = 3;
    a.name = "rr";
    for (k = 0; k < 2; k++) {
        sen_text kept = right[0];
        a.use_batched_encoding = k == 0;
        if (!CHECK_OK(f->c, sen_evaluator_new(f->c, "RerankingEvaluator", &a, &e))) break;
        memset(&right[0], 0, sizeof right[0]);          /* it has copies */
        f->disk.exists = 0;
        CHECK_OK(f->c, sen_evaluate(f->c, e, model, "out", 1, 2, &m));
        right[0] = kept;
        CHECK(m.n == 3 && strcmp(m.item[1].name, "rr_mrr@3") == 0);
        CHECK(m.item[1].value == 1);                    /* the query itself is among the right */
        CHECK(k == 0 || m.item[0].value == map);
        map = m.item[0].value;
        CHECK_TEXT(sen_evaluator_primary_metric(e), "rr_ndcg@3");
        CHECK_TEXT(f->disk.path, "out/RerankingEvaluator_rr_results_@3.csv");
        CHECK(strncmp(f->disk.text, "epoch,steps,MAP,MRR@3,NDCG@3\r\n1.0,2,", 36) == 0);
        sen_evaluator_free(e);
    }
    sample[0].n_negative = sample[1].n_positive = 0;
    CHECK(sen_evaluator_new(f->c, "RerankingEvaluator", &a, &e) == SEN_ERR_ARGUMENT);
    a.mrr_at_k = 0;
    CHECK(sen_evaluator_new(f->c, "RerankingEvaluator", &a, &e) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(f->c), "RerankingEvaluator: at_k should be 1 at least");
    test_log_text[0] = 0;
    sen_model_free(model);
}

/* Lines of a file of samples: good ones, and each kind of bad one with its line. */
static void test_eval_rerank_lines(sen_ctx *c)
{
    static const char *const bad[][2] = {
        { "{\"query\": \"q\"}", "\"positive\"" },
        { "{\"query\": 1, \"positive\": \"a\", \"negative\": \"b\"}", "\"query\"" },
        { "{\"query\": \"q\", \"positive\": [1], \"negative\": \"b\"}", "texts only" },
        { "[1]", "\"query\"" },
        { "{\"query\": [\"q\", \"r\"], \"positive\": \"a\", \"negative\": \"b\"}", "one" },
        { "{", "samples.jsonl" },
    };
    static const char good[] = "{\"query\": \"q\", \"positive\": [\"a\", \"b\"], "
                               "\"negative\": \"c\"}";
    sen__rerank *first = NULL, **last = &first;
    sen_evaluator *e = NULL;
    size_t i;
    CHECK_OK(c, sen__evaluator_make(c, &sen__reranking_evaluator, &e));
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        sen__forgive(c);
        CHECK(sen__rerank_line(e, "samples.jsonl, line 7", bad[i][0], strlen(bad[i][0]), &last));
        CHECK(strstr(sen_message(c), bad[i][1]) && strstr(sen_message(c), "line 7"));
        sen__forgive(c);
    }
    CHECK(!first);
    CHECK_OK(c, sen__rerank_line(e, "samples.jsonl", good, strlen(good), &last));
    CHECK(first && first->n == 3 && first->right == 2 && first->doc[2].data[0] == 'c');
    sen_evaluator_free(e);
}

static void test_eval_no_function(void)
{
    static const float emb[2] = { 1, 2 };
    static const sen_text text = { "t", 1 };
    static const sen_column columns[3] = {
        { "a", &text, NULL, NULL }, { "b", &text, NULL, NULL }, { "c", &text, NULL, NULL }
    };
    sen_triplet_evaluator_args a = sen_triplet_evaluator_args_default();
    fail_allocator memory;
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    sen_dataset *d = NULL;
    char large[4000];
    sen_ctx *c = fail_context(&memory, NULL);
    CHECK(sen_dataset_from_arrays(c, columns, 3, 1, &d) == SEN_OK);
    a.dataset = d;
    CHECK(sen_evaluator_new(c, "TripletEvaluator", &a, &e) == SEN_OK);
    memset(large, 'x', sizeof large);           /* no room is left for such a name */
    large[sizeof large - 1] = 0;
    memset(&call, 0, sizeof call);
    call.ctx = c;
    call.evaluator = e;
    call.args = &a;
    call.similarity = large;
    call.emb[0] = call.emb[1] = call.emb[2] = emb;
    call.rows = 1;
    call.dimension = 2;
    memory.left = 0;
    CHECK(sen__eval_score(&call) == SEN_ERR_MEMORY);
    sen_evaluator_free(e);
    sen_dataset_free(d);
    sen_ctx_free(c);
    CHECK(memory.live == 0);
}

/* The old name is warned about only where it counts. */
static void test_eval_old_name(void)
{
    static const sen_text text = { "t", 1 };
    static const sen_column columns[3] = {
        { "a", &text, NULL, NULL }, { "b", &text, NULL, NULL }, { "c", &text, NULL, NULL }
    };
    sen_triplet_evaluator_args a = sen_triplet_evaluator_args_default();
    sen_ctx *c = test_ctx(1);
    sen_evaluator *e = NULL;
    sen_dataset *d = NULL;
    CHECK(sen_dataset_from_arrays(c, columns, 3, 1, &d) == SEN_OK);
    a.dataset = d;
    a.main_distance_function = "dot";
    CHECK(sen_evaluator_new(c, "TripletEvaluator", &a, &e) == SEN_OK);
    CHECK_TEXT(test_log_text,
               "main_distance_function is an old name: use main_similarity_function\n");
    sen_evaluator_free(e);
    test_log_text[0] = 0;
    a.main_similarity_function = "cosine";
    CHECK(sen_evaluator_new(c, "TripletEvaluator", &a, &e) == SEN_OK);
    CHECK_TEXT(test_log_text, "");
    sen_evaluator_free(e);
    sen_dataset_free(d);
    sen_ctx_free(c);
}

/* Making, scoring, writing: memory may run out anywhere. */
static sen_result eval_work(sen_ctx *c, void *arg)
{
    static const sen_text texts[3] = { { "t01", 3 }, { "t02", 3 }, { "t00", 3 } };
    static const double scores[3] = { 1, 2, 4 };
    static const float emb[6] = { 1, 2, 0, 1, 3, -1 };
    const sen_column columns[3] = {
        { "a", texts, NULL, NULL }, { "b", texts, NULL, NULL }, { "c", NULL, NULL, scores }
    };
    const char *const both[2] = { "cosine", "manhattan" };
    sen_embedding_similarity_args a = sen_embedding_similarity_args_default();
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    sen_dataset *d = NULL;
    sen_result r = sen_dataset_from_arrays(c, columns, 3, 3, &d);
    ((eval_disk *)arg)->exists = 0;
    a.dataset = d;
    a.similarity_fn_names.item = both;
    a.similarity_fn_names.n = 2;
    a.name = "dev";
    if (!r) r = sen_evaluator_new(c, "EmbeddingSimilarityEvaluator", &a, &e);
    if (!r) {
        memset(&call, 0, sizeof call);
        call.ctx = c;
        call.evaluator = e;
        call.args = e->args;
        call.numbers = e->numbers;
        call.rows = 3;
        call.dimension = 2;
        call.emb[0] = emb;
        call.emb[1] = emb;
        call.output_path = "out";
        r = sen__eval_score(&call);
        if (!r) r = sen__eval_csv(&call);
    }
    sen_evaluator_free(e);
    sen_dataset_free(d);
    return r;
}

static void test_eval(void)
{
    static eval_fixture f;
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *files = NULL;
    memset(&f, 0, sizeof f);
    f.files.user = &f.disk;
    f.files.open = eval_open;
    f.files.write = eval_write;
    f.files.close = eval_close;
    f.files.info = eval_info;
    f.files.make_folder = eval_make_folder;
    desc.threads = 1;
    CHECK(sen_ctx_new(&desc, &files) == SEN_OK);
    CHECK(sen__json_load(files, &files->keep, GOLDEN_DIR "/evaluators.json", 0, &f.golden) ==
          SEN_OK);
    desc.files = &f.files;
    CHECK(sen_ctx_new(&desc, &f.c) == SEN_OK);
    test_eval_golden(&f);
    test_eval_golden_others(&f);
    test_eval_binary(&f);
    test_eval_translation(&f);
    test_eval_similarities();
    test_eval_statistics(f.c);
    test_eval_errors(&f);
    test_eval_own(&f);
    CHECK(fail_everywhere(&f.files, eval_work, &f.disk) > 5);
    CHECK(fail_everywhere(NULL, eval_kept_work, NULL) > 5);
    test_eval_whole(&f, files);
    test_eval_teacher(&f, files);
    test_eval_rerank_query(f.c);
    test_eval_reranking(&f, files);
    test_eval_rerank_lines(f.c);
    test_eval_no_function();
    test_eval_old_name();
    sen_ctx_free(f.c);
    sen_ctx_free(files);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("eval", test_eval);
}
#endif
