#!/bin/sh
# run.sh CC CXX SENTRAIN.o OUT LIBS: builds and runs how other people's programs hold the library.
# CC and CXX are whole command lines. `make abi` calls it.
set -eu
cc=$1 cxx=$2 lib=$3 out=$4 libs=$5
here=$(dirname "$0")
mkdir -p "$out"

$cc "$here/first.c" "$here/second.c" "$lib" $libs -o "$out/two"
"$out/two" >"$out/two.txt"
echo "two files that include the header: link and run"

if command -v ${cxx%% *} >/dev/null 2>&1; then
    for std in c++11 c++20; do
        $cxx -std=$std "$here/interface.cc" "$lib" $libs -o "$out/interface-$std"
        $cxx -std=$std -DSENTRAIN_ENCODE_ONLY -fsyntax-only "$here/interface.cc"
        "$out/interface-$std"
        echo "the interface as $std: compiles, links, runs"
    done
else
    echo "the interface as C++: there is no ${cxx%% *} here, not tried"
fi

for x in a b; do
    $cc -O0 -w -fPIC -shared -DCOPY=copy_$x "$here/static.c" $libs -o "$out/lib$x.so"
done
$cc "$here/host.c" "$out/liba.so" "$out/libb.so" $libs -o "$out/host"
LD_LIBRARY_PATH=$out "$out/host"
echo "two shared objects with SENTRAIN_STATIC: two copies in one process"

# Names that a build declares and those that its object defines; both in order.
declared() { $cc -w "$@" -E -P -x c sentrain.h | sed -n 's/^extern .*[ *]\(sen_[a-z0-9_]*\)(.*/\1/p' | sort -u; }
defined() { nm "$1" | sed -n 's/.* T _*\(sen_[a-z0-9_]*\)$/\1/p' | sort -u; }

only=-DSENTRAIN_ENCODE_ONLY
$cc $only -DSENTRAIN_IMPLEMENTATION -O1 -x c -c sentrain.h -o "$out/encode-only.o"
for build in "$lib" "$out/encode-only.o"; do
    flag=
    test "$build" = "$lib" || flag=$only
    declared $flag >"$out/declared.txt"
    defined "$build" >"$out/defined.txt"
    test -s "$out/defined.txt"
    diff "$out/declared.txt" "$out/defined.txt"
done
for name in sen_backward sen_register_optimizer sen_model_save sen_dataset_load sen_loss_new \
    sen_evaluate sen_train sen_selftest; do
    if grep -x $name "$out/declared.txt"; then echo "$name is in an encode-only build" >&2; exit 1; fi
done
if nm "$out/encode-only.o" | grep 'sen__.*backward\|sen__.*_save'; then
    echo "an encode-only build keeps what only training or saving calls" >&2
    exit 1
fi
echo "encode only: $(wc -l <"$out/defined.txt") functions are declared and defined, no more"

rm -rf "$out/tiny"
mkdir "$out/tiny"
$cc "$here/encode.c" "$lib" $libs -o "$out/encode-whole"
$cc $only "$here/encode.c" "$out/encode-only.o" $libs -o "$out/encode-only"
"$out/encode-whole" "$out/tiny" >"$out/whole.txt"
"$out/encode-only" "$out/tiny" >"$out/only.txt"
cmp "$out/whole.txt" "$out/only.txt"
echo "encode only: the bits of the whole library, from a folder and from one buffer"

$cc -O1 -c "$here/one_loss.c" -o "$out/one_loss.o"
$cc "$out/one_loss.o" $libs -o "$out/one_loss"
"$out/one_loss" "$out/tiny"
if grep -q 'EmbeddingSimilarityEvaluator\|CosineSimilarityLoss' "$out/one_loss.o"; then
    echo "a program with one loss holds others, or evaluators" >&2
    exit 1
fi
echo "a short table: one loss trains, others are refused by name and not in the program"

names() { nm -D --defined-only "$1" | grep -c ' sen_' || true; }
$cc -O0 -w -fPIC -shared -fvisibility=hidden -DSENTRAIN_IMPLEMENTATION \
    '-DSENTRAIN_DEF=extern __attribute__((visibility("default")))' -x c sentrain.h $libs -o "$out/shown.so"
$cc -O0 -w -fPIC -shared -fvisibility=hidden -DSENTRAIN_IMPLEMENTATION -x c sentrain.h $libs \
    -o "$out/hidden.so"
test "$(names "$out/shown.so")" -gt 150
test "$(names "$out/hidden.so")" -eq 0
test "$(names "$out/liba.so")" -eq 0
echo "SENTRAIN_DEF: $(names "$out/shown.so") functions are shown by a shared object, or none"
