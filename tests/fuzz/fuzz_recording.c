/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any files make a recording that is refused, or whose domains are well or
 * broken; and every request to one of them is answered once, by an object.
 *
 * An input is the content of the files below, in their order, parted by lines of "---"; those
 * past the last part are not there.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/recording/qemu_recording_peer.h"
#include "qemu/source/qemu_source.h"
#include "testing.h"
#include "util/util_jsonstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const file_names[] = {
    "host.json", "d/domain.json", "d/greeting.json", "d/query-status.json", "proc/1234/cmdline",
};

/* One for all inputs; taken away when the program ends. */
static char *folder;

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
remove_folder(void)
{
    testing_remove_folder(folder);
}

static void
make_folder(void)
{
    if (folder != NULL)
        return;
    folder = testing_make_folder();
    for (size_t i = 0; i < G_N_ELEMENTS(file_names); i++)
        testing_write_file(folder, file_names[i], "");
    atexit(remove_folder);
}

static void
write_files(const char *bytes, size_t size)
{
    static const char separator[] = "\n---\n";
    const char *end = bytes + size;

    for (size_t i = 0; i < G_N_ELEMENTS(file_names); i++) {
        g_autofree char *path = g_build_filename(folder, file_names[i], NULL);
        const char *next =
            bytes ? memmem(bytes, (size_t)(end - bytes), separator, strlen(separator)) : NULL;

        unlink(path);
        if (bytes != NULL)
            claim(g_file_set_contents_full(path, bytes, (next ? next : end) - bytes,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        bytes = next ? next + strlen(separator) : NULL;
    }
}

/* The replies that are there now; each must be an object. */
static unsigned int
count_replies(QemuRecordingPeer *replay)
{
    static const UtilJsonStreamLimits limits = {
        QEMU_LIMIT_RECORDING_FILE_BYTES, QEMU_LIMIT_REPLY_ENTRIES, QEMU_LIMIT_REPLY_DEPTH + 1};
    g_autoptr(UtilJsonStream) stream = util_jsonstream_new(&limits);
    unsigned int n_replies = 0;
    char buffer[4096];
    ssize_t n = 0;

    while ((n = qemu_recording_peer_receive(replay, buffer, sizeof(buffer))) > 0) {
        for (size_t at = 0; at < (size_t)n;) {
            g_autoptr(UtilJson) object = NULL;
            ssize_t taken =
                util_jsonstream_take(stream, buffer + at, (size_t)n - at, &object, NULL);

            claim(taken > 0);
            at += (size_t)taken;
            n_replies += object != NULL;
        }
    }
    claim(n < 0 && util_jsonstream_is_idle(stream));
    return n_replies;
}

static void
ask(const char *path)
{
    static const char requests[] = "{\"execute\":\"qmp_capabilities\"}"
                                   "{\"execute\":\"query-status\",\"id\":1}"
                                   "{\"execute\":\"query-name\",\"id\":2}";
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuRecordingPeer) replay = qemu_recording_peer_new(path, &error);

    claim((replay == NULL) == (error != NULL));
    if (replay == NULL)
        return;
    qemu_recording_peer_send(replay, requests, strlen(requests));
    claim(count_replies(replay) == 4); /* and the greeting */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(QemuSource) source = NULL;
    g_autoptr(GPtrArray) endpoints = NULL;

    make_folder();
    write_files((const char *)data, size);
    name = g_strconcat("replay:", folder, NULL);
    source = qemu_source_open(name, NULL, &error);
    claim((source == NULL) == (error != NULL));
    if (source == NULL)
        return 0;
    endpoints = qemu_source_scan(source, util_deadline_in_ms(1000), NULL);
    for (guint i = 0; i < endpoints->len; i++) {
        const QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        const QemuEndpointPlace *place =
            endpoint->places->len > 0 ? g_ptr_array_index(endpoint->places, 0) : NULL;

        claim((endpoint->trouble == DOMSTATS_HEALTH_OK) == (endpoint->trouble_reason == NULL));
        claim(g_utf8_validate(endpoint->name, -1, NULL));
        if (place != NULL)
            ask(place->connect_path);
    }
    return 0;
}
