# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz targets: from one source with LLVMFuzzerTestOneInput the replay test over
a corpus and a binary per engine and sanitizer, all on sim+modelled+park -O2.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load(":matrix.bzl", "matrix_test", "variant_binary")

_COMBO = "sim+modelled+park"

def kt_fuzz_test(name, srcs, deps, corpus, mutator = []):
    """`name`: replay test. `name_libfuzzer` (ASan+UBSan), `name_tsan` (libFuzzer
    and TSan), `name_afl`, `name_afl_asan`: engines. `name_all`: all of these.

    Args:
      name: of the target.
      srcs: with LLVMFuzzerTestOneInput.
      deps: C libraries.
      corpus: labels of the files that the test replays.
      mutator: sources with LLVMFuzzerCustomMutator, for libFuzzer only (AFL++
        loads its own, //fuzz:afl_mutator.so).
    """
    matrix_test(
        name = name,
        srcs = srcs + ["//tools/bazel/fuzz:replay_main.c"],
        args = ["$(locations %s)" % c for c in corpus],
        combos = [_COMBO],
        data = corpus,
        tags = ["fuzz-test"],
        deps = deps,
    )
    cc_binary(
        name = name + "_libfuzzer_raw",
        testonly = True,
        srcs = srcs + mutator,
        features = ["fuzzer_main"],
        tags = ["manual"],
        deps = deps + ["//tools/bazel/sanitizer:defaults"],
    )
    cc_binary(
        name = name + "_afl_raw",
        testonly = True,
        srcs = srcs,
        features = ["fuzzer_main"],
        tags = ["manual"],
        deps = deps + ["//tools/bazel/sanitizer:defaults"],
    )
    for engine, raw, compiler, sanitizers in [
        ("libfuzzer", "libfuzzer", "clang19", ["asan", "ubsan", "fuzzer"]),
        ("tsan", "libfuzzer", "clang19", ["tsan", "fuzzer"]),
        ("afl", "afl", "afl", []),
        ("afl_asan", "afl", "afl", ["asan"]),
    ]:
        variant_binary(
            name = "%s_%s" % (name, engine),
            testonly = True,
            binary = ":%s_%s_raw" % (name, raw),
            combo = _COMBO,
            compiler = compiler,
            mode = "opt",
            sanitizers = sanitizers,
            tags = ["manual"],
        )
    native.filegroup(
        name = name + "_all",
        testonly = True,
        srcs = ["%s_%s" % (name, e) for e in ["libfuzzer", "tsan", "afl", "afl_asan"]],
        tags = ["manual"],
    )
