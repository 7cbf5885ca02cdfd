/* The operations once more, in double and with plain loops: what the ops and losses are checked
 * against. Every twin has one shape: y from in[0..n-1], sizes and settings from a naive_op. */
#ifndef NAIVE_OPS_H
#define NAIVE_OPS_H
#include "naive.h"
#include <stdbool.h>

#define NAIVE_INPUTS 8

typedef struct naive_op {
    int         n;                              /* inputs */
    int64_t     rows[NAIVE_INPUTS], cols[NAIVE_INPUTS];         /* of each input; [n]: of y */
    const void *arg;                            /* the settings of this op */
    int         frozen, frozen_row;             /* row (from 1) of an input without a gradient */
} naive_op;

typedef void naive_fn(double *y, double *const *in, const naive_op *o);

/* ---- elementwise ---- */

static inline int64_t naive_count(const naive_op *o, int i)
{
    return o->rows[i] * o->cols[i];
}

static inline void naive_add(double *y, double *const *in, const naive_op *o)
{
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[i] = in[0][i] + in[1][i];
}

static inline void naive_sub(double *y, double *const *in, const naive_op *o)
{
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[i] = in[0][i] - in[1][i];
}

static inline void naive_mul(double *y, double *const *in, const naive_op *o)
{
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[i] = in[0][i] * in[1][i];
}

static inline void naive_affine(double *y, double *const *in, const naive_op *o)
{
    const double *scale_shift = (const double *)o->arg;
    for (int64_t i = 0; i < naive_count(o, 0); i++)
        y[i] = scale_shift[0] * in[0][i] + scale_shift[1];
}

static inline void naive_abs(double *y, double *const *in, const naive_op *o)
{
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[i] = fabs(in[0][i]);
}

typedef struct naive_activation {
    const char *name;
    double    (*f)(double);
} naive_activation;

static inline void naive_activate(double *y, double *const *in, const naive_op *o)
{
    const naive_activation *a = (const naive_activation *)o->arg;
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[i] = a->f(in[0][i]);
}

/* ---- to one number, cutting, joining ---- */

static inline void naive_sum(double *y, double *const *in, const naive_op *o)
{
    y[0] = 0.0;
    for (int64_t i = 0; i < naive_count(o, 0); i++) y[0] += in[0][i];
}

static inline void naive_mean(double *y, double *const *in, const naive_op *o)
{
    naive_sum(y, in, o);
    y[0] /= (double)naive_count(o, 0);
}

static inline void naive_slice_rows(double *y, double *const *in, const naive_op *o)
{
    const int64_t from = *(const int64_t *)o->arg;
    for (int64_t i = 0; i < naive_count(o, 1); i++) y[i] = in[0][from * o->cols[0] + i];
}

static inline void naive_slice_cols(double *y, double *const *in, const naive_op *o)
{
    const int64_t from = *(const int64_t *)o->arg, n = o->cols[1];
    for (int64_t i = 0; i < naive_count(o, 1); i++) y[i] = in[0][i / n * o->cols[0] + from + i % n];
}

static inline void naive_stack_rows(double *y, double *const *in, const naive_op *o)
{
    for (int k = 0; k < o->n; k++)
        for (int64_t i = 0; i < naive_count(o, k); i++) *y++ = in[k][i];
}

static inline void naive_join_cols(double *y, double *const *in, const naive_op *o)
{
    for (int64_t r = 0; r < o->rows[0]; r++)
        for (int k = 0; k < o->n; k++)
            for (int64_t i = 0; i < o->cols[k]; i++) *y++ = in[k][r * o->cols[k] + i];
}

/* ---- products ---- */

static inline void naive_matmul_nt(double *y, double *const *in, const naive_op *o)
{
    const int64_t k = o->cols[0];
    for (int64_t i = 0; i < o->rows[0]; i++)
        for (int64_t j = 0; j < o->rows[1]; j++)
            y[i * o->rows[1] + j] = naive_dot(in[0] + i * k, in[1] + j * k, k);
}

typedef struct naive_linear_arg {
    int              parts;
    bool             bias;                      /* inputs: x, then w and b (where there is one) */
    naive_activation act;                       /* name NULL: none */
} naive_linear_arg;

static inline void naive_linear(double *y, double *const *in, const naive_op *o)
{
    const naive_linear_arg *a = (const naive_linear_arg *)o->arg;
    const int64_t k = o->cols[0], out = o->rows[1], width = a->parts * out;
    const int step = a->bias ? 2 : 1;
    for (int64_t r = 0; r < o->rows[0]; r++)
        for (int64_t j = 0; j < width; j++) {
            const int w = 1 + step * (int)(j / out);
            double z = naive_dot(in[0] + r * k, in[w] + j % out * k, k);
            if (a->bias) z += in[w + 1][j % out];
            y[r * width + j] = a->act.name ? a->act.f(z) : z;
        }
}

/* ---- embeddings ---- */

typedef struct naive_embed_arg {
    const int32_t *index[3];                    /* NULL: row 0 */
} naive_embed_arg;

static inline void naive_embed(double *y, double *const *in, const naive_op *o)
{
    const naive_embed_arg *a = (const naive_embed_arg *)o->arg;
    const int64_t h = o->cols[0];
    for (int64_t i = 0; i < naive_count(o, o->n); i++) {
        y[i] = 0.0;
        for (int k = 0; k < o->n; k++) {
            const int64_t row = a->index[k] ? a->index[k][i / h] : 0;
            y[i] += in[k][row * h + i % h];
        }
    }
}

/* ---- dropout: the multiplier of one element, from nothing but its place ---- */

typedef struct naive_drop_arg {
    const sen__dropout *d;                      /* NULL: none */
    int                 site;
    float               p;
} naive_drop_arg;

/* Of features: position and owner of the token. Of attention: row = head * L + query, and owner. */
static inline double naive_drop(const naive_drop_arg *a, int64_t feature, int32_t row,
                                int32_t owner)
{
    const double keep = 1.0 - (double)a->p;
    uint32_t word[4], counter[4];
    counter[0] = (uint32_t)(feature / 4);
    counter[1] = (uint32_t)row;
    counter[2] = (uint32_t)owner;
    counter[3] = a->d->micro_step * 256u + (uint32_t)a->site;
    sen__philox(word, a->d->key, counter);
    return (double)word[feature % 4] < floor(keep * 4294967296.0) ? 1.0 / keep : 0.0;
}

static inline double naive_drop_bit(const naive_drop_arg *a, int64_t at)
{
    return a->d->bits[a->site][at / 8] >> at % 8 & 1 ? 1.0 / (1.0 - (double)a->p) : 0.0;
}

static inline double naive_drop_feature(const naive_drop_arg *a, int64_t token, int64_t feature,
                                        int64_t cols)
{
    if (!a->d) return 1.0;
    if (a->d->bits) return naive_drop_bit(a, token * cols + feature);
    return naive_drop(a, feature, a->d->position[token], a->d->owner[token]);
}

static inline void naive_dropout(double *y, double *const *in, const naive_op *o)
{
    const naive_drop_arg *a = (const naive_drop_arg *)o->arg;
    const int64_t h = o->cols[0];
    for (int64_t i = 0; i < naive_count(o, 0); i++)
        y[i] = in[0][i] * naive_drop_feature(a, i / h, i % h, h);
}

/* ---- layer norm: x [, residual], gamma [, beta] ---- */

typedef struct naive_norm_arg {
    bool           residual, beta;
    double         eps;
    naive_drop_arg drop;
} naive_norm_arg;

static inline void naive_norm(double *y, double *const *in, const naive_op *o)
{
    const naive_norm_arg *a = (const naive_norm_arg *)o->arg;
    const int64_t h = o->cols[0];
    const double *gamma = in[a->residual ? 2 : 1], *beta = a->beta ? in[o->n - 1] : NULL;
    for (int64_t i = 0; i < naive_count(o, 0); i++) {
        y[i] = in[0][i] * naive_drop_feature(&a->drop, i / h, i % h, h);
        if (a->residual) y[i] += in[1][i];
    }
    for (int64_t r = 0; r < o->rows[0]; r++) {
        double mean = 0.0, var = 0.0;
        for (int64_t i = 0; i < h; i++) mean += y[r * h + i] / (double)h;
        for (int64_t i = 0; i < h; i++) var += pow(y[r * h + i] - mean, 2.0) / (double)h;
        for (int64_t i = 0; i < h; i++)
            y[r * h + i] = (y[r * h + i] - mean) / sqrt(var + a->eps) * gamma[i];
        for (int64_t i = 0; beta && i < h; i++) y[r * h + i] += beta[i];
    }
}

/* ---- attention over packed sequences, qkv side by side ---- */

typedef struct naive_attention_arg {
    int64_t        n;                           /* sequences */
    const int32_t *first;                       /* (n+1) */
    int            heads, dim;
    double         scale;
    naive_drop_arg drop;
} naive_attention_arg;

/* One query row: the scores of a head over its sequence, softmax, dropout, the weighted sum. */
static inline void naive_attention_row(double *y, const double *qkv, const naive_attention_arg *a,
                                       int64_t s, int64_t q, int head)
{
    const int64_t from = a->first[s], len = a->first[s + 1] - from, width = a->heads * a->dim;
    const double *query = qkv + (from + q) * 3 * width + head * a->dim;
    double p[64] = { 0.0 };
    for (int64_t j = 0; j < len; j++)
        p[j] = a->scale * naive_dot(query, qkv + (from + j) * 3 * width + width + head * a->dim,
                                    a->dim);
    naive_softmax(p, p, len);
    for (int64_t j = 0; a->drop.d && j < len; j++)
        p[j] *= a->drop.d->bits
            ? naive_drop_bit(&a->drop, a->drop.d->attention_at[s] + (head * len + q) * len + j)
            : naive_drop(&a->drop, j, (int32_t)(head * len + q), a->drop.d->owner[from]);
    for (int d = 0; d < a->dim; d++) {
        double sum = 0.0;
        for (int64_t j = 0; j < len; j++)
            sum += p[j] * qkv[(from + j) * 3 * width + 2 * width + head * a->dim + d];
        y[(from + q) * width + head * a->dim + d] = sum;
    }
}

static inline void naive_attention(double *y, double *const *in, const naive_op *o)
{
    const naive_attention_arg *a = (const naive_attention_arg *)o->arg;
    for (int64_t s = 0; s < a->n; s++)
        for (int64_t q = 0; q < a->first[s + 1] - a->first[s]; q++)
            for (int head = 0; head < a->heads; head++)
                naive_attention_row(y, in[0], a, s, q, head);
}

/* ---- pooling ---- */

typedef struct naive_pool_arg {
    int            mode;                        /* a sen__pooling */
    int64_t        n;
    const int32_t *first, *skip;                /* skip NULL: none */
} naive_pool_arg;

/* The weight of row l of a sequence of len rows, the first `skip` of which are left out. */
static inline double naive_pool_weight(int mode, int64_t l, int64_t skip, int64_t len)
{
    double all = 0.0;
    for (int64_t k = skip; k < len; k++) all += (double)(k + 1);
    switch (mode) {
    case SEN__POOL_CLS:       return l == skip ? 1.0 : 0.0;
    case SEN__POOL_LAST:      return l == len - 1 ? 1.0 : 0.0;
    case SEN__POOL_MEAN:      return 1.0 / (double)(len - skip);
    case SEN__POOL_MEAN_SQRT: return 1.0 / sqrt((double)(len - skip));
    default:                  return (double)(l + 1) / all;
    }
}

static inline void naive_pool(double *y, double *const *in, const naive_op *o)
{
    const naive_pool_arg *a = (const naive_pool_arg *)o->arg;
    const int64_t h = o->cols[0];
    for (int64_t i = 0; i < naive_count(o, 1); i++) {
        const int64_t s = i / h, len = a->first[s + 1] - a->first[s];
        const int64_t skip = a->skip ? a->skip[s] : 0;
        const double *x = in[0] + a->first[s] * h + i % h;
        y[i] = a->mode == SEN__POOL_MAX && skip < len ? x[skip * h] : 0.0;
        for (int64_t l = skip; l < len; l++) {
            if (a->mode == SEN__POOL_MAX) y[i] = fmax(y[i], x[l * h]);
            else y[i] += naive_pool_weight(a->mode, l, skip, len) * x[l * h];
        }
    }
}

/* ---- row by row, every pair ---- */

static inline double naive_similarity(int kind, const double *a, const double *b, int64_t n)
{
    const double na = fmax(sqrt(naive_dot(a, a, n)), 1e-12);
    switch (kind) {
    case SEN_COS_SIM:       return naive_dot(a, b, n) / na / fmax(sqrt(naive_dot(b, b, n)), 1e-12);
    case SEN_DOT_SCORE:     return naive_dot(a, b, n);
    case SEN_EUCLIDEAN_SIM: return -naive_euclidean(a, b, n, 0.0);
    default:                return -naive_manhattan(a, b, n, 0.0);
    }
}

static inline void naive_similarities(double *y, double *const *in, const naive_op *o)
{
    const int kind = *(const int *)o->arg;
    const int64_t n = o->cols[0];
    for (int64_t i = 0; i < o->rows[0]; i++)
        for (int64_t j = 0; j < o->rows[1]; j++)
            *y++ = naive_similarity(kind, in[0] + i * n, in[1] + j * n, n);
}

static inline void naive_pairwise(double *y, double *const *in, const naive_op *o)
{
    const int64_t n = o->cols[0];
    for (int64_t i = 0; i < o->rows[0]; i++)
        y[i] = naive_similarity(*(const int *)o->arg, in[0] + i * n, in[1] + i * n, n);
}

static inline void naive_distances(double *y, double *const *in, const naive_op *o)
{
    naive_pairwise(y, in, o);
    for (int64_t i = 0; i < o->rows[0]; i++) y[i] = -y[i];
}

static inline void naive_cosines(double *y, double *const *in, const naive_op *o)
{
    const int64_t n = o->cols[0];
    for (int64_t i = 0; i < o->rows[0]; i++) y[i] = naive_cosine(in[0] + i * n, in[1] + i * n, n);
}

static inline void naive_normalize_rows(double *y, double *const *in, const naive_op *o)
{
    const int64_t n = o->cols[0];
    for (int64_t i = 0; i < o->rows[0]; i++) naive_normalize(y + i * n, in[0] + i * n, n);
}

/* ---- one number at the end ---- */

static inline void naive_cross_entropies(double *y, double *const *in, const naive_op *o)
{
    const int32_t *target = (const int32_t *)o->arg;
    y[0] = 0.0;
    for (int64_t r = 0; r < o->rows[0]; r++)
        y[0] += naive_cross_entropy(in[0] + r * o->cols[0], target ? target[r] : r, o->cols[0])
                / (double)o->rows[0];
}

static inline double naive_rank_loss(const double *s, const float *label, int64_t n)
{
    double sum = 1.0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            if (label[i] < label[j]) sum += exp(s[i] - s[j]);
    return log(sum);
}

static inline void naive_rank(double *y, double *const *in, const naive_op *o)
{
    y[0] = naive_rank_loss(in[0], (const float *)o->arg, o->rows[0]);
}

/* ---- gradients of sum(weight * y) by central differences ---- */

typedef struct naive_gradient_of {
    naive_fn       *f;
    const naive_op *o;
    double *const  *in;
    double         *y;
    const double   *weight;
} naive_gradient_of;

static inline double naive_weighted(const double *x, int64_t n, void *user)
{
    const naive_gradient_of *g = (const naive_gradient_of *)user;
    (void)x;                                    /* one of g->in, changed in place */
    (void)n;
    g->f(g->y, g->in, g->o);
    return naive_dot(g->y, g->weight, naive_count(g->o, g->o->n));
}
#endif
