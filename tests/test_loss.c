/* The losses: recorded values and gradients of the Python package, twins in double with central
 * differences, the making from C and from a job file, and what is refused. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "naive_ops.h"
#include "test.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

#define LOSS_COLUMNS 4
#define LOSS_MOST    64                         /* numbers of one embedding matrix */

/* ---- one loss on one batch ------------------------------------------------------------------- */

typedef struct loss_batch {
    int64_t    rows, width;
    int        columns;
    float      x[LOSS_COLUMNS][LOSS_MOST], label[LOSS_MOST], grad[LOSS_COLUMNS][LOSS_MOST];
    int32_t    index[LOSS_MOST];
    sen_labels labels;                          /* value NULL: none */
    float      value;
} loss_batch;

/* Value and gradients of a loss on b, times `scale`. */
static void loss_run(sen_ctx *c, sen_loss *loss, loss_batch *b, float scale)
{
    const size_t bytes = (size_t)(b->rows * b->width) * sizeof(float);
    sen_var *emb[LOSS_COLUMNS], *y;
    sen_tape *t;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    for (int k = 0; k < b->columns; k++) {
        emb[k] = sen_tape_matrix(t, b->rows, b->width);
        memcpy(emb[k]->x, b->x[k], bytes);
        emb[k]->wants_grad = emb[k]->keep = true;
    }
    b->labels.n = b->rows;
    y = sen_loss_forward(loss, t, emb, b->columns, &b->labels);
    CHECK_OK(c, sen_tape_result(t));
    if (y) {
        b->value = y->x[0];
        CHECK_OK(c, sen_backward(t, y, scale));
        for (int k = 0; k < b->columns; k++) {
            memset(b->grad[k], 0, bytes);
            if (emb[k]->g) memcpy(b->grad[k], emb[k]->g, bytes);
        }
    }
    sen_tape_free(t);
}

/* |got - expect| <= tol of the largest |expect|, and `digit`, to which expect was rounded. */
static void loss_check_rounded(const char *what, const float *got, const double *expect, int64_t n,
                               double tol, double digit)
{
    double most = 0.0, off = 0.0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(expect[i]));
    for (int64_t i = 0; i < n; i++) off = fmax(off, fabs((double)got[i] - expect[i]));
    if (off > tol * most + digit && test_failures - test_failures_before < 8)
        printf("%s: the gradient is off by %.3g of %.3g\n", what, off, most);
    CHECK(off <= tol * most + digit);
}

static void loss_check_gradient(const char *what, const float *got, const double *expect, int64_t n,
                                double tol)
{
    loss_check_rounded(what, got, expect, n, tol, 0.0);
}

/* Which losses have met their twin in double, value and central differences. */
static bool loss_met[64];

static void loss_meets(const char *name)
{
    for (int i = 0; sen__losses[i]; i++)
        if (strcmp(sen__losses[i]->name, name) == 0) loss_met[i] = true;
}

/* ---- recorded by Python ---------------------------------------------------------------------- */

/* A matrix in JSON: out[rows * width] as doubles; returns how many numbers there were. */
static int64_t loss_numbers(const sen_json *rows, double *out)
{
    int64_t n = 0;
    for (const sen_json *row = rows->child; row; row = row->next)
        for (const sen_json *v = row->child; v && n < LOSS_MOST; v = v->next) out[n++] = v->number;
    return n;
}

/* "Name(key=number)", as the file writes a loss within a loss: {"type": "Name", "key": number}. */
static void loss_spec_inner(sen__maker *m, sen_json *spec)
{
    const char *text = sen__json_text_or(spec, "loss", ""), *open = strchr(text, '(');
    char name[64], key[64];
    double number;
    sen_json *inner;
    if (!open || sscanf(text, "%63[^(](%63[^=]=%lf", name, key, &number) != 3) return;
    sen__json_drop(spec, "loss");
    inner = sen__make(m, spec, "loss", SEN_JSON_OBJECT);
    sen__make_text(m, inner, "type", name);
    sen__make_double(m, inner, key, number);
}

/* The keyword arguments of a recorded case with the "type" in front, as a job file has them. */
static sen_json *loss_spec(sen_ctx *c, sen_arena *arena, const sen_json *g)
{
    sen__maker m = sen__maker_in(c, arena);
    sen_json *spec = sen__make_copy(&m, NULL, NULL, sen_json_get(g, "kwargs"));
    sen__json_drop(spec, "_columns");           /* notes of the file, no arguments */
    sen__json_drop(spec, "_labels");
    loss_spec_inner(&m, spec);
    sen__make_text(&m, spec, "type", sen_json_get(g, "loss")->text);
    if (strcmp(sen_json_get(g, "loss")->text, "GISTEmbedLoss") == 0)
        sen__make_text(&m, spec, "guide", "embeddings of the file");
    if (strcmp(sen_json_get(g, "loss")->text, "SoftmaxLoss") == 0)
        sen__make_int(&m, spec, "num_labels", 3);
    loss_spec_inner(&m, spec);
    return spec;
}

/* Numbers, or lists of numbers, or lists of lists, one a row; class numbers where all are whole. */
static void loss_golden_labels(loss_batch *b, const sen_json *labels)
{
    bool whole = true;
    int64_t n = 0;
    for (const sen_json *v = labels->child; v;) {
        if (v->kind == SEN_JSON_LIST) {
            v = v->child;
            continue;
        }
        whole = whole && v->is_integer;
        b->index[n] = (int32_t)v->number;
        b->label[n++] = (float)v->number;
        while (v != labels && !v->next) v = v->parent;
        v = v == labels ? NULL : v->next;
    }
    b->labels.value = b->label;
    b->labels.index = whole ? b->index : NULL;
    b->labels.width = n / labels->count;
    if (labels->child->kind != SEN_JSON_LIST) return;
    b->labels.shape.lists = labels->child->child->kind == SEN_JSON_LIST ? labels->child->count : 0;
    b->labels.shape.numbers = b->labels.width / SEN__MAX(b->labels.shape.lists, 1);
}

/* SoftmaxLoss's classifier as the file has it. */
static void loss_golden_classifier(sen_ctx *c, const sen_json *file, sen_loss *l, int64_t width)
{
    const sen_json *w = sen_json_get(file, "softmax_classifier"), *v;
    int64_t n = 0;
    CHECK_OK(c, sen_loss_make_weights(l, width, 0));
    for (const sen_json *row = sen_json_get(w, "weight")->child; row; row = row->next)
        for (v = row->child; v; v = v->next) sen_loss_weight(l, 0)->data[n++] = (float)v->number;
    for (v = sen_json_get(w, "bias")->child, n = 0; v; v = v->next)
        sen_loss_weight(l, 1)->data[n++] = (float)v->number;
}

/* A guide whose embeddings of the batch are `emb`, K x (B,E); it is asked for nothing else. */
static void loss_guide(sen_loss *l, const float *emb, int64_t rows, int64_t width)
{
    l->guide = (sen_model *)(void *)&l->guide_rows;     /* there, and never looked into */
    l->guide_emb = emb;
    l->guide_rows = rows;
    l->guide_dimension = width;
}

static void loss_free_guided(sen_loss *l)
{
    if (l) l->guide = NULL;
    sen_loss_free(l);
}

static void loss_golden_case(sen_ctx *c, const sen_json *file, const sen_json *g, double tol,
                             double digit)
{
    const sen_json *labels = sen_json_get(g, "labels"), *grads = sen_json_get(g, "grads"), *v;
    const double value = sen_json_get(g, "value")->number;
    double number[LOSS_MOST];
    float guide[LOSS_COLUMNS * LOSS_MOST];
    sen_loss *loss = NULL;
    sen_arena arena;
    loss_batch b;
    char what[200];
    int64_t n = 0;
    memset(&b, 0, sizeof b);
    for (v = sen_json_get(g, "columns")->child; v; v = v->next) {
        const sen_json *e = sen_json_get(file, "embeddings")->child;
        for (int64_t i = 0; i < v->integer; i++) e = e->next;
        n = loss_numbers(e, number);
        b.rows = e->count;
        b.width = e->child->count;
        for (int64_t i = 0; i < n; i++) b.x[b.columns][i] = (float)number[i];
        b.columns++;
    }
    if (labels->kind == SEN_JSON_LIST) {
        loss_golden_labels(&b, labels);
    }
    sen__arena_init(&arena, &c->allocator, 4096);
    if (CHECK_OK(c, sen_loss_from_json(c, loss_spec(c, &arena, g), NULL, &loss))) {
        snprintf(what, sizeof what, "%s, line %d", sen_loss_type_of(loss)->name, g->line);
        if (sen_loss_type_of(loss) == &sen__softmax_loss)
            loss_golden_classifier(c, file, loss, b.width);
        if (sen_loss_type_of(loss) == &sen__gist_loss) {
            for (v = sen_json_get(file, "guide")->child, n = 0; v; v = v->next) {
                const int64_t many = loss_numbers(v, number);
                for (int64_t i = 0; i < many; i++) guide[n++] = (float)number[i];
            }
            loss_guide(loss, guide, b.rows, b.width);
        }
        loss_run(c, loss, &b, 1.0f);
        test_near(__FILE__, __LINE__, what, &b.value, sizeof(float), &value, sizeof(double), 1,
                  tol);
        v = grads->child;
        for (int k = 0; v && k < b.columns; k++, v = v->next)
            loss_check_rounded(what, b.grad[k], number, loss_numbers(v, number), 5 * tol, digit);
    }
    if (loss && sen_loss_type_of(loss) == &sen__gist_loss) loss->guide = NULL;
    sen_loss_free(loss);
    sen__arena_free(&arena);
}

/* Every case of a file whose loss there is here; returns how many those were. */
static int loss_golden_file(const char *path, double tol, double digit)
{
    sen_ctx *c = test_ctx(1);
    sen_json *file = NULL;
    sen_arena arena;
    size_t size = 0;
    char *text = test_read(path, &size);
    int done = 0;
    CHECK(text != NULL);
    sen__arena_init(&arena, &c->allocator, 64 << 10);
    if (text && CHECK_OK(c, sen__json_parse(c, &arena, path, text, size, 0, &file)))
        for (const sen_json *g = sen_json_get(file, "cases")->child; g; g = g->next)
            if (sen__find_type(c, sen__losses, sen_json_get(g, "loss")->text)) {
                loss_golden_case(c, file, g, tol, digit);
                done++;
            }
    sen__arena_free(&arena);
    sen_ctx_free(c);
    free(text);
    return done;
}

static void test_loss_golden(void)
{
    CHECK(loss_golden_file(GOLDEN_DIR "/losses.json", 2e-6, 0.0) >= 40);
}

/* The reference's own file: computed in float32 and written with fewer digits. */
static void test_loss_reference(void)
{
    const char *path = test_shared_path("reference/losses-golden.json");
    if (path) CHECK(loss_golden_file(path, 5e-6, 6e-8) >= 47);
}

/* ---- twins in double ------------------------------------------------------------------------- */

#define LOSS_ROWS  5
#define LOSS_WIDTH 7

static const float loss_labels[LOSS_ROWS] = { 0.9f, 0.2f, 0.5f, 0.2f, -0.4f };

static void loss_twin_mnrl(double *y, double *const *in, const naive_op *o)
{
    const sen_mnrl_args *a = (const sen_mnrl_args *)o->arg;
    const int64_t b = o->rows[0], n = o->cols[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < b; i++) {
        double s[LOSS_MOST] = { 0 };
        for (int64_t j = 0; j < (o->n - 1) * b; j++)
            s[j] = a->scale * naive_similarity(a->similarity_fct, in[0] + i * n,
                                               in[1 + j / b] + j % b * n, n);
        y[0] += naive_cross_entropy(s, i, (o->n - 1) * b) / (double)b;
    }
}

static void loss_twin_cosent(double *y, double *const *in, const naive_op *o)
{
    const sen_cosent_args *a = (const sen_cosent_args *)o->arg;
    double s[LOSS_ROWS];
    for (int64_t i = 0; i < o->rows[0]; i++)
        s[i] = a->scale * naive_similarity(a->similarity_fct, in[0] + i * o->cols[0],
                                           in[1] + i * o->cols[0], o->cols[0]);
    y[0] = naive_rank_loss(s, loss_labels, o->rows[0]);
}

static void loss_twin_cosine(double *y, double *const *in, const naive_op *o)
{
    const sen_cosine_similarity_args *a = (const sen_cosine_similarity_args *)o->arg;
    const bool tanhs = strcmp(a->cos_score_transformation, "Tanh") == 0;
    y[0] = 0.0;
    for (int64_t i = 0; i < o->rows[0]; i++) {
        const double cosine = naive_cosine(in[0] + i * o->cols[0], in[1] + i * o->cols[0],
                                           o->cols[0]);
        const double off = (tanhs ? tanh(cosine) : cosine) - (double)loss_labels[i];
        y[0] += (a->loss_fct == SEN_L1_LOSS ? fabs(off) : off * off) / (double)o->rows[0];
    }
}

static double loss_distance(int metric, const double *a, const double *b, int64_t n)
{
    if (metric == SEN_TRIPLET_EUCLIDEAN) return naive_euclidean(a, b, n, 0.0);
    if (metric == SEN_TRIPLET_MANHATTAN) return naive_manhattan(a, b, n, 0.0);
    return 1.0 - naive_similarity(SEN_COS_SIM, a, b, n);
}

static void loss_twin_triplet(double *y, double *const *in, const naive_op *o)
{
    const sen_triplet_args *a = (const sen_triplet_args *)o->arg;
    y[0] = 0.0;
    for (int64_t i = 0; i < o->rows[0]; i++) {
        const int64_t at = i * o->cols[0];
        const double near = loss_distance(a->distance_metric, in[0] + at, in[1] + at, o->cols[0]);
        const double far = loss_distance(a->distance_metric, in[0] + at, in[2] + at, o->cols[0]);
        y[0] += fmax(0.0, near - far + a->triplet_margin) / (double)o->rows[0];
    }
}

/* The next ones are written from the papers' and Python's formulas, not from the header's loops:
 * all triplets one by one, angles as a division of complex numbers. */
static void loss_twin_mnsrl(double *y, double *const *in, const naive_op *o)
{
    const sen_mnsrl_args *a = (const sen_mnsrl_args *)o->arg;
    const int64_t b = o->rows[0], n = o->cols[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < b; i++) {
        double s[LOSS_MOST] = { 0 }, r[LOSS_MOST] = { 0 };
        for (int64_t j = 0; j < (o->n - 1) * b; j++)
            s[j] = a->scale * naive_similarity(a->similarity_fct, in[0] + i * n,
                                               in[1 + j / b] + j % b * n, n);
        for (int64_t j = 0; j < b; j++)
            r[j] = a->scale * naive_similarity(a->similarity_fct, in[0] + j * n, in[1] + i * n, n);
        y[0] += (naive_cross_entropy(s, i, (o->n - 1) * b) + naive_cross_entropy(r, i, b))
                / (2.0 * (double)b);
    }
}

/* x / y with x and y of n / 2 complex numbers each (n made even by a 0), times |y| / |x|. */
static double loss_angle(const double *x, const double *y, int64_t n)
{
    const int64_t half = (n + 1) / 2;
    double re = 0.0, im = 0.0, z = 0.0, dx = 0.0;
    for (int64_t i = 0; i < half; i++) {
        const double b = half + i < n ? x[half + i] : 0.0, d = half + i < n ? y[half + i] : 0.0;
        z += y[i] * y[i] + d * d;
        dx += x[i] * x[i] + b * b;
        re += x[i] * y[i] + b * d;
        im += b * y[i] - x[i] * d;
    }
    return fabs((re + im) / z / (sqrt(dx) / sqrt(z)));
}

static void loss_twin_angle(double *y, double *const *in, const naive_op *o)
{
    const int64_t b = o->rows[0], n = o->cols[0];
    double s[LOSS_MOST];
    float label[LOSS_MOST];
    for (int64_t i = 0; i < b * (o->n - 1); i++) {
        s[i] = ((const sen_angle_args *)o->arg)->scale *
               loss_angle(in[0] + i % b * n, in[1 + i / b] + i % b * n, n);
        label[i] = i < b ? loss_labels[i] : 1.0f - loss_labels[i % b];
    }
    y[0] = naive_rank_loss(s, label, b * (o->n - 1));
}

static const float loss_binary[LOSS_ROWS] = { 1.0f, 0.0f, 1.0f, 1.0f, 0.0f };

static double loss_siamese(int metric, const double *a, const double *b, int64_t n)
{
    if (metric == SEN_SIAMESE_EUCLIDEAN) return naive_euclidean(a, b, n, 1e-6);
    if (metric == SEN_SIAMESE_MANHATTAN) return naive_manhattan(a, b, n, 1e-6);
    return 1.0 - naive_cosine(a, b, n);
}

static void loss_twin_contrastive(double *y, double *const *in, const naive_op *o)
{
    const sen_contrastive_args *a = (const sen_contrastive_args *)o->arg;
    const int64_t n = o->cols[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < o->rows[0]; i++) {
        const double d = loss_siamese(a->distance_metric, in[0] + i * n, in[1] + i * n, n);
        const double gap = fmax(0.0, a->margin - d);
        y[0] += 0.5 * (loss_binary[i] > 0 ? d * d : gap * gap)
                / (a->size_average ? (double)o->rows[0] : 1.0);
    }
}

static void loss_twin_online(double *y, double *const *in, const naive_op *o)
{
    const sen_online_contrastive_args *a = (const sen_online_contrastive_args *)o->arg;
    const int64_t n = o->cols[0], b = o->rows[0];
    double d[LOSS_ROWS], near = -1e30, far = 1e30;
    y[0] = 0.0;
    for (int64_t i = 0; i < b; i++) {
        d[i] = loss_siamese(a->distance_metric, in[0] + i * n, in[1] + i * n, n);
        if (loss_binary[i] > 0) near = fmax(near, d[i]);
        else far = fmin(far, d[i]);
    }
    for (int64_t i = 0; i < b; i++)
        if (loss_binary[i] > 0) y[0] += d[i] > far ? d[i] * d[i] : 0.0;
        else y[0] += d[i] < near ? pow(fmax(0.0, a->margin - d[i]), 2.0) : 0.0;
}

static const float loss_class[LOSS_ROWS] = { 0.0f, 1.0f, 0.0f, 1.0f, 7.0f };
static const int32_t loss_class_index[LOSS_ROWS] = { 0, 1, 0, 1, 7 };

/* Distance of rows i and j of the batch. */
static double loss_apart(const sen_batch_triplet_args *a, double *const *in, const naive_op *o,
                         int64_t i, int64_t j)
{
    const double *x = in[0] + i * o->cols[0], *y = in[0] + j * o->cols[0];
    return a->distance_metric == SEN_COSINE_DISTANCE
        ? 1.0 - naive_similarity(SEN_COS_SIM, x, y, o->cols[0])
        : naive_euclidean(x, y, o->cols[0], 0.0);
}

static void loss_twin_batch_all(double *y, double *const *in, const naive_op *o)
{
    const sen_batch_triplet_args *a = (const sen_batch_triplet_args *)o->arg;
    double sum = 0.0, count = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++)
        for (int64_t p = 0; p < LOSS_ROWS; p++)
            for (int64_t q = 0; q < LOSS_ROWS; q++) {
                double t;
                if (p == i || loss_class[p] != loss_class[i] || loss_class[q] == loss_class[i])
                    continue;
                t = loss_apart(a, in, o, i, p) - loss_apart(a, in, o, i, q) + a->margin;
                sum += fmax(t, 0.0);
                count += t > 1e-16;
            }
    y[0] = sum / (count + 1e-16);
}

/* soft: ln(1 + e^x) instead of max(0, x + margin). */
static double loss_batch_hard(double *const *in, const naive_op *o, bool soft)
{
    const sen_batch_triplet_args *a = (const sen_batch_triplet_args *)o->arg;
    double sum = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++) {
        double near = 0.0, far = 1e30;
        for (int64_t j = 0; j < LOSS_ROWS; j++) {
            const double d = loss_apart(a, in, o, i, j);
            if (loss_class[j] != loss_class[i]) far = fmin(far, d);
            else if (j != i) near = fmax(near, d);
        }
        sum += soft ? log(1.0 + exp(near - far)) : fmax(0.0, near - far + a->margin);
    }
    return sum / LOSS_ROWS;
}

static void loss_twin_batch_hard(double *y, double *const *in, const naive_op *o)
{
    y[0] = loss_batch_hard(in, o, false);
}

static void loss_twin_batch_soft(double *y, double *const *in, const naive_op *o)
{
    y[0] = loss_batch_hard(in, o, true);
}

static void loss_twin_batch_semi(double *y, double *const *in, const naive_op *o)
{
    const sen_batch_triplet_args *a = (const sen_batch_triplet_args *)o->arg;
    double sum = 0.0, count = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++)
        for (int64_t p = 0; p < LOSS_ROWS; p++) {
            double beyond = 1e30, most = -1e30;
            if (p == i || loss_class[p] != loss_class[i]) continue;
            for (int64_t q = 0; q < LOSS_ROWS; q++) {
                const double d = loss_apart(a, in, o, i, q);
                if (loss_class[q] == loss_class[i]) continue;
                most = fmax(most, d);
                if (d > loss_apart(a, in, o, i, p)) beyond = fmin(beyond, d);
            }
            if (beyond == 1e30) beyond = most;
            sum += fmax(0.0, loss_apart(a, in, o, i, p) - beyond + a->margin);
            count += 1.0;
        }
    y[0] = sum / count;
}

static void loss_twin_mega(double *y, double *const *in, const naive_op *o)
{
    const sen_mega_batch_margin_args *a = (const sen_mega_batch_margin_args *)o->arg;
    const int64_t n = o->cols[0], b = o->rows[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < b; i++) {
        double most = -1e30;
        for (int64_t j = 0; j < b; j++)
            if (j != i)
                most = fmax(most, naive_similarity(SEN_COS_SIM, in[0] + i * n, in[1] + j * n, n));
        y[0] += fmax(0.0, a->positive_margin - naive_similarity(SEN_COS_SIM, in[0] + i * n,
                                                                in[1] + i * n, n)) / (double)b;
        y[0] += fmax(0.0, most - a->negative_margin) / (double)b;
    }
}

static void loss_twin_gor(double *y, double *const *in, const naive_op *o)
{
    const sen_gor_args *a = (const sen_gor_args *)o->arg;
    const double m = (double)(o->rows[0] * (o->rows[0] - 1));
    double first = 0.0, second = 0.0;
    for (int k = 0; k < o->n; k++) {
        double sum = 0.0, squares = 0.0;
        for (int64_t i = 0; i < o->rows[0]; i++)
            for (int64_t j = 0; j < o->rows[0]; j++) {
                const double s = naive_similarity(a->similarity_fct, in[k] + i * o->cols[0],
                                                  in[k] + j * o->cols[0], o->cols[0]);
                sum += i == j ? 0.0 : s / m;
                squares += i == j ? 0.0 : s * s / m;
            }
        first += sum * sum;
        second += fmax(0.0, squares - 1.0 / (double)o->cols[0]);
    }
    y[0] = (a->mean_weight * first + a->second_moment_weight * second)
           / (a->aggregation == SEN_AGGREGATION_MEAN ? o->n : 1);
}

/* Labels of lists: of 3 numbers for each row, of LOSS_WIDTH, of two such. */
static const float loss_lists[LOSS_ROWS * 3] = {
    1.0f, 0.5f, 0.2f, 2.0f, 1.0f, 0.0f, 0.3f, 0.4f, 0.5f, 1.0f, 1.0f, 1.0f, -1.0f, 0.7f, 3.0f
};

/* The teacher's numbers for column k: the first two thirds of a sine, wide enough for all. */
static float loss_teacher_value(int64_t i)
{
    return (float)sin((double)(3 * i + 1));
}

static sen_labels loss_teacher(float *to, int64_t lists, int64_t numbers)
{
    sen_labels l = { NULL, NULL, LOSS_ROWS, 0, { 0, 0 } };
    l.width = numbers * (lists ? lists : 1);
    l.shape.lists = lists;
    l.shape.numbers = numbers;
    for (int64_t i = 0; i < LOSS_ROWS * l.width; i++) to[i] = loss_teacher_value(i);
    l.value = to;
    return l;
}

/* What the twins of weighted losses need beside the arguments. */
typedef struct loss_weighted {
    const void *args;
    sen_labels  labels;
    int         columns;
} loss_weighted;

/* Columns in[0..], then a projection (T,E) and its bias where there is one. */
static void loss_twin_distill(double *y, double *const *in, const naive_op *o)
{
    const loss_weighted *a = (const loss_weighted *)o->arg;
    const sen_embed_distill_args *args = (const sen_embed_distill_args *)a->args;
    const int64_t t = a->labels.shape.numbers, e = o->cols[0];
    y[0] = 0.0;
    for (int k = 0; k < a->columns; k++)
        for (int64_t i = 0; i < LOSS_ROWS; i++) {
            double s[LOSS_MOST], teacher[LOSS_MOST], d = 0.0;
            for (int64_t j = 0; j < t; j++) {
                const int64_t at = i * a->labels.width + (a->labels.shape.lists ? k * t : 0) + j;
                teacher[j] = (double)a->labels.value[at];
                s[j] = o->n > a->columns ? naive_dot(in[a->columns] + j * e, in[k] + i * e, e)
                                           + in[a->columns + 1][j] : in[k][i * e + j];
                d += (s[j] - teacher[j]) * (s[j] - teacher[j]);
            }
            if (args->distance_metric == SEN_EMBED_DISTILL_COSINE)
                d = 1.0 - naive_cosine(s, teacher, t);
            else d = args->distance_metric == SEN_EMBED_DISTILL_L2 ? sqrt(d) : d / (double)t;
            y[0] += d / (double)(LOSS_ROWS * a->columns);
        }
}

/* Three columns with one margin, or four with three scores, whichever the batch has. */
static void loss_twin_margin(double *y, double *const *in, const naive_op *o)
{
    const sen_margin_mse_args *a = (const sen_margin_mse_args *)o->arg;
    const int64_t n = o->n - 2, e = o->cols[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++)
        for (int64_t k = 1; k <= n; k++) {
            const double good = naive_similarity(a->similarity_fct, in[0] + i * e, in[1] + i * e,
                                                 e);
            const double bad = naive_similarity(a->similarity_fct, in[0] + i * e,
                                                in[1 + k] + i * e, e);
            const double margin = n == 1 ? (double)loss_labels[i]
                                : (double)loss_lists[3 * i] - (double)loss_lists[3 * i + k];
            y[0] += pow(good - bad - margin, 2.0) / (double)(LOSS_ROWS * n);
        }
}

static void loss_twin_kl(double *y, double *const *in, const naive_op *o)
{
    const sen_distill_kl_div_args *a = (const sen_distill_kl_div_args *)o->arg;
    const double ts = a->student_temperature == SEN_NONE ? a->temperature : a->student_temperature;
    const double tt = a->teacher_temperature == SEN_NONE ? a->temperature : a->teacher_temperature;
    const int64_t e = o->cols[0];
    y[0] = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++) {
        double p[3], q[3], ps = 0.0, qs = 0.0;
        for (int k = 0; k < 3; k++) {
            ps += p[k] = exp((double)loss_lists[3 * i + k] / tt);
            qs += q[k] = exp(naive_similarity(a->similarity_fct, in[0] + i * e, in[1 + k] + i * e,
                                              e) / ts);
        }
        for (int k = 0; k < 3; k++)
            y[0] += ts * ts * p[k] / ps * log(p[k] / ps / (q[k] / qs)) / LOSS_ROWS;
    }
}

/* Columns u and v, then the classifier (C, parts E) and its bias. */
static void loss_twin_softmax(double *y, double *const *in, const naive_op *o)
{
    const loss_weighted *a = (const loss_weighted *)o->arg;
    const sen_softmax_args *args = (const sen_softmax_args *)a->args;
    const int64_t e = o->cols[0], wide = o->cols[2], classes = o->rows[2];
    y[0] = 0.0;
    for (int64_t i = 0; i < LOSS_ROWS; i++) {
        const double *u = in[0] + i * e, *v = in[1] + i * e;
        double x[LOSS_MOST], z[8], sum = 0.0;
        int64_t n = 0;
        for (int64_t j = 0; args->concatenation_sent_rep && j < 2 * e; j++)
            x[n++] = j < e ? u[j] : v[j - e];
        for (int64_t j = 0; args->concatenation_sent_difference && j < e; j++)
            x[n++] = fabs(u[j] - v[j]);
        for (int64_t j = 0; args->concatenation_sent_multiplication && j < e; j++)
            x[n++] = u[j] * v[j];
        for (int64_t j = 0; j < classes; j++)
            sum += exp(z[j] = naive_dot(in[2] + j * wide, x, wide) + in[3][j]);
        for (int64_t j = 0; j < classes; j++) {
            const double hit = a->labels.width > 1 ? (double)a->labels.value[i * 3 + j]
                             : (double)(a->labels.index[i] == j);
            y[0] += ((1.0 - args->label_smoothing) * hit + args->label_smoothing / (double)classes)
                    * (log(sum) - z[j]) / LOSS_ROWS;
        }
    }
}

/* A loss with weights of its own: gradients of its columns, (LOSS_ROWS,width), and of the
 * weights. */
static void loss_check_weighted(sen_ctx *c, const char *name, const void *args, int columns,
                                int64_t width, sen_labels labels, naive_fn *twin)
{
    naive_op o = { 0, { 0 }, { 0 }, NULL, 0, 0 };
    double wide[LOSS_COLUMNS + 2][LOSS_MOST], *in[LOSS_COLUMNS + 2];
    double value[LOSS_MOST] = { 0.0 }, weight[LOSS_MOST] = { 0.25 };
    naive_gradient_of g = { NULL, NULL, NULL, NULL, NULL };
    loss_weighted extra;
    sen_loss *l = NULL;
    loss_batch b;
    memset(&b, 0, sizeof b);
    b.rows = LOSS_ROWS;
    b.width = width;
    b.columns = columns;
    b.labels = labels;
    if (!CHECK_OK(c, sen_loss_new(c, name, args, &l))) return;
    CHECK_OK(c, sen_loss_make_weights(l, width, 3));
    o.n = columns + sen_loss_weights(l);
    for (int k = 0; k < o.n; k++) {
        sen_tensor *w = k < columns ? NULL : sen_loss_weight(l, k - columns);
        if (!w) fill_random(b.x[k], (int)(LOSS_ROWS * width), (uint32_t)k + 5);
        o.rows[k] = w ? sen__tensor_rows(w) : LOSS_ROWS;
        o.cols[k] = w ? sen__tensor_cols(w) : width;
        if (w) w->grad = (float *)sen__new(c, (size_t)w->count * sizeof(float), "gradients");
        for (int64_t i = 0; i < o.rows[k] * o.cols[k]; i++)
            wide[k][i] = (double)(w ? w->data[i] : b.x[k][i]);
        in[k] = wide[k];
    }
    o.rows[o.n] = o.cols[o.n] = 1;
    extra.args = args;
    extra.labels = labels;
    extra.columns = columns;
    o.arg = &extra;
    loss_run(c, l, &b, 0.25f);
    twin(value, in, &o);
    test_near(__FILE__, __LINE__, name, &b.value, sizeof(float), value, sizeof(double), 1, 1e-6);
    g.f = twin;
    g.o = &o;
    g.in = in;
    g.y = value;
    g.weight = weight;
    for (int k = 0; k < o.n; k++) {
        const int64_t n = o.rows[k] * o.cols[k];
        double d[LOSS_MOST];
        naive_gradient(d, in[k], n, naive_weighted, &g);
        loss_meets(name);
        loss_check_gradient(name, k < columns ? b.grad[k]
                                              : sen_tensor_grad(sen_loss_weight(l, k - columns)),
                            d, n, 1e-5);
    }
    sen_loss_free(l);
}

/* A loss by name and arguments against its twin; the gradient is asked for times 0.25. */
static void loss_check_labelled(sen_ctx *c, const char *name, const void *args, int columns,
                                sen_labels labels, naive_fn *twin)
{
    naive_op o = { 0, { 0 }, { 0 }, NULL, 0, 0 };
    double wide[LOSS_COLUMNS][LOSS_MOST], *in[LOSS_COLUMNS];
    double value[LOSS_MOST] = { 0.0 }, weight[LOSS_MOST] = { 0.25 };   /* only the first is used */
    naive_gradient_of g = { NULL, NULL, NULL, NULL, NULL };
    sen_loss *loss = NULL;
    loss_batch b;
    memset(&b, 0, sizeof b);
    b.rows = LOSS_ROWS;
    b.width = LOSS_WIDTH;
    b.columns = o.n = columns;
    b.labels = labels;
    for (int k = 0; k < columns; k++) {
        fill_random(b.x[k], LOSS_ROWS * LOSS_WIDTH, (uint32_t)k + 5);
        for (int i = 0; i < LOSS_ROWS * LOSS_WIDTH; i++) wide[k][i] = (double)b.x[k][i];
        in[k] = wide[k];
        o.rows[k] = LOSS_ROWS;
        o.cols[k] = LOSS_WIDTH;
    }
    o.rows[columns] = o.cols[columns] = 1;
    o.arg = args;
    if (!CHECK_OK(c, sen_loss_new(c, name, args, &loss))) return;
    loss_run(c, loss, &b, 0.25f);
    sen_loss_free(loss);
    twin(value, in, &o);
    test_near(__FILE__, __LINE__, name, &b.value, sizeof(float), value, sizeof(double), 1, 1e-6);
    g.f = twin;
    g.o = &o;
    g.in = in;
    g.y = value;
    g.weight = weight;
    for (int k = 0; k < columns; k++) {
        double d[LOSS_MOST];
        naive_gradient(d, in[k], LOSS_ROWS * LOSS_WIDTH, naive_weighted, &g);
        loss_meets(name);
        loss_check_gradient(name, b.grad[k], d, LOSS_ROWS * LOSS_WIDTH, 1e-5);
    }
}

static void loss_check_twin(sen_ctx *c, const char *name, const void *args, int columns,
                            naive_fn *twin)
{
    const sen_labels labels = { loss_labels, NULL, LOSS_ROWS, 1, { 0, 0 } };
    loss_check_labelled(c, name, args, columns, labels, twin);
}

static void test_loss_twins(void)
{
    sen_ctx *c = test_ctx(1);
    sen_mnrl_args mnrl = sen_mnrl_args_default();
    sen_cosent_args cosent = sen_cosent_args_default();
    sen_cosine_similarity_args cosine = sen_cosine_similarity_args_default();
    sen_triplet_args triplet = sen_triplet_args_default();
    CHECK(mnrl.scale == 20.0 && mnrl.similarity_fct == SEN_COS_SIM &&
          mnrl.hardness_strength == 0.0);
    CHECK(mnrl.directions == SEN_QUERY_TO_DOC && !mnrl.gather_across_devices);
    CHECK(cosent.scale == 20.0 && cosine.loss_fct == SEN_MSE_LOSS && triplet.triplet_margin == 5.0);
    CHECK_TEXT(cosine.cos_score_transformation, "Identity");
    for (int columns = 2; columns <= LOSS_COLUMNS; columns++)
        loss_check_twin(c, "MultipleNegativesRankingLoss", &mnrl, columns, loss_twin_mnrl);
    mnrl.scale = cosent.scale = 1.5;
    for (int kind = SEN_COS_SIM; kind <= SEN_MANHATTAN_SIM; kind++) {
        mnrl.similarity_fct = cosent.similarity_fct = kind;
        loss_check_twin(c, "MultipleNegativesRankingLoss", &mnrl, 3, loss_twin_mnrl);
        loss_check_twin(c, "CoSENTLoss", &cosent, 2, loss_twin_cosent);
    }
    loss_check_twin(c, "CosineSimilarityLoss", &cosine, 2, loss_twin_cosine);
    cosine.loss_fct = SEN_L1_LOSS;
    cosine.cos_score_transformation = "Tanh";
    loss_check_twin(c, "CosineSimilarityLoss", &cosine, 2, loss_twin_cosine);
    triplet.triplet_margin = 0.25;
    for (int metric = SEN_TRIPLET_COSINE; metric <= SEN_TRIPLET_MANHATTAN; metric++) {
        triplet.distance_metric = metric;
        loss_check_twin(c, "TripletLoss", &triplet, 3, loss_twin_triplet);
    }
    sen_ctx_free(c);
}

static void test_loss_twins_of_pairs(void)
{
    static const char *const siamese[] = { "ContrastiveLoss", "OnlineContrastiveLoss" };
    const sen_labels binary = { loss_binary, NULL, LOSS_ROWS, 1, { 0, 0 } };
    sen_ctx *c = test_ctx(1);
    sen_mnsrl_args mnsrl = sen_mnsrl_args_default();
    sen_angle_args angle = sen_angle_args_default();
    sen_contrastive_args contrastive = sen_contrastive_args_default();
    sen_online_contrastive_args online = sen_online_contrastive_args_default();
    sen_mega_batch_margin_args mega = sen_mega_batch_margin_args_default();
    sen_gor_args gor = sen_gor_args_default();
    CHECK(mnsrl.scale == 20.0 && angle.scale == 20.0 && contrastive.margin == 0.5 &&
          contrastive.size_average && online.margin == 0.5 &&
          online.distance_metric == SEN_SIAMESE_COSINE_DISTANCE);
    CHECK(mega.positive_margin == 0.8 && mega.negative_margin == 0.3 &&
          mega.mini_batch_size == 50 && mega.mini_batch_num_tokens == SEN_NONE &&
          gor.mean_weight == 1.0);
    mnsrl.scale = 3.0;
    angle.scale = 2.0;
    loss_check_twin(c, "MultipleNegativesSymmetricRankingLoss", &mnsrl, 2, loss_twin_mnsrl);
    loss_check_twin(c, "MultipleNegativesSymmetricRankingLoss", &mnsrl, 4, loss_twin_mnsrl);
    for (int k = 2; k <= LOSS_COLUMNS; k++)
        loss_check_twin(c, "AnglELoss", &angle, k, loss_twin_angle);
    for (int metric = SEN_SIAMESE_EUCLIDEAN; metric <= SEN_SIAMESE_COSINE_DISTANCE; metric++) {
        contrastive.distance_metric = online.distance_metric = metric;
        contrastive.margin = online.margin = metric == SEN_SIAMESE_COSINE_DISTANCE ? 1.2 : 4.5;
        contrastive.size_average = metric != SEN_SIAMESE_MANHATTAN;
        loss_check_labelled(c, siamese[0], &contrastive, 2, binary, loss_twin_contrastive);
        loss_check_labelled(c, siamese[1], &online, 2, binary, loss_twin_online);
    }
    loss_check_twin(c, "MegaBatchMarginLoss", &mega, 2, loss_twin_mega);
    loss_check_twin(c, "GlobalOrthogonalRegularizationLoss", &gor, 2, loss_twin_gor);
    gor.aggregation = SEN_AGGREGATION_SUM;
    gor.mean_weight = 3.0;
    gor.similarity_fct = SEN_DOT_SCORE;
    loss_check_twin(c, "GlobalOrthogonalRegularizationLoss", &gor, 3, loss_twin_gor);
    sen_ctx_free(c);
}

static void test_loss_twins_of_classes(void)
{
    static const struct { const char *name; naive_fn *twin; } row[] = {
        { "BatchAllTripletLoss", loss_twin_batch_all },
        { "BatchHardTripletLoss", loss_twin_batch_hard },
        { "BatchHardSoftMarginTripletLoss", loss_twin_batch_soft },
        { "BatchSemiHardTripletLoss", loss_twin_batch_semi },
    };
    const sen_labels classes = { loss_class, loss_class_index, LOSS_ROWS, 1, { 0, 0 } };
    sen_ctx *c = test_ctx(1);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        for (int metric = SEN_EUCLIDEAN_DISTANCE; metric <= SEN_COSINE_DISTANCE; metric++)
            for (int margin = 0; margin < 3; margin++) {
                sen_batch_triplet_args a = sen_batch_triplet_args_default();
                CHECK(a.margin == 5.0 && a.distance_metric == SEN_EUCLIDEAN_DISTANCE);
                a.distance_metric = metric;
                if (margin > 0) a.margin = metric == SEN_COSINE_DISTANCE ? 0.3 * margin : margin;
                loss_check_labelled(c, row[i].name, &a, 1, classes, row[i].twin);
            }
    sen_ctx_free(c);
}

static void test_loss_twins_of_teachers(void)
{
    const sen_labels lists = { loss_lists, NULL, LOSS_ROWS, 3, { 0, 3 } };
    sen_ctx *c = test_ctx(1);
    sen_embed_distill_args distill = sen_embed_distill_args_default();
    sen_mse_args mse = sen_mse_args_default();
    sen_margin_mse_args margin = sen_margin_mse_args_default();
    sen_distill_kl_div_args kl = sen_distill_kl_div_args_default();
    float to[4 * LOSS_MOST];
    CHECK(distill.distance_metric == SEN_EMBED_DISTILL_COSINE && mse.projection_dim == SEN_NONE);
    CHECK(margin.similarity_fct == SEN_DOT_SCORE && kl.temperature == 1.0 &&
          kl.student_temperature == SEN_NONE && kl.similarity_fct == SEN_DOT_SCORE);
    for (int metric = SEN_EMBED_DISTILL_COSINE; metric <= SEN_EMBED_DISTILL_MSE; metric++) {
        distill.distance_metric = metric;
        distill.projection_dim = SEN_NONE;
        loss_check_weighted(c, "EmbedDistillLoss", &distill, 1, LOSS_WIDTH,
                            loss_teacher(to, 0, LOSS_WIDTH), loss_twin_distill);
        loss_check_weighted(c, "EmbedDistillLoss", &distill, 2, LOSS_WIDTH,
                            loss_teacher(to, 2, LOSS_WIDTH), loss_twin_distill);
        distill.projection_dim = 3;
        loss_check_weighted(c, "EmbedDistillLoss", &distill, 2, LOSS_WIDTH,
                            loss_teacher(to, 0, 3), loss_twin_distill);
    }
    /* The same struct of arguments as far as the twin looks: its metric is mse by now. */
    distill.projection_dim = mse.projection_dim = 4;
    {
        sen_loss *l = NULL;
        loss_batch b;
        float expect;
        memset(&b, 0, sizeof b);
        b.rows = LOSS_ROWS;
        b.width = LOSS_WIDTH;
        b.columns = 1;
        b.labels = loss_teacher(to, 0, 4);
        fill_random(b.x[0], LOSS_ROWS * LOSS_WIDTH, 9);
        CHECK_OK(c, sen_loss_new(c, "EmbedDistillLoss", &distill, &l));
        loss_run(c, l, &b, 1.0f);
        expect = b.value;
        sen_loss_free(l);
        CHECK_OK(c, sen_loss_new(c, "MSELoss", &mse, &l));
        loss_run(c, l, &b, 1.0f);
        CHECK(b.value == expect && expect > 0.0f);
        sen_loss_free(l);
    }
    for (int kind = SEN_COS_SIM; kind <= SEN_MANHATTAN_SIM; kind++) {
        margin.similarity_fct = kl.similarity_fct = kind;
        loss_check_twin(c, "MarginMSELoss", &margin, 3, loss_twin_margin);
        loss_check_labelled(c, "MarginMSELoss", &margin, 4, lists, loss_twin_margin);
        loss_check_labelled(c, "DistillKLDivLoss", &kl, 4, lists, loss_twin_kl);
    }
    kl.student_temperature = 2.0;
    kl.teacher_temperature = 0.5;
    loss_check_labelled(c, "DistillKLDivLoss", &kl, 4, lists, loss_twin_kl);
    sen_ctx_free(c);
}

static void test_loss_softmax(void)
{
    static const float label[LOSS_ROWS] = { 0.0f, 2.0f, 1.0f, 0.0f, 2.0f };
    static const int32_t index[LOSS_ROWS] = { 0, 2, 1, 0, 2 };
    const sen_labels classes = { label, index, LOSS_ROWS, 1, { 0, 0 } };
    const sen_labels shares = { loss_lists, NULL, LOSS_ROWS, 3, { 0, 3 } };
    sen_ctx *c = test_ctx(1);
    for (int parts = 1; parts < 8; parts++) {
        sen_softmax_args a = sen_softmax_args_default();
        CHECK(a.concatenation_sent_rep && a.concatenation_sent_difference &&
              !a.concatenation_sent_multiplication && a.num_labels == SEN_NONE);
        a.num_labels = 3;
        a.concatenation_sent_rep = (parts & 1) != 0;
        a.concatenation_sent_difference = (parts & 2) != 0;
        a.concatenation_sent_multiplication = (parts & 4) != 0;
        loss_check_weighted(c, "SoftmaxLoss", &a, 2, 4, classes, loss_twin_softmax);
        a.label_smoothing = 0.1;
        loss_check_weighted(c, "SoftmaxLoss", &a, 2, 4, classes, loss_twin_softmax);
        loss_check_weighted(c, "SoftmaxLoss", &a, 2, 4, shares, loss_twin_softmax);
    }
    sen_ctx_free(c);
}

/* Rows cut to `dim` numbers and made as long as 1, then the twin of the loss within. */
static void loss_twin_matryoshka(double *y, double *const *in, const naive_op *o)
{
    const sen_matryoshka_args *a = (const sen_matryoshka_args *)o->arg;
    const bool ranking = sen_loss_type_of(a->loss) == &sen__mnrl_loss;
    double cut[LOSS_COLUMNS][LOSS_MOST], *to[LOSS_COLUMNS], value;
    naive_op inner = *o;
    inner.arg = sen_loss_args(a->loss);
    y[0] = 0.0;
    for (int64_t i = 0; i < a->matryoshka_dims.n; i++) {
        const int64_t dim = (int64_t)a->matryoshka_dims.item[i];
        for (int k = 0; k < o->n; k++) {
            for (int64_t r = 0; r < o->rows[k]; r++)
                naive_normalize(cut[k] + r * dim, in[k] + r * o->cols[k], dim);
            to[k] = cut[k];
            inner.cols[k] = dim;
        }
        (ranking ? loss_twin_mnrl : loss_twin_triplet)(&value, to, &inner);
        y[0] += value * (a->matryoshka_weights.n ? a->matryoshka_weights.item[i] : 1.0);
    }
}

static void test_loss_matryoshka(void)
{
    static const double dims[3] = { 2, LOSS_WIDTH, 4 }, weights[3] = { 0.25, 1.0, 0.5 };
    sen_ctx *c = test_ctx(1);
    sen_matryoshka_args a = sen_matryoshka_args_default();
    sen_triplet_args triplet = sen_triplet_args_default();
    sen_loss_data d = { 2, 4, 4, 0, { 0, 0 }, false, false, 0, 0 };
    sen_loss *l = NULL;
    CHECK(a.n_dims_per_step == -1 && !a.loss);
    CHECK_OK(c, sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &a.loss));
    a.matryoshka_dims.item = dims;
    a.matryoshka_dims.n = 3;
    loss_check_twin(c, "MatryoshkaLoss", &a, 3, loss_twin_matryoshka);
    a.matryoshka_weights.item = weights;
    a.matryoshka_weights.n = 3;
    loss_check_twin(c, "MatryoshkaLoss", &a, 2, loss_twin_matryoshka);
    CHECK_OK(c, sen_loss_new(c, "MatryoshkaLoss", &a, &l));
    CHECK(sen__loss_check_data(c, l, &d) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "matryoshka_dims has 7, but the model's embeddings have 4"));
    sen__forgive(c);
    d.dimension = 9;
    CHECK_OK(c, sen__loss_check_data(c, l, &d));
    CHECK(strstr(test_log_text, "matryoshka_dims does not have the model's own 9") != NULL);
    d.n_columns = 1;
    CHECK(sen__loss_check_data(c, l, &d) == SEN_ERR_ARGUMENT);      /* the loss within */
    sen_loss_free(l);
    sen_loss_free(a.loss);
    triplet.triplet_margin = 0.5;
    CHECK_OK(c, sen_loss_new(c, "TripletLoss", &triplet, &a.loss));
    loss_check_twin(c, "MatryoshkaLoss", &a, 3, loss_twin_matryoshka);
    sen_loss_free(a.loss);
    sen_ctx_free(c);
}

/* ---- layers ---------------------------------------------------------------------------------- */

#define LAYER_ROWS  4                           /* of each of two columns */
#define LAYER_WIDTH 5
#define LAYERS      3                           /* what goes into the first layer, it, the last */

typedef struct layer_case {
    const sen_adaptive_layer_args *args;        /* MultipleNegativesRankingLoss within */
    const sen_matryoshka_args     *dims;        /* or this around it, or NULL */
    double                         teacher[LAYERS][2 * LAYER_ROWS * LAYER_WIDTH];   /* not moved */
} layer_case;

/* The loss within of one layer's embeddings, both columns behind each other. */
static double layer_inner(const layer_case *t, double *x)
{
    double *in[2], value = 0.0;
    naive_op o = { 2, { LAYER_ROWS, LAYER_ROWS, 1 }, { LAYER_WIDTH, LAYER_WIDTH, 1 }, NULL, 0, 0 };
    in[0] = x;
    in[1] = x + LAYER_ROWS * LAYER_WIDTH;
    o.arg = t->dims ? (const void *)t->dims : sen_loss_args(t->args->loss);
    (t->dims ? loss_twin_matryoshka : loss_twin_mnrl)(&value, in, &o);
    return value;
}

static double layer_divergence(const double *p, const double *q, double temperature)
{
    double sum = 0.0;
    for (int i = 0; i < 2 * LAYER_ROWS; i++, p += LAYER_WIDTH, q += LAYER_WIDTH) {
        double a = 0.0, b = 0.0;
        for (int k = 0; k < LAYER_WIDTH; k++) a += exp(p[k] / temperature);
        for (int k = 0; k < LAYER_WIDTH; k++) b += exp(q[k] / temperature);
        for (int k = 0; k < LAYER_WIDTH; k++)
            sum += exp(p[k] / temperature) / a *
                   (p[k] / temperature - log(a) - q[k] / temperature + log(b));
    }
    return sum / (2 * LAYER_ROWS);
}

static void loss_twin_layers(double *y, double *const *in, const naive_op *o)
{
    const layer_case *t = (const layer_case *)o->arg;
    const sen_adaptive_layer_args *a = t->args;
    y[0] = a->last_layer_weight * layer_inner(t, in[LAYERS - 1]);
    for (int i = 0; i < LAYERS - 1; i++) {
        const double w = a->layer_weighting == SEN_LAYERS_LOG      ? 1.0 / (1.0 + log(1.0 + i))
                         : a->layer_weighting == SEN_LAYERS_LINEAR ? 1.0 / (1.0 + i)
                                                                   : 1.0;
        y[0] += w * a->prior_layers_weight / (LAYERS - 1) * layer_inner(t, in[i]);
        if (a->kl_temperature > 0)
            y[0] += a->kl_div_weight * a->kl_temperature *
                    layer_divergence(t->teacher[LAYERS - 1], in[i], a->kl_temperature);
    }
}

/* Value and gradients of all layers, which are given as a model would leave them. */
static void layer_check(sen_ctx *c, const char *name, const void *args, layer_case *t)
{
    enum { n = 2 * LAYER_ROWS * LAYER_WIDTH };
    naive_op o = { LAYERS, { 8, 8, 8, 1 }, { LAYER_WIDTH, LAYER_WIDTH, LAYER_WIDTH, 1 }, NULL, 0,
                   0 };
    double wide[LAYERS][LOSS_MOST], *in[LAYERS], value[1] = { 0.0 }, weight[1] = { 0.5 }, d[n];
    naive_gradient_of g = { loss_twin_layers, &o, in, value, weight };
    sen__layers layers;
    sen_var *emb[2], *y;
    sen_loss *loss = NULL;
    sen_tape *tape;
    memset(&layers, 0, sizeof layers);
    CHECK_OK(c, sen_loss_new(c, name, args, &loss));
    CHECK_OK(c, sen_tape_new(c, true, &tape));
    for (layers.n = 0; layers.n < LAYERS; layers.n++) {
        sen_var *x = layers.x[layers.n] = sen_tape_matrix(tape, 2 * LAYER_ROWS, LAYER_WIDTH);
        fill_random(x->x, n, (uint32_t)layers.n + 3);
        x->wants_grad = x->keep = true;
        for (int i = 0; i < n; i++)
            wide[layers.n][i] = t->teacher[layers.n][i] = (double)x->x[i];
        in[layers.n] = wide[layers.n];
    }
    for (int k = 0; k < 2; k++)
        emb[k] = sen_slice_rows(tape, layers.x[LAYERS - 1], k * LAYER_ROWS, LAYER_ROWS);
    tape->layers = &layers;
    y = sen_loss_forward(loss, tape, emb, 2, NULL);
    CHECK_OK(c, sen_tape_result(tape));
    o.arg = t;
    loss_twin_layers(value, in, &o);
    test_near(__FILE__, __LINE__, name, y->x, sizeof(float), value, sizeof(double), 1, 1e-6);
    CHECK_OK(c, sen_backward(tape, y, 0.5f));
    for (int k = 0; k < LAYERS; k++) {
        naive_gradient(d, in[k], n, naive_weighted, &g);
        loss_meets(name);
        loss_check_gradient(name, layers.x[k]->g, d, n, 1e-5);
    }
    tape->layers = NULL;                        /* without a model that leaves them */
    sen_tape_reset(tape);
    emb[0] = emb[1] = sen_tape_matrix(tape, LAYER_ROWS, LAYER_WIDTH);
    fill_random(emb[0]->x, LAYER_ROWS * LAYER_WIDTH, 1);
    CHECK(!sen_loss_forward(loss, tape, emb, 2, NULL));
    CHECK(sen_tape_result(tape) == SEN_ERR_ARGUMENT && strstr(sen_message(c), "needs the layers"));
    sen__forgive(c);
    sen_tape_free(tape);
    sen_loss_free(loss);
}

static void test_loss_layers(void)
{
    static const double dims[2] = { LAYER_WIDTH, 2 }, weights[2] = { 1.0, 0.5 };
    sen_ctx *c = test_ctx(1);
    sen_adaptive_layer_args a = sen_adaptive_layer_args_default();
    sen_matryoshka2d_args both = sen_matryoshka2d_args_default();
    sen_matryoshka_args m = sen_matryoshka_args_default();
    layer_case t;
    memset(&t, 0, sizeof t);
    CHECK(a.n_layers_per_step == 1 && a.kl_temperature == 0.3 && a.prior_layers_weight == 1.0);
    CHECK(both.n_layers_per_step == 1 && both.n_dims_per_step == 1 && both.kl_temperature == 0.3);
    CHECK_OK(c, sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &a.loss));
    a.n_layers_per_step = -1;
    a.last_layer_weight = 1.5;
    a.prior_layers_weight = 0.5;
    a.kl_div_weight = 0.75;
    t.args = &a;
    for (a.layer_weighting = 0; a.layer_weighting <= SEN_LAYERS_LINEAR; a.layer_weighting++) {
        a.kl_temperature = a.layer_weighting == SEN_LAYERS_LOG ? 0.0 : 0.5;
        layer_check(c, "AdaptiveLayerLoss", &a, &t);
    }
    a.layer_weighting = SEN_LAYERS_UNIFORM;
    m.loss = both.loss = a.loss;
    m.matryoshka_dims.item = dims;
    m.matryoshka_weights.item = weights;
    m.matryoshka_dims.n = m.matryoshka_weights.n = 2;
    both.matryoshka_dims = m.matryoshka_dims;
    both.matryoshka_weights = m.matryoshka_weights;
    both.n_layers_per_step = both.n_dims_per_step = -1;
    both.last_layer_weight = 1.5;
    both.prior_layers_weight = 0.5;
    both.kl_div_weight = 0.75;
    both.kl_temperature = 0.5;
    t.dims = &m;
    layer_check(c, "Matryoshka2dLoss", &both, &t);
    sen_loss_free(a.loss);
    CHECK_OK(c, sen_loss_new(c, "CachedMultipleNegativesRankingLoss", NULL, &a.loss));
    CHECK(sen__adaptive_layer_check(c, &a, NULL) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(c), "computes it in pieces") != NULL);
    sen__forgive(c);
    sen_loss_free(a.loss);
    sen_ctx_free(c);
}

/* ---- a copy of the model --------------------------------------------------------------------- */

/* in: the copy's embeddings, the model's, and where there is one the weight. */
static void loss_twin_tension(double *y, double *const *in, const naive_op *o)
{
    const float *label = (const float *)o->arg;
    y[0] = 0.0;
    for (int64_t i = 0; i < o->rows[0]; i++) {
        double s = 0.0;
        for (int64_t k = 0; k < o->cols[0]; k++)
            s += in[0][i * o->cols[0] + k] * in[1][i * o->cols[0] + k];
        y[0] += log(1.0 + exp(s)) - (double)label[i] * s;
    }
}

static void loss_twin_tension_batch(double *y, double *const *in, const naive_op *o)
{
    const int64_t n = o->rows[0], width = o->cols[0];
    double s[LOSS_ROWS][LOSS_ROWS];
    (void)o->arg;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            const double *a = in[0] + i * width, *b = in[1] + j * width;
            double ab = 0.0, aa = 0.0, bb = 0.0;
            for (int64_t k = 0; k < width; k++) {
                ab += a[k] * b[k];
                aa += a[k] * a[k];
                bb += b[k] * b[k];
            }
            s[i][j] = exp(in[2][0]) * ab / sqrt(aa * bb);
        }
    y[0] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double row = 0.0, col = 0.0;
        for (int64_t j = 0; j < n; j++) row += exp(s[i][j]);
        for (int64_t j = 0; j < n; j++) col += exp(s[j][i]);
        y[0] += (log(row) + log(col) - 2.0 * s[i][i]) / (2.0 * (double)n);
    }
}

static void tension_check(sen_ctx *c, const char *name, const void *args, naive_fn *twin,
                          const float *label)
{
    enum { n = LOSS_ROWS * LOSS_WIDTH };
    naive_op o = { label ? 2 : 3, { LOSS_ROWS, LOSS_ROWS, 1, 1 }, { LOSS_WIDTH, LOSS_WIDTH, 1, 1 },
                   NULL, 0, 0 };
    const sen_labels labels = { label, NULL, label ? LOSS_ROWS : 0, 1, { 0, 0 } };
    double wide[3][LOSS_MOST], *in[3], value[1] = { 0.0 }, weight[1] = { 0.5 }, d[n];
    naive_gradient_of g = { twin, &o, in, value, weight };
    sen_loss *loss = NULL;
    sen_var *x[2], *emb[2], *y;
    sen_tape *tape;
    CHECK_OK(c, sen_loss_new(c, name, args, &loss));
    CHECK_OK(c, sen_loss_make_weights(loss, LOSS_WIDTH, 1));
    CHECK_OK(c, sen_tape_new(c, true, &tape));
    for (int k = 0; k < 2; k++) {
        x[k] = sen_tape_matrix(tape, LOSS_ROWS, LOSS_WIDTH);
        fill_random(x[k]->x, n, (uint32_t)k + 7);
        x[k]->wants_grad = x[k]->keep = true;
        for (int i = 0; i < n; i++) wide[k][i] = (double)x[k]->x[i];
        in[k] = wide[k];
    }
    if (!label) {
        sen_tensor *w = sen_loss_weight(loss, 0);
        CHECK_TEXT(w->name, "logit_scale");
        w->grad = (float *)sen__new(c, sizeof(float), "gradients");
        wide[2][0] = (double)w->data[0];
        in[2] = wide[2];
    }
    emb[0] = label ? x[0] : x[1];               /* the model's, of the columns that there are */
    emb[1] = x[1];
    CHECK(!sen_loss_forward(loss, tape, emb, label ? 2 : 1, &labels));
    CHECK(strstr(sen_message(c), "trains a copy of the model, which a trainer makes") != NULL);
    sen__forgive(c);
    tape->result = SEN_OK;
    loss->twin_emb = x[0];
    y = sen_loss_forward(loss, tape, emb, label ? 2 : 1, &labels);
    CHECK_OK(c, sen_tape_result(tape));
    o.arg = label;
    twin(value, in, &o);
    test_near(__FILE__, __LINE__, name, y->x, sizeof(float), value, sizeof(double), 1, 1e-6);
    CHECK_OK(c, sen_backward(tape, y, 0.5f));
    for (int k = 0; k < o.n; k++) {
        const int64_t count = k < 2 ? n : 1;
        naive_gradient(d, in[k], count, naive_weighted, &g);
        loss_meets(name);
        loss_check_gradient(name, k < 2 ? x[k]->g : sen_tensor_grad(sen_loss_weight(loss, 0)), d,
                            count, 1e-5);
    }
    sen_tape_free(tape);
    sen_loss_free(loss);
}

static void test_loss_tension(void)
{
    static const float same[LOSS_ROWS] = { 1.0f, 0.0f, 0.0f, 1.0f, 0.0f };
    sen_ctx *c = test_ctx(1);
    sen_contrastive_tension_batch_args a = sen_contrastive_tension_batch_args_default();
    sen_loss *l = NULL;
    CHECK(a.scale == 20.0 && a.similarity_fct == SEN_COS_SIM);
    tension_check(c, "ContrastiveTensionLoss", NULL, loss_twin_tension, same);
    a.scale = 2.5;
    tension_check(c, "ContrastiveTensionLossInBatchNegatives", &a, loss_twin_tension_batch, NULL);
    a.scale = 0.0;
    CHECK(sen_loss_new(c, "ContrastiveTensionLossInBatchNegatives", &a, &l) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "scale must be above 0") != NULL);
    sen__forgive(c);
    sen_ctx_free(c);
}

/* ---- DenoisingAutoEncoderLoss ---------------------------------------------------------------- */

#define NOISE_H 8
#define NOISE_A 2
#define NOISE_I 12
#define NOISE_V 20
#define NOISE_LONGEST 6
#define NOISE_FLOATS 3000

/* All that the loss depends on, in double, one weight behind the other: the module's, the loss's
 * own, the embeddings. first[i] is where weight i begins. */
typedef struct noise_twin {
    const sen_batch *b;
    int              layers, n_module, cross;   /* cross: where cross attention begins */
    int64_t          first[80];
    int              n;
    double           x[NOISE_FLOATS];
} noise_twin;

static void noise_linear(double *y, const double *x, const double *w, const double *b, int out,
                         int in)
{
    for (int o = 0; o < out; o++) y[o] = naive_dot(w + o * in, x, in) + b[o];
}

/* a = LN(x + Wo attention(query x; keys n of them)): weights w[0 .. 9] as a layer has them. */
static void noise_attention(double *a, const double *x, const double *key, int n,
                            const double *const *w)
{
    double q[NOISE_H], k[NOISE_LONGEST][NOISE_H], v[NOISE_LONGEST][NOISE_H], mixed[NOISE_H];
    double y[NOISE_H];
    const int d = NOISE_H / NOISE_A;
    noise_linear(q, x, w[0], w[1], NOISE_H, NOISE_H);
    for (int j = 0; j < n; j++) {
        noise_linear(k[j], key + j * NOISE_H, w[2], w[3], NOISE_H, NOISE_H);
        noise_linear(v[j], key + j * NOISE_H, w[4], w[5], NOISE_H, NOISE_H);
    }
    for (int h = 0; h < NOISE_A; h++) {
        double p[NOISE_LONGEST] = { 0 };
        for (int j = 0; j < n; j++) p[j] = naive_dot(q + h * d, k[j] + h * d, d) / sqrt(d);
        naive_softmax(p, p, n);
        for (int f = h * d; f < (h + 1) * d; f++) {
            mixed[f] = 0.0;
            for (int j = 0; j < n; j++) mixed[f] += p[j] * v[j][f];
        }
    }
    noise_linear(y, mixed, w[6], w[7], NOISE_H, NOISE_H);
    for (int f = 0; f < NOISE_H; f++) y[f] += x[f];
    naive_layer_norm(a, y, w[8], w[9], 1, NOISE_H, 1e-12);
}

/* x (n,H) of one text through the decoder's layers; e its embedding. */
static void noise_layers(const noise_twin *t, const double *const *w, double *x, int n,
                         const double *e)
{
    double y[NOISE_LONGEST * NOISE_H], a[NOISE_H], in[NOISE_I], out[NOISE_H];
    for (int k = 0; k < t->layers; k++) {
        const double *const *l = w + SEN__BERT_LAYER + SEN__BERT_LAYER_WEIGHTS * k;
        for (int i = 0; i < n; i++) {
            noise_attention(a, x + i * NOISE_H, x, i + 1, l);
            noise_attention(y + i * NOISE_H, a, e, 1, w + t->cross + 10 * k);
        }
        for (int i = 0; i < n; i++) {
            noise_linear(in, y + i * NOISE_H, l[10], l[11], NOISE_I, NOISE_H);
            for (int f = 0; f < NOISE_I; f++) in[f] = naive_gelu(in[f]);
            noise_linear(out, in, l[12], l[13], NOISE_H, NOISE_I);
            for (int f = 0; f < NOISE_H; f++) out[f] += y[i * NOISE_H + f];
            naive_layer_norm(x + i * NOISE_H, out, l[14], l[15], 1, NOISE_H, 1e-12);
        }
    }
}

/* The loss; x is t->x. Token 0 is the padding, which is not to be told. */
static double noise_value(const double *x, int64_t n, void *user)
{
    const noise_twin *t = (const noise_twin *)user;
    const double *w[80], *const *head;
    double sum = 0.0;
    int count = 0;
    (void)n;
    for (int i = 0; i < t->n; i++) w[i] = x + t->first[i];
    head = w + t->n - 1 - SEN__BERT_HEAD_WEIGHTS;       /* the last are the embeddings */
    for (int64_t s = 0; s < t->b->rows; s++) {
        const int32_t *ids = t->b->ids + t->b->first[s];
        const int length = t->b->first[s + 1] - t->b->first[s] - 1;
        double v[NOISE_LONGEST * NOISE_H], y[NOISE_H], z[NOISE_H], logit[NOISE_V];
        for (int i = 0; i < length; i++) {
            for (int f = 0; f < NOISE_H; f++)
                y[f] = w[0][ids[i] * NOISE_H + f] + w[1][i * NOISE_H + f] + w[2][f];
            naive_layer_norm(v + i * NOISE_H, y, w[3], w[4], 1, NOISE_H, 1e-12);
        }
        noise_layers(t, w, v, length, w[t->n - 1] + s * NOISE_H);
        for (int i = 0; i < length; i++) {
            if (ids[i + 1] == 0) continue;
            noise_linear(y, v + i * NOISE_H, head[1], head[2], NOISE_H, NOISE_H);
            for (int f = 0; f < NOISE_H; f++) y[f] = naive_gelu(y[f]);
            naive_layer_norm(z, y, head[3], head[4], 1, NOISE_H, 1e-12);
            noise_linear(logit, z, w[0], head[0], NOISE_V, NOISE_H);
            sum += naive_cross_entropy(logit, ids[i + 1], NOISE_V);
            count++;
        }
    }
    return sum / count;
}

static sen_model *noise_model(sen_ctx *c, const char *more)
{
    char text[1000];
    sen_json *spec = NULL;
    sen_model *m = NULL;
    test_write_text(test_path("vocab.txt"),
                    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n"
                    "n\no\n");
    snprintf(text, sizeof text,
             "{\"modules\": [{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
             "\"hidden_size\": 8, \"num_hidden_layers\": 2, \"num_attention_heads\": 2, "
             "\"intermediate_size\": 12, \"max_position_embeddings\": 7%s}, \"vocab\": "
             "\"vocab.txt\"}, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}]}", more);
    CHECK_OK(c, sen__json_parse(c, &c->keep, "model", text, strlen(text), 0, &spec));
    CHECK_OK(c, sen_model_from_json(c, spec, NULL, test_folder(), 42, &m));
    return m;
}

/* One more weight of the twin: random values, which a gradient stands beside. */
static void noise_add(noise_twin *t, sen_tensor *w)
{
    const int64_t at = t->first[t->n];
    fill_random(w->data, (int)w->count, (uint32_t)t->n + 50);
    for (int64_t i = 0; i < w->count; i++) t->x[at + i] = (double)w->data[i];
    t->first[++t->n] = at + w->count;
}

/* Value and gradients of the tied loss against the twin's central differences. */
static void noise_check(sen_ctx *c, sen_model *m, const sen_batch *b)
{
    static noise_twin t;
    static float got[NOISE_FLOATS];
    static double d[NOISE_FLOATS];
    sen_loss *l = NULL;
    sen_tape *tape = NULL;
    sen_var *emb[2], *y;
    sen_rng rng;
    double value;
    memset(&t, 0, sizeof t);
    sen_rng_seed(&rng, 1);
    t.b = b;
    t.layers = 2;
    CHECK_OK(c, sen_loss_new(c, "DenoisingAutoEncoderLoss", NULL, &l));
    CHECK_OK(c, sen__denoising_make(c, l, m, &rng));
    t.cross = SEN__BERT_LAYER + 2 * SEN__BERT_LAYER_WEIGHTS;    /* the module's or the loss's */
    t.n_module = t.cross + (sen__bert_cross(m->module) ? 20 : 0);
    CHECK(sen_loss_weights(l) == (sen__bert_cross(m->module) ? 5 : 25));
    for (int i = 0; i < t.n_module; i++) noise_add(&t, &m->module[0].weight[i]);
    for (int i = 0; i < sen_loss_weights(l); i++) {
        sen_tensor *w = sen_loss_weight(l, i);
        noise_add(&t, w);
        w->grad = (float *)sen__new(c, (size_t)w->count * sizeof(float), "gradients");
    }
    CHECK_OK(c, sen__model_grads(c, m));
    CHECK_OK(c, sen_tape_new(c, true, &tape));
    emb[0] = emb[1] = sen_tape_matrix(tape, b->rows, NOISE_H);
    fill_random(emb[0]->x, (int)b->rows * NOISE_H, 9);
    emb[0]->wants_grad = emb[0]->keep = true;
    for (int64_t i = 0; i < b->rows * NOISE_H; i++)
        t.x[t.first[t.n] + i] = (double)emb[0]->x[i];
    t.first[t.n + 1] = t.first[t.n] + b->rows * NOISE_H;
    t.n++;
    CHECK(!sen_loss_forward(l, tape, emb, 2, NULL));
    CHECK(strstr(sen_message(c), "trains a decoder, which a trainer makes") != NULL);
    sen__forgive(c);
    tape->result = SEN_OK;
    l->decoder = &m->module[0];
    l->original = b;
    y = sen_loss_forward(l, tape, emb, 2, NULL);
    CHECK_OK(c, sen_tape_result(tape));
    value = noise_value(t.x, 0, &t);
    test_near(__FILE__, __LINE__, "value", y->x, sizeof(float), &value, sizeof(double), 1, 1e-6);
    CHECK_OK(c, sen_backward(tape, y, 1.0f));
    for (int i = 0; i + 1 < t.n; i++) {
        sen_tensor *w = i < t.n_module ? &m->module[0].weight[i]
                                       : sen_loss_weight(l, i - t.n_module);
        const int of_cross = i - t.cross;
        const float *g = sen_tensor_grad(w);
        CHECK(g != NULL);               /* queries and keys have one too, of zeros */
        if (g) memcpy(got + t.first[i], g, (size_t)w->count * sizeof(float));
        if (of_cross < 0 || of_cross >= 20 || of_cross % 10 >= 4) continue;
        for (int64_t k = 0; g && k < w->count; k++) CHECK(g[k] == 0.0f);
    }
    memcpy(got + t.first[t.n - 1], emb[0]->g, (size_t)b->rows * NOISE_H * sizeof(float));
    naive_gradient(d, t.x, t.first[t.n], noise_value, &t);
    loss_meets("DenoisingAutoEncoderLoss");
    /* The padding's word learns from its logit only, not where it was looked up: not the twin's. */
    for (int k = 0; k < NOISE_H; k++) d[k] = (double)got[k];
    loss_check_gradient("denoising", got, d, t.first[t.n], 1e-5);
    sen__model_drop_grads(c, m);
    sen_tape_free(tape);
    sen_loss_free(l);
}

/* Three texts, one of two tokens, one with a padding token in it; cross attention is the loss's
 * own, or the model's. */
static void test_loss_denoising(void)
{
    static int32_t ids[] = { 2, 5, 9, 0, 7, 3, 2, 3, 2, 11, 5, 6, 3 };
    static int32_t position[] = { 0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 2, 3, 4 };
    static int32_t owner[] = { 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2 }, first[] = { 0, 6, 8, 13 };
    const sen_batch b = { 3, 1, 13, ids, first, position, owner, NULL };
    const sen_denoising_args a = sen_denoising_args_default();
    sen_ctx *c = test_ctx(1);
    sen_model *m = noise_model(c, "");
    CHECK(a.tie_encoder_decoder && !a.decoder_name_or_path);
    noise_check(c, m, &b);
    sen_model_free(m);
    m = noise_model(c, ", \"is_decoder\": true, \"add_cross_attention\": true");
    noise_check(c, m, &b);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* Labels that are embeddings are cut with the student's: two widths are the sum of both alone. */
static void test_loss_matryoshka_labels(void)
{
    static const double dims[2] = { LOSS_WIDTH, 3 };
    sen_ctx *c = test_ctx(1);
    sen_matryoshka_args a = sen_matryoshka_args_default();
    float to[4 * LOSS_MOST], value[3];
    CHECK_OK(c, sen_loss_new(c, "MSELoss", NULL, &a.loss));
    for (int which = 0; which < 3; which++) {
        sen_loss *l = NULL;
        loss_batch b;
        memset(&b, 0, sizeof b);
        b.rows = LOSS_ROWS;
        b.width = LOSS_WIDTH;
        b.columns = 2;
        b.labels = loss_teacher(to, 2, LOSS_WIDTH);
        for (int k = 0; k < 2; k++) fill_random(b.x[k], LOSS_ROWS * LOSS_WIDTH, (uint32_t)k + 3);
        a.matryoshka_dims.item = dims + (which == 1);
        a.matryoshka_dims.n = which == 2 ? 2 : 1;
        CHECK_OK(c, sen_loss_new(c, "MatryoshkaLoss", &a, &l));
        loss_run(c, l, &b, 1.0f);
        value[which] = b.value;
        sen_loss_free(l);
    }
    CHECK(value[0] > 0 && value[1] > 0 && value[2] == value[0] + value[1]);
    sen_loss_free(a.loss);
    sen_ctx_free(c);
}

/* A value in named terms: both are told, by weight, and add up to it. */
static void test_loss_terms(void)
{
    sen_ctx *c = test_ctx(1);
    sen_gor_args gor = sen_gor_args_default();
    sen_loss *l = NULL;
    sen_var *emb[1], *y;
    sen_tape *t;
    gor.mean_weight = 0.5;
    CHECK_OK(c, sen_loss_new(c, "GlobalOrthogonalRegularizationLoss", &gor, &l));
    CHECK_OK(c, sen_tape_new(c, true, &t));
    emb[0] = sen_tape_matrix(t, 3, 2);
    fill_random(emb[0]->x, 6, 3);
    y = sen_loss_forward(l, t, emb, 1, NULL);
    CHECK(y && l->n_terms == 2 && y->x[0] == l->term[0]->x[0] + l->term[1]->x[0]);
    CHECK_TEXT(l->term_name[0], "gor_mean");
    CHECK_TEXT(l->term_name[1], "gor_second_moment");
    y = sen_loss_forward(l, t, emb, 1, NULL);
    CHECK(y && l->n_terms == 2);                /* not four */
    sen_loss_free(l);
    gor.mean_weight = SEN_NONE;
    CHECK_OK(c, sen_loss_new(c, "GlobalOrthogonalRegularizationLoss", &gor, &l));
    y = sen_loss_forward(l, t, emb, 1, NULL);
    CHECK(y && l->n_terms == 1 && y->x[0] == l->term[0]->x[0]);
    sen_loss_free(l);
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* The value of a loss on small embeddings, for the corners of its formula. */
static float loss_value(sen_ctx *c, const char *name, int columns, int64_t rows, const float *label,
                        const int32_t *index)
{
    sen_loss *l = NULL;
    loss_batch b;
    memset(&b, 0, sizeof b);
    b.rows = rows;
    b.width = 3;
    b.columns = columns;
    b.labels.value = label;
    b.labels.index = index;
    for (int k = 0; k < columns; k++) fill_random(b.x[k], 3 * rows, (uint32_t)k + 2);
    CHECK_OK(c, sen_loss_new(c, name, NULL, &l));
    loss_run(c, l, &b, 1.0f);
    sen_loss_free(l);
    for (int k = 0; k < columns; k++)
        for (int64_t i = 0; i < 3 * rows; i++) CHECK(isfinite(b.grad[k][i]));
    return b.value;
}

/* One row, one class, no class twice, no pair of one kind: no NaN, and Python's numbers. */
static void test_loss_edges(void)
{
    static const float one[4] = { 1.0f, 1.0f, 1.0f, 1.0f }, none[4] = { 0.0f, 0.0f, 0.0f, 0.0f };
    static const float apart[4] = { 0.0f, 1.0f, 2.0f, 3.0f };
    static const int32_t same[4] = { 1, 1, 1, 1 }, each[4] = { 0, 1, 2, 3 };
    sen_ctx *c = test_ctx(1);
    CHECK(loss_value(c, "BatchAllTripletLoss", 1, 4, one, same) == 0.0f);
    CHECK(loss_value(c, "BatchAllTripletLoss", 1, 4, apart, each) == 0.0f);
    CHECK(loss_value(c, "BatchSemiHardTripletLoss", 1, 4, apart, each) == 0.0f);
    CHECK(loss_value(c, "BatchSemiHardTripletLoss", 1, 4, one, same) > 5.0f);
    CHECK(loss_value(c, "BatchHardTripletLoss", 1, 1, one, same) == 5.0f);
    CHECK(isfinite(loss_value(c, "BatchHardTripletLoss", 1, 4, one, same)));
    CHECK(isfinite(loss_value(c, "BatchHardSoftMarginTripletLoss", 1, 4, apart, each)));
    CHECK(isfinite(loss_value(c, "OnlineContrastiveLoss", 2, 4, one, same)));
    CHECK(isfinite(loss_value(c, "OnlineContrastiveLoss", 2, 4, none, NULL)));
    CHECK(isfinite(loss_value(c, "MegaBatchMarginLoss", 2, 1, NULL, NULL)));
    CHECK(loss_value(c, "MultipleNegativesSymmetricRankingLoss", 2, 1, NULL, NULL) == 0.0f);
    CHECK(isfinite(loss_value(c, "GlobalOrthogonalRegularizationLoss", 1, 1, NULL, NULL)));
    sen_ctx_free(c);
}

/* ---- job files ------------------------------------------------------------------------------- */

/* A loss from the text of a job file, or NULL with a part of the sentence checked. */
static sen_loss *loss_parse(sen_ctx *c, sen_arena *arena, const char *text, const char *sentence)
{
    sen_json *spec = NULL;
    sen_loss *loss = NULL;
    CHECK_OK(c, sen__json_parse(c, arena, "job.json", text, strlen(text), 0, &spec));
    if (!spec) return NULL;
    if (!sentence) {
        CHECK_OK(c, sen_loss_from_json(c, spec, NULL, &loss));
        return loss;
    }
    CHECK(sen_loss_from_json(c, spec, NULL, &loss) != SEN_OK);
    CHECK(loss == NULL);
    CHECK(strncmp(sen_message(c), "job.json:1:", 11) == 0);
    if (!strstr(sen_message(c), sentence)) CHECK_TEXT(sen_message(c), sentence);
    return NULL;
}

/* The rows of a batch in pieces: their means, weighted by rows, are the whole's, and so are the
 * gradients. */
static void test_loss_pieces(void)
{
    sen_ctx *c = test_ctx(1);
    sen_cached_mnrl_args a = sen_cached_mnrl_args_default();
    sen_cached_mnsrl_args symmetric = sen_cached_mnsrl_args_default();
    CHECK(a.scale == 20.0 && a.mini_batch_size == 32 && a.mini_batch_num_tokens == SEN_NONE &&
          symmetric.mini_batch_size == 32 && symmetric.scale == 20.0);
    a.scale = 3.0;
    for (int mode = 0; mode < 6; mode++) {
        float whole = 0, sum = 0, grad[LOSS_COLUMNS][LOSS_MOST];
        sen_loss *l = NULL;
        sen_tape *t;
        loss_batch b;
        memset(&b, 0, sizeof b);
        memset(grad, 0, sizeof grad);
        b.rows = LOSS_ROWS;
        b.width = LOSS_WIDTH;
        b.columns = 3;
        for (int k = 0; k < 3; k++) fill_random(b.x[k], LOSS_ROWS * LOSS_WIDTH, (uint32_t)k + 3);
        a.directions = mode == 0 ? SEN_QUERY_TO_DOC : mode == 1 ? 15 : 5;
        a.partition_mode = mode == 2 ? SEN_PER_DIRECTION : SEN_JOINT;
        a.hardness_mode = mode < 3 ? SEN_NO_HARDNESS : mode - 2;
        a.hardness_strength = 2.0;
        CHECK_OK(c, sen_loss_new(c, "CachedMultipleNegativesRankingLoss", &a, &l));
        loss_run(c, l, &b, 1.0f);
        whole = b.value;
        CHECK_OK(c, sen_tape_new(c, true, &t));
        for (int64_t from = 0; from < LOSS_ROWS; from += 2) {
            const int64_t n = from + 2 <= LOSS_ROWS ? 2 : LOSS_ROWS - from;
            sen_var *emb[3], *y;
            sen_tape_reset(t);
            for (int k = 0; k < 3; k++) {
                emb[k] = sen_tape_constant(t, b.x[k], LOSS_ROWS, LOSS_WIDTH);
                emb[k]->wants_grad = emb[k]->keep = true;
            }
            y = sen__loss_value(l, t, emb, 3, NULL, from, n);
            CHECK(y != NULL);
            if (!y) continue;
            sum += y->x[0] * (float)n / LOSS_ROWS;
            CHECK_OK(c, sen_backward(t, y, (float)n / LOSS_ROWS));
            for (int k = 0; k < 3; k++)
                for (int i = 0; i < LOSS_ROWS * LOSS_WIDTH; i++)
                    grad[k][i] += emb[k]->g ? emb[k]->g[i] : 0.0f;
        }
        CHECK(fabsf(sum - whole) <= 2e-6f * fabsf(whole));
        for (int k = 0; k < 3; k++) {
            double expect[LOSS_MOST];
            for (int i = 0; i < LOSS_ROWS * LOSS_WIDTH; i++) expect[i] = (double)b.grad[k][i];
            loss_check_gradient("pieces", grad[k], expect, LOSS_ROWS * LOSS_WIDTH, 1e-5);
        }
        sen_tape_free(t);
        sen_loss_free(l);
    }
    sen_ctx_free(c);
}

/* The guide of the twin: other random numbers for every column. */
static void loss_guide_numbers(float *to, int columns)
{
    for (int k = 0; k < columns; k++)
        fill_random(to + k * LOSS_ROWS * LOSS_WIDTH, LOSS_ROWS * LOSS_WIDTH, (uint32_t)k + 50);
}

/* Every candidate by itself: what the guide has nearer than the limit does not take part. */
static void loss_twin_gist(double *y, double *const *in, const naive_op *o)
{
    const sen_gist_args *a = (const sen_gist_args *)o->arg;
    const int block[][2] = { { 0, 1 }, { 0, 0 }, { 1, 1 }, { 0, 2 }, { 0, 3 } };
    const int64_t e = LOSS_WIDTH, b = LOSS_ROWS;
    float f[LOSS_COLUMNS * LOSS_MOST];
    double g[LOSS_COLUMNS * LOSS_MOST];
    loss_guide_numbers(f, o->n);
    for (int64_t i = 0; i < o->n * b * e; i++) g[i] = (double)f[i];
    y[0] = 0.0;
    for (int64_t i = 0; i < b; i++) {
        const double own = naive_similarity(SEN_COS_SIM, g + i * e, g + (b + i) * e, e);
        const double limit = own - a->margin * (a->margin_strategy == SEN_MARGIN_RELATIVE
                                                ? fabs(own) : 1.0);
        double s[LOSS_MOST] = { 0.0 };
        int64_t n = 0;
        for (int k = 0; k < 3 + o->n - 2; k++) {
            const int u = block[k][0], v = block[k][1];
            if ((k == 1 && !a->contrast_anchors) || (k == 2 && !a->contrast_positives)) continue;
            for (int64_t j = 0; j < b; j++) {
                const double near = naive_similarity(SEN_COS_SIM, g + (u * b + i) * e,
                                                     g + (v * b + j) * e, e);
                if (near > limit && !(k == 0 && i == j)) s[n++] = -1e30;
                else s[n++] = naive_similarity(SEN_COS_SIM, in[u] + i * e, in[v] + j * e, e)
                              / a->temperature;
            }
        }
        y[0] += naive_cross_entropy(s, i, n) / (double)b;
    }
}

static void test_loss_gist(void)
{
    sen_ctx *c = test_ctx(1);
    for (int mode = 0; mode < 5; mode++) {
        sen_gist_args a = sen_gist_args_default();
        naive_op o = { 0, { 0 }, { 0 }, NULL, 0, 0 };
        double wide[LOSS_COLUMNS][LOSS_MOST], *in[LOSS_COLUMNS], value[LOSS_MOST] = { 0.0 };
        double weight[LOSS_MOST] = { 0.25 };
        float guide[LOSS_COLUMNS * LOSS_MOST];
        naive_gradient_of g = { loss_twin_gist, &o, in, value, weight };
        sen_loss *l = NULL;
        loss_batch b;
        memset(&b, 0, sizeof b);
        CHECK(a.temperature == 0.01 && a.contrast_anchors && a.contrast_positives);
        a.guide = "given below";
        a.temperature = 0.2;
        a.margin = mode == 0 ? 0.0 : 0.1;
        a.margin_strategy = mode == 2 ? SEN_MARGIN_RELATIVE : SEN_MARGIN_ABSOLUTE;
        a.contrast_anchors = mode != 3;
        a.contrast_positives = mode != 4;
        b.rows = LOSS_ROWS;
        b.width = LOSS_WIDTH;
        b.columns = o.n = 2 + mode % 2;
        for (int k = 0; k < b.columns; k++) {
            fill_random(b.x[k], LOSS_ROWS * LOSS_WIDTH, (uint32_t)k + 5);
            for (int i = 0; i < LOSS_ROWS * LOSS_WIDTH; i++) wide[k][i] = (double)b.x[k][i];
            in[k] = wide[k];
            o.rows[k] = LOSS_ROWS;
            o.cols[k] = LOSS_WIDTH;
        }
        o.rows[o.n] = o.cols[o.n] = 1;
        o.arg = &a;
        loss_guide_numbers(guide, b.columns);
        if (!CHECK_OK(c, sen_loss_new(c, "GISTEmbedLoss", &a, &l))) break;
        loss_guide(l, guide, LOSS_ROWS, LOSS_WIDTH);
        loss_run(c, l, &b, 0.25f);
        loss_twin_gist(value, in, &o);
        test_near(__FILE__, __LINE__, "GISTEmbedLoss", &b.value, sizeof(float), value,
                  sizeof(double), 1, 1e-6);
        for (int k = 0; k < b.columns; k++) {
            double d[LOSS_MOST];
            naive_gradient(d, in[k], LOSS_ROWS * LOSS_WIDTH, naive_weighted, &g);
            loss_meets("GISTEmbedLoss");
            loss_check_gradient("GISTEmbedLoss", b.grad[k], d, LOSS_ROWS * LOSS_WIDTH, 1e-5);
        }
        loss_free_guided(l);
    }
    sen_ctx_free(c);
}

/* Which widths a step takes: Python's random.sample, sorted, once for a batch. */
static void test_loss_chosen(void)
{
    static const char text[] = "{\"type\": \"MatryoshkaLoss\", \"matryoshka_dims\": [4, 2, 1], "
                               "\"n_dims_per_step\": 2, \"loss\": \"TripletLoss\"}";
    sen_ctx *c = test_ctx(1);
    sen_arena arena;
    sen_rng python;
    sen_loss *l;
    sen__arena_init(&arena, &c->allocator, 4096);
    l = loss_parse(c, &arena, text, NULL);
    sen__pyrandom_seed(&python, 42);
    if (l) {
        int64_t work[3], expect[2];
        sen_rng same = python;
        l->python = &python;
        for (int i = 0; i < 4; i++) {
            sen_loss_call call;
            memset(&call, 0, sizeof call);
            call.loss = l;
            sen__pyrandom_sample(&same, expect, 3, 2, work);
            CHECK(sen__loss_choose(&call, 3, 2, true) == 2);
            CHECK(l->chosen[0] == SEN__MIN(expect[0], expect[1]) &&
                  l->chosen[1] == SEN__MAX(expect[0], expect[1]));
            call.from = 1;                      /* a later piece of the batch: the same */
            CHECK(sen__loss_choose(&call, 3, 2, true) == 2);
            CHECK(l->chosen[0] == SEN__MIN(expect[0], expect[1]));
        }
    }
    sen_loss_free(l);
    sen__arena_free(&arena);
    sen_ctx_free(c);
}

static void test_loss_json(void)
{
    sen_ctx *c = test_ctx(1);
    sen_arena arena;
    sen_loss *l;
    const sen_mnrl_args *mnrl;
    const sen_cosine_similarity_args *cosine;
    sen__arena_init(&arena, &c->allocator, 4096);
    l = loss_parse(c, &arena, "{\"type\": \"MultipleNegativesRankingLoss\", \"scale\": 50, "
                              "\"similarity_fct\": \"dot\", \"directions\": [\"doc_to_query\", "
                              "\"query_to_doc\"], \"partition_mode\": \"per_direction\", "
                              "\"hardness_mode\": null}", NULL);
    mnrl = (const sen_mnrl_args *)(l ? sen_loss_args(l) : NULL);
    CHECK(mnrl && mnrl->scale == 50.0 && mnrl->similarity_fct == SEN_DOT_SCORE);
    CHECK(mnrl && mnrl->directions == (SEN_QUERY_TO_DOC | SEN_DOC_TO_QUERY));
    CHECK(mnrl && mnrl->partition_mode == SEN_PER_DIRECTION &&
          mnrl->hardness_mode == SEN_NO_HARDNESS);
    sen_loss_free(l);
    l = loss_parse(c, &arena, "{\"type\": \"CosineSimilarityLoss\", \"loss_fct\": {\"type\": "
                              "\"L1Loss\"}, \"cos_score_transformation\": "
                              "\"torch.nn.modules.activation.Tanh\"}", NULL);
    sen__arena_free(&arena);                     /* the loss keeps nothing of the file */
    cosine = (const sen_cosine_similarity_args *)(l ? sen_loss_args(l) : NULL);
    CHECK(cosine && cosine->loss_fct == SEN_L1_LOSS);
    CHECK_TEXT(cosine ? cosine->cos_score_transformation : NULL, "Tanh");
    sen_loss_free(l);
    l = loss_parse(c, &arena, "\"TripletLoss\"", NULL);
    CHECK_TEXT(l ? sen_loss_type_of(l)->name : NULL, "TripletLoss");
    sen_loss_free(l);
    l = loss_parse(c, &arena, "{\"type\": \"TripletLoss\", \"distance_metric\": "
                              "\"TripletDistanceMetric.COSINE\"}", NULL);
    CHECK(l && ((const sen_triplet_args *)sen_loss_args(l))->distance_metric == SEN_TRIPLET_COSINE);
    sen_loss_free(l);
    sen__arena_free(&arena);
    sen_ctx_free(c);
}

static int loss_similarity(const sen_loss *l)
{
    const void *args = sen_loss_args(l);
    return sen_loss_type_of(l)->args_size == sizeof(sen_cosent_args)
        ? ((const sen_cosent_args *)args)->similarity_fct
        : ((const sen_mnrl_args *)args)->similarity_fct;
}

/* Each spelling of each similarity, for both kinds. */
static void test_loss_spellings(void)
{
    static const char *const form[4] = { "%s_sim", "pairwise_%s_sim", "%s", "%s" };
    static const char *const name[4][3] = {
        { "cos", "cosine", "COSINE" }, { "dot", "dot", "DOT" },
        { "euclidean", "euclidean", "EUCLIDEAN" }, { "manhattan", "manhattan", "MANHATTAN" }
    };
    static const char *const loss[2] = { "MultipleNegativesRankingLoss", "CoSENTLoss" };
    sen_ctx *c = test_ctx(1);
    for (int which = 0; which < 2; which++)
        for (int kind = 0; kind < 4; kind++)
            for (int f = 0; f < 4; f++) {
                char word[60], text[200];
                sen_arena arena;
                sen_loss *l;
                snprintf(word, sizeof word, form[f], name[kind][f < 2 ? 0 : f - 1]);
                if (kind == SEN_DOT_SCORE && f < 2)
                    snprintf(word, sizeof word, f ? "pairwise_dot_score" : "dot_score");
                snprintf(text, sizeof text, "{\"type\": \"%s\", \"similarity_fct\": \"%s\"}",
                         loss[which], word);
                sen__arena_init(&arena, &c->allocator, 4096);
                l = loss_parse(c, &arena, text, NULL);
                if (l) CHECK(loss_similarity(l) == kind);
                sen_loss_free(l);
                sen__arena_free(&arena);
            }
    sen_ctx_free(c);
}

/* What a model card or a saved job has: Python's names again. */
static void loss_written(sen_ctx *c, const sen_loss *l, const char *name, const char *expect)
{
    const sen_field *f = sen__field_find(sen_loss_type_of(l)->fields, name);
    const sen_json *j = f ? sen__field_write(c, f, sen_loss_args(l)) : NULL;
    CHECK(j != NULL);
    if (!j) return;
    if (j->kind == SEN_JSON_LIST) j = j->child;
    CHECK_TEXT(j->kind == SEN_JSON_NULL ? "null" : j->text, expect);
}

static void test_loss_writing(void)
{
    sen_ctx *c = test_ctx(1);
    sen_loss *l = NULL;
    CHECK_OK(c, sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &l));
    loss_written(c, l, "similarity_fct", "cos_sim");
    loss_written(c, l, "directions", "query_to_doc");
    loss_written(c, l, "partition_mode", "joint");
    loss_written(c, l, "hardness_mode", "null");
    sen_loss_free(l);
    CHECK_OK(c, sen_loss_new(c, "CoSENTLoss", NULL, &l));
    loss_written(c, l, "similarity_fct", "pairwise_cos_sim");
    sen_loss_free(l);
    CHECK_OK(c, sen_loss_new(c, "CosineSimilarityLoss", NULL, &l));
    loss_written(c, l, "loss_fct", "MSELoss");
    loss_written(c, l, "cos_score_transformation", "Identity");
    sen_loss_free(l);
    sen_ctx_free(c);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void test_loss_refused(void)
{
    static const char *const bad[][2] = {
        { "{\"scale\": 20}", "a loss is an object with a \"type\"" },
        { "3", "a loss is an object with a \"type\"" },
        { "{\"type\": \"TripleLoss\"}", "did you mean \"TripletLoss\"?" },
        { "{\"type\": \"CoSENTLoss\", \"scal\": 1}",
          "unknown key \"scal\"; did you mean \"scale\"?" },
        { "{\"type\": \"CoSENTLoss\", \"scale\": \"20\"}", "\"scale\" takes a number, not a text" },
        { "{\"type\": \"CoSENTLoss\", \"scale\": 0}", ": scale cannot be 0" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"scale\": -1}", ": scale cannot be -1" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"similarity_fct\": \"cosin\"}",
          "did you mean \"cosine\"?" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"directions\": []}",
          "must have \"query_to_doc\" in it" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"directions\": [\"doc_to_doc\"]}",
          "must have \"query_to_doc\" in it" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"directions\": [\"query_to_docs\"]}",
          "did you mean \"query_to_doc\"?" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"partition_mode\": \"per_direction\", "
          "\"directions\": [\"query_to_doc\", \"query_to_query\"]}", "use \"joint\"" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"hardness_mode\": \"hard\"}",
          "it is one of: none, in_batch_negatives, hard_negatives, all_negatives" },
        { "{\"type\": \"MultipleNegativesRankingLoss\", \"hardness_strength\": -0.5}",
          "hardness_strength cannot be -0.5" },
        { "{\"type\": \"CosineSimilarityLoss\", \"loss_fct\": \"HuberLoss\"}",
          "it is one of: MSELoss, L1Loss" },
        { "{\"type\": \"CosineSimilarityLoss\", \"loss_fct\": {\"kind\": \"MSELoss\"}}",
          "\"loss_fct\" takes MSELoss or L1Loss, not an object" },
        { "{\"type\": \"CosineSimilarityLoss\", \"cos_score_transformation\": \"Softsign\"}",
          "no activation is called \"Softsign\" here; there are: Identity, GELU" },
        { "{\"type\": \"CosineSimilarityLoss\", \"cos_score_transformation\": 1}",
          "\"cos_score_transformation\" takes an activation by torch's class name, not a number" },
        { "{\"type\": \"TripletLoss\", \"distance_metric\": \"EUCLID\"}",
          "it is one of: COSINE, EUCLIDEAN, MANHATTAN" },
        { "{\"type\": \"AnglELoss\", \"scale\": 0}", ": scale cannot be 0" },
        { "{\"type\": \"MultipleNegativesSymmetricRankingLoss\", \"scale\": 0}",
          ": scale cannot be 0" },
        { "{\"type\": \"ContrastiveLoss\", \"distance_metric\": \"COSINE\"}",
          "it is one of: EUCLIDEAN, MANHATTAN, COSINE_DISTANCE" },
        { "{\"type\": \"BatchHardTripletLoss\", \"distance_metric\": \"cosine\"}",
          "it is one of: euclidean_distance, cosine_distance" },
        { "{\"type\": \"BatchHardSoftMarginTripletLoss\", \"margin\": 1}",
          "unknown key \"margin\"" },
        { "{\"type\": \"GlobalOrthogonalRegularizationLoss\", \"mean_weight\": 0, "
          "\"second_moment_weight\": null}", "cannot both be 0 or null" },
        { "{\"type\": \"MSELoss\", \"projection_dim\": 0}", "projection_dim cannot be 0" },
        { "{\"type\": \"EmbedDistillLoss\", \"projection_dim\": -1}",
          "projection_dim cannot be -1" },
        { "{\"type\": \"EmbedDistillLoss\", \"distance_metric\": \"l1\"}",
          "it is one of: cosine, l2, mse" },
        { "{\"type\": \"DistillKLDivLoss\", \"teacher_temperature\": 0}",
          "teacher_temperature cannot be 0" },
        { "{\"type\": \"DistillKLDivLoss\", \"temperature\": -1}", "temperature cannot be -1" },
        { "{\"type\": \"MatryoshkaLoss\", \"matryoshka_dims\": [2]}",
          "MatryoshkaLoss needs the \"loss\" that it is to apply" },
        { "{\"type\": \"MatryoshkaLoss\", \"matryoshka_dims\": [2], "
          "\"loss\": \"ContrastiveTensionLoss\"}", "embeds texts with two models" },
        { "{\"type\": \"MatryoshkaLoss\", \"matryoshka_dims\": [2], "
          "\"loss\": \"DenoisingAutoEncoderLoss\"}", "whose decoder reads whole embeddings" },
        { "{\"type\": \"DenoisingAutoEncoderLoss\", \"tie_encoder_decoder\": false}",
          "needs decoder_name_or_path" },
        { "{\"type\": \"MatryoshkaLoss\", \"loss\": \"TripletLoss\"}",
          "MatryoshkaLoss needs matryoshka_dims" },
        { "{\"type\": \"MatryoshkaLoss\", \"loss\": \"TripletLoss\", \"matryoshka_dims\": [8, 0]}",
          "0 in matryoshka_dims is no width" },
        { "{\"type\": \"MatryoshkaLoss\", \"loss\": \"TripletLos\", \"matryoshka_dims\": [8]}",
          "did you mean \"TripletLoss\"?" },
        { "{\"type\": \"MatryoshkaLoss\", \"loss\": \"TripletLoss\", \"matryoshka_dims\": [8], "
          "\"matryoshka_weights\": [1, 2]}", "matryoshka_weights has 2 numbers for 1" },
        { "{\"type\": \"MatryoshkaLoss\", \"loss\": {\"type\": \"MatryoshkaLoss\", \"loss\": "
          "{\"type\": \"MatryoshkaLoss\", \"loss\": {\"type\": \"MatryoshkaLoss\", \"loss\": "
          "{\"type\": \"MatryoshkaLoss\", \"loss\": \"TripletLoss\"}}}}}", "more than 4 times" },
        { "{\"type\": \"CachedMultipleNegativesRankingLoss\", \"mini_batch_size\": 0}",
          "mini_batch_size cannot be 0" },
        { "{\"type\": \"CachedMultipleNegativesSymmetricRankingLoss\", "
          "\"mini_batch_num_tokens\": 0}", "mini_batch_num_tokens cannot be 0" },
        { "{\"type\": \"CachedMultipleNegativesRankingLoss\", \"scale\": 0}",
          ": scale cannot be 0" },
        { "{\"type\": \"MegaBatchMarginLoss\", \"mini_batch_size\": -1}",
          "mini_batch_size cannot be -1" },
        { "{\"type\": \"GISTEmbedLoss\"}", "the loss needs its \"guide\"" },
        { "{\"type\": \"CachedGISTEmbedLoss\", \"guide\": \"x\", \"mini_batch_size\": 0}",
          "mini_batch_size cannot be 0" },
        { "{\"type\": \"GISTEmbedLoss\", \"guide\": \"x\", \"temperature\": 0}",
          "temperature cannot be 0" },
        { "{\"type\": \"SoftmaxLoss\"}", "SoftmaxLoss needs num_labels" },
        { "{\"type\": \"SoftmaxLoss\", \"num_labels\": 2, \"concatenation_sent_rep\": false, "
          "\"concatenation_sent_difference\": false}", "would see nothing" },
        { "{\"type\": \"SoftmaxLoss\", \"num_labels\": 2, \"loss_fct\": \"MSELoss\"}",
          "\"MSELoss\" is no loss that SoftmaxLoss can take" },
        { "{\"type\": \"SoftmaxLoss\", \"num_labels\": 2, \"loss_fct\": {\"type\": "
          "\"CrossEntropyLoss\", \"weight\": 1}}", "only label_smoothing is taken here" },
        { "{\"type\": \"SoftmaxLoss\", \"num_labels\": 2, \"loss_fct\": {\"type\": "
          "\"CrossEntropyLoss\", \"label_smoothing\": 2}}", "label_smoothing cannot be 2" },
    };
    sen_ctx *c = test_ctx(1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sen_arena arena;
        sen__arena_init(&arena, &c->allocator, 4096);
        loss_parse(c, &arena, bad[i][0], bad[i][1]);
        sen__arena_free(&arena);
    }
    sen_ctx_free(c);
}

static void test_loss_refused_in_c(void)
{
    sen_ctx *c = test_ctx(1);
    sen_mnrl_args mnrl = sen_mnrl_args_default();
    sen_cosine_similarity_args cosine = sen_cosine_similarity_args_default();
    sen_loss *l = NULL;
    CHECK(sen_loss_new(c, "Nothing", NULL, &l) == SEN_ERR_UNSUPPORTED && !l);
    CHECK_TEXT(sen_message(c), "no loss is called \"Nothing\" here; there are: "
                               "MultipleNegativesRankingLoss, CoSENTLoss, CosineSimilarityLoss, "
                               "TripletLoss, MultipleNegativesSymmetricRankingLoss, AnglELoss, "
                               "ContrastiveLoss, OnlineContrastiveLoss, BatchAllTripletLoss, "
                               "BatchHardTripletLoss, BatchSemiHardTripletLoss, "
                               "BatchHardSoftMarginTripletLoss, MegaBatchMarginLoss, "
                               "GlobalOrthogonalRegularizationLoss, EmbedDistillLoss, MSELoss, "
                               "MarginMSELoss, DistillKLDivLoss, SoftmaxLoss, MatryoshkaLoss, "
                               "AdaptiveLayerLoss, Matryoshka2dLoss, ContrastiveTensionLoss, "
                               "ContrastiveTensionLossInBatchNegatives, DenoisingAutoEncoderLoss, "
                               "CachedMultipleNegativesRankingLoss, "
                               "CachedMultipleNegativesSymmetricRankingLoss, "
                               "GISTEmbedLoss, CachedGISTEmbedLoss");
    mnrl.scale = 0.0;
    CHECK(sen_loss_new(c, "MultipleNegativesRankingLoss", &mnrl, &l) == SEN_ERR_ARGUMENT && !l);
    CHECK_TEXT(sen_message(c), "scale cannot be 0.0: it is 1 / temperature and must be above 0");
    memset(&mnrl, 0, sizeof mnrl);
    CHECK(sen_loss_new(c, "MultipleNegativesRankingLoss", &mnrl, &l) == SEN_ERR_ARGUMENT && !l);
    CHECK_TEXT(sen_message(c), "the arguments of MultipleNegativesRankingLoss were not made by its "
                               "_default() function");
    cosine.cos_score_transformation = "Softsign";
    CHECK(sen_loss_new(c, "CosineSimilarityLoss", &cosine, &l) == SEN_ERR_UNSUPPORTED && !l);
    CHECK_TEXT(sen_message(c), "cos_score_transformation: no activation is called \"Softsign\" "
                               "here");
    mnrl = sen_mnrl_args_default();
    mnrl.hardness_mode = SEN_HARD_NEGATIVES;
    CHECK_OK(c, sen_loss_new(c, "MultipleNegativesRankingLoss", &mnrl, &l));
    CHECK_TEXT(test_log_text, "hardness_mode \"hard_negatives\" has no effect: hardness_strength "
                              "is 0\n");
    sen_loss_free(l);
    sen_loss_free(NULL);
    sen_ctx_free(c);
}

static void test_loss_columns(void)
{
    static const struct {
        const char *name;
        int         columns;
        bool        labels;
        const char *sentence;
    } row[] = {
        { "MultipleNegativesRankingLoss", 1, false,
          "MultipleNegativesRankingLoss takes the columns: anchor, positive [, negative ...]; no "
          "label; the data has too few: 1 text column" },
        { "MultipleNegativesRankingLoss", 9, true, NULL },
        { "CoSENTLoss", 2, true, NULL },
        { "CoSENTLoss", 3, true, "the data has too many: 3 text columns" },
        { "CoSENTLoss", 2, false,
          "the data has no label: name that column \"label\" or \"score\"" },
        { "TripletLoss", 2, false, "the data has too few: 2 text columns" },
        { "TripletLoss", 3, true, NULL },
        { "AnglELoss", 1, true, "the data has too few: 1 text column" },
        { "ContrastiveLoss", 2, false, "the data has no label" },
        { "BatchAllTripletLoss", 2, true, "the data has too many: 2 text columns" },
        { "BatchHardTripletLoss", 1, false, "the data has no label" },
        { "MegaBatchMarginLoss", 3, false, "the data has too many: 3 text columns" },
        { "GlobalOrthogonalRegularizationLoss", 7, false, NULL },
    };
    sen_ctx *c = test_ctx(1);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        sen_loss *l = NULL;
        CHECK_OK(c, sen_loss_new(c, row[i].name, NULL, &l));
        CHECK((sen__loss_check_columns(c, l, row[i].columns, row[i].labels) == SEN_OK)
              == !row[i].sentence);
        if (row[i].sentence && !strstr(sen_message(c), row[i].sentence))
            CHECK_TEXT(sen_message(c), row[i].sentence);
        sen__forgive(c);
        sen_loss_free(l);
    }
    sen_ctx_free(c);
}

/* Every loss of the table that needs no other one to be made: of all numbers of columns, with a
 * label and without, some are taken and some are not, and what is not is said in its name. */
static void test_loss_columns_of_all(void)
{
    sen_ctx *c = test_ctx(1);
    int made = 0;
    for (int i = 0; sen__losses[i]; i++) {
        const char *name = sen__losses[i]->name;
        int taken = 0, refused = 0;
        sen_loss *l = NULL;
        if (sen_loss_new(c, name, NULL, &l)) {
            sen__forgive(c);
            continue;
        }
        made++;
        for (int columns = 0; columns <= 10; columns++)
            for (int labels = 0; labels < 2; labels++) {
                const bool good = sen__loss_check_columns(c, l, columns, labels != 0) == SEN_OK;
                taken += good;
                refused += !good;
                if (!good && strncmp(sen_message(c), name, strlen(name)) != 0)
                    CHECK_TEXT(sen_message(c), name);
                sen__forgive(c);
            }
        CHECK(taken > 0 && refused > 0);
        sen_loss_free(l);
    }
    CHECK(made >= 22);
    sen_ctx_free(c);
}

/* What is refused of data, beyond their number of columns: before the first step, in a sentence. */
static void test_loss_data(void)
{
    static const struct {
        const char   *name;
        sen_loss_data d;
        const char   *sentence;
    } row[] = {
        { "MultipleNegativesRankingLoss", { 2, 1, 8, 0, { 0, 0 }, false, false, 0, 0 },
          "MultipleNegativesRankingLoss compares the rows of a batch with each other, and a batch "
          "of 1 row has none to compare: raise per_device_train_batch_size" },
        { "MultipleNegativesRankingLoss", { 3, 1, 8, 0, { 0, 0 }, false, false, 0, 0 }, NULL },
        { "MultipleNegativesSymmetricRankingLoss", { 2, 1, 8, 0, { 0, 0 }, false, false, 0, 0 },
          "a batch of 1 row" },
        { "CoSENTLoss", { 2, 1, 8, 1, { 0, 0 }, true, false, 0, 1 }, "a batch of 1 row" },
        { "CoSENTLoss", { 2, 0, 8, 1, { 0, 0 }, true, false, 0, 1 }, NULL },
        { "CoSENTLoss", { 2, 8, 8, 3, { 0, 0 }, true, false, 0, 1 },
          "CoSENTLoss takes one label a row; the label column holds lists of 3" },
        { "AnglELoss", { 2, 8, 8, 0, { 0, 0 }, false, false, 0, 0 },
          "AnglELoss with two text columns needs scores" },
        { "AnglELoss", { 3, 1, 8, 0, { 0, 0 }, false, false, 0, 0 }, NULL },
        { "BatchAllTripletLoss", { 1, 8, 8, 1, { 0, 0 }, true, false, 0, 1 },
          "BatchAllTripletLoss takes the number of a class as label" },
        { "BatchSemiHardTripletLoss", { 1, 1, 8, 1, { 0, 0 }, true, true, 0, 1 },
          "a batch of 1 row" },
        { "MegaBatchMarginLoss", { 2, 1, 8, 0, { 0, 0 }, false, false, 0, 0 }, "a batch of 1 row" },
        { "GlobalOrthogonalRegularizationLoss", { 1, 1, 8, 0, { 0, 0 }, false, false, 0, 0 },
          "a batch of 1 row" },
        { "MSELoss", { 2, 8, 8, 6, { 0, 6 }, true, false, 0, 1 },
          "MSELoss takes embeddings of 8 numbers as labels; the data has 6 in a row" },
        { "MSELoss", { 2, 8, 8, 1, { 0, 0 }, true, false, 0, 1 }, "the data has 1 in a row" },
        { "MSELoss", { 2, 8, 8, 16, { 2, 8 }, true, false, 0, 1 }, NULL },
        { "EmbedDistillLoss", { 2, 8, 8, 24, { 3, 8 }, true, false, 0, 1 },
          "one embedding for all text columns as label, or one for each: 2; the data has 3" },
        { "MarginMSELoss", { 4, 8, 8, 4, { 0, 4 }, true, false, 0, 1 },
          "MarginMSELoss with 2 negatives takes 2 margins a row as label, or 3 scores; the data "
          "has 4" },
        { "MarginMSELoss", { 3, 8, 8, 1, { 0, 0 }, true, false, 0, 1 }, NULL },
        { "DistillKLDivLoss", { 4, 8, 8, 4, { 0, 4 }, true, false, 0, 1 },
          "one score for each of the 3 documents of a row as label; the data has 4" },
    };
    sen_ctx *c = test_ctx(1);
    sen_loss_data graded = { 2, 8, 8, 1, { 0, 0 }, true, false, -1.0, 0.5 };
    sen_loss *l = NULL;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        CHECK_OK(c, sen_loss_new(c, row[i].name, NULL, &l));
        CHECK((sen__loss_check_data(c, l, &row[i].d) == SEN_OK) == !row[i].sentence);
        if (row[i].sentence && !strstr(sen_message(c), row[i].sentence))
            CHECK_TEXT(sen_message(c), row[i].sentence);
        sen__forgive(c);
        sen_loss_free(l);
    }
    CHECK_OK(c, sen_loss_new(c, "ContrastiveLoss", NULL, &l));
    CHECK_OK(c, sen__loss_check_data(c, l, &graded));
    CHECK(strstr(test_log_text, "ContrastiveLoss: labels should be 1 (belong together) or 0 (do "
                                "not); those of the data lie from -1.0 to 0.5") != NULL);
    sen_loss_free(l);
    sen_ctx_free(c);
}

/* A batch that does not suit the loss leaves its sentence on the tape. */
static void test_loss_batches(void)
{
    static const float label[2] = { 0.0f, 1.0f };
    sen_ctx *c = test_ctx(1);
    sen_labels labels = { label, NULL, 2, 1, { 0, 0 } };
    sen_var *emb[2];
    sen_loss *l = NULL;
    sen_tape *t;
    CHECK_OK(c, sen_loss_new(c, "CoSENTLoss", NULL, &l));
    CHECK_OK(c, sen_tape_new(c, true, &t));
    emb[0] = sen_tape_matrix(t, 3, 2);
    emb[1] = sen_tape_matrix(t, 3, 2);
    CHECK(!sen_loss_forward(l, t, emb, 2, &labels) && sen_tape_result(t) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "CoSENTLoss: 2 labels came with 3 rows");
    sen_tape_reset(t);
    sen__forgive(c);
    emb[0] = sen_tape_matrix(t, 2, 2);
    emb[1] = sen_tape_matrix(t, 2, 3);
    CHECK(!sen_loss_forward(l, t, emb, 2, &labels));
    CHECK_TEXT(sen_message(c), "CoSENTLoss: the embeddings of column 2 are no (2, 2) matrix as "
                               "those of the first");
    sen_tape_reset(t);
    sen__forgive(c);
    emb[0] = emb[1] = sen_tape_matrix(t, 2, 2);
    CHECK(!sen_loss_forward(l, t, emb, 2, NULL));
    CHECK(strstr(sen_message(c), "the data has no label") != NULL);
    sen_tape_reset(t);
    sen__forgive(c);
    emb[0] = emb[1] = sen_tape_matrix(t, 1, 2);
    labels.n = 1;
    labels.width = labels.shape.numbers = 2;
    CHECK(!sen_loss_forward(l, t, emb, 2, &labels));
    CHECK_TEXT(sen_message(c), "CoSENTLoss takes one label a row; the label column holds lists of "
                               "2 numbers");
    sen_tape_free(t);
    sen_loss_free(l);
    sen_ctx_free(c);
}

static void test_loss_label_scale(void)
{
    sen_ctx *c = test_ctx(1);
    sen_loss *cosine = NULL, *cosent = NULL;
    CHECK_OK(c, sen_loss_new(c, "CosineSimilarityLoss", NULL, &cosine));
    CHECK_OK(c, sen_loss_new(c, "CoSENTLoss", NULL, &cosent));
    CHECK(sen__loss_label_scale(cosine, 1.0) == 1.0);
    CHECK(sen__loss_label_scale(cosine, 1.0000001) == 1.0);
    CHECK(sen__loss_label_scale(cosine, 5.0) == 0.2);
    CHECK(sen__loss_label_scale(cosine, 4.8) == 0.2);
    CHECK(sen__loss_label_scale(cosine, 100.0) == 0.01);
    CHECK(sen__loss_label_scale(cosent, 5.0) == 1.0);
    sen_loss_free(cosine);
    sen_loss_free(cosent);
    sen_ctx_free(c);
}

/* ---- a user's own ---------------------------------------------------------------------------- */

typedef struct loss_own_args {
    uint32_t stamp;
    double   weight;
} loss_own_args;

static sen_var *loss_own_forward(sen_loss_call *call)
{
    const loss_own_args *a = (const loss_own_args *)call->args;
    return sen_scale(call->tape, sen_mean(call->tape, sen_row_dot(call->tape, call->emb[0],
                                                                  call->emb[0])), (float)a->weight);
}

static const sen_field loss_own_fields[] = {
    SEN_FIELD(loss_own_args, weight, SEN_KIND_DOUBLE, 2.0, "how much"),
    SEN_FIELD_END
};

static void test_loss_own(void)
{
    sen_loss_type own;
    sen_ctx *c = test_ctx(1);
    sen_arena arena;
    sen_loss *l;
    loss_batch b;
    memset(&own, 0, sizeof own);
    own.name = "LengthLoss";
    own.columns = "any text";
    own.min_columns = 1;
    own.args_size = sizeof(loss_own_args);
    own.fields = loss_own_fields;
    own.forward = loss_own_forward;
    memset(&b, 0, sizeof b);
    b.rows = 1;
    b.width = 2;
    b.columns = 1;
    b.x[0][0] = 3.0f;
    b.x[0][1] = 4.0f;
    CHECK_OK(c, sen_register_loss(c, &own));
    sen__arena_init(&arena, &c->allocator, 4096);
    l = loss_parse(c, &arena, "{\"type\": \"LengthLoss\", \"weight\": 0.5}", NULL);
    CHECK(l != NULL);
    if (l) loss_run(c, l, &b, 1.0f);
    CHECK(b.value == 12.5f && b.grad[0][0] == 3.0f && b.grad[0][1] == 4.0f);
    sen_loss_free(l);
    loss_parse(c, &arena, "{\"type\": \"LengthLos\"}", "did you mean \"LengthLoss\"?");
    sen__arena_free(&arena);
    sen_ctx_free(c);
}

/* Every allocation of making a loss fails once. */
static void test_loss_no_memory(void)
{
    static const char text[] = "{\"type\": \"CosineSimilarityLoss\", \"loss_fct\": \"L1Loss\"}";
    sen_result r = SEN_ERR_MEMORY;
    for (int64_t at = 1; r && at < 50; at++) {
        sen_ctx *c = test_ctx(1);
        sen_json *spec = NULL;
        sen_loss *l = NULL;
        sen_arena arena;
        sen__arena_init(&arena, &c->allocator, 4096);
        CHECK_OK(c, sen__json_parse(c, &arena, "job.json", text, strlen(text), 0, &spec));
        test_blocks.fail_at = test_blocks.calls + at;
        r = sen_loss_from_json(c, spec, NULL, &l);
        CHECK(!r || (r == SEN_ERR_MEMORY && !l && strstr(sen_message(c), "out of memory")));
        test_blocks.fail_at = 0;
        sen_loss_free(l);
        sen__arena_free(&arena);
        sen_ctx_free(c);
    }
    CHECK(r == SEN_OK);
}

/* Every loss of the table has met its twin, or is one that a test compares with another loss that
 * has: the Cached ones in test_train_cached, MSELoss in test_loss_twins_of_teachers. A loss that is
 * added without either fails here. */
static void test_loss_all_met(void)
{
    static const char *const other[][2] = {
        { "CachedMultipleNegativesRankingLoss", "MultipleNegativesRankingLoss" },
        { "CachedMultipleNegativesSymmetricRankingLoss", "MultipleNegativesSymmetricRankingLoss" },
        { "CachedGISTEmbedLoss", "GISTEmbedLoss" },
        { "MSELoss", "EmbedDistillLoss" },
    };
    int n = 0, others = 0;
    for (; sen__losses[n]; n++)
        for (size_t k = 0; k < sizeof other / sizeof *other; k++)
            if (strcmp(sen__losses[n]->name, other[k][0]) == 0)
                for (int i = 0; sen__losses[i]; i++)
                    if (strcmp(sen__losses[i]->name, other[k][1]) == 0 && loss_met[i]) others++;
    CHECK(others == sizeof other / sizeof *other && n < (int)sizeof loss_met);
    for (int i = 0; i < n; i++) {
        bool known = loss_met[i];
        for (size_t k = 0; k < sizeof other / sizeof *other; k++)
            known = known || strcmp(sen__losses[i]->name, other[k][0]) == 0;
        if (!known) printf("%s has no twin in double\n", sen__losses[i]->name);
        CHECK(known);
    }
}

static void test_loss(void)
{
    TEST(test_loss_golden);
    TEST(test_loss_reference);
    TEST(test_loss_twins);
    TEST(test_loss_twins_of_pairs);
    TEST(test_loss_twins_of_classes);
    TEST(test_loss_twins_of_teachers);
    TEST(test_loss_softmax);
    TEST(test_loss_matryoshka);
    TEST(test_loss_matryoshka_labels);
    TEST(test_loss_layers);
    TEST(test_loss_tension);
    TEST(test_loss_denoising);
    TEST(test_loss_chosen);
    TEST(test_loss_pieces);
    TEST(test_loss_gist);
    TEST(test_loss_all_met);
    TEST(test_loss_terms);
    TEST(test_loss_edges);
    TEST(test_loss_json);
    TEST(test_loss_spellings);
    TEST(test_loss_writing);
    TEST(test_loss_refused);
    TEST(test_loss_refused_in_c);
    TEST(test_loss_columns);
    TEST(test_loss_columns_of_all);
    TEST(test_loss_data);
    TEST(test_loss_batches);
    TEST(test_loss_label_scale);
    TEST(test_loss_own);
    TEST(test_loss_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("loss", test_loss);
}
#endif
