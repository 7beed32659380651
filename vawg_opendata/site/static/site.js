// What every page can do more with JavaScript: leave at once, sort and filter tables, search.
// Nothing is stored and nothing is asked of anybody: search words are looked up in a file of this site.
(function () {
  "use strict";

  // Leaving. The behaviour follows "Exit this page" of the GOV.UK Design System (Shift three times, each within five seconds
  // of the last, announced and shown as lights; the page is covered while the next one loads), with Escape beside it as on
  // the force's own site. The page is replaced in the history of the tab, so that Back does not return to it.
  var exits = document.querySelectorAll("[data-exit]");
  var button = document.querySelector(".exit-button");
  var told = document.createElement("span");
  var lights = document.createElement("span");
  var presses = 0, modified = false, waiting = null, cover = null;
  told.className = "hidden";
  told.setAttribute("role", "status");
  lights.className = "exit-lights";
  lights.setAttribute("aria-hidden", "true");
  for (var i = 0; i < 3; i++) lights.appendChild(document.createElement("b"));
  button.appendChild(lights);
  button.parentNode.appendChild(told);

  function show() {
    lights.classList.toggle("on", presses > 0);
    for (var i = 0; i < 3; i++) lights.children[i].classList.toggle("on", i < presses);
  }
  function expire() {
    presses = 0;
    waiting = null;
    told.textContent = "Exit this page expired.";
    show();
  }
  function leave() {
    told.textContent = "";
    document.body.classList.add("leaving");
    cover = document.createElement("div");
    cover.className = "cover";
    cover.setAttribute("role", "alert");
    document.body.appendChild(cover);
    cover.textContent = "Loading.";
    document.title = "Loading";
    window.location.replace(button.href);
  }
  exits.forEach(function (link) {
    link.addEventListener("click", function (event) { event.preventDefault(); leave(); });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !event.isComposing) leave();
  }, true);
  document.addEventListener("keyup", function (event) {
    if (event.key === "Shift" && !modified) {
      presses += 1;
      clearTimeout(waiting);
      show();
      if (presses === 3) { presses = 0; leave(); return; }
      told.textContent = presses === 1 ? "Shift, press 2 more times to exit." : "Shift, press 1 more time to exit.";
      waiting = setTimeout(expire, 5000);
    } else if (presses) {
      clearTimeout(waiting);
      expire();
    }
    modified = event.shiftKey;
  }, true);
  window.addEventListener("pageshow", function () { // a browser may show the covered page again when going back
    document.body.classList.remove("leaving");
    if (cover) { cover.remove(); cover = null; }
    presses = 0;
    show();
  });

  // Tables: a button in each heading sorts by its column; one field filters the rows of all tables of the page.
  function value(cell) {
    if (!cell || cell.className === "c" || cell.className === "x" || cell.className === "z") return null;
    var number = Number(cell.textContent.replace(/,/g, ""));
    return isNaN(number) ? cell.textContent.trim().toLowerCase() : number;
  }
  function sort(table, column, heading) {
    var body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows);
    rows.forEach(function (row, index) { if (!row.dataset.order) row.dataset.order = index + 1; });
    var before = heading.getAttribute("aria-sort");
    var next = before === "descending" ? "ascending" : before === "ascending" ? null : column ? "descending" : "ascending";
    table.querySelectorAll("[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    if (next) heading.setAttribute("aria-sort", next);
    var sign = next === "descending" ? -1 : 1;
    rows.sort(function (a, b) {
      if (next) {
        var x = value(a.cells[column]), y = value(b.cells[column]);
        if (x === null || y === null) { if (x !== y) return x === null ? 1 : -1; } // what is not published comes last, up or down
        else if (x < y) return -sign;
        else if (x > y) return sign;
      }
      return a.dataset.order - b.dataset.order;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }
  function sortable(table) {
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (heading, column) {
      var words = heading.textContent;
      var press = document.createElement("button");
      press.type = "button";
      press.className = "sort";
      press.textContent = words;
      press.addEventListener("click", function () { sort(table, column, heading); });
      heading.textContent = "";
      heading.appendChild(press);
    });
  }
  var tables = document.querySelectorAll("main table.cells[data-table]");
  tables.forEach(function (table) { if (table.tBodies[0].rows.length > 1) sortable(table); });
  var tools = document.querySelector("[data-tools]");
  if (tools && tables.length && tables[0].tBodies[0].rows.length > 8) {
    var label = document.createElement("label"), field = document.createElement("input"), count = document.createElement("p");
    label.textContent = "Show only rows with";
    label.htmlFor = field.id = "filter";
    field.type = "search";
    field.autocomplete = "off";
    count.setAttribute("role", "status");
    tools.append(label, field, count);
    tools.hidden = false;
    field.addEventListener("input", function () {
      var wanted = field.value.trim().toLowerCase(), left = 0;
      tables.forEach(function (table, number) {
        Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
          row.hidden = wanted !== "" && row.cells[0].textContent.toLowerCase().indexOf(wanted) < 0;
          if (number === 0 && !row.hidden) left += 1;
        });
      });
      count.textContent = wanted ? left + (left === 1 ? " row" : " rows") : "";
    });
  }

  // Search: the index is a script, because pages opened from a folder may not fetch anything else.
  var search = document.querySelector("[data-search]");
  if (search) {
    var input = search.querySelector("input"), found = search.querySelector("#found"), list = search.querySelector("#results");
    var asked = false, index = null;
    search.hidden = false;
    window.vawgSearch = function (entries) { index = entries; look(); };
    input.addEventListener("focus", function () {
      if (asked) return;
      asked = true;
      var script = document.createElement("script");
      script.src = search.dataset.search;
      document.head.appendChild(script);
    });
    input.addEventListener("input", look);
    function look() {
      var words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      list.textContent = "";
      if (!words.length || !index) { found.textContent = ""; return; }
      var hits = index.filter(function (entry) {
        var text = (entry[0] + " " + entry[1]).toLowerCase();
        return words.every(function (word) { return text.indexOf(word) >= 0; });
      });
      hits.sort(function (a, b) { return rank(a) - rank(b); });
      function rank(entry) { var name = entry[0].toLowerCase(), at = name.indexOf(words[0]); return at < 0 ? 999 : at === 0 ? name.length / 1000 : 10 + at; }
      found.textContent = hits.length + (hits.length === 1 ? " result" : " results") + (hits.length > 25 ? ", the first 25 shown" : "");
      hits.slice(0, 25).forEach(function (entry) {
        var item = document.createElement("li"), link = document.createElement("a"), where = document.createElement("small");
        link.href = entry[2];
        link.textContent = entry[0];
        where.textContent = " " + entry[1];
        item.append(link, where);
        list.appendChild(item);
      });
    }
  }
})();
