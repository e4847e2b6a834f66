// The form of a written record. What is typed is kept a moment later, field by field; rows are added; a signature is drawn.
// Without scripts the form is saved by its button, and every list ends with an empty row.

interface Answer {
  revision: number;
  saved: string;
  problems?: Record<string, string>;
  clash?: string;
  error?: string;
}

const pause = 900; // ms after the last key

function keep(form: HTMLFormElement): void {
  const changed = new Set<HTMLElement>();
  const revision = form.querySelector<HTMLInputElement>("input[name=revision]");
  const status = form.querySelector<HTMLElement>("[data-saved-text]");
  let timer = 0;
  let sending = false;

  const say = (text: string) => {
    if (status) status.textContent = text;
  };

  async function send(): Promise<void> {
    if (sending || changed.size === 0 || !revision) return;
    sending = true;
    const fields = [...changed];
    changed.clear();
    const body = new URLSearchParams();
    body.set("revision", revision.value);
    for (const field of fields) {
      for (const i of field.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name]")) {
        if (i instanceof HTMLInputElement && (i.type === "checkbox" || i.type === "radio") && !i.checked) continue;
        body.append(i.name, i.value);
      }
    }
    try {
      const r = await fetch(form.action + "/draft", { method: "POST", body, headers: { Accept: "application/json" } });
      if (!r.ok) throw new Error(String(r.status));
      const a = (await r.json()) as Answer;
      if (a.error) throw new Error(a.error);
      revision.value = String(a.revision);
      for (const field of fields) {
        const note = field.querySelector<HTMLElement>("[data-problem]");
        const text = a.problems?.[field.dataset.field ?? ""];
        if (note) {
          note.hidden = !text;
          note.textContent = text ?? "";
        }
      }
      say(a.clash ?? a.saved);
      if (a.clash) location.reload(); // both wordings are kept; the page shows them side by side
    } catch {
      for (const f of fields) changed.add(f);
      say(form.dataset.unsaved ?? "…");
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void send(), 5000);
    } finally {
      sending = false;
    }
  }

  form.addEventListener("input", (e) => {
    const field = (e.target as HTMLElement).closest<HTMLElement>("[data-field]");
    if (!field) return;
    changed.add(field);
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void send(), pause);
  });
  form.addEventListener("keydown", (e) => {
    if (e.ctrlKey && e.key === ";" && e.target instanceof HTMLTextAreaElement) {
      const now = new Date();
      const text = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")} `;
      e.target.setRangeText(text, e.target.selectionStart, e.target.selectionEnd, "end");
      e.target.dispatchEvent(new Event("input", { bubbles: true }));
      e.preventDefault();
    }
  });
  window.addEventListener("beforeunload", (e) => {
    if (changed.size > 0) {
      void send();
      e.preventDefault();
    }
  });
  form.addEventListener("submit", () => changed.clear());
}

function growing(set: HTMLElement): void {
  const button = set.querySelector<HTMLButtonElement>("[data-add-row]");
  const body = set.querySelector("tbody");
  if (!button || !body) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const last = body.rows[body.rows.length - 1];
    const row = last.cloneNode(true) as HTMLTableRowElement;
    const n = body.rows.length;
    const head = row.querySelector("th");
    if (head) head.textContent = String(n + 1);
    for (const i of row.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name]")) {
      const old = `.${n - 1}.`;
      const at = i.name.lastIndexOf(old);
      if (at >= 0) i.name = i.name.slice(0, at) + `.${n}.` + i.name.slice(at + old.length);
      i.id = i.id.replace(`-${n - 1}-`, `-${n}-`);
      i.setAttribute("aria-label", (i.getAttribute("aria-label") ?? "").replace(String(n), String(n + 1)));
      i.value = "";
    }
    body.append(row);
    row.querySelector<HTMLElement>("[name]")?.focus();
  });
}

function drawing(form: HTMLFormElement): void {
  const parts = form.querySelectorAll<HTMLElement>("[data-mode]");
  if (parts.length === 0) return;
  const show = () => {
    const mode = new FormData(form).get("mode");
    for (const p of parts) p.hidden = p.dataset.mode !== mode;
  };
  form.addEventListener("change", show);
  show();
  const canvas = form.querySelector("canvas");
  const image = form.querySelector<HTMLInputElement>("input[name=image]");
  const pen = canvas?.getContext("2d");
  if (!canvas || !image || !pen) return;
  pen.lineWidth = 3.2;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "#14202b";
  let last: [number, number] | undefined;
  const at = (e: PointerEvent): [number, number] => {
    const r = canvas.getBoundingClientRect();
    return [((e.clientX - r.left) / r.width) * canvas.width, ((e.clientY - r.top) / r.height) * canvas.height];
  };
  canvas.addEventListener("pointerdown", (e) => {
    canvas.setPointerCapture(e.pointerId);
    last = at(e);
    e.preventDefault();
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!last) return;
    const to = at(e);
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...to);
    pen.stroke();
    last = to;
  });
  const end = () => {
    if (!last) return;
    last = undefined;
    image.value = canvas.toDataURL("image/png");
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  form.querySelector("[data-clear]")?.addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    image.value = "";
  });
}

function begin(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-paper]");
  if (form) {
    keep(form);
    for (const set of form.querySelectorAll<HTMLElement>("fieldset")) growing(set);
  }
  for (const f of document.querySelectorAll<HTMLFormElement>("form[data-sign]")) drawing(f);
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
export {};
