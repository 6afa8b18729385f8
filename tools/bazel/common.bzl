# SPDX-License-Identifier: GPL-2.0-only
"""Code that looks at no back end, built once for all combinations."""

load(":choice.bzl", "NOT_INSTRUMENTED")

_USUAL = {
    "sim": ("modelled", "modelled", "list", "modelled"),
    "posix": ("mutex", "park", "list", "memb"),
}

# local_defines of `code`: with it, headers refuse to say what depends on a choice.
COMMON_CODE_DEFINES = ["KT_COMMON_CODE"]

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

def _common_code_impl(ctx):
    return [
        CcInfo(linking_context = cc_common.merge_cc_infos(
            cc_infos = [code[CcInfo] for code in ctx.attr.code],
        ).linking_context),
    ]

def _on_off_impl(_ctx):
    return []

on_off = rule(
    implementation = _on_off_impl,
    doc = """A flag that common code is built with and nobody reads. Bazel 4.2.3 names a
configuration's folder by how it was come to: with a flag that always changes on the way
there is one folder, not one for each combination whose flags change and one more.""",
    build_setting = config.bool(),
)

common_code = rule(
    implementation = _common_code_impl,
    doc = """The objects of `code`, for linking only, whatever the combination. Its headers
are another library's, and it depends on no library with objects of its own. `os`: if
it is of one operating system, that. `not_instrumented`: its features say so, and it
is built once for all sanitizers, too.""",
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
