#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests hunts in kernel drivers: the headers under the kernel's names, what is found and how it is
said, the drivers of corpus/drivers/ and their twins, and the lines of drivers.md.

usage: drivers_test.py LIBKTHRASH.SO LIBKTHRASH-KTHREAD.A [LIBKTHRASH-KTHREAD-LINUX.SO]

With three arguments, only those tests run that need the kernel's own files.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from kthrashlib import common
from kthrashlib.measure import programs, suite
from kthrashlib.programs import kernel, library

HERE = os.path.dirname(os.path.abspath(__file__))
CC = os.path.join(HERE, "kthrash-cc")
KTHRASH = ["/usr/bin/python3", "-B", os.path.join(HERE, "kthrash_main.py")]
HEADERS = os.path.join(common.ROOT, "core", "driver", "include")
SOURCES = os.path.join(common.ROOT, "core", "driver", "test")
EXECUTIONS = 2000
# Twins whose timers never rest take longer, because the strategies starve other threads.
SLOW = {"timer_worker": 60, "late_handler": 200}
# Drivers of which the test of the kernel's files takes a short time.
ON_LINUX = ("unregistered", "stop_under_mutex", "own_flag", "park_exit")

MISUSES = {
    "kthread_left": ("leak", "kthread forgotten was never stopped"),
    "kthread_never_woken": ("leak", "kthread asleep was never stopped"),
    "sleep_in_spin_lock": ("discipline", "mutex_lock() may sleep, and is called with spin lock "
                           "thing->lock held, at misuse.c"),
    "gfp_kernel_in_spin_lock": ("discipline", "GFP_KERNEL may sleep"),
    "sleep_in_rcu": ("discipline", "inside rcu_read_lock()"),
    "sleep_between_state_and_schedule": ("discipline", "in state TASK_INTERRUPTIBLE"),
    "spin_lock_twice": ("deadlock", "spin_lock() of thing->lock by the thread that holds it"),
    "mutex_twice": ("deadlock", "mutex_lock() of thing->mutex by the thread that holds it"),
    "foreign_mutex_unlock": ("discipline", "mutex_unlock() of thing->mutex, which another thread"),
    "end_with_spin_lock": ("discipline", "kthread locker ends with a spin lock held"),
    "free_pending_timer": ("memory", "memory is freed that contains a timer that is pending"),
    "free_pending_delayed_work": ("memory", "contains a timer that is pending"),
    "free_locked_mutex": ("memory", "contains a mutex that is locked"),
    "free_wait_queue": ("memory", "contains a wait queue on which a thread waits"),
    "stop_error_pointer": ("memory", "kthread_stop() of a pointer that is an error"),
    "wake_null": ("memory", "wake_up_process() of a pointer that is NULL"),
    "no_init": ("discipline", "a mutex is used that was never initialized"),
    "list_del_twice": ("assertion", "BUG_ON(entry->next == LIST_POISON1"),
    "refcount_underflow": ("assertion", "underflow; use-after-free"),
    "warn": ("assertion", "WARN(thing->done == false) at misuse.c"),
    "stop_itself": ("discipline", "kthread_stop() of a thread that is no kthread"),
    "leak": ("leak", "1 block of memory is still allocated"),
    "destroyed_queue": ("memory", "queue_work() of work queue short, which was destroyed"),
}


def run(words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **more)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, source, out="out", compiler="clang-19", level="-O1"):
        done = run([CC, "--kthread", "-g", level, source, "-o", self.path(out)],
                   env={**os.environ, "KTHRASH_CC": compiler})
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        return self.path(out)

    def refused(self, text):
        with open(self.path("x.c"), "w", encoding="utf-8") as f:
            f.write(text)
        done = run([CC, "--kthread", self.path("x.c"), "-o", self.path("x")])
        self.assertNotEqual(done.returncode, 0)
        return done.stdout


class Headers(Case):
    def test_each_header_can_be_included_alone_and_twice(self):
        for path in sorted(glob.glob(HEADERS + "/*/**/*.h", recursive=True)):
            name = os.path.relpath(path, HEADERS)
            with open(self.path("x.c"), "w", encoding="utf-8") as f:
                f.write("#include <%s>\n#include <%s>\n#include <stdio.h>\n#include <pthread.h>\n"
                        "int x;\n" % (name, name))
            done = run([CC, "--kthread", "-Wall", "-fsyntax-only", self.path("x.c")])
            self.assertEqual(done.stdout, "", name)

    def test_what_is_not_there_is_named(self):
        self.assertIn("'linux/nvmem.h' file not found", self.refused("#include <linux/nvmem.h>\n"))
        text = "#include <linux/kthread.h>\nint main(void) { return kthread_frobnicate(); }\n"
        self.assertIn("kthread_frobnicate", self.refused(text))

    def test_a_program_in_cxx_is_refused(self):
        done = run([CC, "--kthread", "-c", "x.cc"])
        self.assertEqual((done.returncode, done.stdout),
                         (2, "kthrash-cc: --kthread: a kernel driver is written in C\n"))


class Programs(Case):
    def hunt(self, binary, words, given):
        return suite.hunt([binary, *words], 300, 1, self.path("findings"), given)

    def test_each_header_works_as_in_the_kernel(self):
        for compiler in ("clang-19", "gcc"):
            with self.subTest(compiler):
                binary = self.compile(os.path.join(SOURCES, "api.c"), compiler=compiler)
                self.assertEqual(run([binary]).stdout, "all is well\n")
        finding, _ = suite.hunt([binary], 300, 1, self.path("findings"), ["--races", "--leaks"])
        self.assertIsNone(finding)

    def test_misuses_are_found_and_said(self):
        binary = self.compile(os.path.join(SOURCES, "misuse.c"), level="-O0")
        for name, (kind, said) in MISUSES.items():
            with self.subTest(name):
                finding, _ = self.hunt(binary, [name], ["--leaks"])
                self.assertIsNotNone(finding)
                self.assertEqual(finding["kind"], kind, finding["message"])
                self.assertIn(said, finding["message"])

    def test_real_threads(self):
        binary = self.compile(os.path.join(SOURCES, "api.c"))
        done = run([*KTHRASH, "run", "--os=posix", "--executions=5", binary])
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("clean, 5 runs on real threads", done.stdout)
        binary = self.compile(os.path.join(SOURCES, "misuse.c"), level="-O0")
        done = run([*KTHRASH, "run", "--os=posix", binary, "mutex_twice"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("kthrash: deadlock: mutex_lock() of thing->mutex", done.stdout)

    def test_the_kernels_own_core_is_for_drivers_only(self):
        with open(self.path("x.c"), "w", encoding="utf-8") as f:
            f.write("int main(void) { return 0; }\n")
        self.assertEqual(run([CC, self.path("x.c"), "-o", self.path("x")]).returncode, 0)
        done = run([*KTHRASH, "run", "--core=linux", self.path("x")])
        self.assertEqual((done.returncode, done.stdout), (2, (
            "kthrash: %s: --core=linux is for kernel drivers, which are linked by "
            "kthrash-cc --kthread\n" % self.path("x"))))

    def test_a_kernel_that_is_not_there(self):
        binary = self.compile(os.path.join(SOURCES, "api.c"))
        done = run([binary], env={**os.environ, kernel.VARIABLE: "/nowhere.so"})
        self.assertEqual(done.returncode, 3)
        self.assertIn("kthrash: KTHRASH_KERNEL=/nowhere.so: ", done.stdout)


class Corpus(unittest.TestCase):
    maxDiff = None

    def test_the_table_and_the_readme_name_each_driver(self):
        table = programs.load_drivers()
        files = [os.path.basename(f) for f in glob.glob(os.path.join(programs.DRIVERS, "*.c"))]
        self.assertEqual(sorted(files), sorted(d.source for d in table))
        with open(os.path.join(programs.DRIVERS, "README.md"), encoding="utf-8") as f:
            rows = [x for x in f.read().split("\n") if x.startswith("| [")]
        self.assertEqual(rows, ["| [%s](%s) | %s | %s |" % (d.name, d.source, d.about,
                                                           ", ".join(d.expect)) for d in table])

    def test_each_bug_is_found_and_each_twin_is_clean(self):
        suite.prepare()
        with tempfile.TemporaryDirectory() as folder:
            for driver in programs.load_drivers():
                for row in suite.examine(driver, driver.arguments,
                                         SLOW.get(driver.name, EXECUTIONS), 1, folder):
                    print(*suite.line(row), flush=True)
                    with self.subTest(row["program"]):
                        self.assertTrue(suite.ok(row), row)


class OnLinux(Case):
    """Drivers on the kernel's own kthread.c."""

    def test_each_header_works_as_in_the_kernel(self):
        binary = self.compile(os.path.join(SOURCES, "api.c"))
        self.assertEqual(run([binary], env={**os.environ, **kernel.variables(None)}).stdout,
                         "all is well\n")
        finding, _ = suite.hunt([binary], 100, 1, self.path("findings"), ["--races", "--leaks"])
        self.assertIsNone(finding)

    def test_bugs_are_found_and_twins_are_clean(self):
        for driver in programs.load_drivers():
            if driver.name not in ON_LINUX:
                continue
            for row in suite.examine(driver, driver.arguments, 300, 1, self.folder):
                print(*suite.line(row), flush=True)
                with self.subTest(row["program"]):
                    self.assertTrue(suite.ok(row), row)
                with open(self.path(driver.name + ".plan"), encoding="ascii") as f:
                    self.assertRegex(f.read(), r'found by .*, core linux [0-9.]+ \([0-9a-f]+\)"')


class Page(Case):
    """The lines of drivers.md, in a folder with the files that it shows."""

    def test_its_commands(self):
        with open(os.path.join(HERE, "drivers.md"), encoding="utf-8") as f:
            blocks = re.findall(r"```(\w+)\n(.*?)```", f.read(), re.DOTALL)
        source = next(text for kind, text in blocks if kind == "c")
        with open(self.path("mydriver.c"), "w", encoding="utf-8") as f:
            f.write(source)
        bin_ = self.path("bin")
        os.mkdir(bin_)
        os.symlink(CC, os.path.join(bin_, "kthrash-cc"))
        with open(os.path.join(bin_, "kthrash"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec %s \"$@\"\n" % " ".join(KTHRASH))
        os.chmod(os.path.join(bin_, "kthrash"), 0o755)
        commands = next(text for kind, text in blocks if kind == "sh")
        commands = re.sub(r"tools/kthrash\b", "kthrash", commands)
        found = self.path("findings")
        done = []
        for line in commands.splitlines():
            line = line.partition("#")[0].strip()
            if "FINDING" in line:
                plans = glob.glob(found + "/*.min.plan")
                self.assertEqual(len(plans), 1, done)
                line = line.replace(".kthrash/findings/FINDING.plan", plans[0])
            if " run " in line and "--os" not in line:
                line = line.replace(" run ", " run --findings=%s " % found)
            if line:
                done.append((line, run(line, shell=True, cwd=self.folder, env={
                    **os.environ, "PYTHONPATH": HERE,
                    "PATH": bin_ + ":" + os.environ["PATH"]})))
        statuses = [(line, d.returncode) for line, d in done]
        self.assertEqual([s for _, s in statuses if s not in (0, 1)], [], done)
        hunted = next(d for line, d in done if " run --findings" in line)
        self.assertEqual(hunted.returncode, 1, hunted.stdout)
        self.assertIn("use after free", hunted.stdout)
        self.assertEqual(next(d for line, d in done if " replay " in line).returncode, 0)


if __name__ == "__main__":
    FILES = [os.path.abspath(a) for a in sys.argv[1:] if a.endswith((".so", ".a"))]
    del sys.argv[1:1 + len(FILES)]
    with tempfile.TemporaryDirectory() as LIBRARIES:
        for each in FILES[:2]:
            shutil.copy(each, LIBRARIES)
        os.environ[library.VARIABLE] = LIBRARIES
        if FILES[2:]:
            os.environ[kernel.VARIABLE] = FILES[2]
        unittest.main(defaultTest=["OnLinux"] if FILES[2:] else [
            "Headers", "Programs", "Corpus", "Page"])
