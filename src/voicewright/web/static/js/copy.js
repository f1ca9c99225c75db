// <button data-copy="#id">: puts the text of an element on the clipboard, and says so on the button.

const SAID_MS = 2000;

/** Make them work. */
export function installCopies(document) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy.replace(/^#/, ""));
    say(button, (await copy(source)) ? "Copied" : `Press ${keys(navigator.platform)}`);
  });
}

/**
 * Copy the text of an element, or what a field holds. Where the browser lets no page write to the clipboard, as at
 * a plain http address, it is left selected, so that the keys of the system copy it; false: they have to.
 */
export async function copy(source, clipboard = globalThis.navigator?.clipboard) {
  try {
    await clipboard.writeText(source.value ?? source.textContent);
    return true;
  } catch {
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

/** What copies on somebody's system. */
export function keys(platform) {
  return /^(Mac|iP)/.test(platform) ? "⌘C" : "Ctrl+C";
}

function say(button, text) {
  const label = button.querySelector("span") ?? [...button.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE);
  const before = (button.dataset.label ??= label.textContent);
  button.setAttribute("aria-live", "polite");
  label.textContent = text;
  setTimeout(() => (label.textContent = before), SAID_MS);
}
