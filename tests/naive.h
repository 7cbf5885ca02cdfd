/* The kernels once more, in double and with one plain loop each: what every kernel is checked
 * against. Gradients have no twin: naive_gradient takes central differences of the forward twin. */
#ifndef NAIVE_H
#define NAIVE_H
#include <math.h>
#include <stdint.h>

/* ---- activations ---- */
static inline double naive_identity(double x)   { return x; }
static inline double naive_normal_cdf(double x) { return 0.5 * erfc(-x * 0.70710678118654752); }
static inline double naive_gelu(double x)       { return x * naive_normal_cdf(x); }
static inline double naive_relu(double x)       { return x > 0.0 ? x : 0.0; }
static inline double naive_sigmoid(double x)    { return 1.0 / (1.0 + exp(-x)); }
static inline double naive_silu(double x)       { return x * naive_sigmoid(x); }
static inline double naive_tanh(double x)       { return tanh(x); }
static inline double naive_gelu_new(double x)
{
    return 0.5 * x * (1.0 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
}

/* ---- sums ---- */
static inline double naive_dot(const double *x, const double *y, int64_t n)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += x[i] * y[i];
    return s;
}

static inline double naive_max(const double *x, int64_t n)
{
    double m = x[0];
    for (int64_t i = 1; i < n; i++) m = x[i] > m ? x[i] : m;
    return m;
}

/* ---- norms; gamma, beta may be NULL ---- */
static inline void naive_layer_norm(double *y, const double *x, const double *gamma,
                                    const double *beta, int64_t rows, int64_t cols, double eps)
{
    for (int64_t r = 0; r < rows; r++, x += cols, y += cols) {
        double mean = 0.0, var = 0.0;
        for (int64_t i = 0; i < cols; i++) mean += x[i] / (double)cols;
        for (int64_t i = 0; i < cols; i++) var += (x[i] - mean) * (x[i] - mean) / (double)cols;
        for (int64_t i = 0; i < cols; i++) {
            y[i] = (x[i] - mean) / sqrt(var + eps) * (gamma ? gamma[i] : 1.0);
            if (beta) y[i] += beta[i];
        }
    }
}

static inline void naive_rms_norm(double *y, const double *x, const double *gamma, int64_t rows,
                                  int64_t cols, double eps, double offset)
{
    for (int64_t r = 0; r < rows; r++, x += cols, y += cols) {
        const double root = sqrt(naive_dot(x, x, cols) / (double)cols + eps);
        for (int64_t i = 0; i < cols; i++) y[i] = x[i] / root * (gamma ? gamma[i] + offset : 1.0);
    }
}

/* ---- softmax and its kin ---- */
static inline double naive_logsumexp(const double *x, int64_t n)
{
    const double m = naive_max(x, n);
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += exp(x[i] - m);
    return m + log(s);
}

static inline void naive_softmax(double *y, const double *x, int64_t n)
{
    const double lse = naive_logsumexp(x, n);
    for (int64_t i = 0; i < n; i++) y[i] = exp(x[i] - lse);
}

static inline double naive_cross_entropy(const double *x, int64_t label, int64_t n)
{
    return naive_logsumexp(x, n) - x[label];
}

/* ---- lengths and distances ---- */
static inline void naive_normalize(double *y, const double *x, int64_t n)
{
    const double norm = fmax(sqrt(naive_dot(x, x, n)), 1e-12);
    for (int64_t i = 0; i < n; i++) y[i] = x[i] / norm;
}

static inline double naive_cosine(const double *x, const double *y, int64_t n)
{
    const double nx = fmax(sqrt(naive_dot(x, x, n)), 1e-8);
    return naive_dot(x, y, n) / (nx * fmax(sqrt(naive_dot(y, y, n)), 1e-8));
}

static inline double naive_euclidean(const double *x, const double *y, int64_t n, double eps)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += (x[i] - y[i] + eps) * (x[i] - y[i] + eps);
    return sqrt(s);
}

static inline double naive_manhattan(const double *x, const double *y, int64_t n, double eps)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += fabs(x[i] - y[i] + eps);
    return s;
}

/* ---- pooling; w may be NULL ---- */
static inline void naive_pool_sum(double *y, const double *x, const double *w, int64_t rows,
                                  int64_t cols, double divisor)
{
    for (int64_t i = 0; i < cols; i++) {
        y[i] = 0.0;
        for (int64_t l = 0; l < rows; l++) y[i] += (w ? w[l] : 1.0) * x[l * cols + i] / divisor;
    }
}

static inline void naive_pool_max(double *y, const double *x, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < cols; i++) {
        y[i] = x[i];
        for (int64_t l = 1; l < rows; l++) y[i] = fmax(y[i], x[l * cols + i]);
    }
}

/* ---- AdamW, one number; t from 1 ---- */
static inline void naive_adamw(double *p, double *m, double *v, double g, double lr, double b1,
                               double b2, double eps, double wd, int64_t t)
{
    *p *= 1.0 - lr * wd;
    *m = b1 * *m + (1.0 - b1) * g;
    *v = b2 * *v + (1.0 - b2) * g * g;
    *p -= lr / (1.0 - pow(b1, (double)t)) * *m / (sqrt(*v / (1.0 - pow(b2, (double)t))) + eps);
}

/* ---- gradient of a number by central differences: dx[i] = d f / d x[i], error near 1e-9 ---- */
static inline void naive_gradient(double *dx, double *x, int64_t n,
                                  double (*f)(const double *x, int64_t n, void *user), void *user)
{
    const double h = 1e-5;
    for (int64_t i = 0; i < n; i++) {
        const double at = x[i];
        double up, down;
        x[i] = at + h;
        up = f(x, n, user);
        x[i] = at - h;
        down = f(x, n, user);
        x[i] = at;
        dx[i] = (up - down) / (2.0 * h);
    }
}
#endif
