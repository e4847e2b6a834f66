// "/" puts the cursor into the search box of the page.
document.addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  const at = e.target as HTMLElement;
  if (at.closest("input, textarea, select, [contenteditable]")) return;
  const box = document.querySelector<HTMLInputElement>("input[data-zl-search]");
  if (!box || box.offsetParent === null) return;
  e.preventDefault();
  box.focus();
  box.select();
});
export {};
