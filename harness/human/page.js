"use strict";

// One step after another: an introduction to each phase, then its scenes. The server decides what comes next.

const element = (id) => document.getElementById(id);
const THINGS = { image: "picture", text: "sentence", multimodal: "picture with its caption" };
const MANY = { image: "pictures", text: "sentences", multimodal: "pictures with captions" };
const PARTS = { study: "Learn", practice: "Practice", test: "Test" };
const INTRODUCTIONS = {
  study: (step) => [
    "Learn the letters",
    `Every ${THINGS[step.modality]} belongs to one of the letters ${step.letters.split("").join(", ")}.`,
    `You will see ${step.total} ${MANY[step.modality]}, each with its letter. Try to find out what belongs to which ` +
      "letter. Take as long as you like.",
  ],
  practice: (step) => [
    "Now you choose",
    `Choose the letter of each ${THINGS[step.modality]}: press its key, or its button. You will be told whether it ` +
      "was right.",
    `This part ends as soon as ${step.needed} of your last ${step.window} answers are right, and after ${step.total} ` +
      "at the latest.",
  ],
  test: (step) => [
    "The test",
    `Choose the letter of ${step.total} more ${MANY[step.modality]}, as you have learned it. You will not be told ` +
      "whether it was right.",
    "Answer as well as you can, without long thought. If you are not sure, choose the letter that fits best.",
  ],
  done: (step) => ["Thank you", `All ${step.scenes} answers are stored. You may close this page.`],
};

let current = null; // the step that is shown
let shownAt = 0; // when, in milliseconds
let waiting = null; // what the next button does
let open = false; // whether a letter may be chosen

async function start() {
  try {
    introduce(await (await fetch("/step")).json(), true);
  } catch {
    report("The page cannot reach spurgen. Is it still running? Start it again, then reload this page.");
  }
}

function introduce(step, again) {
  current = step;
  const [title, ...lines] = INTRODUCTIONS[step.phase](step);
  element("intro-title").textContent = title;
  element("intro-text").replaceChildren(
    ...lines.map((line) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      return paragraph;
    }),
  );
  element("start").hidden = step.phase === "done";
  element("start").textContent = again && step.number > 0 ? "Continue" : "Start";
  element("trial").hidden = true;
  element("intro").hidden = false;
  element("intro-title").focus();
}

async function show(step) {
  current = step;
  busy();
  const picture = element("picture");
  if (step.picture) {
    const next = new Image();
    next.src = step.picture;
    try {
      await next.decode(); // the time runs from when the whole scene is there
    } catch {
      report("The picture cannot be loaded. Is spurgen still running? Reload this page.");
      return;
    }
    picture.src = next.src;
    picture.alt = `Picture ${step.place} of ${step.total}`;
    await picture.decode();
  }
  picture.hidden = !step.picture;
  element("caption").textContent = step.caption ?? "";
  element("caption").hidden = !step.caption;
  element("trial-title").textContent = `${PARTS[step.phase]}: ${step.place} of ${step.total}`;
  element("progress").max = step.total;
  element("progress").value = step.place - 1;
  element("problem").hidden = true;
  element("intro").hidden = true;
  element("trial").hidden = false;
  const study = step.phase === "study";
  tell(study ? `This is ${step.label}` : "", "");
  offer(study);
  element("scene").focus({ preventScroll: true }); // not a letter's button, which Enter would press again
  requestAnimationFrame(() => {
    shownAt = performance.now();
    element("trial").ariaBusy = "false";
    open = !study;
    waiting = study ? () => answer(null) : null;
    if (study) {
      element("next").focus({ preventScroll: true });
    }
  });
}

// Show the letters to choose from, or the button that goes on.
function offer(onlyNext) {
  element("letters").hidden = onlyNext;
  element("next").hidden = !onlyNext;
  const letters = current.letters.split("");
  element("hint").textContent = onlyNext ? "Space or Enter goes on." : `Keys: ${letters.join(", ")}`;
  element("letters").replaceChildren(
    ...letters.map((letter) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = letter;
      button.setAttribute("aria-keyshortcuts", letter);
      button.addEventListener("click", once(() => choose(letter)));
      return button;
    }),
  );
}

// Leave out the second click of a double click, which would answer the next scene.
function once(act) {
  return (event) => {
    if (event.pointerType !== "mouse" || event.detail < 2) {
      act();
    }
  };
}

function choose(letter) {
  if (open) {
    answer(letter);
  }
}

async function answer(letter) {
  const milliseconds = Math.round(performance.now() - shownAt);
  const sent = { number: current.number, letter, milliseconds: Math.min(milliseconds, 86400000) };
  busy();
  let response, content;
  try {
    response = await fetch("/answer", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(sent),
    });
    content = await response.json();
  } catch {
    report("Your answer was not stored: the page cannot reach spurgen. Start it again, then reload this page.");
    return;
  }
  if (!content.step) {
    report(`Your answer was not stored: ${content.error}. Once that is solved, reload this page.`);
  } else if (content.feedback) {
    react(content.feedback, content.step);
  } else {
    proceed(content.step);
  }
}

function react(feedback, step) {
  const { right, label } = feedback;
  tell(right ? `✓ Right: ${label}` : `✗ No, this is ${label}`, right ? "right" : "wrong");
  offer(true);
  element("next").focus({ preventScroll: true });
  element("trial").ariaBusy = "false";
  waiting = () => proceed(step);
}

// Take no input until the next scene, or what the person is told, is there.
function busy() {
  open = false;
  waiting = null;
  element("trial").ariaBusy = "true";
}

function proceed(step) {
  if (step.phase === current.phase) {
    show(step);
  } else {
    introduce(step, false);
  }
}

function tell(text, kind) {
  element("told").textContent = text;
  element("told").className = kind;
}

function report(text) {
  element("problem").textContent = text;
  element("problem").hidden = false;
}

element("start").addEventListener("click", () => show(current));
element("next").addEventListener("click", once(() => waiting?.()));
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.target.tagName === "BUTTON") {
    event.preventDefault(); // a key held down presses its button once
  }
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || element("trial").hidden) {
    return;
  }
  const letter = event.key.toUpperCase();
  if (letter.length === 1 && current.letters.includes(letter)) {
    choose(letter);
  }
});
start();
