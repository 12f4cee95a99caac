/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_words: see rpc_words.h.
 */
#include "rpc_words.h"

#include <string.h>

#include "daemon/daemon_libvirt_call.h"
#include "testing.h"

static void
put_word(GByteArray *bytes, uint32_t word)
{
    uint32_t big = GUINT32_TO_BE(word);

    g_byte_array_append(bytes, (const guint8 *)&big, sizeof(big));
}

static void
put_text(GByteArray *bytes, const char *text)
{
    static const guint8 zeros[3] = {0};
    size_t length = strlen(text);

    put_word(bytes, (uint32_t)length);
    g_byte_array_append(bytes, (const guint8 *)text, (guint)length);
    g_byte_array_append(bytes, zeros, (guint)(-length & 3U));
}

static void
put_uuid(GByteArray *bytes, const char *uuid)
{
    char raw[VIR_UUID_BUFLEN];

    assert_true(daemon_libvirt_call_parse_uuid(uuid, raw));
    g_byte_array_append(bytes, (const guint8 *)raw, sizeof(raw));
}

static void
put_domain(GByteArray *bytes, const char *name)
{
    static const char *const uuids[][2] = {
        {"vm1", RPC_WORDS_UUID1}, {"vm2", RPC_WORDS_UUID2}, {"off", RPC_WORDS_UUID3}};
    const char *uuid = RPC_WORDS_UUID9;

    for (size_t i = 0; i < G_N_ELEMENTS(uuids); i++) {
        if (strcmp(uuids[i][0], name) == 0)
            uuid = uuids[i][1];
    }
    put_text(bytes, name);
    put_uuid(bytes, uuid);
    put_word(bytes, 1);
}

static GByteArray *
make_args(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GByteArray *bytes = g_byte_array_new();

    for (size_t i = 0; words[i] != NULL; i++) {
        if (g_str_has_prefix(words[i], "dom:"))
            put_domain(bytes, words[i] + 4);
        else if (g_str_has_prefix(words[i], "i:"))
            put_word(bytes, (uint32_t)g_ascii_strtoll(words[i] + 2, NULL, 10));
        else if (g_str_has_prefix(words[i], "s:"))
            put_text(bytes, words[i] + 2);
        else if (g_str_has_prefix(words[i], "u:"))
            put_uuid(bytes, words[i] + 2);
    }
    return bytes;
}

void
rpc_words_call(RpcCase *scene, int procedure, const char *text)
{
    g_autoptr(GByteArray) args = make_args(text);

    rpc_case_call(scene, procedure, args->data, args->len);
}

void
rpc_words_assert_answer(RpcCase *scene, const char *format, const char *expected)
{
    g_autofree char *result = rpc_case_describe(scene, format);

    testing_assert_same_text(result, expected);
}
