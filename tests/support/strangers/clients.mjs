// What the npm clients make of a server's answers, as JSON. Arguments: client, URL, guarded URL, key, folder of the
// packages, names of the models as JSON.
import { createRequire } from "node:module";

const [client, url, guarded, key, modules, names] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { chat, complete, embed } = JSON.parse(names);
const messages = [{ role: "user", content: "Why is the sky blue?" }];
const prompt = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,";
const sky = { type: "object", properties: { sky: { enum: ["blue", "green"] } }, required: ["sky"], additionalProperties: false };

async function raised(call) {
  try {
    await call;
    return "nothing was raised";
  } catch (error) {
    return { name: error.constructor.name, status: error.status ?? error.status_code, text: error.message };
  }
}

async function all(stream, text) {
  let said = "";
  for await (const each of await stream) said += text(each);
  return said;
}

function openai() {
  const { OpenAI } = load("openai");
  const at = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" });
  const strict = { type: "json_schema", json_schema: { name: "sky", schema: sky, strict: true } };
  const few = { model: chat, messages, temperature: 0, max_tokens: 12 };
  const slow = { model: complete, prompt, temperature: 0, max_tokens: 400 };
  return {
    models: async () => (await at.models.list()).data.map((each) => each.id),
    whole: async () => (await at.chat.completions.create(few)).choices[0].message.content,
    streamed: () => all(at.chat.completions.create({ ...few, stream: true }), (each) => each.choices[0]?.delta.content ?? ""),
    form: async () => JSON.parse((await at.chat.completions.create({ model: chat, messages, response_format: strict })).choices[0].message.content),
    vectors: async () => (await at.embeddings.create({ model: embed, input: ["a", "b"] })).data.map((each) => each.embedding.length),
    completed: async () => (await at.completions.create({ model: complete, prompt, temperature: 0, max_tokens: 8 })).choices[0].text,
    response: async () => (await at.responses.create({ model: chat, input: "Say hello.", max_output_tokens: 12 })).output_text,
    "response streamed": () => all(at.responses.create({ model: chat, input: "Say hello.", max_output_tokens: 12, stream: true }), (each) => (each.type === "response.output_text.delta" ? each.delta : "")),
    "unknown model": () => raised(at.chat.completions.create({ model: "gpt-4o", messages })),
    "two answers": () => raised(at.chat.completions.create({ model: chat, messages, n: 2 })),
    "wrong key": () => raised(new OpenAI({ baseURL: `${guarded}/v1`, apiKey: "lw-wrong" }).models.list()),
    "joined retries": async () => (await new OpenAI({ baseURL: `${guarded}/v1`, apiKey: key, maxRetries: 90 }).completions.create(slow)).usage.completion_tokens,
  };
}

function ollama() {
  const { Ollama } = load("ollama");
  const at = new Ollama({ host: url });
  const few = { model: chat, messages, options: { temperature: 0, num_predict: 12 } };
  return {
    models: async () => (await at.list()).models.map((each) => each.name),
    shown: async () => (await at.show({ model: chat })).parameters,
    whole: async () => (await at.chat(few)).message.content,
    streamed: () => all(at.chat({ ...few, stream: true }), (each) => each.message.content),
    form: async () => JSON.parse((await at.chat({ model: chat, messages, format: sky })).message.content),
    vectors: async () => (await at.embed({ model: embed, input: ["a", "b"] })).embeddings.map((each) => each.length),
    completed: async () => (await at.generate({ model: complete, prompt, raw: true, options: { temperature: 0, num_predict: 8 } })).response,
    "unknown model": () => raised(at.chat({ model: "qwen3", messages })),
    "wrong key": () => raised(new Ollama({ host: guarded, headers: { Authorization: "Bearer lw-wrong" } }).chat(few)),
    "right key": async () => (await new Ollama({ host: guarded, headers: { Authorization: `Bearer ${key}` } }).list()).models.length,
    aborted: async () => {
      const stream = await at.generate({ model: complete, prompt, raw: true, stream: true, options: { num_predict: 500 } });
      for await (const _ of stream) { stream.abort(); break; }
      return "let go";
    },
  };
}

const found = {};
for (const [name, call] of Object.entries({ "openai-node": openai, "ollama-js": ollama }[client]())) {
  found[name] = await call().catch((error) => ({ failed: `${error.constructor.name}: ${error.message}` }));
}
console.log(JSON.stringify(found));
