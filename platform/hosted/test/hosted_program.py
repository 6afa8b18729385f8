# SPDX-License-Identifier: GPL-2.0-only
"""Compiles a program for the runtime, as kthrash-cc does, and runs it under the test's driver."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
COMPILERS = [c for c in ("clang-19", "clang-14", "gcc") if shutil.which(c)]
CXX = {"clang-19": "clang++-19", "clang-14": "clang++-14", "gcc": "g++"}
LLVM = ["-tsan-instrument-read-before-write=1", "-tsan-distinguish-volatile=1",
        "-capture-tracking-max-uses-to-explore=0"]
CLANG = [word for option in LLVM for word in ("-mllvm", option)]
GCC = ["--param=tsan-distinguish-volatile=1"]


def wrapped():
    """Returns the linker's options for the functions that the library has in the place of those of
    the C library."""
    symbols = subprocess.run(["readelf", "--dyn-syms", "-W", LIBRARY], stdout=subprocess.PIPE,
                             text=True, check=True).stdout
    return ["-Wl,--wrap=" + name for name in re.findall(r" __wrap_(\w+)", symbols)]


def compiled(name, compiler="clang-19", options=("-O1",), more=()):
    """Returns the path of the program that is made of test/programs/NAME. `more` are arguments
    for the linker."""
    source = os.path.join(HERE, "programs", name)
    compiler = CXX[compiler] if name.endswith(".cc") else compiler
    out = os.path.join(FOLDER, "-".join([name, compiler, *options]).replace("/", "_"))
    hooks = ["-fsanitize=thread", *(CLANG if "clang" in compiler else GCC)]
    subprocess.run([compiler, *hooks, "-g", "-w", *options, "-c", source, "-o", out + ".o"],
                   check=True)
    subprocess.run([compiler, out + ".o", "-o", out, *more, LIBRARY, *wrapped(),
                    "-Wl,-rpath," + os.path.dirname(LIBRARY)], check=True)
    return out


def native(program, *args, **kwargs):
    """Runs the program without a driver."""
    return subprocess.run([program, *args], stdout=subprocess.PIPE, text=True, check=False,
                          **kwargs)


def driven(program, *args, stdin=subprocess.DEVNULL, environment=(), **words):
    """Runs the program under the driver. Returns what the driver says: a dict of strings, in
    which "steps of the trace" is a list and "output" all that was printed."""
    env = dict(os.environ, **dict(environment))
    env["KTHRASH_SYMBOLIZER"] = shutil.which("llvm-symbolizer-19") or ""
    env["KTHRASH_DRIVER"] = "\x1f".join(["test"] + ["%s=%s" % w for w in words.items()])
    done = subprocess.run([program, *args], env=env, stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, cwd=FOLDER)
    said = {"trace": [], "output": done.stdout, "exit": done.returncode}
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        if key == "step":
            said["trace"].append(value)
        else:
            said[key] = value
    assert "status" in said, "the driver did not end:\n" + done.stdout
    return said


def started(program):
    """As driven(), for a program that the runtime must refuse. Returns the process."""
    return subprocess.run([program], env=dict(os.environ, KTHRASH_DRIVER="test"), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def passes(program, *args, **words):
    said = driven(program, *args, **words)
    assert said["kind"] == "pass" and said["status"] == "0", said["output"]
    assert said["differences"] == "0", said["output"]
    return said


def fails(kind, text, program, *args, **words):
    said = driven(program, *args, **words)
    assert said["kind"] == kind, "%s %s: expected %s:\n%s" % (program, args, kind, said["output"])
    assert text in said["message"], "expected '%s':\n%s" % (text, said["output"])
    assert said["differences"] == "0", said["output"]
    return said
