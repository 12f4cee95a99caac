/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_number: see openmetrics_number.h.
 */
#include "openmetrics_number.h"

#include <math.h>
#include <stdlib.h>

enum {
    COUNT_BYTES = 20, /* of the largest 64-bit number */
    FLOAT_DIGITS = 17,
    /* From here on, and below the other, a float is written with an exponent: as Go and OpenMetrics
     * do. */
    LARGE_EXPONENT = 6,
    SMALL_EXPONENT = -4,
};

typedef struct {
    uint64_t factor;
    uint64_t divisor;
    unsigned int n_decimals;
} Scale;

static const Scale scales[] = {
    [OPENMETRICS_FAMILY_PLAIN] = {1, 1, 0},    [OPENMETRICS_FAMILY_NS] = {1, 1000000000, 9},
    [OPENMETRICS_FAMILY_US] = {1, 1000000, 6}, [OPENMETRICS_FAMILY_MS] = {1, 1000, 3},
    [OPENMETRICS_FAMILY_KIB] = {1024, 1, 0},   [OPENMETRICS_FAMILY_MIB] = {1048576, 1, 0},
};

void
openmetrics_number_append_count(OpenmetricsBuffer *out, uint64_t value)
{
    char digits[COUNT_BYTES];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    openmetrics_buffer_append(out, digits + at, sizeof(digits) - at);
}

void
openmetrics_number_append_integer(OpenmetricsBuffer *out, int64_t value)
{
    if (value < 0)
        openmetrics_buffer_append_char(out, '-');
    openmetrics_number_append_count(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* A point and @n digits of @value, without zeros at the end. */
static void
append_decimals(OpenmetricsBuffer *out, uint64_t value, unsigned int n)
{
    char digits[COUNT_BYTES];

    if (value == 0)
        return;
    for (; value % 10 == 0; value /= 10)
        n--;
    for (unsigned int i = n; i > 0; i--) {
        digits[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    openmetrics_buffer_append_char(out, '.');
    openmetrics_buffer_append(out, digits, n);
}

void
openmetrics_number_append_scaled(OpenmetricsBuffer *out, uint64_t value,
                                 OpenmetricsFamilyScale scale)
{
    const Scale *by = &scales[scale];

    if (value > UINT64_MAX / by->factor) {
        openmetrics_number_append_float(out, (double)value * (double)by->factor);
        return;
    }
    value *= by->factor;
    openmetrics_number_append_count(out, value / by->divisor);
    append_decimals(out, value % by->divisor, by->n_decimals);
}

/* The digits of @value, as few as read back to it, without sign and point, and its exponent: that
 * of the first digit. @value is finite and not negative. */
static size_t
split(double value, char digits[FLOAT_DIGITS], int *ret_exponent)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    char *exponent = NULL;
    size_t n = 0;

    for (int precision = 0; precision < FLOAT_DIGITS; precision++) {
        char format[] = "%.00e";

        format[2] = (char)('0' + precision / 10);
        format[3] = (char)('0' + precision % 10);
        g_ascii_formatd(text, sizeof(text), format, value);
        if (!(fabs(g_ascii_strtod(text, NULL) - value) > 0))
            break;
    }
    exponent = strchr(text, 'e');
    for (const char *c = text; c < exponent; c++)
        if (g_ascii_isdigit(*c))
            digits[n++] = *c;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    *ret_exponent = (int)g_ascii_strtoll(exponent + 1, NULL, 10);
    return n;
}

static void
append_with_exponent(OpenmetricsBuffer *out, const char *digits, size_t n, int exponent)
{
    openmetrics_buffer_append_char(out, digits[0]);
    if (n > 1) {
        openmetrics_buffer_append_char(out, '.');
        openmetrics_buffer_append(out, digits + 1, n - 1);
    }
    openmetrics_buffer_append_text(out, exponent < 0 ? "e-" : "e+");
    if (abs(exponent) < 10)
        openmetrics_buffer_append_char(out, '0');
    openmetrics_number_append_count(out, (uint64_t)abs(exponent));
}

/* A point stands after digit @exponent, counted from 0. */
static void
append_with_point(OpenmetricsBuffer *out, const char *digits, size_t n, int exponent)
{
    for (int i = MIN(exponent, 0); i < MAX((int)n, exponent + 2); i++) {
        openmetrics_buffer_append_char(out, i >= 0 && i < (int)n ? digits[i] : '0');
        if (i == exponent)
            openmetrics_buffer_append_char(out, '.');
    }
}

void
openmetrics_number_append_float(OpenmetricsBuffer *out, double value)
{
    char digits[FLOAT_DIGITS];
    int exponent = 0;
    size_t n = 0;

    if (isnan(value) || isinf(value)) {
        openmetrics_buffer_append_text(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (signbit(value))
        openmetrics_buffer_append_char(out, '-');
    n = split(fabs(value), digits, &exponent);
    if (exponent < SMALL_EXPONENT || exponent >= LARGE_EXPONENT)
        append_with_exponent(out, digits, n, exponent);
    else
        append_with_point(out, digits, n, exponent);
}

static void
append_signed(OpenmetricsBuffer *out, int64_t value, OpenmetricsFamilyScale scale)
{
    if (value < 0)
        openmetrics_buffer_append_char(out, '-');
    openmetrics_number_append_scaled(out, value < 0 ? -(uint64_t)value : (uint64_t)value, scale);
}

static bool
append_double(OpenmetricsBuffer *out, double value, const Scale *scale)
{
    double scaled = value * (double)scale->factor / (double)scale->divisor;

    if (!isfinite(scaled))
        return false;
    openmetrics_number_append_float(out, scaled);
    return true;
}

bool
openmetrics_number_append_param(OpenmetricsBuffer *out, const virTypedParameter *param,
                                OpenmetricsFamilyScale scale)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_ULLONG:
        openmetrics_number_append_scaled(out, param->value.ul, scale);
        return true;
    case VIR_TYPED_PARAM_UINT:
        openmetrics_number_append_scaled(out, param->value.ui, scale);
        return true;
    case VIR_TYPED_PARAM_LLONG:
        append_signed(out, param->value.l, scale);
        return true;
    case VIR_TYPED_PARAM_INT:
        append_signed(out, param->value.i, scale);
        return true;
    case VIR_TYPED_PARAM_BOOLEAN:
        openmetrics_buffer_append_char(out, param->value.b ? '1' : '0');
        return true;
    case VIR_TYPED_PARAM_DOUBLE:
        return append_double(out, param->value.d, &scales[scale]);
    default:
        return false;
    }
}
