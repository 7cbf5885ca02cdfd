/* The train chapter: arguments, step counts, events, logs, checkpoints, resume, stop, disk and
 * memory that run out. The curves themselves are compared with Python's by `make parity`. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include <locale.h>
#include "test.h"
#include "fail.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

/* ---- a disk that is fast, and full from the n-th write on ------------------------------------ */

static int64_t train_writes_left = INT64_MAX;
static int64_t train_changes_left = INT64_MAX;  /* then nothing on the disk changes any more */
static const char *train_stuck;                 /* what has this in its path cannot be removed */
static const char *train_fixed;                 /* no folder can be renamed to a name ending so */

static sen_file_error train_write(void *user, void *file, const void *from, int64_t n)
{
    const sen_files *f = sen_system_files();
    (void)user;
    if (train_changes_left-- <= 0) return SEN_FILE_OTHER;
    return train_writes_left-- <= 0 ? SEN_FILE_FULL : f->write(f->user, file, from, n);
}

static sen_file_error train_open(void *user, const char *path, sen_file_mode mode, void **file)
{
    const sen_files *f = sen_system_files();
    (void)user;
    if (mode != SEN_FILE_READ && train_changes_left-- <= 0) return SEN_FILE_OTHER;
    return f->open(f->user, path, mode, file);
}

static sen_file_error train_make_folder(void *user, const char *path)
{
    const sen_files *f = sen_system_files();
    (void)user;
    return train_changes_left-- <= 0 ? SEN_FILE_OTHER : f->make_folder(f->user, path);
}

static sen_file_error train_remove(void *user, const char *path)
{
    const sen_files *f = sen_system_files();
    (void)user;
    if (train_changes_left-- <= 0) return SEN_FILE_OTHER;
    return train_stuck && strstr(path, train_stuck) ? SEN_FILE_DENIED : f->remove(f->user, path);
}

static sen_file_error train_rename(void *user, const char *from, const char *to)
{
    (void)user;
    if (train_changes_left-- <= 0) return SEN_FILE_OTHER;
    if (train_fixed && sen__text_ends(to, train_fixed) && strstr(from, ".part"))
        return SEN_FILE_DENIED;
#if defined(_WIN32)
    remove(to);                                 /* rename replaces no file there */
#endif
    return rename(from, to) == 0 ? SEN_FILE_OK : SEN_FILE_OTHER;
}

/* The system's files without waiting for the disk. */
static const sen_files *train_files(void)
{
    static sen_files files;
    files = *sen_system_files();
    files.open = train_open;
    files.make_folder = train_make_folder;
    files.write = train_write;
    files.sync = NULL;
    files.rename = train_rename;
    files.remove = train_remove;
    return &files;
}

static sen_ctx *train_ctx(int threads)
{
    sen_ctx *c = test_ctx(threads);
    c->files = train_files();
    return c;
}

/* ---- a tiny model, tiny data ----------------------------------------------------------------- */

#define TRAIN_ROWS 20

static const char train_vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\nblue\ncat\ndog\nbird\nruns\nsleeps\nsings\n"
    "here\nthere\nnow\nnever\nthe\na\n";

static const char *const train_words[] = {
    "red", "green", "blue", "cat", "dog", "bird", "runs", "sleeps", "sings", "here", "there", "now"
};

typedef struct train_kit {
    sen_ctx     *c;
    sen_model   *model;
    sen_dataset *data;
    sen_loss    *loss;
    char         text[2][TRAIN_ROWS][64];
    sen_text     cell[2][TRAIN_ROWS];
    double       score[TRAIN_ROWS];
    sen_trainer_desc desc;
} train_kit;

/* Sentences of three words (all rows equally long, so all batches are), a score for each pair. */
static void train_rows(train_kit *k)
{
    int i, col;
    for (col = 0; col < 2; col++)
        for (i = 0; i < TRAIN_ROWS; i++) {
            const int s = i * 7 + col * 5;
            snprintf(k->text[col][i], sizeof k->text[col][i], "%s %s %s", train_words[s % 3],
                     train_words[3 + s % 4], train_words[7 + s % 5]);
            k->cell[col][i].data = k->text[col][i];
            k->cell[col][i].length = strlen(k->text[col][i]);
        }
    for (i = 0; i < TRAIN_ROWS; i++) k->score[i] = (i * 3 % 11) / 10.0;
}

static sen_result train_model_of(train_kit *k, int layers, double dropout, const char *pooling)
{
    char text[700];
    sen_json *spec = NULL;
    sen_result r;
    test_write_text(test_path("vocab.txt"), train_vocab);
    snprintf(text, sizeof text,
             "{\"modules\": [{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
             "\"hidden_size\": 8, \"num_hidden_layers\": %d, \"num_attention_heads\": 2, "
             "\"intermediate_size\": 12, \"max_position_embeddings\": 16, "
             "\"hidden_dropout_prob\": %g, \"attention_probs_dropout_prob\": %g}, \"vocab\": "
             "\"vocab.txt\", \"max_seq_length\": 8}, {\"type\": \"Pooling\", \"pooling_mode\": "
             "\"%s\"}]}", layers, dropout, dropout, pooling);
    r = sen__json_parse(k->c, &k->c->keep, "model", text, strlen(text), 0, &spec);
    return r ? r : sen_model_from_json(k->c, spec, NULL, test_folder(), 42, &k->model);
}

static sen_result train_model(train_kit *k, int layers, double dropout)
{
    return train_model_of(k, layers, dropout, "mean");
}

/* Everything on a context; MultipleNegativesRankingLoss, or CoSENTLoss with the scores. */
static sen_result train_make(train_kit *k, sen_ctx *c, const char *loss, double dropout)
{
    sen_column column[3];
    const bool labels = strcmp(loss, "MultipleNegativesRankingLoss") != 0;
    sen_result r;
    memset(k, 0, sizeof *k);
    memset(column, 0, sizeof column);
    k->c = c;
    train_rows(k);
    column[0].name = "first";
    column[0].texts = k->cell[0];
    column[1].name = "second";
    column[1].texts = k->cell[1];
    column[2].name = "score";
    column[2].floats = k->score;
    r = train_model(k, 1, dropout);
    if (!r) r = sen_dataset_from_arrays(c, column, labels ? 3 : 2, TRAIN_ROWS, &k->data);
    if (!r) r = sen_loss_new(c, loss, NULL, &k->loss);
    k->desc = sen_trainer_desc_default();
    k->desc.model = k->model;
    k->desc.train_dataset = k->data;
    k->desc.loss = k->loss;
    k->desc.args.output_dir = test_path("out");
    k->desc.args.per_device_train_batch_size = 4;
    k->desc.args.learning_rate = 1e-2;
    k->desc.args.max_steps = 10;
    k->desc.args.save_strategy = SEN_STRATEGY_NO;
    k->desc.args.logging_steps = 1;
    return r;
}

static void train_drop(train_kit *k)
{
    sen_loss_free(k->loss);
    sen_dataset_free(k->data);
    sen_model_free(k->model);
}

/* All weights behind each other into out, at most `room` floats; returns how many. */
static int64_t train_weights(sen_model *m, float *out, int64_t room)
{
    int64_t n = 0;
    int i;
    for (i = 0; i < sen_model_weights(m); i++) {
        const sen_tensor *w = sen_model_weight(m, i);
        if (n + w->count > room) return -1;
        memcpy(out + n, w->data, (size_t)w->count * sizeof *out);
        n += w->count;
    }
    return n;
}

#define TRAIN_FLOATS 8192
#define TRAIN_BF16   16                      /* in a mode: bf16 */

/* ---- arguments ------------------------------------------------------------------------------- */

static sen_result train_read(sen_ctx *c, const char *text, sen_training_arguments *a)
{
    sen_json *j = NULL;
    const sen_result r = sen__json_parse(c, &c->keep, "args", text, strlen(text), SEN__JSON_STRICT,
                                         &j);
    return r ? r : sen_training_arguments_read(c, j, a);
}

static void test_train_table(void)
{
    const sen_field *f, *g;
    int n = 0, i;
    for (f = sen_training_fields(); f->name; f++, n++) {
        CHECK(f->help && *f->help);
        for (g = f + 1; g->name; g++) CHECK(strcmp(f->name, g->name) != 0);
    }
    CHECK(n == 120 + 5);                        /* Python's, and five of ours */
    for (i = 0; i < (int)SEN__COUNT(sen__argument_notes); i++)
        CHECK(sen__field_find(sen__arguments, sen__argument_notes[i].name) != NULL);
    for (i = 0; i < (int)SEN__COUNT(sen__argument_renamed); i += 2) {
        const char *now = sen__argument_renamed[i + 1];
        CHECK(sen__field_find(sen__arguments, sen__argument_renamed[i]) == NULL);
        CHECK(!*now || sen__field_find(sen__arguments, now) != NULL);
    }
    CHECK(sen_training_note("learning_rate") == NULL && sen_training_note("fsdp") != NULL);
    CHECK_TEXT(sen_training_renamed("evaluation_strategy"), "eval_strategy");
    CHECK(sen_training_renamed("learning_rate") == NULL);
    CHECK_TEXT(sen_training_renamed("push_to_hub_token"), "hub_token");
    /* What is always so has a row that says it, and no note for whoever asks what is ignored. */
    CHECK(sen__argument_note_of("use_cpu") && !sen_training_note("use_cpu"));
}

static void test_train_read(void)
{
    sen_ctx *c = train_ctx(1);
    sen_training_arguments a = sen_training_arguments_default();
    CHECK(a.learning_rate == 5e-5 && a.seed == 42 && a.data_seed == SEN_NONE && a.tf32 == SEN_NONE);
    CHECK(a.save_strategy == SEN_STRATEGY_STEPS && a.eval_steps == SEN_NONE && a.mem_limit == 0);
    CHECK_OK(c, train_read(c, "{\"evaluation_strategy\": \"epoch\", \"mem_limit\": \"512M\", "
                              "\"greater_is_better\": null, \"tf32\": true, \"past_index\": 3, "
                              "\"dropout_rng\": \"torch\", \"report_to\": \"none\"}", &a));
    CHECK(a.eval_strategy == SEN_STRATEGY_EPOCH && a.mem_limit == 512 << 20 && a.tf32 == 1);
    CHECK(a.greater_is_better == SEN_NONE && a.dropout_rng == SEN_DROPOUT_TORCH &&
          a.report_to.n == 1);
    CHECK(strstr(test_log_text, "evaluation_strategy is called eval_strategy now") != NULL);
    CHECK(strstr(test_log_text, "past_index is gone") != NULL);
    CHECK(train_read(c, "{\"learning_rte\": 1}", &a) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c),
               "args:1:2: unknown key \"learning_rte\"; did you mean \"learning_rate\"?");
    CHECK(train_read(c, "{\"mem_limit\": \"12X\"}", &a) == SEN_ERR_ARGUMENT);
    CHECK(train_read(c, "{\"eval_strategy\": \"best\"}", &a) == SEN_ERR_ARGUMENT);
    CHECK(train_read(c, "{\"bf16\": 1}", &a) == SEN_ERR_ARGUMENT);
    sen_ctx_free(c);
}

/* The arguments, read over the kit's, make a trainer, or an error whose sentence has `says`. */
static void train_settles(train_kit *k, const char *args, sen_result expect, const char *says)
{
    const sen__mark mark = sen__arena_mark(&k->c->scratch);
    sen_trainer_desc d = k->desc;
    sen_trainer *t = NULL;
    sen__mark end;
    sen_result r;
    test_log_text[0] = 0;
    CHECK_OK(k->c, train_read(k->c, args, &d.args));
    r = sen_trainer_new(k->c, &d, &t);
    if (r != expect || !strstr(r ? sen_message(k->c) : test_log_text, says)) {
        printf("%s gave %d: %s %s\n", args, (int)r, sen_message(k->c), test_log_text);
        CHECK(false);
    }
    CHECK((t == NULL) == (r != SEN_OK));
    sen_trainer_free(t);
    end = sen__arena_mark(&k->c->scratch);
    CHECK(!mark.chunk || (end.chunk == mark.chunk && end.used == mark.used));
}

static void test_train_settle(void)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    train_settles(&k, "{}", SEN_OK, "");
    train_settles(&k, "{\"fsdp\": \"full_shard\"}", SEN_ERR_UNSUPPORTED,
                  "argument fsdp cannot be used");
    train_settles(&k, "{\"fsdp\": \"\", \"deepspeed\": null}", SEN_OK, "");
    train_settles(&k, "{\"torch_compile\": true}", SEN_OK, "torch_compile has no effect here");
    train_settles(&k, "{\"dataloader_num_workers\": 4}", SEN_OK,
                  "dataloader_num_workers has no effect");
    train_settles(&k, "{\"bf16\": true}", SEN_OK, "");
    train_settles(&k, "{\"use_cpu\": true, \"full_determinism\": true}", SEN_OK, "");
    CHECK(!strstr(test_log_text, "no effect"));
    train_settles(&k, "{\"bf16_full_eval\": true}", SEN_ERR_UNSUPPORTED, "bf16_full_eval");
    train_settles(&k, "{\"bf16\": true, \"fp16\": true}", SEN_ERR_ARGUMENT, "both");
    train_settles(&k, "{\"optim\": \"adamw_tch\"}", SEN_ERR_UNSUPPORTED,
                  "did you mean \"adamw_torch\"");
    train_settles(&k, "{\"lr_scheduler_type\": \"linaer\"}", SEN_ERR_UNSUPPORTED, "linear");
    train_settles(&k, "{\"batch_sampler\": \"no_duplicate\"}", SEN_ERR_UNSUPPORTED,
                  "no_duplicates");
    train_settles(&k, "{\"logging_steps\": 2.5}", SEN_ERR_ARGUMENT, "whole number");
    train_settles(&k, "{\"logging_steps\": 0}", SEN_ERR_ARGUMENT, "above 0");
    train_settles(&k, "{\"warmup_steps\": -1}", SEN_ERR_ARGUMENT, "negative");
    train_settles(&k, "{\"eval_strategy\": \"steps\"}", SEN_ERR_ARGUMENT,
                  "neither an eval_dataset");
    train_settles(&k, "{\"max_steps\": 0}", SEN_ERR_ARGUMENT, "nothing to train");
    train_settles(&k, "{\"dataloader_drop_last\": true, \"per_device_train_batch_size\": 64}",
                  SEN_ERR_ARGUMENT, "drops the only one");
    train_settles(&k, "{\"load_best_model_at_end\": true, \"save_strategy\": \"steps\"}",
                  SEN_ERR_ARGUMENT, "same eval_strategy");
    train_settles(&k, "{\"save_strategy\": \"best\"}", SEN_ERR_ARGUMENT, "metric_for_best_model");
    train_settles(&k, "{\"accelerator_config\": {\"use_seedable_samplr\": true}}", SEN_ERR_ARGUMENT,
                  "use_seedable_sampler");
    train_settles(&k, "{\"optim\": null}", SEN_ERR_ARGUMENT, "optim cannot be null");
    train_settles(&k, "{\"lr_scheduler_type\": null}", SEN_ERR_ARGUMENT,
                  "leave it out for \"linear");
    train_settles(&k, "{\"batch_sampler\": null}", SEN_ERR_ARGUMENT,
                  "batch_sampler cannot be null");
    train_settles(&k, "{\"multi_dataset_batch_sampler\": null}", SEN_ERR_ARGUMENT,
                  "cannot be null");
    train_settles(&k, "{\"project\": null, \"output_dir\": null, \"optim_args\": null}", SEN_OK,
                  "");
    train_settles(&k, "{\"max_steps\": -1, \"num_train_epochs\": 1e300}", SEN_ERR_ARGUMENT,
                  "asks for");
    train_settles(&k, "{\"max_steps\": 9223372036854775807}", SEN_ERR_ARGUMENT, "is the most");
    train_settles(&k, "{\"logging_steps\": 1e30, \"save_strategy\": \"steps\", "
                      "\"save_steps\": 1e19}", SEN_OK, "");
    train_settles(&k, "{\"learning_rate_mapping\": 5}", SEN_ERR_ARGUMENT, "takes an object");
    train_settles(&k, "{\"learning_rate_mapping\": {\"word\": -1e-3}}", SEN_ERR_ARGUMENT,
                  "0 or above");
    train_settles(&k, "{\"learning_rate_mapping\": {\"word\": \"1\"}}", SEN_ERR_ARGUMENT,
                  "should be a number");
    train_settles(&k, "{\"learning_rate_mapping\": {\"(word\": 1}}", SEN_ERR_ARGUMENT,
                  "not closed");
    train_settles(&k, "{\"learning_rate_mapping\": {}, \"prompts\": null}", SEN_OK, "");
    train_settles(&k, "{\"lr_scheduler_type\": \"greedy\"}", SEN_ERR_ARGUMENT, "eval_strategy");
    train_settles(&k, "{\"eval_on_start\": true}", SEN_ERR_ARGUMENT, "eval_on_start needs");
    k.desc.eval_dataset = k.data;
    train_settles(&k, "{\"eval_strategy\": \"steps\", \"metric_for_best_model\": \"los\"}",
                  SEN_ERR_ARGUMENT, "did you mean \"eval_loss\"");
    train_settles(&k,
                  "{\"eval_strategy\": \"steps\", \"eval_steps\": 3, \"save_strategy\": \"steps\", "
                  "\"save_steps\": 2, \"load_best_model_at_end\": true}",
                  SEN_ERR_ARGUMENT, "is none of 3");
    train_drop(&k);
    sen_ctx_free(c);
}

static void test_train_names(void)
{
    static const char *const none[] = { "model.0.model.encoder.layer.0.attention.self.query.bias",
                                        "model.0.model.embeddings.LayerNorm.weight",
                                        "model.0.model.encoder.relative_attention_bias.weight",
                                        "model.0.model.final_norm.weight",
                                        "model.1.norm.weight",
                                        "norm.weight",
                                        "x.rmsnorm1.w" };
    static const char *const all[] = { "model.0.model.embeddings.word_embeddings.weight",
                                       "model.2.linear.weight", "model.0.norm1.weight",
                                       "model.0.normal.weight", "model.0.denorm.weight" };
    size_t i;
    for (i = 0; i < SEN__COUNT(none); i++) CHECK(!sen__decays(none[i]));
    for (i = 0; i < SEN__COUNT(all); i++) CHECK(sen__decays(all[i]));
    CHECK(sen__checkpoint_number("checkpoint-12", "") == 12 &&
          sen__checkpoint_number("checkpoint-", "") == -1);
    CHECK(sen__checkpoint_number("checkpoint-1x", "") == -1 &&
          sen__checkpoint_number("old-checkpoint-1", "") == -1);
    CHECK(sen__checkpoint_number("checkpoint-07", "") == -1 &&
          sen__checkpoint_number("checkpoint-0", "") == 0);
    CHECK(sen__checkpoint_number("checkpoint-7.part", SEN__PART) == 7 &&
          sen__checkpoint_number("checkpoint-7.part", "") == -1 &&
          sen__checkpoint_number("checkpoint-.part", SEN__PART) == -1);
}

/* Named datasets: each whole, no name twice, names of any length. */
static void test_train_named(void)
{
    static char name[401];
    sen_ctx *c = train_ctx(1);
    sen_named_dataset set[2];
    const sen_json *metrics = NULL;
    char key[420];
    train_kit k;
    sen_trainer *t = NULL;
    memset(set, 0, sizeof set);
    memset(name, 'n', sizeof name - 1);
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.train_dataset = NULL;
    k.desc.train_datasets = k.desc.eval_datasets = set;
    k.desc.n_train_datasets = 2;
    set[0].name = "one";
    set[0].dataset = set[1].dataset = k.data;
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "number 1 has no name");
    set[1].name = "";
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "number 1 has no name");
    set[1].name = "one";
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "two datasets are called \"one\"");
    set[1].name = "two";
    set[0].dataset = NULL;
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "number 0 has no dataset");
    set[0].dataset = k.data;
    train_settles(&k, "{\"multi_dataset_batch_sampler\": null}", SEN_ERR_ARGUMENT,
                  "cannot be null");
    k.desc.train_datasets = NULL;
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "were promised");
    k.desc.train_datasets = set;
    set[1].name = name;
    k.desc.n_eval_datasets = 2;
    k.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    snprintf(key, sizeof key, "eval_%s_loss", name);
    k.desc.args.metric_for_best_model = key;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK(sen_trainer_state(t)->best_metric > 0);
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(sen_json_get(metrics, key) && sen_json_get(metrics, "eval_one_loss"));
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* A score beyond 1 is warned about, with the scale that helps. */
static void test_train_scores(void)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_loss *loss = NULL;
    sen_trainer *t = NULL;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, sen_loss_new(c, "CosineSimilarityLoss", NULL, &loss));
    k.score[3] = 4.5;
    k.desc.loss = loss;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(strstr(test_log_text, "score 4.5 is outside -1 to 1") != NULL);
    CHECK(strstr(test_log_text, "\"scale\": {\"score\": 0.2}") != NULL);
    sen_trainer_free(t);
    sen_loss_free(loss);
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- the loop -------------------------------------------------------------------------------- */

typedef struct train_events {
    char text[2000];
} train_events;

static int train_heard(const sen_train_event *e, void *user)
{
    train_events *v = (train_events *)user;
    const size_t n = strlen(v->text);
    snprintf(v->text + n, sizeof v->text - n, "%s%s", n ? " " : "", e->name + 3);
    return 0;
}

static sen_callback train_listener(train_events *v)
{
    sen_callback k = sen_callback_default();
    v->text[0] = 0;
    k.user = v;
    k.on_init_end = k.on_train_begin = k.on_epoch_begin = k.on_step_begin = k.on_substep_end =
        train_heard;
    k.on_pre_optimizer_step = k.on_optimizer_step = k.on_step_end = k.on_log = train_heard;
    k.on_prediction_step = k.on_evaluate = k.on_save = k.on_epoch_end = k.on_train_end =
        train_heard;
    return k;
}

/* 20 rows in batches of 8: 8, 8, 4; accumulation 2: two updates an epoch, the second of one batch.
 */
static void test_train_events(void)
{
    sen_ctx *c = train_ctx(1);
    train_events heard;
    sen_callback k;
    train_kit kit;
    sen_trainer *t = NULL;
    CHECK_OK(c, train_make(&kit, c, "MultipleNegativesRankingLoss", 0));
    k = train_listener(&heard);
    kit.desc.callbacks = &k;
    kit.desc.n_callbacks = 1;
    kit.desc.eval_dataset = kit.data;
    kit.desc.args.per_device_eval_batch_size = 16;
    kit.desc.args.per_device_train_batch_size = 8;
    kit.desc.args.gradient_accumulation_steps = 2;
    kit.desc.args.max_steps = 2;
    kit.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    kit.desc.args.eval_steps = 2;
    kit.desc.args.save_strategy = SEN_STRATEGY_EPOCH;
    CHECK_OK(c, sen_trainer_new(c, &kit.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK_TEXT(heard.text,
               "init_end train_begin epoch_begin step_begin substep_end pre_optimizer_step "
               "optimizer_step step_end log step_begin pre_optimizer_step optimizer_step "
               "step_end log prediction_step prediction_step log evaluate epoch_end save "
               "log train_end");
    CHECK(sen_trainer_state(t)->epoch == 1.0 && sen_trainer_state(t)->global_step == 2);
    sen_trainer_free(t);
    train_drop(&kit);
    sen_ctx_free(c);
}

/* The keys of the log's entries, and trainer_state.json as Python's. */
static void test_train_log(void)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    const sen_train_state *s;
    const sen_json *e;
    sen_json *file = NULL;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    k.desc.args.max_steps = -1;
    k.desc.args.num_train_epochs = 1.5;
    k.desc.args.logging_steps = 0.25;
    k.desc.args.logging_first_step = true;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    s = sen_trainer_state(t);
    CHECK(s->max_steps == 8 && s->num_train_epochs == 2 && s->steps_per_epoch == 5 &&
          s->logging_steps == 2);
    CHECK_OK(c, sen_train(t));
    CHECK(s->log_history->count == 6);              /* 1 2 4 6 8 and the summary */
    e = s->log_history->child;
    CHECK_TEXT(e->child->key, "loss");
    CHECK_TEXT(e->child->next->key, "grad_norm");
    CHECK_TEXT(e->child->next->next->key, "learning_rate");
    CHECK(sen_json_get(e, "epoch")->number == 0.2 && sen_json_get(e, "step")->integer == 1);
    CHECK(sen_json_get(e->next->next, "step")->integer == 4);
    CHECK_TEXT(s->log_history->last->child->key, "train_runtime");
    CHECK(sen_json_get(s->log_history->last, "train_loss")->number == s->training_loss);
    /* Python counts the rows of 1.5 epochs, not those of 8 full batches. */
    CHECK(fabs(sen_json_get(s->log_history->last, "train_samples_per_second")->number /
               sen_json_get(s->log_history->last, "train_steps_per_second")->number -
               20 * 1.5 / 8) < 0.01);
    CHECK_OK(c, sen__json_load(c, &c->keep, test_path("out/trainer_state.json"), 0, &file));
    CHECK_TEXT(file->child->key, "best_global_step");
    CHECK(sen_json_get(file, "best_metric")->kind == SEN_JSON_NULL);
    CHECK(sen_json_get(file, "log_history")->count == 6 &&
          sen_json_get(file, "eval_steps")->integer == 500);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

typedef struct train_odd_args {
    uint32_t stamp;
    int      turn;
} train_odd_args;

/* A loss that is no number at every second call, without harm to the weights. */
static sen_var *train_odd(sen_loss_call *call)
{
    train_odd_args *a = (train_odd_args *)call->loss->args;
    const float shift = a->turn++ % 2 ? NAN : 3.0f;
    return sen_affine(call->tape, sen_mean(call->tape, call->emb[0]), 0.0f, shift);
}

/* With the filter such a loss counts as the mean of the others since the last log; the log of a
 * step that has no other says 0. Without it the sum stays NaN for good, as Python's does. */
static void test_train_nan(void)
{
    static const sen_field none[] = { SEN_FIELD_END };
    static const sen_loss_type type = {
        .name = "Odd", .columns = "any", .min_columns = 1, .args_size = sizeof(train_odd_args),
        .fields = none,
        .forward = train_odd
    };
    int filter;
    for (filter = 0; filter < 2; filter++) {
        sen_ctx *c = train_ctx(1);
        sen_loss *odd = NULL;
        train_kit k;
        sen_trainer *t = NULL;
        const sen_json *e;
        CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
        CHECK_OK(c, sen_register_loss(c, &type));
        CHECK_OK(c, sen_loss_new(c, "Odd", NULL, &odd));
        k.desc.loss = odd;
        k.desc.args.max_steps = 4;
        k.desc.args.logging_nan_inf_filter = filter != 0;
        k.desc.args.logging_steps = 2;
        k.desc.args.logging_first_step = true;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        e = sen_trainer_state(t)->log_history->child;       /* steps 1, 2, 4 */
        CHECK(sen_json_get(e, "loss")->number == 3.0);
        if (filter) {
            CHECK(sen_json_get(e->next, "loss")->number == 0.0);
            CHECK(sen_json_get(e->next->next, "loss")->number == (3.0 + 3.0 / 2.0) / 2.0);
        } else {
            CHECK(isnan(sen_json_get(e->next, "loss")->number));
            CHECK(isnan(sen_json_get(e->next->next, "loss")->number));
        }
        sen_trainer_free(t);
        sen_loss_free(odd);
        train_drop(&k);
        sen_ctx_free(c);
    }
}

/* A loss that asks that each label be (7 k, 7 k + 0.5, 7 k + 1), and is the mean of all k. */
static sen_var *train_lists(sen_loss_call *call)
{
    const sen_labels *l = &call->labels;
    double sum = 0;
    int64_t i;
    CHECK(l->width == 3 && l->shape.lists == 0 && l->shape.numbers == 3 && !l->index);
    for (i = 0; i < l->n; i++) {
        const float *list = l->value + 3 * i;
        CHECK(list[1] == list[0] + 0.5f && list[2] == list[0] + 1.0f);
        sum += (double)list[0] / 7.0;
    }
    return sen_affine(call->tape, sen_mean(call->tape, call->emb[0]), 0.0f,
                      (float)(sum / (double)l->n));
}

/* Labels that are lists reach a loss that takes them, each with its row; another refuses them
 * before the first step. */
static void test_train_lists(void)
{
    static const sen_field none[] = { SEN_FIELD_END };
    static const sen_loss_type type = {
        .name = "Lists", .columns = "any", .min_columns = 1, .needs_labels = true,
        .labels_are_lists = true, .args_size = sizeof(train_odd_args), .fields = none,
        .forward = train_lists
    };
    static double label[TRAIN_ROWS][3];
    const sen_shape shape = { 0, 3 };
    sen_ctx *c = train_ctx(1);
    sen_column columns[3];
    sen_dataset *data = NULL;
    sen_loss *loss = NULL;
    sen_trainer *t = NULL;
    train_kit k;
    int i;
    memset(columns, 0, sizeof columns);
    for (i = 0; i < TRAIN_ROWS; i++) {
        label[i][0] = 7.0 * i;
        label[i][1] = 7.0 * i + 0.5;
        label[i][2] = 7.0 * i + 1.0;
    }
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, sen_register_loss(c, &type));
    CHECK_OK(c, sen_loss_new(c, "Lists", NULL, &loss));
    columns[0].name = "first";
    columns[0].texts = k.cell[0];
    columns[1].name = "second";
    columns[1].texts = k.cell[1];
    columns[2].name = "label";
    columns[2].floats = label[0];
    CHECK_OK(c, sen_dataset_from_arrays(c, columns, 3, TRAIN_ROWS, &data));
    CHECK_OK(c, sen_dataset_set_shape(data, 2, shape));
    k.desc.train_dataset = data;
    k.desc.args.per_device_train_batch_size = TRAIN_ROWS;
    k.desc.args.max_steps = 1;
    k.desc.args.logging_steps = 1;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "the label column holds lists of 3 numbers") != NULL);
    k.desc.loss = loss;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_gradients(t, test_path("lists.safetensors")));
    CHECK_OK(c, sen_train(t));
    CHECK(sen_json_get(sen_trainer_state(t)->log_history->child, "loss")->number == 9.5);
    sen_trainer_free(t);
    sen_dataset_free(data);
    sen_loss_free(loss);
    train_drop(&k);
    sen_ctx_free(c);
}

/* The kit's rows as JSON lines, and a dataset of that file. */
static sen_result train_file(train_kit *k, sen_dataset_desc *desc, sen_dataset **out)
{
    char text[TRAIN_ROWS * 200];
    size_t at = 0;
    int i;
    for (i = 0; i < TRAIN_ROWS; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "{\"first\": \"%s\", \"second\": \"%s\", \"score\": %g}\n",
                               k->text[0][i], k->text[1][i], k->score[i]);
    test_write_text(test_path("rows.jsonl"), text);
    desc->path = test_path("rows.jsonl");
    return sen_dataset_load(k->c, desc, out);
}

/* A file that stays mapped trains as one that is kept in memory, bit for bit: in any order of
 * batches, with prompts, and through an evaluation. */
static void test_train_lazy_file(void)
{
    static float weights[2][TRAIN_FLOATS];
    static const char *const samplers[] = { "batch_sampler", "no_duplicates" };
    static double loss[2];
    int i, keep;
    for (i = 0; i < 2; i++) {
        int64_t n = 0;
        for (keep = 0; keep < 2; keep++) {
            sen_ctx *c = train_ctx(1);
            sen_dataset_desc desc = sen_dataset_desc_default();
            const sen_json *metrics;
            sen_dataset *data = NULL;
            sen_memory_plan plan;
            sen_json *prompts = NULL;
            sen_trainer *t = NULL;
            train_kit k;
            CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
            CHECK_OK(c, sen_json_parse(c, "p", "{\"first\": \"the \"}", 17, &prompts));
            desc.keep_in_memory = keep;
            CHECK_OK(c, train_file(&k, &desc, &data));
            k.desc.train_dataset = k.desc.eval_dataset = data;
            k.desc.args.batch_sampler = samplers[i];
            k.desc.args.prompts = prompts;
            CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
            CHECK_OK(c, sen_trainer_plan(t, &plan));
            CHECK((plan.data == 0) == (keep == 0) && plan.batch_tokens > 0);
            CHECK_OK(c, sen_train(t));
            CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
            loss[keep] = sen_json_get(metrics, "eval_loss")->number;
            n = train_weights(k.model, weights[keep], TRAIN_FLOATS);
            sen_trainer_free(t);
            sen_dataset_free(data);
            train_drop(&k);
            sen_ctx_free(c);
        }
        CHECK(n > 0 && memcmp(weights[0], weights[1], (size_t)n * sizeof(float)) == 0);
        CHECK(loss[0] == loss[1] && loss[0] > 0);
    }
}

/* A stream: batches in file order, around the end of the file; the same weights where a run is
 * resumed behind it, and the steps, epochs and records of Python (20 rows, batches of 4 by 2: an
 * epoch ends after 5 batches, in the midst of an update, whose gradients stay for the next). */
static void test_train_stream(void)
{
    static float whole[TRAIN_FLOATS], parts[TRAIN_FLOATS];
    int64_t n = 0;
    int run;
    for (run = 0; run < 2; run++) {
        sen_ctx *c = train_ctx(1);
        sen_dataset_desc desc = sen_dataset_desc_default();
        sen_dataset *data = NULL;
        sen_trainer *t = NULL;
        bool more = true;
        train_kit k;
        int i;
        CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
        desc.streaming = true;
        CHECK_OK(c, train_file(&k, &desc, &data));
        k.desc.train_dataset = data;
        k.desc.args.output_dir = test_path("stream");
        k.desc.args.max_steps = 9;
        k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
        k.desc.args.save_steps = 6;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_trainer_gradients(t, test_path("stream.safetensors")));
        if (run) CHECK_OK(c, sen_trainer_resume(t, test_path("stream/checkpoint-6")));
        for (i = 0; more && i < 20; i++) CHECK_OK(c, sen_trainer_step(t, &more));
        CHECK(sen_trainer_state(t)->global_step == 9);
        CHECK(sen_trainer_state(t)->epoch == 1.0 + 4.0 / 9.0);      /* 5 batches, then 4 */
        CHECK(sen_trainer_state(t)->steps_per_epoch == 9);
        n = train_weights(k.model, run ? parts : whole, TRAIN_FLOATS);
        sen_trainer_free(t);
        sen_dataset_free(data);
        train_drop(&k);
        sen_ctx_free(c);
    }
    CHECK(n > 0 && memcmp(whole, parts, (size_t)n * sizeof *whole) == 0);
}

/* A streamed eval_dataset, twice: its batches are the rows in their order, and the last one, of two
 * rows, counts as that. The same as means over the batches of rows that are held. */
static void test_train_stream_evaluated(void)
{
    sen_ctx *c = train_ctx(1);
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *data = NULL;
    const sen_json *metrics = NULL;
    sen_trainer *t = NULL;
    double streamed[2], held;
    train_kit k;
    int i;
    CHECK_OK(c, train_make(&k, c, "CosineSimilarityLoss", 0.1));     /* a mean over rows */
    desc.streaming = true;
    CHECK_OK(c, train_file(&k, &desc, &data));
    k.desc.eval_dataset = data;
    k.desc.args.per_device_eval_batch_size = 6;                     /* of 20 rows */
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    for (i = 0; i < 2; i++) {
        CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
        streamed[i] = sen_json_get(metrics, "eval_loss")->number;
    }
    CHECK(streamed[0] == streamed[1] && streamed[0] > 0);
    sen_trainer_free(t);
    t = NULL;
    k.desc.eval_dataset = k.data;                                   /* the same rows */
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    held = sen_json_get(metrics, "eval_loss")->number;
    CHECK(fabs(held - streamed[0]) <= 1e-6 * held);
    sen_trainer_free(t);
    sen_dataset_free(data);
    train_drop(&k);
    sen_ctx_free(c);
}

/* What a stream cannot be, before the first step; and standard input that ends too soon. */
static void test_train_stream_refused(void)
{
    sen_ctx *c = train_ctx(1);
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_named_dataset named = { "one", NULL, NULL, NULL };
    sen_dataset *data = NULL;
    sen_trainer *t = NULL;
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
    desc.streaming = true;
    CHECK_OK(c, train_file(&k, &desc, &data));
    k.desc.train_dataset = data;
    k.desc.args.max_steps = -1;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "so max_steps must be set") != NULL);
    k.desc.args.max_steps = 2;
    k.desc.args.batch_sampler = "no_duplicates";
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "batch_sampler must stay at its default") != NULL);
    k.desc.args.batch_sampler = "batch_sampler";
    k.desc.eval_dataset = data;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "one stream cannot be train_dataset and eval_dataset") != NULL);
    k.desc.eval_dataset = k.desc.train_dataset = NULL;
    named.dataset = data;
    k.desc.train_datasets = &named;
    k.desc.n_train_datasets = 1;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "a stream cannot be one of several datasets") != NULL);
    sen_dataset_free(data);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Hosts with their own loop: step by step is the same run. */
static void test_train_steps(void)
{
    static float whole[TRAIN_FLOATS], parts[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL, *second = NULL;
    bool more = true;
    int64_t n;
    int steps = 0;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_trainer_new(c, &k.desc, &second) == SEN_ERR_BUSY);
    CHECK_OK(c, sen_train(t));
    n = train_weights(k.model, whole, TRAIN_FLOATS);
    sen_trainer_free(t);
    train_drop(&k);
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    while (more && steps < 100) {
        CHECK_OK(c, sen_trainer_step(t, &more));
        steps++;
    }
    CHECK(n > 0 && train_weights(k.model, parts, TRAIN_FLOATS) == n && steps == 10);
    CHECK(memcmp(whole, parts, (size_t)n * sizeof *whole) == 0);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- the same bits --------------------------------------------------------------------------- */

static void train_bits(sen_ctx *c, void *out, void *arg)
{
    train_kit k;
    sen_trainer *t = NULL;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
    k.desc.args.dropout_rng = *(int *)arg & 1;
    k.desc.args.bf16 = (*(int *)arg & TRAIN_BF16) != 0;
    k.desc.args.max_steps = 20;
    k.desc.args.weight_decay = 0.01;
    k.desc.args.gradient_accumulation_steps = 2;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK(train_weights(k.model, (float *)out, TRAIN_FLOATS) > 0);
    sen_trainer_free(t);
    train_drop(&k);
}

static void test_train_threads(void)
{
    int mode;
    for (mode = SEN_DROPOUT_COUNTER; mode <= SEN_DROPOUT_TORCH; mode++)
        test_same_bits(train_bits, TRAIN_FLOATS * sizeof(float), &mode);
    mode = TRAIN_BF16;
    test_same_bits(train_bits, TRAIN_FLOATS * sizeof(float), &mode);
}

/* ---- bfloat16 -------------------------------------------------------------------------------- */

/* What one run leaves: the losses, the first step's gradients, and embeddings of the first four
 * texts before it ends and after its trainer is gone. */
typedef struct train_curve {
    double  loss[40];
    float   grad[TRAIN_FLOATS], held[4 * 8], after[4 * 8], asked[4 * 8];
    int64_t grads;
    int     steps;
} train_curve;

static int train_curve_grads(const sen_train_event *e, void *user)
{
    train_curve *v = (train_curve *)user;
    int i;
    if (v->grads) return 0;
    for (i = 0; i < sen_model_weights(e->model); i++) {
        sen_tensor *w = sen_model_weight(e->model, i);
        const float *g = sen_tensor_grad(w);
        if (strstr(w->name, "key.bias")) continue;      /* rounding alone: softmax ignores it */
        if (g) memcpy(v->grad + v->grads, g, (size_t)w->count * sizeof *g);
        v->grads += w->count;
    }
    return 0;
}

/* A new model's weights are so small that its products hardly count beside what passes by them. */
static void train_curve_grow(sen_model *m)
{
    int64_t n;
    int i;
    for (i = 0; i < sen_model_weights(m); i++) {
        sen_tensor *w = sen_model_weight(m, i);
        for (n = 0; n < w->count && w->ndim == 2 && !w->is_table; n++) w->data[n] *= 15.0f;
    }
}

static void train_curve_run(bool bf16, train_curve *v)
{
    sen_ctx *c = train_ctx(1);
    sen_callback look = sen_callback_default();
    sen_encode_args asked = sen_encode_args_default();
    train_kit k;
    sen_trainer *t = NULL;
    const sen_json *e;
    memset(v, 0, sizeof *v);
    look.user = v;
    look.on_pre_optimizer_step = train_curve_grads;
    asked.bf16 = true;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    train_curve_grow(k.model);
    k.desc.args.learning_rate = 2e-3;
    k.desc.args.max_steps = 40;
    k.desc.args.max_grad_norm = 0;
    k.desc.args.bf16 = bf16;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_add_callback(t, &look));
    CHECK_OK(c, sen_train(t));
    for (e = sen_trainer_state(t)->log_history->child; e; e = e->next) {
        const sen_json *loss = sen_json_get(e, "loss");
        if (loss && v->steps < 40) v->loss[v->steps++] = loss->number;
    }
    CHECK_OK(c, sen_encode(c, k.model, k.cell[0], 4, NULL, v->held));
    sen_trainer_free(t);
    CHECK_OK(c, sen_encode(c, k.model, k.cell[0], 4, NULL, v->after));
    CHECK_OK(c, sen_encode(c, k.model, k.cell[0], 4, &asked, v->asked));
    train_drop(&k);
    sen_ctx_free(c);
}

/* How far y is from x, of x's size: roots of sums of squares. */
static double train_apart(const float *x, const float *y, int64_t n)
{
    double off = 0, size = 1e-300;
    int64_t i;
    for (i = 0; i < n; i++) {
        off += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
        size += (double)x[i] * (double)x[i];
    }
    return sqrt(off / size);
}

/* bf16 learns as float32 does, to bfloat16's 8 bits, and is something else. Whatever runs the model
 * meanwhile rounds as well, as in Python; when the trainer is gone, only who asks for it does. */
static void test_train_bf16(void)
{
    static train_curve plain, half;
    double mean[2] = { 0, 0 };
    int i;
    train_curve_run(false, &plain);
    train_curve_run(true, &half);
    CHECK(plain.steps == 40 && half.steps == 40);
    for (i = 0; i < 40; i++) {
        CHECK(fabs(half.loss[i] / plain.loss[i] - 1) < 0.05);
        mean[0] += plain.loss[i];
        mean[1] += half.loss[i];
    }
    CHECK(fabs(mean[1] / mean[0] - 1) < 0.01 && mean[1] != mean[0]);
    CHECK(half.loss[39] < 0.9 * half.loss[0]);
    CHECK(plain.grads > 100 && plain.grads == half.grads);
    CHECK(train_apart(plain.grad, half.grad, plain.grads) < 0.02);
    CHECK(train_apart(plain.grad, half.grad, plain.grads) > 1e-4);
    CHECK(memcmp(half.held, half.asked, sizeof half.held) == 0);
    CHECK(memcmp(plain.held, plain.after, sizeof plain.held) == 0);
    CHECK(train_apart(half.after, half.asked, 32) > 1e-4);
    CHECK(train_apart(half.after, half.asked, 32) < 0.02);
}

/* Ten steps of three layers, recomputed or not; `frozen` is a mask of what does not learn: 1 the
 * embeddings, 2 the first layer, 4 all that stands before the last, 8 a matrix in it. */
static size_t train_recompute(const char *loss, int threads, int rng, int frozen, bool again,
                              float *out)
{
    sen_ctx *c = train_ctx(threads);
    sen_trainer *t = NULL;
    train_kit k;
    size_t peak = 0;
    int i;
    CHECK_OK(c, train_make(&k, c, loss, 0.1));
    sen_model_free(k.model);
    k.model = NULL;
    CHECK_OK(c, train_model(&k, 3, 0.1));
    for (i = 0; i < sen_model_weights(k.model); i++) {
        const char *name = sen_model_weight_name(k.model, i);
        sen_tensor *w = sen_model_weight(k.model, i);
        if ((frozen & 5 && strstr(name, ".embeddings.")) || (frozen & 6 && strstr(name, "layer.0"))
            || (frozen & 4 && strstr(name, "layer.1")) ||
            (frozen & 8 && strstr(name, "layer.2.attention.self.key.weight")))
            w->requires_grad = false;
    }
    k.desc.model = k.model;
    k.desc.args.gradient_checkpointing = again;
    k.desc.args.dropout_rng = rng & 1;
    k.desc.args.bf16 = (rng & TRAIN_BF16) != 0;
    k.desc.args.gradient_accumulation_steps = 2;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    if (t) peak = t->tape->pool.peak;
    CHECK(train_weights(k.model, out, TRAIN_FLOATS) > 0);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return peak;
}

/* gradient_checkpointing: less memory, and not a bit of difference. */
static void test_train_recompute(void)
{
    static const char *const loss[] = { "MultipleNegativesRankingLoss", "CoSENTLoss",
                                        "CosineSimilarityLoss" };
    static const int frozen[] = { 0, 1, 3, 4, 4 | 8 };
    static float whole[TRAIN_FLOATS], again[TRAIN_FLOATS];
    size_t i, k, kept, less;
    for (i = 0; i < SEN__COUNT(loss); i++)
        for (k = 0; k < SEN__COUNT(frozen); k++) {
            const int rng = (k % 2 ? SEN_DROPOUT_TORCH : SEN_DROPOUT_COUNTER) |
                            (i == 1 ? TRAIN_BF16 : 0);
            kept = train_recompute(loss[i], 1, rng, frozen[k], false, whole);
            less = train_recompute(loss[i], 1 + 3 * (int)(k % 3), rng, frozen[k], true, again);
            CHECK(less < kept);
            CHECK(memcmp(whole, again, sizeof whole) == 0);
        }
}

/* Either name does it, and the plan follows. */
static void test_train_recompute_plan(void)
{
    sen_ctx *c = train_ctx(1);
    sen_memory_plan p[3];
    train_kit k;
    sen_trainer *t = NULL;
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    sen_model_free(k.model);
    k.model = NULL;
    CHECK_OK(c, train_model(&k, 3, 0));
    k.desc.model = k.model;
    for (i = 0; i < 3; i++) {
        k.desc.args.gradient_checkpointing = i == 1;
        k.desc.args.activation_checkpointing = i == 2;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_trainer_plan(t, &p[i]));
        sen_trainer_free(t);
    }
    CHECK(p[1].activations < p[0].activations && p[1].activations == p[2].activations);
    train_settles(&k, "{\"gradient_checkpointing\": true, \"gradient_checkpointing_kwargs\": "
                      "{\"use_reentrant\": false}}", SEN_OK, "each layer of a transformer");
    train_drop(&k);
    sen_ctx_free(c);
}

/* A model whose weights are mapped trains as one that was read, and its file stays as it was. */
static void test_train_mapped(void)
{
    static float weight[2][TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    train_kit k;
    char folder[1024], *file[3];
    size_t n[3];
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    snprintf(folder, sizeof folder, "%s", test_path("mapped"));
    CHECK_OK(c, sen_model_save(c, k.model, folder));
    for (i = 0; i < 2; i++) {
        sen_files files = *train_files();
        sen_trainer *t = NULL;
        if (i) files.map_copy = NULL;
        c->files = &files;
        file[i] = test_read(test_path("mapped/model.safetensors"), &n[i]);
        sen_model_free(k.model);
        k.model = NULL;
        CHECK_OK(c, sen_model_load(c, folder, &k.model));
        CHECK(sen_model_weight(k.model, 0)->is_mapped == (files.map_copy != NULL));
        k.desc.model = k.model;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        sen_trainer_free(t);
        CHECK(train_weights(k.model, weight[i], TRAIN_FLOATS) > 0);
        CHECK_OK(c, sen_model_save(c, k.model, test_path("trained")));
        sen_model_free(k.model);                /* before its table of files goes */
        k.model = NULL;
        c->files = train_files();
    }
    file[2] = test_read(test_path("mapped/model.safetensors"), &n[2]);
    CHECK(memcmp(weight[0], weight[1], sizeof weight[0]) == 0);
    CHECK(file[0] && file[2] && n[0] == n[2] && memcmp(file[0], file[2], n[0]) == 0);
    for (i = 0; i < 3; i++) free(file[i]);
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* A history without times, as text. The keys are sorted, as they are where it was read again. */
static void train_history(sen_ctx *c, const sen_json *history, char *out, size_t size)
{
    sen__maker m = sen__maker_in(c, &c->keep);
    const sen_json *log = sen__make_copy(&m, NULL, NULL, history);
    sen_json *e, *j;
    sen__out o;
    size_t n = 0;
    out[0] = 0;
    sen__out_init(&o, c);                       /* only for its context's memory */
    for (e = log->child; e; e = e->next)
        for (sen__json_sort(&o, e), j = e->child; j; j = j->next)
            if (!strstr(j->key, "_runtime") && !strstr(j->key, "_per_second") &&
                strcmp(j->key, "train_loss") != 0)
                n += (size_t)snprintf(out + n, n < size ? size - n : 0, "%s=%.17g ", j->key,
                                      j->number);
}

typedef struct train_result {
    float   weight[TRAIN_FLOATS];
    int64_t n;
    char    log[8000];
} train_result;

/* A run of 12 steps over three epochs, saving every 2, with evaluation, also on start where mode
 * has the bit TRAIN_ON_START; resumed from `from`, or whole where that is NULL. stop_at > 0:
 * sen_request_stop at that step. */
#define TRAIN_ON_START 8

static int train_stops(const sen_train_event *e, void *user)
{
    if (e->state->global_step == *(int *)user) sen_request_stop(e->ctx);
    return 0;
}

/* settings: more training arguments as JSON; NULL: none. */
static sen_result train_long_as(int mode, const char *settings, const char *from, int stop_at,
                                train_result *out)
{
    sen_ctx *c = train_ctx(1);
    sen_callback stop = sen_callback_default();
    train_kit k;
    sen_trainer *t = NULL;
    sen_result r;
    stop.user = &stop_at;
    stop.on_step_end = train_stops;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    k.desc.eval_dataset = k.data;
    k.desc.args.dropout_rng = mode & 1;
    k.desc.args.eval_on_start = (mode & TRAIN_ON_START) != 0;
    k.desc.args.bf16 = (mode & TRAIN_BF16) != 0;
    k.desc.args.max_steps = 12;
    k.desc.args.logging_steps = 5;
    k.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.eval_steps = 4;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 2;
    if (settings) {
        sen_json *j = NULL;
        CHECK_OK(c, sen__json_parse(c, &c->keep, "settings", settings, strlen(settings), 0, &j));
        CHECK_OK(c, sen__fields_read(c, j, sen__arguments, &k.desc.args));
    }
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_add_callback(t, &stop));
    r = from ? sen_train_resume(t, *from ? from : NULL) : sen_train(t);
    if (r == SEN_ERR_STOPPED) CHECK(strstr(sen_message(c), "stopped after step") != NULL);
    else CHECK(r == SEN_OK);
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    train_history(c, sen_trainer_state(t)->log_history, out->log, sizeof out->log);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return r;
}

static sen_result train_long(int mode, const char *from, int stop_at, train_result *out)
{
    return train_long_as(mode, NULL, from, stop_at, out);
}

static void train_same(const train_result *a, const train_result *b)
{
    CHECK(a->n > 0 && a->n == b->n &&
          memcmp(a->weight, b->weight, (size_t)a->n * sizeof(float)) == 0);
    CHECK_TEXT(a->log, b->log);
}

/* Resumed from any checkpoint (in mid-epoch, at an epoch's end, at the end), by path or as the
 * latest, or after a stop on request: the same weights and the same log to the bit. */
static void test_train_resume(void)
{
    static train_result whole, again;
    static const char *const from[] = { "out/checkpoint-2", "out/checkpoint-10", "out/checkpoint-6",
                                        "out/checkpoint-12" };
    static const int modes[] = { SEN_DROPOUT_COUNTER, SEN_DROPOUT_TORCH, TRAIN_BF16 };
    int mode;
    size_t i, q;
    for (q = 0; q < SEN__COUNT(modes); q++) {
        char path[1024];
        mode = modes[q];
        CHECK(train_long(mode, NULL, 0, &whole) == SEN_OK);
        for (i = 0; i < 3; i++) {
            snprintf(path, sizeof path, "%s", test_path(from[i]));
            CHECK(train_long(mode, path, 0, &again) == SEN_OK);
            train_same(&whole, &again);
        }
        test_remove(test_path("out"));
        CHECK(train_long(mode, NULL, 7, &again) == SEN_ERR_STOPPED);
        CHECK(train_long(mode, "", 0, &again) == SEN_OK);
        train_same(&whole, &again);
        test_remove(test_path("out"));
    }
}

/* Every optimizer's arrays come back to the bit, those of other sizes and those left out too. */
static void test_train_resume_optimizers(void)
{
    static train_result whole, again;
    static const char *const settings[] = {
        "{\"optim\": \"sgd\"}", "{\"optim\": \"sgd\", \"optim_args\": \"momentum=0.9\"}",
        "{\"optim\": \"adagrad\", \"weight_decay\": 0.1}", "{\"optim\": \"lion_32bit\"}",
        "{\"optim\": \"rmsprop\", \"optim_args\": \"momentum=0.9,centered=True\"}",
        "{\"optim\": \"adafactor\", \"weight_decay\": 0.1}"
    };
    char path[1024];
    size_t i;
    for (i = 0; i < SEN__COUNT(settings); i++) {
        snprintf(path, sizeof path, "%s", test_path("out/checkpoint-6"));
        CHECK(train_long_as(0, settings[i], NULL, 0, &whole) == SEN_OK);
        CHECK(train_long_as(0, settings[i], path, 0, &again) == SEN_OK);
        train_same(&whole, &again);
        test_remove(test_path("out"));
    }
}

/* Schedules that follow the loss of each evaluation: their state and the rates of all groups come
 * back; the rates do move; and a checkpoint of another schedule is refused. */
static void test_train_resume_metric(void)
{
    static train_result whole, again;
    static const char *const settings[] = {
        "{\"lr_scheduler_type\": \"reduce_lr_on_plateau\", \"lr_scheduler_kwargs\": {\"mode\": "
        "\"max\", \"patience\": 0, \"factor\": 0.5}, \"eval_steps\": 2, \"logging_steps\": 1}",
        "{\"lr_scheduler_type\": \"greedy\", \"lr_scheduler_kwargs\": {\"mode\": \"max\", "
        "\"patience\": 0, \"factor\": 0.5, \"min_lr\": 0, \"smooth\": true}, \"eval_steps\": 2, "
        "\"logging_steps\": 1, \"learning_rate_mapping\": {\"(query|value)\\\\.\": 0.01}}"
    };
    static const char *const moved[] = { "learning_rate=0.0050", "learning_rate=0.02 " };
    static const char *const from[] = { "out/checkpoint-2", "out/checkpoint-6",
                                        "out/checkpoint-10" };
    char path[1024];
    size_t i, k;
    for (i = 0; i < SEN__COUNT(settings); i++) {
        CHECK(train_long_as(0, settings[i], NULL, 0, &whole) == SEN_OK);
        CHECK(strstr(whole.log, "learning_rate=0.01 ") != NULL);
        CHECK(strstr(whole.log, moved[i]) != NULL);
        for (k = 0; k < SEN__COUNT(from); k++) {
            snprintf(path, sizeof path, "%s", test_path(from[k]));
            CHECK(train_long_as(0, settings[i], path, 0, &again) == SEN_OK);
            train_same(&whole, &again);
        }
        test_remove(test_path("out"));
    }
}

/* Frozen weights keep their bits, have no part in the optimizer or its checkpoints, and a run with
 * them is resumed as any other; patterns that match nothing are refused. */
static void test_train_frozen(void)
{
    static train_result whole, again;
    static const char settings[] = "{\"freeze\": [\"embeddings\", \"attention\\\\.self\"]}";
    static float before[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    char path[1024];
    train_kit k;
    sen_trainer *t = NULL;
    int64_t at = 0, all = 0, trains = 0;
    bool same = true, moved = false;
    int i;
    CHECK(train_long_as(0, settings, NULL, 0, &whole) == SEN_OK);
    snprintf(path, sizeof path, "%s", test_path("out/checkpoint-6"));
    CHECK(train_long_as(0, settings, path, 0, &again) == SEN_OK);
    train_same(&whole, &again);
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK(train_weights(k.model, before, TRAIN_FLOATS) == whole.n);
    CHECK_OK(c, sen_model_freeze(c, k.model, "embeddings|attention\\.self", true));
    for (i = 0; i < sen_model_weights(k.model); i++) {
        const sen_tensor *w = sen_model_weight(k.model, i);
        const bool equal = memcmp(before + at, whole.weight + at, (size_t)w->count * 4) == 0;
        if (w->requires_grad) moved = moved || !equal;
        else same = same && equal;
        trains += w->requires_grad ? w->count : 0;
        all += w->count;
        at += w->count;
    }
    CHECK(same && moved && trains > 0 && trains < all);
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_trainer_get_num_trainable_parameters(t) == trains);
    sen_trainer_free(t);
    CHECK_OK(c, sen_model_freeze(c, k.model, "", false));
    CHECK(sen_model_weight(k.model, 0)->requires_grad);
    train_settles(&k, "{\"freeze\": \"encoderr\"}", SEN_ERR_ARGUMENT, "no weight of the model");
    train_settles(&k, "{\"freeze\": [\"(\"]}", SEN_ERR_ARGUMENT, "not closed");
    train_settles(&k, "{\"freeze\": []}", SEN_OK, "");
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- adapters -------------------------------------------------------------------------------- */

/* The kit's model from a folder of its own, which an adapter can call its base. */
static sen_result train_rebase(train_kit *k, const char *folder)
{
    const sen_result r = sen_model_save(k->c, k->model, folder);
    if (r) return r;
    sen_model_free(k->model);
    k->model = NULL;
    return sen_model_load(k->c, folder, &k->model);
}

static sen_result train_adapt(train_kit *k, const char *config, uint64_t seed)
{
    sen_json *j = NULL;
    const sen_result r = sen__json_parse(k->c, &k->c->keep, "adapter", config, strlen(config), 0,
                                         &j);
    return r ? r : sen_model_add_adapter(k->c, k->model, j, seed);
}

/* A row of PEFT's: which Linears get an adapter, their ranks and factors, the numbers drawn. */
static void train_adapter_row(train_kit *k, const sen_json *config, const sen_json *rows)
{
    const sen__adapter *a;
    const sen_json *row, *v;
    int i = 0, q;
    const sen_result r = sen_model_add_adapter(k->c, k->model, config, 12);
    CHECK((r == SEN_OK) == (rows->kind == SEN_JSON_LIST));
    if (r) return;
    a = k->model->transformer->adapter;
    CHECK(a->n == rows->count);
    for (row = rows->child; row && i < a->n; row = row->next, i++) {
        const sen_lora *lora = &a->lora[i];
        const float scale = (float)sen_json_get(row, "scale")->number;
        char name[128];
        snprintf(name, sizeof name, "%s.lora_A.weight", sen_json_get(row, "name")->text);
        CHECK_TEXT(lora->down->name, name);
        CHECK(lora->down->shape[0] == sen_json_get(row, "r")->integer &&
              lora->up->shape[1] == lora->down->shape[0]);
        CHECK_NEAR(&lora->scale, &scale, 1, 1e-7);
        for (q = 0, v = sen_json_get(row, "a")->child; v; v = v->next, q++)
            CHECK(fabs((double)lora->down->data[q] - v->number) < 2e-7);
        for (q = -2, v = sen_json_get(row, "b")->child; v; v = v->next, q++)
            CHECK(fabs((double)lora->up->data[lora->up->count + q] - v->number) < 2e-7);
    }
}

/* What PEFT has recorded, each on a model of its own. */
static void test_train_adapter_peft(void)
{
    sen_ctx *c = train_ctx(1);
    sen_json *golden = NULL;
    const sen_json *g;
    int n = 0;
    CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/peft.json", 0, &golden));
    for (g = golden ? sen_json_get(golden, "rows")->child : NULL; g; g = g->next, n++) {
        train_kit k;
        memset(&k, 0, sizeof k);
        k.c = c;
        CHECK_OK(c, train_model(&k, 2, 0));
        CHECK_OK(c, train_rebase(&k, test_path("base")));
        train_adapter_row(&k, g->child, g->child->next);
        sen_model_free(k.model);
    }
    CHECK(n == 17);
    sen_ctx_free(c);
}

/* Embeddings of the kit's first column, (TRAIN_ROWS, 8). */
static void train_encoded(train_kit *k, const sen_model *m, float *out)
{
    CHECK_OK(k->c, sen_encode(k->c, m, k->cell[0], TRAIN_ROWS, NULL, out));
}

/* Numbers everywhere, so that nothing is a product with zeros. */
static void train_stir(sen_model *m)
{
    sen_rng rng;
    int i;
    sen_rng_seed(&rng, 3);
    for (i = m->module[0].n_weights; i < sen_model_weights(m); i++) {
        sen_tensor *w = sen_model_weight(m, i);
        sen__rng_normal(&rng, w->data, w->count, 0.0, 0.5);
    }
}

#define TRAIN_ALL_LINEAR "{\"r\": 3, \"lora_alpha\": 4.5, \"target_modules\": \"all-linear\"}"

/* The gradients of the first batch by name; the caller closes s. */
static void train_gradients_of(train_kit *k, const char *path, sen__safetensors *s)
{
    sen_trainer *t = NULL;
    CHECK_OK(k->c, sen_trainer_new(k->c, &k->desc, &t));
    CHECK_OK(k->c, sen_trainer_gradients(t, path));
    CHECK_OK(k->c, sen__safetensors_open(k->c, path, s));
    sen_trainer_free(t);
}

static float train_gradient(const train_kit *k, const sen__safetensors *s, const char *stem,
                            const char *part, int64_t i)
{
    char name[200];
    sen_tensor w;
    float v = 0;
    const sen__stored *found;
    int64_t shape[2];
    snprintf(name, sizeof name, "grad.model.0.model.%s.%s", stem, part);
    found = sen__safetensors_find(s, name);
    CHECK(found != NULL);
    if (!found) return 0;
    shape[0] = found->shape[0];
    shape[1] = found->shape[1];
    if (CHECK_OK(k->c, sen__tensor_init(k->c, &w, name, 2, shape))) {
        CHECK_OK(k->c, sen__tensor_read(k->c, s, found, &w));
        v = w.data[i];
        sen__tensor_free(&k->c->allocator, &w);
    }
    return v;
}

/* With w' = w + s up down, d up = s dw' down' and d down = s up' dw': the gradients of the merged
 * model's own weights, which other tests compare with central differences, say what the adapter's
 * must be. The embeddings of both are the same, and so are those with each layer run twice. */
static void test_train_adapter_gradients(void)
{
    sen_ctx *c = train_ctx(2);
    static float adapted[TRAIN_ROWS * 8], merged[TRAIN_ROWS * 8];
    const char *path[] = { "a.safetensors", "b.safetensors", "m.safetensors" };
    sen__safetensors s[3];
    sen_model *copy = NULL;
    train_kit k;
    int q, i;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, train_rebase(&k, test_path("base")));
    CHECK_OK(c, train_adapt(&k, TRAIN_ALL_LINEAR, 1));
    train_stir(k.model);
    k.desc.model = k.model;
    train_encoded(&k, k.model, adapted);
    CHECK_OK(c, sen_model_copy(c, k.model, &copy));
    train_encoded(&k, copy, merged);
    CHECK(memcmp(adapted, merged, sizeof merged) == 0);
    train_gradients_of(&k, test_path(path[0]), &s[0]);
    k.desc.args.gradient_checkpointing = true;
    train_gradients_of(&k, test_path(path[1]), &s[1]);
    CHECK_OK(c, sen_model_merge_adapter(c, copy));
    CHECK(!sen_model_adapter(copy) && sen_model_weights(copy) == copy->module[0].n_weights);
    train_encoded(&k, copy, merged);
    CHECK_NEAR(adapted, merged, TRAIN_ROWS * 8, 2e-6);
    CHECK_OK(c, sen_model_freeze(c, copy, "", false));
    k.desc.model = copy;
    train_gradients_of(&k, test_path(path[2]), &s[2]);
    for (q = 0; q < k.model->transformer->adapter->n; q++) {
        const sen_lora *lora = &k.model->transformer->adapter->lora[q];
        const int64_t in = lora->down->shape[1], out = lora->up->shape[0], r = lora->up->shape[1];
        const int places[][2] = { { 0, 0 }, { 1, 1 }, { 2, 3 } };
        char stem[100];
        snprintf(stem, sizeof stem, "%.*s", (int)strlen(lora->up->name) - 14, lora->up->name);
        if (lora->up->unused) continue;                     /* the pooler's */
        for (i = 0; i < 3; i++) {
            const int64_t at = places[i][0], col = places[i][1];    /* of d down (r,in) */
            double down = 0, up = 0;
            int64_t j;
            for (j = 0; j < out; j++)
                down += (double)lora->up->data[j * r + at] *
                        (double)train_gradient(&k, &s[2], stem, "weight", j * in + col);
            for (j = 0; j < in; j++)
                up += (double)train_gradient(&k, &s[2], stem, "weight", col * in + j) *
                      (double)lora->down->data[at * in + j];
            down *= (double)lora->scale;
            up *= (double)lora->scale;
            CHECK(fabs(down - (double)train_gradient(&k, &s[0], stem, "lora_A.default.weight",
                                                     at * in + col)) < 5e-6 + 1e-3 * fabs(down));
            CHECK(fabs(up - (double)train_gradient(&k, &s[0], stem, "lora_B.default.weight",
                                                   col * r + at)) < 5e-6 + 1e-3 * fabs(up));
            CHECK(train_gradient(&k, &s[0], stem, "lora_A.default.weight", at * in + col) ==
                  train_gradient(&k, &s[1], stem, "lora_A.default.weight", at * in + col));
        }
    }
    for (i = 0; i < 3; i++) sen__safetensors_close(c, &s[i]);
    sen_model_free(copy);
    train_drop(&k);
    sen_ctx_free(c);
}

/* A run with an adapter that drops out, of 12 steps, saved every second one. */
static sen_result train_adapted(int threads, int torch, bool twice, const char *from,
                                const char *to, train_result *out)
{
    sen_ctx *c = train_ctx(threads);
    static float base[TRAIN_FLOATS];
    train_kit k;
    sen_trainer *t = NULL;
    sen_result r;
    int64_t n;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, train_rebase(&k, test_path("base")));
    n = train_weights(k.model, base, TRAIN_FLOATS);
    CHECK_OK(c, train_adapt(&k, "{\"r\": 2, \"lora_dropout\": 0.25, \"target_modules\": "
                                "[\"query\", \"dense\"]}", 7));
    k.desc.model = k.model;
    k.desc.args.dropout_rng = torch;
    k.desc.args.gradient_checkpointing = twice;
    k.desc.args.max_steps = 12;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 6;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    r = from ? sen_train_resume(t, from) : sen_train(t);
    if (!r && to) r = sen_trainer_save_model(t, to);
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    CHECK(out->n > n && memcmp(base, out->weight, (size_t)n * sizeof *base) == 0);
    train_history(c, sen_trainer_state(t)->log_history, out->log, sizeof out->log);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return r;
}

/* Only the adapter moves; the bits depend neither on threads, nor on layers that are run twice, nor
 * on a stop; the folder that comes of it has no weights but the adapter's, and loads. */
static void test_train_adapter_run(void)
{
    static train_result whole, again;
    sen_ctx *c = train_ctx(1);
    sen_file_info info;
    const sen_files *f = sen_system_files();
    static float weight[TRAIN_FLOATS];
    sen_model *m = NULL;
    int torch;
    for (torch = 0; torch < 2; torch++) {
        CHECK(train_adapted(1, torch, false, NULL, test_path("final"), &whole) == SEN_OK);
        CHECK(train_adapted(2, torch, false, test_path("out/checkpoint-6"), NULL, &again) ==
              SEN_OK);
        train_same(&whole, &again);
        CHECK(train_adapted(7, torch, true, NULL, NULL, &again) == SEN_OK);
        train_same(&whole, &again);
    }
    CHECK(f->info(f->user, test_path("final/model.safetensors"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("final/config.json"), &info) == SEN_FILE_NOT_FOUND);
    CHECK_OK(c, sen_model_load(c, test_path("final"), &m));
    if (m) {
        CHECK(train_weights(m, weight, TRAIN_FLOATS) == whole.n &&
              memcmp(weight, whole.weight, (size_t)whole.n * sizeof *weight) == 0);
        CHECK_TEXT(sen_json_get(sen_model_adapter(m), "base_model_name_or_path")->text,
                   test_path("base"));
        CHECK_OK(c, sen_model_merge_adapter(c, m));
        CHECK_OK(c, sen_model_save(c, m, test_path("final")));
        sen_model_free(m);
        m = NULL;
        CHECK(f->info(f->user, test_path("final/adapter_config.json"), &info) ==
              SEN_FILE_NOT_FOUND);
        CHECK_OK(c, sen_model_load(c, test_path("final"), &m));
        CHECK(m && !sen_model_adapter(m));
        sen_model_free(m);
    }
    sen_ctx_free(c);
}

/* An adapter in one buffer has its base with it; a base that is not there is told, also beside the
 * adapter's own folder. */
static void test_train_adapter_folders(void)
{
    sen_ctx *c = train_ctx(1);
    static float a[TRAIN_ROWS * 8], b[TRAIN_ROWS * 8];
    void *image = NULL;
    size_t size = 0;
    sen_model *m = NULL;
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, train_rebase(&k, test_path("base")));
    CHECK_OK(c, train_adapt(&k, TRAIN_ALL_LINEAR, 1));
    train_stir(k.model);
    train_encoded(&k, k.model, a);
    CHECK_OK(c, sen_model_save_memory(c, k.model, &image, &size));
    CHECK_OK(c, sen_model_load_memory(c, image, size, &m));
    train_encoded(&k, m, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(c, sen_model_merge_adapter(c, m));         /* from no folder: none can be added */
    CHECK(sen_model_load_adapter(c, m, test_path("base")) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "this model is from none") != NULL);
    sen_model_free(m);
    CHECK_OK(c, sen_model_copy(c, k.model, &m));
    CHECK_TEXT(sen_json_get(sen_model_adapter(m), "base_model_name_or_path")->text,
               test_path("base"));
    sen_model_free(m);
    CHECK_OK(c, sen_model_load_memory(c, image, size, &m));
    sen_memory_free(c, image);
    /* Whose base is ".": a folder of it has all, wherever it is put. */
    CHECK_OK(c, sen_model_save(c, m, test_path("all")));
    sen_model_free(m);
    CHECK_OK(c, sen_model_load(c, test_path("all"), &m));
    train_encoded(&k, m, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    sen_model_free(m);
    m = NULL;
    CHECK_OK(c, sen_model_save(c, k.model, test_path("adapter")));
    sen_model_free(k.model);
    CHECK_OK(c, sen_model_load(c, test_path("base"), &k.model));
    CHECK_OK(c, sen_model_load_adapter(c, k.model, test_path("adapter")));
    train_encoded(&k, k.model, b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK(sen_model_load_adapter(c, k.model, test_path("adapter")) == SEN_ERR_ARGUMENT);
    test_remove(test_path("base"));
    CHECK(sen_model_load(c, test_path("adapter"), &m) == SEN_ERR_IO);
    CHECK(strstr(sen_message(c), "the adapter's base") != NULL);
    train_drop(&k);
    sen_ctx_free(c);
}

/* What cannot be an adapter, each with its sentence; the model stays as it was. */
static void test_train_adapter_refused(void)
{
    static const struct { const char *config; sen_result r; const char *says; } row[] = {
        { "{\"rr\": 1}", SEN_ERR_ARGUMENT, "adapter:1:2: unknown key \"rr\"; did you mean \"r\"?" },
        { "{\"r\": 0}", SEN_ERR_ARGUMENT, "r must be at least 1" },
        { "{\"r\": 2.5}", SEN_ERR_ARGUMENT, "\"r\"" },
        { "{\"lora_dropout\": 1}", SEN_ERR_ARGUMENT, "0 <= p < 1" },
        { "{\"lora_alpha\": 1e999}", SEN_ERR_ARGUMENT, "lora_alpha" },
        { "{\"use_dora\": true}", SEN_ERR_UNSUPPORTED, "an adapter with use_dora" },
        { "{\"modules_to_save\": [\"x\"]}", SEN_ERR_UNSUPPORTED, "modules_to_save" },
        { "{\"bias\": \"all\"}", SEN_ERR_UNSUPPORTED, "bias can only be" },
        { "{\"peft_type\": \"IA3\"}", SEN_ERR_UNSUPPORTED, "of the kind IA3" },
        { "{\"init_lora_weights\": \"pissa\"}", SEN_ERR_UNSUPPORTED, "init_lora_weights" },
        { "{\"target_modules\": [\"querry\"]}", SEN_ERR_ARGUMENT,
          "names end in: query, key, value, dense" },
        { "{\"target_modules\": [\"word_embeddings\"]}", SEN_ERR_UNSUPPORTED, "is no Linear" },
        { "{\"target_modules\": [\"LayerNorm\"]}", SEN_ERR_UNSUPPORTED, "is no Linear" },
        { "{\"target_modules\": \"(\"}", SEN_ERR_ARGUMENT, "not closed" },
        { "{\"target_modules\": [3]}", SEN_ERR_ARGUMENT, "a list of names" },
        { "{\"target_modules\": \"query\", \"layers_to_transform\": 1}", SEN_ERR_ARGUMENT,
          "goes with a list" },
        { "{\"layers_to_transform\": [0.5]}", SEN_ERR_ARGUMENT, "a layer's number" },
        { "{\"layers_pattern\": \"layer\"}", SEN_ERR_ARGUMENT, "with layers_to_transform only" },
        { "{\"layers_to_transform\": [0], \"layers_pattern\": [1]}", SEN_ERR_ARGUMENT,
          "a part of a name" },
        { "{\"rank_pattern\": {\"query\": 0}}", SEN_ERR_ARGUMENT, "a whole number" },
        { "{\"rank_pattern\": [1]}", SEN_ERR_ARGUMENT, "pattern -> number" },
        { "{\"alpha_pattern\": {\"query\": \"x\"}}", SEN_ERR_ARGUMENT, "should be a number" },
        { "[]", SEN_ERR_ARGUMENT, "an object with LoraConfig's keys" }
    };
    sen_ctx *c = train_ctx(1);
    sen_json *empty = NULL;
    train_kit k;
    size_t i;
    int n;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, sen__json_parse(c, &c->keep, "adapter", "{}", 2, 0, &empty));
    CHECK(sen_model_add_adapter(c, k.model, empty, 1) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "this model is from none") != NULL);
    CHECK(sen_model_merge_adapter(c, k.model) == SEN_ERR_ARGUMENT);
    CHECK_OK(c, train_rebase(&k, test_path("base")));
    n = sen_model_weights(k.model);
    for (i = 0; i < SEN__COUNT(row); i++) {
        const sen_result r = train_adapt(&k, row[i].config, 1);
        if (r != row[i].r || !strstr(sen_message(c), row[i].says))
            printf("%s\n  %s\n", row[i].config, sen_message(c));
        CHECK(r == row[i].r && strstr(sen_message(c), row[i].says) != NULL);
        CHECK(sen_model_weights(k.model) == n && sen_model_weight(k.model, 0)->requires_grad);
    }
    CHECK_OK(c, train_adapt(&k, "{}", 1));
    CHECK(train_adapt(&k, "{}", 1) == SEN_ERR_ARGUMENT);
    k.desc.model = k.model;
    CHECK_OK(c, sen_model_freeze(c, k.model, "LayerNorm", false));
    {
        sen_trainer *t = NULL;
        sen_result r = sen_trainer_new(c, &k.desc, &t);
        if (!r) r = sen_train(t);
        CHECK(r == SEN_ERR_ARGUMENT && strstr(sen_message(c), "would train beside") != NULL);
        sen_trainer_free(t);
    }
    train_drop(&k);
    sen_ctx_free(c);
}

/* An evaluation at the start of the resumed run draws from torch's generator, and changes nothing:
 * the checkpoint's is taken over behind it. */
static void test_train_resume_evaluated(void)
{
    static train_result whole, again;
    const int mode = SEN_DROPOUT_TORCH | TRAIN_ON_START;
    char path[2][1024];
    int i;
    snprintf(path[0], sizeof path[0], "%s", test_path("out/checkpoint-2"));
    snprintf(path[1], sizeof path[1], "%s", test_path("out/checkpoint-10"));
    CHECK(train_long(mode, NULL, 0, &whole) == SEN_OK);
    for (i = 0; i < 2; i++) {
        CHECK(train_long(mode, path[i], 0, &again) == SEN_OK);
        CHECK(whole.n > 0 && memcmp(whole.weight, again.weight, sizeof whole.weight) == 0);
    }
}

enum { TRAIN_CUT_RECOMPUTES = 1, TRAIN_CUT_BF16 = 2 };

/* Four steps with a loss from JSON and dropout from counters; the weights, and the first batch's
 * loss. Evaluates too. */
static void train_cut(const char *spec, int mode, train_result *out, double *loss)
{
    sen_ctx *c = train_ctx(1);
    sen_trainer *t = NULL;
    const sen_json *metrics = NULL;
    sen_json *j = NULL;
    sen_loss *l = NULL;
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, sen_model_save(c, k.model, test_path("guide")));
    CHECK_OK(c, sen_json_parse(c, "loss", spec, strlen(spec), &j));
    CHECK_OK(c, sen_loss_from_json(c, j, NULL, &l));
    k.desc.loss = l;
    k.desc.eval_dataset = k.data;
    k.desc.args.max_steps = 4;
    k.desc.args.per_device_train_batch_size = 7;
    k.desc.args.per_device_eval_batch_size = 7;
    k.desc.args.gradient_accumulation_steps = 2;
    k.desc.args.logging_steps = 1;
    k.desc.args.save_strategy = SEN_STRATEGY_NO;
    k.desc.args.gradient_checkpointing = (mode & TRAIN_CUT_RECOMPUTES) != 0;
    k.desc.args.bf16 = (mode & TRAIN_CUT_BF16) != 0;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    *loss = sen_json_get(metrics, "eval_loss")->number;
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    sen_trainer_free(t);
    sen_loss_free(l);
    train_drop(&k);
    sen_ctx_free(c);
}

/* A batch in pieces of 3 rows, or of 11 tokens, is the batch: with dropout, with accumulation, in a
 * MatryoshkaLoss, in evaluation, with layers computed again (the same bits) and with bfloat16. Only
 * rounding differs. */
static void test_train_cached(void)
{
#define TRAIN_MNRL "MultipleNegativesRankingLoss\""
#define TRAIN_ALL  ", \"directions\": [\"query_to_doc\", \"query_to_query\", \"doc_to_query\", " \
                   "\"doc_to_doc\"]}"
#define TRAIN_WIDE "{\"type\": \"MatryoshkaLoss\", \"matryoshka_dims\": [8, 4], \"loss\": "
    static const char *const pair[][2] = {
        { "{\"type\": \"" TRAIN_MNRL TRAIN_ALL,
          "{\"type\": \"Cached" TRAIN_MNRL ", \"mini_batch_size\": 3" TRAIN_ALL },
        { "{\"type\": \"" TRAIN_MNRL "}",
          "{\"type\": \"Cached" TRAIN_MNRL ", \"mini_batch_num_tokens\": 11}" },
        { "\"MultipleNegativesSymmetricRankingLoss\"",
          "{\"type\": \"CachedMultipleNegativesSymmetricRankingLoss\", \"mini_batch_size\": 2}" },
        { TRAIN_WIDE "\"" TRAIN_MNRL "}",
          TRAIN_WIDE "{\"type\": \"Cached" TRAIN_MNRL ", \"mini_batch_size\": 3}}" },
        { "{\"type\": \"MegaBatchMarginLoss\", \"use_mini_batched_version\": false}",
          "{\"type\": \"MegaBatchMarginLoss\", \"mini_batch_size\": 3}" },
    };
    static train_result whole, cut, again;
    const size_t pairs = sizeof pair / sizeof pair[0];
    char guided[2][1400];
    size_t i;
    int64_t k;
    snprintf(guided[0], sizeof guided[0], "{\"type\": \"GISTEmbedLoss\", \"temperature\": 0.1, "
             "\"guide\": \"%s\"}", test_path("guide"));
    snprintf(guided[1], sizeof guided[1], "{\"type\": \"CachedGISTEmbedLoss\", \"temperature\": "
             "0.1, \"mini_batch_size\": 3, \"guide\": \"%s\"}", test_path("guide"));
    for (i = 0; i <= pairs; i++) {
        const char *plain = i < pairs ? pair[i][0] : guided[0];
        const char *cached = i < pairs ? pair[i][1] : guided[1];
        for (int mode = 0; mode <= TRAIN_CUT_BF16; mode += TRAIN_CUT_BF16) {
            const double tol = mode ? 2e-3 : 2e-5;      /* of a step of Adam, in bfloat16 */
            double loss[2], off = 0, most = 0;
            train_cut(plain, mode, &whole, &loss[0]);
            train_cut(cached, mode, &cut, &loss[1]);
            CHECK(whole.n > 0 && whole.n == cut.n &&
                  fabs(loss[0] - loss[1]) <= 0.1 * tol * fabs(loss[0]));
            for (k = 0; k < whole.n; k++) {
                off = fmax(off, fabs((double)whole.weight[k] - (double)cut.weight[k]));
                most = fmax(most, fabs((double)whole.weight[k]));
            }
            if (!(off <= tol * most)) printf("pair %d is off by %g of %g\n", (int)i, off, most);
            CHECK(off <= tol * most);
            train_cut(cached, mode | TRAIN_CUT_RECOMPUTES, &again, &loss[0]);
            CHECK(again.n == cut.n && loss[0] == loss[1] &&
                  memcmp(again.weight, cut.weight, (size_t)cut.n * sizeof(float)) == 0);
        }
    }
}

/* A guide that reads fewer tokens than the model, or other ones. */
static void test_train_guide_refused(void)
{
    sen_ctx *c = train_ctx(1);
    sen_gist_args a = sen_gist_args_default();
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    char folder[1024];
    train_kit k, other;
    snprintf(folder, sizeof folder, "%s", test_path("guide"));
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.0));
    CHECK_OK(c, sen_model_save(c, k.model, folder));
    a.guide = folder;
    CHECK_OK(c, sen_loss_new(c, "GISTEmbedLoss", &a, &l));
    k.desc.loss = l;
    sen_model_set_max_seq_length(k.model, 12);
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_UNSUPPORTED && !t);
    CHECK(strstr(sen_message(c), "the guide of GISTEmbedLoss reads 8 tokens of a text, the model "
                                 "12") != NULL);
    sen_loss_free(l);
    train_drop(&k);
    CHECK_OK(c, train_make(&other, c, "MultipleNegativesRankingLoss", 0.0));
    test_write_text(test_path("guide/vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nother\n");
    test_remove(test_path("guide/tokenizer.json"));
    CHECK_OK(c, sen_loss_new(c, "GISTEmbedLoss", &a, &l));
    other.desc.loss = l;
    CHECK(sen_trainer_new(c, &other.desc, &t) == SEN_ERR_UNSUPPORTED && !t);
    CHECK(strstr(sen_message(c), "the guide of GISTEmbedLoss has another vocabulary") != NULL);
    sen_loss_free(l);
    train_drop(&other);
    test_remove(folder);
    sen_ctx_free(c);
}

/* A user's loss with a weight of its own: (mean of w . (a - b) - 1)^2. */
static sen_result train_own_weights(sen_ctx *c, sen_loss *l, int64_t dimension, sen_rng *rng)
{
    int64_t shape[2];
    sen_tensor *w;
    sen_result r;
    int64_t i;
    (void)c;
    shape[0] = 1;
    shape[1] = dimension;
    r = sen_loss_add_weight(l, "head.weight", 2, shape, &w);
    for (i = 0; !r && i < w->count; i++) w->data[i] = (float)(sen_rng_next(rng) % 1000) / 1000.0f;
    return r;
}

static sen_var *train_own_forward(sen_loss_call *call)
{
    sen_tape *t = call->tape;
    sen_var *w = sen_tape_weight(t, sen_loss_weight(call->loss, 0));
    sen_var *y = sen_linear(t, sen_sub(t, call->emb[0], call->emb[1]), w, NULL);
    sen_var *off = sen_affine(t, sen_mean(t, y), 1.0f, -1.0f);
    return sen_loss_term(call, "square", sen_mul(t, off, off));
}

static const sen_field train_own_fields[] = { SEN_FIELD_END };

/* Six steps, saved after three, or resumed from there; all weights of model and loss into out. */
static void train_own(const char *from, bool restore, train_result *out)
{
    sen_loss_type type;
    sen_ctx *c = train_ctx(1);
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    train_kit k;
    memset(&type, 0, sizeof type);
    type.name = "OwnLoss";
    type.columns = "first, second";
    type.min_columns = 2;
    type.fields = train_own_fields;
    type.forward = train_own_forward;
    type.make_weights = train_own_weights;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.0));
    CHECK_OK(c, sen_register_loss(c, &type));
    CHECK_OK(c, sen_loss_new(c, "OwnLoss", NULL, &l));
    k.desc.loss = l;
    k.desc.args.restore_loss_weights = restore;
    k.desc.args.max_steps = 6;
    k.desc.args.logging_steps = 3;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 3;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_loss_weights(l) == 1);
    CHECK_OK(c, from ? sen_train_resume(t, from) : sen_train(t));
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    if (sen_loss_weights(l) == 1 && out->n + 8 <= TRAIN_FLOATS)
        memcpy(out->weight + out->n, sen_loss_weight(l, 0)->data, 8 * sizeof(float));
    out->n += 8;
    train_history(c, sen_trainer_state(t)->log_history, out->log, sizeof out->log);
    sen_trainer_free(t);
    sen_loss_free(l);
    train_drop(&k);
    sen_ctx_free(c);
}

/* The loss's own weights train, are in the checkpoint and come back; restore_loss_weights false
 * begins them anew, as a checkpoint without their file does, with a warning. Its named term stands
 * in the log, to four decimals. */
static void test_train_loss_weights(void)
{
    static train_result whole, again, fresh, missing;
    char path[1024];
    snprintf(path, sizeof path, "%s", test_path("out/checkpoint-3"));
    train_own(NULL, true, &whole);
    CHECK(strstr(whole.log, "square=") != NULL);
    train_own(path, true, &again);
    train_same(&whole, &again);
    train_own(path, false, &fresh);
    CHECK(memcmp(whole.weight, fresh.weight, (size_t)whole.n * sizeof(float)) != 0);
    test_remove(test_path("out/checkpoint-3/loss.safetensors"));
    train_own(path, true, &missing);
    CHECK(strstr(test_log_text, "loss.safetensors is not there") != NULL);
    train_same(&fresh, &missing);
    test_remove(test_path("out"));
}

/* Six steps of a loss that trains a copy of the model beside it. */
static void train_twin(const char *name, const char *from, bool recompute, int threads,
                       train_result *out)
{
    sen_ctx *c = train_ctx(threads);
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    train_kit k;
    int64_t n;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, sen_loss_new(c, name, NULL, &l));
    k.desc.loss = l;
    k.desc.args.gradient_checkpointing = recompute;
    k.desc.args.max_steps = 6;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 3;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_loss_weights(l) == sen_model_weights(k.model));
    CHECK(memcmp(sen_loss_weight(l, 0)->data, sen_model_weight(k.model, 0)->data,
                 (size_t)sen_loss_weight(l, 0)->count * sizeof(float)) == 0);
    CHECK_OK(c, from ? sen_train_resume(t, from) : sen_train(t));
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    n = sen_loss_weight(l, 0)->count;           /* its words: they have moved otherwise */
    CHECK(memcmp(sen_loss_weight(l, 0)->data, sen_model_weight(k.model, 0)->data,
                 (size_t)n * sizeof(float)) != 0);
    if (out->n + n <= TRAIN_FLOATS)
        memcpy(out->weight + out->n, sen_loss_weight(l, 0)->data, (size_t)n * sizeof(float));
    out->n += n;
    train_history(c, sen_trainer_state(t)->log_history, out->log, sizeof out->log);
    sen_trainer_free(t);
    sen_loss_free(l);
    train_drop(&k);
    sen_ctx_free(c);
}

/* The copy is trained, kept in checkpoints and comes back with the same bits; it has no dropout,
 * also where a layer is computed again; threads change nothing. */
static void test_train_twin(void)
{
    static train_result whole, other;
    char path[1024];
    snprintf(path, sizeof path, "%s", test_path("out/checkpoint-3"));
    train_twin("ContrastiveTensionLoss", NULL, false, 1, &whole);
    train_twin("ContrastiveTensionLoss", path, false, 1, &other);
    train_same(&whole, &other);
    train_twin("ContrastiveTensionLoss", NULL, true, 1, &other);
    train_same(&whole, &other);
    train_twin("ContrastiveTensionLoss", NULL, false, 2, &other);
    train_same(&whole, &other);
    test_remove(test_path("out"));
}

/* ---- a decoder ------------------------------------------------------------------------------- */

/* Six steps of DenoisingAutoEncoderLoss; mode: a sum of these. */
enum { TRAIN_UNTIED = 1, TRAIN_RECOMPUTE = 2, TRAIN_DECODER_BF16 = 4, TRAIN_TORCH = 8 };

static void train_decoder(int mode, const char *from, int threads, train_result *out)
{
    sen_ctx *c = train_ctx(threads);
    sen_denoising_args a = sen_denoising_args_default();
    sen_memory_plan plan;
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    train_kit k;
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    CHECK_OK(c, sen_model_save(c, k.model, test_path("decoder")));
    if (mode & TRAIN_UNTIED) {
        a.tie_encoder_decoder = false;
        a.decoder_name_or_path = test_path("decoder");
    }
    CHECK_OK(c, sen_loss_new(c, "DenoisingAutoEncoderLoss", &a, &l));
    k.desc.loss = l;
    k.desc.args.gradient_checkpointing = (mode & TRAIN_RECOMPUTE) != 0;
    k.desc.args.bf16 = (mode & TRAIN_DECODER_BF16) != 0;
    k.desc.args.dropout_rng = mode & TRAIN_TORCH ? SEN_DROPOUT_TORCH : SEN_DROPOUT_COUNTER;
    k.desc.args.max_steps = 6;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 3;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    /* Cross attention and head; the decoder's own model where it is not tied. */
    CHECK(sen_loss_weights(l) == 15 + (mode & TRAIN_UNTIED ? sen_model_weights(k.model) : 0));
    CHECK_OK(c, sen_trainer_plan(t, &plan));
    for (i = 0; i < sen_loss_weights(l); i++) plan.weights -= 4 * sen_loss_weight(l, i)->count;
    for (i = 0; i < sen_model_weights(k.model); i++)
        plan.weights -= 4 * sen_model_weight(k.model, i)->count;
    CHECK(plan.weights == 0);
    CHECK_OK(c, from ? sen_train_resume(t, from) : sen_train(t));
    out->n = train_weights(k.model, out->weight, TRAIN_FLOATS);
    for (i = 0; i < sen_loss_weights(l); i++) {
        const sen_tensor *w = sen_loss_weight(l, i);
        if (out->n + w->count <= TRAIN_FLOATS)
            memcpy(out->weight + out->n, w->data, (size_t)w->count * sizeof(float));
        out->n += w->count;
    }
    CHECK(out->n <= TRAIN_FLOATS);
    train_history(c, sen_trainer_state(t)->log_history, out->log, sizeof out->log);
    sen_trainer_free(t);
    sen_loss_free(l);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Tied or not: resumed, on two threads and with layers computed again the bits are the same, with
 * either dropout; in bfloat16 they are others, and the same when resumed. */
static void test_train_decoder(void)
{
    static train_result whole, other, rounded;
    static const int modes[] = { 0, TRAIN_UNTIED, TRAIN_TORCH };
    char path[1024];
    size_t i;
    snprintf(path, sizeof path, "%s", test_path("out/checkpoint-3"));
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        train_decoder(modes[i], NULL, 1, &whole);
        train_decoder(modes[i], path, 1, &other);
        train_same(&whole, &other);
        train_decoder(modes[i] | TRAIN_RECOMPUTE, NULL, 1, &other);
        train_same(&whole, &other);
        train_decoder(modes[i], NULL, 2, &other);
        train_same(&whole, &other);
    }
    train_decoder(TRAIN_DECODER_BF16, NULL, 1, &rounded);
    CHECK(memcmp(rounded.weight, whole.weight, (size_t)whole.n * sizeof(float)) != 0);
    train_decoder(TRAIN_DECODER_BF16 | TRAIN_RECOMPUTE, path, 2, &other);
    train_same(&rounded, &other);
    test_remove(test_path("out"));
}

/* A decoder of width `width`, with a table of so many positions and these words. */
static void train_refuse_decoder(sen_ctx *c, train_kit *k, int width, int positions,
                                 const char *more, const char *words, const char *sentence)
{
    sen_denoising_args a = sen_denoising_args_default();
    sen_model *before = k->model;
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    sen_json *spec = NULL;
    char text[700];
    test_write_text(test_path("words.txt"), words);
    snprintf(text, sizeof text,
             "{\"modules\": [{\"type\": \"Transformer\", \"config\": {\"model_type\": \"bert\", "
             "\"hidden_size\": %d, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, "
             "\"intermediate_size\": 12, \"max_position_embeddings\": %d%s}, \"vocab\": "
             "\"words.txt\"}, {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"}]}", width,
             positions, more);
    CHECK_OK(c, sen__json_parse(c, &c->keep, "model", text, strlen(text), 0, &spec));
    CHECK_OK(c, sen_model_from_json(c, spec, NULL, test_folder(), 42, &k->model));
    CHECK_OK(c, sen_model_save(c, k->model, test_path("decoder")));
    sen_model_free(k->model);
    k->model = before;
    a.tie_encoder_decoder = false;
    a.decoder_name_or_path = test_path("decoder");
    CHECK_OK(c, sen_loss_new(c, "DenoisingAutoEncoderLoss", &a, &l));
    k->desc.loss = l;
    CHECK(sen_trainer_new(c, &k->desc, &t) != SEN_OK && !t);
    CHECK(strstr(sen_message(c), sentence) != NULL);
    sen_loss_free(l);
    test_remove(test_path("decoder"));
}

/* What cannot be a decoder, and columns that are none of it: told before the first step. A loss
 * that has met a model takes no larger one. */
static void test_train_decoder_refused(void)
{
    sen_ctx *c = train_ctx(1);
    sen_trainer *t = NULL;
    sen_loss *l = NULL;
    sen_dataset *data;
    sen_column column[3];
    char words[300];
    train_kit k;
    int i;
    snprintf(words, sizeof words, "%sworse\n", train_vocab);
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    train_refuse_decoder(c, &k, 4, 16, "", train_vocab, "has vectors of 4 dimensions");
    train_refuse_decoder(c, &k, 8, 16, "", words, "has another vocabulary than the model");
    train_refuse_decoder(c, &k, 8, 6, "", train_vocab, "reads 6 tokens of a text, the model 8");
    train_refuse_decoder(c, &k, 8, 16, ", \"tie_word_embeddings\": false", train_vocab,
                         "tie_word_embeddings false");
    CHECK_OK(c, sen_loss_new(c, "DenoisingAutoEncoderLoss", NULL, &l));
    k.desc.loss = l;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    sen_trainer_free(t);
    sen_model_free(k.model);
    CHECK_OK(c, train_model(&k, 2, 0.1));
    k.desc.model = k.model;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT && !t);
    CHECK(strstr(sen_message(c), "has another model's decoder") != NULL);
    memset(column, 0, sizeof column);
    for (i = 0; i < 3; i++) {
        column[i].name = i == 0 ? "noisy" : i == 1 ? "text" : "more";
        column[i].texts = k.cell[i % 2];
    }
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 3, TRAIN_ROWS, &data));
    k.desc.train_dataset = data;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT && !t);
    CHECK(strstr(sen_message(c), "DenoisingAutoEncoderLoss") != NULL);
    CHECK(strstr(sen_message(c), "damaged text, text") != NULL);
    sen_dataset_free(data);
    sen_loss_free(l);
    train_drop(&k);
    sen_ctx_free(c);
}

/* The weights of a run that `desc` tells of, after `runs` runs of one trainer, the last one resumed
 * from `from` where that is not NULL. Every run begins with the same weights. */
static void train_repeat(train_kit *k, int runs, const char *from, float *out)
{
    static float start[TRAIN_FLOATS];
    sen_trainer *t = NULL;
    int64_t n = train_weights(k->model, start, TRAIN_FLOATS), at;
    int i, w;
    CHECK_OK(k->c, sen_trainer_new(k->c, &k->desc, &t));
    for (i = 0; i < runs; i++) {
        for (w = 0, at = 0; w < sen_model_weights(k->model); w++) {
            sen_tensor *x = sen_model_weight(k->model, w);
            memcpy(x->data, start + at, (size_t)x->count * sizeof(float));
            at += x->count;
        }
        CHECK(at == n);
        CHECK_OK(k->c, i + 1 == runs && from ? sen_train_resume(t, from) : sen_train(t));
    }
    memset(out, 0, TRAIN_FLOATS * sizeof *out);
    train_weights(k->model, out, TRAIN_FLOATS);
    sen_trainer_free(t);
}

/* The same with a new model, saving at step 6. */
static void train_repeat_new(sen_ctx *c, bool only_model, int runs, const char *from, float *out)
{
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    k.desc.args.save_only_model = only_model;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 6;
    train_repeat(&k, runs, from, out);
    train_drop(&k);
}

/* A trainer may run before it is resumed: nothing of that run is left in the next one. Nor does a
 * run's order of batches depend on an earlier run, also where the sampler goes on by itself. */
static void test_train_twice(void)
{
    static float once[TRAIN_FLOATS], twice[TRAIN_FLOATS];
    static char log[2][8000];
    sen_ctx *c = train_ctx(1);
    sen_json *config = NULL;
    sen_trainer *t = NULL;
    char path[1024];
    train_kit k;
    int only, runs;
    snprintf(path, sizeof path, "%s", test_path("out/checkpoint-6"));
    for (only = 0; only < 2; only++) {
        train_repeat_new(c, only, 1, NULL, once);
        /* A save of the model alone: the optimizer is a new one, whatever ran before. */
        if (only) train_repeat_new(c, only, 1, path, once);
        train_repeat_new(c, only, 2, path, twice);
        CHECK(memcmp(once, twice, sizeof once) == 0);
        CHECK((strstr(test_log_text, "saved with save_only_model") != NULL) == (only == 1));
        test_remove(test_path("out"));
    }
    CHECK_OK(c, sen__json_parse(c, &c->keep, "a", "{\"use_seedable_sampler\": false}", 31, 0,
                                &config));
    /* With a rate of 0, so that the losses tell the batches and nothing else. */
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.args.accelerator_config = config;
    k.desc.args.learning_rate = 0;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    for (runs = 0; runs < 2; runs++) {
        CHECK_OK(c, sen_train(t));
        train_history(c, sen_trainer_state(t)->log_history, log[runs], sizeof log[0]);
    }
    CHECK_TEXT(log[1], log[0]);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* What a killed run leaves: a half-written or half-removed folder goes, one that was put aside
 * comes back, and what merely looks alike is the user's. */
static void test_train_leftovers(void)
{
    static train_result whole, again;
    static const char *const own[] = { "out/old-checkpoint-4", "out/tmp-checkpoint-8",
                                       "out/checkpoint-x.part", "out/checkpoint-04.gone",
                                       "out/checkpoint-4.partly" };
    const sen_files *f = sen_system_files();
    sen_file_info info;
    size_t i;
    CHECK(train_long(0, NULL, 0, &whole) == SEN_OK);
    CHECK(f->make_folder(f->user, test_path("out/checkpoint-8.part")) == SEN_FILE_OK);
    test_write_text(test_path("out/checkpoint-8.part/model.safetensors"), "half");
    CHECK(f->make_folder(f->user, test_path("out/checkpoint-9.gone")) == SEN_FILE_OK);
    test_write_text(test_path("out/checkpoint-9.gone/trainer_state.json"), "{}");
    CHECK(f->make_folder(f->user, test_path("out/checkpoint-4.aside")) == SEN_FILE_OK);
    CHECK(f->rename(f->user, test_path("out/checkpoint-10"), test_path("out/checkpoint-10.aside"))
          == SEN_FILE_OK);
    for (i = 0; i < SEN__COUNT(own); i++)
        CHECK(f->make_folder(f->user, test_path(own[i])) == SEN_FILE_OK);
    test_write_text(test_path("out/checkpoint-3.part"), "a file");
    test_remove(test_path("out/checkpoint-12"));
    CHECK(train_long(0, "", 0, &again) == SEN_OK);      /* finds 10 again */
    train_same(&whole, &again);
    CHECK(f->info(f->user, test_path("out/checkpoint-8.part"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-9.gone"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-9"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-4.aside"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-10.aside"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-3.part"), &info) == SEN_FILE_OK);
    for (i = 0; i < SEN__COUNT(own); i++)
        CHECK(f->info(f->user, test_path(own[i]), &info) == SEN_FILE_OK);
}

/* An old checkpoint that cannot be removed is a warning; a new one that cannot get its name is an
 * error, and the one that was there before has its name back. */
static void test_train_stuck(void)
{
    sen_ctx *c = train_ctx(1);
    const sen_files *f = sen_system_files();
    sen_file_info info;
    train_kit k;
    sen_trainer *t = NULL;
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.args.max_steps = 4;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 2;
    k.desc.args.save_total_limit = 1;
    for (i = 0; i < 2; i++) {
        train_stuck = i ? NULL : "checkpoint-2.gone/config.json";
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        CHECK_TEXT(sen_message(c), "");
        CHECK((strstr(test_log_text, "an old checkpoint stays: cannot remove") != NULL) == !i);
        CHECK((f->info(f->user, test_path("out/checkpoint-2.gone"), &info) == SEN_FILE_OK) == !i);
        CHECK(f->info(f->user, test_path("out/checkpoint-2"), &info) == SEN_FILE_NOT_FOUND);
        test_log_text[0] = 0;
        sen_trainer_free(t);
    }
    train_fixed = "checkpoint-4";
    k.desc.args.save_total_limit = SEN_NONE;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_train(t) == SEN_ERR_IO && strstr(sen_message(c), "access is denied"));
    CHECK(f->info(f->user, test_path("out/checkpoint-4/trainer_state.json"), &info) == SEN_FILE_OK);
    CHECK(f->info(f->user, test_path("out/checkpoint-4.aside"), &info) == SEN_FILE_NOT_FOUND);
    CHECK(f->info(f->user, test_path("out/checkpoint-4.part"), &info) == SEN_FILE_NOT_FOUND);
    train_fixed = NULL;
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Four steps with a save at each second one; a fresh run, or one resumed from the latest. */
static sen_result train_short(bool resume, int limit, float *out)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    sen_result r;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    k.desc.args.max_steps = 4;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 2;
    k.desc.args.save_total_limit = limit;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    r = resume ? sen_train_resume(t, NULL) : sen_train(t);
    if (r && resume) printf("%s\n", sen_message(c));
    train_weights(k.model, out, TRAIN_FLOATS);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return r;
}

/* A second run into the same folder is killed at each fifth place where it changes something on
 * disk: there is always a whole checkpoint to resume from, to the same bits, and nothing is left
 * over. (Killed: no later change happens, whatever the run still tries.) */
static void test_train_killed(void)
{
    static float whole[TRAIN_FLOATS], again[TRAIN_FLOATS];
    static const char *const left[] = { ".part", ".aside", ".gone" };
    const sen_files *f = sen_system_files();
    sen_file_info info;
    char path[1100];
    int64_t changes;
    int limit, step;
    size_t i;
    for (limit = 1; limit <= 2; limit++) {              /* removes the old ones, replaces them */
        sen_result r = SEN_ERR_IO;
        for (changes = limit; r && changes < 600; changes += 5) {
            CHECK(train_short(false, limit, whole) == SEN_OK);
            train_changes_left = changes;
            r = train_short(false, limit, again);
            if (train_changes_left < 0) r = SEN_ERR_IO; /* a removal that failed is no error */
            train_changes_left = INT64_MAX;
            CHECK(train_short(true, limit, again) == SEN_OK);
            CHECK(memcmp(whole, again, sizeof whole) == 0);
            for (step = 2; step <= 4; step += 2)
                for (i = 0; i < SEN__COUNT(left); i++) {
                    snprintf(path, sizeof path, "%s-%d%s", test_path("out/checkpoint"), step,
                             left[i]);
                    CHECK(f->info(f->user, path, &info) == SEN_FILE_NOT_FOUND);
                }
            test_remove(test_path("out"));
        }
        CHECK(r == SEN_OK && changes > 60);
    }
}

/* Puts the files of one form out of a checkpoint, so that only the other's can be read. */
static void train_drop_files(const char *folder, const char *const *names)
{
    const sen_files *f = sen_system_files();
    char path[1100];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", folder, *names);
        CHECK(f->remove(f->user, path) == SEN_FILE_OK);
    }
}

/* A checkpoint in Python's form and back: the resumed run has the same bits, whether the trainer
 * converts or the function does, which knows the model alone. */
static void test_train_python(void)
{
    static const char *const ours[] = { "optimizer.safetensors", "scheduler.json",
                                        "rng_state.json", NULL };
    static const char *const python[] = { "optimizer.pt", "scheduler.pt", "rng_state.pth", NULL };
    static float whole[TRAIN_FLOATS], again[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    char folder[1024], path[1100];
    size_t n = 0, m = 1;
    char *before, *after;
    snprintf(folder, sizeof folder, "%s", test_path("out/checkpoint-2"));
    snprintf(path, sizeof path, "%s/rng_state.json", folder);
    CHECK(train_short(false, 3, whole) == SEN_OK);
    test_remove(test_path("out/checkpoint-4"));
    before = test_read(path, &n);
    CHECK_OK(c, sen_checkpoint_to_python(c, folder));
    train_drop_files(folder, ours);
    CHECK_OK(c, sen_checkpoint_from_python(c, folder));
    train_drop_files(folder, python);
    after = test_read(path, &m);
    CHECK(n == m && memcmp(before, after, n) == 0);
    CHECK(train_short(true, 3, again) == SEN_OK);
    CHECK(memcmp(whole, again, sizeof whole) == 0);
    test_remove(test_path("out/checkpoint-4"));
    CHECK_OK(c, sen_checkpoint_to_python(c, folder));
    train_drop_files(folder, ours);
    CHECK(train_short(true, 3, again) == SEN_OK);
    CHECK(memcmp(whole, again, sizeof whole) == 0);
    free(before);
    free(after);
    sen_ctx_free(c);
}

/* What cannot be taken over, each with its sentence: another optimizer's files, other weights than
 * the model's, a schedule of another step, an earlier version's checkpoint. */
static void test_train_python_refused(void)
{
    static const char *const ours[] = { "optimizer.safetensors", "scheduler.json",
                                        "rng_state.json", NULL };
    static float whole[TRAIN_FLOATS];
    const char *const old[] = { "format", "pt", "optimizer", "adamw_torch", NULL };
    const char *const other[] = { "format", "pt", "optimizer", "mine", NULL };
    const float one = 1.0f;
    sen__to_store item = sen__store_matrix("step.x", &one, 1, 1);
    sen_ctx *c = train_ctx(1);
    char folder[1024], path[1100], name[1100];
    size_t n = 0;
    char *data;
    snprintf(folder, sizeof folder, "%s", test_path("out/checkpoint-2"));
    snprintf(name, sizeof name, "%s/optimizer.safetensors", folder);
    snprintf(path, sizeof path, "%s/optimizer.pt", folder);
    CHECK(train_short(false, 3, whole) == SEN_OK);
    CHECK_OK(c, sen_checkpoint_to_python(c, folder));
    train_drop_files(folder, ours);
    data = test_read("tests/golden/torch/optimizer.pt", &n);
    test_write(path, data, n);
    free(data);
    CHECK(sen_checkpoint_from_python(c, folder) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(c), "its groups of weights are not those of the model") != NULL);
    data = test_read("tests/golden/torch/scheduler.pt", &n);
    snprintf(path, sizeof path, "%s/scheduler.pt", folder);
    test_write(path, data, n);
    free(data);
    CHECK(sen_checkpoint_from_python(c, folder) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(c), "a schedule that has made the 2 steps") != NULL);
    CHECK_OK(c, sen__safetensors_write(c, name, &item, 1, old));
    CHECK(sen_checkpoint_to_python(c, folder) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "written by an earlier version") != NULL);
    CHECK_OK(c, sen__safetensors_write(c, name, &item, 1, other));
    CHECK(sen_checkpoint_to_python(c, folder) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(c), "the optimizer \"mine\" has no form in Python") != NULL);
    CHECK(sen_checkpoint_to_python(c, test_path("absent")) == SEN_ERR_IO);
    sen_ctx_free(c);
}

/* Half a checkpoint is refused before a weight changes, with the file that is missing; so are
 * numbers in its files that no run can have written. */
static void test_train_half(void)
{
    static const char *const files[] = { "optimizer.safetensors", "scheduler.json",
                                         "rng_state.json" };
    static const char *const wrong[][2] = {
        { "trainer_state.json", "{\"global_step\": 9223372036854775807}" },
        { "trainer_state.json", "{\"global_step\": NaN}" },
        { "scheduler.json", "{\"last_logged_step\": 99}" },
        { "scheduler.json", "{\"last_logged_step\": -1}" },
        { "rng_state.json", "{\"torch\": [1]}" }
    };
    static float before[TRAIN_FLOATS], after[TRAIN_FLOATS];
    const sen_files *f = sen_system_files();
    sen_ctx *c = train_ctx(1);
    sen__to_store item;
    const float huge = 1e30f;
    char folder[1024], path[1100], away[1100];
    train_kit k;
    sen_trainer *t = NULL;
    int64_t n;
    size_t i;
    snprintf(folder, sizeof folder, "%s", test_path("out/checkpoint-4"));
    snprintf(away, sizeof away, "%s", test_path("away"));
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.args.max_steps = 4;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    sen_model_weight(k.model, 0)->data[0] += 1;         /* differs from the checkpoint's now */
    n = train_weights(k.model, before, TRAIN_FLOATS);
    for (i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        CHECK(f->rename(f->user, path, away) == SEN_FILE_OK);
        CHECK(sen_train_resume(t, folder) == SEN_ERR_IO);
        CHECK(strstr(sen_message(c), files[i]) && strstr(sen_message(c), "save_only_model"));
        CHECK(train_weights(k.model, after, TRAIN_FLOATS) == n);
        CHECK(memcmp(before, after, (size_t)n * sizeof *before) == 0);
        CHECK(f->rename(f->user, away, path) == SEN_FILE_OK);
    }
    for (i = 0; i < SEN__COUNT(wrong); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, wrong[i][0]);
        CHECK(f->rename(f->user, path, away) == SEN_FILE_OK);
        test_write_text(path, wrong[i][1]);
        CHECK(sen_train_resume(t, folder) == SEN_ERR_FORMAT);
        CHECK(train_weights(k.model, after, TRAIN_FLOATS) == n);
        CHECK(memcmp(before, after, (size_t)n * sizeof *before) == 0);
        CHECK(f->rename(f->user, away, path) == SEN_FILE_OK);
    }
    item = sen__store_matrix("step.model.0.model.embeddings.word_embeddings.weight", &huge, 1, 1);
    snprintf(path, sizeof path, "%s/optimizer.safetensors", folder);
    CHECK_OK(c, sen__safetensors_write(c, path, &item, 1, NULL));
    CHECK(sen_train_resume(t, folder) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "no number of updates") != NULL);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Spoils a weight's shape in the best checkpoint: the header of its file says another. */
static int train_spoil(const sen_train_event *e, void *user)
{
    char path[1100], *data, *at;
    size_t bytes;
    if (e->state->global_step != 4) return 0;
    snprintf(path, sizeof path, "%s/checkpoint-2/model.safetensors", (const char *)user);
    data = test_read(path, &bytes);
    at = data + 8;
    /* Another shape of the same count and length: only a look at the header can tell. */
    for (; data && at < data + bytes - 8; at++)
        if (memcmp(at, "\"shape\":[8,12]", 14) == 0) {
            memcpy(at, "\"shape\":[6,16]", 14);
            break;
        }
    CHECK(data && at < data + bytes - 8);
    test_write(path, data, bytes);
    free(data);
    return 0;
}

/* A best checkpoint that cannot be loaded at the end: an error in the log, the last weights whole,
 * and the run ends as any other. */
static void test_train_best_lost(void)
{
    static float last[TRAIN_FLOATS], end[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    sen_callback spoil = sen_callback_default();
    train_events heard;
    sen_callback listen = train_listener(&heard);
    char folder[1024];
    train_kit k;
    sen_trainer *t = NULL;
    int64_t n = 0;
    int i;
    snprintf(folder, sizeof folder, "%s", test_path("out"));
    spoil.user = folder;
    spoil.on_save = train_spoil;
    for (i = 0; i < 2; i++) {
        CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
        k.desc.eval_dataset = k.data;
        k.desc.args.max_steps = 4;
        k.desc.args.eval_strategy = k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
        k.desc.args.eval_steps = k.desc.args.save_steps = 2;
        k.desc.args.metric_for_best_model = "loss";
        k.desc.args.greater_is_better = true;           /* the worst, step 2 */
        k.desc.args.load_best_model_at_end = i == 1;
        k.desc.args.learning_rate = 1e-3;
        heard.text[0] = 0;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_trainer_add_callback(t, &spoil));
        CHECK_OK(c, sen_trainer_add_callback(t, &listen));
        CHECK_OK(c, sen_train(t));
        CHECK(sen_trainer_state(t)->best_global_step == 2);
        n = train_weights(k.model, i ? end : last, TRAIN_FLOATS);
        CHECK(sen__text_ends(heard.text, "log train_end"));
        sen_trainer_free(t);
        train_drop(&k);
    }
    CHECK(strstr(test_log_text, "the best checkpoint cannot be loaded") != NULL);
    CHECK(memcmp(last, end, (size_t)n * sizeof *last) == 0);
    sen_ctx_free(c);
}

/* A stopped run ends with on_train_end too; a stopped evaluation takes the wish with it. */
static void test_train_stopped(void)
{
    sen_ctx *c = train_ctx(1);
    sen_callback stop = sen_callback_default();
    train_events heard;
    sen_callback listen = train_listener(&heard);
    const sen_json *metrics = NULL;
    train_kit k;
    sen_trainer *t = NULL;
    int at = 2;
    stop.user = &at;
    stop.on_step_end = train_stops;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.eval_dataset = k.data;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_add_callback(t, &stop));
    CHECK_OK(c, sen_trainer_add_callback(t, &listen));
    CHECK(sen_train(t) == SEN_ERR_STOPPED);
    CHECK(sen__text_ends(heard.text, "step_end log train_end"));
    sen_request_stop(c);
    CHECK(sen_trainer_evaluate(t, NULL, &metrics) == SEN_ERR_STOPPED && !metrics);
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(metrics && sen_json_get(metrics, "eval_loss"));
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static int train_asks(const sen_train_event *e, void *user)
{
    (void)user;
    e->control->should_evaluate = true;
    return 0;
}

/* An evaluation of nothing is not run; only said. */
static void test_train_nothing(void)
{
    sen_ctx *c = train_ctx(1);
    sen_callback asks = sen_callback_default();
    train_kit k;
    sen_trainer *t = NULL;
    asks.on_step_end = train_asks;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.args.max_steps = 1;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_add_callback(t, &asks));
    CHECK_OK(c, sen_train(t));
    CHECK(strstr(test_log_text, "a callback asks for an evaluation") != NULL);
    CHECK(sen_trainer_state(t)->log_history->count == 2);   /* the step's, and the summary */
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Runs 4 steps saving each second one; true: the disk was large enough. */
static bool train_on_disk(int64_t writes)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    sen_result r;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.args.max_steps = 4;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 2;
    k.desc.args.save_total_limit = 1;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    train_writes_left = writes;
    r = sen_train(t);
    CHECK(r == SEN_OK || r == SEN_ERR_IO);
    if (r) CHECK(strstr(sen_message(c), "no space is left on the device") != NULL);
    train_writes_left = INT64_MAX;
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return r == SEN_OK;
}

/* Wherever the disk fills up, each checkpoint that has its name is whole. */
static void test_train_disk(void)
{
    const sen_files *f = sen_system_files();
    int64_t writes;
    bool done = false;
    int seen = 0;
    for (writes = 0; !done && writes < 400; writes += 7) {
        int step;
        done = train_on_disk(writes);
        for (step = 2; step <= 4; step += 2) {
            sen_ctx *c = train_ctx(1);
            sen_model *m = NULL;
            sen_file_info info;
            char path[1024], inner[1100];
            snprintf(path, sizeof path, "%s-%d", test_path("out/checkpoint"), step);
            if (f->info(f->user, path, &info) == SEN_FILE_OK) {
                CHECK_OK(c, sen_model_load(c, path, &m));
                snprintf(inner, sizeof inner, "%s/trainer_state.json", path);
                CHECK(f->info(f->user, inner, &info) == SEN_FILE_OK);
                seen++;
            }
            snprintf(path, sizeof path, "%s-%d.part", test_path("out/checkpoint"), step);
            CHECK(f->info(f->user, path, &info) == SEN_FILE_NOT_FOUND);
            sen_model_free(m);
            sen_ctx_free(c);
        }
        test_remove(test_path("out"));
    }
    CHECK(done && seen > 3);
}

/* ---- best model, limits: Python's recorded scenarios ----------------------------------------- */

typedef struct train_script {
    const sen_json *values; /* the metric's values in turn; the last one repeats */
    int64_t         turn;
    char            saves[2000];                /* "checkpoint-1 | checkpoint-1 checkpoint-2 | " */
    const char     *folder;
} train_script;

static train_script *train_now;                 /* what the scripted evaluator reads */

static sen_result train_scripted(sen_evaluator_call *call)
{
    const sen_json *j = train_now->values ? train_now->values->child : NULL;
    int64_t i;
    if (!j) return sen_metric_add(call, 0, "m");
    for (i = 0; j->next && i < train_now->turn; i++) j = j->next;
    train_now->turn++;
    return sen_metric_add(call, j->kind == SEN_JSON_NULL ? (double)NAN : j->number, "m");
}

static const sen_field train_script_fields[] = { SEN_FIELD_END };

static void train_list_one(void *arg, const char *name)
{
    char (*list)[64] = (char (*)[64])arg;
    int i;
    if (strncmp(name, "checkpoint-", 11) != 0) return;
    for (i = 0; list[i][0]; i++) { }
    snprintf(list[i], sizeof list[i], "%s", name);
}

/* The checkpoints' names in order; there are fewer than ten steps. */
static void train_list(const char *folder, char *out, size_t size)
{
    const sen_files *f = sen_system_files();
    char list[16][64];
    int step, i;
    memset(list, 0, sizeof list);
    f->list(f->user, folder, train_list_one, list);
    out[0] = 0;
    for (step = 1; step < 10; step++)
        for (i = 0; i < 16; i++)
            if (list[i][0] && atoi(list[i] + 11) == step)
                snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "", list[i]);
}

static int train_saved(const sen_train_event *e, void *user)
{
    train_script *s = (train_script *)user;
    const size_t n = strlen(s->saves);
    char list[600];
    (void)e;
    train_list(s->folder, list, sizeof list);
    snprintf(s->saves + n, sizeof s->saves - n, "%s | ", list);
    return 0;
}

static void train_expected(const sen_json *saves, char *out, size_t size)
{
    const sen_json *s, *j;
    out[0] = 0;
    for (s = saves ? saves->child : NULL; s; s = s->next) {
        for (j = s->last->child; j; j = j->next)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", j->text, j->next ? " " : "");
        snprintf(out + strlen(out), size - strlen(out), " | ");
    }
}

static void train_scenario(const sen_json *g)
{
    static const sen_evaluator_type type = {
        .name = "Scripted", .args_size = sizeof(sen_evaluator_args), .fields = train_script_fields,
        .run = train_scripted
    };
    sen_ctx *c = train_ctx(1);
    sen_evaluator_args none;
    sen_callback saved = sen_callback_default();
    const sen_json *stop = sen_json_get(g, "early_stopping"), *error = sen_json_get(g, "error"),
                   *best;
    train_script script;
    train_kit k;
    sen_trainer *t = NULL;
    char expect[2000], list[600];
    sen_result r;
    memset(&none, 0, sizeof none);
    memset(&script, 0, sizeof script);
    script.values = sen_json_get(g, "metric_values");
    script.folder = test_path("out");
    train_now = &script;
    none.stamp = SEN__STAMP;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    CHECK_OK(c, sen_register_evaluator(c, &type));
    CHECK_OK(c, sen_evaluator_new(c, "Scripted", &none, &k.desc.evaluator));
    CHECK_OK(c, sen_training_arguments_read(c, sen_json_get(g, "args"), &k.desc.args));
    saved.user = &script;
    saved.on_save = train_saved;
    r = sen_trainer_new(c, &k.desc, &t);
    if (!r) r = sen_trainer_add_callback(t, &saved);
    if (!r && stop && stop->kind == SEN_JSON_OBJECT)
        r = sen_add_early_stopping(t, (int)sen__json_int_or(stop, "early_stopping_patience", 1),
                                   sen__json_number_or(stop, "early_stopping_threshold", 0));
    if (!r) r = sen_train(t);
    if (error) {
        CHECK(r == SEN_ERR_ARGUMENT && *sen_message(c));
    } else if (CHECK_OK(c, r)) {
        const sen_train_state *s = sen_trainer_state(t);
        train_expected(sen_json_get(g, "saves"), expect, sizeof expect);
        CHECK_TEXT(script.saves, expect);
        train_list(script.folder, list, sizeof list);
        expect[0] = 0;
        for (best = sen_json_get(g, "final_dirs")->child; best; best = best->next)
            snprintf(expect + strlen(expect), sizeof expect - strlen(expect), "%s%s",
                     *expect ? " " : "", best->text);
        CHECK_TEXT(list, expect);
        best = sen_json_get(g, "best_checkpoint");
        CHECK_TEXT(s->best_model_checkpoint ? sen__path_name(s->best_model_checkpoint) : NULL,
                   best && best->kind == SEN_JSON_TEXT ? best->text : NULL);
        CHECK(s->global_step == sen_json_get(g, "global_step")->integer);
        best = sen_json_get(g, "best_metric");
        CHECK(best->kind == SEN_JSON_NULL ? s->best_metric == SEN_NONE
                                          : s->best_metric == best->number);
    }
    sen_trainer_free(t);
    sen_evaluator_free(k.desc.evaluator);
    train_drop(&k);
    sen_ctx_free(c);
    test_remove(script.folder);
}

static void test_train_scenarios(void)
{
    sen_ctx *c = train_ctx(1);
    sen_json *golden = NULL;
    const sen_json *g;
    int n = 0;
    if (CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/checkpoints.json", 0, &golden)))
        for (g = sen_json_get(golden, "cases")->child; g; g = g->next, n++) {
            const int before = test_failures;
            train_scenario(g);
            if (test_failures != before)
                printf("  in the scenario \"%s\"\n", sen__json_text_or(g, "desc", "?"));
        }
    CHECK(n == 21);
    sen_ctx_free(c);
}

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct train_count {
    int64_t calls[64];
} train_count;

static int train_counts(const sen_train_event *e, void *user)
{
    if (e->state->global_step < 64)
        ((train_count *)user)->calls[e->state->global_step] = test_blocks.calls;
    return 0;
}

/* Once the longest batch has been seen, a step asks the allocator for nothing. */
static void test_train_steady(void)
{
    int mode;
    for (mode = SEN_DROPOUT_COUNTER; mode <= SEN_DROPOUT_TORCH; mode++) {
        sen_ctx *c = train_ctx(2);
        sen_callback count = sen_callback_default();
        train_count n;
        train_kit k;
        sen_trainer *t = NULL;
        count.user = &n;
        count.on_step_end = train_counts;
        CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
        k.desc.args.dropout_rng = mode;
        k.desc.args.max_steps = 30;
        k.desc.args.logging_strategy = SEN_STRATEGY_NO;
        k.desc.args.gradient_accumulation_steps = 2;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_trainer_add_callback(t, &count));
        CHECK_OK(c, sen_train(t));
        CHECK(n.calls[29] == n.calls[3] && n.calls[3] > 0);
        sen_trainer_free(t);
        train_drop(&k);
        sen_ctx_free(c);
    }
}

static sen_result train_work(sen_ctx *c, void *arg)
{
    train_kit k;
    sen_trainer *t = NULL;
    sen_result r = train_make(&k, c, "MultipleNegativesRankingLoss", 0.1);
    (void)arg;
    k.desc.args.max_steps = 2;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.eval_dataset = k.data;
    k.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    if (!r) r = sen_trainer_new(c, &k.desc, &t);
    if (!r) r = sen_train(t);
    sen_trainer_free(t);
    train_drop(&k);
    return r;
}

/* Memory that runs out at any place: an error, nothing lost. */
static void test_train_no_memory(void)
{
    CHECK(fail_everywhere(train_files(), train_work, NULL) > 50);
}

/* An object of prompts, spelled as a text, is never taken for a plain prompt because one request
 * for memory was refused while it was read. */
static void test_train_prompts(void)
{
    static char text[20100];
    sen_json prompts;
    bool done = false;
    int i, refused = 0;
    snprintf(text, sizeof text, "{\"first\": \"red \", \"second\": \"%020000d\"}", 0);
    memset(&prompts, 0, sizeof prompts);
    prompts.kind = SEN_JSON_TEXT;
    prompts.text = text;
    prompts.length = strlen(text);
    for (i = 1; !done && i < 200; i++) {
        sen_ctx *c = train_ctx(1);
        train_kit k;
        sen_trainer *t = NULL;
        sen_result r;
        CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
        k.desc.args.prompts = &prompts;
        test_blocks.fail_at = test_blocks.calls + i;
        r = sen_trainer_new(c, &k.desc, &t);
        done = test_blocks.calls < test_blocks.fail_at; /* none was refused */
        test_blocks.fail_at = 0;
        CHECK(r == (done ? SEN_OK : SEN_ERR_MEMORY));
        if (!r) CHECK(sen_trainer_args(t)->prompts->kind == SEN_JSON_OBJECT);
        refused += r != SEN_OK;
        sen_trainer_free(t);
        train_drop(&k);
        sen_ctx_free(c);
    }
    CHECK(done && refused > 10);
}

static void test_train_plan(void)
{
    sen_ctx *c = train_ctx(1);
    sen_memory_plan p;
    train_kit k;
    sen_trainer *t = NULL;
    int64_t numbers;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    numbers = sen_model_parameters(k.model);
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_plan(t, &p));
    CHECK(p.weights == 4 * numbers && p.optimizer == 2 * p.gradients && p.limit == 0);
    CHECK(p.batch_tokens == 4 * 2 * 5); /* rows, columns, three words and two specials */
    CHECK(p.total == p.weights + p.gradients + p.optimizer + p.data + p.activations);
    sen_trainer_free(t);
    k.desc.args.mem_limit = p.total - 1;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_train(t) == SEN_ERR_LIMIT && strstr(sen_message(c), "mem_limit is") != NULL);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* The gradient file has every tensor, and leaves the model as it was. */
static void test_train_gradients(void)
{
    static const char *const names[] = {
        "loss", "labels", "input_ids.first", "attention_mask.second", "embedding.first",
        "grad_embedding.second", "grad.model.0.model.encoder.layer.0.attention.self.query.weight"
    };
    sen_ctx *c = train_ctx(1);
    sen__safetensors s;
    train_kit k;
    sen_trainer *t = NULL;
    const char *path = test_path("g.safetensors");
    size_t i;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0.1));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_gradients(t, path));
    if (CHECK_OK(c, sen__safetensors_open(c, path, &s))) {
        for (i = 0; i < SEN__COUNT(names); i++) CHECK(sen__safetensors_find(&s, names[i]) != NULL);
        CHECK(sen__safetensors_find(&s, "grad.model.0.model.pooler.dense.weight") == NULL);
        sen__safetensors_close(c, &s);
    }
    for (i = 0; i < (size_t)sen_model_weights(k.model); i++)
        CHECK(!sen_model_weight(k.model, (int)i)->has_grad);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* A user's module might read any token, so behind it all of them are computed. */
static sen_result train_looks_build(sen_ctx *c, sen_arena *arena, sen_module *m, int in_dimension)
{
    (void)c, (void)arena;
    m->dimension = in_dimension;
    return SEN_OK;
}

static void train_looks_forward(sen_module *m, sen_tape *t, sen_features *f)
{
    (void)m, (void)t, (void)f;
}

static const sen_field train_no_fields[] = { SEN_FIELD_END };

static const sen_module_type train_looks = {
    .name        = "Looks",
    .path        = "mine.Looks",
    .older_path  = "mine.Looks",
    .fields      = train_no_fields,
    .config_file = "config.json",
    .build       = train_looks_build,
    .forward     = train_looks_forward
};

static void train_gradient_file(const char *pooling, int rng, bool again, const char *path)
{
    sen_ctx *c = train_ctx(1);
    sen_trainer *t = NULL;
    train_kit k;
    CHECK_OK(c, sen_register_module(c, &train_looks));
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    sen_model_free(k.model);
    k.model = NULL;
    CHECK_OK(c, train_model_of(&k, 3, 0.1, pooling));
    k.desc.model = k.model;
    k.desc.args.dropout_rng = rng;
    k.desc.args.gradient_checkpointing = again;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_gradients(t, path));
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Two files of gradients: the same tensors, and values that differ by rounding only, measured by
 * the largest gradient there is (that of a key's bias is 0 but for rounding). */
static void train_gradients_near(const char *path, const char *other)
{
    sen_ctx *c = train_ctx(1);
    sen__safetensors a, b;
    double most = 0, off = 0;
    int64_t i, j, n = 0;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    CHECK_OK(c, sen__safetensors_open(c, path, &a));
    CHECK_OK(c, sen__safetensors_open(c, other, &b));
    for (i = 0; i < a.n; i++) {
        const sen__stored *s = &a.item[i], *also = sen__safetensors_find(&b, s->name);
        float x, y;
        CHECK(also && also->count == s->count);
        if (!also || s->dtype != SEN__F32) continue;
        for (j = 0; j < s->count; j++, n++) {
            memcpy(&x, a.data + s->offset + 4 * j, 4);
            memcpy(&y, b.data + also->offset + 4 * j, 4);
            off = fmax(off, fabs((double)x - (double)y));
            if (sen__text_starts(s->name, "grad.")) most = fmax(most, fabs((double)x));
        }
    }
    CHECK(n > 2000 && most > 1e-3 && off < 1e-6 * most);
    sen__safetensors_close(c, &a);
    sen__safetensors_close(c, &b);
    sen_ctx_free(c);
}

/* What pools one token trains on that one's row of the last layer; the same gradients as with all
 * rows, in both kinds of dropout, and to the bit whether layers are computed again. */
static void test_train_one_token(void)
{
    static const char *const pooling[] = { "cls", "lasttoken" };
    char path[3][1024], looks[64];
    size_t n[2];
    char *file[2];
    int i, k;
    for (i = 0; i < 3; i++)
        snprintf(path[i], sizeof path[i], "%s/%d.safetensors", test_folder(), i);
    for (i = 0; i < 4; i++) {
        const int rng = i / 2 ? SEN_DROPOUT_TORCH : SEN_DROPOUT_COUNTER;
        snprintf(looks, sizeof looks, "%s\"}, {\"type\": \"Looks", pooling[i % 2]);
        train_gradient_file(pooling[i % 2], rng, false, path[0]);
        train_gradient_file(pooling[i % 2], rng, true, path[1]);
        train_gradient_file(looks, rng, false, path[2]);
        for (k = 0; k < 2; k++) file[k] = test_read(path[k], &n[k]);
        CHECK(file[0] && file[1] && n[0] == n[1] && memcmp(file[0], file[1], n[0]) == 0);
        for (k = 0; k < 2; k++) free(file[k]);
        train_gradients_near(path[0], path[2]);
    }
}

/* One step moves every tensor to which Python gives a gradient, and no other: not the pooler, which
 * nothing reads. */
static void test_train_moves(void)
{
    static float before[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    int64_t at = 0;
    int i, poolers = 0;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0.1));
    k.desc.args.max_steps = 1;
    CHECK(train_weights(k.model, before, TRAIN_FLOATS) > 0);
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK(sen_trainer_state(t)->learning_rate == 1e-2);
    for (i = 0; i < sen_model_weights(k.model); i++) {
        const sen_tensor *w = sen_model_weight(k.model, i);
        const char *name = sen_model_weight_name(k.model, i);
        const bool pooler = strstr(name, "pooler.") != NULL;
        const bool same = memcmp(w->data, before + at, (size_t)w->count * sizeof(float)) == 0;
        if (same != pooler) printf("%s %s\n", name, same ? "has not changed" : "has changed");
        CHECK(same == pooler);
        poolers += pooler;
        at += w->count;
    }
    CHECK(poolers == 2 && i > 15);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static void train_no_update(float *p, float *const *state, const float *g, int64_t n,
                            const sen_update *u)
{
    (void)p;
    (void)state;
    (void)g;
    (void)n;
    (void)u;
}

/* A user's optimizer has as many arrays as there is room for. */
static void test_train_own_optimizer(void)
{
    sen_ctx *c = train_ctx(1);
    sen_optimizer_type type = { "still", 4, { "a", "b", NULL }, train_no_update, true,
                                NULL, 0, NULL, NULL, NULL };
    train_kit k;
    CHECK(sen_register_optimizer(c, &type) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "0 to 3 arrays") != NULL);
    type.n_state = 2;
    type.state_name[1] = NULL;
    CHECK(sen_register_optimizer(c, &type) == SEN_ERR_ARGUMENT);
    type.n_state = 1;
    CHECK_OK(c, sen_register_optimizer(c, &type));
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    train_settles(&k, "{\"optim\": \"still\"}", SEN_OK, "");
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- in a host program ----------------------------------------------------------------------- */

#if defined(SEN__THREADS)
typedef struct train_server {
    const sen_model *copy, *original;
    const float     *expect;                    /* (TRAIN_ROWS,8) */
    const sen_text  *text;
    sen__shared_int  leave;
    int              calls;
    const char      *wrong;
} train_server;

/* Serves the copy on a context of its own, and finds the original busy, until told to leave. */
SEN__THREAD_FN train_server_main(void *arg)
{
    train_server *s = (train_server *)arg;
    float out[TRAIN_ROWS * 8];
    sen_ctx *c = NULL;
    if (sen_ctx_new(NULL, &c)) s->wrong = "no context";
    while (c && (!sen__shared_get(&s->leave) || s->calls < 3)) {
        if (sen_encode(c, s->copy, s->text, TRAIN_ROWS, NULL, out)) s->wrong = "no embeddings";
        if (memcmp(out, s->expect, sizeof out) != 0) s->wrong = "other bits";
        if (sen_encode(c, s->original, s->text, 1, NULL, out) != SEN_ERR_BUSY)
            s->wrong = "not busy";
        s->calls++;
    }
    sen_ctx_free(c);
    SEN__THREAD_END;
}

/* A copy gives the same bits all the while a trainer changes the original. */
static void test_train_served(void)
{
    sen_ctx *c = train_ctx(2);
    float before[TRAIN_ROWS * 8], after[TRAIN_ROWS * 8];
    sen_trainer *trainer = NULL;
    sen_model *copy = NULL;
    train_server s;
    sen__thread thread;
    train_kit k;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    CHECK_OK(c, sen_encode(c, k.model, k.cell[0], TRAIN_ROWS, NULL, before));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &trainer));
    CHECK_OK(c, sen_model_copy(c, k.model, &copy));     /* the trainer's own context may */
    memset(&s, 0, sizeof s);
    s.copy = copy;
    s.original = k.model;
    s.expect = before;
    s.text = k.cell[0];
    CHECK(sen__thread_start(&thread, train_server_main, &s));
    CHECK_OK(c, sen_train(trainer));
    sen__shared_set(&s.leave, 1);
    sen__thread_join(thread);
    CHECK_TEXT(s.wrong, NULL);
    sen_trainer_free(trainer);
    CHECK_OK(c, sen_encode(c, k.model, k.cell[0], TRAIN_ROWS, NULL, after));
    CHECK(memcmp(before, after, sizeof after) != 0);    /* it did learn something */
    sen_model_free(copy);
    train_drop(&k);
    sen_ctx_free(c);
}
#endif

/* Numbers in, numbers out, ten steps and a checkpoint; what came of it. */
static void train_in_locale(float *weight, char *state, size_t size)
{
    sen_ctx *c = train_ctx(1);
    sen_trainer *trainer = NULL;
    train_kit k;
    char *text;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, train_read(c, "{\"learning_rate\": 12.5e-3, \"weight_decay\": 0.25, "
                              "\"save_strategy\": \"steps\", \"save_steps\": 10}", &k.desc.args));
    CHECK(k.desc.args.learning_rate == 0.0125 && k.desc.args.weight_decay == 0.25);
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &trainer));
    CHECK_OK(c, sen_train(trainer));
    CHECK(train_weights(k.model, weight, TRAIN_FLOATS) > 0);
    text = test_read(test_path("out/checkpoint-10/trainer_state.json"), NULL);
    snprintf(state, size, "%s", text ? text : "");
    free(text);
    sen_trainer_free(trainer);
    sen_fail(c, SEN_ERR_NUMBER, "%g", 0.5);
    CHECK_TEXT(sen_message(c), "0.5");
    train_drop(&k);
    sen_ctx_free(c);
}

/* Is there a locale of that name whose decimal point is a comma? musl takes any name and keeps the
 * point. */
static int train_comma(const char *name)
{
    return setlocale(LC_ALL, name) && strcmp(localeconv()->decimal_point, ",") == 0;
}

/* Where a decimal point is a comma, nothing changes. Counts as skipped where no such locale is
 * installed. */
static void test_train_locale(void)
{
    static const char *const name[] = { "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8",
                                        "fr_FR.utf8", "ru_RU.UTF-8", "German_Germany.1252" };
    static float plain[TRAIN_FLOATS], comma[TRAIN_FLOATS];
    static char state[2][16384];
    size_t i;
    for (i = 0; i < SEN__COUNT(name) && !train_comma(name[i]); i++) {
    }
    if (i == SEN__COUNT(name)) {
        setlocale(LC_ALL, "C");
        test_missing = 1;
        return;
    }
    train_in_locale(comma, state[0], sizeof state[0]);
    setlocale(LC_ALL, "C");
    test_remove(test_path("out"));
    train_in_locale(plain, state[1], sizeof state[1]);
    CHECK(memcmp(plain, comma, sizeof plain) == 0);
    CHECK(state[0][0] && strcmp(state[0], state[1]) == 0);
}

/* ---- inputs, compute_loss, data_collator, tokenizer ------------------------------------------ */

/* What a run of ten steps ends with, changed by `mode`. */
enum { TRAIN_PLAIN, TRAIN_COLLATE, TRAIN_TEXTS, TRAIN_OTHERS, TRAIN_WORDS, TRAIN_BAD_ID };

static sen_result train_collate(sen_trainer *t, sen_inputs *in, void *user)
{
    static const sen_text other = { "red cat", 7 };
    const int mode = *(const int *)user;
    sen_text texts[16];                         /* two columns of an evaluation's 8 rows */
    int64_t i;
    sen_result r;
    CHECK(sen_trainer_user(t) == user && in->n <= 8);
    if (mode == TRAIN_COLLATE) return sen_trainer_collate(t, in);
    for (i = 0; i < 2 * in->n; i++)
        texts[i] = mode == TRAIN_OTHERS && i == 0
                 ? other : sen_dataset_text(in->dataset, in->rows[i % in->n], (int)(i / in->n));
    r = sen_trainer_collate_texts(t, in, texts);
    if (!r && mode == TRAIN_BAD_ID) in->batch.ids[2] = 20;
    return r;
}

/* The model's tokenizer; it says first that the room is too small where it is. */
static sen_result train_own_ids(sen_ctx *c, sen_text text, int64_t max_length, int32_t *ids,
                              int64_t capacity, int64_t *n, void *user)
{
    const train_kit *k = (const train_kit *)user;
    return sen_tokenize(c, sen_model_tokenizer(k->model), text, max_length, true, ids, capacity, n);
}

static sen_result train_collated(int mode, const char *prompts, float *out)
{
    sen_ctx *c = train_ctx(2);
    sen_trainer *t = NULL;
    train_kit k;
    sen_result r = train_make(&k, c, "MultipleNegativesRankingLoss", 0.1);
    k.desc.eval_dataset = k.data;
    k.desc.args.eval_strategy = SEN_STRATEGY_EPOCH;
    if (!r && prompts) r = train_read(c, prompts, &k.desc.args);
    k.desc.user = mode == TRAIN_WORDS ? (void *)&k : (void *)&mode;
    if (mode == TRAIN_WORDS) k.desc.tokenizer = train_own_ids;
    else if (mode != TRAIN_PLAIN) k.desc.data_collator = train_collate;
    if (!r) r = sen_trainer_new(c, &k.desc, &t);
    if (!r) r = sen_train(t);
    train_weights(k.model, out, TRAIN_FLOATS);
    if (mode == TRAIN_BAD_ID)
        CHECK_TEXT(sen_message(c), "the token id 20 is outside the vocabulary of 20");
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
    return r;
}

static void test_train_collators(void)
{
    static const char prompts[] = "{\"prompts\": {\"first\": \"the \"}}";
    static float plain[TRAIN_FLOATS], other[TRAIN_FLOATS];
    const char *const with[] = { NULL, prompts };
    int i, mode;
    for (i = 0; i < 2; i++) {
        CHECK(train_collated(TRAIN_PLAIN, with[i], plain) == SEN_OK);
        for (mode = TRAIN_COLLATE; mode <= TRAIN_WORDS; mode++) {
            CHECK(train_collated(mode, with[i], other) == SEN_OK);
            CHECK((memcmp(plain, other, sizeof plain) == 0) == (mode != TRAIN_OTHERS));
        }
    }
    CHECK(train_collated(TRAIN_BAD_ID, NULL, other) == SEN_ERR_ARGUMENT);
}

/* Inputs of the first four rows; the caller's struct, the trainer's arrays. */
static sen_inputs train_inputs(sen_trainer *t, const sen_dataset *data, const int64_t *rows)
{
    sen_inputs in;
    memset(&in, 0, sizeof in);
    in.dataset = data;
    in.rows = rows;
    in.n = 4;
    CHECK_OK(sen_trainer_context(t), sen_trainer_collate(t, &in));
    return in;
}

/* One batch's loss and gradients by hand are those that the trainer writes. */
static void test_train_compute_loss(void)
{
    static const int64_t rows[4] = { 0, 1, 2, 3 };
    sen_ctx *c = train_ctx(2);
    train_kit k;
    sen_trainer *t = NULL;
    sen_tape *tape = NULL;
    sen_var *loss = NULL, *again = NULL;
    sen_outputs out;
    sen_inputs in, bad;
    sen_dataset *other = NULL;
    float emb[8];
    int64_t i;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_tape_new(c, false, &tape));
    in = train_inputs(t, k.data, rows);
    CHECK(in.n_columns == 2 && in.batch.rows == 4 && in.batch.columns == 2 && !in.dataset_name);
    CHECK_TEXT(in.columns[1], "second");
    CHECK(in.labels.n == 4 && in.labels.value[1] == (float)k.score[1]);
    CHECK_OK(c, sen_trainer_compute_loss(t, tape, &in, &loss, &out));
    CHECK(loss && loss->rows == 1 && out.n_columns == 2 && out.rows == 4 && out.dimension == 8);
    for (i = 0; i < 8; i++) {
        CHECK_OK(c, sen_encode(c, k.model, &k.cell[i / 4][i % 4], 1, NULL, emb));
        CHECK_NEAR(out.embeddings[i / 4] + 8 * (i % 4), emb, 8, 1e-6);
    }
    /* Twice on one tape: the same, for there is no dropout outside a step. */
    CHECK_OK(c, sen_trainer_compute_loss(t, tape, &in, &again, NULL));
    CHECK(again && again->x[0] == loss->x[0]);
    bad = in;
    bad.labels.n = 3;
    CHECK(sen_trainer_compute_loss(t, tape, &bad, &again, NULL) == SEN_ERR_ARGUMENT && !again);
    CHECK_TEXT(sen_message(c), "inputs of 4 rows have 3 labels");
    bad = in;
    bad.n = 3;
    CHECK(sen_trainer_compute_loss(t, tape, &bad, &again, NULL) == SEN_ERR_ARGUMENT);
    bad.n = 4;
    bad.rows = &in.batch.tokens;                        /* a row that is not there */
    bad.n = 1;
    CHECK(sen_trainer_collate(t, &bad) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "has no row") != NULL);
    bad.dataset = other;
    CHECK(sen_trainer_collate(t, &bad) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "no such dataset") != NULL);
    CHECK(sen_trainer_collate_texts(t, &in, k.cell[0]) == SEN_ERR_ARGUMENT);
    CHECK(sen_trainer_model(t) == k.model);
    sen_tape_free(tape);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Two losses of one batch on a tape, summed: twice the gradient of one, whole or in pieces; but a
 * loss in pieces remembers one batch. */
static void train_summed(const char *name, int calls, float *grad)
{
    static const int64_t rows[4] = { 0, 1, 2, 3 };
    sen_ctx *c = train_ctx(1);
    const bool pieces = strncmp(name, "Cached", 6) == 0;
    train_kit k;
    sen_trainer *t = NULL;
    sen_tape *tape = NULL;
    sen_var *sum = NULL, *loss = NULL;
    sen_result r;
    sen_inputs in;
    int64_t i, n = 0;
    int j;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    sen_loss_free(k.loss);
    CHECK_OK(c, sen_loss_new(c, name, NULL, &k.loss));
    k.desc.loss = k.loss;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen__trainer_optimizer(t));
    CHECK_OK(c, sen_tape_new(c, true, &tape));
    in = train_inputs(t, k.data, rows);
    for (j = 0; j < calls; j++) {
        CHECK_OK(c, sen_trainer_compute_loss(t, tape, &in, &loss, NULL));
        sum = sum ? sen_add(tape, sum, loss) : loss;
    }
    r = sen_backward(tape, sum, 1.0f);
    CHECK(r == (pieces && calls > 1 ? SEN_ERR_ARGUMENT : SEN_OK));
    if (r) CHECK(strstr(sen_message(c), "go backward before that") != NULL);
    for (i = 0; i < t->optimizer->n; i++) {
        const sen_tensor *w = t->optimizer->param[i].tensor;
        if (w->has_grad) memcpy(grad + n, sen_tensor_grad((sen_tensor *)(size_t)w),
                                (size_t)w->count * sizeof *grad);
        n += w->count;
    }
    sen_tape_free(tape);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static void test_train_summed(void)
{
    static float one[TRAIN_FLOATS], two[TRAIN_FLOATS], cached[TRAIN_FLOATS];
    int64_t i;
    train_summed("MultipleNegativesRankingLoss", 1, one);
    train_summed("MultipleNegativesRankingLoss", 2, two);
    train_summed("CachedMultipleNegativesRankingLoss", 1, cached);
    for (i = 0; i < TRAIN_FLOATS; i++) two[i] /= 2;
    CHECK_NEAR(two, one, TRAIN_FLOATS, 1e-6);
    CHECK_NEAR(cached, one, TRAIN_FLOATS, 1e-6);
    for (i = 0; i < TRAIN_FLOATS && one[i] == 0; i++) { }
    CHECK(i < TRAIN_FLOATS);
    train_summed("CachedMultipleNegativesRankingLoss", 2, two);
}


/* ---- all ------------------------------------------------------------------------------------- */

/* ---- Python's page of the trainer, row by row ------------------------------------------------ */

/* A trainer with named datasets, so that every row has something to say. */
typedef struct train_page {
    sen_ctx           *c;
    train_kit          k;
    sen_named_dataset  train[2], eval[2];
    sen_dataset       *other;                   /* the same columns, seven rows */
    sen_trainer       *t;
} train_page;

static int train_page_heard(const sen_train_event *e, void *user)
{
    (void)e;
    ++*(int *)user;
    return 0;
}

static int64_t train_page_records(const train_page *p)
{
    return sen_trainer_state(p->t)->log_history->count;
}

static void page_add_callback(train_page *p)
{
    static int heard;
    sen_callback k = sen_callback_default(), out;
    bool found = false;
    heard = 0;
    k.user = &heard;
    k.on_log = train_page_heard;
    CHECK_OK(p->c, sen_trainer_add_callback(p->t, &k));
    test_log_text[0] = 0;
    CHECK_OK(p->c, sen_trainer_add_callback(p->t, &k));
    CHECK(strstr(test_log_text, "there already") != NULL);
    CHECK_OK(p->c, sen_trainer_log(p->t, sen_trainer_state(p->t)->log_history->child));
    CHECK(heard == 2);
    k.user = NULL;                              /* by its functions: the first */
    CHECK_OK(p->c, sen_trainer_pop_callback(p->t, &k, &out, &found));
    CHECK(found && out.user == &heard);
    k.user = &heard;
    CHECK_OK(p->c, sen_trainer_remove_callback(p->t, &k));
    CHECK(sen_trainer_remove_callback(p->t, &k) == SEN_ERR_ARGUMENT);
    k.user = NULL;
    CHECK_OK(p->c, sen_trainer_remove_callback(p->t, &k));
    CHECK_OK(p->c, sen_trainer_pop_callback(p->t, &k, NULL, &found));
    CHECK(!found);
    CHECK_OK(p->c, sen_trainer_log(p->t, sen_trainer_state(p->t)->log_history->child));
    CHECK(heard == 2);
}

static void page_compute_loss(train_page *p)
{
    static const int64_t rows[4] = { 0, 1, 2, 3 };
    sen_inputs in = train_inputs(p->t, p->k.data, rows);
    sen_tape *tape = NULL;
    sen_var *loss = NULL;
    sen_outputs out;
    float value = 0;
    CHECK_OK(p->c, sen_tape_new(p->c, false, &tape));
    CHECK_OK(p->c, sen_trainer_compute_loss(p->t, tape, &in, &loss, &out));
    CHECK(loss && isfinite(loss->x[0]) && out.n_columns == 2);
    CHECK_OK(p->c, sen_trainer_training_step(p->t, &in, 0.5f, &value));
    CHECK(loss && value == 0.5f * loss->x[0]);
    sen_tape_free(tape);
}

static void page_create_optimizer(train_page *p)
{
    const sen__optimizer *o = p->t->optimizer;
    CHECK_OK(p->c, sen_trainer_create_optimizer(p->t));
    CHECK(o && p->t->optimizer == o);           /* one is there: it stays */
    CHECK_OK(p->c, sen_trainer_create_scheduler(p->t, 10));
    CHECK(sen_trainer_create_scheduler(p->t, 0) == SEN_ERR_ARGUMENT);
    CHECK_OK(p->c, sen_trainer_create_optimizer_and_scheduler(p->t, 10));
}

static void page_evaluate(train_page *p)
{
    sen_evaluate_args a = sen_evaluate_args_default();
    const sen_json *m = NULL;
    const int64_t records = train_page_records(p);
    double loss;
    CHECK_OK(p->c, sen_trainer_evaluate(p->t, NULL, &m));
    CHECK(m && sen_json_get(m, "eval_a_loss") && sen_json_get(m, "eval_b_loss"));
    CHECK(train_page_records(p) == records + 2);
    loss = sen_json_get(m, "eval_a_loss")->number;
    a.eval_dataset = p->k.data;                 /* one of the trainer's, without its name */
    a.metric_key_prefix = "dev";
    CHECK_OK(p->c, sen_trainer_evaluate(p->t, &a, &m));
    CHECK(m && sen_json_get(m, "dev_loss") && sen_json_get(m, "dev_loss")->number == loss);
    CHECK(!sen_json_get(m, "eval_a_loss"));
    a.eval_dataset = p->other;
    CHECK_OK(p->c, sen_trainer_evaluate(p->t, &a, &m));
    CHECK(m && sen_json_get(m, "dev_loss") && sen_json_get(m, "dev_loss")->number != loss);
    a.eval_dataset = NULL;
    a.eval_datasets = p->eval;
    a.n_eval_datasets = 2;
    CHECK_OK(p->c, sen_trainer_evaluate(p->t, &a, &m));
    CHECK(m && sen_json_get(m, "dev_a_loss") && sen_json_get(m, "dev_b_loss"));
    CHECK(sen_json_get(m, "dev_a_loss")->number == loss);
    a.stamp = 0;
    CHECK(sen_trainer_evaluate(p->t, &a, &m) == SEN_ERR_ARGUMENT && !m);
}

static void page_predict(train_page *p)
{
    sen_evaluate_args a = sen_evaluate_args_default();
    const sen_json *m = NULL;
    const int64_t records = train_page_records(p);
    a.eval_dataset = p->other;
    CHECK_OK(p->c, sen_trainer_predict(p->t, &a, &m));
    CHECK(m && sen_json_get(m, "test_loss") && train_page_records(p) == records);
    CHECK(sen_trainer_predict(p->t, NULL, &m) == SEN_ERR_ARGUMENT);
}

/* The sampler's batches are those of the loader of the same data. */
static void page_samplers(train_page *p)
{
    sen_sampler *one = NULL, *each[2] = { NULL, NULL }, *both = NULL;
    sen_dataloader *l = NULL;
    sen_inputs in;
    int64_t rows[8], n = 0, seen = 0;
    int which = -1, of[2] = { 0, 0 };
    bool more = true;
    CHECK_OK(p->c, sen_trainer_get_batch_sampler(p->t, p->k.data, 8, true, 42, &one));
    CHECK(one && sen_sampler_length(one) == TRAIN_ROWS / 8);
    sen_sampler_begin_epoch(one, 0);
    while (sen_sampler_next(one, rows, &n, &which)) seen += n;
    CHECK(seen == 16 && which == -1);
    sen_sampler_free(one);
    CHECK_OK(p->c, sen_trainer_get_batch_sampler(p->t, p->k.data, 4, false, 42, &each[0]));
    CHECK_OK(p->c, sen_trainer_get_batch_sampler(p->t, p->other, 4, false, 42, &each[1]));
    CHECK_OK(p->c, sen_trainer_get_multi_dataset_batch_sampler(p->t, each, 2, 42, &both));
    CHECK(both && sen_sampler_length(both) == 5 + 2);
    CHECK_OK(p->c, sen_trainer_get_train_dataloader(p->t, &l));
    CHECK(l && sen_dataloader_length(l) == 5 + 2 && sen_dataloader_rows(l) == TRAIN_ROWS + 7);
    sen_sampler_begin_epoch(both, 3);
    CHECK_OK(p->c, sen_dataloader_begin(l, 3));
    while (more) {
        const bool other = !sen_sampler_next(both, rows, &n, &which);
        CHECK_OK(p->c, sen_dataloader_next(l, &in, &more));
        CHECK(other == !more);
        if (!more) break;
        of[which]++;
        CHECK(in.n == n && memcmp(in.rows, rows, (size_t)n * sizeof *rows) == 0);
        CHECK_TEXT(in.dataset_name, which ? "b" : "a");
        CHECK(in.batch.rows == n && in.dataset == (which ? p->other : p->k.data));
    }
    CHECK(of[0] == 5 && of[1] == 2);
    sen_dataloader_free(l);
    sen_sampler_free(both);
    each[0] = each[1] = NULL;
    CHECK(sen_sampler_join(p->c, "in_turn", each, 0, 1, &both) == SEN_ERR_ARGUMENT);
}

static void page_dataloaders(train_page *p)
{
    sen_dataloader *l = NULL;
    sen_inputs in;
    bool more = false;
    int64_t rows = 0;
    CHECK_OK(p->c, sen_trainer_get_eval_dataloader(p->t, NULL, &l));
    CHECK(l && sen_dataloader_rows(l) == TRAIN_ROWS + 7 && sen_dataloader_length(l) == 3 + 1);
    sen_dataloader_free(l);
    CHECK_OK(p->c, sen_trainer_get_eval_dataloader(p->t, p->k.data, &l));
    CHECK(l && sen_dataloader_length(l) == 3);
    sen_dataloader_free(l);
    CHECK_OK(p->c, sen_trainer_get_test_dataloader(p->t, p->other, &l));
    CHECK_OK(p->c, sen_dataloader_begin(l, 0));
    for (more = true; more;) {
        CHECK_OK(p->c, sen_dataloader_next(l, &in, &more));
        if (more) rows += in.n;
    }
    CHECK(rows == 7);
    sen_dataloader_free(l);
    CHECK(sen_trainer_get_test_dataloader(p->t, NULL, &l) == SEN_ERR_ARGUMENT && !l);
}

static void page_groups(train_page *p)
{
    const sen_param_group *all = NULL;
    sen_param_group g;
    const double *rates = NULL;
    int64_t count = 0, i, k;
    int n = 0, m = 0;
    CHECK_OK(p->c, sen_trainer_get_learning_rates(p->t, &rates, &n));
    CHECK_OK(p->c, sen_trainer_optimizer_groups(p->t, &all, &m));
    CHECK(n == 2 && m == 2 && rates[0] == all[0].lr && rates[0] == rates[1] && rates[0] == 0);
    CHECK(all[0].weight_decay == 0.25 && all[1].weight_decay == 0 && all[0].initial_lr == 1e-2);
    for (i = 0; i < 2; i++)
        for (k = 0; k < all[i].n; k++) count += all[i].params[k]->count;
    CHECK(count == sen_trainer_get_num_trainable_parameters(p->t));
    CHECK(sen_trainer_get_num_trainable_parameters(p->t) == sen_model_parameters(p->k.model));
    CHECK_OK(p->c, sen_trainer_get_optimizer_group(p->t, p->t->optimizer->param[0].name, NULL, &g));
    CHECK(g.n == all[0].n && g.params == all[0].params);
    CHECK_OK(p->c, sen_trainer_get_optimizer_group(p->t, NULL, p->t->optimizer->param[0].tensor,
                                                   &g));
    CHECK(g.params == all[0].params);
    CHECK(sen_trainer_get_optimizer_group(p->t, "word_embeddings", NULL, &g) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(p->c), "no weight \"word_embeddings\"") != NULL);
}

static void page_later(train_page *p)
{
    CHECK(sen_trainer_hyperparameter_search(p->t) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(p->c), "a later version") != NULL);
    CHECK(sen_trainer_propagate_args_to_deepspeed(p->t, false) == SEN_ERR_UNSUPPORTED);
    CHECK(sen_trainer_push_to_hub(p->t, "End of training") == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(p->c), "upload the saved folder yourself") != NULL);
}

static void page_zero(train_page *p)
{
    CHECK(sen_trainer_is_local_process_zero(p->t) && sen_trainer_is_world_process_zero(p->t));
}

static void page_log(train_page *p)
{
    const int64_t records = train_page_records(p);
    sen_json *j = NULL;
    const sen_json *last;
    CHECK_OK(p->c, sen_json_parse(p->c, "log", "{\"mine\": 3}", 11, &j));
    CHECK_OK(p->c, sen_trainer_log(p->t, j));
    CHECK(train_page_records(p) == records + 1);
    for (last = sen_trainer_state(p->t)->log_history->child; last->next; last = last->next) { }
    CHECK(sen_json_get(last, "mine") && sen_json_get(last, "step") && sen_json_get(last, "epoch"));
    CHECK_OK(p->c, sen_trainer_save_state(p->t));
}

static void page_save_model(train_page *p)
{
    sen_model *m = NULL;
    CHECK_OK(p->c, sen_trainer_save_model(p->t, test_path("page-model")));
    CHECK_OK(p->c, sen_model_load(p->c, test_path("page-model"), &m));
    sen_model_free(m);
}

static void train_file_is(sen_ctx *c, const char *name, const char *expect)
{
    sen__bytes b;
    memset(&b, 0, sizeof b);
    CHECK_OK(c, sen__file_read(c, test_path(name), &b));
    if (b.data) CHECK_TEXT(b.data, expect);
    sen__file_release(c, &b);
}

static void page_metrics(train_page *p)
{
    sen_json *one = NULL, *two = NULL;
    CHECK_OK(p->c, sen_json_parse(p->c, "one", "{\"b\": 2.5, \"a\": 1}", 18, &one));
    CHECK_OK(p->c, sen_json_parse(p->c, "two", "{\"b\": 3.5, \"c\": 4}", 18, &two));
    CHECK_OK(p->c, sen_trainer_save_metrics(p->t, "dev", one, true));
    CHECK_OK(p->c, sen_trainer_save_metrics(p->t, "own", two, true));
    train_file_is(p->c, "out/dev_results.json", "{\n    \"a\": 1,\n    \"b\": 2.5\n}");
    train_file_is(p->c, "out/all_results.json",
                  "{\n    \"a\": 1,\n    \"b\": 3.5,\n    \"c\": 4\n}");
    CHECK_OK(p->c, sen_trainer_save_metrics(p->t, "own", one, false));
    train_file_is(p->c, "out/all_results.json",
                  "{\n    \"a\": 1,\n    \"b\": 3.5,\n    \"c\": 4\n}");
    CHECK(sen_trainer_save_metrics(p->t, "../own", one, false) == SEN_ERR_ARGUMENT);
    CHECK(sen_trainer_save_metrics(p->t, "own", NULL, false) == SEN_ERR_ARGUMENT);
    test_log_text[0] = 0;
    CHECK_OK(p->c, sen_trainer_log_metrics(p->t, "dev", one));
    CHECK(strstr(test_log_text, "b = 2.5000") != NULL);
}

static void page_card(train_page *p)
{
    CHECK_OK(p->c, sen_trainer_create_model_card(p->t, NULL));
}

/* A trial's arguments are those of the next run, and stay; one that cannot be changes nothing. */
static void page_train(train_page *p)
{
    static const char words[] = "{\"max_steps\": 3, \"per_device_train_batch_size\": 5, "
                                "\"evaluation_strategy\": \"no\", \"save_strategy\": \"steps\"}";
    static const char wrong[] = "{\"max_steps\": 2, \"batch_sampler\": \"none_such\"}";
    sen_train_args a = sen_train_args_default();
    sen_json *j = NULL;
    CHECK_OK(p->c, sen_json_parse(p->c, "trial", words, sizeof words - 1, &j));
    a.trial = j;
    a.resume_from_checkpoint = "false";
    test_log_text[0] = 0;
    CHECK_OK(p->c, sen_trainer_train(p->t, &a));
    CHECK(strstr(test_log_text, "evaluation_strategy is called eval_strategy now") != NULL);
    CHECK(sen_trainer_state(p->t)->global_step == 3 && p->t->state.train_batch_size == 5);
    CHECK(sen_trainer_args(p->t)->per_device_train_batch_size == 5);
    CHECK_OK(p->c, sen_json_parse(p->c, "trial", wrong, sizeof wrong - 1, &j));
    a.trial = j;
    CHECK(sen_trainer_train(p->t, &a) == SEN_ERR_UNSUPPORTED);
    CHECK(strstr(sen_message(p->c), "none_such") != NULL);
    CHECK(sen_trainer_args(p->t)->max_steps == 3);
    a.trial = NULL;
    a.resume_from_checkpoint = "true";          /* of a run that is done */
    CHECK_OK(p->c, sen_trainer_train(p->t, &a));
    CHECK(sen_trainer_state(p->t)->global_step == 3 && p->t->first_step == 3);
    a.resume_from_checkpoint = test_path("nowhere");
    CHECK(sen_trainer_train(p->t, &a) == SEN_ERR_IO);
}

static void page_attributes(train_page *p)
{
    CHECK(sen_trainer_model(p->t) == p->k.model && sen_trainer_model_wrapped(p->t) == p->k.model);
    CHECK(!sen_trainer_is_model_parallel(p->t) && sen_trainer_place_model_on_device(p->t));
    CHECK(!sen_trainer_is_in_train(p->t) && sen_trainer_context(p->t) == p->c);
}

/* The methods of Python's page in its order, each with the test that calls it. */
static const struct { const char *row; void (*call)(train_page *p); } train_rows_of_page[] = {
    { "attributes", page_attributes },
    { "log", page_log },
    { "add_callback, pop_callback, remove_callback", page_add_callback },
    { "compute_loss", page_compute_loss },
    { "create_optimizer, create_scheduler, create_optimizer_and_scheduler", page_create_optimizer },
    { "evaluate", page_evaluate },
    { "predict", page_predict },
    { "get_batch_sampler, get_multi_dataset_batch_sampler, get_train_dataloader", page_samplers },
    { "get_eval_dataloader, get_test_dataloader", page_dataloaders },
    { "get_learning_rates, get_num_trainable_parameters, get_optimizer_group", page_groups },
    { "hyperparameter_search, propagate_args_to_deepspeed, push_to_hub", page_later },
    { "is_local_process_zero, is_world_process_zero", page_zero },
    { "create_model_card", page_card },
    { "save_metrics, log_metrics", page_metrics },
    { "save_model", page_save_model },
    { "train", page_train },
};

static void test_train_page(void)
{
    train_page p;
    sen_column column[3];
    const double *rates = NULL;
    size_t i;
    int n = 0;
    memset(&p, 0, sizeof p);
    memset(column, 0, sizeof column);
    p.c = train_ctx(2);
    CHECK_OK(p.c, train_make(&p.k, p.c, "CoSENTLoss", 0));
    column[0].name = "first";
    column[0].texts = p.k.cell[0];
    column[1].name = "second";
    column[1].texts = p.k.cell[1];
    column[2].name = "score";
    column[2].floats = p.k.score;
    CHECK_OK(p.c, sen_dataset_from_arrays(p.c, column, 3, 7, &p.other));
    p.train[0].name = p.eval[0].name = "a";
    p.train[1].name = p.eval[1].name = "b";
    p.train[0].dataset = p.eval[0].dataset = p.k.data;
    p.train[1].dataset = p.eval[1].dataset = p.other;
    p.k.desc.train_dataset = NULL;
    p.k.desc.train_datasets = p.train;
    p.k.desc.eval_datasets = p.eval;
    p.k.desc.n_train_datasets = p.k.desc.n_eval_datasets = 2;
    p.k.desc.args.weight_decay = 0.25;
    CHECK_OK(p.c, sen_trainer_new(p.c, &p.k.desc, &p.t));
    CHECK(sen_trainer_get_learning_rates(p.t, &rates, &n) == SEN_ERR_ARGUMENT && !rates);
    CHECK_OK(p.c, sen_train(p.t));
    for (i = 0; p.t && i < SEN__COUNT(train_rows_of_page); i++) train_rows_of_page[i].call(&p);
    sen_trainer_free(p.t);
    sen_dataset_free(p.other);
    train_drop(&p.k);
    sen_ctx_free(p.c);
}

/* ---- methods that are replaced --------------------------------------------------------------- */

typedef struct train_changed {
    int losses, steps, logs, evaluations, saves, loaders, samplers, optimizers;
} train_changed;

static train_changed *train_changed_of(sen_trainer *t)
{
    return (train_changed *)sen_trainer_user(t);
}

/* Half of the loss: with plain SGD, half of the step. */
static sen_result train_half_loss(sen_trainer *t, sen_tape *tape, const sen_inputs *in,
                                  sen_var **loss, sen_outputs *outputs)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    const sen_result r = super.compute_loss(t, tape, in, loss, outputs);
    train_changed_of(t)->losses++;
    if (!r) *loss = sen_scale(tape, *loss, 0.5f);
    return r;
}

static sen_result train_counted_step(sen_trainer *t, const sen_inputs *in, float scale, float *loss)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    train_changed_of(t)->steps++;
    return super.training_step(t, in, scale, loss);
}

/* One more key in each record. */
static sen_result train_more_log(sen_trainer *t, const sen_json *logs)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    sen_ctx *c = sen_trainer_context(t);
    sen__maker m = sen__maker_in(c, &c->keep);
    sen_json *more = sen__make_copy(&m, NULL, NULL, logs);
    train_changed_of(t)->logs++;
    if (more) sen__make_int(&m, more, "mine", 7);
    return more && !m.failed ? super.log(t, more) : SEN_ERR_MEMORY;
}

/* A metric of the user's own, by which the best model is told. */
static sen_result train_more_metrics(sen_trainer *t, const sen_evaluate_args *a,
                                     const sen_json **metrics)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    sen_ctx *c = sen_trainer_context(t);
    sen__maker m = sen__maker_in(c, &c->keep);
    const sen_json *own = NULL;
    sen_result r = super.evaluate(t, a, &own);
    sen_json *more = r ? NULL : sen__make_copy(&m, NULL, NULL, own);
    if (r || !more) return r ? r : SEN_ERR_MEMORY;
    sen__make_double(&m, more, "eval_mine", ++train_changed_of(t)->evaluations);
    *metrics = more;
    return m.failed ? SEN_ERR_MEMORY : SEN_OK;
}

static sen_result train_counted_save(sen_trainer *t, const char *folder)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    train_changed_of(t)->saves++;
    return super.save_model(t, folder);
}

/* Rows in their order, by another kind of sampler than the arguments name. */
static sen_result train_plain_sampler(sen_trainer *t, const sen_dataset *d, int64_t size,
                                      bool drop_last, int64_t seed, sen_sampler **out)
{
    sen_sampler_args a = sen_sampler_args_default();
    a.batch_sampler = "no_duplicates";
    a.batch_size = size;
    a.drop_last = drop_last;
    a.seed = seed + 1;
    train_changed_of(t)->samplers++;
    return sen_sampler_new(sen_trainer_context(t), d, &a, out);
}

static sen_result train_counted_loader(sen_trainer *t, sen_dataloader **out)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    train_changed_of(t)->loaders++;
    return super.get_train_dataloader(t, out);
}

/* A schedule twice as long as the run. */
static sen_result train_long_schedule(sen_trainer *t, int64_t steps)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    return super.create_scheduler(t, 2 * steps);
}

static sen_result train_counted_optimizer(sen_trainer *t)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    train_changed_of(t)->optimizers++;
    return super.create_optimizer(t);
}

static void train_with_methods(const sen_trainer_methods *m, train_changed *n, float *out,
                               double *rate)
{
    sen_ctx *c = train_ctx(1);
    sen_trainer *t = NULL;
    train_kit k;
    sen_result r = train_make(&k, c, "MultipleNegativesRankingLoss", 0);
    k.desc.args.optim = "sgd";
    k.desc.args.lr_scheduler_type = m && m->create_scheduler == train_long_schedule ? "linear"
                                                                                    : "constant";
    k.desc.args.max_grad_norm = 0;
    k.desc.args.max_steps = 2;
    k.desc.args.save_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.save_steps = 1;
    k.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    k.desc.args.eval_steps = 1;
    k.desc.eval_dataset = k.data;
    k.desc.methods = m;
    k.desc.user = n;
    if (m && m->evaluate == train_more_metrics) {
        k.desc.args.metric_for_best_model = "mine";
        k.desc.args.greater_is_better = 1;
    }
    if (!r) r = sen_trainer_new(c, &k.desc, &t);
    if (!r) r = sen_train(t);
    CHECK_OK(c, r);
    if (!r && m && m->log == train_more_log)
        CHECK(sen_json_get(sen_trainer_state(t)->log_history->child, "mine") != NULL);
    if (!r && m && m->evaluate == train_more_metrics) CHECK(sen_trainer_state(t)->best_metric == 2);
    if (!r) *rate = sen_trainer_state(t)->learning_rate;
    train_weights(k.model, out, TRAIN_FLOATS);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static void test_train_methods(void)
{
    static float plain[TRAIN_FLOATS], same[TRAIN_FLOATS], other[TRAIN_FLOATS];
    sen_trainer_methods m = sen_trainer_methods_default();
    train_changed n;
    double rate = 0, shorter = 0;
    memset(&n, 0, sizeof n);
    train_with_methods(NULL, &n, plain, &rate);
    /* Those that only look on change nothing. */
    m.training_step = train_counted_step;
    m.save_model = train_counted_save;
    m.log = train_more_log;
    m.get_train_dataloader = train_counted_loader;
    m.create_optimizer = train_counted_optimizer;
    m.evaluate = train_more_metrics;
    train_with_methods(&m, &n, same, &rate);
    CHECK(memcmp(plain, same, sizeof plain) == 0);
    CHECK(n.steps == 2 && n.saves == 2 && n.evaluations == 2 && n.loaders == 1 &&
          n.optimizers == 1 && n.logs == 5);
    /* Others do. */
    m = sen_trainer_methods_default();
    m.compute_loss = train_half_loss;
    train_with_methods(&m, &n, other, &rate);
    CHECK(memcmp(plain, other, sizeof plain) != 0 && n.losses == 2 + 2 * 3);
    m = sen_trainer_methods_default();
    m.get_batch_sampler = train_plain_sampler;
    train_with_methods(&m, &n, other, &rate);
    CHECK(memcmp(plain, other, sizeof plain) != 0 && n.samplers == 2);
    m = sen_trainer_methods_default();
    m.create_scheduler = train_long_schedule;
    train_with_methods(&m, &n, other, &shorter);
    CHECK(rate == 1e-2 && shorter == 1e-2 * 0.75);
}

/* ---- compute_metrics ------------------------------------------------------------------------- */

typedef struct train_measured {
    train_kit   k;
    const char *dataset[4];                     /* of each call */
    int         calls, columns, batches, kept;
    bool        labels, wrong, spoil;
} train_measured;

/* The mean cosine of the two columns' embeddings, which encode gives too. */
static sen_result train_measure(sen_trainer *t, const sen_predictions *p, void *user)
{
    train_measured *m = (train_measured *)user;
    float emb[8];
    double sum = 0;
    int64_t i, j;
    int k;
    CHECK(sen_trainer_user(t) == user && p->rows > 0 && p->loss - p->loss == 0);
    m->dataset[m->calls++ & 3] = p->dataset_name;
    m->columns = p->n_columns;
    m->labels = p->labels != NULL;
    if (m->labels) CHECK(p->label_width == 1 && p->labels[0] == (float)m->k.score[p->row[0]]);
    for (k = 0; k < p->n_columns && p->dimensions[k] == 8; k++) {
        const int col = strcmp(p->columns[k], "second") == 0;
        CHECK_OK(m->k.c, sen_encode(m->k.c, m->k.model, &m->k.cell[col][p->row[3]], 1, NULL, emb));
        CHECK_NEAR(p->embeddings[k] + 3 * 8, emb, 8, 1e-6);
    }
    m->kept = p->n_columns ? (int)p->dimensions[0] : 0;
    for (i = 0; p->n_columns == 2 && i < p->rows; i++)
        for (j = 0; j < p->dimensions[0]; j++)
            sum += (double)p->embeddings[0][i * p->dimensions[0] + j] *
                   (double)p->embeddings[1][i * p->dimensions[1] + j];
    if (m->spoil) return sen_fail(m->k.c, SEN_ERR_NUMBER, "no metric today");
    CHECK_OK(m->k.c, sen_trainer_add_metric(t, "dots", sum));
    return sen_trainer_add_metric(t, "calls", m->calls);
}

/* The first three numbers; the fourth time, where that is asked for, four. */
static sen_result train_halve(sen_trainer *t, const char *column, const float *x, int64_t rows,
                              int64_t dimension, float *y, int64_t *kept, void *user)
{
    train_measured *m = (train_measured *)user;
    int64_t i;
    (void)t;
    CHECK(dimension == 8 && *kept == 8 && *column);
    *kept = m->wrong && m->batches == 3 ? 4 : 3;
    m->batches++;
    for (i = 0; i < rows; i++) memcpy(y + i * *kept, x + i * dimension, (size_t)*kept * sizeof *y);
    return SEN_OK;
}

static void train_measured_make(train_measured *m, sen_ctx *c, const char *loss)
{
    memset(m, 0, sizeof *m);
    CHECK_OK(c, train_make(&m->k, c, loss, 0));
    m->k.desc.eval_dataset = m->k.data;
    m->k.desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    m->k.desc.args.eval_steps = 5;
    m->k.desc.compute_metrics = train_measure;
    m->k.desc.user = m;
}

/* During a run the metric tells the best model; ignored keys are not there. */
static void train_metrics_of(const char *loss)
{
    static const char *const keys[] = { "first", "label" }, *const wrong[] = { "third" };
    sen_ctx *c = train_ctx(2);
    train_measured m;
    sen_trainer *t = NULL;
    sen_train_args run = sen_train_args_default();
    sen_evaluate_args a = sen_evaluate_args_default();
    const sen_json *metrics = NULL;
    const sen_json *j;
    int at = 0;
    train_measured_make(&m, c, loss);
    m.k.desc.args.metric_for_best_model = "calls";
    CHECK_OK(c, sen_trainer_new(c, &m.k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK(m.calls == 2 && m.columns == 2 && m.kept == 8 && !m.dataset[0]);
    CHECK(m.labels);
    CHECK(sen_trainer_state(t)->best_metric == 2);
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    for (j = metrics ? metrics->child : NULL; j && at < 3; j = j->next, at++)
        CHECK_TEXT(j->key, at == 0 ? "eval_loss" : at == 1 ? "eval_dots" : "eval_calls");
    a.ignore_keys.item = keys;
    a.ignore_keys.n = 2;
    CHECK_OK(c, sen_trainer_evaluate(t, &a, &metrics));
    CHECK(m.columns == 1 && !m.labels);
    a.ignore_keys.item = wrong;
    a.ignore_keys.n = 1;
    CHECK(sen_trainer_evaluate(t, &a, &metrics) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "ignore_keys names \"third\"") != NULL);
    run.ignore_keys_for_eval.item = keys;
    run.ignore_keys_for_eval.n = 1;
    CHECK_OK(c, sen_trainer_train(t, &run));
    CHECK(m.columns == 1);
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(m.columns == 2);
    CHECK(sen_trainer_add_metric(t, "late", 1) == SEN_ERR_ARGUMENT);
    m.spoil = true;
    CHECK(sen_trainer_evaluate(t, NULL, &metrics) == SEN_ERR_NUMBER);
    CHECK_TEXT(sen_message(c), "no metric today");
    sen_trainer_free(t);
    train_drop(&m.k);
    sen_ctx_free(c);
}

static void test_train_metrics_plain(void)
{
    train_metrics_of("CoSENTLoss");
}

static void test_train_metrics_cached(void)
{
    train_metrics_of("CachedMultipleNegativesRankingLoss");
}

/* Named datasets: a call for each, under its prefix; and what preprocess keeps. */
static void test_train_metrics_named(void)
{
    sen_ctx *c = train_ctx(1);
    train_measured m;
    sen_trainer *t = NULL;
    sen_named_dataset both[2];
    const sen_json *metrics = NULL;
    train_measured_make(&m, c, "MultipleNegativesRankingLoss");
    memset(both, 0, sizeof both);
    both[0].name = "a";
    both[1].name = "b";
    both[0].dataset = both[1].dataset = m.k.data;
    m.k.desc.eval_dataset = NULL;
    m.k.desc.eval_datasets = both;
    m.k.desc.n_eval_datasets = 2;
    m.k.desc.preprocess_logits_for_metrics = train_halve;
    CHECK_OK(c, sen_trainer_new(c, &m.k.desc, &t));
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(metrics && sen_json_get(metrics, "eval_a_dots") && sen_json_get(metrics, "eval_b_calls"));
    CHECK(m.calls == 2 && m.kept == 3 && m.batches == 2 * 3 * 2);
    CHECK_TEXT(m.dataset[0], "a");
    CHECK_TEXT(m.dataset[1], "b");
    m.wrong = true;
    m.batches = 0;
    CHECK(sen_trainer_evaluate(t, NULL, &metrics) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "keeps 4 numbers of 8 of a row") != NULL);
    sen_trainer_free(t);
    m.k.desc.compute_metrics = NULL;
    m.batches = 0;
    test_log_text[0] = 0;
    CHECK_OK(c, sen_trainer_new(c, &m.k.desc, &t));
    CHECK(strstr(test_log_text, "nothing is kept without compute_metrics") != NULL);
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(m.batches == 0);
    sen_trainer_free(t);
    train_drop(&m.k);
    sen_ctx_free(c);
}

/* ---- model_init, loss_init, own kinds -------------------------------------------------------- */

typedef struct train_inits {
    train_kit  *k;
    int         models, losses, width;
    const char *loss, *trial;                   /* a class; a key that the last trial had */
    bool        again;                          /* the model of before */
} train_inits;

static sen_result train_init_model(sen_ctx *c, const sen_json *trial, void *user, sen_model **out)
{
    train_inits *n = (train_inits *)user;
    sen_model *mine = n->k->model;
    sen_result r;
    CHECK(c == n->k->c);
    n->trial = trial && trial->child ? trial->child->key : NULL;
    if (n->again && n->models > 0) return SEN_OK;           /* none: not a new one */
    n->models++;
    r = train_model(n->k, 1, 0);
    *out = n->k->model;
    n->k->model = mine;
    return r;
}

static sen_result train_init_loss(sen_ctx *c, sen_model *model, void *user, sen_loss **out)
{
    train_inits *n = (train_inits *)user;
    CHECK(model && sen_embedding_dimension(model, SEN_NONE) == 8);
    n->losses++;
    return sen_loss_new(c, n->loss, NULL, out);
}

/* Each run has a new model, and the bits of the first; a plain trainer's second run goes on. */
static void test_train_model_init(void)
{
    static const char words[] = "{\"max_steps\": 4}";
    static float first[TRAIN_FLOATS], second[TRAIN_FLOATS], plain[TRAIN_FLOATS];
    static const char *const losses[] = { "MultipleNegativesRankingLoss", "ContrastiveTensionLoss",
                                          "CoSENTLoss" };
    int i;
    for (i = 0; i < 3; i++) {
        sen_ctx *c = train_ctx(1);
        sen_train_args a = sen_train_args_default();
        train_kit k;
        train_inits n;
        sen_trainer *t = NULL;
        sen_json *trial = NULL;
        memset(&n, 0, sizeof n);
        CHECK_OK(c, train_make(&k, c, losses[i], 0));
        n.k = &k;
        n.loss = losses[i];
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        train_weights(k.model, plain, TRAIN_FLOATS);
        sen_trainer_free(t);
        k.desc.model = NULL;
        k.desc.loss = NULL;
        k.desc.user = &n;
        k.desc.model_init = train_init_model;
        k.desc.loss_init = train_init_loss;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK(n.models == 1 && n.losses == 1 && sen_trainer_model(t) != k.model);
        CHECK_OK(c, sen_train(t));
        CHECK(n.models == 2 && n.losses == 2 && !n.trial);
        train_weights(sen_trainer_model(t), first, TRAIN_FLOATS);
        CHECK_OK(c, sen_json_parse(c, "trial", words, sizeof words - 1, &trial));
        a.trial = trial;
        CHECK_OK(c, sen_trainer_train(t, &a));
        CHECK_TEXT(n.trial, "max_steps");
        CHECK(sen_trainer_state(t)->global_step == 4 && n.models == 3);
        a.trial = NULL;
        k.desc.args.max_steps = 4;
        CHECK_OK(c, sen_trainer_train(t, &a));
        train_weights(sen_trainer_model(t), second, TRAIN_FLOATS);
        CHECK(memcmp(first, plain, sizeof plain) == 0);
        CHECK(memcmp(first, second, sizeof plain) != 0);    /* four steps, not ten */
        n.again = true;
        CHECK(sen_train(t) == SEN_ERR_ARGUMENT);
        CHECK_TEXT(sen_message(c), "model_init should make a new model each time");
        sen_trainer_free(t);
        k.desc.optimizer = &sen__sgd;
        CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT && !t);
        CHECK(strstr(sen_message(c), "cannot be given with model_init") != NULL);
        train_drop(&k);
        sen_ctx_free(c);
    }
}

static double train_always_half(const sen_schedule *s)
{
    (void)s;
    return 0.5;
}

/* An optimizer and a schedule given as such: under the names that they bring. */
static void test_train_own_kinds(void)
{
    static sen_schedule_type half, other;
    static sen_optimizer_type mine;
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    int i;
    memset(&half, 0, sizeof half);
    half.name = "half";
    half.factor = train_always_half;
    mine = sen__sgd;
    mine.name = "mine";
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    k.desc.optimizer = &mine;
    k.desc.lr_scheduler = &half;
    for (i = 0; i < 2; i++) {                               /* known the second time */
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        CHECK(sen_trainer_state(t)->learning_rate == 0.5e-2);
        CHECK_TEXT(sen_trainer_args(t)->optim, "mine");
        sen_trainer_free(t);
    }
    other = half;
    other.name = "linear";
    k.desc.lr_scheduler = &other;
    CHECK(sen_trainer_new(c, &k.desc, &t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "is the name of another") != NULL);
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- train_sampling_strategy, neftune_noise_alpha -------------------------------------------- */

/* The loader's order of rows in an epoch, one behind the other. */
static void train_order(const char *args, int64_t epoch, int64_t *out)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    sen_inputs in;
    bool more = true;
    int64_t n = 0;
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    for (i = 0; i < TRAIN_ROWS; i += 3) k.cell[0][i].length -= 7;   /* shorter by a word or two */
    if (args) CHECK_OK(c, train_read(c, args, &k.desc.args));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen__sets_tokenize(t, t->train, 1));
    CHECK_OK(c, sen_dataloader_begin(t->loader, epoch));
    while (more) {
        CHECK_OK(c, sen_dataloader_next(t->loader, &in, &more));
        if (!more) break;
        memcpy(out + n, in.rows, (size_t)in.n * sizeof *out);
        n += in.n;
    }
    CHECK(n == TRAIN_ROWS);
    if (args && strstr(args, "group_by_length") && !strstr(args, "false"))
        for (i = 0; i < 3; i++) {                           /* pieces of one update's rows */
            const sen__train_set *s = &t->train[0];
            int j;
            for (j = 1; j < 4; j++) {
                const int64_t a = out[4 * i + j - 1], b = out[4 * i + j];
                const int64_t x = sen__tokens_length(s->tokens[0], a) +
                                  sen__tokens_length(s->tokens[1], a),
                              y = sen__tokens_length(s->tokens[0], b) +
                                  sen__tokens_length(s->tokens[1], b);
                CHECK(x >= y || (4 * i + j - 1 > 0 && j == 1));
            }
        }
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static void test_train_strategy(void)
{
    int64_t random[TRAIN_ROWS], order[TRAIN_ROWS], again[TRAIN_ROWS], seen = 0;
    sen_ctx *c = train_ctx(1);
    train_kit k;
    int i;
    train_order(NULL, 0, random);
    train_order("{\"train_sampling_strategy\": \"sequential\"}", 0, order);
    for (i = 0; i < TRAIN_ROWS; i++) CHECK(order[i] == i);
    train_order("{\"group_by_length\": false}", 0, order);
    CHECK(memcmp(order, random, sizeof order) == 0);
    train_order("{\"group_by_length\": true}", 0, order);
    CHECK(memcmp(order, random, sizeof order) != 0);
    for (i = 0; i < TRAIN_ROWS; i++) seen |= (int64_t)1 << order[i];
    CHECK(seen == ((int64_t)1 << TRAIN_ROWS) - 1);
    train_order("{\"train_sampling_strategy\": \"group_by_length\"}", 0, again);
    CHECK(memcmp(order, again, sizeof order) == 0);
    train_order("{\"train_sampling_strategy\": \"group_by_length\"}", 1, again);
    CHECK(memcmp(order, again, sizeof order) != 0);
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    train_settles(&k, "{\"train_sampling_strategy\": \"batch_rebalance\"}", SEN_ERR_UNSUPPORTED,
                  "there are: random, sequential, group_by_length");
    train_settles(&k, "{\"group_by_length\": true, \"batch_sampler\": \"no_duplicates\"}",
                  SEN_ERR_ARGUMENT, "goes with the plain batch_sampler");
    train_settles(&k, "{\"neftune_noise_alpha\": -1}", SEN_ERR_ARGUMENT, "cannot be negative");
    train_drop(&k);
    sen_ctx_free(c);
}

/* What transformers makes of these lengths and updates of 2, by its rule: pieces of 2 are sorted,
 * then the longest row of all, the first of several, changes places with the very first. */
static void test_train_grouped(void)
{
    static const double length[9] = { -3, -5, -3, -9, -1, -5, -2, -9, -4 };
    static const int64_t expect[9] = { 3, 0, 8, 1, 7, 5, 2, 6, 4 };
    int64_t row[9] = { 8, 0, 1, 3, 5, 7, 2, 6, 4 }, place[9], work[9], piece[9];
    double copy[9], key[9];
    sen__strategy g;
    int64_t i;
    memset(&g, 0, sizeof g);
    memcpy(copy, length, sizeof copy);
    g.order.row = row;
    g.order.n = 9;
    g.update = 2;
    g.length = copy;
    g.key = key;
    g.place = place;
    g.work = work;
    g.piece = piece;
    sen__strategy_group(&g);                                /* 8 0 | 1 3 | 5 7 | 2 6 | 4 */
    for (i = 0; i < 9; i++) CHECK(row[i] == expect[i]);
}

/* Noise changes a run, the same for any number of threads and with a cache; not an evaluation. */
static void train_noisy(const char *loss, double alpha, int threads, float *out, double *eval)
{
    sen_ctx *c = train_ctx(threads);
    train_kit k;
    sen_trainer *t = NULL;
    const sen_json *m = NULL;
    sen_result r = train_make(&k, c, loss, 0);
    k.desc.args.neftune_noise_alpha = alpha;
    k.desc.eval_dataset = k.data;
    k.desc.args.max_steps = 3;
    if (!r) r = sen_trainer_new(c, &k.desc, &t);
    if (!r) r = sen_trainer_evaluate(t, NULL, &m);
    if (!r) *eval = sen_json_get(m, "eval_loss")->number;
    if (!r) r = sen_train(t);
    CHECK_OK(c, r);
    train_weights(k.model, out, TRAIN_FLOATS);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

static void test_train_neftune(void)
{
    static float plain[TRAIN_FLOATS], noisy[TRAIN_FLOATS], other[TRAIN_FLOATS];
    double eval = 0, same = 1;
    train_noisy("MultipleNegativesRankingLoss", SEN_NONE, 1, plain, &eval);
    train_noisy("MultipleNegativesRankingLoss", 0, 1, other, &same);
    CHECK(memcmp(plain, other, sizeof plain) == 0);
    train_noisy("MultipleNegativesRankingLoss", 5, 1, noisy, &same);
    CHECK(memcmp(plain, noisy, sizeof plain) != 0 && same == eval);
    train_noisy("MultipleNegativesRankingLoss", 5, 3, other, &same);
    CHECK(memcmp(noisy, other, sizeof noisy) == 0);
    train_noisy("CachedMultipleNegativesRankingLoss", 5, 2, other, &same);
    CHECK_NEAR(other, noisy, TRAIN_FLOATS, 1e-3);
}

/* Where it lies, and how large it is: below alpha / sqrt(L H), mean 0, a third of its square. */
static void test_train_noise(void)
{
    enum { N = 3, H = 64 };
    static int32_t first[N + 1] = { 0, 4, 6, 15 }, position[15], owner[15];
    sen_ctx *c = train_ctx(1);
    sen_tape *tape = NULL;
    sen__neftune noise;
    sen_batch b;
    sen_var *x;
    int64_t s, i;
    memset(&b, 0, sizeof b);
    for (s = 0; s < N; s++)
        for (i = first[s]; i < first[s + 1]; i++) {
            position[i] = (int32_t)(i - first[s]);
            owner[i] = (int32_t)s;
        }
    b.rows = N;
    b.columns = 1;
    b.tokens = 15;
    b.first = first;
    b.position = position;
    b.owner = owner;
    noise.key = 42;
    noise.micro_step = 7;
    noise.alpha = 5;
    CHECK_OK(c, sen_tape_new(c, false, &tape));
    x = sen_tape_matrix(tape, 15, H);
    memset(x->x, 0, 15 * H * sizeof *x->x);
    tape->noise = &noise;
    sen__token_noise(tape, x, &b);
    tape->noise = NULL;
    for (s = 0; s < N; s++) {
        const int64_t n = (first[s + 1] - first[s]) * (int64_t)H;
        const double most = 5 / sqrt((double)n);
        double sum = 0, square = 0;
        for (i = first[s] * (int64_t)H; i < first[s + 1] * (int64_t)H; i++) {
            CHECK(fabs((double)x->x[i]) <= most * 1.000001);
            sum += (double)x->x[i] / most;
            square += (double)x->x[i] / most * (double)x->x[i] / most;
        }
        CHECK(fabs(sum / (double)n) < 0.15 && fabs(square / (double)n - 1.0 / 3) < 0.08);
    }
    sen_tape_free(tape);
    sen_ctx_free(c);
}

/* ---- auto_find_batch_size -------------------------------------------------------------------- */

/* By the plan: a limit that 16 rows do not fit; without the argument it is refused. */
static void test_train_find_batch(void)
{
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    sen_memory_plan p;
    int64_t at_8;
    int i;
    CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_trainer_plan(t, &p));
    at_8 = p.total + p.activations;             /* of 8 rows; here are 4 */
    sen_trainer_free(t);
    k.desc.args.per_device_train_batch_size = 16;
    k.desc.args.mem_limit = at_8;
    for (i = 0; i < 2; i++) {
        k.desc.args.auto_find_batch_size = i == 1;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        test_log_text[0] = 0;
        CHECK(sen_train(t) == (i ? SEN_OK : SEN_ERR_LIMIT));
        if (i) {                                /* 16, 14, 12, 10, 9, 8 */
            CHECK(sen_trainer_args(t)->per_device_train_batch_size == 8);
            CHECK(sen_trainer_state(t)->train_batch_size == 8);
            CHECK(sen_trainer_state(t)->steps_per_epoch == 3);
            CHECK(strstr(test_log_text, "batches of 9 rows are beyond mem_limit; 8 are") != NULL);
        }
        sen_trainer_free(t);
    }
    k.desc.args.mem_limit = 1000;               /* down to the last size that the loss can take */
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK(sen_train(t) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "compares the rows of a batch") != NULL);
    CHECK(sen_trainer_args(t)->per_device_train_batch_size == 2);
    sen_trainer_free(t);
    train_drop(&k);
    sen_ctx_free(c);
}

/* Memory that cannot be had while the batch has more than eight rows. */
typedef struct train_tight {
    sen_trainer *t;
    int          refused;
} train_tight;

static sen_result train_tight_step(sen_trainer *t, const sen_inputs *in, float scale, float *loss)
{
    const sen_trainer_methods super = sen_trainer_methods_default();
    train_tight *n = (train_tight *)sen_trainer_user(t);
    if (in->n <= 8) return super.training_step(t, in, scale, loss);
    n->refused++;
    return sen_fail(sen_trainer_context(t), SEN_ERR_MEMORY, "no memory for %d rows", (int)in->n);
}

static void test_train_tight(void)
{
    static float found[TRAIN_FLOATS], plain[TRAIN_FLOATS];
    sen_ctx *c = train_ctx(1);
    sen_trainer_methods m = sen_trainer_methods_default();
    train_kit k;
    train_tight n;
    sen_trainer *t = NULL;
    int i;
    memset(&n, 0, sizeof n);
    m.training_step = train_tight_step;
    for (i = 0; i < 2; i++) {
        CHECK_OK(c, train_make(&k, c, "MultipleNegativesRankingLoss", 0));
        k.desc.args.per_device_train_batch_size = i ? 8 : 16;
        k.desc.args.auto_find_batch_size = !i;
        k.desc.methods = &m;
        k.desc.user = &n;
        CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
        CHECK_OK(c, sen_train(t));
        train_weights(k.model, i ? plain : found, TRAIN_FLOATS);
        sen_trainer_free(t);
        train_drop(&k);
    }
    CHECK(n.refused == 5 && memcmp(found, plain, sizeof found) == 0);
    sen_ctx_free(c);
}

/* ---- the model card -------------------------------------------------------------------------- */

/* A scalar as the card has it. */
static void train_yaml(sen_ctx *c, const char *text, const char *expect)
{
    sen__out o;
    sen__out_init(&o, c);
    sen__yaml_text(&o, text);
    CHECK_TEXT(o.data, expect);
    sen__out_free(&o);
}

static void train_front(sen_ctx *c, const char *card, const char *key, const char *expect)
{
    const char *value = NULL;
    test_write_text(test_path("README.md"), card);
    CHECK_OK(c, sen__front_matter(c, test_folder(), key, &value));
    if (expect) CHECK_TEXT(value, expect);
    else CHECK(value == NULL);
    remove(test_path("README.md"));
}

static void test_train_yaml(void)
{
    sen_ctx *c = train_ctx(1);
    const char *value = NULL;
    train_yaml(c, "apache-2.0", "apache-2.0");
    train_yaml(c, "org/model_1.5", "org/model_1.5");
    train_yaml(c, "No", "\"No\"");
    train_yaml(c, "1e5", "\"1e5\"");
    train_yaml(c, "a: b", "\"a: b\"");
    train_yaml(c, "sts dev", "\"sts dev\"");
    train_yaml(c, "a\"b\n#", "\"a\\\"b\\n#\"");
    train_yaml(c, "", "\"\"");
    train_front(c, "---\nlicense: mit\n---\n", "license", "mit");
    train_front(c, "---\r\nlanguage: en\r\nlicense: \"my own\"\r\n---\r\n", "license", "my own");
    train_front(c, "---\nbase_model:\n- org/a\n- org/b\n---\n", "base_model", "org/a");
    train_front(c, "---\nbase_model:\n  - 'org/a'\n---\n", "base_model", "org/a");
    train_front(c, "---\nbase_model:\nlicense: mit\n---\n", "base_model", NULL);
    train_front(c, "---\ntags: x\n---\nlicense: mit\n", "license", NULL);
    train_front(c, "license: mit\n", "license", NULL);
    train_front(c, "---", "license", NULL);
    train_front(c, "", "license", NULL);
    CHECK_OK(c, sen__front_matter(c, test_path("nowhere"), "license", &value));
    CHECK(!value);
    sen_ctx_free(c);
}

/* The card of a run over a model that came with a card of its own. */
static void test_train_card(void)
{
    static const char *const tasks[] = { "sentence-similarity", "feature-extraction" };
    static const char *const tags[] = { "org/pairs" }, *const names[] = { "Pairs: the first" };
    static const char *const part[] = { "train" }, *const language[] = { "en", "no" };
    static const char *const wanted[] = {
        "---\nlanguage:\n- en\n- \"no\"\nlicense: mit\ntags:\n- sentence-transformers\n",
        "- dense\n- generated_from_trainer\n- dataset_size:20\n- loss:CoSENTLoss\n- org/pairs\n",
        "base_model: org/base\nwidget:\n- source_sentence: \"", "\n  sentences:\n  - \"",
        "datasets:\n- org/pairs\npipeline_tag: sentence-similarity\n",
        "model-index:\n- name: mine\n  results:\n  - task:\n      type: sentence-similarity\n"
        "      name: \"Sentence Similarity\"\n    dataset:\n      name: \"Pairs: the first\"\n"
        "      type: org/pairs\n      args: train\n    metrics:\n    - type: loss\n      value: ",
        "  - task:\n      type: feature-extraction\n", "\n---\n\n# mine\n",
        "- **Base model:** org/base\n- **Maximum Sequence Length:** 8 tokens\n"
        "- **Output Dimensionality:** 8 dimensions\n- **Similarity Function:** Cosine Similarity\n",
        "- **Training Datasets:** Pairs: the first\n- **Language:** en and no\n"
        "- **License:** mit\n",
        "  (0): Transformer({\"architecture\": \"BertModel\", \"max_seq_length\": 8})\n"
        "  (1): Pooling({",
        "SentenceTransformer(\"org/mine\")", "# (3, 8)\n", "# tensor([[1.0000, ",
        "## Evaluation\n\n### Metrics\n\n| Metric | Value |\n|:--|:--|\n| loss | ",
        "### Training Dataset\n\n#### Unnamed Dataset\n\n* Size: 20 training samples\n"
        "* Columns: <code>first</code>, <code>second</code> and <code>score</code>\n",
        "| details | <ul><li>min: 5 tokens</li><li>mean: ",
        "<ul><li>min: 0.00</li><li>mean: ", "<code>red &lt;cat\\| runs</code>",
        "### Evaluation Dataset\n", "* Size: 20 evaluation samples\n",
        "* Loss: <code>CoSENTLoss</code> with these parameters:\n\n```json\n{\n"
        "    \"scale\": 20.0,",
        "#### Non-Default Hyperparameters\n\n- `per_device_train_batch_size`: 4\n",
        "- `learning_rate`: 0.01\n", "#### All Hyperparameters\n", "- `adam_beta1`: 0.9\n",
        "| Epoch | Step | Training Loss | Validation Loss |\n", "| 0.2000 | 1 | ",
        "### Training Time\n- **Training**: ", "- **Evaluation**: ", "### Framework Versions\n",
        "#### CoSENTLoss\n```bibtex\n@misc{huang2024,\n    title = {CoSENT",
    };
    sen_ctx *c = train_ctx(1);
    train_kit k;
    sen_trainer *t = NULL;
    sen_model *own = NULL;
    sen_card_args a = sen_card_args_default();
    sen__bytes b;
    size_t i;
    CHECK_OK(c, train_make(&k, c, "CoSENTLoss", 0));
    CHECK_OK(c, sen_model_save(c, k.model, test_path("base")));
    test_write_text(test_path("base/README.md"),
                    "---\nlicense: mit\nbase_model:\n- org/base\n---\n");
    CHECK_OK(c, sen_model_load(c, test_path("base"), &own));
    k.desc.model = own;
    k.desc.eval_dataset = k.data;
    k.desc.args.max_steps = 2;
    k.cell[0][1].data = "red <cat| runs";
    k.cell[0][1].length = 14;
    CHECK_OK(c, sen_trainer_new(c, &k.desc, &t));
    CHECK_OK(c, sen_train(t));
    CHECK_OK(c, sen_trainer_evaluate(t, NULL, NULL));
    a.language.item = language;
    a.language.n = 2;
    a.model_name = "mine";
    a.model_id = "org/mine";
    a.tasks.item = tasks;
    a.tasks.n = 2;
    a.tags.item = tags;
    a.dataset_tags.item = tags;
    a.dataset.item = names;
    a.dataset_args.item = part;
    a.tags.n = a.dataset_tags.n = a.dataset.n = a.dataset_args.n = 1;
    CHECK_OK(c, sen_trainer_create_model_card(t, &a));
    memset(&b, 0, sizeof b);
    CHECK_OK(c, sen__file_read(c, test_path("out/README.md"), &b));
    for (i = 0; b.data && i < SEN__COUNT(wanted); i++)
        if (!strstr(b.data, wanted[i])) {
            printf("the card has no: %s\n", wanted[i]);
            CHECK(false);
        }
    sen__file_release(c, &b);
    a.stamp = 0;
    CHECK(sen_trainer_create_model_card(t, &a) == SEN_ERR_ARGUMENT);
    a = sen_card_args_default();
    a.folder = test_path("card");
    a.license = "other";
    CHECK_OK(c, sen_trainer_create_model_card(t, &a));
    CHECK_OK(c, sen__file_read(c, test_path("card/README.md"), &b));
    CHECK(b.data && strstr(b.data, "license: other\n") &&
          strstr(b.data, "- name: \"SentenceTransformer based on org/base\"\n"));
    sen__file_release(c, &b);
    sen_trainer_free(t);
    sen_model_free(own);
    train_drop(&k);
    sen_ctx_free(c);
}

/* ---- construction ---------------------------------------------------------------------------- */

static void construct_begin(train_kit *k)
{
    sen_ctx *c = train_ctx(1);
    CHECK_OK(c, train_make(k, c, "CoSENTLoss", 0));
}

static void construct_end(train_kit *k, sen_trainer *t)
{
    sen_trainer_free(t);
    train_drop(k);
    sen_ctx_free(k->c);
}

static void construct_model(void)
{
    train_kit k;
    construct_begin(&k);
    k.desc.model = NULL;
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "a trainer needs a model");
    construct_end(&k, NULL);
}

/* Without arguments a trainer is what Python's is; a description that is only zeroed is none. */
static void construct_args(void)
{
    train_kit k;
    sen_trainer *t = NULL;
    construct_begin(&k);
    k.desc.args = sen_training_arguments_default();
    CHECK_OK(k.c, sen_trainer_new(k.c, &k.desc, &t));
    CHECK(t && sen_trainer_args(t)->per_device_train_batch_size == 8 &&
          sen_trainer_args(t)->num_train_epochs == 3.0);
    sen_trainer_free(t);
    k.desc.stamp = 0;
    CHECK(sen_trainer_new(k.c, &k.desc, &t) == SEN_ERR_ARGUMENT && !t);
    construct_end(&k, NULL);
}

static void construct_train_dataset(void)
{
    train_kit k;
    sen_trainer *t = NULL;
    construct_begin(&k);
    k.desc.eval_dataset = k.data;
    k.desc.train_dataset = NULL;
    CHECK_OK(k.c, sen_trainer_new(k.c, &k.desc, &t));
    CHECK_OK(k.c, sen_trainer_evaluate(t, NULL, NULL));
    CHECK(sen_train(t) == SEN_ERR_ARGUMENT && strstr(sen_message(k.c), "train_dataset") != NULL);
    construct_end(&k, t);
}

static void construct_eval_dataset(void)
{
    train_kit k;
    construct_begin(&k);
    train_settles(&k, "{\"eval_strategy\": \"epoch\"}", SEN_ERR_ARGUMENT,
                  "neither an eval_dataset");
    k.desc.eval_dataset = k.data;
    train_settles(&k, "{\"eval_strategy\": \"epoch\"}", SEN_OK, "");
    construct_end(&k, NULL);
}

/* None is CoSENTLoss; in the dict form every dataset has one. */
static void construct_loss(void)
{
    train_kit k;
    sen_named_dataset two[2];
    sen_trainer *t = NULL;
    construct_begin(&k);
    memset(two, 0, sizeof two);
    two[0].name = "a";
    two[1].name = "b";
    two[0].dataset = two[1].dataset = k.data;
    two[0].loss = k.loss;
    k.desc.loss = NULL;
    CHECK_OK(k.c, sen_trainer_new(k.c, &k.desc, &t));
    CHECK(t && strcmp(sen_loss_type_of(t->train[0].loss)->name, "CoSENTLoss") == 0);
    sen_trainer_free(t);
    k.desc.train_dataset = NULL;
    k.desc.train_datasets = two;
    k.desc.n_train_datasets = 2;
    train_settles(&k, "{}", SEN_ERR_ARGUMENT, "\"b\"");
    two[1].loss = k.loss;
    train_settles(&k, "{}", SEN_OK, "");
    construct_end(&k, NULL);
}

static void construct_evaluator(void)
{
    train_kit k;
    sen_embedding_similarity_args a = sen_embedding_similarity_args_default();
    sen_evaluator *e = NULL;
    sen_trainer *t = NULL;
    const sen_json *metrics = NULL;
    construct_begin(&k);
    a.dataset = k.data;
    a.name = "x";
    CHECK_OK(k.c, sen_evaluator_new(k.c, "EmbeddingSimilarityEvaluator", &a, &e));
    k.desc.evaluator = e;
    CHECK_OK(k.c, sen_trainer_new(k.c, &k.desc, &t));
    CHECK_OK(k.c, sen_trainer_evaluate(t, NULL, &metrics));
    CHECK(sen_json_get(metrics, "eval_x_spearman_cosine") != NULL);
    sen_trainer_free(t);
    sen_evaluator_free(e);
    construct_end(&k, NULL);
}

/* The constructor's arguments in the order of Python's page, each with the test that gives it.
 * Those of `desc` that stand for two of Python's are named by both. */
static const struct { const char *row; void (*test)(void); } train_construction[] = {
    { "model", construct_model },
    { "args", construct_args },
    { "train_dataset", construct_train_dataset },
    { "train_dataset, a dict", test_train_named },
    { "train_dataset, iterable", test_train_stream },
    { "eval_dataset", construct_eval_dataset },
    { "loss", construct_loss },
    { "evaluator", construct_evaluator },
    { "data_collator, tokenizer", test_train_collators },
    { "model_init, loss by a function", test_train_model_init },
    { "compute_metrics, preprocess_logits_for_metrics", test_train_metrics_plain },
    { "callbacks", test_train_events },
    { "optimizers, optimizer_cls_and_kwargs", test_train_own_kinds },
};

static void test_train(void)
{
    size_t row;
    for (row = 0; row < SEN__COUNT(train_construction); row++)
        test_case(train_construction[row].row, train_construction[row].test);
    TEST(test_train_table);
    TEST(test_train_read);
    TEST(test_train_settle);
    TEST(test_train_names);
    TEST(test_train_scores);
    TEST(test_train_log);
    TEST(test_train_nan);
    TEST(test_train_lists);
    TEST(test_train_lazy_file);
    TEST(test_train_stream_evaluated);
    TEST(test_train_stream_refused);
    TEST(test_train_steps);
    TEST(test_train_threads);
    TEST(test_train_recompute);
    TEST(test_train_recompute_plan);
    TEST(test_train_bf16);
    TEST(test_train_mapped);
    TEST(test_train_resume);
    TEST(test_train_resume_optimizers);
    TEST(test_train_loss_weights);
    TEST(test_train_twin);
    TEST(test_train_decoder);
    TEST(test_train_decoder_refused);
    TEST(test_train_cached);
    TEST(test_train_guide_refused);
    TEST(test_train_resume_metric);
    TEST(test_train_frozen);
    TEST(test_train_adapter_peft);
    TEST(test_train_adapter_gradients);
    TEST(test_train_adapter_run);
    TEST(test_train_adapter_folders);
    TEST(test_train_adapter_refused);
    TEST(test_train_resume_evaluated);
    TEST(test_train_twice);
    TEST(test_train_leftovers);
    TEST(test_train_stuck);
    TEST(test_train_killed);
    TEST(test_train_python);
    TEST(test_train_python_refused);
    TEST(test_train_half);
    TEST(test_train_best_lost);
    TEST(test_train_stopped);
    TEST(test_train_nothing);
    TEST(test_train_disk);
    TEST(test_train_scenarios);
    TEST(test_train_steady);
    TEST(test_train_no_memory);
    TEST(test_train_prompts);
    TEST(test_train_plan);
    TEST(test_train_gradients);
    TEST(test_train_one_token);
    TEST(test_train_moves);
    TEST(test_train_own_optimizer);
#if defined(SEN__THREADS)
    TEST(test_train_served);
#endif
    TEST(test_train_locale);
    TEST(test_train_compute_loss);
    TEST(test_train_summed);
    TEST(test_train_page);
    TEST(test_train_methods);
    TEST(test_train_metrics_cached);
    TEST(test_train_metrics_named);
    TEST(test_train_strategy);
    TEST(test_train_grouped);
    TEST(test_train_neftune);
    TEST(test_train_noise);
    TEST(test_train_find_batch);
    TEST(test_train_tight);
    TEST(test_train_yaml);
    TEST(test_train_card);
}

#ifndef TEST_ALL
int main(void)
{
    test_chapter("train", test_train);
    return test_close();
}
#endif
