// What is told of something that a page does not show: new only when it is in another state than it was last told to be.

/** @returns {(id: string, state: string) => boolean} whether this is new */
export function sightings() {
  const seen = new Map();
  return (id, state) => {
    if (seen.get(id) === state) return false;
    seen.set(id, state);
    return true;
  };
}
