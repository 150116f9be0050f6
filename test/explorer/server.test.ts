import { describeStore } from '../stores/contract.ts';
import { createServer } from './server.ts';
import { createSteps } from './steps.ts';
import { distantStore, parts } from './wire.ts';

const make = () => {
  const server = createServer();
  const steps = { ...createSteps(new Map()), step: async () => {} };
  const weather = { resent: 'none', messages: 'once', cuts: false } as const;
  return distantStore(server, { name: 'first', own: parts.first }, steps, weather, false);
};
describeStore("the explorer's own server", make, undefined, { lacks: ['parts', 'scan'] });
