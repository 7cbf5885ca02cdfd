/* Every differentiable operation: its value against a twin in double, its gradient against central
 * differences of that twin, and the same bits on 1, 2 and 7 threads. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "naive_ops.h"
#include "test.h"

typedef sen_var *ops_fn(sen_tape *t, sen_var **in, const naive_op *o);

/* ---- the three checks ---- */

static double *ops_wide(const float *x, int64_t n)
{
    double *y = (double *)calloc((size_t)n + 1, sizeof *y);
    for (int64_t i = 0; i < n; i++) y[i] = (double)x[i];
    return y;
}

static float *ops_random(int64_t n, uint32_t seed)
{
    float *x = (float *)calloc((size_t)n + 1, sizeof *x);
    fill_random(x, n, seed);
    return x;
}

/* A matrix of the caller's that wants a gradient. */
static sen_var *ops_leaf(sen_tape *t, const float *x, int64_t rows, int64_t cols)
{
    sen_var *v = sen_tape_matrix(t, rows, cols);
    if (!v) return NULL;
    memcpy(v->x, x, (size_t)sen_count(v) * sizeof *x);
    v->wants_grad = v->keep = true;
    return v;
}

/* |got - expect| <= 1e-5 of the largest |expect|. */
static void ops_check_gradient(const char *name, int input, const float *got, const double *expect,
                               int64_t n)
{
    double most = 0.0, off = 0.0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(expect[i]));
    for (int64_t i = 0; i < n; i++) off = fmax(off, fabs((got ? (double)got[i] : 0.0) - expect[i]));
    if (off > 1e-5 * most && test_failures - test_failures_before < 8)
        printf("%s, input %d: the gradient is off by %.3g of %.3g\n", name, input, off, most);
    CHECK(off <= 1e-5 * most);
}

static void ops_gradients(const char *name, naive_fn *twin, const naive_op *o, double *const *in,
                          sen_var *const *var, const double *weight)
{
    naive_gradient_of g;
    double *y = (double *)calloc((size_t)naive_count(o, o->n) + 1, sizeof *y);
    g.f = twin;
    g.o = o;
    g.in = in;
    g.y = y;
    g.weight = weight;
    for (int i = 0; i < o->n; i++) {
        double *d = (double *)calloc((size_t)naive_count(o, i) + 1, sizeof *d);
        naive_gradient(d, in[i], naive_count(o, i), naive_weighted, &g);
        for (int64_t k = 0; o->frozen_row && o->frozen == i && k < o->cols[i]; k++)
            d[(o->frozen_row - 1) * o->cols[i] + k] = 0.0;
        ops_check_gradient(name, i, var[i]->g, d, naive_count(o, i));
        free(d);
    }
    free(y);
}

/* Value and gradient of one op on random matrices. */
static void ops_check(sen_ctx *c, const char *name, ops_fn *op, naive_fn *twin, const naive_op *o)
{
    const int64_t size = naive_count(o, o->n);
    float *x[NAIVE_INPUTS], *weight = ops_random(size, 99);
    double *in[NAIVE_INPUTS], *expect = ops_wide(weight, size), *wide = ops_wide(weight, size);
    sen_var *var[NAIVE_INPUTS], *y;
    sen_tape *t;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    for (int i = 0; i < o->n; i++) {
        x[i] = ops_random(naive_count(o, i), (uint32_t)i + 1);
        in[i] = ops_wide(x[i], naive_count(o, i));
        var[i] = ops_leaf(t, x[i], o->rows[i], o->cols[i]);
    }
    twin(expect, in, o);
    y = op(t, var, o);
    CHECK_OK(c, sen_tape_result(t));
    if (y) {
        CHECK(y->rows == o->rows[o->n] && y->cols == o->cols[o->n]);
        test_near(__FILE__, __LINE__, name, y->x, sizeof(float), expect, sizeof(double), size,
                  2e-6);
        y = sen_sum(t, sen_mul(t, y, sen_tape_constant(t, weight, y->rows, y->cols)));
        CHECK_OK(c, sen_backward(t, y, 1.0f));
        ops_gradients(name, twin, o, in, var, wide);
    }
    sen_tape_free(t);
    for (int i = 0; i < o->n; i++) {
        free(x[i]);
        free(in[i]);
    }
    free(weight);
    free(expect);
    free(wide);
}

typedef struct ops_bits {
    ops_fn         *op;
    const naive_op *o;
} ops_bits;

/* Value and gradients of an op, one after the other. */
static void ops_bits_of(sen_ctx *c, void *out, void *arg)
{
    const ops_bits *b = (const ops_bits *)arg;
    const naive_op *o = b->o;
    const int64_t size = naive_count(o, o->n);
    float *at = (float *)out, *weight = ops_random(size, 99);
    sen_var *var[NAIVE_INPUTS], *y;
    sen_tape *t;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    for (int i = 0; i < o->n; i++) {
        float *x = ops_random(naive_count(o, i), (uint32_t)i + 1);
        var[i] = ops_leaf(t, x, o->rows[i], o->cols[i]);
        free(x);
    }
    y = b->op(t, var, o);
    if (y) memcpy(at, y->x, (size_t)size * sizeof *at);
    y = sen_sum(t, sen_mul(t, y, sen_tape_constant(t, weight, o->rows[o->n], o->cols[o->n])));
    CHECK_OK(c, sen_backward(t, y, 1.0f));
    at += size;
    for (int i = 0; i < o->n; at += naive_count(o, i++))
        if (var[i]->g) memcpy(at, var[i]->g, (size_t)naive_count(o, i) * sizeof *at);
    sen_tape_free(t);
    free(weight);
}

static void ops_same_bits(ops_fn *op, const naive_op *o)
{
    ops_bits b;
    int64_t n = 0;
    for (int i = 0; i <= o->n; i++) n += naive_count(o, i);
    b.op = op;
    b.o = o;
    test_same_bits(ops_bits_of, (size_t)n * sizeof(float), &b);
}

/* ---- elementwise ---- */

static sen_var *ops_add(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_add(t, in[0], in[1]);
}

static sen_var *ops_sub(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_sub(t, in[0], in[1]);
}

static sen_var *ops_mul(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_mul(t, in[0], in[1]);
}

static sen_var *ops_affine(sen_tape *t, sen_var **in, const naive_op *o)
{
    const double *scale_shift = (const double *)o->arg;
    return sen_affine(t, in[0], (float)scale_shift[0], (float)scale_shift[1]);
}

static sen_var *ops_scale(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_scale(t, in[0], (float)*(const double *)o->arg);
}

static sen_var *ops_abs(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_abs(t, in[0]);
}

static sen_var *ops_activate(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_activate(t, in[0], ((const naive_activation *)o->arg)->name);
}

static void test_ops_elementwise(void)
{
    const double affine[2] = { -0.75, 0.5 }, scale[2] = { 2.5, 0.0 };
    const naive_op two = { 2, { 5, 5, 5 }, { 7, 7, 7 }, NULL, 0, 0 };
    const naive_op one = { 1, { 5, 5 }, { 7, 7 }, affine, 0, 0 };
    const naive_op scaled = { 1, { 5, 5 }, { 7, 7 }, scale, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_check(c, "add", ops_add, naive_add, &two);
    ops_check(c, "sub", ops_sub, naive_sub, &two);
    ops_check(c, "mul", ops_mul, naive_mul, &two);
    ops_check(c, "affine", ops_affine, naive_affine, &one);
    ops_check(c, "scale", ops_scale, naive_affine, &scaled);
    ops_check(c, "abs", ops_abs, naive_abs, &one);
    sen_ctx_free(c);
}

static void test_ops_activations(void)
{
    static const naive_activation act[] = {
        { "gelu", naive_gelu }, { "gelu_new", naive_gelu_new }, { "relu", naive_relu },
        { "silu", naive_silu }, { "tanh", naive_tanh }, { "sigmoid", naive_sigmoid },
        { "identity", naive_identity }, { "torch.nn.modules.activation.Tanh", naive_tanh },
    };
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    for (size_t i = 0; i < sizeof act / sizeof act[0]; i++) {
        const naive_op o = { 1, { 3, 3 }, { 23, 23 }, &act[i], 0, 0 };
        ops_check(c, act[i].name, ops_activate, naive_activate, &o);
    }
    CHECK_OK(c, sen_tape_new(c, true, &t));
    CHECK(!sen_activate(t, sen_tape_matrix(t, 1, 1), "Gelu9"));
    CHECK_TEXT(sen_message(c), "unknown activation \"Gelu9\"");
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* ---- to one number, cutting, joining ---- */

static sen_var *ops_sum(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_sum(t, in[0]);
}

static sen_var *ops_mean(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_mean(t, in[0]);
}

static sen_var *ops_slice_rows(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_slice_rows(t, in[0], *(const int64_t *)o->arg, o->rows[1]);
}

static sen_var *ops_slice_cols(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_slice_cols(t, in[0], *(const int64_t *)o->arg, o->cols[1]);
}

static sen_var *ops_stack_rows(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_stack_rows(t, in, o->n);
}

static sen_var *ops_join_cols(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_join_cols(t, in, o->n);
}

static void test_ops_cutting(void)
{
    const int64_t two = 2;
    const naive_op total = { 1, { 9, 1 }, { 7, 1 }, NULL, 0, 0 };
    const naive_op rows = { 1, { 7, 3 }, { 5, 5 }, &two, 0, 0 };
    const naive_op cols = { 1, { 5, 5 }, { 9, 4 }, &two, 0, 0 };
    const naive_op stack = { 3, { 3, 1, 5, 9 }, { 7, 7, 7, 7 }, NULL, 0, 0 };
    const naive_op join = { 3, { 5, 5, 5, 5 }, { 3, 1, 7, 11 }, NULL, 0, 0 };
    const naive_op one = { 1, { 3, 3 }, { 7, 7 }, NULL, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_check(c, "sum", ops_sum, naive_sum, &total);
    ops_check(c, "mean", ops_mean, naive_mean, &total);
    ops_check(c, "slice_rows", ops_slice_rows, naive_slice_rows, &rows);
    ops_check(c, "slice_cols", ops_slice_cols, naive_slice_cols, &cols);
    ops_check(c, "stack_rows", ops_stack_rows, naive_stack_rows, &stack);
    ops_check(c, "stack_rows of one", ops_stack_rows, naive_stack_rows, &one);
    ops_check(c, "join_cols", ops_join_cols, naive_join_cols, &join);
    ops_check(c, "join_cols of one", ops_join_cols, naive_join_cols, &one);
    sen_ctx_free(c);
}

/* ---- products ---- */

static sen_var *ops_matmul_nt(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_matmul_nt(t, in[0], in[1]);
}

static sen_var *ops_linear(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_linear_arg *a = (const naive_linear_arg *)o->arg;
    sen_var *w_b[6] = { NULL, NULL, NULL, NULL, NULL, NULL };
    for (int i = 0; i < a->parts; i++) {
        w_b[2 * i] = in[1 + i * (a->bias ? 2 : 1)];
        w_b[2 * i + 1] = a->bias ? in[2 + 2 * i] : NULL;
    }
    if (a->parts == 1 && !a->act.name) return sen_linear(t, in[0], w_b[0], w_b[1]);
    return sen__linear(t, in[0], w_b, a->parts,
                       a->act.name ? sen__activation_find(a->act.name) : NULL);
}

static void test_ops_products(void)
{
    static const naive_linear_arg plain = { 1, true, { NULL, NULL } };
    static const naive_linear_arg bare = { 1, false, { NULL, NULL } };
    static const naive_linear_arg gelu = { 1, true, { "gelu", naive_gelu } };
    static const naive_linear_arg tanh_bare = { 1, false, { "tanh", naive_tanh } };
    static const naive_linear_arg three = { 3, true, { NULL, NULL } };
    static const naive_linear_arg three_gelu = { 3, true, { "gelu", naive_gelu } };
    static const naive_linear_arg three_bare = { 3, false, { NULL, NULL } };
    const naive_op matmul = { 2, { 7, 5, 7 }, { 11, 11, 5 }, NULL, 0, 0 };
    const naive_op big_matmul = { 2, { 133, 71, 133 }, { 95, 95, 71 }, NULL, 0, 0 };
    const naive_op row = { 2, { 1, 9, 1 }, { 5, 5, 9 }, NULL, 0, 0 };
    naive_op one = { 3, { 7, 9, 1, 7 }, { 11, 11, 9, 9 }, &plain, 0, 0 };
    naive_op without = { 2, { 7, 9, 7 }, { 11, 11, 9 }, &bare, 0, 0 };
    naive_op parts = { 7, { 7, 5, 1, 5, 1, 5, 1, 7 }, { 11, 11, 5, 11, 5, 11, 5, 15 },
                       &three, 0, 0 };
    naive_op pure = { 4, { 7, 5, 5, 5, 7 }, { 11, 11, 11, 11, 15 }, &three_bare, 0, 0 };
    naive_op big = { 7, { 301, 65, 1, 65, 1, 65, 1, 301 }, { 67, 67, 65, 67, 65, 67, 65, 195 },
                     &three_gelu, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_check(c, "matmul_nt", ops_matmul_nt, naive_matmul_nt, &matmul);
    ops_check(c, "matmul_nt of a row", ops_matmul_nt, naive_matmul_nt, &row);
    ops_check(c, "linear", ops_linear, naive_linear, &one);
    one.arg = &gelu;
    ops_check(c, "linear + gelu", ops_linear, naive_linear, &one);
    ops_check(c, "linear without bias", ops_linear, naive_linear, &without);
    without.arg = &tanh_bare;
    ops_check(c, "linear + tanh without bias", ops_linear, naive_linear, &without);
    ops_check(c, "3 linear", ops_linear, naive_linear, &parts);
    parts.arg = &three_gelu;
    ops_check(c, "3 linear + gelu", ops_linear, naive_linear, &parts);
    ops_check(c, "3 linear without bias", ops_linear, naive_linear, &pure);
    sen_ctx_free(c);
    ops_same_bits(ops_matmul_nt, &big_matmul);
    ops_same_bits(ops_linear, &big);
}

/* ---- embeddings: a table of words whose row 2 is padding, of positions, of types ---- */

#define OPS_TOKENS 300

static int32_t ops_words[OPS_TOKENS], ops_places[OPS_TOKENS];

static sen_var *ops_embed(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_embed_arg *a = (const naive_embed_arg *)o->arg;
    static sen_tensor words;                    /* what the tape knows of the first table */
    static float grad[50 * 133];                /* zeros stand for the rows that no token names */
    static unsigned char grad_row[50];
    memset(&words, 0, sizeof words);
    memset(grad, 0, sizeof grad);
    memset(grad_row, 0, sizeof grad_row);
    words.padding_row = o->frozen_row - 1;
    words.ndim = 2;
    words.shape[0] = o->rows[0];
    words.shape[1] = o->cols[0];
    words.count = o->rows[0] * o->cols[0];
    words.grad = grad;
    words.grad_row = grad_row;
    if (in[0]) {
        in[0]->tensor = &words;
        in[0]->g = grad;
    }
    return sen__embed(t, in, a->index, o->n, o->rows[o->n]);
}

static void test_ops_embeddings(void)
{
    naive_embed_arg a = { { ops_words, ops_places, NULL } };
    naive_op o = { 3, { 7, 9, 2, 13 }, { 11, 11, 11, 11 }, &a, 0, 3 };
    naive_op big = { 3, { 50, 9, 2, OPS_TOKENS }, { 133, 133, 133, 133 }, &a, 0, 3 };
    sen_ctx *c = test_ctx(1);
    for (int i = 0; i < OPS_TOKENS; i++) {
        ops_words[i] = i * i % 7;
        ops_places[i] = i % 9;
    }
    ops_check(c, "embeddings", ops_embed, naive_embed, &o);
    o.frozen_row = 0;
    ops_check(c, "embeddings without padding", ops_embed, naive_embed, &o);
    sen_ctx_free(c);
    ops_same_bits(ops_embed, &big);
}

/* ---- a packed batch with dropout ---- */

#define OPS_SEQUENCES 6
#define OPS_SITE 9                              /* layer 0, attention output */

static const int32_t ops_first[OPS_SEQUENCES + 1] = { 0, 3, 4, 4, 11, 16, 17 };
static const int32_t ops_big_first[OPS_SEQUENCES + 1] = { 0, 61, 62, 62, 120, 181, 240 };

typedef struct ops_batch {
    sen__dropout         d;
    int32_t              position[OPS_TOKENS], owner[OPS_TOKENS];
    unsigned char       *mask;                  /* bits of OPS_SITE */
    const unsigned char *bits[OPS_SITE + 1];
    int64_t              attention_at[OPS_SEQUENCES];
} ops_batch;

/* first (OPS_SEQUENCES + 1); with mask bits where `torch` is set. The caller frees b->mask. */
static void ops_batch_fill(ops_batch *b, const int32_t *first, int heads, int torch)
{
    int64_t at = 5;                             /* no multiple of eight: any place will do */
    memset(b, 0, sizeof *b);
    b->d.key = 0x123456789ABCDEFu;
    b->d.micro_step = 3;
    b->d.position = b->position;
    b->d.owner = b->owner;
    b->d.first = first;
    for (int32_t s = 0; s < OPS_SEQUENCES; s++) {
        const int64_t len = first[s + 1] - first[s];
        for (int32_t i = first[s]; i < first[s + 1]; i++) {
            b->position[i] = i - first[s];
            b->owner[i] = 2 * s + 1;
        }
        b->attention_at[s] = at;
        at += heads * len * len;
    }
    if (!torch) return;
    b->mask = (unsigned char *)calloc(100000, 1);
    for (uint32_t i = 0; i < 100000; i++)
        b->mask[i] = (unsigned char)((i * 2654435761u >> 13) | 0x11);
    b->bits[OPS_SITE] = b->mask;
    b->d.bits = b->bits;
    b->d.attention_at = b->attention_at;
}

static sen_var *ops_dropout(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_drop_arg *a = (const naive_drop_arg *)o->arg;
    t->dropout = a->d;
    return sen__drop(t, in[0], a->p, a->site);
}

static void test_ops_dropout(void)
{
    for (int torch = 0; torch < 2; torch++) {
        ops_batch b, wide;
        naive_drop_arg a = { &b.d, OPS_SITE, 0.3f }, w = { &wide.d, OPS_SITE, 0.1f };
        const naive_op o = { 1, { 17, 17 }, { 67, 67 }, &a, 0, 0 };
        const naive_op long_rows = { 1, { 3, 3 }, { 2305, 2305 }, &a, 0, 0 };   /* > 1 piece */
        const naive_op big = { 1, { 240, 240 }, { 133, 133 }, &w, 0, 0 };
        sen_ctx *c = test_ctx(1);
        ops_batch_fill(&b, ops_first, 1, torch);
        ops_batch_fill(&wide, ops_big_first, 1, torch);
        ops_check(c, "dropout", ops_dropout, naive_dropout, &o);
        if (!torch) ops_same_bits(ops_dropout, &big);
        a.p = 0.0f;
        if (!torch) ops_check(c, "dropout of 0", ops_dropout, naive_dropout, &o);
        a.p = 0.5f;
        {
            sen_tape *t;
            float *x = ops_random(3 * 2305, 1);
            double *in = ops_wide(x, 3 * 2305), *y = ops_wide(x, 3 * 2305);
            sen_var *v, *d;
            CHECK_OK(c, sen_tape_new(c, true, &t));
            v = ops_leaf(t, x, 3, 2305);
            d = ops_dropout(t, &v, &long_rows);
            naive_dropout(y, &in, &long_rows);
            CHECK(d != NULL);
            if (d) CHECK_NEAR(d->x, y, 3 * 2305, 1e-7);
            sen_tape_free(t);
            free(x);
            free(in);
            free(y);
        }
        free(b.mask);
        free(wide.mask);
        sen_ctx_free(c);
    }
}

/* ---- layer norm ---- */

static sen_var *ops_norm(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_norm_arg *a = (const naive_norm_arg *)o->arg;
    t->dropout = a->drop.d;
    return sen__layer_norm(t, in[0], a->residual ? in[1] : NULL, in[a->residual ? 2 : 1],
                           a->beta ? in[o->n - 1] : NULL, (float)a->eps, a->drop.p, a->drop.site);
}

static void test_ops_layer_norm(void)
{
    ops_batch b, torch, wide;
    naive_norm_arg a = { false, true, 1e-5, { NULL, OPS_SITE, 0.25f } };
    naive_op x = { 3, { 17, 1, 1, 17 }, { 19, 19, 19, 19 }, &a, 0, 0 };
    naive_op bare = { 2, { 17, 1, 17 }, { 19, 19, 19 }, &a, 0, 0 };
    naive_op both = { 4, { 17, 17, 1, 1, 17 }, { 19, 19, 19, 19, 19 }, &a, 0, 0 };
    naive_op big = { 4, { 240, 240, 1, 1, 240 }, { 133, 133, 133, 133, 133 }, &a, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_batch_fill(&b, ops_first, 1, 0);
    ops_batch_fill(&torch, ops_first, 1, 1);
    ops_batch_fill(&wide, ops_big_first, 1, 0);
    ops_check(c, "layer norm", ops_norm, naive_norm, &x);
    a.drop.d = &b.d;
    ops_check(c, "layer norm, dropout", ops_norm, naive_norm, &x);
    a.beta = false;
    ops_check(c, "layer norm, dropout, no beta", ops_norm, naive_norm, &bare);
    a.residual = a.beta = true;
    ops_check(c, "layer norm, residual, dropout", ops_norm, naive_norm, &both);
    a.drop.d = &torch.d;
    ops_check(c, "layer norm, residual, torch's dropout", ops_norm, naive_norm, &both);
    a.drop.d = NULL;
    ops_check(c, "layer norm, residual", ops_norm, naive_norm, &both);
    ops_same_bits(ops_norm, &big);
    a.drop.d = &wide.d;
    ops_same_bits(ops_norm, &big);
    sen_ctx_free(c);
    free(torch.mask);
}

/* ---- attention ---- */

static sen_var *ops_attention(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_attention_arg *a = (const naive_attention_arg *)o->arg;
    sen__attend attend;
    memset(&attend, 0, sizeof attend);
    attend.n = a->n;
    attend.first = a->first;
    attend.heads = a->heads;
    attend.head_dim = a->dim;
    attend.scale = (float)a->scale;
    t->dropout = a->drop.d;
    return sen__attention(t, in[0], &attend, a->drop.p, a->drop.site);
}

static void test_ops_attention(void)
{
    ops_batch b, torch, wide;
    naive_attention_arg a = { OPS_SEQUENCES, ops_first, 2, 5, 0.447, { NULL, OPS_SITE, 0.25f } };
    naive_attention_arg w = { OPS_SEQUENCES, ops_big_first, 3, 11, 0.3,
                              { &wide.d, OPS_SITE, 0.1f } };
    naive_op o = { 1, { 17, 17 }, { 30, 10 }, &a, 0, 0 };
    naive_op big = { 1, { 240, 240 }, { 99, 33 }, &w, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_batch_fill(&b, ops_first, 2, 0);
    ops_batch_fill(&torch, ops_first, 2, 1);
    ops_batch_fill(&wide, ops_big_first, 3, 0);
    ops_check(c, "attention", ops_attention, naive_attention, &o);
    a.drop.d = &b.d;
    ops_check(c, "attention, dropout", ops_attention, naive_attention, &o);
    a.drop.d = &torch.d;
    ops_check(c, "attention, torch's dropout", ops_attention, naive_attention, &o);
    ops_same_bits(ops_attention, &big);
    sen_ctx_free(c);
    free(torch.mask);
}

/* ---- pooling ---- */

static sen_var *ops_pool(sen_tape *t, sen_var **in, const naive_op *o)
{
    const naive_pool_arg *a = (const naive_pool_arg *)o->arg;
    return sen__pool_tokens(t, in[0], (sen__pooling)a->mode, a->first, a->skip, a->n);
}

static void test_ops_pooling(void)
{
    static const int32_t skip[OPS_SEQUENCES] = { 1, 1, 0, 2, 3, 0 };    /* nothing is left of 1 */
    naive_pool_arg a = { 0, OPS_SEQUENCES, ops_first, NULL };
    naive_pool_arg w = { 0, OPS_SEQUENCES, ops_big_first, NULL };
    const naive_op o = { 1, { 17, OPS_SEQUENCES }, { 13, 13 }, &a, 0, 0 };
    const naive_op big = { 1, { 240, OPS_SEQUENCES }, { 771, 771 }, &w, 0, 0 };
    sen_ctx *c = test_ctx(1);
    for (int mode = SEN__POOL_CLS; mode <= SEN__POOL_LAST; mode++) {
        a.mode = w.mode = mode;
        a.skip = NULL;
        ops_check(c, "pooling", ops_pool, naive_pool, &o);
        a.skip = skip;
        ops_check(c, "pooling without the prompt", ops_pool, naive_pool, &o);
        ops_same_bits(ops_pool, &big);
    }
    sen_ctx_free(c);
}

/* ---- row by row, every pair ---- */

static sen_var *ops_normalize(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_normalize(t, in[0]);
}

static sen_var *ops_row_dot(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_row_dot(t, in[0], in[1]);
}

static sen_var *ops_row_euclidean(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_row_euclidean(t, in[0], in[1]);
}

static sen_var *ops_row_manhattan(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_row_manhattan(t, in[0], in[1]);
}

static sen_var *ops_row_cosine(sen_tape *t, sen_var **in, const naive_op *o)
{
    (void)o;
    return sen_row_cosine(t, in[0], in[1]);
}

static sen_var *ops_similarities(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_similarity_matrix(t, *(const int *)o->arg, in[0], in[1]);
}

static sen_var *ops_pairwise(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen_pairwise_similarity(t, *(const int *)o->arg, in[0], in[1]);
}

static void test_ops_similarities(void)
{
    int kind = SEN_DOT_SCORE;
    const naive_op x = { 1, { 7, 7 }, { 13, 13 }, NULL, 0, 0 };
    const naive_op rows = { 2, { 7, 7, 7 }, { 13, 13, 1 }, &kind, 0, 0 };
    const naive_op pairs = { 2, { 7, 5, 7 }, { 13, 13, 5 }, &kind, 0, 0 };
    const naive_op big = { 2, { 97, 65, 97 }, { 133, 133, 65 }, &kind, 0, 0 };
    sen_ctx *c = test_ctx(1);
    ops_check(c, "normalize", ops_normalize, naive_normalize_rows, &x);
    ops_check(c, "row_dot", ops_row_dot, naive_pairwise, &rows);
    ops_check(c, "row_cosine", ops_row_cosine, naive_cosines, &rows);
    kind = SEN_EUCLIDEAN_SIM;
    ops_check(c, "row_euclidean", ops_row_euclidean, naive_distances, &rows);
    kind = SEN_MANHATTAN_SIM;
    ops_check(c, "row_manhattan", ops_row_manhattan, naive_distances, &rows);
    for (kind = SEN_COS_SIM; kind <= SEN_MANHATTAN_SIM; kind++) {
        ops_check(c, "similarity matrix", ops_similarities, naive_similarities, &pairs);
        ops_check(c, "pairwise similarity", ops_pairwise, naive_pairwise, &rows);
        ops_same_bits(ops_similarities, &big);
    }
    sen_ctx_free(c);
}

/* Where formulas have corners: zero rows, equal rows. Nothing may become NaN. */
static void test_ops_corners(void)
{
    static const float zero[6] = { 0 }, x[6] = { 1, 2, 3, 0, 0, 0 };
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *a, *b, *y;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    a = ops_leaf(t, x, 2, 3);
    b = ops_leaf(t, x, 2, 3);
    y = sen_add(t, sen_sum(t, sen_row_euclidean(t, a, b)), sen_sum(t, sen_row_manhattan(t, a, b)));
    y = sen_add(t, y, sen_sum(t, sen_similarity_matrix(t, SEN_EUCLIDEAN_SIM, a, a)));
    CHECK_OK(c, sen_backward(t, y, 1.0f));
    CHECK(b->g != NULL);
    if (b->g) CHECK_NEAR(b->g, zero, 6, 0.0);
    for (int i = 0; a->g && i < 6; i++) CHECK(!isnan(a->g[i]));
    sen_tape_reset(t);
    a = ops_leaf(t, zero, 2, 3);
    b = ops_leaf(t, x, 2, 3);
    y = sen_add(t, sen_row_cosine(t, a, b), sen_pairwise_similarity(t, SEN_COS_SIM, a, b));
    CHECK(y != NULL);
    if (y) CHECK_NEAR(y->x, zero, 2, 0.0);
    CHECK_OK(c, sen_backward(t, sen_sum(t, y), 1.0f));
    if (b->g) CHECK_NEAR(b->g, zero, 6, 0.0);
    for (int i = 0; a->g && i < 6; i++) CHECK(isfinite(a->g[i]));
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* ---- one number at the end ---- */

static sen_var *ops_cross_entropy(sen_tape *t, sen_var **in, const naive_op *o)
{
    const int32_t *target = (const int32_t *)o->arg;
    return target ? sen_cross_entropy(t, in[0], target) : sen_cross_entropy_diagonal(t, in[0]);
}

static sen_var *ops_rank(sen_tape *t, sen_var **in, const naive_op *o)
{
    return sen__rank_loss(t, in[0], (const float *)o->arg);
}

static void test_ops_last(void)
{
    static const int32_t target[5] = { 8, 0, 3, 3, 1 }, wrong[1] = { 9 };
    static const float label[7] = { 0.5f, 0.0f, 1.0f, 0.5f, -2.0f, 1.0f, 0.25f }, same[7] = { 0 };
    naive_op o = { 1, { 5, 1 }, { 9, 1 }, target, 0, 0 };
    naive_op rank = { 1, { 7, 1 }, { 1, 1 }, label, 0, 0 };
    float masked[4] = { 1.0f, -INFINITY, 2.0f, 0.5f };
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x;
    ops_check(c, "cross-entropy", ops_cross_entropy, naive_cross_entropies, &o);
    o.arg = NULL;
    ops_check(c, "cross-entropy of the diagonal", ops_cross_entropy, naive_cross_entropies, &o);
    ops_check(c, "rank loss", ops_rank, naive_rank, &rank);
    rank.arg = same;
    ops_check(c, "rank loss of equal labels", ops_rank, naive_rank, &rank);
    CHECK_OK(c, sen_tape_new(c, true, &t));
    x = ops_leaf(t, masked, 2, 2);              /* a masked score has no gradient and spoils none */
    CHECK_OK(c, sen_backward(t, sen_cross_entropy_diagonal(t, x), 1.0f));
    CHECK(x->g && x->g[0] == 0.0f && x->g[1] == 0.0f && x->g[2] > 0.0f && x->g[3] < 0.0f);
    sen_tape_reset(t);
    x = ops_leaf(t, masked, 1, 4);
    CHECK(!sen_cross_entropy(t, x, wrong));
    CHECK_TEXT(sen_message(c), "cross-entropy: row 0 asks for class 9 of 4");
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* Large differences must not overflow: e^300 is no float, nor e^1000 a double. */
static void test_ops_far_ranks(void)
{
    static const float label[2] = { 0.0f, 1.0f }, s[2] = { 700.0f, -700.0f };
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x, *y;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    x = ops_leaf(t, s, 2, 1);
    y = sen__rank_loss(t, x, label);
    CHECK(y && y->x[0] == 1400.0f);
    CHECK_OK(c, sen_backward(t, y, 0.5f));
    CHECK(x->g && x->g[0] == 0.5f && x->g[1] == -0.5f);
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* ---- what cannot be ---- */

static void ops_refused(sen_ctx *c, sen_tape *t, const sen_var *y, const char *sentence)
{
    CHECK(!y);
    CHECK(sen_tape_result(t) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), sentence);
    sen_tape_reset(t);
    sen__forgive(c);
}

static void test_ops_shapes(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *two[2];
    CHECK_OK(c, sen_tape_new(c, true, &t));
    ops_refused(c, t, sen_add(t, sen_tape_matrix(t, 2, 3), sen_tape_matrix(t, 3, 2)),
                "add needs equal shapes, not (2, 3) and (3, 2)");
    ops_refused(c, t, sen_row_cosine(t, sen_tape_matrix(t, 2, 3), sen_tape_matrix(t, 3, 3)),
                "row_cosine needs equal shapes, not (2, 3) and (3, 3)");
    ops_refused(c, t, sen_matmul_nt(t, sen_tape_matrix(t, 2, 3), sen_tape_matrix(t, 3, 2)),
                "a product with a transposed matrix needs as many columns in both, not (2, 3) and "
                "(3, 2)");
    ops_refused(c, t, sen_linear(t, sen_tape_matrix(t, 2, 3), sen_tape_matrix(t, 3, 2), NULL),
                "linear needs as many columns in both, not (2, 3) and (3, 2)");
    ops_refused(c, t, sen_similarity_matrix(t, SEN_MANHATTAN_SIM, sen_tape_matrix(t, 2, 3),
                                            sen_tape_matrix(t, 3, 2)),
                "a matrix of distances needs as many columns in both, not (2, 3) and (3, 2)");
    two[0] = sen_tape_matrix(t, 2, 3);
    two[1] = sen_tape_matrix(t, 3, 2);
    ops_refused(c, t, sen_stack_rows(t, two, 2),
                "stack_rows needs as many columns in both, not (2, 3) and (3, 2)");
    two[0] = sen_tape_matrix(t, 2, 3);
    two[1] = sen_tape_matrix(t, 3, 2);
    ops_refused(c, t, sen_join_cols(t, two, 2),
                "join_cols needs as many rows in all, not (2, 3) and (3, 2)");
    ops_refused(c, t, sen_slice_rows(t, sen_tape_matrix(t, 2, 3), 1, 2),
                "a slice of 2 from 1 on does not lie within 2");
    ops_refused(c, t, sen_slice_cols(t, sen_tape_matrix(t, 2, 3), -1, 2),
                "a slice of 2 from -1 on does not lie within 3");
    ops_refused(c, t, sen_cross_entropy_diagonal(t, sen_tape_matrix(t, 3, 2)),
                "cross-entropy: row 2 asks for class 2 of 2");
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* ---- random numbers of dropout ---- */

/* The masks of one seed, for good: worked out apart from this library, from the rule that the ops
 * chapter states (key 42, micro-step 3, position 7, row * K + column 5, p 0.3). No version may
 * change them. */
static void test_ops_dropout_vector(void)
{
    static const char hidden[] = "1111110011111110110110111101111111111011";
    static const char attention[] = "101011111";
    int32_t position[8], owner[9], first[2] = { 0, 9 };
    sen__dropout d;
    sen__drop_attention a;
    float mult[40];
    char got[41];
    int i;
    memset(&d, 0, sizeof d);
    for (i = 0; i < 8; i++) position[i] = i;
    for (i = 0; i < 9; i++) owner[i] = 5;
    d.key = 42;
    d.micro_step = 3;
    d.position = position;
    d.owner = owner;
    d.first = first;
    sen__drop_row(&d, SEN__SITE(1, 2), 0.3f, 7, 40, 0, mult, 40);
    for (i = 0; i < 40; i++) got[i] = mult[i] > 0 ? '1' : '0';
    got[40] = 0;
    CHECK_TEXT(got, hidden);
    a.d = &d;
    a.site = SEN__SITE(1, 0);
    a.p = 0.3f;
    sen__drop_attention_rows(&a, 0, 2, 4, 1, mult, 9);
    for (i = 0; i < 9; i++) got[i] = mult[i] > 0 ? '1' : '0';
    got[9] = 0;
    CHECK_TEXT(got, attention);
}

/* Several counters at a time against one at a time; rows of any length, and a piece of one. */
static void test_ops_philox(void)
{
    const int64_t lengths[] = { 1, 3, 4, 17, 100, 512, 515 };
    const uint64_t key = 0xFEDCBA9876543210u;
    static float mult[8 * 520];
    uint32_t one[4];
    for (size_t k = 0; k < SEN__COUNT(lengths); k++) {
        const int64_t n = lengths[k], stride = n + 5;
        for (int64_t i = 0; i < 8 * 520; i++) mult[i] = 7.0f;
        sen__drop_counters(mult, stride, 7, n, 0.5f, key, 0xFFFFFFF0, 0xFFFFFFFDu, 11, 13);
        for (int64_t r = 0; r < 7; r++)
            for (int64_t i = 0; i < stride; i++) {
                const uint32_t counter[4] = { (uint32_t)(0xFFFFFFF0 / 4 + i / 4),
                                              0xFFFFFFFDu + (uint32_t)r, 11, 13 };
                sen__philox(one, key, counter);
                CHECK(mult[r * stride + i] == (i >= n ? 7.0f : one[i % 4] >> 31 ? 0.0f : 2.0f));
            }
    }
}

static void test_ops(void)
{
    TEST(test_ops_elementwise);
    TEST(test_ops_activations);
    TEST(test_ops_cutting);
    TEST(test_ops_products);
    TEST(test_ops_embeddings);
    TEST(test_ops_dropout);
    TEST(test_ops_layer_norm);
    TEST(test_ops_attention);
    TEST(test_ops_pooling);
    TEST(test_ops_similarities);
    TEST(test_ops_corners);
    TEST(test_ops_last);
    TEST(test_ops_far_ranks);
    TEST(test_ops_shapes);
    TEST(test_ops_philox);
    TEST(test_ops_dropout_vector);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("ops", test_ops);
}
#endif
