/* What every test program uses: checks, test cases, random floats, files, memory that is counted,
 * contexts. Include sentrain.h with its implementation first. */
#ifndef TEST_H
#define TEST_H
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__MINGW32__)                        /* its macros convert to float, which warns */
#undef isnan
#undef signbit
#define isnan(x)   ((x) != (x))
#define signbit(x) (copysign(1.0, (double)(x)) < 0.0)
#endif

#if defined(SEN__TARGET_NEON) && !defined(__aarch64__)
#define TEST_FLUSHES 1                          /* ARMv7's NEON takes denormal numbers for 0 */
#else
#define TEST_FLUSHES 0
#endif

static long test_checks;                        /* single checks made, and failed */
static int  test_failures, test_failures_before;                        /* before this case */
static long test_passed, test_failed, test_skipped;                     /* of test cases */
static int  test_missing;                       /* this case asked for a file that is not here */

/* ---- checks ---------------------------------------------------------------------------------- */

#define CHECK(condition) \
    ((condition) ? (void)test_checks++ : test_fail(__FILE__, __LINE__, "CHECK(" #condition ")"))

/* |got - expect| <= tol * max(1, |expect|), element by element; says which one was the worst. Both
 * are arrays of float or of double. NaN equals NaN only. */
#define CHECK_NEAR(got, expect, n, tol) \
    test_near(__FILE__, __LINE__, #got, (got), sizeof (got)[0], (expect), sizeof (expect)[0], \
              (int64_t)(n), (tol))

/* Two texts; either may be NULL. */
#define CHECK_TEXT(got, expect) test_same_text(__FILE__, __LINE__, #got, (got), (expect))

/* A call that must succeed; the context's sentence is shown if it does not. */
#define CHECK_OK(ctx, call) test_ok(__FILE__, __LINE__, #call, (ctx), (call))

/* Counts a failed check; true if it should be shown: the first eight of a case are. */
static inline int test_failing(void)
{
    return test_failures++ - test_failures_before < 8;
}

static inline void test_fail(const char *file, int line, const char *what)
{
    test_checks++;
    if (test_failing()) printf("%s:%d: %s failed\n", file, line, what);
}

/* Calls of SENTRAIN_ASSERT (broken.h) that found something wrong: a failure, unless a test provokes
 * them and counts. They may come from any thread. */
static int test_breaks_expected;
static volatile int test_breaks;

static inline void test_broken(const char *file, int line, const char *condition)
{
    test_breaks++;
    if (test_breaks_expected) return;
    test_checks++;
    if (test_failing()) printf("%s:%d: SENTRAIN_ASSERT(%s) failed\n", file, line, condition);
}

static inline double test_at(const void *x, size_t size, int64_t i)
{
    return size == sizeof(float) ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static inline void test_near(const char *file, int line, const char *name, const void *got,
                             size_t got_size, const void *expect, size_t expect_size, int64_t n,
                             double tol)
{
    int64_t worst = -1;
    double most = tol;
    test_checks++;
    for (int64_t i = 0; i < n; i++) {
        const double g = test_at(got, got_size, i), e = test_at(expect, expect_size, i);
        const int same = g == e || (isnan(g) && isnan(e));
        const double off = same ? 0.0 : fabs(g - e) / fmax(1.0, fabs(e));
        if (!(off <= most)) {
            worst = i;
            most = off;
        }
    }
    if (worst < 0 || !test_failing()) return;
    printf("%s:%d: %s[%ld] is %.9g, expected %.9g (off by %.3g, allowed %.3g)\n", file, line, name,
           (long)worst, test_at(got, got_size, worst), test_at(expect, expect_size, worst), most,
           tol);
}

static inline void test_same_text(const char *file, int line, const char *name, const char *got,
                                  const char *expect)
{
    test_checks++;
    if (got == expect || (got && expect && strcmp(got, expect) == 0)) return;
    if (!test_failing()) return;
    printf("%s:%d: %s is\n    %s\n  expected\n    %s\n", file, line, name, got ? got : "(null)",
           expect ? expect : "(null)");
}

static inline int test_ok(const char *file, int line, const char *call, const sen_ctx *c,
                          sen_result result)
{
    test_checks++;
    if (result == SEN_OK) return 1;
    if (test_failing()) {
        printf("%s:%d: %s gave %d: %s\n", file, line, call, (int)result, sen_message(c));
    }
    return 0;
}

/* n floats in [-1, 1), the same on every machine. */
static inline void fill_random(float *x, int64_t n, uint32_t seed)
{
    uint32_t s = seed * 2654435761u + 1u;
    for (int64_t i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        x[i] = (float)(s >> 8) / 8388608.0f - 1.0f;
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static char test_folder_name[512];              /* of the case that runs; "" before first use */

/* A folder of this test case alone, made at its first use and removed with all in it at the end. */
static inline const char *test_folder(void)
{
    const sen_files *f = sen_system_files();
    const char *top = getenv("TMPDIR");
    if (test_folder_name[0]) return test_folder_name;
    if (!top) top = getenv("TEMP");
    if (!top) top = "/tmp";
    for (int i = 0; i < 10000; i++) {           /* the first name that nobody has */
        snprintf(test_folder_name, sizeof test_folder_name, "%s/sentrain-test-%d", top, i);
        if (f->make_folder(f->user, test_folder_name) == SEN_FILE_OK) return test_folder_name;
    }
    printf("no folder can be made in %s: set TMPDIR to a place where one can\n", top);
    exit(2);
}

/* "FOLDER/name" of this test case. The last eight results stay valid. */
static inline const char *test_path(const char *name)
{
    static char path[8][1024];
    static int turn;
    char *p = path[turn++ & 7];
    snprintf(p, sizeof path[0], "%s/%s", test_folder(), name);
    return p;
}

/* A file beside the project, in ../shared. NULL if it is not there; a case that
 * checked nothing else then counts as skipped. */
static inline const char *test_shared_path(const char *name)
{
    static char path[1024];
    sen_file_info info;
    const sen_files *f = sen_system_files();
    snprintf(path, sizeof path, "../shared/%s", name);
    if (f->info(f->user, path, &info) == SEN_FILE_OK) return path;
    test_missing = 1;
    return NULL;
}

static inline void test_write(const char *path, const void *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, bytes, f) == bytes);
    if (f) fclose(f);
}

static inline void test_write_text(const char *path, const char *text)
{
    test_write(path, text, strlen(text));
}

/* A whole file with a 0 after it, or NULL; free() it. bytes may be NULL. */
static inline char *test_read(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, room = 4096, got;
    char *data = f ? (char *)malloc(room) : NULL;
    while (data && (got = fread(data + n, 1, room - n - 1, f)) > 0) {
        n += got;
        if (room - n < 2) data = (char *)realloc(data, room *= 2);
    }
    if (f) fclose(f);
    if (data) data[n] = 0;
    if (bytes) *bytes = n;
    return data;
}

static inline void test_remove(const char *path);

static inline void test_remove_in(void *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", (const char *)folder, name);
    test_remove(path);
}

/* Removes a file, or a folder and all in it. */
static inline void test_remove(const char *path)
{
    const sen_files *f = sen_system_files();
    sen_file_info info;
    char folder[1024];
    if (f->info(f->user, path, &info) != SEN_FILE_OK) return;
    snprintf(folder, sizeof folder, "%s", path);
    if (info.is_folder) f->list(f->user, path, test_remove_in, folder);
    f->remove(f->user, path);
}

/* ---- memory that is counted and can fail ----------------------------------------------------- */

typedef struct test_heap {
    int64_t open;                               /* blocks not freed yet */
    int64_t calls;                              /* requests for memory so far */
    int64_t fail_at;                            /* the request that fails, from 1; 0: none */
    int64_t bytes, most;                        /* in use now, and at the worst moment */
} test_heap;

static inline void *test_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    test_heap *h = (test_heap *)user;
    void *made = NULL;
    if (new_size) {
        if (++h->calls == h->fail_at) return NULL;
        if (new_size >> 16 > (size_t)1 << 20) return NULL;      /* no test has that much */
        made = realloc(block, new_size);
        if (!made) return NULL;
    } else {
        free(block);
    }
    h->open += (made && !block) - (!made && block);
    h->bytes += (int64_t)new_size - (block ? (int64_t)old_size : 0);
    if (h->bytes > h->most) h->most = h->bytes;
    return made;
}

static inline sen_allocator test_allocator(test_heap *h)
{
    sen_allocator a;
    a.resize = test_resize;
    a.user = h;
    return a;
}

/* The heap of test_ctx: what is still open when a test case ends has leaked, and fails the case. */
static test_heap test_blocks;

/* ---- contexts -------------------------------------------------------------------------------- */

static char test_log_text[4096];                /* the log of the last test_ctx, a line each */

static inline void test_log(void *user, sen_log_level level, const char *text)
{
    const size_t n = strlen(test_log_text);
    (void)user;
    (void)level;
    snprintf(test_log_text + n, sizeof test_log_text - n, "%s\n", text);
}

/* A context on counted memory; the test frees it. */
static inline sen_ctx *test_ctx(int threads)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    d.allocator = test_allocator(&test_blocks);
    d.log = test_log;
    d.threads = threads;
    if (sen_ctx_new(&d, &c) != SEN_OK) {
        printf("no context could be made for a test\n");
        exit(2);
    }
    test_log_text[0] = 0;                       /* without advice about the target */
    return c;
}

/* Runs fn with 1, 2 and 7 threads; each must write the same `bytes` bytes to out. */
static inline void test_same_bits(void (*fn)(sen_ctx *c, void *out, void *arg), size_t bytes,
                                  void *arg)
{
    static const int threads[3] = { 1, 2, 7 };
    char *out[3];
    for (int i = 0; i < 3; i++) {
        sen_ctx *c = test_ctx(threads[i]);
        out[i] = (char *)calloc(bytes, 1);
        fn(c, out[i], arg);
        sen_ctx_free(c);
        CHECK(memcmp(out[0], out[i], bytes) == 0);
    }
    for (int i = 0; i < 3; i++) free(out[i]);
}

/* ---- test cases and chapters ----------------------------------------------------------------- */

/* Runs fn as one test case; where fn itself calls TEST, those are the cases and fn only holds them.
 * A case fails by its checks or by memory left open. */
static inline void test_case(const char *name, void (*fn)(void))
{
    const int before = test_failures_before, failures = test_failures;
    const long checks = test_checks, failed = test_failed;
    const long cases = test_passed + test_failed + test_skipped;
    test_failures_before = failures;
    fn();
    test_failures_before = before;
    if (test_blocks.open) {
        printf("%s: %ld blocks of memory were not freed\n", name, (long)test_blocks.open);
        test_failures++;
    }
    if (test_failures != failures) {
        if (test_failed == failed) {
            printf("FAILED %s (%d checks)\n", name, test_failures - failures);
            test_failed++;
        }
    } else if (test_passed + test_failed + test_skipped == cases) {
        if (test_missing && test_checks == checks) test_skipped++;
        else test_passed++;
    }
    if (test_folder_name[0]) test_remove(test_folder_name);
    test_folder_name[0] = 0;
    test_missing = 0;
    memset(&test_blocks, 0, sizeof test_blocks);
    fflush(stdout);
}

#define TEST(fn) test_case(#fn, fn)

/* A chapter: its cases, and one line of what they took. */
static inline void test_chapter(const char *tag, void (*fn)(void))
{
    const clock_t start = clock();
    const long checks = test_checks, cases = test_passed + test_failed + test_skipped;
    test_case(tag, fn);
    printf("%-10s %4ld cases %9ld checks %6.2f s\n", tag,
           test_passed + test_failed + test_skipped - cases, test_checks - checks,
           (double)(clock() - start) / CLOCKS_PER_SEC);
    fflush(stdout);
}

/* The closing line; gives the program's exit status. */
static inline int test_close(void)
{
    printf("%ld passed, %ld failed", test_passed, test_failed);
    if (test_skipped) printf(", %ld skipped", test_skipped);
    printf("\n");
    return test_failed != 0;
}

/* main of a chapter's test that is built alone. */
static inline int test_run(const char *tag, void (*fn)(void))
{
    test_chapter(tag, fn);
    return test_close();
}
#endif
