/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The named points of core/ and of the interpreter, and which tasks reach them. The
 * generator draws kill directives from this list. points_test looks for each of them in
 * an execution, so it fails if a point of core/ is renamed.
 */
#ifndef STRESS_POINTS_H
#define STRESS_POINTS_H

enum point_side {
	POINT_CREATOR,		/* a task of the plan */
	POINT_DAEMON,		/* kthreadd */
	POINT_THREAD,		/* the new thread */
	POINT_TIMERS,		/* ktimers */
};

#define NAMED_POINTS(X)                                                        \
	X(POINT_CREATOR, "create.allocated")                                   \
	X(POINT_CREATOR, "create.appended") /* perhaps under a lock */         \
	X(POINT_CREATOR, "create.woken")                                       \
	X(POINT_CREATOR, "create.killed")                                      \
	X(POINT_CREATOR, "create.token_taken")                                 \
	X(POINT_CREATOR, "create.lost_token")                                  \
	X(POINT_CREATOR, "create.done")                                        \
	X(POINT_CREATOR, "stop.flagged")                                       \
	X(POINT_CREATOR, "stop.woken")                                         \
	X(POINT_CREATOR, "park.flagged")                                       \
	X(POINT_CREATOR, "park.waiting")                                       \
	X(POINT_CREATOR, "park.parked")                                        \
	X(POINT_CREATOR, "unpark.cleared")                                     \
	X(POINT_CREATOR, "unpark.woken")                                       \
	X(POINT_CREATOR, "stop.exited")                                        \
	X(POINT_CREATOR, "task.start")                                         \
	X(POINT_CREATOR, "task.op")                                            \
	X(POINT_DAEMON, "kthreadd.idle")                                       \
	X(POINT_DAEMON, "kthreadd.unlinked")                                   \
	X(POINT_DAEMON, "kthreadd.forking")                                    \
	X(POINT_DAEMON, "registry.linked") /* under its lock */                \
	X(POINT_DAEMON, "kthreadd.forked")                                     \
	X(POINT_DAEMON, "kthreadd.fork_failed")                                \
	X(POINT_THREAD, "kthread.started")                                     \
	X(POINT_THREAD, "kthread.token_taken")                                 \
	X(POINT_THREAD, "kthread.abandoned")                                   \
	X(POINT_THREAD, "kthread.published")                                   \
	X(POINT_THREAD, "kthread.completed")                                   \
	X(POINT_THREAD, "kthread.woken")                                       \
	X(POINT_THREAD, "kthread.running")                                     \
	X(POINT_THREAD, "park.parking")                                        \
	X(POINT_THREAD, "park.woken")                                          \
	X(POINT_CREATOR, "freeze.flagged") /* under freezer.lock */            \
	X(POINT_CREATOR, "freeze.waiting")                                     \
	X(POINT_CREATOR, "freeze.done")                                        \
	X(POINT_CREATOR, "thaw.cleared") /* under freezer.lock */              \
	X(POINT_CREATOR, "thaw.woken")                                         \
	X(POINT_THREAD, "freezer.listed")                                      \
	X(POINT_THREAD, "freezer.frozen")                                      \
	X(POINT_THREAD, "freezer.woken")                                       \
	X(POINT_THREAD, "freezer.counted")                                     \
	X(POINT_THREAD, "freezer.forgotten")                                   \
	X(POINT_CREATOR, "cancel.timer")                                       \
	X(POINT_CREATOR, "cancel.flushing")                                    \
	X(POINT_CREATOR, "cancel.locked")                                      \
	X(POINT_THREAD, "worker.idle")                                         \
	X(POINT_THREAD, "worker.unlinked")                                     \
	X(POINT_THREAD, "worker.running")                                      \
	X(POINT_THREAD, "work.running")                                        \
	X(POINT_THREAD, "worker.ran")                                          \
	X(POINT_TIMERS, "timer.idle")                                          \
	X(POINT_TIMERS, "timer.firing")                                        \
	X(POINT_TIMERS, "timer.delayed_work")                                  \
	X(POINT_THREAD, "mm.used")                                             \
	X(POINT_THREAD, "mm.unused")                                           \
	X(POINT_CREATOR, "cpu.going_down")                                     \
	X(POINT_CREATOR, "cpu.parked")                                         \
	X(POINT_CREATOR, "cpu.marked")                                         \
	X(POINT_CREATOR, "cpu.coming_up")                                      \
	X(POINT_CREATOR, "cpu.unparked")                                       \
	X(POINT_CREATOR, "smpboot.allocated")                                  \
	X(POINT_CREATOR, "smpboot.stored")                                     \
	X(POINT_CREATOR, "smpboot.unparked")                                   \
	X(POINT_CREATOR, "smpboot.registered")                                 \
	X(POINT_CREATOR, "smpboot.unlinked")                                   \
	X(POINT_THREAD, "smpboot.activating")                                  \
	X(POINT_THREAD, "smpboot.idle")                                        \
	X(POINT_THREAD, "smpboot.running")                                     \
	X(POINT_THREAD, "percpu.running")                                      \
	X(POINT_THREAD, "smpboot.parking")                                     \
	X(POINT_THREAD, "smpboot.stopping")                                    \
	X(POINT_CREATOR, "walk.met")                                           \
	X(POINT_CREATOR, "find.met")                                           \
	X(POINT_THREAD, "registry.unlinked")                                   \
	X(POINT_THREAD, "kthread.exiting")

struct named_point {
	enum point_side side;
	const char *name;
};

#endif
