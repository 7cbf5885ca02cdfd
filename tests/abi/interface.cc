/* The interface as C++: it compiles, and links with the implementation compiled as C. */
#include "sentrain.h"

int main()
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_ctx *c = nullptr;
    desc.threads = 1;
    if (sen_ctx_new(&desc, &c) != SEN_OK) return 1;
    sen_ctx_free(c);
    return 0;
}
