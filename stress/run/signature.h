/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The identity of a bug. It tells one bug from another, in every build and on every machine,
 * and does not depend on the tool that finds it.
 *
 * A signature is a kind and the places or stack frames that are involved. It has no address,
 * no line number and no name from the plan. Its id is short enough to be the name of a file.
 * Two findings are one bug if their ids are equal.
 *
 * No other file makes a signature or an id. They are in the files of findings and in the
 * records of nights, so a change here makes old bugs look new.
 */
#ifndef STRESS_RUN_SIGNATURE_H
#define STRESS_RUN_SIGNATURE_H

#include <stddef.h>

#include "platform/check.h"
#include "platform/point.h"

#define SIGNATURE_MAX 256
#define SIGNATURE_ID_MAX 32
#define SIGNATURE_PLACES_MAX 256

/* "deadlock-1a2b3c4d". Returns id. */
const char *signature_id(char id[SIGNATURE_ID_MAX], enum kt_failure failure,
			 const char *signature);

/*
 * The signature of an oracle's finding. It has the message up to the first colon, because what
 * follows depends on the plan. It also has the place at which the failing task was, unless `at`
 * is NULL.
 */
void signature_of_message(char signature[SIGNATURE_MAX], enum kt_failure failure,
			  const char *message, struct kt_site *at);

/*
 * Copy a message with "a task" in place of each name, and "CPU N" in place of a CPU's number. Other
 * plans have other names and CPUs. Returns buf.
 */
char *signature_hide_plan(char *buf, size_t size, const char *message, const char *const *name,
			  unsigned names);

/*
 * Several tasks can't go on. The signature has the place of each task; the order of the tasks
 * does not matter.
 */
void signature_of_places(char signature[SIGNATURE_MAX], enum kt_failure failure,
			 struct kt_site *const *place, unsigned count);

/*
 * Two runs of one execution differ. Either they are at two places at one step; the signature is
 * the same if the two places are exchanged. Or they differ only in how they end.
 */
void signature_of_steps(char signature[SIGNATURE_MAX], const char *place, const char *other);
void signature_of_ends(char signature[SIGNATURE_MAX], enum kt_failure first,
		       enum kt_failure again);

/* A sanitizer's report. The signature has the functions of core/, platform/ and stress/ in it. */
void signature_of_report(char signature[SIGNATURE_MAX], enum kt_failure failure,
			 const char *report);

/* A signal ended a process that left no report; or a process made no progress. */
void signature_of_signal(char signature[SIGNATURE_MAX], int signal);
void signature_of_hang(char signature[SIGNATURE_MAX]);

#endif
