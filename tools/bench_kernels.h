/* The machine's limits and the kernels: peaks, bandwidth, matrix products, attention, rows. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

/* ---- the bf16 peak ---------------------------------------------------------------------------
 * Compiled for AVX512-BF16 whatever the target is, and called only where the processor has it. */

#if defined(__x86_64__) && ((defined(__GNUC__) && __GNUC__ >= 10) || defined(__clang__))
#include <immintrin.h>
#define BENCH_BF16

__attribute__((target("avx512f,avx512bf16")))
static void bench_bf16_task(void *arg, int64_t task, int worker)
{
    bench_peak_job *j = (bench_peak_job *)arg;
    const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(j->a), _mm512_set1_ps(j->a));
    const __m512bh b = _mm512_cvtne2ps_pbh(_mm512_set1_ps(j->b), _mm512_set1_ps(j->b));
    __m512 s[BENCH_CHAINS], total = _mm512_setzero_ps();
    (void)worker;
    for (int i = 0; i < BENCH_CHAINS; i++) s[i] = _mm512_set1_ps(j->start[i]);
    for (int step = 0; step < BENCH_STEPS; step++) {
        SEN__UNROLL
        for (int again = 0; again < 4; again++) {
            SEN__UNROLL
            for (int i = 0; i < BENCH_CHAINS; i++) s[i] = _mm512_dpbf16_ps(s[i], a, b);
        }
    }
    for (int i = 0; i < BENCH_CHAINS; i++) total = _mm512_add_ps(total, s[i]);
    j->sum[task % 64] = _mm512_reduce_add_ps(total);
}

static bool bench_has_bf16(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16") != 0;
}

/* 32 products and as many sums an instruction. */
static double bench_bf16_peak(const bench *b)
{
    return bench_peak_of(b, bench_bf16_task, 4.0 * BENCH_CHAINS * BENCH_STEPS * 64.0,
                         bench_peak_tasks(b));
}
#endif

typedef double (*bench_rate)(const bench *b);

static double bench_peak_steady(const bench *b)
{
    return bench_peak_long(b, 0.0);
}

static void bench_print_peak(const bench *b, const char *name, const char *label, bench_rate rate)
{
    double x[BENCH_SAMPLES];
    char fields[80];
    bench_number v[] = { { "gflops", 0, "GF/s" }, { "best_gflops", 0, "GF/s best" },
                         { NULL, 0, NULL } };
    for (int i = 0; i < BENCH_SAMPLES; i++) x[i] = rate(b);
    v[0].value = bench_median(x, BENCH_SAMPLES);
    v[1].value = x[BENCH_SAMPLES - 1];
    snprintf(fields, sizeof fields, "\"kind\": \"%s\"", name);
    bench_line(b, "peak", fields, label, v);
}

static void bench_peaks(const bench *b)
{
    bench_print_peak(b, "float32", "peak, float32 fused multiply-add", bench_peak);
    bench_print_peak(b, "sustained", "the same over milliseconds", bench_peak_steady);
#ifdef BENCH_BF16
    if (bench_has_bf16()) {
        bench_print_peak(b, "bf16", "peak, bf16 dot product", bench_bf16_peak);
        return;
    }
#endif
    bench_skip(b, "peak", "peak, bf16 dot product", "this processor has no AVX512-BF16");
}

/* ---- memory ---------------------------------------------------------------------------------- */

#define BENCH_MEMORY (32 << 20)             /* floats in each array: 128 MiB */

typedef struct bench_memory_job {
    float       *to;
    const float *from;
    double       sum[64];
    bool         read;
} bench_memory_job;

static void bench_memory_task(void *arg, int64_t task, int worker)
{
    bench_memory_job *j = (bench_memory_job *)arg;
    const int64_t n = BENCH_MEMORY / 64;
    (void)worker;
    if (j->read) j->sum[task] = sen__row_sum(j->from + task * n, n);
    else sen__row_axpy(j->to + task * n, 0.5f, j->from + task * n, n);
}

/* y += a x: two arrays read, one written. sum of x: one read. */
static void bench_memory(const bench *b)
{
    static const char *const kind[] = { "\"kind\": \"axpy\"", "\"kind\": \"read\"" };
    static const char *const label[] = { "memory, y += a x", "memory, sum of x" };
    bench_memory_job *j = (bench_memory_job *)bench_alloc(sizeof *j);
    float *from = bench_floats(BENCH_MEMORY);
    const int samples = b->quick ? 3 : 9;
    j->to = bench_floats(BENCH_MEMORY);
    j->from = from;
    for (int k = 0; k < 2; k++) {
        bench_number v[] = { { "gbytes", 0, "GB/s" }, { NULL, 0, NULL } };
        double x[9];
        j->read = k == 1;
        for (int i = 0; i < samples; i++) {
            const double t = bench_now(b);
            sen__parallel(b->c, 64, bench_memory_task, j);
            x[i] = (k ? 1.0 : 3.0) * BENCH_MEMORY * sizeof(float) / (bench_now(b) - t) * 1e-9;
        }
        v[0].value = bench_median(x, samples);
        bench_line(b, "bandwidth", kind[k], label[k], v);
    }
    free(j->to);
    free(from);
    free(j);
}

/* ---- the matrix product ---------------------------------------------------------------------- */

static void bench_matmul_run(const bench *b, void *arg)
{
    bench_check(b, sen__matmul(b->c, (const sen__gemm *)arg));
}

/* layout 0: y = x W', W packed; 1: y = x W'; 2: dx = dy W; 3: dW += dy' x.   C (m,n), K = k. */
static void bench_matmul(const bench *b, int layout, int64_t m, int64_t n, int64_t k)
{
    static const char *const names[] = { "y = x W' pack", "y = x W'", "dx = dy W", "dW += dy' x" };
    const double flop = 2.0 * (double)m * (double)n * (double)k;
    float *x = bench_floats(m * k), *y = bench_floats(k * n), *z = bench_floats(m * n);
    float *packed = NULL;
    char fields[160], label[80];
    sen__gemm g;
    memset(&g, 0, sizeof g);
    g.m = m;
    g.n = n;
    g.k = k;
    g.a = x;
    g.a_row = layout == 3 ? 1 : k;
    g.a_col = layout == 3 ? m : 1;
    g.b = y;
    g.b_row = layout < 2 ? 1 : n;
    g.b_col = layout < 2 ? k : 1;
    g.c = z;
    g.ldc = n;
    g.accumulate = layout == 3;
    if (layout == 0) {
        packed = bench_floats(sen__matmul_packed_size(n, k));
        sen__matmul_pack_b(b->c, packed, y, g.b_row, g.b_col, n, k);
        g.b_packed = packed;
    }
    snprintf(fields, sizeof fields, "\"layout\": \"%s\", \"m\": %d, \"n\": %d, \"k\": %d",
             names[layout], (int)m, (int)n, (int)k);
    snprintf(label, sizeof label, "%-14s %4d x%5d x%5d", names[layout], (int)m, (int)n, (int)k);
    bench_report(b, "matmul", fields, label, bench_measure(b, bench_matmul_run, &g, flop), flop);
    free(x);
    free(y);
    free(z);
    free(packed);
}

/* All layouts of one weight (n,k) over a batch of m rows. */
static void bench_matmul_weight(const bench *b, int64_t m, int64_t n, int64_t k)
{
    bench_matmul(b, 0, m, n, k);
    bench_matmul(b, 1, m, n, k);
    bench_matmul(b, 2, m, k, n);
    bench_matmul(b, 3, n, k, m);
}

static void bench_matmuls(const bench *b)
{
    static const int rows[] = { 1024, 300 };
    static const int weights[][2] = { { 384, 384 }, { 1152, 384 }, { 1536, 384 }, { 384, 1536 } };
    bench_title(b, "matrix product: rows x columns x depth");
    for (size_t r = 0; r < SEN__COUNT(rows); r++)
        for (size_t w = 0; w < SEN__COUNT(weights); w++)
            bench_matmul_weight(b, rows[r], weights[w][0], weights[w][1]);
    bench_matmul(b, 1, 64, 64, 384);        /* similarities of a batch and their gradients */
    bench_matmul(b, 2, 64, 384, 64);
    bench_matmul(b, 3, 64, 384, 64);
    bench_matmul(b, 1, 128, 32, 32);        /* a tiny model */
    bench_matmul(b, 1, 128, 128, 32);
    bench_matmul(b, 0, 8, 384, 384);        /* one short text */
    bench_matmul(b, 0, 16, 1536, 384);
}

/* ---- attention ------------------------------------------------------------------------------- */

typedef struct bench_attention {
    sen__attend  a;
    float       *qkv, *out, *lse, *dout, *dqkv;
    bool         backward;
} bench_attention;

static void bench_attention_run(const bench *b, void *arg)
{
    const bench_attention *x = (const bench_attention *)arg;
    const int64_t w = (int64_t)x->a.heads * x->a.head_dim;
    float *dq = x->dqkv, *dk = dq + w, *dv = dk + w;
    bench_check(b, x->backward
                       ? sen__attend_backward(b->c, dq, dk, dv, x->dout, x->out, x->lse, &x->a)
                       : sen__attend_forward(b->c, x->out, x->lse, &x->a));
}

/* Forward and backward, two products and five. */
static void bench_attend_passes(const bench *b, bench_attention *x, int length, int64_t rows)
{
    static const char *const pass[] = { "forward", "backward" };
    char fields[160], label[80];
    for (int backward = 0; backward < 2; backward++) {
        const double flop = (double)rows * length * x->a.heads * x->a.head_dim *
                            (backward ? 10.0 : 4.0);
        x->backward = backward != 0;
        snprintf(fields, sizeof fields, "\"pass\": \"%s\", \"length\": %d, \"dim\": %d, "
                 "\"rows\": %d", pass[backward], length, x->a.head_dim, (int)rows);
        snprintf(label, sizeof label, "%-8s L %4d  D %2d  T %5d", pass[backward], length,
                 x->a.head_dim, (int)rows);
        bench_report(b, "attention", fields, label,
                     bench_measure(b, bench_attention_run, x, flop), flop);
    }
}

/* About 1024 rows of `length` each, width 384. */
static void bench_attend(const bench *b, int length, int dim)
{
    const int n = (1024 + length - 1) / length, width = 384 / dim * dim;
    const int64_t rows = (int64_t)n * length;
    int32_t *first = (int32_t *)bench_alloc((size_t)(n + 1) * sizeof *first);
    bench_attention x;
    memset(&x, 0, sizeof x);
    for (int s = 0; s <= n; s++) first[s] = s * length;
    x.qkv = bench_floats(rows * 3 * width);
    x.dqkv = bench_floats(rows * 3 * width);
    x.out = bench_floats(rows * width);
    x.dout = bench_floats(rows * width);
    x.lse = bench_floats(rows * (width / dim));
    x.a.n = n;
    x.a.first = first;
    x.a.heads = width / dim;
    x.a.head_dim = dim;
    x.a.q = x.qkv;
    x.a.k = x.qkv + width;
    x.a.v = x.qkv + 2 * width;
    x.a.q_stride = x.a.kv_stride = 3 * width;
    x.a.scale = (float)(1.0 / sqrt((double)dim));
    bench_attend_passes(b, &x, length, rows);
    free(first);
    free(x.qkv);
    free(x.dqkv);
    free(x.out);
    free(x.dout);
    free(x.lse);
}

static void bench_attends(const bench *b)
{
    static const int lengths[] = { 8, 16, 32, 128, 512, 2048, 8192 }, dims[] = { 32, 64 };
    bench_title(b, "attention, H 384: length, head, rows");
    for (size_t d = 0; d < SEN__COUNT(dims); d++)
        for (size_t l = 0; l < SEN__COUNT(lengths); l++)
            if (!b->quick || lengths[l] <= 2048) bench_attend(b, lengths[l], dims[d]);
}

/* ---- row kernels ----------------------------------------------------------------------------- */

#define BENCH_ROWS  1024                    /* of a batch, as the matrix products have it */
#define BENCH_WIDTH 384
#define BENCH_BLOCK 64                      /* rows of one task */

/* The arrays are as training has them: 1.5 MiB each, most of them in the second cache. */
typedef struct bench_rows {
    const struct bench_kernel *kernel;
    float    *x, *y, *z, *w;                /* (ROWS,WIDTH) */
    float    *mean, *rstd;                  /* (ROWS) */
    float    *gamma, *beta;                 /* (WIDTH) */
    float    *acc;                          /* (tasks,2,WIDTH), each task its own */
    uint16_t *half;                         /* (ROWS,WIDTH) */
    double   *sum;                          /* (tasks) */
    int64_t   floats;                       /* of a block; no constant: the compiler sees none */
    sen__adamw adam;
} bench_rows;

/* A kernel over the block of BENCH_BLOCK rows that begins `at` floats into each array. */
typedef struct bench_kernel {
    const char *name;
    void (*run)(bench_rows *r, int64_t at, int64_t task);
    int bytes;                              /* read and written for each float */
} bench_kernel;

static void bench_k_norm(bench_rows *r, int64_t at, int64_t task)
{
    const int64_t row = task * BENCH_BLOCK;
    sen__layer_norm_forward(r->y + at, r->mean + row, r->rstd + row, r->x + at, r->gamma, r->beta,
                            BENCH_BLOCK, BENCH_WIDTH, 1e-12f);
}

static void bench_k_norm_residual(bench_rows *r, int64_t at, int64_t task)
{
    const int64_t row = task * BENCH_BLOCK;
    sen__layer_norm_residual_forward(r->y + at, r->z + at, r->mean + row, r->rstd + row, r->x + at,
                                     r->w + at, r->gamma, r->beta, BENCH_BLOCK, BENCH_WIDTH,
                                     1e-12f);
}

static void bench_k_norm_backward(bench_rows *r, int64_t at, int64_t task)
{
    const int64_t row = task * BENCH_BLOCK;
    float *acc = r->acc + 2 * task * BENCH_WIDTH;
    sen__layer_norm_backward(r->y + at, r->z + at, acc, acc + BENCH_WIDTH, r->w + at, r->x + at,
                             r->mean + row, r->rstd + row, r->gamma, BENCH_BLOCK, BENCH_WIDTH);
}

static void bench_k_gelu(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__gelu_forward(r->y + at, r->x + at, r->floats);
}

static void bench_k_gelu_backward(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__gelu_backward(r->y + at, r->w + at, r->x + at, r->floats);
}

static void bench_k_gelu_new(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__gelu_new_forward(r->y + at, r->x + at, r->floats);
}

static void bench_k_exp(bench_rows *r, int64_t at, int64_t task)
{
    r->sum[task] = (double)sen__row_exp(r->y + at, r->x + at, 1.0f, r->floats);
}

static void bench_k_softmax(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    for (int i = 0; i < BENCH_BLOCK; i++)
        sen__softmax_forward(r->y + at + i * BENCH_WIDTH, r->x + at + i * BENCH_WIDTH,
                             BENCH_WIDTH);
}

static void bench_k_softmax_backward(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    for (int64_t i = at; i < at + r->floats; i += BENCH_WIDTH)
        sen__softmax_backward(r->y + i, r->w + i, r->x + i, BENCH_WIDTH);
}

static void bench_k_logsumexp(bench_rows *r, int64_t at, int64_t task)
{
    for (int64_t i = at; i < at + r->floats; i += BENCH_WIDTH)
        r->sum[task] = (double)sen__logsumexp(r->x + i, BENCH_WIDTH);
}

static void bench_k_dropout(bench_rows *r, int64_t at, int64_t task)
{
    sen__drop_counters(r->y + at, BENCH_WIDTH, BENCH_BLOCK, BENCH_WIDTH, 0.1f, 42, 0,
                       (uint32_t)task * BENCH_BLOCK, 7, 256);
}

static void bench_k_dropout_short(bench_rows *r, int64_t at, int64_t task)
{
    sen__drop_counters(r->y + at, 16, r->floats / 16, 16, 0.1f, 42, 0, (uint32_t)task * 4096, 7,
                       264);
}

static void bench_k_mul(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__row_mul(r->y + at, r->x + at, r->w + at, r->floats);
}

static void bench_k_add(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__row_add(r->y + at, r->x + at, r->w + at, r->floats);
}

static void bench_k_col_sum(bench_rows *r, int64_t at, int64_t task)
{
    sen__col_sum_block(r->acc + 2 * task * BENCH_WIDTH, r->x + at, BENCH_BLOCK, BENCH_WIDTH,
                       BENCH_WIDTH);
}

static void bench_k_row_sum(bench_rows *r, int64_t at, int64_t task)
{
    r->sum[task] = sen__row_sum(r->x + at, r->floats);
}

static void bench_k_squares(bench_rows *r, int64_t at, int64_t task)
{
    r->sum[task] = sen__row_sum_squares(r->x + at, r->floats);
}

static void bench_k_dot(bench_rows *r, int64_t at, int64_t task)
{
    r->sum[task] = sen__row_dot(r->x + at, r->w + at, r->floats);
}

static void bench_k_pool(bench_rows *r, int64_t at, int64_t task)
{
    sen__pool_sum_forward(r->acc + 2 * task * BENCH_WIDTH, r->x + at, NULL, BENCH_BLOCK,
                          BENCH_WIDTH, (float)BENCH_BLOCK);
}

static void bench_k_pool_backward(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__pool_sum_backward(r->y + at, r->gamma, NULL, BENCH_BLOCK, BENCH_WIDTH,
                           (float)BENCH_BLOCK);
}

static void bench_k_adamw(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__adamw_step(r->y + at, r->z + at, r->w + at, r->x + at, &r->adam, r->floats);
}

static void bench_k_to_bf16(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__bf16_from_row(r->half + at, r->x + at, r->floats);
}

static void bench_k_from_bf16(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__bf16_to_row(r->y + at, r->half + at, r->floats);
}

static void bench_k_to_f16(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__f16_from_row(r->half + at, r->x + at, r->floats);
}

static void bench_k_from_f16(bench_rows *r, int64_t at, int64_t task)
{
    (void)task;
    sen__f16_to_row(r->y + at, r->half + at, r->floats);
}

/* In this order: what one writes, the next may read. adamw leaves weights below the square root of
 * nothing, so w holds squares then. */
static const bench_kernel bench_kernels[] = {
    { "layer norm", bench_k_norm, 8 },
    { "layer norm of x + residual", bench_k_norm_residual, 16 },
    { "layer norm backward", bench_k_norm_backward, 24 },
    { "gelu", bench_k_gelu, 8 },
    { "gelu backward", bench_k_gelu_backward, 16 },
    { "gelu_new (tanh)", bench_k_gelu_new, 8 },
    { "exp and sum", bench_k_exp, 8 },
    { "softmax", bench_k_softmax, 8 },
    { "softmax backward", bench_k_softmax_backward, 16 },
    { "log-sum-exp", bench_k_logsumexp, 4 },
    { "dropout mask, rows of 384", bench_k_dropout, 4 },
    { "dropout mask, rows of 16", bench_k_dropout_short, 4 },
    { "product of elements", bench_k_mul, 12 },
    { "sum of two", bench_k_add, 12 },
    { "column sums", bench_k_col_sum, 4 },
    { "row sum (double)", bench_k_row_sum, 4 },
    { "sum of squares (double)", bench_k_squares, 4 },
    { "dot product (double)", bench_k_dot, 8 },
    { "mean pooling", bench_k_pool, 4 },
    { "mean pooling backward", bench_k_pool_backward, 8 },
    { "float32 to bfloat16", bench_k_to_bf16, 6 },
    { "bfloat16 to float32", bench_k_from_bf16, 6 },
    { "float32 to float16", bench_k_to_f16, 6 },
    { "float16 to float32", bench_k_from_f16, 6 },
    { "adamw", bench_k_adamw, 28 }
};

static void bench_rows_task(void *arg, int64_t task, int worker)
{
    bench_rows *r = (bench_rows *)arg;
    (void)worker;
    r->kernel->run(r, task * r->floats, task);
}

static void bench_rows_run(const bench *b, void *arg)
{
    sen__parallel(b->c, BENCH_ROWS / BENCH_BLOCK, bench_rows_task, arg);
}

static void bench_rows_line(const bench *b, const bench_kernel *k, bench_result r)
{
    const bench_number v[] = {
        { "gfloats", r.speed, "G floats/s" }, { "gbytes", r.speed * k->bytes, "GB/s" },
        { "best_gfloats", r.best, "G floats/s best" },
        { "best_ns_a_float", b->threads / r.best, "ns a float and thread" }, { NULL, 0, NULL }
    };
    char fields[100];
    snprintf(fields, sizeof fields, "\"kernel\": \"%s\"", k->name);
    bench_line(b, "rows", fields, k->name, v);
}

static void bench_row_kernels(const bench *b)
{
    const int64_t n = BENCH_ROWS * BENCH_WIDTH, tasks = BENCH_ROWS / BENCH_BLOCK;
    bench_rows *r = (bench_rows *)bench_alloc(sizeof *r);
    float *all = bench_floats(4 * n + 2 * BENCH_ROWS + 2 * (tasks + 1) * BENCH_WIDTH);
    r->x = all;
    r->y = r->x + n;
    r->z = r->y + n;
    r->w = r->z + n;
    r->mean = r->w + n;
    r->rstd = r->mean + BENCH_ROWS;
    r->gamma = r->rstd + BENCH_ROWS;
    r->beta = r->gamma + BENCH_WIDTH;
    r->acc = r->beta + BENCH_WIDTH;
    r->half = (uint16_t *)bench_alloc((size_t)n * sizeof *r->half);
    r->sum = (double *)bench_alloc((size_t)tasks * sizeof *r->sum);
    r->floats = n / tasks;
    r->adam = sen__adamw_prepare(2e-5, 0.9, 0.999, 1e-8, 0.01, 1.0, 10);
    bench_title(b, "rows: 1,024 of 384");
    for (size_t k = 0; k < SEN__COUNT(bench_kernels); k++) {
        r->kernel = &bench_kernels[k];
        for (int64_t i = 0; i < n; i++) r->w[i] = fabsf(r->w[i]);
        bench_rows_line(b, r->kernel, bench_measure(b, bench_rows_run, r, (double)n));
        memset(r->y, 0, (size_t)n * sizeof *r->y);      /* many sums later: no infinities */
        memset(r->z, 0, (size_t)n * sizeof *r->z);
        memset(r->acc, 0, (size_t)(2 * tasks * BENCH_WIDTH) * sizeof *r->acc);
    }
    free(all);
    free(r->half);
    free(r->sum);
    free(r);
}

/* ---- search ---------------------------------------------------------------------------------- */

/* Exact search beside the matrix product that it cannot do without: the same queries and corpus by
 * sen__matmul alone, in tiles that stay in the cache. In turn, and the median of the ratios, since
 * both meet the same disturbances. */
enum { SEARCH_QUERIES = 300, SEARCH_WIDTH = 384, SEARCH_TOP = 10, SEARCH_TILE = 2048 };

static double bench_search_product(const bench *b, const float *query, const float *corpus,
                                   int64_t rows, float *tile)
{
    const double t = bench_now(b);
    sen__gemm g;
    memset(&g, 0, sizeof g);
    g.m = SEARCH_QUERIES;
    g.k = SEARCH_WIDTH;
    g.a = query;
    g.a_row = SEARCH_WIDTH;
    g.a_col = 1;
    g.b_row = 1;
    g.b_col = SEARCH_WIDTH;
    g.c = tile;
    for (int64_t i = 0; i < rows; i += g.n) {
        g.n = SEN__MIN(rows - i, SEARCH_TILE);
        g.b = corpus + i * SEARCH_WIDTH;
        g.ldc = g.n;
        bench_check(b, sen__matmul(b->c, &g));
    }
    return bench_now(b) - t;
}

static void bench_search_line(const bench *b, int kind, const float *query, const float *corpus,
                              int64_t rows)
{
    const double work = 2e-9 * SEARCH_QUERIES * SEARCH_WIDTH * (double)rows;
    const int samples = b->quick ? 3 : 9;
    float *tile = (float *)bench_alloc(sizeof *tile * SEARCH_QUERIES * SEARCH_TILE);
    sen_hit *hit = (sen_hit *)bench_alloc(sizeof *hit * SEARCH_QUERIES * SEARCH_TOP);
    double search[9], product[9], ratio[9];
    char fields[80], label[80];
    for (int i = 0; i < samples; i++) {
        const double t = bench_now(b);
        bench_check(b, sen_semantic_search(b->c, kind, query, SEARCH_QUERIES, corpus, rows,
                                           SEARCH_WIDTH, SEARCH_TOP, hit));
        search[i] = bench_now(b) - t;
        product[i] = bench_search_product(b, query, corpus, rows, tile);
        ratio[i] = search[i] / product[i];
    }
    {
        const double s = bench_median(search, samples), p = bench_median(product, samples);
        const bench_number v[] = {
            { "seconds", s, "s" }, { "gflops", work / s, "GF/s" },
            { "product_seconds", p, "s, product alone" },
            { "ratio", bench_median(ratio, samples), "times it" }, { NULL, 0, NULL }
        };
        snprintf(fields, sizeof fields, "\"score\": \"%s\", \"rows\": %lld",
                 kind == SEN_COS_SIM ? "cosine" : "dot", (long long)rows);
        snprintf(label, sizeof label, "%s, 300 in %lld", kind == SEN_COS_SIM ? "cosine" : "dot",
                 (long long)rows);
        bench_line(b, "search", fields, label, v);
    }
    free(tile);
    free(hit);
}

/* The same in fewer bits, scored again, against the search in float32; how many of its hits remain,
 * of random numbers, which are the hardest. */
static void bench_search_bits(const bench *b, sen_precision precision, const char *name,
                              const float *query, const float *corpus, int64_t rows)
{
    const int64_t bytes = sen_quantized_bytes(precision, SEARCH_WIDTH);
    const int samples = 3;
    unsigned char *few = (unsigned char *)bench_alloc((size_t)(rows * bytes));
    float *ranges = (float *)bench_alloc(2 * SEARCH_WIDTH * sizeof *ranges);
    sen_hit *hit = (sen_hit *)bench_alloc(sizeof *hit * SEARCH_QUERIES * SEARCH_TOP * 2);
    sen_hit *exact = hit + SEARCH_QUERIES * SEARCH_TOP;
    double search[3], ratio[3];
    int kept = 0;
    char fields[80], label[80];
    bench_check(b, sen_quantization_ranges(b->c, corpus, rows, SEARCH_WIDTH, ranges));
    bench_check(b, sen_quantize(b->c, corpus, rows, SEARCH_WIDTH, precision, ranges, few));
    for (int i = 0; i < samples; i++) {
        double t = bench_now(b), plain;
        bench_check(b, sen_semantic_search(b->c, SEN_DOT_SCORE, query, SEARCH_QUERIES, corpus, rows,
                                           SEARCH_WIDTH, SEARCH_TOP, exact));
        plain = bench_now(b) - t;
        t = bench_now(b);
        bench_check(b, sen_semantic_search_quantized(b->c, query, SEARCH_QUERIES, few, rows,
                                                     SEARCH_WIDTH, precision, ranges, 4,
                                                     SEARCH_TOP, hit));
        search[i] = bench_now(b) - t;
        ratio[i] = search[i] / plain;
    }
    for (int i = 0; i < SEARCH_QUERIES * SEARCH_TOP; i++)
        for (int j = 0; j < SEARCH_TOP; j++)
            kept += hit[i].corpus_id == exact[i / SEARCH_TOP * SEARCH_TOP + j].corpus_id;
    {
        const bench_number v[] = {
            { "seconds", bench_median(search, samples), "s" },
            { "of_float32", bench_median(ratio, samples), "times float32's" },
            { "memory", (double)bytes / (4.0 * SEARCH_WIDTH), "of its memory" },
            { "recall", (double)kept / (SEARCH_QUERIES * SEARCH_TOP), "of its hits" },
            { NULL, 0, NULL }
        };
        snprintf(fields, sizeof fields, "\"precision\": \"%s\", \"rows\": %lld", name,
                 (long long)rows);
        snprintf(label, sizeof label, "%s, 300 in %lld", name, (long long)rows);
        bench_line(b, "search", fields, label, v);
    }
    free(few);
    free(ranges);
    free(hit);
}

/* --full: a million rows, 1.5 GB. */
static void bench_searches(const bench *b)
{
    const int64_t rows = b->full ? 1000000 : b->quick ? 20000 : 100000;
    float *query = bench_floats(SEARCH_QUERIES * SEARCH_WIDTH);
    float *corpus = bench_floats(rows * SEARCH_WIDTH);
    bench_title(b, "search: the 10 nearest of 384 numbers");
    bench_search_line(b, SEN_COS_SIM, query, corpus, rows);
    bench_search_line(b, SEN_DOT_SCORE, query, corpus, rows);
    bench_search_bits(b, SEN_PRECISION_INT8, "int8", query, corpus, rows);
    bench_search_bits(b, SEN_PRECISION_UBINARY, "ubinary", query, corpus, rows);
    free(query);
    free(corpus);
}

/* ---- samplers -------------------------------------------------------------------------------- */

/* An epoch of each batch sampler over pairs, a tenth of whose anchors come twice: making it, and
 * all of its batches. tools/bench_sampler.py is Python's side, on the same rows. */
static void bench_samplers(const bench *b)
{
    static const char *const kinds[] = { "batch_sampler", "no_duplicates", "group_by_label" };
    const int64_t rows = b->quick ? 100000 : 1000000, size = 1024;
    char *all = (char *)bench_alloc((size_t)rows * 64);
    sen_text *cell = (sen_text *)bench_alloc((size_t)rows * 2 * sizeof *cell);
    int64_t *label = (int64_t *)bench_alloc((size_t)rows * sizeof *label);
    int64_t *batch = (int64_t *)bench_alloc((size_t)size * sizeof *batch);
    sen_column column[3];
    sen_dataset *d = NULL;
    bench_title(b, "samplers: an epoch in batches of 1024");
    memset(column, 0, sizeof column);
    for (int64_t i = 0; i < rows; i++) {
        char *at = all + i * 64;
        cell[i].data = at;
        cell[i].length = (size_t)snprintf(at, 32, "question %lld",
                                          (long long)(i * 7919 % (rows / 10 * 9)));
        cell[rows + i].data = at + 32;
        cell[rows + i].length = (size_t)snprintf(at + 32, 32, "answer %lld", (long long)i);
        label[i] = i % 1000;
    }
    column[0].name = "anchor";
    column[0].texts = cell;
    column[1].name = "positive";
    column[1].texts = cell + rows;
    column[2].name = "label";
    column[2].ints = label;
    bench_check(b, sen_dataset_from_arrays(b->c, column, 3, rows, &d));
    for (size_t k = 0; k < SEN__COUNT(kinds); k++) {
        sen_sampler_args a = sen_sampler_args_default();
        double t = bench_now(b), made;
        sen_sampler *s = NULL;
        int64_t n, batches = 0;
        char fields[80];
        a.batch_sampler = kinds[k];
        a.batch_size = size;
        bench_check(b, sen_sampler_new(b->c, d, &a, &s));
        made = bench_now(b) - t;
        sen_sampler_begin_epoch(s, 0);
        while (sen_sampler_next(s, batch, &n, NULL)) batches++;
        t = bench_now(b) - t;
        {
            const bench_number v[] = {
                { "seconds", t, "s" }, { "made", made, "s, of which to make it" },
                { "batches", (double)batches, "batches" }, { NULL, 0, NULL }
            };
            snprintf(fields, sizeof fields, "\"sampler\": \"%s\", \"rows\": %lld", kinds[k],
                     (long long)rows);
            bench_line(b, "samplers", fields, kinds[k], v);
        }
        sen_sampler_free(s);
    }
    sen_dataset_free(d);
    free(batch);
    free(label);
    free(cell);
    free(all);
}
#endif /* BENCH_KERNELS_H */
