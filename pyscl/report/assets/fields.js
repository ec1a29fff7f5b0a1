// The section of the fields: states side by side, one colour scale, linked views, a cut line.

class Fields {
  constructor(section) {
    this.get = (name) => section.querySelector(`[data-part="${name}"]`);
    this.section = section;
    this.meshes = new Map();
    this.panels = ["first", "second"].map((name) => new MapPanel(this.get(name), name, {
      pointed: (x, y) => this.pointed(x, y),
      left: () => this.left(),
      moved: (view) => this.moved(name, view),
      lineMoved: (start, end) => this.cutTo(start, end),
    }));
    this.asked = 0;
  }

  async start() {
    this._options("state", page.states.map((state, k) => [k, state.label]));
    this._options("other", [["", "nothing"], ...page.states.map((state, k) => [k, state.label])]);
    this._names();
    const shown = page.start ?? {};
    if (shown.other !== undefined) this.get("other").value = shown.other;
    for (const name of ["state", "other", "field", "component", "scale", "range"]) {
      this.get(name).addEventListener("change", () => {
        if (name === "state") this._names();
        this.show();
      });
    }
    for (const name of ["outlines", "triangles"]) this.get(name).addEventListener("change", () => this.lines());
    this.get("spot").addEventListener("change", () => this.goTo());
    this.get("cut").addEventListener("change", () => this.preset());
    for (const field of this.section.querySelectorAll("[data-end]")) {
      field.addEventListener("change", () => this.typed());
    }
    await this.show();
    this.presets();
  }

  _options(part, options, value) {
    const select = this.get(part), before = value ?? select.value;
    select.replaceChildren(...options.map(([name, text]) => new Option(text, name)));
    if (options.some(([name]) => String(name) === before)) select.value = before;
  }

  _names() {
    const names = Object.keys(this.state.fields);
    this._options("field", names.map((name) => [name, page.fields[name].label]));
  }

  get state() { return page.states[this.get("state").value || 0]; }
  get other() { return this.get("other").value === "" ? null : page.states[this.get("other").value]; }

  mesh(state) {
    if (!this.meshes.has(state.mesh)) this.meshes.set(state.mesh, Mesh.load(page.meshes[state.mesh]));
    return this.meshes.get(state.mesh);
  }

  async values(state, name, component) {
    const all = await numbers(state.fields[name]), field = page.fields[name];
    const key = `${state.fields[name].block} ${name} ${component}`;
    if (!field.vector) {
      all.constant = field.location === "triangle";
      return [key, all];
    }
    this.components ??= new Map();
    if (!this.components.has(key)) {
      const out = new Float32Array(all.length / 2);
      for (let k = 0; k < out.length; k++) {
        const [x, y] = [all[2 * k], all[2 * k + 1]];
        out[k] = component === "x" ? x : component === "y" ? y : Math.hypot(x, y);
      }
      out.constant = true;
      this.components.set(key, out);
    }
    return [key, this.components.get(key)];
  }

  // Everything again for what is chosen; of several calls only the last one counts.
  async show() {
    this.forget();
    const asked = ++this.asked, name = this.get("field").value, field = page.fields[name];
    const component = this.get("component").value;
    this.get("component").closest("label").hidden = !field.vector;
    this.get("scale").querySelector('[value="both ends"]').hidden = !field.fraction;
    const states = [this.state, this.other].filter((state) => state && name in state.fields);
    this.section.classList.toggle("two", this.other !== null);
    this.get("second").closest("figure").hidden = this.other === null;
    this.scale = chosenScale(field, this.get("scale").value, component, this.range(name, states));
    const parts = await Promise.all(states.map(async (state) =>
      [state, await this.mesh(state), ...await this.values(state, name, component)]));
    if (asked !== this.asked) return;
    this.shown = [];
    for (const [k, state] of [this.state, this.other].entries()) {
      const part = parts.find(([of]) => of === state), panel = this.panels[k];
      if (!state || !part) {
        if (state) this.get(`${panel.name}-title`).textContent = `${state.label}: no ${field.label}`;
        continue;
      }
      const [, mesh, key, values] = part;
      if (panel.mesh !== mesh) await panel.start(mesh, this.panels[0].frame._fullLayout && k ? this.panels[0].view : this.whole(mesh));
      if (asked !== this.asked) return;
      panel.show(key, values, this.scale, `${name} ${state.label}`);
      panel.element.setAttribute("aria-label",
        `Map of the ${field.label}, ${state.label}. Arrow keys move, plus and minus zoom, 0 shows everything.`);
      this.get(`${panel.name}-title`).textContent = state.label;
      this.shown.push({state, mesh, values, panel});
    }
    this._spots();
    this.bar(field, component);
    this.lines();
    await this.drawCut();
    this.again();
    this.section.dataset.ready = `${name} ${this.get("state").value} ${this.get("other").value}`;
  }

  // Range of the values over all states, or over those shown.
  range(name, states) {
    const wanted = this.get("range").value === "shown" ? states : page.states.filter((s) => name in s.fields);
    const of = (key) => wanted.map((state) => state.fields[name][key]).filter((v) => v !== null);
    return {low: Math.min(...of("low")), high: Math.max(...of("high")),
            least: of("least").length ? Math.min(...of("least")) : null, largest: Math.max(...of("largest"))};
  }

  whole(mesh) {
    const [x0, y0, x1, y1] = mesh.box, longest = Math.max(x1 - x0, y1 - y0);
    const [px, py] = mesh.thin ? [0.02 * (x1 - x0), 0.02 * (y1 - y0)] : [0.02 * longest, 0.02 * longest];
    return {x0: x0 - px, x1: x1 + px, y0: y0 - py, y1: y1 + py};
  }

  bar(field, component) {
    const bar = this.get("bar"), ctx = bar.querySelector("canvas").getContext("2d");
    for (let k = 0; k < 256; k++) {
      ctx.fillStyle = `rgb(${colourAt(this.scale.colours, k).join()})`;
      ctx.fillRect(k, 0, 1, 1);
    }
    const words = field.vector && component !== "magnitude" ? `${field.label}, ${component} component` : field.label;
    const unit = this.scale.unit ? ` (${this.scale.unit})` : "";
    bar.querySelector("figcaption").textContent = words + unit;
    let last = -1;
    bar.querySelector("ol").replaceChildren(...this.scale.ticks().filter(({place}) => {
      const room = place - last > 0.07;
      if (room) last = place;
      return room;
    }).map(({place, text}) => {
      const tick = document.createElement("li");
      tick.style.left = `${100 * place}%`;
      tick.textContent = text;
      return tick;
    }));
  }

  lines() {
    for (const {panel} of this.shown) {
      panel.outlined = this.get("outlines").checked;
      panel.triangulation = this.get("triangles").checked;
      panel.draw();
    }
  }

  moved(name, view) {
    for (const {panel} of this.shown) {
      if (panel.name !== name) panel.look(view);
    }
  }

  _spots() {
    const spots = this.state.spots.map((spot, k) => [k, `layer at ${spot.name.replace("|", " | ")}`]);
    this._options("spot", [["", "choose …"], ["all", "whole mesh"], ...spots], "");
  }

  goTo() {
    const wish = this.get("spot").value;
    if (wish === "" || !this.shown.length) return;
    const [{panel, mesh}] = this.shown;
    const spot = this.state.spots[wish], half = spot ? spot.width / 2 : 0;
    const whole = this.whole(mesh), view = {...whole};
    for (const axis of spot ? ["x", "y"] : []) {
      if (mesh.thin === axis) continue;
      view[`${axis}0`] = spot[axis] - half;
      view[`${axis}1`] = spot[axis] + half;
    }
    panel.look(view).then(() => this.moved(panel.name, panel.view));
    this.get("spot").value = "";
  }

  // The values under the pointer [m], in all maps at once.
  pointed(x, y) {
    if (!this.shown?.length) return;
    this.pointer = [x, y];
    const name = this.get("field").value, field = page.fields[name], out = this.get("readout");
    const found = this.shown.map(({mesh, values, panel, state}) => {
      const place = mesh.at(x, y), value = place ? mesh.value(values, place) : NaN;
      const region = place ? mesh.regions[mesh.region[place.triangle]] : null;
      const [factor, unit] = prefixed(Math.abs(value), field.unit);
      const text = region === null ? "outside" : Number.isFinite(value)
        ? `${readable(value / factor)} ${unit}`.trim() : `no ${field.label} here`;
      panel.tell(x, y, region === null ? null : [text, region]);
      return {text, value, region, state};
    });
    const m = this.shown[0].mesh.metres, unit = this.shown[0].mesh.unit;
    const where = `x = ${readable(x / m)} ${unit}, y = ${readable(y / m)} ${unit}`;
    const several = found.length > 1 ? found.map((f) => `${f.state.label}: ${f.text}`) : found.map((f) => f.text);
    out.textContent = [where, found[0].region, ...several].filter(Boolean).join("  ·  ");
    if (found.length > 1 && found.every((f) => Number.isFinite(f.value))) {
      const change = found[1].value - found[0].value, [factor, unit2] = prefixed(Math.abs(change), field.unit);
      out.textContent += `  ·  difference ${readable(change / factor)} ${unit2}`;
    }
    Object.assign(out.dataset, {x, y, value: found[0].value, region: found[0].region ?? ""});
  }

  left() {
    this.pointer = null;
    for (const {panel} of this.shown ?? []) panel.tell(0, 0, null);
  }

  // No value of another field or state stays: labels and readout are emptied, then read again.
  forget() {
    for (const {panel} of this.shown ?? []) panel.tell(0, 0, null);
    this.shown = [];
    const out = this.get("readout");
    out.textContent = "\u00a0";
    for (const key of ["x", "y", "value", "region"]) delete out.dataset[key];
  }

  again() {
    if (this.pointer) this.pointed(...this.pointer);
  }
}
