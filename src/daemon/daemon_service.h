/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_service: the service's own protocol (src/service/service_protocol.x), for clients that
 * read all that a record has: "service:PATH", and "auto" where the service runs.
 */
#pragma once

#include "daemon_client.h"

/* Its context is a DaemonHost. */
extern const DaemonClientProtocol daemon_service_protocol;
