# SPDX-License-Identifier: GPL-2.0-only
"""Keeps the ordered pairs of accesses that lanes have seen. They measure coverage of schedules.

A lane's driver writes the pairs of one run to coverage.run. The campaign adds them to the
lane's own file, coverage, and to that of all lanes, in the campaign's folder.
"""

import os

from kthrashlib.common import write_whole

HEADER = "kthrash-coverage 1"


def read(path):
    """Returns the pairs in a file of the driver's, as a set of lines. If the file is torn, returns
    only the lines that are whole."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            lines = f.read().split("\n")
    except OSError:
        return set()
    return set(lines[1:-1]) if lines[0] == HEADER else set()


def write(path, pairs):
    write_whole(path, "\n".join([HEADER, *sorted(pairs), ""]))


class Pairs:
    """A record of which lanes have seen which pair."""

    def __init__(self, folder):
        self.folder = folder
        self.seen_by = {}       # For each pair, these are the names of the lanes that have seen it.

    def __len__(self):
        return len(self.seen_by)

    def path(self, lane):
        return self.folder.at("lanes", lane, "coverage")

    def add(self, lane, pairs):
        for pair in pairs:
            self.seen_by.setdefault(pair, set()).add(lane)

    def load(self, lane):
        """Adds what the lane has seen on earlier nights and before this start."""
        self.add(lane, read(self.path(lane)))

    def learn(self, lane, pairs):
        """Adds pairs that the lane has seen. Returns how many it has seen in all."""
        known = read(self.path(lane))
        if not pairs <= known:
            write(self.path(lane), pairs | known)
        self.add(lane, pairs)
        return len(pairs | known)

    def save(self):
        write(self.folder.at("coverage"), self.seen_by)

    def alone(self, lane):
        """Returns how many pairs no other lane has seen."""
        return sum(lanes == {lane} for lanes in self.seen_by.values())

    def take_run(self, lane):
        """Adds what the driver has written since the last time."""
        path = os.path.join(lane.folder, "coverage.run")
        seen = read(path)
        if seen:
            lane.saw_pairs(self.learn(lane.name, seen))
            self.save()
            os.unlink(path)
