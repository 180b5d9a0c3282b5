// Shows a long grid part by part, one in each frame, so that nothing the viewer does has to wait for all of it at once.
// Whoever comes back, or comes for one place of the page, gets it whole: where they were must be there.
const root = document.documentElement;
const SCREENS = 2.5;

function isWholeAtOnce() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit?.type !== "navigate" || location.hash !== "" || new URLSearchParams(location.search).has("sel");
}

// What is far below costs nothing before it is near, but for the groups that are always laid out.
function isDue(part) {
  return part.matches(".bad, .odd, .good") || part.getBoundingClientRect().top < SCREENS * innerHeight;
}

function showNext() {
  const parts = [...(document.querySelector(".grid")?.children ?? [])].slice(1);
  const next = parts.find((part) => !("seen" in part.dataset));
  if (next && isDue(next)) {
    next.dataset.seen = "";
  } else if (document.readyState !== "loading") {
    delete root.dataset.first;
    for (const part of parts) {
      delete part.dataset.seen;
    }
    return;
  }
  afterThisFrame();
}

function afterThisFrame() {
  requestAnimationFrame(() => setTimeout(showNext));
}

if (!isWholeAtOnce()) {
  root.dataset.first = "";
  afterThisFrame();
}
