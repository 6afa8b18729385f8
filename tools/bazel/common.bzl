# SPDX-License-Identifier: GPL-2.0-only
"""Code that looks at no back end, built once for all combinations."""

def _usual_impl(_settings, _attr):
    return {
        "//platform:os": "sim",
        "//platform:lock": "modelled",
        "//platform:completion": "modelled",
        "//platform:queue": "list",
        "//platform:rcu": "modelled",
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
are another library's, and it depends on no library with objects of its own.""",
    attrs = {
        "code": attr.label_list(cfg = _usual, providers = [CcInfo]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    provides = [CcInfo],
)
