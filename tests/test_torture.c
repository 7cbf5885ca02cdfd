/* Every allocation and every file call fails once: at the n-th, for n = 1, 2, 3 ... until the work
 * succeeds. A failure must say what it is, leak nothing, leave the model as it was and the files
 * whole. Run by name only: make torture. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "tiny.h"
#include "faulty.h"

#define TORTURE_E 16

typedef struct torture {
    sen_model *model;                           /* made beforehand, on `home` */
    sen_ctx   *home;
    float      expect[TINY_TEXTS * TORTURE_E];  /* its embeddings */
    char       folder[500];                     /* it is saved here */
    char       out[500];                        /* and work writes here */
    double     hash[3];                         /* of its weights before and after each step */
    int        threads;
} torture;

static double torture_hash(sen_model *m)
{
    double sum = 0;
    int64_t k;
    int i;
    for (i = 0; i < sen_model_weights(m); i++) {
        const sen_tensor *w = sen_model_weight(m, i);
        for (k = 0; k < w->count; k++) sum += (double)w->data[k] * (double)(1 + k % 17 + i);
    }
    return sum;
}

static sen_result torture_encode_now(sen_ctx *c, const sen_model *m, float *out)
{
    sen_text texts[TINY_TEXTS];
    tiny_texts(texts);
    return sen_encode(c, m, texts, TINY_TEXTS, NULL, out);
}

/* What the test itself asks of the heap in the midst of a work neither counts nor fails. */
static test_heap torture_pause(void)
{
    const test_heap before = test_blocks;
    test_blocks.fail_at = 0;
    return before;
}

static void torture_go_on(test_heap before)
{
    test_blocks.calls = before.calls;
    test_blocks.fail_at = before.fail_at;
}

/* The embeddings of m are still those of the start, to the bit. */
static void torture_same(torture *t, sen_ctx *c, const sen_model *m)
{
    const test_heap before = torture_pause();
    float now[TINY_TEXTS * TORTURE_E];
    CHECK_OK(c, torture_encode_now(c, m, now));
    CHECK(memcmp(now, t->expect, sizeof now) == 0);
    torture_go_on(before);
}

/* A folder holds that very model. */
static void torture_folder_whole(torture *t, const char *folder)
{
    sen_model *m = NULL;
    if (CHECK_OK(t->home, sen_model_load(t->home, folder, &m))) torture_same(t, t->home, m);
    sen_model_free(m);
}

static void torture_start(torture *t)
{
    memset(t, 0, sizeof *t);
    t->threads = 1;
    t->home = test_ctx(1);
    t->model = tiny_model(t->home, TINY_MODULES);
    CHECK_OK(t->home, torture_encode_now(t->home, t->model, t->expect));
    snprintf(t->folder, sizeof t->folder, "%s", test_path("model"));
    snprintf(t->out, sizeof t->out, "%s", test_path("out"));
    CHECK_OK(t->home, sen_model_save(t->home, t->model, t->folder));
}

static void torture_end(torture *t)
{
    sen_model_free(t->model);
    sen_ctx_free(t->home);
}

typedef sen_result (*torture_fn)(sen_ctx *c, torture *t);

/* What a public call promises about result and message. */
static void torture_said(sen_ctx *c, sen_result r)
{
    CHECK((r == SEN_OK) == (sen_message(c)[0] == 0));
}

/* Each allocation of fn fails once, the making of its context included. */
static void torture_memory(torture *t, torture_fn fn, int64_t least)
{
    const int64_t open = test_blocks.open;
    int64_t n;
    for (n = 1; n < 20000; n++) {
        sen_ctx_desc d = sen_ctx_desc_default();
        sen_ctx *c = NULL;
        sen_result r;
        d.allocator = test_allocator(&test_blocks);
        d.threads = t->threads;
        test_blocks.fail_at = test_blocks.calls + n;
        r = sen_ctx_new(&d, &c);
        if (!r) {
            r = fn(c, t);
            torture_said(c, r);
            if (r) CHECK(strncmp(sen_message(c), "out of memory", 13) == 0);
        }
        CHECK(r == SEN_OK || r == SEN_ERR_MEMORY);
        if (r && r != SEN_ERR_MEMORY) printf("allocation %ld: %s\n", (long)n, sen_message(c));
        sen_ctx_free(c);
        CHECK(test_blocks.open == open);
        if (test_blocks.open != open) printf("leak at allocation %ld\n", (long)n);
        if (test_blocks.calls < test_blocks.fail_at) {          /* none was left to fail */
            CHECK(r == SEN_OK);
            break;
        }
        test_blocks.fail_at = 0;
        if (test_failures > test_failures_before + 8) break;
    }
    test_blocks.fail_at = 0;
    CHECK(n >= least && n < 20000);
    if (getenv("TORTURE")) printf("    %ld allocations\n", (long)n);
}

/* Each file call of fn fails once, for one reason after the other; `check` looks at what is left.
 * */
static void torture_files(torture *t, torture_fn fn, void (*check)(torture *t, sen_result r),
                          int64_t least)
{
    static const sen_file_error errors[3] = { SEN_FILE_FULL, SEN_FILE_DENIED, SEN_FILE_OTHER };
    int64_t n;
    for (n = 1; n < 20000; n++) {
        const int64_t open = test_blocks.open;  /* `check` may let the home grow */
        faulty_files f;
        sen_ctx *c;
        sen_result r;
        faulty_init(&f, FAULTY_ANY, n, errors[n % 3]);
        c = faulty_ctx(&f, t->threads);
        r = fn(c, t);
        torture_said(c, r);
        CHECK(r == SEN_OK || r == SEN_ERR_IO);
        if (r && r != SEN_ERR_IO) printf("file call %ld: %s\n", (long)n, sen_message(c));
        CHECK(f.open == 0);
        sen_ctx_free(c);
        CHECK(test_blocks.open == open);
        if (check) check(t, r);
        if (f.calls < n) {
            CHECK(r == SEN_OK);
            break;
        }
        if (test_failures > test_failures_before + 8) {
            printf("at file call %ld\n", (long)n);
            break;
        }
    }
    CHECK(n >= least && n < 20000);
    if (getenv("TORTURE")) printf("    %ld file calls\n", (long)n);
}

/* ---- the works ------------------------------------------------------------------------------- */

static sen_result torture_nothing(sen_ctx *c, torture *t)
{
    (void)c;
    (void)t;
    return SEN_OK;
}

static sen_result torture_make(sen_ctx *c, torture *t)
{
    sen_model *m = NULL;
    const sen_result r = tiny_try(c, TINY_MODULES, test_folder(), &m);
    (void)t;
    CHECK((r == SEN_OK) == (m != NULL));
    sen_model_free(m);
    return r;
}

static sen_result torture_save(sen_ctx *c, torture *t)
{
    return sen_model_save(c, t->model, t->out);
}

/* A model that loads is that model: none of its files may be passed over. */
static sen_result torture_load(sen_ctx *c, torture *t)
{
    sen_model *m = NULL;
    const sen_result r = sen_model_load(c, t->folder, &m);
    CHECK((r == SEN_OK) == (m != NULL));
    if (m) {
        CHECK(sen_model_modules(m) == 3 && sen_model_max_seq_length(m) == 48);
        torture_same(t, t->home, m);
    }
    sen_model_free(m);
    return r;
}

static sen_result torture_encode(sen_ctx *c, torture *t)
{
    float out[TINY_TEXTS * TORTURE_E];
    const sen_result r = torture_encode_now(c, t->model, out);
    if (!r) CHECK(memcmp(out, t->expect, sizeof out) == 0);
    return r;
}

static sen_result torture_tokenizer(sen_ctx *c, torture *t)
{
    sen_tokenizer *k = NULL;
    const sen_result r = sen_tokenizer_load(c, t->folder, &k);
    CHECK((r == SEN_OK) == (k != NULL));
    if (k) CHECK(sen_tokenizer_size(k) == 480);
    sen_tokenizer_free(k);
    return r;
}

#define TORTURE_ROWS 8
static void torture_write_rows(const char *path)
{
    char text[2048];
    size_t n = 0;
    int i;
    for (i = 0; i < TORTURE_ROWS; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "{\"anchor\": \"word%d abc\", \"positive\": \"x word%d \\u00e4\"}\n",
                              60 + i, 90 + i);
    }
    test_write_text(path, text);
}

static sen_result torture_dataset(sen_ctx *c, torture *t)
{
    sen_dataset_desc d = sen_dataset_desc_default();
    sen_dataset *data = NULL;
    sen_result r;
    (void)t;
    d.path = test_path("rows.jsonl");
    r = sen_dataset_load(c, &d, &data);
    CHECK((r == SEN_OK) == (data != NULL));
    if (data) CHECK(sen_dataset_rows(data) == TORTURE_ROWS && sen_dataset_columns(data) == 2);
    sen_dataset_free(data);
    return r;
}

/* ---- a training run -------------------------------------------------------------------------- */

/* Two steps on the model at t->model with a checkpoint after each; resume: from the latest one. */
static sen_result torture_run(sen_ctx *c, torture *t, bool resume)
{
    sen_trainer_desc d = sen_trainer_desc_default();
    sen_dataset_desc rows = sen_dataset_desc_default();
    sen_dataset *data = NULL;
    sen_loss *loss = NULL;
    sen_trainer *trainer = NULL;
    sen_result r;
    rows.path = test_path("rows.jsonl");
    r = sen_dataset_load(c, &rows, &data);
    if (!r) r = sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &loss);
    d.model = t->model;
    d.train_dataset = data;
    d.loss = loss;
    d.args.output_dir = t->out;
    d.args.max_steps = 2;
    d.args.per_device_train_batch_size = 4;
    d.args.learning_rate = 1e-2;
    d.args.save_strategy = SEN_STRATEGY_STEPS;
    d.args.save_steps = 1;
    d.args.logging_steps = 1;
    if (!r) r = sen_trainer_new(c, &d, &trainer);
    if (!r) r = resume ? sen_train_resume(trainer, NULL) : sen_train(trainer);
    sen_trainer_free(trainer);
    sen_loss_free(loss);
    sen_dataset_free(data);
    return r;
}

/* The weights back to the start. */
static void torture_reset(torture *t)
{
    const test_heap before = torture_pause();
    sen__begin(t->home);
    CHECK(sen__end(t->home, sen__model_load_weights(t->home, t->model, t->folder)) == SEN_OK);
    torture_go_on(before);
}

/* Weights are those before a step or after it, never in between. */
static void torture_weights_whole(torture *t)
{
    const double now = torture_hash(t->model);
    CHECK(now == t->hash[0] || now == t->hash[1] || now == t->hash[2]);
}

static sen_result torture_train(sen_ctx *c, torture *t)
{
    sen_result r;
    torture_reset(t);
    r = torture_run(c, t, false);
    torture_weights_whole(t);
    if (!r) CHECK(torture_hash(t->model) == t->hash[2]);
    return r;
}

static sen_result torture_resume(sen_ctx *c, torture *t)
{
    sen_result r;
    torture_reset(t);
    r = torture_run(c, t, true);
    torture_weights_whole(t);
    if (!r) CHECK(torture_hash(t->model) == t->hash[2]);
    return r;
}

/* After a run whose disk failed: what checkpoints are there are whole, and a resume from them ends
 * where the undisturbed run ended. */
static void torture_resumable(torture *t, sen_result result)
{
    char checkpoint[600], weights[700];
    bool some = false;
    int i;
    (void)result;
    for (i = 1; i <= 2; i++) {
        snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint-%d", t->out, i);
        snprintf(weights, sizeof weights, "%s/trainer_state.json", checkpoint);
        some |= sen__folder_exists(t->home, checkpoint);
        if (!sen__folder_exists(t->home, checkpoint)) continue;
        CHECK(sen__file_exists(t->home, weights));
        sen__begin(t->home);
        CHECK(sen__end(t->home, sen__model_load_weights(t->home, t->model, checkpoint)) == SEN_OK);
        CHECK(torture_hash(t->model) == t->hash[i]);
    }
    if (some) CHECK_OK(t->home, torture_resume(t->home, t));
    test_remove(t->out);
    torture_reset(t);
}

static int torture_step_hash(const sen_train_event *e, void *user)
{
    torture *t = (torture *)user;
    t->hash[e->state->global_step] = torture_hash(t->model);
    return 0;
}

/* One undisturbed run, to know the weights after each step. */
static void torture_train_start(torture *t)
{
    sen_trainer_desc d = sen_trainer_desc_default();
    sen_dataset_desc rows = sen_dataset_desc_default();
    sen_callback watch = sen_callback_default();
    sen_dataset *data = NULL;
    sen_loss *loss = NULL;
    sen_trainer *trainer = NULL;
    torture_start(t);
    torture_write_rows(test_path("rows.jsonl"));
    t->hash[0] = torture_hash(t->model);
    rows.path = test_path("rows.jsonl");
    watch.on_step_end = torture_step_hash;
    watch.user = t;
    CHECK_OK(t->home, sen_dataset_load(t->home, &rows, &data));
    CHECK_OK(t->home, sen_loss_new(t->home, "MultipleNegativesRankingLoss", NULL, &loss));
    d.model = t->model;
    d.train_dataset = data;
    d.loss = loss;
    d.args.output_dir = t->out;
    d.args.max_steps = 2;
    d.args.per_device_train_batch_size = 4;
    d.args.learning_rate = 1e-2;
    d.args.save_strategy = SEN_STRATEGY_NO;
    CHECK_OK(t->home, sen_trainer_new(t->home, &d, &trainer));
    CHECK_OK(t->home, sen_trainer_add_callback(trainer, &watch));
    CHECK_OK(t->home, sen_train(trainer));
    sen_trainer_free(trainer);
    sen_loss_free(loss);
    sen_dataset_free(data);
    CHECK(t->hash[0] != t->hash[1] && t->hash[1] != t->hash[2]);
    CHECK(torture_hash(t->model) == t->hash[2]);
    torture_reset(t);
    CHECK(torture_hash(t->model) == t->hash[0]);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void torture_memory_models(void)
{
    torture t;
    torture_start(&t);
    torture_memory(&t, torture_nothing, 3);
    torture_memory(&t, torture_make, 20);
    torture_memory(&t, torture_save, 5);
    torture_same(&t, t.home, t.model);
    torture_folder_whole(&t, t.out);
    torture_memory(&t, torture_load, 20);
    torture_memory(&t, torture_tokenizer, 5);
    torture_end(&t);
}

static void torture_memory_encode(void)
{
    torture t;
    torture_start(&t);
    torture_memory(&t, torture_encode, 5);
    t.threads = 3;
    torture_memory(&t, torture_encode, 5);
    torture_same(&t, t.home, t.model);
    torture_end(&t);
}

static void torture_memory_dataset(void)
{
    torture t;
    torture_start(&t);
    torture_write_rows(test_path("rows.jsonl"));
    torture_memory(&t, torture_dataset, 5);
    torture_end(&t);
}

/* A save fails at one place; the model that stood there before stands there still. */
static void torture_still_there(torture *t, sen_result r)
{
    char tmp[600];
    (void)r;
    torture_folder_whole(t, t->out);
    snprintf(tmp, sizeof tmp, "%s/model.safetensors.tmp", t->out);
    CHECK(!sen__file_exists(t->home, tmp));
}

static void torture_file_models(void)
{
    torture t;
    torture_start(&t);
    CHECK_OK(t.home, sen_model_save(t.home, t.model, t.out));
    torture_files(&t, torture_save, torture_still_there, 50);
    torture_files(&t, torture_load, NULL, 20);
    torture_files(&t, torture_tokenizer, NULL, 5);
    torture_write_rows(test_path("rows.jsonl"));
    torture_files(&t, torture_dataset, NULL, 3);
    torture_end(&t);
}

static void torture_memory_train(void)
{
    torture t;
    torture_train_start(&t);
    torture_memory(&t, torture_train, 20);
    torture_end(&t);
}

static void torture_memory_resume(void)
{
    torture t;
    torture_train_start(&t);
    CHECK_OK(t.home, torture_train(t.home, &t));
    {
        char last[600];                         /* so that one step is left to do */
        snprintf(last, sizeof last, "%s/checkpoint-2", t.out);
        test_remove(last);
    }
    torture_memory(&t, torture_resume, 20);
    torture_end(&t);
}

static void torture_file_train(void)
{
    torture t;
    torture_train_start(&t);
    torture_files(&t, torture_train, torture_resumable, 50);
    torture_end(&t);
}

static void test_torture(void)
{
    TEST(torture_memory_models);
    TEST(torture_memory_encode);
    TEST(torture_memory_dataset);
    TEST(torture_file_models);
    TEST(torture_memory_train);
    TEST(torture_memory_resume);
    TEST(torture_file_train);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("torture", test_torture);
}
#endif
