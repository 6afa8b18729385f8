/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/same_bug.h"

#include <string.h>

static const char separator[] = " + ";

/* The length of the place at the beginning of a list of places. */
static size_t place_length(const char *list)
{
	const char *end = strstr(list, separator);

	return end ? (size_t)(end - list) : strlen(list);
}

/* The list behind its first place; NULL if there is no other. */
static const char *next_place(const char *list)
{
	list += place_length(list);
	return *list ? list + strlen(separator) : NULL;
}

static bool has_place(const char *list, const char *place, size_t length)
{
	for (; list; list = next_place(list))
		if (place_length(list) == length && memcmp(list, place, length) == 0)
			return true;
	return false;
}

/* The places of a signature "deadlock: A + B". */
static const char *places_of(const char *signature)
{
	const char *colon = strstr(signature, ": ");

	return colon ? colon + strlen(": ") : "";
}

static bool ends_with(const char *place, size_t length, const char *end)
{
	size_t n = strlen(end);

	return length >= n && memcmp(place + length - n, end, n) == 0;
}

/* The first task joins the others in every deadlock, whatever they wait for. */
static bool is_join(const char *place, size_t length)
{
	return length == strlen("os.join") && memcmp(place, "os.join", length) == 0;
}

/* A task that called schedule() waits for anything to do; any other is stuck. */
static bool is_stuck_at(const char *place, size_t length)
{
	return !is_join(place, length) && !ends_with(place, length, ":schedule()") &&
	       !ends_with(place, length, ":schedule_until()");
}

/*
 * Has *now places of *found only, and one of a task that is stuck? If nobody is stuck for certain,
 * no place is known to be without meaning.
 */
static bool same_deadlock(const char *found, const char *now)
{
	bool stuck = false;

	for (now = places_of(now); now; now = next_place(now)) {
		size_t length = place_length(now);

		if (!is_join(now, length) && !has_place(places_of(found), now, length))
			return false;
		stuck |= is_stuck_at(now, length);
	}
	return stuck;
}

bool same_bug(const struct verdict *found, const struct verdict *now)
{
	if (found->failure != now->failure)
		return false;
	return strcmp(found->signature, now->signature) == 0 ||
	       (now->failure == KT_DEADLOCK && same_deadlock(found->signature, now->signature));
}
