# SPDX-License-Identifier: GPL-2.0-only
"""Implements `compdb`. It writes compile_commands.json for clangd and clang-tidy, from the commands
that Bazel would run."""

import json
import os

from kthrashlib import children, env
from kthrashlib.build import bazel
from kthrashlib.common import CLEAN, ROOT, environment, plural, say, write_whole

# The last target stands in the list by name, because its tag `manual` hides it from the patterns.
TARGETS = ("deps(//core/... + //platform/... + //stress:all + //stress/plan:all + "
           "//stress/run:all + //stress/hunt:all + //stress/explain:all + "
           "//stress/bench:all + //fuzz/... + //tools/... + "
           "'//stress/bench:backend_bench@posix+mutex+park+list+memb')")
FILE = os.path.join(ROOT, "compile_commands.json")

# Only Bazel can use these options, because they need files that a build makes.
FLAGS = ("-MD", "-fmodules-strict-decluse", "-Wprivate-header")
STARTS = ("-fmodule-", "-frandom-seed=")
PAIRS = ("-MF", "-o")


def plain(arguments):
    """Returns the compiler's command line without the words that need or name files of a build."""
    kept, words = [], iter(arguments)
    for word in words:
        if word in PAIRS:
            next(words)
        elif word == "-Xclang":
            option = next(words)
            if not option.startswith(STARTS):
                kept += [word, option]
        elif word not in FLAGS and not word.startswith(STARTS):
            kept.append(word)
    return kept


def rank(configuration, arguments):
    """Returns a key that sorts the many builds of a file. The build with the lowest key is taken: a
    build of the simulator with the default back ends, else one by clang 19 without sanitizers."""
    return ("-ST-" in configuration, not arguments[0].endswith("clang-19"),
            any(a.startswith("-fsanitize") for a in arguments), configuration)


def entries(graph, root):
    """Returns one entry for each file, sorted by name. `graph` is the output of `bazel aquery
    --output=jsonproto`."""
    names = {c["id"]: c["mnemonic"] for c in graph["configuration"]}
    best = {}
    for action in graph["actions"]:
        arguments = action["arguments"]
        source = arguments[arguments.index("-c") + 1]
        candidate = (rank(names[action["configurationId"]], arguments), arguments)
        if not source.startswith(("external/", "bazel-out/")):
            best[source] = min(candidate, best.get(source, candidate))
    return [{"directory": root, "file": source, "arguments": plain(arguments)}
            for source, (_, arguments) in sorted(best.items())]


def write():
    """Writes compile_commands.json; returns the files that it names."""
    # The mode is not fastbuild, because in fastbuild some libraries are one translation unit
    # (tools/bazel/unity.bzl).
    done = bazel.run(["aquery", "--noshow_progress", "--compilation_mode=dbg",
                        "--output=jsonproto",
                        "--include_artifacts=false", 'mnemonic("CppCompile", %s)' % TARGETS],
                       stdout=children.PIPE, stderr=children.PIPE, text=True)
    if done.returncode != 0:
        say(done.stderr[-2000:])
        raise environment("bazel aquery failed")
    found = entries(json.loads(done.stdout), ROOT)
    write_whole(FILE, json.dumps(found, indent=1) + "\n")
    return [e["file"] for e in found]


def main(call):
    env.ensure(env.BUILD)
    files = write()
    print("%s: %s" % (os.path.relpath(FILE), plural(len(files), "file")))
    return CLEAN
