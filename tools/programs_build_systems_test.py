#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that build systems take kthrash-cc as their compiler, by the lines in programs.md, and that
kthrash finds the bug in what they have built.

usage: programs_build_systems_test.py LIBKTHRASH.SO
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.abspath(sys.argv.pop(1))
STUBS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "bazel", "stubs")

FILES = {
    "queue_test.c": """#include <assert.h>
#include <pthread.h>
int next(int n);
static int counter;
static void *work(void *arg) { counter = next(counter); return arg; }
int main(void)
{
	pthread_t t[2];
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, work, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2);
}
""",
    "next.c": "int next(int n) { return n + 1; }\n",
    "Makefile": "queue_test: queue_test.o next.o\n\t$(CC) $(CFLAGS) -o $@ $^ -pthread\n",
    "Makefile.in": "CC = @CC@\nCFLAGS = @CFLAGS@\nLIBS = @LIBS@\n"
                   "queue_test: queue_test.o next.o\n\t$(CC) $(CFLAGS) -o $@ queue_test.o next.o "
                   "$(LIBS)\n",
    "configure.ac": "AC_INIT([queue], [1])\nAC_PROG_CC\nAC_SEARCH_LIBS([pthread_create], "
                    "[pthread])\nAC_RUN_IFELSE([AC_LANG_PROGRAM([], [return 0;])], [], "
                    "[AC_MSG_ERROR([a program does not run])])\nAC_CONFIG_FILES([Makefile])\n"
                    "AC_OUTPUT\n",
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.16)
project(queue C CXX)
find_package(Threads REQUIRED)
add_library(next SHARED next.c)
add_executable(queue_test queue_test.c)
target_link_libraries(queue_test next Threads::Threads)
""",
    "meson.build": "project('queue', 'c', 'cpp')\nnext = static_library('next', 'next.c')\n"
                   "executable('queue_test', 'queue_test.c', link_with: next,\n"
                   "           dependencies: dependency('threads'))\n",
    "BUILD": 'cc_library(name = "next", srcs = ["next.c"])\n'
             'cc_binary(name = "queue_test", srcs = ["queue_test.c"], deps = [":next"])\n',
    # Bazel asks for these repositories, and without a network it needs them as folders.
    "WORKSPACE": "".join('local_repository(name = "%s", path = "%s")\n' % (
        name, os.path.join(STUBS, name)) for name in (
            "rules_cc", "rules_java", "remote_coverage_tools")),
}


def lines_of(begins):
    """Returns the block of programs.md that begins so, as commands for a shell."""
    with open(os.path.join(HERE, "programs.md"), encoding="utf-8") as f:
        blocks = re.findall(r"^```sh\n(.*?)^```$", f.read(), re.M | re.S)
    return next(block for block in blocks if block.startswith(begins))


class BuildSystems(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        self.env = {**os.environ, "KTHRASH_LIB": os.path.dirname(LIBRARY), "PYTHONPATH": HERE,
                    "PATH": HERE + ":" + os.environ["PATH"]}
        self.env.pop("MAKEFLAGS", None)

    def run_in(self, command, status=0, **variables):
        done = subprocess.run(["sh", "-ec", command], cwd=self.folder, text=True, check=False,
                              env={**self.env, **variables}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def check(self, commands, program, *files, **variables):
        tool = commands.replace("./configure", "autoconf").split()[0].rpartition("=")[2]
        if "meson" in commands:
            tool = "meson"
        if not shutil.which(tool):
            self.skipTest("no " + tool)
        for name in ("queue_test.c", "next.c", *files):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(FILES[name])
        if "configure.ac" in files:
            self.run_in("autoconf")
        self.run_in(commands, **variables)
        said = self.run_in("/usr/bin/python3 -B %s/kthrash_main.py run --executions=5000 %s" % (
            HERE, program), status=1)
        self.assertIn("FAIL assertion: ", said)
        plan = glob.glob(os.path.join(self.folder, ".kthrash/findings/*.min.plan"))[0]
        said = self.run_in("/usr/bin/python3 -B %s/kthrash_main.py replay %s" % (HERE, plan))
        self.assertIn("as expected", said)

    def test_make(self):
        for compiler in "clang-19", "gcc":
            self.check(lines_of("make").replace("make", "make -B"), "./queue_test", "Makefile",
                       KTHRASH_CC=compiler)

    def test_autoconf(self):
        self.check(lines_of("./configure"), "./queue_test", "configure.ac", "Makefile.in")

    def test_cmake(self):
        for compiler, cxx in ("clang-19", "clang++-19"), ("gcc", "g++"):
            self.run_in("rm -rf build-kthrash")
            self.check(lines_of("cmake"), "build-kthrash/queue_test", "CMakeLists.txt",
                       KTHRASH_CC=compiler, KTHRASH_CXX=cxx)

    def test_meson(self):
        self.check(lines_of("CC=kthrash-cc CXX=kthrash-c++ meson"), "build-kthrash/queue_test",
                   "meson.build")

    def test_bazel(self):
        """Bazel's server ends with the test, and what it keeps is in a folder of the test."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        options = "--output_user_root=%s --host_jvm_args=-Xmx400m" % temporary.name
        self.addCleanup(self.run_in, "bazel %s shutdown; chmod -R u+w %s" % (
            options, temporary.name))
        self.env["HOME"] = temporary.name
        command = lines_of("bazel").replace("bazel ", "bazel %s " % options)
        library = "KTHRASH_LIB=" + self.env["KTHRASH_LIB"]
        command = command.replace("CC=kthrash-cc", "CC=%s/kthrash-cc --repo_env=%s "
                                  "--action_env=%s" % (HERE, library, library))
        self.check(command, "bazel-bin/queue_test",
                   "WORKSPACE", "BUILD")


if __name__ == "__main__":
    unittest.main()
