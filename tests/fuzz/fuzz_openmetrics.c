/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: whatever names, fields and texts records have, each line of their exposition is what
 * the format allows, and no series is there twice. (Bins and monitors of resctrl come from the
 * library in their order and with numbers of their own; here they do not.)
 *
 * The input is lines: the first byte of a line says what the rest is: 'd' a domain's name, 'u' its
 * UUID, 's' a field with the text after its first blank, any other a field with a number.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "openmetrics/openmetrics_writer.h"

enum { MOST_LINES = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    GArray *records; /* DomstatsRecord */
    GArray *params;  /* virTypedParameter, of all records */
} Case;

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
add_param(Case *self, char *line)
{
    virTypedParameter param = {.type = VIR_TYPED_PARAM_ULLONG, .value.ul = (uint8_t)*line};
    DomstatsRecord *record = NULL;

    if (*line == 's') {
        char *blank = strchr(line, ' ');

        param.type = VIR_TYPED_PARAM_STRING;
        param.value.s = blank ? blank + 1 : line;
        if (blank != NULL)
            *blank = '\0';
    }
    g_strlcpy(param.field, line + 1, sizeof(param.field));
    if (self->records->len == 0)
        return;
    record = &g_array_index(self->records, DomstatsRecord, self->records->len - 1);
    record->n_params++;
    g_array_append_val(self->params, param);
}

static void
add_line(Case *self, char *line)
{
    DomstatsRecord made = {.name = line + 1, .id = 1, .monitor_us = -1};

    if (*line == 'd')
        g_array_append_val(self->records, made);
    else if (*line == 'u' && self->records->len > 0)
        g_strlcpy(g_array_index(self->records, DomstatsRecord, self->records->len - 1).uuid,
                  line + 1, sizeof(made.uuid));
    else if (*line != '\0')
        add_param(self, line);
}

/* Gives what follows the labels, which begin at @at, after '{'. */
static const char *
skip_labels(const char *at)
{
    while (*at != '}') {
        at += strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        claim(at[0] == '=' && at[1] == '"');
        for (at += 2; *at != '"'; at++) {
            claim(*at != '\0');
            if (*at == '\\') {
                at++;
                claim(strchr("\\\"n", *at) != NULL);
            }
        }
        at++;
        claim(*at == ',' || *at == '}');
        at += *at == ',';
    }
    return at + 1;
}

static void
claim_sample(GHashTable *series, const char *line)
{
    const char *at = line + strspn(line, "abcdefghijklmnopqrstuvwxyz_");
    g_autofree char *one = NULL;

    claim(at > line);
    if (*at == '{')
        at = skip_labels(at + 1);
    claim(*at == ' ');
    one = g_strndup(line, (size_t)(at - line));
    claim(strspn(at + 1, "0123456789.e+-") == strlen(at + 1) && at[1] != '\0');
    if (strstr(one, "_bucket{") == NULL && strstr(one, "_monitor_") == NULL)
        claim(g_hash_table_add(series, g_steal_pointer(&one)));
}

/* Fields of one name may be in a record only once. */
static bool
has_field_twice(const Case *self)
{
    g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint at = 0;

    for (guint i = 0; i < self->records->len; i++)
        for (int k = 0; k < g_array_index(self->records, DomstatsRecord, i).n_params; k++)
            if (!g_hash_table_add(
                    fields,
                    g_strdup_printf("%u %s", i,
                                    g_array_index(self->params, virTypedParameter, at++).field)))
                return true;
    return false;
}

static void
claim_exposition(const OpenmetricsWriterInput *input)
{
    g_autoptr(GBytes) made = openmetrics_writer_make(input);
    g_autofree char *text = g_strndup(g_bytes_get_data(made, NULL), g_bytes_get_size(made));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) series = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    claim(strlen(text) == g_bytes_get_size(made));
    claim(g_utf8_validate(text, -1, NULL));
    claim(g_str_has_suffix(text, "\n# EOF\n"));
    for (size_t i = 0; *lines[i] != '\0'; i++)
        if (*lines[i] != '#')
            claim_sample(series, lines[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", MOST_LINES);
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(DomstatsRecord));
    g_autoptr(GArray) params = g_array_new(FALSE, FALSE, sizeof(virTypedParameter));
    g_autoptr(GPtrArray) pointers = g_ptr_array_new();
    Case made = {.records = records, .params = params};
    OpenmetricsWriterInput input = {.dialect = OPENMETRICS_OUTPUT_OPENMETRICS, .version = "1"};
    guint at = 0;

    for (size_t i = 0; lines[i] != NULL; i++)
        add_line(&made, lines[i]);
    if (has_field_twice(&made))
        return 0;
    for (guint i = 0; i < records->len; i++) {
        DomstatsRecord *record = &g_array_index(records, DomstatsRecord, i);

        record->id = (int)i;
        record->params = params->len > 0 ? &g_array_index(params, virTypedParameter, at) : NULL;
        at += (guint)record->n_params;
        g_ptr_array_add(pointers, record);
    }
    input.records = (const DomstatsRecord *const *)pointers->pdata;
    input.n_records = pointers->len;
    input.with_kvm = size % 2 == 0;
    for (input.names = OPENMETRICS_WRITER_NAMES_DOMSTATS;
         input.names <= OPENMETRICS_WRITER_NAMES_KUMINA; input.names++)
        claim_exposition(&input);
    return 0;
}
