// What the server says of a look, and how it is asked. Times are milliseconds on the recording's own time line.
export interface Span {
  from: number;
  to: number;
}

export interface Mark {
  id: string;
  at: number;
  words: string;
  by: string;
  mine: boolean;
}

export interface Strip {
  file: string;
  at: number[];
  across: number;
  w: number;
  h: number;
}

export interface Facts {
  state: "making" | "ready" | "failed";
  progress: number;
  failed?: { what: string; do: string };
  retry: boolean;
  pending: boolean;
  kind: string;
  from: number;
  to: number;
  first: number;
  last: number;
  length: number;
  start: number;
  fps: number;
  until: number;
  now: number;
  files: (Span & { id: string; name: string; state: string; still: boolean })[];
  gaps: Span[];
  speech: Span[];
  waves: { from: number; step: number; peaks: number[] }[];
  strips: Strip[];
  marks: Mark[];
}

/** Refusal is an answer in words: what happened, what to do, and its code. */
export interface Refusal {
  code: string;
  title: string;
  do: string;
  status: number;
}

/** Gone says that the session has ended: the server led to the page for signing in. */
const gone = (): Refusal => ({ code: "session", title: "", do: "", status: 401 });

/** Asks the server; gives the answer, or why it was refused. Throws where no server answers. */
export async function ask(url: string, body?: URLSearchParams, signal?: AbortSignal): Promise<{ answer?: Response; refusal?: Refusal }> {
  const answer = await fetch(url, { method: body ? "POST" : "GET", body, redirect: "manual", cache: "no-store", credentials: "same-origin", signal });
  if (answer.type === "opaqueredirect") return { refusal: gone() };
  if (answer.ok) return { answer };
  if (!(answer.headers.get("Content-Type") || "").startsWith("application/problem+json")) throw new Error("HTTP " + answer.status);
  const doc = await answer.json();
  return { refusal: { code: doc.code, title: doc.title, do: doc.do || "", status: answer.status } };
}

/** Ends reports whether a refusal is about the look itself and not about one piece or one form. */
export const ends = (r: Refusal) =>
  r.status === 401 ||
  ["viewing.look_unknown", "marking.frozen", "viewing.held"].includes(r.code) ||
  (r.status === 403 && r.code !== "access.look_outside" && r.code !== "access.not_yours");

const two = (n: number) => (n < 10 ? "0" : "") + n;

/** Writes a time from the beginning: "0:12:07", with tenths where asked. */
export function elapsed(ms: number, tenths = false): string {
  const s = Math.floor(ms / 1000 + 1e-6);
  const text = Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  return tenths ? text + "." + Math.floor((ms % 1000) / 100) : text;
}

/** Writes the camera's own clock at a moment, "09:34:04"; "" where it is not known. Its face is Shanghai's. */
export function cameraClock(f: Facts, ms: number, seconds = true): string {
  if (!f.start) return "";
  return new Date(f.start + ms + 8 * 3600_000).toISOString().slice(11, seconds ? 19 : 16);
}

/** Reads "1:02:03", "02:03", "3.5" as milliseconds; NaN for anything else. */
export function readTime(text: string): number {
  const parts = text.trim().replace(/：/g, ":").split(":");
  if (parts.length > 3 || parts.some((p, i) => !(i === parts.length - 1 ? /^\d{1,5}(\.\d{1,3})?$/ : /^\d{1,3}$/).test(p))) return NaN;
  return Math.round(parts.reduce((sum, p) => sum * 60 + Number(p), 0) * 1000);
}
