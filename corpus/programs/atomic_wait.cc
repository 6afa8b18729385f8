/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two runners wait for the start, and the main thread starts them.
 *
 * Stands for: std::atomic::wait and notify, the futex of C++20.
 * Bug: both runners wait. The main thread notifies one of them, and the other waits for ever.
 * Repair: the main thread notifies all.
 */
#include <atomic>
#include <cassert>
#include <thread>

static std::atomic<int> started;
static std::atomic<int> arrived;

static void run()
{
	started.wait(0);
	arrived++;
}

int main()
{
	std::thread a(run), b(run);

	started = 1;
#ifdef REPAIRED
	started.notify_all();
#else
	started.notify_one();
#endif
	a.join();
	b.join();
	assert(arrived == 2);
	return 0;
}
