/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spinning. A task that spins goes on when something that it looked at has changed:
 * until then it would only find again what it found before.
 */
#include "platform/sim/dpor.h"

static bool is_data(uint32_t touch)
{
	enum sim_access how = dpor_touch_how(touch);

	return how == SIM_READ || how == SIM_WRITE;
}

/*
 * Event k of the spinning task looked at objects. Store these objects in mine[], and k for
 * each of them in when[]. Returns how many objects are in mine[] then.
 */
static uint32_t note_looks(uint32_t *mine, uint32_t *when, uint32_t count,
			   const uint32_t *touch, uint32_t touches, uint32_t k)
{
	for (uint32_t i = 0; i < touches; i++) {
		uint32_t looked = dpor_touch(dpor_touch_object(touch[i]), SIM_READ), at = 0;

		if (!is_data(touch[i]))
			continue;
		while (at < count && mine[at] != looked)
			at++;
		if (at == DPOR_TOUCHES_MAX)
			dpor_give_up("a spinner looks at too much");
		mine[at] = looked;
		when[at] = k;
		count += at == count;
	}
	return count;
}

/*
 * Did event k, of another task, write an object after the spinning task looked at that
 * object last?
 */
static bool is_news(const uint32_t *mine, const uint32_t *when, uint32_t count,
		    const uint32_t *touch, uint32_t touches, uint32_t k)
{
	for (uint32_t i = 0; i < touches; i++)
		for (uint32_t at = 0; at < count; at++)
			if (dpor_touch_how(touch[i]) == SIM_WRITE &&
			    dpor_touch_object(mine[at]) == dpor_touch_object(touch[i]) &&
			    when[at] < k)
				return true;
	return false;
}

/*
 * In an exploration that knows states, a task that spins for the first time just looks again.
 * Otherwise all that it ever looked at would have to be a part of its state.
 */
bool dpor_spin_changed(uint32_t task, struct dpor_wakers *found)
{
	static uint32_t mine[DPOR_TOUCHES_MAX], when[DPOR_TOUCHES_MAX];
	const uint32_t *touch;
	uint32_t count = 0, proc = dpor_proc[task];
	bool changed = false;

	if (dpor.o.states && !dpor.task[task].spun)
		return true;
	for (uint32_t k = dpor.task[task].spin_from; k < dpor.events; k++) {
		uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

		if (dpor.event[k].proc == proc)
			count = note_looks(mine, when, count, touch, n, k);
	}
	for (uint32_t k = dpor.task[task].spin_from; k < dpor.events; k++) {
		uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

		if (dpor.event[k].proc == proc || !is_news(mine, when, count, touch, n, k))
			continue;
		changed = true;
		if (found && found->count <= DPOR_ENABLERS_MAX)
			found->event[found->count++] = (uint16_t)k;
	}
	if (found)
		for (uint32_t i = 0; i < count; i++)
			dpor_event_touch(mine[i]);
	return changed;
}

uint64_t dpor_spin_hash(uint32_t task)
{
	static uint32_t mine[DPOR_TOUCHES_MAX], when[DPOR_TOUCHES_MAX];
	const uint32_t *touch;
	uint32_t count = 0, proc = dpor_proc[task];
	uint64_t hash = 0;

	for (uint32_t k = dpor.task[task].spin_from; k < dpor.events; k++) {
		uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

		if (dpor.event[k].proc == proc)
			count = note_looks(mine, when, count, touch, n, k);
	}
	for (uint32_t at = 0; at < count; at++) {
		bool news = false;

		for (uint32_t k = when[at] + 1; k < dpor.events && !news; k++) {
			uint32_t n = dpor_set_touches(dpor.event[k].set, &touch);

			news = dpor.event[k].proc != proc &&
			       is_news(&mine[at], &when[at], 1, touch, n, k);
		}
		hash += ((uint64_t)mine[at] << 1 | news) * 0x9e3779b97f4a7c15ull;
	}
	return hash;
}
