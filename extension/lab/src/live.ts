/** Runs that go on in one kernel, folded out of its messages: the widget's state while a run is live, then the record. */

import type { RunRecord } from '@codesteer/view';
import { isUnreadable, readRecord } from '@codesteer/view/parts/read.js';
import { MIME_TYPE } from '@codesteer/view/parts/record.js';

/** A kernel's message, as far as it is looked at. */
export interface Heard {
  readonly header: { readonly msg_type: string };
  readonly content: unknown;
}

/** What is known of the run behind one live widget. */
export interface LiveRun {
  readonly record: RunRecord;
  /** The record as it came, for whoever writes it down. */
  readonly raw: object;
  readonly tail: unknown;
  readonly received: number;
}

type Plain = Record<string, unknown>;

const plain = (value: unknown): Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};

/** The live runs of one kernel by their widgets' names. */
export class LiveRuns {
  private readonly runs = new Map<string, LiveRun>();
  private readonly stopping = new Set<string>();
  private readonly settled = new Set<string>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  get(widget: string): LiveRun | undefined {
    return this.runs.get(widget);
  }

  /** Whether the kernel has said that it is ending the run. */
  isStopping(widget: string): boolean {
    return this.stopping.has(widget);
  }

  entries(): Iterable<[string, LiveRun]> {
    return this.runs.entries();
  }

  /** The widgets that show a run. */
  widgetsOf(run: string): string[] {
    return [...this.runs].filter(([, { record }]) => record.id === run).map(([widget]) => widget);
  }

  /**
   * Takes a message in.
   *
   * @returns whether a live run came or changed.
   */
  hear({ header, content }: Heard): boolean {
    const { comm_id: widget, data } = plain(content);
    if (typeof widget !== 'string') {
      return false;
    }
    switch (header.msg_type) {
      case 'comm_open':
      case 'comm_msg':
        return this.take(widget, plain(plain(data).state));
      case 'comm_close':
        this.stopping.delete(widget);
        return !this.settled.has(widget) && this.runs.delete(widget);
      default:
        return false;
    }
  }

  /** Keeps the last word on a run, though its widgets go, until it is let go. */
  settle(widgets: readonly string[], record: RunRecord, raw: object): void {
    for (const widget of widgets) {
      this.settled.add(widget);
      this.runs.set(widget, { record, raw, tail: undefined, received: this.now() });
    }
  }

  /** Lets go of runs that settled. */
  drop(widgets: readonly string[]): void {
    for (const widget of widgets) {
      this.settled.delete(widget);
      this.runs.delete(widget);
    }
  }

  /** Forgets all runs, as their kernel did; returns what was known of them. */
  lose(): [string, LiveRun][] {
    const lost = [...this.runs];
    this.runs.clear();
    this.stopping.clear();
    this.settled.clear();
    return lost;
  }

  private take(widget: string, state: Plain): boolean {
    const known = this.runs.get(widget);
    const { record: raw, tail } = state;
    const isStopping = state.stop_requested === true;
    if (isStopping) {
      this.stopping.add(widget);
    }
    if (raw !== undefined) {
      const record = readRecord(raw);
      // Other widgets may have a trait of that name; ours say what they are about.
      if (isUnreadable(record) || record.id === '') {
        return false;
      }
      this.runs.set(widget, { record, raw: raw as object, tail, received: this.now() });
      return true;
    }
    if (known && tail !== undefined) {
      this.runs.set(widget, { ...known, tail });
      return true;
    }
    return known !== undefined && isStopping;
  }
}

/** What a run that nobody runs any more came to: its record with the text that streamed in last. */
export function lostRecord({ raw, record, tail }: LiveRun): object {
  const { round, seq, text } = plain(tail);
  const rounds = (raw as { rounds?: unknown }).rounds;
  const isLive = record.status === 'running' || record.status === 'queued';
  const status = isLive ? 'lost' : record.status;
  if (seq !== record.seq || typeof text !== 'string' || !Array.isArray(rounds)) {
    return { ...raw, status };
  }
  const grown = rounds.map((one: unknown) => {
    const { index, answer } = plain(one);
    const before = plain(answer).text;
    return index === round
      ? { ...plain(one), answer: { ...plain(answer), text: `${typeof before === 'string' ? before : ''}${text}` } }
      : one;
  });
  return { ...raw, status, rounds: grown };
}

/** The record that a message displays, or null. */
export function displayed({ header, content }: Heard): { record: RunRecord; bundle: Plain } | null {
  if (header.msg_type !== 'display_data' && header.msg_type !== 'update_display_data') {
    return null;
  }
  const bundle = plain(plain(content).data);
  if (!(MIME_TYPE in bundle)) {
    return null;
  }
  const record = readRecord(bundle[MIME_TYPE]);
  return isUnreadable(record) ? null : { record, bundle };
}
