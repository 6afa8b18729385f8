/* SPDX-License-Identifier: GPL-2.0-only */
/* A module's file is mapped at the first question, and stays mapped. */
#include "platform/hosted/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct image {
	const char *at;
	size_t size;
	bool tried;
} image[HOSTED_MODULES_MAX];

static const struct image *image_of(const struct hosted_module *m)
{
	struct image *i = &image[m - hosted_module];
	struct stat st = { 0 };
	long fd, at;

	if (i->tried)
		return i;
	i->tried = true;
	fd = HOSTED_RAW_3(SYS_open, m->path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return i;
	if (HOSTED_RAW_2(SYS_fstat, fd, &st) == 0 && st.st_size > (long)sizeof(Elf64_Ehdr)) {
		at = hosted_raw(SYS_mmap, 0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at > 0) {
			i->at = (const char *)at;
			i->size = (size_t)st.st_size;
		}
	}
	HOSTED_RAW_1(SYS_close, fd);
	return i;
}

static const void *part(const struct image *i, uint64_t offset, uint64_t size)
{
	return offset <= i->size && size <= i->size - offset ? i->at + offset : NULL;
}

/* The section of that type, or NULL. */
static const Elf64_Shdr *section(const struct image *i, uint32_t type)
{
	const Elf64_Ehdr *e = part(i, 0, sizeof *e);
	const Elf64_Shdr *s;

	if (!e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	s = part(i, e->e_shoff, (uint64_t)e->e_shnum * sizeof *s);
	for (uint32_t n = 0; s && n < e->e_shnum; n++)
		if (s[n].sh_type == type)
			return &s[n];
	return NULL;
}

static bool find_in(const struct image *i, uint32_t type, uint64_t addr, bool is_function,
		    struct elf_symbol *out)
{
	const Elf64_Ehdr *e = part(i, 0, sizeof *e);
	const Elf64_Shdr *table = section(i, type), *sections, *strings;
	const Elf64_Sym *symbols;
	unsigned wanted = is_function ? STT_FUNC : STT_OBJECT;

	if (!table)
		return false;
	sections = part(i, e->e_shoff, (uint64_t)e->e_shnum * sizeof *sections);
	symbols = part(i, table->sh_offset, table->sh_size);
	if (!symbols || table->sh_link >= e->e_shnum)
		return false;
	strings = &sections[table->sh_link];
	for (uint64_t n = 0; n < table->sh_size / sizeof *symbols; n++) {
		const Elf64_Sym *s = &symbols[n];

		if (ELF64_ST_TYPE(s->st_info) != wanted || s->st_shndx == SHN_UNDEF ||
		    addr - s->st_value >= s->st_size || s->st_name >= strings->sh_size)
			continue;
		out->name = part(i, strings->sh_offset + s->st_name, 1);
		out->offset = addr - s->st_value;
		out->size = s->st_size;
		return out->name != NULL;
	}
	return false;
}

bool elf_find(const struct hosted_module *m, uintptr_t addr, bool is_function,
	      struct elf_symbol *out)
{
	const struct image *i = image_of(m);

	return i->at && (find_in(i, SHT_SYMTAB, addr - m->base, is_function, out) ||
			 find_in(i, SHT_DYNSYM, addr - m->base, is_function, out));
}
