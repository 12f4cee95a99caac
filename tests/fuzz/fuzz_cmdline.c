/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any bytes of a command line become monitors and a definition, within their
 * limits and with what each kind promises.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/finding/qemu_process.h"
#include "qemu/words/qemu_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
claim_address(const QemuCmdlineMonitor *monitor)
{
    bool is_tcp = monitor->socket.kind == QEMU_CMDLINE_SOCKET_TCP;
    bool has_path = is_tcp || monitor->socket.kind == QEMU_CMDLINE_SOCKET_UNIX ||
                    monitor->socket.kind == QEMU_CMDLINE_SOCKET_ABSTRACT;

    claim((monitor->socket.kind == QEMU_CMDLINE_SOCKET_FD) == (monitor->socket.fd >= 0));
    claim(has_path == (monitor->socket.path != NULL));
    claim(is_tcp == (monitor->socket.host != NULL));
    claim(is_tcp == (monitor->socket.port != NULL));
    claim(is_tcp || monitor->socket.to == NULL);
}

static void
claim_fault(const QemuCmdlineMonitor *monitor)
{
    bool has_fault = monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_NONE;

    claim(has_fault == (monitor->fault_text != NULL));
    claim(has_fault || monitor->socket.kind != QEMU_CMDLINE_SOCKET_NONE);
    claim(monitor->waits || monitor->fault != QEMU_CMDLINE_MONITOR_FAULT_WAITS);
    claim(!has_fault || g_utf8_validate(monitor->fault_text, -1, NULL));
}

static void
claim_monitors(const QemuCmdline *cmdline)
{
    claim(cmdline->monitors->len <= QEMU_LIMIT_MONITORS);
    for (guint i = 0; i < cmdline->monitors->len; i++) {
        claim_address(&g_array_index(cmdline->monitors, QemuCmdlineMonitor, i));
        claim_fault(&g_array_index(cmdline->monitors, QemuCmdlineMonitor, i));
    }
    claim(cmdline->tcp_listens->len <= QEMU_LIMIT_LISTENS);
    for (guint i = 0; i < cmdline->tcp_listens->len; i++) {
        const QemuCmdlineListen *listen =
            &g_array_index(cmdline->tcp_listens, QemuCmdlineListen, i);

        claim(listen->host != NULL);
        claim(listen->port_first <= listen->port_last);
        claim(listen->port_last <= 65535);
    }
    claim(cmdline->other_sockets->len <= QEMU_LIMIT_CHARDEVS);
    for (guint i = 0; i < cmdline->other_sockets->len; i++) {
        const QemuCmdlineMonitor *other =
            &g_array_index(cmdline->other_sockets, QemuCmdlineMonitor, i);

        claim_address(other);
        claim_fault(other);
        claim(other->fault == QEMU_CMDLINE_MONITOR_FAULT_OTHER);
        claim(other->socket.kind != QEMU_CMDLINE_SOCKET_NONE);
    }
}

static void
claim_texts(char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        claim(texts[i] == NULL || (texts[i][0] != '\0' && g_utf8_validate(texts[i], -1, NULL)));
}

static void
claim_about(const QemuDefinition *definition)
{
    claim_texts(definition->about.texts, QEMU_ABOUT_N_TEXTS);
    claim(definition->drives == NULL || definition->drives->len <= 2 * QEMU_LIMIT_DISKS);
    for (guint i = 0; definition->drives != NULL && i < definition->drives->len; i++)
        claim_texts(g_array_index(definition->drives, QemuDefinitionDrive, i).about.texts,
                    QEMU_ABOUT_DISK_N_TEXTS);
    for (guint i = 0; i < definition->nics->len; i++)
        claim_texts(g_array_index(definition->nics, QemuDefinitionNic, i).about.texts,
                    QEMU_ABOUT_NIC_N_TEXTS);
}

static void
claim_definition(const QemuDefinition *definition)
{
    claim(definition->name == NULL ||
          (definition->name[0] != '\0' && g_utf8_validate(definition->name, -1, NULL)));
    claim(definition->uuid == NULL || g_uuid_string_is_valid(definition->uuid));
    claim(definition->vcpus_current.is_present == definition->vcpus_max.is_present);
    if (definition->vcpus_max.is_present) {
        claim(definition->vcpus_current.value > 0);
        claim(definition->vcpus_current.value <= definition->vcpus_max.value);
        claim(definition->vcpus_max.value <= QEMU_LIMIT_VCPUS);
    }
    claim(definition->nics->len <= QEMU_LIMIT_NICS);
    for (guint i = 0; i < definition->nics->len; i++) {
        const QemuDefinitionNic *nic = &g_array_index(definition->nics, QemuDefinitionNic, i);

        claim(nic->kind == QEMU_DEFINITION_NIC_TAP || (nic->ifname == NULL && nic->fds == NULL));
        for (guint k = 0; nic->fds != NULL && k < nic->fds->len; k++)
            claim(g_array_index(nic->fds, int, k) >= 0);
        claim(nic->ifname == NULL || g_utf8_validate(nic->ifname, -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(GStrv) words = qemu_cmdline_split((const char *)data, size);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);

    claim(g_strv_length(words) <= size);
    qemu_process_may_be_qemu((const char *const *)words, NULL);
    if (words[0] != NULL)
        qemu_program_is_short_name(words[0]);
    qemu_cmdline_set_program(cmdline, (const char *const *)words, NULL);
    claim_monitors(cmdline);
    claim_definition(cmdline->definition);
    claim_about(cmdline->definition);
    return 0;
}
