// The room in which one listens: has the sentences spoken, plays A and B, and sends what was chosen.
// Nothing here knows who is who: the server keeps that until the test is finished.
import { ApiError, call, url } from "./api.js";
import { whileBusy } from "./busy.js";
import { confirmed } from "./confirm.js";
import { actionOf, Round } from "./listening-trial.js";
import { note } from "./notes.js";

const room = document.querySelector("[data-room]");
const where = `/listening-tests/${room.dataset.room}`;
const one = (selector) => room.querySelector(selector);
const end = document.querySelector("[data-end]");
let test = JSON.parse(room.dataset.test);
let round = new Round(test.items);
let sending = false;

/** Have one sentence after the other spoken until all are. */
async function prepare() {
  const part = one("[data-preparing]");
  one("[data-fault]").hidden = true;
  part.hidden = false;
  try {
    while (test.state === "preparing") {
      test = await call("POST", `${where}/prepare`);
      part.querySelector("progress").value = test.readySentences;
      part.querySelector("[data-told]").textContent = `${test.readySentences} of ${test.sentences} sentences`;
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    one("[data-fault-text]").textContent = error.message;
    one("[data-fault]").hidden = false;
    return;
  }
  part.hidden = true;
  round = new Round(test.items);
  begin();
}

/** Show the trial that comes now, or that there is none left. */
function begin() {
  stop();
  const trial = round.current;
  one("[data-trial]").hidden = trial === null;
  one("[data-all-done]").hidden = trial !== null;
  end.hidden = round.voted === 0 || trial === null;
  for (const button of room.querySelectorAll("[data-back]")) button.disabled = !round.canGoBack;
  if (trial === null) {
    one("[data-summary]").textContent = `You decided ${round.voted} of ${test.items.length} trials. From here on, no vote can be changed.`;
    return;
  }
  one("[data-count]").textContent = `Trial ${trial.number} of ${test.items.length}`;
  one("[data-done]").value = round.voted;
  one("[data-sentence]").textContent = trial.text;
  for (const take of room.querySelectorAll("[data-take]")) {
    const audio = take.querySelector("audio");
    audio.src = url(take.dataset.take === "a" ? trial.urlA : trial.urlB);
    take.querySelector("progress").value = 0;
    for (const star of room.querySelectorAll(`[name="natural-${take.dataset.take}"]`)) {
      star.checked = Number(star.value) === (take.dataset.take === "a" ? trial.naturalnessA : trial.naturalnessB);
    }
  }
  show();
}

/** Show it after another one, and lead the keyboard there: what had the focus can't be pressed yet, or is gone. */
function goOn() {
  begin();
  one(round.current ? "[data-sentence]" : "[data-all-done] h2").focus();
}

/** Write what may be done now. */
function show() {
  for (const take of room.querySelectorAll("[data-take]")) {
    const letter = take.dataset.take;
    const playing = !take.querySelector("audio").paused;
    take.toggleAttribute("data-playing", playing);
    take.toggleAttribute("data-full", round.heard(letter));
    take.querySelector("[data-play-words]").textContent = `${playing ? "Stop" : "Play"} ${letter.toUpperCase()}`;
    take.querySelector("[data-heard]").textContent = round.heard(letter) ? "Heard" : "Not heard yet";
  }
  for (const button of room.querySelectorAll("[data-choice]")) {
    button.disabled = !round.canChoose;
    button.setAttribute("aria-pressed", String(round.current?.choice === button.dataset.choice));
  }
  one("[data-hint]").textContent = round.canChoose ? "Which is better? If you can't tell, say so: that counts as well." : "Hear both to the end, then choose. You may play them as often as you like.";
}

function stop() {
  for (const audio of room.querySelectorAll("audio")) audio.pause();
}

async function play(letter) {
  if (!round.current) return;
  const audio = one(`[data-take="${letter}"] audio`);
  const wasPlaying = !audio.paused;
  stop();
  if (wasPlaying) return;
  audio.currentTime = 0;
  try {
    await audio.play();
  } catch (error) {
    if (error.name !== "AbortError") note(`${letter.toUpperCase()} can't be played. Is the service running? Reload the page and try again.`, "bad");
  }
}

async function choose(choice) {
  if (!round.canChoose || sending || !round.current) return;
  sending = true;
  const rated = (letter) => Number(one(`[name="natural-${letter}"]:checked`)?.value) || null;
  const vote = { choice, naturalnessA: rated("a"), naturalnessB: rated("b") };
  try {
    await whileBusy(one(`[data-choice="${choice}"]`), () => call("PUT", `${where}/trials/${round.current.number}/vote`, { json: vote }));
    Object.assign(round.current, vote);
    round.chose(choice);
    goOn();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    note(error.message, "bad");
  } finally {
    sending = false;
  }
}

async function finish() {
  try {
    await call("POST", `${where}/finish`);
    location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    note(error.message, "bad");
  }
}

for (const take of room.querySelectorAll("[data-take]")) {
  const audio = take.querySelector("audio");
  const bar = take.querySelector("progress");
  take.querySelector("[data-play]").addEventListener("click", () => play(take.dataset.take));
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, show);
  audio.addEventListener("timeupdate", () => {
    const share = audio.duration > 0 ? audio.currentTime / audio.duration : 0;
    bar.value = share;
    if (round.played(take.dataset.take, share)) show();
  });
  audio.addEventListener("ended", () => {
    bar.value = 1;
    round.played(take.dataset.take, 1);
    show();
  });
}
for (const button of room.querySelectorAll("[data-choice]")) button.addEventListener("click", () => choose(button.dataset.choice));
for (const button of room.querySelectorAll("[data-back]")) {
  button.addEventListener("click", () => {
    if (sending) return;
    round.back();
    goOn();
  });
}
one("[data-again]").addEventListener("click", prepare);
one("[data-finish]").addEventListener("click", finish);
end.addEventListener("click", async () => {
  const left = test.items.length - round.voted;
  if (await confirmed("End the test now?", `${left} of ${test.items.length} trials have no vote and do not count. Then it is told who was who.`, { yes: "End it", no: "Go on listening" })) finish();
});
document.addEventListener("keydown", (event) => {
  const action = actionOf(event.key);
  if (!action || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=radio]), textarea, select, dialog")) return;
  event.preventDefault();
  if (action[0] === "play") play(action[1]);
  else choose(action[1]);
});

if (test.state === "preparing") prepare();
else begin();
