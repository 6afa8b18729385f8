/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A task computes in the background, and two threads want its result.
 *
 * Stands for: a std::future that more than one thread asks.
 * Bug: both the main thread and the thread `other` find in use() that the future is valid, and both
 *	call get(). The second get() throws std::future_error, or follows a null pointer.
 * Repair: a std::shared_future, of which each thread has a copy.
 */
#include <cassert>
#include <future>
#include <thread>

static int compute()
{
	return 42;
}

#ifdef REPAIRED
static void use(std::shared_future<int> result)
{
	assert(result.get() == 42);
}

int main()
{
	std::shared_future<int> result = std::async(std::launch::async, compute).share();
	std::thread other(use, result);

	use(result);
	other.join();
	return 0;
}
#else
static void use(std::future<int> &result)
{
	if (result.valid())
		assert(result.get() == 42);
}

int main()
{
	std::future<int> result = std::async(std::launch::async, compute);
	std::thread other(use, std::ref(result));

	use(result);
	other.join();
	return 0;
}
#endif
