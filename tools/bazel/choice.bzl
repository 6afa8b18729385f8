# SPDX-License-Identifier: GPL-2.0-only
"""Defines build settings with a closed list of values, and the choices of the platform."""

# The tables name each role's back ends and the systems on which each runs. The first back
# end that runs on a system is that system's default. A combination has its words in the
# order of ROLES.
OS = ["sim", "posix"]

# A port to a new system starts from this template. It works with the back ends that run on every
# system of OS.
OS_PORTS = ["template"]
PLAIN_LOCKS = {
    "modelled": ["sim"],
    "mutex": ["posix"],
    "ticket": ["sim", "posix"],
    "mcs": ["sim", "posix"],
    "futex": ["sim", "posix"],
    "park": ["sim", "posix"],
    "spin": ["posix"],
    "tas": ["sim", "posix"],
}

# Each plain lock is a choice, and so is each plain lock with `checked` around it.
LOCKS = dict(PLAIN_LOCKS.items() + {
    "checked-" + lock: systems
    for lock, systems in PLAIN_LOCKS.items()
}.items())

COMPLETIONS = {
    "modelled": ["sim"],
    "park": ["sim", "posix"],
    "futex": ["sim", "posix"],
    "cond": ["posix"],
    "sem": ["sim", "posix"],
    "eventfd": ["posix"],
}
QUEUES = {
    "list": ["sim", "posix"],
    "wfcq": ["sim", "posix"],
}
RCUS = {
    "modelled": ["sim"],
    "memb": ["posix"],
    "mb": ["posix"],
    "qsbr": ["posix"],
    "bp": ["posix"],
    "epoch": ["sim", "posix"],
    "biglock": ["sim", "posix"],
}
ROLES = {
    "lock": LOCKS,
    "completion": COMPLETIONS,
    "queue": QUEUES,
    "rcu": RCUS,
}
COMBINATION = "+".join(["os"] + ROLES.keys())

def backends(role, os, tables = ROLES):
    """Returns the back ends of a role that run on a system. The first of them is the default."""
    needed = OS if os in OS_PORTS else [os]
    return [
        value
        for value, systems in tables[role].items()
        if not [s for s in needed if s not in systems]
    ]

def check_combination(combo):
    """Fails with one sentence unless the combination is legal.

    Args:
      combo: "os+lock+completion+queue+rcu".

    Returns:
      a dict from "os" and each role to its word.
    """
    words = combo.split("+")
    if len(words) != 1 + len(ROLES):
        fail("combo '%s': expected %s" % (combo, COMBINATION))
    if words[0] not in OS + OS_PORTS:
        fail("combo '%s': os '%s' must be one of %s" %
             (combo, words[0], ", ".join(OS + OS_PORTS)))
    wrong = [
        "%s '%s'" % (role, word)
        for role, word in zip(ROLES.keys(), words[1:])
        if word not in backends(role, words[0])
    ]
    if wrong:
        fail("combo '%s': with %s goes no %s; legal are %s" % (
            combo,
            words[0],
            ", no ".join(wrong),
            "; ".join([
                "%s %s" % (role, ", ".join(backends(role, words[0])))
                for role in ROLES
            ]),
        ))
    return dict(zip(["os"] + ROLES.keys(), words))

_Value = provider(fields = ["value"])

def _setting_impl(ctx):
    value = ctx.build_setting_value
    if value not in ctx.attr.values:
        fail("--%s=%s: must be one of %s" % (ctx.label, value, ", ".join(ctx.attr.values)))
    return _Value(value = value)

_setting = rule(
    implementation = _setting_impl,
    build_setting = config.string(flag = True),
    attrs = {"values": attr.string_list(mandatory = True)},
)

def _combination_setting_impl(_ctx):
    return []

combination_setting = rule(
    implementation = _combination_setting_impl,
    doc = "A flag that sets the combination of binaries that name none (matrix.bzl).",
    build_setting = config.string(flag = True),
)

def choice(name, values, default):
    """Makes a flag //pkg:name with one config_setting `name_value` for each value."""
    _setting(
        name = name,
        build_setting_default = default,
        values = values,
        visibility = ["//visibility:public"],
    )
    for value in values:
        native.config_setting(
            name = "%s_%s" % (name, value),
            flag_values = {":" + name: value},
            visibility = ["//visibility:public"],
        )

def _legal_impl(ctx):
    check_combination("+".join([setting[_Value].value for setting in [
        ctx.attr._os,
        ctx.attr._lock,
        ctx.attr._completion,
        ctx.attr._queue,
        ctx.attr._rcu,
    ]]))
    return [CcInfo()]

legal_combination = rule(
    implementation = _legal_impl,
    doc = "An empty C library; a target can depend on it only in a legal combination.",
    attrs = {
        "_os": attr.label(default = "//platform:os"),
        "_lock": attr.label(default = "//platform:lock"),
        "_completion": attr.label(default = "//platform:completion"),
        "_queue": attr.label(default = "//platform:queue"),
        "_rcu": attr.label(default = "//platform:rcu"),
    },
    provides = [CcInfo],
)

def _defines(role, value):
    """Returns the macros that tell an alias header the choice.

    Code makes names from KT_LOCK=ticket, tests KT_LOCK_TICKET with #ifdef, and prints KT_LOCK_NAME
    in reports. "checked-ticket" defines KT_LOCK_CHECKED, too.
    """
    words = value.split("-")
    return ["KT_%s_%s" % (role.upper(), word.upper()) for word in words] + [
        "KT_%s=%s" % (role.upper(), words[-1]),
        'KT_%s_NAME=\\"%s\\"' % (role.upper(), value),
    ]

def platform_defines():
    """Returns the macros to define for the choices that the flags make."""
    defines = []
    for role, values in [("os", OS + OS_PORTS)] + [(role, ROLES[role].keys()) for role in ROLES]:
        defines += select({
            "//platform:%s_%s" % (role, value): _defines(role, value)
            for value in values
        })
    return defines

# A sanitizer, a fuzzer and coverage must not instrument the harness's own engine. These features of
# the target prevent that, and so does the macro for which //tools/bazel/toolchain:afl-cc looks.
NOT_INSTRUMENTED = ["-asan", "-tsan", "-ubsan", "-fuzzer", "-llvm_cov", "not_instrumented"]
NOT_INSTRUMENTED_DEFINES = ["KT_NO_AFL"]
