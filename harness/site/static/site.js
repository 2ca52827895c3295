"use strict";
// The leaderboard's controls. Their state is in the address, after #, so that a view can be shared.
(() => {
  const form = document.getElementById("controls");
  if (!form || !window.Tabulator) return;
  const panels = new Map([...document.querySelectorAll("#boards > .panel")].map((panel) => [panel.dataset.key, panel]));
  const options = [...form.elements.board.options].map((option) => option.cloneNode(true));
  const boards = new Map();
  const first = panels.keys().next().value;
  let state = start();
  const marked = new Set();
  let quiet = false;

  function start() {
    return { board: first, modality: "", tier: "", text: "", group: true, sort: null, columns: null, rows: [] };
  }

  function fromAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const fresh = start();
    if (panels.has(asked.get("board"))) fresh.board = asked.get("board");
    for (const key of ["modality", "tier", "text"]) fresh[key] = asked.get(key) || "";
    fresh.group = asked.get("group") !== "off";
    if (asked.get("sort")) fresh.sort = asked.get("sort").split(":", 2);
    if (asked.has("columns")) fresh.columns = asked.get("columns").split(",").filter(Boolean);
    if (asked.get("rows")) fresh.rows = asked.getAll("rows");
    return fresh;
  }

  function toAddress() {
    const said = new URLSearchParams();
    if (state.board !== first) said.set("board", state.board);
    for (const key of ["modality", "tier", "text"]) if (state[key]) said.set(key, state[key]);
    if (!state.group) said.set("group", "off");
    if (state.sort) said.set("sort", state.sort.join(":"));
    if (state.columns) said.set("columns", state.columns.join(","));
    for (const label of state.rows) said.append("rows", label);
    const hash = said.toString();
    if (hash === location.hash.slice(1)) return;
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  /** Build the board that is shown, once. */
  function current() {
    const panel = panels.get(state.board);
    for (const [key, each] of panels) each.classList.toggle("shown", key === state.board);
    if (!boards.has(state.board)) {
      const made = window.spurgen.show(panel, marked, mark, (sort) => {
        if (quiet || !boards.get(panel.dataset.key)?.ready) return;
        state.sort = sort || null;
        toAddress();
      });
      boards.set(state.board, made);
      made.table.on("dataProcessed", () => {
        if (made.ready) return;
        made.ready = true;
        apply();
      });
    }
    return boards.get(state.board);
  }

  function apply() {
    fill();
    const board = current();
    if (!board.ready) return;
    quiet = true;
    const wanted = state.text.trim().toLowerCase();
    board.table.setFilter((row) => (!state.tier || row.given === state.tier || row.access === "ideal") &&
      (!wanted || row.access === "ideal" || row.label.toLowerCase().includes(wanted) || row.fullName.toLowerCase().includes(wanted)));
    window.spurgen.group(board, state.group);
    const chosen = state.columns || window.spurgen.roomy(board);
    for (const column of board.columns) {
      const on = column.place === 0 || chosen.includes(column.key);
      const shown = board.table.getColumn(column.key);
      if (shown.isVisible() !== on) (on ? shown.show() : shown.hide());
    }
    const known = state.sort && board.columns.some((column) => column.key === state.sort[0]);
    const [by, direction] = known ? state.sort : state.group ? [] : ["robust_accuracy", "desc"];
    if (by) {
      const now = board.table.getSorters()[0];
      if (!now || now.field !== by || now.dir !== direction) board.table.setSort(by, direction === "asc" ? "asc" : "desc");
    } else if (board.table.getSorters().length) board.table.clearSort();
    quiet = false;
    chooser(board);
    window.spurgen.compared(board, state.rows, form.dataset.suite);
    const count = board.table.getDataCount("active") - board.rows.filter((row) => !row.label).length;
    const all = board.rows.filter((row) => row.label).length;
    document.getElementById("status").textContent = `${Math.max(count, 0)} of ${all} rows`;
    board.none.hidden = count > 0;
    toAddress();
  }

  /** Show the state in the form. */
  function fill() {
    const fitting = options.filter((option) => !state.modality || option.dataset.modality === state.modality);
    if (!fitting.some((option) => option.value === state.board) && fitting.length) state.board = fitting[0].value;
    form.elements.board.replaceChildren(...fitting.map((option) => option.cloneNode(true)));
    for (const key of ["board", "modality", "tier", "text"]) if (form.elements[key].value !== state[key]) form.elements[key].value = state[key];
    form.elements.group.checked = state.group;
    document.getElementById("compare-bar").hidden = !state.rows.length;
    document.getElementById("chosen").textContent = String(state.rows.length);
    document.getElementById("compare").setAttribute("aria-disabled", String(state.rows.length < 2));
  }

  function chooser(board) {
    const menu = document.getElementById("columns");
    if (menu.dataset.board !== state.board) {
      menu.dataset.board = state.board;
      menu.replaceChildren(...board.columns.slice(1).map((column) => {
        const label = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.value = column.key;
        label.append(box, `${column.group ? `${column.group} ` : ""}${column.title}`);
        return label;
      }));
    }
    for (const box of menu.querySelectorAll("input")) box.checked = board.table.getColumn(box.value).isVisible();
  }

  function mark(label, on) {
    state.rows = state.rows.filter((each) => each !== label);
    if (on) state.rows.push(label);
    remember();
    fill();
    window.spurgen.compared(current(), state.rows, form.dataset.suite);
    toAddress(); // without `apply`, which draws the table again, so that the row keeps its place and the focus
  }

  /** Mark the chosen rows on every board that is built: the others are shown again as they were. */
  function remember() {
    marked.clear();
    state.rows.forEach((label) => marked.add(label));
    for (const board of boards.values()) {
      if (!board.ready) continue;
      for (const row of board.table.getRows()) {
        const box = row.getElement().querySelector("[data-mark]");
        if (box) box.checked = marked.has(box.dataset.mark);
      }
    }
  }

  function change(part) {
    Object.assign(state, part);
    apply();
  }

  form.elements.board.addEventListener("change", (event) => change({ board: event.target.value }));
  form.elements.modality.addEventListener("change", (event) => change({ modality: event.target.value }));
  form.elements.tier.addEventListener("change", (event) => change({ tier: event.target.value }));
  form.elements.group.addEventListener("change", (event) => change({ group: event.target.checked }));
  form.elements.text.addEventListener("input", (event) => change({ text: event.target.value }));
  document.getElementById("columns").addEventListener("change", (event) => {
    const boxes = [...event.currentTarget.querySelectorAll("input")];
    change({ columns: boxes.filter((box) => box.checked).map((box) => box.value) });
  });
  document.getElementById("downloads").addEventListener("click", (event) => {
    if (event.target.dataset.format) window.spurgen.download(current(), event.target.dataset.format, form.dataset.suite, state.board, state.columns);
    if (event.target.id === "copy") window.spurgen.copyPaste(event.target);
  });
  document.getElementById("downloads").parentElement.addEventListener("toggle", (event) => {
    if (event.target.open) window.spurgen.paste(current(), "tex", state.board, state.columns);
  });
  document.getElementById("compare").addEventListener("click", () => {
    if (state.rows.length < 2) return;
    const section = document.getElementById("comparison");
    section.scrollIntoView({ block: "nearest" });
    section.focus({ preventScroll: true });
  });
  form.addEventListener("reset", (event) => { event.preventDefault(); restart(start()); });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => restart(fromAddress()));
  let width = innerWidth;
  window.addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; apply(); } });
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(null); });

  function closeMenus(except) {
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (except && menu.contains(except)) continue;
      if (!except && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  }

  function restart(fresh) {
    state = fresh;
    remember();
    apply();
  }

  restart(fromAddress());
})();
