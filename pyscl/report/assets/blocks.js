// The data of the page: blocks of base64, gzip, bytes sorted by significance.

const page = JSON.parse(document.getElementById("page").textContent);
const arrays = new Map();
const kinds = {f4: Float32Array, f8: Float64Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array};

async function inflate(name) {
  if (!window.DecompressionStream) {
    throw new Error("this browser is too old for the interactive parts (no DecompressionStream)");
  }
  const packed = atob(document.getElementById(name).textContent.trim());
  const bytes = new Uint8Array(packed.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = packed.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The array that pyscl.report.blocks.Blocks.array stored.
function numbers(entry) {
  const key = entry.block + entry.dtype;
  if (!arrays.has(key)) arrays.set(key, inflate(entry.block).then((planes) => joined(planes, entry)));
  return arrays.get(key);
}

function joined(planes, entry) {
  const size = kinds[entry.dtype].BYTES_PER_ELEMENT, count = entry.count;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < size; plane++) {
    for (let k = 0; k < count; k++) bytes[k * size + plane] = planes[plane * count + k];
  }
  return new kinds[entry.dtype](bytes.buffer);
}

let plotting = null;

// The library of the curves and of the axes of the maps, unpacked when it is first needed.
function library() {
  plotting ??= inflate("plotly").then((bytes) => {
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(bytes);
    document.head.append(script);
    return window.Plotly;
  });
  return plotting;
}
