# SPDX-License-Identifier: GPL-2.0-only
"""Contains fixtures for the tests of campaigns: fake engines, which are shell scripts with the
output of real ones, and a test case that has a campaign of them."""

import contextlib
import io
import os
import stat
import tempfile
import unittest
from unittest import mock

from kthrashlib import checkout, common, env
from kthrashlib.build import bazel
from kthrashlib.front import commands
from kthrashlib.night import builds, folder as folders, page, start

# This script takes the driver's commands. $hunt is the body of `stress`. $fails is how many re-runs
# of a plan fail.
DRIVER = """#!/bin/sh
say() {
	printf '{"type":"%%s","executions":%%d,"points":%%d,"seconds":1,"schedules":4,' "$@"
	printf '"pairs":2}\\n'
}
finding() {	# the bug's id, the number of this finding: saved as the driver does
	if [ ! -e "$dir/$1.plan" ]; then
		printf 'kthrash-plan 1\\n# id %%s\\nsignature "the signature of %%s"\\n' \
			"$2" "$1" > "$dir/$1.plan.$$.tmp"
		printf '%%s\\n%%s\\nexpect %%s\\n' 'found by "random" seed 1 execution 1 on "fake"' \
			'task C1: a = create "a" return 0' "${1%%-*}" >> "$dir/$1.plan.$$.tmp"
		# A random kill may meet mv: then nothing was saved.
		mv "$dir/$1.plan.$$.tmp" "$dir/$1.plan" && [ -n "$ledger" ] &&
			echo "$2" >> "$ledger"
	fi
	printf '{"type":"finding","file":"%%s","id":"%%s","kind":"%%s",' "$dir/$1.plan" "$1" "${1%%-*}"
	printf '"signature":"the signature of %%s","message":"the message",' "$1"
	printf '"executions":5,"strategy":"random"}\\n'
}
fails=%(fails)s
ledger=%(ledger)s
for a; do
	case "$a" in
	--findings=*) dir="${a#--findings=}";;
	--coverage=*) coverage="${a#--coverage=}";;
	--times=*) times="${a#--times=}";;
	-merge=1) merge=1;;
	-max_total_time=*) fuzz=1;;
	-artifact_prefix=*) prefix="${a#*=}";;
	esac
	last="$a"
done
if [ -n "$merge" ]; then	# libFuzzer -merge=1 ... INTO FROM...
	while case "$1" in -*) ;; *) false;; esac; do shift; done
	into="$1"; shift
	for from; do
		for f in "$from"/*; do
			[ ! -f "$f" ] || cp "$f" "$into/$(sha1sum < "$f" | cut -c1-40)"
		done
	done
	exit 0
fi
if [ -n "$fuzz" ]; then
	%(fuzz)s
	exit 0
fi
case "$1" in
stress)
	mkdir -p "$dir"
	%(hunt)s
	;;
shrink)	# PLAN -o OUT, or -o OUT PLAN
	if [ "$2" = -o ]; then cp "$4" "$3"; else cp "$2" "$4"; fi
	echo '{"tasks":1,"operations":1,"directives":0,"hash":"ab"}'
	;;
replay)
	kind=$(sed -n 's/^expect //p' "$last")
	signature=$(sed -n 's/^signature "\\(.*\\)"/\\1/p' "$last")
	i=0
	while [ $i -lt "${times:-1}" ]; do
		i=$((i + 1))
		if [ $i -gt "$fails" ]; then kind=pass signature=; fi
		printf '{"ok":true,"kind":"%%s","id":"%%s","hash":"ab","signature":"%%s",' \
			"$kind" "${signature##* }" "$signature"
		printf '"message":"%%s","options":"","build":"fake"}\\n' "${signature:+the message}"
	done
	;;
identify)
	%(identify)s
	;;
about) echo '%(about)s' ;;
explain)
	case "$*" in
	*json*) echo '{"tasks":["C1"],"steps":[],"cause":%(cause)s}' ;;
	*) echo 'the interleaving at core/kthread.c:12' ;;
	esac
	;;
*)	%(input)s ;;
esac
"""

FINDS = "finding deadlock-11111111 $$; say summary 5 50"
CANARY = "finding deadlock-0c0c0c0c canary; say summary 7 70"


def script(path, body):
    with open(path, "w", encoding="utf-8") as f:
        f.write(body)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def driver(path, hunt="say summary 9 90", fails=10, ledger="", fuzz=":", fuzz_input=":",
           identify="exit 2", about="{}", cause="null"):
    return script(path, DRIVER % {"hunt": hunt, "fails": fails, "ledger": "'%s'" % ledger,
                                  "fuzz": fuzz, "input": fuzz_input, "identify": identify,
                                  "about": about, "cause": cause})


CONFIG = """[limits]
grace = "%(grace)s s"
memory = "%(memory)s"
[lane.one]
target = "//fake:one"
[lane.two]
target = "//fake:two"
[lane.fuzzer]
kind = "libfuzzer"
target = "//fake:fuzzer"
[lane.eats]
target = "//fake:eats"
options = "--plan=@corpus"
"""


class Fakes:
    """A campaign in `folder`. Its lanes, which are named one, two, fuzzer and eats, run scripts."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "dir")
        self.bin = os.path.join(folder, "bin")
        os.makedirs(self.bin, exist_ok=True)
        self.config = os.path.join(folder, "config.toml")
        self.configure()
        self.targets = {}
        self.tree = checkout.State("5ca1ab1e" * 8, "c0ffee")
        self.pages = []     # This list has (folder, night) of each page that was asked for.
        self.default = driver(os.path.join(self.bin, "default"))
        self.set("//stress/bugs:P1", CANARY)

    def configure(self, grace=5, memory="500 MiB"):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG % {"grace": grace, "memory": memory})

    def set(self, target, hunt="say summary 9 90", **keys):
        name = target.rpartition(":")[2]
        self.targets[target] = driver(os.path.join(self.bin, name), hunt, **keys)

    def lane(self, name, hunt="say summary 9 90", **keys):
        self.set("//fake:" + name, hunt, **keys)

    def change(self, target, old, new):
        with open(self.targets[target], encoding="utf-8") as f:
            text = f.read()
        assert old in text
        script(self.targets[target], text.replace(old, new))

    def build(self, targets):
        return [self.targets.get(t, self.default) for t in targets]

    def page_write(self, *args):
        self.pages.append(args)

    def patches(self):
        stack = contextlib.ExitStack()
        stack.enter_context(mock.patch.object(bazel, "build", self.build))
        stack.enter_context(mock.patch.object(env, "ensure", lambda packages: None))
        stack.enter_context(mock.patch.object(builds, "tree", lambda: self.tree))
        seconds = commands.find("campaign").option("--seconds")
        stack.enter_context(mock.patch.object(seconds, "number", commands.real(0.1, 10**7)))
        stack.enter_context(mock.patch.object(page, "write", self.page_write))
        return stack

    def run(self, lanes="one,two", seconds=0.3, jobs=2, more=(), err=None):
        """Runs the campaign. Returns (exit status, stdout, stderr). If `err` is given, stderr goes
        to `err` instead."""
        out, err = io.StringIO(), err or io.StringIO()
        with self.patches(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = start.campaign(commands.parse("campaign", [
                    "--dir=" + self.folder, "--config=" + self.config, "--seconds=%g" % seconds,
                    "--lanes=" + lanes, "--jobs=%d" % jobs, *more]))
            except common.Failure as f:
                print(f.message, file=err)
                status = f.status
        return status, out.getvalue(), err.getvalue() if isinstance(err, io.StringIO) else ""


class Campaign(unittest.TestCase):
    """A test case that has a campaign of fakes in a temporary folder, and functions that read its
    files."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.fakes = Fakes(temporary.name)
        self.dir = self.fakes.folder

    def at(self, *names):
        return os.path.join(self.dir, *names)

    def night(self, n=1):
        return folders.read_json(self.at("nights", "%04d" % n, "night.json"))

    def untaken(self, lane):
        """Returns the findings that a lane has saved and that are not filed."""
        return [n for n in os.listdir(self.at("lanes", lane, "findings")) if n.endswith(".plan")]

    def bug(self, area="crashing", name="deadlock-11111111"):
        return folders.read_json(self.at(area, name, "finding.json"))

    def lane(self, name, n=1):
        return next(lane for lane in self.night(n)["lanes"] if lane["name"] == name)
