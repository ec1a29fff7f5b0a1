// Tables: sorted by a click on a head, and searched.

const key = (cell) => {
  const given = cell.dataset.value ?? cell.textContent.trim();
  const value = given === "" ? NaN : Number(given);
  return Number.isNaN(value) ? given.toLowerCase() : value;
};

function compare(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;  // texts and empty cells after numbers
}

// Numbers are sorted within one unit; a millivolt is not less than a nanometre.
function byUnit(one, other, column) {
  if (!one.cells[column].classList.contains("number")) return 0;
  return compare(one.dataset.unit ?? "", other.dataset.unit ?? "");
}

function sortable(table) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    if (head.dataset.sort === "no") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((one, other) =>
        byUnit(one, other, column) || (down ? -1 : 1) * compare(key(one.cells[column]), key(other.cells[column])));
      body.append(...rows);
    });
  });
}

// What a row is called: its name, place and side; neither definitions nor values.
function nameOf(row) {
  const name = row.cells[0].querySelector(".tipped")?.firstChild ?? row.cells[0];
  return [name, row.cells[1], row.cells[2]].map((part) => part?.textContent ?? "").join(" ").toLowerCase();
}

function searchable(field) {
  const table = document.getElementById(field.dataset.searches);
  const differing = document.querySelector(`[data-differing="${field.dataset.searches}"]`);
  const choose = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      row.hidden = !words.every((word) => nameOf(row).includes(word)) ||
        (differing?.checked && row.dataset.differs === "no");
    }
  };
  field.addEventListener("input", choose);
  differing?.addEventListener("change", choose);
}

// A definition stands below its name, wherever the table is scrolled to.
function placed(button) {
  const put = () => {
    const box = button.getBoundingClientRect(), tip = button.lastElementChild;
    tip.style.left = `${Math.min(box.left, window.innerWidth - 300)}px`;
    tip.style.top = `${box.bottom + 6}px`;
  };
  button.addEventListener("pointerenter", put);
  button.addEventListener("focus", put);
}

function startTables() {
  document.querySelectorAll(".tipped").forEach(placed);
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("[data-searches]").forEach(searchable);
  document.querySelectorAll("[data-copies]").forEach((button) => button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies).textContent;
    await navigator.clipboard?.writeText(text).then(() => { button.textContent = "copied"; }, () => {});
  }));
}
