# SPDX-License-Identifier: GPL-2.0-only
"""Installs kthrash for programs: the front door, the compiler wrappers and the library, outside of
a checkout.

Below PREFIX/lib/kthrash the files lie as in the checkout, so that the same code finds them. What
builds the drivers of the checkout is not installed.
"""

import os
import shutil
import stat

from kthrashlib.common import ROOT, environment, say, usage
from kthrashlib.front import completion, manual
from kthrashlib.programs import build, library

# Files that are not modules, by their place below ROOT.
TABLES = ["platform/words.def", "stress/plan/words.def", "stress/hunt/options.def", "LICENSE"]
TOOLS = ["kthrash", "kthrash_main.py", "kthrash-cc", "kthrash-c++", "kthrashlib", "gdb"]
LINKS = {"kthrash": "kthrash", "kthrash-cc": "kthrash-cc", "kthrash-c++": "kthrash-c++"}
COMPLETIONS = {
    "bash": "share/bash-completion/completions/kthrash",
    "zsh": "share/zsh/site-functions/_kthrash",
    "fish": "share/fish/vendor_completions.d/kthrash.fish",
}
PKG_CONFIG = """prefix=%s
libdir=${prefix}/lib/kthrash

Name: kthrash
Description: finds concurrency bugs in programs that kthrash-cc has compiled
Version: 1
Cflags: -fsanitize=thread
Libs: -L${libdir} -Wl,--push-state,--no-as-needed -lkthrash -Wl,--pop-state -Wl,-rpath,${libdir}
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "*_test.py"))
    elif os.path.islink(source):
        if os.path.lexists(target):
            os.unlink(target)
        os.symlink(os.readlink(source), target)
    else:
        shutil.copy2(source, target)


def link(target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def install(prefix, built):
    home = os.path.join(prefix, "lib", "kthrash")
    for name in TABLES:
        copy(os.path.join(ROOT, name), os.path.join(home, name))
    for name in TOOLS:
        copy(os.path.join(ROOT, "tools", name), os.path.join(home, "tools", name))
    copy(built, os.path.join(home, library.NAME))
    os.chmod(os.path.join(home, library.NAME), stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP
             | stat.S_IROTH)
    for name, script in LINKS.items():
        link(os.path.join("..", "lib", "kthrash", "tools", script),
             os.path.join(prefix, "bin", name))
    write(os.path.join(prefix, "share", "man", "man1", "kthrash.1"), manual.page())
    for shell, path in COMPLETIONS.items():
        write(os.path.join(prefix, path), completion.SCRIPTS[shell].strip() + "\n")
    write(os.path.join(prefix, "lib", "pkgconfig", "kthrash.pc"), PKG_CONFIG % prefix)


def main(call):
    prefix = os.path.abspath(call.words[0])
    if library.is_installed():
        raise usage("this copy of kthrash is installed itself: run tools/kthrash install in a "
                    "checkout")
    if os.path.exists(prefix) and not os.path.isdir(prefix):
        raise usage("%s: is no folder, expected one" % call.words[0])
    built = build.library_file()
    try:
        install(prefix, built)
    except OSError as e:
        raise environment("%s: %s" % (e.filename or prefix, e.strerror)) from e
    say("kthrash: installed; %s must be in PATH" % os.path.join(prefix, "bin"))
    return 0
