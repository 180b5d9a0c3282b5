// Shows a long grid part by part, some rows in each frame, so that nothing the viewer does has to wait for all of it.
// Whoever comes back, comes for one place of the page, or presses a key gets it whole: where they are must be there.
const root = document.documentElement;
const SCREENS = 2.5;
const SHORT = 40;
const FEWEST = 12;
let atOnce = 24;

function isWholeAtOnce() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit?.type !== "navigate" || location.hash !== "" || new URLSearchParams(location.search).has("sel");
}

// What is far below costs nothing before it is near.
function isNear(part) {
  return part.getBoundingClientRect().top < SCREENS * innerHeight;
}

function showNext() {
  const hidden = [...(document.querySelector(".grid")?.children ?? [])].filter((part) => !("seen" in part.dataset));
  const next = [];
  for (let rows = 0; rows < atOnce && hidden.length && isNear(hidden[0]); ) {
    rows += hidden[0].querySelectorAll("tr").length;
    next.push(hidden.shift());
  }
  // When the rest is far below, its places need no keeping any more: it comes with these, and not a frame later.
  if (document.readyState !== "loading" && !(hidden.length && isNear(hidden[0]))) {
    showAll();
    return;
  }
  for (const part of next) {
    part.dataset.seen = "";
  }
  afterThisFrame();
}

function showAll() {
  delete root.dataset.first;
  for (const part of document.querySelectorAll("[data-seen]")) {
    delete part.dataset.seen;
  }
}

// A machine that is quick shows more in the next frame.
function afterThisFrame() {
  requestAnimationFrame((began) => {
    setTimeout(() => {
      atOnce = performance.now() - began < SHORT ? 2 * atOnce : FEWEST;
      if ("first" in root.dataset) {
        showNext();
      }
    });
  });
}

if (!isWholeAtOnce()) {
  root.dataset.first = "";
  addEventListener("keydown", showAll, { capture: true, once: true });
  afterThisFrame();
}
