/* The random chapter: torch's and CPython's own numbers, Philox's published vectors. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

static int random_same(const int64_t *got, const int64_t *expect, int64_t n)
{
    return memcmp(got, expect, (size_t)n * sizeof *got) == 0;
}

/* torch.randperm(n, generator=torch.Generator().manual_seed(seed)), torch 2.9.1. */
static void test_random_perm(void)
{
    static const int64_t p42[10] = { 2, 6, 1, 8, 4, 5, 0, 9, 3, 7 };
    static const int64_t next17[17] = { 4, 3, 6, 9, 15, 8, 2, 12, 7, 16, 13, 5, 10, 14, 1, 11, 0 };
    static const int64_t p43[10] = { 8, 4, 9, 0, 5, 1, 6, 7, 2, 3 };
    static const int64_t p123[12] = { 10, 4, 1, 3, 8, 2, 6, 9, 11, 0, 5, 7 };
    static const int64_t wrapped[7] = { 1, 0, 4, 2, 6, 5, 3 };
    int64_t out[17];
    sen_rng r;
    sen_rng_seed(&r, 42);
    sen_rng_perm(&r, out, 10);
    CHECK(random_same(out, p42, 10));
    sen_rng_perm(&r, out, 17);
    CHECK(random_same(out, next17, 17));
    sen_rng_seed(&r, 43);
    sen_rng_perm(&r, out, 10);
    CHECK(random_same(out, p43, 10));
    sen_rng_seed(&r, 123);
    sen_rng_perm(&r, out, 12);
    CHECK(random_same(out, p123, 12));
    sen_rng_seed(&r, ((uint64_t)1 << 32) + 5);          /* only the low 32 bits count */
    sen_rng_perm(&r, out, 7);
    CHECK(random_same(out, wrapped, 7));
    sen_rng_perm(&r, out, 0);
    sen_rng_perm(&r, out, 1);
    CHECK(out[0] == 0);
}

static void random_check_bits(const float *got, const uint32_t *expect, int n)
{
    for (int i = 0; i < n; i++) {
        uint32_t u;
        memcpy(&u, &got[i], sizeof u);
        CHECK(u == expect[i]);
    }
}

static void test_random_uniform(void)
{
    static const uint32_t u42[17] = { /* torch.empty(17).uniform_(-0.3, 0.3), seed 42 */
                                      0x3e6addc2, 0x3e7efa7b, 0xbd8fefe0, 0x3e8d1944, 0xbd869e04,
                                      0x3d77f5dd, 0xbe158fd7, 0x3e3469ca, 0x3e8767ae, 0xbe615ede,
                                      0x3e858230, 0x3d65fb3a, 0x3e62f64c, 0x3d266ac7, 0x3e1420d1,
                                      0xbd2d7eda, 0x3e6cd0ee
    };
    static const uint32_t linear[21] = {
        /* torch.manual_seed(7); nn.Linear(6, 3) */
        0x3ce9967a, 0xbe7bd412, 0x3e051d9f, 0x3e032cbf, 0xbe5f6fa2, 0xbd7a9f56, 0xbe74e737,
        0x3dd8f176, 0xbde13761, 0x3e92d8af, 0x3e9461f6, 0x3d2a58a0, 0xbe3238e9, 0xbe758b4e,
        0xbd37a387, 0xbdeb4cc8, 0x3e384228, 0xbeb27bea, 0x3ec472b9, 0xbea3f6a0, 0x3ea00f80
    };
    static const int keep[6] = { 1, 1, 0, 1, 0, 1 };    /* torch.empty(6).bernoulli_(0.7), seed 3 */
    float x[21];
    sen_rng r;
    sen_rng_seed(&r, 42);
    sen__rng_uniform(&r, x, 17, -0.3, 0.3);
    random_check_bits(x, u42, 17);
    sen_rng_seed(&r, 7);
    sen__rng_linear(&r, x, x + 18, 3, 6);
    random_check_bits(x, linear, 21);
    sen_rng_seed(&r, 3);
    for (int i = 0; i < 6; i++) CHECK((sen__rng_double(&r) < (double)0.7f) == (keep[i] != 0));
}

static void test_random_normal(void)
{
    static const float n21[21] = { /* torch.empty(21).normal_(0.5, 0.02), seed 42 */
                                   0.5385382771492004f,  0.5297456979751587f,  0.5180143713951111f,
                                   0.457889586687088f,   0.5135683417320251f,  0.5215663313865662f,
                                   0.5160160064697266f,  0.5336124300956726f,  0.5071172118186951f,
                                   0.4862675368785858f,  0.4901328682899475f,  0.5048297643661499f,
                                   0.47778192162513733f, 0.5008351802825928f,  0.4949685037136078f,
                                   0.5171971917152405f,  0.493805468082428f,   0.4920857846736908f,
                                   0.516068160533905f,   0.48756808042526245f, 0.48815998435020447f
    };
    static const float n5[7] = { /* the same with 5 values, then 2 of (0, 1) */
                                 0.5067338347434998f, 0.5025761723518372f, 0.5046892762184143f,
                                 0.5046066641807556f, 0.4775428771972656f, -0.18632829189300537f,
                                 2.2082014083862305f
    };
    float x[21];
    sen_rng r;
    sen_rng_seed(&r, 42);
    sen__rng_normal(&r, x, 21, 0.5, 0.02);
    CHECK_NEAR(x, n21, 21, 2e-7);
    sen_rng_seed(&r, 42);
    sen__rng_normal(&r, x, 5, 0.5, 0.02);
    sen__rng_normal(&r, x + 5, 2, 0.0, 1.0);
    CHECK_NEAR(x, n5, 7, 2e-7);
}

/* A saved generator goes on where it stood, a normal number left over included; nonsense is
 * refused. */
static void test_random_state(void)
{
    uint32_t words[SEN__RNG_SAVED];
    float x[3], y[3];
    sen_rng a, b;
    sen_rng_seed(&a, 42);
    sen__rng_normal(&a, x, 3, 0.0, 1.0);
    sen__rng_save(words, &a);
    CHECK(sen__rng_load(&b, words));
    sen__rng_normal(&a, x, 3, 0.0, 1.0);
    sen__rng_normal(&b, y, 3, 0.0, 1.0);
    CHECK(memcmp(x, y, sizeof x) == 0);
    sen__rng_skip(&a, 700);
    for (int i = 0; i < 700; i++) (void)sen_rng_next(&b);
    CHECK(sen_rng_next(&a) == sen_rng_next(&b));
    words[SEN_RNG_WORDS] = 625;
    CHECK(!sen__rng_load(&b, words));
}

/* CPython 3.11: random.Random(seed), then getrandbits(32), getrandbits(40), _randbelow of four,
 * three samples, a shuffle. */
static void test_random_python(void)
{
    static const struct {
        uint64_t seed, bits32, bits40;
        int64_t  below[4], six[6], twenty[20], three[3], nine[9];
    } t[] = {
        { 0,
          3626764237u,
          834878271422u,
          { 0, 0, 265, 6382010853 },
          { 4, 7, 5, 9, 1, 6 },
          { 142, 288, 143, 773, 97,  633, 818, 256, 931, 545,
            722, 829, 616, 923, 150, 317, 101, 747, 75,  920 },
          { 27, 21, 10 },
          { 0, 5, 4, 8, 6, 3, 2, 1, 7 } },
        { 42,
          2746317213u,
          26247967103u,
          { 0, 3, 228, 2342331444 },
          { 9, 6, 0, 7, 8, 1 },
          { 238, 517, 616, 27,  574, 203, 733, 665, 718, 558,
            429, 225, 459, 603, 284, 828, 890, 6,   777, 825 },
          { 5, 22, 13 },
          { 7, 8, 3, 0, 2, 6, 1, 4, 5 } },
        { 1099511627779u,
          943978446u,
          601556694576u,
          { 0, 9, 311, 7619554834 },
          { 3, 7, 5, 2, 8, 4 },
          { 318, 911, 262, 812, 485, 343, 861, 552, 774, 379,
            96,  34,  568, 471, 125, 849, 505, 68,  28,  369 },
          { 3, 8, 6 },
          { 0, 6, 4, 1, 7, 2, 5, 3, 8 } },
    };
    static const int64_t limits[4] = { 1, 10, 1000, (int64_t)1 << 33 };
    int64_t out[20], work[1000];
    for (size_t i = 0; i < SEN__COUNT(t); i++) {
        sen_rng r;
        sen__pyrandom_seed(&r, t[i].seed);
        CHECK(sen__pyrandom_bits(&r, 32) == t[i].bits32);
        CHECK(sen__pyrandom_bits(&r, 40) == t[i].bits40);
        for (int k = 0; k < 4; k++) CHECK(sen__pyrandom_below(&r, limits[k]) == t[i].below[k]);
        sen__pyrandom_sample(&r, out, 10, 6, work);
        CHECK(random_same(out, t[i].six, 6));
        sen__pyrandom_sample(&r, out, 1000, 20, work);
        CHECK(random_same(out, t[i].twenty, 20));
        sen__pyrandom_sample(&r, out, 30, 3, work);
        CHECK(random_same(out, t[i].three, 3));
        for (int k = 0; k < 9; k++) out[k] = k;
        sen__pyrandom_shuffle(&r, out, 9);
        CHECK(random_same(out, t[i].nine, 9));
    }
}

/* The known answers of Random123's kat_vectors for philox4x32 with 10 rounds. */
static void test_random_philox(void)
{
    static const struct { uint64_t key; uint32_t counter[4], out[4]; } t[] = {
        { 0, { 0, 0, 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { 0xffffffffffffffffu, { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { 0x299f31d0a4093822u, { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < SEN__COUNT(t); i++) {
        uint32_t out[4];
        sen__philox(out, t[i].key, t[i].counter);
        CHECK(memcmp(out, t[i].out, sizeof out) == 0);
    }
}

static void test_random(void)
{
    test_random_perm();
    test_random_uniform();
    test_random_normal();
    test_random_state();
    test_random_python();
    test_random_philox();
}

#ifndef TEST_ALL
int main(void)
{
    test_random();
    printf("random: %d failures\n", test_failures);
    return test_failures != 0;
}
#endif
