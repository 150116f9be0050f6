// Docs: docs/keys-and-scopes.md#what-can-be-stored
import { type Codec, defaultCodec, plainCodec, type Transformer, transformerCodec } from '../codec.ts';
import type { RouterDef } from './registry.ts';

/** Which codec the outputs of a router are stored with. */
export interface Transformers {
  /** The codec for outputs of a router; superjson where there is none. */
  readonly codecFor: (router: RouterDef | undefined) => Codec;
  /** Whether a router writes to the wire what this codec stored: by identity, nothing less is the same for certain. */
  readonly speaks: (router: RouterDef, codec: Codec | undefined) => boolean;
}

/** The codecs of a cache; `chosen` is its `transformer` option, which goes before every router's. */
export function createTransformers(chosen: Transformer | undefined): Transformers {
  const codecs = new WeakMap<Transformer, Codec>();
  const codecOf = (transformer: Transformer): Codec => {
    let codec = codecs.get(transformer);
    if (codec === undefined) {
      codec = isIdentity(transformer) ? plainCodec : transformerCodec(transformer);
      codecs.set(transformer, codec);
    }
    return codec;
  };
  const outputOf = (router: RouterDef | undefined) => router?._config.transformer.output;
  return {
    codecFor(router) {
      const transformer = chosen ?? outputOf(router);
      return transformer === undefined ? defaultCodec : codecOf(transformer);
    },
    speaks(router, codec) {
      const output = router._config.transformer.output;
      return codec === codecOf(output) && (chosen === undefined || chosen === output);
    },
  };
}

/** Whether a transformer leaves outputs as they are: tRPC's default, on a router made without one. */
function isIdentity({ serialize }: Transformer): boolean {
  const probe = { date: new Date(0), big: 0n, nothing: undefined };
  try {
    return serialize(probe) === probe && probe.date instanceof Date;
  } catch {
    return false;
  }
}
