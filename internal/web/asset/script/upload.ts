import { kept } from "./kept";
import { fromDrop, fromInput, type Picked } from "./pick";
import { Transfer } from "./transfer";
import { say, size, span, word } from "./words";

// <zl-upload endpoint worker icons card handed>: takes a folder or files, computes each digest in a worker, sends them by tus,
// several at once, and shows how it goes. It can be paused, and goes on after a reload when the same files are chosen.
const atOnce = 3;
const icons: Record<string, [string, string]> = {
  waiting: ["circle-dashed", "is-none"],
  ready: ["circle-dashed", "is-none"],
  hashing: ["hash", ""],
  sending: ["upload", ""],
  sealing: ["lock", ""],
  received: ["clock", "is-due"],
  done: ["circle-check", "is-ok"],
  duplicate: ["files", "is-ok"],
  left: ["circle-minus", "is-none"],
  failed: ["circle-x", "is-late"],
};

interface Row {
  line: HTMLTableRowElement;
  state: HTMLElement;
  bar: SVGRectElement;
  amount: HTMLElement;
  button: HTMLButtonElement;
  shown: string;
}

class UploadBox extends HTMLElement {
  private all: Transfer[] = [];
  private rows = new Map<Transfer, Row>();
  private paused = false;
  private worker?: Worker;
  private hashing?: Transfer;
  private next = 1;
  private drawn = 0;
  private rates: Array<{ t: number; sent: number }> = [];
  private told = false;

  connectedCallback(): void {
    const drop = this.part("drop");
    drop.hidden = false;
    this.querySelectorAll<HTMLInputElement>("input[type=file]").forEach((i) =>
      i.addEventListener("change", () => {
        this.add(fromInput(i));
        i.value = "";
      }),
    );
    this.querySelectorAll<HTMLButtonElement>("button[data-pick]").forEach((b) => b.addEventListener("click", () => this.querySelector<HTMLInputElement>(`input[data-for="${b.dataset.pick}"]`)?.click()));
    for (const kind of ["dragenter", "dragover"])
      drop.addEventListener(kind, (e) => {
        e.preventDefault();
        drop.classList.add("is-over");
      });
    drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
    drop.addEventListener("drop", (e) => {
      e.preventDefault();
      drop.classList.remove("is-over");
      if (e.dataTransfer) void fromDrop(e.dataTransfer).then((p) => this.add(p));
    });
    this.part("pause").addEventListener("click", () => this.pause(!this.paused));
    this.part("forget").addEventListener("click", () => {
      kept.clear();
      this.remind();
    });
    window.addEventListener("online", () => this.again());
    window.addEventListener("offline", () => this.draw());
    window.addEventListener("beforeunload", (e) => {
      if (!this.all.some((t) => t.active)) return;
      e.preventDefault();
      e.returnValue = word("upload.leave");
    });
    this.remind();
  }

  private part(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
  }

  /** Shows what is left over from before a reload and has not been chosen again. */
  private remind(): void {
    const waiting = kept.all().filter((k) => !this.all.some((t) => t.url === k.url));
    this.part("again").hidden = waiting.length === 0;
    this.part("again-text").textContent = word("upload.repick_note", { n: waiting.length });
    this.part("again-list").textContent = waiting.slice(0, 5).map((k) => k.path).join("  ") + (waiting.length > 5 ? " …" : "");
  }

  private add(picked: Picked[]): void {
    const card = this.getAttribute("card") || (crypto as { randomUUID?: () => string }).randomUUID?.() || uuid();
    picked.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const p of picked) {
      const mark = { path: p.path, size: p.file.size, modified: p.file.lastModified };
      const same = (t: Transfer) => JSON.stringify(t.mark()) === JSON.stringify(mark);
      if (this.all.some(same)) continue;
      const t = new Transfer(this.next++, p, card, this.getAttribute("handed") || "");
      this.all.push(t);
      this.row(t);
    }
    this.told = false;
    this.remind();
    this.go();
  }

  private row(t: Transfer): void {
    const tpl = this.querySelector<HTMLTemplateElement>("template")!;
    const line = (tpl.content.cloneNode(true) as DocumentFragment).querySelector("tr")!;
    const get = <E extends Element>(n: string) => line.querySelector<E>(`[data-cell="${n}"]`)!;
    get("name").textContent = t.picked.path;
    get("size").textContent = size(t.size);
    const button = get<HTMLButtonElement>("button");
    button.addEventListener("click", () => this.press(t));
    this.rows.set(t, { line, state: get("state"), bar: line.querySelector("rect")!, amount: get("amount"), button, shown: "" });
    this.part("rows").append(line);
  }

  private press(t: Transfer): void {
    if (t.state === "failed") {
      t.state = t.sha256 ? "ready" : "waiting";
      this.go();
      return;
    }
    t.pause();
    if (t === this.hashing) {
      this.worker?.postMessage({ stop: t.id });
      this.hashing = undefined;
    }
    this.all = this.all.filter((o) => o !== t);
    this.rows.get(t)?.line.remove();
    this.rows.delete(t);
    this.go();
  }

  private pause(yes: boolean): void {
    this.paused = yes;
    if (yes) this.all.forEach((t) => t.pause());
    else this.again();
    this.rates = [];
    this.go();
  }

  /** Takes up what failed for want of network or of a session. */
  private again(): void {
    for (const t of this.all) if (t.state === "failed" && (t.reason === "upload.err_network" || t.reason === "upload.err_signin")) t.state = "ready";
    this.go();
  }

  private go(): void {
    if (!this.paused) {
      this.hash();
      let busy = this.all.filter((t) => t.state === "sending" || t.state === "sealing").length;
      for (const t of this.all) {
        if (busy >= atOnce) break;
        if (t.state !== "ready") continue;
        busy++;
        t.send(this.getAttribute("endpoint")!, () => this.changed(t));
      }
    }
    this.draw();
  }

  private changed(t: Transfer): void {
    if (t.finished || t.state === "failed") this.go();
    else if (performance.now() - this.drawn > 200) this.draw();
  }

  /** Computes digests one file at a time, a little ahead of what is being sent. */
  private hash(): void {
    if (this.hashing || this.all.filter((t) => t.state === "ready").length >= atOnce) return;
    const t = this.all.find((o) => o.state === "waiting");
    if (!t) return;
    if (!this.worker) {
      this.worker = new Worker(this.getAttribute("worker")!);
      this.worker.onmessage = (e) => this.hashed(e.data);
    }
    this.hashing = t;
    t.state = "hashing";
    this.worker.postMessage({ id: t.id, file: t.picked.file });
  }

  private hashed(m: { id: number; done?: number; hex?: string; error?: string }): void {
    const t = this.hashing;
    if (!t || t.id !== m.id) return;
    if (m.done !== undefined) {
      t.hashed = m.done;
      if (performance.now() - this.drawn > 200) this.draw();
      return;
    }
    this.hashing = undefined;
    if (m.hex) {
      t.sha256 = m.hex;
      t.state = "ready";
    } else {
      t.state = "failed";
      t.reason = "upload.err_read";
    }
    this.go();
  }

  private draw(): void {
    this.drawn = performance.now();
    for (const [t, r] of this.rows) this.drawRow(t, r);
    const sum = this.part("sum");
    sum.hidden = this.all.length === 0;
    this.part("list").hidden = this.all.length === 0;
    const done = this.all.filter((t) => t.finished).length;
    const failed = this.all.filter((t) => t.state === "failed").length;
    const bytes = this.all.reduce((n, t) => n + t.sent, 0);
    const whole = this.all.reduce((n, t) => n + t.size, 0);
    this.part("total").textContent = word("upload.total", { done, all: this.all.length, bytes: size(bytes), size: size(whole) });
    this.part("rate").textContent = this.line(bytes, whole, done, failed);
    sum.querySelector("rect")!.setAttribute("width", (whole ? (bytes * 100) / whole : done ? 100 : 0).toFixed(1) + "%");
    const pause = this.part("pause") as HTMLButtonElement;
    pause.hidden = done + failed === this.all.length && !this.paused;
    pause.textContent = word(this.paused ? "upload.resume" : "upload.pause");
    if (done + failed === this.all.length && this.all.length > 0 && !this.told) {
      this.told = true;
      say(this.part("rate").textContent || "");
      // The page lists what arrived for a handing in; a failed file stays here, to be tried again.
      if (this.getAttribute("handed") && failed === 0) setTimeout(() => location.reload(), 2000);
    }
  }

  private line(bytes: number, whole: number, done: number, failed: number): string {
    if (this.all.length === 0) return "";
    if (failed > 0 && done + failed === this.all.length) return word("upload.some_failed", { n: failed });
    if (done === this.all.length) return word(this.all.some((t) => t.state === "received") ? "upload.received" : "upload.all_done", { n: done });
    if (this.paused) return word("upload.paused");
    if (!navigator.onLine) return word("upload.net_lost");
    const now = performance.now();
    this.rates.push({ t: now, sent: bytes });
    while (this.rates.length > 2 && now - this.rates[0].t > 10000) this.rates.shift();
    const first = this.rates[0];
    const rate = now - first.t > 800 ? ((bytes - first.sent) * 1000) / (now - first.t) : 0;
    if (rate <= 0) return word(this.hashing ? "upload.hashing" : "upload.sending");
    return word("upload.rate", { rate: size(Math.round(rate)), left: span((whole - bytes) / rate) });
  }

  private drawRow(t: Transfer, r: Row): void {
    const part = t.state === "hashing" ? t.hashed : t.sent;
    const share = t.size ? (part * 100) / t.size : t.finished ? 100 : 0;
    const shown = [t.state, t.reason, t.detail, share.toFixed(1), this.paused].join("|");
    if (shown === r.shown) return;
    r.shown = shown;
    const [icon, tone] = icons[t.state];
    const waits = t.state === "ready" ? (this.paused && t.sent > 0 ? "upload.paused" : "upload.waiting") : "upload." + ({ left: "left_on_card" }[t.state as string] || t.state);
    r.state.className = "zl-st " + tone;
    r.state.querySelector("use")!.setAttribute("href", this.getAttribute("icons") + "#i-" + icon);
    r.state.querySelector("[data-cell=text]")!.textContent = t.state === "failed" ? word(t.reason, { reason: t.detail }) : word(waits);
    r.bar.setAttribute("width", share.toFixed(1) + "%");
    r.amount.textContent = t.finished || t.state === "waiting" ? "" : share.toFixed(0) + "%";
    const what = t.state === "failed" ? "upload.retry" : "upload.remove";
    r.button.hidden = t.finished || t.state === "sealing";
    r.button.textContent = word(what);
    r.button.setAttribute("aria-label", word(what) + " " + t.picked.path);
  }
}

function uuid(): string {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const x = Array.from(b, (v) => v.toString(16).padStart(2, "0")).join("");
  return [x.slice(0, 8), x.slice(8, 12), x.slice(12, 16), x.slice(16, 20), x.slice(20)].join("-");
}

customElements.define("zl-upload", UploadBox);
