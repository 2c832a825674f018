// SCIMMY's routers over people in memory, found by id and by userName without a search.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const byId = new Map();
const byName = new Map();

function written(resource, values) {
  const old = resource.id ? byId.get(resource.id) : undefined;
  if (resource.id && !old) throw new SCIMMY.Types.Error(404, null, `no person ${resource.id}`);
  const key = values.userName.toLowerCase();
  const namesake = byName.get(key);
  if (namesake && namesake !== old) throw new SCIMMY.Types.Error(409, "uniqueness", "the userName is taken");
  const now = new Date().toISOString();
  const person = { ...values, id: old?.id ?? randomUUID(), meta: { created: old?.meta.created ?? now, lastModified: now } };
  if (old) byName.delete(old.userName.toLowerCase());
  byId.set(person.id, person);
  byName.set(key, person);
  return person;
}

function found(resource) {
  if (resource.id) {
    const person = byId.get(resource.id);
    if (!person) throw new SCIMMY.Types.Error(404, null, `no person ${resource.id}`);
    return person;
  }
  const name = resource.filter?.[0]?.userName?.[1];
  if (name === undefined) return [...byId.values()];
  const person = byName.get(name.toLowerCase());
  return person ? [person] : [];
}

SCIMMY.Resources.declare(SCIMMY.Resources.User)
  .ingress((resource, values) => written(resource, JSON.parse(JSON.stringify(values))))
  .egress((resource) => found(resource))
  .degress((resource) => byId.delete(resource.id));

const expected = `Bearer ${process.env.BENCH_TOKEN}`;
const app = express();
app.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== expected) throw new Error("the token is missing");
    return "bench";
  },
}));
app.listen(Number(process.argv[2]), "127.0.0.1");
