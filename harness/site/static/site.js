// Runs before the page is painted, so that what scripts take over is laid out once.
document.documentElement.classList.add("js");

// A print shows every part of a page.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("main details")) each.open = true;
});

// A link to a part opens it.
function reveal() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details");
  if (!part || part.open) return;
  part.open = true;
  part.scrollIntoView();
}
addEventListener("DOMContentLoaded", reveal);
addEventListener("hashchange", reveal);
