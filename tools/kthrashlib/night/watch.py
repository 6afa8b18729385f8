# SPDX-License-Identifier: GPL-2.0-only
"""Shows how far a campaign is, while it runs.

On a terminal rich draws it: a bar that fills with the night's time and a line that fits the
window. In a log it writes a plain line now and then, because rich cannot do that.
"""

import sys
import time

from kthrashlib.common import plural
from kthrashlib.night.words import count, duration

PLAIN_EVERY_S = 10      # This is the time between lines in a log.
LONG_EVERY_S = 60       # If the campaign runs for over an hour, this is the time between lines.
DRAW_EVERY_S = 0.5      # This is the time between drawings on a terminal.


def line_of(facts, rate):
    """Returns a line with the main figures of a night's record."""
    totals = facts["totals"]
    running = [lane["name"] for lane in facts["lanes"] if lane["state"] == "running"]
    failed = sum(lane["state"] == "failed" for lane in facts["lanes"])
    waiting = totals["to_examine"]
    return "%s executions, %s/s  %s  %s  %s%s%s  %s" % (
        count(totals["executions"]), count(rate), plural(totals["pairs"], "pair"),
        plural(totals["corpus"], "plan"), plural(len(facts["bugs"]["crashing"]), "bug"),
        ", %d to examine" % waiting if waiting else "",
        ", %s failed" % plural(failed, "lane") if failed else "",
        ", ".join(running + facts["busy"]))


class Bar:
    """A bar and a line that rich draws on a terminal."""

    def __init__(self, out):
        # The command installs this library, so it is not there when this module is read.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        self.bar = Progress(
            BarColumn(bar_width=16), TextColumn("{task.fields[times]}", markup=False),
            TextColumn("{task.description}", markup=False,
                       table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            console=Console(file=out), auto_refresh=False, expand=True)
        self.task = self.bar.add_task("", total=1.0, times="")
        self.bar.start()

    def show(self, times, share, line):
        self.bar.update(self.task, completed=share, description=line, times=times)
        self.bar.refresh()

    def end(self):
        self.bar.stop()


class Lines:
    """A printer of one line at a time. It skips a line that says the same as the one before."""

    def __init__(self, out):
        self.out, self.last = out, ""

    def show(self, times, share, line):
        said, self.last = self.last, "%s  %s" % (times, line)
        if self.last != said:
            try:
                print(self.last, file=self.out, flush=True)
            except OSError:
                pass        # The log is on a full disk, which does not end the campaign.

    def end(self):
        pass


class Display:
    """A display that shows a text beside the progress, a number from 0 to 1. Between two
    drawings at least `every` seconds pass."""

    def __init__(self, seconds, out=None):
        out = out or sys.stderr
        terminal = out.isatty()
        self.every = DRAW_EVERY_S if terminal else \
            LONG_EVERY_S if seconds > 3600 else PLAIN_EVERY_S
        self.shown = None
        self.to = Bar(out) if terminal else Lines(out)

    def wants(self):
        return self.shown is None or time.monotonic() - self.shown >= self.every

    def show(self, times, share, line):
        self.shown = time.monotonic()
        self.to.show(times, min(1.0, max(0.0, share)), line)

    def end(self):
        self.to.end()


class Progress:
    """A tracker of the progress of a night."""

    def __init__(self, seconds, out=None):
        self.seconds = seconds
        self.display = Display(seconds, out)
        self.last = None        # This is (when, executions) when the record last changed.
        self.rate = 0

    def learn(self, done):
        """Updates the rate of executions when the record has changed. A terminal is drawn more
        often than the record changes."""
        now = time.monotonic()
        then, before = self.last or (now, done)
        if now > then and done != before:
            self.rate = (done - before) / (now - then)
        if done != before or not self.last:
            self.last = now, done

    def show(self, facts, elapsed):
        if not self.display.wants():
            return
        self.learn(facts["totals"]["executions"])
        self.display.show("%s, %s left" % (duration(elapsed), duration(self.seconds - elapsed)),
                          elapsed / self.seconds, line_of(facts, self.rate))

    def end(self):
        self.display.end()
