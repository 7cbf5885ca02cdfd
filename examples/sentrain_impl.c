/* The one idea here: the library's code is compiled once, in a file of its own.
 *
 * Every other file of a program includes sentrain.h without the macro and sees the interface only:
 * it compiles in no time and may be C++ as well.
 *
 *     cc -O2 -march=native -c sentrain_impl.c
 *     cc encode.c sentrain_impl.o -o encode -lm -lpthread
 */
#define SENTRAIN_IMPLEMENTATION
#include "../sentrain.h"
