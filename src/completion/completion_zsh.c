/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_zsh: see completion_zsh.h.
 */
#include "completion_zsh.h"
#include <string.h>

/* Appends @text in single quotes' terms and those of a specification of _arguments. */
static void
append_escaped(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("[]:\\", *text) != NULL)
            g_string_append_printf(out, "\\%c", *text);
        else if (*text == '\'')
            g_string_append(out, "'\\''");
        else
            g_string_append_c(out, *text);
    }
}

static void
append_action(GString *out, const char *function, const UtilOption *option,
              CompletionSharedKind kind)
{
    static const CompletionSharedShell shell = {
        .before_words = "(",
        .after_words = ")",
        .files = "_files",
        .folders = "_files -/",
        .nothing = " ",
    };

    g_string_append_c(out, ':');
    append_escaped(out, option->argument);
    g_string_append_c(out, ':');
    completion_shared_append_kind(out, &shell, function, option, kind);
}

/* A specification for each spelling of the option. */
static void
append_option(GString *out, const char *function, const UtilOption *option)
{
    CompletionSharedKind kind = COMPLETION_SHARED_NOTHING;
    bool takes = completion_shared_takes(option, &kind);

    for (int is_long = option->letter == 0; is_long <= 1; is_long++) {
        g_string_append(out, "        '*");
        if (is_long)
            g_string_append_printf(out, "--%s%s", option->name,
                                   takes              ? "="
                                   : option->argument ? "=-"
                                                      : "");
        else
            g_string_append_printf(out, "-%c%s", option->letter, takes ? "+" : "");
        g_string_append_c(out, '[');
        append_escaped(out, option->help);
        g_string_append_c(out, ']');
        if (takes)
            append_action(out, function, option, kind);
        else if (option->argument != NULL)
            g_string_append(out, ":: : ");
        g_string_append(out, "'\n");
    }
}

/* A case for each sub-command: its specifications. */
static void
append_specifications(GString *out, const char *function, const UtilOptionTable *table)
{
    g_string_append(out, "    case $command in\n");
    for (unsigned int place = 0; place == 0 || (table->commands && table->commands[place]);
         place++) {
        g_string_append_printf(out, "    (%s) specifications=(\n",
                               table->commands ? table->commands[place] : "*");
        for (size_t i = 0; i < table->n_rows; i++) {
            if (completion_shared_goes_with(&table->rows[i], place))
                append_option(out, function, &table->rows[i]);
        }
        g_string_append(out, "    ) ;;\n");
        if (table->commands == NULL)
            break;
    }
    g_string_append(out, "    esac\n");
}

/* The options that take the next word: between them, and no others, the sub-command may stand. */
static void
append_takers(GString *out, const UtilOptionTable *table)
{
    CompletionSharedKind kind = COMPLETION_SHARED_NOTHING;
    const char *between = "";

    for (size_t i = 0; i < table->n_rows; i++) {
        if (!completion_shared_takes(&table->rows[i], &kind))
            continue;
        g_string_append(out, between);
        completion_shared_append_pattern(out, &table->rows[i]);
        between = " | ";
    }
}

static void
append_source(GString *out, const char *function)
{
    g_string_append_printf(out,
                           "%s_domains()\n"
                           "{\n"
                           "    local -a names\n"
                           "    names=(${(f)\"$(%s_names \"${where[@]}\")\"})\n"
                           "    compadd -a names\n"
                           "}\n\n"
                           "%s_source()\n"
                           "{\n"
                           "    if compset -P '*:'; then\n"
                           "        _files\n"
                           "    else\n"
                           "        compadd auto\n"
                           "        compadd -S '' dir: socket: libvirt: service: replay:\n"
                           "    fi\n"
                           "}\n\n",
                           function, function, function);
}

/* Finds the sub-command, and the words that say where domains are. */
static void
append_reading(GString *out, const char *function, const CompletionShared *self)
{
    const UtilOptionTable *table = self->table();

    g_string_append_printf(out,
                           "    local command=%s word only_words n_words=0 i\n"
                           "    local -a where specifications\n"
                           "    for ((i = 2; i < CURRENT; i++)); do\n"
                           "        word=$words[i]\n"
                           "        case $only_words$word in\n"
                           "        (--) only_words=' ' ;;\n"
                           "        (-*)\n"
                           "            %s_where \"$word\" \"$words[i + 1]\"\n"
                           "            case $word in\n"
                           "            (",
                           self->default_command ? self->default_command : "", function);
    append_takers(out, table);
    g_string_append(out, ") ((i++)) ;;\n"
                         "            esac ;;\n");
    if (table->commands != NULL) {
        g_string_append(out, "        (");
        for (size_t i = 0; table->commands[i] != NULL; i++)
            g_string_append_printf(out, "%s%s", i > 0 ? " | " : "", table->commands[i]);
        g_string_append(out, ") ((n_words++)) || command=$word ;;\n");
    }
    g_string_append(out, "        (*) ((n_words++)) ;;\n"
                         "        esac\n"
                         "    done\n");
}

static void
append_words(GString *out, const char *function, const CompletionShared *self)
{
    const UtilOptionTable *table = self->table();

    g_string_append_printf(out, "%s_words()\n{\n", function);
    if (table->commands != NULL) {
        g_string_append(out, "    [[ $n_words -gt 0 || -n $only_words ]] || compadd");
        for (size_t i = 0; table->commands[i] != NULL; i++)
            g_string_append_printf(out, " %s", table->commands[i]);
        g_string_append_c(out, '\n');
    }
    if (self->folder_command != NULL)
        g_string_append_printf(
            out, "    if [[ $command == %s ]]; then _files -/; else %s_domains; fi\n}\n\n",
            self->folder_command, function);
    else
        g_string_append_printf(out, "    %s_domains\n}\n\n", function);
}

void
completion_zsh_append(GString *out, const CompletionShared *self)
{
    g_autofree char *function = completion_shared_function(self->program);
    const UtilOptionTable *table = self->table();

    g_string_append_printf(out,
                           "#compdef %s\n# zsh completion of %s, made of its table of options\n\n",
                           self->program, self->program);
    completion_shared_append_names(out, function);
    append_source(out, function);
    completion_shared_append_where(out, function, self->table());
    append_words(out, function, self);
    g_string_append_printf(out, "%s()\n{\n", function);
    append_reading(out, function, self);
    append_specifications(out, function, table);
    g_string_append(out, "    _arguments -s -S : $specifications");
    if (table->takes_words)
        g_string_append_printf(out, " '*: :%s_words'", function);
    g_string_append_printf(out, "\n}\n\n%s \"$@\"\n", function);
}
