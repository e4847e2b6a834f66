// Which key does what. Single keys are taken only while the player has the focus, and not at all where the viewer has
// switched them off (WCAG 2.1.4).
const kept = "zl-player-keys";

export function keysOn(): boolean {
  try {
    return localStorage.getItem(kept) !== "off";
  } catch {
    return true;
  }
}

export function setKeys(on: boolean): void {
  try {
    localStorage.setItem(kept, on ? "on" : "off");
  } catch {
    // not kept, then
  }
}

const table: Record<string, string> = {
  j: "back", k: "stop", l: "fast", " ": "play", ",": "frame-back", ".": "frame-on", ArrowLeft: "five-back", ArrowRight: "five-on",
  Home: "home", End: "end", m: "mark", s: "grab", f: "full", ArrowUp: "louder", ArrowDown: "softer", "?": "help",
};

/** Gives what a key asks for, "" for nothing of ours. */
export function command(e: KeyboardEvent): string {
  if (!keysOn() || e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return "";
  const target = e.target as HTMLElement;
  if (target.closest("select")) return "";
  if (e.key === " " && target.closest("button")) return ""; // it presses the button
  const range = target.closest("input[type=range]");
  if (range && range.getAttribute("data-part") === "volume" && e.key.startsWith("Arrow")) return "";
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  if (e.shiftKey && (key === "ArrowLeft" || key === "ArrowRight")) return key === "ArrowLeft" ? "one-back" : "one-on";
  const does = table[key === "，" ? "," : key === "。" ? "." : key === "？" ? "?" : key];
  return does || "";
}
