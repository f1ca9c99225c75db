// A button that is at work shows that it is, and takes no second press. It is not disabled meanwhile: that would take
// the focus from it. What takes longer is told to those who don't see it turn, too.

const LONG_MS = 1000;

/** Whether what a button began still goes on. */
export function isBusy(button) {
  return button?.getAttribute("aria-busy") === "true";
}

/**
 * Show that a button is at work, as long as the work goes on; resolves to what that does.
 * @template T
 * @param {HTMLElement | null | undefined} button
 * @param {() => Promise<T>} work
 * @param {{status?: HTMLElement | null, later?: typeof setTimeout}} [options]
 * @returns {Promise<T>}
 */
export async function whileBusy(button, work, { status = document.getElementById("working"), later = setTimeout } = {}) {
  mark(button, true);
  const told = later(() => {
    status.textContent = "Working…";
  }, LONG_MS);
  try {
    return await work();
  } finally {
    mark(button, false);
    clearTimeout(told);
    status.textContent = "";
  }
}

/** The same for a press: while what an earlier one began goes on, it does nothing. */
export function unlessBusy(button, work) {
  return isBusy(button) ? undefined : whileBusy(button, work);
}

/** Lead to another page; resolves when this one is left, so that what led there stays busy until then. */
export function leaveFor(address) {
  location.assign(address);
  return new Promise((left) => addEventListener("pagehide", left, { once: true }));
}

function mark(button, busy) {
  for (const name of ["aria-busy", "aria-disabled"]) {
    if (busy) button?.setAttribute(name, "true");
    else button?.removeAttribute(name);
  }
}
