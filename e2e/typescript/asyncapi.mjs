// What AsyncAPI's parser says of each file that is named: { file: [what is wrong] } as JSON.
import { Parser, fromFile } from "@asyncapi/parser";

const INFORMATION = 2;
const said = {};
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  const wrong = diagnostics.filter((each) => each.severity < INFORMATION);
  said[file] = wrong.map((each) => `${each.path.join(".")}: ${each.message}`);
  if (document === undefined && wrong.length === 0) said[file] = ["no document"];
}
console.log(JSON.stringify(said));
