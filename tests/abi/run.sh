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
