/** Reads anything that claims to be a run record. Records come out of files and are hostile input. */

import { type RunRecord, SCHEMA_VERSION, SHAPES, type Shape } from './record.js';
import type { StringName } from './strings.js';

/** Why something cannot be drawn, and what to do about it. */
export interface Unreadable {
  readonly problem: StringName;
  readonly cure: StringName;
  /** The record's own version, where that is the fault. */
  readonly version: string;
}

/** Deeper nesting than the schema has; stops at records that refer to each other without end. */
const DEEPEST = 12;
/** More rounds, outputs or names than any run has; what is beyond is not drawn. */
const LONGEST_LIST = 200;
/** Characters of a whole record: eight times what a writer allows itself. Of texts beyond it only the beginning is drawn. */
const MOST_CHARACTERS = 2_000_000;
const BEGINNING = 1_000;

/**
 * Returns the record with every field present and of its type, or why it cannot be read. Missing, unknown and wrongly
 * typed fields never make it throw: they get the schema's default.
 */
export function readRecord(value: unknown): RunRecord | Unreadable {
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value);
    } catch {
      return { problem: 'noJson', cure: 'replaceCure', version: '' };
    }
  }
  if (!isObject(value) || !('status' in value || 'question' in value || 'rounds' in value)) {
    return { problem: 'noRecord', cure: 'replaceCure', version: '' };
  }
  const version = value.schema ?? SCHEMA_VERSION;
  if (typeof version !== 'number' || version > SCHEMA_VERSION) {
    return { problem: 'newRecord', cure: 'newRecordCure', version: JSON.stringify(version).slice(0, 20) };
  }
  return new Reader().part('Record', value, 0) as unknown as RunRecord;
}

/** Tells the two results of {@link readRecord} apart. */
export function isUnreadable(value: RunRecord | Unreadable): value is Unreadable {
  return 'problem' in value;
}

/** Whether something has named fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one record. */
class Reader {
  private left = MOST_CHARACTERS;

  part(name: string, value: unknown, depth: number): Record<string, unknown> {
    const source = isObject(value) ? value : {};
    const part: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(SHAPES[name]?.properties ?? {})) {
      part[key] = this.value(shape, Object.hasOwn(source, key) ? source[key] : undefined, depth + 1);
    }
    return part;
  }

  private value(shape: Shape, value: unknown, depth: number): unknown {
    if (shape.nullable && (value === null || value === undefined || depth > DEEPEST)) {
      return null;
    }
    if (shape.ref) {
      return this.part(shape.ref, value, depth);
    }
    if (shape.items) {
      const { items } = shape;
      return Array.isArray(value) ? value.slice(0, LONGEST_LIST).map(item => this.value(items, item, depth + 1)) : [];
    }
    if (shape.values) {
      const { values } = shape;
      const entries = isObject(value) ? Object.entries(value).slice(0, LONGEST_LIST) : [];
      return Object.fromEntries(entries.map(([key, item]) => [key, this.value(values, item, depth + 1)]));
    }
    if (shape.enum) {
      return shape.enum.includes(value as string) ? value : (shape.default ?? shape.enum[0]);
    }
    switch (shape.type) {
      case 'boolean':
        return typeof value === 'boolean' ? value : (shape.default ?? false);
      case 'integer':
      case 'number':
        return typeof value === 'number' && Number.isFinite(value) ? value : (shape.default ?? 0);
      default:
        return typeof value === 'string' ? this.text(value) : (shape.default ?? '');
    }
  }

  private text(value: string): string {
    this.left -= value.length;
    return this.left >= 0 ? value : value.slice(0, BEGINNING);
  }
}
