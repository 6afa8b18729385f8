# SPDX-License-Identifier: GPL-2.0-only
"""Builds drivers with one edit each, without Bazel.

Bazel builds the driver of a combination of back ends once, and says how. A copy of the sources and
of what the driver is linked from stays in a folder. For an edit one file is compiled and linked
before the rest, so that the linker takes its definitions. If the file is a header, the core and the
code that runs plans, which include it, are compiled again as two units: the edited header comes
first in each, and its guard keeps the original out.
"""

import dataclasses
import hashlib
import json
import os
import re
import shutil

from kthrashlib import children
from kthrashlib.build import about, bazel, drivers, kept
from kthrashlib.common import ROOT, environment

SOURCES = ("core", "platform", "stress", "fuzz")
TEXTS = (".c", ".h", ".def", ".inc", ".lds")
BINARY = "//stress:kthrash"
CORE, EXECUTIONS = "//core:kthrash", ("//stress/run:run", "//stress/run:inject")
# Without debugging information an object does not change if only lines change.
NORMAL = ["-O1", "-g0", "-w"]
DROPPED = re.compile(r"-MD|-O\d|-g.*|-W.*|-frandom-seed=.*|-fmodule.*")
DROPPED_PAIRS = ("-MF", "-c", "-o", "-Xclang")


def copy_sources(folder):
    """Copies the sources, which may be edited while a long run goes on."""
    for name in SOURCES:
        for path, _, names in os.walk(os.path.join(ROOT, name)):
            to = os.path.join(folder, os.path.relpath(path, ROOT))
            for file in names:
                if file.endswith(TEXTS):
                    os.makedirs(to, exist_ok=True)
                    shutil.copyfile(os.path.join(path, file), os.path.join(to, file))


def target(combination):
    """Returns the target of a driver on these back ends, and the options for Bazel."""
    for name, row in sorted(about.table().items()):
        if row["platform"] == combination and row["compiler"] == "clang 19" and row["optimized"] \
                and row["sanitizer"] == "none" and "linux" not in name:
            return name, []
    return drivers.ANY["none"], [about.PLATFORM + combination]


def actions(name, options):
    """Returns what Bazel does for the driver: [(target, mnemonic, words)]."""
    labels = "|".join((BINARY, CORE, *EXECUTIONS))
    done = bazel.run(["aquery", "--noshow_progress", "--output=jsonproto",
                      "--include_artifacts=false", *options,
                      'mnemonic("CppLink|CppCompile", filter("^(%s)$", deps(%s)))' % (
                          labels, name)],
                     stdout=children.PIPE, stderr=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("bazel aquery failed: " + done.stderr[-600:])
    found = json.loads(done.stdout)
    labels = {t["id"]: t["label"] for t in found["targets"]}
    return [(labels[a["targetId"]], a["mnemonic"], a["arguments"]) for a in found["actions"]]


def compile_flags(words):
    """Returns the words of a compile command that do not name its files or its debugging."""
    found, skip = [], False
    for word in words[1:]:
        if not skip and word not in DROPPED_PAIRS and not DROPPED.fullmatch(word):
            found.append(word)
        skip = not skip and word in DROPPED_PAIRS
    return found


@dataclasses.dataclass(frozen=True)
class Build:
    """How the driver of one combination is built. Paths in `link` are relative to `folder`."""
    folder: str         # has the sources, and what is linked
    compiler: str
    flags: list
    link: list
    core: list          # sources that include the back ends' headers
    executions: list


def prepare(combination, folder):
    """Builds the driver of a combination, and returns its Build."""
    name, options = target(combination)
    bazel.build([name], options)
    where = bazel.run(["info", "execution_root"], stdout=children.PIPE, stderr=children.DEVNULL,
                      text=True).stdout.strip()
    found = actions(name, options)
    link = next(w for t, m, w in found if t == BINARY and m == "CppLink" and "-o" in w)
    # Only the objects without -fPIC are linked.
    compiled = {}
    for label, mnemonic, words in found:
        if mnemonic == "CppCompile" and "-fPIC" not in words:
            compiled.setdefault(label, []).append(words)
    made = os.path.join("linked", combination)
    os.makedirs(os.path.join(folder, made), exist_ok=True)
    with kept.building():
        # The list has the words of the parameter file, too.
        link = [linked(word, where, folder, made) for word in link if not word.startswith("@")]

    def sources(label):
        return [words[words.index("-c") + 1] for words in compiled.get(label, [])]

    return Build(folder, link[0], compile_flags(compiled[CORE][0]), link[1:], sources(CORE),
                 sum(map(sources, EXECUTIONS), []))


def linked(word, where, folder, made):
    """Copies a file that is linked, without debugging information. Returns the word for it."""
    source = os.path.join(where, word)
    if word.startswith("-") or not word.endswith((".o", ".a", ".lo")) or not os.path.exists(source):
        return word
    # Two folders may have files of the same name.
    name = hashlib.sha256(word.encode()).hexdigest()[:8] + "-" + os.path.basename(word)
    copy = os.path.join(made, name)
    children.run(["strip", "-g", "-o", os.path.join(folder, copy), source])
    return copy


def text_of(build, file):
    with open(os.path.join(build.folder, file), encoding="latin-1") as f:
        return f.read()


def compiled(build, text, out, more=()):
    """Compiles a text. Returns False if it is not C, else True."""
    done = children.run([build.compiler, *build.flags, *NORMAL, *more, "-x", "c", "-c", "-",
                         "-o", out], given=text, text=True, encoding="latin-1",
                        cwd=build.folder, stdout=children.DEVNULL, stderr=children.DEVNULL)
    return done.returncode == 0


def objects(build, file, text, folder):
    """Compiles `file` with `text` in its place. Returns the objects, or None if it is not C."""
    said = '#line 1 "%s"\n%s' % (file, text)
    if file.endswith(".c"):
        out = os.path.join(folder, "edited.o")
        return [out] if compiled(build, said, out) else None
    header = os.path.join(folder, "edited.h")
    with open(header, "w", encoding="latin-1") as f:
        f.write(said)
    outs = []
    for name, sources in (("core", build.core), ("executions", build.executions)):
        unit = "".join('#include "%s"\n' % s for s in sources)
        outs.append(os.path.join(folder, name + ".o"))
        if not compiled(build, unit, outs[-1], ["-include", header]):
            return None
    return outs


def digest(paths):
    """Returns a hash of the contents of the files."""
    found = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as f:
            found.update(f.read())
    return found.hexdigest()


def driver(build, made, out):
    """Links the objects before the rest. Returns the driver's path."""
    words = list(build.link)
    words[words.index("-o") + 1] = out
    at = words.index(out) + 1
    words[at:at] = ["-Wl,--allow-multiple-definition", *made]
    done = children.run([build.compiler, *words], cwd=build.folder, text=True,
                        stdout=children.PIPE, stderr=children.STDOUT)
    if done.returncode != 0:
        raise environment("the driver with an edit can't be linked: " + done.stdout[-600:])
    return out
