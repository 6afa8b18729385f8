# SPDX-License-Identifier: GPL-2.0-only
"""Runs Bazel quietly: a command builds all that it needs in one invocation."""

import concurrent.futures
import json
import os
import re
import signal
import sys

from kthrashlib import children, checkout
from kthrashlib.build import about, kept
from kthrashlib.common import ROOT, STATE, environment, plural, say, usage
from kthrashlib.linux import fetch, wanting

ATTEMPTS = 3    # A build by hand, which takes no lock, may replace a binary before it is copied.


# How a bazel client is started. On SIGINT it cancels its command and ends; on SIGTERM it would end
# the server. The server is its child, and stays.
OWN = {"stop_signal": signal.SIGINT, "marked": False}
INTERRUPTED = 8         # The status of a bazel client that was interrupted.


def run(args, **kwargs):
    checkout.check_place()
    done = children.run(["bazel"] + args, cwd=ROOT, **OWN, **kwargs)
    if done.returncode == INTERRUPTED:
        raise children.Interrupted(signal.SIGINT)
    return done


def refusal(targets, options):
    """Returns the sentence with which the build's own rules refuse these flags, or None."""
    done = run(["build", "--nobuild", "--noshow_progress", *options] + targets,
                 stdout=children.DEVNULL, stderr=children.PIPE, text=True)
    found = re.search(r"^Error in fail: (.*)$", done.stderr, re.MULTILINE)
    return found.group(1) if found else None


def given():
    """Returns the builds of another machine, or None.

    They are a dict {"tree": the fields of a checkout.State, "files": {target: file}}.

    A node of a cluster has no Bazel. The machine that submitted the job has built everything,
    and KTHRASH_BUILDS names the file that lists what it built.
    """
    path = os.environ.get("KTHRASH_BUILDS")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
    except (OSError, ValueError) as e:
        raise environment("KTHRASH_BUILDS=%s: %s" % (path, e)) from e
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        raise environment("KTHRASH_BUILDS=%s: expected the file shards/builds.json that campaign "
                          "--engine=slurm writes" % path)
    return found


def build(targets, options=()):
    """Builds `targets` ("//pkg:name"); returns copies of their files, in the same order. No other
    build replaces the copies (kept.py). Each driver among them has said that it is the one that
    was asked for (about.py)."""
    if given():
        files = given()["files"]
        missing = [t for t in targets if not os.path.exists(files.get(t, ""))]
        if missing:
            raise environment("no build of %s in KTHRASH_BUILDS" % ", ".join(missing))
        return [files[t] for t in targets]
    wrong = []
    with kept.building():
        for _ in range(ATTEMPTS):
            try:
                files = [kept.keep(path) for path in in_place(targets, options)]
            except FileNotFoundError as e:
                wrong = ["%s is not there after the build" % e.filename]
                continue
            wrong = wrong_drivers(targets, options, files)
            if not wrong:
                kept.drop_old()
                return files
            say("kthrash: another build has replaced this one; building again")
    raise environment("after %d builds there is another binary than was asked for: %s" % (
        ATTEMPTS, "; ".join(wrong)))


def wrong_drivers(targets, options, files):
    """Returns a sentence for each driver that is not the one that was asked for."""
    def look(target, file):
        wanted = about.expected(target, options)
        return ["%s: %s" % (target, d) for d in about.differences(wanted, about.ask(file))] \
            if wanted else []

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(look, targets, files), [])


def refuse_tree(log, linux, options, targets):
    """Raises a usage error if a build failed because of what the files of a kernel tree want. The
    build runs once more, because it must not stop at the first file."""
    with open(log, "w", encoding="utf-8") as f:
        run(["build", "--noshow_progress", "--ui_event_filters=-info", "--keep_going",
             "--show_result=0", *options] + targets, stdout=f, stderr=f)
    with open(log, encoding="utf-8", errors="replace") as f:
        said = wanting.complaint(f.read(), linux.version, fetch.ORIGINS.get(linux.tree, ""))
    if said:
        raise usage("%s. The compiler's words are in %s" % (said, os.path.relpath(log)))


def in_place(targets, options):
    """Builds `targets`; returns where Bazel has put their files."""
    log = os.path.join(STATE, "logs", "build.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    say("kthrash: building " + plural(len(targets), "target"))
    loud, linux = sys.stderr.isatty(), fetch.of_options(options)
    # What the compiler says of a kernel tree is told in one sentence.
    hidden = "-info,-error,-stderr,-stdout" if loud and linux else "-info"
    with open(log, "w", encoding="utf-8") as f:
        done = run(["build", "--noshow_progress" if not loud else "--show_progress",
                      "--ui_event_filters=" + hidden, "--show_result=0", *options] + targets,
                     stdout=f, stderr=None if loud else f)
    if done.returncode != 0:
        if linux:
            refuse_tree(log, linux, options, targets)
        if not loud:
            with open(log, encoding="utf-8", errors="replace") as f:
                say(f.read()[-6000:])
        raise environment("the build failed; its output is in " + os.path.relpath(log))
    where = run(["info", *options, "bazel-bin"], stdout=children.PIPE, stderr=children.DEVNULL,
                  text=True).stdout.strip()
    return [os.path.join(where, *t[2:].split(":")) for t in targets]
