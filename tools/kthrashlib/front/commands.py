# SPDX-License-Identifier: GPL-2.0-only
"""Lists the commands and their options, as data.

The parser, the help, the manual page and the shells' completion are made from it. The options of
the C driver's own commands stand in driver_options.py.
"""

from kthrashlib.common import usage
from kthrashlib.build import driver_options
from kthrashlib.front import parser
from kthrashlib.front.options import Command, Option, one_of, real, row_option, whole
from kthrashlib.where import IS_INSTALLED

CORE = [
    Option("--core=kthrash|linux", "our own core, or the kernel's own kthread.c, smpboot.c, "
           "freezer.c; a plan names the one it was found on", "kthrash"),
    Option("--linux=LINUX", "with the files of this kernel: 6.12 or 6.1, which Debian has, or a "
           "folder with a kernel tree", "6.12"),
]
# What a driver can be built on besides.
PLAIN = Option("--core=kthrash|plain|linux", "our own core; the same with plain accesses as choice "
               "points; or the kernel's own kthread.c, smpboot.c, freezer.c; a plan names the "
               "kernel that it was found on", "kthrash")
# A copy that is installed has no drivers to choose from.
WHERE = [] if IS_INSTALLED else [
    Option("--os=sim|posix", "on the simulator or on real threads", "sim"),
    Option("--platform=PLATFORM", "with these back ends, as OS+LOCK+COMPLETION+QUEUE+RCU"),
    Option("--sanitizer=none|asan|tsan", "the build; asan includes UBSan",
           "none on sim, else tsan"),
    Option("--bug=BUG", "with this seeded bug, on the platform that it is built for"),
    PLAIN, CORE[1],
]
JSON = Option("--json", "JSON instead of text")


def driver(name, module, arguments, text, more="", own=()):
    """Makes a command of the C driver. The command has the options WHERE, `own`, and those of the
    driver itself."""
    options = [row_option(*row) for row in driver_options.of(name)]
    return Command(name, module, arguments, text, [*WHERE, *own, *options], more)


# What a program runs on. It has one build.
PROGRAM_WHERE = [
    Option("--os=sim|posix", "in the simulator, or again and again on real threads", "sim"),
    Option("--core=kthrash|linux", "of a kernel driver: on whose kthread.c", "kthrash"),
    CORE[1],
]


# Only options that name no build: a program has one.
def program_options(name):
    return [row_option(*row) for row in driver_options.of(name)]


COMMANDS = [
    Command("campaign", "night.start:campaign", "",
            "the main job: hunts with every engine, runs each bug again, reports", [
        Option("--hours=N", "how long", number=real(0.001, 2000)),
        Option("--seconds=N", "how long", "120", number=real(1, 10**7)),
        Option("--jobs=N", "how many lanes run at a time", "one for each processor",
               number=whole(1, 256)),
        Option("--dir=DIR", "the folder for everything; it holds many nights",
               "a new folder in .kthrash/campaign"),
        Option("--lanes=LANES", "only these lanes, with commas between them",
               "all that have a weight"),
        Option("--seed=N", "the number from which the lanes' seeds are counted",
               "1; without --dir, the time", number=whole(1, 2**62)),
        Option("--config=FILE", "lanes, weights and limits that differ from tools/campaign.toml"),
        Option("--engine=local|slurm", "where it runs; slurm: on a Slurm cluster, see below",
               "local"),
        Option("--shards=N", "with slurm: how many campaigns of --jobs lanes run at a time", "2",
               number=whole(1, 10000)),
        Option("--sbatch=OPTION...", "with slurm: an option for sbatch, as in "
               "--sbatch=--partition=NAME"),
        *CORE,
    ], "A lane is one hunting engine in one build, such as the random walk in the simulator or "
       "AFL++ under ASan; lanes share the time by weight. If a campaign was killed, by any "
       "signal, the same command goes on with it. With other options or other sources the "
       "command begins a new night in the same folder; the corpora and the bugs of earlier nights "
       "are still there. "
       "Exit status 3 also means that the night is invalid, because it did not find the planted "
       "bug: a seeded bug that each night must find.\n\n"
       "With --engine=slurm the command builds here and submits a job array, one job for each "
       "shard. It also submits a job that waits for all shards and merges them into one night "
       "of DIR. Then the command follows the jobs. The checkout and DIR must be on file systems "
       "that all nodes have under the same name, with locks that hold between machines; the "
       "command can't check that. Ctrl-C ends only this command, and the jobs go on. The same "
       "command follows them again."),
    Command("merge", "night.slurm:merge", "DIR",
            "merge the shards of a campaign on a cluster, once more if need be",
            more="The cluster merges the shards when all have ended. A second merge changes "
                 "nothing. The verdict names each shard that has not finished."),
    Command("test", "build.testing:main", "[-- WORD...]",
            "all tests, then again under ASan+UBSan and under TSan, then one on the kernel's files",
            CORE,
            "The words after the dashes go to each bazel test. With --core=linux, only the tests "
            "of the kernel's files run."),
    driver("stress", "build.drivers:stress", "", "one lane until something breaks",
           "With the portfolio or a given strategy the same range of numbers (--first, "
           "--executions) gives the same findings, one file each, for any number of jobs. With "
           "--keep-going these are all findings. Without --keep-going they are the finding with "
           "the lowest number, and those that the other jobs found before they stopped."),
    Command("run", "programs.run:run", "[--] PROGRAM [ARGUMENT]...",
            "hunts in a program that kthrash-cc has compiled",
            [*program_options("run"), *PROGRAM_WHERE],
            "All words behind PROGRAM are the program's, also those that begin with a dash. The "
            "program prints in the first execution only. A finding is a plan; replay, shrink, "
            "explain, gdb and verify take it, and find the program from this folder or from the "
            "plan's. tools/programs.md is about programs."),
    Command("cc", "programs.compiler:main", "[--] COMPILER [ARGUMENT]...",
            "compiles a program, or links it, so that run can run it", [
        Option("--kthread", "a kernel driver: <linux/kthread.h> and other headers of the kernel, "
               "and the kernel that they need (tools/drivers.md)"),
    ],
            "COMPILER is any version of gcc, g++, clang or clang++; a wrapper such as ccache may "
            "stand before it. Build systems take tools/kthrash-cc and tools/kthrash-c++ as "
            "compilers: CC=kthrash-cc CXX=kthrash-c++. These run the compilers that KTHRASH_CC and "
            "KTHRASH_CXX name, else clang-19 and clang++-19."),
    Command("install", "front.installing:main", "PREFIX",
            "installs kthrash for programs: kthrash, kthrash-cc, kthrash-c++, the library",
            more="It also installs the manual page, completion for three shells and kthrash.pc. "
                 "The commands that need a checkout are not installed."),
    driver("verify", "programs.run:verify", "PLAN",
           "every interleaving of a small plan, up to equivalence",
           "Exit status 0: verified within the bounds; 1: counterexample; 3: not finished."),
    Command("fuzz", "night.start:fuzz", "", "one fuzzing engine", [
        Option("--engine=libfuzzer|afl", "which engine", "libfuzzer"),
        Option("--target=plan|parser", "run plans, or only parse them", "plan"),
        Option("--seconds=N", "how long", "60", number=whole(1, 10**7)),
        *CORE,
    ], "With --core=linux, libFuzzer runs plans on the kernel's own files."),
    driver("replay", "programs.run:replay", "PLAN...", "plans exactly as written",
           "Exit status 0: each plan ended as it expects; 1: a plan did not."),
    driver("shrink", "programs.run:shrink", "PLAN", "the smallest plan with the same finding",
           "The result is minimal: nothing of it can go or be simpler by itself. If the time is up "
           "before, the command says \"not minimal: budget\". The result shows the same bug: it "
           "fails in the same way and breaks no rule for callers that PLAN keeps, and some "
           "schedule of it passes if one of PLAN does. "
           "Exit status 2: PLAN does not fail, or is no plan."),
    Command("explain", "programs.run:explain", "PLAN", "why a plan fails, in a few rows",
            WHERE + [
        Option("--all", "every step, in place of the rows that tell why (text only)"),
        Option("--format=text|json|perfetto|html",
               "html: a page of its own; perfetto: a trace for its viewer and Chrome's", "text"),
        Option("-o OUT", "the file for it", "standard output"),
    ]),
    Command("page", "night.page:main", "DIR",
            "write the morning page of a campaign's folder once more", [
        Option("--night=N", "the page of which night", "the last", number=whole(1, 10**9)),
    ]),
    Command("gdb", "programs.run:gdb", "PLAN",
            "gdb in a plan's execution on the simulator, where it fails", WHERE + [
        Option("--step=N", "stop at this step, as explain numbers them", "where it fails",
               number=whole(0, 10**6)),
        Option("--batch", "print tasks, locks, the last steps and all frames, then end"),
    ], "In gdb: kthrash why, kthrash tasks, kthrash locks, kthrash trace, kthrash bt TASK; kt for "
       "short."),
    Command("bugs", "measure.bugs:main", "[BUG]...",
            "the seeded bugs: each built, hunted, shrunk, replayed", [
        Option("--programs", "the programs of corpus/programs/ instead; BUG is a program's name"),
        Option("--drivers", "the kernel drivers of corpus/drivers/ instead"),
        Option("--slow", "with --programs: also those that take long"),
        Option("--executions=N", "the most executions of a hunt",
               "400000, with --programs 100000, with --scoreboard 20000",
               number=whole(1, 10**12)),
        Option("--seed=N", "the seed of the hunt", "1", number=whole(0, 2**63)),
        Option("--scoreboard", "every strategy on each bug"),
        Option("--shrunk", "how small the findings of each bug become; none may fail without it"),
        Option("--causes", "why the findings of each bug fail, and what the search costs"),
        Option("--together", "20 bugs, or those that are named, in one driver: how many folders "
               "a campaign would file"),
        Option("--seeds=N", "with --scoreboard: hunts by each strategy; with --shrunk or --causes: "
               "hunts", "5; with --causes 1",
               number=whole(1, 1000)),
        Option("--out=FILE", "with --scoreboard: write FILE.json and a picture, FILE.svg"),
        *CORE,
        JSON,
    ], "With --core=linux, the bugs are planted in the kernel's own files "
       "(stress/bugs/linux.toml). With --programs, each program's repaired twin is hunted, too, "
       "also for races and leaks, and nothing may be found in it."),
    Command("litmus", "measure.litmus:main", "[FILE]...",
            "litmus tests of weak memory from their files, exhaustively", [
        Option("--memory=sc|tso|pso|arm", "the simulator's memory", "arm"),
        Option("--executions=N", "the most executions of a test", "20000000",
               number=whole(1, 10**12)),
        Option("--states", "also the states in which executions end", "with one FILE"),
        Option("--table", "the verdicts under all four memories, as a table"),
        Option("--may-miss", "a Sometimes of a file that the memory never shows is no difference"),
        Option("--linux=LINUX", "the tests of this kernel: 6.12 or 6.1, which Debian has, or a "
               "folder with a kernel tree", "6.12"),
    ], "FILE is a test in herd's C format, with the kernel's functions, or a folder of tests. "
       "Without FILE the kernel's own tests run. The words are herd's: the states, the witnesses, "
       "the observation. stress/litmus/README.md says what the language is. Exit status 1: a "
       "verdict differs from the file's \"Result:\"; with --table, a forbidden outcome was shown. "
       "2: a file is no such test. 3: a test has more executions than --executions says."),
    Command("mutate", "mutation.mutate:main", "[FILE]...",
            "small edits of the code under test, each hunted: how good are the hunts?", [
        Option("--count=N", "so many edits are hunted", "60", number=whole(1, 10**6)),
        Option("--seed=N", "the number from which edits and schedules are drawn", "1",
               number=whole(0, 2**62)),
        Option("--seconds=N", "begin no edit after so many seconds", "no limit",
               number=whole(1, 10**7)),
        Option("--executions=N", "of each hunt", "100000", number=whole(1, 10**12)),
        Option("--jobs=N", "how many edits are hunted at a time", "one for each processor",
               number=whole(1, 256)),
        JSON,
    ], "FILE is a source of core/ or a back end that runs in the simulator; by default all of "
       "them. An edit that compiles to the same object does not count. Each edit is hunted by "
       "the default portfolio and, if it survives, with weak memory, plans that break rules, the "
       "corpus, and on other back ends. The command prints each survivor as a diff. The same "
       "command goes on after an interruption. stress/bugs/equivalent.toml lists the edits that "
       "were judged to change nothing. Exit status 1: an edit survived."),
    Command("gate", "gate.gate:main", "",
            "for CI: sanitizers x back ends x kinds of test, in a given time", [
        Option("--minutes=N", "how long the gate may take", "30", number=real(0.1, 7 * 24 * 60)),
        Option("--junit=FILE", "the file for the results as JUnit XML", "DIR/junit.xml"),
        Option("--sarif=FILE", "the file for the findings as SARIF", "DIR/kthrash.sarif"),
        Option("--dir=DIR", "a new folder for findings, logs and reports",
               "a new folder in .kthrash/gate"),
        Option("--partial", "exit status 0 even if tests that must run were skipped"),
    ], "These must run, each plain, under ASan+UBSan and under TSan: some seeded bugs, the unit "
       "tests, the corpus and a short stress, all on the default back ends. The other pairs of "
       "back ends follow while there is time; each commit begins with another pair. A test that "
       "had no time is reported as skipped. Without --partial the gate fails if it skipped a "
       "test that must run. The last line says how many tests ran."),
    Command("coverage", "measure.coverage:main", "",
            "lines and branches of core/ and platform/ that the corpus reaches", [
        Option("--dir=DIR", "also the corpus in this campaign's folder"),
        Option("--html", "also pages, in .kthrash/coverage/html"),
        Option("--lcov=OUT", "the file for the counts as LCOV", ".kthrash/coverage/lcov.info"),
        Option("--platform=PLATFORM", "on these back ends only, such as sim+modelled+...",
               "combinations that have each back end"),
    ], "It also counts schedule coverage: the ordered pairs of accesses to one object by two "
       "tasks that were seen."),
    Command("bench", "measure.bench:main", "",
            "what the simulator costs: plain, sanitized, in libFuzzer", WHERE + [
        Option("--backends", "what each lock, completion, queue and RCU costs on real threads"),
        Option("--programs", "what an execution of a small user's program costs"),
        Option("--seconds=N", "how long", "60", number=real(1, 10**5)),
        JSON,
    ], "With --os, --platform, --sanitizer or --bug: the cost of that build alone."),
    Command("completion", "front.completion:main", "bash|zsh|fish",
            "a script with which a shell completes this command line", [],
            'In bash: eval "$(tools/kthrash completion bash)"; in zsh, after compinit: '
            'eval "$(tools/kthrash completion zsh)"; in fish: '
            "tools/kthrash completion fish | source."),
    Command("man", "front.manual:main", "", "the manual page", [
        Option("--source", "print its source, to be installed as man1/kthrash.1"),
    ]),
    Command("compdb", "build.compdb:main", "", "writes compile_commands.json, for clangd"),
    Command("fmt", "build.formatting:main", "[FILE]...",
            "formats the lines that changed", [
        Option("--check", "only show what would change; exit status 1 if anything would"),
        Option("--since=COMMIT", "lines that differ from this commit",
               "where HEAD left origin/main"),
        Option("--whole", "every line of every file"),
    ], "C, Python and Starlark. In C, /* clang-format off */ and /* clang-format on */ stand "
       "around a table that is kept by hand. A Starlark file with the line '# fmt: off' is left "
       "alone."),
    Command("lint", "build.linting:main", "[FILE]...",
            "checks the sources without running them",
            more="Uses clang-tidy, cppcheck, shellcheck, flake8, pylint, buildifier and "
                 "tools/tidy.py. The whole tree takes about three minutes on two processors, "
                 "nearly all of it in clang-tidy; a single file takes seconds. Headers are "
                 "checked with the sources that include them."),
]

# These commands also work where kthrash is installed, without a checkout.
ANYWHERE = ["run", "cc", "verify", "replay", "shrink", "explain", "gdb", "completion", "man"]

STATUS = [
    (0, "clean"),
    (1, "findings, or something is not as it should be"),
    (2, "wrong usage or bad input"),
    (3, "the environment failed, or something happened that was not foreseen"),
    (129, "the terminal was closed (SIGHUP)"),
    (130, "interrupted (SIGINT, as by Ctrl-C)"),
    (141, "nobody reads the output (SIGPIPE)"),
    (143, "ended by SIGTERM"),
]


def names():
    return [c.name for c in COMMANDS]


def find(name):
    """Returns the command of that name. If there is none, raises a usage error that lists all
    commands."""
    for c in COMMANDS:
        if c.name == name:
            return c
    raise usage("unknown command '%s', expected %s" % (name, one_of(names())))


def parse(name, args):
    """Returns the Call for `args`, the words after the command's name."""
    return parser.parse(find(name), args)
