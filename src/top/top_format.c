/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_format: see top_format.h.
 */
#include "top_format.h"

#include <math.h>
#include <string.h>

/* Appends @number with @decimals, in the same way in every locale. */
static void
append_decimals(GString *out, double number, int decimals)
{
    char format[] = "%.0f";
    char text[G_ASCII_DTOSTR_BUF_SIZE * 8]; /* the largest double has 309 digits */

    format[2] = (char)('0' + decimals);
    g_string_append(out, g_ascii_formatd(text, sizeof(text), format, number));
}

/* 0 to 9.9 with a decimal, then whole numbers; from @base on with K, M, G, ... */
static void
append_prefixed(GString *out, double number, double base, const char *prefixes)
{
    size_t n = 0;

    while (number >= base - 0.5 && prefixes[n] != '\0') {
        number /= base;
        n++;
    }
    append_decimals(out, number, number < 9.95 && n > 0 ? 1 : 0);
    if (n > 0)
        g_string_append_c(out, prefixes[n - 1]);
}

static const struct {
    const char *name;
    double size;
    char letter;
} units_of_bytes[TOP_FORMAT_N_BYTES] = {
    [TOP_FORMAT_BYTES_AUTOMATIC] = {"automatic", 1, '\0'},
    [TOP_FORMAT_BYTES_KIB] = {"KiB", 1024.0, 'K'},
    [TOP_FORMAT_BYTES_MIB] = {"MiB", 1024.0 * 1024, 'M'},
    [TOP_FORMAT_BYTES_GIB] = {"GiB", 1024.0 * 1024 * 1024, 'G'},
};

const char *
top_format_bytes_name(TopFormatBytes bytes)
{
    return units_of_bytes[bytes].name;
}

bool
top_format_bytes_find(const char *name, TopFormatBytes *ret_bytes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(units_of_bytes); i++) {
        if (strcmp(units_of_bytes[i].name, name) == 0) {
            *ret_bytes = (TopFormatBytes)i;
            return true;
        }
    }
    return false;
}

/* A decimal below a hundred, so what is small beside the unit is not shown as nothing. */
void
top_format_append_bytes(GString *out, double number, TopFormatBytes bytes)
{
    if (bytes == TOP_FORMAT_BYTES_AUTOMATIC || number <= 0) {
        append_prefixed(out, number, 1024, "KMGTPE");
        return;
    }
    number /= units_of_bytes[bytes].size;
    append_decimals(out, number, number < 99.95 ? 1 : 0);
    g_string_append_c(out, units_of_bytes[bytes].letter);
}

static bool
is_of_bytes(const TopColumn *column)
{
    return column->unit == TOP_COLUMN_UNIT_BYTES || column->unit == TOP_COLUMN_UNIT_BYTE_RATE;
}

bool
top_format_is_long(const TopColumn *column, TopFormatBytes bytes)
{
    return bytes != TOP_FORMAT_BYTES_AUTOMATIC && is_of_bytes(column);
}

/* A few a second show a decimal. */
static void
append_rate(GString *out, double number)
{
    if (number > 0 && number < 9.95)
        append_decimals(out, number, 1);
    else
        append_prefixed(out, number, 1000, "kMGTPE");
}

static void
append_percent(GString *out, double number)
{
    append_decimals(out, number, number < 999.95 ? 1 : 0);
}

static void
append_ms(GString *out, double number)
{
    if (number < 9.995)
        append_decimals(out, number, 2);
    else if (number < 999.95)
        append_decimals(out, number, 1);
    else
        append_prefixed(out, number, 1000, "kMGTPE");
}

static void
append_age(GString *out, double seconds)
{
    static const struct {
        double below;
        double divisor;
        int decimals;
        const char *suffix;
    } steps[] = {
        {9.95, 1, 1, "s"},           {99.5, 1, 0, "s"},         {99.5 * 60, 60, 0, "m"},
        {99.5 * 3600, 3600, 0, "h"}, {HUGE_VAL, 86400, 0, "d"},
    };
    size_t i = 0;

    while (seconds >= steps[i].below && i + 1 < G_N_ELEMENTS(steps))
        i++;
    append_decimals(out, seconds / steps[i].divisor, steps[i].decimals);
    g_string_append(out, steps[i].suffix);
}

/* 1:23.4 below an hour, 1:23:45 above, 1234:56h from a thousand hours on. */
static void
append_time(GString *out, double seconds)
{
    double minutes = floor(seconds / 60), hours = floor(seconds / 3600);

    if (hours < 1)
        g_string_append_printf(out, "%.0f:%02.0f", minutes, floor(seconds - minutes * 60));
    else if (hours < 1000)
        g_string_append_printf(out, "%.0f:%02.0f:%02.0f", hours, minutes - hours * 60,
                               floor(seconds - minutes * 60));
    else
        g_string_append_printf(out, "%.0fh", hours);
}

void
top_format_append_number(GString *out, TopColumnUnit unit, double number)
{
    switch (unit) {
    case TOP_COLUMN_UNIT_TEXT:
        return;
    case TOP_COLUMN_UNIT_COUNT:
        if (number < 99999.5)
            append_decimals(out, number, 0);
        else
            append_prefixed(out, number, 1000, "kMGTPE");
        return;
    case TOP_COLUMN_UNIT_PERCENT:
        append_percent(out, number);
        return;
    case TOP_COLUMN_UNIT_BYTES:
    case TOP_COLUMN_UNIT_BYTE_RATE:
        top_format_append_bytes(out, number, TOP_FORMAT_BYTES_AUTOMATIC);
        return;
    case TOP_COLUMN_UNIT_RATE:
        append_rate(out, number);
        return;
    case TOP_COLUMN_UNIT_MS:
        append_ms(out, number);
        return;
    case TOP_COLUMN_UNIT_AGE:
        append_age(out, number);
        return;
    case TOP_COLUMN_UNIT_TIME:
        append_time(out, number);
        return;
    }
}

void
top_format_append(GString *out, const TopColumn *column, const TopColumnCell *cell,
                  TopFormatBytes bytes)
{
    if (!cell->is_known) {
        g_string_append_c(out, '-');
        return;
    }
    if (column->unit == TOP_COLUMN_UNIT_TEXT) {
        g_string_append(out, cell->text);
        return;
    }
    if (cell->is_estimate)
        g_string_append_c(out, '~');
    if (is_of_bytes(column))
        top_format_append_bytes(out, cell->number, bytes);
    else
        top_format_append_number(out, column->unit, cell->number);
}

void
top_format_append_exact(GString *out, const TopColumn *column, const TopColumnCell *cell)
{
    gsize end = 0;

    if (!cell->is_known)
        return;
    if (column->unit == TOP_COLUMN_UNIT_TEXT) {
        g_string_append(out, cell->text);
        return;
    }
    append_decimals(out, cell->number, 3);
    for (end = out->len; out->str[end - 1] == '0'; end--)
        continue;
    g_string_truncate(out, out->str[end - 1] == '.' ? end - 1 : end);
}
