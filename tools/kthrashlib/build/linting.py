# SPDX-License-Identifier: GPL-2.0-only
"""Implements `lint`, which checks the sources without running them."""

import concurrent.futures
import os
import sys

from kthrashlib import children, env
from kthrashlib.build import compdb
from kthrashlib.build.style import C, PYTHON, SHELL, STARLARK, buildifier, chosen
from kthrashlib.common import CLEAN, FINDINGS, ROOT, say, usage

# The options leave out warnings about rules that this Bazel has built in, and about matters of
# taste.
NO_WARNINGS = ("module-docstring", "function-docstring", "function-docstring-args",
               "function-docstring-header", "function-docstring-return", "name-conventions",
               "native-cc-common", "native-cc-info", "native-sh-binary", "native-sh-test",
               "provider-params")

# clang-tidy checks C++ in the programs of corpus/programs/ only. These checks are matters of taste,
# and the programs are written as most users write.
CPP_TASTE = ("bugprone-empty-catch", "bugprone-unused-local-non-trivial-variable",
             "misc-const-correctness", "misc-non-private-member-variables-in-classes",
             "misc-use-anonymous-namespace", "performance-unnecessary-value-param")


def twin_options(path):
    """Returns clang-tidy's options for a program of corpus/programs/."""
    if not path.endswith(".cc"):
        return [path, "--", "-DREPAIRED"]
    return ["--checks=" + ",".join("-" + check for check in CPP_TASTE), path, "--", "-DREPAIRED",
            "-std=c++20"]


def clang_tidy(files):
    """Returns a command for each source. clang-tidy checks the headers, too. Bazel does not compile
    the programs of corpus/programs/. They have bugs on purpose, so their twins are checked."""
    known = compdb.write()
    twins = [f for f in files if f.startswith("corpus/programs/")]
    return ([["clang-tidy-19", "-p", ROOT, "--quiet", f] for f in files if f in known] +
            [["clang-tidy-19", "--quiet", *twin_options(f)] for f in twins] +
            [["sh", "-c", "echo \"$0: no target of compdb.py compiles it\"; exit 1", f]
             for f in files if f.endswith((".c", ".cc")) and f not in known and f not in twins])


def cppcheck(files):
    return [["cppcheck", "--enable=warning,performance,portability", "--inline-suppr", "--quiet",
             "--suppress=missingIncludeSystem", "--suppress=toomanyconfigs",
             "--suppress=preprocessorErrorDirective:platform/rcu/urcu_atomics.h",
             "--std=c11", "--error-exitcode=1", "-I.",
             "--template={file}:{line}:{column}: {severity}: {message} [{id}]", *files]]


def flake8(files):
    return [["flake8", *files]]


def pylint(files):
    return [["pylint", "--score=n", *files]]


def shellcheck(files):
    return [["shellcheck", "--format=gcc", *files]]


def buildifier_lint(files):
    warnings = ",".join("-" + w for w in NO_WARNINGS)
    # Layout is left out, because fmt decides it.
    return [[buildifier(), "-lint=warn", "-mode=diff", "-diff_command=true",
             "-warnings=" + warnings, *files]]


def tidy(files):
    return [[sys.executable, "-B", "tools/tidy.py", *files]]


# By the name of a linter, this dict has the languages that the linter checks, and the commands to
# run. If a command exits with a status other than 0, it has complained.
LINTERS = {
    "tidy.py": ((C, PYTHON, STARLARK, SHELL), tidy),
    "shellcheck": ((SHELL,), shellcheck),
    "buildifier": ((STARLARK,), buildifier_lint),
    "flake8": ((PYTHON,), flake8),
    "pylint": ((PYTHON,), pylint),
    "cppcheck": ((C,), cppcheck),
    "clang-tidy": ((C,), clang_tidy),
}


def check(argv):
    """Returns the linter's complaints; "" if there are none."""
    modules = os.path.join(ROOT, "tools")
    done = children.run(argv, cwd=ROOT, text=True, stdout=children.PIPE, stderr=children.PIPE,
                        env={**os.environ, "PYTHONPATH": modules})
    if done.returncode == 0:
        return ""
    said = done.stdout + done.stderr
    return said.replace(ROOT + "/", "") or "%s ended with status %d\n" % (argv[0], done.returncode)


def run_linters(linters, files, out):
    """Runs the named linters; returns the names of those that complain, sorted."""
    jobs = [(name, argv) for name in linters
            for argv in LINTERS[name][1]([f for kind in LINTERS[name][0]
                                          for f in files.get(kind, [])])]
    bad = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (name, _), said in zip(jobs, pool.map(lambda job: check(job[1]), jobs)):
            if said:
                bad.add(name)
                out.write("== %s\n%s" % (name, said))
    return sorted(bad)


def main(call):
    files = chosen(call.words)
    for path in call.words and files.get(None, []):
        raise usage("%s: no linter checks such a file" % path)
    # Only clang-tidy needs Bazel, which knows how a source is compiled.
    env.ensure({**(env.BUILD if files.get(C) else {}), **env.LINT})
    linters = [name for name, (kinds, _) in LINTERS.items() if any(files.get(k) for k in kinds)]
    say("kthrash: %s" % ", ".join(linters))
    bad = run_linters(linters, files, sys.stdout)
    if bad:
        say("kthrash: findings by %s" % ", ".join(bad))
    return FINDINGS if bad else CLEAN
