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

  // The numbers that a term leaves, nothing where only a server knows: words are looked for in names, and what more can be
  // asked, such as `status:failed`, is in the copy as far as a link of the page asks for it.
  function left(box, term) {
    if (term.length > 1 && term.startsWith("-")) {
      const out = left(box, term.slice(1));
      return out && rows.map(number).filter((one) => !out.includes(one));
    }
    const [, key, values] = /^([A-Za-z-]+:)(\S.*)$/u.exec(term) ?? [null, "", term];
    const found = (values.match(/"[^"]*"|[^",]+/gu) ?? []).map((value) => {
      if (key) {
        return sets[box]?.[key + value];
      }
      const word = value.replaceAll('"', "").toLowerCase();
      return rows.filter((row) => nameOf(row).includes(word)).map(number);
    });
    return values.startsWith("/") || found.includes(undefined) ? null : found.flat();
  }

  function say(terms) {
    const known = document.getElementById("left-out");
    const note = known ?? document.createElement("p");
    note.id = "left-out";
    note.className = "warning";
    note.setAttribute("role", "status");
    note.hidden = terms.length === 0;
    const what = terms.map((term) => `“${term.slice(0, 60)}”`).join(", ");
    note.textContent = `${what} ${terms.length === 1 ? "is" : "are"} left out: only the page as it is now can be asked that.`;
    if (!known) {
      form.after(note);
    }
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
    const leftOut = [];
    const keep = (some) => {
      shown = new Set(some.filter((one) => shown.has(one)));
    };
    for (const [name, value] of asked) {
      const control = named(name);
      if (!value || !control || value === (usual[name] ?? "")) {
        continue;
      }
      if (control.type === "search") {
        for (const term of value.match(/(?:[^\s"]|"[^"]*"?)+/gu) ?? []) {
          const some = left(name, term);
          if (some) {
            keep(some);
          } else {
            leftOut.push(term);
          }
        }
      } else if (orders[name]?.[value]) {
        order = orders[name][value];
      } else if (sets[name]) {
        keep(sets[name][value] ?? []);
      } else if (control.type === "text") {
        keep(rows.filter((row) => hasText(row, control, value)).map(number));
      }
    }
    say(leftOut);
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
