// SPDX-License-Identifier: GPL-2.0-only
// operator new that fails throws, and one that must not throw gives NULL.
#include <cassert>
#include <new>

struct alignas(64) Wide {
	char bytes[64];
};

int main(int argc, char **)
{
	if (argc == 1) {
		try {
			delete new int(3);
		} catch (const std::bad_alloc &) {
			return 0;
		}
		return 1;
	}
	int *p = new (std::nothrow) int;
	Wide *w = new Wide;

	assert(!p && reinterpret_cast<unsigned long>(w) % 64 == 0);
	delete w;
	return 0;
}
