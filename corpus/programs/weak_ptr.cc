/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A watcher prints the title of a window, unless the window has been closed.
 *
 * Stands for: a check of a weak pointer, and a use of it a moment later.
 * Bug: the watcher finds that the window has not expired. The main thread closes the window. The
 *	watcher then gets a null pointer from lock() and follows it.
 * Repair: the watcher calls lock() once and looks at what it got.
 */
#include <cassert>
#include <memory>
#include <thread>

struct Window {
	int title;
};

static void watch(const std::weak_ptr<Window> &window)
{
#ifdef REPAIRED
	if (std::shared_ptr<Window> open = window.lock())
		assert(open->title == 7);
#else
	if (!window.expired())
		assert(window.lock()->title == 7);
#endif
}

int main()
{
	std::shared_ptr<Window> window = std::make_shared<Window>(Window{ 7 });
	std::thread watcher(watch, std::weak_ptr<Window>(window));

	window.reset();
	watcher.join();
	return 0;
}
