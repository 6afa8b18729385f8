/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test of a driver may ask for, and a driver itself does not.
 */
#ifndef KTHRASH_DRIVER_H
#define KTHRASH_DRIVER_H

#include <kthrash/kd.h>

/*
 * An interrupt comes: the handlers of that number run, on a thread that is called irq-N. A test
 * calls this in the device's place, at any time. Numbers are below 32. If nobody has ever
 * requested the interrupt, nothing happens.
 */
#define kthrash_raise_irq(irq) kd_raise_irq(irq)

/*
 * The test of a program that has no main(): it runs between the modules' load and unload. The
 * result is 0 if all is well.
 */
int kthrash_test(void);

#endif
