# SPDX-License-Identifier: GPL-2.0-only
"""Draws the morning page's plots, as SVG inside HTML. Text and lines have the page's own colours
and the ground is transparent, so that the plots follow a light or dark page."""

import io
import re

# Matplotlib draws with these unusual colours. AS_CSS says which of the page's colours replaces each
# of them. All other colours are Matplotlib's.
INK, DIM, RULE = "#010203", "#040506", "#070809"
LINES = ["#0a0b0%x" % i for i in range(6)]
AS_CSS = {INK: "var(--ink)", DIM: "var(--dim)", RULE: "var(--rule)",
          **{c: "var(--c%d)" % ((n + 1) % 6) for n, c in enumerate(LINES)}}
POINTS_MAX = 400
TICKS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400)
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def short(n, _=None):
    """Returns a number in short form: 1.2M for 1234567."""
    for size, letter in UNITS:
        if abs(n) >= size:
            return "%.3g%s" % (n / size, letter)
    return "%g" % round(n, 2)


def clock(seconds, _=None):
    """Returns seconds as h:mm, or as seconds if they are few."""
    if seconds < 120:
        return "%gs" % seconds
    return "%d:%02d" % (seconds // 3600, seconds % 3600 // 60)


def ticks_for(longest):
    """Returns how far apart ticks are, so that there are at most nine."""
    return next((t for t in TICKS_S if longest / t <= 8), longest / 8)


def thinned(points):
    """Returns at most POINTS_MAX of the points, the last one included."""
    step = -(-len(points) // POINTS_MAX)
    return points[:-1:step] + points[-1:] if step > 1 else points


def rates(points):
    """Returns the rate between each point (t, total) and the one before. The first rate is from (0,
    0) to the first point. If a total falls, its count began again at 0."""
    found = []
    for (t0, n0), (t1, n1) in zip([(0, 0)] + points, points):
        if t1 > t0:
            found.append((t1, max(n1 - n0, 0) / (t1 - t0)))
    return found


def as_svg(figure, salt):
    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg"):], flags=re.S)
    for sentinel, css in AS_CSS.items():
        text = text.replace(sentinel, css)
    text = re.sub(r"'DejaVu Sans'(, [^;\"]*)?", "'DejaVu Sans', sans-serif", text)
    text = re.sub(r' (width|height)="[^"]*pt"', "", text, count=2)
    # XML's namespaces mean nothing in HTML.
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    # An id must be unique on the page, so each plot has its own prefix.
    return re.sub(r'(id="|href="#|url\(#)', r"\g<1>%s-" % salt, text)


def plot(name, what, lines):
    """Returns the SVG of `lines`, which are (label, points, True for the night before). Returns
    None if this night has no points, or only zeros."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    lines = [(label, thinned(points), before) for label, points, before in lines if points]
    if not any(n for _, points, before in lines if not before for _, n in points):
        return None
    figure = Figure(figsize=(5.2, 2.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(what, loc="left", fontsize=10, color=INK)
    number = 0
    for label, points, before in lines:
        axes.plot(*zip(*points), label=label, color=DIM if before else LINES[number % 6],
                  linewidth=1.2 if before else 1.8, linestyle="--" if before else "-",
                  marker="o" if len(points) < 3 else "", markersize=3)
        number += not before
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(clock))
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    longest = max(t for _, points, _ in lines for t, _ in points)
    axes.xaxis.set_major_locator(MultipleLocator(ticks_for(max(longest, 1))))
    axes.tick_params(colors=DIM, labelcolor=DIM, labelsize=8)
    axes.grid(color=RULE, linewidth=.6)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(RULE)
    if len(lines) > 1:
        axes.legend(fontsize=7, frameon=False, labelcolor=INK, ncols=2 if len(lines) > 4 else 1,
                    loc="best")
    return as_svg(figure, name)


def of(series, key):
    return [(s["t"], s[key]) for s in series if key in s]


def lanes_of(series):
    """Returns [(lane's name, points)], in the order of names."""
    names = sorted({name for s in series for name in s["lanes"]})
    return [(name, [(s["t"], s["lanes"][name]) for s in series if name in s["lanes"]])
            for name in names]


def plots(series, before):
    """Returns the SVG of each plot that has something to show. `before` is the last night's
    series."""
    lanes = [(name, rates(points), False) for name, points in lanes_of(series)]
    wanted = [("executions", "executions", "executions"),
              ("pairs", "pairs", "schedule coverage: pairs of accesses"),
              ("edges", "edges", "code coverage: edges")]
    found = [plot("plot-" + name, what, [("this night", of(series, key), False),
                                         ("the night before", of(before, key), True)])
             for name, key, what in wanted]
    found.insert(1, plot("plot-rates", "executions a second, by lane", lanes))
    return [f for f in found if f]
