// What a voice said: new samples appear among the others, which stay as they are, so that one that is being
// listened to plays on.

/**
 * What to do so that a list shows what the server knows now.
 * @param {string[]} shown keys, in their order
 * @param {string[]} known keys, in theirs
 * @returns {{gone: string[], added: {key: string, before: string|null}[]}} before: which of those that stay
 */
export function changes(shown, known) {
  const stays = new Set(shown.filter((key) => known.includes(key)));
  const added = known.flatMap((key, place) =>
    stays.has(key) ? [] : [{ key, before: known.slice(place + 1).find((later) => stays.has(later)) ?? null }],
  );
  return { gone: shown.filter((key) => !stays.has(key)), added };
}

/** Bring a list up to date by another, whose elements are taken: each has a `data-key`. */
export function merge(list, fresh) {
  const byKey = (parent) => new Map([...parent.children].map((element) => [element.dataset.key, element]));
  const [there, come] = [byKey(list), byKey(fresh)];
  const { gone, added } = changes([...there.keys()], [...come.keys()]);
  for (const key of gone) there.get(key).remove();
  for (const { key, before } of added) list.insertBefore(come.get(key), there.get(before) ?? null);
}

/** From now on the part is merged where HTMX would have replaced it. */
export function mergeWhereSwapped(body = document.body) {
  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "heard" || event.detail.xhr.status !== 200) return;
    const part = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").getElementById("heard");
    if (!part) return;
    event.detail.shouldSwap = false;
    merge(event.target.querySelector("[data-heard]"), part.querySelector("[data-heard]"));
    event.target.hidden = part.hidden;
  });
}
