/* The file chapter: paths, folders, reading, and writing that leaves the old file whole. */
#ifndef SENTRAIN_VERSION
#define SENTRAIN_IMPLEMENTATION
#include "sentrain.h"
#endif
#include "test.h"
#include "faulty.h"
#if !defined(_WIN32)
#include <unistd.h>
#endif

static void file_has(const char *path, const char *expect)
{
    char *text = test_read(path, NULL);
    CHECK_TEXT(text, expect);
    free(text);
}

static int file_is(const char *path)
{
    const sen_files *f = sen_system_files();
    sen_file_info info;
    return f->info(f->user, path, &info) == SEN_FILE_OK;
}

static void file_paths(void)
{
    sen_ctx *c = test_ctx(1);
    CHECK_TEXT(sen__path(c, "a/b", "c"), "a/b/c");
    CHECK_TEXT(sen__path(c, "a/b/", "c"), "a/b/c");
    CHECK_TEXT(sen__path(c, "a///", "c"), "a/c");
    CHECK_TEXT(sen__path(c, "/", "c"), "/c");
    CHECK_TEXT(sen__path(c, "", "c"), "c");
    CHECK_TEXT(sen__path(c, "a", ""), "a");
    CHECK_TEXT(sen__path(c, "", ""), "");
    CHECK(sen__path(c, NULL, "c") == NULL && sen__path(c, "a", NULL) == NULL);
    CHECK_TEXT(sen__path(c, sen__path(c, "a", "b"), "c"), "a/b/c");
    CHECK_TEXT(sen__path_name("a/b/c.txt"), "c.txt");
    CHECK_TEXT(sen__path_name("c.txt"), "c.txt");
    CHECK_TEXT(sen__path_name("a/"), "");
    CHECK(sen__path_absolute("/a") && sen__path_absolute("C:/a") && sen__path_absolute("\\\\s\\a"));
    CHECK(!sen__path_absolute("a/b") && !sen__path_absolute("") && !sen__path_absolute("./a"));
    test_blocks.fail_at = test_blocks.calls + 1;
    sen__begin(c);
    {
        char *large = (char *)malloc(100001);
        memset(large, 'a', 100000);
        large[100000] = 0;
        CHECK(sen__path(c, large, "b") == NULL);
        free(large);
    }
    CHECK(sen__end(c, SEN_ERR_MEMORY) == SEN_ERR_MEMORY);
    CHECK_TEXT(sen_message(c), "out of memory: no room for 100003 bytes (a path)");
    sen_ctx_free(c);
}

static void file_read_write(void)
{
    sen_ctx *c = test_ctx(1);
    const char *path = test_path("a.bin");
    sen__bytes b;
    CHECK_OK(c, sen__file_write(c, path, "a\0b\n", 4));
    CHECK_OK(c, sen__file_read(c, path, &b));
    CHECK(b.size == 4 && memcmp(b.data, "a\0b\n", 5) == 0);              /* and a 0 behind it */
    sen__file_release(c, &b);
    CHECK_OK(c, sen__file_map(c, path, &b));
    CHECK(b.size == 4 && memcmp(b.data, "a\0b\n", 4) == 0);
    sen__file_release(c, &b);
    CHECK_OK(c, sen__file_write(c, path, "", 0));
    CHECK_OK(c, sen__file_map(c, path, &b));    /* an empty file cannot be mapped: it is read */
    CHECK(b.size == 0 && !b.mapped && b.data != NULL);
    sen__file_release(c, &b);
    sen__file_release(c, &b);
    CHECK(sen__file_exists(c, path) && !sen__folder_exists(c, path));
    CHECK(!sen__file_exists(c, test_folder()) && sen__folder_exists(c, test_folder()));
    CHECK(!sen__file_exists(c, NULL) && !file_is(test_path("a.bin.tmp")));
    sen_ctx_free(c);
}

static void file_sentences(void)
{
    sen_ctx *c = test_ctx(1);
    char expect[1400];
    sen__bytes b;
    sen__names names;
    sen__begin(c);
    CHECK(sen__file_read(c, test_path("none"), &b) == SEN_ERR_IO);
    snprintf(expect, sizeof expect, "cannot open %s: there is no such file or folder",
             test_path("none"));
    CHECK_TEXT(sen_message(c), expect);
    sen__forgive(c);
    CHECK(sen__file_read(c, test_folder(), &b) == SEN_ERR_IO);
    snprintf(expect, sizeof expect, "cannot open %s: it is a folder", test_folder());
    CHECK_TEXT(sen_message(c), expect);
    sen__forgive(c);
    CHECK(sen__file_write(c, test_path("no/folder"), "x", 1) == SEN_ERR_IO);
    snprintf(expect, sizeof expect, "cannot write %s: there is no such file or folder",
             test_path("no/folder"));
    CHECK_TEXT(sen_message(c), expect);
    sen__forgive(c);
    CHECK(sen__folder_list(c, test_path("none"), &names) == SEN_ERR_IO);
    snprintf(expect, sizeof expect, "cannot list the folder %s: there is no such file or folder",
             test_path("none"));
    CHECK_TEXT(sen_message(c), expect);
    sen__forgive(c);
    test_write_text(test_path("file"), "x");
    CHECK(sen__make_folders(c, test_path("file/sub")) == SEN_ERR_IO);
    sen__forgive(c);
    CHECK(sen__remove_folder(c, test_path("none")) == SEN_ERR_IO);
    sen__end(c, SEN_ERR_IO);
    sen_ctx_free(c);
}

static void file_folders(void)
{
    sen_ctx *c = test_ctx(1);
    char name[32];
    sen__names names;
    int i;
    CHECK_OK(c, sen__make_folders(c, test_path("a/b//c/")));
    CHECK(sen__folder_exists(c, test_path("a/b/c")));
    CHECK_OK(c, sen__make_folders(c, test_path("a/b/c")));               /* again */
    CHECK_OK(c, sen__make_folders(c, "/"));
    for (i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "a/%c%d", 'z' - i % 26, i);
        test_write_text(test_path(name), "x");
    }
    CHECK_OK(c, sen__folder_list(c, test_path("a"), &names));
    CHECK(names.n == 101);
    for (i = 1; i < (int)names.n; i++) CHECK(strcmp(names.name[i - 1], names.name[i]) < 0);
    CHECK_TEXT(names.name[3], "b");             /* behind a25, a51, a77 */
    sen_ctx_free(c);
}

/* A folder goes with its files and its folders of files; what lies deeper stops it; a link goes
 * without what it points to. */
static void file_remove_folder(void)
{
    sen_ctx *c = test_ctx(1);
    CHECK_OK(c, sen__make_folders(c, test_path("cp/1_Pooling")));
    CHECK_OK(c, sen__make_folders(c, test_path("cp/empty")));
    CHECK_OK(c, sen__make_folders(c, test_path("other")));
    test_write_text(test_path("cp/a"), "x");
    test_write_text(test_path("cp/1_Pooling/b"), "x");
    test_write_text(test_path("other/kept"), "x");
#if !defined(_WIN32)
    CHECK(symlink(test_path("other"), test_path("cp/link")) == 0);
#endif
    CHECK_OK(c, sen__remove_folder(c, test_path("cp")));
    CHECK(!file_is(test_path("cp")));
    CHECK(file_is(test_path("other/kept")));
    CHECK_OK(c, sen__make_folders(c, test_path("cp/1/2/3")));
    CHECK(sen__remove_folder(c, test_path("cp")) == SEN_ERR_IO);
    CHECK(file_is(test_path("cp/1/2/3")));
    sen_ctx_free(c);
}

/* Each step of a write fails in turn, for each reason: the old file stands, no .tmp is left, no
 * file stays open, and the sentence has the path and the reason. */
static void file_atomic(void)
{
    static const struct { int kind; const char *action; } step[] = {
        { FAULTY_OPEN, "write" }, { FAULTY_WRITE, "write" }, { FAULTY_SYNC, "write" },
        { FAULTY_CLOSE, "write" }, { FAULTY_RENAME, "rename a finished file to" }
    };
    static const struct { sen_file_error error; const char *why;
    } reason[] = { { SEN_FILE_FULL, "no space is left on the device" },
                   { SEN_FILE_DENIED, "access is denied" },
                   { SEN_FILE_OTHER, "the system reports an error" } };
    char expect[1400], path[1024];
    size_t i, k;
    snprintf(path, sizeof path, "%s", test_path("a.json"));
    test_write_text(path, "the old file");
    for (i = 0; i < SEN__COUNT(step); i++) {
        for (k = 0; k < SEN__COUNT(reason); k++) {
            faulty_files f;
            sen_ctx *c;
            faulty_init(&f, step[i].kind, 1, reason[k].error);
            c = faulty_ctx(&f, 1);
            sen__begin(c);
            CHECK(sen__end(c, sen__file_write(c, path, "the new file", 12)) == SEN_ERR_IO);
            snprintf(expect, sizeof expect, "cannot %s %s: %s", step[i].action, path,
                     reason[k].why);
            CHECK_TEXT(sen_message(c), expect);
            CHECK(f.open == 0);
            CHECK(!file_is(test_path("a.json.tmp")));
            file_has(path, "the old file");
            CHECK_OK(c, sen__file_write(c, test_path("b.json"), "x", 1));    /* and then it works */
            sen_ctx_free(c);
        }
    }
    {
        sen_ctx *c = test_ctx(1);
        sen__writer w;
        sen__writer_open(&w, c, path);
        sen__writer_put(&w, "thrown away", 11);
        CHECK_OK(c, sen__writer_close(&w, false));
        file_has(path, "the old file");
        CHECK(!file_is(test_path("a.json.tmp")));
        test_write_text(test_path("a.json.tmp"), "left by a crash, and longer than what comes");
        CHECK_OK(c, sen__file_write(c, path, "the new file", 12));
        file_has(path, "the new file");
        sen_ctx_free(c);
    }
}

/* The same for reading: no file stays open and what was read is given back. */
static void file_read_fails(void)
{
    static const int kind[] = { FAULTY_OPEN, FAULTY_INFO, FAULTY_READ };
    const char *path = test_path("a");
    char expect[1400];
    size_t i;
    test_write_text(path, "0123456789");
    for (i = 0; i < SEN__COUNT(kind); i++) {
        faulty_files f;
        sen_ctx *c;
        sen__bytes b;
        faulty_init(&f, kind[i], 1, SEN_FILE_OTHER);
        c = faulty_ctx(&f, 1);
        CHECK(sen__file_map(c, path, &b) == SEN_ERR_IO);        /* no map in the table: read */
        CHECK(f.open == 0);
        if (kind[i] == FAULTY_READ) {
            snprintf(expect, sizeof expect, "cannot read %s: only 0 of its 10 bytes came", path);
            CHECK_TEXT(sen_message(c), expect);
        }
        sen_ctx_free(c);
    }
}

/* A table whose reads come in small pieces is as good as any. */
static int64_t file_short_read(void *user, void *file, void *to, int64_t n)
{
    faulty_files *f = (faulty_files *)user;
    return f->real->read(f->real->user, file, to, n > 3 ? 3 : n);
}

static void file_short(void)
{
    faulty_files f;
    sen_ctx *c;
    sen__bytes b;
    faulty_init(&f, FAULTY_ANY, 0, SEN_FILE_OK);
    f.table.read = file_short_read;
    f.table.sync = NULL;                        /* optional */
    c = faulty_ctx(&f, 1);
    CHECK_OK(c, sen__file_write(c, test_path("a"), "0123456789", 10));
    CHECK_OK(c, sen__file_read(c, test_path("a"), &b));
    CHECK_TEXT(b.data, "0123456789");
    sen__file_release(c, &b);
    sen_ctx_free(c);
}

static void file_json(void)
{
    static const sen__json_style style = { 2, true, true };
    sen_ctx *c = test_ctx(1);
    const char *path = test_path("a.json");
    char expect[1400];
    sen_json *j = NULL;
    test_write_text(path, "{\"b\": 1, \"a\": [\"x\"]}");
    CHECK_OK(c, sen__json_load(c, &c->scratch, path, 0, &j));
    CHECK_OK(c, sen__json_save(c, path, j, &style, "\n"));
    file_has(path, "{\n  \"a\": [\n    \"x\"\n  ],\n  \"b\": 1\n}\n");
    test_write_text(path, "{\"b\": 1,\n\"a\": [\"x\"}");
    sen__begin(c);
    CHECK(sen__end(c, sen__json_load(c, &c->scratch, path, 0, &j)) == SEN_ERR_FORMAT);
    snprintf(expect, sizeof expect, "%s:2:10: not valid JSON: a comma or ] should stand here",
             path);
    CHECK_TEXT(sen_message(c), expect);
    sen_ctx_free(c);
}

static void file_none(void)
{
    sen_ctx *c = test_ctx(1);
    sen__bytes b;
    sen__names names;
    c->files = NULL;                            /* as in a build with SENTRAIN_NO_STDIO */
    CHECK(sen__file_read(c, "a", &b) == SEN_ERR_IO);
    CHECK_TEXT(sen_message(c),
               "this build has no file functions: give the context a table of them");
    CHECK(sen__file_write(c, "a", "x", 1) == SEN_ERR_IO);
    CHECK(sen__folder_list(c, "a", &names) == SEN_ERR_IO);
    CHECK(sen__make_folders(c, "a") == SEN_ERR_IO);
    CHECK(!sen__file_exists(c, "a"));
    sen_ctx_free(c);
}

static void test_file(void)
{
    TEST(file_paths);
    TEST(file_read_write);
    TEST(file_sentences);
    TEST(file_folders);
    TEST(file_remove_folder);
    TEST(file_atomic);
    TEST(file_read_fails);
    TEST(file_short);
    TEST(file_json);
    TEST(file_none);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("file", test_file);
}
#endif
