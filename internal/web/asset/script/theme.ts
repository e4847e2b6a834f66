// <zl-theme>: holds the form that asks the server for the other theme; changes the page at once and tells the server
// behind it. Without scripts the form is sent and the page comes back in the other theme.
class Theme extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    const button = this.querySelector("button");
    if (!form || !button) return;
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const root = document.documentElement;
      const dark = root.getAttribute("data-bs-theme") !== "dark";
      const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
      body.set("theme", dark ? "dark" : "light");
      root.setAttribute("data-bs-theme", dark ? "dark" : "light");
      button.value = dark ? "light" : "dark";
      button.setAttribute("aria-label", (dark ? this.dataset.toLight : this.dataset.toDark) || "");
      this.querySelectorAll<SVGElement>("[data-when]").forEach((s) => s.toggleAttribute("hidden", (s.dataset.when === "dark") !== dark));
      void fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "manual" });
    });
  }
}
customElements.define("zl-theme", Theme);
export {};
