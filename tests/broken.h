/* Included before sentrain.h: what SENTRAIN_ASSERT finds broken fails the test case that runs. */
#ifndef BROKEN_H
#define BROKEN_H
static void test_broken(const char *file, int line, const char *condition);    /* in test.h */

#define SENTRAIN_ASSERT(condition) \
    ((condition) ? (void)0 : test_broken(__FILE__, __LINE__, #condition))
#endif
