/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A litmus test as it was read from its file: variables, threads of statements, and a condition on
 * the final values. parse.c makes it, run.c runs it.
 *
 * The language is herd's C format in the kernel's dialect (tools/memory-model/ of Linux).
 */
#ifndef STRESS_LITMUS_TEST_H
#define STRESS_LITMUS_TEST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TEST_THREADS_MAX = 16,
	TEST_GLOBALS_MAX = 48,
	TEST_REGISTERS_MAX = 32,	/* of each thread */
	TEST_ITEMS_MAX = 48,		/* registers and variables that a state shows */
	TEST_EXPRS_MAX = 4096,
	TEST_STMTS_MAX = 2048,
	TEST_CONDS_MAX = 512,
	TEST_NAME_MAX = 128,
	TEST_TEXT_MAX = 2048,
	TEST_ARGS_MAX = 3,
};

/* What is called. The order and the arithmetic are in struct expr. */
enum test_fn {
	FN_LOAD, FN_STORE, FN_STORE_MB, FN_UPDATE, FN_CMPXCHG, FN_ADD_UNLESS,
	FN_MB, FN_RMB, FN_WMB, FN_NOTHING,
	FN_LOCK, FN_UNLOCK, FN_TRYLOCK, FN_IS_LOCKED,
	FN_RCU_LOCK, FN_RCU_UNLOCK, FN_SYNCHRONIZE,
};

enum test_order { ORDER_FULL, ORDER_RELAXED, ORDER_ACQUIRE, ORDER_RELEASE };

enum test_arith {
	ARITH_SET, ARITH_ADD, ARITH_SUB, ARITH_AND, ARITH_OR, ARITH_XOR, ARITH_ANDNOT
};

/* What the call of an update is worth. */
enum test_result { RESULT_OLD, RESULT_NEW, RESULT_IS_ZERO, RESULT_IS_NEGATIVE };

enum expr_kind {
	EXPR_NUMBER,
	EXPR_ADDRESS,	/* of the variable `number` */
	EXPR_REGISTER,	/* `number` */
	EXPR_DEREF,	/* of arg[0]; read as by READ_ONCE() */
	EXPR_UNARY,	/* `op` arg[0] */
	EXPR_BINARY,	/* arg[0] `op` arg[1] */
	EXPR_CALL,	/* arg[0] is an address, arg[1] and arg[2] are values */
};

struct expr {
	enum expr_kind kind;
	int op;			/* a token's kind (lex.h) */
	int64_t number;
	enum test_fn fn;
	enum test_order order;
	enum test_arith arith;
	enum test_result result;
	bool worth;		/* the call has a value */
	struct expr *arg[TEST_ARGS_MAX];
	unsigned line;
};

enum stmt_kind {
	STMT_EXPR,	/* e, for its effect */
	STMT_SET,	/* register `reg` = e */
	STMT_STORE,	/* *to = e, as by WRITE_ONCE() */
	STMT_IF,	/* if (e) body else other */
	STMT_WHILE,	/* while (e) body */
	STMT_DO,	/* do body while (e) */
	STMT_BLOCK,	/* body, a list */
};

struct stmt {
	enum stmt_kind kind;
	unsigned reg;
	struct expr *e, *to;
	struct stmt *body, *other;
	struct stmt *next;	/* of the list */
};

enum global_kind { GLOBAL_NUMBER, GLOBAL_POINTER, GLOBAL_LOCK };

struct test_global {
	char name[TEST_NAME_MAX];
	enum global_kind kind;
	uint8_t size;		/* bytes */
	bool typed;		/* its type was said, or used */
	bool address;		/* its first value is the address of variable `first` */
	int64_t first;
};

struct test_thread {
	unsigned registers;
	char reg[TEST_REGISTERS_MAX][TEST_NAME_MAX];
	bool given[TEST_REGISTERS_MAX];		/* the file gives the first value */
	bool address[TEST_REGISTERS_MAX];	/* that is the address of variable `first` */
	int64_t first[TEST_REGISTERS_MAX];
	struct stmt *body;
};

/* A register of a thread, or a variable (thread < 0). */
struct test_item {
	int thread;
	unsigned index;
};

enum cond_kind { COND_TRUE, COND_FALSE, COND_EQUAL, COND_NOT, COND_AND, COND_OR, COND_IMPLIES };

struct cond {
	enum cond_kind kind;
	struct cond *a, *b;
	unsigned item;		/* in test.item */
	bool address;		/* compared with the address of variable `value` */
	int64_t value;
};

enum quantifier { QUANTIFIER_EXISTS, QUANTIFIER_NOT_EXISTS, QUANTIFIER_FORALL };

struct test {
	const char *file;
	char name[TEST_NAME_MAX];
	char result[32];	/* of the file's "Result:"; "": it says none */
	unsigned globals, threads, items, exprs, stmts, conds;
	unsigned stores;	/* calls that may be held back */
	bool asks_locked;	/* spin_is_locked() is called */
	struct test_global global[TEST_GLOBALS_MAX];
	struct test_thread thread[TEST_THREADS_MAX];
	struct test_item item[TEST_ITEMS_MAX];	/* what a state shows, in that order */
	enum quantifier quantifier;
	struct cond *filter;	/* NULL: there is none */
	struct cond *cond;
	char cond_text[TEST_TEXT_MAX];
	struct expr expr[TEST_EXPRS_MAX];
	struct stmt stmt[TEST_STMTS_MAX];
	struct cond cond_node[TEST_CONDS_MAX];
};

/*
 * Read the test in `text`, which came from `file`. Returns false after a sentence on stderr,
 * "file:line:column: what is wrong, what was expected".
 */
bool test_parse(struct test *t, const char *file, const char *text);

/* "0:r1" or "x". */
const char *test_item_name(const struct test *t, unsigned item, char *buf, unsigned size);

#endif
