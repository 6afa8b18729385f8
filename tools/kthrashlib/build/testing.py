# SPDX-License-Identifier: GPL-2.0-only
"""Implements `test`: Bazel runs all tests, then the same tests under each sanitizer, then one on
the kernel's own files. With --core=linux it runs only the tests that need the kernel's files."""

import re
import signal

from kthrashlib import children, env
from kthrashlib.build import bazel, cores
from kthrashlib.common import CLEAN, FINDINGS, ROOT, environment, say, usage
from kthrashlib.linux import fetch

# The tests that need the kernel's files. Their tag is manual. ON_LINUX take any kernel, OF_TEXTS
# takes all of Debian's, and LITMUS the kernel's litmus tests. BRIEF are what a run of all tests
# has time for: one test, and all that is compiled for the kernel's files.
ON_LINUX = ["//stress:linux_test", "//tools:drivers_linux_test"]
BRIEF = ["//stress:linux_test", "//core/driver:linux"]
OF_TEXTS = "//tools:linux_text_test"
LITMUS = "//stress/litmus:linux_litmus_test"
# What Bazel's exit statuses mean: 1, the build failed; 3, tests failed; 4, there are no tests.
BUILD_FAILED, WRONG_WORDS, TESTS_FAILED, NO_TESTS = 1, 2, 3, 4


def status_of(ended, words):
    """Returns the exit status for that of a bazel test. `words` are the user's own words for it."""
    if ended in (CLEAN, NO_TESTS):
        return CLEAN
    if ended in (BUILD_FAILED, TESTS_FAILED):
        return FINDINGS
    if ended == bazel.INTERRUPTED:
        raise children.Interrupted(signal.SIGINT)
    if ended == WRONG_WORDS and words:
        raise usage("bazel test does not take '%s'" % " ".join(words))
    if ended < 0:
        raise children.killed(["bazel test"], ended)
    raise environment("bazel test ended with status %d, so the tests could not run" % ended)


def of_linux(found):
    """Returns the words for each bazel test of the kernel's files: of the user's tree, or of all
    that Debian has."""
    if "--linux" in found:
        return [[*fetch.get(found["--linux"]).options(), *ON_LINUX]]
    litmus = ["--test_env=KTHRASH_LITMUS=" + fetch.litmus(), LITMUS]
    return [litmus] + [[*fetch.get(name).options(), *ON_LINUX] +
                       [OF_TEXTS] * (name == fetch.DEFAULT) for name in fetch.PACKAGES]


def of_all():
    """Yields the same for all tests. The last run is that of the kernel's files, without which
    nobody would see that core/linux/ does not compile."""
    folders = ["//core/...", "//platform/...", "//stress/...", "//fuzz/..."]
    # Tests with the tag plain-only compare builds and need no sanitizer. If a test has many
    # combinations, each sanitizer runs half of them (tools/bazel/matrix.bzl).
    checked = ["--build_tests_only", "--test_tag_filters=-plain-only,-not-%s"]
    # Every binary is part of a test; libraries alone would be compiled once more.
    yield [checked[0], "//..."]
    yield ["--config=asan-ubsan", checked[0], checked[1] % "asan"] + folders
    yield ["--config=tsan", checked[0], checked[1] % "tsan"] + folders
    yield [*fetch.get().options(), *BRIEF]


def main(call):
    env.ensure(env.ALL)
    passed = failed = status = 0
    for words in of_linux(call.options) if cores.is_linux(call.options) else of_all():
        say("kthrash: bazel test " + " ".join(words))
        p = children.start(["bazel", "test", "--keep_going", "--noshow_progress", *words,
                            *call.words], cwd=ROOT, stdout=children.PIPE,
                           stderr=children.STDOUT, text=True, **bazel.OWN)
        for line in p.stdout:
            print(line, end="", flush=True)
            result = re.match(r"//\S+\s.*\b(PASSED|FAILED|TIMEOUT|NO STATUS|FLAKY)\b", line)
            if result:
                passed += result.group(1) in ("PASSED", "FLAKY")
                failed += result.group(1) not in ("PASSED", "FLAKY")
        status = status_of(p.wait(), call.words) or status
    if status and not failed:
        failed = 1  # The build failed.
    print("%d passed, %d failed" % (passed, failed))
    return status
