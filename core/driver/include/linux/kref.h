/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_KREF_H
#define KTHRASH_LINUX_KREF_H

#include <linux/refcount.h>

struct kref {
	refcount_t refcount;
};

#define KREF_INIT(n) { .refcount = REFCOUNT_INIT(n) }

KD_INLINE void kref_init(struct kref *k)
{
	refcount_set(&k->refcount, 1);
}

KD_INLINE unsigned int kref_read(const struct kref *k)
{
	return refcount_read(&k->refcount);
}

KD_INLINE void kref_get(struct kref *k)
{
	refcount_inc(&k->refcount);
}

KD_INLINE int kref_get_unless_zero(struct kref *k)
{
	return refcount_inc_not_zero(&k->refcount);
}

KD_INLINE int kref_put(struct kref *k, void (*release)(struct kref *k))
{
	if (!refcount_dec_and_test(&k->refcount))
		return 0;
	release(k);
	return 1;
}

KD_INLINE int kref_put_mutex(struct kref *k, void (*release)(struct kref *k), struct mutex *m)
{
	if (!refcount_dec_and_mutex_lock(&k->refcount, m))
		return 0;
	release(k);
	return 1;
}

KD_INLINE int kref_put_lock(struct kref *k, void (*release)(struct kref *k), spinlock_t *l)
{
	if (!refcount_dec_and_lock(&k->refcount, l))
		return 0;
	release(k);
	return 1;
}

#endif
