/* SPDX-License-Identifier: GPL-2.0-only */
#include "stress/run/subject.h"

#include <stddef.h>

const struct subject *subject;

void subject_use(const struct subject *s)
{
	subject = s;
}
