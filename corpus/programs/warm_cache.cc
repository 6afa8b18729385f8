/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two threads ask a cache for a name, under a std::shared_mutex. The constructor of the cache puts
 * a first name into it before main() begins, under the same lock.
 *
 * Stands for: caches in static objects, and locks that are used before main().
 * Bug: a thread that does not find the name gives the lock for reading up and takes it for writing.
 *	Both threads may come that far, and the second one makes the entry a second time.
 * Repair: the thread looks again when it has the lock for writing.
 */
#include <cassert>
#include <mutex>
#include <shared_mutex>
#include <thread>

class cache {
public:
	cache() { number(0); }

	int number(int name)
	{
		{
			std::shared_lock<std::shared_mutex> reads(lock);

			if (known[name])
				return known[name];
		}
		std::unique_lock<std::shared_mutex> writes(lock);

#ifdef REPAIRED
		if (known[name])
			return known[name];
#endif
		known[name] = ++made;
		return made;
	}

private:
	std::shared_mutex lock;
	int known[2] = {};
	int made = 0;
};

static cache names;

int main()
{
	int a = 0, b = 0;
	std::thread first([&a] { a = names.number(1); });
	std::thread second([&b] { b = names.number(1); });

	first.join();
	second.join();
	assert(a == b);
	return 0;
}
