// Lines of longitude and latitude: a quiet ground that comes from nowhere else.

const STEPS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 45];

function degrees(value, step, letters) {
  const digits = Math.max(0, Math.min(4, Math.ceil(-Math.log10(step))));
  return `${Math.abs(value).toFixed(digits)}° ${letters[value < 0 ? 1 : 0]}`;
}

export function graticule() {
  const Graticule = L.Layer.extend({
    onAdd(map) {
      if (!map.getPane("graticule")) {
        map.createPane("graticule").style.zIndex = 150;
        map.createPane("graticule-labels").style.zIndex = 350;
      }
      this._drawn = L.layerGroup().addTo(map);
      map.on("moveend", this._draw, this);
      this._draw();
    },
    onRemove(map) {
      map.off("moveend", this._draw, this);
      this._drawn.remove();
    },
    _label(position, text, className) {
      const icon = L.divIcon({ className: `degree ${className}`, html: "", iconSize: null });
      const mark = L.marker(position, { icon, interactive: false, keyboard: false, pane: "graticule-labels" });
      mark.on("add", () => { mark.getElement().textContent = text; });
      this._drawn.addLayer(mark);
    },
    _draw() {
      const map = this._map;
      const seen = map.getBounds();
      const size = map.getSize();
      const wanted = ((seen.getEast() - seen.getWest()) / size.x) * 110;
      const step = STEPS.find((each) => each >= wanted) || 45;
      const style = { className: "degree-line", interactive: false, pane: "graticule" };
      const [west, east] = [Math.max(-180, seen.getWest()), Math.min(180, seen.getEast())];
      const [south, north] = [Math.max(-85, seen.getSouth()), Math.min(85, seen.getNorth())];
      this._drawn.clearLayers();
      for (let at = Math.ceil(west / step) * step; at <= east; at += step) {
        this._drawn.addLayer(L.polyline([[south, at], [north, at]], style));
        this._label([north, at], degrees(at, step, "EW"), "of-longitude");
      }
      for (let at = Math.ceil(south / step) * step; at <= north; at += step) {
        this._drawn.addLayer(L.polyline([[at, west], [at, east]], style));
        this._label([at, west], degrees(at, step, "NS"), "of-latitude");
      }
    },
  });
  return new Graticule();
}
