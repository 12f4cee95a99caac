/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * completion_bash: see completion_bash.h.
 */
#include "completion_bash.h"

/* A case for each sub-command: its options. */
static void
append_options(GString *out, const char *function, const UtilOptionTable *table)
{
    g_string_append_printf(out, "%s_options()\n{\n    case $1 in\n", function);
    for (unsigned int place = 0; place == 0 || (table->commands && table->commands[place]);
         place++) {
        g_string_append_printf(out, "    %s) echo '",
                               table->commands ? table->commands[place] : "*");
        for (size_t i = 0; i < table->n_rows; i++) {
            const UtilOption *option = &table->rows[i];

            if (!completion_shared_goes_with(option, place))
                continue;
            if (option->letter != 0)
                g_string_append_printf(out, "-%c ", option->letter);
            g_string_append_printf(out, "--%s ", option->name);
        }
        g_string_append(out, "' ;;\n");
        if (table->commands == NULL)
            break;
    }
    g_string_append(out, "    esac\n}\n\n");
}

static const CompletionSharedShell shell = {
    .before_words = "COMPREPLY=($(compgen -W '",
    .after_words = "' -- \"$cur\"))",
    .files = "_filedir",
    .folders = "_filedir -d",
    .nothing = ":",
};

/* Completes the argument of option $1; without $1 = "do" it only says whether there is one. */
static void
append_argument(GString *out, const char *function, const UtilOptionTable *table)
{
    CompletionSharedKind kind = COMPLETION_SHARED_NOTHING;

    g_string_append_printf(out, "%s_argument()\n{\n    case $2 in\n", function);
    for (size_t i = 0; i < table->n_rows; i++) {
        if (!completion_shared_takes(&table->rows[i], &kind))
            continue;
        g_string_append(out, "    ");
        completion_shared_append_pattern(out, &table->rows[i]);
        g_string_append(out, ") [[ $1 != complete ]] || ");
        completion_shared_append_kind(out, &shell, function, &table->rows[i], kind);
        g_string_append(out, " ;;\n");
    }
    g_string_append(out, "    *) return 1 ;;\n    esac\n    return 0\n}\n\n");
}

/* The words of the line say which domains there are. No character of a name is read by the shell.
 */
static const char domains[] =
    "@_domains()\n"
    "{\n"
    "    local name\n"
    "    while IFS= read -r name; do\n"
    "        [[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
    "    done < <(@_names \"${where[@]}\")\n"
    "}\n\n";

static const char source[] =
    "@_source()\n"
    "{\n"
    "    local path\n"
    "    compopt -o nospace\n"
    "    if [[ $cur != *:* ]]; then\n"
    "        COMPREPLY=($(compgen -W 'auto dir: socket: libvirt: service: replay:' -- \"$cur\"))\n"
    "    elif [[ $cur != libvirt:* ]]; then\n"
    "        compopt -o filenames\n"
    "        while IFS= read -r path; do\n"
    "            [[ ! -d $path ]] || path+=/\n"
    "            COMPREPLY+=(\"${cur%%:*}:$path\")\n"
    "        done < <(compgen -f -- \"${cur#*:}\")\n"
    "    fi\n"
    "}\n\n";

/* $command is the sub-command, where $n_words words were seen before the cursor. */
static const char head[] =
    "@()\n"
    "{\n"
    "    local cur prev words cword split i word argument_of= command=% only_words= n_words=0 "
    "where=()\n"
    "    _init_completion -n =: || return\n"
    "    for ((i = 1; i < cword; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ -z $only_words && $word == -- ]]; then\n"
    "            only_words=yes\n"
    "        elif [[ -z $only_words && $word == -* ]]; then\n"
    "            @_where \"$word\" \"${words[i + 1]}\"\n"
    "            ! @_argument know \"$word\" || ((i++))\n"
    "        else\n"
    "            [[ $n_words -gt 0 || -n $only_words || -z $(@_options \"$word\") ]] || "
    "command=$word\n"
    "            ((n_words++))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -z $only_words && $cur == --*=* ]]; then\n"
    "        argument_of=${cur%%=*} cur=${cur#*=}\n"
    "    elif ((i > cword)); then\n"
    "        argument_of=$prev\n"
    "    fi\n"
    "    if [[ -n $argument_of ]]; then\n"
    "        @_argument complete \"$argument_of\"\n"
    "    elif [[ -z $only_words && $cur == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(@_options \"$command\")\" -- \"$cur\"))\n"
    "    else\n";

static const char tail[] = "    fi\n"
                           "    __ltrim_colon_completions \"$cur\"\n"
                           "} &&\n"
                           "    complete -F @ ";

/* Appends @text, where "@" is the function and "%%" the sub-command if none is given. */
static void
append_text(GString *out, const char *text, const char *function, const char *command)
{
    g_autoptr(GString) copy = g_string_new(text);

    g_string_replace(copy, "command=%", command ? command : "command=", 0);
    g_string_replace(copy, "{words[@", "{words[\1", 0);
    g_string_replace(copy, "{where[@", "{where[\1", 0);
    g_string_replace(copy, "@", function, 0);
    g_string_replace(copy, "\1", "@", 0);
    g_string_append(out, copy->str);
}

/* What a word may be that is no option. */
static void
append_words(GString *out, const char *function, const CompletionShared *self)
{
    const UtilOptionTable *table = self->table();

    if (table->commands != NULL) {
        g_string_append(out, "        [[ $n_words -gt 0 || -n $only_words ]] ||\n"
                             "            COMPREPLY=($(compgen -W '");
        for (size_t i = 0; table->commands[i] != NULL; i++)
            g_string_append_printf(out, "%s%s", i > 0 ? " " : "", table->commands[i]);
        g_string_append(out, "' -- \"$cur\"))\n");
    }
    if (self->folder_command != NULL)
        g_string_append_printf(
            out, "        if [[ $command == %s ]]; then _filedir -d; else %s_domains; fi\n",
            self->folder_command, function);
    else
        g_string_append_printf(out, table->takes_words ? "        %s_domains\n" : "        :\n",
                               function);
}

void
completion_bash_append(GString *out, const CompletionShared *self)
{
    g_autofree char *function = completion_shared_function(self->program);
    g_autofree char *command =
        g_strdup_printf("command=%s", self->default_command ? self->default_command : "");

    g_string_append_printf(out, "# bash completion of %s, made of its table of options\n\n",
                           self->program);
    completion_shared_append_names(out, function);
    append_text(out, domains, function, NULL);
    append_text(out, source, function, NULL);
    completion_shared_append_where(out, function, self->table());
    append_options(out, function, self->table());
    append_argument(out, function, self->table());
    append_text(out, head, function, command);
    append_words(out, function, self);
    append_text(out, tail, function, NULL);
    g_string_append_printf(out, "%s\n", self->program);
}
