"use strict";

// Searching names: highlighted rows and columns of the matrices, and the index of attributes.

/** Return how a name is compared: lower case, with spaces for underscores. */
function plainName(text) {
  return text.trim().toLowerCase().replaceAll("_", " ");
}

/** Return the indices of the names that a query means: the one it spells out, else all that hold it. */
function findNames(names, query) {
  const wanted = plainName(query);
  if (wanted === "") return [];
  const plain = names.map(plainName);
  const exact = plain.indexOf(wanted);
  if (exact >= 0) return [exact];
  return plain.flatMap((name, index) => (name.includes(wanted) ? [index] : []));
}

/** Highlight what is typed into the search on all matrices of a group. */
function listenToSearch(group) {
  const input = document.querySelector("#matrix-search input[type=search]");
  if (input === null) return;
  const search = () => {
    group.found = findNames(group.names, input.value);
    const found = group.found.map((index) => group.names[index]).join(" ");
    for (const view of group.views) {
      view.figure.dataset.highlight = found;
      markView(view, group);
    }
    input.setAttribute("aria-invalid", String(input.value.trim() !== "" && group.found.length === 0));
  };
  input.addEventListener("input", search);
  if (input.value !== "") search(); // the browser keeps what was typed over a reload
}

/** Hide the articles and index entries of attributes that the filter's text does not name. */
function listenToFilter() {
  const input = document.querySelector("#attribute-filter");
  if (input === null) return;
  input.addEventListener("input", () => filterAttributes(input.value));
  if (input.value !== "") filterAttributes(input.value);
}

function filterAttributes(query) {
  const wanted = plainName(query);
  for (const article of document.querySelectorAll("article.attribute")) {
    const heading = article.querySelector("h3");
    article.hidden = !plainName(heading === null ? article.id : heading.textContent).includes(wanted);
    for (const entry of indexEntries(article)) entry.hidden = article.hidden;
  }
}

/** Return the entries of the attribute index that link to an article. */
function indexEntries(article) {
  const links = document.querySelectorAll(`#attributes a[href="#${CSS.escape(article.id)}"]`);
  return [...links].filter((link) => link.closest("article") === null).map((link) => link.closest("li") ?? link);
}

/** Empty the filter where it hides what a link leads to; whether it did. */
function showFiltered(target) {
  const input = document.querySelector("#attribute-filter");
  if (input === null || target === null || target.closest("article[hidden]") === null) return false;
  input.value = "";
  filterAttributes("");
  return true;
}
