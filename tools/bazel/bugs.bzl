# SPDX-License-Identifier: GPL-2.0-only
"""Builds the driver, or the conformance test of a back end, with the patch of a seeded bug.

Each patch changes one file. A patched .c file is linked before the libraries, so the
linker does not look for the original, or finds it second. A patched header is included
before anything else, and its include guard keeps the original out. The code that includes
the header is compiled again: a conformance test, or core/ and the executions of plans.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load(":choice.bzl", "NOT_INSTRUMENTED")
load(":matrix.bzl", "variant_binary")
load(":unity.bzl", "units")

def _file_impl(ctx):
    (src,) = [f for f in ctx.files.srcs if f.short_path == ctx.attr.file] or [None]
    if not src:
        fail("%s: no source '%s'" % (ctx.label, ctx.attr.file))
    out = ctx.actions.declare_file("%s/%s" % (ctx.attr.folder, src.short_path))
    patch = ctx.file.patch
    ctx.actions.run_shell(
        inputs = [src, patch],
        outputs = [out],
        command = """set -e
if [ "$(grep -c '^--- ' '{patch}')" != 1 ] || ! grep -qx -- '--- a/{file}' '{patch}'; then
    echo '{patch} changes more than {file}, or another file: see its BUILD' >&2; exit 1
fi
cp -f -L '{src}' '{out}'
chmod u+w '{out}'
patch -s -f --fuzz=0 --no-backup-if-mismatch '{out}' '{patch}' ||
    {{ echo '{patch} does not apply to the sources as they are' >&2; exit 1; }}
""".format(patch = patch.path, file = ctx.attr.file, out = out.path, src = src.path),
        mnemonic = "PatchFile",
        progress_message = "Planting " + patch.basename,
    )
    headers = [f for f in ctx.files.srcs if f.extension == "h" and ctx.attr.with_headers]
    return [DefaultInfo(files = depset([out] + headers))]

_patched_file = rule(
    implementation = _file_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "patch": attr.label(allow_single_file = [".patch"]),
        "file": attr.string(),
        "folder": attr.string(),
        "with_headers": attr.bool(default = True),
    },
)

def compiled_again(name, core, executions):
    """Makes the two units whose sources include a header that a bug may change.

    Args:
      name: the name that `seeded_bug` takes as `again`. The units are `name_core` and
        `name_executions`; `name_text` is the library of their sources.
      core: labels of the sources of core/.
      executions: labels of the sources of executions.
    """
    for unit, srcs in [("core", core), ("executions", executions)]:
        units(
            name = "%s_%s" % (name, unit),
            srcs = srcs,
            tags = ["manual"],
        )
    cc_library(
        name = name + "_text",
        textual_hdrs = core + executions,
        tags = ["manual"],
    )

def seeded_bug(name, patch, srcs, combo, file, again):
    """Makes the binary `name`: the driver with `patch` applied, at -O2 in the simulator.

    The command line sets the compiler and the sanitizers.

    Args:
      name: name of the bug.
      patch: the patch, for `patch -p1`. It changes one file and applies without fuzz.
      srcs: labels of all sources of the driver.
      combo: os+lock+completion+queue+rcu, with the simulator as os.
      file: the file that the patch changes.
      again: name of the package's `compiled_again`.
    """
    if not file:
        fail("seeded_bug %s: expected the file of its patch in WHERE of stress/bugs/BUILD" % name)
    if not combo.startswith("sim+"):
        fail("seeded_bug %s: expected a combo that begins with sim+, got '%s'" % (name, combo))
    is_header = file.endswith(".h")
    _patched_file(
        name = name + "_file",
        file = file,
        folder = name + "_file",
        patch = patch,
        srcs = srcs,
        with_headers = not is_header,
        tags = ["manual"],
    )
    if is_header:
        cc_library(
            name = name + "_again",
            srcs = [":%s_core" % again, ":%s_executions" % again, ":%s_file" % name],
            copts = ["-include", "$(location :%s_file)" % name],
            features = ["-layering_check"],  # The file includes headers of other libraries.
            tags = ["manual"],
            deps = [
                ":%s_text" % again,
                "//stress/run",
            ],
            alwayslink = True,
        )
    cc_binary(
        name = name + "_raw",
        srcs = ["//stress:bug_name.c"] + ([] if is_header else [":%s_file" % name]),
        local_defines = ["KT_BUG_NAME=\\\"%s\\\"" % name],
        tags = ["manual"],
        deps = ([":%s_again" % name] if is_header else []) + [
            "//stress:main",
            "//platform:contracts",  # The headers of the patched file include these contracts.
            "//stress/hunt",  # The source bug_name.c includes a header of this library.
            "//tools/bazel/sanitizer:defaults",
        ],
    )
    variant_binary(
        name = name,
        binary = ":" + name + "_raw",
        combo = combo,
        mode = "opt",
        tags = ["manual"],
        visibility = [
            "//stress/explain:__pkg__",
            "//tools:__subpackages__",
        ],
    )

def conformance_bug(name, patch, srcs, file, test, combo, sanitizers = None):
    """Makes the binary `name`: the conformance test of a contract with `patch` applied.

    Args:
      name: name of the bug.
      patch: the patch, for `patch -p1`. It changes one file and applies without fuzz.
      srcs: labels of all sources of the platform.
      file: the file that the patch changes.
      test: "lock", "completion", "rcu" or "checked".
      combo: os+lock+completion+queue+rcu. A combination in which the tests are built
        anyway costs least.
      sanitizers: features that replace those of the command line.
    """
    _patched_file(
        name = name + "_file",
        file = file,
        folder = name + "_file",
        patch = patch,
        srcs = srcs,
        with_headers = False,
        tags = ["manual"],
    )
    is_header = file.endswith(".h")
    cc_binary(
        name = name + "_raw",
        testonly = True,
        srcs = ["//platform:%s_test_sources" % test, ":" + name + "_file"],
        copts = ["-include", "$(location :%s_file)" % name] if is_header else [],
        # The original of an engine's file is linked, too, but the linker takes the first
        # definition.
        linkopts = [] if is_header else ["-Wl,--allow-multiple-definition"],
        # An engine's file includes headers that only its library may include.
        features = [] if is_header else NOT_INSTRUMENTED + ["-layering_check"],
        tags = ["manual"],
        deps = [
            "//platform",
            "//platform:conformance",
            "//tools/bazel/sanitizer:defaults",
        ],
    )
    variant_binary(
        name = name,
        testonly = True,
        binary = ":" + name + "_raw",
        combo = combo,
        tags = ["manual"],
        **({"sanitizers": sanitizers} if sanitizers else {})
    )
