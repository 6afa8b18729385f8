# SPDX-License-Identifier: GPL-2.0-only
"""Lists the Debian packages that the commands need, and installs them."""

import importlib
import os
import shutil
import signal

from kthrashlib import children, checkout
from kthrashlib.common import STATE, environment, say

BAZEL = "bazel-bootstrap"
# This dict says why each package is needed. The user sees the packages in this order.
BUILD = {
    BAZEL: "builds everything, offline",
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
# A machine without a compiler needs these to run what another machine has built.
RUN = {
    "afl++": "AFL++, the second fuzzing engine",
    "liburcu8": "RCU on real threads",
    "llvm-19": "symbols in sanitizer reports",
    **PAGE,
    **TERMINAL,
    **METRICS,
}
BENCH = {
    "libck-dev": "Concurrency Kit, whose locks are measured beside ours",
}
DEBUG = {
    "gdb": "the debugger",
}
FORMAT = {
    "clang-format-19": "formats C",
    "git": "tells which lines changed",
    "python3-autopep8": "formats Python",
}
LINT = {
    "clang-tidy-19": "checks C",
    "cppcheck": "checks C",
    "flake8": "checks Python",
    "git": "tells which files are ours",
    "pylint": "checks Python",
    "shellcheck": "checks shell scripts",
}
PROGRAMS = {
    "python3-pyelftools": "looks into a program before it is run",
}
SYMBOLS = {
    "llvm-19": "names of places in programs, from debug information",
}
MUTATE = {
    "python3-clang-19": "reads the syntax of C",
    "binutils": "takes debugging information out of what is linked",
}
MANUAL = {
    "man-db": "shows the manual page",
}
# The test tools/slurm_loopback_test.py needs these packages.
CLUSTER = {
    "munge": "authenticates the users of a Slurm cluster",
    "slurm-wlm": "a Slurm cluster on this machine",
}
TESTS = {
    "autoconf": "a build system with which kthrash-cc is tested",
    "ccache": "a cache in front of kthrash-cc",
    "cmake": "builds programs with kthrash-cc",
    "g++": "compiles programs in C++",
    "make": "builds programs with kthrash-cc",
    "meson": "builds programs with kthrash-cc",
    "chromium": "the browser in which the pages are tested",
    "chromium-driver": "lets a test drive the browser",
    "python3-selenium": "with it a test drives the browser",
    "fish": "tests its completion",
    "mandoc": "checks the manual page",
    "python3-jsonschema": "checks SARIF against its schema",
    "python3-lxml": "checks JUnit XML against its schema",
    "python3-yaml": "checks the files for GitHub and GitLab",
    "zsh": "tests its completion",
}
ALL = {**BUILD, **FUZZ, **BENCH, **PAGE, **TERMINAL, **METRICS, **MANUAL, **TESTS, **FORMAT,
       **LINT, **DEBUG, **PROGRAMS, **MUTATE}


def installed(package):
    out = children.run(["dpkg-query", "-W", "-f", "${Status}", package],
                       stdout=children.PIPE, stderr=children.DEVNULL, text=True)
    return out.returncode == 0 and out.stdout.endswith(" installed")


def as_root():
    """Returns the words to put before a command so that root runs it, or None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and children.run(
            ["sudo", "-n", "true"], terminal=True, stderr=children.DEVNULL).returncode == 0:
        return ["sudo", "-n"]
    return None


def command_for(packages):
    return "apt-get update && apt-get install -y --no-install-recommends " + " ".join(packages)


def ensure(packages):
    """Installs those of `packages` (name: reason) that are missing. If that is not possible, the
    error says which command to run. A command that builds is refused here if Bazel can't build in
    this checkout, before anything is installed."""
    if BAZEL in packages:
        checkout.check_place()
    for tool in ("dpkg-query", "apt-get"):
        if not shutil.which(tool):
            raise environment(
                "no %s: kthrash installs what it needs on Debian 12 only; elsewhere install what "
                "corresponds to: %s" % (tool, " ".join(packages)))
    missing = [p for p in packages if not installed(p)]
    if missing:
        install(packages, missing)
    check_modules(packages)


def install(packages, missing):
    for p in missing:
        say("kthrash: installing %s: %s" % (p, packages[p]))
    root = as_root()
    if root is None:
        raise environment("not root and no sudo without a password; as root, run: "
                          + command_for(missing))
    env = ["env", "DEBIAN_FRONTEND=noninteractive"]
    # The user needs apt's output only if it fails.
    for step in (["apt-get", "update", "-qq"],
                 ["apt-get", "install", "-y", "-qq", "--no-install-recommends"] + missing):
        # A package may start a daemon, which stays.
        done = children.run(root + env + step, terminal=True, marked=False,
                            stop_signal=signal.SIGTERM, stdin=children.DEVNULL, text=True,
                            stdout=children.PIPE, stderr=children.STDOUT)
        if done.returncode != 0 and step[1] == "install":
            say(done.stdout[-2000:])
            raise environment("apt-get failed; as root, run: " + command_for(missing))


# The packages whose modules the commands themselves import.
MODULES = {
    "python3-jinja2": "jinja2",
    "python3-matplotlib": "matplotlib",
    "python3-prometheus-client": "prometheus_client",
    "python3-rich": "rich",
}


def check_modules(packages):
    """Imports the modules of those packages. So a command that can't import one of them fails
    before its work begins."""
    importlib.invalidate_caches()       # A package may just have been installed.
    for package in packages:
        if package in MODULES:
            try:
                importlib.import_module(MODULES[package])
            except ImportError as e:
                raise not_imported(e, package) from e


def not_imported(error, package=None):
    """Returns the failure of an import. If `package` is not given, it is the package of the module
    that the error names. Returns None if that is none of MODULES."""
    top = (error.name or "").partition(".")[0]
    package = package or next((p for p, module in MODULES.items() if module == top), None)
    return package and environment(
        "Python can't import %s (%s); as root, run: apt-get install --reinstall %s" % (
            MODULES[package], error, package))


def npm(package, version, why):
    """Returns the folder of an npm package in this version. Downloads the package if it is not
    there. npm does not run the package's own scripts."""
    home = os.path.join(STATE, "npm", "%s-%s" % (package.replace("/", "-"), version))
    folder = os.path.join(home, "node_modules", package)
    if os.path.isdir(folder):
        return folder
    if not shutil.which("npm"):     # A Node.js that is not from Debian contains npm.
        ensure({"npm": "gets " + package})
    say("kthrash: getting %s %s from npm: %s" % (package, version, why))
    temporary = "%s.%d.tmp" % (home, os.getpid())
    done = children.run(
        ["npm", "install", "--prefix", temporary, "--ignore-scripts", "--no-audit", "--no-fund",
         "--no-save", "%s@%s" % (package, version)],
        stdin=children.DEVNULL, text=True, stdout=children.PIPE, stderr=children.STDOUT)
    if done.returncode != 0:
        shutil.rmtree(temporary, ignore_errors=True)
        say(done.stdout[-2000:])
        raise environment("npm could not get %s %s" % (package, version))
    os.replace(temporary, home)
    return folder
