/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_auto: the backend for the source "auto": the service of this host if it runs, else the
 * host itself.
 */
#pragma once

#include "driver.h"

/* Where the service of a host listens. */
#define DOMSTATS_AUTO_SERVICE "/run/domstats/domstats.sock"

extern const Driver domstats_auto_driver;

/* Whether a service can do what @options ask for. */
bool domstats_auto_fits(const DomstatsOptions *options);

/* As the driver's open(), with a service at @path and @host as the driver for the host itself. */
void *domstats_auto_open(const char *path, const Driver *host, const DomstatsOptions *options,
                         GError **error);
