/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_options: see util_options.h.
 *
 * The options are read here and not by GOption or getopt_long(), for three reasons: the place of a
 * word matters ("list" is a sub-command before "--" and a domain after it), an option is allowed
 * with some sub-commands only, and abbreviations are refused, since one that works today would
 * break a script when a longer option is added.
 */
#include "util_options.h"

#include <string.h>

/* Where the second column of --help starts; a longer first column shifts it. */
#define HELP_COLUMN 24

/* The state while a command line is read. */
typedef struct {
    const UtilOptionTable *table;
    void *options;
    char *const *arguments; /* the ones not read yet */
    size_t n_arguments;
    bool has_word;   /* a word that is no option was read: no sub-command may follow */
    bool only_words; /* "--" was read */
    bool is_over;    /* an option that ends the reading was read */
    bool *is_used;   /* for each row */
} Reading;

static const char *
take_argument(Reading *reading)
{
    reading->n_arguments--;
    return *reading->arguments++;
}

static const UtilOption *
find_option(const UtilOptionTable *table, const char *name, size_t length)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        if (strlen(table->rows[i].name) == length && memcmp(table->rows[i].name, name, length) == 0)
            return &table->rows[i];
    }
    return NULL;
}

static const UtilOption *
find_letter(const UtilOptionTable *table, char letter)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        if (table->rows[i].letter != 0 && table->rows[i].letter == letter)
            return &table->rows[i];
    }
    return NULL;
}

static bool
complain_of_argument(const UtilOption *option, GError **error)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "option '--%s' needs an argument: %s", option->name, option->argument);
    return false;
}

/* Reads one option. @text is its argument if that is in the same word, else NULL. */
static bool
read_option(Reading *reading, const UtilOption *option, const char *text, GError **error)
{
    if (option->argument == NULL && text != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' takes no argument, but has '%s'", option->name, text);
        return false;
    }
    if (option->argument != NULL && option->argument[0] != '[' && text == NULL) {
        if (reading->n_arguments == 0)
            return complain_of_argument(option, error);
        text = take_argument(reading);
    }
    reading->is_used[option - reading->table->rows] = true;
    reading->is_over = option->apply == util_options_apply_last;
    return option->apply(reading->options, option, text, error);
}

/* Reads the letters at @letters, of one word: those before the last take no argument. */
static bool
read_letters(Reading *reading, const char *letters, GError **error)
{
    for (; *letters != '\0' && !reading->is_over; letters++) {
        const UtilOption *option = find_letter(reading->table, *letters);

        if (option == NULL) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                        "unknown option '-%s'", letters);
            return false;
        }
        if (option->argument != NULL)
            return read_option(reading, option, letters[1] != '\0' ? letters + 1 : NULL, error);
        if (!read_option(reading, option, NULL, error))
            return false;
    }
    return true;
}

static bool
read_dashed(Reading *reading, const char *word, GError **error)
{
    const char *equals = strchr(word, '=');
    const UtilOption *option = NULL;

    if (word[1] != '-')
        return read_letters(reading, word + 1, error);
    option = find_option(reading->table, word + 2,
                         equals ? (size_t)(equals - word) - 2 : strlen(word + 2));
    if (option == NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "unknown option '%s'",
                    word);
        return false;
    }
    return read_option(reading, option, equals ? equals + 1 : NULL, error);
}

/* Reads @word as a sub-command; false if there is none of that name. */
static bool
read_command(Reading *reading, const char *word)
{
    const UtilOptionTable *table = reading->table;

    for (unsigned int i = 0; table->commands != NULL && table->commands[i] != NULL; i++) {
        if (strcmp(word, table->commands[i]) == 0) {
            G_STRUCT_MEMBER(unsigned int, reading->options, table->command_offset) = i;
            return true;
        }
    }
    return false;
}

/* @message says what is wrong with the sub-command. */
static bool
complain_of_command(const UtilOptionTable *table, const char *message, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; table->commands[i] != NULL; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", table->commands[i]);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s: expected one of %s", message,
                names->str);
    return false;
}

static bool
read_word(Reading *reading, const char *word, GError **error)
{
    const UtilOptionTable *table = reading->table;
    bool is_first = !reading->has_word;

    reading->has_word = true;
    if (is_first && (table->wants_command || !reading->only_words) && read_command(reading, word))
        return true;
    if (is_first && table->wants_command) {
        g_autofree char *message = g_strdup_printf("unknown sub-command '%s'", word);

        return complain_of_command(table, message, error);
    }
    if (!table->takes_words || *word == '\0') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s '%s'",
                    table->takes_words ? "an empty name" : "unexpected argument", word);
        return false;
    }
    g_ptr_array_add(G_STRUCT_MEMBER(GPtrArray *, reading->options, table->words_offset),
                    g_strdup(word));
    return true;
}

/* Checks that the sub-command takes the options that were used. */
static bool
check_command(const Reading *reading, GError **error)
{
    const UtilOptionTable *table = reading->table;
    unsigned int command = 0;

    if (table->commands == NULL)
        return true;
    if (table->wants_command && !reading->has_word)
        return complain_of_command(table, "a sub-command is missing", error);
    command = G_STRUCT_MEMBER(unsigned int, reading->options, table->command_offset);
    for (size_t i = 0; i < table->n_rows; i++) {
        unsigned int commands = table->rows[i].commands;

        if (reading->is_used[i] && commands != 0 && (commands & (1U << command)) == 0) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                        "option '--%s' does not go with '%s'", table->rows[i].name,
                        table->commands[command]);
            return false;
        }
    }
    return true;
}

bool
util_options_parse(const UtilOptionTable *table, int argc, char *const *argv, void *options,
                   GError **error)
{
    g_autofree bool *is_used = g_new0(bool, table->n_rows);
    Reading reading = {
        .table = table,
        .options = options,
        .arguments = argc > 0 ? argv + 1 : argv,
        .n_arguments = argc > 0 ? (size_t)argc - 1 : 0,
        .is_used = is_used,
    };

    while (reading.n_arguments > 0 && !reading.is_over) {
        const char *word = take_argument(&reading);
        bool is_option = !reading.only_words && word[0] == '-' && word[1] != '\0';

        if (is_option && strcmp(word, "--") == 0)
            reading.only_words = true;
        else if (!(is_option ? read_dashed : read_word)(&reading, word, error))
            return false;
    }
    return reading.is_over || check_command(&reading, error);
}

static void
append_option_help(GString *out, const UtilOption *option)
{
    size_t start = out->len;
    size_t width = 0;

    g_string_append(out, "  ");
    if (option->letter != 0)
        g_string_append_printf(out, "-%c, ", option->letter);
    g_string_append_printf(out, "--%s", option->name);
    if (option->argument != NULL)
        g_string_append_printf(out, "%s%s", option->argument[0] == '[' ? "" : " ",
                               option->argument);
    width = out->len - start;
    g_string_append_printf(out, "%*s%s\n", width < HELP_COLUMN ? (int)(HELP_COLUMN - width) : 2, "",
                           option->help);
}

void
util_options_append_help(const UtilOptionTable *table, GString *out)
{
    for (unsigned int section = 0; table->sections[section] != NULL; section++) {
        g_string_append_printf(out, "\n%s:\n", table->sections[section]);
        for (size_t i = 0; i < table->n_rows; i++) {
            if (table->rows[i].section == section)
                append_option_help(out, &table->rows[i]);
        }
    }
}

bool
util_options_apply_nothing(void *options, const UtilOption *option, const char *text,
                           GError **error)
{
    (void)options;
    (void)option;
    (void)text;
    (void)error;
    return true;
}

bool
util_options_apply_yes(void *options, const UtilOption *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    G_STRUCT_MEMBER(bool, options, option->offset) = true;
    return true;
}

bool
util_options_apply_bits(void *options, const UtilOption *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    G_STRUCT_MEMBER(unsigned int, options, option->offset) |= option->value;
    return true;
}

bool
util_options_apply_last(void *options, const UtilOption *option, const char *text, GError **error)
{
    (void)text;
    (void)error;
    G_STRUCT_MEMBER(unsigned int, options, option->offset) = option->value;
    return true;
}

bool
util_options_apply_text(void *options, const UtilOption *option, const char *text, GError **error)
{
    char **member = &G_STRUCT_MEMBER(char *, options, option->offset);

    if (*text == '\0')
        return complain_of_argument(option, error);
    g_free(*member);
    *member = g_strdup(text);
    return true;
}

bool
util_options_apply_list(void *options, const UtilOption *option, const char *text, GError **error)
{
    if (*text == '\0')
        return complain_of_argument(option, error);
    g_ptr_array_add(G_STRUCT_MEMBER(GPtrArray *, options, option->offset), g_strdup(text));
    return true;
}

bool
util_options_apply_number(void *options, const UtilOption *option, const char *text, GError **error)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, option->value, &number, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' wants a number from 1 to %u, not '%s'", option->name,
                    option->value, text);
        return false;
    }
    G_STRUCT_MEMBER(unsigned int, options, option->offset) = (unsigned int)number;
    return true;
}

bool
util_options_apply_seconds(void *options, const UtilOption *option, const char *text,
                           GError **error)
{
    bool is_plain = *text != '\0' && text[strspn(text, "0123456789.")] == '\0';
    char *end = NULL;
    double seconds = is_plain ? g_ascii_strtod(text, &end) : 0;

    if (!is_plain || *end != '\0' || seconds < 0.001 || seconds > option->value) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "option '--%s' wants seconds from 0.001 to %u, not '%s'", option->name,
                    option->value, text);
        return false;
    }
    G_STRUCT_MEMBER(unsigned int, options, option->offset) = (unsigned int)(seconds * 1000 + 0.5);
    return true;
}
