// Makes the nightly page quicker to use; everything here also works without it, by loading pages.
const $ = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const grid = $(".grid");
const form = grid && $("form.filter");

function rows() {
  return all(".group > table > tbody > tr:not(.detail, .leaf)", grid);
}

// --- the filter -------------------------------------------------------------------------------

const AT_ONCE = 20;
let coming = [];
let groups = null;
const openAtFirst = new Map();
const haystacks = new Map();

// Words are looked for here. What asks for more, such as `status:failed`, is the server's: it said which rows are out.
const PLAIN = /^(?:-|(?!-|\/.)[^",:]+)$/u;

function split(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return {
    plain: words.filter((word) => PLAIN.test(word)),
    more: words.filter((word) => !PLAIN.test(word)).join(" "),
  };
}

const asked = form ? split(form.elements.q.defaultValue).more : "";

function isOurs(text) {
  // Between quotation marks and slashes blanks part nothing, so such a text is the server's as a whole.
  return !/"|(?:^|[\s,:-])\/[^\s,]/u.test(text) && split(text).more === asked;
}

// Reads what is there, once it is asked for; rows come and go while the page is open, and their names stay.
function read() {
  groups = all("details.group, details.branch", grid);
  for (const group of groups.filter((one) => !openAtFirst.has(one))) {
    openAtFirst.set(group, group.open);
  }
  haystacks.clear();
  for (const row of rows()) {
    haystacks.set(row, {
      name: $("a", row).title.toLowerCase(),
      required: $(".req", row) !== null,
      out: "out" in row.dataset,
    });
  }
}

if (form) {
  document.addEventListener("news", () => {
    groups = null;
  });
}

function show(row, isShown) {
  row.hidden = !isShown;
  const detail = row.nextElementSibling;
  if (detail?.classList.contains("detail")) {
    detail.hidden = !isShown;
  }
}

// Many rows that come at once come in several frames, from above: who types on has not to wait for the last of them.
function showSome() {
  for (const row of coming.splice(0, AT_ONCE)) {
    show(row, true);
  }
  if (coming.length) {
    requestAnimationFrame(() => setTimeout(showSome));
  }
}

function filter() {
  const text = form.elements.q.value;
  $("button", form).hidden = isOurs(text);
  if (!isOurs(text)) {
    $("#shown").textContent = "Enter applies it";
    return;
  }
  if (groups === null) {
    read();
  }
  const { plain, more } = split(text);
  const required = form.elements.required.checked;
  const narrowed = plain.length > 0 || required || more !== "";
  const matching = [];
  for (const [row, hay] of haystacks) {
    if (!hay.out && (hay.required || !required) && plain.every((word) => hay.name.includes(word))) {
      matching.push(row);
    } else {
      show(row, false);
    }
  }
  const filled = new Set(matching.flatMap((row) => [row.closest(".group"), row.closest(".branch")]));
  for (const group of groups) {
    group.hidden = !filled.has(group);
    group.open = narrowed ? !group.hidden : openAtFirst.get(group);
  }
  coming = matching.filter((row) => row.hidden);
  showSome();
  const shown = matching.length;
  $("#shown").textContent = `${shown} of ${haystacks.size} tests`;
  $("#none").hidden = shown > 0;
  remember();
}

// Keeps the address true to what is seen, so that reloading or sharing it shows the same.
function remember() {
  const address = new URL(location.href);
  const words = form.elements.q.value.trim().replace(/\s+/g, " ");
  setOrDrop(address, "q", words);
  setOrDrop(address, "required", form.elements.required.checked ? "1" : "");
  history.replaceState(history.state, "", address);
  for (const link of all("[data-form]")) {
    link.href = `nightly.${link.dataset.form}${address.search}`;
  }
}

function rememberGroup(key, isOpen) {
  const address = new URL(location.href);
  for (const [name, isMeant] of Object.entries({ open: isOpen, shut: !isOpen })) {
    const keys = (address.searchParams.get(name) ?? "").split(",").filter((one) => one && one !== key);
    setOrDrop(address, name, [...keys, ...(isMeant ? [key] : [])].join(","));
  }
  history.replaceState(history.state, "", address);
}

function setOrDrop(address, key, value) {
  if (value) {
    address.searchParams.set(key, value);
  } else {
    address.searchParams.delete(key);
  }
}

// What is usual stays out of the address.
function submitCleanly() {
  const usual = { q: "", hide: "", s: "worst", n: "30", g: "suite" };
  for (const [key, value] of Object.entries(usual)) {
    form.elements[key].disabled = form.elements[key].value === value;
  }
  form.submit();
}

if (form) {
  let waiting = 0;
  form.elements.q.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(filter);
  });
  form.elements.required.addEventListener("change", () => {
    if (isOurs(form.elements.q.value)) {
      filter();
    } else {
      submitCleanly();
    }
  });
  for (const select of all("select", form)) {
    select.addEventListener("change", submitCleanly);
  }
  // Which groups somebody opened and shut is part of the address.
  grid.addEventListener("click", (event) => {
    const group = event.target.closest("summary")?.parentElement;
    if (group?.matches("details.group, details.branch")) {
      rememberGroup(group.id.slice(2), !group.open);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitCleanly();
  });
  // A page that comes back from the browser's memory has its fields again, but not what we disabled.
  addEventListener("pageshow", () => {
    for (const element of form.elements) {
      element.disabled = false;
    }
  });
  $("button", form).hidden = true;
}

// --- one test ---------------------------------------------------------------------------------

function linkOf(row) {
  return $("th a", row);
}

function close(row) {
  const detail = row.nextElementSibling;
  if (detail?.classList.contains("detail")) {
    detail.remove();
  }
  row.classList.remove("open");
  linkOf(row).removeAttribute("aria-expanded");
  rememberSelected("");
}

async function open(row) {
  const link = linkOf(row);
  const address = new URL(grid.dataset.detail, location.href);
  address.searchParams.set("sel", link.title);
  row.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { "x-fragment": "detail" } });
    if (!answer.ok) {
      throw new Error(answer.statusText);
    }
    const fragment = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    const detail = document.createElement("tr");
    const place = document.createElement("td");
    detail.className = "detail";
    place.colSpan = Number(grid.dataset.columns);
    place.append(...fragment.childNodes);
    const rest = document.createElement("td");
    rest.className = "rest";
    rest.colSpan = 5;
    detail.append(place, rest);
    row.after(detail);
    row.classList.add("open");
    link.setAttribute("aria-expanded", "true");
    document.dispatchEvent(new CustomEvent("news"));
    rememberSelected(link.title);
  } catch {
    // The link itself leads to the same, one page load later.
    location.assign(link.href);
  } finally {
    row.removeAttribute("aria-busy");
  }
}

function rememberSelected(name) {
  const address = new URL(location.href);
  setOrDrop(address, "sel", name);
  history.replaceState(history.state, "", address);
}

async function toggle(row) {
  const already = $("tr.open", grid);
  if (already) {
    close(already);
  }
  if (already !== row) {
    await open(row);
  }
}

grid?.addEventListener("click", (event) => {
  const link = event.target.closest("tr:not(.detail) > th[scope=row] > a");
  // Where there is no server to ask, the link leads to all there is about the test.
  if (!link || !grid.dataset.detail || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    return;
  }
  event.preventDefault();
  toggle(link.closest("tr"));
});

document.addEventListener("keydown", (event) => {
  const opened = grid && event.key === "Escape" ? $("tr.open", grid) : null;
  if (opened && !event.defaultPrevented && !$("dialog[open]")) {
    close(opened);
    linkOf(opened).focus();
  }
});

// --- ages -------------------------------------------------------------------------------------

function age(seconds) {
  if (seconds < 60) {
    return "less than a minute ago";
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  return seconds < 172800
    ? `${Math.floor(seconds / 3600)} h ago`
    : `${Math.floor(seconds / 86400)} days ago`;
}

// The page's own moment is the clock: a viewer's may be wrong, but it runs at the right speed.
// In the past it stands still.
const asOf = $("footer time");
if (asOf && !$(".past:not(.at-now)")) {
  const skew = Date.parse(asOf.dateTime) - Date.now();
  setInterval(() => {
    for (const element of all("[data-since]")) {
      element.textContent = age((Date.now() + skew - Date.parse(element.dataset.since)) / 1000);
    }
  }, 30_000);
}
