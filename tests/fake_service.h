/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_service: a service that follows a script, for tests of its clients.
 */
#pragma once

#include <glib.h>

typedef struct FakeService FakeService;

/* Listens at @path and serves one client after the other on a thread: the first by scripts[0] and
 * so on, the last script for all others. A script is a row of letters:
 *
 *   h  read a hello, send one             q  the same, with the source of a part of the host
 *   x  the same, of another host          r  the same, with fewer rights
 *   v  the same, of another protocol      n  read a hello, send an answer
 *   a  read a call, send a record "web"   b  the same with a blind spot
 *   d  the same, which is DENIED          t  read a call, send the error TIMEOUT
 *   u  read a call, send UNSUPPORTED      z  read a call, send an error of no call
 *   w  answer another serial number       m  read a call, send damaged bytes
 *   l  send a length of 2^32-1            f  send half an answer
 *   p  send pongs, then answer            i  send an answer and a byte more
 *   A  read calls until the client has gone, and answer each
 *   s  read a call, answer two pings, then the call
 *   .  read until the client has gone, and say nothing
 *   -  read pings for ever, and answer them only
 *
 * At the end of the script the connection is closed. */
FakeService *fake_service_start(const char *path, const char *const *scripts);

/* Waits until all clients have gone; gives the number of those that came. */
unsigned int fake_service_stop(FakeService *self);
