// The buying story, by a client whose every type comes from docs/api: register, log in, search,
// be refused, order with a key, order again with it, and look until the order is confirmed.

import createClient from "openapi-fetch";
import type { paths as Catalog } from "./catalog.js";
import type { components, paths as Orders } from "./orders.js";
import type { paths as Users } from "./users.js";

declare const process: { env: Record<string, string | undefined> };

type Order = components["schemas"]["Order"];

const PATIENCE_MS = 30_000;

function url(service: string): string {
  const said = process.env[`${service}_URL`];
  if (said === undefined) throw new Error(`${service}_URL says where ${service} listens`);
  return said;
}

/** What was answered; a refusal ends the story. */
function answered<T>(exchange: { data?: T; error?: { title: string } }): T {
  if (exchange.data === undefined) throw new Error(exchange.error?.title ?? "no answer");
  return exchange.data;
}

const users = createClient<Users>({ baseUrl: url("USERS") });
const catalog = createClient<Catalog>({ baseUrl: url("CATALOG") });
const orders = createClient<Orders>({ baseUrl: url("ORDERS") });

const me = { email: `${crypto.randomUUID()}@example.com`, password: "correct horse battery" };
const account = answered(
  await users.POST("/api/v1/users", { body: { ...me, name: "Ada Lovelace" } }),
);
const session = answered(await users.POST("/api/v1/sessions", { body: me }));
if (session.user_id !== account.user_id) throw new Error("logged in as somebody else");
const headers = { Authorization: `Bearer ${session.access_token}` };

const query = process.env["QUERY"] ?? "mug";
const found = answered(
  await catalog.GET("/api/v1/products", { params: { query: { query, in_stock: true } } }),
);
const [product] = found.items;
if (product === undefined) throw new Error(`no ${query} is in stock`);

const nothing = await orders.POST("/api/v1/orders", {
  params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  body: { lines: [{ sku: "no-such-thing", quantity: 1 }], payment_method: "pm_card_visa" },
  headers: { ...headers, Prefer: "problem=UnknownProduct" }, // which only a fake listens to
});
// One member tells the refusals apart, and the compiler knows the fields of each.
if (nothing.error?.type !== "/problems/orders/unknown-product") {
  throw new Error(`not refused as it should be: ${JSON.stringify(nothing.error)}`);
}
const unknown: string = nothing.error.sku;

const key = crypto.randomUUID();
const place = () =>
  orders.POST("/api/v1/orders", {
    params: { header: { "Idempotency-Key": key } },
    body: { lines: [{ sku: product.sku, quantity: 2 }], payment_method: "pm_card_visa" },
    headers,
  });
const placed = answered(await place());
const again = await place();
if (answered(again).order_id !== placed.order_id) throw new Error("ordered twice");
if (again.response.headers.get("Idempotency-Replayed") !== "true") throw new Error("no replay");

async function ended(order_id: Order["order_id"]): Promise<Order> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const path = { order_id };
    const order = answered(
      await orders.GET("/api/v1/orders/{order_id}", { params: { path }, headers }),
    );
    if (order.status !== "pending") return order;
    if (Date.now() > deadline) throw new Error(`${order_id} is still pending`);
    await new Promise<void>((resume) => void setTimeout(resume, 200));
  }
}

const order = await ended(placed.order_id);
if (order.status !== "confirmed") throw new Error(`${order.status}: ${order.detail}`);
const listed = answered(await orders.GET("/api/v1/orders", { headers }));
if (!listed.items.some((each) => each.order_id === order.order_id)) throw new Error("not listed");
console.log(
  JSON.stringify({ order_id: order.order_id, status: order.status, total: order.total, unknown }),
);
