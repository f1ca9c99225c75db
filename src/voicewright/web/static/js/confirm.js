// One question before what can't be undone, in the page's own dialog.

/**
 * @param {string} title the question itself: "Delete Ann's voice?"
 * @param {string} text what will be gone
 * @param {string} yes what the button says that does it
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, yes) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-title").textContent = title;
  document.getElementById("confirm-text").textContent = text;
  document.getElementById("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
