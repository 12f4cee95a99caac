/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_qmp: see monitor_qmp.h.
 */
#include "monitor_qmp.h"

#include <string.h>

#include "monitor_limits.h"
#include "util/util_error.h"
#include "util/util_json.h"
#include "util/util_jsonout.h"

enum { REPLY_DEPTH = 32 };

static UtilJsonOut *
new_text(const char *value)
{
    return util_jsonout_new_string(value);
}

/* Takes @arguments, which may be NULL. */
static char *
make_command(const char *name, UtilJsonOut *arguments)
{
    g_autoptr(UtilJsonOut) command = util_jsonout_new_object();

    util_jsonout_set(command, "execute", new_text(name));
    if (arguments != NULL)
        util_jsonout_set(command, "arguments", arguments);
    return util_jsonout_to_text(command, false);
}

static char *
make_command_of_id(const char *name, const char *id)
{
    UtilJsonOut *arguments = util_jsonout_new_object();

    util_jsonout_set(arguments, "id", new_text(id));
    return make_command(name, arguments);
}

char *
monitor_qmp_query_chardev(void)
{
    return make_command("query-chardev", NULL);
}

char *
monitor_qmp_list_types(void)
{
    UtilJsonOut *arguments = util_jsonout_new_object();

    util_jsonout_set(arguments, "implements", new_text("user-creatable"));
    return make_command("qom-list-types", arguments);
}

char *
monitor_qmp_add_chardev(const char *path)
{
    UtilJsonOut *arguments = util_jsonout_new_object();
    UtilJsonOut *backend = util_jsonout_new_object();
    UtilJsonOut *socket = util_jsonout_new_object();
    UtilJsonOut *address = util_jsonout_new_object();
    UtilJsonOut *place = util_jsonout_new_object();

    util_jsonout_set(place, "path", new_text(path));
    util_jsonout_set(address, "type", new_text("unix"));
    util_jsonout_set(address, "data", place);
    util_jsonout_set(socket, "addr", address);
    util_jsonout_set(socket, "server", util_jsonout_new_boolean(true));
    util_jsonout_set(socket, "wait", util_jsonout_new_boolean(false));
    util_jsonout_set(backend, "type", new_text("socket"));
    util_jsonout_set(backend, "data", socket);
    util_jsonout_set(arguments, "id", new_text(MONITOR_QMP_CHARDEV));
    util_jsonout_set(arguments, "backend", backend);
    return make_command("chardev-add", arguments);
}

char *
monitor_qmp_add_object(void)
{
    UtilJsonOut *arguments = util_jsonout_new_object();

    util_jsonout_set(arguments, "qom-type", new_text("monitor-qmp"));
    util_jsonout_set(arguments, "id", new_text(MONITOR_QMP_OBJECT));
    util_jsonout_set(arguments, "chardev", new_text(MONITOR_QMP_CHARDEV));
    return make_command("object-add", arguments);
}

char *
monitor_qmp_remove_object(void)
{
    return make_command_of_id("object-del", MONITOR_QMP_OBJECT);
}

char *
monitor_qmp_remove_chardev(void)
{
    return make_command_of_id("chardev-remove", MONITOR_QMP_CHARDEV);
}

static UtilJson *
parse(const char *reply, GError **error)
{
    size_t size = strlen(reply);

    if (size <= MONITOR_LIMITS_MONITOR_REPLY_BYTES)
        return util_json_parse(reply, size, REPLY_DEPTH, error);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                "a reply of %zu bytes is past the limit of %d", size,
                MONITOR_LIMITS_MONITOR_REPLY_BYTES);
    return NULL;
}

bool
monitor_qmp_check(const char *reply, GError **error)
{
    g_autoptr(UtilJson) whole = parse(reply, error);
    const char *said = util_json_member_string(util_json_member(whole, "error"), "desc");

    if (whole == NULL)
        return false;
    if (util_json_has(whole, "return"))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED, "QEMU says: %s",
                said ? said : "(nothing that can be read)");
    return false;
}

/* The element of the returned list whose member @name is @value; NULL if there is none. */
static const UtilJson *
find_entry(const UtilJson *whole, const char *name, const char *value)
{
    const UtilJson *list = util_json_member(whole, "return");

    for (size_t i = 0; i < util_json_length(list); i++) {
        const UtilJson *entry = util_json_element(list, i);

        if (g_strcmp0(util_json_member_string(entry, name), value) == 0)
            return entry;
    }
    return NULL;
}

bool
monitor_qmp_has_monitors(const char *reply)
{
    g_autoptr(UtilJson) whole = parse(reply, NULL);

    return find_entry(whole, "name", "monitor-qmp") != NULL;
}

char *
monitor_qmp_find_socket(const char *reply, const char *id)
{
    static const char *const beginnings[] = {"disconnected:unix:", "unix:"};
    static const char *const ends[] = {",server=on", ",server"};
    g_autoptr(UtilJson) whole = parse(reply, NULL);
    const char *name = util_json_member_string(find_entry(whole, "label", id), "filename");
    g_autofree char *path = NULL;

    for (size_t i = 0; path == NULL && name != NULL && i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(name, beginnings[i]))
            path = g_strdup(name + strlen(beginnings[i]));
    if (path == NULL || path[0] != '/')
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (g_str_has_suffix(path, ends[i])) {
            path[strlen(path) - strlen(ends[i])] = '\0';
            break;
        }
    }
    return g_steal_pointer(&path);
}
