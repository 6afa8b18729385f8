#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the table of a unit's plain accesses (platform/plain.h) from its objects.

usage: sites.py OUT.c OBJECT...

An object has a relocation for each call of a hook, and debug information that says where in the
source it is. A site's name is that of the function and the source text of the object.
"""

import re
import subprocess
import sys

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

SYMBOLIZER = "/usr/bin/llvm-symbolizer-19"
HOOK = re.compile(r"__tsan_(?:unaligned_)?(read|write)([0-9]+)$")
ROOT = "/proc/self/cwd/"    # Bazel's name of the checkout
TREE = "external/linux/"    # Bazel's name of the tree
TEXT_MAX = 56           # of an object; kt_site_name() has 128 bytes for all
WORD = r"[A-Za-z_][A-Za-z_0-9]*"
# A local variable that is set up where it is declared. No other task knows it yet.
DECLARED = re.compile(r"DECLARE_%s\(%s\);$" % (WORD, WORD))
# Words that change only while one task can reach them, and the functions that do it: before the
# task is published, and after the last reference to it is gone.
STEADY = {"worker_private": ("set_kthread_struct", "free_kthread_struct"), "kthreadd_task": ()}
# A bit that a task has from its beginning, in a word of which only the task changes other bits.
# A warning has one place, so all of it must be about the bit.
STEADY_BIT = re.compile(r"WARN_ON(?:_ONCE)?\(!\({0}->flags & PF_KTHREAD\)\)|"
                        r"{0}->flags & PF_KTHREAD\)".format(WORD))
SPOILS_BIT = re.compile(r"~[^;\n]*\bPF_KTHREAD\b|\b(?:p|k|t|tsk|task|current)->flags\s*"
                        r"(?:=[^=]|\^=|&=\s*[^~\s])")
# What is read or written: names joined by -> and ., perhaps with an index.
OBJECT = re.compile(r"(?:\*|&)?%s(?:\[[^\]]*\]|->%s|\.%s)*" % (WORD, WORD, WORD))


class Failed(Exception):
    """A unit that is not as this program expects it."""


def calls_of(path):
    """Returns (the name of an anchor, [(offset of the return from the anchor, its address in .text,
    writes, size)])."""
    with open(path, "rb") as f:
        elf = ELFFile(f)
        text = [i for i, s in enumerate(elf.iter_sections()) if s.name == ".text"]
        symbols = elf.get_section_by_name(".symtab")
        if len(text) != 1 or not symbols:
            raise Failed("%s: expected one .text and symbols" % path)
        anchors = sorted((s["st_value"], s.name) for s in symbols.iter_symbols()
                         if s["st_shndx"] == text[0] and s["st_info"]["bind"] == "STB_GLOBAL")
        calls = []
        for section in elf.iter_sections():
            if not isinstance(section, RelocationSection) or "text" not in section.name:
                continue
            for r in section.iter_relocations():
                m = HOOK.match(symbols.get_symbol(r["r_info_sym"]).name)
                if not m:
                    continue
                if section["sh_info"] != text[0]:
                    raise Failed("%s: a plain access outside .text" % path)
                calls.append((r["r_offset"] + 4, m[1] == "write", int(m[2])))
        if calls and not anchors:
            raise Failed("%s: no global function" % path)
        base = anchors[0] if anchors else (0, "")
        return base[1], [(at - base[0], at, *rest) for at, *rest in sorted(calls)]


def places_of(path, addresses):
    """Returns for each address the frames [(function, file, line, column)], the innermost first."""
    if not addresses:
        return []
    # One less than the return is inside the call.
    asked = "".join("0x%x\n" % (a - 1) for a in addresses)
    out = subprocess.run([SYMBOLIZER, "--obj=" + path, "--inlines", "--functions=short"],
                         input=asked, stdout=subprocess.PIPE, check=True, text=True).stdout
    frames = []
    for block in out.strip("\n").split("\n\n"):
        lines = block.split("\n")
        one = []
        for func, place in zip(lines[::2], lines[1::2]):
            name, line, column = place.rsplit(":", 2)
            one.append((func, name, int(line), int(column)))
        frames.append(one)
    if len(frames) != len(addresses):
        raise Failed("%s: %s gave %d answers to %d questions" % (
            path, SYMBOLIZER, len(frames), len(addresses)))
    return frames


class Sources:
    """The lines of source files."""

    def __init__(self):
        self.files = {}

    def line(self, name, number):
        """Returns the line, or "" if there is none."""
        if name not in self.files:
            try:
                with open(name, encoding="utf-8", errors="replace") as f:
                    self.files[name] = f.read().split("\n")
            except OSError:
                self.files[name] = []
        lines = self.files[name]
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def kernels(self):
        """Returns the texts of the files of the kernel's code that were asked for."""
        return ["\n".join(lines) for name, lines in self.files.items() if is_kernels(name)]


def arguments(text):
    """Returns the beginning of the text up to the end of its parenthesis; "" if it has none."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return text[:i + 1] if i else ""
    return text


def object_at(text, column, writes):
    """Returns the source text of what is accessed at the column of a line; "" if that is not
    sure."""
    at = column - 1
    if writes:
        m = re.match(r"\s*[-+|&^]?=|\s*\+\+|\s*--", text[at:])
        if not m:
            return ""
        left = text[:at].rstrip()
        found = [o for o in OBJECT.finditer(left) if o.end() == len(left)]
        return found[-1].group() if found else ""
    for o in OBJECT.finditer(text):
        if o.start() <= at < o.end():
            # The column is at the last name of what is read: q->tail, not q->tail->next.
            end = re.compile(WORD).match(text, at)
            found = text[o.start():end.end()] if end else o.group()
            return found + arguments(text[o.start() + len(found):])
    return ""


def is_kernels(name):
    """Is it a file of the kernel's code? Not a header."""
    return "/kernel/" in name and name.endswith(".c")


def is_core(name):
    """Is it a file of the kernel's code, or of core/? Not a header."""
    return is_kernels(name) or (
        name.removeprefix(ROOT).startswith("core/") and name.endswith(".c"))


def site_of(frames, writes, sources):
    """Returns (function, object, file, line) of an access."""
    inner = frames[0]
    outer = next((f for f in frames if is_core(f[1])), inner)
    what = object_at(sources.line(*inner[1:3]), inner[3], writes)
    if inner is not outer:      # an inline function of a header: what was given to it
        call = sources.line(*outer[1:3])[outer[3] - 1:].strip()
        what = "%s:%s" % (call.rstrip(";{ "), what) if what else call.rstrip(";{ ")
    what = re.sub(r"\s+", "", what or sources.line(*outer[1:3])).replace('"', "'")  # as in a plan
    return outer[0], what[:TEXT_MAX], outer[1], outer[2]


def spoilers(sites, texts):
    """Returns which keys of STEADY, and "PF_KTHREAD", this tree's text may change at other times.
    `sites` has (function, object, writes) of all plain accesses, `texts` the text of all files."""
    found = set()
    for func, what, writes in sites:
        last = re.split(r"->|\.", what)[-1]
        if writes and last in STEADY and func not in STEADY[last]:
            found.add(last)
    for text in texts:
        for word in STEADY:
            # By a macro or by its address, which plain accesses do not show.
            if re.search(r"(?:WRITE_ONCE|xchg|store_release|store_mb|assign_pointer)\([^;]*\b%s\b"
                         r"|&(?:%s(?:->|\.))*%s\b" % (word, WORD, word), text):
                found.add(word)
        if SPOILS_BIT.search(text):
            found.add("PF_KTHREAD")
    return found


def is_steady(frames, what, writes, sources, spoiled):
    """Can no other task's write change what the access does? (kt_site.steady) Of core/ that is not
    known."""
    inner = frames[0]
    outer = next((f for f in frames if is_kernels(f[1])), None)
    if not outer:
        return False
    if writes:
        return bool(DECLARED.match(sources.line(*outer[1:3]).strip()))
    last = re.match(WORD, re.split(r"->|\.|\(|,", what.rstrip(")"))[-1])
    for word in STEADY:
        if word not in spoiled and last and last[0] == word:
            return True
    at = inner[3] - 1
    return "PF_KTHREAD" not in spoiled and any(
        m.start() <= at < m.end() for m in STEADY_BIT.finditer(sources.line(*inner[1:3])))


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def table_of(objects):
    sources = Sources()
    units, text = [], ['/* Made by core/linux/sites.py. */\n#include "platform/plain.h"\n']
    found = []      # (the object's number, its anchor, [(offset, writes, size, frames)])
    for n, path in enumerate(objects):
        anchor, calls = calls_of(path)
        if calls:
            frames = places_of(path, [c[1] for c in calls])
            found.append((n, anchor, [(c[0], c[2], c[3], f) for c, f in zip(calls, frames)]))
    spoiled = spoilers([(*site_of(f, writes, sources)[:2], writes)
                        for _, _, calls in found for _, writes, _, f in calls],
                       sources.kernels())
    for n, anchor, calls in found:
        text.append("extern const char anchor_%d[] __asm__(%s);" % (n, quoted(anchor)))
        text.append("static struct kt_site site_%d[] = {" % n)
        for _, writes, size, frames in calls:
            func, what, name, line = site_of(frames, writes, sources)
            text.append("\t{ .func = %s, .op = %s, .what = %s, .file = %s, .line = %d, "
                        ".access = %s, .size = %d, .plain = true%s }," % (
                            quoted(func), quoted("store" if writes else "load"), quoted(what),
                            quoted(name.removeprefix(ROOT).removeprefix(TREE)), line,
                            "KT_STORE" if writes else "KT_LOAD", size,
                            ", .steady = true"
                            if is_steady(frames, what, writes, sources, spoiled) else ""))
        text.append("};")
        text.append("static const struct kt_plain_place place_%d[] = {" % n)
        text += ["\t{ %d, &site_%d[%d] }," % (c[0], n, i) for i, c in enumerate(calls)]
        text.append("};\n")
        units.append("\t{ anchor_%d, place_%d, %d }," % (n, n, len(calls)))
    text.append("const struct kt_plain_unit kt_plain_units[] = {")
    text += units + ["\t{ 0 },", "};", "const uint32_t kt_plain_units_count = %d;" % len(units)]
    return "\n".join(text) + "\n"


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        table = table_of(sys.argv[2:])
    except (Failed, OSError, subprocess.CalledProcessError) as e:
        print("sites.py: %s" % e, file=sys.stderr)
        return 1
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
