# The benchmark itself: each part's lines are JSON with numbers that can be, the count of operations is the one
# worked out by hand, and the table beside Python says what canned measurements amount to.
#     sh tests/bench.sh BENCH PYTHON FOLDER      FOLDER: for files of its own
set -eu
bench=$1 python=$2 out=$3
mkdir -p "$out/shared/bench"

"$bench" --bad >/dev/null 2>&1 && { echo 'FAIL: an unknown flag was taken'; exit 1; }
"$bench" train "$out/none" - 2>"$out/said" && { echo 'FAIL: a model that is not there was trained'; exit 1; }
grep -q 'bench: .*none' "$out/said" || { echo 'FAIL: the message names no folder:'; cat "$out/said"; exit 1; }

for part in peak rows search samplers tokenizer latency grid; do
    "$bench" --quick --json --threads 2 --only $part --data "$out/none" >"$out/$part.jsonl"
done
"$bench" train - - --batch-size 4 --updates 2 --limit 16 --threads 2 --json --mark >"$out/train.jsonl"

# What Python and ours would print, for the table.
cat >"$out/shared/bench/peer_bench.py" <<'END'
import json, sys
one = {"samples_per_s_median_step": 20.0, "tokens_per_s": 700.0, "peak_rss_mib": 2700.0, "first_step_since_start_s": 8.0}
if "128" in sys.argv or "pairs-long.jsonl" in " ".join(sys.argv):
    sys.exit("no room for that")
print({'loss': 1.0})
print(json.dumps(one))
END
cat >"$out/fake-bench" <<END
#!$(command -v "$python")
import sys
if "train" in sys.argv:
    print("first")
    print('{"samples_per_s": 70, "tokens_per_s": 2450, "share": 0.7, "serial_share": 0.01, "peak_rss_mib": 300}')
else:
    print('{"vendor": "GenuineIntel", "features": "avx2 avx512f"}')
    for n in (1, 2):
        print('{"bench": "peak", "kind": "sustained", "threads": %d, "gflops": %d}' % (n, 200 * n))
END
chmod +x "$out/fake-bench"
touch "$out/pairs-short.jsonl" "$out/pairs-long.jsonl" "$out/sentences.txt"
"$python" tools/bench_peer.py --quick --only train --threads 2 --json --python "$python" --bench "$out/fake-bench" \
    --data "$out" --shared "$out/shared" --model "$out" >"$out/peer.jsonl" 2>/dev/null

"$python" - "$out" <<'END'
import json, sys
def lines(name):
    return [json.loads(s) for s in open(f"{sys.argv[1]}/{name}.jsonl") if s.strip() != "first"]
def check(what, good):
    if not good:
        sys.exit("FAIL: " + what)
for name in ("peak", "rows", "search", "samplers", "tokenizer", "latency", "grid"):
    rows = lines(name)
    check(f"{name}: which machine it is", rows[0]["bench"] == "machine" and rows[0]["cpus"] >= 1)
    check(f"{name}: some lines", len(rows) > 2 and all(r["bench"] == name for r in rows[1:]))
    for r in rows[1:]:
        for k, v in r.items():
            check(f"{name}: {k} of {r}", not isinstance(v, (int, float)) or k.endswith("share") or v > 0)
check("rows: both numbers of threads have all kernels", len(lines("rows")) == 1 + 2 * 25)
cell = [r for r in lines("grid") if r.get("job") == "encode" and r.get("length") == 16 and r["batch_size"] == 16][0]
want = 16 * 6 * (16 * 2 * (4 * 384 ** 2 + 2 * 384 * 1536) + 4 * 384 * 16 ** 2) * 1e-9
check(f"{cell['gflop']} Gflop, by hand {want}", abs(cell["gflop"] / want - 1) < 1e-4)
t = lines("train")[-1]
check(f"a training step: {t}", t["step_gflop"] > 63.7e-3 * t["tokens_per_step"] and 0 <= t["serial_share"] < 1)
p = {r["row"]: r for r in lines("peer")}
short, wide = p["train short, batch 32"], p["train short, batch 128"]
check(f"ratio and verdict: {short}", short["ratio"] == 3.5 and short["by_peak"] == 3.5 and short["verdict"] == "must")
check(f"why a row was not run: {wide}", wide["verdict"] == "not run: no room for that")
check("a share that is enough", p["  share of the peak"]["verdict"] == "must")
print("bench: all is as it should be")
END
