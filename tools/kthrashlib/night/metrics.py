# SPDX-License-Identifier: GPL-2.0-only
"""Writes the figures of a night for Prometheus, to a file that node_exporter's textfile collector
reads.

python3-prometheus-client makes the text. Its own write_to_textfile() does not flush the file to
disk. It also leaves its temporary file behind if the disk is full or the campaign is killed.
write_whole() has neither fault, so it writes the file.
"""

import time

from kthrashlib.common import write_whole


def families(facts, elapsed):
    """Returns families of metrics, made from a night's record."""
    # The command installs this library, so it is not there when this module is read.
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    def family(kind, name, meaning, rows):
        """Makes a family of metrics. `rows` has (labels, value)."""
        made = kind("kthrash_" + name, meaning, labels=sorted(rows[0][0]) if rows else [])
        for labels, value in rows:
            made.add_metric([str(labels[k]) for k in sorted(labels)], value)
        return made

    def gauge(name, meaning, rows):
        return family(GaugeMetricFamily, name, meaning, rows)

    def by_lane(name, meaning, value):
        """Makes a counter with a value for each lane."""
        return family(CounterMetricFamily, name, meaning,
                      [({"lane": lane["name"]}, value(lane)) for lane in facts["lanes"]])
    return [
        gauge("night_info", "The night that runs; always 1.", [
            ({"night": facts["night"], "commit": facts["commit"],
              "sources": facts["sources"], "state": facts["state"],
              "verdict": facts["verdict"] or ""}, 1)]),
        gauge("night_elapsed_seconds", "The time that the night has had.",
              [({}, round(elapsed, 1))]),
        gauge("night_seconds", "The time that the night is given.", [({}, facts["seconds"])]),
        by_lane("executions_total", "Executions, by lane.", lambda x: x["executions"]),
        by_lane("points_total", "Schedule points passed in the simulator, by lane.",
                lambda x: x["points"]),
        gauge("lane_running", "1 while the lane runs.", [
            ({"lane": x["name"]}, int(x["state"] == "running")) for x in facts["lanes"]]),
        by_lane("lane_failures_total", "Runs that crashed, hung or took too much memory.",
                lambda x: len(x["failures"])),
        by_lane("raw_findings_total", "Findings saved, by lane.", lambda x: x["findings"]),
        gauge("pairs", "Ordered pairs of accesses seen.", [({}, facts["totals"]["pairs"])]),
        gauge("corpus_plans", "Plans in the merged corpus.", [({}, facts["totals"]["corpus"])]),
        gauge("bugs", "Distinct bugs, by folder.", [
            ({"state": k}, len(facts["bugs"][k])) for k in
            ("crashing", "incubating", "regression")]),
        gauge("last_update_seconds", "When this was written, since the epoch.",
              [({}, int(time.time()))]),
    ]


class Families:
    """A collector, which the library's registry asks for the metrics."""

    def __init__(self, found):
        self.found = found

    def collect(self):
        return self.found


def text(facts, elapsed):
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(Families(families(facts, elapsed)))
    return generate_latest(registry).decode()


def write(path, facts, elapsed):
    write_whole(path, text(facts, elapsed))
