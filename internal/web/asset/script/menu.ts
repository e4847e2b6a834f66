// details.zl-menu: closes when the reader goes elsewhere or presses Escape.
const open = () => document.querySelectorAll<HTMLDetailsElement>("details.zl-menu[open]");
document.addEventListener("click", (e) => open().forEach((d) => d.contains(e.target as Node) || (d.open = false)));
document.addEventListener("focusin", (e) => open().forEach((d) => d.contains(e.target as Node) || (d.open = false)));
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  open().forEach((d) => {
    d.open = false;
    d.querySelector("summary")?.focus();
  });
});
export {};
