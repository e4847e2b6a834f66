import { say, word } from "../words";
import { ask, cameraClock, elapsed, ends, readTime, type Facts, type Mark, type Refusal } from "./facts";

type Part = (name: string) => HTMLElement;

/** Host is what the lists need of the player. */
export interface Host {
  part: Part;
  facts: Facts;
  base: string;
  at(): number;
  seek(ms: number): void;
  share(ms: number): number;
  refused(r: Refusal): void;
}

/** Lists are the other way to everything that can be pressed on the lanes: marks, a field for a time, gaps, speech. */
export class Lists {
  constructor(private readonly h: Host) {
    this.marks();
    this.stretches();
    const { part, facts } = h;
    this.form("jump-form", "jump-error", async (form, fail) => {
      const field = form.elements.namedItem("to") as HTMLInputElement;
      const ms = readTime(field.value);
      if (Number.isNaN(ms)) return fail(word("player.bad_time"), field);
      if (ms < facts.first || ms > facts.last) return fail(word("player.outside_time", { 0: elapsed(facts.first), 1: elapsed(facts.last) }), field);
      h.seek(ms);
      say(word("player.now_at", { 0: elapsed(ms) }));
    });
    this.form("mark-form", "mark-error", (form, fail) => this.add(form, fail));
    part("marks").hidden = part("jumps").hidden = false;
  }

  /** Lists gaps and speech anew. */
  stretches(): void {
    const { part, facts } = this.h;
    this.rows(part("gap-list"), part("gap-count"), facts.gaps, "player.gap_row", "player.no_gaps");
    this.rows(part("speech-list"), part("speech-count"), facts.speech, "player.speech_row", "player.no_speech");
  }

  private form(name: string, error: string, send: (form: HTMLFormElement, fail: (text: string, field?: HTMLElement) => void) => Promise<void>): void {
    const form = this.h.part(name) as HTMLFormElement;
    const box = this.h.part(error);
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      box.hidden = true;
      form.querySelectorAll("[aria-invalid]").forEach((x) => x.removeAttribute("aria-invalid"));
      void send(form, (text, field) => {
        box.textContent = text;
        box.hidden = false;
        field?.setAttribute("aria-invalid", "true");
        field?.focus();
      });
    });
  }

  /** Opens the form for a mark at the moment that is seen. */
  begin(): void {
    const form = this.h.part("mark-form") as HTMLFormElement;
    (form.elements.namedItem("at") as HTMLInputElement).value = elapsed(this.h.at(), true);
    (form.elements.namedItem("words") as HTMLInputElement).focus();
  }

  private async add(form: HTMLFormElement, fail: (text: string, field?: HTMLElement) => void): Promise<void> {
    const at = form.elements.namedItem("at") as HTMLInputElement;
    const words = form.elements.namedItem("words") as HTMLInputElement;
    const ms = readTime(at.value);
    if (Number.isNaN(ms)) return fail(word("player.bad_time"), at);
    try {
      const { answer, refusal } = await ask(this.h.base + "/marks", new URLSearchParams({ at: String(ms), words: words.value }));
      if (refusal && ends(refusal)) return this.h.refused(refusal);
      if (refusal) return fail(refusal.title + word("player.then", { 0: refusal.do }), words);
      this.h.facts.marks.push(await answer!.json());
    } catch {
      return fail(word("player.offline_text"), words);
    }
    this.h.facts.marks.sort((a, b) => a.at - b.at);
    words.value = "";
    this.marks();
    say(word("player.marked", { 0: elapsed(ms) }));
    this.h.part("player").focus();
  }

  private async strike(m: Mark): Promise<void> {
    try {
      const { refusal } = await ask(`${this.h.base}/marks/${m.id}/strike`, new URLSearchParams());
      if (refusal && ends(refusal)) return this.h.refused(refusal);
      if (refusal) return say(refusal.title);
    } catch {
      return say(word("player.offline_text"));
    }
    const list = this.h.facts.marks;
    const i = list.indexOf(m);
    list.splice(i, 1);
    this.marks();
    say(word("player.struck"));
    const rows = this.h.part("mark-list").querySelectorAll<HTMLElement>("button.zl-jump");
    (rows[Math.min(i, rows.length - 1)] || this.h.part("mark-form").querySelector("input"))?.focus();
  }

  /** Draws the pins and the list anew. */
  private marks(): void {
    const { part, facts } = this.h;
    const lane = part("lane-marks");
    const list = part("mark-list");
    lane.replaceChildren();
    list.replaceChildren();
    facts.marks.forEach((m, i) => {
      const pin = button("zl-pin", String(i + 1), () => this.h.seek(m.at));
      pin.setAttribute("aria-label", word("player.mark_pin", { 0: i + 1, 1: m.words }));
      pin.title = m.words;
      pin.style.left = this.h.share(m.at) + "%";
      lane.append(pin);
      const row = document.createElement("li");
      row.append(this.jump(m.at, `${i + 1}　${m.words}`));
      const by = document.createElement("small");
      by.textContent = word("player.mark_by", { 0: m.by });
      row.append(by);
      if (m.mine) {
        const off = button("zl-linkbtn", word("player.strike"), () => void this.strike(m));
        off.setAttribute("aria-label", word("player.strike") + " " + (i + 1));
        row.append(off);
      }
      list.append(row);
    });
    if (!facts.marks.length) list.append(none("player.no_marks"));
  }

  private jump(ms: number, text: string): HTMLButtonElement {
    const b = button("zl-jump", "", () => this.h.seek(ms));
    const time = document.createElement("time");
    time.textContent = elapsed(ms);
    const clock = cameraClock(this.h.facts, ms);
    if (clock) {
      const small = document.createElement("small");
      small.textContent = clock;
      time.append(small);
    }
    const what = document.createElement("span");
    what.textContent = text;
    b.append(time, what);
    return b;
  }

  private rows(list: HTMLElement, count: HTMLElement, spans: Facts["gaps"], text: string, empty: string): void {
    count.textContent = String(spans.length);
    list.replaceChildren(
      ...spans.slice(0, 500).map((s) => {
        const li = document.createElement("li");
        li.append(this.jump(s.from, word(text, { 0: ((s.to - s.from) / 1000).toFixed(1) })));
        return li;
      }),
    );
    if (!spans.length) list.append(none(empty));
  }

  /** Takes what tells of the contents off the page. */
  clear(): void {
    for (const name of ["mark-list", "gap-list", "speech-list"]) this.h.part(name).replaceChildren();
    this.h.part("marks").hidden = this.h.part("jumps").hidden = true;
  }
}

function button(cls: string, text: string, press: () => void): HTMLButtonElement {
  const b = document.createElement("button");
  b.type = "button";
  b.className = cls;
  b.textContent = text;
  b.addEventListener("click", press);
  return b;
}

function none(key: string): HTMLElement {
  const li = document.createElement("li");
  li.className = "zl-muted";
  li.textContent = word(key);
  return li;
}
