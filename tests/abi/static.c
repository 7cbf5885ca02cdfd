/* A shared object with a private copy of the whole library; built twice under two names. */
#include <stddef.h>

static long  blocks, calls, broken;
static void *count_malloc(size_t n);
static void  count_free(void *p);

#define SENTRAIN_STATIC
#define SENTRAIN_MALLOC(n) count_malloc(n)
#define SENTRAIN_FREE(p) count_free(p)
#define SENTRAIN_ASSERT(condition) ((condition) ? (void)0 : (void)broken++)
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#include <stdlib.h>

static void *count_malloc(size_t n)
{
    void *p = malloc(n);
    calls++;
    blocks += p != NULL;
    return p;
}

static void count_free(void *p)
{
    blocks -= p != NULL;
    free(p);
}

const char *COPY(int threads);

/* A text inside this copy; NULL if something failed, or memory came from elsewhere or was left. */
const char *COPY(int threads)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = threads;
    if (sen_ctx_new(&desc, &c) != SEN_OK) return NULL;
    sen_ctx_free(c);
    if (!calls || blocks || broken) return NULL;
    return sen_result_text(SEN_OK);
}
