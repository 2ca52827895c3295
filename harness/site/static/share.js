"use strict";
// What a reader takes away: the shown rows as a file or text to paste, and marked rows side by side.
(() => {
  const FORMATS = { csv: ["text/csv", asCsv], json: ["application/json", asJson], md: ["text/markdown", asMarkdown], tex: ["text/x-tex", asLatex] };

  /** Return the visible columns and the rows that pass the filter, in the order shown. */
  function visible(board) {
    const columns = board.columns.filter((column) => board.table.getColumn(column.key).isVisible());
    const rows = board.table.getRows("active").map((row) => row.getData());
    return { columns, rows };
  }

  const title = (column) => (column.group ? `${column.group} ${column.title}` : column.title);
  const name = (row, cell) => row.label || cell.text;

  function shown(column, row) {
    const cell = row.cells[column.place];
    if (column.place === 0) return name(row, cell);
    return cell.small && cell.big !== cell.text ? `${cell.big} [${cell.small.replace(" to ", ", ")}]` : cell.text;
  }

  function asCsv({ columns, rows }) {
    const safe = (value) => {
      const said = /^[=+\-@\t\r]/.test(value) && !/^[-+]?[\d.]+$/.test(value) ? `'${value}` : value;
      return /[",\n]/.test(said) ? `"${said.replace(/"/g, '""')}"` : said;
    };
    const head = ["Access", ...columns.map(title)];
    const lines = rows.map((row) => [row.access, ...columns.map((column) => shown(column, row).replace(/\u2212/g, "-"))]);
    return [head, ...lines].map((line) => line.map(safe).join(",")).join("\n") + "\n";
  }

  function asJson({ columns, rows }) {
    const value = (column, row) => {
      const cell = row.cells[column.place];
      if (column.place === 0) return name(row, cell);
      if (!cell.text) return null;
      return column.words || cell.value === null || column.key === "rank" ? cell.text : cell.value;
    };
    const records = rows.map((row) => ({ access: row.access, ...Object.fromEntries(columns.map((column) => [column.key, value(column, row)])) }));
    return JSON.stringify(records, null, 1) + "\n";
  }

  function asMarkdown({ columns, rows }) {
    const safe = (value) => value.replace(/[\\`*_[\]<>|]/g, (c) => `\\${c}`);
    const line = (cells) => `| ${cells.join(" | ")} |`;
    const rule = columns.map((column) => (column.words ? ":--" : "--:"));
    return [line(columns.map((column) => safe(title(column)))), line(rule), ...rows.map((row) => line(columns.map((column) => safe(shown(column, row)))))].join("\n") + "\n";
  }

  function asLatex({ columns, rows }) {
    const signs = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\u2212": "$-$", "\u2013": "--" };
    const safe = (value) => value.replace(/[\\&%$#_{}~^\u2212\u2013]/g, (c) => signs[c] || `\\${c}`);
    const line = (cells) => `${cells.map(safe).join(" & ")} \\\\`;
    const tiers = [];
    let last = null;
    for (const row of rows) {
      if (last !== null && row.access !== last) tiers.push("\\midrule");
      last = row.access;
      tiers.push(line(columns.map((column) => shown(column, row))));
    }
    const shape = columns.map((column) => (column.words ? "l" : "r")).join("");
    return ["% \\usepackage{booktabs}", `\\begin{tabular}{${shape}}`, "\\toprule", line(columns.map(title)), "\\midrule", ...tiers, "\\bottomrule", "\\end{tabular}"].join("\n") + "\n";
  }

  /** Save what is shown as a file, and write it into the text field to be pasted. */
  function download(board, format, stem) {
    const [type, make] = FORMATS[format];
    const content = make(visible(board));
    document.getElementById("paste").value = content;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${stem.replace(/[^\w.-]/g, "-")}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const element = (tag, content, scope) => {
    const made = document.createElement(tag);
    if (scope) made.scope = scope;
    made.append(content);
    return made;
  };

  function difference(column, rows) {
    if (rows.length !== 2 || column.words || ["rank", "to_erm", "units"].includes(column.key)) return "";
    const [a, b] = rows.map((row) => row.cells[column.place].value);
    return a === null || b === null ? "" : `${a - b < 0 ? "\u2212" : "+"}${Math.abs(a - b).toFixed(3)}`;
  }

  /** Show marked rows of a board side by side. */
  function compared(board, labels, suite) {
    const rows = labels.map((label) => board.rows.find((row) => row.label === label)).filter(Boolean);
    const section = document.getElementById("comparison");
    section.hidden = rows.length < 2;
    if (section.hidden) return;
    const table = document.getElementById("compared");
    const head = document.createElement("tr");
    head.append(element("th", "", null), ...rows.map((row) => element("th", row.label, "col")));
    head.replaceChild(element("td", ""), head.firstChild);
    if (rows.length === 2) head.append(element("th", "Difference", "col"));
    const lines = board.columns.slice(1).map((column) => {
      const line = document.createElement("tr");
      line.append(element("th", title(column), "row"), ...rows.map((row) => element("td", window.spurgen.copy(row.cells[column.place].node))));
      if (rows.length === 2) line.append(element("td", difference(column, rows)));
      return line;
    });
    const access = document.createElement("tr");
    access.append(element("th", "Access", "row"), ...rows.map((row) => element("td", row.access)));
    if (rows.length === 2) access.append(element("td", ""));
    const [thead, tbody] = [document.createElement("thead"), document.createElement("tbody")];
    thead.append(head);
    tbody.append(access, ...lines);
    table.replaceChildren(thead, tbody);
    note(rows, suite);
  }

  function note(rows, suite) {
    const line = document.getElementById("comparison-note");
    const sameTier = new Set(rows.map((row) => row.access)).size === 1;
    const rule = sameTier
      ? "Rows that share a tier letter do not differ significantly in robust accuracy; rows without a common letter do."
      : "These rows were given different information, so they are not ranked against one another.";
    const [a, b] = rows.map((row) => row.label);
    const command = document.createElement("code");
    command.textContent = `spurgen compare ${quoted(a)} ${quoted(b)} --suite ${suite}`;
    line.replaceChildren(`${rule} The paired test of every metric: `, command);
  }

  const quoted = (label) => (/^[\w.=+-]+$/.test(label) ? label : `'${label.replace(/'/g, "'\\''")}'`);

  Object.assign(window.spurgen, { download, compared });
})();
