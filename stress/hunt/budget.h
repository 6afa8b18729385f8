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

/* The command begins. It may take so many seconds; 0: no limit. */
void budget_begin(double seconds);
bool budget_is_spent(void);

/* Seconds since budget_begin(). */
double budget_elapsed(void);

/* Why budget_is_spent() said so. */
bool budget_was_interrupted(void);
bool budget_ran_out(void);

/* Is it time for another line? Every second, or every ten in a log that people read. */
bool progress_is_due(bool every_second);

/* A line on stderr. On a terminal it replaces the last one; progress_end() keeps that. */
void progress_line(uint64_t executions, const char *more);
void progress_end(void);

#endif
