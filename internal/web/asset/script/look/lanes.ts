import { word } from "../words";
import { cameraClock, elapsed, type Facts, type Strip } from "./facts";

type Part = (name: string) => HTMLElement;

/** Lanes draw everything that is time on one axis: pictures with their gaps, sound, speech, marks, the playhead. */
export class Lanes {
  private readonly watch: ResizeObserver;
  private readonly dark: MutationObserver;

  constructor(private readonly part: Part, private readonly f: Facts, private readonly base: string, seek: (ms: number) => void) {
    const box = part("lanes-box");
    const at = (e: PointerEvent) => {
      const r = part("lane-picture").getBoundingClientRect();
      return f.from + Math.min(1, Math.max(0, (e.clientX - r.left) / Math.max(1, r.width))) * this.length;
    };
    let held = false;
    box.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || (e.target as Element).closest(".zl-pin") || e.clientX < part("lane-picture").getBoundingClientRect().left) return;
      held = true;
      box.setPointerCapture(e.pointerId);
      seek(at(e));
    });
    box.addEventListener("pointermove", (e) => held && seek(at(e)));
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (held = false));
    this.draw();
    this.watch = new ResizeObserver(() => this.wave());
    this.watch.observe(part("wave").parentElement!);
    this.dark = new MutationObserver(() => this.wave());
    this.dark.observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
    part("lanes").hidden = false;
    this.wave();
  }

  private get length(): number {
    return Math.max(1, this.f.to - this.f.from);
  }

  /** Where a moment lies, in per cent. */
  share(ms: number): number {
    return (100 * (ms - this.f.from)) / this.length;
  }

  private bar(lane: HTMLElement, cls: string, from: number, to: number): void {
    const b = document.createElement("b");
    b.className = cls;
    b.style.left = this.share(from) + "%";
    b.style.width = (100 * (to - from)) / this.length + "%";
    lane.append(b);
  }

  /** Draws what the facts say now. */
  draw(): void {
    const f = this.f;
    const picture = this.part("lane-picture");
    for (const name of ["lane-picture", "lane-speech", "axis"]) this.part(name).replaceChildren();
    for (const file of f.files) {
      const from = Math.max(file.from, f.from);
      const to = Math.min(file.to, f.to);
      if (from < to && f.kind !== "audio") this.bar(picture, "zl-bar", from, to);
    }
    for (const g of f.gaps) this.bar(picture, "zl-gap is-said", g.from, g.to);
    picture.setAttribute("aria-label", word("player.lane_picture_text", { 0: f.gaps.length }));
    const speech = this.part("lane-speech");
    for (const s of f.speech) this.bar(speech, "zl-bar is-thin is-speech", s.from, s.to);
    speech.setAttribute("aria-label", word("player.lane_speech_text", { 0: f.speech.length }));
    this.part("wave").setAttribute("aria-label", word(f.waves.length ? "player.lane_sound_text" : "player.none_made"));
    this.axis();
  }

  private axis(): void {
    const axis = this.part("axis");
    const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].map((s) => s * 1000);
    const most = window.innerWidth < 760 ? 4 : 8;
    const step = steps.find((s) => this.length / s <= most) || steps[steps.length - 1];
    for (let t = Math.ceil(this.f.from / step) * step; t <= this.f.to; t += step) {
      const label = document.createElement("span");
      label.style.left = this.share(t) + "%";
      if (this.share(t) < 3) label.className = "is-first";
      if (this.share(t) > 95) label.className = "is-last";
      const clock = cameraClock(this.f, t, step < 60_000);
      label.textContent = clock || elapsed(t);
      if (clock) {
        const small = document.createElement("small");
        small.textContent = elapsed(t);
        label.append(small);
      }
      axis.append(label);
    }
  }

  wave(): void {
    const canvas = this.part("wave") as HTMLCanvasElement;
    const box = canvas.parentElement!.getBoundingClientRect();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(box.width * ratio));
    canvas.height = Math.round(30 * ratio);
    const g = canvas.getContext("2d");
    if (!g) return;
    g.fillStyle = getComputedStyle(canvas).color;
    const middle = canvas.height / 2;
    for (const w of this.f.waves) {
      for (let x = 0; x < canvas.width; x += 2) {
        const from = Math.floor((this.f.from + (x / canvas.width) * this.length - w.from) / w.step);
        const to = Math.floor((this.f.from + ((x + 2) / canvas.width) * this.length - w.from) / w.step);
        let peak = -1;
        for (let i = Math.max(0, from); i <= to && i < w.peaks.length; i++) peak = Math.max(peak, w.peaks[i]);
        if (peak < 0) continue;
        const h = Math.max(1, (peak / 128) * (middle - 1));
        g.fillRect(x, middle - h, Math.max(1, ratio), 2 * h);
      }
    }
  }

  /** Moves the playhead. */
  move(ms: number): void {
    this.part("head-line").style.setProperty("--at", String(Math.min(100, Math.max(0, this.share(ms))) / 100));
  }

  /** The hover picture of a moment as a background, or false if there is none. */
  cell(box: HTMLElement, ms: number): boolean {
    const s: Strip | undefined = [...this.f.strips].reverse().find((x) => x.at[0] <= ms);
    if (!s) return false;
    let i = s.at.length - 1;
    while (i > 0 && s.at[i] > ms) i--;
    if (s.at[i] < this.f.from) return false; // not shown: it lies outside the span
    box.style.width = s.w + "px";
    box.style.height = s.h + "px";
    box.style.backgroundImage = `url("${this.base}/strip/${s.file}")`;
    box.style.backgroundPosition = `${-(i % s.across) * s.w}px ${-Math.floor(i / s.across) * s.h}px`;
    return true;
  }

  /** Takes everything off the page that shows or tells of the contents. */
  clear(): void {
    this.watch.disconnect();
    this.dark.disconnect();
    for (const name of ["lane-picture", "lane-speech", "lane-marks", "axis"]) this.part(name).replaceChildren();
    const canvas = this.part("wave") as HTMLCanvasElement;
    canvas.width = canvas.width; // empties it
    this.part("lanes").hidden = true;
  }
}
