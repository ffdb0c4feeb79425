"use strict";

// Tables as CSV, figures as they are and as PNG, matrices as PNG: files made in the page, nothing is fetched.

const PNG_SCALE = 2;
const MATRIX_WIDTH = 1000; // CSS pixels of a downloaded matrix

/** Show every download button and say what it gives. */
function listenToDownloads(views) {
  for (const button of document.querySelectorAll("button[data-download]")) {
    offer(button, () => saveTable(button.dataset.download));
  }
  for (const button of document.querySelectorAll("button[data-figure]")) {
    const name = button.dataset.figure;
    offer(button, () => saveFigure(name));
    if (pictureOf(name).src.startsWith("data:image/svg")) offerPng(button, name);
  }
  views.forEach(offerMatrix);
}

/** Put a second button beside a drawing's own, for a picture of it. */
function offerPng(button, name) {
  const png = textElement("button", "PNG", { type: "button", className: button.className });
  png.dataset.figurePng = name;
  png.setAttribute("aria-label", `${name} as PNG`);
  button.after(" ", png);
  offer(png, () => saveFigurePng(name));
}

function offer(button, save) {
  button.hidden = false;
  button.addEventListener("click", save);
}

/** Save a blob under a name. */
function saveBlob(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Save a table's raw numbers, exactly the text that the page carries. */
function saveTable(name) {
  const source = document.querySelector(`script[data-csv="${CSS.escape(name)}"]`);
  const text = source.dataset.encoded === "html" ? decodeText(source.textContent) : source.textContent;
  saveBlob(new Blob([text], { type: "text/csv;charset=utf-8" }), `${name}.csv`);
}

/** Undo the writing of < and & as in HTML. */
function decodeText(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

/** Return the picture of a figure.drawing. */
function pictureOf(name) {
  return document.querySelector(`figure.drawing[data-name="${CSS.escape(name)}"] img`);
}

/** Save a figure as it stands in the page: an SVG, or a PNG where it was too heavy to be one. */
function saveFigure(name) {
  const [head, content] = pictureOf(name).src.split(/,(.*)/s);
  const kind = head.slice("data:".length).split(";")[0];
  const bytes = head.endsWith(";base64") ? atob(content) : decodeURIComponent(content);
  const blob = new Blob([Uint8Array.from(bytes, (letter) => letter.charCodeAt(0))], { type: kind });
  saveBlob(blob, `${name}.${kind.includes("svg") ? "svg" : kind.split("/")[1]}`);
}

/** Save a figure as PNG, twice as many pixels as it measures, on white. */
async function saveFigurePng(name) {
  const picture = pictureOf(name);
  await picture.decode();
  const [width, height] = [PNG_SCALE * picture.naturalWidth, PNG_SCALE * picture.naturalHeight];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = PAPER.ground;
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  canvas.toBlob((blob) => saveBlob(blob, `${name}.png`), "image/png");
}

/** Give a matrix's figure its download button where the page has none. */
function offerMatrix(view) {
  let button = view.figure.querySelector("button[data-matrix-png]");
  if (button === null) {
    button = textElement("button", "PNG", { type: "button", className: "download" });
    button.dataset.matrixPng = view.key;
    view.figure.append(button);
  }
  button.setAttribute("aria-label", `${view.matrix.title} as PNG`);
  offer(button, () => matrixPicture(view).toBlob((blob) => saveBlob(blob, `matrix-${view.key}.png`), "image/png"));
}

/** Return a canvas with a matrix on paper: title, cells with labels, colour bar, and what the numbers are. */
function matrixPicture(view) {
  const { spec, matrix } = view;
  const layout = layOut(spec.order.map((index) => spec.names[index]), MATRIX_WIDTH, PNG_SCALE);
  const words = wrapText(matrix.detail ?? "", 12, layout.side);
  const [top, bottom] = [34, 44 + 16 * words.length];
  const canvas = Object.assign(document.createElement("canvas"), {
    width: PNG_SCALE * (layout.side + 20),
    height: PNG_SCALE * (layout.side + top + bottom),
  });
  const context = canvas.getContext("2d");
  context.scale(PNG_SCALE, PNG_SCALE);
  context.fillStyle = PAPER.ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(10, top);
  drawHeatmap(context, spec, layout, PAPER);
  drawWords(context, { matrix, spec, layout, words });
  return canvas;
}

function drawWords(context, { matrix, spec, layout, words }) {
  context.fillStyle = PAPER.ink;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.font = `bold 15px ${FONT}`;
  context.fillText(matrix.title, 0, -12);
  const box = { x: layout.margin, y: layout.side + 8, width: Math.min(240, layout.side - layout.margin), height: 10 };
  drawBar(context, spec, box);
  context.font = `11px ${FONT}`;
  context.fillStyle = PAPER.ink;
  const ends = scaleEnds(spec);
  ends.forEach((value, place) => {
    context.textAlign = place === 0 ? "left" : place === ends.length - 1 ? "right" : "center";
    context.fillText(writeEnd(value), box.x + (box.width * place) / (ends.length - 1), box.y + 22);
  });
  context.textAlign = "left";
  context.font = `12px ${FONT}`;
  words.forEach((line, place) => context.fillText(line, 0, box.y + 42 + 16 * place));
}

/** Break a text into lines that fit a width. */
function wrapText(text, size, width) {
  const lines = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && widthOf(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
