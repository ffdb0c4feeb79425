"use strict";

// What happens when the page is there: the data are read once, everything is painted, and everything listens.

/** Read the page's numbers. */
function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const palettes = { diverging: stretchPalette(data.diverging), sequential: stretchPalette(data.sequential) };
  return { ...data, palettes };
}

/** Make the groups of heatmaps: the attributes' matrices, which move together, and the channels' one. */
function makeGroups(data) {
  const attributes = { names: data.names, anchors: data.anchors, found: [], point: null, opens: true };
  attributes.views = Object.entries(data.matrices).flatMap(([key, matrix]) =>
    viewsOf(key, matrix, specOf(matrix, data.names, data.order, data.palettes)),
  );
  if (!data.channels) return [attributes];
  const { channels } = data;
  const views = viewsOf("channels", channels, specOf(channels, channels.names, channels.order, data.palettes));
  return [attributes, { names: channels.names, anchors: [], found: [], point: null, opens: false, views }];
}

function viewsOf(key, matrix, spec) {
  const figure = document.querySelector(`figure.matrix[data-matrix="${CSS.escape(key)}"]`);
  return figure === null ? [] : [makeView(figure, key, matrix, spec)];
}

/** Paint every heatmap anew, with its marks. */
function paintGroups(groups, inks) {
  for (const group of groups) {
    for (const view of group.views) {
      paintView(view, inks);
      markView(view, group);
    }
  }
}

/** Paint heatmaps anew where their room changes, in the theme's inks, and in paper's while the page is printed. */
function keepPainted(groups, paintMaps) {
  const widths = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    const changed = entries.filter(({ target }) => widths.get(target) !== target.clientWidth);
    changed.forEach(({ target }) => widths.set(target, target.clientWidth));
    if (changed.length) paintGroups(groups);
  });
  for (const { frame } of groups.flatMap((group) => group.views)) {
    widths.set(frame, frame.clientWidth);
    watcher.observe(frame);
  }
  listenToTheme(() => paintGroups(groups));
  addEventListener("beforeprint", () => {
    paintMaps();
    showMarks(groups, false);
    paintGroups(groups, PAPER);
  });
  addEventListener("afterprint", () => {
    showMarks(groups, true);
    paintGroups(groups);
  });
}

/** Show or hide what lies over the heatmaps: on paper Chromium makes a cleared canvas white, and covers the cells. */
function showMarks(groups, isShown) {
  for (const { marks } of groups.flatMap((group) => group.views)) marks.style.display = isShown ? "" : "none";
}

/** Show what the address names: a pair's panel, or what the filter hides. Returns what has to be gone to, or null.
 *
 * The browser goes to a visible element by itself, and on the way back it knows better where the reader was.
 */
function followAddress(data) {
  const panel = showPair(data);
  if (panel !== null) return panel;
  const target = document.getElementById(decodeAddress(location.hash.slice(1)));
  return showFiltered(target) ? target : null;
}

/** Go where the address leads when the page opens: painting has moved what the browser went to. */
function openAddress(data) {
  const target = followAddress(data) ?? document.getElementById(decodeAddress(location.hash.slice(1)));
  if (target !== null) target.scrollIntoView();
}

/** Start the page. */
function start() {
  const data = readData();
  const groups = makeGroups(data);
  paintGroups(groups);
  performance.mark("heatmaps-painted");
  groups.forEach(listenToGroup);
  listenToSearch(groups[0]);
  listenToFilter();
  listenToTables();
  listenToEvidence();
  listenToDownloads(groups.flatMap((group) => group.views));
  keepPainted(groups, watchMaps(data.palettes));
  addEventListener("hashchange", () => {
    const target = followAddress(data);
    if (target === null) return;
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  });
  openAddress(data);
  document.documentElement.dataset.ready = "";
}

document.addEventListener("DOMContentLoaded", start);
