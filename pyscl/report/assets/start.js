// What happens when the page is there: tables first, then whatever is drawn.

startTables();
const again = followTheme();
startFigures();
let panels = [];
const section = document.getElementById("fields");
if (section && page.states.length) {
  const fields = new Fields(section);
  panels = fields.panels;
  const begin = () => fields.start().catch((error) => {
    unable(section.querySelector("[data-part='first']"))(error);
    throw error;
  });
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    begin();
  }, {rootMargin: "600px"});
  near.observe(section);
}

// Paper: everything open, and everything drawn, at the width of the page (printing in style.css).
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach((part) => { part.open = true; });
  document.body.classList.add("printing");
  panels.forEach((panel) => panel.frame && panel.element.clientWidth && panel.fit());
  for (const element of document.querySelectorAll(".plot.js-plotly-plot")) {
    window.Plotly.relayout(element, {width: element.clientWidth, height: element.clientHeight});
  }
});
window.addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  closed.forEach((part) => { part.open = false; });
  for (const element of document.querySelectorAll(".js-plotly-plot")) {
    window.Plotly.relayout(element, {autosize: true, width: null, height: null});
  }
  panels.forEach((panel) => panel.draw());
});
