// The browser's part: the address is the one source of truth. `apply` moves the controls to what an answer says,
// `chosen` writes what a visitor chooses into the address, `clicked` follows the query a chart's point carries.
(function () {
  "use strict";
  let state = null;
  let places = {};
  const told = {};

  const several = { stores: "store", regions: "region", formats: "format", categories: "category" };
  const single = { grain: ["by", "day"], basis: ["against", "previous"], channel: ["channel", ""], currency: ["currency", ""] };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function within(store, values) {
    const [region, format, channel, currency] = places[store] || [];
    return (
      (!values.regions.length || values.regions.includes(region)) &&
      (!values.formats.length || values.formats.includes(format)) &&
      (!values.channel || values.channel === channel) &&
      (!values.currency || values.currency === currency)
    );
  }

  function query(values, before) {
    const pairs = new URLSearchParams();
    const dates = values.from !== before.from || values.to !== before.to;
    const custom = dates || (values.period === "custom" && before.period === "custom");
    if (custom) {
      pairs.append("from", values.from || before.from);
      pairs.append("to", values.to || before.to);
    } else if (values.period && values.period !== "28d") {
      pairs.append("period", values.period);
    }
    if (values.grain !== single.grain[1]) pairs.append("by", values.grain);
    const narrowed = ["regions", "formats", "channel", "currency"].some((name) => !same(values[name], before[name]));
    const stores = narrowed ? values.stores.filter((store) => within(store, values)) : values.stores;
    for (const [name, short] of Object.entries(several)) {
      for (const value of name === "stores" ? stores : values[name]) pairs.append(short, value);
    }
    for (const name of ["channel", "currency", "basis"]) {
      const [short, usual] = single[name];
      if (values[name] && values[name] !== usual) pairs.append(short, values[name]);
    }
    for (const [name, value] of Object.entries(state.keep)) pairs.append(name, value);
    const text = pairs.toString();
    return text ? "?" + text : "";
  }

  const sorted = (search) => [...new URLSearchParams(search)].map(String).sort();

  function go(search) {
    if (!same(sorted(search), sorted(window.location.search))) window.dash_clientside.set_props("url", { search: search });
  }

  function apply(answer) {
    if (!answer) return window.dash_clientside.no_update;
    state = answer;
    if (answer.places) places = answer.places;
    for (const [name, properties] of Object.entries(answer.controls)) {
      const { label, hidden, ...props } = properties;
      const held = told[name] || {};
      const changed = Object.fromEntries(Object.entries(props).filter(([key, value]) => key === "value" || !same(held[key], value)));
      window.dash_clientside.set_props("filter-" + name, changed);
      told[name] = { ...held, ...props };
      const box = document.getElementById("box-" + name);
      if (box) box.hidden = hidden;
      if (held.label !== label) window.dash_clientside.set_props("label-" + name, { children: label });
      told[name].label = label;
    }
    window.dash_clientside.set_props("skip", { children: answer.texts.skip });
    const root = document.documentElement;
    root.lang = answer.language;
    root.dataset.theme = answer.theme;
    document.title = answer.title;
    return window.dash_clientside.no_update;
  }

  function chosen(...given) {
    const options = given.pop();
    const names = ["period", "from", "to", "grain", "basis", "stores", "regions", "formats", "channel", "currency", "categories"];
    if (!state) return window.dash_clientside.no_update;
    const values = {};
    names.forEach((name, at) => {
      const usual = state.values[name];
      values[name] = given[at] === undefined || given[at] === null ? (Array.isArray(usual) ? [] : usual) : given[at];
    });
    if (!same(values, Object.fromEntries(names.map((name) => [name, state.values[name]])))) go(query(values, state.values));
    return window.dash_clientside.no_update;
  }

  function picked() {
    const triggered = window.dash_clientside.callback_context.triggered;
    for (const one of triggered) {
      const search = one.value;
      if (typeof search === "string" && (search === "" || search.startsWith("?"))) go(search);
    }
    return window.dash_clientside.no_update;
  }

  function clicked() {
    for (const one of window.dash_clientside.callback_context.triggered) {
      const points = (one.value && one.value.points) || []; // of all traces there, and some lead nowhere
      const queries = points.map((point) => [].concat(point.customdata)[0]);
      const search = queries.find((query) => query === "" || (typeof query === "string" && query.startsWith("?")));
      if (search !== undefined) go(search);
    }
    return window.dash_clientside.no_update;
  }

  // Dash puts the cursor of its inputs back, which an input of a date refuses with an error.
  const place = HTMLInputElement.prototype.setSelectionRange;
  HTMLInputElement.prototype.setSelectionRange = function (...at) {
    if (this.type !== "date") place.apply(this, at);
  };

  // Dash lets the Tab key stop at a hidden input, which hands the focus on to the button: the button itself is better.
  function reach() {
    for (const hidden of document.querySelectorAll(".dash-dropdown-focus-target:not([tabindex='-1'])")) {
      const button = hidden.parentElement.querySelector("button.dash-dropdown");
      hidden.tabIndex = -1;
      if (button) button.tabIndex = 0;
    }
  }
  new MutationObserver(reach).observe(document, { subtree: true, childList: true, attributeFilter: ["tabindex"] });

  window.dash_clientside = Object.assign({}, window.dash_clientside, { dashboard: { apply, chosen, picked, clicked } });
})();
