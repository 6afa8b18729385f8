/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The details of an execution, for people who read its trace: which value each operation saw
 * and left, what a task changed without a site, what the objects are called, which lock a task
 * waited for. They are recorded only on demand, because a hunt does not need them.
 *
 * A slot is the time between a step's decision and the next step. In slot n the task
 * trace[n].next goes on: it does the operation at whose site it had stopped, and then runs to
 * its next site. If no other task ran in between, that operation is the one of step n.
 */
#ifndef PLATFORM_SIM_SIM_DETAIL_H
#define PLATFORM_SIM_SIM_DETAIL_H

#include "platform/sim/sim_trace.h"

enum {
	SIM_NAMED_MAX = 2048,
	SIM_OBJECT_NAME_MAX = 64,
	SIM_CHANGES_MAX = 1 << 16,
	SIM_FIELDS_MAX = 48,		/* of a shape */
};

#define SIM_NO_STEP   UINT32_MAX
#define SIM_NO_OBJECT 0

/* ---- what the subject knows of its memory ---------------------------------- */

/* A bit, or a value, of a word and its name. A list ends with a row whose name is NULL. */
struct sim_bits {
	uint64_t bits;
	const char *name;
};

enum sim_kind {	/* how a field's values are printed */
	SIM_NUMBER,
	SIM_SIGNED,
	SIM_BOOL,
	SIM_BITS,	/* by names of bits; no bit: the name of the row whose bits are 0 */
	SIM_POINTER,	/* by the name of the object */
	SIM_LINKS,	/* a list_head: the object that its `next` leads to; see sim_change */
	SIM_HEX,
	SIM_QUIET,	/* has a name, but a plain change of it is not recorded */
};

struct sim_field {
	const char *name;
	uint16_t offset, size;
	enum sim_kind kind;
	const struct sim_bits *bits;	/* SIM_BITS */
};

struct sim_shape {		/* what a struct looks like */
	uint32_t size, fields;
	const struct sim_field *field;
};

struct sim_namer {
	/* Memory outside of blocks: the i-th range and its shape. False if there is none. */
	bool (*range)(unsigned i, const void **base, const struct sim_shape **shape);
	/* The shape of a live block, or NULL. */
	const struct sim_shape *(*block)(enum kt_role role, const void *base, size_t size);
	/*
	 * What people call the object at `base`, a range or a live block: "a/0", "work 2 of w".
	 * False if that is not known yet.
	 */
	bool (*name)(const void *base, const struct sim_shape *shape, char *buf, size_t size);
	/*
	 * The name of what is at another address, which is in no range and no block. NULL: the
	 * subject's memory is all in those.
	 */
	bool (*other)(const void *addr, char *buf, size_t size);

	/* The task that serves the object: who waits for the object waits for this task. */
	bool (*owner)(const void *base, const struct sim_shape *shape, char *buf, size_t size);

	/* Does a task sleep there by design, until there is something to do? NULL: never. */
	bool (*idles)(const struct kt_site *why);
};

/* From the next execution on. *n must live as long. NULL: only blocks have names. */
void sim_set_namer(const struct sim_namer *n);

/* ---- what is recorded --------------------------------------------------------- */

struct sim_named {
	char name[SIM_OBJECT_NAME_MAX];
	char owner[SIM_OBJECT_NAME_MAX];	/* the task that serves it, or "" */
	bool is_block, is_stack;	/* neither: a range, or a word of the program's memory */
	uint8_t role;			/* of a block */
	uint8_t allocated_by, freed_by;	/* tasks */
	uint32_t freed_in;		/* the slot in which it was freed, or SIM_NO_STEP */
	struct kt_site *allocated_at, *freed_at;
};

struct sim_value {
	uint64_t bits;
	uint16_t object;	/* to which the bits point, or SIM_NO_OBJECT */
	uint16_t offset;
};

/* By a plain access in a slot. Of SIM_LINKS: bits are 0 if the list_head leads to itself. */
struct sim_change {
	uint16_t object;
	const struct sim_field *field;
	struct sim_value before, after;
};

struct sim_detail {		/* of a slot */
	uint32_t step;		/* whose operation is done; SIM_NO_STEP: the task begins */
	uint16_t object;	/* of that operation, or SIM_NO_OBJECT */
	uint16_t offset;	/* in it */
	bool known;		/* the two values are known */
	const struct sim_field *field;	/* NULL: not known */
	struct sim_value before, after;
	uint32_t changes_first, changes;

	/* Of the step with the slot's number: */
	/* if it is SIM_BLOCKED: the task that the sleeper waits for, or -1. */
	int16_t waits_for;
};

struct sim_details {
	uint32_t objects, changes;
	bool lost;		/* there were more objects or changes than there is room */
	struct sim_named object[SIM_NAMED_MAX];	/* [0] is none */
	struct sim_change change[SIM_CHANGES_MAX];
	struct sim_detail detail[SIM_STEPS_MAX];
};

/* From the next execution on, record details, or no more. Call it before a fork. */
void sim_note_details(bool on);

/* The details of the execution that ran last. NULL if none were recorded. */
const struct sim_details *sim_details(void);

#endif
