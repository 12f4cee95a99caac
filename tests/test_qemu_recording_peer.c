/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of qemu_recording_peer: requests and the recorded replies to them; damaged recordings.
 */
#include "qemu/recording/qemu_recording_peer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "qemu/facts/qemu_limits.h"
#include "testing.h"
#include "util/util_error.h"

#define GREETING "{\"QMP\":{\"version\":{},\"capabilities\":[\"oob\"]}}\r\n"
#define READY    "{\"return\":{}}\r\n"
#define CAPABLE  "{\"execute\":\"qmp_capabilities\"}"
#define REFUSED  "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":"

typedef struct {
    const char *sentence;
    const char *requests;
    const char *replies; /* "(end)": the connection is closed */
} Row;

static const Row rows[] = {
    {"the greeting comes first and unasked", "", GREETING},
    {"the negotiation is granted", CAPABLE, GREETING READY},
    {"with out-of-band and an id",
     "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":11}",
     GREETING "{\"return\":{},\"id\":11}\r\n"},
    {"nothing is said before it", "{\"execute\":\"query-status\",\"id\":1}",
     GREETING REFUSED "\"not at this point of the negotiation\"},\"id\":1}\r\n"},
    {"it is granted once", CAPABLE CAPABLE,
     GREETING READY REFUSED "\"not at this point of the negotiation\"}}\r\n"},
    {"a reply with the request's id", CAPABLE "{\"execute\":\"query-status\",\"id\":7}",
     GREETING READY "{\"return\":{\"status\":\"running\",\"running\":true},\"id\":7}\r\n"},
    {"a reply without an id", CAPABLE "{\"execute\":\"query-status\"}",
     GREETING READY "{\"return\":{\"status\":\"running\",\"running\":true}}\r\n"},
    {"an id may be anything", CAPABLE "{\"execute\":\"query-status\",\"id\":{\"a\":[null]}}",
     GREETING READY
     "{\"return\":{\"status\":\"running\",\"running\":true},\"id\":{\"a\":[null]}}\r\n"},
    {"the recorded id is not", CAPABLE "{\"execute\":\"query-name\",\"id\":3}",
     GREETING READY "{\"return\":{\"name\":\"web\"},\"id\":3}\r\n"},
    {"a recorded error", CAPABLE "{\"execute\":\"query-balloon\",\"id\":4}",
     GREETING READY
     "{\"error\":{\"class\":\"DeviceNotActive\",\"desc\":\"no balloon\"},\"id\":4}\r\n"},
    {"a return that is null", CAPABLE "{\"execute\":\"query-uuid\",\"id\":4}",
     GREETING READY "{\"return\":null,\"id\":4}\r\n"},
    {"arguments choose the file",
     CAPABLE "{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"/machine/peripheral\"},\"id\":1}"
             "{\"execute\":\"qom-list\",\"arguments\":{\"path\":\"/elsewhere\"},\"id\":2}",
     GREETING READY "{\"return\":[{\"name\":\"b\"}],\"id\":1}\r\n" REFUSED
                    "\"no reply to this command was recorded\"},\"id\":2}\r\n"},
    {"any path to the balloon will do",
     CAPABLE "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/x\",\"property\":"
             "\"guest-stats\"},\"id\":1}",
     GREETING READY "{\"return\":{\"stats\":{}},\"id\":1}\r\n"},
    {"a command that was not recorded", CAPABLE "{\"execute\":\"query-iothreads\",\"id\":5}",
     GREETING READY REFUSED "\"no reply to this command was recorded\"},\"id\":5}\r\n"},
    {"a command that is not allowed at all", CAPABLE "{\"execute\":\"quit\",\"id\":5}",
     GREETING READY REFUSED "\"no reply to this command was recorded\"},\"id\":5}\r\n"},
    {"out of band likewise", CAPABLE "{\"exec-oob\":\"query-yank\",\"id\":10}",
     GREETING READY "{\"return\":[],\"id\":10}\r\n"},
    {"a request that names nothing", CAPABLE "{\"id\":1}",
     GREETING READY "{\"error\":{\"class\":\"GenericError\",\"desc\":"
                    "\"a request must name what to execute\"},\"id\":1}\r\n"},
    {"bytes that are no request end it", CAPABLE "]{\"execute\":\"query-status\"}",
     GREETING READY "(end)"},
    {"a reply of many lines is sent in one", CAPABLE "{\"execute\":\"query-cpus-fast\",\"id\":1}",
     GREETING READY "{\"return\":[1,2],\"id\":1}\r\n"},
};

static void
write_recording(const char *folder)
{
    static const struct {
        const char *name;
        const char *text;
    } files[] = {
        {"greeting.json", "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"},
        {"query-status.json", "{\"return\": {\"status\": \"running\", \"running\": true}}"},
        {"query-name.json", "{\"id\": 99, \"return\": {\"name\": \"web\"}}\n"},
        {"query-uuid.json", "{\"return\": null}\n"},
        {"query-balloon.json",
         "{\"error\": {\"class\": \"DeviceNotActive\", \"desc\": \"no balloon\"}}\n"},
        {"query-cpus-fast.json", "{\n  \"return\": [\n    1,\n    2\n  ]\n}\n"},
        {"qom-list.peripheral.json", "{\"return\":[{\"name\":\"b\"}]}\n"},
        {"qom-get.guest-stats.json", "{\"return\":{\"stats\":{}}}\n"},
        {"query-yank.json", "{\"return\":[]}\n"},
        {"about.txt", "not read"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        testing_write_file(folder, files[i].name, files[i].text);
}

/* Fetches @slice bytes at a time until there are none. */
static void
fetch(QemuRecordingPeer *replay, size_t slice, GString *text)
{
    char buffer[4096] = "";
    ssize_t n = 0;

    while ((n = qemu_recording_peer_receive(replay, buffer, slice)) > 0)
        g_string_append_len(text, buffer, n);
    if (n == 0)
        g_string_append(text, "(end)");
    else
        assert_int_equal(errno, EAGAIN);
}

static void
answers_from_files(const void *data)
{
    static const size_t slices[] = {1, 7, 4096};
    const Row *row = data;
    char *folder = testing_make_folder();

    write_recording(folder);
    for (size_t i = 0; i < G_N_ELEMENTS(slices); i++) {
        g_autoptr(QemuRecordingPeer) replay = qemu_recording_peer_new(folder, NULL);
        g_autoptr(GString) text = g_string_new(NULL);
        size_t size = strlen(row->requests);

        assert_non_null(replay);
        for (size_t at = 0; at < size; at += slices[i])
            qemu_recording_peer_send(replay, row->requests + at, MIN(slices[i], size - at));
        fetch(replay, slices[i], text);
        testing_assert_same_text(text->str, row->replies);
    }
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    const char *file_name;
    const char *text;    /* NULL: the file is not there; "link", "folder": it is that */
    const char *message; /* %s: the folder */
} DamageRow;

static const DamageRow damage_rows[] = {
    {"no greeting", "greeting.json", NULL, "damaged recording '%s/greeting.json': no such file"},
    {"a greeting that is none", "greeting.json", "{\"return\":{}}",
     "damaged recording '%s/greeting.json': no greeting"},
    {"a greeting that is no object inside", "greeting.json", "{\"QMP\":7}",
     "damaged recording '%s/greeting.json': no greeting"},
    {"a reply cut short", "query-status.json", "{\"return\":{",
     "damaged recording '%s/query-status.json': it ends too early"},
    {"a reply of no bytes", "query-status.json", "",
     "damaged recording '%s/query-status.json': it ends too early"},
    {"two replies in one file", "query-status.json", "{\"return\":1}{\"return\":2}",
     "damaged recording '%s/query-status.json': something follows its object"},
    {"neither return nor error", "query-status.json", "{\"event\":\"STOP\"}",
     "damaged recording '%s/query-status.json': neither a return nor an error"},
    {"an error that is no object", "query-status.json", "{\"error\":\"x\"}",
     "damaged recording '%s/query-status.json': neither a return nor an error"},
    {"a link in place of a file", "query-status.json", "link",
     "damaged recording '%s/query-status.json': no regular file"},
    {"a folder in place of a file", "query-status.json", "folder",
     "damaged recording '%s/query-status.json': no regular file"},
    {"nested too deep", "query-status.json", "deep", "damaged recording '%s/query-status.json': "},
};

static void
damage(const char *folder, const DamageRow *row)
{
    g_autofree char *path = g_build_filename(folder, row->file_name, NULL);

    assert_int_equal(unlink(path), 0);
    if (row->text == NULL)
        return;
    if (g_str_equal(row->text, "link")) {
        assert_int_equal(symlink("query-name.json", path), 0);
    } else if (g_str_equal(row->text, "folder")) {
        assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
    } else if (g_str_equal(row->text, "deep")) {
        g_autofree char *open = g_strnfill(QEMU_LIMIT_REPLY_DEPTH + 1, '[');
        g_autofree char *close = g_strnfill(QEMU_LIMIT_REPLY_DEPTH + 1, ']');
        g_autofree char *text = g_strdup_printf("{\"return\":%s%s}", open, close);

        testing_write_file(folder, row->file_name, text);
    } else {
        testing_write_file(folder, row->file_name, row->text);
    }
}

static void
refuses_damage(const void *data)
{
    const DamageRow *row = data;
    char *folder = testing_make_folder();
    g_auto(GStrv) parts = g_strsplit(row->message, "%s", -1);
    g_autofree char *message = g_strjoinv(folder, parts);
    g_autoptr(GError) error = NULL;

    write_recording(folder);
    damage(folder, row);
    assert_null(qemu_recording_peer_new(folder, &error));
    assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
    if (!g_str_has_prefix(error->message, message))
        testing_assert_same_text(error->message, message);
    testing_remove_folder(folder);
}

static void
keeps_what_it_read(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *path = g_build_filename(folder, "query-status.json", NULL);
    g_autoptr(QemuRecordingPeer) replay = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    (void)state;
    write_recording(folder);
    replay = qemu_recording_peer_new(folder, NULL);
    assert_int_equal(unlink(path), 0);
    for (int i = 0; i < 2; i++) {
        const char *request = i == 0 ? CAPABLE : "{\"execute\":\"query-status\"}";

        qemu_recording_peer_send(replay, request, strlen(request));
        fetch(replay, 4096, text);
    }
    testing_assert_same_text(text->str, GREETING READY
                             "{\"return\":{\"status\":\"running\",\"running\":true}}\r\n");
    testing_remove_folder(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_what_it_read)};
    int n_failed = TESTING_RUN_TABLE("replay", rows, answers_from_files);

    n_failed += TESTING_RUN_TABLE("replay damage", damage_rows, refuses_damage);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
