# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel's files: headers of one line each, and the table of their plain accesses."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def _headers_impl(ctx):
    files = []
    for name in ctx.attr.names:
        out = ctx.actions.declare_file("include/%s.h" % name)
        ctx.actions.write(out, "#include \"core/linux/shim.h\"\n")
        files.append(out)
    return [DefaultInfo(files = depset(files))]

_headers = rule(
    implementation = _headers_impl,
    attrs = {"names": attr.string_list(mandatory = True)},
)

def shim_headers(name, names):
    """Makes a library of headers that each include shim.h.

    Args:
      name: name of the library.
      names: names of headers as the kernel's files include them, without ".h".
    """
    _headers(
        name = name + "_files",
        names = names,
        tags = ["manual"],
        visibility = ["//core/driver:__pkg__"],
    )
    cc_library(
        name = name,
        hdrs = [":%s_files" % name],
        includes = ["include"],
        tags = ["manual"],
    )

def _sites_impl(ctx):
    objects = [
        o
        for linked in ctx.attr.units[CcInfo].linking_context.linker_inputs.to_list()
        if linked.owner == ctx.attr.units.label
        for library in linked.libraries
        for o in library.objects or []
    ]
    if not objects:
        fail("%s: no objects of %s" % (ctx.label, ctx.attr.units.label))
    out = ctx.actions.declare_file(ctx.label.name + ".c")
    ctx.actions.run(
        executable = ctx.file._tool,
        arguments = [out.path] + [o.path for o in objects],
        inputs = objects + ctx.files.text + ctx.files._tool,
        outputs = [out],
        mnemonic = "PlainSites",
        progress_message = "Naming the plain accesses of the kernel's files",
    )
    return [DefaultInfo(files = depset([out]))]

plain_sites = rule(
    implementation = _sites_impl,
    doc = """The table of the plain accesses of `units`, a cc_library without position-independent
objects. `text`: its sources, in which the names are looked up.""",
    attrs = {
        "units": attr.label(providers = [CcInfo], mandatory = True),
        "text": attr.label_list(allow_files = True),
        "_tool": attr.label(default = "//core/linux:sites.py", allow_single_file = True),
    },
)
