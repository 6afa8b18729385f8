#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the watching of a campaign: metrics for Prometheus, lines in a log, progress and tables on
a terminal."""

import contextlib
import os
import pty
import re
import unittest
from unittest import mock

from campaign_fakes import Campaign
from kthrashlib.night import record, report, watch, words as in_words


class Watched(Campaign):
    SAMPLE = re.compile(r'kthrash_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? '
                        r'[0-9.]+(e\+[0-9]+)?')

    def test_prometheus(self):
        """Tests what Prometheus's text format asks: HELP and TYPE stand before the samples of a
        family, and only the names of counters end in _total."""
        self.fakes.run()
        with open(self.at("metrics.prom"), encoding="utf-8") as f:
            text = f.read()
        self.assertTrue(text.endswith("\n"))
        kinds = {}
        for line in text.splitlines():
            kind = re.fullmatch(r"# TYPE (\w+) (counter|gauge)", line)
            if kind:
                self.assertNotIn(kind.group(1), kinds)
                kinds[kind.group(1)] = kind.group(2)
            elif not line.startswith("# HELP "):
                self.assertRegex(line, self.SAMPLE)
                self.assertIn(re.split("[{ ]", line)[0], kinds)
        for name, kind in kinds.items():
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        self.assertIn('kthrash_executions_total{lane="one"}', text)

    def test_lines_in_a_log(self):
        _, _, err = self.fakes.run()
        self.assertRegex(err, r"\d+ s, \d+ s left  \S+ executions, \S+/s  \d+ pairs")
        self.assertNotIn("\r", err)

    def terminal(self, columns):
        """Returns (a terminal to write to, a function that returns what was written)."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        out = open(theirs, "w", encoding="utf-8")   # pylint: disable=consider-using-with
        self.addCleanup(out.close)
        patch = mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": str(columns)})
        patch.start()
        self.addCleanup(patch.stop)

        def said():
            out.close()
            text = b""
            try:
                while True:
                    text += os.read(ours, 100_000)
            except OSError:     # The other side is closed, and all is read.
                return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.decode())
        return out, said

    def facts(self):
        return record.cleaned({
            "lanes": [{"name": "one", "state": "running", "executions": 45000, "seconds": 9},
                      {"name": "[two]", "state": "failed", "executions": 0, "seconds": 0}],
            "totals": {"executions": 45000, "pairs": 7, "corpus": 3, "to_examine": 2},
            "bugs": {"crashing": ["x-1"]}})

    def test_progress_on_a_terminal_fits_its_width(self):
        out, said = self.terminal(60)
        progress = watch.Progress(60, out)
        progress.show(self.facts(), 15)
        progress.end()
        parts = re.split("[\r\n]+", said())
        self.assertTrue([p for p in parts if "15 s, 45 s left 45.0k executions" in p], parts)
        self.assertLessEqual(max(map(len, parts)), 60)

    def test_the_table_on_a_terminal_has_all_cells_as_they_are(self):
        out, said = self.terminal(120)
        with contextlib.redirect_stdout(out):
            report.print_lanes(self.facts()["lanes"])
        table = said()
        for word in (*report.COLUMNS, "one", "45000", "5000", "[two]", "failed"):
            self.assertIn(word, table)

    def test_words(self):
        self.assertEqual([in_words.duration(s) for s in (5, 61, 7300, 59.6, 119.4)],
                         ["5 s", "1 min 01 s", "2 h 01 min", "1 min 00 s", "1 min 59 s"])
        self.assertEqual([in_words.count(n) for n in (9999, 45000, 1234567, 5 * 10**9)],
                         ["9999", "45.0k", "1.2M", "5.0G"])


if __name__ == "__main__":
    unittest.main()
