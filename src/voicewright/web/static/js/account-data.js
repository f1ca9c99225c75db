// The account is deleted by nobody who has not typed what they delete.

/** Whether what was typed is what was to be typed, whatever its capitals. */
export function isTyped(typed, phrase) {
  return typed.trim().toLowerCase() === phrase.toLowerCase() && phrase !== "";
}

const form = globalThis.document?.getElementById("delete-account");
if (form) {
  const typed = form.querySelector("#phrase");
  const button = form.querySelector("button");
  const look = () => (button.disabled = !isTyped(typed.value, form.dataset.phrase));
  typed.addEventListener("input", look);
  look();
}
