/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks that the compiler calls in the place of atomic operations. Here the runtime
 * does the operation, so that weak memory works on it:
 *
 *	relaxed and release stores	may be held back (TSO, PSO, ARM)
 *	seq_cst stores, updates		make visible what their task has stored (ARM: as their
 *					order says)
 *	loads				done in program order (ARM: may read an older store)
 *	acquire, release		edges of the race detector and of weak memory
 *
 * Outside an execution each is a real atomic operation, of the strongest order, because a
 * hook gets its order at run time.
 *
 * Not seen: atomics in inline assembly.
 */
#include "platform/hosted/call.h"
#include "platform/hosted/explore.h"
#include "platform/hosted/filter.h"
#include "platform/hosted/heap.h"
#include "platform/hosted/hosted.h"
#include "platform/hosted/race.h"
#include "platform/hosted/site.h"

typedef unsigned __int128 u128;

static inline bool acquires(int order)
{
	return order != __ATOMIC_RELAXED && order != __ATOMIC_RELEASE;
}

static inline bool releases(int order)
{
	return order >= __ATOMIC_RELEASE;
}

/* clang passes an order with bits of hardware lock elision. */
static inline int order_of(int order)
{
	return order & 0xffff;
}

static inline enum hosted_op store_op(int order)
{
	return order == __ATOMIC_SEQ_CST ? HOSTED_ATOMIC_SEQ_STORE :
	       order == __ATOMIC_RELAXED ? HOSTED_ATOMIC_STORE : HOSTED_ATOMIC_RELEASE;
}

/* As arrive(), inside a call that is one choice point as a whole. */
__attribute__((noinline)) static void *arrive_in_call(const volatile void *a, size_t size,
						      enum hosted_op op, uintptr_t pc)
{
	void *addr = (void *)(uintptr_t)a;

	heap_check((uintptr_t)addr, size, hosted_program_pc(pc));
	if (sim_unfinished() >= 2)
		filter_touch((uintptr_t)addr / 8, !hosted_op_loads(op));
	site_touch((uintptr_t)addr, size, !hosted_op_loads(op));
	if (hosted_op_loads(op) && size <= sizeof(uint64_t))
		return sim_seen(addr, size);
	sim_fence();
	return addr;
}

static inline enum hosted_op load_op(int order)
{
	return order == __ATOMIC_SEQ_CST ? HOSTED_ATOMIC_SEQ_LOAD :
	       acquires(order) ? HOSTED_ATOMIC_ACQUIRE : HOSTED_ATOMIC_LOAD;
}

static inline enum hosted_op update_op(int order)
{
	return order == __ATOMIC_SEQ_CST ? HOSTED_UPDATE :
	       order == __ATOMIC_RELAXED ? HOSTED_UPDATE_RELAXED :
	       order == __ATOMIC_RELEASE ? HOSTED_UPDATE_RELEASE :
	       order == __ATOMIC_ACQ_REL ? HOSTED_UPDATE_ACQ_REL : HOSTED_UPDATE_ACQUIRE;
}

/* What a compare-and-exchange is if it exchanges. */
static inline enum kt_access update_access(int order)
{
	return order == __ATOMIC_SEQ_CST ? KT_UPDATE :
	       order == __ATOMIC_RELAXED ? KT_UPDATE_RELAXED :
	       order == __ATOMIC_RELEASE ? KT_UPDATE_RELEASE :
	       order == __ATOMIC_ACQ_REL ? KT_UPDATE_ACQ_REL : KT_UPDATE_ACQUIRE;
}

/*
 * A choice point before the operation. Returns the address on which the operation must be
 * done. With one task left, nothing is a choice and nothing is held back; of 16 bytes
 * nothing is either.
 */
static inline void *arrive(const volatile void *a, size_t size, enum hosted_op op, uintptr_t pc)
{
	struct site_row *row;
	void *addr = (void *)(uintptr_t)a;

	if (unlikely(hosted_in_call()))
		return arrive_in_call(a, size, op, pc);
	row = site_find(pc, op, (uint8_t)size, (uintptr_t)a);
	heap_check((uintptr_t)addr, size, pc);
	site_visit(row);
	if (hosted_is_alone() || size > sizeof(uint64_t))
		sim_fence();
	if (hosted_is_alone())
		return addr;
	filter_touch((uintptr_t)addr / 8, !hosted_op_loads(op));
	site_note_step(row);
	hosted_count_access(pc);
	addr = sim_point(&row->site, addr);
	hosted_back();
	heap_check((uintptr_t)a, size, pc);
	site_touch((uintptr_t)a, size, !hosted_op_loads(op));
	if (unlikely(hosted_explores))
		explore_atomic(row, addr, size, op);
	return addr;
}

/*
 * What an operation orders, for observers and for the race detector. A compare-and-exchange that
 * fails only reads.
 */
static inline void edges(const volatile void *a, size_t size, enum hosted_atomic_kind kind,
			 int order, uintptr_t pc)
{
	const void *addr = (const void *)(uintptr_t)a;

	order = order_of(order);
	/* With SIM_ARM the edge is from the store that a load has read: view.c knows it. */
	if (kind != HOSTED_WRITES && acquires(order) && hosted_memory != SIM_ARM)
		sim_hb_acquire(addr);
	if (kind != HOSTED_READS && releases(order) && hosted_memory != SIM_ARM)
		sim_hb_release(addr);
	if (unlikely(hosted_races_on))
		hosted_race_atomic(addr, size, kind, order, pc);
}

/* The same for a compare-and-exchange that expects `old`. */
static inline void *arrive_if(const volatile void *a, size_t size, uint64_t old, int order,
			      uintptr_t pc)
{
	void *at = arrive(a, size, HOSTED_EXCHANGE_IF, pc);

	if (!sim_is_weak || hosted_is_alone() || hosted_in_call())
		return at;
	return sim_at_cmpxchg(&site_find(pc, HOSTED_EXCHANGE_IF, (uint8_t)size, (uintptr_t)a)->site,
			      (void *)(uintptr_t)a, old, update_access(order_of(order)));
}

static inline bool may_fail(uintptr_t pc, size_t size)
{
	return hosted_spurious(hosted_site_sized(pc, HOSTED_UPDATE, (uint8_t)size));
}

/* NOLINTBEGIN(bugprone-macro-parentheses): T is a type, and name a part of a name */
#define ATOMIC_LOAD_STORE(bits, T)                                             \
	HOSTED_EXPORT T __tsan_atomic##bits##_load(const volatile T *a, int order); \
	HOSTED_EXPORT T __tsan_atomic##bits##_load(const volatile T *a, int order) \
	{                                                                      \
		const T *at;                                                   \
		T value;                                                       \
									       \
		if (!hosted_on())                                              \
			return REAL_LOAD(bits, a);                             \
		at = arrive(a, sizeof(T), load_op(order_of(order)), HOSTED_CALLER); \
		value = *at;                                                   \
		edges(a, sizeof(T), HOSTED_READS, order, HOSTED_CALLER);       \
		return value;                                                  \
	}                                                                      \
	HOSTED_EXPORT void __tsan_atomic##bits##_store(volatile T *a, T value, int order); \
	HOSTED_EXPORT void __tsan_atomic##bits##_store(volatile T *a, T value, int order) \
	{                                                                      \
		T *at;                                                         \
									       \
		if (!hosted_on()) {                                            \
			REAL_STORE(bits, a, value);                            \
			return;                                                \
		}                                                              \
		at = arrive(a, sizeof(T), store_op(order_of(order)), HOSTED_CALLER); \
		edges(a, sizeof(T), HOSTED_WRITES, order, HOSTED_CALLER);      \
		*at = value;                                                   \
	}

#define ATOMIC_UPDATE(bits, T, name, result)                                   \
	HOSTED_EXPORT T __tsan_atomic##bits##_##name(volatile T *a, T operand, int order); \
	HOSTED_EXPORT T __tsan_atomic##bits##_##name(volatile T *a, T operand, int order) \
	{                                                                      \
		T *at;                                                         \
		T old;                                                         \
									       \
		if (!hosted_on())                                              \
			return REAL_UPDATE(bits, T, a, operand, result);       \
		at = arrive(a, sizeof(T), update_op(order_of(order)), HOSTED_CALLER); \
		edges(a, sizeof(T), HOSTED_UPDATES, order, HOSTED_CALLER);     \
		old = *at;                                                     \
		*at = (T)(result);                                             \
		if (unlikely(hosted_explores) && *at != old)                   \
			explore_change();                                      \
		return old;                                                    \
	}

#define ATOMIC_EXCHANGE_IF(bits, T, name, weak)                                \
	HOSTED_EXPORT int __tsan_atomic##bits##_##name(volatile T *a, T *expected, T value, \
						       int order, int failure); \
	HOSTED_EXPORT int __tsan_atomic##bits##_##name(volatile T *a, T *expected, T value, \
						       int order, int failure) \
	{                                                                      \
		T *at;                                                         \
									       \
		if (!hosted_on())                                              \
			return REAL_EXCHANGE_IF(bits, a, expected, value);     \
		at = arrive_if(a, sizeof(T), (uint64_t)*expected, order, HOSTED_CALLER); \
		if (*at == *expected && !((weak) && may_fail(HOSTED_CALLER, sizeof(T)))) { \
			edges(a, sizeof(T), HOSTED_UPDATES, order, HOSTED_CALLER); \
			*at = value;                                           \
			if (unlikely(hosted_explores))                         \
				explore_change();                              \
			return 1;                                              \
		}                                                              \
		edges(a, sizeof(T), HOSTED_READS, failure, HOSTED_CALLER);     \
		*expected = *at;                                               \
		return 0;                                                      \
	}

#define ATOMIC_EXCHANGE_VAL(bits, T)                                           \
	HOSTED_EXPORT T __tsan_atomic##bits##_compare_exchange_val(            \
		volatile T *a, T expected, T value, int order, int failure);   \
	HOSTED_EXPORT T __tsan_atomic##bits##_compare_exchange_val(            \
		volatile T *a, T expected, T value, int order, int failure)    \
	{                                                                      \
		T *at;                                                         \
		T old;                                                         \
									       \
		if (!hosted_on()) {                                            \
			REAL_EXCHANGE_IF(bits, a, &expected, value);           \
			return expected;                                       \
		}                                                              \
		at = arrive_if(a, sizeof(T), (uint64_t)expected, order, HOSTED_CALLER); \
		old = *at;                                                     \
		if (old == expected) {                                         \
			edges(a, sizeof(T), HOSTED_UPDATES, order, HOSTED_CALLER); \
			*at = value;                                           \
			if (unlikely(hosted_explores))                         \
				explore_change();                              \
		} else {                                                       \
			edges(a, sizeof(T), HOSTED_READS, failure, HOSTED_CALLER); \
		}                                                              \
		return old;                                                    \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- real operations ------------------------------------------------------------------ */

#define REAL_LOAD(bits, a)         REAL_LOAD_##bits(a)
#define REAL_LOAD_8(a)             __atomic_load_n(a, __ATOMIC_SEQ_CST)
#define REAL_LOAD_16               REAL_LOAD_8
#define REAL_LOAD_32               REAL_LOAD_8
#define REAL_LOAD_64               REAL_LOAD_8
#define REAL_LOAD_128(a)           real_load_128(a)
#define REAL_STORE(bits, a, value) REAL_STORE_##bits(a, value)
#define REAL_STORE_8(a, value)     __atomic_store_n(a, value, __ATOMIC_SEQ_CST)
#define REAL_STORE_16              REAL_STORE_8
#define REAL_STORE_32              REAL_STORE_8
#define REAL_STORE_64              REAL_STORE_8
#define REAL_STORE_128(a, value)   real_store_128(a, value)
#define REAL_EXCHANGE_IF(bits, a, expected, value) REAL_EXCHANGE_IF_##bits(a, expected, value)
#define REAL_EXCHANGE_IF_8(a, expected, value)                                 \
	__atomic_compare_exchange_n(a, expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define REAL_EXCHANGE_IF_16        REAL_EXCHANGE_IF_8
#define REAL_EXCHANGE_IF_32        REAL_EXCHANGE_IF_8
#define REAL_EXCHANGE_IF_64        REAL_EXCHANGE_IF_8
#define REAL_EXCHANGE_IF_128(a, expected, value) real_exchange_if_128(a, expected, value)

#define REAL_UPDATE(bits, T, a, operand, result)                               \
	(__extension__({                                                       \
		T old = REAL_LOAD(bits, a);                                    \
									       \
		while (!REAL_EXCHANGE_IF(bits, a, &old, (T)(result)))          \
			;                                                      \
		old;                                                           \
	}))

/* By the instruction, because the compiler would call libatomic. */
static bool real_exchange_if_128(volatile u128 *a, u128 *expected, u128 value)
{
	bool done;
	uint64_t low = (uint64_t)*expected, high = (uint64_t)(*expected >> 64);

	__asm__ volatile("lock cmpxchg16b %1"
			 : "=@ccz"(done), "+m"(*a), "+a"(low), "+d"(high)
			 : "b"((uint64_t)value), "c"((uint64_t)(value >> 64))
			 : "memory");
	*expected = (u128)high << 64 | low;
	return done;
}

static u128 real_load_128(const volatile u128 *a)
{
	u128 value = 0;

	real_exchange_if_128((volatile u128 *)(uintptr_t)a, &value, 0);
	return value;
}

static void real_store_128(volatile u128 *a, u128 value)
{
	u128 old = real_load_128(a);

	while (!real_exchange_if_128(a, &old, value))
		;
}

/* ---- the compiler's names --------------------------------------------------------------- */

#define ATOMICS(bits, T)                                                       \
	ATOMIC_LOAD_STORE(bits, T)                                             \
	ATOMIC_UPDATE(bits, T, exchange, operand)                              \
	ATOMIC_UPDATE(bits, T, fetch_add, old + operand)                       \
	ATOMIC_UPDATE(bits, T, fetch_sub, old - operand)                       \
	ATOMIC_UPDATE(bits, T, fetch_and, old & operand)                       \
	ATOMIC_UPDATE(bits, T, fetch_or, old | operand)                        \
	ATOMIC_UPDATE(bits, T, fetch_xor, old ^ operand)                       \
	ATOMIC_UPDATE(bits, T, fetch_nand, ~(old & operand))                   \
	ATOMIC_EXCHANGE_IF(bits, T, compare_exchange_strong, false)            \
	ATOMIC_EXCHANGE_IF(bits, T, compare_exchange_weak, true)               \
	ATOMIC_EXCHANGE_VAL(bits, T)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
ATOMICS(128, u128)

/*
 * A fence is a step, because with weak memory it decides what others see. Under TSO a release
 * fence orders nothing that is not in order.
 */
HOSTED_EXPORT void __tsan_atomic_thread_fence(int order);
HOSTED_EXPORT void __tsan_atomic_thread_fence(int order)
{
	if (!hosted_on()) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		return;
	}
	order = order_of(order);
	hosted_point(hosted_site(HOSTED_CALLER, HOSTED_FENCE), NULL);
	if (order == __ATOMIC_SEQ_CST)
		sim_fence();
	else if (sim_is_weak && releases(order))
		sim_weak_release();
	if (order != __ATOMIC_SEQ_CST && sim_is_weak && acquires(order))
		sim_weak_rmb();
	hosted_race_fence(order);
}

HOSTED_EXPORT void __tsan_atomic_signal_fence(int order);
HOSTED_EXPORT void __tsan_atomic_signal_fence(int order)
{
	(void)order;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
