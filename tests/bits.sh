#!/bin/sh
# bits.sh OUT SENTRAIN...: the same job through each command, with 1, 2 and 7 threads, and killed and
# resumed: every run must end in the same bytes of weights. OUT is a folder for what it makes.
# The commands are builds of one TARGET by several compilers.
set -eu
out=$1
shift
data=$(cd examples/data && pwd)
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)                         # a job's relative paths start from its own folder

# Two phrasings of one intent are a pair.
tab=$(printf '\t')
last= text=
{
    printf 'anchor\tpositive\n'
    while IFS=$tab read -r intent phrase; do
        if test "$intent" = "$last"; then printf '%s\t%s\n' "$text" "$phrase"; fi
        last=$intent text=$phrase
    done <"$data/intents.tsv"
} >"$out/pairs.tsv"

cat >"$out/job.json" <<END
{
  "model": {"modules": [
    {"type": "Transformer", "vocab": "$data/vocab.txt", "max_seq_length": 32,
     "config": {"model_type": "bert", "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                "intermediate_size": 96, "max_position_embeddings": 64}},
    {"type": "Pooling", "pooling_mode": "mean"}, {"type": "Dense", "out_features": 20}]},
  "train_dataset": {"path": "pairs.tsv", "limit": 400},
  "loss": {"type": "MultipleNegativesRankingLoss"},
  "args": {"output_dir": "run", "max_steps": 20, "per_device_train_batch_size": 16, "learning_rate": 1e-3,
           "gradient_accumulation_steps": 2, "logging_steps": 5, "save_strategy": "steps", "save_steps": 4, "seed": 7}
}
END

train() # NAME SENTRAIN [OPTION...]
{
    name=$1 command=$2
    shift 2
    ${by:-} "$command" train "$out/job.json" --quiet --set args.output_dir="$out/$name" --set save_to="$out/$name/final" \
        "$@" >>"$out/$name.log" 2>&1
}

want= failed=0
compare() # NAME WHAT: the weights of all its modules against those of the first run
{
    got=$(cat "$out/$1"/final/model.safetensors "$out/$1"/final/*/model.safetensors 2>/dev/null | cksum)
    : "${want:=$got}"
    if test "$got" = "$(cksum </dev/null)"; then
        echo "NO WEIGHTS: $2"
        failed=1
    elif test "$got" = "$want"; then
        echo "same bits: $2"
    else
        echo "OTHER BITS: $2"
        failed=1
    fi
}

i=0
for sentrain in "$@"; do
    i=$((i + 1))
    for threads in 1 2 7; do
        train "$i-$threads" "$sentrain" --threads "$threads"
        compare "$i-$threads" "$sentrain, $threads thread(s)"
    done
done

# Killed as soon as a checkpoint stands, then resumed. exec: so that the command itself is killed, and
# not a shell that waits for it.
for step in 4 12; do
    (by=exec && train "killed-$step" "$1" --threads 2) &
    run=$!
    n=0
    until test -d "$out/killed-$step/checkpoint-$step" || test $n -gt 600; do sleep 0.02; n=$((n + 1)); done
    kill -9 $run 2>/dev/null || :
    wait $run 2>/dev/null || :
    train "killed-$step" "$1" --threads 2 --resume
    compare "killed-$step" "killed at step $step and resumed"
done
exit $failed
