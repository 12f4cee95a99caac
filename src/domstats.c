/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats: the public calls. Checks what no backend accepts, and passes the rest on.
 */
#include "domstats/domstats.h"

#include <string.h>

#include "domstats_auto.h"
#include "domstats_record.h"
#include "driver.h"
#include "qemu/qemu_driver.h"
#include "service/service_driver.h"

struct DomstatsConn {
    const Driver *driver;
    void *backend;
};

GQuark
domstats_error_quark(void)
{
    return g_quark_from_static_string("domstats-error-quark");
}

unsigned int
domstats_version(void)
{
    return DOMSTATS_VERSION_NUMBER;
}

const char *
domstats_health_to_string(DomstatsHealth health)
{
    const char *name = domstats_record_health_name(health);

    return name ? name : "unknown";
}

const char *
domstats_answered_by_to_string(DomstatsAnsweredBy by)
{
    static const char *const names[] = {
        [DOMSTATS_ANSWERED_BY_NONE] = "none",       [DOMSTATS_ANSWERED_BY_HOST] = "host",
        [DOMSTATS_ANSWERED_BY_MONITOR] = "monitor", [DOMSTATS_ANSWERED_BY_LIBVIRT] = "libvirt",
        [DOMSTATS_ANSWERED_BY_SERVICE] = "service",
    };

    return (size_t)by < G_N_ELEMENTS(names) ? names[by] : "unknown";
}

const char *
domstats_reason_to_string(DomstatsReason reason)
{
    static const char *const names[] = {
        [DOMSTATS_REASON_NONE] = "none",
        [DOMSTATS_REASON_OTHER] = "other",
        [DOMSTATS_REASON_LATE] = "late",
        [DOMSTATS_REASON_NO_TIME] = "no-time",
        [DOMSTATS_REASON_SHORTAGE] = "shortage",
        [DOMSTATS_REASON_HELD] = "held",
        [DOMSTATS_REASON_MAIN_LOOP] = "main-loop",
        [DOMSTATS_REASON_SILENT] = "silent",
        [DOMSTATS_REASON_NO_GREETING] = "no-greeting",
        [DOMSTATS_REASON_BACKLOG] = "backlog",
        [DOMSTATS_REASON_SIGNAL] = "signal",
        [DOMSTATS_REASON_UNINTERRUPTIBLE] = "uninterruptible",
        [DOMSTATS_REASON_ENDED] = "ended",
        [DOMSTATS_REASON_PERMISSION] = "permission",
        [DOMSTATS_REASON_PROTOCOL] = "protocol",
        [DOMSTATS_REASON_CLOSED] = "closed",
        [DOMSTATS_REASON_NO_MONITOR] = "no-monitor",
        [DOMSTATS_REASON_NO_LISTENER] = "no-listener",
        [DOMSTATS_REASON_NO_NAME] = "no-name",
        [DOMSTATS_REASON_MANAGED] = "managed",
        [DOMSTATS_REASON_NOT_QEMU] = "not-qemu",
        [DOMSTATS_REASON_WAITS] = "waits",
        [DOMSTATS_REASON_SHARED] = "shared",
        [DOMSTATS_REASON_STARTING] = "starting",
        [DOMSTATS_REASON_FROZEN] = "frozen",
        [DOMSTATS_REASON_QUEUED] = "queued",
        [DOMSTATS_REASON_LIBVIRT_SILENT] = "libvirt-silent",
        [DOMSTATS_REASON_LIBVIRT_JOB] = "libvirt-job",
        [DOMSTATS_REASON_LIBVIRT_AWAY] = "libvirt-away",
        [DOMSTATS_REASON_LIBVIRT_LIMIT] = "libvirt-limit",
        [DOMSTATS_REASON_REFUSED] = "refused",
    };

    return (size_t)reason < G_N_ELEMENTS(names) ? names[reason] : "unknown";
}

/* False, with INVALID_ARG, if @pointer is NULL. */
static bool
check_given(const void *pointer, const char *what, GError **error)
{
    if (pointer == NULL)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG, "'%s' must not be NULL",
                    what);
    return pointer != NULL;
}

static bool
check_monitors(DomstatsMonitors monitors, GError **error)
{
    if (monitors <= DOMSTATS_MONITORS_RELEASE)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                "'monitors' of the options is %u, which this version does not know",
                (unsigned int)monitors);
    return false;
}

static bool
check_listeners(DomstatsListeners listeners, GError **error)
{
    if (listeners <= DOMSTATS_LISTENERS_ANY)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                "'listeners' of the options is %u, which this version does not know",
                (unsigned int)listeners);
    return false;
}

static bool
check_libvirt(const DomstatsOptions *options, GError **error)
{
    if (options->libvirt > DOMSTATS_LIBVIRT_NEVER) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                    "'libvirt' of the options is %u, which this version does not know",
                    (unsigned int)options->libvirt);
        return false;
    }
    if (options->libvirt_requests <= DOMSTATS_LIBVIRT_REQUESTS_MOST)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                "'libvirt_requests' of the options is %u, and may be %u at most",
                options->libvirt_requests, (unsigned int)DOMSTATS_LIBVIRT_REQUESTS_MOST);
    return false;
}

static bool
check_service(DomstatsService service, GError **error)
{
    if (service <= DOMSTATS_SERVICE_NEVER)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                "'service' of the options is %u, which this version does not know",
                (unsigned int)service);
    return false;
}

/* virTypedParamsGet*() resets the last error that libvirt keeps for this thread, under a key that
 * only virInitialize() creates. Without it the key is 0, which another library may have created.
 * libvirt does this work once, on whichever thread calls first. */
static bool
initialize_libvirt(GError **error)
{
    if (virInitialize() == 0)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INTERNAL,
                "cannot initialize libvirt's library");
    return false;
}

/* False, with INVALID_ARG, if a member that this version does not know is set. */
static bool
check_reserved(const uint64_t *reserved, size_t n, const char *what, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (reserved[i] == 0)
            continue;
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                    "'reserved[%zu]' of the %s is not zero: a later version may know it", i, what);
        return false;
    }
    return true;
}

/* The driver of @source. qemu_driver refuses what nobody knows. */
static const Driver *
driver_of(const char *source, const DomstatsOptions *options)
{
    bool is_auto = source == NULL || strcmp(source, "auto") == 0;

    if (is_auto && domstats_auto_fits(options))
        return &domstats_auto_driver;
    if (!is_auto && g_str_has_prefix(source, "service:"))
        return &service_driver;
    return &qemu_driver;
}

DomstatsConn *
domstats_open(const char *source, const DomstatsOptions *options, GError **error)
{
    static const DomstatsOptions defaults = {0};
    const Driver *driver = NULL;
    DomstatsConn *conn = NULL;
    void *backend = NULL;

    if (options == NULL)
        options = &defaults;
    if (!check_reserved(options->reserved, G_N_ELEMENTS(options->reserved), "options", error) ||
        !check_monitors(options->monitors, error) || !check_listeners(options->listeners, error) ||
        !check_libvirt(options, error) || !check_service(options->service, error) ||
        !initialize_libvirt(error))
        return NULL;
    driver = driver_of(source, options);
    backend = driver->open(source, options, error);
    if (backend == NULL)
        return NULL;
    conn = g_new0(DomstatsConn, 1);
    conn->driver = driver;
    conn->backend = backend;
    return conn;
}

void
domstats_close(DomstatsConn *conn)
{
    if (conn == NULL)
        return;
    conn->driver->close(conn->backend);
    g_free(conn);
}

/* Makes an array that the caller owns of @take_records; gives the number of records. */
static int
give_records(GPtrArray *take_records, DomstatsRecord ***ret_records)
{
    int n = (int)take_records->len;

    g_ptr_array_set_free_func(take_records, NULL);
    g_ptr_array_add(take_records, NULL);
    *ret_records = (DomstatsRecord **)g_ptr_array_free(take_records, FALSE);
    return n;
}

int
domstats_get_stats(DomstatsConn *conn, const DomstatsCall *call, DomstatsRecord ***ret_records,
                   GError **error)
{
    static const DomstatsCall everything = {0};
    GPtrArray *records = NULL;

    if (!check_given(conn, "conn", error) || !check_given(ret_records, "ret_records", error))
        return -1;
    if (call == NULL)
        call = &everything;
    if (!check_reserved(call->reserved, G_N_ELEMENTS(call->reserved), "call", error))
        return -1;
    records = conn->driver->get_stats(conn->backend, call, error);
    return records ? give_records(records, ret_records) : -1;
}

int
domstats_get_all_domain_stats(DomstatsConn *conn, unsigned int stats, unsigned int flags,
                              unsigned int timeout_ms, DomstatsRecord ***ret_records,
                              GError **error)
{
    const DomstatsCall call = {.stats = stats, .flags = flags, .timeout_ms = timeout_ms};

    return domstats_get_stats(conn, &call, ret_records, error);
}

int
domstats_domain_list_get_stats(DomstatsConn *conn, const char *const *domains, unsigned int stats,
                               unsigned int flags, unsigned int timeout_ms,
                               DomstatsRecord ***ret_records, GError **error)
{
    const DomstatsCall call = {
        .domains = domains, .stats = stats, .flags = flags, .timeout_ms = timeout_ms};

    if (!check_given(domains, "domains", error))
        return -1;
    return domstats_get_stats(conn, &call, ret_records, error);
}

void
domstats_record_list_free(DomstatsRecord **records)
{
    if (records == NULL)
        return;
    for (DomstatsRecord **record = records; *record != NULL; record++)
        domstats_record_free(*record);
    g_free(records);
}

const char *
domstats_get_blind_spot(DomstatsConn *conn)
{
    return conn ? conn->driver->blind_spot(conn->backend) : NULL;
}

int
domstats_get_fd(DomstatsConn *conn, GError **error)
{
    if (!check_given(conn, "conn", error))
        return -1;
    return conn->driver->get_fd(conn->backend, error);
}

int
domstats_dispatch(DomstatsConn *conn, GError **error)
{
    if (!check_given(conn, "conn", error))
        return -1;
    return conn->driver->dispatch(conn->backend, error);
}

int
domstats_save_recording(DomstatsConn *conn, const char *dir, unsigned int timeout_ms,
                        DomstatsRecord ***ret_records, GError **error)
{
    GPtrArray *records = NULL;

    if (!check_given(conn, "conn", error) || !check_given(dir, "dir", error) ||
        !check_given(ret_records, "ret_records", error))
        return -1;
    records = conn->driver->save_recording(conn->backend, dir, timeout_ms, error);
    return records ? give_records(records, ret_records) : -1;
}
