/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_field: see qemu_field.h. Fills patterns, and passes name and value to util_params.
 */
#include "qemu_field.h"

#include <limits.h>
#include <string.h>

const QemuField qemu_fields[QEMU_N_FIELDS] = {
#define FIELD(id, group, pattern, type, unit, meaning, source, absent)                             \
    {VIR_DOMAIN_STATS_##group, pattern, VIR_TYPED_PARAM_##type, unit, meaning, source, absent},
#include "qemu_field.def"
#undef FIELD
};

/* More than a field's name may have, so that util_params still sees that a name is too long. */
enum { NAME_BYTES = VIR_TYPED_PARAM_FIELD_LENGTH + 32, DIGITS = 10 };

/* Writes the decimal digits of @value at @to; gives the place after them. */
static char *
append_number(char *to, unsigned int value)
{
    char digits[DIGITS];
    size_t n_digits = 0;

    do {
        digits[n_digits++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n_digits > 0)
        *to++ = digits[--n_digits];
    return to;
}

/* Copies as many of the bytes as fit before @end; gives the place after them. */
static char *
append_bytes(char *to, const char *end, const char *from, size_t size)
{
    size = to < end ? MIN(size, (size_t)(end - to)) : 0;
    memcpy(to, from, size);
    return to + size;
}

/* Writes the field's name to @name. A call makes tens of thousands of names, so printf() would be
 * too slow. */
static void
make_name(const QemuFieldWriter *self, QemuFieldId field, char name[NAME_BYTES])
{
    const char *from = qemu_fields[field].pattern;
    char *to = name;
    const char *end = name + NAME_BYTES - DIGITS - 1;
    size_t n_indices = 0;

    for (;;) {
        const char *hole = strchrnul(from, '<');

        to = append_bytes(to, end, from, (size_t)(hole - from));
        if (*hole == '\0' || to >= end)
            break;
        if (hole[1] == 'n' && hole[2] == '>') {
            g_assert(n_indices < G_N_ELEMENTS(self->index));
            to = append_number(to, self->index[n_indices++]);
        } else {
            g_assert(self->word != NULL);
            to = append_bytes(to, end, self->word, strlen(self->word));
        }
        from = strchr(hole, '>') + 1;
    }
    *to = '\0';
}

#define DEFINE_PUT(kind, value_type, param_type)                                                   \
    void qemu_field_put_##kind(QemuFieldWriter *self, QemuFieldId field, value_type value)         \
    {                                                                                              \
        char name[NAME_BYTES];                                                                     \
                                                                                                   \
        g_assert(qemu_fields[field].type == VIR_TYPED_PARAM_##param_type);                         \
        make_name(self, field, name);                                                              \
        util_params_add_##kind(self->params, name, value);                                         \
    }

DEFINE_PUT(int, int, INT)
DEFINE_PUT(uint, unsigned int, UINT)
DEFINE_PUT(llong, long long, LLONG)
DEFINE_PUT(ullong, unsigned long long, ULLONG)
DEFINE_PUT(double, double, DOUBLE)

void
qemu_field_put_string(QemuFieldWriter *self, QemuFieldId field, const char *value)
{
    char name[NAME_BYTES];

    g_assert(qemu_fields[field].type == VIR_TYPED_PARAM_STRING);
    if (value == NULL)
        return;
    make_name(self, field, name);
    util_params_add_string(self->params, name, value);
}

void
qemu_field_put_boolean(QemuFieldWriter *self, QemuFieldId field, bool value)
{
    char name[NAME_BYTES];
    int type = qemu_fields[field].type;

    g_assert(type == VIR_TYPED_PARAM_BOOLEAN || type == VIR_TYPED_PARAM_ULLONG);
    make_name(self, field, name);
    util_params_add_boolean(self->params, name, value);
}

void
qemu_field_put_wide(QemuFieldWriter *self, QemuFieldId field, uint64_t value)
{
    char name[NAME_BYTES];

    g_assert(qemu_fields[field].type == VIR_TYPED_PARAM_UINT);
    make_name(self, field, name);
    if (value <= UINT_MAX)
        util_params_add_uint(self->params, name, (unsigned int)value);
    else
        util_params_add_ullong(self->params, name, value);
}

void
qemu_field_put_count(QemuFieldWriter *self, QemuFieldId field, UtilCount value)
{
    if (value.is_present)
        qemu_field_put_ullong(self, field, value.value);
}

void
qemu_field_put_counts(QemuFieldWriter *self, const QemuFieldCount *rows, size_t n_rows,
                      const void *base)
{
    for (size_t i = 0; i < n_rows; i++)
        qemu_field_put_count(
            self, rows[i].field,
            *(const UtilCount *)(const void *)((const char *)base + rows[i].offset));
}
