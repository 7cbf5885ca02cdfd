/* The memory chapter: alignment, the arena and its marks, the pool against a list of intervals. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

static uint32_t memory_next(uint32_t *s)
{
    *s = *s * 1664525u + 1013904223u;
    return *s >> 8;
}

static void memory_sizes(void)
{
    CHECK(sen__mul(0, SIZE_MAX) == 0);
    CHECK(sen__mul(SIZE_MAX, 0) == 0);
    CHECK(sen__mul(3, 5) == 15);
    CHECK(sen__mul(SIZE_MAX / 2, 3) == SIZE_MAX);
    CHECK(sen__mul(SIZE_MAX, 1) == SIZE_MAX);
    CHECK(sen__round_line(0) == 0);
    CHECK(sen__round_line(1) == 64);
    CHECK(sen__round_line(64) == 64);
    CHECK(sen__round_line(65) == 128);
    CHECK(sen__round_line(SIZE_MAX) == SIZE_MAX);
    CHECK(sen__round_line(SIZE_MAX - 3) == SIZE_MAX);
}

/* An allocator whose blocks are as badly aligned as malloc's promise allows. */
static void *memory_odd_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    const size_t shift = *(const size_t *)user;
    unsigned char *p;
    (void)old_size;
    if (!new_size) {
        if (block) free((unsigned char *)block - shift);
        return NULL;
    }
    p = (unsigned char *)malloc(new_size + shift);
    return p ? p + shift : NULL;
}

static void memory_heap(void)
{
    size_t shift;
    for (shift = 0; shift < 128; shift += 16) {
        sen_allocator a;
        unsigned char *p, *q;
        a.resize = memory_odd_resize;
        a.user = &shift;
        p = (unsigned char *)sen__heap_new(&a, 100);
        CHECK(p && (uintptr_t)p % 64 == 0);
        memset(p, 7, 100);
        q = (unsigned char *)sen__heap_grow(&a, p, 100, 1000);
        CHECK(q && (uintptr_t)q % 64 == 0 && q[0] == 7 && q[99] == 7);
        memset(q, 8, 1000);
        p = (unsigned char *)sen__heap_grow(&a, q, 1000, 10);           /* smaller is fine too */
        CHECK(p && p[9] == 8);
        sen__heap_free(&a, p);
        sen__heap_free(&a, NULL);
    }
}

static void memory_heap_fails(void)
{
    sen_allocator a = test_allocator(&test_blocks);
    char *p, *q;
    CHECK(sen__heap_new(&a, SIZE_MAX) == NULL);
    CHECK(sen__heap_new(&a, SIZE_MAX / 2 + 1) == NULL);
    CHECK(test_blocks.calls == 0);
    p = (char *)sen__heap_new(&a, 8);
    memcpy(p, "seven77", 8);
    test_blocks.fail_at = test_blocks.calls + 1;
    q = (char *)sen__heap_grow(&a, p, 8, 16);
    CHECK(q == NULL);
    CHECK_TEXT(p, "seven77");                   /* the old block stands */
    sen__heap_free(&a, p);
}

/* The default allocator: new, larger, smaller, gone. */
static void memory_default(void)
{
    char *p = (char *)sen__default_resize(NULL, NULL, 0, 4);
    memcpy(p, "abc", 4);
    p = (char *)sen__default_resize(NULL, p, 4, 4000);
    CHECK_TEXT(p, "abc");
    p = (char *)sen__default_resize(NULL, p, 4000, 2);
    CHECK(p[0] == 'a' && p[1] == 'b');
    CHECK(sen__default_resize(NULL, p, 2, 0) == NULL);
}

/* Sizes whose sum would wrap are refused before the allocator hears of them. */
static void memory_arena_refuses(void)
{
    sen_allocator a = test_allocator(&test_blocks);
    sen_arena arena;
    volatile size_t huge = SIZE_MAX;            /* volatile: not for the compiler to know */
    sen__arena_init(&arena, &a, 1024);
    CHECK(sen__arena_alloc(&arena, huge) == NULL);
    CHECK(sen__arena_alloc(&arena, huge / 2) == NULL);
    CHECK(sen__arena_zero(&arena, huge) == NULL);
    CHECK(sen__arena_zero(&arena, huge / 4) == NULL);
    CHECK(test_blocks.calls == 0);
    test_blocks.fail_at = 1;
    CHECK(sen__arena_alloc(&arena, 1) == NULL);
    CHECK(sen__arena_alloc(&arena, 1) != NULL);  /* and works once there is memory again */
    sen__arena_free(&arena);
}

/* Pieces of all sizes keep what was put in them; the same work after a release takes the same
 * places and asks for no memory. */
static void memory_arena(void)
{
    enum { N = 200 };
    static unsigned char *piece[N];
    static size_t size[N];
    sen_allocator a = test_allocator(&test_blocks);
    sen_arena arena;
    sen__mark start, middle;
    int64_t calls = 0;
    uint32_t seed = 1;
    int round, i;
    sen__arena_init(&arena, &a, 1000);
    start = sen__arena_mark(&arena);
    for (round = 0; round < 3; round++) {
        seed = 5;
        for (i = 0; i < N; i++) {
            size_t k;
            size[i] = memory_next(&seed) % (i % 10 ? 300 : 5000);
            piece[i] = (unsigned char *)sen__arena_alloc(&arena, size[i]);
            CHECK(piece[i] && (uintptr_t)piece[i] % (size[i] >= 256 ? 64 : 16) == 0);
            for (k = 0; k < size[i]; k++) piece[i][k] = (unsigned char)i;
        }
        for (i = 0; i < N; i++) {
            size_t k = 0;
            while (k < size[i] && piece[i][k] == (unsigned char)i) k++;
            CHECK(k == size[i]);
        }
        if (round == 0) calls = test_blocks.calls;
        CHECK(test_blocks.calls == calls);
        sen__arena_release(&arena, start);
    }
    piece[0] = (unsigned char *)sen__arena_alloc(&arena, 40);
    middle = sen__arena_mark(&arena);
    piece[1] = (unsigned char *)sen__arena_alloc(&arena, 8);
    sen__arena_alloc(&arena, 20000);
    sen__arena_release(&arena, middle);
    CHECK(sen__arena_alloc(&arena, 8) == piece[1]);
    piece[2] = (unsigned char *)sen__arena_zero(&arena, 4000);          /* over used memory */
    for (i = 0; piece[2] && i < 4000 && piece[2][i] == 0; i++) { }
    CHECK(i == 4000);
    CHECK_TEXT(sen__arena_text(&arena, "abcdef", 3), "abc");
    CHECK_TEXT(sen__arena_text(&arena, "", 0), "");
    sen__arena_free(&arena);
    sen__arena_free(&arena);                     /* twice does no harm */
}

/* ---- the pool -------------------------------------------------------------------------------- */

/* The invariants of every region: spans and heads fill it, no two free ones side by side, links in
 * both directions agree, none free before `low`. */
static void memory_pool_check(const sen__pool *pool)
{
    const sen__region *r;
    size_t in_use = 0;
    for (r = pool->regions; r; r = r->next) {
        const sen__span *s, *before = NULL;
        size_t all = 0;
        bool low_seen = r->low == NULL;
        for (s = r->first; s; before = s, s = s->next) {
            if (s == r->low) low_seen = true;
            CHECK(s->prev == before);
            CHECK(s->size % 64 == 0 && (uintptr_t)s % 64 == 0);
            CHECK(s->taken || low_seen);
            CHECK(!before || s->taken || before->taken);
            if (before)
                CHECK((const unsigned char *)before + 64 + before->size ==
                      (const unsigned char *)s);
            all += s->size + 64;
            if (s->taken) in_use += s->size + 64;
        }
        CHECK(low_seen);
        CHECK(all == r->size);
    }
    CHECK(in_use == pool->in_use);
    CHECK(pool->in_use <= pool->peak);
}

static int memory_pool_is_empty(const sen__pool *pool)
{
    const sen__region *r;
    for (r = pool->regions; r; r = r->next) {
        if (r->first->taken || r->first->next || r->first->size + 64 != r->size) return 0;
    }
    return pool->in_use == 0;
}

/* Random takes and gives; blocks never overlap (each holds its number in every byte), and once all
 * are given back every region is one free span again. */
static void memory_pool(void)
{
    enum { N = 120 };
    static unsigned char *block[N];
    static size_t size[N];
    sen_allocator a = test_allocator(&test_blocks);
    sen__pool pool;
    uint32_t seed = 3;
    int step, i, k;
    sen__pool_init(&pool, &a);
    memset(block, 0, sizeof block);
    for (step = 0; step < 6000; step++) {
        i = (int)(memory_next(&seed) % N);
        if (block[i]) {
            CHECK(block[i][0] == i && block[i][size[i] - 1] == i && block[i][size[i] / 2] == i);
            sen__pool_give(&pool, block[i]);
            block[i] = NULL;
        } else {
            const uint32_t kind = memory_next(&seed) % 20;
            size[i] = 1 + memory_next(&seed) % (kind == 0 ? 400000 : kind < 10 ? 20000 : 200);
            block[i] = (unsigned char *)sen__pool_take(&pool, size[i]);
            CHECK(block[i] && (uintptr_t)block[i] % 64 == 0);
            memset(block[i], i, size[i]);
        }
        if (step % 100 == 0) memory_pool_check(&pool);
    }
    for (i = 0; i < N; i++) {                   /* no block lies in another */
        for (k = 0; k < N; k++) {
            CHECK(i == k || !block[i] || !block[k] || block[i] + size[i] <= block[k] ||
                  block[k] + size[k] <= block[i]);
        }
    }
    for (i = 0; i < N; i++) sen__pool_give(&pool, block[i]);
    memory_pool_check(&pool);
    CHECK(memory_pool_is_empty(&pool));
    sen__pool_free(&pool);
}

/* What a tape does: takes in order, gives back in nearly the reverse. The second time round the
 * allocator is not called, and clearing with blocks out is as good as giving them back. */
static void memory_pool_again(void)
{
    void *block[64];
    sen_allocator a = test_allocator(&test_blocks);
    sen__pool pool;
    int64_t calls = 0;
    size_t peak = 0;
    int round, i;
    sen__pool_init(&pool, &a);
    for (round = 0; round < 5; round++) {
        for (i = 0; i < 64; i++)
            block[i] = sen__pool_take(&pool, (size_t)(1000 * (i % 7 + 1) * 40));
        if (round == 0) {
            calls = test_blocks.calls;
            peak = pool.peak;
        }
        CHECK(test_blocks.calls == calls);
        CHECK(pool.peak == peak);
        if (round == 3) {
            sen__pool_clear(&pool);
        } else {
            for (i = 63; i >= 0; i--) sen__pool_give(&pool, block[i ^ 1]);
        }
        CHECK(memory_pool_is_empty(&pool));
        memory_pool_check(&pool);
    }
    sen__pool_free(&pool);
    CHECK(pool.regions == NULL);
}

/* Where a large region is refused, one that just fits is tried; where that is refused too, the
 * pool is as it was. */
static void memory_pool_fails(void)
{
    sen_allocator a = test_allocator(&test_blocks);
    sen__pool pool;
    volatile size_t huge = SIZE_MAX;
    void *p;
    sen__pool_init(&pool, &a);
    CHECK(sen__pool_take(&pool, huge) == NULL);
    CHECK(sen__pool_take(&pool, huge / 2) == NULL);
    test_blocks.fail_at = test_blocks.calls + 1;
    p = sen__pool_take(&pool, 5000);
    CHECK(p != NULL);
    CHECK(pool.reserved < 6000);
    memory_pool_check(&pool);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__pool_take(&pool, (size_t)2 << 20) == NULL);      /* no smaller one would do */
    memory_pool_check(&pool);
    sen__pool_give(&pool, p);
    sen__pool_give(&pool, NULL);
    CHECK(memory_pool_is_empty(&pool));
    sen__pool_free(&pool);
}

static void test_memory(void)
{
    TEST(memory_sizes);
    TEST(memory_heap);
    TEST(memory_heap_fails);
    TEST(memory_default);
    TEST(memory_arena_refuses);
    TEST(memory_arena);
    TEST(memory_pool);
    TEST(memory_pool_again);
    TEST(memory_pool_fails);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("memory", test_memory);
}
#endif
