# SPDX-License-Identifier: GPL-2.0-only
"""Plants a seeded bug in the text of a kernel tree, as stress/bugs/linux.toml says.

An edit is a pattern and a replacement, both by regular expressions, in one function of one file.
It must match in exactly one place. It is not a patch, so the table has no line of the kernel's, and
one edit fits several versions.

A pattern sees no comments. Two things are short in it: a blank stands for any white space, also
none, and three points stand for any text that has no semicolon and no brace.
"""

import dataclasses
import os
import re
import tomllib

from kthrashlib.common import ROOT, environment

TABLE = os.path.join(ROOT, "stress", "bugs", "linux.toml")


@dataclasses.dataclass(frozen=True)
class Bug:
    """A row of the table. linux.toml says what each column means."""
    name: str
    file: str
    function: str
    edits: list
    what: str
    origin: str
    oracle: str
    since: str = ""
    before: str = ""
    hunt: str = ""

    def is_in(self, version):
        """Returns True if a kernel of this version has the code that the bug is in."""
        there = numbers(version)
        return not (self.since and there < numbers(self.since) or
                    self.before and there >= numbers(self.before))


def numbers(version):
    """Returns the first two numbers of a version, which can be compared."""
    return tuple(map(int, re.findall("[0-9]+", version)[:2]))


# ---- the table ----


def complaint(row):
    """Returns what is wrong with a row, or None."""
    known = {f.name: f for f in dataclasses.fields(Bug) if f.name != "name"}
    for word in row:
        if word not in known:
            return "unexpected '%s', expected %s" % (word, ", ".join(known))
    for word, field in known.items():
        if word not in row and field.default is dataclasses.MISSING:
            return "no '%s'" % word
        if word in row and not isinstance(row[word], field.type):
            return "%s: expected a %s" % (
                word, "list" if field.type is list else "text between quotes")
    pairs = row["edits"]
    if not pairs or any(not isinstance(p, list) or len(p) != 2 or
                        not all(isinstance(t, str) for t in p) for p in pairs):
        return "edits: expected pairs, each a pattern and its replacement"
    for pattern, _ in pairs:
        try:
            compiled(pattern)
        except re.error as e:
            return "edits: the pattern '%s' is no regular expression: %s" % (pattern, e)
    for word in ("since", "before"):
        if row.get(word) and not re.fullmatch(r"[0-9]+\.[0-9]+", row[word]):
            return "%s: expected a version as in 6.12" % word
    return None


def load(path=TABLE):
    """Returns {name: Bug} in the order of the table."""
    try:
        with open(path, "rb") as f:
            table = tomllib.load(f)
    except (OSError, ValueError) as e:
        raise environment("%s: %s" % (path, e)) from e
    for name, row in table.items():
        wrong = complaint(row) if isinstance(row, dict) else "expected a table"
        if wrong:
            raise environment("%s: [%s]: %s" % (path, name, wrong))
    return {name: Bug(name, **row) for name, row in table.items()}


# ---- the text ----


def without_comments(text):
    """Returns the text with blanks in the place of comments, so that all else stays where it is."""
    def blank(found):
        return found.group() if found.group().startswith(('"', "'")) else \
            re.sub(r"[^\n]", " ", found.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.DOTALL)


def body(bare, function):
    """Returns (begin, end) of the body of a function in a text without comments, or None. A
    definition begins in the first column, and so do its braces: the kernel's style."""
    # The parameters may have parentheses, but a declaration ends with a semicolon.
    found = re.search(r"^(?!\s)[^;{}#=]*?\b%s\s*\([^;{}]*\)\s*^\{$" % re.escape(function), bare,
                      re.MULTILINE)
    end = found and re.compile(r"^\}", re.MULTILINE).search(bare, found.end())
    return (found.end(), end.start()) if end else None


def compiled(pattern):
    return re.compile(pattern.replace("...", "[^;{}]*?").replace(" ", r"\s*"), re.DOTALL)


def filled(replacement, match, text):
    r"""Returns the replacement with the text of the groups \1 to \9 and \0, comments included."""
    new = re.sub(r"\\([0-9])", lambda r: text[slice(*match.span(int(r.group(1))))], replacement)
    old = text[slice(*match.span())]
    # The lines below keep their numbers, if the new text has no more lines than the old one.
    return new + "\n" * (old.count("\n") - new.count("\n"))


def edit(text, function, pattern, replacement):
    """Returns the text with one edit made. Raises ValueError, whose text is a clause, if there is
    not exactly one place for it."""
    bare = without_comments(text)
    place = body(bare, function)
    if not place:
        raise ValueError("has no function %s()" % function)
    found = list(compiled(pattern).finditer(bare, *place))
    if len(found) != 1:
        raise ValueError("%s() has %d places for the pattern '%s', expected 1" % (
            function, len(found), pattern))
    begin, end = found[0].span()
    return text[:begin] + filled(replacement, found[0], text) + text[end:]


def plant(bug, files):
    """Returns the files {name: content} of a tree with the bug in them. Raises ValueError, whose
    text is a sentence, if the bug does not fit."""
    if bug.file not in files:
        raise ValueError("%s: there is no %s" % (bug.name, bug.file))
    text = files[bug.file].decode("utf-8", "surrogateescape")
    try:
        for pattern, replacement in bug.edits:
            text = edit(text, bug.function, pattern, replacement)
    except ValueError as e:
        raise ValueError("%s: %s %s" % (bug.name, bug.file, e)) from e
    return {**files, bug.file: text.encode("utf-8", "surrogateescape")}
