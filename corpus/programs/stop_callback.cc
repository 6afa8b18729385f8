/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A std::jthread waits on a condition until it is stopped. A std::stop_callback sets the flag that
 * it waits for, and wakes it.
 *
 * Stands for: callbacks that change what a condition waits for.
 * Bug: the callback sets the flag without the lock. So the flag and the signal may come between the
 *	worker's look at the flag and its sleep, and the worker sleeps for ever.
 * Repair: the callback takes the lock.
 */
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

static std::mutex lock;
static std::condition_variable stopped;
static std::atomic<bool> stops;

static void stop()
{
#ifdef REPAIRED
	std::lock_guard<std::mutex> held(lock);
#endif
	stops = true;
	stopped.notify_all();
}

static void work(const std::stop_token &token)
{
	std::stop_callback callback(token, stop);
	std::unique_lock<std::mutex> held(lock);

	while (!stops)
		stopped.wait(held);
}

int main()
{
	std::jthread worker(work);

	return 0;
}
