# SPDX-License-Identifier: GPL-2.0-only
"""Reads the campaign's config: tools/campaign.toml, changed by the file that the user gives."""

import os
import re
import shlex
import tomllib

from kthrashlib.build import about, cores, drivers
from kthrashlib.common import ROOT, Failure, usage
from kthrashlib.linux import fetch
from kthrashlib.night import lane_options
from kthrashlib.programs import elf, run

DEFAULT = os.path.join(ROOT, "tools", "campaign.toml")

CONFIG_MAX = 1 << 20
UNITS = {"s": 1, "min": 60, "h": 3600, "MiB": 1 << 20, "GiB": 1 << 30}


# ---- kinds of values: each function reads one, or its ValueError says what was expected ----


def amount(*units):
    def read(value):
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)", value) \
            if isinstance(value, str) else None
        if not found or found.group(2) not in units or not float(found.group(1)):
            raise ValueError("a number and a unit (%s), as in \"10 %s\"" % (
                " or ".join(units), units[0]))
        return float(found.group(1)) * UNITS[found.group(2)]
    return read


def text(value):
    if not isinstance(value, str):
        raise ValueError("a string in quotes")
    return value


def one_of(*words):
    def read(value):
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return value
    return read


def matching(pattern, what):
    def read(value):
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value
    return read


def count(value):
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number from 1")
    return value


def weight(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1000:
        raise ValueError("a number from 0 to 1000")
    return float(value)


def words(value):
    try:
        return shlex.split(text(value))
    except ValueError as e:
        raise ValueError("options as for a shell: %s" % e) from e


TARGET = matching(r"//[\w./-]+:[\w./-]+", "a Bazel target, as in \"//stress:kthrash_sim\"")

TABLES = {
    "limits": {"slice": amount("s", "min", "h"), "exchange": amount("s", "min", "h"),
               "grace": amount("s", "min"), "memory": amount("MiB", "GiB"),
               "free_disk": amount("MiB", "GiB"), "failures": count},
    "watch": {"prometheus": text,
              "statsd": matching(r"|[\w.-]+:[0-9]+", "\"HOST:PORT\" or \"\"")},
    "canary": {"bug": text, "options": words, "seconds": count},
}


def command(value):
    found = words(value)
    if not found:
        raise ValueError("a program and its arguments, as in \"./queue_test 3 100\"")
    return found


LANE = {"what": text, "kind": one_of("stress", "libfuzzer", "afl", "differential"),
        "target": TARGET,
        "program": command, "options": words, "weight": weight}
LANE_DEFAULTS = {"what": "", "kind": "stress", "options": [], "weight": 1.0}


def place(path, source, key):
    """Returns FILE:LINE of the first line that begins with this key or names this table."""
    for n, line in enumerate(source.splitlines(), 1):
        if re.match(r"\s*\[?\s*(lane\.)?\"?%s\"?\s*[\]=.]" % re.escape(key), line):
            return "%s:%d" % (path, n)
    return path


def read_table(path, source, name, table, known):
    if not isinstance(table, dict):
        raise usage("%s: %s is a table, expected [%s]" % (place(path, source, name), name, name))
    out = {}
    for key, value in table.items():
        where = "%s: [%s] " % (place(path, source, key), name)
        if key not in known:
            raise usage("%sunknown key '%s', expected some of %s" % (
                where, key, ", ".join(known)))
        try:
            out[key] = known[key](value)
        except ValueError as e:
            raise usage("%s%s: expected %s" % (where, key, e)) from e
    return out


def read(path, shown=None):
    """Returns what one file says: {"limits": {...}, "watch": {...}, "canary": {...}, "lane": {name:
    {...}}, "source": its text}. `shown` is the name of the file in messages."""
    shown = shown or path
    try:
        with open(path, "rb") as f:
            content = f.read(CONFIG_MAX + 1)
        if len(content) > CONFIG_MAX:
            raise usage("%s: more than %d bytes: expected a file like tools/campaign.toml" % (
                shown, CONFIG_MAX))
        source = content.decode()
        found = tomllib.loads(source)
    except OSError as e:
        raise usage("%s: %s: expected a file like tools/campaign.toml" % (
            shown, e.strerror)) from e
    except UnicodeDecodeError as e:
        raise usage("%s:%d: byte 0x%02x: expected UTF-8 text, as in tools/campaign.toml" % (
            shown, content[:e.start].count(b"\n") + 1, content[e.start])) from e
    except tomllib.TOMLDecodeError as e:
        raise usage("%s: %s: expected TOML, as in tools/campaign.toml" % (shown, e)) from e
    except (ValueError, RecursionError) as e:
        raise usage("%s: a value is too long or too deep: expected TOML, as in "
                    "tools/campaign.toml" % shown) from e
    out = {"lane": {}}
    for name, table in found.items():
        if name == "lane" and isinstance(table, dict):
            for lane, keys in table.items():
                if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", lane):
                    raise usage("%s: lane '%s': a name has letters a-z, digits and '-'" % (
                        place(shown, source, lane), lane))
                out["lane"][lane] = read_table(shown, source, "lane." + lane, keys, LANE)
        elif name in TABLES:
            out[name] = read_table(shown, source, name, table, TABLES[name])
        else:
            raise usage("%s: unknown table [%s], expected some of [%s], [lane.NAME]" % (
                place(shown, source, name), name, "], [".join(TABLES)))
    out["source"] = source
    return out


def on_linux(target):
    """Returns the driver on the kernel's files for a driver on our core, or "" if there is none."""
    if about.LINUX in target:
        return target
    known = {*drivers.TARGETS.values()}
    return target.replace("//stress:kthrash_", about.LINUX) if target in known else ""


class Config:
    """The config of a campaign. limits, watch and canary are dicts with every key. lanes is {name:
    dict with every key}."""

    def __init__(self, path=None):
        base = read(DEFAULT, os.path.relpath(DEFAULT, ROOT))
        own = read(path) if path else {"lane": {}, "source": ""}
        for name in TABLES:
            setattr(self, name, {**base[name], **own.get(name, {})})
        self.lanes = {name: {**LANE_DEFAULTS, **keys} for name, keys in base["lane"].items()}
        for name, keys in own["lane"].items():
            lane = {**self.lanes.get(name, LANE_DEFAULTS), **keys}
            if "program" in lane:
                self.check_program(name, keys, place(path, own["source"], name))
                lane.update(kind="program", target="", what=lane["what"] or
                            "the program " + " ".join(lane["program"]))
            elif "target" not in lane:
                raise usage("%s: lane '%s' is new and needs a target or a program" % (
                    place(path, own["source"], name), name))
            self.lanes[name] = lane
        self.check_options(own["lane"], path, own["source"])
        self.check_options(base["lane"], os.path.relpath(DEFAULT, ROOT), base["source"])
        try:
            lane_options.check("stress", self.canary["options"])
        except ValueError as e:
            where = (path, own["source"]) if "options" in own.get("canary", {}) else (
                os.path.relpath(DEFAULT, ROOT), base["source"])
            raise usage("%s: [canary] options: %s" % (place(*where, "canary"), e)) from e
        self.source = base["source"] + own["source"]
        self.shown, self.own = path, own["source"]
        self.planted = None     # The kernel's files with the planted bug, if they are the core.

    def put_on(self, linux):
        """Has all lanes run on the kernel's files. A lane that only our own core has is left out,
        and so are the fuzzers and what lives on their corpus."""
        self.planted = cores.planted(linux, self.canary["bug"])
        self.lanes = {name: {**lane, "target": on_linux(lane["target"]), "linux": linux,
                             "weight": lane["weight"] or 1.0 * (lane["kind"] == "differential")}
                      for name, lane in self.lanes.items() if on_linux(lane["target"]) and
                      not any("@corpus" in word for word in lane["options"])}
        self.source += "# core linux %s %s\n" % (linux.version, linux.tree)

    def need_linux(self, lanes):
        """Gives the kernel's files to those of `lanes` that need them in any case."""
        for lane in lanes:
            if lane.linux is None and about.LINUX in lane.target:
                lane.linux = fetch.get()

    def check_program(self, name, keys, where):
        """Raises a usage error if the lane has more than a program, or kthrash can't run it."""
        other = [key for key in ("kind", "target") if key in keys or key in self.lanes.get(name, {})
                 and key == "target"]
        if other:
            raise usage("%s: lane '%s' has a program and a %s, expected one of them" % (
                where, name, other[0]))
        try:
            elf.check(run.resolved(keys["program"][0]))
        except Failure as e:
            raise usage("%s: lane '%s': %s" % (where, name, e.message)) from e

    def check_places(self):
        """Raises a usage error if a file that the config names can't be written."""
        name = self.watch["prometheus"]
        if not name:
            return
        folder = os.path.dirname(os.path.abspath(name))
        if os.path.isdir(name) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
            raise usage("%s: [watch] prometheus: %s: expected a file in a folder that is there and "
                        "can be written" % (place(self.shown, self.own, "prometheus"), name))

    def check_options(self, names, path, source):
        """Raises a usage error if a lane with one of these names has options that it can't have.
        `path` is the file that names the lanes."""
        for name in names:
            try:
                lane_options.check(self.lanes[name]["kind"], self.lanes[name]["options"])
            except ValueError as e:
                raise usage("%s: lane '%s': options: %s" % (
                    place(path, source, name), name, e)) from e
