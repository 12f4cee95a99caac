/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_rpc_xdr: any bytes as a message of a client of libvirt's RPC.
 *
 * Claims: a message is taken for one of four kinds, and none crashes. What was taken can be
 * written, to no more bytes than it came in, and read again to the same bytes. A refusal has a code
 * and a message, and can be sent.
 *
 * The first two bytes choose the procedure, so that the decoders of all are reached; the rest are
 * its arguments. If the first is 255, the rest is a whole message.
 */
#include <glib.h>
#include <string.h>

#include "rpc/rpc_call.h"
#include "rpc/rpc_limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GBytes *
write_args(const RpcCall *call)
{
    size_t n_bytes = rpc_procedure_sizeof(call->procedure->args.code, call->args);
    g_autofree char *bytes = g_malloc(n_bytes);
    XDR stream;

    xdrmem_create(&stream, bytes, (unsigned int)n_bytes, XDR_ENCODE);
    g_assert(call->procedure->args.code(&stream, call->args));
    return g_bytes_new_take(g_steal_pointer(&bytes), n_bytes);
}

static GByteArray *
make_message(int32_t procedure, const uint8_t *args, size_t n_args)
{
    const uint32_t words[] = {(uint32_t)(RPC_MESSAGE_HEADER_BYTES + n_args),
                              RPC_MESSAGE_REMOTE,
                              RPC_MESSAGE_VERSION,
                              (uint32_t)procedure,
                              RPC_MESSAGE_CALL,
                              1,
                              RPC_MESSAGE_OK};
    GByteArray *message = g_byte_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        uint32_t big = GUINT32_TO_BE(words[i]);

        g_byte_array_append(message, (const guint8 *)&big, sizeof(big));
    }
    if (n_args > 0)
        g_byte_array_append(message, args, (guint)n_args);
    return message;
}

static void
check_args(const RpcCall *call, size_t n_bytes)
{
    g_autoptr(GBytes) once = write_args(call);
    size_t n_once = 0;
    const uint8_t *bytes = g_bytes_get_data(once, &n_once);
    g_autoptr(GByteArray) message = make_message(call->procedure->number, bytes, n_once);
    g_autoptr(GBytes) twice = NULL;
    g_auto(RpcCall) again = {0};

    g_assert(n_once <= n_bytes);
    g_assert(rpc_call_parse(message->data, message->len, &again) == RPC_CALL_VALID);
    twice = write_args(&again);
    g_assert(g_bytes_equal(once, twice));
}

static void
check_message(const uint8_t *bytes, size_t n_bytes)
{
    g_auto(RpcCall) call = {0};
    RpcCallKind kind = rpc_call_parse(bytes, n_bytes, &call);
    g_autoptr(GBytes) refusal = NULL;

    g_assert((kind == RPC_CALL_PING) == rpc_call_is_ping(bytes, n_bytes));
    g_assert((kind == RPC_CALL_VALID) == (call.procedure != NULL));
    g_assert((kind == RPC_CALL_REFUSED) == (call.error.message != NULL && call.error.code != 0));
    if (kind == RPC_CALL_VALID && call.args != NULL)
        check_args(&call, n_bytes);
    if (kind != RPC_CALL_REFUSED)
        return;
    refusal = rpc_message_make_error(&call.header, &call.error);
    g_assert(refusal != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) message = NULL;

    if (size < 2 || size > RPC_LIMIT_CALL_BYTES)
        return 0;
    if (data[0] == UINT8_MAX) {
        check_message(data + 1, size - 1);
        return 0;
    }
    message = make_message(data[0] << 8 | data[1], data + 2, size - 2);
    check_message(message->data, message->len);
    return 0;
}
