// The page Explore: choose a table and a code of each dimension; see the trend, the numbers and a link to them.
// All it knows are scripts that the site builder wrote from released cells: vawgTables, vawgLists and vawgCells hand them over.
// Up to five codes of one dimension are compared in one chart and table. What is shown is in the address after "#", which never leaves the reader's machine. Nothing is stored.
(function () {
  "use strict";
  var WORDS = { c: "withheld", x: "not available", z: "not applicable" };
  var INK = "#1d1b26", MUTED = "#595668", PALE = "#d8d5e2", SERIES = "#5b2a86", HATCH = "#b8b3c6";
  var LINES = [[SERIES, ""], ["#a85b00", "9 4"], ["#005a9c", "2 3"], ["#2d6a2d", "12 3 2 3"], ["#b3152a", "5 2"]];
  var MANY = 120; // codes in one list of choices; longer lists are chosen in two steps
  var tables = [], lists = {}, cells = {}, waiting = {}, asked = {};
  var chosen = { table: "", level: "", codes: {}, more: [] };
  var form = document.getElementById("choices");

  window.vawgTables = function (found) { tables = found; };
  window.vawgLists = function (product, found) { lists[product] = found; arrived("explore/" + product + ".js"); };
  window.vawgCells = function (key, number, rows) { cells[key + "-" + number] = rows; arrived("explore/" + key + "-" + number + ".js"); };

  function load(path, then) {
    (waiting[path] = waiting[path] || []).push(then);
    if (asked[path]) return;
    asked[path] = true;
    var script = document.createElement("script");
    script.src = path;
    document.head.appendChild(script);
  }
  function arrived(path) { var ready = waiting[path] || []; waiting[path] = []; ready.forEach(function (then) { then(); }); }
  function need(path, known, then) { if (known) then(); else load(path, then); }
  function element(name, text, attributes) {
    var made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    return made;
  }

  // A table's axes with labels. An axis holds positions in its list, or nothing where it is the whole list.
  function axis(table, dimension) {
    var known = lists[table.product], entry = known.axes[table.table][dimension], list = known.lists[entry[0]];
    var positions = entry[1] || list.codes.map(function (_, index) { return index; });
    return { list: list, positions: positions, codes: positions.map(function (at) { return list.codes[at]; }) };
  }
  function level(one, index) { return one.list.levels[one.list.level[one.positions[index]]]; }
  function label(one, code) { return one.list.labels[one.list.codes.indexOf(code)]; }
  function pretty(words) { var text = words.replace(/_/g, " "); return text.charAt(0).toUpperCase() + text.slice(1); }
  function root(one) {
    for (var i = 0; i < one.codes.length; i++) if (level(one, i) === "total") return one.codes[i];
    return one.codes[0];
  }

  function read() {
    var parts = decodeURIComponent(location.hash.slice(1)).split("&");
    chosen = { table: "", level: "", codes: {}, more: [] };
    parts.forEach(function (part) {
      var at = part.indexOf("="), key = part.slice(0, at), value = part.slice(at + 1);
      if (key === "t") chosen.table = value; else if (key === "by") chosen.level = value; else if (key === "with") chosen.more.push(value); else if (key) chosen.codes[key] = value;
    });
  }
  function current() {
    return tables.filter(function (one) { return one.product + "/" + one.table === chosen.table; })[0] || tables[0];
  }
  function write(table) {
    var parts = ["t=" + table.product + "/" + table.table];
    if (chosen.level) parts.push("by=" + chosen.level);
    table.dimensions.forEach(function (name) { if (name !== table.period) parts.push(name + "=" + chosen.codes[name]); });
    chosen.more.forEach(function (code) { parts.push("with=" + code); });
    history.replaceState(null, "", "#" + parts.map(encodeURI).join("&"));
    document.getElementById("share").value = location.href;
  }

  function choice(name, words, options, value, change) {
    var box = element("div"), field = element("select", undefined, { id: "choose-" + name }), group = null, last = null;
    options.forEach(function (option) {
      if (option.group !== last) {
        last = option.group;
        group = last ? field.appendChild(element("optgroup", undefined, { label: last })) : null;
      }
      var made = element("option", option.label, { value: option.value });
      if (option.value === value) made.selected = true;
      (group || field).appendChild(made);
    });
    field.addEventListener("change", function () { change(field.value); });
    box.append(element("label", words, { for: "choose-" + name }), field);
    form.appendChild(box);
  }
  function choices(table) {
    var focused = document.activeElement && document.activeElement.id;
    form.textContent = "";
    choice("table", "Table", tables.map(function (one) {
      return { group: one.productTitle, label: one.title, value: one.product + "/" + one.table };
    }), table.product + "/" + table.table, function (value) { chosen.table = value; chosen.level = ""; chosen.more = []; show(); });
    table.dimensions.forEach(function (name) {
      var one = axis(table, name);
      if (name === table.period) return;
      if (one.codes.indexOf(chosen.codes[name]) < 0) chosen.codes[name] = root(one);
      pick(table, name, one);
    });
    compare(table);
    if (table.period) {
      var time = axis(table, table.period), levels = [];
      time.codes.forEach(function (_, index) { var found = level(time, index); if (found !== "total" && levels.indexOf(found) < 0) levels.push(found); });
      if (levels.indexOf(chosen.level) < 0) chosen.level = levels.indexOf("month") >= 0 ? "month" : levels[0] || "";
      choice("level", "Periods", levels.map(function (found) { return { label: pretty(found) + "s", value: found }; }), chosen.level,
        function (value) { chosen.level = value; show(); });
    }
    var again = focused && document.getElementById(focused);
    if (again) again.focus();
  }
  // The dimension whose codes are compared: the first that is not time.
  function across(table) { return table.dimensions.filter(function (name) { return name !== table.period; })[0]; }
  function compare(table) {
    var name = across(table);
    if (!name) { chosen.more = []; return; }
    var one = axis(table, name), value = chosen.codes[name];
    chosen.more = chosen.more.filter(function (code, index, all) { return code !== value && one.codes.indexOf(code) >= 0 && all.indexOf(code) === index; }).slice(0, LINES.length - 1);
    var at = one.codes.indexOf(value), within = one.list.parent[one.positions[at]], options = [{ label: "Nothing more", value: "" }];
    one.codes.forEach(function (code, index) {
      if (code === value || chosen.more.indexOf(code) >= 0) return;
      var alike = level(one, index) === level(one, at), near = one.codes.length <= MANY || one.list.parent[one.positions[index]] === within;
      if (level(one, index) === "total" || (alike && near)) options.push({ label: label(one, code), value: code });
    });
    if (chosen.more.length < LINES.length - 1 && options.length > 1) {
      choice("with", "Compare with", options, "", function (code) { if (code) { chosen.more.push(code); show(); } });
    }
    if (!chosen.more.length) return;
    var box = element("div", undefined, { role: "group", "aria-label": "Compared" });
    chosen.more.forEach(function (code) {
      var button = element("button", "Remove " + label(one, code), { type: "button" });
      button.addEventListener("click", function () {
        chosen.more = chosen.more.filter(function (other) { return other !== code; });
        show();
        var back = document.getElementById("choose-with");
        if (back) back.focus();
      });
      box.appendChild(button);
    });
    form.appendChild(box);
  }
  // One list of all codes by level; where there are many, the lowest level is a second list below the code chosen in the first.
  function pick(table, name, one) {
    var here = {}, lowest = null, set = function (value) { chosen.codes[name] = value; show(); };
    one.positions.forEach(function (at, index) { here[at] = index; });
    if (one.codes.length > MANY) {
      var counts = {};
      one.codes.forEach(function (_, index) { counts[level(one, index)] = (counts[level(one, index)] || 0) + 1; });
      lowest = Object.keys(counts).sort(function (a, b) { return counts[b] - counts[a]; })[0];
    }
    var value = chosen.codes[name], at = one.list.codes.indexOf(value), upper = value;
    if (lowest && level(one, here[at]) === lowest) {
      var above = one.list.parent[at];
      upper = here[above] === undefined ? root(one) : one.list.codes[above];
    }
    var options = [];
    one.codes.forEach(function (code, index) {
      var found = level(one, index);
      if (found !== lowest) options.push({ group: found === "total" ? "" : pretty(found), label: label(one, code), value: code, order: found });
    });
    var order = options.map(function (option) { return option.order; }).filter(function (found, index, all) { return all.indexOf(found) === index; });
    options.sort(function (a, b) { return order.indexOf(a.order) - order.indexOf(b.order); });
    choice(name, one.list.title, options, upper, set);
    if (!lowest) return;
    var parent = one.list.codes.indexOf(upper), below = [];
    one.codes.forEach(function (code, index) {
      if (level(one, index) === lowest && one.list.parent[one.positions[index]] === parent) below.push({ label: label(one, code), value: code });
    });
    if (below.length) choice(name + "-within", pretty(lowest) + " within it", [{ label: "All of it", value: upper }].concat(below), value, set);
  }

  function show() {
    var table = current();
    chosen.table = table.product + "/" + table.table;
    need("explore/" + table.product + ".js", lists[table.product], function () {
      choices(table);
      write(table);
      var name = across(table), codes = [chosen.codes[name]].concat(chosen.more), first = table.dimensions[0], state = JSON.stringify(chosen);
      var pieces = codes.map(function (code) {
        var from = first === table.period ? 0 : axis(table, first).codes.indexOf(code), piece = 0;
        while (piece + 1 < table.starts.length && table.starts[piece + 1] <= from) piece += 1;
        return piece;
      });
      (function next(index) {
        if (JSON.stringify(chosen) !== state) return;
        if (index === pieces.length) { draw(table, codes, pieces); return; }
        var key = table.product + "/" + table.table + "-" + pieces[index];
        need("explore/" + key + ".js", cells[key], function () { next(index + 1); });
      })(0);
    });
  }
  // The cells of the chosen code over time: a row of a file is one code of the first dimension, the others follow in their order.
  function line(table, chosenCode, piece) {
    var rows = cells[table.product + "/" + table.table + "-" + piece], start = table.dimensions[0] === table.period ? 0 : table.starts[piece], name0 = across(table);
    var sizes = table.dimensions.map(function (name) { return axis(table, name).codes.length; });
    var time = axis(table, table.period), found = [];
    time.codes.forEach(function (code, index) {
      if (level(time, index) !== chosen.level) return;
      var at = 0, row = 0;
      table.dimensions.forEach(function (name, order) {
        var place = name === table.period ? index : axis(table, name).codes.indexOf(name === name0 ? chosenCode : chosen.codes[name]);
        if (order === 0) row = place - start; else at = at * sizes[order] + place;
      });
      var text = rows[row].split(",")[at];
      found.push({ code: code, label: label(time, code), text: text, value: WORDS[text] ? null : Number(text), status: WORDS[text] ? text : "" });
    });
    return found;
  }
  function number(point) { return point.text.replace(/^-?\d+/, function (whole) { return whole.replace(/\B(?=(\d{3})+$)/g, ","); }); }
  function words(point) { return point.status ? "[" + point.status + "] " + WORDS[point.status] : number(point); }

  function draw(table, codes, pieces) {
    var series = codes.map(function (code, index) { return line(table, code, pieces[index]); }), points = series[0], names = [], heads = [table.measure];
    table.dimensions.forEach(function (name) {
      if (name === table.period) return;
      var one = axis(table, name);
      if (name === across(table) && codes.length > 1) { heads = codes.map(function (code) { return label(one, code); }); names.push(heads.join(" and ")); }
      else names.push(label(one, chosen.codes[name]));
    });
    var title = table.measure + (names.length ? ": " + names.join(", ") : "");
    document.getElementById("shown").textContent = title;
    document.getElementById("status").textContent = title + ", " + points.length + " periods shown.";
    var breaks = broken(points, lists[table.product].breaks);
    document.getElementById("figure").replaceChildren(svg(series, title, breaks));
    document.getElementById("lines").replaceChildren.apply(document.getElementById("lines"), codes.length < 2 ? [] : heads.map(function (head, index) {
      var item = element("li"), space = "http://www.w3.org/2000/svg", sample = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
      sample.setAttribute("viewBox", "0 0 40 10");
      sample.setAttribute("aria-hidden", "true");
      path.setAttribute("d", "M0 5H40");
      path.setAttribute("stroke", LINES[index][0]);
      path.setAttribute("stroke-width", "3");
      path.setAttribute("stroke-dasharray", LINES[index][1]);
      sample.appendChild(path);
      item.append(sample, head);
      return item;
    }).concat([element("li", "A gap in a line is a number that is withheld or not available.")]));
    document.getElementById("breaks").replaceChildren.apply(document.getElementById("breaks"), breaks.map(function (one) {
      return element("li", one.date + ": " + one.title + ". Counts before and after are not fully comparable.", { value: one.number });
    }));
    var view = document.querySelector("#explore table.cells");
    view.caption.textContent = title + ", newest first";
    var head = element("tr");
    head.append(element("th", axis(table, table.period).list.title, { scope: "col" }));
    heads.forEach(function (text, index) { head.append(element("th", text, { scope: "col", "data-code": codes[index] })); });
    view.tHead.replaceChildren(head);
    view.tBodies[0].replaceChildren.apply(view.tBodies[0], points.map(function (point, at) {
      var row = element("tr");
      row.append(element("th", point.label, { scope: "row", "data-code": point.code }));
      series.forEach(function (other) {
        var here = other[at], cell = element("td", here.status ? "[" + here.status + "]" : number(here));
        if (here.status) { cell.className = here.status; cell.appendChild(element("i", " " + WORDS[here.status])); }
        row.append(cell);
      });
      return row;
    }).reverse());
    var take = document.getElementById("take");
    take.replaceChildren(element("a", "The whole table as a page", { href: table.page }), element("a", "The whole table as CSV", { href: table.csv, download: "" }),
      element("a", "What to know before using a number", { href: table.product + "/index.html#caveats" }));
  }

  // Where a break of the series falls among the points: at a month, or within a year.
  function broken(points, rows) {
    var found = [];
    rows.forEach(function (row, order) {
      var parts = row[0].split("-").map(Number), place = -1;
      points.forEach(function (point, index) {
        if (point.code === row[0].slice(0, 7) || (parts.length === 1 && point.code === parts[0] + "-01")) place = index + ((parts[2] || 1) - 1) / 31;
        else if (point.code === String(parts[0])) place = index + ((parts[1] || 1) - 1) / 12;
      });
      if (place > 0) found.push({ at: place, number: order + 1, date: row[0], title: row[1] });
    });
    return found;
  }
  function svg(series, title, breaks) {
    var points = series[0], alone = series.length === 1, all = [].concat.apply([], series);
    var wide = document.getElementById("figure").clientWidth > 560, width = wide ? 760 : 360, height = wide ? 330 : 280;
    var space = "http://www.w3.org/2000/svg", left = 70, right = width - 22, top = breaks.length ? 20 : 10, bottom = height - 30;
    var known = all.filter(function (point) { return point.value !== null; });
    var most = known.reduce(function (high, point) { return Math.max(high, point.value); }, 0), step = nice(most / (wide ? 5 : 4));
    var roof = Math.max(step * Math.ceil(most / step - 1e-9), step), slot = (right - left) / points.length;
    var picture = document.createElementNS(space, "svg");
    function add(name, attributes, text) {
      var made = document.createElementNS(space, name);
      Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
      if (text !== undefined) made.textContent = text;
      picture.appendChild(made);
      return made;
    }
    function x(index) { return left + slot * (index + 0.5); }
    function y(value) { return bottom - (bottom - top) * value / roof; }
    picture.setAttribute("viewBox", "0 0 " + width + " " + height);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", "Chart: " + title + ". The numbers are in the table after it.");
    picture.setAttribute("class", "chart");
    var hatch = add("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    var stroke = document.createElementNS(space, "path");
    stroke.setAttribute("d", "M0 0V7");
    stroke.setAttribute("stroke", HATCH);
    stroke.setAttribute("stroke-width", "3");
    hatch.appendChild(stroke);
    for (var tick = 0; tick <= roof + step / 2; tick += step) {
      add("path", { d: "M" + left + " " + y(tick) + "H" + right, stroke: tick ? PALE : MUTED });
      add("text", { x: left - 7, y: y(tick) + 4, "text-anchor": "end", "font-size": 12, fill: MUTED }, step < 1 ? tick.toFixed(1) : tick.toLocaleString("en-GB"));
    }
    points.forEach(function (point, index) {
      if (alone && point.status) add("rect", { x: left + slot * index, y: top, width: slot, height: bottom - top, fill: point.status === "c" ? "url(#hatch)" : "#ededf2" });
    });
    breaks.forEach(function (one) {
      var across = left + slot * one.at;
      add("path", { d: "M" + across + " " + top + "V" + bottom, stroke: MUTED, "stroke-width": 1.5, "stroke-dasharray": "5 4" });
      add("text", { x: across, y: top - 5, "text-anchor": "middle", "font-size": 12, fill: MUTED }, one.number);
    });
    if (alone && points.length <= 40) {
      var breadth = Math.min(slot * 0.7, 60);
      points.forEach(function (point, index) {
        if (point.value === null) return;
        var bar = add("rect", { x: x(index) - breadth / 2, y: y(point.value), width: breadth, height: bottom - y(point.value), fill: SERIES });
        bar.appendChild(document.createElementNS(space, "title")).textContent = point.label + ": " + words(point);
      });
    } else {
      series.forEach(function (found, order) {
        var run = [], colour = LINES[order][0];
        found.concat([{ value: null }]).forEach(function (point, index) {
          if (point.value !== null) { run.push(x(index) + " " + y(point.value)); return; }
          if (run.length > 1) add("path", { d: "M" + run.join("L"), fill: "none", stroke: colour, "stroke-width": 2.5, "stroke-linejoin": "round", "stroke-dasharray": LINES[order][1] });
          else if (run.length) { var at = run[0].split(" "); add("circle", { cx: at[0], cy: at[1], r: 3.5, fill: colour }); }
          run = [];
        });
      });
    }
    var named = points.map(function (point, index) { return [index, point.code]; });
    if (chosen.level === "month" && points.length > 24) {
      named = named.filter(function (pair) { return /-01$/.test(pair[1]); }).map(function (pair) { return [pair[0], pair[1].slice(0, 4)]; });
    }
    var longest = named.reduce(function (length, pair) { return Math.max(length, pair[1].length); }, 1);
    var each = Math.max(1, Math.ceil(named.length * (longest * 7.6 + 12) / (right - left)));
    named.forEach(function (pair, order) {
      if (order % each) return;
      add("path", { d: "M" + x(pair[0]) + " " + bottom + "v5", stroke: MUTED });
      add("text", { x: x(pair[0]), y: bottom + 20, "text-anchor": "middle", "font-size": 12, fill: INK }, pair[1]);
    });
    return picture;
  }
  function nice(raw) {
    if (!(raw > 0)) return 1;
    var power = Math.pow(10, Math.floor(Math.log10(raw)));
    return [1, 2, 5, 10].map(function (factor) { return factor * power; }).filter(function (step) { return step >= raw * (1 - 1e-9); })[0];
  }

  window.addEventListener("DOMContentLoaded", function () {
    if (!tables.length) return;
    tables = tables.filter(function (table) { return table.period; });
    document.getElementById("plain").hidden = true;
    document.getElementById("explore").hidden = false;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    document.getElementById("copy").addEventListener("click", function () {
      var field = document.getElementById("share");
      field.select();
      document.getElementById("copied").textContent = document.execCommand("copy") ? "Copied." : "Press Ctrl and C to copy.";
    });
    window.addEventListener("hashchange", function () { read(); show(); });
    read();
    show();
  });
})();
