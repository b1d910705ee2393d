// Writes generated/operations.ts: the type of every operation, of its variables and of its answer, from schema.graphql.
// Operations are kept as text, so that no GraphQL parser is shipped to the browser.
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import * as documents from "@graphql-codegen/typed-document-node";
import { buildASTSchema, parse, printSchema, validate, visit } from "graphql";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
// Without what it says in words: of that, nothing must change what is built.
const schema = buildASTSchema(
  visit(parse(readFileSync(join(here, "../../../schema.graphql"), "utf8")), {
    enter: (node) => (node.description ? { ...node, description: undefined } : undefined),
    Directive: (node) => (node.name.value === "deprecated" ? null : undefined),
  }),
);

const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".graphql") && !name.startsWith("node_modules"))
  .sort();
const found = files.map((name) => ({
  location: name,
  document: parse(readFileSync(join(here, name), "utf8")),
}));

// Fragments may be used by the operations of other files.
const all = { kind: "Document", definitions: found.flatMap((one) => one.document.definitions) };
const errors = validate(schema, all);
if (errors.length > 0) {
  for (const error of errors) console.error(String(error));
  process.exit(1);
}

const text = await codegen({
  filename: "generated/operations.ts",
  schema: parse(printSchema(schema)),
  schemaAst: schema,
  documents: found,
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
  pluginContext: {},
  config: {
    documentMode: "string",
    enumsAsTypes: true,
    immutableTypes: true,
    useTypeImports: true,
    skipTypename: true,
    dedupeFragments: true,
    strictScalars: true,
    scalars: {
      DateTime: "string",
      Date: "string",
      LocalDateTime: "string",
      Long: "number",
      PhoneNumber: "string",
    },
  },
});

mkdirSync(join(here, "generated"), { recursive: true });
writeFileSync(join(here, "generated/operations.ts"), text);
console.log(`generated/operations.ts: ${found.length} files, ${text.split("\n").length} lines`);
