import { SHA256 } from "../sha256";
import { entryProof, openCheckpoint, receipt, sha256hex, trusted, utf8, type Trust } from "./proof";

// The page that checks an evidence disc in a browser without network (docs/formats/disc-v1.md). It reads nothing but the files that its
// reader picked, and believes no key but the one whose fingerprint the reader has on paper.

type Listed = { name: string; size: number; sha256: string };
type Recorded = { file: string; kind: string; original_name: string; name: string; size: number; sha256: string; receipt: string };
type Manifest = {
  format: string; id: string; number: string; origin: string; bureau: string; case: { no: string; title: string };
  made_by: { account: string; name: string }; request: { id: string; no: number }; recordings: Recorded[]; files: Listed[];
};
type Picked = { path: string; file: File };
type Wrong = { what: string; name: string };

const piece = 4 << 20;
const $ = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const el = (tag: string, text: string, cls = ""): HTMLElement => {
  const e = document.createElement(tag);
  e.textContent = text;
  if (cls) e.className = cls;
  return e;
};
/** Shows control characters and those that turn the reading direction, so that no name can pass for another. */
const visible = (s: string): string => s.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
const size = (n: number): string => (n >= 1 << 30 ? (n / (1 << 30)).toFixed(2) + " GB" : n >= 1 << 20 ? (n / (1 << 20)).toFixed(1) + " MB" : n + " 字节");

let busy = false;

async function digest(f: File, step: (n: number) => void): Promise<string> {
  const sum = new SHA256();
  for (let at = 0; at < f.size; at += piece) {
    const part = new Uint8Array(await f.slice(at, at + piece).arrayBuffer());
    sum.update(part);
    step(part.length);
  }
  return sum.hex();
}

/** Finds the disc among what was picked: the folder that holds its manifest, which may be the payload of a bag. */
async function rooted(all: Picked[]): Promise<{ files: Map<string, File>; beside: string[]; text: string; m: Manifest } | null> {
  const heads = all.filter((p) => /(^|\/)manifest\.json$/.test(p.path)).sort((a, b) => a.path.length - b.path.length);
  for (const h of heads) {
    if (h.file.size > 16 << 20) continue;
    const text = await h.file.text();
    let m: Manifest;
    try {
      m = JSON.parse(text);
    } catch {
      continue;
    }
    if (m.format !== "zhilu-disc/v1" || !Array.isArray(m.files) || !Array.isArray(m.recordings)) continue;
    const root = h.path.slice(0, -"manifest.json".length);
    const bag = root.endsWith("data/") ? root.slice(0, -"data/".length) : null;
    const files = new Map<string, File>();
    const beside: string[] = [];
    for (const p of all) {
      if (p.path.startsWith(root)) files.set(p.path.slice(root.length), p.file);
      else if (bag === null || !["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"].includes(p.path.slice(bag.length))) beside.push(p.path);
    }
    return { files, beside, text, m };
  }
  return null;
}

async function check(all: Picked[]): Promise<void> {
  if (busy) return;
  busy = true;
  $("result").replaceChildren();
  $("progress").hidden = false;
  try {
    await verify(all);
  } catch (err) {
    verdict("bad", "没有核对完", "读取文件出错：" + visible(String(err)) + "。光盘可能有划痕，换一个光驱或者复制到硬盘再试。");
  } finally {
    $("progress").hidden = true;
    busy = false;
  }
}

async function verify(all: Picked[]): Promise<void> {
  const disc = await rooted(all);
  if (!disc) {
    verdict("bad", "这不是证据光盘", "选中的文件夹里没有 manifest.json。请选中整张光盘，或者复制出来的整个文件夹。");
    return;
  }
  const { files, m } = disc;
  const wrong: Wrong[] = disc.beside.map((name) => ({ what: "增加", name }));
  const bar = $<HTMLProgressElement>("bar");
  const total = m.files.reduce((n, f) => n + f.size, 0);
  let done = 0;
  const begun = Date.now();
  const step = (n: number): void => {
    done += n;
    bar.value = total ? Math.min(done / total, 1) : 1;
    const rate = done / Math.max((Date.now() - begun) / 1000, 0.1);
    $("said").textContent = "已读 " + size(done) + "，共 " + size(total) + "，每秒 " + size(rate);
  };
  const listed = new Set(["manifest.json", "disc.json"]);
  for (const f of m.files) {
    listed.add(f.name);
    const have = files.get(f.name);
    if (!have) wrong.push({ what: "缺少", name: f.name });
    else if (have.size !== f.size || (await digest(have, step)) !== f.sha256) wrong.push({ what: "改动", name: f.name });
  }
  files.forEach((_, name) => {
    if (!listed.has(name)) wrong.push({ what: "增加", name });
  });
  for (const r of m.recordings) if (!m.files.some((f) => f.name === r.name && f.size === r.size && f.sha256 === r.sha256)) wrong.push({ what: "清单不符", name: r.name });
  const read = async (name: string): Promise<string> => {
    const f = files.get(name);
    return f && f.size <= 4 << 20 ? await f.text() : "";
  };

  // The keys on the disc count only if the paper says so.
  const keys = await read("log/trust.json");
  const print = sha256hex(utf8(keys)).toUpperCase();
  const typed = $<HTMLInputElement>("fingerprint").value.replace(/[^0-9a-fA-F]/g, "").toUpperCase();
  let signer: "yes" | "no" | "unknown" = typed === "" ? "unknown" : typed === print ? "yes" : "no";
  let trust: Trust | null = null;
  try {
    trust = JSON.parse(keys) as Trust;
    if (trust.format !== "zhilu-trust/v1" || trust.origin !== m.origin || !Array.isArray(trust.keys)) trust = null;
  } catch {
    trust = null;
  }
  let inLog: "yes" | "no" | "waiting" = "yes";
  const judge = (found: { inLog: string; key: Uint8Array | null; at: number }, name: string): void => {
    if (found.inLog === "waiting" && inLog === "yes") inLog = "waiting";
    if (found.inLog === "no") {
      inLog = "no";
      wrong.push({ what: "日志证明不成立", name });
    }
    if (found.key && (!trust || !trusted(trust, "log", found.key, found.at))) {
      signer = "no";
      wrong.push({ what: "签名的公钥不在公钥文件里", name });
    }
  };

  const entry = entryProof(await read("disc.json"), m.origin);
  if (!files.has("disc.json")) wrong.push({ what: "缺少", name: "disc.json" });
  else if (!entry.ok) wrong.push({ what: "改动", name: "disc.json" });
  else {
    const want: [string, string][] = [
      ["action", "disc.make"], ["outcome", "done"], ["subject.kind", "disc"], ["subject.id", m.id], ["actor.id", m.made_by.account],
      ["detail.number", JSON.stringify(m.number)], ["detail.request", JSON.stringify(m.request.id)], ["detail.manifest_sha256", JSON.stringify(sha256hex(utf8(disc.text)))],
    ];
    for (const [k, v] of want) if (entry.opened.get(k) !== v) wrong.push({ what: k === "detail.manifest_sha256" ? "改动" : "与存证条目不符（" + k + "）", name: "manifest.json" });
  }
  judge(entry, "disc.json");
  for (const r of m.recordings) {
    if (!r.receipt) continue;
    const found = receipt(await read(r.receipt), m.origin);
    if (!found.ok || found.file !== r.file || (r.kind === "original" && (found.sha256 !== r.sha256 || found.size !== r.size))) wrong.push({ what: "回执不符", name: r.receipt });
    else if (found.signer && (!trust || !trusted(trust, "receipt", found.signer, Math.max(found.position, 0)))) {
      signer = "no";
      wrong.push({ what: "签名的公钥不在公钥文件里", name: r.receipt });
    }
    judge(found, r.receipt);
  }
  for (const f of m.files) {
    if (!f.name.startsWith("proofs/")) continue;
    const found = entryProof(await read(f.name), m.origin);
    if (!found.ok) wrong.push({ what: "改动", name: f.name });
    judge(found, f.name);
  }
  const note = await read("log/checkpoint");
  const head = trust && trust.keys.map((k) => (k.kind === "log" && k.verifier ? openCheckpoint(note, k.verifier) : null)).find((h) => h);
  if (!head || head.origin !== m.origin) {
    inLog = "no";
    wrong.push({ what: "日志签名不成立", name: "log/checkpoint" });
  }
  if (signer === "no" && typed !== "" && typed !== print) wrong.push({ what: "指纹与输入的不一致", name: "log/trust.json" });
  show(m, wrong, signer, inLog, print, head ? head.size : 0, note.split("\n")[2] || "");
}

function verdict(tone: string, title: string, text: string): void {
  const box = el("div", "", "verdict " + tone);
  box.append(el("h2", title), el("p", text));
  $("result").append(box);
  box.tabIndex = -1;
  box.focus();
}

function show(m: Manifest, wrong: Wrong[], signer: string, inLog: string, print: string, logSize: number, root: string): void {
  const broken = wrong.length > 0;
  if (broken) verdict("bad", "不符：" + wrong.length + " 处", "下面逐个列出。这张光盘不能作为没有改动的证据使用，请向出具单位查询。");
  else if (signer === "unknown") verdict("wait", "没有改动，但还不知道是谁出具的", "请从纸面上取得公钥文件的指纹，输入后再核对一次。");
  else if (inLog === "waiting") verdict("good", "没有改动，签名可信", "有回执还没有排进存证日志，期限未到。");
  else verdict("good", "没有改动，签名可信，在存证日志中", "光盘上的文件与出具时完全一致。");
  const out = $("result");
  if (broken) {
    const table = el("table", "");
    const head = el("tr", "");
    head.append(el("th", "问题"), el("th", "文件"));
    table.append(head);
    for (const w of wrong.slice(0, 500)) {
      const row = el("tr", "");
      row.append(el("td", w.what), el("td", visible(w.name), "name"));
      table.append(row);
    }
    out.append(table);
  }
  const list = el("dl", "");
  const groups = (print.match(/.{4}/g) || []).join(" ");
  const say = (k: string, v: string, cls = ""): void => list.append(el("dt", k), el("dd", visible(v), cls));
  say("文件没有改动、缺少、增加", broken ? "否" : "是");
  say("签名可信", signer === "yes" ? "是，指纹与输入的一致" : signer === "no" ? "否" : "不知道（没有输入指纹）");
  say("在存证日志中", inLog === "yes" ? "是" : inLog === "waiting" ? "尚未，期限未到" : "否");
  say("光盘编号", m.number);
  say("单位", m.bureau);
  say("案件", m.case.no + "　" + m.case.title);
  say("制作人员", m.made_by.name);
  say("依据的申请", "第 " + m.request.no + " 号");
  say("音像", m.recordings.length + " 个；文件共 " + m.files.length + " 个");
  say("光盘上公钥文件的指纹", groups, "mono");
  say("存证日志条数", String(logSize), "mono");
  say("存证日志根值", root, "mono");
  out.append(list);
}

const pathOf = (f: File): string => ((f as File & { webkitRelativePath?: string }).webkitRelativePath || f.name).replace(/^\/+/, "");

/** Walks what was dropped: folders with everything in them. */
async function walk(entry: FileSystemEntry, path: string, out: Picked[]): Promise<void> {
  if (entry.isFile) {
    out.push({ path: path + entry.name, file: await new Promise((ok, no) => (entry as FileSystemFileEntry).file(ok, no)) });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((ok, no) => reader.readEntries(ok, no));
    if (some.length === 0) return;
    for (const e of some) await walk(e, path + entry.name + "/", out);
  }
}

$("folder").addEventListener("change", () => {
  const input = $<HTMLInputElement>("folder");
  const all = Array.from(input.files || []).map((file) => ({ path: pathOf(file), file }));
  input.value = "";
  if (all.length > 0) void check(all);
});
$("pick").addEventListener("click", () => $("folder").click());
document.addEventListener("dragover", (e) => e.preventDefault());
document.addEventListener("drop", (e) => {
  e.preventDefault();
  const entries = Array.from(e.dataTransfer ? e.dataTransfer.items : [])
    .map((i) => i.webkitGetAsEntry())
    .filter((x): x is FileSystemEntry => x !== null);
  void (async () => {
    const out: Picked[] = [];
    for (const x of entries) await walk(x, "", out);
    if (out.length > 0) await check(out);
  })();
});
