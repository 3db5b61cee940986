// The view as a link: everything that a colleague needs to see the same.

const TABS = ["layers", "hotspots", "review"];

function place(text, parts) {
  const numbers = (text || "").split(",").map(Number);
  return numbers.length === parts && numbers.every(Number.isFinite) ? numbers : null;
}

export function readLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  const limit = Number(given.get("limit"));
  const opacity = Number(given.get("opacity") ?? NaN);
  const view = place(given.get("view"), 3);
  const at = place(given.get("at"), 2);
  const onEarth = (latitude, longitude) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return {
    contaminant: given.get("c"),
    layer: given.get("layer"),
    opacity: opacity >= 0 && opacity <= 100 && given.has("opacity") ? opacity : null,
    limit: Number.isFinite(limit) && limit > 0 ? limit : null,
    view: view && onEarth(view[1], view[2]) ? { zoom: view[0], centre: [view[1], view[2]] } : null,
    at: at && onEarth(...at) ? { latitude: at[0], longitude: at[1] } : null,
    tab: TABS.includes(given.get("tab")) ? given.get("tab") : null,
  };
}

export function writeLink(state) {
  const parts = [["c", state.contaminant], ["layer", state.layer], ["opacity", state.opacity]];
  if (state.limit !== null) parts.push(["limit", state.limit]);
  if (state.view) {
    const [latitude, longitude] = state.view.centre;
    parts.push(["view", `${state.view.zoom},${latitude.toFixed(6)},${longitude.toFixed(6)}`]);
  }
  if (state.at) parts.push(["at", `${state.at.latitude.toFixed(6)},${state.at.longitude.toFixed(6)}`]);
  if (state.tab && state.tab !== "layers") parts.push(["tab", state.tab]);
  const text = parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%2C", ",")}`);
  history.replaceState(null, "", `#${text.join("&")}`);
}
