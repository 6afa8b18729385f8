/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU and caches of objects. kmalloc() and kfree() are malloc() and free() in the driver's own
 * text (linux/slab.h), so that a block has the driver's place.
 */
#include <stdlib.h>
#include <string.h>

#include "core/driver/driver.h"
#include "platform/rcu.h"

/* ---- RCU ------------------------------------------------------------------------- */

_Static_assert(sizeof(kt_rcu_head) <= sizeof(((struct kd_rcu_head *)0)->core), "it has room");

void kd_rcu_read(bool begin)
{
	KD_CALL(CALL, NULL);
	kd_self();
	if (begin) {
		kd_own.rcu++;
		rcu_read_lock();
		return;
	}
	if (!kd_own.rcu)
		kd_fail(KT_DISCIPLINE, NULL, "rcu_read_unlock() without rcu_read_lock()");
	kd_own.rcu--;
	rcu_read_unlock();
}

void kd_synchronize_rcu(void)
{
	KD_CALL(CALL, NULL);
	kd_might_sleep("synchronize_rcu()");
	synchronize_rcu();
}

static void call_back(struct rcu_head *head)
{
	struct kd_rcu_head *h = (void *)head;

	kd_self()->softirq++;
	KD_CALLBACK(h->func(h));
	kd_own.softirq--;
}

void kd_call_rcu(struct kd_rcu_head *h, void (*func)(void *head))
{
	KD_CALL(CALL, h);
	kd_self();
	h->func = func;
	call_rcu((struct rcu_head *)(void *)h->core, call_back);
}

void kd_rcu_barrier(void)
{
	KD_CALL(CALL, NULL);
	kd_might_sleep("rcu_barrier()");
	rcu_barrier();
}

static void free_it(struct rcu_head *head)
{
	struct kd_rcu_head *h = (void *)head;

	free(h->func ? (void *)h->func : (void *)h);
}

/* p begins the block, and h is in it. */
void kd_kfree_rcu(void *p, struct kd_rcu_head *h)
{
	KD_CALL(CALL, p);
	kd_self();
	memcpy(&h->func, &p, sizeof p);
	call_rcu((struct rcu_head *)(void *)h->core, free_it);
}

/* ---- caches --------------------------------------------------------------------------- */

struct kd_cache {
	char name[32];
	size_t size;
	void (*ctor)(void *);
	unsigned long live;
};

struct kd_cache *kd_cache_create(const char *name, size_t size, void (*ctor)(void *))
{
	struct kd_cache *c;

	KD_CALL(CALL, NULL);
	kd_might_sleep("kmem_cache_create()");
	c = os_alloc(KT_ROLE_TEST, sizeof *c);
	if (!c)
		return NULL;
	*c = (struct kd_cache){ .size = size, .ctor = ctor };
	memcpy(c->name, name, strnlen(name, sizeof c->name - 1));
	return c;
}

void kd_cache_destroy(struct kd_cache *c)
{
	KD_CALL(CALL, c);
	if (!c)
		return;
	kd_might_sleep("kmem_cache_destroy()");
	if (fetch_add(&c->live, 0))
		kd_fail(KT_LEAK, NULL, "kmem_cache_destroy() of %s, which still has objects",
			c->name);
	os_free(c);
}

void kd_cache_count(struct kd_cache *c, int by)
{
	KD_CALL(QUIET, NULL);
	fetch_add(&c->live, (unsigned long)(long)by);
}

size_t kd_cache_size(struct kd_cache *c)
{
	return c->size;
}

void kd_cache_construct(struct kd_cache *c, void *p)
{
	if (c->ctor)
		c->ctor(p);
}
