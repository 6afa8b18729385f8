# SPDX-License-Identifier: GPL-2.0-only
"""Reads the rows of a table that C includes as an X-macro, so that a list stands in one file.

    OPTION("stress verify", "seed", "where the random "
           "numbers start", NUMBER(seed, 0, 9), SETS)

read(path, "OPTION") gives for this row

    ("stress verify", "seed", "where the random numbers start", ("NUMBER", "seed", "0", "9"),
     "SETS")

An argument of string literals is their text. A macro's call is a tuple. Any other argument is its
source text. The reader skips C's comments and the lines of the preprocessor.
"""

import re

from kthrashlib.common import ENVIRONMENT, Failure

TOKEN = re.compile(r"""
    (?P<skip>\s+|/\*.*?\*/|//[^\n]*|\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<word>\w+)
  | (?P<sign>.)
""", re.VERBOSE | re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


class Reader:
    """A reader of the tokens of a file. Each token has its line."""

    def __init__(self, path, text):
        self.path = path
        self.tokens = []
        line = 1
        for found in TOKEN.finditer(text):
            if found.lastgroup != "skip":
                self.tokens.append((found.lastgroup, found.group(), line))
            line += found.group().count("\n")
        self.at = 0

    def malformed(self, line, what):
        return Failure(ENVIRONMENT, "%s:%d: %s" % (self.path, line, what))

    def sees(self, sign):
        return self.at < len(self.tokens) and self.tokens[self.at][:2] == ("sign", sign)

    def arguments(self, line):
        """Returns the arguments in the parentheses that come next, in a row that begins in
        `line`."""
        found, pieces, depth = [], [], 0
        while True:
            if self.at == len(self.tokens):
                raise self.malformed(line, "the row does not end")
            kind, text, at = self.tokens[self.at]
            self.at += 1
            sign = text if kind == "sign" else ""
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth == 0 or (depth == 1 and sign == ","):
                found.append(self.argument(pieces, at))
                pieces = []
            elif depth > 1 or sign != "(":
                pieces.append((kind, text, at))
            if depth == 0:
                return tuple(found)

    def argument(self, pieces, line):
        if not pieces:
            raise self.malformed(line, "an argument is empty")
        kinds = [kind for kind, _, _ in pieces]
        if set(kinds) == {"string"}:
            return "".join(unescaped(text[1:-1]) for _, text, _ in pieces)
        if is_call(pieces):
            inner = Reader(self.path, "")
            inner.tokens = pieces[1:]
            return (pieces[0][1], *inner.arguments(line))
        words = " ".join(text for _, text, _ in pieces)
        if "string" in kinds or '"' in words:
            raise self.malformed(line, "expected string literals only, or none: " + words)
        return words


def is_call(pieces):
    """Returns True for NAME(...) with something in the parentheses, and nothing after them."""
    if len(pieces) < 4 or pieces[0][0] != "word" or pieces[1][:2] != ("sign", "("):
        return False
    depth = 0
    for n, (kind, text, _) in enumerate(pieces):
        depth += {"(": 1, ")": -1}.get(text, 0) if kind == "sign" else 0
        if n and depth == 0:
            return n == len(pieces) - 1
    return False


def unescaped(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(0)), text, flags=re.DOTALL)


def read(path, macro, columns=None):
    """Returns the rows of `macro` in the file, as tuples. Raises an error if there is no row, or if
    a row does not have `columns` arguments."""
    with open(path, encoding="utf-8") as f:
        reader = Reader(path, f.read())
    rows = []
    while reader.at < len(reader.tokens):
        kind, name, line = reader.tokens[reader.at]
        reader.at += 1
        if kind != "word":
            continue
        if not reader.sees("("):
            if name == macro:
                raise reader.malformed(line, "expected ( after the macro's name")
            continue
        row = reader.arguments(line)
        if name != macro:
            continue
        if columns is not None and len(row) != columns:
            raise reader.malformed(line, "%s has %d arguments, expected %d" % (
                macro, len(row), columns))
        rows.append(row)
    if not rows:
        raise reader.malformed(1, "no row of %s" % macro)
    return rows
