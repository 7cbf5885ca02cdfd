/* The one idea here: a loss of one's own is a function and a row, and job files know it by name.
 * This is the whole command `sentrain` with one loss more:
 *
 *     own_loss train examples/own_loss.json
 */
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"

/* README: own_loss */
typedef struct hinge_args { uint32_t stamp; double margin; } hinge_args;

static const sen_field hinge_fields[] = {
    SEN_FIELD(hinge_args, margin, SEN_KIND_DOUBLE, 0.5, "how alike a pair should be, at least"),
    SEN_FIELD_END
};

/* mean over the pairs of max(0, margin - cos(a, b)); every operation here knows its gradient. */
static sen_var *hinge_forward(sen_loss_call *call)
{
    const hinge_args *a = (const hinge_args *)call->args;
    sen_var *cosine = sen_row_cosine(call->tape, call->emb[0], call->emb[1]);
    sen_var *missing = sen_affine(call->tape, cosine, -1.0f, (float)a->margin);
    return sen_mean(call->tape, sen_relu(call->tape, missing));
}

static const sen_loss_type hinge = {
    .name = "HingeLoss", .columns = "anchor, positive; no label",
    .min_columns = 2, .max_columns = 2,
    .args_size = sizeof(hinge_args), .fields = hinge_fields, .forward = hinge_forward,
};
/* README end */

#define SENTRAIN_REGISTER(ctx) sen_register_loss(ctx, &hinge)
#include "../tools/sentrain.c"
