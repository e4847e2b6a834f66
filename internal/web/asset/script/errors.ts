// After a form comes back with errors, the focus goes to their summary; its links lead to the fields.
function focusSummary(): void {
  document.querySelector<HTMLElement>(".zl-errsum[tabindex]")?.focus();
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", focusSummary);
else focusSummary();
document.addEventListener("htmx:afterSwap", focusSummary);
export {};
