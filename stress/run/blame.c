/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of the harness, not of the code under test: compiled without sanitizers, like
 * inject.c, because on the simulator it runs on every fiber without any order between them.
 */
#include "stress/run/exec.h"

void exec_alloc_failed(enum kt_role role)
{
	struct exec_task *self = exec_self();

	if (self && self->creating)
		self->creating->failed_creator |= 1u << role;
	else if (self && self->calling)
		self->calling->failed_caller |= 1u << role;
	else if (exec_is_daemon() && exec.forking)
		exec.forking->failed_daemon |= 1u << role;
	else if (exec_is_daemon() && exec.forking_call)
		exec.forking_call->failed_daemon |= 1u << role;
}
