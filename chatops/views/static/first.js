// Shows a long grid part by part, few in each frame, so that nothing the viewer does has to wait for all of it at once.
// Whoever comes back, or comes for one place of the page, gets it whole: where they were must be there.
const root = document.documentElement;
const SCREENS = 2.5;
const SHORT = 16;
let atOnce = 1;

function isWholeAtOnce() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit?.type !== "navigate" || location.hash !== "" || new URLSearchParams(location.search).has("sel");
}

// What is far below costs nothing before it is near.
function isNear(part) {
  return part.getBoundingClientRect().top < SCREENS * innerHeight;
}

function showNext() {
  const parts = [...(document.querySelector(".grid")?.children ?? [])];
  const hidden = parts.filter((part) => !("seen" in part.dataset));
  const next = hidden.slice(0, atOnce).filter(isNear);
  for (const part of next) {
    part.dataset.seen = "";
  }
  if (next.length || document.readyState === "loading") {
    afterThisFrame();
    return;
  }
  delete root.dataset.first;
  for (const part of parts) {
    delete part.dataset.seen;
  }
}

// A machine that is quick shows more in the next frame.
function afterThisFrame() {
  requestAnimationFrame((began) => {
    setTimeout(() => {
      atOnce = performance.now() - began < SHORT ? 2 * atOnce : 1;
      showNext();
    });
  });
}

if (!isWholeAtOnce()) {
  root.dataset.first = "";
  afterThisFrame();
}
