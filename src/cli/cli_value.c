/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_value: see cli_value.h. A host has some hundred thousand values, nearly all of them integers,
 * so integers are printed without printf and without allocating.
 */
#include "cli_value.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli_escape.h"

static void
append_unsigned(GString *out, uint64_t value)
{
    char digits[20]; /* 2^64-1 has twenty */
    size_t start = sizeof(digits);

    do {
        digits[--start] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    g_string_append_len(out, digits + start, (gssize)(sizeof(digits) - start));
}

static void
append_signed(GString *out, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    if (value < 0)
        g_string_append_c(out, '-');
    append_unsigned(out, magnitude);
}

/* Appends nothing and gives false if the parameter is no integer. */
static bool
append_integer(GString *out, const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        append_signed(out, param->value.i);
        return true;
    case VIR_TYPED_PARAM_UINT:
        append_unsigned(out, param->value.ui);
        return true;
    case VIR_TYPED_PARAM_LLONG:
        append_signed(out, param->value.l);
        return true;
    case VIR_TYPED_PARAM_ULLONG:
        append_unsigned(out, param->value.ul);
        return true;
    default:
        return false;
    }
}

void
cli_value_append_text(GString *out, const virTypedParameter *param)
{
    if (append_integer(out, param))
        return;
    if (param->type == VIR_TYPED_PARAM_DOUBLE)
        g_string_append_printf(out, "%f", param->value.d);
    else if (param->type == VIR_TYPED_PARAM_BOOLEAN)
        g_string_append(out, param->value.b ? "yes" : "no");
    else if (param->type == VIR_TYPED_PARAM_STRING)
        cli_escape_append_text(out, param->value.s);
}

/* Adds ".0" to a whole number, so that no reader takes it for an integer. */
static void
append_json_double(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (!isfinite(value)) {
        g_string_append(out, "null");
        return;
    }
    /* Fifteen digits are always exact; if they do not give the same double back, seventeen do. */
    g_ascii_formatd(text, sizeof(text), "%.15g", value);
    if (g_ascii_strtod(text, NULL) < value || g_ascii_strtod(text, NULL) > value)
        g_ascii_formatd(text, sizeof(text), "%.17g", value);
    g_string_append(out, text);
    if (strpbrk(text, ".e") == NULL)
        g_string_append(out, ".0");
}

void
cli_value_append_json(GString *out, const virTypedParameter *param)
{
    if (append_integer(out, param))
        return;
    if (param->type == VIR_TYPED_PARAM_DOUBLE)
        append_json_double(out, param->value.d);
    else if (param->type == VIR_TYPED_PARAM_BOOLEAN)
        g_string_append(out, param->value.b ? "true" : "false");
    else if (param->type == VIR_TYPED_PARAM_STRING)
        cli_escape_append_json(out, param->value.s);
    else
        g_string_append(out, "null");
}
