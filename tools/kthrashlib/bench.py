# SPDX-License-Identifier: GPL-2.0-only
"""`bench --backends`: what each back end costs on real threads, as ratios.

One binary per back end, the others at their defaults; each measures itself and
the references in one run, so a row's ratios are of the same minutes.
"""

import json
import os
import subprocess

import build
import env
from common import CLEAN, ROOT, environment, no_more, say, split_options

# Role: its place in a combination, and (key of backend_bench's output, reference).
ROLES = {
    "lock": (1, [("lock", "pthread_mutex"), ("lock", "pthread_spin"), ("lock", "ck_ticket"),
                 ("lock", "ck_mcs"), ("contended", "pthread_mutex"),
                 ("contended", "ck_ticket"), ("contended", "ck_mcs")]),
    "completion": (2, [("local", "sem"), ("round_trip", "sem"), ("round_trip", "cond")]),
    "queue": (3, [("create_stop", "pthread")]),
    "rcu": (4, [("read", "rwlock"), ("grace_period", None)]),
}
EVERYWHERE = [("create_stop", "pthread")]


def targets():
    done = build.bazel(["query", "--noshow_progress", 'filter("backend_bench@", //core:all)'],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        raise environment("bazel query failed: run it in %s to see why" % ROOT)
    return sorted(done.stdout.split())


def measure(binary):
    done = subprocess.run([binary], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise environment("%s ended with status %d" % (os.path.basename(binary), done.returncode))
    return json.loads(done.stdout)


def machine():
    """As it names itself: the processor and how many of it."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return "%d x %s" % (os.cpu_count(), models[0] if models else os.uname().machine)


def rows(role, results):
    """The results that differ from the default in this role, the default first."""
    place, _ = ROLES[role]
    default = sorted(results, key=lambda c: sum(a.split("+")[i] == c.split("+")[i]
                                                for a in results for i in range(5)))[-1]
    words = default.split("+")
    for combo in [default] + sorted(results):
        other = combo.split("+")
        if combo == default or (other[place] != words[place] and
                                other[:place] + other[place + 1:] ==
                                words[:place] + words[place + 1:]):
            if combo != default or other is words or combo == default:
                yield other[place], results[combo]


def table(role, results):
    columns = ROLES[role][1] + [c for c in EVERYWHERE if c not in ROLES[role][1]]
    head = [role] + ["%s%s" % (key.replace("_", " "), ", ns; / " + ref if ref else ", ns")
                     for key, ref in columns]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    seen = set()
    for name, result in rows(role, results):
        if name in seen:
            continue
        seen.add(name)
        cells = []
        for key, ref in columns:
            cell = "%.4g" % result[key]
            if ref:
                cell += "; %.2f" % (result[key] / result["%s %s" % (key, ref)])
            cells.append(cell)
        lines.append("| `%s` | %s |" % (name, " | ".join(cells)))
    return "\n".join(lines)


def backends(args):
    found, rest = split_options(args, ("--json",), ())
    no_more(rest, "--json")
    env.ensure({**env.BUILD, **env.BENCH})
    names = targets()
    binaries = build.build(names)
    results = {}
    for name, binary in zip(names, binaries):
        combo = name.partition("@")[2]
        say("kthrash: measuring " + combo)
        results[combo] = measure(binary)
    if found.get("--json"):
        print(json.dumps({"machine": machine(), "ns": results}))
        return CLEAN
    print("%s; medians of 9 rounds; a cell: nanoseconds; over the reference's" % machine())
    for role in ROLES:
        print("\n" + table(role, results))
    return CLEAN
