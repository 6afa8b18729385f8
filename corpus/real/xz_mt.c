/* SPDX-License-Identifier: GPL-2.0-only */
/* liblzma's encoder with two threads, whose blocks are small, and its decoder afterwards. */
#include <assert.h>
#include <string.h>

#include <lzma.h>

enum { SIZE = 300 };

static uint8_t in[SIZE], packed[4096], out[SIZE + 1];

int main(void)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma small;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &small }, { LZMA_VLI_UNKNOWN, NULL } };
	lzma_mt mt = { .threads = 2, .block_size = 100, .filters = filters,
		       .check = LZMA_CHECK_CRC32 };
	uint64_t limit = UINT64_MAX;
	size_t in_at = 0, out_at = 0, size;
	lzma_ret result;

	lzma_lzma_preset(&small, 0);
	small.dict_size = LZMA_DICT_SIZE_MIN;
	for (int i = 0; i < SIZE; i++)
		in[i] = (uint8_t)(i * i / 7);
	if (lzma_stream_encoder_mt(&s, &mt) != LZMA_OK)
		return 0;
	s.next_in = in;
	s.avail_in = SIZE;
	s.next_out = packed;
	s.avail_out = sizeof packed;
	result = lzma_code(&s, LZMA_FINISH);
	size = sizeof packed - s.avail_out;
	lzma_end(&s);
	if (result == LZMA_MEM_ERROR)	/* a fault */
		return 0;
	assert(result == LZMA_STREAM_END);
	result = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in_at, size, out, &out_at,
					   sizeof out);
	if (result == LZMA_MEM_ERROR)
		return 0;
	assert(result == LZMA_OK);
	assert(out_at == SIZE && !memcmp(in, out, SIZE));
	return 0;
}
