/* The matrix product: all layouts and sizes against double, and that no bit of C(i,j) depends on
 * anything but row i, column j, K, the bias and the old C. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include <stdlib.h>

static sen_ctx *matmul_context(int threads)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    desc.threads = threads;
    CHECK(sen_ctx_new(&desc, &c) == SEN_OK);
    return c;
}

static float *matmul_random(int64_t n, uint32_t seed)
{
    float *x = (float *)malloc((size_t)(n + 1) * sizeof *x);
    fill_random(x, n, seed);
    return x;
}

/* What all tests call. layout bit 0: A given by columns, bit 1: B by columns (a weight), bit 2: C
 * has more columns than N, bit 3: B packed before, bit 4: bf16. */
typedef struct matmul_case {
    int64_t m, n, k;
    int     layout;
    bool    accumulate, bias;
} matmul_case;

static void matmul_add_row(void *arg, int64_t i, int64_t j, float *c, int64_t count)
{
    const float *offset = (const float *)arg;
    for (int64_t q = 0; q < count; q++) c[q] += offset[i] + offset[j + q];
}

/* C (M,N) of a case; the caller frees. `offset` non-NULL: with an epilogue. */
static float *matmul_compute(sen_ctx *c, matmul_case t, const float *a, const float *b,
                             const float *bias, const float *old, float *offset)
{
    const int64_t ldc = t.n + ((t.layout & 4) ? 5 : 0);
    float *out = (float *)malloc((size_t)(t.m * ldc + 1) * sizeof *out), *packed = NULL;
    sen__gemm g = { 0 };
    for (int64_t i = 0; i < t.m * ldc; i++) out[i] = 77.0f;
    for (int64_t i = 0; i < t.m; i++)
        if (t.accumulate) memcpy(out + i * ldc, old + i * t.n, (size_t)t.n * sizeof *out);
    g.m = t.m;
    g.n = t.n;
    g.k = t.k;
    g.a = a;
    g.a_row = (t.layout & 1) ? 1 : t.k;
    g.a_col = (t.layout & 1) ? t.m : 1;
    g.b = b;
    g.b_row = (t.layout & 2) ? 1 : t.n;
    g.b_col = (t.layout & 2) ? t.k : 1;
    g.c = out;
    g.ldc = ldc;
    g.accumulate = t.accumulate;
    g.bias = t.bias ? bias : NULL;
    g.bf16 = (t.layout & 16) != 0;
    if (t.layout & 8) {
        packed = (float *)malloc((size_t)(sen__matmul_packed_size(t.n, t.k) + 1) * sizeof *packed);
        if (g.bf16) sen__matmul_pack_b16(c, packed, g.b, g.b_row, g.b_col, t.n, t.k);
        else sen__matmul_pack_b(c, packed, g.b, g.b_row, g.b_col, t.n, t.k);
        g.b_packed = packed;
        g.b = NULL;
    }
    if (offset) {
        g.epilogue = matmul_add_row;
        g.epilogue_arg = offset;
    }
    CHECK(sen__matmul(c, &g) == SEN_OK);
    for (int64_t i = 0; i < t.m; i++) {     /* what lies between the rows must be as it was */
        for (int64_t j = t.n; j < ldc; j++) CHECK(out[i * ldc + j] == 77.0f);
        memmove(out + i * t.n, out + i * ldc, (size_t)t.n * sizeof *out);
    }
    free(packed);
    return out;
}

/* What a product takes x for. */
static double matmul_operand(matmul_case t, float x)
{
    return (double)((t.layout & 16) ? sen__bf16_to_float(sen__bf16_from_float(x)) : x);
}

/* The error allowed is relative to the largest sum of absolute values: what rounding is about. */
static void matmul_check(sen_ctx *c, matmul_case t)
{
    float *a = matmul_random(t.m * t.k, 1), *b = matmul_random(t.k * t.n, 2);
    float *bias = matmul_random(t.n, 3), *old = matmul_random(t.m * t.n, 4);
    float *offset = matmul_random(t.m + t.n, 5);
    float *plain = matmul_compute(c, t, a, b, bias, old, NULL);
    float *after = matmul_compute(c, t, a, b, bias, old, offset);
    const int64_t a_row = (t.layout & 1) ? 1 : t.k, a_col = (t.layout & 1) ? t.m : 1;
    const int64_t b_row = (t.layout & 2) ? 1 : t.n, b_col = (t.layout & 2) ? t.k : 1;
    double worst = 0.0, size = 1e-30;
    int64_t wrong = 0;
    for (int64_t i = 0; i < t.m; i++)
        for (int64_t j = 0; j < t.n; j++) {
            const float added = offset[i] + offset[j];
            double s = t.accumulate ? (double)old[i * t.n + j] : 0.0, sum = fabs(s);
            if (t.bias) s += (double)bias[j];
            for (int64_t p = 0; p < t.k; p++) {
                const double x = matmul_operand(t, a[i * a_row + p * a_col]);
                const double y = matmul_operand(t, b[p * b_row + j * b_col]);
                s += x * y;
                sum += fabs(x * y);
            }
            size = fmax(size, sum);
            worst = fmax(worst, fabs((double)plain[i * t.n + j] - s));
            wrong += after[i * t.n + j] != plain[i * t.n + j] + added;
        }
    if (worst > 1e-6 * size + 1e-7 || wrong) {
        test_failures++;
        printf("matmul %ld x %ld x %ld layout %d%s%s: off by %.3g of %.3g, %ld epilogues\n",
               (long)t.m, (long)t.n, (long)t.k, t.layout, t.accumulate ? " +C" : "",
               t.bias ? " +bias" : "", worst, size, (long)wrong);
    }
    free(a); free(b); free(bias); free(old); free(offset); free(plain); free(after);
}

static void test_matmul_sizes(sen_ctx *c, int bf16)
{
    static const int64_t sizes[][3] = {
        { 1, 1, 1 }, { 1, 1, 0 }, { 3, 5, 0 }, { 1, 17, 5 }, { 2, 3, 7 }, { 4, 16, 8 },
        { 5, 31, 33 }, { 6, 32, 64 }, { 7, 33, 384 }, { 13, 15, 385 }, { 14, 64, 32 },
        { 15, 65, 100 }, { 27, 7, 767 }, { 29, 96, 128 }, { 57, 129, 31 }, { 64, 64, 384 },
        { 100, 400, 20 }, { 131, 70, 800 }
    };
    for (size_t s = 0; s < SEN__COUNT(sizes); s++)
        for (int layout = 0; layout < 16; layout++) {
            matmul_case t = { sizes[s][0], sizes[s][1], sizes[s][2], layout + bf16, false, false };
            t.accumulate = (layout + (int)s) % 2 != 0;
            t.bias = (layout + (int)s) % 3 != 0;
            matmul_check(c, t);
        }
}

/* Larger than what is packed at a time, in columns and in K. The cases are thin to stay quick. */
static void test_matmul_stripes(sen_ctx *c, int bf16)
{
    const matmul_case wide = { 2, 6001, 391, 2 + bf16, true, true };
    const matmul_case deep = { 3, 500, 6001, bf16, false, true };
    matmul_check(c, wide);
    matmul_check(c, deep);
}

static int matmul_same(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

#ifndef SENTRAIN_USE_CBLAS                  /* a library's bits are its own */
/* Row i alone, column j alone, and B packed before: the same bits as in the whole product. */
static void test_matmul_alone(sen_ctx *c, int bf16)
{
    const matmul_case whole = { 75, 131, 900, 2 + bf16, true, true };
    float *a = matmul_random(75 * 900, 1), *b = matmul_random(131 * 900, 2);
    float *bias = matmul_random(131, 3), *old = matmul_random(75 * 131, 4);
    float *all = matmul_compute(c, whole, a, b, bias, old, NULL);
    for (int64_t i = 0; i < 75; i += 7)
        for (int64_t m = 1; m <= 20 && i + m <= 75; m += 6) {
            matmul_case t = whole;
            float *part;
            t.m = m;
            t.layout = 2 + 8 * (int)(m % 2) + bf16;
            part = matmul_compute(c, t, a + i * 900, b, bias, old + i * 131, NULL);
            CHECK(matmul_same(part, all + i * 131, m * 131));
            free(part);
        }
    for (int64_t j = 0; j < 131; j++) {
        matmul_case t = whole;
        float one[75], *part;
        for (int i = 0; i < 75; i++) one[i] = old[i * 131 + j];
        t.n = 1;
        part = matmul_compute(c, t, a, b + j * 900, bias + j, one, NULL);
        for (int i = 0; i < 75; i++) CHECK(matmul_same(part + i, all + i * 131 + j, 1));
        free(part);
    }
    free(a); free(b); free(bias); free(old); free(all);
}

/* A weight that is read in place for a few rows, and rows of A that are: as in the whole product,
 * whose 203 rows are many. K of one piece and of three, widths around a tile and a block. */
static void test_matmul_in_place(sen_ctx *c)
{
    static const int64_t sizes[][2] = { { 131, 900 }, { 131, 384 }, { 12, 5 }, { 13, 16 },
                                        { 49, 40 }, { 96, 385 } };
    for (size_t s = 0; s < SEN__COUNT(sizes); s++) {
        const int64_t n = sizes[s][0], k = sizes[s][1];
        matmul_case t = { 203, n, k, 2, false, s != 2 };
        float *a = matmul_random(t.m * k, 1), *b = matmul_random(n * k, 2);
        float *bias = matmul_random(n, 3), *all = matmul_compute(c, t, a, b, bias, NULL, NULL);
        for (t.m = 1; t.m <= 90; t.m += t.m < 34 ? 1 : 15) {
            const int64_t i = 200 - t.m;
            float *part = matmul_compute(c, t, a + i * k, b, bias, NULL, NULL);
            CHECK(matmul_same(part, all + i * n, t.m * n));
            free(part);
        }
        free(a); free(b); free(bias); free(all);
    }
}

/* All four layouts of the same numbers, on 1, 2 and 7 threads. */
static void test_matmul_threads(int bf16, int dot)
{
    static const int threads[] = { 1, 2, 7 };
    const int64_t m = 150, n = 170, k = 501;
    float *a = matmul_random(m * k, 1), *b = matmul_random(k * n, 2), *first = NULL;
    float *at = matmul_random(m * k, 0), *bt = matmul_random(k * n, 0), *bias = matmul_random(n, 3);
    for (int64_t i = 0; i < m; i++)
        for (int64_t p = 0; p < k; p++) at[p * m + i] = a[i * k + p];
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = 0; j < n; j++) bt[j * k + p] = b[p * n + j];
    for (size_t q = 0; q < SEN__COUNT(threads); q++) {
        sen_ctx *c = matmul_context(threads[q]);
        c->bf16_dot = (signed char)dot;
        for (int layout = 0; layout < 4; layout++) {
            const matmul_case t = { m, n, k, layout + bf16, false, true };
            float *x = matmul_compute(c, t, (layout & 1) ? at : a, (layout & 2) ? bt : b, bias,
                                      NULL, NULL);
            if (first) CHECK(matmul_same(x, first, m * n));
            if (first) free(x);
            else first = x;
        }
        sen_ctx_free(c);
    }
    free(a); free(b); free(at); free(bt); free(bias); free(first);
}
#endif

/* Numbers that bfloat16 has already: rounding changes nothing, so bf16 gives float32's own bits in
 * any layout. */
static void test_matmul_bf16_exact(sen_ctx *c)
{
    const int64_t m = 31, n = 70, k = 77;
    float *a = matmul_random(m * k, 1), *b = matmul_random(k * n, 2);
    sen__bf16_round_row(a, a, m * k);
    sen__bf16_round_row(b, b, k * n);
    for (int layout = 0; layout < 16; layout++) {
        matmul_case t = { m, n, k, layout, false, false };
        float *plain = matmul_compute(c, t, a, b, NULL, NULL, NULL), *rounded;
        t.layout += 16;
        rounded = matmul_compute(c, t, a, b, NULL, NULL, NULL);
        CHECK(matmul_same(plain, rounded, m * n));
        free(plain); free(rounded);
    }
    free(a); free(b);
}

/* The processor's own product of pairs where it exists, asked for or not. */
static bool matmul_has_dot(void)
{
#if SEN__MATMUL_DOT
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

/* The two ways of bf16 against each other: no further apart than the bound that the header states,
 * twice K 2^-24 sum |a b|, and K 2^-126 (1 + max |a| + max |b|) for denormal numbers. `small` makes
 * some of the operands, or all products, denormal. */
static void matmul_check_dot(sen_ctx *c, matmul_case t, float small_a, float small_b)
{
    float *a = matmul_random(t.m * t.k, 1), *b = matmul_random(t.k * t.n, 2), *x, *y;
    float most = 0.0f;
    int64_t outside = 0;
    for (int64_t i = 0; i < t.m * t.k; i++) a[i] *= i % 3 ? small_a : 1.0f;
    for (int64_t i = 0; i < t.k * t.n; i++) b[i] *= i % 2 ? small_b : 1.0f;
    for (int64_t i = 0; i < t.m * t.k; i++) most = fmaxf(most, fabsf(a[i]));
    for (int64_t i = 0; i < t.k * t.n; i++) most = fmaxf(most, fabsf(b[i]));
    c->bf16_dot = -1;
    x = matmul_compute(c, t, a, b, NULL, NULL, NULL);
    c->bf16_dot = 1;
    y = matmul_compute(c, t, a, b, NULL, NULL, NULL);
    for (int64_t i = 0; i < t.m; i++)
        for (int64_t j = 0; j < t.n; j++) {
            double size = 0.0;
            for (int64_t p = 0; p < t.k; p++)
                size += fabs(matmul_operand(t, a[i * t.k + p]) * matmul_operand(t, b[p * t.n + j]));
            outside += fabs((double)x[i * t.n + j] - (double)y[i * t.n + j]) >
                       (double)t.k * (0x1p-23 * size + 0x1p-125 * (1.0 + 2.0 * (double)most));
        }
    CHECK(outside == 0);
    free(a); free(b); free(x); free(y);
}

static void test_matmul_dot(sen_ctx *c)
{
    static const matmul_case cases[] = {
        { 1, 1, 1, 16, false, false }, { 29, 70, 3, 16, false, false },
        { 61, 129, 385, 16, false, false }, { 30, 65, 1001, 16, false, false }
    };
    for (size_t i = 0; i < SEN__COUNT(cases); i++) {
        matmul_check_dot(c, cases[i], 1.0f, 1.0f);
        matmul_check_dot(c, cases[i], 1e-39f, 1.0f);
        matmul_check_dot(c, cases[i], 1e-20f, 1e-19f);
    }
}

/* All of it once more with bf16: on single products, and on pairs where there are some. */
static void test_matmul_bf16(sen_ctx *c)
{
    for (int dot = -1; dot <= (matmul_has_dot() ? 1 : -1); dot += 2) {
        c->bf16_dot = (signed char)dot;
        test_matmul_sizes(c, 16);
        test_matmul_stripes(c, 16);
#ifndef SENTRAIN_USE_CBLAS
        test_matmul_alone(c, 16);
        test_matmul_threads(16, dot);
#endif
    }
    c->bf16_dot = -1;
    test_matmul_bf16_exact(c);
    if (matmul_has_dot()) test_matmul_dot(c);
}

static void test_matmul(void)
{
    sen_ctx *c = matmul_context(2);
    test_matmul_sizes(c, 0);
    test_matmul_stripes(c, 0);
#ifndef SENTRAIN_USE_CBLAS
    test_matmul_alone(c, 0);
    test_matmul_in_place(c);
    test_matmul_threads(0, 0);
#endif
    test_matmul_bf16(c);
    sen_ctx_free(c);
}

#ifndef TEST_ALL
int main(void)
{
    test_matmul();
    printf("matmul (%s): %d failures\n", sen_target_name(), test_failures);
    return test_failures != 0;
}
#endif
