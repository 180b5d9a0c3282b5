// The keys of every page, and the dialog that names them. Nothing here is the only way to do anything.
const KEYS = [
  ["j", "k", "next, previous row"],
  ["Enter", "open it"],
  ["/", "filter"],
  ["u", "show what has moved, or is new"],
  ["y", "copy the link of the row, or of the page"],
  ["Esc", "close what is open, or leave the filter"],
  ["g n", "nights"],
  ["g p", "pull requests"],
  ["g f", "flakes"],
  ["g r", "required"],
  ["g h", "health"],
  ["g o", "people"],
  ["g c", "commands"],
  ["g a", "audit"],
  ["g s", "status"],
  ["?", "this list"],
];
const PLACES = {
  n: "nightly", p: "prs", f: "flaky", r: "required", h: "health", o: "people", c: "commands", a: "audit", s: "status",
};
const ROWS = "main tbody > tr > th[scope=row], main ul.names > li, main .chain > li";
const PATIENCE = 1_500;
const OFF = "keys";

let goingSince = 0;

function isOff() {
  try {
    return localStorage.getItem(OFF) === "off";
  } catch {
    return false;
  }
}

function switchTo(isOn) {
  try {
    localStorage.setItem(OFF, isOn ? "on" : "off");
  } catch {
    // Storage is closed to us; then the keys stay as they are.
  }
}

function say(words) {
  document.dispatchEvent(new CustomEvent("say", { detail: words }));
}

// --- rows -------------------------------------------------------------------------------------

function linkOf(row) {
  return row.querySelector("a[href], summary");
}

function move(step) {
  const seen = [...document.querySelectorAll(ROWS)].filter(
    (row) => linkOf(row) && !row.closest(".detail") && row.checkVisibility(),
  );
  const at = seen.findIndex((row) => row.parentElement.contains(document.activeElement) && holds(row));
  const next = at < 0 ? (step > 0 ? 0 : seen.length - 1) : at + step;
  const row = seen[Math.min(Math.max(next, 0), seen.length - 1)];
  if (row) {
    linkOf(row).focus();
  }
}

function holds(row) {
  return (row.closest("tr") ?? row).contains(document.activeElement);
}

async function copy() {
  const row = document.activeElement?.closest("tr, li");
  const link = row && document.querySelector("main").contains(row) ? linkOf(row) : null;
  try {
    await navigator.clipboard.writeText(link?.href ?? location.href);
    say(link ? "The link of the row is copied." : "The link of the page is copied.");
  } catch {
    say("The browser does not let me copy.");
  }
}

// --- the dialog -------------------------------------------------------------------------------

function made(name, ...inside) {
  const element = document.createElement(name);
  element.append(...inside);
  return element;
}

function dialog() {
  const known = document.getElementById("keys");
  if (known) {
    return known;
  }
  const found = made("dialog");
  found.id = "keys";
  const title = made("h2", "Keys");
  title.id = "keys-title";
  found.setAttribute("aria-labelledby", title.id);
  const list = made("dl");
  for (const [...names] of KEYS) {
    const words = names.pop();
    const keys = names.flatMap((name) => name.split(" ")).map((name) => made("kbd", name));
    list.append(made("div", made("dt", ...keys.flatMap((key) => [key, " "])), made("dd", words)));
  }
  const box = made("input");
  box.type = "checkbox";
  box.checked = !isOff();
  box.addEventListener("change", () => switchTo(box.checked));
  const close = made("button", "Close");
  close.addEventListener("click", () => found.close());
  found.append(title, list, made("label", box, " Single letters are keys"), close);
  document.body.append(found);
  return found;
}

const button = document.getElementById("show-keys");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => dialog().showModal());
}

// --- pressing ---------------------------------------------------------------------------------

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]") !== null;
}

const PRESSED = {
  j: () => move(1),
  k: () => move(-1),
  y: copy,
  u: () => document.dispatchEvent(new CustomEvent("apply")),
  "?": () => dialog().showModal(),
  "/": () => {
    const field = document.querySelector("main form[role=search] input:not([type=checkbox])");
    field?.focus();
    field?.select();
    return field !== null;
  },
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) {
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (key === "Escape" && isTyping(target)) {
    target.blur();
    event.preventDefault();
    return;
  }
  if (isTyping(target) || isOff()) {
    return;
  }
  const isGoing = Date.now() - goingSince < PATIENCE;
  goingSince = key === "g" && !isGoing ? Date.now() : 0;
  if (isGoing && PLACES[key]) {
    document.querySelector(`.top nav a[href$="${PLACES[key]}"]`)?.click();
    event.preventDefault();
  } else if (Object.hasOwn(PRESSED, key) && PRESSED[key]() !== false) {
    event.preventDefault();
  }
});
