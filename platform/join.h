/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For alias headers: names made of a back end's word. The build defines KT_LOCK=ticket and
 * the like. Then KT_JOIN3(kt_lock_, KT_LOCK, _init) is kt_lock_ticket_init, and
 * KT_JOIN(KT_LOCK_HEADER_, KT_LOCK) is KT_LOCK_HEADER_ticket, the macro that names the back
 * end's header.
 */
#ifndef PLATFORM_JOIN_H
#define PLATFORM_JOIN_H

#define KT_JOIN_(a, b)      a##b
#define KT_JOIN(a, b)       KT_JOIN_(a, b)
#define KT_JOIN3_(a, b, c)  a##b##c
#define KT_JOIN3(a, b, c)   KT_JOIN3_(a, b, c)

#endif
