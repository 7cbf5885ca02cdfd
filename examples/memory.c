/* The one idea here: a model is one block of bytes. It is loaded from a folder once, saved into a
 * buffer, and loaded from that buffer by a context that knows no files at all: as in a program that
 * carries its model inside itself, gets it over a network, or reads it from flash.
 *
 *     memory MODEL_FOLDER "a man eats" "someone is eating"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../sentrain.h"

/* The folder as one buffer, the caller's to free with sen_memory_free(ctx, *data). */
static sen_result folder_to_buffer(sen_ctx *ctx, const char *folder, void **data, size_t *size)
{
    sen_model *model = NULL;
    sen_result r = sen_model_load(ctx, folder, &model);
    if (!r) r = sen_model_save_memory(ctx, model, data, size);
    sen_model_free(model);
    return r;
}

/* How alike two texts are to the model in the buffer, on a context whose own files are none. */
static sen_result similarity(sen_ctx *ctx, const void *data, size_t size, const sen_text *text,
                             float *alike)
{
    sen_model *model = NULL;
    sen_result r = sen_model_load_memory(ctx, data, size, &model);
    const int n = r ? 0 : sen_embedding_dimension(model, SEN_NONE);
    float *v = (float *)malloc((size_t)(2 * n + 1) * sizeof *v);        /* (2,n) */

    if (!r && !v) r = sen_fail(ctx, SEN_ERR_MEMORY, "out of memory: no room for two embeddings");
    if (!r) r = sen_encode(ctx, model, text, 2, NULL, v);
    if (!r) r = sen_similarities(ctx, model, v, 1, v + n, 1, n, alike);
    free(v);
    sen_model_free(model);
    return r;
}

int main(int argc, char **argv)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_memory_files *none = NULL;              /* an empty disk: nothing can be opened on it */
    sen_ctx *with_files = NULL, *without = NULL, *failed;
    sen_text text[2];
    void *data = NULL;
    size_t size = 0;
    float alike = 0;
    sen_result r;
    int i;

    if (argc != 4) return fprintf(stderr, "usage: memory MODEL_FOLDER TEXT TEXT\n"), 2;
    for (i = 0; i < 2; i++) {
        text[i].data = argv[2 + i];
        text[i].length = strlen(argv[2 + i]);
    }
    if (sen_ctx_new(NULL, &with_files)) return 1;
    if (sen_memory_files_new(NULL, NULL, 0, &none)) return 1;
    desc.files = sen_memory_files_table(none);
    if (sen_ctx_new(&desc, &without)) return 1;

    failed = with_files;                        /* whose message to read */
    r = folder_to_buffer(with_files, argv[1], &data, &size);
    if (!r) {
        failed = without;
        r = similarity(without, data, size, text, &alike);
    }
    if (r) fprintf(stderr, "%s\n", sen_message(failed));
    else printf("a model of %lu bytes, similarity %.4f\n", (unsigned long)size, (double)alike);
    sen_memory_free(with_files, data);
    sen_ctx_free(without);
    sen_ctx_free(with_files);
    sen_memory_files_free(none);
    return r ? 1 : 0;
}
