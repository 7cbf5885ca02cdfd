/* An allocator that refuses the k-th request and every later one, and counts what is still held:
 * for runs that must end in SEN_ERR_MEMORY at whatever place memory runs out, and leak nothing. */
#ifndef FAIL_H
#define FAIL_H
#include <stdlib.h>

typedef struct fail_allocator {
    int64_t left;                       /* requests that are still granted; negative: all */
    int64_t live;                       /* blocks held */
} fail_allocator;

static inline void *fail_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    fail_allocator *f = (fail_allocator *)user;
    void *fresh;
    if (new_size == 0) {
        f->live -= block != NULL;
        free(block);
        return NULL;
    }
    if (f->left == 0) return NULL;
    if (f->left > 0) f->left--;
    fresh = malloc(new_size);
    if (!fresh) return NULL;
    if (block) memcpy(fresh, block, old_size < new_size ? old_size : new_size);
    free(block);
    f->live += block == NULL;
    return fresh;
}

/* A context on such an allocator, files as given; memory is not short yet. */
static inline sen_ctx *fail_context(fail_allocator *f, const sen_files *files)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    f->left = -1;
    f->live = 0;
    desc.allocator.resize = fail_resize;
    desc.allocator.user = f;
    desc.files = files;
    desc.threads = 1;
    (void)sen_ctx_new(&desc, &c);
    return c;
}

/* Runs work(c, arg) with 0, 1, 2 ... requests granted until it succeeds: each failure must be one
 * of memory. Returns how many requests success took; a failure of the test is counted as usual. */
static inline int64_t fail_everywhere(const sen_files *files,
                                      sen_result (*work)(sen_ctx *c, void *arg), void *arg)
{
    int64_t k;
    for (k = 0; k < 10000; k++) {
        fail_allocator f;
        sen_ctx *c = fail_context(&f, files);
        sen_result r;
        CHECK(c != NULL);
        if (!c) return -1;
        f.left = k;
        r = work(c, arg);
        CHECK(r == SEN_OK || r == SEN_ERR_MEMORY);
        sen_ctx_free(c);
        CHECK(f.live == 0);
        if (r == SEN_OK) return k;
        if (r != SEN_ERR_MEMORY || f.live) break;
    }
    return -1;
}
#endif
