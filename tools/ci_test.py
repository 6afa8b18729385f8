#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that the files for GitHub and GitLab call only tools/kthrash, with options that it takes,
and that they upload the files that it writes."""

import os
import shlex
import unittest

import yaml

from kthrashlib import common
from kthrashlib.front import commands

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return yaml.safe_load(f)


def parsed(line):
    """Returns (command, options) of a line, or the error that the front door would give."""
    words = shlex.split(line)
    if words[0] != "tools/kthrash":
        raise common.usage("calls " + words[0])
    return words[1], commands.parse(words[1], words[2:]).options


class GitHub(unittest.TestCase):
    def setUp(self):
        self.file = read(".github", "workflows", "kthrash.yml")
        self.jobs = self.file["jobs"]

    def lines(self, job):
        return [x for step in self.jobs[job]["steps"] if "run" in step
                for x in step["run"].splitlines()]

    def uses(self, job, action):
        return [s["with"] for s in self.jobs[job]["steps"]
                if s.get("uses", "").partition("@")[0] == action]

    def test_runs_nothing_else(self):
        for job in self.jobs:
            self.assertEqual([parsed(x)[0] for x in self.lines(job)], [job])

    def test_the_gate_s_files_are_uploaded(self):
        _, options = parsed(self.lines("gate")[0])
        self.assertEqual(self.uses("gate", "github/codeql-action/upload-sarif")[0]["sarif_file"],
                         options["--dir"] + "/kthrash.sarif")
        self.assertEqual(self.uses("gate", "actions/upload-artifact")[0]["path"],
                         options["--dir"])
        self.assertEqual(self.jobs["gate"]["permissions"]["security-events"], "write")

    def test_the_gate_has_time_to_set_itself_up(self):
        _, options = parsed(self.lines("gate")[0])
        self.assertGreaterEqual(self.jobs["gate"]["timeout-minutes"],
                                options["--minutes"] + 10)

    def test_the_campaign_s_folder_is_kept(self):
        _, options = parsed(self.lines("campaign")[0])
        for action in ("actions/cache/restore", "actions/cache/save", "actions/upload-artifact"):
            self.assertEqual(self.uses("campaign", action)[0]["path"], options["--dir"])

    def test_on_debian_12(self):
        self.assertEqual({j["container"] for j in self.jobs.values()}, {"debian:12"})


class GitLab(unittest.TestCase):
    def setUp(self):
        self.file = read(".gitlab-ci.yml")
        self.jobs = {k: v for k, v in self.file.items() if k != "default"}

    def test_runs_nothing_else(self):
        for name, job in self.jobs.items():
            self.assertFalse({"before_script", "after_script"} & set(job))
            self.assertEqual([parsed(x)[0] for x in job["script"]], [name])

    def test_what_is_kept(self):
        _, options = parsed(self.jobs["gate"]["script"][0])
        self.assertEqual(self.jobs["gate"]["artifacts"]["reports"]["junit"],
                         options["--dir"] + "/junit.xml")
        _, options = parsed(self.jobs["campaign"]["script"][0])
        self.assertEqual(self.jobs["campaign"]["cache"]["paths"], [options["--dir"]])
        for job in self.jobs.values():
            self.assertEqual(job["artifacts"]["when"], "always")

    def test_on_debian_12(self):
        self.assertEqual(self.file["default"]["image"], "debian:12")


class TheCheck(unittest.TestCase):
    def test_sees_what_is_wrong(self):
        for line in ("make", "tools/kthrash frob", "tools/kthrash gate --frob=1",
                     "tools/kthrash gate --minutes", "tools/kthrash gate x"):
            with self.assertRaises(common.Failure):
                parsed(line)


unittest.main()
