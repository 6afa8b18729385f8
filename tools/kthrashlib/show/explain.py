# SPDX-License-Identifier: GPL-2.0-only
"""Implements `explain`. The C driver writes the text and the JSON. This module adds the text of the
source lines to the JSON. From the JSON it makes the trace for the Perfetto viewer and the HTML
page."""

import json
import os
import re
import shutil
import tempfile

from kthrashlib import children, env
from kthrashlib.build import cores, drivers
from kthrashlib.common import CLEAN, ROOT, usage, with_bytes_shown, write_whole
from kthrashlib.show import drawing, perfetto
from kthrashlib.show.sources import Sources, annotate


def patched(bug, folder):
    """Copies the files that a seeded bug changes to `folder`, and patches them."""
    patch = os.path.join(ROOT, "stress", "bugs", bug + ".patch")
    with open(patch, encoding="utf-8") as f:
        files = re.findall(r"^--- a/(\S+)", f.read(), re.M)
    for name in files:
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), os.path.join(folder, name))
    children.run(["patch", "-s", "-f", "-p1", "-d", folder, "-i", patch],
                 stdin=children.DEVNULL, stdout=children.DEVNULL)


def with_text(explained, found, linux):
    """Gives each step the text of its source line, from the sources of this build. `linux` has the
    kernel's files if they are the core."""
    with tempfile.TemporaryDirectory() as folder:
        if "--bug" in found and not linux:
            patched(found["--bug"], folder)
        return annotate(explained, Sources([linux.folder if linux else folder, ROOT]))


def as_json(explained):
    """Returns the JSON with one step in a line, as the driver writes it."""
    def lines(things):
        return "[\n%s]" % ",\n".join(json.dumps(t) for t in things)

    many = ("steps", "events", "wakes")
    return "{%s}\n" % ",\n".join(
        "%s: %s" % (json.dumps(k), lines(v) if k in many else json.dumps(v))
        for k, v in explained.items())


FORMATS = {"json": as_json, "perfetto": perfetto.trace, "html": drawing.page}


def driver_words(call):
    """Returns the command line of the driver for the call."""
    form = call.options.get("--format", "text")
    if form != "text":
        if "--all" in call.options:
            raise usage("--all is for text; --format=%s has every step" % form)
        return ["explain", call.words[0], "--format=json"]
    return ["explain", call.words[0], "--format=text", *["--all"] * ("--all" in call.options)]


def main(call):
    found = call.options
    drivers.chosen(found)
    env.ensure(env.BUILD)
    return write(call, [drivers.binary(found, call.words[0]), *driver_words(call)], None,
                 lambda explained: with_text(explained, found,
                                             cores.get(found, call.words[0])))


def write(call, command_line, environment, with_lines):
    """Runs the driver's command line, and writes what it says in the form that the call asks for.
    `with_lines` gives each step the text of its source line."""
    form, out = call.options.get("--format", "text"), call.options.get("-o")
    if form == "html":
        env.ensure(env.TEMPLATES)
    done = children.run(command_line, env=environment, stdout=children.PIPE, text=True,
                        errors="surrogateescape", close_fds=False)
    text = done.stdout
    if done.returncode != CLEAN:
        return drivers.settled(command_line[:2], done.returncode)
    if form in FORMATS:
        text = with_bytes_shown(FORMATS[form](with_lines(json.loads(text))))
    if out:
        write_whole(out, text)
    else:
        print(text, end="")
    return CLEAN
