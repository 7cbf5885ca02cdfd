/* One file, two programs. The whole library makes a tiny model in FOLDER, saves it there as files
 * and as one image, and encodes with it. An encode-only build (SENTRAIN_ENCODE_ONLY, and the
 * implementation, are given by the command line) loads both and has to print the same bits.
 *
 *     encode FOLDER           an existing, empty folder; then the one that the first run has filled
 */
#include "sentrain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 3
#define WIDTH 16

static const char *const texts[TEXTS] = { "ab cde f", "word word, \xC3\x84 word", "" };

static void print_bits(const char *what, const float *x, int n)
{
    uint32_t bits;
    int i;
    printf("%s", what);
    for (i = 0; i < n; i++) {
        memcpy(&bits, x + i, sizeof bits);
        printf(" %08lx", (unsigned long)bits);
    }
    printf("\n");
}

static sen_result encode(sen_ctx *c, const sen_model *m)
{
    float out[TEXTS * WIDTH], alike[TEXTS * TEXTS];
    sen_text list[TEXTS];
    sen_result r;
    int i;
    for (i = 0; i < TEXTS; i++) {
        list[i].data = texts[i];
        list[i].length = strlen(texts[i]);
    }
    if (sen_embedding_dimension(m, SEN_NONE) != WIDTH)
        return sen_fail(c, SEN_ERR_FORMAT, "not the model that was made here");
    r = sen_encode(c, m, list, TEXTS, NULL, out);
    if (!r) r = sen_similarities(c, m, out, TEXTS, out, TEXTS, WIDTH, alike);
    if (r) return r;
    print_bits("embeddings", out, TEXTS * WIDTH);
    print_bits("similarities", alike, TEXTS * TEXTS);
    return SEN_OK;
}

#ifndef SENTRAIN_ENCODE_ONLY

static const char model_text[] =
    "{\"modules\": [{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
    "\"hidden_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
    "\"intermediate_size\": 64, \"max_position_embeddings\": 64}, \"vocab\": \"vocab.txt\", "
    "\"max_seq_length\": 48}, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}, "
    "{\"type\": \"Dense\", \"out_features\": 16}, {\"type\": \"Normalize\"}]}";

/* Writes a block as a file. 0: it is there. */
static int write_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    int bad = !f || fwrite(data, 1, n, f) != n;
    if (f && fclose(f)) bad = 1;
    return bad;
}

static sen_result work(sen_ctx *c, const char *folder)
{
    static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nword\na\nb\n##b\ncd\n##e\n";
    char path[1000];
    sen_json *spec = NULL;
    sen_model *m = NULL;
    void *image = NULL;
    size_t size = 0;
    sen_result r;
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    if (write_file(path, vocab, sizeof vocab - 1)) return sen_fail(c, SEN_ERR_IO, "%s", path);
    r = sen_json_parse(c, "model", model_text, sizeof model_text - 1, &spec);
    if (!r) r = sen_model_from_json(c, spec, NULL, folder, 42, &m);
    if (!r) r = encode(c, m);
    if (!r) r = encode(c, m);                   /* twice, as the other program does */
    if (!r) r = sen_model_save(c, m, folder);
    if (!r) r = sen_model_save_memory(c, m, &image, &size);
    snprintf(path, sizeof path, "%s/image", folder);
    if (!r && write_file(path, image, size)) r = sen_fail(c, SEN_ERR_IO, "%s", path);
    sen_memory_free(c, image);
    sen_model_free(m);
    return r;
}

#else

/* The image that the other program has written, which must be freed; NULL: there is none. */
static void *read_image(const char *folder, size_t *size)
{
    char path[1000];
    void *image = malloc(1 << 20);
    FILE *f;
    snprintf(path, sizeof path, "%s/image", folder);
    f = fopen(path, "rb");
    *size = f && image ? fread(image, 1, 1 << 20, f) : 0;
    if (f) fclose(f);
    return image;
}

static sen_result work(sen_ctx *c, const char *folder)
{
    sen_model *m = NULL;
    size_t size;
    void *image = read_image(folder, &size);
    sen_result r = sen_model_load(c, folder, &m);
    if (!r) r = encode(c, m);
    sen_model_free(m);
    m = NULL;
    if (!r) r = sen_model_load_memory(c, image, size, &m);
    if (!r) r = encode(c, m);
    sen_model_free(m);
    free(image);
    return r;
}

#endif

int main(int argc, char **argv)
{
    sen_ctx *c = NULL;
    sen_result r;
    if (argc != 2 || sen_ctx_new(NULL, &c)) return 2;
    r = work(c, argv[1]);
    if (r) fprintf(stderr, "%s\n", sen_message(c));
    sen_ctx_free(c);
    return r != SEN_OK;
}
