"use strict";
// The boards of the first page: sort, filter, choose columns, compare two rows, share the view by its address, copy.
// The tables are complete without it. The view is kept in the address alone.
(() => {
  const form = document.getElementById("controls"), status = document.getElementById("status");
  const boards = [...document.querySelectorAll("#boards > .board")].map(read);
  if (!form || !boards.length) return;
  const fields = ["board", "access", "text"];
  let view = {};
  let writing = false;

  // Return a board: its table, keys of the columns, and rows with their texts and raw values by column.
  function read(section) {
    const table = section.querySelector("table");
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.querySelectorAll("tbody[data-access] > tr[data-label]")].map((line, place) => ({
      line, place, body: line.parentNode, label: line.dataset.label, access: line.parentNode.dataset.access,
      search: line.cells[0].textContent.toLowerCase(),
      values: [...line.cells].map((cell, k) => {
        if (!k) return line.dataset.label;
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
      }),
    }));
    return {
      key: section.dataset.key, section, table, heads, rows, keys: heads.map((head) => head.dataset.key),
      spare: table.dataset.spare.split(" "),
    };
  }

  function text(cell) {
    return cell.textContent.trim().replace(/\s+/g, " ");
  }

  function element(tag, content, properties = {}) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...[content].flat());
    return made;
  }

  function current() {
    return boards.find((board) => board.key === view.board) || boards[0];
  }

  // The address: only what differs from the view at first; what it forges is left out.
  function parse() {
    const given = new URLSearchParams(location.hash.slice(1));
    const found = { board: boards[0].key, access: "", text: "", sort: "", columns: null, rows: [] };
    for (const name of fields) {
      const field = form.elements[name];
      const value = given.get(name) || "";
      const known = field.options ? [...field.options].some((option) => option.value === value) : true;
      if (value && known) found[name] = value;
    }
    const board = boards.find((each) => each.key === found.board);
    const [key, order] = (given.get("sort") || "").split(":");
    if (board.keys.includes(key) && (order === "asc" || order === "desc")) found.sort = `${key}:${order}`;
    if (given.has("columns")) found.columns = given.get("columns").split(",").filter((each) => board.keys.includes(each));
    found.rows = given.getAll("rows").filter((label) => board.rows.some((row) => row.label === label)).slice(0, 2);
    return found;
  }

  function write() {
    const given = new URLSearchParams();
    for (const name of fields) if (view[name] && (name !== "board" || view.board !== boards[0].key)) given.set(name, view[name]);
    if (view.sort) given.set("sort", view.sort);
    if (view.columns) given.set("columns", view.columns.join(","));
    for (const label of view.rows) given.append("rows", label);
    writing = true;
    history.replaceState(null, "", given.size ? `#${given}` : location.pathname + location.search);
    writing = false;
  }

  function change(what) {
    view = { ...view, ...what };
    write();
    show();
  }

  function show() {
    const board = current();
    for (const name of fields) if (form.elements[name].value !== view[name]) form.elements[name].value = view[name];
    for (const each of boards) each.section.hidden = each !== board;
    sort(board);
    filter(board);
    choose(board);
    compare(board);
  }

  function sort(board) {
    const [key, order] = view.sort.split(":");
    const column = board.keys.indexOf(key), sign = order === "desc" ? -1 : 1;
    board.heads.forEach((head, k) => head.setAttribute("aria-sort", k !== column ? "none" : sign > 0 ? "ascending" : "descending"));
    const ordered = [...board.rows].sort((first, other) => {
      if (column < 0) return first.place - other.place;
      const [a, b] = [first.values[column], other.values[column]];
      if (a === "" || b === "") return (a === "") - (b === "") || first.place - other.place; // missing ones come last
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))) || first.place - other.place;
    });
    for (const row of ordered) if (row.body.lastElementChild !== row.line) row.body.append(row.line);
  }

  function filter(board) {
    const wanted = view.text.toLowerCase();
    let count = 0;
    for (const row of board.rows) {
      row.line.hidden = !row.search.includes(wanted) || (view.access !== "" && row.access !== view.access);
      count += !row.line.hidden;
    }
    for (const body of new Set(board.rows.map((row) => row.body))) {
      body.hidden = board.rows.every((row) => row.body !== body || row.line.hidden);
    }
    status.textContent = `${count} of ${board.rows.length} rows`;
  }

  function shownKeys(board) {
    return view.columns || board.keys.filter((key) => !board.spare.includes(key));
  }

  function choose(board) {
    const shown = shownKeys(board);
    board.keys.forEach((key, k) => {
      const hidden = k > 0 && !shown.includes(key);
      for (const line of board.table.rows) if (line.cells[k] && !line.matches(".tier")) line.cells[k].hidden = hidden;
    });
    const boxes = board.keys.slice(1).map((key, k) => {
      const box = element("input", [], { type: "checkbox", checked: shown.includes(key), value: key });
      return element("label", [box, ` ${text(board.heads[k + 1])}`], { title: board.heads[k + 1].title });
    });
    const menu = document.getElementById("columns");
    if (menu.dataset.board !== board.key) {
      menu.replaceChildren(...boxes);
      menu.dataset.board = board.key;
    }
    for (const box of menu.querySelectorAll("input")) box.checked = shown.includes(box.value);
  }

  function compare(board) {
    const rows = view.rows.map((label) => board.rows.find((row) => row.label === label)).filter(Boolean);
    for (const row of board.rows) row.line.querySelector("input").checked = rows.includes(row);
    const place = document.getElementById("comparison");
    place.hidden = rows.length !== 2;
    if (place.hidden) return;
    const head = element("tr", ["Column", ...rows.map((row) => row.label)].map((each) => element("th", each, { scope: "col" })));
    const access = element("tr", [element("th", "Access", { scope: "row" }), ...rows.map((row) => element("td", row.access))]);
    const lines = board.keys.slice(1).map((_, k) => element("tr", [
      element("th", text(board.heads[k + 1]), { scope: "row" }), ...rows.map((row) => element("td", text(row.line.cells[k + 1]))),
    ]));
    const table = element("table", [element("thead", head), element("tbody", [access, ...lines])]);
    const quoted = rows.map((row) => (/^[\w.+-]+$/.test(row.label) ? row.label : `'${row.label.replaceAll("'", "'\\''")}'`));
    const command = element("code", `spurgen compare ${quoted.join(" ")}`);
    place.replaceChildren(element("h2", `${rows[0].label} and ${rows[1].label}`), table,
      element("p", ["Whether they differ significantly: ", command]));
  }

  // The rows and columns that are shown, as lists of texts.
  function grid(board) {
    const columns = board.keys.map((_, k) => k).filter((k) => !board.heads[k].hidden);
    const lines = [...board.table.querySelectorAll("tbody[data-access]:not([hidden]) > tr[data-label]:not([hidden])")];
    const head = [...columns.map((k) => text(board.heads[k])), "Access"];
    return [head, ...lines.map((line) => [
      ...columns.map((k) => (k ? text(line.cells[k]) : line.dataset.label)), line.parentNode.dataset.access,
    ])];
  }

  const formats = {
    csv: (lines) => lines.map((cells) => cells.map((cell) => {
      const safe = /^[=+@\t\r]|^-(?!\d)/.test(cell) && Number.isNaN(Number(cell)) ? `'${cell}` : cell; // no formula
      return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    }).join(",")).join("\n") + "\n",
    md: ([head, ...lines]) => [head, head.map(() => "---"), ...lines]
      .map((cells) => `| ${cells.map((cell) => cell.replace(/[\\|*_<>`[\]]/g, "\\$&")).join(" | ")} |`).join("\n") + "\n",
    link: () => location.href,
  };

  async function copy(button) {
    const content = formats[button.dataset.copy](grid(current()));
    try {
      await navigator.clipboard.writeText(content);
    } catch { // a page that is opened from disk may not use the clipboard's own interface
      const area = element("textarea", "", { value: content });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    status.textContent = "copied";
  }

  for (const board of boards) {
    board.heads.forEach((head, k) => {
      const button = element("button", [...head.childNodes], { type: "button" });
      button.addEventListener("click", () => {
        const key = board.keys[k], first = typeof board.rows[0]?.values[k] === "number" ? "desc" : "asc";
        const other = first === "desc" ? "asc" : "desc";
        change({ sort: view.sort === `${key}:${first}` ? `${key}:${other}` : view.sort === `${key}:${other}` ? "" : `${key}:${first}` });
      });
      head.append(button);
    });
    for (const row of board.rows) {
      const box = element("input", [], { type: "checkbox", title: "compare" });
      box.setAttribute("aria-label", `Compare ${row.label}`);
      box.addEventListener("change", () => {
        const others = view.rows.filter((label) => label !== row.label);
        change({ rows: box.checked ? [...others, row.label].slice(-2) : others });
      });
      row.line.cells[0].prepend(box);
    }
  }
  form.addEventListener("input", (event) => {
    if (event.target.closest("#columns")) {
      change({ columns: [...form.querySelectorAll("#columns input:checked")].map((box) => box.value) });
    } else {
      change({ [event.target.name]: event.target.value, ...(event.target.name === "board" ? { columns: null, rows: [], sort: "" } : {}) });
    }
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    change({ board: boards[0].key, access: "", text: "", sort: "", columns: null, rows: [] });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of form.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
  addEventListener("hashchange", () => { if (!writing) { view = parse(); show(); } });
  form.hidden = false;
  view = parse();
  show();
})();
