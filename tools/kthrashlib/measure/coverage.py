# SPDX-License-Identifier: GPL-2.0-only
"""Implements `coverage`. It measures the lines and branches of core/ and platform/ that the corpus
reaches, and the pairs of accesses by different tasks.

Drivers that are built for coverage replay the plans. Each plan runs in a child process, which
writes its counts to a file even if the plan ends the process. LLVM's tools merge the files. The
simulator is not compiled for coverage, because it is the harness and not the code under test.
"""

import html
import os
import re
import shutil

from kthrashlib import children, env, locks, terminal
from kthrashlib.build import bazel
from kthrashlib.common import (CLEAN, ROOT, STATE, environment, matching, path_said, plural, say,
                               usage, write_whole)
from kthrashlib.gate import results

TARGET = "//stress:kthrash_cov@"
FOLDERS = ("core", "platform")
PLANS_AT_ONCE = 400             # A command line has at most this many plans.
THREADS_TIMES = 2               # Each plan is executed this many times on real threads.
SCHEDULES = 50                  # For schedule coverage, each plan runs under this many schedules.
LIMIT_S = 1200                  # One driver may run this long.
CWD = "/proc/self/cwd/"         # Bazel's compiler sees this folder.


def plans_in(folder):
    return [p for p in matching(folder, "*") if os.path.isfile(p)]


def run(words, **kwargs):
    try:
        return children.run(words, cwd=ROOT, stdout=children.PIPE, stderr=children.PIPE, text=True,
                            **kwargs)
    except children.TimeoutExpired as e:
        raise environment("%s did not end in %d s" % (words[0], LIMIT_S)) from e


def tool(words):
    """Runs one of LLVM's tools and returns what it prints."""
    done = run(words)
    if done.returncode != 0:
        raise environment("%s failed: %s" % (words[0], done.stderr.strip()[-500:]))
    return done.stdout


def usable(sim, files, folder):
    """Copies the files that are plans to `folder`, as *.plan, and returns the copies. A campaign's
    corpus also has inputs of fuzzers, and names its plans in its own way."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    copies = []
    for at in range(0, len(files), PLANS_AT_ONCE):
        done = run([sim, "replay", "--json", *files[at:at + PLANS_AT_ONCE]], timeout=LIMIT_S)
        for said in results.lines_of(done.stdout):
            name = os.path.basename(path_said(said["file"])).replace(".plan", "") + ".plan"
            copies.append(shutil.copyfile(path_said(said["file"]), os.path.join(folder, name)))
    return copies


# ---- counting -------------------------------------------------------------------

def replay(binary, combo, plans, raw):
    """Runs the driver on all plans. The driver writes its counts to files in the folder `raw`."""
    # The pattern %m gives one file for the process and all its children.
    profile = {**os.environ, "LLVM_PROFILE_FILE": os.path.join(raw, combo + "-%m.profraw")}

    def driver(*words):
        done = run([binary, *words], env=profile, timeout=LIMIT_S)
        if done.returncode == 3:
            raise environment("%s: %s" % (combo, done.stderr.strip()[-500:]))

    if combo.startswith("sim+"):
        for at in range(0, len(plans), PLANS_AT_ONCE):
            driver("replay", "--json", *plans[at:at + PLANS_AT_ONCE])
        return
    for folder in sorted({os.path.dirname(p) for p in plans}):
        own = [p for p in plans if os.path.dirname(p) == folder]
        # On real threads illegal plans may end in any way.
        if os.path.basename(folder) != "illegal":
            driver("stress", "--json", "--keep-going", "--plan=" + folder, "--seed=1",
                   "--executions=%d" % (THREADS_TIMES * len(own)),
                   "--findings=" + os.path.join(raw, "findings"))


def count(binaries, plans, folder):
    """Returns the merged profile of `binaries` (by combination) over `plans`."""
    raw = os.path.join(folder, "raw")
    shutil.rmtree(raw, ignore_errors=True)
    os.makedirs(raw)
    for n, (combo, binary) in enumerate(binaries.items()):
        say("kthrash: %d of %d: %s on %s" % (
            n + 1, len(binaries), plural(len(plans), "plan"), combo))
        replay(binary, combo, plans, raw)
    merged = os.path.join(folder, "coverage.profdata")
    counted = matching(raw, "*.profraw")
    if not counted:
        raise environment("no counts were written to " + results.relative(raw))
    tool(["llvm-profdata-19", "merge", "-sparse", "-o", merged] + counted)
    shutil.rmtree(raw)
    return merged


def objects(binaries):
    paths = [os.path.realpath(b) for b in binaries.values()]
    return paths[:1] + ["-object=" + p for p in paths[1:]]


IGNORE = r"-ignore-filename-regex=(^|/)(stress|fuzz|tools)/"


def lcov(binaries, merged):
    """Returns the counts as LCOV text, with the files named as in the checkout."""
    text = tool(["llvm-cov-19", "export", "-format=lcov", "-instr-profile=" + merged, IGNORE]
                + objects(binaries))
    records = [r for r in text.split("end_of_record\n") if r.strip()]
    kept = []
    for r in records:
        r = re.sub(r"^SF:.*?((?:%s)/.*)$" % "|".join(FOLDERS), r"TN:\nSF:\1", r.lstrip(),
                   flags=re.MULTILINE)
        # A header without code has no lines, so it is dropped.
        if r.startswith("TN:\n") and "\nLF:0\n" not in r:
            kept.append(r + "end_of_record\n")
    return "".join(sorted(kept))


def totals(text):
    """Returns by file the numbers of lines, of lines reached, of branches, and of branches
    taken."""
    found = {}
    for record in text.split("end_of_record\n"):
        name = re.search(r"^SF:(.*)$", record, re.MULTILINE)
        if name:
            found[name.group(1)] = [
                int(n.group(1)) if n else 0
                for n in (re.search(r"^%s:(\d+)$" % k, record, re.MULTILINE)
                          for k in ("LF", "LH", "BRF", "BRH"))]
    return found


def pairs(binary, plans, folder):
    """Returns the ordered pairs of accesses to one object by two tasks. They are the lines of the
    driver's file."""
    out = os.path.join(folder, "pairs")
    if os.path.exists(out):
        os.unlink(out)
    for where in sorted({os.path.dirname(p) for p in plans}):
        own = [p for p in plans if os.path.dirname(p) == where]
        if os.path.basename(where) == "illegal":
            continue
        done = run([binary, "stress", "--json", "--keep-going", "--plan=" + where, "--seed=1",
                    "--executions=%d" % (SCHEDULES * len(own)), "--coverage=" + out,
                    "--findings=" + os.path.join(folder, "findings")], timeout=LIMIT_S)
        if done.returncode not in (0, 1):
            raise environment("stress --coverage: " + done.stderr.strip()[-500:])
    return pairs_in(out)


def pairs_in(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return {line.rstrip("\n") for line in f if not line.startswith("kthrash-coverage ")}
    except OSError:
        return set()


# ---- showing --------------------------------------------------------------------

def percent(part, whole):
    return "%.1f %%" % (100 * part / whole) if whole else "-"


def summed(files, folder):
    rows = [n for name, n in files.items() if name.startswith(folder + "/")]
    return [sum(column) for column in zip(*rows)] if rows else [0, 0, 0, 0]


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>kthrash: coverage</title>
<meta name="viewport" content="width=device-width">
<!-- SPDX-License-Identifier: GPL-2.0-only -->
<style>
:root { color-scheme: light dark }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse }
th, td { text-align: right; padding: 2px 10px; border-bottom: 1px solid GrayText }
th:first-child, td:first-child { text-align: left; font-family: monospace }
div { overflow-x: auto }
</style>
<h1>Coverage</h1><p>Plans: %(plans)d. Combinations of back ends: %(combos)d.
<a href="code/index.html">Line by line</a>.</p>
<h2>Lines and branches</h2>
<div><table><thead><tr><th>file</th><th>lines</th><th>of</th><th></th><th>branches</th><th>of</th>
<th></th></tr></thead><tbody>%(rows)s</tbody></table></div>
<h2>Schedules</h2>
<p>%(schedules)s</p>
<div><table><thead><tr><th>function</th><th>pairs</th></tr></thead><tbody>%(functions)s</tbody>
</table></div></html>
"""


def row(name, n):
    cells = [html.escape(name), n[1], n[0], percent(n[1], n[0]), n[3], n[2], percent(n[3], n[2])]
    return "<tr>%s</tr>" % "".join("<td>%s</td>" % c for c in cells)


def page(files, seen, said, plans, combos):
    rows = [row(f + "/", summed(files, f)) for f in FOLDERS]
    rows += [row(name, n) for name, n in sorted(files.items())]
    functions = {}
    for pair in seen:
        for point in pair.split(" ")[1:]:
            name = point.partition(":")[0]
            functions[name] = functions.get(name, 0) + 1
    return PAGE % {
        "plans": plans, "combos": combos, "rows": "\n".join(rows), "schedules": html.escape(said),
        "functions": "\n".join("<tr><td>%s</td><td>%d</td></tr>" % (html.escape(f), n)
                               for f, n in sorted(functions.items(), key=lambda x: (-x[1], x[0])))}


def write_pages(folder, binaries, merged, text):
    """Writes LLVM's pages and the page that links to them. The new folder replaces the old one when
    the new one is complete."""
    made = folder + ".tmp"
    shutil.rmtree(made, ignore_errors=True)
    tool(["llvm-cov-19", "show", "-format=html", "-show-branches=count", "-instr-profile=" + merged,
          "-path-equivalence=%s,%s" % (CWD, ROOT + "/"), IGNORE,
          "-output-dir=" + os.path.join(made, "code")] + objects(binaries))
    write_whole(os.path.join(made, "index.html"), text)
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(made, folder)


def chosen(found):
    """Returns the combinations that are built."""
    done = bazel.run(["query", "--noshow_progress", "filter('kthrash_cov@', //stress:*)"],
                       stdout=children.PIPE, stderr=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("bazel query failed: " + done.stderr.strip()[-500:])
    known = sorted((label.partition("@")[2] for label in done.stdout.split()),
                   key=lambda c: (not c.startswith("sim+"), c))
    if "--platform" not in found:
        return known
    if found["--platform"] not in known:
        raise usage("--platform=%s: expected one of %s" % (found["--platform"], ", ".join(known)))
    return [found["--platform"]]


def print_table(by_file):
    rows = []
    for name in FOLDERS:
        n = summed(by_file, name)
        rows.append((name + "/", "%d of %d, %s" % (n[1], n[0], percent(n[1], n[0])),
                     "%d of %d, %s" % (n[3], n[2], percent(n[3], n[2]))))
    terminal.table([("folder", terminal.LEFT), ("lines", terminal.RIGHT),
                    ("branches", terminal.RIGHT)], rows)


def main(call):
    found = call.options
    plans = [p for folder in ("seed", "regress", "illegal")
             for p in plans_in(os.path.join(ROOT, "corpus", folder))]
    campaign = os.path.abspath(found["--dir"]) if "--dir" in found else None
    if campaign:
        if not os.path.isdir(os.path.join(campaign, "corpus")):
            raise usage("--dir=%s: expected a campaign's folder, with a corpus in it" %
                        found["--dir"])
    folder = os.path.join(STATE, "coverage")
    out = os.path.abspath(found.get("--lcov", os.path.join(folder, "lcov.info")))
    env.ensure(env.BUILD)
    os.makedirs(folder, exist_ok=True)
    with locks.alone(folder, "coverage"):
        return measure(found, plans, campaign, out)


def measure(found, plans, campaign, out):
    """Counts what `plans` and the corpus of `campaign` reach. Writes `out` and, if the options in
    `found` say so, the pages. Returns the exit status."""
    folder = os.path.join(STATE, "coverage")
    combos = chosen(found)
    *files, sim = bazel.build([TARGET + c for c in combos] + ["//stress:kthrash_sim"])
    binaries = dict(zip(combos, files))
    if campaign:
        given = plans_in(os.path.join(campaign, "corpus"))
        plans += usable(sim, given, os.path.join(folder, "plans"))
    merged = count(binaries, plans, folder)
    text = lcov(binaries, merged)
    write_whole(out, text)
    by_file = totals(text)
    seen = pairs(sim, plans, folder)
    said = ("%d ordered pairs of accesses to one object by two tasks, in %d schedules of each "
            "plan" % (len(seen), SCHEDULES))
    if campaign:
        lately = pairs_in(os.path.join(campaign, "coverage"))
        said += "; the campaign has seen %d, and %d of these were not seen here" % (len(lately),
                                                                    len(lately - seen))
    print_table(by_file)
    print("schedules: " + said)
    print(results.relative(out))
    if "--html" in found:
        write_pages(os.path.join(folder, "html"), binaries, merged,
                    page(by_file, seen, said, len(plans), len(binaries)))
        print(results.relative(os.path.join(folder, "html", "index.html")))
    return CLEAN
