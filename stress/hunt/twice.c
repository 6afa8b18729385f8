/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/twice.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress/hunt/options.h"
#include "stress/hunt/shared.h"

/*
 * Run once in a new process. If that process dies, this one dies in the same way, and that is
 * the finding.
 */
static void run_apart(const struct world_options *w, struct verdict *v)
{
	pid_t parent = getpid(), pid;
	int status;

	memset(&shared->again, 0, sizeof shared->again);
	pid = fork();
	if (pid < 0) {
		perror("kthrash: no process for the second run");
		_exit(EXIT_ENVIRONMENT);
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_ENVIRONMENT);
		world_run(w, &shared->again);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	*v = shared->again;
}

/* Move memory by a power of two, so that this bit of every address differs. */
static bool differs_moved(const struct world_options *w, unsigned power, struct verdict *v)
{
	struct world_options moved = *w;
	struct verdict again;

	memset(&again, 0, sizeof again);
	moved.moved = 1u << power;
	world_run(&moved, &again);
	return world_differs(&again, v);
}

void run_twice(const struct world_options *w, bool thorough, struct verdict *v)
{
	struct verdict again;

	memset(v, 0, sizeof *v);
	world_run(w, v);
	world_keep(v);
	if (!thorough) {
		differs_moved(w, (unsigned)(v->hash % WORLD_MOVED_POWERS), v);
		return;
	}
	for (unsigned i = 0; i < WORLD_MOVED_POWERS; i++)
		if (differs_moved(w, i, v))
			return;
	run_apart(w, &again);
	world_differs(&again, v);
}
