/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a command may take, and the lines on stderr that say how far it is. SIGINT and
 * SIGTERM end the budget: the command stops in order and says what it has.
 */
#ifndef STRESS_HUNT_BUDGET_H
#define STRESS_HUNT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since some point in the past. */
double now_s(void);

/* The command begins. It may take that many seconds; 0: no limit. */
void budget_begin(double seconds);
bool budget_is_spent(void);

/* Seconds since budget_begin(). */
double budget_elapsed(void);

/* Why did budget_is_spent() return true: because of a signal, or because the time is up? */
bool budget_was_interrupted(void);
bool budget_ran_out(void);

/* The exit status of an interrupted command without findings, as shells have it: 128 + signal. */
int budget_interrupted_status(void);

/*
 * Is it time for another line? Once a second on a terminal or if `every_second`; once in ten
 * seconds in a log.
 */
bool is_time_for_progress(bool every_second);

/*
 * Write a line on stderr. On a terminal it replaces the line before it, and progress_end()
 * keeps the last one.
 */
void progress_line(uint64_t executions, const char *more);
void progress_end(void);

#endif
