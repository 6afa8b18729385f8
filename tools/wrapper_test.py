#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests kthrash-cc and kthrash-c++: which command line a compiler gets, and that each compiler
makes programs with hooks that are linked with libkthrash.so and run by themselves.

usage: wrapper_test.py LIBKTHRASH.SO
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from kthrashlib.programs import response, wrapper

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.abspath(sys.argv.pop(1))
C, CXX = ["clang-19", "clang-14", "gcc"], ["clang++-19", "clang++-14", "g++"]

SOURCE = """#include <pthread.h>
static int shared;
int other(void);
static void *work(void *arg) { shared++; return arg; }
int main(void)
{
	pthread_t t;
	pthread_create(&t, 0, work, 0);
	pthread_join(t, 0);
	return shared + other() == 3 ? 0 : 1;
}
"""
OTHER = "int number = 2;\nint other(void) { return number; }\n"
CXX_SOURCE = """#include <thread>
#include <atomic>
static std::atomic<int> shared;
static int plain;
int main()
{
	std::thread t([] { shared++; plain++; });
	t.join();
	return shared + plain == 2 ? 0 : 1;
}
"""


class CommandLine(unittest.TestCase):
    """Tests what is added to a command line. No compiler runs."""

    def command(self, *args, compiler="clang-19"):
        return wrapper.command_for([compiler], list(args), LIBRARY)

    def does(self, *args):
        command = self.command(*args)
        return "-Xclang" in command, "-lkthrash" in command

    def test_what_is_added(self):
        both, hooks, links, nothing = (True, True), (True, False), (False, True), (False, False)
        for args, expected in [
                ("a.c", both),
                ("-c a.c", hooks),
                ("-S a.c -o a.s", hooks),
                ("-E a.c", hooks),
                ("-MM a.c", hooks),
                ("-MMD -MF a.d -c a.c -o a.o", hooks),
                ("-x c -", both),
                ("-x c -E -", hooks),
                ("-xc++ a", both),
                ("-x c a -x none b.o", both),
                ("-x assembler-with-cpp -c a.S", hooks),
                ("a.o b.o -o a", links),
                ("-o a a.o libx.a -lm", links),
                ("-shared -fPIC -o liba.so a.o", links),
                ("-shared -o liba.so -Wl,--whole-archive -lx", links),
                ("-r a.o b.o -o c.o", nothing),
                ("a.s -c", nothing),
                ("--version", nothing),
                ("-v", nothing),
                ("", nothing),
                ("-dumpmachine a.c", nothing),
                ("-print-search-dirs", nothing),
                ("-Wl,--version", nothing),
                ("-x c-header a.h -o a.pch", hooks),
                ("a.h", hooks),
                ("-static-libgcc a.o", links),
                ("-flto a.o b.o -o a", both),
                ("-o a.c a.o", links),      # The value of -o is no source.
                ("-include a.c -c b.s", nothing),
        ]:
            with self.subTest(args):
                self.assertEqual(self.does(*args.split()), expected)

    def test_a_fuzz_target_keeps_its_engine_and_finds_the_header(self):
        command = self.command("-fsanitize=fuzzer", "a.c")
        self.assertIn("-fsanitize=fuzzer", command)
        self.assertLess(command.index("-lkthrash"), command.index("-lstdc++"))
        self.assertIn("-nostdlib++", command)   # otherwise clang puts it before -lkthrash
        self.assertTrue(command[command.index("-idirafter") + 1].endswith(
            os.path.join("platform", "hosted", "include")))

    def test_what_is_refused(self):
        for args, words in [
                ("-fsanitize=address a.c", "-fsanitize=address: compilers can't combine it"),
                ("-fsanitize=undefined,leak -c a.c", "-fsanitize=leak: "),
                ("-fsanitize=memory a.o", "-fsanitize=memory: "),
                ("-static a.o", "-static: kthrash can't take over"),
                ("-static-pie a.c", "-static-pie: "),
                ("-m32 -c a.c", "-m32: kthrash runs 64-bit programs only"),
                ("-nostdlib a.o", "-nostdlib: kthrash needs a program that uses the C library"),
        ]:
            with self.subTest(args):
                with contextlib.redirect_stderr(io.StringIO()) as said:
                    self.assertEqual(wrapper.main(["clang-19"], args.split(), LIBRARY), 2)
                self.assertIn("kthrash-cc: " + words, said.getvalue())
                self.assertEqual(said.getvalue().count("\n"), 1)

    def test_what_is_not_refused(self):
        self.command("-static", "-c", "a.c")
        self.command("-shared", "-nostdlib", "a.o")
        self.command("-nostdlib", "a.o", "-lc")

    def test_the_sanitizer_is_taken_out(self):
        command = self.command("-fsanitize=thread,undefined", "a.c", "-ltsan")
        self.assertIn("-fsanitize=undefined", command)
        self.assertNotIn("-ltsan", command)
        self.assertEqual(command.count("-fsanitize=thread"), 1)     # behind -Xclang
        self.assertNotIn("-fsanitize=", "".join(self.command("-fsanitize=thread", "a.o")))

    def test_undefined_behaviour_traps(self):
        self.assertIn("-fsanitize-trap=all", self.command("-fsanitize=undefined", "a.c"))
        self.assertIn("-fsanitize-undefined-trap-on-error",
                      self.command("-fsanitize=shift", "a.c", compiler="gcc"))
        self.assertNotIn("-fsanitize-trap=all", self.command("a.c"))

    def test_no_library_yet(self):
        self.assertIn("-Xclang", wrapper.command_for(["clang-19"], ["-c", "a.c"], "/no/lib.so"))
        with self.assertRaisesRegex(wrapper.Refusal, "is not there yet; this command makes it: "
                                                     ".*/tools/kthrash cc -- clang-19 --version"):
            wrapper.command_for(["clang-19"], ["a.c"], "/no/lib.so")

    def test_no_such_compiler(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(wrapper.main(["no-clang"], ["-c", "a.c"], LIBRARY), 3)
        self.assertEqual(said.getvalue(), "kthrash-cc: no-clang: No such file or directory\n")

    def test_which_compiler(self):
        with mock.patch.dict(os.environ, {"KTHRASH_CC": "ccache 'my gcc' -m64"}):
            self.assertEqual(wrapper.compiler_of("KTHRASH_CC"), ["ccache", "my gcc", "-m64"])
        with mock.patch.dict(os.environ, {"KTHRASH_CC": ""}):
            self.assertIn(wrapper.compiler_of("KTHRASH_CC")[0], wrapper.COMPILERS["KTHRASH_CC"])

    def test_names_of_compilers(self):
        for name, clang in [("clang-19", True), ("/usr/bin/clang++", True), ("gcc-12", False),
                            ("x86_64-linux-gnu-g++", False)]:
            self.assertEqual(wrapper.is_clang([name]), clang)


class Response(unittest.TestCase):
    def test_words(self):
        for text, words in [("a b\n c", ["a", "b", "c"]), ("'a b' \"c d\"e", ["a b", "c de"]),
                            (r"a\ b \"", ["a b", '"']), ("''", [""]), ("", []),
                            (r'"a\"b\\c"', ['a"b\\c'])]:
            self.assertEqual(response.words_of(text), words)

    def test_written_and_read(self):
        words = ["a b", "", 'q"\\', "-DX='y'", "\t"]
        self.assertEqual(response.words_of(response.written(words)), words)

    def test_nested(self):
        with tempfile.TemporaryDirectory() as folder:
            one, two = os.path.join(folder, "one"), os.path.join(folder, "two")
            for path, text in (one, "a @%s" % two), (two, "b @%s c" % two):
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
            found = response.expanded(["x", "@" + one, "@none"])
            self.assertEqual(found[:3] + found[-1:], ["x", "a", "b", "@none"])


class Compilers(unittest.TestCase):
    """Tests real compilers, in a folder with a blank in its name."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="kthrash cc ")
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        for name, text in [("main.c", SOURCE), ("ot her.c", OTHER), ("main.cc", CXX_SOURCE)]:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                f.write(text)

    def run_in(self, words, status=0, **keys):
        keys.setdefault("env", dict(os.environ))["KTHRASH_LIB"] = os.path.dirname(LIBRARY)
        done = subprocess.run(words, cwd=self.folder, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False, **keys)
        self.assertEqual(done.returncode, status, "%s\n%s" % (words, done.stdout))
        return done.stdout

    def cc(self, compiler, *args, **keys):
        name = "kthrash-c++" if "++" in compiler else "kthrash-cc"
        variable = "KTHRASH_CXX" if "++" in compiler else "KTHRASH_CC"
        return self.run_in([os.path.join(HERE, name), *args],
                           env={**os.environ, variable: compiler}, **keys)

    def check(self, program="a", run=True):
        """Tests that the program has hooks and the library, and that it runs."""
        said = self.run_in(["readelf", "-Wd", "--dyn-syms", program])
        self.assertIn("Shared library: [libkthrash.so]", said)
        # A linker leaves the C library out if libkthrash.so has all that the program calls.
        self.assertNotRegex(said, r"(?s)\[libc\.so\.6\].*\[libkthrash\.so\]")
        self.assertNotIn("libtsan", said)
        self.assertRegex(said, r"UND __tsan_(un)?(read|write)")
        self.assertIn("RUNPATH", said)
        self.assertIn(".debug_line", self.run_in(["readelf", "-WS", program]))
        if run:
            self.run_in([os.path.join(".", program)])

    def test_one_command(self):
        for compiler in C:
            for option in ("-O0", "-O3", "-O2 -flto"):
                with self.subTest(compiler=compiler, option=option):
                    self.cc(compiler, *option.split(), "main.c", "ot her.c", "-o", "a")
                    self.check()

    def test_c_plus_plus(self):
        for compiler in CXX:
            with self.subTest(compiler=compiler):
                self.cc(compiler, "-std=c++17", "-O2", "main.cc", "-o", "a")
                self.check()

    def test_step_by_step(self):
        for compiler in C:
            with self.subTest(compiler=compiler):
                self.cc(compiler, "-MMD", "-MF", "m.d", "-c", "main.c", "-o", "m.o")
                self.cc(compiler, "-c", "ot her.c", "-o", "o.o")
                self.assertIn("main.c", self.read("m.d"))
                self.run_in(["ar", "rcs", "libo.a", "o.o"])
                self.cc(compiler, "-om", "m.o", "-L.", "-lo")
                self.check("m")
                self.cc(compiler, "-fPIC", "-shared", "-Wl,-z,defs", "ot her.c", "-o", "libs.so")
                self.cc(compiler, "@" + self.write("args", "main.c '-Wl,-rpath,$ORIGIN'\nlibs.so"),
                        "-o", "s")
                self.check("s")

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)
        return name

    def test_from_standard_input(self):
        for compiler in C:
            with self.subTest(compiler=compiler):
                self.cc(compiler, "-x", "c", "-", "-x", "none", "ot her.c", "-o", "a",
                        input=SOURCE)
                self.check()

    def test_what_passes_through(self):
        for compiler in C:
            with self.subTest(compiler=compiler):
                for args in (["--version"], ["-dumpmachine"], ["-M", "main.c"]):
                    self.assertEqual(self.cc(compiler, *args), self.run_in([compiler, *args]))
                self.assertIn("pthread_create(&t, 0, work, 0)", self.cc(compiler, "-E", "main.c"))
                self.assertIn("nonsense", self.cc(compiler, "-c", self.write(
                    "bad.c", "nonsense;\n#error nonsense\n"), status=1))

    def test_a_long_command_line(self):
        lines = "\n".join("-DNAME_%d=%s" % (n, "x" * 100) for n in range(12000))
        self.cc("clang-19", "@" + self.write("long", lines), "main.c", "ot her.c", "-o", "a")
        self.check()

    def test_undefined_behaviour(self):
        self.write("u.c", "#include <limits.h>\nint n = INT_MAX;\n"
                          "int main(int c, char **v) { (void)v; return n + c == 0; }\n")
        for compiler in C:
            with self.subTest(compiler=compiler):
                self.cc(compiler, "-fsanitize=undefined", "u.c", "-o", "u")
                self.check("u", run=False)
                self.run_in(["./u"], status=-4)     # SIGILL

    def test_a_cache_in_front(self):
        if not shutil.which("ccache"):
            self.skipTest("no ccache")
        cache = {**os.environ, "CCACHE_DIR": os.path.join(self.folder, "cache"),
                 "KTHRASH_CC": "clang-19"}
        for _ in range(2):      # The second time the object comes from the cache.
            self.run_in(["ccache", os.path.join(HERE, "kthrash-cc"), "-c", "main.c", "-o", "m.o"],
                        env=cache)
        for compiler in "ccache clang-19", "ccache gcc":
            self.run_in([os.path.join(HERE, "kthrash-cc"), "-c", "ot her.c", "-o", "o.o"],
                        env={**cache, "KTHRASH_CC": compiler})
            self.cc("clang-19", "m.o", "o.o", "-o", "a")
            self.check()


if __name__ == "__main__":
    unittest.main()
