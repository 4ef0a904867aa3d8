// The page's one way to the server: who we are, JSON in and out, pages of features, and the live stream with its reconnects.

import { follow as events } from "./live-tiles.js";

/** The server's root, one level above the page: so the page also works behind a gateway's prefix. */
const ROOT = new URL("..", document.baseURI);
const KEPT = "cimbra.session";

let session = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");

/** An answer that is not a success; `message` is the problem's own words. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Absolute URL of a path of the server, such as `collections/assets/items`, with query parameters. */
export function address(path, query = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** GET (or what `options.method` says) of JSON, as the session's caller. Throws a Problem. */
export async function ask(path, { query, method = "GET", body } = {}) {
  const headers = { Accept: "application/geo+json, application/json" };
  if (session) headers.Authorization = `Bearer ${session.token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(address(path, query), { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : undefined;
  if (answer.status === 401 && session) leave();
  let detail = `${answer.status} ${answer.statusText}`;
  try {
    const problem = JSON.parse(text);
    detail = problem.detail ?? problem.title ?? detail;
  } catch {
    // A proxy's error page is not JSON; the status line says enough.
  }
  throw new Problem(answer.status, detail);
}

/** One page of features; `next` is the URL of the following page or undefined. */
export async function features(path, query) {
  const page = await ask(path, { query });
  return { features: page.features, next: page.links?.find(({ rel }) => rel === "next")?.href, matched: page.numberMatched };
}

/** One asset by its id, as a feature. */
export const item = (id) => ask(`collections/assets/items/${encodeURIComponent(id)}`, { query: { skipGeometry: true } });

/** What a feature stands in, `[{ id, name, class }]` from the building (or, outside of one, from the top) down to its parent. */
export async function lineage(feature) {
  const path = [];
  let { parent, class: kind } = feature.properties;
  // A chain is short; the bound is for data whose parents go in a circle.
  while (parent && kind !== "building" && path.length < 16 && !path.some(({ id }) => id === parent)) {
    const { id, properties } = await item(parent);
    path.unshift({ id, name: properties.name, class: properties.class });
    ({ parent, class: kind } = properties);
  }
  return path;
}

/** Exchanges the ticket in the page's address, if any, for a session, and takes it out of the address bar. */
export async function enter() {
  const here = new URL(location.href);
  const ticket = here.searchParams.get("ticket");
  if (!ticket) return;
  here.searchParams.delete("ticket");
  history.replaceState(null, "", here);
  session = null;
  session = await ask("session", { method: "POST", body: { ticket } });
  sessionStorage.setItem(KEPT, JSON.stringify(session));
}

function leave() {
  session = null;
  sessionStorage.removeItem(KEPT);
}

/** The caller's role (`viewer`, `operator`, …), or undefined without a session. */
export const role = () => session?.role;
/** Headers that carry the session, for those who fetch by themselves (the tiles). */
export const credentials = () => (session ? { Authorization: `Bearer ${session.token}` } : {});

/**
 * Follows the live city until the page closes: the snapshot that each connection begins with goes to `onSnapshot`, every later event
 * to `onEvent`, and `onLink(true|false)` says whether the stream stands.
 */
export const follow = ({ onSnapshot, onEvent, onLink }) =>
  events({
    base: ROOT,
    query: { tiles: true },
    // An event stream sends no headers, so a session shows a ticket of 60 seconds instead.
    ticket: async () => session && (await ask("tickets", { method: "POST", body: {} })).ticket,
    onLink: (on) => on || onLink(false),
    onEvent: (event) => {
      if (event.type !== "snapshot") return onEvent(event);
      onSnapshot(event);
      onLink(true);
    },
  });
