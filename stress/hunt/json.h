/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All JSON that the driver prints is written here, value by value, with strings escaped.
 *
 * No library does it: the driver can run inside a process of the user's, which may have loaded
 * the same library in another version. The driver needs little of such a library, and that
 * fits in a page.
 *
 * A value has a key inside an object, and NULL as its key inside an array.
 */
#ifndef STRESS_HUNT_JSON_H
#define STRESS_HUNT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma;		/* before the next value */
	bool line;		/* the next value begins a line */
};

/* Begin the outermost object; end it and its line, and flush `out`. */
void json_begin(struct json *j, FILE *out);
void json_end(struct json *j);

/* Write a value. A string is escaped. */
void json_string(struct json *j, const char *key, const char *value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_unsigned(struct json *j, const char *key, uint64_t value);
/* 16 hexadecimal digits in a string: a number in JSON has 53 bits. */
void json_hash(struct json *j, const char *key, uint64_t value);
/* Write `decimals` digits after the point. JSON_SHORTEST: use the shortest form, as 1e-06. */
enum { JSON_SHORTEST = -1 };
void json_double(struct json *j, const char *key, double value, int decimals);

/* Begin and end an object or array inside the outermost object. */
void json_open_object(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_open_array(struct json *j, const char *key);
void json_close_array(struct json *j);

/* The next value begins a line. */
void json_line(struct json *j);

#endif
