# SPDX-License-Identifier: GPL-2.0-only
"""Reads and writes response files: @FILE on a command line stands for the words in the file."""

import os

# The system allows 128 KiB for a word and, as a rule, 2 MiB for all. The environment counts, too.
WORDS_MAX = 1 << 20
NESTED_MAX = 100    # A file that names itself would never end.


def words_of(text):
    """Returns the words in a response file, by the rules of GNU's compilers: blanks separate words,
    quotes of both kinds hold a word together, and a backslash takes the next character as it
    is."""
    words, word, quote, i = [], None, "", 0
    while i < len(text):
        c = text[i]
        if c == "\\" and i + 1 < len(text):
            i += 1
            word = (word or "") + text[i]
        elif quote:
            if c == quote:
                quote = ""
            else:
                word += c
        elif c in "'\"":
            quote, word = c, word or ""
        elif c.isspace():
            words += [word] * (word is not None)
            word = None
        else:
            word = (word or "") + c
        i += 1
    return words + [word] * (word is not None)


def expanded(args, depth=0):
    """Returns the words, with those of its file for each @FILE. As for a compiler, a word @FILE
    whose file can't be read is an ordinary word."""
    if not any(arg.startswith("@") for arg in args):
        return list(args)
    found = []
    for arg in args:
        if not arg.startswith("@") or not os.path.isfile(arg[1:]) or depth == NESTED_MAX:
            found.append(arg)
            continue
        with open(arg[1:], encoding="utf-8", errors="surrogateescape") as f:
            found += expanded(words_of(f.read()), depth + 1)
    return found


def fits(words):
    """Can the system start a program with this command line?"""
    return sum(len(os.fsencode(word)) + 9 for word in words) < WORDS_MAX


def written(words):
    """Returns a response file with the words."""
    return "".join('"%s"\n' % word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
