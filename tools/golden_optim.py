#!/usr/bin/env python3
"""Writes tests/golden/optim.json: optimizer steps by torch, learning rates by transformers.

    python3 tools/golden_optim.py >tests/golden/optim.json

Two tensors, W (3,4) with weight decay and b without, six updates in float32 with the learning rates
lrs. Schedules: the rate of each update and of two beyond the end.
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
    print(",\n".join(map(json.dumps, schedules)) + "]}")


if __name__ == "__main__":
    main()
