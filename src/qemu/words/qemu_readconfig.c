/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_readconfig: see qemu_readconfig.h. The lines of a file are [group], [group "id"],
 * key = "value", and comments.
 */
#include "qemu_readconfig.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    GPtrArray *words;
    const char *option; /* for the section; NULL: the section is left out */
    GString *argument;  /* NULL before the first section */
} Reader;

/* The option that means the same as a section of @group; NULL: such sections are left out. */
static const char *
find_option(const char *group)
{
    static const struct {
        const char *group;
        const char *option;
    } rows[] = {
        {"machine", "-machine"}, {"accel", "-accel"},
        {"memory", "-m"},        {"smp-opts", "-smp"},
        {"name", "-name"},       {"device", "-device"},
        {"drive", "-drive"},     {"netdev", "-netdev"},
        {"nic", "-nic"},         {"net", "-net"},
        {"chardev", "-chardev"}, {"mon", "-mon"},
        {"object", "-object"},   {"global", "-global"},
        {"tpmdev", "-tpmdev"},   {"semihosting-config", "-semihosting-config"},
        {"vnc", "-vnc"},         {"spice", "-spice"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].group, group))
            return rows[i].option;
    return NULL;
}

static void
end_section(Reader *self)
{
    if (self->argument == NULL)
        return;
    if (self->option != NULL) {
        g_ptr_array_add(self->words, g_strdup(self->option));
        g_ptr_array_add(self->words, g_strdup(self->argument->str));
    }
    g_string_free(self->argument, TRUE);
    self->argument = NULL;
}

/* Appends "key=value". On a command line a comma in a value is written twice. */
static void
add_pair(GString *argument, const char *key, size_t key_size, const char *value, size_t value_size)
{
    if (argument->len > 0)
        g_string_append_c(argument, ',');
    g_string_append_len(argument, key, (gssize)key_size);
    g_string_append_c(argument, '=');
    for (size_t i = 0; i < value_size; i++) {
        if (value[i] == ',')
            g_string_append_c(argument, ',');
        g_string_append_c(argument, value[i]);
    }
}

/* The text between two quotation marks at the start of @text; NULL if there is none. */
static const char *
take_quoted(const char *text, size_t *ret_size)
{
    const char *end = text[0] == '"' ? strchr(text + 1, '"') : NULL;

    if (end == NULL)
        return NULL;
    *ret_size = (size_t)(end - text - 1);
    return text + 1;
}

/* [group] or [group "id"] */
static bool
take_section(Reader *self, const char *line)
{
    size_t size = strcspn(line + 1, " ]\"");
    g_autofree char *group = g_strndup(line + 1, size);
    const char *after = line + 1 + size + strspn(line + 1 + size, " ");
    size_t id_size = 0;
    const char *id = take_quoted(after, &id_size);

    if (size == 0 || (id != NULL ? id[id_size + 1] : after[0]) != ']')
        return false;
    end_section(self);
    self->option = find_option(group);
    self->argument = g_string_new(NULL);
    if (id != NULL)
        add_pair(self->argument, "id", strlen("id"), id, id_size);
    return true;
}

/* key = "value" */
static bool
take_pair(Reader *self, const char *line)
{
    size_t key_size = strcspn(line, " =");
    const char *after = line + key_size + strspn(line + key_size, " ");
    size_t value_size = 0;
    const char *value = NULL;

    if (self->argument == NULL || key_size == 0 || after[0] != '=')
        return false;
    after++;
    value = take_quoted(after + strspn(after, " "), &value_size);
    if (value == NULL)
        return false;
    add_pair(self->argument, line, key_size, value, value_size);
    return true;
}

static bool
take_line(Reader *self, const char *line)
{
    line += strspn(line, " \t\r");
    if (line[0] == '\0' || line[0] == '#')
        return true;
    return line[0] == '[' ? take_section(self, line) : take_pair(self, line);
}

char **
qemu_readconfig_make_words(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Reader reader = {.words = g_ptr_array_new_with_free_func(g_free)};
    bool is_good = true;

    for (size_t i = 0; lines[i] != NULL && is_good; i++)
        is_good = take_line(&reader, lines[i]);
    end_section(&reader);
    g_ptr_array_add(reader.words, NULL);
    if (is_good)
        return (char **)g_ptr_array_free(reader.words, FALSE);
    g_ptr_array_unref(reader.words);
    return NULL;
}
