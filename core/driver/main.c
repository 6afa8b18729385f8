/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main() of a driver that has none: the module is loaded, its test runs, and it is unloaded. The
 * linker takes this file from the archive only if the program has no main().
 */
#include "core/driver/include/kthrash/kd.h"

int kthrash_test(void) __attribute__((weak));

int main(void)
{
	int status = kd_modules_load();

	if (!status && kthrash_test)
		status = kthrash_test();
	kd_modules_unload();
	return status ? 1 : 0;
}
