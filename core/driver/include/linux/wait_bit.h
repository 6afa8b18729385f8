/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_WAIT_BIT_H
#define KTHRASH_LINUX_WAIT_BIT_H

#include <linux/bitops.h>
#include <linux/wait.h>

#define KD_WAIT_ON_BIT(word, bit, mode, look)                                  \
	(__extension__({                                                       \
		wait_queue_head_t *kd_head = (void *)kd_bit_waitqueue((word), (bit)); \
		int kd_bit = 0;                                                \
		might_sleep();                                                 \
		if (look)                                                      \
			kd_bit = KD_WAIT_EVENT(kd_head, !(look), (mode), false, 0L, schedule()) ? \
				 -EINTR : 0;                                   \
		kd_bit;                                                        \
	}))
#define wait_on_bit(word, bit, mode)    KD_WAIT_ON_BIT(word, bit, mode, test_bit_acquire(bit, word))
#define wait_on_bit_io(word, bit, mode) wait_on_bit(word, bit, mode)
#define wait_on_bit_lock(word, bit, mode) \
	KD_WAIT_ON_BIT(word, bit, mode, test_and_set_bit_lock(bit, word))
#define wake_up_bit(word, bit)          kd_wake_up_bit(word, bit)
#define clear_and_wake_up_bit(bit, word)                                       \
	do {                                                                   \
		clear_bit_unlock(bit, word);                                   \
		smp_mb();                                                      \
		wake_up_bit(word, bit);                                        \
	} while (0)
#define wait_var_event(var, cond)                                              \
	(__extension__({                                                       \
		wait_queue_head_t *kd_head = (void *)kd_bit_waitqueue((var), 0); \
		(void)KD_PLAIN_WAIT(kd_head, cond, TASK_UNINTERRUPTIBLE, false, schedule()); \
	}))
#define wake_up_var(var) kd_wake_up_bit(var, 0)

#endif
