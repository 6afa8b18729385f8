/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of plans and reports. Their spelling is part of a file format: an old plan must
 * find the same points, and old trace hashes must stay valid.
 */
#include <stdio.h>

#include "platform/conformance/test.h"
#include "platform/point.h"
#include "platform/role.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_site_names(void)
{
	static const struct {
		struct kt_site site;
		const char *name;
	} table[] = {
		{ { .op = "point", .what = "create.appended" }, "create.appended" },
		{ { .func = "f", .op = "load", .what = "x" }, "f:load(x)" },
		{ { .func = "f", .op = "acquire", .what = "&d->lock" }, "f:acquire(d->lock)" },
		{ { .func = "f", .op = "load", .what = "&(x)->a & \t\nb" }, "f:load((x)->a&b)" },
		{ { .func = "f", .op = "relax", .what = "" }, "f:relax()" },
		{ { .func = "f", .op = "xchg", .what = " & &p" }, "f:xchg(p)" },
	};
	char buf[KT_SITE_NAME_MAX];

	for (size_t i = 0; i < COUNT(table); i++)
		CHECK_STR(kt_site_name(&table[i].site, buf, sizeof buf), table[i].name);
	puts("ok names.site");
}

static void test_truncation(void)
{
	struct kt_site site = { .func = "function", .op = "load", .what = "word" };
	char buf[8] = "#######";

	CHECK(kt_site_name(&site, buf, 0) == buf);
	CHECK_EQ(buf[0], '#');
	CHECK_STR(kt_site_name(&site, buf, 1), "");
	CHECK_STR(kt_site_name(&site, buf, sizeof buf), "functio");
	puts("ok names.truncated");
}

/* Reference values of FNV-1a: from its authors' test vectors. */
static void test_hash(void)
{
	static const struct {
		const char *name;
		uint32_t hash;
	} table[] = {
		{ "", 0x811c9dc5u },
		{ "a", 0xe40c292cu },
		{ "foobar", 0xbf9cf968u },
	};
	struct kt_site site = { .op = "point", .what = "foobar" };

	for (size_t i = 0; i < COUNT(table); i++)
		CHECK_EQ(kt_name_hash(table[i].name), table[i].hash);
	CHECK_EQ(kt_site_hash(&site), 0xbf9cf968u);
	CHECK_EQ(site.hash, 0xbf9cf968u);
	site.what = "other";	/* the hash is kept, not computed again */
	CHECK_EQ(kt_site_hash(&site), 0xbf9cf968u);
	puts("ok names.hash");
}

static void test_files(void)
{
	static const struct {
		const char *file, *shown;
	} table[] = {
		{ "core/kthread.c", "core/kthread.c" },
		{ "/src/tools/x/execroot/main/core/kthread.c", "core/kthread.c" },
		{ "bazel-out/k8/bin/stress/bugs/P1/core/task.c", "core/task.c" },
		{ "./platform/lock/ticket.h", "platform/lock/ticket.h" },
		{ "/srv/score/main.c", "/srv/score/main.c" },
		{ "main.c", "main.c" },
		{ "", "" },
		{ NULL, "" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct kt_site site = { .file = table[i].file };

		CHECK_STR(kt_site_file(&site), table[i].shown);
	}
	puts("ok names.file");
}

static void test_failures(void)
{
	static const char *const names[] = {
		"pass", "assertion", "deadlock", "livelock", "memory", "leak", "model",
		"discipline", "race", "undefined", "hang", "expect", "nondeterminism",
		"unsupported",
	};

	CHECK_EQ(COUNT(names), KT_FAILURES);
	for (size_t i = 0; i < COUNT(names); i++)
		CHECK_STR(kt_failure_name((enum kt_failure)i), names[i]);
	CHECK_STR(kt_failure_name(KT_FAILURES), "unknown");
	puts("ok names.failure");
}

static void test_roles(void)
{
	for (int i = 0; i < KT_ROLE_COUNT; i++)
		CHECK_EQ(kt_role_find(kt_role_name((enum kt_role)i)), i);
	CHECK_STR(kt_role_name(KT_ROLE_STACK), "stack");
	CHECK_EQ(kt_role_find("stack "), KT_ROLE_COUNT);
	CHECK_EQ(kt_role_find(""), KT_ROLE_COUNT);
	CHECK_STR(kt_role_name(KT_ROLE_COUNT), "unknown");
	puts("ok names.role");
}

static struct kt_site *site_in_function(void)
{
	return KT_SITE("load", "x");
}

static void test_macros(void)
{
	char buf[KT_SITE_NAME_MAX];

	CHECK_STR(kt_site_name(site_in_function(), buf, sizeof buf), "site_in_function:load(x)");
	CHECK(site_in_function() == site_in_function());
	CHECK_STR(kt_site_file(site_in_function()), "platform/conformance/names_test.c");
	puts("ok names.macros");
}

int main(void)
{
	test_site_names();
	test_truncation();
	test_hash();
	test_files();
	test_failures();
	test_roles();
	test_macros();
	return 0;
}
