/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers from the system are the same in each execution. The C library's own
 * generators need no model, because their state is put back.
 */
#include <stdlib.h>
#include <sys/random.h>

#include "platform/hosted/models.h"
#include "platform/rng.h"

static struct kt_rng stream;

void hosted_random_begin(void)
{
	kt_rng_seed(&stream, 1);
}

ssize_t hosted_getrandom(void *buf, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = (uint8_t)kt_rng_below(&stream, 256);
	return (ssize_t)size;
}

HOSTED_EXPORT ssize_t getrandom(void *buf, size_t size, unsigned flags)
{
	return hosted_on() ? hosted_getrandom(buf, size) : HOSTED_REAL(getrandom)(buf, size, flags);
}

HOSTED_EXPORT int getentropy(void *buf, size_t size)
{
	if (!hosted_on())
		return HOSTED_REAL(getentropy)(buf, size);
	if (size > 256) {
		errno = EIO;
		return -1;
	}
	hosted_getrandom(buf, size);
	return 0;
}

HOSTED_EXPORT void arc4random_buf(void *buf, size_t size)
{
	if (hosted_on())
		hosted_getrandom(buf, size);
	else
		HOSTED_REAL(arc4random_buf)(buf, size);
}

HOSTED_EXPORT uint32_t arc4random(void)
{
	return hosted_on() ? kt_rng_below(&stream, UINT32_MAX) : HOSTED_REAL(arc4random)();
}

HOSTED_EXPORT uint32_t arc4random_uniform(uint32_t below)
{
	if (!hosted_on())
		return HOSTED_REAL(arc4random_uniform)(below);
	return below ? kt_rng_below(&stream, below) : 0;
}

/* std::random_device::_M_getval(), which asks the processor. A program in C has no such library. */
unsigned _ZNSt13random_device9_M_getvalEv(void *device);

HOSTED_EXPORT unsigned _ZNSt13random_device9_M_getvalEv(void *device)
{
	return hosted_on() ? kt_rng_below(&stream, UINT32_MAX) :
	       HOSTED_REAL(_ZNSt13random_device9_M_getvalEv)(device);
}
