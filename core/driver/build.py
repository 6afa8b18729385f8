#!/usr/bin/python3 -BEs
# SPDX-License-Identifier: GPL-2.0-only
"""Makes libkthrash-kthread.a: core/ on real threads, and the kernel for drivers on top of it.

usage: build.py ROOT OUT.a

The code is compiled as kthrash-cc compiles a program, because it is code of the program. It becomes
one object. Its code lies in a section of its own, so that libkthrash.so knows which code it is, and
only the functions behind the kernel's headers are global, so that a driver may use any name.
"""

import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

COMPILER = "clang-19"
LINKER = "ld"
OBJCOPY = "objcopy"
ARCHIVER = "ar"
WORDS = {"os": "posix", "lock": "mutex", "completion": "futex", "queue": "list", "rcu": "epoch"}
# Core's own tests and what core/driver replaces. The registry of CPUs is part of a kthreadd.
LEFT_OUT = ("_test.c", "posix/os_attr.c", "posix/eventfd.c", "posix/sem.c")
SOURCES = ["core/*.c", "platform/posix/*.c", "platform/names.c", "platform/lockdep.c",
           "platform/rcu/barrier.c", "platform/rcu/epoch.c", "core/driver/*.c"]
# Their accesses are not taken for the driver's.
RENAMED = {"platform/posix/os_thread.c": ["-Dpthread_create=kd_pthread_create"]}
NO_HOOKS = ("platform/lockdep.c", "core/driver/objects.c")
# Linked only if the program has no main().
APART = "core/driver/main.c"
HOOKS = ["-Xclang", "-fsanitize=thread", "-mllvm", "-tsan-instrument-read-before-write=1",
         "-mllvm", "-tsan-instrument-func-entry-exit=0"]
SECTION = "kthrash_kernel"
GLOBAL = ["kd_*", "__wrap_main"]


def defines():
    for role, word in WORDS.items():
        yield "-DKT_%s_%s" % (role.upper(), word.upper())
        yield "-DKT_%s=%s" % (role.upper(), word)
        yield '-DKT_%s_NAME="%s"' % (role.upper(), word)


def sources(root):
    """Returns the names of the sources below `root`, in a fixed order."""
    found = sorted(os.path.relpath(p, root) for s in SOURCES
                   for p in glob.glob(os.path.join(root, s)))
    return [s for s in found if not s.endswith(LEFT_OUT)]


def compile_one(root, name, out):
    subprocess.run([
        COMPILER, "-std=gnu11", "-O2", "-g", "-fPIC", "-pthread", "-Wall", "-Wextra",
        "-D_GNU_SOURCE",
        "-fno-strict-aliasing", "-fno-omit-frame-pointer", "-I", root, *defines(),
        "-ffile-prefix-map=%s/=" % root, *([] if name in NO_HOOKS else HOOKS),
        *RENAMED.get(name, []),
        "-c", os.path.join(root, name), "-o", out], check=True)


def object_of(folder, name):
    return os.path.join(folder, name.replace("/", "-") + ".o")


def main(root, out):
    root, out = os.path.abspath(root), os.path.abspath(out)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    names = sources(root)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: compile_one(root, name, object_of(folder, name)), names))
        kernel, made = os.path.join(folder, "kernel.o"), os.path.join(folder, "made.a")
        subprocess.run([LINKER, "-r", "-o", kernel,
                        *(object_of(folder, n) for n in names if n != APART)], check=True)
        subprocess.run([OBJCOPY, "-w", *("--keep-global-symbol=" + g for g in GLOBAL),
                        *("--rename-section=%s=%s" % (s, SECTION)
                          for s in (".text", ".text.unlikely.", ".text.unlikely", ".text.hot.")),
                        kernel], check=True)
        subprocess.run([ARCHIVER, "rcsD", made, kernel, object_of(folder, APART)], check=True)
        os.replace(made, out)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    sys.exit(main(*sys.argv[1:]))
