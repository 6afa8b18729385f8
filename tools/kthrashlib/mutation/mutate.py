# SPDX-License-Identifier: GPL-2.0-only
"""Implements `mutate`: edits the code under test, one small edit at a time, and hunts each.

What is not found names what the hunts can't see yet. The work of a run stays in a folder that the
sources name, so that the same command goes on after an interruption.
"""

import concurrent.futures
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import time
import tomllib

from kthrashlib import env, locks
from kthrashlib.common import CLEAN, FINDINGS, ROOT, STATE, environment, say, usage, write_whole
from kthrashlib.mutation import build, edits, lanes, score, syntax
from kthrashlib.mutation.score import (EQUIVALENT, KILLED, NOT_C, SAME, SURVIVED, UNFINISHED)

FOLDER = os.path.join(STATE, "mutate")
JUDGED = os.path.join(ROOT, "stress", "bugs", "equivalent.toml")
COUNT = 60
KEPT = 3        # folders of earlier sources


# ---- which edits ----


def judged():
    """Returns the edits that a person has judged to change nothing that matters."""
    with open(JUDGED, "rb") as f:
        return tomllib.load(f).get("edit", [])


def matches(row, edit):
    return all(row[key] == getattr(edit, key)
               for key in ("file", "function", "kind", "before", "after")) and \
        row.get("nth", 0) == edit.nth


def stale(rows, candidates, files):
    """Returns the judged edits of these files that can't be made any more."""
    return [row for row in rows if row["file"] in files
            and not any(matches(row, edit) for edit in candidates)]


def candidates(builds, folder, names):
    """Returns all edits of the files. `builds` has the Build of each file's combination."""
    found = []
    for name in names:
        with open(os.path.join(folder, name), encoding="latin-1") as f:
            text = f.read()
        functions = syntax.functions(name, builds[name].flags, folder)
        found += edits.of_file(name, text, functions)
    return found


def chosen(words, known):
    """Returns the files that the user names, relative to the top, or all."""
    names = [os.path.relpath(os.path.abspath(word), ROOT) for word in words] or sorted(known)
    for word, name in zip(words, names):
        if name not in known:
            raise usage("%s: can't be edited, expected one of %s" % (word, ", ".join(
                sorted(known))))
    return list(dict.fromkeys(names))


# ---- what is kept ----


class State:
    """What a run knows, in a file that is written whole."""

    def __init__(self, folder, seed, executions):
        self.path = os.path.join(folder, "seed-%d-%d.json" % (seed, executions))
        self.rows, self.clean = {}, []
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                found = json.load(f)
            self.rows, self.clean = found["rows"], found["clean"]

    def save(self):
        write_whole(self.path, json.dumps({"rows": self.rows, "clean": self.clean}, indent=1))


def digest(folder):
    """Returns a hash of the sources and plans that a run depends on."""
    found = hashlib.sha256()
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(path, name), "rb") as f:
                found.update(("%s\0" % os.path.relpath(os.path.join(path, name), folder)).encode())
                found.update(f.read())
    return found.hexdigest()[:12]


def home():
    """Returns a folder with a copy of the sources and the corpus as they are."""
    os.makedirs(FOLDER, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        copy = os.path.join(folder, "sources")
        build.copy_sources(copy)
        for name in ("seed", "regress"):
            shutil.copytree(os.path.join(ROOT, "corpus", name),
                            os.path.join(copy, "corpus", name))
        found = os.path.join(FOLDER, digest(copy))
        if not os.path.exists(found):
            os.replace(copy, found)
    drop_old(found)
    return found


def drop_old(current):
    """Deletes the folders of old sources. One in which another process works stays."""
    all_of = sorted((e.path for e in os.scandir(FOLDER) if e.is_dir() and e.path != current),
                    key=os.path.getmtime)
    for path in all_of[:-KEPT]:
        if os.path.exists(os.path.join(path, "lock")) and not locks.holders(
                os.path.join(path, "lock")):
            shutil.rmtree(path, ignore_errors=True)


def prepared(folder, combination):
    """Returns the Build of a combination, which an earlier run may have prepared."""
    path = os.path.join(folder, "build-%s.json" % combination)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            return build.Build(**json.load(f))
    found = build.prepare(combination, folder)
    write_whole(path, json.dumps(dataclasses.asdict(found)))
    return found


# ---- hunting ----


class Run:
    """One call of the command."""

    def __init__(self, folder, seed, executions):
        self.folder, self.seed, self.executions = folder, seed, executions
        self.state = State(folder, seed, executions)
        self.known = lanes.files(folder)
        self.builds = {}        # by combination
        self.original = {}      # the hash of what an unedited file compiles to

    def prepare(self, combinations):
        for combination in combinations:
            if combination not in self.builds:
                self.builds[combination] = prepared(self.folder, combination)

    def build_of(self, file):
        return self.builds[self.known[file]]

    def hunted(self, file, text, lane, work):
        """Builds the driver with `text` in place of the file, and hunts. Returns what hunt()
        returns."""
        made = self.builds[lane.combination]
        out = os.path.join(work, "driver-" + lane.combination)
        if not os.path.exists(out):
            objects = build.objects(made, file, text, work)
            if not objects:
                return {"ended": "not C"}
            build.driver(made, objects, out)
        return lanes.hunt(out, lane, self.folder, self.seed, self.executions)

    def check_clean(self, files):
        """Hunts the unedited code in each lane, which must find nothing."""
        for file in files:
            for lane in lanes.of(file, self.known[file]):
                key = "%s on %s" % (lane.name, lane.combination)
                if key in self.state.clean:
                    continue
                with tempfile.TemporaryDirectory(dir=self.folder) as work:
                    text = build.text_of(self.build_of(file), file)
                    found = self.hunted(file, text, lane, work)
                if found["ended"] != "clean":
                    raise environment("the code without an edit is not clean, %s: %s" % (
                        key, found.get("message", found["ended"])))
                self.state.clean.append(key)
                self.state.save()

    def prepare_originals(self, files):
        for file in files:
            made = self.build_of(file)
            with tempfile.TemporaryDirectory(dir=self.folder) as work:
                objects = build.objects(made, file, build.text_of(made, file), work)
                if not objects:
                    raise environment("%s does not compile by itself" % file)
                self.original[file] = build.digest(objects)

    def examine(self, edit):
        """Returns the row of an edit."""
        made = self.build_of(edit.file)
        before = build.text_of(made, edit.file)
        after = edit.applied(before)
        row = {"id": edit.id, "diff": score.diff(edit.file, before, after),
               **{key: getattr(edit, key) for key in (
                   "file", "function", "kind", "line", "before", "after", "nth")}}
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            objects = build.objects(made, edit.file, after, work)
            if not objects:
                return {**row, "result": NOT_C}
            if build.digest(objects) == self.original[edit.file]:
                return {**row, "result": SAME}
            build.driver(made, objects, os.path.join(work, "driver-" + self.known[edit.file]))
            ended = set()
            for lane in lanes.of(edit.file, self.known[edit.file]):
                found = self.hunted(edit.file, after, lane, work)
                if found["ended"] == "finding":
                    return {**row, "result": KILLED, "lane": lane.name, "found": found["kind"],
                            "executions": found["executions"], "message": found["message"]}
                ended.add(found["ended"])
        return {**row, "result": SURVIVED if ended == {"clean"} else UNFINISHED}

    def run(self, order, count, jobs, deadline):
        """Examines edits in order until `count` were hunted or the time is up. Returns the rows."""
        rows, todo, waiting = [], iter(order), {}
        hunted = 0
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            while True:
                while hunted + len(waiting) < count and len(waiting) < jobs and \
                        time.monotonic() < deadline:
                    edit = next(todo, None)
                    if edit is None:
                        break
                    known = self.state.rows.get(edit.id)
                    if known:
                        rows.append(known)
                        hunted += known["result"] in (KILLED, SURVIVED)
                    else:
                        waiting[pool.submit(self.examine, edit)] = edit
                if not waiting:
                    return rows
                done, _ = concurrent.futures.wait(
                    waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    row = future.result()
                    edit = waiting.pop(future)
                    self.state.rows[edit.id] = row
                    self.state.save()
                    rows.append(row)
                    hunted += row["result"] in (KILLED, SURVIVED)
                    say("kthrash mutate: %d: %s" % (hunted, score.line(row)))


def main(call):
    found = call.options
    env.ensure({**env.BUILD, **env.MUTATE})
    names = chosen(call.words, lanes.files(ROOT))
    seconds = found.get("--seconds")
    deadline = time.monotonic() + seconds if seconds else float("inf")
    folder = home()
    with locks.alone(folder, "mutate"):
        run = Run(folder, found.get("--seed", 1), found.get("--executions", lanes.EXECUTIONS))
        # The combinations are built before the first edit, because Bazel has one server.
        run.prepare(dict.fromkeys(lane.combination for name in names
                                  for lane in lanes.of(name, run.known[name])))
        all_of = candidates({name: run.build_of(name) for name in names}, folder, names)
        rows_judged = judged()
        gone = stale(rows_judged, all_of, names)
        if gone:
            raise usage("%s: the edit of %s in %s, %s, can't be made any more: judge it again" % (
                os.path.relpath(JUDGED), gone[0]["function"], gone[0]["file"], gone[0]["before"]))
        run.prepare_originals(names)
        run.check_clean(names)
        equivalent = [e for e in all_of if any(matches(row, e) for row in rows_judged)]
        order = edits.drawn(all_of, run.seed)
        rows = run.run([e for e in order if e not in equivalent], found.get("--count", COUNT),
                       found.get("--jobs", os.cpu_count()), deadline)
    rows += [{"id": e.id, "file": e.file, "kind": e.kind, "result": EQUIVALENT}
             for e in equivalent]
    if "--json" in found:
        print(json.dumps({**score.summary(rows), "edits": rows}, indent=1))
    else:
        score.show(rows)
    return FINDINGS if any(row["result"] == SURVIVED for row in rows) else CLEAN
