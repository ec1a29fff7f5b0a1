// One map: axes, zooming and the cut line by plotly.js, the triangles by the painter behind them.

const painter = new Painter();

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axisStyle() {
  return {
    color: css("--ink-soft"), gridcolor: css("--line"), linecolor: css("--line-strong"),
    zerolinecolor: css("--line-strong"), tickcolor: css("--line-strong"), ticks: "outside", ticklen: 4,
    automargin: true, exponentformat: "power", minexponent: 4,
  };
}

function figureStyle() {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: {family: css("--font"), size: 13, color: css("--ink")},
    hoverlabel: {bgcolor: css("--card"), bordercolor: css("--line-strong"), font: {color: css("--ink")}},
    modebar: {bgcolor: "rgba(0,0,0,0)", color: css("--line-strong"), activecolor: css("--accent")},
    margin: {l: 60, r: 16, t: 12, b: 48},
  };
}

class MapPanel {
  // `element` is emptied; `on` has pointed(x, y), left(), moved(view), lineMoved(start, end).
  constructor(element, name, on) {
    this.element = element;
    this.name = name;
    this.on = on;
    element.innerHTML = '<canvas aria-hidden="true"></canvas><div class="frame"></div><div class="tip" hidden></div>';
    [this.canvas, this.frame, this.tip] = element.children;
    element.tabIndex = 0;
    element.setAttribute("role", "application");
  }

  async start(mesh, view) {
    const plotly = await library();
    this.mesh = mesh;
    this.home = view;
    const [x0, y0, x1, y1] = mesh.box.map((v) => v / mesh.metres);
    const layout = {
      ...figureStyle(), dragmode: "pan", showlegend: false, uirevision: "map", margin: {l: 56, r: 8, t: 8, b: 44},
      xaxis: {...axisStyle(), range: this._range(view, "x"), title: {text: `x (${mesh.unit})${mesh.thin === "x" ? ", stretched" : ""}`, standoff: 6, font: {size: 13}},
              showgrid: false, zeroline: false, mirror: true, showline: true},
      yaxis: {...axisStyle(), range: this._range(view, "y"), title: {text: `y (${mesh.unit})${mesh.thin === "y" ? ", stretched" : ""}`, standoff: 6, font: {size: 13}},
              showgrid: false, zeroline: false, mirror: true, showline: true, ...(mesh.thin ? {} : {scaleanchor: "x"})},
    };
    const trace = {x: [x0, x1], y: [y0, y1], mode: "markers", marker: {opacity: 0}, hoverinfo: "skip"};
    await plotly.newPlot(this.frame, [trace], layout, {
      scrollZoom: false, displaylogo: false, responsive: true, doubleClick: "reset",
      edits: {shapePosition: true}, plotlyServerURL: "",  // nothing is sent anywhere
      modeBarButtonsToRemove: ["sendChartToCloud", "sendDataToCloud", "toImage", "select2d", "lasso2d", "autoScale2d"],
      modeBarButtonsToAdd: [{name: "picture", title: "save this map as a PNG",
                             icon: plotly.Icons.camera, click: () => this.download()}],
    });
    this.frame.on("plotly_relayouting", () => this._moved());
    this.frame.on("plotly_relayout", (change) => this._relayout(change));
    this.frame.on("plotly_afterplot", () => this.draw());
    if (!this.listening) this._listen();
    this.listening = true;
  }

  _listen() {
    new ResizeObserver(() => {
      if (this.frame.clientWidth && !document.body.classList.contains("printing")) window.Plotly.Plots.resize(this.frame).then(() => this.draw());
    }).observe(this.element);
    this.element.addEventListener("wheel", (event) => this._wheel(event), {capture: true, passive: false});
    this.element.addEventListener("pointerdown", () => this.element.focus({preventScroll: true}), {capture: true});
    this.element.addEventListener("pointermove", (event) => this._pointed(event));
    this.element.addEventListener("pointerleave", () => this.on.left());
    this.element.addEventListener("keydown", (event) => this._key(event));
  }

  // Zoom about the pointer; the page scrolls until a click has given the map the wheel.
  _wheel(event) {
    event.stopPropagation();
    if (!event.ctrlKey && !event.metaKey && !this.element.contains(document.activeElement)) return;
    event.preventDefault();
    const [fx, fy] = this._share(event), view = this.view;
    const s = Math.exp(Math.min(Math.max(event.deltaY * (event.deltaMode ? 30 : 1), -300), 300) / 500);
    const x = view.x0 + fx * (view.x1 - view.x0), y = view.y1 - fy * (view.y1 - view.y0);
    const next = {x0: x + s * (view.x0 - x), x1: x + s * (view.x1 - x), y0: y + s * (view.y0 - y), y1: y + s * (view.y1 - y)};
    this.look(next).then(() => this.on.moved(this.view));
  }

  // Where an event is between the axes: shares from the left and from the top.
  _share(event) {
    const box = this.element.getBoundingClientRect(), view = this.view;
    return [(event.clientX - box.left - view.left) / view.width, (event.clientY - box.top - view.top) / view.height];
  }

  _range(view, axis) {
    return [view[`${axis}0`] / this.mesh.metres, view[`${axis}1`] / this.mesh.metres];
  }

  // What is in view [m], and where the axes are [px].
  get view() {
    const {xaxis, yaxis} = this.frame._fullLayout, m = this.mesh.metres;
    return {x0: xaxis.range[0] * m, x1: xaxis.range[1] * m, y0: yaxis.range[0] * m, y1: yaxis.range[1] * m,
            left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length};
  }

  async look(view) {
    if (this._sees(view)) return;
    this.tip.hidden = true;
    const plotly = await library();
    this.quiet = true;
    await plotly.relayout(this.frame, {"xaxis.range": this._range(view, "x"), "yaxis.range": this._range(view, "y")});
    this.quiet = false;
    this.draw();
  }

  // Whether a view is the one shown, so that linked maps do not answer each other for ever.
  _sees(view) {
    const now = this.view, same = (a) => ["0", "1"].every((end) =>
      Math.abs(view[a + end] - now[a + end]) < 1e-6 * (now[`${a}1`] - now[`${a}0`]));
    return same("x") && same("y");
  }

  _moved() {
    this.draw();
    if (!this.quiet) this.on.moved(this.view);
  }

  _relayout(change) {
    const keys = Object.keys(change);
    if (keys.some((key) => key.startsWith("shapes["))) {
      const line = this.frame.layout.shapes[0], m = this.mesh.metres;
      this.on.lineMoved([line.x0 * m, line.y0 * m], [line.x1 * m, line.y1 * m]);
    }
    if (keys.some((key) => key.includes("axis"))) this._moved();
  }

  show(key, values, scale, words) {
    Object.assign(this, {key, values, scale, words});
    this.draw();
  }

  async line(start, end) {
    const plotly = await library(), m = this.mesh.metres;
    const shapes = start ? [{
      type: "line", x0: start[0] / m, y0: start[1] / m, x1: end[0] / m, y1: end[1] / m,
      line: {color: css("--cut"), width: 3}, editable: true,
    }] : [];
    this.quiet = true;
    await plotly.relayout(this.frame, {shapes});
    this.quiet = false;
  }

  // Once per picture of the screen, however often it is asked for.
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this._draw();
    });
  }

  _draw() {
    if (!this.values || !this.frame._fullLayout) return;
    const view = this.view, ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(view.width * ratio)), height = Math.max(1, Math.round(view.height * ratio));
    Object.assign(this.canvas.style, {left: `${view.left}px`, top: `${view.top}px`,
                                      width: `${view.width}px`, height: `${view.height}px`});
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const ctx = this.canvas.getContext("2d");
    ctx.clearRect(0, 0, width, height);
    ctx.drawImage(painter.paint(this.mesh, this.key, this.values, this.scale, view, width, height), 0, 0);
    this._lines(ctx, view, width, height, ratio);
    this.element.dataset.drawn = this.key;
  }

  _lines(ctx, view, width, height, ratio) {
    const {points: p, outlines, triangles: t} = this.mesh;
    const px = (x) => ((x - view.x0) / (view.x1 - view.x0)) * width;
    const py = (y) => height - ((y - view.y0) / (view.y1 - view.y0)) * height;
    const add = (i, j) => {
      const [xi, yi, xj, yj] = [p[2 * i], p[2 * i + 1], p[2 * j], p[2 * j + 1]];
      if (Math.max(xi, xj) < view.x0 || Math.min(xi, xj) > view.x1 ||
          Math.max(yi, yj) < view.y0 || Math.min(yi, yj) > view.y1) return;
      ctx.moveTo(px(xi), py(yi));
      ctx.lineTo(px(xj), py(yj));
    };
    const stroke = (colour, thickness) => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = thickness * ratio;
      ctx.stroke();
    };
    if (this.triangulation) {
      ctx.beginPath();
      for (let k = 0; k < t.length; k += 3) {
        add(t[k], t[k + 1]);
        add(t[k + 1], t[k + 2]);
        add(t[k + 2], t[k]);
      }
      stroke("rgba(128,128,128,0.55)", 0.6);
    }
    if (this.outlined !== false) {
      ctx.beginPath();
      for (let k = 0; k < outlines.length; k += 2) add(outlines[k], outlines[k + 1]);
      stroke("rgba(255,255,255,0.45)", 2.4);
      stroke("rgba(20,20,20,0.9)", 1.0);
    }
  }

  _pointed(event) {
    if (!this.frame._fullLayout) return;
    const [fx, fy] = this._share(event), view = this.view;
    if (fx < 0 || fx > 1 || fy < 0 || fy > 1) return this.on.left();
    this.on.pointed(view.x0 + fx * (view.x1 - view.x0), view.y1 - fy * (view.y1 - view.y0));
  }

  // The value at a point [m] as a label beside it; null hides it.
  tell(x, y, lines) {
    const view = this.view, fx = (x - view.x0) / (view.x1 - view.x0), fy = (view.y1 - y) / (view.y1 - view.y0);
    this.tip.hidden = !lines || fx < 0 || fx > 1 || fy < 0 || fy > 1;
    if (this.tip.hidden) return;
    this.tip.replaceChildren(...lines.map((text, k) => {
      const line = document.createElement(k ? "span" : "strong");
      line.textContent = text;
      return line;
    }));
    const right = fx > 0.55, low = fy > 0.6;
    Object.assign(this.tip.style, {
      left: right ? "auto" : `${view.left + fx * view.width + 14}px`,
      right: right ? `${this.element.clientWidth - view.left - fx * view.width + 14}px` : "auto",
      top: low ? "auto" : `${view.top + fy * view.height + 14}px`,
      bottom: low ? `${this.element.clientHeight - view.top - fy * view.height + 14}px` : "auto",
    });
  }

  // To the size of its element at once, as the paper does not wait.
  fit() {
    if (!this.frame._fullLayout) return;
    window.Plotly.relayout(this.frame, {width: this.element.clientWidth, height: this.element.clientHeight});
    this._draw();
  }

  _key(event) {
    const view = this.view, w = view.x1 - view.x0, h = view.y1 - view.y0;
    const moved = (x, y, s = 1) => ({
      x0: view.x0 + x * w + (1 - s) * w / 2, x1: view.x1 + x * w - (1 - s) * w / 2,
      y0: view.y0 + y * h + (1 - s) * h / 2, y1: view.y1 + y * h - (1 - s) * h / 2,
    });
    const next = {
      ArrowLeft: () => moved(-0.1, 0), ArrowRight: () => moved(0.1, 0), ArrowUp: () => moved(0, 0.1),
      ArrowDown: () => moved(0, -0.1), "+": () => moved(0, 0, 0.7), "=": () => moved(0, 0, 0.7),
      "-": () => moved(0, 0, 1 / 0.7), 0: () => this.home,
    }[event.key];
    if (!next || event.ctrlKey || event.metaKey || event.target !== this.element) return;
    event.preventDefault();
    this.look(next()).then(() => this.on.moved(this.view));
  }

  async download() {
    const plotly = await library(), view = this.view, m = this.mesh.metres;
    const image = {source: this.canvas.toDataURL(), xref: "x", yref: "y", x: view.x0 / m, y: view.y1 / m,
                   sizex: (view.x1 - view.x0) / m, sizey: (view.y1 - view.y0) / m, sizing: "stretch", layer: "below"};
    const layout = {...this.frame.layout, images: [image], paper_bgcolor: "white"};
    const picture = {data: this.frame.data, layout};
    await plotly.downloadImage(picture, {format: "png", scale: 2, filename: this.words.replace(/\W+/g, "_"),
                                         width: this.frame.clientWidth, height: this.frame.clientHeight});
  }
}
