/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before and after main(): the kernel is booted, and shut down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(KT_CORE_LINUX)
#include <linux/version.h>
#endif

#include "core/driver/driver.h"
#include "platform/posix/posix.h"

/* The section that build.py gives to all code here. */
extern const char __start_kthrash_kernel[], __stop_kthrash_kernel[];

static bool is_shut_down;

void kd_begin(void)
{
	if (kthrash_call_library)
		kthrash_call_library(__start_kthrash_kernel, __stop_kthrash_kernel);
#if defined(KT_CORE_LINUX)
	if (kthrash_call_core)
		kthrash_call_core(KT_LINUX_VERSION, KT_LINUX_TREE);
#endif
}

static void failed(enum kt_failure kind, const char *message)
{
	if (kthrash_call_failed)
		kthrash_call_failed(kind, message, NULL);
}

/*
 * On real threads: threads lose time at random places, if `run --os=posix` says so. Not in the
 * simulator, where nothing may depend on the environment.
 */
static void set_delays(void)
{
	const char *seed = secure_getenv("KTHRASH_DELAYS");

	if (seed && !(kthrash_call_on && kthrash_call_on()))
		posix_set_delays(strtoull(seed, NULL, 10), 50);
}

static void boot(void)
{
	static const struct os_hooks hooks = { .failed = failed };

	kd_must_succeed(1);
	os_set_hooks(&hooks);
	set_delays();
	kthreadd_init(&kd_daemon);
	kd_self();
	if (kthreadd_boot(&kd_daemon)) {
		fprintf(stderr, "kthrash: kthreadd can't be started\n");
		exit(3);
	}
	kd_must_succeed(-1);
}

/* After main(), or in exit(): what the program has not stopped is a finding. */
static void shut_down(void)
{
	KD_CALL(QUIET, NULL);
	if (is_shut_down)
		return;
	is_shut_down = true;
	kd_must_succeed(1);
	kd_kthreads_at_end();
	kd_workqueues_at_end();
	kd_services_stop();
	kthreadd_shutdown(&kd_daemon);
	os_wait_detached();
}

int kd_main(int (*program)(int, char **, char **), int argc, char **argv, char **envp)
{
	int status;

	if (kthrash_call_enter)
		kthrash_call_enter(KTHRASH_QUIET, NULL, NULL);
	boot();
	atexit(shut_down);
	if (kthrash_call_leave)
		kthrash_call_leave();
	KD_CALLBACK(status = program(argc, argv, envp));
	shut_down();
	return status;
}

/* ---- services ------------------------------------------------------------------------ */

static struct kd_service *services; /* only grows; changed under lock */
static struct kd_lock services_lock;

static void service_main(void *arg)
{
	struct kd_service *s = arg;

	kd_self();
	os_ignore_signals();
	current->flags |= PF_NOFREEZE | PF_NOSIGNAL;
	s->fn(s->arg);
	set_special_state(TASK_DEAD);
}

void kd_service_start(struct kd_service *s, const char *name, void (*fn)(void *arg), void *arg)
{
	s->fn = fn;
	s->arg = arg;
	kd_must_succeed(1);
	task_init(&s->task, &kd_daemon, name);
	if (os_spawn(&s->task.os, name, OS_JOINABLE, service_main, s)) {
		fprintf(stderr, "kthrash: no thread for %s\n", name);
		exit(3);
	}
	kd_must_succeed(-1);
	KD_LOCK(&services_lock);
	s->next = services;
	services = s;
	KD_UNLOCK(&services_lock);
}

bool kd_service_should_stop(const struct kd_service *s)
{
	return smp_load_acquire(&s->stop);
}

void kd_services_stop(void)
{
	struct kd_service *s, *next;

	KD_LOCK(&services_lock);
	s = services;
	services = NULL;
	KD_UNLOCK(&services_lock);
	for (; s; s = next) {
		next = s->next;
		smp_store_release(&s->stop, 1);
		wake_up_process(&s->task);
		os_join(&s->task.os);
		task_destroy(&s->task);
	}
}

/* ---- modules --------------------------------------------------------------------------- */

enum { MODULES_MAX = 16 };

static struct {
	int (*init)(void);
	void (*exit)(void);
	bool loaded;
} module[MODULES_MAX];
static int modules;

/* Called by constructors: module_init() and module_exit(), in this order. */
void kd_module(int (*init)(void), void (*exit_)(void))
{
	if (init && modules < MODULES_MAX)
		module[modules++].init = init;
	else if (exit_ && modules)
		module[modules - 1].exit = exit_;
}

int kd_modules_load(void)
{
	for (int i = 0; i < modules; i++) {
		int error = module[i].init();

		if (error)
			return error;
		module[i].loaded = true;
	}
	return 0;
}

void kd_modules_unload(void)
{
	for (int i = modules; i-- > 0;)
		if (module[i].loaded && module[i].exit)
			module[i].exit();
}
