/* The model chapter: new weights as Python makes them, saving and loading, both dialects, encode
 * beside Python's numbers, and every broken folder with its sentence. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "tiny.h"

/* ---- new models ------------------------------------------------------------------------------ */

typedef struct model_golden {
    const char *name;
    double      sum, abs_sum;
    float       first[4];
} model_golden;

/* BertModel(config) + Pooling + Dense after set_seed(42) in Python (torch 2.9, transformers 5). */
static const model_golden model_goldens[] = {
    { "0.model.embeddings.word_embeddings.weight",
      1.4533768232071367,
      247.5062148537682,
      { 0, 0, 0, 0 } },
    { "0.model.embeddings.position_embeddings.weight",
      0.020097762706427602,
      31.794803143562604,
      { 0.017535990104079247f, 0.014309663325548172f, 0.01805209368467331f,
        0.0003836796968244016f } },
    { "0.model.encoder.layer.0.attention.self.query.weight",
      0.4313503984531053,
      15.856516406981427,
      { 0.018332501873373985f, 0.02291431650519371f, -0.006273158825933933f,
        -0.01972022093832493f } },
    { "0.model.encoder.layer.1.output.dense.weight",
      0.6235860853757913,
      33.125651169737466,
      { 0.0017330385744571686f, -0.02497103251516819f, -0.0015718088252469897f,
        0.008262437768280506f } },
    { "0.model.encoder.layer.1.output.LayerNorm.weight", 32, 32, { 1, 1, 1, 1 } },
    { "0.model.pooler.dense.weight",
      -1.079425195046042,
      16.10551554929725,
      { 0.009309929795563221f, -0.0010758981807157397f, 0.03604326397180557f,
        -0.015554611571133137f } },
    { "2.linear.weight",
      -1.4293109886639286,
      43.9552465925517,
      { -0.09302711486816406f, 0.01656215265393257f, 0.027221322059631348f,
        0.011809694580733776f } },
    { "2.linear.bias",
      -0.3731843829154968,
      1.4627443328499794,
      { 0.10480178147554398f, -0.039522428065538406f, -0.1196538656949997f,
        -0.11289796233177185f } }
};

static sen_tensor *model_weight(sen_model *m, const char *name)
{
    int i;
    for (i = 0; i < sen_model_weights(m); i++) {
        if (strcmp(sen_model_weight_name(m, i), name) == 0) return sen_model_weight(m, i);
    }
    CHECK(name == NULL);                        /* no weight is called so */
    return NULL;
}

static void model_new(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    size_t g;
    CHECK(sen_model_modules(m) == 3 && sen_embedding_dimension(m, SEN_NONE) == 16);
    CHECK(sen_model_max_seq_length(m) == 48 && sen_tokenizer_size(sen_model_tokenizer(m)) == 480);
    CHECK(sen_model_weights(m) == 5 + 32 + 2 + 2);
    CHECK_TEXT(sen_model_similarity(m), "cosine");
    for (g = 0; g < SEN__COUNT(model_goldens); g++) {
        const model_golden *e = &model_goldens[g];
        const sen_tensor *w = model_weight(m, e->name);
        double sums[2] = { 0, 0 }, expect[2];
        int64_t i;
        if (!w) continue;
        for (i = 0; i < w->count; i++) {
            sums[0] += (double)w->data[i];
            sums[1] += fabs((double)w->data[i]);
        }
        expect[0] = e->sum;
        expect[1] = e->abs_sum;
        CHECK_NEAR(sums, expect, 2, 1e-5);      /* torch's vector log and cos are a few 1e-8 off */
        CHECK_NEAR(w->data, e->first, 4, 2e-8);
    }
    sen_model_free(m);
    sen_model_free(NULL);
    sen_ctx_free(c);
}

static void model_spec_refused(void)
{
    static const struct { const char *modules; sen_result r; const char *message;
    } row[] = {
        { "", SEN_ERR_FORMAT, "this model makes no embeddings" },
        { "%s", SEN_ERR_FORMAT,
          "this model has no Pooling behind its Transformer, so it makes no embeddings" },
        { "%s, {\"type\": \"Normalize\"}, {\"type\": \"Pooling\"}", SEN_ERR_FORMAT,
          "Normalize stands before any module that makes sentence embeddings; put a Pooling in "
          "front of it" },
        { "{\"type\": \"Transfomer\"}", SEN_ERR_UNSUPPORTED,
          "job.json:1:14: no module is called \"Transfomer\" here; did you mean \"Transformer\"?; "
          "there are: Transformer, Pooling, Dense, LayerNorm, Normalize" },
        { "5", SEN_ERR_ARGUMENT, "job.json:1:14: a module is an object with \"type\"" },
        { "{\"type\": \"Pooling\"}", SEN_ERR_ARGUMENT,
          "Pooling needs a module before it that makes token vectors" },
        { "{\"type\": \"Transformer\"}", SEN_ERR_ARGUMENT,
          "job.json:1:14: a Transformer needs "
          "\"path\" (a folder), or \"config\" and \"vocab\" to be made new" },
        { "{\"type\": \"Transformer\", \"vocab\": \"vocab.txt\", \"config\": {\"model_type\": "
          "\"brt\"}}",
          SEN_ERR_UNSUPPORTED, NULL },
        { "{\"type\": \"Transformer\", \"paht\": \"x\"}", SEN_ERR_ARGUMENT,
          "job.json:1:38: unknown key \"paht\"; did you mean \"path\"?" },
        { "%s, {\"type\": \"Pooling\"}, {\"type\": \"Transformer\", \"path\": \"x\"}",
          SEN_ERR_UNSUPPORTED, NULL },
        { "{\"type\": \"Transformer\", \"vocab\": \"vocab.txt\", \"config\": {\"model_type\": "
          "\"bert\", "
          "\"vocab_size\": 400, \"hidden_size\": 32, \"num_attention_heads\": 4, "
          "\"num_hidden_layers\": 0}}",
          SEN_ERR_FORMAT, NULL }
    };
    sen_ctx *c = test_ctx(1);
    size_t i;
    tiny_vocab(test_path("vocab.txt"));
    for (i = 0; i < SEN__COUNT(row); i++) {
        sen_model *m = (sen_model *)1;
        CHECK(tiny_try(c, row[i].modules, test_folder(), &m) == row[i].r);
        CHECK(m == NULL);
        CHECK(sen_message(c)[0]);
        if (row[i].message) CHECK_TEXT(sen_message(c), row[i].message);
    }
    {
        sen_model *m = (sen_model *)1;
        test_write(test_path("vocab.txt"), "[UNK]\na\0b\n[CLS]\n[SEP]\n", 22);
        CHECK(tiny_try(c, TINY_MODULES, test_folder(), &m) == SEN_ERR_FORMAT && m == NULL);
        CHECK(strstr(sen_message(c), "/vocab.txt: a token cannot hold U+0000; is this a text "
                                     "file?"));
    }
    sen_ctx_free(c);
}

/* Modules that fit by their widths, but of which nothing makes sentence embeddings of them. */
static void model_no_sentence(void)
{
    static const char *const modules[] = {
        "%s, {\"type\": \"Normalize\"}", "%s, {\"type\": \"Dense\", \"out_features\": 8}",
        "%s, {\"type\": \"Pooling\", \"pooling_mode\": [\"cls\", \"max\"]}, {\"type\": \"Pooling\"}"
    };
    sen_ctx *c = test_ctx(1);
    sen_text text = tiny_text("abc");
    float out[64];
    size_t i;
    tiny_vocab(test_path("vocab.txt"));
    for (i = 0; i < SEN__COUNT(modules); i++) {
        sen_model *m = NULL;
        sen_result r = tiny_try(c, modules[i], test_folder(), &m);
        if (!r) r = sen_encode(c, m, &text, 1, NULL, out);
        CHECK(r == SEN_ERR_FORMAT || r == SEN_ERR_ARGUMENT);
        CHECK(sen_message(c)[0]);
        sen_model_free(m);
    }
    sen_ctx_free(c);
}

/* ---- saving and loading ---------------------------------------------------------------------- */

static void model_encode(sen_ctx *c, const sen_model *m, float *out)
{
    sen_text texts[TINY_TEXTS];
    tiny_texts(texts);
    CHECK_OK(c, sen_encode(c, m, texts, TINY_TEXTS, NULL, out));
}

static int model_same_file(const char *folder, const char *other, const char *name)
{
    char path[2][1024];
    size_t n[2] = { 0, 0 };
    char *data[2];
    int same, i;
    snprintf(path[0], sizeof path[0], "%s/%s", folder, name);
    snprintf(path[1], sizeof path[1], "%s/%s", other, name);
    for (i = 0; i < 2; i++) data[i] = test_read(path[i], &n[i]);
    same = data[0] && data[1] && n[0] == n[1] && memcmp(data[0], data[1], n[0]) == 0;
    for (i = 0; i < 2; i++) free(data[i]);
    return same;
}

static const char *const model_files[] = {
    "modules.json", "config_sentence_transformers.json", "config.json", "sentence_bert_config.json",
    "tokenizer.json", "tokenizer_config.json", "model.safetensors", "1_Pooling/config.json",
    "2_Dense/config.json", "2_Dense/model.safetensors"
};

/* New, saved, loaded, saved: the same bits and the same bytes; what is on disk is Python's form. */
static void model_save_load(void)
{
    sen_ctx *c = test_ctx(2);
    sen_model *m = tiny_model(c, TINY_MODULES), *again = NULL;
    float before[TINY_TEXTS * 16], after[TINY_TEXTS * 16];
    char *text;
    size_t i;
    model_encode(c, m, before);
    CHECK_OK(c, sen_model_save(c, m, test_path("deep/a")));
    CHECK_OK(c, sen_model_load(c, test_path("deep/a"), &again));
    CHECK(again && sen_model_max_seq_length(again) == 48);
    model_encode(c, again, after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    CHECK_OK(c, sen_model_save(c, m, test_path("b")));
    CHECK_OK(c, sen_model_save(c, again, test_path("c")));
    for (i = 0; i < SEN__COUNT(model_files); i++) {
        CHECK(model_same_file(test_path("deep/a"), test_path("b"), model_files[i]));
        CHECK(model_same_file(test_path("deep/a"), test_path("c"), model_files[i]));
    }
    text = test_read(test_path("b/1_Pooling/config.json"), NULL);
    CHECK_TEXT(text,
               "{\n    \"word_embedding_dimension\": 32,\n    \"pooling_mode_cls_token\": false,\n"
               "    \"pooling_mode_max_tokens\": false,\n    \"pooling_mode_mean_tokens\": true,\n"
               "    \"pooling_mode_mean_sqrt_len_tokens\": false,\n"
               "    \"pooling_mode_weightedmean_tokens\": false,\n"
               "    \"pooling_mode_lasttoken\": false,\n    \"include_prompt\": true\n}");
    free(text);
    text = test_read(test_path("b/2_Dense/config.json"), NULL);
    CHECK_TEXT(text, "{\n    \"in_features\": 32,\n    \"out_features\": 16,\n    \"bias\": true,\n"
               "    \"activation_function\": \"torch.nn.modules.activation.Tanh\"\n}");
    free(text);
    sen_model_free(m);
    sen_model_free(again);
    sen_ctx_free(c);
}

/* Replaces the first `old` in a file by `new_text`. */
static void model_edit(const char *name, const char *old, const char *new_text)
{
    char *text = test_read(test_path(name), NULL), *at = text ? strstr(text, old) : NULL;
    CHECK(at != NULL);
    if (at) {
        const size_t n = strlen(text) + strlen(new_text) + 1;
        char *made = (char *)malloc(n);
        snprintf(made, n, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old));
        test_write_text(test_path(name), made);
        free(made);
    }
    free(text);
}

static int model_file_has(const char *name, const char *part)
{
    char *text = test_read(test_path(name), NULL);
    const int has = text && strstr(text, part) != NULL;
    free(text);
    return has;
}

static int model_count(const char *name, const char *part)
{
    char *text = test_read(test_path(name), NULL), *at = text;
    int n = 0;
    while (at && (at = strstr(at, part)) != NULL) n++, at++;
    free(text);
    return n;
}

/* What only sentence-transformers 6 can say is written in its words; all else in the older ones.
 * Keys that nobody knows come through, and none is written twice. */
static void model_dialects(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c,
                              "%s, {\"type\": \"Pooling\", \"pooling_mode\": [\"max\", \"cls\"]}, "
                              "{\"type\": \"Normalize\"}"),
              *again = NULL;
    float before[TINY_TEXTS * 64], after[TINY_TEXTS * 64];
    model_encode(c, m, before);
    CHECK_OK(c, sen_model_save(c, m, test_path("new")));
    CHECK(model_file_has("new/1_Pooling/config.json", "\"pooling_mode\": [\n        \"max\","));
    CHECK(!model_file_has("new/1_Pooling/config.json", "word_embedding_dimension"));
    CHECK(model_file_has("new/modules.json",
                         "sentence_transformers.base.modules.transformer.Transformer"));
    CHECK(strstr(test_log_text, "needs sentence-transformers 6 or later") != NULL);
    model_edit("new/config.json", "{", "{\n  \"zz_mine\": [1, {\"a\": null}],");
    model_edit("new/1_Pooling/config.json", "{", "{\n    \"mine\": \"kept\",");
    model_edit("new/config_sentence_transformers.json", "{", "{\n  \"mine\": 1.50,");
    CHECK_OK(c, sen_model_load(c, test_path("new"), &again));
    model_encode(c, again, after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    CHECK_OK(c, sen_model_save(c, again, test_path("again")));
    CHECK(model_file_has("again/config.json", "\"zz_mine\": [\n    1,\n    {\n      \"a\": null"));
    CHECK(model_file_has("again/1_Pooling/config.json", "\"mine\": \"kept\""));
    CHECK(model_file_has("again/config_sentence_transformers.json", "\"mine\": 1.5"));
    CHECK(model_count("again/config_sentence_transformers.json", "\"prompts\"") == 1);
    CHECK(model_count("again/2_Normalize/config.json", "\"module_input_name\"") == 1);
    sen_model_free(again);
    /* the older class paths and switches, by hand */
    model_edit("new/modules.json", "sentence_transformers.base.modules.transformer.Transformer",
               "sentence_transformers.models.Transformer");
    test_write_text(test_path("new/1_Pooling/config.json"),
                    "{\"word_embedding_dimension\": 32, \"pooling_mode_cls_token\": true, "
                    "\"pooling_mode_mean_tokens\": false, \"pooling_mode_max_tokens\": true}");
    sen_system_files()->remove(NULL, test_path("new/2_Normalize/config.json"));
    CHECK_OK(c, sen_model_load(c, test_path("new"), &again));
    CHECK(sen_embedding_dimension(again, SEN_NONE) == 64);
    model_encode(c, again, after);
    CHECK_NEAR(after, before + 32, 32, 1e-6);   /* cls first now, then max */
    CHECK_NEAR(after + 32, before, 32, 1e-6);
    CHECK_OK(c, sen_model_save(c, again, test_path("old")));
    CHECK(model_file_has("old/modules.json", "sentence_transformers.models.Pooling"));
    CHECK(model_file_has("old/1_Pooling/config.json", "\"pooling_mode_max_tokens\": true"));
    sen_model_free(again);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A folder with no modules.json gets mean pooling. */
static void model_bare(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, "%s, {\"type\": \"Pooling\"}"), *again = NULL;
    float before[TINY_TEXTS * 32], after[TINY_TEXTS * 32];
    model_encode(c, m, before);
    CHECK_OK(c, sen_model_save(c, m, test_path("m")));
    sen_system_files()->remove(NULL, test_path("m/modules.json"));
    sen_system_files()->remove(NULL, test_path("m/config_sentence_transformers.json"));
    CHECK_OK(c, sen_model_load(c, test_path("m"), &again));
    model_encode(c, again, after);
    CHECK(memcmp(before, after, sizeof before) == 0);
    sen_model_free(m);
    sen_model_free(again);
    sen_ctx_free(c);
}

/* The model at `from`, with a job's "config" over its own, saved at `to`. */
static void model_with(sen_ctx *c, const char *from, const char *config, const char *to)
{
    sen_model *m = NULL;
    sen_json *spec = NULL, *over = NULL;
    char text[700];
    snprintf(text, sizeof text, "\"%s\"", from);
    CHECK_OK(c, sen_json_parse(c, "spec", text, strlen(text), &spec));
    CHECK_OK(c, sen_json_parse(c, "over", config, strlen(config), &over));
    if (CHECK_OK(c, sen_model_from_json(c, spec, over, NULL, 42, &m)))
        CHECK_OK(c, sen_model_save(c, m, to));
    sen_model_free(m);
}

/* An object in config.json is replaced by another; keys on either side of it are all written. */
static void model_override(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    char *text;
    CHECK_OK(c, sen_model_save(c, m, test_path("a")));
    model_with(c, test_path("a"), "{\"zy\": {\"old\": 1}}", test_path("b"));
    model_with(c, test_path("b"), "{\"zy\": {\"new\": [2]}, \"zz\": 3}", test_path("c"));
    text = test_read(test_path("c/config.json"), NULL);
    CHECK(text && strstr(text, "\"zy\": {\n    \"new\": [\n      2\n    ]\n  },\n  \"zz\": 3\n}"));
    free(text);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* ---- encode ---------------------------------------------------------------------------------- */

/* Alone, in batches of any size, in any company and order: the same bits. */
static void model_batches(void)
{
    sen_ctx *c = test_ctx(2);
    sen_model *m = tiny_model(c, TINY_MODULES);
    sen_encode_args args = sen_encode_args_default();
    sen_text texts[TINY_TEXTS], other[TINY_TEXTS];
    float all[TINY_TEXTS * 16], one[TINY_TEXTS * 16];
    int i, size;
    tiny_texts(texts);
    model_encode(c, m, all);
    for (i = 0; i < TINY_TEXTS; i++) {
        CHECK_OK(c, sen_encode(c, m, texts + i, 1, NULL, one));
        CHECK(memcmp(one, all + 16 * i, 64) == 0);
        other[i] = texts[TINY_TEXTS - 1 - i];
    }
    for (size = 1; size <= 3; size++) {
        args.batch_size = size;
        CHECK_OK(c, sen_encode(c, m, other, TINY_TEXTS, &args, one));
        for (i = 0; i < TINY_TEXTS; i++)
            CHECK(memcmp(one + 16 * i, all + 16 * (TINY_TEXTS - 1 - i), 64) == 0);
    }
    CHECK_OK(c, sen_encode(c, m, texts, 0, NULL, one));
    sen_model_free(m);
    sen_ctx_free(c);
}

static void model_threads_work(sen_ctx *c, void *out, void *arg)
{
    sen_model *m = tiny_model(c, TINY_MODULES);
    (void)arg;
    model_encode(c, m, (float *)out);
    sen_model_free(m);
}

static void model_threads(void)
{
    test_same_bits(model_threads_work, TINY_TEXTS * 16 * sizeof(float), NULL);
}

static int model_progress(void *user, int64_t done, int64_t total)
{
    int64_t *last = (int64_t *)user;
    CHECK(done > *last && done <= total && total == TINY_TEXTS);
    *last = done;
    return done >= 4;
}

static void model_args(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    sen_encode_args args = sen_encode_args_default();
    sen_text texts[TINY_TEXTS];
    float whole[TINY_TEXTS * 16], cut[TINY_TEXTS * 16];
    int64_t last = 0;
    int i;
    tiny_texts(texts);
    model_encode(c, m, whole);
    args.truncate_dim = 5;
    CHECK(sen_embedding_dimension(m, 5) == 5 && sen_embedding_dimension(m, 99) == 16);
    CHECK_OK(c, sen_encode(c, m, texts, TINY_TEXTS, &args, cut));
    for (i = 0; i < TINY_TEXTS; i++) CHECK(memcmp(cut + 5 * i, whole + 16 * i, 20) == 0);
    sen_model_set_truncate_dim(m, 3);           /* the model's own; a call's wins */
    CHECK(sen_embedding_dimension(m, SEN_NONE) == 3 && sen_embedding_dimension(m, 5) == 5);
    args.truncate_dim = SEN_NONE;
    args.normalize_embeddings = true;
    CHECK_OK(c, sen_encode(c, m, texts, TINY_TEXTS, &args, cut));
    for (i = 0; i < TINY_TEXTS; i++) {
        float norm = 0, one = 1;
        int k;
        for (k = 0; k < 3; k++) norm += cut[3 * i + k] * cut[3 * i + k];
        CHECK_NEAR(&norm, &one, 1, 1e-5);
    }
    sen_model_set_truncate_dim(m, 0);           /* nonsense is no cut */
    CHECK(sen_embedding_dimension(m, SEN_NONE) == 16);
    sen_model_set_truncate_dim(m, -3);
    CHECK(sen_embedding_dimension(m, SEN_NONE) == 16);
    sen_model_set_truncate_dim(m, SEN_NONE);
    args = sen_encode_args_default();
    args.batch_size = 0;
    CHECK(sen_encode(c, m, texts, 1, &args, cut) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "batch_size must be at least 1, not 0");
    args = sen_encode_args_default();
    args.truncate_dim = -1;
    CHECK(sen_encode(c, m, texts, 1, &args, cut) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "truncate_dim must be at least 1, not -1");
    memset(&args, 0, sizeof args);
    CHECK(sen_encode(c, m, texts, 1, &args, cut) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c),
               "make sen_encode_args with sen_encode_args_default(), then set its fields");
    args = sen_encode_args_default();
    args.batch_size = 2;
    args.progress = model_progress;
    args.progress_user = &last;
    CHECK(sen_encode(c, m, texts, TINY_TEXTS, &args, cut) == SEN_ERR_STOPPED);
    CHECK_TEXT(sen_message(c), "encoding was stopped after 4 texts");
    CHECK(last == 4);
    args.progress = NULL;
    sen_request_stop(c);
    CHECK(sen_encode(c, m, texts, TINY_TEXTS, &args, cut) == SEN_ERR_STOPPED);
    CHECK_OK(c, sen_encode(c, m, texts, TINY_TEXTS, &args, cut));        /* one call only */
    sen_model_free(m);
    sen_ctx_free(c);
}

typedef struct model_outputs {
    const float *sentence;                  /* what sen_encode gave, (n, dimension) */
    int          dimension;
    bool         mean;                      /* a sentence's embedding is the mean of its tokens' */
    int64_t      seen, stop_at;
} model_outputs;

/* In order, the tokens' own, and the sentence's the bits that encode gives. */
static int model_output(void *user, const sen_encoded *e)
{
    model_outputs *o = (model_outputs *)user;
    static const int64_t tokens[TINY_TEXTS] = { 2, 3, 0, 0, 48 };       /* 0: as it comes */
    float sum[32];
    int64_t i;
    int k;
    CHECK(tokens[e->index] == 0 || tokens[e->index] == e->tokens);
    CHECK(e->index == o->seen++ && e->dimension == o->dimension && e->token_dimension == 32);
    CHECK(memcmp(e->sentence_embedding, o->sentence + e->index * o->dimension,
                 (size_t)o->dimension * sizeof(float)) == 0);
    CHECK(e->input_ids[0] == 2 && e->input_ids[e->tokens - 1] == 3);    /* [CLS], [SEP] */
    memset(sum, 0, sizeof sum);
    for (i = 0; i < e->tokens; i++)
        for (k = 0; k < 32; k++) sum[k] += e->token_embeddings[i * 32 + k] / (float)e->tokens;
    if (o->mean) CHECK_NEAR(sum, e->sentence_embedding, 32, 1e-6);
    else CHECK(memcmp(e->token_embeddings, e->sentence_embedding, 32 * sizeof(float)) == 0);
    return o->seen == o->stop_at;
}

/* Token embeddings beside what is pooled of them, for a pooling that needs all tokens of the last
 * layer and for one that needs the first alone, at several batch sizes. */
static void model_outputs_of(sen_ctx *c, const char *modules, bool mean)
{
    sen_model *m = tiny_model(c, modules);
    sen_encode_args args = sen_encode_args_default();
    sen_text texts[TINY_TEXTS];
    float sentence[TINY_TEXTS * 32];
    model_outputs o;
    tiny_texts(texts);
    memset(&o, 0, sizeof o);
    CHECK_OK(c, sen_encode(c, m, texts, TINY_TEXTS, NULL, sentence));
    for (args.batch_size = 1; args.batch_size <= 4; args.batch_size++) {
        o.sentence = sentence;
        o.dimension = 32;
        o.mean = mean;
        o.seen = 0;
        CHECK_OK(c, sen_encode_outputs(c, m, texts, TINY_TEXTS, &args, model_output, &o));
        CHECK(o.seen == TINY_TEXTS);
    }
    o.seen = 0;
    o.stop_at = 2;
    CHECK(sen_encode_outputs(c, m, texts, TINY_TEXTS, NULL, model_output, &o) == SEN_ERR_STOPPED);
    CHECK_TEXT(sen_message(c), "encoding was stopped after 2 texts");
    CHECK(o.seen == 2);
    CHECK_OK(c, sen_encode_outputs(c, m, texts, 0, NULL, model_output, &o));
    args.batch_size = 0;
    CHECK(sen_encode_outputs(c, m, texts, 1, &args, model_output, &o) == SEN_ERR_ARGUMENT);
    CHECK(o.seen == 2);
    sen_model_free(m);
}

static void model_outputs_all(void)
{
    sen_ctx *c = test_ctx(2);
    model_outputs_of(c, "%s, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}", true);
    model_outputs_of(c, "%s, {\"type\": \"Pooling\", \"pooling_mode\": \"cls\"}", false);
    sen_ctx_free(c);
}

static int model_output_cut(void *user, const sen_encoded *e)
{
    model_outputs *o = (model_outputs *)user;
    CHECK(e->dimension == 5 && e->token_dimension == 32);
    CHECK(memcmp(e->sentence_embedding, o->sentence + 5 * e->index, 20) == 0);
    o->seen++;
    return 0;
}

/* Cut and normalized as the arguments say, more texts than are tokenized at a time. */
static void model_outputs_many(void)
{
    const int64_t n = SEN__ENCODE_WINDOW + 70;
    sen_ctx *c = test_ctx(2);
    sen_model *m = tiny_model(c, TINY_MODULES);
    sen_encode_args args = sen_encode_args_default();
    sen_text *texts = (sen_text *)calloc((size_t)n, sizeof *texts);
    float *sentence = (float *)calloc((size_t)n * 5, sizeof *sentence);
    model_outputs o;
    int64_t i;
    memset(&o, 0, sizeof o);
    if (!texts || !sentence) goto done;
    for (i = 0; i < n; i++) texts[i] = tiny_text(i % 3 ? i % 7 ? "word99" : "abc q" : "");
    args.truncate_dim = 5;
    args.normalize_embeddings = true;
    args.batch_size = 64;
    CHECK_OK(c, sen_encode(c, m, texts, n, &args, sentence));
    o.sentence = sentence;
    CHECK_OK(c, sen_encode_outputs(c, m, texts, n, &args, model_output_cut, &o));
done:
    CHECK(o.seen == n);
    free(texts);
    free(sentence);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A length of nothing, of less and of too much are all the number of positions: never more. */
static void model_lengths(void)
{
    static const int asked[] = { 0, -5, 64, 65, 1000000, 10 };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    float out[TINY_TEXTS * 16];
    size_t i;
    for (i = 0; i < SEN__COUNT(asked); i++) {
        sen_model_set_max_seq_length(m, asked[i]);
        CHECK(sen_model_max_seq_length(m) == (asked[i] == 10 ? 10 : 64));
        model_encode(c, m, out);
    }
    sen_model_free(m);
    m = NULL;
    CHECK_OK(c,
             tiny_try(c,
                      "{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
                      "\"hidden_size\": 16, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, "
                      "\"intermediate_size\": 8, \"max_position_embeddings\": 20}, "
                      "\"vocab\": \"vocab.txt\", \"max_seq_length\": 0}, {\"type\": \"Pooling\"}",
                      test_folder(), &m));
    CHECK(m && sen_model_max_seq_length(m) == 20);
    if (m) model_encode(c, m, out);
    sen_model_free(m);
    sen_ctx_free(c);
}

static void model_prompted(sen_ctx *c, const sen_model *m, sen_encode_args *args, const char *same)
{
    const sen_text text = tiny_text("abc"), whole = tiny_text(same);
    float got[16], expect[16];
    sen_encode_args plain = sen_encode_args_default();
    plain.prompt = "";
    CHECK_OK(c, sen_encode(c, m, &text, 1, args, got));
    CHECK_OK(c, sen_encode(c, m, &whole, 1, &plain, expect));
    CHECK(memcmp(got, expect, sizeof got) == 0);
    *args = sen_encode_args_default();
}

/* encode_query and encode_document put the prompt of their name before the text, whichever is the
 * model's default. */
static void model_tasks(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    const sen_text text = tiny_text("abc");
    sen_encode_args args = sen_encode_args_default();
    float expect[16], got[16], plain[16];
    sen_json *prompts = NULL;
    static const char spec[] = "{\"query\": \"word99 \", \"document\": \"word98 \"}";
    CHECK_OK(c, sen_encode(c, m, &text, 1, NULL, plain));
    CHECK_OK(c, sen_encode_query(c, m, &text, 1, NULL, got));
    CHECK(memcmp(got, plain, sizeof got) == 0);         /* no prompt yet */
    CHECK_OK(c, sen__json_parse(c, &c->scratch, "p", spec, strlen(spec), 0, &prompts));
    CHECK_OK(c, sen_model_set_prompts(c, m, prompts, "document"));
    args.prompt = "word99 ";
    CHECK_OK(c, sen_encode(c, m, &text, 1, &args, expect));
    CHECK_OK(c, sen_encode_query(c, m, &text, 1, NULL, got));
    CHECK(memcmp(got, expect, sizeof got) == 0 && memcmp(got, plain, sizeof got) != 0);
    args.prompt = "word98 ";
    CHECK_OK(c, sen_encode(c, m, &text, 1, &args, expect));
    args.prompt = NULL;
    args.task = "document";
    CHECK_OK(c, sen_encode_document(c, m, &text, 1, &args, got));
    CHECK(memcmp(got, expect, sizeof got) == 0);
    CHECK(sen_encode_query(c, m, &text, 1, &args, got) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "sen_encode_query has the task \"query\", and args.task is "
                               "\"document\"; leave it NULL");
    memset(&args, 0, sizeof args);
    CHECK(sen_encode_query(c, m, &text, 1, &args, got) == SEN_ERR_ARGUMENT);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* One prompt more than there may be. */
static void model_many_prompts(sen_ctx *c, sen_model *m)
{
    char *text = (char *)malloc(200000), *p = text;
    sen_json *j = NULL;
    int i;
    for (i = 0; i <= SEN__PROMPTS_MAX; i++)
        p += sprintf(p, "%s\"%d\": \"\"", i ? ", " : "{", i);
    p += sprintf(p, "}");
    CHECK_OK(c, sen_json_parse(c, "p.json", text, (size_t)(p - text), &j));
    CHECK(sen_model_set_prompts(c, m, j, NULL) == SEN_ERR_FORMAT);
    CHECK_TEXT(sen_message(c), "p.json:1:1: 10001 prompts are more than the 10000 that a model can "
                               "have");
    free(text);
}

static void model_prompts(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    sen_encode_args args = sen_encode_args_default();
    const sen_text text = tiny_text("abc");
    static const char prompts[] = "{\"q\": \"word88 \", \"passage\": \"word77 \", \"none\": null}";
    sen_json *j = NULL;
    float out[16];
    CHECK_OK(c, sen__json_parse(c, &c->scratch, "p.json", prompts, sizeof prompts - 1, 0, &j));
    CHECK_OK(c, sen_model_set_prompts(c, m, j, NULL));
    model_prompted(c, m, &args, "abc");
    args.prompt = "word99 ";
    model_prompted(c, m, &args, "word99 abc");
    args.prompt_name = "q";
    model_prompted(c, m, &args, "word88 abc");
    args.prompt = "word99 ";                    /* wins over the name */
    args.prompt_name = "q";
    model_prompted(c, m, &args, "word99 abc");
    args.task = "document";                     /* "document" is there, and empty */
    model_prompted(c, m, &args, "abc");
    args.task = "query";
    model_prompted(c, m, &args, "abc");
    CHECK_OK(c, sen_model_set_prompts(c, m, j, "passage"));
    model_prompted(c, m, &args, "word77 abc");
    args.prompt_name = "none";
    CHECK(sen_encode(c, m, &text, 1, &args, out) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "the model has no prompt called \"none\"; there are: q, passage, "
                               "query, document");
    args = sen_encode_args_default();
    args.task = "clustering";
    CHECK(sen_encode(c, m, &text, 1, &args, out) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "the task is \"query\" or \"document\", not \"clustering\"");
    CHECK(sen_model_set_prompts(c, m, j, "missing") == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "default_prompt_name \"missing\" is not among the model's prompts");
    model_many_prompts(c, m);
    sen_model_free(m);
    sen_ctx_free(c);
}

static void model_similarities(void)
{
    static const float a[4] = { 3, 4, 1, 0 }, b[2] = { 0, 2 };
    static const struct { const char *name; float expect[2]; } row[] = {
        { "cosine", { 0.8f, 0 } }, { "dot", { 8, 0 } },
        { "euclidean", { -3.605551275f, -2.236067977f } }, { "manhattan", { -5, -3 } }
    };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    static const float beside[4] = { 0, 2, 0, 2 };     /* b for each row of a */
    float out[2];
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        CHECK_OK(c, sen_model_set_similarity(c, m, row[i].name));
        CHECK_TEXT(sen_model_similarity(m), row[i].name);
        CHECK_OK(c, sen_similarities(c, m, a, 2, b, 1, 2, out));
        CHECK_NEAR(out, row[i].expect, 2, 1e-5);
        memset(out, 0, sizeof out);
        CHECK_OK(c, sen_similarities_pairwise(c, m, a, beside, 2, 2, out));
        CHECK_NEAR(out, row[i].expect, 2, 1e-5);
        CHECK_OK(c, sen_similarities_pairwise(c, m, a, beside, 0, 2, out));     /* of nothing */
    }
    CHECK(sen_model_set_similarity(c, m, "cos") == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "no similarity function is called \"cos\"; there are: cosine, dot, "
                               "euclidean, manhattan");
    sen_model_free(m);
    sen_ctx_free(c);
}

/* ---- beside Python --------------------------------------------------------------------------- */

/* A float32 .npy file's numbers (free them) and shape. */
static float *model_npy(const char *path, int64_t shape[2])
{
    size_t n = 0, head;
    char *data = test_read(path, &n), *at;
    float *out = NULL;
    shape[0] = shape[1] = 0;
    if (data && n > 12 && memcmp(data, "\x93NUMPY\x01", 7) == 0) {
        head = 10 + (size_t)(unsigned char)data[8] + 256 * (size_t)(unsigned char)data[9];
        at = strstr(data + 10, "'shape': (");
        if (at && strstr(data + 10, "'<f4'")) {
            shape[0] = strtol(at + 10, &at, 10);
            shape[1] = strtol(at + 1, &at, 10);
            out = (float *)malloc(n);
            memcpy(out, data + head, n - head);
            sen__file_order(out, (int64_t)(n - head) / 4, 4);
        }
    }
    free(data);
    return out;
}

/* One row of the index with a context of so many threads; false if that model is not for us yet. */
static int model_oracle_row(sen_ctx *c, const sen_json *row, const sen_text *lines, int64_t n)
{
    const char *root = "oracle/cases", *name = sen__json_text_or(row, "model", "");
    const bool normalize = sen__json_bool_or(row, "normalize", false);
    char path[512];
    int64_t shape[2], i;
    double worst = 0, most = 0;
    sen_encode_args args = sen_encode_args_default();
    sen_model *m = NULL;
    float *expect, *got, *again;
    sen_result r;
    snprintf(path, sizeof path, "%s/%s", root, name);
    r = sen_model_load(c, test_shared_path(path), &m);
    if (r == SEN_ERR_UNSUPPORTED) return 0;
    if (!CHECK_OK(c, r)) return 1;
    snprintf(path, sizeof path, "%s/%s", root, sen__json_text_or(row, "expected", ""));
    expect = model_npy(test_shared_path(path), shape);
    args.prompt = sen__json_text_or(row, "prompt", NULL);
    args.prompt_name = sen__json_text_or(row, "prompt_name", NULL);
    args.task = sen__json_text_or(row, "task", NULL);
    args.truncate_dim = (int)sen__json_int_or(row, "truncate_dim", SEN_NONE);
    args.batch_size = (int)sen__json_int_or(row, "batch_size", 32);
    args.normalize_embeddings = normalize;
    CHECK(expect && shape[0] == n && shape[1] == sen_embedding_dimension(m, args.truncate_dim));
    got = (float *)calloc((size_t)(n * shape[1] + 1), sizeof *got);
    again = (float *)calloc((size_t)(n * shape[1] + 1), sizeof *got);
    CHECK_OK(c, sen_encode(c, m, lines, n, &args, got));
    for (i = 0; expect && i < n * shape[1]; i++) {
        most = fmax(most, fabs((double)expect[i]));
        worst = fmax(worst, fabs((double)expect[i] - (double)got[i]));
    }
    if (!(worst <= 2e-5 * most)) {
        printf("%s: off by %.3g of %.3g\n", sen__json_text_or(row, "expected", ""), worst, most);
        CHECK(worst <= 2e-5 * most);
    }
    for (i = 0; i < n; i++)
        CHECK_OK(c, sen_encode(c, m, lines + i, 1, &args, again + i * shape[1]));
    CHECK(memcmp(got, again, (size_t)(n * shape[1]) * sizeof *got) == 0);
    args.batch_size = 7;
    CHECK_OK(c, sen_encode(c, m, lines, n, &args, again));
    CHECK(memcmp(got, again, (size_t)(n * shape[1]) * sizeof *got) == 0);
    free(expect);
    free(got);
    free(again);
    sen_model_free(m);
    return 1;
}

static void model_oracle(void)
{
    static const int threads[3] = { 1, 2, 7 };
    const char *index_path = test_shared_path("oracle/cases/encode/index.json");
    char *text, *p;
    sen_text lines[200];
    int64_t n = 0;
    int k = 0, done = 0;
    sen_ctx *c;
    sen_json *index = NULL;
    const sen_json *row;
    if (!index_path) return;
    c = test_ctx(1);
    CHECK_OK(c, sen__json_load(c, &c->keep, index_path, 0, &index));
    text = test_read(test_shared_path("oracle/cases/data/lines.txt"), NULL);
    for (p = text; p && *p && n < 200; n++) {
        lines[n].data = p;
        lines[n].length = strcspn(p, "\n");
        p += lines[n].length;
        p += *p == '\n';
    }
    row = index ? sen_json_get(index, "encode") : NULL;
    for (row = row ? row->child : NULL; row; row = row->next) {
        if (sen_json_get(row, "precision")) continue;
        {
            sen_ctx *own = test_ctx(threads[k++ % 3]);
            done += model_oracle_row(own, row, lines, n);
            sen_ctx_free(own);
        }
    }
    CHECK(done >= 15);
    free(text);
    sen_ctx_free(c);
}

/* ---- broken folders -------------------------------------------------------------------------- */

static char model_dir[1024];

/* A good folder in test_path("m"), freshly written. */
static void model_fresh(sen_ctx *c, const sen_model *m)
{
    snprintf(model_dir, sizeof model_dir, "%s", test_path("m"));
    test_remove(model_dir);
    CHECK_OK(c, sen_model_save(c, m, model_dir));
}

/* It must fail with this result and this sentence, in which each @ stands for the folder. */
static void model_fails(sen_ctx *c, sen_result expect, const char *message)
{
    char whole[2048];
    size_t n = 0;
    sen_model *m = (sen_model *)1;
    const sen_result r = sen_model_load(c, model_dir, &m);
    for (; *message && n + sizeof model_dir < sizeof whole; message++) {
        if (*message == '@') n += (size_t)snprintf(whole + n, sizeof whole - n, "%s", model_dir);
        else whole[n++] = *message;
    }
    whole[n] = 0;
    CHECK(r == expect && m == NULL);
    CHECK_TEXT(sen_message(c), whole);
    if (!r) sen_model_free(m);
}

static void model_missing(void)
{
    static const struct { const char *file, *message; } row[] = {
        { "config.json", "cannot open @/config.json: there is no such file or folder" },
        { "model.safetensors", "cannot open @/model.safetensors: there is no such file or folder" },
        { "2_Dense/model.safetensors",
          "cannot open @/2_Dense/model.safetensors: there is no such file or folder" }
    };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *none = NULL;
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        char name[200];
        model_fresh(c, m);
        snprintf(name, sizeof name, "m/%s", row[i].file);
        sen_system_files()->remove(NULL, test_path(name));
        model_fails(c, SEN_ERR_IO, row[i].message);
    }
    model_fresh(c, m);
    sen_system_files()->remove(NULL, test_path("m/tokenizer.json"));
    CHECK(sen_model_load(c, model_dir, &none) == SEN_ERR_IO && strstr(sen_message(c), model_dir));
    model_fresh(c, m);
    sen_system_files()->rename(NULL, test_path("m/model.safetensors"),
                               test_path("m/pytorch_model.bin"));
    model_fails(c, SEN_ERR_UNSUPPORTED,
                "@ holds its weights in pytorch_model.bin, which is a program of Python; save the "
                "model again with safetensors, then it can be read here");
    test_remove(model_dir);
    model_fails(c, SEN_ERR_IO, "cannot open the model folder @: there is no such file or folder");
    sen_model_free(m);
    sen_ctx_free(c);
}

static void model_wrong_json(void)
{
    static const struct {
        const char *file, *old, *now;
        sen_result r;
        const char *message;
    } row[] = {
        { "m/modules.json", "[", "{", SEN_ERR_FORMAT,
          "@/modules.json:2:3: not valid JSON: a key in quotes should stand here" },
        { "m/modules.json", "models.Dense", "models.Dens", SEN_ERR_UNSUPPORTED,
          "@/modules.json:14:3: no module is called \"Dens\" here; did you mean \"Dense\"?; there "
          "are: "
          "Transformer, Pooling, Dense, LayerNorm, Normalize" },
        { "m/modules.json", "sentence_transformers.models.Dense", "my_code.CustomHead",
          SEN_ERR_UNSUPPORTED,
          "@/modules.json:14:3: no module is called \"CustomHead\" here; there "
          "are: Transformer, Pooling, Dense, LayerNorm, Normalize" },
        { "m/config.json", "\"bert\"", "\"bart\"", SEN_ERR_UNSUPPORTED, NULL },
        { "m/config.json", "\"model_type\"", "\"model_typ\"", SEN_ERR_FORMAT,
          "@/config.json:1:1: this config.json has no model_type; is it a transformer's?" },
        { "m/config.json", "\"hidden_size\": 32", "\"hidden_size\": \"32\"", SEN_ERR_ARGUMENT,
          NULL },
        { "m/config.json", "\"vocab_size\": 480", "\"vocab_size\": 300", SEN_ERR_FORMAT,
          "@: the tokenizer knows 480 tokens, but config.json says vocab_size 300; the two are not "
          "of "
          "one model" },
        { "m/config.json", "\"vocab_size\": 480", "\"vocab_size\": 500", SEN_ERR_FORMAT, NULL },
        { "m/config.json", "\"hidden_size\": 32", "\"hidden_size\": 16", SEN_ERR_FORMAT, NULL },
        { "m/config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", SEN_ERR_FORMAT,
          "@/model.safetensors has no weight \"encoder.layer.2.attention.self.query.weight\"; is "
          "the "
          "file that of another model?" },
        { "m/2_Dense/config.json", "16", "8", SEN_ERR_FORMAT, NULL },
        { "m/2_Dense/config.json", "32", "33", SEN_ERR_ARGUMENT,
          "@/2_Dense/config.json:1:1: Dense expects 33 numbers, but the module before it gives "
          "32" },
        { "m/1_Pooling/config.json", "32", "31", SEN_ERR_ARGUMENT,
          "@/1_Pooling/config.json:1:1: Pooling expects vectors of 31 numbers, but the module "
          "before it gives 32" },
        { "m/config_sentence_transformers.json", "\"cosine\"", "\"cosmic\"", SEN_ERR_ARGUMENT,
          NULL },
        { "m/config_sentence_transformers.json", "\"SentenceTransformer\"", "\"CrossEncoder\"",
          SEN_ERR_UNSUPPORTED, NULL },
        { "m/config_sentence_transformers.json", "\"default_prompt_name\": null",
          "\"default_prompt_name\": \"x\"", SEN_ERR_ARGUMENT,
          "default_prompt_name \"x\" is not among the model's prompts" }
    };
    static const char *const files[] = {
        "m/modules.json", "m/config.json", "m/sentence_bert_config.json", "m/1_Pooling/config.json",
        "m/2_Dense/config.json", "m/config_sentence_transformers.json", "m/tokenizer.json"
    };
    static const char *const texts[] = { "", "[]", "[1]", "[[]]", "{", "{}", "null", "7", "\"x\"" };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *none;
    size_t i, k;
    for (i = 0; i < SEN__COUNT(row); i++) {
        model_fresh(c, m);
        model_edit(row[i].file, row[i].old, row[i].now);
        if (row[i].message) {
            model_fails(c, row[i].r, row[i].message);
        } else {
            CHECK(sen_model_load(c, model_dir, &none) == row[i].r && none == NULL);
            CHECK(strstr(sen_message(c), model_dir) != NULL);           /* the file is named */
        }
    }
    for (i = 0; i < SEN__COUNT(files); i++) {   /* any other document: an error, or a whole model */
        for (k = 0; k < SEN__COUNT(texts); k++) {
            sen_result r;
            model_fresh(c, m);
            test_write_text(test_path(files[i]), texts[k]);
            r = sen_model_load(c, model_dir, &none);
            CHECK((r == SEN_OK) == (sen_message(c)[0] == 0) && (r == SEN_OK) == (none != NULL));
            if (none) CHECK_OK(c, sen_model_save(c, none, test_path("other")));
            sen_model_free(none);
        }
    }
    sen_model_free(m);
    sen_ctx_free(c);
}

/* model.safetensors cut at many places, and headers that lie. */
static void model_wrong_weights(void)
{
    static const struct { const char *old, *now; } lie[] = {
        { "\"data_offsets\"", "\"data_offsetz\"" },
        { "[32,32]", "[32,31]" },
        { "[32,32]", "[-1,32]" },
        { "[32,32]", "[9e9,3]" },
        { "\"F32\"", "\"I64\"" },
        { "\"F32\"", "\"XYZ\"" },
        { "embeddings.LayerNorm.bias", "embeddings.LayerNorm.bia_" },
        { "[0,", "[9," }
    };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *none;
    size_t n = 0, cut, i;
    char *data;
    model_fresh(c, m);
    data = test_read(test_path("m/model.safetensors"), &n);
    CHECK(n > 100000);
    for (cut = 0; data && cut < n; cut += cut < 16 ? 1 : cut < 6000 ? 131 : 20011) {
        test_write(test_path("m/model.safetensors"), data, cut);
        CHECK(sen_model_load(c, model_dir, &none) == SEN_ERR_FORMAT && none == NULL);
        CHECK(strstr(sen_message(c), "model.safetensors") != NULL);
    }
    for (i = 0; data && i < 8; i++) {           /* a header of 2^60 bytes and less */
        char *bad = (char *)malloc(n);
        memcpy(bad, data, n);
        bad[i] = 0x10;
        test_write(test_path("m/model.safetensors"), bad, n);
        CHECK(sen_model_load(c, model_dir, &none) == SEN_ERR_FORMAT && none == NULL);
        free(bad);
    }
    for (i = 0; data && i < SEN__COUNT(lie); i++) {
        char *bad = (char *)malloc(n), *at = NULL;
        size_t k, length = strlen(lie[i].old);
        memcpy(bad, data, n);
        for (k = 8; !at && k + length < 8000; k++) {
            if (memcmp(bad + k, lie[i].old, length) == 0) at = bad + k;
        }
        CHECK(at && strlen(lie[i].now) == length);
        if (at) memcpy(at, lie[i].now, length);
        test_write(test_path("m/model.safetensors"), bad, n);
        CHECK(sen_model_load(c, model_dir, &none) == SEN_ERR_FORMAT && none == NULL);
        CHECK(strstr(sen_message(c), "model.safetensors") != NULL);
        free(bad);
    }
    free(data);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* ---- one token of each text ------------------------------------------------------------------ */

/* Whether two models give the same bits. */
static int model_same(sen_ctx *c, const sen_model *a, const sen_model *b)
{
    sen_text text[TINY_TEXTS];
    float x[TINY_TEXTS * 16], y[TINY_TEXTS * 16];
    tiny_texts(text);
    CHECK_OK(c, sen_encode(c, a, text, TINY_TEXTS, NULL, x));
    CHECK_OK(c, sen_encode(c, b, text, TINY_TEXTS, NULL, y));
    return memcmp(x, y, sizeof x) == 0;
}

/* A user's module might read any token: behind it, all are computed. */
static sen_result model_looks_build(sen_ctx *c, sen_arena *arena, sen_module *m, int in_dimension)
{
    (void)c, (void)arena;
    m->dimension = in_dimension;
    return SEN_OK;
}

static void model_looks_forward(sen_module *m, sen_tape *t, sen_features *f)
{
    (void)m, (void)t;
    CHECK(f->reads == SEN_ALL_TOKENS && f->token_embeddings->rows == f->batch->tokens);
}

static const sen_field model_no_fields[] = { SEN_FIELD_END };

static const sen_module_type model_looks = {
    .name        = "Looks",
    .path        = "mine.Looks",
    .older_path  = "mine.Looks",
    .fields      = model_no_fields,
    .config_file = "config.json",
    .build       = model_looks_build,
    .forward     = model_looks_forward
};

/* The last layer of what pools one token is computed for it alone, and not a bit differs. */
static void model_one_token(void)
{
    static const char *const pooling[] = { "cls", "lasttoken", "mean" };
    char modules[2][300];
    size_t n;
    int i;
    for (i = 0; i < 6; i++) {
        sen_ctx *c = test_ctx(1 + i % 2);
        sen_model *m[2];
        CHECK_OK(c, sen_register_module(c, &model_looks));
        snprintf(modules[0], sizeof modules[0], "%%s, {\"type\": \"Pooling\", \"pooling_mode\": "
                 "\"%s\"}, {\"type\": \"Dense\", \"out_features\": 16}", pooling[i / 2]);
        n = strlen(modules[0]);
        memcpy(modules[1], modules[0], n);
        strcpy(modules[1] + n, ", {\"type\": \"Looks\"}");
        m[0] = tiny_model(c, modules[0]);
        m[1] = tiny_model(c, modules[1]);
        CHECK(model_same(c, m[0], m[1]));
        sen_model_free(m[0]);
        sen_model_free(m[1]);
        sen_ctx_free(c);
    }
}

/* What keeps all tokens: several modes, an empty text, a prompt that is left out. */
static void model_all_tokens(void)
{
    int32_t first[3] = { 0, 4, 5 }, empty[3] = { 0, 5, 5 }, skip[2] = { 1, 0 };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, "%s, {\"type\": \"Pooling\", \"pooling_mode\": \"lasttoken\", "
                                 "\"include_prompt\": false}");
    sen_model *two = tiny_model(c, "%s, {\"type\": \"Pooling\", \"pooling_mode\": [\"cls\", "
                                   "\"lasttoken\"]}");
    sen_batch b;
    memset(&b, 0, sizeof b);
    b.rows = 2;
    b.columns = 1;
    b.tokens = 5;
    b.first = first;
    CHECK(sen__model_reads(m, &b) == SEN_LAST_TOKEN && sen__model_reads(two, &b) == SEN_ALL_TOKENS);
    b.skip = skip;
    CHECK(sen__model_reads(m, &b) == SEN_ALL_TOKENS);
    b.skip = NULL;
    b.first = empty;
    CHECK(sen__model_reads(m, &b) == SEN_ALL_TOKENS);
    sen_model_free(m);
    sen_model_free(two);
    sen_ctx_free(c);
}

/* ---- weights that stay in their file --------------------------------------------------------- */

/* The system's table with its mappings counted; refuses says how many of the next fail. */
typedef struct model_maps {
    sen_files files;
    int       made, given, refuses;
} model_maps;

static void *model_map_copy(void *user, const char *path, int64_t *size)
{
    model_maps *k = (model_maps *)user;
    const sen_files *f = sen_system_files();
    void *p = k->refuses > 0 && k->refuses-- ? NULL : f->map_copy(f->user, path, size);
    k->made += p != NULL;
    return p;
}

static void model_unmap(void *user, const void *data, int64_t size)
{
    const sen_files *f = sen_system_files();
    ((model_maps *)user)->given++;
    f->unmap(f->user, data, size);
}

/* map is left out, so all that is given back came from map_copy. */
static bool model_maps_start(model_maps *k, sen_ctx *c)
{
    memset(k, 0, sizeof *k);
    k->files = *sen_system_files();
    if (!k->files.map_copy) return false;
    k->files.user = k;
    k->files.map = NULL;
    k->files.map_copy = model_map_copy;
    k->files.unmap = model_unmap;
    c->files = &k->files;
    return true;
}

/* How many weights lie in a file. */
static int model_mapped_weights(sen_model *m)
{
    int i, n = 0;
    for (i = 0; m && i < sen_model_weights(m); i++) n += sen_model_weight(m, i)->is_mapped;
    return n;
}

/* Mapped and read are the same bits, and so is a model that is saved over its own file and read
 * again; what is written to a weight reaches no file; nothing stays mapped behind a model. */
static void model_maps_weights(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *mapped = NULL, *read = NULL;
    const uint16_t one = 1;
    unsigned char little;                       /* elsewhere the bytes have to be turned: read */
    model_maps k;
    float before;
    int n;
    memcpy(&little, &one, 1);
    if (!model_maps_start(&k, c)) goto done;
    model_fresh(c, m);
    CHECK_OK(c, sen_model_load(c, model_dir, &mapped));
    n = little ? sen_model_weights(m) : 0;
    CHECK(model_mapped_weights(mapped) == n && model_same(c, m, mapped));
    CHECK(k.made - k.given == (little ? 2 : 0));    /* the Transformer's file and the Dense's */
    CHECK_OK(c, sen_model_save(c, mapped, model_dir));
    CHECK(model_same(c, m, mapped));
    before = sen_model_weight(mapped, 7)->data[0];
    sen_model_weight(mapped, 7)->data[0] = 9.0f;
    k.refuses = 100;
    CHECK_OK(c, sen_model_load(c, model_dir, &read));
    CHECK(model_mapped_weights(read) == 0 && model_same(c, m, read));
    CHECK(sen_model_weight(read, 7)->data[0] == before);
    k.refuses = 0;
    CHECK_OK(c, sen__model_load_weights(c, mapped, model_dir));     /* into its place */
    CHECK(model_mapped_weights(mapped) == n && model_same(c, m, mapped));
    sen_model_free(mapped);
    CHECK(k.made > 0 && k.made == k.given);
    n = k.made;
    mapped = NULL;
    test_write_text(test_path("m/2_Dense/model.safetensors"), "short");
    CHECK(sen_model_load(c, model_dir, &mapped) == SEN_ERR_FORMAT && !mapped);
    CHECK(k.made > n && k.made == k.given);     /* also behind a failure */
done:
    sen_model_free(read);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A header of odd length puts every float at an odd address: those are read. */
static void model_maps_odd(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *odd = NULL;
    size_t n = 0, header;
    char *data, *to;
    model_fresh(c, m);
    data = test_read(test_path("m/model.safetensors"), &n);
    to = (char *)malloc(n + 1);
    if (data && to && n > 100000) {
        header = (size_t)(unsigned char)data[0] | (size_t)(unsigned char)data[1] << 8;
        memcpy(to, data, 8 + header);
        to[8 + header] = ' ';
        memcpy(to + 9 + header, data + 8 + header, n - 8 - header);
        to[0] = (char)((header + 1) & 255);
        to[1] = (char)((header + 1) >> 8);
        test_write(test_path("m/model.safetensors"), to, n + 1);
        CHECK_OK(c, sen_model_load(c, model_dir, &odd));
        CHECK(!sen_model_weight(odd, 0)->is_mapped && model_same(c, m, odd));
    }
    free(data);
    free(to);
    sen_model_free(odd);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A trainer's hold: others get SEN_ERR_BUSY, the holder may encode. */
static void model_held(void)
{
    sen_ctx *c = test_ctx(1), *other = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    const sen_text text = tiny_text("abc");
    float out[16];
    CHECK_OK(c, sen__model_hold(c, m));
    CHECK(sen__model_hold(c, m) == SEN_ERR_BUSY);
    sen__forgive(c);
    CHECK_OK(c, sen_encode(c, m, &text, 1, NULL, out));
    CHECK(sen_encode(other, m, &text, 1, NULL, out) == SEN_ERR_BUSY);
    CHECK_TEXT(sen_message(other),
               "a trainer on another context holds this model; encode with a copy of it");
    sen__model_release(m);
    CHECK_OK(other, sen_encode(other, m, &text, 1, NULL, out));
    sen_model_free(m);
    sen_ctx_free(other);
    sen_ctx_free(c);
}

/* ---- one buffer, copies, many contexts ------------------------------------------------------- */

/* To one buffer and back, on a context without any files, from an odd address; two saves are the
 * same bytes; the buffer may go before the model. */
static void model_memory(void)
{
    sen_ctx *c = test_ctx(1);
    const sen_files *own = c->files;
    sen_model *m = tiny_model(c, TINY_MODULES), *back = NULL;
    void *data, *again;
    char *odd;
    size_t size, size_again;
    c->files = NULL;                            /* none is needed */
    CHECK_OK(c, sen_model_save_memory(c, m, &data, &size));
    odd = (char *)malloc(size + 1);
    memcpy(odd + 1, data, size);
    CHECK_OK(c, sen_model_load_memory(c, odd + 1, size, &back));
    free(odd);
    CHECK(model_same(c, m, back));
    CHECK_OK(c, sen_model_save_memory(c, back, &again, &size_again));
    CHECK(size == size_again && memcmp(data, again, size) == 0);
    CHECK(c->files == NULL);
    c->files = own;
    sen_memory_free(c, data);
    sen_memory_free(c, again);
    sen_memory_free(c, NULL);
    sen_model_free(back);
    sen_model_free(m);
    sen_ctx_free(c);
}

static void model_memory_refused(void)
{
    static const char empty[24] = { 'S', 'E', 'N', 'F', 'I', 'L', 'E', 'S', 1 };
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *none = NULL;
    void *data;
    size_t size, cut;
    CHECK(sen_model_load_memory(c, NULL, 0, &none) == SEN_ERR_FORMAT && !none);
    CHECK_TEXT(sen_message(c), "this block of 0 bytes is no image of files: it is empty");
    CHECK(sen_model_load_memory(c, "not an image", 12, &none) == SEN_ERR_FORMAT && !none);
    CHECK_TEXT(sen_message(c),
               "this block of 12 bytes is no image of files: it does not begin as one");
    CHECK(sen_model_load_memory(c, empty, sizeof empty, &none) == SEN_ERR_IO && !none);
    CHECK_TEXT(sen_message(c), "cannot open the model folder model: there is no such file or "
                               "folder");
    CHECK_OK(c, sen_model_save_memory(c, m, &data, &size));
    for (cut = 0; cut < size; cut += size / 50 + 1)
        CHECK(sen_model_load_memory(c, data, cut, &none) == SEN_ERR_FORMAT && !none);
    sen_memory_free(c, data);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A sample of all requests for memory fails, in saving, loading and copying. */
static void model_memory_no_memory(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *made;
    void *data, *none;
    size_t size, no_size;
    int64_t step, n;
    CHECK_OK(c, sen_model_save_memory(c, m, &data, &size));
    for (step = 0; step < 3; step++)
        for (n = 1;; n += 1 + n / 8) {
            sen_result r;
            test_blocks.fail_at = test_blocks.calls + n;
            made = NULL;
            none = NULL;
            r = step == 0   ? sen_model_save_memory(c, m, &none, &no_size)
                : step == 1 ? sen_model_load_memory(c, data, size, &made)
                            : sen_model_copy(c, m, &made);
            test_blocks.fail_at = 0;
            sen_memory_free(c, none);
            sen_model_free(made);
            if (!r) break;                      /* it needed fewer */
            CHECK(!made && !none && sen_message(c)[0]);
            CHECK(r == SEN_ERR_MEMORY || r == SEN_ERR_IO);
        }
    CHECK_OK(c, sen_model_copy(c, m, &made));   /* nothing is spoilt */
    CHECK(model_same(c, m, made));
    sen_model_free(made);
    sen_memory_free(c, data);
    sen_model_free(m);
    sen_ctx_free(c);
}

/* A copy stands alone: its own weights, settings that no file has, and no trainer on it. */
static void model_copies(void)
{
    sen_ctx *c = test_ctx(1), *other = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES), *copy = NULL, *none = NULL;
    void *data;
    size_t size;
    sen_model_set_max_seq_length(m, 17);
    sen_model_set_truncate_dim(m, 16);
    sen_model_weight(m, 3)->requires_grad = false;
    CHECK_OK(c, sen__model_hold(c, m));
    CHECK(sen_model_copy(other, m, &none) == SEN_ERR_BUSY && !none);
    CHECK(strstr(sen_message(other), "copy it from that context") != NULL);
    CHECK(sen_model_save_memory(other, m, &data, &size) == SEN_ERR_BUSY && !data);
    CHECK(sen_model_save(other, m, test_path("m")) == SEN_ERR_BUSY);
    CHECK_OK(c, sen_model_copy(c, m, &copy));   /* the holder may */
    sen__model_release(m);
    CHECK(sen_model_max_seq_length(copy) == 17 && model_same(other, m, copy));
    CHECK(!sen_model_weight(copy, 3)->requires_grad && sen_model_weight(copy, 4)->requires_grad);
    sen_model_weight(m, 0)->data[2 * 32] += 1.0f;   /* the row of [CLS] */
    CHECK(!model_same(c, m, copy));
    sen_model_free(m);
    m = NULL;
    CHECK_OK(other, sen_model_copy(other, copy, &m));   /* the first one is not needed */
    CHECK(model_same(other, m, copy));
    sen_model_free(copy);
    sen_model_free(m);
    sen_ctx_free(other);
    sen_ctx_free(c);
}

#if defined(SEN__THREADS)
typedef struct model_client {
    const sen_model *m;
    const sen_text  *text;                      /* [TINY_TEXTS] */
    const float     *expect;                    /* (TINY_TEXTS,16) */
    const char      *wrong;                     /* what went wrong; NULL: nothing */
    int              number, ok, failed;
    test_heap        heap;
} model_client;

/* Forty calls, every other one of which must fail: no memory at some request, a wrong argument, no
 * such prompt, stopped by its own progress. Errors of one context are no other's. */
static int model_client_stop(void *user, int64_t done, int64_t total)
{
    (void)user;
    return done < total;
}

static void model_client_call(model_client *k, sen_ctx *c, int turn)
{
    sen_encode_args a = sen_encode_args_default();
    float out[TINY_TEXTS * 16];
    const int kind = turn % 2 ? turn / 2 % 4 : 4;
    sen_result r;
    a.batch_size = kind == 1 ? 0 : 2;
    if (kind == 0) k->heap.fail_at = k->heap.calls + 1 + turn / 8;
    if (kind == 2) a.prompt_name = "no such prompt";
    if (kind == 3) a.progress = model_client_stop;
    r = sen_encode(c, k->m, k->text, TINY_TEXTS, &a, out);
    k->heap.fail_at = 0;
    if (r ? !sen_message(c)[0] : sen_message(c)[0]) k->wrong = "the message does not fit";
    if (!r && memcmp(out, k->expect, sizeof out) != 0) k->wrong = "other bits";
    if (kind == 4 && r) k->wrong = "a good call failed";
    if (kind >= 1 && kind <= 3 && !r) k->wrong = "a bad call passed";
    if (r) k->failed++;
    else k->ok++;
}

SEN__THREAD_FN model_client_main(void *arg)
{
    model_client *k = (model_client *)arg;
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    int turn;
    d.allocator = test_allocator(&k->heap);
    d.threads = 1 + k->number % 2;
    if (sen_ctx_new(&d, &c)) k->wrong = "no context";
    for (turn = 0; c && turn < 40; turn++) model_client_call(k, c, turn);
    sen_ctx_free(c);
    if (k->heap.open) k->wrong = "memory is left";
    SEN__THREAD_END;
}

/* Eight contexts in eight threads encode with one model, half of their calls failing. */
static void model_shared(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, TINY_MODULES);
    sen_text text[TINY_TEXTS];
    float expect[TINY_TEXTS * 16];
    model_client client[8];
    sen__thread t[8];
    int i;
    tiny_texts(text);
    CHECK_OK(c, sen_encode(c, m, text, TINY_TEXTS, NULL, expect));
    memset(client, 0, sizeof client);
    for (i = 0; i < 8; i++) {
        client[i].m = m;
        client[i].text = text;
        client[i].expect = expect;
        client[i].number = i;
        CHECK(sen__thread_start(&t[i], model_client_main, &client[i]));
    }
    for (i = 0; i < 8; i++) {
        sen__thread_join(t[i]);
        CHECK_TEXT(client[i].wrong, NULL);
        CHECK(client[i].ok + client[i].failed == 40 && client[i].failed >= 15);
    }
    sen_model_free(m);
    sen_ctx_free(c);
}
#endif

/* Of a model that is changed back and forth: equal prints mean equal embeddings. */
static void model_print(sen_ctx *c, const sen_model *m, char *out)
{
    memset(out, 0, SEN_FINGERPRINT);
    CHECK_OK(c, sen_model_fingerprint(c, m, out));
    CHECK(strlen(out) == 32 && strspn(out, "0123456789abcdef") == 32);
}

static void model_fingerprint(void)
{
    sen_ctx *c = test_ctx(1), *other = test_ctx(3);
    sen_model *m = tiny_model(c, TINY_MODULES), *again = NULL, *copy = NULL;
    char print[SEN_FINGERPRINT], now[SEN_FINGERPRINT];
    float *w;
    if (!m) return;
    w = &m->weight[3]->data[1];
    for (int i = 0; i < m->n_weights; i++)      /* numbers that no machine's library rounds */
        for (int64_t k = 0; k < m->weight[i]->count; k++)
            m->weight[i]->data[k] = (float)((k * 37 + i) % 101 - 50) / 128.0f;
    model_print(c, m, print);
    CHECK_TEXT(print, "35fe52a485789128e988d1626acaf3ca");   /* everywhere */
    CHECK_OK(c, sen_model_save(c, m, test_path("print")));
    CHECK(sen_folder_fingerprint(c, test_path("print"), now));
    CHECK_TEXT(now, print);
    CHECK_OK(other, sen_model_load(other, test_path("print"), &again));
    CHECK_OK(c, sen_model_copy(c, m, &copy));
    if (again && copy) {
        model_print(other, again, now);
        CHECK_TEXT(now, print);
        model_print(c, copy, now);
        CHECK_TEXT(now, print);
        ((sen__bert *)copy->transformer->config)->hidden_dropout_prob = 0.5;    /* training's */
        model_print(c, copy, now);
        CHECK_TEXT(now, print);
    }
    *w = nextafterf(*w, 2.0f);
    model_print(c, m, now);
    CHECK(strcmp(now, print) != 0 && strncmp(now, print, 16) != 0 &&
          strcmp(now + 16, print + 16) != 0);
    *w = nextafterf(*w, -2.0f);
    m->transformer->max_seq_length--;
    model_print(c, m, now);
    CHECK(strcmp(now, print) != 0);
    m->transformer->max_seq_length++;
    m->default_prompt_name = "x";
    model_print(c, m, now);
    CHECK(strcmp(now, print) != 0);
    m->default_prompt_name = NULL;
    model_print(c, m, now);
    CHECK_TEXT(now, print);
    sen_model_free(again);
    again = NULL;
    model_edit("print/1_Pooling/config.json", "\"pooling_mode_mean_tokens\": true",
               "\"pooling_mode_mean_tokens\": false");
    model_edit("print/1_Pooling/config.json", "\"pooling_mode_cls_token\": false",
               "\"pooling_mode_cls_token\": true");
    if (CHECK_OK(c, sen_model_load(c, test_path("print"), &again))) {
        model_print(c, again, now);
        CHECK(strcmp(now, print) != 0);
    }
    sen_model_free(again);
    again = NULL;
    model_edit("print/tokenizer.json", "\"word70\"", "\"wodr70\"");
    model_edit("print/1_Pooling/config.json", "\"pooling_mode_mean_tokens\": false",
               "\"pooling_mode_mean_tokens\": true");
    model_edit("print/1_Pooling/config.json", "\"pooling_mode_cls_token\": true",
               "\"pooling_mode_cls_token\": false");
    if (CHECK_OK(c, sen_model_load(c, test_path("print"), &again))) {
        model_print(c, again, now);
        CHECK(strcmp(now, print) != 0);
    }
    test_write_text(test_path("print/sentrain_fingerprint.json"), "{\"fingerprint\": 3");
    CHECK(!sen_folder_fingerprint(c, test_path("print"), now) && now[0] == 0);
    CHECK(!sen_folder_fingerprint(c, test_path("nowhere"), now));
    CHECK_OK(c, sen_model_fingerprint(c, m, now));      /* nothing is left of that */
    sen_model_free(again);
    sen_model_free(copy);
    sen_model_free(m);
    sen_ctx_free(c);
    sen_ctx_free(other);
}

static void test_model(void)
{
    TEST(model_fingerprint);
    TEST(model_new);
    TEST(model_spec_refused);
    TEST(model_no_sentence);
    TEST(model_save_load);
    TEST(model_dialects);
    TEST(model_bare);
    TEST(model_override);
    TEST(model_batches);
    TEST(model_threads);
    TEST(model_args);
    TEST(model_lengths);
    TEST(model_prompts);
    TEST(model_tasks);
    TEST(model_outputs_all);
    TEST(model_outputs_many);
    TEST(model_similarities);
    TEST(model_oracle);
    TEST(model_missing);
    TEST(model_wrong_json);
    TEST(model_wrong_weights);
    TEST(model_one_token);
    TEST(model_all_tokens);
    TEST(model_maps_weights);
    TEST(model_maps_odd);
    TEST(model_held);
    TEST(model_memory);
    TEST(model_memory_refused);
    TEST(model_memory_no_memory);
    TEST(model_copies);
#if defined(SEN__THREADS)
    TEST(model_shared);
#endif
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("model", test_model);
}
#endif
