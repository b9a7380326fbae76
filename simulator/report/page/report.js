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
  table.dispatchEvent(new Event("sorted"));
}
const FIRST = 50;
document.querySelectorAll("form.filters").forEach(function (form) {
  const table = document.getElementById(form.dataset.for);
  const heads = Array.from(table.tHead.rows[0].cells).map(function (cell) { return cell.textContent; });
  const selects = Array.from(form.querySelectorAll("select"));
  const output = form.querySelector("output");
  let all = false;
  selects.forEach(function (select) {
    const column = heads.indexOf(select.name);
    const values = new Set(Array.from(table.tBodies[0].rows).map(function (row) { return row.cells[column].textContent; }));
    Array.from(values).filter(Boolean).sort().forEach(function (value) { select.add(new Option(value, value)); });
  });
  function show() {
    const words = form.elements.text.value.trim().toLowerCase();
    let found = 0;
    Array.from(table.tBodies[0].rows).forEach(function (row) {
      const fits = selects.every(function (select) {
        return !select.value || row.cells[heads.indexOf(select.name)].textContent === select.value;
      }) && row.textContent.toLowerCase().includes(words);
      found += fits ? 1 : 0;
      row.hidden = !fits || (!all && found > FIRST);
    });
    output.textContent = Math.min(found, all ? found : FIRST) + " of " + found + " deals";
    form.elements.all.hidden = all || found <= FIRST;
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.elements.all.addEventListener("click", function () { all = true; show(); });
  table.addEventListener("sorted", show);
  form.hidden = false;
  show();
});
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
}
window.addEventListener("hashchange", openTarget);
openTarget();
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
  opened = Array.from(document.querySelectorAll("details:not([open]):not(.figures)"));
  opened.forEach(function (details) { details.open = true; });
});
window.addEventListener("afterprint", function () {
  opened.forEach(function (details) { details.open = false; });
});
