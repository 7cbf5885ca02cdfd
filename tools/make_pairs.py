#!/usr/bin/env python3
"""Make the data files of examples/demo.json from the demo's intents.

    make_pairs.py [INTENTS_TSV [FOLDER]]

pairs.tsv     anchor, positive: a phrasing and the plain line of its intent
heldout.tsv   anchor, positive, negative: a held-out phrasing, its own plain line, and that of the
              intent half the list further on

The split is that of examples/demo.c: of intent i (from 0) the phrasings numbered i mod 11 and
(i + 5) mod 11 are held out. Standard library only; the same input gives the same bytes.
"""
import pathlib
import sys

WAYS = 11


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "examples/data/intents.tsv")
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else source.parent
    intents = {}
    for line in source.read_text(encoding="utf-8").splitlines()[1:]:
        name, text = line.split("\t")
        intents.setdefault(name, []).append(text)
    plain = [lines[0] for lines in intents.values()]
    pairs, heldout = ["anchor\tpositive"], ["anchor\tpositive\tnegative"]
    for i, lines in enumerate(intents.values()):
        other = plain[(i + len(plain) // 2) % len(plain)]
        for way, text in enumerate(lines[1:]):
            if way in (i % WAYS, (i + 5) % WAYS):
                heldout.append(f"{text}\t{lines[0]}\t{other}")
            else:
                pairs.append(f"{text}\t{lines[0]}")
    (folder / "pairs.tsv").write_text("\n".join(pairs) + "\n", encoding="utf-8")
    (folder / "heldout.tsv").write_text("\n".join(heldout) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
