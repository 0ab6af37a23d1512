// What the npm clients send; prints the names of the calls in their order. Arguments: client, URL, folder of the packages.
import { createRequire } from "node:module";

const [client, url, modules] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const model = "gemma3:4b", embedder = "nomic-embed-text";
const messages = [{ role: "user", content: "hi" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function", function: { name: "weather", description: "", parameters } }];

function openai() {
  const { OpenAI } = load("openai");
  const at = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
  return {
    "chat": () => at.chat.completions.create({ model, messages }),
    "chat streamed": () => at.chat.completions.create({ model, messages, stream: true }),
    "chat with tools": () => at.chat.completions.create({ model, messages, tools, tool_choice: "auto", max_tokens: 64 }),
    "completion": () => at.completions.create({ model, prompt: "hi" }),
    "embeddings": () => at.embeddings.create({ model: embedder, input: "a" }),
    "response": () => at.responses.create({ model, input: [{ role: "developer", content: "Be brief." }, ...messages] }),
  };
}

function ollama() {
  const { Ollama } = load("ollama");
  const at = new Ollama({ host: url });
  return {
    "chat": () => at.chat({ model, messages }),
    "chat streamed": () => at.chat({ model, messages, stream: true, tools, keep_alive: "5m" }),
    "generate": () => at.generate({ model, prompt: "hi", options: { num_ctx: 4096, temperature: 0 } }),
    "generate with an image": () => at.generate({ model, prompt: "See.", images: [new Uint8Array([137, 80, 78, 71])] }),
    "embed": () => at.embed({ model: embedder, input: "a" }),
    "embeddings": () => at.embeddings({ model: embedder, prompt: "a" }),
    "show": () => at.show({ model }),
  };
}

const calls = { "openai-node": openai, "ollama-js": ollama }[client]();
for (const call of Object.values(calls)) await call().catch(() => {});
console.log(JSON.stringify(Object.keys(calls)));
