// A process of its own for http-processes.test.ts.
import { etagsOfOwnServer } from './etags.ts';

process.stdout.write(JSON.stringify(await etagsOfOwnServer()));
