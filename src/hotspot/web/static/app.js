// The viewer: one state, and what follows from it.

import { el, later, speak, trouble } from "./dom.js";
import { readLink, writeLink } from "./link.js";
import { MapView } from "./map.js";
import { contaminantSwitch, hotspotPanel, layerPanel, legend, tabs } from "./panel.js";
import { claims, placeCard, placeTrouble } from "./place.js";
import { noteForm, reviewPanel } from "./review.js";
import { get, of } from "./server.js";

const state = {
  contaminant: null, layer: "probability", opacity: 85, limit: null, at: null, view: null,
  tab: "layers", show: { samples: true, hotspots: true },
};
const empty = { type: "FeatureCollection", features: [], left_out: 0 };
let contaminants = [];
let facts = null;
let hotspots = empty;
let samples = empty;
let notes = [];
let statements = { standing: "open", sentence: "", statements: [] };
let reading = null;

const note = later(200, () => facts && writeLink(state));
const view = new MapView({
  onRead: (place) => read({ latitude: place.lat, longitude: place.lng }),
  onMove: () => { state.view = view.framed ? view.view : state.view; note(); },
  onNote: (feature) => showNote(feature),
});

async function orTell(question, otherwise) {
  try {
    return await question;
  } catch (error) {
    trouble(error.message);
    return otherwise;
  }
}

async function start() {
  const experiment = await orTell(get("/api/experiment"), null);
  if (!experiment) return;
  contaminants = experiment.contaminants;
  await restore();
  window.addEventListener("hashchange", restore);
}

// Take up what the link says; what it leaves out stays as it is.
async function restore() {
  const link = readLink();
  const known = contaminants.map((each) => each.id);
  state.opacity = link.opacity ?? state.opacity;
  state.limit = link.limit;
  state.layer = link.layer ?? state.layer;
  state.at = link.at;
  state.tab = link.tab ?? state.tab;
  const asked = known.includes(link.contaminant) ? link.contaminant : state.contaminant ?? known[0];
  await choose(asked, link.view);
}

async function choose(contaminant, seen = null) {
  contaminantSwitch(contaminants, contaminant, (id) => { state.limit = null; choose(id); });
  const found = await orTell(get(of(contaminant)), null);
  if (!found) return;
  facts = found;
  state.contaminant = contaminant;
  const names = facts.layers.map((layer) => layer.name);
  if (!names.includes(state.layer)) state.layer = names[0] ?? null;
  const { low, high } = facts.scale;
  const able = facts.model.any_limit && state.layer === "probability";
  if (!able || state.limit < low || state.limit > high || (state.limit === facts.limit_mg_kg && !facts.limit_by_place)) state.limit = null;
  view.frame(facts, seen);
  state.view = view.view;
  draw();
  tabs(state.tab, (tab) => { state.tab = tab; note(); });
  if (state.at) read(state.at);
  else closePlace();
  await Promise.all([refreshSamples(), refreshHotspots(), refreshReview()]);
}

function draw() {
  layerPanel(facts, state, {
    layer: (name) => { state.layer = name; state.limit = null; draw(); focusOn(`input[name=layer][value="${name}"]`); refreshSamples(); readAgain(); },
    limit: changeLimit,
    opacity: (value) => { state.opacity = value; view.fade(value); note(); },
    show: (what, shown) => { state.show[what] = shown; overlays(); },
    copy: copyLink,
  });
  if (state.layer) view.paint(state.layer, state.limit, state.opacity);
  note();
}

// Another limit is one of the probability, so that layer is shown.
function changeLimit(limit) {
  state.limit = limit;
  if (limit !== null && state.layer !== "probability") {
    state.layer = "probability";
    const radio = document.querySelector('input[name=layer][value="probability"]');
    if (radio) radio.checked = true;
  }
  document.getElementById("legend").replaceWith(legend(facts, state));
  view.paint(state.layer, state.limit, state.opacity);
  note();
  refreshSamples();
  readAgain();
}

function focusOn(selector) {
  const found = document.querySelector(selector);
  if (found) found.focus();
}

async function refreshSamples() {
  const limit = state.limit === null ? "" : `?limit=${state.limit}`;
  const asked = state.contaminant + limit;
  const found = await orTell(get(of(state.contaminant, `/samples${limit}`)), empty);
  if (asked !== state.contaminant + (state.limit === null ? "" : `?limit=${state.limit}`)) return;
  samples = found;
  overlays();
}

async function refreshHotspots() {
  hotspots = await orTell(get(of(state.contaminant, "/hotspots")), empty);
  hotspotPanel(facts, hotspots, (bounds, rank) => view.flyTo(bounds, rank, covered()));
  overlays();
}

async function refreshReview() {
  const [kept, known] = await Promise.all([
    orTell(get(of(state.contaminant, "/notes")), empty),
    orTell(get(of(state.contaminant, "/statements")), statements),
  ]);
  notes = kept.features;
  statements = known;
  drawReview();
}

function drawReview() {
  view.notes(notes);
  reviewPanel(state.contaminant, { state: statements, notes }, {
    onNote: showNote,
    onReviewed: (found) => { statements = found; drawReview(); },
  });
}

function overlays() {
  view.samples(samples, state.show.samples);
  view.hotspots(hotspots, state.show.hotspots);
}

function showNote(feature) {
  const [longitude, latitude] = feature.geometry.coordinates;
  view.panTo(latitude, longitude);
  read({ latitude, longitude });
}

function readAgain() {
  if (state.at) read(state.at);
}

async function read(at) {
  reading?.abort();
  reading = new AbortController();
  state.at = at;
  note();
  document.getElementById("hint").hidden = true;
  const limit = state.limit === null ? "" : `&limit=${state.limit}`;
  const path = of(state.contaminant, `/place?longitude=${at.longitude.toFixed(7)}&latitude=${at.latitude.toFixed(7)}${limit}`);
  try {
    const answer = await get(path, reading.signal);
    view.cell(answer.outline, at);
    const form = noteForm(state.contaminant, answer, claims(facts, answer), noteKept);
    placeCard(facts, answer, { onClose: leavePlace, noteForm: form });
    if (covered()) view.clear(at, covered());
  } catch (error) {
    if (error.name !== "AbortError") placeTrouble(error.message, leavePlace);
  }
}

// How much of the map's right side the card covers; on a narrow screen it stands below.
function covered() {
  const card = document.getElementById("place");
  const floats = !card.hidden && getComputedStyle(card).boxShadow !== "none";
  return floats ? card.offsetWidth + 16 : 0;
}

function noteKept(feature) {
  notes = [...notes, feature];
  drawReview();
  const kept = el("p", { class: "kept", role: "status", tabindex: -1 }, `Note ${notes.length} is kept.`);
  document.getElementById("note-box").replaceWith(kept);
  // The form that had the focus is gone; without this, keys would begin at the top of the page.
  kept.focus();
}

function leavePlace() {
  closePlace();
  document.getElementById("map").focus();
}

function closePlace() {
  state.at = null;
  reading?.abort();
  view.cell(null, null);
  document.getElementById("place").hidden = true;
  note();
}

async function copyLink(event) {
  const button = event.currentTarget;
  writeLink(state);
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "The link is copied";
  } catch {
    button.textContent = "The link stands in the address bar";
  }
  speak(button.textContent);
}

document.addEventListener("pointerdown", () => document.documentElement.classList.remove("by-keys"), true);
document.addEventListener("keydown", (event) => {
  document.documentElement.classList.add("by-keys");
  if (event.key === "Escape" && !document.getElementById("place").hidden) leavePlace();
}, true);

start();
