/* The one idea here: a sentence becomes a vector, and like sentences have like vectors.
 *
 *     encode MODEL_FOLDER "a man eats" "someone is eating"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../sentrain.h"

int main(int argc, char **argv)
{
    sen_ctx *ctx = NULL;                        /* all state of the library hangs from here */
    sen_model *model = NULL;
    sen_text text[2];
    float *v, alike = 0;
    sen_result r;
    int i, n;

    if (argc != 4) return fprintf(stderr, "usage: encode MODEL_FOLDER TEXT TEXT\n"), 2;
    for (i = 0; i < 2; i++) {
        text[i].data = argv[2 + i];
        text[i].length = strlen(argv[2 + i]);
    }
    if (sen_ctx_new(NULL, &ctx)) return 1;
    r = sen_model_load(ctx, argv[1], &model);
    n = r ? 0 : sen_embedding_dimension(model, SEN_NONE);
    v = (float *)malloc((size_t)(2 * n + 1) * sizeof *v);               /* (2,n) */
    if (!r && !v) r = sen_fail(ctx, SEN_ERR_MEMORY, "out of memory: no room for two embeddings");
    if (!r) r = sen_encode(ctx, model, text, 2, NULL, v);
    if (!r) r = sen_similarities(ctx, model, v, 1, v + n, 1, n, &alike);
    if (r) fprintf(stderr, "%s\n", sen_message(ctx));
    else printf("%d numbers each, similarity %.4f\n", n, (double)alike);
    free(v);
    sen_model_free(model);
    sen_ctx_free(ctx);
    return r ? 1 : 0;
}
