# SPDX-License-Identifier: GPL-2.0-only
"""From raw findings to distinct bugs: each is confirmed, shrunk and said once."""

import hashlib
import json
import os
import shutil
import subprocess

from common import ROOT


def run_json(args):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, errors="replace")
    return done, [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


def from_fuzzer(raw, folder, sim):
    """A fuzzer's input as a finding of the simulator: the target runs several schedules, so
    the plan is hunted with a few thousand."""
    out = os.path.join(folder, "triage")
    _, lines = run_json([sim, "stress", "--json", "--plan=" + raw, "--executions=20000",
                         "--faults=off", "--findings=" + out])
    for line in lines:
        if line["type"] == "finding":
            return line
    return None


class Bugs:
    """The distinct bugs of a campaign, by (kind, signature)."""

    def __init__(self, folder, sim):
        self.folder, self.sim = folder, sim
        self.found = {}

    def take(self, lane, finding):
        """One raw finding; it is a file already."""
        raw = os.path.join(self.folder, "findings", "raw")
        os.makedirs(raw, exist_ok=True)
        kept = os.path.join(raw, "%s-%s" % (lane.name, os.path.basename(finding["file"])[:80]))
        shutil.copyfile(finding["file"], kept)
        binary, note = lane.binary, ""
        if finding["signature"] is None:
            found = from_fuzzer(kept, self.folder, self.sim)
            if found:
                finding, binary = found, self.sim
            else:
                note = "not seen again in the simulator; the input: " + kept
                finding = {**finding, "signature": lane.name + " " + finding["kind"],
                           "message": note}
        key = finding["kind"], finding["signature"]
        if key in self.found:
            self.found[key]["count"] += 1
            self.found[key]["lanes"].add(lane.name)
            return
        bug = {"kind": finding["kind"], "signature": finding["signature"],
               "message": finding["message"], "count": 1, "lanes": {lane.name}, "raw": kept,
               "plan": kept, "options": finding.get("options", ""), "interleaving": ""}
        self.found[key] = bug
        if not note:
            self.examine(bug, binary, finding["file"])

    def examine(self, bug, binary, file):
        """Shrink and explain; a step that fails leaves what the last one gave."""
        name = "%s-%s.plan" % (bug["kind"],
                               hashlib.sha256(bug["signature"].encode()).hexdigest()[:8])
        plan = os.path.join(self.folder, "findings", name)
        shutil.copyfile(file, plan)
        bug["plan"] = plan
        done, _ = run_json([binary, "shrink", plan, "-o", plan + ".tmp", "--json",
                            "--seconds=15"])
        if done.returncode == 0 and os.path.exists(plan + ".tmp"):
            os.replace(plan + ".tmp", plan)
        done, _ = run_json([binary, "explain", plan])
        bug["interleaving"] = done.stdout

    def rows(self):
        for bug in self.found.values():
            line = "tools/kthrash replay%s %s" % (bug["options"],
                                                  os.path.relpath(bug["plan"], ROOT))
            yield {**bug, "lanes": sorted(bug["lanes"]), "replay": line}
