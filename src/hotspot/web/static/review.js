// Review: notes at places, and answers to statements. Both are kept as data by the server.

import { el, today, speak } from "./dom.js";
import { of, post } from "./server.js";

const VERDICTS = { agree: "I agree", disagree: "I disagree", question: "I have a question" };
const ANSWERS = { approve: "Approve", question: "Question", reject: "Reject" };
const remembered = { name: recall(), date: today() };

function recall() {
  try {
    return localStorage.getItem("hotspot-reviewer") || "";
  } catch {
    return "";
  }
}

function remember(form) {
  remembered.name = form.get("name");
  remembered.date = form.get("date");
  try {
    localStorage.setItem("hotspot-reviewer", remembered.name);
  } catch {
    // Without storage the name is typed again.
  }
}

let counter = 0;

function field(label, made) {
  counter += 1;
  made.id = made.id || `field-${counter}`;
  return el("div", { class: "field" }, el("label", { for: made.id }, label), made);
}

function signature() {
  return [
    field("Your name", el("input", { name: "name", required: true, maxlength: 120, autocomplete: "name", value: remembered.name })),
    field("Date", el("input", { name: "date", type: "date", required: true, value: remembered.date })),
  ];
}

function choices(name, legend, options) {
  return el(
    "fieldset",
    { class: "choices" },
    el("legend", { class: "hidden" }, legend),
    ...Object.entries(options).map(([key, label]) => el("label", {}, el("input", { type: "radio", name, value: key, required: true }), el("span", {}, label))),
  );
}

function sending(path, body, onDone) {
  return async (event) => {
    event.preventDefault();
    const form = event.target;
    const told = form.querySelector(".told");
    const given = new FormData(form);
    remember(given);
    told.textContent = "";
    form.querySelector("[type=submit]").disabled = true;
    try {
      onDone(await post(path, body(given)));
    } catch (error) {
      told.textContent = error.message;
    }
    form.querySelector("[type=submit]").disabled = false;
  };
}

export function noteForm(contaminant, answer, claims, onKept) {
  const body = (given) => ({
    longitude: answer.longitude,
    latitude: answer.latitude,
    statement: given.get("statement"),
    verdict: given.get("verdict"),
    text: given.get("text"),
    name: given.get("name"),
    date: given.get("date"),
  });
  const form = el(
    "form",
    { id: "note-form", onsubmit: sending(of(contaminant, "/notes"), body, onKept) },
    field("What the note is about", el("select", { name: "statement" }, ...claims.map((claim) => el("option", {}, claim)))),
    choices("verdict", "Verdict", VERDICTS),
    field("Note", el("textarea", { name: "text", rows: 3, required: true, maxlength: 4000 })),
    ...signature(),
    el("p", { class: "told warning", role: "alert" }),
    el("button", { type: "submit", class: "main" }, "Keep this note"),
  );
  return el("details", { id: "note-box" }, el("summary", {}, "Leave a note here"), form);
}

export function reviewPanel(contaminant, { state, notes }, { onNote, onReviewed }) {
  const box = document.getElementById("review");
  box.replaceChildren(
    el("h2", {}, "Statements"),
    standing(state),
    ...state.statements.map((each) => statement(contaminant, each, onReviewed)),
    el("h2", {}, notes.length === 1 ? "One note" : `${notes.length || "No"} notes`),
    notes.length ? el("ol", { class: "note-list" }, ...notes.map((note) => noteRow(note, onNote))) : el("p", { class: "muted" }, "Read a place on the map to leave the first one."),
  );
}

function standing(state) {
  if (!state.statements.length) {
    return el("p", { class: "absent" }, "There are no statements to review: explanations/…/statements.json was not made, or holds none.");
  }
  return el("p", { class: `standing ${state.standing}`, id: "standing" }, state.sentence);
}

function statement(contaminant, each, onReviewed) {
  const body = (given) => ({
    statement: each.id,
    text: each.text,
    answer: given.get("answer"),
    name: given.get("name"),
    date: given.get("date"),
    comment: given.get("comment"),
  });
  const kept = (state) => {
    speak(state.sentence);
    onReviewed(state);
    // The panel was drawn anew; keys go on at the statement that was answered.
    const place = state.statements.findIndex((other) => other.id === each.id);
    document.querySelectorAll("#review .statement summary")[place]?.focus();
  };
  const form = el(
    "form",
    { onsubmit: sending(of(contaminant, "/reviews"), body, kept) },
    choices("answer", "Answer", ANSWERS),
    field("Why (may stay empty)", el("textarea", { name: "comment", rows: 2, maxlength: 4000 })),
    ...signature(),
    el("p", { class: "told warning", role: "alert" }),
    el("button", { type: "submit", class: "main" }, "Keep this review"),
  );
  const reviews = each.reviews.map((review) => el(
    "li",
    {},
    el("b", {}, `${review.name}, ${review.date}: ${review.answer}`),
    review.comment ? el("p", { class: "written" }, review.comment) : null,
  ));
  const outdated = each.outdated ? el("p", { class: "muted" }, `${each.outdated} earlier review${each.outdated === 1 ? "" : "s"} of other words under this heading do not count.`) : null;
  return el(
    "article",
    { class: "statement" },
    el("p", {}, each.text),
    el(
      "p",
      { class: "chips" },
      each.verdict ? el("span", { class: "chip" }, `own tests: ${each.verdict}`) : null,
      el("span", { class: `chip ${each.standing}` }, each.standing),
    ),
    reviews.length ? el("ul", { class: "reviews" }, ...reviews) : null,
    outdated,
    el("details", {}, el("summary", {}, "Review this statement"), form),
  );
}

function noteRow(note, onNote) {
  const { name, date, verdict, text, statement: claim } = note.properties;
  return el(
    "li",
    {},
    el("p", { class: "muted" }, `${name}, ${date}: `, el("b", {}, verdict)),
    el("blockquote", {}, claim),
    el("p", { class: "written" }, text),
    el("button", { type: "button", class: "plain", onclick: () => onNote(note) }, "Show the place"),
  );
}
