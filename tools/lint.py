#!/usr/bin/env python3
"""lint.py: what the compiler does not check about this project's own rules. `make lint` runs it.

    python3 tools/lint.py [--cc CC] [--report]      from the project's top folder

It reads sentrain.h and every other source: widths, blanks, comments, names, the borders between the
chapters (each may touch only what is its own), function lengths, comment share, the three tables of
contents; it compiles the header up to each chapter, so that a call upwards does not pass; it proves that every training
argument is followed or has a note that it is not; and it compares the code in README.md with the files that it is cut from.
--report adds a table of the chapters' sizes. Standard library only."""
import argparse
import concurrent.futures
import glob
import os
import re
import statistics
import subprocess
import sys
import textwrap

WIDTH = 100
LONGEST, P90, MEDIAN = 120, 50, 15              # lines of a function
COMMENTS = (22, 35)                             # percent of lines

# what -> the chapters that alone may touch it, as a regular expression on code without strings
CALL = r"(?<![\w.>])(?:%s)\s*\("
ONLY = [
    ("memory of the C library", ("memory",), CALL % "malloc|calloc|realloc|free|aligned_alloc|posix_memalign"),
    ("files and folders", ("file",), CALL % "fopen|fclose|fread|fwrite|fseeko?|ftello?|fgets|fgetc|fflush|fsync|open|opendir|"
     "readdir|mkdir|mmap|munmap|rename|remove|unlink|rmdir|stat|fstat|CreateFile[AW]?|FindFirstFile[AW]?"),
    ("threads", ("thread",), r"\bpthread_\w+|\bCreateThread\b|\b_beginthreadex\b|\bthrd_\w+"),
    ("vector instructions", ("vector",), r"\b_mm\w+|\b__m(?:128|256|512)\w*|"
     r"\bv(?:ld1|st1|add|mul|fma|dup|get)\w*_f32\b|\bfloat32x4_t\b"),
    ("the target's macros", ("config", "vector"), r"\b__AVX\w+|\b__SSE\w+|\b__ARM_NEON\w*"),
    ("a BLAS", ("matmul",), r"\bcblas_\w+"),
    ("system headers", ("config", "memory", "file", "thread", "vector", "matmul"), r"^\s*#\s*include\b"),
]
NOWHERE = CALL % ("printf|fprintf|sprintf|snprintf|vprintf|vfprintf|vsprintf|vsnprintf|puts|fputs|putchar|perror|scanf|sscanf|"
                  "fscanf|strtod|strtof|strtold|atof|atoi|setlocale|localeconv|abort|exit|_exit|assert|alloca|signal|sigaction|"
                  "rand|srand|strcpy|strcat|system|popen|getenv")
OUR_MACROS = re.compile(r"(SEN|SENTRAIN)_\w+$")
FEATURE_MACROS = {"_GNU_SOURCE", "_FILE_OFFSET_BITS", "_DARWIN_C_SOURCE", "WIN32_LEAN_AND_MEAN", "NOMINMAX"}
OVER_FUNCTIONS = {"sen_tape_record", "sen_tape_record_n"}   # macros in front of a public function of that name
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
WORKPLACE = re.compile(r"/wor[k]/|\bhelpe[r]s?\b|\bsessio[n]s?\b", re.I)

problems = []


def bad(path, line, text):
    problems.append((path, line, text))


# ---- reading C -----------------------------------------------------------------------------------

class Source:
    """A C file: raw lines, code (comments and strings blanked), comment text, lines that comments touch."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8", newline="") as f:
            self.text = f.read()
        self.raw = self.text.split("\n")
        self.touched, self.slashes = set(), []
        code, note, state, line, i, text = [], [], "code", 0, 0, self.text
        while i < len(text):
            c, two, step = text[i], text[i:i + 2], 1
            keep = (c, " ")                                     # what goes into code, into comments
            if state == "code":
                if two in ("/*", "//"):
                    state, step, keep = two, 2, ("  ", "  ")
                    self.touched.add(line)
                    if two == "//":
                        self.slashes.append(line + 1)
                elif c in "\"'":
                    state = c
            elif state in ("/*", "//"):
                self.touched.add(line)
                keep = (" ", c)
                if state == "/*" and two == "*/":
                    state, step, keep = "code", 2, ("  ", "  ")
                elif state == "//" and c == "\n":
                    state = "code"
            elif c == "\\":
                step, keep = 2, ("  ", "  ")
            elif c == state or c == "\n":
                state = "code"
            else:
                keep = (" ", " ")
            if "\n" in text[i:i + step]:
                keep, line = (keep[0].rstrip("\n") + "\n", keep[1].rstrip("\n") + "\n"), line + 1
            code.append(keep[0])
            note.append(keep[1])
            i += step
        self.code, self.notes = "".join(code).split("\n"), "".join(note).split("\n")


SKIP = re.compile(r"\s*(#|if|for|while|switch|else|do|typedef|struct\s+\w+\s*\{|enum|union|return|case|extern \"C\")\b")


def find_functions(lines):
    """[(first line, lines)]: begins at indent 0 or 4 with a name and '(', reaches '{' before any ';', ends at
    the first '}' of the same indent."""
    found, i = [], 0
    while i < len(lines):
        m = re.match(r"(    |)[A-Za-z_].*\(", lines[i])
        body = None
        if m and not SKIP.match(lines[i]):
            for j in range(i, min(i + 16, len(lines))):
                s = lines[j].rstrip()
                if s.endswith("{") and "=" not in s.split("(")[0]:
                    body = j
                if body is not None or ";" in s or s.startswith(("#", "}")):
                    break
        if body is None:
            i += 1
            continue
        end = next((k for k in range(body + 1, len(lines)) if re.match(m.group(1) + r"\}", lines[k])), len(lines) - 1)
        found.append((i + 1, end - i + 1))
        i = end + 1
    return found


# ---- any C file, any file ------------------------------------------------------------------------

def check_source(s):
    for n, line in enumerate(s.raw, 1):
        if len(line) > WIDTH:
            bad(s.path, n, f"{len(line)} columns; {WIDTH} are allowed")
        if "\t" in line:
            bad(s.path, n, "a tab")
        if line != line.rstrip():
            bad(s.path, n, "blanks or a carriage return at the end")
        if UNFINISHED.search(line):
            bad(s.path, n, "unfinished work")
    for n in s.slashes:
        bad(s.path, n, "comments are /* */")
    for first, length in find_functions(s.code):
        if length > LONGEST:
            bad(s.path, first, f"a function of {length} lines; {LONGEST} are allowed")


def check_words(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        for n, line in enumerate(f, 1):
            if WORKPLACE.search(line):
                bad(path, n, f"a word about how this was made: {WORKPLACE.search(line).group(0)}")


# ---- the header's chapters -----------------------------------------------------------------------

class Chapters:
    """Where the chapters of sentrain.h stand: (number, tag, line) of the contents and of both parts."""

    def __init__(self, s):
        at = [n for n, line in enumerate(s.raw, 1) if line.startswith("#ifndef SENTRAIN_H")]
        two = [n for n, line in enumerate(s.raw, 1) if "PART TWO" in line and n - 1 in s.touched and n > (at or [0])[0]]
        if not at or not two:
            bad(s.path, 1, "no \"#ifndef SENTRAIN_H\", or no PART TWO after it")
        self.one, self.two = (at or [1])[0], (two or [len(s.raw)])[0]
        self.places = {"the contents": [], "Part One": [], "Part Two": []}
        seen = []
        for n, note in enumerate(s.notes, 1):
            for m in re.finditer(r"(?:(\d+) +)?(?<!\w)\[([a-z]+)\]", note):
                seen.append((n, m.group(1), m.group(2)))
        tags = {t for n, number, t in seen if number}           # [threads] of a comment about a shape is none
        for n, number, tag in seen:
            part = "the contents" if n < self.one else "Part One" if n < self.two else "Part Two"
            if number:
                self.places[part].append((int(number), tag, n))
            elif tag in tags:
                bad(s.path, n, f"[{tag}] stands only in the contents and the two banners; elsewhere write the {tag} chapter")
        self.tag_of = [None] * (len(s.raw) + 2)
        for part in ("Part One", "Part Two"):
            for number, tag, n in self.places[part]:
                self.tag_of[n - 1:] = [tag] * (len(self.tag_of) - n + 1)
        self.number = {tag: number for number, tag, n in self.places["Part Two"]}


def check_contents(s, c):
    want = [(number, tag) for number, tag, n in c.places["Part Two"]]
    for part, rows in c.places.items():
        have = [(number, tag) for number, tag, n in rows]
        if have == want:
            continue
        for number, tag, n in rows:
            if have.count((number, tag)) != 1 or (number, tag) not in want:
                bad(s.path, n, f"{number} [{tag}] of {part} does not stand there and in Part Two once each")
        for number, tag in want:
            if (number, tag) not in have:
                bad(s.path, 1, f"{part} has no {number} [{tag}]")
        if sorted(have) == sorted(want):
            bad(s.path, c.one, f"{part} has another order than Part Two")
    if [number for number, tag in want] != sorted({number for number, tag in want}):
        bad(s.path, c.two, "the chapters' numbers do not rise in Part Two")


def check_gates(s, c):
    """All code of chapter n > 1 stands inside #if SENTRAIN_STOP_AFTER >= n, and in no other such #if."""
    stack = []
    for n in range(c.two, len(s.raw) + 1):
        line = s.code[n - 1]
        number = c.number.get(c.tag_of[n])
        if re.match(r"\s*#\s*if", line):
            m = re.match(r"\s*#\s*if SENTRAIN_STOP_AFTER >= (\d+)( && !defined\(SENTRAIN_ENCODE_ONLY\))?\s*$", line)
            stack.append(int(m.group(1)) if m else 0)
        elif re.match(r"\s*#\s*endif", line):
            if stack:
                stack.pop()
        elif line.strip() and number and number > 1 and not re.match(r"\s*#", line):
            gates = [g for g in stack if g]
            if gates != [number]:
                bad(s.path, n, f"code of chapter {number} is not inside #if SENTRAIN_STOP_AFTER >= {number} alone")
                return


def check_borders(s, c):
    section = ""
    for n, line in enumerate(s.code, 1):
        section = s.raw[n - 1] if re.match(r"/\* ---- ", s.raw[n - 1]) else section
        if re.search(NOWHERE, line):
            bad(s.path, n, f"{re.search(NOWHERE, line).group(0)}...) is not used in this library")
        if n < c.two:
            continue
        tag = c.tag_of[n]
        for what, chapters, pattern in ONLY:
            m = re.search(pattern, line)
            if m and tag and tag not in chapters:
                if what in ("vector instructions", "the target's macros") and tag == "matmul" and "bf16" in section:
                    continue                                    # the bf16 tile lives in the matmul chapter
                bad(s.path, n, f"{m.group(0).strip()}: only {' '.join(chapters)} may touch {what}, not {tag}")


def check_names(s, c):
    starts = {first for first, length in find_functions(s.code)}
    for n, line in enumerate(s.code, 1):
        m = re.match(r"\s*#\s*define\s+(\w+)", line)
        if m and not OUR_MACROS.match(m.group(1)) and m.group(1) not in FEATURE_MACROS | OVER_FUNCTIONS:
            bad(s.path, n, f"macro {m.group(1)}: names begin with SEN_, SENTRAIN_ or SEN__")
        if n < c.two:
            m = re.match(r"SENTRAIN_DEF\b[^()]*?(\w+)\(", line) or re.match(r"(?:typedef\b|\}).*?(\w+)(?:\[\w*\])?;\s*$", line)
            if m and not m.group(1).startswith("sen_"):
                bad(s.path, n, f"{m.group(1)}: public names begin with sen_")
            continue
        if n in starts and line[0] != " ":
            m = re.search(r"(\w+)\s*\(", re.sub(r"\bSEN__FORMAT\([^()]*\)|__attribute__\(\(.*?\)\)", "", line))
            if not m:
                continue
            public = "SENTRAIN_DEF" in line
            if public != bool(re.match(r"sen_[^_]", m.group(1))) or not m.group(1).startswith("sen_"):
                bad(s.path, n, f"{m.group(1)}: public functions are SENTRAIN_DEF sen_..., private ones static sen__...")
            if not public and not re.match(r"static\b|SEN__\w+", line):
                bad(s.path, n, f"{m.group(1)} is neither SENTRAIN_DEF nor static")
        elif re.match(r"static\b|SEN__INLINE\b", line):
            whole = " ".join(s.code[n - 1:n + 15])
            head = re.split(r"[;{=]", whole)[0]
            ends = whole[len(head):len(head) + 1]
            if ends == ";" and re.search(r"\w\s*\(", head):
                bad(s.path, n, "a private function is declared before its body: what is used must stand above")
            elif "(" not in head and "const" not in head.split():
                bad(s.path, n, "a variable of the whole file: everything hangs from a sen_ctx")
    for m in re.finditer(r"\benum\b[^;{}()]*\{([^}]*)\}", "\n".join(s.code)):
        first = "\n".join(s.code)[:m.start()].count("\n") + 1
        for name in re.findall(r"(?:^|,)\s*(\w+)", m.group(1)):
            if not name.startswith("SEN_"):
                bad(s.path, first, f"enum constant {name}: names begin with SEN_")


def check_metrics(s):
    lengths = sorted(length for first, length in find_functions(s.code)) or [0]
    share = 100 * len(s.touched) / len(s.raw)
    p90, median = lengths[int(0.9 * (len(lengths) - 1))], statistics.median(lengths)
    if p90 > P90 or median > MEDIAN:
        bad(s.path, 1, f"functions have {median:g} lines in the middle and {p90} at nine tenths; {MEDIAN} and {P90} are allowed")
    if not COMMENTS[0] <= share <= COMMENTS[1]:
        bad(s.path, 1, f"{share:.1f}% of the lines are comments; {COMMENTS[0]} to {COMMENTS[1]} are wanted (--report shows where)")
    return f"{len(s.raw)} lines, {share:.0f}% comments, {len(lengths)} functions: median {median:g}, p90 {p90}, longest {lengths[-1]}"


def report(s, c):
    rows = [(n, number, tag) for part in ("Part One", "Part Two") for number, tag, n in c.places[part]]
    ends = [row[0] for row in rows[1:]] + [len(s.raw)]
    print(f"{'line':>6s} {'chapter':14s} {'lines':>6s} {'comments':>8s} {'functions':>9s} {'median':>6s} {'longest':>7s}")
    for (n, number, tag), end in zip(rows, ends):
        inside = [length for first, length in find_functions(s.code) if n <= first < end]
        share = 100 * sum(n - 1 <= t < end - 1 for t in s.touched) / max(end - n, 1)
        print(f"{n:6d} {number:2d} {tag:11s} {end - n:6d} {share:7.0f}% {len(inside):9d} "
              f"{statistics.median(inside or [0]):6g} {max(inside or [0]):7d}")


# ---- layers --------------------------------------------------------------------------------------

def check_public_calls(s, c):
    """A public function is declared for all in Part One, so the compiler lets a lower chapter call it; this does not."""
    home = {}
    for first, length in find_functions(s.code):
        m = re.match(r"SENTRAIN_DEF\b.*?(\w+)\s*\(", s.code[first - 1])
        if m and first > c.two and c.tag_of[first]:
            home[m.group(1)] = c.number[c.tag_of[first]]
    for n in range(c.two, len(s.raw) + 1):
        number = c.number.get(c.tag_of[n], 99)
        for name in re.findall(r"\bsen_\w+", s.code[n - 1]):
            if home.get(name, 0) > number:
                bad(s.path, n, f"{name} belongs to chapter {home[name]}; chapter {number} stands below it")


def check_layers(s, c, cc):
    """The header compiles up to each chapter, with nothing of the chapters above."""
    def one(number):
        run = subprocess.run(cc.split() + ["-std=c99", "-O0", "-fsyntax-only", "-Werror=implicit-function-declaration",
                                           "-Werror=implicit-int", "-DSENTRAIN_IMPLEMENTATION",
                                           f"-DSENTRAIN_STOP_AFTER={number}", "-x", "c", s.path], capture_output=True, text=True)
        return number, [m for m in re.findall(r"^[^:\n]+:(\d+):\d+: (?:fatal )?error: (.*)", run.stderr, re.M)] \
            if run.returncode else []
    told = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, errors in pool.map(one, sorted(set(c.number.values()))):
            for line, text in errors:
                if (line, text) not in told:                    # a higher chapter repeats it
                    told.add((line, text))
                    bad(s.path, int(line), f"compiled up to chapter {number}: {text}")


# ---- the project around it -----------------------------------------------------------------------

def check_lists(c):
    """The Makefile's list of chapters, and the tests in tests/main.c."""
    with open("Makefile", encoding="utf-8") as f:
        m = re.search(r"^chapters :=((?:.*\\\n)*.*)", f.read(), re.M)
    listed = m.group(1).replace("\\", " ").split() if m else []
    for tag, number in c.number.items():
        if listed[number - 1:number] != [tag]:
            bad("Makefile", 1, f"the list of chapters has no {tag} at place {number}")
    with open("tests/main.c", encoding="utf-8") as f:
        text = f.read()
    tests = sorted(os.path.basename(p)[5:-2] for p in glob.glob("tests/test_*.c"))
    for tag in tests:
        if f'#include "test_{tag}.c"' not in text or f"test_{tag}," not in text:
            bad("tests/main.c", 1, f"test_{tag}.c is not included, or has no row in the table")


# ---- the training arguments ----------------------------------------------------------------------

# Functions that look at arguments without following them: what is read there alone has no effect.
CHECKERS = re.compile(r"sen__arguments_(numbers|interval|best|texts|notes|accelerator)$")


def check_arguments(s, c):
    """Every row of the table of training arguments is read where the run goes by it, or has its note that says why not;
    and no note speaks of a row that is followed, or of none."""
    code, begin = "\n".join(s.code), c.two
    raw = "\n".join(s.raw[begin - 1:])
    table = re.search(r"sen__arguments\[\] = \{(.*?)SEN_FIELD_END", raw, re.S)
    notes = re.search(r"sen__argument_notes\[\] = \{(.*?)\n\};", raw, re.S)
    if not table or not notes:
        bad(s.path, begin, "the table of training arguments, or that of its notes, is not where it was")
        return 0
    rows = re.findall(r"SEN__ARG\w*\(\s*(\w+),", table.group(1))
    noted = re.findall(r"\{ \"(\w+)\", SEN__\w+,", notes.group(1))
    checkers = set()
    for first, length in find_functions(s.code):
        m = re.search(r"(\w+)\s*\(", s.code[first - 1])
        if m and CHECKERS.match(m.group(1)):
            checkers.update(range(first, first + length))
    lines = [line for n, line in enumerate(s.code, 1) if c.tag_of[n] == "train" and n >= begin and n not in checkers]
    read = set(re.findall(r"\b(?:a|args)(?:->|\.)(\w+)", "\n".join(lines)))
    line = code[:code.find("sen__arguments[]")].count("\n") + 1
    for name in rows:
        if name in noted and name in read:
            bad(s.path, line, f"the training argument {name} has a note that it has no effect, yet it is read")
        if name not in noted and name not in read:
            bad(s.path, line, f"the training argument {name} is read nowhere and has no note that says so")
    for name in noted:
        if name not in rows or noted.count(name) > 1:
            bad(s.path, line, f"the note on {name} belongs to no training argument, or stands twice")
    return len(rows)


# ---- the trainer's page --------------------------------------------------------------------------

PAGE = "../shared/reference/trainer.md"


def check_page(s, c):
    """Every method of Python's page of the trainer, where that page lies beside this folder, is a function sen_trainer_NAME,
    and tests/test_train.c calls it."""
    if not os.path.exists(PAGE):
        return 0
    with open(PAGE, encoding="utf-8") as f:
        m = re.search(r"^### 1\.3 .*?(?=^### )", f.read(), re.M | re.S)
    rows = [line.split("|")[1] for line in (m.group(0) if m else "").split("\n") if line.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`(\w+)\(", row)]
    public = "\n".join(s.code[:c.two])
    with open("tests/test_train.c", encoding="utf-8") as f:
        tests = f.read()
    if not names:
        bad(PAGE, 1, "the table of methods is not where it was")
    for name in names:
        if not re.search(rf"\bsen_trainer_{name}\(", public):
            bad(s.path, c.one, f"Python's trainer has the method {name}; there is no sen_trainer_{name}")
        elif not re.search(rf"\bsen_trainer_{name}\(", tests):
            bad("tests/test_train.c", 1, f"sen_trainer_{name} is called by no test")
    return len(names)


# ---- README.md -----------------------------------------------------------------------------------

def region(path, name):
    """The lines between "README: name" and "README end" in a file, or all of it (name empty), or None."""
    try:
        with open(path, encoding="utf-8") as f:
            lines = f.read().rstrip("\n").split("\n")
    except OSError:
        return None
    if name:
        edges = [n for n, line in enumerate(lines) if re.search(rf"README: {re.escape(name)}\W*$|README end\b", line)]
        first = next((n for n in edges if "README end" not in lines[n]), None)
        last = next((n for n in edges if first is not None and n > first), None)
        lines = lines[first + 1:last] if last else None
    return lines and textwrap.dedent("\n".join(lines)).split("\n")


def check_readme():
    """Each block of code is a file's text, named by the comment before it: <!-- path#region --> or <!-- path -->; sh blocks
    are run line by line by tests/readme.sh. What stands as `make NAME` is a target, or a chapter's test."""
    with open("README.md", encoding="utf-8") as f:
        lines = f.read().split("\n")
    with open("Makefile", encoding="utf-8") as f:
        makefile = f.read()
    n, blocks = 0, 0
    while n < len(lines):
        line, number = lines[n], n + 1
        if len(line) > 120:
            bad("README.md", number, f"{len(line)} columns; 120 are allowed")
        if line.startswith("    ") and not lines[n - 1].strip():
            bad("README.md", number, "code stands between fences, so that it can be checked")
        for name in re.findall(r"(?<=[ ])[a-z-]+", " ".join(re.findall(r"`make( [a-z -]+)`", line))):
            rule = re.search(rf"^(?:[\w-]+ )*{name}(?: [\w-]+)*:", makefile, re.M)
            if not rule and not os.path.exists(f"tests/{name.replace('-', '_')}.c"):
                bad("README.md", number, f"the Makefile has no target {name}")
        if line.startswith("```"):
            end = next((k for k in range(n + 1, len(lines)) if lines[k] == "```"), len(lines))
            block, blocks = lines[n + 1:end], blocks + 1
            m = re.match(r"<!-- (\S+?)(?:#(\S+))? -->$", lines[n - 1])
            if line in ("```c", "```json") and not m:
                bad("README.md", number, "no comment before this block says where it comes from")
            elif line in ("```c", "```json") and block != region(m.group(1), m.group(2)):
                bad("README.md", number, f"this is not what stands in {m.group(1)}{', ' + m.group(2) if m.group(2) else ''}")
            elif line not in ("```c", "```json", "```sh"):
                bad("README.md", number, "a block is c, json (both checked here) or sh (run by tests/readme.sh)")
            n = end
        n += 1
    return blocks


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cc", default="cc")
    ap.add_argument("--report", action="store_true", help="a table of the chapters' sizes")
    a = ap.parse_args()
    paths = sorted(p for where in ("", "tools/", "tests/", "tests/*/", "examples/") for end in ("c", "h", "cc")
                   for p in glob.glob(where + "*." + end))
    for path in paths:
        check_source(Source(path))
    others = glob.glob("*.md") + glob.glob("tools/*.*") + glob.glob("tests/*.sh") + glob.glob("tests/*/*.sh") + ["Makefile", ".ci/run"]
    for path in sorted(set(paths) | {p for p in others if os.path.isfile(p)}):
        check_words(path)
    s = Source("sentrain.h")
    c = Chapters(s)
    check_contents(s, c)
    check_gates(s, c)
    check_borders(s, c)
    check_names(s, c)
    check_public_calls(s, c)
    check_layers(s, c, a.cc)
    check_lists(c)
    arguments = check_arguments(s, c)
    methods = check_page(s, c)
    blocks = check_readme()
    summary = check_metrics(s)
    if a.report:
        report(s, c)
    for path, line, text in sorted(problems):
        print(f"{path}:{line}: {text}")
    print(f"sentrain.h: {summary}")
    print(f"lint: {len(paths)} C files, {blocks} blocks of README.md, {arguments} training arguments, {methods} methods, {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
