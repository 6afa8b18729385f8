# SPDX-License-Identifier: GPL-2.0-only
"""Seeded bugs: the driver, or a back end's conformance test, with a patch applied.

A bug in one .c file is that file, patched, linked before the libraries: the
linker then never looks for the original, or finds it second. A bug in a back
end's header, for a test of a file or two: the patched header is included before
anything else, and its include guard keeps the original out. Any other is built
wholly from a patched copy of the sources; the originals are no inputs of the
copy's compilation, so a header can only be the patched one.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load(":choice.bzl", "NOT_INSTRUMENTED", "NOT_INSTRUMENTED_DEFINES", "combination_defines")
load(":matrix.bzl", "variant_binary")

def _tree_impl(ctx):
    outs = []
    commands = ["set -e"]
    root = "%s/%s/%s" % (ctx.bin_dir.path, ctx.label.package, ctx.attr.folder)
    srcs = [f for f in ctx.files.srcs if not f.basename.endswith("_test.c")]
    for src in srcs:
        out = ctx.actions.declare_file("%s/%s" % (ctx.attr.folder, src.short_path))
        outs.append(out)
        commands.append("cp -f '%s' '%s' && chmod u+w '%s'" % (src.path, out.path, out.path))
    commands.append("patch -s -f -p1 --fuzz=0 --no-backup-if-mismatch -d '%s' < '%s' || " %
                    (root, ctx.file.patch.path) +
                    "{ echo '%s does not apply to the sources as they are' >&2; exit 1; }" %
                    ctx.file.patch.short_path)
    ctx.actions.run_shell(
        inputs = srcs + [ctx.file.patch],
        outputs = outs,
        command = "\n".join(commands),
        mnemonic = "PatchTree",
        progress_message = "Planting " + ctx.file.patch.basename,
    )
    engine = [f for f in outs if ("/platform/sim/" in f.path or f.basename in ["inject.c", "lockdep.c", "names.c"]) and f.extension == "c"]
    headers = [f for f in outs if f.extension == "h"]
    return [
        DefaultInfo(files = depset([f for f in outs if f not in engine])),
        OutputGroupInfo(engine = depset(engine + headers)),
    ]

_patched_tree = rule(
    implementation = _tree_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "patch": attr.label(allow_single_file = [".patch"]),
        "folder": attr.string(),
    },
)

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
    echo '{patch} is not of {file} alone, as its BUILD says' >&2; exit 1
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

def _bug_defines(name):
    return ["KT_BUG_NAME=\\\"%s\\\"" % name]

def _one_file(name, patch, srcs, file):
    _patched_file(
        name = name + "_file",
        file = file,
        folder = name + "_file",
        patch = patch,
        srcs = srcs,
        tags = ["manual"],
    )
    cc_binary(
        name = name + "_raw",
        srcs = [
            ":" + name + "_file",
            "//stress:bug_name.c",
        ],
        local_defines = _bug_defines(name),
        tags = ["manual"],
        deps = [
            "//stress:main",
            "//tools/bazel/sanitizer:defaults",
        ],
    )

def seeded_bug(name, patch, srcs, combo, file = None):
    """Binary `name`: the driver at -O2 with `patch` applied, in the simulator.

    Compiler and sanitizers are the command line's.

    Args:
      name: of the bug.
      patch: the file; -p1, applied without fuzz.
      srcs: labels of all sources of the driver; *_test.c are left out.
      combo: os+lock+completion+queue+rcu, with the simulator as os.
      file: the .c file that the patch is of, if it is one, and of //core.
    """
    if not combo.startswith("sim+"):
        fail("seeded_bug %s: combo '%s' is not of the simulator" % (name, combo))
    if file:
        _one_file(name, patch, srcs, file)
    else:
        _whole_tree(name, patch, srcs, combo)
    variant_binary(
        name = name,
        binary = ":" + name + "_raw",
        combo = combo,
        mode = "opt",
        tags = ["manual"],
        visibility = ["//tools/gdb:__pkg__"],
    )

def conformance_bug(name, patch, srcs, file, test, combo, sanitizers = None):
    """Binary `name`: the conformance test of a contract with `patch` applied.

    Args:
      name: of the bug.
      patch: the file; -p1, applied without fuzz, of one file.
      srcs: labels of all sources of the platform.
      file: the one that the patch is of.
      test: "lock", "completion" or "checked".
      combo: os+lock+completion; best one in which the tests are built anyway.
      sanitizers: features to set, the command line's replaced.
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
        # Of an engine's file, which is always linked, the first is taken.
        linkopts = [] if is_header else ["-Wl,--allow-multiple-definition"],
        # It uses what only its library may.
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

def _whole_tree(name, patch, srcs, combo):
    folder = name + "_tree"
    defines = _bug_defines(name) + combination_defines(combo)
    _patched_tree(
        name = folder,
        folder = folder,
        patch = patch,
        srcs = srcs,
        tags = ["manual"],
    )
    native.filegroup(
        name = name + "_engine_sources",
        srcs = [":" + folder],
        output_group = "engine",
        tags = ["manual"],
    )
    include = ["-I$(BINDIR)/%s/%s" % (native.package_name(), folder)]
    cc_library(
        name = name + "_engine",
        srcs = [":" + name + "_engine_sources"],
        copts = include,
        features = NOT_INSTRUMENTED,
        local_defines = defines + NOT_INSTRUMENTED_DEFINES,
        tags = ["manual"],
        alwayslink = True,
    )
    cc_binary(
        name = name + "_raw",
        srcs = [":" + folder],
        copts = include,
        local_defines = defines,
        tags = ["manual"],
        deps = [
            ":" + name + "_engine",
            "//tools/bazel/sanitizer:defaults",
        ],
    )
