// The panel: contaminants, layers, legend, limit, opacity, hotspots, and its tabs.

import { el, later, number, percent, swatch } from "./dom.js";

const STEPS = 1000;

export function contaminantSwitch(contaminants, chosen, onChoose) {
  const box = document.getElementById("contaminants");
  const choices = contaminants.map((each) => el(
    "label",
    {},
    el("input", {
      type: "radio", name: "contaminant", value: each.id, checked: each.id === chosen,
      onchange: () => onChoose(each.id),
    }),
    el("span", { title: each.name }, contaminants.length > 5 ? each.symbol || each.name : each.name),
  ));
  box.replaceChildren(box.querySelector("legend"), ...choices);
}

export function layerPanel(facts, state, act) {
  const box = document.getElementById("layers");
  box.replaceChildren(
    layerSwitch(facts, state, act),
    legend(facts, state),
    limitControl(facts, state, act),
    display(state, act),
    provenance(facts),
  );
}

function layerSwitch(facts, state, act) {
  const row = (layer) => el(
    "label",
    {},
    el("input", {
      type: "radio", name: "layer", value: layer.name, checked: layer.name === state.layer,
      onchange: () => act.layer(layer.name),
    }),
    el("span", {}, sentence(layer.title)),
  );
  const group = (name) => facts.layers.filter((layer) => layer.group === name).map(row);
  return el(
    "div",
    { class: "layer-switch" },
    el("fieldset", {}, el("legend", {}, "What the map shows"), ...group("map")),
    el("fieldset", {}, el("legend", {}, "Why the model says so"), ...group("why")),
    ...(facts.layers.some((layer) => layer.group === "doubt")
      ? [el("fieldset", {}, el("legend", {}, "What makes it unsure"), ...group("doubt"))]
      : []),
  );
}

export function legend(facts, state) {
  const layer = facts.layers.find((each) => each.name === state.layer);
  const box = el("section", { id: "legend", "aria-label": "Legend" });
  if (!layer) {
    box.append(el("p", { class: "warning" }, "There is no layer to show. Run `hotspot run` first."));
    return box;
  }
  const other = state.limit !== null;
  const title = other
    ? `Probability above ${number(state.limit)} mg/kg`
    : layer.name === "probability" ? `Probability above ${facts.limit_text}` : sentence(layer.title);
  const note = other
    ? `Drawn from the saved distribution of every cell. The map on disk has ${facts.limit_text} as its limit.`
    : layer.meaning;
  const hatch = layer.hatched && !other
    ? [el("li", {}, el("span", { class: "swatch hatch", "aria-hidden": "true" }), el("span", {}, "hatched: outside the area of applicability, where no sample is alike"))]
    : [];
  box.append(
    el("h2", {}, title),
    el("ul", { class: "keys" }, ...layer.legend.map((key) => el("li", {}, swatch(key.colour), el("span", {}, key.label.replaceAll(" %", "\u00a0%")))), ...hatch),
    el("details", {}, el("summary", {}, "What the number means"), el("p", {}, note)),
  );
  return box;
}

function limitControl(facts, state, act) {
  const { low, high, ticks } = facts.scale;
  // A limit that depends on the place is no point of the scale: it is null, beside the numbers.
  const own = facts.limit_by_place ? null : facts.limit_mg_kg;
  const able = facts.model.any_limit;
  const at = (value) => Math.round((STEPS * Math.log(value / low)) / Math.log(high / low));
  // Near a limit of the registry, or the map's own, the slider means that limit.
  const values = [...(own === null ? [] : [own]), ...ticks.map((tick) => tick.value_mg_kg)];
  const value = (position) => {
    const near = values.find((each) => Math.abs(at(each) - position) <= 4);
    return near ?? Number((low * (high / low) ** (position / STEPS)).toPrecision(3));
  };
  const told = el("output", { id: "limit-told", for: "limit" });
  const slider = el("input", {
    type: "range", id: "limit", min: 0, max: STEPS, step: 1, value: at(state.limit ?? facts.limit_mg_kg),
    disabled: !able, "aria-describedby": able ? null : "limit-why",
  });
  const back = el("button", { type: "button", class: "plain", id: "limit-back", onclick: () => choose(own) }, "Back to the map's limit");
  const show = (limit) => {
    told.textContent = limit === null ? "that of its place" : `${number(limit)} mg/kg`;
    slider.setAttribute("aria-valuetext", told.textContent);
    back.hidden = !able || limit === own;
  };
  const choose = (limit) => {
    slider.value = at(limit ?? facts.limit_mg_kg);
    show(limit);
    act.limit(limit === own ? null : limit);
  };
  const soon = later(130, (limit) => act.limit(limit === own ? null : limit));
  slider.addEventListener("input", () => {
    const limit = value(Number(slider.value));
    show(limit);
    soon(limit);
  });
  const marks = el("div", { class: "ticks", "aria-hidden": "true" }, ...ticks.map((tick) => mark(tick.value_mg_kg, "")), ...(own === null ? [] : [mark(own, "own")]));
  function mark(limit, kind) {
    const made = el("span", { class: kind });
    made.style.left = `${(100 * at(limit)) / STEPS}%`;
    return made;
  }
  // Of several citations of one value, the map's own comes first.
  const cited = (tick) => tick.citations.find((citation) => citation === facts.citation) ?? tick.citations[0];
  const options = ticks.map((tick) => {
    const more = tick.citations.length > 1 ? ` (and ${tick.citations.length - 1} more)` : "";
    return el("option", { value: tick.value_mg_kg, selected: tick.value_mg_kg === (state.limit ?? own) }, `${number(tick.value_mg_kg)} mg/kg: ${shorter(cited(tick))}${more}`);
  });
  const list = el(
    "select",
    { id: "limit-list", disabled: !able, onchange: (event) => event.target.value && choose(Number(event.target.value)) },
    el("option", { value: "" }, "Choose a published limit"),
    ...options,
  );
  show(state.limit ?? own);
  return el(
    "section",
    { class: "control", "aria-label": "Limit" },
    el("div", { class: "line" }, el("label", { for: "limit" }, "Limit"), told),
    el("div", { class: "scale" }, slider, marks),
    el("div", { class: "line ends", "aria-hidden": "true" }, el("span", {}, number(low)), el("span", {}, number(high))),
    able ? null : el("p", { id: "limit-why", class: "absent" }, `This model is a direct classifier: it knows the limit ${number(own)} mg/kg and no other. A model of the concentration, such as model=ensemble, answers for any.`),
    el("label", { class: "hidden", for: "limit-list" }, "Published limits"),
    able ? list : null,
    back,
  );
}

function display(state, act) {
  const told = el("output", { for: "opacity" }, `${state.opacity} %`);
  const opacity = el("input", {
    type: "range", id: "opacity", min: 0, max: 100, step: 5, value: state.opacity,
    oninput: (event) => {
      told.textContent = `${event.target.value} %`;
      act.opacity(Number(event.target.value));
    },
  });
  const box = (name, label, ...keys) => el(
    "label",
    { class: "check" },
    el("input", { type: "checkbox", id: `show-${name}`, checked: state.show[name], onchange: (event) => act.show(name, event.target.checked) }),
    el("span", {}, label),
    ...keys,
  );
  const dot = (kind, label) => el("span", { class: "dot-key" }, el("span", { class: `dot ${kind}`, "aria-hidden": "true" }), label);
  return el(
    "section",
    { class: "control", "aria-label": "Display" },
    el("div", { class: "line" }, el("label", { for: "opacity" }, "Opacity of the layer"), told),
    opacity,
    box("samples", "Samples"),
    el("p", { class: "dots", id: "sample-key" }, dot("above", "above"), dot("below", "below the limit"), dot("unknown", "cannot be told")),
    box("hotspots", "Outlines of hotspots"),
    el("button", { type: "button", class: "plain", id: "copy", onclick: act.copy }, "Copy the link to this view"),
  );
}

function provenance(facts) {
  const cautions = facts.cautions.map((text) => el("p", {}, text));
  return el(
    "details",
    { class: "fine" },
    el("summary", {}, "The limit and the model"),
    el("p", {}, facts.citation || `Limit: ${facts.limit_text}.`),
    ...cautions,
    el("p", {}, `Model ${facts.model.id || "without id"} (${facts.model.kind.replaceAll("_", " ") || "kind unknown"}), learned from ${facts.model.n_samples} samples.`),
  );
}

export function hotspotPanel(facts, collection, onFly) {
  const box = document.getElementById("hotspots");
  const features = collection.features;
  const area = (square) => square >= 1e6 ? `${number(square / 1e6)} km²` : `${number(square / 1e4)} ha`;
  const rows = features.map((feature) => {
    const { rank, area_m2: size, mean_probability: mean, bounds } = feature.properties;
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", onclick: () => onFly(bounds, rank) },
        el("b", {}, String(rank)),
        el("span", {}, area(size)),
        el("span", { class: "muted" }, `mean probability ${percent(mean, 0)}`),
      ),
    );
  });
  const left = collection.left_out ? el("p", { class: "muted" }, `${collection.left_out} smaller ones are not listed.`) : null;
  box.replaceChildren(
    el("h2", {}, features.length === 1 ? "One hotspot" : `${features.length || "No"} hotspots`),
    el("p", { class: "muted" }, `Patches of touching cells, as the experiment defines a hotspot above ${facts.limit_text}; the largest expected area above it comes first.`),
    el("ol", { class: "hotspot-list" }, ...rows),
    ...(left ? [left] : []),
  );
}

export function tabs(chosen, onChoose) {
  const all = [...document.querySelectorAll('[role="tab"]')];
  const choose = (tab, focus) => {
    for (const each of all) {
      const selected = each === tab;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !selected;
    }
    if (focus) tab.focus();
    onChoose(tab.getAttribute("aria-controls"));
  };
  all.forEach((tab, index) => {
    tab.onclick = () => choose(tab, false);
    tab.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const target = step ? all[(index + step + all.length) % all.length] : { Home: all[0], End: all.at(-1) }[event.key];
      if (!target) return;
      event.preventDefault();
      choose(target, true);
    };
  });
  choose(all.find((tab) => tab.getAttribute("aria-controls") === chosen) || all[0], false);
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// "Zinc, 300 mg/kg dry: EU, Council Directive …; … [id]" without what the list says anyway.
function shorter(citation) {
  return citation.replace(/^[^:]*: /, "").replace(/ \[[^\]]*\]$/, "").slice(0, 90);
}
