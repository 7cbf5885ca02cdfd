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
    CHECK_OK(c, sen__file_map(c, path, false, &b));
    CHECK(b.size == 4 && memcmp(b.data, "a\0b\n", 4) == 0);
    sen__file_release(c, &b);
    CHECK_OK(c, sen__file_write(c, path, "", 0));
    CHECK_OK(c, sen__file_map(c, path, false, &b));     /* an empty file is read */
    CHECK(b.size == 0 && !b.mapped && b.data != NULL);
    sen__file_release(c, &b);
    sen__file_release(c, &b);
    CHECK(sen__file_exists(c, path) && !sen__folder_exists(c, path));
    CHECK(!sen__file_exists(c, test_folder()) && sen__folder_exists(c, test_folder()));
    CHECK(!sen__file_exists(c, NULL) && !file_is(test_path("a.bin.tmp")));
    sen_ctx_free(c);
}

/* A copy in a mapping: what is written there, neither the file nor another mapping shows; the file
 * may be replaced meanwhile, and the mapping stays what it was. */
static void file_map_copy(void)
{
    sen_ctx *c = test_ctx(1);
    const char *path = test_path("a.bin");
    sen__bytes b, other;
    char *to;
    CHECK_OK(c, sen__file_write(c, path, "abcdef", 6));
    CHECK_OK(c, sen__file_map(c, path, true, &b));
    CHECK(b.size == 6 && memcmp(b.data, "abcdef", 6) == 0);
    CHECK(b.copied == (c->files->map_copy != NULL) && (b.mapped || !b.copied));
    if (b.copied) {
        memcpy(&to, &b.data, sizeof to);
        to[0] = 'X';
        CHECK_OK(c, sen__file_map(c, path, true, &other));
        CHECK(memcmp(other.data, "abcdef", 6) == 0);
        sen__file_release(c, &other);
        CHECK_OK(c, sen__file_write(c, path, "zz", 2));
        CHECK(memcmp(b.data, "Xbcdef", 6) == 0);
        CHECK_OK(c, sen__file_read(c, path, &other));
        CHECK(other.size == 2 && memcmp(other.data, "zz", 2) == 0);
        sen__file_release(c, &other);
        CHECK(c->files->map_copy(c->files->user, test_path("none"), &b.size) == NULL);
        CHECK(c->files->map_copy(c->files->user, test_folder(), &b.size) == NULL);
        CHECK(b.size == 6);
    }
    sen__file_release(c, &b);
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
#if !defined(_WIN32) && !defined(__wasi__)          /* WASI lets no link point out of a folder */
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
        CHECK(sen__file_map(c, path, false, &b) == SEN_ERR_IO);     /* no map in the table: read */
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

/* ---- files in memory ------------------------------------------------------------------------- */

static sen_memory_files *image_new(const void *image, size_t size)
{
    const sen_allocator a = test_allocator(&test_blocks);
    sen_memory_files *m = NULL;
    CHECK(sen_memory_files_new(&a, image, size, &m) == SEN_OK);
    return m;
}

/* Writes a file through the table. */
static sen_file_error image_put(const sen_files *f, const char *path, sen_file_mode mode,
                                const char *text)
{
    void *file;
    sen_file_error e = f->open(f->user, path, mode, &file);
    if (e) return e;
    e = f->write(f->user, file, text, (int64_t)strlen(text));
    f->close(f->user, file);
    return e;
}

/* A file's text, "" if it cannot be opened; good until the next call. */
static const char *image_text(const sen_files *f, const char *path)
{
    static char text[256];
    void *file;
    int64_t n = 0;
    if (!f->open(f->user, path, SEN_FILE_READ, &file)) {
        n = f->read(f->user, file, text, 255);
        f->close(f->user, file);
    }
    text[n] = 0;
    return text;
}

static void file_image_table(void)
{
    sen_memory_files *m = image_new(NULL, 0);
    const sen_files *f = sen_memory_files_table(m);
    sen_file_info info;
    void *a, *b;
    char text[8];
    int64_t n = 0;
    const char *p;
    CHECK(image_put(f, "//./a", SEN_FILE_WRITE, "one") == SEN_FILE_OK);
    CHECK(image_put(f, "a", SEN_FILE_APPEND, " two") == SEN_FILE_OK);
    CHECK_TEXT(image_text(f, "/a"), "one two");
    CHECK(f->open(f->user, "none", SEN_FILE_READ, &a) == SEN_FILE_NOT_FOUND);
    CHECK(f->open(f->user, "x/../a", SEN_FILE_READ, &a) == SEN_FILE_NOT_FOUND);
    CHECK(f->open(f->user, "no/a", SEN_FILE_WRITE, &a) == SEN_FILE_NOT_FOUND);
    CHECK(f->open(f->user, "a/b", SEN_FILE_WRITE, &a) == SEN_FILE_NOT_FOUND);
    CHECK(f->open(f->user, "", SEN_FILE_READ, &a) == SEN_FILE_IS_FOLDER);
    CHECK(f->info(f->user, "a", &info) == SEN_FILE_OK && info.size == 7 && !info.is_folder);
    CHECK(f->info(f->user, "/", &info) == SEN_FILE_OK && info.is_folder);
    CHECK(f->open(f->user, "a", SEN_FILE_READ, &a) == SEN_FILE_OK);     /* two readers */
    CHECK(f->open(f->user, "a", SEN_FILE_READ, &b) == SEN_FILE_OK);
    CHECK(f->seek(f->user, a, 4) == SEN_FILE_OK && f->read(f->user, a, text, 8) == 3);
    CHECK(memcmp(text, "two", 3) == 0 && f->read(f->user, a, text, 8) == 0);
    CHECK(f->seek(f->user, a, 8) == SEN_FILE_OTHER && f->seek(f->user, a, -1) == SEN_FILE_OTHER);
    CHECK(f->write(f->user, a, "x", 1) == SEN_FILE_DENIED);
    CHECK(f->remove(f->user, "a") == SEN_FILE_DENIED);
    CHECK(image_put(f, "a", SEN_FILE_WRITE, "") == SEN_FILE_DENIED);
    f->close(f->user, a);
    f->close(f->user, b);
    p = (const char *)f->map(f->user, "a", &n);
    CHECK(p && n == 7 && memcmp(p, "one two", 7) == 0);
    CHECK(image_put(f, "a", SEN_FILE_WRITE, "") == SEN_FILE_DENIED);    /* mapped is open */
    f->unmap(f->user, p, n);
    CHECK(f->open(f->user, "a", SEN_FILE_WRITE, &a) == SEN_FILE_OK);    /* emptied at once */
    CHECK(f->open(f->user, "a", SEN_FILE_READ, &b) == SEN_FILE_DENIED);
    CHECK(f->map(f->user, "a", &n) == NULL);
    CHECK(f->write(f->user, a, "abcd", 4) == SEN_FILE_OK && f->seek(f->user, a, 1) == SEN_FILE_OK);
    CHECK(f->write(f->user, a, "X", 1) == SEN_FILE_OK);
    CHECK(f->write(f->user, a, "X", INT64_MAX) == SEN_FILE_FULL);
    f->close(f->user, a);
    CHECK_TEXT(image_text(f, "a"), "aXcd");
    sen_memory_files_free(m);
    sen_memory_files_free(NULL);
}

/* The chapter's own functions over these files: folders, whole files, a renamed folder. */
static void file_image_folders(void)
{
    sen_memory_files *m = image_new(NULL, 0);
    const sen_files *f = sen_memory_files_table(m);
    sen_ctx *c = test_ctx(1);
    sen__names names;
    void *file;
    c->files = f;
    CHECK_OK(c, sen__make_folders(c, "/run/part"));
    CHECK_OK(c, sen__file_write(c, "run/part/a", "1", 1));
    CHECK_OK(c, sen__file_write(c, "run/part/a", "22", 2));             /* replaces it */
    CHECK_OK(c, sen__file_write(c, "run/part-b", "3", 1));
    CHECK(f->make_folder(f->user, "run") == SEN_FILE_EXISTS);
    CHECK(f->make_folder(f->user, "no/such") == SEN_FILE_NOT_FOUND);
    CHECK_OK(c, sen__folder_list(c, "run", &names));
    CHECK(names.n == 2 && strcmp(names.name[0], "part") == 0);
    CHECK(f->list(f->user, "run/part-b", NULL, NULL) == SEN_FILE_NOT_FOUND);
    CHECK(f->open(f->user, "run/part/a", SEN_FILE_READ, &file) == SEN_FILE_OK);
    CHECK(f->rename(f->user, "run/part", "run/whole") == SEN_FILE_DENIED);
    f->close(f->user, file);
    CHECK(f->rename(f->user, "run/part", "run/part/x") == SEN_FILE_OTHER);
    CHECK(f->rename(f->user, "run/part", "run/part-b") == SEN_FILE_EXISTS);
    CHECK(f->rename(f->user, "run/part", "no/x") == SEN_FILE_NOT_FOUND);
    CHECK_OK(c, sen__rename(c, "run/part", "run/whole"));
    CHECK(f->rename(f->user, "run/whole", "run/whole") == SEN_FILE_OK);
    CHECK_TEXT(image_text(f, "run/whole/a"), "22");
    CHECK(!sen__folder_exists(c, "run/part") && sen__folder_exists(c, "run/whole"));
    CHECK(f->remove(f->user, "run") == SEN_FILE_EXISTS);                /* not empty */
    CHECK_OK(c, sen__remove_folder(c, "run"));
    CHECK(f->remove(f->user, "run") == SEN_FILE_NOT_FOUND && sen_memory_files_size(m) == 24);
    sen_ctx_free(c);
    sen_memory_files_free(m);
}

/* The image of a file "a/b", "hi", and an empty folder "c", byte by byte. */
static const char image_bytes[] =
    "SENFILES" "\1\0\0\0\0\0\0\0" "\3\0\0\0\0\0\0\0"
    "\1\0\0\0\0\0\0\0" "\377\377\377\377\377\377\377\377" "a\0\0\0\0\0\0\0"
    "\3\0\0\0\0\0\0\0" "\2\0\0\0\0\0\0\0" "a/bhi\0\0\0"
    "\1\0\0\0\0\0\0\0" "\377\377\377\377\377\377\377\377" "c\0\0\0\0\0\0";

/* The order in which files came does not show; an image may stand anywhere and is never written. */
static void file_image_bytes(void)
{
    sen_memory_files *m = image_new(NULL, 0), *again;
    const sen_files *f = sen_memory_files_table(m);
    char image[sizeof image_bytes + 1], other[sizeof image_bytes];
    CHECK(f->make_folder(f->user, "c") == SEN_FILE_OK);
    CHECK(f->make_folder(f->user, "a") == SEN_FILE_OK);
    CHECK(image_put(f, "a/b", SEN_FILE_WRITE, "hi") == SEN_FILE_OK);
    CHECK(sen_memory_files_size(m) == sizeof image_bytes);
    sen_memory_files_image(m, other);
    CHECK(memcmp(other, image_bytes, sizeof other) == 0);
    sen_memory_files_free(m);
    memcpy(image + 1, image_bytes, sizeof image_bytes);                 /* an odd address */
    again = image_new(image + 1, sizeof image_bytes);
    f = sen_memory_files_table(again);
    CHECK_TEXT(image_text(f, "a/b"), "hi");
    sen_memory_files_image(again, other);
    CHECK(memcmp(other, image_bytes, sizeof other) == 0);
    CHECK(image_put(f, "a/b", SEN_FILE_APPEND, "gh") == SEN_FILE_OK);
    CHECK_TEXT(image_text(f, "a/b"), "high");
    CHECK(memcmp(image + 1, image_bytes, sizeof image_bytes) == 0);
    sen_memory_files_free(again);
}

/* Cut anywhere, or any byte of its frame changed: refused, or the same size of image again. */
static void file_image_refused(void)
{
    const sen_allocator a = test_allocator(&test_blocks);
    static const struct { size_t at; unsigned char value; } lie[] = {
        { 0, 's' }, { 8, 2 }, { 16, 2 }, { 16, 4 }, { 23, 0x7f }, { 24, 0 }, { 24, 9 },
        { 31, 0x80 }, { 40, 'd' }, { 40, '/' }, { 40, 0 }, { 40, '.' }, { 48, 2 }, { 55, 0xff },
        { 56, 200 }, { 63, 0x80 }, { 64, 'b' }, { 66, '/' }, { 88, 'a' }, { 80, 0 }
    };
    char image[sizeof image_bytes + 8] = { 0 };
    sen_memory_files *m;
    size_t i;
    for (i = 1; i < sizeof image_bytes; i++) {
        char *part = (char *)malloc(i);         /* of its own: a read behind it is found */
        memcpy(part, image_bytes, i);
        CHECK(sen_memory_files_new(&a, part, i, &m) == SEN_ERR_FORMAT && m == NULL);
        free(part);
    }
    for (i = 0; i < SEN__COUNT(lie); i++) {
        memcpy(image, image_bytes, sizeof image_bytes);
        image[lie[i].at] = (char)lie[i].value;
        CHECK(sen_memory_files_new(&a, image, sizeof image_bytes, &m) == SEN_ERR_FORMAT);
        CHECK(m == NULL);
        sen_memory_files_free(m);
    }
    memcpy(image, image_bytes, sizeof image_bytes);
    CHECK(sen_memory_files_new(&a, image, sizeof image, &m) == SEN_ERR_FORMAT); /* 8 bytes more */
    CHECK(sen_memory_files_new(&a, NULL, 5, &m) == SEN_ERR_ARGUMENT && m == NULL);
    CHECK(sen_memory_files_new(NULL, image, sizeof image_bytes, &m) == SEN_OK);
    sen_memory_files_free(m);
}

/* Every request for memory fails once; what was there stays. */
static void file_image_no_memory(void)
{
    const sen_allocator a = test_allocator(&test_blocks);
    int64_t n;
    for (n = 1; n < 40; n++) {
        sen_memory_files *m = NULL;
        const sen_files *f;
        sen_result r;
        int failed = 0;
        test_blocks.calls = 0;
        test_blocks.fail_at = n;
        r = sen_memory_files_new(&a, image_bytes, sizeof image_bytes, &m);
        CHECK(r == SEN_OK || (r == SEN_ERR_MEMORY && !m));
        if (!r) {
            f = sen_memory_files_table(m);
            failed |= f->make_folder(f->user, "d") != SEN_FILE_OK;
            failed |= image_put(f, "a/b", SEN_FILE_APPEND, "gh") != SEN_FILE_OK;
            failed |= f->rename(f->user, "a", "e") != SEN_FILE_OK;
            test_blocks.fail_at = 0;
            CHECK(strncmp(image_text(f, sen__image_find(m, "e") ? "e/b" : "a/b"), "hi", 2) == 0);
            if (!failed) n = 40;                /* all went well: no request was left to fail */
        }
        sen_memory_files_free(m);
    }
    test_blocks.fail_at = 0;
    CHECK(n == 41);
}

static void test_file(void)
{
    TEST(file_paths);
    TEST(file_read_write);
    TEST(file_map_copy);
    TEST(file_sentences);
    TEST(file_folders);
    TEST(file_remove_folder);
    TEST(file_atomic);
    TEST(file_read_fails);
    TEST(file_short);
    TEST(file_json);
    TEST(file_none);
    TEST(file_image_table);
    TEST(file_image_folders);
    TEST(file_image_bytes);
    TEST(file_image_refused);
    TEST(file_image_no_memory);
}

#ifndef TEST_ALL
int main(void)
{
    return test_run("file", test_file);
}
#endif
