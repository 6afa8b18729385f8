/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations on shared variables, by platform/atomic.h's macros. Each site has one size and one
 * kind of access, so each operation has a site for each size.
 */
#include "stress/litmus/access.h"

#include "platform/atomic.h"

char access_words[TEST_GLOBALS_MAX][ACCESS_STRIDE] __attribute__((aligned(ACCESS_STRIDE)));
const struct test *access_test;

/* Expands DO(type) for the variable's size. */
#define SIZED(size, DO)                                                        \
	switch (size) {                                                        \
	case 1: DO(int8_t); break;                                             \
	case 2: DO(int16_t); break;                                            \
	case 4: DO(int32_t); break;                                            \
	default: DO(int64_t); break;                                           \
	}

int64_t access_load(unsigned thread, unsigned g, enum test_order order)
{
	void *p = access_words[g];
	int64_t value = 0;

	explore_next(thread, ACT_LOAD, g);
#define ACQUIRE(type) value = smp_load_acquire((type *)p)
#define RELAXED(type) value = READ_ONCE(*(type *)p)
	if (order == ORDER_ACQUIRE)
		SIZED(access_test->global[g].size, ACQUIRE)
	else
		SIZED(access_test->global[g].size, RELAXED)
#undef ACQUIRE
#undef RELAXED
	return value;
}

void access_store(unsigned thread, unsigned g, int64_t value, enum test_order order)
{
	void *p = access_words[g];

	explore_next(thread, ACT_STORE, g);
#define RELEASE(type) smp_store_release((type *)p, (type)value)
#define RELAXED(type) WRITE_ONCE(*(type *)p, (type)value)
	if (order == ORDER_RELEASE)
		SIZED(access_test->global[g].size, RELEASE)
	else
		SIZED(access_test->global[g].size, RELAXED)
#undef RELEASE
#undef RELAXED
}

int64_t access_arith(enum test_arith how, int64_t old, int64_t value)
{
	switch (how) {
	case ARITH_ADD: return (int64_t)((uint64_t)old + (uint64_t)value);
	case ARITH_SUB: return (int64_t)((uint64_t)old - (uint64_t)value);
	case ARITH_AND: return old & value;
	case ARITH_OR: return old | value;
	case ARITH_XOR: return old ^ value;
	case ARITH_ANDNOT: return old & ~value;
	default: return value;
	}
}

/* An update whose access is of the kind `access`. Returns the old value. */
#define UPDATE(type, how)                                                      \
	(__extension__({                                                       \
		type *kt_place = KT_ATOMIC_AT("update", "", how, (type *)p); \
		type kt_was = KT_ATOMIC_LOAD(kt_place, __ATOMIC_RELAXED);      \
		KT_ATOMIC_STORE(kt_place, (type)access_arith(e->arith, kt_was, value), \
				__ATOMIC_RELAXED);                             \
		kt_was;                                                        \
	}))

int64_t access_update(unsigned thread, const struct expr *e, unsigned g, int64_t value)
{
	void *p = access_words[g];
	uint8_t size = access_test->global[g].size;
	int64_t old = 0;

	explore_next(thread, ACT_UPDATE, g);
#define FULL(type)    old = UPDATE(type, KT_UPDATE)
#define RELAXED(type) old = UPDATE(type, KT_UPDATE_RELAXED)
#define ACQUIRE(type) old = UPDATE(type, KT_UPDATE_ACQUIRE)
#define RELEASE(type) old = UPDATE(type, KT_UPDATE_RELEASE)
	switch (e->order) {
	case ORDER_RELAXED: SIZED(size, RELAXED) break;
	case ORDER_ACQUIRE: SIZED(size, ACQUIRE) break;
	case ORDER_RELEASE: SIZED(size, RELEASE) break;
	default: SIZED(size, FULL) break;
	}
#undef FULL
#undef RELAXED
#undef ACQUIRE
#undef RELEASE
	return old;
}

/* A compare-and-exchange at that point. `how`: its order if it finds `old`. */
#define COMPARE(type)                                                          \
	was = KT_ATOMIC_CMPXCHG(KT_ATOMIC_IF("cmpxchg", "", (type *)p, (type)old, how), \
				(type)old, (type)new)

int64_t access_compare(unsigned thread, unsigned g, int64_t old, int64_t new,
		       enum test_order order)
{
	static const enum kt_access access[] = {
		[ORDER_FULL] = KT_UPDATE, [ORDER_RELAXED] = KT_UPDATE_RELAXED,
		[ORDER_ACQUIRE] = KT_UPDATE_ACQUIRE, [ORDER_RELEASE] = KT_UPDATE_RELEASE,
	};
	enum kt_access how = access[order];
	void *p = access_words[g];
	int64_t was = 0;

	explore_next(thread, ACT_UPDATE, g);
	SIZED(access_test->global[g].size, COMPARE)
	return was;
}

bool access_add_unless(unsigned thread, const struct expr *e, unsigned g, int64_t value,
		       int64_t unless)
{
	int64_t was = access_load(thread, g, ORDER_RELAXED);

	while (was != unless) {
		int64_t new = access_arith(e->arith, was, value);
		int64_t seen = access_compare(thread, g, was, new, ORDER_FULL);

		if (seen == was)
			return true;
		was = seen;
	}
	return false;
}

void access_point(unsigned thread, enum act act, unsigned word)
{
	static char nothing;

	explore_next(thread, act, word);
	(void)KT_ATOMIC_AT("point", "", KT_NO_ACCESS, &nothing);
}

void access_barrier(unsigned thread)
{
	access_point(thread, ACT_BARRIER, 0);
	smp_mb();
}
