// Runs before the page is painted, so that what scripts take over is laid out once.
document.documentElement.classList.add("js");
