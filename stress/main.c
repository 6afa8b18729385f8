/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver that tools/kthrash calls: it runs plans' operations on core/. */
#include "stress/driver.h"

int main(int argc, char **argv)
{
	return driver_main(&subject_plan, argc, argv);
}
