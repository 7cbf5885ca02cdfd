/* The sample chapter: every batch of the recorded Python runs, errors, a user's own sampler. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

#define SAMPLE_MOST 64                         /* rows, datasets, columns of a golden case: fewer */

static char sample_log[1000];

static void sample_logs(void *user, sen_log_level level, const char *text)
{
    (void)user;
    (void)level;
    strncat(sample_log, text, sizeof sample_log - strlen(sample_log) - 1);
    strncat(sample_log, "\n", sizeof sample_log - strlen(sample_log) - 1);
}

/* One dataset of the golden file: an object of columns, texts or whole numbers. */
typedef struct sample_data {
    sen_text     texts[4][SAMPLE_MOST];
    int64_t      ints[4][SAMPLE_MOST];
    sen_column   column[4];
    sen_dataset *dataset;
} sample_data;

static void sample_data_of(sen_ctx *c, const sen_json *object, sample_data *d)
{
    int64_t rows = 0;
    int k = 0;
    memset(d, 0, sizeof *d);
    for (const sen_json *col = object->child; col; col = col->next, k++) {
        rows = 0;
        d->column[k].name = col->key;
        if (col->child->kind == SEN_JSON_TEXT) d->column[k].texts = d->texts[k];
        else d->column[k].ints = d->ints[k];
        for (const sen_json *v = col->child; v; v = v->next, rows++) {
            d->texts[k][rows].data = v->text;
            d->texts[k][rows].length = v->length;
            d->ints[k][rows] = v->integer;
        }
    }
    CHECK(sen_dataset_from_arrays(c, d->column, k, rows, &d->dataset) == SEN_OK);
}

/* Checks an epoch; `whole`: also what comes after the planned batches must be the recorded rest. */
static void sample_epoch(sen_sampler *s, const sen_json *epoch, int64_t length, bool whole,
                         const char *desc)
{
    int64_t rows[SAMPLE_MOST], n = 0, made = 0;
    for (const sen_json *b = epoch->child; b && (whole || made < length); b = b->next, made++) {
        int64_t i = 0;
        bool same = sen__sampler_next(s, rows, &n) && n == b->count;
        for (const sen_json *v = b->child; same && v; v = v->next, i++)
            same = rows[i] == v->integer;
        if (!same) {
            test_failures++;
            printf("%s: batch %d differs\n", desc, (int)made);
        }
    }
    if (whole) CHECK(!sen__sampler_next(s, rows, &n) && n == 0 && !sen__sampler_next(s, rows, &n));
}

/* What follows skipped batches is what follows them when they are made, into the next epoch; both
 * from the same state of the generator. */
static void sample_skips(sen_sampler *s)
{
    int64_t rows[SAMPLE_MOST], got[2][4 * SAMPLE_MOST], n, at;
    int64_t skip, made[2];
    for (skip = 0; skip <= sen_sampler_length(s) + 2; skip++) {
        for (int way = 0; way < 2; way++) {
            at = made[way] = 0;
            memset(got[way], 0, sizeof got[way]);
            sen_rng_seed(&s->rng, 7);
            s->over = true;
            for (int64_t epoch = 1; epoch < 3; epoch++) {
                sen_sampler_begin_epoch(s, epoch);
                if (epoch == 1 && way) made[1] = sen_sampler_skip(s, skip);
                while (epoch == 1 && !way && made[0] < skip && sen_sampler_next(s, rows, &n, NULL))
                    made[0]++;
                while (sen_sampler_next(s, rows, &n, NULL))
                    for (int64_t i = 0; i <= n && at < 4 * SAMPLE_MOST; i++)
                        got[way][at++] = i < n ? rows[i] : -1;
            }
            CHECK(at > 0 && at < 4 * SAMPLE_MOST);
        }
        CHECK(made[0] == made[1] && memcmp(got[0], got[1], sizeof got[0]) == 0);
    }
}

static void sample_case(sen_ctx *c, const sen_json *g, bool whole)
{
    static sample_data data[4];
    const sen_dataset *sets[4];
    const sen_json *args = sen_json_get(g, "args"), *all = sen_json_get(g, "data"), *j;
    const char *desc_text = sen__json_text_or(g, "desc", "");
    sen__sampler_desc d;
    sen_sampler *s = NULL;
    int64_t epoch = 0, seed = 0;
    memset(&d, 0, sizeof d);
    d.datasets = sets;
    if (all->kind == SEN_JSON_OBJECT) sample_data_of(c, all, &data[d.n_datasets++]);
    else for (j = all->child; j; j = j->next) sample_data_of(c, j, &data[d.n_datasets++]);
    for (int k = 0; k < d.n_datasets; k++) sets[k] = data[k].dataset;
    d.batch_sampler = sen__json_text_or(args, "batch_sampler", "batch_sampler");
    if (all->kind == SEN_JSON_LIST)
        d.multi_dataset_batch_sampler =
            sen__json_text_or(args, "multi_dataset_batch_sampler", "proportional");
    d.batch_size = sen__json_int_or(g, "batch_size", 0);
    d.drop_last = sen__json_bool_or(g, "drop_last", false);
    j = sen_json_get(args, "seed");
    sen__text_to_int64(j->text, j->text + j->length, &seed);
    d.seed = seed;
    d.data_seed = SEN_NONE;
    j = sen_json_get(args, "data_seed");
    if (j) sen__text_to_int64(j->text, j->text + j->length, &d.data_seed);
    d.seedable = sen_json_get(args, "accelerator_config") == NULL;
    CHECK(sen__sampler_new(c, &d, &s) == SEN_OK);
    if (s) {
        CHECK(sen__sampler_length(s) == sen__json_int_or(g, "len", -1));
        for (j = sen_json_get(g, "epochs")->child; j; j = j->next) {
            sen__sampler_begin_epoch(s, epoch++);
            sample_epoch(s, j, sen__sampler_length(s), whole, desc_text);
        }
        sample_skips(s);
        sen__sampler_begin_epoch(s, 0);     /* those that seed begin again; all must stay sound */
        sen__sampler_free(s);
    }
    for (int k = 0; k < d.n_datasets; k++) sen_dataset_free(data[k].dataset);
}

static void test_sample_golden(sen_ctx *c)
{
    const sen__mark mark = sen__arena_mark(&c->scratch);
    sen_json *j = NULL;
    int cases = 0;
    CHECK(sen__json_load(c, &c->scratch, GOLDEN_DIR "/samplers.json", 0, &j) == SEN_OK);
    for (const sen_json *g = j ? sen_json_get(j, "cases")->child : NULL; g; g = g->next, cases++) {
        sample_case(c, g, true);
        sample_case(c, g, false);
    }
    CHECK(cases == 21);
    sen__arena_release(&c->scratch, mark);
}

/* A user's own: rows in file order, two at a time; the shared generator is there to be drawn from.
 * */
static int64_t sample_own_length(const sen_sampler_call *s)
{
    return sen_dataset_rows(s->dataset) / 2;
}
static sen_result sample_own_start(sen_sampler_call *s)
{
    static int64_t at;
    s->state = &at;
    return SEN_OK;
}
static void sample_own_begin(sen_sampler_call *s, int64_t epoch)
{
    *(int64_t *)s->state = epoch + (int64_t)(sen_rng_next(s->rng) * 0u);
}
static int64_t sample_own_next(sen_sampler_call *s, int64_t *rows)
{
    int64_t *at = (int64_t *)s->state;
    if (*at + 2 > sen_dataset_rows(s->dataset)) return 0;
    rows[0] = (*at)++;
    rows[1] = (*at)++;
    return 2;
}

/* The last dataset first, two batches of each at a time; the state counts. */
static sen_result sample_turns_start(sen_turns *t)
{
    t->state = sen__new(t->ctx, sizeof(int), "turns");
    return t->state ? SEN_OK : SEN_ERR_MEMORY;
}

static int64_t sample_turns_length(const sen_turns *t)
{
    int64_t n = 0;
    for (int k = 0; k < t->n; k++) n += sen_turns_length(t, k);
    return n;
}

static void sample_turns_begin(sen_turns *t, int64_t epoch)
{
    (void)epoch;
    *(int *)t->state = 0;
}

static int64_t sample_turns_next(sen_turns *t, int64_t *rows)
{
    for (int dry = 0; dry < t->n; dry++) {
        int64_t n;
        t->dataset = t->n - 1 - *(int *)t->state / 2 % t->n;
        n = sen_turns_pull(t, t->dataset, rows);
        *(int *)t->state += n ? 1 : 2 - *(int *)t->state % 2;
        if (n) return n;
    }
    return 0;
}

static void sample_turns_end(sen_turns *t)
{
    sen__delete(t->ctx, t->state);
}

static sen_result sample_turns_work(sen_ctx *c, void *arg)
{
    static const sen_multi_sampler_type own = {
        "in_twos", sample_turns_start, sample_turns_length, sample_turns_begin, sample_turns_next,
        sample_turns_end
    };
    static const int64_t labels[9] = { 0 };
    sen_column column = { "label", NULL, labels, NULL };
    sen_dataset *d[3] = { NULL };
    sen_sampler *each[3] = { NULL }, *s = NULL;
    sen_sampler_args a = sen_sampler_args_default();
    char *order = (char *)arg;
    int64_t rows[2], n, length[3] = { 4, 9, 3 };
    int k, which;
    sen_result r = sen_register_multi_sampler(c, &own);
    a.batch_size = 2;
    for (k = 0; !r && k < 3; k++) {
        r = sen_dataset_from_arrays(c, &column, 1, length[k], &d[k]);
        if (!r) r = sen_sampler_new(c, d[k], &a, &each[k]);
    }
    if (!r) r = sen_sampler_join(c, "in_twos", each, 3, 42, &s);
    else for (k = 0; k < 3; k++) sen_sampler_free(each[k]);
    if (!r) {
        CHECK(sen_sampler_length(s) == 9);
        for (int epoch = 0; epoch < 2; epoch++) {
            sen_sampler_begin_epoch(s, epoch);
            while (sen_sampler_next(s, rows, &n, &which)) {
                *order++ = (char)('0' + which);
                for (int64_t i = 0; i < n; i++) CHECK(rows[i] >= 0 && rows[i] < length[which]);
            }
        }
        *order = 0;
    }
    sen_sampler_free(s);
    for (k = 0; k < 3; k++) sen_dataset_free(d[k]);
    return r;
}

/* A way of one's own for datasets to take turns, by its name. */
static void test_sample_turns(sen_ctx *c)
{
    char order[64] = "";
    CHECK_OK(c, sample_turns_work(c, order));
    CHECK_TEXT(order, "221100111221100111");
    CHECK(fail_everywhere(NULL, sample_turns_work, order) > 5);
}

static void test_sample_errors(sen_ctx *c)
{
    static const sen_sampler_type own = {
        "in_pairs", sample_own_start, sample_own_length, sample_own_begin, sample_own_next, NULL,
        NULL
    };
    static const int64_t labels[5] = { 0, 0, 0, 0, 1 };
    sen_column column = { "label", NULL, labels, NULL };
    const sen_dataset *sets[1];
    sen_dataset *d = NULL;
    sen__sampler_desc desc;
    sen_sampler *s = NULL;
    int64_t rows[4], n;
    CHECK(sen_dataset_from_arrays(c, &column, 1, 5, &d) == SEN_OK);
    sets[0] = d;
    memset(&desc, 0, sizeof desc);
    desc.datasets = sets;
    desc.n_datasets = 1;
    desc.batch_sampler = "no_duplicate";
    desc.batch_size = 4;
    sen__begin(c);
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_UNSUPPORTED && s == NULL);
    CHECK(strcmp(c->message,
                 "no batch_sampler is called \"no_duplicate\" here; did you mean "
                 "\"no_duplicates\"?; there "
                 "are: batch_sampler, no_duplicates, no_duplicates_hashed, group_by_label") == 0);
    desc.batch_sampler = "group_by_label";
    sen__forgive(c);
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_ARGUMENT &&
          strstr(c->message, "two labels at least") != NULL);
    sen__forgive(c);
    desc.batch_size = 6 - 1;
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_ARGUMENT &&
          strstr(c->message, "even batch size") != NULL);
    sen__forgive(c);
    desc.batch_size = 0;
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_ARGUMENT);
    sen__forgive(c);
    desc.batch_size = INT64_MAX;
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_LIMIT && strstr(c->message, "2^31"));
    sen__forgive(c);
    desc.batch_size = 2;
    desc.n_datasets = 0;
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_ARGUMENT && strstr(c->message, "no dataset"));
    sen__forgive(c);
    desc.n_datasets = 1;
    desc.multi_dataset_batch_sampler = "robin";
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_ERR_UNSUPPORTED);
    (void)sen__end(c, SEN_OK);
    desc.multi_dataset_batch_sampler = NULL;
    desc.batch_sampler = "in_pairs";
    CHECK(sen_register_sampler(c, &own) == SEN_OK);
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_OK);
    if (s) {
        sen__sampler_begin_epoch(s, 1);
        CHECK(sen__sampler_next(s, rows, &n) && n == 2 && rows[0] == 1 && rows[1] == 2 &&
              s->turns.dataset == 0);
        sen__sampler_free(s);
    }
    sen__sampler_free(NULL);
    sen_dataset_free(d);
}

/* Passes that make up for duplicates: 24 rows of which the first `share` are the same text, 6
 * batches promised. What is counted on is the warnings; batches are those of Python's NoDuplicates.
 * */
static void sample_repeats(sen_ctx *c, int share, const char *const *epochs, const char *warning)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwx";
    sen_text texts[24];
    sen_column column = { "text", NULL, NULL, NULL };
    const sen_dataset *sets[1];
    sen_dataset *d = NULL;
    sen__sampler_desc desc;
    sen_sampler *s = NULL;
    int64_t rows[4], n = 0, i, epoch;
    for (i = 0; i < 24; i++) {
        texts[i].data = letters + (i < share ? 0 : i);
        texts[i].length = 1;
    }
    column.texts = texts;
    CHECK(sen_dataset_from_arrays(c, &column, 1, 24, &d) == SEN_OK);
    sets[0] = d;
    memset(&desc, 0, sizeof desc);
    desc.datasets = sets;
    desc.n_datasets = 1;
    desc.batch_sampler = "no_duplicates";
    desc.batch_size = 4;
    desc.seed = 42;
    desc.data_seed = SEN_NONE;
    desc.drop_last = true;
    CHECK(sen__sampler_new(c, &desc, &s) == SEN_OK);
    sample_log[0] = 0;
    for (epoch = 0; s && epoch < 2; epoch++) {
        char got[200] = "";
        sen__sampler_begin_epoch(s, epoch);
        while (sen__sampler_next(s, rows, &n)) {
            size_t at = strlen(got);
            for (i = 0; i < n && at + 2 < sizeof got; i++) got[at++] = letters[rows[i]];
            memcpy(got + at, " ", 2);
        }
        CHECK_TEXT(got, epochs[epoch]);
    }
    CHECK_TEXT(sample_log, warning);
    sen__sampler_free(s);
    sen_dataset_free(d);
}

static void test_sample_repeats(void)
{
    static const char again[] = "no_duplicates made %d of 6 batches, since texts repeat; the data "
                                "is gone through again for "
                                "the other %d, so some rows come twice in an epoch\n";
    static const char few[] =
        "no_duplicates gave only %d of 6 batches: the data has too few different texts for batches "
        "of 4 rows; set a smaller batch size\n";
    static const char *const most[2] = { "gpwk ctso drni ejmx bvul xknl ",
                                         "emwj hunt gsqv fikx alro hmnp " };
    static const char *const some[2] = { "gwxv xkuv xruw ", "ewuv huvx qwuv " };
    static const char *const none[2] = { "", "" };
    char text[600];
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = 1;
    desc.log = sample_logs;
    CHECK(sen_ctx_new(&desc, &c) == SEN_OK);
    snprintf(text, sizeof text, again, 5, 1);
    sample_repeats(c, 8, most, text);
    snprintf(text, sizeof text, again, 1, 5);
    snprintf(text + strlen(text), sizeof text - strlen(text), few, 3);
    sample_repeats(c, 20, some, text);
    snprintf(text, sizeof text, few, 0);
    sample_repeats(c, 22, none, text);
    sen_ctx_free(c);
}

static sen_result sample_work(sen_ctx *c, void *arg)
{
    static const int64_t labels[6] = { 0, 0, 0, 1, 1, 1 };
    static const double numbers[6] = { 1, 2, 3, 4, 5, 6 };
    const sen_column columns[2] = { { "label", NULL, labels, NULL }, { "x", NULL, NULL, numbers } };
    const sen_dataset *sets[2];
    sen__sampler_desc desc;
    sen_dataset *d = NULL;
    sen_sampler *s = NULL;
    sen_result r = sen_dataset_from_arrays(c, columns, 2, 6, &d);
    int64_t rows[4], n = 0, made = 0;
    memset(&desc, 0, sizeof desc);
    sets[0] = sets[1] = d;
    desc.datasets = sets;
    desc.n_datasets = 2;
    desc.batch_sampler = (const char *)arg;
    desc.multi_dataset_batch_sampler = "proportional";
    desc.batch_size = 4;
    if (!r) r = sen__sampler_new(c, &desc, &s);
    if (!r) {
        sen__sampler_begin_epoch(s, 0);
        while (sen__sampler_next(s, rows, &n)) made += n;
        CHECK(made >= 8);
    }
    sen__sampler_free(s);
    sen_dataset_free(d);
    return r;
}

static void test_sample_memory(void)
{
    char plain[] = "batch_sampler", unique[] = "no_duplicates", grouped[] = "group_by_label";
    CHECK(fail_everywhere(NULL, sample_work, plain) > 5);
    CHECK(fail_everywhere(NULL, sample_work, unique) > 5);
    CHECK(fail_everywhere(NULL, sample_work, grouped) > 5);
}

static void test_sample(void)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = 1;
    CHECK(sen_ctx_new(&desc, &c) == SEN_OK);
    if (!c) return;
    test_sample_golden(c);
    test_sample_errors(c);
    test_sample_turns(c);
    test_sample_repeats();
    test_sample_memory();
    sen_ctx_free(c);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("sample", test_sample);
}
#endif
