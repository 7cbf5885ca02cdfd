#!/usr/bin/env python3
"""Writes tests/golden/torch/: what Python's Trainer keeps of a run, of three weights and three steps.

    python3 tools/golden_torch.py [FOLDER]          needs torch; prints the numbers that tests/test_tensor.c expects"""
import os
import random
import sys

import numpy
import torch

OUT = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/torch"
os.makedirs(OUT, exist_ok=True)
torch.manual_seed(42)
random.seed(42)
numpy.random.seed(42)
m = torch.nn.Linear(3, 2)
unused = torch.nn.Parameter(torch.zeros(4))
o = torch.optim.AdamW([{"params": [m.weight], "weight_decay": 0.01}, {"params": [m.bias, unused], "weight_decay": 0.0}], lr=5e-4, fused=True)
s = torch.optim.lr_scheduler.LambdaLR(o, lambda e: 1 - e / 8)
for _ in range(3):
    m(torch.randn(5, 3)).pow(2).sum().backward()
    o.step()
    s.step()
    o.zero_grad()
torch.save(o.state_dict(), os.path.join(OUT, "optimizer.pt"))
torch.save(s.state_dict(), os.path.join(OUT, "scheduler.pt"))
torch.save({"python": random.getstate(), "numpy": numpy.random.get_state(), "cpu": torch.get_rng_state()}, os.path.join(OUT, "rng_state.pth"))
print(["%.9g" % x for x in o.state_dict()["state"][0]["exp_avg"].flatten()], s.state_dict()["_last_lr"])
