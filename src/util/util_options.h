/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_options: reads the command line of a program, and writes the options' part of its --help,
 * both from one table of options.
 *
 * Does not know any option: a program has its own table, and a struct with what was read.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct UtilOption UtilOption;

/* Applies @option to the program's struct at @options. @text is the argument of the option, which
 * may be empty; NULL if it takes or has none. On failure gives false, with an error of
 * G_OPTION_ERROR. */
typedef bool (*UtilOptionApply)(void *options, const UtilOption *option, const char *text,
                                GError **error);

struct UtilOption {
    unsigned int section; /* its place in the sections of the table */
    char letter;          /* 0: it has only the long name */
    const char *name;
    const char *argument;  /* its name in the help; NULL: the option takes none; "[=NAME]": it may
                              be left out, and is in the same word */
    unsigned int commands; /* 1 << place of a sub-command: it goes with those; 0: with all */
    UtilOptionApply apply;
    size_t offset;      /* of the member of the program's struct that @apply sets */
    unsigned int value; /* what @apply sets it to, or the most that it accepts; see there */
    const char *help;
};

typedef struct {
    const UtilOption *rows; /* in the order of --help, section by section */
    size_t n_rows;
    const char *const *sections; /* their titles; ends with NULL */
    const char *const *commands; /* names of the sub-commands; ends with NULL; NULL: has none */
    size_t command_offset;       /* of the unsigned int, or enum, that gets the place of one */
    bool wants_command;          /* the first word must be a sub-command; else it may be one */
    bool takes_words;
    size_t words_offset; /* of the GPtrArray that gets copies of the other words, in order */
} UtilOptionTable;

/* Reads the arguments after argv[0] into the program's struct at @options, which has the defaults.
 * Options may stand anywhere before "--", and are not abbreviated. The argument of an option is in
 * the same word ("--name=argument", "-xargument") or is the next word; letters of options without
 * arguments may stand before it ("-yxargument"). An option that is applied by
 * util_options_apply_last() ends the reading: what follows is not looked at, and it is not checked
 * whether a sub-command is there and takes the options. On failure gives false; @error, of
 * G_OPTION_ERROR, has one line that names what is wrong, and @options is for clearing only. */
bool util_options_parse(const UtilOptionTable *table, int argc, char *const *argv, void *options,
                        GError **error);

/* Appends each section: an empty line, its title, and a line for each of its options. */
void util_options_append_help(const UtilOptionTable *table, GString *out);

/* How most rows are applied: what is set at the row's offset. */

/* nothing: for an option that has no effect */
bool util_options_apply_nothing(void *options, const UtilOption *option, const char *text,
                                GError **error);
/* bool: true */
bool util_options_apply_yes(void *options, const UtilOption *option, const char *text,
                            GError **error);
/* unsigned int: the bits of the row's value are added */
bool util_options_apply_bits(void *options, const UtilOption *option, const char *text,
                             GError **error);
/* unsigned int or enum: the row's value; ends the reading */
bool util_options_apply_last(void *options, const UtilOption *option, const char *text,
                             GError **error);
/* char *: a copy of the text, which may not be empty; an earlier one is freed */
bool util_options_apply_text(void *options, const UtilOption *option, const char *text,
                             GError **error);
/* GPtrArray *: a copy of the text, which may not be empty, is added */
bool util_options_apply_list(void *options, const UtilOption *option, const char *text,
                             GError **error);
/* unsigned int: a number from 1 to the row's value */
bool util_options_apply_number(void *options, const UtilOption *option, const char *text,
                               GError **error);
/* unsigned int: milliseconds; the text is seconds, decimals allowed, from 0.001 to the row's
 * value */
bool util_options_apply_seconds(void *options, const UtilOption *option, const char *text,
                                GError **error);
