import { ed25519 } from "@noble/curves/ed25519.js";
import { SHA256 } from "../sha256";

// What docs/formats/entry-proof-v1.md, receipt-v1.md and checkpoint-and-tiles.md say, checked with nothing but this file.

export const utf8 = (s: string): Uint8Array => new TextEncoder().encode(s);
export const sha256hex = (...parts: Uint8Array[]): string => {
  const sum = new SHA256();
  for (const p of parts) sum.update(p);
  return sum.hex();
};
const sha256 = (...parts: Uint8Array[]): Uint8Array => unhex(sha256hex(...parts));
const unhex = (s: string): Uint8Array => Uint8Array.from(s.match(/../g) || [], (b) => parseInt(b, 16));

/** Reads strict base64; null for anything else. */
export function base64(s: string): Uint8Array | null {
  try {
    const raw = atob(s);
    return btoa(raw) === s ? Uint8Array.from(raw, (c) => c.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}
const text64 = (b: Uint8Array): string => btoa(String.fromCharCode(...b));
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);

function signed(sig: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519.verify(sig, message, key, { zip215: false });
  } catch {
    return false;
  }
}

export type Key = { kind: string; alg: string; name: string; public_key: string; verifier?: string; valid_from: number; valid_to: number | null };
export type Trust = { format: string; origin: string; bureau: string; keys: Key[] };

/** Trusted reports whether a key of the trust file is valid at a position of the log. */
export function trusted(t: Trust, kind: string, key: Uint8Array, at: number): boolean {
  const text = text64(key);
  return t.keys.some((k) => k.kind === kind && k.alg === "ed25519" && k.public_key === text && k.valid_from <= at && (k.valid_to === null || at <= k.valid_to));
}

export type Head = { origin: string; size: number; root: Uint8Array; key: Uint8Array };

/** Opens a checkpoint with a verifier key ("name+hash+key"). It gives null where the signature is not that key's. */
export function openCheckpoint(note: string, verifier: string): Head | null {
  const cut = note.indexOf("\n\n");
  const parts = verifier.match(/^(.+)\+([0-9a-f]{8})\+(\S+)$/);
  const pub = parts && base64(parts[3]);
  if (cut < 0 || !parts || !pub || pub.length !== 33 || pub[0] !== 1) return null;
  const body = note.slice(0, cut + 1);
  const lines = body.split("\n");
  if (lines.length !== 4 || lines[0] !== parts[1] || !/^(0|[1-9][0-9]{0,15})$/.test(lines[1])) return null;
  const id = sha256(utf8(parts[1] + "\n"), pub).slice(0, 4);
  if (sha256hex(utf8(parts[1] + "\n"), pub).slice(0, 8) !== parts[2]) return null;
  for (const line of note.slice(cut + 2).split("\n")) {
    const m = line.match(/^— (\S+) (\S+)$/);
    const sig = m && base64(m[2]);
    if (!m || m[1] !== parts[1] || !sig || sig.length !== 68 || !same(sig.slice(0, 4), id)) continue;
    const root = base64(lines[2]);
    if (root && root.length === 32 && signed(sig.slice(4), utf8(body), pub.slice(1)))
      return { origin: lines[0], size: Number(lines[1]), root, key: pub.slice(1) };
    return null;
  }
  return null;
}

/** Included follows RFC 6962 from a leaf to the root. */
export function included(index: number, size: number, leaf: Uint8Array, hashes: Uint8Array[], root: Uint8Array): boolean {
  if (!(index >= 0 && index < size)) return false;
  let fn = BigInt(index), sn = BigInt(size) - 1n, r = leaf;
  const one = Uint8Array.of(1);
  for (const h of hashes) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      r = sha256(one, h, r);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else r = sha256(one, r, h);
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(r, root);
}

type Shown = { leaf: string; detail: string; opened: { name: string; salt: string; value: string }[] };
type Inclusion = { index: number; size: number; hashes: string[]; checkpoint: string; verifier: string };

function commitments(text: string, version: string): Map<string, string> | null {
  const out = new Map<string, string>();
  if (!text.startsWith(version + "\n") || !text.endsWith("\n")) return null;
  for (const line of text.slice(version.length + 1, -1).split("\n")) {
    if (line === "" && text === version + "\n") break;
    const at = line.indexOf(" ");
    if (at < 1 || out.has(line.slice(0, at))) return null;
    out.set(line.slice(0, at), line.slice(at + 1));
  }
  return out;
}

/** Opens what an entry shows. It gives the opened values, or null where one does not open its commitment. */
export function openings(e: Shown): Map<string, string> | null {
  const all = commitments(e.leaf, "zhilu-entry/v1");
  const detail = commitments(e.detail, "zhilu-detail/v1");
  if (!all || !detail) return null;
  detail.forEach((v, k) => all.set("detail." + k, v));
  const out = new Map<string, string>();
  for (const o of e.opened) {
    const salt = base64(o.salt);
    const name = utf8(o.name);
    if (!salt || salt.length !== 16 || name.length > 255 || out.has(o.name)) return null;
    if (text64(sha256(utf8("zhilu-field/v1\0"), Uint8Array.of(name.length), name, salt, utf8(o.value))) !== all.get(o.name)) return null;
    out.set(o.name, o.value);
  }
  return out.get("detail_digest") === sha256hex(utf8(e.detail)) ? out : null;
}

export type Found = { ok: boolean; inLog: "yes" | "no" | "waiting"; key: Uint8Array | null; at: number; opened: Map<string, string> };
const nothing = (): Found => ({ ok: false, inLog: "no", key: null, at: 0, opened: new Map() });

const leafHash = (leaf: string): Uint8Array => sha256(Uint8Array.of(0), utf8(leaf));

function place(p: Inclusion, leaf: Uint8Array, origin: string, out: Found): void {
  const head = openCheckpoint(p.checkpoint, p.verifier);
  const hashes = p.hashes.map(base64);
  if (!head || head.origin !== origin || head.size !== p.size || hashes.some((h) => !h || h.length !== 32)) return;
  if (!included(p.index, p.size, leaf, hashes as Uint8Array[], head.root)) return;
  out.inLog = "yes";
  out.key = head.key;
  out.at = p.size;
}

/** Checks an entry with its proof. */
export function entryProof(text: string, origin: string): Found {
  const out = nothing();
  try {
    const f = JSON.parse(text) as { format: string; entry: Shown; proof: Inclusion };
    const opened = f.format === "zhilu-entry-proof/v1" ? openings(f.entry) : null;
    if (!opened) return out;
    out.ok = true;
    out.opened = opened;
    place(f.proof, leafHash(f.entry.leaf), origin, out);
  } catch {
    out.ok = false;
  }
  return out;
}

export type Receipt = Found & { file: string; size: number; sha256: string; signer: Uint8Array | null; position: number };

/** Checks an intake receipt. */
export function receipt(text: string, origin: string): Receipt {
  const out: Receipt = { ...nothing(), file: "", size: -1, sha256: "", signer: null, position: -1 };
  try {
    const f = JSON.parse(text) as { format: string; statement: string; signature: { alg: string; public_key: string; value: string }; entry: Shown; proof: Inclusion | null };
    const key = base64(f.signature.public_key);
    const sig = base64(f.signature.value);
    if (f.format !== "zhilu-receipt/v1" || f.signature.alg !== "ed25519" || !key || !sig || !f.statement.startsWith("zhilu-receipt/v1\n")) return out;
    const st = JSON.parse(f.statement.slice("zhilu-receipt/v1\n".length)) as Record<string, string | number>;
    const opened = openings(f.entry);
    if (!signed(sig, utf8(f.statement), key) || !opened || st.origin !== origin || text64(leafHash(f.entry.leaf)) !== st.leaf_hash) return out;
    const want: [string, string][] = [["id", String(st.entry_id)], ["outcome", "done"], ["detail.file_id", JSON.stringify(st.file_id)], ["detail.sha256", JSON.stringify(st.sha256)], ["detail.size", String(st.size)], ["detail.state", JSON.stringify(st.state)]];
    if (want.some(([k, v]) => opened.get(k) !== v)) return out;
    out.ok = true;
    out.opened = opened;
    out.signer = key;
    out.file = String(st.file_id);
    out.size = Number(st.size);
    out.sha256 = String(st.sha256);
    if (f.proof) {
      place(f.proof, leafHash(f.entry.leaf), origin, out);
      out.position = f.proof.index + 1;
    } else if (Date.now() <= Date.parse(String(st.include_by))) out.inLog = "waiting";
  } catch {
    out.ok = false;
  }
  return out;
}
