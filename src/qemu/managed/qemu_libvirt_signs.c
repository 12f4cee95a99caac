/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_libvirt_signs: see qemu_libvirt_signs.h.
 *
 * libvirt has a folder for each run of a domain. In it are the socket of its monitor, which QEMU
 * gets as a descriptor, so that only the kernel's table tells its path, and a key, whose path is in
 * the words. The name in the path is cut after SHORT_NAME characters, or bytes, by the locale of
 * that libvirt.
 */
#include "qemu_libvirt_signs.h"

#include <limits.h>
#include <string.h>

enum { SHORT_NAME = 20 };

static const char run_prefix[] = "domain-";

void
qemu_libvirt_signs_clear(QemuLibvirtSigns *self)
{
    g_free(self->folder);
    g_free(self->short_name);
    *self = (QemuLibvirtSigns){0};
}

/* Splits "ID-NAME", or takes all for the name if no id is in it. */
static void
split_run(const char *run, QemuLibvirtSigns *signs)
{
    size_t n_digits = strspn(run, "0123456789");
    g_autofree char *digits = g_strndup(run, n_digits);
    guint64 id = 0;

    signs->id = -1;
    if (run[n_digits] == '-' && run[n_digits + 1] != '\0' &&
        g_ascii_string_to_unsigned(digits, 10, 1, INT_MAX, &id, NULL)) {
        signs->id = (int)id;
        run += n_digits + 1;
    }
    signs->short_name = g_strdup(run);
}

bool
qemu_libvirt_signs_parse(const char *path, QemuLibvirtSigns *ret_signs)
{
    g_auto(GStrv) parts = path[0] == '/' ? g_strsplit(path + 1, "/", -1) : NULL;
    guint n_parts = parts ? g_strv_length(parts) : 0;
    const char *run = n_parts >= 3 ? parts[n_parts - 2] : NULL;
    QemuLibvirtSigns signs = {0};

    if (run == NULL || !g_str_has_prefix(run, run_prefix) || run[strlen(run_prefix)] == '\0')
        return false;
    split_run(run + strlen(run_prefix), &signs);
    signs.folder =
        g_strndup(path, strlen(path) - strlen(parts[n_parts - 1]) - strlen(run) - strlen("//"));
    *ret_signs = signs;
    return true;
}

bool
qemu_libvirt_signs_read(const QemuEndpoint *endpoint, QemuLibvirtSigns *ret_signs)
{
    const char *key = endpoint->definition ? endpoint->definition->libvirt_key_path : NULL;

    for (guint i = 0; i < endpoint->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(endpoint->places, i);

        if (g_strcmp0(place->manager->name, "libvirt") == 0 &&
            qemu_libvirt_signs_parse(place->bound_path, ret_signs))
            return true;
    }
    return key != NULL && qemu_libvirt_signs_parse(key, ret_signs);
}

QemuLibvirtSignsKind
qemu_libvirt_signs_kind(const QemuLibvirtSigns *self)
{
    if (g_str_has_suffix(self->folder, "/libvirt/qemu"))
        return QEMU_LIBVIRT_SIGNS_SYSTEM;
    return g_str_has_suffix(self->folder, "/libvirt/qemu/lib") ? QEMU_LIBVIRT_SIGNS_SESSION
                                                               : QEMU_LIBVIRT_SIGNS_OTHER;
}

/* True if @cut is @name, or its first SHORT_NAME characters or bytes. */
static bool
is_short_name(const char *cut, const char *name)
{
    if (strcmp(cut, name) == 0)
        return true;
    return g_str_has_prefix(name, cut) &&
           (strlen(cut) == SHORT_NAME ||
            (g_utf8_validate(cut, -1, NULL) && g_utf8_strlen(cut, -1) == SHORT_NAME));
}

bool
qemu_libvirt_signs_fit(const QemuLibvirtSigns *self, const char *name, int id)
{
    return (self->id == -1 || self->id == id) && is_short_name(self->short_name, name);
}
