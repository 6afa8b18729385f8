#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests JUnit XML. The writer keeps to junit.xsd and loses nothing. The reader reads Bazel's
files."""

import os
import unittest

from lxml import etree

from kthrashlib.gate import junit
from kthrashlib.gate.junit import ERROR, FAILED, PASSED, SKIPPED, Case

HERE = os.path.dirname(os.path.abspath(__file__))

SCHEMA = etree.XMLSchema(etree.parse(os.path.join(HERE, "junit.xsd")))

SUITES = {
    "plain any": [Case("unit", "//a:b", PASSED, 1.25)],
    "tsan sim": [Case("unit", "//a:b", FAILED, 0.5, "it <broke>", "replay: tools/kthrash replay x"),
                 Case("corpus", "//c:d", ERROR, 0, "does not build"),
                 Case("stress", "tsan sim", SKIPPED, message="not run: out of time")],
}


class Written(unittest.TestCase):
    def tree(self, suites, properties=None):
        tree = etree.fromstring(junit.document("gate", suites, properties).encode())
        SCHEMA.assertValid(tree)
        return tree

    def test_holds_to_the_schema_and_counts(self):
        tree = self.tree(SUITES, {"commit": "abc"})
        self.assertEqual((tree.get("tests"), tree.get("failures"), tree.get("errors")),
                         ("4", "1", "1"))
        suite = tree[1]
        self.assertEqual([suite.get(k) for k in ("name", "tests", "failures", "errors", "skipped")],
                         ["tsan sim", "3", "1", "1", "1"])

    def test_says_what_failed_and_how_to_repeat_it(self):
        failure = self.tree(SUITES).find(".//failure")
        self.assertEqual(failure.get("message"), "it <broke>")
        self.assertIn("replay: tools/kthrash replay x", failure.text)

    def test_nothing_to_tell(self):
        self.tree({})

    def test_text_that_xml_cannot_say(self):
        bad = "a\x00b\x1b[31m\ud800\ufffec]]>&"
        tree = self.tree({"s": [Case("k", bad, FAILED, 0, bad, bad)]})
        self.assertEqual(tree.find(".//failure").text, "a?b?[31m??c]]>&")

    def test_a_long_text_keeps_both_ends(self):
        text = "first" + "x" * 10 * junit.TEXT_MAX + "last"
        found = self.tree({"s": [Case("k", "n", FAILED, 0, "m", text)]}).find(".//failure").text
        self.assertLess(len(found), 1.1 * junit.TEXT_MAX)
        self.assertTrue(found.startswith("first") and found.endswith("last"))

    def test_the_schema_sees_mistakes(self):
        for wrong in ('tests="1"', 'classname="unit"', 'type="failed"', 'time="1.250"'):
            text = junit.document("gate", SUITES)
            self.assertIn(wrong, text)
            self.assertFalse(SCHEMA.validate(etree.fromstring(text.replace(wrong, "").encode())),
                             wrong)


class Read(unittest.TestCase):
    def test_bazel_s_own_of_a_test_that_failed(self):
        cases = junit.read('<?xml version="1.0"?><testsuites><testsuite name="x" tests="1" '
                           'errors="1"><testcase name="x" status="run" duration="3" time="3">'
                           '<error message="exited with error code 1"></error></testcase>'
                           '<system-out>log</system-out></testsuite></testsuites>', "unit", "//x:x")
        self.assertEqual([(c.name, c.status, c.seconds, c.message) for c in cases],
                         [("//x:x", ERROR, 3.0, "exited with error code 1")])

    def test_a_test_s_own_has_its_cases_names(self):
        cases = junit.read('<testsuite><testcase name="a"/><testcase name="b"><skipped/>'
                           '</testcase><testcase name="c"><failure message="m">t</failure>'
                           '</testcase></testsuite>', "unit", "//x:x")
        self.assertEqual([(c.name, c.status) for c in cases],
                         [("//x:x a", PASSED), ("//x:x b", SKIPPED), ("//x:x c", FAILED)])
        self.assertEqual((cases[2].message, cases[2].text), ("m", "t"))


unittest.main()
