/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sites of a program: a place is the address to which a hook returns, and what it does. The
 * site is made, and named, at the first visit. Its name is "file:line
 * function:operation(object)". Two places may have the same name but for the object, and
 * then they count their visits together.
 */
#include <stdio.h>
#include <string.h>

#include "platform/hosted/hosted.h"
#include "platform/hosted/race.h"
#include "platform/hosted/site.h"
#include "platform/hosted/symbol.h"

enum { WATCHED_MAX = 1024 };

struct sites *sites;
uint64_t (*site_visits)[SITE_NAMES_MAX];

static struct {
	uint32_t hashes[WATCHED_MAX], count;
} watch;

static const char *const op_words[] = {
#define HOSTED_OP_WORD(id, word) [HOSTED_##id] = (word),
	HOSTED_OPS(HOSTED_OP_WORD)
#undef HOSTED_OP_WORD
};

static const uint8_t op_access[HOSTED_OPS_COUNT] = {
	[HOSTED_LOAD] = KT_LOAD_PLAIN,
	[HOSTED_ATOMIC_LOAD] = KT_LOAD,
	[HOSTED_ATOMIC_ACQUIRE] = KT_LOAD_ACQUIRE,
	[HOSTED_ATOMIC_SEQ_LOAD] = KT_LOAD_SEQ,
	[HOSTED_ATOMIC_STORE] = KT_STORE,
	[HOSTED_ATOMIC_RELEASE] = KT_STORE_RELEASE,
	[HOSTED_ATOMIC_SEQ_STORE] = KT_UPDATE,
	[HOSTED_UPDATE] = KT_UPDATE,
	[HOSTED_EXCHANGE_IF] = KT_CMPXCHG,
	[HOSTED_UPDATE_RELAXED] = KT_UPDATE_RELAXED,
	[HOSTED_UPDATE_ACQUIRE] = KT_UPDATE_ACQUIRE,
	[HOSTED_UPDATE_RELEASE] = KT_UPDATE_RELEASE,
	[HOSTED_UPDATE_ACQ_REL] = KT_UPDATE_ACQ_REL,
};

/* ---- text ---------------------------------------------------------------------- */

/* A copy that lives until the process ends. */
static const char *keep_text(const char *s)
{
	size_t size = strlen(s) + 1;
	char *to = sites->text + sites->text_used;

	if (sites->text_used + size > SITE_TEXT_BYTES)
		return "";
	memcpy(to, s, size);
	sites->text_used += (uint32_t)size;
	return to;
}

/* The name's number. Names of the same hash are one name. */
static uint32_t name_of(struct kt_site *site)
{
	uint32_t hash = kt_site_hash(site), i, name;

	for (i = hash % SITE_NAMES_TABLE; sites->by_hash[i].hash; i = (i + 1) % SITE_NAMES_TABLE)
		if (sites->by_hash[i].hash == hash)
			return sites->by_hash[i].name;
	if (sites->names == SITE_NAMES_MAX)
		hosted_give_up("the program has more than %d names of places", SITE_NAMES_MAX);
	name = sites->names++;
	sites->by_hash[i].hash = hash;
	sites->by_hash[i].name = name;
	sites->watched[name] = false;
	for (uint32_t w = 0; w < watch.count; w++)
		if (watch.hashes[w] == hash)
			sites->watched[name] = true;
	return name;
}

/* ---- which places are in libraries ----------------------------------------------- */

/* The entry of pc, or a free one. */
static struct site_call *find_call(uintptr_t pc)
{
	uint32_t i = (uint32_t)(pc * 0x9e3779b97f4a7c15ull >> 40) % CALLS_TABLE;

	while (sites->call[i].pc && sites->call[i].pc != pc)
		i = (i + 1) % CALLS_TABLE;
	return &sites->call[i];
}

/* If the table is full, the next question about pc is as slow as this one. */
static bool note_call(uintptr_t pc, bool is_library)
{
	struct site_call *c = find_call(pc);

	if (c->pc || sites->calls > CALLS_TABLE / 4 * 3)
		return is_library;
	sites->calls++;
	*c = (struct site_call){ .pc = pc, .is_library = is_library };
	return is_library;
}

/* ---- making a site --------------------------------------------------------------- */

/* The words of a site's name must fit in KT_SITE_NAME_MAX bytes together. */
enum { FUNC_MAX = 56, OBJECT_MAX = 48 };

struct site_row *site_make(uint64_t pc_op, uint8_t size, uintptr_t addr)
{
	struct hosted_symbol s;
	struct site_row *row;
	enum hosted_op op = (enum hosted_op)(pc_op & 0xff);
	uint32_t i;

	if (sites->rows == SITES_MAX)
		hosted_give_up("the program has more than %d places", SITES_MAX);
	hosted_symbol_find((uintptr_t)(pc_op >> 8), op, addr, size, &s);
	s.func[FUNC_MAX - 1] = '\0';
	s.object[OBJECT_MAX - 1] = '\0';
	row = &sites->row[sites->rows];
	row->site = (struct kt_site){
		.func = keep_text(s.func),
		.op = op_words[op],
		.what = keep_text(s.object),
		.file = keep_text(s.file),
		.line = (uint16_t)(s.line < UINT16_MAX ? s.line : 0),
		.access = size <= sizeof(uint64_t) ? op_access[op] : KT_NO_ACCESS,
		.size = size,
		.placed = true,
	};
	row->pc = (uintptr_t)(pc_op >> 8);
	row->is_library = note_call(row->pc, s.is_library);
	row->name = name_of(&row->site);
	sites->rows++;
	for (i = site_slot(pc_op); sites->key[i].pc_op; i = (i + 1) % SITES_TABLE)
		;
	sites->key[i].row = row;
	sites->key[i].pc_op = pc_op;
	return row;
}

/* Has only a system header, or a library, code at the place from which pc is the return? */
static bool is_library(uintptr_t pc)
{
	const struct site_call *c = find_call(pc);
	struct hosted_symbol s;

	if (c->pc)
		return c->is_library;
	hosted_symbol_find(pc, HOSTED_OPS_COUNT, 0, 0, &s);
	return note_call(pc, s.is_library);
}

uintptr_t hosted_program_pc(uintptr_t pc)
{
	pc = hosted_library_caller(pc);
	return is_library(pc) ? hosted_frame_outside(pc, is_library) : pc;
}

struct kt_site *hosted_site(uintptr_t pc, enum hosted_op op)
{
	struct site_row *row;

	/* How a call of the kernel for drivers sleeps is its own affair. */
	if (unlikely(op == HOSTED_FUTEX_WAIT && hosted_in_call()))
		op = HOSTED_WAIT;
	pc = hosted_library_caller(pc);
	row = site_find(pc, op, 0, 0);
	if (unlikely(row->is_library))
		row = site_find(hosted_frame_outside(pc, is_library), op, 0, 0);
	return &row->site;
}

struct kt_site *hosted_site_sized(uintptr_t pc, enum hosted_op op, uint8_t size)
{
	return &site_find(pc, op, size, 0)->site;
}

bool hosted_visit(struct kt_site *site)
{
	return site_visit(site_row_of(site));
}

char *hosted_place(uintptr_t pc, char *buf, size_t size)
{
	struct hosted_symbol s;

	hosted_symbol_find(pc, HOSTED_OPS_COUNT, 0, 0, &s);
	if (s.line)
		snprintf(buf, size, "%s:%u %s", s.file, s.line, s.func);
	else
		snprintf(buf, size, "%s", s.func);
	return buf;
}

/* ---- what the driver asks ------------------------------------------------------- */

uint32_t hosted_nth(uint32_t step)
{
	uint64_t nth = step < SIM_STEPS_MAX ? sites->nth[step] : 0;

	return nth >> 32 == sites->epoch ? (uint32_t)nth : 0;
}

void hosted_watch(uint32_t name_hash)
{
	for (uint32_t i = 0; i < watch.count; i++)
		if (watch.hashes[i] == name_hash)
			return;
	if (watch.count == WATCHED_MAX)
		hosted_give_up("more than %d places are watched", WATCHED_MAX);
	watch.hashes[watch.count++] = name_hash;
	for (uint32_t i = name_hash % SITE_NAMES_TABLE; sites->by_hash[i].hash;
	     i = (i + 1) % SITE_NAMES_TABLE)
		if (sites->by_hash[i].hash == name_hash)
			sites->watched[sites->by_hash[i].name] = true;
}

void hosted_watch_none(void)
{
	watch.count = 0;
	memset(sites->watched, 0, sites->names);
}

void hosted_sites_init(void)
{
	uint32_t epoch = sites ? sites->epoch : 0; /* so that old counts stay stale */

	sites = sim_shared_map(sizeof *sites);
	if (!sites)
		hosted_give_up("no memory for the names of places");
	sites->epoch = epoch;
	if (!site_visits)
		site_visits = hosted_map(HOSTED_TASKS_MAX * sizeof *site_visits);
}
