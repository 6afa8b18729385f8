/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings are a static local object. Its constructor writes to the log, and the log asks the
 * settings how much to write.
 *
 * Stands for: static local initialization that takes a lock. The compiler guards each such object
 *	with a hidden lock, so this is a pair of crossed locks of which one is not seen.
 * Bug: the thread `logger` holds `log_lock` and asks for the settings. If the main thread is
 *	constructing them, it waits in their constructor for `log_lock`, and the logger waits for
 *	the settings. If nobody has constructed them, the logger does, and waits for its own lock.
 * Repair: the logger asks the settings before it takes the lock.
 */
#include <cassert>
#include <mutex>
#include <thread>

static std::mutex log_lock;
static int lines;

class Settings
{
      public:
	Settings()
	{
		std::lock_guard<std::mutex> held(log_lock);
		lines++;
	}

	int level() const
	{
		return 1;
	}
};

static const Settings &settings()
{
	static const Settings the_settings;
	return the_settings;
}

static void log_line()
{
#ifdef REPAIRED
	int level = settings().level();
	std::lock_guard<std::mutex> held(log_lock);
#else
	std::lock_guard<std::mutex> held(log_lock);
	int level = settings().level();
#endif
	if (level > 0)
		lines++;
}

int main()
{
	std::thread logger(log_line);

	assert(settings().level() == 1);
	logger.join();
	assert(lines == 2);
	return 0;
}
