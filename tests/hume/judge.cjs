// What a TypeScript program does with npm hume 0.15; prints as JSON what came of it.
const fs = require("node:fs");
const { HumeClient } = require("hume");

const NOBODY = "00000000-0000-4000-8000-000000000000";
const [url, idle, key, web, folder] = process.argv.slice(2);
const at = (base, apiKey) => new HumeClient({ apiKey, environment: base }).expressionMeasurement.batch;

async function said(call) {
  try {
    return { error: null, answer: await call() };
  } catch (error) {
    return { status: error.statusCode, body: error.body };
  }
}

async function main() {
  const batch = at(url, key);
  const prosody = { prosody: { granularity: "sentence" } };
  const jobs = {
    url: await batch.startInferenceJob({ urls: [`${web}/talk.wav`], models: prosody }),
    file: await batch.startInferenceJobFromLocalFile({
      file: [fs.createReadStream(`${folder}/talk.wav`)],
      json: { models: prosody },
    }),
    text: await batch.startInferenceJob({
      text: ["Hello!", "Bye."],
      models: { language: { granularity: "sentence" } },
    }),
    archive: await batch.startInferenceJobFromLocalFile({
      file: [fs.createReadStream(`${folder}/all.zip`)],
      json: { models: { ...prosody, face: {} } },
    }),
    // null really travels: no transcription
    untranscribed: await batch.startInferenceJob({ urls: [`${web}/talk.wav`], models: prosody, transcription: null }),
  };
  const told = {};
  for (const [name, job] of Object.entries(jobs)) {
    await job.awaitCompletion(60);
    const artifacts = await batch.getJobArtifacts(job.jobId);
    fs.writeFileSync(`${folder}/${name}.npm.zip`, Buffer.from(await artifacts.arrayBuffer()));
    told[name] = {
      id: job.jobId,
      details: await batch.getJobDetails(job.jobId),
      predictions: await batch.getJobPredictions(job.jobId),
    };
  }
  const waiting = await at(idle, key).startInferenceJob({ text: ["a"] });
  told["list"] = await batch.listJobs({ limit: 2, status: ["COMPLETED", "FAILED"], direction: "asc" });
  told["wrong key"] = await said(() => at(url, "wrong").getJobDetails(NOBODY));
  told["unknown job"] = await said(() => batch.getJobPredictions(NOBODY));
  told["not ready"] = await said(() => at(idle, key).getJobPredictions(waiting.jobId));
  told["refused"] = await said(() => batch.startInferenceJob({ urls: ["file:///etc/passwd"] }));
  console.log(JSON.stringify(told));
  process.exit(0); // awaitCompletion leaves timers behind
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
