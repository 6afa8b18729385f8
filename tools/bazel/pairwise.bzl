# SPDX-License-Identifier: GPL-2.0-only
"""Combinations of back ends: all of them, and a list in which each two that can
be chosen together meet. Computed from the tables of choice.bzl; the same tables
give the same list."""

load(":choice.bzl", "ROLES", "backends")

def _rows(os, roles, tables):
    """Every choice for `roles`, the rest at its default: lists of words."""
    rows = [[]]
    for role in tables:
        values = backends(role, os, tables)
        if role not in roles:
            values = values[:1]
        rows = [row + [value] for row in rows for value in values]
    return rows

def _pairs(row, places):
    """What a row covers; of a single role, each back end."""
    if len(places) == 1:
        return [(places[0], row[places[0]])]
    return [(a, row[a], b, row[b]) for a in places for b in places if a < b]

def product(os, tables = ROLES):
    """Every legal combination of a system."""
    return ["+".join([os] + row) for row in _rows(os, tables.keys(), tables)]

def cover(os, roles = None, tables = ROLES):
    """Combinations in which each two back ends of different `roles` meet.

    Greedy: the row with the most pairs that are still due is next, of several
    the first.

    Args:
      os: the system.
      roles: those to be combined, all unless given; any other has its default.
      tables: as ROLES of choice.bzl.

    Returns:
      a list of combinations.
    """
    roles = roles or tables.keys()
    places = [i for i, role in enumerate(tables.keys()) if role in roles]
    left = [(row, _pairs(row, places)) for row in _rows(os, roles, tables)]
    due = {pair: True for _, pairs in left for pair in pairs}
    chosen = []
    for _ in range(len(left)):
        if not due:
            break
        best, gain = None, 0
        for row, pairs in left:
            new = len([pair for pair in pairs if pair in due])
            if new > gain:
                best, gain = row, new
        chosen.append("+".join([os] + best))
        for pair in _pairs(best, places):
            due.pop(pair, None)
    return chosen

def each_once(os, tables = ROLES):
    """Few of cover()'s rows, so nothing is built for these alone, that have each back end.

    Greedy as cover(); the first row, all defaults, is among them.
    """
    roles = ["os"] + tables.keys()
    left = [zip(roles, row.split("+")) for row in cover(os, tables = tables)]
    due = {(role, word): True for role in tables for word in backends(role, os, tables)}
    chosen = []
    for _ in range(len(left)):
        if not due:
            break
        best, gain = None, 0
        for row in left:
            new = len([choice for choice in row if choice in due])
            if new > gain:
                best, gain = row, new
        chosen.append("+".join([word for _, word in best]))
        for choice in best:
            due.pop(choice, None)
    return chosen

def pairwise_test(name, oses, tables, **kwargs):
    """Hold the lists made of `tables` against a count of every pair there is."""
    lists = []
    for os in oses:
        lists.append(dict(os = os, full = True, roles = tables.keys(), combos = product(os, tables)))
        for roles in [tables.keys()] + [[role] for role in tables] + [tables.keys()[:2]]:
            lists.append(dict(os = os, full = False, roles = roles, combos = cover(os, roles, tables)))
        lists.append(dict(os = os, full = False, roles = [], combos = each_once(os, tables)))
    native.genrule(
        name = name + "_lists",
        outs = [name + ".json"],
        cmd = "cat >$@ <<'END'\n%s\nEND" % json.encode(dict(
            os = oses,
            roles = [[role, values.items()] for role, values in tables.items()],  # encode() sorts keys
            lists = lists,
        )),
    )
    native.sh_test(
        name = name,
        srcs = ["pairwise_test.py"],
        args = ["$(location %s.json)" % name],
        data = [name + ".json"],
        tags = ["plain-only"],
        **kwargs
    )
