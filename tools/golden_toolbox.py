#!/usr/bin/env python3
"""Writes tests/golden/toolbox.json: what the functions of sentence_transformers.util give.

    python3 tools/golden_toolbox.py >tests/golden/toolbox.json

x (60,6): numbers of two decimals around nine points. No similarity is nearer than 1e-5 to a
threshold, and no two that are compared are nearer than 1e-6 to each other, so that the order of
sums decides nothing.
"""
import json

import numpy as np
from sentence_transformers.util import community_detection

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


out["community_detection"] = communities()
text = json.dumps(out)
print(text.replace('], "', '],\n "').replace("}, {", "},\n  {"))
