"use strict";

// Tables sorted by a click on a heading: stable, what is missing last, rows of the tfoot where they are.

const LETTERS = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Make the headings of every sortable table sort it. */
function listenToTables() {
  for (const heading of document.querySelectorAll("table.data.sortable thead th[aria-sort]")) {
    const button = heading.querySelector("button");
    if (button !== null) button.addEventListener("click", () => sortBy(heading));
  }
}

/** Sort a heading's table by its column: text from A, numbers from the largest; again, and it turns around. */
function sortBy(heading) {
  const isNumber = heading.dataset.type === "number";
  const first = isNumber ? "descending" : "ascending";
  const other = isNumber ? "ascending" : "descending";
  const direction = heading.getAttribute("aria-sort") === first ? other : first;
  for (const each of heading.closest("tr").cells) {
    if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", each === heading ? direction : "none");
  }
  const body = heading.closest("table").tBodies[0];
  const keyed = [...body.rows].map((row) => ({ row, key: sortKey(row.cells[heading.cellIndex], isNumber) }));
  keyed.sort((one, two) => compareKeys(one.key, two.key, direction === "ascending" ? 1 : -1));
  body.append(...keyed.map(({ row }) => row));
}

/** Return what a cell sorts by; null where it says nothing. */
function sortKey(cell, isNumber) {
  if (cell === undefined) return null;
  const text = (cell.dataset.value ?? (isNumber ? "" : cell.textContent)).trim();
  if (text === "") return null;
  if (!isNumber) return text;
  const number = Number(text);
  return Number.isNaN(number) ? null : number;
}

/** Compare two keys; sign turns the order around, but what is missing is last either way. */
function compareKeys(one, two, sign) {
  if (one === null || two === null) return Number(one === null) - Number(two === null);
  return sign * (typeof one === "number" ? one - two : LETTERS.compare(one, two));
}
