import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest } from '../../src/digest.ts';
import { type EtagParts, namedTag, responseEtag } from '../../src/http/etag.ts';

const A = digest('{"id":1}');
const B = digest('{"id":2}');
const pub = { path: 'pub', tag: A };
const long = { path: 'long', tag: B };
const single = (tag: string, salt = '1') => responseEtag({ salt, batch: false, calls: [{ path: 'def', tag }] });
const batch = (...calls: EtagParts['calls']) => responseEtag({ salt: '1', batch: true, calls });

// Every code unit, lone surrogates too, and texts that look like pieces of a frame.
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.string({ unit: fc.constantFrom('1', '2', ':', ',', '"', '\\', 'a', '') }),
);
const anyParts = fc.record({
  salt: anyText,
  batch: fc.boolean(),
  calls: fc.array(fc.record({ path: anyText, tag: anyText }), { maxLength: 4 }),
});

describe('digest', () => {
  test('A15: a text has the same tag in every process, its SHA-256 in base64url', () => {
    expect(digest('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
    expect(digest('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  test('A6: two texts that differ in one character have different tags', () => {
    expect(A).not.toBe(B);
  });

  test('RFC 9110 §8.8.3: a tag can stand between quotes whatever the text is', () => {
    fc.assert(fc.property(anyText, (text) => /^[A-Za-z0-9_-]{43}$/.test(digest(text))));
  });
});

describe('responseEtag', () => {
  test('A1: the tag is weak, quoted, without backslash and at least 128 bits long', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        expect(responseEtag(parts)).toMatch(/^W\/"[\x21\x23-\x5b\x5d-\x7e]{16,}"$/);
        expect(responseEtag(parts)).toMatch(/^W\/"[A-Za-z0-9_-]{22,}"$/);
      }),
    );
  });

  test('A2, A15: equal parts give an equal tag, the same in every process', () => {
    expect(single(A)).toBe(single(digest('{"id":1}')));
    expect(responseEtag({ salt: '1', batch: true, calls: [pub, long] })).toBe('W/"wNVsMFLR2Zmb43dwD36BQ_xI"');
  });

  test('A13, A41: a tag changes when the data of one call changes', () => {
    expect(single(A)).not.toBe(single(B));
    expect(batch(pub, long)).not.toBe(batch(pub, { path: 'long', tag: A }));
  });

  test('A40: the order of the calls is part of the tag', () => {
    expect(batch(pub, long)).not.toBe(batch(long, pub));
  });

  test('A40: a batch of one and the same call unbatched have different tags', () => {
    expect(batch(pub)).not.toBe(responseEtag({ salt: '1', batch: false, calls: [pub] }));
  });

  test('A62: another salt gives another tag for the same data', () => {
    expect(single(A, '1')).not.toBe(single(A, '2'));
  });

  test('RFC 9110 §8.8.1: fields that read the same when joined have different tags', () => {
    expect(batch({ path: 'ab', tag: 'c' })).not.toBe(batch({ path: 'a', tag: 'bc' }));
    expect(batch({ path: 'a', tag: 'b' }, { path: 'c', tag: 'd' })).not.toBe(batch({ path: 'a', tag: 'bcd' }));
    expect(batch({ path: '\ud800', tag: '' })).not.toBe(batch({ path: '\ud801', tag: '' }));
  });

  test('RFC 9110 §8.8.1: two responses have one tag only if salt, form and every call are equal', () => {
    const key = (parts: EtagParts) =>
      JSON.stringify([parts.salt, parts.batch, parts.calls.map((c) => [c.path, c.tag])]);
    fc.assert(
      fc.property(anyParts, anyParts, (one, other) => {
        expect(responseEtag(one) === responseEtag(other)).toBe(key(one) === key(other));
      }),
      { numRuns: 500 },
    );
  });

  test('RFC 9110 §8.8.1: moving the border between two fields changes the tag', () => {
    const frames = fc.tuple(anyText, fc.array(fc.nat({ max: 12 }), { minLength: 6, maxLength: 6 }));
    fc.assert(
      fc.property(frames, ([text, cuts]) => {
        const cut = (first: number, second: number) => {
          const [low = 0, high = 0] = [first, second].sort((a, b) => a - b);
          return [text.slice(0, low), text.slice(low, high), text.slice(high)] as const;
        };
        const [one, other] = [cut(cuts[0]!, cuts[1]!), cut(cuts[2]!, cuts[3]!)];
        const tag = ([salt, path, tag]: typeof one) => responseEtag({ salt, batch: true, calls: [{ path, tag }] });
        expect(tag(one) === tag(other)).toBe(one.every((field, index) => field === other[index]));
      }),
      { numRuns: 500 },
    );
  });
});

const isNamed = (header: string | null | undefined, etag: string) => namedTag(header, etag) !== undefined;

describe('namedTag', () => {
  const strong = '"e-1"';
  const weak = `W/${strong}`;

  test.each([
    ['A3: the tag itself', weak],
    ['A4: the tag without W/', strong],
    ['A5: a list with the tag first', `${weak}, "x", W/"y"`],
    ['A5: a list with the tag in the middle', `"x", ${weak}, W/"y"`],
    ['A5: a list with the tag last', `"x", W/"y", ${weak}`],
    ['A5: a list without spaces, the tag first', `${weak},"x",W/"y"`],
    ['A5: a list without spaces, the tag in the middle', `"x",${weak},W/"y"`],
    ['A5: a list without spaces, the tag last', `"x",W/"y",${weak}`],
    ['A7: a star', '*'],
    ['A7: a star between spaces and tabs (RFC 9110 §5.6.3)', ' \t*\t '],
    ['RFC 9110 §5.6.1.2: empty list members', `,, ,\t, ${weak} ,,`],
    ['RFC 9110 §5.6.3: spaces and tabs around members', `\t "x" \t,\t ${weak} \t`],
    ['RFC 9110 §8.8.3: tags with commas before it', `"a,b", W/",", ${weak}`],
    ['RFC 9110 §8.8.3: a tag that ends in a backslash before it, which escapes nothing', `"a\\", ${weak}`],
    ['RFC 9110 §8.8.3: an empty tag before it', `"", W/"", ${weak}`],
    ['RFC 9110 §8.8.3: malformed members before it', `nope, W/, W/ "x", "a b", "x"y, ${weak}`],
    ['RFC 9110 §13.1.2: the tag twice', `${weak}, ${weak}`],
  ])('%s matches', (_, header) => {
    expect(isNamed(header, weak)).toBe(true);
    expect(isNamed(header, strong)).toBe(true);
  });

  test.each([
    ['A6: another tag', '"nope"'],
    ['RFC 9110 §13.1.2: an absent field (null)', null],
    ['RFC 9110 §13.1.2: an absent field (undefined)', undefined],
    ['RFC 9110 §13.1.2: an empty field', ''],
    ['RFC 9110 §5.6.1.2: a list of nothing', ' , ,\t,'],
    ['RFC 9110 §8.8.3: the tag without its quotes', 'e-1'],
    ['RFC 9110 §8.8.3: the weak tag without its quotes', 'W/e-1'],
    ['RFC 9110 §8.8.3: single quotes', `'e-1'`],
    ['RFC 9110 §8.8.3: a missing closing quote', '"e-1'],
    ['RFC 9110 §8.8.3: a missing opening quote', 'e-1"'],
    ['RFC 9110 §8.8.3: a lower-case prefix, which is case-sensitive', `w/${strong}`],
    ['RFC 9110 §8.8.3: a space behind the prefix', `W/ ${strong}`],
    ['RFC 9110 §8.8.3: a doubled prefix', `W/${weak}`],
    ['RFC 9110 §8.8.3: text in front of the tag', `x${strong}`],
    ['RFC 9110 §8.8.3: text behind the tag', `${strong}x`],
    ['RFC 9110 §8.8.3: two tags without a comma', `${strong} ${strong}`],
    ['RFC 9110 §8.8.3: two tags without anything between them', strong + strong],
    ['RFC 9110 §8.8.3: a tag with a space inside', '"e -1"'],
    ['RFC 9110 §8.8.3.2: a tag in another case', '"E-1"'],
    ['RFC 9110 §8.8.3.2: a tag that begins with it', '"e-12"'],
    ['RFC 9110 §8.8.3.2: a beginning of it', '"e-"'],
    ['RFC 9110 §8.8.3: the tag inside another one', `"x,e-1,y"`],
    ['RFC 9110 §8.8.3: the tag inside an unfinished one', `"x, ${weak}`],
    ['RFC 9110 §13.1.2: a star in a list', '*, "x"'],
    ['RFC 9110 §13.1.2: two stars', '*, *'],
    ['RFC 9110 §13.1.2: a star in quotes', '"*"'],
    ['RFC 9110 §5.6.3: a no-break space around the tag', `\u00a0${strong}\u00a0`],
  ])('%s does not match', (_, header) => {
    expect(isNamed(header, weak)).toBe(false);
    expect(isNamed(header, strong)).toBe(false);
  });

  test('RFC 9110 §8.8.3: a tag of our own may hold commas, backslashes and obs-text', () => {
    for (const tag of ['"a,b"', 'W/"a\\"', '"\u00ff"', 'W/""']) {
      expect(isNamed(`"x", ${tag}, "y"`, tag)).toBe(true);
    }
  });

  test('RFC 9110 §8.8.3: a malformed tag of our own matches nothing but a star', () => {
    for (const tag of ['', 'a', 'W/a', '"a', 'a"', '"a b"', '"a"b"', '"a\n"', '"', 'w/"a"', 'W/W/"a"']) {
      expect(isNamed(tag, tag)).toBe(false);
      expect(isNamed('*', tag)).toBe(true);
    }
  });

  // The grammar of RFC 9110 §8.8.3 and §5.6.1.2 read literally: split outside quotes, trim, match each member whole.
  function reference(header: string, etag: string): boolean {
    if (/^[ \t]*\*[ \t]*$/.test(header)) return true;
    const members = [''];
    let quoted = false;
    for (const char of header) {
      if (char === '"') quoted = !quoted;
      if (char === ',' && !quoted) members.push('');
      else members[members.length - 1] += char;
    }
    const opaque = (text: string) => /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/.exec(text)?.[1];
    const own = opaque(etag);
    return own !== undefined && members.some((member) => opaque(member.replace(/^[ \t]+|[ \t]+$/g, '')) === own);
  }

  test('RFC 9110 §13.1.2: lists of tags are read as a literal reading of the grammar reads them', () => {
    const opaque = fc.string({ unit: fc.constantFrom('e', 'f', ',', '\\', 'W', '/', '*'), maxLength: 3 });
    const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map(([prefix, text]) => `${prefix}"${text}"`);
    const broken = fc.constantFrom('', 'e', 'W/e', '*', 'w/"e"', '"e"f', '"e f"', 'W/ "e"', 'W/', '"e""f"');
    const member = fc.oneof({ weight: 3, arbitrary: tag }, broken);
    const gap = fc.constantFrom(',', ', ', ' ,', ',,', '\t, \t');
    const list = fc.array(fc.tuple(member, gap), { maxLength: 6 }).map((pairs) => pairs.flat().join(''));
    let matches = 0;
    fc.assert(
      fc.property(list, tag, (header, etag) => {
        if (isNamed(header, etag)) matches += 1;
        expect(isNamed(header, etag)).toBe(reference(header, etag));
      }),
      { numRuns: 3_000 },
    );
    expect(matches).toBeGreaterThan(100);
  });

  test('RFC 9110 §13.1.2: any text is read as a literal reading of the grammar reads it', () => {
    const noise = fc.string({ unit: fc.constantFrom('"', ',', 'W', '/', ' ', '\t', 'e', '*', '\\'), maxLength: 14 });
    const etag = fc.constantFrom('"e"', 'W/"e"', '""', 'W/","', '"W/"', '"\\"');
    fc.assert(
      fc.property(noise, etag, (header, own) => {
        expect(isNamed(header, own)).toBe(reference(header, own));
      }),
      { numRuns: 5_000 },
    );
  });

  describe('on hostile headers of 1 MB', () => {
    const size = 1_000_000;
    const hostile: readonly (readonly [string, string])[] = [
      ['commas', ','],
      ['spaces', ' '],
      ['spaces and commas', ' \t ,'],
      ['quotes', '"'],
      ['quotes and commas', '",'],
      ['prefixes', 'W/'],
      ['prefixes and quotes', 'W/"'],
      ['stars', '* '],
      ['backslashes', '"\\'],
      ['tags that begin like the right one', '"e-0",'],
      ['malformed tags', '"a" "b'],
      ['text', 'x'],
    ];
    const fill = (unit: string, length: number) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

    test.each(hostile)(
      'A6: nothing but %s does not match, and a tag behind it is found or safely missed',
      (_, unit) => {
        const header = fill(unit, size);
        expect(isNamed(header, weak)).toBe(false);
        expect(isNamed(`${header},${weak}`, weak)).toBe(reference(`${header},${weak}`, weak));
        expect(isNamed(weak + header, weak)).toBe(reference(weak + header, weak));
      },
    );

    // Stands in for a string, counts the characters that are read, and has nothing that reads without being counted.
    function counted(text: string): { header: string; reads: () => number } {
      let reads = 0;
      const count = (result: number, cost: number) => {
        reads += cost;
        return result;
      };
      const methods = {
        length: text.length,
        charCodeAt: (at: number) => count(text.charCodeAt(at), 1),
        indexOf: (part: string, from: number) => {
          const found = text.indexOf(part, from);
          return count(found, (found < 0 ? text.length : found) - from + part.length);
        },
        startsWith: (part: string, at: number) => count(Number(text.startsWith(part, at)), part.length) === 1,
      };
      const header = new Proxy(methods, {
        get: (target, name) => (name in target ? Reflect.get(target, name) : expect.unreachable(String(name))),
      });
      return { header: header as unknown as string, reads: () => reads };
    }

    test('RFC 9110 §13.1.2: each character of a header is read at most a fixed number of times', () => {
      for (const [, unit] of hostile) {
        for (const length of [1_000, 100_000]) {
          const { header, reads } = counted(fill(unit, length));
          expect(isNamed(header, weak)).toBe(false);
          expect(reads()).toBeGreaterThan(length / 2);
          expect(reads()).toBeLessThanOrEqual(8 * length);
        }
      }
    });
  });
});
