#!/bin/sh
# A build for a processor that is not there is refused in a sentence, and does not just die: the
# implementation is compiled for AVX-512 and for AVX2, its caller for any x86-64, and qemu-x86_64
# plays processors that have less.
#
#     sh tests/target.sh [CC]            from the project's top folder
cc=${1:-cc}
qemu=$(command -v qemu-x86_64)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
if test -z "$qemu" || test "$(uname -m)" != x86_64; then
    echo 'target: qemu-x86_64 is not here'; echo '0 passed, 0 failed, 1 skipped'; exit 0
fi
cat >"$dir/main.c" <<'END'
#include <stdio.h>
#include "sentrain.h"
static void told(void *user, sen_log_level level, const char *text)
{
    (void)user;
    printf("%d %s\n", (int)level, text);
}
int main(void)
{
    sen_ctx_desc d = sen_ctx_desc_default();
    sen_ctx *c;
    sen_result r;
    d.log = told;
    r = sen_ctx_new(&d, &c);
    printf("%d %d %s\n", (int)r, sen_target_runs_here(), c ? "a context" : sen_target_message());
    sen_ctx_free(c);
    return 0;
}
END
passed=0 failed=0
# try NAME FLAGS CPU WORDS: what the program says on that processor has these words
try() {
    if ! test -x "$dir/$1"; then
        $cc -std=c99 -O2 $2 -I. -DSENTRAIN_IMPLEMENTATION -x c -c sentrain.h -o "$dir/$1.o" &&
            $cc -std=c99 -O2 -I. "$dir/main.c" "$dir/$1.o" -lm -pthread -o "$dir/$1" || exit 2
    fi
    said=$("$qemu" -cpu "$3" "$dir/$1" 2>/dev/null)
    case $said in
    *"$4"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)); echo "target: $1 on $3 says: $said" ;;
    esac
}
wide='-mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx2 -mbmi2'
try avx512 "$wide" Nehalem 'compiled for AVX-512'
try avx512 "$wide" max 'compiled for AVX-512'
try avx2 '-mavx2 -mfma -mbmi2' Nehalem 'compiled for AVX2 and FMA'
try avx2 '-mavx2 -mfma -mbmi2' max '0 1 a context'
try sse2 '' Nehalem '0 1 a context'
try sse2 '' max 'march=native or -mavx2 -mfma'
echo "$passed passed, $failed failed"
test "$failed" = 0
