# SPDX-License-Identifier: GPL-2.0-only
"""The commands and their options as data.

The front door checks a command line by this table before the command runs. The help,
the man page and the shells' completion are made from it.
"""

import dataclasses
import re

from kthrashlib.common import Call, usage

AFTER_DASHES = "[-- WORD...]"


@dataclasses.dataclass(frozen=True)
class Number:
    kind: type
    low: float
    high: float

    def read(self, name, text):
        try:
            n = self.kind(text)
        except ValueError:
            n = None
        if n is None or not self.low <= n <= self.high:
            raise usage("%s=%s: expected a number from %s to %s" % (
                name, text, self.low, self.high))
        return n


def whole(low, high):
    return Number(int, low, high)


def real(low, high):
    return Number(float, low, high)


class Option:
    """`form` as it is written: "--json", "--seed=N", "--os=sim|posix", "-o FILE", or
    "--word=WORD..." if it may be repeated.

    Words between bars are all that there are, unless one holds a capital: pct:D. Capitals
    alone say what kind of value it is. `text`: what it does, one clause; `default`: without
    the option, where that is not plain; `number`: which numbers it takes, None if the driver
    checks that, or if it takes none.
    """

    def __init__(self, form, text, default="", number=None):
        self.form, self.text, self.default, self.number = form, text, default, number
        self.name, _, value = re.match(r"(--?[a-z-]+)([= ](.+))?$", form).groups()
        self.repeats = (value or "").endswith("...")
        self.value = (value or "").replace("...", "")
        self.words = [] if self.value.isupper() else list(filter(None, self.value.split("|")))

    def closed(self):
        return bool(self.words) and not any(re.search("[A-Z]", w) for w in self.words)


class Command:
    """`run`: "room.module:function", called with a Call; it returns the exit
    status. `arguments`: what is no option, as "", "PLAN", "PLAN...", "[BUG]...",
    "a|b" for one of these words, or AFTER_DASHES: all after them, for another program.
    `text`: one clause. `more`: paragraphs for its own help and the man page.
    """

    def __init__(self, name, run, arguments, text, options=(), more=""):
        self.name, self.run, self.arguments, self.text = name, run, arguments, text
        self.options, self.more = list(options), more

    def option(self, name):
        return next((o for o in self.options if o.name == name), None)


WHERE = [
    Option("--os=sim|posix", "on the simulator or on real threads", "sim"),
    Option("--platform=PLATFORM", "with these back ends, as OS+LOCK+COMPLETION+QUEUE+RCU"),
    Option("--sanitizer=none|asan|tsan", "the build; asan is with UBSan", "none on sim, else tsan"),
    Option("--bug=BUG", "with this seeded bug, on the platform that it is built for"),
]
JSON = Option("--json", "JSON, an object a line, instead of text")
TWICE = Option("--twice", "run each execution again: another trace is a finding, nondeterminism")
MEMORY = Option("--memory=sc|tso|pso", "memory model: weak ones make stores visible late",
                "the plan's, else sc")

COMMANDS = [
    Command("campaign", "night.start:campaign", "",
            "the main job: hunts with every engine, runs each bug again, reports", [
        Option("--hours=N", "how long", number=real(0.001, 2000)),
        Option("--seconds=N", "how long", "120", number=real(1, 10**7)),
        Option("--jobs=N", "lanes at a time", "a lane per processor", number=whole(1, 256)),
        Option("--dir=DIR", "where everything goes; holds many nights",
               "a new folder in .kthrash/campaign"),
        Option("--lanes=LANES", "only these lanes, with commas between", "all with a weight"),
        Option("--seed=N", "what the lanes' seeds are counted from", "1; the time without --dir",
               number=whole(1, 2**62)),
        Option("--config=FILE", "lanes, weights and limits that differ from tools/campaign.toml"),
        Option("--engine=local|slurm", "slurm: on a Slurm cluster, see below", "local"),
        Option("--shards=N", "with slurm: so many campaigns of --jobs lanes each at a time", "2",
               number=whole(1, 10000)),
        Option("--sbatch=OPTION...", "with slurm: for sbatch, as --sbatch=--partition=NAME"),
    ], "A lane is one hunting engine in one build, as the random walk in the simulator or AFL++ "
       "under ASan; lanes share the time by weight. The same command goes on with a campaign that "
       "was killed, by whatever signal. With other options or another commit it begins a new "
       "night in the same folder, with the corpora and bugs of the nights before. Exit status 3 "
       "also means that the night is invalid, because it did not find the planted bug: a seeded "
       "bug that each night must find.\n\n"
       "With --engine=slurm this builds here, submits a job array with a job a shard and a job "
       "that waits for it and takes all shards together as one night of DIR, and follows them. "
       "The checkout and DIR must be on file systems that all nodes have under the same name, "
       "with locks that hold between machines; that can't be checked from here. What is stopped "
       "by Ctrl-C is the following only: the same command follows again."),
    Command("merge", "night.slurm:merge", "DIR",
            "take the shards of a campaign on a cluster together, again if need be",
            more="The cluster does it when all shards have ended. Done again it changes nothing; "
                 "a shard that has not finished is named in the verdict."),
    Command("test", "build.testing:main", "[-- WORD...]",
            "all tests, then again under ASan+UBSan and under TSan",
            more="The words after the dashes go to each bazel test."),
    Command("stress", "build.drivers:stress", "", "one lane until something breaks", WHERE + [
        Option("--strategy=portfolio|adaptive|block|random|pos|surw|pct:D|delay:D",
               "who runs next; portfolio: several in turn, adaptive: more of those that lately "
               "saw something new", "portfolio"),
        Option("--plan=PLANS", "this plan, or those in this folder", "generated plans"),
        Option("--executions=N", "at most so many", "no limit"),
        Option("--seconds=N", "at most so long", "60, with --executions no limit"),
        Option("--seed=N", "of plans and schedules", "1"),
        Option("--first=N", "number of the first execution", "0"),
        Option("--jobs=N", "processes; each has every N-th plan", "1"),
        Option("--findings=DIR", "where findings go", ".kthrash/findings"),
        Option("--faults=on|off", "random kills and failed allocations", "on"),
        Option("--exhaustive=fail|kill|pairs|spurious|timers",
               "at each place in turn instead of at random: an allocation fails, a task is "
               "killed, both, a sleep ends for no reason, time passes"),
        MEMORY,
        Option("--illegal", "plans that break a rule for callers"),
        Option("--keep-going", "go on after a finding"),
        TWICE,
        Option("--coverage=FILE", "read and add to the pairs of accesses seen"),
        Option("--coverage-every=N", "look at every N-th plan only", "1"),
        Option("--mutate", "plans made from those that had new pairs"),
        Option("--kept=DIR", "with --mutate: copies of those plans go to this folder"),
        JSON,
    ], "With the portfolio or a given strategy the same range of numbers (--first, --executions) "
       "gives the same findings, in one file each, however it is cut into jobs: with "
       "--keep-going all of them, without it the first by number and what others met before "
       "they heard of it."),
    Command("verify", "build.drivers:verify", "PLAN",
            "every interleaving of a small plan, up to equivalence", WHERE + [
        Option("--kills=N", "at most so many kills besides the plan's", "0"),
        Option("--fails=N", "at most so many failed allocations besides the plan's", "0"),
        Option("--spurious=N", "at most so many sleeps that end for no reason", "0"),
        Option("--teardown", "interleavings of what the tasks leave, too"),
        Option("--strategy=dpor|dfs|bound:N",
               "dfs: without reduction; bound: with at most N preemptions, on any back ends and "
               "memory model", "dpor"),
        MEMORY,
        Option("--executions=N", "at most so many", "no limit"),
        Option("--seconds=N", "at most so long", "no limit"),
        Option("--findings=DIR", "where a counterexample goes", ".kthrash/findings"),
        JSON,
    ], "Exit status 0: verified within the bounds; 1: counterexample; 3: not finished."),
    Command("fuzz", "night.start:fuzz", "", "one fuzzing engine", [
        Option("--engine=libfuzzer|afl", "which", "libfuzzer"),
        Option("--target=plan|parser", "plans that are run, or the parser of plans", "plan"),
        Option("--seconds=N", "how long", "60", number=whole(1, 10**7)),
    ]),
    Command("replay", "build.drivers:replay", "PLAN...", "plans exactly as written", WHERE + [
        Option("--times=N", "repetitions of each", "as its world needs"),
        TWICE,
        JSON,
    ], "Exit status 0: all ended as they expect; 1: not."),
    Command("shrink", "build.drivers:shrink", "PLAN",
            "the smallest plan with the same finding", WHERE + [
        Option("-o FILE", "where it goes"),
        Option("--seconds=N", "at most so long", "60"),
        JSON,
    ]),
    Command("explain", "show.explain:main", "PLAN", "the interleaving, a column per task", WHERE + [
        Option("--format=text|json|perfetto|html",
               "html: a page of its own; perfetto: a trace for its viewer and Chrome's", "text"),
        Option("-o FILE", "where it goes", "standard output"),
    ]),
    Command("page", "night.page:main", "DIR",
            "the page of a campaign's night, written once more", [
        Option("--night=N", "of which night", "the last", number=whole(1, 10**9)),
    ]),
    Command("gdb", "build.drivers:gdb", "PLAN",
            "gdb in a plan's execution on the simulator, where it fails", WHERE + [
        Option("--step=N", "stop at this step, as explain numbers them", "where it fails",
               number=whole(0, 10**6)),
        Option("--batch", "print tasks, locks, the last steps and all frames, and end"),
    ], "In gdb: kthrash tasks, kthrash locks, kthrash trace, kthrash bt TASK; kt for short."),
    Command("bugs", "measure.bugs:main", "[BUG]...",
            "the seeded bugs: each built, hunted, shrunk, replayed", [
        Option("--executions=N", "of a hunt at most", "400000, with --scoreboard 20000",
               number=whole(1, 10**12)),
        Option("--seed=N", "of the hunt", "1", number=whole(0, 2**63)),
        Option("--scoreboard", "every strategy on each bug"),
        Option("--seeds=N", "with --scoreboard: hunts by each strategy", "5",
               number=whole(1, 1000)),
        Option("--out=FILE", "with --scoreboard: write FILE.json and a picture, FILE.svg"),
        JSON,
    ]),
    Command("gate", "gate.gate:main", "",
            "for CI: sanitizers x back ends x kinds of test, in a given time", [
        Option("--minutes=N", "all of the time there is", "30", number=real(0.1, 7 * 24 * 60)),
        Option("--junit=FILE", "where the results go as JUnit XML", "DIR/junit.xml"),
        Option("--sarif=FILE", "where the findings go as SARIF", "DIR/kthrash.sarif"),
        Option("--dir=DIR", "a new folder for findings, logs and reports",
               "a new folder in .kthrash/gate"),
        Option("--partial", "clean, too, if not all that must run had the time"),
    ], "What must run, in each of plain, ASan+UBSan and TSan: some seeded bugs, the unit tests, "
       "the corpus and a short stress on the default back ends. The other pairs of back ends "
       "follow as time allows, from another one on for each commit. What had no time is a "
       "skipped test; only of what must run it makes the gate fail, without --partial."),
    Command("coverage", "measure.coverage:main", "",
            "lines and branches of core/ and platform/ that the corpus reaches", [
        Option("--dir=DIR", "a campaign's folder: its corpus, too"),
        Option("--html", "pages, too, in .kthrash/coverage/html"),
        Option("--lcov=FILE", "where the counts go as LCOV", ".kthrash/coverage/lcov.info"),
        Option("--platform=PLATFORM", "on these back ends only, as sim+modelled+...",
               "combinations that have each back end"),
    ], "Beside it schedule coverage: the pairs of accesses to one object by two tasks that were "
       "seen in an order."),
    Command("bench", "measure.bench:main", "",
            "what the simulator costs: plain, sanitized, in libFuzzer", WHERE + [
        Option("--backends", "what each lock, completion, queue and RCU costs on real threads"),
        Option("--seconds=N", "how long", "60", number=real(1, 10**5)),
        JSON,
    ], "With --os, --platform, --sanitizer or --bug the cost of that build alone."),
    Command("completion", "front.completion:main", "bash|zsh|fish",
            "completion of this command line, for a shell to read", [],
            'In bash: eval "$(tools/kthrash completion bash)"; in zsh, after compinit: '
            'eval "$(tools/kthrash completion zsh)"; in fish: '
            "tools/kthrash completion fish | source."),
    Command("man", "front.manual:main", "", "the manual page", [
        Option("--source", "print its source, to be installed as man1/kthrash.1"),
    ]),
    Command("compdb", "build.compdb:main", "", "writes compile_commands.json, for clangd"),
    Command("fmt", "build.style:fmt", "[FILE]...",
            "formats what changed: C by line, Python and Starlark by file", [
        Option("--check", "only show what would change; exit status 1 if anything would"),
        Option("--since=COMMIT", "what is not as in this commit",
               "where HEAD left origin/main"),
        Option("--whole", "every line of every file"),
    ], "Tables are kept by hand between /* clang-format off */ and /* clang-format on */; of "
       "Starlark a file with a line '# fmt: off' is left alone."),
    Command("lint", "build.style:lint", "[FILE]...",
            "checks the sources without running them",
            more="By clang-tidy, cppcheck, shellcheck, flake8, pylint, buildifier and "
                 "tools/tidy.py. Of the whole tree it takes about three minutes on two "
                 "processors, nearly all of it for clang-tidy; of a file seconds. Headers are "
                 "checked with the sources that include them."),
]

STATUS = [
    (0, "clean"),
    (1, "findings, or something is not as it should be"),
    (2, "wrong usage or bad input"),
    (3, "the environment failed"),
]


def names():
    return [c.name for c in COMMANDS]


def find(name):
    """The command of that name, or a usage error that lists them."""
    for c in COMMANDS:
        if c.name == name:
            return c
    raise usage("unknown command '%s', expected %s" % (name, one_of(names())))


def one_of(words):
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def parse(name, args):
    """The Call that `args`, the words after the command's, make.

    Of an option given twice the last counts, unless it may be repeated. What is not in the
    table is a usage error.
    """
    command = find(name)
    found, rest = {}, []
    left = list(args)
    while left:
        word = left.pop(0)
        if word == "--" and command.arguments == AFTER_DASHES:
            check_arguments(command, rest)
            return Call(found, left, list(args))
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        key, equals, value = word.partition("=")
        option = command.option(key)
        if not option or (equals and not option.value):
            raise unexpected(command, word)
        if key == "-o" and not equals:
            value = left.pop(0) if left else ""
        if option.value and not value:
            raise usage("%s needs a value, as in %s" % (key, option.form))
        if option.closed() and value not in option.words:
            raise usage("%s=%s: expected %s" % (key, value, one_of(option.words)))
        if option.number:
            value = option.number.read(key, value)
        if option.repeats:
            found.setdefault(key, []).append(value)
        else:
            found[key] = value if option.value else True
    check_arguments(command, rest)
    return Call(found, rest, list(args))


def check_arguments(command, rest):
    wanted = command.arguments
    if wanted in ("", AFTER_DASHES):
        if rest:
            raise unexpected(command, rest[0])
    elif wanted.startswith("["):
        return
    elif wanted.endswith("...") and not rest:
        raise usage("%s takes %s, at least one" % (command.name, wanted))
    elif "|" in wanted and (len(rest) != 1 or rest[0] not in wanted.split("|")):
        raise usage("%s%s, expected %s" % (
            command.name, "".join(" " + r for r in rest), one_of(wanted.split("|"))))
    elif not wanted.endswith("...") and len(rest) != 1:
        raise usage("%s takes one %s, not %d" % (command.name, wanted, len(rest)))


def unexpected(command, word):
    words = [o.name + ("=" if o.value and o.name != "-o" else "") for o in command.options]
    if command.arguments:
        words.append(command.arguments)
    return usage("unexpected '%s', expected %s" % (word, one_of(words) if words else "nothing"))
