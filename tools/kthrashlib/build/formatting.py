# SPDX-License-Identifier: GPL-2.0-only
"""Implements `fmt`, which formats the lines that changed, and no others.

The tree was written by hand, and its tables and comments stand in columns that no formatter
keeps. A formatter reads the whole file. `fmt` keeps only the formatter's changes to lines that the
user changed. It never changes the blanks before a comment at the end of a line.
"""

import ast
import collections
import concurrent.futures
import difflib
import os
import re
import shutil
import sys

from kthrashlib import children, checkout, env
from kthrashlib.build.style import C, LINE_MAX, PYTHON, STARLARK, buildifier, chosen
from kthrashlib.common import CLEAN, FINDINGS, ROOT, environment, plural, say, usage, write_whole

# autopep8 must leave some layout alone: tabs in a string, the columns in which a table's rows
# begin, blanks around an operator. See .flake8.
NO_PEP8 = ("E101", "W191", "E122", "E127", "E128", "E226", "E24", "W50")


def changed_lines(path, since):
    """Yields (first, last) of each run of lines that differs from that commit."""
    diff = checkout.text("diff", "-U0", "--no-color", "--no-ext-diff", since, "--", path,
                         root=ROOT)
    for first, count in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", diff, re.MULTILINE):
        if count != "0":
            yield int(first), int(first) + int(count or 1) - 1


def split_comment(line):
    """Returns (code, blanks, comment at the end of the line). The last two are empty if there is no
    comment."""
    found = re.match(r"(.*\S)([ \t]+)(/\*.*\n?)$", line)
    return found.groups() if found else (line, "", "")


def keep_blanks(old, new):
    """Returns `new`, with the blanks that `old` has before the same comment."""
    _, blanks, comment = split_comment(old)
    code, _, same = split_comment(new)
    return code + blanks + comment if comment and comment == same else new


def keep_columns(before, after):
    """Returns `after`, with its comments in the columns in which they stand in `before`."""
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


def without_blanks(line):
    return "".join(line.split())


def words_of(text):
    return collections.Counter(re.findall(r'"[^"\n]*"|\w+', text))


def only_changed(before, after, changed):
    """Returns `before`, with the formatter's changes to the lines whose numbers are in `changed`.
    `after` is what the formatter made of `before`.

    Lines that a formatter joined, split or moved belong together: they are taken whole if one of
    them changed. If this would lose a word, because the formatter moved a line far away, the result
    is `after`.
    """
    old, new = before.splitlines(True), after.splitlines(True)
    match = difflib.SequenceMatcher(None, list(map(without_blanks, old)),
                                    list(map(without_blanks, new)), autojunk=False)
    lines = []
    for what, i, i_end, j, j_end in match.get_opcodes():
        if what == "equal":
            lines += [new[j + n] if i + n + 1 in changed else old[i + n]
                      for n in range(i_end - i)]
        elif changed.isdisjoint(range(i + 1, max(i_end, i + 1) + 1)) and (
                i_end > i or i not in changed):
            lines += old[i:i_end]
        else:
            lines += new[j:j_end]
    text = "".join(lines)
    return text if words_of(text) == words_of(before) else after


def filtered(argv, text):
    """Returns `text` as the formatter formats it, or None if the formatter refuses it."""
    done = children.run(argv, given=text, stdout=children.PIPE, stderr=children.PIPE, text=True,
                        cwd=ROOT)
    if done.returncode != 0:
        say("kthrash: %s: %s" % (argv[0], done.stderr.strip()[-500:]))
        return None
    return done.stdout


def format_c(path, text, changed):
    argv = ["clang-format-19", "--assume-filename=" + path]
    if changed is not None:
        argv += ["--lines=%d:%d" % (n, n) for n in sorted(changed)]
    out = filtered(argv, text)
    return None if out is None else keep_columns(text, out)


def format_python(_path, text, _changed):
    return filtered(["autopep8", "--max-line-length=%d" % LINE_MAX,
                     "--ignore=" + ",".join(NO_PEP8), "-"], text)


def format_starlark(path, text, _changed):
    if re.search("^# fmt: off", text, re.MULTILINE):
        return text
    return filtered([buildifier(), "-mode=fix", "-lint=off", "-path=" + path], text)


FORMATTERS = {C: format_c, PYTHON: format_python, STARLARK: format_starlark}


def last_merged():
    """Returns the commit of origin/main from which this branch began, else HEAD."""
    return checkout.text("merge-base", "HEAD", "origin/main", root=ROOT).strip() or "HEAD"


def base(found):
    """Returns the commit since which a line counts as changed. Returns None if the options in
    `found` say that every line counts."""
    commit, why = checkout.commit_of(ROOT)
    since = found.get("--since") or (last_merged() if commit else "")
    if commit and checkout.git("rev-parse", "--verify", "--quiet", since + "^{commit}",
                               root=ROOT)[0] != 0:
        raise usage("--since=%s: expected a commit" % since)
    if "--whole" in found:
        return None
    if not commit:
        raise environment("git can't say which lines of %s changed, because %s: expected --whole, "
                          "which formats every line" % (ROOT, why))
    return since


def format_file(path, form, since):
    """Returns (the file's text, the text as it should be). The second is None if the formatter
    failed. Every line counts as changed if `since` is None."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    if since is None:
        return text, form(path, text, None)
    changed = {n for first, last in changed_lines(path, since) for n in range(first, last + 1)}
    after = form(path, text, changed) if changed else text
    if after is None:
        return text, None
    merged = only_changed(text, after, changed)
    return text, merged if form is not format_python or same_meaning(text, merged) else after


def same_meaning(before, after):
    """Returns False if formatting changed the meaning, because it indented only half of a block
    anew."""
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:
        return False


def main(call):
    found, files = call.options, call.words
    for kind, paths in chosen(files).items() if files else ():
        if kind not in FORMATTERS:
            raise usage("%s: nothing formats such a file" % paths[0])
    if not shutil.which("git"):
        env.ensure(env.FORMAT)
    since, check = base(found), "--check" in found
    env.ensure(env.FORMAT)
    paths = [(p, form) for kind, form in FORMATTERS.items()
             for p in chosen(files).get(kind, [])
             if since is None or
             checkout.git("diff", "--quiet", since, "--", p, root=ROOT)[0] != 0]
    if any(form is format_starlark for _, form in paths):
        buildifier()
    changed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda p: format_file(*p, since), paths)
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
                write_whole(os.path.join(ROOT, path), after)
                print(path)
    if check and changed:
        say("kthrash: %s would change; tools/kthrash fmt changes them" % plural(changed, "file"))
    return FINDINGS if failed or (check and changed) else CLEAN
