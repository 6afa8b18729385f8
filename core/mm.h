/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kthread may borrow two things from other tasks while it works for them: an address space,
 * and the block cgroup that its I/O is charged to. After Linux kernel/kthread.c and
 * mm_types.h. Only the references and their order are here; an mm maps no memory.
 *
 * An mm has two counts, as in Linux. `users` keeps the mappings alive; the mmput() of the
 * last user removes them. `count` keeps the struct alive: all users together have one
 * reference, and each kthread that is lazy on the mm has one. A kthread is lazy on the mm
 * that it used last, until it uses another.
 *
 * Caller rules. A broken rule gives the failure that is named:
 *   - a kthread that uses an mm makes sure that the mm has users from kthread_use_mm() to
 *     kthread_unuse_mm() (else a discipline failure, or a memory failure if the struct is
 *     gone);
 *   - a kthread returns what it borrowed before it ends: the mm by
 *     kthread_unuse_mm(), the cgroup by kthread_associate_blkcg(NULL)
 *     (else a discipline failure; in Linux a warning).
 */
#ifndef CORE_MM_H
#define CORE_MM_H

#include "core/task.h"

struct mm_struct {
	refcount_t users;
	refcount_t count;
};

/* An mm with one user, the caller; NULL if there is no memory. */
struct mm_struct *mm_alloc(void);

/* mmget: one more user; the caller is a user already. mmput: one less. */
#define mmget(mm) refcount_inc(&(mm)->users)
void mmput(struct mm_struct *mm);

/*
 * mmgrab: one more reference to the struct only; the caller has a reference. mmdrop: one
 * less; the last mmdrop frees the struct.
 */
#define mmgrab(mm) refcount_inc(&(mm)->count)
void mmdrop(struct mm_struct *mm);

/*
 * From here to kthread_unuse_mm() the calling kthread works in mm; it must not use an mm
 * before that. The barrier after the store to current->mm orders the store before the
 * accesses in mm (Linux: membarrier() looks at current->mm). kthread_unuse_mm() leaves the
 * kthread lazy on mm.
 */
void kthread_use_mm(struct mm_struct *mm);
void kthread_unuse_mm(struct mm_struct *mm);

/* The state of a cgroup in one controller. */
struct cgroup_subsys_state {
	refcount_t refs;
	void (*release)(struct cgroup_subsys_state *css);	/* called by the last css_put() */
};

#define css_get(css) refcount_inc(&(css)->refs)
void css_put(struct cgroup_subsys_state *css);

/*
 * Charge the calling kthread's I/O to css and no longer to the previous css. NULL: charge
 * it to none. The caller has a reference to css. Does nothing if the caller is not a
 * kthread.
 */
void kthread_associate_blkcg(struct cgroup_subsys_state *css);

/* The css that the caller, a kthread, is associated with, or NULL. */
struct cgroup_subsys_state *kthread_blkcg(void);

#endif
