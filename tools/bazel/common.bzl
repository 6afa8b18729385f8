# SPDX-License-Identifier: GPL-2.0-only
"""Code that depends on no back end: built once for all combinations."""

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
        "//command_line_option:features",
    ],
)

def _on_off_impl(_ctx):
    return []

on_off = rule(
    implementation = _on_off_impl,
    doc = """A flag that is set for common code and that nothing reads. Bazel 4.2.3 names the
folder of a configuration after the flags that a transition changed. This flag always
changes, so there is one folder for common code, not one for each combination.""",
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
    """The objects of a library, for linking only, the same for every combination.

    Another library must offer its headers. With KT_COMMON_CODE the headers refuse it whatever
    depends on a choice.

    Args:
      name: of the library; `name_objects` is compiled.
      os: the operating system, if the code is for one only.
      not_instrumented: no sanitizer sees the code, so it is built once for all of them.
      tags: of both targets.
      visibility: of the library.
      **kwargs: as of any cc_library; `deps` have no objects of their own.
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
