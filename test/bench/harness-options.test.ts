import { describe, expect, test } from 'vitest';
import { kept, parseOptions, usage } from '../../bench/options.ts';
import { partNames, parts } from '../../bench/parts.ts';

describe('the command line', () => {
  test('without anything measures every part but the long ones, five times, and keeps it', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ runs: 5, quick: false, isFull: false, json: kept, clock: 'wall', docs: false });
    expect(options.parts).toEqual(partNames.filter((name) => name !== 'soak'));
  });

  test('parts that are named are all there is, in the order in which parts run, and do all they can', () => {
    expect(parseOptions(['soak', 'http'])).toMatchObject({ parts: ['http', 'soak'], isFull: true });
  });

  test('quick figures are one run and are kept only where somebody says so', () => {
    expect(parseOptions(['--quick'])).toMatchObject({ runs: 1, json: undefined, isFull: false });
    expect(parseOptions(['http', '--quick', '--json', 'some.json'])).toMatchObject({
      json: 'some.json',
      isFull: false,
    });
  });

  test('with --saved nothing is measured', () => {
    expect(parseOptions(['--saved', '--docs'])).toMatchObject({ parts: [], docs: true, json: kept });
  });

  test('what follows simulate is the affair of the simulator', () => {
    expect(parseOptions(['simulate', '--workload', 'x'])).toMatchObject({ parts: [], simulate: ['--workload', 'x'] });
  });

  test.each([
    [['htpp'], /no part is named htpp\. There are: caller, http, .*soak, simulate\.$/],
    [['--fast'], /'--fast'\. There are: --runs, .*--json\.$/],
    [['--runs', '0'], /--runs: expected a whole number above zero, received 0/],
    [['--runs', 'many'], /--runs: expected a whole number/],
    [['http', 'simulate'], /simulate is asked for alone/],
    [['--saved'], /--saved needs --check or --docs/],
    [['--saved', 'http', '--docs'], /--saved measures nothing/],
    [['--quick', '--docs'], /quick ones are not\. Add --json/],
  ])('%j is refused with what to write', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('its help names every part and every option', () => {
    for (const name of partNames) expect(usage).toContain(`  ${name.padEnd(10)} ${parts[name].about}`);
    for (const option of ['runs', 'quick', 'cpu', 'saved', 'check', 'json', 'docs', 'help'])
      expect(usage).toContain(`  --${option}`);
  });
});
