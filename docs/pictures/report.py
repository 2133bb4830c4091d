#!/usr/bin/env python3
"""Makes docs/pictures/report.png: the first screen of a report of the gallery's trace, in a browser without a window.

    docs/pictures/report.py build/ringside
"""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "report"))
sys.dont_write_bytecode = True
import browser  # noqa: E402

with tempfile.TemporaryDirectory() as work:
    page = os.path.join(work, "report.html")
    subprocess.run([sys.argv[1], "trace", "report", "-o", page, os.path.join(TOP, "traces", "gallery", "boot64.rst")], check=True)
    screen = browser.Browser(browser.find())
    screen.open(page, 1120, 1180)
    with open(os.path.join(TOP, "docs", "pictures", "report.png"), "wb") as file:
        file.write(screen.picture(whole=False))
    screen.close()
