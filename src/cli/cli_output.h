/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_output: text on its way to a descriptor, written in large pieces.
 *
 * Remembers the first error, so that who appends need not ask each time: the one who ends
 * the output does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GString *text;    /* what is not yet written: appended to by anyone */
    int fd;           /* borrowed; -1: everything stays in @text */
    int error_number; /* errno of the first failure; 0: none */
} CliOutput;

void cli_output_init(CliOutput *self, int fd);
void cli_output_clear(CliOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliOutput, cli_output_clear)

/* To be called between appends: writes once enough has come together. */
void cli_output_offer(CliOutput *self);

/* Writes the rest and closes the descriptor, since some file systems tell only then that they
 * are full. False, with a sentence in @error, if anything of the output was lost. */
bool cli_output_end(CliOutput *self, GError **error);
