// "/" puts the cursor into the search box of the page: the list's own where there is one, else that of every page.
document.addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  const at = e.target as HTMLElement;
  if (at.closest("input, textarea, select, [contenteditable]")) return;
  const boxes = ["main input[data-zl-search]", "input[data-zl-search]"].flatMap((s) => Array.from(document.querySelectorAll<HTMLInputElement>(s)));
  const box = boxes.find((b) => b.offsetParent !== null);
  if (!box) return;
  e.preventDefault();
  box.focus();
  box.select();
});
export {};
