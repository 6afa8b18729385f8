/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads of C++: what libstdc++ builds on pthreads and futexes. */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <random>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <unistd.h>
#include <vector>

#include "cases.h"

using namespace std::chrono_literals;

namespace {

std::atomic<int> counter;
std::mutex mutex;

struct Counts {
	~Counts()
	{
		counter++;
	}
};

} // namespace

/* ---- threads ---------------------------------------------------------- */

CASE(thread_joins)
{
	std::thread a([] { counter++; }), b([] { counter++; });

	a.join();
	b.join();
	assert(counter == 2);
	assert(std::thread::hardware_concurrency() > 0);
}

CASE(jthread_stops)
{
	std::jthread t([](std::stop_token stop) {
		while (!stop.stop_requested())
			std::this_thread::yield();
	});
}

BAD_CASE(thread_not_joined, "abort()")
{
	std::thread t([] {});
}

BAD_CASE(thread_throws, "because of an exception of type std::runtime_error, at ")
{
	std::thread t([] { throw std::runtime_error("not caught"); });

	t.join();
}

static thread_local Counts per_thread;

CASE(thread_local_destroyed)
{
	std::thread t([] { (void)&per_thread; });

	t.join();
	assert(counter == 1);
}

/* ---- ends by force ---------------------------------------------------- */

static void *exit_in_frames(void *)
{
	Counts a;

	try {
		Counts b;

		pthread_exit(nullptr);
	} catch (...) {
		counter += 10;
		throw;
	}
}

CASE(exit_destroys_locals)
{
	pthread_t t;

	pthread_create(&t, nullptr, exit_in_frames, nullptr);
	pthread_join(t, nullptr);
	assert(counter == 12);
}

static void count_cleanup(void *)
{
	counter += 100;
}

static void *cancelled(void *)
{
	Counts a;

	pthread_cleanup_push(count_cleanup, nullptr);
	sleep(1000);
	pthread_cleanup_pop(0);
	return nullptr;
}

CASE(cancel_destroys_locals)
{
	pthread_t t;
	void *result;

	pthread_create(&t, nullptr, cancelled, nullptr);
	std::this_thread::sleep_for(1ms);
	pthread_cancel(t);
	pthread_join(t, &result);
	assert(result == PTHREAD_CANCELED);
	/* It may have been cancelled only once it was asleep: the engine lets time pass first. */
	assert(counter == 101);
}

static void *swallow(void *)
{
	try {
		pthread_exit(nullptr);
	} catch (...) {
	}
	return nullptr;
}

BAD_CASE(exit_swallowed, "catch (...)|abort()")
{
	pthread_t t;

	pthread_create(&t, nullptr, swallow, nullptr);
	pthread_join(t, nullptr);
}

/* ---- static variables ------------------------------------------------- */

struct Once {
	Once()
	{
		counter++;
	}
};

static Once &local_static()
{
	static Once once;

	return once;
}

CASE(static_once)
{
	std::thread a([] { local_static(); }), b([] { local_static(); });

	a.join();
	b.join();
	assert(counter == 1);
}

static int throws_first()
{
	if (counter++ == 0)
		throw std::runtime_error("first");
	return 5;
}

static int static_of_throwing()
{
	static int value = throws_first();

	return value;
}

static void try_static()
{
	try {
		assert(static_of_throwing() == 5);
	} catch (const std::runtime_error &) {
	}
}

CASE(static_throws)
{
	std::thread a(try_static), b(try_static);

	a.join();
	b.join();
	assert(static_of_throwing() == 5 && counter == 2);
}

static int needs_itself()
{
	static int value = needs_itself();

	return value;
}

BAD_CASE(static_recursion, "while it initializes it")
{
	needs_itself();
}

CASE(call_once_throws)
{
	std::once_flag flag;

	for (int i = 0; i < 3; i++) {
		try {
			std::call_once(flag, [] {
				if (counter++ == 0)
					throw 1;
			});
		} catch (int) {
		}
	}
	assert(counter == 2);
}

/* ---- waiting ---------------------------------------------------------- */

CASE(condition_variable)
{
	std::condition_variable cond;
	bool ready = false;
	std::thread t([&] {
		std::lock_guard lock(mutex);

		ready = true;
		cond.notify_one();
	});

	{
		std::unique_lock lock(mutex);

		cond.wait(lock, [&] { return ready; });
		assert(!cond.wait_for(lock, 1ms, [] { return false; }));
	}
	t.join();
}

CASE(async)
{
	auto f = std::async(std::launch::async, [] { return 7; });
	std::promise<int> promise;
	auto g = promise.get_future();
	std::thread t([&] { promise.set_value(8); });

	assert(f.get() == 7);
	assert(g.get() == 8);
	t.join();
}

CASE(async_throws)
{
	auto f = std::async(std::launch::async, []() -> int { throw std::logic_error("x"); });

	try {
		f.get();
		assert(false);
	} catch (const std::logic_error &e) {
		assert(!strcmp(e.what(), "x"));
	}
}

CASE(atomic_wait)
{
	std::atomic<int> word{ 0 };
	std::atomic<char> small{ 0 };
	std::thread t([&] {
		word = 1;
		word.notify_one();
		small = 1;
		small.notify_all();
	});

	word.wait(0);
	small.wait(0);
	assert(word == 1 && small == 1);
	t.join();
}

CASE(latch_and_barrier)
{
	std::latch latch(2);
	std::barrier barrier(2, []() noexcept { counter++; });
	std::thread t([&] {
		latch.arrive_and_wait();
		barrier.arrive_and_wait();
		barrier.arrive_and_wait();
	});

	latch.arrive_and_wait();
	barrier.arrive_and_wait();
	barrier.arrive_and_wait();
	t.join();
	assert(counter == 2);
}

CASE(semaphore)
{
	std::counting_semaphore<4> sem(0);
	std::binary_semaphore binary(0);
	std::thread t([&] {
		sem.release(2);
		binary.release();
	});

	sem.acquire();
	sem.acquire();
	binary.acquire();
	assert(!sem.try_acquire());
	assert(!sem.try_acquire_for(1ms));
	t.join();
}

CASE(mutexes)
{
	std::recursive_mutex recursive;
	std::timed_mutex timed;
	std::shared_mutex shared;

	{
		std::lock_guard a(recursive);
		std::lock_guard b(recursive);
		std::scoped_lock c(timed, mutex);
	}
	assert(timed.try_lock_for(1ms));
	assert(!std::async(std::launch::async, [&] { return timed.try_lock_for(1ms); }).get());
	timed.unlock();
	{
		std::shared_lock a(shared);

		assert(std::async(std::launch::async, [&] {
			       bool got = shared.try_lock_shared();

			       if (got)
				       shared.unlock_shared();
			       return got;
		       }).get());
	}
}

CASE(sleeps)
{
	auto start = std::chrono::steady_clock::now();

	std::this_thread::sleep_for(2ms);
	assert(std::chrono::steady_clock::now() - start >= 2ms);
	std::this_thread::sleep_until(std::chrono::system_clock::now() + 1ms);
}

CASE(shared_pointers)
{
	auto p = std::make_shared<Counts>();
	std::thread t([p]() mutable { p.reset(); });

	p.reset();
	t.join();
	assert(counter == 1);
}

CASE(random_device)
{
	std::random_device device;
	unsigned n = device() % 16;
	std::thread t([n] {
		for (unsigned i = 0; i < n; i++)
			counter++;
	});

	t.join();
	assert(counter == static_cast<int>(n));
}

/* A joiner in a destructor of a static variable is no leak. */
struct Pool {
	std::vector<std::thread> threads;

	~Pool()
	{
		for (auto &t : threads)
			t.join();
	}
};

static Pool pool;

CASE(static_pool)
{
	pool.threads.emplace_back([] { counter++; });
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
