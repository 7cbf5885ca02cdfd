/* A tiny model that needs no file but a vocabulary, which it writes itself: 480 tokens, two layers
 * of width 32, as in one of the cases that Python has run. For tests of models and of training. */
#ifndef TINY_H
#define TINY_H

/* Five special tokens, letters, letters inside words, and words. */
static inline void tiny_vocab(const char *path)
{
    char text[8192];
    size_t n = (size_t)snprintf(text, sizeof text, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    int i;
    for (i = 0; i < 26; i++) n += (size_t)snprintf(text + n, sizeof text - n, "%c\n", 'a' + i);
    for (i = 0; i < 26; i++) n += (size_t)snprintf(text + n, sizeof text - n, "##%c\n", 'a' + i);
    for (i = 57; i < 480; i++) n += (size_t)snprintf(text + n, sizeof text - n, "word%d\n", i);
    test_write_text(path, text);
}

static const char tiny_transformer[] =
    "{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", \"hidden_size\": 32, "
    "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 64, "
    "\"max_position_embeddings\": 64}, \"vocab\": \"vocab.txt\", \"max_seq_length\": 48}";

/* A model from a list of modules in JSON, %s being the transformer above; vocab.txt stands in
 * `folder`. NULL with the context's message if it fails. */
static inline sen_result tiny_try(sen_ctx *c, const char *modules, const char *folder,
                                  sen_model **out)
{
    const sen__mark mark = sen__arena_mark(&c->scratch);
    char text[4096], list[4000];
    sen_json *spec = NULL;
    sen_result r;
    *out = NULL;
    snprintf(list, sizeof list, modules, tiny_transformer);
    snprintf(text, sizeof text, "{\"modules\": [%s]}", list);
    sen__begin(c);
    r = sen__json_parse(c, &c->scratch, "job.json", text, strlen(text), 0, &spec);
    if (!r) r = sen_model_from_json(c, spec, NULL, folder, 42, out);
    sen__arena_release(&c->scratch, mark);
    return sen__end(c, r);
}

#define TINY_MODULES                                                                               \
    "%s, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}, {\"type\": \"Dense\", "              \
    "\"out_features\": 16}"

static inline sen_model *tiny_model(sen_ctx *c, const char *modules)
{
    sen_model *m = NULL;
    tiny_vocab(test_path("vocab.txt"));
    CHECK_OK(c, tiny_try(c, modules, test_folder(), &m));
    return m;
}

static inline sen_text tiny_text(const char *text)
{
    sen_text t;
    t.data = text;
    t.length = strlen(text);
    return t;
}

/* Five texts, of 2, 3, 9, 4 and about 100 tokens (cut to 48). */
#define TINY_TEXTS 5
static inline void tiny_texts(sen_text out[TINY_TEXTS])
{
    static char large[512];
    int i;
    for (i = 0; i < 100; i++) memcpy(large + 4 * i, i % 3 ? "abc " : "q x ", 4);
    out[0] = tiny_text("");
    out[1] = tiny_text("word99");
    out[2] = tiny_text("abcde x word100");
    out[3] = tiny_text("Hi \xC3\xA4\xF0\x9F\x98\x80");
    out[4].data = large;
    out[4].length = 400;
}
#endif
