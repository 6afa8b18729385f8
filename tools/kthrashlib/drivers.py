# SPDX-License-Identifier: GPL-2.0-only
"""The C driver's builds, by operating system, sanitizer and seeded bug."""

import glob
import os

from common import ROOT, usage

TARGETS = {
    ("sim", "none"): "//stress:kthrash_sim",
    ("sim", "asan"): "//stress:kthrash_sim_asan",
    ("sim", "tsan"): "//stress:kthrash_sim_tsan",
    ("posix", "none"): "//stress:kthrash_posix",
    ("posix", "asan"): "//stress:kthrash_posix_asan",
    ("posix", "tsan"): "//stress:kthrash_posix_tsan",
}

# For comparing traces: the same plan, the same hash, in each of these.
DETERMINISTIC = ["//stress:kthrash_sim", "//stress:kthrash_gcc_O0", "//stress:kthrash_sim_asan",
                 "//stress:kthrash_sim_tsan"]

OPTIONS = ("--os", "--sanitizer", "--bug")


def bug_names():
    patches = glob.glob(os.path.join(ROOT, "stress", "bugs", "*.patch"))
    return sorted(os.path.basename(p)[:-len(".patch")] for p in patches)


def check_bug(name):
    if name not in bug_names():
        raise usage("no seeded bug '%s', expected one of %s" % (name, ", ".join(bug_names())))


def check_bug_for_plans(name):
    """A bug of a lock or completion has no driver to give a plan to."""
    check_bug(name)
    with open(os.path.join(ROOT, "stress", "bugs", name + ".patch"), encoding="utf-8") as f:
        if any(line.startswith("Test: ") for line in f):
            raise usage("%s is for a conformance test to find, not for plans: "
                        "tools/kthrash bugs %s" % (name, name))


def target(found):
    """The Bazel target that the options in `found` ask for."""
    if "--bug" in found:
        check_bug_for_plans(found["--bug"])
        return "//stress/bugs:" + found["--bug"]
    system = found.get("--os", "sim")
    if system not in ("sim", "posix"):
        raise usage("--os=%s: expected sim or posix" % system)
    sanitizer = found.get("--sanitizer", "none" if system == "sim" else "tsan")
    if sanitizer not in ("none", "asan", "tsan"):
        raise usage("--sanitizer=%s: expected none, asan or tsan" % sanitizer)
    return TARGETS[system, sanitizer]
