// Lets the copy of a page filter and sort without a server: what it needs to know is written into the copy.
const form = document.querySelector("form.filter");
const told = document.getElementById("choices");
const LEFT_TO_THE_PAGE = new Set(["at", "compare", "p", "part", "rows", "sel"]);

function start() {
  const { usual, here, variants, sets, orders } = JSON.parse(told.textContent);
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const number = (row) => Number(row.dataset.row);
  const controls = [...form.elements].filter((one) => one.name);
  const named = (name) => controls.find((one) => one.name === name);
  const isVariant = (name) => name in here || Object.keys(variants).some((key) => new URLSearchParams(key).has(name));

  function nameOf(row) {
    const head = row.querySelector("th[scope=row]") ?? row;
    return (head.querySelector("a[title]")?.title ?? head.textContent).replace(/\s+/g, " ").toLowerCase();
  }

  function hasText(row, control, value) {
    if (control?.inputMode === "numeric") {
      const digits = value.replace(/\D/g, "");
      return new RegExp(`#${digits}(?!\\d)`).test(row.textContent);
    }
    const name = nameOf(row);
    return value.toLowerCase().split(/\s+/).filter(Boolean).every((word) => name.includes(word));
  }

  // Where what is asked is another copy, go there; say whether that is so.
  function leave(asked) {
    const wanted = new URLSearchParams();
    const rest = new URLSearchParams();
    for (const [name, value] of [...Object.entries(here), ...asked]) {
      if (isVariant(name)) {
        wanted.set(name, value);
      } else {
        rest.set(name, value);
      }
    }
    for (const [name, value] of [...wanted]) {
      if (value === (usual[name] ?? "")) {
        wanted.delete(name);
      }
    }
    wanted.sort();
    const current = new URLSearchParams(here);
    current.sort();
    const place = variants[wanted.toString()];
    if (wanted.toString() === current.toString() || place === undefined) {
      return false;
    }
    location.replace(`${place}${rest.size ? `?${rest}` : ""}`);
    return true;
  }

  function apply(asked) {
    let shown = new Set(rows.map(number));
    let order = null;
    for (const [name, value] of asked) {
      const control = named(name);
      if (!value || !control || value === (usual[name] ?? "")) {
        continue;
      }
      if (orders[name]?.[value]) {
        order = orders[name][value];
      } else if (sets[name]) {
        const of = sets[name][value] ?? [];
        shown = shown.intersection ? shown.intersection(new Set(of)) : new Set(of.filter((one) => shown.has(one)));
      } else if (control.type === "search" || control.type === "text") {
        shown = new Set(rows.filter((row) => shown.has(number(row)) && hasText(row, control, value)).map(number));
      }
    }
    for (const row of rows) {
      row.hidden = !shown.has(number(row));
    }
    arrange(order ?? rows.map(number));
    for (const group of document.querySelectorAll("details.group")) {
      group.hidden = !group.querySelector("tr[data-row]:not([hidden])");
      group.open ||= !group.hidden && shown.size < rows.length;
    }
    const output = form.querySelector("output");
    if (output) {
      output.textContent = output.textContent.replace(/^\s*[\d,]+/, shown.size);
    }
    const none = document.getElementById("none");
    if (none) {
      none.hidden = shown.size > 0;
    }
  }

  // Groups keep their own order: a copy in another one is a page of its own.
  function arrange(order) {
    if (document.querySelector("details.group")) {
      return;
    }
    const places = new Map(order.map((one, place) => [one, place]));
    const body = rows[0]?.parentElement;
    const sorted = [...rows].sort((one, other) => (places.get(number(one)) ?? 1e9) - (places.get(number(other)) ?? 1e9));
    body?.append(...sorted);
  }

  function fill(asked) {
    for (const control of controls) {
      const value = asked.get(control.name) ?? here[control.name] ?? usual[control.name] ?? "";
      if (control.type === "checkbox") {
        control.checked = value === control.value;
      } else {
        control.value = value;
      }
    }
  }

  function filled() {
    const asked = new URLSearchParams();
    for (const control of controls) {
      const value = control.type === "checkbox" ? (control.checked ? control.value : "") : control.value.trim();
      if (value !== (usual[control.name] ?? "") || control.name in here) {
        asked.set(control.name, value);
      }
    }
    return asked;
  }

  function change() {
    const asked = filled();
    if (leave(asked)) {
      return;
    }
    apply(asked);
    const address = new URL(location.href);
    for (const name of [...asked.keys()]) {
      if (name in here || !asked.get(name)) {
        asked.delete(name);
      }
    }
    address.search = asked.toString();
    history.replaceState(history.state, "", address);
  }

  const asked = new URLSearchParams(location.search);
  for (const name of [...asked.keys()]) {
    if (LEFT_TO_THE_PAGE.has(name)) {
      asked.delete(name);
    }
  }
  if (leave(asked)) {
    return;
  }
  fill(asked);
  apply(filled());
  form.hidden = false;
  // The page of the nights has a script of its own for all this.
  if (!document.querySelector(".grid")) {
    form.addEventListener("input", change);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      change();
    });
  }
}

if (form && told) {
  start();
}
