/* The thread chapter: every task once, any number of threads, the caller's own parallel_for,
 * several contexts in several threads of the system. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

typedef struct thread_job {
    unsigned char *done;                        /* [n] how often each task ran */
    int64_t       *by_worker;                   /* [workers], 64 apart */
    int            workers;
    int            wrong;                       /* a worker number out of range */
} thread_job;

static void thread_task(void *arg, int64_t task, int worker)
{
    thread_job *j = (thread_job *)arg;
    j->done[task]++;
    if (worker < 0 || worker >= j->workers) j->wrong = 1;
    else j->by_worker[worker * 64]++;
}

static void thread_region(sen_ctx *c, int64_t n)
{
    thread_job j;
    int64_t i, sum = 0;
    memset(&j, 0, sizeof j);
    j.workers = sen__workers(c);
    j.done = (unsigned char *)calloc((size_t)n + 1, 1);
    j.by_worker = (int64_t *)calloc((size_t)j.workers * 64, sizeof *j.by_worker);
    sen__parallel(c, n, thread_task, &j);
    for (i = 0; i < n && j.done[i] == 1; i++) { }
    CHECK(i == n);
    for (i = 0; i < j.workers; i++) sum += j.by_worker[i * 64];
    CHECK(sum == n);                            /* each counter was one thread's at a time */
    CHECK(!j.wrong);
    free(j.done);
    free(j.by_worker);
}

/* What a context that asks for `threads` gets: one where there are none. */
static int thread_given(int threads)
{
#if defined(SEN__THREADS)
    return threads;
#else
    (void)threads;
    return 1;
#endif
}

static void thread_all(void)
{
    static const int threads[] = { 1, 2, 7 };
    static const int64_t n[] = { 0, 1, 2, 6, 7, 8, 1000 };
    size_t t, k;
    for (t = 0; t < SEN__COUNT(threads); t++) {
        sen_ctx *c = test_ctx(threads[t]);
        CHECK(sen_threads(c) == thread_given(threads[t]));
        for (k = 0; k < SEN__COUNT(n); k++) thread_region(c, n[k]);
        sen_ctx_free(c);
    }
}

/* Many short regions in a row, with pauses long enough to sleep in between: no wake-up is lost. */
static void thread_many(void)
{
    sen_ctx *c = test_ctx(3);
    int round;
    for (round = 0; round < 2000; round++) {
        thread_region(c, round % 5 + 2);
        if (round % 400 == 0) {
            const clock_t until = clock() + CLOCKS_PER_SEC / 200;
            while (clock() < until) { }
        }
    }
    sen_ctx_free(c);
}

/* Threads that were never used, a team that could not be made: the caller's thread does it. */
static void thread_none(void)
{
    sen_ctx *c = test_ctx(5);
    sen_ctx_free(c);
    c = test_ctx(5);
    test_blocks.fail_at = test_blocks.calls + 1;
    thread_region(c, 100);
    CHECK_TEXT(sen_message(c), "");
    thread_region(c, 100);                      /* and the next time there is a team */
#if defined(SEN__THREADS)
    CHECK(c->team != NULL);
#endif
    sen_ctx_free(c);
}

/* ---- a parallel_for of the caller's ---------------------------------------------------------- */

typedef struct thread_own {
    int     calls;
    int64_t tasks;
    int     workers;
} thread_own;

static void thread_own_for(void *user, int64_t n, sen_task_fn task, void *arg)
{
    thread_own *o = (thread_own *)user;
    int64_t i;
    o->calls++;
    o->tasks += n;
    for (i = n - 1; i >= 0; i--) task(arg, i, (int)(i % o->workers));   /* any order, any worker */
}

static void thread_parallel_for(void)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    thread_own own;
    sen_ctx *c = NULL;
    memset(&own, 0, sizeof own);
    own.workers = 4;
    d.allocator = test_allocator(&test_blocks);
    d.threads = 4;
    d.parallel_for = thread_own_for;
    d.parallel_user = &own;
    CHECK(sen_ctx_new(&d, &c) == SEN_OK);
    thread_region(c, 100);
    thread_region(c, 1);                        /* a single task is not worth a call */
    CHECK(own.calls == 1 && own.tasks == 100);
    CHECK(c->team == NULL);
    sen_ctx_free(c);
}

/* ---- contexts in threads of the system ------------------------------------------------------- */

#if defined(SEN__THREADS)
typedef struct thread_host {
    int threads;
    int bad;
} thread_host;

static void thread_square(void *arg, int64_t task, int worker)
{
    (void)worker;
    ((int64_t *)arg)[task] = task * task;
}

static void thread_host_work(thread_host *h)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    int64_t out[50];
    int round, i;
    d.threads = h->threads;
    if (sen_ctx_new(&d, &c)) {
        h->bad = 1;
        return;
    }
    for (round = 0; round < 200; round++) {
        memset(out, 0, sizeof out);
        sen__parallel(c, 50, thread_square, out);
        for (i = 0; i < 50; i++) h->bad |= out[i] != (int64_t)i * i;
        sen__begin(c);
        sen_fail(c, SEN_ERR_IO, "message %d of %d", round, h->threads);
        sen__end(c, SEN_ERR_IO);
    }
    h->bad |= strncmp(sen_message(c), "message 199 of ", 15) != 0;
    sen_ctx_free(c);
}

SEN__THREAD_FN thread_host_main(void *arg)
{
    thread_host_work((thread_host *)arg);
    SEN__THREAD_END;
}

static void thread_contexts(void)
{
    thread_host host[2];
    sen__thread t[2];
    int i;
    for (i = 0; i < 2; i++) {
        host[i].threads = 2 + i;
        host[i].bad = 0;
        CHECK(sen__thread_start(&t[i], thread_host_main, &host[i]));
    }
    for (i = 0; i < 2; i++) {
        sen__thread_join(t[i]);
        CHECK(!host[i].bad);
    }
}

/* The wish to stop comes from another thread while this one works. */
SEN__THREAD_FN thread_stop_main(void *arg)
{
    sen_request_stop((sen_ctx *)arg);
    SEN__THREAD_END;
}

static void thread_stop(void)
{
    sen_ctx *c = test_ctx(1);
    sen__thread t;
    CHECK(sen__thread_start(&t, thread_stop_main, c));
    while (!sen__stop_asked(c)) sen__pause();
    sen__thread_join(t);
    sen_ctx_free(c);
}
#endif

#if defined(SEN__THREADS_POSIX) && defined(__linux__) && !defined(SENTRAIN_NO_STDIO)
/* Quotas of control groups, on folders laid out as the system's. */
static void thread_quota(void)
{
    sen_ctx *c = test_ctx(1);
    char list[1024], root[1024];
    snprintf(list, sizeof list, "%s", test_path("list"));
    snprintf(root, sizeof root, "%s", test_path("fs"));
    CHECK_OK(c, sen__make_folders(c, test_path("fs/job/part")));
    CHECK_OK(c, sen__make_folders(c, test_path("fs/cpu/docker/x")));
    CHECK(sen__quota(test_path("none"), root) == LONG_MAX);
    test_write_text(list, "0::/job/part\n");
    CHECK(sen__quota(list, root) == LONG_MAX);
    test_write_text(test_path("fs/job/part/cpu.max"), "max 100000\n");
    CHECK(sen__quota(list, root) == LONG_MAX);
    test_write_text(test_path("fs/job/cpu.max"), "250000 100000\n");    /* above counts too */
    CHECK(sen__quota(list, root) == 3);
    test_write_text(test_path("fs/job/part/cpu.max"), "50000 100000\n");
    CHECK(sen__quota(list, root) == 1);
    test_write_text(list, "0::/elsewhere/part\n");      /* as a container's host calls it */
    CHECK(sen__quota(list, root) == LONG_MAX);
    test_write_text(test_path("fs/cpu.max"), "200000 100000\n");
    CHECK(sen__quota(list, root) == 2);
    test_write_text(list, "3:cpuset:/\n2:cpuacct,cpu:/docker/x\n1:name=systemd:/job\n");
    CHECK(sen__quota(list, root) == LONG_MAX);          /* a list without version 2 */
    test_write_text(test_path("fs/cpu/docker/x/cpu.cfs_quota_us"), "400000\n");
    test_write_text(test_path("fs/cpu/docker/x/cpu.cfs_period_us"), "100000\n");
    CHECK(sen__quota(list, root) == 4);
    test_write_text(test_path("fs/cpu/docker/x/cpu.cfs_quota_us"), "-1\n");
    CHECK(sen__quota(list, root) == LONG_MAX);
    test_write_text(test_path("fs/cpu/docker/x/cpu.cfs_quota_us"), "99999999999999999999999999");
    test_write_text(test_path("fs/cpu/docker/x/cpu.cfs_period_us"), "0");
    CHECK(sen__quota(list, root) == LONG_MAX);
    test_write_text(list, "no list\n::\n:cpu\n9:cpu:/docker/x");
    CHECK(sen__quota(list, root) == 2 && sen__default_threads() >= 1);
    sen_ctx_free(c);
}
#endif

static void test_thread(void)
{
    TEST(thread_all);
    TEST(thread_many);
    TEST(thread_none);
    TEST(thread_parallel_for);
#if defined(SEN__THREADS_POSIX) && defined(__linux__) && !defined(SENTRAIN_NO_STDIO)
    TEST(thread_quota);
#endif
#if defined(SEN__THREADS)
    TEST(thread_contexts);
    TEST(thread_stop);
#endif
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("thread", test_thread);
}
#endif
