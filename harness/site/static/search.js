"use strict";
// Filters what the page lists of the board, and lists pages of the documentation by Sphinx's own index.
(() => {
  const query = new URLSearchParams(location.search).get("q") || "";
  const words = query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
  const flat = (text) => text.toLowerCase().replace(/[_-]/g, ""); // group_dro is also found as groupdro
  const has = (text) => words.every((word) => flat(text).includes(flat(word)));
  for (const field of document.querySelectorAll("input[name=q]")) field.value = query;
  const lines = [...document.querySelectorAll("#found li")];
  for (const line of lines) line.hidden = !has(line.textContent);
  let count = lines.filter((line) => !line.hidden).length;
  const say = () => { document.getElementById("count").textContent = words.length ? `${count || "Nothing"} found for “${query}”` : ""; };
  document.getElementById("board").hidden = !count;
  say();

  function link(address, text) {
    return Object.assign(document.createElement("a"), { href: address, textContent: text });
  }

  // Return how well a page suits a word: its index has stems, so one may begin the other.
  function matches(index, word) {
    const found = new Map();
    const add = (pages, points) => [pages].flat().forEach((page) => found.set(page, Math.max(points, found.get(page) || 0)));
    index.titles.forEach((title, page) => title.toLowerCase().includes(word) && add(page, 20));
    for (const [terms, points] of [[index.titleterms, 5], [index.terms, 1]]) {
      for (const [term, pages] of Object.entries(terms)) {
        if (flat(term) === flat(word)) add(pages, points + 3);
        else if (term.startsWith(word) || (term.length > 3 && word.startsWith(term))) add(pages, points);
      }
    }
    return found;
  }

  // searchindex.js calls this.
  globalThis.Search = {
    setIndex(index) {
      if (!words.length) return;
      const each = words.map((word) => matches(index, word));
      const pages = [...each[0].keys()].filter((page) => each.every((found) => found.has(page)));
      const parts = new Map(pages.map((page) => [page, []])); // with all words in their headings
      for (const [title, places] of Object.entries(index.alltitles).filter(([title]) => has(title))) {
        for (const [page, anchor] of places) if (anchor) parts.get(page)?.push([title, anchor]);
      }
      const share = ([title]) => words.length / title.split(/\s+/u).length; // of a heading that is asked for
      const points = (page) => each.reduce((sum, found) => sum + found.get(page), 0) + 20 * Math.max(0, ...parts.get(page).map(share));
      pages.sort((a, b) => points(b) - points(a) || a - b);
      const made = pages.map((page) => {
        const line = document.createElement("li"), address = `docs/${index.docnames[page]}.html`;
        line.append(link(address, index.titles[page]));
        for (const [title, anchor] of parts.get(page)) line.append(" · ", link(`${address}#${anchor}`, title));
        return line;
      });
      document.getElementById("pages").replaceChildren(...made);
      document.getElementById("documentation").hidden = !made.length;
      count += pages.length;
      say();
    },
  };
})();
