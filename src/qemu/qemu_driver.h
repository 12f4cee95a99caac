/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_driver: the backend for QEMU: the story of a call, top to bottom.
 */
#pragma once

#include "driver.h"

extern const Driver qemu_driver;
