/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each thread of the test is a task that interprets its body. All accesses of shared variables
 * are operations of platform/atomic.h, locks are kt_lock, and RCU is platform/rcu.h. So what is
 * explored is the simulator's own memory, not a second model of it.
 *
 * What Linux promises and the platform does not is added here: a grace period is a full barrier,
 * and smp_mb() has a choice point before it. A plain access is done as by READ_ONCE() or
 * WRITE_ONCE(). A lock has a word beside it, at which spin_is_locked() looks: as in Linux,
 * others may see what the holder stores before they see that the lock is held.
 */
#include "stress/litmus/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/rcu.h"
#include "stress/litmus/access.h"
#include "stress/litmus/explore.h"
#include "stress/litmus/lex.h"

static struct {
	const struct test *t;
	kt_lock lock[TEST_GLOBALS_MAX];
	int64_t reg[TEST_THREADS_MAX][TEST_REGISTERS_MAX];
	int64_t value[TEST_ITEMS_MAX];
} run;

static int64_t address_of(int64_t global)
{
	return (int64_t)(intptr_t)access_words[global];
}

const char *run_value_name(const struct test *t, int64_t value, char *buf, unsigned size)
{
	for (unsigned i = 0; i < t->globals; i++)
		if (value == address_of(i))
			return t->global[i].name;
	snprintf(buf, size, "%lld", (long long)value);
	return buf;
}

/* ---- accesses ------------------------------------------------------------------------ */

/* The test does what is wrong in every test. */
__attribute__((noreturn)) static void wrong(const struct expr *e, const char *what)
{
	kt_fail(KT_MODEL, "%s:%u: %s", run.t->file, e->line, what);
}

/* The number of the variable at an address; it must be of that kind. */
static unsigned global_at(const struct expr *e, int64_t address, bool lock)
{
	for (unsigned i = 0; i < run.t->globals; i++)
		if (address == address_of(i)) {
			if ((run.t->global[i].kind == GLOBAL_LOCK) != lock)
				wrong(e, lock ? "expected a spinlock_t" :
					"a spinlock_t, expected a variable");
			return i;
		}
	wrong(e, "the pointer points to no variable");
}

/* ---- locks and RCU ------------------------------------------------------------ */

static void took(unsigned thread, unsigned g)
{
	if (run.t->asks_locked)
		access_store(thread, g, 1, ORDER_RELAXED);
}

static void unlock(unsigned thread, unsigned g)
{
	if (run.t->asks_locked)
		access_store(thread, g, 0, ORDER_RELEASE);
	access_point(thread, ACT_UNLOCK, g);
	kt_lock_release(&run.lock[g]);
}

static void synchronize(unsigned thread)
{
	access_barrier(thread);
	explore_next(thread, ACT_ANY, 0);
	kt_synchronize_rcu();
	access_barrier(thread);
}

/* ---- expressions ----------------------------------------------------------------------- */

static int64_t value_of(unsigned thread, const struct expr *e);

static int64_t of_result(const struct expr *e, unsigned g, int64_t old, int64_t value)
{
	int64_t new = access_arith(e->arith, old, value);

	if (run.t->global[g].size == 4)
		new = (int32_t)new;
	switch (e->result) {
	case RESULT_NEW: return new;
	case RESULT_IS_ZERO: return new == 0;
	case RESULT_IS_NEGATIVE: return new < 0;
	default: return old;
	}
}

static int64_t lock_call(unsigned thread, const struct expr *e, unsigned g)
{
	switch (e->fn) {
	case FN_LOCK:
		explore_next(thread, ACT_LOCK, g);
		kt_lock_acquire(&run.lock[g]);
		took(thread, g);
		return 0;
	case FN_TRYLOCK:
		explore_next(thread, ACT_LOCK, g);
		if (!kt_lock_try_acquire(&run.lock[g]))
			return 0;
		took(thread, g);
		return 1;
	case FN_UNLOCK:
		unlock(thread, g);
		return 0;
	default:
		return access_load(thread, g, ORDER_RELAXED);
	}
}

static int64_t call(unsigned thread, const struct expr *e)
{
	int64_t arg[TEST_ARGS_MAX] = { 0 };
	bool lock = e->fn == FN_LOCK || e->fn == FN_TRYLOCK || e->fn == FN_UNLOCK ||
		    e->fn == FN_IS_LOCKED;
	unsigned g = 0;

	for (unsigned i = 0; i < TEST_ARGS_MAX; i++)
		if (e->arg[i])
			arg[i] = value_of(thread, e->arg[i]);
	if (e->arg[0])
		g = global_at(e, arg[0], lock);
	if (lock)
		return lock_call(thread, e, g);
	switch (e->fn) {
	case FN_LOAD:
		return access_load(thread, g, e->order);
	case FN_STORE:
		access_store(thread, g, arg[1], e->order);
		break;
	case FN_STORE_MB:
		access_store(thread, g, arg[1], ORDER_RELAXED);
		access_barrier(thread);
		break;
	case FN_UPDATE:
		return of_result(e, g, access_update(thread, e, g, arg[1]), arg[1]);
	case FN_CMPXCHG:
		return access_compare(thread, g, arg[1], arg[2], e->order);
	case FN_ADD_UNLESS:
		return access_add_unless(thread, e, g, arg[1], arg[2]);
	case FN_MB:
		access_barrier(thread);
		break;
	case FN_RMB:
		smp_rmb();
		break;
	case FN_WMB:
		smp_wmb();
		break;
	case FN_RCU_LOCK:
		explore_next(thread, ACT_ANY, 0);
		kt_rcu_read_lock();
		break;
	case FN_RCU_UNLOCK:
		/* Its own point comes after it has taken effect. */
		access_point(thread, ACT_ANY, 0);
		kt_rcu_read_unlock();
		break;
	case FN_SYNCHRONIZE:
		synchronize(thread);
		break;
	default:
		break;
	}
	return 0;
}

static int64_t divide(const struct expr *e, int64_t a, int64_t b)
{
	if (b == 0)
		wrong(e, "a division by 0");
	if (b == -1)
		return e->op == '/' ? (int64_t)(0 - (uint64_t)a) : 0;
	return e->op == '/' ? a / b : a % b;
}

static int64_t binary(const struct expr *e, int64_t a, int64_t b)
{
	switch (e->op) {
	case '*': return (int64_t)((uint64_t)a * (uint64_t)b);
	case '/':
	case '%': return divide(e, a, b);
	case '+': return (int64_t)((uint64_t)a + (uint64_t)b);
	case '-': return (int64_t)((uint64_t)a - (uint64_t)b);
	case TOKEN_SHIFT_LEFT: return (int64_t)((uint64_t)a << (b & 63));
	case TOKEN_SHIFT_RIGHT: return a >> (b & 63);
	case '<': return a < b;
	case '>': return a > b;
	case TOKEN_LESS_EQUAL: return a <= b;
	case TOKEN_MORE_EQUAL: return a >= b;
	case TOKEN_EQUAL: return a == b;
	case TOKEN_UNEQUAL: return a != b;
	case '&': return a & b;
	case '^': return a ^ b;
	default: return a | b;
	}
}

static int64_t unary(const struct expr *e, int64_t a)
{
	switch (e->op) {
	case '!': return !a;
	case '~': return ~a;
	case '-': return (int64_t)(0 - (uint64_t)a);
	default: return a;
	}
}

static int64_t value_of(unsigned thread, const struct expr *e)
{
	int64_t a;

	switch (e->kind) {
	case EXPR_NUMBER: return e->number;
	case EXPR_ADDRESS: return address_of(e->number);
	case EXPR_REGISTER: return run.reg[thread][e->number];
	case EXPR_CALL: return call(thread, e);
	case EXPR_UNARY: return unary(e, value_of(thread, e->arg[0]));
	case EXPR_DEREF:
		a = value_of(thread, e->arg[0]);
		return access_load(thread, global_at(e, a, false), ORDER_RELAXED);
	default:
		a = value_of(thread, e->arg[0]);
		if (e->op == TOKEN_AND)
			return a && value_of(thread, e->arg[1]);
		if (e->op == TOKEN_OR)
			return a || value_of(thread, e->arg[1]);
		return binary(e, a, value_of(thread, e->arg[1]));
	}
}

/* ---- statements --------------------------------------------------------------------------- */

static void statements(unsigned thread, const struct stmt *s);

static void loop(unsigned thread, const struct stmt *s)
{
	for (unsigned i = 0; ; i++) {
		if (i > 0 || s->kind == STMT_WHILE)
			if (!value_of(thread, s->e))
				return;
		if (i == RUN_ROUNDS_MAX)
			kt_fail(KT_LIVELOCK, "a loop goes on");
		statements(thread, s->body);
	}
}

static void statements(unsigned thread, const struct stmt *s)
{
	for (; s; s = s->next) {
		switch (s->kind) {
		case STMT_EXPR:
			value_of(thread, s->e);
			break;
		case STMT_SET:
			run.reg[thread][s->reg] = value_of(thread, s->e);
			break;
		case STMT_STORE: {
			int64_t to = value_of(thread, s->to), value = value_of(thread, s->e);

			access_store(thread, global_at(s->to, to, false), value, ORDER_RELAXED);
			break;
		}
		case STMT_IF:
			statements(thread, value_of(thread, s->e) ? s->body : s->other);
			break;
		case STMT_WHILE:
		case STMT_DO:
			loop(thread, s);
			break;
		default:
			statements(thread, s->body);
			break;
		}
	}
}

static void thread_main(void *arg)
{
	unsigned thread = *(const unsigned *)arg;

	explore_next(thread, ACT_LOCAL, 0);
	statements(thread, run.t->thread[thread].body);
	explore_next(thread, ACT_LOCAL, 0);
}

/* ---- an execution --------------------------------------------------------------------------- */

static int64_t word_of(unsigned g)
{
	switch (run.t->global[g].size) {
	case 1: return *(int8_t *)access_words[g];
	case 2: return *(int16_t *)(void *)access_words[g];
	case 4: return *(int32_t *)(void *)access_words[g];
	default: return *(int64_t *)(void *)access_words[g];
	}
}

static void set_first_values(void)
{
	const struct test *t = run.t;

	for (unsigned i = 0; i < t->globals; i++) {
		const struct test_global *g = &t->global[i];
		int64_t value = g->address ? address_of(g->first) : g->first;

		memcpy(access_words[i], &value, sizeof value);
		kt_lock_init(&run.lock[i], g->name);
	}
	for (unsigned i = 0; i < t->threads; i++)
		for (unsigned k = 0; k < t->thread[i].registers; k++)
			run.reg[i][k] = t->thread[i].address[k] ?
				address_of(t->thread[i].first[k]) : t->thread[i].first[k];
}

static void body(void *unused)
{
	static unsigned number[TEST_THREADS_MAX];
	static struct os_thread thread[TEST_THREADS_MAX];
	const struct test *t = run.t;
	struct os_thread init;

	(void)unused;
	os_adopt(&init, "init");
	set_first_values();
	for (unsigned i = 0; i < t->threads; i++) {
		char name[16];

		number[i] = i;
		snprintf(name, sizeof name, "P%u", i);
		KT_ASSERT(os_spawn(&thread[i], name, OS_JOINABLE, thread_main, &number[i]) == 0);
	}
	explore_started();
	for (unsigned i = 0; i < t->threads; i++)
		os_join(&thread[i]);
	/* All stores are visible, so memory has the last values. */
	for (unsigned i = 0; i < t->items; i++)
		run.value[i] = t->item[i].thread < 0 ? word_of(t->item[i].index) :
			run.reg[t->item[i].thread][t->item[i].index];
	for (unsigned i = 0; i < t->globals; i++)
		kt_lock_destroy(&run.lock[i]);
	os_unadopt();
}

/* ---- states ---------------------------------------------------------------------------------- */

static bool holds(const struct cond *c)
{
	switch (c->kind) {
	case COND_TRUE: return true;
	case COND_FALSE: return false;
	case COND_NOT: return !holds(c->a);
	case COND_AND: return holds(c->a) && holds(c->b);
	case COND_OR: return holds(c->a) || holds(c->b);
	case COND_IMPLIES: return !holds(c->a) || holds(c->b);
	default:
		return run.value[c->item] == (c->address ? address_of(c->value) : c->value);
	}
}

static int compare_states(const int64_t *a, const int64_t *b)
{
	for (unsigned i = 0; i < run.t->items; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static void note_state(struct run_outcome *out)
{
	unsigned i = 0;
	bool good = holds(run.t->cond);

	if (good)
		out->positive++;
	else
		out->negative++;
	while (i < out->states && compare_states(out->state[i].value, run.value) < 0)
		i++;
	if (i == out->states || compare_states(out->state[i].value, run.value) != 0) {
		if (out->states == RUN_STATES_MAX) {
			out->end = RUN_WRONG;
			snprintf(out->message, sizeof out->message,
				 "%s: more than %d states", run.t->file, RUN_STATES_MAX);
			return;
		}
		memmove(&out->state[i + 1], &out->state[i],
			(out->states - i) * sizeof out->state[0]);
		out->states++;
		out->state[i].executions = 0;
		out->state[i].holds = good;
		memcpy(out->state[i].value, run.value, sizeof run.value);
	}
	out->state[i].executions++;
}

/* A failure of an execution is one of the test, because the test is all that runs. */
static void note(const struct sim_record *r, struct run_outcome *out)
{
	out->executions++;
	if (explore_was_redundant()) {
		out->redundant++;
		return;
	}
	switch (r->failure) {
	case KT_PASS:
		if (!run.t->filter || holds(run.t->filter))
			note_state(out);
		break;
	case KT_DEADLOCK:
		out->deadlocks++;
		break;
	case KT_LIVELOCK:
		out->endless++;
		break;
	default:
		out->end = RUN_WRONG;
		snprintf(out->message, sizeof out->message, "%s%s%s",
			 r->failure == KT_MODEL ? "" : run.t->file,
			 r->failure == KT_MODEL ? "" : ": ", r->message);
		break;
	}
}

void run_test(const struct test *t, enum sim_model memory, uint64_t limit,
	      struct run_outcome *out)
{
	const struct sim_options o = { .strategy = explore_strategy(), .memory = memory };

	memset(out, 0, sizeof *out);
	run.t = access_test = t;
	explore_begin(memory, access_words[0], ACCESS_STRIDE);
	do {
		if (out->executions == limit) {
			out->end = RUN_LIMIT;
			break;
		}
		note(sim_run(&o, body, NULL), out);
	} while (out->end == RUN_ALL && explore_more());
	out->is_short = explore_was_short();
}
