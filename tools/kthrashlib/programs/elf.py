# SPDX-License-Identifier: GPL-2.0-only
"""Says why kthrash can't run a file, before it is started."""

import importlib
import importlib.util
import os
import re
import stat

from kthrashlib import env
from kthrashlib.common import usage
from kthrashlib.where import LIBRARY

BUILD_IT = "build it with CC=kthrash-cc CXX=kthrash-c++"
# These libraries come with the compiler and the C library. None of them is code under test.
SYSTEM = re.compile(r"(libkthrash|libc|libm|libdl|librt|libpthread|libstdc\+\+|libc\+\+|"
                    r"libc\+\+abi|libgcc_s|libatomic|libgomp|libomp|ld-linux-x86-64)\.so")


def check_file(path):
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as e:
        raise usage("%s: %s, expected a program" % (
            path, getattr(e, "strerror", None) or "is no name of a file")) from e
    if stat.S_ISDIR(mode):
        raise usage("%s: is a folder, expected a program" % path)
    if not stat.S_ISREG(mode):
        raise usage("%s: is no regular file, expected a program" % path)
    with open_or_refuse(path) as f:
        if f.read(2) == b"#!":
            raise usage("%s: is a script, expected a program that kthrash-cc has built%s" % (
                path, libtool(path)))
    if not os.access(path, os.X_OK):
        raise usage("%s: is not executable" % path)
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise usage("%s: is set%sid, so the system starts it without what kthrash needs; run a "
                    "copy without that bit" % (path, "u" if mode & stat.S_ISUID else "g"))


def libtool(path):
    """libtool leaves a script under the program's name, and the program beside it."""
    real = os.path.join(os.path.dirname(path), ".libs", os.path.basename(path))
    return "; libtool has put the program into %s" % real if os.path.isfile(real) else ""


def open_or_refuse(path):
    try:
        return open(path, "rb")
    except OSError as e:
        raise usage("%s: %s" % (path, e.strerror)) from e


def elf_file(stream):
    """Returns the file as pyelftools reads it. A system that is not Debian may have the package
    from elsewhere."""
    if not importlib.util.find_spec("elftools"):
        env.ensure(env.PROGRAMS)
        importlib.invalidate_caches()
    return importlib.import_module("elftools.elf.elffile").ELFFile(stream)


# ---- what the file says ------------------------------------------------------------


def segment(elf, kind):
    return next((s for s in elf.iter_segments() if s["p_type"] == kind), None)


def tags(elf, name):
    dynamic = segment(elf, "PT_DYNAMIC")
    return list(dynamic.iter_tags(name)) if dynamic else []


def libraries(elf):
    return [tag.needed for tag in tags(elf, "DT_NEEDED")]


def is_pie(elf):
    return any(tag["d_val"] & 0x08000000 for tag in tags(elf, "DT_FLAGS_1"))


def has_hooks(elf):
    """Does code in this file call the hooks, or may code in a library of the program's own?"""
    symbols = elf.get_section_by_name(".dynsym")
    if not symbols or any(s.name.startswith("__tsan_") for s in symbols.iter_symbols()):
        return True
    return any(not SYSTEM.match(name) for name in libraries(elf))


def has_section(elf, *names):
    return any(elf.get_section_by_name(name) for name in names)


def wrong_kind(elf):
    """Returns what makes this no program for this machine, or None."""
    if elf.elfclass != 64 or elf["e_machine"] != "EM_X86_64":
        return "is a %d-bit program for %s; kthrash runs 64-bit programs for x86-64" % (
            elf.elfclass, elf.get_machine_arch())
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
        return "is an object or a core file, expected a program"
    if segment(elf, "PT_INTERP"):
        return None
    if elf["e_type"] == "ET_EXEC" or is_pie(elf) or not segment(elf, "PT_DYNAMIC"):
        return "is statically linked, so kthrash can't take it over; link it without -static"
    return "is a shared library, expected a program"


def wrong_build(elf):
    """Returns what is missing in the program's build, or None."""
    needed = libraries(elf)
    if LIBRARY not in needed:
        return "was not linked by kthrash-cc; " + BUILD_IT
    if any(name.startswith("libc.so") for name in needed[:needed.index(LIBRARY)]):
        return "has libkthrash.so behind the C library; link it by kthrash-cc, or with -lkthrash " \
               "before other libraries"
    if not has_hooks(elf):
        return "was linked by kthrash-cc, but not compiled by it; " + BUILD_IT
    if has_section(elf, ".debug_line", ".zdebug_line", ".gnu_debuglink", ".gnu_debugaltlink"):
        return None
    if not has_section(elf, ".symtab"):
        return "is stripped, so places would have no names; run it as the linker made it"
    return "has no debug information, so places would have no lines; compile it with -g"


def check(path):
    """Raises a usage error if kthrash can't run the file."""
    check_file(path)
    with open_or_refuse(path) as f:
        try:
            elf = elf_file(f)
            wrong = wrong_kind(elf) or wrong_build(elf)
        except OSError as e:
            raise usage("%s: %s" % (path, e.strerror)) from e
        except Exception as e:  # pylint: disable=broad-exception-caught; a file can be cut anywhere
            if type(e).__module__.partition(".")[0] not in ("elftools", "construct", "builtins"):
                raise
            raise usage("%s: is no program that can be read: %s" % (path, e)) from e
    if wrong:
        raise usage("%s: %s" % (path, wrong))
