#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Builds as OSS-Fuzz and ClusterFuzzLite do, as far as this machine has their compilers, and
checks the files in $OUT as their bad_build_check does.

usage: check.py [--plant] [ENGINE/SANITIZER...]     default: all of them, with a planted bug
"""

import configparser
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGETS = ["plan_fuzz", "parser_fuzz"]
BUG = "P1"

# The flags of base-builder, the image in which OSS-Fuzz builds.
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only"
_UNDEFINED = ("array-bounds,bool,float-divide-by-zero,integer-divide-by-zero,return,shift,"
              "signed-integer-overflow,vla-bound")
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=%s,unsigned-integer-overflow -fno-sanitize-recover=%s" % (
        _UNDEFINED, _UNDEFINED),
    "thread": "-fsanitize=thread",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping",
    "none": "",
}
MATRIX = ["libfuzzer/address", "libfuzzer/undefined", "libfuzzer/thread", "libfuzzer/coverage",
          "libfuzzer/none", "afl/none", "afl/address", "afl/undefined", "afl/thread", "none/none"]
LEAST_EDGES = 100
LEAST_CALLS = {"address": ("__asan", 1000), "undefined": ("__ubsan", 168),
               "thread": ("__tsan", 1000)}
SYSTEM = re.compile(r"linux-vdso|/ld-linux|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so")


class Bad(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Bad(what)


def run(command, status=0, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, stdin=subprocess.DEVNULL, **kwargs)
    if status is not None:
        need(done.returncode == status, "%s: status %d\n%s" % (
            " ".join(command), done.returncode, done.stdout[-3000:]))
    return done


def environment(engine, sanitizer, source, work, out):
    """The environment that base-builder's `compile` gives to build.sh. SRC has the source as
    kthrash/."""
    flags = "%s %s" % (COMMON, SANITIZERS[sanitizer])
    env = {"PATH": os.environ["PATH"], "SRC": source, "WORK": work, "OUT": out,
           "ARCHITECTURE": "x86_64", "SANITIZER": sanitizer, "FUZZING_ENGINE": engine,
           "FUZZING_LANGUAGE": "c"}
    library = os.path.join(work, "libFuzzingEngine.a")
    if engine == "libfuzzer":
        env.update(CC="clang-19", CXX="clang++-19", LIB_FUZZING_ENGINE="-fsanitize=fuzzer")
        if sanitizer != "coverage":
            flags += " -fsanitize=fuzzer-no-link"
    elif engine == "afl":
        env.update(CC="afl-clang-fast", CXX="afl-clang-fast++", LIB_FUZZING_ENGINE=library,
                   AFL_QUIET="1", AFL_LLVM_THREADSAFE_INST="1")
        shutil.copyfile("/usr/lib/afl/libAFLDriver.a", library)
    else:
        # Any other engine: another compiler, and a main that replays.
        env.update(CC="gcc", CXX="gcc", LIB_FUZZING_ENGINE=library)
        flags = flags.replace("-gline-tables-only", "-g1")
        main = os.path.join(work, "main.o")
        run(["gcc", "-c", os.path.join(ROOT, "tools/bazel/fuzz/replay_main.c"), "-o", main])
        run(["ar", "rcs", library, main])
    env.update(CFLAGS=flags, CXXFLAGS=flags)
    return env


def copy_source(target, patch=None):
    """Makes $SRC/kthrash as the Dockerfile does."""
    for folder in ("core", "platform", "stress", "fuzz", "corpus", "tools/bazel/sanitizer"):
        shutil.copytree(os.path.join(ROOT, folder), os.path.join(target, "kthrash", folder))
    if patch:
        run(["patch", "-p1", "-s", "-i", patch], cwd=os.path.join(target, "kthrash"))


def build(how, folder, patch=None):
    engine, sanitizer = how.split("/")
    source, work, out = (os.path.join(folder, n) for n in ("src", "work", "out"))
    for made in (source, work, out):
        os.makedirs(made)
    copy_source(source, patch)
    # Run build.sh from $SRC, where the Dockerfile puts it.
    shutil.copyfile(os.path.join(HERE, "build.sh"), os.path.join(source, "build.sh"))
    run(["bash", "-eu", os.path.join(source, "build.sh")], cwd=os.path.join(source, "kthrash"),
        env=environment(engine, sanitizer, source, work, out))
    shutil.rmtree(source)       # a program that needs the source fails from here on
    shutil.rmtree(work)
    return out


# ---- what is in $OUT ---------------------------------------------------------------


def check_files(out, name):
    path = os.path.join(out, name)
    need(os.access(path, os.X_OK), "%s was not built" % name)
    with open(path, "rb") as f:
        content = f.read()
    # ClusterFuzz knows a target by its name without a dot and this word in it.
    need(b"LLVMFuzzerTestOneInput" in content, "%s is not known as a fuzz target" % name)
    options = configparser.ConfigParser()
    options.read(path + ".options")
    need(options.sections() and set(options.sections()) <= {"libfuzzer", "asan", "ubsan"},
         "%s.options: sections %s" % (name, options.sections()))
    need(os.path.exists(os.path.join(out, options["libfuzzer"]["dict"])), "no " +
         options["libfuzzer"]["dict"])
    check_archive(path + "_seed_corpus.zip")
    for line in run(["ldd", path]).stdout.splitlines():
        need(SYSTEM.search(line), "%s needs %s" % (name, line.strip()))


def check_archive(path):
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        need(names == sorted(set(names)) and len(names) > 50, "%s: %s" % (path, names))
        need({i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)},
             "%s: it holds the time at which it was made" % path)
    again = path + ".again"
    run(["python3", os.path.join(HERE, "seed_corpus.py"), again] +
        [os.path.join(ROOT, "corpus", f) for f in ("seed", "regress")])
    with open(path, "rb") as f, open(again, "rb") as g:
        need(f.read() == g.read(), "%s: a second archive of the same plans differs" % path)
    os.unlink(again)


def check_dictionary():
    """Checks that an engine can read it. stress/plan/words_test.c checks its words."""
    with open(os.path.join(HERE, "plan.dict"), encoding="ascii") as f:
        lines = [line for line in f.read().splitlines() if line and line[0] != "#"]
    for line in lines:
        need(re.fullmatch(r'"([^"\\]|\\["\\]|\\x[0-9a-f]{2})+"', line), "plan.dict: " + line)


def check_instrumented(path, sanitizer):
    if sanitizer not in LEAST_CALLS:
        return
    prefix, least = LEAST_CALLS[sanitizer]
    code = run(["objdump", "-d", path]).stdout
    calls = len(re.findall(r"call\s+[0-9a-f]+ <%s" % prefix, code))
    need(calls >= least, "%s: %d calls of %s, expected %d" % (path, calls, prefix, least))


# ---- it runs in another folder that has nothing else -------------------------------


def seeds_of(path, folder):
    seeds = os.path.join(folder, "seeds")
    shutil.rmtree(seeds, ignore_errors=True)
    with zipfile.ZipFile(path + "_seed_corpus.zip") as archive:
        archive.extractall(seeds)
    return seeds


def libfuzzer_coverage(path, *args):
    said = run([path, "-seed=1337", "-runs=4", *args], cwd="/tmp", env={}).stdout
    need(re.search(r"Done \d+ runs", said), said[-2000:])
    edges = re.search(r"Loaded \d+ module.*\((?:.*counters|.*guards)\): (\d+)", said)
    found = re.search(r"DONE\s+cov: (\d+)", said)
    return int(edges.group(1)) if edges else 0, int(found.group(1)) if found else 0


def check_libfuzzer(path, sanitizer, folder):
    seeds = seeds_of(path, folder)
    with open(path + ".options", encoding="ascii") as f:
        options = dict(re.findall(r"^(max_len|len_control|timeout|dict) = (.*)$", f.read(),
                                  re.MULTILINE))
    args = ["-%s=%s" % (k, os.path.join(os.path.dirname(path), v) if k == "dict" else v)
            for k, v in options.items()]
    edges, alone = libfuzzer_coverage(path, *args)
    if sanitizer == "coverage":
        profile = os.path.join(folder, "profile")
        run([path, "-runs=0", seeds], env={"LLVM_PROFILE_FILE": profile}, cwd="/tmp")
        need(os.path.getsize(profile) > 1000, "no profile")
        return "a profile of %d bytes" % os.path.getsize(profile)
    _, seeded = libfuzzer_coverage(path, *args, seeds)
    need(edges >= LEAST_EDGES, "%s: %d edges are instrumented" % (path, edges))
    need(seeded > alone, "%s: %d edges are reached with the seeds, %d without" % (
        path, seeded, alone))
    return "%d edges of %d without seeds, %d with" % (alone, edges, seeded)


AFL_ENV = {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "TERM": "dumb",
           "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "PATH": os.environ["PATH"],
           "TSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:symbolize=0",
           "UBSAN_OPTIONS": "abort_on_error=1:symbolize=0:silence_unsigned_overflow=1"}


def afl_edges(path, plans, folder):
    """The number of edges that these plans reach together."""
    found = set()
    for plan in plans:
        out = os.path.join(folder, "map")
        run(["afl-showmap", "-q", "-m", "none", "-o", out, "--", path, plan], status=None,
            env=AFL_ENV, cwd="/tmp")
        with open(out, encoding="ascii") as f:
            found |= {line.partition(":")[0] for line in f}
    return len(found)


def check_afl(path, sanitizer, folder):
    seeds = seeds_of(path, folder)
    plans = sorted(glob.glob(seeds + "/*"))
    first, all_of = afl_edges(path, plans[:1], folder), afl_edges(path, plans[:20], folder)
    need(first >= LEAST_EDGES, "%s: %d edges" % (path, first))
    need(all_of > first, "%s: 20 seeds reach %d edges, one reaches %d" % (path, all_of, first))
    for plan in plans[3:]:
        os.unlink(plan)
    said = afl_fuzz(path, seeds, folder, 5)
    need("All set and ready to roll" in said, said[-2000:])
    return "%d edges with one seed, %d with twenty" % (first, all_of)


def afl_fuzz(path, seeds, folder, seconds, **env):
    return run(["afl-fuzz", "-m", "none", "-t", "5000", "-i", seeds,
                "-o", os.path.join(folder, "afl"), "-V", str(seconds), "--", path],
               status=None, env={**AFL_ENV, **env}, cwd="/tmp").stdout


def check_replay(path, sanitizer, folder):
    plans = sorted(glob.glob(seeds_of(path, folder) + "/*"))
    run([path] + plans, cwd="/tmp", env={})
    return "%d plans replayed" % len(plans)


RUNS = {"libfuzzer": check_libfuzzer, "afl": check_afl, "none": check_replay}


# ---- a bug is found -------------------------------------------------------------------


def check_planted(how, folder):
    out = build(how, folder, os.path.join(ROOT, "stress", "bugs", BUG + ".patch"))
    engine = how.split("/")[0]
    path = os.path.join(out, "plan_fuzz")
    if engine == "libfuzzer":
        # The hunt begins without a corpus.
        done = run([path, "-seed=1", "-len_control=0", "-max_len=65536", "-max_total_time=120",
                    "-artifact_prefix=" + folder + "/"], status=None, cwd="/tmp", env={})
        need(glob.glob(folder + "/crash-*") and "kthrash: deadlock" in done.stdout,
             "%s was not found:\n%s" % (BUG, done.stdout[-2000:]))
    elif engine == "afl":
        said = afl_fuzz(path, seeds_of(path, folder), folder, 120, AFL_BENCH_UNTIL_CRASH="1",
                        AFL_SKIP_CRASHES="1")
        need(glob.glob(folder + "/afl/default/crashes/id*") or "results in a crash" in said,
             "%s was not found:\n%s" % (BUG, said[-2000:]))
    else:
        plans = sorted(glob.glob(seeds_of(path, folder) + "/*"))
        need(run([path] + plans, status=None).returncode != 0, "%s was not found" % BUG)


def check(how, plant):
    engine, sanitizer = how.split("/")
    with tempfile.TemporaryDirectory() as folder:
        out = build(how, os.path.join(folder, "clean"))
        moved = os.path.join(folder, "elsewhere")
        os.rename(out, moved)
        said = []
        for name in TARGETS:
            path = os.path.join(moved, name)
            check_files(moved, name)
            # parser_fuzz has too few edges for the limits of this check.
            if name == "plan_fuzz":
                check_instrumented(path, sanitizer)
            said.append("%s: %s" % (name, RUNS[engine](path, sanitizer, folder)))
        if plant and sanitizer != "coverage":
            check_planted(how, os.path.join(folder, "planted"))
            said.append("%s found" % BUG)
        print("ok %s (%s)" % (how, "; ".join(said)), flush=True)


def main():
    args = sys.argv[1:]
    plant = "--plant" in args or not args
    bad = 0
    check_dictionary()
    for how in [a for a in args if a != "--plant"] or MATRIX:
        if how not in MATRIX:
            print("check.py: %s: expected some of %s" % (how, " ".join(MATRIX)), file=sys.stderr)
            return 2
        try:
            check(how, plant)
        except Bad as e:
            print("BAD BUILD %s: %s" % (how, e), flush=True)
            bad = 1
    return bad


sys.exit(main())
