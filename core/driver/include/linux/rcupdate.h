/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_RCUPDATE_H
#define KTHRASH_LINUX_RCUPDATE_H

#include <linux/kernel.h>

#define rcu_read_lock()         kd_rcu_read(true)
#define rcu_read_unlock()       kd_rcu_read(false)
#define rcu_read_lock_bh()      kd_rcu_read(true)
#define rcu_read_unlock_bh()    kd_rcu_read(false)
#define synchronize_rcu()       kd_synchronize_rcu()
#define synchronize_net()       kd_synchronize_rcu()
#define synchronize_rcu_expedited() kd_synchronize_rcu()
#define rcu_barrier()           kd_rcu_barrier()

#define rcu_dereference(p)      __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_bh(p)   rcu_dereference(p)
#define rcu_dereference_raw(p)  rcu_dereference(p)
#define rcu_dereference_check(p, c)     rcu_dereference(p)
#define rcu_dereference_protected(p, c) (p)
#define rcu_access_pointer(p)   READ_ONCE(p)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), (v), __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v)  WRITE_ONCE(p, v)
#define rcu_replace_pointer(p, v, c) \
	(__extension__({ \
		__typeof__(p) kd_old = (p); \
		rcu_assign_pointer(p, v); \
		kd_old; \
	}))
#define rcu_head_init(h) ((void)(h))

typedef void (*rcu_callback_t)(struct rcu_head *head);

KD_INLINE void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	kd_call_rcu(&head->kd, (void (*)(void *))func);
}

#define kfree_rcu(ptr, field)                                                  \
	do {                                                                   \
		__typeof__(ptr) kd_ptr = (ptr);                                \
		if (kd_ptr)                                                    \
			kd_kfree_rcu(kd_ptr, &kd_ptr->field.kd);               \
	} while (0)

#endif
