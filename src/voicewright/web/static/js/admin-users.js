// Users: add one, hand over a one-time link, and delete one only after its name was typed.
import { ApiError, call } from "./api.js";
import { note } from "./notes.js";

/** The link of somebody, in the dialog that hands it over; resolves when that is closed. */
async function handOver(userId, person, opener) {
  opener?.setAttribute("aria-busy", "true");
  let link;
  try {
    link = await call("POST", `/admin/users/${encodeURIComponent(userId)}/link`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    note(error.message, "bad");
    return;
  } finally {
    opener?.removeAttribute("aria-busy");
  }
  const dialog = document.getElementById("sign-in-link");
  document.getElementById("sign-in-link-text").textContent = `It lets ${person} in, once.`;
  document.getElementById("sign-in-link-url").value = link.url;
  document.getElementById("sign-in-link-until").textContent = new Date(link.expires_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  dialog.showModal();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.open) document.getElementById(button.dataset.open).showModal();
  if ("close" in button.dataset) button.closest("dialog").close();
  if (button.dataset.linkFor) await handOver(button.dataset.linkFor, button.dataset.person, button);
});

document.addEventListener("called", async (event) => {
  if (!event.target.matches("[data-adds-user]")) return;
  event.target.closest("dialog").close();
  event.target.reset();
  document.body.dispatchEvent(new CustomEvent("people"));
  await handOver(event.detail.id, event.detail.email);
});

document.addEventListener("input", (event) => {
  const wanted = event.target.dataset.mustBe;
  if (wanted === undefined) return;
  event.target.form.querySelector("button.danger").disabled = event.target.value.trim() !== wanted;
});
