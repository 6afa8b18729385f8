/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_SCHED_SIGNAL_H
#define KTHRASH_LINUX_SCHED_SIGNAL_H

#include <signal.h>

#include <linux/sched.h>

#define signal_pending(t)       kd_signal_pending(t)
#define fatal_signal_pending(t) kd_fatal_signal_pending(t)
#define signal_pending_state(state, t) \
	((state) & TASK_INTERRUPTIBLE ? kd_signal_pending(t) : \
	 (state) & TASK_WAKEKILL ? kd_fatal_signal_pending(t) : false)
#define allow_signal(sig)       kd_allow_signal(sig, true)
#define allow_kernel_signal(sig) kd_allow_signal(sig, true)
#define disallow_signal(sig)    kd_allow_signal(sig, false)
#define flush_signals(t)        kd_flush_signals(t)
#define kernel_dequeue_signal() kd_dequeue_signal()
#define send_sig(sig, t, priv)  kd_send_sig(sig, t)
#define send_sig_info(sig, info, t) kd_send_sig(sig, t)
#define force_sig(sig)          kd_send_sig(sig, current)

/* SIG_DFL: the kthread gets the signal; SIG_IGN: it does not. */
#define kernel_sigaction(sig, action) kd_allow_signal(sig, (action) != SIG_IGN)

#endif
