// Buttons and forms that call the REST API, without a line of script for each of them:
//
//   <button data-call="DELETE /voice-models/7" data-ask="Delete Ann's voice?" data-then="go:/panel/voices">
//   <form data-call="PATCH /auth/me" data-then="reload" data-told="Saved.">
//
// data-ask: what is asked before, with `data-ask-text`, `-yes` and `-no`; of a button of the class `danger` in red;
// data-body: JSON that is sent (a form sends its fields); data-if-match: the entity tag of what it changes;
// data-then: what follows, see `follow`; data-told: a note.
// Refusals that name fields are written beside these fields.
import { ApiError, call, url } from "./api.js";
import { isBusy, whileBusy } from "./busy.js";
import { confirmed } from "./confirm.js";
import { note, noteAfterLoad } from "./notes.js";

/** Make them work, those of today and those that come. */
export function installActions(document) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-call]");
    if (button && !isBusy(button)) run(button, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-call]");
    if (!form) return;
    event.preventDefault();
    if (!isBusy(event.submitter)) run(form, bodyOf(form), event.submitter);
  });
}

/** Run what an element asks for; resolves to the answer, or to undefined where it was refused or not confirmed. */
export async function run(element, body, button = element) {
  const { call: what, ask, askText = "", askYes = "Yes", askNo, then = "", told, ifMatch } = element.dataset;
  const isDangerous = button?.classList.contains("danger");
  if (ask && !(await confirmed(ask, askText, { yes: askYes, no: askNo, isDangerous }))) return undefined;
  const [method, path] = what.split(" ");
  clearFaults(element);
  try {
    const send = () => call(method, path, { json: body, headers: ifMatch ? { "If-Match": ifMatch } : {} });
    const answer = await whileBusy(button, send);
    element.dispatchEvent(new CustomEvent("called", { bubbles: true, detail: answer }));
    follow(then, told, answer);
    return answer ?? null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!showFaults(element, error)) note(error.message, "bad");
    return undefined;
  }
}

/** What follows a call: `reload`, `go:/panel/x`, or `event:name`, which HTMX elements wait for on the body. */
export function follow(then, told, answer) {
  const [kind, ...rest] = then.split(":");
  const where = rest.join(":").replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? ""));
  if (told && (kind === "reload" || kind === "go")) noteAfterLoad(told);
  else if (told) note(told);
  if (kind === "reload") location.reload();
  else if (kind === "go") location.assign(url(where));
  else if (kind === "event") document.body.dispatchEvent(new CustomEvent(where, { bubbles: true, detail: answer }));
}

/** The fields of a form as JSON: `options.epochs` becomes one inside another, numbers and ticks are what they are. */
export function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit" || field.type === "file") continue;
    if (field.type === "radio" && !field.checked) continue;
    const value = valueOf(field);
    if (value === undefined) continue;
    if (field.type === "checkbox" && field.hasAttribute("value")) {
      put(body, field.name, [...(read(body, field.name) ?? []), ...(field.checked ? [value] : [])]);
    } else put(body, field.name, value);
  }
  return body;
}

function valueOf(field) {
  if (field.type === "checkbox") return field.hasAttribute("value") ? field.value : field.checked;
  if (field.dataset.type === "json") return field.value === "" ? undefined : JSON.parse(field.value);
  if (field.type === "number" || field.type === "range" || field.dataset.type === "number") {
    return field.value === "" ? undefined : Number(field.value);
  }
  // what is left empty is not sent, unless the form says that empty means something
  if (field.value === "") return field.dataset.empty === "null" ? null : field.dataset.empty === "text" ? "" : undefined;
  return field.value;
}

function put(body, name, value) {
  const parts = name.split(".");
  const last = parts.pop();
  let inner = body;
  for (const part of parts) inner = inner[part] ??= {};
  inner[last] = value;
}

function read(body, name) {
  return name.split(".").reduce((inner, part) => inner?.[part], body);
}

function clearFaults(element) {
  for (const told of element.querySelectorAll(".field-error")) told.remove();
  for (const field of element.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Write beside each field what is wrong with it; false where no field of this form is to blame. */
function showFaults(element, error) {
  let first = null;
  for (const { field: name, message } of error.fields) {
    const field = element.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!field) continue;
    const told = document.createElement("p");
    told.className = "field-error";
    told.id = `e-${name}`;
    told.setAttribute("role", "alert");
    told.textContent = message;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", told.id);
    (field.closest(".field") ?? field.parentElement).append(told);
    first ??= field;
  }
  first?.focus();
  return first !== null;
}
