/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory is malloc()'s, in the driver's own text. So kthrash knows each block by its place, checks
 * each access, and can let each allocation fail (`--faults=malloc`).
 */
#ifndef KTHRASH_LINUX_SLAB_H
#define KTHRASH_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/cleanup.h>
#include <linux/kernel.h>

#define ZERO_SIZE_PTR          ((void *)16)
#define ZERO_OR_NULL_PTR(p)    ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)
#define ARCH_KMALLOC_MINALIGN  16
#define SLAB_HWCACHE_ALIGN     0u
#define SLAB_PANIC             0u
#define SLAB_RECLAIM_ACCOUNT   0u
#define SLAB_TYPESAFE_BY_RCU   0u

KD_INLINE void kd_may_alloc(gfp_t flags)
{
	if (flags & __GFP_DIRECT_RECLAIM)
		kd_might_sleep("an allocation with GFP_KERNEL");
}

KD_INLINE __attribute__((malloc)) void *kmalloc(size_t size, gfp_t flags)
{
	kd_may_alloc(flags);
	return flags & __GFP_ZERO ? calloc(1, size ? size : 1) : malloc(size ? size : 1);
}

KD_INLINE __attribute__((malloc)) void *kzalloc(size_t size, gfp_t flags)
{
	kd_may_alloc(flags);
	return calloc(1, size ? size : 1);
}

KD_INLINE __attribute__((malloc)) void *kcalloc(size_t n, size_t size, gfp_t flags)
{
	kd_may_alloc(flags);
	return calloc(n ? n : 1, size ? size : 1);
}

KD_INLINE void *kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	kd_may_alloc(flags);
	return size && n > SIZE_MAX / size ? NULL : malloc(n && size ? n * size : 1);
}

KD_INLINE void kfree(const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	kd_free_check(p);
	free((void *)(uintptr_t)p);
}

KD_INLINE void *krealloc(const void *p, size_t size, gfp_t flags)
{
	kd_may_alloc(flags);
	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (ZERO_OR_NULL_PTR(p))
		return malloc(size);
	kd_free_check(p);
	return realloc((void *)(uintptr_t)p, size);
}

KD_INLINE char *kstrdup(const char *s, gfp_t flags)
{
	kd_may_alloc(flags);
	return s ? strdup(s) : NULL;
}

KD_INLINE char *kstrndup(const char *s, size_t max, gfp_t flags)
{
	kd_may_alloc(flags);
	return s ? strndup(s, max) : NULL;
}

KD_INLINE void *kmemdup(const void *from, size_t size, gfp_t flags)
{
	void *p = kmalloc(size, flags);

	return p ? memcpy(p, from, size) : NULL;
}

__attribute__((format(printf, 2, 3), unused))
static char *kasprintf(gfp_t flags, const char *fmt, ...)
{
	char *s;
	int size;
	va_list ap;

	va_start(ap, fmt);
	size = vsnprintf(NULL, 0, fmt, ap) + 1;
	va_end(ap);
	s = kmalloc((size_t)size, flags);
	va_start(ap, fmt);
	if (s)
		vsnprintf(s, (size_t)size, fmt, ap);
	va_end(ap);
	return s;
}

#define kfree_sensitive(p)               kfree(p)
#define kfree_const(p)                   kfree(p)
#define kvmalloc(size, flags)            kmalloc(size, flags)
#define kvzalloc(size, flags)            kzalloc(size, flags)
#define kvcalloc(n, size, flags)         kcalloc(n, size, flags)
#define kvmalloc_array(n, size, flags)   kmalloc_array(n, size, flags)
#define kvfree(p)                        kfree(p)
#define kmalloc_node(size, flags, node)  ((void)(node), kmalloc(size, flags))
#define kzalloc_node(size, flags, node)  ((void)(node), kzalloc(size, flags))
#define ksize(p)                         malloc_usable_size((void *)(p))

/* ---- caches ---------------------------------------------------------------------------- */

struct kmem_cache;

#define kmem_cache_create(name, size, align, flags, ctor) \
	((void)(align), (void)(flags), \
	 (struct kmem_cache *)kd_cache_create((name), (size), (ctor)))
#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), (flags), NULL)
#define kmem_cache_destroy(c) kd_cache_destroy((struct kd_cache *)(c))

KD_INLINE void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	struct kd_cache *c = (struct kd_cache *)cache;
	void *p = kmalloc(kd_cache_size(c), flags);

	if (p) {
		kd_cache_construct(c, p);
		kd_cache_count(c, 1);
	}
	return p;
}

#define kmem_cache_zalloc(c, flags) kmem_cache_alloc((c), (flags) | __GFP_ZERO)

KD_INLINE void kmem_cache_free(struct kmem_cache *cache, void *p)
{
	if (!p)
		return;
	kd_cache_count((struct kd_cache *)cache, -1);
	kfree(p);
}

DEFINE_FREE(kfree, void *, kfree(_T))
DEFINE_FREE(kvfree, void *, kfree(_T))

#endif
