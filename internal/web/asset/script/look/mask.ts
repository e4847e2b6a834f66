import { say, word } from "../words";
import { ask, elapsed, ends, readTime, type Facts, type Refusal } from "./facts";

interface Point {
  at_ms: number;
  x: number;
  y: number;
  w: number;
  h: number;
}

interface Region {
  kind: string;
  points: Point[];
  until_ms: number;
}

interface Sound {
  kind: string;
  from_ms: number;
  to_ms: number;
}

interface Plan {
  from_ms: number;
  to_ms: number;
  regions: Region[];
  sounds: Sound[];
}

/** Host is the player under the editor. */
export interface MaskHost extends HTMLElement {
  readonly at: number;
  readonly shown: Facts | undefined;
  go(ms: number): void;
  end(r: Refusal): void;
}

const step = 0.01; // of the picture, for one press of an arrow
const least = 0.01;
const round = (v: number) => Math.round(v * 1e4) / 1e4;

// <zl-mask base copy href plan fixed>: regions drawn over the picture, with the list of them as another way to everything
// that can be dragged. It knows where the picture lies; what is hidden in the copy is the server's.
class Mask extends HTMLElement {
  private plan!: Plan;
  private host!: MaskHost;
  private layer!: HTMLElement;
  private picked = -1;
  private unsaved = false;
  private drawn = ""; // what the layer shows
  private boxes: HTMLElement[] = [];
  private fixed = false;

  connectedCallback(): void {
    this.plan = JSON.parse(this.getAttribute("plan")!);
    this.plan.regions ||= [];
    this.plan.sounds ||= [];
    this.fixed = this.hasAttribute("fixed");
    this.host = this.closest("zl-look") as MaskHost;
    this.layer = this.host.querySelector<HTMLElement>("[data-part=mask-layer]")!;
    this.addEventListener("click", (e) => {
      const does = (e.target as Element).closest<HTMLElement>("[data-mask-do]")?.dataset.maskDo;
      if (does) void this.act(does);
    });
    for (const [id, key] of [["mask-from", "from_ms"], ["mask-to", "to_ms"]] as const) {
      const field = this.field(id);
      field.addEventListener("change", () => this.time(field, (ms) => (this.plan[key] = ms)));
    }
    this.host.addEventListener("keydown", (e) => this.clipKeys(e));
    this.addEventListener("input", () => (this.unsaved = true));
    window.addEventListener("beforeunload", (e) => this.unsaved && e.preventDefault());
    if (!this.fixed) this.draws();
    const begin = () => {
      const f = this.host.shown;
      if (!f || f.last <= f.first) return window.setTimeout(begin, 200);
      if (!this.plan.to_ms) this.plan.to_ms = Math.floor(f.last);
      if (this.plan.from_ms < f.first) this.plan.from_ms = Math.ceil(f.first);
      this.whole();
      const turn = () => {
        if (this.host.classList.contains("is-over")) return this.clear();
        this.show();
        requestAnimationFrame(turn);
      };
      requestAnimationFrame(turn);
    };
    begin();
  }

  private m(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-mask="${name}"]`)!;
  }

  private field(id: string): HTMLInputElement {
    return this.querySelector<HTMLInputElement>("#" + id)!;
  }

  private get now(): number {
    const f = this.host.shown!;
    return Math.round(Math.min(Math.max(this.host.at, f.first), f.last - 1));
  }

  /** Where the picture lies in the layer: a film that is not as wide as the screen has bars. */
  private frame(): { x: number; y: number; w: number; h: number } {
    const v = this.host.querySelector("video")!;
    const r = this.layer.getBoundingClientRect();
    const scale = Math.min(r.width / (v.videoWidth || 16), r.height / (v.videoHeight || 9));
    const w = (v.videoWidth || 16) * scale;
    const h = (v.videoHeight || 9) * scale;
    return { x: (r.width - w) / 2, y: (r.height - h) / 2, w, h };
  }

  /** Where a region stands at a moment; undefined while it hides nothing. As the server reckons it. */
  private place(r: Region, ms: number): Point | undefined {
    const pts = r.points;
    if (!pts.length || ms < pts[0].at_ms || ms >= (r.until_ms || this.plan.to_ms)) return undefined;
    const i = pts.findIndex((p) => p.at_ms > ms);
    if (i < 0) return pts[pts.length - 1];
    const a = pts[i - 1];
    const b = pts[i];
    const f = (ms - a.at_ms) / (b.at_ms - a.at_ms);
    const mix = (u: number, v: number) => u + (v - u) * f;
    return { at_ms: ms, x: mix(a.x, b.x), y: mix(a.y, b.y), w: mix(a.w, b.w), h: mix(a.h, b.h) };
  }

  /** Keeps a region inside the picture, and says so where it had to be. */
  private inside(p: Point): Point {
    const w = Math.min(Math.max(p.w, least), 1);
    const h = Math.min(Math.max(p.h, least), 1);
    const x = Math.min(Math.max(p.x, 0), 1 - w);
    const y = Math.min(Math.max(p.y, 0), 1 - h);
    if (Math.abs(x - p.x) + Math.abs(y - p.y) + Math.abs(w - p.w) + Math.abs(h - p.h) > 1e-6) this.note(word("redact.clamped"), true);
    return { at_ms: p.at_ms, x: round(x), y: round(y), w: round(w), h: round(h) };
  }

  /** Sets a keyframe at the moment that is seen. */
  private set(i: number, p: Point): void {
    const r = this.plan.regions[i];
    const q = this.inside({ ...p, at_ms: this.now });
    if (r.until_ms && q.at_ms >= r.until_ms) r.until_ms = Math.min(q.at_ms + 1000, this.plan.to_ms);
    const at = r.points.findIndex((x) => Math.abs(x.at_ms - q.at_ms) < 20);
    if (at >= 0) r.points[at] = { ...q, at_ms: r.points[at].at_ms };
    else r.points = [...r.points, q].sort((a, b) => a.at_ms - b.at_ms);
    this.unsaved = true;
  }

  /** Draws the regions of this moment. */
  private show(): void {
    const ms = this.now;
    const f = this.frame();
    const state = JSON.stringify([this.plan.regions, ms, f, this.picked]);
    if (state === this.drawn) return;
    this.drawn = state;
    while (this.boxes.length > this.plan.regions.length) this.boxes.pop()!.remove();
    while (this.boxes.length < this.plan.regions.length) this.boxes.push(this.box(this.boxes.length));
    this.plan.regions.forEach((r, i) => {
      const b = this.boxes[i];
      const p = this.place(r, ms);
      b.hidden = !p;
      if (!p) return;
      b.className = `zl-mask is-${r.kind}${i === this.picked ? " is-picked" : ""}`;
      b.setAttribute("aria-label", word("redact.region_at", { 0: i + 1, 1: word("redact.kind." + r.kind), 2: Math.round(p.x * 100), 3: Math.round(p.y * 100) }));
      b.style.left = f.x + p.x * f.w + "px";
      b.style.top = f.y + p.y * f.h + "px";
      b.style.width = p.w * f.w + "px";
      b.style.height = p.h * f.h + "px";
    });
  }

  private box(i: number): HTMLElement {
    const b = document.createElement("button");
    b.type = "button";
    b.dataset.region = String(i);
    const n = document.createElement("span");
    n.textContent = String(i + 1);
    const grip = document.createElement("i");
    b.append(n, grip);
    b.addEventListener("focus", () => (this.picked = Number(b.dataset.region)));
    b.addEventListener("keydown", (e) => this.boxKeys(e, Number(b.dataset.region)));
    this.layer.append(b);
    return b;
  }

  private boxKeys(e: KeyboardEvent, i: number): void {
    if (this.fixed || e.ctrlKey || e.altKey || e.metaKey) return;
    const p = this.place(this.plan.regions[i], this.now);
    if (!p) return;
    const dx = e.key === "ArrowRight" ? step : e.key === "ArrowLeft" ? -step : 0;
    const dy = e.key === "ArrowDown" ? step : e.key === "ArrowUp" ? -step : 0;
    const key = e.key.toLowerCase();
    if (dx || dy) this.set(i, e.shiftKey ? { ...p, w: p.w + dx, h: p.h + dy } : { ...p, x: p.x + dx, y: p.y + dy });
    else if (key === "k") {
      this.set(i, p);
      say(word("redact.point_set", { 0: i + 1, 1: elapsed(this.now, true) }));
    } else if (key === "delete" || key === "backspace") return void (e.preventDefault(), e.stopPropagation(), this.remove(i));
    else return;
    e.preventDefault();
    e.stopPropagation();
    this.regions();
  }

  private clipKeys(e: KeyboardEvent): void {
    const t = e.target as HTMLElement;
    if (this.fixed || e.ctrlKey || e.altKey || e.metaKey || t.closest("input:not([type=range]), textarea, select")) return;
    if (e.key === "[" || e.key === "【") void this.act("in");
    else if (e.key === "]" || e.key === "】") void this.act("out");
    else return;
    e.preventDefault();
  }

  /** Drawing, moving and sizing with a mouse, a pen or a finger. */
  private draws(): void {
    let held: { kind: "new" | "move" | "size"; i: number; x: number; y: number; from: Point } | undefined;
    const at = (e: PointerEvent) => {
      const r = this.layer.getBoundingClientRect();
      const f = this.frame();
      return { x: (e.clientX - r.left - f.x) / f.w, y: (e.clientY - r.top - f.y) / f.h };
    };
    this.layer.addEventListener("click", (e) => e.stopPropagation());
    this.layer.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || !this.host.shown) return;
      this.host.querySelector("video")!.pause();
      const p = at(e);
      const hit = (e.target as Element).closest<HTMLElement>("[data-region]");
      if (hit) {
        const i = Number(hit.dataset.region);
        const from = this.place(this.plan.regions[i], this.now);
        if (!from) return;
        held = { kind: (e.target as Element).tagName === "I" ? "size" : "move", i, ...p, from };
        this.picked = i;
        hit.focus({ preventScroll: true });
      } else {
        const x = Math.min(Math.max(p.x, 0), 1);
        const y = Math.min(Math.max(p.y, 0), 1);
        this.plan.regions.push({ kind: this.kind, points: [{ at_ms: this.now, x, y, w: 0, h: 0 }], until_ms: this.plan.to_ms });
        held = { kind: "new", i: this.plan.regions.length - 1, x, y, from: this.plan.regions[this.plan.regions.length - 1].points[0] };
        this.picked = held.i;
      }
      this.layer.setPointerCapture(e.pointerId);
      e.preventDefault();
    });
    this.layer.addEventListener("pointermove", (e) => {
      if (!held) return;
      const p = at(e);
      const dx = p.x - held.x;
      const dy = p.y - held.y;
      if (held.kind === "new") {
        const x0 = Math.min(Math.max(Math.min(held.x, p.x), 0), 1);
        const y0 = Math.min(Math.max(Math.min(held.y, p.y), 0), 1);
        const x1 = Math.min(Math.max(Math.max(held.x, p.x), 0), 1);
        const y1 = Math.min(Math.max(Math.max(held.y, p.y), 0), 1);
        this.plan.regions[held.i].points[0] = { at_ms: held.from.at_ms, x: round(x0), y: round(y0), w: round(x1 - x0), h: round(y1 - y0) };
      } else if (Math.abs(dx) + Math.abs(dy) > 0.002) {
        this.set(held.i, held.kind === "size" ? { ...held.from, w: held.from.w + dx, h: held.from.h + dy } : { ...held.from, x: held.from.x + dx, y: held.from.y + dy });
      }
    });
    const end = () => {
      if (!held) return;
      const was = held;
      held = undefined;
      if (was.kind === "new") {
        const p = this.plan.regions[was.i].points[0];
        if (p.w < least || p.h < least) {
          this.plan.regions.splice(was.i, 1);
          this.picked = -1;
        } else {
          this.unsaved = true;
          say(word("redact.drawn", { 0: was.i + 1 }));
        }
      }
      this.regions();
    };
    for (const name of ["pointerup", "pointercancel"]) this.layer.addEventListener(name, end);
  }

  private get kind(): string {
    return this.querySelector<HTMLInputElement>("[name=mask-kind]:checked")?.value || "box";
  }

  private async act(does: string): Promise<void> {
    const f = this.host.shown;
    if (!f) return;
    switch (does) {
      case "add":
        this.plan.regions.push({ kind: this.kind, points: [{ at_ms: this.now, x: 0.4, y: 0.4, w: 0.2, h: 0.2 }], until_ms: this.plan.to_ms });
        this.picked = this.plan.regions.length - 1;
        this.unsaved = true;
        this.regions();
        this.show();
        return this.boxes[this.picked].focus();
      case "in":
        this.plan.from_ms = this.now;
        if (this.plan.to_ms <= this.plan.from_ms) this.plan.to_ms = Math.floor(f.last);
        this.unsaved = true;
        this.clip();
        return say(word("redact.in_set", { 0: elapsed(this.now, true) }));
      case "out":
        this.plan.to_ms = Math.max(this.now, this.plan.from_ms + 1);
        for (const r of this.plan.regions) {
          if (r.until_ms <= this.plan.to_ms) continue;
          r.until_ms = this.plan.to_ms;
          r.points = r.points.filter((p, i) => !i || p.at_ms < r.until_ms); // a keyframe behind the end says nothing
        }
        this.unsaved = true;
        this.clip();
        this.regions();
        return say(word("redact.out_set", { 0: elapsed(this.now, true) }));
      case "sound-mute":
      case "sound-tone":
        this.plan.sounds.push({ kind: does.slice(6), from_ms: this.now, to_ms: Math.min(this.now + 3000, this.plan.to_ms) });
        this.unsaved = true;
        this.sounds();
        return this.m("sounds").querySelector<HTMLInputElement>("fieldset:last-child input")?.focus();
      case "preview":
        return this.preview();
      case "save":
        return this.save();
    }
  }

  private remove(i: number): void {
    this.plan.regions.splice(i, 1);
    this.picked = -1;
    this.unsaved = true;
    this.regions();
    this.show();
    say(word("redact.removed", { 0: i + 1 }));
    (this.boxes.find((b) => !b.hidden) || this.querySelector<HTMLElement>("[data-mask-do=add]"))?.focus();
  }

  private whole(): void {
    this.clip();
    this.regions();
    this.sounds();
  }

  private clip(): void {
    this.field("mask-from").value = elapsed(this.plan.from_ms, true);
    this.field("mask-to").value = elapsed(this.plan.to_ms, true);
  }

  /** Reads a field of time; a wrong one is marked and leads from the summary. */
  private time(field: HTMLInputElement, take: (ms: number) => void): void {
    const ms = readTime(field.value);
    const bad = Number.isNaN(ms);
    field.toggleAttribute("aria-invalid", bad);
    if (bad) field.setAttribute("aria-invalid", "true");
    else take(ms);
    this.errors(bad ? [[field.id, word("redact.bad_time")]] : []);
    this.unsaved = true;
  }

  private number(field: HTMLInputElement, take: (v: number) => void): void {
    const v = Number(field.value);
    const bad = field.value.trim() === "" || !Number.isFinite(v) || Math.abs(v) > 1000;
    if (bad) field.setAttribute("aria-invalid", "true");
    else {
      field.removeAttribute("aria-invalid");
      take(v / 100);
    }
    this.errors(bad ? [[field.id, word("redact.bad_number")]] : []);
    this.unsaved = true;
  }

  /** Lists the regions: every figure of every keyframe can be typed. */
  private regions(): void {
    const list = this.m("regions");
    const kept = document.activeElement?.id;
    list.replaceChildren();
    if (!this.plan.regions.length) list.append(text("p", "zl-muted", word("redact.no_regions")));
    this.plan.regions.forEach((r, i) => list.append(this.region(r, i)));
    if (kept && kept.startsWith("mask-r")) this.querySelector<HTMLElement>("#" + kept)?.focus();
  }

  private region(r: Region, i: number): HTMLElement {
    const set = document.createElement("fieldset");
    set.className = "zl-maskregion";
    set.append(text("legend", "", word("redact.region", { 0: i + 1 })));
    const kind = document.createElement("select");
    kind.className = "zl-select";
    kind.disabled = this.fixed;
    for (const k of ["box", "pixelate", "blur"]) kind.append(new Option(word("redact.kind." + k), k, k === r.kind, k === r.kind));
    kind.addEventListener("change", () => (r.kind = kind.value));
    const until = this.input(`mask-r${i}-until`, elapsed(r.until_ms || this.plan.to_ms, true));
    until.addEventListener("change", () => this.time(until, (ms) => (r.until_ms = ms)));
    const head = document.createElement("div");
    head.className = "zl-cols";
    head.append(labelled(word("redact.kind"), kind, `mask-r${i}-kind`), labelled(word("redact.until"), until));
    set.append(head);
    const table = document.createElement("div");
    table.className = "zl-maskpoints";
    for (const key of ["at", "x", "y", "w", "h"]) table.append(text("span", "zl-muted", word("redact." + key)));
    table.append(text("span", "", ""));
    r.points.forEach((p, n) => {
      const at = this.input(`mask-r${i}-p${n}-at`, elapsed(p.at_ms, true), `${word("redact.at")} ${n + 1}`);
      at.addEventListener("change", () =>
        this.time(at, (ms) => {
          p.at_ms = ms;
          r.points.sort((a, b) => a.at_ms - b.at_ms);
          this.regions();
        }),
      );
      table.append(at);
      for (const key of ["x", "y", "w", "h"] as const) {
        const field = this.input(`mask-r${i}-p${n}-${key}`, String(Math.round(p[key] * 1000) / 10), `${word("redact." + key)} ${n + 1}`);
        field.inputMode = "decimal";
        field.addEventListener("change", () =>
          this.number(field, (v) => {
            r.points[n] = this.inside({ ...r.points[n], [key]: v });
            this.regions();
          }),
        );
        table.append(field);
      }
      const off = this.button("×", () => {
        if (r.points.length === 1) return say(word("redact.last_point"));
        r.points.splice(n, 1);
        this.unsaved = true;
        this.regions();
      });
      off.setAttribute("aria-label", `${word("redact.remove_point")} ${n + 1}`);
      off.disabled = this.fixed || r.points.length === 1;
      table.append(off);
    });
    set.append(table);
    const row = document.createElement("div");
    row.className = "zl-btnrow";
    const go = this.button(word("redact.go"), () => this.host.go(r.points[0].at_ms));
    go.setAttribute("aria-label", `${word("redact.go")} ${i + 1}`);
    row.append(go);
    if (!this.fixed) {
      const add = this.button(word("redact.add_point"), () => {
        this.set(i, this.place(r, this.now) || (this.now < r.points[0].at_ms ? r.points[0] : r.points[r.points.length - 1]));
        this.regions();
        say(word("redact.point_set", { 0: i + 1, 1: elapsed(this.now, true) }));
      });
      add.setAttribute("aria-label", `${word("redact.add_point")} ${i + 1}`);
      add.id = `mask-r${i}-add`;
      const off = this.button(word("redact.remove_region"), () => this.remove(i));
      off.setAttribute("aria-label", `${word("redact.remove_region")} ${i + 1}`);
      row.append(add, off);
    }
    set.append(row);
    return set;
  }

  private sounds(): void {
    const list = this.m("sounds");
    list.replaceChildren();
    if (!this.plan.sounds.length) list.append(text("p", "zl-muted", word("redact.no_sounds")));
    this.plan.sounds.forEach((s, i) => {
      const set = document.createElement("fieldset");
      set.className = "zl-maskregion";
      set.append(text("legend", "", word("redact.sound_n", { 0: i + 1, 1: word("redact.sound." + s.kind) })));
      const cols = document.createElement("div");
      cols.className = "zl-cols";
      for (const [key, name] of [["from_ms", "from"], ["to_ms", "to"]] as const) {
        const field = this.input(`mask-s${i}-${name}`, elapsed(s[key], true));
        field.addEventListener("change", () => this.time(field, (ms) => (s[key] = ms)));
        cols.append(labelled(word("redact." + name), field));
      }
      set.append(cols);
      if (!this.fixed) {
        const off = this.button(word("redact.remove_sound"), () => {
          this.plan.sounds.splice(i, 1);
          this.unsaved = true;
          this.sounds();
        });
        off.setAttribute("aria-label", `${word("redact.remove_sound")} ${i + 1}`);
        set.append(off);
      }
      list.append(set);
    });
  }

  private input(id: string, value: string, label = ""): HTMLInputElement {
    const field = document.createElement("input");
    field.className = "zl-input";
    field.id = id;
    field.value = value;
    field.autocomplete = "off";
    field.readOnly = this.fixed;
    if (label) field.setAttribute("aria-label", label);
    return field;
  }

  private button(label: string, press: () => void): HTMLButtonElement {
    const b = document.createElement("button");
    b.type = "button";
    b.className = "zl-btn zl-btn-s";
    b.textContent = label;
    b.addEventListener("click", press);
    return b;
  }

  private note(what: string, warn = false): void {
    const box = this.m("note");
    box.textContent = what;
    box.classList.toggle("is-due", warn);
    box.hidden = false;
  }

  /** Shows what is wrong, each leading to its field. */
  private errors(list: [string, string][]): void {
    const box = this.m("errors");
    box.hidden = !list.length;
    box.replaceChildren();
    if (!list.length) return;
    const ul = document.createElement("ul");
    for (const [id, what] of list) {
      const a = document.createElement("a");
      a.href = "#" + id;
      a.textContent = what;
      a.addEventListener("click", (e) => {
        e.preventDefault();
        document.getElementById(id)?.focus();
      });
      const li = document.createElement("li");
      li.append(a);
      ul.append(li);
    }
    box.append(text("h2", "", word("redact.errors")), ul);
  }

  /** Leads from the server's fault to the field that it is about. */
  private refuse(r: Refusal): void {
    if (ends(r)) return this.host.end(r);
    const n = /\d+/.exec(r.title);
    const i = n ? Number(n[0]) - 1 : 0;
    const to = r.code.endsWith(".words") ? "mask-why" : r.code.endsWith(".span") ? "mask-from" : r.code.endsWith(".sound") ? `mask-s${i}-from` : `mask-r${i}-p0-at`;
    this.errors([[document.getElementById(to) ? to : "mask-from", r.title + (r.do ? word("player.then", { 0: r.do }) : "")]]);
    this.m("errors").focus();
  }

  private async save(): Promise<void> {
    const why = this.field("mask-why");
    this.errors([]);
    const body = new URLSearchParams({ plan: JSON.stringify(this.plan), why: why.value, copy: this.getAttribute("copy") || "" });
    try {
      const { answer, refusal } = await ask(this.getAttribute("base")!, body);
      if (refusal) return this.refuse(refusal);
      const s: { copy: string; href: string; no: number; notes: string[]; plan: Plan } = await answer!.json();
      this.setAttribute("copy", s.copy);
      this.plan = s.plan;
      this.plan.regions ||= [];
      this.plan.sounds ||= [];
      this.unsaved = false;
      const page = this.m("page") as HTMLAnchorElement;
      page.href = s.href;
      page.hidden = false;
      this.whole();
      const text = word("redact.saved", { 0: s.no }) + s.notes.join("");
      this.note(text, s.notes.length > 0);
      this.host.setAttribute("again", this.host.getAttribute("again")!.replace(/\?.*/, "") + "?copy=" + s.copy);
      history.replaceState(null, "", this.getAttribute("base") + "?copy=" + s.copy);
      page.focus();
    } catch {
      this.errors([["mask-why", word("player.offline_text")]]);
    }
  }

  private async preview(): Promise<void> {
    const at = this.now;
    this.errors([]);
    this.note(word("redact.previewing"));
    try {
      const { answer, refusal } = await ask(this.getAttribute("base") + "/preview", new URLSearchParams({ plan: JSON.stringify(this.plan), at: String(at) }));
      this.m("note").hidden = true;
      if (refusal) return this.refuse(refusal);
      const img = this.m("preview-img") as HTMLImageElement;
      img.src = await dataURL(await answer!.blob());
      img.alt = this.m("preview-text").textContent = word("redact.preview_alt", { 0: elapsed(at, true) });
      this.m("preview").hidden = false;
      say(img.alt);
    } catch {
      this.errors([["mask-why", word("player.offline_text")]]);
    }
  }

  /** Takes what tells of the contents off the page. What was drawn stays in the fields. */
  private clear(): void {
    this.layer.replaceChildren();
    const img = this.m("preview-img") as HTMLImageElement;
    img.removeAttribute("src");
    this.m("preview").hidden = true;
    this.unsaved = false;
  }
}

/** The page's policy allows pictures as data only. */
function dataURL(b: Blob): Promise<string> {
  return new Promise((done, fail) => {
    const r = new FileReader();
    r.onload = () => done(String(r.result));
    r.onerror = () => fail(r.error);
    r.readAsDataURL(b);
  });
}

function text(tag: string, cls: string, what: string): HTMLElement {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  e.textContent = what;
  return e;
}

function labelled(label: string, field: HTMLElement, id = ""): HTMLElement {
  const box = document.createElement("div");
  box.className = "zl-field";
  if (id) field.id = id;
  const l = document.createElement("label");
  l.htmlFor = field.id;
  l.textContent = label;
  box.append(l, field);
  return box;
}

customElements.define("zl-mask", Mask);
