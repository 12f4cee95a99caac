/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_params: parameters are taken out in the order in which they were added, or an error
 * names the one that was refused.
 */
#include "testing.h"

#include <limits.h>
#include <string.h>

#include "util/util_error.h"
#include "util/util_params.h"

#define NAME_39 "abcdefghijklmnopqrstuvwxyz.0123456789.x"
#define NAME_79 NAME_39 "-" NAME_39

enum { N_MANY = 1000 };

typedef struct {
    const char *sentence;
    void (*fill)(UtilParams *params);
    const char *outcome; /* "name type value" a line, or "error: " and a part of the reason */
    size_t n_expected;
} Row;

static void
fill_nothing(UtilParams *params)
{
    assert_int_equal(params->n_params, 0);
}

static void
fill_every_type(UtilParams *params)
{
    util_params_add_int(params, "i", INT_MIN);
    util_params_add_uint(params, "ui", UINT_MAX);
    util_params_add_llong(params, "l", LLONG_MIN);
    util_params_add_ullong(params, "ul", ULLONG_MAX);
    util_params_add_double(params, "d", -0.5);
    util_params_add_boolean(params, "yes", true);
    util_params_add_boolean(params, "no", false);
    util_params_add_string(params, "s", "text");
}

static void
fill_copied_string(UtilParams *params)
{
    char value[] = "before";

    util_params_add_string(params, "s", value);
    memcpy(value, "after!", sizeof(value));
}

static void
fill_absent_string(UtilParams *params)
{
    util_params_add_string(params, "s", NULL);
    util_params_add_int(params, "i", 1);
}

static void
fill_longest_name(UtilParams *params)
{
    util_params_add_int(params, NAME_79, 1);
}

static void
fill_names_too_long(UtilParams *params)
{
    util_params_add_string(params, "fits", "freed all the same");
    util_params_add_int(params, NAME_79 "1", 1);
    util_params_add_string(params, NAME_79 "2", "not copied");
}

static void
fill_name_far_too_long(UtilParams *params)
{
    g_autofree char *name = g_strnfill(100000, 'n');

    util_params_add_int(params, name, 1);
    assert_true(strlen(params->bad_name) >= VIR_TYPED_PARAM_FIELD_LENGTH);
    assert_true(strlen(params->bad_name) <= 1000);
}

static const Row rows[] = {
    {"nothing added, nothing taken", fill_nothing, ""},
    {"nothing added though room was made, nothing taken", fill_nothing, "", 10},
    {"every type at the end of its range", fill_every_type,
     "i int -2147483648\nui uint 4294967295\nl llong -9223372036854775808\n"
     "ul ullong 18446744073709551615\nd double -0.5\nyes boolean 1\nno boolean 0\n"
     "s string text\n"},
    {"more than there was room for", fill_every_type,
     "i int -2147483648\nui uint 4294967295\nl llong -9223372036854775808\n"
     "ul ullong 18446744073709551615\nd double -0.5\nyes boolean 1\nno boolean 0\n"
     "s string text\n",
     1},
    {"a string is copied", fill_copied_string, "s string before\n"},
    {"a string that is absent adds nothing", fill_absent_string, "i int 1\n"},
    {"the longest name that fits", fill_longest_name, NAME_79 " int 1\n"},
    {"the first name that does not fit is named", fill_names_too_long,
     "error: '" NAME_79 "1' is longer than 79 bytes"},
    {"of a very long name the head is kept", fill_name_far_too_long, "error: 'nnnnnnnnnn"},
};

static void
append_param(GString *text, const virTypedParameter *param)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE] = "";

    g_string_append_printf(text, "%s ", param->field);
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        g_string_append_printf(text, "int %d\n", param->value.i);
        break;
    case VIR_TYPED_PARAM_UINT:
        g_string_append_printf(text, "uint %u\n", param->value.ui);
        break;
    case VIR_TYPED_PARAM_LLONG:
        g_string_append_printf(text, "llong %lld\n", param->value.l);
        break;
    case VIR_TYPED_PARAM_ULLONG:
        g_string_append_printf(text, "ullong %llu\n", param->value.ul);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        g_ascii_dtostr(number, sizeof(number), param->value.d);
        g_string_append_printf(text, "double %s\n", number);
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        g_string_append_printf(text, "boolean %d\n", param->value.b);
        break;
    case VIR_TYPED_PARAM_STRING:
        g_string_append_printf(text, "string %s\n", param->value.s);
        break;
    default:
        g_string_append_printf(text, "unknown %d\n", param->type);
    }
}

static void
check_taken(UtilParams *params, const char *outcome)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    virTypedParameter *array = NULL;
    int n_params = -1;

    assert_true(util_params_steal(params, &array, &n_params, &error));
    assert_null(error);
    for (int i = 0; i < n_params; i++)
        append_param(text, &array[i]);
    assert_true((array == NULL) == (n_params == 0));
    util_params_free_array(array, n_params);
    testing_assert_same_text(text->str, outcome);
}

static void
check_error(UtilParams *params, const char *reason)
{
    g_autoptr(GError) error = NULL;
    virTypedParameter *array = NULL;
    int n_params = -1;

    assert_false(util_params_steal(params, &array, &n_params, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INTERNAL));
    assert_null(array);
    assert_int_equal(n_params, -1);
    if (strstr(error->message, reason) == NULL)
        testing_assert_same_text(error->message, reason);
}

static void
gives_params(const void *data)
{
    const Row *row = data;
    g_auto(UtilParams) params = {0};

    util_params_init(&params, row->n_expected, 0);
    row->fill(&params);
    if (g_str_has_prefix(row->outcome, "error: ")) {
        check_error(&params, row->outcome + strlen("error: "));
        return;
    }
    check_taken(&params, row->outcome);
    /* Taking them has left an empty list that can be used again. */
    check_taken(&params, "");
    util_params_add_int(&params, "again", 2);
    check_taken(&params, "again int 2\n");
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} LifeRow;

static void
grows(void)
{
    g_auto(UtilParams) params = {0};
    virTypedParameter *array = NULL;
    int n_params = 0;

    util_params_init(&params, 3, 0);
    for (unsigned int i = 0; i < N_MANY; i++)
        util_params_add_uint(&params, "n", i);
    assert_true(util_params_steal(&params, &array, &n_params, NULL));
    assert_int_equal(n_params, N_MANY);
    for (unsigned int i = 0; i < N_MANY; i++)
        assert_int_equal(array[i].value.ui, i);
    util_params_free_array(array, n_params);
}

static void
clears_twice(void)
{
    UtilParams params = {0};

    util_params_init(&params, 1, 0);
    fill_names_too_long(&params);
    util_params_clear(&params);
    util_params_clear(&params);
    assert_int_equal(params.n_params, 0);
    assert_null(params.bad_name);
}

static void
frees_no_array(void)
{
    util_params_free_array(NULL, 0);
}

/* A count is of any integer type; nothing else is one. */
static void
reads_counts(void)
{
    static const struct {
        virTypedParameter param;
        uint64_t count; /* UINT64_MAX: it is none */
    } counts[] = {
        {{.type = VIR_TYPED_PARAM_INT, .value.i = 7}, 7},
        {{.type = VIR_TYPED_PARAM_INT, .value.i = -1}, UINT64_MAX},
        {{.type = VIR_TYPED_PARAM_UINT, .value.ui = UINT_MAX}, UINT_MAX},
        {{.type = VIR_TYPED_PARAM_LLONG, .value.l = LLONG_MAX}, LLONG_MAX},
        {{.type = VIR_TYPED_PARAM_LLONG, .value.l = LLONG_MIN}, UINT64_MAX},
        {{.type = VIR_TYPED_PARAM_ULLONG, .value.ul = ULLONG_MAX - 1}, ULLONG_MAX - 1},
        {{.type = VIR_TYPED_PARAM_BOOLEAN, .value.b = 1}, 1},
        {{.type = VIR_TYPED_PARAM_DOUBLE, .value.d = 1}, UINT64_MAX},
        {{.type = VIR_TYPED_PARAM_STRING}, UINT64_MAX},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        uint64_t count = UINT64_MAX;

        assert_int_equal(util_params_read_count(&counts[i].param, &count),
                         counts[i].count != UINT64_MAX);
        assert_true(count == counts[i].count);
    }
}

static const LifeRow life_rows[] = {
    {"a list grows without losing any", grows},
    {"a list that nobody took frees its strings, and clearing it again is harmless", clears_twice},
    {"freeing no array is harmless", frees_no_array},
    {"a count is read from each integer type", reads_counts},
};

static void
lives(const void *data)
{
    const LifeRow *row = data;

    row->check();
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("util_params", rows, gives_params);

    n_failed += TESTING_RUN_TABLE("util_params lives", life_rows, lives);
    return n_failed;
}
