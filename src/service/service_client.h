/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_client: the calls that one connection of the library makes to a service.
 *
 * Owns the connections to it: each call has one for itself, so calls may come from several threads
 * at once. When the service was restarted, the next call connects anew.
 */
#pragma once

#include "domstats/domstats.h"
#include "util/util_deadline.h"

typedef struct ServiceClient ServiceClient;

typedef enum {
    SERVICE_CLIENT_ANY,  /* the caller named this service: whoever it is, and wherever it runs */
    SERVICE_CLIENT_OURS, /* only one of root or of our own user that sees all of the host that this
                            process sees */
} ServiceClientTrust;

typedef struct {
    const DomstatsCall *call; /* its timeout is not used */
    UtilDeadline deadline;
    unsigned int silence_ms; /* as in ServiceConnectionPatience; after such a silence calls fail at
                                once until the service does something */
} ServiceClientRequest;

ServiceClient *service_client_new(const char *path, ServiceClientTrust trust);
void service_client_free(ServiceClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServiceClient, service_client_free)

/* Connects, and keeps the connection for a call. False with an error as below. */
bool service_client_try(ServiceClient *self, const ServiceClientRequest *request, GError **error);

/* Gives DomstatsRecord pointers, which the array frees; their values are answered by the service.
 * NULL and a UtilError, or an error of the service itself (DOMSTATS_ERROR). */
GPtrArray *service_client_get_stats(ServiceClient *self, const ServiceClientRequest *request,
                                    GError **error);

/* What the service could not see in the last call that it answered; NULL: nothing. Never freed. */
const char *service_client_blind_spot(ServiceClient *self);
