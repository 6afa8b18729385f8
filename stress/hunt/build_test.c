/* SPDX-License-Identifier: GPL-2.0-only */
/* The command that repeats a finding, for names of every kind. */
#include "stress/hunt/build.h"

#include <stdio.h>
#include <string.h>

#include "platform/conformance/test.h"

static const struct {
	const char *path, *word;
} rows[] = {
	{ "/a/b.plan", "/a/b.plan" },
	{ "A-Z_%+,:=@0.plan", "A-Z_%+,:=@0.plan" },
	{ "-x.plan", "./-x.plan" },
	{ "a b", "$'a b'" },
	{ "-a b", "./$'-a b'" },
	{ "it's\\", "$'it\\'s\\\\'" },
	{ "\n\xff\"$x", "$'\\x0a\\xff\"$x'" },
	{ "~", "$'~'" },
};

int main(void)
{
	char command[400], small[40];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *word = rows[i].word;

		replay_command(command, sizeof command, rows[i].path);
		CHECK(strncmp(command, "tools/kthrash replay", 20) == 0);
		CHECK(strlen(command) > strlen(word));
		CHECK_STR(command + strlen(command) - strlen(word), word);
	}
	replay_command(small, sizeof small, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
	CHECK(strlen(small) < sizeof small);
	printf("ok replay commands\n");
	return 0;
}
