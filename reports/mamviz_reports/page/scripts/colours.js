"use strict";

// Values to colours: palettes of 33 colours, stretched to a table of 256 once.

const N_SHADES = 256;

/** The inks of paper, whatever the screen's theme is: for print and for downloaded pictures. */
const PAPER = Object.freeze({ ink: "#222222", soft: "#666666", ground: "#ffffff" });

/** Return a colour's [red, green, blue], 0 to 255, from "#rrggbb". */
function parseColour(hex) {
  return [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
}

/** Return 256 x 3 bytes between the colours of a palette. */
function stretchPalette(hexes) {
  const stops = hexes.map(parseColour);
  const table = new Uint8ClampedArray(3 * N_SHADES);
  for (let shade = 0; shade < N_SHADES; shade += 1) {
    const place = (shade / (N_SHADES - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      const [low, high] = [stops[below][part], stops[below + 1][part]];
      table[3 * shade + part] = Math.round(low + (place - below) * (high - low));
    }
  }
  return table;
}

/** Return the shade of a value, 0 to 255; values outside the scale take its end. */
function shadeOf(value, lowest, highest) {
  if (highest <= lowest) return 0;
  const share = (value - lowest) / (highest - lowest);
  return Math.round(Math.min(1, Math.max(0, share)) * (N_SHADES - 1));
}

/** Whether white letters read better than dark ones on a shade. */
function isDark(table, shade) {
  const [red, green, blue] = table.subarray(3 * shade, 3 * shade + 3);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 130;
}

/** Return the colours that the page's style gives to text and ground where an element stands. */
function inksOf(element) {
  const style = getComputedStyle(element);
  const ground = getComputedStyle(document.body).backgroundColor;
  return { ink: style.color, soft: style.color, ground: ground === "rgba(0, 0, 0, 0)" ? "Canvas" : ground };
}
