// A button in each field for a new password that shows what was typed, so that nobody has to type it twice.
import { icon } from "./audio-player.js";

/** Give a field its button. */
export function addSwitch(input) {
  const frame = document.createElement("div");
  frame.className = "with-button";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  input.replaceWith(frame);
  frame.append(input, button);
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    show(button, input);
    input.focus();
  });
  // nothing readable is sent, nor offered to be remembered as text
  input.form?.addEventListener("submit", () => (input.type = "password"));
  show(button, input);
}

function show(button, input) {
  const isHidden = input.type === "password";
  button.setAttribute("aria-label", isHidden ? "Show what is typed" : "Hide what is typed");
  button.setAttribute("aria-pressed", String(!isHidden));
  button.replaceChildren(icon(isHidden ? "eye" : "eye-off"));
}

if (globalThis.document) for (const input of document.querySelectorAll("input[autocomplete='new-password']")) addSwitch(input);
