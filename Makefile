# sentrain: `make` builds build/sentrain, `make test` proves it, `make help` lists the rest.
# Needs sh, coreutils, GNU make and a C compiler; lint and parity need Python 3 as well.
#
#   make CC=clang TARGET=avx2 CFLAGS=-O3     any compiler, instruction set and flags; the objects of
#                                            each choice stay apart in $(BUILD)/obj/
#   CBLAS=1      matrix products by a CBLAS library (CBLAS_LIBS, default -lopenblas)
#   WERROR=1     warnings are errors
#   RUN='qemu-aarch64' LDFLAGS=-static CHAPTERS='text file'   tests of another machine's programs
#   BUILD=DIR    where everything goes (default: build)

BUILD  ?= build
CFLAGS ?= -O2
CSTD   ?= c99
ifeq ($(origin CC),default)
CC := $(firstword $(foreach c,cc gcc clang,$(if $(shell command -v $c 2>/dev/null),$c)) cc)
endif
ifeq ($(origin CXX),default)
CXX := $(patsubst cc,c++,$(subst gcc,g++,$(subst clang,clang++,$(CC))))
endif
PYTHON ?= python3

# ---- the instruction set -------------------------------------------------------------------------
# native is asked for only where the compiler makes programs for this very kind of machine.

TARGET ?= native
machine  := $(shell $(CC) -dumpmachine 2>/dev/null)
at_home  := $(and $(filter $(shell uname -m)-%,$(machine)),\
                  $(findstring $(shell uname -s | tr A-Z a-z),$(machine)))
exe      := $(if $(findstring mingw,$(machine))$(findstring windows,$(machine)),.exe)$(if \
              $(filter wasm%,$(machine)),.wasm)
targets  := native avx512 avx2 sse2 scalar gnuvec
# What makes the compiler compute float in float: 32-bit x86 has x87, s390x a wide float_t in C99.
exact := $(if $(filter i386-% i486-% i586-% i686-%,$(machine)),-msse2 -mfpmath=sse) \
         $(if $(filter s390%,$(machine)),-fexcess-precision=fast)
# WebAssembly has no threads; signals and clock() of the command and the tests (the header has neither)
# are imitated where WASI asks for it by name.
pthread := -pthread
ifneq ($(filter wasm%,$(machine)),)
pthread   :=
wasi      := -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS
wasi_libs := -lwasi-emulated-signal -lwasi-emulated-process-clocks -Wl,-z,stack-size=1048576
endif
flags_native := $(if $(at_home),$(shell echo 'int x;' | $(CC) -march=native -x c -c -o /dev/null - \
                  2>/dev/null && echo -march=native))
flags_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx2
flags_avx2   := -mavx2 -mfma
flags_sse2   := -msse2 -mfpmath=sse
ifneq ($(findstring mingw,$(machine)),)     # see SENTRAIN_UNALIGNED_MOVES in the header
flags_avx512 += -Wa,-muse-unaligned-vector-move -DSENTRAIN_UNALIGNED_MOVES
flags_avx2   += -Wa,-muse-unaligned-vector-move -DSENTRAIN_UNALIGNED_MOVES
endif
flags_scalar := -DSENTRAIN_SCALAR
flags_gnuvec := -DSENTRAIN_GNU_VECTORS
ifeq ($(filter $(TARGET),$(targets)),)
$(error TARGET=$(TARGET) is not known; choose one of: $(targets))
endif

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
            -Wframe-larger-than=16384                   # a function's stack: a thread may have little
werror   := $(if $(WERROR),-Werror)
arch     := $(strip $(exact) $(wasi) $(flags_$(TARGET))) $(if $(CBLAS),-DSENTRAIN_USE_CBLAS)
libs     := -lm $(pthread) $(wasi_libs) $(if $(CBLAS),$(or $(CBLAS_LIBS),-lopenblas)) $(LDLIBS)
flags    := $(CFLAGS) $(CPPFLAGS) -I. $(pthread) $(warnings) $(werror)
cc       := $(CC) -std=$(CSTD) $(arch) $(flags)
cxx      := $(CXX) $(arch) $(flags)

# One folder for each way to compile: the compiler's name, the target, a checksum of the whole line.
conf := $(notdir $(firstword $(CC)))-$(TARGET)-$(firstword $(shell \
          echo '$(machine) $(filter-out -Werror,$(cc)) $(CXX) $(LDFLAGS) $(libs)' | cksum))
out  := $(BUILD)/obj/$(conf)

# A program is written to be whole in one file; here all share one compile of the implementation.
shared_implementation := -DSENTRAIN_IMPLEMENTED

# ---- the command, the library --------------------------------------------------------------------

.PHONY: all test compile-tests lint asan ubsan tsan torture stack fuzz cli abi cross target \
        bounds parity bench bench-data bench-test bench-peer examples demo size get-model-test \
        readme clean help FORCE
.SUFFIXES:
.DELETE_ON_ERROR:

all: $(BUILD)/sentrain$(exe)

# The last configuration asked for: what stands in $(BUILD) is a copy out of its folder.
$(BUILD)/.conf: FORCE
	@mkdir -p $(out)/examples $(BUILD)/examples
	@test "$$(cat $@ 2>/dev/null)" = '$(conf)' || echo '$(conf)' >$@

# sentrain_impl.c is no program: what it shows is done by $(out)/sentrain.o. dispatch has builds of its
# own, for x86-64 only.
names  := $(filter-out sentrain_impl dispatch%,$(basename $(notdir $(wildcard examples/*.c))))
copies := sentrain bench $(names:%=examples/%) examples/dispatch
$(copies:%=$(BUILD)/%$(exe)): $(BUILD)/%: $(out)/% $(BUILD)/.conf
	@cp $< $@.new && mv -f $@.new $@

$(out)/sentrain.o: sentrain.h
	@mkdir -p $(out)
	$(cc) -DSENTRAIN_IMPLEMENTATION -x c -c sentrain.h -o $@

$(out)/sentrain$(exe): tools/sentrain.c $(wildcard tools/sentrain_*.h) $(out)/sentrain.o
	$(cc) $(shared_implementation) $(LDFLAGS) $< $(out)/sentrain.o $(libs) -o $@

# ---- tests ---------------------------------------------------------------------------------------
# make test: all chapters as one program; make test-TAG: one chapter, compiled only up to it.

chapters := config memory context text table random file thread vector math matmul attend tensor \
            tape ops optim token batch module model data sample loss search eval report train \
            tune check

$(out)/test$(exe): sentrain.h $(wildcard tests/*.[ch]) tools/sentrain.c
	@mkdir -p $(out)
	$(cc) $(LDFLAGS) tests/main.c $(libs) -o $@

compile-tests: $(out)/test$(exe)
test: $(out)/test$(exe)
	$(RUN) $(out)/test$(exe) $(CHAPTERS)

torture: $(out)/test$(exe)
	$(RUN) $(out)/test$(exe) torture

# What the command says to bad input; not a part of `make test`, which needs no command.
cli: $(BUILD)/sentrain$(exe)
	sh tests/cli.sh $(BUILD)/sentrain$(exe)

# The largest frames of the stack; any build warns of one above 16 KB (-Wframe-larger-than).
stack: sentrain.h
	@mkdir -p $(out)
	$(cc) -Werror -fstack-usage -DSENTRAIN_IMPLEMENTATION -x c -c $< -o $(out)/stack.o
	@sort -t '	' -k 2 -n -r $(out)/stack.su | head -n 12
	HOST_STACK=1 $(MAKE) test CHAPTERS=host

# A context is put together in chapter 8, so no test stops below it; the tape is tried with operations.
test-%: FORCE
	@mkdir -p $(out)
	n=0; for c in $(chapters); do n=$$((n + 1)); test $$c != $* || break; done; \
	test $$n -ge 8 || n=8; test $* != tape || n=15; \
	$(cc) -DSENTRAIN_STOP_AFTER=$$n -include tests/broken.h $(LDFLAGS) tests/test_$*.c $(libs) -o $(out)/test-$*$(exe)
	$(RUN) $(out)/test-$*$(exe)

sanitize := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
asan ubsan:
	$(MAKE) test CFLAGS="$(sanitize) -fsanitize=address,undefined"
tsan:
	$(MAKE) test CFLAGS="$(sanitize) -fsanitize=thread"

# tools/get-model.sh against a hub of this machine; each command of README.md, where `make demo` ran.
get-model-test: ; sh tests/get_model.sh
readme: $(BUILD)/sentrain$(exe)
	sh tests/readme.sh '$(CC)' '$(BUILD)'

# Hostile files: each format for FUZZ_SECONDS, from the corpus that `make test` replays. What breaks
# is kept in $(BUILD)/fuzz/: mended, it becomes a file of tests/fuzz/FORMAT. Needs clang's libFuzzer.
FUZZ_SECONDS ?= 20
FUZZ_CC ?= clang
FUZZ ?= $(filter-out %.dict,$(notdir $(wildcard tests/fuzz/*)))
$(BUILD)/fuzz/fuzz: tests/test_fuzz.c tests/test.h tools/sentrain.c sentrain.h
	@mkdir -p $(@D)
	$(FUZZ_CC) -std=c99 -O1 -g -march=native -I. -pthread -fno-sanitize-recover=all \
	    -fsanitize=fuzzer,address,undefined -DFUZZ_LIBFUZZER $< -lm -o $@

fuzz: $(BUILD)/fuzz/fuzz
	@for f in $(FUZZ); do \
	    mkdir -p $(BUILD)/fuzz/$$f && echo "fuzz $$f: $(FUZZ_SECONDS) s" && \
	    $(RUN) $< --$$f -max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=2000 -max_len=8192 \
	        -dict=tests/fuzz/words.dict -artifact_prefix=$(BUILD)/fuzz/$$f- -print_final_stats=1 \
	        $(BUILD)/fuzz/$$f tests/fuzz/$$f >$(BUILD)/fuzz/$$f.log 2>&1 || \
	        { tail -n 60 $(BUILD)/fuzz/$$f.log; exit 1; }; \
	    grep -E 'number_of_exec|new_units' $(BUILD)/fuzz/$$f.log; \
	done

# Builds for processors that are not here, under qemu-x86_64.
target: ; sh tests/target.sh '$(CC)'

# One model and the same texts by builds for every instruction set that this processor has; OTHERS are
# more commands, "'qemu-aarch64 DIR/sentrain'".
cpu     := $(shell grep -m 1 flags /proc/cpuinfo 2>/dev/null)
x86     := $(filter x86_64-%,$(machine))
TARGETS ?= $(if $(x86),$(if $(filter avx512vl,$(cpu)),avx512) $(if $(filter fma,$(cpu)),avx2) \
             sse2,native) scalar
bounds: $(if $(x86),$(BUILD)/examples/dispatch)
	for t in $(TARGETS); do \
	    $(MAKE) TARGET=$$t CFLAGS=-O1 BUILD=$(BUILD)/bounds/$$t all || exit 1; \
	done
	sh tests/bounds.sh $(BUILD)/bounds/runs '$<' $(TARGETS:%=$(BUILD)/bounds/%/sentrain) $(OTHERS)

abi: $(out)/sentrain.o
	sh tests/abi/run.sh '$(cc)' '$(cxx)' $(out)/sentrain.o $(out)/abi '$(LDFLAGS) $(libs)'

# Systems that are not here, by zig's C compiler: the programs and the tests, warnings are errors. The
# examples as C only, or zig would build a whole C++ library first. zig is the Python package ziglang,
# kept in $(BUILD)/zig; ZIG=zig takes one that is there. The programs of wasm32-wasi can be run:
#     node --no-warnings tests/wasi.mjs build/cross/wasm32-wasi/obj/*/test.wasm
ZIG ?= $(abspath $(BUILD))/zig/ziglang/zig
cross := x86_64-macos aarch64-macos x86_64-windows-gnu aarch64-windows-gnu wasm32-wasi
cross: $(cross:%=cross-%)
cross-%: $(filter /%,$(ZIG))
	ZIG_GLOBAL_CACHE_DIR=$(BUILD)/zig-cache ZIG_LOCAL_CACHE_DIR=$(BUILD)/zig-cache \
	    $(MAKE) CC='$(ZIG) cc -target $*' CXX=no-c++ WERROR=1 \
	    CFLAGS='$(if $(filter wasm%,$*),-O1,-O0 -fno-sanitize=undefined)' \
	    BUILD=$(BUILD)/cross/$* all examples compile-tests

$(abspath $(BUILD))/zig/ziglang/zig:
	$(PYTHON) -m pip install -q --target $(BUILD)/zig ziglang

lint: ; $(PYTHON) tools/lint.py --cc '$(CC)'

# The cases that Python sentence-transformers has run, where they lie beside this folder; metrics to 1e-4,
# those of int8 and uint8 embeddings to 2e-3. Four stand on a knife's edge, where one rounding decides, and have
# one bound wider than the others'. Of three Python differs from itself by as much, with torch's vector code for
# other processors (ATEN_CPU_CAPABILITY): a negative that just is or is not left out (losses: 7e-4 of them), and
# gradients that are all rounding, since a loss of distances does not see all embeddings move alike, which Adam
# makes large (embeddings: 1.2e-3, losses: 1e-6); their bound is twice that. In the fourth two similarities, which
# in Python lie one bit apart, are a tie here, and that moves the rank correlation by 2.15e-4.
oracle := ../shared/oracle/compare.py
parity_int8 := eval/similarity_u?int8
parity_gist := loss/cached_gist
parity_moved := sampler/group_by_label.*
parity_tie := train/eval_delay
parity: $(BUILD)/sentrain$(exe)
	@if test ! -f $(oracle); then \
	    echo 'parity: $(oracle) is not here, nothing is compared'; \
	    echo '0 passed, 0 failed, 1 skipped'; \
	else for t in 1 2; do \
	    echo "parity: $$t thread(s)"; \
	    run() { echo "  $$*"; $(PYTHON) $(oracle) $(BUILD)/sentrain$(exe) --upto trainer --threads $$t "$$@"; }; \
	    run --metric 1e-4 --only \
	        '^(?!($(parity_int8)|$(parity_gist)|$(parity_moved)|$(parity_tie))$$)' && \
	    run --metric 2e-3 --only '^$(parity_int8)$$' && \
	    run --metric 1e-4 --rtol-first 1.5e-3 --only '^$(parity_gist)$$' && \
	    run --metric 1e-4 --probe 2.5e-3 --only '^$(parity_moved)$$' && \
	    run --metric 2.2e-4 --only '^$(parity_tie)$$' || exit 1; \
	done; fi

# ---- speed and size ------------------------------------------------------------------------------

$(out)/bench$(exe): tools/bench.c $(wildcard tools/bench*.h) sentrain.h
	@mkdir -p $(out)
	$(cc) $(LDFLAGS) $< $(libs) -o $@

# Texts for it, the same on every machine; without $(SHARED) it makes its own. BENCH='--quick ...'.
SHARED ?= ../shared
texts := $(SHARED)/bench/make_text.py
bench-data:
	@test ! -f $(texts) || for f in 'pairs-short.jsonl pairs short 20000' \
	    'pairs-long.jsonl pairs long 2000' 'sentences.txt sentences short 4000'; do \
	    set -- $$f; test -f $(BUILD)/bench-data/$$1 || { mkdir -p $(BUILD)/bench-data; \
	    $(PYTHON) $(texts) --kind $$2 --profile $$3 --n $$4 >$(BUILD)/bench-data/$$1; }; done

bench: $(BUILD)/bench$(exe) bench-data
	$(RUN) $(BUILD)/bench$(exe) --data $(BUILD)/bench-data $(BENCH)

bench-test: $(BUILD)/bench
	sh tests/bench.sh $(BUILD)/bench $(PYTHON) $(BUILD)/bench-test

# The same beside Python: PEER_PYTHON=/path/to/python with torch and sentence-transformers; MODEL=DIR;
# PEER='--alternations 5 --full ...' (python3 tools/bench_peer.py --help).
MODEL ?= $(BUILD)/models/all-MiniLM-L6-v2
bench-peer: $(BUILD)/bench $(BUILD)/sentrain bench-data
	test -f $(MODEL)/modules.json || { mkdir -p $(dir $(MODEL)) && \
	    $(SHARED)/models.sh $(notdir $(MODEL)) $(MODEL); }
	$(PYTHON) tools/bench_peer.py --python '$(PEER_PYTHON)' --bench $(BUILD)/bench \
	    --sentrain $(BUILD)/sentrain --model $(MODEL) --data $(BUILD)/bench-data \
	    --shared $(SHARED) $(PEER)

# Bytes at -Os of what a program may take of the library, and the time to compile it.
size:
	sh tools/size.sh '$(CC) -std=$(CSTD) $(exact) $(CPPFLAGS)' $(TARGET) '$(flags_$(TARGET))' \
	    '$(libs)' $(out)/size

# ---- examples ------------------------------------------------------------------------------------
# Each is built as C, and once more as C++11, since users write either; own_loss has the command in it,
# which is C.
$(out)/examples/own_loss$(exe): tools/sentrain.c
$(out)/examples/%$(exe): examples/%.c $(out)/sentrain.o
	@mkdir -p $(@D)
	$(cc) $(shared_implementation) $(LDFLAGS) $< $(out)/sentrain.o $(libs) -o $@

$(out)/examples/%.c++$(exe): examples/%.c $(out)/sentrain.o
	@mkdir -p $(@D)
	$(cxx) -std=c++11 $(shared_implementation) $(LDFLAGS) -x c++ $< -x none $(out)/sentrain.o \
	    $(libs) -o $@

dispatch := $(CC) -std=$(CSTD) $(flags)
$(out)/examples/dispatch_baseline.o: examples/dispatch_build.c examples/dispatch.h sentrain.h
	@mkdir -p $(@D)
	$(dispatch) -DDISPATCH_BUILD=dispatch_baseline -c $< -o $@
$(out)/examples/dispatch_avx2.o: examples/dispatch_build.c examples/dispatch.h sentrain.h
	@mkdir -p $(@D)
	$(dispatch) $(flags_avx2) -DDISPATCH_BUILD=dispatch_avx2 -c $< -o $@
$(out)/examples/dispatch$(exe): examples/dispatch.c \
                $(out)/examples/dispatch_baseline.o $(out)/examples/dispatch_avx2.o
	$(dispatch) $(LDFLAGS) $^ $(libs) -o $@

has_cxx := $(shell command -v $(firstword $(CXX)) 2>/dev/null)
examples: $(names:%=$(BUILD)/examples/%$(exe)) \
          $(if $(x86),$(BUILD)/examples/dispatch$(exe)) \
          $(if $(has_cxx),$(patsubst %,$(out)/examples/%.c++$(exe),$(filter-out own_loss,$(names))))
	@$(if $(has_cxx),:,echo 'examples: there is no C++ compiler here, so only C was tried')

demo: $(BUILD)/examples/demo$(exe)
	@mkdir -p $(BUILD)/demo
	$(RUN) $(BUILD)/examples/demo$(exe) examples/data $(BUILD)/demo

clean: ; rm -rf $(BUILD)

define help_text
make            build/sentrain, for this very machine
make demo       trains a small model from examples/data and asks it a few questions
make test       every chapter's tests; make test-TAG: one chapter (tape, token, ...)
make lint       widths, names, chapter borders, layers, training arguments that nothing follows
make asan tsan  the tests under sanitizers (asan: undefined behaviour too)
make torture    every allocation and file call fails once
make stack      the largest stack frames, and what a whole run uses of a stack (gcc)
make fuzz       hostile files of every format, FUZZ_SECONDS=20 each (clang's libFuzzer)
make cli        bad input: exit statuses, messages, checkpoints that stay whole
make abi        two files that include the header, C++, two static copies in one process
make readme     the commands of README.md; make get-model-test: tools/get-model.sh, without network
make cross      builds for macOS, Windows and WebAssembly with zig cc
make target     a processor that lacks the build's instructions is refused in words (qemu)
make bounds     embeddings of builds for several instruction sets differ by so much at most
make parity     against what Python sentence-transformers computed (../shared)
make bench      speed of kernels and of whole jobs; bench-peer: beside Python; bench-test: of both
make examples   all examples, as C99 and as C++11
make size       bytes at -Os: encode only, one loss, everything, the command; compile time
make clean
Options: CC= TARGET=$(subst $(space),|,$(targets)) CFLAGS= CBLAS=1 WERROR=1 BUILD=
endef
empty :=
space := $(empty) $(empty)
help:
	$(info $(help_text))@:
