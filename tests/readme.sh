#!/bin/sh
# readme.sh [CC [BUILD]]: runs the command lines of README.md, each ```sh block in order, as a reader would
# type them, in a folder that looks like the project's: sentrain.h, Makefile, tools and tests are the project's
# own, build/ is BUILD, examples/ a copy, and beside them lie sentrain_impl.c and my_program.c (an example),
# as in somebody's program. models come from a hub on this machine (tests/hub.py), which has the model of
# `make demo` under the name that README.md uses. Lines of a compiler that is not here are skipped, and so is
# `make test`, which has its own step everywhere.
set -u
top=$(pwd)
CC=${1:-cc} BUILD=${2:-build}
export CC
unset MAKEFLAGS MFLAGS MAKEOVERRIDES HF_TOKEN http_proxy HTTP_PROXY all_proxy ALL_PROXY
dir=$(mktemp -d) || exit 2
hub=
trap 'test -z "$hub" || kill "$hub"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
mkdir -p "$BUILD"
case $BUILD in /*) build=$BUILD ;; *) build=$top/$BUILD ;; esac
for f in sentrain.h Makefile README.md tools tests; do ln -s "$top/$f" "$dir/$f"; done
cp -Rp examples "$dir/examples"
ln -s "$build" "$dir/build"
cp examples/sentrain_impl.c "$dir/sentrain_impl.c"
cp examples/encode.c "$dir/my_program.c"
cd "$dir" || exit 2

if command -v python3 >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then
    python3 tests/hub.py hub log >address &
    hub=$!
    n=0
    until test -s address || test $n -gt 100; do sleep 0.1; n=$((n + 1)); done
    HF_ENDPOINT=$(cat address)
    export HF_ENDPOINT
fi

# The lines of all sh blocks; a line that ends in \ is one with the next.
awk '/^```/ { shown = $0 == "```sh"; next } shown' README.md | sed -e :a -e '/\\$/N; s/\\\n *//; ta' >commands
test -s commands || { echo "readme: README.md has no sh blocks"; exit 1; }
ran=0 failed=0 skipped=0
skip() { skipped=$((skipped + 1)); echo "skipped ($1): $line"; }
while IFS= read -r line; do
    test -n "$line" || continue
    set -f
    set -- $line
    set +f
    case $line in
    \#*) continue ;;
    'make test'*) skip 'has its own step'; continue ;;
    tools/get-model.sh*)
        test -n "$hub" || { skip 'python3 or curl is not here'; continue; }
        rm -rf "hub/$2"
        mkdir -p "hub/${2%/*}" && cp -R build/demo/final "hub/$2" ;;
    build/sentrain*models/*) test -n "$hub" || { skip 'there is no model'; continue; } ;;
    *-gcc\ *) command -v "$1" >/dev/null 2>&1 || { skip "$1 is not here"; continue; } ;;
    esac
    start=$(date +%s)
    if timeout 900 sh -ec "$line" >out 2>&1 </dev/null; then
        ran=$((ran + 1))
        echo "$(($(date +%s) - start)) s: $line"
    else
        failed=$((failed + 1))
        echo "FAIL: $line"
        tail -n 12 out | sed 's/^/    | /'
    fi
done <commands
echo "$ran passed, $failed failed, $skipped skipped"
test $failed -eq 0
