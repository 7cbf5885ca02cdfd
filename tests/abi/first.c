/* One of two files of a program that include the header; neither holds the implementation. */
#include "sentrain.h"

const char *first_name(void);

const char *first_name(void)
{
    return sen_result_text(SEN_OK);
}
