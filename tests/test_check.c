/* The self-test: all of its checks hold here, it reports what it does, a failure and a lack of
 * memory are told as what they are, and it can be stopped. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

typedef struct check_seen {
    int begins, ok, failed, skipped, verdicts;
    int stop_at;                                /* 0: never; else with the report of this number */
    int reports;
    sen_ctx *ask;                               /* asked to stop at the first report, or NULL */
} check_seen;

static int check_report(void *user, const sen_selftest_report *r)
{
    check_seen *s = (check_seen *)user;
    s->reports++;
    s->begins += r->status == SEN_CHECK_BEGINS;
    s->skipped += r->status == SEN_CHECK_SKIPPED;
    if (r->item) {
        s->ok += r->status == SEN_CHECK_OK;
        s->failed += r->status == SEN_CHECK_FAILED;
    } else s->verdicts += r->status != SEN_CHECK_BEGINS;
    if (r->status == SEN_CHECK_FAILED)
        printf("%s %s: %s\n", r->check, r->item ? r->item : "=", r->text);
    if (s->ask) sen_request_stop(s->ask);
    return s->stop_at && s->reports == s->stop_at;
}

static void test_check_all(void)
{
    sen_ctx *c = test_ctx(2);
    check_seen s = { 0 };
    CHECK_OK(c, sen_selftest(c, NULL, check_report, &s));
    CHECK(s.begins == 6 && s.verdicts == 6);
    CHECK(s.failed == 0 && s.skipped == 0 && s.ok > 60);
    CHECK_TEXT(sen_message(c), "");
    sen_ctx_free(c);
}

/* Any seed of the random inputs: the bound is no matter of luck. */
static void test_check_seeds(void)
{
    sen_selftest_args a = sen_selftest_args_default();
    sen_ctx *c = test_ctx(1);
    a.only = "gradients";
    for (a.seed = 1; a.seed <= 20; a.seed++) {
        check_seen s = { 0 };
        CHECK_OK(c, sen_selftest(c, &a, check_report, &s));
        CHECK(s.begins == 1 && s.verdicts == 1);
    }
    sen_ctx_free(c);
}

static void test_check_names(void)
{
    sen_selftest_args a = sen_selftest_args_default();
    sen_ctx *c = test_ctx(1);
    a.only = "everything";
    CHECK(sen_selftest(c, &a, NULL, NULL) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "no check is called \"everything\"; there are: gradients, golden, "
                               "dead, bits, speed, memory");
    memset(&a, 0, sizeof a);
    CHECK(sen_selftest(c, &a, NULL, NULL) == SEN_ERR_ARGUMENT);
    a = sen_selftest_args_default();
    a.only = "golden";
    CHECK_OK(c, sen_selftest(c, &a, NULL, NULL));
    sen_ctx_free(c);
}

/* By the listener, at every report of a short check; and by sen_request_stop. */
static void test_check_stop(void)
{
    sen_selftest_args a = sen_selftest_args_default();
    sen_ctx *c = test_ctx(1);
    a.only = "golden";
    for (int at = 1; at <= 5; at++) {
        check_seen s = { 0 };
        s.stop_at = at;
        CHECK(sen_selftest(c, &a, check_report, &s) == SEN_ERR_STOPPED);
        CHECK(s.reports == at);
        CHECK_TEXT(sen_message(c), "the self-test was stopped");
    }
    check_seen s = { 0 };
    s.ask = c;
    CHECK(sen_selftest(c, &a, check_report, &s) == SEN_ERR_STOPPED);
    CHECK_OK(c, sen_selftest(c, &a, NULL, NULL));
    sen_ctx_free(c);
}

/* An operation whose gradient is wrong by 3 %. */
static void check_crooked_backward(sen_node *n)
{
    float *d = sen_grad(n, 0);
    for (int64_t i = 0; d && i < sen_count(n->out); i++) d[i] += 1.03f * n->out->g[i];
}

static const sen_op check_crooked_op = { "crooked", check_crooked_backward };

static sen_var *check_crooked(sen_tape *t, sen_var *const *in, const sen__check_op *o)
{
    sen_var *y = sen_tape_like(t, in[0]);
    (void)o;
    if (!y) return NULL;
    memcpy(y->x, in[0]->x, (size_t)sen_count(y) * sizeof *y->x);
    return sen_tape_record(t, &check_crooked_op, y, in[0], NULL, NULL);
}

/* What a wrong gradient looks like to a listener, through the check's own parts. */
static int check_quiet(void *user, const sen_selftest_report *r)
{
    check_seen *s = (check_seen *)user;
    s->failed += r->status == SEN_CHECK_FAILED;
    CHECK_TEXT(r->item, "crooked");
    CHECK(r->value > 0.01 && r->value < 0.2 && r->allowed == 0.01);
    return 0;
}

static void test_check_crooked(void)
{
    static const sen__check_op op = { .name = "crooked", .run = check_crooked, .n = 1,
                                      .shape = { { 5, 7 } } };
    sen_ctx *c = test_ctx(1);
    static float room[SEN__CHECK_INPUTS + 3][SEN__CHECK_FLOATS];
    static int64_t order[SEN__CHECK_FLOATS];
    check_seen s = { 0 };
    sen__selftest k;
    sen__check_grad g;
    memset(&k, 0, sizeof k);
    memset(&g, 0, sizeof g);
    k.c = c;
    k.fn = check_quiet;
    k.user = &s;
    k.check = "gradients";
    g.op = &op;
    g.order = order;
    for (int i = 0; i < SEN__CHECK_INPUTS; i++) g.x[i] = room[i];
    g.moved = room[SEN__CHECK_INPUTS];
    g.way = room[SEN__CHECK_INPUTS + 1];
    g.weight = room[SEN__CHECK_INPUTS + 2];
    sen_rng_seed(&g.rng, 1);
    CHECK_OK(c, sen_tape_new(c, true, &g.recording));
    CHECK_OK(c, sen_tape_new(c, false, &g.plain));
    CHECK_OK(c, sen__check_one_op(&k, &g));
    CHECK(s.failed == 1 && k.failed == 1);
    sen_tape_free(g.recording);
    sen_tape_free(g.plain);
    sen_ctx_free(c);
}

/* Whichever request for memory fails: out of memory, or done with less (threads that could not be
 * made, a smaller region of the pool), and nothing left open. Every one of the first thirty, then
 * some of the others. */
static void test_check_no_memory(void)
{
    static const char *const only[] = { "gradients", "golden", "dead", "bits", "memory" };
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        for (int64_t at = 1;; at += at < 30 ? 1 : 1 + at / 8) {
            sen_selftest_args a = sen_selftest_args_default();
            sen_ctx *c = test_ctx(1);
            sen_result r;
            int64_t calls;
            a.only = only[i];
            test_blocks.calls = 0;
            test_blocks.fail_at = at;
            r = sen_selftest(c, &a, NULL, NULL);
            test_blocks.fail_at = 0;
            calls = test_blocks.calls;
            CHECK(r == SEN_OK || r == SEN_ERR_MEMORY);
            if (r == SEN_ERR_MEMORY) CHECK(strstr(sen_message(c), "memory") != NULL);
            if (r != SEN_OK && r != SEN_ERR_MEMORY) printf("%s\n", sen_message(c));
            sen_ctx_free(c);
            if (r == SEN_OK && calls < at) break;       /* it was never refused */
        }
    }
}

static void test_check(void)
{
    TEST(test_check_all);
    TEST(test_check_seeds);
    TEST(test_check_names);
    TEST(test_check_stop);
    TEST(test_check_crooked);
    TEST(test_check_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("check", test_check);
}
#endif
