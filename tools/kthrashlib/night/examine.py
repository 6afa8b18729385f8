# SPDX-License-Identifier: GPL-2.0-only
"""Examines bugs: runs them again, shrinks their plans and explains them.

It is a process of its own, because it takes time and may hang or crash. In a bug's folder it
writes plan, interleaving.txt, trace.json and report.txt, and at last examined.json or, of a
bug of an earlier night, retried.json. It moves nothing: bugs.py files the folder afterwards.

    -m kthrashlib.night.examine DIR             bugs with new sightings
    -m kthrashlib.night.examine DIR --retry     bugs of earlier nights
"""

import json
import math
import os
import re
import shutil
import signal
import sys

from kthrashlib import children
from kthrashlib.common import ROOT, write_whole
from kthrashlib.night import bugs, identity
from kthrashlib.night.folder import Folder, entries, read_json, utc, write_json
from kthrashlib.show.sources import Sources, annotate

RERUNS = 10
KILLED_RUNS = 5         # After this many SIGKILLs in a row, the input itself causes them.
TRIES = 20              # This many runs of a plan on real threads make one re-run.
SHRINK_S = 15
HUNT_EXECUTIONS = 20000  # This many executions hunt for a fuzzer's input in the simulator.

SOURCE = re.compile(r"\b((?:core|platform|stress|fuzz)/[\w./-]+\.[ch]):(\d+)")


# ---- runs of a binary ----


def run_once(args, timeout, stderr):
    with children.start(args, stdin=children.DEVNULL, stdout=children.PIPE, stderr=stderr,
                        text=True, cwd=ROOT) as p:
        try:
            out, _ = p.communicate(timeout=timeout)
        except children.TimeoutExpired:
            children.kill(p)
            return None, p.communicate()[0]
    return p.returncode, out


def run(args, timeout=120, stderr=children.STDOUT):
    """Runs a binary. Returns (status, lines of JSON, all output). The status of a run that hangs is
    None.

    SIGKILL comes from outside: from the kernel when memory is short, or from a person. Such a
    run is no evidence, because its output is cut off. So it is repeated, unless SIGKILL ends
    each of KILLED_RUNS runs.
    """
    for _ in range(KILLED_RUNS):
        status, out = run_once(args, timeout, stderr)
        if status != -signal.SIGKILL:
            break
    lines = []
    for line in out.splitlines():
        if line.startswith("{"):
            try:
                lines.append(json.loads(line))
            except ValueError:
                pass
    return status, lines, out


def fuzzer_report(status, out):
    """Returns what a failed run of a fuzzer's binary says of the failure, as a dict like a line of
    the driver's JSON. "out" is all that the run printed. "id" is None if a sanitizer reported the
    failure."""
    said_id = re.search(r"^kthrash: id (\S+)$", out, re.MULTILINE)
    kind = re.search(r"^kthrash: ([a-z-]+): (.*)$", out, re.MULTILINE)
    signature = re.search(r"^kthrash: signature (.*)$", out, re.MULTILINE)
    summary = re.search(r"^SUMMARY: (.*)$", out, re.MULTILINE)
    ended = summary.group(1) if summary else "exit status %s" % status
    return {"kind": kind.group(1) if kind else "hang" if status is None else "crash",
            "message": (kind.group(2) if kind else ended)[:500],
            "signature": signature.group(1) if signature else ended[:200], "out": out,
            "id": said_id.group(1) if said_id else None}


def fuzzer_reruns(binary, raw, runs):
    """Returns (how many of `runs` of a fuzzer's binary fail on its input, the report of the first
    that fails or None)."""
    failed, first = 0, None
    for _ in range(runs):
        status, _, out = run([binary, raw])
        if status != 0:
            failed += 1
            first = first or fuzzer_report(status, out)
    return failed, first


def reruns(binary, threads, plan, kind, runs):
    """Returns (how many of `runs` of a plan fail with this kind, what the driver says of the first
    run that fails). If no run fails, the second is what the driver says of the last run."""
    failed, first = 0, None
    last = {"signature": "", "message": "", "hash": None, "build": "", "options": ""}
    if threads:
        results = (run([binary, "replay", "--json", "--times=%d" % TRIES, plan])[1]
                   for _ in range(runs))
    else:
        results = ([line] for line in
                   run([binary, "replay", "--json", "--times=%d" % runs, plan])[1])
    for lines in results:
        if lines and lines[0].get("kind") == kind:
            failed += 1
            first = first or lines[0]
        elif lines:
            last.update(options=lines[0]["options"], build=lines[0]["build"])
    return failed, first or last


def runs_to_tell(reliability):
    """Returns how many runs are needed to tell whether a bug is fixed. If the bug fails as rarely
    as before, this many runs miss it only once in a thousand times."""
    k, n = reliability
    if k >= n:
        return RERUNS
    return min(100, max(RERUNS, math.ceil(math.log(0.001) / math.log(1 - max(k, 0.5) / n))))


def places_in(text):
    """Returns the source lines that an explanation names. The latest line is the first, because the
    failure is there."""
    found = []
    for file, line in reversed(SOURCE.findall(text)):
        place = {"file": file, "line": int(line)}
        if place not in found:
            found.append(place)
    return found[:20]


def keep_trace(bug, binary, plan):
    """Writes trace.json. Returns what the driver says of the cause, as a dict; empty if it says
    nothing."""
    _, _, said = run([binary, "explain", plan, "--format=json"], stderr=children.DEVNULL)
    try:
        explained = annotate(json.loads(said), Sources())
    except (ValueError, KeyError, TypeError):
        return {}
    write_json(os.path.join(bug, "trace.json"), explained)
    return explained.get("cause") or {}


def filed_by(cause):
    """Returns the keys of examined.json that a cause gives. One bug has many signatures, because
    other tasks wait at other places each time. So a bug whose cause is known is filed under the
    id of its cause."""
    found = {"cause": cause["sentence"]} if cause.get("kind", "not found") != "not found" else {}
    if cause.get("identity"):
        found["same_as"] = cause["id"]
    return found


def is_threads(lane):
    return "posix" in lane["target"]


# ---- bugs ----


class Examiner:
    """An examiner that uses the binaries of tonight, which builds.json names."""

    def __init__(self, folder):
        self.folder = folder
        builds = read_json(folder.at("builds.json")) or {}
        self.lanes, self.sim = builds.get("lanes", {}), builds.get("sim")
        self.tree = {key: builds.get(key) or "" for key in ("commit", "sources")}
        self.night = builds.get("night", 0)

    def examine(self, bug):
        last = bugs.sightings(bug)[-1]
        raw = os.path.join(bug, "raw", last.group(0))
        lane = self.lanes.get(last["lane"])
        if lane is None:
            return      # There is no build of that lane tonight.
        if identity.of_file(last["name"]):
            said = read_json(os.path.join(bug, bugs.FOUND)) or {}
            result = self.examine_plan(bug, raw, lane["binary"], is_threads(lane), said)
        else:
            result = self.examine_input(bug, raw, lane)
        write_json(os.path.join(bug, bugs.EXAMINED),
                   {**result, "raws": int(last["seq"]), **self.tree})

    def examine_plan(self, bug, raw, binary, threads, said):
        """Shrinks the plan, runs it again, and explains it. If a step fails, the result of the step
        before it stays. `said` is what the driver said when it found the bug, if that is known."""
        plan = os.path.join(bug, "plan")
        with open(raw, encoding="utf-8", errors="replace") as f:
            text = f.read()
        expect = re.search(r"^expect ([a-z-]+)", text, re.MULTILINE)
        kind = expect.group(1) if expect else "unknown"
        write_whole(plan, text)
        status, _, _ = run([binary, "shrink", plan, "-o", plan + ".smaller", "--json",
                            "--seconds=%d" % SHRINK_S])
        if status == 0 and os.path.exists(plan + ".smaller"):
            os.replace(plan + ".smaller", plan)
        failed, first = reruns(binary, threads, plan, kind, RERUNS)
        if not failed:
            write_whole(plan, text)
            failed, first = reruns(binary, threads, plan, kind, RERUNS)
        _, _, explained = run([binary, "explain", plan])
        write_whole(os.path.join(bug, "interleaving.txt"), explained)
        cause = {} if threads else keep_trace(bug, binary, plan)
        return {"kind": kind, **filed_by(cause),
                "signature": first["signature"] or said.get("signature", "") or
                identity.signature_in(text),
                "message": first["message"] or said.get("message", "") or
                "failed once, and in none of %d re-runs" % RERUNS,
                "reliability": [failed, RERUNS], "hash": None if threads else first["hash"],
                "build": first["build"], "options": first["options"],
                "places": places_in(explained)}

    def examine_input(self, bug, raw, lane):
        """Hunts in the simulator for the bug of a fuzzer's input. A fuzzer runs each input under
        several schedules, so the hunt runs this plan under a few thousand schedules. A finding of
        the hunt fails when it is replayed."""
        failed, first = fuzzer_reruns(lane["binary"], raw, RERUNS)
        out = os.path.join(bug, "hunt")
        shutil.rmtree(out, ignore_errors=True)
        _, lines, _ = run([self.sim, "stress", "--json", "--plan=" + raw, "--faults=off",
                           "--executions=%d" % HUNT_EXECUTIONS, "--findings=" + out])
        for line in lines:
            if line.get("type") == "finding":
                result = self.examine_plan(bug, line["file"], self.sim, False, line)
                shutil.rmtree(out, ignore_errors=True)
                return {"same_as": identity.of(line), **result}
        shutil.copyfile(raw, os.path.join(bug, "plan"))
        if not first:
            return {"kind": "crash", "signature": "", "reliability": [0, RERUNS], "message":
                    "a fuzzer's input that failed once: in none of %d re-runs, in none of %d "
                    "schedules of the simulator" % (RERUNS, HUNT_EXECUTIONS)}
        said = self.identify(bug, first)
        return {"kind": said["kind"], "signature": said["signature"], "by": "fuzzer",
                "message": said["message"] + " (in the fuzzer only; the plan is its input)",
                "reliability": [failed, RERUNS], "places": places_in(first["out"]),
                "same_as": identity.of(said),
                "reported": {k: first[k] for k in ("kind", "signature")}}

    def identify(self, bug, first):
        """Writes a fuzzer's report to report.txt, and returns what the driver says of it. If the
        driver finds no sanitizer's report in it, returns what the fuzzer itself says."""
        report = os.path.join(bug, "report.txt")
        write_whole(report, first["out"])
        lines = [] if first["id"] else run([self.sim, "identify", report])[1]
        return lines[0] if lines and "signature" in lines[0] else first

    def retry(self, bug):
        """Runs a bug of an earlier night again, to see whether it still fails with this build."""
        known, seen = bugs.examined(bug), bugs.sightings(bug)
        lane = self.lanes.get(seen[-1]["lane"]) if seen else None
        if not known or lane is None:
            return
        plan = os.path.join(bug, "plan")
        runs = runs_to_tell(known["reliability"])
        if known.get("by") == "fuzzer":
            failed, _ = fuzzer_reruns(lane["binary"], plan, runs)
        else:
            binary = lane["binary"] if lane["kind"] in ("stress", "program") else self.sim
            failed, _ = reruns(binary, is_threads(lane), plan, known["kind"], runs)
        write_json(os.path.join(bug, bugs.RETRIED),
                   {"night": self.night, **self.tree, "runs": runs, "failed": failed,
                    "at": utc()})


def main(args):
    folder = Folder(args[0])
    examiner = Examiner(folder)
    if args[1:] == ["--retry"]:
        folders = [folder.at(area, name) for area in (bugs.CRASHING, bugs.REGRESSION)
                   for name in entries(folder.at(area))]
        step = examiner.retry
    else:
        folders, step = bugs.to_examine(folder), examiner.examine
    for n, bug in enumerate(folders, 1):
        print("%d of %d: %s" % (n, len(folders), os.path.basename(bug)), flush=True)
        try:
            step(bug)
        except FileNotFoundError as e:
            # The campaign has moved the folder in the meantime.
            print("%s: %s" % (os.path.basename(bug), e), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
