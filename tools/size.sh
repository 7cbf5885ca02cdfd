#!/bin/sh
# size.sh 'CC -std=...' TARGET 'ITS FLAGS' 'LIBS' OUT: how large the library is at -Os and how long it
# takes to compile; `make size` calls it. Fails where an encode-only object is larger than LIMIT bytes.
# The rest is only shown: C libraries and machines differ.
set -eu
cc=$1 name=$2 flags=$3 libs=$4 out=$5
LIMIT=${LIMIT:-200000}
small="-I. -pthread -Os -ffunction-sections -fdata-sections"
header="-DSENTRAIN_IMPLEMENTATION -x c -c sentrain.h"
mkdir -p "$out"

bytes() { size "$1" | awk 'NR == 2 { print $1 + $2 }'; }        # code, constants and data
row() { printf '%9d  %-9s %s\n' "$(bytes "$3")" "$1" "$2"; }

# Objects, for what the compiler takes without a flag and for TARGET.
failed=
echo "    bytes  target    text and data at -Os"
for target in baseline ${flags:+$name}; do
    arch=
    test $target = baseline || arch=$flags
    $cc $arch $small -DSENTRAIN_ENCODE_ONLY $header -o "$out/encode.o"
    row $target "encode only (SENTRAIN_ENCODE_ONLY); at most $LIMIT" "$out/encode.o"
    test "$(bytes "$out/encode.o")" -le "$LIMIT" || failed=$target
    $cc $arch $small -c tests/abi/one_loss.c -o "$out/one_loss.o"
    row $target "a program that trains with one loss (tests/abi/one_loss.c)" "$out/one_loss.o"
    $cc $arch $small $header -o "$out/whole-$target.o"
    row $target "everything" "$out/whole-$target.o"
done

# The whole command as one stripped static file, and what of it is the C library's: the same for a
# program that starts a thread, prints a number and calls the mathematics.
cat >"$out/bare.c" <<'EOF'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
static void *work(void *x) { return x; }
int main(int n, char **v)
{
    pthread_t t;
    printf("%g %s\n", exp(n) + log(n) + pow(n, 2.5) + cos(n), v[0]);
    return pthread_create(&t, NULL, work, NULL);
}
EOF
echo
echo "    bytes  library   static and stripped, at -Os"
static() { # NAME CC OBJECT
    link="-static -s -Wl,--gc-sections"
    $2 $small -DSENTRAIN_IMPLEMENTED $link tools/sentrain.c "$3" $libs -o "$out/sentrain-$1" &&
        $2 $small $link "$out/bare.c" $libs -o "$out/bare-$1" || return 0
    printf '%9d  %-9s the command sentrain; %d of them for a bare program\n' \
        "$(wc -c <"$out/sentrain-$1")" "$1" "$(wc -c <"$out/bare-$1")"
}
static cc "$cc" "$out/whole-baseline.o"
if command -v musl-gcc >/dev/null 2>&1; then
    musl-gcc -std=c99 $small $header -o "$out/whole-musl.o"
    static musl "musl-gcc -std=c99" "$out/whole-musl.o"
else
    echo "           musl      there is no musl-gcc here, not tried"
fi

# Processor time, since the machine may do other things as well.
seconds() { ("$@"; times) | awk 'NR == 2 { split($1, t, /[ms]/); printf "%.2f", 60 * t[1] + t[2] }'; }
echo
echo "$(seconds $cc $flags -O2 -I. -pthread $header -o "$out/O2.o") s to compile the implementation at -O2"
echo '#include "sentrain.h"' >"$out/interface.c"
echo "$(seconds $cc $flags -O2 -I. -c "$out/interface.c" -o "$out/interface.o") s to compile the interface"

test -z "$failed" && exit
echo "size: the encode-only object for the $failed target is larger than $LIMIT bytes" >&2
exit 1
