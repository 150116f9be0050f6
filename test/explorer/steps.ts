/** What a step reads and changes, as sets of bits; two steps that do not meet give the same world in either order. */
export interface Touches {
  readonly reads: number;
  readonly writes: number;
}

/** Something that could happen next. */
export interface Step {
  /** The same in every schedule in which the same things led to it. */
  readonly id: number;
  readonly label: string;
  /** Whose it is: a process that is killed takes no further step. */
  readonly owner: string;
  /** At this moment; only steps that touch what it reads can change that. */
  readonly touches: () => Touches;
  /** A request that has left its process already. */
  readonly isSent: boolean;
  readonly go: () => void;
}

/** Decides what happens next, and which way where a step can go several. */
export interface Chooser {
  /** `undefined` when every order from here on was seen before. */
  readonly pick: (possible: readonly Step[]) => Step | undefined;
  readonly choose: (ways: number) => number;
  /** Numbers for histories: the id of the step that led to something, and which of its consequences it is. */
  readonly known: Map<string, number>;
}

/** One schedule under way. */
export interface Steps {
  /** Waits until the scheduler lets it go on. */
  readonly step: (step: Omit<Step, 'id' | 'go' | 'isSent'> & { isSent?: boolean }) => Promise<void>;
  readonly choose: (ways: number) => number;
  /** Takes the steps of an owner away, those that were sent only if `sent` says so; it takes no other one. */
  readonly kill: (owner: string, sent: boolean) => void;
  /** Goes on until nothing is left to do; false when the rest was seen before. */
  readonly run: (chooser: Pick<Chooser, 'pick' | 'choose'>, whenIdle: () => boolean) => Promise<boolean>;
  readonly trace: string[];
}

/** The first of what is possible, always: for what comes before and after the part whose orders matter. */
export const inOrder: Pick<Chooser, 'pick' | 'choose'> = { pick: ([first]) => first, choose: () => 0 };

const mostSteps = 2_000;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Starts a schedule; `known` is that of its chooser. */
export function createSteps(known: Chooser['known']): Steps {
  const idOf = (history: string): number => {
    let id = known.get(history);
    if (id === undefined) known.set(history, (id = known.size));
    return id;
  };
  const possible: Step[] = [];
  const dead = new Set<string>();
  const trace: string[] = [];
  let cause = -1;
  let caused = 0;
  let current = inOrder;
  return {
    trace,
    step({ isSent = false, ...rest }) {
      const id = idOf(`${cause}.${caused++}`);
      if (dead.has(rest.owner) && !isSent) return new Promise(() => {});
      return new Promise((resolve) => void possible.push({ ...rest, isSent, id, go: resolve }));
    },
    choose: (ways) => (ways < 2 ? 0 : current.choose(ways)),
    kill(owner, sent) {
      dead.add(owner);
      for (let index = possible.length - 1; index >= 0; index--) {
        const step = possible[index] as Step;
        if (step.owner === owner && (sent || !step.isSent)) possible.splice(index, 1);
      }
    },
    async run(chooser, whenIdle) {
      current = chooser;
      for (await settled(); ; await settled()) {
        if (possible.length === 0) {
          [cause, caused] = [idOf(`${cause}.time`), 0];
          if (!whenIdle()) return true;
          trace.push('time goes on');
          continue;
        }
        const next = chooser.pick(possible);
        if (next === undefined) return false;
        possible.splice(possible.indexOf(next), 1);
        if (trace.push(next.label) > mostSteps) throw new Error('this schedule does not end');
        [cause, caused] = [next.id, 0];
        next.go();
      }
    },
  };
}
