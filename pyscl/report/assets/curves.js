// Curves: convergence, time series, spectra, loops. A figure is what plotly.js takes.

const LINES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];  // Okabe and Ito
const DASHES = ["solid", "dash", "dot", "dashdot"];
const drawn = new Map();

async function figure(element, data, layout) {
  const plotly = await library(), style = axisStyle(), axes = {};
  for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis/.test(key))])) {
    axes[name] = {...style, showline: true, zeroline: false, ...layout[name]};
    if (typeof axes[name].title === "string") axes[name].title = {text: axes[name].title, standoff: 8, font: {size: 13}};
  }
  drawn.set(element, [data, layout]);
  const legend = {orientation: "h", yanchor: "bottom", y: layout.shapes ? 1.07 : 1.01, x: 0, font: {size: 12}};
  await plotly.react(element, data, {
    ...figureStyle(), colorway: LINES, hovermode: "closest", legend, ...layout, ...axes,
  }, {
    displaylogo: false, responsive: true, plotlyServerURL: "",
    modeBarButtonsToRemove: ["sendChartToCloud", "sendDataToCloud", "select2d", "lasso2d"],
  });
}

// Draw the figures of the page once they come near.
function startFigures() {
  const seen = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const {data, layout} = page.figures[target.dataset.figure];
      figure(target, data, layout).catch(unable(target));
    }
  }, {rootMargin: "300px"});
  for (const element of document.querySelectorAll("[data-figure]")) seen.observe(element);
}

function unable(element) {
  return (error) => {
    element.classList.add("unable");
    element.textContent = `This part needs a newer browser: ${error.message}`;
  };
}

// The colours follow the theme of the system; print is always light.
function followTheme() {
  const again = () => drawn.forEach(([data, layout], element) => figure(element, data, layout));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return again;
}
