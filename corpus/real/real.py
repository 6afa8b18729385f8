#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hunts in libraries that nobody here wrote: fetches Debian's source packages, builds them with
kthrash-cc and their own build systems, and hunts in each program of packages.toml.

real.py [--seconds=N] [--work=DIR] [--json] [PACKAGE[/TARGET]]...

Nothing of a package is kept in the repository. The folder DIR keeps packages and builds from one
call to the next; without --work it is .kthrash/real in the repository.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOLS = os.path.join(ROOT, "tools")

SOURCES = "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " \
          "http://deb.debian.org/debian bookworm main\n"


class Problem(Exception):
    """A sentence that says what could not be done."""


def call(words, folder, log):
    """Runs a command. Its output goes to the log."""
    with open(log, "ab") as f:
        status = subprocess.run(words, cwd=folder, stdout=f, stderr=f, env=build_environment(),
                                stdin=subprocess.DEVNULL, check=False).returncode
    if status:
        raise Problem("status %d of: %s; see %s" % (status, " ".join(words), log))


def build_environment():
    found = dict(os.environ)
    found.update(HERE=HERE, CC=os.path.join(TOOLS, "kthrash-cc"),
                 CXX=os.path.join(TOOLS, "kthrash-c++"))
    return found


# ---- fetching ----

def apt(work):
    """Returns apt-get with a configuration of its own, so that the system's is not changed."""
    lists, cache = os.path.join(work, "apt", "lists"), os.path.join(work, "apt", "cache")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    os.makedirs(os.path.join(cache, "archives", "partial"), exist_ok=True)
    sources = os.path.join(work, "apt", "sources.list")
    with open(sources, "w", encoding="utf-8") as f:
        f.write(SOURCES)
    return ["apt-get", "-oDir::Etc::sourcelist=" + sources, "-oDir::Etc::sourceparts=/dev/null",
            "-oDir::State::Lists=" + lists, "-oDir::Cache=" + cache]


def fetch(name, row, work, log):
    """Returns the folder of the package's sources, as their authors released them."""
    folder = os.path.join(work, name)
    if os.path.isdir(folder):
        return folder
    if not os.path.exists(os.path.join(work, "apt", "updated")):
        call([*apt(work), "update"], work, log)
        with open(os.path.join(work, "apt", "updated"), "w", encoding="utf-8"):
            pass
    archives = os.path.join(work, "archives", name)
    os.makedirs(archives, exist_ok=True)
    call([*apt(work), "source", "--download-only", "--tar-only", name], archives, log)
    found = [a for a in os.listdir(archives) if ".orig.tar." in a and not a.endswith(".asc")]
    if len(found) != 1 or not found[0].startswith("%s_%s" % (name, row["version"])):
        raise Problem("apt-get has brought %s, expected version %s" % (
            ", ".join(found) or "nothing", row["version"]))
    os.makedirs(folder + ".new", exist_ok=True)
    call(["tar", "-xf", os.path.join(archives, found[0]), "--strip-components=1", "-C",
          folder + ".new"], work, log)
    os.rename(folder + ".new", folder)
    return folder


def build(folder, row, log):
    """Builds the package, unless an earlier call has. A target that was not built is a problem of
    that target only, so `make -k` may fail."""
    done = os.path.join(folder, ".built-by-kthrash-cc")
    if os.path.exists(done):
        return
    for command in row["build"]:
        try:
            call(["nice", "sh", "-c", command], folder, log)
        except Problem:
            if "make -k" not in command:
                raise
    with open(done, "w", encoding="utf-8"):
        pass


# ---- hunting ----

def hunt(folder, target, seconds, findings):
    """Returns the summary of a hunt, or what kthrash said instead of one."""
    program = [os.path.join(folder, target["program"][0]), *target["program"][1:]]
    words = ["nice", os.path.join(TOOLS, "kthrash"), "run", "--json", "--seconds=%d" % seconds,
             "--findings=" + findings, *target.get("options", []), "--", *program]
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace", check=False)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            summary = json.loads(line)
            if summary.get("type") == "summary" and summary["executions"]:
                return summary
    said = [s for s in done.stderr.splitlines() if s.startswith("kthrash")]
    return {"kind": "not run", "message": said[-1].partition(": ")[2] if said else
            "status %d" % done.returncode}


def cell(summary):
    if summary["kind"]:
        return "%s: %s" % (summary["kind"], summary["message"])
    return "clean"


def show(name, summary):
    print("%-34s %10s %8s %8s  %s" % (
        name, summary.get("executions", "-"), summary.get("executions_per_second", "-"),
        summary.get("found_after") or "-", cell(summary)), flush=True)


def wanted(names, package, target):
    return not names or package in names or "%s/%s" % (package, target) in names


def hunt_package(name, row, args):
    targets = {t: r for t, r in row["target"].items() if wanted(args.names, name, t)}
    if not targets:
        return
    log = os.path.join(args.work, name + ".log")
    try:
        folder = fetch(name, row, args.work, log)
        build(folder, row, log)
    except Problem as e:
        print("%s: %s" % (name, e), file=sys.stderr)
        return
    for target, r in targets.items():
        full = "%s/%s" % (name, target)
        summary = hunt(folder, r, args.seconds, os.path.join(args.work, "findings", full))
        if args.json:
            print(json.dumps({"target": full, "version": row["version"], **summary}), flush=True)
        else:
            show(full, summary)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="PACKAGE[/TARGET]")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--work", default=os.path.join(ROOT, ".kthrash", "real"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    args.work = os.path.abspath(args.work)
    os.makedirs(args.work, exist_ok=True)
    with open(os.path.join(HERE, "packages.toml"), "rb") as f:
        packages = tomllib.load(f)
    known = set(packages) | {"%s/%s" % (p, t) for p, r in packages.items() for t in r["target"]}
    for name in args.names:
        if name not in known:
            parser.error("%s: no such package or target in packages.toml" % name)
    if not args.json:
        print("%-34s %10s %8s %8s  %s" % ("target", "executions", "per s", "found", "verdict"))
    for name, row in packages.items():
        hunt_package(name, row, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
