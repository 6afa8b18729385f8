# SPDX-License-Identifier: GPL-2.0-only
"""Checks the options that a config gives to a lane, when the config is read.

The night itself decides how long a lane runs, from which seed, and where its findings go. If a lane
could change this, its findings would not be in the night. Each kind of lane has its own options:
the driver's are in its table, the fuzzers' are here.
"""

import os
import re

from kthrashlib.build import driver_options
from kthrashlib.common import ROOT

# The driver's options that the night sets.
OF_NIGHT = ("executions", "seconds", "seed", "first", "jobs", "findings", "coverage",
            "coverage-every", "kept", "keep-going", "json", "progress")
PLANS = ("@corpus", "@seed")

LIBFUZZER_OF_NIGHT = ("max_total_time", "seed", "print_final_stats", "timeout", "artifact_prefix",
                      "exact_artifact_path", "runs", "merge", "merge_inner", "set_cover_merge",
                      "merge_control_file", "fork", "jobs", "workers", "minimize_crash",
                      "minimize_crash_internal_step", "cleanse_crash", "help", "ignore_crashes",
                      "ignore_timeouts", "ignore_ooms", "stop_file", "handle_usr1",
                      "features_dir", "mutation_graph_file", "dump_coverage",
                      "run_equivalence_server")
LIBFUZZER = ("max_len", "len_control", "cross_over", "cross_over_uniform_dist", "mutate_depth",
             "reduce_depth", "shrink", "reduce_inputs", "reload", "use_counters", "use_memmem",
             "use_value_profile", "use_cmp", "entropic", "entropic_feature_frequency_threshold",
             "entropic_number_of_rarest_features", "entropic_scale_per_exec_time", "only_ascii",
             "dict", "rss_limit_mb", "malloc_limit_mb", "prefer_small", "keep_seed",
             "focus_function", "detect_leaks", "trace_malloc", "purge_allocator_interval",
             "close_fd_mask", "report_slow_units", "print_pcs", "print_funcs", "print_coverage",
             "print_corpus_stats", "print_full_coverage", "verbosity", "use_feature_frequency",
             "seed_inputs", "max_number_of_redundant", "shuffle", "data_flow_trace",
             "analyze_dict", "use_unstable_counters", "ignore_remaining_args")
# AFL++'s letters, and whether the letter has a value.
AFL_OF_NIGHT = "MSFVsmioEhfgG"
AFL = {"b": True, "B": True, "c": True, "C": False, "d": False, "D": False, "e": True, "I": True,
       "l": True, "L": True, "n": False, "N": False, "O": False, "p": True, "Q": False, "R": False,
       "t": True, "T": True, "U": False, "W": False, "x": True, "X": False, "Y": False, "Z": False}


def taken(name):
    return ValueError("%s is for the night to decide, expected another option" % name)


def check_value(name, form, value):
    """Raises ValueError if the driver would refuse this value of its option --NAME=FORM."""
    if form == "N" and not re.fullmatch("[0-9]+", value):
        raise ValueError("--%s=%s: expected a whole number" % (name, value))
    if form == "PLANS" and value not in PLANS and not os.path.exists(os.path.join(ROOT, value)):
        raise ValueError("--%s=%s: expected a plan, a folder, %s" % (
            name, value, " or ".join(PLANS)))
    words = form.split("|")
    if len(words) > 1 and not any(re.fullmatch(re.sub("[A-Z]+", "[0-9]+", w), value)
                                  for w in words):
        raise ValueError("--%s=%s: expected one of %s" % (name, value, ", ".join(words)))


def check_driver(words, command="stress"):
    rows = {name: form for name, form, _, _ in driver_options.of(command)}
    seen = set()
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in OF_NIGHT:
            raise taken("--" + name)
        if not word.startswith("--") or name not in rows:
            raise ValueError("unknown option '%s', expected some of %s" % (word, ", ".join(
                "--" + n for n in rows if n not in OF_NIGHT)))
        if name in seen:
            raise ValueError("--%s given twice" % name)
        seen.add(name)
        if bool(rows[name]) != bool(equals and value):
            raise ValueError("%s: expected --%s" % (word, name + ("=" + rows[name]) * bool(
                rows[name])))
        if value:
            check_value(name, rows[name], value)


def check_libfuzzer(words):
    seen = set()
    for word in words:
        found = re.fullmatch(r"-(\w+)=(.+)", word)
        if found and found.group(1) in LIBFUZZER_OF_NIGHT:
            raise taken("-" + found.group(1))
        if not found or found.group(1) not in LIBFUZZER:
            raise ValueError("unknown option '%s', expected one of libFuzzer's, as "
                             "-use_value_profile=1" % word)
        if found.group(1) in seen:
            raise ValueError("-%s given twice" % found.group(1))
        seen.add(found.group(1))


def check_afl(words):
    left, seen = list(words), set()
    while left:
        word = left.pop(0)
        letter = word[1:2] if word.startswith("-") else ""
        if letter and letter in AFL_OF_NIGHT:
            raise taken("-" + letter)
        if letter not in AFL or (len(word) > 2 and not AFL[letter]):
            raise ValueError("unknown option '%s', expected one of AFL++'s, as -p fast" % word)
        if letter in seen:
            raise ValueError("-%s given twice" % letter)
        seen.add(letter)
        if AFL[letter] and len(word) == 2:
            if not left:
                raise ValueError("%s needs a value" % word)
            left.pop(0)


def check_program(words):
    check_driver(words, "run")


def check_differential(words):
    if words:
        raise ValueError("unexpected '%s', expected none" % words[0])


CHECKS = {"stress": check_driver, "program": check_program, "differential": check_differential,
          "libfuzzer": check_libfuzzer, "afl": check_afl}


def check(kind, words):
    """Raises ValueError, whose text is a sentence, if a lane of this kind can't have these
    options."""
    CHECKS[kind](words)
