// A triangle mesh in which every region has its own nodes ("sites"), so that fields may jump.

class Mesh {
  static async load(entry) {
    const [points, triangles, region, outlines] = await Promise.all(
      [entry.points, entry.triangles, entry.region, entry.outlines].map(numbers));
    return new Mesh(entry, points, triangles, region, outlines);
  }

  constructor(entry, points, triangles, region, outlines) {
    Object.assign(this, {points, triangles, region, outlines});
    this.regions = entry.regions;
    this.box = entry.box;  // [m]
    this.metres = entry.metres;  // per unit of the axes
    this.unit = entry.unit;
    this.count = triangles.length / 3;
    const [x0, y0, x1, y1] = this.box, shape = (x1 - x0) / (y1 - y0);
    this.thin = shape > 12 ? "y" : shape < 1 / 12 ? "x" : null;  // a strip, shown with stretched axes
    this._buckets();
  }

  // Triangles by the cells of a square grid, so that the one at a point is found at once.
  _buckets() {
    const [x0, y0, x1, y1] = this.box;
    this.step = Math.sqrt(Math.max((x1 - x0) * (y1 - y0), 1e-300) / Math.max(this.count, 1)) * 1.5;
    this.columns = Math.max(1, Math.ceil((x1 - x0) / this.step));
    this.rows = Math.max(1, Math.ceil((y1 - y0) / this.step));
    const starts = new Int32Array(this.columns * this.rows + 1);
    this._overEachCell((cell) => starts[cell + 1]++);
    for (let k = 1; k < starts.length; k++) starts[k] += starts[k - 1];
    const next = starts.slice(), members = new Int32Array(starts[starts.length - 1]);
    this._overEachCell((cell, triangle) => { members[next[cell]++] = triangle; });
    this.starts = starts;
    this.members = members;
  }

  _overEachCell(visit) {
    const {points: p, triangles: t} = this;
    for (let k = 0; k < this.count; k++) {
      const a = 2 * t[3 * k], b = 2 * t[3 * k + 1], c = 2 * t[3 * k + 2];
      const [left, low] = this._cell(Math.min(p[a], p[b], p[c]), Math.min(p[a + 1], p[b + 1], p[c + 1]));
      const [right, high] = this._cell(Math.max(p[a], p[b], p[c]), Math.max(p[a + 1], p[b + 1], p[c + 1]));
      for (let j = low; j <= high; j++) {
        for (let i = left; i <= right; i++) visit(j * this.columns + i, k);
      }
    }
  }

  _cell(x, y) {
    const clamp = (value, top) => Math.min(Math.max(Math.floor(value), 0), top - 1);
    return [clamp((x - this.box[0]) / this.step, this.columns),
            clamp((y - this.box[1]) / this.step, this.rows)];
  }

  // Barycentric coordinates of a point [m] in a triangle.
  weights(triangle, x, y) {
    const {points: p, triangles: t} = this;
    const a = 2 * t[3 * triangle], b = 2 * t[3 * triangle + 1], c = 2 * t[3 * triangle + 2];
    const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], vx = p[c] - p[a], vy = p[c + 1] - p[a + 1];
    const area = ux * vy - uy * vx, dx = x - p[a], dy = y - p[a + 1];
    const second = (dx * vy - dy * vx) / area, third = (ux * dy - uy * dx) / area;
    return [1 - second - third, second, third];
  }

  // {triangle, weights} at a point [m], or null outside of the mesh.
  at(x, y) {
    const [x0, y0, x1, y1] = this.box;
    if (x < x0 || x > x1 || y < y0 || y > y1) return null;
    const [i, j] = this._cell(x, y), cell = j * this.columns + i;
    let best = null, depth = -1e-9;
    for (let k = this.starts[cell]; k < this.starts[cell + 1]; k++) {
      const weights = this.weights(this.members[k], x, y), least = Math.min(...weights);
      if (least > depth) [best, depth] = [{triangle: this.members[k], weights}, least];
      if (depth > 0) break;
    }
    return best;
  }

  // The value of a field at a place found with `at`; linear on a triangle, or `constant` there.
  value(values, place) {
    if (values.constant) return values[place.triangle];
    const k = 3 * place.triangle, t = this.triangles, w = place.weights;
    return w[0] * values[t[k]] + w[1] * values[t[k + 1]] + w[2] * values[t[k + 2]];
  }

  // Pieces of a straight line, one per triangle it crosses: {from, to, region, values at both}.
  cut(values, start, end) {
    const dx = end[0] - start[0], dy = end[1] - start[1], length = Math.hypot(dx, dy), pieces = [];
    for (let k = 0; length > 0 && k < this.count; k++) {
      const w0 = this.weights(k, ...start), w1 = this.weights(k, ...end);
      let from = 0, to = 1;
      for (let i = 0; i < 3 && from < to; i++) {
        const change = w1[i] - w0[i];
        if (Math.abs(change) < 1e-14) {
          if (w0[i] < -1e-12) from = 1, to = 0;
        } else if (change > 0) from = Math.max(from, -w0[i] / change);
        else to = Math.min(to, -w0[i] / change);
      }
      if (to - from < 1e-9) continue;
      const at = (t) => this.value(values, {
        triangle: k, weights: w0.map((w, i) => w + t * (w1[i] - w)),
      });
      pieces.push({from: from * length, to: to * length, region: this.region[k],
                   first: at(from), last: at(to)});
    }
    return pieces.sort((one, other) => one.from - other.from || one.to - other.to);
  }
}
