/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's functions, as linux-kernel.def of its memory model names them. The atomics are
 * made of a type (atomic_, atomic64_, atomic_long_), an operation, and an order (none, _relaxed,
 * _acquire, _release).
 */
#include "stress/litmus/calls.h"

#include <string.h>

static const struct {
	const char *name;
	enum test_fn fn;
	enum call_shape shape;
	enum test_order order;
} functions[] = {
	{ "READ_ONCE", FN_LOAD, CALL_LVALUE, ORDER_RELAXED },
	{ "WRITE_ONCE", FN_STORE, CALL_LVALUE_VALUE, ORDER_RELAXED },
	{ "smp_load_acquire", FN_LOAD, CALL_POINTER, ORDER_ACQUIRE },
	{ "smp_store_release", FN_STORE, CALL_POINTER_VALUE, ORDER_RELEASE },
	{ "smp_store_mb", FN_STORE_MB, CALL_LVALUE_VALUE, ORDER_RELAXED },
	{ "rcu_dereference", FN_LOAD, CALL_LVALUE, ORDER_RELAXED },
	{ "rcu_assign_pointer", FN_STORE, CALL_LVALUE_VALUE, ORDER_RELEASE },
	{ "smp_mb", FN_MB, CALL_NOTHING, ORDER_FULL },
	{ "smp_rmb", FN_RMB, CALL_NOTHING, ORDER_FULL },
	{ "smp_wmb", FN_WMB, CALL_NOTHING, ORDER_FULL },
	{ "smp_mb__before_atomic", FN_MB, CALL_NOTHING, ORDER_FULL },
	{ "smp_mb__after_atomic", FN_MB, CALL_NOTHING, ORDER_FULL },
	{ "smp_mb__after_spinlock", FN_MB, CALL_NOTHING, ORDER_FULL },
	{ "smp_mb__after_unlock_lock", FN_MB, CALL_NOTHING, ORDER_FULL },
	{ "barrier", FN_NOTHING, CALL_NOTHING, ORDER_FULL },
	{ "cpu_relax", FN_NOTHING, CALL_NOTHING, ORDER_FULL },
	{ "spin_lock", FN_LOCK, CALL_POINTER, ORDER_FULL },
	{ "spin_unlock", FN_UNLOCK, CALL_POINTER, ORDER_FULL },
	{ "spin_trylock", FN_TRYLOCK, CALL_POINTER, ORDER_FULL },
	{ "spin_is_locked", FN_IS_LOCKED, CALL_POINTER, ORDER_RELAXED },
	{ "rcu_read_lock", FN_RCU_LOCK, CALL_NOTHING, ORDER_FULL },
	{ "rcu_read_unlock", FN_RCU_UNLOCK, CALL_NOTHING, ORDER_FULL },
	{ "synchronize_rcu", FN_SYNCHRONIZE, CALL_NOTHING, ORDER_FULL },
	{ "synchronize_rcu_expedited", FN_SYNCHRONIZE, CALL_NOTHING, ORDER_FULL },
};

enum operand { OPERAND_GIVEN, OPERAND_ONE };
enum orders { NO_ORDERS, ALL_ORDERS, RELAXED_ONLY };

static const struct {
	const char *name;
	enum test_fn fn;
	enum call_shape shape;
	enum test_arith arith;
	enum test_result result;
	enum operand operand;
	enum orders orders;
} atomics[] = {
	{ "add", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ADD, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "sub", FN_UPDATE, CALL_VALUE_POINTER, ARITH_SUB, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "and", FN_UPDATE, CALL_VALUE_POINTER, ARITH_AND, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "or", FN_UPDATE, CALL_VALUE_POINTER, ARITH_OR, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "xor", FN_UPDATE, CALL_VALUE_POINTER, ARITH_XOR, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "andnot", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ANDNOT, 0, OPERAND_GIVEN, RELAXED_ONLY },
	{ "inc", FN_UPDATE, CALL_POINTER, ARITH_ADD, 0, OPERAND_ONE, RELAXED_ONLY },
	{ "dec", FN_UPDATE, CALL_POINTER, ARITH_SUB, 0, OPERAND_ONE, RELAXED_ONLY },
	{ "add_return", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ADD, RESULT_NEW, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "sub_return", FN_UPDATE, CALL_VALUE_POINTER, ARITH_SUB, RESULT_NEW, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "inc_return", FN_UPDATE, CALL_POINTER, ARITH_ADD, RESULT_NEW, OPERAND_ONE, ALL_ORDERS },
	{ "dec_return", FN_UPDATE, CALL_POINTER, ARITH_SUB, RESULT_NEW, OPERAND_ONE, ALL_ORDERS },
	{ "fetch_add", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ADD, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_sub", FN_UPDATE, CALL_VALUE_POINTER, ARITH_SUB, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_and", FN_UPDATE, CALL_VALUE_POINTER, ARITH_AND, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_or", FN_UPDATE, CALL_VALUE_POINTER, ARITH_OR, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_xor", FN_UPDATE, CALL_VALUE_POINTER, ARITH_XOR, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_andnot", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ANDNOT, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "fetch_inc", FN_UPDATE, CALL_POINTER, ARITH_ADD, RESULT_OLD, OPERAND_ONE, ALL_ORDERS },
	{ "fetch_dec", FN_UPDATE, CALL_POINTER, ARITH_SUB, RESULT_OLD, OPERAND_ONE, ALL_ORDERS },
	{ "xchg", FN_UPDATE, CALL_POINTER_VALUE, ARITH_SET, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "cmpxchg", FN_CMPXCHG, CALL_POINTER_TWO, ARITH_SET, RESULT_OLD, OPERAND_GIVEN,
	  ALL_ORDERS },
	{ "sub_and_test", FN_UPDATE, CALL_VALUE_POINTER, ARITH_SUB, RESULT_IS_ZERO, OPERAND_GIVEN,
	  NO_ORDERS },
	{ "dec_and_test", FN_UPDATE, CALL_POINTER, ARITH_SUB, RESULT_IS_ZERO, OPERAND_ONE,
	  NO_ORDERS },
	{ "inc_and_test", FN_UPDATE, CALL_POINTER, ARITH_ADD, RESULT_IS_ZERO, OPERAND_ONE,
	  NO_ORDERS },
	{ "add_negative", FN_UPDATE, CALL_VALUE_POINTER, ARITH_ADD, RESULT_IS_NEGATIVE,
	  OPERAND_GIVEN, ALL_ORDERS },
	{ "add_unless", FN_ADD_UNLESS, CALL_POINTER_TWO, ARITH_ADD, 0, OPERAND_GIVEN, NO_ORDERS },
	{ "inc_not_zero", FN_ADD_UNLESS, CALL_POINTER, ARITH_ADD, 0, OPERAND_ONE, NO_ORDERS },
};

static const struct {
	const char *name;
	enum test_fn fn;
	enum call_shape shape;
	enum test_order order;
} atomic_accesses[] = {
	{ "read", FN_LOAD, CALL_POINTER, ORDER_RELAXED },
	{ "read_acquire", FN_LOAD, CALL_POINTER, ORDER_ACQUIRE },
	{ "set", FN_STORE, CALL_POINTER_VALUE, ORDER_RELAXED },
	{ "set_release", FN_STORE, CALL_POINTER_VALUE, ORDER_RELEASE },
};

/* Cut the order off the name's end. */
static enum test_order order_of(const char *name, size_t *len, bool *said)
{
	static const struct { const char *end; enum test_order order; } ends[] = {
		{ "_relaxed", ORDER_RELAXED }, { "_acquire", ORDER_ACQUIRE },
		{ "_release", ORDER_RELEASE },
	};

	*len = strlen(name);
	*said = false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t n = strlen(ends[i].end);

		if (*len > n && strcmp(name + *len - n, ends[i].end) == 0) {
			*len -= n;
			*said = true;
			return ends[i].order;
		}
	}
	return ORDER_FULL;
}

static bool find_atomic(const char *name, struct expr *e, enum call_shape *shape, int64_t *implied)
{
	size_t len;
	bool said;
	enum test_order order = order_of(name, &len, &said);

	for (size_t i = 0; i < sizeof atomics / sizeof atomics[0]; i++) {
		if (strlen(atomics[i].name) != len || strncmp(atomics[i].name, name, len) != 0)
			continue;
		if (said && atomics[i].orders != ALL_ORDERS)
			return false;
		e->fn = atomics[i].fn;
		e->order = atomics[i].orders == RELAXED_ONLY ? ORDER_RELAXED : order;
		e->arith = atomics[i].arith;
		e->result = atomics[i].result;
		e->worth = atomics[i].orders != RELAXED_ONLY;
		*shape = atomics[i].shape;
		*implied = atomics[i].operand == OPERAND_ONE;
		return true;
	}
	return false;
}

static bool is_worth(enum test_fn fn)
{
	return fn == FN_LOAD || fn == FN_TRYLOCK || fn == FN_IS_LOCKED;
}

bool call_find(const char *name, struct expr *e, enum call_shape *shape, int64_t *implied)
{
	static const char *const types[] = { "atomic_long_", "atomic64_", "atomic_" };

	*implied = 0;
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (strcmp(functions[i].name, name) == 0) {
			e->fn = functions[i].fn;
			e->order = functions[i].order;
			e->worth = is_worth(functions[i].fn);
			*shape = functions[i].shape;
			return true;
		}
	if (strncmp(name, "xchg", 4) == 0 || strncmp(name, "cmpxchg", 7) == 0)
		return find_atomic(name, e, shape, implied);
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		size_t len = strlen(types[t]);

		if (strncmp(name, types[t], len) != 0)
			continue;
		for (size_t i = 0; i < sizeof atomic_accesses / sizeof atomic_accesses[0]; i++)
			if (strcmp(atomic_accesses[i].name, name + len) == 0) {
				e->fn = atomic_accesses[i].fn;
				e->order = atomic_accesses[i].order;
				e->worth = is_worth(atomic_accesses[i].fn);
				*shape = atomic_accesses[i].shape;
				return true;
			}
		return find_atomic(name + len, e, shape, implied);
	}
	return false;
}
