/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of each thread, from the compiler's hooks at the beginning and the end of each
 * function. By them a place in a header of the C++ library is named after the program's own code
 * that called it.
 *
 * Frames form a tree: a frame is a call, by the place of the call and the frame that called. So
 * a whole stack is one number, and a race detector can keep one with each access. A thread that
 * unwinds by longjmp() leaves functions without telling. So each entry of a thread's stack has
 * the stack pointer at which it was made, and an entry that is below the current stack pointer
 * is dead.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/race.h"
#include "platform/sim/sim.h"

enum {
	DEPTH_MAX = 512,	/* deeper frames of a thread are not kept */
	FRAMES_MAX = 1 << 16,
	SLOTS = FRAMES_MAX * 2,	/* power of two */
};

struct frame {
	uintptr_t pc;		/* the place of the call: a return address */
	uint32_t caller;
};

static struct {
	struct frame frame[FRAMES_MAX];		/* 0 is every thread's outermost one */
	uint32_t slot[SLOTS];			/* of the frame with that hash; 0: free */
	uint32_t count;
} *tree;	/* lives as long as the process: a place is the same in all executions */

static struct stack {
	uint32_t depth;
	struct {
		uintptr_t call; /* the address to which the function returns */
		uintptr_t sp;   /* of the hook that the function called first */
		uint32_t frame; /* only if hosted_frames_on */
	} entry[DEPTH_MAX];
} *stacks; /* of each task */

bool hosted_frames_on;

static void *map_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void hosted_frames_begin(bool on)
{
	if (!stacks)
		stacks = map_pages(HOSTED_TASKS_MAX * sizeof *stacks);
	if (on && !tree)
		tree = map_pages(sizeof *tree);
	hosted_frames_on = on && tree && stacks;
}

void hosted_frames_begin_task(uint32_t task)
{
	if (stacks)
		stacks[task].depth = 0;
}

/* The frame of a call at pc by `caller`; the caller itself if there is no room. */
static uint32_t frame_of(uint32_t caller, uintptr_t pc)
{
	uint64_t key = (pc ^ (uint64_t)caller << 47) * 0x9e3779b97f4a7c15ull;
	uint32_t i = (uint32_t)(key >> 40) % SLOTS;

	for (; tree->slot[i]; i = (i + 1) % SLOTS) {
		const struct frame *f = &tree->frame[tree->slot[i]];

		if (f->pc == pc && f->caller == caller)
			return tree->slot[i];
	}
	if (tree->count + 1 >= FRAMES_MAX)
		return caller;
	tree->frame[++tree->count] = (struct frame){ pc, caller };
	return tree->slot[i] = tree->count;
}

/* Drop the entries of functions that were left by longjmp(). */
static void drop_dead(struct stack *s, uintptr_t sp)
{
	while (s->depth && s->depth <= DEPTH_MAX && s->entry[s->depth - 1].sp <= sp)
		s->depth--;
}

/* How many of the calls, from the outermost one, are kept. */
static uint32_t kept(const struct stack *s)
{
	return s->depth < DEPTH_MAX ? s->depth : DEPTH_MAX;
}

static uint32_t top(const struct stack *s)
{
	return kept(s) ? s->entry[kept(s) - 1].frame : 0;
}

HOSTED_EXPORT void __tsan_func_entry(void *call);
HOSTED_EXPORT void __tsan_func_exit(void);

/* `call` is the address to which the function that begins will return. */
void __tsan_func_entry(void *call)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct stack *s;

	if (!hosted_on() || unlikely(!stacks))
		return;
	s = &stacks[hosted_me()];
	drop_dead(s, sp);
	if (likely(s->depth < DEPTH_MAX)) {
		if (unlikely(hosted_frames_on))
			s->entry[s->depth].frame = frame_of(top(s), (uintptr_t)call);
		s->entry[s->depth].call = (uintptr_t)call;
		s->entry[s->depth].sp = sp;
	}
	s->depth++;
}

void __tsan_func_exit(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct stack *s;

	if (!hosted_on() || unlikely(!stacks))
		return;
	s = &stacks[hosted_me()];
	/* The function's own entry is at this stack pointer or above it. */
	drop_dead(s, sp - 1);
	if (s->depth)
		s->depth--;
}

uint32_t hosted_frame(void)
{
	return hosted_frames_on ? top(&stacks[hosted_me()]) : 0;
}

/*
 * A function calls the hook at its beginning, and later another function, with the same stack
 * pointer, unless that takes arguments on the stack. So the address to which the later call
 * returns is where that of the hook was. Otherwise the address there is that of an earlier call by
 * the same function.
 */
static uintptr_t call_under_way(uintptr_t sp)
{
	return ((const uintptr_t *)sp)[1];
}

uintptr_t hosted_frame_outside(uintptr_t pc, bool (*is_inside)(uintptr_t pc))
{
	struct stack *s;
	uintptr_t at = pc;

	if (!hosted_on() || !stacks)
		return pc;
	s = &stacks[hosted_me()];
	drop_dead(s, (uintptr_t)__builtin_frame_address(0));
	if (s->depth > DEPTH_MAX)
		return pc;
	if (s->depth && !hosted_is_program(pc))
		at = call_under_way(s->entry[s->depth - 1].sp);
	for (uint32_t i = s->depth; i > 0 && hosted_is_program(at) && is_inside(at); i--)
		at = s->entry[i - 1].call;
	return hosted_is_program(at) && !is_inside(at) ? at : pc;
}

uint32_t hosted_frame_caller(uint32_t frame, uintptr_t *pc)
{
	*pc = frame ? tree->frame[frame].pc : 0;
	return frame ? tree->frame[frame].caller : 0;
}

char *hosted_frame_words(uint32_t frame, uintptr_t pc, char *buf, size_t size)
{
	enum { WORDS_MAX = 6 };		/* outer frames say less */
	size_t used = 0;

	buf[0] = '\0';
	/* Beyond the program's own frames is the one of this library that called the thread. */
	for (int i = 0; pc && (!i || hosted_is_program(pc)) && i < WORDS_MAX && used < size; i++) {
		char place[160];
		int n = snprintf(buf + used, size - used, "%s%s", i ? " < " : "",
				 hosted_place(pc, place, sizeof place));

		used += n > 0 ? (size_t)n : 0;
		frame = hosted_frame_caller(frame, &pc);
	}
	return buf;
}
