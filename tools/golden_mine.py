#!/usr/bin/env python3
"""Writes tests/golden/mine.json: what sentence-transformers' mine_hard_negatives makes of some pairs, for embeddings
that stand in the file.

    python tools/golden_mine.py tests/golden/mine.json        (needs sentence-transformers 6.2)

The model is a table from text to vector, so that the C code can be given the same numbers."""
import contextlib
import io
import json
import sys

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers.util import cos_sim, dot_score, mine_hard_negatives, pairwise_cos_sim, pairwise_dot_score

rng = np.random.default_rng(7)
DIM = 6
TEXTS = [f"q{i}" for i in range(9)] + [f"d{i}" for i in range(22)]
VECTORS = {}
for text in TEXTS:
    v = rng.standard_normal(DIM)
    if text.startswith("d") and int(text[1:]) < 9:              # near its query
        v = VECTORS["q" + text[1:]] + 0.7 * v
    VECTORS[text] = np.round(v / np.linalg.norm(v), 4).astype(np.float32)


class Model:
    device = torch.device("cpu")

    def __init__(self, dot):
        self.similarity = dot_score if dot else cos_sim
        self.similarity_pairwise = pairwise_dot_score if dot else pairwise_cos_sim

    def encode_document(self, texts, **kw):
        return np.stack([VECTORS[t] for t in texts])

    encode_query = encode_document


PAIRS = [(f"q{i}", f"d{i}") for i in range(9)]
SEVERAL = PAIRS + [("q2", "d12"), ("q0", "d13"), ("q2", "d14"), ("q1", "d1"), ("q5", "d2")]
EXTRA = [f"d{i}" for i in (15, 16, 3, 17, 18, 19, 20, 21, 15)]
CASES = [
    (PAIRS, None, {}),
    (PAIRS, EXTRA, {"num_negatives": 2, "output_scores": True}),
    (SEVERAL, EXTRA, {"num_negatives": 2, "output_scores": True}),
    (SEVERAL, EXTRA, {"num_negatives": 4, "output_format": "n-tuple", "output_scores": True, "max_score": 0.5}),
    (SEVERAL, EXTRA, {"num_negatives": 3, "output_format": "labeled-pair", "output_scores": True, "relative_margin": 0.3}),
    (SEVERAL, None, {"num_negatives": 3, "output_format": "labeled-pair", "range_min": 2}),
    (SEVERAL, EXTRA, {"num_negatives": 5, "output_format": "labeled-list", "output_scores": True, "absolute_margin": 0.25}),
    (SEVERAL, EXTRA, {"num_negatives": 2, "output_format": "labeled-list", "range_min": 1, "range_max": 4}),
    (SEVERAL, EXTRA, {"num_negatives": 3, "output_scores": True, "absolute_margin": 0.1, "relative_margin": 0.2,
                      "max_score": 0.4, "min_score": -0.2}),
    (SEVERAL, EXTRA, {"num_negatives": 6, "include_positives": True, "output_scores": True}),
    (PAIRS, EXTRA, {"num_negatives": 3, "min_score": 0.1, "output_scores": True, "range_max": 6}),
    (PAIRS, None, {"num_negatives": 6, "range_max": 40, "output_scores": True}),
    (PAIRS, EXTRA, {"num_negatives": 1, "relative_margin": 0.0, "output_scores": True, "dot": True}),
    (SEVERAL, EXTRA, {"num_negatives": 4, "sampling_strategy": "random", "range_max": 4, "output_scores": True}),
]


def main():
    out = {"about": "mine_hard_negatives of sentence-transformers 6.2; written by tools/golden_mine.py",
           "vectors": {t: [float(x) for x in v] for t, v in VECTORS.items()}, "cases": []}
    for pairs, corpus, args in CASES:
        kw = dict(args)
        data = Dataset.from_dict({"anchor": [a for a, _ in pairs], "positive": [b for _, b in pairs]})
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            mined = mine_hard_negatives(data, Model(kw.pop("dot", False)), corpus=list(corpus) if corpus else None, **kw)
        skipped = {}
        for line in said.getvalue().splitlines():
            if line.startswith("Skipped"):
                skipped[line.split("due to the ")[1].split(" of ")[0]] = int(line.split()[1].replace(",", ""))
            if line.startswith("Could not find"):
                skipped["missing"] = int(line.split("for ")[1].split()[0])
            if line.startswith("Count"):
                skipped["positives"], skipped["negatives"] = (int(x.replace(",", "")) for x in line.split()[1:3])
        out["cases"].append({"pairs": pairs, "corpus": corpus or [], "args": args, "rows": mined.to_list(),
                             "counts": skipped})
    with open(sys.argv[1], "w") as f:
        f.write("{\n" + ",\n".join(
            f'"{k}": ' + (json.dumps(v) if k != "cases" else "[\n" + ",\n".join(json.dumps(c) for c in v) + "\n]")
            for k, v in out.items()) + "\n}\n")


main()
