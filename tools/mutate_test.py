#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests `mutate`: which edits it finds in a small file, what it draws, keeps and counts, and
that the edits which were judged equivalent can still be made."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from unittest import mock

from kthrashlib.mutation import build, edits, lanes, mutate, score, syntax

FIXTURE = """\
#define READ_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define xchg(p, v) (__extension__({ int was_ = *(p); *(p) = (v); was_; }))
#define KT_ASSERT(x) ((void)(x))
void kt_lock_acquire(int *lock);
void kt_lock_release(int *lock);
void wake_up_process(int *task);
void list_add_tail(int *entry, int *head);
int work(int *data);

int f(int *lock, int *data, int *task)
{
	int err;

	KT_ASSERT(data && lock);
	kt_lock_acquire(lock);
	*data = 7;
	list_add_tail(data,
		      task);
	kt_lock_release(lock);
	err = work(data);
	if (err)
		return err;
	if (*data < 3 && xchg(task, 1) == 0)
		wake_up_process(task);
	smp_store_release(data, 5);
	return 0;
}
"""


def edits_of(text, name="fixture.c"):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, name), "w", encoding="latin-1") as f:
            f.write(text)
        return edits.of_file(name, text, syntax.functions(name, ["-std=gnu11"], folder))


class Edits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = edits_of(FIXTURE)

    def has(self, kind, before, after):
        self.assertIn((kind, before, after), [(e.kind, e.before, e.after) for e in self.found])

    def test_each_kind_is_found(self):
        self.has(edits.DELETED, "*data = 7", "")
        self.has(edits.NEGATED, "err", "!(err)")
        self.has(edits.WEAKENED, "*data < 3 && xchg(task, 1) == 0", "*data < 3")
        self.has(edits.WEAKENED, "*data < 3 && xchg(task, 1) == 0", "xchg(task, 1) == 0")
        self.has(edits.WEAKENED, "&&", "||")
        self.has(edits.SWAPPED, "*data = 7 ... list_add_tail(data, task)",
                 "list_add_tail(data, task) ... *data = 7")
        self.has(edits.EXCHANGE, "xchg(task, 1)",
                 "__extension__({ __typeof__(*(task)) kt_m = READ_ONCE(*(task)); "
                 "WRITE_ONCE(*(task), 1); kt_m; })")
        self.has(edits.ORDERING, "smp_store_release(data, 5)", "WRITE_ONCE(*(data), 5)")
        self.has(edits.SECTION, "before list_add_tail(data,",
                 "kt_lock_release(lock); kt_lock_acquire(lock);")
        self.has(edits.SECTION, "kt_lock_acquire(lock) ... kt_lock_release(lock)",
                 "(void)0 ... (void)0")
        self.has(edits.OFF_BY_ONE, "<", "<=")
        self.has(edits.OFF_BY_ONE, "7", "8")
        self.has(edits.ERROR, "err", "(err) && 0")
        self.has(edits.ERROR, "err", "0")
        self.has(edits.WAKE, "wake_up_process(task)", "")
        self.has(edits.LIFO, "list_add_tail(data, task)", "list_add_tail(data, (task)->next)")
        self.has(edits.RETURNS, "before err = work(data);", "return 0;")
        self.assertEqual({e.kind for e in self.found}, set(edits.KINDS))

    def test_assertions_stay(self):
        self.assertFalse([e for e in self.found if "KT_ASSERT" in e.before + e.after])
        self.assertFalse([e for e in self.found if e.before == "data && lock"])

    def test_lines_stay(self):
        for edit in self.found:
            self.assertEqual(edit.applied(FIXTURE).count("\n"), FIXTURE.count("\n"), edit)
            self.assertNotEqual(edit.applied(FIXTURE), FIXTURE)

    def test_names_differ_and_do_not_name_lines(self):
        self.assertEqual(len({e.id for e in self.found}), len(self.found))
        moved = edits_of("\n\n" + FIXTURE)
        self.assertEqual([e.id for e in moved], [e.id for e in self.found])
        self.assertNotEqual([e.line for e in moved], [e.line for e in self.found])

    def test_the_same_seed_draws_the_same_order(self):
        one = edits.drawn(self.found, 5)
        self.assertEqual(one, edits.drawn(list(reversed(self.found)), 5))
        self.assertNotEqual(one, edits.drawn(self.found, 6))
        self.assertEqual(set(one), set(self.found))
        # The first round has one of each kind.
        self.assertEqual({e.kind for e in one[:len(edits.KINDS)]}, set(edits.KINDS))


class Compiling(unittest.TestCase):
    def test_an_edit_that_changes_nothing_has_the_same_object(self):
        with tempfile.TemporaryDirectory() as folder:
            made = build.Build(folder, "clang-19", ["-std=gnu11"], [], [], [])
            texts = [FIXTURE, FIXTURE.replace("*data = 7;", "*data = 3 + 4;"),
                     FIXTURE.replace("*data = 7;", "*data = 8;")]
            found = [build.digest(build.objects(made, "fixture.c", text, folder))
                     for text in texts]
            self.assertEqual(found[0], found[1])
            self.assertNotEqual(found[0], found[2])
            self.assertIsNone(build.objects(made, "fixture.c", FIXTURE + "}", folder))

    def test_flags_without_names_of_files(self):
        self.assertEqual(build.compile_flags(
            "clang -MD -MF a.d -frandom-seed=x -DA=1 -iquote . -Wall -g -O2 -Xclang -c -c "
            "a.c -o a.o".split()), ["-DA=1", "-iquote", "."])


class Running(unittest.TestCase):
    """Runs edits with a hunt that decides by their kind."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.edits = edits.drawn(edits_of(FIXTURE), 1)
        self.examined = []

    def examine(self, edit):
        self.examined.append(edit.id)
        row = {"id": edit.id, "file": edit.file, "kind": edit.kind, "line": edit.line,
               "function": edit.function, "diff": "--- a\n"}
        if edit.kind == edits.ORDERING:
            return {**row, "result": score.SURVIVED}
        if edit.kind == edits.OFF_BY_ONE:
            return {**row, "result": score.SAME}
        return {**row, "result": score.KILLED, "lane": "default", "found": "model",
                "executions": 3}

    def run_some(self, count, deadline=float("inf")):
        run = mutate.Run(self.folder.name, 1, 10)
        run.examine = self.examine
        with mock.patch.object(mutate, "say"):
            return run.run(self.edits, count, 2, deadline)

    def test_goes_on_where_it_was(self):
        first = self.run_some(8)
        self.assertEqual(score.counted(first)[1], 8)
        before = list(self.examined)
        again = self.run_some(20)
        self.assertEqual(score.counted(again)[1], 20)
        self.assertEqual(len(set(self.examined)), len(self.examined))   # none twice
        self.assertEqual({r["id"] for r in first} - {r["id"] for r in again}, set())
        self.assertGreater(len(self.examined), len(before))

    def test_begins_no_edit_when_the_time_is_up(self):
        self.assertEqual(self.run_some(8, deadline=0), [])

    def test_the_score(self):
        found = score.summary(self.run_some(10 ** 6))
        kinds = [e.kind for e in self.edits]
        self.assertEqual(found["hunted"], len(kinds) - kinds.count(edits.OFF_BY_ONE))
        self.assertEqual(found["hunted"] - found["killed"], kinds.count(edits.ORDERING))
        self.assertEqual(found["not_counted"][score.SAME], kinds.count(edits.OFF_BY_ONE))
        self.assertEqual(found["by_kind"][edits.ORDERING]["killed"], 0)
        self.assertNotIn(edits.OFF_BY_ONE, found["by_kind"])

    def test_survivors_are_shown(self):
        rows = self.run_some(10 ** 6)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            score.show(rows)
        self.assertEqual(out.getvalue().count("survived: "),
                         sum(e.kind == edits.ORDERING for e in self.edits))
        self.assertIn("edits killed", out.getvalue())


class Hunting(unittest.TestCase):
    def hunt(self, script):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "driver")
            with open(path, "w", encoding="ascii") as f:
                f.write("#!/bin/sh\n" + script)
            os.chmod(path, 0o755)
            return lanes.hunt(path, lanes.LANES[0], folder, 1, 10)

    def test_how_a_hunt_ends(self):
        finding = json.dumps({"type": "finding", "kind": "model", "executions": 4, "message": "m"})
        self.assertEqual(self.hunt("exit 0\n"), {"ended": "clean"})
        self.assertEqual(self.hunt("echo '%s'\nexit 1\n" % finding),
                         {"ended": "finding", "kind": "model", "executions": 4, "message": "m"})
        self.assertEqual(self.hunt("kill -SEGV $$\n")["kind"], "crash")
        with self.assertRaises(Exception):
            self.hunt("exit 3\n")

    def test_only_core_is_hunted_on_other_back_ends(self):
        self.assertGreater(len(lanes.of("core/task.c", lanes.SIM)),
                           len(lanes.of("platform/lock/mcs.h", "sim+mcs+modelled+list+modelled")))


class Judged(unittest.TestCase):
    def test_each_can_still_be_made(self):
        rows = mutate.judged()
        for row in rows:
            self.assertGreater(len(row["reason"]), 20, row)
        known = lanes.files(mutate.ROOT)
        for name in sorted({row["file"] for row in rows}):
            words = dict(zip(("OS", "LOCK", "COMPLETION", "QUEUE", "RCU"),
                             known[name].split("+")))
            flags = ["-std=gnu11", "-D_GNU_SOURCE", "-iquote", ".", "-x", "c"]
            for role, word in words.items():
                word = word.replace("-", "_")
                flags += ["-DKT_%s_%s" % (role, word.upper()), "-DKT_%s=%s" % (role, word),
                          '-DKT_%s_NAME="%s"' % (role, word)]
            with open(os.path.join(mutate.ROOT, name), encoding="latin-1") as f:
                text = f.read()
            found = edits.of_file(name, text, syntax.functions(name, flags, mutate.ROOT))
            self.assertEqual(mutate.stale(rows, found, [name]), [])


if __name__ == "__main__":
    unittest.main()
