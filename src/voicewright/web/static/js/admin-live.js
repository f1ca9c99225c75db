// Parts of a page that refresh themselves leave alone what somebody is just about to press.

/** Whether somebody is at work in a part of the page: its buttons would be gone under their fingers. */
export function isInUse(part, { activeElement, body }) {
  return activeElement !== null && activeElement !== body && part.contains(activeElement);
}

if (globalThis.document) {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    const isAsked = requestConfig?.triggeringEvent instanceof CustomEvent; // after an act of theirs
    if (target.matches("[data-live]") && !isAsked && isInUse(target, document)) event.detail.shouldSwap = false;
  });
}
