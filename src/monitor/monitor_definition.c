/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_definition: see monitor_definition.h.
 *
 * libvirt leaves the secrets (passwords of VNC and SPICE) out of a definition unless it is asked
 * for them, and a definition that is given to it without them then has none. So the text with
 * secrets is changed and given back; the user is shown the difference of the texts without them.
 */
#include "monitor_definition.h"

#include <string.h>

#include "monitor_dialog.h"
#include "monitor_diff.h"
#include "monitor_edit.h"
#include "monitor_place.h"
#include "monitor_words.h"
#include "util/util_error.h"

#define XML_SHOWN VIR_DOMAIN_XML_INACTIVE
#define XML_WHOLE (VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE)

typedef struct {
    const MonitorOptions *options;
    const MonitorConnection *connection;
    virDomainPtr domain;
    const char *name;
    const char *path; /* of the monitor that is added; NULL: it is removed */
} Change;

static char *
edit(const Change *change, const char *text, GError **error)
{
    return change->path ? monitor_edit_add(text, change->path, error)
                        : monitor_edit_remove(text, error);
}

static void
show(const Change *change, const char *before, const char *after)
{
    g_autofree char *difference = monitor_diff_make(before, after);

    monitor_dialog_say(change->name, "its definition is to be changed:");
    monitor_dialog_show(difference ? difference : after);
}

/* Fails if another program has changed the definition while the user was asked. */
static bool
define(const Change *change, const char *whole, const char *changed, GError **error)
{
    g_autofree char *now = monitor_connection_get_xml(change->domain, XML_WHOLE, error);
    g_autoptr(virDomain) defined = NULL;

    if (now == NULL)
        return false;
    if (strcmp(now, whole) != 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                    "its definition was changed by another program just now: try again");
        return false;
    }
    defined = virDomainDefineXML(change->connection->conn, changed);
    if (defined == NULL)
        monitor_connection_set_error(error, "libvirt does not take the changed definition");
    return defined != NULL;
}

/* Whether the definition that libvirt has now holds the monitor, or none after a removal. */
static bool
check_result(const Change *change, GError **error)
{
    g_autofree char *text = monitor_connection_get_xml(change->domain, XML_SHOWN, error);
    g_autoptr(MonitorXml) xml = text ? monitor_xml_parse(text, error) : NULL;
    const MonitorWordsFound *ours = xml ? monitor_words_ours(xml->monitors) : NULL;

    if (xml == NULL)
        return false;
    if (g_strcmp0(ours ? ours->path : NULL, change->path) == 0)
        return true;
    g_set_error(
        error, UTIL_ERROR, UTIL_ERROR_BROKEN,
        "libvirt took the definition, but has another one now; look at 'virsh dumpxml --inactive'");
    return false;
}

static bool
make_change(const Change *change, const char *shown, const char *shown_changed, GError **error)
{
    g_autofree char *whole = monitor_connection_get_xml(change->domain, XML_WHOLE, error);
    g_autofree char *changed = whole ? edit(change, whole, error) : NULL;

    if (changed == NULL)
        return false;
    show(change, shown, shown_changed);
    if (!monitor_dialog_ask(change->options->is_yes, "Change this definition?", error))
        return false;
    return define(change, whole, changed, error) && check_result(change, error);
}

/* Of the running QEMU monitor_live says what becomes of it, unless it is not to be changed. */
static void
say_when(const Change *change)
{
    bool is_config_only = change->options->wants_config && !change->options->wants_live;

    if (is_config_only && virDomainIsActive(change->domain) == 1)
        monitor_dialog_say(change->name, "the QEMU that runs now keeps what it has until it ends");
    if (virDomainHasManagedSaveImage(change->domain, 0) == 1)
        monitor_dialog_say(
            change->name,
            "it has a saved state, which is restored first with the definition of then");
}

static char *
choose_path(const Change *change, const MonitorXml *xml, GError **error)
{
    const MonitorWordsFound *ours = monitor_words_ours(xml->monitors);
    g_autofree char *folder = g_strdup(change->options->folder);

    if (folder == NULL && ours != NULL && !monitor_place_is_of_another(ours->path, xml->uuid))
        return g_strdup(ours->path);
    if (folder == NULL)
        folder = monitor_place_folder(change->connection->uri, error);
    return folder ? monitor_place_make(folder, xml->uuid, error) : NULL;
}

static bool
check_place(const Change *change, const MonitorXml *xml, GError **error)
{
    if (change->options->is_unchecked)
        return true;
    if (change->connection->is_local)
        return monitor_place_check(change->path, xml, change->connection->caps, "", error);
    return monitor_place_check_remote(change->path, xml, change->connection->caps, error);
}

static bool
add(const Change *change, const MonitorXml *xml, const char *shown, GError **error)
{
    g_autofree char *changed = edit(change, shown, error);

    if (changed == NULL)
        return false;
    if (strcmp(changed, shown) == 0) {
        monitor_dialog_say(change->name, "its definition has the monitor already: %s",
                           change->path);
        return true;
    }
    if (!check_place(change, xml, error) || !make_change(change, shown, changed, error))
        return false;
    monitor_dialog_say(change->name, "has a monitor from its next start on: %s", change->path);
    monitor_dialog_say(change->name, "libvirt will mark it as tainted (custom-argv) while it runs");
    say_when(change);
    return true;
}

bool
monitor_definition_add(const MonitorOptions *options, const MonitorConnection *connection,
                       virDomainPtr domain, GError **error)
{
    Change change = {options, connection, domain, virDomainGetName(domain), NULL};
    g_autofree char *shown = monitor_connection_get_xml(domain, XML_SHOWN, error);
    g_autoptr(MonitorXml) xml = shown ? monitor_xml_parse(shown, error) : NULL;
    g_autofree char *path = xml ? choose_path(&change, xml, error) : NULL;

    if (path == NULL)
        return false;
    change.path = path;
    return add(&change, xml, shown, error);
}

bool
monitor_definition_remove(const MonitorOptions *options, const MonitorConnection *connection,
                          virDomainPtr domain, GError **error)
{
    const Change change = {options, connection, domain, virDomainGetName(domain), NULL};
    g_autofree char *shown = monitor_connection_get_xml(domain, XML_SHOWN, error);
    g_autofree char *changed = shown ? monitor_edit_remove(shown, error) : NULL;

    if (changed == NULL)
        return false;
    if (strcmp(changed, shown) == 0) {
        monitor_dialog_say(change.name, "its definition has no monitor of domstats-monitor");
        return true;
    }
    if (!make_change(&change, shown, changed, error))
        return false;
    monitor_dialog_say(change.name, "has no such monitor from its next start on");
    say_when(&change);
    return true;
}
