// Paints a field on triangles: linear on each, the colour scale applied to every pixel.

const VERTEX = `
attribute vec2 place; attribute vec2 datum; uniform vec2 centre, zoom; varying vec2 value;
void main() { value = datum; gl_Position = vec4((place - centre) * zoom, 0.0, 1.0); }`;
const FRAGMENT = `
precision highp float;
varying vec2 value; uniform int kind; uniform float low, high, threshold, least; uniform sampler2D colours;
float ln(float x) { return log(max(x, 1e-37)); }
float asinh_(float x) { return sign(x) * log(abs(x) + sqrt(x * x + 1.0)); }
void main() {
  if (value.y < 0.5) discard;
  float x = value.x, t = x;
  if (kind == 1) t = ln(x);
  if (kind == 2) t = asinh_(x / threshold);
  if (kind == 3) { x = clamp(x, least, 1.0 - least); t = log(x / (1.0 - x)); }
  gl_FragColor = texture2D(colours, vec2(clamp((t - low) / (high - low), 0.002, 0.998), 0.5));
}`;

class Painter {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.gl = this.canvas.getContext("webgl", {preserveDrawingBuffer: true, antialias: false});
    this.kept = new Map();  // the last buffers, by mesh or by field
    this.textures = new Map();
    if (this.gl) this._program();
  }

  _program() {
    const gl = this.gl, program = gl.createProgram();
    for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    this.program = program;
    this.at = (name) => gl.getUniformLocation(program, name);
    for (const name of ["place", "datum"]) gl.enableVertexAttribArray(gl.getAttribLocation(program, name));
  }

  // Paint a view {x0, x1, y0, y1} [m] in a number of pixels and return the canvas.
  paint(mesh, key, values, scale, view, width, height) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    if (!this.gl) return this._flat(mesh, values, scale, view, width, height);
    const gl = this.gl, [cx, cy] = [(mesh.box[0] + mesh.box[2]) / 2, (mesh.box[1] + mesh.box[3]) / 2];
    const size = Math.max(mesh.box[2] - mesh.box[0], mesh.box[3] - mesh.box[1]);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this._attribute("place", this._buffer(mesh, () => places(mesh, cx, cy, size)));
    this._attribute("datum", this._buffer(key, () => samples(mesh, values)));
    gl.bindTexture(gl.TEXTURE_2D, this._texture(scale.colours));
    const ends = [scale.low, scale.high].map((v) =>
      scale.kind === LINEAR || scale.kind === SIGNED ? scale.transformed(v) : scale.transformed(v) * Math.LN10);
    gl.uniform2f(this.at("centre"), ((view.x0 + view.x1) / 2 - cx) / size, ((view.y0 + view.y1) / 2 - cy) / size);
    gl.uniform2f(this.at("zoom"), (2 * size) / (view.x1 - view.x0), (2 * size) / (view.y1 - view.y0));
    gl.uniform1i(this.at("kind"), scale.kind);
    gl.uniform1f(this.at("low"), ends[0]);
    gl.uniform1f(this.at("high"), ends[1]);
    gl.uniform1f(this.at("threshold"), scale.threshold || 1);
    gl.uniform1f(this.at("least"), FLOOR);
    gl.drawArrays(gl.TRIANGLES, 0, 3 * mesh.count);
    return this.canvas;
  }

  _attribute(name, buffer) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.vertexAttribPointer(gl.getAttribLocation(this.program, name), 2, gl.FLOAT, false, 0, 0);
  }

  _buffer(key, make) {
    const gl = this.gl;
    let buffer = this.kept.get(key);
    this.kept.delete(key);
    if (!buffer) {
      buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, make(), gl.STATIC_DRAW);
    }
    this.kept.set(key, buffer);
    if (this.kept.size > 24) {
      const [oldest] = this.kept.keys();
      gl.deleteBuffer(this.kept.get(oldest));
      this.kept.delete(oldest);
    }
    return buffer;
  }

  _texture(name) {
    const gl = this.gl;
    if (!this.textures.has(name)) {
      const texture = gl.createTexture(), colours = new Uint8Array(1024);
      for (let k = 0; k < 256; k++) colours.set([...colourAt(name, k), 255], 4 * k);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
      for (const [what, how] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
        [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
        gl.texParameteri(gl.TEXTURE_2D, what, how);
      }
      this.textures.set(name, texture);
    }
    return this.textures.get(name);
  }

  // Without WebGL: one colour per triangle.
  _flat(mesh, values, scale, view, width, height) {
    this.canvas.width = width;  // empties it
    const ctx = this.canvas.getContext("2d"), {points: p, triangles: t} = mesh;
    const px = (x) => ((x - view.x0) / (view.x1 - view.x0)) * width;
    const py = (y) => height - ((y - view.y0) / (view.y1 - view.y0)) * height;
    for (let k = 0; k < mesh.count; k++) {
      const value = mesh.value(values, {triangle: k, weights: [1 / 3, 1 / 3, 1 / 3]});
      if (!Number.isFinite(value)) continue;
      const corners = [0, 1, 2].map((i) => 2 * t[3 * k + i]);
      const index = Math.round(255 * Math.min(Math.max(scale.place(value), 0), 1));
      ctx.fillStyle = ctx.strokeStyle = `rgb(${colourAt(scale.colours, index).join()})`;
      ctx.beginPath();
      for (const c of corners) ctx.lineTo(px(p[c]), py(p[c + 1]));
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
    return this.canvas;
  }
}

function colourAt(name, k) {
  return [0, 2, 4].map((i) => parseInt(page.colours[name].slice(6 * k + i, 6 * k + i + 2), 16));
}

function places(mesh, cx, cy, size) {
  const out = new Float32Array(6 * mesh.count);
  for (let k = 0; k < 3 * mesh.count; k++) {
    const site = 2 * mesh.triangles[k];
    out[2 * k] = (mesh.points[site] - cx) / size;
    out[2 * k + 1] = (mesh.points[site + 1] - cy) / size;
  }
  return out;
}

// Value and whether it exists, at the corners of all triangles.
function samples(mesh, values) {
  const out = new Float32Array(6 * mesh.count), constant = values.constant;
  for (let k = 0; k < mesh.count; k++) {
    const corner = (i) => values[constant ? k : mesh.triangles[3 * k + i]];
    const exists = [0, 1, 2].every((i) => Number.isFinite(corner(i)));
    for (let i = 0; i < 3; i++) out.set([exists ? corner(i) : 0, exists ? 1 : 0], 6 * k + 2 * i);
  }
  return out;
}
