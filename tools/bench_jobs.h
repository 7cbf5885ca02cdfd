/* Whole jobs on a real model, or on random weights of MiniLM-L6's shape: tokenization, encoding,
 * training, the optimizer, memory, start-up, and how the cost grows. */
#ifndef BENCH_JOBS_H
#define BENCH_JOBS_H

#define BENCH_FOLDER "build/bench-run"      /* output_dir; a random model to start with */

/* ---- a model of random weights ---------------------------------------------------------------
 * The cost of a step does not depend on the weights, so a seed serves where there is no model. */

#define BENCH_VOCAB 30522

static const char bench_head[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\n,\n"
    "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\nv\nw\nx\ny\nz\n"
    "##a\n##b\n##c\n##d\n##e\n##f\n##g\n##h\n##i\n##j\n##k\n##l\n##m\n##n\n##o\n##p\n##q\n##r\n"
    "##s\n##t\n##u\n##v\n##w\n##x\n##y\n##z\n";

/* A word for each number: two or three syllables, no two alike. */
static int bench_word(char *to, uint32_t i)
{
    static const char head[] = "bcdfghjklmnprstvwxyz", tail[] = "aeiou";
    int n = 0, syllables = i < 10000 ? 2 : 3;
    for (i -= i < 10000 ? 0 : 10000; syllables > 0; syllables--, i /= 100) {
        to[n++] = head[i % 100 / 5];
        to[n++] = tail[i % 5];
    }
    to[n++] = '\n';
    return n;
}

static char *bench_vocab(size_t *size)
{
    char *text = (char *)bench_alloc(sizeof bench_head + 8 * BENCH_VOCAB);
    uint32_t i, head = 0;
    size_t n = sizeof bench_head - 1;
    memcpy(text, bench_head, n);
    for (i = 0; i < n; i++) head += text[i] == '\n';
    for (i = 0; i < BENCH_VOCAB - head; i++) n += (size_t)bench_word(text + n, i);
    *size = n;
    return text;
}

/* Files in memory hold the vocabulary while the model is made; the model outlives them. */
static sen_model *bench_random_model(const bench *b, int positions, int max_length)
{
    char text[700];
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_memory_files *files = NULL;
    sen_ctx *c = NULL;
    sen_json *spec = NULL;
    sen_model *m = NULL;
    size_t size;
    char *vocab = bench_vocab(&size);
    sen_result r = sen_memory_files_new(NULL, NULL, 0, &files);
    (void)b;
    snprintf(text, sizeof text,
             "{\"modules\": [{\"type\": \"Transformer\", \"vocab\": \"vocab.txt\", "
             "\"max_seq_length\": %d, \"config\": {\"model_type\": \"bert\", \"vocab_size\": %d, "
             "\"hidden_size\": 384, \"num_hidden_layers\": 6, \"num_attention_heads\": 12, "
             "\"intermediate_size\": 1536, \"max_position_embeddings\": %d}}, {\"type\": "
             "\"Pooling\", \"pooling_mode\": \"mean\"}, {\"type\": \"Normalize\"}]}",
             max_length, BENCH_VOCAB, positions);
    if (files) desc.files = sen_memory_files_table(files);
    desc.threads = 1;
    if (!r) r = sen_ctx_new(&desc, &c);
    if (!r) r = sen__file_write(c, "vocab.txt", vocab, (int64_t)size);
    if (!r) r = sen_json_parse(c, "the model of random weights", text, strlen(text), &spec);
    if (!r) r = sen_model_from_json(c, spec, NULL, "", 42, &m);
    if (r) bench_stop(c ? sen_message(c) : sen_result_text(r));
    sen_ctx_free(c);
    sen_memory_files_free(files);
    free(vocab);
    return m;
}

static sen_model *bench_model(const bench *b)
{
    sen_model *m = NULL;
    if (!b->model) return bench_random_model(b, 512, 256);
    bench_check(b, sen_model_load(b->c, b->model, &m));
    return m;
}

/* ---- texts ----------------------------------------------------------------------------------- */

enum { BENCH_SHORT, BENCH_LONG };

typedef struct bench_texts {
    sen_text    *text[2];                   /* [n] of each column */
    int          columns;
    int64_t      n;
    char        *bytes;                     /* of texts made here, or of a file of lines */
    sen_dataset *file;
} bench_texts;

static void bench_texts_free(bench_texts *t)
{
    sen_dataset_free(t->file);
    free(t->text[0]);
    free(t->text[1]);
    free(t->bytes);
    memset(t, 0, sizeof *t);
}

static double bench_texts_bytes(const sen_text *text, int64_t n)
{
    double bytes = 0;
    for (int64_t i = 0; i < n; i++) bytes += (double)text[i].length;
    return bytes;
}

/* Tokens of the vocabulary that are words of small letters, the frequent ones first. */
typedef struct bench_words {
    const char **word;
    uint32_t     n;
} bench_words;

static bench_words bench_words_of(const bench *b, const sen_model *m)
{
    const sen_tokenizer *t = sen_model_tokenizer(m);
    const int64_t size = t ? sen_tokenizer_size(t) : 0;
    bench_words w;
    (void)b;
    w.word = (const char **)bench_alloc((size_t)size * sizeof *w.word);
    w.n = 0;
    for (int64_t i = 0; i < size; i++) {
        const char *token = sen_tokenizer_token(t, (int32_t)i);
        size_t k = 0;
        while (token[k] >= 'a' && token[k] <= 'z') k++;
        if (!token[k] && k > 1 && k < 12) w.word[w.n++] = token;
    }
    if (w.n < 100) bench_stop("the model's vocabulary has no words to make texts of");
    return w;
}

/* Words of a text, much as ../shared/bench/make_text.py has them. Short: 3 to 60, the middle is 12;
 * long: 80 to 240, about 160. */
static int bench_words_in(uint32_t *s, int profile)
{
    static const int quantile[] = { 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 22, 28, 60 };
    int i, sum = 0;
    if (profile == BENCH_LONG) {
        for (i = 0; i < 12; i++) sum += (int)bench_below(s, 55);
        return SEN__MAX(80, SEN__MIN(240, sum / 2 - 2));
    }
    i = (int)bench_below(s, 16);
    sum = quantile[i + 1] - quantile[i];
    return quantile[i] + (int)SEN__MIN(bench_below(s, (uint32_t)sum + 1),
                                       bench_below(s, (uint32_t)sum + 1));
}

/* Rank r is drawn about 1 / r times as often as the first. */
static const char *bench_draw(const bench_words *w, uint32_t *s)
{
    const double u = (double)bench_random(s) / 16777216.0;
    return w->word[SEN__MIN((uint32_t)(pow((double)w->n, u) - 1.0), w->n - 1)];
}

/* Writes the words of one text; a positive keeps about half of the anchor's. */
static char *bench_put_text(char *to, const char **word, int n, const bench_words *w, uint32_t *s,
                            bool again)
{
    for (int i = 0; i < n; i++) {
        if (!again || bench_below(s, 2)) word[i] = bench_draw(w, s);
        to += sprintf(to, "%s%s%s", i ? " " : "", word[i], bench_below(s, 50) ? "" : "s");
    }
    *to++ = '.';
    return to;
}

static bench_texts bench_make_texts(const bench_words *w, int64_t n, int columns, int profile)
{
    const char *word[240];
    const size_t most = profile == BENCH_LONG ? 240 * 14 : 60 * 14;
    bench_texts t;
    uint32_t s = 1;
    char *at;
    memset(&t, 0, sizeof t);
    t.n = n;
    t.columns = columns;
    t.bytes = at = (char *)bench_alloc((size_t)n * (size_t)columns * most);
    for (int k = 0; k < columns; k++)
        t.text[k] = (sen_text *)bench_alloc((size_t)n * sizeof(sen_text));
    for (int64_t i = 0; i < n; i++) {
        const int words = bench_words_in(&s, profile);
        for (int k = 0; k < columns; k++) {
            char *end = bench_put_text(at, word, words, w, &s, k > 0);
            t.text[k][i].data = at;
            t.text[k][i].length = (size_t)(end - at);
            at = end;
        }
    }
    return t;
}

/* Texts of exactly `length` tokens: each word is one, [CLS] and [SEP] are two. */
static bench_texts bench_exact_texts(const bench_words *w, int64_t n, int length)
{
    bench_texts t;
    uint32_t s = 7;
    char *at;
    memset(&t, 0, sizeof t);
    t.n = n;
    t.columns = 2;
    t.bytes = at = (char *)bench_alloc((size_t)(2 * n * length) * 13);
    for (int k = 0; k < 2; k++) {
        t.text[k] = (sen_text *)bench_alloc((size_t)n * sizeof(sen_text));
        for (int64_t i = 0; i < n; i++) {
            t.text[k][i].data = at;
            for (int j = 0; j < length - 2; j++)
                at += sprintf(at, j ? " %s" : "%s", bench_draw(w, &s));
            t.text[k][i].length = (size_t)(at - t.text[k][i].data);
        }
    }
    return t;
}

/* The text columns of a file of pairs, at most `limit` rows. */
static bench_texts bench_read_pairs(const bench *b, const char *path, int64_t limit)
{
    sen_dataset_desc data = sen_dataset_desc_default();
    bench_texts t;
    memset(&t, 0, sizeof t);
    data.path = path;
    if (limit > 0) data.limit = limit;
    bench_check(b, sen_dataset_load(b->c, &data, &t.file));
    t.n = sen_dataset_rows(t.file);
    for (int k = 0; k < sen_dataset_columns(t.file) && t.columns < 2; k++) {
        if (sen_dataset_column_kind(t.file, k) != SEN_COLUMN_TEXT) continue;
        t.text[t.columns] = (sen_text *)bench_alloc((size_t)t.n * sizeof(sen_text));
        for (int64_t i = 0; i < t.n; i++)
            t.text[t.columns][i] = sen_dataset_text(t.file, i, k);
        t.columns++;
    }
    if (t.columns < 2) bench_stop("a file of pairs has two columns of text");
    return t;
}

/* The lines of a file, at most `limit`. */
static bench_texts bench_read_lines(const bench *b, const char *path, int64_t limit)
{
    sen__bytes file;
    bench_texts t;
    int64_t i, from = 0, lines = 1;
    memset(&t, 0, sizeof t);
    bench_check(b, sen__file_read(b->c, path, &file));
    t.bytes = (char *)bench_alloc((size_t)file.size);
    if (file.size) memcpy(t.bytes, file.data, (size_t)file.size);
    for (i = 0; i < file.size; i++) lines += t.bytes[i] == '\n';
    t.text[0] = (sen_text *)bench_alloc((size_t)lines * sizeof(sen_text));
    t.columns = 1;
    for (i = 0; i < file.size && (limit < 1 || t.n < limit); i++) {
        if (t.bytes[i] != '\n') continue;
        t.text[0][t.n].data = t.bytes + from;
        t.text[0][t.n++].length = (size_t)(i - from);
        from = i + 1;
    }
    sen__file_release(b->c, &file);
    return t;
}

/* Path of a file of the data's folder; NULL: it is not there, and texts are made. Nor is it any use
 * to the random model, whose vocabulary would take English words letter by letter. */
static const char *bench_data(const bench *b, char *to, size_t room, const char *name)
{
    FILE *f;
    if (!b->model) return NULL;
    snprintf(to, room, "%s/%s", b->data, name);
    f = fopen(to, "rb");
    if (!f) return NULL;
    fclose(f);
    return to;
}

/* path "-": made of the model's words. */
static bench_texts bench_pairs(const bench *b, const sen_model *m, const char *path, int profile,
                               int64_t limit)
{
    bench_words w;
    bench_texts t;
    if (path && strcmp(path, "-") != 0) return bench_read_pairs(b, path, limit);
    w = bench_words_of(b, m);
    t = bench_make_texts(&w, limit > 0 ? limit : 2000, 2, profile);
    free(w.word);
    return t;
}

static bench_texts bench_sentences(const bench *b, const sen_model *m, const char *path,
                                   int64_t limit)
{
    bench_words w;
    bench_texts t;
    if (path && strcmp(path, "-") != 0) return bench_read_lines(b, path, limit);
    w = bench_words_of(b, m);
    t = bench_make_texts(&w, limit > 0 ? limit : 2000, 1, BENCH_SHORT);
    free(w.word);
    return t;
}

/* ---- what a job costs ------------------------------------------------------------------------
 * Multiplications and additions that the mathematics asks for, T real tokens in sequences of L:
 * forward 2 (4 H H + 2 H I) a token and layer, 4 L L H a sequence and layer for attention; training
 * three times that, since each product has two gradients. Nothing that is computed twice counts
 * twice. MiniLM-L6: 21.2 Mflop a token forward, 63.7 in training. */
typedef struct bench_cost {
    bool   known;                           /* a BERT; of other families no share is shown */
    double token, pair;                     /* forward: for a token, for L L */
} bench_cost;

static bench_cost bench_cost_of(const sen_model *m)
{
    bench_cost k;
    const sen__transformer *tr = m->transformer;
    memset(&k, 0, sizeof k);
    if (tr && strcmp(tr->family->model_type, "bert") == 0) {
        const sen__bert *c = (const sen__bert *)tr->config;
        const double h = c->hidden_size, layers = c->num_hidden_layers;
        k.known = true;
        k.token = layers * 2.0 * (4.0 * h * h + 2.0 * h * c->intermediate_size);
        k.pair = layers * 4.0 * h;
    }
    return k;
}

/* Tokens of texts and the squares of their lengths, as the model cuts them. */
typedef struct bench_lengths { double tokens, squares; } bench_lengths;

static bench_lengths bench_lengths_of(const bench *b, const sen_model *m, const sen_text *text,
                                      int64_t n)
{
    sen__token_list list;
    bench_lengths l = { 0, 0 };
    memset(&list, 0, sizeof list);
    bench_check(b, sen__token_many(b->c, sen_model_tokenizer(m), text, n,
                                   sen_model_max_seq_length(m), true, &list));
    for (int64_t i = 0; i < n; i++) {
        const double k = (double)(list.first[i + 1] - list.first[i]);
        l.tokens += k;
        l.squares += k * k;
    }
    sen__token_list_free(b->c, &list);
    return l;
}

static double bench_flop(const bench_cost *k, bench_lengths l, double passes)
{
    return k->known ? passes * (k->token * l.tokens + k->pair * l.squares) : 0;
}

/* A speed as a share; without a known cost there is none. */
static double bench_share(double flop, double seconds, double peak)
{
    return flop > 0 ? flop / seconds * 1e-9 / peak : BENCH_NONE;
}

/* ---- memory of this process ------------------------------------------------------------------ */

/* A number of kilobytes in one of Linux's files, in MiB; BENCH_NONE: it is not there. */
static double bench_proc_mib(const char *path, const char *key)
{
    char line[256];
    double kb = BENCH_NONE * 1024;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) kb = strtod(line + strlen(key), NULL);
    if (f) fclose(f);
    return kb / 1024;
}

/* Peak resident memory. getrusage also counts what the process that started this one had, between
 * fork and exec; so Linux's own file comes first. */
static double bench_peak_mib(void)
{
    double mib = bench_proc_mib("/proc/self/status", "VmHWM:");
#ifdef BENCH_UNIX
    struct rusage u;
    if (mib == BENCH_NONE && getrusage(RUSAGE_SELF, &u) == 0)
#if defined(__APPLE__)
        mib = (double)u.ru_maxrss / 1048576;            /* bytes there */
#else
        mib = (double)u.ru_maxrss / 1024;
#endif
#endif
    return mib;
}

/* ---- tokenizer ------------------------------------------------------------------------------- */

typedef struct bench_token_job {
    const sen_model  *model;
    const bench_texts *texts;
    sen__token_list   list;
} bench_token_job;

static void bench_token_run(const bench *b, void *arg)
{
    bench_token_job *j = (bench_token_job *)arg;
    bench_check(b, sen__token_many(b->c, sen_model_tokenizer(j->model), j->texts->text[0],
                                   j->texts->n, 0, true, &j->list));
}

static void bench_tokenizer(const bench *b, const sen_model *m, const bench_texts *texts)
{
    const double bytes = bench_texts_bytes(texts->text[0], texts->n);
    bench_token_job j;
    bench_result r;
    memset(&j, 0, sizeof j);
    j.model = m;
    j.texts = texts;
    r = bench_measure(b, bench_token_run, &j, bytes);
    {
        const double tokens = (double)j.list.first[texts->n];
        const bench_number v[] = {
            { "mb_per_s", r.speed * 1e3, "MB/s" }, { "best_mb_per_s", r.best * 1e3, "MB/s best" },
            { "tokens_per_s", r.speed * 1e9 / bytes * tokens, NULL },
            { "mtokens_per_s", r.speed * 1e3 / bytes * tokens, "M tokens/s" },
            { "bytes", bytes, NULL }, { "tokens", tokens, NULL }, { NULL, 0, NULL }
        };
        bench_line(b, "tokenizer", "", "tokenizer, short sentences", v);
    }
    sen__token_list_free(b->c, &j.list);
}

/* ---- encoding -------------------------------------------------------------------------------- */

typedef struct bench_speed {
    double rate, tokens, share, peak;       /* medians: a second, of the peak around, GF/s */
    double seconds;                         /* of one call or step */
    double optimizer;                       /* seconds of it */
    double serial, waiting;                 /* shares of a step; BENCH_NONE */
    double step_tokens, flop;               /* of one call or step */
    int    samples;
} bench_speed;

/* All texts, several times, at most `budget` seconds after the first. */
static bench_speed bench_encode_speed(const bench *b, const sen_model *m, const sen_text *text,
                                      int64_t n, int batch_size, int repeats, double budget)
{
    const int width = sen_embedding_dimension(m, SEN_NONE);
    const bench_cost cost = bench_cost_of(m);
    const bench_lengths l = bench_lengths_of(b, m, text, n);
    sen_encode_args args = sen_encode_args_default();
    float *out = (float *)bench_alloc((size_t)n * (size_t)width * sizeof *out);
    double time[BENCH_SAMPLES], share[BENCH_SAMPLES], peak[BENCH_SAMPLES], before, spent = 0;
    bench_speed s;
    memset(&s, 0, sizeof s);
    args.batch_size = batch_size;
    bench_check(b, sen_encode(b->c, m, text, SEN__MIN(n, 4 * (int64_t)batch_size), &args, out));
    before = bench_peak_long(b, 0.5);
    for (int i = 0; i < repeats && (i < 1 || spent < budget); i++) {
        const double start = bench_now(b);
        double after;
        bench_check(b, sen_encode(b->c, m, text, n, &args, out));
        time[i] = bench_now(b) - start;
        after = bench_peak_long(b, time[i]);
        peak[i] = 0.5 * (before + after);
        share[i] = bench_share(bench_flop(&cost, l, 1.0), time[i], peak[i]);
        before = after;
        spent += time[i];
        s.samples = i + 1;
    }
    s.seconds = bench_median(time, s.samples);
    s.flop = bench_flop(&cost, l, 1.0);
    s.rate = (double)n / s.seconds;
    s.tokens = l.tokens / s.seconds;
    s.share = bench_median(share, s.samples);
    s.peak = bench_median(peak, s.samples);
    free(out);
    return s;
}

static void bench_encode_line(const bench *b, const char *label, int batch_size, int64_t n,
                              const bench_speed *s)
{
    const bench_number v[] = {
        { "sentences_per_s", s->rate, "sentences/s" }, { "tokens_per_s", s->tokens, "tokens/s" },
        { "share", s->share, "% of the peak" }, { "peak_gflops", s->peak, NULL },
        { "peak_rss_mib", bench_peak_mib(), NULL }, { "repeats", s->samples, NULL },
        { NULL, 0, NULL }
    };
    char fields[160];
    snprintf(fields, sizeof fields, "\"row\": \"%s\", \"batch_size\": %d, \"sentences\": %lld",
             label, batch_size, (long long)n);
    bench_line(b, "encode", fields, label, v);
}

/* One sentence at a time: the middle and nine tenths of 200 calls, the second time round. */
static void bench_latency(const bench *b, const sen_model *m, const bench_texts *texts)
{
    const int n = (int)SEN__MIN(texts->n, b->quick ? 50 : 200);
    const int width = sen_embedding_dimension(m, SEN_NONE);
    float *out = (float *)bench_alloc((size_t)width * sizeof *out);
    double time[200];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < n; i++) {
            const double start = bench_now(b);
            bench_check(b, sen_encode(b->c, m, texts->text[0] + i, 1, NULL, out));
            time[i] = bench_now(b) - start;
        }
    {
        const double p90 = bench_quantile(time, n, 0.9), best = time[0];
        const bench_number v[] = {
            { "latency_ms", bench_median(time, n) * 1e3, "ms median" },
            { "latency_ms_p90", p90 * 1e3, "ms p90" },
            { "latency_ms_best", best * 1e3, "ms best" }, { NULL, 0, NULL }
        };
        bench_line(b, "latency", "", "encode one short sentence", v);
    }
    free(out);
}

/* What N threads gain over one, and the serial share that explains it by Amdahl's law, from the
 * shares of the peak of 1 and of N threads: so a machine that gave less meanwhile does not count.
 * More than N times is no measurement, and has no serial share. */
static void bench_gain(bench *b, int row, const char *label, const bench_speed *s)
{
    char fields[120];
    bench_number v[] = { { "speedup", 0, "times 1 thread" }, { "speedup_of_peak", 0, "by shares" },
                         { "serial_share_amdahl", 0, "% serial (Amdahl)" }, { NULL, 0, NULL } };
    if (b->threads == 1) {
        b->one_rate[row] = s->rate;
        b->one_share[row] = s->share;
        return;
    }
    if (b->one_rate[row] <= 0) return;
    v[0].value = s->rate / b->one_rate[row];
    v[1].value = v[2].value = BENCH_NONE;
    if (s->share > 0) {
        const double kept = s->share / b->one_share[row];
        v[1].value = kept * b->threads;
        if (kept < 1.02) v[2].value = SEN__MAX((1.0 / kept - 1.0) / (b->threads - 1), 0.0);
    }
    snprintf(fields, sizeof fields, "\"row\": \"%s\"", label);
    bench_line(b, "gain", fields, label, v);
}

/* ---- training -------------------------------------------------------------------------------- */

/* How long all regions were that several threads work in, and each thread within them. The clock is
 * read twice a task: below 0.2 % of a step. */
typedef struct bench_regions {
    sen_ctx    *c;
    double      inside;
    double      busy[64][8];                /* of a worker, a cache line apart */
    sen_task_fn task;
    void       *arg;
} bench_regions;

static void bench_region_task(void *arg, int64_t task, int worker)
{
    bench_regions *r = (bench_regions *)arg;
    const double start = bench_wall();
    r->task(r->arg, task, worker);
    r->busy[worker % 64][0] += bench_wall() - start;
}

/* Stands in for the library's own way to run tasks and hands over to it. */
static void bench_region(void *user, int64_t n, sen_task_fn task, void *arg)
{
    bench_regions *r = (bench_regions *)user;
    const double start = bench_wall();
    r->task = task;
    r->arg = arg;
    r->c->parallel_for = NULL;
    sen__parallel(r->c, n, bench_region_task, r);
    r->c->parallel_for = bench_region;
    r->inside += bench_wall() - start;
}

static double bench_busy(const bench_regions *r)
{
    double sum = 0;
    for (int i = 0; i < 64; i++) sum += r->busy[i][0];
    return sum;
}

typedef struct bench_train_args {
    int         batch_size, updates, warm;  /* at most `updates` counted ones after `warm` */
    double      budget;                     /* seconds, after three counted updates */
    bool        bf16, mark;                 /* mark: a line after the first update */
} bench_train_args;

typedef struct bench_train_job {
    const bench      *b;
    sen_trainer      *trainer;
    bench_regions     regions;
    double            update_from, update;  /* of the optimizer */
    double            time[BENCH_SAMPLES], share[BENCH_SAMPLES], tokens[BENCH_SAMPLES];
    double            peak[BENCH_SAMPLES], optimizer[BENCH_SAMPLES], flop[BENCH_SAMPLES];
    double            serial[BENCH_SAMPLES], waiting[BENCH_SAMPLES];
} bench_train_job;

static int bench_update_begins(const sen_train_event *e, void *user)
{
    bench_train_job *j = (bench_train_job *)user;
    (void)e;
    j->update_from = bench_now(j->b);
    return 0;
}

static int bench_update_ends(const sen_train_event *e, void *user)
{
    bench_train_job *j = (bench_train_job *)user;
    (void)e;
    j->update = bench_now(j->b) - j->update_from;
    return 0;
}

/* Tokens of the batch that the last step was about. */
static bench_lengths bench_batch_lengths(const sen_trainer *t)
{
    const sen_batch *batch = &t->room.packed.batch;
    bench_lengths l = { 0, 0 };
    for (int64_t s = 0; s < batch->rows * batch->columns; s++) {
        const double k = batch->first[s + 1] - batch->first[s];
        l.tokens += k;
        l.squares += k * k;
    }
    return l;
}

/* One step between two looks at the peak. */
static sen_result bench_train_step(bench_train_job *j, const bench_cost *cost, int i,
                                   double *before, bool *more)
{
    const bench *b = j->b;
    const double inside = j->regions.inside, busy = bench_busy(&j->regions);
    double start, after, regions;
    sen_result r;
    b->c->parallel_for = b->threads > 1 ? bench_region : NULL;
    b->c->parallel_user = &j->regions;
    start = bench_now(b);
    r = sen_trainer_step(j->trainer, more);
    j->time[i] = bench_now(b) - start;
    b->c->parallel_for = NULL;
    if (r) return r;
    after = bench_peak_long(b, j->time[i]);
    {
        const bench_lengths l = bench_batch_lengths(j->trainer);
        j->peak[i] = 0.5 * (*before + after);
        j->tokens[i] = l.tokens;
        j->flop[i] = bench_flop(cost, l, 3.0);
        j->share[i] = bench_share(j->flop[i], j->time[i], j->peak[i]);
    }
    regions = j->regions.inside - inside;
    j->optimizer[i] = j->update;
    j->serial[i] = 1.0 - regions / j->time[i];
    j->waiting[i] = (b->threads * regions - (bench_busy(&j->regions) - busy)) /
                    (b->threads * j->time[i]);
    *before = after;
    return SEN_OK;
}

/* Counted steps, after those that tokenize and warm up. */
static sen_result bench_train_steps(bench_train_job *j, const bench_cost *cost,
                                    const bench_train_args *a, int *counted)
{
    double before = bench_peak_long(j->b, 0.5), spent = 0;
    bool more = true;
    sen_result r = SEN_OK;
    int i, n = 0;
    for (i = 0; !r && more && i < a->warm; i++) {
        r = bench_train_step(j, cost, 0, &before, &more);
        if (a->mark && !r && i == 0) printf("first\n");
        if (a->mark) fflush(stdout);
    }
    while (!r && more && n < a->updates && (n < 3 || spent < a->budget)) {
        r = bench_train_step(j, cost, n, &before, &more);
        spent += j->time[n++];
    }
    *counted = n;
    return r;
}

static void bench_train_result(bench_train_job *j, int n, int batch_size, bench_speed *s)
{
    double sum = 0, tokens = 0;
    for (int i = 0; i < n; i++) {
        sum += j->time[i];
        tokens += j->tokens[i];
    }
    s->samples = n;
    s->tokens = tokens / sum;
    s->step_tokens = tokens / n;
    s->seconds = bench_median(j->time, n);
    s->rate = batch_size / s->seconds;
    s->share = bench_median(j->share, n);
    s->flop = bench_median(j->flop, n);
    s->peak = bench_median(j->peak, n);
    s->optimizer = bench_median(j->optimizer, n);
    s->serial = j->b->threads > 1 ? bench_median(j->serial, n) : BENCH_NONE;
    s->waiting = j->b->threads > 1 ? bench_median(j->waiting, n) : BENCH_NONE;
}

static sen_result bench_train_make(bench_train_job *j, sen_model *m, sen_dataset *set,
                                   sen_loss *loss, const bench_train_args *a)
{
    sen_trainer_desc desc = sen_trainer_desc_default();
    sen_callback watch = sen_callback_default();
    watch.user = j;
    watch.on_pre_optimizer_step = bench_update_begins;
    watch.on_optimizer_step = bench_update_ends;
    desc.model = m;
    desc.train_dataset = set;
    desc.loss = loss;
    desc.callbacks = &watch;
    desc.n_callbacks = 1;
    desc.args.output_dir = BENCH_FOLDER;
    desc.args.per_device_train_batch_size = a->batch_size;
    desc.args.max_steps = a->warm + a->updates + 1;     /* the last one would write its records */
    desc.args.learning_rate = 2e-5;
    desc.args.bf16 = a->bf16;
    desc.args.save_strategy = SEN_STRATEGY_NO;
    return sen_trainer_new(j->b->c, &desc, &j->trainer);
}

/* Whether the machine has room for the widest batch; 0 or what stands in the way, in `why`. */
static sen_result bench_train_fits(const bench *b, sen_trainer *t, char *why, size_t room)
{
    const double free_mib = bench_proc_mib("/proc/meminfo", "MemAvailable:");
    sen_memory_plan plan;
    sen_result r = sen_trainer_plan(t, &plan);
    const double need = r ? 0 : (double)plan.total / 1048576;
    (void)b;
    if (!r && free_mib > 0 && need > 0.8 * free_mib)
        snprintf(why, room, "needs %.0f MiB, of which this machine has %.0f free", need, free_mib);
    return r;
}

/* Trains some steps with MultipleNegativesRankingLoss, dropout as the model has it. why: what stood
 * in the way, "" if nothing. */
static bench_speed bench_train_speed(const bench *b, sen_model *m, const bench_texts *texts,
                                     const bench_train_args *a, char *why, size_t room)
{
    const bench_cost cost = bench_cost_of(m);
    bench_train_job *j = (bench_train_job *)bench_alloc(sizeof *j);
    sen_column column[2];
    sen_dataset *set = NULL;
    sen_loss *loss = NULL;
    bench_speed s;
    sen_result r;
    int n = 0;
    memset(&s, 0, sizeof s);
    memset(column, 0, sizeof column);
    *why = 0;
    j->b = b;
    j->regions.c = b->c;
    column[0].name = "anchor";
    column[1].name = "positive";
    for (int k = 0; k < 2; k++) column[k].texts = texts->text[k];
    r = sen_dataset_from_arrays(b->c, column, 2, texts->n, &set);
    if (!r) r = sen_loss_new(b->c, "MultipleNegativesRankingLoss", NULL, &loss);
    if (!r) r = bench_train_make(j, m, set, loss, a);
    if (!r) r = bench_train_fits(b, j->trainer, why, room);
    if (!r && !*why) r = bench_train_steps(j, &cost, a, &n);
    if (r) snprintf(why, room, "%s", sen_message(b->c));
    if (n > 0 && !r) bench_train_result(j, n, a->batch_size, &s);
    else if (!*why) snprintf(why, room, "too few rows for a step that counts");
    sen_trainer_free(j->trainer);
    sen_loss_free(loss);
    sen_dataset_free(set);
    free(j);
    return s;
}

static void bench_train_line(const bench *b, const char *part, const char *label, int batch_size,
                             const bench_speed *s)
{
    const bench_number v[] = {
        { "samples_per_s", s->rate, "samples/s" }, { "tokens_per_s", s->tokens, "tokens/s" },
        { "step_ms", s->seconds * 1e3, "ms" }, { "share", s->share, "% of the peak" },
        { "optimizer_ms", s->optimizer * 1e3, "ms optimizer" },
        { "serial_share", s->serial, "% serial" }, { "waiting_share", s->waiting, "% waiting" },
        { "peak_gflops", s->peak, NULL }, { "tokens_per_step", s->step_tokens, NULL },
        { "step_gflop", s->flop * 1e-9, NULL },
        { "peak_rss_mib", bench_peak_mib(), NULL }, { "steps", s->samples, NULL },
        { NULL, 0, NULL }
    };
    char fields[160];
    snprintf(fields, sizeof fields, "\"row\": \"%s\", \"batch_size\": %d", label, batch_size);
    bench_line(b, part, fields, label, v);
}

/* ---- rows of training and encoding ----------------------------------------------------------- */

static const struct bench_row {
    const char *label, *file;
    int         profile, batch_size;
    bool        bf16;
} bench_training[] = {
    { "train short pairs, batch 32", "pairs-short.jsonl", BENCH_SHORT, 32, false },
    { "train short pairs, batch 128", "pairs-short.jsonl", BENCH_SHORT, 128, false },
    { "train long pairs, batch 16", "pairs-long.jsonl", BENCH_LONG, 16, false },
    { "train short, batch 32, bf16", "pairs-short.jsonl", BENCH_SHORT, 32, true }
};

static void bench_trains(bench *b, sen_model *m)
{
    bench_title(b, "training: MultipleNegativesRankingLoss, dropout, AdamW");
    for (int i = 0; i < (int)SEN__COUNT(bench_training); i++) {
        const struct bench_row *row = &bench_training[i];
        char path[1024], why[1000];
        bench_train_args a = { 0, 0, 0, 0, false, false };
        bench_texts t;
        bench_speed s;
        a.batch_size = row->batch_size;
        a.updates = b->quick ? 3 : BENCH_SAMPLES;
        a.warm = b->quick ? 1 : 3;
        a.budget = b->quick ? 1 : 10;
        a.bf16 = row->bf16;
        t = bench_pairs(b, m, bench_data(b, path, sizeof path, row->file), row->profile,
                        (int64_t)a.batch_size * (a.updates + a.warm));
        s = bench_train_speed(b, m, &t, &a, why, sizeof why);
        if (*why) bench_skip(b, "train", row->label, why);
        else bench_train_line(b, "train", row->label, a.batch_size, &s);
        if (!*why) bench_gain(b, i + 1, row->label, &s);
        bench_texts_free(&t);
    }
}

static void bench_encodes(bench *b, const sen_model *m, const bench_texts *texts)
{
    static const char label[] = "encode short sentences, batch 32";
    const bench_speed s = bench_encode_speed(b, m, texts->text[0], texts->n, 32, b->quick ? 1 : 7,
                                             10.0);
    bench_encode_line(b, label, 32, texts->n, &s);
    bench_gain(b, 0, label, &s);
}

/* ---- the optimizer over all of a model's weights --------------------------------------------- */

typedef struct bench_optimizer_job {
    sen_model      *model;
    sen__optimizer *o;
    double          values;                 /* that an update passes over */
    uint32_t        rows;                   /* of a table of embeddings; 0: all */
} bench_optimizer_job;

/* Gradients of all weights, or of a batch's rows in tables of embeddings; how many values. */
static double bench_gradients(bench_optimizer_job *j)
{
    double values = 0;
    for (int i = 0; i < sen_model_weights(j->model); i++) {
        sen_tensor *w = sen_model_weight(j->model, i);
        const int64_t rows = sen__tensor_rows(w), cols = sen__tensor_cols(w);
        const int64_t touched = SEN__MIN(rows, (int64_t)j->rows);
        if (!w->grad) continue;
        if (!w->is_table || !j->rows) {
            sen__grad_whole(w);
            values += (double)w->count;
            continue;
        }
        for (int32_t row = 0; row < touched; row++) {
            const int32_t at = (int32_t)(row * (rows / touched));
            sen__grad_of_rows(w, &at, 1);
        }
        values += (double)touched * (double)cols;
    }
    return values;
}

static void bench_optimizer_run(const bench *b, void *arg)
{
    (void)b;
    sen__optimizer_step(((bench_optimizer_job *)arg)->o, 2e-5, 1.0);
}

static void bench_optimizer_line(const bench *b, bench_optimizer_job *j, const char *label)
{
    const double values = bench_gradients(j);
    const bench_result r = bench_measure(b, bench_optimizer_run, j, values);
    const bench_number v[] = {
        { "ms", values / r.speed * 1e-6, "ms" }, { "gbytes", r.speed * 28.0, "GB/s" },
        { "best_ms", values / r.best * 1e-6, "ms best" },
        { "values", values, NULL }, { NULL, 0, NULL }
    };
    char fields[100];
    snprintf(fields, sizeof fields, "\"row\": \"%s\"", label);
    bench_line(b, "optimizer", fields, label, v);
}

static void bench_optimizer(const bench *b, sen_model *m)
{
    static const char *const label[] = { "adamw, rows of a short batch", "adamw, all rows" };
    const int n = sen_model_weights(m);
    sen__param *param = (sen__param *)bench_alloc((size_t)n * sizeof *param);
    int64_t used = 0;
    bench_check(b, sen__model_grads(b->c, m));
    for (int i = 0; i < n; i++) {
        sen_tensor *w = sen_model_weight(m, i);
        if (!w->grad) continue;
        param[used].tensor = w;
        param[used].name = sen_model_weight_name(m, i);
        param[used++].lr_factor = 1.0;
    }
    for (int k = 0; k < 2; k++) {
        bench_optimizer_job j;
        memset(&j, 0, sizeof j);
        j.model = m;
        j.rows = k ? 0 : 500;
        bench_check(b, sen__optimizer_new(b->c, &sen__adamw_torch, NULL, param, used, &j.o));
        j.o->beta1 = 0.9;
        j.o->beta2 = 0.999;
        j.o->epsilon = 1e-8;
        bench_optimizer_line(b, &j, label[k]);
        sen__zero_grad(j.o);
        sen__optimizer_free(j.o);
    }
    sen__model_drop_grads(b->c, m);
    free(param);
}

/* ---- how the cost grows ---------------------------------------------------------------------- */

static const int bench_batches[] = { 16, 64, 256 }, bench_sizes[] = { 16, 128, 512, 2048 };

/* More operations in one call than this are left to --full. */
static double bench_limit(const bench *b)
{
    return b->full ? 1e18 : b->quick ? 1e11 : 2.5e12;
}

static void bench_grid_encode(const bench *b, const sen_model *m, const bench_texts *t,
                              const char *label, const char *fields)
{
    const bench_speed s = bench_encode_speed(b, m, t->text[0], t->n, (int)t->n, 9, 2.0);
    const bench_number v[] = {
        { "tokens_per_s", s.tokens, "tokens/s" }, { "share", s.share, "% of the peak" },
        { "ms", s.seconds * 1e3, "ms" }, { "peak_gflops", s.peak, NULL },
        { "gflop", s.flop * 1e-9, NULL }, { NULL, 0, NULL }
    };
    bench_line(b, "grid", fields, label, v);
}

static void bench_grid_train(const bench *b, sen_model *m, const bench_texts *t, const char *label,
                             const char *fields)
{
    bench_train_args a = { 0, 9, 1, 2.0, false, false };
    char why[1000];
    bench_speed s;
    a.batch_size = (int)t->n;
    s = bench_train_speed(b, m, t, &a, why, sizeof why);
    if (*why) {
        bench_skip(b, "grid", label, why);
    } else {
        const bench_number v[] = {
            { "tokens_per_s", s.tokens, "tokens/s" }, { "share", s.share, "% of the peak" },
            { "ms", s.seconds * 1e3, "ms" }, { "serial_share", s.serial, "% serial" },
            { "peak_gflops", s.peak, NULL }, { "gflop", s.flop * 1e-9, NULL }, { NULL, 0, NULL }
        };
        bench_line(b, "grid", fields, label, v);
    }
}

/* One batch of equally long texts; in training of as many pairs of them. */
static void bench_grid_cell(const bench *b, sen_model *m, const bench_words *w, int batch,
                            int length, bool train)
{
    const bench_cost cost = bench_cost_of(m);
    bench_lengths l;
    bench_texts t;
    char label[80], fields[120];
    l.tokens = (train ? 2.0 : 1.0) * batch * length;
    l.squares = l.tokens * length;
    snprintf(label, sizeof label, "%s %4d %s of %4d tokens", train ? "train " : "encode", batch,
             train ? "pairs" : "texts", length);
    snprintf(fields, sizeof fields, "\"job\": \"%s\", \"batch_size\": %d, \"length\": %d",
             train ? "train" : "encode", batch, length);
    if (bench_flop(&cost, l, train ? 3.0 : 1.0) > bench_limit(b)) {
        bench_skip(b, "grid", label, "takes long, --full runs it");
        return;
    }
    t = bench_exact_texts(w, batch, length);
    if (train) bench_grid_train(b, m, &t, label, fields);
    else bench_grid_encode(b, m, &t, label, fields);
    bench_texts_free(&t);
}

/* On random weights, since few models at hand take 2,048 tokens. */
static void bench_grid(const bench *b)
{
    sen_model *m = bench_random_model(b, 2048, 2048);
    const bench_words w = bench_words_of(b, m);
    bench_title(b, "how the cost grows: MiniLM-L6's shape, random weights");
    for (int train = 0; train < 2; train++)
        for (size_t i = 0; i < SEN__COUNT(bench_sizes); i++)
            for (size_t k = 0; k < SEN__COUNT(bench_batches); k++)
                bench_grid_cell(b, m, &w, bench_batches[k], bench_sizes[i], train == 1);
    free(w.word);
    sen_model_free(m);
}

/* ---- start-up and memory: processes of their own --------------------------------------------- */

#ifdef BENCH_UNIX
extern char **environ;

/* Starts this program again. Seconds until its first line, the whole of what it says in `said`;
 * false: it failed. */
static bool bench_child(char *const *argv, double *first, char *said, size_t room)
{
    posix_spawn_file_actions_t act;
    int ends[2], status = 1;
    size_t n = 0;
    ssize_t k;
    pid_t pid;
    const double start = bench_wall();
    *said = 0;
    *first = BENCH_NONE;
    if (pipe(ends)) return false;
    posix_spawn_file_actions_init(&act);
    posix_spawn_file_actions_adddup2(&act, ends[1], 1);
    posix_spawn_file_actions_addclose(&act, ends[0]);
    status = posix_spawnp(&pid, argv[0], &act, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&act);
    close(ends[1]);
    while (!status && n + 1 < room && (k = read(ends[0], said + n, room - n - 1)) > 0) {
        if (*first == BENCH_NONE) *first = bench_wall() - start;
        n += (size_t)k;
        said[n] = 0;
    }
    close(ends[0]);
    if (status) return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Medians over some processes: seconds to the first line, MiB at the end. */
static void bench_processes(const bench *b, const char *label, const char *const *more,
                            int processes)
{
    double first[9], mib[9];
    char said[4000], threads[16], *argv[20];
    bench_number v[] = { { "first_s", 0, "s to the first" }, { "peak_rss_mib", 0, "MiB peak" },
                         { NULL, 0, NULL } };
    int n = 0, i;
    snprintf(threads, sizeof threads, "%d", b->threads);
    argv[n++] = (char *)(uintptr_t)b->program;
    for (; *more; more++) argv[n++] = (char *)(uintptr_t)*more;
    argv[n++] = (char *)(uintptr_t)"--threads";
    argv[n++] = threads;
    argv[n] = NULL;
    for (i = 0; i < processes; i++) {
        const char *at;
        if (!bench_child(argv, &first[i], said, sizeof said)) {
            bench_skip(b, "process", label, "the process that was started failed");
            return;
        }
        at = strstr(said, "\"peak_rss_mib\": ");
        mib[i] = at ? strtod(at + 16, NULL) : BENCH_NONE;
    }
    v[0].value = bench_median(first, processes);
    v[1].value = bench_median(mib, processes);
    snprintf(said, sizeof said, "\"row\": \"%s\"", label);
    bench_line(b, "process", said, label, v);
}

/* Rows of a training as Python's benchmark has it: 45 updates of 32. */
static void bench_all_processes(const bench *b, const sen_model *m)
{
    char pairs[1024], lines[1024];
    const char *model = b->model ? b->model : BENCH_FOLDER "/model";
    const char *p = bench_data(b, pairs, sizeof pairs, "pairs-short.jsonl");
    const char *s = bench_data(b, lines, sizeof lines, "sentences.txt");
    const char *train[] = { "train", NULL, NULL, "--json", "--mark", "--limit", "1440",
                            "--updates", "12", NULL };
    const char *encode[] = { "encode", NULL, NULL, "--json", "--mark", "--limit", "64", NULL };
    bench_title(b, "a process of its own: from its start to the first step, the first embedding");
    if (!b->model && sen_model_save(b->c, m, model)) {
        bench_skip(b, "process", "a process of its own", sen_message(b->c));
        return;
    }
    train[1] = encode[1] = model;
    train[2] = p ? p : "-";
    encode[2] = s ? s : "-";
    bench_processes(b, "first training step", train, b->quick ? 1 : 3);
    bench_processes(b, "first embedding", encode, b->quick ? 1 : 5);
}
#else
static void bench_all_processes(const bench *b, const sen_model *m)
{
    (void)m;
    bench_skip(b, "process", "a process of its own", "only where there is posix_spawn");
}
#endif

/* ---- one job alone, for the comparison with Python and for these processes ------------------- */

typedef struct bench_command {
    const char *what, *model, *file;
    int         batch_size, updates;
    int64_t     limit;                      /* rows of the file; 0: what is needed, or all */
    bool        mark, bf16;
} bench_command;

static int bench_job_train(bench *b, sen_model *m, const bench_command *k)
{
    char why[1000];
    bench_train_args a = { 0, 0, 0, 0, false, false };
    bench_texts t;
    bench_speed s;
    a.batch_size = k->batch_size;
    a.updates = SEN__MAX(1, SEN__MIN(k->updates, BENCH_SAMPLES));
    a.warm = SEN__MIN(5, k->updates);
    a.budget = 1e9;
    a.bf16 = k->bf16;
    a.mark = k->mark;
    t = bench_pairs(b, m, k->file, BENCH_SHORT,
                    k->limit ? k->limit : (int64_t)a.batch_size * (a.updates + a.warm));
    s = bench_train_speed(b, m, &t, &a, why, sizeof why);
    if (*why) fprintf(stderr, "bench: %s\n", why);
    else bench_train_line(b, "train", "training", a.batch_size, &s);
    bench_texts_free(&t);
    return *why ? 1 : 0;
}

static int bench_job_encode(bench *b, const sen_model *m, const bench_command *k)
{
    static const sen_text first = { "This is the first sentence.", 27 };
    const int width = sen_embedding_dimension(m, SEN_NONE);
    float *out = (float *)bench_alloc((size_t)width * sizeof *out);
    bench_texts t;
    bench_speed s;
    bench_check(b, sen_encode(b->c, m, &first, 1, NULL, out));
    if (k->mark) printf("first\n");
    fflush(stdout);
    t = bench_sentences(b, m, k->file, k->limit);
    s = bench_encode_speed(b, m, t.text[0], t.n, k->batch_size, 5, 1e9);
    bench_encode_line(b, "encoding", k->batch_size, t.n, &s);
    bench_latency(b, m, &t);
    bench_texts_free(&t);
    free(out);
    return 0;
}

static int bench_job_tokenize(bench *b, const sen_model *m, const bench_command *k)
{
    bench_texts t = bench_sentences(b, m, k->file, k->limit);
    bench_tokenizer(b, m, &t);
    bench_texts_free(&t);
    return 0;
}

static int bench_job(bench *b, const bench_command *k)
{
    sen_ctx_desc desc = sen_ctx_desc_default();
    sen_model *m;
    int status;
    b->wall = true;                         /* as whatever it is compared with */
    desc.threads = b->threads;
    if (sen_ctx_new(&desc, &b->c)) bench_stop("no context");
    b->threads = sen_threads(b->c);
    b->model = strcmp(k->model, "-") != 0 ? k->model : NULL;
    m = bench_model(b);
    status = !strcmp(k->what, "train") ? bench_job_train(b, m, k)
           : !strcmp(k->what, "encode") ? bench_job_encode(b, m, k)
                                        : bench_job_tokenize(b, m, k);
    sen_model_free(m);
    sen_ctx_free(b->c);
    return status;
}
#endif /* BENCH_JOBS_H */
