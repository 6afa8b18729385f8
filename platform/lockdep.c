/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The graph of the `checked` locks. An edge is added once, so an acquire usually
 * only looks at one bit for each lock that is held.
 *
 * `busy` guards the classes and the edges while they grow. Existing class names and edges are
 * read without it (classes_count and after[] are atomic). Threads spin on `busy`, and this
 * file is not instrumented: if ThreadSanitizer saw a lock here, that lock would order all
 * threads that use any lock, and so hide races in the code that uses the locks.
 *
 * The simulator does not switch tasks in here.
 */
#include "platform/lockdep.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "platform/os.h"

enum { CLASSES_MAX = 64, NAME_MAX_BYTES = 32, TEXT_MAX = 800 };

struct edge {
	struct kt_site *held_at, *acquired_at;	/* where this order was first seen */
};

static struct {
	uint32_t busy;
	uint32_t classes_count;
	char name[CLASSES_MAX][NAME_MAX_BYTES];
	uint64_t after[CLASSES_MAX];		/* bit b of after[a]: b came after a */
	struct edge edge[CLASSES_MAX][CLASSES_MAX];
} graph;

static void graph_acquire(void)
{
	while (__atomic_exchange_n(&graph.busy, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void graph_release(void)
{
	__atomic_store_n(&graph.busy, 0, __ATOMIC_RELEASE);
}

static uint64_t after(uint32_t class)
{
	return __atomic_load_n(&graph.after[class], __ATOMIC_ACQUIRE);
}

void kt_lockdep_forget(void)
{
	memset(graph.after, 0, graph.classes_count * sizeof graph.after[0]);
}

/* ---- classes ------------------------------------------------------------- */

static uint32_t find_class(const char *name, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (strncmp(graph.name[i], name, NAME_MAX_BYTES - 1) == 0)
			return i;
	return count;
}

uint32_t kt_lockdep_class(const char *name)
{
	uint32_t count = __atomic_load_n(&graph.classes_count, __ATOMIC_ACQUIRE);
	uint32_t class = find_class(name, count);

	if (class < count)
		return class;
	graph_acquire();
	class = find_class(name, graph.classes_count);
	if (class == graph.classes_count && class < CLASSES_MAX) {
		strncpy(graph.name[class], name, NAME_MAX_BYTES - 1);
		__atomic_store_n(&graph.classes_count, class + 1, __ATOMIC_RELEASE);
	}
	graph_release();
	if (class == CLASSES_MAX)
		kt_fail(KT_ASSERTION, "more than %d names of locks", CLASSES_MAX);
	return class;
}

/* ---- order --------------------------------------------------------------- */

/*
 * Put a shortest path from `from` to `to`, both included, into way[]. Returns its length;
 * 0: there is none.
 */
static uint32_t find_way(uint32_t from, uint32_t to, uint32_t *way)
{
	uint32_t reached_from[CLASSES_MAX], queue[CLASSES_MAX], head = 0, tail = 0, length = 1;
	uint64_t reached = 1ull << from;

	queue[tail++] = from;
	while (head < tail && !(reached >> to & 1)) {
		uint32_t at = queue[head++];

		for (uint64_t next = after(at) & ~reached; next; next &= next - 1) {
			uint32_t class = (uint32_t)__builtin_ctzll(next);

			reached |= 1ull << class;
			reached_from[class] = at;
			queue[tail++] = class;
		}
	}
	if (!(reached >> to & 1))
		return 0;
	for (uint32_t at = to; at != from; at = reached_from[at])
		length++;
	for (uint32_t i = length, at = to; i-- > 0; at = i ? reached_from[at] : at)
		way[i] = at;
	return length;
}

static size_t append_edge(char *text, size_t used, uint32_t held, uint32_t acquired,
			  const struct edge *e)
{
	int n = snprintf(text + used, TEXT_MAX - used, "%s [%s:%u] then %s [%s:%u]",
			 graph.name[held], kt_site_file(e->held_at), e->held_at->line,
			 graph.name[acquired], kt_site_file(e->acquired_at),
			 e->acquired_at->line);

	used += n < 0 ? 0 : (size_t)n;
	return used < TEXT_MAX ? used : TEXT_MAX - 1;
}

/* now: the edge to be added; way: the path from the acquired class to the held one. */
static void fail_order(uint32_t held, uint32_t acquired, const struct edge *now,
		       const uint32_t *way, uint32_t length)
{
	char text[TEXT_MAX];
	size_t used = append_edge(text, 0, held, acquired, now);

	for (uint32_t i = 0; i + 1 < length; i++) {
		const struct edge *e = &graph.edge[way[i]][way[i + 1]];
		int n = snprintf(text + used, TEXT_MAX - used, i ? ", " : "; before: ");

		used += n < 0 ? 0 : (size_t)n;
		used = append_edge(text, used < TEXT_MAX ? used : TEXT_MAX - 1, way[i],
				   way[i + 1], e);
	}
	kt_fail(KT_DISCIPLINE, "order of locks: %s", text);
}

/* The caller holds h and is about to wait for a lock of `class`. */
static void add_edge(const struct kt_lockdep_held *h, uint32_t class, struct kt_site *site)
{
	struct edge now = { .held_at = h->site, .acquired_at = site };
	uint32_t way[CLASSES_MAX], length;

	if (after(h->class) >> class & 1)
		return;
	graph_acquire();
	length = find_way(class, h->class, way);
	if (!length) {
		graph.edge[h->class][class] = now;
		/* Release pairs with the acquire in after(): a reader sees the sites. */
		__atomic_store_n(&graph.after[h->class], graph.after[h->class] | 1ull << class,
				 __ATOMIC_RELEASE);
	}
	graph_release();
	if (length)
		fail_order(h->class, class, &now, way, length);
}

/* ---- the locks that a thread holds ---------------------------------------- */

static struct kt_lockdep_held *find_held(struct kt_lockdep_thread *t, const void *lock)
{
	for (uint32_t i = t->held; i-- > 0; )
		if (t->lock[i].lock == lock)
			return &t->lock[i];
	return NULL;
}

void kt_lockdep_acquire(const void *lock, uint32_t class, bool is_nested, struct kt_site *site)
{
	struct kt_lockdep_thread *t = os_lockdep();

	if (!t)
		return;
	for (uint32_t i = 0; i < t->held; i++) {
		const struct kt_lockdep_held *h = &t->lock[i];

		if (h->lock == lock)
			kt_fail(KT_DISCIPLINE, "lock %s acquired by its holder, since %s:%u",
				graph.name[class], kt_site_file(h->site), h->site->line);
		if (h->class != class)
			add_edge(h, class, site);
		else if (!is_nested)
			kt_fail(KT_DISCIPLINE, "a second lock %s acquired, not as nested, "
				"by the holder of one acquired at %s:%u", graph.name[class],
				kt_site_file(h->site), h->site->line);
	}
	t->acquires = true;
}

void kt_lockdep_acquired(const void *lock, uint32_t class, struct kt_site *site)
{
	struct kt_lockdep_thread *t = os_lockdep();

	if (!t)
		return;
	t->acquires = false;
	if (t->held == KT_LOCKDEP_HELD_MAX)
		kt_fail(KT_ASSERTION, "a thread holds more than %d locks", KT_LOCKDEP_HELD_MAX);
	t->lock[t->held++] = (struct kt_lockdep_held){ lock, class, site };
}

void kt_lockdep_release(const void *lock, uint32_t class)
{
	struct kt_lockdep_thread *t = os_lockdep();
	struct kt_lockdep_held *h = t ? find_held(t, lock) : NULL;

	if (!t)
		return;
	if (!h)
		kt_fail(KT_DISCIPLINE, "lock %s released by a thread that does not hold it",
			graph.name[class]);
	t->held--;
	for (; h < &t->lock[t->held]; h++)
		*h = h[1];
}

void kt_lockdep_assert_held(const void *lock, uint32_t class)
{
	struct kt_lockdep_thread *t = os_lockdep();

	if (!t || !find_held(t, lock))
		kt_fail(KT_DISCIPLINE, "lock %s is not held, as it should be", graph.name[class]);
}

struct kt_site *kt_lockdep_may_sleep(struct kt_site *site)
{
	struct kt_lockdep_thread *t = os_lockdep();
	const struct kt_lockdep_held *h;
	char name[KT_SITE_NAME_MAX];

	if (!t || !t->held || t->acquires)
		return site;
	h = &t->lock[t->held - 1];
	kt_fail(KT_DISCIPLINE, "may sleep at %s with lock %s held, acquired at %s:%u",
		kt_site_name(site, name, sizeof name), graph.name[h->class],
		kt_site_file(h->site), h->site->line);
}
