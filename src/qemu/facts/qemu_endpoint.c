/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_endpoint: see qemu_endpoint.h. Does not know how a source finds domains; dials nothing.
 */
#include "qemu_endpoint.h"

#include <string.h>

static void
free_place(gpointer data)
{
    QemuEndpointPlace *place = data;

    g_free(place->connect_path);
    g_free(place->bound_path);
    g_free(place);
}

QemuEndpoint *
qemu_endpoint_new(const char *key, const char *name)
{
    QemuEndpoint *self = g_new0(QemuEndpoint, 1);

    util_refcount_init(&self->ref_count);
    self->key = g_strdup(key);
    self->name = g_utf8_make_valid(name, -1);
    self->is_active = true;
    self->places = g_ptr_array_new_with_free_func(free_place);
    self->trouble = DOMSTATS_HEALTH_OK;
    self->libvirt_state = -1;
    self->libvirt_reason = -1;
    return self;
}

QemuEndpoint *
qemu_endpoint_ref(QemuEndpoint *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
qemu_endpoint_unref(QemuEndpoint *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    if (self->free_source_data != NULL)
        self->free_source_data(self->source_data);
    qemu_definition_free(self->definition);
    qemu_definition_free(self->about);
    g_ptr_array_unref(self->places);
    if (self->unusable != NULL)
        g_array_unref(self->unusable);
    if (self->tap_fds != NULL)
        g_array_unref(self->tap_fds);
    libvirt_pool_unref(self->libvirt);
    g_free(self->libvirt_trouble);
    g_free(self->trouble_reason);
    g_free(self->identity);
    g_free(self->uuid);
    g_free(self->name);
    g_free(self->key);
    g_free(self);
}

static void
unref_endpoint(gpointer data)
{
    qemu_endpoint_unref(data);
}

GPtrArray *
qemu_endpoint_new_array(void)
{
    return g_ptr_array_new_with_free_func(unref_endpoint);
}

GPtrArray *
qemu_endpoint_ref_all(const GPtrArray *endpoints)
{
    GPtrArray *copy = g_ptr_array_new_full(endpoints->len, unref_endpoint);

    for (guint i = 0; i < endpoints->len; i++)
        g_ptr_array_add(copy, qemu_endpoint_ref(g_ptr_array_index(endpoints, i)));
    return copy;
}

QemuEndpointPlace *
qemu_endpoint_add_place(QemuEndpoint *self, const char *connect_path, const char *bound_path)
{
    QemuEndpointPlace *place = g_new0(QemuEndpointPlace, 1);

    place->connect_path = g_strdup(connect_path);
    place->bound_path = g_strdup(bound_path);
    place->manager = qemu_manager_find(&(QemuManagerSigns){.path = bound_path});
    place->socket_fd = -1;
    g_ptr_array_add(self->places, place);
    return place;
}

void
qemu_endpoint_copy_place(QemuEndpoint *self, const QemuEndpointPlace *place)
{
    QemuEndpointPlace *copy = qemu_endpoint_add_place(self, place->connect_path, place->bound_path);

    copy->manager = place->manager;
    copy->socket_inode = place->socket_inode;
    copy->socket_fd = place->socket_fd;
    copy->is_added = place->is_added;
    copy->netns_pid = place->netns_pid;
}

int
qemu_endpoint_libvirt_id(const QemuEndpoint *self)
{
    return self->libvirt_id != 0 ? self->libvirt_id : self->id;
}

QemuEndpoint *
qemu_endpoint_copy(const QemuEndpoint *self)
{
    QemuEndpoint *copy = qemu_endpoint_new(self->key, self->name);

    copy->uuid = g_strdup(self->uuid);
    copy->identity = g_strdup(self->identity);
    copy->id = self->id;
    copy->libvirt_id = self->libvirt_id;
    copy->pid = self->pid;
    copy->start_ticks = self->start_ticks;
    copy->exec_mark = self->exec_mark;
    copy->is_persistent = self->is_persistent;
    copy->may_be_persistent = self->may_be_persistent;
    copy->is_listed = self->is_listed;
    copy->autostart = self->autostart;
    copy->is_active = self->is_active;
    copy->lacks_options = self->lacks_options;
    for (guint i = 0; i < self->places->len; i++)
        qemu_endpoint_copy_place(copy, g_ptr_array_index(self->places, i));
    for (guint i = 0; self->unusable != NULL && i < self->unusable->len; i++)
        qemu_endpoint_add_unusable(copy, g_array_index(self->unusable, ino_t, i));
    copy->tap_fds = self->tap_fds ? g_array_ref(self->tap_fds) : NULL;
    copy->is_without_kvm_stats = self->is_without_kvm_stats;
    copy->definition = self->definition ? qemu_definition_ref(self->definition) : NULL;
    copy->about = self->about ? qemu_definition_ref(self->about) : NULL;
    copy->trouble = self->trouble;
    copy->trouble_code = self->trouble_code;
    copy->trouble_reason = g_strdup(self->trouble_reason);
    copy->libvirt_state = self->libvirt_state;
    copy->libvirt_reason = self->libvirt_reason;
    copy->libvirt = self->libvirt ? libvirt_pool_ref(self->libvirt) : NULL;
    copy->libvirt_trouble = g_strdup(self->libvirt_trouble);
    return copy;
}

bool
qemu_endpoint_has_own_monitor(const QemuEndpoint *self)
{
    for (guint i = 0; i < self->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(self->places, i);

        if (place->manager->may != QEMU_MANAGER_MAY_NOTHING)
            return true;
    }
    return false;
}

void
qemu_endpoint_add_unusable(QemuEndpoint *self, ino_t socket_inode)
{
    if (self->unusable == NULL)
        self->unusable = g_array_new(FALSE, FALSE, sizeof(ino_t));
    g_array_append_val(self->unusable, socket_inode);
}

bool
qemu_endpoint_has_socket(const QemuEndpoint *self, ino_t socket_inode)
{
    for (guint i = 0; i < self->places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(self->places, i);

        if (place->socket_inode == socket_inode)
            return true;
    }
    for (guint i = 0; self->unusable != NULL && i < self->unusable->len; i++)
        if (g_array_index(self->unusable, ino_t, i) == socket_inode)
            return true;
    return false;
}

void
qemu_endpoint_make_uuid(const char *name, char ret_uuid[VIR_UUID_STRING_BUFLEN])
{
    /* RFC 4122, appendix C: the namespace of URLs. */
    static const guint8 namespace_url[] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
                                           0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    guint8 digest[20] = {0};
    gsize size = sizeof(digest);
    char *out = ret_uuid;

    g_checksum_update(checksum, namespace_url, sizeof(namespace_url));
    g_checksum_update(checksum, (const guchar *)name, (gssize)strlen(name));
    g_checksum_get_digest(checksum, digest, &size);
    digest[6] = (guint8)((digest[6] & 0x0f) | 0x50); /* version 5 */
    digest[8] = (guint8)((digest[8] & 0x3f) | 0x80); /* the variant of RFC 4122 */
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        g_snprintf(out, 3, "%02x", digest[i]);
        out += 2;
    }
}
