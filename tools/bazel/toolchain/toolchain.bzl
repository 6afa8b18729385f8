# SPDX-License-Identifier: GPL-2.0-only
"""Describes a C toolchain once for the three compilers.

A command line, a transition or a target can switch these features: asan, ubsan, tsan,
fuzzer (libFuzzer's instrumentation), llvm_cov, and for clang layering_check. A target with
`features = ["-asan", ...]` is compiled without that sanitizer in every binary.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "with_feature_set",
)
load("@rules_cc//cc:defs.bzl", "cc_toolchain")

COMPILE = [
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
]

# With these features the code is optimized even in fastbuild. Instrumented code is too slow without
# optimization. The engine must not call memcpy() for an assignment, because
# ThreadSanitizer sees that call.
OPTIMIZED = ["asan", "ubsan", "tsan", "not_instrumented"]

LINK = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _flags(actions, flags, **kwargs):
    return flag_set(actions = actions, flag_groups = [flag_group(flags = flags)], **kwargs)

def _sanitizer(name, compile, link):
    sets = [_flags(COMPILE, compile)]
    if link:
        sets.append(_flags(LINK, link))
    return feature(name = name, flag_sets = sets)

def _layering():
    """Makes each library a clang module. Then it is an error to include a header of a library that
    is not a direct dependency."""
    return [
        feature(name = "module_maps"),
        feature(name = "module_map_home_cwd"),
        feature(
            name = "layering_check",
            implies = ["module_maps", "module_map_home_cwd"],
            flag_sets = [flag_set(
                actions = [ACTION_NAMES.c_compile],
                flag_groups = [
                    flag_group(flags = [
                        "-fmodules-strict-decluse",
                        "-Wprivate-header",
                        "-Xclang",
                        "-fmodule-map-file-home-is-cwd",
                    ]),
                    flag_group(flags = ["-fmodule-name=%{module_name}"]),
                    flag_group(flags = ["-fmodule-map-file=%{module_map_file}"]),
                    flag_group(
                        iterate_over = "dependent_module_map_files",
                        flags = ["-fmodule-map-file=%{dependent_module_map_files}"],
                    ),
                ],
            )],
        ),
    ]

def _impl(ctx):
    family = ctx.attr.family
    asan = ["-fsanitize=address", "-fno-omit-frame-pointer"]
    if family == "clang":
        asan.append("-fsanitize-address-use-after-return=always")
    thread = ["-fsanitize=thread"]
    undefined = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    warnings = ["-Wall", "-Wextra", "-Werror"]
    features = [
        feature(name = "opt"),
        feature(name = "fastbuild"),
        feature(name = "dbg"),
        feature(name = "supports_pic", enabled = True),
        feature(
            name = "defaults",
            enabled = True,
            flag_sets = [
                _flags(COMPILE, warnings + [
                    "-std=gnu11",
                    "-D_GNU_SOURCE",
                    "-g",
                    "-fno-common",
                    "-pthread",
                    "-no-canonical-prefixes",
                    "-Wno-builtin-macro-redefined",
                ] + ([] if family == "gcc" else ["-gdwarf-4"])),
                _flags(COMPILE, ["-O2"], with_features = [with_feature_set(features = ["opt"])]),
                # Most of a test run is compilation, which takes half the time at -O0.
                _flags(COMPILE, ["-O0"], with_features = [with_feature_set(
                    features = ["fastbuild"],
                    not_features = OPTIMIZED,
                )]),
                _flags(COMPILE, ["-O1"], with_features = [
                    with_feature_set(features = ["fastbuild", feature])
                    for feature in OPTIMIZED
                ]),
                _flags(COMPILE, ["-O0"], with_features = [with_feature_set(features = ["dbg"])]),
                _flags(LINK, ["-pthread", "-lm"]),
            ],
        ),
        feature(name = "not_instrumented"),
        # The compiler calls a hook before each plain access (platform/plain.h). With
        # ThreadSanitizer its own hooks are called, and none of these flags is given.
        feature(name = "plain_points", flag_sets = [_flags(
            COMPILE,
            ["-DKT_PLAIN_POINTS", "-Xclang", "-fsanitize=thread"] + [
                word
                for flag in [
                    "func-entry-exit=0",
                    "atomics=0",
                    "memintrinsics=0",
                    "read-before-write=1",
                ]
                for word in ["-mllvm", "-tsan-instrument-" + flag]
            ] + ["-mllvm", "-tsan-distinguish-volatile=1"],
            with_features = [with_feature_set(not_features = ["tsan"])],
        )]),
        _sanitizer("asan", asan, ["-fsanitize=address"]),
        _sanitizer("ubsan", undefined, ["-fsanitize=undefined"]),
        _sanitizer("tsan", thread, thread),
        # The flags leave out the trace of comparisons, because our mutators know plans and do not
        # use it.
        _sanitizer("fuzzer", [
            "-fsanitize=fuzzer-no-link",
            "-fno-sanitize-coverage=trace-cmp",
        ], []),
        _sanitizer(
            "llvm_cov",
            ["-fprofile-instr-generate", "-fcoverage-mapping"],
            ["-fprofile-instr-generate"],
        ),
        # Only a binary is linked with these: libFuzzer's main(), or AFL++'s driver.
        feature(name = "fuzzer_main", flag_sets = [_flags(LINK, [
            "/usr/lib/afl/libAFLDriver.a" if family == "afl" else "-fsanitize=fuzzer",
        ])]),
    ]
    if family == "clang":
        features += _layering()
    unused = "/bin/false"
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = ctx.label.name,
        host_system_name = "local",
        target_system_name = "local",
        target_cpu = "k8",
        target_libc = "glibc",
        compiler = family,
        abi_version = "unknown",
        abi_libc_version = "unknown",
        features = features,
        cxx_builtin_include_directories = ["/usr/include", "/usr/lib", "/usr/local/include", "/usr/share"],
        tool_paths = [
            tool_path(name = "gcc", path = ctx.attr.tool),
            tool_path(name = "cpp", path = ctx.attr.tool),
            tool_path(name = "ld", path = "/usr/bin/ld"),
            tool_path(name = "ar", path = "/usr/bin/ar"),
            tool_path(name = "nm", path = "/usr/bin/nm"),
            tool_path(name = "objcopy", path = "/usr/bin/objcopy"),
            tool_path(name = "objdump", path = "/usr/bin/objdump"),
            tool_path(name = "strip", path = "/usr/bin/strip"),
            tool_path(name = "gcov", path = unused),
            tool_path(name = "dwp", path = unused),
        ],
    )

_config = rule(
    implementation = _impl,
    attrs = {
        "family": attr.string(mandatory = True),
        "tool": attr.string(mandatory = True),
    },
    provides = [CcToolchainConfigInfo],
)

def compiler(name, family, tool):
    """Makes the toolchain of the compiler `tool`, and the platform `name` that selects it.

    Args:
      name: name of the platform; the toolchain is `<name>_toolchain`.
      family: clang, gcc or afl.
      tool: an absolute path, or a file of this package.
    """
    native.constraint_value(
        name = "driver_" + name,
        constraint_setting = ":driver",
    )
    native.platform(
        name = name,
        parents = ["@local_config_platform//:host"],
        constraint_values = [":driver_" + name],
    )
    _config(
        name = name + "_config",
        family = family,
        tool = tool,
    )
    cc_toolchain(
        name = name + "_cc",
        all_files = ":files",
        ar_files = ":files",
        as_files = ":files",
        compiler_files = ":files",
        dwp_files = ":files",
        linker_files = ":files",
        module_map = ":system.cppmap" if family == "clang" else None,
        objcopy_files = ":files",
        strip_files = ":files",
        toolchain_config = ":" + name + "_config",
    )
    native.toolchain(
        name = name + "_toolchain",
        target_compatible_with = [":driver_" + name],
        toolchain = ":" + name + "_cc",
        toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
    )
