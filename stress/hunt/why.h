/* SPDX-License-Identifier: GPL-2.0-only */
/* The cause of a finding (stress/cause), searched in a child, because executions may die. */
#ifndef STRESS_HUNT_WHY_H
#define STRESS_HUNT_WHY_H

#include "stress/cause/cause.h"

struct json;

/*
 * Find the cause of the failure *v that *p gives as written. Afterwards world_record() has that
 * execution. The result stays valid until the next call. If the child could not be started, the
 * kind is CAUSE_NOT_FOUND.
 */
const struct cause *why(const struct plan *p, const struct verdict *v);

/*
 * The id of the bug by its cause; by the signature of *v if the cause has no identity. Returns
 * id.
 */
const char *why_id(char id[SIGNATURE_ID_MAX], const struct cause *c, const struct verdict *v);

/* Write the cause as an object with that key. */
void why_put(struct json *j, const char *key, const struct cause *c, const struct verdict *v);

#endif
