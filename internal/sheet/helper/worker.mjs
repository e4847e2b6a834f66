// The press: sets papers as PDF/A by Typst, one after another, for the server that started it.
//
// A request is one line of JSON on standard input: {sources: {name: Typst}, images: [PNG in base64], data: {…}, standard,
// at}; the template finds the images as image-1.png, image-2.png and so on. An answer is one
// line of JSON on standard output and, after {ok: true, bytes: N, …}, exactly N bytes of PDF. Data reach Typst as a JSON
// string that the template reads; nothing of them is ever Typst source. Deadlines are the server's: setting is
// synchronous, so it kills this process when one takes too long.
import { createInterface } from 'node:readline';
import { writeSync } from 'node:fs';
import { NodeCompiler } from '@myriaddreamin/typst-ts-node-compiler';

const ROOT = '/paper';
const ROUNDS = 6; // each finds the characters without a glyph that the one before did not come to

const press = NodeCompiler.create({ workspace: ROOT, fontArgs: [{ fontPaths: process.argv.slice(1) }] });

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// write puts everything out; a pipe may take it in parts.
function write(bytes) {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(1, bytes, done);
    } catch (e) {
      if (e.code !== 'EAGAIN') throw e;
    }
  }
}

const answer = (o) => write(Buffer.from(`${JSON.stringify(o)}\n`));

// without lists the characters that no font can show, read from what the exporter says of each.
function without(message) {
  const found = new Set();
  for (const [, quoted] of message.matchAll(/the text `\\?"(.*?)\\?"` could not be displayed/gsu)) {
    const text = quoted.replace(/\\+u\{([0-9a-f]+)\}/giu, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)));
    for (const c of text) if (!/[\s\\]/u.test(c)) found.add(c);
  }
  return found;
}

const codeOf = (c) => `〔U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}〕`;

// coded gives the data with every such character replaced by its code, so that no box ever stands for an unknown one.
function coded(value, gone) {
  if (typeof value === 'string') {
    let out = '';
    for (const c of value) out += gone.has(c) ? codeOf(c) : c;
    return out;
  }
  if (Array.isArray(value)) return value.map((v) => coded(v, gone));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, coded(v, gone)]));
  return value;
}

function set(data, request) {
  const run = press.compile({ mainFilePath: `${ROOT}/main.typ`, inputs: { data: JSON.stringify(data) } });
  if (run.hasError() || !run.result) {
    const said = press.fetchDiagnostics(run.takeError()).map((d) => d.message);
    throw new Refusal('template', said.join('; ') || 'the paper cannot be set');
  }
  try {
    const pdf = press.pdf(run.result, { pdfStandard: request.standard, creationTimestamp: request.at });
    return { pdf, pages: run.result.numOfPages };
  } catch (e) {
    const gone = without(String(e.message));
    if (gone.size === 0) throw new Refusal('export', String(e.message));
    return { gone };
  }
}

function make(request) {
  press.resetShadow();
  for (const [name, source] of Object.entries(request.sources)) press.addSource(`${ROOT}/${name}`, source);
  for (const [i, png] of (request.images ?? []).entries()) press.mapShadow(`${ROOT}/image-${i + 1}.png`, Buffer.from(png, 'base64'));
  const missing = new Set();
  for (let round = 0; round < ROUNDS; round++) {
    const data = missing.size === 0 ? request.data : coded(request.data, missing);
    const made = set({ ...data, missing: [...missing].map((c) => codeOf(c).slice(1, -1)) }, request);
    if (made.pdf) return { ...made, missing: [...missing] };
    for (const c of made.gone) missing.add(c);
  }
  throw new Refusal('glyphs', [...missing].join(' '));
}

createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
  try {
    const { pdf, pages, missing } = make(JSON.parse(line));
    answer({ ok: true, bytes: pdf.length, pages, missing, rss: process.memoryUsage.rss() });
    write(pdf);
  } catch (e) {
    answer({ ok: false, code: e.code ?? 'worker', message: String(e.message).slice(0, 4000) });
  }
  press.evictCache(4);
});
answer({ ok: true, ready: true });
