/* Embeddings in fewer bits: recorded values of numpy's arithmetic, the edges of a range, bits in
 * their places, ranges of one's own, and what cannot be quantized. */
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

/* Two dimensions over 0 .. 2.55 and -1 .. 1, and one that never changes. numpy: floor((x - least) /
 * step), at most 255. */
static void test_search_int8(void)
{
    static const float x[3][3] = { { 0, -1, 5 }, { 2.55f, 1, 5 }, { 1.285f, 0, 5 } };
    static const float wide[2][3] = { { -1, -1, 0 }, { 1, 1, 255 } };
    static const unsigned char want[3][3] = { { 0, 0, 0 }, { 255, 254, 0 }, { 128, 127, 0 } };
    static const unsigned char within[3][3] = { { 127, 0, 5 }, { 255, 254, 5 }, { 255, 127, 5 } };
    sen_ctx *c = test_ctx(1);
    unsigned char u[3][3];
    signed char s[3][3];
    float ranges[6], numbers[3][3];
    int i, k;
    CHECK_OK(c, sen_quantize(c, x[0], 3, 3, SEN_PRECISION_UINT8, NULL, u));
    CHECK(memcmp(u, want, sizeof u) == 0);
    CHECK(strstr(test_log_text, "from 3 embeddings only") != NULL);
    CHECK_OK(c, sen_quantize(c, x[0], 3, 3, SEN_PRECISION_INT8, NULL, s));
    for (i = 0; i < 9; i++) CHECK(s[i / 3][i % 3] == want[i / 3][i % 3] - 128);
    CHECK_OK(c, sen_quantize(c, x[0], 3, 3, SEN_PRECISION_UINT8, wide[0], u));
    CHECK(memcmp(u, within, sizeof u) == 0);            /* beyond the range: its end */
    CHECK_OK(c, sen_quantization_ranges(c, x[0], 3, 3, ranges));
    CHECK(ranges[0] == 0 && ranges[3] == 2.55f && ranges[1] == -1 && ranges[4] == 1);
    memcpy(numbers, x, sizeof x);
    CHECK_OK(c, sen__quantize_numbers(c, numbers[0], 3, 3, SEN_PRECISION_INT8));
    for (i = 0; i < 3; i++)
        for (k = 0; k < 3; k++) CHECK(numbers[i][k] == (float)s[i][k]);
    CHECK(sen_quantize(c, x[0], 1, 3, SEN_PRECISION_INT8, NULL, s) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "1 embedding has none; give ranges") != NULL);
    CHECK_OK(c, sen_quantize(c, x[0], 1, 3, SEN_PRECISION_UINT8, wide[0], u));
    CHECK_OK(c, sen_quantize(c, x[0], 0, 3, SEN_PRECISION_UINT8, NULL, u));
    sen_ctx_free(c);
}

/* Ten dimensions are two bytes, the first in the highest bit; 0 and NaN are not above 0. */
static void test_search_bits(void)
{
    static const float x[10] = { 1, -1, 0, 2, NAN, 1e-30f, -0.0f, 3, 1, -1 };
    sen_ctx *c = test_ctx(1);
    unsigned char u[2];
    signed char s[2];
    float numbers[10];
    int k;
    CHECK_OK(c, sen_quantize(c, x, 1, 10, SEN_PRECISION_UBINARY, NULL, u));
    CHECK(u[0] == 0x95 && u[1] == 0x80);
    CHECK_OK(c, sen_quantize(c, x, 1, 10, SEN_PRECISION_BINARY, NULL, s));
    CHECK(s[0] == 0x95 - 128 && s[1] == 0);
    memcpy(numbers, x, sizeof x);
    CHECK_OK(c, sen__quantize_numbers(c, numbers, 1, 10, SEN_PRECISION_BINARY));
    for (k = 0; k < 10; k++) CHECK(numbers[k] == (float)(u[k / 8] >> (7 - k % 8) & 1));
    CHECK_OK(c, sen_quantize(c, x, 1, 10, SEN_PRECISION_FLOAT32, NULL, numbers));
    CHECK(memcmp(numbers, x, sizeof x) == 0);
    CHECK(sen_quantized_bytes(SEN_PRECISION_FLOAT32, 10) == 40);
    CHECK(sen_quantized_bytes(SEN_PRECISION_INT8, 10) == 10);
    CHECK(sen_quantized_bytes(SEN_PRECISION_BINARY, 16) == 2);
    CHECK(sen_precision_of("ubinary") == SEN_PRECISION_UBINARY && sen_precision_of("int4") == -1);
    sen_ctx_free(c);
}

/* A map is found again from what it made; with a ridge it is smaller; what cannot be is said. */
static void test_search_map(void)
{
    enum { N = 70, FROM = 9, TO = 5 };
    static float x[N * FROM], y[N * TO], w[TO * FROM], b[TO], got[TO * FROM], bias[TO], z[N * TO];
    static float other[TO * FROM], other_bias[TO];
    sen_ctx *c = test_ctx(1), *many = test_ctx(3);
    double plain = 0, held = 0;
    fill_random(x, N * FROM, 1);
    fill_random(w, TO * FROM, 2);
    fill_random(b, TO, 3);
    CHECK_OK(c, sen_map_apply(c, w, b, FROM, TO, x, N, y));
    for (int i = 0; i < N; i++)
        for (int k = 0; k < TO; k++) {
            double v = b[k];
            for (int j = 0; j < FROM; j++) v += (double)w[k * FROM + j] * (double)x[i * FROM + j];
            CHECK(fabs(v - (double)y[i * TO + k]) < 1e-5);
        }
    CHECK_OK(c, sen_map_fit(c, x, FROM, y, TO, N, 0, got, bias));
    CHECK_NEAR(got, w, TO * FROM, 1e-5);
    CHECK_NEAR(bias, b, TO, 1e-5);
    CHECK_OK(c, sen_map_apply(c, got, bias, FROM, TO, x, N, z));
    CHECK_NEAR(z, y, N * TO, 1e-5);
    CHECK_OK(many, sen_map_fit(many, x, FROM, y, TO, N, 0.3, other, other_bias));
    CHECK_OK(c, sen_map_fit(c, x, FROM, y, TO, N, 0.3, got, bias));
    CHECK(memcmp(got, other, sizeof got) == 0 && memcmp(bias, other_bias, sizeof bias) == 0);
    for (int i = 0; i < TO * FROM; i++) {
        plain += (double)w[i] * (double)w[i];
        held += (double)got[i] * (double)got[i];
    }
    CHECK(held < plain * 0.9);
    CHECK(sen_map_fit(c, x, FROM, y, TO, 1, 0, got, bias) == SEN_ERR_ARGUMENT);
    sen__forgive(c);
    CHECK(sen_map_fit(c, x, FROM, y, TO, 4, 0, got, bias) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "cannot be fitted to these 4 vectors") != NULL);
    sen__forgive(c);
    CHECK_OK(c, sen_map_fit(c, x, FROM, y, TO, 4, 1e-3, got, bias));
    y[3] = NAN;
    CHECK(sen_map_fit(c, x, FROM, y, TO, N, 0, got, bias) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "row 0 of the new vectors holds") != NULL);
    sen_ctx_free(c);
    sen_ctx_free(many);
}

/* ---- what Python's util recorded (tools/golden_toolbox.py) ----------------------------------- */

typedef struct toolbox {
    sen_ctx  *c;
    sen_json *golden;
    float     x[60 * 6];
} toolbox;

static bool toolbox_open(toolbox *t)
{
    int n = 0;
    memset(t, 0, sizeof *t);
    t->c = test_ctx(3);
    if (!CHECK_OK(t->c, sen__json_load(t->c, &t->c->keep, GOLDEN_DIR "/toolbox.json", 0,
                                       &t->golden))) return false;
    for (const sen_json *j = sen_json_get(t->golden, "x")->child; j && n < 360; j = j->next)
        t->x[n++] = (float)j->number;
    CHECK(n == 360);
    return n == 360;
}

static double toolbox_number(const sen_json *j, const char *key)
{
    return sen_json_get(j, key)->number;
}

static void test_search_communities(void)
{
    static toolbox t;
    int cases = 0;
    if (!toolbox_open(&t)) return;
    for (const sen_json *j = sen_json_get(t.golden, "community_detection")->child; j; j = j->next) {
        int64_t row[60], first[61], n = -1, i = 0;
        const sen_json *group = sen_json_get(j, "out")->child;
        cases++;
        CHECK_OK(t.c, sen_community_detection(t.c, t.x, 60, 6, toolbox_number(j, "threshold"),
                                              (int64_t)toolbox_number(j, "min_community_size"), row,
                                              first, &n));
        for (; group && i < n; group = group->next, i++) {
            int64_t k = first[i];
            for (const sen_json *m = group->child; m; m = m->next, k++)
                CHECK(k < first[i + 1] && row[k] == (int64_t)m->number);
            CHECK(k == first[i + 1]);
        }
        CHECK(i == n && !group && first[0] == 0);
    }
    CHECK(cases == 8);
    sen_ctx_free(t.c);
}

/* ---- search among quantized embeddings ------------------------------------------------------- */

/* The numbers of tools/golden_toolbox.py. */
static void search_congruential(float *x, int n, uint32_t seed)
{
    for (int i = 0; i < n; i++) {
        seed = (seed * 1103515245u + 12345u) & 0x7fffffffu;
        x[i] = (float)((double)((int)((seed >> 8) % 401u) - 200) / 100.0);
    }
}

enum { QUANTIZED_N = 300, QUANTIZED_D = 75 };

/* Everywhere the rows that numpy found, in its order; the library it comes from agreed. */
static void test_search_quantized(void)
{
    static toolbox t;
    static float corpus[QUANTIZED_N * QUANTIZED_D], query[5 * QUANTIZED_D];
    static float ranges[2][2 * QUANTIZED_D];
    static unsigned char rows[QUANTIZED_N * QUANTIZED_D];
    sen_hit hit[5 * 16];
    int cases = 0;
    if (!toolbox_open(&t)) return;
    search_congruential(query, 5 * QUANTIZED_D, 1);
    search_congruential(corpus, QUANTIZED_N * QUANTIZED_D, 2);
    CHECK_OK(t.c, sen_quantization_ranges(t.c, corpus, QUANTIZED_N, QUANTIZED_D, ranges[1]));
    CHECK_OK(t.c, sen_quantization_ranges(t.c, query, 5, QUANTIZED_D, ranges[0]));
    for (const sen_json *j = sen_json_get(t.golden, "quantized_search")->child; j; j = j->next) {
        const sen_precision precision =
            (sen_precision)sen_precision_of(sen_json_get(j, "precision")->text);
        const int given = toolbox_number(j, "given") != 0;
        const int top_k = (int)toolbox_number(j, "top_k");
        const sen_json *list = sen_json_get(j, "hits")->child;
        cases++;
        CHECK_OK(t.c, sen_quantize(t.c, corpus, QUANTIZED_N, QUANTIZED_D, precision, ranges[given],
                                   rows));
        CHECK_OK(t.c, sen_semantic_search_quantized(
                          t.c, query, 5, rows, QUANTIZED_N, QUANTIZED_D, precision,
                          given ? ranges[1] : NULL,
                          (int)toolbox_number(j, "rescore_multiplier"), top_k, hit));
        for (int q = 0; list; list = list->next, q++) {
            const sen_hit *h = hit + q * top_k;
            for (const sen_json *one = list->child; one; one = one->next, h++) {
                CHECK(h->corpus_id == (int64_t)one->child->number);
                CHECK(fabs((double)h->score - one->last->number) <
                      1e-4 + 1e-6 * fabs(one->last->number));
            }
            CHECK(h == hit + (q + 1) * top_k);
        }
    }
    CHECK(cases == 9);
    sen_ctx_free(t.c);
}

/* More queries and rows than a tile has, against a plain search of the same numbers; threads change
 * no bit. */
static void test_search_quantized_tiles(void)
{
    enum { N = 9000, Q = 600, D = 70, K = 3 };
    static const int threads[] = { 1, 2, 7 };
    static float corpus[N * D], query[Q * D];
    static unsigned char rows[N * D], asked[Q * D];
    static sen_hit hit[3][Q * K];
    const sen_precision kinds[] = { SEN_PRECISION_UBINARY, SEN_PRECISION_INT8 };
    fill_random(corpus, N * D, 1);
    fill_random(query, Q * D, 2);
    for (int k = 0; k < 2; k++) {
        float ranges[2 * D];
        const int64_t bytes = sen_quantized_bytes(kinds[k], D);
        for (int i = 0; i < 3; i++) {
            sen_ctx *c = test_ctx(threads[i]);
            CHECK_OK(c, sen_quantization_ranges(c, corpus, N, D, ranges));
            CHECK_OK(c, sen_quantize(c, corpus, N, D, kinds[k], ranges, rows));
            CHECK_OK(c, sen_quantize(c, query, Q, D, kinds[k], ranges, asked));
            CHECK_OK(c, sen_semantic_search_quantized(c, query, Q, rows, N, D, kinds[k], ranges, 0,
                                                      K, hit[i]));
            sen_ctx_free(c);
        }
        for (int i = 0; i < Q * K; i++)                 /* a hit has bytes that mean nothing */
            for (int m = 1; m < 3; m++)
                CHECK(hit[0][i].corpus_id == hit[m][i].corpus_id &&
                      hit[0][i].score == hit[m][i].score);
        for (int q = 0; q < Q; q += 37) {
            int64_t best = -1;
            int most = 0;
            for (int i = 0; i < N; i++) {
                int sum = 0;
                for (int64_t b = 0; b < bytes; b++) {
                    const unsigned char x = asked[q * bytes + b], y = rows[i * bytes + b];
                    if (k == 1) sum += (int)(signed char)x * (int)(signed char)y;
                    else for (int s = 0; s < 8; s++) sum -= (x >> s & 1) != (y >> s & 1);
                }
                if (best < 0 || sum > most) best = i, most = sum;
            }
            CHECK(hit[0][q * K].corpus_id == best && hit[0][q * K].score == (float)most);
        }
    }
}

static void test_search_quantized_refused(void)
{
    static float query[2 * 8] = { 1 };
    unsigned char rows[3 * 8] = { 0 };
    sen_ctx *c = test_ctx(1);
    sen_hit hit[8];
    const sen_precision bits = SEN_PRECISION_BINARY;
    CHECK(sen_semantic_search_quantized(c, query, 2, rows, 3, 8, SEN_PRECISION_FLOAT32, NULL, 2, 1,
                                        hit) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "float32") != NULL);
    sen__forgive(c);
    CHECK(sen_semantic_search_quantized(c, query, 2, rows, 3, 8, bits, NULL, -1, 1, hit) ==
          SEN_ERR_ARGUMENT);
    sen__forgive(c);
    CHECK(sen_semantic_search_quantized(c, query, -3, rows, 3, 8, bits, NULL, 2, 1, hit) ==
          SEN_ERR_ARGUMENT);
    sen__forgive(c);
    CHECK(sen_semantic_search_quantized(c, query, 1, rows, 3, 8, SEN_PRECISION_INT8, NULL, 2, 1,
                                        hit) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "ranges") != NULL);
    sen__forgive(c);
    CHECK_OK(c, sen_semantic_search_quantized(c, query, 0, rows, 3, 8, bits, NULL, 2, 1, hit));
    CHECK_OK(c, sen_semantic_search_quantized(c, query, 2, rows, 3, 8, bits, NULL, INT32_MAX, 9,
                                              hit));
    query[3] = NAN;
    CHECK(sen_semantic_search_quantized(c, query, 2, rows, 3, 8, bits, NULL, 2, 1, hit) ==
          SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c), "row 0 of the queries") != NULL);
    sen_ctx_free(c);
}

/* ---- communities ----------------------------------------------------------------------------- */

/* ---- principal components -------------------------------------------------------------------- */

/* As scikit-learn finds them. */
static void test_search_pca(void)
{
    static toolbox t;
    int cases = 0;
    if (!toolbox_open(&t)) return;
    for (const sen_json *j = sen_json_get(t.golden, "pca")->child; j; j = j->next, cases++) {
        const int to = (int)toolbox_number(j, "dimension");
        const sen_json *row = sen_json_get(j, "matrix")->child, *b = sen_json_get(j, "bias")->child;
        float matrix[36], bias[6], *w = matrix;
        double kept;
        CHECK_OK(t.c, sen_pca_fit(t.c, t.x, 60, 6, to, toolbox_number(j, "whiten") != 0, matrix,
                                  bias, &kept));
        CHECK(fabs(kept - toolbox_number(j, "kept")) < 1e-12);
        for (int k = 0; k < to; k++, row = row->next, b = b->next) {
            for (const sen_json *v = row->child; v; v = v->next, w++)
                CHECK(fabs((double)*w - v->number) < 1e-6);
            CHECK(fabs((double)bias[k] - b->number) < 2e-6);
        }
        CHECK(w == matrix + to * 6 && !row);
    }
    CHECK(cases == 3);
    sen_ctx_free(t.c);
}

/* Whitened: means of 0, variances of 1, nothing goes together; more dimensions, threads change no
 * bit. Directions that are not there cannot be whitened, and are no harm otherwise. */
static void test_search_whiten(void)
{
    enum { N = 400, D = 60, TO = 40 };
    static float x[N * D], matrix[2][D * D], bias[2][D];
    static double y[N][TO];
    double worst = 0, kept = 0;
    sen_ctx *c[2];
    fill_random(x, N * D, 9);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) x[i * D + k] = x[i * D + k] * (float)(k + 1) + x[i * D] + 3.0f;
    for (int k = 0; k < 2; k++) {
        c[k] = test_ctx(k ? 5 : 1);
        CHECK_OK(c[k], sen_pca_fit(c[k], x, N, D, TO, true, matrix[k], bias[k], &kept));
    }
    CHECK(memcmp(matrix[0], matrix[1], sizeof(float) * TO * D) == 0);
    CHECK(memcmp(bias[0], bias[1], sizeof(float) * TO) == 0 && kept > 0.5 && kept < 1);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < TO; k++) {
            y[i][k] = (double)bias[0][k];
            for (int m = 0; m < D; m++)
                y[i][k] += (double)matrix[0][k * D + m] * (double)x[i * D + m];
        }
    for (int k = 0; k < TO; k++)
        for (int m = 0; m <= k; m++) {
            double sum = 0, mean = 0;
            for (int i = 0; i < N; i++) sum += y[i][k] * y[i][m], mean += y[i][k];
            worst = fmax(worst, fabs(sum / (double)(N - 1) - (k == m ? 1.0 : 0.0)));
            worst = fmax(worst, fabs(mean / (double)N));
        }
    CHECK(worst < 1e-4);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) x[i * D + k] = x[i * D + k % 7];   /* seven directions */
    CHECK(sen_pca_fit(c[0], x, N, D, 8, true, matrix[0], bias[0], &kept) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c[0]), "7 directions only, and 8") != NULL);
    sen__forgive(c[0]);
    CHECK_OK(c[0], sen_pca_fit(c[0], x, N, D, D, false, matrix[0], NULL, &kept));
    CHECK(fabs(kept - 1) < 1e-9);
    memset(x, 0, sizeof x);
    CHECK_OK(c[0], sen_pca_fit(c[0], x, N, D, D, false, matrix[0], NULL, NULL));
    CHECK(sen_pca_fit(c[0], x, 1, D, 2, false, matrix[0], NULL, NULL) == SEN_ERR_ARGUMENT);
    sen__forgive(c[0]);
    CHECK(sen_pca_fit(c[0], x, N, D, D + 1, false, matrix[0], NULL, NULL) == SEN_ERR_ARGUMENT);
    sen__forgive(c[0]);
    x[5] = NAN;
    CHECK(sen_pca_fit(c[0], x, N, D, 2, false, matrix[0], NULL, NULL) == SEN_ERR_ARGUMENT);
    sen_ctx_free(c[0]);
    sen_ctx_free(c[1]);
}

/* More centres than are looked at together, more rows than a tile: 700 texts, each in as many
 * copies as its number gives, by rows that are shuffled. Threads change nothing. */
static void test_search_copies(void)
{
    enum { TEXTS = 700, N = TEXTS * 4, D = 24 };
    static float text[TEXTS * D], x[N * D];
    static int64_t row[2][N], first[2][N + 1], id[N];
    static int copies[TEXTS];
    sen_ctx *c[2];
    int64_t n[2] = { -1, -1 }, taken = 0, at = 0;
    fill_random(text, TEXTS * D, 1);
    for (int i = 0; i < N; i++) {
        id[i] = (int64_t)i * 977 % N % TEXTS;           /* 977 and N have no divisor in common */
        if (id[i] % 4 < i % 4) id[i] = TEXTS;           /* alone: left out below */
        if (id[i] == TEXTS) continue;
        copies[id[i]]++;
        id[at] = id[i];
        memcpy(x + at++ * D, text + id[i] * D, D * sizeof *x);
    }
    for (int k = 0; k < 2; k++) {
        c[k] = test_ctx(k ? 3 : 1);
        CHECK_OK(c[k], sen_community_detection(c[k], x, at, D, 0.9999, 2, row[k], first[k], &n[k]));
    }
    CHECK(n[0] == n[1] && n[0] > 200 && memcmp(row[0], row[1], (size_t)first[0][n[0]] * 8) == 0);
    for (int64_t i = 0; i < n[0]; i++) {
        const int64_t size = first[0][i + 1] - first[0][i];
        CHECK(size == copies[id[row[0][first[0][i]]]] && size >= 2);
        CHECK(i == 0 || size <= first[0][i] - first[0][i - 1]);
        for (int64_t k = first[0][i]; k < first[0][i + 1]; k++)
            CHECK(id[row[0][k]] == id[row[0][first[0][i]]]);
        taken += size;
    }
    for (int i = 0; i < TEXTS; i++) taken -= copies[i] >= 2 ? copies[i] : 0;
    CHECK(taken == 0);
    CHECK_OK(c[0], sen_community_detection(c[0], x, 0, D, 0.9, 2, row[0], first[0], &n[0]));
    CHECK(n[0] == 0);
    CHECK(sen_community_detection(c[0], x, 9, D, 0.9, 0, row[0], first[0], &n[0]) ==
          SEN_ERR_ARGUMENT);
    sen__forgive(c[0]);
    CHECK(sen_community_detection(c[0], x, 9, D, NAN, 2, row[0], first[0], &n[0]) ==
          SEN_ERR_ARGUMENT);
    sen__forgive(c[0]);
    x[D] = INFINITY;
    CHECK(sen_community_detection(c[0], x, 9, D, 0.9, 2, row[0], first[0], &n[0]) ==
          SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(c[0]), "row 1 of the corpus holds inf") != NULL);
    sen_ctx_free(c[0]);
    sen_ctx_free(c[1]);
}

static sen_result search_communities_work(sen_ctx *c, void *arg)
{
    static float x[50 * 3];
    int64_t row[50], first[51], n;
    (void)arg;
    fill_random(x, 50 * 3, 3);
    return sen_community_detection(c, x, 50, 3, 0.9, 2, row, first, &n);
}

static sen_result search_quantized_work(sen_ctx *c, void *arg)
{
    static float query[3 * 16];
    unsigned char rows[20 * 16] = { 1, 2, 3 };
    sen_hit hit[3 * 4];
    (void)arg;
    fill_random(query, 3 * 16, 3);
    return sen_semantic_search_quantized(c, query, 3, rows, 20, 16, SEN_PRECISION_INT8, NULL, 2, 4,
                                         hit);
}

/* A Dense more: its embeddings are W x + b of the model's, also from the folder. */
static void test_search_dense(void)
{
    enum { N = TINY_TEXTS, E = 32, TO = 5 };
    static float before[N * E], after[N * TO], again[N * TO], matrix[TO * E], bias[TO];
    sen_ctx *c = test_ctx(1);
    sen_model *m = tiny_model(c, "%s, {\"type\": \"Pooling\"}"), *loaded = NULL;
    sen_text text[N];
    const int weights = sen_model_weights(m), modules = sen_model_modules(m);
    tiny_texts(text);
    CHECK(sen_embedding_dimension(m, SEN_NONE) == E);
    CHECK_OK(c, sen_encode(c, m, text, N, NULL, before));
    fill_random(matrix, TO * E, 1);
    fill_random(bias, TO, 2);
    CHECK(sen_model_add_dense(c, m, matrix, bias, 0) == SEN_ERR_ARGUMENT);
    sen__forgive(c);
    CHECK(sen_model_modules(m) == modules && sen_model_weights(m) == weights);
    CHECK_OK(c, sen_model_add_dense(c, m, matrix, bias, TO));
    CHECK(sen_model_modules(m) == modules + 1 && sen_model_weights(m) == weights + 2);
    CHECK_OK(c, sen_encode(c, m, text, N, NULL, after));
    for (int i = 0; i < N; i++)
        for (int k = 0; k < TO; k++) {
            double y = (double)bias[k];
            for (int j = 0; j < E; j++) y += (double)matrix[k * E + j] * (double)before[i * E + j];
            CHECK(fabs(y - (double)after[i * TO + k]) < 1e-4);
        }
    CHECK_OK(c, sen_model_save(c, m, test_path("dense")));
    CHECK_OK(c, sen_model_load(c, test_path("dense"), &loaded));
    CHECK_OK(c, sen_encode(c, loaded, text, N, NULL, again));
    CHECK(memcmp(after, again, sizeof after) == 0);
    sen_model_free(loaded);
    sen_model_free(m);
    sen_ctx_free(c);
}

static sen_result search_pca_work(sen_ctx *c, void *arg)
{
    static float x[9 * 4];
    float matrix[2 * 4], bias[2];
    (void)arg;
    fill_random(x, 9 * 4, 3);
    return sen_pca_fit(c, x, 9, 4, 2, true, matrix, bias, NULL);
}

static void test_search_torn(void)
{
    CHECK(fail_everywhere(NULL, search_pca_work, NULL) > 0);
    CHECK(fail_everywhere(NULL, search_quantized_work, NULL) > 3);
    CHECK(fail_everywhere(NULL, search_communities_work, NULL) > 3);
}

static void test_search(void)
{
    TEST(test_search_int8);
    TEST(test_search_bits);
    TEST(test_search_map);
    TEST(test_search_communities);
    TEST(test_search_pca);
    TEST(test_search_whiten);
    TEST(test_search_dense);
    TEST(test_search_quantized);
    TEST(test_search_quantized_tiles);
    TEST(test_search_quantized_refused);
    TEST(test_search_copies);
    TEST(test_search_torn);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("search", test_search);
}
#endif
