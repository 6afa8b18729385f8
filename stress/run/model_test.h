/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of model_test share: a plan, its ledger, and lists of rules of the model. */
#ifndef STRESS_MODEL_TEST_H
#define STRESS_MODEL_TEST_H

#include "platform/check.h"
#include "stress/run/ledger.h"
#include "stress/run/model.h"

/* The threads of the plan, in the order of their creates, and its tasks. */
#define A (&ledger.thread[0])	/* "a", parkable, result 7 */
#define B (&ledger.thread[1])	/* "b" */
#define W (&ledger.thread[2])	/* "w", a worker; its work 1 is delayed */
#define P (&ledger.thread[3])	/* "p/0", a percpu */

enum { C1, C2 };	/* C1 has the handles; C2 moves CPU 2 and cancels work 0 */
enum { CPUS = 15 };	/* bit per CPU */

extern const struct plan_op *expects_eintr, *expects_ok;

struct model_rule {
	/*
	 * Writes into a ledger in which nothing has happened, and asks the model. bad: one
	 * fact is wrong.
	 */
	void (*ask)(bool bad);
	const char *name;
	/* If one fact is wrong, the failure is `kind`, and its text begins with `message`. */
	const char *message;
	enum kt_failure kind;
};

#define RULE(ask, message) RULE_OF(ask, KT_MODEL, message)
#define RULE_OF(ask, kind, message) { ask, #ask, message, kind }

/* Each ends with a row of zeros. */
extern const struct model_rule model_thread_rules[], model_request_rules[], model_work_rules[],
	model_registry_rules[], model_percpu_rules[], model_core_rules[];

#endif
