"use strict";
// Keeps a board's column titles in sight. Its region scrolls sideways, so that `position: sticky` cannot.
(() => {
  const moved = new WeakMap(); // pixels by heading
  let asked = false;

  function follow() {
    asked = false;
    for (const region of document.querySelectorAll(".board > .scroll")) {
      const head = region.querySelector(".tabulator-header") || region.querySelector("thead");
      const box = head.getBoundingClientRect();
      if (!box.height) continue; // of a board that is not shown
      const top = box.top - (moved.get(head) || 0); // where it would be
      const down = Math.max(0, Math.min(-top, region.getBoundingClientRect().bottom - top - 3 * box.height));
      moved.set(head, down);
      head.style.transform = down ? `translateY(${down}px)` : "";
    }
  }

  addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(follow);
  }, { passive: true });
})();
