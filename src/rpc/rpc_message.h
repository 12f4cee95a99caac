/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_message: messages of libvirt's RPC: the header that each begins with, and the bytes of
 * replies, errors, events and pongs.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc_error.h"
#include "rpc_procedure.h"

enum {
    RPC_MESSAGE_HEADER_BYTES = 28,
    RPC_MESSAGE_VERSION = 1, /* of each program */
    RPC_MESSAGE_REMOTE = 0x20008086,
    RPC_MESSAGE_KEEPALIVE = 0x6b656570,
    RPC_MESSAGE_PING = 1,
    RPC_MESSAGE_PONG = 2,
};

typedef enum {
    RPC_MESSAGE_CALL = 0,
    RPC_MESSAGE_REPLY = 1,
    RPC_MESSAGE_EVENT = 2, /* what the other side need not answer */
    RPC_MESSAGE_STREAM = 3,
    RPC_MESSAGE_CALL_WITH_FDS = 4,
} RpcMessageType;

typedef enum {
    RPC_MESSAGE_OK = 0,
    RPC_MESSAGE_ERROR = 1,
} RpcMessageStatus;

/* What follows the length. */
typedef struct {
    uint32_t program;
    uint32_t version;
    int32_t procedure;
    int32_t type;
    uint32_t serial; /* the caller's; its reply has the same */
    int32_t status;
} RpcMessageHeader;

/* Reads the header of a whole message. False if there are fewer bytes than a header has, or the
 * length in it is not @n_bytes. */
bool rpc_message_parse_header(const uint8_t *bytes, size_t n_bytes, RpcMessageHeader *ret_header);

/* The reply to @call with @result, of the type that @procedure has (NULL if it has none). NULL if
 * it cannot be told: longer than SENT_BYTES, or a list or string is longer than clients take. */
GBytes *rpc_message_make_reply(const RpcMessageHeader *call, const RpcProcedure *procedure,
                               void *result);

/* The reply to @call that @error is; never NULL. */
GBytes *rpc_message_make_error(const RpcMessageHeader *call, const RpcError *error);

/* The message @procedure, sent without being asked for; NULL as above. */
GBytes *rpc_message_make_event(const RpcProcedure *procedure, void *payload);

/* The answer to a ping. */
GBytes *rpc_message_make_pong(void);
