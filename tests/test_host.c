/* What a program that holds the library is promised: a small stack is enough, threads come late and
 * all go, signals and the floating-point mode stay the host's own. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include <fenv.h>
#include "test.h"
#include "fail.h"
#include "tiny.h"
#if defined(SEN__THREADS_POSIX)
#include <signal.h>
#endif

/* ---- one of everything ----------------------------------------------------------------------- */

#define HOST_ROWS 12

typedef struct host_kit {
    sen_ctx       *c;
    sen_model     *model;
    sen_dataset   *data;
    sen_loss      *loss;
    sen_evaluator *evaluator;
    void         (*look)(void);                 /* called from within every callback, or NULL */
} host_kit;

static int host_encoded(void *user, int64_t done, int64_t total)
{
    const host_kit *k = (const host_kit *)user;
    if (k->look) k->look();
    CHECK(done <= total);
    return 0;
}

static int host_event(const sen_train_event *e, void *user)
{
    (void)e;
    return host_encoded(user, 0, 0);
}

/* A model of new weights, saved and loaded again; rows from a file. */
static sen_result host_load(host_kit *k)
{
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_triplet_evaluator_args args = sen_triplet_evaluator_args_default();
    sen_model *fresh = tiny_model(k->c, TINY_MODULES);
    char rows[4096];
    size_t n = 0;
    int i;
    sen_result r = fresh ? sen_model_save(k->c, fresh, test_path("model")) : SEN_ERR_IO;
    sen_model_free(fresh);
    for (i = 0; i < HOST_ROWS; i++)
        n += (size_t)snprintf(rows + n, sizeof rows - n, "{\"a\": \"word%d ab\", \"b\": \"word%d "
                              "c\", \"c\": \"word%d\"}\n", 60 + i, 90 + i, 120 + i);
    test_write_text(test_path("rows.jsonl"), rows);
    if (!r) r = sen_model_load(k->c, test_path("model"), &k->model);
    desc.path = test_path("rows.jsonl");
    if (!r) r = sen_dataset_load(k->c, &desc, &k->data);
    args.dataset = k->data;
    if (!r) r = sen_evaluator_new(k->c, "TripletEvaluator", &args, &k->evaluator);
    if (!r) r = sen_loss_new(k->c, "MultipleNegativesRankingLoss", NULL, &k->loss);
    return r;
}

static sen_result host_encode(host_kit *k)
{
    sen_encode_args args = sen_encode_args_default();
    sen_text text[TINY_TEXTS];
    float out[TINY_TEXTS * 16];
    tiny_texts(text);
    args.batch_size = 2;
    args.progress = host_encoded;
    args.progress_user = k;
    return sen_encode(k->c, k->model, text, TINY_TEXTS, &args, out);
}

/* Three steps with evaluations and a checkpoint. */
static sen_result host_train(host_kit *k)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_callback watch = sen_callback_default();
    sen_trainer *trainer = NULL;
    sen_result r;
    watch.user = k;
    watch.on_step_end = watch.on_log = watch.on_evaluate = watch.on_save = host_event;
    desc.model = k->model;
    desc.train_dataset = desc.eval_dataset = k->data;
    desc.evaluator = k->evaluator;
    desc.loss = k->loss;
    desc.callbacks = &watch;
    desc.n_callbacks = 1;
    desc.args.output_dir = test_path("out");
    desc.args.per_device_train_batch_size = 4;
    desc.args.max_steps = 3;
    desc.args.logging_steps = 1;
    desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    desc.args.save_strategy = SEN_STRATEGY_EPOCH;
    r = sen_trainer_new(k->c, &desc, &trainer);
    if (!r) r = sen_train(trainer);
    sen_trainer_free(trainer);
    return r;
}

static void host_drop(host_kit *k)
{
    sen_evaluator_free(k->evaluator);
    sen_loss_free(k->loss);
    sen_dataset_free(k->data);
    sen_model_free(k->model);
    sen_ctx_free(k->c);
}

/* ---- progress and its end -------------------------------------------------------------------- */

typedef struct host_watch {
    sen_ctx *ask;                               /* asked to stop at stop_at, or NULL: non-zero */
    int64_t  last, total, stop_at;              /* stop_at 0: never */
    int      calls, backwards;
} host_watch;

static int host_watches(void *user, int64_t done, int64_t total)
{
    host_watch *w = (host_watch *)user;
    w->calls++;
    w->backwards |= done <= w->last || done > total || (w->total && total != w->total);
    w->last = done;
    w->total = total;
    if (!w->stop_at || done < w->stop_at) return 0;
    if (w->ask) sen_request_stop(w->ask);
    return w->ask == NULL;
}

/* Evaluates once, told how far it is, and stopped after `stop_at` texts. */
static sen_result host_evaluates(sen_ctx *c, sen_evaluator *e, const sen_model *m, host_watch *w,
                                 int64_t stop_at, sen_ctx *ask, sen_metrics *found)
{
    memset(w, 0, sizeof *w);
    w->stop_at = stop_at;
    w->ask = ask;
    sen_evaluator_set_progress(e, host_watches, w);
    return sen_evaluate(c, e, m, test_path("csv"), -1, -1, found);
}

/* Three columns of 12 texts, in batches of 16: 12, 24, 36. Alone, and twice in a sequence. */
static void host_evaluation(void)
{
    sen_sequential_args args = sen_sequential_args_default();
    sen_triplet_evaluator_args second = sen_triplet_evaluator_args_default();
    sen_evaluator *list[2], *all = NULL;
    sen_metrics found;
    host_watch w;
    host_kit k;
    memset(&k, 0, sizeof k);
    k.c = test_ctx(1);
    CHECK_OK(k.c, host_load(&k));
    CHECK_OK(k.c, host_evaluates(k.c, k.evaluator, k.model, &w, 0, NULL, &found));
    CHECK(w.calls == 3 && w.last == 36 && w.total == 36 && !w.backwards && found.n == 1);
    test_remove(test_path("csv"));
    CHECK(host_evaluates(k.c, k.evaluator, k.model, &w, 24, NULL, &found) == SEN_ERR_STOPPED);
    CHECK(w.last == 24 && found.n == 0 && strstr(sen_message(k.c), "stopped after 12 texts"));
    CHECK(test_read(test_path("csv/triplet_evaluation_results.csv"), NULL) == NULL);
    CHECK(host_evaluates(k.c, k.evaluator, k.model, &w, 20, k.c, &found) == SEN_ERR_STOPPED);
    CHECK(w.last == 36 || w.last == 24);        /* the next look at the wish is a batch later */
    CHECK_OK(k.c, host_evaluates(k.c, k.evaluator, k.model, &w, 0, NULL, &found));  /* granted */
    second.dataset = k.data;
    second.name = "second";
    second.batch_size = 5;
    list[0] = k.evaluator;
    CHECK_OK(k.c, sen_evaluator_new(k.c, "TripletEvaluator", &second, &list[1]));
    args.evaluators = list;
    args.n_evaluators = 2;
    CHECK_OK(k.c, sen_evaluator_new(k.c, "SequentialEvaluator", &args, &all));
    sen_evaluator_set_progress(k.evaluator, NULL, NULL);
    CHECK_OK(k.c, host_evaluates(k.c, all, k.model, &w, 0, NULL, &found));
    CHECK(w.calls == 3 + 9 && w.last == 72 && w.total == 72 && !w.backwards && found.n == 3);
    CHECK(host_evaluates(k.c, all, k.model, &w, 40, NULL, &found) == SEN_ERR_STOPPED);
    sen_evaluator_free(all);
    sen_evaluator_free(list[1]);
    host_drop(&k);
}

static int host_prediction(const sen_train_event *e, void *user)
{
    (void)e;
    return ++*(int *)user == 2;
}

/* Where the loss is evaluated outside a run, on_prediction_step can end it; the next one runs. */
static void host_trainer_evaluation(void)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_callback stop = sen_callback_default();
    const sen_json *metrics = NULL;
    sen_trainer *trainer = NULL;
    int calls = 0;
    host_kit k;
    memset(&k, 0, sizeof k);
    k.c = test_ctx(1);
    CHECK_OK(k.c, host_load(&k));
    stop.user = &calls;
    stop.on_prediction_step = host_prediction;
    desc.model = k.model;
    desc.eval_dataset = k.data;
    desc.loss = k.loss;
    desc.callbacks = &stop;
    desc.n_callbacks = 1;
    desc.args.output_dir = test_path("out");
    desc.args.per_device_eval_batch_size = 3;
    CHECK_OK(k.c, sen_trainer_new(k.c, &desc, &trainer));
    CHECK(sen_trainer_evaluate(trainer, NULL, &metrics) == SEN_ERR_STOPPED);
    CHECK(!metrics && calls == 2);
    CHECK_TEXT(sen_message(k.c), "evaluation was stopped after 2 batches");
    CHECK_OK(k.c, sen_trainer_evaluate(trainer, NULL, &metrics));
    CHECK(metrics && calls == 2 + 4);
    sen_trainer_free(trainer);
    host_drop(&k);
}

/* The third of the run's evaluations is stopped half way: a checkpoint of that step, from which the
 * run goes on to the weights of one that was never stopped. */
static int host_third(void *user, int64_t done, int64_t total)
{
    int *n = (int *)user;
    *n += done == total / 3;
    return *n == 3 && done > total / 3;
}

static sen_result host_run(host_kit *k, const char *out, bool resume)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_trainer *trainer = NULL;
    sen_result r;
    desc.model = k->model;
    desc.train_dataset = k->data;
    desc.evaluator = k->evaluator;
    desc.loss = k->loss;
    desc.args.output_dir = out;
    desc.args.per_device_train_batch_size = 4;
    desc.args.num_train_epochs = 2;
    desc.args.learning_rate = 1e-2;
    desc.args.batch_sampler = "no_duplicates";
    desc.args.logging_steps = desc.args.eval_steps = 1;
    desc.args.eval_strategy = SEN_STRATEGY_STEPS;
    desc.args.save_strategy = SEN_STRATEGY_NO;
    r = sen_trainer_new(k->c, &desc, &trainer);
    if (!r) r = resume ? sen_train_resume(trainer, NULL) : sen_train(trainer);
    sen_trainer_free(trainer);
    return r;
}

static void host_run_evaluation(void)
{
    static float whole[32 * 480], parts[32 * 480];
    const size_t bytes = sizeof whole;
    int turn, n = 0;
    for (turn = 0; turn < 2; turn++) {
        host_kit k;
        memset(&k, 0, sizeof k);
        k.c = test_ctx(1);
        CHECK_OK(k.c, host_load(&k));
        if (turn == 1) {
            sen_evaluator_set_progress(k.evaluator, host_third, &n);
            CHECK(host_run(&k, test_path("stopped"), false) == SEN_ERR_STOPPED);
            CHECK(strstr(sen_message(k.c), "training was stopped after step 3 of 6; resume it"));
            CHECK_OK(k.c, host_run(&k, test_path("stopped"), true));
            CHECK(n == 6);                      /* three, and those of steps 4 to 6 */
        } else CHECK_OK(k.c, host_run(&k, test_path("whole"), false));
        CHECK(sen_model_weight(k.model, 0)->count == 32 * 480);
        memcpy(turn ? parts : whole, sen_model_weight(k.model, 0)->data, bytes);
        host_drop(&k);
    }
    CHECK(memcmp(whole, parts, bytes) == 0);
}

/* ---- rows from a function -------------------------------------------------------------------- */

/* Makes the rows of host_load, and a score, in one buffer that it uses again for each row. */
typedef struct host_source {
    sen_ctx *c;
    char     text[3][32];
    int      columns;
    int64_t  calls, fail_row;                   /* the row that cannot be had; -1: none */
    int64_t  fail_call;                         /* from which call on; 0: from the first */
    int      how;                               /* 0: returns a result; 1: sen_fail; 2: and SEN_OK;
                                                   3: a length without a text */
} host_source;

static sen_result host_get(void *user, int64_t row, sen_cell *cell)
{
    host_source *s = (host_source *)user;
    const int i = (int)row;
    int k;
    snprintf(s->text[0], sizeof s->text[0], "word%d ab", 60 + i);
    snprintf(s->text[1], sizeof s->text[1], "word%d c", 90 + i);
    snprintf(s->text[2], sizeof s->text[2], "word%d", 120 + i);
    for (k = 0; k < 3; k++) cell[k].text = tiny_text(s->text[k]);
    if (s->columns > 3) cell[3].number = i / 16.0;
    if (++s->calls < s->fail_call || row != s->fail_row) return SEN_OK;
    if (s->how == 0) return SEN_ERR_IO;
    if (s->how == 3) cell[1].text.data = NULL;
    else sen_fail(s->c, SEN_ERR_FORMAT, "page %d is torn", 7);
    return s->how == 1 ? SEN_ERR_FORMAT : SEN_OK;
}

static const char *const host_names[] = { "a", "b", "c", "score" };
static const sen_column_kind host_kinds[] = {
    SEN_COLUMN_TEXT, SEN_COLUMN_TEXT, SEN_COLUMN_TEXT, SEN_COLUMN_FLOAT
};

static sen_row_source host_source_of(host_source *s, sen_ctx *c, int columns)
{
    sen_row_source d = sen_row_source_default();
    memset(s, 0, sizeof *s);
    s->c = c;
    s->fail_row = -1;
    s->columns = columns;
    d.n_rows = HOST_ROWS;
    d.n_columns = columns;
    d.names = host_names;
    d.kinds = host_kinds;
    d.get = host_get;
    d.user = s;
    return d;
}

static void host_rows(void)
{
    sen_ctx *c = test_ctx(1);
    host_source s;
    sen_row_source d = host_source_of(&s, c, 4);
    const char *const twice[] = { "a", "b", "a", "score" };
    sen_dataset *data = NULL;
    CHECK_OK(c, sen_dataset_from_callback(c, &d, &data));
    CHECK(s.calls == HOST_ROWS);                /* for the scores */
    CHECK(sen_dataset_rows(data) == HOST_ROWS && sen_dataset_columns(data) == 4);
    CHECK(sen_dataset_column_kind(data, 3) == SEN_COLUMN_FLOAT);
    CHECK(sen_dataset_number(data, 5, 3) == 5 / 16.0 && isnan(sen_dataset_number(data, 5, 0)));
    CHECK(sen_dataset_text(data, 3, 1).length == 8);
    CHECK_TEXT(sen_dataset_text(data, 3, 2).data, "word123");
    CHECK(s.calls == HOST_ROWS + 1 && sen_dataset_text(data, 3, 3).length == 0);
    s.fail_row = 4;
    CHECK(sen_dataset_text(data, 4, 0).length == 0);
    CHECK_TEXT(sen_message(c), "row 4 of the dataset could not be had from its function: file "
                               "trouble");
    sen_dataset_free(data);
    for (s.how = 0; s.how < 3; s.how++) {
        CHECK(sen_dataset_from_callback(c, &d, &data) == (s.how ? SEN_ERR_FORMAT : SEN_ERR_IO));
        CHECK(data == NULL && strstr(sen_message(c), "row 4 of the dataset could not be had"));
        CHECK(!s.how || strstr(sen_message(c), "function: page 7 is torn"));
    }
    d.names = twice;
    CHECK(sen_dataset_from_callback(c, &d, &data) == SEN_ERR_ARGUMENT && !data);
    CHECK_TEXT(sen_message(c), "two columns are named \"a\"");
    d.n_rows = 0;
    CHECK(sen_dataset_from_callback(c, &d, &data) == SEN_ERR_ARGUMENT && !data);
    d.stamp = 0;
    CHECK(sen_dataset_from_callback(c, &d, &data) == SEN_ERR_ARGUMENT && !data);
    CHECK(strstr(sen_message(c), "sen_row_source_default()") != NULL);
    sen_ctx_free(c);
}

static sen_result host_rows_work(sen_ctx *c, void *arg)
{
    host_source s;
    const sen_row_source d = host_source_of(&s, c, 4);
    sen_dataset *data = NULL;
    const sen_result r = sen_dataset_from_callback(c, &d, &data);
    (void)arg;
    CHECK((data == NULL) == (r != SEN_OK));
    sen_dataset_free(data);
    return r;
}

static void host_rows_no_memory(void)
{
    CHECK(fail_everywhere(NULL, host_rows_work, NULL) > 3);
}

/* Two epochs of batches without duplicates, evaluated at each step, on data from the file and from
 * the function: the same weights; and again when the run was stopped and resumed. */
static void host_run_on(const char *out, bool lazy, bool stopped, float *weight, size_t bytes)
{
    sen_triplet_evaluator_args args = sen_triplet_evaluator_args_default();
    host_source s;
    sen_row_source d;
    host_kit k;
    int n = 0;
    memset(&k, 0, sizeof k);
    k.c = test_ctx(2);
    CHECK_OK(k.c, host_load(&k));
    if (lazy) {
        sen_evaluator_free(k.evaluator);
        sen_dataset_free(k.data);
        d = host_source_of(&s, k.c, 3);
        CHECK_OK(k.c, sen_dataset_from_callback(k.c, &d, &k.data));
        CHECK(s.calls == 0);
        args.dataset = k.data;
        CHECK_OK(k.c, sen_evaluator_new(k.c, "TripletEvaluator", &args, &k.evaluator));
    }
    if (stopped) {
        sen_evaluator_set_progress(k.evaluator, host_third, &n);
        CHECK(host_run(&k, out, false) == SEN_ERR_STOPPED);
        CHECK_OK(k.c, host_run(&k, out, true));
    } else CHECK_OK(k.c, host_run(&k, out, false));
    memcpy(weight, sen_model_weight(k.model, 0)->data, bytes);
    host_drop(&k);
}

static void host_rows_train(void)
{
    static float file[32 * 480], rows[32 * 480], again[32 * 480];
    host_run_on(test_path("file"), false, false, file, sizeof file);
    host_run_on(test_path("rows"), true, false, rows, sizeof rows);
    host_run_on(test_path("again"), true, true, again, sizeof again);
    CHECK(memcmp(file, rows, sizeof file) == 0);
    CHECK(memcmp(file, again, sizeof file) == 0);
}

/* The function fails while a run evaluates, and while it tokenizes. What it says, with the row,
 * ends the call; all can be freed, and when it works again a new run does too. */
static void host_rows_fail(void)
{
    sen_triplet_evaluator_args args = sen_triplet_evaluator_args_default();
    sen_dataset *plain;
    sen_metrics found;
    host_source s;
    sen_row_source d;
    host_kit k;
    memset(&k, 0, sizeof k);
    k.c = test_ctx(2);
    CHECK_OK(k.c, host_load(&k));
    plain = k.data;
    sen_evaluator_free(k.evaluator);
    d = host_source_of(&s, k.c, 3);
    CHECK_OK(k.c, sen_dataset_from_callback(k.c, &d, &k.data));
    args.dataset = k.data;
    CHECK_OK(k.c, sen_evaluator_new(k.c, "TripletEvaluator", &args, &k.evaluator));
    s.fail_row = 9;
    s.fail_call = 36 + 36 + 36 + 1;             /* tokenized, numbered, and evaluated once */
    for (s.how = 1; s.how < 3; s.how++) {
        CHECK(host_run(&k, test_path("out"), false) == SEN_ERR_FORMAT);
        CHECK_TEXT(sen_message(k.c), "row 9 of the dataset could not be had from its function: "
                                     "page 7 is torn");
        CHECK(s.how > 1 || s.calls == s.fail_call + 9);     /* row 9 of the second evaluation */
    }
    s.how = 3;
    s.fail_call = 0;
    CHECK(sen_evaluate(k.c, k.evaluator, k.model, NULL, -1, -1, &found) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(k.c), "row 9, column \"b\": its function gave a length, but no text");
    s.fail_row = -1;
    CHECK_OK(k.c, host_run(&k, test_path("out"), false));
    sen_dataset_free(plain);
    host_drop(&k);
}

/* ---- a small stack --------------------------------------------------------------------------- */

#if defined(SEN__THREADS_POSIX)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOST_STACK ((size_t)1 << 20)            /* sanitizers want more for themselves */
#else
#define HOST_STACK ((size_t)128 << 10)          /* what musl gives a thread unless it is asked */
#endif
#define HOST_UNTOUCHED 0xA5

typedef struct host_stack {
    void          *block;
    unsigned char *low;                         /* of HOST_STACK bytes, on a border of pages */
    void         *(*run)(void *arg);
    void          *arg;
} host_stack;

/* Runs a function in a thread with that stack; 0: there is no such thread. */
static int host_stack_run(host_stack *s)
{
    pthread_attr_t attr;
    pthread_t thread;
    int started;
    pthread_attr_init(&attr);
    started = pthread_attr_setstack(&attr, s->low, HOST_STACK) == 0 &&
              pthread_create(&thread, &attr, s->run, s->arg) == 0;
    if (started) pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    return started;
}

static void host_stack_new(host_stack *s)
{
    const size_t page = (size_t)64 << 10;
    s->block = malloc(HOST_STACK + page);
    s->low = (unsigned char *)s->block + page - (uintptr_t)s->block % page;
    memset(s->low, HOST_UNTOUCHED, HOST_STACK);
}

/* Bytes from the top, where a stack begins, down to the lowest one that was written. */
static size_t host_stack_used(const host_stack *s)
{
    size_t i = 0;
    while (i < HOST_STACK && s->low[i] == HOST_UNTOUCHED) i++;
    return HOST_STACK - i;
}

/* A parallel_for whose tasks run on such a stack too. */
typedef struct host_region {
    sen_task_fn task;
    void       *arg;
    int64_t     n;
} host_region;

static void *host_region_main(void *arg)
{
    const host_region *g = (const host_region *)arg;
    int64_t i;
    for (i = 0; i < g->n; i++) g->task(g->arg, i, (int)(i & 1));
    return NULL;
}

static void host_parallel(void *user, int64_t n, sen_task_fn task, void *arg)
{
    host_stack *s = (host_stack *)user;
    host_region g;
    g.task = task;
    g.arg = arg;
    g.n = n;
    s->run = host_region_main;
    s->arg = &g;
    if (!host_stack_run(s)) host_region_main(&g);
}

static void *host_small_main(void *arg)
{
    host_kit *k = (host_kit *)arg;
    sen_model *copy = NULL;
    CHECK_OK(k->c, host_load(k));
    CHECK_OK(k->c, host_encode(k));
    CHECK_OK(k->c, host_train(k));
    CHECK_OK(k->c, sen_model_copy(k->c, k->model, &copy));
    sen_model_free(copy);
    return NULL;
}

/* Load, encode, train, evaluate, save in a thread of 128 KB, its workers on as much; and what was
 * used of either is far from all. */
static void host_small_stack(void)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    host_stack caller, worker;
    host_kit k;
    memset(&k, 0, sizeof k);
    host_stack_new(&caller);
    host_stack_new(&worker);
    d.allocator = test_allocator(&test_blocks);
    d.threads = 2;
    d.parallel_for = host_parallel;
    d.parallel_user = &worker;
    CHECK(sen_ctx_new(&d, &k.c) == SEN_OK);
    caller.run = host_small_main;
    caller.arg = &k;
    CHECK(host_stack_run(&caller));
    if (getenv("HOST_STACK"))
        printf("stack used: %zu bytes by the caller, %zu by a worker\n", host_stack_used(&caller),
               host_stack_used(&worker));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(host_stack_used(&caller) <= (size_t)96 << 10);
    CHECK(host_stack_used(&worker) <= (size_t)48 << 10);
#endif
    host_drop(&k);
    free(caller.block);
    free(worker.block);
}

/* ---- threads come late and all go ------------------------------------------------------------ */

#if defined(__linux__)
static void host_count(void *user, const char *name)
{
    *(int *)user += name[0] != '.';
}

/* The threads of this process; one that was joined may take a moment to leave the list. */
static int host_threads_now(int expect)
{
    const sen_files *f = sen_system_files();
    int n = -1, look;
    for (look = 0; look < 2000 && n != expect; look++) {
        struct timespec pause = { 0, 1000000 };
        if (look) nanosleep(&pause, NULL);
        n = 0;
        f->list(f->user, "/proc/self/task", host_count, &n);
    }
    return n;
}

static void host_threads(void)
{
    sen_text text[TINY_TEXTS];
    const int before = host_threads_now(-2);
    host_kit k;
    memset(&k, 0, sizeof k);
    tiny_texts(text);
    k.c = test_ctx(3);
    CHECK_OK(k.c, host_load(&k));
    sen_ctx_free(test_ctx(3));                  /* one that is never used */
    CHECK_OK(k.c, host_encode(&k));
    CHECK(host_threads_now(before + 2) == before + 2);
    CHECK_OK(k.c, host_train(&k));
    CHECK(host_threads_now(before + 2) == before + 2);      /* the same two */
    host_drop(&k);
    CHECK(host_threads_now(before) == before);
}

/* A context alone starts no thread, nor does a call that needs none. */
static void host_threads_late(void)
{
    const int before = host_threads_now(-2);
    sen_ctx *c = test_ctx(8);
    CHECK(c->team == NULL && host_threads_now(before) == before);
    sen_ctx_free(c);
}
#endif

/* ---- signals --------------------------------------------------------------------------------- */

static void host_signals(void)
{
    static struct sigaction before[65], after;
    sigset_t mask, mask_after;
    host_kit k;
    int i;
    memset(before, 0, sizeof before);
    for (i = 1; i < 65; i++) sigaction(i, NULL, &before[i]);    /* some numbers are none */
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    memset(&k, 0, sizeof k);
    k.c = test_ctx(2);
    CHECK_OK(k.c, host_load(&k));
    CHECK_OK(k.c, host_encode(&k));
    CHECK_OK(k.c, host_train(&k));
    for (i = 1; i < 65; i++) {
        memset(&after, 0, sizeof after);
        if (sigaction(i, NULL, &after)) continue;
        CHECK(after.sa_handler == before[i].sa_handler && after.sa_flags == before[i].sa_flags);
    }
    pthread_sigmask(SIG_BLOCK, NULL, &mask_after);
    for (i = 1; i < 65; i++) CHECK(sigismember(&mask, i) == sigismember(&mask_after, i));
    host_drop(&k);
}
#endif

/* ---- SENTRAIN_ASSERT ------------------------------------------------------------------------- */

/* Marks released in the wrong order, a row that there is not, a tape's slot: each is found, none
 * ends the program, and memory stays whole. (That nothing is found elsewhere, all tests prove.) */
static void host_asserts(void)
{
    sen_ctx *c = test_ctx(1);
    sen_arena *a = &c->scratch;
    sen__mark early, late;
    CHECK(sen__arena_alloc(a, 16) != NULL);
    early = sen__arena_mark(a);
    CHECK(sen__arena_alloc(a, 16) != NULL);
    late = sen__arena_mark(a);
    sen__arena_release(a, early);
    test_breaks = 0;
    test_breaks_expected = 1;
    sen__arena_release(a, late);
    CHECK(test_breaks == 1);
    c->depth++;
    sen__end(c, SEN_OK);
    CHECK(test_breaks == 1);                    /* a begin and its end */
    sen__end(c, SEN_OK);
    CHECK(test_breaks == 2);
    c->depth = 0;
    test_breaks_expected = 0;
    sen__arena_release(a, early);
    sen_ctx_free(c);
}

/* ---- the floating-point mode ----------------------------------------------------------------- */

static unsigned host_mode_wanted;

/* Rounding, and on x86 what happens to denormals and which exceptions trap. */
static unsigned host_mode(void)
{
    const unsigned rounding = (unsigned)fegetround();
#if defined(__GNUC__) && defined(__SSE2__)
    return rounding << 16 | (__builtin_ia32_stmxcsr() & 0xFFC0u);
#else
    return rounding << 16;
#endif
}

static void host_mode_look(void)
{
    CHECK(host_mode() == host_mode_wanted);
}

/* The host's mode stays, in its callbacks too; also one that is not the usual. */
static void host_float_mode(void)
{
    host_kit k;
    memset(&k, 0, sizeof k);
    k.look = host_mode_look;
    k.c = test_ctx(2);
    host_mode_wanted = host_mode();
    CHECK_OK(k.c, host_load(&k));
    CHECK_OK(k.c, host_encode(&k));
    CHECK_OK(k.c, host_train(&k));
    host_mode_look();
#if defined(FE_UPWARD)
    if (fesetround(FE_UPWARD) == 0) {
        host_mode_wanted = host_mode();
        CHECK_OK(k.c, host_encode(&k));
        host_mode_look();
        fesetround(FE_TONEAREST);
    }
#endif
#if defined(__GNUC__) && defined(__SSE2__)
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);     /* denormals are 0 */
    host_mode_wanted = host_mode();
    CHECK_OK(k.c, host_encode(&k));
    host_mode_look();
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() & ~0x8040u);
#endif
    host_drop(&k);
}

static void test_host(void)
{
    TEST(host_evaluation);
    TEST(host_trainer_evaluation);
    TEST(host_run_evaluation);
    TEST(host_asserts);
    TEST(host_rows);
    TEST(host_rows_no_memory);
    TEST(host_rows_train);
    TEST(host_rows_fail);
#if defined(SEN__THREADS_POSIX)
    TEST(host_small_stack);
#if defined(__linux__)
    TEST(host_threads_late);
    TEST(host_threads);
#endif
    TEST(host_signals);
#endif
    TEST(host_float_mode);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("host", test_host);
}
#endif
