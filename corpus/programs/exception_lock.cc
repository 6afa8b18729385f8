/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two buyers take a book from a shelf, and the main thread adds one.
 *
 * Stands for: lock() and unlock() called by hand around code that throws.
 * Bug: a buyer finds the shelf empty in take(), and at() throws past the unlock(). The main thread
 *	then waits for ever for the lock.
 * Repair: std::lock_guard unlocks on every way out.
 */
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::mutex lock;
static std::vector<int> shelf{ 1 };

static int take()
{
#ifdef REPAIRED
	std::lock_guard<std::mutex> held(lock);
#else
	lock.lock();
#endif
	int book = shelf.at(0);
	shelf.erase(shelf.begin());
#ifndef REPAIRED
	lock.unlock();
#endif
	return book;
}

static void buy()
{
	try {
		take();
	} catch (const std::out_of_range &) {
		/* sold out */
	}
}

int main()
{
	std::thread a(buy), b(buy);

	lock.lock();
	shelf.push_back(2);
	lock.unlock();
	a.join();
	b.join();
	return 0;
}
