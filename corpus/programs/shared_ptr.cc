/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader copies a shared pointer to the current route while the main thread sets a new route.
 *
 * Stands for: the belief that std::shared_ptr is safe in threads. Its count is, the pointer is not.
 * Bug: the reader has copied the pointer in get() and has not raised the count yet. The main thread
 *	replaces the route in set(), which frees the old one and its count. The reader uses both.
 * Repair: a mutex guards the shared pointer itself.
 */
#include <cassert>
#include <memory>
#include <mutex>
#include <thread>

struct Route {
	int length;
};

static std::shared_ptr<Route> current = std::make_shared<Route>(Route{ 1 });

#ifdef REPAIRED
static std::mutex lock;

static std::shared_ptr<Route> get()
{
	std::lock_guard<std::mutex> held(lock);
	return current;
}

static void set(std::shared_ptr<Route> route)
{
	std::lock_guard<std::mutex> held(lock);
	current.swap(route);
}
#else
static std::shared_ptr<Route> get()
{
	return current;
}

static void set(std::shared_ptr<Route> route)
{
	current.swap(route);
}
#endif

int main()
{
	std::thread reader([] {
		std::shared_ptr<Route> route = get();
		assert(route->length == 1 || route->length == 2);
	});

	set(std::make_shared<Route>(Route{ 2 }));
	reader.join();
	return 0;
}
