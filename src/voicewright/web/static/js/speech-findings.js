// What is known about a speech, in words: [tone, text] pairs for the page.

/** From its entry in the history. */
export function findings(entry, outcome) {
  const found = [];
  if (outcome === "stopped") found.push(["quiet", "You stopped it; what was made until then can be heard."]);
  if (outcome === "broken" || entry.status === "failed") {
    const why = entry.error?.message ?? "The connection was lost. Try again.";
    found.push(["bad", `It was broken off: ${why}`]);
  }
  if (entry.fallback) found.push(["warn", `${entry.voice_name} spoke in place of the voice that you chose. ${entry.fallback.reason}`]);
  return [...found, ...heard(entry.checks)];
}

/** What the listener said of the sentences. */
export function heard(checks) {
  const by = (verdict) => checks.filter((check) => check.verdict === verdict);
  const good = by("good").length + by("repaired").length;
  const poor = by("poor");
  if (poor.length) {
    return poor.slice(0, 5).map(({ piece, reason }) => ["warn", `Sentence ${piece + 1} may not say all that it should${reason ? `: ${reason}` : ""}. Another take may be better.`]);
  }
  if (good && good === checks.length) return [["good", good === 1 ? "Listened to: every word was heard." : `Listened to: every word of ${good} sentences was heard.`]];
  if (good) return [["good", `Listened to: every word was heard in ${good} of ${checks.length} sentences; nobody listened to the others.`]];
  return [];
}

/** How the sound says itself that a machine made it. */
export function marksOf(watermark) {
  const marks = {
    perth: "There is an inaudible watermark in the sound, which stays when the file is converted.",
    partial: "There is an inaudible watermark in a part of the sound.",
    none: "There is no watermark in this sound: the installation does not mark, or can't.",
  };
  return `${marks[watermark] ?? "Whether there is a watermark in it is not known."} Files that you download are signed where their format allows it, and this installation knows its own speech again.`;
}

/** What a verification says. */
export function verification({ made_here: made, conclusion, manifest }) {
  const tone = made ? "good" : "quiet";
  const lines = [[tone, conclusion]];
  if (manifest.state === "trusted") lines.push(["good", "Its signature is ours, and the file was not changed since."]);
  if (manifest.state === "invalid") lines.push(["bad", "It is signed, but the file was changed since."]);
  return lines;
}
