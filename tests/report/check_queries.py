"""The example queries of docs/traces.md: each ```sql block is asked of the gallery's trace, and answers what the ```text
block behind it shows. With --write the answers in the page are made anew: look at the difference."""

import os
import re
import sqlite3
import sys

from common import GALLERY, TOP, check, done, good

PAGE = os.path.join(TOP, "docs", "traces.md")
BLOCK = re.compile(r"```sql\n(.*?)```\n\n```text\n(.*?)```\n", re.S)


def answer(base, sql):
    """The answer as `sqlite3 -header -column` prints it, but for its ruled line."""
    cursor = base.execute(sql)
    rows = [[d[0] for d in cursor.description]] + [["" if v is None else str(v) for v in row] for row in cursor]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "".join("  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() + "\n" for row in rows)


good("export", "--format", "sqlite", "-o", "boot64.db", GALLERY)
database = sqlite3.connect("boot64.db")
with open(PAGE, encoding="utf-8") as file:
    page = file.read()
if "--write" in sys.argv:
    page = BLOCK.sub(lambda m: "```sql\n%s```\n\n```text\n%s```\n" % (m[1], answer(database, m[1])), page)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
for asked, shown in BLOCK.findall(page):
    told = answer(database, asked)
    if not check("the answer to:\n" + asked, told == shown):
        print(told)
check("every sql block has an answer", page.count("```sql") == len(BLOCK.findall(page)) >= 5)
done()
