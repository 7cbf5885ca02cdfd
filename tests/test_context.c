/* The context chapter: the first error wins, calls inside calls, the log, stopping, allocation that
 * explains itself. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

static void context_messages(void)
{
    sen_ctx *c = test_ctx(1);
    CHECK_TEXT(sen_message(c), "");
    CHECK_TEXT(sen_message(NULL), "");
    sen__begin(c);
    CHECK(sen_fail(c, SEN_ERR_FORMAT, "%s:%d: no", "a.json", 7) == SEN_ERR_FORMAT);
    CHECK(sen_fail(c, SEN_ERR_IO, "later") == SEN_ERR_IO);              /* the first error wins */
    CHECK(sen__end(c, SEN_ERR_IO) == SEN_ERR_IO);
    CHECK_TEXT(sen_message(c), "a.json:7: no");
    sen__begin(c);                              /* the next call clears it */
    CHECK(sen__end(c, SEN_OK) == SEN_OK);
    CHECK_TEXT(sen_message(c), "");
    sen__begin(c);                              /* a result without a sentence gets one */
    CHECK(sen__end(c, SEN_ERR_STOPPED) == SEN_ERR_STOPPED);
    CHECK_TEXT(sen_message(c), "stopped on request");
    sen_ctx_free(c);
}

/* A call inside a call clears nothing: the outer one may be on its way out with an error. */
static void context_depth(void)
{
    sen_ctx *c = test_ctx(1);
    sen__begin(c);
    sen_fail(c, SEN_ERR_IO, "outer");
    sen__begin(c);
    CHECK_TEXT(sen_message(c), "outer");
    sen_fail(c, SEN_ERR_MEMORY, "inner");
    sen__end(c, SEN_ERR_MEMORY);
    CHECK(sen__error(c) == SEN_ERR_IO);
    sen__end(c, SEN_ERR_IO);
    CHECK_TEXT(sen_message(c), "outer");
    sen__begin(c);
    sen_fail(c, SEN_ERR_IO, "dealt with");
    sen__forgive(c);
    CHECK(sen__error(c) == SEN_OK);
    sen_fail(c, SEN_ERR_NUMBER, "new");
    CHECK_TEXT(sen_message(c), "new");
    sen__end(c, SEN_ERR_NUMBER);
    sen_ctx_free(c);
}

static void context_long_message(void)
{
    sen_ctx *c = test_ctx(1);
    char text[3000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    sen_fail(c, SEN_ERR_IO, "begin %s", text);
    CHECK(strlen(sen_message(c)) < SEN__MESSAGE);
    CHECK(strlen(sen_message(c)) > SEN__MESSAGE - 10);
    CHECK(strncmp(sen_message(c), "begin xxx", 9) == 0);
    sen_ctx_free(c);
}

static void context_results(void)
{
    int i, k;
    CHECK_TEXT(sen_result_text(SEN_OK), "done");
    CHECK_TEXT(sen_result_text(SEN_ERR_MEMORY), "out of memory");
    CHECK_TEXT(sen_result_text((sen_result)77), "unknown result");
    for (i = 0; i <= SEN_ERR_NUMBER; i++) {
        for (k = 0; k < i; k++) {
            CHECK(strcmp(sen_result_text((sen_result)i), sen_result_text((sen_result)k)) != 0);
        }
    }
}

static void context_log(void)
{
    sen_ctx *c = test_ctx(1);
    CHECK(c->log_level == SEN_LOG_INFO);        /* the default */
    sen_log(c, SEN_LOG_DEBUG, "fine %d", 1);
    sen_log(c, SEN_LOG_INFO, "info %s", "two");
    sen_log(c, SEN_LOG_WARNING, "warning");
    sen_log(c, SEN_LOG_ERROR, "error %g", 2.5);
    CHECK_TEXT(test_log_text, "info two\nwarning\nerror 2.5\n");
    test_log_text[0] = 0;
    c->log_level = SEN_LOG_ERROR;
    sen_log(c, SEN_LOG_WARNING, "not this");
    c->log = NULL;
    sen_log(c, SEN_LOG_ERROR, "nor this");
    CHECK_TEXT(test_log_text, "");
    CHECK_TEXT(sen_message(c), "");             /* the log is no error */
    sen_ctx_free(c);
}

static void context_new(void)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c = (sen_ctx *)1;
    d.threads = -1;
    CHECK(sen_ctx_new(&d, &c) == SEN_ERR_ARGUMENT && c == NULL);
    d.threads = 4097;
    CHECK(sen_ctx_new(&d, &c) == SEN_ERR_ARGUMENT && c == NULL);
    CHECK(sen_ctx_new(NULL, &c) == SEN_OK);
    CHECK(c && sen_threads(c) >= 1);
    sen_ctx_free(c);
    sen_ctx_free(NULL);
}

static void context_stop(void)
{
    sen_ctx *c = test_ctx(1);
    CHECK(!sen__stop_asked(c));
    sen_request_stop(c);
    CHECK(sen__stop_asked(c));
    sen__stop_set(c, 0);
    CHECK(!sen__stop_asked(c));
    sen_ctx_free(c);
}

/* Memory that is not to be had: NULL and a sentence with the size and the purpose. */
static void context_memory(void)
{
    sen_ctx *c = test_ctx(1);
    volatile int64_t huge = INT64_MAX, negative = -1;
    void *array = NULL;
    int64_t capacity = 0;
    int i;
    char *p = (char *)sen__new_array(c, 10, 3, "ten things");
    for (i = 0; i < 30; i++) CHECK(p[i] == 0);
    sen__delete(c, p);
    p = (char *)sen__new(c, 0, "nothing");
    CHECK(p != NULL);
    sen__delete(c, p);
    sen__delete(c, NULL);
    sen__begin(c);
    CHECK(sen__new_array(c, huge, 64, "too much") == NULL);
    CHECK_TEXT(sen_message(c), SIZE_MAX == UINT32_MAX
               ? "out of memory: no room for 4294967295 bytes (too much)"
               : "out of memory: no room for 18446744073709551615 bytes (too much)");
    sen__end(c, SEN_ERR_MEMORY);
    sen__begin(c);
    CHECK(sen__new_array(c, negative, 4, "less than none") == NULL);
    CHECK(sen__scratch(c, negative, 4, "less than none") == NULL);
    CHECK(sen__scratch(c, huge, 4, "too much") == NULL);
    sen__end(c, SEN_ERR_MEMORY);
    sen__begin(c);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__new(c, 100, "a model") == NULL);
    CHECK_TEXT(sen_message(c), "out of memory: no room for 100 bytes (a model)");
    sen__end(c, SEN_ERR_MEMORY);
    sen__begin(c);
    for (i = 1; i < 3000; i++) {                /* grows by half, keeps what is in it */
        CHECK(sen__reserve(c, &array, &capacity, i, sizeof(int), "numbers") == SEN_OK);
        ((int *)array)[i - 1] = i;
    }
    for (i = 1; i < 3000; i++) CHECK(((int *)array)[i - 1] == i);
    CHECK(capacity < 5000);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__reserve(c, &array, &capacity, 100000, sizeof(int), "numbers") == SEN_ERR_MEMORY);
    CHECK(((int *)array)[2998] == 2999);
    sen__end(c, SEN_ERR_MEMORY);
    sen__delete(c, array);
    sen_ctx_free(c);
}

/* The work spaces grow, are kept, and after a refusal are empty but usable. */
static void context_buffers(void)
{
    sen_ctx *c = test_ctx(3);
    void *p = sen__shared_reserve(c, 0, 100);
    const int workers = sen_threads(c);         /* 3, or 1 in a build without threads */
    int i;
    CHECK(p && sen__shared_reserve(c, 0, 50) == p);
    CHECK(sen__shared_reserve(c, 1, 10) != p);
    CHECK(sen__worker_reserve(c, 64) == SEN_OK);
    for (i = 0; i < workers; i++) memset(sen__worker_scratch(c, i), i, 64);
    for (i = 0; i < workers; i++) CHECK(*(char *)sen__worker_scratch(c, i) == i);
    test_blocks.fail_at = test_blocks.calls + workers;      /* the last one's */
    CHECK(sen__worker_reserve(c, 1000) == SEN_ERR_MEMORY);
    CHECK(sen__worker_reserve(c, 1000) == SEN_OK);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__shared_reserve(c, 0, 1000) == NULL);
    CHECK(sen__shared_reserve(c, 0, 1000) != NULL);
    sen_ctx_free(c);
}

static void context_register(void)
{
    static const int table = 0, other = 0;
    static const char *const type = "type";
    sen_ctx *c = test_ctx(1);
    sen_fail(c, SEN_ERR_IO, "an old error");
    CHECK(sen__register(c, &table, &type) == SEN_OK);
    CHECK_TEXT(sen_message(c), "");
    CHECK(sen__register(c, &other, &type) == SEN_OK);
    CHECK(c->registered->table == &table && c->registered->next->table == &other);
    CHECK(c->registered->next->next == NULL);
    sen_ctx_free(c);
}

static void test_context(void)
{
    TEST(context_messages);
    TEST(context_depth);
    TEST(context_long_message);
    TEST(context_results);
    TEST(context_log);
    TEST(context_new);
    TEST(context_stop);
    TEST(context_memory);
    TEST(context_buffers);
    TEST(context_register);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("context", test_context);
}
#endif
