/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs in these headers when the kernel's own files run behind them: core/linux/.
 *
 * KT_BRIDGED(name) stands after the declaration of a function that the kernel's files define
 * under the same name with other parameters, or as a macro. Callers of core/ then reach
 * core/linux/'s function, whose symbol is another one.
 */
#ifndef CORE_BRIDGED_H
#define CORE_BRIDGED_H

#if defined(KT_CORE_LINUX)
#define KT_BRIDGED(name) __asm__("kt_core_" #name)
/* Fields of a task that only the kernel's files use, with the kernel's names. */
#define KT_LINUX_TASK_FIELDS                                                   \
	unsigned saved_state;		/* under pi_lock */                    \
	int (*start)(void *);		/* what a kthread runs: written before it does */ \
	int pref_node_fork;		/* used by the daemon only */          \
	struct completion *vfork_done;	/* written before the task runs */     \
	unsigned long jobctl;		/* 0: no task is stopped or traced */  \
	/* The rest is the task's own. */                                      \
	void *way_out;			/* a jmp_buf: to the end of its life */ \
	struct kt_site *waits_at;	/* if it waits for a completion */     \
	const void *flushing;		/* the work that it cancels and waits for */
struct completion;
/* Where the kernel's own struct of that name lies. */
#define KT_LINUX_PLUG_BYTES  128
#define KT_LINUX_PLUG_FIELDS _Alignas(16) char linux_plug[KT_LINUX_PLUG_BYTES];
#else
#define KT_BRIDGED(name)
#define KT_LINUX_TASK_FIELDS
#define KT_LINUX_PLUG_FIELDS
#endif

#endif
