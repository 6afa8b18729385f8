# SPDX-License-Identifier: GPL-2.0-only
"""Defines the classes of the table of commands: a command, an option, a range of numbers.

These are plain data. From them parser.py makes click's commands, and manual.py makes the manual
page.
"""

import dataclasses
import re

AFTER_DASHES = "[-- WORD...]"
# Arguments that begin like this end with another program's command line: all words after its name
# are its own, also those that begin with a dash.
OTHER_PROGRAM = "[--] "


@dataclasses.dataclass(frozen=True)
class Number:
    """A range of numbers that an option takes."""
    kind: type
    low: float
    high: float

    def read(self, text):
        """Returns the number, or None if `text` is not a number of the range. A number has digits,
        and a fraction may follow a point; the C driver reads numbers in the same way."""
        if not re.fullmatch("[0-9]+" if self.kind is int else r"[0-9]+(\.[0-9]+)?", text):
            return None
        try:
            n = self.kind(text)
        except ValueError:      # Python reads no number of many thousand digits.
            return None
        return n if self.low <= n <= self.high else None


def whole(low, high):
    return Number(int, low, high)


def real(low, high):
    return Number(float, low, high)


class Option:
    """An option of a command. `form` is how the option is written: "--json", "--seed=N",
    "--os=sim|posix", "-o FILE", or "--word=WORD..." if it may be repeated.

    The words between bars are the only values, unless one of them has a capital letter: pct:D.
    A value in capital letters names a kind of value (values.py). `text` is one clause that says
    what the option does. `default` says what holds without the option, if a reader would not
    guess it. `number` is the range of numbers, or None: the option takes no number, or the C
    driver checks it.
    """

    def __init__(self, form, text, default="", number=None):
        self.form, self.text, self.default, self.number = form, text, default, number
        self.name, _, value = re.match(r"(--?[a-z-]+)([= ](.+))?$", form).groups()
        self.repeats = (value or "").endswith("...")
        self.value = (value or "").replace("...", "")
        self.words = [] if self.value.isupper() else list(filter(None, self.value.split("|")))

    def closed(self):
        """Returns True if the words are the only values."""
        return bool(self.words) and not any(re.search("[A-Z]", w) for w in self.words)

    def described(self):
        return self.text + (" (default: %s)" % self.default if self.default else "")


def row_option(name, value, text, default):
    """Returns the option for a row of driver_options.py."""
    dashes, equals = ("-", " ") if len(name) == 1 else ("--", "=")
    return Option(dashes + name + (equals + value if value else ""), text, default)


class Command:
    """A command. `run` is "room.module:function". The function is called with a Call and returns
    the exit status. `arguments` describes the words that are not options: "", "PLAN", "PLAN...",
    "[BUG]...", "a|b" for one of these words, or AFTER_DASHES: all words after two dashes are for
    another program. "[--] PROGRAM [ARGUMENT]..." is that program's own command line. `text` is one
    clause. `more` holds further paragraphs of the help."""

    def __init__(self, name, run, arguments, text, options=(), more=""):
        self.name, self.run, self.arguments, self.text = name, run, arguments, text
        self.options, self.more = list(options), more

    def option(self, name):
        return next((o for o in self.options if o.name == name), None)

    def is_other_program(self):
        """Returns True if the words are another program's command line."""
        return self.arguments.startswith(OTHER_PROGRAM)

    def kind(self):
        """Returns the kind of the words, such as PLAN or a|b. Returns "" if there are none, or if
        they are another program's."""
        if self.arguments == AFTER_DASHES:
            return ""
        return self.arguments.replace(OTHER_PROGRAM, "").partition(" ")[0].strip("[].")


def one_of(words):
    """Returns the words as in "a, b or c", for a sentence."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
