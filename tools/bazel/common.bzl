# SPDX-License-Identifier: GPL-2.0-only
"""Code that looks at no back end, built once for all combinations."""

_USUAL = {
    "sim": ("modelled", "modelled", "list", "modelled"),
    "posix": ("mutex", "park", "list", "memb"),
}

# local_defines of `code`: with it, headers refuse to say what depends on a choice.
COMMON_CODE_DEFINES = ["KT_COMMON_CODE"]

def _usual_impl(_settings, attr):
    lock, completion, queue, rcu = _USUAL[attr.os]
    return {
        "//platform:os": attr.os,
        "//platform:lock": lock,
        "//platform:completion": completion,
        "//platform:queue": queue,
        "//platform:rcu": rcu,
    }

_usual = transition(
    implementation = _usual_impl,
    inputs = [],
    outputs = [
        "//platform:os",
        "//platform:lock",
        "//platform:completion",
        "//platform:queue",
        "//platform:rcu",
    ],
)

def _common_code_impl(ctx):
    return [
        CcInfo(linking_context = cc_common.merge_cc_infos(
            cc_infos = [code[CcInfo] for code in ctx.attr.code],
        ).linking_context),
    ]

common_code = rule(
    implementation = _common_code_impl,
    doc = """The objects of `code`, for linking only, whatever the combination. Its headers
are another library's, and it depends on no library with objects of its own. `os`: if
it is of one operating system, that.""",
    attrs = {
        "code": attr.label_list(cfg = _usual, providers = [CcInfo]),
        "os": attr.string(default = "sim", values = _USUAL.keys()),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    provides = [CcInfo],
)
