#!/usr/bin/env python3
"""Prints the Unicode tables of sentrain.h (the text chapter) as C.

    python3 tools/unicode_tables.py > tables.txt

The tables are not taken from a Unicode version but from the behaviour of the PyPI package
`tokenizers` (written for 0.23.3), because equal token ids are the aim and its parts follow several
versions of Unicode at once.  Every class and mapping is found by asking the package about every
Unicode scalar value: about one minute.  Paste the output over the tables in the header by hand.
`--check FILE` compares the tables in FILE (the header) with fresh ones instead and says where
they differ.  Needs the standard library and `tokenizers`.
"""
import struct
import sys

from tokenizers import normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)

# bits of sen__uni_kind.flags, in the order of the C enum
SPACE, CONTROL, PUNCT, MN, LETTER, NUMBER, WORD, MARK = (1 << i for i in range(8))

# sen__uni_kind.cluster, in the order of the C enum
(OTHER, BREAK, EXTEND, SPACING, PREPEND, LEAD, VOWEL, TAIL, PICTURE, LINKER, CONSONANT, JOINER,
 REGIONAL) = range(13)


# ---- asking the package --------------------------------------------------------------------------

def sweep_flags():
    """cp -> flags, each flag seen through the part of the package that uses it."""
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False,
                                       strip_accents=False, lowercase=False)
    bert = pre_tokenizers.BertPreTokenizer()
    space = pre_tokenizers.WhitespaceSplit()
    words = pre_tokenizers.Whitespace()
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    strip = normalizers.StripAccents()
    plain = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False,
                                       strip_accents=True, lowercase=False)
    flags = {}
    for c in SCALARS:
        s = chr(c)
        f = 0
        if len(space.pre_tokenize_str("a" + s + "a")) == 2:
            f |= SPACE
        if clean.normalize_str(s) == "" or c in (9, 10, 13):
            f |= CONTROL
        if len(bert.pre_tokenize_str("a" + s + "a")) == 3:
            f |= PUNCT
        if plain.normalize_str(s) == "":
            f |= MN
        if strip.normalize_str(s) == "":
            f |= MARK
        if len(level.pre_tokenize_str("\u4e00" + s + "\u4e00")) == 1:
            f |= LETTER
        if len(level.pre_tokenize_str("1" + s + "1")) == 1:
            f |= NUMBER
        if len(words.pre_tokenize_str("a" + s + "a")) == 1:
            f |= WORD
        flags[c] = f
    return flags


def counting_charsmap():
    """A `Precompiled` map in which every first byte is a match: what a grapheme cluster shorter
    than 6 bytes becomes is then one "b", and a longer one as many "b" as it has characters."""
    units = [0] * 1024
    units[0] = 256 << 10                        # children of the root stand at 256 ^ byte
    for byte in range(1, 256):
        at, leaf = 256 ^ byte, 512 + byte
        units[at] = ((at ^ leaf) << 10) | (1 << 8) | byte
        units[leaf] = 1 << 31
    trie = struct.pack("<%dI" % len(units), *units)
    return struct.pack("<I", len(trie)) + trie + b"b\0"


def sweep_clusters():
    """cp -> cluster class.  U+0301 (two bytes, extends) makes a short cluster out of what stands
    before it, so the count of "b" tells whether a boundary lies in between."""
    norm = normalizers.Precompiled(counting_charsmap())

    def count(s):
        return len(norm.normalize_str(s))

    hangul = {(1, 1, 0): LEAD, (0, 1, 1): VOWEL, (0, 0, 1): TAIL}
    found = {}
    for c in SCALARS[1:]:
        s = chr(c)
        if 0x1F1E6 <= c <= 0x1F1FF:
            found[c] = REGIONAL                 # four bytes: no effect here, listed for rule GB12
        elif c == 0x200D:
            found[c] = JOINER
        elif count("a" + s) == 1:
            if count("\u0915" + s + "\u0915\u0301") == 4:
                found[c] = LINKER
            elif count("\xa9" + s + "\u200d\xa9\u0301") == 5:
                found[c] = EXTEND
            else:
                found[c] = SPACING
        elif count(s + "a") == 1:
            found[c] = PREPEND
        elif count(s + "\u0301\u0301") == 2:
            found[c] = BREAK
        elif count(s + "\u094d\u0915\u0301") == 4:
            found[c] = CONSONANT
        elif c not in HANGUL:
            key = tuple(int(count(s + x + "\u0301") == 3) for x in "\u1100\u1160\u11a8")
            if any(key):
                found[c] = hangul[key]
            elif count("\xa9\u200d" + s) == 3:
                found[c] = PICTURE
    found[0] = BREAK
    return found


def sweep_combining():
    """cp -> canonical combining class (0 left out), from the order NFD puts two marks in.
    One known mark stands for each class in use."""
    nfd = normalizers.NFD().normalize_str
    known = {1: 0x0334, 7: 0x093C, 8: 0x3099, 9: 0x094D, 84: 0x0C55, 91: 0x0C56,
             103: 0x0E38, 107: 0x0E48, 118: 0x0EB8, 122: 0x0EC8, 129: 0x0F71, 130: 0x0F72,
             132: 0x0F74, 202: 0x0321, 214: 0x1DCE, 216: 0x031B, 218: 0x302A, 220: 0x0316,
             222: 0x059A, 224: 0x302E, 226: 0x1D16D, 228: 0x05AE, 230: 0x0300, 232: 0x0315,
             233: 0x035C, 234: 0x035D, 240: 0x0345}
    known.update({10 + i: c for i, c in enumerate(
        [0x5B0, 0x5B1, 0x5B2, 0x5B3, 0x5B4, 0x5B5, 0x5B6, 0x5B7, 0x5B8, 0x5B9, 0x5BB, 0x5BC, 0x5BD,
         0x5BF, 0x5C1, 0x5C2, 0xFB1E, 0x64B, 0x64C, 0x64D, 0x64E, 0x64F, 0x650, 0x651, 0x652,
         0x670, 0x711])})
    order = sorted(known)
    found = {}
    for c in SCALARS:
        s = chr(c)
        if nfd(s) != s:
            continue
        below = nfd("\u0345" + s) != "\u0345" + s           # 0 < class < 240
        above = nfd(s + "\u0334") != s + "\u0334"           # class > 1
        if not below and not above:
            continue
        low = [k for k in order if nfd(s + chr(known[k])) != s + chr(known[k])]     # class > k
        high = [k for k in order if nfd(chr(known[k]) + s) != chr(known[k]) + s]    # class < k
        same = [k for k in order if k not in low and k not in high]
        if len(same) != 1:
            raise SystemExit("U+%04X has no single combining class: %r" % (c, same))
        found[c] = same[0]
    return found


def sweep_mappings():
    """cp -> tuple, for lower case and the four normalization forms; only what changes."""
    asked = {"lower": normalizers.Lowercase(), "nfd": normalizers.NFD(), "nfc": normalizers.NFC(),
             "nfkd": normalizers.NFKD(), "nfkc": normalizers.NFKC()}
    result = {}
    for name, part in asked.items():
        result[name] = {}
        for c in SCALARS:
            s = part.normalize_str(chr(c))
            if s != chr(c):
                result[name][c] = tuple(map(ord, s))
    return result


# ---- packing -------------------------------------------------------------------------------------

def pack_kinds(flags, clusters, combining):
    """Three stages: block[cp >> 12] -> page[.. + (cp >> 8 & 15)] -> a list of runs of that page,
    the first number their count, each run (first << 7 | kind)."""
    kinds, lists, pages, blocks = [], [], [], []
    known_lists, known_blocks = {}, {}
    for top in range(0, 0x110000, 0x1000):
        block = []
        for base in range(top, top + 0x1000, 0x100):
            runs = []
            for c in range(base, base + 0x100):
                kind = (flags.get(c, 0), combining.get(c, 0), clusters.get(c, OTHER))
                if kind not in kinds:
                    kinds.append(kind)
                k = kinds.index(kind)
                if not runs or runs[-1] & 127 != k:
                    runs.append((c & 255) << 7 | k)
            key = tuple(runs)
            if key not in known_lists:
                known_lists[key] = len(lists)
                lists.extend([len(runs)] + runs)
            block.append(known_lists[key])
        key = tuple(block)
        if key not in known_blocks:
            known_blocks[key] = len(pages) // 16
            pages.extend(block)
        blocks.append(known_blocks[key])
    assert len(kinds) <= 128 and len(lists) < 65536 and len(pages) // 16 < 256
    return kinds, blocks, pages, lists


def pack_lower(lower):
    """Runs (first, last, step, delta): cp + delta for first, first + step, ... last.
    The one mapping to two characters (U+0130) is left to the C code."""
    left = {c: v[0] - c for c, v in lower.items() if len(v) == 1 and c >= 128}
    assert [c for c, v in lower.items() if len(v) > 1] == [0x130]
    rows = []
    for c in sorted(left):
        for row in rows[-2:]:
            step = c - row[1]
            if row[3] == left[c] and (row[2] == step or row[0] == row[1]) and step <= 2:
                row[1], row[2] = c, step
                break
        else:
            rows.append([c, c, 1, left[c]])
    spans, kept = [], []
    for row in sorted(rows):                    # runs must not interleave for a binary search
        if kept and row[0] <= kept[-1][1]:
            raise SystemExit("lower-case runs interleave at U+%04X" % row[0])
        kept.append(row)
    spans.extend(tuple(r) for r in kept)
    return spans


def one_step(mappings):
    """cp -> (expansion, compat).  A character that NFC keeps is split into two, so that the same
    entry serves composition; other canonical ones go all the way; compatibility ones too."""
    nfd, nfc, nfkd = mappings["nfd"], mappings["nfc"], mappings["nfkd"]
    compose = normalizers.NFC().normalize_str
    steps, pairs = {}, {}
    for c, full in nfd.items():
        if c in HANGUL:
            continue
        if c in nfc:
            steps[c] = (full, False)
        else:
            first = tuple(map(ord, compose("".join(map(chr, full[:-1])))))
            assert len(first) == 1, hex(c)
            steps[c] = (first + full[-1:], False)
            pairs[c] = steps[c][0]
    for c, full in nfkd.items():
        if c not in nfd:
            steps[c] = (full, True)
    return steps, pairs


def pack_steps(steps):
    """Runs {first, count, length, compat, value}: length 0 means cp + value, otherwise the
    expansion stands at pool[value + length * (cp - first)].  Numbers above 0xFFFF stand in the
    pool as 0xD800 + index into far[]."""
    far = sorted({x for v, _ in steps.values() for x in v if x > 0xFFFF and len(v) > 1} |
                 {v[0] for c, (v, _) in steps.items() if len(v) == 1 and v[0] > 0xFFFF})
    code = {x: 0xD800 + i for i, x in enumerate(far)}
    order = sorted(steps)
    rows, i = [], 0
    while i < len(order):                       # maximal runs of neighbours of one length
        c = order[i]
        text, compat = steps[c]
        j = i + 1
        while (j < len(order) and order[j] == order[j - 1] + 1 and steps[order[j]][1] == compat
               and len(steps[order[j]][0]) == len(text) and order[j] - c < 255):
            j += 1
        rows.extend(split_deltas(order[i:j], steps))
        i = j
    pool, runs = [], []
    for first, count, length, compat, content in sorted(rows, key=lambda r: -len(r[4])):
        if length == 0:
            runs.append((first, count, 0, compat, content[0]))
            continue
        units = [code.get(x, x) for x in content]
        runs.append((first, count, length, compat, place(pool, units)))
    return sorted(runs), pool, far


def split_deltas(span, steps):
    """Cuts a run of one-character expansions where a stretch of at least five has one constant
    distance: such a stretch needs no pool."""
    length, compat = len(steps[span[0]][0]), steps[span[0]][1]
    if length > 1:
        return [(span[0], len(span), length, compat, [x for c in span for x in steps[c][0]])]
    rows, pending, i = [], [], 0

    def flush():
        if pending:
            rows.append((pending[0], len(pending), 1, compat, [steps[c][0][0] for c in pending]))
            pending.clear()

    while i < len(span):
        delta = steps[span[i]][0][0] - span[i]
        j = i
        while j < len(span) and steps[span[j]][0][0] - span[j] == delta:
            j += 1
        alone = not pending and j == len(span)
        if j - i >= 5 or (alone and j - i >= 1):
            flush()
            rows.append((span[i], j - i, 0, compat, [delta]))
        else:
            pending.extend(span[i:j])
        i = j
    flush()
    return rows


def place(pool, units):
    """Index of units in the pool, appended (overlapping its end if possible) when not there."""
    n = len(units)
    for at in range(len(pool) - n + 1):
        if pool[at:at + n] == units:
            return at
    for keep in range(min(n, len(pool)), -1, -1):
        if keep == 0 or pool[-keep:] == units[:keep]:
            pool.extend(units[keep:])
            return len(pool) - n


def pack_pairs(pairs):
    """marks: (second, index of its first composite); composites: by second, then by first, as
    16 bits (the plane is that of the second)."""
    marks, composites = [], []
    for second in sorted({b for _, b in pairs.values()}):
        marks.append((second, len(composites)))
        for a, c in sorted((a, c) for c, (a, b) in pairs.items() if b == second):
            assert c >> 16 == second >> 16
            composites.append(c & 0xFFFF)
    return marks, composites


# ---- printing ------------------------------------------------------------------------------------

def numbers(out, kind, name, values):
    out.append("static const %s %s[%d] = {" % (kind, name, len(values)))
    line = "   "
    for v in values:
        text = " %d," % v if line == "   " else "%d," % v
        if len(line) + len(text) > 100:
            out.append(line)
            line = "   "
            text = " %d," % v
        line += text
    out.append(line)
    out.append("};")
    out.append("")


def rows(out, kind, name, values):
    out.append("static const %s %s[%d] = {" % (kind, name, len(values)))
    line = "   "
    for v in values:
        text = " {" + ",".join(map(str, v)) + "},"
        if len(line) + len(text) > 100:
            out.append(line)
            line = "   "
        line += text
    out.append(line)
    out.append("};")
    out.append("")


def tables():
    flags, clusters, combining = sweep_flags(), sweep_clusters(), sweep_combining()
    mappings = sweep_mappings()
    kinds, blocks, pages, lists = pack_kinds(flags, clusters, combining)
    steps, pairs = one_step(mappings)
    runs, pool, far = pack_steps(steps)
    marks, composites = pack_pairs(pairs)
    lower = pack_lower(mappings["lower"])
    size = (3 * len(kinds) + len(blocks) + 2 * len(pages) + 2 * len(lists) + 16 * len(lower)
            + 12 * len(runs) + 2 * len(pool) + 4 * len(far) + 8 * len(marks) + 2 * len(composites))
    print("kinds %d, blocks %d, pages %d, lists %d, lower %d, runs %d, pool %d, far %d, marks %d, "
          "composites %d: %d bytes" % (len(kinds), len(blocks), len(pages), len(lists), len(lower),
                                       len(runs), len(pool), len(far), len(marks),
                                       len(composites), size), file=sys.stderr)
    out = []
    rows(out, "sen__uni_kind", "sen__uni_kinds", kinds)
    numbers(out, "uint8_t", "sen__uni_blocks", blocks)
    numbers(out, "uint16_t", "sen__uni_pages", pages)
    numbers(out, "uint16_t", "sen__uni_lists", lists)
    rows(out, "sen__uni_case", "sen__uni_cases", lower)
    rows(out, "sen__uni_step", "sen__uni_steps",
         [(a, b, n, int(compat), v) for a, b, n, compat, v in runs])
    numbers(out, "uint16_t", "sen__uni_pool", pool)
    numbers(out, "uint32_t", "sen__uni_far", far)
    rows(out, "sen__uni_mark", "sen__uni_marks", marks)
    numbers(out, "uint16_t", "sen__uni_composites", composites)
    return out


def main(argv):
    out = tables()
    if len(argv) == 3 and argv[1] == "--check":
        with open(argv[2], encoding="utf-8") as f:
            present = set(f.read().split("\n"))
        missing = [line for line in out if line not in present]
        print("%d of %d lines differ" % (len(missing), len(out)))
        for line in missing[:20]:
            print(line)
        return 1 if missing else 0
    print("\n".join(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
