// Where the words of a text stand, and which of them is being said.

/**
 * Find the words in the text that they are from, each after the one before.
 * @param {string} text
 * @param {{text: string, start: number, end: number}[]} words in the order in which they are said
 * @returns {{from: number, to: number, start: number, end: number}[]} those that stand there
 */
export function placed(text, words) {
  const found = [];
  let at = 0;
  for (const word of words) {
    const from = word.text ? text.indexOf(word.text, at) : -1;
    if (from < 0) continue; // it is said otherwise than it is written
    at = from + word.text.length;
    found.push({ from, to: at, start: word.start, end: word.end });
  }
  return found;
}

/** The index of the word that is said at a time, or was said last; -1 before the first. */
export function wordAt(words, time) {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle].start <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The word that a key goes to from the one that is said; null: the key goes nowhere.
 * @param {number} many words
 * @param {number} said its index, -1 before the first
 * @param {string} key
 */
export function wordBeside(many, said, key) {
  const to = { ArrowLeft: said - 1, ArrowRight: said + 1, Home: 0, End: many - 1 }[key];
  if (to === undefined || many === 0) return null;
  return Math.min(Math.max(to, 0), many - 1);
}

/** Write a text with an element for each of its words; answers those elements. */
export function writeWords(target, text, words) {
  target.textContent = "";
  const marks = [];
  let at = 0;
  for (const word of words) {
    target.append(text.slice(at, word.from));
    const mark = target.ownerDocument.createElement("span");
    mark.textContent = text.slice(word.from, word.to);
    target.append(mark);
    marks.push(mark);
    at = word.to;
  }
  target.append(text.slice(at));
  return marks;
}
