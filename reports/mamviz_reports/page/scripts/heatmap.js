"use strict";

// A heatmap on a canvas: cells, hatching where there is no number, labels. A spec is what to draw:
// {names, order, values, lowest, highest, table}; values stand in the order of names, cells in `order`.

const WRITTEN_CELL = 36; // from this side on, the number is written into the cell
const RULED_CELL = 7; // from this side on, thin lines keep cells apart
const DIAGONAL = "#9a9a9a";

/** Return what is drawn for a matrix of the page's data, with its palette's table. */
function specOf(matrix, names, order, palettes) {
  const table = matrix.lowest < 0 ? palettes.diverging : palettes.sequential;
  return { names, order, table, values: matrix.values, lowest: matrix.lowest, highest: matrix.highest };
}

/** Return the number of a cell given as places in the shown order; null where undefined. */
function valueAt(spec, row, column) {
  return spec.values[spec.order[row]][spec.order[column]];
}

/** Paint one pixel a cell; cells without a number and the diagonal stay transparent. */
function bitmapOf(spec) {
  const n = spec.order.length;
  const bitmap = Object.assign(document.createElement("canvas"), { width: n, height: n });
  const context = bitmap.getContext("2d");
  const pixels = context.createImageData(n, n);
  for (let row = 0; row < n; row += 1) {
    const values = spec.values[spec.order[row]];
    for (let column = 0; column < n; column += 1) {
      const value = values[spec.order[column]];
      if (value === null || row === column) continue;
      const shade = 3 * shadeOf(value, spec.lowest, spec.highest);
      const pixel = 4 * (row * n + column);
      for (let part = 0; part < 3; part += 1) pixels.data[pixel + part] = spec.table[shade + part];
      pixels.data[pixel + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  return bitmap;
}

/** Draw a whole heatmap: ground, cells, diagonal, labels. The context's origin is the square's corner. */
function drawHeatmap(context, spec, layout, inks) {
  const { n, cell, margin } = layout;
  context.fillStyle = hatching(context, inks);
  context.fillRect(margin, margin, n * cell, n * cell);
  context.imageSmoothingEnabled = cell * layout.ratio < 1;
  context.drawImage(spec.bitmap, margin, margin, n * cell, n * cell);
  context.fillStyle = DIAGONAL;
  for (let place = 0; place < n; place += 1) {
    context.fillRect(margin + place * cell, margin + place * cell, cell, cell);
  }
  if (cell >= RULED_CELL) ruleCells(context, layout, inks);
  if (cell >= WRITTEN_CELL) writeCells(context, spec, layout);
  for (let place = 0; place < n; place += layout.step) {
    drawLabel(context, spec, layout, place, { inks, across: false });
    drawLabel(context, spec, layout, place, { inks, across: true });
  }
}

/** Return a pattern of slanted lines: the ground that shows where a cell has no number. */
function hatching(context, inks) {
  const tile = Object.assign(document.createElement("canvas"), { width: 6, height: 6 });
  const pen = tile.getContext("2d");
  pen.fillStyle = inks.ground;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = "#8c8c8c";
  pen.lineWidth = 1;
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

function ruleCells(context, layout, inks) {
  const { n, cell, margin } = layout;
  context.fillStyle = inks.ground;
  const line = 1 / layout.ratio;
  for (let place = 1; place < n; place += 1) {
    context.fillRect(margin + place * cell - line / 2, margin, line, n * cell);
    context.fillRect(margin, margin + place * cell - line / 2, n * cell, line);
  }
}

function writeCells(context, spec, layout) {
  context.font = `${Math.min(12, Math.floor(layout.cell / 3.4))}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = 0; row < layout.n; row += 1) {
    for (let column = 0; column < layout.n; column += 1) {
      const value = valueAt(spec, row, column);
      if (value === null || row === column) continue;
      context.fillStyle = isDark(spec.table, shadeOf(value, spec.lowest, spec.highest)) ? "#ffffff" : "#222222";
      const [x, y] = [column, row].map((place) => layout.margin + (place + 0.5) * layout.cell);
      context.fillText(writeNumber(value, 2), x, y);
    }
  }
}

/** Draw one name beside its row, or above its column where `across`; strong labels cover what is under them. */
function drawLabel(context, spec, layout, place, { inks, across, strong = false }) {
  const { cell, margin, font } = layout;
  const middle = margin + (place + 0.5) * cell;
  const text = fitText(spec.names[spec.order[place]], font, margin - LABEL_GAP);
  context.save();
  context.translate(across ? middle : margin - LABEL_GAP, across ? margin - LABEL_GAP : middle);
  if (across) context.rotate(-Math.PI / 2);
  if (strong) {
    const height = Math.max(font + 2, cell);
    context.fillStyle = inks.ground;
    context.fillRect(across ? 0 : LABEL_GAP - margin, -height / 2, margin - LABEL_GAP, height);
  }
  context.font = `${strong ? "bold " : ""}${font}px ${FONT}`;
  context.fillStyle = inks.ink;
  context.textAlign = across ? "left" : "right";
  context.textBaseline = "middle";
  context.fillText(strong ? fitText(text, font * 1.08, margin - LABEL_GAP) : text, 0, 0);
  context.restore();
}
