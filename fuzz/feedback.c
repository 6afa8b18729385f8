// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/feedback.h"

#include "platform/sim/sim.h"

/*
 * All of the engines' work per input is proportional to it, and with the code's edges it
 * must be less than 64 Ki, for AFL++'s tools ask for more by AFL_MAP_SIZE only.
 */
enum { COUNTERS = 1 << 14 };

/* libFuzzer clears it before each input. */
__attribute__((section("__libfuzzer_extra_counters")))
static uint8_t libfuzzer_counters[COUNTERS];

/*
 * Numbered by AFL++'s runtime when it starts: places in its map, one after another.
 * Volatile, for no code that the compiler sees writes them.
 */
__attribute__((section("__sancov_guards")))
static volatile uint32_t afl_guards[COUNTERS];

extern uint8_t *__afl_area_ptr __attribute__((weak));

static uint8_t *map(void)
{
	if (!&__afl_area_ptr)
		return libfuzzer_counters;
	/* The pointer changes when the engine attaches. */
	return __afl_area_ptr + afl_guards[0];
}

void fuzz_feedback(void)
{
	sim_cover_map(map(), COUNTERS);
}
