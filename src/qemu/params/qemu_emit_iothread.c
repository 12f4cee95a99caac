/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_iothread: the group iothread.
 *
 * The number of an IOThread is libvirt's: the N of its id "iothreadN". A QEMU that libvirt did not
 * start may use other ids. Such an IOThread has its thread id, as QEMU tells it, for a number,
 * since that does not change when other IOThreads are added or removed. If it has no thread id, or
 * the number is taken, it gets the next free one. An IOThread with the same "iothreadN" as one
 * before, which only a hostile QEMU has, is left out.
 */
#include "qemu_emit.h"

#include <limits.h>
#include <string.h>

/* True if @id is "iothread" and a number without leading zeros, as libvirt writes it. */
static bool
parse_number(const char *id, unsigned int *ret_number)
{
    static const char prefix[] = "iothread";
    guint64 number = 0;

    if (id == NULL || !g_str_has_prefix(id, prefix))
        return false;
    id += strlen(prefix);
    if ((id[0] == '0' && id[1] != '\0') ||
        !g_ascii_string_to_unsigned(id, 10, 0, G_MAXUINT, &number, NULL))
        return false;
    *ret_number = (unsigned int)number;
    return true;
}

/* The number of each IOThread, in the order of the array; the caller frees. @ret_shown, of the same
 * length, is set to true for those that are not left out. */
static unsigned int *
make_numbers(const GArray *iothreads, bool *ret_shown)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(g_direct_hash, g_direct_equal);
    unsigned int *numbers = g_new0(unsigned int, iothreads->len);

    for (guint i = 0; i < iothreads->len; i++) {
        const QemuFactsIothread *iothread = &g_array_index(iothreads, QemuFactsIothread, i);

        if (parse_number(iothread->id, &numbers[i]) &&
            g_hash_table_add(taken, GUINT_TO_POINTER(numbers[i])))
            ret_shown[i] = true;
    }
    for (guint i = 0; i < iothreads->len; i++) {
        const QemuFactsIothread *iothread = &g_array_index(iothreads, QemuFactsIothread, i);
        unsigned int number = 0;

        if (parse_number(iothread->id, &number))
            continue;
        numbers[i] = (unsigned int)MAX(iothread->thread_id, 0);
        while (!g_hash_table_add(taken, GUINT_TO_POINTER(numbers[i])))
            numbers[i]++;
        ret_shown[i] = true;
    }
    return numbers;
}

static void
put_polling(QemuFieldWriter *writer, const QemuFactsIothread *iothread)
{
    if (!iothread->poll_max_ns.is_present || !iothread->poll_grow.is_present ||
        !iothread->poll_shrink.is_present)
        return;
    qemu_field_put_count(writer, QEMU_FIELD_IOTHREAD_POLL_MAX_NS, iothread->poll_max_ns);
    qemu_field_put_wide(writer, QEMU_FIELD_IOTHREAD_POLL_GROW, iothread->poll_grow.value);
    qemu_field_put_wide(writer, QEMU_FIELD_IOTHREAD_POLL_SHRINK, iothread->poll_shrink.value);
    if (iothread->poll_weight.is_present && iothread->poll_weight.value <= UINT_MAX)
        qemu_field_put_uint(writer, QEMU_FIELD_IOTHREAD_POLL_WEIGHT,
                            (unsigned int)iothread->poll_weight.value);
}

static void
put_name(QemuFieldWriter *writer, const QemuFactsIothread *iothread)
{
    qemu_field_put_string(writer, QEMU_FIELD_EXT_IOTHREAD_NAME, iothread->id);
}

bool
qemu_emit_iothread(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const GArray *iothreads = input->facts->iothreads;
    g_autofree bool *shown = NULL;
    g_autofree unsigned int *numbers = NULL;

    if (!input->is_active)
        return true;
    if (iothreads == NULL)
        return false;
    if (iothreads->len == 0)
        return true;
    shown = g_new0(bool, iothreads->len);
    numbers = make_numbers(iothreads, shown);
    qemu_field_put_uint(writer, QEMU_FIELD_IOTHREAD_COUNT, iothreads->len);
    for (guint i = 0; i < iothreads->len; i++) {
        writer->index[0] = numbers[i];
        if (shown[i])
            put_polling(writer, &g_array_index(iothreads, QemuFactsIothread, i));
    }
    for (guint i = 0; input->with_ext && i < iothreads->len; i++) {
        writer->index[0] = numbers[i];
        if (shown[i])
            put_name(writer, &g_array_index(iothreads, QemuFactsIothread, i));
    }
    return true;
}
