/*
 * A user's own files: which folder the environment names, and what is made of it.
 */
#include "unit.h"

#include "base/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct place state = {"RINGSIDE_TEST_HOME", ".local/state", "ringside/history"};

static const char *found(const char *folder, const char *home)
{
    static char path[64];
    if (folder)
        setenv("RINGSIDE_TEST_HOME", folder, 1);
    else
        unsetenv("RINGSIDE_TEST_HOME");
    if (home)
        setenv("HOME", home, 1);
    else
        unsetenv("HOME");
    CU_ASSERT_EQUAL(place_find(&state, path, sizeof path), path[0] != '\0');
    return path;
}

static void test_find(void)
{
    CU_ASSERT_STRING_EQUAL(found("/s", "/h"), "/s/ringside/history");
    CU_ASSERT_STRING_EQUAL(found(NULL, "/h"), "/h/.local/state/ringside/history");
    CU_ASSERT_STRING_EQUAL(found("relative", "/h"), "/h/.local/state/ringside/history");
    CU_ASSERT_STRING_EQUAL(found("", NULL), "");
    CU_ASSERT_STRING_EQUAL(found(NULL, "relative"), "");
    CU_ASSERT_STRING_EQUAL(found("/a-folder-whose-name-is-longer-than-the-room-for-it-all", NULL), "");
}

static void test_make(void)
{
    char home[] = "/tmp/ringside-place-XXXXXX", path[PATH_MAX], cut[PATH_MAX];
    struct stat st;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(home));
    unsetenv("RINGSIDE_TEST_HOME");
    setenv("HOME", home, 1);
    CU_ASSERT_TRUE(place_find(&state, path, sizeof path));
    CU_ASSERT_TRUE(place_make(path));
    CU_ASSERT_TRUE(place_make(path)); /* again does no harm */
    snprintf(cut, sizeof cut, "%s/.local/state/ringside", home);
    CU_ASSERT_EQUAL(stat(cut, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0); /* the file is the caller's */
    for (char *end; strcmp(cut, home) != 0 && (end = strrchr(cut, '/')); *end = '\0')
        rmdir(cut);
    rmdir(home);

    CU_ASSERT_FALSE(place_make(path)); /* a home that is not there is not made */
    CU_ASSERT_NOT_EQUAL(access(home, F_OK), 0);
    setenv("HOME", "/dev/null", 1);
    CU_ASSERT_TRUE(place_find(&state, path, sizeof path));
    CU_ASSERT_FALSE(place_make(path));
}

static const struct unit_test tests[] = {{"find", test_find}, {"make", test_make}};
UNIT_MAIN("base: places", tests)
