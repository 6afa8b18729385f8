# SPDX-License-Identifier: GPL-2.0-only
"""Starts programs under kthrash: `run`, and the commands that take a plan.

The program holds the driver in libkthrash.so. KTHRASH_DRIVER tells the library which of the
driver's commands to run in place of the program's main().
"""

import glob
import json
import os
import shlex
import shutil
import sys

from kthrashlib import children, env
from kthrashlib.build import cores, drivers
from kthrashlib.common import CLEAN, ROOT, TOOLS, usage
from kthrashlib.programs import assembly, build, elf, kernel, library, native, plans
from kthrashlib.show import explain as explaining
from kthrashlib.show.sources import Sources, annotate
from kthrashlib.where import IS_INSTALLED

SEPARATOR = "\x1f"
SYMBOLIZER = "llvm-symbolizer"
STARTS_IN_S = 60
# What the driver in the library says of itself. A program that runs with another library says
# something else.
BUILD = {"os": "sim", "deterministic": True, "bug": ""}
# These options choose what the program runs on.
NOT_FOR_DRIVERS = ("--os", "--core", "--linux")


# ---- the environment -----------------------------------------------------------------


def symbolizer():
    """Returns the path of the program that knows the names of places: Debian's newest, else the one
    in PATH."""
    def found():
        of_debian = glob.glob("/usr/lib/llvm-*/bin/" + SYMBOLIZER)
        return max(of_debian, default=None, key=version) or shutil.which(SYMBOLIZER)

    if not found():
        env.ensure(env.SYMBOLS)
    return found()


def version(path):
    """Returns the number in /usr/lib/llvm-19/bin/..."""
    number = path.split("/")[3].partition("-")[2]
    return int(number) if number.isdigit() else 0


def environment(words, core=None):
    """Returns the environment in which a program runs the driver's command line `words`, on the
    kernel.get() `core`."""
    for word in words:
        if SEPARATOR in word:
            raise usage("a name with the character \\x1f can't be given to a program's driver")
    # With a library that was built anew, an old program runs on the new one.
    path = [library.folder(), *os.environ.get("LD_LIBRARY_PATH", "").split(":")]
    return {**os.environ, "KTHRASH_DRIVER": SEPARATOR.join(words),
            "KTHRASH_SYMBOLIZER": symbolizer(),
            "LD_LIBRARY_PATH": ":".join(filter(None, path)), **kernel.variables(core)}


# ---- the program ---------------------------------------------------------------------


def resolved(name):
    """Returns the path of a program as a shell finds it. A name without a slash may also be in this
    folder."""
    if "/" in name or name in (os.curdir, os.pardir):
        return name
    if os.path.exists(name) or not shutil.which(name):
        return os.path.join(".", name)
    return shutil.which(name)


def about(program):
    """Asks the driver in the program which library it is. Returns its answer and how the program
    ended. The answer is {} if the program ended before its driver ran. A constructor of the program
    may print, too."""
    try:
        done = children.run(program, stdin=children.DEVNULL, stdout=children.PIPE,
                            stderr=children.PIPE, may_be_killed=True, timeout=STARTS_IN_S,
                            env=environment(["about"]))
        lines = done.stdout.decode(errors="replace").strip().split("\n")
        said = json.loads(lines[-1])
        return said if isinstance(said, dict) else {}, done
    except ValueError:
        return {}, done
    except children.TimeoutExpired:
        raise usage("%s: has not reached its main() after %d s, so kthrash can't take it over" % (
            program[0], STARTS_IN_S)) from None
    except OSError as e:
        raise usage("%s: can't be started: %s" % (program[0], e.strerror)) from e


def ending(done):
    said = done.stderr.decode(errors="replace").strip().split("\n")[-1]
    how = "by signal %d" % -done.returncode if done.returncode < 0 else \
        "with status %d" % done.returncode
    return how + (": " + said if said else "")


def check(program):
    """Raises an error if kthrash can't run the program: what its file says, and then what it says
    of its library when it is started."""
    elf.check(program[0])
    build.ensure()
    said, done = about(program)
    if not said:
        raise usage("%s: ends before its main(), %s; so there is nothing that kthrash could take "
                    "over" % (program[0], ending(done)))
    for key, wanted in BUILD.items():
        if said.get(key) != wanted:
            raise usage("%s: runs with another libkthrash.so than %s: its driver says %s '%s'" % (
                program[0], library.path(), key, said.get(key)))


# ---- commands ------------------------------------------------------------------------


def starter(program):
    """Returns the text of a shell script that starts the program with the driver's command line
    that the script gets, as a campaign does it."""
    variables = environment([])
    return """#!/bin/sh
words=
for word; do
	words="$words${words:+$(printf '\\037')}$word"
done
export KTHRASH_DRIVER="$words"
export KTHRASH_SYMBOLIZER=%s
export LD_LIBRARY_PATH=%s
exec %s
""" % (shlex.quote(variables["KTHRASH_SYMBOLIZER"]), shlex.quote(variables["LD_LIBRARY_PATH"]),
       " ".join(map(shlex.quote, [os.path.abspath(resolved(program[0])), *program[1:]])))


def drive(program, words, core=None):
    """Runs the driver's command line `words` in the program; returns its exit status."""
    return drivers.drive(program, environment(words, core))


def options_of(call):
    """Returns the options of a call, as words for a driver."""
    return [o for o in call.line[:len(call.line) - len(call.words)]
            if o.partition("=")[0] not in NOT_FOR_DRIVERS]


def own_options(command, call):
    """Returns the options that the front door itself gives to a command that hunts. On a terminal
    the command says how far it is."""
    if command not in ("run", "verify"):
        return []
    shown = sys.stderr.isatty() and "--json" not in call.options
    return ["--door=" + front_door()] + ["--progress"] * shown


def front_door():
    """Returns the words with which the user can call the front door from this folder."""
    if IS_INSTALLED:
        return "kthrash"
    name = os.path.join(TOOLS, "kthrash")
    return os.path.relpath(name) if os.path.samefile(os.curdir, ROOT) else name


def judge_assembly(program, call):
    """Unseen atomics make races and outcomes of weak memory out of what is none, so that such a
    hunt is refused. Another hunt only knows less."""
    found = assembly.places(program, symbolizer())
    if not found:
        return
    weak = [word for word in options_of(call)
            if word.startswith("--memory=") and word != "--memory=sc"]
    option = "--races" if "--races" in call.options else weak[0] if weak else None
    if option:
        raise usage("%s: %s; %s would report what is no error" % (
            program, assembly.sentence(found), option))
    print("kthrash: %s: %s" % (program, assembly.sentence(found)), file=sys.stderr)


def run(call):
    program = [resolved(call.words[0]), *call.words[1:]]
    check(program)
    judge_assembly(program[0], call)
    core = kernel.get(program[0], call.options)
    if call.options.get("--os") == "posix":
        return native.run(program, call, kernel.variables(core))
    return drive(program, ["run", *options_of(call), *own_options("run", call)], core)


def check_plans(call):
    """Where kthrash is installed, there is no driver for plans of kthrash's own subject."""
    for plan in call.words:
        if IS_INSTALLED and not plans.program_of(plan):
            raise usage("%s: %s" % (plan, plans.complaint(plan)))


def of_plans(call):
    """Returns the plans of the call by their program's command line, as pairs (words, plans). The
    words are None for plans that have no program."""
    found = {}
    for plan in call.words:
        words = plans.command_of(plan)
        found.setdefault(tuple(words) if words else None, []).append(plan)
    return list(found.items())


def refuse_choice_of_build(call):
    """A program has one build, so options that choose a build of the driver would be ignored."""
    for name in drivers.OPTIONS:
        if name in call.options and name not in NOT_FOR_DRIVERS[1:]:
            raise usage("%s: %s is a plan of a program, which is run as it was built" % (
                name, call.words[0]))


def with_plans(command, call, otherwise):
    """Runs a command in the program of its plans, or `otherwise(call)` for plans of kthrash's own
    subject."""
    check_plans(call)
    groups = of_plans(call)
    if all(program is None for program, _ in groups):
        return otherwise(call)
    refuse_choice_of_build(call)
    if any(program is None for program, _ in groups):
        raise usage("some of these plans are of programs and others are not: run them one by one")
    status = CLEAN
    for program, files in groups:
        check(list(program))
        for some in cores.groups(call.options, files):
            status = max(status, drive(list(program), [
                command, *options_of(call), *own_options(command, call), *some],
                kernel.get(program[0], call.options, some[0])))
    return status


def replay(call):
    return with_plans("replay", call, drivers.replay)


def shrink(call):
    return with_plans("shrink", call, drivers.shrink)


def verify(call):
    return with_plans("verify", call, drivers.verify)


def single(call):
    """Returns the program of the call's only plan, or None."""
    check_plans(call)
    program = plans.command_of(call.words[0])
    if program:
        refuse_choice_of_build(call)
        check(program)
    return program


def explain(call):
    program = single(call)
    if not program:
        return explaining.main(call)
    sources = Sources([os.curdir, os.path.dirname(os.path.abspath(program[0]))])
    core = kernel.get(program[0], call.options, call.words[0])
    return explaining.write(call, program, environment(explaining.driver_words(call), core),
                            lambda explained: annotate(explained, sources))


def gdb(call):
    program = single(call)
    if not program:
        return drivers.gdb(call)
    core = kernel.get(program[0], call.options, call.words[0])
    return drivers.debug(
        call, lambda command: (program, environment([command, call.words[0]], core)), os.curdir)
