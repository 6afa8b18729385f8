/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A std::jthread waits for orders until it is asked to stop. Its destructor asks it and joins it.
 *
 * Stands for: stop tokens, and waits that do not know of them.
 * Bug: the worker waits on a condition that no thread signals when the worker is asked to stop. If
 *	the worker waits before the main thread destroys the std::jthread, the destructor waits for
 *	ever.
 * Repair: the wait gets the token, which ends it.
 */
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

static std::mutex lock;
static std::condition_variable_any ordered;
static int orders;

static void work(const std::stop_token &stop)
{
	std::unique_lock<std::mutex> held(lock);

#ifdef REPAIRED
	ordered.wait(held, stop, [] { return orders > 0; });
#else
	ordered.wait(held, [&stop] { return orders > 0 || stop.stop_requested(); });
#endif
}

int main()
{
	std::jthread worker(work);

	return 0;
}
