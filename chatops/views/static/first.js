// Shows a long grid part by part, some rows in each frame, so that nothing the viewer does has to wait for all of it at
// once. Whoever comes back, or comes for one place of the page, gets it whole: where they were must be there.
const root = document.documentElement;
const SCREENS = 2.5;
const SHORT = 16;
const LONG = 32;
let rows = 8;
let later = [];

function isWholeAtOnce() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit?.type !== "navigate" || location.hash !== "" || new URLSearchParams(location.search).has("sel");
}

// What is far below costs nothing before it is near, but for the groups that are always laid out.
function isDue(part) {
  return part.matches(".bad, .odd, .good") || part.getBoundingClientRect().top < SCREENS * innerHeight;
}

function begin(part) {
  later = part.open ? [...part.querySelectorAll("tbody > tr")] : [];
  for (const row of later) {
    row.dataset.later = "";
  }
  part.dataset.seen = "";
}

function end(parts) {
  delete root.dataset.first;
  for (const part of parts) {
    delete part.dataset.seen;
  }
}

function showSome() {
  const parts = [...(document.querySelector(".grid")?.children ?? [])];
  for (let left = rows; left > 0; left -= 1) {
    if (later.length) {
      delete later.shift().dataset.later;
      continue;
    }
    const next = parts.find((part) => !("seen" in part.dataset));
    if (next && isDue(next)) {
      begin(next);
    } else if (document.readyState !== "loading") {
      end(parts);
      return;
    } else {
      break;
    }
  }
  afterThisFrame();
}

// A machine that is quick shows more in a frame.
function afterThisFrame() {
  requestAnimationFrame((began) => {
    setTimeout(() => {
      const took = performance.now() - began;
      rows = took < SHORT ? 2 * rows : took > LONG ? Math.ceil(rows / 2) : rows;
      showSome();
    });
  });
}

if (!isWholeAtOnce()) {
  root.dataset.first = "";
  afterThisFrame();
}
