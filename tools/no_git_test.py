#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests that a night is known by its sources, whatever git says of the checkout, and that commands
say so where git knows nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from unittest import mock

import campaign_fakes
from kthrashlib import checkout, common
from odd_fakes import Door, write


class Tree(unittest.TestCase):
    """A test case that has some sources at self.root."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = os.path.join(os.path.realpath(temporary.name), "checkout")
        for name in ("core/kthread.c", "tools/kthrash", "WORKSPACE", "README.md"):
            self.put(name)
        self.before = checkout.digest(self.root)

    def at(self, name):
        return os.path.join(self.root, name)

    def put(self, name, text="x"):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        write(self.at(name), text)


class Content(Tree):
    """Tests the hash that identifies the sources."""

    def test_what_changes_it(self):
        def new_name():
            os.rename(self.at("core/kthread.c"), self.at("core/kthreads.c"))

        def outside():
            shutil.move(self.at("core"), self.root + ".core")
            os.symlink(self.root + ".core", self.at("core"))
            write(self.root + ".core/kthreads.c", "z")
        known = {self.before}
        for change in (lambda: self.put("core/kthread.c", "y"), new_name,
                       lambda: self.put("core/new.h"), lambda: self.put("stress/bugs/P1.patch"),
                       lambda: self.put(".bazelrc.user"), lambda: self.put("corpus/seed/a.plan"),
                       lambda: self.put("core/" + os.fsdecode(b"\xff.c")),
                       lambda: self.put("core/kthreads.c", "yy"),
                       lambda: os.chmod(self.at("tools/kthrash"), 0o755),
                       lambda: os.symlink("new.h", self.at("core/link.h")),
                       lambda: os.symlink("nowhere", self.at("core/dangling.h")),
                       lambda: os.unlink(self.at("WORKSPACE")), outside):
            change()
            now = checkout.digest(self.root)
            self.assertNotIn(now, known)
            known.add(now)

    def test_what_does_not(self):
        self.put("README.md", "y")
        self.put("notes.txt")
        self.put(".kthrash/findings/a.plan")
        for name in ("core/kthread.c~", "core/.kthread.c.swp", "core/#kthread.c#",
                     "core/a.plan.12.tmp", "tools/__pycache__/x.pyc"):
            self.put(name)
        self.put("stress/night/campaign.json")
        self.put("stress/night/lanes/log")
        os.symlink(self.at("core"), self.at("bazel-bin"))
        self.assertEqual(checkout.digest(self.root), self.before)

    def test_links_without_an_end_and_files_that_are_none(self):
        os.symlink(self.root, self.at("core/top"))
        os.symlink("/", self.at("core/root"))
        os.symlink(".", self.at("core/here"))
        os.mkfifo(self.at("core/fifo"))
        checkout.digest(self.root)


class Git(Tree):
    """Tests what is known of repositories of every kind."""

    def git(self, *args, where=None):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *args], check=True,
                       cwd=where or self.root, stdout=subprocess.DEVNULL,
                       env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})

    def commit(self, where=None):
        self.git("init", "-q", where=where)
        self.git("add", "-A", where=where)
        self.git("commit", "-q", "-m", "x", where=where)

    def state(self):
        found = checkout.state(self.root)
        self.assertEqual(found.sources, checkout.digest(self.root))
        self.assertEqual(not found.commit, bool(found.no_commit))
        self.assertRegex(found.told(), "^commit [0-9a-f]{40}|^no git .*sha256 [0-9a-f]{16}$")
        return found

    def test_clean_changed_and_untracked(self):
        self.commit()
        found = self.state()
        self.assertEqual((found.dirty, found.sources), (False, self.before))
        self.assertEqual(found.told(), "commit " + found.commit)
        self.put("README.md", "y")
        self.assertFalse(self.state().dirty)
        self.put("core/new.c")
        self.assertTrue(self.state().dirty)
        self.assertIn("not committed: sources sha256 ", self.state().told())
        os.unlink(self.at("core/new.c"))
        self.put("core/kthread.c", "y")
        self.git("update-index", "--assume-unchanged", "core/kthread.c")
        self.assertNotEqual(self.state().sources, self.before)

    def test_detached_and_shallow(self):
        self.commit()
        commit = self.state().commit
        self.git("checkout", "-q", "--detach")
        self.assertEqual(self.state().commit, commit)
        other = self.root + "2"
        self.git("clone", "-q", "--depth=1", "file://" + self.root, other, where="/")
        self.root = other
        self.assertEqual(self.state(), checkout.State(self.before, commit))

    def test_no_repository_and_none_of_ours(self):
        self.assertEqual(self.state().no_commit, "it is no git checkout")
        self.commit(os.path.dirname(self.root))
        self.assertIn("it is a folder in the git checkout ", self.state().no_commit)
        self.git("init", "-q")
        self.assertEqual(self.state().no_commit, "its git repository has no commit")
        write(self.at(".git/HEAD"), "torn")
        self.assertTrue(self.state().no_commit)

    def test_variables_that_lead_elsewhere(self):
        self.commit()
        found = self.state()
        other = os.path.join(os.path.dirname(self.root), "other")
        os.mkdir(other)
        write(os.path.join(other, "a"), "x")
        self.commit(other)
        for name, value in (("GIT_DIR", other + "/.git"), ("GIT_WORK_TREE", other),
                            ("GIT_INDEX_FILE", other + "/.git/index"),
                            ("GIT_CEILING_DIRECTORIES", self.root), ("GIT_PREFIX", "x"),
                            ("GIT_OBJECT_DIRECTORY", other), ("GIT_NAMESPACE", "x")):
            with self.subTest(name), mock.patch.dict(os.environ, {name: value}):
                self.assertEqual(self.state(), found)

    def test_a_checkout_of_another_user(self):
        self.commit()
        found = self.state()
        # With this variable git believes that another user owns every file.
        other = {**checkout.surroundings(), "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1",
                 "GIT_CONFIG_GLOBAL": "/dev/null"}
        refused = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.root, env=other,
                                 check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.assertIn(b"dubious ownership", refused.stderr)
        with mock.patch.object(checkout, "surroundings", lambda: other):
            self.assertEqual(self.state(), found)

    def test_no_program(self):
        self.commit()
        with mock.patch.dict(os.environ, {"PATH": "/nonexistent"}):
            found = self.state()
        self.assertEqual(found, checkout.State(
            self.before, "", False, "git can't be run: No such file or directory"))
        for body, why in (("exit 7", "git ended with status 7"), ("echo no >&2; exit 1", "no"),
                          ("kill -9 $$", "git ended with status -9")):
            program = campaign_fakes.script(os.path.join(self.root, "..", "git"),
                                            "#!/bin/sh\n" + body + "\n")
            path = os.path.dirname(program) + ":/usr/bin:/bin"
            with mock.patch.dict(os.environ, {"PATH": path}):
                self.assertEqual(self.state(), checkout.State(self.before, "", False, why))


class Nights(Door):
    """Tests that a night goes on only with the sources with which it began, and says which."""

    def killed(self, **more):
        """Starts a campaign and kills it."""
        self.driver("fake", "one", hunt="say progress 5 50; sleep 1000")
        process = self.start(*self.work("campaign")[:-1], "--seconds=1000", **more)
        for line in process.stderr:
            if re.match(rb"kthrash: night \d", line):
                break
        process.kill()
        process.communicate()
        self.driver("fake", "one")

    def again(self, **more):
        """Gives the same command and interrupts it. Returns its standard error."""
        self.driver("fake", "one", hunt="say progress 5 50; sleep 1000")
        process = self.start(*self.work("campaign")[:-1], "--seconds=1000", **more)
        said = b""
        for line in process.stderr:
            said += line
            if re.match(rb"kthrash: night \d", line):
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=50)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertIn(b"interrupted after ", out)
        self.assertNotIn(b"clean", out)
        return said.decode(), out.decode()

    def check(self, why, **more):
        self.killed(**more)
        said, out = self.again(**more)
        self.assertIn("night 1 in", said)
        self.assertIn("goes on after", said)
        for text in (said, out):
            self.assertRegex(text, r"no git \(%s\): sources sha256 [0-9a-f]{16}" % why)
        write(os.path.join(self.root, "core", "kthread.c"), "int y;\n")
        said, _ = self.again(**more)
        self.assertIn("night 2 in", said)
        night = os.path.join(self.base, "night", "nights", "0002")
        with open(os.path.join(night, "night.json"), encoding="ascii") as f:
            facts = json.load(f)
        self.assertRegex(facts["sources"], "^[0-9a-f]{64}$")
        self.assertEqual((facts["verdict"], facts["commit"]), ("interrupted", ""))
        self.assertRegex(facts["no_commit"], why)
        with open(os.path.join(night, "page.html"), encoding="utf-8") as f:
            text = f.read()
        self.assertIn("sources sha256 " + facts["sources"][:16], text)
        self.assertIn("interrupted: not finished", text)

    def test_a_copy(self):
        self.check("it is no git checkout")

    def test_no_program(self):
        self.check("git can't be run: No such file or directory", path=self.without_git())

    def test_fmt(self):
        for more in ({}, {"path": self.without_git()}):
            status, _, err = self.run_door("fmt", "--check", **more)
            self.assertEqual(status, common.ENVIRONMENT)
            self.assertIn(b"expected --whole", err)
            self.assertEqual(err.count(b"\n"), 1)
            status, out, err = self.run_door(
                "fmt", "--check", "--whole", os.path.join(self.root, "core", "kthread.c"), **more)
            self.assertIn(status, (common.CLEAN, common.FINDINGS), err)
            self.assertNotIn(b"Traceback", out + err)


if __name__ == "__main__":
    unittest.main()
