/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads: their beginning, their end, joining. Names and attributes are in attr.c,
 * cancellation in cancel.c.
 *
 * A thread is called T1, T2, ... in the order of creation, and the one that runs main() is
 * called main. The pthread_t of main is the one that it had before main(), because the program may
 * have kept it.
 */
#include <link.h>

#include "platform/hosted/call.h"
#include "platform/hosted/explore.h"
#include "platform/hosted/models.h"

struct hosted_thread hosted_thread[HOSTED_THREADS_MAX];
uint32_t hosted_threads, hosted_threads_alive;
bool hosted_threads_may_leak;

static pthread_t main_handle;

/* ---- names and handles ------------------------------------------------ */

const char *hosted_name(uint32_t thread)
{
	return sim_record()->task[thread].name;
}

pthread_t hosted_handle(uint32_t thread)
{
	return thread ? hosted_tls_pointer(thread) : main_handle;
}

static int find(pthread_t t)
{
	if (t == hosted_tls_pointer(0))
		return 0;
	for (uint32_t i = 0; i < hosted_threads; i++)
		if (t == hosted_handle(i))
			return (int)i;
	return -1;
}

uint32_t hosted_thread_of(pthread_t t, const char *call, uintptr_t pc)
{
	int thread = find(t);
	const struct hosted_thread *other;

	if (thread < 0)
		hosted_fail(KT_DISCIPLINE, pc, "%s of a thread that does not exist", call);
	other = &hosted_thread[thread];
	if (other->joined)
		hosted_fail(KT_DISCIPLINE, pc, "%s of %s, which was joined before", call,
			    hosted_name((uint32_t)thread));
	if (other->detached && other->ended)
		hosted_fail(KT_DISCIPLINE, pc, "%s of %s, which is detached and has ended", call,
			    hosted_name((uint32_t)thread));
	return (uint32_t)thread;
}

HOSTED_EXPORT pthread_t pthread_self(void)
{
	return hosted_on() ? hosted_handle(hosted_me()) : HOSTED_REAL(pthread_self)();
}

/* ---- OpenMP ----------------------------------------------------------- */

/*
 * gcc's OpenMP sleeps by system calls in inline assembly, which nothing here sees. clang's calls
 * pthreads.
 */
static int look_for_libgomp(struct dl_phdr_info *info, size_t size, void *range)
{
	uintptr_t *to = range;

	(void)size;
	if (!strstr(info->dlpi_name, "/libgomp.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
			to[0] = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			to[1] = to[0] + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static uintptr_t libgomp[2];

static bool is_of_libgomp(uintptr_t pc)
{
	return pc >= libgomp[0] && pc < libgomp[1];
}

/* ---- before an execution ---------------------------------------------- */

static void thread_init(uint32_t thread)
{
	struct hosted_thread *t = &hosted_thread[thread];

	/* Not the arrays, which have counts. */
	t->fn = NULL;
	t->c11_fn = NULL;
	t->arg = t->result = NULL;
	t->detached = t->joined = t->ended = t->exiting = t->gone = false;
	t->joiner = -1;
	t->cancel_asked = t->cancel_disabled = t->cancel_at_once = t->cancellable = false;
	t->cleanup = NULL;
	t->running = NULL;
	t->let_through = false;
	t->with = t->futex = NULL;
	t->held_count = 0;
	t->at_end = NULL;
	t->clock_reads = 0;
	hosted_attr_init(t);
	hosted_threads_alive++;
}

void hosted_models_begin(void)
{
	if (!main_handle)
		dl_iterate_phdr(look_for_libgomp, libgomp);
	main_handle = HOSTED_REAL(pthread_self)();
	hosted_keys_begin();
	hosted_at_ends_begin();
	hosted_exit_begin();
	hosted_signals_begin();
	hosted_io_begin();
	hosted_random_begin();
	hosted_futex_begin();
	hosted_threads_alive = 0;
	hosted_threads = 1;
	thread_init(0);
}

/* ---- running ---------------------------------------------------------- */

/*
 * POSIX: the destructors run on the thread itself; then it can be joined. When the last thread
 * ends, the program ends as by exit(0). If a destructor calls pthread_exit(), this begins again
 * with the destructors that are left.
 */
static void thread_end(struct hosted_thread *self)
{
	self->exiting = true;
	if (self->gone)
		return;
	hosted_run_at_end();
	hosted_run_key_destructors();
	hosted_held_at_end();
	if (hosted_threads_alive == 1)
		hosted_exit_last();
	hosted_threads_alive--;
	self->ended = true;
	hosted_release(&self->edge);
	hosted_wake_all(self);
}

/* hosted_thread_exit() jumps here, and so does exit(), with `gone`. */
__attribute__((noinline))
static void live(void)
{
	struct hosted_thread *self = hosted_self();

	self->base_frame = __builtin_frame_address(0);
	if (!_setjmp(self->base)) {
		if (self->c11_fn)
			self->result = (void *)(intptr_t)self->c11_fn(self->arg);
		else
			self->result = self->fn(self->arg);
	}
	thread_end(hosted_self());
}

static void thread_main(void *arg)
{
	struct hosted_thread *self = arg;

	hosted_acquire(&self->edge);
	live();
}

/* ---- main() ----------------------------------------------------------- */

static struct {
	int (*fn)(int, char **, char **);
	int argc;
	char **argv, **envp;
} program;

static void *call_main(void *arg)
{
	(void)arg;
	hosted_main_returned(program.fn(program.argc, program.argv, program.envp),
			     (uintptr_t)program.fn + 1); /* +1: in main(), as a return address */
}

void hosted_models_main(int (*fn)(int, char **, char **), int argc, char **argv, char **envp)
{
	program.fn = fn;
	program.argc = argc;
	program.argv = argv;
	program.envp = envp;
	sim_task_rename(0, "main");
	hosted_thread[0].fn = call_main;
	live();
}

void hosted_models_test(void *(*fn)(void *), void *arg)
{
	sim_task_rename(0, "main");
	hosted_thread[0].fn = fn;
	hosted_thread[0].arg = arg;
	live();
}

/* ---- creation --------------------------------------------------------- */

/* "T12"; snprintf() would take a part of an execution's time that can be seen. */
static void usual_name(uint32_t thread, char *name)
{
	uint32_t unit = 1;

	*name++ = 'T';
	while (thread / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		*name++ = (char)('0' + thread / unit % 10);
	*name = '\0';
}

int hosted_thread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *),
			 thrd_start_t c11_fn, void *arg, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_CREATE);
	uint32_t thread = hosted_threads;
	struct hosted_thread *new = &hosted_thread[thread];
	const char *given = hosted_call_next_name();
	char name[16];

	if (is_of_libgomp(pc))
		hosted_refuse("OpenMP's functions of libgomp instead of libomp", pc);
	if (thread == HOSTED_THREADS_MAX)
		hosted_refuse("pthread_create() more often than there is room for threads", pc);
	if (hosted_thread_fails(site))
		return EAGAIN;
	thread_init(thread);
	hosted_threads++;
	new->fn = fn;
	new->c11_fn = c11_fn;
	new->arg = arg;
	new->created_at = hosted_is_program(pc) ? hosted_program_pc(pc) : pc;
	hosted_attr_inherit(new, attr, pc);
	hosted_call_begin_task(thread, (uintptr_t)fn);
	usual_name(thread, name);
	hosted_release(&new->edge);
	KT_ASSERT(hosted_spawn(name, thread_main, new) == thread);
	hosted_unjoined++;
	hosted_rename(thread, given ? given : name);
	hosted_heap_check(t, sizeof *t, pc);
	*t = hosted_handle(thread);	/* before the thread begins, as in glibc */
	hosted_arrive(site, NULL);
	return 0;
}

HOSTED_EXPORT int pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *),
				 void *arg)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_create)(t, attr, fn, arg);
	return hosted_thread_create(t, attr, fn, NULL, arg, HOSTED_CALLER);
}

/* ---- joining ---------------------------------------------------------- */

/* As in glibc; POSIX leaves most of them undefined. 0: the caller may join it. */
static int may_join(uint32_t thread)
{
	const struct hosted_thread *other = &hosted_thread[thread];

	if (other->detached)
		return EINVAL;
	if (thread == hosted_me() || hosted_self()->joiner == (int)thread)
		return EDEADLK;
	return other->joiner >= 0 ? EINVAL : 0;
}

/* The caller joins `other`: only a cancellation or the deadline ends that before `other` ends. */
static bool wait_for(struct hosted_thread *other, uint64_t deadline, struct kt_site *site)
{
	struct hosted_thread *self = hosted_self();
	bool in_time = true;

	other->joiner = (int)hosted_me();
	while (!other->ended && in_time && !hosted_is_cancelled()) {
		self->cancellable = true;
		in_time = hosted_block_until(site, other, deadline, (int)(other - hosted_thread));
		self->cancellable = false;
	}
	if (other->ended)
		return true;
	other->joiner = -1;
	hosted_cancel_point();
	return false;
}

/* A cancellation point, unless it only tries. */
int hosted_thread_join(pthread_t t, void **result, uint64_t deadline, bool try, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_JOIN);
	uint32_t thread = hosted_thread_of(t, "pthread_join()", pc);
	struct hosted_thread *other = &hosted_thread[thread];
	int error;

	if (!try)
		hosted_cancel_point();
	if (!try && deadline == HOSTED_NEVER && thread != hosted_me())
		explore_join(thread);
	hosted_arrive(site, other);
	hosted_thread_of(t, "pthread_join()", pc);	/* it may have been joined meanwhile */
	error = may_join(thread);
	if (error)
		return error;
	if (try && !other->ended)
		return EBUSY;
	if (!wait_for(other, deadline, site))
		return ETIMEDOUT;
	other->joined = true;
	hosted_unjoined--;
	hosted_acquire(&other->edge);
	if (result)
		*result = other->result;
	return 0;
}

int hosted_thread_detach(pthread_t t, uintptr_t pc)
{
	uint32_t thread = hosted_thread_of(t, "pthread_detach()", pc);

	hosted_arrive(hosted_site(pc, HOSTED_JOIN), &hosted_thread[thread]);
	hosted_thread_of(t, "pthread_detach()", pc);
	if (hosted_thread[thread].detached)
		return EINVAL;
	hosted_thread[thread].detached = true;
	return 0;
}

HOSTED_EXPORT int pthread_join(pthread_t t, void **result)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_join)(t, result);
	return hosted_thread_join(t, result, HOSTED_NEVER, false, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_tryjoin_np(pthread_t t, void **result)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_tryjoin_np)(t, result);
	return hosted_thread_join(t, result, HOSTED_NEVER, true, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_timedjoin_np(pthread_t t, void **result, const struct timespec *until)
{
	uint64_t deadline;

	if (!hosted_on())
		return HOSTED_REAL(pthread_timedjoin_np)(t, result, until);
	if (until && !hosted_is_time(until))
		return EINVAL;
	deadline = until ? hosted_deadline(CLOCK_REALTIME, until) : HOSTED_NEVER;
	return hosted_thread_join(t, result, deadline, false, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_clockjoin_np(pthread_t t, void **result, clockid_t clock,
				       const struct timespec *until)
{
	uint64_t deadline;

	if (!hosted_on())
		return HOSTED_REAL(pthread_clockjoin_np)(t, result, clock, until);
	if ((until && !hosted_is_time(until)) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
		return EINVAL;
	deadline = until ? hosted_deadline(clock, until) : HOSTED_NEVER;
	return hosted_thread_join(t, result, deadline, false, HOSTED_CALLER);
}

HOSTED_EXPORT int pthread_detach(pthread_t t)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_detach)(t);
	return hosted_thread_detach(t, HOSTED_CALLER);
}
