/* SPDX-License-Identifier: GPL-2.0-only */
/* readerwriterqueue's circular buffer of two places, whose writer must wait for the reader. */
#include <assert.h>
#include <thread>

#include "readerwritercircularbuffer.h"

enum { ITEMS = 6 };

int main()
{
	moodycamel::BlockingReaderWriterCircularBuffer<int> ring(2);
	std::thread writer([&] {
		for (int i = 0; i < ITEMS; i++) {
			if (i % 2)
				ring.wait_enqueue(i);
			else
				while (!ring.try_enqueue(i))
					std::this_thread::yield();
		}
	});

	for (int i = 0; i < ITEMS; i++) {
		int item = -1;

		ring.wait_dequeue(item);
		assert(item == i);
	}
	writer.join();
	assert(ring.size_approx() == 0);
	return 0;
}
