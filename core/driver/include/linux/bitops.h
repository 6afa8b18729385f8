/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KTHRASH_LINUX_BITOPS_H
#define KTHRASH_LINUX_BITOPS_H

#include <linux/types.h>

#define BITS_PER_BYTE   8
#define BITS_PER_LONG   64
#define BIT(n)          (1UL << (n))
#define BIT_ULL(n)      (1ULL << (n))
#define BIT_MASK(n)     (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)     ((n) / BITS_PER_LONG)
#define GENMASK(h, l)   ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

KD_INLINE void set_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

KD_INLINE void clear_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

KD_INLINE void clear_bit_unlock(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

KD_INLINE void change_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_xor(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

KD_INLINE bool test_bit(long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n(addr + BIT_WORD(nr), __ATOMIC_RELAXED) & BIT_MASK(nr);
}

KD_INLINE bool test_bit_acquire(long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n(addr + BIT_WORD(nr), __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

KD_INLINE bool test_and_set_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

KD_INLINE bool test_and_set_bit_lock(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_ACQUIRE) &
	       BIT_MASK(nr);
}

KD_INLINE bool test_and_clear_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

KD_INLINE bool test_and_change_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_xor(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

/* Not atomic. */
KD_INLINE void __set_bit(long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

KD_INLINE void __clear_bit(long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

KD_INLINE bool __test_and_set_bit(long nr, unsigned long *addr)
{
	bool was = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
	return was;
}

KD_INLINE bool __test_and_clear_bit(long nr, unsigned long *addr)
{
	bool was = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
	return was;
}

KD_INLINE unsigned long find_next_bit(const unsigned long *addr, unsigned long size,
				      unsigned long from)
{
	while (from < size && !(addr[BIT_WORD(from)] & BIT_MASK(from)))
		from++;
	return from < size ? from : size;
}

KD_INLINE unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
					   unsigned long from)
{
	while (from < size && (addr[BIT_WORD(from)] & BIT_MASK(from)))
		from++;
	return from < size ? from : size;
}

#define find_first_bit(addr, size)      find_next_bit(addr, size, 0)
#define find_first_zero_bit(addr, size) find_next_zero_bit(addr, size, 0)
#define for_each_set_bit(bit, addr, size) \
	for ((bit) = find_first_bit(addr, size); (bit) < (size); \
	     (bit) = find_next_bit(addr, size, (bit) + 1))
#define hweight32(w) ((unsigned)__builtin_popcount(w))
#define hweight64(w) ((unsigned)__builtin_popcountll(w))
#define __ffs(w)     ((unsigned long)__builtin_ctzl(w))
#define __fls(w)     (63ul - (unsigned long)__builtin_clzl(w))
#define fls(w)       ((w) ? 32 - __builtin_clz(w) : 0)
#define ffz(w)       __ffs(~(w))

KD_INLINE void bitmap_zero(unsigned long *map, unsigned bits)
{
	__builtin_memset(map, 0, BITS_TO_LONGS(bits) * sizeof *map);
}

#endif
