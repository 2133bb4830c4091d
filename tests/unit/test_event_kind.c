/*
 * The table of event kinds against the system's linux/kvm.h: no exit reason there may be without a row here.
 */
#include "event/event.h"
#include "unit.h"

#include <ctype.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* KVM_EXIT_ names in kvm.h that are no exit reasons but values inside one. */
static bool is_sub_code(const char *name)
{
    static const char *const sub_codes[] = {"KVM_EXIT_IO_IN", "KVM_EXIT_IO_OUT", "KVM_EXIT_XEN_HCALL"};
    for (size_t i = 0; i < sizeof sub_codes / sizeof sub_codes[0]; i++)
        if (!strcmp(name, sub_codes[i]))
            return true;
    return !strncmp(name, "KVM_EXIT_HYPERV_", strlen("KVM_EXIT_HYPERV_"));
}

static void check_constant(const char *name, unsigned number)
{
    if (event_kind_find(name) != (int)number || strcmp(event_kind_info(number)->constant, name) != 0)
        fprintf(stderr, "%s = %u is not in the table\n", name, number);
    CU_ASSERT_EQUAL(event_kind_find(name), (int)number);
    CU_ASSERT_STRING_EQUAL(event_kind_info(number)->constant, name);
}

/* Every `#define KVM_EXIT_NAME NUMBER` of the header's text. */
static void test_header_text(void)
{
    FILE *in = fopen("/usr/include/linux/kvm.h", "r");
    if (!in) {
        printf("(linux/kvm.h is elsewhere: only its constants are tested) ");
        return;
    }
    char line[512], name[128];
    unsigned number, found = 0;
    while (fgets(line, sizeof line, in)) {
        if (sscanf(line, "#define %127s %u", name, &number) != 2 || strncmp(name, "KVM_EXIT_", 9) != 0 ||
            is_sub_code(name))
            continue;
        check_constant(name, number);
        found++;
    }
    fclose(in);
    CU_ASSERT(found >= 38);
}

/* The same by what the compiler saw, for headers that are elsewhere. */
static void test_header_constants(void)
{
    check_constant("KVM_EXIT_UNKNOWN", KVM_EXIT_UNKNOWN);
    check_constant("KVM_EXIT_IO", KVM_EXIT_IO);
    check_constant("KVM_EXIT_DEBUG", KVM_EXIT_DEBUG);
    check_constant("KVM_EXIT_HLT", KVM_EXIT_HLT);
    check_constant("KVM_EXIT_MMIO", KVM_EXIT_MMIO);
    check_constant("KVM_EXIT_IRQ_WINDOW_OPEN", KVM_EXIT_IRQ_WINDOW_OPEN);
    check_constant("KVM_EXIT_SHUTDOWN", KVM_EXIT_SHUTDOWN);
    check_constant("KVM_EXIT_FAIL_ENTRY", KVM_EXIT_FAIL_ENTRY);
    check_constant("KVM_EXIT_INTR", KVM_EXIT_INTR);
    check_constant("KVM_EXIT_INTERNAL_ERROR", KVM_EXIT_INTERNAL_ERROR);
    check_constant("KVM_EXIT_SYSTEM_EVENT", KVM_EXIT_SYSTEM_EVENT);
    check_constant("KVM_EXIT_X86_RDMSR", KVM_EXIT_X86_RDMSR);
    check_constant("KVM_EXIT_X86_WRMSR", KVM_EXIT_X86_WRMSR);
    check_constant("KVM_EXIT_NOTIFY", KVM_EXIT_NOTIFY);
}

/* Short names are a promise to other programs. */
static void test_promised_names(void)
{
    static const struct {
        const char *name;
        int kind;
    } promised[] = {
        {"io", EVENT_IO},
        {"mmio", EVENT_MMIO},
        {"hlt", EVENT_HLT},
        {"debug", EVENT_DEBUG},
        {"shutdown", EVENT_SHUTDOWN},
        {"internal", EVENT_INTERNAL},
        {"msr_read", EVENT_MSR_READ},
        {"msr_write", EVENT_MSR_WRITE},
        {"irq_window", EVENT_IRQ_WINDOW},
        {"fail_entry", EVENT_FAIL_ENTRY},
        {"intr", EVENT_INTR},
        {"assist", EVENT_ASSIST},
        {"irq", EVENT_IRQ},
        {"step", EVENT_STEP},
        {"mark", EVENT_MARK},
    };
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++)
        CU_ASSERT_EQUAL(event_kind_find(promised[i].name), promised[i].kind);
}

/* Names are the enumerators in lower case; every string is there; every colour is of the palette. */
static void test_rows(void)
{
#define ENUM_NAME(name, number) {#name, number},
    static const struct {
        const char *name;
        unsigned number;
    } all[] = {EVENT_KINDS(ENUM_NAME)};
#undef ENUM_NAME
    static const char palette[] = "#E69F00 #56B4E9 #009E73 #F0E442 #0072B2 #D55E00 #CC79A7 #999999";
    const size_t n = sizeof all / sizeof all[0];
    for (size_t i = 0; i < n; i++) {
        const struct event_kind_info *row = event_kind_row(i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_EQUAL((unsigned)row->kind, all[i].number);
        CU_ASSERT_PTR_EQUAL(event_kind_info(all[i].number), row);
        char lower[64] = "";
        for (size_t c = 0; all[i].name[c]; c++)
            lower[c] = (char)tolower((unsigned char)all[i].name[c]);
        CU_ASSERT_STRING_EQUAL(row->name, lower);
        CU_ASSERT(row->meaning[0] && row->cause[0] && row->source[0]);
        CU_ASSERT_EQUAL(row->kind < EVENT_OWN, row->constant[0] != '\0');
        CU_ASSERT_EQUAL(row->kind < EVENT_OWN, row->class != CLASS_OWN);
        CU_ASSERT(strlen(row->colour) == 7 && strstr(palette, row->colour));
    }
    CU_ASSERT_PTR_NULL(event_kind_row(n));
}

static void test_unknown(void)
{
    CU_ASSERT_FALSE(event_kind_known(150));
    CU_ASSERT_FALSE(event_kind_known(256));
    CU_ASSERT_FALSE(event_kind_known(UINT32_MAX));
    CU_ASSERT_EQUAL(event_kind_info(150)->kind, EVENT_UNKNOWN);
    CU_ASSERT_EQUAL(event_kind_info(UINT32_MAX)->kind, EVENT_UNKNOWN);
    CU_ASSERT_EQUAL(event_kind_find("no_such_kind"), -1);
    CU_ASSERT_EQUAL(event_kind_find(""), -1);
}

static const struct unit_test tests[] = {
    {"every exit reason in linux/kvm.h has a row", test_header_text},
    {"constants have their rows", test_header_constants},
    {"promised short names", test_promised_names},
    {"every row is complete", test_rows},
    {"unknown numbers and names", test_unknown},
};
UNIT_MAIN("event kinds", tests)
