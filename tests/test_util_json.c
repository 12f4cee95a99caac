/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_json: reading JSON, what counts as absent, and building JSON.
 */
#include "testing.h"

#include <math.h>
#include <string.h>

#include "util/util_error.h"
#include "util/util_json.h"
#include "util/util_jsonout.h"

enum { MAX_DEPTH = 3 };

/* One whole text. */
typedef struct {
    const char *sentence;
    const char *text;
    const char *outcome; /* the value as short text, or "error: " and a part of the reason */
    size_t size;         /* of a text with NUL inside; else 0 */
} ParseRow;

static const ParseRow parse_rows[] = {
    {"an object", "{ \"a\" : [ 1 , true ] }", "{\"a\":[1,true]}"},
    {"blanks around a value are no part of it", " \r\n{}\t\n", "{}"},
    {"a number alone", "12", "12"},
    {"a word alone", "true", "true"},
    {"a string alone", "\"a\"", "\"a\""},
    {"slashes stay as they are", "[\"a/b\"]", "[\"a/b\"]"},
    {"a later member takes an earlier one's place", "{\"a\":1,\"a\":2}", "{\"a\":2}"},
    {"nested as deep as allowed", "[[[1]]]", "[[[1]]]"},
    {"nested deeper than allowed", "[[[[]]]]", "error: byte '3': nested too deep"},
    {"an empty text", "", "error: byte '0'"},
    {"a blank text", "  ", "error: byte '2'"},
    {"a bare null", "null", "error: bare null"},
    {"two values", "{} {}", "error: second value"},
    {"a value and a NUL", "{}\0", "error: byte '2'", 3},
    {"a bracket too many", "{}}", "error: closes nothing"},
    {"the end in an object", "{\"a\":1", "error: byte '6': it ends too early"},
    {"the end in a string", "\"abc", "error: byte '4': it ends too early"},
    {"the end after a backslash", "\"abc\\", "error: byte '4': a backslash"},
    {"the end in a code", "\"\\u00", "error: byte '1': a malformed code"},
    {"the end in a character", "\"\xE2\x82", "error: UTF-8"},
    {"the end in a number", "1e", "error: malformed number"},
    {"the end after a sign", "-", "error: malformed number"},
    {"the end in a word", "tru", "error: byte '0'"},
    {"the end after a name", "{\"a\"", "error: byte '4': it ends too early"},
    {"the end after a colon", "{\"a\":", "error: byte '5': it ends too early"},
    {"the end after a comma", "[1,", "error: byte '3': it ends too early"},
    {"a word that goes on", "[nullx]", "error: byte '5': a byte"},
    {"the greatest integer, and one more", "[18446744073709551615,18446744073709551616]",
     "error: 64 bits"},
    {"an integer past 64 bits", "18446744073709551616", "error: 64 bits"},
    {"an integer far past 64 bits", "99999999999999999999999999999999999999999", "error: 64 bits"},
    {"a negative integer past 64 bits", "[-9223372036854775809]", "error: 64 bits"},
    {"the least integer", "[-9223372036854775808]", "[-9223372036854775808]"},
    {"minus zero is zero", "[-0]", "[0]"},
    {"fractions keep their words", "[-0.0,1e3,1E+3,0.10,1e400,99999999999999999999999.5]",
     "[-0.0,1e3,1E+3,0.10,1e400,99999999999999999999999.5]"},
    {"a leading zero", "[01]", "error: malformed number"},
    {"a leading zero behind a sign", "[-01]", "error: malformed number"},
    {"a plus", "[+1]", "error: byte '1'"},
    {"a point first", "[.5]", "error: byte '1'"},
    {"a point last", "[1.]", "error: malformed number"},
    {"an exponent without digits", "[1e+]", "error: malformed number"},
    {"hexadecimal", "[0x1f]", "error: byte '2'"},
    {"NaN", "[NaN]", "error: byte '1'"},
    {"Infinity", "[Infinity]", "error: byte '1'"},
    {"minus Infinity", "[-Infinity]", "error: byte '2'"},
    {"all escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\"",
     "\"\\\"\\\\/\\b\\f\\n\\r\\tA\xC3\xA9\xE2\x82\xAC\""},
    {"a pair of surrogates", "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
    {"a lone high surrogate is replaced", "\"\\ud83dx\"", "\"\xEF\xBF\xBDx\""},
    {"a lone low surrogate is replaced", "\"\\ude00\"", "\"\xEF\xBF\xBD\""},
    {"two high surrogates and a low one", "\"\\ud83d\\ud83d\\ude00\"",
     "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\""},
    {"a high surrogate and another code", "\"\\ud83d\\u0041\"",
     "\"\xEF\xBF\xBD"
     "A\""},
    {"a high surrogate at the end", "\"\\ud83d\"", "\"\xEF\xBF\xBD\""},
    {"an escape that is none", "\"\\x41\"", "error: byte '1': a backslash"},
    {"a code that is none", "\"\\u00g0\"", "error: byte '1': a malformed code"},
    {"an escaped name", "{\"\\u0061\":1}", "{\"a\":1}"},
    {"a name with NUL inside", "{\"a\\u0000\":1}", "error: a name with NUL inside"},
    {"an empty name", "{\"\":1}", "{\"\":1}"},
    {"a name that is none", "{1:1}", "error: byte '1'"},
    {"no colon", "{\"a\" 1}", "error: byte '5'"},
    {"no comma", "[1 2]", "error: byte '3'"},
    {"a comma first", "[,1]", "error: byte '1'"},
    {"two commas", "[1,,2]", "error: byte '3'"},
    {"a bracket closed by the other kind", "{\"a\":[1}}", "error: byte '7'"},
    {"single quotes", "['a']", "error: byte '1'"},
    {"a comma too many", "[1,]", "error: byte '3'"},
    {"broken UTF-8", "[\"\xC3(\"]", "error: UTF-8"},
    {"characters of two, three and four bytes", "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]",
     "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]"},
    {"characters behind an escape", "[\"\\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]",
     "[\"\\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]"},
    {"bytes that begin no character", "[\"\xFF\xFE\"]", "error: UTF-8"},
    {"a character that is not begun", "[\"\x80\"]", "error: UTF-8"},
    {"a control byte in a string", "[\"\t\"]", "error: control byte"},
    {"DEL is none", "[\"\x7F\"]", "[\"\x7F\"]"},
    {"empty containers", "[[],{}]", "[[],{}]"},
    {"children of many containers", "[[1,[2]],{\"a\":[3,4],\"b\":{\"c\":5}},6]",
     "[[1,[2]],{\"a\":[3,4],\"b\":{\"c\":5}},6]"},
};

static void
parses(const void *data)
{
    const ParseRow *row = data;
    const size_t prefix_size = strlen("error: ");
    size_t size = row->size > 0 ? row->size : strlen(row->text);
    /* A copy without a NUL behind it, so that ASan reports a read past the end. */
    g_autofree char *text = g_memdup2(row->text, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(UtilJson) value = util_json_parse(text ? text : "", size, MAX_DEPTH, &error);
    g_autofree char *outcome = util_json_to_text(value, false);

    if (!g_str_has_prefix(row->outcome, "error: ")) {
        assert_null(error);
        testing_assert_same_text(outcome, row->outcome);
        return;
    }
    assert_null(value);
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_INTERNAL));
    if (strstr(error->message, row->outcome + prefix_size) == NULL)
        testing_assert_same_text(error->message, row->outcome);
}

/* A value, and what each reading function gives for it. */
typedef struct {
    const char *sentence;
    const char *text;
    const char *readings;
} ReadRow;

static const ReadRow read_rows[] = {
    {"a small number is all kinds of number", "7", "number count=7 int64=7 double=7"},
    {"zero is present", "0", "number count=0 int64=0 double=0"},
    {"minus zero is zero", "-0", "number count=0 int64=0 double=0"},
    {"a negative number is no count", "-5", "number int64=-5 double=-5"},
    {"digits in quotes are a string", "\"7\"", "string string=7"},
    {"a number with a fraction is no integer", "7.0", "number double=7"},
    {"a number with an exponent is no integer", "7e2", "number double=700"},
    {"the greatest signed integer", "9223372036854775807",
     "number count=9223372036854775807 int64=9223372036854775807 double=9.2233720368547758e+18"},
    {"the least signed integer", "-9223372036854775808",
     "number int64=-9223372036854775808 double=-9.2233720368547758e+18"},
    {"past the greatest signed integer is a count only", "9223372036854775808",
     "number count=9223372036854775808 double=9.2233720368547758e+18"},
    {"the greatest count", "18446744073709551615",
     "number count=18446744073709551615 double=1.8446744073709552e+19"},
    {"a number that no double can hold is absent", "1e400", "number"},
    {"true", "true", "boolean boolean=1"},
    {"false is present", "false", "boolean boolean=0"},
    {"null is nothing", "null", "null"},
    {"an empty string is present", "\"\"", "string string="},
    {"a string with NUL inside is absent", "\"a\\u0000b\"", "string"},
    {"an array", "[1]", "array length=1"},
    {"an object", "{\"b\":1}", "object"},
};

static void
append_numbers(GString *readings, const UtilJson *value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE] = "";
    UtilCount count = util_json_count(value);
    int64_t integer = 0;
    double real = 0;

    if (count.is_present)
        g_string_append_printf(readings, " count=%" G_GUINT64_FORMAT, count.value);
    if (util_json_int64(value, &integer))
        g_string_append_printf(readings, " int64=%" G_GINT64_FORMAT, integer);
    if (util_json_double(value, &real))
        g_string_append_printf(readings, " double=%s", g_ascii_dtostr(text, sizeof(text), real));
}

static void
append_others(GString *readings, const UtilJson *value)
{
    const char *string = util_json_string(value);
    bool truth = false;

    if (util_json_boolean(value, &truth))
        g_string_append_printf(readings, " boolean=%d", truth);
    if (string != NULL)
        g_string_append_printf(readings, " string=%s", string);
    if (util_json_length(value) > 0)
        g_string_append_printf(readings, " length=%zu", util_json_length(value));
}

static void
reads(const void *data)
{
    static const char *const kinds[] = {
        [UTIL_JSON_NULL] = "null",     [UTIL_JSON_BOOLEAN] = "boolean",
        [UTIL_JSON_NUMBER] = "number", [UTIL_JSON_STRING] = "string",
        [UTIL_JSON_ARRAY] = "array",   [UTIL_JSON_OBJECT] = "object",
    };
    const ReadRow *row = data;
    g_autofree char *text = g_strdup_printf("{\"a\":%s}", row->text);
    g_autoptr(UtilJson) object = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    const UtilJson *value = util_json_member(object, "a");
    g_autoptr(GString) readings = NULL;

    assert_true(util_json_has(object, "a"));
    readings = g_string_new(kinds[util_json_kind(value)]);
    append_numbers(readings, value);
    append_others(readings, value);
    testing_assert_same_text(readings->str, row->readings);
}

/* Each row is a function that reads the same object. */
static const char walked_text[] =
    "{\"list\":[{\"n\":1},null,{\"n\":\"x\"}],\"n\":5,\"s\":\"t\",\"b\":true,\"z\":null}";

typedef struct {
    const char *sentence;
    void (*check)(UtilJson *object);
} WalkRow;

static void
chains_to_nothing(UtilJson *object)
{
    const UtilJson *list = util_json_member(object, "list");

    assert_null(util_json_member(util_json_member(object, "none"), "n"));
    assert_null(util_json_member(list, "n"));
    assert_null(util_json_member(NULL, "n"));
    assert_null(util_json_element(util_json_member(object, "n"), 0));
    assert_null(util_json_element(NULL, 0));
    assert_int_equal(util_json_length(NULL), 0);
    assert_int_equal(util_json_length(object), 0);
    assert_null(util_json_string(NULL));
    assert_false(util_json_member_count(NULL, "n").is_present);
}

static void
indexes_arrays(UtilJson *object)
{
    const UtilJson *list = util_json_member(object, "list");

    assert_int_equal(util_json_length(list), 3);
    assert_int_equal(util_json_member_count(util_json_element(list, 0), "n").value, 1);
    assert_null(util_json_element(list, 1));
    assert_false(util_json_member_count(util_json_element(list, 2), "n").is_present);
    assert_null(util_json_element(list, 3));
    assert_null(util_json_element(list, SIZE_MAX));
}

static void
knows_null_from_absent(UtilJson *object)
{
    assert_true(util_json_has(object, "z"));
    assert_false(util_json_has(object, "y"));
    assert_false(util_json_has(util_json_member(object, "list"), "z"));
    assert_false(util_json_has(NULL, "z"));
}

static void
reads_members(UtilJson *object)
{
    bool truth = false;
    int64_t integer = 0;

    assert_string_equal(util_json_member_string(object, "s"), "t");
    assert_true(util_json_member_boolean(object, "b", &truth));
    assert_true(truth);
    assert_true(util_json_member_int64(object, "n", &integer));
    assert_int_equal(integer, 5);
}

static void
leaves_results_of_failure_alone(UtilJson *object)
{
    bool truth = true;
    int64_t integer = 42;
    double real = 1.5;

    assert_false(util_json_member_boolean(object, "n", &truth));
    assert_false(util_json_member_int64(object, "s", &integer));
    assert_false(util_json_double(util_json_member(object, "s"), &real));
    assert_true(truth);
    assert_int_equal(integer, 42);
    assert_true(real > 1);
}

static void
reads_counts_by_table(UtilJson *object)
{
    typedef struct {
        UtilCount n;
        UtilCount s;
        UtilCount none;
    } Place;
    static const UtilJsonCountField fields[] = {
        {"n", offsetof(Place, n)}, {"s", offsetof(Place, s)}, {"none", offsetof(Place, none)}};
    Place place = {.none = {9, true}};

    util_json_read_counts(object, fields, G_N_ELEMENTS(fields), &place);
    assert_true(place.n.is_present);
    assert_int_equal(place.n.value, 5);
    assert_false(place.s.is_present);
    assert_int_equal(place.none.value, 9);
    util_json_read_counts(NULL, fields, G_N_ELEMENTS(fields), &place);
    assert_true(place.n.is_present);
}

static void
add_name(const char *name, const UtilJson *value, void *data)
{
    g_string_append_printf(data, "%s%s ", name, value ? "" : "=null");
}

static void
visits_members(UtilJson *object)
{
    g_autoptr(GString) names = g_string_new(NULL);

    util_json_foreach(object, add_name, names);
    util_json_foreach(util_json_member(object, "list"), add_name, names);
    util_json_foreach(NULL, add_name, names);
    assert_int_equal(names->len, strlen("list n s b z=null "));
    assert_non_null(strstr(names->str, "list "));
    assert_non_null(strstr(names->str, "z=null "));
}

static void
takes_the_last_of_several(UtilJson *object)
{
    static const char text[] = "{\"a\":1,\"b\":2,\"a\":3,\"n\":4,\"n\":null}";
    g_autoptr(UtilJson) twice = util_json_parse(text, strlen(text), MAX_DEPTH, NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *written = util_json_to_text(twice, false);

    assert_int_equal(util_json_member_count(twice, "a").value, 3);
    assert_int_equal(util_json_member_count(twice, "b").value, 2);
    assert_null(util_json_member(twice, "n"));
    assert_true(util_json_has(twice, "n"));
    util_json_foreach(twice, add_name, names);
    assert_string_equal(names->str, "a b a n n=null ");
    assert_string_equal(written, "{\"a\":3,\"b\":2,\"n\":null}");
    assert_non_null(object);
}

static void
keeps_what_is_referenced(UtilJson *object)
{
    UtilJson *ours = util_json_ref(object);
    const UtilJson *inner = util_json_member(ours, "s");

    util_json_unref(util_json_ref(ours));
    assert_string_equal(util_json_string(inner), "t");
    util_json_unref(ours);
    util_json_unref(NULL);
}

static const WalkRow walk_rows[] = {
    {"a chain of members ends in nothing, not in a crash", chains_to_nothing},
    {"elements are found up to the end", indexes_arrays},
    {"a null member is there", knows_null_from_absent},
    {"members are read by name", reads_members},
    {"a reader that fails leaves the result alone", leaves_results_of_failure_alone},
    {"a table reads what is there and touches nothing else", reads_counts_by_table},
    {"every member is visited once", visits_members},
    {"of members of one name the last counts", takes_the_last_of_several},
    {"a reference keeps all values", keeps_what_is_referenced},
};

static void
walks(const void *data)
{
    const WalkRow *row = data;
    g_autoptr(UtilJson) object = util_json_parse(walked_text, strlen(walked_text), MAX_DEPTH, NULL);

    assert_non_null(object);
    row->check(object);
}

/* Each row builds a value. */
typedef struct {
    const char *sentence;
    UtilJsonOut *(*make)(void);
    const char *text;
    bool is_pretty;
} WriteRow;

static UtilJsonOut *
make_nested(void)
{
    UtilJsonOut *self = util_jsonout_new_object();
    UtilJsonOut *list = util_jsonout_new_array();

    util_jsonout_append(list, util_jsonout_new_int64(INT64_MIN));
    util_jsonout_append(list, NULL);
    util_jsonout_set(self, "list", list);
    util_jsonout_set(self, "yes", util_jsonout_new_boolean(true));
    return self;
}

static UtilJsonOut *
make_count(void)
{
    return util_jsonout_new_count(UINT64_MAX);
}

static UtilJsonOut *
make_string(void)
{
    return util_jsonout_new_string("a/b \"\n\xC3\xA9");
}

static UtilJsonOut *
make_fraction(void)
{
    return util_jsonout_new_fraction("1.50e-3,", 7);
}

static UtilJsonOut *
make_replaced(void)
{
    UtilJsonOut *self = util_jsonout_new_object();

    util_jsonout_set(self, "a", util_jsonout_new_count(1));
    util_jsonout_set(self, "a", util_jsonout_new_count(2));
    return self;
}

static const WriteRow write_rows[] = {
    {"members and elements in the order they were set", make_nested,
     "{\"list\":[-9223372036854775808,null],\"yes\":true}"},
    {"indented by two for people", make_nested,
     "{\n  \"list\": [\n    -9223372036854775808,\n    null\n  ],\n  \"yes\": true\n}", true},
    {"the greatest count", make_count, "18446744073709551615"},
    {"only what must be is escaped", make_string, "\"a/b \\\"\\n\xC3\xA9\""},
    {"a fraction is written in its own words", make_fraction, "1.50e-3"},
    {"a member of the same name is replaced", make_replaced, "{\"a\":2}"},
};

static void
writes(const void *data)
{
    const WriteRow *row = data;
    g_autoptr(UtilJsonOut) value = row->make();
    g_autofree char *text = util_jsonout_to_text(value, row->is_pretty);

    testing_assert_same_text(text, row->text);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("util_json parses", parse_rows, parses);

    n_failed += TESTING_RUN_TABLE("util_json reads", read_rows, reads);
    n_failed += TESTING_RUN_TABLE("util_json walks", walk_rows, walks);
    n_failed += TESTING_RUN_TABLE("util_json writes", write_rows, writes);
    return n_failed;
}
