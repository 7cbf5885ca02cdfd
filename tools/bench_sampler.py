#!/usr/bin/env python3
"""Python's side of `bench --only samplers`: an epoch of NoDuplicatesBatchSampler over the same rows.

    python3 tools/bench_sampler.py [ROWS]        1000000; needs sentence-transformers and xxhash
"""
import sys
import time

import torch
from datasets import Dataset
from sentence_transformers.base.sampler import NoDuplicatesBatchSampler

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
data = Dataset.from_dict({"anchor": ["question %d" % (i * 7919 % (rows // 10 * 9)) for i in range(rows)],
                          "positive": ["answer %d" % i for i in range(rows)], "label": [i % 1000 for i in range(rows)]})
for hashed in (True, False):
    begun = time.perf_counter()
    sampler = NoDuplicatesBatchSampler(data, batch_size=1024, drop_last=False, valid_label_columns=["label"],
                                       generator=torch.Generator().manual_seed(42), seed=42, precompute_hashes=hashed)
    batches = sum(1 for _ in sampler)
    print("no_duplicates%s: %.2f s, %d batches" % ("_hashed" if hashed else "", time.perf_counter() - begun, batches), flush=True)
