#!/usr/bin/env python3
"""golden_arrow.py: writes tests/golden/arrow, folders as datasets.Dataset.save_to_disk leaves them, and the same rows as JSON
lines, which tests/test_data.c compares with them cell by cell. Needs the package datasets (5.2 wrote what is there).

    python3 tools/golden_arrow.py
"""
import datetime
import json
import os
import shutil

import datasets
from datasets import ClassLabel, Features, LargeList, List, Value

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "arrow")
TEXTS = ["a cat", "", "na\u00efve caf\u00e9", "\U0001f600 \"quoted\"\nand more", "x" * 300]


def row(i):
    return {"anchor": TEXTS[i], "positive": "text %d" % i, "negatives": ["no %d" % i, TEXTS[-1 - i]], "label": i % 3,
            "score": [i / 4, -i / 8], "scores": [[i, i + 0.5], [-i, 2.0 ** i], [0.25, i]], "fixed": [i, 2 * i],
            "single": i / 3 if i == 0 else 0.5 ** i, "half": i / 2, "small": i - 2, "large": 2 ** 53 + i,
            "yes": i % 2 == 0, "when": datetime.datetime(2024, 1, 1 + i), "struct": {"x": i, "y": str(i)}}


FEATURES = Features({
    "anchor": Value("string"), "positive": Value("large_string"), "negatives": List(Value("string")),
    "label": ClassLabel(names=["no", "maybe", "yes"]), "score": List(Value("float32")),
    "scores": LargeList(List(Value("float64"))), "fixed": List(Value("int32"), length=2), "single": Value("float32"),
    "half": Value("float16"), "small": Value("int8"), "large": Value("uint64"), "yes": Value("bool"),
    "when": Value("timestamp[s]"), "struct": {"x": Value("int64"), "y": Value("string")}})


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    rows = [row(i) for i in range(5)]
    data = datasets.Dataset.from_list(rows, features=FEATURES)
    for name, part, shards in (("whole", data, 1), ("shards", data, 2), ("sliced", data.select(range(1, 4)), 1)):
        part.save_to_disk(os.path.join(HERE, name), num_shards=shards)
    broken = [dict(r, positive=None if i == 3 else r["positive"]) for i, r in enumerate(rows)]
    datasets.Dataset.from_list(broken, features=FEATURES).save_to_disk(os.path.join(HERE, "null"))
    for r in rows:
        del r["when"], r["struct"]
    with open(os.path.join(HERE, "rows.jsonl"), "w", encoding="utf-8") as f:
        f.writelines(json.dumps(r) + "\n" for r in rows)


main()
