# SPDX-License-Identifier: GPL-2.0-only
"""Installs kthrash for programs: the front door, the compiler wrappers and the library, outside of
a checkout.

Below PREFIX/lib/kthrash the files lie as in the checkout, so that the same code finds them. What
builds the drivers of the checkout is not installed.
"""

import os
import shutil
import tempfile

from kthrashlib.common import ROOT, environment, say, usage
from kthrashlib.programs import build, wrapped
from kthrashlib.where import KERNEL, LIBRARY

# Files that are not modules, by their place below ROOT: the command line is made from the tables.
TABLES = ["platform/words.def", "stress/plan/words.def", "stress/hunt/options.def", "LICENSE"]
TOOLS = ["kthrash", "kthrash_main.py", "kthrash-cc", "kthrashlib", "gdb/kthrash.py",
         "gdb/kthrash_gdb"]
PROGRAMS = ["kthrash", "kthrash-cc", "kthrash-c++"]
COMPLETIONS = {
    "bash": "share/bash-completion/completions/kthrash",
    "zsh": "share/zsh/site-functions/_kthrash",
    "fish": "share/fish/vendor_completions.d/kthrash.fish",
}
HEADER = "platform/hosted/include/kthrash.h"
KERNEL_HEADERS = "core/driver/include"
PKG_CONFIG = """prefix=%s
includedir=${prefix}/include
libdir=${prefix}/lib/kthrash
cc=${prefix}/bin/kthrash-cc
cxx=${prefix}/bin/kthrash-c++

Name: kthrash
Description: finds concurrency bugs in programs that kthrash-cc has compiled
Version: 1
Cflags: -I${includedir}
Libs: -L${libdir} -Wl,--push-state,--no-as-needed -lkthrash -Wl,--pop-state -Wl,-rpath,${libdir} %s
"""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copyfile(source, target)
        os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)


def link(target, path):
    """Makes a link under a name that may be taken, so that it is there at any time."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = "%s.%d.tmp" % (path, os.getpid())
    os.symlink(target, temporary)
    os.replace(temporary, path)


def fill(home, built, kernel):
    """Copies what is installed to the new folder `home`."""
    for name in [*TABLES, HEADER, KERNEL_HEADERS]:
        copy(os.path.join(ROOT, name), os.path.join(home, name))
    for name in TOOLS:
        copy(os.path.join(ROOT, "tools", name), os.path.join(home, "tools", name))
    link("kthrash-cc", os.path.join(home, "tools", "kthrash-c++"))
    copy(built, os.path.join(home, LIBRARY))
    copy(kernel, os.path.join(home, KERNEL))
    for name in (LIBRARY, KERNEL):
        os.chmod(os.path.join(home, name), 0o644)


def replace(home, built, kernel):
    """Makes the folder anew, beside an older one that it then replaces."""
    os.makedirs(os.path.dirname(home), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kthrash-", dir=os.path.dirname(home)) as folder:
        fresh, old = os.path.join(folder, "new"), os.path.join(folder, "old")
        os.mkdir(fresh)
        fill(fresh, built, kernel)
        if os.path.lexists(home):
            os.rename(home, old)
        os.rename(fresh, home)


def install(prefix, built, kernel, page, completions):
    replace(os.path.join(prefix, "lib", "kthrash"), built, kernel)
    for name in PROGRAMS:
        link(os.path.join("..", "lib", "kthrash", "tools", name), os.path.join(prefix, "bin", name))
    link(os.path.join("..", "lib", "kthrash", HEADER), os.path.join(prefix, "include", "kthrash.h"))
    manuals = os.path.join(prefix, "share", "man", "man1")
    write(os.path.join(manuals, "kthrash.1"), page)
    for name in PROGRAMS[1:]:
        write(os.path.join(manuals, name + ".1"), ".so man1/kthrash.1\n")
    for shell, path in COMPLETIONS.items():
        write(os.path.join(prefix, path), completions[shell])
    write(os.path.join(prefix, "lib", "pkgconfig", "kthrash.pc"), PKG_CONFIG % (
        prefix, " ".join(wrapped.OPTIONS)))


def check(prefix, given):
    if any(c.isspace() for c in prefix) or "," in prefix:
        raise usage("%s: a linker's options can't name a folder with blanks or commas" % given)
    if os.path.exists(prefix) and not os.path.isdir(prefix):
        raise usage("%s: is no folder, expected one" % given)
    home = os.path.join(prefix, "lib", "kthrash")
    if os.path.lexists(home) and not os.path.exists(os.path.join(home, LIBRARY)):
        raise usage("%s: is there, and has no kthrash in it" % home)


def into(call, page, completions):
    prefix = os.path.abspath(call.words[0])
    check(prefix, call.words[0])
    built, kernel = build.library_file(), build.kernel_file()
    try:
        install(prefix, built, kernel, page, completions)
    except OSError as e:
        raise environment("%s: %s" % (e.filename or prefix, e.strerror)) from e
    say("kthrash: installed; its commands are in %s" % os.path.join(prefix, "bin"))
    return 0
