// What the colours mean: a value becomes 0 ... 1, linear, logarithmic, signed, or by both ends.

const LINEAR = 0, LOGARITHMIC = 1, SIGNED = 2, LOGIT = 3;
const DECADES = 5;  // of magnitudes; what is smaller has the colour of the lower end
const FLOOR = 1e-7;  // least share of sites, as good as the stored numbers

class Scale {
  constructor(kind, low, high, colours, factor, unit) {
    Object.assign(this, {kind, low, high, colours, factor, unit});
    this.threshold = kind === SIGNED ? high * 1e-3 : 0;
  }

  // 0 ... 1 of a value in SI, not clamped.
  place(value) {
    const t = (v) => this.transformed(v);
    return (t(value) - t(this.low)) / (t(this.high) - t(this.low));
  }

  transformed(value) {
    if (this.kind === LOGARITHMIC) return Math.log10(Math.max(value, this.low * 1e-30));
    if (this.kind === LOGIT) {
      const x = Math.min(Math.max(value, FLOOR), 1 - FLOOR);
      return Math.log10(x / (1 - x));
    }
    if (this.kind === SIGNED) return Math.asinh(value / this.threshold);
    return value;
  }

  // Ticks of an axis of transformed values.
  axis() {
    const ticks = this.ticks();
    return {tickvals: ticks.map(({value}) => this.transformed(value)), ticktext: ticks.map(({text}) => text)};
  }

  // [{place, text, value}] for the colour bar.
  ticks(wanted = 6) {
    const shown = [];
    const add = (value, text) => {
      const place = this.place(value);
      if (place > -1e-6 && place < 1 + 1e-6) shown.push({place, text, value});
    };
    if (this.kind === LINEAR) {
      for (const v of even(this.low / this.factor, this.high / this.factor, wanted)) add(v * this.factor, plain(v));
    } else if (this.kind === LOGARITHMIC) {
      decades(this.low / this.factor, this.high / this.factor, wanted).forEach((v) => add(v * this.factor, power(v)));
    } else if (this.kind === SIGNED) {
      const top = Math.floor(Math.log10(this.high / this.factor));
      add(0, "0");
      for (const k of [top, top - 1, top - 2]) {
        for (const sign of [-1, 1]) add(sign * 10 ** k * this.factor, power(sign * 10 ** k));
      }
    } else {
      for (const v of [1e-6, 1e-4, 1e-2, 0.1, 0.5, 0.9]) add(v, v < 0.01 ? power(v) : String(v));
      for (const v of [0.99, 0.9999]) add(v, String(v));
      add(1 - 1e-6, "1 − 10⁻⁶");
    }
    return shown.sort((a, b) => a.place - b.place);
  }
}

function even(low, high, wanted) {
  const raw = (high - low) / wanted, unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((s) => s * unit >= raw * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

function decades(low, high, wanted) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / wanted)), found = [];
  if (last - first < 1) {  // within a decade or two: 1, 2, 5
    for (let k = first - 1; k <= last; k++) for (const m of [1, 2, 5]) found.push(m * 10 ** k);
    return found;
  }
  for (let k = first; k <= last; k += every) found.push(10 ** k);
  return found;
}

const raised = (text) => String(text).replace(/[-0-9]/g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");

function plain(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

function power(value) {
  const size = Math.abs(value), k = Math.floor(Math.log10(size) + 1e-9), m = Math.round(size / 10 ** k);
  const sign = value < 0 ? "−" : "";
  if (k >= -2 && k <= 3) return sign + plain(size);
  return `${sign}${m === 1 ? "" : `${m} × `}10${raised(k)}`;
}

// A number as people read it, to some digits.
function readable(value, digits = 5) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const k = Math.floor(Math.log10(Math.abs(value)));
  const text = k > -4 && k < 6 ? String(Number(value.toPrecision(digits)))
    : `${Number((value / 10 ** k).toPrecision(digits))} × 10${raised(k)}`;
  return text.replace(/^-/, "−");
}

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"]];

// [SI per unit, unit] with the prefix that suits the largest value.
function prefixed(largest, unit) {
  if (unit === "C/m^2") return microcoulombs(largest);
  const shown = unit === "1" ? "" : unit.replace(/ohm/i, "Ω").replaceAll("*", " ")
    .replace(/\^(-?\d+)/g, (_, digits) => raised(digits));
  if (!/^(V|A|C|F|Ohm|S|mol|eV|s|m)(?![A-Za-z^0-9])/.test(unit) || !(largest > 0)) return [1, shown];
  const [factor, letter] = PREFIXES.find(([least]) => largest >= least * 0.9995) ?? PREFIXES.at(-1);
  return [factor, letter + shown];
}

// As is usual for layers and polarizations: 1 µC/cm² = 0.01 C/m².
function microcoulombs(largest) {
  const found = [[1e-2, "µC/cm²"], [1e-5, "nC/cm²"], [1e-8, "pC/cm²"]].find(([least]) => largest >= 0.9995e-2 * least);
  return found ?? [1e4, "C/cm²"];
}

function chosenScale(field, wish, component, range) {
  const {low, high, least, largest} = range, signedValues = field.vector && component !== "magnitude";
  const colours = signedValues ? "RdBu_r" : field.map;
  const make = (kind, from, to, map = colours) => {
    const [factor, unit] = prefixed(Math.max(Math.abs(from), Math.abs(to)), field.unit);
    return new Scale(kind, from, to, map, factor, unit);
  };
  let kind = wish;
  if (kind === "automatic") {
    kind = signedValues ? "signed" : field.scale;
    if (field.fraction && high > 0.9 && low < 0.5) kind = "both ends";
    else if (field.fraction && least !== null && high > 30 * least) kind = "logarithmic";
  }
  if (kind === "both ends" && field.fraction) {
    return make(LOGIT, Math.min(Math.max(low, FLOOR), 0.4), Math.max(Math.min(high, 1 - FLOOR), 0.6));
  }
  if (kind === "signed" && largest > 0) return make(SIGNED, -largest, largest, "RdBu_r");
  if (kind === "logarithmic" && least !== null) {
    if (low < 0 || signedValues) return make(SIGNED, -largest, largest, "RdBu_r");
    const from = Math.max(least, high * 10 ** -(field.fraction ? 12 : DECADES));
    if (from < 0.8 * high) return make(LOGARITHMIC, from, high);
  }
  let [from, to] = signedValues || (kind === "linear" && low < 0 && field.map === "RdBu_r")
    ? [-largest, largest] : [low, high];
  if (!(to - from > 1e-9 * Math.max(Math.abs(from), Math.abs(to)))) {
    const margin = 0.05 * Math.max(Math.abs(from), Math.abs(to)) || 1;
    [from, to] = [from - margin, to + margin];
  }
  return make(LINEAR, from, to);
}
