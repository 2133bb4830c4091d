/*
 * ELF executables: the format that linkers write.  The file header says for which machine, the program
 * headers which stretches of the file ("segments") go where; a kernel's loader puts them at their physical
 * addresses, since nothing is mapped yet (System V Application Binary Interface, "ELF Header", "Program
 * Header").  A 32-bit i386 image is entered in protected mode without paging, a 64-bit x86-64 one in long
 * mode on the identity map of cpu_setup.  Position independent images without an interpreter are taken where
 * they lie, with a load bias of zero.
 *
 * e_entry is a virtual address. With p_vaddr and p_paddr apart (a kernel linked high and loaded low) it is
 * moved along with the segment that holds it, for at the start virtual is physical.
 *
 * Only the two headers are read here, field by field and with bounds, straight from the file: a hostile file
 * then has nothing to reach but these few lines. Symbols and lines, which need far more of the format, are
 * libelf's and libdw's.
 */
#include "vm/image_load.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The two classes with their fields widened to 64 bits. */
struct elf_file {
    unsigned char class;
    uint16_t type, machine, phentsize, phnum;
    uint64_t entry, phoff;
};

struct elf_segment {
    uint32_t type;
    uint64_t offset, vaddr, paddr, filesz, memsz;
};

/* Where e_entry turned out to be. */
struct elf_entry {
    uint64_t virtual, gpa;
    bool by_vaddr, by_paddr;
};

static const char *machine_name(uint16_t machine)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {{EM_386, "Intel i386"},
                 {EM_X86_64, "x86-64"},
                 {EM_AARCH64, "ARM AArch64"},
                 {EM_ARM, "ARM"},
                 {EM_RISCV, "RISC-V"},
                 {EM_MIPS, "MIPS"},
                 {EM_PPC, "PowerPC"},
                 {EM_PPC64, "PowerPC64"},
                 {EM_S390, "IBM S/390"},
                 {EM_SPARC, "SPARC"},
                 {EM_SPARCV9, "SPARC V9"},
                 {EM_IA_64, "Intel Itanium"},
                 {EM_68K, "Motorola 68000"},
                 {EM_AVR, "AVR"},
                 {EM_BPF, "BPF"},
                 {EM_LOONGARCH, "LoongArch"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].machine == machine)
            return names[i].name;
    return "unknown";
}

bool image_elf_recognise(const struct image_source *s)
{
    return s->head_len >= SELFMAG && memcmp(s->head, ELFMAG, SELFMAG) == 0;
}

static int ident_check(const struct image_source *s, struct err *e)
{
    if (!image_elf_recognise(s))
        return err_set(e, "ELF: no ELF header");
    if (s->head_len < EI_NIDENT)
        return err_set(e, "ELF: cut in the file header: only %zu bytes", s->head_len);
    if (s->head[EI_DATA] == ELFDATA2MSB)
        return err_set(e, "ELF: big-endian: not for an x86");
    if (s->head[EI_DATA] != ELFDATA2LSB)
        return err_set(e, "ELF: unknown byte order %u", s->head[EI_DATA]);
    if (s->head[EI_CLASS] != ELFCLASS32 && s->head[EI_CLASS] != ELFCLASS64)
        return err_set(e, "ELF: unknown class %u: neither 32 nor 64 bits", s->head[EI_CLASS]);
    return 0;
}

/* The header's fields in either class have the same names and the host's byte order. */
static int header_read(const struct image_source *s, struct elf_file *f, struct err *e)
{
    if (ident_check(s, e) < 0)
        return -1;
    f->class = s->head[EI_CLASS];
    size_t len = f->class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    if (s->head_len < len)
        return err_set(e, "ELF: cut in the file header: %zu of %zu bytes", s->head_len, len);
    if (f->class == ELFCLASS64) {
        Elf64_Ehdr h;
        memcpy(&h, s->head, sizeof h);
        *f = (struct elf_file){f->class,  h.e_type,  h.e_machine, h.e_phentsize,
                               h.e_phnum, h.e_entry, h.e_phoff};
    } else {
        Elf32_Ehdr h;
        memcpy(&h, s->head, sizeof h);
        *f = (struct elf_file){f->class,  h.e_type,  h.e_machine, h.e_phentsize,
                               h.e_phnum, h.e_entry, h.e_phoff};
    }
    return 0;
}

static int type_check(const struct elf_file *f, struct err *e)
{
    unsigned bits = f->class == ELFCLASS64 ? 64 : 32;
    uint16_t wanted = f->class == ELFCLASS64 ? EM_X86_64 : EM_386;
    if (f->machine != wanted)
        return err_set(e, "ELF: %u-bit for machine %u (%s): needs 32-bit Intel i386 or 64-bit x86-64", bits,
                       f->machine, machine_name(f->machine));
    if (f->type == ET_REL)
        return err_set(e, "ELF: a relocatable object: link it first");
    if (f->type == ET_CORE)
        return err_set(e, "ELF: a core dump, not an executable");
    if (f->type != ET_EXEC && f->type != ET_DYN)
        return err_set(e, "ELF: type %u: not an executable", f->type);
    return 0;
}

static int table_check(const struct image_source *s, const struct elf_file *f, struct err *e)
{
    size_t len = f->class == ELFCLASS64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    if (f->phnum == 0)
        return err_set(e, "ELF: no program headers: nothing to load");
    if (f->phnum == PN_XNUM)
        return err_set(e, "ELF: too many program headers");
    if (f->phentsize != len)
        return err_set(e, "ELF: program headers of %u bytes instead of %zu", f->phentsize, len);
    if (f->phoff > s->len || len * f->phnum > s->len - f->phoff)
        return err_set(e,
                       "ELF: cut: %u program headers at file offset %#" PRIx64 ", but the file has %#" PRIx64
                       " bytes",
                       f->phnum, f->phoff, s->len);
    return 0;
}

static int segment_read(const struct image_source *s, const struct elf_file *f, unsigned i,
                        struct elf_segment *g, struct err *e)
{
    uint64_t offset = f->phoff + (uint64_t)i * f->phentsize;
    if (f->class == ELFCLASS64) {
        Elf64_Phdr h;
        if (image_source_read(s, offset, &h, sizeof h, e) < 0)
            return -1;
        *g = (struct elf_segment){h.p_type, h.p_offset, h.p_vaddr, h.p_paddr, h.p_filesz, h.p_memsz};
        return 0;
    }
    Elf32_Phdr h;
    if (image_source_read(s, offset, &h, sizeof h, e) < 0)
        return -1;
    *g = (struct elf_segment){h.p_type, h.p_offset, h.p_vaddr, h.p_paddr, h.p_filesz, h.p_memsz};
    return 0;
}

static void entry_seek(struct elf_entry *entry, const struct elf_segment *g)
{
    uint64_t v = entry->virtual;
    if (!entry->by_vaddr && v >= g->vaddr && v - g->vaddr < g->memsz) {
        entry->by_vaddr = true;
        entry->gpa = v - g->vaddr + g->paddr;
    } else if (v >= g->paddr && v - g->paddr < g->memsz) {
        entry->by_paddr = true;
    }
}

static int segment_load(struct image_loader *l, const struct elf_segment *g, unsigned i, struct err *e)
{
    char what[IMAGE_WHAT_MAX];
    snprintf(what, sizeof what, "ELF segment %u", i);
    if (g->offset > l->source.len || g->filesz > l->source.len - g->offset)
        return err_set(e,
                       "%s: cut: %#" PRIx64 " bytes for %#" PRIx64 " at file offset %#" PRIx64
                       ", but the file has %#" PRIx64,
                       what, g->filesz, g->paddr, g->offset, l->source.len);
    return image_place(l, &l->source, what, g->paddr, g->memsz, g->offset, g->filesz, e);
}

static int segments_load(struct image_loader *l, const struct elf_file *f, struct err *e)
{
    struct elf_entry entry = {.virtual = f->entry};
    for (unsigned i = 0; i < f->phnum; i++) {
        struct elf_segment g;
        if (segment_read(&l->source, f, i, &g, e) < 0)
            return -1;
        if (g.type == PT_INTERP)
            return err_set(e, "ELF: needs a dynamic loader: not a guest");
        if (g.type != PT_LOAD || (g.memsz == 0 && g.filesz == 0))
            continue;
        if (segment_load(l, &g, i, e) < 0)
            return -1;
        entry_seek(&entry, &g);
    }
    if (l->claim_count == 0)
        return err_set(e, "ELF: no segment to load (no PT_LOAD)");
    if (!entry.by_vaddr && !entry.by_paddr)
        return err_set(e, "ELF: entry %#" PRIx64 " lies in no segment", f->entry);
    l->start.entry = entry.by_vaddr ? entry.gpa : f->entry;
    return 0;
}

int image_elf_load(struct image_loader *l, struct err *e)
{
    struct elf_file f = {0};
    if (header_read(&l->source, &f, e) < 0 || type_check(&f, e) < 0 || table_check(&l->source, &f, e) < 0)
        return -1;
    l->start.mode = f.class == ELFCLASS64 ? MODE_LONG : MODE_PROTECTED;
    return segments_load(l, &f, e);
}
