# SPDX-License-Identifier: GPL-2.0-only
"""From raw findings to distinct bugs, each in a folder of its own.

The campaign takes raw findings in (one rename each: that is the count) and settles bugs
that were examined. Examining, which takes time and may hang or crash, is a process of its
own, this file run as a program; it writes into the bug's folder, `examined.json` or
`retried.json` last, and moves nothing. So either may be killed at any moment.
"""

import hashlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys


from kthrashlib.common import ROOT, write_whole
from kthrashlib.night.folder import (CRASHING, INCUBATING, REGRESSION, Folder, entries, move,
                                     read_json, utc, write_json)
from kthrashlib.show.sources import Sources, annotate

RERUNS = 10
KILLED_RUNS = 5         # that SIGKILL ends in a row are what the input does
TRIES = 20              # of a plan on real threads make one re-run
SHRINK_S = 15
HUNT_EXECUTIONS = 20000  # for a fuzzer's input in the simulator
CANARY = "canary"
AREAS = (CRASHING, INCUBATING, REGRESSION)
RAWS_KEPT = 20          # of one bug, the first and the latest; all are counted

RAW = re.compile(r"(?P<seq>\d{6,})\.(?P<night>\d{4,})\.(?P<lane>[a-z0-9-]+)\.(?P<name>.+)")
STRESS_NAME = re.compile(r"([a-z-]+-[0-9a-f]{8})\.plan")
SOURCE = re.compile(r"\b((?:core|platform|stress|fuzz)/[\w./-]+\.[ch]):(\d+)")


def sightings(bug):
    """Raw findings in a bug's folder, oldest first, as matches of RAW."""
    found = [RAW.fullmatch(n) for n in entries(os.path.join(bug, "raw"))]
    return sorted((m for m in found if m), key=lambda m: int(m["seq"]))


def where(folder, name, areas=AREAS):
    for area in areas:
        if os.path.isdir(folder.at(area, name)):
            return folder.at(area, name)
    return None


# ---- taking in: by the campaign -------------------------------------------------


def add_raw(bug, path, night, lane, name):
    os.makedirs(os.path.join(bug, "raw"), exist_ok=True)
    seen = sightings(bug)
    number = int(seen[-1]["seq"]) + 1 if seen else 1
    move(path, os.path.join(bug, "raw", "%06d.%04d.%s.%s" % (number, night, lane, name)))
    for old in seen[1:][:-RAWS_KEPT]:
        os.unlink(os.path.join(bug, "raw", old.group(0)))


def take_in(folder, lane, night, area=INCUBATING):
    """All that the lane has found since. Returns how many."""
    taken = 0
    for path in lane.raw():
        name = os.path.basename(path)
        found = STRESS_NAME.fullmatch(name)
        if found:
            bug_id = found.group(1)
        else:
            with open(path, "rb") as f:
                bug_id = "raw-%s-%s" % (lane.name, hashlib.sha1(f.read()).hexdigest()[:8])
        bug = where(folder, bug_id) if area == INCUBATING else None
        if bug == folder.at(REGRESSION, bug_id):
            # It is back: what was known of it is of another build.
            for old in ("examined.json", "retried.json"):
                if os.path.exists(os.path.join(bug, old)):
                    os.unlink(os.path.join(bug, old))
            move(bug, folder.at(INCUBATING, bug_id))
            bug = None
        bug = bug or folder.at(area, bug_id)
        # A sanitizer's report lies beside the plan: it goes first, for it is not counted.
        report = os.path.splitext(path)[0] + ".report.txt"
        if found and os.path.exists(report):
            os.makedirs(bug, exist_ok=True)
            os.replace(report, os.path.join(bug, "report.txt"))
        add_raw(bug, path, night, lane.name, name[-100:])
        describe(folder, bug)
        taken += 1
    return taken


def describe(folder, bug):
    """finding.json, from what is in the folder."""
    seen = sightings(bug)
    if not seen:
        return None
    old = read_json(os.path.join(bug, "finding.json")) or {}
    examined = read_json(os.path.join(bug, "examined.json")) or {}

    def time_of(match):
        return utc(os.stat(os.path.join(bug, "raw", match.group(0))).st_mtime)
    finding = {
        "id": os.path.basename(bug), "state": os.path.basename(os.path.dirname(bug)),
        "kind": os.path.basename(bug).rpartition("-")[0], "signature": "", "message": "",
        "options": "", "build": "", "commit": "", "hash": None, "places": [],
        "reliability": None,
        **{k: v for k, v in examined.items() if k not in ("raws", "same_as")},
        "first_seen": old.get("first_seen") or time_of(seen[0]), "last_seen": time_of(seen[-1]),
        "first_night": int(seen[0]["night"]), "last_night": int(seen[-1]["night"]),
        "count": int(seen[-1]["seq"]),
        "lanes": sorted({m["lane"] for m in seen} | set(old.get("lanes", []))),
        "moved": old.get("moved", []),
    }
    plan = os.path.join(bug, "plan")
    finding["replay"] = "tools/kthrash replay%s %s" % (finding["options"],
                                                       os.path.relpath(plan, ROOT))
    if finding != old:
        write_json(os.path.join(bug, "finding.json"), finding)
    return finding


def relocate(folder, bug, area, night):
    """To crashing/, incubating/ or regression/, which finding.json says before it is so."""
    target = folder.at(area, os.path.basename(bug))
    finding = read_json(os.path.join(bug, "finding.json")) or describe(folder, bug) or {}
    moved = {"night": night, "to": area}
    if finding.get("moved", [])[-1:] != [moved]:
        finding["moved"] = finding.get("moved", []) + [moved]
        write_json(os.path.join(bug, "finding.json"), finding)
    move(bug, target)
    describe(folder, target)


def join(folder, bug, target):
    """All sightings of `bug` are of `target`."""
    for seen in sightings(bug):
        add_raw(target, os.path.join(bug, "raw", seen.group(0)), int(seen["night"]),
                seen["lane"], seen["name"])
    describe(folder, target)
    shutil.rmtree(bug)


def settle(folder, night):
    """Put what was examined where it belongs. Returns sentences on what moved."""
    said = []
    for name in entries(folder.at(INCUBATING)):
        bug = folder.at(INCUBATING, name)
        examined = read_json(os.path.join(bug, "examined.json"))
        if not sightings(bug):
            shutil.rmtree(bug)      # emptied by join(), which was killed
            continue
        if not examined:
            describe(folder, bug)
            continue
        same = examined.get("same_as")
        if same and same != name:
            target = where(folder, same)
            if target:
                join(folder, bug, target)
                continue
            move(bug, folder.at(INCUBATING, same))
            bug = folder.at(INCUBATING, same)
        describe(folder, bug)
        if examined["reliability"][0]:
            relocate(folder, bug, CRASHING, night)
            said.append("%s: fails in %d of %d re-runs" % (os.path.basename(bug),
                                                           *examined["reliability"]))
    for area, other in ((CRASHING, REGRESSION), (REGRESSION, CRASHING)):
        for name in entries(folder.at(area)):
            bug = folder.at(area, name)
            retried = read_json(os.path.join(bug, "retried.json"))
            describe(folder, bug)
            if not retried or retried["night"] != night:
                continue
            if bool(retried["failed"]) == (area == REGRESSION):
                os.unlink(os.path.join(bug, "retried.json"))
                relocate(folder, bug, other, night)
                said.append("%s: failed in %d of %d runs of tonight's build, moved to %s" % (
                    name, retried["failed"], retried["runs"], other))
    return said


def to_examine(folder):
    """Folders of bugs that have sightings which nobody has looked at, the fullest last."""
    found = []
    for area in (CANARY, INCUBATING):
        for name in entries(folder.at(area)):
            bug = folder.at(area, name)
            seen = sightings(bug)
            examined = read_json(os.path.join(bug, "examined.json"))
            if seen and (not examined or examined.get("raws", 0) < int(seen[-1]["seq"])):
                found.append(bug)
    return found


def findings(folder, area):
    for name in entries(folder.at(area)):
        finding = read_json(folder.at(area, name, "finding.json"))
        if finding:
            yield finding


# ---- examining: a process of its own -----------------------------------------------


def run_once(args, timeout, stderr):
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=stderr, text=True, errors="replace",
                          cwd=ROOT) as p:
        try:
            out, _ = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            return None, p.communicate()[0]
    return p.returncode, out


def run(args, timeout=120, stderr=subprocess.STDOUT):
    """(status, lines of JSON, all output); a hang is status None.

    SIGKILL comes from outside, from the kernel short of memory or from somebody: what such a
    run said is half of it and no evidence. It is run again, unless it never ends otherwise.
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


class Examiner:
    def __init__(self, folder):
        self.folder = folder
        builds = read_json(folder.at("builds.json")) or {}
        self.lanes, self.sim = builds.get("lanes", {}), builds.get("sim")
        self.commit, self.night = builds.get("commit", ""), builds.get("night", 0)
        self.build = ""

    # ---- runs of a plan ----

    def is_threads(self, lane):
        return "posix" in lane["target"]

    def reruns(self, binary, threads, plan, kind, runs):
        """How many of `runs` fail with this kind; and what the first such says, or the last."""
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

    def fuzzer_reruns(self, binary, raw, runs):
        """The same for a fuzzer's input, by the fuzzer's own binary."""
        failed, first = 0, None
        for _ in range(runs):
            status, _, out = run([binary, raw])
            if status == 0:
                continue
            failed += 1
            kind = re.search(r"^kthrash: ([a-z-]+): (.*)$", out, re.MULTILINE)
            signature = re.search(r"^kthrash: signature (.*)$", out, re.MULTILINE)
            summary = re.search(r"^SUMMARY: (.*)$", out, re.MULTILINE)
            first = first or {
                "kind": kind.group(1) if kind else "hang" if status is None else "crash",
                "message": (kind.group(2) if kind else summary.group(1) if summary else
                            "exit status %s" % status)[:500],
                "signature": signature.group(1) if signature else
                (summary.group(1) if summary else "exit status %s" % status)[:200],
                "out": out}
        return failed, first

    # ---- one bug ----

    def examine(self, bug):
        seen = sightings(bug)
        last = seen[-1]
        raws = int(last["seq"])
        raw = os.path.join(bug, "raw", last.group(0))
        lane = self.lanes.get(last["lane"])
        if lane is None:
            return      # no build of that lane here: another time
        if STRESS_NAME.fullmatch(last["name"]):
            result = self.examine_plan(bug, raw, lane["binary"], self.is_threads(lane))
        else:
            result = self.examine_input(bug, raw, lane)
        write_json(os.path.join(bug, "examined.json"),
                   {**result, "raws": raws, "commit": self.commit})

    def examine_plan(self, bug, raw, binary, threads):
        """Shrink, run again, explain; a step that fails leaves what the last one gave."""
        plan = os.path.join(bug, "plan")
        with open(raw, encoding="utf-8", errors="replace") as f:
            text = f.read()
        note = re.findall(r"^# ?(.*)$", text, re.MULTILINE)
        expect = re.search(r"^expect ([a-z-]+)", text, re.MULTILINE)
        kind = expect.group(1) if expect else "unknown"
        write_whole(plan, text)
        status, _, _ = run([binary, "shrink", plan, "-o", plan + ".smaller", "--json",
                            "--seconds=%d" % SHRINK_S])
        if status == 0 and os.path.exists(plan + ".smaller"):
            os.replace(plan + ".smaller", plan)
        failed, first = self.reruns(binary, threads, plan, kind, RERUNS)
        if not failed:
            write_whole(plan, text)
            failed, first = self.reruns(binary, threads, plan, kind, RERUNS)
        _, _, said = run([binary, "explain", plan])
        write_whole(os.path.join(bug, "interleaving.txt"), said)
        places = self.places(said)
        if not threads:
            self.keep_trace(bug, binary, plan)
        note += ["", ""]
        return {"kind": kind, "signature": first["signature"] or note[0],
                "message": first["message"] or note[1], "reliability": [failed, RERUNS],
                "hash": None if threads else first["hash"], "build": first["build"],
                "options": first["options"], "places": places}

    def keep_trace(self, bug, binary, plan):
        _, _, said = run([binary, "explain", plan, "--format=json"], stderr=subprocess.DEVNULL)
        try:
            explained = annotate(json.loads(said), Sources())
        except (ValueError, KeyError, TypeError):
            return
        write_json(os.path.join(bug, "trace.json"), explained)

    def places(self, text):
        """Source lines it speaks of, the latest first: they are where it went wrong."""
        found = []
        for file, line in reversed(SOURCE.findall(text)):
            place = {"file": file, "line": int(line)}
            if place not in found:
                found.append(place)
        return found[:20]

    def examine_input(self, bug, raw, lane):
        """A fuzzer's input: the target runs several schedules, so the plan is hunted with a
        few thousand in the simulator, which gives one that fails as written."""
        failed, first = self.fuzzer_reruns(lane["binary"], raw, RERUNS)
        out = os.path.join(bug, "hunt")
        shutil.rmtree(out, ignore_errors=True)
        _, lines, _ = run([self.sim, "stress", "--json", "--plan=" + raw, "--faults=off",
                           "--executions=%d" % HUNT_EXECUTIONS, "--findings=" + out])
        for line in lines:
            if line.get("type") == "finding":
                result = self.examine_plan(bug, line["file"], self.sim, False)
                shutil.rmtree(out, ignore_errors=True)
                name = STRESS_NAME.fullmatch(os.path.basename(line["file"]))
                return {**result, "same_as": name.group(1)}
        shutil.copyfile(raw, os.path.join(bug, "plan"))
        if not first:
            return {"kind": "crash", "signature": "", "reliability": [0, RERUNS], "message":
                    "a fuzzer's input that failed once: not in %d re-runs, not in %d schedules "
                    "of the simulator" % (RERUNS, HUNT_EXECUTIONS)}
        write_whole(os.path.join(bug, "report.txt"), first["out"])
        digest = hashlib.sha256(first["signature"].encode()).hexdigest()[:8]
        return {"kind": first["kind"], "signature": first["signature"], "by": "fuzzer",
                "message": first["message"] + " (in the fuzzer only; the plan is its input)",
                "reliability": [failed, RERUNS], "places": self.places(first["out"]),
                "same_as": "%s-%s" % (first["kind"], digest)}

    def retry(self, bug):
        """Does it still fail with this build?"""
        examined = read_json(os.path.join(bug, "examined.json"))
        seen = sightings(bug)
        lane = self.lanes.get(seen[-1]["lane"]) if seen else None
        if not examined or lane is None:
            return
        plan = os.path.join(bug, "plan")
        threads = self.is_threads(lane)
        runs = self.runs_to_tell(examined["reliability"])
        if examined.get("by") == "fuzzer":
            failed, _ = self.fuzzer_reruns(lane["binary"], plan, runs)
        else:
            binary = lane["binary"] if lane["kind"] == "stress" else self.sim
            failed, _ = self.reruns(binary, threads, plan, examined["kind"], runs)
        write_json(os.path.join(bug, "retried.json"),
                   {"night": self.night, "commit": self.commit, "runs": runs, "failed": failed,
                    "at": utc()})

    @staticmethod
    def runs_to_tell(reliability):
        """So many that one that fails as rarely as before is missed once in a thousand."""
        k, n = reliability
        if k >= n:
            return RERUNS
        return min(100, max(RERUNS, math.ceil(math.log(0.001) / math.log(1 - max(k, 0.5) / n))))


def main(args):
    folder = Folder(args[0])
    examiner = Examiner(folder)
    if args[1:] == ["--retry"]:
        bugs = [folder.at(area, name) for area in (CRASHING, REGRESSION)
                for name in entries(folder.at(area))]
        step = examiner.retry
    else:
        bugs, step = to_examine(folder), examiner.examine
    for n, bug in enumerate(bugs, 1):
        print("%d of %d: %s" % (n, len(bugs), os.path.basename(bug)), flush=True)
        try:
            step(bug)
        except FileNotFoundError as e:
            print("%s: %s" % (os.path.basename(bug), e), flush=True)     # moved meanwhile
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
