# SPDX-License-Identifier: GPL-2.0-only
"""Computes lists of combinations of back ends from the tables of choice.bzl.

A list has all combinations, or it is shorter: then any two back ends that can be chosen together
occur together in one combination. The same tables give the same lists."""

load(":choice.bzl", "ROLES", "backends")

def _rows(os, roles, tables):
    """Returns every choice for `roles` as a list of words; the other roles have their defaults."""
    rows = [[]]
    for role in tables:
        values = backends(role, os, tables)
        if role not in roles:
            values = values[:1]
        rows = [row + [value] for row in rows for value in values]
    return rows

def _pairs(row, places):
    """Returns the pairs of back ends that a row covers. With a single role, returns its back
    end."""
    if len(places) == 1:
        return [(places[0], row[places[0]])]
    return [(a, row[a], b, row[b]) for a in places for b in places if a < b]

def product(os, tables = ROLES):
    """Returns all legal combinations on a system."""
    return ["+".join([os] + row) for row in _rows(os, tables.keys(), tables)]

def cover(os, roles = None, tables = ROLES):
    """Returns combinations in which any two back ends of different `roles` occur together.

    The search is greedy: the next row is the one that covers the most of the missing pairs. If
    several rows cover equally many, the first of them is taken.

    Args:
      os: the system.
      roles: the roles to combine, by default all. Any other role has its default.
      tables: the back ends, as ROLES of choice.bzl.

    Returns:
      a list of combinations.
    """
    roles = roles or tables.keys()
    places = [i for i, role in enumerate(tables.keys()) if role in roles]
    left = [(row, _pairs(row, places)) for row in _rows(os, roles, tables)]
    missing = {pair: True for _, pairs in left for pair in pairs}
    chosen = []
    for _ in range(len(left)):
        if not missing:
            break
        best, gain = None, 0
        for row, pairs in left:
            new = len([pair for pair in pairs if pair in missing])
            if new > gain:
                best, gain = row, new
        chosen.append("+".join([os] + best))
        for pair in _pairs(best, places):
            missing.pop(pair, None)
    return chosen

def each_once(os, tables = ROLES):
    """Returns a few rows of cover() that together have each back end.

    Because they are cover()'s rows, nothing is built for this list alone. It is greedy, as
    cover() is. The first row, which has all defaults, is in it.
    """
    roles = ["os"] + tables.keys()
    left = [zip(roles, row.split("+")) for row in cover(os, tables = tables)]
    missing = {(role, word): True for role in tables for word in backends(role, os, tables)}
    chosen = []
    for _ in range(len(left)):
        if not missing:
            break
        best, gain = None, 0
        for row in left:
            new = len([choice for choice in row if choice in missing])
            if new > gain:
                best, gain = row, new
        chosen.append("+".join([word for _, word in best]))
        for choice in best:
            missing.pop(choice, None)
    return chosen

def pairwise_test(name, oses, tables, **kwargs):
    """Checks the lists that are made from `tables` against a count of all pairs."""
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
            # The function encode() sorts the keys of a dict, but not the items of a list.
            roles = [[role, values.items()] for role, values in tables.items()],
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
