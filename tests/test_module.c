/* The module chapter: arguments of both dialects, what is refused and in which words, shapes and
 * results of each module alone. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

typedef struct module_test {
    sen_ctx   *c;
    sen_arena  arena;
    sen_module m;
} module_test;

static void module_start(module_test *t)
{
    memset(t, 0, sizeof *t);
    t->c = test_ctx(1);
    sen__arena_init(&t->arena, &t->c->allocator, 4096);
}

static void module_drop(module_test *t)
{
    int i;
    for (i = 0; i < t->m.n_weights; i++) sen__tensor_free(&t->c->allocator, &t->m.weight[i]);
    memset(&t->m, 0, sizeof t->m);
}

static void module_end(module_test *t)
{
    module_drop(t);
    sen__arena_free(&t->arena);
    sen_ctx_free(t->c);
}

/* A module of a kind from its keys, behind one of `in` numbers. */
static sen_result module_make(module_test *t, const sen_module_type *type, const char *text, int in)
{
    sen_json *j = NULL;
    sen_result r;
    module_drop(t);
    t->m.type = type;
    t->m.args = sen__arena_zero(&t->arena, type->args_size + 1);
    sen__begin(t->c);
    sen_fields_default(type->fields, t->m.args);
    r = sen__json_parse(t->c, &t->arena, "m.json", text, strlen(text), 0, &j);
    if (!r) r = sen_fields_read(t->c, j, type->fields, t->m.args);
    if (!r) r = type->build(t->c, &t->arena, &t->m, in);
    if (!r) r = sen__module_room(t->c, &t->m);
    return sen__end(t->c, r);
}

static void module_refused(module_test *t, const sen_module_type *type, const char *text, int in,
                           sen_result result, const char *message)
{
    CHECK(module_make(t, type, text, in) == result);
    CHECK_TEXT(sen_message(t->c), message);
}

/* ---- Pooling --------------------------------------------------------------------------------- */

static void module_pools(module_test *t, const char *text, const char *modes)
{
    char got[200] = "";
    const sen__pooling_args *a;
    int i;
    CHECK_OK(t->c, module_make(t, &sen__pooling_module, text, 6));
    a = (const sen__pooling_args *)t->m.args;
    for (i = 0; i < a->n_modes; i++) {
        strcat(got, i ? " " : "");
        strcat(got, sen__pooling_modes[a->mode[i]].name);
    }
    CHECK_TEXT(got, modes);
    CHECK(t->m.dimension == 6 * a->n_modes && a->embedding_dimension == 6);
}

static void module_pooling_args(void)
{
    module_test t;
    module_start(&t);
    module_pools(&t, "{}", "mean");
    module_pools(&t, "{\"pooling_mode\": \"cls\"}", "cls");
    module_pools(&t, "{\"embedding_dimension\": 6, \"pooling_mode\": [\"max\", \"cls\"]}",
                 "max cls");
    module_pools(&t,
                 "{\"pooling_mode\": [\"lasttoken\", \"weightedmean\", \"mean_sqrt_len_tokens\", "
                 "\"mean\", \"max\", \"cls\"]}",
                 "lasttoken weightedmean mean_sqrt_len_tokens mean max cls");
    module_pools(&t, "{\"word_embedding_dimension\": 6, \"pooling_mode_cls_token\": true}", "cls");
    module_pools(&t, "{\"word_embedding_dimension\": 6, \"pooling_mode_lasttoken\": true, "
                     "\"pooling_mode_mean_tokens\": true, \"pooling_mode_cls_token\": true, "
                     "\"pooling_mode_max_tokens\": false}", "cls mean lasttoken");
    module_pools(&t, "{\"pooling_mode_weightedmean_tokens\": true, "
                     "\"pooling_mode_mean_sqrt_len_tokens\": true}",
                 "mean_sqrt_len_tokens weightedmean");
    module_refused(&t, &sen__pooling_module, "{\"pooling_mode\": \"avg\"}", 6, SEN_ERR_ARGUMENT,
                   "Pooling: no pooling_mode is called \"avg\"; there are: cls, max, mean, "
                   "mean_sqrt_len_tokens, weightedmean, lasttoken");
    module_refused(&t, &sen__pooling_module,
                   "{\"pooling_mode\": [\"cls\", \"cls\", \"cls\", \"cls\", "
                   "\"cls\", \"cls\", \"cls\"]}",
                   6, SEN_ERR_ARGUMENT, "Pooling: more than 6 modes");
    module_refused(&t, &sen__pooling_module, "{\"embedding_dimension\": 7}", 6, SEN_ERR_ARGUMENT,
                   "Pooling expects vectors of 7 numbers, but the module before it gives 6");
    module_refused(&t, &sen__pooling_module, "{}", 0, SEN_ERR_ARGUMENT,
                   "Pooling needs a module before it that makes token vectors");
    module_refused(&t, &sen__pooling_module, "{\"poling_mode\": \"cls\"}", 6, SEN_ERR_ARGUMENT,
                   "m.json:1:2: unknown key \"poling_mode\"; did you mean \"pooling_mode\"?");
    module_end(&t);
}

/* Two sequences of 3 and 2 tokens, of two numbers each; the prompt of the first is one token. */
static void module_pooling_forward(void)
{
    static const float x[10] = { 1, -1, 3, 5, 2, 2, 10, 0, 20, 4 };
    static const float mean[4] = { 2, 2, 15, 2 }, skipped[4] = { 2.5f, 3.5f, 15, 2 };
    static const float both[8] = { 1, -1, 3, 5, 10, 0, 20, 4 };         /* cls, max */
    int32_t first[3] = { 0, 3, 5 }, skip[2] = { 1, 0 };
    module_test t;
    sen_batch b;
    sen_features f = { 0 };
    sen_tape *tape = NULL;
    module_start(&t);
    memset(&b, 0, sizeof b);
    b.rows = 2;
    b.columns = 1;
    b.tokens = 5;
    b.first = first;
    b.skip = skip;
    CHECK_OK(t.c, sen_tape_new(t.c, false, &tape));
    f.batch = &b;
    f.token_embeddings = sen_tape_constant(tape, x, 5, 2);
    CHECK_OK(t.c, module_make(&t, &sen__pooling_module, "{}", 2));
    t.m.type->forward(&t.m, tape, &f);
    CHECK_NEAR(f.sentence_embedding->x, mean, 4, 1e-6);
    CHECK_OK(t.c, module_make(&t, &sen__pooling_module, "{\"include_prompt\": false}", 2));
    t.m.type->forward(&t.m, tape, &f);
    CHECK_NEAR(f.sentence_embedding->x, skipped, 4, 1e-6);
    CHECK_OK(t.c,
             module_make(&t, &sen__pooling_module, "{\"pooling_mode\": [\"cls\", \"max\"]}", 2));
    t.m.type->forward(&t.m, tape, &f);
    CHECK(f.sentence_embedding->rows == 2 && f.sentence_embedding->cols == 4);
    CHECK_NEAR(f.sentence_embedding->x, both, 8, 1e-6);
    CHECK(sen_tape_result(tape) == SEN_OK);
    sen_tape_free(tape);
    module_end(&t);
}

/* ---- Dense ----------------------------------------------------------------------------------- */

static void module_dense_acts(module_test *t, const char *spelling, const char *name)
{
    char text[300];
    snprintf(text, sizeof text, "{\"out_features\": 3, \"activation_function\": %s}", spelling);
    CHECK_OK(t->c, module_make(t, &sen__dense_module, text, 4));
    CHECK_TEXT(((const sen__dense_args *)t->m.args)->act->name, name);
}

static void module_dense_args(void)
{
    module_test t;
    const sen_tensor *w;
    module_start(&t);
    CHECK_OK(t.c,
             module_make(&t, &sen__dense_module, "{\"in_features\": 4, \"out_features\": 3}", 4));
    w = t.m.weight;
    CHECK(t.m.n_weights == 2 && t.m.dimension == 3);
    CHECK_TEXT(w[0].name, "linear.weight");
    CHECK(w[0].ndim == 2 && w[0].shape[0] == 3 && w[0].shape[1] == 4);
    CHECK_TEXT(w[1].name, "linear.bias");
    CHECK(w[1].ndim == 1 && w[1].shape[0] == 3);
    CHECK_OK(t.c, module_make(&t, &sen__dense_module, "{\"out_features\": 3, \"bias\": false}", 4));
    CHECK(t.m.n_weights == 1);
    CHECK_OK(t.c, module_make(&t, &sen__dense_module,
                              "{\"out_features\": 3, \"use_residual\": true}", 4));
    CHECK(t.m.n_weights == 3);
    CHECK_TEXT(t.m.weight[2].name, "residual.weight");
    CHECK_OK(t.c, module_make(&t, &sen__dense_module,
                              "{\"out_features\": 4, \"use_residual\": true}", 4));
    CHECK(t.m.n_weights == 2);                  /* the same width: x itself is added */
    module_dense_acts(&t, "null", "Tanh");
    module_dense_acts(&t, "\"torch.nn.modules.activation.Tanh\"", "Tanh");
    module_dense_acts(&t, "\"torch.nn.modules.linear.Identity\"", "Identity");
    module_dense_acts(&t, "\"torch.nn.GELU\"", "GELU");
    module_dense_acts(&t, "\"ReLU\"", "ReLU");
    module_dense_acts(&t, "{\"type\": \"torch.nn.modules.activation.SiLU\"}", "SiLU");
    module_dense_acts(&t, "\"gelu\"", "GELU");  /* a class is what a saved folder must name */
    module_dense_acts(&t, "\"swish\"", "SiLU");
    module_dense_acts(&t, "\"linear\"", "Identity");
    CHECK_TEXT(test_log_text, "");
    module_dense_acts(&t, "\"my.own.Class\"", "Tanh");
    CHECK_TEXT(test_log_text,
               "Dense: the activation my.own.Class is not torch's; Tanh is taken\n");
    module_refused(&t, &sen__dense_module, "{\"out_features\": 3, \"activation_function\": "
                   "\"torch.nn.modules.activation.LeakyReLU\"}", 4, SEN_ERR_UNSUPPORTED,
                   "m.json:1:21: Dense: the activation torch.nn.modules.activation.LeakyReLU "
                   "is not done here; there are: Identity, Tanh, Sigmoid, ReLU, GELU, SiLU");
    module_end(&t);
}

static void module_dense_refused(void)
{
    module_test t;
    module_start(&t);
    module_refused(&t, &sen__dense_module, "{}", 4, SEN_ERR_ARGUMENT,
                   "Dense: in_features and out_features must be positive numbers");
    module_refused(&t, &sen__dense_module, "{\"out_features\": -3}", 4, SEN_ERR_ARGUMENT,
                   "Dense: in_features and out_features must be positive numbers");
    module_refused(&t, &sen__dense_module, "{\"out_features\": 3}", 0, SEN_ERR_ARGUMENT,
                   "Dense: in_features and out_features must be positive numbers");
    module_refused(&t, &sen__dense_module, "{\"in_features\": 5, \"out_features\": 3}", 4,
                   SEN_ERR_ARGUMENT, "Dense expects 5 numbers, but the module before it gives 4");
    module_refused(&t, &sen__dense_module,
                   "{\"out_features\": 3, \"module_input_name\": \"token_embeddings\"}", 4,
                   SEN_ERR_UNSUPPORTED,
                   "Dense: only sentence_embedding can be read and written here so far");
    module_refused(&t, &sen__dense_module, "{\"out_features\": \"3\"}", 4, SEN_ERR_ARGUMENT,
                   "m.json:1:2: \"out_features\" takes a whole number, not a text");
    module_end(&t);
}

/* y = tanh(W x + b), with and without what came in, against plain loops. */
static void module_dense_forward(void)
{
    static const char *const text[3] = {
        "{\"out_features\": 3}", "{\"out_features\": 4, \"use_residual\": true}",
        "{\"out_features\": 3, \"use_residual\": true, \"bias\": false}"
    };
    float x[8];
    double expect[8];
    module_test t;
    int k, i, o, j;
    module_start(&t);
    fill_random(x, 8, 1);
    for (k = 0; k < 3; k++) {
        sen_tape *tape = NULL;
        sen_features f = { 0 };
        sen_rng rng;
        const sen_tensor *w;
        memset(&f, 0, sizeof f);
        CHECK_OK(t.c, module_make(&t, &sen__dense_module, text[k], 4));
        sen_rng_seed(&rng, 3);
        t.m.type->init(&t.m, &rng);
        w = t.m.weight;
        for (i = 0; i < 2; i++) {
            for (o = 0; o < t.m.dimension; o++) {
                double s = k < 2 ? (double)w[1].data[o] : 0.0, r = 0.0;
                for (j = 0; j < 4; j++) s += (double)w[0].data[o * 4 + j] * (double)x[i * 4 + j];
                if (k == 1) r = (double)x[i * 4 + o];
                for (j = 0; k == 2 && j < 4; j++)
                    r += (double)w[1].data[o * 4 + j] * (double)x[i * 4 + j];
                expect[i * t.m.dimension + o] = tanh(s) + r;
            }
        }
        CHECK_OK(t.c, sen_tape_new(t.c, false, &tape));
        f.sentence_embedding = sen_tape_constant(tape, x, 2, 4);
        t.m.type->forward(&t.m, tape, &f);
        CHECK(sen_tape_result(tape) == SEN_OK && f.sentence_embedding->cols == t.m.dimension);
        CHECK_NEAR(f.sentence_embedding->x, expect, 2 * t.m.dimension, 1e-6);
        sen_tape_free(tape);
    }
    module_end(&t);
}

/* ---- LayerNorm ------------------------------------------------------------------------------- */

/* (1,3): mean 2, variance 2/3 over 3; the eps of 1e-5 makes a row of one value zeros. */
static void module_layer_norm(void)
{
    static const float x[6] = { 1, 2, 3, 7, 7, 7 };
    static const float expect[6] = { -2.44947137f + 1, 0, 3 * 1.22473569f - 1, 1, 0, -1 };
    module_test t;
    sen_tape *tape = NULL;
    sen_features f;
    sen_rng rng;
    module_start(&t);
    CHECK_OK(t.c, module_make(&t, &sen__layer_norm_module, "{}", 3));
    CHECK(t.m.dimension == 3 && t.m.n_weights == 2);
    CHECK_TEXT(t.m.weight[0].name, "norm.weight");
    CHECK_TEXT(t.m.weight[1].name, "norm.bias");
    sen_rng_seed(&rng, 1);
    t.m.type->init(&t.m, &rng);
    for (int i = 0; i < 3; i++) {
        CHECK(t.m.weight[0].data[i] == 1.0f && t.m.weight[1].data[i] == 0.0f);
        t.m.weight[0].data[i] = i == 0 ? 2.0f : (float)(i + 1);
        t.m.weight[1].data[i] = 1.0f - (float)i;
    }
    CHECK_OK(t.c, sen_tape_new(t.c, false, &tape));
    memset(&f, 0, sizeof f);
    f.sentence_embedding = sen_tape_constant(tape, x, 2, 3);
    t.m.type->forward(&t.m, tape, &f);
    CHECK_NEAR(f.sentence_embedding->x, expect, 6, 1e-6);
    sen_tape_free(tape);
    module_refused(&t, &sen__layer_norm_module, "{\"dimension\": 4}", 3, SEN_ERR_ARGUMENT,
                   "LayerNorm expects 4 numbers, but the module before it gives 3");
    module_end(&t);
}

/* ---- Normalize ------------------------------------------------------------------------------- */

static void module_normalize(void)
{
    static const float x[4] = { 3, 4, 0, 0 }, expect[4] = { 0.6f, 0.8f, 0, 0 };
    module_test t;
    sen_tape *tape = NULL;
    sen_features f = { 0 };
    module_start(&t);
    CHECK_OK(t.c, module_make(&t, &sen__normalize_module, "{}", 2));
    CHECK(t.m.dimension == 2);
    CHECK_OK(t.c, sen_tape_new(t.c, false, &tape));
    memset(&f, 0, sizeof f);
    f.sentence_embedding = sen_tape_constant(tape, x, 2, 2);
    t.m.type->forward(&t.m, tape, &f);
    CHECK_NEAR(f.sentence_embedding->x, expect, 4, 1e-6);
    sen_tape_free(tape);
    module_refused(&t, &sen__normalize_module, "{\"module_input_name\": \"token_embeddings\"}", 2,
                   SEN_ERR_UNSUPPORTED,
                   "Normalize: only sentence_embedding can be read and written here so far");
    module_end(&t);
}

/* ---- BERT ------------------------------------------------------------------------------------ */

static sen_result module_bert(module_test *t, const char *text)
{
    sen__transformer *tr = (sen__transformer *)sen__arena_zero(&t->arena, sizeof *tr);
    sen_json *j = NULL;
    sen_result r;
    module_drop(t);
    t->m.type = &sen__transformer_module;
    t->m.extra = tr;
    tr->family = &sen__bert_family;
    tr->config = sen__arena_zero(&t->arena, sizeof(sen__bert));
    tr->has_pooler = true;
    sen__begin(t->c);
    sen_fields_default(sen__bert_fields, tr->config);
    r = sen__json_parse(t->c, &t->arena, "config.json", text, strlen(text), 0, &j);
    if (!r) r = sen__fields_read_known(t->c, j, sen__bert_fields, tr->config);
    if (!r) r = sen__bert_check(t->c, j, tr);
    if (!r) r = sen__transformer_build(t->c, &t->arena, &t->m, 0);
    return sen__end(t->c, r);
}

static const char module_small[] = "{\"vocab_size\": 11, \"hidden_size\": 6, "
                                   "\"num_hidden_layers\": 2, \"num_attention_heads\": 2, "
                                   "\"intermediate_size\": 8, \"max_position_embeddings\": 9%s}";

static void module_bert_weights(void)
{
    char text[400];
    module_test t;
    module_start(&t);
    snprintf(text, sizeof text, module_small, "");
    CHECK_OK(t.c, module_bert(&t, text));
    CHECK(t.m.n_weights == 5 + 2 * 16 + 2 && t.m.dimension == 6);
    CHECK_TEXT(t.m.weight[0].name, "embeddings.word_embeddings.weight");
    CHECK(t.m.weight[0].shape[0] == 11 && t.m.weight[0].padding_row == 0);
    CHECK(t.m.weight[1].padding_row == -1);
    CHECK_TEXT(t.m.weight[5 + 16 + SEN__BERT_I_W].name,
               "encoder.layer.1.intermediate.dense.weight");
    CHECK(t.m.weight[5 + SEN__BERT_I_W].shape[0] == 8 &&
          t.m.weight[5 + SEN__BERT_I_W].shape[1] == 6);
    CHECK(t.m.weight[5 + SEN__BERT_D_W].shape[0] == 6 &&
          t.m.weight[5 + SEN__BERT_D_W].shape[1] == 8);
    CHECK(t.m.weight[5 + SEN__BERT_I_B].ndim == 1 && t.m.weight[5 + SEN__BERT_I_B].shape[0] == 8);
    CHECK(t.m.weight[5 + SEN__BERT_ON_W].ndim == 1 && t.m.weight[5 + SEN__BERT_ON_W].shape[0] == 6);
    CHECK_TEXT(t.m.weight[37].name, "pooler.dense.weight");
    module_end(&t);
}

static void module_bert_refused(void)
{
    static const struct { const char *more; sen_result r; const char *message;
    } row[] = {
        { ", \"num_attention_heads\": 4", SEN_ERR_FORMAT,
          "config.json:1:20: hidden_size 6 cannot be split over 4 heads; is this config.json "
          "whole?" },
        { ", \"vocab_size\": 0", SEN_ERR_FORMAT,
          "config.json:1:2: vocab_size cannot be 0; is this config.json whole?" },
        { ", \"intermediate_size\": 99999999", SEN_ERR_FORMAT,
          "config.json:1:88: intermediate_size cannot be 99999999; is this config.json whole?" },
        { ", \"hidden_act\": \"quick\"", SEN_ERR_UNSUPPORTED,
          "config.json:1:142: the activation \"quick\" is not known here" },
        { ", \"hidden_act\": null", SEN_ERR_UNSUPPORTED,
          "config.json:1:142: the activation \"null\" is not known here" },
        { ", \"position_embedding_type\": \"relative_key\"", SEN_ERR_UNSUPPORTED,
          "config.json:1:142: position embeddings of the kind \"relative_key\" are not done here, "
          "only absolute ones" },
        { ", \"hidden_dropout_prob\": 1.0", SEN_ERR_ARGUMENT,
          "config.json:1:142: dropout must lie in 0 <= p < 1" },
        { ", \"hidden_dropout_prob\": NaN", SEN_ERR_ARGUMENT,
          "config.json:1:142: dropout must lie in 0 <= p < 1" },
        { ", \"attention_probs_dropout_prob\": -0.1", SEN_ERR_ARGUMENT,
          "config.json:1:142: dropout must lie in 0 <= p < 1" },
        { ", \"layer_norm_eps\": null", SEN_ERR_FORMAT,
          "config.json:1:142: layer_norm_eps must be a small positive number" },
        { ", \"layer_norm_eps\": \"small\"", SEN_ERR_ARGUMENT,
          "config.json:1:142: \"layer_norm_eps\" takes a number, not a text" }
    };
    module_test t;
    size_t i;
    module_start(&t);
    for (i = 0; i < SEN__COUNT(row); i++) {
        char text[400];
        snprintf(text, sizeof text, module_small, row[i].more);
        CHECK(module_bert(&t, text) == row[i].r);
        CHECK_TEXT(sen_message(t.c), row[i].message);
    }
    module_end(&t);
}

/* ---- names ----------------------------------------------------------------------------------- */

static const sen_module_type module_own = {
    .name = "MyModule",
    .path = "my.MyModule",
    .args_size = sizeof(sen__normalize_args),
    .fields = sen__normalize_fields,
    .config_file = "config.json",
    .build = sen__normalize_build,
    .forward = sen__normalize_forward_module,
};

static void module_names(void)
{
    sen_ctx *c = test_ctx(1);
    sen__begin(c);
    CHECK(sen__find_type(c, sen__modules, "Pooling") == &sen__pooling_module);
    CHECK(sen__find_type(c, sen__modules, "pooling") == NULL);
    sen__unknown_type(c, sen__modules, "module", "Poling", NULL);
    CHECK_TEXT(sen_message(c), "no module is called \"Poling\" here; did you mean \"Pooling\"?; "
                               "there are: Transformer, Pooling, Dense, LayerNorm, Normalize");
    sen__forgive(c);
    sen__unknown_type(c, sen__families, "transformer family (model_type)", "gpt9", NULL);
    CHECK(strncmp(sen_message(c), "no transformer family (model_type) is called \"gpt9\" here",
                  56) == 0);
    sen__end(c, SEN_ERR_UNSUPPORTED);
    CHECK(sen__find_type(c, sen__modules, "MyModule") == NULL);
    CHECK_OK(c, sen_register_module(c, &module_own));
    CHECK(sen__find_type(c, sen__modules, "MyModule") == &module_own);
    CHECK_TEXT(sen__last_part("a.b.Dense"), "Dense");
    CHECK_TEXT(sen__last_part("Dense"), "Dense");
    sen_ctx_free(c);
}

static void test_module(void)
{
    TEST(module_pooling_args);
    TEST(module_pooling_forward);
    TEST(module_dense_args);
    TEST(module_dense_refused);
    TEST(module_dense_forward);
    TEST(module_layer_norm);
    TEST(module_normalize);
    TEST(module_bert_weights);
    TEST(module_bert_refused);
    TEST(module_names);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("module", test_module);
}
#endif
