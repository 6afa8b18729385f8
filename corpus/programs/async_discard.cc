/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread starts two tasks that meet half-way.
 *
 * Stands for: std::async as "start and forget".
 * Bug: the main thread drops the future of the first task. The destructor of that future waits for
 *	the task, and the task waits for the second one, which the main thread has not started.
 * Repair: the main thread keeps both futures until both tasks run.
 */
#include <condition_variable>
#include <future>
#include <mutex>

static std::mutex lock;
static std::condition_variable changed;
static int present;

static void meet()
{
	std::unique_lock<std::mutex> held(lock);

	present++;
	changed.notify_all();
	changed.wait(held, [] { return present == 2; });
}

int main()
{
#ifdef REPAIRED
	std::future<void> first = std::async(std::launch::async, meet);
	std::future<void> second = std::async(std::launch::async, meet);
#else
	(void)std::async(std::launch::async, meet);
	(void)std::async(std::launch::async, meet);
#endif
	return 0;
}
