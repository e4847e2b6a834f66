import { say, word } from "../words";
import { ask, cameraClock, elapsed, ends, type Facts, type Refusal } from "./facts";

interface Grab {
  id: string;
  n: number;
  at: number;
  sha256: string;
  place: string;
  picture: string;
  sheet: string;
  statement: string;
}

/** Grabs has the server cut still pictures and lists them for as long as the look lasts. */
export class Grabs {
  private busy = false;

  constructor(
    private readonly part: (name: string) => HTMLElement,
    private readonly base: string,
    private readonly facts: Facts,
    private readonly refused: (r: Refusal) => void,
  ) {}

  /** Takes a still picture of a moment. */
  async take(ms: number): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const error = this.part("grab-error");
    error.hidden = true;
    this.part("grabs").hidden = false;
    say(word("player.grabbing"));
    try {
      const { answer, refusal } = await ask(this.base + "/grabs", new URLSearchParams({ at: String(Math.round(ms)) }));
      if (refusal && ends(refusal)) return this.refused(refusal);
      if (refusal) return this.fail(refusal.title + word("player.then", { 0: refusal.do }));
      const g: Grab = await answer!.json();
      this.part("grab-list").append(this.row(g));
      say(word("player.grabbed", { 0: elapsed(g.at), 1: g.n }));
    } catch {
      this.fail(word("player.offline_text"));
    } finally {
      this.busy = false;
    }
  }

  private fail(text: string): void {
    const box = this.part("grab-error");
    box.textContent = text;
    box.hidden = false;
  }

  private row(g: Grab): HTMLElement {
    const li = document.createElement("li");
    li.className = "zl-grab";
    const what = document.createElement("span");
    what.textContent = word("player.grab_row", { 0: g.n, 1: elapsed(g.at, true) });
    const about = document.createElement("small");
    const clock = cameraClock(this.facts, g.at);
    about.textContent = [clock && word("player.camera_clock", { 0: clock }), g.place, "SHA-256 " + g.sha256].filter(Boolean).join("　");
    what.append(about);
    li.append(what);
    for (const [key, href] of [["player.grab_picture", g.picture], ["player.grab_sheet", g.sheet], ["player.grab_json", g.statement]] as const) {
      const a = document.createElement("a");
      a.className = "zl-link";
      a.href = href;
      a.download = "";
      a.textContent = word(key);
      a.setAttribute("aria-label", word(key) + " " + g.n);
      li.append(a);
    }
    return li;
  }

  /** Takes what tells of the contents off the page. */
  clear(): void {
    this.part("grab-list").replaceChildren();
    this.part("grabs").hidden = true;
  }
}
