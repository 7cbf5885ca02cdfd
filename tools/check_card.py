#!/usr/bin/env python3
"""check_card.py: reads the README.md of a trained model with huggingface_hub's ModelCard, as a hub would.

    python3 tools/check_card.py build/sentrain [WORK]

It trains a small model from examples/data twice, from new weights and then from a folder with a card of its own, with a
job's "model_card_data", and compares what ModelCard finds with what was said: nothing lost, nothing turned into another
type. The front matter, written again by huggingface_hub, must read the same. Needs huggingface_hub and PyYAML."""
import json
import os
import subprocess
import sys
import tempfile

import yaml
from huggingface_hub import ModelCard

DATA = {"language": ["en", "no"], "license": "other: see below", "model_name": "Lamps & doors #1", "tags": ["home", "1e5", "yes"],
        "finetuned_from": "org/base-model_1.5", "tasks": ["sentence-similarity", "feature-extraction"],
        "dataset_tags": ["org/pairs", "org/more"], "dataset": ["Pairs: the first", "More"], "dataset_args": ["train", "dev"]}
BASE = "---\nlanguage: en\nlicense: apache-2.0\nbase_model:\n- org/older\n---\n\n# A base model\n"


def run(program, job, work, name):
    path = os.path.join(work, name + ".json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(job, f)
    subprocess.run([program, "train", path, "--quiet"], check=True)
    with open(os.path.join(work, name, "final", "README.md"), encoding="utf-8") as f:
        text = f.read()
    return ModelCard(text), text


def same(what, found, wanted):
    if found != wanted:
        sys.exit(f"check_card: {what} is {found!r} instead of {wanted!r}")


def main():
    program = os.path.abspath(sys.argv[1])
    work = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples")
    with open(os.path.join(here, "demo.json"), encoding="utf-8") as f:
        job = json.load(f)
    for part in (job["model"]["modules"][0], job["evaluator"], job):
        for key in ("vocab", "dataset", "train_dataset"):
            if key in part:
                part[key] = os.path.abspath(os.path.join(here, part[key]))
    job["args"].update(num_train_epochs=1, output_dir=os.path.join(work, "one"))
    job["model_card_data"] = DATA
    card, text = run(program, job, work, "one")
    data = card.data.to_dict()
    for key in ("language", "license", "tags"):
        same(key, data[key] if key != "tags" else data[key][-3:], DATA[key])
    same("base_model", data["base_model"], DATA["finetuned_from"])
    same("datasets", data["datasets"], DATA["dataset_tags"])
    same("pipeline_tag", data["pipeline_tag"], DATA["tasks"][0])
    same("library_name", data["library_name"], "sentence-transformers")
    same("the model's name", card.data.model_name, DATA["model_name"])
    results = card.data.eval_results
    same("results", len(results), 2 * 2)
    for i, one in enumerate(results):
        same("a task", one.task_type, DATA["tasks"][i // 2])
        same("a dataset", (one.dataset_type, one.dataset_name, one.dataset_args),
             tuple(DATA[key][i % 2] for key in ("dataset_tags", "dataset", "dataset_args")))
        same("a metric", (one.metric_type, type(one.metric_value)), ("heldout_cosine_accuracy", float))
    again = ModelCard("---\n" + card.data.to_yaml() + "\n---\n").data.to_dict()
    same("the front matter, written again", again, data)
    same("PyYAML's reading", sorted(yaml.safe_load(text.split("---\n")[1])), sorted(data))

    folder = os.path.join(work, "one", "final")
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8") as f:
        f.write(BASE)
    job["model"] = folder
    job["args"]["output_dir"] = os.path.join(work, "two")
    del job["model_card_data"], job["evaluator"], job["args"]["eval_strategy"]
    card, text = run(program, job, work, "two")
    data = card.data.to_dict()
    same("the licence of the base model's card", data["license"], "apache-2.0")
    same("its base model", data["base_model"], "org/older")
    same("results where nothing was measured", "model-index" in data or bool(card.data.eval_results), False)
    print("check_card: two cards, as huggingface_hub reads them: all that was said is there")


if __name__ == "__main__":
    main()
