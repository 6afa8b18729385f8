// SPDX-License-Identifier: GPL-2.0-only
#include "fuzz/feedback.h"

#include "platform/sim/sim_coverage.h"

/*
 * The engines' work per input is proportional to this number. These counters and the edges of the
 * code must be fewer than 64 Ki together, because AFL++'s tools accept more only if AFL_MAP_SIZE
 * is set.
 */
enum { COUNTERS = 1 << 14 };

/* libFuzzer clears it before each input. */
__attribute__((section("__libfuzzer_extra_counters")))
static uint8_t libfuzzer_counters[COUNTERS];

/*
 * When AFL++'s runtime starts, it writes consecutive places of its map into afl_guards. They are
 * volatile because the compiler sees no code that writes them.
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
