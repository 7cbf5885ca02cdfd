#!/usr/bin/env python3
"""Writes tests/golden/re.json: patterns and texts, and what Python's re.search says of them.

    python3 tools/golden_re.py [N] >tests/golden/re.json       N: random ones, 300

A row is [pattern, text, true or false]; null: re.compile refuses the pattern.
"""
import json
import random
import re
import sys
import warnings

NAMES = ["model.0.model.encoder.layer.11.attention.self.query.weight",
         "model.0.model.embeddings.LayerNorm.bias", "model.1.linear.weight", "loss.classifier.bias"]
CHOSEN = [
    (r"layer\.(1[01]|[0-9])\.", NAMES[0]), (r"layer\.\d\.", NAMES[0]), (r"layer\.\d+\.", NAMES[0]),
    (r"^model\.1", NAMES[2]), (r"^linear", NAMES[2]), (r"(weight|bias)$", NAMES[1]), (r"bias$", NAMES[0]),
    (r"\bself\b", NAMES[0]), (r"\Bueri\B", NAMES[0]), (r"\Aloss(?:\.\w+)+\Z", NAMES[3]), (r"\.{2}", NAMES[3]),
    (r"(?P<part>\w+)\.bias", NAMES[3]), (r"[^a-z.]", NAMES[3]), (r"[^a-z.]", NAMES[1]), (r"l{,2}i", NAMES[2]),
    (r"a{x}", "a{x}"), (r"[]]", "]"), (r"[^]]", "]"), (r"[a\-z]", "-"), (r"[a-]", "-"), (r"x*", ""), ("", ""),
    (r"a||b", "c"), (r"()*a", "a"), (r"(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"), (r"$", "a"), (r"a$b", "a$b"),
    (r"a*?b+?c??", "aabb"), (r"(a|b)*?c", "ababc"), (r"\.", "a"), (r"\t", "\t"), (r"[\d_]x", "_x"), (r"[\W]", "a"),
    (r"[\W]", "."), (r".", "\n"), (r"\_", "_"), (r"a{2}{3}", "a"), (r"a**", "a"), (r"*a", "a"), (r"(", ""),
    (r"a)", ""), (r"[a", "a"), (r"[z-a]", "a"), (r"a{3,2}", "a"), (r"\q", "q"), (r"+", "+"), ("a\\", "a"),
    (r"{2}", "{2}"), (r"(?:", ""), (r"(|a)b", "b"), (r"(a|)c", "c"), (r"a{0}b", "b"), (r"a{0,}b", "aab")]


def draw(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.5:
        return rng.choice(["a", "b", "c", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", "1", "[0-9c]", "_"])
    if kind < 0.7:
        return draw(rng, depth - 1) + draw(rng, depth - 1)
    if kind < 0.8:
        return "(" + draw(rng, depth - 1) + "|" + draw(rng, depth - 1) + ")"
    if kind < 0.9:
        return "(?:" + draw(rng, depth - 1) + ")" + rng.choice(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "*?"])
    if kind < 0.95:
        return rng.choice(["^", ""]) + draw(rng, depth - 1) + rng.choice(["$", "", r"\b", r"\B"])
    return "".join(rng.choice("ab()[]{}*+?|^$.-\\1,") for _ in range(4))


def found(pattern, text):
    try:
        return re.compile(pattern).search(text) is not None
    except re.error:
        return None


def main():
    warnings.simplefilter("ignore")
    rng = random.Random(5)
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rows = list(CHOSEN)
    rows += [(draw(rng, 4), "".join(rng.choice("abc.1_") for _ in range(rng.randrange(1, 7)))) for _ in range(n)]
    print('{"about": "tools/golden_re.py: Python\'s re.search", "rows": [')
    print(",\n".join(json.dumps([p, t, found(p, t)]) for p, t in rows) + "]}")


if __name__ == "__main__":
    main()
