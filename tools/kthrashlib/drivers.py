# SPDX-License-Identifier: GPL-2.0-only
"""The C driver's builds, by operating system, sanitizer and seeded bug, and its commands."""

import glob
import os
import signal
import subprocess
import sys

import build
import commands
import env
from common import ROOT, number, split_options, usage

TARGETS = {
    ("sim", "none"): "//stress:kthrash_sim",
    ("sim", "asan"): "//stress:kthrash_sim_asan",
    ("sim", "tsan"): "//stress:kthrash_sim_tsan",
    ("posix", "none"): "//stress:kthrash_posix",
    ("posix", "asan"): "//stress:kthrash_posix_asan",
    ("posix", "tsan"): "//stress:kthrash_posix_tsan",
}

# Of the combination of back ends that --platform= names.
ANY = {
    "none": "//stress:kthrash_any",
    "asan": "//stress:kthrash_any_asan",
    "tsan": "//stress:kthrash_any_tsan",
}

OPTIONS = ("--os", "--platform", "--sanitizer", "--bug")


def bug_names():
    patches = glob.glob(os.path.join(ROOT, "stress", "bugs", "*.patch"))
    return sorted(os.path.basename(p)[:-len(".patch")] for p in patches)


def header(name):
    """The lines before the diff, as a dict: Bug, From, What, Oracle; Hunt, options that the
    hunt needs; Test, which conformance test."""
    found = {}
    with open(os.path.join(ROOT, "stress", "bugs", name + ".patch"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("--- "):
                break
            key, colon, value = line.partition(": ")
            if colon:
                found[key] = value.strip()
    return found


def check_bug(name):
    if name not in bug_names():
        raise usage("no seeded bug '%s', expected one of %s" % (name, ", ".join(bug_names())))


def check_bug_for_plans(name):
    """A bug of a lock or completion has no driver to give a plan to."""
    check_bug(name)
    if "Test" in header(name):
        raise usage("%s is for a conformance test to find, not for plans: "
                    "tools/kthrash bugs %s" % (name, name))


def system(found):
    """"sim" or "posix", as the options in `found` say."""
    if "--platform" not in found:
        return found.get("--os", "sim")
    name = found["--platform"].partition("+")[0]
    if found.get("--os", name) != name:
        raise usage("--os=%s --platform=%s: the platform's first word is its os" %
                    (found["--os"], found["--platform"]))
    return name


def chosen(found):
    """What to build for the options in `found`: the Bazel target, and Bazel's options."""
    if "--bug" in found:
        check_bug_for_plans(found["--bug"])
        if "--platform" in found:
            raise usage("--bug=%s is built for a platform of its own, without --platform=" %
                        found["--bug"])
        return "//stress/bugs:" + found["--bug"], []
    os_name = system(found)
    if os_name not in ("sim", "posix"):
        raise usage("--%s: expected sim or posix%s" % (
            ("platform=" + found["--platform"], " first, as in sim+ticket+park+list+epoch")
            if "--platform" in found else ("os=" + os_name, "")))
    sanitizer = found.get("--sanitizer", "none" if os_name == "sim" else "tsan")
    if sanitizer not in ("none", "asan", "tsan"):
        raise usage("--sanitizer=%s: expected none, asan or tsan" % sanitizer)
    if "--platform" in found:
        return ANY[sanitizer], ["--//platform:combo=" + found["--platform"]]
    return TARGETS[os_name, sanitizer], []


def binary(found):
    """Built, the path of the driver that the options in `found` ask for."""
    target, options = chosen(found)
    refused = build.refusal([target], options) if options else None
    if refused:
        raise usage("--platform=%s: %s" % (found["--platform"], refused))
    return build.build([target], options)[0]


def run(command, args):
    """One of the C driver's own commands, in the build that `args` ask for."""
    found, rest = split_options(args, (), OPTIONS)
    chosen(found)
    if command in ("stress", "verify") and sys.stderr.isatty() and "--json" not in rest:
        rest.append("--progress")
    env.ensure(env.BUILD)
    with subprocess.Popen([binary(found), command] + rest) as p:
        while True:
            try:
                return p.wait()
            except KeyboardInterrupt:
                p.send_signal(signal.SIGINT)    # it ends in order, with its summary


def stress(args):
    return run("stress", args)


def verify(args):
    found, _ = split_options(args, (), OPTIONS)
    if system(found) != "sim":
        raise usage("verify needs the simulator, not %s" % system(found))
    return run("verify", args)


def replay(args):
    return run("replay", args)


def shrink(args):
    return run("shrink", args)


def gdb(args):
    found, plans = commands.parse("gdb", args)
    if system(found) != "sim":
        raise usage("gdb is told of the simulator, not of %s" % system(found))
    step = number(found, "--step", None, 0, 10**6, int)
    if not os.path.isfile(plans[0]):
        raise usage("%s: no such plan" % plans[0])
    chosen(found)
    env.ensure({**env.BUILD, **env.DEBUG})
    batch = "--batch" in found
    command = ("kthrash batch" if batch else "kthrash show") + (
        "" if step is None else " %d" % step)
    words = ["gdb", "-q", "-x", os.path.join(ROOT, "tools", "gdb", "kthrash.py")]
    words += ["-batch"] * batch + ["-ex", command]
    # From the top, where the sources' names begin.
    return subprocess.run(words + ["--args", binary(found), "replay", os.path.abspath(plans[0])],
                          cwd=ROOT, check=False).returncode
