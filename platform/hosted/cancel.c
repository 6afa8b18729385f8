/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a thread ends before its function returns: pthread_exit(), and cancellation. A thread may
 * choose asynchronous cancellation, as OpenMP's do, but to cancel it is refused unless it sleeps
 * at a cancellation point.
 *
 * Both unwind the stack by force, as in the C library. So destructors of C++, variables with
 * the attribute cleanup, and handlers of pthread_cleanup_push() run, the innermost first. In C
 * without -fexceptions, pthread_cleanup_push() is a setjmp(): the unwinding stops at its frame,
 * jumps there, and goes on when the handler has run (__pthread_unwind_next()).
 *
 * Cancellation points: pthread_testcancel(), pthread_join() and its timed forms, waits for
 * conditions and semaphores, sleeps, and of the calls in io.c those that POSIX lists. A wait
 * for a mutex, a rwlock, a spin lock, a barrier or a once is none.
 */
#include <unwind.h>

#include "platform/hosted/models.h"

static struct _Unwind_Exception unwinding[HOSTED_THREADS_MAX];

/* catch (...) in the program must throw the exception again. */
static void not_thrown_again(_Unwind_Reason_Code reason, struct _Unwind_Exception *e)
{
	(void)reason;
	(void)e;
	hosted_fail(KT_ASSERTION, 0, "%s ends, and catch (...) does not throw that on",
		    hosted_name(hosted_me()));
}

/* A cleanup handler's buffer: what glibc leaves to the library. */
#define PREVIOUS(buf) (*(__pthread_unwind_buf_t **)&(buf)->__pad[0])
#define FRAME(buf)    (*(char **)&(buf)->__pad[1])

__attribute__((noreturn))
static void jump(struct hosted_thread *self)
{
	void *buf = self->base;

	if (self->cleanup)
		buf = self->cleanup->__cancel_jmp_buf;
	hosted_once_left(self->cleanup ? (char *)self->cleanup : self->base_frame);
	/* The compiler must not compare sizes: the buffer lacks room for signals, as in glibc. */
	__asm__ volatile("" : "+r"(buf));
	longjmp(buf, 1);
}

/*
 * Called before each frame is left. Stacks grow downwards: a frame whose address is above
 * `until` is the one that noted `until`, or one of its callers.
 */
static _Unwind_Reason_Code stop(int version, _Unwind_Action actions,
				_Unwind_Exception_Class class, struct _Unwind_Exception *e,
				struct _Unwind_Context *context, void *arg)
{
	struct hosted_thread *self = arg;
	char *until = self->cleanup ? FRAME(self->cleanup) : self->base_frame;

	(void)version;
	(void)class;
	(void)e;
	if (actions & _UA_END_OF_STACK || (char *)_Unwind_GetCFA(context) > until)
		jump(self);
	return _URC_NO_REASON;
}

__attribute__((noreturn))
static void unwind(struct hosted_thread *self)
{
	struct _Unwind_Exception *e = &unwinding[hosted_me()];

	memset(e, 0, sizeof *e);
	e->exception_cleanup = not_thrown_again;
	_Unwind_ForcedUnwind(e, stop, self);
	jump(self);	/* the stack can't be unwound: a frame has no tables */
}

void hosted_thread_exit(void *result)
{
	struct hosted_thread *self = hosted_self();

	self->exiting = true;
	self->result = result;
	unwind(self);
}

void hosted_cancel_point(void)
{
	if (hosted_is_cancelled())
		hosted_thread_exit(PTHREAD_CANCELED);
}

bool hosted_block_cancellable(struct kt_site *site, const void *object, uint64_t deadline)
{
	struct hosted_thread *self = hosted_self();
	bool in_time;

	hosted_cancel_point();	/* the cancellation may have come before the sleep */
	self->cancellable = true;
	in_time = hosted_block_until(site, object, deadline, -1);
	self->cancellable = false;
	hosted_cancel_point();
	return in_time;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT void pthread_exit(void *result)
{
	if (!hosted_on())
		HOSTED_REAL(pthread_exit)(result);
	hosted_thread_exit(result);
}

static int cancel(pthread_t t, uintptr_t pc)
{
	uint32_t thread = hosted_thread_of(t, "pthread_cancel()", pc);
	struct hosted_thread *other = &hosted_thread[thread];

	hosted_arrive(hosted_site(pc, HOSTED_CANCEL), other);
	hosted_thread_of(t, "pthread_cancel()", pc);
	other->cancel_asked = true;
	if (other->cancel_disabled || other->ended)
		return 0;
	if (other->cancellable)
		hosted_wake_task(thread);
	else if (other->cancel_at_once && thread != hosted_me())
		hosted_refuse("pthread_cancel() of a thread with asynchronous cancellation", pc);
	if (hosted_self()->cancel_at_once)
		hosted_cancel_point();
	return 0;
}

HOSTED_EXPORT int pthread_cancel(pthread_t t)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_cancel)(t);
	return cancel(t, HOSTED_CALLER);
}

HOSTED_EXPORT void pthread_testcancel(void)
{
	if (!hosted_on()) {
		HOSTED_REAL(pthread_testcancel)();
		return;
	}
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_CANCEL), hosted_self());
	hosted_cancel_point();
}

HOSTED_EXPORT int pthread_setcancelstate(int state, int *old)
{
	struct hosted_thread *self;

	if (!hosted_on())
		return HOSTED_REAL(pthread_setcancelstate)(state, old);
	if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
		return EINVAL;
	self = hosted_self();
	if (old)
		*old = self->cancel_disabled ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
	self->cancel_disabled = state == PTHREAD_CANCEL_DISABLE;
	return 0;
}

HOSTED_EXPORT int pthread_setcanceltype(int type, int *old)
{
	struct hosted_thread *self;

	if (!hosted_on())
		return HOSTED_REAL(pthread_setcanceltype)(type, old);
	if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
		return EINVAL;
	self = hosted_self();
	if (old)
		*old = self->cancel_at_once ? PTHREAD_CANCEL_ASYNCHRONOUS :
		       PTHREAD_CANCEL_DEFERRED;
	self->cancel_at_once = type == PTHREAD_CANCEL_ASYNCHRONOUS;
	if (self->cancel_at_once)
		hosted_cancel_point();
	return 0;
}

/* ---- what pthread_cleanup_push() is made of, in C --------------------- */

void __pthread_register_cancel(__pthread_unwind_buf_t *buf);
void __pthread_unregister_cancel(__pthread_unwind_buf_t *buf);
void __pthread_register_cancel_defer(__pthread_unwind_buf_t *buf);
void __pthread_unregister_cancel_restore(__pthread_unwind_buf_t *buf);
void __pthread_unwind_next(__pthread_unwind_buf_t *buf);

static void push(__pthread_unwind_buf_t *buf, char *frame)
{
	struct hosted_thread *self = hosted_self();

	PREVIOUS(buf) = self->cleanup;
	FRAME(buf) = frame;
	self->cleanup = buf;
}

HOSTED_EXPORT __attribute__((noinline))
void __pthread_register_cancel(__pthread_unwind_buf_t *buf)
{
	if (!hosted_on())
		HOSTED_REAL(__pthread_register_cancel)(buf);
	else
		push(buf, __builtin_frame_address(0));
}

HOSTED_EXPORT void __pthread_unregister_cancel(__pthread_unwind_buf_t *buf)
{
	if (!hosted_on())
		HOSTED_REAL(__pthread_unregister_cancel)(buf);
	else
		hosted_self()->cleanup = PREVIOUS(buf);
}

/* Deferred is the only type there is. */
HOSTED_EXPORT __attribute__((noinline))
void __pthread_register_cancel_defer(__pthread_unwind_buf_t *buf)
{
	if (!hosted_on())
		HOSTED_REAL(__pthread_register_cancel_defer)(buf);
	else
		push(buf, __builtin_frame_address(0));
}

HOSTED_EXPORT void __pthread_unregister_cancel_restore(__pthread_unwind_buf_t *buf)
{
	if (!hosted_on())
		HOSTED_REAL(__pthread_unregister_cancel_restore)(buf);
	else
		hosted_self()->cleanup = PREVIOUS(buf);
}

HOSTED_EXPORT void __pthread_unwind_next(__pthread_unwind_buf_t *buf)
{
	if (!hosted_on()) {
		HOSTED_REAL(__pthread_unwind_next)(buf);
		__builtin_unreachable();
	}
	hosted_self()->cleanup = PREVIOUS(buf);
	unwind(hosted_self());
}
