# SPDX-License-Identifier: GPL-2.0-only
"""Prints tables and progress: with python3-rich on a terminal, as plain lines where the output is
piped."""

import sys

from kthrashlib import env

LEFT, RIGHT = "left", "right"


def plain(columns, rows):
    """Returns the lines of a table. Two blanks stand between columns, none at the end of a line."""
    cells = [[heading for heading, _ in columns], *([str(c) for c in row] for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(columns))]
    return ["  ".join(cell.rjust(width) if side == RIGHT else cell.ljust(width)
                      for cell, width, (_, side) in zip(row, widths, columns)).rstrip()
            for row in cells]


def rich_table(columns, rows):
    from rich import box, table as rich

    made = rich.Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading, side in columns:
        made.add_column(heading, justify=side, no_wrap=True)
    for row in rows:
        made.add_row(*map(str, row))
    return made


def table(columns, rows, out=None):
    """Prints a table. `columns` has (heading, LEFT or RIGHT) of each column."""
    out = out or sys.stdout
    if not out.isatty():
        print("\n".join(plain(columns, rows)), file=out)
        return
    env.ensure(env.TERMINAL)
    from rich.console import Console

    # The table is as wide as its cells, so that a command in it can be copied whole.
    width = max(map(len, plain(columns, rows))) + 4 * len(columns)
    console = Console(file=out, markup=False, highlight=False)
    console.width = max(console.width, width)
    console.print(rich_table(columns, rows))


def each(items, what, out=None):
    """Yields each of `items`. On a terminal a bar shows how many are done."""
    out = out or sys.stderr
    items = list(items)
    if not out.isatty():
        yield from items
        return
    env.ensure(env.TERMINAL)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=out), transient=True) as bar:
        task = bar.add_task(what, total=len(items))
        for item in items:
            yield item
            bar.advance(task)
