import { say } from "./words";

// button[data-zl-copy]: puts the text of the attribute on the clipboard and says so for two seconds.
document.addEventListener("click", (e) => {
  const b = (e.target as HTMLElement).closest<HTMLButtonElement>("button[data-zl-copy]");
  if (!b) return;
  void put(b.dataset.zlCopy || "").then(() => {
    const done = b.dataset.done || "";
    b.classList.add("is-done");
    say(done);
    setTimeout(() => b.classList.remove("is-done"), 2000);
  });
});

async function put(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain HTTP on a test machine has no clipboard API
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
