# SPDX-License-Identifier: GPL-2.0-only
"""Build settings with a closed list of values, and the platform's choices."""

OS = ["sim", "posix"]
_PLAIN_LOCKS = {
    "modelled": ["sim"],
    "mutex": ["posix"],
    "ticket": ["sim", "posix"],
    "mcs": ["sim", "posix"],
    "futex": ["sim", "posix"],
    "park": ["sim", "posix"],
    "spin": ["posix"],
}

# Each of them, and `checked` around it.
LOCKS = dict(_PLAIN_LOCKS.items() + {
    "checked-" + lock: systems
    for lock, systems in _PLAIN_LOCKS.items()
}.items())

def lock_defines(lock):
    """The -D words for a value of --//platform:lock."""
    words = lock.split("-")
    return ["KT_LOCK_" + word.upper() for word in words]
COMPLETIONS = {
    "modelled": ["sim"],
    "park": ["sim", "posix"],
    "futex": ["sim", "posix"],
    "cond": ["posix"],
    "sem": ["sim", "posix"],
    "eventfd": ["posix"],
}

# One for each system, so it has no flag and no word in a combination.
RCUS = {
    "modelled": ["sim"],
    "memb": ["posix"],
}

def combinations():
    """Every legal os+lock+completion, in a fixed order."""
    return [
        "%s+%s+%s" % (os, lock, completion)
        for os in OS
        for lock in LOCKS
        for completion in COMPLETIONS
        if os in LOCKS[lock] and os in COMPLETIONS[completion]
    ]

def check_combination(os, lock, completion):
    """Fail with one sentence unless the three go together."""
    name = "%s+%s+%s" % (os, lock, completion)
    if name not in combinations():
        fail("%s is no combination of os, lock and completion; legal are: %s" %
             (name, ", ".join(combinations())))

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

def choice(name, values, default):
    """A flag //pkg:name with one config_setting `name_value` per value."""
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
    check_combination(
        ctx.attr._os[_Value].value,
        ctx.attr._lock[_Value].value,
        ctx.attr._completion[_Value].value,
    )
    return [CcInfo()]

legal_combination = rule(
    implementation = _legal_impl,
    doc = "An empty C library that can be depended on only in a legal combination.",
    attrs = {
        "_os": attr.label(default = "//platform:os"),
        "_lock": attr.label(default = "//platform:lock"),
        "_completion": attr.label(default = "//platform:completion"),
    },
    provides = [CcInfo],
)

def rcu_of(os):
    """The RCU that goes with an operating system."""
    return [rcu for rcu in RCUS if os in RCUS[rcu]][0]

def platform_defines():
    """The -D words by which the alias headers know what was chosen."""
    defines = []
    defines += select({
        "//platform:lock_" + lock: lock_defines(lock)
        for lock in LOCKS
    })
    for flag, values in [("os", OS), ("completion", COMPLETIONS.keys())]:
        defines += select({
            "//platform:%s_%s" % (flag, value): ["KT_%s_%s" % (flag.upper(), value.upper())]
            for value in values
        })
    defines += select({
        "//platform:os_" + os: ["KT_RCU_" + rcu_of(os).upper()]
        for os in OS
    })
    return defines

# What keeps the harness's own engine out of a sanitizer's, fuzzer's or coverage's
# sight: features of the target, and the mark that //tools/bazel/toolchain:afl-cc
# looks for.
NOT_INSTRUMENTED = ["-asan", "-tsan", "-ubsan", "-fuzzer", "-llvm_cov"]
NOT_INSTRUMENTED_DEFINES = ["KT_NO_AFL"]
