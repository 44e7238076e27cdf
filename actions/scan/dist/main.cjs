"use strict";

// ../actions/scan/src/main.ts
var import_node_child_process = require("node:child_process");
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");

// ../actions/scan/src/plan.ts
var noCommit = /^0*$/;
function planScan(event, inputs) {
  const { args, commits } = scopeOf(event, inputs.range);
  if (!["off", "on", "required"].includes(inputs.vault)) throw new Error('the input "vault" takes off, on or required');
  return {
    commits,
    args: [
      ...args,
      "--format",
      "github",
      ...inputs.vault === "off" ? [] : [inputs.vault === "required" ? "--vault=required" : "--vault"],
      ...inputs.strict ? ["--strict"] : [],
      ...inputs.deep ? ["--deep"] : [],
      ...inputs.sarif === "" ? [] : ["--sarif", inputs.sarif]
    ]
  };
}
function scopeOf(event, range) {
  if (range !== "") {
    const [base = ""] = range.split("..");
    return { args: ["--range", range, "--config-from", base], commits: [] };
  }
  if (event.pull_request) {
    const { base, head } = event.pull_request;
    return { args: ["--range", `${base.sha}..${head.sha}`, "--config-from", base.sha], commits: [base.sha, head.sha] };
  }
  const { before = "", after = "" } = event;
  if (!noCommit.test(after) && !noCommit.test(before)) {
    return { args: ["--range", `${before}..${after}`, "--config-from", before], commits: [before, after] };
  }
  return { args: ["."], commits: [] };
}

// ../actions/scan/src/main.ts
var foundStatus = 7;
function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}
function run(program, args, quiet) {
  const { status, error } = (0, import_node_child_process.spawnSync)(program, args, {
    stdio: ["ignore", quiet ? "ignore" : "inherit", quiet ? "ignore" : "inherit"]
  });
  if (error) throw error;
  return status ?? 1;
}
function fetchMissing(commits) {
  const missing = commits.filter((commit) => run("git", ["cat-file", "-e", `${commit}^{commit}`], true) !== 0);
  const shallow = (0, import_node_child_process.spawnSync)("git", ["rev-parse", "--is-shallow-repository"], { encoding: "utf8" }).stdout.trim() === "true";
  if (missing.length === 0 && !shallow) return;
  if (run("git", ["fetch", "--quiet", "--no-tags", ...shallow ? ["--unshallow"] : [], "origin", ...commits], false) !== 0) {
    throw new Error("the commits to scan could not be fetched");
  }
}
function main() {
  const eventPath = process.env["GITHUB_EVENT_PATH"];
  const event = eventPath === void 0 || eventPath === "" ? {} : JSON.parse((0, import_node_fs.readFileSync)(eventPath, "utf8"));
  const sarif = input("sarif");
  const plan = planScan(event, {
    range: input("range"),
    vault: input("vault") || "off",
    strict: input("strict") === "true",
    deep: input("deep") === "true",
    sarif
  });
  if (plan.commits.length > 0) fetchMissing(plan.commits);
  const status = run(
    process.execPath,
    [(0, import_node_path.join)(__dirname, "..", "..", "..", "scan", "dist", "scan.cjs"), ...plan.args],
    false
  );
  const output = process.env["GITHUB_OUTPUT"];
  if (output !== void 0 && output !== "")
    (0, import_node_fs.appendFileSync)(output, `status=${status}
${/[\r\n]/.test(sarif) ? "" : `sarif=${sarif}
`}`);
  return status === foundStatus && input("fail") === "false" ? 0 : status;
}
try {
  process.exitCode = main();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  process.stdout.write(`::error::${text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A")}
`);
  process.exitCode = 1;
}
