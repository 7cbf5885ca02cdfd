/* The vector chapter: every function of the target compiled for, against plain C. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

#define VECTOR_MAX 64                       /* more than any target's lanes */

static uint32_t vector_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static int vector_same(const float *a, const float *b, int n)
{
    for (int k = 0; k < n; k++) {
        if (vector_bits(a[k]) != vector_bits(b[k])) return 0;
    }
    return 1;
}

/* Partial loads read zeros and partial stores touch nothing past their end, for every count. */
static void test_vector_partial(void)
{
    float x[VECTOR_MAX], y[VECTOR_MAX];
    fill_random(x, VECTOR_MAX, 1);
    for (int n = 0; n <= SEN__LANES; n++) {
        for (int k = 0; k < VECTOR_MAX; k++) y[k] = 7.0f;
        sen__vf_store(y, sen__vf_loadn(x + 1, n));
        CHECK(vector_same(y, x + 1, n));
        for (int k = n; k < SEN__LANES; k++) CHECK(vector_bits(y[k]) == 0);
        for (int k = 0; k < VECTOR_MAX; k++) y[k] = 7.0f;
        sen__vf_storen(y + 3, sen__vf_load(x), n);
        CHECK(vector_same(y + 3, x, n));
        CHECK(y[2] == 7.0f && y[3 + n] == 7.0f && y[3 + SEN__LANES] == 7.0f);
    }
}

/* One vector of each pair of interesting numbers through each function. */
static void test_vector_lanes(void)
{
    static const float v[] = { 0.0f, -0.0f, 1.0f, -1.0f, 1.5f, 2.5f, -2.5f, 0.49999997f, 3e38f,
                               -3e-38f, 1e-30f, 1234567.0f, 0.1f, -7.75f, 2097151.5f, -33.3f };
    for (size_t i = 0; i < SEN__COUNT(v); i++) {
        for (size_t j = 0; j < SEN__COUNT(v); j++) {
            const float a = v[i], b = v[j];
            const sen__vf va = sen__vf_set1(a), vb = sen__vf_set1(b);
            float got[9 * 16], expect[9] = { a + b, a - b, a * b, a / b, a < b ? a : b,
                a > b ? a : b, copysignf(a, b), a < b ? a : b, a > b ? b : a };
            sen__vf_store(got, sen__vf_add(va, vb));
            sen__vf_store(got + SEN__LANES, sen__vf_sub(va, vb));
            sen__vf_store(got + 2 * SEN__LANES, sen__vf_mul(va, vb));
            sen__vf_store(got + 3 * SEN__LANES, sen__vf_div(va, vb));
            sen__vf_store(got + 4 * SEN__LANES, sen__vf_min(va, vb));
            sen__vf_store(got + 5 * SEN__LANES, sen__vf_max(va, vb));
            sen__vf_store(got + 6 * SEN__LANES, sen__vf_copysign(va, vb));
            sen__vf_store(got + 7 * SEN__LANES, sen__vf_select(sen__vf_lt(va, vb), va, vb));
            sen__vf_store(got + 8 * SEN__LANES, sen__vf_select(sen__vf_gt(va, vb), vb, va));
            for (int op = 0; op < 9; op++) {
                for (int k = 0; k < SEN__LANES; k++) {
                    const float g = got[op * SEN__LANES + k];
                    const int nan = isnan(g) && isnan(expect[op]);      /* 0 / 0 has any sign */
                    CHECK(nan || vector_bits(g) == vector_bits(expect[op]) ||
                          (TEST_FLUSHES && g == 0.0f && fabsf(expect[op]) < FLT_MIN));
                }
            }
        }
    }
}

static void test_vector_one_argument(void)
{
    float x[VECTOR_MAX], y[VECTOR_MAX], z[VECTOR_MAX];
    fill_random(x, VECTOR_MAX, 2);
    for (int k = 0; k < VECTOR_MAX; k++) x[k] *= 100.0f;
    x[0] = 2.5f;                                            /* ties go to the even neighbour */
    sen__vf_store(y, sen__vf_neg(sen__vf_load(x)));
    for (int k = 0; k < SEN__LANES; k++) z[k] = -x[k];
    CHECK(vector_same(y, z, SEN__LANES));
    sen__vf_store(y, sen__vf_abs(sen__vf_load(x)));
    for (int k = 0; k < SEN__LANES; k++) z[k] = fabsf(x[k]);
    CHECK(vector_same(y, z, SEN__LANES));
    sen__vf_store(y, sen__vf_sqrt(sen__vf_load(z)));
    for (int k = 0; k < SEN__LANES; k++) z[k] = sqrtf(z[k]);
    CHECK(vector_same(y, z, SEN__LANES));
    sen__vf_store(y, sen__vf_round(sen__vf_load(x)));
    for (int k = 0; k < SEN__LANES; k++) z[k] = rintf(x[k]);
    CHECK_NEAR(y, z, SEN__LANES, 0.0);
    sen__vf_store(y, sen__vf_set1(3.25f));
    for (int k = 0; k < SEN__LANES; k++) CHECK(y[k] == 3.25f);
}

/* fma is either fused or rounded twice, never anything else, and fnma is its mirror image. */
static void test_vector_fma(void)
{
    float a[VECTOR_MAX], b[VECTOR_MAX], c[VECTOR_MAX], y[VECTOR_MAX], z[VECTOR_MAX];
    int fused = 1, twice = 1;
    fill_random(a, VECTOR_MAX, 3);
    fill_random(b, VECTOR_MAX, 4);
    fill_random(c, VECTOR_MAX, 5);
    for (int i = 0; i + SEN__LANES <= VECTOR_MAX; i += SEN__LANES) {
        const sen__vf va = sen__vf_load(a + i), vb = sen__vf_load(b + i), vc = sen__vf_load(c + i);
        sen__vf_store(y + i, sen__vf_fma(va, vb, vc));
        sen__vf_store(z + i, sen__vf_fnma(sen__vf_neg(va), vb, vc));
    }
    for (int k = 0; k < VECTOR_MAX; k++) {
        volatile float product = a[k] * b[k];
        if (y[k] != fmaf(a[k], b[k], c[k])) fused = 0;
        if (y[k] != product + c[k]) twice = 0;
    }
    CHECK(fused || twice);
    CHECK(vector_same(y, z, VECTOR_MAX / SEN__LANES * SEN__LANES));
}

static void test_vector_exponent(void)
{
    for (int i = -126; i <= 127; i++) {
        float m[16], e[16], back[16], y[16];
        const float x = ldexpf(1.2345f, i);
        sen__vf ve;
        sen__vf_store(y, sen__vf_ldexp(sen__vf_set1(1.2345f), sen__vf_set1((float)i)));
        CHECK(vector_bits(y[0]) == vector_bits(x) && vector_bits(y[SEN__LANES - 1])
              == vector_bits(x));
        sen__vf_store(m, sen__vf_split(sen__vf_set1(x), &ve));
        sen__vf_store(e, ve);
        back[0] = ldexpf(m[0], (int)e[0]);
        CHECK(vector_bits(back[0]) == vector_bits(x));
        CHECK(m[0] >= 0.70710677f && m[0] < 1.41421366f);
    }
    for (int k = 0; k < 64; k++) {                          /* both sides of the cut at sqrt 1/2 */
        float m[16], e[16];
        const float x = 0.70710647f + 6e-8f * (float)(k / 6);
        sen__vf ve;
        sen__vf_store(m, sen__vf_split(sen__vf_set1(x), &ve));
        sen__vf_store(e, ve);
        CHECK(e[0] == (x < 0.70710677f ? -1.0f : 0.0f));
        CHECK(ldexpf(m[0], (int)e[0]) == x);
    }
}

/* Across the lanes: the upper half onto the lower, again and again. */
static void test_vector_across(void)
{
    float x[16], s[16];
    fill_random(x, 16, 6);
    memcpy(s, x, sizeof s);
    for (int half = SEN__LANES / 2; half > 0; half /= 2) {
        for (int k = 0; k < half; k++) s[k] += s[k + half];
    }
    CHECK(sen__vf_sum(sen__vf_load(x)) == s[0]);
    for (int at = 0; at < SEN__LANES; at++) {
        memcpy(s, x, sizeof s);
        s[at] = 5.0f + (float)at;
        CHECK(sen__vf_hmax(sen__vf_load(s)) == 5.0f + (float)at);
    }
}

static void test_vector_double(void)
{
    float x[16], y[16];
    double sum = 0.0, dot = 0.0, size = 0.0;
    fill_random(x, 16, 7);
    fill_random(y, 16, 8);
    for (int k = 0; k < SEN__LANES; k++) {
        sum += (double)x[k] + (double)y[k];
        dot += (double)x[k] * (double)y[k];
        size += 1.0;
    }
    sen__vd s = sen__vd_add(sen__vd_zero(), sen__vf_load(x));
    CHECK(fabs(sen__vd_sum(sen__vd_add(s, sen__vf_load(y))) - sum) < 1e-14 * size);
    s = sen__vd_fma(sen__vd_zero(), sen__vf_load(x), sen__vf_load(y));
    CHECK(fabs(sen__vd_sum(s) - dot) < 1e-14 * size);
}

/* All 65536 bfloat16 numbers survive; floats between two go to the nearest, ties to even. */
static void test_vector_bf16(void)
{
    static const struct { uint32_t from; uint16_t to; } pairs[] = {
        { 0x3F808000u, 0x3F80 }, { 0x3F818000u, 0x3F82 }, { 0x3F808001u, 0x3F81 },
        { 0x3F807FFFu, 0x3F80 }, { 0x7F7FFFFFu, 0x7F80 }, { 0x7F800001u, 0x7FC0 },
        { 0xFF800000u, 0xFF80 }, { 0x80000001u, 0x8000 }, { 0x00008001u, 0x0001 }
    };
    uint16_t h[16], back[16];
    float x[16];
    for (uint32_t i = 0; i < 65536u; i += SEN__LANES) {
        for (int k = 0; k < SEN__LANES; k++) h[k] = (uint16_t)(i + (uint32_t)k);
        sen__vf_store(x, sen__vf_load_bf16(h));
        sen__vf_store_bf16(back, sen__vf_load(x));
        for (int k = 0; k < SEN__LANES; k++) {
            const int nan = (h[k] & 0x7FFF) > 0x7F80;
            CHECK(vector_bits(x[k]) == (uint32_t)h[k] << 16);
            CHECK(back[k] == (nan ? 0x7FC0 : h[k]) && sen__bf16_from_float(x[k]) == back[k]);
        }
        sen__vf_store(x, sen__vf_bf16(sen__vf_load(x)));    /* what is rounded stays */
        for (int k = 0; k < SEN__LANES; k++) CHECK(vector_bits(x[k]) == (uint32_t)back[k] << 16);
    }
    for (size_t i = 0; i < SEN__COUNT(pairs); i++) {
        float v;
        memcpy(&v, &pairs[i].from, sizeof v);
        CHECK(sen__bf16_from_float(v) == pairs[i].to);
        sen__vf_store_bf16(back, sen__vf_set1(v));
        CHECK(back[0] == pairs[i].to && back[SEN__LANES - 1] == pairs[i].to);
        sen__vf_store(x, sen__vf_bf16(sen__vf_set1(v)));
        CHECK(vector_bits(x[SEN__LANES - 1]) == (uint32_t)pairs[i].to << 16);
    }
}

/* What the build says of itself, and the three answers to a processor of each kind. */
static void test_vector_build(void)
{
    const char *info = sen_build_info();
    CHECK(strstr(info, "sentrain " SENTRAIN_VERSION ", target ") == info);
    CHECK(strstr(info, sen_target_name()) && strstr(info, "threads ") && strstr(info, "blas "));
    CHECK(sen_target_runs_here() == 1);
    CHECK_TEXT(sen_target_message(), "");
    CHECK_TEXT(sen__target_refusal(2), "");
    CHECK(sen__target_advice(0) == NULL);
#if defined(SEN__TARGET_AVX512)
    CHECK(strstr(sen__target_refusal(1), "compiled for AVX-512, which this processor does not"));
    CHECK(sen__target_advice(2) == NULL);
#elif defined(SEN__TARGET_AVX2)
    CHECK(strstr(sen__target_refusal(0), "compiled for AVX2 and FMA, which this processor does"));
    CHECK(strstr(sen__target_advice(2), "-mavx512f") && sen__target_advice(1) == NULL);
#else
    CHECK_TEXT(sen__target_refusal(0), "");
#endif
}

/* A square turned, between rows of other lengths; nothing beside it is written. */
static void test_vector_turn(void)
{
    const int n = SEN__LANES, ldf = n + 3, ldt = n + 5;
    float x[20 * 20], y[20 * 24 + 24];
    fill_random(x, 20 * 20, 4);
    for (size_t k = 0; k < SEN__COUNT(y); k++) y[k] = 7.0f;
    sen__vf_turn(y, ldt, x, ldf);
    for (int k = 0; k < n; k++)
        for (int i = 0; i < ldt; i++) CHECK(y[k * ldt + i] == (i < n ? x[i * ldf + k] : 7.0f));
    CHECK(y[n * ldt] == 7.0f);
}

/* Whole numbers: what stands in an upper half does not count. */
static void test_vector_wide(void)
{
    uint64_t p[SEN__WIDE], q[SEN__WIDE];
    uint32_t word[4 * SEN__WIDE + 1] = { 0 };
    sen__vw a, b, m;
    for (int k = 0; k < SEN__WIDE; k++) {
        p[k] = 0xDEADBEEF00000000u + 0xF0000001u * (unsigned)(k + 1) % 0xFFFFFFFFu;
        q[k] = 0x1234567800000000u + 0xFFFFFFFFu - (unsigned)k;
    }
    a = sen__vw_load(p);
    b = sen__vw_load(q);
    m = sen__vw_mul(a, b);
    word[4 * SEN__WIDE] = 7;
    sen__vw_put(word, m, sen__vw_high(m), sen__vw_xor(a, b), sen__vw_set1(0xFEDCBA98u));
    for (int k = 0; k < SEN__WIDE; k++) {
        const uint32_t u = (uint32_t)p[k], v = (uint32_t)q[k];
        CHECK(word[4 * k] == (uint32_t)((uint64_t)u * v));
        CHECK(word[4 * k + 1] == (uint32_t)(((uint64_t)u * v) >> 32));
        CHECK(word[4 * k + 2] == (u ^ v) && word[4 * k + 3] == 0xFEDCBA98u);
    }
    CHECK(word[4 * SEN__WIDE] == 7);
}

static void test_vector(void)
{
    TEST(test_vector_turn);
    TEST(test_vector_wide);
    TEST(test_vector_build);
    CHECK(sen_target_runs_here());
    test_vector_partial();
    test_vector_lanes();
    test_vector_one_argument();
    test_vector_fma();
    test_vector_exponent();
    test_vector_across();
    test_vector_double();
    test_vector_bf16();
}

#ifndef TEST_ALL
int main(void)
{
    test_vector();
    printf("vector (%s): %d failures\n", sen_target_name(), test_failures);
    return test_failures != 0;
}
#endif
