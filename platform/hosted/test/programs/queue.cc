// SPDX-License-Identifier: GPL-2.0-only
// C++: threads, locks, exceptions, thread_local, shared_ptr, static local initialization.
#include <atomic>
#include <cassert>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

template <class T> struct Queue {
	std::mutex lock;
	std::vector<T> items;
	std::atomic<int> pushed{0};

	void push(const T &item)
	{
		std::lock_guard<std::mutex> held(lock);
		items.push_back(item);
		pushed.fetch_add(1);
	}
};

static thread_local int mine = 5;
static std::vector<int> before_main(100, 7);

static int once()
{
	static int value = [] { return 3; }();

	return value;
}

int main()
{
	auto queue = std::make_shared<Queue<int>>();
	std::thread a([queue] { queue->push(1); mine++; });
	std::thread b([queue] { queue->push(2); assert(mine == 5); assert(once() == 3); });

	assert(once() == 3);
	try {
		throw std::runtime_error("thrown");
	} catch (const std::exception &) {
		mine = 7;
	}
	a.join();
	b.join();
	assert(std::async(std::launch::async, [] { return 4; }).get() == 4);
	assert(queue->items.size() == 2 && queue->pushed == 2);
	assert(before_main.size() == 100 && before_main[99] == 7);
	before_main.resize(10);
	before_main[5] = 0;
	return mine != 7;
}
