#!/usr/bin/python3 -BEs
# SPDX-License-Identifier: GPL-2.0-only
"""Makes libkthrash-kthread.a: core/ on real threads, and the kernel for drivers on top of it. With
more arguments it makes libkthrash-kthread-linux.so, which is the same on the kernel's own files.

usage: build.py ROOT OUT.a
       build.py ROOT OUT.so SHIM...

SHIM is one of the headers of core/linux/shim.bzl; ROOT/external/linux has the kernel's files.

The code is compiled as kthrash-cc compiles a program, because it is code of the program. It becomes
one object. Its code lies in a section of its own, so that libkthrash.so knows which code it is. Its
functions are known by a table only, so that a driver may use any name. A driver calls them by stubs
that jump to what the table says; core/driver/choose.c fills the table from the shared library, if
the process has loaded one.
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
SYMBOLS = "nm"
WORDS = {"os": "posix", "lock": "mutex", "completion": "futex", "queue": "list", "rcu": "epoch"}
# Core's own tests and what core/driver replaces. The registry of CPUs is part of a kthreadd.
LEFT_OUT = ("_test.c", "posix/os_attr.c", "posix/eventfd.c", "posix/sem.c")
SOURCES = ["core/*.c", "platform/posix/*.c", "platform/names.c", "platform/lockdep.c",
           "platform/rcu/barrier.c", "platform/rcu/epoch.c", "core/driver/*.c"]
# On the kernel's files, core/linux/ takes the place of these.
REPLACED = ("core/freezer.c", "core/kthread.c", "core/kthreadd.c", "core/smpboot.c",
            "core/worker.c")
LINUX = ["core/linux/*.c"]
NO_LINUX = ("core/linux/races.c",)      # for ThreadSanitizer's own runtime
UNIT = "core/linux/unit_"
# The text is the kernel's, so its warnings are not ours: core/linux/BUILD.
OF_UNITS = ["-Wno-unused-parameter", "-Wno-sign-compare", "-Wno-missing-field-initializers",
            "-Wno-unused-function", "-fno-delete-null-pointer-checks"]
# Their accesses are not taken for the driver's.
RENAMED = {"platform/posix/os_thread.c": ["-Dpthread_create=kd_pthread_create"]}
NO_HOOKS = ("platform/lockdep.c", "core/driver/objects.c", "core/driver/choose.c")
# Not part of the kernel: linked into each driver, and into those that have no main().
CHOOSE, APART = "core/driver/choose.c", "core/driver/main.c"
HOOKS = ["-Xclang", "-fsanitize=thread", "-mllvm", "-tsan-instrument-read-before-write=1",
         "-mllvm", "-tsan-instrument-func-entry-exit=0"]
SECTION = "kthrash_kernel"
TABLE = "kthrash_kernel_functions"


def defines():
    for role, word in WORDS.items():
        yield "-DKT_%s_%s" % (role.upper(), word.upper())
        yield "-DKT_%s=%s" % (role.upper(), word)
        yield '-DKT_%s_NAME="%s"' % (role.upper(), word)


def sources(root, patterns):
    """Returns the names of the sources below `root`, in a fixed order."""
    found = sorted(os.path.relpath(p, root) for s in patterns
                   for p in glob.glob(os.path.join(root, s)))
    return [s for s in found if not s.endswith(LEFT_OUT)]


class Kernel:
    """The objects that become the kernel, in `folder`. `shim`: None for our own core."""

    def __init__(self, root, folder, shim):
        self.root, self.folder, self.shim = root, folder, shim

    def includes(self):
        """Returns where the kernel's files and core/linux/ look for headers."""
        if not self.shim:
            return []
        tree = os.path.join(self.root, "external", "linux")
        return ["-DKT_CORE_LINUX", "-I" + os.path.join(tree, "version")]

    def of_unit(self):
        """The same for a unit, which includes the text, and the headers of shim.bzl."""
        tree = os.path.join(self.root, "external", "linux")
        shim = self.shim[:self.shim.index("/include/") + len("/include")]
        return [*OF_UNITS, *("-I" + f for f in (shim, os.path.join(tree, "include"), tree))]

    def compile(self, name):
        """Compiles one file; returns its object."""
        out = os.path.join(self.folder, name.replace("/", "-") + ".o")
        unit = self.of_unit() if name.startswith(UNIT) else []
        subprocess.run([
            COMPILER, "-std=gnu11", "-O2", "-g", "-fPIC", "-pthread", "-Wall", "-Wextra",
            "-D_GNU_SOURCE", "-ftls-model=initial-exec",
            "-fno-strict-aliasing", "-fno-omit-frame-pointer", "-I", self.root, *defines(),
            *self.includes(), *unit,
            "-ffile-prefix-map=%s/=" % self.root, *([] if name in NO_HOOKS else HOOKS),
            *RENAMED.get(name, []),
            "-c", name if os.path.isabs(name) else os.path.join(self.root, name), "-o", out],
            check=True)
        return out

    def compile_all(self, names):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self.compile, names))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as f:
            f.write(text)
        return f.name

    def assemble(self, name, text):
        path = self.write(name + ".S", text)
        subprocess.run([COMPILER, "-c", path, "-o", path + ".o"], check=True)
        return path + ".o"

    def link(self, name, objects, keep):
        """Links objects to one in which only the symbols `keep` are global."""
        out = os.path.join(self.folder, name)
        subprocess.run([LINKER, "-r", "-o", out, *objects], check=True)
        subprocess.run([OBJCOPY, "-w", *("--keep-global-symbol=" + g for g in keep), out],
                       check=True)
        return out

    def make(self):
        """Returns (the object, the names of its functions)."""
        names = sources(self.root, SOURCES + LINUX * bool(self.shim))
        left = {CHOOSE, APART, *(REPLACED + NO_LINUX if self.shim else ())}
        objects = self.compile_all([n for n in names if n not in left])
        functions = functions_of(objects)
        objects.append(self.assemble("table", table_of(functions)))
        made = self.link("kernel.o", objects, [TABLE])
        subprocess.run([OBJCOPY, *("--rename-section=%s=%s" % (s, SECTION)
                                   for s in (".text", ".text.unlikely.", ".text.unlikely",
                                             ".text.hot.")), made], check=True)
        return made, functions


def functions_of(objects):
    """Returns the names of the functions that a driver may call."""
    said = subprocess.run([SYMBOLS, "-g", "--defined-only", *objects], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    words = [line.split() for line in said.splitlines()]
    return sorted(w[2] for w in words if len(w) == 3 and w[1] == "T" and w[2].startswith("kd_"))


# In both, an entry of the table is a name and an address.
def table_of(functions):
    """Returns assembly: the names of the functions, and where they are."""
    return "\n".join([
        '.section .rodata.str1.1,"aMS",@progbits,1',
        *('name_%d: .asciz "%s"' % each for each in enumerate(functions)),
        ".data", ".balign 8", ".globl " + TABLE, TABLE + ":",
        *(".quad name_%d, %s" % each for each in enumerate(functions)),
        ".quad 0, 0", '.section .note.GNU-stack,"",@progbits', ""])


def stubs_of(functions):
    """Returns assembly: functions that jump to where the table says."""
    return "\n".join([
        ".text",
        *("\n.globl %s\n.type %s, @function\n%s:\n\tjmp *%s+%d(%%rip)\n.size %s, .-%s" % (
            name, name, name, TABLE, 16 * n + 8, name, name) for n, name in enumerate(functions)),
        '.section .note.GNU-stack,"",@progbits', ""])


def archive(kernel, out):
    """Makes the archive that each driver is linked with."""
    made, functions = kernel.make()
    stubs = kernel.assemble("stubs", stubs_of(functions))
    choose, apart = kernel.compile_all([CHOOSE, APART])
    whole = kernel.link("driver.o", [made, stubs, choose], ["kd_*", "__wrap_main"])
    subprocess.run([ARCHIVER, "rcsD", out, whole, apart], check=True)


def library(kernel, out):
    """Makes the shared library that takes the archive's place in a process that loads it."""
    made, _ = kernel.make()
    subprocess.run([COMPILER, "-shared", "-pthread", "-Wl,-z,lazy",
                    "-Wl,-Bsymbolic", "-Wl,-z,start-stop-visibility=hidden",
                    "-Wl,--build-id", "-o", out, made], check=True)


def main(root, out, *shims):
    root, out = os.path.abspath(root), os.path.abspath(out)
    shim = os.path.abspath(shims[0]) if shims else None
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
        made = os.path.join(folder, os.path.basename(out))
        (library if shim else archive)(Kernel(root, folder, shim), made)
        os.replace(made, out)
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.split("\n\n")[1])
    sys.exit(main(*sys.argv[1:]))
