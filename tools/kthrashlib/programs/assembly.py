# SPDX-License-Identifier: GPL-2.0-only
"""Finds the atomics of a program that kthrash does not see: those in inline assembly.

In code with hooks the compiler makes a call of each atomic operation and of each fence. So an
instruction with a lock prefix, an exchange with memory and a full fence come from inline assembly,
or from a function that has asked for no hooks. Code without debug information, as that of a static
C++ library, is left out.
"""

import os
import re
import shutil

from kthrashlib import children

# Of a larger file the disassembly takes too long to be made before each hunt.
BYTES_MAX = 64 << 20
ATOMIC = re.compile(r"^\s*([0-9a-f]+):\s+(?:lock\s|mfence\b|xchg[bwlq]?\s.*\()")
SYMBOLIZED_MAX = 200


def addresses(program):
    """Returns the addresses of such instructions in the program's own code."""
    disassembler = shutil.which("objdump") or shutil.which("llvm-objdump-19")
    if not disassembler or os.path.getsize(program) > BYTES_MAX:
        return []
    done = children.run([disassembler, "-d", "--no-show-raw-insn", "-j", ".text", program],
                        stdin=children.DEVNULL, stdout=children.PIPE,
                        stderr=children.DEVNULL, text=True, errors="replace")
    return [m[1] for m in map(ATOMIC.match, done.stdout.splitlines()) if m]


def places(program, symbolizer):
    """Returns the places of the program's unseen atomics, as "queue.c:42 push", each once."""
    found = addresses(program)[:SYMBOLIZED_MAX]
    if not found or not symbolizer:
        return []
    done = children.run([symbolizer, "--obj=" + program, "--basenames",
                         *("0x" + a for a in found)], stdin=children.DEVNULL,
                        stdout=children.PIPE, stderr=children.DEVNULL, text=True,
                        errors="replace")
    known = []
    for block in done.stdout.split("\n\n"):
        function, line = (block.strip().split("\n") + [""])[:2]    # the innermost, if inlined
        place = re.match(r"(.+):(\d+):\d+$", line)
        if place and place[1] != "??" and int(place[2]):
            known.append("%s:%s %s" % (place[1], place[2], function))
    return list(dict.fromkeys(known))


def sentence(found):
    """Says what was found, which is not empty."""
    more = len(found) - 1
    return "has atomics or fences in inline assembly, which kthrash does not see: at %s%s" % (
        found[0], " and %d more place%s" % (more, "s" if more > 1 else "") if more else "")
