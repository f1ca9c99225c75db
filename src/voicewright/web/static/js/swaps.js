// What is swapped for something fresh keeps what somebody does with it: details that they opened stay open, and
// the focus does not get lost where the thing that had it is gone.

const HEADINGS = "h1, h2, h3";

/** Look after every swap of HTMX. */
export function installSwaps(document) {
  const before = new WeakMap(); // by their requests: several parts may be asked for at once
  document.addEventListener("htmx:beforeSwap", ({ detail: { target, xhr } }) => {
    before.set(xhr, { ...seen(target, document), id: target.id, around: target.parentElement });
  });
  document.addEventListener("htmx:afterSettle", ({ detail: { xhr } }) => {
    const was = xhr && before.get(xhr);
    if (!was) return;
    before.delete(xhr);
    restore(was, document);
  });
}

/** The open details of a part that have an id, and whether the focus is in it. */
export function seen(part, { activeElement }) {
  const open = [part, ...part.querySelectorAll("details[open][id]")].filter((one) => one.matches("details[open][id]"));
  return { open: open.map((one) => one.id), hadFocus: activeElement !== null && part.contains(activeElement) };
}

/** Open them again; HTMX gives the focus to what has the id that had it, else it goes to the nearest heading. */
export function restore({ open, hadFocus, id, around }, document) {
  for (const one of open) document.getElementById(one)?.setAttribute("open", "");
  const { activeElement, body } = document;
  if (!hadFocus || (activeElement !== null && activeElement !== body)) return;
  const heading = nearest((id && document.getElementById(id)) || around);
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

/** The first heading in a part, or in what is around it. */
function nearest(part) {
  for (let at = part; at; at = at.parentElement) {
    const heading = at.querySelector(HEADINGS);
    if (heading) return heading;
  }
  return null;
}
