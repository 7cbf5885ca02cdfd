/* bench: how fast this library is on this machine, beside what the machine can do at all.
 *
 *   bench [--json] [--quick] [--full] [--threads N] [--only PART] [--model DIR] [--data DIR]
 *   bench train MODEL PAIRS [--batch-size N] [--updates N] [--bf16]     PAIRS: .jsonl, .tsv or .csv
 *   bench encode MODEL TEXTS [--batch-size N]                           TEXTS: one a line
 *   bench tokenize MODEL TEXTS            each with [--threads N] [--limit ROWS] [--json] [--mark]
 *
 * The first form measures, for 1 thread and for N (default: as many as this process may use):
 *   peak, bandwidth   the machine's limits: loops of fused multiply-adds and of bf16 dot products
 *                     that stay in registers; memory read and written
 *   matmul, attention, rows             kernels at the shapes of training and encoding
 *   search            exact search beside its matrix product alone (--full: a million rows, 1.5 GB)
 *   samplers          an epoch of a million rows (Python's side: tools/bench_sampler.py)
 *   optimizer, tokenizer, encode, latency, train, gain     whole jobs on a model
 *   process, grid     start-up and memory of processes of their own; how the cost grows (N only)
 * --model: a folder; none: random weights of MiniLM-L6's shape. --data: a folder with
 * pairs-short.jsonl, pairs-long.jsonl, sentences.txt (default build/bench-data); texts are made
 * where a file is not there, and for random weights. --only: only parts whose names begin so.
 * --quick: fewer samples. --full: large batches of long texts too.
 *
 * "%" is the part of the peak. On virtual machines the clock wanders and for minutes two processors
 * give what one does, so the peak is measured before and after each sample. Shown are medians;
 * "best" is nearer to the truth where others use the machine. "serial" is the part of a step in
 * which one thread works alone, "waiting" what threads wait for each other in the rest. The first
 * form times one thread by its own processor time, all else goes by the clock. --json prints one
 * JSON object a line instead.
 *
 * MODEL and the file may be "-": random weights, texts made here. --mark prints a line as soon as
 * the first update, the first embedding is done. */
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__unix__) || defined(__APPLE__)
#define BENCH_UNIX
#include <errno.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#include "bench.h"
#include "bench_kernels.h"
#include "bench_jobs.h"

/* ---- which machine --------------------------------------------------------------------------- */

static const char *const bench_features[] = {
    "avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "avx512_fp16", "amx_tile", "amx_bf16",
    "asimd", "sve", "bf16", "i8mm", NULL
};

/* The value behind "key : value" in the first such line of /proc/cpuinfo; "" if there is none. */
static const char *bench_cpuinfo(const char *key, char *to, size_t room)
{
    static const size_t most = 8000;
    char *line = (char *)bench_alloc(most);
    FILE *f = fopen("/proc/cpuinfo", "r");
    *to = 0;
    while (f && !*to && fgets(line, (int)most, f)) {
        char *colon = strchr(line, ':');
        size_t n = strlen(key);
        if (!colon || strncmp(line, key, n) != 0 || (line[n] != '\t' && line[n] != ' ')) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(to, room, "%s", colon[1] == ' ' ? colon + 2 : colon + 1);
    }
    if (f) fclose(f);
    free(line);
    return to;
}

/* Those of the features that the machine has, in words. */
static void bench_flags(char *to, size_t room)
{
    char flags[8000];
    size_t n = 0;
    *to = 0;
    if (!*bench_cpuinfo("flags", flags, sizeof flags))
        bench_cpuinfo("Features", flags, sizeof flags);
    for (const char *const *f = bench_features; *f; f++) {
        const size_t k = strlen(*f);
        const char *at = flags;
        while ((at = strstr(at, *f)) != NULL) {
            const bool whole = (at == flags || at[-1] == ' ') && (at[k] == ' ' || !at[k]);
            if (whole && n + k + 2 < room)
                n += (size_t)snprintf(to + n, room - n, n ? " %s" : "%s", *f);
            at = whole ? flags + strlen(flags) : at + k;
        }
    }
}

static void bench_machine(const bench *b)
{
    char name[200], vendor[60], family[20], model[20], flags[300], quoted[400];
    const double mib = bench_proc_mib("/proc/meminfo", "MemTotal:");
    double load = BENCH_NONE;
#if defined(__VERSION__)
    const char *compiler = __VERSION__;
#else
    const char *compiler = "unknown";
#endif
    bench_cpuinfo("vendor_id", vendor, sizeof vendor);
    if (!*bench_cpuinfo("model name", name, sizeof name)) snprintf(name, sizeof name, "unknown");
    bench_cpuinfo("cpu family", family, sizeof family);
    bench_cpuinfo("model", model, sizeof model);
    bench_flags(flags, sizeof flags);
#ifdef BENCH_UNIX
    getloadavg(&load, 1);
#endif
    if (b->json) {
        printf("{\"bench\": \"machine\", \"cpu\": \"%s\", \"vendor\": \"%s\", \"family\": \"%s\", "
               "\"model\": \"%s\", \"features\": \"%s\", \"cpus\": %d, \"memory_mib\": %.0f, "
               "\"load\": %.2f, ", bench_quoted(quoted, sizeof quoted, name), vendor, family,
               model, flags, sen__default_threads(), mib, load);
        printf("\"target\": \"%s\", \"build\": \"%s\", ", sen_target_name(), sen_build_info());
        printf("\"compiler\": \"%s\"}\n", bench_quoted(quoted, sizeof quoted, compiler));
    } else {
        printf("%s (%s family %s model %s), %d processors, %.0f MiB\n", name, vendor, family,
               model, sen__default_threads(), mib);
        printf("has %s\n%s, compiler %s\n", flags, sen_build_info(), compiler);
        if (load >= 0)
            printf("load before this: %.2f%s\n", load,
                   load > 0.5 ? ", so others work here too and disturb the numbers" : "");
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void bench_limits(const bench *b)
{
    bench_peak(b);                          /* the threads start here */
    if (bench_wanted(b, "peak") || bench_wanted(b, "bandwidth"))
        bench_title(b, "the machine's limits");
    if (bench_wanted(b, "peak")) bench_peaks(b);
    if (bench_wanted(b, "bandwidth")) bench_memory(b);
}

/* What needs a model; last: no other threads than those of b->c are measured. */
static void bench_jobs(bench *b, bool last)
{
    static const char *const parts[] = { "optimizer", "tokenizer", "encode", "latency", "train",
                                         "process" };
    char path[1024];
    bench_texts texts;
    sen_model *m;
    bool any = false;
    for (size_t i = 0; i < SEN__COUNT(parts); i++) any = any || bench_wanted(b, parts[i]);
    if (!any) return;
    m = bench_model(b);
    texts = bench_sentences(b, m, bench_data(b, path, sizeof path, "sentences.txt"),
                            b->quick ? 200 : 2000);
    bench_title(b, b->model ? b->model : "random weights of MiniLM-L6's shape");
    if (bench_wanted(b, "optimizer")) bench_optimizer(b, m);
    if (bench_wanted(b, "tokenizer")) bench_tokenizer(b, m, &texts);
    if (bench_wanted(b, "encode")) bench_encodes(b, m, &texts);
    if (bench_wanted(b, "latency")) bench_latency(b, m, &texts);
    if (bench_wanted(b, "train")) bench_trains(b, m);
    if (last && bench_wanted(b, "process")) bench_all_processes(b, m);
    bench_texts_free(&texts);
    sen_model_free(m);
}

static void bench_all(bench *b, int threads, bool last)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    desc.threads = threads;
    b->threads = threads;
    if (sen_ctx_new(&desc, &b->c)) bench_stop("no context with so many threads");
    if (!b->json) printf("\n==== target %s, threads %d\n", sen_target_name(), threads);
    bench_limits(b);
    if (bench_wanted(b, "matmul")) bench_matmuls(b);
    if (bench_wanted(b, "attention")) bench_attends(b);
    if (bench_wanted(b, "rows")) bench_row_kernels(b);
    if (bench_wanted(b, "search")) bench_searches(b);
    if (bench_wanted(b, "samplers")) bench_samplers(b);
    bench_jobs(b, last);
    if (last && bench_wanted(b, "grid")) bench_grid(b);
    sen_ctx_free(b->c);
}

static int bench_usage(void)
{
    fprintf(stderr,
            "usage: bench [--json] [--quick] [--full] [--threads N] [--only PART] [--model DIR]\n"
            "             [--data DIR]\n"
            "       bench train MODEL PAIRS [--batch-size N] [--updates N] [--bf16] ...\n"
            "       bench encode MODEL TEXTS [--batch-size N] ...\n"
            "       bench tokenize MODEL TEXTS ...\n"
            "       ... [--threads N] [--limit ROWS] [--json] [--mark]\n");
    return 2;
}

/* Flags without a value, then those with one; false: unknown. */
static bool bench_flag(bench *b, bench_command *k, const char *flag)
{
    if (!strcmp(flag, "--json")) b->json = true;
    else if (!strcmp(flag, "--quick")) b->quick = true;
    else if (!strcmp(flag, "--full")) b->full = true;
    else if (!strcmp(flag, "--mark")) k->mark = true;
    else if (!strcmp(flag, "--bf16")) k->bf16 = true;
    else return false;
    return true;
}

static bool bench_option(bench *b, bench_command *k, const char *flag, const char *value)
{
    if (!value) return false;
    if (!strcmp(flag, "--threads")) b->threads = atoi(value);
    else if (!strcmp(flag, "--batch-size")) k->batch_size = atoi(value);
    else if (!strcmp(flag, "--updates")) k->updates = atoi(value);
    else if (!strcmp(flag, "--limit")) k->limit = atoi(value);
    else if (!strcmp(flag, "--only")) b->only = value;
    else if (!strcmp(flag, "--model")) b->model = value;
    else if (!strcmp(flag, "--data")) b->data = value;
    else return false;
    return true;
}

/* -1: go on; else the exit status. */
static int bench_arguments(bench *b, bench_command *k, int argc, char **argv)
{
    const char *word[3] = { NULL, NULL, NULL };
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (bench_flag(b, k, argv[i])) continue;
        if (bench_option(b, k, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) i++;
        else if ((argv[i][0] != '-' || !argv[i][1]) && n < 3) word[n++] = argv[i];
        else return bench_usage();
    }
    k->what = word[0];
    k->model = word[1];
    k->file = word[2];
    if (n && (n < 3 || (strcmp(k->what, "train") != 0 && strcmp(k->what, "encode") != 0 &&
                        strcmp(k->what, "tokenize") != 0)))
        return bench_usage();
    if (k->batch_size < 1 || k->updates < 1 || b->threads < 0) return bench_usage();
    return -1;
}

int main(int argc, char **argv)
{
    bench b;
    bench_command k;
    int status;
    memset(&b, 0, sizeof b);
    memset(&k, 0, sizeof k);
    k.batch_size = 32;
    k.updates = 40;
    b.program = argv[0];
    b.data = "build/bench-data";
    status = bench_arguments(&b, &k, argc, argv);
    if (status >= 0) return status;
    if (!sen_target_runs_here()) bench_stop(sen_target_message());
    if (b.threads < 1) b.threads = sen__default_threads();
    b.samples = b.quick ? 7 : BENCH_SAMPLES;
    if (k.what) return bench_job(&b, &k);
    bench_machine(&b);
    status = b.threads;                     /* bench_all sets b.threads */
    bench_all(&b, 1, status == 1);
    if (status > 1) bench_all(&b, status, true);
    return 0;
}
