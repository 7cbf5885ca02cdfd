/* A program that uses two shared objects, each with a static copy, and has no copy of its own. */
#include <stdio.h>

const char *copy_a(int threads);
const char *copy_b(int threads);

int main(void)
{
    const char *a = copy_a(1), *b = copy_b(2);
    if (!a || !b) return 1;
    if (a == b) puts("both shared objects use one copy of the library");
    return a == b;
}
