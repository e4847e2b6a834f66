// <zl-table>: arrow up and down (or K and J) move between the rows' main links, Home and End to the ends; a tick in the
// head ticks all rows, with Shift a stretch of them, X ticks the row that the keys are at; [data-zl-bulk] shows while something
// is ticked. While nothing has the keys, J and K go to the first and the last row.
class Table extends HTMLElement {
  private last: HTMLInputElement | null = null;

  connectedCallback(): void {
    this.addEventListener("keydown", (e) => this.key(e));
    this.addEventListener("click", (e) => this.tick(e));
    document.addEventListener("keydown", this.enter);
    this.count();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.enter);
  }

  private enter = (e: KeyboardEvent): void => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.target !== document.body) return;
    const to = this.links().at({ j: 0, k: -1 }[e.key] ?? NaN);
    if (!to || !["j", "k"].includes(e.key)) return;
    e.preventDefault();
    to.focus();
  };

  private links(): HTMLElement[] {
    return Array.from(this.querySelectorAll<HTMLElement>("tbody tr [data-zl-row]"));
  }

  private key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const at = e.target as HTMLElement;
    const row = at.closest("tbody tr");
    if (!row || at.matches("input:not([type=checkbox]), select, textarea")) return;
    if (e.key === "x" && !at.matches("input")) {
      row.querySelector<HTMLInputElement>("input[data-zl-pick]")?.click();
      return;
    }
    const links = this.links();
    const i = links.findIndex((l) => row.contains(l));
    const to = { ArrowDown: i + 1, j: i + 1, ArrowUp: i - 1, k: i - 1, Home: 0, End: links.length - 1 }[e.key];
    if (to === undefined || !links[to]) return;
    e.preventDefault();
    links[to].focus();
  }

  private boxes(): HTMLInputElement[] {
    return Array.from(this.querySelectorAll<HTMLInputElement>("tbody input[data-zl-pick]"));
  }

  private tick(e: MouseEvent): void {
    const box = e.target as HTMLInputElement;
    if (box.matches("input[data-zl-pick-all]")) {
      this.boxes().forEach((b) => (b.checked = box.checked));
    } else if (box.matches("input[data-zl-pick]")) {
      const all = this.boxes();
      if (e.shiftKey && this.last) {
        const [a, b] = [all.indexOf(this.last), all.indexOf(box)].sort((x, y) => x - y);
        all.slice(a, b + 1).forEach((o) => (o.checked = box.checked));
      }
      this.last = box;
    } else return;
    this.count();
  }

  private count(): void {
    const all = this.boxes();
    const n = all.filter((b) => b.checked).length;
    all.forEach((b) => b.closest("tr")?.classList.toggle("is-picked", b.checked));
    const head = this.querySelector<HTMLInputElement>("input[data-zl-pick-all]");
    if (head) {
      head.checked = n > 0 && n === all.length;
      head.indeterminate = n > 0 && n < all.length;
    }
    const bar = this.querySelector<HTMLElement>("[data-zl-bulk]");
    if (!bar) return;
    bar.hidden = n === 0;
    const text = bar.querySelector<HTMLElement>("[data-text]");
    if (text) text.textContent = ((n === 1 && text.dataset.one) || text.dataset.text || "").replace("{0}", String(n));
  }
}
customElements.define("zl-table", Table);
export {};
