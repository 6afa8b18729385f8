# SPDX-License-Identifier: GPL-2.0-only
"""Asks a driver which binary it is, and compares its answer with what was asked for.

The driver's command `about` prints its core, platform, compiler, sanitizer and seeded bug. The
driver has them from the compiler, so they are true of this binary whatever its file is called.
"""

import json
import os
import re

from kthrashlib import children
from kthrashlib.build import seeded
from kthrashlib.common import ROOT, Failure
from kthrashlib.linux import fetch

TABLE = os.path.join(ROOT, "stress", "BUILD")
PLATFORM = "--//platform:combo="
# A target NAME@PLATFORM with one of these names is a driver, too.
MATRIX = ("//stress:kthrash_cov", "//stress:corpus_replay_test", "//stress:corpus_stress_test")
LINUX = "//stress:kthrash_linux_"       # Drivers on the kernel's files begin so.
PLAIN = "//stress:kthrash_plain_"       # So do those whose plain accesses are choice points.
SECONDS = 60


def table():
    """Returns by its target what each driver of stress/BUILD must say. An empty platform means the
    one that the user asked for."""
    try:
        with open(TABLE, encoding="utf-8") as f:
            text = f.read()
    except OSError:
        return {}
    return {"//stress:" + name: {
        "platform": platform, "compiler": re.sub(r"(\d+)$", r" \1", compiler),
        "optimized": mode == "opt", "bug": "",
        "sanitizer": next((s for s in ("asan", "tsan") if '"%s"' % s in sanitizers), "none")}
        for name, platform, compiler, mode, sanitizers in re.findall(
            r'^ +\("(kthrash_\w+)", "([^"]*)", "(\w+)", "(\w+)", \[(.*)\]\),$', text, re.MULTILINE)}


def expected(target, options=()):
    """Returns what the driver of this target must say, or None if the target is no driver."""
    found, linux = on_our_core(target, options), fetch.of_options(options)
    if found and linux and LINUX in target:
        found.update(core="linux " + linux.version, tree=linux.tree, bug=linux.bug)
    return found and {"core": "plain" if PLAIN in target else "kthrash", **found}


def on_our_core(target, options):
    if target.startswith(seeded.PACKAGE):
        bug = target[len(seeded.PACKAGE):]
        if bug not in seeded.bug_names() or "Test" in seeded.header(bug):
            return None
        platform = seeded.platform(bug)
        return {"bug": bug, "sanitizer": "none", **({"platform": platform} if platform else {})}
    # On the kernel's files a driver has the same rest.
    found = table().get(target.replace(LINUX, "//stress:kthrash_"))
    name, at, platform = target.partition("@")
    if at and name in MATRIX:
        return {"platform": platform, "bug": ""}
    if not found or found["platform"]:
        return found
    given = [o[len(PLATFORM):] for o in options if o.startswith(PLATFORM)]
    return {**found, "platform": given[-1]} if given else None


def ask(binary):
    """Returns what the driver says of itself as a dict. If it says nothing, returns {}."""
    try:
        done = children.run([binary, "about"], stdin=children.DEVNULL, stdout=children.PIPE,
                            stderr=children.DEVNULL, timeout=SECONDS, may_be_killed=True,
                            # A driver that measures coverage writes its counts at its end.
                            env={**os.environ, "LLVM_PROFILE_FILE": os.devnull})
        said = json.loads(done.stdout)
    except (Failure, OSError, ValueError, children.TimeoutExpired):
        return {}
    return said if isinstance(said, dict) else {}


def told(binaries):
    """Returns what these drivers say of their builds, each once, without the names of seeded
    bugs."""
    return sorted({ask(b).get("build", "").partition(", bug ")[0] for b in binaries} - {""})


def is_as_expected(key, wanted, said):
    """Returns True if `said` is `wanted`. A compiler without a version stands for all of its
    versions."""
    if key == "compiler" and isinstance(said, str):
        return said == wanted or said.partition(" ")[0] == wanted
    return said == wanted


def differences(wanted, said):
    """Returns a clause for each value that is not as it was asked for. `wanted` may be None."""
    if wanted and not said:
        return ["it does not say which binary it is"]
    return ["%s '%s' was asked for, and the driver has '%s'" % (key, value, said.get(key))
            for key, value in (wanted or {}).items()
            if not is_as_expected(key, value, said.get(key))]
