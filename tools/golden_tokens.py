#!/usr/bin/env python3
"""Writes tests/golden/tokens.json: what Python makes of texts with small tokenizers.

    python3 tools/golden_tokens.py tests/golden/tokens.json

One vocabulary; cases, each a tokenizer.json (without the vocabulary) and, where transformers builds
the pipeline itself, a tokenizer_config.json; the ids of every text without a cut, and cut to 8. The
last part holds the files that BertTokenizer and MPNetTokenizer save, whole. Needs transformers
(written for 5.23) with tokenizers (0.23).
"""
import json
import os
import sys
import tempfile

from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizer, MPNetTokenizer

TEXTS = [
    "", " ", "a", "A red kite flew over the sleeping harbour.", "unbelievable, unbelieving!",
    "Caf\u00e9 na\u00efve \u00c5ngstr\u00f6m cafe\u0301 CAFE\u0301",
    "\u6771\u4eac\u30bf\u30ef\u30fc \u6771 kite\u6771kite", "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0439 \u0438\u0306",
    "tab\tline\nreturn\rnull\0bell\x07del\x7fnel\x85end",
    "soft\u00adhyphen zero\u200bwidth bom\ufeff joiner\u200d thin\u2009space ideo\u3000graphic",
    "price $5 + tax = 7.50 \u20ac, 100% (a_b) ~x^2| <c> \u00a9",
    "\u201cquoted\u201d \u2014 dash\u2026 \u00bfque? \u00a7 \u2019s",
    "[CLS] the [SEP] kite[MASK]kite [mask] [UNK]", "  [MASK]  red  [PAD]", "xred redx red _red red_",
    "\u0130stanbul I\u0307 \u0131 \u1e9e stra\u00dfe \u03a3\u0399\u03a3 \u01c5",
    "\ufb01sh \u2460 \u00bd \u2167 x\u00b2 \u212b \uff21\uff22 \u3392",
    "\u0915\u094d\u0937\u093f \u0e01\u0e33 \u05e9\u05dc\u05d5\u05dd \u0661\u0662 \u0f71\u0f72\u0f74",
    "\U0001f389 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f 1\u20e3",
    "\uf900 \U0002f800 \U00020000 \u302e\u0301 a\u0345\u0301 q\u0323\u0307 q\u0307\u0323 \U0001d160",
    "x" * 100 + " " + "x" * 101, "the kite the kite the kite the kite the kite the kite",
    "1984 12ab34 3\u06604", "``red'' \u2581kite \u2581", "a\u3000\u2028b\u00a0c\u1680d",
    "newtoken newtokens New Token NEWTOKEN", "\u166d\u1734\u1885\ua9bd\ufffd\ue000\U000e0001z",
]

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the red kite flew over sleep harbour un be a cafe naive b c d x z tab line del end soft hyphen
new token price tax the_ straße istanbul fish s que quoted ##s ##ed ##ing ##believ ##able ##x ##xx ##xxx
##ly ##ite ##token ##tokens ##kite ##red ##a ##b ##c ##d ##e ##i ##o ##u ##n ##l ##é ##2 ##34 ##5 ##東
##京 ##й ##и 12 19 84 7 5 1 3 100 $ + = , . ! ? ( ) _ % ~ ^ | < > ' ` “ ” — … ¿ § © € 東 京 タ ワ ー é
caf ##´ привет мир и й 한 ᄒ ᅡ ᆫ ##ᅡ ##ᆫ Caf The A क ##ष ก ##ำ ש ##ל 🎉 👨 👩 ½ ① Ⅷ 豈 丽 𠀀 i ı ß σ ##ι ##σ
▁ ▁kite ▁red ## fi mask [ ] UNK""".split()
VOCAB = {w: i for i, w in enumerate(dict.fromkeys(SPECIAL + WORDS))}

TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                       "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}
CLS_SEP = {"sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
ROBERTA = {"type": "RobertaProcessing", **CLS_SEP, "trim_offsets": True, "add_prefix_space": False}


def bert(**changes):
    return {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True, **changes}


def sequence(key, *parts):
    return {"type": "Sequence", key: list(parts)}


def added(i, content, **changes):
    return {"id": i, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **changes}


FIVE = [added(i, w) for i, w in enumerate(SPECIAL)]
MORE = [added(len(VOCAB), "New Token", normalized=True, special=False, rstrip=True),
        added(len(VOCAB) + 1, "newtoken", single_word=True),
        added(VOCAB["red"], "red", single_word=True, lstrip=True, special=False)]


def file(normalizer, pre_tokenizer, post=None, tokens=FIVE, model="WordPiece", **settings):
    model = {"type": model, "unk_token": "[UNK]", **settings}
    if model["type"] == "WordPiece":
        model = {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100, **model}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post,
            "decoder": None, "model": model}


BERT, WORD, SPACE = ({"type": t} for t in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit"))


def punctuation(behavior):
    return {"type": "Punctuation", "behavior": behavior}


def digits(single):
    return {"type": "Digits", "individual_digits": single}


def unicode_form(form):
    return {"type": form}


REPLACE = {"type": "Replace", "pattern": {"String": "``"}, "content": "\u201c"}
STRIP = {"type": "Strip", "strip_left": True, "strip_right": False}
PREPEND = {"type": "Prepend", "prepend": "\u2581"}

CASES = [
    ("bert", file(bert(), BERT, TEMPLATE), None),
    ("bert, cased", file(bert(lowercase=False), BERT, TEMPLATE), None),
    ("bert, accents only", file(bert(lowercase=False, strip_accents=True), BERT, TEMPLATE), None),
    ("bert, lower only", file(bert(strip_accents=False, handle_chinese_chars=False), BERT, None), None),
    ("bert, raw text", file(bert(clean_text=False), BERT, {"type": "BertProcessing", **CLS_SEP}), None),
    ("added tokens", file(bert(), BERT, TEMPLATE, FIVE + MORE), None),
    ("whitespace, NFC", file(unicode_form("NFC"), WORD, ROBERTA), None),
    ("split, NFKC, lower", file(sequence("normalizers", unicode_form("NFKC"),
                                         unicode_form("Lowercase")), SPACE), None),
    ("NFKD, accents, digits", file(sequence("normalizers", unicode_form("NFKD"),
                                            unicode_form("StripAccents")),
                                   sequence("pretokenizers", SPACE, digits(True))), None),
    ("NFD, contiguous", file(unicode_form("NFD"), punctuation("Contiguous")), None),
    ("previous, digits", file(None, sequence("pretokenizers", digits(False),
                                             punctuation("MergedWithPrevious"))), None),
    ("next, short words", file(None, sequence("pretokenizers", punctuation("MergedWithNext"), SPACE),
                               max_input_chars_per_word=4), None),
    ("removed, strip", file(sequence("normalizers", STRIP, REPLACE, PREPEND),
                            sequence("pretokenizers", punctuation("Removed"), SPACE)), None),
    ("nothing at all", file(None, None, None, []), None),
    ("word level", file(unicode_form("Lowercase"), WORD, TEMPLATE, model="WordLevel"), None),
    ("class, file ignored", file(None, SPACE, None, FIVE + MORE),
     {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": True}),
    ("class, own added tokens", file(None, None),
     {"tokenizer_class": "BertTokenizerFast", "extra_special_tokens": ["newtoken"],
      "added_tokens_decoder": {str(a["id"]): {k: v for k, v in a.items() if k != "id"}
                               for a in FIVE[:4] + MORE[:1]}}),
    ("class, left", file(bert(), BERT, TEMPLATE),
     {"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": False, "truncation_side": "left"}),
    ("file as it stands", file(unicode_form("Lowercase"), WORD, ROBERTA, FIVE[:3]),
     {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "[MASK]", "sep_token": "[SEP]",
      "cls_token": "[CLS]", "unk_token": "[UNK]"}),
]


def write(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        json.dump(value, f)


def run(case, config):
    """The ids of all texts, and those cut to 8."""
    whole = {**case, "model": {**case["model"], "vocab": VOCAB}}
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "tokenizer.json", whole)
        if config is None:
            t = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
            ids = [e.ids for e in t.encode_batch(TEXTS)]
            t.enable_truncation(8)
            return ids, [e.ids for e in t.encode_batch(TEXTS)]
        write(folder, "tokenizer_config.json", config)
        write(folder, "config.json", {"model_type": "bert"})
        t = AutoTokenizer.from_pretrained(folder)
        return (t(TEXTS, truncation=False)["input_ids"],
                t(TEXTS, truncation=True, max_length=8)["input_ids"])


def saved(tokenizer):
    """The two files that a tokenizer saves, as text."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        return [open(os.path.join(folder, n), encoding="utf-8").read()
                for n in ("tokenizer.json", "tokenizer_config.json")]


def main():
    vocab = {w: i for i, w in enumerate(SPECIAL + ["the", "##\u00e9", "\"\\\u0001\u2028"])}
    mpnet = {w: i for i, w in enumerate(["<s>", "<pad>", "</s>", "[UNK]", "the", "<mask>"])}
    out = {"vocab": VOCAB, "texts": TEXTS, "cases": [], "saved": {
        "bert": [list(vocab)] + saved(BertTokenizer(vocab=vocab, do_lower_case=False)),
        "mpnet": [list(mpnet)] + saved(MPNetTokenizer(vocab=mpnet))}}
    for name, case, config in CASES:
        ids, cut = run(case, config)
        out["cases"].append({"name": name, "file": case, "config": config, "ids": ids, "cut": cut})
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        parts = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items() if k != "cases"]
        cases = ",\n".join(json.dumps(c) for c in out["cases"])
        f.write("{" + ",\n".join(parts) + ",\n\"cases\": [\n" + cases + "\n]}\n")


if __name__ == "__main__":
    main()
