/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_procedure: the table of the procedures of libvirt's RPC that are served: number, name, and
 * how arguments and result become bytes. Its rows stand in rpc_procedure.def.
 */
#pragma once

#include <rpc/rpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc_protocol.h"

enum {
#define PROCEDURE(number, name, arguments, result, who) RPC_PROCEDURE_##name = (number),
#define MESSAGE(number, name, payload, who)             RPC_PROCEDURE_##name = (number),
#include "rpc_procedure.def"
#undef PROCEDURE
#undef MESSAGE
};

/* Reads, writes or frees a struct of rpc_protocol.h, as @stream says. */
typedef bool_t (*RpcProcedureCode)(XDR *stream, void *value);

/* A struct of rpc_protocol.h, and its function. */
typedef struct {
    size_t size; /* 0: there is none */
    RpcProcedureCode code;
} RpcProcedurePart;

typedef struct {
    int number;
    const char *name;        /* libvirt's, "CONNECT_OPEN" */
    bool is_message;         /* sent by the daemon, never called */
    RpcProcedurePart args;   /* none for a message */
    RpcProcedurePart result; /* or the payload of the message */
    const char *who;         /* which clients need it */
} RpcProcedure;

extern const RpcProcedure rpc_procedures[];
extern const size_t rpc_n_procedures;

/* The row of @number, message or not; NULL: it has none. */
const RpcProcedure *rpc_procedure_find(int number);

/* How many bytes @value has when it is written; 0: it cannot be. */
size_t rpc_procedure_sizeof(RpcProcedureCode code, void *value);
/* Frees what @value points to, not itself. */
void rpc_procedure_free(RpcProcedureCode code, void *value);

/* What libvirt calls the write procedure @number in its API ("virDomainSuspend"); NULL: it is none
 * that is known here. None of them is served. */
const char *rpc_procedure_write_name(int number);
