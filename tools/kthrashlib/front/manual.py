# SPDX-License-Identifier: GPL-2.0-only
"""Makes the manual page, in mdoc(7), from the table of commands.

Debian's click-man is not used. It writes one page for each command, in man(7), without the files
and examples. A user looks for one page, kthrash(1).
"""

import os
import re
import tempfile
import textwrap

from kthrashlib import children, env, output
from kthrashlib.common import CLEAN, ENVIRONMENT
from kthrashlib.front import commands
from kthrashlib.front.options import AFTER_DASHES
from kthrashlib.where import IS_INSTALLED

WIDTH = 80

TOP = r""".\" SPDX-License-Identifier: GPL-2.0-only
.Dd $Mdocdate$
.Dt KTHRASH 1
.Os kthrash
.Sh NAME
.Nm kthrash
.Nd breaks code with threads on purpose
.Sh SYNOPSIS
.Nm
.Ar command
.Op Ar option ...
.Op Ar argument ...
.Sh DESCRIPTION
"""

TOP_CHECKOUT = r""".Nm
hunts concurrency bugs in a portable re-implementation of Linux's kthreadd and
kthread: on a deterministic simulator and on real threads, with kills and
allocation failures injected, under sanitizers.
It also hunts them in any program in C or C++ that
.Ic cc
has compiled:
.Ic run .
It is run from its checkout as
.Pa tools/kthrash ,
installs what it lacks from Debian's packages, and builds offline with Bazel.
.Pp
What runs is a
.Em plan ,
a text file: the calls that tasks make, and the switches, kills and failures on
the way.
A finding is a plan, too, and
.Ic replay
runs it again.
"""

TOP_INSTALLED = r""".Nm
hunts concurrency bugs in programs in C and C++ that use threads.
A program is compiled by
.Nm kthrash\-cc
or
.Nm kthrash\-c++ ,
which are used like the compilers whose commands they run.
Then
.Ic run
runs it under many schedules, in thousands of executions a second, until
something breaks.
.Pp
A finding is a
.Em plan ,
a text file: the program, its arguments, and the switches between its threads
that make it fail.
.Ic replay
runs it again.
"""

TOP_END = r""".Pp
An option's value follows an equals sign or stands in the next word;
.Fl o
takes the next word.
Options and arguments stand in any order.
.Sh COMMANDS
"""

BOTTOM = r""".Sh FILES
.Bl -tag -width Ds
.It Pa .kthrash/
the files that commands leave in the checkout:
.Pa findings/ ,
.Pa campaign/ ,
.Pa bugs/
and
.Pa logs/
.It Pa corpus/
plans: seeds, regressions, and one for each of many seeded bugs
.It Pa stress/bugs/
the seeded bugs, as patches
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
%s.El
.Pp
Output that can't be written, for example because the disk is full, is status 3.
A closed pipe ends a command by SIGPIPE.
If a finding can't be saved in its folder, the whole plan is printed, and the
status is 1.
.Sh FILES THAT ARE WRITTEN
A symbolic link stays, and the file to which it leads is written.
A device, a FIFO and an open descriptor such as
.Pa /dev/stdout
are written directly.
Any other file is replaced at once, when all of it is written.
.Sh EXAMPLES
Hunt for a minute, then look at what was found:
.Bd -literal -offset indent
$ tools/kthrash stress
$ tools/kthrash replay .kthrash/findings/deadlock-1.plan
.Ed
.Pp
The interleaving of a classic bug, on a page:
.Bd -literal -offset indent
$ tools/kthrash explain --bug=P1 --format=html -o page.html \e
	corpus/bugs/lost-wakeup.plan
.Ed
.Pp
Everything, for two minutes:
.Bd -literal -offset indent
$ tools/kthrash campaign
.Ed
.Sh SEE ALSO
.Pa README.md
and
.Pa CONTRIBUTING.md
in the checkout, and a README in each of its folders
"""


BOTTOM_INSTALLED = r""".Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev KTHRASH_CC , KTHRASH_CXX
the compilers that kthrash\-cc and kthrash\-c++ run
.El
.Sh FILES
.Bl -tag -width Ds
.It Pa .kthrash/findings/
what
.Ic run
has found, in the folder in which it was started
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
%s.El
.Sh EXAMPLES
A minute's hunt in a program, and the schedule that was found, in gdb:
.Bd -literal -offset indent
$ kthrash\-cc \-g queue_test.c \-o queue_test
$ kthrash run ./queue_test
$ kthrash gdb .kthrash/findings/*.min.plan
.Ed
"""


def text_lines(text):
    """Returns the lines of a paragraph in mdoc. Each sentence begins a new line, as the format
    asks. A line that begins with a dot or an apostrophe is escaped, so that mdoc does not take it
    for a macro."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    lines = []
    for sentence in re.split(r"(?<=[.:;!?]) +(?=[A-Z])", text):
        lines += textwrap.wrap(sentence, WIDTH - 2, break_on_hyphens=False)
    return [re.sub(r"^([.'])", r"\\&\1", line) for line in lines]


def form(option):
    name = "Fl " + option.name[1:].replace("-", r"\-")
    if not option.value:
        return name
    separator = " " if option.form.startswith("-o ") else " Ns = Ns "
    kind = "Ar" if option.value.isupper() else "Cm"
    return name + separator + kind + " " + option.value.replace("|", "|\\:") + \
        " Ns ..." * option.repeats


def synopsis(command):
    words = ["Ic " + command.name]
    words += ["Op Ar option ..."] * bool(command.options)
    if command.arguments == AFTER_DASHES:
        words.append("Op Fl \\- Ar word ...")
    elif command.is_other_program():
        words += ["Op Fl \\-", "Ar " + command.kind().lower(), "Op Ar argument ..."]
    elif command.arguments:
        plain = command.arguments.strip("[].").lower()
        words.append(("Op " if command.arguments.startswith("[") else "") +
                     ("Cm " if "|" in plain else "Ar ") + plain +
                     " ..." * command.arguments.endswith("..."))
    return words


def section(command):
    lines = [".Ss " + command.name, "." + "\n.".join(["Nm"] + synopsis(command)), ".Pp",
             *text_lines(command.text[0].upper() + command.text[1:] + ".")]
    if command.options:
        lines.append(".Bl -tag -width Ds")
        for o in command.options:
            lines += [".It " + form(o)] + text_lines(o.described())
        lines.append(".El")
    for paragraph in filter(None, command.more.split("\n\n")):
        lines += [".Pp"] + text_lines(paragraph)
    return "\n".join(lines) + "\n"


def page(installed=IS_INSTALLED):
    """Returns the page. Where kthrash is installed, it has the commands that work there."""
    shown = [c for c in commands.COMMANDS if not installed or c.name in commands.ANYWHERE]
    status = "".join(".It %d\n%s\n" % s for s in commands.STATUS)
    text = TOP + (TOP_INSTALLED if installed else TOP_CHECKOUT) + TOP_END + \
        "".join(map(section, shown)) + \
        (BOTTOM_INSTALLED if installed else BOTTOM) % status
    return text.replace("tools/kthrash", "kthrash") if installed else text


def main(call):
    if "--source" in call.options:
        print(page(), end="")
        return CLEAN
    env.ensure(env.MANUAL)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kthrash.1")
        with open(path, "w", encoding="utf-8") as f:
            f.write(page())
        with children.interrupts_go_to_child():
            status = output.relay(["man", "-l", path], terminal=True)
    return CLEAN if status == 0 else ENVIRONMENT
