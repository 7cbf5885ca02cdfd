/* Embeddings in fewer bits: recorded values of numpy's arithmetic, the edges of a range, bits in
 * their places, ranges of one's own, and what cannot be quantized. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

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

static void test_search(void)
{
    TEST(test_search_int8);
    TEST(test_search_bits);
    TEST(test_search_map);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("search", test_search);
}
#endif
