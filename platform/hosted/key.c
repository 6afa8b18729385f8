/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys for a thread's own values, and what runs at a thread's end: the destructors of
 * thread_local variables, then those of the keys.
 *
 * Keys that were made before main() are the C library's: their numbers and destructors are
 * remembered, and what the first thread had under them is copied to task 0. Keys made in an
 * execution get the lowest free number, so they are the same each time.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "platform/hosted/models.h"

struct key {
	void (*destructor)(void *value);
	uint32_t generation;	/* pthread_key_delete() raises it: older values are gone */
	bool used;
};

struct value {
	const void *value;
	uint32_t generation;
};

static struct key before[HOSTED_KEYS_MAX], keys[HOSTED_KEYS_MAX];
static uint32_t before_end, keys_end;	/* no key is at or above it */
static struct value *values;		/* HOSTED_KEYS_MAX of each thread */

static struct value *value_of(uint32_t thread, pthread_key_t key)
{
	return &values[(size_t)thread * HOSTED_KEYS_MAX + key];
}

void hosted_keys_begin(void)
{
	const size_t size = sizeof(struct value) * HOSTED_THREADS_MAX * HOSTED_KEYS_MAX;

	if (!values)
		values = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (values == MAP_FAILED)
		abort();
	if (!keys_end && !before_end)
		return;
	for (uint32_t i = 0; i < hosted_threads; i++)
		memset(value_of(i, 0), 0, sizeof(struct value) * keys_end);
	memset(keys, 0, sizeof keys[0] * keys_end);
	keys_end = before_end;
	memcpy(keys, before, sizeof keys[0] * keys_end);
	for (pthread_key_t key = 0; key < before_end; key++)
		if (before[key].used)
			value_of(0, key)->value = HOSTED_REAL(pthread_getspecific)(key);
}

int hosted_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	for (uint32_t i = 0; i < HOSTED_KEYS_MAX; i++) {
		if (keys[i].used)
			continue;
		keys[i].used = true;
		keys[i].destructor = destructor;
		if (i >= keys_end)
			keys_end = i + 1;
		*key = i;
		return 0;
	}
	return EAGAIN;
}

/* Before main(): the C library has made the key. */
static void note(pthread_key_t key, void (*destructor)(void *), bool used)
{
	if (key >= HOSTED_KEYS_MAX)
		return;
	before[key] = (struct key){ .destructor = destructor, .used = used };
	if (used && key >= before_end)
		before_end = key + 1;
}

static bool is_key(pthread_key_t key)
{
	return key < HOSTED_KEYS_MAX && keys[key].used;
}

/* ---- what programs call ----------------------------------------------- */

HOSTED_EXPORT int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int error;

	if (hosted_on())
		return hosted_key_create(key, destructor);
	error = HOSTED_REAL(pthread_key_create)(key, destructor);
	if (!error)
		note(*key, destructor, true);
	return error;
}

/* Values are left as they are, and their destructors do not run: POSIX says so. */
HOSTED_EXPORT int pthread_key_delete(pthread_key_t key)
{
	if (!hosted_on()) {
		note(key, NULL, false);
		return HOSTED_REAL(pthread_key_delete)(key);
	}
	if (!is_key(key))
		return EINVAL;
	keys[key].used = false;
	keys[key].generation++;
	return 0;
}

HOSTED_EXPORT void *pthread_getspecific(pthread_key_t key)
{
	const struct value *v;

	if (!hosted_on())
		return HOSTED_REAL(pthread_getspecific)(key);
	if (!is_key(key))
		return NULL;
	v = value_of(hosted_me(), key);
	return v->generation == keys[key].generation ? (void *)(uintptr_t)v->value : NULL;
}

HOSTED_EXPORT int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (!hosted_on())
		return HOSTED_REAL(pthread_setspecific)(key, value);
	if (!is_key(key))
		return EINVAL;
	*value_of(hosted_me(), key) = (struct value){ value, keys[key].generation };
	return 0;
}

/* ---- the end of a thread ---------------------------------------------- */

static bool run_destructors(void)
{
	bool any = false;

	for (pthread_key_t key = 0; key < keys_end; key++) {
		struct value *v = value_of(hosted_me(), key);
		const void *value = v->value;

		if (!value || !keys[key].used || v->generation != keys[key].generation)
			continue;
		v->value = NULL;	/* before the call: the destructor may set it again */
		if (keys[key].destructor) {
			keys[key].destructor((void *)(uintptr_t)value);
			any = true;
		}
	}
	return any;
}

/* A destructor may set values again, so they run until there is none, but not for ever. */
void hosted_run_key_destructors(void)
{
	for (int i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS; i++)
		if (!run_destructors())
			break;
}

/* ---- thread_local variables of C++ ------------------------------------ */

struct hosted_at_end {
	void (*destructor)(void *object);
	void *object;
	struct hosted_at_end *next;
};

enum { AT_ENDS_MAX = 16384 };	/* of all threads of an execution */

static struct hosted_at_end at_end[AT_ENDS_MAX];
static uint32_t at_ends;

void hosted_at_ends_begin(void)
{
	at_ends = 0;
}

int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library);

HOSTED_EXPORT int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library)
{
	struct hosted_at_end *e;

	if (!hosted_on())
		return HOSTED_REAL(__cxa_thread_atexit_impl)(destructor, object, library);
	if (at_ends == AT_ENDS_MAX)
		hosted_refuse("__cxa_thread_atexit() more than 16384 times",
			      HOSTED_CALLER);
	e = &at_end[at_ends++];
	*e = (struct hosted_at_end){ destructor, object, hosted_self()->at_end };
	hosted_self()->at_end = e;
	return 0;
}

/* The last that was made is destroyed first. A destructor may make more. */
void hosted_run_at_end(void)
{
	struct hosted_thread *self = hosted_self();

	while (self->at_end) {
		struct hosted_at_end *e = self->at_end;

		self->at_end = e->next;
		e->destructor(e->object);
	}
}
