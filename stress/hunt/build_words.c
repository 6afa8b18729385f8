/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes what build.c knows of this binary, for people and for the front door. */
#include <stdio.h>

#include "stress/hunt/build.h"
#include "stress/hunt/json.h"
#include "stress/run/subject.h"

void build_show(const char *command)
{
	printf("kthrash %s: %s%s%s\n", command, subject->describe ? subject->describe() : "",
	       subject->describe ? ", on " : "", build_name());
}

void build_put(struct json *j)
{
	struct build_facts f = build_facts();

	json_string(j, "build", build_name());
	json_string(j, "platform", f.platform);
	json_string(j, "compiler", f.compiler);
	json_bool(j, "optimized", f.optimized);
	json_string(j, "sanitizer", f.sanitizer);
	json_string(j, "core", f.core);
	json_string(j, "tree", f.tree);
	json_string(j, "bug", f.bug);
}
