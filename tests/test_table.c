/* The table chapter: JSON in and out, option fields, the hash map. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

/* ---- reading --------------------------------------------------------------------------------- */

static sen_result table_parse(sen_ctx *c, const char *text, size_t n, unsigned flags,
                              sen_json **out)
{
    sen_result r;
    *out = NULL;
    sen__begin(c);
    r = sen__json_parse(c, &c->scratch, "f.json", text, n, flags, out);
    return sen__end(c, r);
}

static sen_json *table_json(sen_ctx *c, const char *text)
{
    sen_json *j = NULL;
    CHECK_OK(c, table_parse(c, text, strlen(text), 0, &j));
    return j;
}

static void table_values(void)
{
    sen_ctx *c = test_ctx(1);
    const sen_json *j =
        table_json(c, " { \"a\" : [1, -2.5e1, true ,false,null , \"x\"],\r\n\t\"b\":{} }\n");
    const sen_json *a = sen_json_get(j, "a"), *k;
    CHECK(j->kind == SEN_JSON_OBJECT && j->count == 2 && j->parent == NULL);
    CHECK(a && a->kind == SEN_JSON_LIST && a->count == 6 && a->parent == j && j->child == a);
    k = a->child;
    CHECK(k->kind == SEN_JSON_NUMBER && k->is_integer && k->integer == 1 && k->number == 1);
    k = k->next;
    CHECK(k->kind == SEN_JSON_NUMBER && !k->is_integer && k->number == -25);
    CHECK_TEXT(k->text, "-2.5e1");
    k = k->next;
    CHECK(k->kind == SEN_JSON_BOOL && k->number == 1);
    k = k->next;
    CHECK(k->kind == SEN_JSON_BOOL && k->number == 0);
    k = k->next;
    CHECK(k->kind == SEN_JSON_NULL);
    k = k->next;
    CHECK(k->kind == SEN_JSON_TEXT && k->next == NULL && a->last == k);
    CHECK_TEXT(k->text, "x");
    CHECK_TEXT(j->last->key, "b");
    CHECK(j->last->kind == SEN_JSON_OBJECT && j->last->count == 0);
    CHECK(j->line == 1 && j->column == 2);
    CHECK(a->line == 1 && a->column == 4);      /* a member's place is that of its key */
    CHECK(j->last->line == 2 && j->last->column == 2);
    CHECK_TEXT(j->last->file, "f.json");
    CHECK(sen_json_get(j, "c") == NULL && sen_json_get(a, "a") == NULL);
    CHECK(sen_json_get(NULL, "a") == NULL);
    CHECK(table_json(c, "3")->integer == 3);
    CHECK(table_json(c, "\xEF\xBB\xBF[]")->kind == SEN_JSON_LIST);
    CHECK(table_json(c, "[\"\xC3\xA4\xE2\x82\xAC\", 1]")->last->column == 8);   /* code points */
    sen_ctx_free(c);
}

static void table_numbers(void)
{
    static const struct {
        const char *text;
        double number;
        int is_integer;
        int64_t integer;
    } row[] = { { "0", 0, 1, 0 },
                { "-0", 0, 1, 0 },
                { "-7", -7, 1, -7 },
                { "9223372036854775807", 9223372036854775807.0, 1, INT64_MAX },
                { "-9223372036854775808", -9223372036854775808.0, 1, INT64_MIN },
                { "9223372036854775808", 9223372036854775808.0, 0, 0 },
                { "123456789012345678901234567890", 1.2345678901234568e29, 0, 0 },
                { "1.0", 1, 0, 0 },
                { "-0.0", -0.0, 0, 0 },
                { "1e400", HUGE_VAL, 0, 0 },
                { "-1E+400", -HUGE_VAL, 0, 0 },
                { "1e-400", 0, 0, 0 },
                { "0.1", 0.1, 0, 0 },
                { "5e-324", 5e-324, 0, 0 },
                { "2.2250738585072011e-308", 2.2250738585072011e-308, 0, 0 },
                { "1E2", 100, 0, 0 },
                { "NaN", NAN, 0, 0 },
                { "Infinity", HUGE_VAL, 0, 0 },
                { "-Infinity", -HUGE_VAL, 0, 0 } };
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        const sen_json *j = table_json(c, row[i].text);
        CHECK(j->kind == SEN_JSON_NUMBER);
        CHECK(j->number == row[i].number || (isnan(j->number) && isnan(row[i].number)));
        CHECK(signbit(j->number) == signbit(row[i].number) || i == 1 || isnan(j->number));
        CHECK(j->is_integer == (row[i].is_integer != 0));
        if (j->is_integer) CHECK(j->integer == row[i].integer);
        CHECK_TEXT(j->text, row[i].text);
    }
    sen_ctx_free(c);
}

static void table_strings(void)
{
    static const struct { const char *text, *expect; } row[] = {
        { "\"\"", "" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e4\\u20AC\"", "A\xC3\xA4\xE2\x82\xAC" },
        { "\"\\ud83d\\ude00!\"", "\xF0\x9F\x98\x80!" },
        { "\"\\ud83d\"", "\xEF\xBF\xBD" },                              /* half a pair */
        { "\"\\ude00x\"", "\xEF\xBF\xBDx" },                            /* the other half */
        { "\"\\ud83d\\u0041\"", "\xEF\xBF\xBD" "A" },
        { "\"\\ud83d\\n\"", "\xEF\xBF\xBD\n" },
        { "\"\\ud83d\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
        { "\"\xC3\xA4\"", "\xC3\xA4" },
        { "\"\xFF\x80\"", "\xFF\x80" },                                 /* no UTF-8: passed on */
        { "\"\x7F\"", "\x7F" }
    };
    sen_ctx *c = test_ctx(1);
    const sen_json *j;
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++)
        CHECK_TEXT(table_json(c, row[i].text)->text, row[i].expect);
    j = table_json(c, "\"a\\u0000b\"");
    CHECK(j->length == 3 && memcmp(j->text, "a\0b", 4) == 0);
    sen_ctx_free(c);
}

typedef struct table_wrong {
    const char *text, *message;
} table_wrong;

static void table_refused(void)
{
    static const table_wrong row[] = {
        { "", "f.json:1:1: not valid JSON: the text ends where a value should stand" },
        { " \n ", "f.json:2:2: not valid JSON: the text ends where a value should stand" },
        { "[", "f.json:1:2: not valid JSON: the text ends where a value should stand" },
        { "[1", "f.json:1:3: not valid JSON: the text ends inside a list or object" },
        { "[1,", "f.json:1:4: not valid JSON: the text ends where a value should stand" },
        { "[1,]", "f.json:1:4: not valid JSON: a value should stand here" },
        { "[,1]", "f.json:1:2: not valid JSON: a value should stand here" },
        { "[1 2]", "f.json:1:4: not valid JSON: a comma or ] should stand here" },
        { "[1}", "f.json:1:3: not valid JSON: a comma or ] should stand here" },
        { "{", "f.json:1:2: not valid JSON: a key in quotes should stand here" },
        { "{1:2}", "f.json:1:2: not valid JSON: a key in quotes should stand here" },
        { "{'a':2}", "f.json:1:2: not valid JSON: a key in quotes should stand here" },
        { "{\"a\"}", "f.json:1:5: not valid JSON: a colon should follow the key" },
        { "{\"a\":}", "f.json:1:6: not valid JSON: a value should stand here" },
        { "{\"a\":1,}", "f.json:1:8: not valid JSON: a key in quotes should stand here" },
        { "{\"a\":1;\"b\":2}", "f.json:1:7: not valid JSON: a comma or } should stand here" },
        { "{\n  \"\xC3\xA4\": tru\n}", "f.json:2:8: not valid JSON: a value should stand here" },
        { "[] []", "f.json:1:4: not valid JSON: something follows the value" },
        { "1 x", "f.json:1:3: not valid JSON: something follows the value" },
        { "nulls", "f.json:1:5: not valid JSON: something follows the value" },
        { "01", "f.json:1:1: not valid JSON: a value should stand here" },
        { "-", "f.json:1:1: not valid JSON: a value should stand here" },
        { "+1", "f.json:1:1: not valid JSON: a value should stand here" },
        { "1.", "f.json:1:1: not valid JSON: a value should stand here" },
        { ".5", "f.json:1:1: not valid JSON: a value should stand here" },
        { "1e", "f.json:1:1: not valid JSON: a value should stand here" },
        { "1e+", "f.json:1:1: not valid JSON: a value should stand here" },
        { "\"abc", "f.json:1:2: not valid JSON: a string does not end" },
        { "\"abc\\\"", "f.json:1:2: not valid JSON: a string does not end" },
        { "\"\\", "f.json:1:2: not valid JSON: a string does not end" },
        { "\"a\nb\"", "f.json:1:3: not valid JSON: a control character in a string" },
        { "\"\\x\"", "f.json:1:4: not valid JSON: unknown escape in a string" },
        { "\"\\u12g4\"", "f.json:1:4: not valid JSON: \\u needs four hexadecimal digits" },
        { "\"\\u12\"", "f.json:1:4: not valid JSON: \\u needs four hexadecimal digits" },
        { "// no\n1", "f.json:1:1: not valid JSON: a value should stand here" }
    };
    sen_ctx *c = test_ctx(1);
    sen_json *j;
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        const size_t n = strlen(row[i].text);
        char *exact = (char *)malloc(n + 1);    /* no byte behind the text may be read */
        memcpy(exact, row[i].text, n + 1);
        CHECK(table_parse(c, exact, n, 0, &j) == SEN_ERR_FORMAT);
        CHECK_TEXT(sen_message(c), row[i].message);
        CHECK(j == NULL);
        free(exact);
    }
    sen_ctx_free(c);
}

/* What a job file may not have, Python's own files may. */
static void table_strict(void)
{
    static const table_wrong row[] = {
        { "[1, NaN]", "f.json:1:5: not valid JSON: a value should stand here" },
        { "[-Infinity]", "f.json:1:2: not valid JSON: a value should stand here" },
        { "{\"a\": 1,\n \"b\": {\"a\": 2}, \"a\": 3}",
          "f.json:2:17: the key \"a\" is given twice" }
    };
    sen_ctx *c = test_ctx(1);
    sen_json *j;
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        const size_t n = strlen(row[i].text);
        CHECK(table_parse(c, row[i].text, n, 0, &j) == SEN_OK);
        CHECK(table_parse(c, row[i].text, n, SEN__JSON_STRICT, &j) == SEN_ERR_FORMAT);
        CHECK_TEXT(sen_message(c), row[i].message);
    }
    sen_ctx_free(c);
}

/* As many levels as there may be: read, copied, written, and refused at the end. Then a million. */
static void table_deep(void)
{
    enum { N = SEN__JSON_DEPTH };
    static const sen__json_style flat = { 0, true, true };
    sen_ctx *c = test_ctx(1);
    sen__maker m = sen__maker_in(c, &c->scratch);
    char *text = (char *)malloc(6 * N + 1);
    sen_json *j;
    sen__out o;
    int i;
    for (i = 0; i < N; i++) memcpy(text + 5 * i, i % 2 ? "{\"a\":" : "    [", 5);
    for (i = 0; i < N; i++) text[5 * N + i] = (N - 1 - i) % 2 ? '}' : ']';
    text[5 * N - 5] = '[';                      /* innermost: a list */
    memcpy(text + 5 * N - 4, "   7", 4);
    text[5 * N] = ']';
    CHECK(table_parse(c, text, 6 * N, 0, &j) == SEN_OK);
    if (j) {
        sen_json *copy = sen__make_copy(&m, NULL, NULL, j);
        sen__out_init(&o, c);
        sen__json_write(&o, copy, &flat);
        CHECK(o.length > 4 * N && strncmp(o.data, "[{\"a\": [{", 9) == 0);
        sen__out_free(&o);
    }
    CHECK(table_parse(c, text, 6 * N - 1, 0, &j) == SEN_ERR_FORMAT);
    CHECK_TEXT(sen_message(c),
               "f.json:1:6000: not valid JSON: the text ends inside a list or object");
    free(text);
    text = (char *)malloc(1000000);
    memset(text, '[', 1000000);
    CHECK(table_parse(c, text, 1000000, 0, &j) == SEN_ERR_FORMAT);
    CHECK_TEXT(sen_message(c), "f.json:1:1001: not valid JSON: more than 1000 lists and objects "
               "are inside each other");
    free(text);
    sen_ctx_free(c);
}

/* One line of a megabyte: the columns are counted once, not once a value. */
static void table_long_line(void)
{
    enum { N = 300000 };
    sen_ctx *c = test_ctx(1);
    char *text = (char *)malloc(3 * N + 3);
    sen_json *j;
    int i;
    text[0] = '[';
    for (i = 0; i < N; i++) memcpy(text + 1 + 3 * i, "12,", 3);
    text[3 * N] = ']';
    CHECK(table_parse(c, text, 3 * N + 1, 0, &j) == SEN_OK);
    CHECK(j->count == N && j->last->column == 3 * (N - 1) + 2);
    free(text);
    sen_ctx_free(c);
}

/* Every text cut short at every place: an error, or a number that is whole already. */
static void table_cut(void)
{
    static const char text[] =
        "{\"a\": [1.5e3, \"\\u00e4\\ud83d\\ude00\\n\", true, null], \"b\": {\"c\": -12}}";
    sen_ctx *c = test_ctx(1);
    sen_json *j;
    size_t n;
    for (n = 0; n < sizeof text - 1; n++) {
        char *exact = (char *)malloc(n + 1);
        memcpy(exact, text, n);
        exact[n] = 0;
        CHECK(table_parse(c, exact, n, 0, &j) == SEN_ERR_FORMAT);
        CHECK(strncmp(sen_message(c), "f.json:1:", 9) == 0);
        free(exact);
    }
    CHECK(table_parse(c, text, sizeof text - 1, 0, &j) == SEN_OK);
    sen_ctx_free(c);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void table_written(sen_ctx *c, sen_json *j, int indent, bool sorted, bool ascii,
                          const char *expect)
{
    sen__json_style style;
    sen__out o;
    style.indent = indent;
    style.sorted = sorted;
    style.ascii = ascii;
    sen__out_init(&o, c);
    sen__json_write(&o, j, &style);
    CHECK(sen__out_result(&o) == SEN_OK);
    CHECK_TEXT(o.data, expect);
    sen__out_free(&o);
}

static const char table_tree[] =
    "{\"z\": null, \"a\": true, \"\\u00e4\": "
    "\"\\u00fc\\u20ac\\ud83d\\ude00\\u007f\\u0001\\\"\\\\\\/\\n\", \"L\": [], "
    "\"O\": {}, \"n\": [-0, 7, -9223372036854775808, 123456789012345678901234567890, 1.0, 2E-5, "
    "1e16, 1e400, NaN, 0.1], \"o\": {\"b\": {\"y\": [[]], \"x\": false}}}";

/* Expected: what Python's json.dumps(json.loads(tree), ...) writes. */
static void table_styles(void)
{
    sen_ctx *c = test_ctx(1);
    table_written(
        c, table_json(c, table_tree), 0, false, true,
        "{\"z\": null, \"a\": true, \"\\u00e4\": "
        "\"\\u00fc\\u20ac\\ud83d\\ude00\\u007f\\u0001\\\"\\\\/\\n\", "
        "\"L\": [], \"O\": {}, \"n\": [0, 7, -9223372036854775808, 123456789012345678901234567890, "
        "1.0, 2e-05, 1e+16, Infinity, NaN, 0.1], \"o\": {\"b\": {\"y\": [[]], \"x\": false}}}");
    table_written(c, table_json(c, table_tree), 0, true, false,
        "{\"L\": [], \"O\": {}, \"a\": true, \"n\": [0, 7, -9223372036854775808, "
        "123456789012345678901234567890, 1.0, 2e-05, 1e+16, Infinity, NaN, 0.1], "
        "\"o\": {\"b\": {\"x\": false, \"y\": [[]]}}, \"z\": null, "
        "\"\xC3\xA4\": \"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\\u0001\\\"\\\\/\\n\"}");
    table_written(c, table_json(c, table_tree), 2, true, true,
        "{\n  \"L\": [],\n  \"O\": {},\n  \"a\": true,\n  \"n\": [\n    0,\n    7,\n"
        "    -9223372036854775808,\n    123456789012345678901234567890,\n    1.0,\n    2e-05,\n"
        "    1e+16,\n    Infinity,\n    NaN,\n    0.1\n  ],\n  \"o\": {\n    \"b\": {\n"
        "      \"x\": false,\n      \"y\": [\n        []\n      ]\n    }\n  },\n  \"z\": null,\n"
        "  \"\\u00e4\": \"\\u00fc\\u20ac\\ud83d\\ude00\\u007f\\u0001\\\"\\\\/\\n\"\n}");
    table_written(c, table_json(c, "{\"b\": [1, {\"c\": 2}], \"a\": {}}"), 4, false, true,
        "{\n    \"b\": [\n        1,\n        {\n            \"c\": 2\n        }\n    ],\n"
        "    \"a\": {}\n}");
    table_written(c, table_json(c, "\"x\""), 4, true, true, "\"x\"");
    sen_ctx_free(c);
}

/* Trees that the program makes; members are replaced where they stand, copies replace too. */
static void table_making(void)
{
    sen_ctx *c = test_ctx(1);
    sen__maker m = sen__maker_in(c, &c->scratch);
    sen_json *j = table_json(c, "{\"a\": 1, \"b\": [2], \"c\": 3}"), *list;
    sen__make_text(&m, j, "b", "two");
    sen__make_double(&m, j, "d", 0.25);
    sen__make_copy(&m, j, "a", table_json(c, "{\"deep\": [1, {\"x\": \"y\"}]}"));
    sen__make_null(&m, j, "e");
    sen__make_text(&m, j, "f", NULL);
    sen__make_bool(&m, j, "g", true);
    list = sen__make(&m, j, "h", SEN_JSON_LIST);
    sen__make_int(&m, list, NULL, INT64_MIN);
    sen__make_double(&m, list, NULL, 1e-7);
    CHECK(!m.failed && j->count == 8);
    table_written(c, j, 0, false, true,
                  "{\"a\": {\"deep\": [1, {\"x\": \"y\"}]}, \"b\": \"two\", \"c\": 3, \"d\": 0.25, "
                  "\"e\": null, "
                  "\"f\": null, \"g\": true, \"h\": [-9223372036854775808, 1e-07]}");
    CHECK(sen__json_int_or(j, "c", 9) == 3 && sen__json_int_or(j, "d", 9) == 9);
    CHECK(sen__json_number_or(j, "d", 9) == 0.25 && sen__json_number_or(j, "b", 9) == 9);
    CHECK(sen__json_bool_or(j, "g", false) && sen__json_bool_or(j, "a", true));
    CHECK_TEXT(sen__json_text_or(j, "b", "no"), "two");
    CHECK_TEXT(sen__json_text_or(j, "e", "no"), "no");
    sen_ctx_free(c);
}

/* ---- fields ---------------------------------------------------------------------------------- */

static const char *const table_words[] = { "no", "steps", "epoch", NULL };
static const sen_kind table_word_kind = SEN__KIND_WORDS("a strategy", table_words);

typedef struct table_options {
    bool            flag;
    int             count;
    int64_t         total;
    double          rate;
    const char     *name;
    sen_texts       names;
    sen_numbers     numbers;
    const sen_json *any;
    int             strategy;
} table_options;

static const sen_field table_fields[] = {
    SEN_FIELD(table_options, flag, SEN_KIND_BOOL, 1, "a flag"),
    SEN_FIELD(table_options, count, SEN_KIND_INT, 32, "how many"),
    SEN_FIELD(table_options, total, SEN_KIND_INT64, SEN_NONE, "in all"),
    SEN_FIELD(table_options, rate, SEN_KIND_DOUBLE, 2e-5, "a rate"),
    SEN_FIELD_TEXT(table_options, name, "linear", "a name"),
    SEN_FIELD(table_options, names, SEN_KIND_TEXTS, 0, "some names"),
    SEN_FIELD(table_options, numbers, SEN_KIND_NUMBERS, 0, "some numbers"),
    SEN_FIELD(table_options, any, SEN_KIND_JSON, 0, "anything"),
    SEN_FIELD(table_options, strategy, &table_word_kind, 1, "when"),
    SEN_FIELD_END
};

static void table_defaults(void)
{
    static const sen_field endless[] = {
        SEN_FIELD(table_options, rate, SEN_KIND_DOUBLE, HUGE_VAL, "no limit"), SEN_FIELD_END
    };
    table_options o;
    memset(&o, 0x55, sizeof o);
    sen_fields_default(table_fields, &o);
    CHECK(o.flag && o.count == 32 && o.total == SEN_NONE && o.rate == 2e-5 && o.strategy == 1);
    CHECK_TEXT(o.name, "linear");
    CHECK(o.names.n == 0 && o.numbers.n == 0 && o.any == NULL);
    sen_fields_default(endless, &o);
    CHECK(o.rate == HUGE_VAL && o.count == 32);
}

static void table_read(void)
{
    sen_ctx *c = test_ctx(1);
    table_options o;
    sen_fields_default(table_fields, &o);
    CHECK_OK(c,
             sen_fields_read(c,
                             table_json(c,
                                        "{\"count\": 3.0, \"total\": 5000000000, \"flag\": false, "
                                        "\"rate\": 1, \"name\": \"x\", \"names\": [\"a\", \"b\"], "
                                        "\"numbers\": 2.5, \"any\": {\"k\": 1}, "
                                        "\"strategy\": \"IntervalStrategy.EPOCH\"}"),
                             table_fields, &o));
    CHECK(!o.flag && o.count == 3 && o.total == 5000000000 && o.rate == 1 && o.strategy == 2);
    CHECK_TEXT(o.name, "x");
    CHECK(o.names.n == 2 && o.numbers.n == 1 && o.numbers.item[0] == 2.5);
    CHECK_TEXT(o.names.item[1], "b");
    CHECK(sen_json_get(o.any, "k") != NULL);
    CHECK_OK(c, sen_fields_read(c,
                                table_json(c, "{\"count\": null, \"rate\": null, \"name\": null, "
                                              "\"names\": null, \"numbers\": [], \"any\": null}"),
                                table_fields, &o));
    CHECK(o.count == SEN_NONE && o.rate == SEN_NONE && o.name == NULL && o.names.n == 0);
    CHECK(o.numbers.n == 0 && o.any == NULL && o.total == 5000000000);  /* absent: as it was */
    sen_ctx_free(c);
}

static void table_read_refused(void)
{
    static const table_wrong row[] = {
        { "[1]", "f.json:1:1: \"this place\" takes an object, not a list" },
        { "{\"cuont\": 1}", "f.json:1:2: unknown key \"cuont\"; did you mean \"count\"?" },
        { "{\n\n  \"zzzzzz\": 1}", "f.json:3:3: unknown key \"zzzzzz\"" },
        { "{\"rate\": \"x\", \"cuont\": 1}",
          "f.json:1:15: unknown key \"cuont\"; did you mean \"count\"?" },
        { "{\"flag\": 1}", "f.json:1:2: \"flag\" takes true or false, not a number" },
        { "{\"count\": \"3\"}", "f.json:1:2: \"count\" takes a whole number, not a text" },
        { "{\"count\": 2.5}", "f.json:1:2: \"count\" takes a whole number, not 2.5" },
        { "{\"count\": 1e400}", "f.json:1:2: \"count\" takes a whole number, not inf" },
        { "{\"count\": 3000000000}", "f.json:1:2: \"count\" is too large: 3000000000" },
        { "{\"total\": 1e19}", "f.json:1:2: \"total\" takes a whole number, not 1e+19" },
        { "{\"rate\": true}", "f.json:1:2: \"rate\" takes a number, not a boolean" },
        { "{\"name\": {}}", "f.json:1:2: \"name\" takes a text, not an object" },
        { "{\"names\": [\"a\", 1]}",
          "f.json:1:17: \"names\" takes a list of texts, not of a number" },
        { "{\"numbers\": \"1\"}",
          "f.json:1:2: \"numbers\" takes a number or a list of numbers, not a text" },
        { "{\"strategy\": \"setps\"}", "f.json:1:2: \"strategy\" cannot be \"setps\"; did you mean "
          "\"steps\"?; it is one of: no, steps, epoch" },
        { "{\"strategy\": \"elephants\"}",
          "f.json:1:2: \"strategy\" cannot be \"elephants\"; it is one of: no, steps, epoch" },
        { "{\"strategy\": 1}", "f.json:1:2: \"strategy\" takes a strategy, not a number" }
    };
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        table_options o;
        const sen_json *j = table_json(c, row[i].text);
        sen_fields_default(table_fields, &o);
        CHECK(sen_fields_read(c, j, table_fields, &o) == SEN_ERR_ARGUMENT);
        CHECK_TEXT(sen_message(c), row[i].message);
    }
    sen_ctx_free(c);
}

/* What was read is written as it would be written by hand, and reads the same again. */
static void table_write_fields(void)
{
    static const char text[] = "{\"flag\": true, \"count\": null, \"total\": -5, \"rate\": 0.001, "
        "\"name\": \"x\\n\", \"names\": [\"a\"], \"numbers\": [1.0, 0.5], \"any\": [{\"k\": 1}], "
        "\"strategy\": \"no\"}";
    sen_ctx *c = test_ctx(1);
    sen__maker m = sen__maker_in(c, &c->scratch);
    sen_json *j = sen__make(&m, NULL, NULL, SEN_JSON_OBJECT);
    const sen_field *f;
    table_options o;
    sen_fields_default(table_fields, &o);
    CHECK_OK(c, sen_fields_read(c, table_json(c, text), table_fields, &o));
    for (f = table_fields; f->name; f++) {
        sen_json *v = sen__field_write(c, f, &o);
        CHECK(v != NULL);
        if (v) sen__make_copy(&m, j, f->name, v);
    }
    table_written(c, j, 0, false, true, text);
    sen_ctx_free(c);
}

/* ---- the map --------------------------------------------------------------------------------- */

static void table_map(void)
{
    enum { N = 8191 };                          /* one more, and 16384 places are half full */
    static char key[N][16];
    sen_ctx *c = test_ctx(1);
    sen__map m;
    int64_t v = 0;
    int i;
    CHECK_OK(c, sen__map_init(&m, c, 0));
    CHECK(!sen__map_get(&m, "a", 1, &v));
    for (i = 0; i < N; i++) {
        snprintf(key[i], sizeof key[i], "%d", i);
        CHECK(sen__map_put(&m, key[i], strlen(key[i]), i) == SEN_OK);
    }
    CHECK(m.count == N && m.mask + 1 >= 2 * N);
    for (i = 0; i < N; i++) CHECK(sen__map_get(&m, key[i], strlen(key[i]), &v) && v == i);
    CHECK(!sen__map_get(&m, "8191", 4, &v));
    CHECK(!sen__map_get(&m, "12", 1 + 2, &v));  /* the same bytes and a 0: another key */
    CHECK(sen__map_put(&m, "17", 2, -1) == SEN_OK && sen__map_get(&m, "17", 2, &v) && v == -1);
    CHECK(sen__map_put(&m, "", 0, 77) == SEN_OK && sen__map_get(&m, "", 0, &v) && v == 77);
    CHECK(m.count == N + 1);
    CHECK((uint64_t)m.count * 2 >= m.mask);
    test_blocks.fail_at = test_blocks.calls + 1;
    CHECK(sen__map_put(&m, "new", 3, 1) == SEN_ERR_MEMORY);
    CHECK(sen__map_get(&m, "17", 2, &v) && v == -1);            /* still whole */
    CHECK(sen__map_put(&m, "new", 3, 1) == SEN_OK);
    sen__map_free(&m, &c->allocator);
    CHECK(!sen__map_get(&m, "17", 2, &v));
    sen__map_free(&m, &c->allocator);
    sen__begin(c);
    CHECK(sen__map_init(&m, c, INT64_MAX) == SEN_ERR_MEMORY);
    sen__end(c, SEN_ERR_MEMORY);
    sen_ctx_free(c);
}

/* The n-th allocation fails, for all n: reading, copying and writing say so and leave nothing. */
static sen_result table_work(sen_ctx *c)
{
    static const sen__json_style style = { 2, true, true };
    const sen__mark mark = sen__arena_mark(&c->scratch);
    sen__maker m = sen__maker_in(c, &c->scratch);
    sen_json *j = NULL, *copy;
    table_options options;
    sen__out o;
    sen_result r;
    sen__begin(c);
    sen__out_init(&o, c);
    r = sen__json_parse(c, &c->scratch, "f.json", table_tree, sizeof table_tree - 1, 0, &j);
    copy = r ? NULL : sen__make_copy(&m, NULL, NULL, j);
    if (copy) sen__json_write(&o, copy, &style);
    if (!r) r = copy ? sen__out_result(&o) : SEN_ERR_MEMORY;
    sen__out_free(&o);
    if (!r)
        r = sen__json_parse(c, &c->scratch, "f.json", "{\"names\": [\"a\"], \"numbers\": [1]}", 32,
                            0, &j);
    if (!r) r = sen__fields_read(c, j, table_fields, &options);
    sen__arena_release(&c->scratch, mark);
    return sen__end(c, r);
}

static void table_memory(void)
{
    int64_t k;
    for (k = 1; k < 1000; k++) {
        sen_ctx *c = test_ctx(1);
        sen_result r;
        c->scratch.chunk_size = 64;             /* many small requests: many places to fail */
        c->keep.chunk_size = 16;
        test_blocks.fail_at = test_blocks.calls + k;
        r = table_work(c);
        CHECK(r == SEN_OK || r == SEN_ERR_MEMORY);
        if (r) CHECK(strncmp(sen_message(c), "out of memory: no room for ", 27) == 0);
        sen_ctx_free(c);
        CHECK(test_blocks.open == 0);
        if (!r) break;
    }
    CHECK(k > 50 && k < 1000);
}

/* ---- an object that is passed over ----------------------------------------------------------- */

/* The same values as a tree gives, in the same places; returns how many were compared. */
static int64_t table_members_agree(sen_ctx *c, const char *text, size_t n)
{
    sen_json *tree, *shut, *j = NULL;
    const sen_json *expect, *after;
    sen__json_members m;
    int64_t count = 0;
    CHECK_OK(c, table_parse(c, text, n, 0, &tree));
    CHECK_OK(c, table_parse(c, text, n, SEN__JSON_VOCAB, &shut));
    if (!tree || !shut) return 0;
    after = sen_json_get(shut, "after");
    CHECK(after && after->integer == 5 && after->line == sen_json_get(tree, "after")->line);
    CHECK(after && after->column == sen_json_get(tree, "after")->column);
    tree = (sen_json *)sen_json_get(tree, "vocab");
    shut = (sen_json *)sen_json_get(shut, "vocab");
    CHECK(shut->kind == SEN_JSON_OBJECT && shut->child == NULL && shut->count == tree->count);
    CHECK(shut->line == tree->line && shut->column == tree->column);
    CHECK_OK(c, sen__json_members_begin(c, shut, &m));
    for (expect = tree->child; expect; expect = expect->next, count++) {
        CHECK_OK(c, sen__json_members_next(&m, &j));
        if (!j) break;
        CHECK(j->key_length == expect->key_length);
        CHECK(memcmp(j->key, expect->key, expect->key_length + 1) == 0);
        CHECK(j->integer == expect->integer && j->number == expect->number);
        CHECK(j->line == expect->line && j->column == expect->column && j->kind == expect->kind);
    }
    CHECK_OK(c, sen__json_members_next(&m, &j));
    CHECK(j == NULL);
    return count;
}

static void table_members(void)
{
    static const char *const keys[] = {
        "a", "##ing", "longer than eight bytes", "", "}", "{", "]", "[", ":", ",", "\\\"",
        "\\\\", "\\u00e9", "\xC3\xA4", "\xE6\x9D\xB1\xE4\xBA\xAC", "Y", "_", "y", "\x7F", "\xFF",
        "#\\n",
        "exactly8", "exactly8exactly8", "\\\\\\\"x"
    };
    static const char *const spaces[] = { "", "", " ", "\n  ", "\r\n", "\t" };
    static const char *const values[] = { "0", "17", "30521", "-1", "2.5", "null", "true" };
    sen_ctx *c = test_ctx(1);
    uint32_t seed = 3;
    char text[4000];
    int round;
    for (round = 0; round < 500; round++) {
        const int n = round % 40;
        char *p = text;
        int i;
        p += sprintf(p, "{\"b\":\n[7],\"vocab\":%s{", spaces[round % 6]);
        for (i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            p += sprintf(p, "%s%s\"%s\"%s:%s%s", i ? "," : "", spaces[seed >> 8 & 3],
                         keys[(seed >> 12) % SEN__COUNT(keys)], spaces[(seed >> 20) % 6],
                         spaces[seed >> 24 & 1], values[(seed >> 26) % SEN__COUNT(values)]);
        }
        p += sprintf(p, "%s}, \"after\": 5}", spaces[seed >> 5 & 3]);
        CHECK(table_members_agree(c, text, (size_t)(p - text)) == n);
    }
    sen_ctx_free(c);
}

/* What is wrong inside is found when it is read, with its place; a missing end at once. */
static void table_members_refused(void)
{
    static const table_wrong row[] = {
        { "{\"vocab\":\n {\"a\" 1}}", "f.json:2:7: not valid JSON: a colon should follow the key" },
        { "{\"vocab\": {\"a\": 1 \"b\": 2}}",
          "f.json:1:19: not valid JSON: a comma or } should stand here" },
        { "{\"vocab\": {\"a\": 1,}}",
          "f.json:1:19: not valid JSON: a key in quotes should stand here" },
        { "{\"vocab\": {\"a\": 1]}",
          "f.json:1:18: not valid JSON: a comma or } should stand here" },
        { "{\"vocab\": {\"a\": x}}", "f.json:1:17: not valid JSON: a value should stand here" },
        { "{\"vocab\": {\"a\tb\": 1}}",
          "f.json:1:14: not valid JSON: a control character in a string" },
        { "{\"vocab\": {1}}", "f.json:1:12: not valid JSON: a key in quotes should stand here" },
        { "{\"vocab\": {\"a\": 1",
          "f.json:1:18: not valid JSON: the text ends inside a list or object" },
        { "{\"vocab\": {\"a",
          "f.json:1:14: not valid JSON: the text ends inside a list or object" },
        { "{\"vocab\": {\"a\\",
          "f.json:1:15: not valid JSON: the text ends inside a list or object" },
    };
    size_t i;
    for (i = 0; i < SEN__COUNT(row); i++) {
        sen_ctx *c = test_ctx(1);
        sen__json_members m;
        sen_json *j = NULL;
        sen_result r = table_parse(c, row[i].text, strlen(row[i].text), SEN__JSON_VOCAB, &j);
        if (!r) r = sen__json_members_begin(c, sen_json_get(j, "vocab"), &m);
        while (!r && (r = sen__json_members_next(&m, &j)) == SEN_OK && j) { }
        CHECK(r == SEN_ERR_FORMAT);
        CHECK_TEXT(sen_message(c), row[i].message);
        sen_ctx_free(c);
    }
}

/* Eight bytes at a time and one by one find the same place. */
static void table_bytes(void)
{
    static const char alphabet[] = "ab\"\\\n{}[]Y_y\x7F\x80\xFF \x1F\x20:";
    char text[24];
    uint32_t seed = 9;
    int round, wrong = 0;
    for (round = 0; round < 20000; round++) {
        const int n = round % 24, rare = round % 3;
        const char *end = text + n, *p, *plain = text, *mark = text;
        int i;
        for (i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = rare && seed >> 29 ? 'q' : alphabet[(seed >> 10) % (sizeof alphabet - 1)];
        }
        while (plain < end && *plain != '"' && *plain != '\\' && (unsigned char)*plain >= 0x20)
            plain++;
        while (mark < end && !memchr("\"\n{}[]Y_y\x7F", *mark, 10)) mark++;
        p = sen__json_plain(text, end);
        wrong += p != plain;
        p = sen__json_mark(text, end);
        wrong += p != mark;
    }
    CHECK(wrong == 0);
}

/* ---- regular expressions --------------------------------------------------------------------- */

/* What Python's re.search says, also of patterns that it refuses. */
static void table_patterns(void)
{
    sen_ctx *c = test_ctx(1);
    sen_json *file = NULL;
    size_t size = 0;
    char *text = test_read(GOLDEN_DIR "/re.json", &size);
    int n = 0;
    CHECK(text != NULL);
    if (text && CHECK_OK(c, sen__json_parse(c, &c->keep, "re.json", text, size, 0, &file))) {
        const sen_json *row = sen_json_get(file, "rows")->child;
        for (; row; row = row->next, n++) {
            const sen_json *want = row->last;
            const sen__mark mark = sen__arena_mark(&c->scratch);
            sen__re e;
            const sen_result r = sen__re_read(c, row->child->text, &e);
            if (want->kind == SEN_JSON_NULL) CHECK(r == SEN_ERR_ARGUMENT);
            else CHECK(!r && sen__re_search(&e, row->child->next->text) == (want->number != 0));
            sen__forgive(c);
            sen__arena_release(&c->scratch, mark);
        }
    }
    CHECK(n >= 350);
    free(text);
    sen_ctx_free(c);
}

/* What this reader does not do says so; nothing grows or runs away. */
static void table_patterns_refused(void)
{
    static const char *const rows[][2] = {
        { "(?i)a", "(?...)" }, { "(?=a)", "(?...)" }, { "(a)\\1", "escape" },
        { "a*+", "possessive" },
        { "\xC3\xA4", "ASCII" }, { "[\xC3\xA4]", "ASCII" }, { "a{1000}b{100}", "too long" },
        { "((a{30}){30}){30}", "too long" }, { "(a){2", NULL },
        { "a{99999999999999999999}", "too long" },
        { "((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))", "too many groups" },
        { "(a*)*(a*)*(a*)*(a*)*(a*)*b", NULL },
    };
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const sen__mark mark = sen__arena_mark(&c->scratch);
        sen__re e;
        const sen_result r = sen__re_read(c, rows[i][0], &e);
        CHECK(r == (rows[i][1] ? SEN_ERR_ARGUMENT : SEN_OK));
        if (r) CHECK(strstr(sen_message(c), rows[i][1]) && strstr(sen_message(c), rows[i][0]));
        else CHECK(!sen__re_search(&e, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"));
        sen__forgive(c);
        sen__arena_release(&c->scratch, mark);
    }
    sen_ctx_free(c);
}

static void test_table(void)
{
    TEST(table_values);
    TEST(table_numbers);
    TEST(table_strings);
    TEST(table_refused);
    TEST(table_strict);
    TEST(table_deep);
    TEST(table_long_line);
    TEST(table_cut);
    TEST(table_members);
    TEST(table_members_refused);
    TEST(table_bytes);
    TEST(table_styles);
    TEST(table_making);
    TEST(table_defaults);
    TEST(table_read);
    TEST(table_read_refused);
    TEST(table_write_fields);
    TEST(table_map);
    TEST(table_memory);
    TEST(table_patterns);
    TEST(table_patterns_refused);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("table", test_table);
}
#endif
