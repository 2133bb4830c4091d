/*
 * Rule files: mistakes in them are found and pointed at, and no bytes make the reader fall over.
 */
#include "trace_make.h"

#include "traces/rules.h"

static void test_mistakes(void)
{
    static const struct {
        const char *text, *why;
    } table[] = {
        {"", "line 1: there is no rule in it"},
        {"# nothing\n\n", "line 1: there is no rule in it"},
        {"some exit\n", "line 1, column 1: a rule begins with `rule NAME`"},
        {"rule\nsome exit\n", "line 1, column 5: a name is due here"},
        {"rule a\npoints 1\n", "line 1: this rule has no assertion: some, never, count ..."},
        {"rule a\n\nrule b\nsome exit\n", "line 1: this rule has no assertion: some, never, count ..."},
        {"rule a\nsome exit\nnever exit\n",
         "line 3, column 1: this rule has an assertion already: begin another with `rule NAME`"},
        {"rule a\nsmoe exit\n", "line 2, column 1: no line begins with \"smoe\"; did you mean some?"},
        {"rule a\npoints many\nsome exit\n", "line 2, column 8: a number of points is due here, 0 to 1000"},
        {"rule a\npoints 1001\n", "line 2, column 8: a number of points is due here, 0 to 1000"},
        {"rule a\nhint x\nhint y\n", "line 3, column 6: this rule has a hint already"},
        {"rule a\nsome\n", "line 2, column 1: something is missing: some A"},
        {"  some exit\n",
         "line 1, column 1: a line that begins with a space goes on with the one before, and there is none"},
        {"rule a\nsome prot == 3\n", "line 2, column 6: \"prot\" is no field; did you mean port?"},
        {"rule a\nsequence exit ;\n  prot == 3\n",
         "line 3, column 3: \"prot\" is no field; did you mean port?"},
        {"rule a\nsequence exit ; \n", "line 2, column 16: something is missing at the end"},
        {"rule a\nevery exit\n", "line 2, column 7: two questions with a colon between them are due: A : B"},
        {"rule a\nevery exit : exit : exit\n",
         "line 2, column 7: two questions with a colon between them are due: A : B"},
        {"rule a\ncount exit == 3\n",
         "line 2, column 7: the question goes between parentheses: count (kind == io) == 26"},
        {"rule a\ncount (exit == 3\n", "line 2, column 7: this parenthesis is not closed"},
        {"rule a\ncount (exit)\n",
         "line 2, column 13: how many is due behind the parenthesis: == 26, >= 3, <= 5 or in 20..30"},
        {"rule a\ncount (exit) != 3\n",
         "line 2, column 14: how many is due behind the parenthesis: == 26, >= 3, <= 5 or in 20..30"},
        {"rule a\ncount (exit) < 0\n",
         "line 2, column 14: how many is due behind the parenthesis: == 26, >= 3, <= 5 or in 20..30"},
        {"rule a\ncount (exit) in 3..2\n",
         "line 2, column 14: how many is due behind the parenthesis: == 26, >= 3, <= 5 or in 20..30"},
        {"rule a\ntext uart.THR\n", "line 2, column 6: a register and a text are due: uart.THR \"Hello\""},
        {"rule a\ntext uart.THR \"\"\n",
         "line 2, column 6: a register and a text are due: uart.THR \"Hello\""},
        {"rule a\nend state == halted\n", "line 2, column 5: \"state\" is no field; did you mean status?"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err e = {0};
        struct rules *r = rules_parse(table[i].text, strlen(table[i].text), &e);
        CU_ASSERT_PTR_NULL(r);
        rules_free(r);
        if (strcmp(e.text, table[i].why) != 0)
            fprintf(stderr, "\n%s  says    %s\n  not     %s\n", table[i].text, e.text, table[i].why);
        CU_ASSERT_STRING_EQUAL(e.text, table[i].why);
    }
}

static void test_files(void)
{
    struct make_file f = make_file();
    struct err e = {0};
    static const char good[] = "rule a\nsome exit\n", bad[] = "rule a\nsmoe exit\n";
    make_file_fill(&f, (const uint8_t *)good, sizeof good - 1);
    struct rules *r = rules_load(f.path, &e);
    CU_ASSERT_PTR_NOT_NULL(r);
    rules_free(r);
    make_file_fill(&f, (const uint8_t *)bad, sizeof bad - 1);
    CU_ASSERT_PTR_NULL(rules_load(f.path, &e));
    CU_ASSERT_EQUAL(strncmp(e.text, f.path, strlen(f.path)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, ": line 2, column 1: "));
    unlink(f.path);
    CU_ASSERT_PTR_NULL(rules_load(f.path, &e));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "No such file"));
    CU_ASSERT_PTR_NULL(rules_load("/tmp", &e)); /* a folder */
}

/* Any bytes, and any soup of lines: refused or taken, never a crash. */
static void test_garbage(void)
{
    static const char *const soup[] = {"rule a\n",
                                       "points 3\n",
                                       "hint b\n",
                                       "some ",
                                       "count (",
                                       ") == 3",
                                       "\n",
                                       "exit",
                                       " ; ",
                                       " : ",
                                       "sequence ",
                                       "text uart.THR \"a\"\n",
                                       "end ",
                                       "status == halted",
                                       "'",
                                       "\"",
                                       "before first ",
                                       "\n  ",
                                       "#",
                                       "(",
                                       "value == ':'"};
    uint64_t seed = 20261123;
    for (unsigned round = 0; round < 20000; round++) {
        char text[400];
        size_t len = round % 4 ? (size_t)snprintf(text, sizeof text, "rule a\n") : 0;
        struct err e = {0};
        while (len < 350 && make_random(&seed) % 20) {
            const char *word = soup[make_random(&seed) % (sizeof soup / sizeof soup[0])];
            if (round % 4)
                len += (size_t)snprintf(text + len, sizeof text - len, "%s", word);
            else
                text[len++] = (char)make_random(&seed);
        }
        char *exact = malloc(len ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, text, len);
        struct rules *r = rules_parse(exact, len, &e);
        free(exact);
        CU_ASSERT_TRUE(r || !strncmp(e.text, "line ", 5));
        rules_free(r);
    }
}

static const struct unit_test tests[] = {
    {"mistakes", test_mistakes},
    {"files", test_files},
    {"garbage", test_garbage},
};
UNIT_MAIN("traces: rule files", tests)
