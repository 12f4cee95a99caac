/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_openmetrics_number: numbers as text.
 */
#include "openmetrics/openmetrics_number.h"

#include <math.h>
#include <string.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    virTypedParameter param;
    OpenmetricsFamilyScale scale;
    const char *expected; /* NULL: it is no value */
} Row;

#define DOUBLE(number)                                                                             \
    {                                                                                              \
        .type = VIR_TYPED_PARAM_DOUBLE, .value.d = number                                          \
    }
#define ULL(number)                                                                                \
    {                                                                                              \
        .type = VIR_TYPED_PARAM_ULLONG, .value.ul = number                                         \
    }

static const Row rows[] = {
    {"zero", ULL(0), OPENMETRICS_FAMILY_PLAIN, "0"},
    {"the largest integer", ULL(UINT64_MAX), OPENMETRICS_FAMILY_PLAIN, "18446744073709551615"},
    {"the smallest",
     {.type = VIR_TYPED_PARAM_LLONG, .value.l = INT64_MIN},
     OPENMETRICS_FAMILY_PLAIN,
     "-9223372036854775808"},
    {"a negative int",
     {.type = VIR_TYPED_PARAM_INT, .value.i = -7},
     OPENMETRICS_FAMILY_MIB,
     "-7340032"},
    {"nanoseconds, all digits", ULL(123456789012345678), OPENMETRICS_FAMILY_NS,
     "123456789.012345678"},
    {"whole seconds have no point", ULL(5000000000), OPENMETRICS_FAMILY_NS, "5"},
    {"one nanosecond", ULL(1), OPENMETRICS_FAMILY_NS, "0.000000001"},
    {"microseconds",
     {.type = VIR_TYPED_PARAM_LLONG, .value.l = -1500},
     OPENMETRICS_FAMILY_US,
     "-0.0015"},
    {"KiB", ULL(3), OPENMETRICS_FAMILY_KIB, "3072"},
    {"what does not fit is the nearest float", ULL(UINT64_MAX / 2), OPENMETRICS_FAMILY_KIB,
     "9.44473296573929e+21"},
    {"yes", {.type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 1}, OPENMETRICS_FAMILY_PLAIN, "1"},
    {"no number",
     {.type = VIR_TYPED_PARAM_STRING, .value.s = (char *)"5"},
     OPENMETRICS_FAMILY_PLAIN,
     NULL},
    {"not a number", DOUBLE((double)NAN), OPENMETRICS_FAMILY_PLAIN, NULL},
    {"infinite", DOUBLE(-(double)INFINITY), OPENMETRICS_FAMILY_PLAIN, NULL},
    {"infinite once scaled", DOUBLE(1e308), OPENMETRICS_FAMILY_KIB, NULL},
    {"a whole float has a point", DOUBLE(1), OPENMETRICS_FAMILY_PLAIN, "1.0"},
    {"zero as float", DOUBLE(0), OPENMETRICS_FAMILY_PLAIN, "0.0"},
    {"a tenth", DOUBLE(0.1), OPENMETRICS_FAMILY_PLAIN, "0.1"},
    {"a third, all digits", DOUBLE(1.0 / 3), OPENMETRICS_FAMILY_PLAIN, "0.3333333333333333"},
    {"negative", DOUBLE(-17.25), OPENMETRICS_FAMILY_PLAIN, "-17.25"},
    {"the smallest without an exponent", DOUBLE(0.0001), OPENMETRICS_FAMILY_PLAIN, "0.0001"},
    {"smaller", DOUBLE(0.00001), OPENMETRICS_FAMILY_PLAIN, "1e-05"},
    {"the largest without an exponent", DOUBLE(100000), OPENMETRICS_FAMILY_PLAIN, "100000.0"},
    {"larger", DOUBLE(1000000), OPENMETRICS_FAMILY_PLAIN, "1e+06"},
    {"larger, with digits", DOUBLE(123456789.5), OPENMETRICS_FAMILY_PLAIN, "1.234567895e+08"},
    {"three digits of an exponent", DOUBLE(1e-300), OPENMETRICS_FAMILY_PLAIN, "1e-300"},
};

static void
writes(const void *data)
{
    const Row *row = data;
    g_auto(OpenmetricsBuffer) out = {0};
    bool is_value = openmetrics_number_append_param(&out, &row->param, row->scale);

    assert_int_equal(is_value, row->expected != NULL);
    openmetrics_buffer_append_char(&out, '\0');
    assert_string_equal(out.bytes, row->expected ? row->expected : "");
}

int
main(void)
{
    return TESTING_RUN_TABLE("openmetrics_number", rows, writes);
}
