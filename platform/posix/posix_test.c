/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only real threads have: the report of where each thread waits, delays that may
 * be changed at any time, and the state after a fork.
 */
#include "platform/posix/posix.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/completion.h"
#include "platform/conformance/conformance.h"

/* The report as text; the caller frees it. */
static char *dump(void)
{
	enum { SIZE = 65536 };
	char *text = malloc(SIZE);
	FILE *f = tmpfile();
	size_t used;

	CHECK(text && f);
	posix_dump_waits(fileno(f));
	CHECK_EQ(fseek(f, 0, SEEK_SET), 0);
	used = fread(text, 1, SIZE - 1, f);
	text[used] = '\0';
	fclose(f);
	return text;
}

static bool dump_has(const char *line)
{
	char *text = dump();
	bool found = strstr(text, line) != NULL;

	free(text);
	return found;
}

/* Read the report until it has this line: a thread that is on its way gets there in the end. */
static void await_line(const char *line)
{
	while (!dump_has(line))
		cpu_relax();
}

struct scene {
	struct os_thread *init;
	kt_completion c, held, let_go;
	kt_lock lock;
};

static void sleeper(void *arg)
{
	struct scene *s = arg;

	os_waits_for(s->init);
	kt_completion_wait(&s->c);
	os_waits_for(NULL);
}

static void holder(void *arg)
{
	struct scene *s = arg;

	kt_lock_acquire(&s->lock);
	kt_complete(&s->held);
	kt_completion_wait(&s->let_go);
	kt_lock_release(&s->lock);
}

static void contender(void *arg)
{
	struct scene *s = arg;

	kt_completion_wait(&s->held);
	kt_lock_acquire(&s->lock);
	kt_lock_release(&s->lock);
}

static void report(void *arg)
{
	struct scene s = { .init = os_self() };
	struct os_thread t[3];

	(void)arg;
	kt_completion_init(&s.c);
	kt_completion_init(&s.held);
	kt_completion_init(&s.let_go);
	kt_lock_init(&s.lock, "scene");
	spawn(&t[0], "sleeper/0:with_a_long_name", sleeper, &s);
	spawn(&t[1], "holder", holder, &s);
	spawn(&t[2], "contender", contender, &s);
	await_line("init runs\n");
	await_line("sleeper/0:with_a_long_name waits at sleeper:wait(s->c) "
		   "[platform/posix/posix_test.c:");
	await_line("] for init\n");
	await_line("holder waits at holder:wait(s->let_go)");
	await_line("contender waits at contender:acquire(s->lock)");
	kt_complete(&s.let_go);
	kt_complete(&s.c);
	for (int i = 0; i < 3; i++)
		os_join(&t[i]);
	CHECK(!dump_has("sleeper"));
	kt_lock_destroy(&s.lock);
	kt_completion_destroy(&s.let_go);
	kt_completion_destroy(&s.held);
	kt_completion_destroy(&s.c);
}

/* For the sanitizers: threads come and go while another thread reads the report. */
static void stay_a_moment(void *arg)
{
	(void)arg;
	KT_POINT(posix_test.moment);
}

static void come_and_go(void *arg)
{
	struct os_thread t;

	(void)arg;
	for (int i = 0; i < 200; i++) {
		posix_set_delays((uint64_t)i, 500);
		spawn(&t, i % 2 ? "odd" : "even_and_longer", stay_a_moment, NULL);
		os_join(&t);
	}
	posix_set_delays(0, 0);
}

static void report_meanwhile(void *arg)
{
	struct os_thread t;

	spawn(&t, "parent", come_and_go, arg);
	for (int i = 0; i < 200; i++)
		free(dump());
	os_join(&t);
}

static void wait_to_end(void *arg)
{
	kt_completion_wait((kt_completion *)arg);
}

static void forked(void *arg)
{
	struct os_thread t, *all_mine = os_self();
	int status = -1;
	kt_completion c;
	pid_t pid;

	(void)arg;
	kt_completion_init(&c);
	CHECK_EQ(os_spawn(&t, "left_behind", OS_DETACHED, wait_to_end, &c), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		posix_reset();
		if (os_self() != all_mine || dump_has("left_behind") || !dump_has("init"))
			_exit(1);
		os_wait_detached();	/* there is none in the child */
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	kt_complete(&c);
	os_wait_detached();
	kt_completion_destroy(&c);
}

int main(void)
{
	conformance_run("posix.report", report, NULL);
	conformance_run("posix.report_meanwhile", report_meanwhile, NULL);
	conformance_run("posix.forked", forked, NULL);
	return 0;
}
