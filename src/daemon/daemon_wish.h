/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_wish: what a round asks for, and whether that is enough for a request. Pure.
 *
 * All rules of sharing stand here; daemon_narrow makes of the round's answer what such a request
 * gets. Time is not looked at.
 */
#pragma once

#include <stdbool.h>

#include "domstats/domstats.h"

/* The groups of @call: all that are known if it names none. */
unsigned int daemon_wish_groups(const DomstatsCall *call);

/* The extras by which the answer to @round has fields that @wanted does not want. */
unsigned int daemon_wish_unwanted(const DomstatsCall *round, const DomstatsCall *wanted);

/* A copy that shares nothing with @call. */
DomstatsCall *daemon_wish_copy(const DomstatsCall *call);
void daemon_wish_free(DomstatsCall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomstatsCall, daemon_wish_free)

/* Memory that the words of a copy take. */
size_t daemon_wish_words_size(const DomstatsCall *call);

/* Whether @call may share a round with one that is not equal to it: it makes no error for want of a
 * group, and the library is seen to accept it. */
bool daemon_wish_is_shareable(const DomstatsCall *call);

/* Whether both ask for the same, in the same order. */
bool daemon_wish_equals(const DomstatsCall *left, const DomstatsCall *right);

/* Whether the answer to @round has in it what @wanted asks for. */
bool daemon_wish_covers(const DomstatsCall *round, const DomstatsCall *wanted);

/* Widens @round so that it covers @wanted too. False if no call can serve both: then it is left as
 * it was. */
bool daemon_wish_unite(DomstatsCall *round, const DomstatsCall *wanted);
