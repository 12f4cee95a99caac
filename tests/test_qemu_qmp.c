/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_qmp: messages taken apart, and the text of requests.
 */
#include "qemu/qmp/qemu_qmp.h"

#include <string.h>

#include "testing.h"

#define MAX_DEPTH 32

typedef struct {
    const char *sentence;
    const char *message;
    const char *expected; /* describe()'s text */
} ParseRow;

static const ParseRow parse_rows[] = {
    {"a greeting with no capability", "{\"QMP\":{\"version\":{},\"capabilities\":[]}}", "greeting"},
    {"a greeting that offers out of band", "{\"QMP\":{\"capabilities\":[\"x\",\"oob\"]}}",
     "greeting oob"},
    {"a greeting tells QEMU's version",
     "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":1,\"minor\":2,\"major\":4}}}}", "greeting 4"},
    {"a version that is none is not told", "{\"QMP\":{\"version\":{\"qemu\":{\"major\":\"4\"}}}}",
     "greeting"},
    {"nor a negative one", "{\"QMP\":{\"version\":{\"qemu\":{\"major\":-4}}}}", "greeting"},
    {"capabilities that are no list offer nothing", "{\"QMP\":{\"capabilities\":\"oob\"}}",
     "greeting"},
    {"capabilities that are no strings offer nothing", "{\"QMP\":{\"capabilities\":[1,null,[]]}}",
     "greeting"},
    {"a greeting of null is none", "{\"QMP\":null}", "invalid"},
    {"a reply with its id", "{\"return\":{},\"id\":7}", "return id 7"},
    {"a reply without id", "{\"return\":[]}", "return"},
    {"a reply of null is a reply", "{\"return\":null,\"id\":0}", "return id 0"},
    {"a reply of false is a reply", "{\"id\":3,\"return\":false}", "return id 3"},
    {"an id of text is nothing of ours", "{\"return\":{},\"id\":\"3\"}", "return id -1"},
    {"an id with a fraction is nothing of ours", "{\"return\":{},\"id\":3.5}", "return id -1"},
    {"an id of null is nothing of ours", "{\"return\":{},\"id\":null}", "return id -1"},
    {"an id past 64 bits is nothing of ours", "{\"return\":{},\"id\":18446744073709551615}",
     "return id -1"},
    {"a huge id that fits is an id", "{\"return\":{},\"id\":9223372036854775807}",
     "return id 9223372036854775807"},
    {"an error with class and text", "{\"error\":{\"class\":\"C\",\"desc\":\"d\"},\"id\":1}",
     "error C d id 1"},
    {"an error without anything", "{\"error\":{}}", "error"},
    {"an error that is no object", "{\"error\":7,\"id\":2}", "error id 2"},
    {"an error of null is none", "{\"error\":null}", "invalid"},
    {"class and text that are no strings are absent", "{\"error\":{\"class\":1,\"desc\":[]}}",
     "error"},
    {"an event", "{\"timestamp\":{},\"event\":\"STOP\",\"data\":{}}", "event STOP"},
    {"an event whose name is no string is none", "{\"event\":7}", "invalid"},
    {"an event's name of NUL is none", "{\"event\":\"a\\u0000b\"}", "invalid"},
    {"a reply that also names an event is a reply", "{\"event\":\"STOP\",\"return\":1}", "return"},
    {"an empty object is nothing", "{}", "invalid"},
    {"a request is nothing", "{\"execute\":\"quit\",\"id\":1}", "invalid id 1"},
    {"an array is nothing", "[{\"return\":{}}]", "invalid"},
    {"a string is nothing", "\"return\"", "invalid"},
    {"null is nothing", "null", "invalid"},
};

/* The caller frees. */
static char *
describe(const QemuQmpMessage *message)
{
    static const char *const kinds[] = {
        [QEMU_QMP_INVALID] = "invalid", [QEMU_QMP_GREETING] = "greeting",
        [QEMU_QMP_RETURN] = "return",   [QEMU_QMP_ERROR] = "error",
        [QEMU_QMP_EVENT] = "event",
    };
    GString *text = g_string_new(kinds[message->kind]);

    if (message->offers_oob)
        g_string_append(text, " oob");
    if (message->qemu_major != 0)
        g_string_append_printf(text, " %d", message->qemu_major);
    if (message->error_class != NULL)
        g_string_append_printf(text, " %s", message->error_class);
    if (message->error_text != NULL)
        g_string_append_printf(text, " %s", message->error_text);
    if (message->kind == QEMU_QMP_EVENT)
        g_string_append_printf(text, " %s", message->event);
    if (message->has_id)
        g_string_append_printf(text, " id %" G_GINT64_FORMAT, message->id);
    return g_string_free(text, FALSE);
}

static void
is_classified(const void *data)
{
    const ParseRow *row = data;
    g_autoptr(UtilJson) object =
        util_json_parse(row->message, strlen(row->message), MAX_DEPTH, NULL);
    QemuQmpMessage message = qemu_qmp_parse(object);
    g_autofree char *got = describe(&message);

    testing_assert_same_text(got, row->expected);
}

typedef struct {
    const char *sentence;
    QemuCommandId command;
    const char *path;
    int id;
    bool is_out_of_band;
    const char *expected;
} CommandRow;

static const CommandRow command_rows[] = {
    {"no white space, no arguments", QEMU_COMMAND_QUERY_STATUS, NULL, 0, false,
     "{\"execute\":\"query-status\",\"id\":0}"},
    {"an id only where one is given", QEMU_COMMAND_QUERY_STATUS, NULL, QEMU_QMP_NO_ID, false,
     "{\"execute\":\"query-status\"}"},
    {"arguments stand as they are in the table", QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES, NULL, 9,
     false, "{\"execute\":\"query-named-block-nodes\",\"arguments\":{\"flat\":true},\"id\":9}"},
    {"the probe is sent out of band", QEMU_COMMAND_QUERY_YANK, NULL, 10, true,
     "{\"exec-oob\":\"query-yank\",\"id\":10}"},
    {"a path that needs escapes stays one string", QEMU_COMMAND_QOM_GET_GUEST_STATS, "a\"b\\c", 1,
     false,
     "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"a\\\"b\\\\c\","
     "\"property\":\"guest-stats\"},\"id\":1}"},
    {"a path with a conversion in it is only a path", QEMU_COMMAND_QOM_GET_GUEST_STATS, "%s%n", 1,
     false,
     "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"%s%n\","
     "\"property\":\"guest-stats\"},\"id\":1}"},
};

static void
is_written(const void *data)
{
    const CommandRow *row = data;
    g_autoptr(GString) out = g_string_new("before");
    g_autofree char *expected = g_strconcat("before", row->expected, NULL);
    g_autoptr(UtilJson) object = NULL;

    qemu_qmp_append_command(out, row->command, row->path, row->id, row->is_out_of_band);
    testing_assert_same_text(out->str, expected);
    object = util_json_parse(row->expected, strlen(row->expected), MAX_DEPTH, NULL);
    assert_non_null(object);
}

typedef struct {
    const char *sentence;
    bool with_oob;
    const char *expected;
} NegotiationRow;

static const NegotiationRow negotiation_rows[] = {
    {"nothing is enabled that was not offered", false,
     "{\"execute\":\"qmp_capabilities\",\"id\":11}"},
    {"out of band is enabled", true,
     "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":11}"},
};

static void
negotiates(const void *data)
{
    const NegotiationRow *row = data;
    g_autoptr(GString) out = g_string_new(NULL);

    qemu_qmp_append_negotiation(out, row->with_oob, 11);
    testing_assert_same_text(out->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qmp messages", parse_rows, is_classified) +
           TESTING_RUN_TABLE("qmp commands", command_rows, is_written) +
           TESTING_RUN_TABLE("qmp negotiation", negotiation_rows, negotiates);
}
