/* The one idea here: a small model that begins with random numbers learns, in a minute on a laptop,
 * what people mean when they talk to a device at home.
 *
 *     demo DATA_FOLDER OUT_FOLDER          (make demo: examples/data build/demo)
 *
 * intents.tsv has 207 intents with 12 lines each: the first says it plainly, the other 11 are ways
 * in which people would say it. The model learns from pairs (a way of saying it, the plain line).
 * Two of the 11 ways of each intent are kept away from it: of intent i (from 0) those numbered
 * i mod 11 and (i + 5) mod 11, so that all places of the list take part. On these it is judged,
 * before and after: which of the 207 plain lines is nearest? accuracy@1 is how often the right one
 * is, MRR the mean of 1 / its rank. Many of these sentences share no telling word with any that the
 * model has seen, and it knows no other texts, so it cannot get all of them right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../sentrain.h"

#define WAYS     11                             /* of saying an intent, besides the plain line */
#define SEARCHES 5

/* Random weights in the shape of a small BERT, seeded; vocab.txt was made from intents.tsv. */
static const char model_text[] =
    "{\"modules\": ["
    "  {\"type\": \"Transformer\", \"vocab\": \"vocab.txt\", \"max_seq_length\": 32,"
    "   \"config\": {\"model_type\": \"bert\", \"hidden_size\": 128, \"num_hidden_layers\": 2,"
    "              \"num_attention_heads\": 4, \"intermediate_size\": 256,"
    "              \"max_position_embeddings\": 32}},"
    "  {\"type\": \"Pooling\", \"pooling_mode\": \"mean\"},"
    "  {\"type\": \"Normalize\"}]}";

static const char *const searches[SEARCHES] = {
    "it's freezing in here", "wake me at six thirty", "i want total darkness everywhere",
    "what should i wear outside today", "play something relaxing"
};

/* ---- the data -------------------------------------------------------------------------------- */

typedef struct demo_data {
    int64_t   intents, pairs, held;
    sen_text *plain;                            /* [intents] */
    sen_text *anchor, *positive;                /* [pairs] what is learned from */
    sen_text *question;                         /* [held] what is asked, and ... */
    int64_t  *answer;                           /* ... the intent that it belongs to */
} demo_data;

static bool data_alloc(demo_data *d, size_t rows)
{
    d->plain = (sen_text *)calloc(rows, sizeof(sen_text));
    d->anchor = (sen_text *)calloc(rows, sizeof(sen_text));
    d->positive = (sen_text *)calloc(rows, sizeof(sen_text));
    d->question = (sen_text *)calloc(rows, sizeof(sen_text));
    d->answer = (int64_t *)calloc(rows, sizeof(int64_t));
    return d->plain && d->anchor && d->positive && d->question && d->answer;
}

static void data_free(demo_data *d)
{
    free(d->plain);
    free(d->anchor);
    free(d->positive);
    free(d->question);
    free(d->answer);
}

static bool same(sen_text a, sen_text b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Rows of one intent stand together, its plain line first. The texts stay the dataset's. */
static sen_result data_split(sen_ctx *ctx, const sen_dataset *file, demo_data *d)
{
    const int64_t rows = sen_dataset_rows(file);
    int64_t row, i = -1, way = 0;
    if (!data_alloc(d, (size_t)rows))
        return sen_fail(ctx, SEN_ERR_MEMORY, "out of memory: no room for the intents");
    for (row = 0; row < rows; row++) {
        const sen_text text = sen_dataset_text(file, row, 1);
        if (row == 0 || !same(sen_dataset_text(file, row, 0), sen_dataset_text(file, row - 1, 0))) {
            d->plain[++i] = text;
            way = 0;
            continue;
        }
        if (way == i % WAYS || way == (i + 5) % WAYS) {
            d->question[d->held] = text;
            d->answer[d->held++] = i;
        } else {
            d->anchor[d->pairs] = text;
            d->positive[d->pairs++] = d->plain[i];
        }
        way++;
    }
    d->intents = i + 1;
    return SEN_OK;
}

/* ---- before and after ------------------------------------------------------------------------ */

/* Similarities (n, intents) of n texts with the plain lines, all freshly encoded. The caller frees
 * *out. */
static sen_result compare(sen_ctx *ctx, const sen_model *model, const demo_data *d,
                          const sen_text *texts, int64_t n, float **out)
{
    const int e = sen_embedding_dimension(model, SEN_NONE);
    float *plain = (float *)malloc((size_t)(d->intents * e) * sizeof(float));
    float *asked = (float *)malloc((size_t)(n * e) * sizeof(float));
    sen_result r = SEN_OK;
    *out = (float *)malloc((size_t)(n * d->intents) * sizeof(float));
    if (!plain || !asked || !*out)
        r = sen_fail(ctx, SEN_ERR_MEMORY, "out of memory: no room for the embeddings");
    if (!r) r = sen_encode(ctx, model, d->plain, d->intents, NULL, plain);
    if (!r) r = sen_encode(ctx, model, texts, n, NULL, asked);
    if (!r) r = sen_similarities(ctx, model, asked, n, plain, d->intents, e, *out);
    free(plain);
    free(asked);
    return r;
}

static sen_result judge(sen_ctx *ctx, const sen_model *model, const demo_data *d, const char *when,
                        double *accuracy)
{
    float *score = NULL;
    double first = 0, mrr = 0;
    int64_t q, i;
    const sen_result r = compare(ctx, model, d, d->question, d->held, &score);
    for (q = 0; !r && q < d->held; q++) {
        const float *s = score + q * d->intents;
        int64_t rank = 1;
        for (i = 0; i < d->intents; i++) rank += i != d->answer[q] && s[i] >= s[d->answer[q]];
        first += rank == 1;
        mrr += 1.0 / (double)rank;
    }
    free(score);
    if (r) return r;
    *accuracy = first / (double)d->held;
    printf("%s  accuracy@1 %.3f   MRR %.3f\n", when, *accuracy, mrr / (double)d->held);
    fflush(stdout);
    return r;
}

static sen_result answer_searches(sen_ctx *ctx, const sen_model *model, const demo_data *d)
{
    sen_text texts[SEARCHES];
    float *score = NULL;
    int64_t i, best;
    int q, k;
    sen_result r;
    for (q = 0; q < SEARCHES; q++) {
        texts[q].data = searches[q];
        texts[q].length = strlen(searches[q]);
    }
    r = compare(ctx, model, d, texts, SEARCHES, &score);
    for (q = 0; !r && q < SEARCHES; q++) {
        float *s = score + q * d->intents;
        printf("\n\"%s\"\n", searches[q]);
        for (k = 0; k < 3; k++) {
            for (i = best = 0; i < d->intents; i++)
                if (s[i] > s[best]) best = i;
            printf("  %.3f  %.*s\n", (double)s[best], (int)d->plain[best].length,
                   d->plain[best].data);
            s[best] = -2;                       /* below any cosine: not found again */
        }
    }
    free(score);
    return r;
}

/* ---- training -------------------------------------------------------------------------------- */

static int on_log(const sen_train_event *e, void *user)
{
    const sen_json *loss = sen_json_get(e->logs, "loss");
    (void)user;
    if (loss)
        printf("  epoch %2.0f   loss %.4f   %.0f s\n", e->state->epoch, loss->number, e->seconds);
    fflush(stdout);
    return 0;
}

static sen_result train(sen_ctx *ctx, sen_model *model, sen_dataset *pairs, sen_loss *loss,
                        const char *folder)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_callback watch = sen_callback_default();
    sen_trainer *trainer = NULL;
    char place[4096];
    sen_result r;

    desc.model = model;
    desc.train_dataset = pairs;
    desc.loss = loss;
    desc.args.output_dir = folder;
    desc.args.num_train_epochs = 16;
    desc.args.per_device_train_batch_size = 32;
    desc.args.learning_rate = 1e-3;
    desc.args.warmup_ratio = 0.1;
    desc.args.batch_sampler = "no_duplicates";  /* a plain line twice: right and wrong at once */
    desc.args.logging_strategy = SEN_STRATEGY_EPOCH;
    desc.args.save_strategy = SEN_STRATEGY_NO;
    watch.on_log = on_log;
    snprintf(place, sizeof place, "%s/final", folder);
    r = sen_trainer_new(ctx, &desc, &trainer);
    if (!r) r = sen_trainer_add_callback(trainer, &watch);
    if (!r) r = sen_train(trainer);             /* writes folder/trainer_state.json at its end */
    if (!r) r = sen_trainer_save_model(trainer, place);
    sen_trainer_free(trainer);
    return r;
}

/* ---- all of it ------------------------------------------------------------------------------- */

typedef struct demo_parts {
    demo_data    data;
    sen_dataset *file, *pairs;
    sen_model   *model;
    sen_loss    *loss;
} demo_parts;

/* Reads the data, makes the model, the dataset of pairs and the loss. */
static sen_result prepare(sen_ctx *ctx, const char *folder, demo_parts *p)
{
    sen_dataset_desc source = sen_dataset_desc_default();
    sen_mnrl_args mnrl = sen_mnrl_args_default();
    sen_column column[2];
    sen_json *spec = NULL;
    char path[4096];
    sen_result r;

    snprintf(path, sizeof path, "%s/intents.tsv", folder);
    source.path = path;
    r = sen_dataset_load(ctx, &source, &p->file);
    if (!r) r = data_split(ctx, p->file, &p->data);
    if (!r) r = sen_json_parse(ctx, "the demo's model", model_text, strlen(model_text), &spec);
    if (!r) r = sen_model_from_json(ctx, spec, NULL, folder, 42, &p->model);
    memset(column, 0, sizeof column);
    column[0].name = "anchor";
    column[0].texts = p->data.anchor;
    column[1].name = "positive";
    column[1].texts = p->data.positive;
    if (!r) r = sen_dataset_from_arrays(ctx, column, 2, p->data.pairs, &p->pairs);
    mnrl.scale = 10;                            /* the usual 20 makes so small a model too sure */
    if (!r) r = sen_loss_new(ctx, "MultipleNegativesRankingLoss", &mnrl, &p->loss);
    return r;
}

static sen_result demo(sen_ctx *ctx, const char *out, const demo_parts *p)
{
    const demo_data *d = &p->data;
    double before = 0, after = 0;
    sen_result r;
    printf("%ld intents, %ld pairs to learn from, %ld held-out phrasings; %ld random weights\n",
           (long)d->intents, (long)d->pairs, (long)d->held, (long)sen_model_parameters(p->model));
    r = judge(ctx, p->model, d, "before", &before);
    if (!r) r = train(ctx, p->model, p->pairs, p->loss, out);
    if (!r) r = judge(ctx, p->model, d, "after ", &after);
    if (!r) r = answer_searches(ctx, p->model, d);
    if (r) return r;
    printf("\nThe model is in %s/final, the record of the run in %s/trainer_state.json.\n", out,
           out);
    if (after >= 3 * before) return SEN_OK;
    return sen_fail(ctx, SEN_ERR_NUMBER,
                    "accuracy@1 should at least triple and did not: this build is not right");
}

int main(int argc, char **argv)
{
    sen_ctx *ctx = NULL;
    demo_parts p;
    sen_result r;

    if (argc != 3) return fprintf(stderr, "usage: demo DATA_FOLDER OUT_FOLDER\n"), 2;
    if (sen_ctx_new(NULL, &ctx)) return 1;
    memset(&p, 0, sizeof p);
    r = prepare(ctx, argv[1], &p);
    if (!r) r = demo(ctx, argv[2], &p);
    if (r) fprintf(stderr, "demo: %s\n", sen_message(ctx));
    sen_loss_free(p.loss);
    sen_model_free(p.model);
    sen_dataset_free(p.pairs);
    sen_dataset_free(p.file);
    data_free(&p.data);
    sen_ctx_free(ctx);
    return r ? 1 : 0;
}
