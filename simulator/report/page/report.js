"use strict";
function keyOf(cell) {
  return cell.hasAttribute("data-value") ? parseFloat(cell.getAttribute("data-value")) : cell.textContent;
}
function compare(a, b) {
  if (typeof a === "number") {
    if (isNaN(a) || isNaN(b)) { return (isNaN(a) ? 1 : 0) - (isNaN(b) ? 1 : 0); }
    return a - b;
  }
  return a.localeCompare(b, undefined, { numeric: true });
}
function sortBy(heading, column) {
  const table = heading.closest("table");
  const rising = heading.getAttribute("aria-sort") !== "ascending";
  table.querySelectorAll("thead th").forEach(function (other) { other.removeAttribute("aria-sort"); });
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows).map(function (row) { return [keyOf(row.cells[column]), row]; });
  const known = function (pair) { return !(typeof pair[0] === "number" && isNaN(pair[0])); };
  const sorted = rows.filter(known).sort(function (a, b) { return rising ? compare(a[0], b[0]) : compare(b[0], a[0]); });
  sorted.concat(rows.filter(function (pair) { return !known(pair); })).forEach(function (pair) { body.appendChild(pair[1]); });
}
document.querySelectorAll("table.sortable thead th").forEach(function (heading) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = heading.textContent;
  heading.textContent = "";
  heading.appendChild(button);
  button.addEventListener("click", function () { sortBy(heading, heading.cellIndex); });
});
let opened = [];
window.addEventListener("beforeprint", function () {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  opened.forEach(function (details) { details.open = true; });
});
window.addEventListener("afterprint", function () {
  opened.forEach(function (details) { details.open = false; });
});
