/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_live: see monitor_live.h.
 */
#include "monitor_live.h"

#include <libvirt/libvirt-qemu.h>
#include <string.h>

#include "monitor_dialog.h"
#include "monitor_listening.h"
#include "monitor_place.h"
#include "monitor_qmp.h"
#include "monitor_words.h"
#include "util/util_error.h"

#define LIBVIRT_CHARDEV "charmonitor"

typedef struct {
    const MonitorOptions *options;
    const MonitorConnection *connection;
    virDomainPtr domain;
    const char *name;
} Change;

/* Has libvirt hand @take_command to QEMU; gives QEMU's reply, NULL with an error if it refused. The
 * caller frees. */
static char *
ask_qemu(const Change *change, char *take_command, GError **error)
{
    g_autofree char *command = take_command;
    g_autofree char *reply = NULL;

    if (virDomainQemuMonitorCommand(change->domain, command, &reply, 0) < 0) {
        monitor_connection_set_error(error, "libvirt does not hand a command to its QEMU");
        return NULL;
    }
    return monitor_qmp_check(reply, error) ? g_steal_pointer(&reply) : NULL;
}

/* The same where the reply says no more than that it was done. */
static bool
tell_qemu(const Change *change, char *take_command, GError **error)
{
    g_autofree char *reply = ask_qemu(change, take_command, error);

    return reply != NULL;
}

/* The path of the monitor that the running QEMU was given; NULL if there is none, or the host is
 * another one. The caller frees. */
static char *
find_added(const Change *change)
{
    g_autoptr(MonitorListening) listening = NULL;
    g_autofree char *folder = NULL;

    if (!change->connection->is_local)
        return NULL;
    folder = monitor_place_folder(change->connection->uri, NULL);
    listening = monitor_listening_read();
    return g_strdup(
        monitor_listening_find_live(listening, folder, (int)virDomainGetID(change->domain)));
}

/* The definition of the running QEMU. */
static MonitorXml *
get_running(const Change *change, GError **error)
{
    g_autofree char *text = monitor_connection_get_xml(change->domain, 0, error);

    return text ? monitor_xml_parse(text, error) : NULL;
}

static void
say_already(const Change *change, const char *path)
{
    monitor_dialog_say(change->name, "its running QEMU has the monitor already: %s", path);
}

static bool
has_already(const Change *change, const MonitorXml *xml)
{
    const MonitorWordsFound *ours = monitor_words_ours(xml->monitors);
    g_autofree char *path = ours ? g_strdup(ours->path) : find_added(change);

    if (path != NULL)
        say_already(change, path);
    return path != NULL;
}

/* @who is the QEMU, as "QEMU 7.2". */
static void
set_too_old(const Change *change, const char *who, GError **error)
{
    bool has_config = virDomainIsPersistent(change->domain) == 1;

    g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                "%s cannot get a monitor while it runs, 11.1 and later can; %s", who,
                has_config
                    ? "with --config it gets one for its next start"
                    : "it is transient, so put one into the definition that it is started with");
}

static bool
may_add(const Change *change, const MonitorXml *xml, GError **error)
{
    g_autofree char *version = NULL;
    g_autofree char *who = NULL;

    if (monitor_connection_may_add_live(change->connection, xml, &version))
        return true;
    who = g_strconcat("QEMU ", version, NULL);
    set_too_old(change, who, error);
    return false;
}

static bool
agree(const Change *change, const char *question, GError **error)
{
    monitor_dialog_say(change->name, "libvirt hands the commands to its running QEMU, marks it as "
                                     "tainted (custom-monitor) until it ends, and logs a warning");
    return monitor_dialog_ask(change->options->is_yes, question, error);
}

/* The path of our monitor's socket in @devices, the reply to query-chardev; NULL if there is none.
 * On another host this is the only way to find it. The caller frees. */
static char *
find_socket(const char *devices)
{
    return monitor_qmp_find_socket(devices, MONITOR_QMP_CHARDEV);
}

/* The socket is put beside that of libvirt's own monitor: QEMU may make sockets in that folder. */
static char *
choose_path(const char *devices, GError **error)
{
    g_autofree char *beside = monitor_qmp_find_socket(devices, LIBVIRT_CHARDEV);

    if (beside != NULL)
        return monitor_place_make_live(beside, error);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                "its QEMU does not tell where the socket of libvirt's monitor is");
    return NULL;
}

static bool
ask_whether_it_can(const Change *change, GError **error)
{
    g_autofree char *reply = ask_qemu(change, monitor_qmp_list_types(), error);

    if (reply != NULL && monitor_qmp_has_monitors(reply))
        return true;
    if (reply != NULL)
        set_too_old(change, "its QEMU", error);
    return false;
}

/* Makes socket and monitor; removes the socket again if the monitor cannot be made. */
static bool
make_monitor(const Change *change, const char *path, GError **error)
{
    if (!tell_qemu(change, monitor_qmp_add_chardev(path), error))
        return false;
    if (tell_qemu(change, monitor_qmp_add_object(), error))
        return true;
    (void)tell_qemu(change, monitor_qmp_remove_chardev(), NULL);
    return false;
}

static bool
add_to_qemu(const Change *change, GError **error)
{
    g_autofree char *devices = ask_qemu(change, monitor_qmp_query_chardev(), error);
    g_autofree char *there = devices ? find_socket(devices) : NULL;
    g_autofree char *path = devices && there == NULL ? choose_path(devices, error) : NULL;

    if (there != NULL) {
        say_already(change, there);
        return true;
    }
    if (path == NULL || !make_monitor(change, path, error))
        return false;
    monitor_dialog_say(change->name, "has a monitor until its QEMU ends: %s", path);
    return true;
}

bool
monitor_live_add(const MonitorOptions *options, const MonitorConnection *connection,
                 virDomainPtr domain, GError **error)
{
    const Change change = {options, connection, domain, virDomainGetName(domain)};
    g_autoptr(MonitorXml) xml = get_running(&change, error);

    if (xml == NULL)
        return false;
    if (has_already(&change, xml))
        return true;
    return may_add(&change, xml, error) &&
           agree(&change, "Add a monitor to the running QEMU?", error) &&
           ask_whether_it_can(&change, error) && add_to_qemu(&change, error);
}

/* Whether libvirt has marked the domain as tainted by commands (custom-monitor), or does not tell.
 * No monitor was added to a QEMU that is not. libvirt's public calls tell only the text of the
 * mark. */
static bool
is_tainted(const Change *change)
{
    char **messages = NULL;
    int n = virDomainGetMessages(change->domain, &messages, VIR_DOMAIN_MESSAGE_TAINTING);
    bool is_found = n < 0;

    for (int i = 0; i < n; i++)
        is_found = is_found || strstr(messages[i], "monitor") != NULL;
    for (int i = 0; i < n; i++)
        g_free(messages[i]);
    g_free(messages); /* libvirt does not promise that the list ends with NULL */
    return is_found;
}

static void
say_none(const Change *change, const MonitorXml *xml)
{
    const MonitorWordsFound *ours = monitor_words_ours(xml->monitors);

    if (ours != NULL)
        monitor_dialog_say(
            change->name,
            "its running QEMU was started with the monitor, and keeps it until it ends: %s",
            ours->path);
    else
        monitor_dialog_say(change->name, "its running QEMU was given no monitor");
}

static bool
remove_from_qemu(const Change *change, const MonitorXml *xml, GError **error)
{
    g_autofree char *devices = ask_qemu(change, monitor_qmp_query_chardev(), error);
    g_autofree char *there = devices ? find_socket(devices) : NULL;

    if (devices == NULL)
        return false;
    if (there == NULL) {
        say_none(change, xml);
        return true;
    }
    if (!tell_qemu(change, monitor_qmp_remove_object(), error) ||
        !tell_qemu(change, monitor_qmp_remove_chardev(), error))
        return false;
    monitor_dialog_say(change->name, "its running QEMU no longer has the monitor");
    return true;
}

bool
monitor_live_remove(const MonitorOptions *options, const MonitorConnection *connection,
                    virDomainPtr domain, GError **error)
{
    const Change change = {options, connection, domain, virDomainGetName(domain)};
    g_autoptr(MonitorXml) xml = get_running(&change, error);
    g_autofree char *added = xml ? find_added(&change) : NULL;

    if (xml == NULL)
        return false;
    if (added == NULL && (connection->is_local || !is_tainted(&change))) {
        say_none(&change, xml);
        return true;
    }
    return agree(&change, "Take the monitor away from the running QEMU?", error) &&
           remove_from_qemu(&change, xml, error);
}
