/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Litmus tests: every execution of small programs gives, with each memory, exactly the
 * outcomes that the memory allows. The names are those of the literature (Alglave,
 * Maranget, Sarkar, Sewell: "Litmus: Running Tests Against Hardware", TACAS 2011; for
 * forwarding those of x86-TSO).
 *
 * An outcome lists what the loads and exchanges gave, thread by thread. After these come
 * the final values of the locations for which the test asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/lock.h"
#include "platform/os.h"
#include "platform/sim/sim.h"

enum {
	THREADS_MAX = 4,
	OPS_MAX = 7,
	OUTCOMES_MAX = 32,
	CHOICES_MAX = 64,
};

enum op_kind {
	END, WRITE, RELEASE, STORE_MB, XCHG, READ, ACQUIRE, FAILING, MB, RMB, WMB, LOCK, UNLOCK
};
enum location { X, Y, Z, LOCATIONS };

struct op {
	enum op_kind kind;
	enum location at;
	unsigned value;
};

struct litmus {
	const char *name;
	struct op thread[THREADS_MAX][OPS_MAX];
	unsigned finals;	/* bit per location */
	const char *sc, *more_in_tso, *more_in_pso, *more_in_arm;
};

#define W(at, v)   { WRITE, at, v }
#define REL(at, v) { RELEASE, at, v }
#define SMB(at, v) { STORE_MB, at, v }
#define SWP(at, v) { XCHG, at, v }
#define R(at)      { READ, at, 0 }
#define ACQ(at)    { ACQUIRE, at, 0 }
#define F          { MB, X, 0 }
#define RF         { RMB, X, 0 }
#define WF         { WMB, X, 0 }
#define CAS(at)    { FAILING, at, 0 }	/* a compare-and-exchange that always fails */
#define L          { LOCK, X, 0 }
#define U          { UNLOCK, X, 0 }
#define IRIW_SC "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111"
#define THREE_SC "000 001 010 011 100 101 111"

static const struct litmus tests[] = {
	/* name, threads, finals, sc, more in tso, more in pso, more in arm */
	{ "SB", { { W(X, 1), R(Y) }, { W(Y, 1), R(X) } }, 0, "01 10 11", "00", "", "" },
	{ "SB+mbs", { { W(X, 1), F, R(Y) }, { W(Y, 1), F, R(X) } }, 0, "01 10 11", "", "", "" },
	{ "SB+mb+po", { { W(X, 1), F, R(Y) }, { W(Y, 1), R(X) } }, 0, "01 10 11", "00", "", "" },
	{ "SB+rels", { { REL(X, 1), R(Y) }, { REL(Y, 1), R(X) } }, 0, "01 10 11", "00", "", "" },
	{ "SB+xchgs", { { SWP(X, 1), R(Y) }, { SWP(Y, 1), R(X) } }, 0,
	  "0001 0100 0101", "", "", "" },
	{ "SB+store_mbs", { { SMB(X, 1), R(Y) }, { SMB(Y, 1), R(X) } }, 0, "01 10 11", "", "", "" },
	/* A task sees its own stores; a lock orders what its contract says. */
	{ "SB+rfis", { { W(X, 1), R(X), R(Y) }, { W(Y, 1), R(Y), R(X) } }, 0,
	  "1011 1110 1111", "1010", "", "" },
	{ "SB+unlock+mb", { { L, W(X, 1), U, R(Y) }, { W(Y, 1), F, R(X) } }, 0,
	  "01 10 11", "00", "", "" },

	{ "MP", { { W(X, 1), W(Y, 1) }, { R(Y), R(X) } }, 0, "00 01 11", "", "10", "" },
	{ "MP+rel", { { W(X, 1), REL(Y, 1) }, { R(Y), R(X) } }, 0, "00 01 11", "", "", "10" },
	{ "MP+mb", { { W(X, 1), F, W(Y, 1) }, { R(Y), R(X) } }, 0, "00 01 11", "", "", "10" },
	{ "MP+xchg", { { W(X, 1), SWP(Y, 1) }, { R(Y), R(X) } }, 0, "000 001 011", "", "", "010" },
	{ "MP+rel+po", { { REL(X, 1), W(Y, 1) }, { R(Y), R(X) } }, 0, "00 01 11", "", "10", "" },
	{ "MP+locks", { { W(X, 1), L, W(Y, 1), U }, { L, R(Y), U, R(X) } }, 0,
	  "00 01 11", "", "", "" },
	{ "MP+lock+po", { { W(X, 1), L, W(Y, 1), U }, { R(Y), R(X) } }, 0,
	  "00 01 11", "", "10", "" },

	{ "LB", { { R(X), W(Y, 1) }, { R(Y), W(X, 1) } }, 0, "00 01 10", "", "", "" },
	{ "LB+mbs", { { R(X), F, W(Y, 1) }, { R(Y), F, W(X, 1) } }, 0, "00 01 10", "", "", "" },

	{ "S", { { W(X, 2), W(Y, 1) }, { R(Y), W(X, 1) } }, 1 << X, "01 02 11", "", "12", "" },
	{ "S+rel", { { W(X, 2), REL(Y, 1) }, { R(Y), W(X, 1) } }, 1 << X, "01 02 11", "", "", "" },

	{ "R", { { W(X, 1), W(Y, 1) }, { W(Y, 2), R(X) } }, 1 << Y, "01 11 12", "02", "", "" },
	{ "R+po+mb", { { W(X, 1), W(Y, 1) }, { W(Y, 2), F, R(X) } }, 1 << Y,
	  "01 11 12", "", "02", "" },
	{ "R+rel+po", { { W(X, 1), REL(Y, 1) }, { W(Y, 2), R(X) } }, 1 << Y,
	  "01 11 12", "02", "", "" },
	{ "R+rel+mb", { { W(X, 1), REL(Y, 1) }, { W(Y, 2), F, R(X) } }, 1 << Y,
	  "01 11 12", "", "", "02" },

	{ "2+2W", { { W(X, 1), W(Y, 2) }, { W(Y, 1), W(X, 2) } }, 1 << X | 1 << Y,
	  "12 21 22", "", "11", "" },
	{ "2+2W+rels", { { W(X, 1), REL(Y, 2) }, { W(Y, 1), REL(X, 2) } }, 1 << X | 1 << Y,
	  "12 21 22", "", "", "" },
	{ "2+2W+rel+po", { { W(X, 1), REL(Y, 2) }, { W(Y, 1), W(X, 2) } }, 1 << X | 1 << Y,
	  "12 21 22", "", "11", "" },

	/*
	 * Coherence: with one location, each memory has the outcomes of interleavings only.
	 * CoRW, CoWR, CoRR and CoWW are its axioms.
	 */
	{ "CoRW", { { R(X), W(X, 1) }, { W(X, 2) } }, 1 << X, "01 02 21", "", "", "" },
	{ "CoRW+self", { { R(X), W(X, 1), R(X) }, { W(X, 2), R(X) } }, 1 << X,
	  "0111 0121 0122 0222 2111 2121", "", "", "" },
	{ "CoWR", { { W(X, 1), R(X) }, { W(X, 2) } }, 1 << X, "11 12 22", "", "", "" },
	{ "CoWR+both", { { W(X, 1), R(X) }, { W(X, 2), R(X) } }, 1 << X,
	  "111 121 122 222", "", "", "" },
	{ "CoWR+rel", { { W(X, 1), R(X) }, { REL(X, 2), R(X) } }, 1 << X,
	  "111 121 122 222", "", "", "" },
	{ "CoWR+xchg", { { W(X, 1), R(X) }, { SWP(X, 2), R(X) } }, 1 << X,
	  "1011 1021 1122 2122", "", "", "" },
	{ "CoWR+two", { { W(X, 1), W(X, 2), R(X) }, { W(X, 3) } }, 1 << X, "22 23 33", "", "", "" },
	{ "CoWR+other", { { W(X, 1), R(X) }, { W(X, 2) }, { R(X), R(X) } }, 1 << X,
	  "1001 1002 1011 1012 1021 1022 1111 1112 1122 1211 1221 1222 "
	  "2002 2012 2022 2112 2122 2222", "", "", "" },
	{ "CoRR", { { W(X, 1), W(X, 2) }, { R(X), R(X) } }, 1 << X,
	  "002 012 022 112 122 222", "", "", "" },
	{ "CoWW", { { W(X, 1), W(X, 2) }, { W(X, 3) } }, 1 << X, "2 3", "", "", "" },

	/*
	 * An exchange takes the visible value. Another task may have stored earlier, and
	 * that store may become visible after the exchange.
	 */
	{ "CoRMW", { { W(X, 1) }, { SWP(X, 2), R(X) } }, 1 << X, "011 021 122", "", "", "" },
	{ "CoRMW+MP", { { W(X, 1) }, { SWP(X, 2), W(Y, 1) }, { R(Y), R(X) } }, 1 << X,
	  "0001 0011 0021 0111 0121 1002 1012 1022 1122", "", "", "0101 1112 1102" },
	{ "WRC", { { W(X, 1) }, { R(X), W(Y, 1) }, { R(Y), R(X) } }, 0, THREE_SC, "", "", "110" },
	{ "ISA2", { { W(X, 1), W(Y, 1) }, { R(Y), W(Z, 1) }, { R(Z), R(X) } }, 0,
	  THREE_SC, "", "110", "" },
	{ "ISA2+rel", { { W(X, 1), REL(Y, 1) }, { R(Y), W(Z, 1) }, { R(Z), R(X) } }, 0,
	  THREE_SC, "", "", "110" },
	{ "IRIW", { { W(X, 1) }, { W(Y, 1) }, { R(X), R(Y) }, { R(Y), R(X) } }, 0,
	  IRIW_SC, "", "", "1010" },
	/* Barriers between loads, between stores; a failed update orders nothing. */
	{ "MP+rel+acq", { { W(X, 1), REL(Y, 1) }, { ACQ(Y), R(X) } }, 0, "00 01 11", "", "", "" },
	{ "MP+po+acq", { { W(X, 1), W(Y, 1) }, { ACQ(Y), R(X) } }, 0, "00 01 11", "", "10", "" },
	{ "MP+wmb+rmb", { { W(X, 1), WF, W(Y, 1) }, { R(Y), RF, R(X) } }, 0,
	  "00 01 11", "", "", "" },
	{ "MP+wmb+po", { { W(X, 1), WF, W(Y, 1) }, { R(Y), R(X) } }, 0,
	  "00 01 11", "", "", "10" },
	{ "MP+rel+mb", { { W(X, 1), REL(Y, 1) }, { R(Y), F, R(X) } }, 0, "00 01 11", "", "", "" },
	{ "MP+rel+late", { { W(X, 1), REL(Y, 1) }, { R(X), ACQ(Y), R(X) } }, 0,
	  "000 001 011 101 111", "", "", "" },
	{ "WRC+rel+rmb", { { W(X, 1) }, { R(X), REL(Y, 1) }, { R(Y), RF, R(X) } }, 0,
	  THREE_SC, "", "", "" },
	{ "WRC+po+acq", { { W(X, 1) }, { R(X), W(Y, 1) }, { ACQ(Y), R(X) } }, 0,
	  THREE_SC, "", "", "110" },
	{ "WRC+wmb+acq", { { W(X, 1) }, { R(X), WF, W(Y, 1) }, { ACQ(Y), R(X) } }, 0,
	  THREE_SC, "", "", "110" },
	{ "ISA2+rel+rel+acq", { { W(X, 1), REL(Y, 1) }, { R(Y), REL(Z, 1) }, { ACQ(Z), R(X) } }, 0,
	  THREE_SC, "", "", "" },
	{ "S+wmb+rel", { { W(X, 2), WF, W(Y, 1) }, { R(Y), REL(X, 1) } }, 1 << X,
	  "01 02 11", "", "", "" },
	{ "2+2W+wmbs", { { W(X, 1), WF, W(Y, 2) }, { W(Y, 1), WF, W(X, 2) } }, 1 << X | 1 << Y,
	  "12 21 22", "", "", "" },
	{ "SB+cas", { { W(X, 1), CAS(Z), R(Y) }, { W(Y, 1), CAS(Z), R(X) } }, 0,
	  "0001 0100 0101", "", "", "0000" },
	{ "IRIW+rmbs", { { W(X, 1) }, { W(Y, 1) }, { R(X), RF, R(Y) }, { R(Y), RF, R(X) } }, 0,
	  IRIW_SC, "", "", "1010" },
	{ "IRIW+mbs", { { W(X, 1) }, { W(Y, 1) }, { R(X), F, R(Y) }, { R(Y), F, R(X) } }, 0,
	  IRIW_SC, "", "", "" },
	/* What a lock's holder did before its unlock comes before what the next holder stores. */
	{ "ISA2+lock+lock+rmb",
	  { { L, W(X, 1), W(Y, 1), U }, { L, R(Y), W(Z, 1), U }, { R(Z), RF, R(X) } }, 0,
	  "000 001 010 011 100 101 111", "", "", "" },
	{ "MP+wmb+unlock-lock", { { W(X, 1), WF, W(Y, 1) }, { L, R(Y), U, L, R(X), U } }, 0,
	  "00 01 11", "", "", "" },
	{ "MP+2locks", { { L, W(X, 1), U, L, W(Y, 1), U }, { R(Y), RF, R(X) } }, 0,
	  "00 01 11", "", "", "" },
};

/* ---- every execution ------------------------------------------------------- */

/* Depth first: the choices of the execution under way, and the answers left to try. */
static struct {
	struct sim_strategy strategy;
	unsigned choices, at;
	struct {
		uint64_t left;
		uint8_t answer;
	} path[CHOICES_MAX];
} dfs;

static void dfs_begin(struct sim_strategy *s, uint64_t seed, uint32_t steps_estimate)
{
	(void)s, (void)seed, (void)steps_estimate;
	dfs.at = 0;
}

static bool started;		/* all threads are spawned */

/*
 * The body starts and joins the threads. It goes first until all threads are spawned.
 * Then it runs only if no other task can, because each join makes visible
 * what its thread has stored.
 */
static uint32_t dfs_next(struct sim_strategy *s, const struct sim_decision *d)
{
	uint64_t can = d->runnable;

	(void)s;
	if ((can & 1) && !started)
		return 0;
	if (can & ~sim_record()->stores & ~1ull)
		can &= ~1ull;
	if (dfs.at == dfs.choices) {
		if (dfs.choices == CHOICES_MAX)
			abort();
		dfs.path[dfs.choices].answer = (uint8_t)__builtin_ctzll(can);
		dfs.path[dfs.choices++].left = can & (can - 1);
	}
	return dfs.path[dfs.at++].answer;
}

static uint32_t dfs_choose(struct sim_strategy *s, enum sim_choice kind, uint32_t below)
{
	(void)s;
	if (kind != SIM_CHOOSE_STALE)
		return 0;
	if (dfs.at == dfs.choices) {
		if (dfs.choices == CHOICES_MAX)
			abort();
		dfs.path[dfs.choices].answer = 0;
		dfs.path[dfs.choices++].left = (1ull << below) - 2;
	}
	return dfs.path[dfs.at++].answer;
}

static bool dfs_advance(void)
{
	while (dfs.choices && !dfs.path[dfs.choices - 1].left)
		dfs.choices--;
	if (!dfs.choices)
		return false;
	dfs.path[dfs.choices - 1].answer =
		(uint8_t)__builtin_ctzll(dfs.path[dfs.choices - 1].left);
	dfs.path[dfs.choices - 1].left &= dfs.path[dfs.choices - 1].left - 1;
	return true;
}

/* ---- a program ---------------------------------------------------------------- */

static struct {
	const struct litmus *test;
	kt_lock lock;
	unsigned at[LOCATIONS];				/* atomic */
	unsigned loaded[THREADS_MAX][OPS_MAX], loads[THREADS_MAX];
	char outcome[16];
} run;

static void thread(void *arg)
{
	unsigned me = *(const unsigned *)arg;

	for (const struct op *o = run.test->thread[me];
	     o < run.test->thread[me] + OPS_MAX && o->kind != END; o++) {
		unsigned *p = &run.at[o->at];

		switch (o->kind) {
		case WRITE: WRITE_ONCE(*p, o->value); break;
		case RELEASE: smp_store_release(p, o->value); break;
		case STORE_MB: smp_store_mb(*p, o->value); break;
		case XCHG: run.loaded[me][run.loads[me]++] = xchg(p, o->value); break;
		case READ: run.loaded[me][run.loads[me]++] = READ_ONCE(*p); break;
		case ACQUIRE: run.loaded[me][run.loads[me]++] = smp_load_acquire(p); break;
		case FAILING: run.loaded[me][run.loads[me]++] = cmpxchg(p, 9u, 8u); break;
		case MB: smp_mb(); break;
		case RMB: smp_rmb(); break;
		case WMB: smp_wmb(); break;
		case LOCK: kt_lock_acquire(&run.lock); break;
		case UNLOCK: kt_lock_release(&run.lock); break;
		default: break;
		}
	}
}

static void body(void *unused)
{
	static const unsigned number[THREADS_MAX] = { 0, 1, 2, 3 };
	struct os_thread init, t[THREADS_MAX];
	unsigned threads = 0, used = 0;

	(void)unused;
	os_adopt(&init, "init");
	kt_lock_init(&run.lock, "litmus");
	memset(run.at, 0, sizeof run.at);
	memset(run.loads, 0, sizeof run.loads);
	started = false;
	for (; threads < THREADS_MAX && run.test->thread[threads][0].kind != END; threads++)
		KT_ASSERT(os_spawn(&t[threads], "thread", OS_JOINABLE, thread,
				   (void *)&number[threads]) == 0);
	started = true;
	for (unsigned i = 0; i < threads; i++)
		os_join(&t[i]);
	for (unsigned i = 0; i < threads; i++)
		for (unsigned k = 0; k < run.loads[i]; k++)
			run.outcome[used++] = (char)('0' + run.loaded[i][k]);
	for (unsigned i = 0; i < LOCATIONS; i++)
		if (run.test->finals >> i & 1)
			run.outcome[used++] = (char)('0' + READ_ONCE(run.at[i]));
	run.outcome[used] = '\0';
	kt_lock_destroy(&run.lock);
	os_unadopt();
}

/* ---- outcomes -------------------------------------------------------------------- */

struct outcomes {
	unsigned count;
	char text[OUTCOMES_MAX][16];
};

static void add(struct outcomes *o, const char *text, size_t len)
{
	for (unsigned i = 0; i < o->count; i++)
		if (strlen(o->text[i]) == len && memcmp(o->text[i], text, len) == 0)
			return;
	if (o->count == OUTCOMES_MAX)
		abort();
	snprintf(o->text[o->count++], sizeof o->text[0], "%.*s", (int)len, text);
}

static void add_words(struct outcomes *o, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " ");

		add(o, words, len);
		words += len + (words[len] == ' ');
	}
}

static bool has(const struct outcomes *o, const char *text)
{
	for (unsigned i = 0; i < o->count; i++)
		if (strcmp(o->text[i], text) == 0)
			return true;
	return false;
}

/* Print the outcomes in a that are not in b. Returns true if there is none. */
static bool none_but(const struct outcomes *a, const struct outcomes *b, const char *test,
		     const char *memory, const char *what)
{
	bool none = true;

	for (unsigned i = 0; i < a->count; i++)
		if (!has(b, a->text[i])) {
			printf("FAIL %s %s: %s %s\n", test, memory, what, a->text[i]);
			none = false;
		}
	return none;
}

static unsigned explore(const struct litmus *test, enum sim_model memory, struct outcomes *seen)
{
	const struct sim_options o = { .strategy = &dfs.strategy, .memory = memory };
	unsigned executions = 0;

	run.test = test;
	dfs.choices = 0;
	do {
		const struct sim_record *r = sim_run(&o, body, NULL);

		if (r->failure != KT_PASS) {
			printf("FAIL %s: %s: %s\n", test->name, kt_failure_name(r->failure),
			       r->message);
			exit(1);
		}
		add(seen, run.outcome, strlen(run.outcome));
		executions++;
	} while (dfs_advance());
	return executions;
}

static bool check(const struct litmus *test, enum sim_model memory, const char *name)
{
	struct outcomes seen = { .count = 0 }, expected = { .count = 0 };
	unsigned executions = explore(test, memory, &seen);
	bool good;

	add_words(&expected, test->sc);
	if (memory != SIM_SC)
		add_words(&expected, test->more_in_tso);
	if (memory >= SIM_PSO)
		add_words(&expected, test->more_in_pso);
	if (memory == SIM_ARM)
		add_words(&expected, test->more_in_arm);
	good = none_but(&expected, &seen, test->name, name, "never");
	good &= none_but(&seen, &expected, test->name, name, "unexpected");
	if (good)
		printf("ok %s %s: %u outcomes of %u executions\n", test->name, name, seen.count,
		       executions);
	return good;
}

int main(void)
{
	static const char *const names[] = { "sc", "tso", "pso", "arm" };
	bool good = true;

	dfs.strategy = (struct sim_strategy){
		.name = "litmus", .begin = dfs_begin, .next = dfs_next, .choose = dfs_choose,
	};
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		for (enum sim_model m = SIM_SC; m <= SIM_ARM; m++)
			good &= check(&tests[i], m, names[m]);
	return !good;
}
