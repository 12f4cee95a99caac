/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_place: see monitor_place.h.
 */
#include "monitor_place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "monitor_apparmor.h"
#include "util/util_error.h"

#define SYSTEM_FOLDER "/var/lib/libvirt/qemu"
#define FILE_BEGIN    "domstats-"
#define FILE_END      ".sock"
#define SELINUX_TYPE  ":qemu_var_run_t:"

/* Gives the host of @uri, NULL or "" for this one, and its path, "/system" or "/session". */
static bool
split_uri(const char *uri, char **ret_host, char **ret_path)
{
    return g_uri_split(uri, G_URI_FLAGS_NONE, NULL, NULL, ret_host, NULL, ret_path, NULL, NULL,
                       NULL);
}

bool
monitor_place_is_local(const char *uri)
{
    g_autofree char *host = NULL;
    g_autofree char *path = NULL;

    return split_uri(uri, &host, &path) && (host == NULL || *host == '\0');
}

char *
monitor_place_folder(const char *uri, GError **error)
{
    g_autofree char *host = NULL;
    g_autofree char *path = NULL;

    if (!split_uri(uri, &host, &path) || g_strcmp0(path, "/session") != 0)
        return g_strdup(SYSTEM_FOLDER);
    if (monitor_place_is_local(uri))
        return g_build_filename(g_get_user_config_dir(), "libvirt", "qemu", "lib", NULL);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                "the home of a session on another host is not known: name a folder with --folder");
    return NULL;
}

static char *
check_length(char *take_path, GError **error)
{
    g_autofree char *path = take_path;

    if (strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return g_steal_pointer(&path);
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                "the path '%s' is too long for a socket: name another folder with --folder", path);
    return NULL;
}

char *
monitor_place_make(const char *folder, const char *uuid, GError **error)
{
    g_autofree char *name = g_strconcat(FILE_BEGIN, uuid, FILE_END, NULL);

    return check_length(g_build_filename(folder, name, NULL), error);
}

char *
monitor_place_make_live(const char *beside, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(beside);

    return check_length(g_build_filename(folder, MONITOR_PLACE_LIVE_NAME, NULL), error);
}

bool
monitor_place_is_of_another(const char *path, const char *uuid)
{
    g_autofree char *name = g_path_get_basename(path);
    size_t size = strlen(name);
    size_t frame = strlen(FILE_BEGIN FILE_END);

    if (!g_str_has_prefix(name, FILE_BEGIN) || !g_str_has_suffix(name, FILE_END) || size <= frame)
        return false;
    name[size - strlen(FILE_END)] = '\0';
    return g_uuid_string_is_valid(name + strlen(FILE_BEGIN)) &&
           g_ascii_strcasecmp(name + strlen(FILE_BEGIN), uuid) != 0;
}

/* Whether the security model confines the QEMU of @xml: the host uses it, and the definition does
 * not turn it off. */
static bool
is_confined(const char *model, const MonitorXml *xml, const MonitorCaps *caps)
{
    const MonitorXmlLabel *own = monitor_xml_label(xml, model);
    const MonitorXmlLabel *all = own ? own : monitor_xml_label(xml, NULL);

    return monitor_caps_has_model(caps, model) &&
           (all == NULL || g_strcmp0(all->type, "none") != 0);
}

/* The user and the group of the QEMU of @xml; false if they are not known. */
static bool
find_owner(const MonitorXml *xml, const MonitorCaps *caps, uid_t *ret_uid, gid_t *ret_gid)
{
    const MonitorXmlLabel *label = monitor_xml_label(xml, "dac");

    if (label != NULL && label->label != NULL)
        return monitor_caps_parse_owner(label->label, ret_uid, ret_gid);
    *ret_uid = caps->uid;
    *ret_gid = caps->gid;
    return caps->has_owner;
}

/* Supplementary groups are not known, and do not count. */
static bool
may_write(const struct stat *folder, uid_t uid, gid_t gid)
{
    const mode_t owner = S_IWUSR | S_IXUSR;
    const mode_t group = S_IWGRP | S_IXGRP;

    if (uid == 0)
        return true;
    if (folder->st_uid == uid)
        return (folder->st_mode & owner) == owner;
    return folder->st_gid == gid && (folder->st_mode & group) == group;
}

static bool
check_folder(const char *folder, const char *root, const MonitorXml *xml, const MonitorCaps *caps,
             GError **error)
{
    g_autofree char *there = g_build_filename(root, "/", folder, NULL);
    struct stat status = {0};
    uid_t uid = 0;
    gid_t gid = 0;

    if (stat(there, &status) < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT,
                    "the folder '%s' for its socket cannot be looked at: %s", folder,
                    g_strerror(errno));
        return false;
    }
    if (!S_ISDIR(status.st_mode) || (status.st_mode & S_IWOTH) != 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                    "'%s' is no folder, or everybody may write there: name another with --folder",
                    folder);
        return false;
    }
    if (!find_owner(xml, caps, &uid, &gid) || may_write(&status, uid, gid))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                "its QEMU (user %u, group %u) may not write to '%s', and would not start: name "
                "another folder with --folder",
                uid, gid, folder);
    return false;
}

static bool
check_apparmor(const char *path, const char *root, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (root != NULL && monitor_apparmor_host_allows(root, path))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                "AppArmor would not let its QEMU make the socket, and QEMU would not start: write "
                "the line '%s/" FILE_BEGIN "*" FILE_END " rw,' into " MONITOR_APPARMOR_FILE "%s",
                folder, root ? "" : " of that host, then give --no-check");
    return false;
}

static bool
check_selinux(const char *folder, const char *root, GError **error)
{
    g_autofree char *there = g_build_filename(root, "/", folder, NULL);
    char label[256] = "";

    if (getxattr(there, "security.selinux", label, sizeof(label) - 1) >= 0 &&
        strstr(label, SELINUX_TYPE) != NULL)
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                "SELinux may keep its QEMU from making the socket, and QEMU would not start: '%s' "
                "has the label '%s', not the type qemu_var_run_t",
                folder, label);
    return false;
}

bool
monitor_place_check(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                    const char *root, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (!check_folder(folder, root, xml, caps, error))
        return false;
    if (is_confined("apparmor", xml, caps) && !check_apparmor(path, root, error))
        return false;
    return !is_confined("selinux", xml, caps) || check_selinux(folder, root, error);
}

bool
monitor_place_check_remote(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                           GError **error)
{
    return !is_confined("apparmor", xml, caps) || check_apparmor(path, NULL, error);
}
