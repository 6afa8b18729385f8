# SPDX-License-Identifier: GPL-2.0-only
"""Implements `bench`, which measures what the simulator costs, plain, under sanitizers and in
libFuzzer. `bench --backends` measures what each back end costs on real threads.

The builds are measured in turn, so the two numbers of a ratio are from the same minutes.
"""

import collections
import json
import os
import re
import statistics
import tempfile

from kthrashlib import children, env
from kthrashlib.build import bazel, drivers
from kthrashlib.common import CLEAN, ROOT, decimal, environment, say

# ---- the simulator -------------------------------------------------------------

ROUNDS = 3
SANITIZERS = ["none", "asan", "tsan"]
PLAN_TARGET, EMPTY_TARGET = "//fuzz:plan_fuzz_libfuzzer", "//fuzz:empty_fuzz_libfuzzer"


def run_driver(binary, seconds):
    done = children.run([binary, "bench", "--json", "--seconds=" + decimal(seconds)],
                        stdout=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("%s bench ended with status %d" % (binary, done.returncode))
    return json.loads(done.stdout)


def run_libfuzzer(binary, seconds):
    """Returns inputs per second. libFuzzer begins with the corpus."""
    with tempfile.TemporaryDirectory() as folder:
        done = children.run(
            [binary, "-max_total_time=%d" % max(1, seconds), "-seed=1", "-print_final_stats=1",
             "-artifact_prefix=" + folder + "/", folder,
             os.path.join(ROOT, "corpus", "seed")],
            stdout=children.DEVNULL, stderr=children.PIPE, text=True)
    found = re.search(r"stat::average_exec_per_sec:\s+(\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise environment("%s ended with status %d" % (os.path.basename(binary), done.returncode))
    return float(found.group(1))


def simulator(found):
    seconds = found.get("--seconds", 60) / ROUNDS / (len(SANITIZERS) + 2)
    env.ensure(env.BUILD)
    targets = [drivers.TARGETS["sim", s] for s in SANITIZERS] + [PLAN_TARGET, EMPTY_TARGET]
    binaries = bazel.build(targets)
    runs = {s: [] for s in SANITIZERS}
    engine = {t: [] for t in (PLAN_TARGET, EMPTY_TARGET)}
    for _ in range(ROUNDS):
        for sanitizer, binary in zip(SANITIZERS, binaries):
            runs[sanitizer].append(run_driver(binary, seconds))
        for target, binary in zip(engine, binaries[len(SANITIZERS):]):
            engine[target].append(run_libfuzzer(binary, seconds))
    # For each build, this is the round with the median speed, so all its numbers are from one time.
    middle = {s: sorted(r, key=lambda x: x["executions_per_second"])[ROUNDS // 2]
              for s, r in runs.items()}
    inputs = {t: statistics.median(r) for t, r in engine.items()}
    if found.get("--json"):
        print(json.dumps({"machine": machine(), "simulator": middle, "libfuzzer": {
            "plan": inputs[PLAN_TARGET], "empty": inputs[EMPTY_TARGET]}}))
        return CLEAN
    print_simulator(middle, inputs[PLAN_TARGET], inputs[EMPTY_TARGET])
    return CLEAN


def print_simulator(middle, plan, empty):
    plain = middle["none"]
    print("On %s. Medians of %d rounds, random walk, %s.\n" % (
        machine(), ROUNDS, plain.get("build", "")))
    for head, table_rows in [("creators", plain["growth"]), ("bare hand-off", plain["hand_off"])]:
        print("| %s | executions/s | points each | ns per point |\n|---|---|---|---|" % head)
        for row in table_rows:
            print("| {creators} | {executions_per_second:,.0f} | {points_per_execution:.0f} | "
                  "{ns_per_point:.1f} |".format(**row))
        print()
    print("A fiber switch takes {own_switch_ns:.1f} ns; a point of two creators takes "
          "{own_ratio:.1f} times that. A switch that is inlined, well predicted and saves no "
          "registers takes {switch_ns:.2f} ns; the point takes {ratio:.1f} times that.\n".format(
              **plain))
    print("| two creators | executions/s | of plain |\n|---|---|---|")
    for sanitizer in SANITIZERS:
        rate = middle[sanitizer]["executions_per_second"]
        print("| %s | %s | %.2f |" % ("plain" if sanitizer == "none" else sanitizer,
                                      "{:,.0f}".format(rate),
                                      rate / plain["executions_per_second"]))
    print("\nlibFuzzer (ASan+UBSan): {:,.0f} plans/s of four executions each; an empty target "
          "alone {:,.0f}/s; ratio {:.2f}".format(plan, empty, plan / empty))


# ---- back ends -------------------------------------------------------------------

# For each role, in the order of a combination's words, the table has what is measured, as
# backend_bench names it, and the references to compare it with.
COLUMNS = {
    "lock": [
        ("lock", ["pthread_mutex", "pthread_spin", "ck_ticket", "ck_mcs"]),
        ("contended", ["pthread_mutex", "pthread_spin", "ck_ticket", "ck_mcs"]),
        ("create_stop", ["pthread"]),
    ],
    "completion": [
        ("local", ["sem"]),
        ("round_trip", ["sem", "cond"]),
        ("create_stop", ["pthread"]),
    ],
    "queue": [("create_stop", ["pthread"])],
    "rcu": [("read", ["rwlock"]), ("grace_period", []), ("create_stop", ["pthread"])],
}
MEANING = {
    "lock": "acquire and release by one thread",
    "contended": "the same by two threads at once",
    "local": "complete and wait, one thread",
    "round_trip": "two threads wake each other in turn",
    "create_stop": "kthread_run() and kthread_stop(); pthread_create() and join",
    "read": "enter and leave a read section",
    "grace_period": "synchronize_rcu() without a reader",
}


def targets():
    """Returns the labels of the benchmarks, by combination."""
    done = bazel.run(["query", "--noshow_progress", 'filter("backend_bench@", //stress/bench:all)'],
                       stdout=children.PIPE, stderr=children.DEVNULL, text=True)
    if done.returncode != 0:
        raise environment("bazel query failed: run it in %s to see why" % ROOT)
    return {label.partition("@")[2]: label for label in sorted(done.stdout.split())}


def measure(binary):
    done = children.run([binary], stdout=children.PIPE, text=True)
    if done.returncode != 0:
        raise environment("%s ended with status %d" % (os.path.basename(binary), done.returncode))
    return json.loads(done.stdout)


def machine():
    """Returns how many processors the machine has, and their name."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return "%d x %s" % (os.cpu_count(), models[0] if models else os.uname().machine)


def rows(place, combos):
    """Returns (word, combination) for each back end of one role, the default first."""
    words = [combo.split("+") for combo in combos]
    default = [collections.Counter(column).most_common(1)[0][0] for column in zip(*words)]
    mine = [w for w in words if w[:place] + w[place + 1:] == default[:place] + default[place + 1:]]
    return [(w[place], "+".join(w)) for w in sorted(mine, key=lambda w: (w != default, w))]


def table(role, results):
    columns = COLUMNS[role]
    head = [role]
    for key, references in columns:
        head.append("%s, ns" % key.replace("_", " "))
        head += ["/ " + reference for reference in references]
    lines = ["| %s |" % " | ".join(head), "|---" * len(head) + "|"]
    for word, combo in rows(1 + list(COLUMNS).index(role), results):
        ns = results[combo]
        cells = ["`%s`" % word]
        for key, references in columns:
            cells.append("{:,.0f}".format(ns[key]) if ns[key] >= 100 else "%.1f" % ns[key])
            cells += ["%.2f" % (ns[key] / ns["%s %s" % (key, r)]) for r in references]
        lines.append("| %s |" % " | ".join(cells))
    return "\n".join(lines)


def backends(found):
    env.ensure({**env.BUILD, **env.BENCH})
    labels = targets()
    results = {}
    for combo, binary in zip(labels, bazel.build(list(labels.values()))):
        say("kthrash: measuring %s" % combo)
        results[combo] = measure(binary)
    if found.get("--json"):
        print(json.dumps({"machine": machine(), "ns": results}))
        return CLEAN
    print("On %s. Medians of 9 rounds; each ratio is to a reference in the same run.\n" % machine())
    for key, meaning in MEANING.items():
        print("- %s: %s" % (key.replace("_", " "), meaning))
    for role in COLUMNS:
        print("\n" + table(role, results))
    return CLEAN


def main(call):
    if "--backends" in call.options:
        call.only("--backends", "--json")
        return backends(call.options)
    if set(call.options) & set(drivers.OPTIONS):
        return drivers.run("bench", call)
    return simulator(call.options)
