/*
 * The table of exceptions, its double-fault rules and error codes, against the manual's tables copied by
 * hand.
 */
#include "debug_target.h"

#include "debug/exceptions.h"

static void test_rows(void)
{
    /* Intel SDM, "Protected-Mode Exceptions and Interrupts": which push an error code. */
    static const unsigned with_code[] = {8, 10, 11, 12, 13, 14, 17, 21};
    unsigned coded = 0;
    for (unsigned v = 0; v < EXCEPTION_VECTORS; v++) {
        const struct exception_info *x = exception_info(v);
        if (!x) {
            CU_ASSERT_TRUE(v == 15 || v > 21);
            continue;
        }
        CU_ASSERT_EQUAL(x->vector, v);
        CU_ASSERT_TRUE(x->name[0] && x->cause[0] && x->manual[0]);
        CU_ASSERT_EQUAL(exception_find(x->mnemonic), (int)v);
        bool want = false;
        for (size_t i = 0; i < sizeof with_code / sizeof with_code[0]; i++)
            want |= with_code[i] == v;
        CU_ASSERT_EQUAL(x->has_error_code, want);
        coded += x->has_error_code;
    }
    CU_ASSERT_EQUAL(coded, 8);
    CU_ASSERT_PTR_NULL(exception_info(32));
    CU_ASSERT_PTR_NULL(exception_info(UINT32_MAX));
    CU_ASSERT_EQUAL(exception_find("pf"), 14);
    CU_ASSERT_EQUAL(exception_find("#Gp"), 13);
    CU_ASSERT_EQUAL(exception_find(""), -1);
    CU_ASSERT_EQUAL(exception_find("9"), -1); /* vector 9 by number is somebody else's business */
    CU_ASSERT_EQUAL(exception_find("page"), -1);
}

/* Intel SDM, "Conditions for Generating a Double Fault". */
static void test_double_faults(void)
{
    static const struct {
        unsigned first, second;
        bool doubles;
    } cases[] = {
        {VECTOR_UD, VECTOR_GP, false}, {VECTOR_UD, VECTOR_PF, false}, {VECTOR_DE, VECTOR_GP, true},
        {VECTOR_GP, VECTOR_GP, true},  {VECTOR_GP, VECTOR_PF, false}, {VECTOR_NP, VECTOR_SS, true},
        {VECTOR_PF, VECTOR_PF, true},  {VECTOR_PF, VECTOR_GP, true},  {VECTOR_PF, VECTOR_UD, false},
        {VECTOR_GP, VECTOR_DB, false}, {VECTOR_DF, VECTOR_GP, true},  {VECTOR_DF, VECTOR_PF, true},
        {VECTOR_DF, VECTOR_DB, false}, {0x20, VECTOR_GP, false},      {0x20, VECTOR_PF, false},
        {VECTOR_BP, VECTOR_NP, false}, {VECTOR_TS, VECTOR_NP, true},  {VECTOR_AC, VECTOR_PF, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(exception_doubles(cases[i].first, cases[i].second), cases[i].doubles);
}

static void test_error_codes(void)
{
    static const struct {
        unsigned vector;
        uint32_t code;
        const char *has, *lacks;
    } cases[] = {
        {14, 0x0, "0x0: P=0 the page is not present, W=0 a read, U=0 by the supervisor", "R="},
        {14, 0x7, "P=1 the page is present and its rights forbid the access, W=1 a write, U=1 by user code",
         "I="},
        {14, 0x9, "R=1 a reserved bit is set in an entry", "I="},
        {14, 0x15, "I=1 an instruction fetch", "W="},
        {13, 0, "0x0: no selector is to blame", "GDT"},
        {13, 0x18, "0x18: IDT=0 TI=0 entry 3 of the GDT (selector 0x0018), EXT=0", "LDT"},
        {11, 0x1d, "TI=1 entry 3 of the LDT (selector 0x001c), EXT=1", "GDT"},
        {13, 0x73, "IDT=1 gate 0x0e of the IDT, EXT=1 while another event was being delivered", "selector"},
        {13, 0x1, "the null selector, EXT=1", "entry"},
        {8, 0, "0x0: always 0", "selector"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text out = {0};
        exception_error_write(cases[i].vector, cases[i].code, &out);
        ASSERT_HAS(&out, cases[i].has);
        ASSERT_LACKS(&out, cases[i].lacks);
        text_fini(&out);
    }
    struct text out = {0};
    exception_error_write(6, 0x1234, &out);
    exception_error_write(0x20, 0x1234, &out);
    ASSERT_IS(&out, "");
    exception_name(14, &out);
    text_add(&out, ", ");
    exception_name(0x30, &out);
    ASSERT_IS(&out, "#PF page fault, vector 0x30");
    text_fini(&out);
}

static const struct unit_test tests[] = {
    {"rows", test_rows},
    {"double faults", test_double_faults},
    {"error codes", test_error_codes},
};

UNIT_MAIN("exceptions", tests)
