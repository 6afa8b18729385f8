# SPDX-License-Identifier: GPL-2.0-only
"""Seeded bugs: the driver, built wholly from a patched copy of the sources.

The originals are no inputs of the copy's compilation, so a header can only be
the patched one.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load(":choice.bzl", "NOT_INSTRUMENTED", "NOT_INSTRUMENTED_DEFINES")

def _tree_impl(ctx):
    outs = []
    commands = ["set -e"]
    root = "%s/%s/%s" % (ctx.bin_dir.path, ctx.label.package, ctx.attr.folder)
    for src in ctx.files.srcs:
        out = ctx.actions.declare_file("%s/%s" % (ctx.attr.folder, src.short_path))
        outs.append(out)
        commands.append("cp -f '%s' '%s' && chmod u+w '%s'" % (src.path, out.path, out.path))
    commands.append("patch -s -p1 --fuzz=0 --no-backup-if-mismatch -d '%s' < '%s'" %
                    (root, ctx.file.patch.path))
    ctx.actions.run_shell(
        inputs = ctx.files.srcs + [ctx.file.patch],
        outputs = outs,
        command = "\n".join(commands),
        mnemonic = "PatchTree",
        progress_message = "Planting " + ctx.file.patch.basename,
    )
    engine = [f for f in outs if ("/platform/sim/" in f.path or f.basename in ["inject.c", "names.c"]) and f.extension == "c"]
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

def seeded_bug(name, patch, srcs):
    """Binary `name`: the driver for sim+modelled+park with `patch` applied.

    Args:
      name: of the bug.
      patch: the file; -p1, applied without fuzz.
      srcs: labels of all sources of the driver.
    """
    folder = name + "_tree"
    defines = [
        "KT_OS_SIM",
        "KT_LOCK_MODELLED",
        "KT_COMPLETION_PARK",
        "KT_BUG_NAME=\\\"%s\\\"" % name,
    ]
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
        name = name,
        srcs = [":" + folder],
        copts = include,
        local_defines = defines,
        tags = ["manual"],
        deps = [
            ":" + name + "_engine",
            "//tools/bazel/sanitizer:defaults",
        ],
    )
