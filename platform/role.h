/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an allocation is for. A plan ("fail stack #2") and the report of a leak name
 * roles. The list is closed, so that a plan can be checked.
 */
#ifndef PLATFORM_ROLE_H
#define PLATFORM_ROLE_H

/* words.def says what each role is. */
enum kt_role {
#define ROLE(id, word, help) KT_ROLE_##id,
#include "platform/words.def"
#undef ROLE
	KT_ROLE_COUNT
};

/* "create_info" for KT_ROLE_CREATE_INFO. */
const char *kt_role_name(enum kt_role role);

/* The help sentence of the role's row in words.def. */
const char *kt_role_help(enum kt_role role);

/* The role of that name, or KT_ROLE_COUNT. */
enum kt_role kt_role_find(const char *name);

#endif
