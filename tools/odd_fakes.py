# SPDX-License-Identifier: GPL-2.0-only
"""Contains a fixture for tests of the whole front door: a small copy of the checkout, with a fake
Bazel and fake drivers. A test may put the copy in any folder, with or without git."""

import os
import shutil
import subprocess
import tempfile
import unittest

import campaign_fakes
from kthrashlib import common

# The front door reads these files and folders.
READ = ("tools/kthrash", "tools/kthrash_main.py", "tools/kthrashlib", "tools/campaign.toml",
        "platform/words.def", "stress/hunt/options.def", "stress/plan/words.def",
        "stress/bugs/P1.patch")
BAZEL = """#!/bin/sh
# The targets are always built already.
case "$*" in
*"info bazel-bin"*) echo "$FAKE_BIN" ;;
esac
"""
INSTALLED = "#!/bin/sh\nprintf 'install ok installed'\n"
PLAN = "kthrash-plan 1\ntask C1: a = create \"a\" return 0\nexpect pass\n"
CONFIG = """[limits]
free_disk = "1 MiB"
[lane.one]
target = "//fake:one"
"""
# For each command, these are arguments with which it does its work. PLAN, DIR and OUT are names of
# files. None stands for a command that needs more than stand-ins.
WORK = {
    "campaign": ["--dir=DIR", "--config=CONFIG", "--lanes=one", "--seconds=1"],
    "merge": None,
    "test": [],
    "stress": ["--executions=5", "--findings=OUT"],
    # These need a program that kthrash-cc has built, or its library.
    "run": None,
    "cc": None,
    "install": None,
    "verify": ["PLAN"],
    "fuzz": ["--seconds=1"],
    "replay": ["PLAN"],
    "shrink": ["PLAN", "-o", "OUT"],
    "explain": ["PLAN", "--format=json", "-o", "OUT"],
    "page": ["DIR"],
    "gdb": ["PLAN", "--batch"],
    "bugs": ["P1", "--executions=5"],
    "litmus": ["PLAN"],
    # It links drivers itself, from what Bazel has really built.
    "mutate": None,
    "gate": ["--dir=OUT", "--minutes=1"],
    "coverage": ["--lcov=OUT"],
    "bench": ["--seconds=1"],
    "completion": ["bash"],
    "man": ["--source"],
    "compdb": [],
    "fmt": ["--check"],
    "lint": ["SOURCE"],
}
# These commands never build.
NO_BUILD = {"merge", "page", "completion", "man", "fmt"}
# In this locale Python would read and write ASCII alone.
FOREIGN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
           "PYTHONIOENCODING": "ascii"}


def copy(root):
    """Makes the copy of the checkout in `root`."""
    for name in READ:
        source, target = os.path.join(common.ROOT, name), os.path.join(root, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for name in ("core", "corpus", "fuzz", "corpus/seed"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    write(os.path.join(root, "core", "kthread.c"), "int x;\n")
    write(os.path.join(root, "BUILD"), "")
    write(os.path.join(root, "WORKSPACE"), "")


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


class Door(unittest.TestCase):
    """A test case that has a copy of the checkout at self.root, and runs its front door."""

    FOLDER = "checkout"     # The name of the folder of the copy.

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.base = os.path.realpath(temporary.name)
        self.root = os.path.join(self.base, self.FOLDER)
        copy(self.root)
        self.bin, self.built = (os.path.join(self.base, name) for name in ("bin", "built"))
        os.mkdir(self.bin)
        campaign_fakes.script(os.path.join(self.bin, "bazel"), BAZEL)
        for name in ("dpkg-query", "apt-get"):
            campaign_fakes.script(os.path.join(self.bin, name), INSTALLED)
        self.driver("stress", "kthrash_sim")
        self.driver("stress", "litmus", "litmus_sim")
        self.driver("fake", "one")
        self.driver("fuzz", "plan_fuzz_libfuzzer")
        self.driver("stress", "bugs", "P1", hunt=campaign_fakes.CANARY,
                    about='{"bug": "P1", "sanitizer": "none", "core": "kthrash"}')
        self.config = os.path.join(self.base, "config.toml")
        write(self.config, CONFIG)

    def driver(self, *names, **keys):
        path = os.path.join(self.built, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return campaign_fakes.driver(path, **keys)

    def without_git(self):
        """Returns the folder of all programs of this machine, except git."""
        folder = os.path.join(self.base, "programs")
        os.makedirs(folder)
        for name in os.listdir("/usr/bin"):
            if name != "git" and not name.startswith("git-"):
                os.symlink(os.path.join("/usr/bin", name), os.path.join(folder, name))
        return folder

    def surroundings(self, path="/usr/bin:/bin", **more):
        return {"PATH": self.bin + os.pathsep + path, "HOME": self.base, "FAKE_BIN": self.built,
                "TMPDIR": self.base, **more}

    def command(self, *args):
        return [os.path.join(self.root, "tools", "kthrash"), *args]

    def start(self, *args, **more):
        return subprocess.Popen(self.command(*args), env=self.surroundings(**more), cwd=self.base,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run_door(self, *args, **more):
        """Returns (exit status, standard output, standard error), both as bytes."""
        process = self.start(*args, **more)
        out, err = process.communicate(timeout=50)
        return process.returncode, out, err

    def work(self, name, suffix=""):
        """Returns the arguments with which the command does its work. `suffix` is a part of the
        names of all files."""
        places = {"PLAN": os.path.join(self.base, "plan%s.plan" % suffix),
                  "DIR": os.path.join(self.base, "night" + suffix),
                  "OUT": os.path.join(self.base, "out-%s%s" % (name, suffix)),
                  "CONFIG": self.config,
                  "SOURCE": os.path.join(self.root, "core", "kthread.c")}
        write(places["PLAN"], PLAN)
        found = [name]
        for word in WORK[name]:
            option, equals, value = word.partition("=")
            found.append(option + equals + places.get(value, value) if equals else
                         places.get(word, word))
        return found
