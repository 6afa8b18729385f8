/* SPDX-License-Identifier: GPL-2.0-only */
/* A target that does nothing, so that `tools/kthrash bench` measures libFuzzer itself. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data, (void)size;
	return 0;
}
