/* SPDX-License-Identifier: GPL-2.0-only */
/* `bench`: what the simulator costs. */
#ifndef STRESS_BENCH_BENCH_H
#define STRESS_BENCH_BENCH_H

#include "stress/hunt/options.h"

/* The command; returns an exit status (options.h). */
int command_bench(const struct options *o);
/* The same, if the subject is a program. */
int bench_program(const struct options *o);

#endif
