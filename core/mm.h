/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kthread may borrow from others while it works for them: an address
 * space, and the block cgroup that its I/O is charged to. After Linux
 * kernel/kthread.c and mm_types.h; only the references and their order are here,
 * there is no memory behind an mm.
 *
 * An mm has two counts, as Linux's. `users` keep what is mapped; the last one's
 * mmput() tears that down. `count` keeps the struct: one for all users together,
 * and one for each kthread that is lazy on it, that is, was the last to use it
 * and has not used another since.
 *
 * Caller rules. Broken, they give the failure named:
 *   - who uses an mm knows that it has users from kthread_use_mm() to
 *     kthread_unuse_mm() (else discipline, or memory if the struct is gone);
 *   - a kthread returns what it borrowed before it ends: the mm by
 *     kthread_unuse_mm(), the cgroup by kthread_associate_blkcg(NULL)
 *     (discipline, as Linux's WARN).
 */
#ifndef CORE_MM_H
#define CORE_MM_H

#include "core/task.h"

struct mm_struct {
	refcount_t users;
	refcount_t count;
};

/* With one user, the caller; NULL without memory. */
struct mm_struct *mm_alloc(void);

/* Another user, by one who is; one less. */
#define mmget(mm) refcount_inc(&(mm)->users)
void mmput(struct mm_struct *mm);

/* The struct alone: by one who has it; one less, and after the last it is freed. */
#define mmgrab(mm) refcount_inc(&(mm)->count)
void mmdrop(struct mm_struct *mm);

/*
 * From here to kthread_unuse_mm() the calling kthread works in mm; it has none.
 * The barrier after the store to current->mm orders it before what is accessed
 * (Linux: membarrier() looks at current->mm). unuse leaves it lazy on mm.
 */
void kthread_use_mm(struct mm_struct *mm);
void kthread_unuse_mm(struct mm_struct *mm);

/* A cgroup's part in one controller. */
struct cgroup_subsys_state {
	refcount_t refs;
	void (*release)(struct cgroup_subsys_state *css);	/* by the last css_put() */
};

#define css_get(css) refcount_inc(&(css)->refs)
void css_put(struct cgroup_subsys_state *css);

/*
 * Charge the calling kthread's I/O to css, which the caller holds, and no more
 * to the one before; NULL: to nobody. No kthread: nothing happens.
 */
void kthread_associate_blkcg(struct cgroup_subsys_state *css);

/* What the caller, a kthread, was associated with, or NULL. */
struct cgroup_subsys_state *kthread_blkcg(void);

#endif
