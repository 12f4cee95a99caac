/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_call: see rpc_call.h. The texts of refusals are those of libvirt's daemons: its clients look
 * for "unknown procedure" at the beginning of one, and then try an older procedure.
 *
 * libvirt's libtirpc reads a list by its count, bounded by rpc_protocol.x, allocates it, and fails
 * at the first item that is not there. So a message of a few bytes can have a list of 16,384
 * domains allocated, half a MiB, or a string of 4 MiB, for as long as it takes to see that it is
 * short.
 */
#include "rpc_call.h"

#include "rpc_limits.h"

static bool
is_keepalive(const RpcMessageHeader *header)
{
    return header->program == RPC_MESSAGE_KEEPALIVE && header->version == RPC_MESSAGE_VERSION;
}

static bool
is_ping(const RpcMessageHeader *header)
{
    return is_keepalive(header) && header->procedure == RPC_MESSAGE_PING &&
           header->type == RPC_MESSAGE_EVENT;
}

bool
rpc_call_is_ping(const uint8_t *bytes, size_t n_bytes)
{
    RpcMessageHeader header;

    return rpc_message_parse_header(bytes, n_bytes, &header) && is_ping(&header);
}

/* Checks what can be checked without the arguments. */
static bool
check_header(const RpcMessageHeader *header, RpcError *error)
{
    if (header->program != RPC_MESSAGE_REMOTE || header->version != RPC_MESSAGE_VERSION) {
        rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "Cannot find program %u version %u",
                      header->program, header->version);
        return false;
    }
    if (header->type == RPC_MESSAGE_CALL_WITH_FDS) {
        rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "Unexpected message type %d", header->type);
        return false;
    }
    if (header->status != RPC_MESSAGE_OK) {
        rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "Unexpected message status %u",
                      (uint32_t)header->status);
        return false;
    }
    return true;
}

static const RpcProcedure *
find_procedure(const RpcMessageHeader *header, RpcError *error)
{
    const RpcProcedure *procedure = rpc_procedure_find(header->procedure);
    const char *write = rpc_procedure_write_name(header->procedure);

    if (procedure != NULL && !procedure->is_message)
        return procedure;
    if (write != NULL)
        rpc_error_set(error, VIR_ERR_OPERATION_DENIED, VIR_FROM_DOMAIN,
                      "operation forbidden: read only access prevents %s", write);
    else
        rpc_error_set(error, VIR_ERR_RPC, VIR_FROM_RPC, "unknown procedure: %d", header->procedure);
    return NULL;
}

static void *
parse_args(const RpcProcedurePart *part, const uint8_t *bytes, size_t n_bytes)
{
    g_autofree void *args = g_malloc0(part->size);
    XDR stream;

    /* xdrmem reads from what it is given, and takes no const. */
    xdrmem_create(&stream, (char *)(uintptr_t)bytes, (unsigned int)n_bytes, XDR_DECODE);
    if (part->code(&stream, args))
        return g_steal_pointer(&args);
    rpc_procedure_free(part->code, args);
    return NULL;
}

RpcCallKind
rpc_call_parse(const uint8_t *bytes, size_t n_bytes, RpcCall *ret_call)
{
    RpcMessageHeader *header = &ret_call->header;

    *ret_call = (RpcCall){0};
    if (n_bytes > RPC_LIMIT_CALL_BYTES || !rpc_message_parse_header(bytes, n_bytes, header))
        return RPC_CALL_NOTHING;
    if (is_ping(header))
        return RPC_CALL_PING;
    if (header->type != RPC_MESSAGE_CALL && header->type != RPC_MESSAGE_CALL_WITH_FDS)
        return RPC_CALL_NOTHING;
    if (!check_header(header, &ret_call->error))
        return RPC_CALL_REFUSED;
    ret_call->procedure = find_procedure(header, &ret_call->error);
    if (ret_call->procedure == NULL)
        return RPC_CALL_REFUSED;
    if (ret_call->procedure->args.size == 0)
        return RPC_CALL_VALID;
    ret_call->args = parse_args(&ret_call->procedure->args, bytes + RPC_MESSAGE_HEADER_BYTES,
                                n_bytes - RPC_MESSAGE_HEADER_BYTES);
    if (ret_call->args != NULL)
        return RPC_CALL_VALID;
    ret_call->procedure = NULL;
    rpc_error_set(&ret_call->error, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to decode message payload");
    return RPC_CALL_REFUSED;
}

void
rpc_call_clear(RpcCall *self)
{
    if (self->args != NULL)
        rpc_procedure_free(self->procedure->args.code, self->args);
    g_free(self->args);
    rpc_error_clear(&self->error);
    *self = (RpcCall){0};
}
