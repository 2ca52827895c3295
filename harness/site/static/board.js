"use strict";
// The boards of the first page: choose, sort, filter, compare two rows, share the view by its address.
// The tables are complete without it. The view is kept in the address alone.
(() => {
  const form = document.getElementById("controls"), status = document.getElementById("status");
  const panel = document.getElementById("comparison"), picked = document.getElementById("picked");
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
      line, place, body: line.parentNode, label: line.dataset.label, access: line.dataset.access,
      name: text(line.cells[0].querySelector("a")), search: flat(`${line.cells[0].textContent} ${line.dataset.label}`),
      values: Object.fromEntries([...line.cells].map((cell, k) => {
        if (!k) return [keys[k], cell.textContent.trim()];
        return [keys[k], cell.dataset.value === "" ? "" : Number(cell.dataset.value)];
      })),
    }));
    const sorted = table.createTBody();
    sorted.hidden = true;
    const empty = element("p", "No method of this board was given that and has that name.", { className: "notice", hidden: true });
    table.parentNode.after(empty);
    return { key: section.dataset.key, section, table, heads, keys, rows, sorted, empty };
  }

  // Return a text for searches, to which group_dro, group-dro and groupdro are one.
  function flat(name) {
    return name.toLowerCase().replace(/[_-]/g, "");
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

  // Sorted rows of all tiers stand together; without a choice each is in its tier, by its rank.
  function sort(board) {
    const [key, order] = view.sort.split(":"), sign = order === "desc" ? -1 : 1;
    board.heads.forEach((head, k) => head.setAttribute("aria-sort", board.keys[k] !== key ? "none" : sign > 0 ? "ascending" : "descending"));
    const ordered = [...board.rows].sort((first, other) => {
      const [a, b] = key ? [first.values[key] ?? "", other.values[key] ?? ""] : ["", ""];
      if (a === "" || b === "") return (a === "") - (b === "") || first.place - other.place; // missing ones come last
      return sign * (typeof a === "number" ? a - b : a.localeCompare(b)) || first.place - other.place;
    });
    for (const row of ordered) (key ? board.sorted : row.body).append(row.line);
  }

  function filter(board) {
    const wanted = flat(view.text);
    let count = 0;
    for (const row of board.rows) {
      row.line.hidden = !row.search.includes(wanted) || (view.access !== "" && row.access !== view.access);
      count += !row.line.hidden;
    }
    for (const body of board.table.tBodies) body.hidden = !body.querySelector("tr[data-label]:not([hidden])");
    board.table.parentNode.hidden = !count;
    board.empty.hidden = count > 0;
    status.textContent = `${count} of ${board.rows.length} rows`;
  }

  // Show two rows beside each other: the board's columns, then all others, with differences where both are numbers.
  function compare(board) {
    const rows = view.rows.map((label) => board.rows.find((row) => row.label === label)).filter(Boolean);
    for (const row of board.rows) row.line.querySelector("input").checked = rows.includes(row);
    picked.hidden = rows.length !== 1;
    picked.textContent = picked.hidden ? "" : `${rows[0].name}: tick a second row to compare the two.`;
    panel.hidden = rows.length !== 2;
    if (panel.hidden) return;
    const head = ["", ...rows.map((row) => row.name), "Difference"].map((each, k) => element(k ? "th" : "td", each, k ? { scope: "col" } : {}));
    const body = compared(board, rows).map(([title, ...texts]) => element("tr", [
      element("th", title, { scope: "row" }), ...[...texts, difference(...texts)].map((each) => element("td", each)),
    ]));
    const quoted = rows.map((row) => (/^[\w.+-]+$/.test(row.label) ? row.label : `'${row.label.replaceAll("'", "'\\''")}'`));
    const close = element("button", "Close", { type: "button" });
    close.addEventListener("click", () => {
      change({ rows: [] });
      rows[1].line.querySelector("input").focus();
    });
    panel.replaceChildren(
      element("h2", `${rows[0].name} and ${rows[1].name}`, { tabIndex: -1 }),
      element("p", ["Differences are the second row less the first. A third tick replaces the row that was ticked first. ", close], { className: "note" }),
      element("table", [element("thead", element("tr", head)), element("tbody", body)]),
      element("p", ["Whether they differ significantly: ", element("code", `spurgen compare ${quoted.join(" ")}`)]),
    );
  }

  // Return a title and a text of each row per line of a comparison; a board beside the main ones lists no more numbers.
  function compared(board, rows) {
    const titles = board.heads.slice(1).map((head) => head.dataset.title);
    const own = titles.map((title, k) => [title, ...rows.map((row) => spoken(row.line.cells[k + 1]))]);
    const given = ["Given", ...rows.map((row) => text(row.line.cells[0].querySelector("small")))];
    const plain = board.section.querySelector("table.plain");
    if (!plain) return [given, ...own];
    const lines = rows.map((row) => [...plain.tBodies[0].rows].find((line) => text(line.cells[0]) === row.label));
    const more = [...plain.tHead.rows[0].cells].map((cell, k) => [text(cell), ...lines.map((line) => text(line.cells[k]))]);
    const shown = more.filter(([title]) => !["Submission", "Access", "Rank", "Letter"].includes(title));
    return [given, ...own.filter(([title]) => !shown.some(([other]) => other === title)), ...shown];
  }

  // Return the text of a cell, in which drawings say nothing and what stands below each other is set apart.
  function spoken(cell) {
    const shares = [...cell.querySelectorAll("li")].map((each) => `${text(each.querySelector("span"))} ${text(each.querySelector("b"))}`);
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) found.push(text(walker.currentNode));
    return shares.join(", ") || found.filter(Boolean).join(", ");
  }

  // Return the second number less the first, empty unless both texts begin with one of the same kind.
  function difference(...texts) {
    const found = texts.map((each) => /^([+-]?\d+(?:\.(\d+))?)(\s*%)?(?=$|,(?!\d)|\s\[)/.exec(each));
    if (!found.every(Boolean) || Boolean(found[0][3]) !== Boolean(found[1][3])) return "";
    const apart = (found[1][1] - found[0][1]).toFixed(Math.max(...found.map((each) => (each[2] || "").length)));
    return `${apart > 0 ? "+" : ""}${Number(apart) ? apart.replace("-", "\u2212") : "0"}${found[0][3] ? " points" : ""}`;
  }

  // Bring the comparison into sight, and the keyboard to its heading.
  function reach() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    panel.querySelector("h2").focus({ preventScroll: true });
    panel.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
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
    setTimeout(() => filter(current()), 4000); // the number of rows comes back
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
      const box = element("input", [], { type: "checkbox", title: "compare: a second tick opens the comparison" });
      box.setAttribute("aria-label", `Compare ${row.label}`);
      box.addEventListener("change", () => {
        const others = view.rows.filter((label) => label !== row.label);
        change({ rows: box.checked ? [...others, row.label].slice(-2) : others });
        if (box.checked && view.rows.length === 2) reach();
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
