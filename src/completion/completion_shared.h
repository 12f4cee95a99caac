/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_shared: what the writers for bash and for zsh have in common.
 *
 * The words that are offered come from a program's own table of options. Of domains' names, which
 * whoever made a machine chose, no character is ever read by the shell: they are read line by line,
 * and quoted.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "util/util_options.h"

typedef struct {
    const char *program;
    const UtilOptionTable *(*table)(void);
    const char *default_command; /* NULL: none is meant if none is given */
    const char
        *folder_command; /* its word is a folder; those of others are domains; NULL: none is */
} CompletionShared;

typedef enum {
    COMPLETION_SHARED_NOTHING, /* nothing is known of it */
    COMPLETION_SHARED_WORDS,   /* its name in the help lists them: text|json */
    COMPLETION_SHARED_SOURCE,
    COMPLETION_SHARED_NAMES,
    COMPLETION_SHARED_FILES,
    COMPLETION_SHARED_FOLDERS,
} CompletionSharedKind;

/* What an option's argument is. An option without one, or with one that may be left out, gives
 * false. */
bool completion_shared_takes(const UtilOption *option, CompletionSharedKind *ret_kind);

/* Whether the option goes with the table's sub-command at @place. */
bool completion_shared_goes_with(const UtilOption *option, unsigned int place);

/* Appends "-c | --connect": what a pattern of the shell matches the option with. */
void completion_shared_append_pattern(GString *out, const UtilOption *option);

/* What completes an argument of each kind, in a shell's words. */
typedef struct {
    const char *before_words; /* around a list of words with blanks between them */
    const char *after_words;
    const char *files;
    const char *folders;
    const char *nothing;
} CompletionSharedShell;

/* Appends what completes the argument of @option: a function of the shell for sources and names. */
void completion_shared_append_kind(GString *out, const CompletionSharedShell *shell,
                                   const char *function, const UtilOption *option,
                                   CompletionSharedKind kind);

/* Appends a function of the shell that prints the names of domains, one a line: FUNCTION_names
 * WORD..., with what says where they are. */
void completion_shared_append_names(GString *out, const char *function);

/* Appends FUNCTION_where OPTION NEXT, which adds to $where what of an option, and the word after
 * it, says where domains are. */
void completion_shared_append_where(GString *out, const char *function,
                                    const UtilOptionTable *table);

/* The name of the shell's function of @program. The caller frees it. */
char *completion_shared_function(const char *program);
