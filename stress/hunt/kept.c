/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/point.h"
#include "platform/rng.h"
#include "stress/hunt/files.h"
#include "stress/hunt/memory.h"
#include "stress/hunt/options.h"
#include "stress/run/subject.h"

enum {
	KEPT_MAX = 256,
	KEPT_BYTES = 4096,	/* longer plans are not kept, because they are slow */
};

static struct kept {
	int error;	/* errno: why a copy could not be written; 0: all could */
	uint32_t count;
	struct {
		uint32_t size;
		char text[KEPT_BYTES];
	} plan[KEPT_MAX];
} *kept;	/* NULL: no plan is kept */

static const char *copies;	/* folder; NULL: none */

int kept_map(const char *folder)
{
	if (folder && access(folder, W_OK | X_OK) != 0) {
		fprintf(stderr, "kthrash: --kept=%s: %s\n", folder, strerror(errno));
		return EXIT_USAGE;
	}
	copies = folder;
	kept = memory_map(sizeof *kept);
	return kept ? EXIT_CLEAN : EXIT_ENVIRONMENT;
}

/* A copy that can't be written does not stop the hunt, which has the plan in memory. */
static void copy(const char *text, size_t size)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%08x.plan", copies, kt_text_hash(text));
	if (access(path, F_OK) != 0) {
		int err = file_write(path, text, size);

		if (err)
			kept->error = -err;
	}
}

int kept_error(void)
{
	return kept ? kept->error : 0;
}

void kept_add(const struct plan *p, uint64_t seed)
{
	struct kt_rng rng = { seed };
	size_t size = kept ? plan_print(p, NULL, 0) : 0;
	uint32_t at;

	if (!size || size >= KEPT_BYTES)
		return;
	at = kept->count < KEPT_MAX ? kept->count++ : kt_rng_below(&rng, KEPT_MAX);
	plan_print(p, kept->plan[at].text, KEPT_BYTES);
	kept->plan[at].size = (uint32_t)size;
	if (copies)
		copy(kept->plan[at].text, size);
}

bool kept_mutate(struct plan *p, uint64_t seed)
{
	struct kt_rng rng = { seed };
	struct plan_error err;
	uint32_t at;

	if (!kept || !kept->count || kt_rng_below(&rng, 2) == 0)
		return false;
	at = kt_rng_below(&rng, kept->count);
	if (plan_parse(p, kept->plan[at].text, kept->plan[at].size, &err) != 0)
		return false;
	subject->mutate(p, kt_rng_next(&rng), PLAN_BYTES_MAX);
	return true;
}
