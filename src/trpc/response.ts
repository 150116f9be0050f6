// Docs: docs/http.md
import { transformTRPCResponse } from '@trpc/server';

/** One member of a response, as tRPC is about to transform and serialize it. */
export interface ResponseItem {
  result?: { data?: unknown; toJSON?: () => unknown };
  error?: unknown;
  toJSON?: () => unknown;
}

// Built like tRPC's own: an item without `data` is passed on untouched, and JSON.stringify asks it for its form.

/** Makes tRPC send `wire`, the transformer's output of earlier, in place of transforming the output again. */
export function sendWire(item: ResponseItem, wire: unknown): void {
  item.result = { toJSON: () => ({ data: wire }) };
}

/** Makes the body of a response `undefined`, so that its status may be 304: with a body the constructor throws. */
export function sendNothing(items: ResponseItem[], isBatch: boolean): void {
  if (isBatch) {
    items.map = (() => ({ toJSON: () => undefined })) as never;
    return;
  }
  const [item] = items;
  if (item === undefined) return;
  delete item.result?.data;
  item.toJSON = () => undefined;
}

/** Whether both tricks do what they should with this tRPC; where they do not, answers are sent the plain way. */
export function probe(): boolean {
  const refuse = () => {
    throw new Error('transformed again');
  };
  const config = { transformer: { input: {}, output: { serialize: refuse } } } as unknown as Parameters<
    typeof transformTRPCResponse
  >[0];
  const bodyOf = (items: ResponseItem | ResponseItem[]) =>
    JSON.stringify(transformTRPCResponse(config, items as never));
  try {
    const wired: ResponseItem = { result: { data: 1 } };
    sendWire(wired, 2);
    const single: ResponseItem = { result: { data: 1 } };
    sendNothing([single], false);
    const batch: ResponseItem[] = [{ result: { data: 1 } }];
    sendNothing(batch, true);
    return (
      bodyOf(wired) === '{"result":{"data":2}}' &&
      bodyOf([wired]) === '[{"result":{"data":2}}]' &&
      bodyOf(single) === undefined &&
      bodyOf(batch) === undefined
    );
  } catch {
    return false;
  }
}
