/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_jsonstream: which bytes become which objects. Each row runs twice, cut as it says and
 * cut into single bytes; both must give the same objects and the same end.
 */
#include "testing.h"

#include <string.h>

#include "util/util_error.h"
#include "util/util_jsonstream.h"

enum { MAX_SLICES = 6 };

/* For bytes with a NUL, which ends all other slices. */
#define SLICE_WITH_NUL(text)                                                                       \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
#define LEVELS_7       "[[[[[[["
#define CLOSE_LEVELS_7 "]]]]]]]"

typedef struct {
    const char *bytes;
    size_t size; /* 0: up to the NUL */
} Slice;

typedef struct {
    const char *sentence;
    Slice slices[MAX_SLICES];
    const char *objects; /* one a line */
    const char *end;     /* "idle", "within", or a part of the reason it broke with */
    UtilJsonStreamLimits limits;
} Row;

static const UtilJsonStreamLimits usual_limits = {
    .max_bytes = 1000, .max_entries = 20, .max_depth = 8};

static const Row rows[] = {
    {"an object in one slice", {{"{\"a\":1}"}}, "{\"a\":1}\n", "idle"},
    {"two objects in one slice", {{"{\"a\":1}{\"b\":2}"}}, "{\"a\":1}\n{\"b\":2}\n", "idle"},
    {"line ends between objects are skipped", {{"\r\n{}\r\n \t{}\r\n"}}, "{}\n{}\n", "idle"},
    {"an object over many lines, as in pretty mode",
     {{"{\r\n    \"a\": [\r\n"}, {"        1,\r\n 2\r\n    ]\r\n}\r\n"}},
     "{\"a\":[1,2]}\n",
     "idle"},
    {"a line with more values than its length lets expect",
     {{"{\"a\":[1,2,3,4,5,6,7,8,[],{},\"\"]}\n{\"b\":1}\n"}},
     "{\"a\":[1,2,3,4,5,6,7,8,[],{},\"\"]}\n{\"b\":1}\n",
     "idle"},
    {"two objects on a line, and a half",
     {{"{\"a\":1} {\"b\":2}{\n\"c\":3\n}"}},
     "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n",
     "idle"},
    {"a fault on a line",
     {{"{}\n{\"a\":01}\n{}\n"}},
     "{}\n",
     "at its byte '7': a malformed number"},
    {"a fault on a line that is cut",
     {{"{}\n{\"a\":"}, {"01}\n{}\n"}},
     "{}\n",
     "at its byte '7': a malformed number"},
    {"nothing is idle", {{""}}, "", "idle"},
    {"an object without its end", {{"{\"a\":"}}, "", "within"},
    {"an object and a half", {{"{\"a\":1}{"}}, "{\"a\":1}\n", "within"},
    {"braces in a string are none", {{"{\"a\":\"}{\"}"}}, "{\"a\":\"}{\"}\n", "idle"},
    {"an escaped quote does not end a string",
     {{"{\"a\":\"\\\"}\""}, {"}"}},
     "{\"a\":\"\\\"}\"}\n",
     "idle"},
    {"cut after a backslash", {{"{\"a\":\"x\\"}, {"\"y\"}"}}, "{\"a\":\"x\\\"y\"}\n", "idle"},
    {"cut within an escaped code",
     {{"{\"a\":\"\\u0"}, {"0e"}, {"9\"}"}},
     "{\"a\":\"\xC3\xA9\"}\n",
     "idle"},
    {"cut within a surrogate pair",
     {{"{\"a\":\"\\ud83d"}, {"\\"}, {"ude00\"}"}},
     "{\"a\":\"\xF0\x9F\x98\x80\"}\n",
     "idle"},
    {"cut within a character of four bytes",
     {{"{\"a\":\"\xF0"}, {"\x9F\x98"}, {"\x80\"}"}},
     "{\"a\":\"\xF0\x9F\x98\x80\"}\n",
     "idle"},
    {"cut within a number", {{"{\"a\":-1"}, {"2"}, {"3}"}}, "{\"a\":-123}\n", "idle"},
    {"cut within a fraction and its exponent",
     {{"{\"a\":1"}, {"."}, {"5e"}, {"-"}, {"3}"}},
     "{\"a\":1.5e-3}\n",
     "idle"},
    {"cut within a word",
     {{"{\"a\":tr"}, {"ue,\"b\":nul"}, {"l}"}},
     "{\"a\":true,\"b\":null}\n",
     "idle"},
    {"the greatest unsigned integer",
     {{"{\"a\":18446744073709551615}"}},
     "{\"a\":18446744073709551615}\n",
     "idle"},
    {"the least integer",
     {{"{\"a\":-9223372036854775808}"}},
     "{\"a\":-9223372036854775808}\n",
     "idle"},
    {"digits in a string are no number",
     {{"{\"a\":\"18446744073709551616\"}"}},
     "{\"a\":\"18446744073709551616\"}\n",
     "idle"},
    {"an integer past 64 bits", {{"{\"a\":18446744073709551616}"}}, "", "64 bits"},
    {"an integer past 64 bits, cut", {{"{\"a\":184467440737"}, {"09551616"}, {"}"}}, "", "64 bits"},
    {"an integer far past 64 bits", {{"{\"a\":99999999999999999999999999999}"}}, "", "64 bits"},
    {"a negative integer past 64 bits", {{"{\"a\":-9223372036854775809}"}}, "", "64 bits"},
    {"a long fraction is no integer, and the next number starts anew",
     {{"{\"a\":[99999999999999999999999.5,1]}"}},
     "{\"a\":[99999999999999999999999.5,1]}\n",
     "idle"},
    {"NaN", {{"{\"a\":NaN}"}}, "", "does not have there"},
    {"nan", {{"{\"a\":nan}"}}, "", "does not have there"},
    {"Infinity", {{"{\"a\":Infinity}"}}, "", "does not have there"},
    {"minus Infinity", {{"{\"a\":-Infinity}"}}, "", "does not have there"},
    {"a leading zero", {{"{\"a\":01}"}}, "", "number"},
    {"a sign within a number", {{"{\"a\":1-2}"}}, "", "does not have there"},
    {"a sign within a number, cut before it", {{"{\"a\":1"}, {"-2}"}}, "", "does not have there"},
    {"a point at a number's end", {{"{\"a\":1.}"}}, "", "number"},
    {"single quotes", {{"{'a':1}"}}, "", "does not have there"},
    {"a comment", {{"{/**/\"a\":1}"}}, "", "does not have there"},
    {"a comma too many", {{"{\"a\":1,}"}}, "", "does not have there"},
    {"no colon", {{"{\"a\" 1}"}}, "", "bad JSON object"},
    {"NUL between words", {SLICE_WITH_NUL("{\0\"a\":1}")}, "", "does not have there"},
    {"NUL in a string", {SLICE_WITH_NUL("{\"a\":\"\0\"}")}, "", "control byte"},
    {"NUL between objects", {SLICE_WITH_NUL("{}\0{}")}, "{}\n", "begin with a brace"},
    {"an escaped NUL is a string's right",
     {{"{\"a\":\"\\u0000\"}"}},
     "{\"a\":\"\\u0000\"}\n",
     "idle"},
    {"a bare line end in a string", {{"{\"a\":\"\n\"}"}}, "", "control byte"},
    {"a byte that begins no character", {{"{\"a\":\"\xFF\"}"}}, "", "UTF-8"},
    {"a character longer than it need be", {{"{\"a\":\"\xC0\x80\"}"}}, "", "UTF-8"},
    {"a surrogate as bytes", {{"{\"a\":\"\xED\xA0\x80\"}"}}, "", "UTF-8"},
    {"a character past the last", {{"{\"a\":\"\xF4\x90\x80\x80\"}"}}, "", "UTF-8"},
    {"a character that a quote ends", {{"{\"a\":\"\xC3\"}"}}, "", "UTF-8"},
    {"UTF-8 outside a string", {{"{\xC3\xA9}"}}, "", "does not have there"},
    {"a byte order mark", {{"\xEF\xBB\xBF{}"}}, "", "begin with a brace"},
    {"not an object", {{"[1]"}}, "", "begin with a brace"},
    {"words after an object", {{"{}\r\nhello"}}, "{}\n", "begin with a brace"},
    {"telnet's options", {{"\xFF\xFD\x03{}"}}, "", "telnet"},
    {"a bracket closed by the other kind", {{"{\"a\":[1}}"}}, "", "bad JSON object"},
    {"a closing bracket first", {{"}"}}, "", "begin with a brace"},
    {"as many bytes as allowed",
     {{"  {\"a\":1}{\"a\":2}"}},
     "{\"a\":1}\n{\"a\":2}\n",
     "idle",
     {.max_bytes = 7, .max_entries = 9, .max_depth = 9}},
    {"a byte more than allowed",
     {{"{\"a\":1}{\"a\":12}"}},
     "{\"a\":1}\n",
     "too many bytes",
     {.max_bytes = 7, .max_entries = 9, .max_depth = 9}},
    {"as deep as allowed",
     {{"{\"a\":" LEVELS_7 CLOSE_LEVELS_7 "}"}},
     "{\"a\":" LEVELS_7 CLOSE_LEVELS_7 "}\n",
     "idle"},
    {"as deep as allowed, with a value inside",
     {{"{\"a\":" LEVELS_7 "1" CLOSE_LEVELS_7 "}"}},
     "{\"a\":" LEVELS_7 "1" CLOSE_LEVELS_7 "}\n",
     "idle"},
    {"a level more than allowed, on a line",
     {{"{\"a\":[" LEVELS_7 CLOSE_LEVELS_7 "]}\n"}},
     "",
     "too deep"},
    {"a level more than allowed", {{"{\"a\":[" LEVELS_7}}, "", "too deep"},
    {"as many entries as allowed",
     {{"{\"a\":1,\"b\":2,\"c\":3}{\"a\":[1]}"}},
     "{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":[1]}\n",
     "idle",
     {.max_bytes = 99, .max_entries = 3, .max_depth = 9}},
    {"an entry more than allowed, on a line",
     {{"{\"a\":1,\"b\":2,\"c\":3,\"d\":4}\n"}},
     "",
     "too many entries",
     {.max_bytes = 99, .max_entries = 3, .max_depth = 9}},
    {"a byte more than allowed, on a line",
     {{"{\"a\":1}\n{\"a\":12}\n"}},
     "{\"a\":1}\n",
     "too many bytes",
     {.max_bytes = 7, .max_entries = 9, .max_depth = 9}},
    {"an entry more than allowed",
     {{"{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"}},
     "",
     "too many entries",
     {.max_bytes = 99, .max_entries = 3, .max_depth = 9}},
    {"commas in a string are no entries",
     {{"{\"a\":\",,,,,,,\"}"}},
     "{\"a\":\",,,,,,,\"}\n",
     "idle",
     {.max_bytes = 99, .max_entries = 3, .max_depth = 9}},
};

static size_t
size_of(const Slice *slice)
{
    return slice->size > 0 || slice->bytes == NULL ? slice->size : strlen(slice->bytes);
}

/* Takes all of @slice and writes its objects to @objects; false when the stream broke. */
static bool
take_all(UtilJsonStream *stream, const char *bytes, size_t size, GString *objects, GError **error)
{
    while (size > 0) {
        g_autoptr(UtilJson) object = NULL;
        g_autofree char *text = NULL;
        ssize_t n_taken = util_jsonstream_take(stream, bytes, size, &object, error);

        if (n_taken < 0)
            return false;
        assert_true(n_taken > 0 && (size_t)n_taken <= size);
        bytes += n_taken;
        size -= (size_t)n_taken;
        if (object == NULL) {
            assert_int_equal(size, 0);
            return true;
        }
        text = util_json_to_text(object, false);
        g_string_append_printf(objects, "%s\n", text);
    }
    return true;
}

static bool
take_slice(UtilJsonStream *stream, const Slice *slice, bool is_by_bytes, GString *objects,
           GError **error)
{
    if (!is_by_bytes)
        return take_all(stream, slice->bytes, size_of(slice), objects, error);
    for (size_t i = 0; i < size_of(slice); i++) {
        if (!take_all(stream, slice->bytes + i, 1, objects, error))
            return false;
    }
    return true;
}

static void
assert_stays_broken(UtilJsonStream *stream)
{
    g_autoptr(UtilJson) object = NULL;
    g_autoptr(GError) error = NULL;

    assert_int_equal(util_jsonstream_take(stream, "{}", 2, &object, &error), -1);
    assert_null(object);
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
}

/* Cut into single bytes, the first fault found may be another one: any reason is accepted. */
static void
check_end(UtilJsonStream *stream, const GError *error, const char *end, bool is_by_bytes)
{
    if (error == NULL) {
        assert_string_equal(util_jsonstream_is_idle(stream) ? "idle" : "within", end);
        return;
    }
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
    assert_string_not_equal(end, "idle");
    assert_string_not_equal(end, "within");
    if (!is_by_bytes && strstr(error->message, end) == NULL)
        testing_assert_same_text(error->message, end);
    assert_stays_broken(stream);
}

static void
run(const Row *row, bool is_by_bytes)
{
    g_autoptr(UtilJsonStream) stream =
        util_jsonstream_new(row->limits.max_bytes > 0 ? &row->limits : &usual_limits);
    g_autoptr(GString) objects = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < MAX_SLICES && row->slices[i].bytes != NULL; i++) {
        if (!take_slice(stream, &row->slices[i], is_by_bytes, objects, &error))
            break;
    }
    testing_assert_same_text(objects->str, row->objects);
    check_end(stream, error, row->end, is_by_bytes);
}

static void
takes_objects(const void *data)
{
    run(data, false);
    run(data, true);
}

int
main(void)
{
    return TESTING_RUN_TABLE("util_jsonstream", rows, takes_objects);
}
