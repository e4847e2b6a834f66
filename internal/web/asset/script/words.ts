// The words that scripts show. The server writes them into the page as JSON, so that no text lives outside the
// catalogues.
let table: Record<string, string> | undefined;

/** Gives the text of a key with {0} or {name} filled in; the key itself if the page does not carry it. */
export function word(key: string, args: Record<string, string | number> = {}): string {
  if (!table) {
    table = {};
    document.querySelectorAll<HTMLScriptElement>("script[data-zl-words]").forEach((s) => Object.assign(table!, JSON.parse(s.textContent || "{}")));
  }
  const text = table[key] ?? table[key.replace(/\.one$/, "")]; // a language that does not count has no form for one
  if (text === undefined) return key;
  return text.replace(/\{([a-z0-9_]+)\}/g, (_, name: string) => String(args[name] ?? ""));
}

const two = (n: number) => (n < 10 ? "0" : "") + n;

/** Writes a span in whole seconds as the server does: two units at most. */
export function span(seconds: number): string {
  const s = Math.floor(seconds);
  const pair = (both: string, one: string, a: number, b: string | number) =>
    Number(b) === 0 ? word(a === 1 ? one + ".one" : one, { 0: a }) : word(both, { 0: a, 1: b });
  if (s >= 72 * 3600) return pair("time.day_hour", "time.days", Math.floor(s / 86400), Math.floor((s % 86400) / 3600));
  if (s >= 3600) return pair("time.hour_minute", "time.hours", Math.floor(s / 3600), two(Math.floor((s % 3600) / 60)));
  if (s >= 60) return pair("time.minute_second", "time.minutes", Math.floor(s / 60), two(s % 60));
  return word("time.seconds", { 0: s });
}

/** Writes an amount of bytes as the server does: 1 KB is 1,024 bytes, three figures at most. */
export function size(bytes: number): string {
  if (bytes < 1024) return word(bytes === 1 ? "size.bytes.one" : "size.bytes", { 0: bytes });
  const units = ["KB", "MB", "GB", "TB", "PB"];
  let v = bytes / 1024;
  let u = 0;
  while (v >= 999.5 && u < units.length - 1) {
    v /= 1024;
    u++;
  }
  const digits = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;
  return String(Number(v.toFixed(digits))) + " " + units[u];
}

/** Says something to readers who cannot see it happen. */
export function say(text: string): void {
  const live = document.getElementById("zl-say");
  if (live) live.textContent = text;
}
