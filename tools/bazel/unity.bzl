# SPDX-License-Identifier: GPL-2.0-only
"""Compiles libraries again for each combination, as one unit in the builds of tests.

A test run has about seventy combinations. For such small files a compiler spends most of
its time on its start and on headers. So in fastbuild such a library is one translation
unit, which includes all its sources. In other modes each source is compiled alone. That
shows that it can be compiled alone, and lets a `seeded_bug`, which is built in opt, replace
one object. A `conformance_bug` is built in the command line's mode, so it cannot change a
`.c` file of such a library.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

def _units_impl(ctx):
    sources = [f for f in ctx.files.srcs if f.extension == "c"]
    headers = [f for f in ctx.files.srcs if f.extension == "h"]
    if ctx.attr.whole:
        unit = ctx.actions.declare_file(ctx.label.name + ".c")
        ctx.actions.write(unit, "".join([
            '#include "%s"\n' % f.short_path
            for f in sources
        ]))
        sources = [unit]
    return [DefaultInfo(files = depset(sources + headers))]

units = rule(
    implementation = _units_impl,
    doc = "The files of `srcs`. With `whole`, one unit that includes the sources replaces them.",
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "whole": attr.bool(default = True),
    },
)

def unity_library(name, srcs, tags = [], **kwargs):
    """Makes a cc_library whose sources must not use a static name twice.

    Args:
      name: name of the library.
      srcs: sources of the library.
      tags: tags of the library.
      **kwargs: arguments of the cc_library, except textual_hdrs.
    """
    units(
        name = name + "_units",
        srcs = srcs,
        whole = select({
            "//tools/bazel:fastbuild": True,
            "//conditions:default": False,
        }),
        tags = ["manual"],
    )
    cc_library(
        name = name,
        srcs = [":%s_units" % name],
        textual_hdrs = srcs,  # The source of the unit includes these files.
        tags = tags,
        **kwargs
    )
