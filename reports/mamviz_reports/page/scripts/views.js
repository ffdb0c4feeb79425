"use strict";

// A heatmap in the page: its figure with two canvases, one painted once, one for marks that follow the pointer.

const WIDEST = 760; // CSS pixels: a larger square doesn't fit a laptop's window together with its reading

/** Build the view of a figure.matrix: canvases over each other, a colour bar, a download button. */
function makeView(figure, key, matrix, spec) {
  const canvas = figure.querySelector("canvas");
  const marks = document.createElement("canvas");
  const frame = Object.assign(document.createElement("div"), { className: "matrix-frame" });
  canvas.replaceWith(frame);
  frame.append(canvas, marks);
  Object.assign(frame.style, { position: "relative", width: "100%" });
  Object.assign(canvas.style, { display: "block" });
  Object.assign(marks.style, { position: "absolute", inset: "0 auto auto 0", pointerEvents: "none" });
  marks.setAttribute("aria-hidden", "true");
  const view = { key, figure, frame, canvas, marks, matrix, layout: null, spec: { ...spec, bitmap: bitmapOf(spec) } };
  describeCanvas(view);
  fillScale(view);
  return view;
}

/** Make the canvas reachable by keyboard and say what it is. */
function describeCanvas(view) {
  view.canvas.tabIndex = 0;
  view.canvas.setAttribute("role", "application");
  view.canvas.setAttribute("aria-roledescription", "heatmap");
  const opens = view.key === "channels" ? "" : " Enter opens the pair.";
  view.canvas.setAttribute("aria-label", `${view.matrix.title}. Arrow keys move from cell to cell.${opens}`);
}

/** Paint a view to the width it has now; `inks` overrides the theme's, as print does. */
function paintView(view, inks = inksOf(view.figure)) {
  const width = Math.min(Math.floor(view.frame.clientWidth), WIDEST);
  if (width < 2) return;
  view.layout = layOut(view.spec.order.map((index) => view.spec.names[index]), width, devicePixelRatio || 1);
  const context = fitCanvas(view.canvas, view.layout);
  fitCanvas(view.marks, view.layout);
  drawHeatmap(context, view.spec, view.layout, inks);
  Object.assign(view.figure.dataset, { margin: view.layout.margin, cell: view.layout.cell }); // where cells are
}

/** Give a canvas the layout's size, empty, and return its context in CSS pixels. */
function fitCanvas(canvas, layout) {
  const pixels = Math.ceil(layout.side * layout.ratio);
  Object.assign(canvas, { width: pixels, height: pixels });
  // paper may be narrower than the screen that it was painted for
  Object.assign(canvas.style, { width: `${pixels / layout.ratio}px`, maxWidth: "100%", height: "auto" });
  const context = canvas.getContext("2d");
  context.setTransform(layout.ratio, 0, 0, layout.ratio, 0, 0);
  return context;
}

/** Mark the searched names (indices) and the pair {row, column} (indices) in a view. */
function markView(view, { found, point }) {
  if (view.layout === null) return;
  const places = new Map(view.spec.order.map((index, place) => [index, place]));
  const shown = point === null ? null : { row: places.get(point.row), column: places.get(point.column) };
  const marks = { found: found.map((index) => places.get(index)), point: shown, inks: inksOf(view.figure) };
  drawMarks(view.marks.getContext("2d"), view.spec, view.layout, marks);
}

/** Fill a figure's div.scale with the colours from its lowest value to its highest, and 0 where it lies. */
function fillScale(view) {
  const scale = view.figure.querySelector(".scale");
  if (scale === null) return;
  const bar = document.createElement("canvas");
  Object.assign(bar, { width: N_SHADES, height: 1, className: "scale-bar" });
  Object.assign(bar.style, { display: "block", width: "100%", height: "0.7rem" });
  drawBar(bar.getContext("2d"), view.spec, { x: 0, y: 0, width: N_SHADES, height: 1 });
  scale.style.maxWidth = "20rem";
  const ends = document.createElement("div");
  Object.assign(ends.style, { display: "flex", justifyContent: "space-between" });
  ends.append(...scaleEnds(view.spec).map((value) => textElement("span", writeEnd(value))));
  scale.replaceChildren(bar, ends);
}

/** Return the numbers under a colour bar: its ends, and 0 in the middle of a signed one. */
function scaleEnds(spec) {
  return spec.lowest === -spec.highest ? [spec.lowest, 0, spec.highest] : [spec.lowest, spec.highest];
}

/** Draw all colours of a spec from left to right into a box. */
function drawBar(context, spec, { x, y, width, height }) {
  for (let shade = 0; shade < N_SHADES; shade += 1) {
    context.fillStyle = `rgb(${spec.table.subarray(3 * shade, 3 * shade + 3).join(" ")})`;
    context.fillRect(x + (shade * width) / N_SHADES, y, width / N_SHADES + 0.5, height);
  }
}

/** Return a new element with a text in it. */
function textElement(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}
