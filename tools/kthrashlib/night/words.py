# SPDX-License-Identifier: GPL-2.0-only
"""Writes durations and large numbers as a person reads them."""


def duration(seconds):
    """Returns 7300 as "2 h 01 min". It is rounded to whole seconds before it is cut into parts."""
    whole = int(max(0, seconds) + 0.5)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return "%d h %02d min" % (hours, minutes)
    return "%d min %02d s" % (minutes, whole % 60) if minutes else "%d s" % whole


def count(n):
    """Returns 1234567 as "1.2M", and numbers below 10,000 in full."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**4)):
        if n >= size:
            return "%.*f%s" % (1 if n < 100 * size else 0, n / (10**3 if unit == "k" else size),
                               unit)
    return "%d" % n
