/* The math chapter: row kernels against their double twins, gradients against central differences,
 * and every length from 0 to 70 for the partial vectors. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "naive.h"
#include "test.h"

#define MATH_N 70                           /* longest short row */

static void math_widen(double *y, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) y[i] = (double)x[i];
}

static double math_ulps(float got, double expect)
{
    const float near = (float)expect;
    return fabs((double)got - expect) / (double)(nextafterf(fabsf(near), INFINITY) - fabsf(near));
}

/* ---- functions of one number ---- */

typedef float math_one(float x);

static float math_expm1(float x)
{
    float y[16];
    sen__vf_store(y, sen__vf_expm1(sen__vf_set1(x)));
    return y[0];
}

static float math_tanh(float x)
{
    float y;
    sen__tanh_forward(&y, &x, 1);
    return y;
}

static float math_sigmoid(float x)
{
    float y;
    sen__sigmoid_forward(&y, &x, 1);
    return y;
}

/* Worst error in ulps on a grid of 20001 points. */
static double math_worst(math_one *f, double (*exact)(double), double lo, double hi)
{
    double worst = 0.0;
    for (int i = 0; i <= 20000; i++) {
        const float x = (float)(lo + (hi - lo) * (double)i / 20000.0);
        worst = fmax(worst, math_ulps(f(x), exact((double)x)));
    }
    return worst;
}

static void test_math_functions(void)
{
    CHECK(math_worst(sen__exp1, exp, -87.336, 88.72) < 1.1);
    CHECK(math_worst(sen__exp1, exp, -1.0, 1.0) < 1.1);
    CHECK(math_worst(math_expm1, expm1, -20.0, 20.0) < 2.0);
    CHECK(math_worst(math_expm1, expm1, -1e-3, 1e-3) < 2.0);
    CHECK(math_worst(sen__log1, log, 0.5, 2.0) < 1.5);
    CHECK(math_worst(sen__log1, log, 1e-30, 1e30) < 1.5);
    CHECK(TEST_FLUSHES || math_worst(sen__log1, log, 1e-44, 1e-37) < 1.5);
    CHECK(math_worst(math_tanh, tanh, -12.0, 12.0) < 3.0);
    CHECK(math_worst(math_tanh, tanh, -1e-2, 1e-2) < 3.0);
    CHECK(math_worst(math_sigmoid, naive_sigmoid, -87.0, 30.0) < 2.5);
}

static void test_math_edges(void)
{
    CHECK(sen__exp1(0.0f) == 1.0f && sen__exp1(-INFINITY) == 0.0f && sen__exp1(-1e30f) == 0.0f);
    CHECK(sen__exp1(89.0f) == INFINITY && sen__exp1(INFINITY) == INFINITY && isnan(sen__exp1(NAN)));
    CHECK(sen__exp1(-87.3364f) > FLT_MIN && sen__exp1(88.722f) < INFINITY);
    CHECK(sen__log1(1.0f) == 0.0f && sen__log1(0.0f) == -INFINITY && isnan(sen__log1(-1.0f)));
    CHECK(sen__log1(INFINITY) == INFINITY && isnan(sen__log1(NAN)) && isnan(sen__log1(-INFINITY)));
    CHECK(math_tanh(0.0f) == 0.0f && math_tanh(INFINITY) == 1.0f && math_tanh(-30.0f) == -1.0f);
    CHECK(isnan(math_tanh(NAN)) && signbit(math_tanh(-0.0f)));
    CHECK(math_sigmoid(INFINITY) == 1.0f && math_sigmoid(-INFINITY) == 0.0f);
    CHECK(math_sigmoid(0.0f) == 0.5f && isnan(math_sigmoid(NAN)));
}

/* ---- activations ---- */

static double (*const math_twins[])(double) = { naive_gelu, naive_gelu_new, naive_relu, naive_silu,
                                                naive_tanh, naive_sigmoid, naive_identity };
static const char *const math_names[] = { "gelu", "gelu_new", "relu", "silu", "tanh", "sigmoid",
                                          "torch.nn.modules.linear.Identity" };

/* Values and slopes on a grid over (-9, 9), in place. */
static void test_math_activation_grid(const sen__activation *a, double (*twin)(double))
{
    enum { N = 9001 };
    static float x[N], y[N], one[N], slope[N];
    static double value[N], d[N];
    for (int i = 0; i < N; i++) {
        const double h = 1e-5, at = (double)(float)(-9.0 + 0.002 * (double)i + 0.0003);
        x[i] = y[i] = (float)at;
        one[i] = 1.0f;
        slope[i] = 0.25f;
        value[i] = twin(at);
        d[i] = 0.25 + (twin(at + h) - twin(at - h)) / (2.0 * h);
    }
    a->forward(y, y, N);
    CHECK_NEAR(y, value, N, 2e-7);                      /* relative above 1 */
    for (int i = 500; i < 8500; i++) CHECK(fabs((double)y[i] - value[i]) < 5e-7);   /* |x| < 8 */
    a->backward(slope, one, x, N);
    CHECK_NEAR(slope, d, N, 1e-6);
}

/* Each element's bits are the same wherever it stands, and nothing is written past the end. */
static void test_math_activation_lengths(const sen__activation *a)
{
    float x[MATH_N + 8], g[MATH_N + 8], y[MATH_N + 8], dx[MATH_N + 8];
    fill_random(x, MATH_N + 8, 1);
    fill_random(g, MATH_N + 8, 2);
    for (int i = 0; i < MATH_N + 8; i++) x[i] *= 3.0f;
    for (int n = 0; n <= MATH_N; n++) {
        sen__row_fill(y, 7.0f, MATH_N + 8);
        sen__row_fill(dx, 0.5f, MATH_N + 8);
        a->forward(y + 1, x + 3, n);
        a->backward(dx + 1, g + 2, x + 3, n);
        for (int i = 0; i < n; i++) {
            float y1, dx1 = 0.5f;
            a->forward(&y1, x + 3 + i, 1);
            a->backward(&dx1, g + 2 + i, x + 3 + i, 1);
            CHECK(y1 == y[1 + i] && dx1 == dx[1 + i]);
        }
        CHECK(y[0] == 7.0f && y[n + 1] == 7.0f && y[n + 2] == 7.0f);
        CHECK(dx[0] == 0.5f && dx[n + 1] == 0.5f && dx[n + 2] == 0.5f);
    }
}

static void test_math_activations(void)
{
    for (size_t i = 0; i < SEN__COUNT(math_names); i++) {
        const sen__activation *a = sen__activation_find(math_names[i]);
        CHECK(a != NULL);
        if (!a) continue;
        test_math_activation_grid(a, math_twins[i]);
        test_math_activation_lengths(a);
    }
    CHECK(sen__activation_find("torch.nn.modules.activation.GELU")->forward == sen__gelu_forward);
    CHECK(sen__activation_find("gelu_pytorch_tanh")->forward == sen__gelu_new_forward);
    CHECK(sen__activation_find("swish")->forward == sen__silu_forward);
    CHECK(sen__activation_find("mish") == NULL && sen__activation_find("") == NULL);
}

/* ---- plain arithmetic and sums ---- */

static void test_math_arithmetic(void)
{
    float a[MATH_N], b[MATH_N], y[MATH_N + 1], start[MATH_N + 1];
    fill_random(a, MATH_N, 3);
    fill_random(b, MATH_N, 4);
    fill_random(start, MATH_N + 1, 5);
    for (int n = 0; n <= MATH_N; n++) {
        double e[7][MATH_N];
        for (int i = 0; i < n; i++) {
            const double u = (double)a[i], v = (double)b[i], s = (double)start[i];
            const double r[7] = { u + v, u - v, u * v, 1.5 * u, s + u, s + 1.5 * u, s + u * v };
            for (int k = 0; k < 7; k++) e[k][i] = r[k];
        }
        for (int k = 0; k < 7; k++) {
            sen__row_copy(y, start, MATH_N + 1);
            if (k == 0) sen__row_add(y, a, b, n);
            if (k == 1) sen__row_sub(y, a, b, n);
            if (k == 2) sen__row_mul(y, a, b, n);
            if (k == 3) sen__row_scale(y, a, 1.5f, n);
            if (k == 4) sen__row_acc(y, a, n);
            if (k == 5) sen__row_axpy(y, 1.5f, a, n);
            if (k == 6) sen__row_mul_acc(y, a, b, n);
            CHECK_NEAR(y, e[k], n, 2e-7);
            CHECK(y[n] == start[n]);
        }
    }
}

static void test_math_sums(void)
{
    static float x[1000], y[1000];
    static double dx[1000], dy[1000];
    fill_random(x, 1000, 6);
    fill_random(y, 1000, 7);
    math_widen(dx, x, 1000);
    math_widen(dy, y, 1000);
    for (int n = 0; n <= 1000; n += n < MATH_N ? 1 : 97) {
        double sum = 0.0, size = 0.0;
        for (int i = 0; i < n; i++) {
            sum += dx[i];
            size += fabs(dx[i]);
        }
        CHECK(fabs(sen__row_sum(x, n) - sum) <= 1e-13);
        CHECK(fabs(sen__row_sum_abs(x, n) - size) <= 1e-12);
        CHECK(fabs(sen__row_dot(x, y, n) - naive_dot(dx, dy, n)) <= 1e-13);
        CHECK(fabs(sen__row_sum_squares(x, n) - naive_dot(dx, dx, n)) <= 1e-11);
        if (n == 0) continue;
        CHECK((double)sen__row_max(x, n) == naive_max(dx, n));
    }
}

/* Column sums of blocks, added in order, and a bias on a matrix with a longer stride. */
static void test_math_columns(void)
{
    enum { ROWS = 23, COLS = 37, STRIDE = 41 };
    float x[ROWS * STRIDE], acc[COLS + 1], bias[COLS];
    double expect[COLS];
    fill_random(x, ROWS * STRIDE, 8);
    fill_random(bias, COLS, 9);
    for (int c = 0; c < COLS; c++) {
        float in_order = 0.5f;                                      /* the order is a promise */
        for (int r = 0; r < ROWS; r++) in_order += x[r * STRIDE + c];
        expect[c] = (double)in_order;
    }
    sen__row_fill(acc, 0.5f, COLS + 1);
    sen__col_sum_block(acc, x, ROWS, COLS, STRIDE);
    CHECK_NEAR(acc, expect, COLS, 0.0);
    CHECK(acc[COLS] == 0.5f);
    for (int c = 0; c < COLS; c++) expect[c] = (double)(x[5 * STRIDE + c] + bias[c]);
    const float beyond = x[5 * STRIDE + COLS];
    sen__bias_add(x, bias, ROWS, COLS, STRIDE);
    CHECK_NEAR(x + 5 * STRIDE, expect, COLS, 0.0);
    CHECK(x[5 * STRIDE + COLS] == beyond);
}

/* ---- norms ---- */

typedef struct math_case {                  /* what a twin needs beside x: f(x) = sum of r * y(x) */
    const double *r, *gamma, *beta, *y;
    int64_t rows, cols, label;
    double eps, offset;
    int which;                              /* 0: the row given, 1: gamma, 2: beta */
    const double *x;
} math_case;

static double math_layer_norm(const double *v, int64_t n, void *user)
{
    const math_case *c = user;
    double y[3 * MATH_N];
    naive_layer_norm(y, c->which == 0 ? v : c->x, c->which == 1 ? v : c->gamma,
                     c->which == 2 ? v : c->beta, c->rows, c->cols, c->eps);
    (void)n;
    return naive_dot(y, c->r, c->rows * c->cols);
}

static double math_rms_norm(const double *v, int64_t n, void *user)
{
    const math_case *c = user;
    double y[3 * MATH_N];
    naive_rms_norm(y, c->which == 0 ? v : c->x, c->which == 1 ? v : c->gamma, c->rows, c->cols,
                   c->eps, c->offset);
    (void)n;
    return naive_dot(y, c->r, c->rows * c->cols);
}

static void math_add_constant(double *x, double a, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] += a;
}

static void test_math_layer_norm(int cols, int with_beta)
{
    enum { ROWS = 3 };
    static float x[ROWS * MATH_N], res[ROWS * MATH_N], sum[ROWS * MATH_N], y[ROWS * MATH_N];
    static float r[ROWS * MATH_N];
    static float gamma[MATH_N], beta[MATH_N], mean[ROWS], rstd[ROWS], z[ROWS * MATH_N];
    static float dx[ROWS * MATH_N], dr[ROWS * MATH_N], dgamma[MATH_N], dbeta[MATH_N];
    static double xd[ROWS * MATH_N], gd[MATH_N], bd[MATH_N], rd[ROWS * MATH_N], e[ROWS * MATH_N];
    math_case c = { rd, gd, with_beta ? bd : NULL, NULL, ROWS, cols, 0, 1e-5, 0.0, 0, xd };
    const int n = ROWS * cols;
    fill_random(x, ROWS * MATH_N, 10);
    fill_random(res, ROWS * MATH_N, 11);
    fill_random(r, ROWS * MATH_N, 12);
    fill_random(gamma, MATH_N, 13);
    fill_random(beta, MATH_N, 14);
    sen__layer_norm_residual_forward(y, sum, mean, rstd, x, res, gamma, with_beta ? beta : NULL,
                                     ROWS, cols, 1e-5f);
    sen__layer_norm_forward(z, mean, rstd, sum, gamma, with_beta ? beta : NULL, ROWS, cols, 1e-5f);
    CHECK(memcmp(y, z, (size_t)n * sizeof *y) == 0);
    math_widen(xd, sum, n);
    math_widen(gd, gamma, MATH_N);
    math_widen(bd, beta, MATH_N);
    math_widen(rd, r, ROWS * MATH_N);
    naive_layer_norm(e, xd, gd, c.beta, ROWS, cols, 1e-5);
    CHECK_NEAR(y, e, n, cols > 2 ? 2e-6 : 2e-5);
    sen__row_fill(dx, 0.25f, n);
    sen__row_fill(dr, 0.5f, n);
    sen__row_fill(dgamma, 1.0f, cols);
    sen__row_fill(dbeta, 1.0f, cols);
    sen__layer_norm_backward(dx, dr, dgamma, dbeta, r, sum, mean, rstd, gamma, ROWS, cols);
    naive_gradient(e, xd, n, math_layer_norm, &c);
    math_add_constant(e, 0.25, n);
    CHECK_NEAR(dx, e, n, cols > 2 ? 1e-5 : 1e-2);       /* 1 or 2 columns: rstd is huge */
    math_add_constant(e, 0.25, n);
    CHECK_NEAR(dr, e, n, cols > 2 ? 1e-5 : 1e-2);
    c.which = 1;
    naive_gradient(e, gd, cols, math_layer_norm, &c);
    math_add_constant(e, 1.0, cols);
    CHECK_NEAR(dgamma, e, cols, cols > 2 ? 2e-6 : 2e-5);
    c.which = 2;
    if (with_beta) {
        naive_gradient(e, bd, cols, math_layer_norm, &c);
        math_add_constant(e, 1.0, cols);
        CHECK_NEAR(dbeta, e, cols, 2e-6);
    }
    sen__layer_norm_backward(NULL, NULL, NULL, NULL, r, sum, mean, rstd, NULL, ROWS, cols);
}

static void test_math_rms_norm(int cols, float offset)
{
    enum { ROWS = 3 };
    static float x[ROWS * MATH_N], res[ROWS * MATH_N], sum[ROWS * MATH_N], y[ROWS * MATH_N];
    static float r[ROWS * MATH_N];
    static float gamma[MATH_N], rstd[ROWS], z[ROWS * MATH_N];
    static float dx[ROWS * MATH_N], dr[ROWS * MATH_N], dgamma[MATH_N];
    static double xd[ROWS * MATH_N], gd[MATH_N], rd[ROWS * MATH_N], e[ROWS * MATH_N];
    math_case c = { rd, gd, NULL, NULL, ROWS, cols, 0, 1e-6, (double)offset, 0, xd };
    const int n = ROWS * cols;
    fill_random(x, ROWS * MATH_N, 20);
    fill_random(res, ROWS * MATH_N, 21);
    fill_random(r, ROWS * MATH_N, 22);
    fill_random(gamma, MATH_N, 23);
    sen__rms_norm_residual_forward(y, sum, rstd, x, res, gamma, ROWS, cols, 1e-6f, offset);
    sen__rms_norm_forward(z, rstd, sum, gamma, ROWS, cols, 1e-6f, offset);
    CHECK(memcmp(y, z, (size_t)n * sizeof *y) == 0);
    math_widen(xd, sum, n);
    math_widen(gd, gamma, MATH_N);
    math_widen(rd, r, ROWS * MATH_N);
    naive_rms_norm(e, xd, gd, ROWS, cols, 1e-6, (double)offset);
    CHECK_NEAR(y, e, n, 2e-6);
    sen__row_fill(dx, 0.25f, n);
    sen__row_fill(dr, 0.5f, n);
    sen__row_fill(dgamma, 1.0f, cols);
    sen__rms_norm_backward(dx, dr, dgamma, r, sum, rstd, gamma, ROWS, cols, offset);
    naive_gradient(e, xd, n, math_rms_norm, &c);
    math_add_constant(e, 0.25, n);
    CHECK_NEAR(dx, e, n, 1e-5);
    math_add_constant(e, 0.25, n);
    CHECK_NEAR(dr, e, n, 1e-5);
    c.which = 1;
    naive_gradient(e, gd, cols, math_rms_norm, &c);
    math_add_constant(e, 1.0, cols);
    CHECK_NEAR(dgamma, e, cols, 2e-6);
}

/* A large mean does not eat the variance. */
static void test_math_norm_offset(void)
{
    float x[384], y[384], mean, rstd;
    double xd[384], e[384];
    fill_random(x, 384, 30);
    for (int i = 0; i < 384; i++) x[i] += 1000.0f;
    math_widen(xd, x, 384);
    naive_layer_norm(e, xd, NULL, NULL, 1, 384, 1e-12);
    sen__layer_norm_forward(y, &mean, &rstd, x, NULL, NULL, 1, 384, 1e-12f);
    CHECK_NEAR(y, e, 384, 2e-4);
}

/* ---- softmax ---- */

static double math_softmax(const double *x, int64_t n, void *user)
{
    const math_case *c = user;
    double y[MATH_N];
    naive_softmax(y, x, n);
    return naive_dot(y, c->r, n);
}

static double math_cross_entropy(const double *x, int64_t n, void *user)
{
    const math_case *c = user;
    return 1.5 * naive_cross_entropy(x, c->label, n);
}

static void test_math_softmax(int n)
{
    float x[MATH_N], y[MATH_N], r[MATH_N], dx[MATH_N], lse;
    double xd[MATH_N], rd[MATH_N], e[MATH_N], loss;
    math_case c = { .r = rd, .label = n / 2 };
    fill_random(x, MATH_N, 31);
    fill_random(r, MATH_N, 32);
    for (int i = 0; i < MATH_N; i++) x[i] *= 20.0f;
    math_widen(xd, x, MATH_N);
    math_widen(rd, r, MATH_N);
    naive_softmax(e, xd, n);
    sen__softmax_forward(y, x, n);
    for (int i = 0; i < n; i++) {                           /* x - max is rounded before exp */
        const double tol = 5e-7 + 6e-8 * (naive_max(xd, n) - xd[i]);
        CHECK(fabs((double)y[i] - e[i]) <= tol * e[i]);
    }
    sen__row_fill(dx, 0.5f, n);
    sen__softmax_backward(dx, r, y, n);
    naive_gradient(e, xd, n, math_softmax, &c);
    math_add_constant(e, 0.5, n);
    CHECK_NEAR(dx, e, n, 1e-6);
    loss = (double)sen__cross_entropy_forward(&lse, x, c.label, n);
    CHECK(fabs(loss - naive_cross_entropy(xd, c.label, n)) < 4e-6);
    CHECK(fabs((double)lse - naive_logsumexp(xd, n)) < 4e-6);
    sen__row_fill(dx, 0.5f, n);
    sen__cross_entropy_backward(dx, 1.5f, x, lse, c.label, n);
    naive_gradient(e, xd, n, math_cross_entropy, &c);
    math_add_constant(e, 0.5, n);
    CHECK_NEAR(dx, e, n, 4e-6);
}

static void test_math_softmax_edges(void)
{
    float x[3] = { -INFINITY, 2.0f, -INFINITY }, y[3];
    sen__softmax_forward(y, x, 3);
    CHECK(y[0] == 0.0f && y[1] == 1.0f && y[2] == 0.0f);
    x[1] = -INFINITY;
    CHECK(sen__logsumexp(x, 3) == -INFINITY);
    x[0] = x[1] = x[2] = 3e38f;
    CHECK(sen__logsumexp(x, 3) == 3e38f);
    x[0] = -1e12f;
    x[1] = 0.0f;
    x[2] = -1e12f;
    CHECK(sen__logsumexp(x, 3) == 0.0f);
}

/* ---- lengths and distances ---- */

static double math_normalize(const double *x, int64_t n, void *user)
{
    const math_case *c = user;
    double y[MATH_N];
    naive_normalize(y, x, n);
    return naive_dot(y, c->r, n);
}

static double math_distance(const double *x, int64_t n, void *user)
{
    const math_case *c = user;
    const double *a = c->label ? c->y : x, *b = c->label ? x : c->y;    /* label 1: of y */
    if (c->which == 0) return 1.5 * naive_cosine(a, b, n);
    if (c->which == 1) return 1.5 * naive_euclidean(a, b, n, c->eps);
    return 1.5 * naive_manhattan(a, b, n, c->eps);
}

static void test_math_normalize(int n)
{
    float x[MATH_N], y[MATH_N], r[MATH_N], dx[MATH_N], norm;
    double xd[MATH_N], rd[MATH_N], e[MATH_N];
    math_case c = { .r = rd };
    fill_random(x, MATH_N, 33);
    fill_random(r, MATH_N, 34);
    math_widen(xd, x, MATH_N);
    math_widen(rd, r, MATH_N);
    norm = sen__normalize_forward(y, x, n);
    CHECK(fabs((double)norm - sqrt(naive_dot(xd, xd, n))) < 1e-6);
    naive_normalize(e, xd, n);
    CHECK_NEAR(y, e, n, 3e-7);
    sen__row_fill(dx, 0.5f, n);
    sen__normalize_backward(dx, r, y, norm, n);
    naive_gradient(e, xd, n, math_normalize, &c);
    math_add_constant(e, 0.5, n);
    CHECK_NEAR(dx, e, n, 3e-6);
}

static void math_check_distance(math_case *c, double *x, double *y, const float *dx,
                                const float *dy, int n)
{
    double e[MATH_N];
    c->y = y;
    c->label = 0;
    naive_gradient(e, x, n, math_distance, c);
    math_add_constant(e, 0.5, n);
    CHECK_NEAR(dx, e, n, 3e-6);
    c->y = x;
    c->label = 1;
    naive_gradient(e, y, n, math_distance, c);
    math_add_constant(e, 0.25, n);
    CHECK_NEAR(dy, e, n, 3e-6);
}

static void test_math_distances(int n, float eps)
{
    float x[MATH_N], y[MATH_N], dx[MATH_N], dy[MATH_N], norms[2], d;
    double xd[MATH_N], yd[MATH_N];
    math_case c = { .eps = (double)eps };
    fill_random(x, MATH_N, 35);
    fill_random(y, MATH_N, 36);
    math_widen(xd, x, MATH_N);
    math_widen(yd, y, MATH_N);
    for (c.which = 0; c.which < 3; c.which++) {
        sen__row_fill(dx, 0.5f, n);
        sen__row_fill(dy, 0.25f, n);
        if (c.which == 0) {
            d = sen__cosine_forward(norms, x, y, n);
            CHECK(fabs((double)d - naive_cosine(xd, yd, n)) < 2e-7);
            sen__cosine_backward(dx, dy, 1.5f, d, norms, x, y, n);
        } else if (c.which == 1) {
            d = sen__euclidean_forward(x, y, n, eps);
            CHECK(fabs((double)d - naive_euclidean(xd, yd, n, c.eps)) < 1e-6);
            sen__euclidean_backward(dx, dy, 1.5f, d, x, y, n, eps);
        } else {
            d = sen__manhattan_forward(x, y, n, eps);
            CHECK(fabs((double)d - naive_manhattan(xd, yd, n, c.eps)) < 1e-5);
            sen__manhattan_backward(dx, dy, 1.5f, x, y, n, eps);
        }
        math_check_distance(&c, xd, yd, dx, dy, n);
    }
}

/* Zero vectors and equal vectors: values and gradients are torch's. */
static void test_math_distance_edges(void)
{
    float x[5] = { 0 }, y[5] = { 3, 0, 4, 0, 0 }, dx[5], out[5], norms[2], norm, d;
    norm = sen__normalize_forward(out, x, 5);
    CHECK(norm == 0.0f && out[0] == 0.0f && out[4] == 0.0f);
    sen__row_fill(dx, 0.0f, 5);
    sen__normalize_backward(dx, y, out, norm, 5);
    CHECK(fabsf(dx[0] - 3e12f) < 1e6f && dx[1] == 0.0f);
    CHECK(sen__cosine_forward(norms, x, y, 5) == 0.0f);
    sen__row_fill(dx, 0.0f, 5);
    sen__cosine_backward(dx, NULL, 1.0f, 0.0f, norms, x, y, 5);
    CHECK(fabsf(dx[0] - 0.6e8f) < 10.0f && fabsf(dx[2] - 0.8e8f) < 10.0f && dx[1] == 0.0f);
    sen__row_fill(dx, 0.0f, 5);
    d = sen__euclidean_forward(y, y, 5, 0.0f);
    sen__euclidean_backward(dx, NULL, 1.0f, d, y, y, 5, 0.0f);
    sen__manhattan_backward(dx, NULL, 1.0f, y, y, 5, 0.0f);
    CHECK(d == 0.0f && dx[0] == 0.0f && dx[2] == 0.0f && dx[4] == 0.0f);
    CHECK(sen__euclidean_forward(x, y, 5, 0.0f) == 5.0f && sen__manhattan_forward(x, y, 5, 0) == 7);
}

/* ---- pooling, embedding rows ---- */

static void test_math_pooling(int rows, int cols)
{
    static float x[9 * MATH_N], y[MATH_N], w[9], dy[MATH_N], dx[9 * MATH_N];
    static double xd[9 * MATH_N], wd[9], e[MATH_N], ed[9 * MATH_N];
    fill_random(x, 9 * MATH_N, 40);
    fill_random(w, 9, 41);
    fill_random(dy, MATH_N, 42);
    math_widen(xd, x, 9 * MATH_N);
    math_widen(wd, w, 9);
    for (int weighted = 0; weighted < 2; weighted++) {
        naive_pool_sum(e, xd, weighted ? wd : NULL, rows, cols, 2.5);
        sen__pool_sum_forward(y, x, weighted ? w : NULL, rows, cols, 2.5f);
        CHECK_NEAR(y, e, cols, 5e-7);
        sen__row_fill(dx, 0.5f, rows * cols);
        sen__pool_sum_backward(dx, dy, weighted ? w : NULL, rows, cols, 2.5f);
        for (int i = 0; i < rows * cols; i++)
            ed[i] = 0.5 + (double)dy[i % cols] * (weighted ? wd[i / cols] : 1.0) / 2.5;
        CHECK_NEAR(dx, ed, rows * cols, 2e-7);
    }
    if (rows > 2) sen__row_copy(x + 2 * cols, x, cols);     /* a tie: the first row gets it all */
    math_widen(xd, x, 9 * MATH_N);
    naive_pool_max(e, xd, rows, cols);
    sen__pool_max_forward(y, x, rows, cols);
    CHECK_NEAR(y, e, cols, 0.0);
    sen__row_fill(dx, 0.5f, rows * cols);
    sen__pool_max_backward(dx, dy, x, y, rows, cols);
    for (int i = 0; i < cols; i++) {
        int first = 0;
        while (x[first * cols + i] < y[i]) first++;
        for (int l = 0; l < rows; l++)
            ed[l * cols + i] = 0.5 + (l == first ? (double)dy[i] : 0.0);
    }
    CHECK_NEAR(dx, ed, rows * cols, 1e-7);
}

static void test_math_rows(void)
{
    enum { V = 5, COLS = 19, ROWS = 4 };
    static const int32_t ids[ROWS] = { 4, 0, 4, 2 };
    float table[V * COLS], y[ROWS * COLS], dtable[V * COLS], whole[V * COLS];
    fill_random(table, V * COLS, 43);
    sen__gather_rows(y, table, ids, ROWS, COLS);
    for (int i = 0; i < ROWS * COLS; i++) CHECK(y[i] == table[ids[i / COLS] * COLS + i % COLS]);
    sen__gather_add_rows(y, table, ids, ROWS, COLS);
    for (int i = 0; i < ROWS * COLS; i++) CHECK(y[i] == 2 * table[ids[i / COLS] * COLS + i % COLS]);
    sen__row_fill(whole, 1.0f, V * COLS);
    sen__row_fill(dtable, 1.0f, V * COLS);
    sen__scatter_add_rows(whole, y, ids, ROWS, COLS, COLS);
    for (int c = 0; c < COLS; c += 7)                       /* cut by columns: the same bits */
        sen__scatter_add_rows(dtable + c, y + c, ids, ROWS, SEN__MIN(7, COLS - c), COLS);
    CHECK(memcmp(whole, dtable, sizeof whole) == 0);
    for (int c = 0; c < COLS; c++) {
        CHECK(whole[4 * COLS + c] == (1.0f + y[c]) + y[2 * COLS + c]);
        CHECK(whole[c] == 1.0f + y[COLS + c] && whole[3 * COLS + c] == 1.0f);
    }
}

/* ---- AdamW ---- */

static void test_math_adamw(int n)
{
    float p[MATH_N + 1], m[MATH_N + 1] = { 0 }, v[MATH_N + 1] = { 0 }, g[MATH_N];
    double pd[MATH_N], md[MATH_N] = { 0 }, vd[MATH_N] = { 0 };
    fill_random(p, MATH_N + 1, 50);
    const float beyond = p[n];
    math_widen(pd, p, MATH_N);
    for (int t = 1; t <= 5; t++) {
        const sen__adamw a = sen__adamw_prepare(1e-2, 0.9, 0.999, 1e-8, 0.1, 0.5, t);
        fill_random(g, MATH_N, 50 + (uint32_t)t);
        sen__adamw_step(p, m, v, g, &a, n);
        for (int i = 0; i < n; i++)
            naive_adamw(pd + i, md + i, vd + i, 0.5 * (double)g[i], 1e-2, 0.9, 0.999, 1e-8, 0.1, t);
    }
    CHECK_NEAR(p, pd, n, 1e-6);
    CHECK_NEAR(m, md, n, 1e-6);
    CHECK_NEAR(v, vd, n, 1e-7);
    CHECK(p[n] == beyond && m[n] == 0.0f && v[n] == 0.0f);
}

/* ---- half precision ---- */

static void test_math_half(void)
{
    static const struct { float from; uint16_t to; } pairs[] = {
        { 1.0f, 0x3C00 }, { -2.0f, 0xC000 }, { 65504.0f, 0x7BFF }, { 65519.99f, 0x7BFF },
        { 65520.0f, 0x7C00 }, { 1e10f, 0x7C00 }, { 5.9604645e-8f, 1 }, { 2.9802322e-8f, 0 },
        { 2.9802326e-8f, 1 }, { 8.940697e-8f, 2 }, { 6.1035156e-5f, 0x400 }, { -0.0f, 0x8000 },
        { 6.1005354e-5f, 0x400 }, { 6.103e-5f, 0x400 }, { 1.00048828125f, 0x3C00 },
        { 1.00146484375f, 0x3C02 }, { 1.000489f, 0x3C01 }, { 0.99995f, 0x3C00 }
    };
    uint16_t h[MATH_N], back[MATH_N];
    float x[MATH_N];
    for (size_t i = 0; i < SEN__COUNT(pairs); i++)
        CHECK(sen__f16_from_float(pairs[i].from) == pairs[i].to);
    for (uint32_t i = 0; i < 65536; i++) {
        const uint16_t u = (uint16_t)i;
        const float f = sen__f16_to_float(u);
        const int exponent = (u >> 10) & 31, nan = exponent == 31 && (u & 0x3FF);
        const float size = ldexpf((float)(exponent ? (u & 0x3FF) | 0x400 : u & 0x3FF),
                                  exponent ? exponent - 25 : -24);
        CHECK(nan ? isnan(f) : exponent == 31 ? isinf(f) : fabsf(f) == size);
        CHECK(sen__f16_from_float(f) == (nan ? (u & 0x8000) | 0x7E00 : u));
    }
    for (int n = 0; n <= MATH_N; n++) {
        for (int i = 0; i < MATH_N; i++) h[i] = (uint16_t)(0x3F00 + 3 * i);
        sen__row_fill(x, 7.0f, MATH_N);
        sen__bf16_to_row(x, h, n);
        memset(back, 0, sizeof back);
        sen__bf16_from_row(back, x, n);
        CHECK(memcmp(h, back, (size_t)n * sizeof *h) == 0);
        CHECK(n == MATH_N || (x[n] == 7.0f && back[n] == 0));
    }
    sen__f16_to_row(x, h, MATH_N);
    sen__f16_from_row(back, x, MATH_N);
    CHECK(memcmp(h, back, sizeof h) == 0);
}

static void test_math(void)
{
    test_math_functions();
    test_math_edges();
    test_math_activations();
    test_math_arithmetic();
    test_math_sums();
    test_math_columns();
    test_math_norm_offset();
    for (int n = 1; n <= MATH_N; n += n < 20 ? 1 : 7) {
        test_math_softmax(n);
        test_math_normalize(n);
        test_math_distances(n, 0.0f);
        test_math_distances(n, 1e-6f);
        test_math_adamw(n);
        test_math_pooling(1 + n % 9, n);
        if (n < 2) continue;
        test_math_layer_norm(n, n & 1);
        test_math_rms_norm(n, (float)(n & 1));
    }
    test_math_softmax_edges();
    test_math_distance_edges();
    test_math_rows();
    test_math_half();
}

#ifndef TEST_ALL
int main(void)
{
    test_math();
    printf("math (%s): %d failures\n", sen_target_name(), test_failures);
    return test_failures != 0;
}
#endif
