# SPDX-License-Identifier: GPL-2.0-only
"""A campaign as it runs: lines for a terminal or a log, figures for Prometheus."""

import shutil
import sys
import time

from kthrashlib.common import write_whole

PLAIN_EVERY_S = 10      # lines in a log
LONG_EVERY_S = 60       # of a campaign of over an hour


def duration(seconds):
    hours, minutes = divmod(int(max(0, seconds) + 0.5) // 60, 60)
    if hours:
        return "%d h %02d min" % (hours, minutes)
    return "%d min %02d s" % (minutes, seconds % 60) if minutes else "%d s" % max(0, seconds)


def count(n):
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**4)):
        if n >= size:
            return "%.*f%s" % (1 if n < 100 * size else 0, n / (10**3 if unit == "k" else size),
                               unit)
    return "%d" % n


class Progress:
    """A line that rewrites itself on a terminal, now and then one where it is piped."""

    def __init__(self, seconds, out=None):
        self.out = out or sys.stderr
        self.terminal = self.out.isatty()
        self.every = 0.5 if self.terminal else LONG_EVERY_S if seconds > 3600 else PLAIN_EVERY_S
        self.last = self.last_executions = None

    def show(self, night, elapsed, left):
        """`night` as in night.json."""
        now = time.monotonic()
        if self.last is not None and now - self.last < self.every:
            return
        done = night["totals"]["executions"]
        rate = (done - self.last_executions) / (now - self.last) \
            if self.last is not None and now > self.last else 0
        self.last, self.last_executions = now, done
        busy = [lane["name"] for lane in night["lanes"] if lane["state"] == "running"]
        failed = sum(lane["state"] == "failed" for lane in night["lanes"])
        line = "%s, %s left  %s executions, %s/s  %d pairs  %d plans  %d bugs%s%s  %s" % (
            duration(elapsed), duration(left), count(done), count(rate),
            night["totals"]["pairs"], night["totals"]["corpus"], len(night["bugs"]["crashing"]),
            ", %d to examine" % night["totals"]["to_examine"]
            if night["totals"]["to_examine"] else "",
            ", %d lanes failed" % failed if failed else "", ", ".join(busy + night["busy"]))
        if self.terminal:
            width = shutil.get_terminal_size().columns
            line = "\r\033[K" + line[:max(20, width - 1)]
        print(line, end="" if self.terminal else "\n", file=self.out, flush=True)

    def end(self):
        if self.terminal and self.last is not None:
            print(file=self.out)


def prometheus(night, elapsed):
    """The text format of node_exporter's textfile collector."""
    def quoted(value):
        return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    lines = []

    def metric(name, kind, meaning, rows):
        lines.append("# HELP kthrash_%s %s" % (name, meaning))
        lines.append("# TYPE kthrash_%s %s" % (name, kind))
        for labels, value in rows:
            words = ",".join('%s="%s"' % (k, quoted(v)) for k, v in labels.items())
            lines.append("kthrash_%s%s %s" % (name, "{%s}" % words if words else "", value))
    lanes = night["lanes"]
    metric("night_info", "gauge", "The night that runs; always 1.", [
        ({"night": night["night"], "commit": night["commit"], "state": night["state"],
          "verdict": night["verdict"] or ""}, 1)])
    metric("night_elapsed_seconds", "gauge", "Of its time, over.", [({}, round(elapsed, 1))])
    metric("night_seconds", "gauge", "Its time.", [({}, night["seconds"])])
    metric("executions_total", "counter", "Executions, by lane.",
           [({"lane": x["name"]}, x["executions"]) for x in lanes])
    metric("points_total", "counter", "Schedule points passed in the simulator, by lane.",
           [({"lane": x["name"]}, x["points"]) for x in lanes])
    metric("lane_running", "gauge", "1 while the lane runs.",
           [({"lane": x["name"]}, int(x["state"] == "running")) for x in lanes])
    metric("lane_failures_total", "counter", "Runs that crashed, hung or took too much memory.",
           [({"lane": x["name"]}, len(x["failures"])) for x in lanes])
    metric("raw_findings_total", "counter", "Findings saved, by lane.",
           [({"lane": x["name"]}, x["findings"]) for x in lanes])
    metric("pairs", "gauge", "Ordered pairs of accesses seen.", [({}, night["totals"]["pairs"])])
    metric("corpus_plans", "gauge", "Plans in the merged corpus.",
           [({}, night["totals"]["corpus"])])
    metric("bugs", "gauge", "Distinct bugs, by folder.",
           [({"state": k}, len(night["bugs"][k])) for k in
            ("crashing", "incubating", "regression")])
    metric("last_update_seconds", "gauge", "When this was written, since the epoch.",
           [({}, int(time.time()))])
    return "\n".join(lines) + "\n"


def write_prometheus(path, night, elapsed):
    write_whole(path, prometheus(night, elapsed))
