/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modules of the process: the program, its libraries, this library. They are found once,
 * before main(). A module is a part of the program if it was compiled by kthrash-cc: then it
 * asks for functions whose names begin with "__tsan_".
 */
#include <elf.h>
#include <link.h>
#include <string.h>

#include "platform/hosted/backbone.h"
#include "platform/hosted/call.h"
#include "platform/hosted/hosted.h"

struct hosted_module hosted_module[HOSTED_MODULES_MAX];
uint32_t hosted_modules;
uintptr_t hosted_own_low, hosted_own_high;

/* ---- is it compiled by kthrash-cc? ------------------------------------------ */

struct dynamic {
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash;
};

/* The loader has added the base to some of these addresses, and not to those of the vdso. */
static const void *at(uintptr_t base, Elf64_Addr address)
{
	return (const void *)(address < base ? base + address : address);
}

static uint32_t count_by_gnu_hash(const uint32_t *h)
{
	const uint32_t *buckets = h + 4 + h[2] * (sizeof(Elf64_Addr) / 4), *chains = buckets + h[0];
	uint32_t last = 0;

	for (uint32_t i = 0; i < h[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < h[1])
		return h[1]; /* all symbols are undefined */
	while (!(chains[last - h[1]] & 1))
		last++;
	return last + 1;
}

/* Undefined symbols come before those that the hash table knows. */
static bool asks_for_hooks(const struct dynamic *d)
{
	uint32_t n = d->hash ? d->hash[1] : d->gnu_hash ? count_by_gnu_hash(d->gnu_hash) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (d->symbols[i].st_shndx == SHN_UNDEF &&
		    strncmp(d->strings + d->symbols[i].st_name, "__tsan_", 7) == 0)
			return true;
	return false;
}

static bool is_compiled_by_us(const struct dl_phdr_info *info, const Elf64_Dyn *dyn)
{
	struct dynamic d = { NULL, NULL, NULL, NULL };

	for (; dyn && dyn->d_tag != DT_NULL; dyn++)
		switch (dyn->d_tag) {
		case DT_SYMTAB: d.symbols = at(info->dlpi_addr, dyn->d_un.d_ptr); break;
		case DT_STRTAB: d.strings = at(info->dlpi_addr, dyn->d_un.d_ptr); break;
		case DT_HASH: d.hash = at(info->dlpi_addr, dyn->d_un.d_ptr); break;
		case DT_GNU_HASH: d.gnu_hash = at(info->dlpi_addr, dyn->d_un.d_ptr); break;
		default: break;
		}
	return d.symbols && d.strings && asks_for_hooks(&d);
}

/*
 * The loader finds a function when it is first called, and stores its address in the module's
 * data. These words stay as they are: otherwise each execution would search again.
 */
static void find_plt(struct hosted_module *m, const Elf64_Dyn *dyn)
{
	const Elf64_Rela *rela = NULL;
	size_t size = 0;

	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_JMPREL)
			rela = at(m->base, dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_PLTRELSZ)
			size = dyn->d_un.d_val;
	}
	for (size_t i = 0; rela && i < size / sizeof *rela; i++) {
		uintptr_t word = m->base + rela[i].r_offset;

		if (!m->plt_low || word < m->plt_low)
			m->plt_low = word;
		if (word + sizeof word > m->plt_high)
			m->plt_high = word + sizeof word;
	}
}

/* ---- the list ---------------------------------------------------------------- */

static void add_segment(struct hosted_module *m, const Elf64_Phdr *p)
{
	uintptr_t low = m->base + p->p_vaddr, high = low + p->p_memsz;

	if (low < m->low)
		m->low = low;
	if (high > m->high)
		m->high = high;
	if (!(p->p_flags & PF_X))
		return;
	if (low < m->text_low)
		m->text_low = low;
	if (high > m->text_high)
		m->text_high = high;
}

static bool has_name(const struct hosted_module *m, const char *name)
{
	const char *file = strrchr(m->path, '/');

	return strncmp(file ? file + 1 : m->path, name, strlen(name)) == 0;
}

static int add(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct hosted_module *m = &hosted_module[hosted_modules];
	const Elf64_Dyn *dyn = NULL;
	uintptr_t here = (uintptr_t)hosted_modules_find;

	(void)size, (void)arg;
	if (hosted_modules == HOSTED_MODULES_MAX)
		hosted_give_up("the program has more than %d libraries", HOSTED_MODULES_MAX);
	memset(m, 0, sizeof *m);
	m->path = hosted_modules ? info->dlpi_name : hosted_file();
	m->base = info->dlpi_addr;
	m->low = m->text_low = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD)
			add_segment(m, p);
		if (p->p_type == PT_DYNAMIC)
			dyn = at(m->base, p->p_vaddr);
		if (p->p_type == PT_TLS) {
			m->tls = info->dlpi_tls_data;
			m->tls_image = (const char *)m->base + p->p_vaddr;
			m->tls_image_size = p->p_filesz;
			m->tls_size = p->p_memsz;
		}
	}
	m->libc = has_name(m, "libc.so") || has_name(m, "libc-");
	m->cxx = has_name(m, "libstdc++.so") || has_name(m, "libc++.so");
	m->unwinder = has_name(m, "libgcc_s.so");
	m->ours = here - m->low < m->high - m->low || has_name(m, "ld-linux") ||
		  has_name(m, "ld-2") || has_name(m, "linux-vdso");
	if (here - m->low < m->high - m->low) {
		hosted_own_low = m->text_low;
		hosted_own_high = m->text_high;
	}
	find_plt(m, dyn);
	m->program = !m->ours && is_compiled_by_us(info, dyn);
	hosted_modules++;
	return 0;
}

void hosted_modules_find(void)
{
	hosted_modules = 0;
	dl_iterate_phdr(add, NULL);
}

const struct hosted_module *hosted_module_of(uintptr_t addr)
{
	for (uint32_t i = 0; i < hosted_modules; i++) {
		const struct hosted_module *m = &hosted_module[i];

		if (addr - m->low < m->high - m->low)
			return m;
	}
	return NULL;
}

bool hosted_is_program(uintptr_t pc)
{
	if (hosted_call_is_library(pc))
		return false;
	for (uint32_t i = 0; i < hosted_modules; i++) {
		const struct hosted_module *m = &hosted_module[i];

		if (m->program && pc - m->text_low < m->text_high - m->text_low)
			return true;
	}
	return false;
}
