/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_call: what a client's message asks for: a procedure with its arguments, a ping, or something
 * that is refused.
 */
#pragma once

#include "rpc_message.h"

typedef enum {
    RPC_CALL_NOTHING, /* needs no answer, and gets none: streams, replies, pongs */
    RPC_CALL_PING,    /* to be answered with a pong at once */
    RPC_CALL_REFUSED, /* to be answered with @error */
    RPC_CALL_VALID,
} RpcCallKind;

typedef struct {
    RpcMessageHeader header;
    const RpcProcedure *procedure; /* NULL unless VALID */
    void *args;                    /* the struct that @procedure has; NULL: it has none */
    RpcError error;                /* of REFUSED */
} RpcCall;

/* Reads a whole message; bytes after the arguments are ignored, as libvirt's daemons do. @ret_call
 * is to be cleared whatever it is. */
RpcCallKind rpc_call_parse(const uint8_t *bytes, size_t n_bytes, RpcCall *ret_call);

void rpc_call_clear(RpcCall *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RpcCall, rpc_call_clear)

/* Whether the message is a ping. */
bool rpc_call_is_ping(const uint8_t *bytes, size_t n_bytes);
