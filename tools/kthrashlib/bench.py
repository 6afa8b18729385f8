# SPDX-License-Identifier: GPL-2.0-only
"""`bench --backends`: what each back end costs on real threads, as ratios.

One binary per back end, the others at their defaults; each measures itself and
the references in one run, so a row's ratios are of the same minutes.
"""

import collections
import json
import os
import subprocess

import build
import env
from common import CLEAN, ROOT, environment, no_more, say, split_options

# Of each role, in the order of a combination's words: what is measured of it, as
# backend_bench names it, and beside what.
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
    "lock": "acquire and release, nobody else",
    "contended": "the same, two threads at it",
    "local": "complete and wait, one thread",
    "round_trip": "two threads wake each other and back",
    "create_stop": "kthread_run() and kthread_stop(); pthread_create() and join",
    "read": "enter and leave a read section",
    "grace_period": "synchronize_rcu(), no reader inside",
}


def targets():
    """Of each combination that there is a benchmark of, its label."""
    done = build.bazel(["query", "--noshow_progress", 'filter("backend_bench@", //core:all)'],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        raise environment("bazel query failed: run it in %s to see why" % ROOT)
    return {label.partition("@")[2]: label for label in sorted(done.stdout.split())}


def measure(binary):
    done = subprocess.run([binary], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise environment("%s ended with status %d" % (os.path.basename(binary), done.returncode))
    return json.loads(done.stdout)


def machine():
    """As it names itself: how many processors, and which."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return "%d x %s" % (os.cpu_count(), models[0] if models else os.uname().machine)


def rows(place, combos):
    """(word, combination) of each back end of one role, the default first."""
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


def backends(args):
    found, rest = split_options(args, ("--backends", "--json"), ())
    no_more(rest, "--backends or --json")
    env.ensure({**env.BUILD, **env.BENCH})
    labels = targets()
    results = {}
    for combo, binary in zip(labels, build.build(list(labels.values()))):
        say("kthrash: measuring %s" % combo)
        results[combo] = measure(binary)
    if found.get("--json"):
        print(json.dumps({"machine": machine(), "ns": results}))
        return CLEAN
    print("On %s. Medians of 9 rounds; ratios to what was measured in the same run.\n" % machine())
    for key, meaning in MEANING.items():
        print("- %s: %s" % (key.replace("_", " "), meaning))
    for role in COLUMNS:
        print("\n" + table(role, results))
    return CLEAN
