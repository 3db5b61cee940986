// One place: probability, interval, decision, likeness, contributions, covariates.

import { el, number, odds, percent, signed, speak, svg, swatch } from "./dom.js";

const DECISIONS = {
  above: { text: "above the limit", colour: "#8f1d14" },
  below: { text: "below the limit", colour: "#5b9bc4" },
  "cannot say": { text: "cannot say", colour: "#d9d9d9" },
};
const WIDTH = 316;

export function placeCard(facts, answer, { onClose, noteForm }) {
  const box = document.getElementById("place");
  const close = el("button", { type: "button", class: "close", "aria-label": "Close this place", onclick: onClose }, "×");
  const head = el("header", {}, el("h2", { id: "place-title" }, "This place"), close, whereabouts(answer));
  box.replaceChildren(head, ...body(facts, answer, noteForm));
  box.hidden = false;
  box.scrollTop = 0;
  speak(spoken(facts, answer));
}

export function placeTrouble(message, onClose) {
  const box = document.getElementById("place");
  const close = el("button", { type: "button", class: "close", "aria-label": "Close this place", onclick: onClose }, "×");
  box.replaceChildren(el("header", {}, el("h2", { id: "place-title" }, "This place"), close), el("p", { class: "warning" }, message));
  box.hidden = false;
  speak(message);
}

function body(facts, answer, noteForm) {
  if (answer.status === "beside") return [el("p", {}, "This place lies beside the map.")];
  if (answer.status === "incomplete") {
    return [el("p", {}, "A covariate is missing here, so the model has no answer."), covariates(answer), nearest(answer)];
  }
  if (answer.status === "unknown") {
    return [
      el("p", {}, answer.reason
        ? `The limit of this place is not known: ${answer.reason}. Nobody can say whether it is exceeded.`
        : "The model has no answer here: the ground is of a class that no sample had."),
      covariates(answer), nearest(answer), noteForm,
    ];
  }
  return [
    headline(facts, answer),
    answer.same_as_map ? null : el("p", { class: "warning" }, "The map on disk has other numbers here than the saved model. Run `hotspot predict` again."),
    answer.median === null ? null : interval(answer),
    likeness(answer),
    why(answer),
    doubt(answer),
    covariates(answer),
    nearest(answer),
    noteForm,
  ].filter(Boolean);
}

function whereabouts(answer) {
  const parts = [`${answer.latitude.toFixed(5)}, ${answer.longitude.toFixed(5)}`];
  if (answer.easting !== undefined) parts.push(`cell ${answer.easting.toFixed(0)}, ${answer.northing.toFixed(0)} in ${answer.crs}`);
  return el("p", { class: "muted" }, parts.join(" · "));
}

function headline(facts, answer) {
  const decision = DECISIONS[answer.decision];
  return el(
    "div",
    { class: "headline" },
    el("data", { class: "big", id: "place-probability", value: answer.probability }, percent(answer.probability)),
    el("p", {}, `probability that ${inSentence(facts.name)} is above ${number(answer.limit_mg_kg)}\u00a0mg/kg`),
    answer.band ? el("p", { class: "muted", id: "place-band" }, `Of left-out samples with such a probability, ${percent(answer.band[0], 0)} to ${percent(answer.band[1], 0)} were above it.`) : null,
    decision ? el("p", { class: "decision", id: "place-decision" }, swatch(decision.colour), el("span", {}, `Decision: ${decision.text}`)) : null,
  );
}

function interval(answer) {
  const { lower, median, upper, limit_mg_kg: limit } = answer;
  const [low, high] = [Math.min(lower, limit) / 1.35, Math.max(upper, limit) * 1.35];
  const x = (value) => 8 + ((WIDTH - 16) * Math.log(value / low)) / Math.log(high / low);
  const right = x(limit) > WIDTH / 2;
  const drawing = svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${WIDTH} 54`, role: "img", "aria-label": `90 % interval ${number(lower)} to ${number(upper)} mg/kg, median ${number(median)}, limit ${number(limit)}` },
    svg("line", { x1: 4, x2: WIDTH - 4, y1: 30, y2: 30, class: "axis" }),
    svg("line", { x1: x(lower), x2: x(upper), y1: 30, y2: 30, class: "band" }),
    svg("line", { x1: x(limit), x2: x(limit), y1: 10, y2: 40, class: "limit" }),
    svg("text", { x: x(limit) + (right ? -5 : 5), y: 16, "text-anchor": right ? "end" : "start", class: "muted" }, `limit ${number(limit)}`),
    svg("circle", { cx: x(median), cy: 30, r: 5, class: "median" }),
    svg("text", { x: x(lower), y: 50, "text-anchor": x(lower) < 30 ? "start" : "middle" }, number(lower)),
    svg("text", { x: x(upper), y: 50, "text-anchor": x(upper) > WIDTH - 30 ? "end" : "middle" }, number(upper)),
  );
  return el(
    "section",
    {},
    el("h3", {}, "Concentration of a soil sample from here"),
    drawing,
    el(
      "p",
      {},
      "Median ", value("place-median", median), " mg/kg; nine in ten samples between ",
      value("place-lower", lower), " and ", value("place-upper", upper), " mg/kg.",
    ),
  );
}

function value(id, given) {
  return el("data", { id, value: given }, number(given));
}

function likeness(answer) {
  if (answer.dissimilarity === null) return null;
  const words = answer.applicable
    ? "Like the samples: inside the area of applicability"
    : "Unlike the samples: outside the area of applicability, so the map cannot say";
  return el(
    "p",
    { class: answer.applicable ? "likeness" : "likeness warning" },
    `${words} (dissimilarity `, value("place-dissimilarity", answer.dissimilarity), `, edge ${number(answer.edge)}).`,
  );
}

// Steps from what the model says of an average sample to what it says of this place.
function why(answer) {
  const told = answer.explanation;
  const roles = [...told.roles].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  let at = told.base;
  const steps = roles.map((role) => {
    const from = at;
    at += role.contribution;
    return { label: role.label, from, to: at, role };
  });
  const ends = [told.base, told.total, ...steps.map((step) => step.to)];
  const low = Math.min(...ends, 0) - 0.4;
  const high = Math.max(...ends, 0) + 0.4;
  const left = 92;
  const x = (sum) => left + ((WIDTH - left - 50) * (sum - low)) / (high - low);
  const row = 24;
  const top = 26;
  const bottom = top + row * (steps.length + 2);
  const shares = [0.0001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.9999].map((share) => [share, Math.log(share / (1 - share))]);
  // A tick needs room for its label.
  const ruler = shares.filter(([, sum]) => sum >= low && sum <= high)
    .filter(([, sum], index, all) => index === 0 || x(sum) - x(all[index - 1][1]) > 30)
    .flatMap(([share, sum]) => [
      svg("line", { x1: x(sum), x2: x(sum), y1: top - 6, y2: bottom, class: share === 0.5 ? "even" : "rule" }),
      svg("text", { x: x(sum), y: 12, "text-anchor": "middle", class: "muted" }, percent(share, share < 0.001 || share > 0.999 ? 2 : 0)),
    ]);
  const bars = steps.flatMap((step, index) => {
    const y = top + row * (index + 1);
    const up = step.to >= step.from;
    return [
      svg("line", { x1: x(step.from), x2: x(step.from), y1: y - row + 17, y2: y + 3, class: "link" }),
      svg("rect", { x: Math.min(x(step.from), x(step.to)), y: y + 3, width: Math.max(1.5, Math.abs(x(step.to) - x(step.from))), height: 14, class: up ? "up" : "down" }),
      svg("text", { x: 0, y: y + 14 }, sentence(step.label)),
      svg("text", { x: WIDTH, y: y + 14, "text-anchor": "end", class: up ? "up-text" : "down-text" }, signed(step.role.contribution)),
    ];
  });
  const end = (label, sum, index, text) => {
    const y = top + row * index;
    return [
      svg("rect", { x: x(sum) - 2, y: y + 1, width: 4, height: 18, class: "end" }),
      svg("text", { x: 0, y: y + 14, class: "strong" }, label),
      svg("text", { x: WIDTH, y: y + 14, "text-anchor": "end", class: "strong" }, text),
    ];
  };
  const drawing = svg(
    "svg",
    {
      class: "chart", viewBox: `0 0 ${WIDTH} ${bottom + 4}`, role: "img",
      "aria-label": `From ${odds(told.base)} to ${odds(told.total)} log-odds: ${roles.map((role) => `${role.label} ${signed(role.contribution)}`).join(", ")}`,
    },
    ...ruler,
    ...end("Average", told.base, 0, odds(told.base)),
    ...bars,
    ...end("This place", told.total, steps.length + 1, odds(told.total)),
  );
  const sum = el(
    "p",
    { class: "muted", id: "place-sum" },
    "Log-odds: ", el("data", { class: "base", value: told.base }, odds(told.base)),
    ...roles.flatMap((role) => [" ", el("data", { class: "part", "data-role": role.role, value: role.contribution }, signed(role.contribution))]),
    " = ", el("data", { class: "total", value: told.total }, odds(told.total)), ".",
    told.n_background ? ` The average is that of ${told.n_background} samples spread over the survey.` : "",
    told.clipped_at && (answer.probability < told.clipped_at || answer.probability > 1 - told.clipped_at)
      ? " Log-odds of probabilities nearer to 0 or 1 than a millionth are those of a millionth." : "",
    " This tells what the model did, not what a source did to the soil.",
  );
  return el("section", {}, el("h3", {}, "Why: from the average sample to this place"), drawing, sum);
}

// What makes the interval here wider or narrower than at the average sample.
function doubt(answer) {
  const told = answer.uncertainty;
  if (!told) return null;
  const roles = [...told.roles].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const rows = roles.map((role) => el(
    "tr",
    {},
    el("th", { scope: "row" }, sentence(role.label)),
    el("td", {}, el("data", { class: "part", "data-role": role.role, value: role.contribution }, `× ${number(Math.exp(role.contribution))}`)),
    el("td", { class: "muted" }, role.contribution > 0.005 ? "wider" : role.contribution < -0.005 ? "narrower" : "as wide"),
  ));
  return el(
    "details",
    { id: "place-doubt" },
    el("summary", {}, "Why uncertain here"),
    el(
      "p",
      {},
      "The upper end of the interval is ", el("data", { class: "total", value: told.total }, number(Math.exp(told.total))),
      " times the lower one here, and ", el("data", { class: "base", value: told.base }, number(Math.exp(told.base))),
      ` times for the average of ${told.n_background} samples. What makes the difference:`,
    ),
    el("table", {}, el("caption", { class: "hidden" }, "What roles do to the interval"), el("tbody", {}, ...rows)),
  );
}

function covariates(answer) {
  const rows = answer.covariates.map((each) => el(
    "tr",
    { title: each.description },
    el("th", { scope: "row" }, each.name.replaceAll("_", " ")),
    el("td", {}, each.value === null ? "missing" : each.class ?? `${number(each.value)}${["1", "class"].includes(each.unit) ? "" : ` ${each.unit}`}`),
    el("td", { class: "muted" }, each.role.replaceAll("_", " ")),
  ));
  return el(
    "details",
    { id: "place-covariates" },
    el("summary", {}, "Covariates of the cell"),
    el("table", {}, el("caption", { class: "hidden" }, "Covariates of the cell"), el("tbody", {}, ...rows)),
  );
}

function nearest(answer) {
  if (!answer.nearest.length) return null;
  const rows = answer.nearest.map((each) => el(
    "tr",
    {},
    el("th", { scope: "row" }, `Sample ${each.site}`),
    el("td", {}, each.concentration),
    el("td", { class: "muted" }, `${number(each.distance_m)} m away`),
  ));
  return el(
    "details",
    {},
    el("summary", {}, "Nearest samples"),
    el("table", {}, el("caption", { class: "hidden" }, "Nearest samples"), el("tbody", {}, ...rows)),
  );
}

function spoken(facts, answer) {
  if (answer.status !== "answered") return "No answer at this place.";
  return `${percent(answer.probability)} probability that ${facts.name} is above ${number(answer.limit_mg_kg)} mg/kg. Decision: ${answer.decision ?? "none"}.`;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// "Zinc" within a sentence, but "PCB 153" as it is.
function inSentence(name) {
  return /^.[a-z]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

// What a reviewer may judge here, in words as they stand in the card.
export function claims(facts, answer) {
  if (answer.status !== "answered") return ["The model has no answer here"];
  const strongest = [...answer.explanation.roles].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))[0];
  return [
    `The probability that ${inSentence(facts.name)} is above ${number(answer.limit_mg_kg)} mg/kg is ${percent(answer.probability)} here`,
    answer.decision ? `The decision here is: ${DECISIONS[answer.decision].text}` : null,
    answer.median === null ? null : `A sample from here has ${number(answer.lower)} to ${number(answer.upper)} mg/kg in nine of ten cases`,
    strongest ? `${sentence(strongest.label)} contributes most here (${signed(strongest.contribution)} log-odds)` : null,
  ].filter(Boolean);
}
