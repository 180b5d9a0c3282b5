// Keeps an open page up to date. The server says which pages have news; the page then fetches itself, and changes what
// has changed. Nothing moves under the pointer, and what is in focus or selected stays: what would move it waits.
const FEWEST = 250;
const SPREAD = 750;
const MOST = 10_000;
const HIDDEN_FOR = 5 * 60_000;
const AGAIN = 5_000;
const SAID_EVERY = 15_000;
const HELD_FOR = 2_000;
const LISTS = "tbody, ul.names, .grid, main";
const UNITS = "td, th, li, a, button, summary, label, input, select";
const NAME = "chatops-news";

const link = document.getElementById("live");
const main = document.getElementById("main");
// What was is not changed by what comes, and a story looks after itself as long as it goes on.
const isLive = link && !/[?&](at|compare)=/.test(location.search) && !document.querySelector("[data-live]");

// --- comparing --------------------------------------------------------------------------------

let held = 0;
let isForced = false;
let elsewhere = new Map();
const waiting = new Set();
const changed = new Set();

function kids(node) {
  return [...node.childNodes].filter(
    (kid) => kid.nodeType === 1 || (kid.nodeType === 3 && kid.data.trim()),
  );
}

function keyOf(node) {
  if (node.id) {
    return node.id;
  }
  if (node.matches(".detail")) {
    return `${keyOf(node.previousElementSibling)} detail`;
  }
  if (node.matches("tr, li")) {
    const head = node.querySelector(":scope > th[scope=row]") ?? node;
    const leading = head.querySelector("a[href]");
    return leading?.title || leading?.getAttribute("href") || head.textContent.trim();
  }
  const title = node.querySelector(":scope > summary h2")?.firstChild.textContent.trim();
  return title ?? node.getAttribute("aria-labelledby") ?? node.getAttribute("aria-label") ?? node.className ?? node.localName;
}

function keyed(nodes) {
  const found = new Map();
  for (const node of nodes) {
    let key = keyOf(node);
    while (found.has(key)) {
      key += "+";
    }
    found.set(key, node);
  }
  return found;
}

// Whether somebody is at it: with the pointer, the keyboard or a selection.
function isHeld(node) {
  if (isForced) {
    return false;
  }
  const element = node.nodeType === 1 ? node : node.parentElement;
  const at = document.activeElement;
  const selection = getSelection();
  return (
    (at !== document.body && at !== main && element.contains(at)) ||
    (!selection.isCollapsed && selection.containsNode(node, true)) ||
    Boolean(element.closest(UNITS)?.matches(":hover"))
  );
}

function note(node) {
  const row = node.parentElement?.closest("tr, li") ?? null;
  if (row) {
    changed.add(keyOf(row));
    const cell = node.parentElement.closest("td, th, li");
    if (!isForced && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      cell.animate([{ boxShadow: "inset 0 0 0 2px var(--ring)" }, {}], { duration: 1_800, delay: 100 });
    }
  }
}

function hold(node) {
  held += 1;
  waiting.add(`held ${node.textContent}`);
}

function attributes(now, next) {
  if (now.matches("input, option")) {
    return;
  }
  const own = now.matches("details") ? ["open"] : now.matches("button") ? ["hidden"] : [];
  const names = new Set([...now.getAttributeNames(), ...next.getAttributeNames()]);
  for (const name of names) {
    if (own.includes(name) || name === "style" || name === "aria-busy") {
      continue;
    }
    const value = next.getAttribute(name);
    if (value === now.getAttribute(name)) {
      continue;
    }
    if (name === "hidden" && !isForced && hasRows(now)) {
      // A row that a filter takes out, or lets in, would move those below it.
      wait(now, keyOf(now));
    } else if (value === null) {
      now.removeAttribute(name);
    } else {
      now.setAttribute(name, value);
    }
  }
}

function copyOf(node) {
  return document.importNode(node, true);
}

function fits(some, others) {
  return some.length === others.length && some.every((one, at) => one.nodeName === others[at].nodeName);
}

function patch(now, next) {
  if (now.isEqualNode(next)) {
    return;
  }
  if (now.nodeType === 3) {
    if (now.data.trim() === next.data.trim()) {
      return;
    }
    if (isHeld(now)) {
      hold(now.parentElement);
    } else {
      now.data = next.data;
      if (!now.parentElement.matches("[data-since], time") && !now.data.trim().endsWith(" ago")) {
        note(now);
      }
    }
    return;
  }
  const some = kids(now);
  const others = kids(next);
  if (now.matches(LISTS)) {
    list(now, next);
  } else if (now.matches("thead") && !isForced && !fits(some, others)) {
    // A head that grows or shrinks would move all rows below it; it comes with what else waits.
    return;
  } else if (now.matches("tr") && !fits(some, others)) {
    cells(now, next);
  } else if (fits(some, others)) {
    if (now.matches("td, th") && now.className !== next.className && !isHeld(now)) {
      note(now.firstChild ?? now);
    }
    some.forEach((one, at) => patch(one, others[at]));
  } else if (isHeld(now)) {
    hold(now);
    return;
  } else {
    now.replaceChildren(...[...next.childNodes].map(copyOf));
    note(now.firstChild ?? now);
  }
  if (!isHeld(now) || now.matches("main, tr, tbody, table, section, details, div")) {
    attributes(now, next);
  }
}

// The results of a row whose nights are grouped another way now; its name stays where it is.
function cells(now, next) {
  const old = [...now.children].filter((cell) => cell.localName === "td");
  const theirs = [...next.children].filter((cell) => cell.localName === "td");
  if (old.length === theirs.length) {
    old.forEach((cell, at) => patch(cell, theirs[at]));
    return;
  }
  if (old.some(isHeld)) {
    hold(now);
    return;
  }
  const fresh = theirs.map(copyOf);
  const same = new Set(old.map((cell) => cell.outerHTML));
  old.forEach((cell) => cell.remove());
  now.append(...fresh);
  for (const cell of fresh) {
    if (!same.has(cell.outerHTML) && cell.firstChild) {
      note(cell.firstChild);
    }
  }
  changed.add(keyOf(now));
}

function hasRows(node) {
  return node.matches("tr, .names > li") || node.querySelector("tr, .names > li") !== null;
}

// Counts rows, also those of a part that comes or goes as a whole; a row that moves is one.
function wait(node, key) {
  const inside = node.matches("tr, li") ? [] : [...node.querySelectorAll("tbody > tr, .names > li")];
  for (const one of inside.length ? inside.map(keyOf) : [key]) {
    waiting.add(one);
  }
}

function list(now, next) {
  const ours = keyed(now.children);
  const theirs = keyed(next.children);
  if (isForced) {
    const made = [...theirs].map(([key, node]) => {
      const kept = ours.get(key);
      if (!kept || kept.localName !== node.localName) {
        return copyOf(node);
      }
      patch(kept, node);
      return kept;
    });
    if (made.length !== now.children.length || made.some((node, at) => node !== now.children[at])) {
      now.replaceChildren(...made);
    }
    return;
  }
  for (const [key, node] of ours) {
    const fresh = theirs.get(key);
    if (fresh && fresh.localName === node.localName) {
      patch(node, fresh);
    } else if (hasRows(node)) {
      wait(node, key);
      const moved = node.matches(".grid tr") ? elsewhere.get(key) : null;
      if (moved) {
        cells(node, moved);
      }
    } else if (!isHeld(node)) {
      node.remove();
    }
  }
  let before = null;
  for (const [key, node] of theirs) {
    const there = ours.get(key);
    if (there?.isConnected) {
      before = there;
    } else if (hasRows(node)) {
      wait(node, key);
    } else {
      const put = copyOf(node);
      if (before) {
        before.after(put);
      } else {
        now.prepend(put);
      }
      before = put;
    }
  }
  const kept = [...ours.keys()].filter((key) => theirs.has(key));
  const order = [...theirs.keys()].filter((key) => ours.has(key));
  kept.forEach((key, at) => key !== order[at] && waiting.add(key));
}

// --- showing ----------------------------------------------------------------------------------

let latest = null;
let retry = 0;
let isOutdated = false;

function styleOf(page) {
  return page.querySelector("link[rel=stylesheet]").getAttribute("href");
}

// What must not move: what the pointer or the keyboard is at, or else what is seen first.
function anchor() {
  const over = [...document.querySelectorAll("main :hover")].pop();
  const at = main.contains(document.activeElement) && document.activeElement !== main ? document.activeElement : null;
  return over ?? at ?? (scrollY ? document.elementFromPoint(innerWidth / 2, innerHeight / 2) : null);
}

function show(fresh) {
  if (styleOf(fresh) !== styleOf(document)) {
    isOutdated = true;
    pill.hidden = false;
    pill.textContent = "Reload: there is a new version of this page";
    return false;
  }
  latest = fresh;
  held = 0;
  waiting.clear();
  changed.clear();
  elsewhere = new Map();
  for (const row of fresh.querySelectorAll(".grid tbody > tr:not(.detail)")) {
    elsewhere.set(keyOf(row), row);
  }
  const still = anchor();
  const was = still?.getBoundingClientRect().top ?? 0;
  const heights = [...main.children].map((part) => [part, part.offsetHeight]);

  document.title = fresh.title;
  patch(main, fresh.getElementById("main"));
  const foot = document.querySelector(".foot");
  const next = fresh.querySelector(".foot");
  if (foot && next) {
    patch(foot, next);
  }

  const off = still?.isConnected ? still.getBoundingClientRect().top - was : 0;
  if (off < 0 && scrollY + off < 0) {
    // There is nothing to scroll back to, so what became shorter keeps its height for now.
    for (const [part, height] of heights) {
      if (part.isConnected && part.offsetHeight < height) {
        part.style.minHeight = `${height}px`;
      }
    }
  } else if (off) {
    scrollBy({ top: off, behavior: "instant" });
  }
  clearTimeout(retry);
  if (held) {
    retry = setTimeout(() => show(latest), HELD_FOR);
  }
  tell();
  document.dispatchEvent(new CustomEvent("news"));
  return changed.size > 0 || waiting.size > 0;
}

function apply() {
  if (isOutdated) {
    location.reload();
  }
  if (!latest || !waiting.size) {
    return;
  }
  const at = document.activeElement;
  const row = at?.closest("main tr, main li");
  const key = row && keyOf(row);
  isForced = true;
  for (const part of main.children) {
    part.style.minHeight = "";
  }
  show(latest);
  isForced = false;
  if (at !== document.body && at !== document.activeElement) {
    const again = [...main.querySelectorAll("tr, li")].find((one) => key && keyOf(one) === key);
    const place = at.isConnected && at !== pill ? at : (again?.querySelector("a[href]") ?? main);
    place.focus({ preventScroll: true });
  }
}

// --- telling ----------------------------------------------------------------------------------

const box = document.createElement("section");
const said = document.createElement("p");
const paused = document.createElement("p");
const pill = document.createElement("button");
let untold = 0;
let toldAt = 0;
let telling = 0;

box.className = "news";
box.setAttribute("aria-label", "Live updates");
said.className = "said";
for (const one of [said, paused]) {
  one.setAttribute("role", "status");
}
paused.hidden = true;
paused.textContent = "Live updates paused, retrying";
pill.type = "button";
pill.hidden = true;
pill.title = "Show what has moved, or is new (key: u)";
pill.addEventListener("click", apply);
box.append(said, paused, pill);
document.body.append(box);

function counted(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function tell() {
  pill.hidden = waiting.size === 0;
  pill.textContent = counted(waiting.size, "update");
  untold += isForced ? 0 : changed.size;
  if (!telling && (untold || waiting.size)) {
    telling = setTimeout(tellAloud, Math.max(0, toldAt + SAID_EVERY - Date.now()));
  }
}

function tellAloud() {
  telling = 0;
  toldAt = Date.now();
  const parts = [];
  if (untold) {
    parts.push(`${counted(untold, "row")} changed.`);
  }
  if (waiting.size) {
    parts.push(`${counted(waiting.size, "update")} to show with the key u.`);
  }
  untold = 0;
  said.textContent = parts.join(" ");
}

document.addEventListener("say", (event) => {
  said.textContent = event.detail;
});
document.addEventListener("apply", apply);

// --- fetching ---------------------------------------------------------------------------------

let etag = "";
let timer = 0;
let isLooking = false;
let isWanted = false;
let pause = FEWEST;
let lookedAt = 0;

function want() {
  isWanted = true;
  if (!timer && !isLooking && document.visibilityState === "visible") {
    const rest = Math.max(FEWEST, lookedAt + pause - Date.now());
    timer = setTimeout(look, rest + Math.random() * SPREAD);
  }
}

async function look() {
  timer = 0;
  isWanted = false;
  isLooking = true;
  const address = location.href;
  let isNew = false;
  try {
    const answer = await fetch(address, {
      cache: "no-store",
      headers: etag ? { "if-none-match": etag } : {},
    });
    if (answer.status === 200) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (address !== location.href) {
        isWanted = true;
      } else if (fresh.getElementById("main")) {
        etag = answer.headers.get("etag") ?? "";
        isNew = show(fresh);
      }
    }
  } catch {
    // The page stays as it is; the next news is the next chance.
  } finally {
    isLooking = false;
    lookedAt = Date.now();
    pause = isNew ? FEWEST : Math.min(2 * pause, MOST);
    if (isWanted) {
      want();
    }
  }
}

// --- hearing ----------------------------------------------------------------------------------

let position = null;
let source = null;
let release = null;
let asking = null;
let hasHeard = false;
let resting = 0;
const channel = isLive && "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;

function hear({ from, position: upto, pages }) {
  const hasMissed = position === null || from === null || from > position;
  position = upto;
  paused.hidden = true;
  const mine = pages[link.dataset.community] ?? [];
  if (hasMissed || mine.some((one) => one === "*" || one === link.dataset.page || one === link.dataset.kind)) {
    want();
  }
}

function share(message) {
  channel?.postMessage(message);
}

function connect() {
  const after = position === null ? "" : `?after=${position}`;
  source = new EventSource(`${link.getAttribute("href")}${after}`);
  source.addEventListener("open", () => {
    hasHeard = true;
    paused.hidden = true;
    share({ isPaused: false });
  });
  source.addEventListener("news", (event) => {
    const message = { from: position, ...JSON.parse(event.data) };
    share(message);
    hear(message);
  });
  source.addEventListener("error", () => {
    // Where nobody ever answered, the page is as good as one without scripts, and says nothing.
    paused.hidden = !hasHeard;
    share({ isPaused: hasHeard });
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(() => release && !source && connect(), (hasHeard ? 1 : 12) * AGAIN * (1 + Math.random()));
    }
  });
}

// One tab of a browser listens and tells the others; when it closes or rests, the next one does.
function listen() {
  clearTimeout(resting);
  if (asking) {
    return;
  }
  asking = new AbortController();
  const lead = () =>
    new Promise((done) => {
      release = done;
      connect();
    });
  if (navigator.locks) {
    navigator.locks.request(NAME, { signal: asking.signal }, lead).catch(() => {});
  } else {
    lead();
  }
  share({ isAsking: true });
}

function rest() {
  asking?.abort();
  asking = null;
  source?.close();
  source = null;
  release?.();
  release = null;
}

if (isLive) {
  const timing = performance.getEntriesByType("navigation")[0]?.serverTiming ?? [];
  const shown = timing.find((one) => one.name === "log")?.description;
  position = shown ? Number(shown) : null;
  document.documentElement.style.overflowAnchor = "none";
  channel?.addEventListener("message", ({ data }) => {
    if (data.pages) {
      hear(data);
    } else if (data.isAsking && source && position !== null) {
      share({ from: position, position, pages: {} });
    } else if ("isPaused" in data) {
      paused.hidden = !data.isPaused;
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      listen();
      if (isWanted) {
        want();
      }
    } else {
      clearTimeout(resting);
      resting = setTimeout(rest, HIDDEN_FOR);
    }
  });
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => event.persisted && listen());
  if (document.visibilityState === "visible") {
    listen();
  }
}
