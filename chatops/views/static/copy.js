// Buttons that copy what they stand beside; without scripts they are not there, and a command is selected as one.
function offer() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = !navigator.clipboard;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (button) {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code, bdi").textContent);
    button.textContent = "Copied";
  }
});
document.addEventListener("news", offer);
offer();
