# SPDX-License-Identifier: GPL-2.0-only
"""kthrash-cc and kthrash-c++: run a compiler so that kthrash can control what it makes.

A compiler with -fsanitize=thread calls a hook before each access to memory and for each atomic
operation. The sanitizer's own runtime has these hooks. The wrapper links libkthrash.so in its
place. Nothing else about the compiler's command line changes.

This module is started once for each file of a build. So it imports little, and where one command
is enough it becomes that command.
"""

import os
import subprocess
import sys
import tempfile

USAGE, ENVIRONMENT = 2, 3

# The options that have their value in the next word.
WITH_VALUE = {
    "-o", "-x", "-I", "-D", "-U", "-L", "-l", "-T", "-u", "-z", "-e", "-G", "-B", "-A", "-F",
    "-include", "-imacros", "-isystem", "-iquote", "-idirafter", "-iprefix", "-iwithprefix",
    "-iwithprefixbefore", "-isysroot", "-MF", "-MT", "-MQ", "-MJ", "-Xclang", "-Xlinker",
    "-Xassembler", "-Xpreprocessor", "-mllvm", "-target", "--param", "-aux-info", "-dumpbase",
    "-dumpdir", "--sysroot", "-arch", "-wrapper", "-specs",
}
# With one of these the compiler makes no code.
MAKES_NO_CODE = ("-E", "-M", "-MM", "-fsyntax-only", "--version", "--help", "-###", "-dumpversion",
                 "-dumpmachine", "-dumpspecs", "-dumpfullversion", "--target-help",
                 "--precompile")
SOURCES = (".c", ".cc", ".cp", ".cxx", ".cpp", ".c++", ".C", ".CPP", ".i", ".ii")
HEADERS = (".h", ".hh", ".hpp", ".hxx", ".H")


class Refusal(Exception):
    """A sentence that says why this command can't give a program that kthrash can run."""


class Line:
    """A compiler's command line, read as far as the wrapper must understand it."""

    def __init__(self, args):
        self.args = args
        self.inputs, self.output, self.language = [], None, None
        value_of = None
        for arg in args:
            if value_of:
                self.take(value_of, arg)
                value_of = None
            elif arg in WITH_VALUE:
                value_of = arg
            elif arg.startswith("-o") and len(arg) > 2:
                self.take("-o", arg[2:])
            elif arg.startswith("-x") and len(arg) > 2:
                self.take("-x", arg[2:])
            elif not arg.startswith("-") or arg == "-":
                self.inputs.append(arg)

    def take(self, option, value):
        if option == "-o":
            self.output = value
        elif option == "-x":
            self.language = None if value == "none" else value

    def has(self, *options):
        return any(arg in options for arg in self.args)

    def makes_no_code(self):
        return not self.inputs or self.has(*MAKES_NO_CODE) or \
            any(arg.startswith("-print-") for arg in self.args) or \
            (self.language or "").endswith("-header") or \
            all(i.endswith(HEADERS) for i in self.inputs)

    def only_compiles(self):
        return self.has("-c", "-S", "-emit-llvm")

    def sources(self):
        if self.language and not self.language.startswith("assembler"):
            return self.inputs
        return [i for i in self.inputs if i.endswith(SOURCES) or i == "-"]

    def check(self):
        for arg in self.args:
            if arg.startswith("-fsanitize="):
                names = arg.partition("=")[2].split(",")
                for name in ("address", "memory", "hwaddress", "leak", "dataflow", "kernel-address"):
                    if name in names:
                        raise Refusal(
                            "%s: compilers can't combine it with the hooks that kthrash needs; "
                            "kthrash looks for errors of the heap by itself" % arg)
        if self.has("-static", "-static-pie", "--static"):
            raise Refusal("-static: kthrash can't take over a program that is statically linked")
        if self.has("-m32", "-mx32"):
            raise Refusal("%s: kthrash runs 64-bit programs only" %
                          ("-m32" if self.has("-m32") else "-mx32"))
        if self.has("-nostdlib", "-nodefaultlibs", "-nolibc") and not self.only_compiles():
            raise Refusal("-nostdlib: kthrash needs a program that uses the C library")


def without_sanitizer(args):
    """Returns the arguments without the sanitizer that kthrash takes the place of."""
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


def is_clang(compiler):
    name = os.path.basename(compiler)
    if "clang" in name:
        return True
    if "gcc" in name or "g++" in name:
        return False
    said = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return "clang" in said


def debugging(args):
    """Returns the option for debug information, unless the command line has one. Places in
    findings come from it."""
    if any(a.startswith("-g") and not a.startswith(("-gcc-", "-gsplit")) for a in args):
        return []
    return ["-g"]


def hooks(clang):
    """Returns the options with which a compiler calls the hooks.

    clang's own driver does not see -Xclang options, so it does not link its runtime. With
    read-before-write it also calls the hook before a load whose word is stored at once, as in
    x++. gcc always does.
    """
    if clang:
        return ["-Xclang", "-fsanitize=thread", "-mllvm", "-tsan-instrument-read-before-write=1"]
    return ["-fsanitize=thread"]


def linking(library):
    """Returns the options that link libkthrash.so. It comes first, so that its functions stand
    before those of the C library."""
    folder = os.path.dirname(library)
    return ["-L" + folder, "-Wl,--push-state,--no-as-needed", "-lkthrash", "-Wl,--pop-state",
            "-Wl,-rpath," + folder, "-Wl,--build-id"]


def run_or_fail(command):
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status if status > 0 else ENVIRONMENT)


def compile_then_link(compiler, line, args, library):
    """gcc has no option that calls the hooks without linking the sanitizer's runtime. So each
    source is compiled by a command of its own."""
    sources = line.sources()
    with tempfile.TemporaryDirectory(prefix="kthrash-cc-") as folder:
        objects = {}
        for n, source in enumerate(sources):
            base = os.path.splitext(os.path.basename(source))[0]
            objects[source] = os.path.join(folder, "%d-%s.o" % (n, base))
            run_or_fail([compiler, *hooks(False), *for_compiling(args, line),
                         "-c", source, "-o", objects[source]])
        run_or_fail([compiler, *linking(library), *for_linking(args, objects)])


def for_compiling(args, line):
    """Returns the arguments without inputs, output and what only the linker reads."""
    kept, value_of = [], None
    for arg in args:
        if value_of:
            if value_of not in ("-o", "-L", "-l", "-T", "-u", "-z", "-e", "-Xlinker"):
                kept += [value_of, arg]
            value_of = None
        elif arg in WITH_VALUE:
            value_of = arg
        elif arg not in line.inputs and not arg.startswith(("-l", "-L", "-Wl,")) \
                and not (arg.startswith("-o") and len(arg) > 2):
            kept.append(arg)
    return kept


def for_linking(args, objects):
    """Returns the arguments with each source replaced by its object, and without what names the
    language of sources and their dependencies."""
    kept, value_of = [], None
    for arg in args:
        if value_of:
            if value_of not in ("-x", "-MF", "-MT", "-MQ", "-include"):
                kept += [value_of, arg]
            value_of = None
        elif arg in WITH_VALUE:
            value_of = arg
        elif arg in objects:
            kept.append(objects[arg])
        elif not arg.startswith(("-x", "-MD", "-MMD", "-MP")):
            kept.append(arg)
    return kept


def command_for(compiler, args, library):
    """Returns the command for `args`. If one is not enough, runs all that it takes and returns
    None."""
    line = Line(args)
    if line.makes_no_code():
        return [compiler, *args]
    line.check()
    clang = is_clang(compiler)
    args = without_sanitizer(args)
    sources = line.sources()
    if sources:
        args = debugging(args) + args
    if line.only_compiles():
        return [compiler, *hooks(clang), *args] if sources else [compiler, *args]
    if line.has("-r"):
        return [compiler, *(hooks(clang) if sources and clang else []), *args]
    if not sources:
        return [compiler, *linking(library), *args]
    if clang:
        return [compiler, *hooks(True), *linking(library), *args]
    compile_then_link(compiler, line, args, library)
    return None


def main(compiler, args, library):
    """Runs the compiler. Returns the exit status if the process has not become the compiler."""
    try:
        command = command_for(compiler, args, library)
    except Refusal as e:
        print("kthrash-cc: %s" % e, file=sys.stderr)
        return USAGE
    if command is None:
        return 0
    try:
        os.execvp(command[0], command)
    except OSError as e:
        print("kthrash-cc: %s: %s" % (command[0], e.strerror), file=sys.stderr)
        return ENVIRONMENT
