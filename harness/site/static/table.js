"use strict";
// Shows a board's plain table by Tabulator, with the same cells in the same widths; see vendor/README.md.
(() => {
  const text = (node) => node.textContent.replace(/\s+/g, " ").trim();

  /** Read a plain table: its columns, the headings over them, and a record per row. */
  function read(table) {
    const head = table.tHead.rows[table.tHead.rows.length - 1];
    table.classList.add("whole"); // columns that are shown on demand have a width as well
    const columns = [...head.cells].map((cell, place) => ({
      place, key: cell.dataset.c, title: text(cell), about: cell.title, hidden: "hidden" in cell.dataset,
      spare: Number(cell.dataset.spare || 0),
      words: place === 0 || cell.classList.contains("t"), width: cell.offsetWidth,
    }));
    table.classList.remove("whole");
    if (table.tHead.rows.length > 1) {
      let place = 0;
      for (const cell of table.tHead.rows[0].cells) {
        for (let k = 0; k < cell.colSpan; k += 1) Object.assign(columns[place + k], { group: cell.dataset.group || "", over: cell });
        place += cell.colSpan;
      }
    }
    const tiers = [...table.tBodies].map((body, order) => ({
      order, access: body.dataset.access, heading: body.querySelector("tr.tier th"),
    }));
    const rows = tiers.flatMap((tier) =>
      [...table.tBodies[tier.order].rows].filter((row) => !row.classList.contains("tier")).map((row) => record(row, tier)));
    return { columns, tiers, rows };
  }

  function record(row, tier) {
    const cells = [...row.cells].map((cell) => {
      const [value, low, high] = (cell.dataset.value || "").split(" ").filter(Boolean).map(Number);
      return { node: cell, text: text(cell), value, low, high, verdict: cell.dataset.verdict };
    });
    const label = row.dataset.label || "";
    return { id: label, label, fullName: (window.spurgenNames || {})[label] || "", access: tier.access, given: row.dataset.given || tier.access, order: tier.order, cells };
  }

  /** Compare two cells: rows without the metric come last, the ideal observer first, and access tiers keep their order if they are `grouped`. */
  function compare(column, a, b, first, second, direction, grouped) {
    const sign = direction === "asc" ? 1 : -1;
    const apart = grouped || first.access === "ideal" || second.access === "ideal";
    if (apart && first.order !== second.order) return (first.order - second.order) * sign;
    if (!a.text || !b.text) return ((a.text ? 0 : 1) - (b.text ? 0 : 1)) * sign;
    return column.words ? a.text.localeCompare(b.text) : a.value - b.value;
  }

  function copy(node) {
    const span = document.createElement("span");
    for (const child of node.childNodes) span.append(child.cloneNode(true));
    return span;
  }

  function nameCell(cell, marked, onMark) {
    const row = cell.getRow().getData();
    const span = copy(cell.getValue().node);
    if (!row.label) return span;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = marked.has(row.label);
    box.dataset.mark = row.label;
    box.setAttribute("aria-label", `Compare ${row.label}`);
    box.addEventListener("change", () => onMark(row.label, box.checked));
    box.addEventListener("click", (event) => event.stopPropagation());
    span.prepend(box);
    const link = span.querySelector("a");
    if (row.fullName && link) link.title = row.fullName;
    if (row.access !== "few") {
      const given = document.createElement("small"); // shown where there are no headings of access tiers
      given.className = "given";
      given.textContent = row.given;
      span.append(given);
    }
    return span;
  }

  function heading(column) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.title;
    button.title = column.about;
    return button;
  }

  function definition(column, marked, onMark, state) {
    return {
      field: column.key, title: column.title, width: column.width + (column.place ? 12 : 22), visible: !column.hidden,
      vertAlign: "middle", hozAlign: column.words ? "left" : "right", headerHozAlign: column.words ? "left" : "right",
      frozen: column.place === 0, resizable: false, headerSortStartingDir: column.words || column.key === "rank" ? "asc" : "desc",
      titleFormatter: () => heading(column),
      mutator: (_value, data) => data.cells[column.place],
      formatter: (cell) => (column.place ? copy(cell.getValue().node) : nameCell(cell, marked, onMark)),
      sorter: (a, b, first, second, _column, direction) => compare(column, a, b, first.getData(), second.getData(), direction, state.grouped),
    };
  }

  /** Join neighbours that have the same heading. */
  function grouped(columns, made) {
    const joined = [];
    columns.forEach((column, k) => {
      const last = joined[joined.length - 1];
      if (!column.group) joined.push(made[k]);
      else if (last && last.columns && last.title === column.group) last.columns.push(made[k]);
      else joined.push({ title: column.group, titleFormatter: () => copy(column.over), columns: [made[k]], headerHozAlign: "center" });
    });
    return joined;
  }

  /** Correct the roles that Tabulator gives to headings over columns and to groups of rows. */
  function mendRoles(host) {
    for (const group of host.querySelectorAll('[role="columngroup"]')) {
      group.setAttribute("role", "presentation");
      for (const name of ["aria-sort", "aria-title"]) group.removeAttribute(name);
    }
    for (const holder of host.querySelectorAll(".tabulator-tableholder")) {
      holder.removeAttribute("tabindex"); // it does not scroll; the region around it does, and has the focus
      holder.setAttribute("role", "presentation");
    }
    for (const cell of host.querySelectorAll('.tabulator-cell[tabulator-field="name"]')) cell.setAttribute("role", "rowheader");
    for (const group of host.querySelectorAll(".tabulator-group")) {
      group.setAttribute("role", "row");
      if (!group.textContent.trim()) { group.classList.add("bare"); group.setAttribute("role", "presentation"); continue; }
      if (group.firstElementChild && group.firstElementChild.getAttribute("role") !== "gridcell") {
        const cell = document.createElement("div");
        cell.setAttribute("role", "gridcell");
        cell.append(...group.childNodes);
        group.append(cell);
      }
    }
  }

  /** Show a board by Tabulator; return its columns and what drives it. */
  function show(panel, marked, onMark, onSort) {
    const plain = panel.querySelector("table.rows");
    const board = read(plain);
    const host = document.createElement("div");
    host.setAttribute("aria-label", panel.querySelector("h3").textContent);
    const none = document.createElement("p");
    Object.assign(none, { className: "none", hidden: true, textContent: "No row has this name and access." });
    plain.after(host, none);
    const state = { grouped: true };
    const made = board.columns.map((column) => definition(column, marked, onMark, state));
    const table = new Tabulator(host, {
      data: board.rows, columns: grouped(board.columns, made), layout: "fitData", renderVertical: "basic",
      renderHorizontal: "basic", nestedFieldSeparator: false, columnDefaults: { headerSortTristate: false }, groupBy: "order", groupToggleElement: false,
      groupHeader: (order) => {
        const tier = board.tiers[order];
        return tier.heading ? copy(tier.heading) : document.createElement("span");
      },
      rowFormatter: (row) => row.getElement().classList.toggle("reference", row.getData().access === "ideal"),
    });
    table.on("tableBuilt", () => { plain.hidden = true; mendRoles(host); });
    table.on("renderComplete", () => mendRoles(host));
    table.on("dataSorted", (sorters) => onSort(sorters.map((each) => [each.field, each.dir])[0]));
    return { ...board, table, host, none, state };
  }

  /** Show rows by access tier, or all of them together. */
  function group(board, on) {
    if (board.state.grouped === on) return;
    board.state.grouped = on;
    board.host.classList.toggle("loose", !on);
    board.table.setGroupBy(on ? "order" : false);
    const [sorter] = board.table.getSorters();
    if (sorter) board.table.setSort(sorter.field, sorter.dir);
  }

  /** Return the columns to show by default: of the spare ones as many as there is room for, the highest number first. */
  function roomy(board) {
    const wide = (column) => board.table.getColumn(column.key).getWidth();
    const byDefault = board.columns.filter((column) => !column.hidden);
    const shown = byDefault.filter((column) => !column.spare);
    let room = board.host.parentElement.clientWidth - shown.reduce((sum, column) => sum + wide(column), 0);
    for (const column of byDefault.filter((each) => each.spare).sort((a, b) => b.spare - a.spare)) {
      if (wide(column) > room) continue;
      shown.push(column);
      room -= wide(column);
    }
    return shown.map((column) => column.key);
  }

  window.spurgen = { show, copy, roomy, group };
})();
