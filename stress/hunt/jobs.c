/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/jobs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress/hunt/memory.h"
#include "stress/hunt/options.h"
#include "stress/hunt/output.h"

enum { DEATHS_MAX = 3 };	/* after this many deaths at one execution the hunt does not try
				 * it again */

struct process {
	pid_t pid;
	bool ended, told;
	int status;
	unsigned deaths;		/* deaths in a row at execution died_at */
	uint64_t died_at;
};

bool jobs_map(struct jobs *j)
{
	j->shared = memory_map(j->count * sizeof j->shared[0]);
	return j->shared != NULL;
}

static void start(const struct jobs *j, unsigned job, struct process *p)
{
	pid_t parent = getpid();

	output_flush();
	p->pid = fork();
	if (p->pid < 0) {
		fprintf(stderr, "kthrash: fork: %s\n", strerror(errno));
		p->ended = true;
		p->status = EXIT_ENVIRONMENT;
	} else if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);	/* so that the job ends in order */
		if (getppid() != parent || setpgid(0, 0) != 0)
			_exit(EXIT_ENVIRONMENT);
		isolate_apart(&j->shared[job]);
		exit(j->work(job));
	}
}

/*
 * A job has died. Its child may still run an execution. This process, a subreaper, is now that
 * child's parent, and ends it.
 */
static void end_group(pid_t group)
{
	kill(-group, SIGKILL);
	while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
		;
}

static bool ended_in_order(int status)
{
	return WIFEXITED(status) &&
	       (WEXITSTATUS(status) == EXIT_CLEAN || WEXITSTATUS(status) == EXIT_FINDINGS);
}

static void on_death(const struct jobs *j, unsigned job, struct process *p, int status)
{
	const struct shared *s = &j->shared[job];
	bool again;

	end_group(p->pid);
	p->deaths = p->deaths && p->died_at == s->next ? p->deaths + 1 : 1;
	p->died_at = s->next;
	again = !p->told && p->deaths < DEATHS_MAX;
	fprintf(stderr, "kthrash: process %u of %u %s %d at execution %llu; %s\n", job + 1,
		j->count, WIFSIGNALED(status) ? "was ended by signal" : "ended with status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		(unsigned long long)s->next,
		again ? "another goes on from there" : "its share from there on is not done");
	if (again) {
		start(j, job, p);
	} else {
		p->ended = true;
		p->status = EXIT_ENVIRONMENT;
	}
}

static void look_at(const struct jobs *j, unsigned job, struct process *p)
{
	int status;

	if (!p->told && j->is_over(job)) {
		p->told = true;
		kill(p->pid, SIGINT);
	}
	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		return;
	if (!ended_in_order(status)) {
		on_death(j, job, p, status);
	} else {
		p->ended = true;
		p->status = WEXITSTATUS(status);
	}
}

static int worst(const struct process *p, unsigned count)
{
	int status = EXIT_CLEAN;

	for (unsigned i = 0; i < count; i++)
		if (p[i].status > status)
			status = p[i].status;
	return status;
}

int jobs_run(const struct jobs *j)
{
	struct process *process = calloc(j->count, sizeof *process);
	unsigned wait_ms = 1;
	bool running = true;
	int status;

	if (!process) {
		fprintf(stderr, "kthrash: no memory for %u process%s\n", j->count,
			j->count == 1 ? "" : "es");
		return EXIT_ENVIRONMENT;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);	/* so that end_group() can wait for a dead job's
						 * child */
	for (unsigned i = 0; i < j->count; i++)
		start(j, i, &process[i]);
	while (running) {
		poll(NULL, 0, (int)wait_ms);	/* short at first: some hunts end soon */
		if (wait_ms < 50)
			wait_ms *= 2;
		j->tick();
		running = false;
		for (unsigned i = 0; i < j->count; i++) {
			if (!process[i].ended)
				look_at(j, i, &process[i]);
			running |= !process[i].ended;
		}
	}
	status = worst(process, j->count);
	free(process);
	return status;
}
