/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_driver: the backend for the source "service:PATH", a running domstatsd.
 */
#pragma once

#include "driver.h"

extern const Driver service_driver;
