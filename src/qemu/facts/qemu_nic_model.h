/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_model: which of QEMU's device models are network interfaces of a guest.
 *
 * Knows both the names that a command line uses ("-device virtio-net") and those of QEMU's object
 * model ("virtio-net-pci"). A device passed through from the host (vfio-pci, usb-host) is never
 * one: neither QEMU nor its command line shows whether it is a network card.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True if the @size bytes at @name are the name of such a model. */
bool qemu_nic_model_is_one(const char *name, size_t size);

/* libvirt's word for the model of a device: "virtio" for all of virtio-net's; else its own name. */
const char *qemu_nic_model_word(const char *driver);
