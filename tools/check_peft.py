#!/usr/bin/env python3
"""Adapters beside Python's: the same runs, and each side reads what the other wrote.

    python3 tools/check_peft.py MODEL [build/sentrain]      needs torch, sentence-transformers and peft

MODEL is a folder, all-MiniLM-L6-v2 for instance. Runs of ten steps with several LoraConfigs, dropout too (torch's
own masks), are compared by their losses, weights and embeddings; then PEFT loads our adapter, sentrain Python's,
both merge it, and a run crosses over at a checkpoint in both directions."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")
import numpy as np
import torch
from datasets import Dataset, disable_progress_bars
from peft import LoraConfig, PeftModel
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses
from transformers import AutoModel, PrinterCallback
from transformers.utils import logging

MODEL = os.path.abspath(sys.argv[1])
SENTRAIN = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else "build/sentrain")
HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = ["wake me at six", "it is cold in here", "play some music in the kitchen", ""]
ARGS = dict(per_device_train_batch_size=16, max_steps=10, learning_rate=1e-3, logging_steps=1, seed=12)
failed = 0


def check(name, good, more=""):
    global failed
    failed += not good
    print("%-4s %s %s" % ("ok" if good else "FAIL", name, more), flush=True)


def ours(folder, name, rows, lora, drop, more, resume=None):
    out = os.path.join(folder, name)
    job = dict(model=MODEL, config=dict(hidden_dropout_prob=drop, attention_probs_dropout_prob=drop), adapter=lora,
               train_dataset=os.path.join(folder, "rows.tsv"), loss="MultipleNegativesRankingLoss", save_to=out,
               args=dict(ARGS, output_dir=out + ".out", dropout_rng="torch", **more))
    with open(out + ".json", "w") as f:
        json.dump(job, f)
    run = subprocess.run([SENTRAIN, "train", out + ".json", "--quiet"] + ([f"--resume={resume}"] if resume else []),
                         capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)
    with open(out + ".out/trainer_state.json") as f:
        return [h["loss"] for h in json.load(f)["log_history"] if "loss" in h], out


def python(folder, name, rows, lora, drop, more, resume=None):
    out = os.path.join(folder, name)
    model = SentenceTransformer(MODEL, device="cpu",
                                config_kwargs=dict(hidden_dropout_prob=drop, attention_probs_dropout_prob=drop))
    torch.manual_seed(ARGS["seed"])
    model.add_adapter(LoraConfig(task_type="FEATURE_EXTRACTION", **lora))
    args = SentenceTransformerTrainingArguments(out + ".out", report_to=[], use_cpu=True, disable_tqdm=True, **ARGS, **more)
    trainer = SentenceTransformerTrainer(model, args, Dataset.from_list(rows), loss=losses.MultipleNegativesRankingLoss(model))
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=resume)
    model.save(out, create_model_card=False)
    return [h["loss"] for h in trainer.state.log_history if "loss" in h], out, model


def far(a, b):
    return float(np.abs(np.asarray(a) - np.asarray(b)).max())


def vectors(folder, name):
    """Embeddings of TEXTS by sentrain."""
    path = os.path.join(folder, "texts.txt")
    with open(path, "w") as f:
        f.write("\n".join(TEXTS) + "\n")
    subprocess.run([SENTRAIN, "encode", name, path, "--output", path + ".npy", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return np.load(path + ".npy")


def same_runs(folder, rows):
    all_linear = dict(r=4, lora_alpha=8, target_modules="all-linear")
    for name, lora, drop, more in [
            ("plain", dict(r=4, lora_alpha=8), 0.0, {}),
            ("all-linear", all_linear, 0.0, {}),
            ("dropout", dict(all_linear, lora_dropout=0.2), 0.1, {}),
            ("checkpointing", dict(r=4, lora_alpha=8, lora_dropout=0.1), 0.1, dict(gradient_checkpointing=True)),
            ("patterns", dict(r=4, lora_alpha=8, use_rslora=True, target_modules=r".*\.(query|dense)", exclude_modules=["pooler.dense"],
                              rank_pattern={"query": 2, r"layer\.1\..*dense": 6}, alpha_pattern={"query": 3}), 0.0, {}),
            ("layers, gaussian", dict(r=4, target_modules=["query", "output.dense"], layers_to_transform=[1, 3],
                                      init_lora_weights="gaussian"), 0.0, {}),
            ("a drawn start", dict(r=4, target_modules=["key"], layers_to_transform=[2], layers_pattern="layer",
                                   init_lora_weights=False), 0.0, {})]:
        a, at = ours(folder, "c", rows, lora, drop, dict(more, save_strategy="no"))
        b, by, model = python(folder, "py", rows, lora, drop, dict(more, save_strategy="no"))
        x, y = load_file(at + "/adapter_model.safetensors"), load_file(by + "/adapter_model.safetensors")
        weights = max(far(x[k], y[k]) for k in y) if set(x) == set(y) else float("inf")
        both = far(SentenceTransformer(at, device="cpu").encode(TEXTS), model.encode(TEXTS))
        check(name, len(a) == len(b) and far(a, b) < 1e-5 and weights < 2e-3 and both < 1e-5,
              "losses %.1e, weights %.1e, embeddings %.1e" % (far(a, b), weights, both))


def each_other(folder, rows):
    lora = dict(r=8, lora_alpha=16, target_modules=["query", "value", "dense"])
    _, at = ours(folder, "c", rows, lora, 0.0, dict(save_strategy="no"))
    _, by, model = python(folder, "py", rows, lora, 0.0, dict(save_strategy="no"))
    check("sentrain loads Python's adapter", far(vectors(folder, by), model.encode(TEXTS)) < 2e-6)
    base = AutoModel.from_pretrained(MODEL)
    peft = PeftModel.from_pretrained(base, at).eval()
    st = SentenceTransformer(MODEL, device="cpu")
    st[0].model = peft
    mine = vectors(folder, at)
    check("PEFT loads sentrain's adapter", far(mine, st.encode(TEXTS)) < 2e-6, "%.1e" % far(mine, st.encode(TEXTS)))
    st[0].model = peft.merge_and_unload()
    subprocess.run([SENTRAIN, "merge", at, "--output", at + ".merged", "--quiet"], check=True)
    check("merged, and read by Python", far(SentenceTransformer(at + ".merged", device="cpu").encode(TEXTS), st.encode(TEXTS)) < 2e-6)
    x, y = load_file(at + ".merged/model.safetensors"), st[0].model.state_dict()
    check("merged weights", max(far(x[k], y[k].numpy()) for k in x) < 1e-6)


def crossing(folder, rows):
    lora = dict(r=4, lora_alpha=8)
    more = dict(save_strategy="steps", save_steps=5)
    whole, at = ours(folder, "c", rows, lora, 0.0, more)
    other, by, _ = python(folder, "py", rows, lora, 0.0, more)
    subprocess.run([SENTRAIN, "convert-checkpoint", "--to-python", at + ".out/checkpoint-5"], check=True)
    b, _, _ = python(folder, "py2", rows, lora, 0.0, more, at + ".out/checkpoint-5")
    check("begun here, ended in Python", far(b, whole) < 1e-5, "%.1e" % far(b, whole))
    a, _ = ours(folder, "c2", rows, lora, 0.0, more, by + ".out/checkpoint-5")
    check("begun in Python, ended here", far(a, other) < 1e-5, "%.1e" % far(a, other))


def main():
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    disable_progress_bars()
    with open(os.path.join(HERE, "../examples/data/pairs.tsv")) as f:
        names, *lines = [line.rstrip("\n").split("\t")[:2] for line in f]
    rows = [dict(zip(names, line)) for line in lines[:160]]
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "rows.tsv"), "w") as f:
        f.writelines("\t".join(r) + "\n" for r in [names] + [list(r.values()) for r in rows])
    try:
        same_runs(folder, rows)
        each_other(folder, rows)
        crossing(folder, rows)
    finally:
        shutil.rmtree(folder)
    print("%d failed" % failed)
    return failed > 0


sys.exit(main())
