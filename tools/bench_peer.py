#!/usr/bin/env python3
"""Speed, memory and start-up beside Python sentence-transformers: both in turn on this machine, medians, ratios.

    bench_peer.py [--alternations N] [--threads N] [--only WORD] [--quick] [--full] [--json]
                  [--python PATH] [--bench PATH] [--sentrain PATH] [--model DIR] [--data DIR] [--shared DIR]

`make bench-peer PEER_PYTHON=/path/to/python` starts it with what it needs. In each alternation every row runs
Python (peer_bench.py of the shared folder, by the interpreter --python) and then ours (the bench program), the next
time the other way round; the machine's peak is measured around every run. "by peak" is the ratio again, of speeds
divided by that peak: on virtual machines two processors give what one does for minutes at a time.
"must" and "aim" are those of the project; the share is that of the peak over the whole training step.
--only: rows that hold this word (train, long, bf16, encode, latency, tokenize, memory, start, threads, sts).
--full: also the seconds to Python's final STS-B dev Spearman (minutes). --quick: one alternation of few steps.
A row that cannot be run says why. --json: one JSON object a line. Standard library only."""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time


NOT_ASKED = "not asked for"


class Fails(Exception):
    """Why a row cannot be run."""


# ---- running a program ---------------------------------------------------------------------------

def run(command, first=None, timeout=3600):
    """The JSON objects that a program prints; seconds from its start to the line `first`, else to its end."""
    try:
        p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    except OSError as e:
        raise Fails(f"{command[0]}: {e.strerror}")
    start, found, said = time.monotonic(), [], None

    def late(*_):
        os.killpg(p.pid, signal.SIGKILL)
    signal.signal(signal.SIGALRM, late)
    signal.alarm(timeout)
    for line in p.stdout:
        if first and line.strip() == first:
            said = time.monotonic() - start
        if line.startswith("{"):
            try:
                found.append(dict(json.loads(line), at=time.monotonic() - start))
            except ValueError:
                pass                                            # Python's trainer prints dicts of its own
    errors = p.stderr.read()
    status = p.wait()
    signal.alarm(0)
    if status:
        lines = [s for s in errors.strip().split("\n") if s.strip()] or [f"status {status}"]
        raise Fails(lines[-1].strip()[:200])
    return found, said if said is not None else time.monotonic() - start


class Bench:
    """What is measured with: the programs, and samples by name."""

    def __init__(self, a):
        self.a = a
        self.samples = {}               # name -> numbers
        self.why = {}                   # side of a row -> why it fails
        self.machine = {}

    def data(self, name):
        path = os.path.join(self.a.data, name)
        if not os.path.exists(path):
            raise Fails(f"{path} is not there (make bench-data)")
        return path

    def add(self, name, value):
        if value is not None:
            self.samples.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.samples[name]) if self.samples.get(name) else None

    def peak(self):
        """GF/s of all threads at present."""
        n = self.a.threads
        rows, _ = run([self.a.bench, "--quick", "--json", "--only", "peak", "--threads", str(n)])
        self.machine = rows[0]
        for r in rows[1:]:
            if "gflops" in r:
                self.add(f"peak {r['kind']} {r['threads']}", r["gflops"])
        return next(r["gflops"] for r in rows[1:] if r["threads"] == n and r.get("kind") == "sustained")

    def peer(self, *words, threads=None):
        if not self.a.python:
            raise Fails("no Python is given: PEER_PYTHON=/path/to/python with torch and sentence-transformers")
        script = os.path.join(self.a.shared, "bench", "peer_bench.py")
        if not os.path.exists(script):
            raise Fails(f"{script} is not there")
        return run([self.a.python, script, *words, "--model", self.a.model, "--threads", str(threads or self.a.threads)])[0]

    def ours(self, *words, threads=None):
        return run([self.a.bench, *words, "--json", "--mark", "--threads", str(threads or self.a.threads)], "first")

    def side(self, name, measure):
        """One run of one side of a row, between two looks at the peak; measure gives names and numbers."""
        if name in self.why:
            return
        try:
            before = self.peak()
            values = measure()
            around = (before + self.peak()) / 2
            self.add(name + " peak", around)
            for key, value in values.items():
                self.add(f"{name} {key}", value)
        except Fails as e:
            self.why[name] = str(e)


# ---- what one run of a row measures --------------------------------------------------------------

class Train:
    def __init__(self, key, label, file, batch, steps, dtype="fp32"):
        self.key, self.label, self.file, self.batch, self.steps, self.dtype = key, label, file, batch, steps, dtype

    def peer(self, b):
        steps, warm = (3, 1) if b.a.quick else self.steps
        r = b.peer("train", "--data", b.data(self.file), "--batch-size", str(self.batch), "--steps", str(steps),
                   "--warmup-steps", str(warm), "--dtype", self.dtype)[-1]
        return {"rate": r["samples_per_s_median_step"], "tokens": r["tokens_per_s"], "rss": r["peak_rss_mib"],
                "first": r["first_step_since_start_s"]}

    def ours(self, b, threads=None):
        steps = 3 if b.a.quick else max(self.steps[0], 12)
        more = ["--bf16"] if self.dtype == "bf16" else []
        rows, first = b.ours("train", b.a.model, b.data(self.file), "--batch-size", str(self.batch), "--updates", str(steps),
                             *more, threads=threads)
        r = rows[-1]
        return {"rate": r["samples_per_s"], "tokens": r["tokens_per_s"], "share": r["share"], "serial": r["serial_share"],
                "rss": r["peak_rss_mib"], "first": first}


class Encode:
    def __init__(self, key, label, backend, dtype="fp32"):
        self.key, self.label, self.backend, self.dtype = key, label, backend, dtype

    def peer(self, b):
        more = []
        if self.backend == "onnxruntime":
            more = ["--file", onnx_file(b)]
        r = b.peer("encode", "--data", b.data("sentences.txt"), "--backend", self.backend, "--dtype", self.dtype,
                   "--limit", "300" if b.a.quick else "2000", "--repeats", "1" if b.a.quick else "3", *more)[-1]
        return {"rate": r["sentences_per_s"], "latency": r["latency_ms"], "rss": r["peak_rss_mib"],
                "first": r["first_embedding_s"]}

    def ours(self, b, threads=None):
        rows, first = b.ours("encode", b.a.model, b.data("sentences.txt"), "--limit", "300" if b.a.quick else "2000",
                             threads=threads)
        r = {k: v for row in rows for k, v in row.items()}
        return {"rate": r["sentences_per_s"], "latency": r["latency_ms"], "rss": r["peak_rss_mib"], "share": r["share"],
                "first": first}


class Tokenize:
    key, label = "tokenize", "tokenization, one thread"

    def peer(self, b):
        rows = b.peer("tokenize", "--data", b.data("sentences.txt"), threads=1)
        return {"rate": next(r["mb_per_s"] for r in rows if r["call"] == "encode_batch_fast")}

    def ours(self, b):
        return {"rate": b.ours("tokenize", b.a.model, b.data("sentences.txt"), threads=1)[0][-1]["mb_per_s"]}


def onnx_file(b):
    """The model as an ONNX graph, made once."""
    out = os.path.join(b.a.data, os.path.basename(os.path.normpath(b.a.model)) + ".onnx")
    if not os.path.exists(out):
        script = os.path.join(b.a.shared, "verify", "ref_onnx.py")
        if not os.path.exists(script):
            raise Fails(f"{script} is not there")
        run([sys.executable, script, b.a.model, out + ".part"])
        os.replace(out + ".part", out)
    return out


JOBS = [Train("train32", "train short, batch 32", "pairs-short.jsonl", 32, (20, 3)),
        Train("train128", "train short, batch 128", "pairs-short.jsonl", 128, (6, 2)),
        Train("long16", "train long, batch 16", "pairs-long.jsonl", 16, (6, 2)),
        Train("bf16", "train short, batch 32, bf16", "pairs-short.jsonl", 32, (12, 3), "bf16"),
        Encode("torch", "encode, torch", "torch"),
        Encode("onnx", "encode, onnxruntime", "onnxruntime"),
        Tokenize()]
ONE = {"train32": "one-train", "torch": "one-encode"}           # the same of ours with one thread


# ---- seconds to a score --------------------------------------------------------------------------

SCORE = "eval_sts-dev_spearman_cosine"


def score_job(b):
    """The shared job with whole paths; the model stands beside --model under its own name."""
    path = os.path.join(b.a.shared, "bench", "stsb.json")
    if not os.path.exists(path):
        raise Fails(f"{path} is not there")
    base = os.path.dirname(os.path.abspath(path))
    with open(path, encoding="utf-8") as f:
        job = json.load(f)
    job["model"] = os.path.join(os.path.dirname(os.path.abspath(b.a.model)), os.path.basename(job["model"]))
    if not os.path.exists(job["model"]):
        raise Fails(f"{job['model']} is not there ({b.a.shared}/models.sh lays it out)")
    for where in (job["train_dataset"], job["evaluator"]["dataset"]):
        where["path"] = os.path.join(base, where["path"])
    job["args"]["output_dir"] = os.path.abspath(os.path.join(b.a.data, "stsb-out"))
    out = os.path.join(b.a.data, "stsb-job.json")
    with open(out, "w", encoding="utf-8") as f:
        json.dump(job, f, indent=1)
    return out


def score_peer(b):
    script, result = os.path.join(b.a.shared, "oracle", "st_job.py"), os.path.join(b.a.data, "stsb-python.json")
    if not b.a.python or not os.path.exists(script):
        raise Fails("needs PEER_PYTHON and oracle/st_job.py of the shared folder")
    _, seconds = run([b.a.python, script, "train", score_job(b), "--out", result, "--threads", str(b.a.threads)])
    with open(result, encoding="utf-8") as f:
        scores = [row[SCORE] for row in json.load(f)["log_history"] if SCORE in row]
    if not scores:
        raise Fails("Python's run has no " + SCORE)
    return {"seconds": seconds, "score": scores[-1]}


def score_ours(b):
    goal = (b.median("sts python score") or 0.8639) - 0.001
    rows, seconds = run([b.a.sentrain, "train", score_job(b), "--json", "--threads", str(b.a.threads)])
    scores = [(row["at"], row["data"][SCORE]) for row in rows if SCORE in row.get("data", {})]
    reached = [at for at, score in scores if score >= goal]
    if not reached:
        raise Fails(f"ours ended at {scores[-1][1]:.4f} after {seconds:.0f} s, below {goal:.4f}" if scores else "no scores")
    return {"seconds": reached[0], "score": scores[-1][1]}


# ---- the table -----------------------------------------------------------------------------------

def kind_of(machine):
    """intel: AVX-512 of Intel; zen4: AVX-512 of AMD; other."""
    if "avx512f" not in machine.get("features", ""):
        return "other"
    return {"GenuineIntel": "intel", "AuthenticAMD": "zen4"}.get(machine.get("vendor"), "other")


class Row:
    """label, what both sides measured, must and aim as ratios; less: smaller is better (ours / Python's)."""

    def __init__(self, label, ours, peer, unit, must, aim, less=False, by_peak=True):
        self.label, self.ours, self.peer, self.unit = label, ours, peer, unit
        self.must, self.aim, self.less, self.by_peak = must, aim, less, by_peak

    def line(self, b):
        mine, theirs = b.median(self.ours), b.median(self.peer)
        side = {"ours": " ".join(self.ours.split()[:-1]), "peer": " ".join(self.peer.split()[:-1])}
        out = {"row": self.label, "unit": self.unit, "ours": mine, "python": theirs, "must": self.must, "aim": self.aim}
        if mine is None or theirs is None:
            return dict(out, verdict="not run: " + (b.why.get(side["ours"]) or b.why.get(side["peer"]) or NOT_ASKED))
        out["ratio"] = mine / theirs
        peaks = b.median(side["ours"] + " peak"), b.median(side["peer"] + " peak")
        if self.by_peak and all(peaks):
            factor = peaks[1] / peaks[0]
            out["by_peak"] = out["ratio"] * (1 / factor if self.less else factor)
        return dict(out, verdict=verdict(out["ratio"], self.must, self.aim, self.less))


def verdict(value, must, aim, less=False):
    def reached(goal):
        return value <= goal if less else value >= goal
    return "aim" if reached(aim) else "must" if reached(must) else "missed"


class Share:
    """Ours alone: the share of the peak over the whole step."""

    def __init__(self, label, side, must, aim):
        self.label, self.side, self.must, self.aim = label, side, must, aim

    def line(self, b):
        mine = b.median(self.side + " share")
        out = {"row": self.label, "unit": "of the peak", "ours": mine, "python": None, "must": self.must, "aim": self.aim}
        if mine is None:
            return dict(out, verdict="not run: " + b.why.get(self.side, NOT_ASKED))
        return dict(out, ratio=mine, verdict=verdict(mine, self.must, self.aim))


class Gain:
    """Ours with N threads beside ours with one; the column of Python shows the latter."""

    def __init__(self, label, side, one, unit):
        self.label, self.side, self.one, self.unit = label, side, one, unit

    def line(self, b):
        many, one, n = b.median(self.side + " rate"), b.median(self.one + " rate"), b.a.threads
        out = {"row": self.label, "unit": self.unit, "ours": many, "python": one, "must": 0.925 * n, "aim": 0.975 * n}
        if n < 2 or many is None or one is None:
            why = b.why.get(self.side) or b.why.get(self.one) or ("one thread" if n < 2 else NOT_ASKED)
            return dict(out, verdict="not run: " + why)
        shares = b.median(self.side + " share"), b.median(self.one + " share")
        if all(shares):
            out["by_peak"] = n * shares[0] / shares[1]
        out["serial"] = b.median(self.side + " serial")
        return dict(out, ratio=many / one, verdict=verdict(many / one, out["must"], out["aim"]))


def rows_of(b):
    """The project's table for this kind of machine."""
    kind = kind_of(b.machine)
    zen, must_share = kind == "zen4", 0.65 if kind == "zen4" else 0.60
    dot, fma = b.median("peak bf16 1"), b.median("peak float32 1")
    fast_bf16 = bool(dot and fma and dot > 1.8 * fma)

    def speed(label, job, must, aim, unit="samples/s"):
        return Row(label, job + " ours rate", job + " python rate", unit, must, aim)

    def less(label, job, what, unit, must, aim, by_peak):
        return Row(label, f"{job} ours {what}", f"{job} python {what}", unit, must, aim, less=True, by_peak=by_peak)
    rows = [speed("train short, batch 32", "train32", 3, 3.7 if zen else 5),
            Share("  share of the peak", "train32 ours", must_share, 0.75),
            speed("train short, batch 128", "train128", 4, 6),
            Share("  share of the peak", "train128 ours", must_share, 0.75),
            speed("train long, batch 16", "long16", 1.9, 2.2 if zen else 3.3),
            Share("  share of the peak", "long16 ours", 0.60, 0.75)]
    if fast_bf16:
        rows.append(speed("train short, batch 32, bf16", "bf16", 4, 5))
    else:
        rows.append(Row("train short, bf16 / our float32", "bf16 ours rate", "train32 ours rate", "samples/s", 1, 1))
    rows += [speed("encode short, batch 32 / torch", "torch", 1.6, 2, "sentences/s"),
             Row("encode short / onnxruntime", "torch ours rate", "onnx python rate", "sentences/s", 1.4, 2),
             Row("one sentence / onnxruntime", "torch ours latency", "onnx python latency", "ms", 0.6, 0.4, less=True),
             speed("tokenization, one thread", "tokenize", 10, 30, "MB/s"),
             less("peak memory, train batch 32", "train32", "rss", "MiB", 1 / 5, 1 / 7, False),
             less("start to first training step", "train32", "first", "s", 1 / 20, 1 / 40, False),
             less("start to first embedding", "torch", "first", "s", 1 / 50, 1 / 200, False),
             Gain("1 to %d threads, training" % b.a.threads, "train32 ours", "one-train ours", "samples/s"),
             Gain("1 to %d threads, encoding" % b.a.threads, "torch ours", "one-encode ours", "sentences/s"),
             less("seconds to STS-B dev score", "sts", "seconds", "s", 1 / 3, 1 / 5, False)]
    return rows


def shown(x, digits=3):
    return "-" if x is None else f"{x:.0f}" if x >= 1000 else f"{x:.{digits}g}"


def print_table(b):
    lines = [line for line in (row.line(b) for row in rows_of(b)) if not line["verdict"].endswith(NOT_ASKED)]
    if b.a.json:
        for line in lines:
            print(json.dumps(dict(line, bench="peer", threads=b.a.threads)), flush=True)
        return
    m = b.machine
    print(f"\n{m.get('cpu')} ({m.get('vendor')} family {m.get('family')} model {m.get('model')}), {m.get('cpus')} processors, "
          f"load before the last run {m.get('load')}\n{m.get('build')}, compiler {m.get('compiler')}; {b.a.threads} threads")
    for name in sorted(k for k in b.samples if k.startswith("peak ")):
        x = b.samples[name]
        print(f"{name} thread(s): {min(x):.0f} to {max(x):.0f} GF/s, median {statistics.median(x):.0f}")
    print(f"\n{'measured':34s} {'ours':>9s} {'Python':>9s} {'':12s} {'ratio':>7s} {'by peak':>8s} {'must':>6s} {'aim':>6s}  verdict")
    for x in lines:
        print(f"{x['row']:34s} {shown(x['ours']):>9s} {shown(x['python']):>9s} {x['unit']:12s} {shown(x.get('ratio')):>7s} "
              f"{shown(x.get('by_peak')):>8s} {shown(x['must']):>6s} {shown(x['aim']):>6s}  {x['verdict']}")
        if x.get("serial") is not None:
            print(f"{'  serial share of a step':34s} {100 * x['serial']:8.2f}%")
    print("The last two of threads: ours with one thread stands in Python's column. Ratios are ours / Python's.")


# ---- all of it -----------------------------------------------------------------------------------

def alternate(b, job, swap):
    """One run of each side; the order changes from time to time."""
    sides = [(job.key + " python", lambda: job.peer(b)), (job.key + " ours", lambda: job.ours(b))]
    if job.key == "onnx":
        sides = sides[:1]                                       # ours is that of the row of torch
    for name, measure in reversed(sides) if swap else sides:
        print(f"  {name}", file=sys.stderr, flush=True)
        b.side(name, measure)
    if job.key in ONE and b.a.threads > 1:
        print(f"  {job.key} ours, one thread", file=sys.stderr, flush=True)
        b.side(ONE[job.key] + " ours", lambda: job.ours(b, threads=1))


WORDS = {"train32": "train memory start threads bf16", "train128": "train", "long16": "train long", "bf16": "bf16",
         "torch": "encode latency start threads", "onnx": "encode latency", "tokenize": "tokenize"}


def measure(b):
    """All alternations of the rows that are wanted; what is done is shown even when the user breaks in."""
    for i in range(b.a.alternations):
        for job in JOBS:
            if b.a.only and b.a.only not in WORDS[job.key].split():
                continue
            print(f"alternation {i + 1} of {b.a.alternations}: {job.label}", file=sys.stderr, flush=True)
            alternate(b, job, i % 2 == 1)
    if b.a.full and (not b.a.only or b.a.only == "sts"):
        print("STS-B: Python, then ours", file=sys.stderr, flush=True)
        b.side("sts python", lambda: score_peer(b))
        b.side("sts ours", lambda: score_ours(b))
    elif not b.a.only:
        b.why["sts ours"] = "takes minutes, --full runs it"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--alternations", type=int, default=3)
    p.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    p.add_argument("--only")
    p.add_argument("--python", default=os.environ.get("PEER_PYTHON"))
    p.add_argument("--bench", default="build/bench")
    p.add_argument("--sentrain", default="build/sentrain")
    p.add_argument("--model", default="build/models/all-MiniLM-L6-v2")
    p.add_argument("--data", default="build/bench-data")
    p.add_argument("--shared", default="../shared")
    for flag in ("quick", "full", "json"):
        p.add_argument("--" + flag, action="store_true")
    a = p.parse_args()
    if a.quick:
        a.alternations = 1
    b = Bench(a)
    try:
        b.peak()
    except Fails as e:
        sys.exit(f"bench-peer: {e}")
    try:
        measure(b)
    except KeyboardInterrupt:
        print("stopped; what was measured so far:", file=sys.stderr)
    print_table(b)
    return 0


if __name__ == "__main__":
    sys.exit(main())
