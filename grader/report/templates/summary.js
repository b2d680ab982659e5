"use strict";
// The search and the sorting of the table of students. Texts are only ever read here, and never made into HTML.
const table = document.getElementById("class");
if (table) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const found = document.getElementById("found");
  const wanted = document.getElementById("wanted");

  const search = () => {
    const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, n) => {
      const fits = words.every((word) => texts[n].includes(word));
      if (row.hidden === fits) row.hidden = !fits;
      count += fits;
    });
    found.textContent = words.length ? `${count} of ${rows.length} students` : "";
  };

  const collator = new Intl.Collator("en", { numeric: true });
  // numbers by their size, texts as people sort them; what is no number comes last, whichever way numbers go
  const compare = (a, b, sign) => {
    if (!Number.isNaN(a.number) && !Number.isNaN(b.number) && a.number !== b.number) return sign * (a.number - b.number);
    if (Number.isNaN(a.number) !== Number.isNaN(b.number)) return Number.isNaN(a.number) ? 1 : -1;
    return sign * collator.compare(a.text, b.text);
  };

  const sort = (header, column) => {
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const keyed = rows.map((row) => {
      const text = row.cells[column].textContent;
      return { row, text, number: /^\d+(\.\d+)?( |$)/.test(text) ? parseFloat(text) : NaN };
    });
    keyed.sort((a, b) => compare(a, b, sign));
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    body.append(...keyed.map((key) => key.row));
  };

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(header, column));
    header.replaceChildren(button);
  });
  wanted.addEventListener("input", search);
  document.getElementById("search").hidden = false;
  search(); // a browser may have kept what was typed before
}
