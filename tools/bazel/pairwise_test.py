#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks the lists of pairwise.bzl against all legal combinations.

usage: pairwise_test.py FILE

FILE is JSON. "os" and "roles" are as in choice.bzl, with tables as lists of items. "lists"
are {os, roles, full, combos}; a list with no roles must have each word once.
"""

import itertools
import json
import sys


def legal(os, tables):
    """Returns all legal choices on `os` as tuples of words. The defaults are the first."""
    return itertools.product(*([word for word, systems in table.items() if os in systems]
                               for table in tables.values()))


def pairs(words):
    return set(itertools.combinations(enumerate(words), 2))


def check(entry, tables):
    os, names, combos = entry["os"], list(tables), entry["combos"]
    rows = [tuple(combo.split("+")) for combo in combos]
    everything = list(legal(os, tables))
    assert len(set(rows)) == len(rows), "a combination stands twice: %s" % combos
    for row in rows:
        assert row[0] == os and row[1:] in everything, "not legal: %s" % (row,)
    if entry["full"]:
        assert {row[1:] for row in rows} == set(everything), "not the full product"
        return
    if not entry["roles"]:
        for i, column in enumerate(zip(*everything)):
            missing = set(column) - {row[1 + i] for row in rows}
            assert not missing, "%s: no row for %s %s" % (os, names[i], sorted(missing))
        assert rows[0][1:] == everything[0], "the first row is not all defaults: %s" % (rows[0],)
        print("%s, once: %d rows" % (os, len(rows)))
        return
    places = [i for i, name in enumerate(names) if name in entry["roles"]]
    for row in rows:
        for i, word in enumerate(row[1:]):
            assert i in places or word == everything[0][i], "not the default: %s" % (row,)
    want = [tuple(row[i] for i in places) for row in everything]
    have = [tuple(row[1 + i] for i in places) for row in rows]
    if len(places) > 1:
        want, have = set().union(*map(pairs, want)), set().union(*map(pairs, have))
    missing = set(want) - set(have)
    assert not missing, "%s %s: no row for %s" % (os, entry["roles"], sorted(missing))
    # The two largest roles alone need as many rows as they have pairs. The other roles
    # should add few rows.
    sizes = sorted((len({row[i] for row in everything}) for i in places), reverse=True)
    least = sizes[0] * (sizes[1] if len(sizes) > 1 else 1)
    assert least <= len(rows) <= least + least // 2 + 2, "%d rows, %d pairs" % (len(rows), least)
    print("%s, %s: %d rows of %d" % (os, ", ".join(entry["roles"]), len(rows), len(everything)))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        data = json.load(f)
    assert {e["os"] for e in data["lists"]} == set(data["os"])
    tables = {role: dict(values) for role, values in data["roles"]}
    for entry in data["lists"]:
        check(entry, tables)


main()
