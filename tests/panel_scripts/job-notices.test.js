// Who looks for ended trainings in the background.
import assert from "node:assert/strict";
import { test } from "node:test";
import { watchJobs } from "../../src/voicewright/web/static/js/job-notices.js";

function browser(isSignedIn) {
  const asked = [];
  return {
    asked,
    isSecureContext: true,
    Notification: { permission: "granted" },
    localStorage: { getItem: () => "on" },
    navigator: { locks: { request: (name) => Promise.resolve(asked.push(name)) } },
    document: { body: { classList: { contains: (name) => name === "signed-in" && isSignedIn } } },
  };
}

test("a page of somebody who is signed in looks, the sign-in page never does", () => {
  const [inside, outside] = [browser(true), browser(false)];
  watchJobs(inside);
  watchJobs(outside);
  assert.deepEqual([inside.asked.length, outside.asked.length], [1, 0]);
});
