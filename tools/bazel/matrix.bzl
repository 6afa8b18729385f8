# SPDX-License-Identifier: GPL-2.0-only
"""Builds one source many times. Tests run in many combinations of back ends; a binary has a fixed
combination, compiler and sanitizer.

Both use one transition, which sets the flags that a person can set by hand.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load(":choice.bzl", "OS", "PLAIN_LOCKS", "ROLES", "check_combination")
load(":pairwise.bzl", "cover", "each_once")

_PLAIN = dict(ROLES.items() + [("lock", PLAIN_LOCKS)])

# Any two back ends that can be chosen together are together in at least one row. Here a `checked`
# lock counts as the lock that it wraps; CHECKED has rows of its own for it.
SIM = cover("sim", tables = _PLAIN)
POSIX = cover("posix", tables = _PLAIN)
PAIRWISE = SIM + POSIX

def each_of(*roles):
    """Returns one combination for each back end of these roles; the other roles have their
    defaults."""
    return {
        combo: True
        for role in roles
        for os in OS
        for combo in cover(os, [role], tables = _PLAIN)
    }.keys()

# This list has each lock with `checked` around it.
CHECKED = [
    combo
    for os in OS
    for combo in cover(os, ["lock"])
    if "+checked-" in combo
]

# This list has each back end in at least one combination, and a checked lock on each system.
ONCE = each_once("sim", _PLAIN) + each_once("posix", _PLAIN) + [
    "sim+checked-park+modelled+list+modelled",
    "posix+checked-mutex+park+list+memb",
]

# If a test has `halves`, `tools/kthrash test` runs only a part of its combinations under each
# sanitizer. Combinations in the simulator run under ASan, because memory errors show there.
# Combinations on real threads run under TSan, because races show there. The default combinations
# run under both.
_DEFAULTS = [each_once("sim", _PLAIN)[0], each_once("posix", _PLAIN)[0]]

def _half(combo):
    if combo in _DEFAULTS:
        return []
    return ["not-tsan"] if combo.startswith("sim+") else ["not-asan"]

# This list has each back end on real threads, with the other roles at their defaults. It serves
# comparisons.
ALONE = [combo for combo in each_of(*ROLES.keys()) if combo.startswith("posix+")]

# These are the features that `sanitizers` may name.
_SANITIZERS = ["asan", "tsan", "ubsan", "fuzzer", "llvm_cov"]

def _check_sanitizers(sanitizers):
    """Fails at a name that is no sanitizer, because Bazel ignores an unknown feature."""
    for name in sanitizers:
        if name not in _SANITIZERS:
            fail("sanitizers: '%s' must be one of %s" % (name, ", ".join(_SANITIZERS)))
    if "asan" in sanitizers and "tsan" in sanitizers:
        fail("sanitizers: asan and tsan do not go together")

def _transition_impl(settings, attr):
    words = check_combination(attr.combo or settings["//platform:combo"])
    features = settings["//command_line_option:features"]
    if attr.sanitizers != ["inherit"]:
        _check_sanitizers(attr.sanitizers)
        features = [f for f in features if f not in _SANITIZERS] + attr.sanitizers
    platforms = settings["//command_line_option:platforms"]
    if attr.compiler:
        platforms = ["//tools/bazel/toolchain:" + attr.compiler]
    mode = attr.mode or settings["//command_line_option:compilation_mode"]
    return {
        "//platform:os": words["os"],
        "//platform:lock": words["lock"],
        "//platform:completion": words["completion"],
        "//platform:queue": words["queue"],
        "//platform:rcu": words["rcu"],
        "//core:impl": attr.core or settings["//core:impl"],
        # The transition reads this flag, so it must write it. Otherwise Bazel makes two
        # configurations in one folder: one with the flag's default, and one without the flag.
        "//platform:combo": settings["//platform:combo"],
        "//command_line_option:features": features,
        "//command_line_option:platforms": platforms,
        "//command_line_option:compilation_mode": mode,
    }

_transition = transition(
    implementation = _transition_impl,
    inputs = [
        "//core:impl",
        "//platform:combo",
        "//command_line_option:features",
        "//command_line_option:platforms",
        "//command_line_option:compilation_mode",
    ],
    outputs = [
        "//platform:os",
        "//platform:lock",
        "//platform:completion",
        "//platform:queue",
        "//platform:rcu",
        "//core:impl",
        "//platform:combo",
        "//command_line_option:features",
        "//command_line_option:platforms",
        "//command_line_option:compilation_mode",
    ],
)

def _variant_impl(ctx):
    binary = ctx.attr.binary[0]
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = out,
        target_file = binary[DefaultInfo].files_to_run.executable,
        is_executable = True,
    )
    runfiles = ctx.runfiles(files = ctx.files.data).merge(binary[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = out, files = depset([out]), runfiles = runfiles)]

_ATTRS = {
    "binary": attr.label(cfg = _transition, executable = True, mandatory = True),
    "combo": attr.string(),
    "sanitizers": attr.string_list(default = ["inherit"]),
    "compiler": attr.string(),
    "mode": attr.string(),
    "core": attr.string(),
    "data": attr.label_list(allow_files = True),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

variant_binary = rule(
    implementation = _variant_impl,
    doc = """`binary`, built in the combination `combo`. If `combo` is empty, the flag
//platform:combo names the combination. `sanitizers`: features that replace those of the command
line. `compiler`: a platform of //tools/bazel/toolchain. `mode`: opt, fastbuild or dbg. `core`:
kthrash or linux; if it is empty, the flag //core:impl says which.""",
    attrs = _ATTRS,
    executable = True,
)

_variant_test = rule(
    implementation = _variant_impl,
    attrs = _ATTRS,
    test = True,
)

def matrix_test(
        name,
        srcs,
        deps,
        combos,
        nightly = [],
        args = [],
        data = [],
        mode = "",
        halves = False,
        size = "small",
        tags = [],
        **kwargs):
    """Makes the test program of `srcs`, once for each combination as `name@combo`.

    Args:
      name: name of the test; `name_binary` is the program, `name_nightly` all its tests.
      srcs: sources of the program.
      deps: libraries of the program.
      combos: list of "os+lock+completion+queue+rcu".
      nightly: more combinations. Those that are not in `combos` run only when they are
        asked for: by their name, by the tag `nightly` or as `name_nightly`.
      args: arguments of each test.
      data: files that the program reads.
      mode: opt, fastbuild or dbg; if it is empty, the mode of the command line.
      halves: each sanitizer runs a part of the combinations, see _half(). The gate runs all.
      size: size of each test.
      tags: tags of each test.
      **kwargs: arguments of the cc_binary.
    """
    cc_binary(
        name = name + "_binary",
        testonly = True,
        srcs = srcs,
        tags = ["manual"],
        deps = deps + ["//tools/bazel/sanitizer:defaults"],
        **kwargs
    )
    rare = [combo for combo in nightly if combo not in combos]
    for combo in combos + rare:
        _variant_test(
            name = "%s@%s" % (name, combo),
            args = args,
            binary = ":" + name + "_binary",
            combo = combo,
            data = data,
            mode = mode,
            size = size,
            tags = tags + (["manual", "nightly"] if combo in rare else []) +
                   (_half(combo) if halves else []),
        )
    native.test_suite(
        name = name,
        tests = ["%s@%s" % (name, combo) for combo in combos],
    )
    if rare:
        native.test_suite(
            name = name + "_nightly",
            tags = ["manual"],
            tests = ["%s@%s" % (name, combo) for combo in combos + rare],
        )
