// What is asked for many times in a moment is done once, and once more at the end.

/**
 * @param {() => void} act
 * @param {number} pause milliseconds between two times
 * @param {typeof setTimeout} [later]
 * @returns {() => void} asks for it
 */
export function calmly(act, pause, later = setTimeout) {
  let resting = false;
  let wanted = false;
  return function ask() {
    if (resting) {
      wanted = true;
      return;
    }
    resting = true;
    wanted = false;
    act();
    later(() => {
      resting = false;
      if (wanted) ask();
    }, pause);
  };
}
