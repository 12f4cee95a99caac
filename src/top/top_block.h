/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_block: ends the process if somebody wants that while the terminal takes no output: it was
 * stopped by Control-S, or its connection is dead. A write to it lasts without end then.
 */
#pragma once

#include <stdbool.h>

/* Keeps the modes that the terminal of stdin has now, and takes SIGALRM. */
void top_block_init(void);
/* Gives SIGALRM back. */
void top_block_clear(void);

/* Stands around whatever writes to the terminal. If that lasts a second or more, and a signal that
 * is blocked wants the end, or @is_ending, the terminal gets its modes back, and the process ends
 * with exit status 0. */
void top_block_begin(bool is_ending);
void top_block_end(void);
