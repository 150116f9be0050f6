import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksOf, root } from '../docs/pages.ts';

const project = `${root}.cache/testing-${process.pid}`;

/** Runs the blocks of docs/testing.md that are tests of Node's own framework, in one process. */
function runPage(): Promise<string> {
  const blocks = blocksOf('docs/testing.md').filter(({ code }) => code.includes("from 'node:test'"));
  mkdirSync(project, { recursive: true });
  const paths = { 'trpc-cached': ['../../src/index.ts'], 'trpc-cached/testing': ['../../src/testing/index.ts'] };
  writeFileSync(`${project}/tsconfig.json`, JSON.stringify({ compilerOptions: { paths } }));
  for (const [index, { code }] of blocks.entries()) writeFileSync(`${project}/block-${index}.ts`, code);
  writeFileSync(`${project}/main.ts`, blocks.map((_, index) => `import './block-${index}.ts';\n`).join(''));
  const env = { ...process.env, TSX_TSCONFIG_PATH: `${project}/tsconfig.json` };
  const args = ['--import', 'tsx', '--test-reporter=tap', `${project}/main.ts`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}

describe('the page about testing', () => {
  test('has examples that pass as they stand, and a store that keeps the contract under node:test', async () => {
    const told = await runPage().finally(() => rmSync(project, { recursive: true, force: true }));
    expect(told).not.toMatch(/^not ok/m);
    const count = (of: string) => Number(new RegExp(`^# ${of} (\\d+)$`, 'm').exec(told)?.[1]);
    expect(count('fail')).toBe(0);
    expect(count('pass')).toBeGreaterThan(45);
    // Of leases, 'expire', held copies, listings and parts one store has none, and a store of parts can be cut off nowhere else.
    const skipped = told.match(/# SKIP .*$/gm) ?? [];
    expect(skipped).toHaveLength(count('skipped'));
    expect(new Set(skipped)).toEqual(
      new Set([
        '# SKIP it has no `lease` and `release`',
        '# SKIP its `supports.expire` is false',
        '# SKIP it answers whole entries to those who hold a copy',
        ...['# SKIP it has no `scan`', '# SKIP it has no `partOf`'],
        ...['# SKIP no `evict` was given', '# SKIP no `cut` was given', '# SKIP no `cutPart` was given'],
      ]),
    );
  });
});
