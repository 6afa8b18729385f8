/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standard output and standard error: could all of it be written? A command prints with stdio as
 * usual. These functions notice what could not be written, and turn it into an exit status.
 *
 * A closed pipe is no error of this kind: SIGPIPE ends the process.
 */
#ifndef STRESS_HUNT_OUTPUT_H
#define STRESS_HUNT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Call it before the process opens anything. If standard input, output or error is closed, its
 * number is taken by a descriptor that can't be written. So no file that is opened later gets
 * that number, and with it what is printed. If a file reaches a limit on its size, the write
 * fails; it does not end the process.
 */
void output_begin(void);

/* Write what stdio has buffered for standard output. False if that failed. */
bool output_flush(void);

/* Did something fail to be written to standard output, at any time? */
bool output_failed(void);

/* How often that happened, and the error (errno) of the first time, or 0. */
unsigned output_failures(void);
int output_error(void);

/* Another process of this command could not write to standard output. 0: it could. */
void output_note(int error);

/* Write the bytes to a descriptor. Returns 0 or -errno. */
int output_bytes(int fd, const char *bytes, size_t size);

/*
 * Between these calls no other process of this command prints something between them, too. So
 * the lines of several jobs do not mix.
 */
void output_lock(void);
void output_unlock(void);

/* The findings of this command are saved, or a person or a program has read their plans. */
void output_findings_are_kept(void);

/*
 * The command ends with this exit status. Returns the status of the process: EXIT_ENVIRONMENT,
 * after one sentence on stderr, instead of EXIT_CLEAN or EXIT_FINDINGS if its output could not
 * be written. EXIT_FINDINGS stays if the findings are kept.
 */
int output_end(int status);

#endif
