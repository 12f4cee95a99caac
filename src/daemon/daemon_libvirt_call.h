/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_call: one call of a client of libvirt's RPC, as the functions see it that answer
 * it, and what a session keeps between calls.
 */
#pragma once

#include "daemon_host.h"
#include "daemon_libvirt_fields.h"
#include "daemon_libvirt_known.h"
#include "rpc/rpc_call.h"

/* An event that a client waits for. */
typedef struct {
    int id;
    int event;                         /* virDomainEventID; only lifecycle events are ever sent */
    bool is_old;                       /* without a number of the callback in its messages */
    char uuid[VIR_UUID_STRING_BUFLEN]; /* of the one domain it is for; "": all */
} DaemonLibvirtCallEvent;

/* A client, from its connecting to its leaving. */
typedef struct {
    bool is_open;
    char *uri;
    GArray *events; /* DaemonLibvirtCallEvent */
    int last_event;
    DaemonLibvirtKnown known;
} DaemonLibvirtCallSession;

typedef struct {
    const void *args; /* the struct that its procedure has */
    const DaemonHost *host;
    DaemonLibvirtCallSession *session;
    const DaemonRoundsAnswer *answer;  /* NULL: no round was needed */
    const DaemonLibvirtFields *fields; /* of the domain that @args name; NULL: they name none */
    GPtrArray *memory;                 /* what lives until the reply is sent */
} DaemonLibvirtCall;

/* Memory that lives until the reply is sent: @n items of @size bytes, zeros. */
void *daemon_libvirt_call_alloc(DaemonLibvirtCall *self, size_t n, size_t size);

/* Takes @take_text, which lives until the reply is sent. */
char *daemon_libvirt_call_keep(DaemonLibvirtCall *self, char *take_text);

/* A borrowed string as a member of a result, which is only read. */
char *daemon_libvirt_call_text(const char *text);

/* The domain of @record in a result; its name is borrowed. */
rpc_domain daemon_libvirt_call_domain(const DomstatsRecord *record);

/* A UUID as text, and back; false: it is none. */
void daemon_libvirt_call_print_uuid(const char raw[VIR_UUID_BUFLEN],
                                    char ret_uuid[VIR_UUID_STRING_BUFLEN]);
bool daemon_libvirt_call_parse_uuid(const char *uuid, char ret_raw[VIR_UUID_BUFLEN]);

/* Values for the params of a result; @params has room. */
void daemon_libvirt_call_add_ullong(rpc_param *params, unsigned int *n_params, const char *field,
                                    uint64_t value);
void daemon_libvirt_call_add_llong(rpc_param *params, unsigned int *n_params, const char *field,
                                   int64_t value);
