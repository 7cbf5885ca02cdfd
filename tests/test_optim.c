/* Optimizers and schedules: recorded steps of torch and rates of transformers, clipping, weights
 * without a gradient, any number of threads, a user's own. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "naive.h"
#include "test.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

/* ---- weights for a test ---------------------------------------------------------------------- */

#define OPTIM_WEIGHTS 3

typedef struct optim_model {
    sen_tensor     w[OPTIM_WEIGHTS];
    sen__param     param[OPTIM_WEIGHTS];
    sen__optimizer *o;
} optim_model;

/* Weights of these sizes with gradients of zeros; the first of them decays, and is a matrix of
 * `rows` rows (0: a vector like the others). */
static void optim_init_args(sen_ctx *c, optim_model *m, const char *name, const char *optim_args,
                            const int64_t *sizes, int64_t rows, int n)
{
    const sen_optimizer_type *type = (const sen_optimizer_type *)
        sen__find_type(c, sen__optimizers, name);
    const void *args = NULL;
    memset(m, 0, sizeof *m);
    CHECK(type != NULL);
    CHECK_OK(c, sen__optimizer_args(c, type, optim_args, &args));
    for (int i = 0; i < n; i++) {
        const int64_t matrix[2] = { rows, rows ? sizes[0] / rows : 0 };
        const bool two = i == 0 && rows > 0;
        CHECK_OK(c, sen__tensor_init(c, &m->w[i], "w", two ? 2 : 1, two ? matrix : &sizes[i]));
        m->w[i].grad = (float *)sen__new_array(c, sizes[i], sizeof(float), "a gradient");
        m->param[i].tensor = &m->w[i];
        m->param[i].name = "w";
        m->param[i].decay = i == 0;
        m->param[i].lr_factor = 1.0;
    }
    CHECK_OK(c, sen__optimizer_new(c, type, args, m->param, n, &m->o));
    m->o->beta1 = 0.9;
    m->o->beta2 = 0.999;
    m->o->epsilon = 1e-8;
}

static void optim_init(sen_ctx *c, optim_model *m, const char *name, const int64_t *sizes, int n)
{
    optim_init_args(c, m, name, NULL, sizes, 0, n);
}

static void optim_free(sen_ctx *c, optim_model *m)
{
    sen__optimizer_free(m->o);
    for (int i = 0; i < OPTIM_WEIGHTS; i++) sen__tensor_free(&c->allocator, &m->w[i]);
}

/* ---- recorded by Python ---------------------------------------------------------------------- */

static void optim_numbers(const sen_json *list, float *out)
{
    for (const sen_json *v = list->child; v; v = v->next) *out++ = (float)v->number;
}

static void optim_golden_case(sen_ctx *c, const sen_json *file, const sen_json *g)
{
    const int64_t sizes[2] = { 12, 4 };
    const sen_json *lr = sen_json_get(file, "lrs")->child, *step;
    const sen_json *grad = sen_json_get(file, "grads")->child;
    optim_model m;
    optim_init_args(c, &m, sen_json_get(g, "optim")->text, sen_json_get(g, "optim_args")->text,
                    sizes, 3, 2);
    m.o->beta1 = sen_json_get(g, "beta1")->number;
    m.o->beta2 = sen_json_get(g, "beta2")->number;
    m.o->epsilon = sen_json_get(g, "epsilon")->number;
    m.o->weight_decay = sen_json_get(g, "weight_decay")->number;
    optim_numbers(sen_json_get(file, "W"), m.w[0].data);
    optim_numbers(sen_json_get(file, "b"), m.w[1].data);
    for (step = sen_json_get(g, "steps")->child; step; step = step->next) {
        float w[12], b[4];
        optim_numbers(sen_json_get(grad, "W"), m.w[0].grad);
        optim_numbers(sen_json_get(grad, "b"), m.w[1].grad);
        m.w[0].has_grad = m.w[1].has_grad = true;
        sen__optimizer_step(m.o, lr->number, 1.0);
        optim_numbers(sen_json_get(step, "W"), w);
        optim_numbers(sen_json_get(step, "b"), b);
        CHECK_NEAR(m.w[0].data, w, 12, 2e-7);
        CHECK_NEAR(m.w[1].data, b, 4, 2e-7);
        lr = lr->next;
        grad = grad->next;
    }
    CHECK(m.o->param[0].steps == 6);
    optim_free(c, &m);
}

static void optim_schedule_case(sen_ctx *c, const sen_json *g)
{
    const sen_schedule_type *type = (const sen_schedule_type *)
        sen__find_type(c, sen__schedules, sen_json_get(g, "type")->text);
    const double warmup = sen_json_get(g, "warmup")->number;
    const double total = sen_json_get(g, "total")->number;
    const double initial = sen_json_get(g, "rate")->number;
    sen_schedule s = { 0, warmup, total, initial, NULL };
    CHECK(type != NULL);
    if (!type || !CHECK_OK(c, sen__schedule_args(c, type, sen_json_get(g, "kwargs"), &s))) return;
    for (const sen_json *lr = sen_json_get(g, "lr")->child; lr; lr = lr->next, s.step += 1.0)
        CHECK(fabs(initial * type->factor(&s) - lr->number) <= 1e-17);
}

/* The rates of two groups after each metric, equal to the bit. In the middle the state goes through
 * JSON, as in a checkpoint. */
static void optim_metric_case(sen_ctx *c, const sen_json *g)
{
    const sen_schedule_type *type = (const sen_schedule_type *)
        sen__find_type(c, sen__schedules, sen_json_get(g, "type")->text);
    const sen_json *rates = sen_json_get(g, "rates"), *m, *lr = sen_json_get(g, "lr")->child;
    const double initial[2] = { rates->child->number, rates->last->number };
    double rate[2];
    sen_schedule s = { 0, 0, 0, initial[0], NULL };
    char *state[2];
    int seen = 0;
    CHECK(type != NULL && type->observe != NULL);
    if (!type || !CHECK_OK(c, sen__schedule_args(c, type, sen_json_get(g, "kwargs"), &s))) return;
    state[0] = (char *)calloc(2, type->state_size);
    state[1] = state[0] + type->state_size;
    sen_fields_default(type->state_fields, state[0]);
    memcpy(rate, initial, sizeof rate);
    for (m = sen_json_get(g, "metrics")->child; m; m = m->next, lr = lr->next, seen++) {
        if (seen == 11) {
            sen__maker maker = sen__maker_in(c, &c->scratch);
            sen_json *o = sen__make(&maker, NULL, NULL, SEN_JSON_OBJECT);
            for (const sen_field *f = type->state_fields; f->name; f++)
                sen__make_copy(&maker, o, f->name, sen__field_write(c, f, state[0]));
            CHECK_OK(c, sen__fields_read(c, o, type->state_fields, state[1]));
        }
        type->observe(&s, state[seen >= 11], m->number, initial, rate, 2);
        CHECK(rate[0] == lr->child->number && rate[1] == lr->last->number);
    }
    CHECK(seen > 20);
    free(state[0]);
}

static void test_optim_golden(void)
{
    sen_ctx *c = test_ctx(1);
    sen_json *file = NULL;
    sen_arena arena;
    size_t size = 0;
    char *text = test_read(GOLDEN_DIR "/optim.json", &size);
    int optimizers = 0, schedules = 0, metric_driven = 0;
    CHECK(text != NULL);
    sen__arena_init(&arena, &c->allocator, 64 << 10);
    if (text && CHECK_OK(c, sen__json_parse(c, &arena, "optim.json", text, size, 0, &file))) {
        const sen_json *g = sen_json_get(file, "optimizers")->child;
        for (; g; g = g->next, optimizers++) optim_golden_case(c, file, g);
        g = sen_json_get(file, "schedules")->child;
        for (; g; g = g->next, schedules++) optim_schedule_case(c, g);
        g = sen_json_get(file, "metric_driven")->child;
        for (; g; g = g->next, metric_driven++) optim_metric_case(c, g);
    }
    CHECK(optimizers >= 15 && schedules >= 36 && metric_driven >= 11);
    sen__arena_free(&arena);
    sen_ctx_free(c);
    free(text);
}

/* The factor of a schedule at a step, with arguments from JSON text; NaN if they are refused. */
static double optim_factor_of(sen_ctx *c, const char *name, const char *kwargs, double step,
                              double warmup, double total)
{
    const sen_schedule_type *type = (const sen_schedule_type *)
        sen__find_type(c, sen__schedules, name);
    sen_schedule s = { step, warmup, total, 0.002, NULL };
    sen_json *tree = NULL;
    if (!type || !CHECK_OK(c, sen__json_parse(c, &c->keep, "kwargs", kwargs, strlen(kwargs), 0,
                                              &tree)))
        return NAN;
    return sen__schedule_args(c, type, tree, &s) || !type->factor ? NAN : type->factor(&s);
}

/* Runs shorter than their warm-up, and of no steps at all, divide by nothing. */
static void test_optim_short_schedules(void)
{
    sen_ctx *c = test_ctx(1);
    const sen_schedule_type *const *row;
    CHECK(optim_factor_of(c, "linear", "{}", 0, 10, 5) == 0.0);
    CHECK(optim_factor_of(c, "linear", "{}", 5, 10, 5) == 0.5);
    CHECK(optim_factor_of(c, "linear", "{}", 10, 10, 5) == 0.0);
    CHECK(optim_factor_of(c, "constant", "{}", 7, 3, 5) == 1.0);
    CHECK(optim_factor_of(c, "constant_with_warmup", "{}", 1, 4, 5) == 0.25);
    CHECK(optim_factor_of(c, "polynomial", "{}", 4, 4, 4) == 1.0);
    for (row = sen__schedules; *row; row++) {
        const char *kwargs = sen__text_starts((*row)->name, "warmup_stable") ?
            "{\"num_decay_steps\": 3}" : strstr((*row)->name, "min_lr") ?
            "{\"min_lr_rate\": 0.5}" : "{}";
        if ((*row)->factor) {
            const double f = optim_factor_of(c, (*row)->name, kwargs, 0, 0, 0);
            CHECK(f >= 0.0 && f <= 1.0);
        }
    }
    sen_ctx_free(c);
}

/* What Python's functions refuse is refused, and what would have no effect too. */
static void test_optim_schedule_arguments(void)
{
    static const char *const rows[][3] = {
        { "cosine", "{\"num_cycels\": 2}", "num_cycles" },
        { "linear", "{\"num_cycles\": 2}", "unknown key" },
        { "cosine", "{\"num_cycles\": \"2\"}", "number" },
        { "cosine", "[]", "object" },
        { "cosine_with_restarts", "{\"num_cycles\": -1}", "0 or more" },
        { "cosine_with_min_lr", "{}", "either min_lr or min_lr_rate" },
        { "cosine_with_min_lr", "{\"min_lr\": 0, \"min_lr_rate\": 0}", "not both" },
        { "polynomial", "{\"lr_end\": 0.002}", "smaller than learning_rate" },
        { "inverse_sqrt", "{\"timescale\": 0}", "above 0" },
        { "warmup_stable_decay", "{}", "num_decay_steps" },
        { "reduce_lr_on_plateau", "{\"factor\": 1}", "between 0 and 1" },
        { "reduce_lr_on_plateau", "{\"mode\": \"least\"}", "min, max" },
        { "greedy", "{\"factor\": 1.5}", "between 0 and 1" },
        { "greedy", "{\"window_size\": 0}", "window_size" },
        { "greedy", "{\"max_lr\": [1]}", "number" },
        { "warmup_stable_decay", "{\"num_decay_steps\": 2, \"decay_type\": \"exp\"}", "1-sqrt" },
    };
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(isnan(optim_factor_of(c, rows[i][0], rows[i][1], 0, 0, 5)));
        CHECK(strstr(sen_message(c), rows[i][2]) != NULL);
        sen__forgive(c);
    }
    CHECK(optim_factor_of(c, "inverse_sqrt", "{\"timescale\": null}", 10000, 0, 5)
          == 1.0 / sqrt(2.0));
    sen_ctx_free(c);
}

/* ---- optimizers one by one ------------------------------------------------------------------- */

static const char *const optim_kinds[][2] = {
    { "sgd", "" }, { "sgd", "momentum=0.9, dampening = 0.25" },
    { "sgd", "momentum=0.8,nesterov=True" }, { "adagrad", "lr_decay=0.1" }, { "rmsprop", "" },
    { "rmsprop", "momentum=0.9,alpha=0.95,eps=1e-7,centered=true" }, { "lion_32bit", "" },
    { "adafactor", "" },
};

/* What is cut into single values, each through the last, partial vector, gives the bits of whole
 * vectors; clipping and decay included. */
static void test_optim_pieces(void)
{
    sen_ctx *c = test_ctx(1);
    for (size_t kind = 0; kind < sizeof optim_kinds / sizeof *optim_kinds; kind++) {
        const int64_t size = 77;
        optim_model a, b;
        optim_init_args(c, &a, optim_kinds[kind][0], optim_kinds[kind][1], &size, 0, 1);
        optim_init_args(c, &b, optim_kinds[kind][0], optim_kinds[kind][1], &size, 0, 1);
        fill_random(a.w[0].data, size, 3);
        memcpy(b.w[0].data, a.w[0].data, (size_t)size * sizeof(float));
        for (int step = 1; step <= 3 && !a.o->type->whole; step++) {
            sen_update u = { 0.01, 0.1, 0.5, step, 0.9, 0.99, 1e-8, a.o->args };
            fill_random(a.w[0].grad, size, (uint32_t)(20 + step));
            a.o->type->update(a.w[0].data, a.o->param[0].state, a.w[0].grad, size, &u);
            for (int64_t i = 0; i < size; i++) {
                float *state[SEN_OPTIMIZER_ARRAYS];
                for (int k = 0; k < SEN_OPTIMIZER_ARRAYS; k++)
                    state[k] = b.o->param[0].state[k] ? b.o->param[0].state[k] + i : NULL;
                b.o->type->update(b.w[0].data + i, state, a.w[0].grad + i, 1, &u);
            }
            CHECK(memcmp(a.w[0].data, b.w[0].data, (size_t)size * sizeof(float)) == 0);
        }
        optim_free(c, &a);
        optim_free(c, &b);
    }
    sen_ctx_free(c);
}

/* The paper's algorithm 2, in double; a value whose gradient and mean are 0 only decays. */
static void test_optim_lion(void)
{
    const int64_t size = 37;
    double p[37], m[37] = { 0 };
    sen_ctx *c = test_ctx(1);
    optim_model k;
    optim_init(c, &k, "lion_32bit", &size, 1);
    k.o->beta2 = 0.99;
    k.o->weight_decay = 0.1;
    fill_random(k.w[0].data, size, 1);
    for (int i = 0; i < size; i++) p[i] = (double)k.w[0].data[i];
    for (int step = 1; step <= 4; step++) {
        fill_random(k.w[0].grad, size, (uint32_t)step + 9);
        k.w[0].grad[5] = 0.0f;
        k.w[0].has_grad = true;
        for (int i = 0; i < size; i++) {
            const double g = (double)k.w[0].grad[i], mix = 0.9 * m[i] + 0.1 * g;
            p[i] -= 0.01 * ((mix > 0.0) - (mix < 0.0) + 0.1 * p[i]);
            m[i] = 0.99 * m[i] + 0.01 * g;
        }
        sen__optimizer_step(k.o, 0.01, 1.0);
        CHECK_NEAR(k.w[0].data, p, size, 3e-7);
    }
    optim_free(c, &k);
    sen_ctx_free(c);
}

/* Adafactor's chunks and planes, beside a twin in double: rows longer than a chunk, three
 * dimensions, a scaled gradient, a large one that the norm of the update cuts. */
static void optim_adafactor_twin(double *p, double *row, double *col, const float *g, double scale,
                                 int64_t planes, int64_t height, int64_t cols, int t)
{
    const double keep = 1.0 - pow(t, -0.8), lr = 0.01, wd = 0.1;
    double *d = (double *)calloc((size_t)(planes * height * cols), sizeof *d), sum = 0;
    for (int64_t q = 0; q < planes; q++) {
        double mean = 0;
        for (int64_t r = q * height; r < (q + 1) * height; r++) {
            double all = 0;
            for (int64_t j = 0; j < cols; j++) all += pow(scale * (double)g[r * cols + j], 2.0);
            row[r] = keep * row[r] + (1.0 - keep) * (all / (double)cols + 1e-30);
            mean += row[r] / (double)height;
        }
        for (int64_t j = 0; j < cols; j++) {
            double all = 0;
            for (int64_t r = q * height; r < (q + 1) * height; r++)
                all += pow(scale * (double)g[r * cols + j], 2.0);
            col[q * cols + j] = keep * col[q * cols + j] +
                                (1.0 - keep) * (all / (double)height + 1e-30);
            for (int64_t r = q * height; r < (q + 1) * height; r++) {
                d[r * cols + j] = scale * (double)g[r * cols + j] /
                                  sqrt(row[r] / mean * col[q * cols + j]);
                sum += d[r * cols + j] * d[r * cols + j];
            }
        }
    }
    sum = fmax(1.0, sqrt(sum / (double)(planes * height * cols)));
    for (int64_t i = 0; i < planes * height * cols; i++)
        p[i] = p[i] * (1.0 - lr * wd) - lr * d[i] / sum;
    free(d);
}

static void test_optim_adafactor(void)
{
    static const int64_t shapes[2][3] = { { 1, 5, 1100 }, { 3, 4, 70 } };
    sen_ctx *c = test_ctx(1);
    const sen_optimizer_type *type = (const sen_optimizer_type *)
        sen__find_type(c, sen__optimizers, "adafactor");
    for (int s = 0; s < 2; s++) {
        const int64_t *shape = shapes[s] + (s == 0), n = shapes[s][0] * shapes[s][1] * shapes[s][2];
        const int ndim = s == 0 ? 2 : 3;
        float *p = (float *)calloc((size_t)n * 4, sizeof *p), *g = p + n;
        float *state[3] = { p + 2 * n, p + 3 * n, NULL };
        double *twin = (double *)calloc((size_t)n * 3, sizeof *twin);
        CHECK(type->count(0, shape, ndim, NULL) == shapes[s][0] * shapes[s][1]);
        CHECK(type->count(1, shape, ndim, NULL) == shapes[s][0] * shapes[s][2]);
        CHECK(type->count(2, shape, ndim, NULL) == 0);
        fill_random(p, n, 1);
        for (int64_t i = 0; i < n; i++) twin[i] = (double)p[i];
        for (int t = 1; t <= 3; t++) {
            const sen_update u = { 0.01, 0.1, 0.5, t, 0, 0, 0, NULL };
            fill_random(g, n, (uint32_t)t + 5);
            for (int64_t i = 0; i < n; i++) g[i] *= t == 2 ? 50.0f : 1.0f;
            optim_adafactor_twin(twin, twin + n, twin + 2 * n, g, 0.5, shapes[s][0],
                                 shapes[s][1], shapes[s][2], t);
            type->whole(p, state, g, shape, ndim, &u);
            CHECK_NEAR(p, twin, n, 5e-7);
        }
        free(p);
        free(twin);
    }
    sen_ctx_free(c);
}

/* What cannot be read or does not go together is refused; what has no effect is a warning. */
static void test_optim_arguments(void)
{
    static const char *const rows[][3] = {
        { "sgd", "momentun=0.9", "did you mean \"momentum\"" },
        { "sgd", "momentum", "no part of that" }, { "sgd", "momentum=1=2", "no part of that" },
        { "sgd", "momentum=0.9,", "no part of that" }, { "sgd", "momentum=much", "number" },
        { "sgd", "nesterov=True", "momentum above 0" }, { "sgd", "momentum=-1", "0 or more" },
        { "adagrad", "eps=0", "above 0" }, { "rmsprop", "alpha=-1", "0 or more" },
    };
    static const char *const absent[] = { "adamw_bnb_8bit", "galore_adamw_layerwise", "lion_8bit",
                                          "paged_adamw_32bit", "schedule_free_sgd", "adalomo" };
    sen_ctx *c = test_ctx(1);
    const void *args = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const sen_optimizer_type *type = (const sen_optimizer_type *)
            sen__find_type(c, sen__optimizers, rows[i][0]);
        CHECK(sen__optimizer_args(c, type, rows[i][1], &args) == SEN_ERR_ARGUMENT);
        CHECK(strstr(sen_message(c), rows[i][2]) != NULL);
        sen__forgive(c);
    }
    CHECK_OK(c, sen__optimizer_args(c, &sen__sgd, "weight_decay=0.5", &args));
    CHECK(((const sen__sgd_args *)args)->momentum == 0.0);
    CHECK_OK(c, sen__optimizer_args(c, &sen__adafactor_type, "relative_step=True", &args));
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        CHECK(sen__optimizer_absent(absent[i]) != NULL);
    CHECK(!sen__optimizer_absent("adamw_torc") && !sen__optimizer_absent("rmsprop"));
    sen_ctx_free(c);
}

/* ---- against a twin -------------------------------------------------------------------------- */

/* Rate factors, decay of the first weight only, gradients scaled on the way (clipping,
 * micro-batches) except the loss's own, and a weight that got no gradient: left alone, not even
 * counted. */
static void test_optim_groups(void)
{
    const int64_t sizes[3] = { 37, 5, 11 };
    double p[3][37], first[3][37], second[3][37];
    sen_ctx *c = test_ctx(1);
    optim_model m;
    optim_init(c, &m, "adamw_torch", sizes, 3);
    m.o->weight_decay = 0.1;
    m.o->param[1].lr_factor = 0.5;
    m.o->param[2].owned_by_loss = true;
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    for (int i = 0; i < 3; i++) {
        fill_random(m.w[i].data, sizes[i], (uint32_t)i + 1);
        for (int64_t k = 0; k < sizes[i]; k++) p[i][k] = (double)m.w[i].data[k];
    }
    for (int step = 1; step <= 4; step++) {
        for (int i = 0; i < 3; i++) {
            const double lr = i == 1 ? 0.005 : 0.01, decay = i == 0 ? 0.1 : 0.0;
            const double scale = i == 2 ? 1.0 : 0.25;
            m.w[i].has_grad = i != 1 || step != 2;
            if (!m.w[i].has_grad) continue;
            fill_random(m.w[i].grad, sizes[i], (uint32_t)(10 * step + i));
            for (int64_t k = 0; k < sizes[i]; k++)
                naive_adamw(&p[i][k], &first[i][k], &second[i][k],
                            (double)m.w[i].grad[k] * scale, lr, 0.9, 0.999, 1e-8, decay,
                            i == 1 && step > 2 ? step - 1 : step);
        }
        sen__optimizer_step(m.o, 0.01, 0.25);
        for (int i = 0; i < 3; i++) CHECK_NEAR(m.w[i].data, p[i], sizes[i], 5e-7);
        sen__zero_grad(m.o);
        for (int i = 0; i < 3; i++) CHECK(sen_tensor_grad(&m.w[i]) == NULL);
    }
    CHECK(m.o->param[0].steps == 4 && m.o->param[1].steps == 3);
    optim_free(c, &m);
    sen_ctx_free(c);
}

/* The norm is that of the model's gradients alone, of those that came. */
static void test_optim_norm(void)
{
    const int64_t sizes[3] = { SEN__PIECE + 13, 5, 11 };
    sen_ctx *c = test_ctx(1);
    double expect = 0.0, norm = -1.0;
    optim_model m;
    optim_init(c, &m, "adamw_torch", sizes, 3);
    CHECK_OK(c, sen__grad_norm(m.o, &norm));
    CHECK(norm == 0.0);
    for (int i = 0; i < 3; i++) fill_random(m.w[i].grad, sizes[i], (uint32_t)i + 1);
    m.w[0].has_grad = m.w[2].has_grad = true;
    for (int64_t k = 0; k < sizes[0]; k++) expect += pow((double)m.w[0].grad[k], 2.0);
    m.o->param[2].owned_by_loss = true;
    CHECK_OK(c, sen__grad_norm(m.o, &norm));
    CHECK(fabs(norm / sqrt(expect) - 1.0) < 1e-12);
    test_blocks.fail_at = test_blocks.calls + 1;        /* its sums are in the arena already */
    CHECK_OK(c, sen__grad_norm(m.o, &norm));
    test_blocks.fail_at = 0;
    optim_free(c, &m);
    sen_ctx_free(c);
}

/* A table of embeddings whose gradient comes row by row, beside the same one with whole gradients:
 * the same norm and weights to the bit, whichever rows a step names, with and without decay. */
#define OPTIM_ROWS 700
#define OPTIM_COLS 101

static void optim_table_init(sen_ctx *c, optim_model *m, bool by_row)
{
    const int64_t shape[2] = { OPTIM_ROWS, OPTIM_COLS };
    memset(m, 0, sizeof *m);
    CHECK_OK(c, sen__tensor_init(c, &m->w[0], "w", 2, shape));
    m->w[0].is_table = true;
    m->w[0].grad = (float *)sen__new_array(c, m->w[0].count, sizeof(float), "a gradient");
    if (by_row) m->w[0].grad_row = (unsigned char *)sen__new_array(c, OPTIM_ROWS, 1, "its rows");
    for (int64_t i = 0; i < m->w[0].count; i++) m->w[0].grad[i] = (float)NAN;   /* nothing stands */
    fill_random(m->w[0].data, m->w[0].count, 5);
    m->param[0].tensor = &m->w[0];
    m->param[0].name = "w";
    m->param[0].decay = true;
    m->param[0].lr_factor = 1.0;
    CHECK_OK(c, sen__optimizer_new(c, &sen__adamw_torch, NULL, m->param, 1, &m->o));
    m->o->beta1 = 0.9;
    m->o->beta2 = 0.999;
    m->o->epsilon = 1e-8;
}

/* One step's gradient on n rows that the step's number decides on; returns the norm. */
static double optim_table_step(sen_ctx *c, optim_model *m, int step, double decay, double scale)
{
    const int32_t rows[4] = { step % 5, 17, 40 * step % OPTIM_ROWS, OPTIM_ROWS - step };
    const int64_t bytes = m->w[0].count * (int64_t)sizeof(float);
    float *g = sen__grad_of_rows(&m->w[0], rows, 4);
    double norm = -1.0;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < OPTIM_COLS; k++)
            g[rows[i] * OPTIM_COLS + k] += (float)(i + 1) / (float)(k + step);
    m->o->weight_decay = decay;
    CHECK_OK(c, sen__grad_norm(m->o, &norm));
    sen__optimizer_step(m->o, 0.01, scale);
    sen__zero_grad(m->o);
    CHECK(bytes > 0 && sen_tensor_grad(&m->w[0]) == NULL);
    return norm;
}

static void test_optim_table(void)
{
    sen_ctx *c = test_ctx(2);
    optim_model a, b;
    int64_t moved = 0;
    optim_table_init(c, &a, true);
    optim_table_init(c, &b, false);
    CHECK(a.o->param[0].moved && !b.o->param[0].moved);
    for (int step = 1; step <= 12; step++) {
        const double decay = step > 9 ? 0.1 : 0.0, scale = 1.0 / step;
        const double norm = optim_table_step(c, &a, step, decay, scale);
        CHECK(norm == optim_table_step(c, &b, step, decay, scale));
        CHECK(memcmp(a.w[0].data, b.w[0].data, (size_t)a.w[0].count * sizeof(float)) == 0);
        if (step != 9) continue;
        for (int r = 0; r < OPTIM_ROWS; r++) moved += a.o->param[0].moved[r];
        CHECK(moved > 4 && moved < 40);         /* the others have cost nothing */
        for (int r = 0; r < OPTIM_ROWS; r++)    /* read from a file, the arrays are whole */
            if (!a.o->param[0].moved[r])
                for (int k = 0; k < 2; k++)
                    memset(a.o->param[0].state[k] + r * OPTIM_COLS, 0, OPTIM_COLS * sizeof(float));
        memset(a.o->param[0].moved, 7, OPTIM_ROWS);
        sen__param_find_moved(&a.o->param[0], 2);
        for (int r = 0; r < OPTIM_ROWS; r++) moved -= a.o->param[0].moved[r];
        CHECK(moved == 0);
    }
    optim_table_step(c, &a, 13, 0.0, (double)NAN);      /* no number spreads to every row */
    optim_table_step(c, &b, 13, 0.0, (double)NAN);
    CHECK(isnan(a.w[0].data[3]) && isnan(b.w[0].data[3]));
    sen__grad_of_rows(&a.w[0], NULL, 4);                /* row 0 alone */
    CHECK(a.w[0].grad_row[0] && !a.w[0].grad_row[1]);
    CHECK(sen_tensor_grad(&a.w[0])[5 * OPTIM_COLS] == 0.0f && a.w[0].grad_row[1]);
    optim_free(c, &a);
    optim_free(c, &b);
    sen_ctx_free(c);
}

static void optim_bits_of(sen_ctx *c, void *out, void *arg)
{
    const int64_t sizes[3] = { 3 * SEN__PIECE + 13, 5, SEN__PIECE };
    char *at = (char *)out;
    optim_model m;
    double norm = 0.0;
    optim_init_args(c, &m, ((const char *const *)arg)[0], ((const char *const *)arg)[1], sizes, 0,
                    3);
    for (int i = 0; i < 3; i++) {
        fill_random(m.w[i].data, sizes[i], (uint32_t)i + 1);
        fill_random(m.w[i].grad, sizes[i], (uint32_t)i + 7);
        m.w[i].has_grad = true;
    }
    CHECK_OK(c, sen__grad_norm(m.o, &norm));
    sen__optimizer_step(m.o, 0.01, 1.0 / norm);
    memcpy(at, &norm, sizeof norm);
    at += sizeof norm;
    for (int i = 0; i < 3; at += sizes[i++] * 4) memcpy(at, m.w[i].data, (size_t)sizes[i] * 4);
    optim_free(c, &m);
}

static void test_optim_same_bits(void)
{
    static const char *const kinds[][2] = { { "adamw_torch", "" }, { "adafactor", "" },
                                            { "rmsprop", "momentum=0.9,centered=True" } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *kind[2] = { kinds[i][0], kinds[i][1] };
        test_same_bits(optim_bits_of, 8 + 4 * (4 * SEN__PIECE + 13 + 5), (void *)kind);
    }
}

/* ---- names, a user's own, no memory ---------------------------------------------------------- */

static void optim_sign_update(float *p, float *const *state, const float *g, int64_t n,
                              const sen_update *u)
{
    (void)state;
    for (int64_t i = 0; i < n; i++) p[i] -= (float)(u->lr * (g[i] > 0.0f ? 1.0 : -1.0));
}

static double optim_half(const sen_schedule *s)
{
    return s->step < s->total / 2.0 ? 1.0 : 0.5;
}

static void test_optim_own(void)
{
    static const sen_optimizer_type sign = { "sign", 0, { NULL, NULL, NULL }, optim_sign_update,
                                             false, NULL, 0, NULL, NULL, NULL };
    static const sen_schedule_type half = { "half", NULL, 0, NULL, optim_half, NULL, NULL, 0 };
    const sen_schedule at = { 8, 0, 10, 1, NULL };
    const int64_t size = 2;
    sen_ctx *c = test_ctx(1);
    const sen_schedule_type *s;
    optim_model m;
    CHECK(sen__unknown_type(c, sen__optimizers, "optimizer", "adam_torch", NULL)
          == SEN_ERR_UNSUPPORTED);
    CHECK_TEXT(sen_message(c), "no optimizer is called \"adam_torch\" here; did you mean "
                               "\"adamw_torch\"?; there are: adamw_torch, adamw_torch_fused, sgd, "
                               "adagrad, rmsprop, lion_32bit, adafactor");
    CHECK_OK(c, sen_register_optimizer(c, &sign));
    CHECK_OK(c, sen_register_schedule(c, &half));
    optim_init(c, &m, "sign", &size, 1);
    m.w[0].grad[0] = 3.0f;
    m.w[0].grad[1] = -5.0f;
    m.w[0].has_grad = true;
    s = (const sen_schedule_type *)sen__find_type(c, sen__schedules, "half");
    CHECK(s != NULL);
    if (s) sen__optimizer_step(m.o, s->factor(&at), 1.0);
    CHECK(m.w[0].data[0] == -0.5f && m.w[0].data[1] == 0.5f);
    CHECK(!sen__find_type(c, sen__optimizers, "half"));         /* each kind has its own names */
    optim_free(c, &m);
    sen_ctx_free(c);
}

static void test_optim_no_memory(void)
{
    const int64_t sizes[2] = { 12, 4 };
    bool more = true;
    int64_t at;
    for (at = 1; more && at < 20; at++) {
        sen_ctx *c = test_ctx(1);
        sen__optimizer *o = NULL;
        optim_model m;
        sen_result r;
        optim_init(c, &m, "adamw_torch", sizes, 2);
        test_blocks.fail_at = test_blocks.calls + at;
        r = sen__optimizer_new(c, &sen__adamw_torch, NULL, m.param, 2, &o);
        more = test_blocks.calls >= test_blocks.fail_at;
        test_blocks.fail_at = 0;
        CHECK(r == (more ? SEN_ERR_MEMORY : SEN_OK));
        CHECK(!more || (!o && strstr(sen_message(c), "optimizer")));
        sen__optimizer_free(o);
        optim_free(c, &m);
        sen_ctx_free(c);
    }
    CHECK(at == 5);                     /* three requests: the thing, its list, all its arrays */
}

static void test_optim(void)
{
    TEST(test_optim_golden);
    TEST(test_optim_short_schedules);
    TEST(test_optim_schedule_arguments);
    TEST(test_optim_pieces);
    TEST(test_optim_lion);
    TEST(test_optim_adafactor);
    TEST(test_optim_arguments);
    TEST(test_optim_groups);
    TEST(test_optim_norm);
    TEST(test_optim_table);
    TEST(test_optim_same_bits);
    TEST(test_optim_own);
    TEST(test_optim_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("optim", test_optim);
}
#endif
