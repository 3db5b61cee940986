// Questions to the server, and its refusals as errors with three parts.

const token = document.querySelector('meta[name="hotspot-token"]').content;

export class Refusal extends Error {
  constructor(parts) {
    super([parts.wrong, parts.seen, parts.do].filter(Boolean).join(" "));
    this.parts = parts;
  }
}

async function answer(response) {
  const content = await response.json().catch(() => ({}));
  if (!response.ok) {
    const wrong = content.wrong || `The server answered ${response.status}.`;
    throw new Refusal({ wrong, seen: content.seen, do: content.do });
  }
  return content;
}

async function ask(path, options) {
  try {
    return await answer(await fetch(path, options));
  } catch (error) {
    if (error instanceof Refusal || error.name === "AbortError") throw error;
    throw new Refusal({
      wrong: "The server does not answer.",
      seen: "",
      do: "See whether `hotspot serve` still runs, then reload the page.",
    });
  }
}

export function get(path, signal) {
  return ask(path, { signal });
}

export function post(path, body) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Hotspot-Token": token },
    body: JSON.stringify(body),
  });
}

export function of(contaminant, rest = "") {
  return `/api/${encodeURIComponent(contaminant)}${rest}`;
}
