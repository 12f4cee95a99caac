/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_format: numbers as the screen of `domstats top` and other programs get them.
 */
#include "top/top_format.h"

#include <string.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    TopColumnUnit unit;
    double number;
    const char *expected;
    const char *exact;
} Row;

static const Row rows[] = {
    {"no bytes", TOP_COLUMN_UNIT_BYTES, 0, "0", "0"},
    {"some bytes", TOP_COLUMN_UNIT_BYTES, 1023, "1023", "1023"},
    {"a KiB", TOP_COLUMN_UNIT_BYTES, 1024, "1.0K", "1024"},
    {"tens of MiB", TOP_COLUMN_UNIT_BYTES, 67108864, "64M", "67108864"},
    {"what rounds up to the next prefix", TOP_COLUMN_UNIT_BYTES, 1048575, "1.0M", "1048575"},
    {"what rounds up to two digits", TOP_COLUMN_UNIT_BYTES, 10240 - 20, "10K", "10220"},
    {"as much as there is", TOP_COLUMN_UNIT_BYTES, 18446744073709551615.0, "16E",
     "18446744073709551616"},
    {"bytes a second", TOP_COLUMN_UNIT_BYTE_RATE, 1536.5, "1.5K", "1536.5"},
    {"a rate below ten", TOP_COLUMN_UNIT_RATE, 0.25, "0.2", "0.25"},
    {"a rate that is next to nothing is not nothing", TOP_COLUMN_UNIT_RATE, 0.001, "0.0", "0.001"},
    {"a rate of nothing", TOP_COLUMN_UNIT_RATE, 0, "0", "0"},
    {"a rate above ten", TOP_COLUMN_UNIT_RATE, 12.5, "12", "12.5"},
    {"thousands a second", TOP_COLUMN_UNIT_RATE, 1500, "1.5k", "1500"},
    {"part of a processor", TOP_COLUMN_UNIT_PERCENT, 12.34, "12.3", "12.34"},
    {"ten processors and more", TOP_COLUMN_UNIT_PERCENT, 1234.5, "1234", "1234.5"},
    {"microseconds", TOP_COLUMN_UNIT_MS, 0.0423, "0.04", "0.042"},
    {"milliseconds", TOP_COLUMN_UNIT_MS, 12.34, "12.3", "12.34"},
    {"seconds of latency", TOP_COLUMN_UNIT_MS, 12345, "12k", "12345"},
    {"an age below ten seconds", TOP_COLUMN_UNIT_AGE, 0.34, "0.3s", "0.34"},
    {"an age of seconds", TOP_COLUMN_UNIT_AGE, 59, "59s", "59"},
    {"an age of minutes", TOP_COLUMN_UNIT_AGE, 125, "2m", "125"},
    {"an age of hours", TOP_COLUMN_UNIT_AGE, 7 * 3600, "7h", "25200"},
    {"an age of days", TOP_COLUMN_UNIT_AGE, 9 * 86400, "9d", "777600"},
    {"CPU time", TOP_COLUMN_UNIT_TIME, 83.9, "1:23", "83.9"},
    {"hours of CPU time", TOP_COLUMN_UNIT_TIME, 5025, "1:23:45", "5025"},
    {"months of CPU time", TOP_COLUMN_UNIT_TIME, 3600.0 * 12345, "12345h", "44442000"},
    {"a count", TOP_COLUMN_UNIT_COUNT, 99999, "99999", "99999"},
    {"a large count", TOP_COLUMN_UNIT_COUNT, 123456, "123k", "123456"},
};

static void
formats(const void *data)
{
    const Row *row = data;
    const TopColumn column = {.unit = row->unit};
    const TopColumnCell cell = {.is_known = true, .number = row->number};
    g_autoptr(GString) got = g_string_new(NULL);

    top_format_append(got, &column, &cell, TOP_FORMAT_BYTES_AUTOMATIC);
    assert_string_equal(got->str, row->expected);
    g_string_truncate(got, 0);
    top_format_append_exact(got, &column, &cell);
    assert_string_equal(got->str, row->exact);
}

/* Of each size in KiB, MiB and GiB. */
static void
fixed_units_hold_for_bytes_alone(void **state)
{
    static const struct {
        TopColumnUnit unit;
        double number;
        const char *expected[TOP_FORMAT_N_BYTES];
    } sizes[] = {
        {TOP_COLUMN_UNIT_BYTES, 0, {"0", "0", "0", "0"}},
        {TOP_COLUMN_UNIT_BYTES, 512, {"512", "0.5K", "0.0M", "0.0G"}},
        {TOP_COLUMN_UNIT_BYTES, 102400 - 30, {"100K", "100K", "0.1M", "0.0G"}},
        {TOP_COLUMN_UNIT_BYTES, 1610612736, {"1.5G", "1572864K", "1536M", "1.5G"}},
        {TOP_COLUMN_UNIT_BYTES, 68719476736, {"64G", "67108864K", "65536M", "64.0G"}},
        {TOP_COLUMN_UNIT_BYTE_RATE, 1048576, {"1.0M", "1024K", "1.0M", "0.0G"}},
        {TOP_COLUMN_UNIT_RATE, 1536, {"1.5k", "1.5k", "1.5k", "1.5k"}},
        {TOP_COLUMN_UNIT_COUNT, 123456, {"123k", "123k", "123k", "123k"}},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const TopColumn column = {.unit = sizes[i].unit};
        const TopColumnCell cell = {.is_known = true, .number = sizes[i].number};

        for (TopFormatBytes bytes = 0; bytes < TOP_FORMAT_N_BYTES; bytes++) {
            g_autoptr(GString) got = g_string_new(NULL);

            top_format_append(got, &column, &cell, bytes);
            assert_string_equal(got->str, sizes[i].expected[bytes]);
        }
    }
}

static void
units_are_found_by_their_names(void **state)
{
    TopFormatBytes found = TOP_FORMAT_BYTES_AUTOMATIC;

    (void)state;
    for (TopFormatBytes bytes = 0; bytes < TOP_FORMAT_N_BYTES; bytes++) {
        assert_true(top_format_bytes_find(top_format_bytes_name(bytes), &found));
        assert_int_equal(found, bytes);
    }
    assert_false(top_format_bytes_find("TiB", &found));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_units_hold_for_bytes_alone),
        cmocka_unit_test(units_are_found_by_their_names),
    };

    return TESTING_RUN_TABLE("top_format", rows, formats) +
           cmocka_run_group_tests_name("top_format", tests, NULL, NULL);
}
