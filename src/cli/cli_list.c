/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_list: see cli_list.h.
 */
#include "cli_list.h"

#include <string.h>

#include "cli_escape.h"
#include "cli_names.h"

typedef enum {
    COLUMN_ID,
    COLUMN_NAME,
    COLUMN_STATE,
    COLUMN_HEALTH,
    COLUMN_ANSWERED_BY,
    COLUMN_AGE,
    COLUMN_REASON,
    N_COLUMNS,
} Column;

/* The cells are escaped, so they are valid UTF-8. NULL: the column is not shown. */
typedef struct {
    char *cells[N_COLUMNS];
} Row;

static const char *const titles[N_COLUMNS] = {
    [COLUMN_ID] = "Id",         [COLUMN_NAME] = "Name",     [COLUMN_STATE] = "State",
    [COLUMN_HEALTH] = "Health", [COLUMN_REASON] = "Reason",
};

static const char *const verbose_titles[N_COLUMNS] = {
    [COLUMN_ID] = "Id",         [COLUMN_NAME] = "Name", [COLUMN_STATE] = "State",
    [COLUMN_HEALTH] = "Health", [COLUMN_AGE] = "Age",   [COLUMN_ANSWERED_BY] = "Answered by",
    [COLUMN_REASON] = "Reason",
};

/* Indexed by virDomainState. */
static const char *const state_names[] = {
    [VIR_DOMAIN_NOSTATE] = "no state",     [VIR_DOMAIN_RUNNING] = "running",
    [VIR_DOMAIN_BLOCKED] = "idle",         [VIR_DOMAIN_PAUSED] = "paused",
    [VIR_DOMAIN_SHUTDOWN] = "in shutdown", [VIR_DOMAIN_SHUTOFF] = "shut off",
    [VIR_DOMAIN_CRASHED] = "crashed",      [VIR_DOMAIN_PMSUSPENDED] = "pmsuspended",
};

static void
clear_row(gpointer data)
{
    Row *row = data;

    for (size_t i = 0; i < N_COLUMNS; i++)
        g_free(row->cells[i]);
}

const char *
cli_list_state(const DomstatsRecord *record)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        if (param->type == VIR_TYPED_PARAM_INT && strcmp(param->field, "state.state") == 0 &&
            param->value.i >= 0 && (size_t)param->value.i < G_N_ELEMENTS(state_names))
            return state_names[param->value.i];
    }
    return NULL;
}

static char *
make_cell(const char *text)
{
    GString *cell = g_string_new(NULL);

    cli_escape_append_text(cell, text);
    return g_string_free(cell, FALSE);
}

/* The column of ids tells domains of one name apart, where they have an id. */
static char *
make_name(const CliNames *names, const DomstatsRecord *record)
{
    GString *cell = g_string_new(NULL);

    if (record->id >= 0)
        cli_escape_append_text(cell, record->name);
    else
        cli_names_append(names, cell, record);
    return g_string_free(cell, FALSE);
}

/* How long ago the answers were taken, in seconds; the clock may have been set back since. */
static char *
make_age(const DomstatsRecord *record, int64_t now_us)
{
    if (record->taken_us <= 0)
        return g_strdup("-");
    return g_strdup_printf("%.3f", (double)MAX(now_us - record->taken_us, 0) / G_USEC_PER_SEC);
}

static Row
make_row(const CliNames *names, const DomstatsRecord *record, int64_t now_us)
{
    const char *state = cli_list_state(record);
    bool is_ok = record->health == DOMSTATS_HEALTH_OK;

    return (Row){{
        [COLUMN_ID] = record->id >= 0 ? g_strdup_printf("%d", record->id) : g_strdup("-"),
        [COLUMN_NAME] = make_name(names, record),
        [COLUMN_STATE] = g_strdup(state ? state : "-"),
        [COLUMN_HEALTH] = g_strdup(domstats_health_to_string(record->health)),
        [COLUMN_ANSWERED_BY] =
            now_us > 0 ? g_strdup(domstats_answered_by_to_string(record->answered_by)) : NULL,
        [COLUMN_AGE] = now_us > 0 ? make_age(record, now_us) : NULL,
        [COLUMN_REASON] = make_cell(is_ok ? "" : record->reason),
    }};
}

/* How many columns of a terminal @text takes. */
static size_t
width_of(const char *text)
{
    size_t width = 0;

    for (const char *next = text; *next != '\0'; next += g_utf8_skip[(guchar)*next]) {
        gunichar code = g_utf8_get_char(next);

        if (!g_unichar_iszerowidth(code))
            width += g_unichar_iswide(code) ? 2 : 1;
    }
    return width;
}

static void
append_row(GString *out, const char *const *cells, const size_t *widths)
{
    size_t end = 0;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (cells[i] == NULL)
            continue;
        g_string_append(out, i == 0 ? " " : "   ");
        g_string_append(out, cells[i]);
        if (*cells[i] != '\0')
            end = out->len;
        for (size_t width = width_of(cells[i]); width < widths[i]; width++)
            g_string_append_c(out, ' ');
    }
    g_string_truncate(out, end);
    g_string_append_c(out, '\n');
}

/* It ends with the title of the last column: the reasons are longer than lines of a terminal. */
static void
append_line(GString *out, const size_t *widths)
{
    size_t length = width_of(titles[N_COLUMNS - 1]) + 3;

    for (size_t i = 0; i + 1 < N_COLUMNS; i++)
        length += widths[i] > 0 ? widths[i] + 3 : 0;
    while (length-- > 0)
        g_string_append_c(out, '-');
    g_string_append_c(out, '\n');
}

static void
measure(size_t *widths, const char *const *cells)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        widths[i] = MAX(widths[i], cells[i] ? width_of(cells[i]) : 0);
}

void
cli_list_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records, int64_t now_us)
{
    const char *const *head = now_us > 0 ? verbose_titles : titles;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    g_autoptr(CliNames) names = cli_names_new(records, n_records);
    size_t widths[N_COLUMNS] = {0};

    g_array_set_clear_func(rows, clear_row);
    measure(widths, head);
    for (size_t i = 0; i < n_records; i++) {
        Row row = make_row(names, records[i], now_us);

        g_array_append_val(rows, row);
        measure(widths, (const char *const *)row.cells);
    }
    append_row(output->text, head, widths);
    append_line(output->text, widths);
    for (guint i = 0; i < rows->len; i++) {
        append_row(output->text, (const char *const *)g_array_index(rows, Row, i).cells, widths);
        cli_output_offer(output);
    }
}
