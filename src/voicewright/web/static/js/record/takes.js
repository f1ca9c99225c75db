// What the page shows of takes, of coverage and of the end; figures come from elsewhere.
import { icon } from "../audio-player.js";
import { duration } from "../figures.js";

const MOST_SHOWN = 40;
const SHOWN = {
  waiting: ["Waiting", "quiet", "clock"],
  sending: ["Being listened to", "busy", "activity"],
  failed: ["Refused", "bad", "circle-alert"],
  good: ["Good", "good", "circle-check"],
  usable: ["Usable", "warn", "triangle-alert"],
  rejected: ["Read again", "bad", "circle-alert"],
};

/** Hints of a take, or that there are none. */
export function showHints(list, hints, fine) {
  const rows = hints.length ? hints : [{ tone: "good", text: fine }];
  list.replaceChildren(
    ...rows.map(({ tone, text }) => {
      const row = element("li", `hint-row ${tone}`);
      row.append(icon(tone === "good" ? "circle-check" : tone === "bad" ? "circle-alert" : "triangle-alert"), element("span", "", text));
      return row;
    }),
  );
}

/** The newest takes, with what the server says. */
export function drawTakes(studio, session, again) {
  const takes = [...session.takes.values()].sort((a, b) => b.key - a.key).slice(0, MOST_SHOWN);
  studio.querySelector("[data-no-takes]").hidden = takes.length > 0;
  const list = studio.querySelector("[data-takes]");
  list.tabIndex = takes.length ? 0 : -1; // it scrolls, also for the keyboard
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  list.replaceChildren(
    ...takes.map((take) => {
      const known = rows.get(String(take.key));
      const told = JSON.stringify([take.state, take.verdict, take.reasons]);
      if (known?.dataset.told === told) return known;
      return takeRow(take, told, again);
    }),
  );
}

function takeRow(take, told, again) {
  const row = element("li", "take");
  row.dataset.key = take.key;
  row.dataset.told = told;
  const [word, tone, sign] = SHOWN[take.state === "kept" ? take.verdict : take.state];
  const badge = element("span", `badge ${tone}`);
  badge.append(icon(sign), word);
  const head = element("div", "row spread");
  head.append(badge);
  if (take.state === "kept" || take.state === "failed") {
    const button = element("button", "button plain small", "Again");
    button.type = "button";
    button.setAttribute("aria-label", `Read again: ${take.prompt.text}`);
    button.addEventListener("click", () => again(take.prompt));
    head.append(button);
  }
  row.append(element("p", "", take.prompt.text), head);
  if (take.reasons.length) {
    const reasons = element("ul", "fine reasons");
    reasons.append(...take.reasons.map((reason) => element("li", "", reason)));
    row.append(reasons);
  }
  return row;
}

/** How much of the language was heard. */
export function drawCoverage(studio, coverage) {
  studio.querySelector("[data-coverage]").dataset.stage = coverage.stage;
  say(studio.querySelector("[data-coverage-title]"), coverage.title);
  say(studio.querySelector("[data-coverage-text]"), coverage.text);
  const bars = {
    sounds: [coverage.soundShare, `${coverage.sounds} of ${coverage.allSounds}`, coverage.allSounds],
    pairs: [coverage.pairShare, `${coverage.pairs} of ${coverage.allPairs}`, coverage.allPairs],
    minutes: [coverage.minuteShare, `${duration(coverage.seconds).replace(" min", "")} of 10 min`, 1],
  };
  for (const [name, [share, figure, shown]] of Object.entries(bars)) {
    const bar = studio.querySelector(`[data-bar="${name}"]`);
    bar.value = share;
    bar.closest("div").hidden = !shown;
    say(studio.querySelector(`[data-figure="${name}"]`), figure);
  }
}

/** What there is at the end. */
export function drawEnd(studio, session, coverage, agreed) {
  const end = (name, text) => say(studio.querySelector(`[data-end="${name}"]`), text);
  end("minutes", duration(coverage.seconds));
  end("sounds", coverage.allSounds ? `${coverage.sounds} of ${coverage.allSounds}` : "–");
  for (const verdict of ["good", "usable", "rejected"]) end(verdict, session.count(verdict).toLocaleString("en"));
  say(studio.querySelector("[data-end-title]"), coverage.title);
  say(studio.querySelector("[data-end-text]"), coverage.stage === "begun" ? coverage.text.replace(" The next sentences were chosen to bring that.", " Record more, or come back later: what you have is kept.") : coverage.text);
  studio.querySelector("[data-end-waiting]").hidden = !session.unsent;
  say(studio.querySelector("[data-end-waiting-text]"), `${session.unsent} ${session.unsent === 1 ? "take is" : "takes are"} still on the way. Keep this page open for a moment.`);
  studio.querySelector("[data-end-agreement]").hidden = agreed;
  studio.querySelector("[data-train]").classList.toggle("primary", coverage.stage !== "begun");
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
