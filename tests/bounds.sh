#!/bin/sh
# bounds.sh OUT DISPATCH COMMAND...: the same texts through builds for several instruction sets. Each
# COMMAND is a sentrain, with an emulator before it where one is needed ("qemu-aarch64 DIR/sentrain");
# the first also makes the model. No number of an embedding may lie further from the first command's
# than the bound below, relative to the largest number of its row. DISPATCH, unless it is "", is
# examples/dispatch: the number of its build and of its embedding are looked at here, and under
# qemu-x86_64 on a processor without AVX.
set -eu
bound=2e-6                                          # README states it
out=$1 dispatch=$2
shift 2
data=$(cd examples/data && pwd)
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)

# A model of every width that a kernel may stumble over: 52 and 20 are no multiples of 16 or 8.
cut -f 2 "$data/intents.tsv" | sed -n '2,121p' >"$out/texts.txt"
{ printf 'anchor\tpositive\n'; paste "$out/texts.txt" "$out/texts.txt"; } >"$out/pairs.tsv"
cat >"$out/job.json" <<END
{
  "model": {"modules": [
    {"type": "Transformer", "vocab": "$data/vocab.txt", "max_seq_length": 32,
     "config": {"model_type": "bert", "hidden_size": 52, "num_hidden_layers": 3, "num_attention_heads": 4,
                "intermediate_size": 100, "max_position_embeddings": 64}},
    {"type": "Pooling", "pooling_mode": "mean"}, {"type": "Dense", "out_features": 20}, {"type": "Normalize"}]},
  "train_dataset": {"path": "pairs.tsv"},
  "loss": {"type": "MultipleNegativesRankingLoss"},
  "args": {"output_dir": "run", "max_steps": 4, "per_device_train_batch_size": 16, "learning_rate": 1e-3,
           "save_strategy": "no", "seed": 11},
  "save_to": "model"
}
END
$1 train "$out/job.json" --quiet

i=0
for command in "$@"; do
    i=$((i + 1))
    $command encode "$out/model" "$out/texts.txt" --output "$out/$i.npy" >/dev/null 2>&1
    $command --version | head -n 1 >"$out/$i.build"
done

if test -n "$dispatch"; then
    text=$(head -n 1 "$out/texts.txt")
    "$dispatch" "$out/model" "$text" >"$out/here.txt"
    if command -v qemu-x86_64 >/dev/null 2>&1; then
        qemu-x86_64 -cpu Nehalem "$dispatch" "$out/model" "$text" >"$out/nehalem.txt" 2>/dev/null
    fi
fi

python3 - "$out" $i "$bound" <<'END'
import os, re, struct, sys
out, n, bound = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
passed = failed = 0

def npy(path):
    raw = open(path, "rb").read()
    start = 10 + struct.unpack("<H", raw[8:10])[0]
    rows, cols = map(int, re.search(rb"\((\d+), (\d+)\)", raw[:start]).groups())
    x = struct.unpack("<%df" % (rows * cols), raw[start:])
    return [x[r * cols:(r + 1) * cols] for r in range(rows)]

def compare(what, got, expect):
    global passed, failed
    same = len(got) == len(expect) and all(len(g) == len(e) for g, e in zip(got, expect))
    off = max(max(abs(a - b) for a, b in zip(g, e)) / max(map(abs, e)) for g, e in zip(got, expect)) if same else 1
    good = off <= bound
    passed, failed = passed + good, failed + (not good)
    print("%s %s: off by %.3g of %g" % ("ok" if good else "FAILED", what, off, bound))

def told(path):
    lines = open(path).read().split("\n")
    return lines[0], [[float(x) for x in lines[1:] if x]]

first = npy(out + "/1.npy")
for i in range(2, n + 1):
    compare(open("%s/%d.build" % (out, i)).read().strip(), npy("%s/%d.npy" % (out, i)), first)
cpu = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
for name, target in ("here", "avx2" if " avx2 " in cpu and " fma " in cpu else "sse2"), ("nehalem", "sse2"):
    if not os.path.exists("%s/%s.txt" % (out, name)):
        continue
    build, rows = told("%s/%s.txt" % (out, name))
    good = "target " + target in build
    passed, failed = passed + good, failed + (not good)
    print("%s dispatch, %s: %s" % ("ok" if good else "FAILED", name, build))
    compare("dispatch, " + name, rows, first[:1])
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
END
