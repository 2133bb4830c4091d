/*
 * Commands about values: print, symbols, find, and memory to and from files.
 */
#include "debug/expr.h"
#include "debug/memview.h"
#include "debug/place.h"
#include "debug/symbols.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"
#include "monitor/shell/operand.h"
#include "monitor/shell/script.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

enum { SYMBOLS_LINES_MAX = 1000, FIND_LINES = 100 };

/* ---- print ---- */

static void print_hex(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    (void)bits;
    text_addf(out, "0x%llx", (unsigned long long)v);
}

static void print_signed(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    uint64_t sign = 1ull << (bits - 1);
    text_addf(out, "%lld", (long long)((v ^ sign) - sign));
}

static void print_unsigned(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    (void)bits;
    text_addf(out, "%llu", (unsigned long long)v);
}

static void print_octal(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    (void)bits;
    text_addf(out, "0%llo", (unsigned long long)v);
}

static void print_binary(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    unsigned top = bits;
    while (top > 1 && !(v >> (top - 1) & 1))
        top--;
    text_add(out, "0b");
    while (top-- > 0) {
        text_addc(out, (char)('0' + (v >> top & 1)));
        text_add(out, top && top % 4 == 0 ? "_" : "");
    }
}

static void print_address(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)bits;
    place_write(&d->now, v, out);
}

static void print_character(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    (void)d;
    (void)bits;
    uint8_t byte = (uint8_t)v;
    text_addf(out, "%u '", byte);
    text_add_bytes(out, &byte, 1);
    text_addc(out, '\'');
}

/* Hexadecimal, decimal, and what else the number could be. */
static void print_all(const struct debugger *d, uint64_t v, unsigned bits, struct text *out)
{
    text_addf(out, "0x%llx  %llu", (unsigned long long)v, (unsigned long long)v);
    if (v >> (bits - 1) & 1) {
        text_add(out, "  ");
        print_signed(d, v, bits, out);
    }
    if (v >= ' ' && v < 0x7f)
        text_addf(out, "  '%c'", (char)v);
    place_symbol(&d->now, v, out);
}

static const struct {
    char letter;
    void (*print)(const struct debugger *d, uint64_t v, unsigned bits, struct text *out);
} print_formats[] = {{'x', print_hex},    {'d', print_signed},  {'u', print_unsigned},  {'o', print_octal},
                     {'t', print_binary}, {'a', print_address}, {'c', print_character}, {'\0', print_all}};
enum { PRINT_FORMATS = sizeof print_formats / sizeof print_formats[0] };

static int run_print(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    size_t f = 0;
    uint64_t value;
    while (f < PRINT_FORMATS && print_formats[f].letter != slash[0])
        f++;
    if (f == PRINT_FORMATS || (slash[0] && slash[1]))
        return err_set(e, "print/%.20s: the format is one of x d u o t a c", slash);
    if (!*args)
        return err_set(e, "print what? print rax + 1, print/t cr0, print [rsp]");
    struct expr *x = expr_parse(args, &d->now, NULL, e);
    if (!x)
        return -1;
    int rc = expr_value(x, &d->now, &value, e);
    unsigned bits = 8 * expr_width(x, &d->now);
    expr_free(x);
    if (rc < 0)
        return -1;
    print_formats[f].print(d, value, bits >= 8 && bits <= 64 ? bits : 64, out);
    text_addc(out, '\n');
    return 0;
}

/* ---- symbols ---- */

static void symbol_line(const struct symbol *s, struct text *out)
{
    text_addf(out, "0x%08llx %c %s\n", (unsigned long long)s->addr, s->function ? 'f' : ' ', s->name);
}

/* `symbols main+4` and `symbols 0x7c04` are questions too: what lies there? */
static bool symbols_answer(const struct debugger *d, const char *args, struct text *out)
{
    uint64_t addr, offset;
    struct err e;
    const char *file;
    unsigned line;
    if (!isdigit((unsigned char)*args) || expr_eval(args, &d->now, &addr, &e) < 0 ||
        !symbols_at(d->symbols, addr, &offset))
        return false;
    place_write(&d->now, addr, out);
    if (symbols_line(d->symbols, addr, &file, &line))
        text_addf(out, " at %s:%u", file, line);
    text_addc(out, '\n');
    return true;
}

static int run_symbols(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    const struct symbol *s;
    size_t found = 0;
    (void)slash;
    if (!d->symbols)
        return err_set(e, "symbols: none are known: --symbols FILE.elf says where they are");
    if (symbols_answer(d, args, out))
        return 0;
    for (size_t i = 0; (s = symbols_row(d->symbols, i)); i++)
        if ((!*args || strstr(s->name, args)) && found++ < SYMBOLS_LINES_MAX)
            symbol_line(s, out);
    if (found > SYMBOLS_LINES_MAX)
        text_addf(out, "and %zu more: symbols TEXT shows those whose name contains it\n",
                  found - SYMBOLS_LINES_MAX);
    return found ? 0 : err_set(e, "symbols: no name contains \"%.40s\"", args);
}

/* ---- find ---- */

static enum space take_space(const char **p)
{
    return operand_word(p, "phys") ? SPACE_PHYSICAL : SPACE_LINEAR;
}

static int run_find(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    struct find_pattern pattern;
    uint64_t first, len;
    (void)slash;
    enum space space = take_space(&args);
    if (operand_value(d, &args, "find ADDR", &first, e) < 0 ||
        operand_value(d, &args, "find LENGTH", &len, e) < 0)
        return -1;
    if (!*args)
        return err_set(e, "find ADDR, LENGTH, WHAT: WHAT is \"text\", bytes 55 aa, or dword 0x1234");
    if (find_parse(args, &d->now, &pattern, e) < 0)
        return err_wrap(e, "find");
    memview_find(&d->now, space, first, len, &pattern, FIND_LINES, NULL, out);
    return 0;
}

/* ---- dump, restore ---- */

/* The file's name is one word; the rest of *p follows. */
static int take_path(const char **p, const char *command, char path[PATH_MAX], struct err *e)
{
    char word[PATH_MAX];
    size_t n;
    const char *w = line_word(p, &n);
    if (!w)
        return err_set(e, "%s: which file?", command);
    if (n >= sizeof word)
        return err_set(e, "%s: the file name is too long", command);
    memcpy(word, w, n);
    word[n] = '\0';
    while (line_is_blank(**p))
        (*p)++;
    return script_path(word, path, PATH_MAX, e);
}

static int run_dump(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    char path[PATH_MAX];
    uint64_t addr, len;
    (void)slash;
    if (take_path(&args, "dump", path, e) < 0)
        return -1;
    enum space space = take_space(&args);
    if (operand_value(d, &args, "dump ADDR", &addr, e) < 0 ||
        operand_value(d, &args, "dump LENGTH", &len, e) < 0 || operand_end(args, "dump", e) < 0)
        return -1;
    if (memview_save(&d->now, space, addr, len, path, e) < 0)
        return err_wrap(e, "dump");
    text_add_size(out, len);
    text_addf(out, " from 0x%llx written to %s\n", (unsigned long long)addr, path);
    return 0;
}

static int run_restore(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    char path[PATH_MAX];
    uint64_t addr, len;
    (void)slash;
    if (take_path(&args, "restore", path, e) < 0)
        return -1;
    enum space space = take_space(&args);
    if (operand_value(d, &args, "restore ADDR", &addr, e) < 0 || operand_end(args, "restore", e) < 0)
        return -1;
    if (memview_load(&d->now, space, path, addr, &len, e) < 0)
        return err_wrap(e, "restore");
    text_add_size(out, len);
    text_addf(out, " from %s written to 0x%llx\n", path, (unsigned long long)addr);
    return 0;
}

const struct shell_command shell_data_commands[] = {
    {.name = "print",
     .alias = "p",
     .args = "[/F] EXPR",
     .summary = "the value of an expression",
     .lesson =
         "Numbers, registers and their parts (al, cs.base, cr0.pe, eflags.zf), symbols, memory ([rsp], "
         "byte [es:di], phys dword [0x1000]), MSRs (msr[0xc0000080]) and C's operators on 64 bits. F is "
         "x hex, d signed, u unsigned, o octal, t binary, a an address with its symbol, c a character.",
     .example = "print/t cr0  # CR0, bit by bit",
     .complete = COMPLETE_EXPR,
     .run = run_print},
    {.name = "symbols",
     .alias = "syms",
     .args = "[TEXT|ADDR]",
     .summary = "names in the guest's image, or the one at ADDR",
     .lesson =
         "They come from an ELF file: the image itself, or one beside a flat image, or --symbols FILE; f "
         "marks functions. A name can stand wherever an address can.",
     .example = "symbols long  # where long mode begins",
     .complete = COMPLETE_SYMBOL,
     .run = run_symbols},
    {.name = "find",
     .alias = "",
     .args = "[phys] ADDR, LENGTH, WHAT",
     .summary = "where in memory something lies",
     .lesson =
         "WHAT is \"text\", bytes 7f 45 4c 46, word, dword or qword with an expression, or an expression "
         "alone. Linear addresses go through the page tables, and holes are passed over; with phys it is "
         "the machine's memory.",
     .example = "find 0x7c00, 0x1000, \"long mode\"  # where the text lies",
     .complete = COMPLETE_EXPR,
     .run = run_find},
    {.name = "dump",
     .alias = "",
     .args = "FILE [phys] ADDR, LENGTH",
     .summary = "writes memory to a file",
     .lesson = "The bytes as they are, for other tools. A file that is there already is replaced, and only "
               "once everything has been written.",
     .example = "dump boot.img 0x7c00, 512  # the boot sector as it now is",
     .complete = COMPLETE_FILE,
     .run = run_dump},
    {.name = "restore",
     .alias = "",
     .args = "FILE [phys] ADDR",
     .summary = "writes a file to memory",
     .lesson = "All of the file or nothing: memory that is no RAM refuses it. The page tables' rights do not "
               "bind a debugger.",
     .example = "restore boot.img 0x7c00  # what dump wrote, back again",
     .complete = COMPLETE_FILE,
     .flags = COMMAND_CHANGES,
     .run = run_restore},
    {0},
};
