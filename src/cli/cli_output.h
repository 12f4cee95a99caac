/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_output: collects text and writes it to a descriptor in large pieces.
 *
 * It remembers its first error. So callers that append do not check each time: cli_output_end()
 * reports the error.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    GString *text;    /* what is not written yet; callers append to it */
    int fd;           /* closed by cli_output_end(); -1: everything stays in @text */
    int error_number; /* errno of the first failure; 0: none */
} CliOutput;

void cli_output_init(CliOutput *self, int fd);
void cli_output_clear(CliOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliOutput, cli_output_clear)

/* To be called after an append: writes the text if enough has been collected. */
void cli_output_offer(CliOutput *self);

/* Writes the text now; false if it, or any before it, was lost. */
bool cli_output_flush(CliOutput *self);

/* Writes the rest and closes the descriptor, because some file systems report only then that they
 * are full. False, with an error, if any of the output was lost. */
bool cli_output_end(CliOutput *self, GError **error);
