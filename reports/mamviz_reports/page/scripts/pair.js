"use strict";

// The panel of one pair of attributes, and the addresses that lead to it: #pair=A--B.

/** Return the hash of a pair given by indices. */
function pairHash(anchors, row, column) {
  return `#pair=${anchors[row]}--${anchors[column]}`;
}

/** Return {row, column} of a pair's hash, or null; a name may itself hold two hyphens, so every cut is tried. */
function parsePair(hash, anchors) {
  if (!hash.startsWith("#pair=")) return null;
  const text = decodeAddress(hash.slice("#pair=".length));
  for (let cut = text.indexOf("--"); cut >= 0; cut = text.indexOf("--", cut + 1)) {
    const row = anchors.indexOf(text.slice(0, cut));
    const column = anchors.indexOf(text.slice(cut + 2));
    if (row >= 0 && column >= 0) return { row, column };
  }
  return null;
}

/** Return an address without its percent signs; one that a person mistyped stays as it is. */
function decodeAddress(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Show the panel of the pair that the address names, or hide it. Returns the panel where it is shown. */
function showPair(data) {
  const panel = document.getElementById("pair");
  if (panel === null) return null;
  const pair = parsePair(location.hash, data.anchors);
  panel.hidden = pair === null;
  if (pair === null) {
    delete panel.dataset.pair;
    return null;
  }
  panel.dataset.pair = `${data.names[pair.row]}, ${data.names[pair.column]}`;
  fillHeading(panel, data, pair);
  panel.querySelector("tbody").replaceChildren(...Object.values(data.matrices).map((each) => pairRow(each, pair)));
  fillSlots(panel, data, pair);
  return panel;
}

function fillHeading(panel, data, { row, column }) {
  const links = [row, column].map((index) => textElement("a", data.names[index], { href: articleHash(data, index) }));
  panel.querySelector("h3").replaceChildren(links[0], " and ", links[1]);
}

function articleHash(data, index) {
  return `#attribute-${data.anchors[index]}`; // an anchor needs no escape: letters, digits, _ and -
}

/** Return a row of the panel's table: what the matrix is, its value, its interval. */
function pairRow(matrix, { row, column }) {
  const line = document.createElement("tr");
  const interval = intervalOf(matrix, row, column);
  const level = interval && matrix.level ? ` (${writeLevel(matrix.level)} %)` : "";
  const value = matrix.values[row][column];
  const name = textElement("th", matrix.title, { scope: "row", title: matrix.detail ?? "" });
  line.append(name, textElement("td", writeNumber(value)), textElement("td", `${interval}${level}` || "none computed"));
  return line;
}

/** Put both attributes' contrasts into the panel's two slots, as in their articles. */
function fillSlots(panel, data, { row, column }) {
  const slots = panel.querySelectorAll(".map-slot");
  [row, column].slice(0, slots.length).forEach((index, place) => {
    const source = document.querySelector(`${articleHash(data, index)} canvas.map[data-kind=contrast]`);
    const link = textElement("a", data.names[index], { href: articleHash(data, index) });
    const maps = source === null ? [] : [paintMap(source.cloneNode(), data.palettes)];
    slots[place].replaceChildren(...maps, link);
  });
}
