/* sentrain - the command line and the job file.
 *
 *     sentrain train JOB.json          sentrain encode MODEL sentences.txt --output e.npy
 *     sentrain --help                  sentrain COMMAND --help
 *
 * Built from the public functions of sentrain.h alone, so it is also an example of how a program
 * uses them. A command is one row of the table near the end: its flags (a table of fields, like any
 * options struct of the library), its help, its function. A job is one struct with its own table.
 *
 * What is a result goes to standard output, all else to standard error. Exit status: 0 done, 1 the
 * job failed, 2 the command line or the job file is wrong, 4 it does not fit its mem_limit, 130
 * interrupted.
 */
#define SENTRAIN_IMPLEMENTATION
#include "../sentrain.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(_WIN32)
#include <direct.h>
#include <io.h>
#define getcwd _getcwd
#define isatty _isatty
#else
#include <unistd.h>
#endif

#define EXIT_DONE        0
#define EXIT_FAILED      1
#define EXIT_USAGE       2
#define EXIT_LIMIT       4
#define EXIT_INTERRUPTED 130

#define LINES_AT_A_TIME 32768       /* sentences that are encoded before they are written out */
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* ---- what one run of the program holds ------------------------------------------------------- */

/* The flags that belong to commands, not to the job. Each command lists those that it takes. */
typedef struct flags {
    int         threads, batch_size, truncate_dim, top_k;
    bool        quiet, json, help, normalize, resume;
    const char *output, *prompt, *prompt_name, *precision, *task, *corpus, *checkpoint;
} flags;

typedef struct block {
    struct block *next;
} block;

typedef struct cli cli;

typedef struct command {
    const char      *name;
    int            (*run)(cli *t);
    const sen_field *fields;            /* of struct flags */
    bool             takes_job;         /* a job file, --set, and the job's keys as flags */
    int              min_places, max_places;
    const char      *usage, *help;
} command;

struct cli {
    sen_ctx       *ctx, *reader;        /* the job's own; the one that read the job file */
    block         *blocks;              /* all that tool_alloc gave, freed at the end */
    const command *command;
    flags          flags;
    const char    *place[4];            /* arguments that are no flags */
    int            n_places;
    const char   **set;                 /* --set arguments in order */
    int            n_set;
    sen_json      *job_flags;           /* the job's keys that were given as flags */
    bool           terminal;            /* standard error is one */
    bool           line_open;           /* a progress line stands on it */
    double         line_time;           /* when it was drawn last */
};

/* The one thing that a signal handler can reach. */
static sen_ctx *volatile interrupted_ctx;

static void on_signal(int number)
{
    signal(number, SIG_DFL);            /* the second one ends the program at once */
    if (interrupted_ctx) sen_request_stop(interrupted_ctx);
}

/* A cleared block that lives until the program ends. No memory here is no program. */
static void *tool_alloc(cli *t, size_t bytes)
{
    block *b = (block *)calloc(1, sizeof *b + bytes);
    if (!b) {
        fprintf(stderr, "sentrain: out of memory: no room for %lu bytes\n", (unsigned long)bytes);
        exit(EXIT_FAILED);
    }
    b->next = t->blocks;
    t->blocks = b;
    return b + 1;
}

/* A copy with room for one more byte than it needs (path_tidy may use it). */
static char *tool_text(cli *t, const char *text, size_t n)
{
    char *s = (char *)tool_alloc(t, n + 2);
    memcpy(s, text, n);
    return s;
}

/* a, b and c joined; c may be "". */
static char *tool_join(cli *t, const char *a, const char *b, const char *c)
{
    const size_t x = strlen(a), y = strlen(b), z = strlen(c);
    char *s = (char *)tool_alloc(t, x + y + z + 2);
    memcpy(s, a, x);
    memcpy(s + x, b, y);
    memcpy(s + x + y, c, z);
    return s;
}

static void progress_end(cli *t)
{
    if (t->line_open) fputs("\r\033[K", stderr);
    t->line_open = false;
}

/* The context's last message as this program's, and the exit status that goes with it. job: it
 * happened while the job file was read, where every mistake is the caller's: 2. */
static int failed(cli *t, sen_result r, bool job)
{
    progress_end(t);
    fprintf(stderr, "sentrain: %s\n",
            sen_message(t->ctx)[0] ? sen_message(t->ctx) : sen_result_text(r));
    if (r == SEN_ERR_STOPPED) return EXIT_INTERRUPTED;
    if (r == SEN_ERR_LIMIT) return EXIT_LIMIT;
    if (r == SEN_ERR_ARGUMENT) return EXIT_USAGE;
    return job && r != SEN_ERR_MEMORY ? EXIT_USAGE : EXIT_FAILED;
}

/* "sentrain: WHAT NAME WHY", status 2. */
static int refused(const char *what, const char *name, const char *why)
{
    fprintf(stderr, "sentrain: %s%s%s\n", what, name, why);
    return EXIT_USAGE;
}

static void log_line(void *user, sen_log_level level, const char *text)
{
    cli *t = (cli *)user;
    if (t->flags.quiet && level > SEN_LOG_WARNING) return;
    progress_end(t);
    fprintf(stderr, "%s%s\n", level == SEN_LOG_WARNING ? "sentrain: warning: "
                             : level == SEN_LOG_ERROR ? "sentrain: " : "", text);
}

static int context_open(cli *t, int threads)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_result r;
    if (threads < 0 || threads > 4096)
        return refused("--threads takes a number from 0 (all) to 4096", "", "");
    desc.threads = threads;
    desc.log = log_line;
    desc.log_user = t;
    r = sen_ctx_new(&desc, &t->ctx);
    if (r) return refused("cannot begin: ", sen_result_text(r), ""), EXIT_FAILED;
    interrupted_ctx = t->ctx;
    return EXIT_DONE;
}

/* ---- numbers and texts as JSON --------------------------------------------------------------- */

/* A number as Python writes it: the fewest digits that read back the same. A decimal of up to 15
 * digits always survives the way through a double, so the search begins there. */
static void print_double(FILE *f, double v)
{
    char s[40], digits[20];
    int p, n = 0, e, i;
    if (v != v || v - v != 0) {
        fputs(v != v ? "NaN" : v > 0 ? "Infinity" : "-Infinity", f);
        return;
    }
    for (p = 15; p <= 17; p++) {
        snprintf(s, sizeof s, "%.*e", p - 1, v);
        if (strtod(s, NULL) == v) break;
    }
    if (s[0] == '-') fputc('-', f);
    e = atoi(strchr(s, 'e') + 1);
    for (i = s[0] == '-'; s[i] != 'e'; i++)
        if (s[i] != '.') digits[n++] = s[i];
    while (n > 1 && digits[n - 1] == '0') n--;
    if (e < -4 || e >= 16) {
        fputc(digits[0], f);
        if (n > 1) fprintf(f, ".%.*s", n - 1, digits + 1);
        fprintf(f, "e%c%02d", e < 0 ? '-' : '+', e < 0 ? -e : e);
        return;
    }
    if (e < 0) fprintf(f, "0.%.*s", -e - 1, "0000");
    for (i = 0; i < n || i <= e; i++) {
        fputc(i < n ? digits[i] : '0', f);
        if (i == e) fprintf(f, ".%s", i + 1 >= n ? "0" : "");
    }
}

/* A text in quotes, escaped as Python's json does with ensure_ascii=False. */
static void print_text(FILE *f, const char *text, size_t n)
{
    static const char from[] = "\"\\\b\f\n\r\t", into[] = "\"\\bfnrt";
    size_t i;
    fputc('"', f);
    for (i = 0; i < n; i++) {
        const unsigned char ch = (unsigned char)text[i];
        const char *hit = ch ? strchr(from, ch) : NULL;
        if (hit) fprintf(f, "\\%c", into[hit - from]);
        else if (ch < 0x20) fprintf(f, "\\u%04x", ch);
        else fputc(ch, f);
    }
    fputc('"', f);
}

static void print_scalar(FILE *f, const sen_json *j)
{
    if (j->kind == SEN_JSON_BOOL) fputs(j->number != 0 ? "true" : "false", f);
    else if (j->kind == SEN_JSON_TEXT) print_text(f, j->text, j->length);
    else if (j->kind == SEN_JSON_LIST) fputs("[]", f);
    else if (j->kind == SEN_JSON_OBJECT) fputs("{}", f);
    else if (j->kind == SEN_JSON_NULL) fputs("null", f);
    else if (j->is_integer) fprintf(f, "%lld", (long long)j->integer);
    else print_double(f, j->number);
}

/* A whole tree on one line, as Python's json.dumps. */
static void print_json(FILE *f, const sen_json *root)
{
    const sen_json *j = root;
    while (j) {
        if (j->key && j != root) {
            print_text(f, j->key, strlen(j->key));
            fputs(": ", f);
        }
        if (j->child) {
            fputc(j->kind == SEN_JSON_OBJECT ? '{' : '[', f);
            j = j->child;
            continue;
        }
        print_scalar(f, j);
        while (j != root && !j->next) {
            j = j->parent;
            fputc(j->kind == SEN_JSON_OBJECT ? '}' : ']', f);
        }
        if (j == root) break;
        fputs(", ", f);
        j = j->next;
    }
}

/* ---- building and changing a tree ------------------------------------------------------------ */

static sen_json *json_new(cli *t, sen_json_kind kind, const char *key)
{
    sen_json *j = (sen_json *)tool_alloc(t, sizeof *j);
    j->kind = kind;
    j->key = key;
    return j;
}

static sen_json *json_text(cli *t, const char *text)
{
    sen_json *j = json_new(t, SEN_JSON_TEXT, NULL);
    j->text = text;
    j->length = strlen(text);
    return j;
}

/* A member of an object by key, of a list by index ("0"). */
static sen_json *json_find(const sen_json *container, const char *key)
{
    char *end;
    long i = strtol(key, &end, 10);
    sen_json *j = container->child;
    if (container->kind == SEN_JSON_OBJECT) {
        while (j && strcmp(j->key, key) != 0) j = j->next;
        return j;
    }
    if (*end || end == key || i < 0) return NULL;
    while (j && i-- > 0) j = j->next;
    return j;
}

/* Puts a node under a key: over the one that stands there, or behind the last. */
static void json_put(sen_json *object, const char *key, sen_json *value)
{
    sen_json *old = json_find(object, key), **at = &object->child;
    value->key = object->kind == SEN_JSON_OBJECT ? key : NULL;
    value->parent = object;
    value->next = old ? old->next : NULL;
    while (*at && *at != old) at = &(*at)->next;
    *at = value;
    if (!old) object->count++;
    if (!old || object->last == old) object->last = value;
}

/* ---- a value typed at the command line ------------------------------------------------------- */

/* Kinds of the job's own keys. */
static sen_result read_node(sen_ctx *c, const sen_kind *kind, const sen_json *value, void *to);
static const sen_kind kind_place = { "a path, a name or an object", NULL, read_node, NULL };
static const sen_kind kind_object = { "an object", NULL, read_node, NULL };
static const sen_kind kind_list = { "a list", NULL, read_node, NULL };

static sen_result read_node(sen_ctx *c, const sen_kind *kind, const sen_json *value, void *to)
{
    static const char *const is[] = { "null", "a boolean", "a number", "a text", "a list",
                                      "an object" };
    const sen_json_kind k = value->kind;
    const bool place = kind == &kind_place && (k == SEN_JSON_TEXT || k == SEN_JSON_LIST);
    const bool good = k == SEN_JSON_NULL || place ||
                      k == (kind == &kind_list ? SEN_JSON_LIST : SEN_JSON_OBJECT);
    if (!good)
        return sen_fail_at(c, SEN_ERR_ARGUMENT, value, NULL, "\"%s\" takes %s, not %s", value->key,
                           kind->name, is[k]);
    if (k == SEN_JSON_NULL) value = NULL;
    memcpy(to, &value, sizeof value);
    return SEN_OK;
}

/* What can only be meant as JSON: true, false, null, a number. */
static bool is_json_word(const char *value)
{
    char *end;
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0 || strcmp(value, "null") == 0)
        return true;
    if (strspn(value, "0123456789+-.eE") != strlen(value) || !strpbrk(value, "0123456789"))
        return false;
    (void)strtod(value, &end);
    return *end == 0;
}

/* VALUE read by the type that the key has: a text needs no quotes, a number is JSON, an object or a
 * list is JSON. kind NULL: a key whose type is not known here, read as JSON if it is that. `where`
 * ends up in messages. */
static sen_result value_read(cli *t, const sen_kind *kind, const char *where, const char *value,
                             sen_json **out)
{
    const bool text = kind == SEN_KIND_TEXT || (kind && kind->words);
    const bool no_number = text || kind == SEN_KIND_TEXTS || kind == &kind_place ||
                           kind == &kind_object || kind == &kind_list;
    const bool opened = !text && (value[0] == '{' || value[0] == '[');
    const bool json = value[0] == '"' || opened || strcmp(value, "null") == 0 ||
                      (!no_number && is_json_word(value));
    sen_json *j = NULL;
    sen_result r = SEN_OK;
    if (json) r = sen_json_parse(t->ctx, where, value, strlen(value), &j);
    else j = json_text(t, value);
    if (r) return r;
    j->line = 0;                                /* a place in a command line helps nobody */
    *out = j;
    return SEN_OK;
}

static const sen_field *field_find(const sen_field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0) return fields;
    return NULL;
}

/* ---- the job --------------------------------------------------------------------------------- */

typedef struct job {
    /* The job file's top level. */
    const sen_json *model, *config, *prompts, *model_card_data, *train_dataset, *eval_dataset;
    const sen_json *loss, *evaluator, *args, *callbacks, *hyperparameter_search;
    int             max_seq_length, truncate_dim;
    const char     *similarity_fn_name, *default_prompt_name, *save_to;
    /* What is made from it. */
    const char             *base;               /* the job file's folder, absolute */
    sen_training_arguments  arguments;
    sen_model              *trained;
    sen_named_dataset      *train, *eval, *losses;      /* losses: name and loss only */
    int                     n_train, n_eval, n_losses;  /* 0: none */
    bool                    train_named, eval_named, losses_named;
    sen_evaluator          *judge;
    sen_trainer            *trainer;
} job;

#define JOB(member, kind, help) SEN_FIELD(job, member, kind, 0, help)
static const sen_field job_fields[] = {
    JOB(model, &kind_place, "a model folder, or {\"modules\": [...]}"),
    JOB(config, &kind_object, "overrides of the transformer's config.json"),
    SEN_FIELD(job, max_seq_length, SEN_KIND_INT, SEN_NONE, "cut texts after so many tokens"),
    SEN_FIELD(job, truncate_dim, SEN_KIND_INT, SEN_NONE,
              "the model's embeddings keep so many numbers"),
    SEN_FIELD_TEXT(job, similarity_fn_name, NULL, "cosine, dot, euclidean or manhattan"),
    JOB(prompts, &kind_object, "the model's prompts by name, an object"),
    SEN_FIELD_TEXT(job, default_prompt_name, NULL,
                   "the prompt that encode uses when none is named"),
    JOB(model_card_data, &kind_object, "kept for the model card of a later version; not used yet"),
    JOB(train_dataset, &kind_place, "a file, or an object, or an object of named ones"),
    JOB(eval_dataset, &kind_place, "the same, for evaluation losses"),
    JOB(loss, &kind_place, "a loss by name, {\"type\": ...}, or dataset name -> loss"),
    JOB(evaluator, &kind_place, "an evaluator or a list of them"),
    JOB(args, &kind_object, "training arguments: see `sentrain args`"),
    JOB(callbacks, &kind_list, "[{\"type\": \"EarlyStoppingCallback\", ...}]"),
    JOB(hyperparameter_search, &kind_object,
        "for the command hpo, which comes with a later version"),
    SEN_FIELD_TEXT(job, save_to, NULL, "the final model's folder (default: OUTPUT_DIR/final)"),
    SEN_FIELD_END
};

typedef struct early_stopping {
    const char *type;
    int         early_stopping_patience;
    double      early_stopping_threshold;
} early_stopping;

static const sen_field early_stopping_fields[] = {
    SEN_FIELD_TEXT(early_stopping, type, NULL, "EarlyStoppingCallback"),
    SEN_FIELD(early_stopping, early_stopping_patience, SEN_KIND_INT, 1,
              "evaluations without progress"),
    SEN_FIELD(early_stopping, early_stopping_threshold, SEN_KIND_DOUBLE, 0,
              "what counts as progress"),
    SEN_FIELD_END
};

/* ---- paths ----------------------------------------------------------------------------------- */

static bool is_absolute(const char *path)
{
    return path[0] == '/' || path[0] == '\\' || (path[0] && path[1] == ':');
}

/* "a/./b/../c" is "a/c": in place. ".." at the beginning stays. */
static void path_tidy(char *path)
{
    char *part = path, *to = path, *floor_ = path;
    if (*part == '/') part++, to++, floor_++;
    while (*part) {
        const size_t n = strcspn(part, "/");
        const bool up = n == 2 && memcmp(part, "..", 2) == 0;
        const bool stay = n == 0 || (n == 1 && part[0] == '.');
        if (up && to > floor_) {
            to--;
            while (to > floor_ && to[-1] != '/') to--;
        } else if (!stay && !(up && path[0] == '/')) {
            memmove(to, part, n);
            to += n;
            if (up) floor_ = to + 1;
            *to++ = '/';
        }
        part += n + (part[n] == '/');
    }
    if (to > path + 1 && to[-1] == '/') to--;
    if (to == path) *to++ = '.';
    *to = 0;
}

/* $NAME and ${NAME} become what the environment has; unknown names stay as they are. */
static char *path_variables(cli *t, const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    char *out = tool_text(t, "", 0);
    while (*path) {
        const size_t plain = strcspn(path, "$");
        const bool braces = path[plain] == '$' && path[plain + 1] == '{';
        const char *name = path + plain + 1 + braces, *end = path + plain, *value = NULL;
        const size_t n = *end ? strspn(name, letters) : 0;
        const bool whole = n > 0 && (!braces || name[n] == '}');
        if (whole) value = getenv(tool_text(t, name, n));
        if (*end) end = whole ? name + n + braces : end + 1;
        out = tool_join(t, out, tool_text(t, path, plain), "");
        if (!value) value = tool_text(t, path + plain, (size_t)(end - path) - plain);
        out = tool_join(t, out, value, "");
        path = end;
    }
    return out;
}

/* Variables and a leading ~ replaced; a relative path starts from `base`. */
static const char *path_from(cli *t, const char *base, const char *path)
{
    char *p = path_variables(t, path);
    const char *home = getenv("HOME");
    if (p[0] == '~' && (p[1] == '/' || p[1] == 0) && home) p = tool_join(t, home, p + 1, "");
    if (!is_absolute(p) && base[0]) p = tool_join(t, base, "/", p);
    path_tidy(p);
    return p;
}

static const char *current_folder(cli *t)
{
    char here[4096];
    char *p, *s;
    if (!getcwd(here, (int)sizeof here - 1)) here[0] = 0;
    p = tool_text(t, here, strlen(here));
    for (s = p; *s; s++)
        if (*s == '\\') *s = '/';
    return p;
}

static void node_path(cli *t, sen_json *j, const char *base)
{
    if (!j || j->kind != SEN_JSON_TEXT) return;
    j->text = path_from(t, base, j->text);
    j->length = strlen(j->text);
}

/* The paths of a job: these keys anywhere below the model, the datasets, losses and evaluators, and
 * what stands there as a bare text. */
static const char *const path_keys[] = {
    "path", "vocab", "tokenizer", "embeddings", "word_weights", "guide", "decoder_name_or_path",
    "dataset", "queries", "corpus", "relevant_docs", "samples", "sentences_map",
    "duplicates_list", "teacher_model", "dataset_id"
};

static bool is_path_key(const char *key)
{
    int i;
    for (i = 0; key && i < COUNT(path_keys); i++)
        if (strcmp(path_keys[i], key) == 0) return true;
    return false;
}

static void tree_paths(cli *t, sen_json *root, const char *base)
{
    sen_json *j = root;
    while (j) {
        if (j != root && is_path_key(j->key)) node_path(t, j, base);
        if (j->child) {
            j = j->child;
            continue;
        }
        while (j != root && !j->next) j = j->parent;
        j = j == root ? NULL : j->next;
    }
}

static void dataset_paths(cli *t, sen_json *spec, const char *base)
{
    sen_json *j;
    if (!spec) return;
    node_path(t, spec, base);
    tree_paths(t, spec, base);
    if (spec->kind == SEN_JSON_OBJECT && !sen_json_get(spec, "path"))
        for (j = spec->child; j; j = j->next)
            if (!is_path_key(j->key)) node_path(t, j, base);
}

static void job_paths(cli *t, sen_json *root, const char *base)
{
    static const char *const trees[] = { "model", "loss", "evaluator" };
    sen_json *args = json_find(root, "args");
    int i;
    for (i = 0; i < COUNT(trees); i++)
        if (json_find(root, trees[i])) tree_paths(t, json_find(root, trees[i]), base);
    node_path(t, json_find(root, "model"), base);
    dataset_paths(t, json_find(root, "train_dataset"), base);
    dataset_paths(t, json_find(root, "eval_dataset"), base);
    node_path(t, json_find(root, "save_to"), base);
    if (!args || args->kind != SEN_JSON_OBJECT) return;
    node_path(t, json_find(args, "output_dir"), base);
    node_path(t, json_find(args, "resume_from_checkpoint"), base);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    const sen_files *f = sen_system_files();
    sen_file_info info;
    return f->info(f->user, path, &info) == SEN_FILE_OK && info.is_folder;
}

/* A whole file, or standard input where path is NULL; a byte-order mark is passed over. */
static sen_result file_read(cli *t, const char *path, sen_text *out)
{
    size_t room = 1 << 16, n = 0, got;
    char *data = (char *)malloc(room), *more;
    FILE *f = path ? fopen(path, "rb") : stdin;
    bool whole = f && data && !(path && is_folder(path));
    while (whole && (got = fread(data + n, 1, room - n, f)) > 0) {
        n += got;
        if (n < room) continue;
        more = (char *)realloc(data, room *= 2);
        whole = more != NULL;
        if (more) data = more;
    }
    whole = whole && !ferror(f);
    if (whole) {
        const size_t mark = n >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        out->data = tool_text(t, data + mark, n - mark);
        out->length = n - mark;
    }
    if (f && path) fclose(f);
    free(data);
    if (whole) return SEN_OK;
    return sen_fail(t->ctx, SEN_ERR_IO, "cannot read %s: %s", path ? path : "standard input",
                    !f ? "there is no such file, or access is denied"
                    : path && is_folder(path) ? "it is a folder" : "the system reports an error");
}

/* The lines of a file, without their ends (LF, CR LF, or CR alone, as Python's text files). */
static sen_result lines_read(cli *t, const char *path, sen_text **lines, int64_t *n)
{
    sen_text all;
    const sen_result r = file_read(t, path, &all);
    const char *p, *end, *start;
    int64_t k = 0;
    if (r) return r;
    end = all.data + all.length;
    for (p = all.data; p < end; p++) k += *p == '\n' || *p == '\r';
    *lines = (sen_text *)tool_alloc(t, (size_t)(k + 1) * sizeof **lines);
    for (*n = 0, p = start = all.data; p < end; p++) {
        if (*p != '\n' && *p != '\r') continue;
        (*lines)[*n].data = start;
        (*lines)[(*n)++].length = (size_t)(p - start);
        if (*p == '\r' && p + 1 < end && p[1] == '\n') p++;
        start = p + 1;
    }
    if (start < end) {
        (*lines)[*n].data = start;
        (*lines)[(*n)++].length = (size_t)(end - start);
    }
    return SEN_OK;
}

/* A file that is written under another name and renamed once it is whole. */
typedef struct output {
    const char *path, *temporary;
    void       *file;
} output;

static sen_result output_fail(cli *t, output *o, const char *action, sen_file_error e)
{
    const sen_files *f = sen_system_files();
    static const char *const why[] = {
        "no reason was given", "there is no such folder", "access is denied",
        "something of that name is there", "no space is left on the device", "it is a folder",
        "the system reports an error"
    };
    if (o->file) f->close(f->user, o->file);
    f->remove(f->user, o->temporary);
    o->file = NULL;
    return sen_fail(t->ctx, SEN_ERR_IO, "cannot %s %s: %s", action, o->path,
                    why[(unsigned)e < 7 ? e : 6]);
}

static sen_result output_open(cli *t, output *o, const char *path)
{
    const sen_files *f = sen_system_files();
    sen_file_error e;
    o->path = path;
    o->temporary = tool_join(t, path, ".tmp", "");
    o->file = NULL;
    e = is_folder(path) ? SEN_FILE_IS_FOLDER
                        : f->open(f->user, o->temporary, SEN_FILE_WRITE, &o->file);
    return e ? output_fail(t, o, "write", e) : SEN_OK;
}

static sen_result output_write(cli *t, output *o, const void *data, size_t n)
{
    const sen_files *f = sen_system_files();
    const sen_file_error e = f->write(f->user, o->file, data, (int64_t)n);
    return e ? output_fail(t, o, "write", e) : SEN_OK;
}

static sen_result output_close(cli *t, output *o)
{
    const sen_files *f = sen_system_files();
    sen_file_error e = f->sync(f->user, o->file);
    if (e) return output_fail(t, o, "write", e);
    e = f->close(f->user, o->file);
    o->file = NULL;
    if (!e) e = f->rename(f->user, o->temporary, o->path);
    return e ? output_fail(t, o, "write", e) : SEN_OK;
}

/* The head of an .npy file, version 1.0: a Python dict padded so that the numbers begin at a
 * multiple of 64 bytes. */
static sen_result npy_head(cli *t, output *o, int64_t rows, int columns)
{
    char head[192], dict[128];
    const int n = snprintf(dict, sizeof dict,
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %d), }",
                           (long long)rows, columns);
    const int size = (10 + n + 1 + 63) / 64 * 64;
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (char)((size - 10) & 255);
    head[9] = (char)((size - 10) >> 8);
    memcpy(head + 10, dict, (size_t)n);
    head[size - 1] = '\n';
    return output_write(t, o, head, (size_t)size);
}

/* ---- progress -------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    return (double)time(NULL);
}

/* h:mm:ss, or m:ss below an hour. */
static const char *clock_text(char *out, size_t size, double seconds)
{
    const long s = seconds > 0 && seconds < 1e9 ? (long)(seconds + 0.5) : 0;
    if (s >= 3600) snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else snprintf(out, size, "%ld:%02ld", s / 60, s % 60);
    return out;
}

typedef struct encode_progress {
    cli    *t;
    int64_t before, total;
    double  began, drawn;
} encode_progress;

static int on_encoded(void *user, int64_t done, int64_t total)
{
    encode_progress *p = (encode_progress *)user;
    cli *t = p->t;
    const double now = seconds_now(), passed = now - p->began;
    const double rate = (double)(p->before + done) / (passed > 0 ? passed : 1);
    char left[32];
    (void)total;
    if (t->flags.quiet || now <= p->drawn || passed < 2) return 0;
    if (!t->terminal && now - p->drawn < 10) return 0;
    p->drawn = now;
    done += p->before;
    if (t->flags.json) {
        fprintf(stderr, "{\"event\": \"progress\", \"done\": %lld, \"total\": %lld}\n",
                (long long)done, (long long)p->total);
        return 0;
    }
    clock_text(left, sizeof left, (double)(p->total - done) / rate);
    fprintf(stderr, "%s%lld of %lld sentences, %.0f a second, %s left%s",
            t->terminal ? "\r\033[K" : "", (long long)done, (long long)p->total, rate, left,
            t->terminal ? "" : "\n");
    t->line_open = t->terminal;
    return 0;
}

typedef struct train_progress {
    cli    *t;
    int64_t first_step;                 /* where this run began: not 0 after a resume */
    bool    begun;
    double  drawn;
} train_progress;

/* "12.3 steps/s, 0:42 left" for the run so far. */
static void train_rate(const train_progress *p, const sen_train_event *e, char *out, size_t size)
{
    const double done = (double)(e->state->global_step - p->first_step);
    const double to_do = (double)(e->state->max_steps - e->state->global_step);
    const double rate = e->seconds > 0 ? done / e->seconds : 0;
    char left[32];
    if (rate > 0)
        snprintf(out, size, "%.*f steps/s, %s left", rate < 10 ? 2 : 1, rate,
                 clock_text(left, sizeof left, to_do / rate));
    else snprintf(out, size, "starting");
}

static int on_train_begin(const sen_train_event *e, void *user)
{
    train_progress *p = (train_progress *)user;
    p->first_step = e->state->global_step;
    p->drawn = -1;
    if (p->t->flags.json)
        printf("{\"event\": \"begin\", \"step\": %lld, \"max_steps\": %lld}\n",
               (long long)e->state->global_step, (long long)e->state->max_steps);
    else if (!p->t->flags.quiet)
        fprintf(stderr, "%s%lld steps with batches of %d; an epoch has %lld\n",
                p->first_step ? "resumed: " : "", (long long)e->state->max_steps,
                e->state->train_batch_size, (long long)e->state->steps_per_epoch);
    return 0;
}

static int on_step_end(const sen_train_event *e, void *user)
{
    train_progress *p = (train_progress *)user;
    char rate[80];
    if (p->t->flags.quiet || p->t->flags.json || !p->t->terminal || e->seconds - p->drawn < 0.2)
        return 0;
    p->drawn = e->seconds;
    train_rate(p, e, rate, sizeof rate);
    fprintf(stderr, "\r\033[K%lld/%lld  loss %.4f  %s", (long long)e->state->global_step,
            (long long)e->state->max_steps,
            e->state->loss, rate);
    p->t->line_open = true;
    return 0;
}

/* A log entry: losses and rates, or the metrics of an evaluation. */
static int on_log(const sen_train_event *e, void *user)
{
    train_progress *p = (train_progress *)user;
    const sen_json *j;
    char rate[80];
    if (!e->logs) return 0;
    if (p->t->flags.json) {
        printf("{\"event\": \"log\", \"step\": %lld, \"data\": ", (long long)e->state->global_step);
        print_json(stdout, e->logs);
        printf("}\n");
        fflush(stdout);
        return 0;
    }
    if (p->t->flags.quiet) return 0;
    progress_end(p->t);
    fprintf(stderr, "step %lld/%lld ", (long long)e->state->global_step,
            (long long)e->state->max_steps);
    for (j = e->logs->child; j; j = j->next)
        if (j->kind == SEN_JSON_NUMBER && strcmp(j->key, "step") != 0)
            fprintf(stderr, " %s %.5g ", j->key, j->is_integer ? (double)j->integer : j->number);
    train_rate(p, e, rate, sizeof rate);
    if (sen_json_get(e->logs, "train_runtime")) fputc('\n', stderr);      /* the run's summary */
    else fprintf(stderr, " (%s)\n", rate);
    return 0;
}

static int on_save(const sen_train_event *e, void *user)
{
    train_progress *p = (train_progress *)user;
    if (p->t->flags.json)
        printf("{\"event\": \"save\", \"step\": %lld}\n", (long long)e->state->global_step);
    else if (!p->t->flags.quiet) {
        progress_end(p->t);
        fprintf(stderr, "saved checkpoint-%lld\n", (long long)e->state->global_step);
    }
    return 0;
}

/* ---- reading a job --------------------------------------------------------------------------- */

/* Nested keys that are texts whatever they look like: a file may be called 123. */
static const char *const text_keys[] = {
    "type", "name", "path", "format", "dataset", "vocab", "sentences1", "sentences2", "scores",
    "labels", "anchors", "positives", "negatives", "queries", "corpus", "relevant_docs", "guide",
    "model_name", "model_id", "license", "language"
};

/* The kind of a --set key with points: NULL where this program does not know it. */
static const sen_kind *key_kind(const char *first, const char *last, bool deep)
{
    const sen_field *f = NULL;
    int i;
    if (!deep) f = field_find(job_fields, first);
    else if (strcmp(first, "args") == 0) f = field_find(sen_training_fields(), last);
    else if (strcmp(first, "callbacks") == 0) f = field_find(early_stopping_fields, last);
    if (f) return f->kind;
    if (deep && strcmp(first, "prompts") == 0) return SEN_KIND_TEXT;
    for (i = 0; i < COUNT(text_keys); i++)
        if (deep && strcmp(text_keys[i], last) == 0) return SEN_KIND_TEXT;
    return NULL;
}

/* --set a.b.c=VALUE. Objects on the way are made where they are missing. */
static sen_result job_set(cli *t, sen_json *root, const char *argument)
{
    const size_t length = strcspn(argument, "=");
    char *key = tool_text(t, argument, length), *part = key, *dot;
    const char *first = tool_text(t, key, strcspn(key, ".")), *point = strrchr(key, '.');
    const char *last = point ? point + 1 : key;
    sen_json *node = root, *value, *next;
    sen_result r;
    if (argument[length] != '=' || !length)
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "--set takes KEY=VALUE, as in --set "
                        "args.learning_rate=2e-5; \"%s\" is not that", argument);
    r = value_read(t, key_kind(first, last, last != key), tool_join(t, "--set ", key, ""),
                   argument + length + 1, &value);
    if (r) return r;
    for (; (dot = strchr(part, '.')) != NULL; part = dot + 1, node = next) {
        *dot = 0;
        next = json_find(node, part);
        if (!next && node->kind == SEN_JSON_OBJECT)
            json_put(node, part, next = json_new(t, SEN_JSON_OBJECT, part));
        if (!next || next->kind < SEN_JSON_LIST)
            return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "--set %s: \"%s\" is no object or list that "
                            "could hold \"%s\"", argument, part, dot + 1);
    }
    if (node->kind == SEN_JSON_LIST && !json_find(node, part))
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "--set %s: the list has no item %s", argument,
                        part);
    json_put(node, part, value);
    return SEN_OK;
}

/* The flags over the file: args member by member, anything else as a whole. */
static void job_merge(cli *t, sen_json *root, sen_json *over)
{
    sen_json *j, *next, *args = json_find(root, "args"), *given;
    for (j = over->child; j; j = next) {
        next = j->next;
        if (strcmp(j->key, "args") != 0) {
            json_put(root, j->key, j);
            continue;
        }
        if (!args || args->kind != SEN_JSON_OBJECT)
            json_put(root, "args", args = json_new(t, SEN_JSON_OBJECT, "args"));
        for (given = j->child; given; given = j->child) {
            j->child = given->next;
            json_put(args, given->key, given);
        }
    }
}

/* The job file (NULL: none), --set and flags, into *j with all paths absolute. */
static sen_result job_read(cli *t, const char *path, job *j)
{
    const char *here = current_folder(t), *slash = path ? strrchr(path, '/') : NULL;
    sen_json *root = json_new(t, SEN_JSON_OBJECT, NULL);
    sen_text text;
    sen_result r = SEN_OK;
    int i;
    sen_fields_default(job_fields, j);
    j->base = path_from(t, here, slash ? tool_text(t, path, (size_t)(slash - path) + 1) : ".");
    if (path) {
        r = file_read(t, path, &text);
        if (!r) r = sen_json_parse(t->ctx, path, text.data, text.length, &root);
    }
    for (i = 0; !r && i < t->n_set; i++) r = job_set(t, root, t->set[i]);
    if (r) return r;
    if (root->kind == SEN_JSON_OBJECT) {
        job_paths(t, root, j->base);
        job_paths(t, t->job_flags, here);
        job_merge(t, root, t->job_flags);
    }
    r = sen_fields_read(t->ctx, root, job_fields, j);
    j->arguments = sen_training_arguments_default();
    if (!r && j->args) r = sen_training_arguments_read(t->ctx, j->args, &j->arguments);
    if (r) return r;
    if (!j->model)
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT,
                        "the job has no \"model\": give a folder or {\"modules\": [...]}");
    if (!j->arguments.output_dir) j->arguments.output_dir = path_from(t, j->base, "out");
    if (j->model_card_data)
        sen_log(t->ctx, SEN_LOG_INFO,
                "model_card_data is kept for the model card of a later version and not used yet");
    if (j->hyperparameter_search)
        sen_log(t->ctx, SEN_LOG_INFO, "hyperparameter_search is for the command hpo of a later "
                "version and not used here");
    return SEN_OK;
}

/* ---- making what a job names ----------------------------------------------------------------- */

static sen_result job_model(cli *t, job *j)
{
    sen_result r = sen_model_from_json(t->ctx, j->model, j->config, j->base,
                                       (uint64_t)j->arguments.seed, &j->trained);
    if (r) return r;
    if (j->max_seq_length != SEN_NONE) sen_model_set_max_seq_length(j->trained, j->max_seq_length);
    if (j->truncate_dim != SEN_NONE) sen_model_set_truncate_dim(j->trained, j->truncate_dim);
    if (j->similarity_fn_name)
        r = sen_model_set_similarity(t->ctx, j->trained, j->similarity_fn_name);
    if (!r && (j->prompts || j->default_prompt_name))
        r = sen_model_set_prompts(t->ctx, j->trained, j->prompts, j->default_prompt_name);
    return r;
}

/* One dataset, or an object of named ones. */
static sen_result job_datasets(cli *t, job *j, const sen_json *spec, sen_named_dataset **out,
                               int *n, bool *named)
{
    const sen_json *d;
    sen_result r = SEN_OK;
    if (!spec) return SEN_OK;
    *named = spec->kind == SEN_JSON_OBJECT && !sen_json_get(spec, "path");
    *out = (sen_named_dataset *)tool_alloc(t, (size_t)(spec->count + 1) * sizeof **out);
    if (!*named) {
        *n = 1;
        return sen_dataset_from_json(t->ctx, spec, j->base, &(*out)->dataset);
    }
    if (!spec->child)
        return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, spec, NULL,
                           "\"%s\" is empty: it takes a path, or \"path\", or named datasets",
                           spec->key);
    for (d = spec->child; d && !r; d = d->next) {
        if (d->kind != SEN_JSON_TEXT && d->kind != SEN_JSON_OBJECT)
            return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, d, NULL,
                               "\"%s\" has no \"path\", so \"%s\" should be a dataset: a path or "
                               "an object",
                               spec->key, d->key);
        (*out)[*n].name = d->key;
        r = sen_dataset_from_json(t->ctx, d, j->base, &(*out)[(*n)++].dataset);
    }
    return r;
}

static sen_result job_losses(cli *t, job *j)
{
    const sen_json *spec = j->loss, *d;
    sen_result r = SEN_OK;
    if (!spec) return SEN_OK;
    j->losses_named = spec->kind == SEN_JSON_OBJECT && !sen_json_get(spec, "type");
    j->losses = (sen_named_dataset *)tool_alloc(t, (size_t)(spec->count + 1) * sizeof *j->losses);
    if (!j->losses_named) {
        j->n_losses = 1;
        return sen_loss_from_json(t->ctx, spec, j->base, &j->losses->loss);
    }
    for (d = spec->child; d && !r; d = d->next) {
        if (d->kind != SEN_JSON_TEXT && d->kind != SEN_JSON_OBJECT)
            return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, spec, NULL,
                               "\"loss\" needs a \"type\", or the name of a dataset with its loss");
        j->losses[j->n_losses].name = d->key;
        r = sen_loss_from_json(t->ctx, d, j->base, &j->losses[j->n_losses++].loss);
    }
    return r;
}

/* Gives each named dataset the loss of its name. */
static sen_result job_match(cli *t, job *j, sen_named_dataset *set, int n, bool named,
                            const char *key)
{
    int i, k;
    if (!n || !j->losses_named) return SEN_OK;
    if (!named)
        return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, j->loss, NULL,
                           "\"loss\" has a loss for each dataset name, but \"%s\" is one dataset "
                           "without a name", key);
    for (i = 0; i < n; i++) {
        for (k = 0; k < j->n_losses; k++)
            if (strcmp(j->losses[k].name, set[i].name) == 0) set[i].loss = j->losses[k].loss;
        if (!set[i].loss)
            return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, j->loss, NULL,
                               "\"loss\" has no entry for the dataset \"%s\" of \"%s\"",
                               set[i].name, key);
    }
    return SEN_OK;
}

static sen_result job_callbacks(cli *t, job *j)
{
    const sen_json *d;
    sen_result r = SEN_OK;
    for (d = j->callbacks ? j->callbacks->child : NULL; d && !r; d = d->next) {
        const sen_json *type = sen_json_get(d, "type");
        early_stopping e;
        if (!type || type->kind != SEN_JSON_TEXT ||
            strcmp(type->text, "EarlyStoppingCallback") != 0)
            return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, d, "type",
                               "a callback is {\"type\": \"EarlyStoppingCallback\", ...}; there is "
                               "no other kind in a job file");
        sen_fields_default(early_stopping_fields, &e);
        r = sen_fields_read(t->ctx, d, early_stopping_fields, &e);
        if (!r)
            r = sen_add_early_stopping(j->trainer, e.early_stopping_patience,
                                       e.early_stopping_threshold);
    }
    return r;
}

enum { NEED_TRAIN = 1, NEED_EVAL = 2 };

/* All objects of a job and its trainer. *in_job: the failure is the job file's own. */
static sen_result job_open(cli *t, job *j, int need, bool *in_job)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_result r;
    *in_job = true;
    r = job_losses(t, j);
    *in_job = r != SEN_OK;
    if (!r) r = job_model(t, j);
    if (!r && (need & NEED_TRAIN))
        r = job_datasets(t, j, j->train_dataset, &j->train, &j->n_train, &j->train_named);
    if (!r && (need & NEED_EVAL))
        r = job_datasets(t, j, j->eval_dataset, &j->eval, &j->n_eval, &j->eval_named);
    if (!r) r = job_match(t, j, j->train, j->n_train, j->train_named, "train_dataset");
    if (!r) r = job_match(t, j, j->eval, j->n_eval, j->eval_named, "eval_dataset");
    if (!r && (need & NEED_EVAL) && j->evaluator)
        r = sen_evaluator_from_json(t->ctx, j->evaluator, j->base, &j->judge);
    if (r) return r;
    desc.model = j->trained;
    desc.args = j->arguments;
    desc.evaluator = j->judge;
    if (j->n_losses && !j->losses_named) desc.loss = j->losses->loss;
    if (j->train_named) desc.train_datasets = j->train, desc.n_train_datasets = j->n_train;
    else if (j->n_train) desc.train_dataset = j->train->dataset;
    if (j->eval_named) desc.eval_datasets = j->eval, desc.n_eval_datasets = j->n_eval;
    else if (j->n_eval) desc.eval_dataset = j->eval->dataset;
    r = sen_trainer_new(t->ctx, &desc, &j->trainer);
    return r ? r : job_callbacks(t, j);
}

static void job_free(job *j)
{
    int i;
    sen_trainer_free(j->trainer);
    sen_evaluator_free(j->judge);
    for (i = 0; i < j->n_losses; i++) sen_loss_free(j->losses[i].loss);
    for (i = 0; i < j->n_train; i++) sen_dataset_free(j->train[i].dataset);
    for (i = 0; i < j->n_eval; i++) sen_dataset_free(j->eval[i].dataset);
    sen_model_free(j->trained);
}

/* Reads the job, then opens the context that it runs in: --threads, else args.threads, else all. */
static int job_begin(cli *t, job *j)
{
    sen_result r;
    int threads = t->flags.threads;
    memset(j, 0, sizeof *j);
    r = job_read(t, t->n_places ? t->place[0] : NULL, j);
    if (r) return failed(t, r, true);
    if (threads == SEN_NONE) threads = j->arguments.threads > 0 ? j->arguments.threads : 0;
    return context_open(t, threads);
}

/* A run that only looks: nothing is evaluated or saved on the way, and no folder is made. */
static void job_only_look(job *j, bool own_folder)
{
    j->arguments.eval_strategy = SEN_STRATEGY_NO;
    j->arguments.save_strategy = SEN_STRATEGY_NO;
    j->arguments.load_best_model_at_end = false;
    j->arguments.eval_on_start = false;
    if (!own_folder) j->arguments.output_dir = j->base;
}

/* ---- train, grad, eval ----------------------------------------------------------------------- */

static sen_result train_save(cli *t, job *j)
{
    const char *folder = j->save_to ? j->save_to : path_from(t, j->arguments.output_dir, "final");
    const sen_train_state *s = sen_trainer_state(j->trainer);
    const sen_result r = sen_model_save(t->ctx, j->trained, folder);
    if (r) return r;
    if (t->flags.json) {
        printf("{\"event\": \"end\", \"step\": %lld, \"train_loss\": ", (long long)s->global_step);
        print_double(stdout, s->training_loss);
        printf(", \"model\": ");
        print_text(stdout, folder, strlen(folder));
        printf("}\n");
    } else if (!t->flags.quiet) {
        progress_end(t);
        fprintf(stderr, "%lld steps done, train loss %.4f; the model is in %s\n",
                (long long)s->global_step, s->training_loss, folder);
    }
    return SEN_OK;
}

static int run_train(cli *t)
{
    job j;
    train_progress p;
    sen_callback watch = sen_callback_default();
    const char *from = NULL;
    bool in_job = false;
    sen_result r;
    int status = job_begin(t, &j);
    if (status) return status;
    memset(&p, 0, sizeof p);
    p.t = t;
    watch.user = &p;
    watch.on_train_begin = on_train_begin;
    watch.on_step_end = on_step_end;
    watch.on_log = on_log;
    watch.on_save = on_save;
    r = job_open(t, &j, NEED_TRAIN | NEED_EVAL, &in_job);
    if (!r && !j.n_train)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "the job has no \"train_dataset\"");
    if (!r) r = sen_add_callback(j.trainer, &watch);
    if (t->flags.checkpoint) from = path_from(t, current_folder(t), t->flags.checkpoint);
    if (!r) r = t->flags.resume ? sen_train_resume(j.trainer, from) : sen_train(j.trainer);
    if (!r) r = train_save(t, &j);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    job_free(&j);
    return status;
}

static int run_grad(cli *t)
{
    job j;
    bool in_job = false;
    sen_result r;
    int status;
    if (!t->flags.output) return refused("grad needs --output FILE.safetensors", "", "");
    status = job_begin(t, &j);
    if (status) return status;
    job_only_look(&j, false);
    r = job_open(t, &j, NEED_TRAIN, &in_job);
    if (!r && !j.n_train)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "the job has no \"train_dataset\"");
    if (!r) r = sen_trainer_gradients(j.trainer, t->flags.output);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    job_free(&j);
    return status;
}

/* Names that say how fast it went, which no two runs share. */
static bool is_speed(const char *key)
{
    return strstr(key, "_runtime") || strstr(key, "_per_second") || strstr(key, "total_flos");
}

static void print_metrics(const sen_json *metrics)
{
    const sen_json *m;
    const char *comma = "{";
    for (m = metrics->child; m; m = m->next) {
        if (is_speed(m->key)) continue;
        fputs(comma, stdout);
        print_text(stdout, m->key, strlen(m->key));
        fputs(": ", stdout);
        print_json(stdout, m);
        comma = ", ";
    }
    fputs(comma[0] == '{' ? "{}\n" : "}\n", stdout);
}

static int run_eval(cli *t)
{
    job j;
    const sen_json *metrics = NULL;
    bool in_job = false;
    sen_result r = SEN_OK;
    int status = job_begin(t, &j);
    if (status) return status;
    job_only_look(&j, true);
    if (!j.eval_dataset && !j.evaluator)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT,
                     "nothing to evaluate: the job has neither \"evaluator\" nor \"eval_dataset\"");
    if (!r) r = job_open(t, &j, NEED_EVAL, &in_job);
    if (!r) r = sen_trainer_evaluate(j.trainer, &metrics);
    if (!r) print_metrics(metrics);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    job_free(&j);
    return status;
}

/* ---- encode, similarity, search, tokenize ---------------------------------------------------- */

static sen_result model_open(cli *t, const char *folder, sen_model **out)
{
    return sen_model_load(t->ctx, path_from(t, "", folder), out);
}

static sen_encode_args encode_args(const cli *t)
{
    sen_encode_args a = sen_encode_args_default();
    a.prompt = t->flags.prompt;
    a.prompt_name = t->flags.prompt_name;
    a.task = t->flags.task;
    a.batch_size = t->flags.batch_size;
    a.normalize_embeddings = t->flags.normalize;
    a.truncate_dim = t->flags.truncate_dim;
    return a;
}

static void print_rows(const float *rows, int64_t n, int dimension)
{
    int64_t i;
    int k;
    for (i = 0; i < n; i++)
        for (k = 0; k < dimension; k++) {
            fputs(k ? ", " : "[", stdout);
            print_double(stdout, (double)rows[i * dimension + k]);
            if (k + 1 == dimension) fputs("]\n", stdout);
        }
}

/* float32 as the file has them, whatever the machine's byte order. */
static sen_result write_rows(cli *t, output *o, float *rows, int64_t n)
{
    const uint32_t one = 1;
    int64_t i;
    for (i = 0; *(const unsigned char *)&one == 0 && i < n; i++) {
        uint32_t u;
        memcpy(&u, rows + i, 4);
        u = u >> 24 | (u >> 8 & 0xFF00u) | (u << 8 & 0xFF0000u) | u << 24;
        memcpy(rows + i, &u, 4);
    }
    return output_write(t, o, rows, (size_t)n * sizeof *rows);
}

/* Encodes in pieces, so that the embeddings of a large file are never all in memory. */
static sen_result encode_lines(cli *t, const sen_model *m, const sen_text *lines, int64_t n,
                               output *o)
{
    encode_progress p;
    sen_encode_args a = encode_args(t);
    const int dimension = sen_embedding_dimension(m, t->flags.truncate_dim);
    const int64_t room = n < LINES_AT_A_TIME ? n : LINES_AT_A_TIME;
    float *rows = (float *)tool_alloc(t, (size_t)room * (size_t)dimension * sizeof *rows);
    sen_result r = SEN_OK;
    int64_t i;
    memset(&p, 0, sizeof p);
    p.t = t;
    p.total = n;
    p.began = p.drawn = seconds_now();
    a.progress = on_encoded;
    a.progress_user = &p;
    for (i = 0; i < n && !r; i += room) {
        const int64_t k = n - i < room ? n - i : room;
        p.before = i;
        r = sen_encode(t->ctx, m, lines + i, k, &a, rows);
        if (!r && o) r = write_rows(t, o, rows, k * dimension);
        else if (!r) print_rows(rows, k, dimension);
    }
    progress_end(t);
    return r;
}

static int run_encode(cli *t)
{
    const char *const precision = t->flags.precision;
    sen_model *m = NULL;
    sen_text *lines = NULL;
    int64_t n = 0;
    output o;
    sen_result r;
    int dimension;
    if (strcmp(precision, "float32") != 0)
        return refused("--precision ", precision,
                       " comes with a later version; this one has float32");
    r = model_open(t, t->place[0], &m);
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &lines, &n);
    if (r) goto done;
    dimension = sen_embedding_dimension(m, t->flags.truncate_dim);
    if (!t->flags.output) {
        r = encode_lines(t, m, lines, n, NULL);
        goto done;
    }
    r = output_open(t, &o, t->flags.output);
    if (!r) r = npy_head(t, &o, n, dimension);
    if (!r) {
        r = encode_lines(t, m, lines, n, &o);
        if (!r) r = output_close(t, &o);
        else if (o.file)
            output_fail(t, &o, "write", SEN_FILE_OTHER);       /* the first message stays */
    }
    if (!r && !t->flags.quiet)
        printf("{\"shape\": [%lld, %d], \"dtype\": \"float32\"}\n", (long long)n, dimension);
done:
    n = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return (int)n;
}

static int run_similarity(cli *t)
{
    sen_model *m = NULL;
    sen_text text[2];
    float *rows, score = 0;
    int status, e, i;
    sen_encode_args a = encode_args(t);
    sen_result r = model_open(t, t->place[0], &m);
    for (i = 0; i < 2; i++) {
        text[i].data = t->place[i + 1];
        text[i].length = strlen(t->place[i + 1]);
    }
    if (!r) {
        e = sen_embedding_dimension(m, t->flags.truncate_dim);
        rows = (float *)tool_alloc(t, (size_t)e * 2 * sizeof *rows);
        r = sen_encode(t->ctx, m, text, 2, &a, rows);
        if (!r) r = sen_similarities(t->ctx, m, rows, 1, rows + e, 1, e, &score);
    }
    if (!r) {
        print_double(stdout, (double)score);
        putchar('\n');
    }
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

typedef struct hit {
    int64_t row;
    float   score;
} hit;

/* Keeps the best k of the scores of one query, best first; of equals the earlier row. */
static int hits_best(hit *best, int k, const float *scores, int64_t n)
{
    int64_t i;
    int have = 0, at;
    for (i = 0; i < n; i++) {
        if (have == k && !(scores[i] > best[k - 1].score)) continue;
        at = have < k ? have++ : k - 1;
        for (; at > 0 && scores[i] > best[at - 1].score; at--) best[at] = best[at - 1];
        best[at].row = i;
        best[at].score = scores[i];
    }
    return have;
}

static void print_hits(const sen_text *query, const hit *best, int n, const sen_text *corpus)
{
    int i;
    fputs("{\"query\": ", stdout);
    print_text(stdout, query->data, query->length);
    fputs(", \"hits\": [", stdout);
    for (i = 0; i < n; i++) {
        printf("%s{\"corpus_id\": %lld, \"score\": ", i ? ", " : "", (long long)best[i].row);
        print_double(stdout, (double)best[i].score);
        fputs(", \"text\": ", stdout);
        print_text(stdout, corpus[best[i].row].data, corpus[best[i].row].length);
        fputc('}', stdout);
    }
    fputs("]}\n", stdout);
}

/* Every query against every line of the corpus. */
static sen_result search_all(cli *t, const sen_model *m, const sen_text *corpus, int64_t n,
                             const sen_text *queries, int64_t k)
{
    const int e = sen_embedding_dimension(m, SEN_NONE);
    const int top = (int64_t)t->flags.top_k < n ? t->flags.top_k : (int)n;
    float *rows = (float *)tool_alloc(t, (size_t)n * (size_t)e * sizeof *rows);
    float *query = (float *)tool_alloc(t, (size_t)e * sizeof *query);
    float *scores = (float *)tool_alloc(t, (size_t)n * sizeof *scores);
    hit *best = (hit *)tool_alloc(t, (size_t)top * sizeof *best);
    sen_encode_args a = encode_args(t);
    sen_result r;
    int64_t i;
    a.task = "document";
    r = sen_encode(t->ctx, m, corpus, n, &a, rows);
    a.task = "query";
    for (i = 0; i < k && !r; i++) {
        r = sen_encode(t->ctx, m, queries + i, 1, &a, query);
        if (!r) r = sen_similarities(t->ctx, m, query, 1, rows, n, e, scores);
        if (!r) print_hits(queries + i, best, hits_best(best, top, scores, n), corpus);
    }
    return r;
}

static int run_search(cli *t)
{
    sen_model *m = NULL;
    sen_text *corpus = NULL, *queries = NULL;
    int64_t n = 0, k = 0;
    sen_result r;
    int status;
    if (!t->flags.corpus) return refused("search needs --corpus FILE, one text a line", "", "");
    if (t->flags.top_k < 1) return refused("--top-k must be at least 1", "", "");
    r = model_open(t, t->place[0], &m);
    if (!r) r = lines_read(t, t->flags.corpus, &corpus, &n);
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &queries, &k);
    if (!r && !n) r = sen_fail(t->ctx, SEN_ERR_FORMAT, "%s: the corpus is empty", t->flags.corpus);
    if (!r) r = search_all(t, m, corpus, n, queries, k);
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

static void print_tokens(const sen_tokenizer *words, const int32_t *ids, int64_t n)
{
    int64_t i;
    fputs("{\"ids\": [", stdout);
    for (i = 0; i < n; i++) printf("%s%ld", i ? ", " : "", (long)ids[i]);
    fputs("], \"tokens\": [", stdout);
    for (i = 0; i < n; i++) {
        const char *word = sen_tokenizer_token(words, ids[i]);
        if (i) fputs(", ", stdout);
        print_text(stdout, word, strlen(word));
    }
    fputs("]}\n", stdout);
}

static sen_result tokenize_lines(cli *t, const sen_tokenizer *words, const sen_text *lines,
                                 int64_t n)
{
    int64_t i, k, room = 1 << 12;
    int32_t *ids = (int32_t *)tool_alloc(t, (size_t)room * sizeof *ids);
    sen_result r = SEN_OK;
    for (i = 0; i < n && !r; i++) {
        r = sen_tokenize(t->ctx, words, lines[i], 0, true, ids, room, &k);
        if (!r && k > room) {
            room = k + k / 2;
            ids = (int32_t *)tool_alloc(t, (size_t)room * sizeof *ids);
            r = sen_tokenize(t->ctx, words, lines[i], 0, true, ids, room, &k);
        }
        if (!r) print_tokens(words, ids, k);
    }
    return r;
}

/* The folder's own tokenizer; where a model keeps it in a sub-folder, through the model. */
static int run_tokenize(cli *t)
{
    const char *folder = path_from(t, "", t->place[0]);
    sen_tokenizer *words = NULL;
    sen_model *m = NULL;
    sen_text *lines = NULL;
    int64_t n = 0;
    int status;
    sen_result r = sen_tokenizer_load(t->ctx, folder, &words);
    if (r == SEN_ERR_IO && sen_model_load(t->ctx, folder, &m) == SEN_OK) r = SEN_OK;
    else if (r == SEN_ERR_IO)
        r = sen_tokenizer_load(t->ctx, folder, &words);       /* for its message */
    if (!r && !words && !sen_model_tokenizer(m))
        r = sen_fail(t->ctx, SEN_ERR_FORMAT, "%s: the model has no tokenizer", folder);
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &lines, &n);
    if (!r) r = tokenize_lines(t, words ? words : sen_model_tokenizer(m), lines, n);
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_tokenizer_free(words);
    sen_model_free(m);
    return status;
}

/* ---- info ------------------------------------------------------------------------------------ */

static void print_bytes(double bytes)
{
    static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    int i = 0;
    for (; bytes >= 1024 && i < 4; i++) bytes /= 1024;
    printf(i ? "%.1f %s" : "%.0f %s", bytes, unit[i]);
}

/* "float16" of a folder's model.safetensors: the type of its first tensor of real numbers (older
 * files hold whole ones too). "unknown" where that cannot be seen. */
static const char *file_dtype(cli *t, const char *folder)
{
    static const char *const names[][2] = { { "F32", "float32" }, { "F16", "float16" },
                                            { "BF16", "bfloat16" }, { "F64", "float64" } };
    unsigned char size[8];
    FILE *f = fopen(tool_join(t, folder, "/model.safetensors", ""), "rb");
    uint64_t n = 0;
    const char *out = NULL;
    char *head, *found;
    int i;
    if (!f) return "unknown";
    if (fread(size, 1, 8, f) == 8)
        for (i = 7; i >= 0; i--) n = n << 8 | size[i];
    if (n > 0 && n < (1 << 26)) {
        head = (char *)tool_alloc(t, (size_t)n + 1);
        found = fread(head, 1, (size_t)n, f) == (size_t)n ? head : NULL;
        while (!out && found && (found = strstr(found + 1, "\"dtype\":\"")) != NULL)
            for (i = 0; i < COUNT(names); i++)
                if (strncmp(found + 9, names[i][0], strlen(names[i][0])) == 0) out = names[i][1];
    }
    fclose(f);
    return out ? out : "unknown";
}

static int64_t module_parameters(const sen_module *m)
{
    int64_t n = 0;
    int i;
    for (i = 0; i < m->n_weights; i++) n += m->weight[i].count;
    return n;
}

/* A module's settings as its config file has them; what is false or null goes without saying. */
static void print_settings(cli *t, const sen_module *m, const char *folder)
{
    static const char *const bert[] = { "model_type", "num_hidden_layers", "num_attention_heads",
                                        "intermediate_size", "max_position_embeddings" };
    const bool whole = strcmp(m->type->name, "Transformer") != 0;
    const sen_json *j;
    sen_json *config = NULL;
    sen_text text;
    int i;
    if (!whole && file_read(t, path_from(t, folder, "config.json"), &text) == SEN_OK)
        sen_json_parse(t->ctx, "config.json", text.data, text.length, &config);
    for (j = m->config && whole ? m->config->child : NULL; j; j = j->next) {
        if (j->kind == SEN_JSON_NULL || (j->kind == SEN_JSON_BOOL && j->number == 0)) continue;
        printf("  %s=", j->key);
        print_json(stdout, j);
    }
    for (i = 0; !whole && i < COUNT(bert); i++) {
        j = sen_json_get(config, bert[i]);
        if (!j) continue;
        printf("  %s=", bert[i]);
        print_json(stdout, j);
    }
}

static void info_module(cli *t, const sen_module *m, int i, const char *folder)
{
    folder = path_from(t, folder, m->path);
    if (t->flags.json) {
        printf("%s{\"type\": \"%s\", \"parameters\": %lld, \"dimension\": %d, \"dtype\": \"%s\"}",
               i ? ", " : "", m->type->name, (long long)module_parameters(m), m->dimension,
               m->n_weights ? file_dtype(t, folder) : "");
        return;
    }
    printf("%d %-12s out %d", i, m->type->name, m->dimension);
    if (m->n_weights)
        printf("  %lld parameters in %d tensors, %s in the file", (long long)module_parameters(m),
               m->n_weights, file_dtype(t, folder));
    print_settings(t, m, folder);
    putchar('\n');
}

static void info_sizes(const cli *t, const sen_model *m)
{
    const sen_tokenizer *words = sen_model_tokenizer(m);
    const long long vocabulary = words ? (long long)sen_tokenizer_size(words) : 0;
    const long long parameters = (long long)sen_model_parameters(m);
    const double bytes = 4.0 * (double)parameters;
    const int dimension = sen_embedding_dimension(m, SEN_NONE);
    if (t->flags.json) {
        printf("\"dimension\": %d, \"similarity\": \"%s\", \"max_seq_length\": %d, ",
               dimension, sen_model_similarity(m), sen_model_max_seq_length(m));
        printf("\"vocabulary\": %lld, \"parameters\": %lld, ", vocabulary, parameters);
        printf("\"bytes_encode\": %.0f, \"bytes_train\": %.0f}\n", bytes, 4 * bytes);
        return;
    }
    printf("embeddings of %d numbers, similarity %s, texts cut after %d tokens, "
           "vocabulary of %lld\n%lld parameters, computed in float32: ", dimension,
           sen_model_similarity(m), sen_model_max_seq_length(m), vocabulary, parameters);
    print_bytes(bytes);
    printf(" to encode, ");
    print_bytes(4 * bytes);                     /* weights, gradients, AdamW's two moments */
    printf(" and the activations to train with AdamW\n");
}

static int info_model(cli *t, const char *folder)
{
    sen_model *m = NULL;
    const sen_result r = model_open(t, folder, &m);
    int i;
    if (r) return failed(t, r, false);
    if (t->flags.json) printf("{\"modules\": [");
    for (i = 0; i < sen_model_modules(m); i++)
        info_module(t, sen_model_module(m, i), i, path_from(t, "", folder));
    if (t->flags.json) printf("], ");
    info_sizes(t, m);
    sen_model_free(m);
    return EXIT_DONE;
}

static bool is_label(const char *name)
{
    return strcmp(name, "label") == 0 || strcmp(name, "labels") == 0 ||
        strcmp(name, "score") == 0 || strcmp(name, "scores") == 0;
}

/* One line a dataset: its columns as the loss takes them. */
static void print_dataset(const char *key, const sen_named_dataset *d, const sen_loss *loss)
{
    static const char *const kinds[] = { "text", "int", "float", "bool" };
    const int n = sen_dataset_columns(d->dataset);
    bool labelled = false;
    int i, text = 0;
    printf("%s%s%s: %lld rows\n", key, d->name ? " " : "", d->name ? d->name : "",
           (long long)sen_dataset_rows(d->dataset));
    for (i = 0; i < n; i++) {
        const char *name = sen_dataset_column_name(d->dataset, i);
        const bool label = !labelled && is_label(name);
        printf("  %s (%s): ", name, kinds[sen_dataset_column_kind(d->dataset, i)]);
        if (label) printf("the label\n");
        else printf("text %d of the loss\n", ++text);
        labelled = labelled || label;
    }
    if (loss)
        printf("  %s takes: %s\n", sen_loss_type_of(loss)->name, sen_loss_type_of(loss)->columns);
}

static void print_plan(const sen_memory_plan *p)
{
    const struct { const char *name; int64_t bytes; } row[] = {
        { "weights", p->weights }, { "gradients", p->gradients }, { "optimizer", p->optimizer },
        { "token ids", p->data }, { "activations", p->activations }, { "in all", p->total }
    };
    int i;
    printf("memory at the widest batch (%lld tokens):", (long long)p->batch_tokens);
    for (i = 0; i < COUNT(row); i++) {
        printf("%s %s ", i ? "," : "", row[i].name);
        print_bytes((double)row[i].bytes);
    }
    if (p->limit) {
        printf("; mem_limit ");
        print_bytes((double)p->limit);
    }
    putchar('\n');
}

static void print_job(cli *t, const job *j, const sen_memory_plan *p)
{
    const sen_train_state *s = sen_trainer_state(j->trainer);
    int i;
    const sen_loss *loss = j->n_losses ? j->losses->loss : NULL;
    if (t->flags.json) {
        printf("{\"max_steps\": %lld, \"num_train_epochs\": %lld, \"steps_per_epoch\": %lld, ",
               (long long)s->max_steps, (long long)s->num_train_epochs,
               (long long)s->steps_per_epoch);
        printf("\"train_batch_size\": %d, \"parameters\": %lld, \"batch_tokens\": %lld, ",
               s->train_batch_size, (long long)sen_model_parameters(j->trained),
               (long long)p->batch_tokens);
        printf("\"bytes\": {\"weights\": %lld, \"gradients\": %lld, \"optimizer\": %lld, ",
               (long long)p->weights, (long long)p->gradients, (long long)p->optimizer);
        printf("\"data\": %lld, \"activations\": %lld, \"total\": %lld, \"limit\": %lld}}\n",
               (long long)p->data, (long long)p->activations, (long long)p->total,
               (long long)p->limit);
        return;
    }
    for (i = 0; i < j->n_train; i++)
        print_dataset("train_dataset", j->train + i, j->train[i].loss ? j->train[i].loss : loss);
    for (i = 0; i < j->n_eval; i++)
        print_dataset("eval_dataset", j->eval + i, j->eval[i].loss ? j->eval[i].loss : loss);
    if (j->judge)
        printf("evaluator: %s %s\n", sen_evaluator_type_of(j->judge)->name,
               sen_evaluator_name(j->judge));
    if (!j->n_train) return;
    printf("%lld steps with batches of %d; an epoch has %lld\n", (long long)s->max_steps,
           s->train_batch_size,
           (long long)s->steps_per_epoch);
    print_plan(p);
}

static int info_job(cli *t)
{
    job j;
    sen_memory_plan plan;
    bool in_job = false;
    sen_result r;
    int status = job_begin(t, &j);
    if (status) return status;
    memset(&plan, 0, sizeof plan);
    job_only_look(&j, false);
    r = job_open(t, &j, NEED_TRAIN | NEED_EVAL, &in_job);
    if (!r && j.n_train) r = sen_trainer_plan(j.trainer, &plan);
    if (!r) print_job(t, &j, &plan);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    job_free(&j);
    return status;
}

/* A folder is a model, a file is a job. */
static int run_info(cli *t)
{
    const char *what = t->n_places ? path_from(t, "", t->place[0]) : NULL;
    int status;
    if (!what && !t->job_flags->child)
        return refused("info takes a model folder or a job file; see `sentrain info --help`", "",
                       "");
    if (!what || !is_folder(what)) return info_job(t);
    status = context_open(t, t->flags.threads == SEN_NONE ? 0 : t->flags.threads);
    return status ? status : info_model(t, t->place[0]);
}

/* ---- args, help ------------------------------------------------------------------------------ */

static int run_args(cli *t)
{
    const sen_training_arguments a = sen_training_arguments_default();
    const sen_field *f;
    for (f = sen_training_fields(); f->name; f++) {
        const sen_json *j = f->kind->write(t->ctx, f->kind, (const char *)&a + f->offset);
        const char *note = sen_training_note(f->name), *help = f->help ? f->help : "";
        if (!j) return failed(t, SEN_ERR_MEMORY, false);
        if (t->flags.json) {
            printf("{\"name\": \"%s\", \"type\": ", f->name);
            print_text(stdout, f->kind->name, strlen(f->kind->name));
            printf(", \"default\": ");
            print_json(stdout, j);
            printf(", \"help\": ");
            print_text(stdout, help, strlen(help));
            printf(", \"note\": ");
            if (note) print_text(stdout, note, strlen(note));
            else fputs("null", stdout);
            printf("}\n");
            continue;
        }
        printf("%s = ", f->name);
        print_json(stdout, j);
        printf("   (%s)\n    %s%s%s\n", f->kind->name, help, note && help[0] ? " -- " : "",
               note ? note : "");
    }
    return EXIT_DONE;
}

#define FLAG(member, kind, initial, help) SEN_FIELD(flags, member, kind, initial, help)
#define FLAGS_COMMON \
    FLAG(threads, SEN_KIND_INT, SEN_NONE, "so many threads; 0: as many as there are processors"), \
    FLAG(quiet, SEN_KIND_BOOL, 0, "no progress, only warnings and errors"), \
    FLAG(json, SEN_KIND_BOOL, 0, "machine-readable: one JSON object a line"), \
    FLAG(help, SEN_KIND_BOOL, 0, "this text")
#define FLAGS_PROMPT \
    SEN_FIELD_TEXT(flags, prompt, NULL, "put before every text"), \
    SEN_FIELD_TEXT(flags, prompt_name, NULL, "one of the model's prompts by name"), \
    SEN_FIELD_TEXT(flags, task, NULL, "query or document: the model's prompt for it"), \
    FLAG(normalize, SEN_KIND_BOOL, 0, "embeddings of length 1"), \
    FLAG(truncate_dim, SEN_KIND_INT, SEN_NONE, "the first so many numbers of each embedding"), \
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together; changes no result")

static const sen_field flags_common[] = { FLAGS_COMMON, SEN_FIELD_END };
static const sen_field flags_train[] = {
    SEN_FIELD_TEXT(flags, checkpoint, NULL, ""),        /* the value of --resume; see flag_resume */
    FLAG(resume, SEN_KIND_BOOL, 0, "--resume [CKPT]: go on from a checkpoint, else the latest"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_grad[] = {
    SEN_FIELD_TEXT(flags, output, NULL, "the .safetensors file to write"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_encode[] = {
    SEN_FIELD_TEXT(flags, output, NULL, "the .npy file; none: JSON lines on standard output"),
    FLAGS_PROMPT,
    SEN_FIELD_TEXT(flags, precision, "float32", "float32; others come with a later version"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_similarity[] = { FLAGS_PROMPT, FLAGS_COMMON, SEN_FIELD_END };
static const sen_field flags_search[] = {
    SEN_FIELD_TEXT(flags, corpus, NULL, "the texts that are searched, one a line"),
    FLAG(top_k, SEN_KIND_INT, 5, "so many hits for each query"),
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together"),
    FLAGS_COMMON, SEN_FIELD_END
};

static const command commands[] = {
    { "train", run_train, flags_train, true, 0, 1,
      "train JOB.json [--resume [CKPT]] [--set KEY=VALUE]...",
      "Trains, evaluates, saves checkpoints and the final model, writes trainer_state.json." },
    { "grad", run_grad, flags_grad, true, 0, 1, "grad JOB.json --output FILE.safetensors",
      "Writes the loss, the embeddings and every gradient of the first batch, rows in file "
      "order." },
    { "eval", run_eval, flags_common, true, 0, 1, "eval JOB.json [--model DIR]",
      "Runs the job's evaluators and the losses of its eval_dataset; prints one JSON object of "
      "metrics." },
    { "encode", run_encode, flags_encode, false, 1, 2, "encode MODEL [FILE] [--output FILE.npy]",
      "Embeddings of the lines of FILE (none: standard input)." },
    { "similarity", run_similarity, flags_similarity, false, 3, 3, "similarity MODEL TEXT TEXT",
      "How alike two texts are, by the model's own similarity function: one number." },
    { "search", run_search, flags_search, false, 1, 2,
      "search MODEL --corpus FILE [FILE] [--top-k K]",
      "The lines of the corpus that are nearest to each line of FILE (none: standard input), as "
      "JSON lines." },
    { "tokenize", run_tokenize, flags_common, false, 1, 2, "tokenize MODEL [FILE]",
      "Token ids and tokens of each line, as JSON lines." },
    { "info", run_info, flags_common, true, 0, 1, "info MODEL | info JOB.json",
      "A model: modules, sizes, parameters, memory. A job: columns as the loss takes them, steps, "
      "memory." },
    { "args", run_args, flags_common, false, 0, 0, "args",
      "Every training argument: default, type, what it does here." }
};

static const char *const later[] = { "hpo", "mine", "doctor", "migrate", "vocab",
                                     "convert-checkpoint", "export", "pull" };
static const char *const later_flags[] = { "no-baseline", "fail-on-regression", "hard-negatives" };

static int help_all(void)
{
    int i;
    printf("sentrain " SENTRAIN_VERSION ": trains and runs sentence-embedding transformers,\n"
           "as Python's sentence-transformers does\n\n");
    for (i = 0; i < COUNT(commands); i++)
        printf("  sentrain %s\n      %s\n", commands[i].usage, commands[i].help);
    printf("\n  `sentrain COMMAND --help` tells a command's flags; all take --threads N, --quiet "
           "and\n"
           "  --json. Exit status: 0 done, 1 failed, 2 the command line or the job file is wrong,\n"
           "  4 over mem_limit, 130 interrupted.\n");
    return EXIT_DONE;
}

static void help_fields(const sen_field *fields)
{
    char name[64];
    int i;
    for (; fields->name; fields++) {
        const bool models = fields->kind == &kind_object && strcmp(fields->name, "prompts") == 0;
        if (!fields->help || !fields->help[0]) continue;
        snprintf(name, sizeof name, "--%s", models ? "model-prompts" : fields->name);
        for (i = 2; name[i]; i++)
            if (name[i] == '_') name[i] = '-';
        printf("  %-24s %s\n", name, fields->help);
    }
}

static int help_command(const command *c)
{
    printf("sentrain %s\n\n%s\n\n", c->usage, c->help);
    help_fields(c->fields);
    if (!c->takes_job) return EXIT_DONE;
    printf("  %-24s %s\n\n"
           "The keys of the job file are flags too and win over it, and so is every training\n"
           "argument (`sentrain args`), as in --learning-rate 2e-5; with them the job file may be\n"
           "left out. Paths in the file and in --set are relative to the file's folder, paths in\n"
           "flags to the current one.\n\n",
           "--set a.b.c=VALUE", "override one key of the job file");
    help_fields(job_fields);
    return EXIT_DONE;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* "--learning-rate" is the key learning_rate. */
static char *flag_key(cli *t, const char *flag)
{
    char *key = tool_text(t, flag + 2, strlen(flag + 2)), *p;
    for (p = key; *p; p++)
        if (*p == '-') *p = '_';
    return key;
}

/* No such flag: the message of the field tables names the nearest one. */
static int flag_unknown(cli *t, const char *flag, const char *key)
{
    const sen_field *tables[3];
    sen_field *all;
    sen_json *object = json_new(t, SEN_JSON_OBJECT, NULL);
    const int n_tables = t->command->takes_job ? 3 : 1;
    size_t n = 1;
    int i, k;
    for (i = 0; i < COUNT(later_flags); i++)
        if (strcmp(later_flags[i], flag + 2) == 0)
            return refused(flag, " comes with a later version", "");
    tables[0] = t->command->fields;
    tables[1] = job_fields;
    tables[2] = sen_training_fields();
    for (i = 0; i < n_tables; i++)
        for (k = 0; tables[i][k].name; k++) n++;
    all = (sen_field *)tool_alloc(t, n * sizeof *all);
    for (i = 0, n = 0; i < n_tables; i++)
        for (k = 0; tables[i][k].name; k++) all[n++] = tables[i][k];
    json_put(object, key, json_new(t, SEN_JSON_NULL, NULL));
    sen_fields_read(t->ctx, object, all, &t->flags);
    fprintf(stderr, "sentrain: %s: %s (`sentrain %s --help` lists what there is)\n", flag,
            sen_message(t->ctx), t->command->name);
    return EXIT_USAGE;
}

static bool is_switch(const sen_kind *kind)
{
    return kind == SEN_KIND_BOOL || strncmp(kind->name, "true", 4) == 0;
}

/* One flag with its value (NULL: none was written with '='). *used: how many further arguments. */
static int flag_take(cli *t, const char *flag, const char *key, const char *value, char **rest,
                     int n_rest, int *used, sen_json *mine)
{
    const sen_field *f = field_find(t->command->fields, key);
    const bool own = f != NULL;
    bool given;
    sen_json *args = json_find(t->job_flags, "args"), *to, *j;
    sen_result r;
    if (!f && t->command->takes_job) {
        f = field_find(sen_training_fields(), key);
        if (!f && sen_training_renamed(key))
            f = field_find(sen_training_fields(), sen_training_renamed(key));
    }
    to = own ? mine : args;
    if (!f && t->command->takes_job) {
        key = strcmp(key, "model_prompts") == 0 ? "prompts" : key;
        f = field_find(job_fields, key);
        to = t->job_flags;
    }
    if (!f) return flag_unknown(t, flag, key);
    given = n_rest && (strcmp(rest[0], "true") == 0 || strcmp(rest[0], "false") == 0);
    if (!value && is_switch(f->kind) && (own || !given)) {
        value = "true";
    } else if (!value) {
        if (!n_rest) return refused(flag, " needs a value", "");
        value = rest[0];
        *used = 1;
    }
    if (own && f->kind == SEN_KIND_TEXT) j = json_text(t, value), r = SEN_OK;
    else r = value_read(t, f->kind, flag, value, &j);
    if (r) return failed(t, r, true);
    if (to == args && args == NULL)
        json_put(t->job_flags, "args", to = json_new(t, SEN_JSON_OBJECT, NULL));
    json_put(to, key, j);
    return EXIT_DONE;
}

/* --resume may have a value: what follows, unless it is a flag or the job file. */
static bool is_checkpoint(const char *argument)
{
    const size_t n = strlen(argument);
    return argument[0] != '-' && !(n > 5 && strcmp(argument + n - 5, ".json") == 0);
}

static int flags_parse(cli *t, int argc, char **argv)
{
    sen_json *mine = json_new(t, SEN_JSON_OBJECT, NULL);
    bool only_places = false;
    sen_result r;
    int i, status = EXIT_DONE;
    t->job_flags = json_new(t, SEN_JSON_OBJECT, NULL);
    t->set = (const char **)tool_alloc(t, (size_t)argc * sizeof *t->set);
    for (i = 0; i < argc && !status; i++) {
        const char *a = argv[i], *equals = strchr(a, '=');
        const char *value = equals ? equals + 1 : NULL, *name, *key;
        int used = 0;
        if (strcmp(a, "-h") == 0 && !only_places) a = "--help";
        if (only_places || a[0] != '-' || !a[1]) {
            if (t->n_places == COUNT(t->place))
                return refused("too many arguments; usage: sentrain ", t->command->usage, "");
            t->place[t->n_places++] = a;
            continue;
        }
        if (a[1] != '-')
            return refused(a, ": flags begin with two dashes; see `sentrain --help`", "");
        only_places = a[2] == 0;
        if (only_places) continue;
        name = tool_text(t, a, equals ? (size_t)(equals - a) : strlen(a));
        key = flag_key(t, name);
        if (t->command->takes_job && strcmp(key, "set") == 0) {
            if (!value && i + 1 < argc) value = argv[++i];
            if (!value) return refused("--set needs KEY=VALUE", "", "");
            t->set[t->n_set++] = value;
            continue;
        }
        if (t->command->run == run_train && strcmp(key, "resume") == 0) {
            if (!value && i + 1 < argc && is_checkpoint(argv[i + 1])) value = argv[++i];
            if (value) json_put(mine, "checkpoint", json_text(t, value));
            value = "true";
        }
        status = flag_take(t, name, key, value, argv + i + 1, argc - i - 1, &used, mine);
        i += used;
    }
    if (status) return status;
    r = sen_fields_read(t->ctx, mine, t->command->fields, &t->flags);
    return r ? failed(t, r, true) : EXIT_DONE;
}

static int run(cli *t, int argc, char **argv)
{
    int i, status = context_open(t, 1);
    t->reader = t->ctx;
    if (status) return status;
    if (argc < 2) return help_all(), EXIT_USAGE;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help_all();
    if (strcmp(argv[1], "--version") == 0)
        return printf("sentrain " SENTRAIN_VERSION "\n"), EXIT_DONE;
    for (i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0) t->command = &commands[i];
    for (i = 0; i < COUNT(later); i++)
        if (strcmp(later[i], argv[1]) == 0)
            return refused(argv[1], " comes with a later version",
                           "; see `sentrain --help` for what is there");
    if (!t->command) return refused("there is no command ", argv[1], "; see `sentrain --help`");
    sen_fields_default(flags_encode, &t->flags);
    sen_fields_default(flags_search, &t->flags);
    status = flags_parse(t, argc - 2, argv + 2);
    if (status) return status;
    if (t->flags.help) return help_command(t->command);
    if (t->n_places < t->command->min_places || t->n_places > t->command->max_places)
        return refused("usage: sentrain ", t->command->usage, "");
    if (!t->command->takes_job)
        status = context_open(t, t->flags.threads == SEN_NONE ? 0 : t->flags.threads);
    return status ? status : t->command->run(t);
}

int main(int argc, char **argv)
{
    cli t;
    int status;
    memset(&t, 0, sizeof t);
    t.terminal = isatty(2) != 0;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    status = run(&t, argc, argv);
    interrupted_ctx = NULL;
    if (t.ctx != t.reader) sen_ctx_free(t.ctx);
    sen_ctx_free(t.reader);
    while (t.blocks) {
        block *next = t.blocks->next;
        free(t.blocks);
        t.blocks = next;
    }
    if ((fflush(stdout) != 0 || ferror(stdout)) && !status)
        status = refused("cannot write to standard output", "", ""), status = EXIT_FAILED;
    return status;
}
