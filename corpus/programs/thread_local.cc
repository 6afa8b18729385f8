/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker collects samples in a thread_local vector and publishes it to the main thread.
 *
 * Stands for: pointers to data that ends with its thread.
 * Bug: the worker ends, and its vector is destroyed. The main thread then reads the samples through
 *	the pointer that the worker has published.
 * Repair: the worker publishes a copy.
 */
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

static std::mutex lock;
static std::condition_variable changed;
static bool ready;
static thread_local std::vector<int> samples;

#ifdef REPAIRED
static std::vector<int> published;

static void publish()
{
	published = samples;
}

static const std::vector<int> &latest()
{
	return published;
}
#else
static const std::vector<int> *published;

static void publish()
{
	published = &samples;
}

static const std::vector<int> &latest()
{
	return *published;
}
#endif

static void worker()
{
	samples.push_back(3);
	std::lock_guard<std::mutex> held(lock);
	publish();
	ready = true;
	changed.notify_one();
}

int main()
{
	std::thread t(worker);

	{
		std::unique_lock<std::mutex> held(lock);
		changed.wait(held, [] { return ready; });
		assert(latest().at(0) == 3);
	}
	t.join();
	return 0;
}
