// One question before what is not done lightly, in the page's own dialog.

/**
 * @param {string} title the question itself: "Delete Ann's voice?"
 * @param {string} text what comes of it
 * @param {{yes: string, isDangerous?: boolean, no?: string}} answers what the buttons say; it is dangerous where
 *   something is lost
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, { yes, isDangerous = false, no = isDangerous ? "Keep it" : "Not now" }) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-title").textContent = title;
  document.getElementById("confirm-text").textContent = text;
  document.getElementById("confirm-no").textContent = no;
  const does = document.getElementById("confirm-yes");
  does.textContent = yes;
  does.className = `button ${isDangerous ? "danger" : "primary"}`;
  const asked = document.activeElement;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      if (!asked.isConnected) document.getElementById(asked.id)?.focus(); // it was swapped meanwhile
      resolve(dialog.returnValue === "yes");
    }, { once: true });
  });
}
