/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Input and output by descriptors. A call that may wait for another thread, a process or a
 * network is refused: the engine can't see what would end the wait. So pipes, sockets and event
 * descriptors are refused when they are made, and if the program was started with one, when it
 * reads there. Regular files and such devices as /dev/null work.
 *
 * Cancellation points of POSIX among these calls: read(), write(), readv(), writev(), poll() and
 * select().
 */
#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "platform/hosted/models.h"

/* ---- making what can block -------------------------------------------- */

HOSTED_REFUSED(int, pipe, (int fds[2]), (fds))
HOSTED_REFUSED(int, pipe2, (int fds[2], int flags), (fds, flags))
HOSTED_REFUSED(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
HOSTED_REFUSED(int, socketpair, (int domain, int type, int protocol, int fds[2]),
	(domain, type, protocol, fds))
HOSTED_REFUSED(int, eventfd, (unsigned value, int flags), (value, flags))
HOSTED_REFUSED(int, timerfd_create, (clockid_t clock, int flags), (clock, flags))
HOSTED_REFUSED(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags))
HOSTED_REFUSED(int, inotify_init, (void), ())
HOSTED_REFUSED(int, inotify_init1, (int flags), (flags))
HOSTED_REFUSED(int, epoll_create, (int size), (size))
HOSTED_REFUSED(int, epoll_create1, (int flags), (flags))
HOSTED_REFUSED(int, msgget, (key_t key, int flags), (key, flags))
HOSTED_REFUSED(int, semget, (key_t key, int count, int flags), (key, count, flags))
HOSTED_REFUSED(int, shmget, (key_t key, size_t size, int flags), (key, size, flags))
HOSTED_REFUSED(int, flock, (int fd, int operation), (fd, operation))
HOSTED_REFUSED(int, lockf64, (int fd, int command, off64_t size), (fd, command, size))
HOSTED_REFUSED(int, lockf, (int fd, int command, off_t size), (fd, command, size))

/* The C library would start threads of its own. */
HOSTED_REFUSED(int, aio_read, (struct aiocb *a), (a))
HOSTED_REFUSED(int, aio_read64, (struct aiocb64 *a), (a))
HOSTED_REFUSED(int, aio_write, (struct aiocb *a), (a))
HOSTED_REFUSED(int, aio_write64, (struct aiocb64 *a), (a))
HOSTED_REFUSED(int, aio_fsync, (int operation, struct aiocb *a), (operation, a))
HOSTED_REFUSED(int, aio_fsync64, (int operation, struct aiocb64 *a), (operation, a))
HOSTED_REFUSED(int, lio_listio, (int mode, struct aiocb *const list[restrict], int count,
		struct sigevent *restrict event),
	(mode, list, count, event))
HOSTED_REFUSED(int, lio_listio64, (int mode, struct aiocb64 *const list[restrict], int count,
		struct sigevent *restrict event),
	(mode, list, count, event))
HOSTED_REFUSED(int, getaddrinfo_a, (int mode, struct gaicb *list[restrict], int count,
		struct sigevent *restrict event),
	(mode, list, count, event))

/* ---- on descriptors that the program was started with ----------------- */

HOSTED_REFUSED(int, accept, (int fd, struct sockaddr *restrict addr, socklen_t *restrict size),
	(fd, addr, size))
HOSTED_REFUSED(int, accept4, (int fd, struct sockaddr *restrict addr, socklen_t *restrict size,
		int flags),
	(fd, addr, size, flags))
HOSTED_REFUSED(int, connect, (int fd, const struct sockaddr *addr, socklen_t size),
	(fd, addr, size))
HOSTED_REFUSED(ssize_t, recv, (int fd, void *buf, size_t size, int flags), (fd, buf, size, flags))
HOSTED_REFUSED(ssize_t, recvfrom, (int fd, void *restrict buf, size_t size, int flags,
		struct sockaddr *restrict addr, socklen_t *restrict len),
	(fd, buf, size, flags, addr, len))
HOSTED_REFUSED(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
HOSTED_REFUSED(ssize_t, send, (int fd, const void *buf, size_t size, int flags),
	(fd, buf, size, flags))
HOSTED_REFUSED(ssize_t, sendto, (int fd, const void *buf, size_t size, int flags,
		const struct sockaddr *addr, socklen_t len),
	(fd, buf, size, flags, addr, len))
HOSTED_REFUSED(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
HOSTED_REFUSED(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned count, int flags,
		struct timespec *interval),
	(fd, m, count, flags, interval))
HOSTED_REFUSED(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned count, int flags),
	(fd, m, count, flags))
HOSTED_REFUSED(int, epoll_wait, (int fd, struct epoll_event *events, int max, int ms),
	(fd, events, max, ms))
HOSTED_REFUSED(int, epoll_pwait, (int fd, struct epoll_event *events, int max, int ms,
		const sigset_t *set),
	(fd, events, max, ms, set))

HOSTED_EXPORT mqd_t mq_open(const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;
	struct mq_attr *attr;

	if (hosted_on())
		hosted_refuse("mq_open()", HOSTED_CALLER);
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	attr = va_arg(ap, struct mq_attr *);
	va_end(ap);
	return HOSTED_REAL(mq_open)(name, flags, mode, attr);
}

/* Only a lock of a file can wait. */
static int control(int fd, int command, void *arg, uintptr_t pc)
{
	if (command == F_SETLKW || command == F_OFD_SETLKW)
		hosted_refuse("fcntl(F_SETLKW)", pc);
	return HOSTED_REAL(fcntl)(fd, command, arg);
}

HOSTED_EXPORT int fcntl(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return hosted_on() ? control(fd, command, arg, HOSTED_CALLER) :
	       HOSTED_REAL(fcntl)(fd, command, arg);
}

HOSTED_EXPORT int fcntl64(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return hosted_on() ? control(fd, command, arg, HOSTED_CALLER) :
	       HOSTED_REAL(fcntl64)(fd, command, arg);
}

/* ---- reading and writing ---------------------------------------------- */

enum { MEMORY = 1, RANDOM = 8, URANDOM = 9 };	/* the numbers of Linux's devices */

static bool is_random(const struct stat *s)
{
	return S_ISCHR(s->st_mode) && major(s->st_rdev) == MEMORY &&
	       (minor(s->st_rdev) == RANDOM || minor(s->st_rdev) == URANDOM);
}

/* May reading or writing there wait? */
static bool can_wait(int fd, const struct stat *s)
{
	return S_ISFIFO(s->st_mode) || S_ISSOCK(s->st_mode) ||
	       (S_ISCHR(s->st_mode) && isatty(fd));
}

static bool is_output(int fd)
{
	return fd == STDOUT_FILENO || fd == STDERR_FILENO;
}

static ssize_t read_at(int fd, void *buf, size_t size, uintptr_t pc)
{
	struct stat s;

	hosted_cancel_point();
	if (!fstat(fd, &s)) {
		if (is_random(&s))
			return hosted_getrandom(buf, size);
		if (can_wait(fd, &s))
			hosted_refuse("read() of a pipe, a socket or a terminal", pc);
	}
	return HOSTED_REAL(read)(fd, buf, size);
}

HOSTED_EXPORT ssize_t read(int fd, void *buf, size_t size)
{
	return hosted_on() ? read_at(fd, buf, size, HOSTED_CALLER) :
	       HOSTED_REAL(read)(fd, buf, size);
}

/* _FORTIFY_SOURCE calls these: `room` is the size of the object at buf. */
ssize_t __read_chk(int fd, void *buf, size_t size, size_t room);
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *interval,
		const sigset_t *set, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t size, size_t room, int flags,
		       struct sockaddr *restrict addr, socklen_t *restrict len);

HOSTED_EXPORT ssize_t __read_chk(int fd, void *buf, size_t size, size_t room)
{
	return hosted_on() && size <= room ? read_at(fd, buf, size, HOSTED_CALLER) :
	       HOSTED_REAL(__read_chk)(fd, buf, size, room);
}

HOSTED_REFUSED(ssize_t, __recv_chk, (int fd, void *buf, size_t size, size_t room, int flags),
	(fd, buf, size, room, flags))
HOSTED_REFUSED(ssize_t, __recvfrom_chk, (int fd, void *restrict buf, size_t size, size_t room,
		int flags, struct sockaddr *restrict addr, socklen_t *restrict len),
	(fd, buf, size, room, flags, addr, len))

HOSTED_EXPORT ssize_t readv(int fd, const struct iovec *v, int count)
{
	struct stat s;

	if (hosted_on()) {
		hosted_cancel_point();
		if (!fstat(fd, &s) && (can_wait(fd, &s) || is_random(&s)))
			hosted_refuse("readv() of a pipe, a socket or a device", HOSTED_CALLER);
	}
	return HOSTED_REAL(readv)(fd, v, count);
}

/* The output of the program is seen, or lost: in neither case does anything wait for it. */
HOSTED_EXPORT ssize_t write(int fd, const void *buf, size_t size)
{
	struct stat s;

	if (hosted_on()) {
		hosted_cancel_point();
		if (is_output(fd) && !hosted_shows_output())
			return (ssize_t)size;
		if (!is_output(fd) && !fstat(fd, &s) && can_wait(fd, &s))
			hosted_refuse("write() to a pipe, a socket or a terminal", HOSTED_CALLER);
	}
	return HOSTED_REAL(write)(fd, buf, size);
}

HOSTED_EXPORT ssize_t writev(int fd, const struct iovec *v, int count)
{
	struct stat s;

	if (hosted_on()) {
		hosted_cancel_point();
		if (!is_output(fd) && !fstat(fd, &s) && can_wait(fd, &s))
			hosted_refuse("writev() to a pipe, a socket or a terminal", HOSTED_CALLER);
	}
	return HOSTED_REAL(writev)(fd, v, count);
}

/* ---- waiting for descriptors: without any, it is a sleep -------------- */

/* An interval of HOSTED_NEVER has no end. */
static int sleep_for(uint64_t ns, uintptr_t pc)
{
	struct kt_site *site = hosted_site(pc, HOSTED_SLEEP);

	if (ns != HOSTED_NEVER)
		hosted_sleep(ns, pc);
	else
		for (;;)
			hosted_block_cancellable(site, hosted_self(), HOSTED_NEVER);
	return 0;
}

HOSTED_EXPORT int poll(struct pollfd *fds, nfds_t count, int ms)
{
	if (!hosted_on())
		return HOSTED_REAL(poll)(fds, count, ms);
	if (count)
		hosted_refuse("poll() of descriptors", HOSTED_CALLER);
	return sleep_for(ms < 0 ? HOSTED_NEVER : (uint64_t)ms * 1000000, HOSTED_CALLER);
}

HOSTED_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *interval,
			const sigset_t *set)
{
	if (!hosted_on())
		return HOSTED_REAL(ppoll)(fds, count, interval, set);
	if (count)
		hosted_refuse("ppoll() of descriptors", HOSTED_CALLER);
	return sleep_for(interval ? hosted_ns(interval) : HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int select(int count, fd_set *restrict in, fd_set *restrict out,
			 fd_set *restrict except, struct timeval *restrict interval)
{
	if (!hosted_on())
		return HOSTED_REAL(select)(count, in, out, except, interval);
	if (count)
		hosted_refuse("select() of descriptors", HOSTED_CALLER);
	return sleep_for(!interval ? HOSTED_NEVER : (uint64_t)interval->tv_sec * 1000000000 +
			 (uint64_t)interval->tv_usec * 1000, HOSTED_CALLER);
}

HOSTED_EXPORT int pselect(int count, fd_set *restrict in, fd_set *restrict out,
			  fd_set *restrict except, const struct timespec *restrict interval,
			  const sigset_t *restrict set)
{
	if (!hosted_on())
		return HOSTED_REAL(pselect)(count, in, out, except, interval, set);
	if (count)
		hosted_refuse("pselect() of descriptors", HOSTED_CALLER);
	return sleep_for(interval ? hosted_ns(interval) : HOSTED_NEVER, HOSTED_CALLER);
}

HOSTED_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room)
{
	if (!hosted_on())
		return HOSTED_REAL(__poll_chk)(fds, count, ms, room);
	if (count)
		hosted_refuse("poll() of descriptors", HOSTED_CALLER);
	return sleep_for(ms < 0 ? HOSTED_NEVER : (uint64_t)ms * 1000000, HOSTED_CALLER);
}

HOSTED_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *interval,
			      const sigset_t *set, size_t room)
{
	if (!hosted_on())
		return HOSTED_REAL(__ppoll_chk)(fds, count, interval, set, room);
	if (count)
		hosted_refuse("ppoll() of descriptors", HOSTED_CALLER);
	return sleep_for(interval ? hosted_ns(interval) : HOSTED_NEVER, HOSTED_CALLER);
}

/* ---- the lock of a stream --------------------------------------------- */

/*
 * flockfile() excludes others that call it, and not those that print meanwhile: the C library's
 * own lock would stop the process. No oracle looks at the order of output.
 */
enum { STREAMS_MAX = 16 };

static struct stream {
	FILE *file;
	uint32_t owner, count;
} stream[STREAMS_MAX];

void hosted_io_begin(void)
{
	for (int i = 0; i < STREAMS_MAX && stream[i].file; i++)
		stream[i] = (struct stream){ 0 };
}

static struct stream *stream_of(FILE *file, uintptr_t pc)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (stream[i].file == file || !stream[i].file) {
			stream[i].file = file;
			return &stream[i];
		}
	hosted_refuse("flockfile() of more than 16 streams", pc);
}

static bool can_lock(struct stream *s)
{
	if (s->count && s->owner != hosted_me())
		return false;
	s->owner = hosted_me();
	s->count++;
	return true;
}

HOSTED_EXPORT void flockfile(FILE *file)
{
	struct kt_site *site;
	struct stream *s;

	if (!hosted_on()) {
		HOSTED_REAL(flockfile)(file);
		return;
	}
	site = hosted_site(HOSTED_CALLER, HOSTED_LOCK);
	s = stream_of(file, HOSTED_CALLER);
	hosted_arrive(site, file);
	while (!can_lock(s))
		hosted_block(site, s, HOSTED_NEVER, (int)s->owner);
	hosted_acquire(s);
}

HOSTED_EXPORT int ftrylockfile(FILE *file)
{
	struct stream *s;

	if (!hosted_on())
		return HOSTED_REAL(ftrylockfile)(file);
	s = stream_of(file, HOSTED_CALLER);
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_TRYLOCK), file);
	if (!can_lock(s))
		return EBUSY;
	hosted_acquire(s);
	return 0;
}

HOSTED_EXPORT void funlockfile(FILE *file)
{
	struct stream *s;

	if (!hosted_on()) {
		HOSTED_REAL(funlockfile)(file);
		return;
	}
	s = stream_of(file, HOSTED_CALLER);
	hosted_arrive(hosted_site(HOSTED_CALLER, HOSTED_UNLOCK), file);
	if (!s->count || s->owner != hosted_me())
		hosted_fail(KT_DISCIPLINE, HOSTED_CALLER,
			    "%s unlocks a stream that it has not locked", hosted_name(hosted_me()));
	hosted_release(s);
	if (!--s->count)
		hosted_wake_all(s);
}
