/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object of an access, from the source text: debug information says in which line and
 * column the access is, and what it is to. Compilers put the column at
 *
 *	q->tail = n	   the "=", of a store; also "+=", "++"
 *	q->tail		   "tail" (clang) or "->" (gcc), of a load
 *	q->ring[i]	   "q" (clang) or "[" (gcc), of a load
 *	*p		   "*", of a load
 *	f(&q->lock, x)	   "f", of a call: its object is the first argument
 *	q->n.load()	   "load" or ".", of an operation of std::atomic: what is before it
 *
 * This is no parser of C. Whatever is not one of these forms, in one line, gives "": then the
 * place has no object in its name, which is no error.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/symbol.h"

/* ---- files ----------------------------------------------------------------------- */

enum { FILES_MAX = 64 };

static struct file {
	char path[SYMBOL_PATH_MAX];
	const char *text; /* NULL: it can't be read */
	size_t size;
} file[FILES_MAX];
static uint32_t files;

static const struct file *file_of(const char *path)
{
	struct file *f;
	struct stat st = { 0 };
	long fd, at;

	for (uint32_t i = 0; i < files; i++)
		if (strcmp(file[i].path, path) == 0)
			return &file[i];
	if (files == FILES_MAX) { /* begin again */
		for (uint32_t i = 0; i < files; i++)
			if (file[i].text)
				HOSTED_RAW_2(SYS_munmap, file[i].text, file[i].size);
		files = 0;
	}
	f = &file[files++];
	f->text = NULL;
	f->size = 0;
	strncpy(f->path, path, sizeof f->path - 1);
	fd = HOSTED_RAW_3(SYS_open, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return f;
	if (HOSTED_RAW_2(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		at = hosted_raw(SYS_mmap, 0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at > 0) {
			f->text = (const char *)at;
			f->size = (size_t)st.st_size;
		}
	}
	HOSTED_RAW_1(SYS_close, fd);
	return f;
}

/* ---- a line ---------------------------------------------------------------------- */

struct line {
	const char *begin, *end;
};

static struct line line_of(const struct file *f, uint32_t number)
{
	const char *s = f->text, *end = f->text + f->size;
	struct line line = { NULL, NULL };

	for (; s && s < end && number > 1; number--) {
		s = memchr(s, '\n', (size_t)(end - s));
		s = s ? s + 1 : NULL;
	}
	if (!s || s >= end)
		return line;
	line.begin = s;
	line.end = memchr(s, '\n', (size_t)(end - s));
	if (!line.end)
		line.end = end;
	return line;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The character at s, or 0 behind either end of the line. */
static char at(struct line l, const char *s)
{
	return s >= l.begin && s < l.end ? *s : '\0';
}

static const char *skip(struct line l, const char *s)
{
	while (is_blank(at(l, s)))
		s++;
	return s;
}

/* s, or the blanks' beginning if there are blanks before s. */
static const char *skip_back(struct line l, const char *s)
{
	while (is_blank(at(l, s - 1)))
		s--;
	return s;
}

/* Behind the bracket that closes the one at s; NULL: it is in another line. */
static const char *closing(struct line l, const char *s)
{
	int depth = 0;

	for (; at(l, s); s++) {
		if (*s == '(' || *s == '[')
			depth++;
		if ((*s == ')' || *s == ']') && --depth == 0)
			return s + 1;
	}
	return NULL;
}

/* At the bracket that opens the one before s. */
static const char *opening(struct line l, const char *s)
{
	int depth = 0;

	while (at(l, --s)) {
		if (*s == ')' || *s == ']')
			depth++;
		if ((*s == '(' || *s == '[') && --depth == 0)
			return s;
	}
	return NULL;
}

/* The accessor that ends at s: "->", "." or "::". Its length, or 0. */
static int accessor_before(struct line l, const char *s)
{
	char c = at(l, s - 1), b = at(l, s - 2);

	if ((c == '>' && b == '-') || (c == ':' && b == ':'))
		return 2;
	return c == '.' && b != '.' ? 1 : 0;
}

static int accessor_at(struct line l, const char *s)
{
	char c = at(l, s), d = at(l, s + 1);

	if ((c == '-' && d == '>') || (c == ':' && d == ':'))
		return 2;
	return c == '.' && d != '.' ? 1 : 0;
}

/* Where the chain "a->b[i].c" begins that ends at `end`; NULL if none does. */
static const char *chain_back(struct line l, const char *end)
{
	const char *s = skip_back(l, end);

	for (;;) {
		bool bracket = false;

		while (at(l, s - 1) == ']' || (!bracket && at(l, s - 1) == ')')) {
			bracket = at(l, s - 1) == ')';
			s = opening(l, s);
			if (!s)
				return NULL;
		}
		/* "(*p)->x" begins with a bracket, and "::x" with "::". */
		if (!is_word(at(l, s - 1)))
			return bracket || accessor_at(l, s) == 2 ? s : NULL;
		while (is_word(at(l, s - 1)))
			s--;
		if (at(l, s - 1) == ':' && accessor_before(l, s)) {
			s -= 2;
			continue;
		}
		if (!accessor_before(l, skip_back(l, s)))
			return s;
		s = skip_back(l, s);
		s = skip_back(l, s - accessor_before(l, s));
	}
}

/* Where the chain ends that begins at s; s itself if none does. */
static const char *chain_ahead(struct line l, const char *s)
{
	const char *end;

	if (at(l, s) == '(') {
		end = closing(l, s);
		if (!end)
			return s;
		s = end;
	} else {
		while (is_word(at(l, s)))
			s++;
	}
	for (;;) {
		int accessor = accessor_at(l, s);

		if (at(l, s) == '[') {
			end = closing(l, s);
			if (!end)
				return s;
			s = end;
		} else if (accessor && is_word(at(l, s + accessor))) {
			s += accessor;
			while (is_word(at(l, s)))
				s++;
		} else {
			return s;
		}
	}
}

/* The "*" before a chain that begins at s is part of what is stored to, unless it multiplies. */
static const char *with_stars(struct line l, const char *s)
{
	const char *star = skip_back(l, s);

	while (at(l, star - 1) == '*') {
		const char *before = skip_back(l, star - 1);

		if (is_word(at(l, before - 1)) || at(l, before - 1) == ')' ||
		    at(l, before - 1) == ']')
			break;
		s = star - 1;
		star = before;
	}
	return s;
}

/* ---- forms ------------------------------------------------------------------------- */

struct span {
	const char *begin, *end; /* begin NULL: none */
};

static const struct span nothing = { NULL, NULL };

/* The length of "=" or "+=" and so on at s, or 0. */
static int assignment(struct line l, const char *s)
{
	char c = at(l, s), d = at(l, s + 1);

	if (c == '=')
		return d == '=' ? 0 : 1;
	if (c && strchr("+-*/%&|^", c) && d == '=')
		return 2;
	if ((c == '<' || c == '>') && d == c && at(l, s + 2) == '=')
		return 3;
	return 0;
}

static struct span stored(struct line l, const char *s)
{
	const char *begin = chain_back(l, s);

	if (!begin)
		return nothing;
	return (struct span){ with_stars(l, begin), skip_back(l, s) };
}

static struct span stepped(struct line l, const char *s) /* "++" or "--" */
{
	struct span span = stored(l, s);
	const char *begin;

	if (span.begin)
		return span;
	begin = skip(l, s + 2);
	s = begin;
	while (at(l, s) == '*')
		s++;
	return (struct span){ begin, chain_ahead(l, s) };
}

/* The arguments are numbered from 1. */
static struct span argument(struct line l, const char *open, unsigned number)
{
	const char *begin = skip(l, open + 1), *end;
	int depth = 0;

	while (at(l, begin) == '&')
		begin = skip(l, begin + 1);
	for (end = begin; at(l, end); end++) {
		if (*end == '(' || *end == '[')
			depth++;
		if (depth == 0 && *end == ',' && number > 1) {
			number--;
			begin = skip(l, end + 1);
			while (at(l, begin) == '&')
				begin = skip(l, begin + 1);
			end = begin - 1;
			continue;
		}
		if (depth == 0 && (*end == ',' || *end == ')'))
			return number > 1 ? nothing : (struct span){ begin, skip_back(l, end) };
		if (*end == ')' || *end == ']')
			depth--;
		if (*end == '"' || *end == '\'' || *end == '{' || *end == ';')
			break;
	}
	return nothing;
}

/* gcc has the column of the "(" or of the ")" of some calls. Where does the word begin? */
static const char *call_word(struct line l, const char *s)
{
	if (at(l, s) == ')')
		s = opening(l, s + 1);
	if (s && at(l, s) == '(') {
		s = skip_back(l, s);
		while (is_word(at(l, s - 1)))
			s--;
	}
	return s;
}

static struct span called(struct line l, const char *s)
{
	const char *end = s;
	int accessor = accessor_before(l, s);

	if (accessor_at(l, s)) { /* "." of ".load()" */
		const char *begin = chain_back(l, s);

		return begin ? (struct span){ begin, skip_back(l, s) } : nothing;
	}
	while (is_word(at(l, end)))
		end++;
	if (accessor && at(l, s - 1) != ':') {
		const char *begin = chain_back(l, s - accessor);

		return begin ? (struct span){ begin, s - accessor } : nothing;
	}
	/* "std::lock_guard<std::mutex> held(m)": the column is that of "held". */
	end = skip(l, end);
	return at(l, end) == '(' ? argument(l, end, 1) : nothing;
}

/* Which arguments functions of text.c and stdio.c read and write; 0: none. */
static const struct accessor {
	const char *name;
	uint8_t reads, writes;
} accessors[] = {
	{ "memcpy", 2, 1 },     { "mempcpy", 2, 1 }, { "memmove", 2, 1 },  { "memset", 0, 1 },
	{ "memcmp", 1, 0 },     { "memchr", 1, 0 },  { "strlen", 1, 0 },   { "strnlen", 1, 0 },
	{ "strcpy", 2, 1 },     { "stpcpy", 2, 1 },  { "strncpy", 2, 1 },  { "strcat", 2, 1 },
	{ "strncat", 2, 1 },    { "strcmp", 1, 0 },  { "strncmp", 1, 0 },  { "strchr", 1, 0 },
	{ "strcasecmp", 1, 0 }, { "strrchr", 1, 0 }, { "strstr", 1, 0 },   { "strncasecmp", 1, 0 },
	{ "strdup", 1, 0 },     { "strndup", 1, 0 }, { "atoi", 1, 0 },     { "atol", 1, 0 },
	{ "strtol", 1, 0 },     { "strtoul", 1, 0 }, { "strtod", 1, 0 },   { "write", 2, 0 },
	{ "pwrite", 2, 0 },     { "fwrite", 1, 0 },  { "fputs", 1, 0 },    { "puts", 1, 0 },
	{ "read", 0, 2 },       { "pread", 0, 2 },   { "fread", 0, 1 },    { "fgets", 0, 1 },
	{ "qsort", 0, 1 },      { "sprintf", 0, 1 }, { "snprintf", 0, 1 },
};

/* s: at a call, or in its brackets. */
static struct span accessed(struct line l, const char *s, bool write)
{
	const char *end = s = call_word(l, s);

	while (end && is_word(at(l, end)))
		end++;
	for (size_t i = 0; end && i < sizeof accessors / sizeof accessors[0]; i++) {
		const struct accessor *a = &accessors[i];
		unsigned number = write ? a->writes : a->reads;

		if (number && strlen(a->name) == (size_t)(end - s) &&
		    memcmp(a->name, s, (size_t)(end - s)) == 0 && at(l, skip(l, end)) == '(')
			return argument(l, skip(l, end), number);
	}
	return nothing;
}

/* What is known of the address that is accessed. */
struct hint {
	const char *global; /* the variable that it is in, or "" */
	bool fits;          /* it is all of the variable */
};

/* Is the text the name of the variable that is accessed? */
static bool is_itself(const char *begin, const char *end, const struct hint *hint)
{
	return hint->fits && strlen(hint->global) == (size_t)(end - begin) &&
	       memcmp(hint->global, begin, (size_t)(end - begin)) == 0;
}

static struct span loaded(struct line l, const char *s, enum hosted_op op, const struct hint *hint)
{
	const char *begin, *end = s;

	if (at(l, s) == '*') {
		end = skip(l, s + 1);
		return (struct span){ s, chain_ahead(l, end) };
	}
	if (accessor_at(l, s) || at(l, s) == '[') { /* gcc */
		begin = chain_back(l, s);
		if (!begin)
			return nothing;
		if (is_itself(begin, s, hint))
			return (struct span){ begin, s };
		if (at(l, s) == '[') {
			end = closing(l, s);
			return end ? (struct span){ begin, end } : nothing;
		}
		end = s + accessor_at(l, s);
		while (is_word(at(l, end)))
			end++;
		return (struct span){ begin, end };
	}
	if (!is_word(at(l, s)))
		return nothing;
	while (is_word(at(l, end)))
		end++;
	if (at(l, skip(l, end)) == '(')
		return nothing; /* a call */
	begin = chain_back(l, end);
	if (begin == s && chain_ahead(l, s) != end) {
		/* "a" in "a[i]" or "a->b": all of it, or a itself, or the column of much more. */
		bool itself = is_itself(s, end, hint);
		const char *ahead = chain_ahead(l, s);

		if (!itself && op == HOSTED_LOAD && at(l, ahead - 1) != ']')
			return nothing;
		if (!itself)
			end = ahead;
	}
	return begin ? (struct span){ begin, end } : nothing;
}

static bool is_call(struct line l, const char *s)
{
	while (is_word(at(l, s)))
		s++;
	return at(l, skip(l, s)) == '(';
}

/* "delete p", "delete[] p": at p. */
static const char *skip_delete(struct line l, const char *s)
{
	if (l.end - s < 7 || memcmp(s, "delete", 6) != 0 || is_word(at(l, s + 6)))
		return s;
	s = skip(l, s + 6);
	if (at(l, s) == '[')
		s = skip(l, skip(l, s + 1) + 1);
	return s;
}

static struct span find(struct line l, const char *s, enum hosted_op op, const struct hint *hint)
{
	bool plain = op == HOSTED_LOAD || op == HOSTED_STORE;
	char c = at(l, s);

	if (op == HOSTED_FREE)
		s = skip_delete(l, s);
	if (op == HOSTED_FREE && !is_call(l, s) && chain_ahead(l, s) != s)
		return (struct span){ s, chain_ahead(l, s) };
	if (!plain && (c == '(' || c == ')'))
		s = call_word(l, s);
	if (!s)
		return nothing;
	c = at(l, s);
	if (plain) {
		struct span span = accessed(l, s, op == HOSTED_STORE);

		if (span.begin)
			return span;
	}
	if (assignment(l, s)) {
		if (op == HOSTED_LOAD && assignment(l, s) == 1)
			return nothing;
		return stored(l, s);
	}
	if ((c == '+' || c == '-') && at(l, s + 1) == c)
		return stepped(l, s);
	if (!plain && is_word(c) && is_call(l, s))
		return called(l, s);
	if (!plain && accessor_at(l, s) && is_call(l, s + accessor_at(l, s)))
		return called(l, s);
	if (op == HOSTED_STORE) {
		const char *end = s;

		while (is_word(at(l, end))) /* "int x = 1": the column is that of "x" */
			end++;
		return end > s && assignment(l, skip(l, end)) ? (struct span){ s, end } : nothing;
	}
	if (op == HOSTED_LOAD || hosted_op_loads(op))
		return loaded(l, s, op, hint);
	return nothing;
}

/* ---- the result -------------------------------------------------------------------- */

/* Without blanks and outer brackets. False if it does not fit or is no expression. */
static bool copy(struct span span, char *out, size_t size, struct line l)
{
	size_t used = 0;

	if (!span.begin)
		return false;
	if (*span.begin == '(' && closing(l, span.begin) == span.end) {
		span.begin++;
		span.end--;
	}
	for (const char *s = span.begin; s < span.end; s++) {
		if (is_blank(*s))
			continue;
		if (used + 1 >= size || !*s || strchr("\"';{}\\#", *s))
			return false;
		out[used++] = *s;
	}
	out[used] = '\0';
	return used > 0;
}

static bool has_word(struct line l, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = l.begin; n && s + n <= l.end; s++)
		if (memcmp(s, word, n) == 0 && !is_word(at(l, s - 1)) && !is_word(at(l, s + n)))
			return true;
	return false;
}

void hosted_source_object(const char *path, uint32_t line, uint32_t column, enum hosted_op op,
			  const char *global, bool global_fits, char *out, size_t size)
{
	const struct hint hint = { global, global_fits };
	struct line l = line_of(file_of(path), line);

	out[0] = '\0';
	if (!l.begin || !line)
		return;
	if (column && l.begin + column - 1 < l.end &&
	    copy(find(l, l.begin + column - 1, op, &hint), out, size, l))
		return;
	out[0] = '\0';
	if (has_word(l, global) && strlen(global) < size)
		memcpy(out, global, strlen(global) + 1);
}
