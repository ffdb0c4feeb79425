"use strict";

// Numbers as a person reads them.

/** Write a number with a real minus sign; "n/a" for null. What rounds to zero has no sign. */
function writeNumber(value, decimals = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "n/a";
  const digits = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(digits) !== 0 ? `\u2212${digits}` : digits;
}

/** Write an end of a colour scale: as few decimals as tell it apart, three at most. */
function writeEnd(value) {
  for (const decimals of [0, 1, 2]) {
    if (Math.abs(Number(value.toFixed(decimals)) - value) < 1e-9) return writeNumber(value, decimals);
  }
  return writeNumber(value, 3);
}

/** Write an interval as "low to high"; an empty text where there is none. */
function writeInterval(low, high) {
  if (low === null || low === undefined || high === null || high === undefined) return "";
  return `${writeNumber(low)} to ${writeNumber(high)}`;
}

/** Write the level of an interval in percent: 0.95 as "95". */
function writeLevel(level) {
  return String(Number((100 * level).toFixed(2)));
}
