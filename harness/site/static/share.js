"use strict";
// What a reader takes away: the shown rows as a file or text to paste, and marked rows side by side.
// `spurgenTables` comes from leaderboard.js, which harness/site/paste.py makes.
(() => {
  const FORMATS = {
    csv: ["text/csv", asCsv], json: ["application/json", asJson],
    md: ["text/markdown", (shown, key) => pasted("md", shown, key)], tex: ["text/x-tex", asLatex],
  };

  /** Return the visible columns and the rows that pass the filter, in the order shown. */
  function visible(board) {
    const columns = board.columns.filter((column) => board.table.getColumn(column.key).isVisible());
    const rows = board.table.getRows("active").map((row) => row.getData());
    return { columns, rows };
  }

  const title = (column) => (column.group ? `${column.group} ${column.title}` : column.title);

  /** Return a flat record per row: raw numbers, the ends of intervals and verdicts in fields of their own. */
  function records({ columns, rows }) {
    const has = (column, part) => rows.some((row) => row.cells[column.place][part] !== undefined);
    return rows.map((row) => {
      const record = { access: row.given, submission: row.label || row.cells[0].text };
      for (const column of columns.slice(1)) {
        const cell = row.cells[column.place];
        record[column.key] = column.words ? cell.text : (cell.value ?? null);
        for (const part of ["low", "high", "verdict"]) if (has(column, part)) record[`${column.key}_${part}`] = cell[part] ?? null;
      }
      return record;
    });
  }

  /** Return CSV; a text that a spreadsheet would run as a formula begins with an apostrophe. */
  function asCsv(shown) {
    const written = (value) => {
      if (typeof value !== "string") return value === null ? "" : String(value);
      const safe = /^[=+\-@\t\r]/.test(value) && value !== "-" ? `'${value}` : value;
      return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const all = records(shown);
    const lines = [Object.keys(all[0] || {}), ...all.map(Object.values)];
    return lines.map((line) => line.map(written).join(",")).join("\n") + "\n";
  }

  function asJson(shown) {
    return JSON.stringify(records(shown), null, 1) + "\n";
  }

  /** Return the board's tables without the columns of the board that were not chosen; `chosen`: keys, or null for all. */
  function asLatex(shown, key, chosen, board) {
    const left = (column) => !chosen || column === "name" || chosen.includes(column) || !board.columns.some((each) => each.key === column);
    const tables = window.spurgenTables[key].tex.map((table) => narrowed(table, table.columns.map(left)));
    return pasted("tex", shown, key, tables.filter(Boolean));
  }

  /** Return a LaTeX table with some of its columns, null if only names are left; `keep`: whether each stays. */
  function narrowed(table, keep) {
    const count = keep.filter(Boolean).length;
    if (count === keep.length) return table;
    if (count < 2) return null;
    const line = (text) => {
      const end = text.lastIndexOf(" \\\\"); // cells may hold such ends as well
      return text.slice(0, end).split(" & ").filter((_, k) => keep[k]).join(" & ") + text.slice(end);
    };
    const start = table.open.trimEnd().lastIndexOf("\n") + 1; // of the line of titles
    const spec = table.open.slice(0, start).replace(/(\\begin\{tabular\})\{lr*\}/, `$1{l${"r".repeat(count - 1)}}`);
    const sections = table.sections.map(([heading, lines]) => [
      heading.replace(/\\multicolumn\{\d+\}/, `\\multicolumn{${count}}`), lines.map(([label, text]) => [label, line(text)]),
    ]);
    return { ...table, open: spec + line(table.open.slice(start)), sections };
  }

  /** Return the board's tables as the server wrote them, without the lines of rows that are not shown. */
  function pasted(kind, { rows }, key, tables = window.spurgenTables[key][kind]) {
    const place = new Map(rows.map((row, k) => [row.label, k])); // the ideal observer has no label
    return tables.map((table) => {
      const sections = table.sections.map(([heading, lines]) => {
        const kept = lines.filter(([label]) => place.has(label)).sort(([a], [b]) => place.get(a) - place.get(b));
        return kept.length ? heading + kept.map(([, line]) => line).join("") : "";
      });
      return table.open + sections.join("") + table.close;
    }).join("\n");
  }

  /** Write what is shown into the text field to be pasted, and return it. */
  function paste(board, format, key, chosen) {
    const content = FORMATS[format][1](visible(board), key, chosen, board);
    document.getElementById("paste").value = content;
    return content;
  }

  /** Copy the text field. */
  async function copyPaste(button) {
    const field = document.getElementById("paste");
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // of the selection, where there is no clipboard or no permission
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  /** Save what is shown as a file; it is also in the text field. */
  function download(board, format, suite, key, chosen) {
    const content = paste(board, format, key, chosen);
    const [type] = FORMATS[format];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${`${suite}-${key}`.replace(/[^\w.-]/g, "-")}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const element = (tag, content, scope) => {
    const made = document.createElement(tag);
    if (scope) made.scope = scope;
    made.append(content);
    return made;
  };

  const signed = (value) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(3)}`;

  const UNTESTED = ["reliance/", "excess", "core_use", "accuracy", "wga_corrected", "sss", "ig"];

  /** Return the paired difference of two rows in robust accuracy, which is known where one of them is ERM. */
  function difference(board, rows) {
    const column = board.columns.find((each) => each.key === "to_erm");
    if (!column || rows.length !== 2 || !rows.some((row) => row.label === "erm")) return "";
    const turned = rows[0].label === "erm";
    const { value, low, high, verdict } = rows[turned ? 1 : 0].cells[column.place];
    if (value === undefined) return "";
    const [sign, ends] = turned ? [-1, [high, low]] : [1, [low, high]];
    const interval = low === undefined ? "" : ` [${ends.map((end) => signed(sign * end)).join(", ")}]`;
    return `${signed(sign * value)}${interval}${verdict === "undecided" ? ", not significant" : ", significant"}`;
  }

  const untested = (key) => (UNTESTED.some((each) => key === each || (each.endsWith("/") && key.startsWith(each))) ? "not tested here" : "");

  /** Show marked rows of a board side by side. */
  function compared(board, labels, suite) {
    const rows = labels.map((label) => board.rows.find((row) => row.label === label)).filter(Boolean);
    const section = document.getElementById("comparison");
    section.hidden = rows.length < 2;
    if (section.hidden) return;
    const table = document.getElementById("compared");
    const paired = difference(board, rows);
    const last = (content) => (paired ? [element("td", content)] : []);
    const head = document.createElement("tr");
    head.append(element("td", ""), ...rows.map((row) => element("th", row.label, "col")), ...(paired ? [element("th", `Paired difference: ${rows.map((row) => row.label).join(" \u2212 ")}`, "col")] : []));
    const places = ranked(rows) ? [] : ["rank", "letters"];
    const lines = board.columns.slice(1).filter((column) => !places.includes(column.key)).map((column) => {
      const line = document.createElement("tr");
      const cells = rows.map((row) => element("td", window.spurgen.copy(row.cells[column.place].node)));
      line.append(element("th", title(column), "row"), ...cells, ...last(column.key === "robust_accuracy" ? paired : untested(column.key)));
      return line;
    });
    const access = document.createElement("tr");
    access.append(element("th", "Access", "row"), ...rows.map((row) => element("td", row.given)), ...last(""));
    const [thead, tbody] = [document.createElement("thead"), document.createElement("tbody")];
    thead.append(head);
    tbody.append(access, ...lines);
    table.replaceChildren(thead, tbody);
    note(rows, suite);
  }

  /** Return whether rows are ranked against one another: all in one access tier. */
  const ranked = (rows) => new Set(rows.map((row) => row.access)).size === 1 && rows[0].access !== "few";

  function note(rows, suite) {
    const line = document.getElementById("comparison-note");
    const few = rows.some((row) => row.access === "few");
    const rule = ranked(rows)
      ? "A row does not differ significantly in robust accuracy from the baselines with which it shares a letter; baselines without a common letter differ."
      : `These rows ${few ? "are not all complete" : "were given different information"}, so they are not ranked against one another.`;
    const [a, b] = rows.map((row) => row.label);
    const command = document.createElement("code");
    command.textContent = `spurgen compare ${quoted(a)} ${quoted(b)} --suite ${suite}`;
    const which = rows.length > 2 ? " of the first two" : "";
    line.replaceChildren(`${rule} Significance is corrected for many comparisons, intervals are not. The paired test of every metric, reliance included${which}: `, command);
  }

  const quoted = (label) => (/^[\w.=+-]+$/.test(label) ? label : `'${label.replace(/'/g, "'\\''")}'`);

  Object.assign(window.spurgen, { download, paste, copyPaste, compared });
})();
