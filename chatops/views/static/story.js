// Keeps the story of a command up to date while it goes on; without it, reloading the page does the same.
const FIRST = 400;
const PAUSE = 2_000;
const LONGEST = 30 * 60_000;
const PARTS = ["said", "answer", "chain"];
const until = Date.now() + LONGEST;

// What a form carries along is new in each page, and nothing to see.
function seen(part) {
  return part.textContent.replace(/\s+/g, " ").trim();
}

function show(fresh) {
  for (const id of PARTS) {
    const now = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (now && next && seen(now) !== seen(next) && !now.contains(document.activeElement)) {
      now.replaceWith(document.adoptNode(next));
    }
  }
}

function isLive() {
  return document.querySelector("[data-live]") !== null;
}

async function look() {
  try {
    const answer = await fetch(location.href);
    if (answer.ok) {
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch {
    // The next look may have more luck.
  }
  if (isLive() && Date.now() < until) {
    setTimeout(look, PAUSE);
  }
}

if (isLive()) {
  setTimeout(look, FIRST);
}
