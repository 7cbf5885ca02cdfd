/* The one idea here: the library compiled once for each kind of processor, and nothing of a build
 * visible but one table of functions. SENTRAIN_STATIC keeps the copies apart.
 *
 *     cc -O2             -DDISPATCH_BUILD=dispatch_baseline -c dispatch_build.c -o baseline.o
 *     cc -O2 -mavx2 -mfma -DDISPATCH_BUILD=dispatch_avx2    -c dispatch_build.c -o avx2.o
 *     cc -O2 dispatch.c baseline.o avx2.o -o dispatch -lm -pthread
 */
#define SENTRAIN_STATIC
#define SENTRAIN_IMPLEMENTATION
#include "dispatch.h"

const dispatch_build DISPATCH_BUILD = {
    sen_target_runs_here, sen_build_info, sen_ctx_new, sen_ctx_free, sen_message,
    sen_model_load, sen_model_free, sen_embedding_dimension, sen_encode
};
