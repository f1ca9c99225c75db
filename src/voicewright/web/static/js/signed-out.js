// Whoever is signed out while a page holds what is not on the server yet: the page stays, says so, and goes on when told.
import { ApiError, call } from "./api.js";
import { isBusy, whileBusy } from "./busy.js";

export const SIGNED_OUT = "You have been signed out. Sign in in another tab, then try again.";

/** A call that never leaves the page: who is signed out is told what to do. */
export async function callHere(method, path, options = {}) {
  try {
    return await call(method, path, { ...options, stay: true });
  } catch (error) {
    if (isSignedOut(error)) error.message = SIGNED_OUT;
    throw error;
  }
}

/** Whether a refusal says that nobody is signed in any more. */
export function isSignedOut(error) {
  return error?.status === 401;
}

/** Why a page can't go on yet, for whoever opened it; empty: it can. Somebody else may have signed in meanwhile. */
export async function whyNot(account, ask = call) {
  try {
    const now = await ask("GET", "/auth/me", { stay: true });
    return now.id === account ? "" : "Somebody else is signed in now. Sign in with the account that this page was opened with.";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return isSignedOut(error) ? "Nobody is signed in yet. Sign in in another tab first." : error.message;
  }
}

/**
 * The note with the link to sign in and the button that goes on.
 * @param {HTMLElement} note holds `[data-told]` and `[data-go-on]`
 * @param {string} account of whoever opened the page
 * @param {() => void} goOn is called when they are signed in again
 */
export function signedOutNote(note, account, goOn) {
  const told = note.querySelector("[data-told]");
  const button = note.querySelector("[data-go-on]");
  button.addEventListener("click", async () => {
    if (isBusy(button)) return;
    const why = await whileBusy(button, () => whyNot(account));
    told.textContent = why;
    if (!why) goOn();
  });
  return {
    /** Show it, or take it away. */
    show(wanted) {
      const isNew = wanted && note.hidden;
      note.hidden = !wanted;
      if (!isNew) return;
      told.textContent = "";
      note.scrollIntoView({ block: "center" }); // it may have been scrolled away, and nothing goes on without it
    },
  };
}
