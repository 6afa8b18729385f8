/* SPDX-License-Identifier: GPL-2.0-only */
/* Every atomic operation, in every size, gives what C says. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define OPERATIONS(T)                                                          \
	do {                                                                   \
		static T v = 5;                                                \
		T expected = 1;                                                \
									       \
		if (__atomic_load_n(&v, __ATOMIC_SEQ_CST) != 5)                \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_add(&v, 3, __ATOMIC_ACQ_REL) != 5 || v != 8) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_sub(&v, 1, __ATOMIC_RELAXED) != 8 || v != 7) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_and(&v, 6, __ATOMIC_SEQ_CST) != 7 || v != 6) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_or(&v, 9, __ATOMIC_SEQ_CST) != 6 || v != 15) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_xor(&v, 5, __ATOMIC_SEQ_CST) != 15 || v != 10) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_fetch_nand(&v, 2, __ATOMIC_SEQ_CST) != 10 || v != (T)~(T)2) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_exchange_n(&v, 4, __ATOMIC_SEQ_CST) != (T)~(T)2 || v != 4) \
			return __LINE__ % 100 + 1;                             \
		if (__atomic_compare_exchange_n(&v, &expected, 9, 0, __ATOMIC_SEQ_CST, \
						__ATOMIC_RELAXED) || expected != 4 || v != 4) \
			return __LINE__ % 100 + 1;                             \
		while (!__atomic_compare_exchange_n(&v, &expected, 9, 1, __ATOMIC_SEQ_CST, \
						    __ATOMIC_RELAXED))         \
			;                                                      \
		if (v != 9)                                                    \
			return __LINE__ % 100 + 1;                             \
		__atomic_store_n(&v, 2, __ATOMIC_RELEASE);                     \
		if (v != 2 || __sync_val_compare_and_swap(&v, 2, 6) != 2 || v != 6) \
			return __LINE__ % 100 + 1;                             \
	} while (0)

struct wide {
	long a, b, c;
};

static _Atomic struct wide wide;

static int of_a_structure(void)
{
	struct wide one = { 1, 2, 3 }, two = { 4, 5, 6 }, seen;

	atomic_store(&wide, one);
	seen = atomic_exchange(&wide, two);
	if (seen.a != 1 || seen.c != 3)
		return 1;
	if (atomic_compare_exchange_strong(&wide, &one, two) || one.a != 4 || one.c != 6)
		return 2;
	one.b = 9;
	if (!atomic_compare_exchange_strong(&wide, &two, one))
		return 3;
	seen = atomic_load(&wide);
	return seen.a == 4 && seen.b == 9 && seen.c == 6 ? 0 : 4;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *wait(void *arg)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	return arg;
}

static int operations(void)
{
	OPERATIONS(uint8_t);
	OPERATIONS(uint16_t);
	OPERATIONS(uint32_t);
	OPERATIONS(uint64_t);
#if defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16) && defined(__clang__)
	OPERATIONS(unsigned __int128);
#endif
	atomic_thread_fence(memory_order_seq_cst);
	atomic_signal_fence(memory_order_seq_cst);
	return of_a_structure();
}

int main(void)
{
	pthread_t t;
	int result;

	pthread_mutex_lock(&lock);
	pthread_create(&t, NULL, wait, NULL);
	result = operations();
	pthread_mutex_unlock(&lock);
	pthread_join(t, NULL);
	return result;
}
