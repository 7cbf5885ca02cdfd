#!/bin/sh
# get-model.sh NAME DIR [--revision REV]
#
# Fetches what sentrain reads of a sentence-transformers model from a Hugging Face hub into DIR:
#
#     tools/get-model.sh sentence-transformers/all-MiniLM-L6-v2 models/all-MiniLM-L6-v2
#
# A NAME without an owner is one of sentence-transformers/. REV is a branch, a tag or a commit
# (default: main). HF_ENDPOINT is another hub than the public one, HF_TOKEN a token for models that
# are not for all. Needs curl, awk, and sha256sum with sha1sum, or shasum.
#
# Each file comes under the name FILE.part and gets its own name when its size and checksum are those
# that the hub states, so what has its name is whole: run again after a broken connection, it keeps
# what is there and goes on in the middle of a file. A file of DIR that is not the hub's and was not
# fetched by this script is never replaced. DIR/SHA256SUMS is for `sha256sum -c`.
# Exit status: 0 all is there, 1 something failed (one sentence says what), 2 wrong arguments.
set -u
LC_ALL=C
export LC_ALL
hub=${HF_ENDPOINT:-https://huggingface.co}
hub=${hub%/}
work=

die() { echo "get-model: $*" >&2; exit 1; }
usage() { echo "usage: get-model.sh NAME DIR [--revision REV]" >&2; exit 2; }

# ---- the hub -------------------------------------------------------------------------------------

# The token goes through a pipe, so that no list of processes shows it.
token_header() { test -z "${HF_TOKEN-}" || printf 'header = "Authorization: Bearer %s"\n' "$HF_TOKEN"; }

# fetch URL FILE WHAT [CURL OPTION...]: on failure the exit status is curl's for a broken transfer
# that may go on (18, 33, 56); everything else ends here, in words.
fetch()
{
    source=$1 into=$2 what=$3
    shift 3
    code=$(token_header | curl --config - --fail --location --show-error $progress --retry 2 --connect-timeout 30 \
        --output "$into" --write-out '%{http_code}' "$@" "$source")
    rc=$?
    case $rc/$code in
    0/*) return 0 ;;
    22/401 | 22/403) die "$hub refuses $what ($code): it does not exist or is not for all; put a token that may read" \
        "it into HF_TOKEN, and accept the model's terms on its page if it has some" ;;
    22/404) die "$hub has no $what (404): is NAME spelled owner/name, and is there a revision \"$revision\"?" ;;
    22/429) die "$hub asks to wait (429): too many requests; try again in some minutes" ;;
    22/416) return 33 ;;
    22/*) die "$hub answers $code for $what; try again later" ;;
    18/* | 33/* | 56/*) return $rc ;;
    23/*) die "cannot write $into: is the disk full? What was fetched is kept; run again when there is room" ;;
    *) die "cannot reach $hub for $what (curl's exit status $rc); is HF_ENDPOINT right, is there a network or a proxy?" ;;
    esac
}

# JSON to lines "place<TAB>value": [{"lfs": {"oid": "ab"}}] gives "1.lfs.oid<TAB>ab".
flatten()
{
    awk '
    function put(value,   at, i) {
        for (i = 1; i <= depth; i++) at = at (i > 1 ? "." : "") key[i]
        print at "\t" value
    }
    { text = text $0 "\n" }
    END {
        n = length(text)
        for (i = 1; i <= n; i++) {
            c = substr(text, i, 1)
            if (c == "{" || c == "[") { list[++depth] = (c == "["); key[depth] = 1; named = 0 }
            else if (c == "}" || c == "]") depth--
            else if (c == ":") named = 1
            else if (c == ",") { named = 0; if (list[depth]) key[depth]++ }
            else if (c == "\"") {
                s = ""
                while (++i <= n && (c = substr(text, i, 1)) != "\"") s = s (c == "\\" ? substr(text, ++i, 1) : c)
                if (list[depth] || named) put(s); else key[depth] = s
            } else if (c ~ /[-+.0-9a-zA-Z]/) {
                s = c
                while (i < n && substr(text, i + 1, 1) ~ /[-+.0-9a-zA-Z]/) s = s substr(text, ++i, 1)
                put(s)
            }
        }
    }' "$1"
}

# The hub's list of files, one line each: path size git-sha1 sha256, "-" where it does not say.
list_files()
{
    next=$hub/api/models/$name/tree/$(printf '%s' "$revision" | sed 's,/,%2F,g')?recursive=true
    : >"$work/files"
    while test -n "$next"; do
        fetch "$next" "$work/page" "model $name" --dump-header "$work/head" ||
            die "the connection to $hub broke; run again"
        flatten "$work/page" | awk -F '\t' '
            function out() { if (type == "file") print path, size, git, sha; type = path = size = git = sha = "-" }
            { place = $1; sub(/\..*/, "", place) }
            place != last { out(); last = place }
            { what = substr($1, length(place) + 2); value = $2 }
            what == "type" { type = value }
            what == "path" { path = value }
            what == "size" { size = value }
            what == "oid" { git = value }
            what == "lfs.oid" { sha = value; sub(/^sha256:/, "", sha) }
            END { out() }' >>"$work/files"
        next=$(tr -d '\r' <"$work/head" | sed -n 's/^[Ll]ink: <\([^>]*\)>; *rel="next".*/\1/p')
    done
}

# ---- one file ------------------------------------------------------------------------------------

bytes() { wc -c <"$1" | tr -d ' '; }
sum256() { sha256 <"$1" | cut -c 1-64; }

# whole FILE SIZE GIT SHA256: is FILE the hub's, as far as the hub says what that is?
whole()
{
    test -f "$1" || return 1
    test "$2" = - || test "$(bytes "$1")" -eq "$2" || return 1
    if test "$4" != -; then test "$(sum256 "$1")" = "$4"
    elif test "$3" != -; then test "$({ printf 'blob %s\0' "$(bytes "$1")"; cat "$1"; } | sha1 | cut -c 1-40)" = "$3"
    fi
}

# ours FILE: is DIR/FILE still what an earlier run fetched?
ours()
{
    test -f "$dir/SHA256SUMS" && grep -qxF "$(sum256 "$dir/$1")  $1" "$dir/SHA256SUMS"
}

# get PATH SIZE GIT SHA256
get()
{
    to=$dir/$1 part=$dir/$1.part
    if whole "$to" "$2" "$3" "$4"; then echo "  $1: is there"; return; fi
    if test -e "$to" && ! ours "$1"; then
        die "$to is there and is not the file of $name at $revision; move it away, or choose another folder"
    fi
    mkdir -p "$(dirname "$to")" || die "cannot make the folder of $to"
    if ! whole "$part" "$2" "$3" "$4"; then
        if test -f "$part" && test "$2" != - && test "$(bytes "$part")" -ge "$2"; then rm -f "$part"; fi
        from=0
        test ! -f "$part" || from=$(bytes "$part")
        echo "  $1: $2 bytes$(test "$from" = 0 || echo ", from byte $from on")"
        url=$hub/$name/resolve/$(printf '%s' "$revision" | sed 's,/,%2F,g')/$1
        if ! fetch "$url" "$part" "$1 in $name" --continue-at -; then
            test "$rc" -eq 33 || die "the connection broke in $1; run again, it goes on from there"
            rm -f "$part"                               # this hub cannot begin in the middle
            fetch "$url" "$part" "$1 in $name" || die "the connection broke in $1; run again"
        fi
        if ! test -e "$part"; then : >"$part"; fi       # an empty file: curl writes none
        if ! whole "$part" "$2" "$3" "$4"; then
            size=$(bytes "$part")
            rm -f "$part"
            die "$1 came with $size bytes and a wrong checksum or size (the hub states $2 bytes); it is thrown away," \
                "run again, and if that does not help the hub or a proxy before it is at fault"
        fi
    fi
    mv -f "$part" "$to" || die "cannot rename $part to $to"
}

# ---- what a model needs --------------------------------------------------------------------------

line_of() { awk -v path="$1" '$1 == path { print; exit }' "$work/files"; }
has() { test -n "$(line_of "$1")"; }

# The lines of $work/files that sentrain reads, of the top folder and of those that modules.json names.
choose()
{
    echo . >"$work/folders"
    if has modules.json; then
        get $(line_of modules.json)
        flatten "$dir/modules.json" | awk -F '\t' '$1 ~ /^[0-9]+\.path$/ && $2 != "" { print $2 }' >>"$work/folders"
    fi
    : >"$work/chosen"
    while read -r folder; do
        case /$folder/ in
        */../* | //* | *[!A-Za-z0-9._/-]*) die "modules.json of $name names the folder \"$folder\", which is none of it" ;;
        esac
        at=$folder/
        test "$folder" != . || at=
        for file in modules.json config.json config_sentence_transformers.json sentence_bert_config.json tokenizer.json \
            tokenizer_config.json special_tokens_map.json added_tokens.json vocab.txt model.safetensors; do
            line_of "$at$file" >>"$work/chosen"
        done
        for weights in pytorch_model.bin model.safetensors.index.json; do
            if has "$at$weights" && ! has "${at}model.safetensors"; then
                die "$name has its weights only as $at$weights; sentrain reads model.safetensors"
            fi
        done
    done <"$work/folders"
    for file in config.json model.safetensors; do
        grep -Eq "^([^ ]*/)?$file " "$work/chosen" || die "$name has no $file; is it a sentence-transformers model?"
    done
    grep -Eq '^([^ ]*/)?(tokenizer\.json|vocab\.txt) ' "$work/chosen" ||
        die "$name has neither tokenizer.json nor vocab.txt, so sentrain could not read its tokenizer"
}

# What is still to come must fit on the disk.
check_room()
{
    need=0
    while read -r path size git sha; do
        test -e "$dir/$path" || test "$size" = - || need=$((need + size / 1024 + 1))
        test ! -f "$dir/$path.part" || need=$((need - $(bytes "$dir/$path.part") / 1024))
    done <"$work/chosen"
    room=$(df -P -k "$dir" 2>/dev/null | awk 'NR == 2 { print $4 }')
    test "$need" -le "${room:-$need}" || die "the disk of $dir is full: $need kB are to come, $room kB are free"
}

# ---- all of it -----------------------------------------------------------------------------------

name= dir= revision=main
while test $# -gt 0; do
    case $1 in
    --revision) test $# -gt 1 || usage; revision=$2; shift ;;
    --revision=*) revision=${1#*=} ;;
    -*) usage ;;
    *) if test -z "$name"; then name=$1; elif test -z "$dir"; then dir=$1; else usage; fi ;;
    esac
    shift
done
test -n "$name" && test -n "$dir" && test -n "$revision" || usage
case $name in */*) ;; *) name=sentence-transformers/$name ;; esac
case $name/$revision in
*[!A-Za-z0-9._/-]* | */*/*/.* | .* | */.*) die "NAME is owner/name and REV a branch, tag or commit, not \"$name\", \"$revision\"" ;;
esac
command -v curl >/dev/null 2>&1 || die "needs curl, which is not installed"
if command -v sha256sum >/dev/null 2>&1 && command -v sha1sum >/dev/null 2>&1; then
    sha256() { sha256sum; }
    sha1() { sha1sum; }
elif command -v shasum >/dev/null 2>&1; then
    sha256() { shasum -a 256; }
    sha1() { shasum -a 1; }
else
    die "needs sha256sum and sha1sum, or shasum, to check what it fetches; none is installed"
fi
progress=--silent
test ! -t 2 || progress=--progress-bar

work=$dir/.get-model.$$
mkdir -p "$work" || die "cannot make the folder $dir"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
echo "$name at $revision from $hub into $dir"
list_files
choose
check_room
while read -r path size git sha; do
    test "$path" = modules.json || get "$path" "$size" "$git" "$sha"            # that one is there by now
done <"$work/chosen"
while read -r path size git sha; do echo "$(sum256 "$dir/$path")  $path"; done <"$work/chosen" >"$work/sums"
mv -f "$work/sums" "$dir/SHA256SUMS" || die "cannot write $dir/SHA256SUMS"
echo "whole: $(wc -l <"$work/chosen" | tr -d ' ') files, checksums in $dir/SHA256SUMS"
