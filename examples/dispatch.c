/* The one idea here: one program for every x86-64 that uses AVX2 where it is there. It has two
 * builds of the library in it (see dispatch_build.c) and asks each whether it runs here.
 *
 *     dispatch MODEL_FOLDER TEXT       prints which build it took, and the embedding
 *
 * All that comes from one build goes back to the same: contexts and models are not shared by two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dispatch.h"

/* The best first. Another build, for AVX-512, is one more line here and in dispatch.h. The question
 * is compiled for any processor, whatever the flags of its file; ask nothing else before it. */
static const dispatch_build *dispatch(void)
{
    static const dispatch_build *const builds[] = { &dispatch_avx2, &dispatch_baseline };
    int i = 0;
    while (i < 1 && !builds[i]->runs_here()) i++;
    return builds[i];
}

int main(int argc, char **argv)
{
    const dispatch_build *const sen = dispatch();
    sen_ctx *ctx = NULL;
    sen_model *model = NULL;
    sen_text text;
    sen_result r;
    float *v = NULL;
    int i, n = 0;

    if (argc != 3) return fprintf(stderr, "usage: dispatch MODEL_FOLDER TEXT\n"), 2;
    printf("%s\n", sen->build_info());
    text.data = argv[2];
    text.length = strlen(argv[2]);
    if (sen->ctx_new(NULL, &ctx)) return 1;
    r = sen->model_load(ctx, argv[1], &model);
    if (!r) n = sen->embedding_dimension(model, SEN_NONE);
    if (!r) v = (float *)malloc((size_t)n * sizeof *v);
    if (!r) r = v ? sen->encode(ctx, model, &text, 1, NULL, v) : SEN_ERR_MEMORY;
    if (r) fprintf(stderr, "%s\n", sen->message(ctx));
    else for (i = 0; i < n; i++) printf("%.9g\n", (double)v[i]);
    free(v);
    sen->model_free(model);
    sen->ctx_free(ctx);
    return r ? 1 : 0;
}
