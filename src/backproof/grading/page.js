"use strict";
// Each submission is a tbody of two rows: what is in the columns, and what unfolds below.
const table = document.getElementById("class");
const submissions = [...table.tBodies];
const search = document.getElementById("search");
const onlyPerson = document.getElementById("only-person");
const shown = document.getElementById("shown");
const mistakeShown = document.getElementById("mistake-shown");
let mistake = null; // the button of the mistake whose submissions alone are shown

// Letters as people type them: without accents, in lower case.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const texts = new Map();
function textOf(submission) {
  if (!texts.has(submission)) texts.set(submission, plain(submission.textContent));
  return texts.get(submission);
}

function unfold(button, open) {
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
}

function filter() {
  const words = plain(search.value).split(/\s+/).filter(Boolean);
  const indices = mistake && new Set(mistake.dataset.submissions.split(" "));
  let count = 0;
  for (const submission of submissions) {
    const fits =
      (!onlyPerson.checked || "person" in submission.dataset) &&
      (!indices || indices.has(submission.dataset.index)) &&
      words.every((word) => textOf(submission).includes(word));
    submission.hidden = !fits;
    count += fits;
  }
  shown.textContent = shown.dataset.text.replace("{shown}", count);
  mistakeShown.hidden = !mistake;
  if (mistake) mistakeShown.firstElementChild.textContent = mistake.dataset.text;
}

function value(submission, column) {
  const cell = submission.rows[0].cells[column];
  return "number" in cell.dataset ? Number(cell.dataset.number) : cell.textContent.trim();
}

function sort(header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const other of header.parentElement.cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
  const direction = ascending ? 1 : -1;
  const keyed = submissions.map((submission) => [value(submission, header.cellIndex), submission]);
  keyed.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // what is not there comes last
    return direction * (typeof a === "number" && typeof b === "number" ? a - b : order(a, b));
  });
  table.append(...keyed.map(([, submission]) => submission));
}

table.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("aria-controls")) unfold(button, button.getAttribute("aria-expanded") !== "true");
  else sort(button.parentElement);
});
document.getElementById("mistakes")?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  mistake = button;
  filter();
  document.getElementById("class-heading").scrollIntoView();
  mistakeShown.lastElementChild.focus({ preventScroll: true });
});
mistakeShown.lastElementChild.addEventListener("click", () => {
  mistake = null;
  filter();
  search.focus();
});
search.addEventListener("input", filter);
onlyPerson.addEventListener("change", filter);
filter(); // browsers keep what was typed when a page is loaded again
