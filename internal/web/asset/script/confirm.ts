// <zl-confirm>: a question before an act. Without scripts (or without <dialog>) the question unfolds in place; with
// them it is a dialog that holds the focus and gives it back.
class Confirm extends HTMLElement {
  connectedCallback(): void {
    const details = this.querySelector("details");
    const summary = details?.querySelector("summary");
    const box = this.querySelector<HTMLElement>(".zl-ask-box");
    if (!details || !summary || !box || typeof HTMLDialogElement !== "function") return;
    const dialog = document.createElement("dialog");
    dialog.className = "zl-dialog";
    dialog.setAttribute("aria-labelledby", box.dataset.title || "");
    this.append(dialog);
    summary.setAttribute("role", "button");
    summary.addEventListener("click", (e) => {
      e.preventDefault();
      dialog.append(box);
      dialog.showModal();
      // What cannot be undone is not done by a second Enter: the focus begins on the way back, unless there is something to fill in.
      if (box.querySelector(".zl-btn-late") && !box.querySelector("input:not([type=hidden]), textarea, select")) {
        box.querySelector<HTMLElement>("[data-close]")?.focus();
      }
    });
    dialog.addEventListener("click", (e) => {
      const at = e.target as HTMLElement;
      if (at === dialog || at.closest("[data-close]")) dialog.close();
    });
    dialog.addEventListener("close", () => summary.focus());
  }
}
customElements.define("zl-confirm", Confirm);
export {};
