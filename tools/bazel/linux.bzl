# SPDX-License-Identifier: GPL-2.0-only
"""The repository @linux: the kernel's own files, which are not part of this checkout.

The variable KTHRASH_LINUX names a folder with kernel/ and include/linux/, and with the tree's
Makefile, which has the version. It may have kthrash.json, which says from which tree the files are
and which seeded bug is in them. `tools/kthrash --core=linux` makes the folder and sets the
variable; by hand it is `bazel build --repo_env=KTHRASH_LINUX=DIR ...`. Without the variable each
target of @linux fails with a sentence when it is used, and nothing else notices.
"""

# Bazel's rules for @linux take whatever is in these folders, but only SOURCES must be there.
_FOLDERS = ["include/linux", "kernel", "kernel/sched"]
SOURCES = [
    "kernel/freezer.c",
    "kernel/kthread.c",
    "kernel/sched/completion.c",
    "kernel/sched/swait.c",
    "kernel/smpboot.c",
]
VARIABLE = "KTHRASH_LINUX"

_BUILD = """# Made by tools/bazel/linux.bzl.
package(default_visibility = ["//visibility:public"])

exports_files(glob(["kernel/**"]))

filegroup(
    name = "text",
    srcs = glob(["kernel/**", "include/**"]),
)

# The tree's own headers.
cc_library(
    name = "headers",
    hdrs = glob(["include/**/*.h", "kernel/**/*.h"]),
    includes = ["include"],
)

cc_library(
    name = "version",
    hdrs = [":version_header"],
    includes = ["version"],
)

filegroup(
    name = "version_header",
    srcs = ["version/linux/version.h"],
)
"""

_NOTHING = """# Made by tools/bazel/linux.bzl.
load("@kthrash//tools/bazel:linux.bzl", "no_tree")

package(default_visibility = ["//visibility:public"])

[no_tree(name = name) for name in {names}]
"""

_VERSION = """/* Made by tools/bazel/linux.bzl from the tree's Makefile. */
#ifndef KT_LINUX_VERSION_H
#define KT_LINUX_VERSION_H

#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_CODE KERNEL_VERSION({major}, {minor}, {patch})
#define KT_LINUX_VERSION "{version}"
#define KT_LINUX_TREE "{tree}"
#define KT_LINUX_BUG "{bug}"

#endif
"""

def _no_tree_impl(ctx):
    fail("%s: no kernel tree: tools/kthrash --core=linux gives one to the build, as " % ctx.label +
         "--repo_env=%s=DIR does" % VARIABLE)

no_tree = rule(
    implementation = _no_tree_impl,
    doc = "Stands for a target of @linux when there is no tree.",
    provides = [CcInfo],
)

def _value(makefile, name):
    for line in makefile.split("\n"):
        key, equals, value = line.partition("=")
        if equals and key.strip() == name:
            return value.strip()
    return ""

def _linux_tree_impl(ctx):
    folder = ctx.os.environ.get(VARIABLE, "")
    if not folder:
        names = ["headers", "text", "version", "version_header", "kernel/smpboot.h"] + SOURCES
        ctx.file("BUILD", _NOTHING.format(names = repr(names)))
        ctx.file("version.bzl", "VERSION = \"\"\n")
        return
    if not folder.startswith("/"):
        fail("%s=%s: expected an absolute path" % (VARIABLE, folder))
    for name in ["Makefile"] + SOURCES:
        if not ctx.path("%s/%s" % (folder, name)).exists:
            fail("%s=%s: no %s there" % (VARIABLE, folder, name))
    for name in _FOLDERS:
        for path in ctx.path("%s/%s" % (folder, name)).readdir():
            if path.basename.endswith(".c") or path.basename.endswith(".h"):
                ctx.symlink(path, "%s/%s" % (name, path.basename))
    makefile = ctx.read(ctx.path(folder + "/Makefile"))
    major, minor, patch, more = [
        _value(makefile, key)
        for key in ["VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION"]
    ]
    version = "%s.%s.%s%s" % (major, minor, patch, more)
    facts = {"version": version, "tree": "", "bug": ""}
    facts_file = ctx.path(folder + "/kthrash.json")
    if facts_file.exists:
        facts.update(json.decode(ctx.read(facts_file)))

    # The kernel's build makes a header of this name, too.
    ctx.file("version/linux/version.h", _VERSION.format(
        major = major,
        minor = minor,
        patch = patch,
        **facts
    ))
    ctx.file("version.bzl", "VERSION = \"%s\"\n" % version)
    ctx.file("BUILD", _BUILD)

linux_tree = repository_rule(
    implementation = _linux_tree_impl,
    doc = "Makes @linux of the folder that the variable KTHRASH_LINUX names.",
    environ = [VARIABLE],
)
