# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bugs --scoreboard`, which runs every strategy on every seeded bug, or with --programs
on every program of corpus/programs/, with repeated seeds.

A run is one hunt by one strategy with one seed and a budget of executions. The score is the
median of the executions over the seeds. A run that does not find the bug counts as more than the
budget, so a median may be unknown. The score also has the quartiles, the time, and the share of
runs that found the bug.
"""

import concurrent.futures
import functools
import io
import json
import os
import statistics
import tempfile
import time

from kthrashlib import children, env, files, terminal
from kthrashlib.build import bazel, driver_options, drivers
from kthrashlib.common import CLEAN, ROOT, environment, plural, say, usage, write_whole
from kthrashlib.measure import suite
from kthrashlib.terminal import LEFT, RIGHT

STRATEGIES = tuple(driver_options.MEASURED)


def strategy_words(strategy):
    return ["--strategy=" + strategy] if strategy != "portfolio" else []


def run(binary, strategy, seed, executions):
    """Runs one hunt. Returns (executions, seconds) until the finding, or (None, seconds)."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        done = children.run(
            [binary, "stress", "--json", "--executions=%d" % executions, "--seed=%d" % seed,
             "--findings=" + folder, *strategy_words(strategy)],
            stdout=children.PIPE, stderr=children.DEVNULL, text=True)
        seconds = time.monotonic() - began
    ran = 0
    for line in map(json.loads, filter(lambda x: x.startswith("{"), done.stdout.splitlines())):
        if line["type"] in ("finding", "unsaved"):
            return line["executions"], seconds
        if line["type"] == "summary":
            ran = line["executions"]
    if done.returncode != CLEAN or ran < executions:
        raise environment("%s: the hunt ended with status %d after %d of %d executions" % (
            os.path.basename(binary), done.returncode, ran, executions))
    return None, seconds


def quantile(values, budget, share):
    """Returns a quantile of the runs, or None if it lies among the runs that did not find the
    bug."""
    order = sorted(budget + 1 if v is None else v for v in values)
    value = order[min(len(order) - 1, int(share * len(order)))]
    return None if value > budget else value


def run_program(program, binary, words, strategy, seed, executions):
    """Runs one hunt in a program. Returns as run()."""
    with tempfile.TemporaryDirectory() as folder:
        finding, summary = suite.hunt([binary, *words], executions, seed, folder, [
            *suite.options(program), *strategy_words(strategy), "--no-shrink"])
    return finding and finding["executions"], summary["seconds"]


def score(hunt, strategy, seeds, executions):
    runs = [hunt(strategy, seed, executions) for seed in range(1, seeds + 1)]
    found = [n for n, _ in runs]
    return {
        "median": quantile(found, executions, 0.5),
        "low": quantile(found, executions, 0.25),
        "high": quantile(found, executions, 0.75),
        "seconds": round(statistics.median(s for _, s in runs), 3),
        "share": sum(n is not None for n in found) / len(found),
    }


def cell(s):
    if s["median"] is None:
        return "-" if s["share"] == 0 else "(%d %%)" % round(100 * s["share"])
    return "%d" % s["median"]


def summary(board, names):
    """Returns for each strategy the share of runs that found the bug, how many bugs it always found
    and never found, and the typical number of executions."""
    rows = []
    for strategy in STRATEGIES:
        scores = [board[n][strategy] for n in names]
        medians = [s["median"] for s in scores if s["median"] is not None]
        rows.append((strategy, statistics.mean(s["share"] for s in scores),
                     sum(s["share"] == 1 for s in scores), sum(s["share"] == 0 for s in scores),
                     statistics.geometric_mean(medians) if medians else None))
    return rows


def print_tables(board, names, what):
    terminal.table([(what, LEFT)] + [(s, RIGHT) for s in STRATEGIES],
                   [[n] + [cell(board[n][s]) for s in STRATEGIES] for n in names])
    print()
    terminal.table(
        [("strategy", LEFT), ("found", RIGHT), ("always", RIGHT), ("never", RIGHT),
         ("typical", RIGHT)],
        [(strategy, "%.1f%%" % (100 * share), always, never,
          "-" if typical is None else "%.0f" % typical)
         for strategy, share, always, never, typical in summary(board, names)])


def picture(board, names, executions, path, what):
    """Draws the plot. For each number of executions it shows how many bugs a strategy finds within
    that number. A bug counts by its median."""
    import matplotlib       # The import is here because it is slow.
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "kthrash"
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for strategy in STRATEGIES:
        medians = sorted(board[n][strategy]["median"] for n in names
                         if board[n][strategy]["median"] is not None)
        axes.step(medians + [executions],
                  list(range(1, len(medians) + 1)) + [len(medians)],
                  where="post", label=strategy)
    axes.set_xscale("log")
    axes.set_xlabel("executions (median over the seeds)")
    axes.set_ylabel("%s found, of %d" % (what, len(names)))
    axes.set_xlim(1, executions)
    axes.grid(alpha=0.3)
    axes.legend()
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    declaration, _, rest = drawn.getvalue().partition("\n")
    write_whole(path, "%s\n<!-- SPDX-License-Identifier: GPL-2.0-only -->\n%s" %
                (declaration, rest))


def of_bugs(names, seeds, executions):
    """Yields (name, scores by strategy) of each seeded bug."""
    for name in names:
        drivers.check_bug(name)
    # A bug with Hunt needs special options, and a bug with Test is found by no plan. They are left
    # out, because they say nothing about strategies.
    names = names or [n for n in drivers.bug_names() if not {"Hunt", "Test"} & {*drivers.header(n)}]
    env.ensure({**env.BUILD, **env.PICTURES})
    for name, binary in zip(names, bazel.build(["//stress/bugs:" + n for n in names])):
        yield name, {s: score(lambda *how, binary=binary: run(binary, *how), s, seeds, executions)
                     for s in STRATEGIES}


def of_programs(asked, seeds, executions):
    """Yields (title, scores by strategy) of each program with each of its command lines. As many
    strategies as there are processors are measured at a time."""
    env.ensure(env.PICTURES)
    suite.prepare()
    with concurrent.futures.ThreadPoolExecutor(suite.JOBS) as pool:
        for program, words in asked:
            binary = suite.compile_one(program, suite.FOLDER, repaired=False)
            each = functools.partial(run_program, program, binary, words)
            scores = pool.map(lambda s, each=each: score(each, s, seeds, executions), STRATEGIES)
            yield suite.title(program, words), dict(zip(STRATEGIES, scores))


def main(call):
    call.only("--scoreboard", "--executions", "--seeds", "--out", "--json",
              *(["--programs", "--slow"] if "--programs" in call.options else []))
    found, names = call.options, list(dict.fromkeys(call.words))
    for end in (".json", ".svg") if "--out" in found else ():
        refused = files.refusal(found["--out"] + end)
        if refused:
            raise usage("%s%s: %s" % (found["--out"], end, refused))
    executions = found.get("--executions", 20000)
    seeds = found.get("--seeds", 5)
    board, what = {}, "program" if "--programs" in found else "bug"
    measured = of_bugs(names, seeds, executions) if what == "bug" else of_programs(
        suite.chosen(names, "--slow" in found), seeds, executions)
    for name, scores in measured:
        board[name] = scores
        say("%s: %s" % (name, " ".join("%s %s" % (s, cell(board[name][s])) for s in STRATEGIES)))
    names = list(board)
    if "--json" in found:
        print(json.dumps({"executions": executions, "seeds": seeds, "board": board}))
    else:
        print("medians of %s, at most %s; -: never found; (n %%): found in n %% of the runs\n" % (
            plural(seeds, "seed"), plural(executions, "execution")))
        print_tables(board, names, what)
    # The result is printed first, so that it is not lost if a file can't be written.
    if "--out" in found:
        write_whole(found["--out"] + ".json", json.dumps(
            {"executions": executions, "seeds": seeds, "board": board}, indent=1) + "\n")
        picture(board, names, executions, found["--out"] + ".svg",
                "seeded bugs" if what == "bug" else "bugs of programs")
        say("kthrash: %s.json and .svg" % os.path.relpath(found["--out"], ROOT))
    return CLEAN
