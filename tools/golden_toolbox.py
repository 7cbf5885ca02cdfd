#!/usr/bin/env python3
"""Writes tests/golden/toolbox.json: what the functions of sentence_transformers.util give.

    python3 tools/golden_toolbox.py >tests/golden/toolbox.json

x (60,6): numbers of two decimals around nine points. No similarity is nearer than 1e-5 to a
threshold, and no two that are compared are nearer than 1e-6 to each other, so that the order of
sums decides nothing.

Search among quantized embeddings: queries (5,75) and a corpus (300,75) of a linear congruential
generator. Of equal scores the lower row comes first here; where that decides nothing, usearch and
faiss (both needed) have to agree.
"""
import json

import numpy as np
from sklearn.decomposition import PCA
from sentence_transformers.util import community_detection
from sentence_transformers.util.quantization import quantize_embeddings, semantic_search_faiss, semantic_search_usearch

random = np.random.default_rng(5)
points = random.normal(size=(9, 6))
x = np.round(points[random.integers(0, 9, 60)] + 0.25 * random.normal(size=(60, 6)), 2).astype(np.float32)
out = {"rows": 60, "dimension": 6, "x": [round(float(v), 2) for v in x.flatten()]}


def communities():
    y = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    cosine = y @ y.T
    cases = []
    for threshold, size in [(0.75, 10), (0.75, 1), (0.9, 2), (0.97, 2), (0.99, 1), (-0.3, 5), (0.9, 60), (0.5, 61)]:
        assert np.abs(cosine - threshold).min() > 1e-5
        cases.append({"threshold": threshold, "min_community_size": size,
                      "out": community_detection(x, threshold=threshold, min_community_size=size)})
    assert min(np.diff(np.sort(row)).min() for row in cosine) > 1e-6
    return cases


def congruential(rows, columns, seed):
    out = []
    for _ in range(rows * columns):
        seed = (seed * 1103515245 + 12345) % 2**31
        out.append(((seed >> 8) % 401 - 200) / 100)
    return np.array(out, np.float32).reshape(rows, columns)


def numbers(rows, precision, dimension):
    """Quantized rows as Python's functions look at them before the first score."""
    if precision in ("int8", "uint8"):
        return rows.astype(np.int64)
    return np.unpackbits(rows.view(np.uint8) ^ (0x80 if precision == "binary" else 0), axis=-1)[:, :dimension].astype(np.int64)


def quantized_case(precision, given, multiplier, top_k):
    queries, corpus = congruential(5, 75, 1), congruential(300, 75, 2)
    ranges = np.vstack((corpus.min(0), corpus.max(0))) if given else None
    rows = quantize_embeddings(corpus, precision, ranges=ranges if given else np.vstack((queries.min(0), queries.max(0))))
    search = semantic_search_faiss if precision == "uint8" else semantic_search_usearch
    real = search(queries, corpus_embeddings=rows, corpus_precision=precision, top_k=top_k, ranges=ranges,
                  rescore=multiplier > 0, rescore_multiplier=max(multiplier, 1))[0]
    if ranges is None:
        ranges = np.vstack((queries.min(0), queries.max(0)))
    a, b = numbers(quantize_embeddings(queries, precision, ranges=ranges), precision, 75), numbers(rows, precision, 75)
    first = a @ b.T if precision in ("int8", "uint8") else -(a[:, None] != b[None]).sum(-1)
    steps = ((ranges[1] - ranges[0]) / np.float32(255)).astype(np.float64)
    meant = (b + (128 if precision == "int8" else 0)) * steps + ranges[0] if precision in ("int8", "uint8") else b
    hits = []
    for q in range(len(queries)):
        k = min(top_k * max(multiplier, 1), 300)
        order = np.argsort(-first[q], kind="stable")
        clear = k == 300 or first[q][order[k - 1]] != first[q][order[k]]
        found, score = order[:k], first[q][order[:k]].astype(np.float64)
        if multiplier:
            score = meant[found] @ queries[q].astype(np.float64)
            again = sorted(range(k), key=lambda i: (-score[i], found[i]))[:min(top_k, 300)]
            found, score = found[again], score[again]
            if clear:
                assert [h["corpus_id"] for h in real[q]] == found.tolist()
                assert np.allclose([h["score"] for h in real[q]], score, rtol=1e-6)
        elif clear and precision in ("binary", "ubinary"):
            assert sorted(h["corpus_id"] for h in real[q]) == sorted(found.tolist())
        elif clear and precision == "uint8":
            assert np.allclose([h["score"] for h in real[q]], score, rtol=1e-6)
        hits.append([[int(i), round(float(v), 5)] for i, v in zip(found, score)])
    return {"precision": precision, "given": given, "rescore_multiplier": multiplier, "top_k": top_k, "hits": hits}


out["community_detection"] = communities()
out["quantized_search"] = [quantized_case(*case) for case in (
    ("int8", True, 2, 5), ("int8", False, 4, 3), ("int8", True, 0, 5), ("uint8", True, 2, 5), ("uint8", True, 0, 4),
    ("binary", True, 4, 5), ("ubinary", True, 2, 10), ("ubinary", True, 0, 7), ("binary", True, 1000, 6))]


def components(dimension, whiten):
    pca = PCA(dimension, whiten=whiten, svd_solver="full").fit(x.astype(np.float64))
    matrix = pca.components_ / np.sqrt(pca.explained_variance_)[:, None] if whiten else pca.components_
    return {"dimension": dimension, "whiten": whiten, "kept": float(pca.explained_variance_ratio_.sum()),
            "matrix": np.round(matrix, 7).tolist(), "bias": np.round(-matrix @ pca.mean_, 7).tolist()}


out["pca"] = [components(3, False), components(6, True), components(1, False)]
text = json.dumps(out)
print(text.replace('], "', '],\n "').replace("}, {", "},\n  {"))
