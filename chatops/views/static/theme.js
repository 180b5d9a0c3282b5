// Applies the viewer's own theme before anything is painted; without one, the system decides.
const THEMES = ["auto", "light", "dark"];

function storedTheme() {
  try {
    const stored = localStorage.getItem("theme");
    return THEMES.includes(stored) ? stored : "auto";
  } catch {
    return "auto";
  }
}

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  if (button) {
    button.textContent = `Theme: ${theme}`;
    button.hidden = false;
  }
}

applyTheme(storedTheme());

document.addEventListener("DOMContentLoaded", () => {
  applyTheme(storedTheme());
  document.getElementById("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(storedTheme()) + 1) % THEMES.length];
    try {
      localStorage.setItem("theme", next);
    } catch {
      // Storage is closed to us; the choice then lasts as long as the page.
    }
    applyTheme(next);
  });
});
