// Brings the changing part of a page up to date, without disturbing whoever reads it.
const EVERY = 2000;
const live = document.querySelector("[data-live]");
let etag = "";

function isInUse() {
  const focused = live.querySelector(":focus-visible");
  const selection = document.getSelection();
  return focused !== null || (selection && !selection.isCollapsed && live.contains(selection.anchorNode));
}

function replace(html) {
  const open = new Map();
  for (const details of live.querySelectorAll("details[data-key]")) {
    open.set(details.dataset.key, details.open);
  }
  live.innerHTML = html;
  for (const details of live.querySelectorAll("details[data-key]")) {
    if (open.has(details.dataset.key)) {
      details.open = open.get(details.dataset.key);
    }
  }
}

async function refresh() {
  if (document.hidden || isInUse()) {
    return;
  }
  const address = new URL(location.href);
  address.hash = "";
  address.searchParams.set("fragment", "1");
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await fetch(address, { headers, cache: "no-store" });
  if (response.ok) {
    const html = await response.text();
    const isFirst = etag === "";
    etag = response.headers.get("ETag") ?? "";
    if (!isFirst || live.innerHTML.trim() !== html.trim()) {
      replace(html);
    }
  }
}

async function keepFresh() {
  try {
    await refresh();
  } catch {
    // The server is away; the next round asks again.
  }
  setTimeout(keepFresh, EVERY);
}

if (live) {
  setTimeout(keepFresh, EVERY);
}
