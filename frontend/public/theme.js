// Before the first paint: the theme and language that were chosen here, so that nothing flashes. A file of its own, as
// the policy of the page allows no script within it.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const language = localStorage.getItem("language");
  if (language) document.documentElement.lang = language;
} catch {
  // A browser without storage gets the theme of its system.
}
