// What the keys mean in a list of recordings.

const WRITTEN_IN = new Set(["TEXTAREA", "SELECT"]);
const PRESSED = new Set(["BUTTON", "A", "SUMMARY"]);
const NOT_WRITTEN_IN = new Set(["range"]);

/** Whether a space means something else where the focus is: a letter, or a press of what is focused. */
export function isTyping(element) {
  if (WRITTEN_IN.has(element.tagName) || PRESSED.has(element.tagName) || element.isContentEditable) return true;
  return element.tagName === "INPUT" && !NOT_WRITTEN_IN.has(element.type);
}

/** The one after another in a list; null after the last. */
export function nextOf(list, one) {
  return list[list.indexOf(one) + 1] ?? null;
}
