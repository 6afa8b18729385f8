#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the front door with programs: run, the commands that take a plan, install, and what is said
about programs that can't be run.

usage: programs_front_test.py LIBKTHRASH.SO
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.front import completion, manual
from kthrashlib.programs import install, wrapped

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.abspath(sys.argv.pop(1))
KTHRASH = ["/usr/bin/python3", "-B", os.path.join(HERE, "kthrash_main.py")]
CC = os.path.join(HERE, "kthrash-cc")
CXX = os.path.join(HERE, "kthrash-c++")

COUNTER = """#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
static int counter;
static void *work(void *arg)
{
	int seen = counter;
	counter = seen + 1;
	return arg;
}
int main(int argc, char **argv)
{
	pthread_t t[2];
	if (argc > 1 && strcmp(argv[1], "--three") != 0)
		return 3;
	printf("{ the program prints\\n");
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2);
}
"""
LOCKS = """#include <pthread.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
	pthread_mutex_lock(first);
	pthread_mutex_lock(second);
	pthread_mutex_unlock(second);
	pthread_mutex_unlock(first);
}
static void *one(void *p) { take(&a, &b); return p; }
static void *two(void *p) { take(&b, &a); return p; }
int main(void)
{
	pthread_t t[2];
	pthread_create(&t[0], 0, one, 0);
	pthread_create(&t[1], 0, two, 0);
	pthread_join(t[0], 0);
	pthread_join(t[1], 0);
	return 0;
}
"""
# main() visits the place of the bug twice before there is another thread.
ALONE = """#include <pthread.h>
static int counter;
static void step(void)
{
	int seen = counter;
	counter = seen + 1;
}
static void *work(void *arg)
{
	step();
	return arg;
}
int main(void)
{
	pthread_t t;
	step();
	step();
	pthread_create(&t, NULL, work, NULL);
	step();
	pthread_join(t, NULL);
	return counter != 4;
}
"""
EARLY = """#include <pthread.h>
#include <stdlib.h>
static void *work(void *arg) { return arg; }
int main(void)
{
	int *p = malloc(sizeof(int));
	pthread_t t;
	*p = 0;
	if (!pthread_create(&t, NULL, work, NULL))
		pthread_join(t, NULL);
	free(p);
	return 0;
}
"""
# Without optimization each function of the C++ library is a function of its own.
PROMISE = """#include <future>
#include <mutex>
#include <thread>
static std::mutex m;
static std::promise<int> promised;
static void give()
{
	std::lock_guard<std::mutex> l(m);
	promised.set_value(1);
}
int main()
{
	std::thread t(give);
	{
		std::lock_guard<std::mutex> l(m);
		promised.get_future().get();
	}
	t.join();
}
"""
PLAIN = "int main(void) { return 0; }\n"
BEFORE = """#include <stdlib.h>
__attribute__((constructor)) static void before(void) { exit(7); }
""" + PLAIN


# A thread that does not get the lock goes without.
SPINLOCK = """\
#include <pthread.h>
static int word, shared;
static int take(void)
{
    int taken = 1;
    __asm__ volatile("xchgl %0, %1" : "+r"(taken), "+m"(word) : : "memory");
    return !taken;
}
static void *work(void *arg)
{
    if (take()) {
        shared++;
        __asm__ volatile("mfence" : : : "memory");
        word = 0;
    }
    return arg;
}
int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, work, NULL);
    work(NULL);
    return pthread_join(t, NULL);
}
"""


class Folder(unittest.TestCase):
    """A folder with programs, which all tests of a class use."""
    SOURCES = {"counter": COUNTER}

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = temporary.name
        for name, source in cls.SOURCES.items():
            cls.write(name + ".c", source)
            cls.compile(name + ".c", "-o", name)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def write(cls, name, text):
        with open(cls.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return name

    @classmethod
    def run_in(cls, words, **keys):
        keys = {"cwd": cls.folder, "stdin": subprocess.DEVNULL, **keys}
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, env={
                                  **os.environ, "KTHRASH_LIB": os.path.dirname(LIBRARY),
                                  "KTHRASH_CC": "clang-19", "PYTHONPATH": HERE}, **keys)

    @classmethod
    def compile(cls, *args, cc=(CC,)):
        done = cls.run_in([*cc, *args])
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    @classmethod
    def kthrash(cls, *args, **keys):
        return cls.run_in([*KTHRASH, *args], **keys)

    @classmethod
    def hunt(cls, name, *args):
        """Hunts in a program; returns its shrunk finding."""
        findings = "found-" + name
        done = cls.kthrash("run", "--executions=5000", "--findings=" + findings, "./" + name, *args)
        found = glob.glob(os.path.join(cls.folder, findings, "*.min.plan"))
        if done.returncode != 1 or not found:
            raise AssertionError(done.stdout + done.stderr)
        return os.path.relpath(found[0], cls.folder)

    def refused(self, words, *args, status=common.USAGE, **keys):
        done = self.kthrash(*args, **keys)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertRegex(done.stderr, words)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


class Commands(Folder):
    SOURCES = {"counter": COUNTER, "locks": LOCKS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counter, cls.locks = cls.hunt("counter", "--three"), cls.hunt("locks")

    def test_run_says_what_it_found_and_the_line_for_a_replay(self):
        done = self.kthrash("run", "--executions=500", "--findings=said", "./counter")
        self.assertEqual(done.returncode, common.FINDINGS)
        self.assertRegex(done.stdout, r"\nFAIL assertion: counter\.c:\d+: .*counter == 2\n")
        self.assertRegex(done.stdout, r"T\d +work: counter 0 -> 1 +counter\.c:9\n")
        self.assertRegex(done.stdout, r"\nreplay: /.*/tools/kthrash replay said/\S+\n")
        self.assertEqual(done.stdout.count("the program prints"), 1)

    def test_run_as_json(self):
        done = self.kthrash("run", "--json", "--executions=500", "--findings=json", "--",
                            "./counter")
        last = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(last["kind"], "assertion")
        self.assertTrue(os.path.exists(self.path(last["plan"])))

    def test_the_words_behind_the_program_are_its_own(self):
        with open(self.path(self.counter), encoding="utf-8") as f:
            self.assertIn('\nprogram "./counter" "--three"\n', f.read())
        done = self.kthrash("run", "--executions=3", "--", "./counter", "--json", "--help")
        self.assertIn("status 3", done.stdout)

    def test_a_name_without_a_slash(self):
        self.assertEqual(self.kthrash("run", "--executions=99", "--findings=bare",
                                      "counter").returncode, common.FINDINGS)

    def test_replay(self):
        done = self.kthrash("replay", self.counter, self.locks, self.counter)
        self.assertEqual(done.returncode, common.CLEAN, done.stderr)
        self.assertEqual(done.stdout.count("as expected"), 3)
        self.assertIn("deadlock", done.stdout)

    def test_from_another_folder(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            plan = shutil.copy(self.path(self.counter), self.path("beside.plan"))
            done = self.kthrash("replay", plan, cwd=elsewhere)
            self.assertEqual(done.returncode, common.CLEAN, done.stderr)
            os.makedirs(self.path(".kthrash/findings"), exist_ok=True)
            plan = shutil.copy(plan, self.path(".kthrash/findings/x.plan"))
            done = self.kthrash("replay", plan, cwd=elsewhere)
            self.assertEqual(done.returncode, common.CLEAN, done.stderr)

    def test_shrink(self):
        done = self.kthrash("shrink", glob.glob(self.path("found-counter/*[!n].plan"))[0],
                            "-o", "small.plan")
        self.assertEqual(done.returncode, common.CLEAN, done.stderr)
        with open(self.path("small.plan"), encoding="utf-8") as f:
            self.assertIn(f.read().count("\nswitch "), (1, 2))

    def test_explain(self):
        def explained(form):
            done = self.kthrash("explain", self.counter, "--format=" + form)
            self.assertEqual(done.returncode, common.CLEAN, done.stderr)
            return done.stdout

        self.assertRegex(explained("text"), r"(?s)T1 .*T2 .*counter\.c:9")
        steps = json.loads(explained("json"))["steps"]
        self.assertIn("counter = seen + 1;", [step["text"] for step in steps])
        self.assertIn("T2", {e.get("args", {}).get("name")
                             for e in json.loads(explained("perfetto"))["traceEvents"]})
        page = explained("html")
        self.assertTrue(page.startswith("<!doctype html>"))
        self.assertIn("counter = seen + 1;", page)

    def test_gdb(self):
        done = self.kthrash("gdb", "--batch", self.counter)
        self.assertEqual(done.returncode, common.CLEAN, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\nassertion: counter\.c:\d+: ")
        self.assertRegex(done.stdout, r"\n#\d+ +0x\w+ in main \(.*\) at counter\.c:22\n22\t")

    def test_gdb_shows_the_locks_and_every_thread(self):
        said = self.kthrash("gdb", "--batch", self.locks).stdout
        self.assertRegex(said, r"\na +mutex, held by T1 at locks\.c:5; wanted by T2 at .*\n"
                               r"b +mutex, held by T2 at locks\.c:5; wanted by T1 at ")
        self.assertRegex(said, r"\n 0 main +sleeping .* for T1\n")
        for task, function in ("T1", "one"), ("T2", "two"), ("main", "main"):
            self.assertRegex(said, r"(?s)\n%s: .*?\n#\d+ .* in %s \(.*locks\.c" % (task, function))

    def test_gdb_at_a_step_of_explain(self):
        """Only the last execution of a replay has the steps that explain shows."""
        steps = json.loads(self.kthrash("explain", self.counter, "--format=json").stdout)["steps"]
        last = [s for s in steps if "load(counter)" in s["point"]][-1]
        said = self.kthrash("gdb", "--batch", "--step=%d" % (last["step"] + 1), self.counter).stdout
        self.assertRegex(said, r"\n +%d %s +work:load\(counter\)" % (
            last["step"], ["main", "T1", "T2"][last["task"]]))

    def test_a_binary_that_has_changed(self):
        self.write("change.c", COUNTER)
        self.compile("change.c", "-o", "change")
        plan = self.hunt("change")
        self.compile("-DCHANGED", "-O2", "change.c", "-o", "change")
        done = self.kthrash("replay", plan)
        self.assertRegex(done.stdout + done.stderr, r"made with another build of the program")

    def test_a_program_that_is_gone(self):
        self.write("gone.plan", 'kthrash-plan 1\nprogram "./gone"\n')
        self.refused(r"gone\.plan: its program, \./gone, is neither in this folder nor in the",
                     "replay", "gone.plan")

    def test_options_that_choose_a_build(self):
        for command in "replay", "verify", "explain", "gdb", "shrink":
            self.refused("--os: .* is a plan of a program", command, "--os=sim", self.counter)

    def test_plans_of_two_kinds(self):
        self.write("own.plan", 'kthrash-plan 1\ntask C1: a = create "a" return 0\n')
        self.refused("some of these plans are of programs and others are not",
                     "replay", self.counter, "own.plan")


class Places(Folder):
    """A finding replays, and names the program's own places."""
    SOURCES = {"alone": ALONE, "early": EARLY}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write("promise.cc", PROMISE)
        cls.compile("-O0", "promise.cc", "-o", "promise", cc=(CXX,))

    def found(self, name):
        done = self.kthrash("replay", self.hunt(name))
        self.assertEqual(done.returncode, common.CLEAN, done.stdout + done.stderr)
        done = self.kthrash("replay", glob.glob(self.path("found-%s/*[!n].plan" % name))[0])
        self.assertEqual(done.returncode, common.CLEAN, done.stdout + done.stderr)
        return self.kthrash("run", "--executions=5000", "--findings=again", "./" + name).stdout

    def test_visits_while_a_thread_is_alone_count(self):
        with open(self.path(self.hunt("alone")), encoding="utf-8") as f:
            self.assertRegex(f.read(), r"\nswitch main at .* step:\S+ #3 to T1\n")
        self.assertRegex(self.found("alone"),
                         r"main\(\) returns: exit status 1, at alone\.c:1\d main")

    def test_a_fault_before_there_is_a_second_thread(self):
        done = self.kthrash("run", "--faults=malloc", "--executions=99", "--findings=early.d",
                            "./early")
        self.assertEqual((done.returncode, done.stderr), (common.FINDINGS, ""), done.stdout)
        plan, = glob.glob(self.path("early.d/*.min.plan"))
        with open(plan, encoding="utf-8") as f:
            self.assertIn("\nfail malloc #1\n", f.read())

    def test_places_in_the_cxx_library_are_those_of_its_callers(self):
        said = self.found("promise")
        self.assertRegex(said, r"main sleeps in main: .*promise\.cc:16")
        self.assertRegex(said, r"T1 +sleeps in give: .*promise\.cc:8")


class Errors(Folder):
    SOURCES = {"counter": COUNTER, "before": BEFORE, "single": PLAIN}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write("script", "#!/bin/sh\n")
        cls.write("text", "text")
        cls.write("empty", "")
        cls.write("cut", "\x7fELF")
        shutil.copy(cls.path("counter"), cls.path("setuid"))
        os.chmod(cls.path("setuid"), 0o4755)
        for name in "script", "text", "empty", "cut":
            os.chmod(cls.path(name), 0o755)
        shutil.copy(cls.path("counter"), cls.path("unreadable"))
        os.chmod(cls.path("unreadable"), 0o644)
        cls.compile("counter.c", "-g0", "-o", "nodebug")
        cls.compile("counter.c", "-s", "-o", "stripped")
        cls.compile("-c", "counter.c", "-o", "object.o")
        cls.compile("-shared", "-fPIC", "counter.c", "-o", "shared.so")
        cls.compile("counter.c", "-o", "native", cc=["clang-19"])
        cls.compile("-static", "counter.c", "-o", "static", cc=["clang-19"])
        cls.compile("-static-pie", "counter.c", "-o", "staticpie", cc=["clang-19"])
        cls.compile("-c", "-g", "counter.c", "-o", "native.o", cc=["clang-19"])
        cls.compile("native.o", "-o", "linked")
        cls.narrow()

    @classmethod
    def narrow(cls):
        """Makes a 32-bit program out of another one's header. Compilers for them are rare."""
        with open(cls.path("native"), "rb") as f:
            content = bytearray(f.read())
        content[4] = 1
        content[18] = 3
        with open(cls.path("narrow"), "wb") as f:
            f.write(content)
        os.chmod(cls.path("narrow"), 0o755)

    def test_what_is_no_program_for_kthrash(self):
        for name, words in [
                ("nothing", "No such file or directory, expected a program"),
                (".", "is a folder, expected a program"),
                ("script", "is a script, expected a program that kthrash-cc has built"),
                ("text", "is no program that can be read: "),
                ("empty", "is no program that can be read: "),
                ("cut", "is no program that can be read: "),
                ("unreadable", "is not executable"),
                ("setuid", "is setuid, so the system starts it without what kthrash needs"),
                ("narrow", "is a 32-bit program for "),
                ("static", "is statically linked, so kthrash can't take it over"),
                ("staticpie", "is statically linked, so kthrash can't take it over"),
                ("shared.so", "is a shared library, expected a program"),
                ("native", "was not linked by kthrash-cc; build it with CC=kthrash-cc"),
                ("linked", "was linked by kthrash-cc, but not compiled by it"),
                ("nodebug", "has no debug information, .*; compile it with -g"),
                ("stripped", "is stripped, so places would have no names"),
        ]:
            with self.subTest(name):
                self.refused(r"^kthrash: \S*%s: %s" % (re.escape(name), words), "run", "./" + name)
        os.chmod(self.path("object.o"), 0o755)
        self.refused("object.o: is an object or a core file", "run", "object.o")

    def test_a_program_that_ends_before_main(self):
        self.refused(r"\./before: ends before its main\(\), with status 7", "run", "./before")

    def test_a_program_with_one_thread(self):
        done = self.kthrash("run", "--executions=5", "./single")
        self.assertEqual(done.returncode, common.USAGE)
        self.assertEqual(done.stderr, "kthrash: the program has ended without a second thread, so "
                                      "there is nothing to hunt\n")
        self.assertNotIn("clean", done.stdout)

    def test_a_program_with_one_thread_whose_allocations_may_fail(self):
        self.assertEqual(self.kthrash("run", "--executions=5", "--faults=malloc",
                                      "./single").returncode, common.CLEAN)

    def test_no_program(self):
        self.refused("missing argument 'PROGRAM'", "run", "--seed=1")
        self.refused("missing argument 'COMPILER'", "cc")
        self.refused("unexpected '--frob'", "run", "--frob", "./counter")

    def test_a_folder_without_a_library(self):
        with mock.patch(__name__ + ".LIBRARY", "/nonexistent/libkthrash.so"):
            self.refused("KTHRASH_LIB=/nonexistent: no libkthrash.so in this folder",
                         "run", "./counter")


class Wrapped(unittest.TestCase):
    def test_the_list_is_what_the_library_has(self):
        symbols = subprocess.run(["readelf", "--dyn-syms", "-W", LIBRARY], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        self.assertEqual(sorted(wrapped.NAMES), sorted(re.findall(r" __wrap_(\w+)", symbols)))


class Assembly(Folder):
    """Tests what is said of atomics in inline assembly."""

    SOURCES = {"spinlock": SPINLOCK}

    def test_a_hunt_says_where_they_are(self):
        done = self.kthrash("run", "--executions=20", "./spinlock")
        self.assertRegex(done.stderr,
                         r"kthrash: \./spinlock: has atomics or fences in inline assembly, "
                         r"which kthrash does not see: at spinlock\.c:(6 take|13 work) and 1 more "
                         r"place\n")
        self.assertEqual(done.returncode, common.CLEAN, done.stdout + done.stderr)

    def test_races_and_weak_memory_are_refused(self):
        for option in "--races", "--memory=tso":
            done = self.kthrash("run", option, "--executions=20", "./spinlock")
            self.assertEqual(done.returncode, common.USAGE)
            self.assertRegex(done.stderr, r"at spinlock\.c:(6 take|13 work) and 1 more place; "
                             r"%s would report what is no error\n" % option)


class Installed(Folder):
    """Tests a copy of kthrash that is installed. The copy in PREFIX is all that it needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.path("prefix")
        scripts = {shell: text.strip() + "\n" for shell, text in completion.SCRIPTS.items()}
        install.install(cls.prefix, LIBRARY, __file__, manual.page(installed=True), scripts)
        cls.before = cls.files()

    @classmethod
    def files(cls):
        return sorted(glob.glob(cls.prefix + "/**", recursive=True, include_hidden=True))

    def said(self, *words, status=common.CLEAN):
        path = os.path.join(self.prefix, "bin") + ":" + os.environ["PATH"]
        done = subprocess.run(words, cwd=self.folder, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False, stdin=subprocess.DEVNULL,
                              env={"PATH": path, "HOME": self.folder})
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def test_every_step_of_a_user(self):
        self.said("kthrash-cc", "counter.c", "-o", "own")
        self.assertIn("%s/lib/kthrash/libkthrash.so" % self.prefix, self.said("ldd", "own"))
        said = self.said("kthrash", "run", "--executions=500", "./own", status=common.FINDINGS)
        self.assertRegex(said, r"\nreplay: kthrash replay \.kthrash/findings/\S+\n")
        plan = glob.glob(self.path(".kthrash/findings/*.min.plan"))[0]
        self.assertIn("as expected", self.said("kthrash", "replay", plan))
        self.assertIn("T2", self.said("kthrash", "explain", "--format=html", plan))
        self.assertIn("at counter.c:22", self.said("kthrash", "gdb", "--batch", plan))
        self.said("kthrash", "shrink", plan, "-o", "smaller.plan")
        self.said("kthrash", "cc", "gcc", "counter.c", "-o", "gcc-made")
        self.assertEqual(self.files(), self.before)      # Nothing is written to PREFIX.

    def test_what_needs_a_checkout(self):
        for args in ["stress"], ["install", "/tmp"], ["campaign"], ["test"]:
            self.assertRegex(self.said("kthrash", *args, status=common.USAGE),
                             r"^kthrash: %s needs a checkout of kthrash, and .*\n$" % args[0])
        self.write("own.plan", 'kthrash-plan 1\ntask C1: a = create "a" return 0\n')
        for name, words in [("own.plan", "is no plan of a program; other plans need a checkout"),
                            ("counter.c", "is no plan"), ("none", "No such file or directory")]:
            self.assertRegex(self.said("kthrash", "replay", name, status=common.USAGE),
                             r"^kthrash: %s: %s.*\n$" % (name, words))

    def test_help_completion_and_manual(self):
        said = self.said("kthrash", "--help")
        self.assertIn("\n  run ", said)
        self.assertNotIn("stress", said)
        self.assertNotIn("--os", self.said("kthrash", "replay", "--help"))
        self.assertEqual(self.said("kthrash", "complete", "re"),
                         "replay\tplans exactly as written\n")
        with open(self.prefix + "/share/man/man1/kthrash.1", encoding="utf-8") as f:
            page = f.read()
        self.assertIn(".Ic run\n", page)
        self.assertNotIn("tools/kthrash", page)
        for path in install.COMPLETIONS.values():
            self.assertTrue(os.path.getsize(os.path.join(self.prefix, path)))

    def test_again_over_an_older_one(self):
        old = os.path.join(self.prefix, "lib", "kthrash", "old")
        with open(old, "w", encoding="ascii"):
            pass
        install.install(self.prefix, LIBRARY, __file__, "", {s: "" for s in completion.SCRIPTS})
        self.assertEqual(self.files(), self.before)
        scripts = {shell: text.strip() + "\n" for shell, text in completion.SCRIPTS.items()}
        install.install(self.prefix, LIBRARY, __file__, manual.page(installed=True), scripts)

    def test_where_it_can_t_be_installed(self):
        os.makedirs(self.path("other/lib/kthrash"), exist_ok=True)
        for prefix, words in [(self.path("counter"), "is no folder"),
                              (self.path("other"), "is there, and has no kthrash in it"),
                              ("/tmp/a b", "can't name a folder with blanks or commas")]:
            with self.assertRaisesRegex(common.Failure, words):
                install.check(prefix, prefix)


class Words(Folder):
    SOURCES = {}

    def test_completion(self):
        self.write("prog", "")
        os.chmod(self.path("prog"), 0o755)
        for words, expected in [(("run", "--see"), "--seed="), (("run", "--", "pr"), "prog"),
                                (("run", "pr"), "prog"), (("run", "--json", "prog", "--s"), "")]:
            said = self.kthrash("complete", *words).stdout
            self.assertEqual([line.partition("\t")[0] for line in said.splitlines()],
                             list(filter(None, [expected])))


if __name__ == "__main__":
    unittest.main()
