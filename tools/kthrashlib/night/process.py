# SPDX-License-Identifier: GPL-2.0-only
"""Starts, follows and ends a process of a campaign, and kills it with all its descendants."""

import fcntl
import os
import shutil
import signal
import threading
import time

from kthrashlib import children
from kthrashlib.children import family, kill_all, parents
from kthrashlib.common import ROOT
from kthrashlib.locks import holders
from kthrashlib.night.folder import sweep, utc

LOG_BYTES = 4 << 20


class Job:
    """A process of a campaign. It dies with the campaign. As long as it or one of its descendants
    lives, a lock in its folder is held. So the next campaign sees that the job lives."""

    stop_signal = signal.SIGTERM

    def __init__(self, name):
        self.name = name
        self.state = "waiting"
        self.process = self.folder = self.log = self.reader = self.why_killed = None
        self.started = self.run_seconds = self.deadline = 0.0
        self.last_line = ""

    def settle_in(self, folder):
        """Takes over `folder`, which belongs to this job alone. Kills the processes of an earlier
        campaign that still hold its lock."""
        self.folder, self.log = folder, os.path.join(folder, "log")
        os.makedirs(folder, exist_ok=True)
        kill_all(holders(os.path.join(folder, "lock")))
        fd = self.lock()
        fcntl.flock(fd, fcntl.LOCK_EX)      # This waits until these processes have ended.
        os.close(fd)
        sweep(folder)
        shutil.rmtree(self.temporary(), ignore_errors=True)
        os.makedirs(self.temporary(), exist_ok=True)

    def temporary(self):
        """Returns the job's own $TMPDIR. libFuzzer names its files there by its process number,
        which can be the same in two containers that share one /tmp."""
        return os.path.join(self.folder, "tmp")

    def lock(self):
        return os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT, 0o666)

    def place(self):
        """Returns the folder in which the job's process runs."""
        return ROOT

    def environment(self):
        return {"TMPDIR": self.temporary()}

    def launch(self, command, seconds, grace):
        self.state, self.started = "running", time.monotonic()
        self.deadline = self.started + seconds + grace
        self.run_seconds, self.why_killed, self.last_line = 0.0, None, ""
        if os.path.exists(self.log) and os.path.getsize(self.log) > LOG_BYTES:
            os.replace(self.log, self.log + ".1")
        fd = self.lock()
        fcntl.flock(fd, fcntl.LOCK_EX)
        try:
            self.process = children.start(
                command, cwd=self.place(), stdin=children.DEVNULL, stdout=children.PIPE,
                stderr=children.STDOUT, text=True, env={**os.environ, **self.environment()},
                pass_fds=(fd,))
        finally:
            os.close(fd)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def keep(self, text):
        """Adds to the log. If the disk is full, the log lacks this text, but the text still
        counts."""
        try:
            with open(self.log, "ab", buffering=0) as log:
                log.write(text.encode("utf-8", "replace"))
        except OSError:
            pass

    def read(self):
        with self.process.stdout:
            self.keep("-- %s --\n" % utc())
            for line in self.process.stdout:
                self.keep(line)
                line = line.rstrip("\n")
                if line.strip():
                    self.last_line = line
                self.watch(line)

    def watch(self, line):
        """Handles one line of the job's output. Subclasses override it."""

    def resident(self, all_of):
        return sum(all_of[p][1] for p in family(self.process.pid, all_of) if p in all_of)

    def look(self, memory):
        """Kills the job if it hangs or takes too much memory."""
        if time.monotonic() > self.deadline:
            self.kill("hung: killed after %d s" % self.run_seconds)
        elif memory and self.resident(parents()) > memory:
            self.kill("took more than %d MiB of memory: killed" % (int(memory) >> 20))

    def poll(self):
        """Returns True while the job runs."""
        if self.process is None or self.state != "running":
            return False
        status = self.process.poll()
        self.run_seconds = time.monotonic() - self.started
        if status is None:
            return True
        # This kills what the job left behind.
        kill_all(holders(os.path.join(self.folder, "lock")))
        self.reader.join(10)    # This waits until the last lines of the output are read.
        self.ended(status)
        return False

    def ended(self, status):
        self.state = "done"

    def stop(self):
        self.signal(self.stop_signal)

    def kill(self, why=None):
        self.why_killed = self.why_killed or why
        self.signal(signal.SIGKILL)

    def signal(self, number):
        if self.process is not None and self.process.poll() is None:
            if number == signal.SIGKILL:
                kill_all(family(self.process.pid, parents()))
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                pass
