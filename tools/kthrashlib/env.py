# SPDX-License-Identifier: GPL-2.0-only
"""What a Debian 12 machine must have, and getting it."""

import os
import shutil
import subprocess

from kthrashlib.common import STATE, environment, say

# Package: why. In the order in which they are named to the user.
BUILD = {
    "bazel-bootstrap": "builds everything, offline",
    "clang-19": "the compiler",
    "libclang-rt-19-dev": "sanitizer runtimes and libFuzzer",
    "llvm-19": "symbols in sanitizer reports",
    "gcc": "the second compiler",
    "libc6-dev": "C library headers",
    "liburcu-dev": "RCU on real threads",
    "patch": "plants the seeded bugs",
}
FUZZ = {
    "afl++": "AFL++, the second fuzzing engine",
    "clang-14": "the compiler that AFL++ drives",
    "libclang-rt-14-dev": "sanitizer runtimes for AFL++ builds",
}
TERMINAL = {
    "python3-rich": "tables and progress on a terminal",
}
PICTURES = {
    "python3-matplotlib": "draws",
}
TEMPLATES = {
    "python3-jinja2": "HTML pages from templates",
}
PAGE = {**TEMPLATES, **PICTURES}
METRICS = {
    "python3-prometheus-client": "a campaign's figures for Prometheus",
}
# To run, without a compiler, what another machine has built.
RUN = {
    "afl++": "AFL++, the second fuzzing engine",
    "liburcu8": "RCU on real threads",
    "llvm-19": "symbols in sanitizer reports",
    **PAGE,
    **TERMINAL,
    **METRICS,
}
BENCH = {
    "libck-dev": "Concurrency Kit, measured beside our locks",
}
DEBUG = {
    "gdb": "the debugger",
}
FORMAT = {
    "clang-format-19": "formats C",
    "git": "tells what changed",
    "python3-autopep8": "formats Python",
}
LINT = {
    "clang-tidy-19": "checks C",
    "cppcheck": "checks C",
    "flake8": "checks Python",
    "git": "tells what is ours",
    "pylint": "checks Python",
    "shellcheck": "checks shell scripts",
}
MANUAL = {
    "man-db": "shows the manual page",
}
# For tools/slurm_loopback_test.py.
CLUSTER = {
    "munge": "who may talk to a Slurm cluster",
    "slurm-wlm": "a Slurm cluster on this machine",
}
TESTS = {
    "chromium": "a browser that the pages are tested in",
    "chromium-driver": "lets a test drive it",
    "python3-selenium": "the test's side of that",
    "fish": "tests its completion",
    "mandoc": "checks the manual page",
    "python3-jsonschema": "checks SARIF against its schema",
    "python3-lxml": "checks JUnit XML against its schema",
    "python3-yaml": "checks the files for GitHub and GitLab",
    "zsh": "tests its completion",
}
ALL = {**BUILD, **FUZZ, **BENCH, **PAGE, **TERMINAL, **METRICS, **MANUAL, **TESTS, **FORMAT,
       **LINT, **DEBUG}


def installed(package):
    out = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )
    return out.returncode == 0 and out.stdout.endswith(" installed")


def as_root():
    """The words before a command that make it root's, or None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(
            ["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return ["sudo", "-n"]
    return None


def command_for(packages):
    return "apt-get update && apt-get install -y --no-install-recommends " + " ".join(packages)


def ensure(packages):
    """Install what is missing of `packages` (name: why), or fail with the command to run."""
    for tool in ("dpkg-query", "apt-get"):
        if not shutil.which(tool):
            raise environment("no %s: kthrash sets itself up on Debian 12; elsewhere install "
                              "the like of: %s" % (tool, " ".join(packages)))
    missing = [p for p in packages if not installed(p)]
    if not missing:
        return
    for p in missing:
        say("kthrash: installing %s: %s" % (p, packages[p]))
    root = as_root()
    if root is None:
        raise environment("not root and no sudo without a password; as root, run: "
                          + command_for(missing))
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    # What apt says is for whoever must find out why it failed.
    for step in (["apt-get", "update", "-qq"],
                 ["apt-get", "install", "-y", "-qq", "--no-install-recommends"] + missing):
        done = subprocess.run(root + env + step, stdin=subprocess.DEVNULL, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 and step[1] == "install":
            say(done.stdout[-2000:])
            raise environment("apt-get failed; as root, run: " + command_for(missing))


def npm(package, version, why):
    """The folder of an npm package in this version, got if it is not there; its own scripts
    are not run."""
    home = os.path.join(STATE, "npm", "%s-%s" % (package.replace("/", "-"), version))
    folder = os.path.join(home, "node_modules", package)
    if os.path.isdir(folder):
        return folder
    if not shutil.which("npm"):     # another's Node.js brings its own
        ensure({"npm": "gets " + package})
    say("kthrash: getting %s %s from npm: %s" % (package, version, why))
    temporary = "%s.%d.tmp" % (home, os.getpid())
    done = subprocess.run(
        ["npm", "install", "--prefix", temporary, "--ignore-scripts", "--no-audit", "--no-fund",
         "--no-save", "%s@%s" % (package, version)],
        stdin=subprocess.DEVNULL, text=True, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if done.returncode != 0:
        shutil.rmtree(temporary, ignore_errors=True)
        say(done.stdout[-2000:])
        raise environment("npm could not get %s %s" % (package, version))
    os.replace(temporary, home)
    return folder
