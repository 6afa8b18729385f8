# SPDX-License-Identifier: GPL-2.0-only
"""One source, many builds: tests over combinations of back ends, and binaries
of a fixed combination, compiler and sanitizer.

Both go through one transition that sets the flags a person sets by hand.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load(":choice.bzl", "OS", "PLAIN_LOCKS", "ROLES", "check_combination")
load(":pairwise.bzl", "cover", "each_once")

_PLAIN = dict(ROLES.items() + [("lock", PLAIN_LOCKS)])

# Each two back ends that can be chosen together are in some row. A `checked` lock
# is the one that it wraps, and has rows of its own.
SIM = cover("sim", tables = _PLAIN)
POSIX = cover("posix", tables = _PLAIN)
PAIRWISE = SIM + POSIX

def each_of(*roles):
    """Each back end of these roles once, the other roles at their defaults."""
    return {
        combo: True
        for role in roles
        for os in OS
        for combo in cover(os, [role], tables = _PLAIN)
    }.keys()

# `checked` around each lock.
CHECKED = [
    combo
    for os in OS
    for combo in cover(os, ["lock"])
    if "+checked-" in combo
]

# Each back end in one combination at least, and a checked lock in each system.
ONCE = each_once("sim", _PLAIN) + each_once("posix", _PLAIN) + [
    "sim+checked-park+modelled+list+modelled",
    "posix+checked-mutex+park+list+memb",
]

# What `tools/kthrash test` leaves out under sanitizers of a test with `halves`: a memory
# error shows in the simulator, a race on real threads; the defaults are in both.
_DEFAULTS = [each_once("sim", _PLAIN)[0], each_once("posix", _PLAIN)[0]]

def _half(combo):
    if combo in _DEFAULTS:
        return []
    return ["not-tsan"] if combo.startswith("sim+") else ["not-asan"]

# Each back end of real threads, the other roles at their defaults: to be compared.
ALONE = [combo for combo in each_of(*ROLES.keys()) if combo.startswith("posix+")]

# Features that `sanitizers` may name.
_SANITIZERS = ["asan", "tsan", "ubsan", "fuzzer", "llvm_cov"]

def _check_sanitizers(sanitizers):
    """A name Bazel does not know is no feature and no error: refuse it here."""
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
        # Read, so written: else Bazel keeps it as set, and its default as another
        # configuration that is built into the same folder as without.
        "//platform:combo": settings["//platform:combo"],
        "//command_line_option:features": features,
        "//command_line_option:platforms": platforms,
        "//command_line_option:compilation_mode": mode,
    }

_transition = transition(
    implementation = _transition_impl,
    inputs = [
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
    "data": attr.label_list(allow_files = True),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

variant_binary = rule(
    implementation = _variant_impl,
    doc = """`binary` built in one combination, without `combo` in that of the flag
//platform:combo. `sanitizers`: features to set, the command line's replaced; `compiler`: a platform of //tools/bazel/toolchain;
`mode`: opt, fastbuild or dbg.""",
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
    """The test program `srcs` once per combination, as `name@combo`.

    Args:
      name: of the test; `name_binary` is the program, `name_nightly` all its tests.
      srcs: of the program.
      deps: of the program.
      combos: list of "os+lock+completion+queue+rcu".
      nightly: the same; those not in `combos` are run only when asked for by name,
        by the tag `nightly` or as `name_nightly`.
      args: of each test.
      data: files the program reads.
      mode: opt, fastbuild or dbg; the command line's unless given.
      halves: not each combination under each sanitizer, see _half(); the gate does that.
      size: as of any test.
      tags: of each test.
      **kwargs: to the cc_binary.
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
