# SPDX-License-Identifier: GPL-2.0-only
"""Completes command lines in bash, zsh and fish.

click says what may follow: commands, options, values. The scripts for the shells are our own,
because click's cannot complete the value in --os=s: bash gives them the equals sign as a word of
its own, and zsh and fish do not match "sim" to "--os=s". A script runs `kthrash complete WORD...`
with the kthrash that stands on the command line. The last word is the one to complete. Each line of
the answer is a whole word, a tab, and what the word means.
"""

from click.shell_completion import ShellComplete

from kthrashlib.common import CLEAN
from kthrashlib.front import parser, values


def candidates(group, words):
    """Returns (word, meaning) of each word that the last of `words` may become, sorted."""
    before, word = words[:-1], words[-1]
    if before[:1] == ["help"]:
        before = before[1:]
    if before and before[0] not in group.commands:
        return []
    if before and group.commands[before[0]].row.is_other_program():
        kind = kind_of_word(group.commands[before[0]], before[1:])
        if kind:
            return sorted((c, "") for c in values.candidates(kind, word))
    if word.startswith("--") and "=" in word and "--" not in before:
        name = word.partition("=")[0] + "="
    else:
        name = ""
    if "--" in before:
        return []
    items = ShellComplete(group, {}, parser.PROGRAM, "").get_completions(before, word)
    taking = taking_values(group, before)
    return sorted((name + i.value + ("=" if i.value in taking and not name else ""), i.help or "")
                  for i in items)


def kind_of_word(command, before):
    """Returns the kind of the next word of a command that has another program's command line, or
    None: options of the command itself may follow."""
    with command.make_context(command.name, list(before), resilient_parsing=True) as ctx:
        if ctx.params.get("words"):
            return "FILE"
    return command.row.kind() if "--" in before else None


def taking_values(group, before):
    """Returns the options that an equals sign follows."""
    if not before:
        return set()
    return {o.name for o in group.commands[before[0]].row.options
            if o.value and o.name != "-o"}


# A word that ends in one of =:+,/ goes on, so no blank follows it.
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
