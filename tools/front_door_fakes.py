# SPDX-License-Identifier: GPL-2.0-only
"""Contains fixtures for the tests of the front door: a small checkout whose programs are fakes, and
a front door that runs in it as a process of its own."""

import glob
import io
import json
import os
import select
import shutil
import stat
import subprocess
import tarfile
import time

from kthrashlib import common
from kthrashlib.linux import fetch, tree

LIMIT_S = 60        # No wait of a test takes longer, even on a slow machine.
MARK = "KTHRASH_TEST_MARK"
PLAN = "kthrash-plan 1\ntask C1: a = create \"a\" return 0\nexpect pass\n"

# Each fake is this script under another name. $HOLD names the fake that says its number in the
# FIFO $TOLD and then runs until a signal ends it, with a child, and with a grandchild in a session
# of its own. Bazel and apt have no such children here, because their daemons may stay.
FAKE = r"""#!/bin/sh
case "$0" in
*/bin/*) name=${0##*/} ;;
*) name=driver ;;	# Bazel has built it under another name.
esac
if [ "$name $1" = "driver about" ]; then
	case "${0##*/}" in
	*@*) echo "{\"platform\":\"${0##*@}\",\"bug\":\"\",\"core\":\"kthrash\"}" ;;
	*) echo "{\"bug\":\"${0##*/}\",\"sanitizer\":\"none\",\"core\":\"kthrash\"}" ;;
	esac
	exit
fi
if [ "$HOLD" = "$name" ]; then
	case "$name" in
	bazel|apt-get) ;;
	*)
		tail -f /dev/null &
		setsid tail -f /dev/null &
		;;
	esac
	echo $$ > "$TOLD"
	case "$name" in
	bazel|apt-get) exec tail -f /dev/null ;;
	esac
	wait
	wait
fi
if [ "$DIES" = "$name" ]; then
	kill -"$DIES_OF" $$
fi
if [ "$ENDS" = "$name" ]; then
	exit "$ENDS_WITH"
fi
case "$name" in
dpkg-query)
	case "$*" in *"$MISSING"*) [ -z "$MISSING" ] || exit 1 ;; esac
	printf 'install ok installed' ;;
bazel)
	case "$1" in
	info) echo "$OUT" ;;
	query)
		case "$*" in
		*kthrash_cov*) echo '//stress:kthrash_cov@sim+a' ;;
		*backend_bench*) echo '//stress/bench:backend_bench@sim+a' ;;
		*) echo '//stress:corpus_replay_test@sim+a' ;;
		esac ;;
	aquery) echo '{"configuration":[],"actions":[]}' ;;
	esac
	for word; do
		case "$word" in
		//*:*)
			file=$(echo "$OUT/${word#//}" | tr : /)
			mkdir -p "${file%/*}"
			[ -e "$file" ] || ln -s "$DRIVER" "$file"
			;;
		esac
	done ;;
git)
	case "$*" in
	*show-toplevel*) pwd ;;
	*ls-files*) printf 'core/x.c\0' ;;
	*diff*--quiet*) exit 1 ;;
	esac ;;
driver)
	case "$1" in
	bench) echo '{}' ;;
	stress) echo '{"type":"summary","executions":1000000}' ;;
	explain) echo '{"steps":[],"events":[],"wakes":[],"tasks":[]}' ;;
	*) echo 'the driver' ;;
	esac ;;
clang-format-19) cat ;;
*) echo "$name" ;;
esac
exit 0
"""
FAKES = ("afl-fuzz", "apt-get", "bazel", "clang-format-19", "clang-tidy-19", "cppcheck", "driver",
         "dpkg-query", "gdb", "git", "man", "sbatch", "sudo")


def executable(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def copy(root, pattern):
    for path in glob.glob(os.path.join(common.ROOT, pattern), recursive=True):
        target = os.path.join(root, os.path.relpath(path, common.ROOT))
        if os.path.isfile(path) and not path.endswith(".pyc"):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(path, target)


class Checkout:
    """A checkout in `root`, with the package, the tables and the fakes."""

    def __init__(self, root, driver=None):
        self.root = root
        for pattern in ("tools/kthrashlib/**/*", "tools/kthrash", "tools/kthrash_main.py",
                        "tools/campaign.toml", "platform/words.def", "stress/hunt/options.def",
                        "stress/plan/words.def", "stress/bugs/*.patch"):
            copy(root, pattern)
        os.makedirs(self.at("bin"))
        for name in FAKES:
            executable(self.at("bin", name), FAKE)
        self.driver = driver or self.at("bin", "driver")
        for name in ("core/x.c", "corpus/seed/one.plan"):
            os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
            with open(self.at(name), "w", encoding="utf-8") as f:
                f.write(PLAN)
        self.make_kernel()
        self.make_night()

    def at(self, *names):
        return os.path.join(self.root, *names)

    def make_kernel(self):
        """Makes Debian's archive of a kernel, whose files are empty."""
        folder = self.at("src")
        os.makedirs(folder)
        name = "linux-source-" + fetch.DEFAULT
        with tarfile.open(os.path.join(folder, name + ".tar.xz"), "w:xz") as archive:
            for file in tree.FILES:
                text = b"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\n" * (file == tree.MAKEFILE)
                entry = tarfile.TarInfo("%s/%s" % (name, file))
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
        path = self.at("tools", "kthrashlib", "linux", "fetch.py")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        executable(path, text.replace(os.path.dirname(fetch.ARCHIVE), folder))

    def make_night(self):
        """Makes the folder of a campaign with one night, which a cluster has run."""
        for name, value in (
                ("campaign.json", {"kthrash": "campaign", "version": 1}),
                ("shards/builds.json", {"commit": "c", "changes": "", "files": {}}),
                ("shards/job.json", {"shards": 1, "seconds": 1, "jobs": 1, "seed": 1,
                                     "submission": "1", "submitted": "", "array": "", "merge": "",
                                     "merged": None, "config": None, "lanes": None,
                                     "command": [], "options": [], "sbatch": []}),
                ("nights/0001/night.json", {})):
            path = self.at("dir", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                json.dump(value, f)

    def environment(self, **more):
        base = {k: v for k, v in os.environ.items()
                if k not in ("PYTHONPATH", "PYTHONSAFEPATH", "KTHRASH_MARKS")}
        return {**base, "PATH": self.at("bin") + ":/usr/bin:/bin:/usr/sbin:/sbin",
                "OUT": self.at("out"), "DRIVER": self.driver, "MISSING": "", **more}

    def start(self, args, stdout=subprocess.PIPE, before=None, **more):
        """Starts the front door. `before` runs in the new process, before the front door. In `args`
        the word @new stands for a new folder."""
        args = [word.replace("@new", self.at("new-%d" % time.monotonic_ns())) for word in args]
        # pylint: disable-next=consider-using-with,subprocess-popen-preexec-fn
        return subprocess.Popen(
            [self.at("tools", "kthrash"), *args], cwd=self.root, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=subprocess.PIPE, text=True, errors="replace",
            env=self.environment(**more), start_new_session=True, preexec_fn=before)

    def run(self, args, **more):
        """Runs the front door to its end. Returns (status, stdout, stderr)."""
        p = self.start(args, **more)
        out, err = p.communicate(timeout=LIMIT_S)
        return p.returncode, out, err

    def hold(self, args, name, **more):
        """Starts the front door and waits until the fake `name` runs. Returns a Held."""
        told = self.at("told-%d" % time.monotonic_ns())
        os.mkfifo(told)
        return Held(self, args, told, {"HOLD": name, "TOLD": told, MARK: told, **more})


class Held:
    """A front door whose child runs until a signal ends it."""

    def __init__(self, checkout, args, told, more):
        self.mark = told
        fd = os.open(told, os.O_RDWR)
        try:
            self.process = checkout.start(args, **more)
            ended = os.pidfd_open(self.process.pid)
            ready = select.select([fd, ended], [], [], LIMIT_S)[0]
            os.close(ended)
            self.runs = fd in ready
        finally:
            os.close(fd)
        self.fds = [os.pidfd_open(pid) for pid in marked(self.mark)] if self.runs else []

    def kill(self, number):
        """Sends the front door a signal. Returns (its status, its stdout and stderr)."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out + err

    def left(self):
        """Waits until all processes have ended, but not for ever. Returns the command lines of the
        processes that still run."""
        for fd in self.fds:
            select.select([fd], [], [], LIMIT_S)
            os.close(fd)
        return [words_of(pid) for pid in marked(self.mark)]


def words_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().replace("\0", " ")
    except OSError:
        return ""


def marked(mark):
    """Returns the processes whose environment has the mark of a test."""
    wanted, found = ("%s=%s" % (MARK, mark)).encode(), []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                if wanted in f.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            continue
    return found
