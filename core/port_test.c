/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/ on a port that does nothing (platform/template/). The port has every function that
 * core/ calls, so the program links. The port can't start a thread. core/ must return that
 * error and leave nothing behind.
 */
#include <errno.h>
#include <stdio.h>

#include "core/cpu.h"
#include "core/freezer.h"
#include "core/kthread.h"
#include "core/kthreadd.h"
#include "core/mm.h"
#include "core/registry.h"
#include "core/rwsem.h"
#include "core/smpboot.h"
#include "core/timer.h"
#include "core/worker.h"
#include "platform/os.h"

/* Functions of each file of core/: the linker must find all that they call. */
static void (*const everything[])(void) = {
	(void (*)(void))cpu_up,
	(void (*)(void))freeze_kthreads,
	(void (*)(void))kthread_create_on_node,
	(void (*)(void))kthread_park,
	(void (*)(void))kthread_stop,
	(void (*)(void))kthread_use_mm,
	(void (*)(void))kthread_find,
	(void (*)(void))down_write,
	(void (*)(void))smpboot_register_percpu_thread,
	(void (*)(void))kthreadd_boot_timers,
	(void (*)(void))mod_timer,
	(void (*)(void))kthread_create_worker,
	(void (*)(void))kthread_mod_delayed_work,
};

int main(void)
{
	static struct kthreadd daemon;
	static struct task_struct init;
	int err;

	kthreadd_init(&daemon);
	task_init(&init, &daemon, "init");
	os_adopt(&init.os, "init");
	err = kthreadd_boot(&daemon);
	task_destroy(&init);
	os_unadopt();
	if (err != -EAGAIN) {
		printf("FAIL kthreadd_boot: got %d, expected -EAGAIN\n", err);
		return 1;
	}
	for (enum kt_role role = 0; role < KT_ROLE_COUNT; role++)
		if (os_live(role) != 0) {
			printf("FAIL kthreadd_boot left something behind: %s\n",
			       kt_role_name(role));
			return 1;
		}
	for (size_t i = 0; i < sizeof everything / sizeof everything[0]; i++)
		if (!everything[i])
			return 1;
	printf("ok port\n");
	return 0;
}
