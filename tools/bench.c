/* bench: how fast the kernels are on this machine, beside what the machine can do at all.
 *
 *   bench [--json] [--threads N] [--quick] [--only WORD]
 *   bench train MODEL PAIRS [--batch-size N] [--threads N] [--json]     PAIRS: .jsonl, .tsv or .csv
 *   bench encode MODEL TEXTS [--batch-size N] [--threads N] [--json]    TEXTS: one a line
 *
 * Prints the target, the peak of fused multiply-adds (a loop that stays in registers), the memory's
 * bandwidth, the matrix product at the shapes of training and encoding, and attention; for 1 thread
 * and for N (default: as many as this process may use). "%" is the part of the peak. On virtual
 * machines the clock wanders, so the peak is measured before and after each sample. Shown are the
 * median of many samples and the best, which is nearer to the truth where others use the machine.
 * --json prints one JSON object a line instead. --only WORD: only what begins with WORD, of peak,
 * bandwidth, matmul, attention. --quick takes fewer samples.
 *
 * train: 40 updates with MultipleNegativesRankingLoss, dropout as the model has it; the median time
 * of an update after the first five. encode: the whole file, the best of three. */
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_SAMPLES 41

typedef struct bench {
    sen_ctx    *c;
    int         threads;
    bool        json;
    int         samples;
    const char *only;
} bench;

/* One thread is measured by its own processor time, which others on the machine disturb less. */
static double bench_now(const bench *b)
{
    struct timespec t;
    clock_gettime(b->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int bench_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double bench_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, bench_compare);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

static float *bench_floats(int64_t n)
{
    float *x = (float *)malloc((size_t)n * sizeof *x + 64);
    uint32_t s = 1;
    if (!x) {
        fprintf(stderr, "bench: no memory for %lld floats\n", (long long)n);
        exit(1);
    }
    for (int64_t i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        x[i] = (float)(s >> 8) / 8388608.0f - 1.0f;
    }
    return x;
}

static int bench_wanted(const bench *b, const char *name)
{
    return !b->only || strncmp(name, b->only, strlen(b->only)) == 0;
}

/* ---- the peak -------------------------------------------------------------------------------- */

#define BENCH_CHAINS 12                     /* enough to hide the latency of two units */
#define BENCH_STEPS  4000

typedef struct bench_peak_job {
    float start[BENCH_CHAINS], sum[64];     /* read and written, so that nothing can be left out */
    float a, b;
} bench_peak_job;

static void bench_peak_task(void *arg, int64_t task, int worker)
{
    bench_peak_job *j = (bench_peak_job *)arg;
    const sen__vf a = sen__vf_set1(j->a), b = sen__vf_set1(j->b);
    sen__vf s[BENCH_CHAINS], total = sen__vf_zero();
    (void)worker;
    for (int i = 0; i < BENCH_CHAINS; i++) s[i] = sen__vf_set1(j->start[i]);
    for (int step = 0; step < BENCH_STEPS; step++) {
        SEN__UNROLL
        for (int again = 0; again < 4; again++) {
            SEN__UNROLL
            for (int i = 0; i < BENCH_CHAINS; i++) s[i] = sen__vf_fma(s[i], a, b);
        }
    }
    for (int i = 0; i < BENCH_CHAINS; i++) total = sen__vf_add(total, s[i]);
    j->sum[task % 64] = sen__vf_sum(total);
}

/* Billions of multiplications and additions a second, all threads together. */
static double bench_peak(const bench *b)
{
    bench_peak_job j;
    const int64_t tasks = b->threads == 1 ? 1 : 4 * b->threads;
    volatile float a = 0.999f, c = 0.01f;
    double t;
    j.a = a;
    j.b = c;
    for (int i = 0; i < BENCH_CHAINS; i++) j.start[i] = a * (float)i;
    t = bench_now(b);
    sen__parallel(b->c, tasks, bench_peak_task, &j);
    t = bench_now(b) - t;
    return 2.0 * 4.0 * BENCH_CHAINS * BENCH_STEPS * SEN__LANES * (double)tasks / t * 1e-9;
}

static void bench_print_peak(const bench *b)
{
    double x[BENCH_SAMPLES];
    for (int i = 0; i < BENCH_SAMPLES; i++) x[i] = bench_peak(b);
    if (b->json)
        printf("{\"bench\": \"peak\", \"target\": \"%s\", \"threads\": %d, \"gflops\": %.1f}\n",
               sen_target_name(), b->threads, bench_median(x, BENCH_SAMPLES));
    else printf("%-32s %9.1f GF/s\n", "peak", bench_median(x, BENCH_SAMPLES));
}

/* ---- memory ---------------------------------------------------------------------------------- */

#define BENCH_MEMORY (32 << 20)             /* floats in each array: 128 MiB */

typedef struct bench_memory_job {
    float       *to;
    const float *from;
} bench_memory_job;

static void bench_memory_task(void *arg, int64_t task, int worker)
{
    const bench_memory_job *j = (const bench_memory_job *)arg;
    const int64_t n = BENCH_MEMORY / 64;
    (void)worker;
    sen__row_axpy(j->to + task * n, 0.5f, j->from + task * n, n);
}

/* y += a x: two arrays read, one written. */
static void bench_memory(const bench *b)
{
    float *to = bench_floats(BENCH_MEMORY), *from = bench_floats(BENCH_MEMORY);
    bench_memory_job j;
    double x[9];
    j.to = to;
    j.from = from;
    for (int i = 0; i < 9; i++) {
        const double t = bench_now(b);
        sen__parallel(b->c, 64, bench_memory_task, &j);
        x[i] = 3.0 * BENCH_MEMORY * sizeof(float) / (bench_now(b) - t) * 1e-9;
    }
    if (b->json)
        printf("{\"bench\": \"bandwidth\", \"threads\": %d, \"gbytes\": %.2f}\n", b->threads,
               bench_median(x, 9));
    else printf("%-32s %9.1f GB/s\n", "memory, y += a x", bench_median(x, 9));
    free(to);
    free(from);
}

/* ---- samples --------------------------------------------------------------------------------- */

typedef void (*bench_fn)(const bench *b, void *arg);

typedef struct bench_result {
    double speed, share;                    /* medians; share: of the peak around the sample */
    double best, best_share;
} bench_result;

/* How fast fn is, which does `flop` operations. */
static bench_result bench_measure(const bench *b, bench_fn fn, void *arg, double flop)
{
    bench_result result;
    double speed[BENCH_SAMPLES], part[BENCH_SAMPLES];
    const int repeat = flop > 2e8 ? 1 : flop < 2e5 ? 1000 : (int)(2e8 / flop);
    fn(b, arg);
    for (int i = 0; i < b->samples; i++) {
        const double before = bench_peak(b);
        double t = bench_now(b);
        for (int r = 0; r < repeat; r++) fn(b, arg);
        t = bench_now(b) - t;
        speed[i] = flop * repeat / t * 1e-9;
        part[i] = speed[i] / (0.5 * (before + bench_peak(b)));
    }
    result.speed = bench_median(speed, b->samples);     /* sorts */
    result.share = bench_median(part, b->samples);
    result.best = speed[b->samples - 1];
    result.best_share = part[b->samples * 9 / 10];      /* the very best may be a disturbed peak */
    return result;
}

/* One line of the table, or one JSON object that begins with the fields given. */
static void bench_report(const bench *b, const char *fields, const char *label, bench_result r,
                         double flop)
{
    if (b->json)
        printf("{%s, \"threads\": %d, \"gflops\": %.1f, \"share\": %.4f, \"best_gflops\": %.1f, "
               "\"best_share\": %.4f, \"best_ms\": %.4f}\n", fields, b->threads, r.speed, r.share,
               r.best, r.best_share, flop / r.best * 1e-6);
    else
        printf("%-32s %9.1f GF/s %5.1f %% %9.1f GF/s %5.1f %% %9.3f ms\n", label, r.speed,
               100.0 * r.share, r.best, 100.0 * r.best_share, flop / r.best * 1e-6);
    fflush(stdout);
}

static void bench_title(const bench *b, const char *name)
{
    if (!b->json) printf("%-32s %17s %25s\n", name, "median", "best");
}

static void bench_fail(const bench *b)
{
    fprintf(stderr, "bench: %s\n", sen_message(b->c));
    exit(1);
}

/* ---- the matrix product ---------------------------------------------------------------------- */

static void bench_matmul_run(const bench *b, void *arg)
{
    if (sen__matmul(b->c, (const sen__gemm *)arg)) bench_fail(b);
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
    bench_result r;
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
    r = bench_measure(b, bench_matmul_run, &g, flop);
    snprintf(fields, sizeof fields, "\"bench\": \"matmul\", \"layout\": \"%s\", \"m\": %d, "
             "\"n\": %d, \"k\": %d", names[layout], (int)m, (int)n, (int)k);
    snprintf(label, sizeof label, "%-14s %4d x%5d x%5d", names[layout], (int)m, (int)n, (int)k);
    bench_report(b, fields, label, r, flop);
    free(x);
    free(y);
    free(z);
    free(packed);
}

static void bench_matmuls(const bench *b)
{
    static const int rows[] = { 1024, 300 };
    static const int weights[][2] = { { 384, 384 }, { 1536, 384 }, { 384, 1536 } };     /* N, K */
    bench_title(b, "matmul: C rows, columns, depth");
    for (size_t r = 0; r < SEN__COUNT(rows); r++)
        for (size_t w = 0; w < SEN__COUNT(weights); w++) {
            const int m = rows[r], n = weights[w][0], k = weights[w][1];
            bench_matmul(b, 0, m, n, k);
            bench_matmul(b, 1, m, n, k);
            bench_matmul(b, 2, m, k, n);
            bench_matmul(b, 3, n, k, m);
        }
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
    const sen_result r = x->backward
        ? sen__attend_backward(b->c, dq, dk, dv, x->dout, x->out, x->lse, &x->a)
        : sen__attend_forward(b->c, x->out, x->lse, &x->a);
    if (r) bench_fail(b);
}

/* About 1024 rows of `length` each, width 384: two products forward, five backward. */
static void bench_attend(const bench *b, int length, int dim)
{
    static const char *const pass[] = { "forward", "backward" };
    const int n = (1024 + length - 1) / length, width = 384 / dim * dim;
    const int64_t rows = (int64_t)n * length;
    const double pairs = (double)n * length * length * width;
    int32_t *first = (int32_t *)malloc((size_t)(n + 1) * sizeof *first);
    char fields[160], label[80];
    bench_attention x;
    if (!first) exit(1);
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
    for (int backward = 0; backward < 2; backward++) {
        const double flop = pairs * (backward ? 10.0 : 4.0);
        bench_result r;
        x.backward = backward != 0;
        r = bench_measure(b, bench_attention_run, &x, flop);
        snprintf(fields, sizeof fields, "\"bench\": \"attention\", \"pass\": \"%s\", "
                 "\"length\": %d, \"dim\": %d, \"rows\": %d", pass[backward], length, dim,
                 (int)rows);
        snprintf(label, sizeof label, "%-8s L %4d  D %2d  T %5d", pass[backward], length, dim,
                 (int)rows);
        bench_report(b, fields, label, r, flop);
    }
    free(first);
    free(x.qkv);
    free(x.dqkv);
    free(x.out);
    free(x.dout);
    free(x.lse);
}

static void bench_attends(const bench *b)
{
    static const int lengths[] = { 8, 16, 32, 128, 512 }, dims[] = { 32, 64 };
    bench_title(b, "attention, H 384");
    for (size_t d = 0; d < SEN__COUNT(dims); d++)
        for (size_t l = 0; l < SEN__COUNT(lengths); l++) bench_attend(b, lengths[l], dims[d]);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void bench_all(bench *b, int threads)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    desc.threads = threads;
    b->threads = threads;
    if (sen_ctx_new(&desc, &b->c)) {
        fprintf(stderr, "bench: no context with %d threads\n", threads);
        exit(1);
    }
    if (!b->json) printf("target %s, threads %d\n", sen_target_name(), threads);
    bench_peak(b);                          /* the threads start here */
    if (bench_wanted(b, "peak")) bench_print_peak(b);
    if (bench_wanted(b, "bandwidth")) bench_memory(b);
    if (bench_wanted(b, "matmul")) bench_matmuls(b);
    if (bench_wanted(b, "attention")) bench_attends(b);
    if (!b->json) printf("\n");
    sen_ctx_free(b->c);
}

/* ---- a whole job: training, encoding --------------------------------------------------------- */

#define BENCH_UPDATES 40
#define BENCH_WARM  5                           /* updates that are not counted */

typedef struct bench_job {
    bench   *b;
    int      batch_size, done;
    double   at[BENCH_UPDATES];                   /* when each update ended */
    sen_model *model;
} bench_job;

static int bench_step(const sen_train_event *e, void *user)
{
    bench_job *j = (bench_job *)user;
    (void)e;
    if (j->done < BENCH_UPDATES) j->at[j->done++] = bench_now(j->b);
    return 0;
}

static void bench_job_report(const bench_job *j, const char *what, double per_second)
{
    if (j->b->json)
        printf("{\"%s\": %.2f, \"batch_size\": %d, \"threads\": %d, \"target\": \"%s\"}\n", what,
               per_second, j->batch_size, j->b->threads, sen_target_name());
    else
        printf("target %s, threads %d, batch size %d: %.1f %s\n", sen_target_name(), j->b->threads,
               j->batch_size, per_second, what);
}

static sen_result bench_train(bench_job *j, const char *pairs)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_dataset_desc data = sen_dataset_desc_default();
    sen_callback watch = sen_callback_default();
    sen_ctx *c = j->b->c;
    sen_dataset *set = NULL;
    sen_trainer *trainer = NULL;
    sen_loss *loss = NULL;
    double step[BENCH_UPDATES];
    sen_result r;
    int i;
    data.path = pairs;
    watch.on_step_end = bench_step;
    watch.user = j;
    r = sen_dataset_load(c, &data, &set);
    if (!r) r = sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &loss);
    desc.model = j->model;
    desc.train_dataset = set;
    desc.loss = loss;
    desc.callbacks = &watch;
    desc.n_callbacks = 1;
    desc.args.output_dir = "build/bench-run";
    desc.args.per_device_train_batch_size = j->batch_size;
    desc.args.max_steps = BENCH_UPDATES;
    desc.args.learning_rate = 2e-5;
    desc.args.save_strategy = SEN_STRATEGY_NO;
    if (!r) r = sen_trainer_new(c, &desc, &trainer);
    if (!r) r = sen_train(trainer);
    for (i = BENCH_WARM; i < j->done; i++) step[i - BENCH_WARM] = j->at[i] - j->at[i - 1];
    if (!r) bench_job_report(j, "samples/s in training",
                             j->batch_size / bench_median(step, j->done - BENCH_WARM));
    sen_trainer_free(trainer);
    sen_loss_free(loss);
    sen_dataset_free(set);
    return r;
}

/* The lines of a file as texts; the bytes belong to *file. */
static sen_text *bench_lines(sen_ctx *c, const char *path, sen__bytes *file, int64_t *n)
{
    sen_text *text;
    int64_t i, from = 0, lines = 0;
    if (sen__file_read(c, path, file)) return NULL;
    for (i = 0; i < file->size; i++) lines += file->data[i] == '\n';
    text = (sen_text *)calloc((size_t)lines + 1, sizeof *text);
    for (i = 0, *n = 0; text && i < file->size; i++)
        if (file->data[i] == '\n') {
            text[*n].data = file->data + from;
            text[(*n)++].length = (size_t)(i - from);
            from = i + 1;
        }
    return text;
}

static sen_result bench_encode(bench_job *j, const char *path)
{
    sen_encode_args args = sen_encode_args_default();
    const size_t width = (size_t)sen_embedding_dimension(j->model, SEN_NONE);
    sen__bytes file;
    int64_t n = 0;
    double best = 0;
    sen_text *text = bench_lines(j->b->c, path, &file, &n);
    float *out = text ? (float *)malloc(((size_t)n * width + 1) * sizeof *out) : NULL;
    sen_result r = sen__error(j->b->c);
    int i;
    if (!r && (!text || !out)) r = sen__no_memory(j->b->c, (size_t)n * width, "embeddings");
    args.batch_size = j->batch_size;
    for (i = 0; !r && i < 3; i++) {
        const double start = bench_now(j->b);
        r = sen_encode(j->b->c, j->model, text, n, &args, out);
        best = SEN__MAX(best, (double)n / (bench_now(j->b) - start));
    }
    if (!r) bench_job_report(j, "sentences/s in encoding", best);
    free(out);
    free(text);
    if (file.data) sen__file_release(j->b->c, &file);
    return r;
}

static int bench_job_run(bench *b, const char *what, const char *model, const char *file,
                         int batch_size)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    bench_job j;
    sen_result r;
    memset(&j, 0, sizeof j);
    desc.threads = b->threads;
    j.b = b;
    j.batch_size = batch_size;
    if (sen_ctx_new(&desc, &b->c)) return 1;
    b->threads = sen_threads(b->c);
    r = sen_model_load(b->c, model, &j.model);
    if (!r) r = strcmp(what, "train") == 0 ? bench_train(&j, file) : bench_encode(&j, file);
    if (r) fprintf(stderr, "bench: %s\n", sen_message(b->c));
    sen_model_free(j.model);
    sen_ctx_free(b->c);
    return r ? 1 : 0;
}

static int bench_usage(void)
{
    fprintf(stderr, "usage: bench [--json] [--quick] [--threads N] [--only WORD]\n"
                    "       bench train MODEL PAIRS [--batch-size N] [--threads N] [--json]\n"
                    "       bench encode MODEL TEXTS [--batch-size N] [--threads N] [--json]\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *job[3] = { NULL, NULL, NULL };
    int threads = 0, batch_size = 32, n = 0;
    bench b;
    memset(&b, 0, sizeof b);
    b.samples = BENCH_SAMPLES;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) b.json = true;
        else if (!strcmp(argv[i], "--quick")) b.samples = 7;
        else if (!strcmp(argv[i], "--threads") && i + 1 < argc) threads = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--batch-size") && i + 1 < argc) batch_size = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--only") && i + 1 < argc) b.only = argv[++i];
        else if (argv[i][0] != '-' && n < 3) job[n++] = argv[i];
        else return bench_usage();
    }
    if (n && (n < 3 || (strcmp(job[0], "train") != 0 && strcmp(job[0], "encode") != 0)))
        return bench_usage();
    if (!sen_target_runs_here()) {
        fprintf(stderr, "bench: compiled for %s, which this processor lacks\n", sen_target_name());
        return 1;
    }
    if (threads < 1) threads = sen__default_threads();
    b.threads = threads;
    if (n) return bench_job_run(&b, job[0], job[1], job[2], batch_size);
    bench_all(&b, 1);
    if (threads > 1) bench_all(&b, threads);
    return 0;
}
