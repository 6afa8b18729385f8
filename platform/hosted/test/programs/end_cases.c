/* SPDX-License-Identifier: GPL-2.0-only */
/* How programs end, signals, what is refused, random numbers. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cases.h"

static sem_t sem;
static int order;

/* ---- exit ------------------------------------------------------------- */

BAD_CASE(exit_status, "exit(): exit status 3")
{
	exit(3);
}

BAD_CASE(exit_now_status, "_exit(): exit status 4")
{
	_exit(4);
}

BAD_CASE(quick_exit_status, "quick_exit(): exit status 5")
{
	quick_exit(5);
}

BAD_CASE(err_status, "exit(): exit status 6")
{
	errx(6, "this is said");
}

BAD_CASE(abort_, "abort()")
{
	abort();
}

BAD_CASE(assert_, "1 == 2")
{
	assert(1 == 2);
}

CASE(exit_0)
{
	exit(0);
}

static void third(void)
{
	if (order++ != 2)
		abort();
}

static void second(void)
{
	if (order++ != 1)
		abort();
	atexit(third);
}

static void first(int status, void *arg)
{
	if (status || arg != &order || order++ != 0)
		abort();
}

CASE(exit_handlers)
{
	atexit(second);
	on_exit(first, &order);
}

static void must_run(void)
{
	order++;
}

static void check_ran(void)
{
	if (order != 1)
		abort();
}

CASE(exit_handlers_quick)
{
	at_quick_exit(check_ran);
	at_quick_exit(must_run);
	atexit(abort);
	quick_exit(0);
}

static void *exits(void *arg)
{
	exit(0);
	return arg;
}

CASE(exit_by_thread)
{
	pthread_t t;

	sem_init(&sem, 0, 0);
	pthread_create(&t, NULL, exits, NULL);
	sem_wait(&sem);
}

static void *reads_late(void *arg)
{
	order += *(int *)arg;
	return NULL;
}

/* Between the end of main() and that of the process. */
BAD_CASE(exit_before_thread, "freed")
{
	int *block = calloc(1, sizeof *block);
	pthread_t t;

	assert(block && !pthread_create(&t, NULL, reads_late, block));
	pthread_detach(t);
	free(block);
}

static atomic_int before_main_ran;

static void from_before(void)
{
	if (atomic_load(&before_main_ran) != 1)
		_exit(9);
}

__attribute__((constructor))
static void register_before_main(void)
{
	atexit(from_before);
	atomic_store(&before_main_ran, 1);
}

BAD_CASE(exit_handler_of_before_main, "_exit(): exit status 9")
{
	atomic_store(&before_main_ran, 2);
}

/* ---- signals ---------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void handler(int number)
{
	handled = number;
}

static void with_info(int number, siginfo_t *info, void *context)
{
	(void)context;
	handled = info->si_signo == number ? -number : 0;
}

CASE(raise_calls_handler)
{
	struct sigaction a = { .sa_sigaction = with_info, .sa_flags = SA_SIGINFO }, old;

	assert(signal(SIGUSR1, handler) == SIG_DFL);
	assert(!raise(SIGUSR1) && handled == SIGUSR1);
	assert(!kill(getpid(), SIGUSR1));
	assert(!pthread_kill(pthread_self(), SIGUSR1));
	assert(!sigaction(SIGUSR1, &a, &old) && old.sa_handler == handler);
	assert(!raise(SIGUSR1) && handled == -SIGUSR1);
	assert(signal(SIGUSR1, SIG_IGN) != SIG_ERR && !raise(SIGUSR1));
	assert(!raise(SIGCHLD));
	assert(!kill(getpid(), 0));
}

CASE(masks)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert(!pthread_sigmask(SIG_BLOCK, &set, &old) && !sigismember(&old, SIGUSR1));
	assert(!sigprocmask(SIG_SETMASK, &old, &set) && sigismember(&set, SIGUSR1));
}

BAD_CASE(raise_fatal, "signal SIGTERM")
{
	raise(SIGTERM);
}

BAD_CASE(raise_blocked, "raise() of a blocked signal")
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
}

/* ---- what is refused -------------------------------------------------- */

#define REFUSED_CASE(name, text, call)                                         \
	BAD_CASE(refuse_##name, "the program calls " text ", which kthrash does not support") \
	{                                                                      \
		call;                                                          \
	}

static int fds[2];
static char buf[8];
static struct pollfd pollfd = { .events = POLLIN };

REFUSED_CASE(fork, "fork()", if (fork() == 0) _exit(0))
REFUSED_CASE(vfork, "vfork()", if (vfork() == 0) _exit(0))
REFUSED_CASE(execl, "execl()", execl("/bin/true", "true", NULL))
REFUSED_CASE(execv, "execv()", execv("/bin/true", (char *[]){ 0 }))
REFUSED_CASE(system, "system()", if (system("true")) abort())
REFUSED_CASE(popen, "popen()", popen("true", "r"))
REFUSED_CASE(spawn, "posix_spawn()",
	     posix_spawn(NULL, "/bin/true", NULL, NULL, (char *[]){ 0 }, NULL))
REFUSED_CASE(wait, "wait()", wait(NULL))
REFUSED_CASE(pipe, "pipe()", if (pipe(fds)) abort())
REFUSED_CASE(socketpair, "socketpair()", socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
REFUSED_CASE(socket, "socket()", socket(AF_INET, SOCK_STREAM, 0))
REFUSED_CASE(eventfd, "eventfd()", eventfd(0, 0))
REFUSED_CASE(epoll, "epoll_create1()", epoll_create1(0))
REFUSED_CASE(poll, "poll() of descriptors", poll(&pollfd, 1, -1))
REFUSED_CASE(flock, "flock()", flock(0, LOCK_EX))
REFUSED_CASE(alarm, "alarm()", alarm(1))
REFUSED_CASE(setitimer, "setitimer()", setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL))
REFUSED_CASE(timer, "timer_create()", timer_create(CLOCK_REALTIME, NULL, &(timer_t){ 0 }))
REFUSED_CASE(pause, "pause()", pause())
REFUSED_CASE(sigwait, "sigwait()", sigwait(&(sigset_t){ 0 }, fds))
REFUSED_CASE(syscall, "syscall(SYS_fork)", syscall(SYS_fork))

BAD_CASE(refuse_where, "refuse_where")
{
	alarm(1);
}

/* ---- input and output ------------------------------------------------- */

CASE(files)
{
	int fd = open("/dev/null", O_RDWR);

	assert(fd >= 0);
	assert(read(fd, buf, 1) == 0 && write(fd, buf, 1) == 1);
	assert(write(STDOUT_FILENO, "", 0) == 0);
	assert(!close(fd));
	flockfile(stdout);
	flockfile(stdout);
	printf("silent\n");
	funlockfile(stdout);
	funlockfile(stdout);
}

/* ---- the same in each execution --------------------------------------- */

static unsigned urandom(void)
{
	unsigned value = 0;
	int fd = open("/dev/urandom", O_RDONLY);

	assert(read(fd, &value, sizeof value) == sizeof value);
	close(fd);
	return value;
}

/* Two executions that differ make the driver complain, so each value decides how many steps. */
static void *steps(void *arg)
{
	for (unsigned i = (unsigned)(uintptr_t)arg; i; i >>= 1)
		if (i & 1)
			sem_post(&sem);
	return NULL;
}

static void use(unsigned value)
{
	pthread_t t;

	pthread_create(&t, NULL, steps, (void *)(uintptr_t)(value & 255));
	pthread_join(t, NULL);
}

CASE(random_numbers)
{
	struct timespec t;
	struct tms tms;
	struct rusage r;
	unsigned value;

	sem_init(&sem, 0, 0);
	assert(getrandom(&value, sizeof value, 0) == sizeof value);
	use(value);
	assert(!getentropy(&value, sizeof value));
	use(value);
	use(arc4random());
	use(arc4random_uniform(200));
	use(urandom());
	use((unsigned)rand());
	use((unsigned)random());
	use((unsigned)(drand48() * 256));
	clock_gettime(CLOCK_REALTIME, &t);
	use((unsigned)t.tv_nsec);
	use((unsigned)times(&tms));
	getrusage(RUSAGE_SELF, &r);
	use((unsigned)r.ru_utime.tv_usec);
	use((unsigned)clock());
	use((unsigned)pthread_self());
	use((unsigned)gettid() - (unsigned)getpid());
	srand((unsigned)time(NULL));
	use((unsigned)rand());
}

int main(int argc, char **argv)
{
	return run_case(argc, argv);
}
