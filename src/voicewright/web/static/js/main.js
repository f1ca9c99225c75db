// What every page has: it is small, and loads nothing that the page does not use.
import { installActions } from "./actions.js";
import "./audio-player.js";
import { installCopies } from "./copy.js";
import { installFreshness } from "./freshness.js";
import { installMenus } from "./menus.js";
import { installNotes } from "./notes.js";
import { installSwaps } from "./swaps.js";
import { installTheme } from "./theme.js";
import { installTimes } from "./times.js";

installTheme(document);
installMenus(document);
installNotes(document);
installActions(document);
installCopies(document);
installSwaps(document);
installTimes(document);
installFreshness(document);
if (localStorage.getItem("voicewright.jobNotices")) import("./job-notices.js").then(({ watchJobs }) => watchJobs());
