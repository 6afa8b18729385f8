/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which build of the program this is, by the notes that the linker leaves in the program and in
 * those of its libraries that kthrash-cc compiled (kthrash-cc links with --build-id).
 */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/hosted.h"

#define ALIGNED(n) (((n) + 3) & ~(size_t)3)

/* FNV-1a, 64 bits. */
static uint64_t add_bytes(uint64_t h, const unsigned char *bytes, size_t size)
{
	while (size-- > 0)
		h = (h ^ *bytes++) * 1099511628211ull;
	return h;
}

static uint64_t add_notes(uint64_t h, const char *notes, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)notes;
		size_t whole = sizeof *note + ALIGNED(note->n_namesz) + ALIGNED(note->n_descsz);
		const char *name = notes + sizeof *note;

		if (whole > size)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU" &&
		    memcmp(name, "GNU", sizeof "GNU") == 0)
			h = add_bytes(h, (const unsigned char *)name + ALIGNED(note->n_namesz),
				      note->n_descsz);
		notes += whole;
		size -= whole;
	}
	return h;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *h)
{
	const struct hosted_module *m = NULL;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && !m; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			m = hosted_module_of(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (int i = 0; m && m->program && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_NOTE)
			*(uint64_t *)h = add_notes(*(uint64_t *)h,
						   (const char *)(info->dlpi_addr + p->p_vaddr),
						   p->p_memsz);
	}
	return 0;
}

const char *hosted_build(void)
{
	static char text[256];
	const char *slash = strrchr(hosted_file(), '/');
	uint64_t h = 14695981039346656037ull;

	if (text[0])
		return text;
	dl_iterate_phdr(add_module, &h);
	snprintf(text, sizeof text, "%.200s %016llx", slash ? slash + 1 : hosted_file(),
		 (unsigned long long)h);
	return text;
}
