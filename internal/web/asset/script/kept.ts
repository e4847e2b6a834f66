// What survives a reload: for every upload that is not finished, where it goes on and what its digest is. The browser
// cannot open a file again by itself, so the reader is asked to choose it again; it is known by path, size and time.

export interface Kept {
  path: string;
  size: number;
  modified: number;
  url: string;
  sha256: string;
  card: string;
}

const name = "zl-upload";

function read(): Record<string, Kept> {
  try {
    return JSON.parse(localStorage.getItem(name) || "{}");
  } catch {
    return {};
  }
}

function write(all: Record<string, Kept>): void {
  try {
    if (Object.keys(all).length === 0) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(all));
  } catch {
    // Without storage an upload still works; it only cannot go on after a reload.
  }
}

const key = (k: { path: string; size: number; modified: number }) => [k.path, k.size, k.modified].join("|");

export const kept = {
  all: (): Kept[] => Object.values(read()),
  find: (k: { path: string; size: number; modified: number }): Kept | undefined => read()[key(k)],
  put(k: Kept): void {
    const all = read();
    all[key(k)] = k;
    write(all);
  },
  drop(k: { path: string; size: number; modified: number }): void {
    const all = read();
    delete all[key(k)];
    write(all);
  },
  clear: () => write({}),
};
