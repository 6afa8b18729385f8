# SPDX-License-Identifier: GPL-2.0-only
"""Defines fuzz targets. One source with LLVMFuzzerTestOneInput gives a test that replays a corpus,
and a binary for each engine and sanitizer at -O2. The combination is always
sim+modelled+modelled+list+modelled.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load(":matrix.bzl", "matrix_test", "variant_binary")

_COMBO = "sim+modelled+modelled+list+modelled"

def kt_fuzz_test(name, srcs, deps, corpus, mutator = [], dict = None, linux = False):
    """Makes the test `name`, which replays the corpus, and the binaries of the fuzz target.

    The binaries are `name_libfuzzer` (ASan and UBSan), `name_tsan` (libFuzzer and TSan), `name_afl`
    and `name_afl_asan`. The target `name_all` builds all of them.

    Args:
      name: name of the test.
      srcs: sources, one of them with LLVMFuzzerTestOneInput.
      deps: C libraries.
      corpus: labels of the files that the test replays.
      mutator: sources with LLVMFuzzerCustomMutator, only for libFuzzer. AFL++ loads a
        shared object, see afl_mutator().
      dict: a file of tokens for both engines; its copy `name.dict` is beside the binaries.
      linux: whether there is also `name_linux_libfuzzer`, on the kernel's own files. `name_all`
        does not build it, because it needs a kernel tree.
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
    for engine, raw, compiler, sanitizers, core in [
        ("libfuzzer", "libfuzzer", "clang19", ["asan", "ubsan", "fuzzer"], ""),
        ("tsan", "libfuzzer", "clang19", ["tsan", "fuzzer"], ""),
        ("afl", "afl", "afl", [], ""),
        ("afl_asan", "afl", "afl", ["asan"], ""),
    ] + ([
        ("linux_libfuzzer", "libfuzzer", "clang19", ["asan", "ubsan", "fuzzer"], "linux"),
    ] if linux else []):
        variant_binary(
            name = "%s_%s" % (name, engine),
            testonly = True,
            binary = ":%s_%s_raw" % (name, raw),
            combo = _COMBO,
            compiler = compiler,
            core = core,
            mode = "opt",
            sanitizers = sanitizers,
            tags = ["manual"],
        )
    if dict:
        native.genrule(
            name = name + "_dict",
            srcs = [dict],
            outs = [name + ".dict"],
            cmd = "cp $< $@",
            tags = ["manual"],
        )
    native.filegroup(
        name = name + "_all",
        testonly = True,
        srcs = ["%s_%s" % (name, e) for e in ["libfuzzer", "tsan", "afl", "afl_asan"]] +
               ([name + ".dict"] if dict else []),
        tags = ["manual"],
    )

def afl_mutator(name, srcs, deps):
    """Makes the shared object `name.so`, to be named in AFL_CUSTOM_MUTATOR_LIBRARY.

    afl-fuzz itself loads it. So it is built by clang 19 without sanitizers, whatever the
    command line says.

    Args:
      name: name of the shared object, without .so.
      srcs: sources, with afl_custom_init, afl_custom_fuzz and so on.
      deps: C libraries.
    """
    cc_binary(
        name = name + "_raw.so",
        srcs = srcs,
        linkshared = True,
        tags = ["manual"],
        deps = deps,
    )
    variant_binary(
        name = name + ".so",
        binary = ":" + name + "_raw.so",
        combo = _COMBO,
        compiler = "clang19",
        mode = "opt",
        sanitizers = [],
        tags = ["manual"],
    )
