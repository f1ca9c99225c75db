// The end of a log that grows: it stays at the end, until somebody scrolls up to read.

const NEAR_PX = 24;
const MOST_LINES = 1000;

/** Whether the last line is in sight. */
export function isAtEnd({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= NEAR_PX;
}

/**
 * @param {HTMLElement} list that scrolls, with a line in each child
 * @param {HTMLElement} button shown while it does not follow; leads back to the end
 * @param {{most?: number, write?: (line: any) => HTMLElement}} [options]
 */
export function tail(list, button, { most = MOST_LINES, write = written } = {}) {
  let follows = true;
  let last = 0;
  const toEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  const setFollows = (does) => {
    follows = does;
    button.hidden = does;
  };
  list.addEventListener("scroll", () => setFollows(isAtEnd(list)));
  button.addEventListener("click", () => {
    setFollows(true);
    toEnd();
    list.focus();
  });
  return {
    /** Add lines; those that are there already are left out. */
    add(lines) {
      const fresh = lines.filter((line) => line.id > last);
      if (fresh.length === 0) return;
      last = fresh.at(-1).id;
      list.append(...fresh.map(write));
      while (follows && list.childElementCount > most) list.firstElementChild.remove();
      if (follows) toEnd();
    },
    /** Go to the end again where it follows: what is shown has changed its size. */
    settle() {
      if (follows) toEnd();
    },
    get follows() {
      return follows;
    },
  };
}

/** A line: when, and what. */
function written({ timestamp, level, message }) {
  const line = document.createElement("li");
  line.className = level;
  const when = new Date(timestamp);
  const time = document.createElement("time");
  time.dateTime = timestamp;
  time.textContent = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" }).format(when);
  time.title = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" }).format(when);
  const words = document.createElement("span");
  if (level === "warning" || level === "error") {
    const kind = document.createElement("strong");
    kind.textContent = level === "error" ? "Error: " : "Warning: ";
    words.append(kind);
  }
  words.append(message);
  line.append(time, words);
  return line;
}
