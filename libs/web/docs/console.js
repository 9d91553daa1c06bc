// The console: Swagger UI over this service's own OpenAPI, with a log-in and keys that are made up.
// Nothing is asked but the service that the page comes from. A log-in happens at the service that has
// one; it is handed to the consoles that DOCS_LINKS names, in the part of an address that no server sees.

const KEY = "Idempotency-Key";
const service = document.body.dataset.service;
const links = new Map(
  document.body.dataset.links.split(/\s+/).filter(Boolean).map((each) => {
    const [name, url] = each.split(/=(.*)/);
    return [name, url];
  }),
);
const $ = (selector) => document.querySelector(selector);
const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");

function say(text, wrong = false) {
  $("#said").textContent = text;
  $("#said").classList.toggle("wrong", wrong);
}

// -- who is logged in: for this tab, until the token expires

const session = {
  get: () => JSON.parse(sessionStorage.getItem("session") ?? "null"),
  set: (token, untilMs) => sessionStorage.setItem("session", JSON.stringify({ token, untilMs })),
  clear: () => sessionStorage.removeItem("session"),
};

function holder(token) {
  try {
    const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).sub ?? "somebody";
  } catch {
    return "somebody";
  }
}

function takeHandedOver() {
  const handed = new URLSearchParams(location.hash.slice(1));
  const token = handed.get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  if (/^[\w.~+/-]+=*$/.test(token)) session.set(token, Number(handed.get("until")));
}

function show(ui, logIn) {
  const now = session.get();
  const left = now === null ? 0 : Math.round((now.untilMs - Date.now()) / 60_000);
  const inside = now !== null && now.untilMs > Date.now();
  if (now !== null && !inside) {
    session.clear();
    say("The log-in has expired; log in again.", true);
  }
  for (const scheme of ["user", "admin"]) {
    if (inside) ui.preauthorizeApiKey(scheme, now.token);
    else if (ui.authSelectors.authorized()?.has(scheme)) ui.authActions.logout([scheme]);
  }
  $("#who").hidden = !inside;
  $("#log-in").hidden = inside || logIn === null;
  const elsewhere = $("#log-in-elsewhere");
  elsewhere.hidden = inside || logIn !== null || !links.has("users");
  if (!elsewhere.hidden) elsewhere.href = `${links.get("users")}/docs#log-in-for=${service}`;
  if (inside) $("#who > span").textContent = `${holder(now.token)}, ${Math.max(left, 1)} min`;
  showServices(inside ? now : null);
}

// A console gets the token only when DOCS_LINKS names it.
function address(name, now) {
  if (now === null) return `${links.get(name)}/docs`;
  return `${links.get(name)}/docs#${new URLSearchParams({ token: now.token, until: now.untilMs })}`;
}

function showServices(now) {
  $("#services").replaceChildren(
    ...[...links.keys()].map((name) => {
      const link = document.createElement("a");
      link.textContent = name;
      if (name === service) link.setAttribute("aria-current", "page");
      link.href = name === service ? "docs" : address(name, now);
      return link;
    }),
  );
}

// -- logging in, where the service itself has an operation that gives tokens

function logInOf(document) {
  const models = document.components.schemas;
  for (const [path, { post }] of Object.entries(document.paths)) {
    const good = post?.responses["201"] ?? post?.responses["200"];
    const model = good?.content?.["application/json"]?.schema.$ref?.split("/").pop();
    if (models[model]?.properties?.access_token && models[model].properties.expires_in_s) return path;
  }
  return null;
}

async function submit(event, ui, logIn) {
  event.preventDefault();
  const wish = Object.fromEntries(new FormData(event.target));
  say("");
  try {
    const reply = await fetch(logIn.slice(1), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    const answer = await reply.json();
    if (!reply.ok) return say(answer.title, true);
    session.set(answer.access_token, Date.now() + answer.expires_in_s * 1000);
  } catch {
    return say("The service does not answer.", true);
  }
  event.target.reset();
  if (asker !== null) return location.assign(address(asker, session.get()));
  show(ui, logIn);
  say("Logged in: requests now carry your token.");
}

// -- keys: one is there from the beginning, and a new one at a click

function withKeys(document) {
  for (const operations of Object.values(document.paths))
    for (const operation of Object.values(operations))
      for (const parameter of operation.parameters ?? [])
        if (parameter.name === KEY) parameter.example = newKey();
  return document;
}

const KeyButton = () => ({
  wrapComponents: {
    parameterRow: (Row, system) => (props) => {
      const { React } = system;
      const row = React.createElement(Row, props);
      if (props.param.get("name") !== KEY || !props.isExecute) return row;
      const change = () => props.onChange(props.rawParam, newKey(), false);
      const button = React.createElement("button", { type: "button", onClick: change }, "New key");
      const cell = React.createElement("td", null, button, " for another thing; the same key gets the same answer");
      const extra = React.createElement("tr", { className: "new-key" }, React.createElement("td"), cell);
      return React.createElement(React.Fragment, null, row, extra);
    },
  },
});

takeHandedOver();
// The console that sent us here to log in; only a name that DOCS_LINKS has counts.
const said = new URLSearchParams(location.hash.slice(1)).get("log-in-for");
const asker = said !== service && links.has(said) ? said : null;
if (asker !== null) say(`Log in here; then you are back at ${asker}.`);
const reply = await fetch("openapi.json");
const description = withKeys(await reply.json());
const logIn = logInOf(description);
const ui = SwaggerUIBundle({
  spec: description,
  dom_id: "#console",
  plugins: [KeyButton],
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
  tryItOutEnabled: true,
  showExtensions: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  onComplete: () => show(ui, logIn),
});
$("#log-in").addEventListener("submit", (event) => submit(event, ui, logIn));
$("#who button").addEventListener("click", () => {
  session.clear();
  show(ui, logIn);
  say("Logged out here; the token itself ends with its ten minutes.");
});
setInterval(() => session.get() && show(ui, logIn), 20_000);
