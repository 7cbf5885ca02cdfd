/* All tests as one program, with one compile of the header. Arguments name chapters: none runs all.
 *     build/test              every chapter
 *     build/test tape ops     these
 *     build/test torture      the slow runs in which every allocation and file call fails once */
#include "broken.h"
#define SENTRAIN_IMPLEMENTATION
#include "../sentrain.h"

#define TEST_ALL                                /* the chapters' files leave their own main out */
#include "test.h"
#include "naive.h"

#include "test_memory.c"
#include "test_context.c"
#include "test_text.c"
#include "test_table.c"
#include "test_random.c"
#include "test_file.c"
#include "test_thread.c"
#include "test_vector.c"
#include "test_math.c"
#include "test_matmul.c"
#include "test_attend.c"
#include "test_tensor.c"
#include "test_tape.c"
#include "test_ops.c"
#include "test_optim.c"
#include "test_token.c"
#include "test_batch.c"
#include "test_module.c"
#include "test_model.c"
#include "test_data.c"
#include "test_sample.c"
#include "test_loss.c"
#include "test_search.c"
#include "test_eval.c"
#include "test_retrieval.c"
#include "test_limits.c"
#include "test_train.c"
#include "test_check.c"
#include "test_host.c"
#include "test_torture.c"
#include "test_fuzz.c"                       /* last: it brings the command's names */

typedef struct test_row {
    const char *tag;
    void (*run)(void);
    int by_name_only;                           /* not part of a run of all */
} test_row;

static const test_row test_rows[] = {
    { "memory",  test_memory,  0 },
    { "context", test_context, 0 },
    { "text",    test_text,    0 },
    { "table",   test_table,   0 },
    { "random",  test_random,  0 },
    { "file",    test_file,    0 },
    { "thread",  test_thread,  0 },
    { "vector",  test_vector,  0 },
    { "math",    test_math,    0 },
    { "matmul",  test_matmul,  0 },
    { "attend",  test_attend,  0 },
    { "tensor",  test_tensor,  0 },
    { "tape",    test_tape,    0 },
    { "ops",     test_ops,     0 },
    { "optim",   test_optim,   0 },
    { "token",   test_token,   0 },
    { "batch",   test_batch,   0 },
    { "module",  test_module,  0 },
    { "model",   test_model,   0 },
    { "data",    test_data,    0 },
    { "sample",  test_sample,  0 },
    { "loss",    test_loss,    0 },
    { "search",  test_search,  0 },
    { "eval",    test_eval,    0 },
    { "retrieval", test_retrieval, 0 },
    { "limits",  test_limits,  0 },
    { "train",   test_train,   0 },
    { "check",   test_check,   0 },
    { "host",    test_host,    0 },
    { "fuzz",    test_fuzz,    0 },
    { "torture", test_torture, 1 },
};
#define TEST_ROWS (sizeof test_rows / sizeof test_rows[0])

static int test_wanted(const test_row *row, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], row->tag) == 0) return 1;
    }
    return argc < 2 && !row->by_name_only;
}

static int test_known(const char *tag)
{
    for (size_t r = 0; r < TEST_ROWS; r++) {
        if (strcmp(test_rows[r].tag, tag) == 0) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (test_known(argv[i])) continue;
        fprintf(stderr, "no chapter \"%s\" has tests; there are:", argv[i]);
        for (size_t r = 0; r < TEST_ROWS; r++) fprintf(stderr, " %s", test_rows[r].tag);
        fprintf(stderr, "\n");
        return 2;
    }
    for (size_t r = 0; r < TEST_ROWS; r++) {
        const test_row *row = &test_rows[r];
        if (test_wanted(row, argc, argv)) test_chapter(row->tag, row->run);
    }
    return test_close();
}
