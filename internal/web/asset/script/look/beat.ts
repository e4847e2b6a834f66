import { ask, ends, type Refusal, type Span } from "./facts";

const every = 2000;

/** Played gathers the stretches that were really shown. */
export class Played {
  private spans: Span[] = [];
  private last: number | undefined;

  /** note is called often while something is shown; a jump begins a new stretch. */
  note(at: number, rate: number): void {
    const before = this.last;
    this.last = at;
    if (before === undefined || at <= before || at - before > Math.max(1500, 1500 * rate)) return;
    const end = this.spans[this.spans.length - 1];
    if (end && Math.abs(end.to - before) < 2) end.to = at;
    else this.spans.push({ from: before, to: at });
  }

  /** rest ends a stretch. */
  rest(): void {
    this.last = undefined;
  }

  take(): string {
    const text = this.spans.slice(-60).map((s) => Math.floor(s.from) + "-" + Math.ceil(s.to)).join(",");
    this.spans = [];
    return text;
  }
}

/** Beat tells the server every two seconds what was shown and learns whether the look goes on. */
export class Beat {
  private timer: number;
  private busy = false;
  private missed = 0;
  private unsaid: string[] = [];

  constructor(private readonly base: string, readonly played: Played, private readonly refused: (r: Refusal) => void, private readonly offline: (is: boolean) => void) {
    this.timer = window.setInterval(() => void this.now(), every);
  }

  async now(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const said = this.played.take();
    if (said) this.unsaid.push(said);
    try {
      const stop = new AbortController();
      const late = window.setTimeout(() => stop.abort(), 3 * every);
      const { refusal } = await ask(this.base + "/beat", new URLSearchParams({ played: this.unsaid.slice(-8).join(",") }), stop.signal);
      clearTimeout(late);
      if (refusal && ends(refusal)) {
        this.stop();
        this.refused(refusal);
        return;
      }
      this.unsaid = [];
      if (this.missed > 1) this.offline(false);
      this.missed = 0;
    } catch {
      // Nobody answers: what may not be asked about may not be shown either.
      if (++this.missed === 2) this.offline(true);
    } finally {
      this.busy = false;
    }
  }

  /** Leaves: the last stretches, and that the look is over. The page may be gone before any answer. */
  leave(): void {
    const said = this.unsaid.concat(this.played.take()).filter(Boolean).join(",");
    if (said) navigator.sendBeacon(this.base + "/beat", new URLSearchParams({ played: said }));
    navigator.sendBeacon(this.base + "/close", new URLSearchParams({ left: "1" }));
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
