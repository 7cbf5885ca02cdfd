#!/usr/bin/env python3
"""Make the demo's WordPiece vocabulary from its intent phrasings.

    make_vocab.py [INTENTS_TSV [VOCAB_TXT]] [--size N]

Reads a UTF-8 file of `intent<TAB>text` lines (the first line is a header) and
writes one vocabulary entry per line; an entry's id is its line number, from 0:

    0..4   [PAD] [UNK] [CLS] [SEP] [MASK]
    then   single letters, digits and punctuation marks
    then   `##` + letter or digit, so that any ASCII word can be spelt out
    then   words that occur at least twice, most frequent first
    then   stems and `##` pieces learned by merging pairs of pieces, in the
           order in which they were learned

Only the Python 3 standard library is needed, and the same input always gives
the same bytes.
"""

import argparse
import collections
import pathlib
import string
import sys

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ALPHABET = string.ascii_lowercase + string.digits

# Marks that people type even if no phrasing happens to contain them. Whatever
# else the text contains is added to these.
COMMON_PUNCTUATION = "!',-.:;?"

MIN_WORD_COUNT = 2  # a word seen once teaches a whole-word vector nothing
MIN_PAIR_COUNT = 3  # fewer than three different words is chance, not a pattern
DEFAULT_SIZE = 1800


def split_words(text):
    """Lower-case, split at white space, and let each mark stand alone.

    This is the splitting the tokeniser itself does before it looks for pieces.
    Were the two to differ, the counts here would be of words it never sees.
    """
    words, current = [], ""
    for ch in text.lower():
        if ch.isalnum():
            current += ch
            continue
        if current:
            words.append(current)
            current = ""
        if not ch.isspace():
            words.append(ch)
    if current:
        words.append(current)
    return words


def count_words(path):
    counts = collections.Counter()
    # Strictly by "\n": splitlines() would also break at rarer separators.
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[1:], start=2):
        line = line.rstrip("\r")
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != 2:
            sys.exit(f"{path}:{number}: expected intent<TAB>text")
        counts.update(split_words(fields[1]))
    return counts


def learn_pieces(words, known, wanted):
    """Return up to `wanted` new pieces, found by merging frequent pairs.

    Each word starts as its letters (`s ##n ##o ##w`); the pair of neighbours
    found most often is merged everywhere, again and again. Every word weighs
    the same however often it occurs: frequent words have entries of their own
    already, and the pieces are wanted for the others, where an ending shared
    by many words (`##ing`, `##er`) says more than one common word does.
    """
    known = set(known)
    spelt = [[w[0]] + ["##" + ch for ch in w[1:]] for w in sorted(words)]
    learned = []
    while len(learned) < wanted:
        pairs = collections.Counter()
        for pieces in spelt:
            # A set, so that "banana" does not count (##a, ##n) twice.
            pairs.update(set(zip(pieces, pieces[1:])))
        if not pairs:
            break
        # Ties go to the alphabetically first pair; a Counter's own order
        # follows the sets' and would change from run to run.
        (left, right), count = min(pairs.items(), key=lambda kv: (-kv[1], kv[0]))
        if count < MIN_PAIR_COUNT:
            break
        merged = left + right[2:]
        # A merge may spell a word that is in already. It still has to be
        # carried out, since longer pieces are built upon it.
        if merged not in known:
            known.add(merged)
            learned.append(merged)
        for pieces in spelt:
            i = 0
            while i + 1 < len(pieces):
                if pieces[i] == left and pieces[i + 1] == right:
                    pieces[i:i + 2] = [merged]
                i += 1
    return learned


def build_vocab(counts, size):
    marks = set(COMMON_PUNCTUATION)
    for word in counts:
        if len(word) == 1 and not word.isalnum():
            marks.add(word)
    # Letters outside a-z (an accented one, say) must be in as well, or a word
    # that has one would become [UNK].
    letters = set(ALPHABET) | {ch for w in counts if w.isalnum() for ch in w}

    vocab = list(SPECIALS)
    vocab += sorted(letters, key=lambda ch: (ch.isdigit(), ch)) + sorted(marks)
    vocab += ["##" + ch for ch in sorted(letters, key=lambda ch: (ch.isdigit(), ch))]

    frequent = [w for w, n in counts.items() if n >= MIN_WORD_COUNT and len(w) > 1]
    frequent.sort(key=lambda w: (-counts[w], w))
    vocab += frequent

    words = [w for w in counts if len(w) > 1]
    vocab += learn_pieces(words, vocab, size - len(vocab))
    return vocab


def tokenise(word, vocab):
    """Greedy longest match from the left, as the library does; None = [UNK]."""
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                pieces.append(piece)
                start = end
                break
        else:
            return None
    return pieces


def main():
    # The data folder is a neighbour of the folder this script stands in, so
    # the defaults hold from whatever directory it is run.
    data = pathlib.Path(__file__).resolve().parent.parent / "examples" / "data"
    parser = argparse.ArgumentParser(
        description="Make a WordPiece vocabulary from an intents file.")
    parser.add_argument("intents", nargs="?", type=pathlib.Path,
                        default=data / "intents.tsv")
    parser.add_argument("vocab", nargs="?", type=pathlib.Path,
                        default=data / "vocab.txt")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE,
                        help="entries to aim for (default: %(default)s); "
                             "frequent words are kept even beyond it")
    args = parser.parse_args()

    counts = count_words(args.intents)
    vocab = build_vocab(counts, args.size)

    # Cheap to check, and a vocabulary with a hole in it would only show up
    # much later, as a model that is a little worse than it should be.
    entries = set(vocab)
    if len(entries) != len(vocab):
        sys.exit("internal error: duplicate vocabulary entries")
    split = {w: tokenise(w, entries) for w in counts}
    unknown = sorted(w for w, pieces in split.items() if pieces is None)
    if unknown:
        sys.exit("no pieces for: " + " ".join(unknown))

    # Bytes, not text: the line ends must not depend on the system.
    args.vocab.write_bytes(("\n".join(vocab) + "\n").encode("utf-8"))

    total = sum(counts.values())
    pieces = sum(n * len(split[w]) for w, n in counts.items())
    print(f"{args.vocab}: {len(vocab)} entries; {len(counts)} different words, "
          f"{pieces / max(total, 1):.2f} pieces per word")


if __name__ == "__main__":
    main()
