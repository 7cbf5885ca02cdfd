/* The token chapter: Python's recorded ids over many pipelines, vocabularies, added tokens, cuts,
 * threads, saving, broken files. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif

static const char *const token_words[] = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "red", "kite", "##s", "un", "##believ",
    "##able", "!", ",", "caf", "cafe", "##e", "a", "b", "##b", "x", "##x", "\xE6\x9D\xB1", "flew",
    "over", "harbour", "harbourmaster", "##master"
};
enum { TOKEN_WORDS = sizeof token_words / sizeof token_words[0] };

static sen_tokenizer *token_made(sen_ctx *c, bool lower)
{
    sen_tokenizer *t = NULL;
    CHECK_OK(c, sen_tokenizer_from_vocab(c, token_words, TOKEN_WORDS, lower, &t));
    return t;
}

static sen_text token_text(const char *text)
{
    sen_text t;
    t.data = text;
    t.length = strlen(text);
    return t;
}

/* Does the text give these tokens, written with spaces between them? */
static void token_gives(sen_ctx *c, const sen_tokenizer *t, const char *text, int64_t max_length,
                        bool specials, const char *expect)
{
    char got[2000] = "";
    int32_t ids[200];
    int64_t n = 0, i;
    CHECK_OK(c, sen_tokenize(c, t, token_text(text), max_length, specials, ids, 200, &n));
    for (i = 0; i < n && i < 200; i++) {
        if (i) strcat(got, " ");
        strcat(got, sen_tokenizer_token(t, ids[i]));
    }
    CHECK_TEXT(got, expect);
}

/* ---- a vocabulary alone ---------------------------------------------------------------------- */

static void token_vocabulary(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_made(c, true);
    CHECK(sen_tokenizer_size(t) == TOKEN_WORDS);
    CHECK(sen_tokenizer_id(t, "kite") == 7 && sen_tokenizer_id(t, "##s") == 8);
    CHECK(sen_tokenizer_id(t, "Kite") == -1 && sen_tokenizer_id(t, "") == -1);
    CHECK(sen_tokenizer_id(t, "harbou") == -1 && sen_tokenizer_id(t, "harbourmaster") == 26);
    CHECK_TEXT(sen_tokenizer_token(t, 7), "kite");
    CHECK_TEXT(sen_tokenizer_token(t, -1), "");
    CHECK_TEXT(sen_tokenizer_token(t, TOKEN_WORDS), "");
    CHECK_TEXT(t->special[SEN__CLS], "[CLS]");
    CHECK_TEXT(t->special[SEN__MASK], "[MASK]");
    CHECK(t->special[SEN__BOS] == NULL && t->model_max_length == INT64_MAX);
    CHECK(sen__tokenizer_around(t) == 2);
    sen_tokenizer_free(t);
    sen_tokenizer_free(NULL);
    sen_ctx_free(c);
}

static void token_words_of_text(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_made(c, true), *cased = token_made(c, false);
    char word[400];
    token_gives(c, t, "The RED kites, unbelievable!", 0, true,
                "[CLS] the red kite ##s , un ##believ ##able ! [SEP]");
    token_gives(c, t, "", 0, true, "[CLS] [SEP]");
    token_gives(c, t, "", 0, false, "");
    token_gives(c, t, " \t\r\n", 0, false, "");
    token_gives(c, t, "Caf\xC3\xA9 cafe\xCC\x81 caf\xC3\xA9""e", 0, false, "cafe cafe cafe ##e");
    token_gives(c, t, "kite\xE6\x9D\xB1kite", 0, false, "kite \xE6\x9D\xB1 kite");
    token_gives(c, t, "harbour harbours harbourmaster harbourmasters", 0, false,
                "harbour harbour ##s harbourmaster harbourmaster ##s");
    token_gives(c, t, "kitez zkite kite", 0, false, "[UNK] [UNK] kite");
    token_gives(c, cased, "the The kite", 0, false, "the [UNK] kite");
    CHECK_OK(c, sen__tokenizer_set_lower(c, cased));
    CHECK_OK(c, sen__tokenizer_set_lower(c, cased));            /* a second time: nothing */
    CHECK(cased->n_normal == 2);
    token_gives(c, cased, "the The [SEP] kite", 0, false, "the the [SEP] kite");
    memset(word, 'x', 101);                     /* 100 characters may be a word, 101 may not */
    word[100] = 0;
    {
        int64_t n = 0;
        CHECK_OK(c, sen_tokenize(c, t, token_text(word), 0, false, NULL, 0, &n));
        CHECK(n == 100);
    }
    word[100] = 'x';
    word[101] = 0;
    token_gives(c, t, word, 0, false, "[UNK]");
    sen_tokenizer_free(t);
    sen_tokenizer_free(cased);
    sen_ctx_free(c);
}

/* Special tokens in a user's text are found before anything else happens to it. */
static void token_typed(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_made(c, true);
    token_gives(c, t, "[SEP]", 0, true, "[CLS] [SEP] [SEP]");
    token_gives(c, t, "a[MASK]b", 0, false, "a [MASK] b");
    token_gives(c, t, "[mask] [SE", 0, false, "[UNK] [UNK] [UNK] [UNK] [UNK]");
    token_gives(c, t, "[[SEP]][SEP", 0, false, "[UNK] [SEP] [UNK] [UNK] [UNK]");
    token_gives(c, t, "[CLS][CLS]", 3, true, "[CLS] [CLS] [SEP]");
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

static void token_cut(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_made(c, true);
    int32_t ids[4] = { -7, -7, -7, -7 };
    int64_t n = 0;
    token_gives(c, t, "the red kites flew", 5, true, "[CLS] the red kite [SEP]");
    token_gives(c, t, "the red kites flew", 3, false, "the red kite");
    token_gives(c, t, "the red kites flew", 2, true, "[CLS] [SEP]");
    token_gives(c, t, "the red kites flew", 100, true, "[CLS] the red kite ##s flew [SEP]");
    token_gives(c, t, "unbelievablez the", 3, true, "[CLS] [UNK] [SEP]");   /* decided by its end */
    t->cut_left = true;
    token_gives(c, t, "the red kites flew", 5, true, "[CLS] kite ##s flew [SEP]");
    token_gives(c, t, "the red", 5, true, "[CLS] the red [SEP]");
    token_gives(c, t, "the red", 2, true, "[CLS] [SEP]");
    t->cut_left = false;
    CHECK_OK(c, sen_tokenize(c, t, token_text("the red kites"), 0, true, ids, 2, &n));
    CHECK(n == 6 && ids[0] == 2 && ids[1] == 5 && ids[2] == -7);
    CHECK(sen_tokenize(c, t, token_text("the"), 1, true, ids, 4, &n) == SEN_ERR_ARGUMENT && n == 0);
    CHECK_TEXT(sen_message(c), "a text cannot be cut to 1 tokens: the 2 special ones are counted "
               "too (0 means: no cut)");
    CHECK(sen_tokenize(c, t, token_text("the"), -1, false, ids, 4, &n) == SEN_ERR_ARGUMENT);
    CHECK_OK(c, sen_tokenize(c, t, token_text("the"), 1, false, ids, 4, &n));
    CHECK(n == 1);
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* Bytes that are no UTF-8 count as U+FFFD, which BERT takes out; a NUL is a character. */
static void token_bytes(void)
{
    static const char bytes[] = "ki\0te \xFF\xC3 re\xF0\x9F" "d\xE6\x9D";
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_made(c, true);
    int32_t ids[8];
    int64_t n = 0, i;
    uint32_t seed = 1;
    sen_text text = { bytes, sizeof bytes - 1 };
    CHECK_OK(c, sen_tokenize(c, t, text, 0, false, ids, 8, &n));
    CHECK(n == 2 && ids[0] == 7 && ids[1] == 6);
    for (i = 0; i < 2000; i++) {                /* anything at all: no more is asked than an end */
        char noise[64];
        size_t k;
        text.data = noise;
        text.length = (size_t)(i % 64);
        for (k = 0; k < text.length; k++) {
            seed = seed * 1664525u + 1013904223u;
            noise[k] = (char)(seed >> 24);
        }
        CHECK(sen_tokenize(c, t, text, 0, false, ids, 8, &n) == SEN_OK && n <= 64);
    }
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

static void token_vocabulary_wrong(void)
{
    static const char *const twice[] = { "[UNK]", "[CLS]", "[SEP]", "a", "b", "a" };
    static const char *const empty[] = { "[UNK]", "[CLS]", "[SEP]", "" };
    static const char *const no_unk[] = { "[CLS]", "[SEP]", "a" };
    static const char *const no_sep[] = { "[UNK]", "[CLS]", "a" };
    static const char *const no_pad[] = { "[UNK]", "[CLS]", "[SEP]", "a" };
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = NULL;
    CHECK(sen_tokenizer_from_vocab(c, twice, 6, true, &t) == SEN_ERR_ARGUMENT && t == NULL);
    CHECK_TEXT(sen_message(c), "\"a\" is in the vocabulary twice, as word 3 and as word 5");
    CHECK(sen_tokenizer_from_vocab(c, empty, 4, true, &t) == SEN_ERR_ARGUMENT && t == NULL);
    CHECK_TEXT(sen_message(c), "word 3 of the vocabulary is empty");
    CHECK(sen_tokenizer_from_vocab(c, no_unk, 3, true, &t) == SEN_ERR_ARGUMENT && t == NULL);
    CHECK_TEXT(sen_message(c), "the vocabulary has no \"[UNK]\" (unk_token), which stands for "
               "unknown words");
    CHECK(sen_tokenizer_from_vocab(c, no_sep, 3, true, &t) == SEN_ERR_ARGUMENT && t == NULL);
    CHECK_TEXT(sen_message(c), "the vocabulary has no \"[SEP]\" (sep_token), which stands around "
               "every text");
    CHECK(sen_tokenizer_from_vocab(c, no_sep, 0, true, &t) == SEN_ERR_ARGUMENT && t == NULL);
    CHECK_OK(c, sen_tokenizer_from_vocab(c, no_pad, 4, true, &t));
    CHECK(sen_tokenizer_size(t) == 6 && sen_tokenizer_id(t, "[PAD]") == 4);
    CHECK(sen_tokenizer_id(t, "[MASK]") == 5);
    token_gives(c, t, "a[MASK]", 0, true, "[CLS] a [MASK] [SEP]");
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* ---- Python's ids ---------------------------------------------------------------------------- */

/* Writes a case's files into the test's folder: its tokenizer.json gets the shared vocabulary. */
static void token_write_case(sen_ctx *c, const sen_json *golden, const sen_json *g)
{
    static const sen__json_style style = { 2, false, false };
    const sen__mark mark = sen__arena_mark(&c->scratch);
    const sen_json *config = sen_json_get(g, "config");
    sen__maker m = sen__maker_in(c, &c->scratch);
    sen_json *file = sen__make_copy(&m, NULL, NULL, sen_json_get(g, "file")), *copy;
    sen_json *model = (sen_json *)sen_json_get(file, "model");
    sen__make_copy(&m, model, "vocab", sen_json_get(golden, "vocab"));
    CHECK_OK(c, sen__json_save(c, test_path("tokenizer.json"), file, &style, ""));
    test_remove(test_path("tokenizer_config.json"));
    if (config->kind == SEN_JSON_OBJECT) {
        copy = sen__make_copy(&m, NULL, NULL, config);
        CHECK_OK(c, sen__json_save(c, test_path("tokenizer_config.json"), copy, &style, "\n"));
    }
    CHECK(!m.failed);
    sen__arena_release(&c->scratch, mark);
}

/* Compares the ids of all texts; says which text of which case is wrong. */
static void token_same_ids(sen_ctx *c, const sen_tokenizer *t, const sen_json *golden,
                           const sen_json *expect, int64_t max_length, const char *name)
{
    const sen_json *text = sen_json_get(golden, "texts")->child, *list, *id;
    for (list = expect->child; list && text; list = list->next, text = text->next) {
        int32_t ids[400];
        int64_t n = 0, i = 0;
        sen_text x;
        bool same;
        x.data = text->text;
        x.length = text->length;
        CHECK_OK(c, sen_tokenize(c, t, x, max_length, true, ids, 400, &n));
        same = n == list->count;
        for (id = list->child; same && id; id = id->next) same = ids[i++] == id->integer;
        CHECK(same);
        if (!same) printf("    case \"%s\", text \"%s\"\n", name, text->text);
    }
    CHECK(!list && !text);
}

static void token_golden(void)
{
    sen_ctx *c = test_ctx(1);
    sen_json *golden = NULL;
    const sen_json *g;
    int cases = 0;
    if (!CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/tokens.json", 0, &golden))) {
        sen_ctx_free(c);
        return;
    }
    for (g = sen_json_get(golden, "cases")->child; g; g = g->next, cases++) {
        const char *name = sen_json_get(g, "name")->text;
        sen_tokenizer *t = NULL;
        token_write_case(c, golden, g);
        CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
        if (!t) continue;
        token_same_ids(c, t, golden, sen_json_get(g, "ids"), 0, name);
        token_same_ids(c, t, golden, sen_json_get(g, "cut"), 8, name);
        sen_tokenizer_free(t);
    }
    CHECK(cases >= 19);
    sen_ctx_free(c);
}

/* ---- pipelines from a file ------------------------------------------------------------------- */

/* A tokenizer of whole words between white space; `config` is tokenizer_config.json. */
static sen_tokenizer *token_of(sen_ctx *c, const char *normalizer, const char *added,
                               const char *config)
{
    static const char vocab[] = "{\"?\": 0, \"a\": 1, \"cafe\": 2, \"caf\xC3\xA9\": 3}";
    char text[3000];
    sen_tokenizer *t = NULL;
    sprintf(text, "{\"added_tokens\": %s, \"normalizer\": %s, \"pre_tokenizer\": {\"type\": "
            "\"WhitespaceSplit\"}, \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", "
            "\"vocab\": %s}}", added, normalizer, vocab);
    test_write_text(test_path("tokenizer.json"), text);
    test_write_text(test_path("tokenizer_config.json"), config);
    CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
    return t;
}

#define TOKEN_STEPS(list) "{\"type\": \"Sequence\", \"normalizers\": [" list "]}"
#define TOKEN_STEP(name) "{\"type\": \"" name "\"}"

/* NFC joins the accent to its letter before StripAccents can take it off; NFD does not. */
static void token_accents(void)
{
    static const char *const order[3] = {
        TOKEN_STEPS(TOKEN_STEP("NFC") ", " TOKEN_STEP("StripAccents")),
        TOKEN_STEPS(TOKEN_STEP("NFKC") ", " TOKEN_STEP("StripAccents")),
        TOKEN_STEPS(TOKEN_STEP("NFD") ", " TOKEN_STEP("StripAccents"))
    };
    int i;
    for (i = 0; i < 3; i++) {
        sen_ctx *c = test_ctx(1);
        sen_tokenizer *t = token_of(c, order[i], "[]", "{}");
        token_gives(c, t, "cafe\xCC\x81 cafe a\xCC\x84\xCC\x81", 0, false,
                    i < 2 ? "caf\xC3\xA9 cafe ?" : "cafe cafe a");
        sen_tokenizer_free(t);
        sen_ctx_free(c);
    }
}

/* A byte that is not UTF-8 is a U+FFFD: no word character and no white space. */
static void token_beside_broken(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = token_of(c, "null", "[{\"id\": 4, \"content\": \"<w>\", \"normalized\": "
        "false, \"single_word\": true}, {\"id\": 5, \"content\": \"<v>\", \"normalized\": false, "
        "\"lstrip\": true}]", "{}");
    token_gives(c, t, "a\x80<w>", 0, false, "? <w>");
    token_gives(c, t, "a\xC3\xA9\x80<w>", 0, false, "? <w>");
    token_gives(c, t, "a\xE6\x9D<w>", 0, false, "? <w>");
    token_gives(c, t, "a<w> \xC3\xA9<w> <w>\x80", 0, false, "? ? <w> ?");
    token_gives(c, t, "a \x80<v>", 0, false, "a ? <v>");
    token_gives(c, t, "a <v> \xE3\x80\x80<v>", 0, false, "a <v> <v>");
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* Special tokens beyond the seven; the ids are Python's. */
static void token_named(void)
{
    static const struct { const char *config, *tokens; } cases[] = {
        { "{\"extra_special_tokens\": {\"z_token\": \"<i>\", \"a\": {\"__type\": \"AddedToken\", "
          "\"content\": \"<j>\"}}}", "<i> <j>" },
        { "{\"extra_special_tokens\": {\"z\": \"<i>\"}, \"additional_special_tokens\": [\"<j>\", "
          "\"<k>\"]}", "<i> <j> <k>" },
        { "{\"extra_special_tokens\": [\"<i>\"], \"additional_special_tokens\": [\"<j>\"]}",
          "<i>" },
        { "{\"extra_special_tokens\": {}, \"additional_special_tokens\": [\"<j>\", \"<k>\"]}",
          "<j> <k>" },
        { "{\"extra_special_tokens\": {\"q\": \"<i>\"}, \"image_token\": \"<k>\", \"pad_token\": "
          "\"<l>\", \"zoo_token\": {\"content\": \"<j>\"}, \"add_bos_token\": true, \"some\": "
          "\"<m>\"}", "<l> <j> <k> <i>" },
    };
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sen_tokenizer *t = token_of(c, "null", "[]", cases[i].config);
        char got[100] = "";
        int32_t id;
        for (id = 4; id < sen_tokenizer_size(t); id++)
            sprintf(got + strlen(got), "%s%s", id > 4 ? " " : "", sen_tokenizer_token(t, id));
        CHECK_TEXT(got, cases[i].tokens);
        CHECK(sen_tokenizer_id(t, "<i>") >= 4 || !strstr(got, "<i>"));
        sen_tokenizer_free(t);
    }
    sen_ctx_free(c);
}

/* ---- files that mean harm -------------------------------------------------------------------- */

/* Each step makes 20 of one: sixteen of them would need all memory there is. */
static void token_grown(void)
{
    static const char step[] = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, "
                               "\"content\": \"aaaaaaaaaaaaaaaaaaaa\"}";
    static const char sentence[] = "the tokenizer makes more than 64 times as much of a text of 3 "
        "bytes; is there a Replace or Prepend in its tokenizer.json that puts in too much?";
    char steps[3000] = "{\"type\": \"Sequence\", \"normalizers\": [";
    int count;
    for (count = 1; count <= 16; count++) {
        sen_ctx *c = test_ctx(2);
        sen_tokenizer *t;
        sen__token_list list;
        sen_text text[2];
        int64_t n;
        const sen_result expect = count < 3 ? SEN_OK : SEN_ERR_FORMAT;
        memset(&list, 0, sizeof list);
        sprintf(steps + strlen(steps), "%s%s", count > 1 ? ", " : "", step);
        strcat(steps, "]}");
        t = token_of(c, steps, "[]", "{}");
        steps[strlen(steps) - 2] = 0;
        text[0] = token_text("b");
        text[1] = token_text("aaa");            /* 1200 characters by two steps: the room is 1216 */
        CHECK(sen_tokenize(c, t, text[1], 0, false, NULL, 0, &n) == expect);
        if (expect) CHECK_TEXT(sen_message(c), sentence);
        sen__forgive(c);
        CHECK(sen__token_many(c, t, text, 2, 0, false, &list) == expect);
        if (expect) CHECK_TEXT(sen_message(c), sentence);
        sen__forgive(c);
        CHECK(c->worker_scratch[0].bytes <= 1 << 16);
        CHECK(sen__worker_reserve(c, (size_t)1 << 22) == SEN_OK);   /* a large area is no excuse */
        CHECK(sen_tokenize(c, t, text[1], 0, false, NULL, 0, &n) == expect);
        sen__forgive(c);
        sen__token_list_free(c, &list);
        sen_tokenizer_free(t);
        sen_ctx_free(c);
    }
}

/* More ids than bytes: the slot that a text lacked is known after one round, and neither it nor the
 * work area grows with each call. */
static void token_more_ids(void)
{
    sen_ctx *c = test_ctx(2);
    sen_tokenizer *t = token_of(c, "{\"type\": \"Replace\", \"pattern\": {\"String\": \"x\"}, "
                                "\"content\": \"a a a a a \"}", "[]", "{}");
    sen__token_list list;
    sen_text text[3];
    int k;
    memset(&list, 0, sizeof list);
    text[0] = token_text("a");
    text[1] = token_text("xxxx");
    text[2] = token_text("cafe");
    for (k = 0; k < 5; k++) {
        CHECK_OK(c, sen__token_many(c, t, text, 3, 0, false, &list));
        CHECK(list.first[1] == 1 && list.first[2] == 21 && list.first[3] == 22);
        CHECK(list.ids[0] == 1 && list.ids[20] == 1 && list.ids[21] == 2);
        CHECK(c->worker_scratch[0].bytes == (size_t)1 << 16);
    }
    sen__token_list_free(c, &list);
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* Many added tokens, numbered from the last to the first: ids follow the numbers, equal numbers the
 * file; and this takes no time (looking through a list for each took half a minute). */
static void token_many_added(void)
{
    enum { ADDED = 100000 };
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = NULL;
    char *text = (char *)malloc(ADDED * 40 + 100), *p = text;
    char word[20];
    int i;
    p += sprintf(p, "{\"same\": 5, \"again\": 5");
    for (i = 0; i < ADDED; i++) p += sprintf(p, ", \"<%d>\": %d", i, ADDED + 10 - i);
    sprintf(p, "}");
    test_write_text(test_path("added_tokens.json"), text);
    t = token_of(c, "null", "[]", "{}");
    CHECK(sen_tokenizer_size(t) == 4 + 2 + ADDED);
    CHECK_TEXT(sen_tokenizer_token(t, 4), "same");
    CHECK_TEXT(sen_tokenizer_token(t, 5), "again");
    for (i = 0; i < ADDED; i += 997) {
        sprintf(word, "<%d>", i);
        CHECK_TEXT(sen_tokenizer_token(t, 5 + ADDED - i), word);
        CHECK(sen_tokenizer_id(t, word) == 5 + ADDED - i);
    }
    token_gives(c, t, "a<7>again", 0, false, "a <7> again");
    sen_tokenizer_free(t);
    free(text);
    sen_ctx_free(c);
}

/* Words made so that their keys want one place: none is lost, no walk is long. */
static void token_crowded_words(void)
{
    enum { CROWD = 3000 };
    static char words[CROWD + 3][13];
    static const char *list[CROWD + 3];
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = NULL;
    sen__token_work w;
    int32_t ids[4];
    uint32_t high;
    int n = 3, i, k;
    strcpy(words[0], "[UNK]");
    strcpy(words[1], "[CLS]");
    strcpy(words[2], "[SEP]");
    for (high = 0x01010101u; n < CROWD + 3; high += 0x10001u) {
        const uint64_t low = 0x123456789ABCDEFu ^ high * (uint64_t)0x9E3779B97F4A7C15u;
        for (k = 0; k < 12; k++) words[n][k] = (char)(k < 8 ? low >> 8 * k : high >> 8 * (k - 8));
        if (strlen(words[n]) == 12) n++;        /* a byte 0 ends it before */
    }
    for (i = 0; i < n; i++) list[i] = words[i];
    CHECK_OK(c, sen_tokenizer_from_vocab(c, list, n, true, &t));
    for (i = 3; i < n; i++) {
        sen__short_word key = sen__short_key(words[i], 12);
        const sen__short_word *at = sen__short_place(&t->vocab, &key, sen__short_mix(&key));
        CHECK(at == NULL ? i >= SEN__SHORT_WALK - 3 : at->id_plus_1 == i + 1);
        sen__token_work_on(&w, ids, 0);
        w.ids = ids;
        w.room = 4;
        t->model->encode(t, &w, words[i], words[i] + 12);
        CHECK(w.n == 1 && ids[0] == i);
    }
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* Edges made so that they want the first places of the table: it grows, and all are found. */
static void token_crowded_trie(void)
{
    enum { NODES = 1200 };
    static char text[NODES][8];                 /* the text that ends at a node; [0]: the root */
    static size_t length[NODES];
    sen_ctx *c = test_ctx(1);
    sen__trie tr;
    int32_t before;
    int n = 1, i, byte;
    uint32_t bound;
    CHECK_OK(c, sen__trie_init(c, &tr));
    for (bound = 1u << 20; n < NODES; bound *= 2)
        for (i = 0; i < n && n < NODES; i++)
            for (byte = 0; byte < 256 && n < NODES && length[i] < 8; byte++) {
                const uint32_t key = (uint32_t)i << 8 | (uint32_t)byte;
                if (n > 300 && key * 2654435769u > bound) continue;
                if (n <= 300 && byte != 'a' && byte != 'b') continue;   /* parents for the rest */
                memcpy(text[n], text[i], length[i]);
                text[n][length[i]] = (char)byte;
                if (sen__trie_find(&tr, text[n], length[i] + 1) >= 0) continue;
                length[n] = length[i] + 1;
                CHECK_OK(c, sen__trie_put(c, &tr, text[n], length[n], n, &before));
                CHECK(before == -1 && tr.nodes == n + 1);
                n++;
            }
    CHECK(tr.bits > 12);                        /* 1200 nodes as such need 12 */
    for (i = 1; i < n; i++) CHECK(sen__trie_find(&tr, text[i], length[i]) == i);
    sen__trie_free(&tr, &c->allocator);
    sen_ctx_free(c);
}

/* ---- the quick way against the other ways ---------------------------------------------------- */

static uint32_t token_random(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)*seed * below >> 32);
}

/* What texts are made of: words, halves of words, marks, white space of all kinds, controls,
 * accents alone, other scripts, ideographs, broken UTF-8, added tokens and their beginnings. */
static const char *const token_pieces[] = {
    "the", "The", "KITE", "kite", "kites", "unbelievable", "harbour", "HarbourMaster", "harbours",
    "a", "b", "X", "z", "7", "42", "s", "ab", "averylongwordthis", "averylongwordthat", "abcdefgh",
    "abcdefghi", "abcdefghabcdefgh", " ", " ", " ", " ", " ", " ", "  ", "\t", "\n", "\r", "\v",
    "\f", "!", ",", ",", ".", "-", "'", "_", "#", "##", "##s", "@", "$", "[", "]", "<", ">", "~",
    "\x01", "\x7F", "\x1B", "\xC2\x85", "\xC2\xA0", "\xC2\xAD", "\xE2\x80\x8B", "\xE2\x80\x99",
    "\xC3\xA9", "\xC3\x89", "\xC3\x9F", "\xCC\x81", "\xCC\xA7", "\xCD\x9C", "\xC4\xB0",
    "\xE1\xBA\x9E", "\xD0\xB4\xD0\xB0", "\xC2\xAB", "\xC2\xBF", "\xD8\x8C", "\xD0\x94",
    " \xD0\xB4", "\xE6\x9D\xB1", "\xE6\x9D\xB1\xE4\xBA\xAC",
    "\xE3\x81\x82", "\xF0\x9F\x98\x80", "\xF0\xA0\x80\x80", "\xEF\xBC\xA1", "\xEF\xBF\xBD", "\x80",
    "\xC3", "\xE2\x80", "\xF0\x9F", "\xFF", "[MASK]", "[mask]", "<mask>", "<mask", "[SEP]", "[A]",
    "[A][B]", "[NEW YORK]", "[NEW", "[UNK]", "caf\xC3\xA9", "cafe"
};

/* A random text in `to` (1000 bytes); returns its length. Some have a very long word or a NUL. */
static size_t token_mixture(char *to, uint32_t *seed)
{
    const uint32_t pieces = token_random(seed, 4) ? token_random(seed, 12) : token_random(seed, 60);
    const uint32_t kinds = token_random(seed, 2) ? 51 : SEN__COUNT(token_pieces);   /* ASCII only */
    char *p = to;
    uint32_t i;
    for (i = 0; i < pieces; i++) {
        const uint32_t odd = token_random(seed, 40);
        const char *piece = token_pieces[token_random(seed, kinds)];
        if (odd == 0) *p++ = 0;
        if (odd > 1 && odd < 6) *p++ = (char)token_random(seed, 128);
        if (odd == 1 && p - to < 500) {
            const uint32_t n = 55 + token_random(seed, 60);     /* also 64, 65, 100, 101 */
            memset(p, 'x', n);
            p += n;
        }
        memcpy(p, piece, strlen(piece));
        p += strlen(piece);
        if (p - to > 850) break;
    }
    return (size_t)(p - to);
}

/* Do both ways give the same ids, whole and cut to every length? */
static bool token_ways_agree(sen_ctx *c, sen_tokenizer *t, sen_text text)
{
    static int32_t quick[1100], plain[1100];
    int64_t max = 0, n, most = 0;
    bool same = true;
    for (max = 0; same && max <= most + 1; max += max ? 1 : 2) {
        const bool specials = (max & 1) == 0;
        int64_t m = -1;
        CHECK_OK(c, sen_tokenize(c, t, text, max, specials, quick, 1100, &n));
        t->quick = false;
        CHECK_OK(c, sen_tokenize(c, t, text, max, specials, plain, 1100, &m));
        t->quick = true;
        same = n == m && memcmp(quick, plain, (size_t)n * 4) == 0;
        if (max == 0) most = SEN__MIN(n, 40);
    }
    return same;
}

static void token_add(sen_ctx *c, sen_tokenizer *t, const char *text, bool lstrip, bool rstrip,
                      bool single_word, bool normalized)
{
    sen__added a;
    memset(&a, 0, sizeof a);
    a.text = token_text(text);
    a.lstrip = lstrip;
    a.rstrip = rstrip;
    a.single_word = single_word;
    a.normalized = normalized;
    CHECK_OK(c, sen__added_put(c, t, &a));
    CHECK_OK(c, sen__token_finish(c, t));
}

/* Words of token_words, letters, marks, and tokens longer than a key of the table. */
static sen_tokenizer *token_quick_made(sen_ctx *c, bool lower)
{
    static const char *const more[] = {
        "averylongwordth", "##averylongwordth", "abcdefgh", "abcdefghabcdefgh", "##abcdefghij",
        "##c", "##d", "##i", "##t", "42", "7", "z", ".", "-", "[", "]", "<", "#", "'", "T",
        "\xC3\xA9", "\xD0\xB4", "##\xD0\xB0", "\xF0\x9F\x98\x80", "##1"
    };
    const char *words[TOKEN_WORDS + SEN__COUNT(more)];
    sen_tokenizer *t = NULL;
    memcpy(words, token_words, sizeof token_words);
    memcpy(words + TOKEN_WORDS, more, sizeof more);
    CHECK_OK(c, sen_tokenizer_from_vocab(c, words, (int64_t)SEN__COUNT(words), lower, &t));
    return t;
}

static void token_quick(void)
{
    sen_ctx *c = test_ctx(1);
    uint32_t seed = 17;
    int kind, i, wrong = 0;
    for (kind = 0; kind < 6; kind++) {
        sen_tokenizer *t = token_quick_made(c, kind != 1);
        char text[1200];
        sen_text x;
        if (kind == 2) token_add(c, t, "<mask>", true, true, false, false);
        if (kind == 3) token_add(c, t, "[A]", false, false, true, false);
        if (kind >= 3) token_add(c, t, "[A][B]", false, true, false, false);
        if (kind >= 3) token_add(c, t, "[NEW YORK]", kind == 4, false, true, false);
        if (kind == 4) token_add(c, t, "\xC3\xA9", false, false, false, false);
        if (kind == 5) {
            t->cut_left = true;
            CHECK_OK(c, sen__tokenizer_set_lower(c, t));
        }
        CHECK(t->quick);
        for (i = 0; i < 1000; i++) {
            x.data = text;
            x.length = token_mixture(text, &seed);
            wrong += !token_ways_agree(c, t, x);
        }
        sen_tokenizer_free(t);
    }
    CHECK(wrong == 0);
    sen_ctx_free(c);
}

/* What the quick way cannot do it does not begin. */
static void token_quick_not(void)
{
    static const char *const tokens[] = { "kite", "7up", " kite", "Q", "<n>" };
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t;
    size_t i;
    for (i = 0; i < SEN__COUNT(tokens); i++) {
        t = token_quick_made(c, true);
        token_add(c, t, tokens[i], false, false, false, i == 4);
        CHECK(!t->quick);
        sen_tokenizer_free(t);
    }
    t = token_quick_made(c, true);
    CHECK(t->quick);
    t->max_word = SEN__QUICK_WORD - 1;
    CHECK_OK(c, sen__token_finish(c, t));
    CHECK(!t->quick);
    t->max_word = 100;
    t->split[0].split = &sen__token_splits[1];  /* Whitespace */
    CHECK_OK(c, sen__token_finish(c, t));
    CHECK(!t->quick);
    sen_tokenizer_free(t);
    t = token_of(c, "null", "[]", "{}");
    CHECK(!t->quick);
    sen_tokenizer_free(t);
    t = token_quick_made(c, true);
    t->normal[t->n_normal++].normal = &sen__token_normals[3];   /* NFC: a mark may join a letter */
    CHECK(strcmp(t->normal[1].normal->name, "NFC") == 0);
    CHECK_OK(c, sen__token_finish(c, t));
    CHECK(!t->quick);
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* ---- WordPiece against its definition -------------------------------------------------------- */

/* Greedy by trying all lengths from the end in a plain list: what the table and the trie together
 * must give. Returns the number of ids; unknown: one id, `unk`. */
static int naive_wordpiece(int32_t *ids, const char *const *words, int n, const char *prefix,
                           const char *word, size_t length, int32_t unk)
{
    char key[400];
    size_t at = 0, before, end;
    int made = 0, i;
    while (at < length) {
        before = at ? strlen(prefix) : 0;
        memcpy(key, prefix, before);
        for (end = length; end > at; end--) {
            memcpy(key + before, word + at, end - at);
            key[before + end - at] = 0;
            for (i = 0; i < n && strcmp(words[i], key) != 0; i++) { }
            if (i < n) break;
        }
        if (end == at) {
            ids[0] = unk;
            return 1;
        }
        ids[made++] = i;
        at = end;
    }
    return made;
}

/* A token of letters a and b and of a length around that of a key, a prefix in front at times. */
static void token_letters(char *to, const char *prefix, uint32_t *seed)
{
    const uint32_t n = 1 + token_random(seed, token_random(seed, 3) ? 5 : 18);
    uint32_t i;
    strcpy(to, token_random(seed, 2) ? prefix : "");
    to += strlen(to);
    for (i = 0; i < n; i++) to[i] = (char)('a' + (token_random(seed, 5) == 0));
    to[n] = 0;
}

static void token_wordpiece(void)
{
    enum { WORDS = 150 };
    static const char *const prefixes[] = {
        "", "#", "##", "@@@@@@@", "@@@@@@@@", "@@@@@@@@@@@", "@@@@@@@@@@@@", "@@@@@@@@@@@@@"
    };
    static char text[WORDS][40];
    const char *words[WORDS];
    sen_ctx *c = test_ctx(1);
    uint32_t seed = 5;
    size_t k;
    for (k = 0; k < 3 * SEN__COUNT(prefixes); k++) {
        const char *prefix = prefixes[k / 3];
        sen_tokenizer *t = NULL;
        sen__token_work w;
        int32_t ids[128], expect[128];
        int n = 3, i, wrong = 0;
        char word[41];
        strcpy(text[0], "[UNK]");
        strcpy(text[1], "[CLS]");
        strcpy(text[2], "[SEP]");
        while (n < WORDS) {
            token_letters(text[n], prefix, &seed);
            for (i = 0; i < n && strcmp(text[i], text[n]) != 0; i++) { }
            n += i == n;                        /* each once */
        }
        for (i = 0; i < n; i++) words[i] = text[i];
        CHECK_OK(c, sen_tokenizer_from_vocab(c, words, n, true, &t));
        CHECK_OK(c, sen__wordpiece_set(c, t, prefix, 100));
        for (i = 0; i < n; i++) CHECK(sen_tokenizer_id(t, words[i]) == i);
        for (i = 0; i < 2000; i++) {
            const size_t length = 1 + token_random(&seed, 30);
            size_t j;
            int m;
            for (j = 0; j < length; j++) word[j] = (char)('a' + (token_random(&seed, 5) == 0));
            if (i % 10 == 0) word[token_random(&seed, (uint32_t)length)] = 0;
            if (i % 10 == 1) memcpy(word, prefix, SEN__MIN(strlen(prefix), length));
            sen__token_work_on(&w, ids, 0);
            w.ids = ids;
            w.room = 128;
            t->model->encode(t, &w, word, word + length);
            m = memchr(word, 0, length) ? (expect[0] = 0, 1)
                : naive_wordpiece(expect, words, n, prefix, word, length, 0);
            wrong += w.n != m || memcmp(ids, expect, (size_t)m * 4) != 0;
        }
        CHECK(wrong == 0);
        sen_tokenizer_free(t);
    }
    sen_ctx_free(c);
}

/* ---- many texts ------------------------------------------------------------------------------ */

#define TOKEN_MANY 300

/* Texts of all lengths, the 77th without a space and longer than a work area at first. */
static sen_text *token_texts(char **memory)
{
    const size_t long_bytes = 300000;
    sen_text *x = (sen_text *)malloc(TOKEN_MANY * sizeof *x);
    char *p = (char *)malloc(TOKEN_MANY * 400 + long_bytes);
    uint32_t seed = 5;
    int i, k;
    *memory = p;
    for (i = 0; i < TOKEN_MANY; i++) {
        const char *start = p;
        for (k = 0; k < i % 40; k++) {
            seed = seed * 1664525u + 1013904223u;
            p += sprintf(p, "%s%s", token_words[seed >> 16 & 15] , seed >> 28 & 3 ? " " : "");
        }
        if (i == 77)
            for (k = 0; k < (int)long_bytes / 3; k++) p += sprintf(p, "\xE6\x9D\xB1");
        x[i].data = start;
        x[i].length = (size_t)(p - start);
    }
    return x;
}

static void token_many(void)
{
    static const int threads[3] = { 1, 2, 7 };
    static int32_t one[200000];
    char *memory;
    sen_text *x = token_texts(&memory);
    sen__token_list list[3];
    int64_t i, n;
    int k;
    memset(list, 0, sizeof list);
    for (k = 0; k < 3; k++) {
        sen_ctx *c = test_ctx(threads[k]);
        sen_tokenizer *t = token_made(c, true);
        int64_t calls;
        CHECK_OK(c, sen__token_many(c, t, x, TOKEN_MANY, 0, true, &list[k]));
        CHECK(list[k].n == TOKEN_MANY && list[k].first[0] == 0);
        CHECK(list[k].first[TOKEN_MANY] == list[0].first[TOKEN_MANY]);
        CHECK(memcmp(list[k].ids, list[0].ids, (size_t)list[0].first[TOKEN_MANY] * 4) == 0);
        for (i = 0; i < TOKEN_MANY && k == 0; i++) {
            CHECK_OK(c, sen_tokenize(c, t, x[i], 0, true, one, 200000, &n));
            CHECK(n == list[0].first[i + 1] - list[0].first[i]);
            CHECK(memcmp(one, list[0].ids + list[0].first[i], (size_t)n * 4) == 0);
        }
        calls = test_blocks.calls;              /* a second run needs no memory */
        CHECK_OK(c, sen__token_many(c, t, x, TOKEN_MANY, 0, true, &list[k]));
        CHECK_OK(c, sen__token_many(c, t, x, TOKEN_MANY, 9, true, &list[k]));
        CHECK_OK(c, sen_tokenize(c, t, x[77], 0, true, NULL, 0, &n));
        CHECK(test_blocks.calls == calls);
        for (i = 0; i < TOKEN_MANY; i++) CHECK(list[k].first[i + 1] - list[k].first[i] <= 9);
        CHECK_OK(c, sen__token_many(c, t, x, 0, 9, true, &list[k]));
        CHECK(list[k].n == 0 && list[k].first[0] == 0);
        CHECK(sen__token_many(c, t, x, TOKEN_MANY, 1, true, &list[k]) == SEN_ERR_ARGUMENT);
        sen__forgive(c);
        CHECK_OK(c, sen__token_many(c, t, x, TOKEN_MANY, 0, true, &list[k]));
        if (k) sen__token_list_free(c, &list[k]);
        else {                                  /* kept to compare with: out of this context */
            const sen__token_list kept = list[0];
            list[0].ids = (int32_t *)malloc((size_t)kept.first[TOKEN_MANY] * 4);
            list[0].first = (int64_t *)malloc((TOKEN_MANY + 1) * sizeof(int64_t));
            memcpy(list[0].ids, kept.ids, (size_t)kept.first[TOKEN_MANY] * 4);
            memcpy(list[0].first, kept.first, (TOKEN_MANY + 1) * sizeof(int64_t));
            sen__delete(c, kept.ids);
            sen__delete(c, kept.first);
        }
        sen_tokenizer_free(t);
        sen_ctx_free(c);
    }
    free(list[0].ids);
    free(list[0].first);
    free(x);
    free(memory);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static void token_file_is(const char *name, const char *expect)
{
    char *text = test_read(test_path(name), NULL);
    CHECK_TEXT(text, expect);
    free(text);
}

/* What is made from a vocabulary is saved as Python's own class saves it, byte for byte. */
static void token_save_made(void)
{
    const char *words[16];
    sen_ctx *c = test_ctx(1);
    sen_json *golden = NULL;
    const sen_json *g, *j;
    sen_tokenizer *t = NULL;
    int64_t n = 0;
    if (!CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/tokens.json", 0, &golden))) {
        sen_ctx_free(c);
        return;
    }
    g = sen_json_get(sen_json_get(golden, "saved"), "bert");
    for (j = g->child->child; j && n < 16; j = j->next) words[n++] = j->text;
    CHECK_OK(c, sen_tokenizer_from_vocab(c, words, n, false, &t));
    CHECK_OK(c, sen__tokenizer_save(c, t, test_folder()));
    token_file_is("tokenizer.json", g->child->next->text);
    token_file_is("tokenizer_config.json", g->last->text);
    sen_tokenizer_free(t);
    CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
    CHECK_OK(c, sen__tokenizer_save(c, t, test_folder()));      /* a second time: the same */
    token_file_is("tokenizer.json", g->child->next->text);
    token_file_is("tokenizer_config.json", g->last->text);
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

static void token_save_mpnet(void)
{
    static const char vocab[] = "<s>\n<pad>\n</s>\n[UNK]\nthe\n<mask>\n";
    sen_ctx *c = test_ctx(1);
    sen_json *golden = NULL;
    const sen_json *g;
    sen_tokenizer *t = NULL;
    test_write_text(test_path("vocab.txt"), vocab);
    test_write_text(test_path("config.json"), "{\"model_type\": \"mpnet\"}");
    CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
    token_gives(c, t, "The  <mask>", 0, true, "<s> the <mask> </s>");
    CHECK_OK(c, sen__tokenizer_save(c, t, test_folder()));
    CHECK_OK(c, sen__json_load(c, &c->keep, GOLDEN_DIR "/tokens.json", 0, &golden));
    g = sen_json_get(sen_json_get(golden, "saved"), "mpnet");
    token_file_is("vocab.txt", vocab);
    if (g) token_file_is("tokenizer.json", g->child->next->text);
    if (g) token_file_is("tokenizer_config.json", g->last->text);
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

static const char token_file[] =
    "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [],\n"
    " \"normalizer\": {\"type\": \"Lowercase\"},\n"
    " \"pre_tokenizer\": {\"type\": \"Whitespace\"},\n"
    " \"post_processor\": null, \"decoder\": null,\n"
    " \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": {\"?\": 0, \"a\": "
    "1}}}\n";

/* What was read is written as it was; unknown keys stay, the length is the one that was set. */
static void token_save_read(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = NULL;
    test_write_text(test_path("tokenizer.json"), token_file);
    test_write_text(test_path("special_tokens_map.json"), "{}");
    test_write_text(test_path("tokenizer_config.json"), "{\"zebra\": [1, {\"k\": null}], "
                    "\"model_max_length\": 12, \"tokenizer_class\": \"PreTrainedTokenizerFast\"}");
    CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
    CHECK(t->model_max_length == 12);
    sen__tokenizer_set_max_length(t, 99);
    CHECK(t->model_max_length == 99);
    CHECK_OK(c, sen__make_folders(c, test_path("copy")));
    CHECK_OK(c, sen__tokenizer_save(c, t, test_path("copy")));
    token_file_is("copy/tokenizer.json", token_file);
    token_file_is("copy/special_tokens_map.json", "{}");
    token_file_is("copy/tokenizer_config.json", "{\n  \"model_max_length\": 99,\n"
                  "  \"tokenizer_class\": \"PreTrainedTokenizerFast\",\n"
                  "  \"zebra\": [\n    1,\n    {\n      \"k\": null\n    }\n  ]\n}\n");
    CHECK(!sen__file_exists(c, test_path("copy/vocab.txt")));
    sen_tokenizer_free(t);
    CHECK_OK(c, sen_tokenizer_load(c, test_path("copy"), &t));
    token_gives(c, t, "a A b", 0, true, "a a ?");
    sen_tokenizer_free(t);
    sen_ctx_free(c);
}

/* ---- broken and unsupported files ------------------------------------------------------------ */

typedef struct token_broken {
    const char *find, *put;             /* in token_file: what is put in place of what */
    sen_result  result;
    const char *sentence;               /* behind "FOLDER/" */
} token_broken;

static const token_broken token_broken_files[] = {
    { "\"a\": 1", "\"a\": 2", SEN_ERR_FORMAT, "tokenizer.json:5:69: the token \"a\" has the id 2, "
      "but the vocabulary has 2 tokens: ids must be 0, 1, 2 ... without a hole" },
    { "\"a\": 1", "\"a\": 4294967295", SEN_ERR_FORMAT, "tokenizer.json:5:69: the token \"a\" has "
      "the id 4294967295, but the vocabulary has 2 tokens: ids must be 0, 1, 2 ... without a "
      "hole" },
    { "\"a\": 1", "\"a\": 0", SEN_ERR_FORMAT, "tokenizer.json:5:69: the tokens \"?\" and \"a\" "
      "have the same id 0" },
    { "\"a\": 1", "\"a\": -1", SEN_ERR_FORMAT, "tokenizer.json:5:69: the id of the token \"a\" "
      "should be a whole number from 0 on" },
    { "\"a\": 1", "\"a\": 0.5", SEN_ERR_FORMAT, "tokenizer.json:5:69: the id of the token \"a\" "
      "should be a whole number from 0 on" },
    { "\"a\": 1", "\"?\": 1", SEN_ERR_FORMAT, "tokenizer.json:5:69: the token \"?\" is given "
      "twice, as 0 and as 1" },
    { "\"a\": 1", "\"a\\u0000b\": 1", SEN_ERR_FORMAT, "tokenizer.json:5:69: the token \"a...\" "
      "cannot hold U+0000 here" },
    { "{\"?\": 0, \"a\": 1}", "{}", SEN_ERR_FORMAT, "tokenizer.json:5:51: the model should have a "
      "\"vocab\" object of tokens and their ids" },
    { "\"unk_token\": \"?\"", "\"unk_token\": \"!\"", SEN_ERR_FORMAT, "tokenizer.json:5:51: the "
      "vocabulary has no \"!\" (unk_token), which stands for unknown words" },
    { "WordLevel", "BPE", SEN_ERR_UNSUPPORTED, "tokenizer.json:5:12: the model \"BPE\" is not "
      "supported; supported are: WordPiece, WordLevel" },
    { "\"Lowercase\"", "\"Nmt\"", SEN_ERR_UNSUPPORTED,
      "tokenizer.json:2:17: the normalizer \"Nmt\" is "
      "not supported; supported are: BertNormalizer, Lowercase, StripAccents, NFC, NFD, NFKC, "
      "NFKD, Strip, Replace, Prepend" },
    { "\"Whitespace\"", "\"ByteLevel\"", SEN_ERR_UNSUPPORTED, "tokenizer.json:3:20: the "
      "pre-tokenizer \"ByteLevel\" is not supported; supported are: BertPreTokenizer, Whitespace, "
      "WhitespaceSplit, Punctuation, Digits" },
    { "{\"type\": \"Whitespace\"}", "{\"type\": \"Punctuation\", \"behavior\": \"Odd\"}",
      SEN_ERR_FORMAT,
      "tokenizer.json:3:43: the behavior \"Odd\" is unknown; there are: Removed, Isolated, "
      "MergedWithPrevious, MergedWithNext, Contiguous" },
    { "{\"type\": \"Lowercase\"}", "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a+\"}, "
      "\"content\": \"\"}", SEN_ERR_UNSUPPORTED, "tokenizer.json:2:36: a Replace normalizer takes "
      "a pattern of the form {\"String\": ...} here; a Regex is not supported" },
    { "{\"type\": \"Lowercase\"}", "[]", SEN_ERR_FORMAT, "tokenizer.json:2:2: a normalizer should "
      "be an object with a \"type\"" },
    { "\"post_processor\": null", "\"post_processor\": {\"type\": \"BertProcessing\", \"sep\": "
      "[\"a\", 1], \"cls\": [\"a\", 2]}", SEN_ERR_FORMAT, "tokenizer.json:4:77: a special token's "
      "id should be one of the tokenizer's, from 0 to 1" },
    { "\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\", "
      "\"single\": [{\"SpecialToken\": {\"id\": \"a\", \"type_id\": 0}}]}", SEN_ERR_FORMAT,
      "tokenizer.json:4:63: the template names \"a\", but \"special_tokens\" gives no ids for it" },
    { "\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\", "
      "\"single\": []}", SEN_ERR_FORMAT, "tokenizer.json:4:51: the template \"single\" should "
      "hold the text (Sequence A) once, and special tokens" },
    { "\"added_tokens\": []", "\"added_tokens\": [{\"id\": 2}]", SEN_ERR_FORMAT,
      "tokenizer.json:1:74: an added token should be a text, or an object with a \"content\" that "
      "is one" },
    { "\"model\"", "\"modell\"", SEN_ERR_FORMAT, "tokenizer.json:1:1: tokenizer.json has no "
      "\"model\"" },
    { "{\"version\"", "[{\"version\"", SEN_ERR_FORMAT, "tokenizer.json:6:1: not valid JSON: the "
      "text ends inside a list or object" },
};

static void token_load_fails(sen_ctx *c, sen_result result, const char *sentence)
{
    sen_tokenizer *t = NULL;
    const char *message;
    const size_t folder = strlen(test_folder()) + 1;
    CHECK(sen_tokenizer_load(c, test_folder(), &t) == result && t == NULL);
    message = sen_message(c);
    CHECK(strncmp(message, test_folder(), folder - 1) == 0);
    if (strlen(message) > folder) CHECK_TEXT(message + folder, sentence);
    sen_tokenizer_free(t);
}

static void token_broken_json(void)
{
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < sizeof token_broken_files / sizeof token_broken_files[0]; i++) {
        const token_broken *b = &token_broken_files[i];
        const char *at = strstr(token_file, b->find);
        char text[2000];
        CHECK(at != NULL);
        sprintf(text, "%.*s%s%s", (int)(at - token_file), token_file, b->put, at + strlen(b->find));
        test_write_text(test_path("tokenizer.json"), text);
        token_load_fails(c, b->result, b->sentence);
    }
    sen_ctx_free(c);
}

static void token_broken_folder(void)
{
    sen_ctx *c = test_ctx(1);
    sen_tokenizer *t = NULL;
    char sentence[1200];
    CHECK(sen_tokenizer_load(c, test_folder(), &t) == SEN_ERR_IO && t == NULL);
    sprintf(sentence, "the folder %s has no tokenizer: neither tokenizer.json nor vocab.txt stands "
            "there", test_folder());
    CHECK_TEXT(sen_message(c), sentence);
    test_write_text(test_path("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\na\n");
    CHECK(sen_tokenizer_load(c, test_folder(), &t) == SEN_ERR_UNSUPPORTED && t == NULL);
    sprintf(sentence, "the folder %s has a vocab.txt only, and nothing (tokenizer_config.json, "
            "config.json) says that it is BERT's", test_folder());
    CHECK_TEXT(sen_message(c), sentence);
    test_write_text(test_path("config.json"), "{\"model_type\": \"bert\"}");
    CHECK_OK(c, sen_tokenizer_load(c, test_folder(), &t));
    token_gives(c, t, "A a", 0, true, "[CLS] a a [SEP]");
    sen_tokenizer_free(t);
    test_write_text(test_path("vocab.txt"), "[UNK]\r\n[CLS]\n[SEP] \t\na\n[CLS]\n");
    token_load_fails(c, SEN_ERR_FORMAT, "vocab.txt:5:1: the token \"[CLS]\" is line 2 too; each "
                     "line should hold a new one");
    test_write(test_path("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\na\0b\n", 22);
    token_load_fails(c, SEN_ERR_FORMAT, "vocab.txt:4:1: a token cannot hold U+0000 here; is this a "
                     "text file?");
    test_write_text(test_path("vocab.txt"), "[UNK]\n[CLS]\na");
    token_load_fails(c, SEN_ERR_FORMAT, "vocab.txt: the vocabulary has no \"[SEP]\" (sep_token), "
                     "which stands around every text");
    test_write_text(test_path("vocab.txt"), "a\n");
    token_load_fails(c, SEN_ERR_FORMAT, "vocab.txt: the vocabulary has no \"[UNK]\" (unk_token), "
                     "which stands for unknown words");
    sen_ctx_free(c);
}

static void token_broken_config(void)
{
    sen_ctx *c = test_ctx(1);
    test_write_text(test_path("tokenizer.json"), token_file);
    test_write_text(test_path("tokenizer_config.json"), "{\"tokenizer_class\": "
        "\"T5TokenizerFast\"}");
    token_load_fails(c, SEN_ERR_UNSUPPORTED, "tokenizer_config.json:1:2: the tokenizer class "
                     "\"T5Tokenizer\" is not supported; supported are: BertTokenizer, "
                     "DistilBertTokenizer, ElectraTokenizer, MobileBertTokenizer, "
                     "SqueezeBertTokenizer, ConvBertTokenizer, LayoutLMTokenizer, MPNetTokenizer, "
                     "PreTrainedTokenizerFast");
    test_write_text(test_path("tokenizer_config.json"), "{\"tokenizer_class\": \"BertTokenizer\"}");
    token_load_fails(c, SEN_ERR_FORMAT, "tokenizer.json:5:12: a BertTokenizer has a WordPiece "
                     "model, not \"WordLevel\"");
    test_write_text(test_path("tokenizer_config.json"), "{\"model_max_length\": 0}");
    token_load_fails(c, SEN_ERR_FORMAT, "tokenizer_config.json:1:2: \"model_max_length\" is 0.0; a "
                     "text has at least one token");
    test_write_text(test_path("tokenizer_config.json"), "[]");
    token_load_fails(c, SEN_ERR_FORMAT, "tokenizer_config.json:1:1: tokenizer_config.json should "
                     "hold an object");
    test_write_text(test_path("tokenizer_config.json"), "{\"cls_token\": 5}");
    token_load_fails(c, SEN_ERR_FORMAT, "tokenizer_config.json:1:2: an added token should be a "
                     "text, or an object with a \"content\" that is one");
    test_write_text(test_path("tokenizer_config.json"), "{\"extra_special_tokens\": {\"k\": 5}}");
    token_load_fails(c, SEN_ERR_FORMAT, "tokenizer_config.json:1:27: an added token should be a "
                     "text, or an object with a \"content\" that is one");
    test_write_text(test_path("tokenizer_config.json"), "{}");
    test_write_text(test_path("added_tokens.json"), "{\"<x>\\u0000\": 2}");
    token_load_fails(c, SEN_ERR_FORMAT, "added_tokens.json:1:2: the token \"<x>...\" cannot hold "
                     "U+0000 here");
    sen_ctx_free(c);
}

/* A file that was cut anywhere, or has one byte wrong, gives a sentence or a tokenizer, no harm. */
static void token_damaged(void)
{
    sen_ctx *c = test_ctx(1);
    size_t i;
    for (i = 0; i < 2 * (sizeof token_file - 1); i++) {
        char text[sizeof token_file];
        sen_tokenizer *t = NULL;
        const size_t at = i / 2;
        memcpy(text, token_file, sizeof text);
        if (i & 1) text[at] = (char)(text[at] ^ 1);
        test_write(test_path("tokenizer.json"), text, i & 1 ? sizeof text - 1 : at);
        if (sen_tokenizer_load(c, test_folder(), &t) == SEN_OK) {
            int64_t n;
            CHECK_OK(c, sen_tokenize(c, t, token_text("a b"), 0, true, NULL, 0, &n));
        } else {
            CHECK(t == NULL && sen_message(c)[0] != 0);
        }
        sen_tokenizer_free(t);
    }
    sen_ctx_free(c);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static sen_result token_work(sen_ctx *c, void *folder)
{
    sen_tokenizer *t = NULL;
    sen__token_list list;
    sen_text x[2];
    int64_t n;
    sen_result r = sen_tokenizer_load(c, (const char *)folder, &t);
    memset(&list, 0, sizeof list);
    x[0] = token_text("a b");
    x[1] = token_text("b a");
    if (!r) r = sen_tokenize(c, t, x[0], 0, true, NULL, 0, &n);
    if (!r) r = sen__token_many(c, t, x, 2, 0, true, &list);
    if (!r) r = sen__tokenizer_save(c, t, (const char *)folder);
    sen_tokenizer_free(t);
    if (!r) r = sen_tokenizer_from_vocab(c, token_words, TOKEN_WORDS, true, &t);
    if (!r) sen_tokenizer_free(t);
    sen__token_list_free(c, &list);
    return r;
}

static void token_memory(void)
{
    char folder[600];
    strcpy(folder, test_folder());
    test_write_text(test_path("tokenizer.json"), token_file);
    test_write_text(test_path("tokenizer_config.json"), "{\"mask_token\": \"<mask>\"}");
    CHECK(fail_everywhere(sen_system_files(), token_work, folder) > 20);
}

static void test_token(void)
{
    TEST(token_vocabulary);
    TEST(token_words_of_text);
    TEST(token_typed);
    TEST(token_cut);
    TEST(token_bytes);
    TEST(token_vocabulary_wrong);
    TEST(token_golden);
    TEST(token_accents);
    TEST(token_beside_broken);
    TEST(token_named);
    TEST(token_grown);
    TEST(token_more_ids);
    TEST(token_many_added);
    TEST(token_crowded_words);
    TEST(token_crowded_trie);
    TEST(token_quick);
    TEST(token_quick_not);
    TEST(token_wordpiece);
    TEST(token_many);
    TEST(token_save_made);
    TEST(token_save_mpnet);
    TEST(token_save_read);
    TEST(token_broken_json);
    TEST(token_broken_folder);
    TEST(token_broken_config);
    TEST(token_damaged);
    TEST(token_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("token", test_token);
}
#endif
