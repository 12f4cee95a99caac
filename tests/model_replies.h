/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_replies: what the QEMU of the model answers to each command, as its state is.
 */
#pragma once

#include "model_machine.h"

/* The reply, or the error, to the command @name. @arguments is its JSON, "" if it has none; @id is
 * JSON, or NULL. The caller frees. */
char *model_replies_make(ModelMachine *machine, const char *name, const char *arguments,
                         const char *id);
