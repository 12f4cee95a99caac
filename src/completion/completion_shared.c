/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_shared: see completion_shared.h.
 */
#include "completion_shared.h"

#include <string.h>

static const struct {
    const char *argument;
    CompletionSharedKind kind;
} kinds[] = {
    {"SOURCE", COMPLETION_SHARED_SOURCE},  {"DOMAIN", COMPLETION_SHARED_NAMES},
    {"FILE", COMPLETION_SHARED_FILES},     {"PATH", COMPLETION_SHARED_FILES},
    {"FOLDER", COMPLETION_SHARED_FOLDERS}, {"DIR", COMPLETION_SHARED_FOLDERS},
};

bool
completion_shared_takes(const UtilOption *option, CompletionSharedKind *ret_kind)
{
    if (option->argument == NULL || option->argument[0] == '[')
        return false;
    *ret_kind = strchr(option->argument, '|') ? COMPLETION_SHARED_WORDS : COMPLETION_SHARED_NOTHING;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].argument, option->argument) == 0)
            *ret_kind = kinds[i].kind;
    }
    return true;
}

bool
completion_shared_goes_with(const UtilOption *option, unsigned int place)
{
    return option->commands == 0 || (option->commands & (1U << place)) != 0;
}

void
completion_shared_append_pattern(GString *out, const UtilOption *option)
{
    if (option->letter != 0)
        g_string_append_printf(out, "-%c | ", option->letter);
    g_string_append_printf(out, "--%s", option->name);
}

void
completion_shared_append_kind(GString *out, const CompletionSharedShell *shell,
                              const char *function, const UtilOption *option,
                              CompletionSharedKind kind)
{
    g_autofree char *words = NULL;

    switch (kind) {
    case COMPLETION_SHARED_WORDS:
        words = g_strdelimit(g_strdup(option->argument), "|", ' ');
        g_string_append_printf(out, "%s%s%s", shell->before_words, words, shell->after_words);
        break;
    case COMPLETION_SHARED_SOURCE:
        g_string_append_printf(out, "%s_source", function);
        break;
    case COMPLETION_SHARED_NAMES:
        g_string_append_printf(out, "%s_domains", function);
        break;
    case COMPLETION_SHARED_FILES:
        g_string_append(out, shell->files);
        break;
    case COMPLETION_SHARED_FOLDERS:
        g_string_append(out, shell->folders);
        break;
    case COMPLETION_SHARED_NOTHING:
        g_string_append(out, shell->nothing);
        break;
    }
}

void
completion_shared_append_names(GString *out, const char *function)
{
    /* A libvirt may be far away, and want a password. A name with a backslash or a quotation mark
     * is left out. */
    g_string_append_printf(
        out,
        "%s_names()\n"
        "{\n"
        "    [[ $* == *libvirt:* ]] && return\n"
        "    domstats list --timeout 1 --nowait --format json \"$@\" 2>/dev/null </dev/null |\n"
        "        sed -n 's/^{\"name\":\"\\([^\"\\\\]*\\)\".*/\\1/p'\n"
        "}\n\n",
        function);
}

static bool
has_source(const UtilOptionTable *table)
{
    CompletionSharedKind kind = COMPLETION_SHARED_NOTHING;

    for (size_t i = 0; i < table->n_rows; i++) {
        if (completion_shared_takes(&table->rows[i], &kind) && kind == COMPLETION_SHARED_SOURCE)
            return true;
    }
    return false;
}

void
completion_shared_append_where(GString *out, const char *function, const UtilOptionTable *table)
{
    g_string_append_printf(out, "%s_where()\n{\n", function);
    if (has_source(table))
        g_string_append(out, "    case $1 in\n"
                             "    -c | --connect) where+=(\"$1\" \"$2\") ;;\n"
                             "    -c?* | --connect=* | --no-libvirt | --no-service | "
                             "--any-listener) where+=(\"$1\") ;;\n"
                             "    esac\n");
    else
        g_string_append(out, "    :\n");
    g_string_append(out, "}\n\n");
}

char *
completion_shared_function(const char *program)
{
    return g_strdelimit(g_strconcat("_", program, NULL), "-", '_');
}
