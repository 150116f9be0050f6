import { type Load, loadInstalled } from '../../src/cli/connect.ts';
import { run } from '../../src/cli/program.ts';

/** What a command line gave. */
export interface Typed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What `--json` printed. */
  readonly json: any;
  /** What a person was asked. */
  readonly asked: readonly string[];
}

export interface Around {
  /** What the person says to a question; without, nobody is there. */
  readonly answer?: string;
  /** Whether somebody looks at stderr. */
  readonly isWatched?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly load?: Load;
  readonly signal?: AbortSignal;
}

/** Runs a command line within this process, as `src/cli/main.ts` does in one of its own. */
export async function typed(argv: readonly string[], around: Around = {}): Promise<Typed> {
  const { answer, isWatched = false, env = {}, load = loadInstalled, signal = new AbortController().signal } = around;
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []];
  const io = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    isWatched,
    async ask(question: string) {
      asked.push(question);
      return answer;
    },
    env,
    signal,
  };
  const code = await run(argv, io, () => '1.2.3', load);
  return {
    code,
    out: out.join(''),
    err: err.join(''),
    asked,
    get json() {
      return JSON.parse(out.join(''));
    },
  };
}
