/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_table: see daemon_libvirt_table.h.
 */
#include "daemon_libvirt_table.h"

#include "daemon_libvirt_device.h"
#include "daemon_libvirt_domain.h"
#include "daemon_libvirt_event.h"
#include "daemon_libvirt_host.h"
#include "daemon_libvirt_list.h"
#include "daemon_libvirt_stats.h"
#include "daemon_libvirt_vcpu.h"

#define GROUP(name) VIR_DOMAIN_STATS_##name

/* A bit that is no group: a round that only finds the domain. */
#define NONE (1U << 30)

#define HERE(name, function)                                                                       \
    {                                                                                              \
        RPC_PROCEDURE_##name, DAEMON_LIBVIRT_TABLE_NO_DOMAIN, .fill = daemon_libvirt_##function    \
    }
#define ASKS(name, asks, function)                                                                 \
    {                                                                                              \
        RPC_PROCEDURE_##name, DAEMON_LIBVIRT_TABLE_NO_DOMAIN, .ask = daemon_libvirt_##asks,        \
                                                              .fill = daemon_libvirt_##function    \
    }
#define DOMAIN(name, wanted, more, function)                                                       \
    {                                                                                              \
        RPC_PROCEDURE_##name, DAEMON_LIBVIRT_TABLE_DOMAIN, .groups = (wanted), .extras = (more),   \
                                                           .fill = daemon_libvirt_##function       \
    }
#define RUNNING(name, wanted, more, function)                                                      \
    {                                                                                              \
        RPC_PROCEDURE_##name, DAEMON_LIBVIRT_TABLE_RUNNING_DOMAIN,                                 \
            .groups = (wanted), .extras = (more), .fill = daemon_libvirt_##function                \
    }
#define ABOUT DOMSTATS_CALL_ABOUT

/* clang-format off */
static const DaemonLibvirtTableRow rows[] = {
    HERE(AUTH_LIST, host_auth_list),
    HERE(CONNECT_SUPPORTS_FEATURE, host_feature),
    HERE(CONNECT_OPEN, host_open),
    HERE(CONNECT_CLOSE, host_accept),
    HERE(CONNECT_REGISTER_CLOSE_CALLBACK, host_accept),
    HERE(CONNECT_UNREGISTER_CLOSE_CALLBACK, host_accept),
    HERE(CONNECT_GET_URI, host_uri),

    HERE(CONNECT_GET_TYPE, host_type),
    ASKS(CONNECT_GET_VERSION, list_about_ask, host_version),
    HERE(CONNECT_GET_LIB_VERSION, host_lib_version),
    HERE(CONNECT_GET_HOSTNAME, host_name),
    HERE(CONNECT_IS_SECURE, host_is_secure),
    HERE(CONNECT_GET_CAPABILITIES, host_capabilities),
    HERE(CONNECT_GET_MAX_VCPUS, host_max_vcpus),
    HERE(NODE_GET_INFO, host_info),
    HERE(NODE_GET_CPU_MAP, host_cpu_map),
    HERE(NODE_GET_CPU_STATS, host_cpu_stats),
    HERE(NODE_GET_MEMORY_STATS, host_memory_stats),
    HERE(NODE_GET_FREE_MEMORY, host_free_memory),
    HERE(NODE_GET_SECURITY_MODEL, host_security_model),
    HERE(CONNECT_LIST_ALL_STORAGE_POOLS, host_accept),
    HERE(CONNECT_LIST_ALL_NETWORKS, host_accept),
    HERE(CONNECT_LIST_ALL_INTERFACES, host_accept),
    HERE(CONNECT_LIST_ALL_NODE_DEVICES, host_accept),
    HERE(CONNECT_LIST_ALL_NWFILTERS, host_accept),
    HERE(CONNECT_LIST_ALL_SECRETS, host_accept),

    ASKS(CONNECT_LIST_ALL_DOMAINS, list_all_ask, list_all),
    ASKS(CONNECT_NUM_OF_DOMAINS, list_ask, list_active_count),
    ASKS(CONNECT_LIST_DOMAINS, list_ask, list_active_ids),
    ASKS(CONNECT_NUM_OF_DEFINED_DOMAINS, list_ask, list_defined_count),
    ASKS(CONNECT_LIST_DEFINED_DOMAINS, list_ask, list_defined_names),
    ASKS(DOMAIN_LOOKUP_BY_ID, list_id_ask, list_id),
    ASKS(DOMAIN_LOOKUP_BY_NAME, list_name_ask, list_name),
    ASKS(DOMAIN_LOOKUP_BY_UUID, list_uuid_ask, list_uuid),

    DOMAIN(DOMAIN_GET_INFO, GROUP(STATE) | GROUP(CPU_TOTAL) | GROUP(BALLOON) | GROUP(VCPU), 0,
           domain_info),
    DOMAIN(DOMAIN_GET_STATE, GROUP(STATE), 0, domain_state),
    DOMAIN(DOMAIN_GET_XML_DESC,
           GROUP(STATE) | GROUP(BALLOON) | GROUP(VCPU) | GROUP(INTERFACE) | GROUP(BLOCK), ABOUT,
           domain_xml),
    DOMAIN(DOMAIN_GET_OS_TYPE, GROUP(STATE), ABOUT, domain_os_type),
    DOMAIN(DOMAIN_IS_ACTIVE, NONE, 0, domain_is_active),
    DOMAIN(DOMAIN_IS_PERSISTENT, GROUP(STATE), ABOUT, domain_is_persistent),
    DOMAIN(DOMAIN_IS_UPDATED, NONE, 0, domain_nothing),
    DOMAIN(DOMAIN_GET_AUTOSTART, GROUP(STATE), ABOUT, domain_autostart),
    DOMAIN(DOMAIN_HAS_MANAGED_SAVE_IMAGE, NONE, 0, domain_nothing),
    DOMAIN(DOMAIN_GET_SECURITY_LABEL, NONE, 0, domain_security_label),
    DOMAIN(DOMAIN_GET_MESSAGES, NONE, 0, domain_nothing),
    DOMAIN(DOMAIN_GET_MAX_MEMORY, GROUP(BALLOON), 0, domain_max_memory),
    DOMAIN(DOMAIN_GET_MAX_VCPUS, GROUP(VCPU), 0, vcpu_max),
    DOMAIN(DOMAIN_GET_VCPUS_FLAGS, GROUP(VCPU), 0, vcpu_count),
    RUNNING(DOMAIN_GET_VCPUS, GROUP(VCPU), 0, vcpu_list),
    DOMAIN(DOMAIN_GET_VCPU_PIN_INFO, GROUP(VCPU), 0, vcpu_pins),
    RUNNING(DOMAIN_BLOCK_STATS, GROUP(BLOCK), ABOUT, device_block_stats),
    {RPC_PROCEDURE_DOMAIN_BLOCK_STATS_FLAGS, DAEMON_LIBVIRT_TABLE_RUNNING_DOMAIN,
     .groups = GROUP(BLOCK), .extras = ABOUT, .needs = daemon_libvirt_device_block_flags_needs,
     .fill = daemon_libvirt_device_block_flags},
    DOMAIN(DOMAIN_GET_BLOCK_INFO, GROUP(BLOCK), ABOUT, device_block_info),
    RUNNING(DOMAIN_INTERFACE_STATS, GROUP(INTERFACE), ABOUT, device_interface_stats),
    RUNNING(DOMAIN_MEMORY_STATS, GROUP(BALLOON), 0, domain_memory_stats),
    RUNNING(DOMAIN_GET_CPU_STATS, GROUP(CPU_TOTAL), 0, domain_cpu_stats),
    RUNNING(DOMAIN_GET_CONTROL_INFO, GROUP(STATE), 0, domain_control),
    RUNNING(DOMAIN_GET_JOB_INFO, NONE, 0, domain_nothing),
    RUNNING(DOMAIN_GET_JOB_STATS, NONE, 0, domain_nothing),
    RUNNING(DOMAIN_GET_IOTHREAD_INFO, GROUP(IOTHREAD), 0, vcpu_iothreads),
    DOMAIN(DOMAIN_GET_PERF_EVENTS, GROUP(PERF), 0, domain_perf_events),
    DOMAIN(DOMAIN_GET_METADATA, GROUP(STATE), ABOUT, domain_metadata),

    {RPC_PROCEDURE_CONNECT_GET_ALL_DOMAIN_STATS, DAEMON_LIBVIRT_TABLE_NO_DOMAIN,
     .check = daemon_libvirt_stats_check, .ask = daemon_libvirt_stats_ask,
     .fill = daemon_libvirt_stats},

    HERE(CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, event_register),
    HERE(CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, event_deregister),
    HERE(CONNECT_DOMAIN_EVENT_REGISTER_ANY, event_register_kind),
    HERE(CONNECT_DOMAIN_EVENT_DEREGISTER_ANY, event_deregister_kind),
    HERE(CONNECT_DOMAIN_EVENT_REGISTER, event_register_oldest),
    HERE(CONNECT_DOMAIN_EVENT_DEREGISTER, event_deregister_oldest),
};
/* clang-format on */

const DaemonLibvirtTableRow *
daemon_libvirt_table_find(int procedure)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].procedure == procedure)
            return &rows[i];
    }
    return NULL;
}
