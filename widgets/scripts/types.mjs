/**
 * Writes src/record.ts from the record's JSON Schema: the types, and the schema itself for the reader.
 * With --check it writes nothing and fails when the committed file is stale.
 */
import { readFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

import { generate } from './generated.mjs';

const source = new URL('../../codesteer_kernel/record/run.v1.schema.json', import.meta.url);

const schema = JSON.parse(await readFile(source, 'utf8'));
const shapes = {};
for (const [name, part] of Object.entries(schema.$defs)) {
  // A writer writes every field and the reader fills in the missing ones, so the view sees none as optional.
  part.required = Object.keys(part.properties);
  part.additionalProperties = false;
  shapes[name] = { properties: Object.fromEntries(Object.entries(part.properties).map(([k, v]) => [k, shape(v)])) };
  for (const property of Object.values(part.properties)) delete property.default;
}

/** The schema of one value without the words: what the reader needs. */
function shape(value) {
  if (value.$ref) return { ref: value.$ref.split('/').pop() };
  if (value.anyOf) {
    const some = value.anyOf.find(option => option.type !== 'null');
    return { ...shape(some), nullable: true };
  }
  if (value.enum) return { enum: value.enum, ...fallback(value) };
  if (value.type === 'array') return { items: shape(value.items) };
  if (value.type === 'object') return { values: shape(value.additionalProperties) };
  return { type: value.type, ...fallback(value) };
}

function fallback(value) {
  return value.default === undefined || value.default === null ? {} : { default: value.default };
}

// The root is the record itself, under a name that is not TypeScript's own.
const { Record: root, ...$defs } = schema.$defs;
const types = await compile({ ...root, title: 'RunRecord', $defs }, 'RunRecord', {
  bannerComment: '',
  additionalProperties: false,
  format: false,
  unreachableDefinitions: false
});
const text = `// Generated from codesteer_kernel/record/run.v1.schema.json by \`npm run types\`; do not edit.

${types}
/** What a value of the record may be; \`default\` stands in for a missing or wrong one. */
export interface Shape {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean';
  readonly enum?: readonly string[];
  readonly ref?: string;
  readonly items?: Shape;
  readonly values?: Shape;
  readonly nullable?: true;
  readonly default?: string | number | boolean;
}

export const MIME_TYPE = ${JSON.stringify(schema.$comment)};
export const SCHEMA_VERSION = ${shapes.Record.properties.schema.default};

export const SHAPES: Readonly<Record<string, { readonly properties: Readonly<Record<string, Shape>> }>> = ${JSON.stringify(shapes)};
`;
await generate('record.ts', text);
