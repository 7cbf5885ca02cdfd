/* The one idea here: a model learns from pairs that should be close, and they may come from
 * anywhere, here from two C arrays. Within a batch every other pair's second text is a wrong answer
 * (MultipleNegativesRankingLoss), so nobody has to write down what is not alike.
 *
 *     train [MODEL_FOLDER NEW_FOLDER]
 *
 * Without arguments it goes on with the model that `make demo` leaves.
 */
#include <stdio.h>
#include "sentrain.h"

#define PAIRS 4
#define WORDS(literal) { literal, sizeof(literal) - 1 }

/* README: arrays */
static const sen_text question[PAIRS] = {
    WORDS("How do I reset my password?"), WORDS("Where is my parcel?"),
    WORDS("Can I pay by card?"), WORDS("Do you ship to Norway?")
};
static const sen_text answer[PAIRS] = {
    WORDS("Choose \"forgotten\" at login."), WORDS("Enter its number on our page."),
    WORDS("We take all common cards."), WORDS("Orders go all over Europe.")
};
static const sen_column columns[2] = {
    { "anchor", question, NULL, NULL }, { "positive", answer, NULL, NULL }
};
/* README end */

/* README: train */
static sen_result train(sen_ctx *ctx, sen_model *model, const char *folder)
{
    sen_trainer_desc desc = sen_trainer_desc_default();     /* then Python's own names */
    sen_dataset *pairs = NULL;
    sen_loss *loss = NULL;
    sen_trainer *trainer = NULL;
    sen_result r = sen_dataset_from_arrays(ctx, columns, 2, PAIRS, &pairs);
    if (!r) r = sen_loss_new(ctx, "MultipleNegativesRankingLoss", NULL, &loss);
    desc.model = model;                                     /* borrowed, as the next two */
    desc.train_dataset = pairs;
    desc.loss = loss;
    desc.args.output_dir = folder;
    desc.args.num_train_epochs = 10;
    desc.args.per_device_train_batch_size = PAIRS;
    desc.args.learning_rate = 1e-4;
    if (!r) r = sen_trainer_new(ctx, &desc, &trainer);
    if (!r) r = sen_train(trainer);
    if (!r) r = sen_trainer_save_model(trainer, folder);    /* Python can load this folder */
    sen_trainer_free(trainer);
    sen_loss_free(loss);
    sen_dataset_free(pairs);
    return r;                                               /* the sentence: sen_message(ctx) */
}
/* README end */

int main(int argc, char **argv)
{
    const char *from = argc == 3 ? argv[1] : "build/demo/final";
    const char *to = argc == 3 ? argv[2] : "build/trained";
    sen_ctx *ctx = NULL;
    sen_model *model = NULL;
    sen_result r;

    if (argc != 1 && argc != 3) return fprintf(stderr, "usage: train [FOLDER NEW_FOLDER]\n"), 2;
    r = sen_ctx_new(NULL, &ctx);
    if (!r) r = sen_model_load(ctx, from, &model);
    if (!r) r = train(ctx, model, to);
    if (r) fprintf(stderr, "%s\n", ctx ? sen_message(ctx) : sen_result_text(r));
    else printf("%s has learned %d pairs and is now in %s\n", from, PAIRS, to);
    sen_model_free(model);
    sen_ctx_free(ctx);
    return r ? 1 : 0;
}
