/* Search: the best of many against a sort of all, equal scores, numbers that are none. Evaluators
 * that search: Python's recorded runs, metrics counted by hand, the files, what is refused. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"
#include "tiny.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

/* ---- search ---------------------------------------------------------------------------------- */

enum { SEARCH_Q = 37, SEARCH_N = 2300, SEARCH_D = 19, SEARCH_K = 23 };

/* In double, the matrix whole, sorted whole. The best `k` rows of one query. */
static void search_naive(const float *q, const float *x, int n, int kind, int k, int64_t *row)
{
    static double score[SEARCH_N];
    static bool taken[SEARCH_N];
    memset(taken, 0, sizeof taken);
    for (int i = 0; i < n; i++) {
        double dot = 0, qq = 0, xx = 0, far = 0, around = 0;
        for (int j = 0; j < SEARCH_D; j++) {
            const double a = q[j], b = x[i * SEARCH_D + j];
            dot += a * b;
            qq += a * a;
            xx += b * b;
            far += (a - b) * (a - b);
            around += fabs(a - b);
        }
        score[i] = kind == SEN_COS_SIM ? dot / sqrt(qq * xx) : kind == SEN_DOT_SCORE ? dot
                 : kind == SEN_EUCLIDEAN_SIM ? -sqrt(far) : -around;
    }
    for (int p = 0; p < k; p++) {
        int best = -1;
        for (int i = 0; i < n; i++)
            if (!taken[i] && (best < 0 || score[i] > score[best])) best = i;
        taken[best] = true;
        row[p] = best;
    }
}

/* More rows than a tile has, all four functions, 1 and 3 threads; a corpus that is smaller than
 * top_k. */
static void test_retrieval_search(void)
{
    static float q[SEARCH_Q * SEARCH_D], x[SEARCH_N * SEARCH_D];
    static sen_hit hit[2][SEARCH_Q * SEARCH_K];
    int64_t want[SEARCH_K];
    sen_ctx *c[2];
    fill_random(q, SEARCH_Q * SEARCH_D, 1);
    fill_random(x, SEARCH_N * SEARCH_D, 2);
    c[0] = test_ctx(1);
    c[1] = test_ctx(3);
    for (int kind = SEN_COS_SIM; kind <= SEN_MANHATTAN_SIM; kind++) {
        for (int t = 0; t < 2; t++)
            CHECK_OK(c[t], sen_semantic_search(c[t], kind, q, SEARCH_Q, x, SEARCH_N, SEARCH_D,
                                               SEARCH_K, hit[t]));
        CHECK(memcmp(hit[0], hit[1], 4) == 0);
        for (int i = 0; i < SEARCH_Q; i++) {
            search_naive(q + i * SEARCH_D, x, SEARCH_N, kind, SEARCH_K, want);
            for (int p = 0; p < SEARCH_K; p++) {
                CHECK(hit[0][i * SEARCH_K + p].corpus_id == want[p]);
                CHECK(hit[1][i * SEARCH_K + p].corpus_id == want[p]);
                CHECK(hit[0][i * SEARCH_K + p].score == hit[1][i * SEARCH_K + p].score);
            }
        }
    }
    CHECK_OK(c[0], sen_semantic_search(c[0], SEN_COS_SIM, q, 2, x, 3, SEARCH_D, 10, hit[0]));
    search_naive(q + SEARCH_D, x, 3, SEN_COS_SIM, 3, want);
    for (int p = 0; p < 3; p++) CHECK(hit[0][3 + p].corpus_id == want[p]);
    sen_ctx_free(c[0]);
    sen_ctx_free(c[1]);
}

/* Equal scores come by their rows; what cannot be is said. */
static void test_retrieval_search_edges(void)
{
    float q[2] = { 1, 0 }, x[8] = { 1, 0, 0, 1, 1, 0, 1, 0 };
    sen_hit hit[4];
    sen_ctx *c = test_ctx(1);
    CHECK_OK(c, sen_semantic_search(c, SEN_DOT_SCORE, q, 1, x, 4, 2, 2, hit));
    CHECK(hit[0].corpus_id == 0 && hit[1].corpus_id == 2 && hit[1].score == 1.0f);
    CHECK_OK(c, sen_semantic_search(c, SEN_DOT_SCORE, q, 0, x, 4, 2, 2, hit));
    CHECK(sen_semantic_search(c, SEN_DOT_SCORE, q, 1, x, 0, 2, 2, hit) == SEN_ERR_ARGUMENT);
    sen__forgive(c);
    CHECK(sen_semantic_search(c, 9, q, 1, x, 4, 2, 2, hit) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "9 is no similarity function");
    sen__forgive(c);
    x[5] = NAN;
    CHECK(sen_semantic_search(c, SEN_DOT_SCORE, q, 1, x, 4, 2, 2, hit) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "row 2 of the corpus holds") != NULL);
    sen__forgive(c);
    q[1] = INFINITY;
    CHECK(sen_semantic_search(c, SEN_DOT_SCORE, q, 1, x, 4, 2, 2, hit) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "row 0 of the queries holds inf") != NULL);
    sen_ctx_free(c);
}

static sen_result retrieval_search_work(sen_ctx *c, void *arg)
{
    static float x[40 * 8];
    sen_hit hit[4 * 5];
    fill_random(x, 40 * 8, 3);
    (void)arg;
    return sen_semantic_search(c, SEN_COS_SIM, x, 4, x, 40, 8, 5, hit);
}

/* ---- paraphrase mining ----------------------------------------------------------------------- */

enum { MINE_N = 90, MINE_D = 6 };

/* The same by the definition: the top_k of each row, their union, sorted. Few of them: of many,
 * what is pushed out. */
static void test_retrieval_mining(void)
{
    static float x[MINE_N * MINE_D];
    static sen_pair got[2][MINE_N * MINE_N], want[MINE_N * MINE_N];
    static float score[MINE_N][MINE_N];
    static bool in[MINE_N][MINE_N];
    const int top_k = 7, most[3] = { 1000, 40, 1 };
    sen_ctx *c = test_ctx(2);
    int n = 0;
    fill_random(x, MINE_N * MINE_D, 5);
    memcpy(x + 80 * MINE_D, x + 3 * MINE_D, MINE_D * sizeof *x);        /* of equal rows two */
    for (int i = 0; i < MINE_N; i++) {
        sen_hit hit[MINE_N];
        CHECK_OK(c, sen_semantic_search(c, SEN_COS_SIM, x + i * MINE_D, 1, x, MINE_N, MINE_D,
                                        MINE_N, hit));
        for (int p = 0, k = 0; p < MINE_N && k < top_k; p++) {
            const int j = (int)hit[p].corpus_id;
            if (j == i) continue;
            k++;
            in[i < j ? i : j][i < j ? j : i] = true;
            score[i < j ? i : j][i < j ? j : i] = hit[p].score;
        }
    }
    for (int i = 0; i < MINE_N; i++)
        for (int j = 0; j < MINE_N; j++)
            if (in[i][j]) {
                int at = n++;
                sen_pair one;
                one.first = i;
                one.second = j;
                one.score = score[i][j];
                for (; at > 0 && (want[at - 1].score < one.score || (want[at - 1].score == one.score
                       && (want[at - 1].first < i || (want[at - 1].first == i &&
                           want[at - 1].second < j)))); at--) want[at] = want[at - 1];
                want[at] = one;
            }
    for (int m = 0; m < 3; m++)
        for (int chunk = 7; chunk < 200; chunk += 93) {
            int64_t k = -1;
            CHECK_OK(c, sen__paraphrase_mining(c, SEN_COS_SIM, x, MINE_N, MINE_D, top_k, chunk,
                                               most[m], got[0], &k));
            CHECK(k == (n < most[m] ? n : most[m]));
            for (int i = 0; i < k; i++)
                CHECK(got[0][i].first == want[i].first && got[0][i].second == want[i].second &&
                      got[0][i].score == want[i].score);
        }
    sen_ctx_free(c);
}

static sen_result retrieval_mining_work(sen_ctx *c, void *arg)
{
    static float x[600 * 4];
    static sen_pair pair[3000];
    int64_t n;
    sen_result r;
    (void)arg;
    fill_random(x, 600 * 4, 3);
    r = sen_paraphrase_mining(c, SEN_COS_SIM, x, 600, 4, 4, 3000, pair, &n);
    if (!r) CHECK(n > 1200 && n < 2400);        /* more than the set begins with */
    return r;
}

/* ---- Python's recorded runs ------------------------------------------------------------------ */

enum { IR_MOST = 30, IR_DIM = 8 };

/* {"q1": "t00", ...} as a dataset of ids and texts, and its embeddings. */
typedef struct ir_side {
    sen_text     id[IR_MOST], text[IR_MOST];
    float        emb[IR_MOST * IR_DIM];
    int64_t      n;
    sen_dataset *data;
} ir_side;

static void ir_side_of(sen_ctx *c, const sen_json *golden, const sen_json *from, ir_side *s)
{
    const sen_column column[2] = { { "_id", s->id, NULL, NULL }, { "text", s->text, NULL, NULL } };
    memset(s, 0, sizeof *s);
    for (const sen_json *j = from->child; j && s->n < IR_MOST; j = j->next, s->n++) {
        int k = 0;
        s->id[s->n] = tiny_text(j->key);
        s->text[s->n] = tiny_text(j->text);
        for (const sen_json *x = sen_json_get(sen_json_get(golden, "vectors"), j->text)->child;
             x && k < IR_DIM; x = x->next) s->emb[s->n * IR_DIM + k++] = (float)x->number;
    }
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 2, s->n, &s->data));
}

/* {"q1": ["d7", "d9"], ...} as lines, one of them twice and one that is not right. */
static sen_dataset *ir_lines(sen_ctx *c, const sen_json *from)
{
    static sen_text id[2][IR_MOST];
    static double right[IR_MOST];
    const sen_column column[3] = { { "q", id[0], NULL, NULL }, { "d", id[1], NULL, NULL },
                                   { "score", NULL, NULL, right } };
    sen_dataset *d = NULL;
    int n = 0;
    for (const sen_json *q = from->child; q; q = q->next)
        for (const sen_json *j = q->child; j; j = j->next, n++) {
            id[0][n] = tiny_text(q->key);
            id[1][n] = tiny_text(j->text);
            right[n] = 1;
        }
    id[0][n] = id[0][0];
    id[1][n] = id[1][0];
    right[n++] = 2;
    id[0][n] = tiny_text("q4");
    id[1][n] = tiny_text("d20");
    right[n++] = 0;
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 3, n, &d));
    return d;
}

/* The metrics that the run and Python both have, by name; returns how many those are. */
static int ir_check(const sen_json *g, const sen_evaluator *e)
{
    int found = 0;
    for (int64_t i = 0; i < e->n; i++) {
        const sen_json *want = sen_json_get(sen_json_get(g, "metrics"), e->metric[i].name);
        if (!want) continue;
        found++;
        CHECK(fabs(e->metric[i].value - want->number) < 1e-15);
    }
    return found;
}

/* From recorded embeddings: everything behind the encoder. */
static void ir_golden_case(sen_ctx *c, const sen_json *golden, const sen_json *g, bool several)
{
    static ir_side queries, corpus;
    const sen_json *args = sen_json_get(g, "args");
    const char *const both[2] = { "dot", "cosine" };
    sen_retrieval_args a = sen_retrieval_args_default();
    sen_evaluator_call call;
    sen_evaluator *e = NULL;
    sen__retrieval_run x;
    sen_dataset *lines;
    ir_side_of(c, golden, sen_json_get(args, "queries"), &queries);
    ir_side_of(c, golden, sen_json_get(args, "corpus"), &corpus);
    lines = ir_lines(c, sen_json_get(args, "relevant_docs"));
    a.queries = queries.data;
    a.corpus = corpus.data;
    a.relevant_docs = lines;
    for (const sen_json *j = args->child; j; j = j->next) {
        const sen_field *f = sen__field_find(sen__retrieval_fields, j->key);
        if (f && f->kind != &sen__kind_table && strcmp(j->key, "score_functions") != 0)
            CHECK_OK(c, f->kind->read(c, f->kind, j, (char *)&a + f->offset));
    }
    a.score_functions.item = both + (several ? 0 : 1);
    a.score_functions.n = several ? 2 : 1;
    if (CHECK_OK(c, sen_evaluator_new(c, "InformationRetrievalEvaluator", &a, &e))) {
        memset(&call, 0, sizeof call);
        memset(&x, 0, sizeof x);
        call.ctx = c;
        call.evaluator = e;
        call.dimension = IR_DIM;
        x.call = &call;
        x.prefix = "";
        x.a = (const sen_retrieval_args *)e->args;
        x.s = (const sen__retrieval *)e->data;
        x.functions = x.kinds = x.a->score_functions;
        CHECK(x.s->n == 3 && e->texts == 3 + corpus.n);
        CHECK_OK(c, sen__retrieval_room(&x));
        for (int64_t q = 0; q < x.s->n; q++)
            memcpy(x.queries + q * IR_DIM, queries.emb + x.s->row[q] * IR_DIM,
                   IR_DIM * sizeof(float));
        for (int64_t n, at = 0; at < corpus.n; at += n) {
            n = SEN__MIN(corpus.n - at, x.a->corpus_chunk_size);
            memcpy(x.documents, corpus.emb + at * IR_DIM, (size_t)n * IR_DIM * sizeof(float));
            CHECK_OK(c, sen__retrieval_chunk(&x, at, n));
        }
        for (int64_t f = 0; f < x.functions.n; f++) {
            sen__top_sort(&x.top[f]);
            sen__retrieval_measure(&x, f);
        }
        CHECK_OK(c, sen__retrieval_say(&x));
        CHECK(ir_check(g, e) == (several ? 10 : 15) && e->n == (several ? 20 : 15));
        CHECK_TEXT(sen_evaluator_primary_metric(e),
                   several ? "cosine_ndcg@3" : "ir_cosine_ndcg@10");
        if (!several) {
            char head[600];
            const char *text = sen_json_get(g, "files")->child->text;
            snprintf(head, sizeof head, "epoch,steps%.*s\n0.5,7,", (int)e->head.length,
                     e->head.data);
            CHECK(strncmp(text, head, strlen(head)) == 0);
        } else CHECK(strncmp(e->head.data, ",cosine-Accuracy@1,", 19) == 0);
        sen__retrieval_free(&x);
    }
    sen_evaluator_free(e);
    sen_dataset_free(queries.data);
    sen_dataset_free(corpus.data);
    sen_dataset_free(lines);
}

static void mining_golden_case(sen_ctx *c, const sen_json *golden, const sen_json *g)
{
    static ir_side all;
    static sen_text id[2][10];
    const sen_column column[2] = { { "a", id[0], NULL, NULL }, { "b", id[1], NULL, NULL } };
    const sen_json *args = sen_json_get(g, "args");
    const sen_json *want = sen_json_get(g, "metrics")->child;
    sen_mining_args a = sen_mining_args_default();
    sen_evaluator_call call;
    sen_dataset *list = NULL;
    sen_evaluator *e = NULL;
    int n = 0;
    ir_side_of(c, golden, sen_json_get(args, "sentences_map"), &all);
    for (const sen_json *j = sen_json_get(args, "duplicates_list")->child; j; j = j->next, n++) {
        id[0][n] = tiny_text(j->child->text);
        id[1][n] = tiny_text(j->last->text);
    }
    id[0][n] = id[0][0];                        /* twice, the other way round; and an unknown one */
    id[1][n] = id[1][0];
    id[0][n + 1] = id[1][0];
    id[1][n + 1] = id[0][0];
    id[0][n + 2] = id[0][0];
    id[1][n + 2] = tiny_text("nobody");
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 2, n + 3, &list));
    a.sentences_map = all.data;
    a.duplicates_list = list;
    for (const sen_json *j = args->child; j; j = j->next) {
        const sen_field *f = sen__field_find(sen__mining_fields, j->key);
        if (f && f->kind != &sen__kind_table)
            CHECK_OK(c, f->kind->read(c, f->kind, j, (char *)&a + f->offset));
    }
    if (CHECK_OK(c, sen_evaluator_new(c, "ParaphraseMiningEvaluator", &a, &e))) {
        memset(&call, 0, sizeof call);
        call.ctx = c;
        call.evaluator = e;
        call.args = e->args;
        call.dimension = IR_DIM;
        CHECK_OK(c, sen__mining_pairs(&call, all.emb));
        CHECK(e->n == 5 && e->texts == 24);
        for (int64_t i = 0; want && i < e->n; i++, want = want->next) {
            CHECK_TEXT(e->metric[i].name, want->key);
            CHECK(fabs(e->metric[i].value - want->number) < 1e-6);
        }
        CHECK_TEXT(sen_evaluator_primary_metric(e), "pm_average_precision");
        CHECK(strncmp(e->head.data, ",precision,recall,f1,threshold,average_precision", 48) == 0);
    }
    sen_evaluator_free(e);
    sen_dataset_free(all.data);
    sen_dataset_free(list);
}

static void test_retrieval_golden(sen_ctx *c)
{
    sen_json *golden = NULL;
    int cases = 0;
    if (!CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/evaluators.json", 0, &golden)))
        return;
    for (const sen_json *g = sen_json_get(golden, "cases")->child; g; g = g->next)
        if (strcmp(sen__json_text_or(g, "evaluator", ""), "InformationRetrievalEvaluator") == 0)
            ir_golden_case(c, golden, g, cases++ > 0);
    CHECK(cases == 2);
    cases = 0;
    for (const sen_json *g = sen_json_get(golden, "cases")->child; g; g = g->next)
        if (strcmp(sen__json_text_or(g, "evaluator", ""), "ParaphraseMiningEvaluator") == 0) {
            mining_golden_case(c, golden, g);
            cases++;
        }
    CHECK(cases == 2);
}

/* ---- hard negatives -------------------------------------------------------------------------- */

/* The recorded model: a table from text to vector. */
static sen_result mine_embed(void *user, const sen_text *texts, int64_t n, bool queries, float *out)
{
    const sen_json *vectors = (const sen_json *)user;
    (void)queries;
    for (int64_t i = 0; i < n; i++) {
        char key[16];
        snprintf(key, sizeof key, "%.*s", (int)texts[i].length, texts[i].data);
        for (const sen_json *x = sen_json_get(vectors, key)->child; x; x = x->next)
            *out++ = (float)x->number;
    }
    return SEN_OK;
}

static sen_mine_args mine_args_of(const sen_json *j)
{
    static const char *const formats[] = { "triplet", "n-tuple", "labeled-pair", "labeled-list" };
    sen_mine_args a = sen_mine_args_default();
    const char *format = sen__json_text_or(j, "output_format", "triplet");
    a.range_min = sen__json_int_or(j, "range_min", 0);
    a.range_max = sen__json_int_or(j, "range_max", SEN_NONE);
    a.num_negatives = sen__json_int_or(j, "num_negatives", 3);
    a.include_positives = sen_json_get(j, "include_positives") != NULL;
    if (sen_json_get(j, "max_score")) a.max_score = sen_json_get(j, "max_score")->number;
    if (sen_json_get(j, "min_score")) a.min_score = sen_json_get(j, "min_score")->number;
    if (sen_json_get(j, "absolute_margin"))
        a.absolute_margin = sen_json_get(j, "absolute_margin")->number;
    if (sen_json_get(j, "relative_margin"))
        a.relative_margin = sen_json_get(j, "relative_margin")->number;
    if (sen_json_get(j, "sampling_strategy")) a.sampling_strategy = SEN_MINE_RANDOM;
    while (strcmp(formats[a.output_format], format) != 0) a.output_format++;
    return a;
}

static bool mine_is(sen_text text, const sen_json *want)
{
    return want && want->kind == SEN_JSON_TEXT && text.length == want->length &&
           memcmp(text.data, want->text, text.length) == 0;
}

/* One row against Python's: columns anchor, positive, negative ..., or lists, and scores. */
static void mine_check_row(const sen_mined_row *row, const sen_json *want)
{
    const sen_json *j = want->child->next, *score = want->last;
    const sen_json *list = j->kind == SEN_JSON_LIST ? j->child : NULL;
    const bool labels = strcmp(score->key, "label") == 0 || strcmp(score->key, "labels") == 0;
    const bool scores = strncmp(score->key, "score", 5) == 0;
    const sen_json *s = score->kind == SEN_JSON_LIST ? score->child : score;
    CHECK(mine_is(row->anchor, want->child));
    for (int64_t i = 0; i < row->n; i++) {
        const bool same = mine_is(row->document[i], list ? list : j);
        CHECK(same);
        if (!same) return;
        if (scores) CHECK(fabs((double)row->score[i] - s->number) < 1e-6);
        if (labels) CHECK(s->number == (row->right && i == 0));
        if (list) list = list->next;
        else j = j->next;
        if (s) s = s->next;
    }
    CHECK(list == NULL && (!labels || row->n == 1 || !s));
}

static void mine_golden_case(sen_ctx *c, sen_json *vectors, const sen_json *g)
{
    static sen_text anchor[20], positive[20], corpus[20];
    const sen_json *args = sen_json_get(g, "args"), *counts = sen_json_get(g, "counts");
    const sen_json *rows = sen_json_get(g, "rows"), *want = rows->child;
    const sen_mine_args a = mine_args_of(args);
    sen_mined m;
    int64_t n = 0, n_corpus = 0;
    for (const sen_json *j = sen_json_get(g, "pairs")->child; j; j = j->next, n++) {
        anchor[n] = tiny_text(j->child->text);
        positive[n] = tiny_text(j->last->text);
    }
    for (const sen_json *j = sen_json_get(g, "corpus")->child; j; j = j->next)
        corpus[n_corpus++] = tiny_text(j->text);
    if (CHECK_OK(c, sen__mine_run(c, &a, sen_json_get(args, "dot") ? SEN_DOT_SCORE : SEN_COS_SIM,
                                  6, mine_embed, vectors, anchor, positive, n, corpus, n_corpus,
                                  &m))) {
        CHECK(m.rows == rows->count && m.queries == 9);
        for (int64_t i = 0; i < m.rows && want; i++, want = want->next)
            mine_check_row(&m.row[i], want);
        CHECK(m.n_positive == sen__json_int_or(counts, "positives", -1));
        CHECK(m.n_negative == sen__json_int_or(counts, "negatives", -1));
        CHECK(m.possible - m.rows == sen__json_int_or(counts, "missing", 0));
        CHECK(m.by_absolute_margin == sen__json_int_or(counts, "absolute_margin", 0));
        CHECK(m.by_relative_margin == sen__json_int_or(counts, "relative_margin", 0));
        CHECK(m.by_max_score == sen__json_int_or(counts, "max_score", 0));
        CHECK((m.by_min_score > 0) == (sen_json_get(args, "min_score") != NULL));
    }
    sen_mined_free(c, &m);
}

static sen_result mine_work(sen_ctx *c, void *arg)
{
    static const char *const words[6] = { "word100", "word200", "word300 a", "b", "word9", "cc" };
    sen_mine_args a = sen_mine_args_default();
    sen_text text[6];
    sen_mined m;
    sen_result r;
    for (int i = 0; i < 6; i++) text[i] = tiny_text(words[i]);
    a.num_negatives = 1;
    r = sen_mine_hard_negatives(c, (const sen_model *)arg, text, text + 3, 3, text, 2, &a, &m);
    if (!r) CHECK(m.rows == 3);
    sen_mined_free(c, &m);
    return r;
}

/* Python's rows, in all four shapes; what is drawn is a choice of the same candidates; what leaves
 * none. */
static void test_retrieval_negatives(sen_ctx *c)
{
    sen_json *golden = NULL;
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_mine_args a = sen_mine_args_default();
    sen_text text[3] = { { "word1", 5 }, { "word2", 5 }, { "word3", 5 } };
    sen_mined m[2];
    int cases = 0;
    if (!CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/mine.json", 0, &golden))) return;
    for (const sen_json *g = sen_json_get(golden, "cases")->child; g; g = g->next, cases++)
        mine_golden_case(c, golden->child->next, g);
    CHECK(cases == 14);
    if (!model) return;
    CHECK(sen_mine_hard_negatives(c, model, text, text, 0, NULL, 0, NULL, &m[0]) ==
          SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "there are no pairs to mine negatives for");
    sen__forgive(c);
    a.num_negatives = 0;
    CHECK(sen_mine_hard_negatives(c, model, text, text, 3, NULL, 0, &a, &m[0]) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "num_negatives should be 1 or more");
    sen__forgive(c);
    a.num_negatives = 4;
    a.range_min = 2;
    a.range_max = 5;
    CHECK(sen_mine_hard_negatives(c, model, text, text, 3, NULL, 0, &a, &m[0]) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "no 4 negatives can be had") != NULL);
    sen__forgive(c);
    a = sen_mine_args_default();
    a.num_negatives = 1;
    a.range_max = 2;
    a.sampling_strategy = SEN_MINE_RANDOM;
    for (uint64_t seed = 0, other = 0; seed < 30; seed++) {
        for (int i = 0; i < 2; i++) {
            a.seed = seed;
            CHECK_OK(c, sen_mine_hard_negatives(c, model, text, text, 3, NULL, 0, &a, &m[i]));
            CHECK(m[i].rows == 3);
        }
        for (int k = 0; k < 3; k++) {
            CHECK(m[0].row[k].score[1] == m[1].row[k].score[1]);        /* the seed decides */
            CHECK(m[0].row[k].document[1].data != m[0].row[k].anchor.data);
        }
        other += m[0].row[0].document[1].data == text[2].data;
        sen_mined_free(c, &m[0]);
        sen_mined_free(c, &m[1]);
        if (seed == 29) CHECK(other > 4 && other < 26);
    }
    CHECK(fail_everywhere(NULL, mine_work, model) > 10);
    sen_model_free(model);
}

/* ---- whole evaluations ----------------------------------------------------------------------- */

static void ir_files(void)
{
    test_write_text(test_path("q.jsonl"),
                    "{\"_id\": 7, \"text\": \"word100\"}\n{\"_id\": 8, \"text\": \"word200\"}\n"
                    "{\"_id\": 9, \"text\": \"nobody's\"}\n");
    test_write_text(test_path("c.tsv"), "id\ttext\nb\tword100\na\tword100\nc\tword200 word7\n"
                                        "d\tword300\n");
    test_write_text(test_path("r.csv"),
                    "query,document,score\n7,b,1\n7,a,0\n8,c,1\n8,gone,1\n5,a,1\n");
}

static sen_result ir_make(sen_ctx *c, const char *more, sen_evaluator **e)
{
    const sen__mark mark = sen__arena_mark(&c->scratch);
    char spec[600];
    sen_json *j = NULL;
    sen_result r;
    snprintf(spec, sizeof spec, "{\"type\": \"InformationRetrievalEvaluator\", \"queries\": "
             "\"q.jsonl\", \"corpus\": {\"path\": \"c.tsv\"}, \"relevant_docs\": \"r.csv\"%s}",
             more);
    sen__begin(c);
    r = sen__json_parse(c, &c->scratch, "job.json", spec, strlen(spec), 0, &j);
    if (!r) r = sen_evaluator_from_json(c, j, test_folder(), e);
    sen__arena_release(&c->scratch, mark);
    return sen__end(c, r);
}

static double ir_metric(const sen_metrics *m, const char *name)
{
    for (int64_t i = 0; i < m->n; i++)
        if (strcmp(m->item[i].name, name) == 0) return m->item[i].value;
    return -1;
}

static int ir_progress(void *user, int64_t done, int64_t total)
{
    int64_t *seen = (int64_t *)user;
    CHECK(done <= total && total == 2 + 4);
    *seen = done;
    return 0;
}

/* Two documents are the query's own text: of equal similarity, "a" comes before "b", which is the
 * right one. One right document is not there. Files, and the hits as JSON lines. */
static void test_retrieval_whole(sen_ctx *c)
{
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_metrics m;
    char *text;
    size_t n = 0;
    int64_t seen = 0;
    ir_files();
    if (!model) return;
    for (int chunk = 1; chunk < 6; chunk += 2) {
        char more[200];
        snprintf(more, sizeof more, ", \"name\": \"x\", \"write_predictions\": true, "
                 "\"corpus_chunk_size\": %d, \"map_at_k\": 2, \"query_prompt\": \"\"", chunk);
        if (!CHECK_OK(c, ir_make(c, more, &e))) break;
        sen_evaluator_set_progress(e, ir_progress, &seen);
        CHECK_OK(c, sen_evaluate(c, e, model, test_path("eval"), 0.5, 7, &m));
        CHECK(seen == 6 && m.n == 15);
        CHECK(ir_metric(&m, "x_cosine_recall@10") == 0.75);     /* (1 + 1 / 2) / 2 */
        CHECK(ir_metric(&m, "x_cosine_precision@10") == 0.1);
        CHECK(ir_metric(&m, "x_cosine_accuracy@10") == 1);
        CHECK(ir_metric(&m, "x_cosine_accuracy@1") <= 0.5);     /* "a" is before "b" */
        CHECK_TEXT(sen_evaluator_primary_metric(e), "x_cosine_ndcg@10");
        sen_evaluator_free(e);
        e = NULL;
    }
    text = test_read(test_path("eval/Information-Retrieval_evaluation_x_results.csv"), &n);
    CHECK(text && strncmp(text, "epoch,steps,cosine-Accuracy@1,", 30) == 0);
    CHECK(text && strstr(text, "cosine-MAP@2\n0.5,7,") && !strchr(text, '\r'));
    free(text);
    text = test_read(test_path("eval/Information-Retrieval_evaluation_x_predictions_cosine.jsonl"),
                     &n);
    CHECK(text && strncmp(text, "{\"query_id\": \"7\", \"query\": \"word100\", \"results\": "
                          "[{\"corpus_id\": \"a\", \"score\": ", 76) == 0);
    CHECK(text && strstr(text, "}, {\"corpus_id\": \"b\", \"score\": ") &&
          strstr(text, "}]}\n{\"query_id\": \"8\", \"query\": \"word200\""));
    free(text);
    sen_model_free(model);
}

/* Two collections, one of them with an empty text in each part: each its metrics, and the means. */
static sen_result nano_make(sen_ctx *c, const char *more, sen_evaluator **e)
{
    const sen__mark mark = sen__arena_mark(&c->scratch);
    char spec[600];
    sen_json *j = NULL;
    sen_result r;
    snprintf(spec, sizeof spec, "{\"type\": \"NanoBEIREvaluator\"%s}", more);
    sen__begin(c);
    r = sen__json_parse(c, &c->scratch, "job.json", spec, strlen(spec), 0, &j);
    if (!r) r = sen_evaluator_from_json(c, j, test_folder(), e);
    sen__arena_release(&c->scratch, mark);
    return sen__end(c, r);
}

static void nano_files(sen_ctx *c)
{
    const char *const folders[4] = { "beir", "beir/corpus", "beir/queries", "beir/qrels" };
    for (int i = 0; i < 4; i++) CHECK_OK(c, sen__make_folders(c, test_path(folders[i])));
    test_write_text(test_path("beir/corpus/NanoNQ.jsonl"),
                    "{\"_id\": \"b\", \"text\": \"word100\", \"more\": 1}\n{\"_id\": \"x\", "
                    "\"text\": \"\"}\n{\"_id\": \"c\", \"text\": \"word200 word9\"}\n");
    test_write_text(test_path("beir/queries/NanoNQ.tsv"),
                    "text\t_id\nword100\t1\n\t2\nword200\t3\n");
    test_write_text(test_path("beir/qrels/NanoNQ.csv"),
                    "query-id,corpus-id,score\n1,b,0\n2,b,1\n3,x,1\n3,c,1\n");
    test_write_text(test_path("beir/corpus/NanoFiQA2018.tsv"),
                    "_id\ttext\na\tword7\nb\tword8\n");
    test_write_text(test_path("beir/queries/NanoFiQA2018.tsv"), "_id\ttext\n1\tword7\n");
    test_write_text(test_path("beir/qrels/NanoFiQA2018.tsv"), "query-id\tcorpus-id\n1\ta\n");
}

static void test_retrieval_nano(sen_ctx *c)
{
    static const char *const bad[][2] = {
        { "", "NanoBEIREvaluator needs \"dataset_id\", a folder" },
        { ", \"dataset_id\": \"beir\", \"dataset_names\": [\"nqq\"]",
          "\"nqq\" is no collection of NanoBEIR; those are climatefever" },
        { ", \"dataset_id\": \"beir\", \"dataset_names\": [\"scidocs\"]",
          "beir/corpus has no NanoSCIDOCS.jsonl" },
        { ", \"dataset_id\": \"beir\", \"dataset_names\": [\"nq\"], \"query_prompts\": {\"x\": "
          "\"y\"}",
          "there is none for nq" },
        { ", \"dataset_id\": \"beir\", \"aggregate_fn\": \"sum\"", "mean, median, min, max" },
        { ", \"dataset_id\": \"beir\", \"ndcg_at_k\": []",
          "\"ndcg_at_k\" takes whole numbers from 1 on" },
    };
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_evaluator *e = NULL;
    sen_metrics m;
    char *text;
    size_t n = 0;
    int64_t seen = 0;
    nano_files(c);
    if (model && CHECK_OK(c, nano_make(c, ", \"dataset_id\": \"beir\", \"dataset_names\": [\"NQ\", "
                                       "\"fiqa2018\"], \"truncate_dim\": 8, \"corpus_prompts\": "
                                       "\"word5 \", \"query_prompts\": {\"NQ\": \"word6 \", "
                                       "\"fiqa2018\": \"word6 \"}", &e))) {
        sen_evaluator_set_progress(e, NULL, &seen);
        CHECK_OK(c, sen_evaluate(c, e, model, test_path("nano"), 0.5, 7, &m));
        CHECK(m.n == 45);
        CHECK(ir_metric(&m, "NanoNQ_8_cosine_recall@10") == 0.75);      /* "x" has no text */
        CHECK(ir_metric(&m, "NanoFiQA2018_8_cosine_recall@10") == 1);
        CHECK(ir_metric(&m, "NanoBEIR_mean_8_cosine_recall@10") == 0.875);
        CHECK(ir_metric(&m, "NanoBEIR_mean_8_cosine_ndcg@10") ==
              (ir_metric(&m, "NanoNQ_8_cosine_ndcg@10") +
               ir_metric(&m, "NanoFiQA2018_8_cosine_ndcg@10")) / 2);
        CHECK_TEXT(sen_evaluator_primary_metric(e), "NanoBEIR_mean_8_cosine_ndcg@10");
        CHECK(((const sen__retrieval *)e->child[0]->data)->n == 2);
    }
    sen_evaluator_free(e);
    e = NULL;
    /* Names of one's own, and another number of the two collections than their mean. */
    if (model && CHECK_OK(c, nano_make(c, ", \"dataset_id\": \"beir\", \"dataset_names\": [\"NQ\", "
                                       "\"fiqa2018\"], \"score_functions\": {\"near\": "
                                       "\"euclidean\", \"dot\": \"dot\"}, \"aggregate_fn\": "
                                       "\"min\", \"aggregate_key\": \"worst\", "
                                       "\"main_score_function\": \"near\"", &e))) {
        CHECK_OK(c, sen_evaluate(c, e, model, NULL, -1, -1, &m));
        CHECK(m.n == 90);
        CHECK(ir_metric(&m, "NanoBEIR_worst_near_recall@10") == 0.75);
        CHECK(ir_metric(&m, "NanoBEIR_worst_dot_ndcg@10") ==
              fmin(ir_metric(&m, "NanoNQ_dot_ndcg@10"), ir_metric(&m, "NanoFiQA2018_dot_ndcg@10")));
        CHECK_TEXT(sen_evaluator_primary_metric(e), "NanoBEIR_worst_near_ndcg@10");
    }
    sen_evaluator_free(e);
    e = NULL;
    text = test_read(test_path("nano/NanoBEIR_evaluation_mean_results.csv"), &n);
    CHECK(text && strncmp(text, "epoch,steps,cosine-Accuracy@1,", 30) == 0 && !strchr(text, '\r'));
    free(text);
    text = test_read(test_path("nano/Information-Retrieval_evaluation_NanoNQ_8_results.csv"), &n);
    CHECK(text != NULL);
    free(text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(nano_make(c, bad[i][0], &e) != SEN_OK);
        if (!strstr(sen_message(c), bad[i][1])) {
            test_failures++;
            printf("%s: %s\n", bad[i][0], sen_message(c));
        }
        sen__forgive(c);
    }
    sen_model_free(model);
}

static sen_result nano_work(sen_ctx *c, void *arg)
{
    sen_evaluator *e = NULL;
    sen_metrics m;
    sen_result r = nano_make(c, ", \"dataset_id\": \"beir\", \"dataset_names\": [\"nq\"]", &e);
    if (!r) r = sen_evaluate(c, e, (const sen_model *)arg, NULL, 1, 2, &m);
    sen_evaluator_free(e);
    return r;
}

/* ---- the classifier of SoftmaxLoss ----------------------------------------------------------- */

/* Argmax of a linear map of [u, v, |u - v|], by hand and by the evaluator; without a loss, with
 * another one, with names. */
static void test_retrieval_label(sen_ctx *c)
{
    static const char *const words[6] = { "word100", "word200", "word300 a", "b", "word9", "cc" };
    static const double odd[3] = { 0, 0.5, 1 };
    static const int64_t label[3] = { 0, 1, 2 };
    sen_text text[2][3];
    sen_column column[3] = { { "a", NULL, NULL, NULL }, { "b", NULL, NULL, NULL },
                             { "label", NULL, NULL, NULL } };
    sen_label_accuracy_args a = sen_label_accuracy_args_default();
    sen_softmax_args soft = sen_softmax_args_default();
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_model *model = tiny_model(c, TINY_MODULES);
    sen_dataset *d = NULL, *bad = NULL;
    sen_evaluator *e = NULL;
    sen_loss *loss = NULL, *cosent = NULL;
    sen_trainer *t = NULL;
    sen_metrics m;
    float x[6][64];
    int right = 0, width;
    if (!model) return;
    width = sen_embedding_dimension(model, SEN_NONE);
    for (int i = 0; i < 6; i++) text[i / 3][i % 3] = tiny_text(words[i]);
    column[0].texts = text[0];
    column[1].texts = text[1];
    column[2].floats = odd;
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 3, 3, &bad));
    column[2].floats = NULL;
    column[2].ints = label;
    CHECK_OK(c, sen_dataset_from_arrays(c, column, 3, 3, &d));
    soft.num_labels = 3;
    CHECK_OK(c, sen_loss_new(c, "SoftmaxLoss", &soft, &loss));
    CHECK_OK(c, sen_loss_new(c, "CoSENTLoss", NULL, &cosent));
    a.dataset = bad;
    CHECK(sen_evaluator_new(c, "LabelAccuracyEvaluator", &a, &e) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "row 1: a label of LabelAccuracyEvaluator is a class") != NULL);
    sen__forgive(c);
    a.dataset = d;
    a.name = "nli";
    CHECK_OK(c, sen_evaluator_new(c, "LabelAccuracyEvaluator", &a, &e));
    CHECK(sen_evaluate(c, e, model, NULL, -1, -1, &m) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "LabelAccuracyEvaluator needs the SoftmaxLoss of a training run");
    sen__forgive(c);
    desc.model = model;
    desc.train_dataset = d;
    desc.evaluator = e;
    desc.args.output_dir = test_path("label");
    desc.loss = cosent;
    CHECK(sen_trainer_new(c, &desc, &t) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "LabelAccuracyEvaluator needs a run with SoftmaxLoss");
    sen__forgive(c);
    desc.loss = loss;
    if (CHECK_OK(c, sen_trainer_new(c, &desc, &t))) {
        CHECK_OK(c, sen_evaluate(c, e, model, NULL, -1, -1, &m));
        CHECK_OK(c, sen_encode(c, model, text[0], 3, NULL, x[0]));
        for (int i = 0; i < 3; i++) {
            CHECK_OK(c, sen_encode(c, model, &text[0][i], 1, NULL, x[i]));
            CHECK_OK(c, sen_encode(c, model, &text[1][i], 1, NULL, x[3 + i]));
        }
        for (int i = 0; i < 3; i++) {
            double most = -1e30;
            int best = -1;
            for (int k = 0; k < 3; k++) {
                const float *w = loss->weight[0].data + k * 3 * width;
                double y = (double)loss->weight[1].data[k];
                for (int j = 0; j < width; j++)
                    y += (double)w[j] * (double)x[i][j] + (double)w[width + j] * (double)x[3 + i][j]
                       + (double)w[2 * width + j] * fabs((double)x[i][j] - (double)x[3 + i][j]);
                if (y > most) {
                    most = y;
                    best = k;
                }
            }
            right += best == i;
        }
        CHECK(m.n == 1 && m.item[0].value == right / 3.0);
        CHECK_TEXT(m.item[0].name, "nli_accuracy");
    }
    sen_trainer_free(t);
    sen_evaluator_free(e);
    a.softmax_model = "snli";
    CHECK_OK(c, sen_evaluator_new(c, "LabelAccuracyEvaluator", &a, &e));
    desc.evaluator = e;
    CHECK(sen_trainer_new(c, &desc, &t) == SEN_ERR_ARGUMENT);
    CHECK_TEXT(sen_message(c), "LabelAccuracyEvaluator: no dataset of the run is called \"snli\"");
    sen__forgive(c);
    sen_evaluator_free(e);
    sen_loss_free(loss);
    sen_loss_free(cosent);
    sen_dataset_free(d);
    sen_dataset_free(bad);
    sen_model_free(model);
}

/* What is wrong is said when the evaluator is made, with its place. */
static void test_retrieval_refused(sen_ctx *c)
{
    static const char *const bad[][2] = {
        { ", \"ndcg_at_k\": [0]", "\"ndcg_at_k\" takes whole numbers from 1 on" },
        { ", \"map_at_k\": []", "\"map_at_k\" takes whole numbers from 1 on" },
        { ", \"mrr_at_k\": [2.5]", "\"mrr_at_k\" takes whole numbers from 1 on" },
        { ", \"corpus_chunk_size\": 0", "\"corpus_chunk_size\" should be 1 at least" },
        { ", \"score_functions\": [\"cosin\"]", "did you mean \"cosine\"?" },
        { ", \"score_functions\": {\"a\": \"cosin\"}", "did you mean \"cosine\"?" },
        { ", \"score_functions\": {\"a=b\": \"dot\"}", "short name without =" },
        { ", \"score_functions\": {\"a\": \"dot\"}, \"main_score_function\": \"dot\"",
          "\"dot\" is none of \"score_functions\"" },
        { ", \"score_functions\": [\"dot\"], \"main_score_function\": \"cosine\"",
          "\"cosine\" is none of \"score_functions\"" },
        { ", \"batch_size\": 0", "\"batch_size\" should be 1 at least" },
        { ", \"querys\": \"q.jsonl\"", "did you mean \"queries\"?" },
    };
    sen_evaluator *e = NULL;
    sen_model *model;
    sen_metrics m;
    ir_files();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(ir_make(c, bad[i][0], &e) != SEN_OK);
        if (!strstr(sen_message(c), bad[i][1])) {
            test_failures++;
            printf("%s: %s\n", bad[i][0], sen_message(c));
        }
        sen__forgive(c);
    }
    test_write_text(test_path("r.csv"), "query,document\nx,a\n");
    CHECK(ir_make(c, "", &e) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "no query has a relevant document") != NULL);
    sen__forgive(c);
    test_write_text(test_path("r.csv"), "query,document,how\n7,a,much\n");
    CHECK(ir_make(c, "", &e) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "r.csv:2") != NULL && strstr(sen_message(c), "much") != NULL);
    sen__forgive(c);
    ir_files();
    test_write_text(test_path("c.tsv"), "id\ttext\na\tword1\na\tword2\n");
    CHECK(ir_make(c, "", &e) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(c), "has the id \"a\" twice") != NULL);
    sen__forgive(c);
    ir_files();
    model = tiny_model(c, TINY_MODULES);
    if (model && CHECK_OK(c, ir_make(c, ", \"main_score_function\": \"dot\"", &e))) {
        CHECK(sen_evaluate(c, e, NULL, NULL, -1, -1, &m) == SEN_ERR_ARGUMENT);
        CHECK_TEXT(sen_message(c), "InformationRetrievalEvaluator needs a model");
        sen__forgive(c);
        CHECK(sen_evaluate(c, e, model, NULL, -1, -1, &m) == SEN_ERR_ARGUMENT);
        CHECK(strstr(sen_message(c), "the model compares by cosine") != NULL);
        sen__forgive(c);
    }
    sen_evaluator_free(e);
    sen_model_free(model);
}

/* ---- did it help? ---------------------------------------------------------------------------- */

/* A model against itself and against one that hardly sees words, both ways round: the same twice,
 * and the opposite of each other. Of the evaluator whose score is a mean, of one that is asked
 * again, of one that names nothing to draw from. */
static void test_retrieval_verdict(sen_ctx *c)
{
    static const char *const spec[3] = {
        "{\"type\": \"InformationRetrievalEvaluator\", \"queries\": \"q9.tsv\", \"corpus\": "
        "\"c9.tsv\", \"relevant_docs\": \"r9.tsv\", \"ndcg_at_k\": [3], \"name\": \"x\"}",
        "{\"type\": \"EmbeddingSimilarityEvaluator\", \"dataset\": \"s9.tsv\"}",
        "{\"type\": \"ParaphraseMiningEvaluator\", \"sentences_map\": \"m9.tsv\", "
        "\"duplicates_list\": \"r9.tsv\"}",
    };
    static const char *const name[3] = { "x_cosine_ndcg@3", "spearman_cosine",
                                         "average_precision" };
    sen_model *good = tiny_model(c, TINY_MODULES), *poor = tiny_model(c, TINY_MODULES);
    sen__out q, d, r, s, all;
    if (!good || !poor) return;
    sen__out_init(&q, c);
    sen__out_init(&d, c);
    sen__out_init(&r, c);
    sen__out_init(&s, c);
    sen__out_init(&all, c);
    sen__out_text(&q, "id\ttext\n");
    sen__out_text(&d, "id\ttext\n");
    sen__out_text(&r, "a\tb\n");
    sen__out_text(&s, "a\tb\tscore\n");
    for (int i = 0; i < 40; i++) {              /* a document is its query and one word more */
        sen__out_format(&q, "d%d\tword%d word%d word%d\n", i + 40, 60 + i, 150 + i, 250 + i);
        sen__out_format(&d, "d%d\tword%d word%d word%d word%d\n", i, 60 + i, 150 + i, 250 + i,
                        300 + i);
        sen__out_format(&r, "d%d\td%d\n", i + 40, i);
        sen__out_format(&s, "word%d word%d word%d\tword%d word%d word%d word%d\t%d\n", 60 + i,
                        150 + i, 250 + i, (i % 2 ? 60 : 100) + i, (i % 2 ? 150 : 200) + i, 250 + i,
                        300 + i, i % 2);
    }
    sen__out_bytes(&all, d.data, (size_t)d.length);
    sen__out_bytes(&all, q.data + 8, (size_t)q.length - 8);     /* without its head */
    CHECK_OK(c, sen__file_write(c, test_path("q9.tsv"), q.data, q.length));
    CHECK_OK(c, sen__file_write(c, test_path("c9.tsv"), d.data, d.length));
    CHECK_OK(c, sen__file_write(c, test_path("r9.tsv"), r.data, r.length));
    CHECK_OK(c, sen__file_write(c, test_path("s9.tsv"), s.data, s.length));
    CHECK_OK(c, sen__file_write(c, test_path("m9.tsv"), all.data, all.length));
    sen__out_free(&all);
    sen__out_free(&q);
    sen__out_free(&d);
    sen__out_free(&r);
    sen__out_free(&s);
    for (int64_t i = 0; i < poor->weight[0]->count; i++)        /* places count, words hardly */
        poor->weight[0]->data[i] *= 0.002f;
    for (int k = 0; k < 3; k++) {
        sen_evaluator *e = NULL;
        sen_baseline *b = NULL;
        sen_verdict v[4];
        sen_metrics m;
        sen_json *j = NULL;
        CHECK_OK(c, sen__json_parse(c, &c->keep, "job.json", spec[k], strlen(spec[k]), 0, &j));
        if (!CHECK_OK(c, sen_evaluator_from_json(c, j, test_folder(), &e))) continue;
        CHECK_OK(c, sen_baseline_new(c, e, good, &b));
        CHECK_OK(c, sen_verdict_of(c, e, b, good, &v[0]));
        CHECK(v[0].outcome == SEN_MARGINAL && v[0].delta == 0);
        CHECK(k == 2 ? v[0].low != v[0].low : v[0].low == 0 && v[0].high == 0);
        CHECK_OK(c, sen_verdict_of(c, e, b, poor, &v[1]));
        CHECK(v[1].outcome == SEN_REGRESSION && v[1].delta < 0);
        CHECK_TEXT(v[1].metric, name[k]);
        CHECK(v[1].resamples == (k == 2 ? 0 : 1000));
        sen_baseline_free(b);
        CHECK_OK(c, sen_baseline_new(c, e, poor, &b));
        CHECK_OK(c, sen_verdict_of(c, e, b, good, &v[2]));
        CHECK_OK(c, sen_verdict_of(c, e, b, good, &v[3]));
        CHECK(v[2].outcome == SEN_WIN && v[2].delta == -v[1].delta);
        CHECK_TEXT(v[2].word, "WIN");
        if (k < 2) {
            CHECK(v[2].low == v[3].low && v[2].high == v[3].high);
            CHECK(v[2].low == -v[1].high && v[2].high == -v[1].low);
            CHECK(v[2].low < v[2].delta && v[2].delta < v[2].high);
        }
        CHECK_OK(c, sen_evaluate(c, e, good, NULL, -1, -1, &m));        /* as before */
        CHECK(ir_metric(&m, name[k]) == v[2].score);
        sen_baseline_free(b);
        sen_evaluator_free(e);
    }
    sen_baseline_free(NULL);
    sen_model_free(good);
    sen_model_free(poor);
}

static sen_result verdict_work(sen_ctx *c, void *arg)
{
    sen_evaluator *e = NULL;
    sen_baseline *b = NULL;
    sen_verdict v;
    sen_result r = ir_make(c, "", &e);
    if (!r) r = sen_baseline_new(c, e, (const sen_model *)arg, &b);
    if (!r) r = sen_verdict_of(c, e, b, (const sen_model *)arg, &v);
    sen_baseline_free(b);
    sen_evaluator_free(e);
    return r;
}

/* The n-th allocation and the n-th file call fail. */
static sen_result ir_work(sen_ctx *c, void *arg)
{
    sen_evaluator *e = NULL;
    sen_metrics m;
    sen_result r = ir_make(c, ", \"write_predictions\": true, \"score_functions\": [\"cosine\", "
                           "\"euclidean\"]", &e);
    if (!r) r = sen_evaluate(c, e, (const sen_model *)arg, test_path("torn"), 1, 2, &m);
    sen_evaluator_free(e);
    return r;
}

static void test_retrieval_torn(sen_ctx *c)
{
    sen_model *model = tiny_model(c, TINY_MODULES);
    ir_files();
    nano_files(c);
    if (model) CHECK(fail_everywhere(NULL, ir_work, model) > 20);
    if (model) CHECK(fail_everywhere(NULL, nano_work, model) > 20);
    if (model) CHECK(fail_everywhere(NULL, verdict_work, model) > 20);
    sen_model_free(model);
}

static void test_retrieval(void)
{
    sen_ctx *c = test_ctx(2);
    test_retrieval_search();
    test_retrieval_search_edges();
    CHECK(fail_everywhere(NULL, retrieval_search_work, NULL) > 3);
    test_retrieval_mining();
    CHECK(fail_everywhere(NULL, retrieval_mining_work, NULL) > 4);
    test_retrieval_golden(c);
    test_retrieval_negatives(c);
    test_retrieval_whole(c);
    test_retrieval_nano(c);
    test_retrieval_label(c);
    test_retrieval_verdict(c);
    test_retrieval_refused(c);
    test_retrieval_torn(c);
    sen_ctx_free(c);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("retrieval", test_retrieval);
}
#endif
