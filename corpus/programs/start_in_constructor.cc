/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The base class Task starts a thread in its constructor. The thread calls run(), which each kind
 * of task defines.
 *
 * Stands for: objects that a thread sees before they are complete.
 * Bug: the thread calls run() before the main thread has constructed the part of Sum. It gets the
 *	run() of the base class, which does nothing, or the constructor overwrites its result.
 * Repair: the main thread starts the thread when the object is complete.
 */
#include <cassert>
#include <thread>

class Task
{
      public:
	Task()
	{
#ifndef REPAIRED
		start();
#endif
	}

	virtual ~Task() = default;

	void start()
	{
		thread = std::thread([this] { run(); });
	}

	void join()
	{
		thread.join();
	}

      private:
	virtual void run()
	{
	}

	std::thread thread;
};

class Sum : public Task
{
      public:
	int result = 0;

      private:
	void run() override
	{
		result = 1 + 2;
	}
};

int main()
{
	Sum sum;

#ifdef REPAIRED
	sum.start();
#endif
	sum.join();
	assert(sum.result == 3);
	return 0;
}
