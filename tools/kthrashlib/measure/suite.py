# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --programs`, which tests whether kthrash finds the bugs of corpus/programs/.

Each program is compiled as kthrash-cc does it, hunted, shrunk, and replayed ten times. The finding
must be of a kind that the table expects. Then the same hunt on the program's twin must find
nothing, and neither may a hunt that also looks for races and leaks.
"""

import concurrent.futures
import json
import os
import shutil
import tempfile

from kthrashlib import children, env, terminal
from kthrashlib.build import cores
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, TOOLS, environment, plural, usage
from kthrashlib.measure import programs
from kthrashlib.programs import build, kernel
from kthrashlib.programs import run as running
from kthrashlib.terminal import LEFT, RIGHT

EXECUTIONS = 100000
REPLAYS = 10
FOLDER = os.path.join(STATE, "programs")
JOBS = os.cpu_count()
# A hunt of so many seconds hangs: it is a defect of kthrash.
HANG_SECONDS = 3600
DIRECTIVES = ("switch", "visible", "spurious", "fail", "kill", "oom")
COLUMNS = [("program", LEFT), ("found as", LEFT), ("strategy", LEFT), ("executions", RIGHT),
           ("directives", RIGHT), ("replays", RIGHT), ("twin", LEFT), ("plan", LEFT)]
FAULTS = {"allocation": "malloc"}       # The other faults have the same words in `run`.


# ---- which programs ------------------------------------------------------------------


def chosen(names, slow=False, load=programs.load):
    """Returns the programs of those names, or all, each with its command lines. A program that is
    named has all of them; otherwise the slow ones are there only on request."""
    table = load()
    known = {p.name for p in table}
    for name in names:
        if name not in known:
            raise usage("no program '%s', expected %s" % (name, ", ".join(sorted(known))))
    return [(p, words) for p in table if not names or p.name in names
            for words in p.arguments if names or slow or words not in p.slow]


def title(program, words):
    return " ".join([program.name, *words])


def options(program):
    """Returns the options of a hunt without which the bug does not exist."""
    faults = ["spurious", *(FAULTS.get(f, f) for f in program.faults if f != "spurious")]
    return ["--faults=" + ",".join(faults), "--memory=" + program.memory,
            *(["--races"] if program.races else [])]


# ---- building ------------------------------------------------------------------------


def compile_one(program, folder, repaired):
    """Compiles a program as a user does; returns the path of the binary. Another `bugs` may compile
    the same program at the same time."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        made = compile_in(place, program, repaired)
        binary = os.path.join(folder, os.path.basename(made))
        os.replace(made, binary)
    return binary


def compile_in(folder, program, repaired):
    binary = os.path.join(folder, program.name + ("-twin" if repaired else ""))
    compiler, *words = program.compiled(binary, program.compiler, repaired, ["-O1"])
    cxx = program.source.endswith(".cc")
    wrapper = os.path.join(TOOLS, "kthrash-c++" if cxx else "kthrash-cc")
    done = children.run([wrapper, *["--kthread"] * program.kthread, *words],
                        stdout=children.PIPE, stderr=children.STDOUT, text=True,
                        env={**os.environ, "KTHRASH_CXX" if cxx else "KTHRASH_CC": compiler})
    if done.returncode:
        raise environment("%s: does not compile:\n%s" % (program.path, done.stdout))
    return binary


def prepare():
    """Builds the library and makes sure that what finds the names of places is there."""
    env.ensure(env.BUILD)
    build.ensure()
    running.symbolizer()


# ---- hunting -------------------------------------------------------------------------


def drive(program, words):
    """Runs the driver's command line `words` in the program. Returns its status, the objects that
    it printed, and what it said on standard error."""
    done = children.run(program, stdin=children.DEVNULL, stdout=children.PIPE,
                        stderr=children.PIPE, text=True, errors="replace", timeout=HANG_SECONDS,
                        may_be_killed=True, env=running.environment(words))
    lines = [x for x in done.stdout.splitlines() if x.startswith("{")]
    try:
        return done.returncode, [json.loads(x) for x in lines], done.stderr
    except ValueError as e:
        raise environment("%s: the driver's JSON can't be read: %s" % (program[0], e)) from e


def hunt(program, executions, seed, folder, given):
    """Hunts in a program. Returns (finding, summary); the finding is None if all executions ran and
    there is none."""
    status, lines, said = drive(program, [
        "run", "--json", "--executions=%d" % executions, "--seed=%d" % seed,
        "--findings=" + folder, *given])
    finding = next((x for x in lines if x["type"] == "finding"), None)
    summary = next((x for x in lines if x["type"] == "summary"), {})
    ran = summary.get("executions", 0)
    if not finding and (status != CLEAN or ran < executions):
        raise environment("%s: the hunt ended with status %d after %d of %d executions: %s" % (
            " ".join(program), status, ran, executions, said.strip()))
    return finding, summary


def replayed(program, plan):
    """Returns how many of ten replays end as the plan says, with the same trace, and the number of
    its directives."""
    _, runs, _ = drive(program, ["replay", "--json", "--times=%d" % REPLAYS, plan])
    with open(plan, encoding="utf-8", errors="surrogateescape") as f:
        lines = [line.split() for line in f]
    expected = next((words[-1] for words in lines if words[:1] == ["expect"]), None)
    directives = sum(words[0] in DIRECTIVES for words in lines if words)
    return sum(r["ok"] and r["hash"] == expected for r in runs), directives


def examine_bug(program, binary, words, executions, seed):
    """Hunts in a program, and replays what was found. The plan stays beside the binary."""
    with tempfile.TemporaryDirectory() as folder:
        finding, summary = hunt([binary, *words], executions, seed, folder, options(program))
        if not finding:
            return {"found": False}
        plan = summary["plan"]
        replays, directives = replayed([binary, *words], plan)
        kept = os.path.join(os.path.dirname(binary), "-".join([program.name, *words]) + ".plan")
        shutil.copyfile(plan, kept)
    return {"found": True, "kind": finding["kind"], "strategy": finding["strategy"],
            "executions": finding["executions"], "message": finding["message"],
            "directives": directives, "replays": replays, "plan": os.path.relpath(kept, ROOT)}


def examine_twin(program, twin, words, executions, seed):
    """Returns what a hunt finds in the twin, or None: the hunt that finds the bug, and one that
    also looks for races and leaks."""
    for more in ([], ["--races", "--leaks"]):
        given = list(dict.fromkeys([*options(program), *more]))
        with tempfile.TemporaryDirectory() as folder:
            finding, _ = hunt([twin, *words], executions, seed, folder, given)
        if finding:
            return finding["message"]
    return None


# ---- the command ---------------------------------------------------------------------


def examine(program, command_lines, executions, seed, folder, of_twin=None):
    """Compiles a program and its twin; returns a row of the table for each command line. A hunt in
    the twin has `of_twin` executions, or as many as one for the bug."""
    binary = compile_one(program, folder, repaired=False)
    twin = compile_one(program, folder, repaired=True)
    return [{"program": title(program, words), "expect": program.expect,
             **examine_bug(program, binary, words, executions, seed),
             "twin": examine_twin(program, twin, words, of_twin or executions, seed)}
            for words in command_lines]


def examine_all(asked, executions, seed, folder, of_twin=None):
    """Yields the rows of each program, in the order of the table. JOBS programs are examined at a
    time. Binaries and plans go to the folder."""
    lines = {}
    for program, words in asked:
        lines.setdefault(program.name, (program, []))[1].append(words)
    workers = concurrent.futures.ThreadPoolExecutor(JOBS)
    try:
        yield from workers.map(lambda each: examine(*each, executions, seed, folder, of_twin),
                               lines.values())
    finally:
        workers.shutdown(cancel_futures=True)


def ok(row):
    return (row["found"] and row["kind"] in row["expect"] and row["replays"] == REPLAYS and
            row["twin"] is None)


def line(row):
    """Returns a row of the table as it is printed."""
    twin = "clean" if row["twin"] is None else "FINDING " + row["twin"]
    if not row["found"]:
        return (row["program"], "NOT FOUND", "", "", "", "", twin,
                "expected: " + ", ".join(row["expect"]))
    kind = row["kind"] + ("" if row["kind"] in row["expect"] else
                          ", expected " + ", ".join(row["expect"]))
    return (row["program"], kind, row["strategy"], row["executions"], row["directives"],
            "%d/%d" % (row["replays"], REPLAYS), twin, row["plan"])


def left_out(asked):
    """Returns the titles of the command lines that a call without names leaves out."""
    here = {title(*each) for each in asked}
    return [title(p, words) for p in programs.load() for words in p.slow
            if title(p, words) not in here]


def main(call):
    """The command `bugs --programs`."""
    found = call.options
    call.only("--programs", "--drivers", "--slow", "--executions", "--seed", "--json",
              *(["--core", "--linux"] if "--drivers" in found else []))
    load = programs.load_drivers if "--drivers" in found else programs.load
    asked = chosen(list(dict.fromkeys(call.words)), "--slow" in found, load)
    prepare()
    if "--drivers" in found:
        build.ensure_kernel()
    if cores.is_linux(found):
        os.environ[kernel.VARIABLE] = kernel.build(found)
    executions = found.get("--executions", EXECUTIONS)
    rows = [row for each in terminal.each(
        examine_all(asked, executions, found.get("--seed", 1), FOLDER), "hunting in the programs")
        for row in each]
    if "--json" in found:
        print(json.dumps({"executions": executions, "programs": rows}, indent=1))
    else:
        terminal.table(COLUMNS, list(map(line, rows)))
        print("%d of %d found and replayed; %s clean in %d executions, with races and leaks "
              "in %d more" % (
                  sum(r["found"] and r["replays"] == REPLAYS for r in rows), len(rows),
                  plural(sum(r["twin"] is None for r in rows), "twin"), executions, executions))
        if not call.words and "--drivers" not in found and left_out(asked):
            print("left out without --slow: " + ", ".join(left_out(asked)))
    return CLEAN if all(map(ok, rows)) else FINDINGS
