"use strict";

// Small maps of the feature grid: one canvas pixel a cell, enlarged by the browser without smoothing.

const OVERLAY_STRENGTH = 0.85; // opacity of the strongest evidence over an image
const OVERLAY_POWER = 0.75; // below 1, so that more than the strongest is seen

/** Paint one canvas.map from its data-map, once. Cells without a number stay open over a hatched ground. */
function paintMap(canvas, palettes) {
  const map = JSON.parse(canvas.dataset.map);
  const [height, width] = [map.values.length, map.values.length ? map.values[0].length : 0];
  if (width === 0) return canvas;
  Object.assign(canvas, { width, height });
  canvas.style.imageRendering = "pixelated";
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  const isOverlay = canvas.closest(".overlay") !== null;
  map.values.flat().forEach((value, cell) => {
    if (value !== null) paintCell(pixels.data, 4 * cell, { value, map, table: palettes[map.palette], isOverlay });
  });
  context.putImageData(pixels, 0, 0);
  if (map.values.flat().includes(null)) hatchMap(canvas);
  canvas.dataset.painted = "";
  return canvas;
}

/** Paint a cell; over an image, what is near 0 lets the image through. */
function paintCell(bytes, pixel, { value, map, table, isOverlay }) {
  const shade = 3 * shadeOf(value, map.lowest, map.highest);
  for (let part = 0; part < 3; part += 1) bytes[pixel + part] = table[shade + part];
  const largest = Math.max(Math.abs(map.lowest), Math.abs(map.highest)) || 1;
  const share = Math.min(1, Math.abs(value) / largest);
  bytes[pixel + 3] = isOverlay ? Math.round(255 * OVERLAY_STRENGTH * share ** OVERLAY_POWER) : 255;
}

function hatchMap(canvas) {
  canvas.style.background = "repeating-linear-gradient(135deg, #8c8c8c 0 1px, transparent 1px 6px)";
}

/** Paint the maps that come into sight, and return a function that paints all that are left, as print needs. */
function watchMaps(palettes) {
  const watcher = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => paint(entry.target)),
    { rootMargin: "400px" },
  );
  const paint = (canvas) => {
    watcher.unobserve(canvas);
    paintMap(canvas, palettes);
  };
  const waiting = () => document.querySelectorAll("canvas.map[data-map]:not([data-painted])");
  waiting().forEach((canvas) => watcher.observe(canvas));
  return () => waiting().forEach(paint);
}

/** Show or hide the evidence over the example images. */
function listenToEvidence() {
  const box = document.getElementById("show-evidence");
  if (box === null) return;
  const show = () => {
    for (const canvas of document.querySelectorAll(".overlay canvas.map")) {
      canvas.style.visibility = box.checked ? "" : "hidden";
    }
  };
  box.addEventListener("change", show);
  show(); // the browser keeps a box's state over a reload
}
