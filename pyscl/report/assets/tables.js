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
        (down ? -1 : 1) * compare(key(one.cells[column]), key(other.cells[column])));
      body.append(...rows);
    });
  });
}

function searchable(field) {
  const table = document.getElementById(field.dataset.searches);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
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
