/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_message: see rpc_message.h. A message is measured before it is written, so that one that
 * clients would not take is never made.
 */
#include "rpc_message.h"

#include <string.h>

#include "rpc_limits.h"

enum { ERROR_LEVEL = 2, WORD = 4, N_HEADER_WORDS = RPC_MESSAGE_HEADER_BYTES / WORD };

static uint32_t
read_word(const uint8_t *bytes, size_t index)
{
    uint32_t word = 0;

    memcpy(&word, bytes + index * WORD, WORD);
    return GUINT32_FROM_BE(word);
}

bool
rpc_message_parse_header(const uint8_t *bytes, size_t n_bytes, RpcMessageHeader *ret_header)
{
    if (n_bytes < RPC_MESSAGE_HEADER_BYTES || read_word(bytes, 0) != n_bytes)
        return false;
    *ret_header = (RpcMessageHeader){
        .program = read_word(bytes, 1),
        .version = read_word(bytes, 2),
        .procedure = (int32_t)read_word(bytes, 3),
        .type = (int32_t)read_word(bytes, 4),
        .serial = read_word(bytes, 5),
        .status = (int32_t)read_word(bytes, 6),
    };
    return true;
}

static void
write_header(uint8_t *bytes, size_t n_bytes, const RpcMessageHeader *header)
{
    const uint32_t words[N_HEADER_WORDS] = {
        (uint32_t)n_bytes,           header->program,        header->version,
        (uint32_t)header->procedure, (uint32_t)header->type, header->serial,
        (uint32_t)header->status,
    };

    for (size_t i = 0; i < N_HEADER_WORDS; i++) {
        uint32_t big = GUINT32_TO_BE(words[i]);

        memcpy(bytes + i * WORD, &big, WORD);
    }
}

static bool_t
code_failure(XDR *stream, void *value)
{
    return xdr_rpc_failure(stream, value);
}

/* xdr functions read and write by one signature, so what they write is not const. Without @payload
 * there is no @code. */
static GBytes *
make_message(const RpcMessageHeader *header, RpcProcedureCode code, void *payload)
{
    size_t n_payload = payload != NULL ? rpc_procedure_sizeof(code, payload) : 0;
    size_t n_bytes = RPC_MESSAGE_HEADER_BYTES + n_payload;
    g_autofree uint8_t *bytes = NULL;
    XDR stream;

    if (n_bytes > RPC_LIMIT_SENT_BYTES || (payload != NULL && n_payload == 0))
        return NULL;
    bytes = g_malloc(n_bytes);
    write_header(bytes, n_bytes, header);
    if (payload != NULL) {
        xdrmem_create(&stream, (char *)bytes + RPC_MESSAGE_HEADER_BYTES, (unsigned int)n_payload,
                      XDR_ENCODE);
        if (!code(&stream, payload) || xdr_getpos(&stream) != n_payload)
            return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), n_bytes);
}

static RpcMessageHeader
reply_header(const RpcMessageHeader *call, RpcMessageStatus status)
{
    RpcMessageHeader header = *call;

    header.type = RPC_MESSAGE_REPLY;
    header.status = (int32_t)status;
    return header;
}

GBytes *
rpc_message_make_reply(const RpcMessageHeader *call, const RpcProcedure *procedure, void *result)
{
    RpcMessageHeader header = reply_header(call, RPC_MESSAGE_OK);

    g_assert((result != NULL) == (procedure->result.size > 0));
    return make_message(&header, procedure->result.code, result);
}

GBytes *
rpc_message_make_error(const RpcMessageHeader *call, const RpcError *error)
{
    RpcMessageHeader header = reply_header(call, RPC_MESSAGE_ERROR);
    rpc_text message = error->message;
    rpc_text format = (char *)(uintptr_t) "%s";
    rpc_failure failure = {
        .code = error->code,
        .domain = error->domain,
        .message = &message,
        .level = ERROR_LEVEL,
        .text1 = &format,
        .text2 = &message,
        .number1 = -1,
        .number2 = -1,
    };

    return make_message(&header, code_failure, &failure);
}

GBytes *
rpc_message_make_event(const RpcProcedure *procedure, void *payload)
{
    const RpcMessageHeader header = {
        .program = RPC_MESSAGE_REMOTE,
        .version = RPC_MESSAGE_VERSION,
        .procedure = procedure->number,
        .type = RPC_MESSAGE_EVENT,
        .serial = 1,
    };

    return make_message(&header, procedure->result.code, payload);
}

GBytes *
rpc_message_make_pong(void)
{
    const RpcMessageHeader header = {
        .program = RPC_MESSAGE_KEEPALIVE,
        .version = RPC_MESSAGE_VERSION,
        .procedure = RPC_MESSAGE_PONG,
        .type = RPC_MESSAGE_EVENT,
    };

    return make_message(&header, NULL, NULL);
}
