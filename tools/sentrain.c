/* sentrain - the command line and the job file.
 *
 *     sentrain train JOB.json          sentrain encode MODEL sentences.txt --output e.npy
 *     sentrain --help                  sentrain COMMAND --help
 *
 * Built from the public functions of sentrain.h alone, so it is also an example of how a program
 * uses them: what can be said in a job file can be said in C with the same words.
 *
 * From top to bottom:
 *     where a message belongs      the library's message, the place in the job, the exit status
 *     numbers, texts, trees        JSON written as Python writes it; members put, found, replaced
 *     a value typed                how --set and flags become JSON by the type of their key
 *     the job                      one struct and its table of fields, as any options struct
 *     paths, files, progress       what a terminal and a disk need
 *     reading and making a job     file, then --set, then flags; model, data, losses, trainer
 *     the commands                 train, grad, eval; encode, similarity, search, communities,
 *                                  tokenize; info, args, doctor
 *     the command line             the table of commands, the reader of flags, main
 *
 * Commands. Each is one row of the table `commands` near the end: its name, its function, its flags
 * (a table of fields over `struct flags`), how many plain arguments it takes, its help. To add one,
 * write the function and the row; help, checks and "did you mean" follow from it.
 *
 *     train       a job from the first batch to the saved model, or on from a checkpoint
 *     grad        loss, embeddings and gradients of the first batch, to compare with other programs
 *     eval        the job's evaluators and evaluation losses, without training
 *     encode      embeddings of a file's lines       tokenize    their token ids
 *     similarity  of two texts                       search      the nearest lines of a corpus
 *     communities groups of a file's near lines      migrate     vectors of another model
 *     info        what a model or a job is           args        every training argument
 *     doctor      whether this build does here what it should
 *     convert-checkpoint          to Python's Trainer and back
 *
 * A command is a function of no arguments but the cli: it reads t->flags and t->place, and returns
 * the exit status. It opens what it needs, goes on while r is SEN_OK, and at one place at its end
 * turns r into a message and a status, and frees everything; so there is one way out of each.
 *
 * Output. What is a result goes to standard output, all else to standard error, so that a pipe gets
 * results alone. An error is one line, "sentrain: WHERE: WHAT, WHAT TO DO"; a warning is one line,
 * "sentrain: warning: ...".
 *
 * A program with kinds of its own (a loss, a sampler, an evaluator) defines SENTRAIN_REGISTER(ctx),
 * an expression that registers them, and includes this file: examples/own_loss.c.
 *
 * Exit status:
 *     0    done
 *     1    the job failed: a file, its content, the disk, memory
 *     2    the command line or the job file is wrong: nothing was done
 *     4    the job does not fit its mem_limit: nothing was done
 *     130  interrupted; if training had begun, a checkpoint was written first
 *
 * Signals. The first SIGINT or SIGTERM asks the library to stop: it finishes the step that it is
 * in, saves a checkpoint and returns. The handler then steps aside, so the second one ends the
 * program at once; the checkpoints on the disk are whole even then, since each is put together
 * under another name.
 */
#define SENTRAIN_IMPLEMENTATION
#include "../sentrain.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* The only things that standard C lacks: the current folder, and whether a stream is a terminal. */
#if defined(_WIN32)
#include <direct.h>
#include <io.h>
#define getcwd _getcwd
#define isatty _isatty
#else
#include <unistd.h>
#endif

/* See the head of this file. */
#define EXIT_DONE        0
#define EXIT_FAILED      1
#define EXIT_USAGE       2
#define EXIT_LIMIT       4
#define EXIT_REGRESSION  5
#define EXIT_INTERRUPTED 130

/* Sentences that are encoded before they are written out: the results of one go
 * are kept meanwhile, so that the embeddings of a large file are never all in memory. */
#define LINES_AT_A_TIME 32768
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* ---- what one run of the program holds ------------------------------------------------------- */

/* The flags that belong to commands, not to the job. Each command lists those that it takes in a
 * table of fields, so a flag means the same thing wherever it stands. SEN_NONE: not given. */
typedef struct flags {
    /* of all commands */
    int         threads;                /* 0: as many as there are processors */
    bool        quiet, json, help;
    /* of train */
    bool        resume;
    const char *checkpoint;             /* the value of --resume, if it has one */
    bool        no_baseline, fail_on_regression;
    /* of convert-checkpoint */
    bool        to_python, from_python;
    /* of grad and encode */
    const char *output;                 /* NULL: standard output */
    /* of those that encode: the members of sen_encode_args by the same names */
    int         batch_size, truncate_dim;
    bool        normalize, bf16;
    const char *prompt, *prompt_name, *task, *precision, *calibration, *output_value;
    /* of search */
    const char *corpus, *embeddings;
    int         dimension;
    bool        center, whiten;
    int         rescore_multiplier;
    int         top_k;
    /* of communities */
    double      threshold;
    int         min_community_size;
    /* of merge */
    const char *base;
    /* of migrate */
    const char *vectors;
    /* of mine: the members of sen_mine_args by the same names */
    bool        hard_negatives, include_positives, output_scores;
    int64_t     max_pairs, range_min, range_max, num_negatives, seed;
    double      max_score, min_score, absolute_margin, relative_margin;
    const char *anchor_column_name, *positive_column_name, *sampling_strategy, *output_format;
    const char *query_prompt, *query_prompt_name, *corpus_prompt, *corpus_prompt_name;
} flags;

/* One piece of memory of this program's own, in a list. Nothing is freed before the end: a run
 * makes few of them, and texts of the command line are referred to until then. */
typedef struct block {
    struct block *next;
} block;

typedef struct cli cli;

/* One row of the table of commands. */
typedef struct command {
    const char      *name;
    int            (*run)(cli *t);
    const sen_field *fields;            /* of struct flags */
    bool             takes_job;         /* a job file, --set, and the job's keys as flags */
    int              min_places, max_places;    /* how many arguments that are no flags */
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
    sen_json      *given[2];            /* for messages: this command's flags, the whole job */
    bool           terminal;            /* standard error is one */
    bool           line_open;           /* a progress line stands on it */
    char           advice[256];         /* of the library about this build; "" */
};

/* The one thing that a signal handler can reach. main takes it away again before the context is
 * freed. */
static sen_ctx *volatile interrupted_ctx;

/* sen_request_stop only sets a flag, which a handler may do. signal() rather than sigaction: all
 * systems have it, and a handler that is taken away at its first use is what we want. */
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

/* Wipes the progress line before anything else is written: it has no line end of its own. */
static void progress_end(cli *t)
{
    if (t->line_open) fputs("\r\033[K", stderr);
    t->line_open = false;
}

/* Ends a line of standard error. A message may quote what a file or a folder is called, so control
 * characters become question marks: one message is one line, and moves no cursor. */
static void put_line(const char *text)
{
    for (; *text; text++) {
        const unsigned char ch = (unsigned char)*text;
        fputc(ch < 0x20 || ch == 0x7F ? '?' : ch, stderr);
    }
    fputc('\n', stderr);
}

/* ---- where a message belongs ----------------------------------------------------------------- */

/* The library says what is wrong and, where it still has the JSON node, in which line. Two kinds
 * of messages come without a place: those about options that are plain numbers by then
 * ("learning_rate cannot be negative"), and those about files that could not be opened. For
 * these the job is looked through once more: the key or the path that the message names was
 * given somewhere.
 *
 *     job.json:5:104: learning_rate cannot be -1
 *     --set args.optim: no optimizer (optim) is called "adamw_torhc" here; did you mean ...
 *     job.json:3:3: cannot open /home/me/pairs.tsv: there is no such file or folder */

/* Whether a message tells its place itself: "FILE:LINE..." stands in its first word. */
static bool is_placed(const char *message)
{
    const bool set = strncmp(message, "--set ", 6) == 0;    /* "--set adapter:1:2: ..." */
    const size_t n = (set ? 6 : 0) + strcspn(message + (set ? 6 : 0), " ");
    size_t i;
    for (i = 0; i + 1 < n; i++)
        if (message[i] == ':' && message[i + 1] >= '0' && message[i + 1] <= '9') return true;
    return false;
}

/* A letter that a key can have, for telling whole words from parts of others. */
static bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Where a message names a key: NULL if it does not. Keys that are plain English words ("loss",
 * "model") count only in quotes or parentheses; those with an underscore anywhere. */
static const char *key_in(const char *message, const char *key)
{
    const size_t n = strlen(key);
    const bool plain = strchr(key, '_') == NULL;
    const char *hit = n ? strstr(message, key) : NULL;
    /* Every place where the letters stand, until one is a word of its own: "seed" is in
     * "data_seed" too. */
    for (; hit; hit = strstr(hit + 1, key)) {
        const char before = hit > message ? hit[-1] : ' ';
        if (is_name_letter(before) || is_name_letter(hit[n])) continue;
        if (!plain || before == '"' || before == '(') return hit;
    }
    return NULL;
}

/* Where a message names a path that the job gave, and not merely something inside that folder. */
static const char *path_in(const char *message, const sen_json *j)
{
    /* Paths are absolute by the time that anything is opened; a short text would stand in any
     * sentence. */
    const char *hit = j->length > 1 && j->text[0] == '/' ? strstr(message, j->text) : NULL;
    if (!hit || hit[j->length] == '/' || hit[j->length] == '.') return NULL;
    return is_name_letter(hit[j->length]) ? NULL : hit;
}

/* What the command line or the job gave that a message speaks of: of all keys and paths that it
 * names the one that it names first. The library's options are plain structs which no longer know
 * the line that a number came from; this finds it again. */
static const sen_json *message_source(const cli *t, const char *message, bool keys)
{
    const sen_json *found = NULL, *j;
    const char *first = NULL, *hit;
    int i;
    for (i = 0; i < COUNT(t->given); i++) {
        for (j = t->given[i]; j;) {
            /* A node without a file was made by the program: there is nothing to point at. */
            hit = j->kind == SEN_JSON_TEXT ? path_in(message, j) : NULL;
            if (!hit && keys && j->key && j != t->given[i]) hit = key_in(message, j->key);
            if (hit && j->file && (!first || hit < first)) {
                found = j;
                first = hit;
            }
            if (j->child) {
                j = j->child;
                continue;
            }
            while (j && j != t->given[i] && !j->next) j = j->parent;
            j = j == t->given[i] ? NULL : j ? j->next : NULL;
        }
    }
    return found;
}

/* The context's last message as this program's one line, and the exit status that goes with it.
 * job: it happened while the job file was read, where every mistake is the caller's.
 *     130  interrupted        4  over mem_limit
 *     2    an argument that cannot be; a name in the job or the command line that there is not
 *     1    all else: files, data, weights, memory */
static int failed(cli *t, sen_result r, bool job)
{
    const char *message = sen_message(t->ctx)[0] ? sen_message(t->ctx) : sen_result_text(r);
    const bool wrong = r == SEN_ERR_ARGUMENT || r == SEN_ERR_UNSUPPORTED;
    const char *file = t->n_places && t->command->takes_job ? t->place[0] : NULL;
    const size_t n = file ? strlen(file) : 0;
    const sen_json *source = NULL;
    bool mine = n && strncmp(message, file, n) == 0 && message[n] == ':';
    /* A missing file is asked for somewhere; a damaged one tells its own place, and so does a
     * row. */
    if ((wrong || r == SEN_ERR_IO) && !is_placed(message))
        source = message_source(t, message, wrong);
    /* What the library does not know by that name (an optimizer, a loss) is a wrong job file,
     * while a folder's model_type that it does not know is a failure. */
    mine = mine || (source != NULL && wrong);
    progress_end(t);
    fputs("sentrain: ", stderr);
    /* "job.json:3:5: ", or the flag. */
    if (source && source->line)
        fprintf(stderr, "%s:%d:%d: ", source->file, source->line, source->column);
    else if (source) fprintf(stderr, "%s: ", source->file);
    put_line(message);
    if (r == SEN_ERR_STOPPED) return EXIT_INTERRUPTED;
    if (r == SEN_ERR_LIMIT) return EXIT_LIMIT;
    /* An argument that is read from another file, such as a model's config.json, is that file's
     * fault. */
    if (r == SEN_ERR_ARGUMENT && is_placed(message) && !mine && message[0] != '-')
        return EXIT_FAILED;
    if (r == SEN_ERR_ARGUMENT || (r == SEN_ERR_UNSUPPORTED && mine)) return EXIT_USAGE;
    return job && r != SEN_ERR_MEMORY ? EXIT_USAGE : EXIT_FAILED;
}

/* "sentrain: WHAT NAME WHY", status 2. */
static int refused(const char *what, const char *name, const char *why)
{
    fprintf(stderr, "sentrain: %s%s", what, name);
    put_line(why);
    return EXIT_USAGE;
}

/* ---- words that are nearly right ------------------------------------------------------------- */

/* Whether a word is one of a list. */
static bool word_among(const char *const *words, int n, const char *word)
{
    int i;
    for (i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

/* For commands and flags. Keys inside a job file are looked up by the library's field tables, which
 * have the same manners: the nearest name is told, all others are a look at --help away.
 *
 * How many letters must be put in, left out or changed to turn one word into the other
 * (Levenshtein); row[i] holds the distance of the first i letters of a to what has been seen of
 * b. */
static int word_distance(const char *a, const char *b)
{
    int row[64], n = (int)strlen(a), i, corner, above;
    if (n >= COUNT(row)) return COUNT(row);
    for (i = 0; i <= n; i++) row[i] = i;
    for (; *b; b++) {
        /* corner: the value above and to the left, before it is overwritten. */
        corner = row[0]++;
        for (i = 1; i <= n; i++) {
            above = row[i];
            row[i] = corner + (a[i - 1] != *b);
            if (row[i] > above + 1) row[i] = above + 1;
            if (row[i] > row[i - 1] + 1) row[i] = row[i - 1] + 1;
            corner = above;
        }
    }
    return row[n];
}

/* Keeps `candidate` in *best if it is nearer to `word`. Nothing is near that differs in more than a
 * third of its letters (but two letters always may). */
static void word_nearest(const char *word, const char *candidate, const char **best, int *distance)
{
    const int d = word_distance(word, candidate), most = (int)strlen(word) / 3;
    if (d > (most > 2 ? most : 2) || (*best && d >= *distance)) return;
    *best = candidate;
    *distance = d;
}

/* The library's log. Its information is told unless --quiet; warnings and errors always are. What
 * it says while a context is being made, that the processor could do better than this build, is
 * kept for --version: nobody wants to read it at every command. */
static void log_line(void *user, sen_log_level level, const char *text)
{
    cli *t = (cli *)user;
    if (!t->ctx && level > SEN_LOG_WARNING)
        snprintf(t->advice, sizeof t->advice, "%s", text);
    if ((t->flags.quiet || !t->ctx) && level > SEN_LOG_WARNING) return;
    progress_end(t);
    fputs(level == SEN_LOG_WARNING ? "sentrain: warning: "
          : level == SEN_LOG_ERROR ? "sentrain: " : "", stderr);
    put_line(text);
}

/* A context is the library's handle: allocator, threads, log, last message. The job file is read
 * in one with a single thread (t->reader), since only the job says how many threads it wants. */
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
#ifdef SENTRAIN_REGISTER                    /* a program around this one has kinds of its own */
    if (!r) r = SENTRAIN_REGISTER(t->ctx);
#endif
    if (r) return refused("cannot begin: ", sen_result_text(r), ""), EXIT_FAILED;
    interrupted_ctx = t->ctx;
    return EXIT_DONE;
}

/* ---- numbers and texts as JSON --------------------------------------------------------------- */

/* The library writes files, this program writes to a stream: the same spelling, so that a metric
 * on the screen is the metric in trainer_state.json, digit for digit. */

/* A number as Python writes it: the fewest digits that read back the same.
 *
 *     0.1    1e-05    0.0001    5.0    1e+16    1234567.25
 *
 * A decimal of up to 15 digits always survives the way through a double, so the search begins
 * there. float32 results are shown as the double that they are, as Python's float(x) is:
 * 0.8999999761581421. */
static void print_double(FILE *f, double v)
{
    char s[40], digits[20];
    int p, n = 0, e, i;
    /* No JSON, but what Python's json writes and reads. */
    if (v != v || v - v != 0) {
        fputs(v != v ? "NaN" : v > 0 ? "Infinity" : "-Infinity", f);
        return;
    }
    /* 17 digits always read back the same, so the loop ends with a good text. */
    for (p = 15; p <= 17; p++) {
        snprintf(s, sizeof s, "%.*e", p - 1, v);
        if (strtod(s, NULL) == v) break;
    }
    if (s[0] == '-') fputc('-', f);
    /* From here on decimal: 0.d1 d2 d3 ... times a power of ten, trailing zeros off. */
    e = atoi(strchr(s, 'e') + 1);
    for (i = s[0] == '-'; s[i] != 'e'; i++)
        if (s[i] != '.') digits[n++] = s[i];
    while (n > 1 && digits[n - 1] == '0') n--;
    /* Where Python's repr changes to an exponent. */
    if (e < -4 || e >= 16) {
        fputc(digits[0], f);
        if (n > 1) fprintf(f, ".%.*s", n - 1, digits + 1);
        fprintf(f, "e%c%02d", e < 0 ? '-' : '+', e < 0 ? -e : e);
        return;
    }
    /* The point goes behind digit e; a whole number ends in ".0", so that it stays a float. */
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
        /* strchr would find the 0 that ends the list. */
        const char *hit = ch ? strchr(from, ch) : NULL;
        if (hit) fprintf(f, "\\%c", into[hit - from]);
        else if (ch < 0x20) fprintf(f, "\\u%04x", ch);
        else fputc(ch, f);
    }
    fputc('"', f);
}

/* A value without children; an empty list or object is one. */
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

/* A whole tree on one line, as Python's json.dumps. Down to the first child, on to the next, and up
 * where there is none, closing what is left behind: no recursion, however deep the tree is. */
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

/* sen_json nodes are plain structs, and a tree may be changed before it is read: that is how
 * --set and flags work. Nodes made here live in this program's own memory, parsed ones in the
 * context's. What they have in common: a list of children with `next`, `last` and `count`, and
 * the way up. */

/* Nodes made here have no line: messages about them name the flag that they came from. */
static sen_json *json_new(cli *t, sen_json_kind kind, const char *key)
{
    sen_json *j = (sen_json *)tool_alloc(t, sizeof *j);
    j->kind = kind;
    j->key = key;
    return j;
}

/* A text node; the text itself is borrowed. */
static sen_json *json_text(cli *t, const char *text)
{
    sen_json *j = json_new(t, SEN_JSON_TEXT, NULL);
    j->text = text;
    j->length = strlen(text);
    return j;
}

/* A member of an object by key, of a list by index ("0"), as the parts of a --set key name them:
 * evaluator.0.name is the name of the first evaluator. */
static sen_json *json_find(const sen_json *container, const char *key)
{
    char *end;
    long i = strtol(key, &end, 10);
    sen_json *j = container->child;
    if (container->kind == SEN_JSON_OBJECT) {
        while (j && strcmp(j->key, key) != 0) j = j->next;
        return j;
    }
    /* The index has to be a number from end to end. */
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
    /* *at is the link that points to the old node, or the end of the list. */
    while (*at && *at != old) at = &(*at)->next;
    *at = value;
    if (!old) object->count++;
    if (!old || object->last == old) object->last = value;
}

/* ---- a value typed at the command line ------------------------------------------------------- */

/* Rules by which --set a.b=VALUE and --flag VALUE become JSON:
 *
 *     the key takes            VALUE is                                  examples
 *     a text, an enumeration   a text as it stands; in double quotes,    123  cosine  "null"
 *                              a JSON string; null is null
 *     a number, a boolean      JSON if it can only be that, else a text  2e-5  true  null
 *                              (which the table of fields then refuses)
 *     a list of texts          JSON if it begins with [, else one text   tensorboard  ["a", "b"]
 *     a path, an object        JSON if it begins with { or [, else a     data/x.tsv  {"path": ...}
 *                              text
 *     unknown (deep keys)      JSON if it can only be that, else a text  20  data/x.tsv  [1, 2]
 *
 * So nothing has to be quoted twice in a shell, and a run may be called 123. What the value then
 * means is checked where a job file's value is checked, by the same tables. */

/* Kinds of the job's own keys: their trees are kept as they are, for the functions of the library
 * that read each (sen_model_from_json, sen_dataset_from_json ...). */
static sen_result read_node(sen_ctx *c, const sen_kind *kind, const sen_json *value, void *to);
static const sen_kind kind_place = { "a path, a name or an object", NULL, read_node, NULL };
static const sen_kind kind_object = { "an object", NULL, read_node, NULL };
static const sen_kind kind_list = { "a list", NULL, read_node, NULL };

/* Keeps a tree as it is, if it is of the kind that the key takes; null is no tree. */
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
    /* "1-2" and "1e" pass the look at the letters and are no numbers. */
    (void)strtod(value, &end);
    return *end == 0;
}

/* VALUE read by the type that the key has: a text needs no quotes, a number is JSON, an object or a
 * list is JSON. kind NULL: a key whose type is not known here, read as JSON if it is that. `where`
 * ends up in messages. */
static sen_result value_read(cli *t, const sen_kind *kind, const char *where, const char *value,
                             sen_json **out)
{
    /* Words are texts, but for those that JSON has itself: a bool that may be null. */
    const bool text = kind == SEN_KIND_TEXT || (kind && kind->words && !is_json_word(*kind->words));
    const bool no_number = text || kind == SEN_KIND_TEXTS || kind == &kind_place ||
                           kind == &kind_object || kind == &kind_list;
    /* A text may begin with a brace; a list of texts, a path or an object that does is JSON. */
    const bool opened = !text && (value[0] == '{' || value[0] == '[');
    const bool json = value[0] == '"' || opened || strcmp(value, "null") == 0 ||
                      (!no_number && is_json_word(value));
    sen_json *j = NULL;
    sen_result r = SEN_OK;
    if (json) r = sen_json_parse(t->ctx, where, value, strlen(value), &j);
    else j = json_text(t, value);
    if (r) return r;
    j->line = 0;                                /* a column in a command line helps nobody */
    j->file = where;
    *out = j;
    return SEN_OK;
}

/* The row of a table, NULL if it has none of that name. */
static const sen_field *field_find(const sen_field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0) return fields;
    return NULL;
}

/* ---- the job --------------------------------------------------------------------------------- */

/* A job's "model_card_data". */
typedef struct card_data {
    sen_texts   language, tags, tasks, dataset_tags, dataset, dataset_args;
    const char *license, *model_name, *model_id, *finetuned_from;
} card_data;

/* A job file, and below it what it names. One struct for all commands that take a job, so that
 * info, grad and eval see exactly what train would. */
typedef struct job {
    /* The job file's top level. */
    card_data       card;               /* model_card_data, read */
    const sen_json *model, *config, *adapter, *prompts, *model_card_data;
    const sen_json *train_dataset, *eval_dataset;
    const sen_json *loss, *evaluator, *args, *callbacks, *hyperparameter_search;
    int             max_seq_length, truncate_dim;
    const char     *similarity_fn_name, *default_prompt_name, *save_to;
    /* What is made from it. */
    const char             *base;               /* the job file's folder, absolute */
    sen_training_arguments  arguments;
    sen_model              *trained;
    sen_named_dataset      *train, *eval, *losses;      /* losses: name and loss only */
    /* How many there are of each, and whether the job gave them names. */
    int                     n_train, n_eval, n_losses;  /* 0: none */
    bool                    train_named, eval_named, losses_named;
    sen_evaluator          *judge;
    sen_trainer            *trainer;
} job;

/* The table behind the first half of the struct: what a job file may say at its top level. Flags
 * (--loss, --train-dataset) and --help come from it too. */
#define JOB(member, kind, help) SEN_FIELD(job, member, kind, 0, help)
static const sen_field job_fields[] = {
    JOB(model, &kind_place, "a model folder, or {\"modules\": [...]}"),
    JOB(config, &kind_object, "overrides of the transformer's config.json"),
    JOB(adapter, &kind_place, "a LoRA adapter: PEFT's {\"r\": 8, ...}, or the folder of one"),
    SEN_FIELD(job, max_seq_length, SEN_KIND_INT, SEN_NONE, "cut texts after so many tokens"),
    SEN_FIELD(job, truncate_dim, SEN_KIND_INT, SEN_NONE,
              "the model's embeddings keep so many numbers"),
    SEN_FIELD_TEXT(job, similarity_fn_name, NULL, "cosine, dot, euclidean or manhattan"),
    JOB(prompts, &kind_object, "the model's prompts by name, an object"),
    SEN_FIELD_TEXT(job, default_prompt_name, NULL,
                   "the prompt that encode uses when none is named"),
    JOB(model_card_data, &kind_object, "of the final model's README.md: license, tags ..."),
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

/* "model_card_data": what the final model's README.md says besides what the run has come to. */
static const sen_field card_fields[] = {
    SEN_FIELD(card_data, language, SEN_KIND_TEXTS, 0, "languages, as two letters"),
    SEN_FIELD_TEXT(card_data, license, NULL, "the licence"),
    SEN_FIELD_TEXT(card_data, model_name, NULL, "the title"),
    SEN_FIELD_TEXT(card_data, model_id, NULL, "the name on a hub"),
    SEN_FIELD(card_data, tags, SEN_KIND_TEXTS, 0, "more tags"),
    SEN_FIELD_TEXT(card_data, finetuned_from, NULL, "the base model"),
    SEN_FIELD(card_data, tasks, SEN_KIND_TEXTS, 0, "what the model is for"),
    SEN_FIELD(card_data, dataset_tags, SEN_KIND_TEXTS, 0, "names of data sets"),
    SEN_FIELD(card_data, dataset, SEN_KIND_TEXTS, 0, "the same in words"),
    SEN_FIELD(card_data, dataset_args, SEN_KIND_TEXTS, 0, "parts of them"),
    SEN_FIELD_END
};

/* The one callback that a job file can name. Its keys are Python's arguments. */
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

/* Paths in a job file and in --set are relative to the job file's folder, so that a job can be run
 * from anywhere; paths in flags are relative to the current folder, where the shell completed them.
 * All are made absolute before the job is read further: from there on nobody needs to know. */

/* Also in the way of Windows: a drive, or a backslash. */
static bool is_absolute(const char *path)
{
    return path[0] == '/' || path[0] == '\\' || (path[0] && path[1] == ':');
}

/* Takes "." and ".." out of a path, in place; ".." at the beginning of a relative path stays.
 *
 *     a/./b/../c    a/c              /../x    /x
 *     ../../x       ../../x          a/..     .
 *
 * A path that goes through a symbolic link may mean something else afterwards; messages and
 * trainer_state.json are the better for it all the same. */
static void path_tidy(char *path)
{
    char *part = path, *to = path, *floor_ = path;
    if (*part == '/') part++, to++, floor_++;
    while (*part) {
        /* One part at a time is kept, passed over ("", ".") or takes the one before it away
         * (".."). What is kept only ever moves to the front. */
        const size_t n = strcspn(part, "/");
        const bool up = n == 2 && memcmp(part, "..", 2) == 0;
        const bool stay = n == 0 || (n == 1 && part[0] == '.');
        if (up && to > floor_) {
            to--;
            while (to > floor_ && to[-1] != '/') to--;
        } else if (!stay && !(up && path[0] == '/')) {
            memmove(to, part, n);
            to += n;
            /* A ".." that nothing stands before; later ones may not take it away. */
            if (up) floor_ = to + 1;
            *to++ = '/';
        }
        part += n + (part[n] == '/');
    }
    if (to > path + 1 && to[-1] == '/') to--;
    if (to == path) *to++ = '.';
    *to = 0;
}

/* Adds n bytes to a text of *length, which moves when its *room is at an end; what it leaves is
 * freed with all else. Room grows twofold, so that a path of nothing but dollars costs no more than
 * a few times its own length. */
static void text_add(cli *t, char **text, size_t *length, size_t *room, const char *more, size_t n)
{
    if (*length + n + 2 > *room) {      /* path_tidy may use one more byte */
        char *grown = (char *)tool_alloc(t, *room = 2 * (*length + n + 2));
        if (*length) memcpy(grown, *text, *length);
        *text = grown;
    }
    memcpy(*text + *length, more, n);
    *length += n;
    (*text)[*length] = 0;
}

/* $NAME and ${NAME} become what the environment has ("$DATA/pairs.tsv"); unknown names stay as
 * they are, so that a file may have a dollar in its name. */
static char *path_variables(cli *t, const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    char *out = NULL;
    size_t length = 0, room = 0;
    text_add(t, &out, &length, &room, "", 0);
    while (*path) {
        /* Up to the next dollar as it stands; then a name, if one follows. */
        const size_t plain = strcspn(path, "$");
        const bool braces = path[plain] == '$' && path[plain + 1] == '{';
        const char *name = path + plain + 1 + braces, *end = path + plain, *value = NULL;
        const size_t n = *end ? strspn(name, letters) : 0;
        const bool whole = n > 0 && (!braces || name[n] == '}');
        if (whole) value = getenv(tool_text(t, name, n));
        if (*end) end = whole ? name + n + braces : end + 1;
        text_add(t, &out, &length, &room, path, value ? plain : (size_t)(end - path));
        if (value) text_add(t, &out, &length, &room, value, strlen(value));
        path = end;
    }
    return out;
}

/* Variables and a leading ~ replaced; a relative path starts from `base`; "-" is standard input. */
static const char *path_from(cli *t, const char *base, const char *path)
{
    char *p = path_variables(t, path);
    const char *home = getenv("HOME");
    /* The shell does this for a flag, but not inside a job file. */
    if (p[0] == '~' && (p[1] == '/' || p[1] == 0) && home) p = tool_join(t, home, p + 1, "");
    if (!is_absolute(p) && base[0] && strcmp(p, "-") != 0) p = tool_join(t, base, "/", p);
    path_tidy(p);
    return p;
}

/* With forward slashes, which all systems take. "": it cannot be told, paths stay as they are. */
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

/* Replaces a text node's path by its absolute form; other kinds of nodes are no paths. */
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

/* Whether what stands under a key is a path. */
static bool is_path_key(const char *key)
{
    int i;
    for (i = 0; key && i < COUNT(path_keys); i++)
        if (strcmp(path_keys[i], key) == 0) return true;
    return false;
}

/* All paths anywhere in a tree. The walk needs no stack: each node knows its parent. */
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

/* "x.tsv", {"path": "x.tsv"}, {"name": "x.tsv"} or {"name": {"path": "x.tsv"}}: a member that is
 * no option of a dataset is a named one. */
static void dataset_paths(cli *t, sen_json *spec, const char *base)
{
    sen_json *j;
    if (!spec) return;
    node_path(t, spec, base);
    tree_paths(t, spec, base);
    /* Named datasets, each by its bare path. */
    if (spec->kind == SEN_JSON_OBJECT && !sen_json_get(spec, "path"))
        for (j = spec->child; j; j = j->next)
            if (!is_path_key(j->key)) node_path(t, j, base);
}

/* The places of a job where paths can stand. A loss is looked through for the models that some
 * need; "config" and "prompts" hold texts that look like paths and are none. */
static void job_paths(cli *t, sen_json *root, const char *base)
{
    static const char *const trees[] = { "model", "loss", "evaluator" };
    sen_json *args = json_find(root, "args");
    int i;
    for (i = 0; i < COUNT(trees); i++)
        if (json_find(root, trees[i])) tree_paths(t, json_find(root, trees[i]), base);
    node_path(t, json_find(root, "model"), base);
    node_path(t, json_find(root, "adapter"), base);
    dataset_paths(t, json_find(root, "train_dataset"), base);
    dataset_paths(t, json_find(root, "eval_dataset"), base);
    node_path(t, json_find(root, "save_to"), base);
    if (!args || args->kind != SEN_JSON_OBJECT) return;
    node_path(t, json_find(args, "output_dir"), base);
    node_path(t, json_find(args, "resume_from_checkpoint"), base);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* What commands read (sentences, job files) goes through stdio, since it may be a pipe. What
 * they write goes through the library's file functions, which can sync and rename. */

/* Through the library's own file functions, as everything that the library opens. */
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
    /* Standard input has no size to ask for: room grows twofold, so bytes are moved at most once
     * on average. */
    while (whole && (got = fread(data + n, 1, room - n, f)) > 0) {
        n += got;
        if (n < room) continue;
        more = (char *)realloc(data, room *= 2);
        whole = more != NULL;
        if (more) data = more;
    }
    /* fopen of a folder succeeds on some systems, and reading it fails or gives nothing. */
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
    /* Counted first, so that the list is made once. CR LF counts twice: a little too much room. */
    for (p = all.data; p < end; p++) k += *p == '\n' || *p == '\r';
    *lines = (sen_text *)tool_alloc(t, (size_t)(k + 1) * sizeof **lines);
    for (*n = 0, p = start = all.data; p < end; p++) {
        if (*p != '\n' && *p != '\r') continue;
        (*lines)[*n].data = start;
        (*lines)[(*n)++].length = (size_t)(p - start);
        if (*p == '\r' && p + 1 < end && p[1] == '\n') p++;
        start = p + 1;
    }
    /* A last line need not end. */
    if (start < end) {
        (*lines)[*n].data = start;
        (*lines)[(*n)++].length = (size_t)(end - start);
    }
    return SEN_OK;
}

/* A file that is written under another name and renamed once it is whole: an interrupted encode
 * leaves the file of the run before it, never half of a new one. */
typedef struct output {
    const char *path, *temporary;
    void       *file;
} output;

/* Gives up: nothing is left of the new file, and what stood under its name stays. */
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

/* A folder is refused now: renaming a file over it would only fail at the end of the work. */
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

/* The file is closed and removed if this fails; see output_fail. */
static sen_result output_write(cli *t, output *o, const void *data, size_t n)
{
    const sen_files *f = sen_system_files();
    const sen_file_error e = f->write(f->user, o->file, data, (int64_t)n);
    return e ? output_fail(t, o, "write", e) : SEN_OK;
}

/* To the disk first, then under its name: whoever sees the file sees all of it. */
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

/* The head of an .npy file, version 1.0 (numpy.org/doc, numpy.lib.format): what numpy.load wants
 * to know before the numbers.
 *
 *     bytes 0 .. 5     0x93 N U M P Y
 *     bytes 6, 7       1, 0: the version
 *     bytes 8, 9       the length of what follows up to the numbers, little endian
 *     bytes 10 ..      {'descr': '<f4', 'fortran_order': False, 'shape': (2000, 384), }
 *                      padded with blanks and a line end, so that the numbers begin
 *                      at a multiple of 64 bytes */
static sen_result npy_head(cli *t, output *o, const char *descr, int64_t rows, int columns)
{
    char head[192], dict[128];
    const int n = snprintf(dict, sizeof dict,
                           "{'descr': '%s', 'fortran_order': False, 'shape': (%lld, %d), }",
                           descr, (long long)rows, columns);
    /* 10 bytes in front of the dict, a line end behind it; blanks between. */
    const int size = (10 + n + 1 + 63) / 64 * 64;
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    /* The dict's length, two bytes, little endian. */
    head[8] = (char)((size - 10) & 255);
    head[9] = (char)((size - 10) >> 8);
    memcpy(head + 10, dict, (size_t)n);
    head[size - 1] = '\n';
    return output_write(t, o, head, (size_t)size);
}

/* An .npy file of two dimensions as encode writes it: of float32, or of bytes. */
typedef struct npy_file {
    bool                 bytes;
    int64_t              n;
    int                  columns;
    const unsigned char *data;
} npy_file;

static sen_result npy_open(cli *t, const char *path, npy_file *f)
{
    sen_text all;
    const sen_result r = file_read(t, path, &all);
    const unsigned char *p = (const unsigned char *)all.data;
    size_t head, size;
    long long count = -1, width = -1;
    const char *shape;
    char dict[200];
    if (r) return r;
    head = all.length < 10 || memcmp(p, "\x93NUMPY\x01", 7) != 0 ? 0
         : 10 + (size_t)p[8] + 256 * (size_t)p[9];
    snprintf(dict, sizeof dict, "%.*s", head && head <= all.length ? (int)head - 10 : 0,
             all.data + 10);
    shape = strstr(dict, "'shape': (");
    f->bytes = strstr(dict, "'|i1'") || strstr(dict, "'|u1'");
    size = f->bytes ? 1 : 4;
    if ((!f->bytes && !strstr(dict, "'<f4'")) || !strstr(dict, "'fortran_order': False") ||
        !shape || sscanf(shape, "'shape': (%lld, %lld)", &count, &width) != 2 || count < 0 ||
        width < 1 || width > 1 << 20 ||
        (unsigned long long)count > (all.length - head) / size / (size_t)width ||
        head + (size_t)count * (size_t)width * size != all.length)
        return sen_fail(t->ctx, SEN_ERR_FORMAT, "%s: not an .npy file of float32 or bytes in rows "
                        "and columns, as encode --output writes it", path);
    f->n = count;
    f->columns = (int)width;
    f->data = p + head;
    return SEN_OK;
}

/* The numbers of a float32 file. */
static sen_result npy_read(cli *t, const char *path, float **rows, int64_t *n, int *dimension)
{
    npy_file f;
    int64_t i;
    const sen_result r = npy_open(t, path, &f);
    if (r) return r;
    if (f.bytes)
        return sen_fail(t->ctx, SEN_ERR_FORMAT, "%s has quantized vectors, and those of float32 "
                        "are needed here", path);
    *rows = (float *)tool_alloc(t, (size_t)f.n * (size_t)f.columns * 4 + 4);
    for (i = 0; i < f.n * f.columns; i++) {     /* the lowest byte first, on any machine */
        const unsigned char *b = f.data + 4 * (size_t)i;
        const uint32_t u = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                           (uint32_t)b[3] << 24;
        memcpy(*rows + i, &u, 4);
    }
    *n = f.n;
    *dimension = f.columns;
    return SEN_OK;
}

/* One row of ranges as a list. */
static sen_result side_list(cli *t, output *o, const float *x, int n)
{
    char number[40];
    int i;
    sen_result r = SEN_OK;
    for (i = 0; i < n && !r; i++)
        r = output_write(t, o, number, (size_t)snprintf(number, sizeof number, "%s%.9g",
                                                        i ? ", " : "[", (double)x[i]));
    return r ? r : output_write(t, o, "]", 1);
}

/* FILE.npy.json says whose vectors FILE.npy has, and how they were quantized: `precision` (NULL:
 * they are float32), and of int8 and uint8 the ranges (2, dimension). */
static sen_result side_write(cli *t, const sen_model *m, const char *npy, const char *from,
                             const char *precision, const float *ranges, int dimension)
{
    char print[SEN_FINGERPRINT], line[200];
    output o;
    sen_result r = sen_model_fingerprint(t->ctx, m, print);
    int n;
    if (!r) r = output_open(t, &o, tool_join(t, npy, ".json", ""));
    if (r) return r;
    n = snprintf(line, sizeof line, "{\"fingerprint\": \"%s\"%s%s%s%s%s%s", print,
                 from ? ", \"migrated_from\": \"" : "", from ? from : "", from ? "\"" : "",
                 precision ? ", \"precision\": \"" : "", precision ? precision : "",
                 precision ? "\"" : "");
    r = output_write(t, &o, line, (size_t)n);
    if (!r && ranges) {
        r = output_write(t, &o, ", \"ranges\": [", 13);
        if (!r) r = side_list(t, &o, ranges, dimension);
        if (!r) r = output_write(t, &o, ", ", 2);
        if (!r) r = side_list(t, &o, ranges + dimension, dimension);
        if (!r) r = output_write(t, &o, "]", 1);
    }
    if (!r) r = output_write(t, &o, "}\n", 2);
    return r ? r : output_close(t, &o);
}

/* How the vectors of FILE.npy were quantized, by its side file. Their ranges are NULL where there
 * are none. */
static sen_result side_precision(cli *t, const char *npy, int dimension, sen_precision *precision,
                                 float **ranges)
{
    const char *path = tool_join(t, npy, ".json", "");
    const sen_json *word, *list, *row, *j;
    sen_json *side = NULL;
    sen_text text;
    int found = -1, n = 0;
    sen_result r = file_read(t, path, &text);
    if (!r) r = sen_json_parse(t->ctx, path, text.data, text.length, &side);
    if (r) return r;
    word = sen_json_get(side, "precision");
    if (word && word->kind == SEN_JSON_TEXT) found = sen_precision_of(word->text);
    if (found <= 0)
        return sen_fail(t->ctx, SEN_ERR_FORMAT, "%s does not say how the vectors of %s were "
                        "quantized; encode --precision writes it", path, npy);
    *precision = (sen_precision)found;
    *ranges = NULL;
    if (*precision != SEN_PRECISION_INT8 && *precision != SEN_PRECISION_UINT8) return SEN_OK;
    list = sen_json_get(side, "ranges");
    *ranges = (float *)tool_alloc(t, 2 * (size_t)dimension * sizeof **ranges);
    for (row = list ? list->child : NULL; row; row = row->next)
        for (j = row->child; j && n < 2 * dimension; j = j->next) (*ranges)[n++] = (float)j->number;
    if (n == 2 * dimension) return SEN_OK;
    return sen_fail(t->ctx, SEN_ERR_FORMAT, "%s: the ranges should be two lists of %d numbers",
                    path, dimension);
}

/* Refuses vectors of another model than m; a file without its side file cannot be told. */
static sen_result side_check(cli *t, const sen_model *m, const char *folder, const char *npy)
{
    const char *path = tool_join(t, npy, ".json", "");
    char print[SEN_FINGERPRINT];
    const sen_json *kept = NULL;
    sen_json *side = NULL;
    sen_file_info info;
    sen_text text;
    sen_result r;
    if (sen_system_files()->info(NULL, path, &info) != SEN_FILE_OK) {
        sen_log(t->ctx, SEN_LOG_WARNING, "%s is not there: whether %s has vectors of %s cannot be "
                "told", path, npy, folder);
        return SEN_OK;
    }
    r = sen_model_fingerprint(t->ctx, m, print);
    if (!r) r = file_read(t, path, &text);
    if (!r) r = sen_json_parse(t->ctx, path, text.data, text.length, &side);
    if (!r) kept = sen_json_get(side, "fingerprint");
    if (r || (kept && kept->kind == SEN_JSON_TEXT && strcmp(kept->text, print) == 0)) return r;
    return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has vectors of another model (%s) than %s (%s), "
                    "and the two cannot be compared: encode the texts again, or see `sentrain "
                    "migrate --help`", npy,
                    kept && kept->kind == SEN_JSON_TEXT ? kept->text : "unknown", folder, print);
}

/* ---- progress -------------------------------------------------------------------------------- */

/* On a terminal one line that is drawn again and again; elsewhere plain lines, and few of them;
 * with --json one object a line; with --quiet nothing. Numbers of a training run (losses, metrics)
 * are results of a kind, so --json puts them on standard output. */

/* Whole seconds are enough: progress is told every few of them. */
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

/* What on_encoded needs: encoding goes in pieces, of which the library knows one at a time. */
typedef struct encode_progress {
    cli    *t;
    int64_t before, total;
    double  began, drawn;
} encode_progress;

/* Called after each batch. 0: go on. Nothing is told in the first two seconds. */
static int on_encoded(void *user, int64_t done, int64_t total)
{
    encode_progress *p = (encode_progress *)user;
    cli *t = p->t;
    const double now = seconds_now(), passed = now - p->began;
    const double rate = (double)(p->before + done) / (passed > 0 ? passed : 1);
    char left[32];
    (void)total;
    /* The clock has whole seconds, so this is once a second at most; without a terminal every
     * ten. */
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

/* What the callbacks of a training run share. */
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

/* The shape of the run, once it is known: how many steps, from where. */
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

/* The progress line of a terminal, five times a second at most. */
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

/* A log entry: losses and rates, or the metrics of an evaluation. For people and for programs:
 *
 *     step 10/20  loss 1.3626  grad_norm 13.193  learning_rate 2.75e-05  (85 steps/s ...)
 *     {"event": "log", "step": 10, "data": {"loss": 1.362593173980713, ...}}
 *
 * The other events of --json are begin, save and end, each with its step; evaluations are logs. */
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
    /* All numbers of the entry, in the order in which Python has them; five digits are enough to
     * follow a run, trainer_state.json has them all. */
    for (j = e->logs->child; j; j = j->next)
        if (j->kind == SEN_JSON_NUMBER && strcmp(j->key, "step") != 0)
            fprintf(stderr, " %s %.5g ", j->key, j->is_integer ? (double)j->integer : j->number);
    train_rate(p, e, rate, sizeof rate);
    if (sen_json_get(e->logs, "train_runtime")) fputc('\n', stderr);      /* the run's summary */
    else fprintf(stderr, " (%s)\n", rate);
    return 0;
}

/* A checkpoint stands on the disk, whole, when this is called. */
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

/* The file, then --set in the order given, then flags: the later wins. All three work on one tree
 * of JSON, which is checked once it is complete. So a message is the same wherever a value came
 * from, and a value that was replaced is never complained about. */

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
    /* What has a table is looked up there. The keys of losses, evaluators and modules have
     * tables too, but which one depends on "type", which may be set later: these are read as
     * JSON. */
    if (!deep) f = field_find(job_fields, first);
    else if (strcmp(first, "args") == 0) f = field_find(sen_training_fields(), last);
    else if (strcmp(first, "callbacks") == 0) f = field_find(early_stopping_fields, last);
    if (f) return f->kind;
    if (deep && strcmp(first, "prompts") == 0) return SEN_KIND_TEXT;
    for (i = 0; i < COUNT(text_keys); i++)
        if (deep && strcmp(text_keys[i], last) == 0) return SEN_KIND_TEXT;
    return NULL;
}

/* --set a.b.c=VALUE. Objects on the way are made where they are missing, list items have to be
 * there.
 *
 *     --set args.learning_rate=2e-5                a key of an object
 *     --set loss=CoSENTLoss                        the whole value of a key
 *     --set evaluator.0.name=dev                   in the first item of a list
 *     --set 'loss={"type": "TripletLoss"}'         JSON
 *     --set config.hidden_dropout_prob=0           an object that the file does not have */
static sen_result job_set(cli *t, sen_json *root, const char *argument)
{
    const size_t length = strcspn(argument, "=");
    char *key = tool_text(t, argument, length), *part = key, *dot;
    const char *first = tool_text(t, key, strcspn(key, ".")), *point = strrchr(key, '.');
    const char *last = point ? point + 1 : key;
    sen_json *node = root, *value, *next;
    sen_result r;
    if (argument[length] != '=' || !length || key[0] == '.' || strstr(key, "..") ||
        key[length - 1] == '.')
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "--set takes KEY=VALUE, as in --set "
                        "args.learning_rate=2e-5; \"%s\" is not that", argument);
    r = value_read(t, key_kind(first, last, last != key), tool_join(t, "--set ", key, ""),
                   argument + length + 1, &value);
    if (r) return r;
    /* Down the tree, part by part; `part` ends up as the last one. */
    for (; (dot = strchr(part, '.')) != NULL; part = dot + 1, node = next) {
        *dot = 0;
        next = json_find(node, part);
        if (!next && node->kind == SEN_JSON_OBJECT)
            json_put(node, part, next = json_new(t, SEN_JSON_OBJECT, part));
        if (!next || next->kind < SEN_JSON_LIST)
            return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "--set %s: \"%s\" is no object or list that "
                            "could hold \"%s\"", argument, part, dot + 1);
    }
    /* A list has its length: an item can be replaced, not added. */
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
        /* Each node changes its list, so the next one is always the first. */
        for (given = j->child; given; given = j->child) {
            j->child = given->next;
            json_put(args, given->key, given);
        }
    }
}

/* A whole tree (the file, with --set in it) and the flags into *j, whose base is set; paths of
 * flags start from `here`. Apart from job_read, so that tests can give it a tree without a file. */
static sen_result job_take(cli *t, sen_json *root, const char *here, job *j)
{
    sen_result r;
    if (root->kind == SEN_JSON_OBJECT) {
        job_paths(t, root, j->base);
        job_paths(t, t->job_flags, here);
        job_merge(t, root, t->job_flags);
        t->given[1] = root;
    }
    /* From here on the tree is only read. Unknown keys and wrong types end here, with their
     * line. */
    r = sen_fields_read(t->ctx, root, job_fields, j);
    j->arguments = sen_training_arguments_default();
    if (!r && j->args) r = sen_training_arguments_read(t->ctx, j->args, &j->arguments);
    if (r) return r;
    if (!j->model)
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT,
                        "there is no \"model\": name a job file that has one, or give --model "
                        "FOLDER");
    /* Beside the job file, not wherever the shell happens to be. */
    if (!j->arguments.output_dir) j->arguments.output_dir = path_from(t, j->base, "out");
    sen_fields_default(card_fields, &j->card);
    if (j->model_card_data) r = sen_fields_read(t->ctx, j->model_card_data, card_fields, &j->card);
    if (r) return r;
    if (j->hyperparameter_search)
        sen_log(t->ctx, SEN_LOG_INFO, "hyperparameter_search is for the command hpo of a later "
                "version and not used here");
    return SEN_OK;
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
    /* Absolute, so that paths made from it are, wherever the library opens them from. */
    j->base = path_from(t, here, slash ? tool_text(t, path, (size_t)(slash - path) + 1) : ".");
    if (path) {
        r = file_read(t, path, &text);
        if (!r) r = sen_json_parse(t->ctx, path, text.data, text.length, &root);
    }
    for (i = 0; !r && i < t->n_set; i++) r = job_set(t, root, t->set[i]);
    return r ? r : job_take(t, root, here, j);
}

/* ---- making what a job names ----------------------------------------------------------------- */

/* Each function takes the part of the tree that is its own, and leaves what it made in struct
 * job. They stop at the first failure; none of them frees anything. */

/* What cannot be in a model's own folder is no fault of the command line, where an argument that
 * cannot be is one. */
static sen_result folder_fault(sen_result r)
{
    return r == SEN_ERR_ARGUMENT ? SEN_ERR_FORMAT : r;
}

/* A new adapter, or one from a folder to train on. */
static sen_result job_adapter(cli *t, job *j)
{
    if (j->adapter->kind == SEN_JSON_TEXT)
        return folder_fault(sen_model_load_adapter(t->ctx, j->trained, j->adapter->text));
    return sen_model_add_adapter(t->ctx, j->trained, j->adapter, (uint64_t)j->arguments.seed);
}

/* The model, with what the job's top level says over its folder's own settings. */
static sen_result job_model(cli *t, job *j)
{
    sen_result r = sen_model_from_json(t->ctx, j->model, j->config, j->base,
                                       (uint64_t)j->arguments.seed, &j->trained);
    if (r && j->model->kind == SEN_JSON_TEXT && !j->config) return folder_fault(r);
    if (!r && j->adapter) r = job_adapter(t, j);
    if (r) return r;
    /* The job's own settings last: they win over the folder's and go into the saved model. */
    if (j->max_seq_length != SEN_NONE) sen_model_set_max_seq_length(j->trained, j->max_seq_length);
    if (j->truncate_dim != SEN_NONE) sen_model_set_truncate_dim(j->trained, j->truncate_dim);
    if (j->similarity_fn_name)
        r = sen_model_set_similarity(t->ctx, j->trained, j->similarity_fn_name);
    if (!r && (j->prompts || j->default_prompt_name))
        r = sen_model_set_prompts(t->ctx, j->trained, j->prompts, j->default_prompt_name);
    return r;
}

/* One dataset, or an object of named ones, each a path or an object:
 *
 *     "train_dataset": "pairs.tsv"
 *     "train_dataset": {"path": "pairs.tsv", "limit": 1000}
 *     "train_dataset": {"nli": "nli.jsonl", "stsb": {"path": "stsb.tsv"}} */
static sen_result job_datasets(cli *t, job *j, const sen_json *spec, sen_named_dataset **out,
                               int *n, bool *named)
{
    const sen_json *d;
    sen_result r = SEN_OK;
    if (!spec) return SEN_OK;
    /* A bare path or an object with "path" is one dataset; any other object names several. */
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
        /* Counted before it is known to be good: job_free frees what there is. */
        (*out)[*n].name = d->key;
        r = sen_dataset_from_json(t->ctx, d, j->base, &(*out)[(*n)++].dataset);
    }
    return r;
}

/* One loss for all data, or an object from dataset name to loss: told apart by "type".
 *
 *     "loss": "CoSENTLoss"
 *     "loss": {"type": "CoSENTLoss", "scale": 20}
 *     "loss": {"nli": "MultipleNegativesRankingLoss", "stsb": {"type": "CoSENTLoss"}} */
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
    /* One loss for all goes to the trainer as such. */
    if (!n || !j->losses_named) return SEN_OK;
    if (!named)
        return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, j->loss, NULL,
                           "\"loss\" has a loss for each dataset name, but \"%s\" is one dataset "
                           "without a name", key);
    for (i = 0; i < n; i++) {
        /* Quadratic, in a handful of names. */
        for (k = 0; k < j->n_losses; k++)
            if (strcmp(j->losses[k].name, set[i].name) == 0) set[i].loss = j->losses[k].loss;
        if (!set[i].loss)
            return sen_fail_at(t->ctx, SEN_ERR_ARGUMENT, j->loss, NULL,
                               "\"loss\" has no entry for the dataset \"%s\" of \"%s\"",
                               set[i].name, key);
    }
    return SEN_OK;
}

/* Callbacks belong to a trainer, so this comes after it is made. */
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
        /* "type" is in the table, so that it is no unknown key. */
        sen_fields_default(early_stopping_fields, &e);
        r = sen_fields_read(t->ctx, d, early_stopping_fields, &e);
        if (!r)
            r = sen_add_early_stopping(j->trainer, e.early_stopping_patience,
                                       e.early_stopping_threshold);
    }
    return r;
}

/* What job_open has to open: eval needs no training data, grad none to evaluate. */
enum { NEED_TRAIN = 1, NEED_EVAL = 2 };

/* All objects of a job and its trainer, losses first: they are cheap, and a mistyped name there
 * should not wait for a model to be read. *in_job: the failure is the job file's own, whatever its
 * kind; a later failure is the job's where its message is about it (see failed). What was opened is
 * left in *j for job_free, also on failure. */
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
    /* The library's description of a training run; this is all that a C program has to fill in. */
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

/* In the opposite order: a trainer refers to all others. NULL is fine everywhere. */
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
    /* The flag wins over the job; neither means as many as there are processors. */
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

/* The same three steps: job_begin reads the job and opens the context, job_open makes everything
 * that the job names, then one call of the library does the work. What is wrong with the job
 * comes out in the first two, before anything is written. */

/* The final model's README.md. */
static sen_result train_card(job *j, const char *folder)
{
    const card_data *d = &j->card;
    sen_card_args a = sen_card_args_default();
    a.language = d->language;
    a.license = d->license;
    a.tags = d->tags;
    a.model_name = d->model_name;
    a.model_id = d->model_id;
    a.finetuned_from = d->finetuned_from;
    a.tasks = d->tasks;
    a.dataset_tags = d->dataset_tags;
    a.dataset = d->dataset;
    a.dataset_args = d->dataset_args;
    a.folder = folder;
    return sen_trainer_create_model_card(j->trainer, &a);
}

/* The final model. The trainer has loaded the best one by now, if the job asked for that. */
static sen_result train_save(cli *t, job *j)
{
    const char *folder = j->save_to ? j->save_to : path_from(t, j->arguments.output_dir, "final");
    const sen_train_state *s = sen_trainer_state(j->trainer);
    sen_result r = sen_model_save(t->ctx, j->trained, folder);
    if (!r) r = train_card(j, folder);
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

/* A run from the job's first step, or with --resume from a checkpoint: the one that is named,
 * else the latest in output_dir. After an interruption nothing is saved but the checkpoint. */
/* The model before step 1, if there is something to measure it by. A resumed run's is the job's own
 * model too, not the checkpoint's. */
static sen_result train_baseline(cli *t, job *j, sen_baseline **before)
{
    *before = NULL;
    if (t->flags.no_baseline && t->flags.fail_on_regression)
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT,
                        "--fail-on-regression needs the baseline that --no-baseline leaves out");
    if (!j->judge && t->flags.fail_on_regression)
        return sen_fail(t->ctx, SEN_ERR_ARGUMENT,
                        "--fail-on-regression needs an \"evaluator\" in the job");
    if (!j->judge || t->flags.no_baseline) return SEN_OK;
    return sen_baseline_new(t->ctx, j->judge, j->trained, before);
}

/* The last line of a run, and how sure it is. With --json an object, also with --quiet: it is a
 * result.
 *
 *     95% of 347 resamples are between +0.0312 and +0.0571
 *     VERDICT: WIN | sts-dev_spearman_cosine | 0.8643 | 0.8203 | +0.0440 */
static sen_result train_verdict(cli *t, job *j, const sen_baseline *before, sen_verdict *v)
{
    sen_result r;
    memset(v, 0, sizeof *v);
    if (!before) return SEN_OK;
    r = sen_verdict_of(t->ctx, j->judge, before, j->trained, v);
    if (r) return r;
    if (t->flags.json) {
        printf("{\"event\": \"verdict\", \"verdict\": \"%s\", \"metric\": ", v->word);
        print_text(stdout, v->metric, strlen(v->metric));
        printf(", \"score\": ");
        print_double(stdout, v->score);
        printf(", \"baseline\": ");
        print_double(stdout, v->baseline);
        printf(", \"delta\": ");
        print_double(stdout, v->delta);
        printf(", \"low\": ");
        print_double(stdout, v->low);
        printf(", \"high\": ");
        print_double(stdout, v->high);
        printf(", \"resamples\": %d}\n", v->resamples);
        return SEN_OK;
    }
    progress_end(t);
    if (v->resamples && !t->flags.quiet)
        printf("95%% of %d resamples are between %+.4f and %+.4f\n", v->resamples, v->low, v->high);
    printf("VERDICT: %s | %s | %.4f | %.4f | %+.4f\n", v->word, v->metric, v->score, v->baseline,
           v->delta);
    return SEN_OK;
}

static int run_train(cli *t)
{
    job j;
    train_progress p;
    sen_baseline *before = NULL;
    sen_verdict verdict;
    sen_callback watch = sen_callback_default();
    const char *from = NULL;
    bool in_job = false;
    sen_result r;
    int status = job_begin(t, &j);
    if (status) return status;
    /* What the run tells us; each function gets p back. */
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
    if (!r) r = sen_trainer_add_callback(j.trainer, &watch);
    if (!r) r = train_baseline(t, &j, &before);
    /* A flag's path: relative to where the shell is. */
    if (t->flags.checkpoint) from = path_from(t, current_folder(t), t->flags.checkpoint);
    if (!r) r = t->flags.resume ? sen_train_resume(j.trainer, from) : sen_train(j.trainer);
    if (!r) r = train_save(t, &j);
    memset(&verdict, 0, sizeof verdict);
    if (!r) r = train_verdict(t, &j, before, &verdict);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    if (!r && t->flags.fail_on_regression && verdict.outcome == SEN_REGRESSION)
        status = EXIT_REGRESSION;
    sen_baseline_free(before);
    job_free(&j);
    return status;
}

/* The names in the file are PyTorch's, so that a comparison is a loop over them. */
static int run_grad(cli *t)
{
    job j;
    bool in_job = false;
    sen_result r;
    int status;
    if (!t->flags.output) return refused("grad needs --output FILE.safetensors", "", "");
    status = job_begin(t, &j);
    if (status) return status;
    /* No folder is made and nothing saved; the rows are taken in file order. */
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

/* One object on one line, in the order in which Python has the metrics. */
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

/* An untrained job's evaluation: what train would log before its first step. */
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
    if (!r) r = sen_trainer_evaluate(j.trainer, NULL, &metrics);
    if (!r) print_metrics(metrics);
    status = r ? failed(t, r, in_job) : EXIT_DONE;
    job_free(&j);
    return status;
}

/* ---- encode, similarity, search, tokenize ---------------------------------------------------- */

/* These take a model folder and lines of text. A line is what Python's text files call one: LF,
 * CR LF and CR end it, and a last line need not be ended. Any bytes are a text, also zero bytes
 * and bytes that are no UTF-8 (they count as U+FFFD). No lines in, no rows out: that is no
 * error. */

/* A plain path, as typed: these commands have no job file that it could be relative to. */
static sen_result model_open(cli *t, const char *folder, sen_model **out)
{
    return folder_fault(sen_model_load(t->ctx, path_from(t, "", folder), out));
}

/* The flags of encode, similarity and search as the library's options. Prompts are looked up
 * there. */
static sen_encode_args encode_args(const cli *t)
{
    sen_encode_args a = sen_encode_args_default();
    a.prompt = t->flags.prompt;
    a.prompt_name = t->flags.prompt_name;
    a.task = t->flags.task;
    a.batch_size = t->flags.batch_size;
    a.normalize_embeddings = t->flags.normalize;
    a.bf16 = t->flags.bf16;
    a.truncate_dim = t->flags.truncate_dim;
    return a;
}

/* A list in full precision. */
static void print_row(const float *row, int dimension)
{
    int k;
    for (k = 0; k < dimension; k++) {
        fputs(k ? ", " : "[", stdout);
        print_double(stdout, (double)row[k]);
    }
    putchar(']');
}

/* JSON lines: one list for each text. */
static void print_rows(const float *rows, int64_t n, int dimension)
{
    int64_t i;
    for (i = 0; i < n; i++) {
        print_row(rows + i * dimension, dimension);
        putchar('\n');
    }
}

static void print_token_rows(const sen_encoded *e)
{
    int64_t i;
    for (i = 0; i < e->tokens; i++) {
        fputs(i ? ", " : "[", stdout);
        print_row(e->token_embeddings + i * e->token_dimension, e->token_dimension);
    }
    putchar(']');
}

/* A line for each text: a list for each token, one under the other. */
static int on_tokens(void *user, const sen_encoded *e)
{
    (void)user;
    print_token_rows(e);
    putchar('\n');
    return 0;
}

/* A line for each text: an object of all that was made of it, by Python's names. */
static int on_outputs(void *user, const sen_encoded *e)
{
    int64_t i;
    (void)user;
    fputs("{\"input_ids\": ", stdout);
    for (i = 0; i < e->tokens; i++) printf("%s%ld", i ? ", " : "[", (long)e->input_ids[i]);
    fputs("], \"token_embeddings\": ", stdout);
    print_token_rows(e);
    fputs(", \"sentence_embedding\": ", stdout);
    print_row(e->sentence_embedding, e->dimension);
    fputs("}\n", stdout);
    return 0;
}

/* float32 as the file has them, whatever the machine's byte order. */
static sen_result write_rows(cli *t, output *o, float *rows, int64_t n)
{
    const uint32_t one = 1;
    int64_t i;
    /* Only where the machine stores the most significant byte first. */
    for (i = 0; *(const unsigned char *)&one == 0 && i < n; i++) {
        uint32_t u;
        memcpy(&u, rows + i, 4);
        u = u >> 24 | (u >> 8 & 0xFF00u) | (u << 8 & 0xFF0000u) | u << 24;
        memcpy(rows + i, &u, 4);
    }
    return output_write(t, o, rows, (size_t)n * sizeof *rows);
}

/* Bytes of quantized embeddings: into the file as they are, else as whole numbers. */
static sen_result put_quantized(cli *t, output *o, const unsigned char *rows, int64_t n,
                                int columns, bool is_signed)
{
    int64_t i;
    int k;
    if (o) return output_write(t, o, rows, (size_t)n * (size_t)columns);
    for (i = 0; i < n; i++)
        for (k = 0; k < columns; k++) {
            const int v = rows[i * columns + k];
            printf("%s%d", k ? ", " : "[", is_signed && v > 127 ? v - 256 : v);
            if (k + 1 == columns) fputs("]\n", stdout);
        }
    return SEN_OK;
}

/* What numpy calls them, by sen_precision. */
static const char *const npy_types[] = { "<f4", "|i1", "|u1", "|i1", "|u1" };
static const char *const npy_names[] = { "float32", "int8", "uint8", "int8", "uint8" };

/* How many numbers a row has in the file: of packed bits bytes. */
static int encoded_columns(sen_precision precision, int dimension)
{
    return precision == SEN_PRECISION_FLOAT32 ? dimension
                                              : (int)sen_quantized_bytes(precision, dimension);
}

/* What int8 and uint8 are cut by, from other texts: then the bytes of one text do not depend on the
 * others in its file. */
static sen_result calibrate(cli *t, const sen_model *m, float **ranges)
{
    const int dimension = sen_embedding_dimension(m, t->flags.truncate_dim);
    const sen_encode_args a = encode_args(t);
    sen_text *lines = NULL;
    float *rows;
    int64_t n = 0;
    sen_result r = lines_read(t, t->flags.calibration, &lines, &n);
    if (r) return r;
    rows = (float *)tool_alloc(t, (size_t)n * (size_t)dimension * sizeof *rows);
    *ranges = (float *)tool_alloc(t, 2 * (size_t)dimension * sizeof **ranges);
    r = sen_encode(t->ctx, m, lines, n, &a, rows);
    return r ? r : sen_quantization_ranges(t->ctx, rows, n, dimension, *ranges);
}

/* Encodes in pieces, so that the embeddings of a large file are never all in memory; int8 and uint8
 * look at all of them first, unless --calibration says what they are cut by: *used (NULL: not asked
 * for, or nothing). */
static sen_result encode_lines(cli *t, const sen_model *m, const sen_text *lines, int64_t n,
                               sen_precision precision, output *o, float **used)
{
    encode_progress p;
    sen_encode_args a = encode_args(t);
    const int dimension = sen_embedding_dimension(m, t->flags.truncate_dim);
    /* The numbers do not depend on the pieces: a text's embedding is the same in any batch. */
    const bool whole = !t->flags.calibration &&
                       (precision == SEN_PRECISION_INT8 || precision == SEN_PRECISION_UINT8);
    const int64_t room = n < LINES_AT_A_TIME || whole ? n : LINES_AT_A_TIME;
    const int columns = encoded_columns(precision, dimension);
    unsigned char *bytes = precision == SEN_PRECISION_FLOAT32 ? NULL : (unsigned char *)tool_alloc(
        t, (size_t)room * (size_t)columns);
    float *rows = (float *)tool_alloc(t, (size_t)room * (size_t)dimension * sizeof *rows);
    float *ranges = NULL;
    sen_result r = t->flags.calibration ? calibrate(t, m, &ranges) : SEN_OK;
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
        if (!r && whole) {
            ranges = (float *)tool_alloc(t, 2 * (size_t)dimension * sizeof *ranges);
            r = sen_quantization_ranges(t->ctx, rows, k, dimension, ranges);
        }
        if (!r && bytes) {
            r = sen_quantize(t->ctx, rows, k, dimension, precision, ranges, bytes);
            if (!r) r = put_quantized(t, o, bytes, k, columns, npy_types[precision][1] == 'i');
        }
        else if (!r && o) r = write_rows(t, o, rows, k * dimension);
        else if (!r) print_rows(rows, k, dimension);
    }
    progress_end(t);
    if (used) *used = ranges;
    return r;
}

/* What --output-value asks for besides sentence embeddings; true: this was it, *status is what the
 * program returns. Options that only concern sentence embeddings are refused beside it. */
static bool encode_outputs(cli *t, sen_precision precision, int *status)
{
    const flags *f = &t->flags;
    const bool tokens = strcmp(f->output_value, "token_embeddings") == 0;
    const sen_encode_args a = encode_args(t);
    sen_model *m = NULL;
    sen_text *lines = NULL;
    int64_t n = 0;
    sen_result r;
    if (strcmp(f->output_value, "sentence_embedding") == 0) return false;
    *status = EXIT_USAGE;
    if (!tokens && strcmp(f->output_value, "all") != 0)
        refused("--output-value ", f->output_value,
                " is none that there is; it takes sentence_embedding, token_embeddings, all");
    else if (f->output || precision != SEN_PRECISION_FLOAT32)
        refused("--output-value ", f->output_value,
                " is JSON lines of float32 on standard output; leave --output and --precision out");
    else if (tokens && (f->normalize || f->truncate_dim != SEN_NONE))
        refused("--output-value ", f->output_value,
                " is as the model makes it; leave --normalize and --truncate-dim out");
    else {
        r = model_open(t, t->place[0], &m);
        if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &lines, &n);
        if (!r)
            r = sen_encode_outputs(t->ctx, m, lines, n, &a, tokens ? on_tokens : on_outputs, NULL);
        *status = r ? failed(t, r, false) : EXIT_DONE;
        sen_model_free(m);
    }
    return true;
}

/* With --output an .npy file, which appears under its name when it is whole; else JSON lines. */
static int run_encode(cli *t)
{
    const int found = sen_precision_of(t->flags.precision);
    const sen_precision precision = (sen_precision)(found < 0 ? 0 : found);
    sen_model *m = NULL;
    sen_text *lines = NULL;
    float *ranges = NULL;
    int64_t n = 0;
    output o;
    sen_result r;
    int dimension, status;
    if (found < 0)
        return refused("--precision ", t->flags.precision,
                       " is none that there is; it takes float32, int8, uint8, binary, ubinary");
    if (t->flags.calibration && precision != SEN_PRECISION_INT8 && precision != SEN_PRECISION_UINT8)
        return refused("--calibration ", t->flags.calibration,
                       " goes with --precision int8 or uint8 only");
    if (encode_outputs(t, precision, &status)) return status;
    r = model_open(t, t->place[0], &m);
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &lines, &n);
    if (r) goto done;
    dimension = sen_embedding_dimension(m, t->flags.truncate_dim);
    if (!t->flags.output) {
        r = encode_lines(t, m, lines, n, precision, NULL, NULL);
        goto done;
    }
    r = output_open(t, &o, t->flags.output);
    /* All rows are known to be coming, so the head can be written first. */
    if (!r) r = npy_head(t, &o, npy_types[precision], n, encoded_columns(precision, dimension));
    if (!r) {
        r = encode_lines(t, m, lines, n, precision, &o, &ranges);
        if (!r) r = output_close(t, &o);
        if (!r)
            r = side_write(t, m, o.path, NULL, precision ? t->flags.precision : NULL, ranges,
                           dimension);
        /* Takes the unfinished file away; the message of what went wrong before stays. */
        else if (o.file)
            output_fail(t, &o, "write", SEN_FILE_OTHER);       /* the first message stays */
    }
    if (!r && !t->flags.quiet)
        printf("{\"shape\": [%lld, %d], \"dtype\": \"%s\"}\n", (long long)n,
               encoded_columns(precision, dimension), npy_names[precision]);
done:
    n = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return (int)n;
}

/* Both texts go through the model together; a text's embedding does not depend on its company. */
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

/* One line for each query; corpus_id counts from 0, as Python's semantic_search has it.
 *
 *     {"query": "lights on", "hits": [{"corpus_id": 0, "score": 0.93, "text": "light up"}, ...]} */
static void print_hits(const sen_text *query, const sen_hit *best, int n, const sen_text *corpus)
{
    int i;
    fputs("{\"query\": ", stdout);
    print_text(stdout, query->data, query->length);
    fputs(", \"hits\": [", stdout);
    for (i = 0; i < n; i++) {
        printf("%s{\"corpus_id\": %lld, \"score\": ", i ? ", " : "", (long long)best[i].corpus_id);
        print_double(stdout, (double)best[i].score);
        fputs(", \"text\": ", stdout);
        print_text(stdout, corpus[best[i].corpus_id].data,
                   corpus[best[i].corpus_id].length);
        fputc('}', stdout);
    }
    fputs("]}\n", stdout);
}

/* The model's similarity function as the library's number for it. */
static int similarity_of(const sen_model *m)
{
    static const char *const names[] = { "cosine", "dot", "euclidean", "manhattan" };
    int i = 0;
    while (i < 3 && strcmp(names[i], sen_model_similarity(m)) != 0) i++;
    return i;                               /* in the order of SEN_COS_SIM ... */
}

/* The corpus's vectors: of --embeddings, or made now. Models with prompts have one for each side;
 * without them both are empty. task: "document", or NULL for texts that are compared alike. */
static sen_result search_corpus(cli *t, const sen_model *m, const char *task,
                                const sen_text *corpus, int64_t n, float **rows)
{
    const char *from = t->flags.embeddings ? path_from(t, "", t->flags.embeddings) : NULL;
    const int e = sen_embedding_dimension(m, SEN_NONE);
    sen_encode_args a = encode_args(t);
    int64_t lines = 0;
    int dimension = 0;
    sen_result r;
    if (task) a.task = task;
    if (!from) {
        *rows = (float *)tool_alloc(t, (size_t)n * (size_t)e * sizeof **rows);
        return sen_encode(t->ctx, m, corpus, n, &a, *rows);
    }
    r = side_check(t, m, t->place[0], from);
    if (!r) r = npy_read(t, from, rows, &lines, &dimension);
    if (!r && (lines != n || dimension != e))
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has %lld vectors of %d numbers; the corpus has "
                     "%lld lines, and the model makes %d numbers", from, (long long)lines,
                     dimension, (long long)n, e);
    return r;
}

/* Whether --embeddings are quantized: then they, and all that is needed to search in them. */
typedef struct quantized {
    bool          is;
    npy_file      file;
    sen_precision precision;
    float        *ranges;
} quantized;

static sen_result search_quantized(cli *t, const sen_model *m, int64_t n, quantized *q)
{
    const char *from = t->flags.embeddings ? path_from(t, "", t->flags.embeddings) : NULL;
    const int e = sen_embedding_dimension(m, SEN_NONE);
    sen_result r;
    q->is = false;
    if (!from) return SEN_OK;
    r = npy_open(t, from, &q->file);
    if (r || !q->file.bytes) return r;
    q->is = true;
    r = side_check(t, m, t->place[0], from);
    if (!r) r = side_precision(t, from, e, &q->precision, &q->ranges);
    if (!r && (q->file.n != n || q->file.columns != sen_quantized_bytes(q->precision, e)))
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has %lld vectors of %d bytes; the corpus has "
                     "%lld lines, and the model makes %d numbers", from, (long long)q->file.n,
                     q->file.columns, (long long)n, e);
    return r;
}

#define QUERIES_AT_A_TIME 1024

/* Every query against every line of the corpus. Vectors in int8 or bits are searched as they are,
 * and what is found is scored again. */
static sen_result search_all(cli *t, const sen_model *m, const sen_text *corpus, int64_t n,
                             const sen_text *queries, int64_t k)
{
    quantized few;
    const int e = sen_embedding_dimension(m, SEN_NONE);
    const int top = (int64_t)t->flags.top_k < n ? t->flags.top_k : (int)n;
    float *rows = NULL;
    float *query = (float *)tool_alloc(t, QUERIES_AT_A_TIME * (size_t)e * sizeof *query);
    sen_hit *best = (sen_hit *)tool_alloc(t, QUERIES_AT_A_TIME * (size_t)top * sizeof *best);
    sen_encode_args a = encode_args(t);
    sen_result r = search_quantized(t, m, n, &few);
    int64_t i, q, some;
    if (!r && !few.is) r = search_corpus(t, m, "document", corpus, n, &rows);
    a.task = "query";
    for (i = 0; i < k && !r; i += some) {
        some = k - i < QUERIES_AT_A_TIME ? k - i : QUERIES_AT_A_TIME;
        r = sen_encode(t->ctx, m, queries + i, some, &a, query);
        if (!r)
            r = few.is ? sen_semantic_search_quantized(t->ctx, query, some, few.file.data, n, e,
                                                       few.precision, few.ranges,
                                                       t->flags.rescore_multiplier, top, best)
                       : sen_semantic_search(t->ctx, similarity_of(m), query, some, rows, n, e, top,
                                             best);
        for (q = 0; q < some && !r; q++) print_hits(queries + i + q, best + q * top, top, corpus);
    }
    return r;
}

/* Exact search: every query is compared with every line. --embeddings takes the corpus's vectors
 * from a file that encode has written; otherwise they are made at each call. */
static int run_search(cli *t)
{
    sen_model *m = NULL;
    sen_text *corpus = NULL, *queries = NULL;
    int64_t n = 0, k = 0;
    sen_result r;
    int status;
    if (!t->flags.corpus) return refused("search needs --corpus FILE, one text a line", "", "");
    if (t->flags.top_k < 1) return refused("--top-k must be at least 1", "", "");
    if (t->flags.rescore_multiplier < 0)
        return refused("--rescore-multiplier must be 0 or more", "", "");
    r = model_open(t, t->place[0], &m);
    if (!r) r = lines_read(t, t->flags.corpus, &corpus, &n);
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &queries, &k);
    if (!r && !n) r = sen_fail(t->ctx, SEN_ERR_FORMAT, "%s: the corpus is empty", t->flags.corpus);
    if (!r) r = search_all(t, m, corpus, n, queries, k);
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

/* ---- communities ----------------------------------------------------------------------------- */

/* One line for each community, its centre first; row counts from 0.
 *
 *     {"community": 0, "size": 2, "rows": [4, 1], "texts": ["lights on", "light on"]} */
static void print_community(int64_t number, const int64_t *row, int64_t n, const sen_text *texts)
{
    int64_t i;
    printf("{\"community\": %lld, \"size\": %lld, \"rows\": [", (long long)number, (long long)n);
    for (i = 0; i < n; i++) printf("%s%lld", i ? ", " : "", (long long)row[i]);
    fputs("], \"texts\": [", stdout);
    for (i = 0; i < n; i++) {
        if (i) fputs(", ", stdout);
        print_text(stdout, texts[row[i]].data, texts[row[i]].length);
    }
    fputs("]}\n", stdout);
}

/* Lines that are near each other, by cosine; near-duplicates with --threshold 0.95
 * --min-community-size 2. */
static int run_communities(cli *t)
{
    sen_model *m = NULL;
    sen_text *lines = NULL;
    float *rows = NULL;
    int64_t *row, *first, n = 0, found = 0, i;
    sen_result r = model_open(t, t->place[0], &m);
    int status;
    if (!r) r = lines_read(t, t->n_places > 1 ? t->place[1] : NULL, &lines, &n);
    if (!r) r = search_corpus(t, m, NULL, lines, n, &rows);
    if (!r) {
        row = (int64_t *)tool_alloc(t, (size_t)n * sizeof *row + 1);
        first = (int64_t *)tool_alloc(t, (size_t)(n + 1) * sizeof *first);
        r = sen_community_detection(t->ctx, rows, n, sen_embedding_dimension(m, SEN_NONE),
                                    t->flags.threshold, t->flags.min_community_size, row, first,
                                    &found);
        for (i = 0; i < found && !r; i++)
            print_community(i, row + first[i], first[i + 1] - first[i], lines);
    }
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

/* ---- reduce ---------------------------------------------------------------------------------- */

/* A model of fewer dimensions: its embeddings' principal components as one Dense more. */
static int run_reduce(cli *t)
{
    sen_model *m = NULL;
    sen_text *lines = NULL;
    float *rows, *matrix, *bias;
    double kept = 0;
    int64_t n = 0;
    sen_encode_args a = encode_args(t);
    const int to = t->flags.dimension;
    sen_result r;
    int e = 0, status;
    if (to < 1) return refused("reduce needs --dimension N, 1 or more", "", "");
    if (!t->flags.output) return refused("reduce needs --output FOLDER", "", "");
    r = model_open(t, t->place[0], &m);
    if (!r) r = lines_read(t, t->place[1], &lines, &n);
    if (!r) e = sen_embedding_dimension(m, SEN_NONE);
    if (!r && n < to)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has %lld lines; %d dimensions take as many at "
                     "least, and as many thousands as there are", t->place[1], (long long)n, to);
    if (!r) {
        rows = (float *)tool_alloc(t, (size_t)n * (size_t)e * sizeof *rows);
        matrix = (float *)tool_alloc(t, (size_t)to * (size_t)e * sizeof *matrix);
        bias = (float *)tool_alloc(t, (size_t)to * sizeof *bias);
        r = sen_encode(t->ctx, m, lines, n, &a, rows);
        if (!r)
            r = sen_pca_fit(t->ctx, rows, n, e, to, t->flags.whiten, matrix, bias, &kept);
        if (!r)
            r = sen_model_add_dense(t->ctx, m, matrix,
                                    t->flags.center || t->flags.whiten ? bias : NULL, to);
    }
    if (!r) r = sen_model_save(t->ctx, m, path_from(t, "", t->flags.output));
    if (!r && t->flags.json)
        printf("{\"dimension\": %d, \"from\": %d, \"variance\": %.6f}\n", to, e, kept);
    else if (!r)
        printf("%s: %d of %d dimensions, with %.1f %% of the variance of %lld texts\n",
               t->flags.output, to, e, 100 * kept, (long long)n);
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

/* ---- merge ----------------------------------------------------------------------------------- */

/* An adapter's folder and its base as one plain model. */
static int run_merge(cli *t)
{
    sen_model *m = NULL;
    sen_result r;
    int status;
    if (!t->flags.output) return refused("merge needs --output FOLDER", "", "");
    r = model_open(t, t->flags.base ? t->flags.base : t->place[0], &m);
    if (!r && t->flags.base)
        r = folder_fault(sen_model_load_adapter(t->ctx, m, path_from(t, "", t->place[0])));
    if (!r) r = sen_model_merge_adapter(t->ctx, m);
    if (!r) r = sen_model_save(t->ctx, m, path_from(t, "", t->flags.output));
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(m);
    return status;
}

/* ---- mine ------------------------------------------------------------------------------------ */

/* Lines go to --output, which appears when it is whole, or to standard output. */
static sen_result lines_open(cli *t, output *o, FILE **f)
{
    const sen_files *files = sen_system_files();
    sen_result r;
    *f = stdout;
    if (!t->flags.output) return SEN_OK;
    r = output_open(t, o, path_from(t, "", t->flags.output));
    if (r) return r;
    files->close(files->user, o->file);
    o->file = NULL;
    *f = fopen(o->temporary, "wb");
    return *f ? SEN_OK : output_fail(t, o, "write", SEN_FILE_DENIED);
}

static sen_result lines_close(cli *t, output *o, FILE *f)
{
    const sen_files *files = sen_system_files();
    const bool bad = ferror(f) != 0;
    if (!t->flags.output)
        return bad ? sen_fail(t->ctx, SEN_ERR_IO, "standard output cannot be written") : SEN_OK;
    if (fclose(f) || bad) return output_fail(t, o, "write", SEN_FILE_OTHER);
    if (files->open(files->user, o->temporary, SEN_FILE_APPEND, &o->file))
        return output_fail(t, o, "write", SEN_FILE_OTHER);
    return output_close(t, o);
}

/* {"score": 0.93, "rows": [0, 7], "texts": ["lights on", "light up"]}, the most alike first. */
static sen_result mine_pairs(cli *t, const sen_model *m, const sen_text *lines, int64_t n)
{
    const int e = sen_embedding_dimension(m, SEN_NONE);
    const int64_t most = t->flags.max_pairs < 1 ? 1 : t->flags.max_pairs;
    const int64_t each = t->flags.top_k < n ? t->flags.top_k : n;
    const int64_t room = each > 0 && most / each > n ? n * each : most;
    float *rows = (float *)tool_alloc(t, (size_t)n * (size_t)e * sizeof *rows + 4);
    sen_pair *pair = (sen_pair *)tool_alloc(t, (size_t)(room + 1) * sizeof *pair);
    sen_encode_args a = encode_args(t);
    int64_t found = 0, i;
    FILE *f = NULL;
    output o;
    sen_result r = sen_encode(t->ctx, m, lines, n, &a, rows);
    if (!r) r = sen_paraphrase_mining(t->ctx, SEN_COS_SIM, rows, n, e, t->flags.top_k,
                                      t->flags.max_pairs < 1 ? t->flags.max_pairs : room, pair,
                                      &found);
    if (!r) r = lines_open(t, &o, &f);
    if (r) return r;
    for (i = 0; i < found; i++) {
        const sen_text *one = &lines[pair[i].first], *two = &lines[pair[i].second];
        fputs("{\"score\": ", f);
        print_double(f, (double)pair[i].score);
        fprintf(f, ", \"rows\": [%lld, %lld], \"texts\": [", (long long)pair[i].first,
                (long long)pair[i].second);
        print_text(f, one->data, one->length);
        fputs(", ", f);
        print_text(f, two->data, two->length);
        fputs("]}\n", f);
    }
    return lines_close(t, &o, f);
}

/* The number of a word in a list, or -1. */
static int word_of(const char *word, const char *const *words)
{
    int i;
    for (i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0) return i;
    return -1;
}

static const char *const mine_formats[] = {
    "triplet", "n-tuple", "labeled-pair", "labeled-list", NULL
};
static const char *const mine_strategies[] = { "top", "random", NULL };

static sen_mine_args mine_args(const cli *t)
{
    sen_mine_args a = sen_mine_args_default();
    const flags *f = &t->flags;
    a.range_min = f->range_min;
    a.range_max = f->range_max;
    a.max_score = f->max_score;
    a.min_score = f->min_score;
    a.absolute_margin = f->absolute_margin;
    a.relative_margin = f->relative_margin;
    a.num_negatives = f->num_negatives;
    a.sampling_strategy = word_of(f->sampling_strategy, mine_strategies);
    a.seed = (uint64_t)f->seed;
    a.include_positives = f->include_positives;
    a.output_format = f->include_positives ? SEN_MINE_N_TUPLE
                                           : word_of(f->output_format, mine_formats);
    a.query_prompt = f->query_prompt;
    a.query_prompt_name = f->query_prompt_name;
    a.corpus_prompt = f->corpus_prompt;
    a.corpus_prompt_name = f->corpus_prompt_name;
    a.batch_size = f->batch_size;
    return a;
}

static void print_member(FILE *f, const char *before, const char *key)
{
    fputs(before, f);
    print_text(f, key, strlen(key));
    fputs(": ", f);
}

/* The documents of a list, or its labels or scores. */
static void print_list(FILE *f, const sen_mined_row *row, int what)
{
    int64_t i;
    for (i = 0; i < row->n; i++) {
        fputs(i ? ", " : "[", f);
        if (what == 0) print_text(f, row->document[i].data, row->document[i].length);
        else if (what == 1) fputs(i == 0 && row->right ? "1" : "0", f);
        else print_double(f, (double)row->score[i]);
    }
    fputs("]", f);
}

/* One line of a training file, with Python's columns. */
static void print_mined(FILE *f, const sen_mined_row *row, const sen_mine_args *a,
                        const char *anchor, const char *positive, bool scores)
{
    char key[32];
    int64_t i;
    print_member(f, "{", anchor);
    print_text(f, row->anchor.data, row->anchor.length);
    print_member(f, ", ", positive);
    if (a->output_format == SEN_MINE_LABELED_LIST) {
        print_list(f, row, 0);
        print_member(f, ", ", scores ? "scores" : "labels");
        print_list(f, row, scores ? 2 : 1);
    } else {
        print_text(f, row->document[0].data, row->document[0].length);
        for (i = 1; i < row->n; i++) {
            snprintf(key, sizeof key, "negative_%lld", (long long)i);
            print_member(f, ", ", a->output_format == SEN_MINE_TRIPLET ? "negative" : key);
            print_text(f, row->document[i].data, row->document[i].length);
        }
        if (a->output_format == SEN_MINE_LABELED_PAIR) {
            print_member(f, ", ", scores ? "score" : "label");
            if (scores) print_double(f, (double)row->score[0]);
            else fputs(row->right ? "1" : "0", f);
        } else if (scores) {
            print_member(f, ", ", "scores");
            print_list(f, row, 2);
        }
    }
    fputs("}\n", f);
}

static int float_order(const void *a, const void *b)
{
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Mean, median, deviation, least, quartiles, greatest, as Python's table has them. */
static void mine_numbers(cli *t, const float *from, int64_t n, double out[8])
{
    static const double places[3] = { 0.25, 0.5, 0.75 };
    float *x = (float *)tool_alloc(t, (size_t)n * sizeof *x + 4);
    double sum = 0, squares = 0;
    int64_t i;
    for (i = 0; i < 8; i++) out[i] = (double)NAN;
    if (n < 1) return;
    memcpy(x, from, (size_t)n * sizeof *x);
    qsort(x, (size_t)n, sizeof *x, float_order);
    for (i = 0; i < n; i++) sum += (double)x[i];
    out[0] = sum / (double)n;
    for (i = 0; i < n; i++) squares += ((double)x[i] - out[0]) * ((double)x[i] - out[0]);
    out[1] = (double)x[(n - 1) / 2];
    if (n > 1) out[2] = sqrt(squares / (double)(n - 1));
    out[3] = (double)x[0];
    for (i = 0; i < 3; i++) {
        const double at = places[i] * (double)(n - 1);
        const int64_t low = (int64_t)at, high = low + 1 < n ? low + 1 : low;
        out[4 + i] = (double)x[low] + (at - (double)low) * ((double)x[high] - (double)x[low]);
    }
    out[7] = (double)x[n - 1];
}

/* What was found, and what was passed over for which reason. */
static void mine_report(cli *t, const sen_mined *m)
{
    static const char *const names[8] = { "Mean", "Median", "Std", "Min", "25%", "50%", "75%",
                                          "Max" };
    const struct { const char *name; int64_t n; } skipped[] = {
        { "absolute_margin", m->by_absolute_margin }, { "relative_margin", m->by_relative_margin },
        { "max_score", m->by_max_score }, { "min_score", m->by_min_score }
    };
    double x[3][8];
    int i;
    if (t->flags.quiet) return;
    mine_numbers(t, m->positive, m->n_positive, x[0]);
    mine_numbers(t, m->negative, m->n_negative, x[1]);
    mine_numbers(t, m->difference, m->n_negative, x[2]);
    fprintf(stderr, "%lld anchors; range_max %lld\n%-6s %14s %14s %14s\n%-6s %14lld %14lld\n",
            (long long)m->queries, (long long)m->range_max, "Metric", "Positive", "Negative",
            "Difference", "Count", (long long)m->n_positive, (long long)m->n_negative);
    for (i = 0; i < 8; i++)
        fprintf(stderr, "%-6s %14.4f %14.4f %14.4f\n", names[i], x[0][i], x[1][i], x[2][i]);
    for (i = 0; i < COUNT(skipped); i++)
        if (skipped[i].n)
            fprintf(stderr, "%lld candidates were passed over for their %s\n",
                    (long long)skipped[i].n, skipped[i].name);
    if (m->possible > m->rows)
        fprintf(stderr, "%lld of %lld rows could not be made for want of negatives; a larger "
                "range_max or looser bounds may help\n", (long long)(m->possible - m->rows),
                (long long)m->possible);
}

/* The column of that name, else that number. */
static sen_result mine_column(cli *t, const sen_dataset *d, const char *name, int number, int *out)
{
    *out = name ? sen_dataset_column_find(d, name) : number;
    if (*out >= 0 && *out < sen_dataset_columns(d) &&
        sen_dataset_column_kind(d, *out) == SEN_COLUMN_TEXT) return SEN_OK;
    return sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has no column of texts %s%s", t->place[1],
                    name ? "called " : number ? "in second place" : "in first place",
                    name ? name : "");
}

/* Pairs of a file, in two lists. */
static sen_result mine_read(cli *t, const sen_dataset *d, int anchor, int positive,
                            sen_text **anchors, sen_text **positives)
{
    const int64_t n = sen_dataset_rows(d);
    int64_t i;
    *anchors = (sen_text *)tool_alloc(t, (size_t)(n + 1) * sizeof **anchors);
    *positives = (sen_text *)tool_alloc(t, (size_t)(n + 1) * sizeof **positives);
    for (i = 0; i < n; i++) {
        (*anchors)[i] = sen_dataset_text(d, i, anchor);
        (*positives)[i] = sen_dataset_text(d, i, positive);
    }
    return SEN_OK;
}

static sen_result mine_negatives(cli *t, const sen_model *m, const sen_dataset *d)
{
    const sen_mine_args a = mine_args(t);
    sen_text *anchors = NULL, *positives = NULL, *corpus = NULL;
    int64_t n_corpus = 0, i;
    int anchor = 0, positive = 0;
    sen_mined mined;
    FILE *f = NULL;
    output o;
    sen_result r = mine_column(t, d, t->flags.anchor_column_name, 0, &anchor);
    memset(&mined, 0, sizeof mined);
    if (!r) r = mine_column(t, d, t->flags.positive_column_name, 1, &positive);
    if (!r) r = mine_read(t, d, anchor, positive, &anchors, &positives);
    if (!r && t->flags.corpus) r = lines_read(t, t->flags.corpus, &corpus, &n_corpus);
    if (!r) r = sen_mine_hard_negatives(t->ctx, m, anchors, positives, sen_dataset_rows(d), corpus,
                                        n_corpus, &a, &mined);
    if (!r) r = lines_open(t, &o, &f);
    if (!r) {
        for (i = 0; i < mined.rows; i++)
            print_mined(f, &mined.row[i], &a, sen_dataset_column_name(d, anchor),
                        sen_dataset_column_name(d, positive), t->flags.output_scores);
        r = lines_close(t, &o, f);
    }
    if (!r) mine_report(t, &mined);
    sen_mined_free(t->ctx, &mined);
    return r;
}

static int run_mine(cli *t)
{
    sen_dataset_desc desc = sen_dataset_desc_default();
    sen_dataset *d = NULL;
    sen_model *m = NULL;
    sen_text *lines = NULL;
    int64_t n = 0;
    sen_result r;
    int status;
    if (word_of(t->flags.output_format, mine_formats) < 0)
        return refused("--output-format ", t->flags.output_format,
                       " is none; it takes triplet, n-tuple, labeled-pair, labeled-list");
    if (word_of(t->flags.sampling_strategy, mine_strategies) < 0)
        return refused("--sampling-strategy ", t->flags.sampling_strategy,
                       " is none; it takes top, random");
    r = model_open(t, t->place[0], &m);
    desc.path = path_from(t, "", t->place[1]);
    desc.keep_in_memory = 1;
    if (!r && t->flags.hard_negatives) {
        r = sen_dataset_load(t->ctx, &desc, &d);
        if (!r) r = mine_negatives(t, m, d);
    } else if (!r) {
        r = lines_read(t, t->place[1], &lines, &n);
        if (!r) r = mine_pairs(t, m, lines, n);
    }
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_dataset_free(d);
    sen_model_free(m);
    return status;
}

/* ---- migrate --------------------------------------------------------------------------------- */

/* Both models' vectors of the same lines, and what is fitted to them. */
typedef struct migration {
    int64_t n;
    int     from, to;                       /* numbers of an old vector, of a new one */
    float  *before, *after, *mapped;        /* (n,from), (n,to), (n,to) */
    float  *matrix, *bias;
    double  ridge, recall;
    bool    normalized;                     /* new vectors have length 1 */
} migration;

/* Every tenth line is kept for the choice of the ridge, every tenth for the measurement. */
static bool held_out(int64_t i)
{
    return i % 10 == 4 || i % 10 == 9;
}

/* Vectors of length 1, where the new model's are. */
static void migrate_normalize(const migration *g, float *rows, int64_t n)
{
    int64_t i;
    int k;
    for (i = 0; g->normalized && i < n; i++) {
        float *x = rows + i * g->to;
        double sum = 0;
        for (k = 0; k < g->to; k++) sum += (double)x[k] * (double)x[k];
        for (k = 0; k < g->to && sum > 0; k++) x[k] = (float)((double)x[k] / sqrt(sum));
    }
}

static void migrate_look(migration *g)
{
    int64_t i;
    int k;
    g->normalized = true;
    for (i = 0; i < g->n && g->normalized; i++) {
        double sum = 0;
        for (k = 0; k < g->to; k++) {
            const double v = (double)g->after[i * g->to + k];
            sum += v * v;
        }
        g->normalized = fabs(sqrt(sum) - 1) < 1e-3;
    }
}

/* Fits on the lines that are not held out; maps all; the error on those held for the choice. */
static sen_result migrate_try(cli *t, migration *g, double ridge, double *error)
{
    float *x = (float *)tool_alloc(t, (size_t)g->n * (size_t)g->from * sizeof *x);
    float *y = (float *)tool_alloc(t, (size_t)g->n * (size_t)g->to * sizeof *y);
    int64_t i, n = 0;
    int k;
    sen_result r;
    for (i = 0; i < g->n; i++) {
        if (held_out(i)) continue;
        memcpy(x + n * g->from, g->before + i * g->from, (size_t)g->from * sizeof *x);
        memcpy(y + n * g->to, g->after + i * g->to, (size_t)g->to * sizeof *y);
        n++;
    }
    r = sen_map_fit(t->ctx, x, g->from, y, g->to, n, ridge, g->matrix, g->bias);
    if (!r) r = sen_map_apply(t->ctx, g->matrix, g->bias, g->from, g->to, g->before, g->n,
                              g->mapped);
    if (r) return r;
    migrate_normalize(g, g->mapped, g->n);
    for (i = 4, *error = 0; i < g->n; i += 10)
        for (k = 0; k < g->to; k++) {
            const double d = (double)g->mapped[i * g->to + k] - (double)g->after[i * g->to + k];
            *error += d * d;
        }
    return SEN_OK;
}

/* Of the ten lines that are nearest to a held-out one by the new model, how many are among the ten
 * that its new vector finds in the converted ones. */
static sen_result migrate_recall(cli *t, const sen_model *m, migration *g)
{
    const int k = g->n > 10 ? 11 : (int)g->n;       /* one of them is the line itself */
    sen_hit *want = (sen_hit *)tool_alloc(t, (size_t)k * sizeof *want);
    sen_hit *got = (sen_hit *)tool_alloc(t, (size_t)k * sizeof *got);
    int64_t i, kept = 0, all = 0;
    int a, b;
    sen_result r = SEN_OK;
    for (i = 9; i < g->n && !r; i += 10) {
        const float *query = g->after + i * g->to;
        int found = 0;
        r = sen_semantic_search(t->ctx, similarity_of(m), query, 1, g->after, g->n, g->to, k, want);
        if (!r) r = sen_semantic_search(t->ctx, similarity_of(m), query, 1, g->mapped, g->n, g->to,
                                        k, got);
        for (a = 0; a < k && found < 10 && !r; a++) {
            if (want[a].corpus_id == i) continue;
            found++;
            all++;
            for (b = 0; b < k; b++) kept += got[b].corpus_id == want[a].corpus_id;
        }
    }
    g->recall = all ? (double)kept / (double)all : 0;
    return r;
}

/* The ridge that errs least, then the map of all lines. */
static sen_result migrate_fit(cli *t, const sen_model *m, migration *g)
{
    static const double ridges[] = { 1e-4, 1e-3, 1e-2, 1e-1 };
    double error = 0, least = 0;
    sen_result r = SEN_OK;
    int i;
    migrate_look(g);
    for (i = 0; i < COUNT(ridges) && !r; i++) {
        r = migrate_try(t, g, ridges[i], &error);
        if (i == 0 || error < least) {
            least = error;
            g->ridge = ridges[i];
        }
    }
    if (!r) r = migrate_try(t, g, g->ridge, &error);
    if (!r) r = migrate_recall(t, m, g);
    if (!r) r = sen_map_fit(t->ctx, g->before, g->from, g->after, g->to, g->n, g->ridge, g->matrix,
                            g->bias);
    return r;
}

/* A file of old vectors becomes one of new ones. */
static sen_result migrate_file(cli *t, const sen_model *old, const sen_model *now, migration *g)
{
    const char *from = path_from(t, "", t->flags.vectors);
    char print[SEN_FINGERPRINT];
    float *x = NULL, *y;
    int64_t n = 0;
    int dimension = 0;
    output o;
    sen_result r = side_check(t, old, t->place[0], from);
    if (!r) r = npy_read(t, from, &x, &n, &dimension);
    if (!r && dimension != g->from)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has vectors of %d numbers, %s makes %d", from,
                     dimension, t->place[0], g->from);
    if (r) return r;
    y = (float *)tool_alloc(t, (size_t)n * (size_t)g->to * sizeof *y + 4);
    r = sen_map_apply(t->ctx, g->matrix, g->bias, g->from, g->to, x, n, y);
    if (!r) migrate_normalize(g, y, n);
    if (!r) r = output_open(t, &o, path_from(t, "", t->flags.output));
    if (r) return r;
    r = npy_head(t, &o, "<f4", n, g->to);
    if (!r) r = write_rows(t, &o, y, n * g->to);
    if (!r) r = output_close(t, &o);
    if (!r) r = sen_model_fingerprint(t->ctx, old, print);
    return r ? r : side_write(t, now, o.path, print, NULL, NULL, 0);
}

/* From one model to another without encoding a corpus again: not the new model's vectors, but near
 * them, and how near is said. */
static int run_migrate(cli *t)
{
    sen_model *old = NULL, *now = NULL;
    sen_text *lines = NULL;
    migration g;
    sen_encode_args a = encode_args(t);
    sen_result r;
    int status;
    if (!t->flags.vectors != !t->flags.output)
        return refused("--vectors and --output belong together", "", "");
    memset(&g, 0, sizeof g);
    r = model_open(t, t->place[0], &old);
    if (!r) r = model_open(t, t->place[1], &now);
    if (!r) r = lines_read(t, t->place[2], &lines, &g.n);
    if (!r && g.n < 20)
        r = sen_fail(t->ctx, SEN_ERR_ARGUMENT, "%s has %lld lines; a map takes 20 at least, and as "
                     "many thousands as there are", t->place[2], (long long)g.n);
    if (!r) {
        g.from = sen_embedding_dimension(old, t->flags.truncate_dim);
        g.to = sen_embedding_dimension(now, t->flags.truncate_dim);
        g.before = (float *)tool_alloc(t, (size_t)g.n * (size_t)g.from * sizeof *g.before);
        g.after = (float *)tool_alloc(t, (size_t)g.n * (size_t)g.to * sizeof *g.after);
        g.mapped = (float *)tool_alloc(t, (size_t)g.n * (size_t)g.to * sizeof *g.mapped);
        g.matrix = (float *)tool_alloc(t, (size_t)g.from * (size_t)g.to * sizeof *g.matrix);
        g.bias = (float *)tool_alloc(t, (size_t)g.to * sizeof *g.bias);
        r = sen_encode(t->ctx, old, lines, g.n, &a, g.before);
    }
    if (!r) r = sen_encode(t->ctx, now, lines, g.n, &a, g.after);
    if (!r) r = migrate_fit(t, now, &g);
    if (!r && t->flags.json)
        printf("{\"recall@10\": %.6f, \"texts\": %lld, \"ridge\": %g}\n", g.recall,
               (long long)g.n, g.ridge);
    else if (!r)
        printf("recall@10 kept: %.3f, on %lld of %lld texts that the map had not seen (ridge %g)\n",
               g.recall, (long long)(g.n / 10), (long long)g.n, g.ridge);
    if (!r && t->flags.vectors) r = migrate_file(t, old, now, &g);
    status = r ? failed(t, r, false) : EXIT_DONE;
    sen_model_free(old);
    sen_model_free(now);
    return status;
}

/* One line of output for one of input, special tokens included.
 *
 *     {"ids": [2, 170, 89, 3], "tokens": ["[CLS]", "lights", "on", "[SEP]"]} */
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

/* Texts are not cut here: what a model would leave away should be seen. */
static sen_result tokenize_lines(cli *t, const sen_tokenizer *words, const sen_text *lines,
                                 int64_t n)
{
    int64_t i, k, room = 1 << 12;
    int32_t *ids = (int32_t *)tool_alloc(t, (size_t)room * sizeof *ids);
    sen_result r = SEN_OK;
    for (i = 0; i < n && !r; i++) {
        r = sen_tokenize(t->ctx, words, lines[i], 0, true, ids, room, &k);
        /* k is what the text needs, also where there was no room for it. */
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
    /* No tokenizer's files stand here. The model knows where they are, if there is one. */
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

/* For people by default; with --json one object, whose keys stay. Nothing is trained or written. */

/* In the largest unit that leaves a number of 1 or more. */
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
    /* The file's first 8 bytes: how long the JSON head is, little endian. Not beyond 64 MiB:
     * this is only for show. */
    if (fread(size, 1, 8, f) == 8)
        for (i = 7; i >= 0; i--) n = n << 8 | size[i];
    if (n > 0 && n < (1 << 26)) {
        head = (char *)tool_alloc(t, (size_t)n + 1);
        found = fread(head, 1, (size_t)n, f) == (size_t)n ? head : NULL;
        /* No parser for one word. The library has checked this file: it is the model's. */
        while (!out && found && (found = strstr(found + 1, "\"dtype\":\"")) != NULL)
            for (i = 0; i < COUNT(names); i++)
                if (strncmp(found + 9, names[i][0], strlen(names[i][0])) == 0) out = names[i][1];
    }
    fclose(f);
    return out ? out : "unknown";
}

/* Numbers in a module, trained or not. */
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
    /* A transformer's config.json has dozens of keys, of which a few tell its size. */
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

/* One module: a line, or an object with --json.
 *
 *     0 Transformer  out 384  22713216 parameters in 103 tensors, float32 in the file  ...
 *     1 Pooling      out 384  pooling_mode_mean_tokens=true ... */
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
    if (m->n_weights) {
        const char *dtype = file_dtype(t, folder);
        printf("  %lld parameters in %d tensors", (long long)module_parameters(m), m->n_weights);
        /* An adapter's are in its base's folder. */
        if (strcmp(dtype, "unknown") != 0) printf(", %s in the file", dtype);
    }
    print_settings(t, m, folder);
    putchar('\n');
}

/* The whole model. Training with AdamW holds four times the weights, and the activations, which
 * depend on the batch: `info JOB.json` knows those. */
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

/* The model's, and whether its folder says the same. */
static sen_result info_fingerprint(cli *t, const sen_model *m, const char *folder)
{
    char print[SEN_FINGERPRINT], kept[SEN_FINGERPRINT];
    const sen_result r = sen_model_fingerprint(t->ctx, m, print);
    if (r) return r;
    if (t->flags.json) printf("\"fingerprint\": \"%s\", ", print);
    else printf("fingerprint %s\n", print);
    if (sen_folder_fingerprint(t->ctx, path_from(t, "", folder), kept) && strcmp(kept, print) != 0)
        sen_log(t->ctx, SEN_LOG_WARNING, "%s says that its fingerprint is %s: it was changed since "
                "it was saved", folder, kept);
    return SEN_OK;
}

/* The adapter's settings and size, if there is one. */
static void info_adapter(const cli *t, const sen_model *m)
{
    static const char *const keys[] = { "r", "lora_alpha", "lora_dropout", "target_modules",
                                        "base_model_name_or_path" };
    const sen_json *adapter = sen_model_adapter(m);
    long long n = (long long)sen_model_parameters(m);
    int i;
    if (!adapter) return;
    for (i = 0; i < sen_model_modules(m); i++)
        n -= (long long)module_parameters(sen_model_module(m, i));
    printf(t->flags.json ? "\"adapter\": {\"parameters\": %lld" : "adapter of %lld parameters ", n);
    for (i = 0; i < COUNT(keys); i++) {
        const sen_json *j = sen_json_get(adapter, keys[i]);
        if (!j) continue;
        printf(t->flags.json ? ", \"%s\": " : "  %s=", keys[i]);
        print_json(stdout, j);
    }
    printf(t->flags.json ? "}, " : "\n");
}

/* Modules first, in the order in which a text goes through them. */
static int info_model(cli *t, const char *folder)
{
    sen_model *m = NULL;
    sen_result r = model_open(t, folder, &m);
    int i;
    if (r) return failed(t, r, false);
    if (t->flags.json) printf("{\"modules\": [");
    for (i = 0; i < sen_model_modules(m); i++)
        info_module(t, sen_model_module(m, i), i, path_from(t, "", folder));
    if (t->flags.json) printf("], ");
    info_adapter(t, m);
    r = info_fingerprint(t, m, folder);
    if (!r) info_sizes(t, m);
    sen_model_free(m);
    return r ? failed(t, r, false) : EXIT_DONE;
}

/* The library's rule (and Python's), for showing which column it takes. */
static bool is_label(const char *name)
{
    return strcmp(name, "label") == 0 || strcmp(name, "labels") == 0 ||
        strcmp(name, "score") == 0 || strcmp(name, "scores") == 0;
}

/* One line a dataset: its columns as the loss takes them. */
static void print_dataset(const char *key, const sen_named_dataset *d, const sen_loss *loss)
{
    static const char *const kinds[] = { "text", "int", "float", "bool", "list" };
    const int n = sen_dataset_columns(d->dataset);
    bool labelled = false;
    int i, text = 0;
    printf("%s%s%s: %lld rows\n", key, d->name ? " " : "", d->name ? d->name : "",
           (long long)sen_dataset_rows(d->dataset));
    for (i = 0; i < n; i++) {
        const char *name = sen_dataset_column_name(d->dataset, i);
        /* The first label column is the label; all others are texts, in order. */
        const bool label = !labelled && is_label(name);
        printf("  %s (%s): ", name, kinds[sen_dataset_column_kind(d->dataset, i)]);
        if (label) printf("the label\n");
        else printf("text %d of the loss\n", ++text);
        labelled = labelled || label;
    }
    if (loss)
        printf("  %s takes: %s\n", sen_loss_type_of(loss)->name, sen_loss_type_of(loss)->columns);
}

/* Where the memory goes, item by item, and the limit where there is one. */
static void print_plan(const sen_memory_plan *p)
{
    const struct { const char *name; int64_t bytes; } row[] = {
        { "weights", p->weights }, { "gradients", p->gradients }, { "optimizer", p->optimizer },
        { "token ids", p->data }, { "activations", p->activations }, { "in all", p->total }
    };
    int i;
    printf("memory at the widest batch (%lld tokens):", (long long)p->batch_tokens);
    /* The parts first, their sum last. */
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

/* What train would do, without doing it. How the columns are taken is the part to look at: a
 * loss goes by their order, and a file in the wrong order trains without any error.
 *
 *     train_dataset: 1863 rows
 *       anchor (text): text 1 of the loss
 *       positive (text): text 2 of the loss
 *       MultipleNegativesRankingLoss takes: anchor, positive [, negative ...]; no label
 *     20 steps with batches of 4; an epoch has 466
 *     memory at the widest batch (91 tokens): weights 124.5 KiB, gradients 124.5 KiB, ... */
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

/* Reads everything that train reads, weights and data too: also a way to check a job. */
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
    /* Flags alone are a job too: sentrain info --model m --train-dataset x.tsv. */
    if (!what || !is_folder(what)) return info_job(t);
    status = context_open(t, t->flags.threads == SEN_NONE ? 0 : t->flags.threads);
    return status ? status : info_model(t, t->place[0]);
}

/* ---- args, help ------------------------------------------------------------------------------ */

/* Both come from the tables: an argument or a flag that is added to its table is in the help. */

/* Defaults as JSON, so that they can be copied into a job file. Arguments that Python has and
 * that mean nothing here are listed with what becomes of them.
 *
 *     per_device_train_batch_size = 8   (a whole number)
 *         rows of a batch */
static int run_args(cli *t)
{
    const sen_training_arguments a = sen_training_arguments_default();
    const sen_field *f;
    for (f = sen_training_fields(); f->name; f++) {
        /* Each kind can write what it reads: the default as JSON. */
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

/* ---- doctor ---------------------------------------------------------------------------------- */

/* One report of the self-test, as it comes: a heading for each check, a line for each item, the
 * check's own result. With --quiet only those of whole checks and of what failed. With --json an
 * object a line; value and allowed are null where there is none. */
static int print_check(void *user, const sen_selftest_report *r)
{
    static const char *const status[] = { "begins", "ok", "failed", "skipped" };
    static const char *const shown[] = { "", "ok", "FAILED", "skipped" };
    const cli *t = (const cli *)user;
    if (t->flags.json) {
        printf("{\"check\": \"%s\", \"item\": ", r->check);
        if (r->item) print_text(stdout, r->item, strlen(r->item));
        else fputs("null", stdout);
        printf(", \"status\": \"%s\", \"value\": ", status[r->status]);
        if (r->value > SEN_NONE) print_double(stdout, r->value);
        else fputs("null", stdout);
        printf(", \"allowed\": ");
        if (r->allowed > SEN_NONE) print_double(stdout, r->allowed);
        else fputs("null", stdout);
        printf(", \"text\": ");
        print_text(stdout, r->text, strlen(r->text));
        printf("}\n");
    } else if (r->status == SEN_CHECK_BEGINS) {
        printf("%s: %s\n", r->check, r->text);
    } else if (!r->item) {
        printf("  = %s: %s\n", shown[r->status], r->text);
    } else if (!t->flags.quiet || r->status != SEN_CHECK_OK) {
        printf("  %-32s %-8s %s\n", r->item, shown[r->status], r->text);
    }
    fflush(stdout);                     /* a check that takes long is seen to be at work */
    return 0;
}

/* A checkpoint's folder for Python's Trainer, or one of Python's for `train --resume`. */
static int run_convert(cli *t)
{
    const char *folder = t->place[0];
    sen_result r;
    if (t->flags.to_python == t->flags.from_python)
        return refused("convert-checkpoint needs one of --to-python and --from-python", "", "");
    r = t->flags.to_python ? sen_checkpoint_to_python(t->ctx, folder)
                           : sen_checkpoint_from_python(t->ctx, folder);
    return r ? failed(t, r, false) : EXIT_DONE;
}

/* The library's self-test. What failed is told where it failed, and once more on standard error;
 * the exit status is 1 then. */
static int run_doctor(cli *t)
{
    sen_selftest_args a = sen_selftest_args_default();
    const clock_t start = clock();
    sen_result r;
    if (!sen_target_runs_here())
        return refused("this program was compiled for ", sen_target_name(),
                       ", which this processor cannot run"), EXIT_FAILED;
    if (!t->flags.json)
        printf("sentrain " SENTRAIN_VERSION ", target %s, %d threads\n", sen_target_name(),
               sen_threads(t->ctx));
    a.only = t->n_places ? t->place[0] : NULL;
    r = sen_selftest(t->ctx, &a, print_check, t);
    if (r) return failed(t, r, false);
    if (t->flags.json) printf("{\"check\": null, \"status\": \"ok\"}\n");
    else
        printf("all is well (%.1f s of processor time)\n",
               (double)(clock() - start) / CLOCKS_PER_SEC);
    return EXIT_DONE;
}

/* Flags of commands. Their names are those of the struct's members, with dashes for underscores;
 * their help is what --help prints, and one without help is not shown. */
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
    FLAG(bf16, SEN_KIND_BOOL, 0, "matrix products of operands rounded to bfloat16"), \
    FLAG(truncate_dim, SEN_KIND_INT, SEN_NONE, "the first so many numbers of each embedding"), \
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together; changes no result")

/* What all commands take, at the end of each table; of the others what they use. A flag that a
 * command does not use is unknown to it, rather than passed over. */
static const sen_field flags_common[] = { FLAGS_COMMON, SEN_FIELD_END };
static const sen_field flags_train[] = {
    SEN_FIELD_TEXT(flags, checkpoint, NULL, ""),        /* the value of --resume; see flag_resume */
    FLAG(resume, SEN_KIND_BOOL, 0, "--resume [CKPT]: go on from a checkpoint, else the latest"),
    FLAG(no_baseline, SEN_KIND_BOOL, 0, "do not evaluate before step 1; no verdict then"),
    FLAG(fail_on_regression, SEN_KIND_BOOL, 0, "exit status 5 if the verdict is REGRESSION"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_convert[] = {
    FLAG(to_python, SEN_KIND_BOOL, 0, "write optimizer.pt, scheduler.pt and rng_state.pth"),
    FLAG(from_python, SEN_KIND_BOOL, 0, "write optimizer.safetensors and so on from them"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_grad[] = {
    SEN_FIELD_TEXT(flags, output, NULL, "the .safetensors file to write"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_encode[] = {
    SEN_FIELD_TEXT(flags, output, NULL, "the .npy file; none: JSON lines on standard output"),
    FLAGS_PROMPT,
    SEN_FIELD_TEXT(flags, precision, "float32", "float32, int8, uint8, binary, ubinary"),
    SEN_FIELD_TEXT(flags, calibration, NULL, "texts whose embeddings int8 and uint8 are cut by"),
    SEN_FIELD_TEXT(flags, output_value, "sentence_embedding",
                   "or token_embeddings, or all with input_ids"),
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_similarity[] = { FLAGS_PROMPT, FLAGS_COMMON, SEN_FIELD_END };
static const sen_field flags_reduce[] = {
    FLAG(dimension, SEN_KIND_INT, 0, "how many dimensions are left"),
    FLAG(center, SEN_KIND_BOOL, 0, "moves the embeddings' mean to 0"),
    FLAG(whiten, SEN_KIND_BOOL, 0, "moves it, and gives every dimension the variance 1"),
    SEN_FIELD_TEXT(flags, output, NULL, "the folder of the new model"),
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together"),
    FLAGS_PROMPT,
    FLAGS_COMMON, SEN_FIELD_END
};

static const sen_field flags_merge[] = {
    SEN_FIELD_TEXT(flags, base, NULL, "the base's folder (default: where the adapter says)"),
    SEN_FIELD_TEXT(flags, output, NULL, "the folder of the merged model"),
    FLAGS_COMMON, SEN_FIELD_END
};

static const sen_field flags_migrate[] = {
    SEN_FIELD_TEXT(flags, vectors, NULL, "an .npy file of the old model's vectors to convert"),
    SEN_FIELD_TEXT(flags, output, NULL, "the .npy file of the converted ones"),
    FLAGS_PROMPT,
    FLAGS_COMMON, SEN_FIELD_END
};
static const sen_field flags_search[] = {
    SEN_FIELD_TEXT(flags, corpus, NULL, "the texts that are searched, one a line"),
    SEN_FIELD_TEXT(flags, embeddings, NULL, "their vectors, by encode --output; none: made anew"),
    FLAG(top_k, SEN_KIND_INT, 5, "so many hits for each query"),
    FLAG(rescore_multiplier, SEN_KIND_INT, 2,
         "in quantized vectors: times as many are found and scored again; 0: no second score"),
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together"),
    FLAGS_COMMON, SEN_FIELD_END
};

static const sen_field flags_communities[] = {
    FLAG(threshold, SEN_KIND_DOUBLE, 0.75, "the cosine from which on two lines are near"),
    FLAG(min_community_size, SEN_KIND_INT, 10, "smaller groups are not told"),
    SEN_FIELD_TEXT(flags, embeddings, NULL, "their vectors, by encode --output; none: made anew"),
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together"),
    FLAGS_COMMON, SEN_FIELD_END
};

static const sen_field flags_mine[] = {
    FLAG(hard_negatives, SEN_KIND_BOOL, 0, "for a file of pairs: texts that only look right"),
    SEN_FIELD_TEXT(flags, output, NULL, "the file of JSON lines to write; none: standard output"),
    FLAG(top_k, SEN_KIND_INT, 100, "paraphrases: the nearest others that each line hands in"),
    FLAG(max_pairs, SEN_KIND_INT64, 500000, "paraphrases: so many pairs at most"),
    SEN_FIELD_TEXT(flags, anchor_column_name, NULL, "the anchors; none: the first column"),
    SEN_FIELD_TEXT(flags, positive_column_name, NULL, "the right texts; none: the second column"),
    SEN_FIELD_TEXT(flags, corpus, NULL, "more texts to choose from, one a line"),
    FLAG(range_min, SEN_KIND_INT64, 0, "the so many nearest are passed over"),
    FLAG(range_max, SEN_KIND_INT64, SEN_NONE, "no further than the so many nearest"),
    FLAG(max_score, SEN_KIND_DOUBLE, SEN_NONE, "no negative is more similar than this"),
    FLAG(min_score, SEN_KIND_DOUBLE, SEN_NONE, "none is less similar"),
    FLAG(absolute_margin, SEN_KIND_DOUBLE, SEN_NONE, "at least so much less than the positive"),
    FLAG(relative_margin, SEN_KIND_DOUBLE, SEN_NONE, "the same as a share of the positive's"),
    FLAG(num_negatives, SEN_KIND_INT64, 3, "negatives for each anchor"),
    SEN_FIELD_TEXT(flags, sampling_strategy, "top", "top or random, of the candidates"),
    FLAG(seed, SEN_KIND_INT64, 0, "of random"),
    FLAG(include_positives, SEN_KIND_BOOL, 0, "right texts are candidates too"),
    SEN_FIELD_TEXT(flags, output_format, "triplet",
                   "triplet, n-tuple, labeled-pair, labeled-list"),
    FLAG(output_scores, SEN_KIND_BOOL, 0, "similarities, in place of labels"),
    SEN_FIELD_TEXT(flags, query_prompt, NULL, "put before each anchor"),
    SEN_FIELD_TEXT(flags, query_prompt_name, NULL, "one of the model's prompts"),
    SEN_FIELD_TEXT(flags, corpus_prompt, NULL, "put before each other text"),
    SEN_FIELD_TEXT(flags, corpus_prompt_name, NULL, "one of the model's prompts"),
    FLAG(batch_size, SEN_KIND_INT, 32, "texts that are encoded together"),
    FLAGS_COMMON, SEN_FIELD_END
};

/* name, function, its flags, whether it takes a job, least and most arguments, usage, help. The
 * order is that of `sentrain --help`. */
static const command commands[] = {
    /* with a job: at most one argument, and none where flags say it all */
    { "train", run_train, flags_train, true, 0, 1,
      "train JOB.json [--resume [CKPT]] [--set KEY=VALUE]...",
      "Trains, evaluates, saves checkpoints and the final model, writes trainer_state.json." },
    { "grad", run_grad, flags_grad, true, 0, 1, "grad JOB.json --output FILE.safetensors",
      "Writes the loss, the embeddings and every gradient of the first batch, rows in file "
      "order." },
    { "eval", run_eval, flags_common, true, 0, 1, "eval JOB.json [--model DIR]",
      "Runs the job's evaluators and the losses of its eval_dataset; prints one JSON object of "
      "metrics." },
    /* with a model; where a file is left out, standard input is read */
    { "encode", run_encode, flags_encode, false, 1, 2, "encode MODEL [FILE] [--output FILE.npy]",
      "Embeddings of the lines of FILE (none: standard input)." },
    { "similarity", run_similarity, flags_similarity, false, 3, 3, "similarity MODEL TEXT TEXT",
      "How alike two texts are, by the model's own similarity function: one number." },
    { "search", run_search, flags_search, false, 1, 2,
      "search MODEL --corpus FILE [--embeddings FILE.npy] [FILE] [--top-k K]",
      "The lines of the corpus that are nearest to each line of FILE (none: standard input), as "
      "JSON lines." },
    { "mine", run_mine, flags_mine, false, 2, 2,
      "mine MODEL FILE [--hard-negatives] [--output FILE.jsonl]",
      "The pairs of lines that are most alike, as JSON lines. With --hard-negatives FILE has "
      "pairs of an anchor and a right text (.tsv, .csv, .jsonl), and what comes out is a training "
      "file." },
    { "communities", run_communities, flags_communities, false, 1, 2,
      "communities MODEL [FILE] [--threshold T] [--min-community-size N] [--embeddings FILE.npy]",
      "Groups of lines of FILE (none: standard input) that are near each other, the largest first, "
      "as JSON lines; near-duplicates with --threshold 0.95 --min-community-size 2." },
    { "reduce", run_reduce, flags_reduce, false, 2, 2,
      "reduce MODEL TEXTS --dimension N [--whiten] --output FOLDER",
      "A model of fewer dimensions: the principal components of the texts' embeddings." },
    { "merge", run_merge, flags_merge, false, 1, 1,
      "merge ADAPTER [--base MODEL] --output FOLDER",
      "A LoRA adapter's folder (PEFT's) and its base as one model without an adapter." },
    { "migrate", run_migrate, flags_migrate, false, 3, 3,
      "migrate OLD NEW TEXTS [--vectors OLD.npy --output NEW.npy]",
      "Fits a linear map from one model's vectors to another's on the lines of TEXTS, says how "
      "many of the ten nearest lines it keeps, and converts a file of vectors." },
    { "tokenize", run_tokenize, flags_common, false, 1, 2, "tokenize MODEL [FILE]",
      "Token ids and tokens of each line, as JSON lines." },
    /* with either: a folder is a model, a file is a job */
    { "info", run_info, flags_common, true, 0, 1, "info MODEL | info JOB.json",
      "A model: modules, sizes, parameters, memory. A job: columns as the loss takes them, steps, "
      "memory." },
    { "convert-checkpoint", run_convert, flags_convert, false, 1, 1,
      "convert-checkpoint --to-python|--from-python FOLDER",
      "Writes beside a checkpoint's files those that Python's Trainer resumes from, or the other "
      "way." },
    { "args", run_args, flags_common, false, 0, 0, "args",
      "Every training argument: default, type, what it does here." },
    { "doctor", run_doctor, flags_common, false, 0, 1, "doctor [CHECK]",
      "Checks that this build does on this machine what it should, without files: gradients, "
      "golden, dead, bits, speed, memory." }
};

/* Names that are promised. They are not mistyped, so they are told what they are. */
static const char *const later[] = { "hpo", "vocab",
                                     "export", "pull" };
static const char *const later_flags[] = { "no-baseline", "fail-on-regression",
                                           "hard-negatives" };

/* What there is, with one line for each. */
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

/* A table as flags. The model's prompts have another name as a flag, since args has prompts too. */
static void help_fields(const sen_field *fields)
{
    char name[64];
    int i;
    for (; fields->name; fields++) {
        const bool models = fields->kind == &kind_object && strcmp(fields->name, "prompts") == 0;
        /* Without help it is not meant to be typed. */
        if (!fields->help || !fields->help[0]) continue;
        snprintf(name, sizeof name, "--%s", models ? "model-prompts" : fields->name);
        for (i = 2; name[i]; i++)
            if (name[i] == '_') name[i] = '-';
        printf("  %-24s %s\n", name, fields->help);
    }
}

/* A command's own flags first, then the job's. */
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

/* COMMAND [ARGUMENT | FLAG]... in any order. A flag is --name VALUE or --name=VALUE, the name
 * with dashes or underscores; a switch stands alone. A value that begins with two dashes has to
 * be written with "=", so that a forgotten value is not taken from the next flag. The last of
 * two equal flags wins, as the last of two --set does. */

/* "--learning-rate" is the key learning_rate. */
static char *flag_key(cli *t, const char *flag)
{
    char *key = tool_text(t, flag + 2, strlen(flag + 2)), *p;
    for (p = key; *p; p++)
        if (*p == '-') *p = '_';
    return key;
}

/* No such flag: names the nearest of all that this command takes. */
static int flag_unknown(cli *t, const char *flag, const char *key)
{
    const sen_field *tables[3], *f;
    const char *best = NULL;
    const int n_tables = t->command->takes_job ? 3 : 1;
    char *shown, *p;
    int i, distance = 0;
    if (word_among(later_flags, COUNT(later_flags), flag + 2))
        return refused(flag, " comes with a later version", "");
    tables[0] = t->command->fields;
    tables[1] = job_fields;
    tables[2] = sen_training_fields();
    if (t->command->takes_job) word_nearest(key, "set", &best, &distance);
    for (i = 0; i < n_tables; i++)
        for (f = tables[i]; f->name; f++) word_nearest(key, f->name, &best, &distance);
    fprintf(stderr, "sentrain: %s has no flag %s", t->command->name, flag);
    if (best) {
        shown = tool_text(t, best, strlen(best));
        for (p = shown; *p; p++)
            if (*p == '_') *p = '-';
        fprintf(stderr, "; did you mean --%s?", shown);
    }
    fprintf(stderr, " (`sentrain %s --help` lists what there is)\n", t->command->name);
    return EXIT_USAGE;
}

/* Takes no value as a flag: it is there or it is not. "true" begins the name of the library's
 * kind for a boolean that may also be None. */
static bool is_switch(const sen_kind *kind)
{
    return kind == SEN_KIND_BOOL || strncmp(kind->name, "true", 4) == 0;
}

/* How a flag finds its key, --learning-rate being learning_rate:
 *
 *     1  a flag of the command itself          --threads, --output, --resume     into `mine`
 *     2  a training argument, also by an old   --learning-rate, --no-cuda        into args
 *        name of it
 *     3  a key of the job's top level          --train-dataset, --loss           into the job
 *
 * --prompts is in 2 and 3: the training argument has it, and the model's prompts are
 * --model-prompts. Booleans need no value, but --bf16 false is possible too.
 *
 * One flag with its value (NULL: none was written with '='). *used: how many further arguments. */
static int flag_take(cli *t, const char *flag, const char *key, const char *value, char **rest,
                     int n_rest, int *used, sen_json *mine)
{
    const sen_field *f = field_find(t->command->fields, key);
    const bool own = f != NULL;
    bool given;
    sen_json *args = json_find(t->job_flags, "args"), *to, *j;
    sen_result r;
    /* Then the training arguments, under their present name or an older one. */
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
    /* A boolean of the job may be followed by its value; a switch of the command never is, so
     * that `--quiet job.json` is what it looks like. */
    given = n_rest && (strcmp(rest[0], "true") == 0 || strcmp(rest[0], "false") == 0);
    if (!value && is_switch(f->kind) && (own || !given)) {
        value = "true";
    } else if (!value) {
        if (!n_rest || strncmp(rest[0], "--", 2) == 0)
            return refused(flag, " needs a value; one that begins with two dashes is written ",
                           tool_join(t, flag, "=", "VALUE"));
        value = rest[0];
        *used = 1;
    }
    if (own && f->kind == SEN_KIND_TEXT) j = json_text(t, value), r = SEN_OK;
    else r = value_read(t, f->kind, flag, value, &j);
    if (r) return failed(t, r, true);
    j->file = flag;
    /* The first training argument that is given: "args" is made for it. */
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

/* The arguments behind the command's name, in any order; "--" ends the flags, "-" alone is none.
 *
 *     sentrain train job.json --set args.seed=1 --threads 2
 *     sentrain train --model m --train-dataset=pairs.tsv --loss CoSENTLoss --learning-rate 2e-5
 *     sentrain train job.json --resume                    the latest checkpoint
 *     sentrain train job.json --resume out/checkpoint-40  this one
 *
 * The command's own flags are read into t->flags at once, the job's wait in t->job_flags for the
 * job file. Nothing is opened or computed before all of them have been looked at. */
static int flags_parse(cli *t, int argc, char **argv)
{
    sen_json *mine = json_new(t, SEN_JSON_OBJECT, NULL);
    bool only_places = false;
    sen_result r;
    int i, status = EXIT_DONE;
    t->job_flags = json_new(t, SEN_JSON_OBJECT, NULL);
    t->given[0] = mine;
    t->set = (const char **)tool_alloc(t, (size_t)argc * sizeof *t->set);
    for (i = 0; i < argc && !status; i++) {
        const char *a = argv[i], *equals = strchr(a, '=');
        const char *value = equals ? equals + 1 : NULL, *name, *key;
        int used = 0;
        if (strcmp(a, "-h") == 0 && !only_places) a = "--help";
        /* A plain argument: the model, the job file, a text. */
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
        /* --name=value, or --name and the next argument. */
        name = tool_text(t, a, equals ? (size_t)(equals - a) : strlen(a));
        key = flag_key(t, name);
        if (t->command->takes_job && strcmp(key, "set") == 0) {
            if (!value && i + 1 < argc) value = argv[++i];
            if (!value) return refused("--set needs KEY=VALUE", "", "");
            t->set[t->n_set++] = value;
            continue;
        }
        /* The one flag whose value may be left out. */
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

/* No such command: a later one, or the nearest. */
static int command_unknown(const char *name)
{
    const char *best = NULL;
    int i, distance = 0;
    if (word_among(later, COUNT(later), name))
        return refused(name, " comes with a later version",
                       "; see `sentrain --help` for what is there");
    for (i = 0; i < COUNT(commands); i++)
        word_nearest(name, commands[i].name, &best, &distance);
    fprintf(stderr, "sentrain: there is no command %s", name);
    if (best) fprintf(stderr, "; did you mean %s?", best);
    fprintf(stderr, " (`sentrain --help` lists what there is)\n");
    return EXIT_USAGE;
}

/* From the arguments to the command. Help never needs a model or a job. */
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
        return printf("%s\n%s%s", sen_build_info(), t->advice, *t->advice ? "\n" : ""), EXIT_DONE;
    for (i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0) t->command = &commands[i];
    if (!t->command) return command_unknown(argv[1]);
    /* Those that a command shares with others, then its own, which may differ (--top-k). */
    sen_fields_default(flags_encode, &t->flags);
    sen_fields_default(t->command->fields, &t->flags);
    status = flags_parse(t, argc - 2, argv + 2);
    if (status) return status;
    if (t->flags.help) return help_command(t->command);
    if (t->n_places < t->command->min_places || t->n_places > t->command->max_places)
        return refused("usage: sentrain ", t->command->usage, "");
    /* A command with a job opens its context when the job has said how many threads. */
    if (!t->command->takes_job)
        status = context_open(t, t->flags.threads == SEN_NONE ? 0 : t->flags.threads);
    return status ? status : t->command->run(t);
}

/* Everything is given back at the end, also after an error: a leak checker should have nothing
 * to say, and this is how a program uses the library. */
int main(int argc, char **argv)
{
    cli t;
    int status;
    memset(&t, 0, sizeof t);
    t.terminal = isatty(2) != 0;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN);           /* a file that may not grow is an error like a full disk */
#endif
    status = run(&t, argc, argv);
    /* From here on a signal has nothing to stop. */
    interrupted_ctx = NULL;
    if (t.ctx != t.reader) sen_ctx_free(t.ctx);
    sen_ctx_free(t.reader);
    while (t.blocks) {
        block *next = t.blocks->next;
        free(t.blocks);
        t.blocks = next;
    }
    /* Results that did not reach a file or a full disk are a failure, though nothing noticed so
     * far. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && !status)
        status = refused("cannot write to standard output", "", ""), status = EXIT_FAILED;
    return status;
}
