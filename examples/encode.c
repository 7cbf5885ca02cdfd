/* The one idea here: a sentence becomes a vector, and like sentences have like vectors.
 *
 *     encode [MODEL_FOLDER ["a man eats" "someone is eating"]]
 *
 * Without arguments it takes the model that `make demo` leaves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sentrain.h"

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "build/demo/final";
    const char *first = argc == 4 ? argv[2] : "wake me at six thirty";
    const char *second = argc == 4 ? argv[3] : "set the alarm for tomorrow";
    sen_ctx *ctx = NULL;
    sen_model *model = NULL;
    sen_text text[2];                           /* pointer and length; no NUL is needed */
    float *v, alike = 0;
    sen_result r;
    int n;

    if (argc == 3 || argc > 4) return fprintf(stderr, "usage: encode [FOLDER [TEXT TEXT]]\n"), 2;
    text[0].data = first;
    text[0].length = strlen(first);
    text[1].data = second;
    text[1].length = strlen(second);

    /* README: encode */
    r = sen_ctx_new(NULL, &ctx);                                /* all state hangs from ctx */
    if (!r) r = sen_model_load(ctx, folder, &model);
    n = r ? 0 : sen_embedding_dimension(model, SEN_NONE);
    v = (float *)malloc((size_t)(2 * n + 1) * sizeof *v);       /* (2,n) */
    if (!r && !v) r = sen_fail(ctx, SEN_ERR_MEMORY, "no room for two embeddings of %d floats", n);
    if (!r) r = sen_encode(ctx, model, text, 2, NULL, v);
    if (!r) r = sen_similarities(ctx, model, v, 1, v + n, 1, n, &alike);
    if (r) fprintf(stderr, "%s\n", ctx ? sen_message(ctx) : sen_result_text(r));
    else printf("%d numbers each, similarity %.4f\n", n, (double)alike);
    free(v);
    sen_model_free(model);
    sen_ctx_free(ctx);
    /* README end */
    return r ? 1 : 0;
}
