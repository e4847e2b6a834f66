// Files that a reader has dropped, with their paths inside the dropped folders.
export interface Picked {
  file: File;
  path: string;
}

/** Takes what an <input type=file> holds. */
export function fromInput(input: HTMLInputElement): Picked[] {
  return Array.from(input.files || []).map((file) => ({ file, path: (file as { webkitRelativePath?: string }).webkitRelativePath || file.name }));
}

/** Takes what was dropped and walks through folders. */
export async function fromDrop(data: DataTransfer): Promise<Picked[]> {
  const entries = Array.from(data.items)
    .map((i) => i.webkitGetAsEntry?.())
    .filter((e): e is FileSystemEntry => Boolean(e));
  if (entries.length === 0) return Array.from(data.files).map((file) => ({ file, path: file.name }));
  const out: Picked[] = [];
  for (const e of entries) await walk(e, "", out);
  return out;
}

async function walk(e: FileSystemEntry, under: string, out: Picked[]): Promise<void> {
  const path = under + e.name;
  if (e.isFile) {
    out.push({ path, file: await new Promise<File>((ok, no) => (e as FileSystemFileEntry).file(ok, no)) });
    return;
  }
  const reader = (e as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((ok, no) => reader.readEntries(ok, no));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, path + "/", out);
  }
}
