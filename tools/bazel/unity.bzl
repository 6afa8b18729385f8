# SPDX-License-Identifier: GPL-2.0-only
"""Libraries that are compiled again for each combination, in one piece in tests' builds.

A test run has some seventy combinations, and a compiler spends most of its time on these
small files on starting and on headers. So in fastbuild such a library is one translation
unit, which includes its sources. Elsewhere each source is compiled alone, which also
shows that it can be, and lets a `seeded_bug`, which is opt, replace one object. A
`conformance_bug` has the command line's mode: it can't be of a `.c` file of these.
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
    doc = "The sources `srcs`, if `whole` as one that includes them; and their headers.",
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "whole": attr.bool(default = True),
    },
)

def unity_library(name, srcs, tags = [], **kwargs):
    """A cc_library; its sources share one space of static names.

    Args:
      name: of the library.
      srcs: of the library.
      tags: of the library.
      **kwargs: as of any cc_library, without textual_hdrs.
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
        textual_hdrs = srcs,  # for the unit
        tags = tags,
        **kwargs
    )
