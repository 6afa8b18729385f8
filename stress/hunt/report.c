/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/report.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *mark;
	enum kt_failure failure;
} marks[] = {
	{ "ERROR: LeakSanitizer", KT_LEAK },
	{ "ERROR: AddressSanitizer", KT_MEMORY },
	{ "WARNING: ThreadSanitizer: data race", KT_RACE },
	{ "WARNING: ThreadSanitizer: heap-use-after-free", KT_MEMORY },
	{ "WARNING: ThreadSanitizer", KT_RACE },
	{ "ERROR: ThreadSanitizer", KT_MEMORY },
	{ ": runtime error: ", KT_UNDEFINED },
};

/* Copy one line, without the name of the folder in which a build's sandbox runs the compiler. */
static void copy_line(char *buf, size_t size, const char *p)
{
	static const char sandbox[] = "/proc/self/cwd/";
	size_t used = 0;

	while (*p && *p != '\n' && used < size - 1) {
		if (strncmp(p, sandbox, sizeof sandbox - 1) == 0)
			p += sizeof sandbox - 1;
		else
			buf[used++] = *p++;
	}
	buf[used] = '\0';
}

/* The message is the report's summary, because that has no process numbers and no addresses. */
bool report_classify(const char *report, struct verdict *v)
{
	const char *summary = strstr(report, "SUMMARY: ");

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const char *p = strstr(report, marks[i].mark);

		if (!p)
			continue;
		v->failure = marks[i].failure;
		signature_of_report(v->signature, v->failure, report);
		/* A summary without a source line names this machine's files. */
		if (summary && !memmem(summary, strcspn(summary, "\n"), " (/", 3))
			copy_line(v->message, sizeof v->message, summary + strlen("SUMMARY: "));
		else
			snprintf(v->message, sizeof v->message, "%s in %s", marks[i].mark,
				 v->signature);
		return true;
	}
	return false;
}
