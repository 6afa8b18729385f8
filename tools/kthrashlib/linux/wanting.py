# SPDX-License-Identifier: GPL-2.0-only
"""Turns the compiler's errors about a kernel tree into one sentence: what its files want and
core/linux/ does not have."""

import glob
import os
import re

SHOWN = 8
WHERE = re.compile(r"^(?:\./|/proc/self/cwd/)?external/linux/(\S+?):([0-9]+)(?::[0-9]+)?: "
                   r"(?:fatal )?error: (.*)$")
LINKED = re.compile(r"^(?:\S*ld\S*: )?error: undefined symbol: (\w+)$")
REFERRED = re.compile(r">>> referenced by (\S+?):([0-9]+)")
# What the compiler says, what the sentence says for it, and whether the words name a symbol that a
# header of the tree declares.
SAID = [
    (r"'([^']+)' file not found", "the header %s", False),
    (r"call to undeclared (?:library )?function '(\w+)'", "the function %s()", True),
    (r"implicit declaration of function '(\w+)'", "the function %s()", True),
    (r"use of undeclared identifier '(\w+)'", "the name %s", True),
    (r"unknown type name '(\w+)'", "the type %s", True),
    (r"no member named '(\w+)' in '([^']+)'", "the field %s of %s", False),
    (r"(?:variable has |field has |invalid application .* to an |incomplete definition of |"
     r"arithmetic on a pointer to an )?(?:incomplete )?type '((?:struct|union|enum) \w+)'",
     "the type %s", True),
]


def wanted(message):
    """Returns (what is wanted, the symbol to look for in headers or "") for a message of the
    compiler. Returns None if the message is about something else."""
    for pattern, words, is_declared in SAID:
        found = re.match(pattern, message)
        if found:
            return words % found.groups(), found.group(1).split()[-1] if is_declared else ""
    return None


def errors(log):
    """Yields (place, message) of the errors in the kernel's files."""
    lines = log.splitlines()
    for n, line in enumerate(lines):
        at = WHERE.match(line)
        if at:
            yield "%s:%s" % at.group(1, 2), at.group(3)
        linked = LINKED.match(line)
        if linked:
            where = REFERRED.match(lines[n + 1]) if n + 1 < len(lines) else None
            yield "%s:%s" % (where.group(1).partition("external/linux/")[2] or where.group(1),
                             where.group(2)) if where else "", \
                "use of undeclared identifier '%s'" % linked.group(1)


def header_of(symbol, origin):
    """Returns the header of the tree `origin` that declares the symbol, or ""."""
    declares = re.compile(
        r"^#\s*define\s+%(s)s\b|^(?:struct|union|enum) %(s)s \{|\b%(s)s;$|^[^*/#\s][^;={]*\b%(s)s"
        r"\s*(?:\(|;|\[)|^\s+%(s)s\s*[,=]" % {"s": re.escape(symbol)}, re.MULTILINE)
    for folder in ("include/linux", "include"):
        for path in sorted(glob.glob(os.path.join(glob.escape(origin), folder, "**", "*.h"),
                                     recursive=True)):
            with open(path, encoding="utf-8", errors="replace") as f:
                if declares.search(f.read()):
                    return os.path.relpath(path, origin)
    return ""


def complaint(log, version, origin=""):
    """Returns the sentence for the output of a build that failed, or "" if no error is in the
    kernel's files. `origin` is the whole tree, if it is at hand."""
    things, others, told = {}, [], set()
    for place, message in errors(log):
        found = wanted(message)
        if found:
            told.add(place)
            things.setdefault(found[0], (place, found[1]))
        else:
            others.append((place, message))
    if not things and not others:
        return ""
    if not things:
        return "Linux %s: its files do not compile with core/linux/: %s: %s" % (
            version, *others[0])
    said = []
    for thing, (place, symbol) in list(things.items())[:SHOWN]:
        header = header_of(symbol, origin) if symbol and origin else ""
        where = ", ".join(filter(None, [place, header and "declared in " + header]))
        said.append(thing + (" (%s)" % where if where else ""))
    more = len(things) - len(said)
    return "Linux %s wants what core/linux/ does not have: %s%s; core/linux/README.md says how " \
        "to add it" % (version, ", ".join(said), " and %d more" % more if more else "")
