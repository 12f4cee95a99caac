/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of util_jsonpool: what fits a shape that was learned, what does not, and who holds a
 * tree.
 */
#include "util/util_jsonpool.h"

#include <string.h>

#include "testing.h"

enum { MAX_DEPTH = 16 };

static UtilJson *
learn(UtilJsonPool *pool, const char *text)
{
    UtilJson *value = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);

    assert_non_null(value);
    util_jsonpool_learn(pool, text, strlen(text), value);
    return value;
}

static UtilJson *
fill(UtilJsonPool *pool, const char *text)
{
    size_t size = 0;

    return util_jsonpool_fill(pool, text, strlen(text), &size);
}

typedef struct {
    const char *sentence;
    const char *learned;
    const char *text; /* fits as far as @n_bytes */
    size_t n_bytes;   /* 0: does not fit */
} FitRow;

/* clang-format off */
static const FitRow fit_rows[] = {
    {"the very same", "{\"a\":1}", "{\"a\":1}", 7},
    {"another number of another length", "{\"a\":1}", "{\"a\":12345}", 11},
    {"a negative one", "{\"a\":1}", "{\"a\":-1}", 8},
    {"the largest and the smallest", "{\"a\":1,\"b\":2}",
     "{\"a\":18446744073709551615,\"b\":-9223372036854775808}", 51},
    {"from past 2^63 back to a small one", "{\"a\":18446744073709551615}", "{\"a\":7}", 7},
    {"another string", "{\"a\":\"x\"}", "{\"a\":\"yes, and longer\"}", 23},
    {"a shorter string", "{\"a\":\"long enough to be kept apart\"}", "{\"a\":\"y\"}", 9},
    {"what comes after it is not looked at", "{\"a\":1}", "{\"a\":2}\r\n{\"a\":", 7},
    {"nested and mixed", "{\"r\":[{\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"v\":true},null,[]]}",
     "{\"r\":[{\"n\":\"c\",\"v\":9},{\"n\":\"d\",\"v\":true},null,[]]}", 50},
    {"white space is part of a shape", "{ \"a\" : 1 }", "{ \"a\" : 22 }", 12},
    {"nothing to fill at all", "{\"a\":{}}", "{\"a\":{}}", 8},
    {"a name that holds what looks like a number", "{\"a 1 \\\" 2\":3}", "{\"a 1 \\\" 2\":4}", 14},
    {"a string that looks like a name", "{\"a\":\"b\",\"c\":\"d\"}", "{\"a\":\"c\",\"c\":\"a\"}", 17},

    {"other white space", "{\"a\":1}", "{\"a\": 1}", 0},
    {"another name", "{\"a\":1}", "{\"b\":1}", 0},
    {"one member more", "{\"a\":1}", "{\"a\":1,\"b\":2}", 0},
    {"true in place of false", "{\"a\":false}", "{\"a\":true}", 0},
    {"a string in place of a number", "{\"a\":1}", "{\"a\":\"1\"}", 0},
    {"a number in place of a string", "{\"a\":\"1\"}", "{\"a\":1}", 0},
    {"a fraction", "{\"a\":1}", "{\"a\":1.5}", 0},
    {"an exponent", "{\"a\":1}", "{\"a\":1e5}", 0},
    {"a leading zero", "{\"a\":1}", "{\"a\":01}", 0},
    {"a sign alone", "{\"a\":1}", "{\"a\":-}", 0},
    {"a plus sign", "{\"a\":1}", "{\"a\":+1}", 0},
    {"one past 64 bits", "{\"a\":1}", "{\"a\":18446744073709551616}", 0},
    {"one past 64 bits below 0", "{\"a\":1}", "{\"a\":-9223372036854775809}", 0},
    {"a hundred digits", "{\"a\":1}",
     "{\"a\":99999999999999999999999999999999999999999999999999999999999999999999999999}", 0},
    {"an escape in a string", "{\"a\":\"x\"}", "{\"a\":\"x\\n\"}", 0},
    {"a quote in a string", "{\"a\":\"x\"}", "{\"a\":\"x\\\"\"}", 0},
    {"a control byte in a string", "{\"a\":\"x\"}", "{\"a\":\"x\x01\"}", 0},
    {"a letter that is not ASCII", "{\"a\":\"x\"}", "{\"a\":\"\xC3\xA9\"}", 0},
    {"an empty string is another shape", "{\"a\":\"x\"}", "{\"a\":\"\"}", 0},
    {"cut in a number", "{\"a\":1}", "{\"a\":1", 0},
    {"cut in a string", "{\"a\":\"xyz\"}", "{\"a\":\"xy", 0},
    {"cut before the end", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2", 0},
    {"nothing", "{\"a\":1}", "", 0},

    {"no shape: a fraction", "{\"a\":1.5}", "{\"a\":1.5}", 0},
    {"no shape: an exponent", "{\"a\":1e3}", "{\"a\":1e3}", 0},
    {"no shape: an escape in a value", "{\"a\":\"\\u0041\"}", "{\"a\":\"\\u0041\"}", 0},
    {"no shape: a member that comes twice", "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}", 0},
    {"no shape: the same twice", "{\"a\":1,\"a\":1}", "{\"a\":1,\"a\":1}", 0},
};
/* clang-format on */

static void
fits(const void *data)
{
    const FitRow *row = data;
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    g_autoptr(UtilJson) expected = NULL;
    g_autoptr(UtilJson) filled = NULL;
    g_autofree char *cut = g_strndup(row->text, row->n_bytes);
    size_t size = 0;

    util_json_unref(learn(pool, row->learned));
    filled = util_jsonpool_fill(pool, row->text, strlen(row->text), &size);
    if (row->n_bytes == 0) {
        assert_null(filled);
        return;
    }
    assert_non_null(filled);
    assert_int_equal(size, row->n_bytes);
    expected = util_json_parse(cut, row->n_bytes, MAX_DEPTH, NULL);
    assert_true(util_json_is_equal(filled, expected));
}

static void
assert_text(const UtilJson *value, const char *expected)
{
    g_autofree char *text = util_json_to_text(value, false);

    testing_assert_same_text(text, expected);
}

/* What is held is never filled anew; what was given back is. */
static void
lends_one_at_a_time(void)
{
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    g_autoptr(UtilJson) first = learn(pool, "{\"a\":1}");
    g_autoptr(UtilJson) again = NULL;
    g_autoptr(UtilJson) second = NULL;

    assert_null(fill(pool, "{\"a\":2}"));
    again = util_json_ref(first);
    util_json_unref(g_steal_pointer(&first));
    assert_null(fill(pool, "{\"a\":3}"));
    assert_text(again, "{\"a\":1}");
    util_json_unref(g_steal_pointer(&again));
    second = fill(pool, "{\"a\":4}");
    assert_text(second, "{\"a\":4}");
}

static void
keeps_several_trees_of_a_shape(void)
{
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    UtilJson *held[3] = {learn(pool, "{\"a\":1}"), learn(pool, "{\"a\":2}"),
                         learn(pool, "{\"a\":3}")};
    UtilJson *filled[3] = {NULL};

    for (size_t i = 0; i < G_N_ELEMENTS(held); i++)
        util_json_unref(held[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(filled); i++) {
        filled[i] = fill(pool, "{\"a\":4}");
        assert_non_null(filled[i]);
    }
    assert_null(fill(pool, "{\"a\":5}"));
    for (size_t i = 0; i < G_N_ELEMENTS(filled); i++)
        util_json_unref(filled[i]);
}

static void
outlives_the_pool(void)
{
    UtilJsonPool *pool = util_jsonpool_new();
    g_autoptr(UtilJson) value = learn(pool, "{\"a\":\"x\"}");

    util_jsonpool_free(pool);
    assert_text(value, "{\"a\":\"x\"}");
}

/* json-c 0.16 lost a long string's memory when it became empty: the sanitizer would tell. */
static void
loses_no_memory_of_strings(void)
{
    static const char *const texts[] = {
        "{\"a\":\"x\",\"b\":\"y\"}", "{\"a\":\"a string of some length\",\"b\":\"y\"}",
        "{\"a\":\"short\",\"b\":\"another of some length\"}", "{\"a\":\"\",\"b\":\"y\"}"};
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();

    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
            g_autoptr(UtilJson) value = fill(pool, texts[i]);

            if (value == NULL)
                value = learn(pool, texts[i]);
            assert_text(value, texts[i]);
        }
}

/* Each of many shapes is found again soon after, the first of them not for ever. */
static void
is_bounded(void)
{
    enum { N_SHAPES = 1000 };
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();

    for (int i = 0; i < N_SHAPES; i++) {
        g_autofree char *text = g_strdup_printf("{\"member-%d\":\"%0*d\"}", i, 1024, i);
        g_autoptr(UtilJson) value = NULL;

        util_json_unref(learn(pool, text));
        value = fill(pool, text);
        assert_non_null(value);
    }
    assert_null(fill(pool, "{\"member-0\":\"1\"}"));
}

static void
forgets_what_does_not_come_again(void)
{
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    g_autoptr(UtilJson) again = NULL;

    util_json_unref(learn(pool, "{\"once\":1}"));
    util_json_unref(learn(pool, "{\"always\":1}"));
    util_jsonpool_trim(pool);
    util_json_unref(fill(pool, "{\"always\":2}"));
    util_jsonpool_trim(pool);
    assert_null(fill(pool, "{\"once\":3}"));
    again = fill(pool, "{\"always\":3}");
    assert_non_null(again);
}

/* As many trees stay as were held at once, counted by what fits without being learned again. */
static void
keeps_what_was_needed(void)
{
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();
    UtilJson *held[4] = {NULL};

    for (size_t i = 0; i < G_N_ELEMENTS(held); i++)
        held[i] = learn(pool, "{\"a\":1}");
    for (size_t i = 0; i < G_N_ELEMENTS(held); i++)
        util_json_unref(held[i]);
    util_jsonpool_trim(pool);
    for (size_t i = 0; i < 2; i++)
        held[i] = fill(pool, "{\"a\":2}");
    for (size_t i = 0; i < 2; i++)
        util_json_unref(held[i]);
    util_jsonpool_trim(pool);
    for (size_t i = 0; i < 3; i++)
        held[i] = fill(pool, "{\"a\":3}");
    assert_non_null(held[0]);
    assert_non_null(held[1]);
    assert_null(held[2]);
    util_json_unref(held[0]);
    util_json_unref(held[1]);
}

static void
leaves_what_is_too_large(void)
{
    g_autofree char *long_text = g_strdup_printf("{\"a\":\"%0*d\"}", 1 << 20, 1);
    g_autoptr(GString) many = g_string_new("{\"a\":[1");
    g_autoptr(UtilJsonPool) pool = util_jsonpool_new();

    for (int i = 0; i < 10000; i++)
        g_string_append(many, ",1");
    g_string_append(many, "]}");
    util_json_unref(learn(pool, long_text));
    util_json_unref(learn(pool, many->str));
    assert_null(fill(pool, long_text));
    assert_null(fill(pool, many->str));
}

typedef struct {
    const char *sentence;
    void (*check)(void);
} StoryRow;

static const StoryRow story_rows[] = {
    {"what somebody holds is not filled anew", lends_one_at_a_time},
    {"as many trees as are held at once", keeps_several_trees_of_a_shape},
    {"what is held outlives the pool", outlives_the_pool},
    {"strings that grow, shrink and are empty", loses_no_memory_of_strings},
    {"a thousand shapes: the oldest go", is_bounded},
    {"a shape that does not come again is forgotten", forgets_what_does_not_come_again},
    {"trees that were not needed at once are forgotten", keeps_what_was_needed},
    {"texts that are too large are left alone", leaves_what_is_too_large},
};

static void
holds(const void *data)
{
    ((const StoryRow *)data)->check();
}

int
main(void)
{
    return TESTING_RUN_TABLE("jsonpool fits", fit_rows, fits) +
           TESTING_RUN_TABLE("jsonpool", story_rows, holds);
}
