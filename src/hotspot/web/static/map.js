// The map: a layer of tiles, samples, hotspots, notes, and the cell that was read.

import { graticule } from "./graticule.js";
import { trouble } from "./dom.js";
import { get, of } from "./server.js";

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const SAMPLE = {
  true: { fillColor: "#1d2b36", color: "#ffffff" },
  false: { fillColor: "#ffffff", color: "#1d2b36" },
  null: { fillColor: "#b4b9bd", color: "#1d2b36" },
};

function text(content) {
  const made = document.createElement("span");
  made.textContent = content;
  return made;
}

export class MapView {
  constructor({ onRead, onMove, onNote }) {
    this.map = L.map("map", {
      attributionControl: false,
      zoomControl: false,
      zoomAnimation: !still,
      fadeAnimation: !still,
      maxBoundsViscosity: 0.8,
      // Places are read by a click alone, never by the second one of a double click.
      doubleClickZoom: false,
    });
    L.control.zoom({ position: "topleft" }).addTo(this.map);
    L.control.scale({ imperial: false, maxWidth: 130 }).addTo(this.map);
    this.map.createPane("cell").style.zIndex = 450;
    graticule().addTo(this.map);
    this.points = L.canvas({ padding: 0.3 });
    this.layers = {};
    this.map.on("click", (event) => onRead(event.latlng));
    this.map.on("moveend", onMove);
    this.onNote = onNote;
    const container = this.map.getContainer();
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== container) return;
      event.preventDefault();
      // The centre is read where it is, not on the way to where an arrow key sends it.
      this.map.stop();
      onRead(this.map.getCenter());
    });
  }

  // Show another contaminant: where it lies, and how far one may zoom in.
  frame(facts, view) {
    this.contaminant = facts.id;
    const bounds = L.latLngBounds(facts.bounds);
    this.bounds = bounds;
    this.map.setMaxBounds(bounds.pad(1.5));
    const metres = 156543.034 * Math.cos((bounds.getCenter().lat * Math.PI) / 180);
    const deepest = Math.round(Math.log2((metres * 56) / facts.cell_m));
    this.map.setMaxZoom(Math.max(3, Math.min(22, deepest)));
    if (view) this.map.setView(view.centre, view.zoom, { animate: false });
    else if (!this.framed) this.map.fitBounds(bounds, { animate: false, padding: [24, 24] });
    this.map.setMinZoom(Math.max(0, this.map.getBoundsZoom(bounds) - 3));
    this.framed = true;
  }

  // Tiles of a layer, or of P(exceed) of a limit where one is given.
  paint(layer, limit, opacity) {
    const path = limit === null
      ? of(this.contaminant, `/tiles/${encodeURIComponent(layer)}/{z}/{x}/{y}`)
      : of(this.contaminant, `/exceedance/{z}/{x}/{y}?limit=${limit}`);
    if (this.path === path) {
      this.fade(opacity);
      return;
    }
    // Two layers are never seen through each other. While a slider moves, the old one stays
    // until the new one is whole; another layer takes its place at once.
    const swaps = this.limited === (limit !== null) && limit !== null;
    this.path = path;
    this.limited = limit !== null;
    trouble("");
    const tiles = L.tileLayer(path, {
      bounds: this.bounds, maxZoom: 22, opacity: opacity / 100, className: "cells",
    });
    tiles.on("tileerror", (event) => this.#tell(path, event.tile.src));
    const old = this.layers.tiles;
    if (this.waiting) this.waiting.remove();
    this.waiting = null;
    if (!swaps || !old) {
      if (old) old.remove();
      this.layers.tiles = tiles.addTo(this.map);
      return;
    }
    const swap = () => {
      if (this.waiting !== tiles) return;
      this.waiting = null;
      old.remove();
      tiles.getContainer().style.visibility = "visible";
      this.layers.tiles = tiles;
    };
    this.waiting = tiles;
    tiles.once("load", swap);
    // Beside the map there is no tile to wait for.
    setTimeout(swap, 4000);
    tiles.addTo(this.map).getContainer().style.visibility = "hidden";
  }

  async #tell(path, source) {
    if (this.told === path) return;
    this.told = path;
    const address = new URL(source, location.href);
    await get(address.pathname + address.search).catch((error) => {
      if (this.path === path) trouble(error.message);
    });
    this.told = null;
  }

  fade(opacity) {
    for (const tiles of [this.layers.tiles, this.waiting]) if (tiles) tiles.setOpacity(opacity / 100);
  }

  samples(collection, shown) {
    this.#replace("samples", shown && L.geoJSON(collection, {
      pointToLayer: (feature, position) => L.circleMarker(position, {
        renderer: this.points, radius: this.map.getSize().x < 500 ? 3.2 : 4, weight: 1.2, fillOpacity: 1,
        ...SAMPLE[feature.properties.exceeds],
      }),
      onEachFeature: (feature, layer) => layer.bindTooltip(text(
        `Sample ${feature.properties.site}: ${feature.properties.concentration}`
        + (feature.properties.sampled_on ? `, ${feature.properties.sampled_on}` : ""),
      ), { direction: "top", offset: [0, -4] }),
    }));
  }

  hotspots(collection, shown) {
    this.outlines = new Map();
    this.#replace("hotspots", shown && L.geoJSON(collection, {
      interactive: false,
      // The edges of cells are what they are: no corner is smoothed away.
      smoothFactor: 0,
      style: { className: "hotspot", fill: false },
      onEachFeature: (feature, layer) => this.outlines.set(feature.properties.rank, layer),
    }));
  }

  flyTo(bounds, rank, covered) {
    const edge = Math.min(60, this.map.getSize().x / 12);
    const options = { paddingTopLeft: [edge, edge], paddingBottomRight: [edge + covered, edge], maxZoom: this.map.getMaxZoom() - 2 };
    if (still) this.map.fitBounds(bounds, options);
    else this.map.flyToBounds(bounds, { ...options, duration: 0.6 });
    for (const [each, layer] of this.outlines || []) {
      const path = layer.getElement();
      if (path) path.classList.toggle("chosen", each === rank);
    }
  }

  panTo(latitude, longitude) {
    this.map.setView([latitude, longitude], Math.max(this.map.getZoom(), this.map.getMaxZoom() - 3), { animate: !still });
  }

  notes(features) {
    const marks = features.map((feature, index) => {
      const [longitude, latitude] = feature.geometry.coordinates;
      const icon = L.divIcon({ className: `note-mark ${feature.properties.verdict}`, html: "", iconSize: [22, 22] });
      const title = `Note ${index + 1} by ${feature.properties.name}: ${feature.properties.verdict}`;
      const mark = L.marker([latitude, longitude], { icon, title, alt: title });
      mark.on("add", () => { mark.getElement().textContent = String(index + 1); });
      return mark.on("click", () => this.onNote(feature));
    });
    this.#replace("notes", L.layerGroup(marks));
  }

  cell(outline, at) {
    const around = outline
      ? [
        L.polygon(outline, { className: "cell-halo", smoothFactor: 0, interactive: false, pane: "cell" }),
        L.polygon(outline, { className: "cell-line", smoothFactor: 0, interactive: false, pane: "cell" }),
      ]
      : at ? [L.circleMarker([at.latitude, at.longitude], { className: "cell-line", radius: 5, interactive: false, pane: "cell" })] : [];
    this.#replace("cell", L.layerGroup(around));
  }

  // Keep a place clear of the card that covers the right side of a wide map.
  clear(at, covered) {
    this.map.panInside([at.latitude, at.longitude], {
      paddingTopLeft: [30, 30], paddingBottomRight: [covered + 30, 30], animate: !still,
    });
  }

  get view() {
    const centre = this.map.getCenter();
    return { zoom: this.map.getZoom(), centre: [centre.lat, centre.lng] };
  }

  #replace(name, layer) {
    if (this.layers[name]) this.layers[name].remove();
    this.layers[name] = layer ? layer.addTo(this.map) : null;
  }
}
