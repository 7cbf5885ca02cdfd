/* The other file, with main: both must call the same functions. */
#include "sentrain.h"
#include <stdio.h>

const char *first_name(void);

int main(void)
{
    sen_ctx *c = NULL;
    if (sen_ctx_new(NULL, &c) != SEN_OK) return 1;
    sen_ctx_free(c);
    puts(SENTRAIN_VERSION);
    return first_name() != sen_result_text(SEN_OK);
}
