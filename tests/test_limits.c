/* Evaluators at the limits of their data: nothing to find, one class, equal texts, constant scores,
 * numbers that are none: Python's numbers and files, or a sentence. Mining from a job file. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"
#include "tiny.h"

/* ---- ParaphraseMiningEvaluator --------------------------------------------------------------- */

static sen_result pairs_make(sen_ctx *c, const char *more, sen_evaluator **e)
{
    const sen__mark mark = sen__arena_mark(&c->scratch);
    char spec[600];
    sen_json *j = NULL;
    sen_result r;
    snprintf(spec, sizeof spec, "{\"type\": \"ParaphraseMiningEvaluator\", \"sentences_map\": "
             "\"s.tsv\"%s}", more);
    sen__begin(c);
    r = sen__json_parse(c, &c->scratch, "job.json", spec, strlen(spec), 0, &j);
    if (!r) r = sen_evaluator_from_json(c, j, test_folder(), e);
    sen__arena_release(&c->scratch, mark);
    return sen__end(c, r);
}

static void pairs_files(void)
{
    test_write_text(test_path("s.tsv"), "sentence\tid\nword100\t7\nword100\t8\nword200 word7\t9\n"
                                        "word300\t10\n");
    test_write_text(test_path("d.csv"), "a,b\n7,8\n9,9\n8,7\n9,gone\n");
    test_write_text(test_path("none.csv"), "a,b\n70,80\n");
}

/* How many pairs are to be found. */
static int64_t pairs_total(sen_ctx *c, const char *more)
{
    sen_evaluator *e = NULL;
    int64_t total = -1;
    if (CHECK_OK(c, pairs_make(c, more, &e))) total = ((const sen__mining *)e->data)->known;
    sen_evaluator_free(e);
    return total;
}

/* Python counts a text that is given as its own duplicate. Unknown ids of a list are
 * passed over, those of a dictionary lead on to others where the closure is asked for. */
static void test_limits_pairs_known(void)
{
    sen_ctx *c = test_ctx(1);
    pairs_files();
    CHECK(pairs_total(c, ", \"duplicates_list\": \"d.csv\"") == 2);
    CHECK(pairs_total(c, ", \"duplicates_list\": \"d.csv\", \"add_transitive_closure\": true") ==
          2);
    test_write_text(test_path("d.csv"), "a,b\n7,8\n10,8\n9,9\n");
    CHECK(pairs_total(c, ", \"duplicates_list\": \"d.csv\"") == 3);
    CHECK(pairs_total(c, ", \"duplicates_list\": \"d.csv\", \"add_transitive_closure\": true") ==
          4);                           /* each of three with each, and 9 with itself */
    CHECK(pairs_total(c, ", \"duplicates_dict\": {\"7\": {\"8\": true, \"9\": false}, \"8\": "
                         "{\"7\": false}}") == 1);
    CHECK(pairs_total(c, ", \"duplicates_dict\": {\"7\": {\"x\": true, \"9\": false}, \"x\": "
                         "{\"10\": true}}, \"add_transitive_closure\": true") == 1);
    CHECK(pairs_total(c, ", \"duplicates_dict\": {\"10\": {\"9\": true}, \"9\": {\"10\": true}}, "
                         "\"duplicates_list\": \"d.csv\"") == 4);
    CHECK(pairs_total(c, ", \"duplicates_dict\": {\"10\": {\"9\": true}, \"9\": {\"10\": true}}, "
                         "\"duplicates_list\": \"d.csv\", \"add_transitive_closure\": true") == 7);
    CHECK_TEXT(test_log_text, "");
    CHECK(pairs_total(c, ", \"duplicates_dict\": {\"7\": {\"x\": true}, \"x\": {\"10\": true}}") ==
          0);                           /* not without the closure */
    test_log_text[0] = 0;
    CHECK(pairs_total(c, ", \"duplicates_list\": \"none.csv\"") == 0);
    CHECK(strstr(test_log_text, "no two of its sentences are known to mean the same") != NULL);
    sen_ctx_free(c);
}

static int pairs_progress(void *user, int64_t done, int64_t total)
{
    *(int64_t *)user = done;
    CHECK(total == 4);
    return 0;
}

static void test_limits_pairs_whole(void)
{
    sen_ctx *c = test_ctx(2);
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_metrics m;
    int64_t seen = 0;
    char *text;
    pairs_files();
    if (model && CHECK_OK(c, pairs_make(c, ", \"duplicates_list\": \"d.csv\", \"name\": \"p\"",
                                       &e))) {
        sen_evaluator_set_progress(e, pairs_progress, &seen);
        CHECK_OK(c, sen_evaluate(c, e, model, test_path("eval"), 0.5, 7, &m));
        CHECK(seen == 4 && m.n == 5 && m.item[0].value == 0.5);         /* the first is right */
        CHECK(m.item[2].value == 1 && m.item[3].value == 0.5 && m.item[4].value < 1);
        CHECK_TEXT(sen_evaluator_primary_metric(e), "p_average_precision");
        CHECK(sen_evaluate(c, e, NULL, NULL, -1, -1, &m) == SEN_ERR_ARGUMENT);
        CHECK_TEXT(sen_message(c), "ParaphraseMiningEvaluator needs a model");
        text = test_read(test_path("eval/paraphrase_mining_evaluation_p_results.csv"), NULL);
        CHECK(text && strncmp(text, "epoch,steps,precision,recall,f1,threshold,average_precision"
                                    "\r\n0.5,7,1.0,0.5,0.6666666666666666,0.", 96) == 0);
        free(text);
    }
    sen_evaluator_free(e);
    e = NULL;
    if (model && CHECK_OK(c, pairs_make(c, ", \"duplicates_list\": \"none.csv\"", &e))) {
        CHECK_OK(c, sen_evaluate(c, e, model, test_path("eval"), 0, 0, &m));
        for (int64_t i = 0; i < m.n; i++) CHECK(m.item[i].value == 0);
        text = test_read(test_path("eval/paraphrase_mining_evaluation_results.csv"), NULL);
        CHECK(text && strstr(text, "\r\n0,0,0,0,0,0,0\r\n"));
        free(text);
    }
    sen_evaluator_free(e);
    sen_model_free(model);
    sen_ctx_free(c);
}

static void test_limits_pairs_evaluator_refused(void)
{
    static const char *const bad[][2] = {
        { "", "needs \"sentences_map\" and \"duplicates_list\" (or \"duplicates_dict\")" },
        { ", \"duplicates_dict\": [1]", "is an object {id: {id: true or false}}" },
        { ", \"duplicates_dict\": {\"7\": true}", "is an object {id: {id: true or false}}" },
        { ", \"duplicates_dict\": {\"7\": {\"8\": 1}}", "is an object {id: {id: true or false}}" },
        { ", \"duplicates_list\": \"d.csv\", \"top_k\": 0", "\"top_k\" should be 1 at least" },
        { ", \"duplicates_list\": \"d.csv\", \"max_pairs\": 0", "\"max_pairs\" should be 1" },
        { ", \"duplicates_list\": \"one.csv\"", "takes two columns of ids" },
        { ", \"duplicates_list\": {\"path\": \"d.csv\", \"streaming\": true}", "no stream" },
        { ", \"duplicates_list\": \"d.csv\", \"max_pair\": 1", "did you mean \"max_pairs\"?" },
    };
    sen_ctx *c = test_ctx(1);
    pairs_files();
    test_write_text(test_path("one.csv"), "a\n7\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sen_evaluator *e = NULL;
        CHECK(pairs_make(c, bad[i][0], &e) == SEN_ERR_ARGUMENT && !e);
        if (!strstr(sen_message(c), bad[i][1])) {
            test_failures++;
            printf("%s: %s\n", bad[i][0], sen_message(c));
        }
        sen_evaluator_free(e);
        sen__forgive(c);
    }
    test_write_text(test_path("s.tsv"), "id\tsentence\na\tword1\na\tword2\n");
    {
        sen_evaluator *e = NULL;
        CHECK(pairs_make(c, ", \"duplicates_list\": \"d.csv\"", &e) == SEN_ERR_FORMAT);
        CHECK(strstr(sen_message(c), "has the id \"a\" twice") != NULL);
    }
    sen_ctx_free(c);
}

/* The n-th allocation fails. */
static sen_result pairs_work(sen_ctx *c, void *arg)
{
    sen_evaluator *e = NULL;
    sen_metrics m;
    sen_result r = pairs_make(c, ", \"duplicates_list\": \"d.csv\", \"add_transitive_closure\": "
                                "true, \"duplicates_dict\": {\"x\": {\"y\": true}}", &e);
    if (!r) r = sen_evaluate(c, e, (const sen_model *)arg, test_path("torn"), 1, 2, &m);
    sen_evaluator_free(e);
    return r;
}

static void test_limits_pairs_torn(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *model = tiny_model(c, TINY_MODULES);
    pairs_files();
    if (model) CHECK(fail_everywhere(NULL, pairs_work, model) > 20);
    sen_model_free(model);
    sen_ctx_free(c);
}

/* ---- NanoBEIREvaluator ----------------------------------------------------------------------- */

static void limits_nano_files(sen_ctx *c, const char *qrels, const char *text)
{
    const char *const folders[4] = { "n", "n/corpus", "n/queries", "n/qrels" };
    for (int i = 0; i < 4; i++) CHECK_OK(c, sen__make_folders(c, test_path(folders[i])));
    test_write_text(test_path("n/corpus/NanoNQ.tsv"),
                    "_id\ttext\na\tword7\n12\tword8\nc\tabc x\n");
    test_write_text(test_path("n/queries/NanoNQ.tsv"), "_id\ttext\n1\tword7\n2\tabc\n");
    test_remove(test_path("n/qrels/NanoNQ.jsonl"));
    test_write_text(test_path(qrels), text);
}

static sen_result limits_nano_make(sen_ctx *c, sen_evaluator **e)
{
    const char *const nq = "nq";
    sen_nano_beir_args a = sen_nano_beir_args_default();
    a.dataset_id = test_path("n");
    a.dataset_names.item = &nq;
    a.dataset_names.n = 1;
    return sen_evaluator_new(c, "NanoBEIREvaluator", &a, e);
}

static const char limits_nano_lists[] =
    "{\"query-id\": \"1\", \"corpus-id\": [\"a\", 12], \"score\": 1}\r\n\n"
    "{\"query-id\": 2, \"corpus-id\": \"c\"}\n{\"query-id\": \"1\", \"corpus-id\": [\"a\"]}";

/* Lists of ids in JSON lines are what one line for each id is. */
static void test_limits_nano_lists(void)
{
    sen_ctx *c = test_ctx(1);
    sen_model *model = tiny_model(c, TINY_MODULES);
    double want[64];
    if (!model) return;
    limits_nano_files(c, "n/qrels/NanoNQ.csv", "query-id,corpus-id\n1,a\n1,12\n2,c\n");
    for (int k = 0; k < 2; k++) {
        sen_evaluator *e = NULL;
        sen_metrics m;
        if (k) limits_nano_files(c, "n/qrels/NanoNQ.jsonl", limits_nano_lists);
        if (CHECK_OK(c, limits_nano_make(c, &e))) {
            const sen__retrieval *s = (const sen__retrieval *)e->child[0]->data;
            CHECK(s->n == 2 && s->first[1] == 2 && s->first[2] == 3);
            CHECK_OK(c, sen_evaluate(c, e, model, NULL, -1, -1, &m));
            CHECK(m.n == 30);
            for (int64_t i = 0; i < m.n && i < 64; i++) {
                if (k) CHECK(m.item[i].value == want[i]);
                want[i] = m.item[i].value;
            }
        }
        sen_evaluator_free(e);
    }
    sen_model_free(model);
    sen_ctx_free(c);
}

static void test_limits_nano_lines(void)
{
    static const char *const bad[][2] = {
        { "{\"query-id\": \"1\"}", "NanoNQ.jsonl, line 1:1:1: a line of qrels has a \"query-id\"" },
        { "\n[1]", "line 2:1:1: a line of qrels has a \"query-id\" and a \"corpus-id\"" },
        { "{\"query-id\": \"1\", \"corpus-id\": [true]}", "an id is a text or a number" },
        { "{\"query-id\": [], \"corpus-id\": \"a\"}", "an id is a text or a number" },
        { "{\"query-id\": \"1\", \"corpus-id\": []}", "NanoNQ.jsonl names no right document" },
        { "{", "NanoNQ.jsonl, line 1" },
    };
    sen_ctx *c = test_ctx(1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sen_evaluator *e = NULL;
        limits_nano_files(c, "n/qrels/NanoNQ.jsonl", bad[i][0]);
        CHECK(limits_nano_make(c, &e) == SEN_ERR_FORMAT && !e);
        if (!strstr(sen_message(c), bad[i][1])) {
            test_failures++;
            printf("%s: %s\n", bad[i][0], sen_message(c));
        }
        sen__forgive(c);
    }
    sen_ctx_free(c);
}

static sen_result limits_nano_work(sen_ctx *c, void *arg)
{
    sen_evaluator *e = NULL;
    const sen_result r = limits_nano_make(c, &e);
    (void)arg;
    sen_evaluator_free(e);
    return r;
}

static void test_limits_nano_torn(void)
{
    sen_ctx *c = test_ctx(1);
    limits_nano_files(c, "n/qrels/NanoNQ.jsonl", limits_nano_lists);
    CHECK(fail_everywhere(NULL, limits_nano_work, NULL) > 20);
    sen_ctx_free(c);
}

/* ---- from given embeddings ------------------------------------------------------------------- */

enum { LIMIT_N = 4, LIMIT_D = 2 };

/* An evaluator of columns a, b, c and number on n rows, and its score of embeddings emb[3]; where
 * any of this fails, that. */
static sen_result limits_score(sen_ctx *c, const char *name, const char *more, int64_t n,
                               const double *number, const float (*emb)[LIMIT_N * LIMIT_D],
                               sen_evaluator **e)
{
    static const sen_text texts[LIMIT_N] = { { "s", 1 }, { "t", 1 }, { "u", 1 }, { "v", 1 } };
    const sen_column column[4] = { { "a", texts, NULL, NULL }, { "b", texts, NULL, NULL },
                                   { "c", texts, NULL, NULL }, { "number", NULL, NULL, number } };
    const sen_evaluator_type *type =
        (const sen_evaluator_type *)sen__find_type(c, sen__evaluators, name);
    const sen__mark mark = sen__arena_mark(&c->scratch);
    static sen_dataset *data;
    sen_evaluator_call call;
    sen_json *j = NULL;
    sen_result r;
    *e = NULL;
    sen_dataset_free(data);
    data = NULL;
    if (!emb) return SEN_OK;            /* the data of the last one are gone */
    r = sen_dataset_from_arrays(c, column, 4, n, &data);
    if (!r) r = sen__json_parse(c, &c->scratch, "job.json", more, strlen(more), 0, &j);
    if (!r) r = sen__evaluator_make(c, type, e);
    if (!r) r = sen__evaluator_read(*e, j, "dataset");
    if (!r) memcpy((char *)(*e)->args + offsetof(sen_evaluator_args, dataset), &data, sizeof data);
    if (!r) r = sen__evaluator_finish(*e, NULL);
    if (!r) {
        memset(&call, 0, sizeof call);
        call.ctx = c;
        call.evaluator = *e;
        call.args = (*e)->args;
        call.similarity = "cosine";
        call.numbers = (*e)->numbers;
        call.rows = n;
        call.dimension = LIMIT_D;
        for (int k = 0; k < 3; k++) call.emb[k] = emb[k];
        r = sen__eval_score(&call);
    }
    sen__arena_release(&c->scratch, mark);
    return r;
}

static void limits_is(sen_ctx *c, const char *name, const char *more, int64_t n,
                      const double *number, const float (*emb)[LIMIT_N * LIMIT_D],
                      const double *want, const char *row)
{
    sen_evaluator *e = NULL;
    if (CHECK_OK(c, limits_score(c, name, more, n, number, emb, &e))) {
        for (int64_t i = 0; i < e->n; i++) {
            const double got = e->metric[i].value;
            CHECK(fabs(got - want[i]) < 1e-6 || (got != got && want[i] != want[i]));
        }
        CHECK(!row || (strncmp(e->row.data, row, (size_t)e->row.length) == 0 &&
                       strlen(row) == (size_t)e->row.length));
    }
    sen_evaluator_free(e);
}

static void limits_fails(sen_ctx *c, const char *name, const char *more, int64_t n,
                         const double *number, const float (*emb)[LIMIT_N * LIMIT_D],
                         const char *sentence)
{
    sen_evaluator *e = NULL;
    CHECK(limits_score(c, name, more, n, number, emb, &e) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), sentence);
    sen_evaluator_free(e);
    sen__forgive(c);
}

/* What Python 6.2.0 gave for the same embeddings: all equal, one of them NaN, one infinite, all
 * zero. */
static void test_limits_columns(void)
{
    static const float equal[3][8] = { { 1, 2, 1, 2, 1, 2, 1, 2 }, { 1, 2, 1, 2, 1, 2, 1, 2 },
                                       { 1, 2, 1, 2, 1, 2, 1, 2 } };
    static const float nan[3][8] = { { NAN, 0, 1, 0, 1, 1, 0, 1 }, { 0, 1, 1, 0, 2, 1, 1, 1 },
                                     { 1, 0, 0, 1, 1, 2, 1, 0 } };
    static const float inf[3][8] = { { INFINITY, 1, 1, 0, 1, 1, 0, 1 }, { 1, 1, 1, 0, 2, 1, 1, 1 },
                                     { 1, 0, 0, 1, 1, 2, 1, 0 } };
    static const float zero[3][8] = { { 0 }, { 0 }, { 0 } };
    static const double scores[4] = { 1, 2, 3, 4 }, same[4] = { 2, 2, 2, 2 };
    static const double yes[4] = { 1, 1, 1, 1 }, no[4] = { 0, 0, 0, 0 }, some[4] = { 1, 0, 0, 1 };
    static const double nothing[2] = { NAN, NAN }, half[1] = { 0.5 }, none[1] = { 0 };
    static const double dot_inf[2] = { NAN, -0.632455532033676 };
    static const double none_found[8] = { 1, 5.000000476837158, 0, 0, 0, 0, 0, 0 };
    static const double all_found[8] = { 1, 5, 1, 5, 1, 1, 1, 0 };
    static const double half_found[8] = { 0.5, 1e-45, 2.0 / 3, 0, 0.5, 1, 0.5, 0 };
    static const char sim[] = "EmbeddingSimilarityEvaluator", trip[] = "TripletEvaluator";
    static const char bin[] = "BinaryClassificationEvaluator";
    static const char dot[] = "{\"similarity_fn_names\": [\"dot\"]}";
    static const char num[] = "{\"scores\": \"number\"}";
    static const char num_dot[] = "{\"scores\": \"number\", \"similarity_fn_names\": [\"dot\"]}";
    static const char lab_dot[] = "{\"labels\": \"number\", \"similarity_fn_names\": [\"dot\"]}";
    sen_ctx *c = test_ctx(1);
    sen_evaluator *e;
    limits_is(c, sim, num, 4, scores, equal, nothing, ",nan,nan");
    limits_is(c, sim, num, 4, same, nan, nothing, ",nan,nan");
    limits_is(c, sim, num, 4, scores, nan, nothing, ",nan,nan");
    limits_is(c, sim, num, 4, scores, zero, nothing, ",nan,nan");
    limits_is(c, sim, num_dot, 4, scores, inf, dot_inf, NULL);
    limits_fails(c, sim, num, 1, scores, equal,
                 "EmbeddingSimilarityEvaluator needs two rows at least: one has no correlation");
    limits_is(c, trip, "{}", 4, scores, equal, none, ",0.0");
    limits_is(c, trip, "{}", 4, scores, nan, half, ",0.5");
    limits_is(c, trip, dot, 4, scores, zero, none, ",0.0");
    limits_is(c, bin, lab_dot, 4, no, equal, none_found, ",1.0,5.0000005,0,0,0,0,0.0,0.0");
    limits_is(c, bin, lab_dot, 4, yes, equal, all_found, ",1.0,5.0,1.0,1.0,1.0,5.0,1.0,0.0");
    limits_is(c, bin, lab_dot, 4, some, zero, half_found,
              ",0.5,1e-45,0.6666666666666666,0.5,1.0,0.0,0.5,0.0");
    limits_fails(c, bin, lab_dot, 4, some, nan, "BinaryClassificationEvaluator: the dot similarity "
                 "of row 0 is not a number");
    limits_fails(c, bin, lab_dot, 4, some, inf, "BinaryClassificationEvaluator: the dot similarity "
                 "of row 0 is infinite");
    CHECK_OK(c, limits_score(c, sim, "", 0, NULL, NULL, &e));
    sen_ctx_free(c);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { LIMITS_METRICS = 200 };

/* Several evaluators with ties in their data: all metrics, for one number of threads. */
static void limits_evaluate(sen_ctx *c, void *out, void *arg)
{
    static const char spec[] =
        "[{\"type\": \"EmbeddingSimilarityEvaluator\", \"dataset\": \"t.jsonl\", \"scores\": \"n\","
        " \"sentences1\": \"a\", \"sentences2\": \"text\","
        " \"similarity_fn_names\": [\"cosine\", \"dot\", \"euclidean\", \"manhattan\"]},"
        " {\"type\": \"EmbeddingSimilarityEvaluator\", \"dataset\": \"t.jsonl\", \"scores\": \"n\","
        " \"sentences1\": \"a\", \"sentences2\": \"text\","
        " \"precision\": \"int8\", \"name\": \"q\"},"
        " {\"type\": \"BinaryClassificationEvaluator\", \"dataset\": \"t.jsonl\","
        " \"labels\": \"n\", \"sentences1\": \"a\", \"sentences2\": \"text\","
        " \"similarity_fn_names\": [\"cosine\", \"manhattan\"]},"
        " {\"type\": \"TripletEvaluator\", \"dataset\": \"t.jsonl\", \"anchors\": \"a\","
        " \"positives\": \"text\", \"negatives\": \"c\"},"
        " {\"type\": \"TranslationEvaluator\", \"dataset\": \"t.jsonl\","
        " \"source_sentences\": \"a\", \"target_sentences\": \"text\"},"
        " {\"type\": \"InformationRetrievalEvaluator\", \"queries\": \"t.jsonl\", \"corpus\":"
        " \"t.jsonl\", \"relevant_docs\": \"r.jsonl\", \"score_functions\": [\"cosine\", \"dot\"]},"
        " {\"type\": \"ParaphraseMiningEvaluator\", \"sentences_map\": \"t.jsonl\","
        " \"duplicates_list\": \"r.jsonl\", \"top_k\": 5, \"name\": \"p\"}]";
    const sen__mark mark = sen__arena_mark(&c->scratch);
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_json *j = NULL;
    sen_metrics m;
    (void)arg;
    CHECK_OK(c, sen__json_parse(c, &c->scratch, "job.json", spec, sizeof spec - 1, 0, &j));
    if (model && CHECK_OK(c, sen_evaluator_from_json(c, j, test_folder(), &e)) &&
        CHECK_OK(c, sen_evaluate(c, e, model, NULL, -1, -1, &m))) {
        CHECK(m.n > 60 && m.n <= LIMITS_METRICS);
        for (int64_t i = 0; i < m.n && i < LIMITS_METRICS; i++)
            memcpy((char *)out + (size_t)i * sizeof(double), &m.item[i].value, sizeof(double));
    }
    sen_evaluator_free(e);
    sen_model_free(model);
    sen__arena_release(&c->scratch, mark);
}

static void test_limits_threads(void)
{
    static char text[20000], lines[20000];
    size_t n = 0, k = 0;
    for (int i = 0; i < 90; i++) {              /* 23 texts, so most of them several times */
        n += (size_t)snprintf(text + n, sizeof text - n, "{\"_id\": \"d%d\", \"a\": \"word%d x\", "
                              "\"text\": \"word%d abc\", \"c\": \"word%d\", \"n\": %d}\n", i,
                              100 + i % 23, 100 + i * 7 % 23, 100 + i * 5 % 23, i % 3 == 0);
        k += (size_t)snprintf(lines + k, sizeof lines - k,
                              "{\"a\": \"d%d\", \"b\": \"d%d\"}\n", i, i * 31 % 90);
    }
    test_write_text(test_path("t.jsonl"), text);
    test_write_text(test_path("r.jsonl"), lines);
    test_same_bits(limits_evaluate, LIMITS_METRICS * sizeof(double), NULL);
}

static void test_limits(void)
{
    TEST(test_limits_threads);
    TEST(test_limits_columns);
    TEST(test_limits_nano_lists);
    TEST(test_limits_nano_lines);
    TEST(test_limits_nano_torn);
    TEST(test_limits_pairs_known);
    TEST(test_limits_pairs_whole);
    TEST(test_limits_pairs_evaluator_refused);
    TEST(test_limits_pairs_torn);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("limits", test_limits);
}
#endif
