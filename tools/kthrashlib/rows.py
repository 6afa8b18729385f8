# SPDX-License-Identifier: GPL-2.0-only
"""Reads the rows of a table that C includes as an X-macro, so that a list stands in one file.

    OPTION("stress verify", "seed", "N", "where the random numbers "
           "start", "1")

read(path, "OPTION") gives ("stress verify", "seed", "N", "where the random numbers start", "1").
An argument of string literals is their text; any other argument is its source text without
blanks around it. The reader skips C's comments and preprocessor lines.
"""

import re

from kthrashlib.common import Failure, ENVIRONMENT

TOKEN = re.compile(r"""
    (?P<skip>\s+|/\*.*?\*/|//[^\n]*|\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<word>\w+)
  | (?P<sign>.)
""", re.VERBOSE | re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


class Reader:
    """The tokens of a file, with the line of each."""

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

    def next(self, row):
        """The next token of the row that begins in line `row`."""
        if self.at == len(self.tokens):
            raise self.malformed(row, "the row does not end")
        self.at += 1
        return self.tokens[self.at - 1]

    def row(self, line):
        """The arguments of the row that begins in line `line`; its parenthesis is read next."""
        if self.next(line)[1] != "(":
            raise self.malformed(line, "expected ( after the macro's name")
        arguments, pieces, depth = [], [], 1
        while depth:
            kind, text, at = self.next(line)
            depth += {"(": 1, ")": -1}.get(text, 0) if kind == "sign" else 0
            if depth == 0 or (depth == 1 and (kind, text) == ("sign", ",")):
                arguments.append(self.argument(pieces, at))
                pieces = []
            else:
                pieces.append((kind, text))
        return tuple(arguments)

    def argument(self, pieces, line):
        if not pieces:
            raise self.malformed(line, "an argument is empty")
        kinds = {kind for kind, _ in pieces}
        if kinds == {"string"}:
            return "".join(unescaped(text[1:-1]) for _, text in pieces)
        if "string" in kinds or ("sign", '"') in pieces:
            raise self.malformed(line, "expected string literals only, or none: %s" %
                                 " ".join(text for _, text in pieces))
        return " ".join(text for _, text in pieces)


def unescaped(text):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(0)), text, flags=re.DOTALL)


def read(path, macro, columns=None):
    """The rows of `macro` in the file, as tuples. An error if there is none, or if one has not
    `columns` arguments."""
    with open(path, encoding="utf-8") as f:
        reader = Reader(path, f.read())
    rows = []
    while reader.at < len(reader.tokens):
        kind, text, line = reader.next(1)
        if (kind, text) != ("word", macro):
            continue
        row = reader.row(line)
        if columns is not None and len(row) != columns:
            raise reader.malformed(line, "%s has %d arguments, expected %d" % (
                macro, len(row), columns))
        rows.append(row)
    if not rows:
        raise reader.malformed(1, "no row of %s" % macro)
    return rows
