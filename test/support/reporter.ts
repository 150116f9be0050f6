import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';
import { compareStores, ranEveryStore } from './store-rows.ts';

/** Ends the output with one line that scripts can read: `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #started = false;

  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(): void {
    if (this.#started) return;
    this.#started = true;
    // On exit, because vitest itself may still write after the end of the run.
    process.once('exit', (code) => {
      const failed = code === 0 ? this.#failed : Math.max(this.#failed, 1);
      process.stdout.write(`${this.#passed} passed, ${failed} failed, ${this.#skipped} skipped\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#passed = 0;
    this.#skipped = 0;
    this.#failed = unhandledErrors.length;
    for (const module of modules) {
      // A file that does not load and a hook that throws take tests away without failing one.
      for (const group of [module, ...module.children.allSuites()]) if (group.errors().length > 0) this.#failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.#passed++;
        else if (state === 'skipped') this.#skipped++;
        else this.#failed++;
      }
    }
    const config = this.#vitest?.config;
    const isAll = config?.testNamePattern === undefined && ranEveryStore(modules);
    const wrong = isAll && compareStores(modules, config?.snapshotOptions.updateSnapshot === 'all');
    if (typeof wrong === 'string') {
      process.stdout.write(`${wrong}\n`);
      process.exitCode = 1;
      this.#failed++;
    }
  }
}
