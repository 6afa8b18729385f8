/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/hunt/json.h"

#include <math.h>
#include <stddef.h>

#include "stress/hunt/output.h"

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void put_escaped(FILE *out, const char *s)
{
	while (*s) {
		size_t plain = 0;

		while (is_plain(s[plain]))
			plain++;
		fwrite(s, 1, plain, out);
		s += plain;
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s++);
		else if (*s)
			fprintf(out, "\\u%04x", (unsigned char)*s++);
	}
}

static void separate(struct json *j)
{
	if (j->comma)
		fputc(',', j->out);
	if (j->line)
		fputc('\n', j->out);
	j->comma = j->line = false;
}

/* Write what stands before a value: a comma, the end of a line, a key. */
static void put_key(struct json *j, const char *key)
{
	separate(j);
	j->comma = true;
	if (!key)
		return;
	fputc('"', j->out);
	put_escaped(j->out, key);
	fputs("\":", j->out);
}

static void open_bracket(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	fputc(bracket, j->out);
	j->comma = false;
}

static void close_bracket(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->comma = true;
	j->line = false;
}

void json_begin(struct json *j, FILE *out)
{
	*j = (struct json){ .out = out };
	open_bracket(j, NULL, '{');
}

void json_end(struct json *j)
{
	fputs("}\n", j->out);
	if (j->out == stdout)
		output_flush();
	else
		fflush(j->out);
}

void json_string(struct json *j, const char *key, const char *value)
{
	put_key(j, key);
	fputc('"', j->out);
	put_escaped(j->out, value);
	fputc('"', j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	put_key(j, key);
	fputs("null", j->out);
}

void json_unsigned(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void json_hash(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->out, "\"%016llx\"", (unsigned long long)value);
}

void json_double(struct json *j, const char *key, double value, int decimals)
{
	put_key(j, key);
	if (!isfinite(value))
		fputs("null", j->out);
	else if (decimals == JSON_SHORTEST)
		fprintf(j->out, "%g", value);
	else
		fprintf(j->out, "%.*f", decimals, value);
}

void json_open_object(struct json *j, const char *key)
{
	open_bracket(j, key, '{');
}

void json_close_object(struct json *j)
{
	close_bracket(j, '}');
}

void json_open_array(struct json *j, const char *key)
{
	open_bracket(j, key, '[');
}

void json_close_array(struct json *j)
{
	close_bracket(j, ']');
}

void json_line(struct json *j)
{
	j->line = true;
}
