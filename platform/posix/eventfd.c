/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls for the completion `eventfd`, so that its header needs no <unistd.h>. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/internal.h"

int posix_eventfd_open(void)
{
	int fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void posix_eventfd_close(int fd)
{
	close(fd);
}

void posix_eventfd_add(int fd, uint64_t n)
{
	int errno_kept = errno, err;

	posix_delay();
	do
		err = write(fd, &n, sizeof n) == sizeof n ? 0 : errno;
	while (err == EINTR);
	KT_ASSERT(err == 0 || err == EAGAIN);
	errno = errno_kept;
}

bool posix_eventfd_take(int fd)
{
	int errno_kept = errno, err;
	uint64_t one;

	do
		err = read(fd, &one, sizeof one) == sizeof one ? 0 : errno;
	while (err == EINTR);
	KT_ASSERT(err == 0 || err == EAGAIN);
	errno = errno_kept;
	return err == 0;
}

void posix_eventfd_poll(int fd, int other, const uint64_t *deadline_ns)
{
	struct pollfd files[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = other, .events = POLLIN },
	};
	struct timespec left = { 0, 0 };
	int errno_kept = errno;

	posix_delay();
	if (deadline_ns) {
		uint64_t now = os_now_ns();

		left = posix_timespec(*deadline_ns > now ? *deadline_ns - now : 0);
	}
	ppoll(files, 2, deadline_ns ? &left : NULL, NULL);	/* ppoll() ignores a file of -1 */
	errno = errno_kept;
}
