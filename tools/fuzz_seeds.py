#!/usr/bin/env python3
"""Writes the hand-made half of the fuzzers' corpora, tests/fuzz/FORMAT/seed-*, and tests/fuzz/words.dict.

    python3 tools/fuzz_seeds.py [FOLDER]        from the project's top folder; default: tests/fuzz

Seeds are small files that go deep: what is right in every form the reader knows, and what is wrong
in one way each. Whatever a fuzzer found lies beside them under other names and is left alone. How an
input may hold several files ("--- NAME" lines) is told in tests/test_fuzz.c. Standard library only."""
import json
import os
import re
import struct
import sys

OUT = sys.argv[1] if len(sys.argv) > 1 else "tests/fuzz"
counts = {}
words = set()


def seed(kind, *data):
    folder = os.path.join(OUT, kind)
    os.makedirs(folder, exist_ok=True)
    for d in data:
        d = d if isinstance(d, bytes) else d.encode()
        counts[kind] = counts.get(kind, 0) + 1
        words.update(re.findall(rb'"[A-Za-z_0-9.#\[\]-]{2,40}"', d))
        with open(os.path.join(folder, f"seed-{counts[kind]:02d}"), "wb") as f:
            f.write(d)


def js(value):
    return json.dumps(value, ensure_ascii=False)


def files(first, **rest):
    """One input of several files; a name's dot is written as __ and a slash as ___."""
    parts = [] if first is None else [first.encode()]
    for name, data in rest.items():
        data = data if isinstance(data, bytes) else (data if isinstance(data, str) else js(data)).encode()
        parts.append(b"--- " + name.replace("___", "/").replace("__", ".").encode() + b"\n" + data)
    return b"\n".join(parts)


def json_seeds():
    seed("json", '{}', '[]', 'null', '5', ' {"a" : [1, -2.5e-3, true, false, null, "x"], "b": {"c": []}} ',
         '"\\u00e9\\ud83d\\ude00\\ud800 \\" \\\\ \\/ \\b\\f\\n\\r\\t\\u0000"', '[NaN, Infinity, -Infinity, -0.0, 1e400]',
         '[9223372036854775807, -9223372036854775808, 123456789012345678901234567890, 4.9e-324, 1.7976931348623157e308]',
         '{"a": 1, "a": 2}', "[" * 600, '{"a":' * 200 + "1" + "}" * 200, '\ufeff[1]', '"\x7f\u00e4\u6f22\U0001f600"',
         b'"\xff\xc3\xed\xa0\x80\xf4\x90\x80\x80"', '[1,]', '{"a" 1}', '[01]', '"a\nb"', '"\\x"', '[1] 2', '"open', '{"b":1,"a":2,"\\u0000":3}')
    seed("json", js({"learning_rate": 2e-5, "per_device_train_batch_size": 16, "num_train_epochs": 1, "warmup_ratio": 0.1,
                     "bf16": False, "seed": 12, "eval_strategy": "steps", "eval_steps": 0.5, "lr_scheduler_type": "cosine",
                     "optim": "adamw_torch", "batch_sampler": "no_duplicates", "logging_steps": 10, "mem_limit": "1GB"}),
         js({"lerning_rate": 1}), js({"max_steps": 1e30}), js({"mem_limit": "99999999999999TB"}), js({"warmup_steps": -1}),
         js({"prompts": {"query": "q: "}, "router_mapping": {}, "learning_rate_mapping": {"bias": 1e-3}}))


def tensors(header, data=b"", length=None):
    h = header if isinstance(header, bytes) else js(header).encode()
    return struct.pack("<Q", len(h) if length is None else length) + h + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_seeds():
    f = struct.pack("<6f", 1, -2, 3.5, 0, float("inf"), 1e-40)
    seed("safetensors", tensors({"a": entry("F32", [2, 3], 0, 24)}, f),
         tensors({"__metadata__": {"format": "pt"}, "a": entry("F32", [2], 0, 8), "b": entry("F16", [2], 8, 12),
                  "c": entry("BF16", [2], 12, 16), "d": entry("F64", [1], 16, 24)}, f),
         tensors({"a": entry("I64", [1], 0, 8), "b": entry("I32", [2], 8, 16), "c": entry("U8", [8], 16, 24)}, f),
         tensors({"b": entry("F32", [3], 12, 24), "a": entry("F32", [3], 0, 12), "e": entry("F32", [0], 5, 5)}, f),
         tensors({"a": entry("F32", [], 0, 4), "b": entry("F32", [1, 1, 1, 1, 1], 4, 8)}, f[:8]),
         tensors({}), b"", b"\0" * 7, struct.pack("<Q", 1 << 62) + b"{}", struct.pack("<Q", 2**64 - 1) + b"{}",
         struct.pack("<Q", 1 << 40) + b"{}", tensors({"a": entry("F32", [1 << 40], 0, 1 << 42)}, f),
         tensors({"a": entry("F32", [1 << 32, 1 << 32], 0, 0)}), tensors({"a": entry("F32", [2**63 - 1, 2**63 - 1, 0], 0, 0)}),
         tensors({"a": entry("F32", [4], 0, 16), "b": entry("F32", [4], 8, 24)}, f),
         tensors({"a": entry("F32", [2], 16, 24)}, f), tensors({"a": entry("F32", [2], 0, 8)}, f),
         tensors({"a": entry("F32", [6], 24, 0)}, f), tensors({"a": entry("F32", [-6], 0, 24)}, f),
         tensors({"a": entry("F33", [6], 0, 24)}, f), tensors({"a": {"dtype": "F32"}}, f), tensors(b"[]"),
         tensors(b'{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}   ', f[:4]), tensors(b"{", f),
         tensors({f"t{i}": entry("F16", [1], 2 * i, 2 * i + 2) for i in range(12)}, f))


def torch_seeds():
    """Files of torch itself, and pickles: the forms it writes, each instruction, and wrong ones."""
    golden = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "torch")
    for name in ("optimizer.pt", "scheduler.pt"):
        with open(os.path.join(golden, name), "rb") as f:
            seed("torch", f.read())
    s = b"ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpuK\x10tQK\0"
    end = b"\x89ccollections\nOrderedDict\n)RtR."
    seed("torch", b"\x80\2}q\0(X\1\0\0\0aq\1](K\1M\1\1J\xff\xff\xff\xff\x8a\1\x80G?\xf0\0\0\0\0\0\0NK\2\x85K\1K\2\x86K\1K\2K\3\x87eX\1\0\0\0bh\1u.",
         s + b"K\x10\x85K\1\x85" + end, s + b"(K\2K\1K\x08t(K\x08K\x08K\1t" + end, s + b"K\x11\x85K\1\x85" + end, s + b"))" + end,
         s + b"K\4K\4\x86K\1K\4\x86" + end, s + b"K\0K\4\x86K\4K\1\x86" + end, b"}X\1\0\0\0as.", b"}K\1NsK\1a.", b"]q\0h\0a.", b"]r\1\0\0\0j\1\0\0\0a.",
         b"cnumpy\ndtype\n(X\2\0\0\0u4tR(K\3Ntb. ", b"cos\nsystem\n(X\2\0\0\0lstR.", b"]" * 500 + b"a" * 499 + b".", b"(" * 300 + b"t" * 299 + b".",
         b"X\xff\xff\xff\x7fa.", b"Nr\xff\xff\xff\xff.", b"\x8a\xff", b"\x8c\1a.", b"\x80\2.")


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "a", "b", "ab", "##b", "##ing", "sat", ",", ".", "\u00e4"]
VOCAB = {w: i for i, w in enumerate(WORDS)}


def tokenizer_json(model=None, **parts):
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
             "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": None,
             "model": model or {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                                "max_input_chars_per_word": 100, "vocab": VOCAB}}
    whole.update(parts)
    return js(whole)


def added(i, text, **flags):
    a = {"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    a.update(flags)
    return a


def tokenizer_seeds():
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}], "pair": [],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                                   "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    specials = [added(i, WORDS[i]) for i in range(5)]
    seed("tokenizer", tokenizer_json(added_tokens=specials, normalizer=bert, post_processor=template),
         tokenizer_json(), "{}", "[]", "",
         tokenizer_json({"type": "WordLevel", "unk_token": "[UNK]", "vocab": VOCAB}, pre_tokenizer={"type": "Whitespace"}),
         tokenizer_json({"vocab": VOCAB, "unk_token": "[UNK]"}, pre_tokenizer={"type": "WhitespaceSplit"}),
         tokenizer_json(normalizer={"type": "Sequence", "normalizers": [{"type": t} for t in
                        ("NFD", "Lowercase", "StripAccents", "NFC", "NFKD", "NFKC")] + [{"type": "Strip", "strip_left": True}]}),
         tokenizer_json(normalizer={"type": "Sequence", "normalizers": [
                        {"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}] * 3}),
         tokenizer_json(normalizer={"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"}),
         tokenizer_json(normalizer={"type": "Prepend", "prepend": "\u2581"}),
         tokenizer_json(normalizer={"type": "Replace", "pattern": {"String": ""}, "content": ""}),
         tokenizer_json(pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": b} for b in
                        ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")]}),
         tokenizer_json(pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True},
                        {"type": "Sequence", "pretokenizers": []}, {"type": "Whitespace"}]}),
         tokenizer_json(pre_tokenizer={"type": "ByteLevel"}), tokenizer_json({"type": "Unigram", "vocab": []}),
         tokenizer_json(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}),
         tokenizer_json(post_processor={"type": "RobertaProcessing", "sep": ["[SEP]", 99], "cls": ["[CLS]", 2]}),
         tokenizer_json(post_processor={"type": "Sequence", "processors": [template, template]}),
         tokenizer_json(added_tokens=[added(16, "the cat", single_word=True, normalized=True, special=False),
                                      added(17, "<mask>", lstrip=True, rstrip=True), added(3, "a"), added(99, "zz")]),
         tokenizer_json(added_tokens=[added(-1, ""), added(2**40, "x")]), tokenizer_json(added_tokens=[1, None, "s", {}]),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 2}}),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 0}}),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": 10**12}}),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": 0, "": 1, "##": 2}, "continuing_subword_prefix": "",
                         "max_input_chars_per_word": -5}))
    for name in ("BertTokenizer", "BertTokenizerFast", "MPNetTokenizer", "DistilBertTokenizer", "PreTrainedTokenizerFast", "T5Tokenizer"):
        seed("tokenizer", files(tokenizer_json(added_tokens=specials, normalizer=bert),
                                tokenizer_config__json={"tokenizer_class": name, "do_lower_case": False, "strip_accents": True,
                                                        "model_max_length": 10**30, "cls_token": "[CLS]", "sep_token": "[SEP]",
                                                        "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": "[MASK]",
                                                        "bos_token": "[CLS]", "eos_token": "[SEP]"}))
    seed("tokenizer", files(tokenizer_json(), config__json={"model_type": "mpnet"}),
         files(tokenizer_json(), config__json={"model_type": "bert"}, special_tokens_map__json={
             "cls_token": {"content": "[CLS]", "lstrip": True}, "additional_special_tokens": ["<x>", "<y>"], "image_token": "<img>"},
             added_tokens__json={"<x>": 20, "new": 16}),
         files(tokenizer_json(), tokenizer_config__json={"tokenizer_class": "BertTokenizer", "added_tokens_decoder": {
             "0": added(0, "[PAD]"), "16": added(16, "<mask>", lstrip=True), "7": added(7, "a", normalized=True)},
             "extra_special_tokens": {"q": "<q>"}, "truncation_side": "left", "max_len": 5}),
         files(None, vocab__txt="\n".join(WORDS), tokenizer_config__json={"tokenizer_class": "BertTokenizer", "cls_token": None}))


def tokenizer_wrong_seeds():
    word = {"type": "WordPiece", "unk_token": "[UNK]", "vocab": VOCAB}
    cls, a, sep = {"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "[SEP]"}}
    def template(single, **special):
        return tokenizer_json(post_processor={"type": "TemplateProcessing", "single": single, "special_tokens": special})
    seed("tokenizer", tokenizer_json(normalizer={"type": "Prepend"}), tokenizer_json(normalizer={"type": "Replace", "pattern": {"String": 5}}),
         tokenizer_json(pre_tokenizer={"type": "Punctuation", "behavior": "Split"}), tokenizer_json(pre_tokenizer={"behavior": "x"}),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": 0, "a\0b": 1}}), tokenizer_json({"type": "WordPiece", "vocab": {}}),
         tokenizer_json({"type": "WordPiece", "vocab": {"[UNK]": -1}}), tokenizer_json("x"), tokenizer_json({"vocab": [["a", 0.5]]}),
         '{"model": {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1, "a": 2}}}', tokenizer_json(model=5),
         tokenizer_json(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 40}),
         tokenizer_json(pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}] * 40}),
         template([cls, a, sep]), template([cls, cls, a], **{"[CLS]": {"ids": [2] * 40}}), template([cls, sep], **{"[CLS]": {"ids": [2]}, "[SEP]": {"ids": [3]}}),
         template([a, a]), template([{"Sequence": {"id": "B"}}]), template([cls, a], **{"[CLS]": {"ids": [2, 2**40]}}),
         tokenizer_json(post_processor={"type": "BertProcessing", "sep": 5, "cls": [1]}), tokenizer_json(post_processor={"type": "Nope"}),
         files(tokenizer_json(word), tokenizer_config__json="[]"), files(tokenizer_json(word), tokenizer_config__json={"model_max_length": 0}),
         files(tokenizer_json({**word, "type": "WordLevel"}), tokenizer_config__json={"tokenizer_class": "BertTokenizer"}),
         files(tokenizer_json(word), tokenizer_config__json={"model_max_length": 1e30, "truncation_side": "left", "extra_special_tokens": ["<e>"]}),
         files(None, vocab__txt="\n".join(WORDS)), files(None, vocab__txt="\n".join(WORDS), config__json={"model_type": "bert"}))


def vocab_seeds():
    whole = "\n".join(WORDS) + "\n"
    seed("vocab", whole, whole.replace("\n", "\r\n"), "", "\n", "a\n\nb\n", whole + "the\n", whole[6:], "[UNK]\n[CLS]\n[SEP]",
         b"[UNK]\n[CLS]\n[SEP]\n\xff\xfe\n\x00\n", whole + "\n".join(f"##{c}{d}" for c in "abcdefgh" for d in "abcdefgh"),
         "\n".join(WORDS[:5]) + "\n" + "a" * 300 + "\n##" + "b" * 200, whole + "  spaces  \n\t\n",
         files(whole, tokenizer_config__json={"tokenizer_class": "BertTokenizer", "do_lower_case": False, "model_max_length": 4}),
         files(whole, added_tokens__json={"<new>": 16, "[CLS]": 2}))


def data_seeds():
    seed("csv", "a,b\n1,2\n", "anchor,positive,label\nthe cat,a cat,1\n\"x, y\",\"say \"\"hi\"\"\",0.5\n", "", "\n\n", "a\n",
         "a,a\n1,2\n", "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n\"open,2\n", "a,b\n\"x\"y,2\n", "a,b\r\n1,2\r\n\r\n3,4", "\ufeffa,b\n1,2\n",
         b"a,b\n\xff\xfe,2\n", "text,score\nx,1e400\ny,nan\n", "label\n9223372036854775808\n1\n", "label\ntrue\nFalse\n", ",\n,\n",
         "a,label\nx,yes\ny,no\n", "a,b\n\"multi\nline\",2\n", "a\rb\rc", "," * 300 + "\n" + "," * 300)
    spec = {"path": "in.csv", "columns": ["b", "label"], "rename": {"a": "b"}, "limit": 1, "class_names": ["no", "yes"],
            "scale": {"label": 0.2}, "streaming": True}
    seed("csv", files("a,label\nx,yes\ny,no\n", spec__json=spec), files("a,label\nx,5\ny,4\n", spec__json={"path": "in.csv", "scale": {"label": 3}}),
         files("a,score\nx,9223372036854775807\n", spec__json={"path": "in.csv", "scale": {"score": 9}, "limit": 2**62}),
         files("a,b\n1,2\n", spec__json={"path": "in.csv", "columns": ["zz"]}), files("a,b\n1,2\n", spec__json={"path": "in.csv", "rename": {"a": "b"}}),
         files("a,b\n1,2\n", spec__json="in.csv".join('""')), files("a,b\n1,2\n", spec__json={"path": "in.csv", "limit": -3}))
    def as_spec(text, **k):
        return files(text, spec__json={"path": "in.csv", **k})
    seed("csv", as_spec("a,b\n1,2\n", rename=5), as_spec("a,b\n1,2\n", rename={"a": 5}), as_spec("a,b\n1,2\n", rename={"zz": "y"}),
         as_spec("a,label\nx,1\n", scale=[]), as_spec("a,label\nx,1\n", scale={"label": "x"}), as_spec("a,label\nx,1\n", scale={"a": 2}),
         as_spec("a,label\nx,1\n", scale={"zz": 2}), as_spec("a,label\nx,1\n", scale={"label": 1e999}), as_spec("a,b\n", format="arrow"),
         as_spec("a,b\n", format="xls"), as_spec("a,label\nx,maybe\n", class_names=["no", "yes"]), as_spec("a,b\n1,2\n", columns=["a", "a"]),
         files("a\nb\n", spec__json={"limit": 1}), files("a\nb\n", spec__json={"path": "x.dat"}), files("a\nb\n", spec__json={"path": "x/../in.csv"}))
    seed("tsv", "a\tb\n1\t2\n", "anchor\tpositive\tscore\nthe cat\t\"a cat\t0.5\n\tx\t1\n", "a\tb\n1\n", "a\n", "", "a\ta\nx\ty\n",
         "a\tb\r\n1\t2\r\n", b"a\tlabel\n\xc3\t1\n", "a\tlabel\nx\t1.0\ny\t-0\n", "\t\t\n\t\t\n", "id\ttext\n1\tx\n",
         files("a\tlabel\nx\tyes\n", spec__json={"path": "in.tsv", "format": "csv"}),
         files("a\tlabel\nx\tyes\ny\tno\n", spec__json={"path": "in.tsv", "class_names": ["no", "yes"], "columns": ["label", "a"]}))
    seed("jsonl", '{"a": "x", "b": "y"}\n{"b": "z", "a": "w"}\n', '{"text": "x", "label": 1}\n\n{"text": "y", "label": 0.5}',
         '{"a": "x", "score": true}\n{"a": "y", "score": false}\n', "", "\n", "[]", "{}", '{"a": 1}', '{"a": null}', '{"a": ["x", "y"]}',
         '{"a": "x"}\n{"b": "x"}', '{"a": "x"}\n{"a": "x", "b": 1}', '{"a": "x"} {"a": "y"}', '{"a": "x", "a": "y"}', '{"a": "\\ud800\\u0000"}',
         b'{"a": "\xff"}', '{"label": 9223372036854775808}\n{"label": 1}', '{"label": NaN}', '{"label": "yes"}\n{"label": 1}',
         '{"a": {"b": 1}}', '\ufeff{"a": "x"}', '{"a": "x",\n"b": 1}', '{"a": 1.5, "label": 2}\n{"a": 1, "label": true}',
         files('{"a": "x", "label": "yes"}\n', spec__json={"path": "in.jsonl", "class_names": ["no", "yes"], "rename": {"a": "text"}}),
         files('{"a": 2, "b": 1}\n', spec__json={"path": "in.jsonl", "scale": {"a": 1e308, "b": 0}, "columns": ["b", "a", "a"]}))


def arrow_seeds():
    """Cut, turned over and plain files of tests/golden/arrow, which tools/golden_arrow.py writes."""
    golden = os.path.join(OUT, "..", "golden", "arrow")
    for name, part in (("whole", "00000-of-00001"), ("sliced", "00000-of-00001"), ("null", "00000-of-00001"), ("shards", "00001-of-00002")):
        with open(os.path.join(golden, name, "data-%s.arrow" % part), "rb") as f:
            data = f.read()
        seed("arrow", data)
        if name == "whole":
            seed("arrow", data[:len(data) // 2], data[:8], data[:-8], data.replace(b"anchor", b"anchur"), b"\xff\xff\xff\xff\x10\0\0\0",
                 data[:700] + bytes(255 - b for b in data[700:760]) + data[760:], data[:8] + b"\xff" * 16 + data[24:],
                 data + b"\n--- spec.json\n" + js({"path": "set", "columns": ["anchor", "label"], "limit": 2}).encode(),
                 data + b"\n--- spec.json\n" + js({"path": "set", "streaming": True}).encode(),
                 data + b"\n--- state.json\n{}", data + b"\n--- dataset_info.json\n[]")
    stream = {"path": "in.jsonl", "streaming": True}
    rows = "".join('{"a": "x%d", "score": %s, "l": [%d, 2]}\n' % (i, i / 4, i) for i in range(7))
    seed("jsonl", '{"a": [1, 2.5], "b": [[1], [2]], "c": "x"}\n{"a": [3, 4], "b": [[5], [6]], "c": "y"}\n',
         files(rows, spec__json=stream), files(rows + '{"a": 5}\n', spec__json=stream), files(rows + "{", spec__json=stream),
         files(rows, spec__json=dict(stream, columns=["l", "a"], limit=4)), files('\n\n{"a": "x"}\n\n', spec__json=stream),
         files(rows, spec__json=dict(stream, scale={"score": 2}, rename={"a": "text"})), files("", spec__json=stream))
    seed("csv", files("a,label\nx,1\n\"open,2\n", spec__json={"path": "in.csv", "streaming": True}),
         files("a,label\nx,1\ny,2,3\n", spec__json={"path": "in.csv", "streaming": True}))


def image(*entries, count=None, version=1):
    """(name, contents or None for a folder) each."""
    out = b"SENFILES" + struct.pack("<QQ", version, len(entries) if count is None else count)
    for name, data in entries:
        out += struct.pack("<QQ", len(name), 2**64 - 1 if data is None else len(data)) + name + (data or b"")
        out += b"\0" * (-len(out) % 8)
    return out


def image_seeds():
    config = b'{"model_type": "bert"}'
    seed("image", image(), image((b"a", b"one"), (b"b", b"")), image((b"model", None), (b"model/config.json", config)),
         image((b"b", b"1"), (b"a", b"2")), image((b"model/config.json", config)), image((b"a", b"x"), count=2**60),
         image((b"a", b"x"), version=2), image((b"a/", b"x")), image((b"..", None)), image((b"a", b"x")) + b"12345678",
         image((b"a", b"x"), (b"a", b"x")), image((b"model", None), (b"model/modules.json", b"[]"))[:-9],
         image((b"", b"x")), image((b"n" * 520, b"x")), b"", b"SENFILES",
         b"SENFILES" + struct.pack("<QQQQ", 1, 1, 2**64 - 8, 8) + b"a" * 8, b"SENFILES" + struct.pack("<QQQQ", 1, 1, 1, 2**63) + b"a" * 8)


def config_seeds():
    config = {"architectures": ["BertModel"], "model_type": "bert", "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu",
              "hidden_dropout_prob": 0.1, "hidden_size": 8, "initializer_range": 0.02, "intermediate_size": 16, "layer_norm_eps": 1e-12,
              "max_position_embeddings": 32, "num_attention_heads": 2, "num_hidden_layers": 1, "pad_token_id": 0,
              "type_vocab_size": 2, "vocab_size": 22}
    def changed(**k):
        return js({**config, **k})
    seed("config", js(config), changed(hidden_size=0), changed(hidden_size=2**31), changed(hidden_size=10**6, intermediate_size=10**7),
         changed(num_attention_heads=3), changed(num_attention_heads=0), changed(num_hidden_layers=-1), changed(num_hidden_layers=10**6),
         changed(num_hidden_layers=0), changed(vocab_size=5), changed(vocab_size=10**9), changed(max_position_embeddings=1),
         changed(type_vocab_size=0), changed(layer_norm_eps="x"), changed(hidden_act="swish2"), changed(hidden_act="relu"),
         changed(model_type="gpt9"), changed(model_type="mpnet"), changed(pad_token_id=-1), changed(pad_token_id=10**6),
         changed(position_embedding_type="relative_key"), changed(is_decoder=True), changed(hidden_dropout_prob=2), "[]", "", "{")
    types = "sentence_transformers.models."
    def modules(*rows):
        return js([{"idx": i, "name": str(i), "path": p, "type": types + t} for i, (p, t) in enumerate(rows)])
    whole = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize")]
    seed("config", files(None, modules__json=modules(*whole)), files(None, modules__json=modules(*whole[:2])),
         files(None, modules__json=modules(whole[0])), files(None, modules__json=modules(whole[1])), files(None, modules__json="[]"),
         files(None, modules__json=modules(whole[0], whole[0])), files(None, modules__json=modules(whole[0], whole[3])),
         files(None, modules__json=modules(whole[0], whole[1], whole[1])), files(None, modules__json=modules(("..", "Transformer"))),
         files(None, modules__json=modules(("/etc", "Pooling"))), files(None, modules__json=modules(whole[0], ("x", "CNN"))),
         files(None, modules__json=modules(*whole[:2], *[("2_Dense", "Dense")] * 3)), files(None, modules__json="[1, null, {}]"),
         files(None, ___1_Pooling___config__json={"word_embedding_dimension": 8, "pooling_mode_cls_token": True, "pooling_mode_max_tokens": True,
               "pooling_mode_mean_tokens": False, "pooling_mode_weightedmean_tokens": True, "include_prompt": False}),
         files(None, ___1_Pooling___config__json={"embedding_dimension": 8, "pooling_mode": ["lasttoken", "mean_sqrt_len_tokens"]}),
         files(None, ___1_Pooling___config__json={"embedding_dimension": 9, "pooling_mode": "mean"}),
         files(None, ___1_Pooling___config__json={"embedding_dimension": 8, "pooling_mode": ["mean"] * 7}),
         files(None, ___2_Dense___config__json={"in_features": 8, "out_features": 4, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"}),
         files(None, ___2_Dense___config__json={"in_features": 8, "out_features": 10**9, "bias": False}),
         files(None, ___2_Dense___config__json={"in_features": 8, "out_features": -4, "activation_function": "os.system"}),
         files(None, config_sentence_transformers__json={"model_type": "SentenceTransformer", "prompts": {"query": "q: ", "document": ""},
               "default_prompt_name": "query", "similarity_fn_name": "dot", "truncate_dim": 3, "__version__": {}}),
         files(None, config_sentence_transformers__json={"prompts": {"q": 5}, "similarity_fn_name": "x", "truncate_dim": -7}),
         files(None, config_sentence_transformers__json={"truncate_dim": 2**40, "default_prompt_name": "none"}),
         files(None, config_sentence_transformers__json={"model_type": "CrossEncoder"}),
         files(None, sentence_bert_config__json={"max_seq_length": 8, "do_lower_case": True}),
         files(None, sentence_bert_config__json={"max_seq_length": -8, "do_lower_case": 3}),
         files(None, sentence_bert_config__json={"max_seq_length": 10**12}),
         files(None, tokenizer_config__json={"tokenizer_class": "BertTokenizer", "model_max_length": 2}))


def trainer_seeds():
    state = {"best_global_step": None, "best_metric": None, "best_model_checkpoint": None, "epoch": 0.5, "eval_steps": 500,
             "global_step": 1, "is_hyper_param_search": False, "is_local_process_zero": True, "is_world_process_zero": True,
             "log_history": [{"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 5e-5, "loss": 0.7, "step": 1}], "logging_steps": 1,
             "max_steps": 2, "num_input_tokens_seen": 0, "num_train_epochs": 1, "save_steps": 1, "stateful_callbacks": {
                 "EarlyStoppingCallback": {"args": {"early_stopping_patience": 3, "early_stopping_threshold": 0.0},
                                           "attributes": {"early_stopping_patience_counter": 2}},
                 "TrainerControl": {"args": {"should_log": False}, "attributes": {}}},
             "total_flos": 0.0, "train_batch_size": 2, "trial_name": None, "trial_params": None}
    def changed(**k):
        return js({**state, **k})
    seed("trainer_state", js(state), changed(global_step=2), changed(global_step=0), changed(global_step=-1), changed(global_step=2**53),
         changed(global_step=2**62), changed(global_step=1.5), "{}", "[]", "", changed(log_history=[1, [], {"a": [{}]}, None]),
         changed(logging_steps=0, save_steps=0, eval_steps=0), changed(logging_steps=-5, save_steps=-(2**62), eval_steps=2**62),
         changed(best_metric=float("nan"), best_global_step=1, best_model_checkpoint="out/checkpoint-1"), changed(epoch=1e308),
         changed(log_history={"a": 1}), changed(train_batch_size=0), changed(stateful_callbacks={"EarlyStoppingCallback": {
             "attributes": {"early_stopping_patience_counter": 2**40}}}), changed(epoch="x", best_metric="y", best_model_checkpoint=5))
    rng = {"torch": list(range(1, 630))}
    seed("trainer_state", files(js(state), scheduler__json={"last_logged_step": 1, "loss_since_log": 0.5}),
         files(js(state), scheduler__json={"last_logged_step": 5}), files(js(state), scheduler__json={"last_logged_step": 0, "loss_since_log": float("nan")}),
         files(js(state), scheduler__json="[]"), files(js(state), rng_state__json={"torch": [1, 2, 3]}), files(js(state), rng_state__json="{}"),
         files(js(state), rng_state__json={"torch": [0] * 640}), files(js(state), training_args__json={"save_only_model": True}),
         files(js(state), optimizer__safetensors=tensors({"__metadata__": {"optimizer": "adamw_torch"}})),
         files(js(state), optimizer__safetensors=tensors({"__metadata__": {"optimizer": "sgd"}})),
         files(js(state), optimizer__safetensors=tensors({"step.2.linear.bias": entry("F32", [1], 0, 4)}, b"\0\0\0A")),
         files(js(state), optimizer__safetensors=tensors({"step.2.linear.bias": entry("F32", [1], 0, 4), "exp_avg.2.linear.bias":
               entry("F32", [1], 4, 8)}, b"\0\0\0A" * 2)), files(js(state), optimizer__pt="x"),
         files(js(state), optimizer__safetensors=tensors({})), files(js(state), ___2_Dense___model__safetensors="x"))


def job_seeds():
    model = {"modules": [{"type": "Transformer", "config": {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32}, "vocab": "vocab.txt", "max_seq_length": 16},
             {"type": "Pooling", "pooling_mode": "mean"}, {"type": "Dense", "out_features": 4}, {"type": "Normalize"}]}
    base = {"model": "model", "train_dataset": "rows.csv", "loss": "MultipleNegativesRankingLoss",
            "args": {"output_dir": "o", "max_steps": 1, "per_device_train_batch_size": 2}}
    def changed(**k):
        return js({**base, **k})
    def args(**k):
        return changed(args={**base["args"], **k})
    pairs = "sentence1,sentence2,score\nthe cat,a cat,0.9\nsat,dad,0.1\n"
    triplets = "anchor,positive,negative\nthe cat,a cat,dad\nsat,cat sat,abc\n"
    seed("job", js(base), changed(model=model), "{}", "[]", "", js({"model": 5}), js({"modl": "model"}), changed(model={"modules": []}),
         changed(model={"modules": [{"type": "Pooling"}]}), changed(config={"hidden_dropout_prob": 0.5}, max_seq_length=4, truncate_dim=2),
         changed(config={"hidden_size": 16}), changed(similarity_fn_name="dot", prompts={"q": "the "}, default_prompt_name="q"),
         changed(train_dataset={"path": "rows.csv", "limit": 2, "columns": ["positive", "anchor"]}),
         changed(train_dataset={"x": "rows.csv", "y": {"path": "rows.csv"}}, loss={"x": "MultipleNegativesRankingLoss",
                 "y": {"type": "MultipleNegativesRankingLoss", "scale": 1.5, "similarity_fct": "dot_score"}}),
         changed(train_dataset={}), changed(train_dataset=[]), changed(train_dataset={"x": 5}), changed(loss={"x": 1}), changed(loss="CoSENTLos"),
         changed(eval_dataset="rows.csv", callbacks=[{"type": "EarlyStoppingCallback", "early_stopping_patience": 2}]),
         changed(callbacks=[1]), changed(save_to="$HOME/${X}/../x", train_dataset="./a/../rows.csv"), changed(model="$", save_to="~"),
         changed(model={"modules": [{"type": "Transformer", "config": {"model_type": "bert", "hidden_size": 2**24, "num_hidden_layers": 10**6},
                                     "vocab": "vocab.txt"}, {"type": "Pooling"}]}))
    seed("job", args(learning_rate=-1), args(lr_scheduler_type="cosine", warmup_ratio=0.5, optim="sgd"), args(num_train_epochs=1e300, max_steps=-1),
         args(per_device_train_batch_size=2**31 - 1), args(gradient_accumulation_steps=0), args(batch_sampler="no_duplicates", seed=2**63),
         args(mem_limit="1MB", bf16=True), args(eval_strategy="steps", eval_steps=0.1), args(learning_rate_mapping={"bias$": 0.1, "(": 1}),
         args(prompts={"anchor": "a "}, resume_from_checkpoint=True, load_best_model_at_end=True, metric_for_best_model="x"))
    seed("job", args(adam_beta1=1.5), args(weight_decay=-1), args(warmup_steps=-3), args(bf16=True, fp16=True), args(max_grad_norm=-1),
         args(logging_strategy="epoch", save_strategy="best"), args(load_best_model_at_end=True, save_strategy="steps", eval_strategy="epoch"),
         args(accelerator_config=5), args(accelerator_config={"split_batches": True}), args(lr_scheduler_type="polynomial"), args(optim="adafactor"),
         args(lr_scheduler_kwargs={"num_cycles": 0.25}, lr_scheduler_type="cosine"), args(optim_args="x=1"), args(dropout_rng="torch", seed=-1),
         args(prompts="q: "), args(prompts=["x"]), args(prompts={"anchor": 5}), args(prompts={"zz": "y"}), args(learning_rate_mapping={"[a": 1e-3}),
         args(batch_sampler="group_by_label"), args(batch_sampler="no_duplicates", per_device_train_batch_size=64, dataloader_drop_last=True),
         args(max_steps=0, num_train_epochs=0), args(save_steps=0.3, logging_steps=0, save_total_limit=-1, save_strategy="steps"),
         args(threads=9999, mem_limit="10%", gradient_checkpointing=True), args(eval_strategy="steps"), args(per_device_eval_batch_size=0))
    loss = "MultipleNegativesRankingLoss"
    seed("job", changed(loss={"type": loss, "scale": 0}), changed(loss={"type": loss, "directions": []}), changed(loss={"scale": 2}),
         changed(loss={"type": loss, "partition_mode": "x"}), changed(loss={"type": loss, "hardness_strength": -1, "hardness_mode": "in_batch"}),
         changed(loss={"type": loss, "similarity_fct": 7}), changed(loss={"type": "CosineSimilarityLoss", "loss_fct": "torch.nn.L1Loss"}),
         changed(loss={"type": "CoSENTLoss", "similarity_fct": "pairwise_dot_score"}), changed(loss=["x"]), changed(evaluator="x"),
         changed(evaluator={"type": "EmbeddingSimilarityEvaluator"}), changed(evaluator={"type": "TripletEvaluator", "dataset": "rows.csv", "batch_size": 0}),
         changed(evaluator={"type": "EmbeddingSimilarityEvaluator", "dataset": "rows.csv", "precision": "int8"}),
         changed(evaluator={"type": "SequentialEvaluator", "evaluators": 5}), changed(evaluator=[]), changed(config=[]),
         changed(model={"modules": [{"type": "Transformer"}]}), changed(model={"modules": [5]}), changed(prompts={"q": 5}),
         changed(train_dataset={"a": "rows.csv", "b": "rows.csv"}, args={**base["args"], "multi_dataset_batch_sampler": "proportional"}),
         changed(train_dataset={"a": "rows.csv", "b": {"path": "rows.csv", "limit": 1}}, args={**base["args"], "multi_dataset_batch_sampler": "round_robin"}),
         files(changed(model=model), vocab__txt=""), files(changed(model=model), vocab__txt="[UNK]\n\n[CLS]\n"),
         files(changed(model=model), vocab__txt="[UNK]\n[CLS]\n[SEP]\n[UNK]\n"), files(changed(model=model), vocab__txt="a\0b\n[UNK]\n[CLS]\n[SEP]\n"),
         files(changed(train_dataset="p.csv", loss="CoSENTLoss", args={**base["args"], "batch_sampler": "group_by_label",
               "per_device_train_batch_size": 4}), p__csv="a,b,label\nx,y,0\nx,z,0\ny,z,1\ny,a,1\n"))
    seed("job", files(changed(train_dataset="p.csv", loss={"type": "CoSENTLoss", "scale": 20}, evaluator={
             "type": "EmbeddingSimilarityEvaluator", "dataset": "p.csv", "name": "dev"}), p__csv=pairs),
         files(changed(train_dataset="p.csv", loss="CosineSimilarityLoss", evaluator=[{"type": "EmbeddingSimilarityEvaluator", "dataset": "p.csv"},
               {"type": "SequentialEvaluator"}]), p__csv=pairs),
         files(changed(train_dataset="t.csv", loss={"type": "TripletLoss", "triplet_margin": 0.5, "distance_metric": "euclidean"}, evaluator={
             "type": "TripletEvaluator", "dataset": "t.csv", "margin": {"cosine": 0.1}}), t__csv=triplets))


json_seeds()
safetensors_seeds()
torch_seeds()
tokenizer_seeds()
tokenizer_wrong_seeds()
vocab_seeds()
data_seeds()
arrow_seeds()
image_seeds()
config_seeds()
trainer_seeds()
job_seeds()
# What a fuzzer would need long to spell: each quoted word of the seeds, and the borders of numbers and files.
words |= {b"--- modules.json\\x0a", b"--- tokenizer_config.json\\x0a", b"--- spec.json\\x0a", b"9223372036854775807", b"2147483648", b"1e308",
          b"NaN", b"Infinity", b"null", b"true", b"SENFILES"}
with open(os.path.join(OUT, "words.dict"), "wb") as f:
    for w in sorted(words):
        f.write(b'"' + w.replace(b'"', b'\\"') + b'"\n')
print(", ".join(f"{k} {n}" for k, n in counts.items()))
