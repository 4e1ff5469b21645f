// What a TypeScript program does on the socket with npm hume 0.15; prints as JSON what came of it. The
// client has its host built in: here that name leads to the server given, as a line in /etc/hosts would do.
const fs = require("node:fs");
const tls = require("node:tls");
const { HumeClient } = require("hume");

const [port, key, folder, faces] = process.argv.slice(2);
const connect = tls.connect;
tls.connect = (options, ...rest) =>
  connect(options.host === "api.hume.ai" ? { ...options, host: "127.0.0.1", port: Number(port) } : options, ...rest);

const opened = (apiKey, config) =>
  new HumeClient({ apiKey }).expressionMeasurement.stream.connect({ config, streamWindowMs: 3000 });

async function said(call) {
  try {
    return { answer: await call() };
  } catch (error) {
    return { error: error.message };
  }
}

async function main() {
  const socket = opened(key, { prosody: {}, burst: {} });
  const received = []; // as it came, beside what the client makes of it
  socket.websocket.addEventListener("message", ({ data }) => received.push(JSON.parse(data)));
  const file = (name, config) => socket.sendFile({ file: fs.createReadStream(`${folder}/${name}`), config });
  const told = {
    talk: await file("talk.wav"),
    film: await file("film.mp4", { face: { facs: {}, descriptions: {} } }),
    wall: await file("wall.png", { face: {} }),
    text: await socket.sendText({
      text: "Hello! Bye.",
      config: { language: { granularity: "sentence", sentiment: {}, toxicity: {} } },
    }),
    passage: await socket.sendText({ text: "Hello! Bye.", config: { language: { granularity: "passage" } } }),
    file: await file("words.txt", { language: {} }),
    facemesh: await socket.sendFacemesh({ landmarks: JSON.parse(faces), config: { facemesh: {} } }),
    mismatch: await said(() => file("wall.png", { prosody: {} })),
    hello: await file("hello.mp3"), // the config is remembered
    again: await file("hello.mp3"),
    reset: await said(() => socket.reset()),
    afresh: await file("hello.mp3"),
    details: await said(() => socket.getJobDetails()),
  };
  told.received = received;
  socket.close();
  told["wrong key"] = await said(() => opened("wrong", {}).tillSocketOpen());
  process.stdout.write(JSON.stringify(told), () => process.exit(0)); // not before all of it is out
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
