/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_rpc_call: what a client's message is taken for. Messages are words in hexadecimal, as on the
 * wire; "N" stands for the length.
 */
#include "testing.h"

#include <string.h>

#include "rpc/rpc_call.h"
#include "rpc/rpc_limits.h"

#define REMOTE       "N 20008086 1 "
#define CALL(number) REMOTE number " 0 7 0 "
#define NO_DOM       "0 0 0 0 0 0 "
#define NO_DECODE    "refused 39 7 Unable to decode message payload"

typedef struct {
    const char *name;
    const char *words;
    const char *expected; /* "nothing", "ping", "NAME", "refused CODE DOMAIN TEXT" */
} Row;

static const Row rows[] = {
    {"a call without arguments", CALL("42"), "AUTH_LIST"},
    {"bytes behind the arguments are ignored", CALL("42") "deadbeef 1", "AUTH_LIST"},
    {"open with a name", CALL("1") "1 00000003 61626300 1", "CONNECT_OPEN"},
    {"open without a name", CALL("1") "0 0", "CONNECT_OPEN"},
    {"a flag that go-libvirt sends: any word but 0 means that the name is there",
     CALL("1") "01000000 00000003 61626300 0", "CONNECT_OPEN"},
    {"a flag with all bits", CALL("1") "ffffffff 00000003 61626300 0", "CONNECT_OPEN"},
    {"a name whose end is missing", CALL("1") "1 00000005 61626300 0", NO_DECODE},
    {"a name of 2^32-1 bytes", CALL("1") "1 ffffffff 61626300 0", NO_DECODE},
    {"a name of 2^31 bytes", CALL("1") "1 80000000 61626300 0", NO_DECODE},
    {"a name beyond the limit", CALL("1") "1 00400001 61626300 0", NO_DECODE},
    {"statistics of one domain",
     CALL("158") "1 5 766d3030 31000000 f09d73a8 d3bf434f b4d23faa 8bb2a2f6 2 1 80000000",
     "CONNECT_GET_ALL_DOMAIN_STATS"},
    {"statistics of 2^32-1 domains", CALL("158") "ffffffff 0 0", NO_DECODE},
    {"statistics of 2^31-1 domains", CALL("158") "7fffffff 0 0", NO_DECODE},
    {"statistics of one domain more than the limit", CALL("158") "4001 0 0", NO_DECODE},
    {"statistics of as many domains as may be, without them", CALL("158") "4000 0 0", NO_DECODE},
    {"a domain whose name has 2^32-1 bytes", CALL("10") "ffffffff 0 0 0 0 0", NO_DECODE},
    {"a domain whose name has 2^32-4 bytes", CALL("10") "fffffffc 0 0 0 0 0", NO_DECODE},
    {"a domain", CALL("10") NO_DOM, "DOMAIN_GET_INFO"},
    {"a domain cut short", CALL("10") "0 0 0 0 0", NO_DECODE},
    {"a callback for one domain, with an odd flag", CALL("13c") "0 01000000 " NO_DOM,
     "CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY"},
    {"a callback for one domain that is not there", CALL("13c") "0 1 0", NO_DECODE},
    {"an unknown procedure", CALL("270f"), "refused 39 7 unknown procedure: 9999"},
    {"a negative procedure", CALL("ffffffff"), "refused 39 7 unknown procedure: -1"},
    {"procedure 0", CALL("0"), "refused 39 7 unknown procedure: 0"},
    {"a message of the daemon's cannot be called", CALL("13e"),
     "refused 39 7 unknown procedure: 318"},
    {"a write procedure", CALL("22") NO_DOM,
     "refused 29 20 operation forbidden: read only access prevents virDomainSuspend"},
    {"a write procedure without its arguments", CALL("c"),
     "refused 29 20 operation forbidden: read only access prevents virDomainDestroy"},
    {"another program", "N 12345678 1 42 0 7 0",
     "refused 39 7 Cannot find program 305419896 version 1"},
    {"the program for QEMU's own commands", "N 20008087 1 1 0 7 0",
     "refused 39 7 Cannot find program 536903815 version 1"},
    {"another version", "N 20008086 2 42 0 7 0",
     "refused 39 7 Cannot find program 536903814 version 2"},
    {"a call with status 1", REMOTE "42 0 7 1", "refused 39 7 Unexpected message status 1"},
    {"a call with descriptors", REMOTE "42 4 7 0 0", "refused 39 7 Unexpected message type 4"},
    {"a reply", REMOTE "42 1 7 0", "nothing"},
    {"an event", REMOTE "42 2 7 0", "nothing"},
    {"a stream", REMOTE "42 3 7 0 1 2 3", "nothing"},
    {"an unknown type", REMOTE "42 7 7 0", "nothing"},
    {"a negative type", REMOTE "42 ffffffff 7 0", "nothing"},
    {"a ping", "N 6b656570 1 1 2 0 0", "ping"},
    {"a pong", "N 6b656570 1 2 2 0 0", "nothing"},
    {"a ping as a call", "N 6b656570 1 1 0 7 0",
     "refused 39 7 Cannot find program 1801807216 version 1"},
    {"a ping of another version", "N 6b656570 2 1 2 0 0", "nothing"},
    {"a length that is not that of the message", "00000020 20008086 1 42 0 7 0", "nothing"},
    {"less than a header", "N 20008086 1 42 0 7", "nothing"},
};

static GByteArray *
make_bytes(const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);
    GByteArray *bytes = g_byte_array_new();

    for (size_t i = 0; parts[i] != NULL; i++) {
        uint32_t big = GUINT32_TO_BE((uint32_t)g_ascii_strtoull(parts[i], NULL, 16));

        if (parts[i][0] != '\0')
            g_byte_array_append(bytes, (const guint8 *)&big, sizeof(big));
    }
    if (words[0] == 'N') {
        uint32_t big = GUINT32_TO_BE(bytes->len);

        memcpy(bytes->data, &big, sizeof(big));
    }
    return bytes;
}

static char *
make_outcome(RpcCallKind kind, const RpcCall *call)
{
    switch (kind) {
    case RPC_CALL_NOTHING:
        return g_strdup("nothing");
    case RPC_CALL_PING:
        return g_strdup("ping");
    case RPC_CALL_REFUSED:
        return g_strdup_printf("refused %d %d %s", call->error.code, call->error.domain,
                               call->error.message);
    case RPC_CALL_VALID:
        return g_strdup(call->procedure->name);
    }
    return NULL;
}

static void
is_taken_for(const void *data)
{
    const Row *row = data;
    g_autoptr(GByteArray) bytes = make_bytes(row->words);
    g_autofree char *outcome = NULL;
    g_auto(RpcCall) call = {0};
    RpcCallKind kind = rpc_call_parse(bytes->data, bytes->len, &call);

    outcome = make_outcome(kind, &call);
    assert_string_equal(outcome, row->expected);
    assert_int_equal(rpc_call_is_ping(bytes->data, bytes->len), kind == RPC_CALL_PING);
    if (kind != RPC_CALL_NOTHING && kind != RPC_CALL_PING)
        assert_int_equal(call.header.serial, 7);
}

static void
arguments_are_those_of_the_message(void **state)
{
    g_autoptr(GByteArray) bytes = make_bytes(rows[10].words);
    g_auto(RpcCall) call = {0};
    const rpc_stats_args *args = NULL;

    (void)state;
    assert_int_equal(rpc_call_parse(bytes->data, bytes->len, &call), RPC_CALL_VALID);
    args = call.args;
    assert_int_equal(args->domains.domains_len, 1);
    assert_string_equal(args->domains.domains_val[0].name, "vm001");
    assert_memory_equal(args->domains.domains_val[0].uuid, "\xf0\x9d\x73\xa8", 4);
    assert_int_equal(args->domains.domains_val[0].id, 2);
    assert_int_equal(args->stats, 1);
    assert_int_equal(args->flags, 0x80000000U);
}

/* As many domains as a call may name, with long names, are within the limit of bytes. */
static void
a_call_may_name_all_domains(void **state)
{
    g_autoptr(GByteArray) bytes = make_bytes(CALL("158") "4000");
    g_autoptr(GByteArray) domain = make_bytes("40 61616161 61616161 61616161 61616161 61616161 "
                                              "61616161 61616161 61616161 61616161 61616161 "
                                              "61616161 61616161 61616161 61616161 61616161 "
                                              "61616161 1 2 3 4 5");
    g_autoptr(GByteArray) end = make_bytes("0 0");
    g_auto(RpcCall) call = {0};
    uint32_t big = 0;

    (void)state;
    for (size_t i = 0; i < RPC_LIMIT_CALL_DOMAINS; i++)
        g_byte_array_append(bytes, domain->data, domain->len);
    g_byte_array_append(bytes, end->data, end->len);
    big = GUINT32_TO_BE(bytes->len);
    memcpy(bytes->data, &big, sizeof(big));
    assert_int_equal(rpc_call_parse(bytes->data, bytes->len, &call), RPC_CALL_VALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"arguments are those of the message", arguments_are_those_of_the_message, NULL, NULL,
         NULL},
        {"a call may name as many domains as a reply has", a_call_may_name_all_domains, NULL, NULL,
         NULL},
    };
    int failed = cmocka_run_group_tests_name("rpc_call: arguments", tests, NULL, NULL);

    return failed + TESTING_RUN_TABLE("rpc_call", rows, is_taken_for);
}
