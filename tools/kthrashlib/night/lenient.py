# SPDX-License-Identifier: GPL-2.0-only
"""Reads files that may be missing, torn, or filled with values of the wrong kind.

Each function gives a value of the kind that its name says, whatever it is given.
"""

import json
import os

TEXT_MAX = 60000        # A page shows at most this many characters of a file.


def read_text(path, most=TEXT_MAX):
    """Returns (text, "") or ("", the reason why there is no text)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read(most + 1)
    except OSError as e:
        return "", "%s: %s" % (os.path.basename(path), (e.strerror or str(e)).lower())
    if len(text) > most:
        text = text[:most] + "\n... and more, in %s\n" % os.path.basename(path)
    return text, ""


def read_object(path, most=64 << 20):
    """Returns (a dict, "") or ({}, the reason why there is no dict)."""
    text, why = read_text(path, most)
    if why:
        return {}, why
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "%s: torn, or no JSON" % os.path.basename(path)
    if not isinstance(found, dict):
        return {}, "%s: not a JSON object" % os.path.basename(path)
    return found, ""


def as_number(value):
    """Returns the value if it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < 1e300 else None    # NaN and infinity are not below it.


def as_text(value, otherwise=""):
    return value if isinstance(value, str) else otherwise if value is None else str(value)


def as_word(value):
    """Returns the value if it is a string, else None."""
    return value if isinstance(value, str) else None


def as_dict(value):
    return value if isinstance(value, dict) else {}


def as_dicts(value):
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def as_words(value):
    return [as_text(v) for v in value] if isinstance(value, list) else []


def as_numbers(value):
    """Returns a dict without the entries that are no numbers."""
    return {as_text(k): v for k, v in as_dict(value).items() if as_number(v) is not None}
