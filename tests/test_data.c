/* The data chapter: the three formats, what is made of them, and every sentence about what is
 * wrong. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "fail.h"

/* One file in memory, named data.ENDING. */
typedef struct data_file {
    const char *text;
    int64_t     size, at;
} data_file;

static sen_file_error data_open(void *user, const char *path, sen_file_mode mode, void **file)
{
    if (mode != SEN_FILE_READ || (strncmp(path, "data.", 5) != 0 && strcmp(path, "-") != 0))
        return SEN_FILE_NOT_FOUND;
    ((data_file *)user)->at = 0;
    *file = user;
    return SEN_FILE_OK;
}

static int64_t data_read(void *user, void *file, void *to, int64_t n)
{
    data_file *f = (data_file *)user;
    (void)file;
    if (n > f->size - f->at) n = f->size - f->at;
    memcpy(to, f->text + f->at, (size_t)n);
    f->at += n;
    return n;
}

static sen_file_error data_close(void *user, void *file)
{
    (void)user;
    (void)file;
    return SEN_FILE_OK;
}

static sen_file_error data_info(void *user, const char *path, sen_file_info *out)
{
    memset(out, 0, sizeof *out);
    (void)path;
    out->size = ((data_file *)user)->size;
    return SEN_FILE_OK;
}

typedef struct data_fixture {
    data_file file;
    sen_files files;
    sen_ctx  *c;
    int       keep;                     /* keep_in_memory of what data_load loads */
    char      log[2000];
} data_fixture;

static void data_log(void *user, sen_log_level level, const char *text)
{
    data_fixture *f = (data_fixture *)user;
    (void)level;
    strncat(f->log, text, sizeof f->log - strlen(f->log) - 1);
}

static void data_start(data_fixture *f)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    memset(f, 0, sizeof *f);
    f->files.user = &f->file;
    f->files.open = data_open;
    f->files.read = data_read;
    f->files.close = data_close;
    f->files.info = data_info;
    desc.files = &f->files;
    desc.threads = 1;
    desc.log = data_log;
    desc.log_user = f;
    CHECK(sen_ctx_new(&desc, &f->c) == SEN_OK);
}

/* A dataset of a text and a job file's description, which may be NULL: just the path. */
static sen_result data_load(data_fixture *f, const char *path, const char *text, int64_t size,
                            const char *spec, sen_dataset **out)
{
    const sen__mark mark = sen__arena_mark(&f->c->scratch);
    sen_json *j = NULL;
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_result r;
    f->file.text = text;
    f->file.size = size < 0 ? (int64_t)strlen(text) : size;
    desc.keep_in_memory = f->keep;
    if (!spec) {
        desc.path = path;
        return sen_dataset_load(f->c, &desc, out);
    }
    r = sen__json_parse(f->c, &f->c->scratch, "job.json", spec, strlen(spec), SEN__JSON_STRICT, &j);
    CHECK(r == SEN_OK);
    if (f->keep == SEN_NONE || j->kind == SEN_JSON_TEXT || !sen_json_get(j, "path"))
        r = sen_dataset_from_json(f->c, j, NULL, out);
    else {
        r = sen_fields_read(f->c, j, sen__dataset_fields, &desc);
        *out = NULL;
        if (!r) r = sen_dataset_load(f->c, &desc, out);
    }
    sen__arena_release(&f->c->scratch, mark);
    return r;
}

static int data_is(const sen_dataset *d, int64_t row, int column, const char *text)
{
    const sen_text t = sen_dataset_text(d, row, column);
    return t.length == strlen(text) && memcmp(t.data, text, t.length) == 0;
}

static void test_data_formats(data_fixture *f)
{
    static const char *const texts[] = {
        "\xEF\xBB\xBF{\"a\": \"x \\\"y\\\" \\u00e9\", \"b\": \"1\", \"score\": 1}\r\n\r\n  \n"
            "{\"score\": 0.5, \"b\": \"\", \"a\": \"two\", \"more\": [1, {\"z\": 2}]}",
        "\xEF\xBB\xBF" "a,b,score\r\n\"x \"\"y\"\" \xC3\xA9\",1,1\r\n\r\ntwo,,\"0.5\"",
        "\xEF\xBB\xBF" "a\tb\tscore\r\nx \"y\" \xC3\xA9\t1\t1\r\n\r\ntwo\t\t0.5\r\n",
    };
    static const char *const paths[] = { "data.jsonl", "data.CSV", "data.tsv" };
    for (int i = 0; i < 3; i++) {
        sen_dataset *d = NULL;
        CHECK(data_load(f, paths[i], texts[i], -1, NULL, &d) == SEN_OK);
        if (!d) {
            printf("%s\n", sen_message(f->c));
            continue;
        }
        CHECK(sen_dataset_rows(d) == 2 && sen_dataset_columns(d) == 3);
        CHECK(data_is(d, 0, 0, "x \"y\" \xC3\xA9") && data_is(d, 1, 0, "two"));
        CHECK(data_is(d, 0, 1, "1") && data_is(d, 1, 1, ""));
        CHECK(sen_dataset_column_kind(d, 2) == SEN_COLUMN_FLOAT);
        CHECK(sen_dataset_number(d, 0, 2) == 1.0 && sen_dataset_number(d, 1, 2) == 0.5);
        CHECK(sen_dataset_number(d, 0, 0) != sen_dataset_number(d, 0, 0));
        CHECK(sen__dataset_line(d, 0) == (i ? 2 : 1) && sen__dataset_line(d, 1) == 4);
        CHECK((d->reader != NULL) == (f->keep == 0));
        CHECK(sen__dataset_label_column(d) == 2);
        CHECK(strcmp(sen_dataset_column_name(d, 1), "b") == 0 &&
              sen_dataset_column_find(d, "c") == -1);
        sen_dataset_free(d);
    }
}

/* rename, columns, limit, class_names, scale; numbers elsewhere than in labels. */
static void test_data_options(data_fixture *f)
{
    sen_dataset *d = NULL;
    CHECK(data_load(f, NULL, "g\tsim\ts1\ts2\nm\t2\ta\tb\nm\t5\tc\td\nm\tx\te\tf\n", -1,
                    "{\"path\": \"data.tsv\", \"rename\": {\"sim\": \"score\"}, \"limit\": 2, "
                    " \"columns\": [\"s1\", \"s2\", \"score\"], \"scale\": {\"score\": 0.2}}",
                    &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_rows(d) == 2 && data_is(d, 1, 0, "c"));
        CHECK(sen_dataset_number(d, 0, 2) == 2 * 0.2 && sen_dataset_number(d, 1, 2) == 5 * 0.2);
        sen_dataset_free(d);
    }
    CHECK(data_load(f, NULL, "a\tlabel\nx\tneutral\ny\tentailment\n", -1,
                    "{\"path\": \"data.tsv\", \"class_names\": [\"entailment\", \"neutral\"], "
                    "\"scale\": {\"label\": 3}}",
                    &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_INT && sen_dataset_number(d, 0, 1) == 3);
        sen_dataset_free(d);
    }
    CHECK(data_load(f, NULL,
                    "{\"n\": 9000000000000000000, \"b\": true}\n{\"n\": 1, \"b\": false}\n", -1,
                    "{\"path\": \"data.jsonl\", \"scale\": {\"n\": 2, \"b\": 3}}", &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_column_kind(d, 0) == SEN_COLUMN_FLOAT &&
              sen_dataset_number(d, 0, 0) == 1.8e19);
        CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_INT && sen_dataset_number(d, 0, 1) == 3);
        sen_dataset_free(d);
    }
    CHECK(data_load(f, NULL, "label\tscore\n1\t 2 \n3\t4.5\n", -1, "\"data.tsv\"", &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_column_kind(d, 0) == SEN_COLUMN_INT && sen_dataset_number(d, 1, 0) == 3);
        CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_FLOAT);
        CHECK(sen_dataset_number(d, 0, 1) == 2 && sen_dataset_number(d, 1, 1) == 4.5);
        sen_dataset_free(d);
    }
    CHECK(data_load(f, "data.json", "{\"a\": true, \"n\": 3}\n{\"a\": false, \"n\": 2.5}", -1, NULL,
                    &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_column_kind(d, 0) == SEN_COLUMN_BOOL && sen_dataset_number(d, 0, 0) == 1);
        CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_FLOAT &&
              sen_dataset_number(d, 0, 1) == 3);
        CHECK(sen__dataset_label_column(d) == -1 && sen_dataset_text(d, 0, 1).length == 0);
        sen_dataset_free(d);
    }
}

/* Line ends inside quotes; the line of what follows is still right. */
static void test_data_csv(data_fixture *f)
{
    sen_dataset *d = NULL;
    CHECK(data_load(f, "data.csv", "\"a\",\"b\n2\"\n\"1\n,2\",x\"y\n\"\",z", -1, NULL, &d) ==
          SEN_OK);
    if (!d) return;
    CHECK(sen_dataset_rows(d) == 2 && strcmp(sen_dataset_column_name(d, 1), "b\n2") == 0);
    CHECK(data_is(d, 0, 0, "1\n,2") && data_is(d, 0, 1, "x\"y") && data_is(d, 1, 0, "") &&
          data_is(d, 1, 1, "z"));
    CHECK(sen__dataset_line(d, 0) == 3 && sen__dataset_line(d, 1) == 5);
    sen_dataset_free(d);
}

static void data_refuses(data_fixture *f, const char *path, const char *text, int64_t size,
                         const char *spec, sen_result result, const char *sentence)
{
    sen_dataset *d = NULL;
    const sen_result r = data_load(f, path, text, size, spec, &d);
    CHECK(r == result && d == NULL);
    if (strcmp(sen_message(f->c), sentence) != 0) {
        test_failures++;
        printf("got:      %s\nexpected: %s\n", sen_message(f->c), sentence);
    }
    if (d) sen_dataset_free(d);
}

static void test_data_errors(data_fixture *f)
{
    static char commas[10000];
    data_refuses(f, "none.tsv", "", -1, NULL, SEN_ERR_IO,
                 "cannot open none.tsv: there is no such file or folder");
    data_refuses(f, "data.tsv", "\r\n\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv is empty: a dataset needs one row at least");
    data_refuses(f, "data.csv", "a,b\n\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.csv holds no rows, only the names of the columns");
    data_refuses(f, "data.tsv", "a\tb\nx\ty\n\nz\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv:4:1: this row has 1 field, but the first line names 2 columns");
    data_refuses(f, "data.csv", "a,b\n\"x\n\",y\nz,1,2\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.csv:4:1: this row has 3 fields, but the first line names 2 columns");
    data_refuses(f, "data.csv", "a,b\nx,\"y", -1, NULL, SEN_ERR_FORMAT,
                 "data.csv:2:3: a quoted field begins here and never ends");
    data_refuses(f, "data.csv", "a,b\nx,\"y\"z\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.csv:2:6: a comma or the end of the line should follow a quoted field (a "
                 "quote inside it is "
                 "written twice)");
    data_refuses(f, "data.tsv", "a\tb\n\xC3\xA4q\ty\xFFz\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv:2:5: these bytes are not UTF-8; convert the file to UTF-8");
    data_refuses(f, "data.csv", "a,caf\xE9\nx,y\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.csv:1:6: these bytes are not UTF-8; convert the file to UTF-8");
    data_refuses(f, "data.tsv", "\xEF\xBB\xBF\r\n\xE9\tb\nx\ty\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv:2:1: these bytes are not UTF-8; convert the file to UTF-8");
    data_refuses(f, "data.jsonl", "{\"a\xE9\": \"x\"}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:4: these bytes are not UTF-8; convert the file to UTF-8");
    data_refuses(f, "data.tsv", "a\tscore\nx\t1\ny\thigh\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv:3: column \"score\": \"high\" is no number; if these are names of "
                 "classes, list them as "
                 "\"class_names\"");
    data_refuses(f, NULL, "a\tlabel\nx\tnuetral\n", -1,
                 "{\"path\": \"data.tsv\", \"class_names\": [\"entailment\", \"neutral\"]}",
                 SEN_ERR_FORMAT,
                 "data.tsv:2: column \"label\": \"nuetral\" is none of the class_names; did you "
                 "mean \"neutral\"?; they "
                 "are: entailment, neutral");
    /* Python's rule too: the classes are for every column of a label's name. */
    data_refuses(f, NULL, "label\tscore\nneutral\t0.5\n", -1,
                 "{\"path\": \"data.tsv\", \"class_names\": [\"entailment\", \"neutral\"]}",
                 SEN_ERR_FORMAT,
                 "data.tsv:2: column \"score\": \"0.5\" is none of the class_names; they are: "
                 "entailment, neutral");
    data_refuses(f, NULL, "anchor\tpositive\nx\ty\n", -1,
                 "{\"path\": \"data.tsv\", \"columns\": [\"anchr\"]}", SEN_ERR_ARGUMENT,
                 "data.tsv has no column \"anchr\", which \"columns\" names; did you mean "
                 "\"anchor\"?; it has: anchor, positive");
    data_refuses(f, NULL, "a\tb\nx\ty\n", -1, "{\"path\": \"data.tsv\", \"colums\": [\"a\"]}",
                 SEN_ERR_ARGUMENT,
                 "job.json:1:22: unknown key \"colums\"; did you mean \"columns\"?");
    data_refuses(f, "data.tsv", "a\ta\nx\ty\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.tsv: two columns are named \"a\"");
    memset(commas, ',', sizeof commas);
    data_refuses(f, "data.csv", commas, sizeof commas, NULL, SEN_ERR_FORMAT,
                 "data.csv: 10001 columns are more than the 10000 that can be read; is this a "
                 "table?");
    data_refuses(
        f, "data.jsonl", "\n{}\n{}\n", -1, NULL, SEN_ERR_FORMAT,
        "data.jsonl:2:1: a row without columns; the keys of the first row are the columns");
    data_refuses(
        f, "data.jsonl", "{\"a\": \"x\", \"b\": 1}\n{\"a\": \"y\"}\n", -1, NULL, SEN_ERR_FORMAT,
        "data.jsonl:2: this row has no \"b\"; every row needs it, as the first row has it");
    data_refuses(
        f, "data.jsonl", "{\"a\": \"x\"}\n\n{\"a\": 3}\n", -1, NULL, SEN_ERR_FORMAT,
        "data.jsonl:3: column \"a\": a whole number stands here, but the first row has a text");
    data_refuses(f, "data.jsonl", "{\"a\": \"x\"}\n{\"a\": null}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:2: column \"a\": null stands where a value should");
    data_refuses(f, "data.jsonl", "{\"a\": \"x\"}\n{\"a\": \"y\"\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:2:10: not valid JSON: the text ends inside a list or object");
    data_refuses(f, "data.jsonl", "{\"a\": {\"b\": 1}}\n", -1, NULL, SEN_ERR_UNSUPPORTED,
                 "data.jsonl:1: column \"a\": objects cannot be read as a column; leave it out "
                 "with \"columns\"");
    data_refuses(f, "data.jsonl", "[1]\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:1: a line should hold one object, not a list");
    data_refuses(f, "data.arrow", "nothing of the kind", -1, NULL, SEN_ERR_FORMAT,
                 "data.arrow is no Arrow stream, or a broken one: a message outside the file");
    data_refuses(
        f, "data.txt", "", -1, NULL, SEN_ERR_ARGUMENT,
        "data.txt: the ending does not tell the format; set \"format\" to jsonl, csv or tsv");
    data_refuses(f, NULL, "a\tb\nx\ty\n", -1, "{\"path\": \"data.tsv\", \"scale\": {\"a\": 2.0}}",
                 SEN_ERR_ARGUMENT,
                 "job.json:1:32: \"a\" is a column of texts and cannot be scaled");
    data_refuses(
        f, NULL, "a\tb\tscore\nx\ty\t1\n", -1,
        "{\"path\": \"data.tsv\", \"columns\": [\"b\", \"a\"], \"scale\": {\"score\": 2}}",
        SEN_ERR_ARGUMENT,
        "data.tsv: \"scale\" names \"score\", but \"columns\" leaves that out; it has: b, a");
    data_refuses(
        f, NULL, "a\tb\tscore\nx\ty\t1\n", -1,
        "{\"path\": \"data.tsv\", \"columns\": [\"score\", \"a\"], \"scale\": {\"scor\": 2}}",
        SEN_ERR_ARGUMENT,
        "data.tsv has no column \"scor\", which \"scale\" names; did you mean \"score\"?; it has: "
        "score, a");
    data_refuses(f, NULL, "", -1, "{\"format\": \"tsv\"}", SEN_ERR_ARGUMENT,
                 "job.json:1:1: a dataset needs a \"path\"");
}

/* Lists of numbers in a file: flat, nested, scaled; lists of texts as columns. */
static void test_data_lists(data_fixture *f)
{
    sen_dataset *d = NULL;
    sen_shape shape;
    CHECK(data_load(f, NULL, "{\"n\": [\"x\", \"y\"], \"label\": [1, 2.5], \"more\": []}\n"
                    "{\"label\": [-3, 4e1], \"n\": [\"z\", \"w\", \"not taken\"]}\n", -1,
                    "{\"path\": \"data.jsonl\", \"columns\": [\"n_2\", \"n_1\", \"label\"], "
                    "\"scale\": {\"label\": 2}}", &d) == SEN_OK);
    if (d) {
        CHECK(data_is(d, 0, 0, "y") && data_is(d, 0, 1, "x") && data_is(d, 1, 0, "w"));
        shape = sen_dataset_column_shape(d, 2);
        CHECK(sen_dataset_column_kind(d, 2) == SEN_COLUMN_LIST && shape.lists == 0 &&
              shape.numbers == 2);
        CHECK(sen_dataset_list(d, 0, 2)[1] == 5 && sen_dataset_list(d, 1, 2)[0] == -6 &&
              sen_dataset_list(d, 1, 2)[1] == 80);
        CHECK(sen_dataset_list(d, 0, 0) == NULL && sen_dataset_column_shape(d, 0).numbers == 0);
        CHECK(sen_dataset_number(d, 0, 2) != sen_dataset_number(d, 0, 2));
        sen_dataset_free(d);
    }
    CHECK(data_load(f, "data.jsonl", "{\"label\": [[1, 2, 3], [4, 5, 6]]}\n", -1, NULL, &d) ==
          SEN_OK);
    if (d) {
        shape = sen_dataset_column_shape(d, 0);
        CHECK(shape.lists == 2 && shape.numbers == 3 && sen_dataset_list(d, 0, 0)[5] == 6);
        sen_dataset_free(d);
    }
    data_refuses(f, "data.jsonl", "{\"label\": [1, 2]}\n{\"label\": [1]}\n", -1, NULL,
                 SEN_ERR_FORMAT,
                 "data.jsonl:2: column \"label\": 1 numbers in 1 list stand here, but the first "
                 "row has 2 in 1: all rows need lists of one length");
    data_refuses(f, "data.jsonl", "{\"label\": [[1, 2], [1]]}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:20: each list within this list should hold 2 numbers, as the first "
                 "does");
    data_refuses(f, "data.jsonl", "{\"label\": [1, NaN]}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:15: a list should hold numbers, not NaN");
    data_refuses(f, "data.jsonl", "{\"label\": [1, true]}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:15: a list should hold numbers, not a boolean");
    data_refuses(f, "data.jsonl", "{\"label\": []}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:1:2: a list of numbers should hold some, and fewer than 2^31");
    data_refuses(f, "data.jsonl", "{\"label\": [1]}\n{\"label\": 1}\n", -1, NULL, SEN_ERR_FORMAT,
                 "data.jsonl:2: column \"label\": a whole number stands here, but the first row "
                 "has a list");
    data_refuses(f, "data.jsonl", "{\"n\": [\"x\", \"y\"]}\n{\"n\": [\"z\"]}\n", -1, NULL,
                 SEN_ERR_FORMAT,
                 "data.jsonl:2:2: \"n\" should hold 2 texts at least, as many as columns were made "
                 "of it or chosen");
}

/* Lists of the caller's own, and from a function. */
static sen_result data_list_row(void *user, int64_t row, sen_cell *cell)
{
    double *numbers = (double *)user;
    numbers[0] = (double)row;
    numbers[1] = (double)row + 0.5;
    cell[0].text.data = "x";
    cell[0].text.length = 1;
    if (row < 9) cell[1].list = numbers;
    return SEN_OK;
}

static void test_data_list_arrays(data_fixture *f)
{
    static const char *const names[] = { "text", "scores" };
    static const sen_column_kind kinds[] = { SEN_COLUMN_TEXT, SEN_COLUMN_LIST };
    static const double lists[4] = { 1, 2, 3, 4 };
    sen_shape shapes[2] = { { 0, 0 }, { 0, 2 } };
    sen_column column;
    sen_row_source source = sen_row_source_default();
    sen_dataset *d = NULL;
    double numbers[2];
    memset(&column, 0, sizeof column);
    column.name = "label";
    column.floats = lists;
    CHECK(sen_dataset_from_arrays(f->c, &column, 1, 2, &d) == SEN_OK);
    if (d) {
        CHECK(sen_dataset_set_shape(d, 0, shapes[0]) == SEN_ERR_ARGUMENT);
        CHECK(strstr(sen_message(f->c), "column \"label\": a shape needs numbers") != NULL);
        CHECK(sen_dataset_set_shape(d, 0, shapes[1]) == SEN_OK);
        CHECK(sen_dataset_list(d, 1, 0)[1] == 4);
        CHECK(sen_dataset_set_shape(d, 0, shapes[1]) == SEN_ERR_ARGUMENT);
        CHECK(strstr(sen_message(f->c), "is no array of floats") != NULL);
    }
    sen_dataset_free(d);
    source.n_rows = 9;
    source.n_columns = 2;
    source.names = names;
    source.kinds = kinds;
    source.get = data_list_row;
    source.user = numbers;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_ERR_ARGUMENT);
    source.shapes = shapes;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_OK);
    if (d) CHECK(sen_dataset_list(d, 8, 1)[1] == 8.5 && sen_dataset_list(d, 0, 1)[0] == 0);
    sen_dataset_free(d);
    source.n_rows = 10;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_ERR_ARGUMENT);
    CHECK(strstr(sen_message(f->c), "row 9, column \"scores\": its function gave no list") != NULL);
}

/* Texts of arrays are taken as they are, also where they are not UTF-8. */
static void test_data_arrays(data_fixture *f)
{
    const sen_text texts[2] = { { "caf\xE9", 4 }, { "two", 3 } };
    const double scores[2] = { 0.25, 0.75 };
    sen_column columns[2];
    sen_dataset *d = NULL;
    memset(columns, 0, sizeof columns);
    columns[0].name = "text";
    columns[0].texts = texts;
    columns[1].name = "score";
    columns[1].floats = scores;
    CHECK(sen_dataset_from_arrays(f->c, columns, 2, 2, &d) == SEN_OK);
    if (!d) return;
    CHECK(data_is(d, 0, 0, "caf\xE9"));
    CHECK(data_is(d, 1, 0, "two") && sen_dataset_number(d, 1, 1) == 0.75 &&
          sen_dataset_rows(d) == 2);
    sen_dataset_free(d);
    columns[1].name = "text";
    CHECK(sen_dataset_from_arrays(f->c, columns, 2, 2, &d) == SEN_ERR_ARGUMENT && d == NULL);
    columns[1].floats = NULL;
    CHECK(sen_dataset_from_arrays(f->c, columns, 2, 2, &d) == SEN_ERR_ARGUMENT && d == NULL);
    CHECK(sen_dataset_from_arrays(f->c, columns, 2, 0, &d) == SEN_ERR_ARGUMENT);
    sen_dataset_free(NULL);
}

static void test_data_warnings(data_fixture *f)
{
    sen_dataset *d = NULL;
    CHECK(data_load(f, "data.tsv", "label\tanchor\tdoc_id\n1\tx\ty\n", -1, NULL, &d) == SEN_OK);
    if (!d) return;
    f->log[0] = 0;
    sen__dataset_warn_names(f->c, d);
    CHECK(strstr(f->log, "\"anchor\" is at index 1, but usually at 0") != NULL);
    CHECK(strstr(f->log, "\"doc_id\" looks like an id") != NULL);
    sen_dataset_free(d);
}

/* ---- Arrow ----------------------------------------------------------------------------------- */

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden"
#endif
#define DATA_ARROW GOLDEN_DIR "/arrow/"

/* Rows of the two are the same in every column of the second, which the first has too. */
static void data_same(const sen_dataset *a, const sen_dataset *b, int64_t first)
{
    int64_t row, k;
    int i;
    for (i = 0; i < sen_dataset_columns(b); i++) {
        const int at = sen_dataset_column_find(a, sen_dataset_column_name(b, i));
        const sen_shape shape = sen_dataset_column_shape(b, i);
        CHECK(at >= 0);
        if (at < 0) continue;
        CHECK(sen_dataset_column_shape(a, at).numbers == shape.numbers &&
              sen_dataset_column_shape(a, at).lists == shape.lists);
        for (row = 0; row < sen_dataset_rows(a); row++) {
            const sen_text x = sen_dataset_text(a, row, at);
            const sen_text y = sen_dataset_text(b, first + row, i);
            const double *p = sen_dataset_list(a, row, at);
            const double *q = sen_dataset_list(b, first + row, i);
            const double n = sen_dataset_number(a, row, at);
            CHECK(x.length == y.length && memcmp(x.data, y.data, x.length) == 0);
            CHECK(n != n || n == sen_dataset_number(b, first + row, i));
            CHECK((p != NULL) == (q != NULL) && (p != NULL) == (shape.numbers > 0));
            for (k = 0; p && q && k < sen__shape_count(shape); k++) CHECK(p[k] == q[k]);
        }
    }
}

/* Folders that Python's datasets wrote, against the same rows as JSON lines. */
static void test_data_arrow(void)
{
    static const char *const folders[] = { "whole", "shards", "sliced" };
    static const char *const columns[] = {
        "anchor", "positive", "negatives_2", "negatives_1", "label", "score", "scores", "fixed",
        "single", "half", "small", "large", "yes"
    };
    sen_ctx *c = test_ctx(1);
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *lines = NULL, *d = NULL;
    size_t i;
    desc.path = DATA_ARROW "rows.jsonl";
    desc.columns.item = columns;
    desc.columns.n = SEN__COUNT(columns);
    CHECK_OK(c, sen_dataset_load(c, &desc, &lines));
    for (i = 0; lines && i < SEN__COUNT(folders); i++) {
        char path[200];
        snprintf(path, sizeof path, "%s%s", DATA_ARROW, folders[i]);
        desc.path = path;
        if (!CHECK_OK(c, sen_dataset_load(c, &desc, &d))) continue;
        CHECK(sen_dataset_rows(d) == (i == 2 ? 3 : 5) && d->reader && !d->line);
        CHECK(sen_dataset_column_kind(d, 4) == SEN_COLUMN_INT &&
              sen_dataset_column_kind(d, 12) == SEN_COLUMN_BOOL);
        data_same(d, lines, i == 2);
        sen_dataset_free(d);
    }
    sen_dataset_free(lines);
    desc.columns.n = 0;
    desc.path = DATA_ARROW "whole";
    CHECK(sen_dataset_load(c, &desc, &d) == SEN_ERR_UNSUPPORTED);
    CHECK_TEXT(sen_message(c), DATA_ARROW "whole: row 0, column \"when\": objects cannot be read "
               "as a column; leave it out with \"columns\"");
    desc.path = DATA_ARROW "null";
    desc.columns.n = 2;
    CHECK(sen_dataset_load(c, &desc, &d) == SEN_ERR_FORMAT);
    CHECK_TEXT(sen_message(c), DATA_ARROW "null: row 3, column \"positive\": null stands where a "
               "value should");
    desc.streaming = true;
    CHECK(sen_dataset_load(c, &desc, &d) == SEN_ERR_UNSUPPORTED);
    desc.streaming = false;
    desc.path = DATA_ARROW;
    desc.format = "arrow";
    CHECK(sen_dataset_load(c, &desc, &d) == SEN_ERR_IO);
    CHECK(strstr(sen_message(c), "state.json") != NULL);
    sen_ctx_free(c);
}

/* Every byte of a file changed in turn, and every place where it may end: read, or refused with a
 * sentence; nothing is touched that is not in the file. */
static void test_data_arrow_hostile(data_fixture *f)
{
    static const char *const columns[] = {
        "anchor", "negatives_2", "label", "scores", "fixed", "yes"
    };
    sen_ctx *c = test_ctx(1);
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen__bytes whole;
    char *copy;
    int64_t at, row;
    int i, value;
    if (!CHECK_OK(c, sen__file_read(c, DATA_ARROW "sliced/data-00000-of-00001.arrow", &whole)))
        return;
    copy = (char *)malloc((size_t)whole.size);
    desc.path = "data.arrow";
    desc.columns.item = columns;
    desc.columns.n = SEN__COUNT(columns);
    for (value = 0; copy && value < 4; value++)
        for (at = 0; at < whole.size; at += value == 3 ? 7 : 1) {
            sen_dataset *d = NULL;
            memcpy(copy, whole.data, (size_t)whole.size);
            copy[at] = (char)(value == 0 ? 0xFF : value == 1 ? copy[at] + 1 : 0x80);
            f->file.text = copy;
            f->file.size = value == 3 ? at : whole.size;
            if (sen_dataset_load(f->c, &desc, &d) != SEN_OK) CHECK(*sen_message(f->c));
            for (row = 0; d && row < sen_dataset_rows(d); row++)
                for (i = 0; i < sen_dataset_columns(d); i++) {
                    (void)sen_dataset_text(d, row, i);
                    (void)sen_dataset_list(d, row, i);
                }
            sen_dataset_free(d);
            sen__forgive(f->c);
        }
    free(copy);
    sen__file_release(c, &whole);
    sen_ctx_free(c);
}

/* ---- streams --------------------------------------------------------------------------------- */

#define DATA_LONG 9000                          /* bytes of a text: more than one read gives */

/* Three rows, each of a long text with line ends in it where the format can have them. */
static void data_stream_text(char *out, int format)
{
    static const char *const heads[] = { "", "a,score\n\n", "a\tscore\n\n" };
    static const char *const before[] = { "{\"a\": \"", "\"x\n", "" };
    static const char *const after[] = { "\", \"score\": ", "\",", "\t" };
    static const char *const ends[] = { "}\n\n", "\r\n", "\n" };
    int i;
    out += sprintf(out, "%s", heads[format]);
    for (i = 0; i < 3; i++) {
        out += sprintf(out, "%s", before[format]);
        memset(out, 'a' + i, DATA_LONG);
        out += DATA_LONG;
        out += sprintf(out, "%s%s%s", after[format], i == 1 ? "0.5" : "3", ends[format]);
    }
}

/* A stream gives the rows that the whole dataset has, in any portions, and again after a rewind
 * where that can be: from a file, not from standard input. */
static void test_data_streams(data_fixture *f)
{
    static const char *const paths[] = { "data.jsonl", "data.csv", "data.tsv" };
    static const char *const names[] = { "jsonl", "csv", "tsv" };
    static char text[3 * DATA_LONG + 500];
    int format, input, turn;
    for (format = 0; format < 3; format++)
        for (input = 0; input < 2; input++) {
            sen_dataset_desc desc = sen_dataset_desc_default();
            sen_dataset *all = NULL, *d = NULL;
            int64_t got = 0, row;
            data_stream_text(text, format);
            CHECK(data_load(f, paths[format], text, -1, NULL, &all) == SEN_OK);
            desc.path = input ? "-" : paths[format];
            desc.format = names[format];
            desc.streaming = !input;
            CHECK(sen_dataset_load(f->c, &desc, &d) == SEN_OK);
            if (!d || !all) return;
            CHECK(sen_dataset_rows(d) == 0 && sen_dataset_columns(d) == 2);
            CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_INT);
            CHECK(sen__stream_window(d, 4) == SEN_OK);
            for (turn = 0; turn < 2; turn++) {
                CHECK(sen__stream_rewind(d) == SEN_OK);
                CHECK(sen__stream_next(d, 0, 2, &got) == SEN_OK && got == (input && turn ? 0 : 2));
                CHECK(sen__stream_next(d, 2, 2, &got) == SEN_OK && got == (input && turn ? 0 : 1));
                for (row = 0; row < got + 2 && got; row++) {
                    const sen_text x = sen_dataset_text(all, row, 0);
                    const sen_text y = sen_dataset_text(d, row, 0);
                    CHECK(x.length == y.length && memcmp(x.data, y.data, x.length) == 0);
                    CHECK(sen_dataset_number(all, row, 1) == sen_dataset_number(d, row, 1));
                    CHECK(sen__dataset_line(all, row) == sen__dataset_line(d, row));
                }
                CHECK(sen__stream_next(d, 0, 4, &got) == SEN_OK && got == 0);
            }
            CHECK(sen_dataset_column_kind(d, 1) == SEN_COLUMN_FLOAT);
            sen_dataset_free(d);
            sen_dataset_free(all);
        }
}

/* Options, and what is wrong with a row when its turn comes. */
static void test_data_stream_options(data_fixture *f)
{
    sen_dataset *d = NULL;
    int64_t got = 0;
    CHECK(data_load(f, NULL, "{\"t\": [\"x\", \"y\"], \"label\": \"no\", \"v\": [1, 2], \"n\": 2}\n"
                    "{\"t\": [\"z\", \"w\"], \"label\": \"yes\", \"v\": [3, 4], \"n\": 3}\n"
                    "{\"t\": [\"u\"], \"label\": \"yes\", \"v\": [5, 6], \"n\": 3}\n", -1,
                    "{\"path\": \"-\", \"class_names\": [\"yes\", \"no\"], \"scale\": {\"v\": 2, "
                    "\"n\": 0.5}, \"columns\": [\"t_2\", \"label\", \"v\", \"n\"]}", &d) == SEN_OK);
    if (!d) return;
    CHECK(sen_dataset_column_kind(d, 3) == SEN_COLUMN_FLOAT && sen__dataset_label_column(d) == 1);
    CHECK(sen__stream_window(d, 2) == SEN_OK && sen__stream_next(d, 0, 2, &got) == SEN_OK);
    CHECK(got == 2 && data_is(d, 1, 0, "w") && sen_dataset_number(d, 0, 1) == 1 &&
          sen_dataset_list(d, 1, 2)[1] == 8 && sen_dataset_number(d, 1, 3) == 1.5);
    CHECK(sen__stream_next(d, 0, 2, &got) == SEN_ERR_FORMAT);
    CHECK(strstr(sen_message(f->c), "standard input:3:2: \"t\" should hold 2 texts") != NULL);
    sen__forgive(f->c);
    sen_dataset_free(d);
    CHECK(data_load(f, NULL, "a\tb\n1\t2\n3\t4\n5\t6\n", -1, "{\"path\": \"data.tsv\", "
                    "\"streaming\": true, \"limit\": 2}", &d) == SEN_OK);
    if (!d) return;
    CHECK(sen__stream_window(d, 3) == SEN_OK && sen__stream_next(d, 0, 3, &got) == SEN_OK);
    CHECK(got == 2 && sen__stream_rewind(d) == SEN_OK && sen__stream_next(d, 0, 3, &got) == SEN_OK);
    CHECK(got == 2 && data_is(d, 0, 0, "1"));
    sen_dataset_free(d);
    data_refuses(f, NULL, "\n\n", -1, "{\"path\": \"-\"}", SEN_ERR_FORMAT,
                 "standard input is empty: a dataset needs one row at least");
    data_refuses(f, NULL, "a,b\n", -1, "{\"path\": \"-\", \"format\": \"csv\"}", SEN_ERR_FORMAT,
                 "standard input holds no rows, only the names of the columns");
    data_refuses(f, NULL, "a\tscore\nx\ty", -1, "{\"path\": \"-\", \"format\": \"tsv\"}",
                 SEN_ERR_FORMAT,
                 "standard input:2: column \"score\": \"y\" is no number; if these are names of "
                 "classes, list them as \"class_names\"");
    data_refuses(f, NULL, "a\tb\nx\ty", -1, "{\"path\": \"-\", \"format\": \"tsv\", \"scale\": "
                 "{\"a\": 2}}", SEN_ERR_ARGUMENT,
                 "job.json:1:42: \"a\" is a column of texts and cannot be scaled");
}

/* Rows of a function, one after the other; the fourth one fails, once. */
typedef struct data_source {
    int  row, rewinds, fails;
    char text[8];
} data_source;

static sen_result data_source_next(void *user, sen_cell *cell, bool *more)
{
    data_source *s = (data_source *)user;
    if (s->row == s->fails) return SEN_ERR_IO;
    *more = s->row < 5;
    s->text[0] = (char)('a' + s->row);
    cell[0].text.data = s->text;
    cell[0].text.length = 1;
    cell[1].number = s->row++ / 2.0;
    return SEN_OK;
}

static sen_result data_source_rewind(void *user)
{
    ((data_source *)user)->row = 0;
    ((data_source *)user)->rewinds++;
    return SEN_OK;
}

static void test_data_stream_rows(data_fixture *f)
{
    static const char *const names[] = { "text", "score" };
    static const sen_column_kind kinds[] = { SEN_COLUMN_TEXT, SEN_COLUMN_FLOAT };
    sen_row_source source = sen_row_source_default();
    sen_dataset *d = NULL;
    data_source s;
    int64_t got = 0;
    memset(&s, 0, sizeof s);
    s.fails = -1;
    source.n_columns = 2;
    source.names = names;
    source.kinds = kinds;
    source.user = &s;
    source.next = data_source_next;
    source.rewind = data_source_rewind;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_OK);
    if (!d) return;
    CHECK(sen__stream_window(d, 4) == SEN_OK && s.row == 0);
    CHECK(sen__stream_next(d, 0, 4, &got) == SEN_OK && got == 4);
    CHECK(data_is(d, 0, 0, "a") && data_is(d, 3, 0, "d") && sen_dataset_number(d, 3, 1) == 1.5);
    CHECK(sen__stream_next(d, 0, 4, &got) == SEN_OK && got == 1 && data_is(d, 0, 0, "e"));
    CHECK(sen__stream_rewind(d) == SEN_OK && s.rewinds == 1);
    s.fails = 1;
    CHECK(sen__stream_next(d, 0, 4, &got) == SEN_ERR_IO);
    CHECK(strstr(sen_message(f->c), "row 1 of the dataset could not be had") != NULL);
    sen__forgive(f->c);
    sen_dataset_free(d);
    source.rewind = NULL;
    s.fails = -1;
    s.row = 0;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_OK);
    if (!d) return;
    CHECK(sen__stream_window(d, 8) == SEN_OK && sen__stream_next(d, 0, 8, &got) == SEN_OK);
    CHECK(got == 5 && sen__stream_rewind(d) == SEN_OK);
    CHECK(sen__stream_next(d, 0, 8, &got) == SEN_OK && got == 0);
    sen_dataset_free(d);
    source.get = data_list_row;
    CHECK(sen_dataset_from_callback(f->c, &source, &d) == SEN_ERR_ARGUMENT);
}

/* A file that stays open and is written to meanwhile: the row says so, and nothing worse comes. */
static void test_data_changed(data_fixture *f)
{
    char text[] = "{\"a\": \"xyz\", \"label\": [1, 2]}\n\n{\"a\": \"uvw\", \"label\": [3, 4]}\n";
    sen_dataset_desc desc = sen_dataset_desc_default();
    const char *bytes;
    sen_dataset *d = NULL;
    f->file.text = text;
    f->file.size = (int64_t)strlen(text);
    desc.path = "data.jsonl";
    desc.keep_in_memory = 0;
    CHECK(sen_dataset_load(f->c, &desc, &d) == SEN_OK);
    if (!d) return;
    CHECK(data_is(d, 1, 0, "uvw") && sen_dataset_list(d, 0, 1)[1] == 2 && data_is(d, 0, 0, "xyz"));
    bytes = d->reader->bytes.data;      /* a copy here, since these files cannot be mapped */
    ((char *)(size_t)bytes)[6] = '\xFF';
    CHECK(data_is(d, 1, 0, "uvw") && data_is(d, 0, 0, "") && sen__error(f->c) == SEN_ERR_IO);
    CHECK(strcmp(sen_message(f->c), "data.jsonl:1: this row is not what it was when the file was "
                 "opened; a file must not change while it is used") == 0);
    sen__forgive(f->c);
    ((char *)(size_t)bytes)[(int64_t)strlen(text) - 4] = ',';   /* [3, 4] is now [3, , */
    CHECK(sen_dataset_list(d, 1, 1) == NULL);
    CHECK(strstr(sen_message(f->c), "data.jsonl:3: this row is not what it was") != NULL);
    sen__forgive(f->c);
    sen_dataset_free(d);
}

/* Memory may run out anywhere: nothing leaks, the result says so. */
static sen_result data_lazy_work(sen_ctx *c, void *arg)
{
    static const char text[] = "{\"a\": \"xyz\", \"label\": [1, 2], \"t\": [\"p\", \"q\"]}\n";
    data_file *file = (data_file *)arg;
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *d = NULL;
    sen_text t;
    sen_result r;
    file->text = text;
    file->size = (int64_t)strlen(text);
    desc.path = "data.jsonl";
    desc.keep_in_memory = 0;
    r = sen_dataset_load(c, &desc, &d);
    if (!r) r = sen__dataset_cell(d, 0, 2, &t);
    if (!r && !sen_dataset_list(d, 0, 1)) r = sen__error(c);
    sen_dataset_free(d);
    return r;
}

static sen_result data_stream_work(sen_ctx *c, void *arg)
{
    static const char text[] = "a,score\n\"x \"\"y\"\"\",1\nz,2.5\n";
    data_file *file = (data_file *)arg;
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *d = NULL;
    int64_t got;
    sen_result r;
    file->text = text;
    file->size = (int64_t)strlen(text);
    desc.path = "-";
    desc.format = "csv";
    r = sen_dataset_load(c, &desc, &d);
    if (!r) r = sen__stream_window(d, 2);
    if (!r) r = sen__stream_next(d, 0, 2, &got);
    sen_dataset_free(d);
    return r;
}

static sen_result data_work(sen_ctx *c, void *arg)
{
    static const char spec[] =
        "{\"path\": \"data.csv\", \"rename\": {\"s\": \"score\"}, \"scale\": {\"score\": 2.5},"
        " \"columns\": [\"score\", \"a\"]}";
    static const char text[] = "a,b,s\n\"x \"\"y\"\"\",1,1\nz,,2\n";
    data_file *file = (data_file *)arg;
    sen_dataset *d = NULL;
    sen_json *j = NULL;
    sen_result r =
        sen__json_parse(c, &c->scratch, "job.json", spec, strlen(spec), SEN__JSON_STRICT, &j);
    file->text = text;
    file->size = (int64_t)strlen(text);
    if (!r) r = sen_dataset_from_json(c, j, "", &d);
    sen_dataset_free(d);
    return r;
}

static void test_data_memory(data_fixture *f)
{
    CHECK(fail_everywhere(&f->files, data_work, &f->file) > 5);
    CHECK(fail_everywhere(&f->files, data_lazy_work, &f->file) > 5);
    CHECK(fail_everywhere(&f->files, data_stream_work, &f->file) > 5);
}

/* Against NLTK's tokenizer and detokenizer and numpy's generator, seed 5: each text at each ratio,
 * one after the other. */
static void test_data_noise(void)
{
    static const char *const text[] = {
        "A pair of boys is running along the beach inside a kitchen during 2019.",
        "Stock traders announced that profits rose in Berlin Monday!",
        "He didn't say \"no\", she said: it's 3,500 dollars ($12.50 each); they'll pay 20% more?",
        "Well... the dogs' owner -- a man of 40 -- left (quickly).",
        "one",
        "Hi!",
        "",
        "The U.S. economy, e.g. cars & trains, grew at 10:30 a.m. today.",
        "I've seen [many] things you'd never believe, we're all mad here.",
    };
    static const char *const expect[] = {
        "pair boys running along kitchen.",
        "that",
        "n't say, she 3,500 dollars $12.50 each they pay%",
        "dogs' owner a man of 40--.",
        "one",
        "!",
        "",
        ", cars &, grew a.m.",
        "many] you we're all mad",
        "A pair of boys is running along the beach inside a kitchen during 2019.",
        "Stock traders announced that profits rose in Berlin Monday!",
        "He didn't say \"no\", she said: it's 3,500 dollars ($12.50 each); they'll pay 20% more?",
        "Well...the dogs' owner--a man of 40--left (quickly).",
        "one",
        "Hi!",
        "",
        "The U.S. economy, e.g. cars & trains, grew at 10:30 a.m. today.",
        "I've seen [many] things you'd never believe, we're all mad here.",
        "2019",
        "Stock",
        "did say) pay",
        "dogs --",
        "one",
        "Hi",
        "",
        ".",
        "never",
    };
    static const double ratio[] = { 0.6, 0.0, 0.95 };
    sen_rng rng;
    size_t i, k;
    sen_rng_seed(&rng, 5);
    for (k = 0; k < SEN__COUNT(ratio); k++)
        for (i = 0; i < SEN__COUNT(text); i++) {
            char out[256];
            sen_text t;
            t.data = text[i];
            t.length = strlen(text[i]);
            CHECK(sen_delete_words(out, t, ratio[k], &rng) == strlen(out));
            CHECK_TEXT(out, expect[k * SEN__COUNT(text) + i]);
        }
}

static void test_data(void)
{
    data_fixture f;
    int mapped;
    data_start(&f);
    test_data_noise();
    for (mapped = 0; mapped < 2; mapped++) {
        f.keep = mapped ? 0 : SEN_NONE;                 /* SEN_NONE: by size, which is small */
        test_data_formats(&f);
        test_data_options(&f);
        test_data_csv(&f);
        test_data_errors(&f);
        test_data_lists(&f);
    }
    f.keep = SEN_NONE;
    test_data_arrow();
    test_data_arrow_hostile(&f);
    test_data_streams(&f);
    test_data_stream_options(&f);
    test_data_stream_rows(&f);
    test_data_changed(&f);
    test_data_list_arrays(&f);
    test_data_arrays(&f);
    test_data_warnings(&f);
    test_data_memory(&f);
    sen_ctx_free(f.c);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("data", test_data);
}
#endif
