/* The one idea here: a model learns from pairs that should be close, and they may come from
 * anywhere, here from two C arrays. Within a batch every other pair's second text is a wrong answer
 * (MultipleNegativesRankingLoss), so nobody has to write down what is not alike.
 *
 *     train MODEL_FOLDER NEW_FOLDER
 */
#include <stdio.h>
#include <string.h>
#include "../sentrain.h"

#define PAIRS 4

static const char *const question[PAIRS] = {
    "How do I reset my password?", "Where is my parcel?", "Can I pay by card?",
    "Do you ship to Norway?"
};
static const char *const answer[PAIRS] = {
    "Choose \"forgotten password\" on the login page.", "Enter its number on the tracking page.",
    "We take all common cards.", "Orders go to every country in Europe."
};

static sen_result train(sen_ctx *ctx, sen_model *model, sen_dataset *pairs, sen_loss *loss,
                        const char *folder)
{
    sen_trainer_desc desc = sen_trainer_desc_default();     /* then Python's own names */
    sen_trainer *trainer = NULL;
    sen_result r;

    desc.model = model;
    desc.train_dataset = pairs;
    desc.loss = loss;
    desc.args.output_dir = folder;
    desc.args.num_train_epochs = 10;
    desc.args.per_device_train_batch_size = PAIRS;
    desc.args.learning_rate = 2e-5;
    desc.args.save_strategy = SEN_STRATEGY_NO;              /* no checkpoints on the way */
    r = sen_trainer_new(ctx, &desc, &trainer);
    if (!r) r = sen_train(trainer);
    if (!r) r = sen_trainer_save_model(trainer, folder);    /* Python can load this folder */
    if (!r) printf("mean loss of the run: %.4f\n", sen_trainer_state(trainer)->training_loss);
    sen_trainer_free(trainer);
    return r;
}

int main(int argc, char **argv)
{
    sen_ctx *ctx = NULL;
    sen_model *model = NULL;
    sen_dataset *pairs = NULL;
    sen_loss *loss = NULL;
    sen_text text[2][PAIRS];
    sen_column column[2];
    sen_result r;
    int i;

    if (argc != 3) return fprintf(stderr, "usage: train MODEL_FOLDER NEW_FOLDER\n"), 2;
    memset(column, 0, sizeof column);
    column[0].name = "anchor";
    column[1].name = "positive";
    column[0].texts = text[0];
    column[1].texts = text[1];
    for (i = 0; i < PAIRS; i++) {
        text[0][i].data = question[i];
        text[0][i].length = strlen(question[i]);
        text[1][i].data = answer[i];
        text[1][i].length = strlen(answer[i]);
    }
    if (sen_ctx_new(NULL, &ctx)) return 1;
    r = sen_model_load(ctx, argv[1], &model);
    if (!r) r = sen_dataset_from_arrays(ctx, column, 2, PAIRS, &pairs);
    if (!r) r = sen_loss_new(ctx, "MultipleNegativesRankingLoss", NULL, &loss);
    if (!r) r = train(ctx, model, pairs, loss, argv[2]);
    if (r) fprintf(stderr, "%s\n", sen_message(ctx));
    sen_loss_free(loss);
    sen_dataset_free(pairs);
    sen_model_free(model);
    sen_ctx_free(ctx);
    return r ? 1 : 0;
}
