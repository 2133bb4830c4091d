/*
 * The C half of debug_lines.S, never run either. The #line directives make it look like four files.
 */
int twice(int x);
int one(int x);
int two(int x);
int three(int x);

int twice(int x)
{
    return x * 2;
}
#line 100 "tests/unit/one/part.c"
int one(int x)
{
    return x + 1;
}
#line 100 "tests/unit/two/part.c"
int two(int x)
{
    return x + 2;
}
#line 7 "./tests//unit/gone/../more.c"
int three(int x)
{
    return x + 3;
}
