/* A table of file functions over the system's in which one call fails: the n-th of all, or the n-th
 * of one kind. For runs that must leave no harm at whatever place the disk gives up. */
#ifndef FAULTY_H
#define FAULTY_H

enum {
    FAULTY_ANY, FAULTY_OPEN, FAULTY_READ, FAULTY_SEEK, FAULTY_WRITE, FAULTY_SYNC, FAULTY_CLOSE,
    FAULTY_INFO, FAULTY_RENAME, FAULTY_REMOVE, FAULTY_MAKE, FAULTY_LIST, FAULTY_KINDS
};

typedef struct faulty_files {
    sen_files        table;                     /* give this to a context */
    const sen_files *real;
    int              kind;                      /* which calls count; FAULTY_ANY: all */
    int64_t          fail_at;                   /* the one that fails, from 1; 0: none */
    int64_t          calls;                     /* that counted so far */
    int64_t          open;                      /* files open now */
    sen_file_error   error;                     /* what it fails with */
} faulty_files;

static inline int faulty_now(faulty_files *f, int kind)
{
    if (f->kind != FAULTY_ANY && f->kind != kind) return 0;
    return ++f->calls == f->fail_at;
}

static inline sen_file_error faulty_open(void *user, const char *path, sen_file_mode mode,
                                         void **file)
{
    faulty_files *f = (faulty_files *)user;
    sen_file_error e;
    if (faulty_now(f, FAULTY_OPEN)) return f->error;
    e = f->real->open(f->real->user, path, mode, file);
    f->open += e == SEN_FILE_OK;
    return e;
}

static inline int64_t faulty_read(void *user, void *file, void *to, int64_t n)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_READ) ? -1 : f->real->read(f->real->user, file, to, n);
}

static inline sen_file_error faulty_seek(void *user, void *file, int64_t offset)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_SEEK) ? f->error : f->real->seek(f->real->user, file, offset);
}

/* Half of it is written all the same, as a full disk does. */
static inline sen_file_error faulty_write(void *user, void *file, const void *from, int64_t n)
{
    faulty_files *f = (faulty_files *)user;
    if (!faulty_now(f, FAULTY_WRITE)) return f->real->write(f->real->user, file, from, n);
    f->real->write(f->real->user, file, from, n / 2);
    return f->error;
}

static inline sen_file_error faulty_sync(void *user, void *file)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_SYNC) ? f->error : f->real->sync(f->real->user, file);
}

/* A close that fails has closed the file nevertheless. */
static inline sen_file_error faulty_close(void *user, void *file)
{
    faulty_files *f = (faulty_files *)user;
    const int fails = faulty_now(f, FAULTY_CLOSE);
    const sen_file_error e = f->real->close(f->real->user, file);
    f->open--;
    return fails ? f->error : e;
}

static inline sen_file_error faulty_info(void *user, const char *path, sen_file_info *out)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_INFO) ? f->error : f->real->info(f->real->user, path, out);
}

static inline sen_file_error faulty_rename(void *user, const char *from, const char *to)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_RENAME) ? f->error : f->real->rename(f->real->user, from, to);
}

static inline sen_file_error faulty_remove(void *user, const char *path)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_REMOVE) ? f->error : f->real->remove(f->real->user, path);
}

static inline sen_file_error faulty_make_folder(void *user, const char *path)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_MAKE) ? f->error : f->real->make_folder(f->real->user, path);
}

static inline sen_file_error faulty_list(void *user, const char *path,
                                         void (*each)(void *arg, const char *name), void *arg)
{
    faulty_files *f = (faulty_files *)user;
    return faulty_now(f, FAULTY_LIST) ? f->error : f->real->list(f->real->user, path, each, arg);
}

/* No mapping: a mapped file is read without any call that could fail. */
static inline void faulty_init(faulty_files *f, int kind, int64_t fail_at, sen_file_error error)
{
    memset(f, 0, sizeof *f);
    f->real = sen_system_files();
    f->kind = kind;
    f->fail_at = fail_at;
    f->error = error;
    f->table.user = f;
    f->table.open = faulty_open;
    f->table.read = faulty_read;
    f->table.seek = faulty_seek;
    f->table.write = faulty_write;
    f->table.sync = faulty_sync;
    f->table.close = faulty_close;
    f->table.info = faulty_info;
    f->table.rename = faulty_rename;
    f->table.remove = faulty_remove;
    f->table.make_folder = faulty_make_folder;
    f->table.list = faulty_list;
}

/* A context on counted memory and these files; the test frees it. */
static inline sen_ctx *faulty_ctx(faulty_files *f, int threads)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c = NULL;
    d.allocator = test_allocator(&test_blocks);
    d.files = &f->table;
    d.threads = threads;
    if (sen_ctx_new(&d, &c) != SEN_OK) {
        printf("no context could be made for a test\n");
        exit(2);
    }
    return c;
}
#endif
