#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-only
# The build for OSS-Fuzz and ClusterFuzzLite. It puts every target of $TARGETS into $OUT, with a
# seed corpus, options and a dictionary. Their images have compilers and no Bazel, so this file
# lists the sources itself. The test check.py fails if the list is wrong.
#
# Given: CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE SANITIZER FUZZING_ENGINE ARCHITECTURE SRC WORK
# OUT. Source: the checkout that this file is in, or $SRC/kthrash.
set -o pipefail

TARGETS="plan_fuzz parser_fuzz"

# The combination that fuzz.bzl names sim+modelled+modelled+list+modelled.
DEFINES=(
	-DKT_OS_SIM -DKT_OS=sim '-DKT_OS_NAME="sim"'
	-DKT_LOCK_MODELLED -DKT_LOCK=modelled '-DKT_LOCK_NAME="modelled"'
	-DKT_COMPLETION_MODELLED -DKT_COMPLETION=modelled '-DKT_COMPLETION_NAME="modelled"'
	-DKT_QUEUE_LIST -DKT_QUEUE=list '-DKT_QUEUE_NAME="list"'
	-DKT_RCU_MODELLED -DKT_RCU=modelled '-DKT_RCU_NAME="modelled"'
)

fail() {
	echo "build.sh: $*" >&2
	exit 1
}

case ${ARCHITECTURE:-x86_64} in
x86_64) ;;
*) fail "ARCHITECTURE=$ARCHITECTURE: the simulator's fibers are x86_64's, expected x86_64" ;;
esac
case ${SANITIZER:-address} in
address | undefined | thread | coverage | none | introspector) ;;
*) fail "SANITIZER=$SANITIZER needs an instrumented simulator, and it is not; expected" \
	"address, undefined, thread, coverage or none" ;;
esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
[ -e "$root/core/kthreadd.c" ] || root=$SRC/kthrash
[ -e "$root/core/kthreadd.c" ] || fail "no source of kthrash in $SRC/kthrash"
cd "$root"
objects=$WORK/kthrash
mkdir -p "$objects" "$OUT"

# Each is a list of words.
read -ra c_words <<<"$CFLAGS"
read -ra cxx_words <<<"$CXXFLAGS"
read -ra engine_words <<<"$LIB_FUZZING_ENGINE"

# The flags with which a file is compiled without instrumentation for sanitizers, fuzzers and
# coverage, as far as this compiler knows them. AFL++'s compiler takes a variable instead.
plain=()
for flag in -fno-sanitize=all -fno-sanitize-coverage=trace-pc-guard,trace-pc,inline-8bit-counters \
	-fno-profile-instr-generate -fno-coverage-mapping; do
	if $CC "${c_words[@]}" "$flag" -Werror -x c -c /dev/null -o "$objects/flag.o" 2>/dev/null; then
		plain+=("$flag")
	fi
done

object() {
	local name=${1%.c}.o
	echo "${name//\//_}"
}

compile() {
	local source=$1
	shift
	# -O1 stands first, so that an -O of CFLAGS overrides it. Without any -O the simulator
	# would call functions that TSan instruments.
	$CC -O1 "${c_words[@]}" -std=gnu11 -D_GNU_SOURCE -fno-common -pthread -w -I. "${DEFINES[@]}" "$@" \
		-c "$source" -o "$objects/$(object "$source")"
}

compile_plain() {
	AFL_NOOPT=1 compile "$1" ${plain[@]+"${plain[@]}"}
}

# `instrumented` is the code under test and the code that runs it. `harness` is not instrumented.
instrumented=(core/*.c stress/plan/*.c fuzz/mutator.c fuzz/plan_mutator.c)
harness=(platform/*.c platform/sim/*.c fuzz/feedback.c tools/bazel/sanitizer/defaults.c)
for source in stress/run/*.c; do
	case $source in
	*/world_posix.c | */inject_posix.c) ;;
	*/inject*.c | */subject.c | */ledger.c) harness+=("$source") ;;
	*) instrumented+=("$source") ;;
	esac
done
for target in $TARGETS; do
	instrumented+=("fuzz/$target.c")
done

run() {
	local how=$1
	shift
	local source
	for source in "$@"; do
		[[ $source == *_test.c ]] && continue
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
			wait -n || fail "a file was not compiled"
		done
		"$how" "$source" &
	done
}
rm -f "$objects"/*.o
run compile "${instrumented[@]}"
run compile_plain "${harness[@]}"
while [ -n "$(jobs -p)" ]; do
	wait -n || fail "a file was not compiled"
done

rm -f "$objects/plan.a"
"${AR:-ar}" rcsD "$objects/plan.a" "$objects"/stress_plan*.o "$objects/platform_names.o"
for target in $TARGETS; do
	parts=("$objects/fuzz_$target.o" "$objects/tools_bazel_sanitizer_defaults.o")
	if [ "$target" = plan_fuzz ]; then
		parts+=("$objects"/core_*.o "$objects"/platform_*.o "$objects"/stress_run_*.o
			"$objects"/fuzz_{feedback,mutator,plan_mutator}.o)
	fi
	# $CXX: the engine may be C++.
	$CXX "${cxx_words[@]}" -pthread "${parts[@]}" "$objects/plan.a" "${engine_words[@]}" -lm \
		-o "$OUT/$target"
	cp fuzz/oss-fuzz/plan.dict "$OUT/$target.dict"
	cp "fuzz/oss-fuzz/$target.options" "$OUT/"
	# The same plans give the same archive, byte for byte.
	python3 fuzz/oss-fuzz/seed_corpus.py "$OUT/${target}_seed_corpus.zip" corpus/seed \
		corpus/regress
done
