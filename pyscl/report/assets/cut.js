// The cut line of the fields: where it lies, and the values along it, exact on the mesh.

Object.assign(Fields.prototype, {
  presets() {
    const [x0, y0, x1, y1] = this.shown[0].mesh.box, cuts = page.cuts;
    const middle = [["across", [x0, (y0 + y1) / 2], [x1, (y0 + y1) / 2]],
                    ["upwards", [(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1]]];
    this.lineChoices = [...cuts.map((c) => [c.name, c.from, c.to]), ...middle];
    this._options("cut", [...this.lineChoices.map(([name], k) => [k, name]), ["own", "own line"]], "0");
    this.preset();
  },

  preset() {
    const choice = this.lineChoices[this.get("cut").value];
    if (choice) this.cutTo(choice[1], choice[2], false);
  },

  typed() {
    if (!this.shown.length) return;
    const m = this.shown[0].mesh.metres;
    const [x0, y0, x1, y1] = ["x0", "y0", "x1", "y1"].map((end) =>
      Number(this.section.querySelector(`[data-end="${end}"]`).value) * m);
    if ([x0, y0, x1, y1].every(Number.isFinite)) this.cutTo([x0, y0], [x1, y1]);
  },

  cutTo(start, end, own = true) {
    this.cutLine = [start, end];
    if (own) this.get("cut").value = "own";
    if (!this.shown.length) return null;  // drawn with the next state
    const m = this.shown[0].mesh.metres, unit = this.shown[0].mesh.unit;
    for (const [name, value] of [["x0", start[0]], ["y0", start[1]], ["x1", end[0]], ["y1", end[1]]]) {
      const field = this.section.querySelector(`[data-end="${name}"]`);
      field.value = Number((value / m).toPrecision(6));
      field.closest("label").title = `in ${unit}`;
    }
    this.section.querySelectorAll("[data-unit]").forEach((place) => { place.textContent = unit; });
    return this.drawCut();
  },

  async drawCut() {
    if (!this.cutLine || !this.shown.length) return;
    const [start, end] = this.cutLine, name = this.get("field").value, field = page.fields[name];
    await Promise.all(this.shown.map(({panel}) => panel.line(start, end)));
    const {factor, unit} = this.scale, {metres, unit: length} = this.shown[0].mesh;
    const logit = this.scale.kind === LOGIT;  // as in the map: nearly empty and nearly full sites apart
    const drawnValue = (v) => finite(logit ? this.scale.transformed(v) : v / factor);
    const lines = this.shown.map(({mesh, values, state}, k) => {
      const pieces = mesh.cut(values, start, end), x = [], y = [], text = [];
      pieces.forEach((piece, n) => {
        const before = pieces[n - 1];
        if (before && piece.from - before.to > 1e-6 * piece.to) x.push(null), y.push(null), text.push("");
        x.push(piece.from / metres, piece.to / metres);
        y.push(drawnValue(piece.first), drawnValue(piece.last));
        text.push(...[piece.first, piece.last].map((v) => `${readable(v / factor, 6)} ${unit}, ${mesh.regions[piece.region]}`));
      });
      return {x, y, text, name: state.label, mode: "lines", line: {color: LINES[k], dash: DASHES[k], width: 2},
              hovertemplate: `%{text}<br>%{x:.5g} ${length}<extra></extra>`};
    });
    const logarithmic = this.scale.kind === LOGARITHMIC, words = field.label[0].toUpperCase() + field.label.slice(1);
    await figure(this.get("profile"), lines, {
      xaxis: {title: `Distance along the line (${length})`},
      yaxis: {title: words + (unit ? ` (${unit})` : ""), type: logarithmic ? "log" : "linear",
              ...(logit ? this.scale.axis() : {})},
      shapes: this.bands(start, end), annotations: this.bandNames(start, end), showlegend: lines.length > 1,
      margin: {l: 76, r: 16, t: lines.length > 1 ? 56 : 34, b: 52},
    });
  },

  // Stretches of the line in one region, [{from, to, region}] in units of the axes.
  stretches(start, end) {
    const {mesh, values} = this.shown[0], found = [];
    for (const {from, to, region} of mesh.cut(values, start, end)) {
      const last = found.at(-1);
      if (last && last.region === region && from - last.to < 1e-6 * to) last.to = Math.max(last.to, to);
      else if (!last || to > last.to) found.push({from, to, region});
    }
    return found.map(({from, to, region}) => ({
      from: from / mesh.metres, to: to / mesh.metres, region: mesh.regions[region],
    }));
  },

  bands(start, end) {
    return this.stretches(start, end).map(({from, to, region}) => ({
      type: "rect", layer: "below", xref: "x", yref: "paper", x0: from, x1: to, y0: 0, y1: 1,
      fillcolor: page.regions[region] ?? "#888888", opacity: 0.22, line: {width: 0},
    }));
  },

  bandNames(start, end) {
    const all = this.stretches(start, end), length = all.length ? all.at(-1).to - all[0].from : 0;
    return all.filter(({from, to}) => to - from > 0.09 * length).map(({from, to, region}) => ({
      x: (from + to) / 2, y: 1, xref: "x", yref: "paper", text: region, showarrow: false, yanchor: "bottom",
      font: {size: 11, color: css("--ink-soft")},
    }));
  },
});

const finite = (value) => Number.isFinite(value) ? value : null;
