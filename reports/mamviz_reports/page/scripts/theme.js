"use strict";

// Light and dark: the system's wish, turned around by a button for as long as the page is open. Nothing is stored.

const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Return the theme that is shown: "light" or "dark". */
function currentTheme() {
  return document.documentElement.dataset.theme ?? (DARK.matches ? "dark" : "light");
}

/** Let the button turn the theme around, and call `repaint` whenever it changed. */
function listenToTheme(repaint) {
  const button = document.getElementById("theme");
  DARK.addEventListener("change", repaint);
  if (button === null) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = currentTheme() === "dark" ? "light" : "dark";
    repaint();
  });
}
