/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_procedure: see rpc_procedure.h.
 */
#include "rpc_procedure.h"

#include <glib.h>

/* Each function of rpcgen takes a type of its own. They are called through others of one type, two
 * for each row. */
static bool_t
code_nothing(const XDR *stream, const void *value)
{
    (void)stream;
    (void)value;
    return TRUE;
}

#define HAS(type) xdr_##type(stream, value)
#define NOTHING   code_nothing(stream, value)
#define FUNCTION(part, name, statement)                                                            \
    static bool_t part##_of_##name(XDR *stream, void *value)                                       \
    {                                                                                              \
        return statement;                                                                          \
    }
#define PROCEDURE(number, name, arguments, returned, who)                                          \
    FUNCTION(args, name, arguments)                                                                \
    FUNCTION(result, name, returned)
#define MESSAGE(number, name, payload, who)                                                        \
    FUNCTION(args, name, NOTHING)                                                                  \
    FUNCTION(result, name, payload)
#include "rpc_procedure.def"
#undef HAS
#undef NOTHING
#undef PROCEDURE
#undef MESSAGE

#define HAS(type) sizeof(type)
#define NOTHING   0
#define ROW(number, name, is_message, arguments, returned, who)                                    \
    {number, #name, is_message, {arguments, args_of_##name}, {returned, result_of_##name}, who},

const RpcProcedure rpc_procedures[] = {
#define PROCEDURE(number, name, arguments, returned, who)                                          \
    ROW(number, name, false, arguments, returned, who)
#define MESSAGE(number, name, payload, who) ROW(number, name, true, NOTHING, payload, who)
#include "rpc_procedure.def"
};
const size_t rpc_n_procedures = G_N_ELEMENTS(rpc_procedures);

/* Those that virsh calls for its common commands. Any other is an unknown procedure, which clients
 * take for one that is not supported. */
static const struct {
    int number;
    const char *name;
} writes[] = {
    {8, "virDomainAttachDevice"},  {9, "virDomainCreate"},
    {10, "virDomainCreateXML"},    {11, "virDomainDefineXML"},
    {12, "virDomainDestroy"},      {13, "virDomainDetachDevice"},
    {26, "virDomainPinVcpu"},      {27, "virDomainReboot"},
    {28, "virDomainResume"},       {29, "virDomainSetAutostart"},
    {30, "virDomainSetMaxMemory"}, {31, "virDomainSetMemory"},
    {32, "virDomainSetVcpus"},     {33, "virDomainShutdown"},
    {34, "virDomainSuspend"},      {35, "virDomainUndefine"},
    {53, "virDomainCoreDump"},     {54, "virDomainRestore"},
    {55, "virDomainSave"},         {58, "virDomainSetSchedulerParameters"},
};

const RpcProcedure *
rpc_procedure_find(int number)
{
    for (size_t i = 0; i < rpc_n_procedures; i++) {
        if (rpc_procedures[i].number == number)
            return &rpc_procedures[i];
    }
    return NULL;
}

size_t
rpc_procedure_sizeof(RpcProcedureCode code, void *value)
{
    /* The library calls all such functions through this one type. */
    return xdr_sizeof((xdrproc_t)(void (*)(void))code, value);
}

void
rpc_procedure_free(RpcProcedureCode code, void *value)
{
    XDR stream = {.x_op = XDR_FREE};

    (void)code(&stream, value);
}

const char *
rpc_procedure_write_name(int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
        if (writes[i].number == number)
            return writes[i].name;
    }
    return NULL;
}
