# SPDX-License-Identifier: GPL-2.0-only
"""What a shell may offer for the word before the cursor, from the table of commands.

The shells' scripts (`completion`) ask for it by `kthrash complete WORD...`, the last word
being the one to complete, and get a candidate a line: the whole word, a tab, what it means.
"""

import glob
import os
import re

from kthrashlib.common import CLEAN, ROOT
from kthrashlib.front import commands


def folders(word):
    return [path + "/" for path in glob.glob(glob.escape(word) + "*") if os.path.isdir(path)]


def files(word):
    return folders(word) + [p for p in glob.glob(glob.escape(word) + "*") if os.path.isfile(p)]


def plans(word):
    return folders(word) + glob.glob(glob.escape(word) + "*.plan")


def bug_names(_):
    from kthrashlib.build import drivers
    return drivers.bug_names()


def lane_names(word):
    from kthrashlib.night import config
    before, comma, _ = word.rpartition(",")
    taken = before.split(",")
    return [before + comma + name for name in config.Config().lanes if name not in taken]


def back_ends():
    """Of each role, its words, each with the systems it runs on: read from choice.bzl."""
    with open(os.path.join(ROOT, "tools", "bazel", "choice.bzl"), encoding="utf-8") as f:
        text = f.read()
    tables = [{name: re.findall(r'"(\w+)"', systems)
               for name, systems in re.findall(r'"(\w+)": (\[.*\])', table)}
              for table in re.findall(r"^(?:PLAIN_LOCKS|COMPLETIONS|QUEUES|RCUS) = \{(.*?)^\}",
                                      text, re.DOTALL | re.MULTILINE)]
    tables[0].update({"checked-" + name: systems for name, systems in tables[0].items()})
    return tables


def platforms(word):
    """The next word of a combination: those back ends that run on its system."""
    before, plus, _ = word.rpartition("+")
    system = word.partition("+")[0]
    if not plus:
        return ["sim+", "posix+"]
    tables, place = back_ends(), before.count("+")
    if place >= len(tables):
        return []
    return [before + "+" + name + ("+" if place + 1 < len(tables) else "")
            for name, systems in tables[place].items() if system in systems]


def nothing(_):
    return []


# Kinds of values, as the table writes them.
KINDS = {
    "BUG": bug_names,
    "COMMIT": nothing,
    "DIR": folders,
    "FILE": files,
    "LANES": lane_names,
    "N": nothing,
    "OPTION": nothing,
    "PLAN": plans,
    "PLANS": plans,
    "PLATFORM": platforms,
    "WORD": nothing,
}


def values(kind, word):
    """Of a value that is written so in the table: the words between bars, or what there is."""
    if kind.isupper():
        return KINDS[kind](word)
    # Of pct:D what stands before the number.
    return [re.sub("[A-Z]+$", "", w) for w in kind.split("|")]


def of_command(command, before, word):
    """(candidate, meaning) for `word` after the words `before`."""
    name, equals, value = word.partition("=")
    option = command.option(name) if equals else None
    if option:
        return [(name + "=" + v, "") for v in values(option.value, value)]
    last = command.option(before[-1]) if before else None
    if last and last.form.startswith("-o "):
        return [(v, "") for v in values(last.value, word)]
    if word.startswith("-"):
        return [("--help", "what the command's options are")] + [
            (o.name + ("=" if o.value and not o.form.startswith("-o ") else ""), o.text)
            for o in command.options if o.repeats or
            not any(b.partition("=")[0] == o.name for b in before)]
    kind = command.arguments.strip("[].")
    if not kind or command.arguments == commands.AFTER_DASHES:
        return []
    return [(v, "") for v in values(kind, word)]


def candidates(words):
    """All for the last of `words`, sorted."""
    before, word = words[:-1], words[-1]
    if not before or before == ["help"]:
        found = [(c.name, c.text) for c in commands.COMMANDS]
        if not before:
            found.append(("--help", "what the commands are"))
    elif before[0] not in commands.names() or "--" in before:
        found = []
    else:
        found = of_command(commands.find(before[0]), before[1:], word)
    return sorted(c for c in found if c[0].startswith(word))


def answer(args):
    for candidate, meaning in candidates(args or [""]):
        print(candidate + "\t" + meaning)
    return CLEAN


# Each asks the kthrash that stands on the command line, so that it fits its checkout.
# What ends in one of =:+,/ goes on: no blank after it.
BASH = r"""
_kthrash() {
	local line="${COMP_LINE:0:COMP_POINT}" candidate word kept
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:blank:]] ]] && words+=("")
	word="${words[-1]}"
	# Readline completes what follows the last of these.
	kept="${word%"${word##*[=:]}"}"
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		COMPREPLY+=("${candidate#"$kept"}")
	done < <("${words[0]/#\~/$HOME}" complete "${words[@]:1}" 2>/dev/null)
	[[ ${COMPREPLY[*]} == *[=:+,/] ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -F _kthrash kthrash
"""

ZSH = r"""
#compdef kthrash
_kthrash() {
	local candidate meaning
	local -a ready going ready_shown going_shown
	while IFS=$'\t' read -r candidate meaning; do
		if [[ $candidate == *[=:+,/] ]]; then
			going+=("$candidate")
			going_shown+=("$candidate${meaning:+  -- $meaning}")
		else
			ready+=("$candidate")
			ready_shown+=("$candidate${meaning:+  -- $meaning}")
		fi
	done < <("${(Q)words[1]/#\~/$HOME}" complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
	compadd -l -d ready_shown -a ready
	compadd -l -S '' -d going_shown -a going
}
compdef _kthrash kthrash
"""

FISH = r"""
function __kthrash
	set -l words (commandline -opc) (commandline -ct)
	eval $words[1] complete (string escape -- $words[2..-1]) 2>/dev/null
end
complete -c kthrash -f -a '(__kthrash)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def main(call):
    print(SCRIPTS[call.words[0]].strip())
    return CLEAN
