#!/usr/bin/env python3
"""Kills a training run at random moments and resumes it: it must always end in the same bits.

    python3 tests/kill.py [SENTRAIN [TIMES [SEED]]]        default: build/sentrain, 50 times, seed 1

The run saves at every step, keeps two checkpoints and the best one, evaluates and has dropout. Each time it is begun, killed
(SIGKILL) at a moment between its start and its end, and resumed; every third resume is killed too, and resumed again. Compared
with a run that nobody killed: the bytes of all weights and of the optimizer at the end, the history but for times, and which
checkpoints are left. Standard library only."""
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

SENTRAIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/sentrain")
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 50
pick = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
STEPS = 24


def job(folder):
    words = "the a cat dog sat ran fast slow over under green blue hill river bird sang loud soft".split()
    with open(os.path.join(folder, "vocab.txt"), "w") as f:
        f.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words) + "\n")
    rows = random.Random(5)
    for name, n in (("rows.tsv", 100), ("dev.tsv", 16)):
        with open(os.path.join(folder, name), "w") as f:
            f.write("anchor\tpositive\n")
            for _ in range(n):
                f.write("%s\t%s\n" % tuple(" ".join(rows.choices(words, k=rows.randint(3, 12))) for _ in range(2)))
    path = os.path.join(folder, "job.json")
    with open(path, "w") as f:
        json.dump({"model": {"modules": [
            {"type": "Transformer", "vocab": "vocab.txt", "max_seq_length": 32,
             "config": {"model_type": "bert", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                        "intermediate_size": 128, "max_position_embeddings": 64}},
            {"type": "Pooling", "pooling_mode": "mean"}]},
            "train_dataset": "rows.tsv", "eval_dataset": "dev.tsv", "loss": "MultipleNegativesRankingLoss",
            "args": {"max_steps": STEPS, "per_device_train_batch_size": 8, "learning_rate": 1e-3, "logging_steps": 2, "seed": 7,
                     "eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1, "save_total_limit": 2,
                     "load_best_model_at_end": True}}, f)
    return path


def command(path, out, resume):
    line = [SENTRAIN, "train", path, "--quiet", "--threads", "1", "--set", "args.output_dir=" + out,
            "--set", "save_to=" + os.path.join(out, "final")]
    return line + ["--resume"] * resume


def saved(out):
    """Numbers of the checkpoints there, half-made ones not counted."""
    names = os.listdir(out) if os.path.isdir(out) else []
    return sorted(int(m.group(1)) for m in (re.fullmatch(r"checkpoint-(\d+)(\.aside)?", n) for n in names) if m)


def result(out):
    h = hashlib.sha256()
    for name in ("final/model.safetensors", "checkpoint-%d/model.safetensors" % STEPS, "checkpoint-%d/optimizer.safetensors" % STEPS,
                 "checkpoint-%d/rng_state.json" % STEPS):
        with open(os.path.join(out, name), "rb") as f:
            h.update(f.read())
    with open(os.path.join(out, "trainer_state.json")) as f:
        state = json.load(f)
    # The final record's train_loss tells of the resumed part alone, as Python's does.
    log = [{k: v for k, v in r.items() if not k.endswith(("_runtime", "_per_second"))} for r in state["log_history"] if "train_loss" not in r]
    others = sorted(n for n in os.listdir(out) if n.startswith("checkpoint"))
    return h.hexdigest(), log, state["best_metric"], state["best_global_step"], others


def killed(line, seconds):
    """Whether the command was killed that many seconds after its start (it may have ended before)."""
    p = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        p.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()
        return True


home = tempfile.mkdtemp()
try:
    path = job(home)
    start = time.monotonic()
    subprocess.run(command(path, os.path.join(home, "whole"), False), check=True)
    length = time.monotonic() - start
    want = result(os.path.join(home, "whole"))
    wrong = kills = between = 0
    reached = set()
    for i in range(TIMES):
        out = os.path.join(home, "run")
        while not killed(command(path, out, False), pick.uniform(0, length)):
            shutil.rmtree(out)                              # it was faster than the first one
        kills += 1
        if i % 3 == 2 and killed(command(path, out, bool(saved(out))), pick.uniform(0, length)):
            kills += 1
        steps = saved(out)
        reached.add(steps[-1] if steps else 0)
        between += any(n.endswith((".part", ".aside", ".gone")) for n in (os.listdir(out) if os.path.isdir(out) else []))
        r = subprocess.run(command(path, out, bool(steps)), capture_output=True, text=True)
        if r.returncode or result(out) != want:
            wrong += 1
            print("FAIL: killed when %s were there: %s" % (steps, r.stderr.strip() or "another result"))
        shutil.rmtree(out, ignore_errors=True)
finally:
    shutil.rmtree(home, ignore_errors=True)
print("kill: %d runs of %.1f s, killed %d times (%d of the last ones while a checkpoint was made or removed), resumed from %d different steps: "
      "%d ended in other bits" % (TIMES, length, kills, between, len(reached), wrong))
sys.exit(wrong > 0)
