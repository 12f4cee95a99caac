/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_rpc_procedure: the layout of every procedure's arguments and result, by their size.
 *
 * Bytes that are all zero are the shortest arguments that there are: empty lists and strings. They
 * are taken, also with bytes behind them; a word less is refused.
 */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "rpc/rpc_call.h"
#include "rpc/rpc_limits.h"

enum { MOST = 1024, HEADER = RPC_MESSAGE_HEADER_BYTES };

/* Bytes of the shortest arguments and result. */
typedef struct {
    const char *name;
    int number;
    size_t args;
    size_t result;
} Row;

static const Row rows[] = {
    {"CONNECT_OPEN", 1, 8, 0},
    {"CONNECT_CLOSE", 2, 0, 0},
    {"CONNECT_GET_TYPE", 3, 0, 4},
    {"CONNECT_GET_VERSION", 4, 0, 8},
    {"CONNECT_GET_MAX_VCPUS", 5, 4, 4},
    {"NODE_GET_INFO", 6, 0, 160},
    {"CONNECT_GET_CAPABILITIES", 7, 0, 4},
    {"DOMAIN_GET_XML_DESC", 14, 28, 4},
    {"DOMAIN_GET_AUTOSTART", 15, 24, 4},
    {"DOMAIN_GET_INFO", 16, 24, 32},
    {"DOMAIN_GET_MAX_MEMORY", 17, 24, 8},
    {"DOMAIN_GET_MAX_VCPUS", 18, 24, 4},
    {"DOMAIN_GET_OS_TYPE", 19, 24, 4},
    {"DOMAIN_GET_VCPUS", 20, 32, 8},
    {"CONNECT_LIST_DEFINED_DOMAINS", 21, 4, 4},
    {"DOMAIN_LOOKUP_BY_ID", 22, 4, 24},
    {"DOMAIN_LOOKUP_BY_NAME", 23, 4, 24},
    {"DOMAIN_LOOKUP_BY_UUID", 24, 16, 24},
    {"CONNECT_NUM_OF_DEFINED_DOMAINS", 25, 0, 4},
    {"CONNECT_LIST_DOMAINS", 37, 4, 4},
    {"CONNECT_NUM_OF_DOMAINS", 51, 0, 4},
    {"CONNECT_GET_HOSTNAME", 59, 0, 4},
    {"CONNECT_SUPPORTS_FEATURE", 60, 4, 4},
    {"DOMAIN_BLOCK_STATS", 64, 28, 40},
    {"DOMAIN_INTERFACE_STATS", 65, 28, 64},
    {"AUTH_LIST", 66, 0, 4},
    {"NODE_GET_FREE_MEMORY", 102, 0, 8},
    {"CONNECT_DOMAIN_EVENT_REGISTER", 105, 0, 4},
    {"CONNECT_DOMAIN_EVENT_DEREGISTER", 106, 0, 4},
    {"DOMAIN_EVENT_LIFECYCLE", 107, 0, 32},
    {"CONNECT_GET_URI", 110, 0, 4},
    {"DOMAIN_GET_SECURITY_LABEL", 121, 24, 8},
    {"NODE_GET_SECURITY_MODEL", 122, 0, 8},
    {"CONNECT_IS_SECURE", 149, 0, 4},
    {"DOMAIN_IS_ACTIVE", 150, 24, 4},
    {"DOMAIN_IS_PERSISTENT", 151, 24, 4},
    {"CONNECT_GET_LIB_VERSION", 157, 0, 8},
    {"DOMAIN_MEMORY_STATS", 159, 32, 4},
    {"DOMAIN_GET_JOB_INFO", 163, 24, 92},
    {"CONNECT_DOMAIN_EVENT_REGISTER_ANY", 167, 4, 0},
    {"CONNECT_DOMAIN_EVENT_DEREGISTER_ANY", 168, 4, 0},
    {"DOMAIN_HAS_MANAGED_SAVE_IMAGE", 183, 28, 4},
    {"DOMAIN_GET_BLOCK_INFO", 194, 32, 24},
    {"DOMAIN_GET_VCPUS_FLAGS", 200, 28, 4},
    {"DOMAIN_IS_UPDATED", 202, 24, 4},
    {"DOMAIN_GET_STATE", 212, 28, 8},
    {"NODE_GET_CPU_STATS", 227, 12, 8},
    {"NODE_GET_MEMORY_STATS", 228, 12, 8},
    {"DOMAIN_GET_CONTROL_INFO", 229, 28, 16},
    {"DOMAIN_GET_VCPU_PIN_INFO", 230, 36, 8},
    {"DOMAIN_BLOCK_STATS_FLAGS", 243, 36, 8},
    {"DOMAIN_GET_CPU_STATS", 262, 40, 8},
    {"DOMAIN_GET_METADATA", 265, 36, 4},
    {"CONNECT_LIST_ALL_DOMAINS", 273, 8, 8},
    {"CONNECT_LIST_ALL_STORAGE_POOLS", 281, 8, 8},
    {"CONNECT_LIST_ALL_NETWORKS", 283, 8, 8},
    {"CONNECT_LIST_ALL_INTERFACES", 284, 8, 8},
    {"CONNECT_LIST_ALL_NODE_DEVICES", 285, 8, 8},
    {"CONNECT_LIST_ALL_NWFILTERS", 286, 8, 8},
    {"CONNECT_LIST_ALL_SECRETS", 287, 8, 8},
    {"NODE_GET_CPU_MAP", 293, 12, 12},
    {"DOMAIN_GET_JOB_STATS", 298, 28, 8},
    {"CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY", 316, 8, 4},
    {"CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY", 317, 4, 0},
    {"DOMAIN_EVENT_CALLBACK_LIFECYCLE", 318, 0, 36},
    {"CONNECT_GET_ALL_DOMAIN_STATS", 344, 12, 4},
    {"DOMAIN_GET_IOTHREAD_INFO", 351, 28, 8},
    {"CONNECT_REGISTER_CLOSE_CALLBACK", 360, 0, 0},
    {"CONNECT_UNREGISTER_CLOSE_CALLBACK", 361, 0, 0},
    {"DOMAIN_GET_PERF_EVENTS", 365, 28, 4},
    {"DOMAIN_GET_MESSAGES", 426, 28, 4},
};

static RpcCallKind
parse(int number, size_t n_payload, uint8_t fill, RpcCall *ret_call)
{
    const uint32_t words[] = {
        (uint32_t)(HEADER + n_payload), RPC_MESSAGE_REMOTE, 1, (uint32_t)number, 0, 9, 0};
    /* Its own size on the heap, so that a read beyond it is seen. */
    g_autofree uint8_t *bytes = g_malloc(HEADER + n_payload);

    memset(bytes + HEADER, fill, n_payload);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        uint32_t big = GUINT32_TO_BE(words[i]);

        memcpy(bytes + i * sizeof(big), &big, sizeof(big));
    }
    return rpc_call_parse(bytes, HEADER + n_payload, ret_call);
}

static void
check_args(const Row *row, size_t n_bytes, RpcCallKind expected)
{
    g_auto(RpcCall) call = {0};

    if (parse(row->number, n_bytes, 0, &call) != expected)
        fail_msg("%zu bytes: %s", n_bytes, call.error.message ? call.error.message : "taken");
    if (expected == RPC_CALL_VALID && row->args > 0)
        assert_int_equal(rpc_procedure_sizeof(call.procedure->args.code, call.args), row->args);
    if (expected == RPC_CALL_REFUSED)
        assert_string_equal(call.error.message, "Unable to decode message payload");
}

/* Reads a result of zeros, as a client would, and writes it again. */
static void
check_result(const RpcProcedure *procedure, size_t expected)
{
    char zeros[MOST] = {0};
    g_autofree void *result = g_malloc0(procedure->result.size + 1);
    RpcMessageHeader header = {.procedure = procedure->number};
    g_autoptr(GBytes) message = NULL;
    XDR stream;

    xdrmem_create(&stream, zeros, sizeof(zeros), XDR_DECODE);
    if (strcmp(procedure->name, "CONNECT_GET_ALL_DOMAIN_STATS") != 0)
        assert_true(procedure->result.size == 0 || procedure->result.code(&stream, result));
    message =
        rpc_message_make_reply(&header, procedure, procedure->result.size > 0 ? result : NULL);
    assert_non_null(message);
    assert_int_equal(g_bytes_get_size(message), HEADER + expected);
    if (procedure->result.size > 0)
        rpc_procedure_free(procedure->result.code, result);
}

static void
has_the_layout(const void *data)
{
    const Row *row = data;
    const RpcProcedure *procedure = rpc_procedure_find(row->number);
    g_auto(RpcCall) call = {0};

    assert_non_null(procedure);
    assert_string_equal(procedure->name, row->name);
    check_result(procedure, row->result);
    if (procedure->is_message) {
        assert_int_equal(parse(row->number, 0, 0, &call), RPC_CALL_REFUSED);
        return;
    }
    check_args(row, row->args, RPC_CALL_VALID);
    check_args(row, row->args + 8, RPC_CALL_VALID);
    if (row->args > 0)
        check_args(row, row->args - 4, RPC_CALL_REFUSED);
    if (row->args > 0)
        check_args(row, 0, RPC_CALL_REFUSED);
    /* Every count, length and flag at its highest: nothing is allocated for it, nothing read. */
    (void)parse(row->number, row->args, 0xff, &call);
}

static void
is_tested_and_named(void)
{
    assert_int_equal(rpc_n_procedures, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < rpc_n_procedures; i++) {
        const RpcProcedure *procedure = &rpc_procedures[i];

        assert_ptr_equal(rpc_procedure_find(procedure->number), procedure);
        assert_null(rpc_procedure_write_name(procedure->number));
        assert_true(strlen(procedure->who) > 2);
    }
}

static void
every_procedure_has_a_row_here(void **state)
{
    (void)state;
    is_tested_and_named();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"every procedure has a row here, a number of its own, and a client",
         every_procedure_has_a_row_here, NULL, NULL, NULL},
    };
    int failed = cmocka_run_group_tests_name("rpc_procedure: table", tests, NULL, NULL);

    return failed + TESTING_RUN_TABLE("rpc_procedure", rows, has_the_layout);
}
