// What happens when the page is there: tables first, then whatever is drawn.

startTables();
const again = followTheme();
startFigures();
const section = document.getElementById("fields");
if (section && page.states.length) {
  const fields = new Fields(section);
  const begin = () => fields.start().catch((error) => {
    unable(section.querySelector("[data-part='first']"))(error);
    throw error;
  });
  const near = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    begin();
  }, {rootMargin: "600px"});
  near.observe(section);
}
window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
