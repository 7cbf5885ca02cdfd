/* What the parts of the benchmark share: the clock, the peak that stands around every sample, how a
 * sample is taken, how a line is printed. Included by tools/bench.c behind the implementation. */
#ifndef BENCH_H
#define BENCH_H

#define BENCH_SAMPLES 41
#define BENCH_NONE    (-1.0)                /* a number that was not measured: "-", null in JSON */

typedef struct bench {
    sen_ctx    *c;
    int         threads;
    bool        json, quick, full;
    bool        wall;                       /* one thread too is timed by the wall's clock */
    int         samples;                    /* at most BENCH_SAMPLES */
    const char *only;                       /* parts that begin so; NULL: all */
    const char *program;                    /* itself, to be started again */
    const char *model, *data;               /* folders; model NULL: random weights */
    /* Rows of training and encoding with 1 thread, for what N threads gain. */
    double      one_rate[8], one_share[8];
} bench;

/* ---- ends ------------------------------------------------------------------------------------ */

static void bench_stop(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static void bench_check(const bench *b, sen_result r)
{
    if (r) bench_stop(sen_message(b->c));
}

static void *bench_alloc(size_t bytes)
{
    void *p = calloc(1, bytes + 64);
    if (!p) bench_stop("no memory");
    return p;
}

static uint32_t bench_random(uint32_t *s)
{
    *s = *s * 1664525u + 1013904223u;
    return *s >> 8;
}

static uint32_t bench_below(uint32_t *s, uint32_t n)
{
    return (uint32_t)((uint64_t)bench_random(s) * n >> 24);
}

/* n numbers between -1 and 1. */
static float *bench_floats(int64_t n)
{
    float *x = (float *)bench_alloc((size_t)n * sizeof *x);
    uint32_t s = 1;
    for (int64_t i = 0; i < n; i++) x[i] = (float)bench_random(&s) / 8388608.0f - 1.0f;
    return x;
}

static bool bench_wanted(const bench *b, const char *name)
{
    return !b->only || strncmp(name, b->only, strlen(b->only)) == 0;
}

/* ---- the clock ------------------------------------------------------------------------------- */

static double bench_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One thread is measured by its own processor time, which others on the machine disturb less. */
static double bench_now(const bench *b)
{
    struct timespec t;
    if (b->threads > 1 || b->wall) return bench_wall();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int bench_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The number below which a share q of them lies; sorts. */
static double bench_quantile(double *x, int n, double q)
{
    const double at = q * (n - 1);
    const int i = (int)at, j = i + 1 < n ? i + 1 : i;
    if (n < 1) return BENCH_NONE;
    qsort(x, (size_t)n, sizeof *x, bench_compare);
    return x[i] + (x[j] - x[i]) * (at - i);
}

static double bench_median(double *x, int n)
{
    return bench_quantile(x, n, 0.5);
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

/* Billions of operations a second, all threads together, of tasks that do `flop` each. */
static double bench_peak_of(const bench *b, sen_task_fn task, double flop, int64_t tasks)
{
    bench_peak_job j;
    volatile float a = 0.999f, c = 0.01f;
    double t;
    j.a = a;
    j.b = c;
    for (int i = 0; i < BENCH_CHAINS; i++) j.start[i] = a * (float)i;
    t = bench_now(b);
    sen__parallel(b->c, tasks, task, &j);
    t = bench_now(b) - t;
    return flop * (double)tasks / t * 1e-9;
}

#define BENCH_PEAK_FLOP (2.0 * 4.0 * BENCH_CHAINS * BENCH_STEPS * SEN__LANES)

static int64_t bench_peak_tasks(const bench *b)
{
    return b->threads == 1 ? 1 : 4 * b->threads;
}

/* Of float32 multiplications and additions. */
static double bench_peak(const bench *b)
{
    return bench_peak_of(b, bench_peak_task, BENCH_PEAK_FLOP, bench_peak_tasks(b));
}

/* The same beside a sample that took so many seconds: for a twenty-fifth of them, in one region of
 * many tasks, so that a pause of one thread costs no more than it would in real work. */
static double bench_peak_long(const bench *b, double seconds)
{
    const double window = SEN__MIN(SEN__MAX(seconds / 25.0, 4e-3), 0.1);
    const double tasks = window * bench_peak(b) * 1e9 / BENCH_PEAK_FLOP;
    return bench_peak_of(b, bench_peak_task, BENCH_PEAK_FLOP,
                         SEN__MAX((int64_t)tasks, 4 * (int64_t)b->threads));
}

/* ---- samples --------------------------------------------------------------------------------- */

typedef void (*bench_fn)(const bench *b, void *arg);

typedef struct bench_result {
    double speed, share;                    /* medians; share: of the peak around the sample */
    double best, best_share;
} bench_result;

/* How many thousand millions of units fn does in a second, `work` units in each call. A sample is
 * two milliseconds long, or one call; a part takes a second and a half at most, and three samples
 * at least. */
static bench_result bench_measure(const bench *b, bench_fn fn, void *arg, double work)
{
    bench_result result;
    double speed[BENCH_SAMPLES], part[BENCH_SAMPLES], t;
    int repeat, n = b->samples;
    bool lasting;                           /* long enough to meet the machine's pauses */
    fn(b, arg);
    t = bench_now(b);
    fn(b, arg);
    t = SEN__MAX(bench_now(b) - t, 1e-7);
    repeat = t < 2e-3 ? (int)(2e-3 / t) + 1 : 1;
    if (t * repeat * n > 1.5) n = SEN__MAX(b->quick ? 1 : 3, (int)(1.5 / (t * repeat)));
    lasting = t > 10e-3;
    for (int i = 0; i < n; i++) {
        const double before = lasting ? bench_peak_long(b, t) : bench_peak(b);
        double after;
        t = bench_now(b);
        for (int r = 0; r < repeat; r++) fn(b, arg);
        t = bench_now(b) - t;
        speed[i] = work * repeat / t * 1e-9;
        after = lasting ? bench_peak_long(b, t) : bench_peak(b);
        part[i] = speed[i] / (0.5 * (before + after));
    }
    result.speed = bench_median(speed, n);              /* sorts */
    result.share = bench_median(part, n);
    result.best = speed[n - 1];
    result.best_share = part[n * 9 / 10];   /* the very best may be a disturbed peak */
    return result;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* A measured number: its name in JSON, its unit in the table. "%" shows a share in percent; NULL
 * keeps it out of the table. */
typedef struct bench_number {
    const char *name;
    double      value;
    const char *unit;
} bench_number;

static void bench_print_number(const bench_number *v)
{
    const double x = v->value * (v->unit[0] == '%' ? 100.0 : 1.0);
    const int decimals = v->unit[0] == '%' || x >= 100.0 ? 1 : x >= 1.0 ? 2 : 3;
    if (v->value == BENCH_NONE) printf(" %9s %-*s", "-", (int)strlen(v->unit), v->unit);
    else printf(" %9.*f %s", decimals, x, v->unit);
}

/* One line of the table, or one JSON object: part, fields (JSON members, or ""), threads, numbers;
 * a NULL name ends them. */
static void bench_line(const bench *b, const char *part, const char *fields, const char *label,
                       const bench_number *v)
{
    if (b->json) {
        printf("{\"bench\": \"%s\", %s%s\"threads\": %d", part, fields, *fields ? ", " : "",
               b->threads);
        for (; v->name; v++)
            if (v->value == BENCH_NONE) printf(", \"%s\": null", v->name);
            else printf(", \"%s\": %.6g", v->name, v->value);
        printf("}\n");
    } else {
        printf("%-34s", label);
        for (; v->name; v++)
            if (v->unit) bench_print_number(v);
        printf("\n");
    }
    fflush(stdout);
}

/* A text within quotes of JSON. */
static const char *bench_quoted(char *to, size_t room, const char *text)
{
    size_t n = 0;
    for (; *text && n + 2 < room; text++) {
        if (*text == '"' || *text == '\\') to[n++] = '\\';
        to[n++] = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    to[n] = 0;
    return to;
}

/* A line that cannot be measured says why. */
static void bench_skip(const bench *b, const char *part, const char *label, const char *why)
{
    char what[120], text[1200];
    if (!b->json) {
        printf("%-34s not run: %s\n", label, why);
        return;
    }
    printf("{\"bench\": \"%s\", \"row\": \"%s\", \"threads\": %d, \"skipped\": \"%s\"}\n", part,
           bench_quoted(what, sizeof what, label), b->threads,
           bench_quoted(text, sizeof text, why));
}

static void bench_title(const bench *b, const char *name)
{
    if (!b->json) printf("\n%s\n", name);
}

/* The line of a kernel: medians, then the best. */
static void bench_report(const bench *b, const char *part, const char *fields, const char *label,
                         bench_result r, double flop)
{
    const bench_number v[] = {
        { "gflops", r.speed, "GF/s" }, { "share", r.share, "%" },
        { "best_gflops", r.best, "GF/s best" }, { "best_share", r.best_share, "%" },
        { "best_ms", flop / r.best * 1e-6, "ms" }, { NULL, 0, NULL }
    };
    bench_line(b, part, fields, label, v);
}
#endif /* BENCH_H */
