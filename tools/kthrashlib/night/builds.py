# SPDX-License-Identifier: GPL-2.0-only
"""Builds the binaries of a night once. Keeps them where no other build in the checkout replaces
them, and writes them down in builds.json for the examiner."""

import dataclasses
import hashlib
import os
import platform

from kthrashlib import checkout
from kthrashlib.build import bazel
from kthrashlib.common import write_whole
from kthrashlib.night.folder import entries, write_json
from kthrashlib.night.lanes import MUTATOR
from kthrashlib.programs import run

SIM = "//stress:kthrash_sim"
BUILDS_KEPT = 3


@dataclasses.dataclass(frozen=True)
class Builds:
    files: dict             # The path of a built file, by target.
    lanes: list             # The lanes include the lane of the planted bug.

    @property
    def sim(self):
        """Returns the simulator's driver, which examines what fuzzers find."""
        return self.files[SIM]

    @property
    def merger(self):
        """Returns the binary of libFuzzer that merges corpora, or None if no lane has libFuzzer."""
        return next((lane.binary for lane in self.lanes if lane.kind == "libfuzzer"), None)


# ---- what is built, and where ----


def tree():
    """Returns the checkout.State of the sources that are built."""
    if bazel.given():
        return checkout.State(**bazel.given().get("tree", {
            "sources": "", "no_commit": "what was built does not say from which sources"}))
    return checkout.state()


def first_match(path, key):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                name, _, value = line.replace("=", ":", 1).partition(":")
                if name.strip() == key:
                    return value.strip().strip('"')
    except OSError:
        pass
    return ""


def machine():
    return {"host": platform.node(), "cpu": first_match("/proc/cpuinfo", "model name"),
            "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "debian": first_match("/etc/os-release", "PRETTY_NAME")}


# ---- keeping it ----


def keep_binary(folder, path):
    """Copies the binary into the campaign's folder, named by its content. Returns the copy."""
    if bazel.given():
        return path     # The path is such a copy already, made on another machine.
    with open(path, "rb") as f:
        content = f.read()
    name = "%s-%s" % (os.path.basename(path), hashlib.sha1(content).hexdigest()[:10])
    kept = folder.at("build", name)
    if not os.path.exists(kept):
        os.makedirs(folder.at("build"), exist_ok=True)
        temporary = "%s.%d.tmp" % (kept, os.getpid())
        with open(temporary, "wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(temporary, 0o755)
        os.rename(temporary, kept)
    os.utime(kept)
    return kept


def keep_starter(folder, lane):
    """Writes a script that starts the lane's program as a driver. The program stays where it is,
    because its libraries may be beside it. A finding names the build that it was found in."""
    path = folder.at("build", "program-" + lane.name)
    os.makedirs(folder.at("build"), exist_ok=True)
    write_whole(path, run.starter(lane.program))
    os.chmod(path, 0o755)
    return path


def drop_old_binaries(folder, used):
    stems = {}
    for name in entries(folder.at("build")):
        stems.setdefault(name.rpartition("-")[0], []).append(folder.at("build", name))
    for paths in stems.values():
        paths.sort(key=os.path.getmtime)
        for path in paths[:-BUILDS_KEPT]:
            if path not in used:
                os.unlink(path)


def name_of(target, linux):
    """Returns the name of a built file. The planted bug's has the same target as another."""
    return target + ("@" + linux.bug if linux and linux.bug else "")


def build_all(folder, lanes):
    """Builds and keeps the binary of each of `lanes`, and the binaries that merge and examine."""
    wanted = {None: {SIM} | ({MUTATOR} if any(lane.kind == "afl" for lane in lanes) else set())}
    for lane in lanes:
        if lane.target:
            wanted.setdefault(lane.linux, set()).add(lane.target)
    files = {}
    for linux, targets in wanted.items():       # One build has one tree of the kernel.
        targets = sorted(targets)
        built = bazel.build(targets, *([linux.options()] if linux else []))
        files.update({name_of(target, linux): keep_binary(folder, path)
                      for target, path in zip(targets, built)})
    for lane in lanes:
        if lane.kind == "program":
            files[lane.name] = keep_starter(folder, lane)
        lane.binary = files[name_of(lane.target, lane.linux) if lane.target else lane.name]
        if lane.kind == "differential":
            lane.ours = files[SIM]
        lane.build = os.path.basename(lane.binary)      # AFL++ shows nothing that its target says.
        if lane.kind == "afl":
            lane.mutator = files[MUTATOR]
    drop_old_binaries(folder, set(files.values()))
    return Builds(files, lanes)


def write(folder, built, record):
    """Writes builds.json. It names the binaries that examine the findings of this night."""
    write_json(folder.at("builds.json"), {
        "sim": built.sim, "commit": record.facts["commit"],
        "sources": record.facts["sources"], "night": record.number,
        "lanes": {lane.name: {"target": lane.target, "binary": lane.binary, "kind": lane.kind}
                  for lane in built.lanes}})
