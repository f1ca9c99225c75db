// Turns the notes of this browser on and off.
import { canTell, isOn, turnOff, turnOn, watchJobs } from "./job-notices.js";
import { note } from "./notes.js";

const state = document.querySelector("#notice-state .badge");
const on = document.getElementById("notices-on");
const off = document.getElementById("notices-off");

function show() {
  on.hidden = isOn() || !canTell();
  off.hidden = !isOn();
  state.className = `badge ${isOn() ? "good" : "quiet"}`;
  state.textContent = canTell() ? (isOn() ? "On" : "Off") : "Not possible here: the panel has to be opened by https.";
}

on.addEventListener("click", async () => {
  if (await turnOn()) watchJobs();
  else note("The browser does not allow it. Its settings for this site say so; change them there and try again.", "bad");
  show();
});
off.addEventListener("click", () => {
  turnOff();
  show();
});
show();
