/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Thousands of malformed plans, made from good ones: truncated at every byte, bytes
 * replaced, words and numbers replaced by wild ones, ten megabytes of one line. Each one
 * parses, or is refused with a place. ASan and UBSan find nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/conformance/test.h"
#include "platform/rng.h"
#include "stress/plan/plan.h"

static unsigned tried, refused;

/* Parse a copy in memory of exactly its size, so that ASan sees a read of one byte too many. */
static void try(const char *text, size_t size)
{
	static struct plan p;
	struct plan_error e;
	char *copy = malloc(size ? size : 1);
	int status;

	CHECK(copy != NULL);
	memcpy(copy, text, size);
	status = plan_parse(&p, copy, size, &e);
	tried++;
	if (status != 0) {
		CHECK_EQ(status, -EINVAL);
		CHECK(e.line >= 1);
		CHECK(e.column >= 1);
		CHECK(e.message[0] != '\0');
		CHECK(memchr(e.message, '\0', sizeof e.message) != NULL);
		refused++;
	}
	free(copy);
}

static size_t good(char *buf, size_t size, uint64_t seed)
{
	static struct plan p;

	plan_generate(&p, seed, &(struct plan_generate_options){ .faults = true });
	return plan_print(&p, buf, size);
}

static void truncations(uint64_t seed)
{
	char text[4096];
	size_t size = good(text, sizeof text, seed);

	for (size_t n = 0; n <= size && n <= sizeof text; n++)
		try(text, n);
}

static void random_bytes(struct kt_rng *rng, uint64_t seed)
{
	char text[4096];
	size_t size = good(text, sizeof text, seed);

	for (unsigned n = 1 + kt_rng_below(rng, 8); n > 0; n--)
		text[kt_rng_below(rng, (uint32_t)size)] = (char)kt_rng_next(rng);
	try(text, size);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)kt_rng_next(rng);
	try(text, size);
}

/* A word of a good plan becomes something that should not be there. */
static void wild_words(struct kt_rng *rng, uint64_t seed)
{
	static const char *const wild[] = {
		"99999999999999999999999999", "-99999999999", "-", "#", "##1", "\"", "\"\"", ";",
		"==", "=", ":", "frobnicate", "%n%n%n%s", "kthrash-plan", "task", "expect", "ok",
		"0x10", "1e9", "-EINTR", "-EFAULT", "any", "#18446744073709551617",
	};
	char text[4096], out[8192];
	size_t size = good(text, sizeof text, seed), at, end;
	const char *w = wild[kt_rng_below(rng, sizeof wild / sizeof wild[0])];

	at = kt_rng_below(rng, (uint32_t)size);
	while (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n')
		at--;
	end = at + strcspn(text + at, " \n");
	try(out, (size_t)snprintf(out, sizeof out, "%.*s%s%s", (int)at, text, w, text + end));
}

static void repeated(const char *head, const char *unit, size_t total)
{
	size_t h = strlen(head), u = strlen(unit), size = h;
	char *text = malloc(h + total + u);

	CHECK(text != NULL);
	/* NOLINTBEGIN(bugprone-not-null-terminated-result): the text's size is passed with it */
	memcpy(text, head, h);
	for (; size < h + total; size += u)
		memcpy(text + size, unit, u);
	/* NOLINTEND(bugprone-not-null-terminated-result) */
	try(text, size);
	free(text);
}

int main(void)
{
	struct kt_rng rng = { 1 };

	for (uint64_t seed = 0; seed < 12; seed++)
		truncations(seed);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		random_bytes(&rng, seed);
		wild_words(&rng, seed);
	}
	repeated("kthrash-plan 1\n", "x", 10 << 20);
	repeated("kthrash-plan 1\n", "\n", 10 << 20);
	repeated("kthrash-plan 1\ntask C: ", "a", 60000);
	repeated("kthrash-plan 1\ntask C: ", "wake a; ", 60000);
	repeated("kthrash-plan 1\ntask C: a = create \"", "%", 60000);
	repeated("kthrash-plan 1\n", "task C: ", 60000);
	repeated("kthrash-plan 1\ntask C:\n", "fail any #1\n", 60000);
	repeated("kthrash-plan 1\n", "# comment\n", 60000);
	repeated("kthrash-plan 1\nsignature \"", "x", 60000);
	repeated("kthrash-plan 1\nprogram", " \"a\"", 60000);
	repeated("kthrash-plan 1\nfound by \"", "#", 60000);
	CHECK(refused > 1000);
	printf("ok %u malformed plans, %u refused\n", tried, refused);
	return 0;
}
