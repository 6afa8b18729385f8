# SPDX-License-Identifier: GPL-2.0-only
"""Says why kthrash can't run a file, before it is started."""

import os
import stat

from kthrashlib import env
from kthrashlib.common import usage

NEEDS = {"python3-pyelftools": "looks into a program before it is run"}


def check_file(path):
    try:
        mode = os.stat(path).st_mode
    except OSError as e:
        raise usage("%s: %s" % (path, e.strerror)) from e
    if stat.S_ISDIR(mode):
        raise usage("%s: is a folder, expected a program" % path)
    if not stat.S_ISREG(mode):
        raise usage("%s: is no regular file, expected a program" % path)
    if not os.access(path, os.X_OK):
        raise usage("%s: is not executable" % path)
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise usage("%s: is set%sid, so the system starts it without kthrash's library; "
                    "run a copy without that bit" % (path, "u" if mode & stat.S_ISUID else "g"))


def libraries(dynamic):
    return [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]


def check_elf(path, elf):
    from elftools.elf.dynamic import DynamicSegment  # pylint: disable=import-outside-toplevel

    if elf.elfclass != 64 or elf["e_machine"] != "EM_X86_64":
        raise usage("%s: is a program for %s, %d bit; kthrash runs programs for x86-64" % (
            path, elf.get_machine_arch(), elf.elfclass))
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
        raise usage("%s: is an object or a core file, expected a program" % path)
    segments = list(elf.iter_segments())
    if not any(s["p_type"] == "PT_INTERP" for s in segments):
        raise usage("%s: is statically linked, so kthrash can't take it over; link it without "
                    "-static" % path if elf["e_type"] == "ET_EXEC" or not any(
                        s["p_type"] == "PT_DYNAMIC" for s in segments)
                    else "%s: is a shared library or statically linked, expected a program" % path)
    dynamic = next((s for s in segments if isinstance(s, DynamicSegment)), None)
    if not dynamic or "libkthrash.so" not in libraries(dynamic):
        raise usage("%s: was not linked by kthrash-cc; build it with CC=kthrash-cc "
                    "CXX=kthrash-c++" % path)
    symbols = elf.get_section_by_name(".dynsym")
    if symbols and not any(s.name.startswith("__tsan_") for s in symbols.iter_symbols()):
        return "%s: was linked by kthrash-cc, but none of its own code was compiled by it; only " \
               "calls of the C library are choice points" % path
    if not elf.get_section_by_name(".symtab"):
        return "%s: is stripped, so places have no names" % path
    if not elf.get_section_by_name(".debug_line"):
        return "%s: has no debug information, so places have no lines; compile it with -g" % path
    return None


def check(path):
    """Raises a usage error if kthrash can't run the file. Returns a warning, or None."""
    check_file(path)
    env.ensure(NEEDS)
    from elftools.common.exceptions import ELFError  # pylint: disable=import-outside-toplevel
    from elftools.elf.elffile import ELFFile  # pylint: disable=import-outside-toplevel

    try:
        with open(path, "rb") as f:
            if f.read(2) == b"#!":
                raise usage("%s: is a script, expected a program that kthrash-cc has built" % path)
            f.seek(0)
            return check_elf(path, ELFFile(f))
    except ELFError as e:
        raise usage("%s: is no program: %s" % (path, e)) from e
    except OSError as e:
        raise usage("%s: %s" % (path, e.strerror)) from e
