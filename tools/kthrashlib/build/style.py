# SPDX-License-Identifier: GPL-2.0-only
"""`fmt`: formatters for what changed. `lint`: what can be said of the sources unrun.

The tree was written by hand, and tables and comments stand in columns that no formatter
keeps. So `fmt` asks for the lines that changed only, in C; and what it says of the blanks
before a comment at a line's end is not taken.
"""

import concurrent.futures
import difflib
import os
import re
import subprocess
import sys

from kthrashlib import env
from kthrashlib.build import compdb
from kthrashlib.common import CLEAN, FINDINGS, ROOT, say, usage, write_whole

C, PYTHON, STARLARK, SHELL = "C", "Python", "Starlark", "shell"
LINE_MAX = 100      # as in .clang-format and tidy.py
# Tabs in a string; where rows of a table begin; blanks around an operator. See .flake8.
NO_PEP8 = ("E101", "W191", "E122", "E127", "E128", "E226", "E24", "W50")
BUILDIFIER = ("@bazel/buildifier", "8.2.1", "formats and checks Starlark")


# ---- which files -------------------------------------------------------------------


def git(*args):
    return subprocess.run(["git", *args], cwd=ROOT, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def language(path):
    """Of a file in the tree, or None."""
    name = os.path.basename(path)
    if name.endswith((".c", ".h")):
        return C
    if name.endswith(".py"):
        return PYTHON
    if name.endswith(".bzl") or name in ("BUILD", "WORKSPACE"):
        return STARLARK
    if name.endswith(".sh"):
        return SHELL
    with open(os.path.join(ROOT, path), "rb") as f:
        first = f.readline(200)
    if re.match(rb"#!.*\b(sh|bash)\b", first):
        return SHELL
    return PYTHON if re.match(rb"#!.*\bpython3?\b", first) else None


def chosen(files):
    """What git tracks, or these of it: paths from the top, by language."""
    tracked = [f for f in git("ls-files").stdout.splitlines()
               if os.path.isfile(os.path.join(ROOT, f))]
    if files:
        wanted = [os.path.relpath(os.path.abspath(f), ROOT) for f in files]
        for name, path in zip(files, wanted):
            if path not in tracked:
                raise usage("%s: expected a file that git tracks" % name)
        tracked = wanted
    found = {}
    for path in tracked:
        found.setdefault(language(path), []).append(path)
    return found


# ---- fmt ---------------------------------------------------------------------------


def changed_lines(path, since):
    """(first, last) of each run of lines that is not as in that commit."""
    diff = git("diff", "-U0", "--no-color", "--no-ext-diff", since, "--", path).stdout
    for first, count in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
        if count != "0":
            yield int(first), int(first) + int(count or 1) - 1


def split_comment(line):
    """(code, blanks, comment at the line's end); two empty ones if there is none."""
    found = re.match(r"(.*\S)([ \t]+)(/\*.*\n?)$", line)
    return found.groups() if found else (line, "", "")


def keep_blanks(old, new):
    """`new`, with the blanks that `old` has before the same comment."""
    _, blanks, comment = split_comment(old)
    code, _, same = split_comment(new)
    return code + blanks + comment if comment and comment == same else new


def keep_columns(before, after):
    """`after` with the columns in which the comments of `before` stand."""
    old, new = before.splitlines(True), after.splitlines(True)

    def plain(lines):
        return ["%s %s" % split_comment(line)[::2] for line in lines]
    match = difflib.SequenceMatcher(None, plain(old), plain(new), autojunk=False)
    lines = []
    for what, i, i_end, j, j_end in match.get_opcodes():
        if what == "equal":
            lines += old[i:i_end]
        elif i_end - i == j_end - j:
            lines += map(keep_blanks, old[i:i_end], new[j:j_end])
        else:
            lines += new[j:j_end]
    return "".join(lines)


def filtered(argv, text):
    """What the formatter makes of `text`, or None if it refuses."""
    done = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        say("kthrash: %s: %s" % (argv[0], done.stderr.strip()[-500:]))
        return None
    return done.stdout


def format_c(path, text, since):
    argv = ["clang-format-19", "--assume-filename=" + path]
    if since:
        lines = list(changed_lines(path, since))
        if not lines:
            return text
        argv += ["--lines=%d:%d" % run for run in lines]
    out = filtered(argv, text)
    return None if out is None else keep_columns(text, out)


def format_python(_path, text, _since):
    return filtered(["autopep8", "--max-line-length=%d" % LINE_MAX,
                     "--ignore=" + ",".join(NO_PEP8), "-"], text)


def format_starlark(path, text, _since):
    if re.search("^# fmt: off", text, re.MULTILINE):
        return text
    return filtered([buildifier(), "-mode=fix", "-lint=off", "-path=" + path], text)


FORMATTERS = {C: format_c, PYTHON: format_python, STARLARK: format_starlark}


def buildifier():
    return env.npm(*BUILDIFIER) + "/buildifier-linux_" + (
        "arm64" if os.uname().machine == "aarch64" else "amd64")


def last_merged():
    """The commit that what is here began from: of origin/main, else HEAD."""
    return git("merge-base", "HEAD", "origin/main").stdout.strip() or "HEAD"


def format_file(path, form, since):
    """(text as it is, text as it should be); the second None if the formatter failed."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    return text, form(path, text, since)


def fmt(call):
    found, files = call.options, call.words
    since = found.get("--since", last_merged())
    if git("rev-parse", "--verify", "--quiet", since + "^{commit}").returncode != 0:
        raise usage("--since=%s: expected a commit" % since)
    env.ensure(env.FORMAT)
    whole, check = "--whole" in found, "--check" in found
    paths = [(p, form) for kind, form in FORMATTERS.items()
             for p in chosen(files).get(kind, [])
             if whole or git("diff", "--quiet", since, "--", p).returncode != 0]
    if any(form is format_starlark for _, form in paths):
        buildifier()
    changed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda p: format_file(*p, None if whole else since), paths)
        for (path, _), (before, after) in zip(paths, results):
            failed += after is None
            if after is None or after == before:
                continue
            changed += 1
            if check:
                sys.stdout.writelines(difflib.unified_diff(
                    before.splitlines(True), after.splitlines(True), path, path + " formatted",
                    n=1))
            else:
                rewrite(path, after)
                print(path)
    if check and changed:
        say("kthrash: %d files would change; tools/kthrash fmt does it" % changed)
    return FINDINGS if failed or (check and changed) else CLEAN


def rewrite(path, text):
    path = os.path.join(ROOT, path)
    mode = os.stat(path).st_mode
    write_whole(path, text)
    os.chmod(path, mode)


# ---- lint --------------------------------------------------------------------------

# What this Bazel does not know (rules as modules), and matters of taste.
NO_WARNINGS = ("module-docstring", "function-docstring", "function-docstring-args",
               "function-docstring-header", "function-docstring-return", "name-conventions",
               "native-cc-common", "native-cc-info", "native-sh-binary", "native-sh-test",
               "provider-params")


def clang_tidy(files):
    """One process each, of the sources that Bazel compiles; headers come with these."""
    known = compdb.write()
    return ([["clang-tidy-19", "-p", ROOT, "--quiet", f] for f in files if f in known] +
            [["sh", "-c", "echo \"$0: no target of compdb.py compiles it\"; exit 1", f]
             for f in files if f.endswith(".c") and f not in known])


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
    # The layout is for fmt to say.
    return [[buildifier(), "-lint=warn", "-mode=diff", "-diff_command=true",
             "-warnings=" + warnings, *files]]


def tidy(files):
    return [[sys.executable, "-B", "tools/tidy.py", *files]]


# Name: whose files, and what to run of them: any output or status but 0 is a finding.
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
    """What the linter complains of; "" if of nothing."""
    modules = os.path.join(ROOT, "tools")
    done = subprocess.run(argv, cwd=ROOT, check=False, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "PYTHONPATH": modules})
    if done.returncode == 0:
        return ""
    said = done.stdout + done.stderr
    return said.replace(ROOT + "/", "") or "%s ended with status %d\n" % (argv[0], done.returncode)


def run_linters(linters, files, out):
    """Run those of LINTERS named; returns the names of those that complain, sorted."""
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


def lint(call):
    files = chosen(call.words)
    env.ensure({**env.BUILD, **env.LINT})
    linters = [name for name, (kinds, _) in LINTERS.items() if any(files.get(k) for k in kinds)]
    say("kthrash: %s" % ", ".join(linters))
    bad = run_linters(linters, files, sys.stdout)
    if bad:
        say("kthrash: findings by %s" % ", ".join(bad))
    return FINDINGS if bad else CLEAN
