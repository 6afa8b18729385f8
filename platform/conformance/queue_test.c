/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of kt_queue, on every back end. The queued items are plain data, so
 * ThreadSanitizer also checks the back end. The thread "init" pops.
 */
#include "platform/completion.h"
#include "platform/conformance/conformance.h"
#include "platform/queue.h"

enum { PUSHERS_MAX = 3, ITEMS_MAX = 64 };

static struct {
	kt_queue queue;
	unsigned pushers, items;	/* items: how many each pusher pushes */
	uint32_t turn;			/* atomic; each test says what it counts */
	unsigned pushed, popped;	/* atomic; how often the points were visited */
	struct os_thread *popper;
} test;

struct item {
	kt_queue_node node;
	unsigned pusher, number;	/* plain */
	kt_completion *token;		/* atomic; see abandon */
} item[PUSHERS_MAX][ITEMS_MAX];

static struct item *item_of(kt_queue_node *node)
{
	return (struct item *)(void *)((char *)node - offsetof(struct item, node));
}

static void push(struct item *i)
{
	kt_queue_push(&test.queue, &i->node, KT_SITE_NAMED("queue_test.pushed"));
}

static struct item *pop(void)
{
	kt_queue_node *node = kt_queue_pop(&test.queue, KT_SITE_NAMED("queue_test.popped"));

	return node ? item_of(node) : NULL;
}

static void begin(unsigned pushers, unsigned items)
{
	memset(&test, 0, sizeof test);
	memset(item, 0, sizeof item);
	kt_queue_init(&test.queue, "test");
	test.pushers = pushers;
	test.items = items;
	test.popper = os_self();
}

static void end(void)
{
	CHECK(kt_queue_is_empty(&test.queue));
	CHECK(pop() == NULL);
	kt_queue_destroy(&test.queue);
}

static unsigned my_number(void)
{
	return (unsigned)(os_name(os_self())[1] - '0');
}

/* Start the pushers, pop while they push, wait for all of them. */
static void with_pushers(void (*fn)(void *arg), void (*popper)(void), void *arg)
{
	static const char *const names[PUSHERS_MAX] = { "p0", "p1", "p2" };
	struct os_thread t[PUSHERS_MAX];
	unsigned pushers = test.pushers;

	CHECK(pushers <= PUSHERS_MAX);
	for (unsigned i = 0; i < pushers; i++)
		spawn(&t[i], names[i], fn, arg);
	popper();
	for (unsigned i = 0; i < pushers; i++)
		os_join(&t[i]);
}

/* ---- alone ---------------------------------------------------------------- */

static void alone(void *arg)
{
	(void)arg;
	begin(1, 3);
	CHECK(kt_queue_is_empty(&test.queue));
	CHECK(pop() == NULL);
	/* Each node is used again, with the contents that its last use left in it. */
	for (int round = 0; round < 3; round++) {
		push(&item[0][0]);
		CHECK(!kt_queue_is_empty(&test.queue));
		push(&item[0][1]);
		CHECK(pop() == &item[0][0]);
		push(&item[0][2]);
		push(&item[0][0]);
		CHECK(pop() == &item[0][1]);
		CHECK(pop() == &item[0][2]);
		CHECK(!kt_queue_is_empty(&test.queue));
		CHECK(pop() == &item[0][0]);
		CHECK(pop() == NULL);
		CHECK(kt_queue_is_empty(&test.queue));
	}
	end();
}

/* ---- all come, those of each pusher in order ------------------------------- */

static void push_all(void *arg)
{
	unsigned me = my_number();

	(void)arg;
	for (unsigned n = 0; n < test.items; n++) {
		struct item *i = &item[me][n];

		i->pusher = me;
		i->number = n;
		push(i);
		os_unpark(test.popper);
	}
}

/* Pop as kthreadd does. If a wake-up is lost, this hangs. */
static void pop_all(void)
{
	unsigned next[PUSHERS_MAX] = { 0 }, left = test.pushers * test.items;

	while (left > 0) {
		struct item *i = pop();

		if (!i) {
			if (kt_queue_is_empty(&test.queue))
				os_park(KT_SITE("park", "pop_all"));
			continue;
		}
		CHECK(i->pusher < test.pushers);
		CHECK_EQ(i->number, next[i->pusher]);
		next[i->pusher]++;
		left--;
		/* No other thread uses the item any more. */
		memset(i, 0xa5, sizeof *i);
	}
}

static void order_of_each(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		begin(3, CONFORMANCE_TURNS(ITEMS_MAX, 2));
		with_pushers(push_all, pop_all, arg);
		end();
	}
}

static void two_push_one_pops(void *arg)
{
	begin(2, CONFORMANCE_TURNS(ITEMS_MAX, 1));
	with_pushers(push_all, pop_all, arg);
	end();
}

static void one_pushes_two(void *arg)
{
	begin(1, CONFORMANCE_TURNS(ITEMS_MAX, 2));
	with_pushers(push_all, pop_all, arg);
	end();
}

/* ---- a push that has returned --------------------------------------------- */

/* p1 begins when the push of p0 has returned; p2 begins at any time. */
static void push_in_turn(void *arg)
{
	unsigned me = my_number();

	(void)arg;
	item[me][0].pusher = me;
	while (me == 1 && smp_load_acquire(&test.turn) == 0)
		cpu_relax();
	push(&item[me][0]);
	if (me == 0)
		smp_store_release(&test.turn, 1);
	os_unpark(test.popper);
}

static void pop_in_turn(void)
{
	unsigned seen = 0, left = test.pushers;

	while (left > 0) {
		struct item *i = pop();

		if (!i) {
			os_park(KT_SITE("park", "pop_in_turn"));
			continue;
		}
		CHECK(i->pusher != 1 || (seen & 1));
		seen |= 1u << i->pusher;
		left--;
	}
}

static void first_returned_first_popped(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		begin(3, 1);
		with_pushers(push_in_turn, pop_in_turn, arg);
		end();
	}
}

static void push_and_tell(void *arg)
{
	(void)arg;
	push(&item[my_number()][0]);
	fetch_add(&test.turn, 1);
}

/* A push that has returned is visible, however far the other push is. */
static void pop_when_told(void)
{
	unsigned popped = 0;

	while (smp_load_acquire(&test.turn) == 0)
		cpu_relax();
	CHECK(!kt_queue_is_empty(&test.queue));
	CHECK(pop() != NULL);
	for (popped = 1; popped < test.pushers; ) {
		if (pop())
			popped++;
		else
			cpu_relax();
	}
}

static void what_returned_is_there(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(200, 1); i++) {
		begin(2, 1);
		with_pushers(push_and_tell, pop_when_told, arg);
		end();
	}
}

/* ---- points ---------------------------------------------------------------- */

static const void *place[PUSHERS_MAX * ITEMS_MAX];	/* atomic; the subject of each visit */

static void count_points(struct kt_site *site, const void *subject)
{
	if (site->func || !site->what || strncmp(site->what, "queue_test.", 11) != 0)
		return;
	if (strcmp(site->what, "queue_test.pushed") == 0) {
		unsigned n = __atomic_fetch_add(&test.pushed, 1, __ATOMIC_SEQ_CST);

		__atomic_store_n(&place[n], subject, __ATOMIC_SEQ_CST);
	} else if (strcmp(site->what, "queue_test.popped") == 0) {
		unsigned n = __atomic_fetch_add(&test.popped, 1, __ATOMIC_SEQ_CST);

		CHECK(n < __atomic_load_n(&test.pushed, __ATOMIC_SEQ_CST));
		if (KT_QUEUE_POINTS_ORDERED)
			CHECK(__atomic_load_n(&place[n], __ATOMIC_SEQ_CST) == subject);
	}
}

static void points(void *arg)
{
	const struct os_hooks hooks = { .point = count_points };
	const struct os_hooks none = { .point = NULL };

	begin(1, 1);
	os_set_hooks(&hooks);
	push(&item[0][0]);
	CHECK(place[0] == &item[0][0].node);
	CHECK(pop() == &item[0][0]);
	os_set_hooks(&none);
	end();
	for (int i = 0; i < CONFORMANCE_TURNS(20, 1); i++) {
		begin(2, CONFORMANCE_TURNS(ITEMS_MAX, 2));
		os_set_hooks(&hooks);
		with_pushers(push_all, pop_all, arg);
		os_set_hooks(&none);
		CHECK_EQ(test.pushed, test.pushers * test.items);
		CHECK_EQ(test.popped, test.pushed);
		end();
	}
}

/* ---- a pusher that gives up ------------------------------------------------ */

/*
 * A pusher acts like a creator that is killed: its request stays in the queue, and the side
 * that does not get the token frees it. Each pusher may give up first, or the popping
 * thread may be faster.
 */
static void push_and_give_up(void *arg)
{
	struct item *i = os_alloc(KT_ROLE_TEST, sizeof *i);
	kt_completion done;

	(void)arg;
	CHECK(i != NULL);
	kt_completion_init(&done);
	i->pusher = my_number();
	i->token = &done;
	push(i);
	os_unpark(test.popper);
	if (!xchg(&i->token, NULL)) {
		kt_completion_wait(&done);
		os_free(i);
	}
	kt_completion_destroy(&done);
}

static void pop_and_answer(void)
{
	unsigned left = test.pushers;

	while (left > 0) {
		struct item *i = pop();
		kt_completion *done;

		if (!i) {
			os_park(KT_SITE("park", "pop_and_answer"));
			continue;
		}
		left--;
		done = xchg(&i->token, NULL);
		if (done)
			kt_complete(done);
		else
			os_free(i);
	}
}

static void abandoned(void *arg)
{
	for (int i = 0; i < CONFORMANCE_TURNS(100, 1); i++) {
		begin(2, 1);
		with_pushers(push_and_give_up, pop_and_answer, arg);
		end();
	}
}

int main(void)
{
	conformance_run("queue.alone", alone, NULL);
	conformance_run("queue.order_of_each", order_of_each, NULL);
	conformance_exhaust("queue.two_push_one_pops", 3, two_push_one_pops, NULL);
	conformance_exhaust("queue.one_pushes_two", 3, one_pushes_two, NULL);
	conformance_run("queue.first_returned_first_popped", first_returned_first_popped, NULL);
	conformance_exhaust("queue.what_returned_is_there", 3, what_returned_is_there, NULL);
	conformance_run("queue.points", points, NULL);
	conformance_exhaust("queue.abandoned", 2, abandoned, NULL);
	return 0;
}
