// What a report's page can do beyond being read: tables sort by a click on a title and filter by words, pictures open in
// full size. Nothing here makes content, so a page without scripts says the same.
"use strict";
(() => {
  document.documentElement.classList.add("js");

  const value = (cell, number) => {
    const given = cell.dataset.v;
    if (number) return Number(given === undefined ? cell.textContent : given);
    return given === undefined ? cell.textContent.trim().toLowerCase() : given;
  };

  // Rows that are equal stay in the order in which they were: sort() is stable.
  const sortBy = (table, index) => {
    const titles = [...table.tHead.rows[0].cells];
    const title = titles[index];
    const number = title.classList.contains("n");
    const was = title.getAttribute("aria-sort");
    const down = was === "none" ? number : was === "ascending";
    const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[index], number), row]);
    rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (down ? -1 : 1));
    table.tBodies[0].append(...rows.map((pair) => pair[1]));
    titles.forEach((other) => other.setAttribute("aria-sort", "none"));
    title.setAttribute("aria-sort", down ? "descending" : "ascending");
    stripe(table);
  };

  const stripe = (table) => {
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      if (row.hidden) continue;
      row.style.background = shown++ % 2 ? "var(--stripe)" : "var(--paper)";
    }
    return shown;
  };

  // A row stays when it has all the words, wherever.
  const filter = (table, words, output) => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...table.tBodies[0].rows];
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
    }
    const shown = stripe(table);
    output.textContent = wanted.length ? `${shown} of ${rows.length} rows` : "";
  };

  for (const table of document.querySelectorAll("table.data"))
    [...table.tHead.rows[0].cells].forEach((title, index) =>
      title.querySelector("button").addEventListener("click", () => sortBy(table, index)));

  for (const tools of document.querySelectorAll(".tools")) {
    const input = tools.querySelector("input");
    const table = document.getElementById(input.dataset.for);
    if (table.tBodies[0].rows.length < 5) continue;
    tools.hidden = false;
    input.addEventListener("input", () => filter(table, input.value, tools.querySelector("output")));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      input.value = "";
      filter(table, "", tools.querySelector("output"));
    });
  }

  for (const button of document.querySelectorAll(".full")) {
    const paper = button.closest("figure").querySelector(".paper");
    button.hidden = false;
    button.addEventListener("click", () => {
      const wide = paper.classList.toggle("wide");
      button.setAttribute("aria-pressed", String(wide));
    });
  }
})();
