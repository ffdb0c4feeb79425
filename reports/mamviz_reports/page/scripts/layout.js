"use strict";

// Where everything of a heatmap is: lengths in CSS pixels, cells in whole device pixels.

const FONT = "system-ui, sans-serif";
const SMALLEST_FONT = 9;
const LARGEST_FONT = 13;
const LARGEST_CELL = 56;
const LABEL_GAP = 5;
const LABEL_SHARE = 0.34; // of the width at most goes to labels

const ruler = document.createElement("canvas").getContext("2d");

/** Return how wide a text is in the heatmap's font of a size. */
function widthOf(text, size) {
  ruler.font = `${size}px ${FONT}`;
  return ruler.measureText(text).width;
}

/** Shorten a text with an ellipsis until it fits a width. */
function fitText(text, size, width) {
  if (widthOf(text, size) <= width) return text;
  let length = text.length - 1;
  while (length > 1 && widthOf(`${text.slice(0, length)}\u2026`, size) > width) length -= 1;
  return `${text.slice(0, length)}\u2026`;
}

/** Round a cell's side down to whole device pixels; smaller cells than one stay as they are. */
function snapCell(side, ratio) {
  const pixels = Math.floor(side * ratio);
  return pixels >= 1 ? pixels / ratio : side;
}

/** Lay a square heatmap of `names` into a width; ratio is device pixels per CSS pixel.
 *
 * Returns {n, ratio, cell, margin, font, step, side}: margin is the room for labels on the left and above, every
 * step-th name has its label, side is the length of the whole square.
 */
function layOut(names, width, ratio) {
  const n = Math.max(names.length, 1);
  const longest = (size) => Math.max(...names.map((name) => widthOf(name, size)), 0);
  const roomFor = (size) => Math.min(Math.ceil(longest(size)) + LABEL_GAP + 3, Math.floor(width * LABEL_SHARE));
  const sideOf = (margin) => snapCell(Math.min((width - margin - 1) / n, LARGEST_CELL), ratio);
  const fontOf = (side) => Math.min(LARGEST_FONT, Math.max(SMALLEST_FONT, Math.floor(side) - 1));
  const font = fontOf(sideOf(roomFor(SMALLEST_FONT)));
  const margin = roomFor(font);
  const cell = sideOf(margin);
  return { n, ratio, cell, margin, font, step: Math.ceil((font + 1) / cell), side: margin + n * cell + 1 };
}

/** Return {row, column} of the cell under a point, as places in the shown order; null outside the cells. */
function cellAt(layout, x, y) {
  const row = Math.floor((y - layout.margin) / layout.cell);
  const column = Math.floor((x - layout.margin) / layout.cell);
  const inside = (place) => place >= 0 && place < layout.n;
  return inside(row) && inside(column) ? { row, column } : null;
}
