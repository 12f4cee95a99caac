/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_output: see openmetrics_output.h.
 */
#include "openmetrics_output.h"

#include <stdbool.h>

enum { HEAD_BYTES = 512 }; /* of a family: enough for its help and its name, three times */

void
openmetrics_output_init(OpenmetricsOutput *self)
{
    self->families = g_new0(OpenmetricsBuffer, openmetrics_n_families);
}

void
openmetrics_output_clear(OpenmetricsOutput *self)
{
    for (size_t i = 0; self->families != NULL && i < openmetrics_n_families; i++)
        openmetrics_buffer_clear(&self->families[i]);
    g_clear_pointer(&self->families, g_free);
}

OpenmetricsBuffer *
openmetrics_output_begin(OpenmetricsOutput *self, size_t family, const char *suffix,
                         const char *labels, size_t n_labels)
{
    OpenmetricsBuffer *out = &self->families[family];

    openmetrics_buffer_append_text(out, openmetrics_families[family].name);
    openmetrics_buffer_append_text(out, suffix);
    if (n_labels > 0) {
        openmetrics_buffer_append_char(out, '{');
        openmetrics_buffer_append(out, labels, n_labels);
        openmetrics_buffer_append_char(out, '}');
    }
    openmetrics_buffer_append_char(out, ' ');
    return out;
}

/* What the dialect calls a family, and its type. The text format knows only names of samples. */
typedef struct {
    const char *ending; /* of the sample's name, which the name of the family lacks */
    const char *type;
} Word;

static const Word words[2][4] = {
    [OPENMETRICS_OUTPUT_TEXT] = {{"", "gauge"}, {"", "counter"}, {"", "gauge"}, {"", "histogram"}},
    [OPENMETRICS_OUTPUT_OPENMETRICS] = {{"", "gauge"},
                                        {"_total", "counter"},
                                        {"_info", "info"},
                                        {"", "histogram"}},
};

static void
append_line(OpenmetricsBuffer *out, const char *word, const char *name, size_t n_name,
            const char *text)
{
    openmetrics_buffer_append_text(out, "# ");
    openmetrics_buffer_append_text(out, word);
    openmetrics_buffer_append_char(out, ' ');
    openmetrics_buffer_append(out, name, n_name);
    openmetrics_buffer_append_char(out, ' ');
    openmetrics_buffer_append_text(out, text);
    openmetrics_buffer_append_char(out, '\n');
}

/* OpenMetrics wants the unit at the end of the name. */
static bool
ends_in_unit(const char *name, size_t n_name, const char *unit)
{
    size_t n = strlen(unit);

    return n > 0 && n_name > n && name[n_name - n - 1] == '_' &&
           strncmp(name + n_name - n, unit, n) == 0;
}

static void
append_head(OpenmetricsBuffer *out, const OpenmetricsFamily *family,
            OpenmetricsOutputDialect dialect)
{
    const Word *word = &words[dialect][family->type];
    size_t n_name = strlen(family->name) - strlen(word->ending);

    append_line(out, "HELP", family->name, n_name, family->help);
    append_line(out, "TYPE", family->name, n_name, word->type);
    if (dialect == OPENMETRICS_OUTPUT_OPENMETRICS &&
        ends_in_unit(family->name, n_name, family->unit))
        append_line(out, "UNIT", family->name, n_name, family->unit);
}

GBytes *
openmetrics_output_finish(OpenmetricsOutput *self, OpenmetricsOutputDialect dialect)
{
    OpenmetricsBuffer out = {0};
    size_t n_bytes = 0;

    for (size_t i = 0; i < openmetrics_n_families; i++)
        if (self->families[i].n_bytes > 0)
            n_bytes += HEAD_BYTES + self->families[i].n_bytes;
    openmetrics_buffer_reserve(&out, n_bytes);
    for (size_t i = 0; i < openmetrics_n_families; i++) {
        OpenmetricsBuffer *samples = &self->families[i];

        if (samples->n_bytes == 0)
            continue;
        append_head(&out, &openmetrics_families[i], dialect);
        openmetrics_buffer_append(&out, samples->bytes, samples->n_bytes);
        openmetrics_buffer_clear(samples);
    }
    if (dialect == OPENMETRICS_OUTPUT_OPENMETRICS)
        openmetrics_buffer_append_text(&out, "# EOF\n");
    return g_bytes_new_take(out.bytes, out.n_bytes);
}
