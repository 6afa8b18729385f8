# SPDX-License-Identifier: GPL-2.0-only
"""The commands, and which module runs each."""

import os
import re
import signal
import subprocess
import sys

import bench
import bugs
import campaign
import drivers
import env
import explain
from common import CLEAN, ENVIRONMENT, Failure, ROOT, no_more, number, say, split_options, usage

HELP = """usage: tools/kthrash COMMAND [OPTION]... [FILE]...

  campaign  the main job: every lane for a while (2 minutes), triage, report
              --seconds=N --jobs=N --dir=DIR --lanes=A,B --seed=N
  test      all tests, also under sanitizers        -- BAZEL-OPTIONS
  stress    one lane until something breaks
              --os=sim|posix --sanitizer=none|asan|tsan
              --platform=OS+LOCK+COMPLETION+QUEUE+RCU  other back ends than the usual
              --strategy=portfolio|adaptive|block|random|pos|surw|pct:D|delay:D
              --plan=FILE|DIR --executions=N --seconds=N --seed=N --findings=DIR
              --faults=on|off --exhaustive=fail|kill|pairs|spurious|timers
              --memory=sc|tso|pso  weak memory: stores become visible late
              --illegal --keep-going --json
              --twice  each execution again: another trace is a finding, nondeterminism
              --jobs=N  in N processes: each has every N-th plan, they share the folder of
              findings only. --first=F --executions=M: numbers F to F+M-1. With the
              portfolio or a given strategy the same range gives the same findings, in one
              file each, however it is cut; with --keep-going all of them, without it
              the first by number and what others met before they heard of it
              --coverage=FILE --coverage-every=N  the pairs of accesses seen, of every N-th plan
              --mutate  plans from those that had new pairs
  verify    PLAN  every interleaving of a small plan, up to equivalence; 0: verified
              within the bounds, 1: counterexample, 3: not finished
              --kills=N --fails=N --spurious=N   so many at most, besides the plan's
              --teardown  of what the tasks leave, too
              --executions=N --seconds=N --findings=DIR --bug= --json
              --strategy=dpor|dfs|bound:N  dfs: without reduction; bound: with at most N
                preemptions, on any back ends (--platform=) and --memory=
  fuzz      one engine: --engine=libfuzzer|afl --target=plan|parser --seconds=N
  replay    FILE...  plans exactly as written
              --times=N --twice --os= --platform= --sanitizer= --bug=
  shrink    FILE -o OUT  the smallest plan with the same finding
  explain   FILE  the interleaving: --format=text|json|perfetto|html -o OUT
  bugs      [NAME...]  the seeded bugs: each built, hunted, shrunk, replayed
              --executions=N --seed=N --json
              --scoreboard: every strategy on each --seeds=N --executions=N --out=NAME
  bench     what the simulator costs, plain, under sanitizers, in libFuzzer
              --seconds=N --json; with --sanitizer= and the like that build's alone
              --backends: what each lock, completion, queue and RCU costs on real threads
  fmt, lint

exit status: 0 clean, 1 findings, 2 usage or bad input, 3 the environment failed
"""


def run_driver(binary, args):
    with subprocess.Popen([binary] + args) as p:
        while True:
            try:
                return p.wait()
            except KeyboardInterrupt:
                p.send_signal(signal.SIGINT)    # it ends in order, with its summary


def driver(command, args):
    """stress, verify, replay, shrink, bench: the C driver's own commands."""
    if command == "bench" and "--backends" in args:
        return bench.backends(args)
    if command == "bench" and not any(a.startswith(drivers.OPTIONS) for a in args):
        return bench.simulator(args)
    found, rest = split_options(args, (), drivers.OPTIONS)
    if command == "verify" and drivers.system(found) != "sim":
        raise usage("verify needs the simulator, not %s" % drivers.system(found))
    drivers.chosen(found)
    if command in ("stress", "verify") and sys.stderr.isatty() and "--json" not in rest:
        rest.append("--progress")
    env.ensure(env.BUILD)
    return run_driver(drivers.binary(found), [command] + rest)


def test(args):
    env.ensure(env.ALL)
    extra = args[1:] if args[:1] == ["--"] else args
    folders = ["//core/...", "//platform/...", "//stress/...", "//fuzz/..."]
    passed = failed = status = 0
    # What compares builds with each other needs no sanitizer around it.
    checked = ["--build_tests_only", "--test_tag_filters=-plain-only"] + folders
    for words in (["//..."], ["--config=asan-ubsan"] + checked, ["--config=tsan"] + checked):
        say("kthrash: bazel test " + " ".join(words))
        p = subprocess.Popen(["bazel", "test", "--keep_going", "--noshow_progress"] + words + extra,
                             cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in p.stdout:
            print(line, end="", flush=True)
            result = re.match(r"//\S+\s.*\b(PASSED|FAILED|TIMEOUT|NO STATUS|FLAKY)\b", line)
            if result:
                passed += result.group(1) in ("PASSED", "FLAKY")
                failed += result.group(1) not in ("PASSED", "FLAKY")
        status = p.wait() or status
    if status and not failed:
        failed = 1  # it did not even build
    print("%d passed, %d failed" % (passed, failed))
    return status


def fuzz(args):
    found, rest = split_options(args, (), ("--engine", "--target", "--seconds"))
    no_more(rest, "--engine=, --target= or --seconds=")
    engine = found.get("--engine", "libfuzzer")
    if engine not in ("libfuzzer", "afl"):
        raise usage("--engine=%s: expected libfuzzer or afl" % engine)
    target = found.get("--target", "plan")
    if target not in ("plan", "parser"):
        raise usage("--target=%s: expected plan or parser" % target)
    seconds = number(found, "--seconds", 60, 1, 10**7, int)
    env.ensure({**env.BUILD, **env.FUZZ})
    return campaign.fuzz(engine, target, seconds)


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--"] + list(patterns), cwd=ROOT, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return [os.path.join(ROOT, f) for f in out.split()]


def fmt(args):
    no_more(args, "no option")
    env.ensure({"clang-format-14": "formats C"})
    return subprocess.run(["clang-format-14", "-i"] + tracked("*.c", "*.h"), check=False).returncode


def lint(args):
    no_more(args, "no option")
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "tidy.py")],
                          cwd=ROOT, check=False).returncode


COMMANDS = {
    "campaign": campaign.main,
    "test": test,
    "fuzz": fuzz,
    "bugs": bugs.main,
    "explain": explain.main,
    "fmt": fmt,
    "lint": lint,
}
DRIVER = ("stress", "verify", "replay", "shrink", "bench")


def main(args):
    if not args:
        print(HELP, end="", file=sys.stderr)
        return 2
    if args[0] in ("--help", "-h", "help") or "--help" in args:
        print(HELP, end="")
        return CLEAN
    try:
        if args[0] in DRIVER:
            return driver(args[0], args[1:])
        if args[0] in COMMANDS:
            return COMMANDS[args[0]](args[1:])
        raise usage("unknown command '%s', expected %s" %
                    (args[0], ", ".join(sorted([*COMMANDS, *DRIVER]))))
    except Failure as f:
        say("kthrash: " + f.message)
        return f.status
    except OSError as e:
        say("kthrash: %s" % e)
        return ENVIRONMENT
    except KeyboardInterrupt:
        return 130
