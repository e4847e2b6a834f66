import { span, word } from "./words";

// <zl-left due="ms">: the time left until a due moment, kept current by the server's clock (data-zl-now on <html>).
// <zl-clock>: the time of day in Asia/Shanghai.
const root = document.documentElement;
const offset = Number(root.dataset.zlNow || Date.now()) - Date.now();
const now = () => Date.now() + offset;

class Left extends HTMLElement {
  connectedCallback(): void {
    parts.add(this);
  }
  disconnectedCallback(): void {
    parts.delete(this);
  }
  turn(): void {
    const left = (Number(this.getAttribute("due")) - now()) / 1000;
    const late = left < 0;
    const text = word(late ? "time.overdue" : "time.left", { 0: span(Math.abs(left)) });
    if (text === this.dataset.said) return;
    this.dataset.said = text;
    if (!this.hasAttribute("big")) {
      this.textContent = text;
    } else {
      this.replaceChildren(
        ...text.split(/(\d+)/).filter(Boolean).map((piece) => {
          if (/\d/.test(piece)) return document.createTextNode(piece);
          const small = document.createElement("small");
          small.textContent = piece.trim();
          return small;
        }),
      );
    }
    if (late) {
      const clock = this.closest(".zl-clock, .zl-bigclock b");
      clock?.classList.remove("is-due");
      clock?.classList.add("is-late");
    }
  }
}

class Clock extends HTMLElement {
  connectedCallback(): void {
    parts.add(this);
  }
  disconnectedCallback(): void {
    parts.delete(this);
  }
  turn(): void {
    const t = new Date(now() + 8 * 3600_000).toISOString().slice(11, 16);
    if (t !== this.textContent) this.textContent = t;
  }
}

const parts = new Set<Left | Clock>();
customElements.define("zl-left", Left);
customElements.define("zl-clock", Clock);
setInterval(() => parts.forEach((p) => p.turn()), 1000);
export {};
