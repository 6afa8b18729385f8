/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/budget.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "platform/check.h"

static struct {
	double seconds, started, last_progress;
	bool ran_out;
} budget;

static volatile sig_atomic_t interrupted;	/* the number of the signal, or 0 */

double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void on_interrupt(int sig)
{
	interrupted = sig;
}

void budget_begin(double seconds)
{
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	budget.seconds = seconds;
	budget.started = budget.last_progress = now_s();
	budget.ran_out = false;
}

double budget_elapsed(void)
{
	return now_s() - budget.started;
}

bool budget_is_spent(void)
{
	if (budget.seconds > 0 && budget_elapsed() >= budget.seconds)
		budget.ran_out = true;
	return interrupted != 0 || budget.ran_out;
}

int budget_was_interrupted(void)
{
	return interrupted;
}

bool budget_ran_out(void)
{
	return budget.ran_out;
}

bool is_time_for_progress(bool every_second)
{
	if (now_s() - budget.last_progress < (every_second || isatty(STDERR_FILENO) ? 1 : 10))
		return false;
	budget.last_progress = now_s();
	return true;
}

void progress_line(uint64_t executions, const char *more)
{
	bool terminal = isatty(STDERR_FILENO);
	double s = budget_elapsed();

	fprintf(stderr, "%s%.0f s  %llu execution%s  %.0f/s%s%s", terminal ? "\r" : "", s,
		(unsigned long long)executions, kt_plural(executions), (double)executions / s, more,
		terminal ? "   " : "\n");
}

void progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
}
