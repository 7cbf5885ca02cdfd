#!/usr/bin/env python3
"""Writes tests/golden/optim.json: optimizer steps by torch, learning rates by transformers.

    python3 tools/golden_optim.py >tests/golden/optim.json

Two tensors, W (3,4) with weight decay and b without, six updates in float32 with the learning rates
lrs. Schedules: the rate of each update and of two beyond the end; of those that follow a metric: the rates of two groups after
each metric.
"""
import json
import random

import torch
from transformers import Adafactor, get_scheduler

STEPS, LRS = 6, [0.0, 0.005, 0.01, 0.01, 0.008, 0.004]

OPTIMIZERS = [
    ("adamw_torch", {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1}),
    ("adamw_torch_fused", {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1}),
    ("adamw_torch", {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.0}),
    ("adamw_torch", {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.01}),
]
OTHERS = [
    ("sgd", "", 0.1), ("sgd", "momentum=0.9", 0.0), ("sgd", "momentum=0.9,dampening=0.2", 0.1),
    ("sgd", "momentum=0.9,nesterov=True", 0.1), ("adagrad", "", 0.1),
    ("adagrad", "lr_decay=0.1,eps=1e-6", 0.0), ("rmsprop", "", 0.1),
    ("rmsprop", "momentum=0.9,alpha=0.95", 0.0),
    ("rmsprop", "momentum=0.9,alpha=0.95,eps=1e-7,centered=True", 0.1),
    ("adafactor", "", 0.1), ("adafactor", "", 0.0),
]
SCHEDULES = [("linear", {}), ("cosine", {}), ("cosine", {"num_cycles": 1.5}), ("constant", {}),
             ("constant_with_warmup", {}), ("cosine_with_restarts", {}),
             ("cosine_with_restarts", {"num_cycles": 3}), ("polynomial", {}),
             ("polynomial", {"power": 2.0, "lr_end": 1e-5}), ("inverse_sqrt", {}),
             ("inverse_sqrt", {"timescale": 7}), ("cosine_with_min_lr", {"min_lr": 1e-5}),
             ("cosine_with_min_lr", {"min_lr_rate": 0.1, "num_cycles": 1.5}),
             ("cosine_warmup_with_min_lr", {"min_lr": 1e-5}),
             ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2}),
             ("warmup_stable_decay", {"num_decay_steps": 6}),
             ("warmup_stable_decay", {"num_decay_steps": 5, "num_stable_steps": 7, "min_lr_ratio": 0.05,
                                      "warmup_type": "cosine", "decay_type": "1-sqrt"}),
             ("warmup_stable_decay", {"num_decay_steps": 5, "warmup_type": "1-sqrt",
                                      "decay_type": "linear"})]


METRICS = [1.0, 0.9, 0.91, 0.92, 0.93, 0.8, 0.8, 0.8, float("nan"), 0.8, 0.79, 0.9, 0.9, 0.9, 0.9, 0.7, 0.6, 0.5, 0.4,
           0.3, 0.2, 0.1, 0.05, 0.04, 0.03]
METRIC_DRIVEN = [("reduce_lr_on_plateau", {}), ("reduce_lr_on_plateau", {"patience": 2, "factor": 0.5}),
                 ("reduce_lr_on_plateau", {"patience": 1, "factor": 0.5, "cooldown": 2, "mode": "max"}),
                 ("reduce_lr_on_plateau", {"patience": 0, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.002}),
                 ("reduce_lr_on_plateau", {"patience": 0, "factor": 0.5, "mode": "max", "threshold_mode": "abs", "eps": 1e-3}),
                 ("greedy", {}), ("greedy", {"patience": 2}),
                 ("greedy", {"patience": 1, "factor": 0.5, "max_lr": 0.05, "min_lr": 0.001, "reset_start": 2}),
                 ("greedy", {"patience": 0, "factor": 0.5, "min_lr": 0.004, "reset_start": 2, "cooldown": 1, "warmup": 2}),
                 ("greedy", {"patience": 0, "mode": "max", "threshold_mode": "rel", "threshold": 0.1, "min_lr": 0.009,
                             "reset_start": 1}),
                 ("greedy", {"patience": 1, "factor": 0.7, "smooth": True, "window_size": 4, "min_lr": 1e-4})]


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def build(name, optim_args, groups, options):
    if name.startswith("adamw"):
        return torch.optim.AdamW(groups, fused=name.endswith("fused"), **options)
    if name == "adafactor":
        return Adafactor(groups, lr=0.01, scale_parameter=False, relative_step=False)
    pairs = [item.split("=") for item in optim_args.split(",") if item]
    options = {k: v == "True" if v in ("True", "False") else float(v) for k, v in pairs}
    kinds = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop}
    return kinds[name](groups, lr=0.01, **options)


def optimizer_case(name, options, weight, bias, grads, optim_args=""):
    w = torch.nn.Parameter(torch.tensor(weight).reshape(3, 4))
    b = torch.nn.Parameter(torch.tensor(bias))
    options = dict(options)
    decay = options.pop("weight_decay")
    groups = [{"params": [w], "weight_decay": decay}, {"params": [b], "weight_decay": 0.0}]
    optimizer = build(name, optim_args, groups, options)
    steps = []
    for lr, (gw, gb) in zip(LRS, grads):
        for group in optimizer.param_groups:
            group["lr"] = lr
        w.grad, b.grad = torch.tensor(gw).reshape(3, 4), torch.tensor(gb)
        optimizer.step()
        steps.append({"W": numbers(w), "b": numbers(b)})
    return {"optim": name, "optim_args": optim_args, "beta1": options["betas"][0], "beta2": options["betas"][1],
            "epsilon": options["eps"], "weight_decay": decay, "steps": steps}


def schedule_case(name, kwargs, warmup, total=20, rate=0.002):
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=rate)
    schedule = get_scheduler(name, optimizer, warmup, total, scheduler_specific_kwargs=kwargs)
    rates = []
    for _ in range(total + 2):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {"type": name, "kwargs": kwargs, "warmup": warmup, "total": total, "rate": rate,
            "lr": rates}


def metric_case(name, kwargs, rates=(0.01, 0.003)):
    """Two groups. A NaN stays in greedy's mean for good, so smooth goes without."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.SGD(groups)
    schedule = get_scheduler(name, optimizer, scheduler_specific_kwargs=kwargs)
    metrics = [m for m in METRICS if m == m] if "smooth" in kwargs else METRICS
    lr = []
    for metric in metrics:
        schedule.step(metric)
        lr.append([group["lr"] for group in optimizer.param_groups])
    return {"type": name, "kwargs": kwargs, "rates": rates, "metrics": metrics, "lr": lr}


def main():
    rng = random.Random(3)

    def draw(n):
        return [round(rng.gauss(0, 1), 2) for _ in range(n)]

    weight, bias, grads = draw(12), draw(4), [(draw(12), draw(4)) for _ in range(STEPS)]
    optimizers = [optimizer_case(*case, weight, bias, grads) for case in OPTIMIZERS]
    adam = {"betas": (0.9, 0.999), "eps": 1e-8}
    optimizers += [optimizer_case(name, {**adam, "weight_decay": decay}, weight, bias, grads, extra)
                   for name, extra, decay in OTHERS]
    schedules = [schedule_case(*case, warmup) for warmup in (0, 5) for case in SCHEDULES]
    print(f'{{"about": "tools/golden_optim.py: torch {torch.__version__}",')
    print(f'"W": {weight}, "b": {bias}, "lrs": {LRS},\n"grads": [')
    print(",\n".join(json.dumps({"W": w, "b": b}) for w, b in grads) + '],\n"optimizers": [')
    print(",\n".join(map(json.dumps, optimizers)) + '],\n"schedules": [')
    print(",\n".join(map(json.dumps, schedules)) + '],\n"metric_driven": [')
    print(",\n".join(json.dumps(metric_case(*case)) for case in METRIC_DRIVEN) + "]}")


if __name__ == "__main__":
    main()
