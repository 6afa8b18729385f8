# SPDX-License-Identifier: GPL-2.0-only
"""Makes click's commands from the table of commands. click's commands parse a command
line, complete it, and write the help.

An option's value may follow an equals sign or stand in the next word. click takes no abbreviated
names. The driver and other processes get each option as --name=value, whatever the user typed.
"""

import errno
import os

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from kthrashlib import files
from kthrashlib.common import Call, Failure, usage
from kthrashlib.front import values
from kthrashlib.front.options import AFTER_DASHES, one_of
from kthrashlib.where import IS_INSTALLED

PROGRAM = "kthrash" if IS_INSTALLED else "tools/kthrash"
PATHS = ("PLAN", "DIR", "FILE", "OUT")     # The kinds of values that are paths.
PATH_BYTES, NAME_BYTES = 4096, 255
WIDTH = 78      # click has the same width on a terminal of 80 columns.


def not_an_option(path):
    """Returns the same path in a form that no program takes for an option. A word after the two
    dashes may begin with a dash, but other programs are not given the two dashes."""
    return "./" + path if path.startswith("-") and path != "-" else path


def check_length(kind, value, where=""):
    """Refuses a path that no system call takes. The limits are Linux's."""
    if kind in PATHS and (len(os.fsencode(value)) >= PATH_BYTES or
                          any(len(os.fsencode(name)) > NAME_BYTES for name in value.split("/"))):
        raise usage("%s%s: %s" % (where, value, os.strerror(errno.ENAMETOOLONG)))


class Value(click.ParamType):
    """A type of values for an option: a number in a range, one of some words, or any text."""
    name = "value"

    def __init__(self, option):
        self.option = option

    def convert(self, value, param, ctx):
        option = self.option
        if not value or (option.name == "-o" and value.startswith("=")):
            raise usage("%s needs a value, as in %s" % (option.name, option.form))
        if option.closed() and value not in option.words:
            raise usage("%s=%s: expected %s" % (option.name, value, one_of(option.words)))
        check_length(option.value, value, option.name + ("=" if option.name != "-o" else " "))
        refused = files.refusal(value) if option.value == "OUT" else ""
        if refused:
            raise usage("%s: %s" % (value, refused))
        if not option.number:
            return not_an_option(value) if option.name == "-o" else value
        number = value if isinstance(value, (int, float)) else option.number.read(value)
        if number is None:
            raise usage("%s=%s: expected a number from %s to %s" % (
                option.name, value, option.number.low, option.number.high))
        return number

    def shell_complete(self, ctx, param, incomplete):
        return list(map(CompletionItem, values.candidates(self.option.value, incomplete)))


class Word(click.ParamType):
    """A type of values for an argument: any text, or one of the words between bars."""
    name = "word"

    def __init__(self, kind):
        self.kind = kind

    def convert(self, value, param, ctx):
        if "|" in self.kind and value not in self.kind.split("|"):
            raise usage("unexpected '%s', expected %s" % (value, one_of(self.kind.split("|"))))
        if self.kind.strip("[].") not in PATHS:
            return value
        check_length(self.kind.strip("[]."), value)
        return not_an_option(value)

    def shell_complete(self, ctx, param, incomplete):
        return list(map(CompletionItem, values.candidates(self.kind, incomplete)))


class RowOption(click.Option):
    """An option of click. The help shows the line that the table has for it."""

    def __init__(self, option):
        self.option = option
        more = {"type": Value(option), "multiple": True} if option.value else {"is_flag": True}
        super().__init__([option.name], help=option.text, **more)

    def process_value(self, ctx, value):
        """Returns the value. An option that may not be repeated may stand there again only with
        the same value."""
        values = super().process_value(ctx, value)
        if not self.option.value or self.option.repeats or not values:
            return values
        for other in values:
            if other != values[0] and not ctx.resilient_parsing:
                raise usage("%s given twice, as '%s' and as '%s'" % (
                    self.option.name, values[0], other))
        return values[0]

    def get_help_record(self, ctx):
        return self.option.form, self.option.described()


class RowCommand(click.Command):
    """A command of click, made from a row of the table. Its callback gets the Call."""

    def __init__(self, row, run):
        params = [RowOption(o) for o in row.options]
        kind, other = row.kind(), row.is_other_program()
        if kind:
            params.append(click.Argument(
                ["words"], type=Word(kind),
                metavar=kind if other else row.arguments.strip("[]").replace("]", ""),
                nargs=-1 if row.arguments.endswith("...") else 1,
                required=other or not row.arguments.startswith("[")))
        super().__init__(row.name, callback=run, params=params, help=row.text,
                         epilog=row.more.replace("tools/kthrash", PROGRAM) or None,
                         options_metavar="[OPTION]...",
                         context_settings={"help_option_names": ["--help", "-h"],
                                           "allow_interspersed_args": not other,
                                           "max_content_width": WIDTH + 2,
                                           "terminal_width": WIDTH})
        self.row = row

    def shell_complete(self, ctx, incomplete):
        """Returns the candidates, without the options that the command line already has."""
        given = {p.option.name for p in self.params if isinstance(p, RowOption)
                 and not p.option.repeats
                 and ctx.get_parameter_source(p.name) is ParameterSource.COMMANDLINE}
        return [c for c in super().shell_complete(ctx, incomplete) if c.value not in given]

    def collect_usage_pieces(self, ctx):
        none = self.row.is_other_program() and not self.row.options
        return ["[OPTION]..."] * (not none) + [self.row.arguments] * bool(self.row.arguments)

    def format_options(self, ctx, formatter):
        records = [p.get_help_record(ctx) for p in self.params if isinstance(p, RowOption)]
        if records:
            with formatter.section("Options"):
                formatter.write_dl(records, col_max=24)

    def format_epilog(self, ctx, formatter):
        if self.epilog:
            formatter.write_paragraph()
            formatter.write_text(self.epilog)

    def parse_args(self, ctx, args):
        line, after = list(args), []
        if self.row.arguments == AFTER_DASHES and "--" in line:
            after = line[line.index("--") + 1:]
            line = line[:line.index("--")]
        super().parse_args(ctx, line)
        ctx.obj = after

    def invoke(self, ctx):
        return self.callback(call_of(ctx))


def written(name, value):
    """Returns an option as the words of a command line. The driver understands this form, too."""
    if value is True:
        return [name]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return [name, value] if name == "-o" else ["%s=%s" % (name, value)]


def call_of(ctx):
    """Returns the Call. It has only the options that the user gave, and no default that click
    filled in."""
    options, line = {}, []
    for param in ctx.command.params:
        if not isinstance(param, RowOption) or \
                ctx.get_parameter_source(param.name) is not ParameterSource.COMMANDLINE:
            continue
        name, value = param.option.name, ctx.params[param.name]
        options[name] = list(value) if param.option.repeats else value
        for each in options[name] if param.option.repeats else [value]:
            line += written(name, each)
    words = ctx.params.get("words")
    words = [words] if isinstance(words, str) else list(words or ()) + list(ctx.obj or ())
    return Call(options, words, line + words)


class Group(click.Group):
    """A group of click that has all commands, in the order of the table. Its help lists those in
    `shown`."""

    def __init__(self, rows, runs, status, shown):
        self.shown = shown
        super().__init__(commands={row.name: RowCommand(row, runs(row)) for row in rows},
                         context_settings={"help_option_names": ["--help", "-h"],
                                           "max_content_width": WIDTH + 2,
                                           "terminal_width": WIDTH},
                         epilog="exit status: " + ", ".join("%d %s" % s for s in status),
                         add_help_option=True)

    def list_commands(self, ctx):
        return [name for name in self.commands if name in self.shown]

    def get_command(self, ctx, cmd_name):
        command = self.commands.get(cmd_name)
        if not command and not ctx.resilient_parsing and not cmd_name.startswith("-"):
            raise usage("unknown command '%s', expected %s" % (
                cmd_name, one_of(self.list_commands(ctx))))
        return command

    def collect_usage_pieces(self, ctx):
        return ["COMMAND [OPTION]... [ARGUMENT]..."]

    def format_options(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].help)
                                for name in self.list_commands(ctx)])
        formatter.write_paragraph()
        formatter.write_text("%s COMMAND --help lists the options of a command." % PROGRAM)

    def format_epilog(self, ctx, formatter):
        formatter.write_paragraph()
        formatter.write_text(self.epilog)


def failure(error):
    """Returns click's error about a wrong command line as one sentence in our words."""
    if isinstance(error, click.NoSuchOption) and isinstance(error.ctx.command, RowCommand):
        return unexpected(error.ctx.command.row, error.option_name)
    message = error.format_message().rstrip(".")
    return usage(message[:1].lower() + message[1:])


def unexpected(row, word):
    words = [o.name + ("=" if o.value and o.name != "-o" else "") for o in row.options]
    if row.arguments:
        words.append(row.arguments)
    return usage("unexpected '%s', expected %s" % (word, one_of(words) if words else "nothing"))


def parse(row, args):
    """Returns the Call for `args`, the words after the command's name, or raises a usage error."""
    command = RowCommand(row, lambda call: call)
    try:
        with command.make_context(row.name, list(args)) as ctx:
            return command.invoke(ctx)
    except click.UsageError as e:
        raise failure(e) from e
    except click.exceptions.Exit as e:
        raise Failure(e.exit_code, "help was asked for") from e
