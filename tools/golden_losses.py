#!/usr/bin/env python3
"""Writes tests/golden/losses.json: values and gradients of the losses by sentence-transformers.

    python3 tools/golden_losses.py >tests/golden/losses.json

Needs sentence-transformers 6.2.0. Everything is computed in float64 from inputs that are exact in
float32, so the numbers are those that float32 code should come near to. Keyword arguments are
spelled as in a job file.
"""
import json
import random

import torch
from sentence_transformers import util
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses import TripletDistanceMetric

ROWS, WIDTH, COLUMNS = 5, 7, 4
LABELS = [0.75, 0.25, 0.5, 0.25, -1.0]          # exact in float32, with a tie

MNRL, COSENT = "MultipleNegativesRankingLoss", "CoSENTLoss"
COSINE, TRIPLET = "CosineSimilarityLoss", "TripletLoss"
ALL = ["query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"]
PER = {"partition_mode": "per_direction"}


def cases():
    """(loss, keyword arguments, number of columns, labels)"""
    for columns in (2, 3, 4):
        yield MNRL, {}, columns, None
    yield MNRL, {"scale": 3.5}, 3, None
    for name in ("cos_sim", "dot_score", "euclidean_sim", "manhattan_sim"):
        yield MNRL, {"scale": 1.5, "similarity_fct": name, "directions": ALL}, 3, None
    for pick in ([1], [2], [3], [1, 2], [3, 2], [1, 2, 3]):
        yield MNRL, {"scale": 4.0, "directions": [ALL[i] for i in pick] + [ALL[0]]}, 4, None
    yield MNRL, {"scale": 4.0, "directions": ["query_to_doc", "doc_to_query"], **PER}, 4, None
    yield MNRL, {"scale": 4.0, **PER}, 2, None
    yield MNRL, {"gather_across_devices": True, "hardness_mode": None}, 2, None
    for mode in ("in_batch_negatives", "hard_negatives", "all_negatives"):
        for columns in (2, 4):
            hardness = {"hardness_mode": mode, "hardness_strength": 2.5}
            yield MNRL, {"scale": 4.0, **hardness}, columns, None
    yield MNRL, {"scale": 4.0, "directions": ALL, "hardness_mode": "all_negatives",
                 "hardness_strength": 1.25}, 3, None
    yield COSENT, {}, 2, LABELS
    yield COSENT, {"scale": 2.0}, 2, LABELS
    yield COSENT, {}, 2, [0.5] * ROWS
    for name in ("dot_score", "euclidean_sim", "manhattan_sim"):
        yield COSENT, {"scale": 1.5, "similarity_fct": "pairwise_" + name}, 2, LABELS
    for name in ("MSELoss", "L1Loss"):
        yield COSINE, {"loss_fct": name}, 2, LABELS
    for name in ("Identity", "Tanh", "Sigmoid", "ReLU", "GELU", "SiLU"):
        yield COSINE, {"cos_score_transformation": {"type": name}}, 2, LABELS
    yield COSINE, {"loss_fct": {"type": "L1Loss"}, "cos_score_transformation": "Tanh"}, 2, LABELS
    yield TRIPLET, {}, 3, None
    for name in ("COSINE", "EUCLIDEAN", "MANHATTAN"):
        yield TRIPLET, {"distance_metric": name, "triplet_margin": 0.5}, 3, None
    python = "TripletDistanceMetric.COSINE"
    yield TRIPLET, {"distance_metric": python, "triplet_margin": -1.0}, 3, None


def python_value(key, value):
    """What the job file's spelling means in Python."""
    if key == "similarity_fct":
        return getattr(util, value)
    if key == "distance_metric":
        return getattr(TripletDistanceMetric, value.split(".")[-1])
    if key in ("loss_fct", "cos_score_transformation"):
        return getattr(torch.nn, value["type"] if isinstance(value, dict) else value)()
    return tuple(value) if key == "directions" else value


def run(embeddings, loss, kwargs, columns, labels):
    made = getattr(losses, loss)(None, **{k: python_value(k, v) for k, v in kwargs.items()})
    x = [torch.tensor(e, dtype=torch.float64, requires_grad=True) for e in embeddings[:columns]]
    y = None if labels is None else torch.tensor(labels, dtype=torch.float64)
    value = made.compute_loss_from_embeddings(x, y)
    value.backward()
    return {"loss": loss, "kwargs": kwargs, "columns": list(range(columns)), "labels": labels,
            "value": float(f"{value.item():.9g}"),
            "grads": [[[float(f"{g + 0.0:.7g}") for g in row] for row in e.grad.tolist()] for e in x]}


def main():
    torch.Tensor.float = torch.Tensor.double    # labels.float() must not fall out of float64
    rng = random.Random(7)
    embeddings = [[[round(rng.gauss(0, 1) * 64) / 64 for _ in range(WIDTH)] for _ in range(ROWS)]
                  for _ in range(COLUMNS)]
    out = [json.dumps(run(embeddings, *case)) for case in cases()]
    print('{"about": "tools/golden_losses.py: sentence-transformers 6.2.0, float64",')
    print(f'"embeddings": {json.dumps(embeddings)},\n"cases": [')
    print(",\n".join(out) + "\n]}")


if __name__ == "__main__":
    main()
