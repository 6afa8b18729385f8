#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the table of commands, and what is made from it: the help, the manual page, the
completion."""

import contextlib
import importlib
import io
import os
import re
import subprocess
import tempfile
import unittest
from unittest import mock

from kthrashlib import common
from kthrashlib.build import drivers
from kthrashlib.front import cli, commands, completion, manual, options, values

HERE = os.path.dirname(os.path.abspath(__file__))


class Help(unittest.TestCase):
    def said(self, *args):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(cli.main(list(args)), common.CLEAN)
        return out.getvalue()

    def test_every_command_is_in_the_overview_and_has_its_own(self):
        overview = self.said("--help")
        for command in commands.COMMANDS:
            self.assertIn("\n  %s " % command.name, overview)
            own = self.said(command.name, "--help")
            self.assertTrue(own.startswith("Usage: tools/kthrash " + command.name))
            for option in command.options:
                self.assertIn("\n  " + option.form, own)
            self.assertEqual(own, self.said("help", command.name))
            self.assertLessEqual(max(map(len, own.splitlines())), 80)

    def test_help_after_dashes_is_the_other_program_s(self):
        self.assertEqual(commands.parse("test", ["--", "--help"]).words, ["--help"])


class Table(unittest.TestCase):
    def test_every_command_can_be_called(self):
        for command in commands.COMMANDS:
            module, _, function = command.run.partition(":")
            self.assertTrue(callable(getattr(
                importlib.import_module("kthrashlib." + module), function)))

    def test_words_of_values(self):
        self.assertEqual(options.Option("--a=x|y", "").words, ["x", "y"])
        self.assertTrue(options.Option("--a=x|y", "").closed())
        self.assertFalse(options.Option("--a=x|y:D", "").closed())
        self.assertFalse(options.Option("--a=FILE", "").closed())
        self.assertFalse(options.Option("--a", "").closed())

    def test_options_anywhere(self):
        call = commands.parse("shrink", ["-o", "x", "p", "--seconds=2", "--seconds=2"])
        self.assertEqual((call.options, call.words), ({"-o": "x", "--seconds": "2"}, ["p"]))

    def test_an_option_that_may_be_repeated(self):
        own = options.Command("own", "", "", "", [options.Option("--word=WORD...", "")])
        with mock.patch.object(commands, "COMMANDS", [own]):
            self.assertEqual(commands.parse("own", ["--word=a", "--word=b=c"]).options,
                             {"--word": ["a", "b=c"]})

    def test_words_for_another_program(self):
        self.assertEqual(commands.parse("test", ["--", "--frob", "x"]).words, ["--frob", "x"])
        with self.assertRaises(common.Failure):
            commands.parse("test", ["x", "--", "y"])


class ManualPage(unittest.TestCase):
    def setUp(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".1", encoding="utf-8")
        self.addCleanup(self.file.close)

    def written(self, text):
        self.file.truncate(0)
        self.file.seek(0)
        self.file.write(text)
        self.file.flush()
        return self.file.name

    def complaints(self, text):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wstyle", self.written(text)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout
        groff = subprocess.run(["man", "--warnings", "-l", self.file.name],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               check=False).stderr
        return lint + groff

    def test_clean(self):
        self.assertEqual(self.complaints(manual.page()), "")
        self.assertEqual(self.complaints(manual.page(installed=True)), "")

    def test_the_check_sees_mistakes(self):
        self.assertIn("unknown macro", self.complaints(manual.page() + ".Frob\n"))

    def test_names_every_command_and_option(self):
        text = subprocess.run(["mandoc", "-Tascii", self.written(manual.page())], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        text = re.sub(".\x08", "", text)     # In bold, each letter is printed twice.
        for command in commands.COMMANDS:
            own = re.search(r"^ +kthrash %s\b.*?(?=^   \w|^FILES)" % command.name, text,
                            re.DOTALL | re.MULTILINE)
            self.assertTrue(own, command.name)
            for option in command.options:
                self.assertRegex(re.sub(r"\s+", "", own.group(0)),
                                 re.escape(option.form.replace(" ", "")))


class Candidates(unittest.TestCase):
    def words(self, *words):
        return [c for c, _ in completion.candidates(cli.group(), list(words))]

    def test_commands(self):
        self.assertEqual(self.words("st"), ["stress"])
        self.assertEqual(set(self.words("")), set(commands.names()))
        self.assertEqual(self.words("--"), ["--help"])
        self.assertEqual(self.words("help", "verif"), ["verify"])
        self.assertEqual(self.words("frob", ""), [])

    def test_options_and_their_words(self):
        self.assertEqual(self.words("stress", "--see"), ["--seed="])
        self.assertEqual(self.words("stress", "--seed=1", "--see"), [])
        self.assertEqual(self.words("stress", "--os="), ["--os=posix", "--os=sim"])
        self.assertEqual(self.words("stress", "--strategy=p"),
                         ["--strategy=" + s for s in ("pct:", "portfolio", "pos")])
        self.assertEqual(self.words("completion", ""), ["bash", "fish", "zsh"])
        self.assertEqual(self.words("test", "--", "--"), [])

    def test_bugs_and_lanes(self):
        self.assertLessEqual({*drivers.bug_names(), "H26N"}, {*self.words("bugs", "")})
        self.assertEqual(self.words("replay", "--bug=P1"),
                         ["--bug=" + b for b in self.words("bugs", "P1")])
        self.assertEqual(self.words("campaign", "--lanes=afl,lib"), ["--lanes=afl,libfuzzer"])

    def test_platforms_word_by_word(self):
        self.assertEqual(self.words("stress", "--platform=s"), ["--platform=sim+"])
        locks = self.words("stress", "--platform=posix+")
        self.assertIn("--platform=posix+checked-mutex+", locks)
        self.assertNotIn("--platform=posix+modelled+", locks)
        self.assertEqual(self.words("stress", "--platform=sim+park+futex+list+e"),
                         ["--platform=sim+park+futex+list+epoch"])
        self.assertEqual(self.words("stress", "--platform=sim+park+futex+list+epoch+"), [])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a.plan", "b.txt"):
                with open(os.path.join(folder, name), "w", encoding="utf-8"):
                    pass
            os.mkdir(os.path.join(folder, "sub"))
            at = folder + "/"
            self.assertEqual(self.words("verify", at), [at + "a.plan", at + "sub/"])
            self.assertEqual(self.words("shrink", "-o", at), [at + n for n in
                                                              ("a.plan", "b.txt", "sub/")])
            self.assertEqual(self.words("campaign", "--dir=" + at), ["--dir=" + at + "sub/"])

    def test_every_kind_of_value_is_known(self):
        for command in commands.COMMANDS:
            kinds = [o.value for o in command.options]
            kinds.append(command.kind())
            for kind in filter(str.isupper, kinds):
                if "|" not in kind:
                    self.assertIn(kind, values.KINDS)


class Shells(unittest.TestCase):
    """Tests the completion in real shells. Each shell asks the kthrash that stands on the command
    line."""

    KTHRASH = os.path.join(HERE, "kthrash")
    LINES = [
        ("st", ["stress"], ["stress"]),
        ("stress --os=s", ["sim"], ["--os=sim"]),
        ("stress --strategy=pct", ["pct:"], ["--strategy=pct:"]),
        ("stress --seed=1 --plan=/nonexistent", [], []),
        ("completion ", ["bash", "fish", "zsh"], ["bash", "fish", "zsh"]),
    ]

    def ask(self, *words):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  check=False, env={"PATH": os.environ["PATH"], "HOME": home})
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.split("\n")[:-1])

    def test_bash(self):
        for line, tails, _ in self.LINES:
            line = self.KTHRASH + " " + line
            self.assertEqual(tails, self.ask("bash", "-c", completion.BASH + """
                COMP_LINE="$1" COMP_POINT="${#1}"
                _kthrash
                printf '%s\\n' "${COMPREPLY[@]}" | sed '/^$/d'
            """, "bash", line))

    def test_zsh(self):
        for line, _, wholes in self.LINES:
            self.assertEqual(wholes, self.ask("zsh", "-f", "-c", """
                compdef() { }
                compadd() { print -rl -- "${(P@)@[-1]}" | sed '/^$/d'; }
            """ + completion.ZSH + """
                words=("$1" "${(@s: :)2}") CURRENT=${#words}
                _kthrash
            """, "zsh", self.KTHRASH, line))

    def test_fish(self):
        for line, _, wholes in self.LINES:
            said = self.ask("fish", "--no-config", "-c", completion.FISH + """
                complete -C "$argv[1] $argv[2]"
            """, self.KTHRASH, line)
            self.assertEqual(wholes, [s.partition("\t")[0] for s in said])


if __name__ == "__main__":
    unittest.main()
