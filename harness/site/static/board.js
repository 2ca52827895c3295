"use strict";
// The boards of the first page: choose, sort, filter, compare two rows, share the view by its address.
// The tables are complete without it. The view is kept in the address alone.
(() => {
  const form = document.getElementById("controls"), status = document.getElementById("status");
  const boards = [...document.querySelectorAll("#boards > .board")].filter((each) => each.querySelector("table.main")).map(read);
  if (!form || !boards.length) return;
  const fields = ["board", "access", "sort", "text"];
  let view = {};
  let writing = false;

  // Return a board: its table, keys of the columns, and rows with their raw values by column.
  function read(section) {
    const table = section.querySelector("table.main");
    const heads = [...table.tHead.rows[0].cells];
    const keys = heads.map((head) => head.dataset.key);
    const rows = [...table.querySelectorAll("tr[data-label]")].map((line, place) => ({
      line, place, body: line.parentNode, label: line.dataset.label, access: line.parentNode.dataset.access,
      search: `${line.cells[0].textContent} ${line.dataset.label}`.toLowerCase(),
      values: Object.fromEntries([...line.cells].map((cell, k) => {
        if (!k) return [keys[k], cell.textContent.trim()];
        return [keys[k], cell.dataset.value === "" ? "" : Number(cell.dataset.value)];
      })),
    }));
    const flat = table.createTBody();
    flat.hidden = true;
    return { key: section.dataset.key, section, table, heads, keys, rows, flat };
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

  function initial() {
    return { board: boards[0].key, access: "", sort: "", text: "", rows: [] };
  }

  // The address: only what differs from the view at first; what it forges is left out.
  function parse() {
    const given = new URLSearchParams(location.hash.slice(1));
    const found = initial();
    for (const name of ["board", "access", "text"]) {
      const field = form.elements[name], value = given.get(name) || "";
      if (value && (!field.options || [...field.options].some((option) => option.value === value))) found[name] = value;
    }
    const board = boards.find((each) => each.key === found.board);
    const [key, order] = (given.get("sort") || "").split(":");
    if (board.keys.includes(key) && (order === "asc" || order === "desc")) found.sort = `${key}:${order}`;
    found.rows = given.getAll("rows").filter((label) => board.rows.some((row) => row.label === label)).slice(0, 2);
    return found;
  }

  function write() {
    const given = new URLSearchParams();
    for (const name of fields) if (view[name] && (name !== "board" || view.board !== boards[0].key)) given.set(name, view[name]);
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
    for (const name of fields) form.elements[name].value = view[name];
    for (const each of boards) each.section.hidden = each !== board;
    sort(board);
    filter(board);
    compare(board);
  }

  // Sorted rows of all tiers stand together; without a choice each is in its tier, by its place.
  function sort(board) {
    const [key, order] = view.sort.split(":"), sign = order === "desc" ? -1 : 1;
    board.heads.forEach((head, k) => head.setAttribute("aria-sort", board.keys[k] !== key ? "none" : sign > 0 ? "ascending" : "descending"));
    const ordered = [...board.rows].sort((first, other) => {
      const [a, b] = key ? [first.values[key], other.values[key]] : ["", ""];
      if (a === "" || b === "") return (a === "") - (b === "") || first.place - other.place; // missing ones come last
      return sign * (typeof a === "number" ? a - b : a.localeCompare(b)) || first.place - other.place;
    });
    for (const row of ordered) (key ? board.flat : row.body).append(row.line);
  }

  function filter(board) {
    const wanted = view.text.toLowerCase();
    let count = 0;
    for (const row of board.rows) {
      row.line.hidden = !row.search.includes(wanted) || (view.access !== "" && row.access !== view.access);
      count += !row.line.hidden;
    }
    for (const body of board.table.tBodies) body.hidden = !body.querySelector("tr[data-label]:not([hidden])");
    status.textContent = `${count} of ${board.rows.length} rows`;
  }

  function compare(board) {
    const rows = view.rows.map((label) => board.rows.find((row) => row.label === label)).filter(Boolean);
    for (const row of board.rows) row.line.querySelector("input").checked = rows.includes(row);
    const place = document.getElementById("comparison");
    place.hidden = rows.length !== 2;
    if (place.hidden) return;
    const plain = board.section.querySelector("table.plain");
    const lines = [...plain.tBodies[0].rows].filter((line) => rows.some((row) => row.label === text(line.cells[0])));
    lines.sort((a, b) => (text(b.cells[0]) === rows[0].label) - (text(a.cells[0]) === rows[0].label));
    const titles = [...plain.tHead.rows[0].cells].map(text);
    const head = element("tr", ["", ...rows.map((row) => row.label)].map((each, k) => element(k ? "th" : "td", each, k ? { scope: "col" } : {})));
    const body = titles.slice(1).map((title, k) => element("tr", [
      element("th", title, { scope: "row" }), ...lines.map((line) => element("td", text(line.cells[k + 1]))),
    ]));
    const quoted = rows.map((row) => (/^[\w.+-]+$/.test(row.label) ? row.label : `'${row.label.replaceAll("'", "'\\''")}'`));
    place.replaceChildren(element("table", [element("thead", head), element("tbody", body)]),
      element("p", ["Whether they differ significantly: ", element("code", `spurgen compare ${quoted.join(" ")}`)]));
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(location.href);
    } catch { // a page that is opened from disk may not use the clipboard's own interface
      const area = element("textarea", "", { value: location.href });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    status.textContent = "address copied";
  }

  for (const board of boards) {
    board.heads.forEach((head, k) => {
      const button = element("button", [...head.childNodes], { type: "button" });
      button.addEventListener("click", () => {
        const key = board.keys[k], first = key === "score" ? "desc" : "asc", other = first === "desc" ? "asc" : "desc";
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
    const name = event.target.name;
    change({ [name]: event.target.value, ...(name === "board" ? { rows: [] } : {}) });
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    change(initial());
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-copy]").addEventListener("click", copy);
  addEventListener("hashchange", () => {
    if (writing || document.getElementById(location.hash.slice(1))) return; // a place on the page is no view
    view = parse();
    show();
  });
  form.hidden = false;
  view = parse();
  show();
  if (location.hash.includes("=")) form.scrollIntoView(); // a shared view opens where it points
})();
