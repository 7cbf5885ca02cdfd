/* Attention over packed sequences, forward and backward, against plain loops in double; the same
 * bits alone, in a batch and on any number of threads. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include <stdlib.h>

#define ATTEND_BUCKETS 5                    /* distances -2 .. 2, farther ones clipped */

typedef struct attend_case {
    int           heads, kv_heads, dim;
    int           bias, drop, causal;
    int64_t       window;
    int           n;
    const int32_t *lengths;
    int           bf16;
} attend_case;

/* All that a run takes and gives; float for the library, double for the naive twin. */
typedef struct attend_data {
    attend_case t;
    int32_t     first[64];
    int64_t     rows, q_stride, kv_stride, out_stride;
    float      *q, *kv, *dout;              /* k and v stand in one matrix, kv (T,2*kv_heads*D) */
    float      *out, *lse, *dq, *dkv;
    float       table[64 * ATTEND_BUCKETS]; /* the bias of a head and a distance */
    double     *out2, *dq2, *dkv2;
    double      dbias[64 * 64 * ATTEND_BUCKETS], dtable2[64 * ATTEND_BUCKETS];
    int64_t     seq_shift;                  /* added to seq: a sequence alone keeps its dropout */
} attend_data;

static int attend_bucket(int64_t i, int64_t j)
{
    const int64_t d = j - i;
    return (int)(d < -2 ? 0 : d > 2 ? 4 : d + 2);
}

static float attend_mult(int64_t seq, int head, int64_t i, int64_t j)
{
    uint32_t h = (uint32_t)(seq * 7919 + head * 104729 + i * 1299709 + j * 15485863);
    h ^= h >> 13;
    h *= 2654435761u;
    h ^= h >> 15;
    return h % 10 < 2 ? 0.0f : 1.25f;
}

static const float *attend_bias_row(void *arg, int head, int64_t len, int64_t qpos, float *tmp)
{
    const attend_data *d = (const attend_data *)arg;
    const float *row = d->table + head * ATTEND_BUCKETS;
    for (int64_t j = 0; j < len; j++) tmp[j] = row[attend_bucket(qpos, j)];
    return tmp;
}

static void attend_dbias_row(void *arg, int64_t seq, int head, int64_t qpos, const float *ds,
                             int64_t from, int64_t count)
{
    attend_data *d = (attend_data *)arg;
    double *sum = d->dbias + (seq * 64 + head) * ATTEND_BUCKETS;
    for (int64_t j = 0; j < count; j++) sum[attend_bucket(qpos, from + j)] += (double)ds[j];
}

static void attend_drop_rows(void *arg, int64_t seq, int head, int64_t qpos, int64_t rows,
                             float *mult, int64_t len)
{
    const attend_data *d = (const attend_data *)arg;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < len; j++)
            mult[r * len + j] = attend_mult(seq + d->seq_shift, head, qpos + r, j);
}

static float *attend_floats(int64_t n)
{
    return (float *)calloc((size_t)n + 1, sizeof(float));
}

static double *attend_doubles(int64_t n)
{
    return (double *)calloc((size_t)n + 1, sizeof(double));
}

static attend_data *attend_new(attend_case t)
{
    attend_data *d = (attend_data *)calloc(1, sizeof *d);
    d->t = t;
    for (int s = 0; s < t.n; s++) d->first[s + 1] = d->first[s] + t.lengths[s];
    d->rows = d->first[t.n];
    d->q_stride = t.heads * t.dim + 3;      /* rows that do not follow each other directly */
    d->kv_stride = 2 * t.kv_heads * t.dim;
    d->out_stride = t.heads * t.dim;
    d->q = attend_floats(d->rows * d->q_stride);
    d->kv = attend_floats(d->rows * d->kv_stride);
    d->dout = attend_floats(d->rows * d->out_stride);
    d->out = attend_floats(d->rows * d->out_stride);
    d->lse = attend_floats(d->rows * t.heads);
    d->dq = attend_floats(d->rows * d->q_stride);
    d->dkv = attend_floats(d->rows * d->kv_stride);
    d->out2 = attend_doubles(d->rows * d->out_stride);
    d->dq2 = attend_doubles(d->rows * d->q_stride);
    d->dkv2 = attend_doubles(d->rows * d->kv_stride);
    fill_random(d->q, d->rows * d->q_stride, 1);
    fill_random(d->kv, d->rows * d->kv_stride, 2);
    fill_random(d->dout, d->rows * d->out_stride, 3);
    fill_random(d->table, 64 * ATTEND_BUCKETS, 4);
    for (int64_t i = 0; i < d->rows * d->q_stride; i++) d->q[i] *= 3.0f;
    return d;
}

static void attend_free(attend_data *d)
{
    free(d->q); free(d->kv); free(d->dout); free(d->out); free(d->lse); free(d->dq); free(d->dkv);
    free(d->out2); free(d->dq2); free(d->dkv2);
    free(d);
}

/* The library's answer for sequences s0 .. s1 - 1 of the data. */
static void attend_call(sen_ctx *c, attend_data *d, int s0, int s1, int reads)
{
    int32_t first[64];
    const int64_t row = d->first[s0], width = (int64_t)d->t.kv_heads * d->t.dim;
    const float *q = d->q + row * d->q_stride, *kv = d->kv + row * d->kv_stride;
    float *out = d->out + row * d->out_stride, *lse = d->lse + row * d->t.heads;
    float *dq = d->dq + row * d->q_stride, *dkv = d->dkv + row * d->kv_stride;
    sen__attend a;
    memset(&a, 0, sizeof a);
    for (int s = s0; s <= s1; s++) first[s - s0] = d->first[s] - d->first[s0];
    d->seq_shift = s0;
    a.n = s1 - s0;
    a.first = first;
    a.heads = d->t.heads;
    a.kv_heads = d->t.kv_heads == d->t.heads ? 0 : d->t.kv_heads;
    a.head_dim = d->t.dim;
    a.q = q;
    a.k = kv;
    a.v = kv + width;
    a.q_stride = d->q_stride;
    a.kv_stride = d->kv_stride;
    a.scale = (float)(1.0 / sqrt((double)d->t.dim));
    a.bf16 = d->t.bf16 != 0;
    a.causal = d->t.causal != 0;
    a.window = d->t.window;
    a.reads = reads;
    if (d->t.bias) {
        a.bias_row = attend_bias_row;
        a.dbias_row = attend_dbias_row;
    }
    if (d->t.drop) a.drop_rows = attend_drop_rows;
    a.bias_arg = a.dbias_arg = a.drop_arg = d;
    a.add = d->t.bias != 0;                     /* to zeros; or nothing stands there yet */
    for (int64_t r = 0; r < first[s1 - s0] && !a.add; r++) {
        for (int64_t j = 0; j < (int64_t)d->t.heads * d->t.dim; j++)
            dq[r * d->q_stride + j] = (float)NAN;
        for (int64_t j = 0; j < 2 * width; j++) dkv[r * d->kv_stride + j] = (float)NAN;
    }
    CHECK(sen__attend_forward(c, out, lse, &a) == SEN_OK);
    CHECK(sen__attend_backward(c, dq, dkv, dkv + width, d->dout + row * d->out_stride, out, lse, &a)
          == SEN_OK);
}

static void attend_run(sen_ctx *c, attend_data *d, int s0, int s1)
{
    attend_call(c, d, s0, s1, SEN_ALL_TOKENS);
}

static int attend_sees(const attend_case *t, int64_t i, int64_t j)
{
    const int64_t off = i < j ? j - i : i - j;
    return (!t->causal || j <= i) && (!t->window || off <= t->window);
}

/* An operand of a product, as the library takes it. */
static double attend_operand(const attend_case *t, double x)
{
    return t->bf16 ? (double)sen__bf16_to_float(sen__bf16_from_float((float)x)) : x;
}

/* One query of one head: adds to out2, dq2, dkv2, dtable2. p, g: room for len doubles. */
static void attend_naive_row(attend_data *d, int s, int h, int64_t i, double *p, double *g)
{
    const attend_case *t = &d->t;
    const int64_t len = t->lengths[s], row = d->first[s], dim = t->dim;
    const int64_t kv = h / (t->heads / t->kv_heads) * dim, vat = kv + t->kv_heads * dim;
    const float *q = d->q + (row + i) * d->q_stride + h * dim;
    const float *dy = d->dout + (row + i) * d->out_stride + h * dim;
    const double scale = (double)(float)(1.0 / sqrt((double)dim));
    double most = -1e300, z = 0.0, delta = 0.0;
    for (int64_t j = 0; j < len; j++) {
        p[j] = 0.0;
        for (int64_t e = 0; e < dim; e++)
            p[j] += scale * attend_operand(t, (double)q[e]) *
                    attend_operand(t, (double)d->kv[(row + j) * d->kv_stride + kv + e]);
        if (t->bias) p[j] += (double)d->table[h * ATTEND_BUCKETS + attend_bucket(i, j)];
        if (!attend_sees(t, i, j)) p[j] = -1e300;
        most = fmax(most, p[j]);
    }
    for (int64_t j = 0; j < len; j++) z += p[j] = exp(p[j] - most);
    for (int64_t j = 0; j < len; j++) {
        const double m = t->drop ? (double)attend_mult(s, h, i, j) : 1.0;
        const double unscaled = attend_operand(t, p[j] * m) / z;
        p[j] /= z;
        g[j] = 0.0;
        for (int64_t e = 0; e < dim; e++) {
            const int64_t at = (row + j) * d->kv_stride + vat + e;
            const double v = attend_operand(t, (double)d->kv[at]);
            const double dy_e = attend_operand(t, (double)dy[e]);
            d->out2[(row + i) * d->out_stride + h * dim + e] += unscaled * v;
            d->dkv2[at] += attend_operand(t, p[j] * m) * dy_e;
            g[j] += m * dy_e * v;
            delta += unscaled * v * dy_e;
        }
    }
    for (int64_t j = 0; j < len; j++) {
        const double ds = p[j] * (g[j] - delta), factor = attend_operand(t, ds);
        d->dtable2[h * ATTEND_BUCKETS + attend_bucket(i, j)] += ds;
        for (int64_t e = 0; e < dim; e++) {
            const int64_t at = (row + j) * d->kv_stride + kv + e;
            d->dq2[(row + i) * d->q_stride + h * dim + e] +=
                scale * factor * attend_operand(t, (double)d->kv[at]);
            d->dkv2[at] += scale * factor * attend_operand(t, (double)q[e]);
        }
    }
}

static void attend_naive(attend_data *d)
{
    for (int s = 0; s < d->t.n; s++) {
        double *p = attend_doubles(2 * d->t.lengths[s]);
        for (int h = 0; h < d->t.heads; h++)
            for (int64_t i = 0; i < d->t.lengths[s]; i++)
                attend_naive_row(d, s, h, i, p, p + d->t.lengths[s]);
        free(p);
    }
}

/* The largest difference, relative to the largest number expected. */
static double attend_error(const float *x, const double *expect, int64_t n)
{
    double worst = 0.0, size = 1e-30;
    for (int64_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)x[i] - expect[i]));
        size = fmax(size, fabs(expect[i]));
    }
    return worst / size;
}

/* The same of the root of the mean square. */
static double attend_spread(const float *x, const double *expect, int64_t n)
{
    double off = 0.0, size = 1e-30;
    for (int64_t i = 0; i < n; i++) {
        off += ((double)x[i] - expect[i]) * ((double)x[i] - expect[i]);
        size += expect[i] * expect[i];
    }
    return sqrt(off / size);
}

/* In bf16 a probability near the middle of two numbers may be rounded to another one here than in
 * the twin: few are, which the mean shows. Where one operand is not rounded at all, the mean is off
 * by a thousandth. */
static void attend_check_bf16(sen_ctx *c, attend_case t)
{
    attend_data *d;
    double forward, dq, dkv;
    t.bf16 = 1;
    d = attend_new(t);
    attend_run(c, d, 0, t.n);
    attend_naive(d);
    forward = attend_spread(d->out, d->out2, d->rows * d->out_stride);
    dq = attend_spread(d->dq, d->dq2, d->rows * d->q_stride);
    dkv = attend_spread(d->dkv, d->dkv2, d->rows * d->kv_stride);
    if (!(forward <= 3e-4 && dq <= 3e-4 && dkv <= 3e-4)) {
        test_failures++;
        printf("attend bf16 heads %d/%d dim %d bias %d drop %d causal %d window %d: off by %.3g dq "
               "%.3g dkv %.3g\n", t.heads, t.kv_heads, t.dim, t.bias, t.drop, t.causal,
               (int)t.window, forward, dq, dkv);
    }
    attend_free(d);
}

static void attend_check(sen_ctx *c, attend_case t)
{
    attend_data *d = attend_new(t);
    double forward, dq, dkv;
    attend_run(c, d, 0, t.n);
    attend_naive(d);
    forward = attend_error(d->out, d->out2, d->rows * d->out_stride);
    dq = attend_error(d->dq, d->dq2, d->rows * d->q_stride);
    dkv = attend_error(d->dkv, d->dkv2, d->rows * d->kv_stride);
    if (!(forward <= 1.5e-6 && dq <= 1e-5 && dkv <= 1e-5)) {
        test_failures++;
        printf("attend heads %d/%d dim %d bias %d drop %d causal %d window %d: off by %.3g dq %.3g "
               "dkv %.3g\n", t.heads, t.kv_heads, t.dim, t.bias, t.drop, t.causal, (int)t.window,
               forward, dq, dkv);
    }
    if (t.bias) {
        float sum[64 * ATTEND_BUCKETS];
        for (int e = 0; e < t.heads * ATTEND_BUCKETS; e++) {
            double x = 0.0;
            for (int s = 0; s < t.n; s++) x += d->dbias[s * 64 * ATTEND_BUCKETS + e];
            sum[e] = (float)x;
        }
        CHECK(attend_error(sum, d->dtable2, t.heads * ATTEND_BUCKETS) < 1e-5);
    }
    attend_free(d);
}

static const int32_t attend_lengths[] = { 1, 2, 7, 16, 0, 33, 14, 64, 100, 3, 29, 70 };

static void test_attend_cases(sen_ctx *c)
{
    static const int dims[] = { 1, 8, 20, 32, 48, 64, 80 };
    const int n = (int)SEN__COUNT(attend_lengths);
    int number = 0;
    for (size_t e = 0; e < SEN__COUNT(dims); e++)
        for (int kind = 0; kind < 4; kind++, number++) {
            attend_case t = { 3, 3, 0, 0, 0, 0, 0, 0, NULL, 0 };
            t.dim = dims[e];
            t.n = n;
            t.lengths = attend_lengths;
            t.bias = kind & 1;
            t.drop = number % 3 == 1;
            t.causal = number % 5 == 2;
            t.window = number % 4 == 3 ? 1 + number : 0;
            if (number % 3 == 0) t.heads = 6;
            attend_check(c, t);
            attend_check_bf16(c, t);
        }
}

/* Longer than a block, a piece of keys, a chunk of queries. */
static void test_attend_long(sen_ctx *c)
{
    static const int32_t lengths[] = { 517, 40 }, longer[] = { 1100 };
    const attend_case all = { 2, 2, 32, 1, 1, 0, 0, 2, lengths, 0 };
    const attend_case causal = { 2, 1, 16, 0, 0, 1, 0, 2, lengths, 0 };
    const attend_case near = { 2, 2, 16, 0, 1, 0, 64, 1, longer, 0 };
    const attend_case both = { 1, 1, 8, 1, 0, 1, 37, 1, longer, 0 };
    attend_check(c, all);
    attend_check(c, causal);
    attend_check(c, near);
    attend_check(c, both);
    attend_check_bf16(c, all);
    attend_check_bf16(c, near);
}

static int attend_same(const attend_data *a, const attend_data *b)
{
    const size_t rows = (size_t)a->rows * sizeof(float);
    return !memcmp(a->out, b->out, rows * (size_t)a->out_stride)
        && !memcmp(a->lse, b->lse, rows * (size_t)a->t.heads)
        && !memcmp(a->dq, b->dq, rows * (size_t)a->q_stride)
        && !memcmp(a->dkv, b->dkv, rows * (size_t)a->kv_stride);
}

static void test_attend_same_bits(int bf16)
{
    static const int threads[] = { 1, 2, 7 };
    const attend_case t = { 4, 2, 32, 0, 1, 0, 0, (int)SEN__COUNT(attend_lengths), attend_lengths,
                            bf16 };
    sen_ctx *c = NULL;
    attend_data *all = NULL;
    for (size_t i = 0; i < SEN__COUNT(threads); i++) {
        sen_ctx_desc desc = sen_ctx_desc_default();
        attend_data *d = attend_new(t);
        sen_ctx_free(c);
        desc.threads = threads[i];
        CHECK(sen_ctx_new(&desc, &c) == SEN_OK);
        attend_run(c, d, 0, t.n);
        if (all) {
            CHECK(attend_same(d, all));
            attend_free(d);
        } else all = d;
    }
    for (int cut = 1; cut < t.n; cut += 3) {            /* each alone, and in two batches */
        attend_data *d = attend_new(t);
        for (int s = 0; cut == 1 && s < t.n; s++) attend_run(c, d, s, s + 1);
        for (int s = 0; cut > 1 && s < 2; s++) attend_run(c, d, s ? cut : 0, s ? t.n : cut);
        CHECK(attend_same(d, all));
        attend_free(d);
    }
    attend_free(all);
    sen_ctx_free(c);
}

/* One query of each sequence against all of them of which only that one's output has a gradient:
 * the same bits forward; backward to rounding, where others add zeros. */
static void attend_one(sen_ctx *c, attend_case t, int reads)
{
    attend_data *all = attend_new(t), *one = attend_new(t);
    const size_t row = (size_t)all->out_stride * sizeof(float);
    memset(all->dout, 0, (size_t)all->rows * row);
    for (int s = 0; s < t.n; s++) {
        const int64_t at = reads == SEN_LAST_TOKEN ? all->first[s + 1] - 1 : all->first[s];
        memcpy(all->dout + at * all->out_stride, one->dout + s * one->out_stride, row);
        memcpy(one->q + s * one->q_stride, all->q + at * all->q_stride,
               (size_t)all->q_stride * sizeof(float));
    }
    attend_call(c, all, 0, t.n, SEN_ALL_TOKENS);
    attend_call(c, one, 0, t.n, reads);
    for (int s = 0; s < t.n; s++) {
        const int64_t at = reads == SEN_LAST_TOKEN ? all->first[s + 1] - 1 : all->first[s];
        const float *out = all->out + at * all->out_stride, *lse = all->lse + at * t.heads;
        const float *dq = all->dq + at * all->q_stride;
        CHECK(t.window || memcmp(out, one->out + s * one->out_stride, row) == 0);
        CHECK_NEAR(one->out + s * one->out_stride, out, all->out_stride, 1e-6);
        CHECK(memcmp(lse, one->lse + s * t.heads, (size_t)t.heads * sizeof(float)) == 0);
        CHECK_NEAR(one->dq + s * one->q_stride, dq, t.heads * t.dim, 1e-6);
    }
    CHECK_NEAR(one->dkv, all->dkv, all->rows * all->kv_stride, 1e-6);
    attend_free(all);
    attend_free(one);
}

static void test_attend_one(sen_ctx *c)
{
    static const int32_t lengths[] = { 1, 2, 7, 16, 33, 517, 14, 64 };
    attend_case t = { 4, 4, 32, 0, 0, 0, 0, (int)SEN__COUNT(lengths), lengths, 0 };
    for (int kind = 0; kind < 16; kind++) {
        t.bias = kind & 1;
        t.drop = kind >> 1 & 1;
        t.causal = kind >> 2 & 1;
        t.window = kind & 8 ? 40 : 0;
        t.kv_heads = kind % 3 ? 4 : 2;
        t.dim = kind % 5 ? 32 : 20;
        attend_one(c, t, SEN_FIRST_TOKEN);
        attend_one(c, t, SEN_LAST_TOKEN);
    }
}

static void test_attend(void)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = 2;
    CHECK(sen_ctx_new(&desc, &c) == SEN_OK);
    test_attend_cases(c);
    test_attend_long(c);
    test_attend_same_bits(0);
    test_attend_same_bits(1);
    test_attend_one(c);
    sen_ctx_free(c);
}

#ifndef TEST_ALL
int main(void)
{
    test_attend();
    printf("attend (%s): %d failures\n", sen_target_name(), test_failures);
    return test_failures != 0;
}
#endif
