// The parts of the page that speaks a text.
export const form = document.getElementById("speak");
export const $ = (id) => document.getElementById(id);

export function fault(text) {
  $("fault").textContent = text;
  $("fault").hidden = !text;
}
