/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_bash: what bash, with the functions of the package bash-completion, completes.
 */
#pragma once

#include "completion_shared.h"

/* Appends the text of the file that bash reads for the program. */
void completion_bash_append(GString *out, const CompletionShared *self);
