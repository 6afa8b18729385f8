# SPDX-License-Identifier: GPL-2.0-only
"""Builds code that depends on no back end, once for all combinations."""

load("@rules_cc//cc:defs.bzl", "cc_library")
load(":choice.bzl", "NOT_INSTRUMENTED", "NOT_INSTRUMENTED_DEFINES")

_USUAL = {
    "sim": ("modelled", "modelled", "list", "modelled"),
    "posix": ("mutex", "park", "list", "memb"),
}

_UNSEEN = [word[1:] for word in NOT_INSTRUMENTED if word.startswith("-")]

def _usual_impl(settings, attr):
    features = [
        word
        for word in settings["//command_line_option:features"]
        if not attr.not_instrumented or word not in _UNSEEN
    ]
    lock, completion, queue, rcu = _USUAL[attr.os]
    return {
        "//platform:os": attr.os,
        "//platform:lock": lock,
        "//platform:completion": completion,
        "//platform:queue": queue,
        "//platform:rcu": rcu,
        "//platform:common": True,
        "//core:impl": "kthrash",
        "//command_line_option:features": features,
    }

_usual = transition(
    implementation = _usual_impl,
    inputs = ["//command_line_option:features"],
    outputs = [
        "//platform:os",
        "//platform:lock",
        "//platform:completion",
        "//platform:queue",
        "//platform:rcu",
        "//platform:common",
        "//core:impl",
        "//command_line_option:features",
    ],
)

def _on_off_impl(_ctx):
    return []

on_off = rule(
    implementation = _on_off_impl,
    doc = """A flag that only common code is built with, and that no code reads. Bazel 4.2.3
names a configuration's folder by the flags that changed on the way to it. Because this flag
always changes, common code has one folder, and not one more for the combination whose flags
do not change.""",
    build_setting = config.bool(),
)

def _common_code_impl(ctx):
    return [
        CcInfo(linking_context = cc_common.merge_cc_infos(
            cc_infos = [code[CcInfo] for code in ctx.attr.code],
        ).linking_context),
    ]

_common_code = rule(
    implementation = _common_code_impl,
    attrs = {
        "code": attr.label_list(cfg = _usual, providers = [CcInfo]),
        "not_instrumented": attr.bool(),
        "os": attr.string(default = "sim", values = _USUAL.keys()),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    provides = [CcInfo],
)

def common_library(
        name,
        os = "sim",
        not_instrumented = False,
        tags = [],
        visibility = None,
        **kwargs):
    """Makes the objects of a library, which every combination links.

    Another library offers its headers. Common code is compiled with KT_COMMON_CODE: with
    that, a header refuses to declare anything that depends on a choice.

    Args:
      name: name of the library; `name_objects` is the library that is compiled.
      os: the system, if the code is for one system only.
      not_instrumented: no sanitizer instruments it, so one build serves all sanitizers.
      tags: tags of both libraries.
      visibility: visibility of the library.
      **kwargs: arguments of the cc_library. Its `deps` must have no objects of their own.
    """
    defines = ["KT_COMMON_CODE"]
    features = []
    if not_instrumented:
        defines = defines + NOT_INSTRUMENTED_DEFINES
        features = NOT_INSTRUMENTED
    cc_library(
        name = name + "_objects",
        features = features,
        local_defines = defines,
        tags = tags,
        **kwargs
    )
    _common_code(
        name = name,
        code = [":%s_objects" % name],
        not_instrumented = not_instrumented,
        os = os,
        tags = tags,
        visibility = visibility,
    )
