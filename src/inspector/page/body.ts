// Docs: docs/inspector.md
const outcomes = [
  ['hit', 'hit'],
  ['stale', 'stale'],
  ['coalesced', 'coalesced'],
  ['miss', 'miss'],
  ['bypass', 'bypassed'],
] as const;

const legend = outcomes.map(([name, label]) => `<span><i class="${name}"></i>${label}</span>`).join('');

const now = `<section aria-labelledby="h-now">
<div class="head"><h2 id="h-now">The last ten minutes</h2><p class="soft" id="processes"></p></div>
<dl class="figures"><div><dt>Hit ratio</dt><dd id="f-ratio">–</dd></div><div><dt>Calls</dt><dd id="f-calls">–</dd></div>
<div><dt>Time saved, in all</dt><dd id="f-time">–</dd></div><div><dt>Bytes saved, in all</dt><dd id="f-bytes">–</dd></div></dl>
<figure class="chart"><span class="cap" aria-hidden="true">Hit ratio</span><div class="y" aria-hidden="true"><span>100 %</span><span>0 %</span></div>
<svg id="c-ratio" role="img" viewBox="0 0 600 48" height="48" preserveAspectRatio="none"></svg>
<span class="cap" aria-hidden="true">Calls in ten seconds</span><div class="y" aria-hidden="true"><span id="c-most">0</span><span>0</span></div>
<svg id="c-calls" role="img" viewBox="0 0 600 72" height="72" preserveAspectRatio="none"></svg>
<div class="x"><span>10 min ago</span><span class="legend" aria-hidden="true">${legend}</span><span>now</span></div></figure></section>`;

const procedures = `<section aria-labelledby="h-paths">
<div class="head"><h2 id="h-paths">Procedures</h2><p class="soft">since the inspector began; savings are estimates</p></div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-paths"><table>
<thead><tr><th scope="col">Procedure</th><th scope="col">Outcomes</th><th scope="col" class="n">Calls</th><th scope="col" class="n">Ratio</th>
<th scope="col" class="n w">Hits</th><th scope="col" class="n w">Stale</th><th scope="col" class="n w">Coalesced</th><th scope="col" class="n w">Misses</th>
<th scope="col" class="n w">Bypassed</th><th scope="col" class="n w">A run takes</th><th scope="col" class="n">Saved</th></tr></thead>
<tbody id="paths"></tbody></table></div><p class="soft" id="no-paths" hidden>No cached query is registered, and none was called.</p></section>`;

const entries = `<section aria-labelledby="h-entries">
<div class="head"><h2 id="h-entries">Entries</h2><p class="soft" id="listed"></p></div>
<form class="tool" id="list"><label>Path or pattern<input id="match" value="*" autocomplete="off" spellcheck="false" list="patterns"></label>
<button type="submit">List</button><label class="check"><input type="checkbox" id="keys"> Keys</label></form>
<div class="scroll" tabindex="0" role="region" aria-labelledby="h-entries"><table>
<thead><tr><th scope="col">Procedure</th><th scope="col">State</th><th scope="col" class="n w">Age</th><th scope="col" class="n">TTL left</th>
<th scope="col" class="n w">Size</th><th scope="col">Scope</th><th scope="col" class="w">Tags</th></tr></thead>
<tbody id="entries"></tbody></table></div><div class="row"><button id="more" type="button" hidden>List more</button></div></section>`;

const invalidate = `<section aria-labelledby="h-inv" id="s-inv"><div class="head"><h2 id="h-inv">Invalidate</h2></div>
<form id="inv"><div class="row"><label>What<select id="inv-kind"><option value="path">Path or pattern</option><option value="tag">Tag</option>
<option value="scope">Scope</option></select></label><label>Which one<input id="inv-value" autocomplete="off" spellcheck="false" list="patterns"
aria-describedby="inv-hint"></label></div><p class="hint" id="inv-hint" aria-live="polite"></p>
<label class="check"><input type="checkbox" id="inv-expire"> Only expire: stale windows still count</label>
<button class="main" id="inv-go" aria-disabled="true">Invalidate</button></form><p class="result hint" id="inv-result" role="status"></p></section>`;

const explain = `<section aria-labelledby="h-exp"><div class="head"><h2 id="h-exp">Explain a call</h2></div>
<form id="exp"><label>Procedure<input id="exp-path" autocomplete="off" spellcheck="false" list="cached" required></label>
<label>Input, as JSON<textarea id="exp-input" rows="2" spellcheck="false" aria-describedby="exp-result"></textarea></label>
<div class="row"><label>Whose<select id="exp-whose"><option value="">as the context says</option><option value="everyone">everyone’s</option>
<option value="signed-out">of nobody signed in</option><option value="private">of one scope</option></select></label>
<label id="exp-of" hidden>Scope<input id="exp-scope" autocomplete="off" spellcheck="false"></label></div>
<button class="main">Explain</button></form><p class="result hint" id="exp-result" role="status"></p><div id="told"></div></section>`;

const activity = `<section aria-labelledby="h-feed"><div class="head"><h2 id="h-feed">Activity</h2></div>
<p class="soft" id="no-feed">Nothing was invalidated, and nothing failed.</p><ol class="feed" id="feed" tabindex="0" aria-labelledby="h-feed" hidden></ol></section>`;

/** What is between the tags of the body; `title` is HTML already. */
export const bodyOf = (title: string): string => `<header><h1>${title}</h1><ul class="facts" id="facts"></ul>
<button id="pause" type="button" aria-pressed="false">Pause</button></header>
<p class="trouble" id="trouble" role="alert" hidden></p><p class="sr" id="news" role="status"></p>
<main><div>${now}${procedures}${entries}</div><div>${invalidate}${explain}${activity}</div></main>
<datalist id="patterns"></datalist><datalist id="cached"></datalist>`;
