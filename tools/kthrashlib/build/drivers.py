# SPDX-License-Identifier: GPL-2.0-only
"""Builds the C driver by operating system, sanitizer and seeded bug, and runs its commands."""

import contextlib
import os
import signal
import sys

from kthrashlib import children, env, output
from kthrashlib.build import about, bazel, cores, seeded
from kthrashlib.build.seeded import bug_names, header
from kthrashlib.common import CLEAN, ENVIRONMENT, FINDINGS, ROOT, USAGE, environment, usage

TARGETS = {
    ("sim", "none"): "//stress:kthrash_sim",
    ("sim", "asan"): "//stress:kthrash_sim_asan",
    ("sim", "tsan"): "//stress:kthrash_sim_tsan",
    ("posix", "none"): "//stress:kthrash_posix",
    ("posix", "asan"): "//stress:kthrash_posix_asan",
    ("posix", "tsan"): "//stress:kthrash_posix_tsan",
}

# This dict has, for each sanitizer, the driver for the combination of back ends that --platform=
# names.
ANY = {
    "none": "//stress:kthrash_any",
    "asan": "//stress:kthrash_any_asan",
    "tsan": "//stress:kthrash_any_tsan",
}

# This is the driver whose plain accesses are choice points, and the same for any combination.
PLAIN_SIM = "//stress:kthrash_plain_sim"
PLAIN_ANY = "//stress:kthrash_plain_any"

LINUX_SIM = "//stress:kthrash_linux_sim"

OPTIONS = ("--os", "--platform", "--sanitizer", "--bug", "--core", "--linux")


def check_bug(name):
    if name not in bug_names():
        raise usage("no seeded bug '%s', expected one of %s" % (name, ", ".join(bug_names())))


def check_bug_for_plans(name):
    """Raises a usage error for a bug of a lock or completion, because no driver that runs plans is
    built with such a bug."""
    check_bug(name)
    if "Test" in header(name):
        raise usage("a conformance test finds %s, not a plan: "
                    "tools/kthrash bugs %s" % (name, name))


def system(found):
    """Returns "sim" or "posix", as the options in `found` say."""
    if "--platform" not in found:
        return found.get("--os", "sim")
    name = found["--platform"].partition("+")[0]
    if found.get("--os", name) != name:
        raise usage("--os=%s --platform=%s: the platform's first word is its operating system" %
                    (found["--os"], found["--platform"]))
    return name


def check_build_of_bug(found):
    """Raises a usage error if the options in `found` ask for another build than the only one that a
    seeded bug has."""
    bug = found["--bug"]
    platform = seeded.platform(bug)
    has = {"--platform": platform, "--os": platform.partition("+")[0], "--sanitizer": "none"}
    for name, value in has.items():
        if found.get(name, value) != value:
            raise usage("--bug=%s %s=%s: the bug has a platform of its own, %s, and no sanitizer: "
                        "omit %s" % (bug, name, found[name], platform, name))


def check_plain(found):
    """Raises a usage error if the options in `found` ask for what --core=plain is not built for."""
    for name, value in (("--os", system(found)), ("--sanitizer", found.get("--sanitizer", "none"))):
        if value not in ("sim", "none"):
            raise usage("--core=plain %s=%s: plain accesses are choice points only in the "
                        "simulator, without a sanitizer: omit %s" % (name, value, name))
    if "--bug" in found:
        raise usage("--core=plain --bug=%s: no seeded bug is built so" % found["--bug"])


def chosen(found, linux=None):
    """Returns the Bazel target for the options in `found`, and the options for Bazel. `linux` has
    the kernel's files if they are the core."""
    if found.get("--core") == cores.PLAIN and not cores.is_linux(found):
        check_plain(found)
        if "--platform" in found:
            return PLAIN_ANY, [about.PLATFORM + found["--platform"]]
        return PLAIN_SIM, []
    if cores.is_linux(found):
        if "--bug" in found:
            cores.check_bug(found["--bug"])
    elif "--bug" in found and not linux:
        check_bug_for_plans(found["--bug"])
        check_build_of_bug(found)
        return seeded.PACKAGE + found["--bug"], []
    os_name = system(found)
    if os_name not in ("sim", "posix"):
        raise usage("--%s: expected sim or posix%s" % (
            ("platform=" + found["--platform"], " first, as in sim+ticket+park+list+epoch")
            if "--platform" in found else ("os=" + os_name, "")))
    sanitizer = found.get("--sanitizer", "none" if os_name == "sim" else "tsan")
    if sanitizer not in ("none", "asan", "tsan"):
        raise usage("--sanitizer=%s: expected none, asan or tsan" % sanitizer)
    target, options = cores.built_on(
        ANY[sanitizer] if "--platform" in found else TARGETS[os_name, sanitizer], linux)
    if "--platform" in found:
        options = [about.PLATFORM + found["--platform"], *options]
    return target, options


def binary(found, plan=None):
    """Builds the driver that the options in `found` ask for; returns the path of a copy that no
    other build replaces. The driver itself has said that it is the one that was asked for. The plan
    that it is to run may name a core."""
    chosen(found)
    target, options = chosen(found, cores.get(found, plan))
    refused = bazel.refusal([target], options) if "--platform" in found else None
    if refused:
        raise usage("--platform=%s: %s" % (found["--platform"], refused))
    return bazel.build([target], options)[0]


def run(command, call):
    """Runs one of the C driver's own commands, in the build that the call asks for."""
    chosen(call.options)
    given = call.line[:len(call.line) - len(call.words)]
    given = [word for word in given if word.partition("=")[0] not in OPTIONS]
    if command in ("stress", "verify") and sys.stderr.isatty() and "--json" not in given:
        given.append("--progress")
    env.ensure(env.BUILD)
    status = CLEAN
    for plans in cores.groups(call.options, call.words) or [[]]:
        driver = binary(call.options, *plans[:1])
        status = max(status, drive([driver, command, *given, *plans]))
    return status


def drive(words, variables=None):
    """Runs a driver in the foreground; returns the exit status. `variables` is its environment."""
    # Ctrl-Z and Ctrl-C reach the driver, because it stays in this program's process group. It gets
    # the descriptors that the caller has opened, as in -o >(cat).
    p = children.start(words, terminal=True, close_fds=False, env=variables)
    try:
        status = p.wait()
    except children.Interrupted:
        # After a signal the driver prints its summary and ends.
        if children.stop(p) == FINDINGS:
            return FINDINGS
        raise
    return settled(words, status)


def settled(words, status):
    """Returns the exit status of this program for the status with which a driver has ended."""
    of_signal = 128 + signal.SIGPIPE, *(128 + n for n in children.SIGNALS)
    if status in (CLEAN, FINDINGS, USAGE, ENVIRONMENT, *of_signal):
        return status
    if status == -signal.SIGPIPE:       # Nobody reads the output, which is the caller's pipe.
        return 128 + signal.SIGPIPE
    if status < 0:
        raise children.killed(words[:2], status)
    raise environment("%s %s ended with status %d, expected one from 0 to 3" % (
        os.path.basename(words[0]), words[1], status))


def stress(call):
    return run("stress", call)


def verify(call):
    if system(call.options) != "sim":
        raise usage("verify needs the simulator, not %s" % system(call.options))
    return run("verify", call)


def replay(call):
    return run("replay", call)


def shrink(call):
    return run("shrink", call)


def gdb(call):
    found, plans = call.options, call.words
    if system(found) != "sim":
        raise usage("gdb needs the simulator, not %s" % system(found))
    if not os.path.isfile(plans[0]):
        raise usage("%s: %s, expected a plan" % (
            plans[0], "is a folder" if os.path.isdir(plans[0]) else "no such file"))
    chosen(found)
    env.ensure(env.BUILD)
    # gdb runs at the top of the checkout, because the names of the sources begin there.
    driver, plan = binary(found, plans[0]), os.path.abspath(plans[0])
    return debug(call, lambda command: ([driver, command, plan], None), ROOT)


def debug(call, starts, folder):
    """Starts gdb in `folder` with a driver that replays a plan, and stops where the plan fails.
    starts(command) returns the command line and the environment with which the driver does that
    with the plan."""
    step, batch = call.options.get("--step"), "--batch" in call.options
    env.ensure(env.DEBUG)
    command = ("kthrash batch" if batch else "kthrash show") + (
        "" if step is None else " %d" % step)
    # The driver says what is wrong with a plan. gdb would say only that the program has ended.
    words, variables = starts("explain")
    tried = children.run(words, stdout=children.DEVNULL, env=variables, cwd=folder)
    if tried.returncode != CLEAN:
        return settled([words[0], "explain"], tried.returncode)
    command_line, variables = starts("replay")
    words = ["gdb", "-q", "-x", os.path.join(ROOT, "tools", "gdb", "kthrash.py")]
    words += ["-batch"] * batch + ["-ex", command]
    words += ["--args", *command_line]
    with contextlib.nullcontext() if batch else children.interrupts_go_to_child():
        status = output.relay(words, terminal=True, cwd=folder, env=variables)
    if status < 0:
        raise children.killed(words, status)
    if status != 0:
        raise environment("gdb ended with status %d" % status)
    return CLEAN
