/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Atomic operations of sizes for which the compiler calls libatomic: structures, and 16 bytes
 * without the instruction for them. In an execution each is a choice point and then done at
 * once. With weak memory it makes visible what its task has stored, because such an operation is
 * made with a lock.
 *
 * Outside an execution libatomic's own function is called. A program that is linked without
 * libatomic gets these functions instead: they take one lock for all objects.
 */
#include <string.h>

#include "platform/hosted/filter.h"
#include "platform/hosted/heap.h"
#include "platform/hosted/site.h"

static int one_lock;

static void lock(void)
{
	while (__atomic_exchange_n(&one_lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock(void)
{
	__atomic_store_n(&one_lock, 0, __ATOMIC_RELEASE);
}

static void arrive(const void *object, size_t size, enum hosted_op op, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, op);

	hosted_heap_check(object, size, pc);
	hosted_point(site, object);
	sim_fence();
	site_touch((uintptr_t)object, size, op != HOSTED_ATOMIC_LOAD);
	if (op != HOSTED_ATOMIC_STORE)
		hosted_acquire(object);
	if (op != HOSTED_ATOMIC_LOAD)
		hosted_release(object);
}

static void load(size_t size, const void *object, void *out)
{
	memcpy(out, object, size);
}

static bool exchange_if(size_t size, void *object, void *expected, const void *value)
{
	if (memcmp(object, expected, size) == 0) {
		memcpy(object, value, size);
		return true;
	}
	memcpy(expected, object, size);
	return false;
}

/* The compiler knows the real names as its own, so these functions get them by assembly. */
#define CALL(result, name, ...)                                                \
	HOSTED_EXPORT result hosted_atomic_##name(__VA_ARGS__) __asm__("__atomic_" #name); \
	result hosted_atomic_##name(__VA_ARGS__)

/* libatomic's, or NULL. */
#define REAL(name)                                                             \
	((__typeof__(&hosted_atomic_##name))dlsym(RTLD_NEXT, "__atomic_" #name))

CALL(void, load, size_t size, const void *object, void *out, int order)
{
	if (hosted_on()) {
		arrive(object, size, HOSTED_ATOMIC_LOAD, HOSTED_CALLER);
		load(size, object, out);
	} else if (REAL(load)) {
		REAL(load)(size, object, out, order);
	} else {
		lock();
		load(size, object, out);
		unlock();
	}
}

CALL(void, store, size_t size, void *object, const void *value, int order)
{
	if (hosted_on()) {
		arrive(object, size, HOSTED_ATOMIC_STORE, HOSTED_CALLER);
		memcpy(object, value, size);
	} else if (REAL(store)) {
		REAL(store)(size, object, value, order);
	} else {
		lock();
		memcpy(object, value, size);
		unlock();
	}
}

CALL(void, exchange, size_t size, void *object, const void *value, void *out, int order)
{
	if (hosted_on()) {
		arrive(object, size, HOSTED_UPDATE, HOSTED_CALLER);
		load(size, object, out);
		memcpy(object, value, size);
	} else if (REAL(exchange)) {
		REAL(exchange)(size, object, value, out, order);
	} else {
		lock();
		load(size, object, out);
		memcpy(object, value, size);
		unlock();
	}
}

CALL(bool, compare_exchange, size_t size, void *object, void *expected, const void *value,
     int order, int failure)
{
	bool done;

	if (hosted_on()) {
		arrive(object, size, HOSTED_UPDATE, HOSTED_CALLER);
		return exchange_if(size, object, expected, value);
	}
	if (REAL(compare_exchange))
		return REAL(compare_exchange)(size, object, expected, value, order, failure);
	lock();
	done = exchange_if(size, object, expected, value);
	unlock();
	return done;
}

/* ---- 16 bytes -------------------------------------------------------------------------- */

/*
 * Without the instruction for them the compiler calls these. libatomic's other operations on 16
 * bytes are no choice points.
 */
typedef unsigned __int128 u128;

CALL(u128, load_16, const void *object, int order)
{
	u128 value;

	if (hosted_on()) {
		arrive(object, sizeof value, HOSTED_ATOMIC_LOAD, HOSTED_CALLER);
		load(sizeof value, object, &value);
	} else if (REAL(load_16)) {
		value = REAL(load_16)(object, order);
	} else {
		lock();
		load(sizeof value, object, &value);
		unlock();
	}
	return value;
}

CALL(void, store_16, void *object, u128 value, int order)
{
	if (hosted_on()) {
		arrive(object, sizeof value, HOSTED_ATOMIC_STORE, HOSTED_CALLER);
		memcpy(object, &value, sizeof value);
	} else if (REAL(store_16)) {
		REAL(store_16)(object, value, order);
	} else {
		lock();
		memcpy(object, &value, sizeof value);
		unlock();
	}
}

CALL(bool, compare_exchange_16, void *object, void *expected, u128 value, int order, int failure)
{
	bool done;

	if (hosted_on()) {
		arrive(object, sizeof value, HOSTED_UPDATE, HOSTED_CALLER);
		return exchange_if(sizeof value, object, expected, &value);
	}
	if (REAL(compare_exchange_16))
		return REAL(compare_exchange_16)(object, expected, value, order, failure);
	lock();
	done = exchange_if(sizeof value, object, expected, &value);
	unlock();
	return done;
}
