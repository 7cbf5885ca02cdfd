/* A program that trains with one loss, one optimizer and one schedule and has no other: it takes
 * FOLDER (a model, see encode.c) through four updates, and is refused another loss in a sentence
 * that lists what there is. Unused functions are dropped; run.sh looks that they are. */
#define SENTRAIN_STATIC
#define SENTRAIN_LOSSES(X)     X(mnrl_loss)
#define SENTRAIN_EVALUATORS(X)
#define SENTRAIN_SAMPLERS(X)   X(plain_sampler)
#define SENTRAIN_OPTIMIZERS(X) X(adamw_torch)
#define SENTRAIN_SCHEDULES(X)  X(linear_schedule)
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#include <stdio.h>
#include <string.h>

#define PAIRS 4

static sen_result train(sen_ctx *c, sen_model *m, sen_dataset *pairs, const char *folder)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_trainer *trainer = NULL;
    sen_loss *loss = NULL;
    sen_result r = sen_loss_new(c, "MultipleNegativesRankingLoss", NULL, &loss);
    desc.model = m;
    desc.train_dataset = pairs;
    desc.loss = loss;
    desc.args.output_dir = folder;
    desc.args.optim = "adamw_torch";
    desc.args.max_steps = 4;
    desc.args.per_device_train_batch_size = PAIRS;
    desc.args.save_strategy = SEN_STRATEGY_NO;
    if (!r) r = sen_trainer_new(c, &desc, &trainer);
    if (!r) r = sen_train(trainer);
    if (!r) printf("%d updates\n", (int)sen_trainer_state(trainer)->global_step);
    sen_trainer_free(trainer);
    sen_loss_free(loss);
    return r;
}

/* 0: refused, in the words that are expected. */
static int refused(sen_ctx *c, sen_result r)
{
    static const char *const words[] = { "no loss is called \"TripletLoss\"",
                                         "there are: MultipleNegativesRankingLoss" };
    int i;
    printf("%s\n", sen_message(c));
    for (i = 0; i < 2; i++)
        if (!strstr(sen_message(c), words[i])) return 1;
    return r != SEN_ERR_UNSUPPORTED || strstr(sen_message(c), "CoSENT") != NULL;
}

int main(int argc, char **argv)
{
    static const char *const side[2][PAIRS] = { { "ab", "cd", "word", "b" },
                                                { "ab ab", "cde", "word a", "b b" } };
    sen_ctx *c = NULL;
    sen_model *m = NULL;
    sen_dataset *pairs = NULL;
    sen_loss *other = NULL;
    sen_text text[2][PAIRS];
    sen_column column[2];
    sen_result r;
    int i, bad;
    if (argc != 2 || sen_ctx_new(NULL, &c)) return 2;
    memset(column, 0, sizeof column);
    for (i = 0; i < 2 * PAIRS; i++) {
        text[i / PAIRS][i % PAIRS].data = side[i / PAIRS][i % PAIRS];
        text[i / PAIRS][i % PAIRS].length = strlen(side[i / PAIRS][i % PAIRS]);
    }
    for (i = 0; i < 2; i++) {
        column[i].name = i ? "positive" : "anchor";
        column[i].texts = text[i];
    }
    bad = refused(c, sen_loss_new(c, "TripletLoss", NULL, &other));
    r = sen_model_load(c, argv[1], &m);
    if (!r) r = sen_dataset_from_arrays(c, column, 2, PAIRS, &pairs);
    if (!r) r = train(c, m, pairs, argv[1]);
    if (r) fprintf(stderr, "%s\n", sen_message(c));
    sen_dataset_free(pairs);
    sen_model_free(m);
    sen_ctx_free(c);
    return r || bad;
}
