/* SPDX-License-Identifier: GPL-2.0-only */
/* readerwriterqueue: one thread puts in numbers, another takes them out, in the same order. */
#include <assert.h>
#include <thread>

#include "readerwriterqueue.h"

enum { ITEMS = 6 };

int main()
{
	moodycamel::BlockingReaderWriterQueue<int> queue(2);	/* so that it must grow */
	std::thread writer([&] {
		for (int i = 0; i < ITEMS; i++)
			assert(queue.enqueue(i));
	});

	for (int i = 0; i < ITEMS; i++) {
		int item = -1;

		if (i % 2)
			queue.wait_dequeue(item);
		else
			while (!queue.try_dequeue(item))
				std::this_thread::yield();
		assert(item == i);
	}
	writer.join();
	assert(queue.size_approx() == 0);
	return 0;
}
