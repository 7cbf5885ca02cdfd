#!/usr/bin/env python3
"""Writes tests/golden/peft.json: what PEFT makes of a LoraConfig beside a tiny BERT.

    python3 tools/golden_peft.py >tests/golden/peft.json          needs torch, transformers and peft

Of each configuration: the Linears that get an adapter, their ranks, how often the product counts, and the first
values of lora_A and lora_B behind torch.manual_seed(12); or null, where PEFT refuses."""
import json
import warnings

import torch
from peft import LoraConfig, inject_adapter_in_model
from transformers import BertConfig, BertModel

CONFIGS = [
    {}, {"r": 2}, {"r": 3, "lora_alpha": 5, "target_modules": "all-linear"},
    {"target_modules": ["dense"], "exclude_modules": ["pooler.dense"]},
    {"target_modules": r".*\.(query|key)", "use_rslora": True},
    {"target_modules": r"query"}, {"target_modules": ["uery"]},
    {"target_modules": ["query", "output.dense"], "layers_to_transform": 1},
    {"target_modules": ["value"], "layers_to_transform": [0, 7], "layers_pattern": "layer"},
    {"target_modules": ["value"], "layers_to_transform": [0], "layers_pattern": ["layers", "layer"]},
    {"target_modules": ["value"], "layers_to_transform": [0], "layers_pattern": "layers"},
    {"target_modules": ["query", "value", "dense"], "exclude_modules": r"pooler.*", "r": 4,
     "rank_pattern": {"query": 2, r"layer\.1\..*": 6, "value": 5}, "alpha_pattern": {r".*dense": 3, r"0\.attention": 9}},
    {"target_modules": ["key"], "init_lora_weights": False, "r": 2},
    {"target_modules": ["key", "value"], "init_lora_weights": "gaussian", "r": 5},
    {"r": 0}, {"target_modules": ["nothing"]}, {"target_modules": "query", "layers_to_transform": [0]},
]


def made(config):
    model = BertModel(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                                 intermediate_size=12, max_position_embeddings=16))
    torch.manual_seed(12)
    try:
        inject_adapter_in_model(LoraConfig(**config), model)
    except ValueError:
        return None
    rows = []
    for name, module in model.named_modules():
        if hasattr(module, "lora_A"):
            a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
            rows.append({"name": name, "r": a.shape[0], "scale": module.scaling["default"],
                         "a": a.flatten()[:3].tolist(), "b": b.flatten()[-2:].tolist()})
    return rows


def main():
    warnings.simplefilter("ignore")
    print('{"about": "tools/golden_peft.py: peft\'s LoraConfig beside a tiny BERT", "rows": [')
    print(",\n".join(json.dumps([c, made(c)]) for c in CONFIGS) + "]}")


main()
