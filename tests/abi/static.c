/* A shared object with a private copy of the whole library; built twice under two names. */
#define SENTRAIN_STATIC
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"

const char *COPY(int threads);

/* A text inside this copy, or NULL. */
const char *COPY(int threads)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = threads;
    if (sen_ctx_new(&desc, &c) != SEN_OK) return NULL;
    sen_ctx_free(c);
    return sen_result_text(SEN_OK);
}
