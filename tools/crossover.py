#!/usr/bin/env python3
"""Shows that a run may cross over between sentrain and Python at any checkpoint.

    python3 tools/crossover.py [build/sentrain]

Needs torch and sentence-transformers; makes its own tiny model and data, without dropout, in a temporary folder.
A run of 16 steps (two epochs and a part of a third) is made whole by either program, then cut at a step and
finished by the other one, then handed over at every fourth step. Each time the losses of all 16 steps are compared
with those of the uncut run, and the last weights; the bound on losses is what rounding alone makes of such runs, and
a run that loses its optimizer on the way shows that it is narrow enough. What one program wrote, converted there and
back, is compared to the bit."""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")
import torch
from datasets import Dataset, disable_progress_bars
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses
from transformers import BertConfig, BertModel, BertTokenizer, PrinterCallback
from transformers.utils import logging

SENTRAIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/sentrain")
STEPS, EACH, ROWS = 16, 4, 50
ARGS = dict(max_steps=STEPS, per_device_train_batch_size=8, learning_rate=1e-3, warmup_steps=3, lr_scheduler_type="linear",
            weight_decay=0.01, logging_steps=1, save_strategy="steps", save_steps=EACH, seed=12)
failed = 0


def check(name, good, more=""):
    global failed
    failed += not good
    print("%-4s %s %s" % ("ok" if good else "FAIL", name, more), flush=True)


def make_model(folder):
    words = "the a cat dog sat ran fast slow over under green blue hill river bird sang loud soft old new".split()
    raw = os.path.join(folder, "raw")
    os.makedirs(raw)
    with open(os.path.join(raw, "vocab.txt"), "w") as f:
        f.write("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words) + "\n")
    torch.manual_seed(1)
    BertModel(BertConfig(vocab_size=len(words) + 5, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                         max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)).save_pretrained(raw)
    BertTokenizer(os.path.join(raw, "vocab.txt")).save_pretrained(raw)
    SentenceTransformer(raw, device="cpu").save(os.path.join(folder, "model"))
    pick = random.Random(3)
    rows = [{"anchor": " ".join(pick.choices(words, k=pick.randint(3, 9))), "positive": " ".join(pick.choices(words, k=pick.randint(3, 9)))}
            for _ in range(ROWS)]
    with open(os.path.join(folder, "rows.jsonl"), "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in rows)
    return rows


def in_python(out, resume):
    model = SentenceTransformer(os.path.join(home, "model"), device="cpu")
    plain = dict(ARGS)
    for pattern in plain.pop("freeze", []):
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(parameter.requires_grad and not re.search(pattern, name))
    args = SentenceTransformerTrainingArguments(output_dir=out, use_cpu=True, report_to=[], disable_tqdm=True, **plain)
    t = SentenceTransformerTrainer(model=model, args=args, train_dataset=Dataset.from_list(rows),
                                   eval_dataset=Dataset.from_list(rows[:10]) if "eval_strategy" in ARGS else None,
                                   loss=losses.MultipleNegativesRankingLoss(model))
    t.remove_callback(PrinterCallback)
    t.train(resume_from_checkpoint=resume)


def in_c(out, resume):
    job = os.path.join(home, "job.json")
    with open(job, "w") as f:
        evaluated = {"eval_dataset": {"path": "rows.jsonl", "limit": 10}} if "eval_strategy" in ARGS else {}
        json.dump({"model": "model", "train_dataset": "rows.jsonl", "loss": {"type": "MultipleNegativesRankingLoss"}, **evaluated,
                   "args": dict(ARGS, output_dir=out), "save_to": os.path.join(out, "final")}, f)
    subprocess.run([SENTRAIN, "train", job, "--quiet"] + (["--resume", resume] if resume else []), check=True)


def convert(direction, checkpoint):
    subprocess.run([SENTRAIN, "convert-checkpoint", direction, checkpoint], check=True)


def run(name, plan, converted=True):
    """plan: (program, last step) one after the other. Both run to the end; what lies behind the cut is removed.
    converted False: Python's folders as they are; None: without an optimizer."""
    out, at, by = os.path.join(home, name), None, None
    for program, until in plan:
        if at and program is not by:
            if converted or (program is in_python and converted is False):
                convert("--to-python" if program is in_python else "--from-python", at)
            drop = ("optimizer.safetensors", "scheduler.json", "rng_state.json") if program is in_python else \
                   ("optimizer.pt", "scheduler.pt", "rng_state.pth")
            for f in drop:                                  # so that nobody reads his own files
                if converted or program is in_python:
                    os.remove(os.path.join(at, f))
        program(out, at)
        at, by = os.path.join(out, "checkpoint-%d" % until), program
        for d in os.listdir(out):
            if d.startswith("checkpoint-") and int(d.split("-")[1]) > until:
                shutil.rmtree(os.path.join(out, d))
    with open(os.path.join(at, "trainer_state.json")) as f:
        log = json.load(f)["log_history"]
    return {r["step"]: r["loss"] for r in log if "loss" in r}, load_file(os.path.join(at, "model.safetensors")), at


def compare(name, a, b, differ=False):
    loss = max(abs(a[0][i] - b[0][i]) / abs(a[0][i]) for i in range(1, STEPS + 1)) if sorted(a[0]) == sorted(b[0]) else float("inf")
    # A bias of all keys alike shifts every score of a row and changes no softmax: its gradient is rounding alone, which adagrad
    # and adafactor divide by its own size. Uncut runs of the two programs differ there as much.
    weight = max(float((a[1][k] - b[1][k]).abs().max()) for k in a[1] if not k.endswith("key.bias"))
    check(name, loss > 1e-3 if differ else loss < 1.4e-5 and weight < 1e-5, "largest difference: loss %.1e of its size, weight %.1e" % (loss, weight))


def same(a, b):
    if torch.is_tensor(a):
        return torch.is_tensor(b) and a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def there_and_back(c_folder, python_folder):
    """Conversions lose nothing: each program's files, through the other's form."""
    for folder, first, second, names in ((c_folder, "--to-python", "--from-python", ("optimizer.safetensors", "rng_state.json")),
                                         (python_folder, "--from-python", "--to-python", ("optimizer.pt", "scheduler.pt", "rng_state.pth"))):
        work = os.path.join(home, "work")
        shutil.copytree(folder, work)
        convert(first, work)
        for n in names:
            os.remove(os.path.join(work, n))
        if second == "--to-python":                         # Python has no such file; its seed is that of numpy's generator
            with open(os.path.join(work, "training_args.json"), "w") as f:
                json.dump({"seed": ARGS["seed"]}, f)
        convert(second, work)
        for n in names:
            a, b = os.path.join(folder, n), os.path.join(work, n)
            if n.endswith(".safetensors"):
                good = same(load_file(a), load_file(b))
            elif n.endswith(".json"):
                good = json.load(open(a)) == json.load(open(b))
            else:
                a, b = torch.load(a, weights_only=False), torch.load(b, weights_only=True)
                a.pop("numpy", None), b.pop("numpy", None)
                good = same(a, b)
            check("%s there and back" % n, good)
        shutil.rmtree(work)


disable_progress_bars()
logging.disable_progress_bar()
home = tempfile.mkdtemp()
try:
    rows = make_model(home)
    whole = run("python", [(in_python, STEPS)])
    c = run("c", [(in_c, STEPS)])
    compare("all in C, to all in Python", whole, c)
    there_and_back(c[2], whole[2])
    half = STEPS // 2
    compare("half in C, then Python", whole, run("cp", [(in_c, half), (in_python, STEPS)]))
    compare("half in Python, then C", whole, run("pc", [(in_python, half), (in_c, STEPS)]))
    both = (in_c, in_python)
    compare("handed over at every save", whole, run("zigzag", [(both[i % 2], EACH * (i + 1)) for i in range(STEPS // EACH)]))
    compare("half in Python, then C, not converted before", whole, run("raw", [(in_python, half), (in_c, STEPS)], False))
    compare("the same without its optimizer differs", whole, run("lost", [(in_c, half), (in_python, STEPS)], None), True)
    for optim, args in (("adamw_torch", None), ("sgd", "momentum=0.9,nesterov=True"), ("sgd", None), ("adagrad", "lr_decay=0.01"),
                        ("rmsprop", "momentum=0.5,centered=True"), ("adafactor", None)):
        kept = dict(ARGS)
        ARGS.update(optim=optim, **({"optim_args": args} if args else {}), learning_rate=1e-2 if optim == "sgd" else 1e-3)
        name = optim + (args or "")
        whole = run(name, [(in_python, STEPS)])
        compare("%s, half in C, then Python" % name, whole, run(name + "-cp", [(in_c, half), (in_python, STEPS)]))
        compare("%s, half in Python, then C" % name, whole, run(name + "-pc", [(in_python, half), (in_c, STEPS)]))
        ARGS.clear()
        ARGS.update(kept)
    ARGS["freeze"] = [r"layer\.0\.", "position_emb"]
    whole = run("frozen", [(in_python, STEPS)])
    compare("with frozen weights, half in C, then Python", whole, run("frozen-cp", [(in_c, half), (in_python, STEPS)]))
    compare("with frozen weights, half in Python, then C", whole, run("frozen-pc", [(in_python, half), (in_c, STEPS)], False))
    del ARGS["freeze"]                                      # Python's groups of a mapping hold frozen weights too
    ARGS["learning_rate_mapping"] = {"LayerNorm": 4e-3, "layer.1.attention": 2e-3, "word_embeddings": 2e-3}
    whole = run("rates", [(in_python, STEPS)])
    compare("with rates of their own, half in C, then Python", whole, run("rates-cp", [(in_c, half), (in_python, STEPS)]))
    compare("with rates of their own, half in Python, then C", whole, run("rates-pc", [(in_python, half), (in_c, STEPS)], False))
    for kind, kwargs in (("reduce_lr_on_plateau", {"patience": 0, "factor": 0.5, "mode": "max"}),
                         ("greedy", {"patience": 0, "factor": 0.5, "mode": "max", "min_lr": 1e-5, "smooth": True})):
        ARGS.update(lr_scheduler_type=kind, lr_scheduler_kwargs=kwargs, eval_strategy="steps", eval_steps=1)
        whole = run(kind, [(in_python, STEPS)])
        compare("%s, half in C, then Python" % kind, whole, run(kind + "-cp", [(in_c, half), (in_python, STEPS)]))
        compare("%s, half in Python, then C" % kind, whole, run(kind + "-pc", [(in_python, half), (in_c, STEPS)], False))
finally:
    shutil.rmtree(home, ignore_errors=True)
print("crossover: %d failed" % failed)
sys.exit(failed > 0)
