#!/bin/sh
# get_model.sh: tools/get-model.sh against a tiny hub on this machine (tests/hub.py), no network. That what
# it fetches is a model that loads, tests/readme.sh shows.
set -u
LC_ALL=C
export LC_ALL
tool=$(pwd)/tools/get-model.sh
for need in python3 curl; do
    command -v $need >/dev/null 2>&1 || { echo "get-model: $need is not here"; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
done
unset HF_TOKEN http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
here=$(pwd)
dir=$(mktemp -d) || exit 2
hub=
trap 'test -z "$hub" || kill "$hub"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
cd "$dir" || exit 2
passed=0 wrong=0

# ---- how a case is checked -----------------------------------------------------------------------

ok() { passed=$((passed + 1)); }
fail() { wrong=$((wrong + 1)); echo "FAIL $1: $2"; sed 's/^/    | /' out; }

# try NAME STATUS WORDS ARGUMENT...: the exit status of get-model.sh, and WORDS in what it says
try()
{
    title=$1 status=$2 words=$3
    shift 3
    : >log
    timeout 60 sh "$tool" "$@" >out 2>&1 </dev/null
    got=$?
    if test $got -ne "$status"; then fail "$title" "exit status $got, not $status"
    elif ! grep -qF -e "$words" out; then fail "$title" "it does not say '$words'"
    else ok; fi
}

holds() { title=$1; shift; if "$@"; then ok; else fail "$title" "not so: $*"; fi; }
lacks() { ! test -e "$1"; }
requests() { test "$(grep -c "$1" log)" -eq "$2"; } # PATTERN COUNT
whole() { (cd "$1" && if command -v sha256sum; then sha256sum -c SHA256SUMS; else shasum -a 256 -c SHA256SUMS; fi) >/dev/null; }
leaves_nothing() { test -z "$(find "$1" -name '*.part' -o -name '.get-model*')"; }

# ---- the models ----------------------------------------------------------------------------------

# model OWNER/NAME: files as small as they may be, with weights of 300,000 bytes in two modules
model()
{
    m=models/$1
    mkdir -p "$m/1_Pooling" "$m/2_Dense" "$m/onnx"
    printf '[{"idx": 0, "path": "", "type": "T"},\n {"idx": 1, "path": "1_Pooling"}, {"path": "2_Dense"}]' >"$m/modules.json"
    for f in config.json tokenizer.json tokenizer_config.json vocab.txt README.md; do echo "$1 $f" >"$m/$f"; done
    : >"$m/special_tokens_map.json"                     # empty on purpose
    echo '{}' >"$m/1_Pooling/config.json"
    echo '{}' >"$m/2_Dense/config.json"
    for f in "$m/model.safetensors" "$m/2_Dense/model.safetensors" "$m/onnx/model.onnx"; do
        dd if=/dev/urandom of="$f" bs=1000 count=300 2>/dev/null
    done
}
model owner/good
model sentence-transformers/short
model private/good
model simple/good
model owner/broken
sed 's/config/Config/' models/owner/broken/config.json >models/owner/broken/config.json.served
model owner/cut
head -c 200000 models/owner/cut/model.safetensors >models/owner/cut/model.safetensors.served
model owner/pickled
mv models/owner/pickled/model.safetensors models/owner/pickled/pytorch_model.bin
model owner/evil
printf '[{"path": "../../x"}]' >models/owner/evil/modules.json
mkdir -p models/owner/bare
for f in config.json model.safetensors vocab.txt; do cp models/owner/good/$f models/owner/bare/; done

: >log
python3 "$here/tests/hub.py" models log >address &
hub=$!
n=0
until test -s address || test $n -gt 100; do sleep 0.1; n=$((n + 1)); done
HF_ENDPOINT=$(cat address)
export HF_ENDPOINT

# ---- the cases -----------------------------------------------------------------------------------

try fresh 0 'whole: 10 files' owner/good a
holds 'fresh: checksums' whole a
holds 'fresh: the same files' cmp -s models/owner/good/2_Dense/model.safetensors a/2_Dense/model.safetensors
holds 'fresh: what is not read is not fetched' lacks a/onnx
holds 'fresh: nothing is left over' leaves_nothing a
try again 0 'model.safetensors: is there' owner/good a
holds 'again: no file is fetched' requests resolve 0

rm a/model.safetensors
head -c 100000 models/owner/good/model.safetensors >a/model.safetensors.part
try resumed 0 'from byte 100000 on' owner/good a
holds 'resumed: the hub was asked for the rest' requests '206 .*/model.safetensors bytes=100000-' 1
holds 'resumed: checksums' whole a
rm a/model.safetensors
cp models/owner/good/model.safetensors a/model.safetensors.part
try 'complete but not renamed' 0 'whole: 10 files' owner/good a
holds 'complete but not renamed: no file is fetched' requests resolve 0
rm a/model.safetensors
head -c 100000 models/owner/good/2_Dense/model.safetensors >a/model.safetensors.part
try 'resumed from other bytes' 1 'wrong checksum' owner/good a
holds 'resumed from other bytes: nothing has the name' lacks a/model.safetensors
try 'the run after that' 0 'whole: 10 files' owner/good a
mkdir s
head -c 100000 models/simple/good/model.safetensors >s/model.safetensors.part
try 'a hub that begins at the start only' 0 'whole: 10 files' simple/good s
holds 'a hub that begins at the start only: checksums' whole s

try 'wrong checksum' 1 'config.json came with' owner/broken b
holds 'wrong checksum: nothing has the name' lacks b/config.json
holds 'wrong checksum: nothing is left over' leaves_nothing b
try 'too short' 1 'wrong checksum or size (the hub states 300000 bytes)' owner/cut b2
try 'no such model' 1 'has no model owner/none (404)' owner/none c
try 'no such revision' 1 'a revision "v9"' owner/good c --revision v9
try 'another revision' 0 'whole: 10 files' owner/good c --revision=refs/pr/1
holds 'another revision: asked for by name' requests ' /owner/good/resolve/refs%2Fpr%2F1/' 10
try 'optional files are missing' 0 'whole: 3 files' owner/bare d
try 'no owner' 0 'sentence-transformers/short at main' short e
try 'only a pickle' 1 'only as pytorch_model.bin' owner/pickled f
try 'a folder outside' 1 'names the folder "../../x"' owner/evil g
try 'a name that is none' 1 'NAME is owner/name' 'owner/../x' h
try 'no arguments' 2 usage
try 'no folder' 2 usage owner/good

try 'no token' 1 'HF_TOKEN' private/good i
HF_TOKEN=secret
export HF_TOKEN
try 'a token' 0 'whole: 10 files' private/good i
unset HF_TOKEN

# What somebody else wrote stays; what this script fetched follows the hub.
echo mine >a/config.json
try 'a file of the user' 1 'a/config.json is there and is not the file of' owner/good a
holds 'a file of the user: stays' grep -qx mine a/config.json
rm a/config.json
try 'and without it' 0 'whole: 10 files' owner/good a
echo newer >models/owner/good/config.json
try 'the hub has a newer one' 0 'config.json: 6 bytes' owner/good a
holds 'the hub has a newer one: it is here' grep -qx newer a/config.json

if test -c /dev/full; then
    mkdir j
    ln -s /dev/full j/model.safetensors.part
    try 'a full disk' 1 'is the disk full?' owner/good j
fi
# A PATH without curl, then with it and with a df of the test's own.
mkdir bin
for f in awk cat cut dirname grep mkdir mv rm sed sha1sum sha256sum shasum sort tr wc; do
    at=$(command -v $f) && ln -s "$at" bin/$f
done
printf '#!/bin/sh\necho size; echo disk 9 9 100 9 /\n' >bin/df
chmod +x bin/df
PATH=$dir/bin "$(command -v sh)" "$tool" owner/good k >out 2>&1
holds 'no curl' grep -q 'needs curl' out
path=$PATH
PATH=$dir/bin:$path
ln -s "$(command -v curl)" bin/curl
try 'no room' 1 '100 kB are free' owner/good k
PATH=$path
HF_ENDPOINT=http://127.0.0.1:9
try 'no hub' 1 'cannot reach http://127.0.0.1:9' owner/good l
echo "$passed passed, $wrong failed"
test $wrong -eq 0
