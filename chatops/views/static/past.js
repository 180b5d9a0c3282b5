// A slider over the log's time, beside the field for a moment; without it, the field and the links do the same.
const STEPS = 1_000;
const form = document.querySelector(".past form[data-first]");
const field = form?.elements.at;

function slider() {
  const first = Date.parse(form.dataset.first);
  const last = Date.now();
  if (!(last > first)) {
    return;
  }
  const label = document.createElement("label");
  label.className = "slider";
  const words = document.createElement("span");
  words.textContent = "From the first event to now";
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: "0", max: String(STEPS) });
  const here = form.closest(".at-now") ? last : Date.parse(form.dataset.at);
  range.value = String(Math.round(((here - first) / (last - first)) * STEPS));
  const moment = () =>
    new Date(first + ((last - first) * Number(range.value)) / STEPS).toISOString();
  const say = () => {
    range.setAttribute("aria-valuetext", `${moment().slice(0, 16).replace("T", " ")} UTC`);
  };
  range.addEventListener("input", () => {
    field.value = moment().slice(0, 16);
    say();
  });
  range.addEventListener("change", () => form.requestSubmit());
  say();
  label.append(words, range);
  form.prepend(label);
}

if (form) {
  slider();
}
