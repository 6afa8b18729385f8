/* SPDX-License-Identifier: GPL-2.0-only */
/* zstd's thread pool: two threads, a queue of one job, and the pool resized while it works. */
#include <assert.h>
#include <stddef.h>

#include "pool.h"

enum { JOBS = 4 };

static int done[JOBS];

static void job(void *arg)
{
	++*(int *)arg;
}

int main(void)
{
	POOL_ctx *pool = POOL_create(2, 1);

	if (!pool)
		return 0;
	for (int i = 0; i < JOBS; i++) {
		POOL_add(pool, job, &done[i]);
		if (i == 1)
			(void)POOL_resize(pool, 1);
	}
	POOL_joinJobs(pool);
	for (int i = 0; i < JOBS; i++)
		assert(done[i] == 1);
	POOL_free(pool);
	return 0;
}
