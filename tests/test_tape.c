/* The tape: gradients that add up, memory that comes back on the way, errors that stick, no
 * allocation in a second step, and every allocation failing once. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

/* ---- small sums ------------------------------------------------------------------------------ */

static void tape_set(sen_var *v, float a, float b)
{
    v->x[0] = a;
    v->x[1] = b;
}

static sen_var *tape_leaf(sen_tape *t, float a, float b)
{
    sen_var *v = sen_tape_matrix(t, 1, 2);
    tape_set(v, a, b);
    v->wants_grad = v->keep = true;
    return v;
}

/* y = sum((x + x) * x) = 2 sum(x^2): every use of x adds to its gradient, 4 x. */
static void test_tape_shared_input(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x, *y;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    CHECK(sen_tape_context(t) == c);
    x = tape_leaf(t, 3.0f, -2.0f);
    y = sen_sum(t, sen_mul(t, sen_add(t, x, x), x));
    CHECK(y->x[0] == 26.0f && y->rows == 1 && y->cols == 1);
    CHECK_OK(c, sen_backward(t, y, 0.5f));
    CHECK(x->g[0] == 6.0f && x->g[1] == -4.0f);
    sen_tape_free(t);
    sen_tape_free(NULL);
    sen_ctx_free(c);
}

/* Constants, frozen weights and weights without a trainer get no gradient and record no node. */
static void test_tape_who_wants(void)
{
    static const float values[2] = { 1.0f, 2.0f };
    const int64_t shape[2] = { 1, 2 };
    sen_ctx *c = test_ctx(1);
    sen_tensor w;
    sen_tape *t;
    sen_var *constant, *weight, *y;
    CHECK_OK(c, sen__tensor_init(c, &w, "w", 2, shape));
    CHECK_OK(c, sen_tape_new(c, true, &t));
    memcpy(w.data, values, sizeof values);
    constant = sen_tape_constant(t, values, 1, 2);
    weight = sen_tape_weight(t, &w);
    y = sen_mul(t, constant, weight);
    CHECK(!y->wants_grad && !y->node);          /* there is no w.grad */
    CHECK(sen_backward(t, sen_sum(t, y), 1.0f) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "nothing that is trained led to this loss");
    sen_tape_reset(t);
    sen__forgive(c);
    w.grad = (float *)sen__new(c, 2 * sizeof(float), "a gradient");
    w.requires_grad = false;
    CHECK(!sen_add(t, sen_tape_weight(t, &w), sen_tape_weight(t, &w))->wants_grad && !w.has_grad);
    w.requires_grad = true;
    for (int step = 1; step <= 2; step++) {     /* steps add up until somebody clears them */
        sen_tape_reset(t);
        y = sen_sum(t, sen_mul(t, sen_tape_weight(t, &w), sen_tape_constant(t, values, 1, 2)));
        CHECK(y->x[0] == 5.0f);
        CHECK_OK(c, sen_backward(t, y, 1.0f));
        CHECK(w.has_grad && w.grad[0] == (float)step && w.grad[1] == 2.0f * (float)step);
    }
    sen_tape_free(t);
    sen__tensor_free(&c->allocator, &w);
    sen_ctx_free(c);
}

/* Without recording nothing is kept for backward, and inputs can be given back at once. */
static void test_tape_inference(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x, *y, *z;
    size_t one;
    CHECK_OK(c, sen_tape_new(c, false, &t));
    x = sen_tape_matrix(t, 1, 2);
    one = t->pool.in_use;
    tape_set(x, 1.0f, 2.0f);
    y = sen_add(t, x, x);
    z = sen_normalize(t, y);                    /* its saved lengths went back at once */
    CHECK(t->pool.in_use == 3 * one && !t->last && !z->node);
    x = sen__tape_drop_inputs(t, z, &x, 1);
    CHECK(x == z && t->pool.in_use == 2 * one);
    CHECK(z->x[0] > 0.447f && z->x[1] < 0.895f);
    sen_tape_reset(t);
    CHECK(t->pool.in_use == 0);
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* What backward has used goes back to the pool, except what is marked. */
static void test_tape_gives_back(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x, *y, *kept, *unused;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    x = tape_leaf(t, 1.0f, 2.0f);
    kept = sen_mul(t, x, x);
    kept->keep = true;
    unused = sen_normalize(t, kept);            /* leads nowhere: no gradient comes, memory does */
    y = sen_sum(t, sen_gelu(t, sen_scale(t, kept, 2.0f)));
    CHECK_OK(c, sen_backward(t, y, 1.0f));
    CHECK(!y->x && !unused->x && kept->x && kept->g && x->x && x->g);
    CHECK(kept->x[1] == 4.0f && x->g[0] > 2.0f);
    CHECK(t->pool.in_use == 4 * 2 * SEN__LINE); /* four small matrices, each with its head */
    sen_tape_reset(t);
    CHECK(t->pool.in_use == 0);
    sen_tape_free(t);
    sen_ctx_free(c);
}

static void test_tape_errors_stick(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    sen_var *x, *y, *list[2];
    CHECK_OK(c, sen_tape_new(c, true, &t));
    x = tape_leaf(t, 1.0f, 2.0f);
    y = sen_add(t, x, sen_slice_cols(t, x, 0, 1));              /* (1,2) and (1,1) */
    CHECK(!y && sen_tape_result(t) == SEN_ERR_ARGUMENT);
    list[0] = x;
    list[1] = NULL;
    CHECK(!sen_gelu(t, y) && !sen_stack_rows(t, list, 2) && !sen_join_cols(t, list, 2));
    CHECK(!sen_add(t, x, x) && !sen_tape_matrix(t, 1, 1) && !sen_tape_floats(t, 1));
    CHECK(!sen_activate(t, x, "nothing"));                      /* the first sentence stays */
    CHECK(sen_backward(t, sen_sum(t, y), 1.0f) == SEN_ERR_ARGUMENT && !x->g);
    CHECK_TEXT(sen_message(c), "add needs equal shapes, not (1, 2) and (1, 1)");
    sen_tape_reset(t);
    sen__forgive(c);
    CHECK_OK(c, sen_tape_result(t));
    x = tape_leaf(t, 1.0f, 2.0f);
    CHECK(sen_backward(t, sen_add(t, x, x), 1.0f) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "a loss is one number, not (1, 2)");
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* Sizes that no memory can hold are refused, not wrapped round. */
static void test_tape_too_large(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tape *t;
    CHECK_OK(c, sen_tape_new(c, true, &t));
    CHECK(!sen_tape_floats(t, INT64_MAX / 2) && sen_tape_result(t) == SEN_ERR_MEMORY);
    CHECK(strstr(sen_message(c), "out of memory: no room for") != NULL);
    sen_tape_reset(t);
    sen__forgive(c);
    CHECK(!sen_tape_floats(t, -1) && sen_tape_result(t) == SEN_ERR_MEMORY);
    sen_tape_free(t);
    sen_ctx_free(c);
}

/* ---- a whole step: embeddings, a transformer layer, pooling, a loss -------------------------- */

#define TAPE_TOKENS 240
#define TAPE_WIDTH  204                         /* several regions of the pool are needed */
#define TAPE_HEADS  4
#define TAPE_WEIGHTS 9

static const int32_t tape_first[7] = { 0, 61, 62, 120, 121, 181, 240 };

typedef struct tape_model {
    sen_tensor w[TAPE_WEIGHTS];                 /* words, q, k, v, out, gamma, beta, up, down */
    int32_t    ids[TAPE_TOKENS];
} tape_model;

static sen_result tape_model_init(sen_ctx *c, tape_model *m)
{
    sen_result r = SEN_OK;
    memset(m, 0, sizeof *m);
    for (int i = 0; !r && i < TAPE_WEIGHTS; i++) {
        const int64_t shape[2] = { i == 5 || i == 6 ? 1 : TAPE_WIDTH, TAPE_WIDTH };
        r = sen__tensor_init(c, &m->w[i], "a weight", 2, shape);
        if (r) return r;
        m->w[i].grad = (float *)sen__new_array(c, m->w[i].count, sizeof(float), "a gradient");
        if (!m->w[i].grad) return SEN_ERR_MEMORY;
        fill_random(m->w[i].data, m->w[i].count, (uint32_t)i + 1);
    }
    for (int i = 0; i < TAPE_TOKENS; i++) m->ids[i] = i * 7 % TAPE_WIDTH;
    return r;
}

static void tape_model_free(sen_ctx *c, tape_model *m)
{
    for (int i = 0; i < TAPE_WEIGHTS; i++) sen__tensor_free(&c->allocator, &m->w[i]);
}

/* The layer, of which a tape that recomputes keeps the input only. */
static sen_var *tape_layer(const sen__segment *s, sen_tape *t, sen_var *x)
{
    tape_model *m = (tape_model *)s->self;
    sen_var *w[TAPE_WEIGHTS], *qkv[6] = { NULL, NULL, NULL, NULL, NULL, NULL }, *up[2], *made[7];
    sen__attend a;
    memset(&a, 0, sizeof a);
    a.n = 6;
    a.first = tape_first;
    a.heads = TAPE_HEADS;
    a.head_dim = TAPE_WIDTH / TAPE_HEADS;
    a.scale = 0.01f;
    for (int i = 0; i < TAPE_WEIGHTS; i++) w[i] = sen_tape_weight(t, &m->w[i]);
    for (int i = 0; i < 3; i++) qkv[2 * i] = w[1 + i];
    up[0] = w[7];
    up[1] = w[6];
    made[0] = sen__linear(t, x, qkv, 3, NULL);
    made[1] = sen__attention(t, made[0], &a, 0.0f, 0);
    made[2] = sen_linear(t, made[1], w[4], NULL);
    made[3] = sen__layer_norm(t, made[2], x, w[5], w[6], 1e-5f, 0.0f, 0);
    made[4] = sen__linear(t, made[3], up, 1, sen__activation_find("gelu"));
    made[5] = sen_linear(t, made[4], w[8], NULL);
    made[6] = x;
    return t->result ? NULL : sen__tape_drop_inputs(t, sen_add(t, made[5], made[3]), made, 7);
}

/* The layer's input has another user behind it, so two gradients meet there. */
static sen_result tape_step(tape_model *m, sen_tape *t)
{
    const int32_t *ids = m->ids;
    const sen__segment layer = { tape_layer, m, NULL, 0, SEN_ALL_TOKENS, false, NULL };
    sen_var *w = sen_tape_weight(t, &m->w[0]), *x, *y;
    x = sen__embed(t, &w, &ids, 1, TAPE_TOKENS);
    y = sen__tape_segment(t, &layer, x, m->w + 1, TAPE_WEIGHTS - 1);
    x = sen__pool_tokens(t, sen_add(t, x, y), SEN__POOL_MEAN, tape_first, NULL, 6);
    x = sen_normalize(t, x);
    y = sen_matmul_nt(t, sen_slice_rows(t, x, 0, 3), sen_slice_rows(t, x, 3, 3));
    return sen_backward(t, sen_cross_entropy_diagonal(t, sen_scale(t, y, 20.0f)), 1.0f);
}

/* After a step all of the pool is free; the next one asks the allocator for nothing and gives the
 * same gradients again. */
static void tape_second_step(bool recompute)
{
    sen_ctx *c = test_ctx(1);
    tape_model m;
    sen_tape *t;
    int64_t calls;
    CHECK_OK(c, tape_model_init(c, &m));
    CHECK_OK(c, sen_tape_new(c, true, &t));
    t->recompute = recompute;
    CHECK_OK(c, tape_step(&m, t));
    CHECK(t->pool.in_use == 0 && t->pool.peak > 0);
    calls = test_blocks.calls;
    for (int step = 0; step < 3; step++) {
        sen_tape_reset(t);
        CHECK_OK(c, tape_step(&m, t));
    }
    CHECK(test_blocks.calls == calls);
    for (int i = 0; i < TAPE_WEIGHTS; i++) CHECK(m.w[i].has_grad);
    sen_tape_free(t);
    tape_model_free(c, &m);
    sen_ctx_free(c);
}

static void test_tape_second_step(void)
{
    tape_second_step(false);
    tape_second_step(true);
}

/* All gradients of a step. */
static void tape_bits_of(sen_ctx *c, void *out, void *arg)
{
    float *at = (float *)out;
    tape_model m;
    sen_tape *t;
    CHECK_OK(c, tape_model_init(c, &m));
    CHECK_OK(c, sen_tape_new(c, true, &t));
    t->recompute = *(const bool *)arg;
    CHECK_OK(c, tape_step(&m, t));
    for (int i = 0; i < TAPE_WEIGHTS; at += m.w[i++].count)
        memcpy(at, m.w[i].grad, (size_t)m.w[i].count * sizeof *at);
    sen_tape_free(t);
    tape_model_free(c, &m);
}

#define TAPE_BITS (TAPE_WEIGHTS * TAPE_WIDTH * TAPE_WIDTH)

/* For any number of threads, and whether a layer's values are kept or computed again. */
static void test_tape_same_bits(void)
{
    static float bits[2][TAPE_BITS];
    static const bool recompute[2] = { false, true };
    for (int i = 0; i < 2; i++) {
        sen_ctx *c = test_ctx(1);
        test_same_bits(tape_bits_of, sizeof bits[i], (void *)(uintptr_t)&recompute[i]);
        tape_bits_of(c, bits[i], (void *)(uintptr_t)&recompute[i]);
        sen_ctx_free(c);
    }
    CHECK(memcmp(bits[0], bits[1], sizeof bits[0]) == 0);
}

/* A step with the n-th allocation failing, for every n: an error in words, or a smaller request
 * that did succeed, and nothing left open (the test case counts the blocks). The same tape then
 * works. */
static void test_tape_no_memory(void)
{
    int64_t at = 1, failed = 0;
    for (bool more = true, recompute = false; more && at < 200; at++, recompute = !recompute) {
        sen_result r;
        sen_ctx *c = test_ctx(1);
        tape_model m;
        sen_tape *t = NULL;
        CHECK_OK(c, tape_model_init(c, &m));
        test_blocks.fail_at = test_blocks.calls + at;
        r = sen_tape_new(c, true, &t);
        if (!r) t->recompute = recompute;
        if (!r) r = tape_step(&m, t);
        CHECK(r == SEN_OK || r == SEN_ERR_MEMORY);
        CHECK(!r || strstr(sen_message(c), "out of memory: no room for"));
        more = test_blocks.calls >= test_blocks.fail_at;
        failed += r != SEN_OK;
        test_blocks.fail_at = 0;
        if (t) {
            sen_tape_reset(t);
            sen__forgive(c);
            CHECK_OK(c, tape_step(&m, t));
        }
        sen_tape_free(t);
        tape_model_free(c, &m);
        sen_ctx_free(c);
    }
    CHECK(at > 8 && at < 200 && failed > 4);
}

static void test_tape(void)
{
    TEST(test_tape_shared_input);
    TEST(test_tape_who_wants);
    TEST(test_tape_inference);
    TEST(test_tape_gives_back);
    TEST(test_tape_errors_stick);
    TEST(test_tape_too_large);
    TEST(test_tape_second_step);
    TEST(test_tape_same_bits);
    TEST(test_tape_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("tape", test_tape);
}
#endif
