/* The text chapter: vectors from Python for numbers, from the tokenizers package for Unicode. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include <stdio.h>
#include <stdlib.h>

#ifndef CHECK
static int failures;
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            failures++; \
            printf("%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition); \
        } \
    } while (0)
#endif

/* ---- strings and hash ---- */

static void test_text_strings(void)
{
    CHECK(sen__text_equal("abcd", 3, "abc") && !sen__text_equal("abcd", 4, "abc"));
    CHECK(sen__text_equal("", 0, "") && !sen__text_equal("", 0, "a"));
    CHECK(sen__text_starts("model.safetensors", "model.") && !sen__text_starts("mo", "model"));
    CHECK(sen__text_ends("model.safetensors", ".safetensors") && !sen__text_ends("s", ".s"));
    CHECK(sen__text_distance("", "") == 0 && sen__text_distance("", "abc") == 3);
    CHECK(sen__text_distance("kitten", "sitting") == 3);
    CHECK(sen__text_distance("lerning_rate", "learning_rate") == 1);
    CHECK(sen__text_distance("a",
        "a name of more than sixty-three bytes has nothing in common with any other, not a") > 63);
}

/* Values of xxhash.xxh64(bytes).intdigest(), seed 0; the last two are the bytes 0, 1, 2, ... */
static void test_text_hash(void)
{
    unsigned char bytes[101];
    for (int i = 0; i < 101; i++) bytes[i] = (unsigned char)i;
    CHECK(sen__text_hash64("", 0) == 0xef46db3751d8e999u);
    CHECK(sen__text_hash64("a", 1) == 0xd24ec4f1a98c6e5bu);
    CHECK(sen__text_hash64("abc", 3) == 0x44bc2cf5ad770999u);
    CHECK(sen__text_hash64("12345678", 8) == 0xd2d02f08cf7cfd4au);
    CHECK(sen__text_hash64("sentence-transformers", 21) == 0xe0824d5e60d7d342u);
    CHECK(sen__text_hash64(bytes, 32) == 0xcbf59c5116ff32b4u);
    CHECK(sen__text_hash64(bytes, 101) == 0xe99038495f85381eu);
}

/* ---- UTF-8 ---- */

/* Decodes and encodes again: in Python bytes.decode("utf-8", "replace").encode(). */
static bool text_replaced(const char *in, size_t n, const char *expect)
{
    uint32_t cp[16];
    char out[64];
    const size_t count = sen__utf8_decode(cp, in, n), size = sen__utf8_encode(out, cp, count);
    return size == strlen(expect) && memcmp(out, expect, size) == 0
        && sen__utf8_size(cp, count) == size && sen__utf8_count(in, n) == count;
}

#define FFFD "\xEF\xBF\xBD"

static void test_text_utf8(void)
{
    char out[4];
    CHECK(text_replaced("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10,
                        "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    CHECK(text_replaced("\xE2\x82" "A", 3, FFFD "A"));              /* cut: once for the part */
    CHECK(text_replaced("\xED\xA0\x80", 3, FFFD FFFD FFFD));        /* a surrogate */
    CHECK(text_replaced("\xC0\xAF", 2, FFFD FFFD));                 /* overlong */
    CHECK(text_replaced("\xF4\x90\x80\x80", 4, FFFD FFFD FFFD FFFD));
    CHECK(text_replaced("\xF0\x9F\x98", 3, FFFD));
    CHECK(text_replaced("\xF0\x9F\x98\xF0\x9F", 5, FFFD FFFD));
    CHECK(text_replaced("\xEF\xBF\xBD\0", 4, FFFD) == false);       /* a NUL is a code point */
    CHECK(sen__utf8_valid("\xEF\xBF\xBD", 3) && sen__utf8_valid("", 0));
    CHECK(sen__utf8_error("0123456789\xC3\xA9\xFF", 13) == 12);
    CHECK(sen__utf8_error("0123456789\xF0\x9F\x98", 13) == 10);
    CHECK(sen__utf8_put(out, 0xD800) == 3 && memcmp(out, FFFD, 3) == 0);
    CHECK(sen__utf8_put(out, 0x110000) == 3 && sen__utf8_put(out, 0x10FFFF) == 4);
    CHECK(sen__utf8_trim("ab\xE2\x82", 4) == 2 && sen__utf8_trim("ab\xC3\xA9", 4) == 4);
    CHECK(sen__utf8_trim("", 0) == 0 && sen__utf8_trim("\xF0\x9F\x98", 3) == 0);
}

/* ---- Unicode ---- */

static unsigned text_flags(uint32_t cp)
{
    return (unsigned)sen__uni_is_space(cp) | (unsigned)sen__uni_is_control(cp) << 1
         | (unsigned)sen__uni_is_punct(cp) << 2 | (unsigned)sen__uni_is_mn(cp) << 3
         | (unsigned)sen__uni_is_letter(cp) << 4 | (unsigned)sen__uni_is_number(cp) << 5
         | (unsigned)sen__uni_is_word(cp) << 6 | (unsigned)sen__uni_is_mark(cp) << 7;
}

/* Every code point at once: the hash of one byte of flags each, computed from the package
 * tokenizers 0.23.3 by the sweeps of tools/unicode_tables.py and Python's xxhash. */
static void test_text_classes(void)
{
    unsigned char *bytes = (unsigned char *)malloc(0x110000);
    CHECK(bytes);
    if (!bytes) return;
    for (uint32_t c = 0; c < 0x110000; c++) bytes[c] = (unsigned char)text_flags(c);
    CHECK(sen__text_hash64(bytes, 0x110000) == 0x327fefdc4ec8cb54u);
    for (uint32_t c = 0; c < 0x110000; c++) bytes[c] = sen__uni_is_cjk(c);
    CHECK(sen__text_hash64(bytes, 0x110000) == 0xf2fd095b3271c46bu);
    free(bytes);
    CHECK(sen__uni_is_control(0x200B) && sen__uni_is_control(0xFFFD)
          && !sen__uni_is_control(0x8E2));
    CHECK(sen__uni_is_punct(0x166D) && sen__uni_is_punct('$') && !sen__uni_is_punct(0x20AC));
    CHECK(!sen__uni_is_cjk(0x2B820) && sen__uni_is_cjk(0x2B920) && !sen__uni_is_cjk(0x3042));
    CHECK(text_flags(0x110000) == 0 && text_flags(0xFFFFFFFFu) == 0 && text_flags(0xD800) == 0);
}

/* The forms and lower case (form 4) of every scalar value, one after the other, in UTF-8; the hash
 * of what the package gives. */
static uint64_t text_all(int form)
{
    char *text = (char *)malloc(5 << 20);
    size_t n = 0;
    uint64_t hash;
    if (!text) return 0;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint32_t out[18];
        size_t k;
        if (c >> 11 == 0x1B) continue;
        if (form == 4) k = (size_t)sen__uni_lower(c, out);
        else k = sen__uni_normalize(out, &c, 1, form);
        CHECK(form == 4 || sen__uni_normal_room(&c, 1, form) >= k);
        n += sen__utf8_encode(text + n, out, k);
    }
    hash = sen__text_hash64(text, n);
    free(text);
    return hash;
}

static void test_text_mappings(void)
{
    CHECK(text_all(SEN__NFD) == 0xb65f11ebcf1acf29u);
    CHECK(text_all(SEN__NFC) == 0x6e7730b6b18f253fu);
    CHECK(text_all(SEN__NFKD) == 0x85abeb64b790a188u);
    CHECK(text_all(SEN__NFKC) == 0x32161148b4f4545eu);
    CHECK(text_all(4) == 0xf06587474284c90bu);
}

static bool text_form(int form, const char *in, const char *expect)
{
    uint32_t a[32], b[128];
    char out[512];
    const size_t n = sen__utf8_decode(a, in, strlen(in));
    const size_t size = sen__utf8_encode(out, b, sen__uni_normalize(b, a, n, form));
    return size == strlen(expect) && memcmp(out, expect, size) == 0;
}

static void test_text_forms(void)
{
    CHECK(text_form(SEN__NFD, "\xC3\xA9", "e\xCC\x81"));
    CHECK(text_form(SEN__NFC, "e\xCC\x81", "\xC3\xA9"));
    CHECK(text_form(SEN__NFC, "a\xCC\x81\xCC\xA3", "\xE1\xBA\xA1\xCC\x81"));    /* reordered */
    CHECK(text_form(SEN__NFC, "a\xCC\xB4\xCC\x81", "\xC3\xA1\xCC\xB4"));
    CHECK(text_form(SEN__NFC, "a\xCC\x80\xCC\x81", "\xC3\xA0\xCC\x81"));        /* blocked */
    CHECK(text_form(SEN__NFC, "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C"));
    CHECK(text_form(SEN__NFD, "\xED\x95\x9C", "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"));
    CHECK(text_form(SEN__NFKC, "\xEF\xAC\x81\xC2\xBD", "fi1\xE2\x81\x84" "2"));
    CHECK(text_form(SEN__NFC, "\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC"));     /* excluded */
    CHECK(text_form(SEN__NFC, "\xF0\x91\x82\x99\xF0\x91\x82\xBA", "\xF0\x91\x82\x9A"));
    CHECK(text_form(SEN__NFC, "", ""));
}

/* 40,000 marks in two alternating classes: ordered without quadratic time, and stably. */
static void test_text_hostile(void)
{
    const size_t n = 40000;
    uint32_t *in = (uint32_t *)malloc(2 * n * sizeof *in), *out = in + n;
    size_t wrong = 0;
    CHECK(in);
    if (!in) return;
    for (size_t i = 0; i < n; i++) in[i] = i % 2 ? 0x316 + (uint32_t)(i / 2 % 3) : 0x301;
    CHECK(sen__uni_normalize(out, in, n, SEN__NFD) == n);
    for (size_t i = 0; i < n / 2; i++)
        wrong += out[i] != 0x316 + (uint32_t)(i % 3) || out[n / 2 + i] != 0x301;
    CHECK(wrong == 0);
    free(in);
}

/* How many clusters, and how long the first is. */
static bool text_clusters(const char *s, size_t count, size_t first)
{
    const char *p = s, *end = s + strlen(s);
    size_t n = 0, at;
    for (; p < end; p += at, n++) {
        at = sen__utf8_cluster(p, end);
        if (!n && at != first) return false;
    }
    return n == count;
}

static void test_text_clusters(void)
{
    CHECK(text_clusters("abc", 3, 1) && text_clusters("\r\n\n", 2, 2));
    CHECK(text_clusters("e\xCC\x81\xCC\xA3x", 2, 5));
    CHECK(text_clusters("\n\xCC\x81", 2, 1));
    CHECK(text_clusters("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xED\x95\x9C", 2, 9));
    CHECK(text_clusters("\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9", 1, 11));    /* joined */
    CHECK(text_clusters("a\xE2\x80\x8D\xF0\x9F\x91\xA9", 2, 4));
    CHECK(text_clusters("\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xAB", 2, 8)); /* flags */
    CHECK(text_clusters("\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7", 1, 9));             /* conjunct */
    CHECK(text_clusters("\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C\xE0\xA4\xB7", 2, 9));
    CHECK(text_clusters("\xD8\x80" "1", 1, 3));                                     /* prepend */
}

/* ---- numbers ---- */

static bool text_repr(double v, const char *expect)
{
    char out[32];
    return sen__text_from_double(out, v) == strlen(expect) && strcmp(out, expect) == 0;
}

static bool text_float(float v, const char *expect)
{
    char out[32];
    return sen__text_from_float(out, v) == strlen(expect) && strcmp(out, expect) == 0;
}

static void test_text_repr(void)
{
    CHECK(text_repr(0.0, "0.0") && text_repr(-0.0, "-0.0") && text_repr(1.0, "1.0"));
    CHECK(text_repr(0.1, "0.1") && text_repr(-1.5, "-1.5") && text_repr(1e22, "1e+22"));
    CHECK(text_repr(1e16, "1e+16") && text_repr(9999999999999998.0, "9999999999999998.0"));
    CHECK(text_repr(123456789012345680.0, "1.2345678901234568e+17"));
    CHECK(text_repr(0.0001, "0.0001") && text_repr(1e-5, "1e-05") && text_repr(5e-5, "5e-05"));
    CHECK(text_repr(5e-324, "5e-324")
          && text_repr(1.7976931348623157e308, "1.7976931348623157e+308"));
    CHECK(text_repr(2.2250738585072014e-308, "2.2250738585072014e-308"));
    CHECK(text_repr(5.684341886080802e-14, "5.684341886080802e-14"));      /* 2^-44, a tie */
    CHECK(text_repr(9007199254740993.0, "9007199254740992.0") && text_repr(1e23, "1e+23"));
    CHECK(text_repr(0.1 + 0.2, "0.30000000000000004") && text_repr(2.0 / 3, "0.6666666666666666"));
    CHECK(text_repr(HUGE_VAL, "inf") && text_repr(-HUGE_VAL, "-inf")
          && text_repr((double)NAN, "nan"));
    CHECK(text_float(0.1f, "0.1") && text_float(1.0f / 3, "0.33333334"));
    CHECK(text_float(16777216.0f, "1.6777216e+07") && text_float(999999.0f, "999999.0"));
    CHECK(text_float(1e-4f, "1e-04") && text_float(1e-45f, "1e-45") && text_float(-0.0f, "-0.0"));
    CHECK(text_float(3.4028235e38f, "3.4028235e+38") && text_float(2e-5f, "2e-05"));
}

/* Reads the whole of s; the text is then `unread` bytes longer than what was taken. */
static double text_read(const char *s, size_t unread)
{
    double v = -1;
    const char *end = s + strlen(s), *p = sen__text_to_double(s, end, &v);
    CHECK(p == end - unread);
    return v;
}

static void test_text_double(void)
{
    static const char *const none[5] = { "", ".", "-", "e5", "+.e1" };
    double v = 7;
    CHECK(text_read("0", 0) == 0 && text_read("1.5e3", 0) == 1500 && text_read(".5", 0) == 0.5);
    CHECK(text_read("5.", 0) == 5 && text_read("+5e-1", 0) == 0.5 && text_read("-2E2", 0) == -200);
    CHECK(text_read("1e", 1) == 1 && text_read("1e+", 2) == 1 && text_read("1.2.3", 2) == 1.2);
    CHECK(text_read("1x", 1) == 1 && text_read("0x10", 3) == 0 && text_read("1 ", 1) == 1);
    CHECK(signbit(text_read("-0", 0)) && signbit(text_read("-1e-400", 0)));
    CHECK(text_read("2.2250738585072011e-308", 0) == 2.2250738585072011e-308);
    CHECK(text_read("9007199254740993", 0) == 9007199254740992.0);
    CHECK(text_read("9007199254740993.00000000000000000000000000001", 0) == 9007199254740994.0);
    CHECK(text_read("1e23", 0) == 1e23 && text_read("8.9e-324", 0) == 1e-323);
    CHECK(text_read("5e-324", 0) == 5e-324 && text_read("2.4703282292062327e-324", 0) == 0);
    CHECK(text_read("2.4703282292062328e-324", 0) == 5e-324);
    CHECK(text_read("1.7976931348623158e308", 0) == DBL_MAX);
    CHECK(text_read("1.7976931348623159e308", 0) == HUGE_VAL
          && text_read("-1e999", 0) == -HUGE_VAL);
    CHECK(text_read("1e99999999999999999999", 0) == HUGE_VAL);
    CHECK(text_read("0e99999999999999999999", 0) == 0
          && text_read("1e-99999999999999999999", 0) == 0);
    CHECK(text_read("18446744073709551615", 0) == 18446744073709551616.0);
    CHECK(text_read("0.000000000000000000000000000000000000000000001e45", 0) == 1);
    for (int i = 0; i < 5; i++)                         /* no number: *out stays */
        CHECK(!sen__text_to_double(none[i], none[i] + strlen(none[i]), &v) && v == 7);
}

/* The border between 1 and the next double, written out, and one digit far beyond it. */
static void test_text_long_digits(void)
{
    static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[2100];
    double v;
    const size_t n = strlen(half);
    CHECK(text_read(half, 0) == 1);
    memset(text, '0', sizeof text);
    memcpy(text, half, n);
    CHECK(sen__text_to_double(text, text + 2000, &v) == text + 2000 && v == 1);
    text[1999] = '1';
    CHECK(sen__text_to_double(text, text + 2000, &v) == text + 2000 && v == 1.0000000000000002);
    memset(text, '0', sizeof text);                     /* 10^-1500 times 10^1500 */
    memcpy(text, "0.", 2);
    memcpy(text + 1501, "1e1500", 6);
    CHECK(sen__text_to_double(text, text + 1507, &v) == text + 1507 && v == 1);
}

/* What is written reads back, bits alike, over the whole range. */
static void test_text_round_trip(void)
{
    uint64_t s = 1, wrong = 0;
    for (int i = 0; i < 20000; i++) {
        char out[32];
        double v, back = 0;
        s = s * 6364136223846793005u + 1442695040888963407u;
        v = sen__text_double_of(i % 4 ? s : s & 0x800FFFFFFFFFFFFFu);
        if (v - v != 0) continue;
        const char *end = out + sen__text_from_double(out, v);
        wrong += sen__text_to_double(out, end, &back) != end
              || sen__text_bits_of(back) != sen__text_bits_of(v);
    }
    CHECK(wrong == 0);
}

static bool text_int(const char *s, int64_t expect, bool fits)
{
    int64_t v = 0;
    const char *end = s + strlen(s), *p = sen__text_to_int64(s, end, &v);
    return v == expect && (fits ? p == end : p == NULL);
}

static bool text_fixed(double v, int decimals, const char *expect)
{
    char out[64];
    return sen__text_fixed(out, v, decimals) == strlen(expect) && strcmp(out, expect) == 0;
}

static void test_text_integers(void)
{
    const char *sign = "-";
    char out[32];
    int64_t v = 3;
    CHECK(text_int("0", 0, true) && text_int("-12", -12, true) && text_int("+7", 7, true));
    CHECK(text_int("9223372036854775807", INT64_MAX, true));
    CHECK(text_int("-9223372036854775808", INT64_MIN, true));
    CHECK(text_int("9223372036854775808", INT64_MAX, false));
    CHECK(text_int("-9223372036854775809", INT64_MIN, false));
    CHECK(text_int("99999999999999999999999", INT64_MAX, false));
    CHECK(!sen__text_to_int64(sign, sign + 1, &v) && v == 3);
    CHECK(sen__text_from_int64(out, INT64_MIN) == 20 && !strcmp(out, "-9223372036854775808"));
    CHECK(sen__text_from_int64(out, 0) == 1 && !strcmp(out, "0"));
    CHECK(text_fixed(0.5, 0, "0") && text_fixed(1.5, 0, "2") && text_fixed(2.5, 0, "2"));
    CHECK(text_fixed(2.675, 2, "2.67") && text_fixed(0.125, 2, "0.12")
          && text_fixed(9.995, 2, "9.99"));
    CHECK(text_fixed(-0.001, 2, "-0.00") && text_fixed(99.5, 0, "100")
          && text_fixed(0, 3, "0.000"));
    CHECK(text_fixed(0.1, 20, "0.10000000000000000555") && text_fixed(5e-324, 2, "0.00"));
    CHECK(text_fixed(1e15, 2, "1000000000000000.0") && text_fixed((double)NAN, 2, "nan"));
}

static void test_text_json(void)
{
    char out[32];
    double v = 0;
    const char *s = "-Infinity";
    CHECK(sen__text_from_json_double(out, (double)NAN) == 3 && !strcmp(out, "NaN"));
    CHECK(sen__text_from_json_double(out, -HUGE_VAL) == 9 && !strcmp(out, "-Infinity"));
    CHECK(sen__text_from_json_double(out, 2e-5) == 5 && !strcmp(out, "2e-05"));
    CHECK(sen__text_to_json_double(s, s + 9, &v) == s + 9 && v == -HUGE_VAL);
    CHECK(sen__text_to_json_double(s + 1, s + 9, &v) == s + 9 && v == HUGE_VAL);
    CHECK(!sen__text_to_json_double(s, s + 8, &v));
    s = "NaN";
    CHECK(sen__text_to_json_double(s, s + 3, &v) == s + 3 && v != v);
}

/* ---- messages ---- */

static void test_text_messages(void)
{
    char out[96], tight[8];
    CHECK(sen__text_format(out, sizeof out, "%s %d%% of %lld, %llu %zu %u %x%c", "row", -3,
                           -5000000000LL, 18446744073709551615ULL, (size_t)7, 8u, 255u, '!') == 52);
    CHECK(!strcmp(out, "row -3% of -5000000000, 18446744073709551615 7 8 ff!"));
    sen__text_format(out, sizeof out, "%g %g %.2f %.0f", 0.1, 1e-5, 2.675, 2.5);
    CHECK(!strcmp(out, "0.1 1e-05 2.67 2"));
    sen__text_format(out, sizeof out, "[%.*s][%.*s][%.3s]", 2, "abc", 9, "abc", "abcdef");
    CHECK(!strcmp(out, "[ab][abc][abc]"));
    sen__text_format(out, sizeof out, "%.*s|", 2, "a\xC3\xA9");
    CHECK(!strcmp(out, "a|"));                                  /* never half a character */
    CHECK(sen__text_format(tight, sizeof tight, "%s", "abcdef\xC3\xA9") == 8);
    CHECK(!strcmp(tight, "abcdef"));
    CHECK(sen__text_format(tight, sizeof tight, "%s", "abcdefg") == 7 && !strcmp(tight, "abcdefg"));
    CHECK(sen__text_format(tight, 1, "%s", "abc") == 3 && tight[0] == 0);
    CHECK(sen__text_format(NULL, 0, "%d", 12345) == 5);
}

static void test_text(void)
{
    test_text_strings();
    test_text_hash();
    test_text_utf8();
    test_text_classes();
    test_text_mappings();
    test_text_forms();
    test_text_hostile();
    test_text_clusters();
    test_text_repr();
    test_text_double();
    test_text_long_digits();
    test_text_round_trip();
    test_text_integers();
    test_text_json();
    test_text_messages();
}

#ifndef TEST_ALL
int main(void)
{
    test_text();
    printf("text: %d failures\n", failures);
    return failures != 0;
}
#endif
