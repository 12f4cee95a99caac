/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_device: see openmetrics_device.h.
 */
#include "openmetrics_device.h"

#include "openmetrics_number.h"
#include "openmetrics_text.h"

void
openmetrics_device_init(OpenmetricsDevices *self, const OpenmetricsIndex *index, unsigned int set)
{
    *self = (OpenmetricsDevices){.index = index, .set = set};
    self->devices = g_array_new(FALSE, FALSE, sizeof(OpenmetricsDevice));
    self->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
openmetrics_device_clear(OpenmetricsDevices *self)
{
    g_clear_pointer(&self->devices, g_array_unref);
    g_clear_pointer(&self->names, g_hash_table_unref);
    openmetrics_buffer_clear(&self->texts);
}

void
openmetrics_device_begin(OpenmetricsDevices *self, const char *domain, const char *uuid)
{
    g_array_set_size(self->devices, 0);
    g_hash_table_remove_all(self->names);
    self->texts.n_bytes = 0;
    self->last = 0;
    self->domain = domain;
    self->uuid = uuid;
}

/* Fields of a device stand together, and devices follow each other: the search begins at the last
 * one that was found. */
OpenmetricsDevice *
openmetrics_device_get(OpenmetricsDevices *self, OpenmetricsFamilyScope scope, uint32_t number)
{
    OpenmetricsDevice made = {.scope = scope, .number = number};

    for (guint i = 0; i < self->devices->len; i++) {
        guint at = self->last + i;
        OpenmetricsDevice *device = NULL;

        if (at >= self->devices->len)
            at -= self->devices->len;
        device = &g_array_index(self->devices, OpenmetricsDevice, at);
        if (device->number == number && device->scope == scope) {
            self->last = at;
            return device;
        }
    }
    self->last = self->devices->len;
    g_array_append_val(self->devices, made);
    return &g_array_index(self->devices, OpenmetricsDevice, self->last);
}

static void
append_value(OpenmetricsBuffer *out, const virTypedParameter *param)
{
    if (param->type == VIR_TYPED_PARAM_STRING)
        openmetrics_text_append(out, param->value.s);
    else if (param->type == VIR_TYPED_PARAM_BOOLEAN)
        openmetrics_buffer_append_text(out, param->value.b ? "yes" : "no");
    else
        openmetrics_number_append_param(out, param, OPENMETRICS_FAMILY_PLAIN);
}

bool
openmetrics_device_append_slot(OpenmetricsBuffer *out, const OpenmetricsDevice *device,
                               const int slots[OPENMETRICS_INDEX_SOURCES])
{
    for (size_t i = 0; i < OPENMETRICS_INDEX_SOURCES; i++)
        if (slots[i] >= 0 && device->slots[slots[i]] != NULL) {
            append_value(out, device->slots[slots[i]]);
            return true;
        }
    return false;
}

/* One without a name, or with a name that another has, is told by its number: "#2", "tap0#2". */
static void
name_device(OpenmetricsDevices *self, OpenmetricsDevice *device)
{
    const int slots[OPENMETRICS_INDEX_SOURCES] = {
        openmetrics_index_name_slot(self->index, device->scope), -1};
    OpenmetricsBuffer *texts = &self->texts;
    size_t n_scope = 0;

    /* The key in the table of names: scope and name. */
    device->name_at = texts->n_bytes;
    openmetrics_buffer_append_char(texts, (char)('A' + device->scope));
    n_scope = texts->n_bytes;
    openmetrics_device_append_slot(texts, device, slots);
    for (;;) {
        g_autofree char *key = NULL;

        if (texts->n_bytes > n_scope) {
            key = g_strndup(texts->bytes + device->name_at, texts->n_bytes - device->name_at);
            if (!g_hash_table_contains(self->names, key)) {
                g_hash_table_add(self->names, g_steal_pointer(&key));
                break;
            }
        }
        openmetrics_buffer_append_char(texts, '#');
        openmetrics_number_append_count(texts, device->number);
    }
    device->name_at = n_scope;
    device->n_name = texts->n_bytes - n_scope;
}

/* The fixed part, after the name: what fixed labels refer to must stand still, so it is made in a
 * buffer of its own. */
static void
make_fixed(OpenmetricsDevices *self, OpenmetricsDevice *device, OpenmetricsBuffer *labels)
{
    labels->n_bytes = 0;
    openmetrics_device_append_labels(self, labels, self->set, device->scope, device, NULL);
    device->fixed_at = self->texts.n_bytes;
    device->n_fixed = labels->n_bytes;
    openmetrics_buffer_append(&self->texts, labels->bytes, labels->n_bytes);
}

void
openmetrics_device_name_all(OpenmetricsDevices *self)
{
    g_auto(OpenmetricsBuffer) labels = {0};

    for (guint i = 0; i < self->devices->len; i++) {
        OpenmetricsDevice *device = &g_array_index(self->devices, OpenmetricsDevice, i);

        if (openmetrics_index_name_slot(self->index, device->scope) >= 0)
            name_device(self, device);
        if (openmetrics_shape_is_fixed(openmetrics_shape_of(self->set, device->scope)))
            make_fixed(self, device, &labels);
    }
}

/* By its place if its number is not told. */
static void
append_part(OpenmetricsBuffer *out, const OpenmetricsDevice *device, uint32_t part)
{
    bool is_told = device->has_part && device->part == part;

    if (!is_told)
        openmetrics_buffer_append_char(out, '#');
    openmetrics_number_append_count(out, is_told ? device->part_id : part);
}

/* A QEMU may have it in its schema as it likes. */
static void
append_stat(OpenmetricsBuffer *out, const OpenmetricsDeviceSample *sample)
{
    char stat[VIR_TYPED_PARAM_FIELD_LENGTH];

    g_strlcpy(stat, sample->stat, MIN(sizeof(stat), sample->n_stat + 1));
    openmetrics_text_append(out, stat);
}

static void
append_label(const OpenmetricsDevices *self, OpenmetricsBuffer *out, OpenmetricsShapeKind kind,
             const OpenmetricsDevice *device, const OpenmetricsDeviceSample *sample)
{
    switch (kind) {
    case OPENMETRICS_SHAPE_DOMAIN:
        openmetrics_buffer_append_text(out, self->domain);
        break;
    case OPENMETRICS_SHAPE_UUID:
        openmetrics_buffer_append_text(out, self->uuid);
        break;
    case OPENMETRICS_SHAPE_DEVICE:
        openmetrics_buffer_append(out, self->texts.bytes + device->name_at, device->n_name);
        break;
    case OPENMETRICS_SHAPE_INDEX:
        openmetrics_number_append_count(out, device->number);
        break;
    case OPENMETRICS_SHAPE_SOURCE:
        openmetrics_device_append_slot(out, device,
                                       openmetrics_index_source_slots(self->index, device->scope));
        break;
    case OPENMETRICS_SHAPE_PART:
        append_part(out, device, sample->part);
        break;
    case OPENMETRICS_SHAPE_STAT:
        append_stat(out, sample);
        break;
    case OPENMETRICS_SHAPE_WORD:
        openmetrics_buffer_append_text(out, sample->word);
        break;
    case OPENMETRICS_SHAPE_END:
        break;
    }
}

void
openmetrics_device_append_labels(const OpenmetricsDevices *self, OpenmetricsBuffer *out,
                                 unsigned int set, OpenmetricsFamilyScope scope,
                                 const OpenmetricsDevice *device,
                                 const OpenmetricsDeviceSample *sample)
{
    const OpenmetricsShape *shape = openmetrics_shape_of(set, scope);

    for (size_t i = 0; i < OPENMETRICS_SHAPE_LABELS && shape->labels[i].name != NULL; i++) {
        if (i > 0)
            openmetrics_buffer_append_char(out, ',');
        openmetrics_buffer_append_text(out, shape->labels[i].name);
        openmetrics_buffer_append_text(out, "=\"");
        append_label(self, out, shape->labels[i].kind, device, sample);
        openmetrics_buffer_append_char(out, '"');
    }
}
