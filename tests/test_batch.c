/* The batch chapter: packing of columns, places, owners, what a prompt skips, reuse of memory. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

/* Texts with the given numbers of tokens; token k of text i is 1000 * tag + 10 * i + k. */
static sen__tokens *batch_tokens(sen_ctx *c, const int *length, int n, int tag, const int *skip)
{
    sen__tokens *t = (sen__tokens *)sen__new(c, sizeof *t, "tokens");
    int64_t all = 0;
    int i, k;
    for (i = 0; i < n; i++) all += length[i];
    t->list.ids = (int32_t *)sen__new_array(c, all, sizeof(int32_t), "ids");
    t->list.first = (int64_t *)sen__new_array(c, n + 1, sizeof(int64_t), "places");
    t->list.n = n;
    for (i = 0, all = 0; i < n; i++) {
        t->list.first[i] = all;
        for (k = 0; k < length[i]; k++) t->list.ids[all++] = 1000 * tag + 10 * i + k;
    }
    t->list.first[n] = all;
    if (!skip) return t;
    t->skip = (int32_t *)sen__new_array(c, n, sizeof(int32_t), "skips");
    for (i = 0; i < n; i++) t->skip[i] = skip[i];
    return t;
}

static const int batch_length[2][4] = { { 3, 1, 4, 2 }, { 2, 5, 0, 3 } };

static void batch_packing(void)
{
    static const int64_t rows[3] = { 2, 0, 3 };
    static const int skip[4] = { 1, 0, 2, 1 };
    sen_ctx *c = test_ctx(1);
    sen__tokens *column[2];
    sen__packed p;
    const sen_batch *b = &p.batch;
    int64_t s, t;
    int col, i, k;
    memset(&p, 0, sizeof p);
    column[0] = batch_tokens(c, batch_length[0], 4, 1, NULL);
    column[1] = batch_tokens(c, batch_length[1], 4, 2, skip);
    CHECK(sen__tokens_length(column[1], 1) == 5 && sen__tokens_length(column[1], 2) == 0);
    CHECK_OK(c, sen__packed_fill(c, &p, column, 2, rows, 3));
    CHECK(b->rows == 3 && b->columns == 2 && b->tokens == 4 + 3 + 2 + 0 + 2 + 3);
    CHECK(b->first[0] == 0 && b->first[6] == b->tokens);
    for (s = 0, t = 0, col = 0; col < 2; col++) {
        for (i = 0; i < 3; i++, s++) {
            const int length = batch_length[col][rows[i]];
            CHECK(b->first[s] == t && b->first[s + 1] == t + length);
            CHECK(b->skip && b->skip[s] == (col ? skip[rows[i]] : 0));
            for (k = 0; k < length; k++, t++) {
                CHECK(b->ids[t] == 1000 * (col + 1) + 10 * rows[i] + k);
                CHECK(b->position[t] == k);
                CHECK(b->owner[t] == i * 2 + col);              /* row * K + column */
            }
        }
    }
    CHECK_OK(c, sen__packed_fill(c, &p, column, 1, rows, 3));    /* no prompt: no skips at all */
    CHECK(b->columns == 1 && b->skip == NULL && b->tokens == 9);
    CHECK_OK(c, sen__packed_fill(c, &p, column, 2, rows, 0));    /* nothing */
    CHECK(b->rows == 0 && b->tokens == 0 && b->first[0] == 0);
    sen__packed_free(c, &p);
    sen__tokens_free(c, column[0]);
    sen__tokens_free(c, column[1]);
    sen__tokens_free(c, NULL);
    sen_ctx_free(c);
}

/* A text owned by row r of column k keeps that owner whatever else is in the batch. */
static void batch_owner(void)
{
    static const int64_t some[2] = { 1, 3 }, all[4] = { 1, 3, 0, 2 };
    sen_ctx *c = test_ctx(1);
    sen__tokens *column[2];
    sen__packed p, q;
    int64_t i;
    memset(&p, 0, sizeof p);
    memset(&q, 0, sizeof q);
    column[0] = batch_tokens(c, batch_length[0], 4, 1, NULL);
    column[1] = batch_tokens(c, batch_length[1], 4, 2, NULL);
    CHECK_OK(c, sen__packed_fill(c, &p, column, 2, some, 2));
    CHECK_OK(c, sen__packed_fill(c, &q, column, 2, all, 4));
    for (i = 0; i < p.batch.tokens; i++) {
        int64_t k = 0;
        while (q.batch.ids[k] != p.batch.ids[i]) k++;
        CHECK(p.batch.owner[i] == q.batch.owner[k] && p.batch.position[i] == q.batch.position[k]);
    }
    sen__packed_free(c, &p);
    sen__packed_free(c, &q);
    sen__tokens_free(c, column[0]);
    sen__tokens_free(c, column[1]);
    sen_ctx_free(c);
}

/* After the largest batch the allocator is not called; a refusal leaves a batch that works later.
 * */
static void batch_memory(void)
{
    static const int64_t rows[4] = { 0, 1, 2, 3 };
    static const int length[4] = { 300, 200, 400, 100 };
    sen_ctx *c = test_ctx(1);
    sen__tokens *column = batch_tokens(c, length, 4, 1, NULL);
    sen__packed p;
    int64_t calls;
    int i;
    memset(&p, 0, sizeof p);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__packed_fill(c, &p, &column, 1, rows, 4) == SEN_ERR_MEMORY);
    CHECK_OK(c, sen__packed_fill(c, &p, &column, 1, rows, 4));
    calls = test_blocks.calls;
    for (i = 0; i < 10; i++) CHECK_OK(c, sen__packed_fill(c, &p, &column, 1, rows, i % 4 + 1));
    CHECK(test_blocks.calls == calls);
    sen__packed_free(c, &p);
    sen__begin(c);
    CHECK(sen__packed_room(c, &p, 1, (int64_t)INT32_MAX + 1) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c),
               "a batch of 2147483648 tokens is too large; make its batch size smaller");
    sen__end(c, SEN_ERR_ARGUMENT);
    sen__tokens_free(c, column);
    sen_ctx_free(c);
}

static void test_batch(void)
{
    TEST(batch_packing);
    TEST(batch_owner);
    TEST(batch_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("batch", test_batch);
}
#endif
