/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_procedure: see rpc_procedure.h.
 */
#include "rpc_procedure.h"

#include <glib.h>

/* Each function of rpcgen takes its own type; xdrproc_t is the type of them all. */
#define CODE(function) ((xdrproc_t)(void (*)(void))(function))
#define HAS(type)                                                                                  \
    {                                                                                              \
        sizeof(type), CODE(xdr_##type)                                                             \
    }
#define NOTHING                                                                                    \
    {                                                                                              \
        0, CODE(xdr_void)                                                                          \
    }

const RpcProcedure rpc_procedures[] = {
#define PROCEDURE(number, name, arguments, result, who)                                            \
    {number, #name, false, arguments, result, who},
#define MESSAGE(number, name, payload, who) {number, #name, true, NOTHING, payload, who},
#include "rpc_procedure.def"
#undef PROCEDURE
#undef MESSAGE
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

const char *
rpc_procedure_write_name(int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
        if (writes[i].number == number)
            return writes[i].name;
    }
    return NULL;
}
