"use strict";

const at = (id) => document.getElementById(id);
let running = null; // the AbortController of the text that is being written

function show(id, text) {
  at(id + "-shown").textContent = text;
}

function showWishes() {
  show("tokens", at("tokens").value);
  const temperature = Number(at("temperature").value);
  show("temperature", temperature === 0 ? "0, always the likeliest" : temperature.toFixed(2));
  show("top_k", at("top_k").value === at("top_k").max ? "all" : at("top_k").value);
}

function say(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

function wishes() {
  const seed = at("seed").value.trim();
  return {
    prompt: at("prompt").value,
    tokens: Number(at("tokens").value),
    temperature: Number(at("temperature").value),
    top_k: at("top_k").value === at("top_k").max ? null : Number(at("top_k").value),
    seed: seed === "" ? null : Number(seed),
  };
}

async function* lines(body) {
  const decoder = new TextDecoderStream();
  let rest = "";
  for (const reader = body.pipeThrough(decoder).getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts.map((part) => JSON.parse(part));
  }
}

async function write(asked, signal) {
  const answer = await fetch("generate", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
    signal,
  });
  if (!answer.ok) throw new Error((await answer.json()).error);
  const began = performance.now();
  let count = 0;
  for await (const line of lines(answer.body)) {
    if (line.error) throw new Error(line.error);
    if (line.done) return say(`${line.pieces} pieces in ${line.seconds.toFixed(1)} s`);
    at("made").append(line.text); // as text, never as markup
    count += 1;
    const seconds = (performance.now() - began) / 1000;
    if (seconds > 0.2) say(`${(count / seconds).toFixed(0)} pieces a second`);
  }
  throw new Error("the server ended in the middle");
}

async function submit(event) {
  event.preventDefault();
  if (running) running.abort();
  const mine = new AbortController();
  running = mine;
  const asked = wishes();
  at("given").textContent = asked.prompt;
  at("made").textContent = "";
  at("text").classList.add("writing");
  at("stop").disabled = false;
  say("writing ...");
  try {
    await write(asked, mine.signal);
  } catch (error) {
    if (running !== mine) return; // another text has begun
    if (mine.signal.aborted) say("stopped");
    else say(error instanceof TypeError ? "the server can't be reached" : error.message, true);
  } finally {
    if (running === mine) {
      running = null;
      at("text").classList.remove("writing");
      at("stop").disabled = true;
    }
  }
}

async function introduce() {
  const about = await (await fetch("about")).json();
  const text = about.text ? `, learnt from ${about.text}` : "";
  const loss = about.loss ? `; loss ${about.loss.toFixed(3)} per character` : "";
  at("about").textContent =
    `${about.parameters.toLocaleString("en")} parameters on this machine${text}${loss}; it sees ${about.context} tokens at once.`;
  at("tokens").max = Math.min(Number(at("tokens").max), about.limits.tokens);
}

at("form").addEventListener("submit", submit);
at("form").addEventListener("input", showWishes);
at("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("form").requestSubmit();
});
at("stop").addEventListener("click", () => running && running.abort());
showWishes();
introduce().catch(() => say("the server can't be reached", true));
