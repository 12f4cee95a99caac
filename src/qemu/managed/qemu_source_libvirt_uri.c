/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_uri: see qemu_source_libvirt_uri.h.
 *
 * A URI with a host, or with a transport over the network or through a program, may lead to any
 * host: even "localhost" may be the end of a tunnel. So may a URI that cannot be read, such as an
 * alias of libvirt's configuration.
 */
#include "qemu_source_libvirt_uri.h"

#include <string.h>

static bool
is_of_this_host(GUri *uri)
{
    static const char *const schemes[] = {"qemu", "qemu+unix", "remote+unix"};
    const char *host = g_uri_get_host(uri);

    if (host != NULL && host[0] != '\0')
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_str_equal(g_uri_get_scheme(uri), schemes[i]))
            return true;
    return false;
}

static QemuLibvirtSignsKind
find_kind(const char *path)
{
    if (g_str_equal(path, "/system"))
        return QEMU_LIBVIRT_SIGNS_SYSTEM;
    return g_str_equal(path, "/session") ? QEMU_LIBVIRT_SIGNS_SESSION : QEMU_LIBVIRT_SIGNS_OTHER;
}

void
qemu_source_libvirt_uri_parse(const char *text, QemuSourceLibvirtUri *ret_uri)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    const char *query = uri ? g_uri_get_query(uri) : NULL;
    g_autoptr(GHashTable) words =
        query ? g_uri_parse_params(query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;

    *ret_uri = (QemuSourceLibvirtUri){.kind = QEMU_LIBVIRT_SIGNS_OTHER};
    ret_uri->is_elsewhere = uri == NULL || !is_of_this_host(uri) || (query && words == NULL);
    if (ret_uri->is_elsewhere)
        return;
    ret_uri->kind = find_kind(g_uri_get_path(uri));
    ret_uri->socket_path = words ? g_strdup(g_hash_table_lookup(words, "socket")) : NULL;
}

void
qemu_source_libvirt_uri_clear(QemuSourceLibvirtUri *self)
{
    g_free(self->socket_path);
    *self = (QemuSourceLibvirtUri){0};
}
