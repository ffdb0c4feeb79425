"use strict";

// Pointing at cells: mouse, touch and keys; the same pair is marked and read out in all matrices of a group.
// A group is {views, names, anchors, found, point, opens}: point {row, column} are indices of names, or null.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Listen to all canvases of a group. */
function listenToGroup(group) {
  for (const view of group.views) {
    const output = view.figure.querySelector(".reading");
    view.hint = output === null ? "" : output.textContent;
    let touched = false;
    view.canvas.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"));
    view.canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") pointAt(group, view, pairAt(view, event));
    });
    view.canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") pointAt(group, view, null);
    });
    view.canvas.addEventListener("click", (event) => clickPair(group, view, pairAt(view, event), touched));
    view.canvas.addEventListener("keydown", (event) => pressKey(group, view, event));
    view.canvas.addEventListener("blur", () => pointAt(group, view, null));
  }
}

/** Return the pair of indices under a pointer; null outside the cells. */
function pairAt(view, event) {
  const box = view.canvas.getBoundingClientRect();
  const cell = view.layout === null ? null : cellAt(view.layout, event.clientX - box.left, event.clientY - box.top);
  return cell === null ? null : { row: view.spec.order[cell.row], column: view.spec.order[cell.column] };
}

/** Mark a pair in every view of the group and read it out; null unmarks. Only the view at hand speaks. */
function pointAt(group, view, point) {
  const before = group.point;
  if (before === point || (before && point && before.row === point.row && before.column === point.column)) return;
  group.point = point;
  for (const each of group.views) {
    const output = each.figure.querySelector(".reading");
    if (output !== null) {
      output.setAttribute("aria-live", each === view ? "polite" : "off");
      output.textContent = point === null ? each.hint : readPair(each, point);
    }
    if (point === null) delete each.figure.dataset.point;
    else each.figure.dataset.point = `${each.spec.names[point.row]}, ${each.spec.names[point.column]}`;
    markView(each, group);
  }
}

/** Say a pair's value in words, with its interval where there is one. */
function readPair(view, { row, column }) {
  const { names, values } = view.spec;
  if (row === column) return `${view.key === "channels" ? "Channel " : ""}${names[row]} with itself`;
  const pair = `${view.key === "channels" ? "Channels " : ""}${names[row]} and ${names[column]}`;
  const value = values[row][column];
  if (value === null) return `${pair}: undefined`;
  const interval = intervalOf(view.matrix, row, column);
  const level = interval && view.matrix.level ? `${writeLevel(view.matrix.level)} % interval ` : "";
  return `${pair}: ${writeNumber(value)}${interval ? ` (${level}${interval})` : ""}`;
}

/** Write the interval of a cell of a matrix; an empty text where it has none. */
function intervalOf(matrix, row, column) {
  return matrix.low && matrix.high ? writeInterval(matrix.low[row][column], matrix.high[row][column]) : "";
}

/** Open a clicked pair; a finger has nothing to hover with, so its first tap only points. */
function clickPair(group, view, point, touched) {
  const known = group.point !== null && group.tapped === cellName(point);
  group.tapped = cellName(point);
  if (touched && !known) pointAt(group, view, point);
  else openPair(group, point);
}

function cellName(point) {
  return point === null ? null : `${point.row},${point.column}`;
}

/** Go to a pair's panel, or from the diagonal to the attribute; channels have neither. */
function openPair(group, point) {
  if (point === null || !group.opens) return;
  const { row, column } = point;
  location.hash = row === column ? `attribute-${group.anchors[row]}` : pairHash(group.anchors, row, column);
}

/** Move with the arrow keys, Home and End; Enter or space opens; Escape lets go. */
function pressKey(group, view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") pointAt(group, view, null);
  else if (event.key === "Enter" || event.key === " ") openPair(group, group.point);
  else {
    const next = nextPair(view, group.point, event.key);
    if (next === null) return;
    pointAt(group, view, next);
  }
  event.preventDefault();
}

/** Return the pair a key leads to from a pair, or null where the key leads nowhere; the first is the upper left. */
function nextPair(view, point, key) {
  const { order } = view.spec;
  const last = order.length - 1;
  if (!(key in STEPS) && key !== "Home" && key !== "End") return null;
  if (point === null) return { row: order[0], column: order[Math.min(1, last)] };
  const place = { row: order.indexOf(point.row), column: order.indexOf(point.column) };
  if (key === "Home" || key === "End") return { row: point.row, column: order[key === "Home" ? 0 : last] };
  const [down, right] = STEPS[key];
  const bound = (at) => Math.min(last, Math.max(0, at));
  return { row: order[bound(place.row + down)], column: order[bound(place.column + right)] };
}
