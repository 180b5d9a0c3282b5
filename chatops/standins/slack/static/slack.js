// Keeps the messages of the open channel up to date, and sends forms without leaving the page.

const list = document.getElementById("messages");
const scroll = document.querySelector(".scroll");
const line = document.getElementById("line");
const state = document.getElementById("state");
const pause = 700;

const isAtEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; };
const isBusy = () => list.querySelector("details.confirm[open]") !== null
  || list.contains(document.activeElement);

async function refresh({ force = false } = {}) {
  if (!force && (document.hidden || isBusy())) return;
  const response = await fetch(`${list.dataset.source}&since=${list.dataset.revision}`);
  if (response.status !== 200) return;
  const follow = isAtEnd();
  list.innerHTML = await response.text();
  list.dataset.revision = response.headers.get("X-Revision");
  if (follow) toEnd();
}

async function watch() {
  try {
    await refresh();
    state.textContent = "";
  } catch {
    state.textContent = "The pretend Slack does not answer.";
  }
  setTimeout(watch, pause);
}

async function send(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  const address = submitter?.getAttribute("formaction") ?? form.action;
  const response = await fetch(address, { method: "POST", body: fields, redirect: "manual" });
  if (response.status === 409) state.textContent = "The message has changed.";
  await refresh({ force: true });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (event.submitter?.name === "press") event.submitter.setAttribute("aria-busy", "true");
  const sent = send(form, event.submitter);
  if (line && form.contains(line)) {
    form.reset();
    sent.then(toEnd, () => {});
  } else {
    sent.then(() => (line ?? scroll).focus(), () => {});
  }
  sent.catch(() => { state.textContent = "That could not be sent."; });
});

document.getElementById("who").addEventListener("change", (event) => event.target.form.submit());

toEnd();
watch();
