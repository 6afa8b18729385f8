/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * platform/os.h on real threads: how they start and end.
 *
 * A new thread waits for `go` before it runs fn. As soon as fn runs it may end, and another
 * thread may join the thread and free its os_thread. So os_spawn() must no longer use the
 * os_thread when fn begins. `detached` counts the detached threads that may still touch our
 * memory.
 *
 * Stacks belong to the C library, which uses them again. So a stack may be on the node for
 * which an earlier thread asked.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "platform/posix/internal.h"
#include "platform/rcu.h"

enum { STACK_BYTES = 1 << 20 };

static uint32_t detached;	/* futex word; atomic */

/* Runs before there is a second thread. */
__attribute__((constructor))
static void begin(void)
{
	KT_RCU_IMPL(_begin)();
}

void posix_forget_detached(void)
{
	__atomic_store_n(&detached, 0, __ATOMIC_RELAXED);
}

static void handle_init(struct os_thread *t, const char *name)
{
	memset(t, 0, sizeof *t);
	memcpy(t->name, name, strnlen(name, sizeof t->name - 1));
	pthread_mutex_init(&t->wait_lock, NULL);
}
_Static_assert(sizeof(((struct os_thread *)0)->name) == OS_NAME_MAX, "the full name fits");

/* Touch the first pages of the stack while the policy says where they come from. */
__attribute__((noinline))
static void touch_stack(void)
{
	volatile char pages[16384];

	for (size_t i = 0; i < sizeof pages; i += 4096)
		pages[i] = 0;
}

/* The thread's last access to our memory. Its release pairs with os_wait_detached(). */
static void leave_detached(void)
{
	if (__atomic_sub_fetch(&detached, 1, __ATOMIC_RELEASE) == 0)
		posix_futex_wake(&detached, INT32_MAX);
}

static void *thread_main(void *arg)
{
	struct posix_thread *me = arg;
	bool is_detached = me->kind == OS_DETACHED;
	char comm[OS_COMM_MAX] = "";

	/* Acquire pairs with the release in let_go(). */
	while (__atomic_load_n(&me->go, __ATOMIC_ACQUIRE) == 0)
		posix_futex_wait(&me->go, 0, NULL);
	posix_become(me);
	KT_RCU_IMPL(_register_thread)();
	memcpy(comm, os_self()->name, sizeof comm - 1);
	prctl(PR_SET_NAME, comm);
	if (me->has_policy) {
		touch_stack();
		posix_set_mempolicy(&me->policy);
	}
	me->fn(me->arg);
	KT_RCU_IMPL(_unregister_thread)();
	/* If the thread is detached, its os_thread may be gone by now. */
	posix_become(NULL);
	posix_thread_put(me);
	if (is_detached) {
		posix_count_live(KT_ROLE_STACK, -1);
		leave_detached();
	}
	return NULL;
}

static int create(pthread_t *pthread, struct posix_thread *p)
{
	bool is_detached = p->kind == OS_DETACHED;
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (is_detached)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(pthread, &attr, thread_main, p);
	pthread_attr_destroy(&attr);
	return err;
}

/* Create the thread with its memory on `node`. A machine that can't do so ignores the node. */
static int create_on_node(pthread_t *pthread, struct posix_thread *p, int node)
{
	int err;

	p->has_policy = node != OS_NO_NODE && posix_get_mempolicy(&p->policy) == 0 &&
			posix_prefer_node(node) == 0;
	if (!p->has_policy)
		return create(pthread, p);
	err = create(pthread, p);
	posix_set_mempolicy(&p->policy);	/* set the policy back to what the caller had */
	return err;
}

/* Let the thread run. From here on *t may be gone. The thread's record always exists. */
static void let_go(struct posix_thread *p)
{
	__atomic_store_n(&p->go, 1, __ATOMIC_RELEASE);
	posix_futex_wake(&p->go, 1);
}

int os_spawn(struct os_thread *t, const char *name, enum os_spawn_kind kind,
	     void (*fn)(void *arg), void *arg)
{
	struct kt_site *site = KT_SITE_NAMED("os.spawn");
	struct posix_thread *me = posix_self(), *p;
	bool is_detached = kind == OS_DETACHED;

	if (posix_hooks.alloc_fails && posix_hooks.alloc_fails(KT_ROLE_STACK, site))
		return -EAGAIN;
	p = posix_thread_get(t, name);
	if (!p)
		return -EAGAIN;
	handle_init(t, name);
	p->kind = kind;
	p->fn = fn;
	p->arg = arg;
	posix_count_live(KT_ROLE_STACK, 1);
	if (is_detached)
		__atomic_add_fetch(&detached, 1, __ATOMIC_RELAXED);
	if (create_on_node(&t->pthread, p, me ? me->spawn_node : OS_NO_NODE) == 0) {
		let_go(p);
		return 0;
	}
	posix_count_live(KT_ROLE_STACK, -1);
	if (is_detached)
		leave_detached();
	pthread_mutex_destroy(&t->wait_lock);
	posix_thread_put(p);
	return -EAGAIN;
}

void os_join(struct os_thread *t)
{
	struct kt_site *site = KT_SITE_NAMED("os.join");
	int err;

	KT_ASSERT(t != os_self());
	(void)kt_may_sleep(site);
	os_waits_for(t);
	posix_waits_at(site);
	err = pthread_join(t->pthread, NULL);
	KT_ASSERT(err == 0);
	posix_waits_at(NULL);
	os_waits_for(NULL);
	pthread_mutex_destroy(&t->wait_lock);
	posix_count_live(KT_ROLE_STACK, -1);
}

void os_wait_detached(void)
{
	struct kt_site *site = KT_SITE_NAMED("os.wait_detached");
	uint32_t left;

	posix_waits_at(site);
	while ((left = __atomic_load_n(&detached, __ATOMIC_ACQUIRE)) != 0)
		posix_futex_wait(&detached, left, NULL);
	posix_waits_at(NULL);
}

void os_adopt(struct os_thread *t, const char *name)
{
	struct posix_thread *p;

	KT_ASSERT(posix_self() == NULL);
	handle_init(t, name);
	t->pthread = pthread_self();
	p = posix_thread_get(t, name);
	KT_ASSERT(p != NULL);
	posix_become(p);
	KT_RCU_IMPL(_register_thread)();
}

void os_unadopt(void)
{
	struct posix_thread *me = posix_self();

	KT_ASSERT(me != NULL);
	KT_RCU_IMPL(_unregister_thread)();
	pthread_mutex_destroy(&os_self()->wait_lock);
	posix_become(NULL);
	posix_thread_put(me);
}

const char *os_name(const struct os_thread *t)
{
	return t->name;
}
