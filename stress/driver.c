/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/driver.h"

#include <stdio.h>
#include <string.h>

#include "stress/bench/bench.h"
#include "stress/explain/explain.h"
#include "stress/hunt/build.h"
#include "stress/hunt/hunt.h"
#include "stress/hunt/isolate.h"
#include "stress/hunt/json.h"
#include "stress/hunt/output.h"
#include "stress/hunt/shared.h"
#include "stress/hunt/take.h"

static int command_generate(const struct options *o)
{
	static char text[PLAN_BYTES_MAX];
	static struct plan p;

	if (!subject->generate) {
		fprintf(stderr, "kthrash: the subject '%s' makes no plans\n", subject->name);
		return EXIT_USAGE;
	}
	subject->generate(&p, o->seed, o->faults);
	plan_print(&p, text, sizeof text);
	fputs(text, stdout);
	return EXIT_CLEAN;
}

static int command_run(const struct options *o)
{
	if (subject->execute)
		return command_stress(o);
	fprintf(stderr, "kthrash: run needs a program that kthrash-cc has compiled; this driver "
		"has none\n");
	return EXIT_USAGE;
}

static int command_about(const struct options *o)
{
	struct json j;

	(void)o;
	json_begin(&j, stdout);
	build_put(&j);
	json_string(&j, "os", world_os);
	json_bool(&j, "deterministic", world_can(WORLD_REPEATS));
	json_end(&j);
	return EXIT_CLEAN;
}

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} commands[] = {
	{ "stress", command_stress },
	{ "run", command_run },
	{ "verify", command_verify },
	{ "replay", command_replay },
	{ "shrink", command_shrink },
	{ "explain", command_explain },
	{ "cause", command_cause },
	{ "identify", command_identify },
	{ "bench", command_bench },
	{ "generate", command_generate },
	{ "about", command_about },
};

static int run(const struct subject *s, int argc, char **argv)
{
	struct options o;
	int status;

	if (argc > 1 && strcmp(argv[argc - 1], "--help") == 0 &&
	    options_help(argc > 2 ? argv[1] : NULL))
		return EXIT_CLEAN;
	status = options_parse(&o, argc, argv);
	if (status != EXIT_CLEAN)
		return status;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(o.command, commands[i].name) == 0) {
			isolate_init();
			subject_use(s);
			o.program.prints = strcmp(o.command, "replay") == 0;
			o.program.goes_on = shared_beat;
			if (s->configure)
				s->configure(&o.program);
			take_explains_with(explain_text);
			if (o.door)
				replay_through(o.door);
			return commands[i].run(&o);
		}
	fprintf(stderr, "kthrash: %s is in stress/hunt/options.def and has no function here\n",
		o.command);
	return EXIT_ENVIRONMENT;
}

int driver_main(const struct subject *s, int argc, char **argv)
{
	output_begin();
	return output_end(run(s, argc, argv));
}
