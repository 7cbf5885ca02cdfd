/* What one build of the library gives to examples/dispatch.c. Put in what your program calls. */
#ifndef DISPATCH_H
#define DISPATCH_H
#include "../sentrain.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dispatch_build {
    int         (*runs_here)(void);         /* sen_target_runs_here: safe on any processor */
    const char *(*build_info)(void);
    sen_result  (*ctx_new)(const sen_ctx_desc *desc, sen_ctx **out);
    void        (*ctx_free)(sen_ctx *c);
    const char *(*message)(const sen_ctx *c);
    sen_result  (*model_load)(sen_ctx *c, const char *dir, sen_model **out);
    void        (*model_free)(sen_model *m);
    int         (*embedding_dimension)(const sen_model *m, int truncate_dim);
    sen_result  (*encode)(sen_ctx *c, const sen_model *m, const sen_text *texts, int64_t n,
                          const sen_encode_args *args, float *out);
} dispatch_build;

extern const dispatch_build dispatch_baseline, dispatch_avx2;

#ifdef __cplusplus
}
#endif
#endif
