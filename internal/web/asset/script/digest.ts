import { SHA256 } from "./sha256";

// The worker that computes digests: takes {id, file}, answers {id, done} as it goes and {id, hex} or {id, error} at the
// end. {stop: id} gives a file up. It reads 4 MiB at a time.
const piece = 4 << 20;
const stopped = new Set<number>();
const me = self as unknown as { onmessage: (e: MessageEvent) => void; postMessage(m: unknown): void };

me.onmessage = (e) => {
  if (e.data.stop !== undefined) stopped.add(e.data.stop);
  else void digest(e.data.id, e.data.file);
};

async function digest(id: number, file: File): Promise<void> {
  try {
    const sum = new SHA256();
    for (let at = 0; at < file.size; at += piece) {
      if (stopped.delete(id)) return;
      sum.update(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()));
      me.postMessage({ id, done: Math.min(at + piece, file.size) });
    }
    me.postMessage({ id, hex: sum.hex() });
  } catch (err) {
    me.postMessage({ id, error: String(err) });
  }
}
export {};
