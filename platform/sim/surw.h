/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the strategy surw: the profile. It says how many events of each class each task has.
 * surw_profile.c takes it from one execution of the program.
 */
#ifndef PLATFORM_SIM_SURW_H
#define PLATFORM_SIM_SURW_H

#include "platform/sim/internal.h"
#include "platform/sim/sim_set.h"

enum {
	SURW_FIELDS_MAX = 96,
	SURW_OBJECTS_MAX = 1024,
};

struct surw_class {
	uint32_t id;			/* hash of a field's name, or sim_program.class_of */
	bool written;			/* some event is more than a load */
	struct sim_set users;
	uint32_t events[SIM_TASKS_MAX];
};

extern struct surw_profile {
	bool by_object;			/* sim_program.class_of tells the class */
	uint32_t tasks;
	uint32_t name[SIM_TASKS_MAX];	/* hash */
	uint8_t parent[SIM_TASKS_MAX];

	uint32_t classes;		/* classes that several tasks use */
	struct surw_class class[SURW_OBJECTS_MAX];
} surw_profile;

/* The class of an event on a field: the same for "&k->flags" and "t->flags". 0: none. */
uint32_t surw_field(const struct kt_site *site);

#endif
