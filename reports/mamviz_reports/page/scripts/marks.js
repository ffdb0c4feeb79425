"use strict";

// What lies over a heatmap and changes while it is looked at: the names that were searched, and the pair pointed at.

/** Draw the marks of a heatmap: {found: places highlighted, point: {row, column} or null}. */
function drawMarks(context, spec, layout, { found, point, inks }) {
  context.clearRect(0, 0, layout.side, layout.side);
  if (found.length) {
    veil(context, layout, new Set(found), inks);
    labelBoth(context, spec, layout, { rows: found, columns: found, inks });
  }
  if (point === null) return;
  frameBand(context, layout, { place: point.row, across: false });
  frameBand(context, layout, { place: point.column, across: true });
  frameCell(context, layout, point);
  labelBoth(context, spec, layout, { rows: [point.row], columns: [point.column], inks });
}

/** Fade every cell that is in no highlighted row or column. */
function veil(context, layout, found, inks) {
  const { n, cell, margin } = layout;
  context.globalAlpha = 0.78;
  context.fillStyle = inks.ground;
  context.fillRect(margin, margin, n * cell, n * cell);
  context.globalAlpha = 1;
  for (const place of found) {
    context.clearRect(margin, margin + place * cell, n * cell, cell);
    context.clearRect(margin + place * cell, margin, cell, n * cell);
  }
}

function labelBoth(context, spec, layout, { rows, columns, inks }) {
  for (const place of rows) drawLabel(context, spec, layout, place, { inks, across: false, strong: true });
  for (const place of columns) drawLabel(context, spec, layout, place, { inks, across: true, strong: true });
}

/** Frame a whole row or column: dark on light, as cells have the same colours in either theme. */
function frameBand(context, layout, { place, across }) {
  const { n, cell, margin } = layout;
  const [start, length] = [margin + place * cell, n * cell];
  for (const [colour, width] of [["rgb(255 255 255 / 0.6)", 3], ["rgb(0 0 0 / 0.8)", 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    if (across) context.strokeRect(start, margin, cell, length);
    else context.strokeRect(margin, start, length, cell);
  }
}

/** Frame the cell twice, dark around light, so that it shows on any colour. */
function frameCell(context, layout, point) {
  const { cell, margin } = layout;
  const [x, y] = [margin + point.column * cell, margin + point.row * cell];
  for (const [colour, width] of [["#000000", 3.5], ["#ffffff", 1.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(x - 0.5, y - 0.5, cell + 1, cell + 1);
  }
}
