# SPDX-License-Identifier: GPL-2.0-only
"""kthrash-cc and kthrash-c++: run a compiler so that kthrash can control what it makes.

A compiler with -fsanitize=thread calls a hook before each access to memory and for each atomic
operation. The sanitizer's own runtime has these hooks. The wrapper links libkthrash.so in its
place. So the part of the compiler that makes code must get the option, and the part that calls the
linker must not. Nothing else about the command line changes, so one command stays one command.

This module is started once for each file of a build. So it imports little, and it becomes the
compiler.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile

from kthrashlib.programs import response, wrapped

USAGE, ENVIRONMENT = 2, 3
NAME = "kthrash-cc"

# Without KTHRASH_CC or KTHRASH_CXX the first of these that is installed is the compiler.
COMPILERS = {
    "KTHRASH_CC": ("clang-19", "clang", "gcc", "cc"),
    "KTHRASH_CXX": ("clang++-19", "clang++", "g++", "c++"),
}
# These programs run the compiler that follows them.
LAUNCHERS = ("ccache", "sccache", "distcc", "icecc", "buildcache")
HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(HERE, "gcc.specs")
HOME = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
# Has kthrash.h, for programs that ask kthrash for something.
HEADERS = os.path.join(HOME, "platform", "hosted", "include")
# Has the headers of drivers under the kernel's names.
KERNEL_HEADERS = os.path.join(HOME, "core", "driver", "include")

# The options that have their value in the next word.
WITH_VALUE = {
    "-o", "-x", "-I", "-D", "-U", "-L", "-l", "-T", "-u", "-z", "-e", "-G", "-B", "-A", "-F",
    "-include", "-imacros", "-include-pch", "-isystem", "-iquote", "-idirafter", "-iprefix",
    "-iwithprefix", "-iwithprefixbefore", "-isysroot", "-imultilib", "-ivfsoverlay", "-MF", "-MT",
    "-MQ", "-MJ", "-Xclang", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-Xarch_host", "-mllvm",
    "-target", "--param", "-aux-info", "-dumpbase", "-dumpbase-ext", "-dumpdir", "--sysroot",
    "-arch", "-wrapper", "-specs", "-rpath", "--output", "--include-directory", "--language",
}
# With one of these the compiler does not call the linker.
ENDS_BEFORE_LINK = ("-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "-emit-llvm", "--precompile",
                    "--preprocess", "--compile", "--assemble", "--analyze")
# With one of these the compiler only says something.
SAYS = ("--version", "--help", "-###", "-dumpversion", "-dumpmachine", "-dumpspecs",
        "-dumpfullversion", "--target-help")
SOURCES = (".c", ".cc", ".cp", ".cxx", ".cpp", ".c++", ".C", ".CPP", ".i", ".ii", ".cppm", ".ixx",
           ".h", ".hh", ".hpp", ".hxx", ".H")
NO_SANITIZERS = ("address", "memory", "hwaddress", "leak", "dataflow", "kernel-address", "type",
                 "realtime", "numerical", "kernel-memory", "kernel-hwaddress", "memtag",
                 "pointer-compare", "pointer-subtract")
# The checks of UBSan; also those that it has only if they are named.
UNDEFINED = {
    "undefined", "alignment", "bool", "bounds", "bounds-strict", "array-bounds", "builtin", "enum",
    "float-cast-overflow", "float-divide-by-zero", "function", "implicit-conversion", "integer",
    "integer-divide-by-zero", "local-bounds", "nonnull-attribute", "null", "nullability",
    "object-size", "pointer-overflow", "return", "returns-nonnull-attribute", "shift",
    "shift-base", "shift-exponent", "signed-integer-overflow", "unreachable",
    "unsigned-integer-overflow", "unsigned-shift-base", "vla-bound", "vptr",
}

LLVM = ("-tsan-instrument-read-before-write=1", "-tsan-distinguish-volatile=1",
        "-capture-tracking-max-uses-to-explore=0")


class Refusal(Exception):
    """A sentence that says why this command can't give a program that kthrash can run."""


class Line:
    """A compiler's command line, read as far as the wrapper must understand it."""

    def __init__(self, args):
        self.args = args
        self.inputs, self.language, self.has_sources = [], None, False
        value_of = None
        for arg in args:
            if value_of:
                self.take(value_of, arg)
                value_of = None
            elif arg in WITH_VALUE:
                value_of = arg
            elif arg.startswith(("-x", "--language=")) and len(arg) > 2:
                self.take("-x", arg.partition("=")[2] or arg[2:])
            elif arg == "-" or not arg.startswith("-"):
                self.take_input(arg)

    def take(self, option, value):
        if option in ("-x", "--language"):
            self.language = None if value == "none" else value

    def take_input(self, name):
        self.inputs.append(name)
        if self.language:
            self.has_sources |= self.language not in ("assembler", "ir", "none")
        else:
            self.has_sources |= name.endswith(SOURCES)

    def has(self, *options):
        return next((arg for arg in self.args if arg in options), None)

    def only_says(self):
        return self.has(*SAYS) or any(a.startswith(("-print-", "--print-")) for a in self.args)

    def links(self):
        """Does the compiler call the linker for a program or a shared library?"""
        if self.has(*ENDS_BEFORE_LINK, "-r") or (self.language or "").endswith("-header"):
            return False
        if self.inputs:
            headers = (".h", ".hh", ".hpp", ".hxx", ".H")
            return bool(self.language) or not all(i.endswith(headers) for i in self.inputs)
        # The inputs may all be libraries.
        return any(a.startswith("-l") for a in self.args)

    def sanitizers(self):
        return [name for arg in self.args if arg.startswith("-fsanitize=")
                for name in arg.partition("=")[2].split(",")]

    def check(self):
        for name in self.sanitizers():
            if name in NO_SANITIZERS:
                raise Refusal("-fsanitize=%s: compilers can't combine it with the hooks that "
                              "kthrash needs; kthrash looks for errors of the heap by itself" %
                              name)
        word = self.has("-m32", "-mx32")
        if word:
            raise Refusal("%s: kthrash runs 64-bit programs only" % word)
        if not self.links():
            return
        word = self.has("-static", "--static", "-static-pie", "-Wl,-static")
        if word and not self.has("-shared"):
            raise Refusal("%s: kthrash can't take over a program that is statically linked" % word)
        word = self.has("-nostdlib", "-nodefaultlibs", "-nolibc", "-ffreestanding-link")
        if word and not self.has("-shared", "-lc"):
            raise Refusal("%s: kthrash needs a program that uses the C library" % word)


# ---- the compiler ----------------------------------------------------------------------


def compiler_of(variable):
    """Returns the words of the compiler that the environment variable names, or of the usual one.
    The compiler may be a path with blanks in it, or a command such as "ccache gcc"."""
    given = os.environ.get(variable, "")
    if given:
        return [given] if shutil.which(given) else shlex.split(given)
    names = COMPILERS[variable]
    return [next(filter(shutil.which, names), names[0])]


def is_clang(compiler):
    name = os.path.basename(compiler[-1])
    if "clang" in name:
        return True
    if "gcc" in name or "g++" in name:
        return False
    said = subprocess.run([*compiler, "--version"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return "clang" in said


def hooks(clang):
    """Returns the options with which a compiler calls the hooks. The compiler's own driver does not
    understand them, so it does not link the sanitizer's runtime.

    With read-before-write, clang also calls the hook before a load whose word is stored at once,
    as in x++. gcc always does. With distinguish-volatile, a volatile access has a hook of its own.

    clang leaves out accesses to variables on the stack of which no pointer gets away. But it looks
    at the pointer to the field that is accessed, and not at the variable: if a thread gets &job,
    clang leaves out job.done all the same. With no uses to explore it takes all of them for known
    to others.
    """
    if clang:
        return ["-Xclang", "-fsanitize=thread", *(word for option in LLVM for word in
                                                  ("-mllvm", option))]
    return ["-specs=" + SPECS]


def linking(library):
    """Returns the options that link libkthrash.so. It comes first, so that its functions stand
    before those of the C library. LD_LIBRARY_PATH can name another copy, because of the new
    dtags."""
    folder = os.path.dirname(library)
    return ["-L" + folder, "-Wl,--push-state,-Bdynamic,--no-as-needed", "-lkthrash",
            "-Wl,--pop-state,--enable-new-dtags,--build-id", "-Xlinker", "-rpath", "-Xlinker",
            folder, *wrapped.OPTIONS]


def of_kernel(line, kernel):
    """Returns what a driver needs, before and after the arguments: the headers, the C that the
    kernel is written in, and the kernel for drivers. It is booted before main()."""
    if line.language in ("c++", "c++-header") or any(
            i.endswith((".cc", ".cpp", ".cxx", ".C", ".c++", ".cp")) for i in line.inputs):
        raise Refusal("--kthread: a kernel driver is written in C")
    first, last = [], []
    if line.has_sources:
        first += ["-I", KERNEL_HEADERS, "-fno-strict-aliasing",
                  "-Werror=implicit-function-declaration"]
    if line.links():
        if line.has("-shared"):
            raise Refusal("--kthread: a driver is linked into a program, not into a library")
        if not os.path.exists(kernel):
            raise Refusal("%s is not there yet; this command makes it: %s cc --kthread -- clang-19 "
                          "--version" % (kernel, os.path.join(HOME, "tools", "kthrash")))
        last += ["-Wl,--wrap=main", kernel, "-pthread"]
    return first, last


def undefined(clang, line):
    """Returns the option with which an error that UBSan finds is a trap at its place: the runtime
    of UBSan would end the process behind kthrash's back."""
    if not UNDEFINED.intersection(line.sanitizers()) or \
            any(a.startswith(("-fsanitize-trap", "-fsanitize-undefined-trap")) for a in line.args):
        return []
    return ["-fsanitize-trap=all" if clang else "-fsanitize-undefined-trap-on-error"]


def around_engine(compiler, clang, line):
    """Returns options before and after the arguments. For libFuzzer clang names the C++ library,
    and does that before all other libraries. But libkthrash.so must come before it."""
    is_afl = "afl" in os.path.basename(compiler[-1])
    if not clang or is_afl or "fuzzer" not in line.sanitizers() or \
            line.has("-shared", "-nostdlib++"):
        return [], []
    return ["-nostdlib++"], ["-lc++" if line.has("-stdlib=libc++") else "-lstdc++", "-lm"]


def without_sanitizer(args):
    """Returns the arguments without the sanitizer whose place kthrash takes."""
    kept = []
    for arg in args:
        if arg.startswith("-fsanitize="):
            names = [n for n in arg.partition("=")[2].split(",") if n != "thread"]
            arg = "-fsanitize=" + ",".join(names)
            if not names:
                continue
        if arg not in ("-static-libtsan", "-ltsan", "-shared-libsan"):
            kept.append(arg)
    return kept


def command_for(compiler, args, library, kernel=None):
    """Returns the command that does for kthrash what `compiler` with `args` does. With `kernel`,
    the path of the kernel for drivers, the sources are those of a driver."""
    args = response.expanded(args)
    line = Line(args)
    if line.only_says() or not (line.has_sources or line.links()):
        return [*compiler, *args]
    line.check()
    clang = is_clang(compiler)
    added, last = undefined(clang, line), []
    if line.has_sources:
        # Places have their names from debug information. A -g0 of the user follows, and wins.
        added += ["-g", *hooks(clang), "-idirafter", HEADERS]
    elif line.links() and line.has("-flto", "-flto=auto", "-flto=full", "-flto=thin"):
        added += hooks(clang)       # A link with -flto makes code, too.
    if kernel:
        first, last = of_kernel(line, kernel)
        added += first
        args = args + last
        last = []
    if line.links():
        if not os.path.exists(library):
            raise Refusal("%s is not there yet; this command makes it: %s cc -- %s --version" % (
                library, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
                    os.path.abspath(__file__)))), "kthrash"), compiler[-1]))
        first, last = around_engine(compiler, clang, line)
        added += [*linking(library), *first]
    return [*compiler, *added, *without_sanitizer(args), *last]


def become(command):
    os.execvp(command[0], command)


def run_child(command):
    return subprocess.run(command, check=False).returncode


def start(command, run):
    """Runs the compiler by run(command), or becomes the compiler. If the command line is too long
    for the system, the compiler gets it in a file. Returns the compiler's exit status."""
    if response.fits(command):
        return (run or become)(command)
    with tempfile.NamedTemporaryFile("w", prefix="kthrash-cc-", encoding="utf-8",
                                     errors="surrogateescape") as f:
        first = 2 if os.path.basename(command[0]) in LAUNCHERS else 1
        f.write(response.written(command[first:]))
        f.flush()
        return (run or run_child)([*command[:first], "@" + f.name])


def main(compiler, args, library, run=None, kernel=None):
    """Runs the compiler, a list of words, by run(command), which returns its exit status. Without
    `run` this process becomes the compiler, as a rule, and main() does not return."""
    while os.path.basename(compiler[-1]) in LAUNCHERS and args and not args[0].startswith("-"):
        compiler, args = [*compiler, args[0]], args[1:]
    command = compiler
    try:
        command = command_for(compiler, args, library, kernel)
        return start(command, run)
    except Refusal as e:
        print("%s: %s" % (NAME, e), file=sys.stderr)
        return USAGE
    except OSError as e:
        print("%s: %s: %s" % (NAME, e.filename or command[0], e.strerror), file=sys.stderr)
        return ENVIRONMENT
