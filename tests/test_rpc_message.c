/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_rpc_message: the bytes of replies, errors, events and pongs, as they were seen between
 * libvirt's clients and daemons; and what is too large to be sent.
 */
#include "testing.h"

#include <string.h>

#include "rpc/rpc_limits.h"
#include "rpc/rpc_message.h"

typedef struct {
    const char *name;
    GBytes *(*make)(void);
    const char *expected; /* words in hexadecimal; NULL: no message */
} Row;

static const RpcMessageHeader call_header = {
    .program = RPC_MESSAGE_REMOTE, .version = 1, .procedure = 344, .serial = 7};

/* A name that is written, by functions that take no const. */
static char *
text(const char *name)
{
    return (char *)(uintptr_t)name;
}

static rpc_domain
make_domain(void)
{
    rpc_domain domain = {.name = text("vm001"), .id = 2};

    memcpy(domain.uuid, "\xf0\x9d\x73\xa8\xd3\xbf\x43\x4f\xb4\xd2\x3f\xaa\x8b\xb2\xa2\xf6", 16);
    return domain;
}

static GBytes *
make_stats_of(rpc_param *params, unsigned int n_params)
{
    rpc_record record = {.domain = make_domain(),
                         .params = {.params_val = params, .params_len = n_params}};
    rpc_records result = {.records = {.records_val = &record, .records_len = 1}};

    return rpc_message_make_reply(&call_header, rpc_procedure_find(344), &result);
}

static GBytes *
make_state(void)
{
    rpc_param params[] = {
        {text("state.state"), {.type = 1, .rpc_value_u.as_int = 3}},
        {text("state.reason"), {.type = 1, .rpc_value_u.as_int = 1}},
    };

    return make_stats_of(params, G_N_ELEMENTS(params));
}

static GBytes *
make_types(void)
{
    rpc_param params[] = {
        {text("a"), {.type = 1, .rpc_value_u.as_int = -2}},
        {text("b"), {.type = 2, .rpc_value_u.as_uint = 0xfffffffeU}},
        {text("c"), {.type = 3, .rpc_value_u.as_llong = -3}},
        {text("d"), {.type = 4, .rpc_value_u.as_ullong = 0xfffffffffffffffdULL}},
        {text("e"), {.type = 5, .rpc_value_u.as_double = 1.5}},
        {text("f"), {.type = 6, .rpc_value_u.as_boolean = 1}},
        {text("g"), {.type = 7, .rpc_value_u.as_string = text("x")}},
    };

    return make_stats_of(params, G_N_ELEMENTS(params));
}

static GBytes *
make_unknown_type(void)
{
    rpc_param param = {text("a"), {.type = 8}};

    return make_stats_of(&param, 1);
}

static GBytes *
make_no_params(void)
{
    return make_stats_of(NULL, 0);
}

/* @n_strings of the longest strings there may be, or a string that is @more bytes longer. */
static GBytes *
make_long(unsigned int n_strings, size_t more)
{
    g_autofree char *value = g_malloc(RPC_LIMIT_TEXT_BYTES + more + 1);
    g_autofree rpc_param *params = g_new0(rpc_param, n_strings);

    memset(value, 'x', RPC_LIMIT_TEXT_BYTES + more);
    value[RPC_LIMIT_TEXT_BYTES + more] = '\0';
    for (unsigned int i = 0; i < n_strings; i++)
        params[i] = (rpc_param){text("a"), {.type = 7, .rpc_value_u.as_string = value}};
    return make_stats_of(params, n_strings);
}

static GBytes *
make_too_long_text(void)
{
    return make_long(1, 1);
}

static GBytes *
make_too_long_message(void)
{
    return make_long(8, 0);
}

static GBytes *
make_too_many_records(void)
{
    const unsigned int n = RPC_LIMIT_CALL_DOMAINS + 1;
    g_autofree rpc_record *records = g_new0(rpc_record, n);
    rpc_records result = {.records = {.records_val = records, .records_len = n}};

    for (unsigned int i = 0; i < n; i++)
        records[i].domain = make_domain();
    return rpc_message_make_reply(&call_header, rpc_procedure_find(344), &result);
}

static GBytes *
make_unknown_procedure(void)
{
    const RpcMessageHeader header = {
        .program = RPC_MESSAGE_REMOTE, .version = 1, .procedure = 9999, .serial = 2};
    g_auto(RpcError) error = {0};

    rpc_error_set(&error, VIR_ERR_RPC, VIR_FROM_RPC, "unknown procedure: %d", 9999);
    return rpc_message_make_error(&header, &error);
}

static GBytes *
make_empty(void)
{
    return rpc_message_make_reply(&call_header, rpc_procedure_find(2), NULL);
}

static GBytes *
make_info(void)
{
    rpc_domain_info info = {.state = 1, .most_kib = 2, .memory_kib = 3, .vcpus = 4, .cpu_ns = 5};

    return rpc_message_make_reply(&call_header, rpc_procedure_find(16), &info);
}

static GBytes *
make_lifecycle(void)
{
    rpc_callback_lifecycle event = {
        .callback = 1, .domain = make_domain(), .event = 3, .detail = 0};

    return rpc_message_make_event(rpc_procedure_find(318), &event);
}

#define VM001 "00000005 766d3030 31000000 f09d73a8 d3bf434f b4d23faa 8bb2a2f6 00000002 "
#define REPLY " 20008086 00000001 00000158 00000001 00000007 00000000 "

static const Row rows[] = {
    {"statistics of one domain", make_state,
     "00000074" REPLY "00000001 " VM001 "00000002 "
     "0000000b 73746174 652e7374 61746500 00000001 00000003 "
     "0000000c 73746174 652e7265 61736f6e 00000001 00000001"},
    {"a value of each type", make_types,
     "000000c4" REPLY "00000001 " VM001 "00000007 "
     "00000001 61000000 00000001 fffffffe "
     "00000001 62000000 00000002 fffffffe "
     "00000001 63000000 00000003 ffffffff fffffffd "
     "00000001 64000000 00000004 ffffffff fffffffd "
     "00000001 65000000 00000005 3ff80000 00000000 "
     "00000001 66000000 00000006 00000001 "
     "00000001 67000000 00000007 00000001 78000000"},
    {"a record without values", make_no_params, "00000044" REPLY "00000001 " VM001 "00000000"},
    {"a value of no type", make_unknown_type, NULL},
    {"a string that is too long", make_too_long_text, NULL},
    {"a message that is too long", make_too_long_message, NULL},
    {"too many records", make_too_many_records, NULL},
    {"an unknown procedure", make_unknown_procedure,
     "00000088 20008086 00000001 0000270f 00000001 00000002 00000001 "
     "00000027 00000007 00000001 00000017 756e6b6e 6f776e20 70726f63 65647572 653a2039 39393900 "
     "00000002 00000000 00000001 00000002 25730000 00000001 00000017 756e6b6e 6f776e20 70726f63 "
     "65647572 653a2039 39393900 00000000 ffffffff ffffffff 00000000"},
    {"a reply that says nothing", make_empty,
     "0000001c 20008086 00000001 00000158 00000001 00000007 00000000"},
    {"numbers of one byte and of two take four", make_info,
     "0000003c" REPLY "00000001 00000000 00000002 00000000 00000003 00000004 00000000 00000005"},
    {"a domain was suspended", make_lifecycle,
     "00000048 20008086 00000001 0000013e 00000002 00000001 00000000 "
     "00000001 " VM001 "00000003 00000000"},
    {"a pong", rpc_message_make_pong,
     "0000001c 6b656570 00000001 00000002 00000002 00000000 00000000"},
};

static char *
make_words(GBytes *message)
{
    GString *words = g_string_new(NULL);
    size_t n_bytes = 0;
    const uint8_t *bytes = g_bytes_get_data(message, &n_bytes);

    for (size_t i = 0; i < n_bytes; i++)
        g_string_append_printf(words, i % 4 == 0 && i > 0 ? " %02x" : "%02x", bytes[i]);
    return g_string_free(words, FALSE);
}

static void
has_the_bytes(const void *data)
{
    const Row *row = data;
    g_autoptr(GBytes) message = row->make();
    g_autofree char *words = message != NULL ? make_words(message) : NULL;

    if (row->expected == NULL)
        assert_null(words);
    else
        assert_string_equal(words, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("rpc_message", rows, has_the_bytes);
}
