#!/bin/sh
# cli.sh SENTRAIN: what the command does with bad input. Each case makes its own small files, runs
# the command, and checks its exit status and that it says what is wrong in one line: what, where,
# what to do. A last good checkpoint must stay whole, whatever happens to the run after it.
set -u
LC_ALL=C
export LC_ALL
case $1 in /*) sentrain=$1 ;; *) sentrain=$(pwd)/$1 ;; esac
vocab=$(pwd)/examples/data/vocab.txt
base=${TMPDIR:-/tmp}
if test -d /dev/shm && test -w /dev/shm; then base=/dev/shm; fi     # every file is synced: not to a disk
dir=$(mktemp -d "$base/sentrain-cli.XXXXXX") || exit 1
disk=
trap 'test -z "$disk" || umount "$disk" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
cd "$dir" || exit 1
passed=0 wrong=0

# ---- how a case is checked -----------------------------------------------------------------------

fail() # NAME WHY
{
    wrong=$((wrong + 1))
    echo "FAIL $1: $2"
    sed 's/^/    | /' err | head -n 8
}

run() # COMMAND...: its output into the files out and err, its exit status into $status
{
    timeout 30 "$sentrain" "$@" >out 2>err </dev/null
    status=$?
}

# What stands in err must be one line, "sentrain: ...", with each of the words in it.
says() # NAME STATUS 'WORDS|WORDS|...'
{
    grep -v '^sentrain: warning: ' err >said
    if test $status -ne "$2"; then fail "$1" "exit status $status, not $2"; return; fi
    if test "$(wc -l <said)" -ne 1 || ! grep -q '^sentrain: ' said; then
        fail "$1" "this is not one line that begins with sentrain:"; return
    fi
    rest=$3
    while test -n "$rest"; do
        word=${rest%%|*}
        case $rest in *\|*) rest=${rest#*|} ;; *) rest= ;; esac
        grep -qF -e "$word" said || { fail "$1" "the message has no '$word'"; return; }
    done
    passed=$((passed + 1))
    test -z "${SHOW-}" || echo "$1: $(cut -c 11- said)"
}

bad() # NAME STATUS WORDS COMMAND...
{
    name=$1 want=$2 words=$3
    shift 3
    run "$@" --quiet
    says "$name" "$want" "$words"
}

good() # NAME COMMAND...
{
    name=$1
    shift
    run "$@"
    if test $status -ne 0; then fail "$name" "exit status $status, not 0"
    else passed=$((passed + 1)); fi
}

holds() # NAME CONDITION...: a test(1) that must be true
{
    name=$1
    shift
    if test "$@"; then passed=$((passed + 1)); else : >err; fail "$name" "not so: test $*"; fi
}

# job.json with one part on each line (model 2, train_dataset 3, loss 4, args 5, what `more` holds from
# line 6): a part is another one by NAME=VALUE.
job() # NAME=VALUE...
{
    model='"m"' train='"pairs.tsv"' loss='{"type": "MultipleNegativesRankingLoss"}' args= more=
    for part in "$@"; do eval "${part%%=*}=\${part#*=}"; done
    cat >job.json <<END
{
  "model": $model,
  "train_dataset": $train,
  "loss": $loss,
  "args": {"output_dir": "o", "max_steps": 2, "per_device_train_batch_size": 4, "save_strategy": "no"$args}$more
}
END
}

bad_job() # NAME STATUS WORDS [PART=VALUE...]: trains what job makes
{
    name=$1 want=$2 words=$3
    shift 3
    job "$@"
    bad "$name" "$want" "$words" train job.json
}

# A model folder that is as m but for one file, which comes from standard input.
spoiled() # FILE
{
    rm -rf bad_m
    cp -R m bad_m
    cat >"bad_m/$1"
}

bad_model() # NAME STATUS WORDS FILE: info and train read a model with this file
{
    spoiled "$4"
    bad "$1" "$2" "$3" encode bad_m pairs.tsv
    job 'model="bad_m"'
    bad "$1, trained" "$2" "$3" train job.json
}

# ---- a small model, a few rows -------------------------------------------------------------------

cat >new.json <<END
{
  "model": {"modules": [
    {"type": "Transformer", "vocab": "$vocab", "max_seq_length": 24,
     "config": {"model_type": "bert", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                "intermediate_size": 32, "max_position_embeddings": 32}},
    {"type": "Pooling", "pooling_mode": "mean"}, {"type": "Dense", "out_features": 8}, {"type": "Normalize"}]},
  "train_dataset": "pairs.tsv", "loss": "MultipleNegativesRankingLoss", "save_to": "m",
  "args": {"output_dir": "o", "max_steps": 1, "per_device_train_batch_size": 4, "save_strategy": "no"}
}
END
{
    printf 'anchor\tpositive\n'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf 'lights on %d\tplease light up room %d\n' $i $i; done
} >pairs.tsv
printf 'sentence1\tsentence2\tscore\nlights on\tlight up\t0.9\nlights off\tplay music\t0.1\n' >scored.tsv
printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n' >words.txt
good 'a small model' train new.json --quiet
good 'doctor' doctor
good 'doctor, one check' doctor golden --json
test $status -eq 0 || exit 1

# ---- the verdict ---------------------------------------------------------------------------------

judge=', "evaluator": {"type": "EmbeddingSimilarityEvaluator", "dataset": "many.tsv"}'
{
    printf 'sentence1\tsentence2\tscore\n'
    for i in 1 2 3 4 5 6 7 8 9 10; do printf 'lights %d\tlight %d\t0.%d\n' $i $((i * 7 % 5)) $((i % 7)); done
} >many.tsv
job more="$judge"
good 'a verdict' train job.json --quiet
holds 'one line of it' "$(grep -c '^VERDICT: [A-Z]* | spearman_cosine | [-0-9.]* | [-0-9.]* | [-+][0-9.]*$' out)" -eq 1
good 'a verdict, with its interval' train job.json
holds 'it is the last line' "$(tail -1 out | grep -c '^VERDICT: ')" -eq 1
holds 'its interval' "$(grep -c '^95% of 1000 resamples are between ' out)" -eq 1
good 'a verdict as JSON' train job.json --json
holds 'an object' "$(tail -1 out | grep -c '"event": "verdict", "verdict": "[A-Z]*", "metric": "spearman_cosine"')" -eq 1
good 'no baseline' train job.json --no-baseline
holds 'no verdict' "$(grep -c VERDICT out)" -eq 0
good 'no training, no regression' train job.json --fail-on-regression --learning-rate 0
holds 'it is marginal' "$(grep -c '^VERDICT: MARGINAL ' out)" -eq 1
job model='"m"' more=', "evaluator": {"type": "MSEEvaluator", "dataset": "many.tsv", "teacher_model": "m"}'
"$sentrain" train job.json --fail-on-regression --learning-rate 1 >out 2>err
holds 'a regression' $? -eq 5
holds 'its line' "$(grep -c '^VERDICT: REGRESSION | negative_mse | ' out)" -eq 1
bad 'regression without a baseline' 2 'fail-on-regression|no-baseline' train job.json --no-baseline \
    --fail-on-regression
job
bad 'regression without an evaluator' 2 'fail-on-regression|evaluator' train job.json --fail-on-regression

# ---- vectors of two models -----------------------------------------------------------------------

for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
    printf 'lights %d light %d please\n' $i $((i * 7 % 11))
done >lines.txt
sed -e 's/"save_to": "m"/"save_to": "twin"/' -e 's/"max_steps": 1/"max_steps": 3, "seed": 7/' new.json >new2.json
good 'another small model' train new2.json --quiet
good 'vectors of one' encode m lines.txt --output v.npy --quiet
holds 'its side file' "$(grep -c '^{"fingerprint": "[0-9a-f]*"}$' v.npy.json)" -eq 1
good 'info tells the same' info m
holds 'the fingerprint' "$(grep -o '[0-9a-f]\{32\}' v.npy.json)" = "$(sed -n 's/^fingerprint //p' out)"
holds 'the folder has it' "$(grep -c "$(grep -o '[0-9a-f]\{32\}' v.npy.json)" m/sentrain_fingerprint.json)" -eq 1
good 'a search in vectors' search m --corpus lines.txt --embeddings v.npy --top-k 2 lines.txt --quiet
cp out with
good 'the same without' search m --corpus lines.txt --top-k 2 lines.txt --quiet
holds 'the same hits' "$(cmp with out >said 2>&1; echo $?)" -eq 0
good 'fewer dimensions' reduce m lines.txt --dimension 5 --whiten --output small
holds 'says what is kept' "$(grep -c '^small: 5 of [0-9]* dimensions, with [0-9.]* % of the variance of 24 texts$' out)" -eq 1
good 'the small model' encode small lines.txt --output s.npy
holds 'has five numbers' "$(grep -c '\[24, 5\]' out)" -eq 1
bad 'no dimension' 2 'dimension' reduce m lines.txt --output small
bad 'no folder' 2 'output' reduce m lines.txt --dimension 5
bad 'more dimensions than texts' 2 '24 lines|999 dimensions' reduce m lines.txt --dimension 999 --output small
for i in 1 2 3 4; do
    printf '{"q": "lights %d", "p": "light %d", "n": "lights off", "label": [0.5, 0.25]}\n' $i $i
done >margins.jsonl
printf '{"model": "m", "train_dataset": "margins.jsonl", "loss": "MarginMSELoss"}' >margins.json
good 'info of a list for a label' info margins.json
holds 'says that it is one' "$(grep -c 'label (list): the label' out)" -eq 1
cat >adapt.json <<'END'
{"model": "m", "adapter": {"r": 2, "lora_alpha": 4, "target_modules": ["query", "dense"]},
 "train_dataset": "pairs.tsv", "loss": "MultipleNegativesRankingLoss", "save_to": "adapted",
 "args": {"output_dir": "adapt.out", "max_steps": 2, "per_device_train_batch_size": 4, "save_strategy": "no"}}
END
good 'a run with an adapter' train adapt.json --quiet
holds 'its folder' "$(ls adapted | grep -c 'adapter_\(config.json\|model.safetensors\)')" -eq 2
holds 'no weights but its own' "$(ls adapted | grep -c '^model.safetensors\|^config.json')" -eq 0
good 'info of it' info adapted
holds 'says what it is' "$(grep -c '^adapter of [0-9]* parameters .*target_modules=\["query", "dense"\]' out)" -eq 1
good 'vectors of it' encode adapted lines.txt --output a.npy --quiet
good 'merged' merge adapted --output merged --quiet
holds 'no adapter is left' "$(ls merged | grep -c adapter)" -eq 0
good 'merged onto a base by name' merge adapted --base m --output merged --quiet
good 'trained on' train adapt.json --quiet --adapter adapted --set save_to=adapted2
bad 'nothing to merge' 2 'no adapter' merge m --output merged2
bad 'no folder for it' 2 'output' merge adapted
bad 'a wrong key of an adapter' 2 'sentrain: --set adapter:1:2: unknown key "lora_alfa"|lora_alpha' train adapt.json --quiet --set 'adapter={"lora_alfa": 1}'
bad 'an adapter of nothing' 2 'target_modules|query, key, value' train adapt.json --quiet --set 'adapter.target_modules=["q"]'
bad 'an adapter on one' 2 'has an adapter already' train adapt.json --quiet --model adapted
for p in int8 uint8 binary ubinary; do
    good "vectors in $p" encode m lines.txt --output q.npy --precision $p --quiet
    holds "the side file says $p" "$(grep -c "\"precision\": \"$p\"" q.npy.json)" -eq 1
    good "a search in $p" search m --corpus lines.txt --embeddings q.npy --top-k 2 --rescore-multiplier 12 lines.txt --quiet
    holds 'as many hits' "$(grep -c corpus out)" -eq "$(grep -c corpus with)"
done
bad 'quantized vectors where numbers are needed' 1 'q.npy|float32 are needed' communities m lines.txt --embeddings q.npy
good 'int8 once more' encode m lines.txt --output q.npy --precision int8 --quiet
good 'all scored again' search m --corpus lines.txt --embeddings q.npy --top-k 1 --rescore-multiplier 100 lines.txt --quiet
bad 'rescore below 0' 2 'rescore-multiplier' search m --corpus lines.txt --embeddings q.npy --rescore-multiplier -1 lines.txt
sed 's/"ranges": \[\[[^,]*, /"ranges": [[/' q.npy.json >short.json && cp short.json q.npy.json
bad 'ranges too short' 1 'q.npy.json|two lists' search m --corpus lines.txt --embeddings q.npy lines.txt
rm q.npy.json
bad 'quantized without a side file' 1 'q.npy.json' search m --corpus lines.txt --embeddings q.npy lines.txt
bad 'vectors of another model' 2 'v.npy|another model|migrate' search twin --corpus lines.txt --embeddings v.npy \
    lines.txt
good 'migrate' migrate m twin lines.txt --vectors v.npy --output w.npy
holds 'says what is kept' "$(grep -c '^recall@10 kept: [01]\.[0-9]*, on 2 of 24 texts' out)" -eq 1
holds 'tells where from' "$(grep -c migrated_from w.npy.json)" -eq 1
good 'converted vectors' search twin --corpus lines.txt --embeddings w.npy --top-k 2 lines.txt --quiet
bad 'converted ones in the old model' 2 'w.npy|another model' search m --corpus lines.txt --embeddings w.npy \
    lines.txt
bad 'migrate from the wrong side' 2 'w.npy|another model' migrate m twin lines.txt --vectors w.npy --output x.npy
bad 'vectors without output' 2 'belong together' migrate m twin lines.txt --vectors v.npy
head -5 lines.txt >few.txt
bad 'too few texts' 2 'few.txt|20 at least' migrate m twin few.txt
bad 'fewer lines than vectors' 2 '24 vectors|5 lines' search m --corpus few.txt --embeddings v.npy few.txt
cp v.npy bare.npy
good 'without a side file, a warning' search m --corpus lines.txt --embeddings bare.npy lines.txt
holds 'that says so' "$(grep -c 'bare.npy.json is not there' err)" -eq 1
printf 'none' >odd.npy
bad 'no vectors' 1 'odd.npy|not an .npy file' search m --corpus lines.txt --embeddings odd.npy lines.txt

# ---- communities ---------------------------------------------------------------------------------

good 'communities' communities m lines.txt --threshold 0.9 --min-community-size 1 --quiet
holds 'every line is in one' "$(sed 's/.*"rows": \[//; s/\].*//; s/, /\n/g' out | sort -n | uniq | wc -l)" -eq 24
holds 'the largest first' "$(sed 's/.*"size": //; s/,.*//' out | sort -rnc 2>&1 | wc -l)" -eq 0
cp out made
good 'the same of vectors' communities m --embeddings v.npy --threshold 0.9 --min-community-size 1 lines.txt
holds 'the same groups' "$(cmp made out >said 2>&1; echo $?)" -eq 0
{ cat lines.txt; sed -n 3p lines.txt; } >twice.txt
good 'near-duplicates' communities m twice.txt --threshold 0.999999 --min-community-size 2
holds 'the line and its copy' "$(grep -c '"size": 2, "rows": \[2, 24\], "texts": \["lights 3 ' out)" -eq 1
bad 'a size of 0' 2 'min_community_size' communities m lines.txt --min-community-size 0

# ---- mine ----------------------------------------------------------------------------------------

good 'paraphrases' mine m lines.txt --top-k 3 --max-pairs 7 --quiet
holds 'seven pairs' "$(grep -c '^{"score": [-0-9.e]*, "rows": \[[0-9]*, [0-9]*\], "texts": \["lights .*"\]}$' out)" -eq 7
good 'hard negatives' mine m pairs.tsv --hard-negatives --num-negatives 2 --output mined.jsonl
holds 'two for each of twelve' "$(grep -c '^{"anchor": ".*", "positive": ".*", "negative": ".*"}$' mined.jsonl)" -eq 24
holds 'a table' "$(grep -c '^Count *12 *24$' err)" -eq 1
job train='"mined.jsonl"'
good 'a training file' train job.json --quiet
good 'tuples with scores' mine m pairs.tsv --hard-negatives --output-format n-tuple --output-scores --quiet
holds 'four columns and scores' "$(grep -c '"negative_3": ".*", "scores": \[[^,]*, [^,]*, [^,]*, [^,]*\]}$' out)" -eq 12
good 'lists' mine m pairs.tsv --hard-negatives --output-format labeled-list --quiet --corpus lines.txt
holds 'labels' "$(grep -c '"labels": \[1, 0, 0, 0\]}$' out)" -eq 12
good 'labeled pairs' mine m pairs.tsv --hard-negatives --output-format labeled-pair --quiet
holds 'right and not' "$(grep -c '"label": 1}$' out) $(grep -c '"label": 0}$' out)" = '12 36'
bad 'a format that is none' 2 'output-format tripel|labeled-list' mine m pairs.tsv --output-format tripel
bad 'a strategy that is none' 2 'sampling-strategy best|top, random' mine m pairs.tsv --sampling-strategy best
bad 'a column that is none' 2 'pairs.tsv|called query' mine m pairs.tsv --hard-negatives --anchor-column-name query
bad 'no negatives' 2 'num_negatives' mine m pairs.tsv --hard-negatives --num-negatives 0
bad 'no pairs' 2 'max_pairs' mine m lines.txt --max-pairs 0

# ---- standard input as data ----------------------------------------------------------------------

job train='"-"'
printf '{"a": "one %s", "b": "two"}\n' 1 2 3 4 5 6 7 8 >rows
"$sentrain" train job.json --quiet <rows >out 2>err
holds 'two steps from standard input' $? -eq 0
bad_job 'no rows on standard input' 1 'standard input is empty' train='"-"'
job train='{"path": "pairs.tsv", "streaming": true}'
bad 'a stream without max_steps' 2 'pairs.tsv|max_steps must be set' train job.json --max-steps -1

# ---- the command line ----------------------------------------------------------------------------

bad 'unknown command' 2 'trian|did you mean train?|--help' trian job.json
bad 'a command of a later version' 2 'hpo|later' hpo job.json
bad 'unknown flag' 2 '--learnin-rate|did you mean --learning-rate?' train job.json --learnin-rate 1
bad 'unknown flag of encode' 2 '--batchsize|did you mean --batch-size?' encode m pairs.tsv --batchsize 2
bad 'one dash' 2 '-q|two dashes' encode m -q
bad 'flag without its value' 2 '--batch-size|value' encode m pairs.tsv --batch-size
bad 'flag of a wrong type' 2 '--batch-size|whole number' encode m pairs.tsv --batch-size many
bad 'batch size 0' 2 '--batch-size|at least 1' encode m pairs.tsv --batch-size 0
bad 'threads below 0' 2 '--threads|4096' encode m pairs.tsv --threads -1
bad 'too many threads' 2 '--threads|4096' train new.json --threads 5000
bad 'encode without a model' 2 'usage|encode MODEL' encode
bad 'similarity of one text' 2 'usage|similarity MODEL' similarity m one
bad 'too many arguments' 2 'usage|encode MODEL' encode m a b c d e
bad 'train without a job' 2 'model|job file|--model' train
bad 'grad without --output' 2 '--output' grad job.json
bad 'search without --corpus' 2 '--corpus' search m
bad 'a check that there is not' 2 'golden|speed' doctor everything
printf 'one\n' >one.txt
bad 'ranges from one text' 2 'give ranges|1 embedding' encode m one.txt --precision int8
good 'precision' encode m pairs.tsv --precision binary --output b.npy
bad 'unknown precision' 2 'flot32|float32' encode m pairs.tsv --precision flot32
head -n 1 lines.txt >first.txt
good 'bytes by ranges of other texts' encode m first.txt --precision int8 --calibration lines.txt
cp out first.out
good 'the same among the others' encode m lines.txt --precision int8
holds 'its own bytes' "$(head -n 1 out)" = "$(cat first.out)"
bad 'calibration of bits' 2 '--calibration|int8' encode m first.txt --precision binary --calibration lines.txt
bad 'calibration by one text' 2 'give ranges' encode m lines.txt --precision int8 --calibration one.txt
bad 'calibration that is missing' 1 'nowhere.txt' encode m lines.txt --precision int8 --calibration nowhere.txt
good 'sentence embeddings' encode m first.txt --output-value sentence_embedding
cp out first.out
good 'all that is made' encode m first.txt --output-value all
holds 'the same among it' "$(sed 's/.*"sentence_embedding": \(.*\)}$/\1/' out)" = "$(cat first.out)"
cp out all.out
good 'token embeddings' encode m first.txt --output-value token_embeddings
holds 'the same ones' "$(sed 's/.*"token_embeddings": \(.*\), "sentence_embedding".*/\1/' all.out)" = "$(cat out)"
bad 'unknown output' 2 'tokens|token_embeddings' encode m first.txt --output-value tokens
bad 'token embeddings in bits' 2 '--precision' encode m first.txt --output-value all --precision binary
bad 'normalized tokens' 2 '--normalize' encode m first.txt --output-value token_embeddings --normalize
bad 'unknown task' 2 'task|querry|query' encode m pairs.tsv --task querry
bad 'unknown prompt name' 2 'prompt|nobody' encode m pairs.tsv --prompt-name nobody
bad 'truncate_dim 0' 2 'truncate' encode m pairs.tsv --truncate-dim 0
for c in train grad eval encode similarity search communities tokenize info args; do
    good "$c --help" $c --help
    holds "$c --help says something" "$(wc -l <out)" -gt 4
done
good help --help
good version --version
run
holds 'no command at all' $status -eq 2

# ---- the job file --------------------------------------------------------------------------------

bad 'missing job file' 2 'nowhere.json|no such file' train nowhere.json
bad 'the job is a folder' 2 'folder' train .
: >empty.json
bad 'empty job file' 2 'empty.json:1:1' train empty.json
printf '[1]' >list.json
bad 'job is a list' 2 'list.json:1:1|object' train list.json
bad_job 'wrong JSON' 2 'job.json:4:' loss='{"type" "x"}'
bad_job 'a comma at the end' 2 'job.json:4:' loss='{"type": "x",}'
bad_job 'open text' 2 'job.json:4:' loss='"x'
bad_job 'a key twice' 2 'job.json:6:|model|twice' more=',
  "model": "m"'
bad_job 'unknown key' 2 'job.json:6:3|evaluater|evaluator' more=',
  "evaluater": []'
bad_job 'a key with a line end' 2 'job.json:6:3: unknown key' more=',
  "eval\nuator": []'
bad_job 'unknown argument' 2 'job.json:5:|learning_rat|learning_rate' args=', "learning_rat": 1'
bad_job 'unknown key of a loss' 2 'job.json:4:|scal|scale' loss='{"type": "MultipleNegativesRankingLoss", "scal": 2}'
bad_job 'unknown key of a data set' 2 'job.json:3:|limits|limit' train='{"path": "pairs.tsv", "limits": 3}'
bad_job 'unknown key of an evaluator' 2 'job.json:6:|sentence1|sentences1' \
    more=', "evaluator":
  {"type": "EmbeddingSimilarityEvaluator", "dataset": "scored.tsv", "sentence1": "x"}'
bad_job 'unknown key of a module' 2 'job.json:2:|poolingmode|pooling_mode' \
    model='{"modules": [{"type": "Transformer", "path": "m"}, {"type": "Pooling", "poolingmode": "cls"}]}'
bad_job 'unknown key of a callback' 2 'job.json:6:|early_stoping_patience|early_stopping_patience' more=', "callbacks":
  [{"type": "EarlyStoppingCallback", "early_stoping_patience": 1}]'
bad_job 'unknown callback' 2 'job.json:6:|EarlyStoppingCallback' more=', "callbacks":
  [{"type": "LateStoppingCallback"}]'
bad_job 'wrong type' 2 'job.json:5:104|learning_rate|number' args=', "learning_rate": "much"'
bad_job 'wrong type at the top' 2 'job.json:6:|save_to|number' more=',
  "save_to": 3'
bad_job 'args is a text' 2 'job.json:6:|config|object' more=',
  "config": "x"'
job
bad '--set of an unknown key' 2 '--set args.learning_rat: |did you mean "learning_rate"?' train job.json --set args.learning_rat=1
bad '--set of an unknown key at the top' 2 '--set los: |did you mean "loss"?' train job.json --set los=CoSENTLoss
bad '--set of a wrong type' 2 '--set args.learning_rate: |number' train job.json --set args.learning_rate=much
bad '--set without a value' 2 '--set|KEY=VALUE' train job.json --set args.seed
bad '--set into a text' 2 '--set|model' train job.json --set model.path=m
bad '--set of wrong JSON' 2 '--set' train job.json --set 'loss={"type"'
bad '--set of no key' 2 '--set' train job.json --set =3
bad '--set of half a key' 2 '--set|KEY=VALUE' train job.json --set args..seed=3
head -c 200000 /dev/zero | tr '\0' '[' >deep.json
bad 'a deep job file' 2 'deep.json:1:' train deep.json
printf '{"model": "m\0"}' >nul.json
bad 'a zero byte in a job file' 2 'nul.json:1:' train nul.json
bad_job 'a number beyond all' 2 'job.json:5:|learning_rate' args=', "learning_rate": 1e999'
bad_job 'a count with a point' 2 'job.json:5:|logging_steps|whole' args=', "logging_steps": 1.5, "logging_strategy": "steps"'
bad_job 'unknown module' 2 'job.json:2:|Poling|Pooling' model='{"modules": [{"type": "Transformer", "path": "m"}, {"type": "Poling"}]}'
bad_job 'unknown model_type' 2 'job.json:2:|bret|bert' \
    model='{"modules": [{"type": "Transformer", "vocab": "words.txt", "config": {"model_type": "bret"}}, {"type": "Pooling"}]}'
bad_job 'no model' 2 'model' model=null
bad_job 'no train_dataset' 2 'train_dataset' train=null

# ---- the arguments -------------------------------------------------------------------------------

bad_job 'evaluation batch size 0' 2 'job.json:5:104: |per_device_eval_batch_size' \
    args=', "per_device_eval_batch_size": 0'
bad_job 'decay below 0' 2 'job.json:5:104: |weight_decay' args=', "weight_decay": -1'
job
bad 'train batch size 0' 2 '--set args.per_device_train_batch_size: |1 at least' train job.json --set args.per_device_train_batch_size=0
bad 'negative learning rate' 2 '--set args.learning_rate: |-1' train job.json --set args.learning_rate=-1
bad 'negative epochs' 2 'num_train_epochs' train job.json --set args.max_steps=-1 --set args.num_train_epochs=-2
bad 'no accumulation' 2 'gradient_accumulation_steps' train job.json --set args.gradient_accumulation_steps=0
bad 'a beta of 2' 2 'adam_beta1' train job.json --set args.adam_beta1=2
bad 'negative warm-up' 2 'warmup' train job.json --set args.warmup_steps=-3
bad 'logging_steps 0' 2 'logging_steps' train job.json --set args.logging_steps=0 --set args.logging_strategy=steps
bad 'unknown optimizer' 2 'adamw_torhc|adamw_torch' train job.json --set args.optim=adamw_torhc
bad 'unknown schedule' 2 'linaer|linear|cosine' train job.json --set args.lr_scheduler_type=linaer
bad 'unknown sampler' 2 'no_duplicate|no_duplicates|batch_sampler' train job.json --set args.batch_sampler=no_duplicate
bad 'unknown sampler of data sets' 2 'round_robbin|round_robin' train job.json \
    --set args.multi_dataset_batch_sampler=round_robbin
bad 'unknown strategy' 2 'eval_strategy|step|steps' train job.json --set args.eval_strategy=step
bad 'evaluation without anything' 2 'eval' train job.json --set args.eval_strategy=steps
bad 'best model by different strategies' 2 'load_best_model_at_end|save_strategy|eval_strategy' train job.json \
    --set args.load_best_model_at_end=true --set args.save_strategy=steps --set args.eval_strategy=epoch \
    --set eval_dataset=pairs.tsv
bad 'save_steps no multiple' 2 'save_steps|eval_steps|multiple' train job.json \
    --set args.load_best_model_at_end=true --set args.save_strategy=steps --set args.eval_strategy=steps \
    --set args.save_steps=3 --set args.eval_steps=2 --set eval_dataset=pairs.tsv
bad 'a metric that cannot occur' 2 'metric_for_best_model|eval_nothing' train job.json \
    --set args.load_best_model_at_end=true --set args.save_strategy=steps --set args.eval_strategy=steps \
    --set args.save_steps=2 --set args.eval_steps=2 --set args.metric_for_best_model=eval_nothing \
    --set eval_dataset=pairs.tsv
bad 'early stopping without a metric' 2 'EarlyStopping|metric_for_best_model' train job.json \
    --set 'callbacks=[{"type": "EarlyStoppingCallback"}]'
bad 'a mem_limit that is too small' 4 'mem_limit|bytes|1000' train job.json --set args.mem_limit=1000
bad 'a mem_limit that is no size' 2 '--set args.mem_limit: |bytes' train job.json --set args.mem_limit=5X
bad 'nothing to evaluate' 2 'evaluator|eval_dataset' eval job.json

# ---- losses and evaluators -----------------------------------------------------------------------

bad_job 'unknown loss' 2 'job.json:4:|MultipleNegativeRankingLoss|MultipleNegativesRankingLoss' \
    loss='{"type": "MultipleNegativeRankingLoss"}'
bad_job 'a loss without a type' 2 'job.json:4:|type' loss='{"scale": 2}'
bad_job 'loss of an unknown data set' 2 'job.json:4:|train_dataset|name' loss='{"pairs": "CoSENTLoss"}'
bad_job 'a loss with too few columns' 2 'TripletLoss|column|anchor' loss='{"type": "TripletLoss"}'
bad_job 'no labels' 2 'CoSENTLoss|label|score' loss='"CoSENTLoss"'
bad_job 'unknown evaluator' 2 'job.json:6:|TripletEvaluater|TripletEvaluator' more=', "evaluator":
  {"type": "TripletEvaluater", "dataset": "pairs.tsv"}'
bad_job 'an evaluator without its column' 2 'pairs.tsv|score' more=', "evaluator":
  {"type": "EmbeddingSimilarityEvaluator", "dataset": "pairs.tsv", "sentences1": "anchor", "sentences2": "positive"}'
bad_job 'an evaluator without its file' 1 'nowhere.tsv' more=', "evaluator":
  {"type": "EmbeddingSimilarityEvaluator", "dataset": "nowhere.tsv"}'

# ---- the data ------------------------------------------------------------------------------------

bad_job 'missing data' 1 'job.json:3:3: |nowhere.tsv|no such file' train='"nowhere.tsv"'
bad_job 'unknown format' 2 'pairs.xls|jsonl' train='"pairs.xls"'
: >none.tsv
bad_job 'empty file' 1 'none.tsv' train='"none.tsv"'
printf 'anchor\tpositive\n' >none.tsv
bad_job 'no rows' 1 'none.tsv|row' train='"none.tsv"'
: >none.jsonl
bad_job 'no objects' 1 'none.jsonl' train='"none.jsonl"'
printf 'anchor\tpositive\na\tb\nonly one\n' >d.tsv
bad_job 'a row without the column' 1 'd.tsv:3:1: |1 field|2 columns' train='"d.tsv"'
printf 'anchor\tpositive\na\tb\nc\td\te\n' >d.tsv
bad_job 'a row with one field more' 1 'd.tsv:3' train='"d.tsv"'
printf 'anchor\tpositive\tanchor\na\tb\tc\n' >d.tsv
bad_job 'a column twice' 1 'd.tsv|two columns|anchor' train='"d.tsv"'
bad_job 'unknown column' 2 'anchr|anchor' train='{"path": "pairs.tsv", "columns": ["anchr", "positive"]}'
bad_job 'unknown column to rename' 2 'anchr|anchor' train='{"path": "pairs.tsv", "rename": {"anchr": "a"}}'
printf 'sentence1\tsentence2\tscore\na\tb\t0.5\nc\td\thigh\n' >d.tsv
bad_job 'a label that is no number' 1 'd.tsv:3|score|high' train='"d.tsv"' loss='"CoSENTLoss"'
printf 'sentence1\tsentence2\tscore\na\tb\t0.5\nc\td\t\n' >d.tsv
bad_job 'an empty label' 1 'd.tsv:3|score' train='"d.tsv"' loss='"CoSENTLoss"'
printf 'sentence1\tsentence2\tscore\na\tb\t0.5\nc\td\tnan\n' >d.tsv
bad_job 'a label nan' 1 'd.tsv:3|score|nan' train='"d.tsv"' loss='"CoSENTLoss"'
printf 'a\tb\tlabel\nx\ty\tcat\nx\ty\tcow\n' >d.tsv
bad_job 'a class that there is not' 1 'd.tsv:3|cow|cat' loss='"CoSENTLoss"' \
    train='{"path": "d.tsv", "class_names": ["cat", "dog"]}'
printf 'a,b\n"x","y"\n"open,z\n' >d.csv
bad_job 'an open quote' 1 'd.csv:3|quote' train='"d.csv"'
printf 'a,b\n"x"y,z\n' >d.csv
bad_job 'text behind a quote' 1 'd.csv:2' train='"d.csv"'
printf 'a\tb\nx\ty\nx\377\tz\n' >d.tsv
bad_job 'invalid UTF-8' 1 'd.tsv:3|UTF-8' train='"d.tsv"'
printf '{"a": "x", "b": "y"}\n{"a": "x"}\n' >d.jsonl
bad_job 'an object without the key' 1 'd.jsonl:2|b' train='"d.jsonl"'
printf '{"a": "x", "b": "y"}\n{"a": "x", "b": 3}\n' >d.jsonl
bad_job 'a number among texts' 1 'd.jsonl:2|b' train='"d.jsonl"'
printf '{"a": "x", "b": "y"}\n{"a": "x", "b" "z"}\n' >d.jsonl
bad_job 'wrong JSON in a line' 1 'd.jsonl:2:' train='"d.jsonl"'
printf '{"a": "x", "b": "y"}\n[1]\n' >d.jsonl
bad_job 'a line that is no object' 1 'd.jsonl:2|object' train='"d.jsonl"'
bad_job 'a folder as data' 1 'm|folder' train='{"path": "m", "format": "tsv"}'
bad_job 'no data set at all' 2 'job.json:3:|train_dataset' train='{}'
bad_job 'a list as data' 2 'job.json:3:|train_dataset' train='[1]'
bad_job 'a named data set without a loss' 2 'job.json:4:|second' train='{"first": "pairs.tsv", "second": "pairs.tsv"}' \
    loss='{"first": "MultipleNegativesRankingLoss"}'
bad_job 'columns of a wrong type' 2 'job.json:3:|columns' train='{"path": "pairs.tsv", "columns": 3}'
bad_job 'a limit below 0' 2 'limit' train='{"path": "pairs.tsv", "limit": -1}'
printf 'sentence1\tsentence2\tscore\na\tb\t0.5\nc\td\t4.5\n' >d.tsv
job train='"d.tsv"' loss='"CosineSimilarityLoss"'
good 'a score that no cosine reaches' train job.json --quiet
holds 'is warned of, with its line and the scale' "$(grep -c 'warning: .*d.tsv:3.*scale' err)" = 1
good '--set of a bool that may be null' train job.json --quiet --set args.gradient_checkpointing=true
good '--set of null' train job.json --quiet --set args.gradient_checkpointing=null
bad '--set of no bool' 2 '--set args.gradient_checkpointing: |bool or null' train job.json --set args.gradient_checkpointing=often
bad_job 'no such column to scale' 2 'nothing' train='{"path": "pairs.tsv", "scale": {"nothing": 2}}'
bad_job 'a text to scale' 2 'anchor' train='{"path": "pairs.tsv", "scale": {"anchor": 2}}'

# ---- model folders -------------------------------------------------------------------------------

bad 'missing model' 1 'nowhere|no such' encode nowhere pairs.tsv
bad_job 'missing model, trained' 1 'job.json:2:3: |nowhere|no such' model='"nowhere"'
mkdir -p void
bad 'an empty folder' 1 'void|modules.json|config.json' encode void pairs.tsv
weights=model.safetensors
size=$(wc -c <m/$weights)
for n in 0 5 8 100 $((size / 2)) $((size - 1)); do
    head -c $n m/$weights >cut
    bad_model "weights cut to $n bytes" 1 "$weights" $weights <cut
done
{ cat m/$weights; echo; } >cut
bad_model 'weights with bytes behind the end' 1 "$weights" $weights <cut

# A file of 8 bytes of length (as octal escapes), a header, and as many zero bytes as asked.
lying() # LENGTH HEADER ZEROS
{
    printf "$1%s" "$2"
    head -c "$3" /dev/zero
}
le() # NUMBER below 65536
{
    printf '\\%03o\\%03o\\000\\000\\000\\000\\000\\000' $(($1 % 256)) $(($1 / 256))
}
lie() # NAME WORDS HEADER [ZEROS [LENGTH]]
{
    lying "${5-$(le ${#3})}" "$3" "${4-64}" >lie
    bad_model "header: $1" 1 "$weights|$2" $weights <lie
}
w='"embeddings.word_embeddings.weight"'
lie 'longer than the file' '' '{}' 0 "$(le 9999)"
lie 'length 2^63' '' '{}' 0 '\000\000\000\000\000\000\000\200'
lie 'length -1' '' '{}' 0 '\377\377\377\377\377\377\377\377'
lie 'length 2^40' '' '{}' 0 '\000\000\000\000\000\001\000\000'
lie 'length 0' '' '' 64 "$(le 0)"
head -c 60000 /dev/zero | tr '\0' '[' >deep
lie 'deep' '' "$(cat deep)"
lie 'not JSON' '' '{"a": '
lie 'a list' '' '[]'
lie 'empty' 'weight' '{}' 0
lie 'no dtype' 'dtype' "{$w: {\"shape\": [16], \"data_offsets\": [0, 64]}}"
lie 'unknown dtype' 'F31' "{$w: {\"dtype\": \"F31\", \"shape\": [16], \"data_offsets\": [0, 64]}}"
lie 'overlap' '' "{$w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [0, 64]}, \"b\": {\"dtype\": \"F32\", \"shape\": [8], \"data_offsets\": [32, 64]}}"
lie 'a hole' '' "{$w: {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}, \"b\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [48, 64]}}"
lie 'beyond the file' '' "{$w: {\"dtype\": \"F32\", \"shape\": [32], \"data_offsets\": [0, 128]}}"
lie 'offsets backwards' '' "{$w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [64, 0]}}"
lie 'negative offset' '' "{$w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [-64, 0]}}"
lie 'offset 2^63' '' "{$w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [0, 9223372036854775808]}}"
lie 'shape of 2^64 numbers' '' "{$w: {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296, 16], \"data_offsets\": [0, 64]}}"
lie 'negative shape' '' "{$w: {\"dtype\": \"F32\", \"shape\": [-16], \"data_offsets\": [0, 64]}}"
lie 'shape and bytes differ' '' "{$w: {\"dtype\": \"F32\", \"shape\": [15], \"data_offsets\": [0, 64]}}"
lie 'another shape than the config says' '' "{$w: {\"dtype\": \"F32\", \"shape\": [4, 4], \"data_offsets\": [0, 64]}}"
lie 'a tensor twice' '' "{$w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [0, 64]}, $w: {\"dtype\": \"F32\", \"shape\": [16], \"data_offsets\": [0, 64]}}"

gone() # NAME STATUS WORDS FILE
{
    rm -rf bad_m
    cp -R m bad_m
    rm -f "bad_m/$4"
    bad "$1" "$2" "$3" encode bad_m pairs.tsv
}
gone 'no weights' 1 'model.safetensors' model.safetensors
printf 'PK\003\004' >bad_m/pytorch_model.bin
bad 'only pytorch_model.bin' 1 'pytorch_model.bin|safetensors' encode bad_m pairs.tsv
gone 'no config.json' 1 'config.json' config.json
gone 'no weights of Dense' 1 '2_Dense' 2_Dense/model.safetensors
gone 'no config of Pooling' 1 '1_Pooling' 1_Pooling/config.json
rm -rf bad_m; cp -R m bad_m
rm -f bad_m/tokenizer.json bad_m/vocab.txt
bad 'no words' 1 'tokenizer.json|vocab.txt' encode bad_m pairs.tsv
bad 'no words, tokenize' 1 'tokenizer.json|vocab.txt' tokenize bad_m pairs.tsv
sed 's/"bert"/"gpt2"/' m/config.json >cut
bad_model 'model_type' 1 'config.json|gpt2|bert' config.json <cut
sed 's/"bert"/3/' m/config.json >cut
bad_model 'model_type is a number' 1 'config.json|model_type' config.json <cut
sed 's/"hidden_size": *16/"hidden_size": 17/' m/config.json >cut
bad_model 'heads that do not divide' 1 'config.json|hidden_size' config.json <cut
sed 's/"hidden_size": *16/"hidden_size": "16"/' m/config.json >cut
bad_model 'a size that is a text' 1 'config.json:|hidden_size|text' config.json <cut
sed 's/"default_prompt_name": *null/"default_prompt_name": "x"/' m/config_sentence_transformers.json >cut
bad_model 'a prompt that there is not' 1 'default_prompt_name' config_sentence_transformers.json <cut
sed 's/"hidden_size": *16/"hidden_size": -16/' m/config.json >cut
bad_model 'negative size' 1 'config.json|hidden_size' config.json <cut
sed 's/"hidden_size": *16/"hidden_size": 2000000000/' m/config.json >cut
bad_model 'a size of 2e9' 1 'hidden_size' config.json <cut
sed 's/"num_hidden_layers": *1/"num_hidden_layers": 3/' m/config.json >cut
bad_model 'more layers than weights' 1 'layer.1' config.json <cut
echo '{"model_type": "bert"' >cut
bad_model 'wrong JSON' 1 'config.json:2:1' config.json <cut
sed 's/models.Pooling/models.Pool/; s/pooling.Pooling/pooling.Pool/' m/modules.json >cut
bad_model 'module' 1 'modules.json|Pool|Pooling|Dense|Normalize' modules.json <cut
echo '[]' | bad_model 'no modules' 1 'modules.json' modules.json
echo '{"a": 1}' | bad_model 'modules.json is an object' 1 'modules.json' modules.json
echo '{"pooling_mode": "middle", "word_embedding_dimension": 16, "embedding_dimension": 16}' |
    bad_model 'pooling mode' 1 '1_Pooling|middle|mean|cls' 1_Pooling/config.json
echo '{"in_features": 16, "out_features": 9, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh"}' |
    bad_model 'Dense of another size' 1 '2_Dense' 2_Dense/config.json
echo '{"in_features": 16, "out_features": 8, "bias": true, "activation_function": "torch.nn.modules.activation.Tan"}' |
    bad_model 'unknown activation' 1 '2_Dense|Tan|Tanh' 2_Dense/config.json

# ---- words ---------------------------------------------------------------------------------------

echo '{"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}' >bpe
rm -f m2; cp -R m m2
echo '{"tokenizer_class": "PreTrainedTokenizerFast"}' >m2/tokenizer_config.json
spoiled tokenizer.json <bpe
cp m2/tokenizer_config.json bad_m
bad 'tokenizer BPE' 1 'tokenizer|BPE|WordPiece' encode bad_m pairs.tsv
bad 'tokenizer BPE, tokenize' 1 'tokenizer|BPE|WordPiece' tokenize bad_m pairs.tsv
echo '{"model": ' | bad_model 'tokenizer.json is cut' 1 'tokenizer.json:2:1' tokenizer.json
words() # NAME WORDS: a bert with the vocabulary words.txt, built new
{
    job model='{"modules": [{"type": "Transformer", "vocab": "words.txt", "max_seq_length": 8, "config": {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}}, {"type": "Pooling"}]}'
    bad "$1" 1 "words.txt|$2" train job.json
}
printf '[PAD]\n[CLS]\n[SEP]\na\n' >words.txt
words 'words without [UNK]' '[UNK]'
printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n\nb\n' >words.txt
words 'words with a hole' ':6'
printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\na\n' >words.txt
words 'words twice' ':7'
: >words.txt
words 'no words at all' ''
rm words.txt
words 'words missing' 'no such file'
rm -f m2/tokenizer.json
listed() # NAME WORDS: the folder of a model whose words are vocab.txt, from standard input
{
    cat >m2/vocab.txt
    bad "$1" 1 "m2/vocab.txt|$2" tokenize m2 pairs.tsv
    bad "$1, encode" 1 "m2/vocab.txt|$2" encode m2 pairs.tsv
}
echo '{"tokenizer_class": "BertTokenizer"}' >m2/tokenizer_config.json
printf '[PAD]\n[CLS]\n[SEP]\na\n' | listed 'vocab.txt without [UNK]' '[UNK]'
: | listed 'vocab.txt is empty' ''

# ---- encode --------------------------------------------------------------------------------------

bad 'missing file' 1 'nowhere.txt|no such file' encode m nowhere.txt
bad 'a folder to encode' 1 'folder' encode m m
bad 'output into no folder' 1 'nowhere/e.npy' encode m pairs.tsv --output nowhere/e.npy
bad 'output is a folder' 1 'folder' encode m pairs.tsv --output m
: >empty.txt
good 'empty input' encode m empty.txt --output e.npy
good 'empty input as lines' encode m empty.txt
holds 'no lines for no lines' "$(wc -l <out)" -eq 0
head -c 1000000 /dev/zero | tr '\0' 'a' >long.txt
good 'one word of a million letters' encode m long.txt
head -c 1000000 /dev/zero | tr '\0' ' ' >long.txt
good 'a million blanks' encode m long.txt
i=0
while test $i -lt 15; do i=$((i + 1)); test $i -gt 1 || echo 'light on ' | tr -d '\n' >long.txt; cat long.txt long.txt >longer.txt; mv longer.txt long.txt; done
good 'a line of 60 thousand words' encode m long.txt
holds 'one row for it' "$(wc -l <out)" -eq 1
good 'its tokens' tokenize m long.txt
printf 'lights on\nplay\n' >lf.txt
printf 'lights on\r\nplay\r\n' >crlf.txt
printf 'lights on\nplay' >open.txt
good 'lines that end in LF' encode m lf.txt
mv out lf.out
good 'lines that end in CR LF' encode m crlf.txt
holds 'CR LF is LF' "$(cksum <out)" = "$(cksum <lf.out)"
good 'a last line without its end' encode m open.txt
holds 'the last line counts' "$(cksum <out)" = "$(cksum <lf.out)"
good 'products of rounded operands' encode m lf.txt --bf16
holds 'rounding shows' "$(cksum <out)" != "$(cksum <lf.out)"
good 'bf16 spelled out' encode m lf.txt --bf16=false
holds 'bf16 false is float32' "$(cksum <out)" = "$(cksum <lf.out)"
printf 'lights\0on\n\0\n' >nul.txt
good 'zero bytes in a line' encode m nul.txt
holds 'two rows for them' "$(wc -l <out)" -eq 2
good 'zero bytes as tokens' tokenize m nul.txt
printf 'lights \377\376 on\n' >latin.txt
good 'bytes that are no UTF-8' encode m latin.txt
bad 'an empty corpus' 1 'empty.txt|empty' search m lf.txt --corpus empty.txt
bad 'a corpus that is missing' 1 'nowhere.txt' search m lf.txt --corpus nowhere.txt
job
bad 'grad into no folder' 1 'nowhere' grad job.json --output nowhere/g.safetensors
bad 'eval of a missing model' 1 '--model: |nowhere' eval job.json --model nowhere --eval-dataset pairs.tsv
if test -c /dev/full; then
    "$sentrain" encode m lf.txt >/dev/full 2>err
    status=$?
    says 'standard output is full' 1 'standard output'
fi

# ---- small data, odd counts ----------------------------------------------------------------------

printf 'anchor\tpositive\nlights on\tlight up\n' >one.tsv
job train='"one.tsv"'
good 'a batch of one row' train job.json --quiet
job args=', "gradient_accumulation_steps": 100, "logging_steps": 1'
good 'more accumulation than batches' train job.json --quiet
job args=', "dataloader_drop_last": true, "per_device_eval_batch_size": 3' train='"one.tsv"'
bad 'drop_last drops all' 2 'drop_last' train job.json
bad 'no steps' 2 'num_train_epochs' train new.json --quiet --set args.max_steps=-1 --set args.num_train_epochs=0

# ---- checkpoints ---------------------------------------------------------------------------------

final() # FOLDER: a sum over the weights in it
{
    cat "$1"/model.safetensors "$1"/*/model.safetensors 2>/dev/null | cksum
}
cat >run.json <<END
{
  "model": "m", "train_dataset": "pairs.tsv", "loss": "MultipleNegativesRankingLoss",
  "args": {"output_dir": "run", "max_steps": 9, "per_device_train_batch_size": 4, "learning_rate": 1e-3,
           "lr_scheduler_type": "constant", "save_strategy": "steps", "save_steps": 2, "logging_steps": 1, "seed": 3}
}
END
good 'a run with checkpoints' train run.json --quiet
whole=$(final run/final)
bad 'resume where nothing is' 2 'empty|checkpoint' train run.json --set args.output_dir=empty --resume
bad 'resume from a missing checkpoint' 1 'run/checkpoint-77' train run.json --resume run/checkpoint-77
# What a resumed run goes on from must be whole; the folder's other files are for whoever loads it.
hurt() # FILE HOW
{
    rm -rf hurt
    cp -R run/checkpoint-4 hurt
    case $2 in
    half) head -c $(($(wc -c <"hurt/$1") / 2)) "run/checkpoint-4/$1" >"hurt/$1" ;;
    empty) : >"hurt/$1" ;;
    missing) rm "hurt/$1" ;;
    esac
    run train run.json --resume hurt --quiet --set args.output_dir=o2
}
for f in model.safetensors 2_Dense/model.safetensors optimizer.safetensors scheduler.json rng_state.json trainer_state.json; do
    for how in half empty missing; do
        hurt $f $how
        says "resume: $f $how" 1 hurt
    done
done
for f in config.json modules.json tokenizer.json training_args.json; do
    hurt $f half
    holds "resume: $f half" $status,"$(final o2/final)" = "0,$whole"
done
cp -R run/checkpoint-4 python
good 'a checkpoint for Python' convert-checkpoint --to-python python
rm python/optimizer.safetensors python/scheduler.json python/rng_state.json
cp -R python python2
good 'resume as Python left it' train run.json --resume python --quiet --set args.output_dir=o4
holds 'and it ends the same, from Python' "$(final o4/final)" = "$whole"
good 'a checkpoint from Python' convert-checkpoint --from-python python2
good 'resume what was converted' train run.json --resume python2 --quiet --set args.output_dir=o5
holds 'and it ends the same, converted' "$(final o5/final)" = "$whole"
bad 'convert neither way' 2 'one of --to-python and --from-python' convert-checkpoint run/checkpoint-4
bad 'convert both ways' 2 'one of' convert-checkpoint --to-python --from-python run/checkpoint-4
bad 'convert what is not there' 1 'nowhere/optimizer.safetensors' convert-checkpoint --to-python nowhere
head -c 300 python2/optimizer.pt >half.pt && mv half.pt python2/optimizer.pt
bad 'convert half a file' 1 'python2/optimizer.pt: not a whole file of torch.save' convert-checkpoint --from-python python2
good 'a run that saves the model only' train run.json --quiet --set args.output_dir=only --set args.save_only_model=true
good 'resume without an optimizer' train run.json --quiet --set args.output_dir=only --set args.save_only_model=true \
    --resume only/checkpoint-4
holds 'which is warned of' "$(grep -c 'sentrain: warning: .*no optimizer' err)" = 1
good 'resume in the middle' train run.json --resume run/checkpoint-4 --quiet --set args.output_dir=o3
holds 'and it ends the same' "$(final o3/final)" = "$whole"

# A run that ends in the middle: it is asked to (130), or killed.
begin() # FOLDER: a long run in the background as $run, which has done some steps
{
    rm -rf "$1"
    "$sentrain" train run.json --quiet --json --set args.output_dir="$1" --set args.max_steps=100000 \
        --set args.save_steps=50 --set args.save_total_limit=2 >out 2>err </dev/null &
    run=$!
    n=0
    until test -d "$1/checkpoint-50" || test $n -gt 1000; do sleep 0.01; n=$((n + 1)); done
}
for signal in INT TERM; do
    begin stopped
    kill -$signal $run
    wait $run
    status=$?
    says "SIG$signal" 130 'checkpoint'
    step=$(ls stopped | sed -n 's/^checkpoint-//p' | sort -n | tail -n 1)
    good "resume after SIG$signal" train run.json --quiet --resume --set args.output_dir=stopped \
        --set args.max_steps=$((step + 1)) --set args.save_steps=50
done
begin killed
kill -9 $run
wait $run 2>/dev/null
step=$(ls killed | sed -n 's/^checkpoint-\([0-9]*\)$/\1/p' | sort -n | tail -n 1)
good 'resume after kill -9' train run.json --quiet --resume --set args.output_dir=killed \
    --set args.max_steps=$((step + 10)) --set args.save_steps=1000
good 'the same never killed' train run.json --quiet --set args.output_dir=whole \
    --set args.max_steps=$((step + 10)) --set args.save_steps=1000
holds 'the same weights' "$(final killed/final)" = "$(final whole/final)"

# ---- no room, no leave ---------------------------------------------------------------------------

(
    ulimit -f 64
    timeout 30 "$sentrain" train run.json --quiet --set args.output_dir=small >out 2>err
)
status=$?
says 'a file that may not grow' 1 'checkpoint-2'
i=0
while test $i -lt 600; do i=$((i + 1)); echo "light $i"; done >many.txt
(
    ulimit -f 8
    timeout 30 "$sentrain" encode m many.txt --output e2.npy >out 2>err
)
status=$?
says 'an output that may not grow' 1 'e2.npy|space'
holds 'and nothing is left of it' "$(ls e2.npy* 2>/dev/null)" = ''
holds 'no half checkpoint' ! -d small/checkpoint-2
mkdir room
if test "$(id -u)" = 0 && mount -t tmpfs -o size=600k none room 2>/dev/null; then
    disk=$dir/room
    bad 'a full disk' 1 'room/|space' train run.json --set args.output_dir=room
    holds 'the checkpoint before it stands' -f room/checkpoint-2/trainer_state.json
    holds 'and no half one' "$(ls -d room/*checkpoint-4* 2>/dev/null)" = ''
    mount -o remount,size=8m "$disk"
    good 'resume once there is room' train run.json --quiet --resume --set args.output_dir=room
    holds 'and it ends the same after a full disk' "$(final room/final)" = "$whole"
    umount "$disk" && disk=
else
    echo 'skipped: a full disk (only root can make one)'
fi
if test "$(id -u)" != 0; then
    mkdir shut
    chmod a-w shut
    bad 'a folder that may not be written' 1 'shut|denied' train run.json --set args.output_dir=shut/o
fi
echo x >file
bad 'output_dir is a file' 1 'file' train run.json --set args.output_dir=file

echo "cli: $passed passed, $wrong failed"
test $wrong -eq 0
