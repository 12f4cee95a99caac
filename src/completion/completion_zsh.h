/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_zsh: what zsh, through its own _arguments, completes.
 */
#pragma once

#include "completion_shared.h"

/* Appends the text of the file that zsh reads for the program. */
void completion_zsh_append(GString *out, const CompletionShared *self);
