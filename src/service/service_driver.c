/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_driver: see service_driver.h.
 *
 * The service holds the monitors and reads what they send, so there is no descriptor to poll; and
 * it keeps no replies to record.
 */
#include "service_driver.h"

#include <string.h>

#include "service_client.h"

typedef struct {
    ServiceClient *client;
    char *path;
    unsigned int timeout_ms;
} ServiceDriver;

static void
driver_close(void *data)
{
    ServiceDriver *self = data;

    service_client_free(self->client);
    g_free(self->path);
    g_free(self);
}

static void *
driver_open(const char *source, const DomstatsOptions *options, GError **error)
{
    ServiceDriver *self = g_new0(ServiceDriver, 1);
    ServiceClientRequest first = {0};
    GError *inner = NULL;

    self->path = g_strdup(strchr(source, ':') + 1);
    self->client = service_client_new(self->path, SERVICE_CLIENT_ANY);
    self->timeout_ms = options->timeout_ms ? options->timeout_ms : DOMSTATS_DEFAULT_TIMEOUT_MS;
    first.deadline = util_deadline_in_ms(self->timeout_ms);
    if (service_client_try(self->client, &first, &inner))
        return self;
    driver_publish_error(inner, error);
    driver_close(self);
    return NULL;
}

static GPtrArray *
driver_get_stats(void *data, const DomstatsCall *call, GError **error)
{
    ServiceDriver *self = data;
    unsigned int timeout_ms = call->timeout_ms ? call->timeout_ms : self->timeout_ms;
    const ServiceClientRequest request = {.call = call,
                                          .deadline = util_deadline_in_ms(timeout_ms)};
    GError *inner = NULL;
    GPtrArray *records = service_client_get_stats(self->client, &request, &inner);

    if (records == NULL)
        driver_publish_error(inner, error);
    return records;
}

static const char *
driver_blind_spot(void *data)
{
    ServiceDriver *self = data;

    return service_client_blind_spot(self->client);
}

static int
driver_get_fd(void *data, GError **error)
{
    const ServiceDriver *self = data;

    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED,
                "the service at '%s' reads the monitors by itself: there is nothing to poll",
                self->path);
    return -1;
}

static int
driver_dispatch(void *data, GError **error)
{
    (void)data;
    (void)error;
    return 0;
}

static GPtrArray *
driver_save_recording(void *data, const char *folder, unsigned int timeout_ms, GError **error)
{
    const ServiceDriver *self = data;

    (void)folder;
    (void)timeout_ms;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED,
                "the service at '%s' cannot be recorded: open its host itself", self->path);
    return NULL;
}

const Driver service_driver = {
    .open = driver_open,
    .close = driver_close,
    .get_stats = driver_get_stats,
    .blind_spot = driver_blind_spot,
    .get_fd = driver_get_fd,
    .dispatch = driver_dispatch,
    .save_recording = driver_save_recording,
};
