# SPDX-License-Identifier: GPL-2.0-only
"""Implements `test`: Bazel runs all tests, then the same tests under each sanitizer."""

import re
import subprocess

from kthrashlib import env
from kthrashlib.common import ROOT, say


def main(call):
    env.ensure(env.ALL)
    folders = ["//core/...", "//platform/...", "//stress/...", "//fuzz/..."]
    passed = failed = status = 0
    # Tests with the tag plain-only compare builds and need no sanitizer. If a test has many
    # combinations, each sanitizer runs half of them (tools/bazel/matrix.bzl).
    checked = ["--build_tests_only", "--test_tag_filters=-plain-only,-not-%s"]
    for words in (["//..."],
                  ["--config=asan-ubsan", checked[0], checked[1] % "asan"] + folders,
                  ["--config=tsan", checked[0], checked[1] % "tsan"] + folders):
        say("kthrash: bazel test " + " ".join(words))
        p = subprocess.Popen(["bazel", "test", "--keep_going", "--noshow_progress", *words,
                              *call.words], cwd=ROOT, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
        for line in p.stdout:
            print(line, end="", flush=True)
            result = re.match(r"//\S+\s.*\b(PASSED|FAILED|TIMEOUT|NO STATUS|FLAKY)\b", line)
            if result:
                passed += result.group(1) in ("PASSED", "FLAKY")
                failed += result.group(1) not in ("PASSED", "FLAKY")
        status = p.wait() or status
    if status and not failed:
        failed = 1  # The build failed.
    print("%d passed, %d failed" % (passed, failed))
    return status
