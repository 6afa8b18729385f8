/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a text goes that is written to a path: links stay, devices are not replaced. */
#include "stress/hunt/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/conformance/test.h"
#include "stress/hunt/target.h"

static char folder[] = "/tmp/files_test.XXXXXX";

/* Stays valid for the next three calls. */
static const char *at(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static int put(const char *path, const char *text)
{
	return file_write(path, text, strlen(text));
}

/* What the file holds. Stays valid for the next call. */
static const char *text_of(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	CHECK(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static unsigned entries(void)
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static mode_t mode_of(const char *path)
{
	struct stat s;

	CHECK_EQ(lstat(path, &s), 0);
	return s.st_mode;
}

static void test_regular_files(void)
{
	char longest[NAME_MAX + 1];

	umask(027);
	CHECK_EQ(put(at("new"), "one"), 0);
	CHECK_EQ(mode_of(at("new")) & 0777, 0640);
	CHECK_EQ(chmod(at("new"), 0604), 0);
	CHECK_EQ(put(at("new"), "two"), 0);
	CHECK_STR(text_of(at("new")), "two");
	CHECK_EQ(mode_of(at("new")) & 0777, 0604);
	memset(longest, 'x', NAME_MAX);
	longest[NAME_MAX] = '\0';
	CHECK_EQ(put(at(longest), "one"), 0);
	CHECK_EQ(put(at(longest), "two"), 0);
	CHECK_STR(text_of(at(longest)), "two");
	CHECK_EQ(unlink(at(longest)), 0);
	CHECK_EQ(chdir(folder), 0);
	CHECK_EQ(put("new", "three"), 0);
	CHECK_STR(text_of(at("new")), "three");
	CHECK_EQ(entries(), 3);		/* "." and ".." too: no temporary file is left */
	printf("ok regular files\n");
}

static void test_links(void)
{
	CHECK_EQ(mkdir(at("below"), 0777), 0);
	CHECK_EQ(symlink("below/target", at("link")), 0);
	CHECK_EQ(symlink(at("link"), at("link-to-link")), 0);
	CHECK_EQ(put(at("link"), "one"), 0);	/* it dangles, and its target is made */
	CHECK_STR(text_of(at("below/target")), "one");
	CHECK_EQ(put(at("link-to-link"), "two"), 0);
	CHECK_STR(text_of(at("below/target")), "two");
	CHECK(S_ISLNK(mode_of(at("link"))) && S_ISLNK(mode_of(at("link-to-link"))));
	CHECK_EQ(symlink("below", at("folder-link")), 0);
	CHECK_EQ(put(at("folder-link/target"), "three"), 0);
	CHECK_STR(text_of(at("below/target")), "three");
	CHECK_EQ(symlink("loop", at("loop")), 0);
	CHECK_EQ(put(at("loop"), "x"), -ELOOP);
	printf("ok links\n");
}

static void test_what_is_written_directly(void)
{
	char text[16] = "", name[64];
	int fd;

	CHECK_EQ(mkfifo(at("fifo"), 0666), 0);
	fd = open(at("fifo"), O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(put(at("fifo"), "told"), 0);
	CHECK_EQ(read(fd, text, sizeof text), 4);
	CHECK_STR(text, "told");
	CHECK(S_ISFIFO(mode_of(at("fifo"))));
	close(fd);
	/* A descriptor of a regular file is written where it stands. */
	fd = open(at("out"), O_RDWR | O_CREAT, 0666);
	CHECK_EQ(write(fd, "before ", 7), 7);
	snprintf(name, sizeof name, "/dev/fd/%d", fd);
	CHECK_EQ(put(name, "during "), 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	CHECK_EQ(put(name, "then "), 0);
	CHECK_EQ(write(fd, "after", 5), 5);
	CHECK_STR(text_of(at("out")), "before during then after");
	close(fd);
	CHECK_EQ(put(name, "x"), -EBADF);
	printf("ok what is written directly\n");
}

static const char *refused(const char *path)
{
	const char *why = target_refusal(path);

	return why ? why : "no";
}

static void test_refusals(void)
{
	char long_name[400];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	unsigned before;

	CHECK(s >= 0);
	snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", folder);
	CHECK_EQ(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	close(s);
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	before = entries();
	CHECK_STR(refused(folder), "is a folder, expected a file");
	CHECK_STR(refused(at("below/")), "is a folder, expected a file");
	CHECK_STR(refused(at("folder-link")), "is a folder, expected a file");
	CHECK_STR(refused("."), "is a folder, expected a file");
	CHECK_STR(refused(at("socket")), "is a socket, expected a file");
	CHECK_STR(refused(at("none/x")), "its folder is not there");
	CHECK_STR(refused(at("new/x")), "a part of the path is no folder");
	CHECK_STR(refused(at("loop")), strerror(ELOOP));
	CHECK_STR(refused(long_name), strerror(ENAMETOOLONG));
	CHECK_STR(refused("/dev/fd/99"), "is not open for writing");
	CHECK_STR(refused(at("new")), "no");
	CHECK_STR(refused(at("another")), "no");
	CHECK_STR(refused(at("fifo")), "no");
	CHECK_EQ(entries(), before);
	CHECK_EQ(put(folder, "x"), -EISDIR);
	CHECK_EQ(put(at("none/x"), "x"), -ENOENT);
	if (geteuid() != 0) {		/* root may write everywhere */
		CHECK_EQ(chmod(at("new"), 0400), 0);
		CHECK_STR(refused(at("new")), strerror(EACCES));
		CHECK_EQ(put(at("new"), "x"), -EACCES);
		CHECK_EQ(chmod(at("new"), 0600), 0);
		CHECK_EQ(chmod(at("below"), 0500), 0);
		CHECK_STR(refused(at("below/target")), "its folder can't be written");
		CHECK_EQ(chmod(at("below"), 0700), 0);
	}
	printf("ok refusals\n");
}

static void test_a_full_disk(void)
{
	struct rlimit l = { 4, RLIM_INFINITY };
	unsigned before = entries();

	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &l), 0);
	CHECK_EQ(put(at("new"), "too large"), -EFBIG);
	CHECK_EQ(put(at("link"), "too large"), -EFBIG);
	l.rlim_cur = RLIM_INFINITY;
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &l), 0);
	CHECK_STR(text_of(at("new")), "three");
	CHECK_STR(text_of(at("below/target")), "three");
	CHECK_EQ(entries(), before);
	printf("ok a full disk\n");
}

int main(void)
{
	char command[64];

	CHECK(mkdtemp(folder));
	test_regular_files();
	test_links();
	test_what_is_written_directly();
	test_refusals();
	test_a_full_disk();
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);		/* NOLINT(cert-env33-c): the command is fixed */
}
