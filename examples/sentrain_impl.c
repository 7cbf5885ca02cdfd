/* The one idea here: the library's code is compiled once, in a file of its own.
 *
 * Every other file of a program includes sentrain.h without the macro and sees the interface only:
 * it compiles in no time and may be C++ as well. This file and those beside it stand in the folder
 * of sentrain.h, or the compiler is told where that is, as here from the project's top:
 *
 *     cc -std=c99 -O2 -march=native -I. -c examples/sentrain_impl.c
 *     cc -std=c99 -O2 -I. examples/encode.c sentrain_impl.o -lm -pthread -o encode
 */
/* README: implementation */
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
/* README end */
