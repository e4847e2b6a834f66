import { say, span, word } from "./words";
import { Beat, Played } from "./look/beat";
import { ask, cameraClock, elapsed, ends, type Facts, type Refusal } from "./look/facts";
import { Feed } from "./look/feed";
import { command, keysOn, setKeys } from "./look/keys";
import { Grabs } from "./look/grabs";
import { Lanes } from "./look/lanes";
import { Lists } from "./look/lists";
import "./look/mask";

const speeds = [1, 2, 4, 8];

// <zl-look base="/looks/ID" recording="…" again="…" until="ms">: the player. It shows what the server sends and stops at
// once when the server says that the look is over.
class Look extends HTMLElement {
  private facts!: Facts;
  private feed: Feed | undefined;
  private lanes: Lanes | undefined;
  private lists: Lists | undefined;
  private grabs: Grabs | undefined;
  private beat: Beat | undefined;
  private readonly played = new Played();
  private video!: HTMLVideoElement;
  private shuttle = 0; // how fast it runs backwards; 0: it does not
  private timer: number | undefined;
  private over = false;
  private began = 0;
  private beganDone = 0;
  private warned = 0;
  private ahead = 0; // how far the server's clock is before ours

  connectedCallback(): void {
    this.video = this.part("video") as HTMLVideoElement;
    this.part("player").addEventListener("keydown", (e) => this.key(e));
    this.addEventListener("click", (e) => {
      const does = (e.target as Element).closest<HTMLElement>("[data-do]")?.dataset.do;
      if (does) this.act(does);
    });
    const on = this.find<HTMLInputElement>("keys-on");
    if (on) {
      on.checked = keysOn();
      on.addEventListener("change", () => {
        setKeys(on.checked);
        say(word(on.checked ? "player.keys_on_said" : "player.keys_off_said"));
      });
    }
    window.addEventListener("pagehide", () => !this.over && this.beat?.leave());
    window.addEventListener("pageshow", (e) => e.persisted && location.reload());
    void this.load();
  }

  private find<T extends HTMLElement>(name: string): T | null {
    return this.querySelector<T>(`[data-part="${name}"]`);
  }

  private readonly part = (name: string): HTMLElement => this.find(name)!;

  /** For the editor of masked copies beside us. */
  get at(): number {
    return this.feed ? this.feed.at : 0;
  }

  get shown(): Facts | undefined {
    return this.feed && !this.over ? this.facts : undefined;
  }

  go(ms: number): void {
    this.rest();
    this.seek(ms);
  }

  end(r: Refusal): void {
    this.stop(r);
  }

  private get base(): string {
    return this.getAttribute("base")!;
  }

  /** Asks for the facts until the copy is made. */
  private async load(): Promise<void> {
    try {
      const { answer, refusal } = await ask(this.base + "/facts");
      if (refusal) return this.stop(refusal);
      this.facts = await answer!.json();
    } catch {
      this.cover(word("player.offline"), word("player.offline_text"));
      window.setTimeout(() => void this.load(), 2000);
      return;
    }
    const f = this.facts;
    this.ahead = f.now - Date.now();
    if (!this.beat) {
      this.beat = new Beat(this.base, this.played, (r) => this.stop(r), (is) => this.offline(is));
      window.setInterval(() => this.warn(), 1000);
      this.warn();
    }
    if (this.over) return;
    if (f.state === "failed") return this.failed(f);
    if (f.state === "making") {
      this.making(f);
      window.setTimeout(() => void this.load(), 1000);
      return;
    }
    if (f.kind === "picture") return this.stills(f);
    if (f.last <= f.first) return this.cover(word("player.nothing_inside"), "");
    this.open(f);
  }

  private making(f: Facts): void {
    const bar = this.part("progress") as HTMLProgressElement;
    bar.hidden = false;
    bar.value = f.progress;
    if (!this.began) {
      this.began = Date.now();
      this.beganDone = f.progress;
    }
    let left = "";
    const done = f.progress - this.beganDone;
    const took = (Date.now() - this.began) / 1000;
    if (done > 0.02 && took > 3) left = word("player.making_left", { 0: span(Math.max(1, (took / done) * (1 - f.progress))) });
    this.cover(word("player.making", { 0: Math.floor(f.progress * 100) }), left || word("player.making_text"));
  }

  private failed(f: Facts): void {
    const act: HTMLElement[] = [];
    if (f.retry) {
      const b = document.createElement("button");
      b.type = "button";
      b.className = "zl-btn zl-btn-1";
      b.textContent = word("player.retry");
      b.addEventListener("click", () => {
        b.disabled = true;
        void ask(this.base + "/retry", new URLSearchParams()).then(({ refusal }) => {
          this.began = 0;
          if (refusal && ends(refusal)) this.stop(refusal);
          else void this.load();
        });
      });
      act.push(b);
    }
    this.cover(word("player.failed"), f.failed ? f.failed.what + word("player.then", { 0: f.failed.do }) : "", act);
  }

  private stills(f: Facts): void {
    const box = this.part("still");
    for (const file of f.files.filter((x) => x.still && x.state === "ready")) {
      const img = document.createElement("img");
      img.alt = word("player.still", { 0: file.name });
      img.src = `${this.base}/picture/${file.id}`;
      img.addEventListener("error", () => void this.beat?.now());
      box.append(img);
    }
    box.hidden = false;
    this.video.hidden = true;
    this.part("cover").hidden = true;
  }

  private open(f: Facts): void {
    const v = this.video;
    this.part("soundonly").hidden = f.kind !== "audio";
    this.feed = new Feed(v, this.base + "/index.m3u8", f.first, (fatal) => {
      void this.beat?.now(); // was it refused?
      if (fatal && !this.over) this.cover(word("player.broken"), word("player.broken_text"), [this.link("player.to_recording", this.getAttribute("recording")!)]);
    });
    this.lanes = new Lanes(this.part, f, this.base, (ms) => this.seek(ms));
    this.lists = new Lists({
      part: this.part, facts: f, base: this.base, at: () => this.feed!.at, seek: (ms) => this.seek(ms), share: (ms) => this.lanes!.share(ms),
      refused: (r) => this.stop(r),
    });
    this.grabs = new Grabs(this.part, this.base, f, (r) => this.stop(r));
    this.edges(f);
    const seek = this.part("seek") as HTMLInputElement;
    seek.min = String(f.first / 1000);
    seek.max = String(f.last / 1000);
    seek.value = seek.min;
    seek.addEventListener("input", () => {
      this.seek(Number(seek.value) * 1000);
      this.peek(Number(seek.value) * 1000);
    });
    const hover = (e: PointerEvent) => {
      const r = seek.getBoundingClientRect();
      this.peek(f.first + Math.min(1, Math.max(0, (e.clientX - r.left) / r.width)) * (f.last - f.first));
    };
    seek.addEventListener("pointermove", hover);
    for (const end of ["pointerleave", "blur"]) seek.addEventListener(end, () => (this.part("peek").hidden = true));
    const volume = this.part("volume") as HTMLInputElement;
    volume.addEventListener("input", () => {
      v.volume = Number(volume.value);
      v.muted = v.volume === 0;
    });
    const speed = this.part("speed") as HTMLSelectElement;
    speed.addEventListener("change", () => {
      this.forward();
      v.playbackRate = Number(speed.value);
    });
    v.addEventListener("ratechange", () => {
      if (Array.from(speed.options).some((o) => Number(o.value) === v.playbackRate)) speed.value = String(v.playbackRate);
    });
    v.addEventListener("volumechange", () => this.button("mute", v.muted ? "player.do.unmute" : "player.do.mute", v.muted ? "volume-off" : "volume"));
    for (const event of ["play", "pause", "ended"]) v.addEventListener(event, () => this.running());
    v.addEventListener("seeking", () => this.played.rest());
    v.addEventListener("loadeddata", () => performance.mark("zl-first-picture"), { once: true });
    v.addEventListener("click", () => this.act("play"));
    this.part("length").textContent = elapsed(f.last - f.first);
    this.querySelectorAll<HTMLInputElement>(".zl-player [disabled]").forEach((x) => (x.disabled = false));
    const full = this.querySelector<HTMLElement>("[data-do=full]");
    if (full && !document.fullscreenEnabled) full.hidden = true;
    this.part("cover").hidden = true;
    const turn = () => {
      if (this.over) return;
      this.show();
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
    if (f.pending) window.setTimeout(() => void this.more(), 3000);
  }

  /** Takes what was still being made when the copy was ready: loudness, speech, hover pictures. */
  private async more(): Promise<void> {
    if (this.over) return;
    try {
      const { answer, refusal } = await ask(this.base + "/facts");
      if (refusal) return ends(refusal) ? this.stop(refusal) : undefined;
      const f: Facts = await answer!.json();
      if (this.over) return;
      Object.assign(this.facts, { waves: f.waves, speech: f.speech, strips: f.strips, pending: f.pending });
      this.lanes!.draw();
      this.lanes!.wave();
      this.lists!.stretches();
    } catch {
      // asked again below
    }
    if (this.facts.pending) window.setTimeout(() => void this.more(), 3000);
  }

  private edges(f: Facts): void {
    const text: string[] = [];
    if (f.first - f.from > 50) text.push(word("player.edge_first", { 0: ((f.first - f.from) / 1000).toFixed(1) }));
    if (f.to - f.last > 50) text.push(word("player.edge_last", { 0: ((f.to - f.last) / 1000).toFixed(1) }));
    const bad = f.files.filter((x) => x.state === "failed").map((x) => x.name);
    if (bad.length) text.push(word("player.files_failed", { 0: bad.join(" ") }));
    this.part("edges").textContent = text.join(" ");
    this.part("edges").hidden = !text.length;
  }

  /** Shows where we are; called for every picture of the screen. */
  private show(): void {
    const v = this.video;
    const at = this.feed!.at;
    if (!v.paused && !v.seeking) this.played.note(at, v.playbackRate);
    this.lanes!.move(at);
    const now = elapsed(at - this.facts.first);
    const box = this.part("now");
    if (box.textContent === now) return;
    box.textContent = now;
    const clock = cameraClock(this.facts, at);
    this.part("clock").textContent = clock && word("player.camera_clock", { 0: clock });
    const seek = this.part("seek") as HTMLInputElement;
    seek.value = String(at / 1000);
    seek.setAttribute("aria-valuetext", elapsed(at) + (clock ? " " + word("player.camera_clock", { 0: clock }) : ""));
  }

  private peek(ms: number): void {
    const box = this.part("peek");
    const cell = this.part("cell");
    cell.hidden = !this.lanes?.cell(cell, ms);
    const clock = cameraClock(this.facts, ms);
    this.part("peek-time").textContent = elapsed(ms) + (clock ? "　" + clock : "");
    box.style.setProperty("--at", String((ms - this.facts.first) / Math.max(1, this.facts.last - this.facts.first)));
    box.hidden = false;
  }

  private seek(ms: number): void {
    const f = this.facts;
    this.feed!.at = Math.min(Math.max(ms, f.first), f.last - 40);
  }

  private key(e: KeyboardEvent): void {
    if (e.key === "Escape" && !this.part("keysbox").hidden) {
      e.preventDefault();
      return this.act("help");
    }
    const does = command(e);
    if (!does || !this.feed || this.over) return;
    e.preventDefault();
    this.act(does);
  }

  private act(does: string): void {
    if (does === "help") return this.help();
    if (!this.feed || this.over) return;
    const v = this.video;
    const f = this.facts;
    const at = this.feed.at;
    switch (does) {
      case "play":
        return v.paused && !this.shuttle ? this.forward(1) : this.rest();
      case "stop":
        return this.rest();
      case "fast":
        return v.paused || this.shuttle ? this.forward(1) : this.forward(speeds.find((s) => s > v.playbackRate) || 8);
      case "back":
        return this.backward();
      case "frame-back":
      case "frame-on":
        this.rest();
        return this.seek(at + (does === "frame-on" ? 1 : -1) * (1000 / f.fps) + 0.5);
      case "five-back":
        return this.seek(at - 5000);
      case "five-on":
        return this.seek(at + 5000);
      case "one-back":
        return this.seek(at - 1000);
      case "one-on":
        return this.seek(at + 1000);
      case "home":
        return this.seek(f.first);
      case "end":
        return this.seek(f.last);
      case "louder":
      case "softer":
        v.volume = Math.min(1, Math.max(0, v.volume + (does === "louder" ? 0.1 : -0.1)));
        v.muted = v.volume === 0;
        (this.part("volume") as HTMLInputElement).value = String(v.volume);
        return;
      case "mute":
        v.muted = !v.muted;
        return;
      case "mark":
        this.rest();
        if (document.fullscreenElement) void document.exitFullscreen().then(() => this.lists!.begin());
        else this.lists!.begin();
        return;
      case "grab":
        this.rest();
        return void this.grabs!.take(this.feed.at);
      case "full":
        if (document.fullscreenElement) void document.exitFullscreen();
        else void this.part("player").requestFullscreen?.().catch(() => undefined);
    }
  }

  private forward(rate?: number): void {
    this.noShuttle();
    if (rate) this.video.playbackRate = rate;
    if (this.feed!.at >= this.facts.last - 100) this.seek(this.facts.first);
    void this.video.play().catch(() => undefined); // the browser wants a press first, and says so by its own button state
  }

  private rest(): void {
    this.noShuttle();
    this.video.pause();
    this.running();
  }

  /** Runs backwards, faster with each press: the picture steps back five times a second. */
  private backward(): void {
    this.video.pause();
    this.shuttle = this.shuttle ? Math.min(8, this.shuttle * 2) : 1;
    say(word("player.shuttle", { 0: this.shuttle }));
    if (this.timer === undefined) {
      this.timer = window.setInterval(() => {
        if (this.video.seeking) return;
        const next = this.feed!.at - 200 * this.shuttle;
        this.seek(next);
        if (next <= this.facts.first) this.rest();
      }, 200);
    }
    this.running();
  }

  private noShuttle(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.shuttle = 0;
  }

  private running(): void {
    const is = !this.video.paused || this.shuttle > 0;
    if (!is) this.played.rest();
    this.querySelectorAll<HTMLElement>("[data-do=play] [data-when]").forEach((x) => (x.hidden = (x.dataset.when === "playing") !== is));
    this.label("play", is ? "player.do.pause" : "player.do.play");
  }

  private label(does: string, key: string): void {
    const b = this.querySelector<HTMLElement>(`.zl-ctl [data-do="${does}"]`);
    b?.setAttribute("aria-label", word(key));
    if (b) b.title = word(key);
  }

  private button(does: string, key: string, icon: string): void {
    this.label(does, key);
    this.querySelector(`.zl-ctl [data-do="${does}"] use`)?.setAttribute("href", this.dataset.icons + "#i-" + icon);
  }

  private help(): void {
    const box = this.part("keysbox");
    box.hidden = !box.hidden;
    (box.hidden ? this.part("player") : box).focus();
  }

  private link(key: string, href: string): HTMLElement {
    const a = document.createElement("a");
    a.className = "zl-btn";
    a.href = href;
    a.textContent = word(key);
    return a;
  }

  private cover(title: string, text: string, act: HTMLElement[] = []): void {
    const first = this.part("cover-title").textContent !== title;
    this.part("cover-title").textContent = title;
    this.part("cover-text").textContent = text;
    this.part("cover-act").replaceChildren(...act);
    this.part("cover").hidden = false;
    if (first && !/\d/.test(title)) say(title + " " + text);
  }

  private offline(is: boolean): void {
    if (this.over || !this.feed) return;
    if (!is) {
      this.part("cover").hidden = true;
      return;
    }
    this.rest();
    this.cover(word("player.offline"), word("player.offline_text"));
  }

  /** Warns ten minutes and one minute before the end. */
  private warn(): void {
    if (this.over) return;
    const until = this.getAttribute("until");
    if (!until) return; // no day is set: the ground is asked anew with every piece
    const left = Number(until) - (Date.now() + this.ahead);
    if (left <= 0) void this.beat?.now();
    const minutes = left <= 60_000 ? 1 : left <= 600_000 ? 10 : 0;
    if (!minutes || minutes === this.warned) return;
    this.warned = minutes;
    const text = word(minutes === 1 ? "player.warn_one" : "player.warn_ten");
    const box = this.part("warning");
    box.textContent = text;
    box.hidden = false;
    say(text);
  }

  /**
   * Begins the look anew where it ended before it began: the page that showed it before said goodbye only after this one
   * was on its way (a reload, the same recording opened twice). Once only, so that two pages cannot go on ending each other.
   */
  private reopen(): boolean {
    const kept = "zl-reopened";
    try {
      if (Date.now() - Number(sessionStorage.getItem(kept)) < 15_000) return false;
      sessionStorage.setItem(kept, String(Date.now()));
    } catch {
      return false;
    }
    this.beat?.stop();
    const form = this.again();
    form.hidden = true;
    document.body.append(form);
    form.submit();
    return true;
  }

  /** The form that begins the look anew. */
  private again(): HTMLFormElement {
    const form = document.createElement("form");
    form.method = "post";
    form.action = this.getAttribute("again")!;
    const b = document.createElement("button");
    b.className = "zl-btn zl-btn-1";
    b.textContent = word("player.again");
    form.append(b);
    return form;
  }

  /** The look is over: not a picture, not a sound, not a trace of either stays on the page. */
  private stop(r: Refusal): void {
    if (this.over) return;
    this.over = true;
    if (r.code === "access.look_closed" && !performance.getEntriesByName("zl-first-picture").length && this.reopen()) return;
    this.noShuttle();
    this.feed?.stop();
    this.beat?.stop();
    this.video.hidden = true;
    this.part("still").replaceChildren();
    this.lanes?.clear();
    this.lists?.clear();
    this.grabs?.clear();
    this.find("peek")?.remove();
    this.part("soundonly").hidden = this.part("warning").hidden = this.part("keysbox").hidden = true;
    this.querySelectorAll(".zl-grantline, .zl-lookleft").forEach((x) => x.remove());
    this.running();
    this.querySelectorAll<HTMLInputElement>(".zl-ctl button, .zl-ctl select, .zl-player input").forEach((x) => (x.disabled = true));
    if (document.fullscreenElement) void document.exitFullscreen();
    const act: HTMLElement[] = [];
    if (r.code === "access.look_closed") act.push(this.again());
    act.push(this.link("player.to_recording", this.getAttribute("recording")!));
    if (r.code === "session") this.cover(word("player.signed_out"), word("player.signed_out_text"), act);
    else this.cover(r.title, r.do, act);
    this.classList.add("is-over");
    this.part("player").focus({ preventScroll: true });
  }
}

customElements.define("zl-look", Look);
